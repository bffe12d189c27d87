"""The timeline: whole texts, so that whoever changes a word sees what readers will see."""

import re
import textwrap
from enum import Enum
from typing import Any, NamedTuple

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seatrial import core
from seatrial.core import (
    All,
    Change,
    Ground,
    Index,
    Outcomes,
    Parameter,
    Population,
    Property,
    Step,
    System,
    Trace,
    Variable,
    Verdict,
    action,
    after_each_step,
    always,
    at_least,
    converges_to,
    deadlock_free,
    enabled_steps,
    ground,
    outcome,
    sometimes,
    step_of,
    successor,
)
from seatrial.counterexamples import ABSENT, differences, printable, render, show_value

SOURCE = "the manual, chapter 2"


class Pods(NamedTuple):
    pending: int = 0
    ready: int = 0


@action(actor="user", writes="asked", fair="none")
def ask(asked: int, limit: int) -> Outcomes:
    if asked < limit:
        yield outcome(f"ask for {asked + 1}", asked=asked + 1)


@action(actor="kubelet", over="node", writes=("pods", "asked", "inbox"))
def start(node: str, pods: Pods, asked: int, inbox: Any) -> Outcomes:
    if asked > 0:
        size = core.choose(1, asked)
        yield outcome(
            "start",
            pods=pods._replace(pending=pods.pending + size),
            asked=asked - size,
            inbox=(*inbox, node),
        )


@action(actor="api", writes="inbox", committed=True)
def deliver(inbox: Any) -> Outcomes:
    if len(inbox) > 0:
        yield outcome("deliver the event", inbox=inbox[1:])


@action(actor="clock", writes="time")
def tick(time: int) -> Outcomes:
    yield outcome("tick", time=(time + 1) % 2)


def cluster() -> Ground:
    """Two nodes that start what a user asks for; each start commits to an event."""
    return ground(
        System(
            name="cluster",
            indices=[Index("node", ("n1", "n2"))],
            parameters=[Parameter("limit", 2), Parameter("zone", "a b")],
            variables=[
                Variable("asked"),
                Variable("time"),
                Variable("inbox"),
                Variable("pods", over="node"),
            ],
            actions=[ask, start, deliver, tick],
            initial=[
                {"asked": 0, "time": 0, "inbox": (), "pods": {"n1": Pods(), "n2": Pods(ready=1)}}
            ],
        )
    )


def run(labels: list[str], **facts: Any) -> Trace:
    """The run that takes at each step the last outcome of that action."""
    system = cluster()
    state = system.initial[0]
    steps = []
    for name in labels:
        offered = enabled_steps(system, state, between=False)
        taken, made = [each for each in offered if each[0].name == name][-1]
        steps.append(step_of(system, state, taken, made))
        state = successor(state, made)
    cells = [slot.name for slot in system.slots]
    initial = tuple(zip(cells, system.initial[0], strict=True))
    return Trace("cluster", initial, tuple(steps), **facts)


@always(says="no node has two pending pods", source=SOURCE)
def one_pending(pods: All[Pods]) -> Any:
    for node, each in pods.items():
        if each.pending > 1:
            yield f"node {node} has {each.pending} pending pods"


@at_least(says="a pod is ready", source=SOURCE, bound=1)
def ready(pods: All[Pods]) -> int:
    return core.arith.total(each.ready for each in pods.values())


@sometimes(says="some node has two pending pods", source=SOURCE)
def two_pending(pods: All[Pods]) -> bool:
    return any(each.pending > 1 for each in pods.values())


@converges_to(says="the clock stops", source=SOURCE)
def clock_stops(time: int) -> bool:
    return time == 1


@after_each_step(says="what is asked for only grows", source=SOURCE)
def asked_grows(asked: int, asked_before: int) -> Any:
    if asked < asked_before:
        yield f"it fell from {asked_before} to {asked}"


BROKEN = ["ask", "ask", "start[n1]", "deliver"]


def text(expected: str) -> str:
    """An expected text as it stands in a test."""
    return textwrap.dedent(expected).removeprefix("\n")


def test_a_counterexample_shows_who_did_what_and_what_changed() -> None:
    """The main form: header, steps with changes, argument, command."""
    trace = run(BROKEN, because=("node n1 has 2 pending pods",))
    verdict = Verdict(one_pending, "violated", trace=trace)

    shown = render(trace, verdict, system=cluster(), command="seatrial check web.yaml", roads=True)

    assert shown == text(
        """
        one-pending is violated
          system   cluster (limit=2, zone="a b")
          promise  no node has two pending pods
          source   the manual, chapter 2
          run      3 steps; no run breaks it in fewer

        Start
          asked     0
          time      0
          inbox     ()
          pods[n1]  Pods()
          pods[n2]  Pods(ready=1)
        1  user     ask: ask for 1
                      asked  0 → 1
        2  user     ask: ask for 2
                      asked  1 → 2
        3  kubelet  start[n1]  (chose 2)
                      asked  2 → 0
                      inbox[0]  + n1
                      pods[n1].pending  0 → 2
                      could have happened instead: start[n2]: start; tick: tick
           api      ↳ deliver: deliver the event
                        inbox[0]  - n1

        Why
          Let   state 3 be the state after step 3
          Then  node n1 has 2 pending pods
          But   one-pending promises "no node has two pending pods"

        To see it again
          seatrial check web.yaml
        """
    )


def test_a_lasso_is_marked_and_says_why_it_is_fair() -> None:
    """A run for ever: where it goes back to, and why no fair action was cheated."""
    trace = run(
        ["ask", "tick", "tick"],
        loop=1,
        because=("the clock goes on in state 2",),
        fairness=("start[n1]: is owed nothing", "tick: taken in step 2"),
        shortest=False,
    )

    assert render(trace, Verdict(clock_stops, "violated", trace=trace)) == text(
        """
        clock-stops is violated
          system   cluster
          promise  the clock stops
          source   the manual, chapter 2
          run      3 steps; a shorter one may exist

          Start
            asked     0
            time      0
            inbox     ()
            pods[n1]  Pods()
            pods[n2]  Pods(ready=1)
          1  user   ask: ask for 1
                      asked  0 → 1
        ╭─ loop starts here
        │ 2  clock  tick
        │             time  0 → 1
        │ 3  clock  tick
        │             time  1 → 0
        ╰─ back to state 1, for ever

        Why
          Let   steps 2 to 3 be taken again and again, for ever
          Then  the clock goes on in state 2
          But   clock-stops promises "the clock stops"

        The loop is fair
          start[n1]: is owed nothing
          tick: taken in step 2
        """
    )


def test_a_run_that_ends_for_good_says_so() -> None:
    """A lasso of no steps: nothing fair is enabled in its last state."""
    trace = run(["tick"], loop=1)

    shown = render(trace, deadlock_free(source=SOURCE))

    assert "\n╰─ state 1 stays for ever: nothing fair can happen any more\n" in shown
    assert "  Let   state 1 stay for ever\n  Then  no action is enabled in state 1\n" in shown


def test_the_witness_of_a_bound_is_no_counterexample() -> None:
    """`holds` with the extreme value, and the run that gets there."""
    trace = run([])
    verdict = Verdict(ready, "holds", trace=trace, extreme=1)

    assert render(trace, verdict, system=cluster()) == text(
        """
        ready holds: the least value is 1
          system   cluster (limit=2, zone="a b")
          promise  a pod is ready
          bound    at least 1
          source   the manual, chapter 2
          run      no step: the initial state itself

        Start
          asked     0
          time      0
          inbox     ()
          pods[n1]  Pods()
          pods[n2]  Pods(ready=1)

        Witness
          Let   state 0 be the initial state
          Then  the value in state 0 is 1
        """
    )


def lines(shown: str, *starts: str) -> list[str]:
    """The lines of a text that begin like that."""
    return [line for line in shown.splitlines() if line.strip().startswith(starts)]


def test_the_witness_of_a_sometimes_is_worded_as_a_find() -> None:
    """Reaching it is good news."""
    trace = run(BROKEN)
    shown = render(trace, Verdict(two_pending, "holds", trace=trace))

    assert shown.startswith("two-pending holds: some run gets there\n")
    assert lines(shown, "run", "Witness", "Let", "Then", "But") == [
        "  run      3 steps; no run gets there in fewer",
        "Witness",
        "  Let   state 3 be the state after step 3",
        "  Then  what was asked for is so in state 3",
    ]


@pytest.mark.parametrize(
    ("subject", "headline"),
    [
        (one_pending, "one-pending is violated"),
        (two_pending, "two-pending is shown by a run"),
        (Verdict(ready, "violated", extreme=0), "ready is violated: the least value found is 0"),
        (
            Verdict(ready, "inconclusive", extreme=1),
            "ready is inconclusive: the least value found is 1",
        ),
        (Verdict(ready, "proved", extreme=1), "ready proved: the least value is 1"),
        (
            Verdict(attrs.evolve(one_pending, expected="refuted"), "violated"),
            "one-pending is violated, as expected",
        ),
    ],
)
def test_the_headline_says_the_verdict(subject: Verdict | Property, headline: str) -> None:
    """Nothing is called more than it is."""
    assert render(run([]), subject).splitlines()[0] == headline


def test_a_promise_about_steps_is_argued_with_the_step() -> None:
    """The pair of states is what breaks it."""
    trace = run(BROKEN, because=("it fell from 2 to 0",))

    assert lines(render(trace, asked_grows), "Let") == [
        "  Let   step 3 lead from state 2 to state 3"
    ]


def test_all_values_shows_the_whole_state_after_each_step() -> None:
    """For whoever does not trust a difference."""
    trace = run(["ask"])

    assert text(
        """
        1  user  ask: ask for 1
                   asked  0 → 1
                   time  0
                   inbox  ()
                   pods[n1]  Pods()
                   pods[n2]  Pods(ready=1)
        """
    ) in render(trace, one_pending, all_values=True)


def test_colour_changes_nothing_but_colour() -> None:
    """A log without colours and a terminal show the same text."""
    trace = run(BROKEN, loop=2)
    plain = render(trace, one_pending)

    coloured = render(trace, one_pending, color=True)

    assert coloured.startswith("\x1b[1;31mone-pending is violated\x1b[0m\n")
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == plain


def test_ascii_needs_nothing_else() -> None:
    """For logs that mangle what they do not know."""
    trace = run(BROKEN, because=("ü",), loop=2)

    shown = render(trace, one_pending, ascii=True)

    assert shown.isascii()
    assert lines(shown, "+-", "| 3", "Then") == [
        "+- loop starts here",
        "| 3  kubelet  start[n1]  (chose 2)",
        "+- back to state 2, for ever",
        "  Then  \\xfc",
    ]


def test_lines_keep_to_the_width() -> None:
    """Except a command, which is there to be copied."""
    trace = run(BROKEN, because=("word " * 40,))

    shown = render(trace, one_pending, system=cluster(), width=60, roads=True)

    assert max(map(len, shown.splitlines())) <= 60


hostile = st.text(st.characters(), max_size=8)


@given(hostile, hostile, hostile)
def test_no_name_drives_the_terminal(label: str, value: str, reason: str) -> None:
    """Names come from manifests: they may hold escape sequences, and end no line."""
    steps = (
        Step(reason, f"act[{value}]", label, (Change(f"x[{label}]", value, f"{value}\x1b[2J"),)),
    )
    trace = Trace(value, (("x", label),), steps, because=(reason, "\x9b0m\r\n\u202e\ud800"))
    subject = (
        always(says=label or "s", source=SOURCE, id="p")(lambda: None)
        if label.strip()
        else (one_pending)
    )

    shown = render(trace, subject, command=f"a\n{label}")

    assert all(line.isprintable() for line in shown.split("\n"))
    shown.encode("utf-8")


# ---- values and differences -------------------------------------------------------------------


class Phase(Enum):
    PENDING = "Pending"


@attrs.frozen
class Pod:
    phase: Phase
    node: str | None = None
    ports: tuple[int, ...] = ()


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (True, "true"),
        ("true", '"true"'),
        ("3", '"3"'),
        ("a b\n", '"a b\\n"'),
        ('"', '"\\""'),
        ("", '""'),
        ("app.kubernetes.io/name", "app.kubernetes.io/name"),
        (b"\x01", "0x01"),
        ((1,), "(1,)"),
        (Pod(Phase.PENDING), "Pod(phase=Pending)"),
        (Pod(Phase.PENDING, "n1", (80,)), "Pod(phase=Pending, node=n1, ports=(80,))"),
        (frozenset({10, 9}), "{9, 10}"),
        (Population({Pod(Phase.PENDING): 2}), "{Pod(phase=Pending): 2}"),
    ],
)
def test_values_are_shown_as_people_write_them(value: Any, shown: str) -> None:
    """Yet no two that differ in type look alike."""
    assert show_value(value) == shown


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        (1, 1, []),
        (1, True, [("x", 1, True)]),
        (Pod(Phase.PENDING), Pod(Phase.PENDING, "n1"), [("x.node", None, "n1")]),
        (None, Pods(), [("x", None, Pods())]),
        ((1, 2), (1, 3), [("x[1]", 2, 3)]),
        ((1, 2, 3), (1, 3), [("x[1]", 2, ABSENT)]),
        ((), (1, 2), [("x[0]", ABSENT, 1), ("x[1]", ABSENT, 2)]),
        ((Pods(1),), (Pods(2),), [("x[0].pending", 1, 2)]),
        (frozenset({1, 2}), frozenset({2, 3}), [("x", 1, ABSENT), ("x", ABSENT, 3)]),
        (frozenset({1}), frozenset({True}), [("x", frozenset({1}), frozenset({True}))]),
        (
            Population({"a": 1, "b": 1}),
            Population({"a": 2}),
            [("x{a}", 1, 2), ("x{b}", 1, 0)],
        ),
    ],
)
def test_differences_go_down_to_the_field(before: Any, after: Any, found: list[Any]) -> None:
    """And to the member of a set, or the count of a class."""
    assert [(each.path, each.before, each.after) for each in differences("x", before, after)] == (
        found
    )


def test_what_is_not_printable_is_escaped() -> None:
    """Colours, bells, line ends, and the marks that turn the direction of writing."""
    assert printable("a\x1b[31m\a\r\n\u2028\u202e\ud800é") == (
        "a\\x1b[31m\\x07\\r\\n\\u2028\\u202e\\ud800é"
    )
    assert printable("→é", ascii=True) == "\\u2192\\xe9"
