"""Random small functions say of unknown numbers what Python says of each of them, or are refused.

`python tests/random_rules.py --count 2000` tries more of them; `--seed SEED` shows one.
"""

import pytest

import random_rules
from seatrial.engines.prove import helpers, terms

pytestmark = pytest.mark.heavy


@pytest.mark.parametrize("start", range(0, 60, 20))
def test_a_random_rule_says_what_python_says(start: int) -> None:
    found = [random_rules.disagreement(seed, seed % 2 == 0) for seed in range(start, start + 20)]
    refused = [each for each in found if each and each.startswith("refused")]

    assert [each for each in found if each and each not in refused] == []
    assert len(refused) < 12
    assert all("more than" in each or "needs more" in each for each in refused)


@pytest.mark.parametrize("fault", ["division", "merging"])
def test_a_fault_in_the_engine_is_found_by_random_rules(
    fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted: the solver's own division, and the first of two leaves that are merged."""
    if fault == "division":
        monkeypatch.setattr(terms, "_divided", lambda one, other: one / other)
        monkeypatch.setattr(terms, "_remainder", lambda one, other: one % other)
        for name, build in (("__floordiv__", terms._divided), ("__mod__", terms._remainder)):
            monkeypatch.setattr(terms.SymInt, name, terms._forking(build, terms.integer))
    else:
        monkeypatch.setattr(helpers, "merged", lambda guarded: list(guarded[0][1]))

    found = (random_rules.disagreement(seed) for seed in range(0, 400, 2))

    assert any(each and each.startswith("seed") for each in found)
