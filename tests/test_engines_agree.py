"""Two engines, one meaning: what random runs show, the search of all states has found.

Random runs ask the rules directly and never the tables of the explicit engine, so each checks the
other: every state of a run is one that was explored, and so is every step.
"""

import random
from collections.abc import Sequence
from typing import Any

import attrs
import pytest

import reference
from randomly.build import build
from randomly.draw import draw
from randomly.judge import Judge
from randomly.meaning import initial_states, plain
from randomly.plan import Plan
from seatrial.core import Report, ground, replay
from seatrial.engines.explore import explore
from seatrial.engines.explore.plain import Space, search
from seatrial.engines.explore.result import Limits
from seatrial.engines.explore.tables import Tables
from seatrial.engines.stateful import hypothesize
from seatrial.engines.stateful.answers import Answers, Option
from seatrial.engines.stateful.walker import Walker

pytestmark = pytest.mark.heavy

SMALL = 1_000


def plan_of(seed: int) -> Plan | None:
    """The random system of a seed; None where it is too large to be explored in a test."""
    plan = draw(seed)
    system, _ = build(plan)
    report = explore(system, max_states=SMALL, kernel="plain")
    return plan if report.exploration.complete else None


@attrs.define
class Dice:
    """Picks committed outcomes by chance."""

    random: random.Random

    def __call__(self, options: Sequence[Option]) -> Option:
        return self.random.choice(options)


def strays(seed: int, steps: int = 300) -> list[str]:
    """What a random walk does that the explicit engine's graph does not have, or does not do."""
    plan = plan_of(seed)
    if plan is None:
        return []
    system, properties = build(plan)
    tables = Tables(ground(system), properties)
    space = Space(tables)
    graph = search(space, Limits()).graph
    numbers = {tables.state(graph.state(n)): n for n in range(len(graph))}
    answers = Answers(ground(system), properties)
    walker = Walker(answers)
    dice = random.Random(seed)

    def values() -> tuple[Any, ...]:
        return tuple(answers.values(range(walker.slots), walker.state))

    initial = [answers.state(each) for each in answers.system.initial]
    walker.place(dice.choice(initial))
    for _ in range(steps):
        if values() not in numbers:
            return [f"{values()} is reached and was not explored"]
        state = graph.state(numbers[values()])
        known = {(number, tables.state(end)) for number, end in space.moves(state)}
        enabled = walker.enabled()
        names = {options[0].number for options in enabled}
        if names != {number for number, _ in known}:
            return [f"enabled in {values()}: {names}, explored {known}"]
        if not enabled:
            walker.place(dice.choice(initial))
            continue
        option = dice.choice(dice.choice(enabled))
        before = values()
        walker.take(option, Dice(dice))
        if (option.number, values()) not in known:
            return [f"{option.action.name} leads from {before} to {values()}; explored: {known}"]
    return []


@pytest.mark.parametrize("start", range(0, 100, 25))
def test_every_state_and_step_of_a_run_was_explored(start: int) -> None:
    """At each state also the same actions are enabled, whatever was remembered on the way."""
    found = {seed: strays(seed) for seed in range(start, start + 25)}

    assert {seed: what for seed, what in found.items() if what} == {}


def contradiction(searched: Report, drawn: Report) -> str | None:
    """Where random runs show what the complete search denies, or more than it can."""
    for each in drawn.verdicts:
        verdict = searched.verdict(each.property.id)
        due = ("inconclusive", verdict.status)
        if each.status not in due:
            return f"{each.property.id} {each.status}, explored {verdict.status}"
        if each.status == "violated" and each.trace is not None and verdict.trace is not None:
            loops = each.trace.loop is not None
            if not loops and each.trace.length < verdict.trace.length:
                return f"{each.property.id} breaks after {each.trace.length} steps"
        if each.extreme is not None and verdict.extreme is not None:
            sign = 1 if each.property.kind == "at least" else -1
            if sign * each.extreme < sign * verdict.extreme:
                return f"{each.property.id} comes to {each.extreme}"
        if verdict.vacuous and not each.vacuous:
            return f"{each.property.id} is not vacuous"
    return None


@pytest.mark.parametrize("start", range(0, 60, 20))
def test_what_random_runs_find_is_true(start: int) -> None:
    """A violation is one of the complete search, never shorter, and its trace replays."""
    for seed in range(start, start + 20):
        plan = plan_of(seed)
        if plan is None:
            continue
        system, properties = build(plan)
        searched = explore(system, properties, kernel="plain")
        drawn = hypothesize(system, properties, runs=30, steps=40, seed=seed)
        assert contradiction(searched, drawn) is None, seed
        grounded = ground(system)
        for verdict in drawn.verdicts:
            for trace in (verdict.trace, verdict.witness):
                if trace is not None:
                    replay(grounded, trace)


def test_what_the_search_finds_the_rules_of_the_other_engine_replay() -> None:
    """A run from where a shortest counterexample ends: it is followed step by step first."""
    followed = 0
    for seed in range(60):
        plan = plan_of(seed)
        if plan is None:
            continue
        system, properties = build(plan)
        searched = explore(system, properties, kernel="plain")
        traces = [
            each.trace
            for each in searched.verdicts
            if each.trace is not None and each.trace.loop is None
        ]
        report = hypothesize(system, properties, runs=5, steps=10, starts=traces)
        for each in traces:
            again = report.verdict(each.property_id)
            followed += again.status == searched.verdict(each.property_id).status

    assert followed >= 30


def test_random_runs_find_most_of_what_is_there() -> None:
    """A comparison in which one side finds nothing would agree with everything."""
    due, found = 0, 0
    for seed in range(30):
        plan = plan_of(seed)
        if plan is None:
            continue
        system, properties = build(plan)
        searched = explore(system, properties, kernel="plain")
        drawn = hypothesize(system, properties, runs=40, steps=40)
        for each in searched.verdicts:
            if each.status == "violated" and each.trace is not None:
                due += 1
                found += drawn.verdict(each.property.id).status == "violated"

    assert due >= 40
    assert found >= 0.9 * due


def test_the_reference_and_random_runs_agree_on_fair_loops() -> None:
    """Shares no code with either engine: what is said to go on for ever does so."""
    seen = 0
    for seed in range(60):
        plan = plan_of(seed)
        if plan is None:
            continue
        asked = [q for q in plan.questions if q.kind in ("converges to", "no hot loop")]
        if not asked:
            continue
        rules, initial = plain(plan), initial_states(plan)
        graph = reference.explore(initial, rules)
        if len(graph.edges) > 300:
            continue
        system, properties = build(attrs.evolve(plan, questions=tuple(asked)))
        drawn = hypothesize(system, properties, runs=40, steps=80, seed=seed)
        for question in asked:
            verdict = drawn.verdict(question.name)
            if verdict.status == "violated":
                seen += 1
                assert Judge(plan, question).expected(graph).status == "violated"

    assert seen >= 10
