"""Traces: replay accepts what the rules yield, step by step, and nothing else."""

from collections.abc import Callable
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seatrial.core import (
    Change,
    Exploration,
    Ground,
    Index,
    Outcomes,
    ReplayError,
    Report,
    Step,
    System,
    Trace,
    Variable,
    Verdict,
    action,
    always,
    choose,
    enabled_steps,
    every,
    ground,
    outcome,
    replay,
    step_of,
    successor,
)


@action(actor="worker", over="i", writes=("at", "busy"))
def work(at: int, busy: bool) -> Outcomes:
    """Move on by one or two, and owe a notice."""
    if not busy:
        yield outcome("move", at=(at + choose(1, 2)) % 4, busy=True)
        yield outcome("wait", busy=True)


@action(actor="worker", over="i", writes=("busy", "told"), committed=True)
def notify(busy: bool, told: int) -> Outcomes:
    """Say so at once."""
    if busy:
        yield outcome("notify", busy=False, told=(told + 1) % 2)


@action(actor="fault", over="i", writes="at", fair="none")
def slip(at: int) -> Outcomes:
    """Fall back; the change is of the type only, where there was 1."""
    if at:
        yield outcome("slip", at=at - 1)
        yield outcome("blur", at=1)


WORKERS = ground(
    System(
        name="workers",
        indices=[Index("i", (1, 2))],
        variables=[Variable("at", over="i"), Variable("busy", over="i"), Variable("told")],
        actions=[work, notify, slip],
        initial=[
            {"at": every(0), "busy": every(False), "told": 0},
            {"at": {1: 3, 2: 0}, "busy": {1: True, 2: False}, "told": 0},
        ],
    )
)


def trace_of(system: Ground, start: tuple[Any, ...], steps: list[Step], **more: Any) -> Trace:
    """A trace from a state."""
    names = [slot.name for slot in system.slots]
    return Trace(
        system=system.system.name,
        initial=tuple(zip(names, start, strict=True)),
        steps=tuple(steps),
        **more,
    )


def settled(system: Ground, state: tuple[Any, ...]) -> bool:
    """Whether no committed step is owed."""
    return not enabled_steps(system, state, between=True)


@st.composite
def runs(draw: st.DrawFn) -> tuple[Trace, list[tuple[Any, ...]]]:
    """A run of the workers, as whatever engine may have found it, and its states."""
    states = [draw(st.sampled_from(WORKERS.initial))]
    steps: list[Step] = []
    length = draw(st.integers(0, 6))
    while len(steps) < length or (steps and not settled(WORKERS, states[-1])):
        between = bool(steps) and not settled(WORKERS, states[-1])
        offered = enabled_steps(WORKERS, states[-1], between=between)
        taken, found = draw(st.sampled_from(offered))
        steps.append(step_of(WORKERS, states[-1], taken, found))
        states.append(successor(states[-1], found))
    return trace_of(WORKERS, states[0], steps), states


@given(runs())
def test_replay_accepts_what_the_rules_yield(run: tuple[Trace, list[tuple[Any, ...]]]) -> None:
    """And comes through the same states, which are those that the changes make."""
    trace, states = run
    names = [slot.name for slot in WORKERS.slots]

    assert replay(WORKERS, trace) == tuple(states)
    assert [tuple(each[name] for name in names) for each in trace.states()] == states
    assert trace.length == sum(settled(WORKERS, state) for state in states[1:])


def _other_change(step: Step) -> Step:
    first, *rest = step.changes
    return attrs.evolve(step, changes=(attrs.evolve(first, after=99), *rest))


def _other_type(step: Step) -> Step:
    def retyped(value: Any) -> Any:
        return bool(value) if type(value) is int and value < 2 else int(value) + 0

    first, *rest = step.changes
    odd = retyped(first.after)
    odd = odd if type(odd) is not type(first.after) else None
    return attrs.evolve(step, changes=(attrs.evolve(first, after=odd), *rest))


MUTATIONS: list[Callable[[Step], Step]] = [
    lambda step: attrs.evolve(step, actor="someone"),
    lambda step: attrs.evolve(step, action="work[3]"),
    lambda step: attrs.evolve(step, label="jump"),
    lambda step: attrs.evolve(step, committed=not step.committed),
    lambda step: attrs.evolve(step, choices=(*step.choices, 0)),
    lambda step: attrs.evolve(step, changes=step.changes[1:]),
    lambda step: attrs.evolve(step, changes=(*step.changes, Change("told", 0, 5))),
    _other_change,
    _other_type,
]


@given(runs().filter(lambda run: bool(run[0].steps)), st.data())
def test_replay_refuses_a_step_that_was_tampered_with(
    run: tuple[Trace, list[tuple[Any, ...]]], data: st.DataObject
) -> None:
    """In whatever it records: a counterexample is believed because it replays."""
    steps = list(run[0].steps)
    changing = [at for at, step in enumerate(steps) if step.changes]
    if not changing:
        return
    at = data.draw(st.sampled_from(changing))
    steps[at] = data.draw(st.sampled_from(MUTATIONS))(steps[at])

    with pytest.raises(ReplayError, match=rf"step {at + 1}\b"):
        replay(WORKERS, attrs.evolve(run[0], steps=tuple(steps)))


def test_a_change_of_type_alone_is_a_change() -> None:
    """1 and True are two values: a trace that left it out would not replay."""

    @action(writes="x")
    def blur(x: tuple[int]) -> Outcomes:
        yield outcome("blur", x=(True,) if x == (1,) else (1,))

    system = ground(
        System("blur", variables=[Variable("x")], actions=[blur], initial=[{"x": (1,)}])
    )
    ((act, found),) = enabled_steps(system, ((1,),), between=False)
    step = step_of(system, ((1,),), act, found)

    assert repr(step.changes) == "(Change(cell='x', before=(1,), after=(True,)),)"
    assert repr(replay(system, trace_of(system, ((1,),), [step]))) == "(((1,),), ((True,),))"


# ---- where a trace begins and ends ------------------------------------------------------------

NAMES = tuple(slot.name for slot in WORKERS.slots)
START = WORKERS.initial[0]


def moved(*labels: str) -> list[Step]:
    """Steps of the first worker with these labels, from the first initial state."""
    state, steps = START, []
    for label in labels:
        for act, found in enabled_steps(WORKERS, state, between=False):
            if act.key == (1,) and found.label == label:
                steps.append(step_of(WORKERS, state, act, found))
                state = successor(state, found)
                break
    assert len(steps) == len(labels)
    return steps


ROUND = moved(*("move", "notify") * 4)


def refusal(**change: Any) -> str:
    """Why a trace around the ring of four places is refused, with a change to it."""
    trace = attrs.evolve(trace_of(WORKERS, START, ROUND), **change)
    with pytest.raises(ReplayError) as caught:
        replay(WORKERS, trace)
    return str(caught.value)


def test_a_trace_starts_in_an_initial_state_of_the_same_variables() -> None:
    """Compared with types, as everywhere."""
    whole = tuple(zip(NAMES, START, strict=True))
    retyped = tuple((name, False if name == "told" else value) for name, value in whole)

    assert refusal(initial=whole[1:]) == "the trace and workers differ in variables: at[1]"
    assert refusal(initial=(*whole, ("x", 1))) == "the trace and workers differ in variables: x"
    assert refusal(initial=(*whole, whole[0])) == "the trace starts with two values of at[1]"
    assert refusal(initial=retyped) == "the trace does not start in an initial state of workers"


def test_a_committed_step_may_not_be_left_out() -> None:
    """The state before it is none of the system."""
    assert refusal(steps=tuple(ROUND[:1])) == "the trace ends between a step and what it commits to"
    assert (
        refusal(steps=(ROUND[0], *moved("wait")))
        == "step 2 (work[1]) comes before a committed step is done"
    )


def test_what_was_enabled_instead_is_said() -> None:
    """The reader sees where the run went astray."""
    assert refusal(steps=(ROUND[1],)) == (
        "step 1, notify[1]: notify, is not enabled there with these effects; enabled:"
        " work[1]: move; work[1]: wait; work[1]: move; work[2]: move; work[2]: wait; work[2]: move"
    )


# ---- loops ------------------------------------------------------------------------------------


def test_a_loop_goes_back_to_the_state_that_the_last_step_reaches() -> None:
    """Also from an initial state on."""
    assert len(replay(WORKERS, trace_of(WORKERS, START, ROUND, loop=0))) == 9
    assert refusal(loop=2) == "the loop does not close: the last state differs from state 2"


@pytest.mark.parametrize("loop", [-1, 9, 100, True, 1.0, "0"])
def test_a_loop_goes_back_to_a_state_of_the_trace(loop: Any) -> None:
    """Counted from 0; Python would take -1 for the last."""
    assert refusal(loop=loop) == f"the loop goes back to state {loop!r}; the states are 0 to 8"


def test_a_loop_does_not_go_back_between_a_step_and_what_it_commits_to() -> None:
    """That is no state of the system, even where the values agree."""
    assert refusal(loop=1) == "the loop goes back to state 1, between a step and what it commits to"


def test_a_loop_may_go_back_to_an_initial_state_that_owes_a_committed_step() -> None:
    """An initial state is a state of the system, whatever follows from it."""

    @action(writes="x", committed=True)
    def settle(x: int) -> Outcomes:
        if x == 0:
            yield outcome("settle", x=1)

    system = ground(
        System("settle", variables=[Variable("x")], actions=[settle], initial=[{"x": 0}])
    )
    ((act, found),) = enabled_steps(system, (0,), between=False)
    trace = trace_of(system, (0,), [step_of(system, (0,), act, found)], loop=1)

    assert replay(system, trace) == ((0,), (1,))
    with pytest.raises(ReplayError, match="the loop does not close"):
        replay(system, attrs.evolve(trace, loop=0))


def test_a_run_stands_still_only_where_nothing_fair_can_happen() -> None:
    """A trace that claims so elsewhere shows no violation: the system would have gone on."""
    assert refusal(loop=8) == "the run does not stop after its last step: work[1]: move is enabled"


def test_a_run_may_stand_still_where_only_faults_can_happen() -> None:
    """Convergence is asked once users and faults rest."""

    @action(writes="x", fair="none")
    def slip(x: int) -> Outcomes:
        yield outcome("slip", x=1 - x)

    system = ground(System("slip", variables=[Variable("x")], actions=[slip], initial=[{"x": 0}]))

    assert replay(system, trace_of(system, (0,), [], loop=0)) == ((0,),)


# ---- reports ----------------------------------------------------------------------------------


@always(says="it holds", source="here")
def promise(told: int) -> None:
    """Nothing to find."""


@pytest.mark.parametrize(
    ("statuses", "expected", "complete", "code"),
    [
        (["holds"], "holds", True, 0),
        (["proved"], "holds", True, 0),
        (["holds", "violated"], "holds", True, 1),
        (["inconclusive", "violated"], "holds", False, 1),
        (["holds", "inconclusive"], "holds", False, 3),
        (["violated"], "refuted", True, 0),
        ([], "holds", True, 0),
        ([], "holds", False, 3),
    ],
)
def test_the_exit_code_says_the_worst_of_what_was_asserted(
    statuses: list[Any], expected: Any, complete: bool, code: int
) -> None:
    """A search that did not finish is no success; a folk reading that breaks is no failure."""
    asked = attrs.evolve(promise, expected=expected)
    report = Report(
        system="x",
        parameters=(),
        assumptions=(),
        exploration=Exploration("explore", complete, 1, 0, 0, 0.0),
        verdicts=tuple(Verdict(asked, status) for status in statuses),
    )

    assert report.exit_code == code


def test_a_report_knows_its_verdicts_by_property() -> None:
    """And how often Python was asked in all."""
    verdict = Verdict(promise, "holds")
    searched = Exploration("explore", True, 1, 0, 0, 0.0, evaluations=(("a", 2), ("b", 3)))
    report = Report("x", (), (), searched, (verdict,))

    assert report.verdict("promise") is verdict
    assert report.exploration.rule_evaluations == 5
    with pytest.raises(KeyError):
        report.verdict("another")
