"""
Agreement: whatever `explore` and `prove` can both treat has one verdict; another is a failure.

Hypothesis draws the sizes, which hypotheses of a theorem are dropped, which rules are other ones,
and by how much a bound is too tight, so that what is broken is compared as well as what holds.
"""

import random
from collections import Counter
from collections.abc import Callable, Mapping
from functools import lru_cache
from itertools import product
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promises import BY_ID, case
from randomly.sizes import differences
from seatrial.core import (
    OneOf,
    Property,
    System,
    Theorem,
    Whole,
    as_system,
    deciding,
    ground,
    replay,
)
from seatrial.core.theorem import broken
from seatrial.engines.explore import explore
from seatrial.engines.prove.bounded import search
from seatrial.engines.prove.candidates import pool, small_states
from seatrial.engines.prove.claims import prove_claim
from seatrial.engines.prove.induction import Goal, check, houdini
from seatrial.engines.prove.machine import Machine, machine
from seatrial.engines.prove.queries import Limits, Queries
from seatrial.engines.prove.systems import PROVABLE, _asked, _invariant_of, prove_system
from seatrial.examples import example
from seatrial.model import rolling, rollout, workload
from seatrial.properties import rolling as rolling_promises
from seatrial.properties import rollout as rollout_promises
from seatrial.properties import theorems
from test_prove_theorems import Drawn, meeting

pytestmark = pytest.mark.heavy

STATES = 200_000
WIDE = 4
"""So many numbers of a theorem are drawn from more than one value at once."""


# ---- theorems ---------------------------------------------------------------------------------


def boxed(theorem: Theorem, values: Mapping[str, Any], wide: set[str]) -> Theorem:
    """The theorem about few numbers: one for each name, two for those that are wide."""
    ranges: list[tuple[str, Whole | OneOf]] = []
    for name, allowed in theorem.ranges:
        at = values[name]
        if isinstance(allowed, OneOf):
            ranges.append((name, OneOf((at,))))
        else:
            last = at + 1 if name in wide and allowed.allows(at + 1) else at
            ranges.append((name, Whole(at, last)))
    return attrs.evolve(theorem, ranges=ranges, mutations=())


def assignments(theorem: Theorem) -> list[dict[str, Any]]:
    choices = [
        each.values if isinstance(each, OneOf) else range(each.low, (each.high or 0) + 1)
        for _, each in theorem.ranges
    ]
    names = [name for name, _ in theorem.ranges]
    return [dict(zip(names, values, strict=True)) for values in product(*choices)]


def size_of(values: Mapping[str, Any]) -> int:
    return sum(abs(each) for each in values.values() if type(each) is int)


@pytest.mark.slow
def test_theorems_without_some_hypotheses_or_with_other_rules_have_one_verdict() -> None:
    """Both take the same claim: at all numbers of a small box, and as formulas of that box."""
    said: Counter[str] = Counter()

    @settings(max_examples=60, deadline=None, database=None)
    @given(
        theorem=st.sampled_from(theorems.THEOREMS),
        drops=st.sets(st.integers(0, 6), max_size=2),
        mutated=st.integers(0, 4),
        rng=st.randoms(use_true_random=False),
    )
    def agree(theorem: Theorem, drops: set[int], mutated: int, rng: random.Random) -> None:
        if mutated < len(theorem.mutations):
            theorem = theorem.mutated(theorem.mutations[mutated])
        kept = tuple(each for at, each in enumerate(theorem.hypotheses) if at not in drops)
        theorem = attrs.evolve(theorem, hypotheses=kept, mutations=())
        names = [name for name, _ in theorem.ranges]
        wide = set(rng.sample(names, min(WIDE, len(names))))
        small = boxed(theorem, worth_trying(theorem, rng), wide)
        starts = assignments(small)

        proof = prove_claim(small, Queries(Limits(query_ms=20_000)))
        system, promise = as_system(small, starts)
        told = explore(system, [promise]).verdict(small.id).status

        assert {"proved": "holds"}.get(proof.status, proof.status) == told, (starts, proof)
        said[told] += 1
        if proof.status == "violated":
            assert proof.least
            wrong = [each for each in starts if breaks(small, each)]
            assert size_of(dict(proof.values)) == min(map(size_of, wrong)), proof

    agree()
    assert said["holds"] > 5
    assert said["violated"] > 5


def worth_trying(theorem: Theorem, rng: random.Random) -> dict[str, Any]:
    """Numbers that meet the hypotheses; of a few the first that break the claim, if any does."""
    found = [meeting(theorem, rng) for _ in range(1 if rng.random() < 0.3 else 40)]
    for values in found:
        with deciding(Drawn(rng)):
            if broken(theorem, values):
                return values
    return found[0]


def breaks(theorem: Theorem, values: Mapping[str, Any]) -> bool:
    """Whether explore says so of these numbers alone."""
    system, promise = as_system(theorem, [dict(values)])
    return explore(system, [promise]).verdict(theorem.id).status == "violated"


# ---- systems ----------------------------------------------------------------------------------

SIZES = {name: Whole(0) for name in ("replicas", "max_surge", "max_unavailable")}
DEPTH = 5
Build = Callable[[Mapping[str, Any]], System]


def toy(values: Mapping[str, Any]) -> System:
    return rollout.rollout(**values, revisions=2, crashes=1)


def impatient(values: Mapping[str, Any]) -> System:
    return rolling.rolling(**values, patient=0)


def patient(values: Mapping[str, Any]) -> System:
    return rolling.rolling(**values, patient=1)


@attrs.frozen(eq=False)
class Known:
    """A system as formulas for all sizes, and what is inductive of a pool of invariants."""

    build: Build
    made: Machine
    goals: tuple[tuple[Property, Goal], ...]
    inductive: tuple[Any, ...]


def tightened(promise: Property, by: int) -> Property:
    """A promise of a bound that asks for so much more than it does."""
    bound = promise.bound
    assert callable(bound)
    sign = -1 if promise.kind == "at most" else 1
    names = bound.__code__.co_varnames[: bound.__code__.co_argcount]
    given = {"bound": bound}
    text = f"lambda {', '.join(names)}: bound({', '.join(names)}) + {sign * by}"
    return attrs.evolve(promise, id=f"{promise.id}-by-{by}", bound=eval(text, given))


@lru_cache(maxsize=3)
def known(build: Build) -> Known:
    asked = list(rolling_promises.PROPERTIES if build is not toy else rollout_promises.PROPERTIES)
    asked = [each for each in asked if each.kind in PROVABLE and each.premise is None]
    asked += [tightened(each, by) for each in asked if callable(each.bound) for by in (1, 2)]
    made = machine(build, SIZES)
    goals = tuple((each, goal) for each in asked if isinstance(goal := _asked(made, each), Goal))
    own = [_invariant_of(goal) for _, goal in goals]
    terms = [each.term() for each in pool(made, list(small_states(made, SIZES)))]
    terms += [each for each in own if each is not None]
    return Known(build, made, goals, tuple(houdini(made, terms, Queries(Limits(5_000)))))


@pytest.mark.parametrize(
    "build",
    [
        toy,
        pytest.param(impatient, marks=pytest.mark.slow),
        pytest.param(patient, marks=pytest.mark.slow),
    ],
)
def test_promises_of_a_system_have_one_verdict_at_every_size(build: Build) -> None:
    """
    At sizes that are drawn: no run breaks what an invariant excludes for all sizes.

    A run that breaks a promise is as long for both, and where none of few steps does, neither finds
    one.
    """
    of = known(build)
    said: Counter[str] = Counter()

    @settings(max_examples=8, deadline=None, database=None)
    @given(sizes=st.tuples(st.integers(0, 3), st.integers(0, 2), st.integers(0, 2)))
    def agree(sizes: tuple[int, int, int]) -> None:
        values = dict(zip(SIZES, sizes, strict=True))
        fixed = [of.made.parameters[name] == each for name, each in values.items()]
        made = attrs.evolve(of.made, assumed=(*of.made.assumed, *fixed))
        report = explore(build(values), [each for each, _ in of.goals], max_states=STATES)
        queries = Queries(Limits(query_ms=20_000))
        for each, goal in of.goals:
            verdict = report.verdict(each.id)
            proved = check(made, of.inductive, goal, queries, "induction").outcome == "proved"
            found = search(made, each, goal, DEPTH, queries)
            assert not found.stopped
            if found.trace is not None:
                assert (verdict.status, proved) == ("violated", False), (each.id, values)
                assert verdict.trace is not None
                assert verdict.trace.length == found.trace.length, (each.id, values)
                replay(ground(build(values)), found.trace)
            elif proved:
                assert verdict.status == "holds", (each.id, values)
            elif verdict.status == "violated":
                assert verdict.trace is not None
                assert verdict.trace.length > found.cleared, (each.id, values)
            said[verdict.status if proved or found.trace is not None else "open"] += 1

    agree()
    assert said["holds"] > 4
    assert said["violated"] > 4


# ---- the examples that are shipped ------------------------------------------------------------

_OF_MIGRATION = ("replicas", "nodes", "waits", "deletes", "force_deletes")
WAYS = {
    "rollout": ({"revisions": (1, 2), "crashes": (0, 1)}, 4),
    "rolling": ({"revisions": (2, 2), "patient": (0, 1)}, 1),
    "migration": (dict.fromkeys(_OF_MIGRATION, (0, 1)), 2),
}
"""What says how many parts there are, and how many sizes are drawn; the others are 0 to 2."""


@pytest.mark.parametrize(
    "name",
    [
        "rollout",
        pytest.param("rolling", marks=pytest.mark.slow),
        pytest.param("migration", marks=pytest.mark.slow),
    ],
)
def test_every_promise_of_an_example_has_one_verdict_fixed_and_as_a_box(name: str) -> None:
    """
    As with `--set` of all of them but one, which is open, or of all.

    Premises, and promises that the example breaks, are compared as well. Of `migration` little can
    be treated: its rules loop as often as a number says that is none of the parameters.
    """
    of = example(name)
    asked = [each for each in of.properties if each.kind in PROVABLE]
    structure, count = WAYS[name]
    said: Counter[str] = Counter()

    @settings(max_examples=count, deadline=None, database=None)
    @given(seed=st.integers(0, 1_000_000))
    def agree(seed: int) -> None:
        rng = random.Random(seed)
        sizes = {each: of.least.get(each, 0) for each in of.parameters if each not in structure}
        fixed = {each: rng.randint(low, max(low, 2)) for each, low in sizes.items()}
        fixed |= {
            each: max(of.least.get(each, 0), rng.randint(*between))
            for each, between in structure.items()
        }
        free = [each for each in sizes if each not in of.structure]
        opened = rng.choice([*free, None]) if free else None
        ranges = {} if opened is None else {opened: Whole(fixed[opened], fixed.pop(opened) + 1)}

        def build(values: Mapping[str, Any]) -> System:
            return of.factory(**fixed, **values)

        limits = Limits(query_ms=20_000, depth=4)
        found = prove_system(build, ranges, asked, Queries(limits), of.lemmas)
        for each in found.proofs:
            wrong = list(differences(each, build, ranges, STATES))
            assert wrong == [], (fixed, ranges, each.property.id)
            said[each.status] += 1

    agree()
    assert sum(said.values()) == count * len(asked)
    assert said["proved"] > 0 or name == "migration"


# ---- the whole model --------------------------------------------------------------------------

ABOUT = sorted(
    {name for each in theorems.THEOREMS for name in each.about if name in BY_ID}
    - {"deployment-proportional-adds-up"}
)
"""Promises about Deployments that theorems bear on."""


@settings(max_examples=4, deadline=None, database=None)
@given(
    sizes=st.tuples(st.integers(0, 2), st.integers(0, 1), st.integers(0, 1)),
)
def test_what_is_proved_of_rules_holds_of_the_whole_model(sizes: tuple[int, int, int]) -> None:
    """The promises that theorems are about, where their conditions are met, at sizes drawn."""
    of = case(*sizes, users="set-image")
    asked = [BY_ID[name] for name in ABOUT]
    met = [each.property for each in asked if not each.unmet(of.spec, of.around)]
    assert len(met) >= 5

    report = explore(workload.compose("web", of.spec, of.around), met, max_states=STATES)

    assert report.exploration.complete
    assert [each.id for each in met if report.verdict(each.id).status != "holds"] == []
