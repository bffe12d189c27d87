"""The explicit engine agrees with the reference on a sample of random systems.

`make random-systems` compares 100,000. A failing seed is shown smaller by
`python tests/random_systems.py --seed SEED`.
"""

import math
from collections import Counter
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import random_systems
import reference
from randomly.comparison import Engine, the_engine
from randomly.draw import draw
from randomly.judge import Judge
from randomly.meaning import initial_states, plain
from randomly.plan import Plan
from seatrial.core import Report

pytestmark = pytest.mark.heavy

BATCH = 25


@pytest.mark.parametrize("start", range(0, 300, BATCH))
def test_the_engine_agrees_with_the_reference(start: int) -> None:
    """Both kernels, caps and reductions: states, verdicts, lengths, extremes and loops."""
    found = {
        seed: random_systems.disagreement(seed, kernel="both")
        for seed in range(start, start + BATCH)
    }

    assert {seed: what for seed, what in found.items() if what} == {}


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(1000, 2**48), threads=st.integers(1, 3))
def test_the_engine_agrees_with_the_reference_on_any_seed(seed: int, threads: int) -> None:
    """Fixed seeds are soon those that the engine was made with."""
    assert random_systems.disagreement(seed, "plain", threads) is None


@pytest.fixture(scope="module")
def sample() -> list[tuple[Plan, reference.Graph]]:
    """Some systems and what is reachable in them."""
    plans = [draw(seed) for seed in range(250)]
    return [(plan, reference.explore(initial_states(plan), plain(plan))) for plan in plans]


def test_a_seed_gives_the_same_system_every_time() -> None:
    """A failing seed in a log is worth nothing else."""
    assert draw(17) == draw(17)
    assert draw(17) != draw(18)


def test_the_sample_has_what_engines_get_wrong(
    sample: list[tuple[Plan, reference.Graph]],
) -> None:
    """A generator that no longer makes a kind of system would pass everything else."""
    seen: Counter[str] = Counter()
    for plan, graph in sample:
        rules = graph.rules
        bits = sum(
            max(1, math.ceil(math.log2(len({state[name] for state in graph.states}) + 1)))
            for name in graph.states[0]
        )
        enabled = {edge.source for edge in graph.edges}
        seen.update(
            name
            for name, there in {
                "one state": len(graph.states) == 1,
                "more than 200 states": len(graph.states) > 200,
                "several initial states": graph.depth.count(0) > 1,
                "more than one word": bits > 64,
                "more than four words": bits > 256,
                "a deadlock": len(enabled) < len(graph.states),
                "a self-loop": any(edge.source == edge.target for edge in graph.edges),
                "equal steps": len(set(graph.edges)) < len(graph.edges),
                "committed steps": any(len(edge.taken) > 1 for edge in graph.edges),
                "a chain of three": any(len(edge.taken) > 2 for edge in graph.edges),
                "a committed initial state": any(
                    rule.committed and {edge.taken[0] for edge in graph.edges} & {rule.name}
                    for rule in rules
                ),
                "strong rules": any(rule.fairness == "strong" for rule in rules),
                "rules fair to nobody": any(rule.fairness == "none" for rule in rules),
                "a rule that never fires": {rule.name for rule in rules}
                > {name for edge in graph.edges for name in edge.taken},
                "two indices": any(len(family.over) > 1 for family in plan.families),
                "choose": any(rule.choice for rule in plan.rules),
                "split": any(rule.split for rule in plan.rules),
                "a view": any(not view.of for view in plan.views),
                "a total": any(view.of for view in plan.views),
                "a symmetric index": plan.symmetric,
                "a guard": any(rule.when and not rule.committed for rule in plan.rules),
                "a committed guard": any(rule.when and rule.committed for rule in plan.rules),
                "steps that commute": plan.loose,
                "a premise": any(question.premise for question in plan.questions),
                "a bound by parameter": any(q.bound_parameter for q in plan.questions),
            }.items()
            if there
        )

    assert {name: count for name, count in seen.items() if count < 2} == {}
    assert len(seen) == 25


def test_every_kind_of_property_holds_here_and_is_violated_there(
    sample: list[tuple[Plan, reference.Graph]],
) -> None:
    """An engine that always says the same of a kind must not get through."""
    said = Counter(
        (question.kind, Judge(plan, question).expected(graph).status)
        for plan, graph in sample
        if len(graph.edges) < 300
        for question in plan.questions
    )

    assert len(said) == 16
    assert min(said.values()) >= 10


def test_a_report_that_lies_is_noticed() -> None:
    """A comparison that compares nothing agrees with everything."""

    def lying(lies: dict[str, Any]) -> Engine:
        def engine(*arguments: Any, **options: Any) -> Report:
            report = the_engine()(*arguments, **options)
            return attrs.evolve(report, exploration=attrs.evolve(report.exploration, **lies))

        return engine

    tales: list[dict[str, Any]] = [{"states": 0}, {"transitions": 0}, {"levels": ()}, {"depth": -1}]
    for lies in tales:
        told = random_systems.disagreement(17, engine=lying(lies), reductions=False, caps=False)
        assert told is not None
        assert next(iter(lies)) in told
