"""Random rules, claims and systems: `prove` says what Python and explore say, or leaves it open.

`make random-proofs` tries more; `python tests/random_proofs.py --kind KIND --seed SEED` shows one.
"""

from collections import Counter
from collections.abc import Iterable

import pytest

import random_proofs
from seatrial.engines.prove import bounded, claims, helpers, systems, terms

pytestmark = pytest.mark.heavy


def flaws(kind: str, seeds: Iterable[int]) -> tuple[list[tuple[int, str]], Counter[str]]:
    """The flaws of some seeds, and how often what was said."""
    found = {seed: random_proofs.compared(kind, seed) for seed in seeds}
    said = Counter(each.partition(":")[0] for one in found.values() for each in one.said)
    return [(seed, each.flaw) for seed, each in found.items() if each.flaw], said


def test_every_path_of_a_random_rule_says_what_python_says() -> None:
    """Whatever a rule may do, unknown numbers come out as known ones do; few are refused."""
    wrong, said = flaws("rules", range(12))

    assert wrong == []
    assert said["as Python"] > 7


def test_random_claims_have_the_verdict_that_all_their_numbers_give() -> None:
    """Proved is broken by none, violated by the least; explore says the same of each."""
    wrong, said = flaws("claims", range(32))

    assert wrong == []
    assert min(said["proved"], said["violated"]) > 6


def test_random_systems_have_one_verdict_for_all_sizes_and_for_each() -> None:
    """What is proved holds at every small size, and what is violated is so in as few steps."""
    wrong, said = flaws("systems", range(100, 112))

    assert wrong == []
    assert min(said["proved"], said["violated"]) > 6


# ---- they would find what is wrong ------------------------------------------------------------


def found(kind: str, seeds: Iterable[int]) -> bool:
    return any(random_proofs.compared(kind, seed).flaw for seed in seeds)


def test_division_that_rounds_otherwise_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Planted: the solver's own, whose remainder is never negative."""
    for name, build in (("__floordiv__", _quotient), ("__mod__", _remainder)):
        monkeypatch.setattr(terms.SymInt, name, terms._forking(build, terms.integer))

    assert found("rules", range(100))


def _quotient(one: object, other: object) -> object:
    return one / other  # type: ignore[operator]


def _remainder(one: object, other: object) -> object:
    return one % other  # type: ignore[operator]


@pytest.mark.slow
def test_results_of_a_helper_that_are_mixed_up_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Planted: of the results of one shape always the first."""
    monkeypatch.setattr(helpers, "merged", lambda guarded: list(guarded[0][1]))

    assert found("rules", range(0, 100, 2))


@pytest.mark.slow
def test_numbers_that_are_not_the_least_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Planted: the first that the solver gives."""
    for each in (claims, bounded):
        monkeypatch.setattr(each, "smallest", lambda size, model, ask: (model, True))

    assert found("claims", range(100))
    assert found("systems", range(100, 200))


def test_an_invariant_that_steps_lead_out_of_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Planted: whatever is proposed is taken for inductive, and nobody looks again."""
    monkeypatch.setattr(systems, "houdini", lambda made, candidates, queries: list(candidates))
    monkeypatch.setattr(systems, "verified", lambda *_: True)

    assert found("systems", range(100, 200))
