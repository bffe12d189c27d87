"""Random runs of systems: what they find, what they say, and what they never say."""

import importlib
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.database import InMemoryExampleDatabase

from seatrial.core import (
    DeclarationError,
    Index,
    Outcomes,
    Parameter,
    PropertyError,
    Report,
    RuleError,
    System,
    Variable,
    action,
    after_each_step,
    always,
    at_least,
    at_most,
    choose,
    converges_to,
    deadlock_free,
    ground,
    no_hot_loop,
    outcome,
    replay,
    sometimes,
)
from seatrial.engines.explore import explore
from seatrial.engines.stateful import hypothesize
from seatrial.engines.stateful.schedule import PIECE, schedules

SOURCE = "a test"


@action(writes="count")
def up(count: int, limit: int) -> Outcomes:
    if count < limit:
        yield outcome("up", count=count + 1)


@action(writes="count")
def down(count: int) -> Outcomes:
    if count > 0:
        yield outcome("down", count=count - 1)


@action(writes="count", fair="none", actor="user")
def reset(count: int) -> Outcomes:
    if count > 2:
        yield outcome("reset", count=0)


def counter(*actions: Any, limit: int = 9, start: int = 0) -> System:
    return System(
        name="counter",
        variables=[Variable("count")],
        parameters=[Parameter("limit", limit)],
        actions=actions,
        initial=[{"count": start}],
    )


@always(says="the count stays below five", source=SOURCE)
def below_five(count: int) -> Iterator[str]:
    if count >= 5:
        yield f"the count is {count}"


@always(says="the count is never negative", source=SOURCE)
def not_negative(count: int) -> Iterator[str]:
    if count < 0:
        yield "negative"


def quick(system: System, *properties: Any, **options: Any) -> Report:
    return hypothesize(system, properties, **{"runs": 50, "steps": 40, **options})


# ---- what is found ----------------------------------------------------------------------------


def test_a_violation_is_shown_by_a_run_as_short_as_it_gets() -> None:
    """Ups and downs that cancel each other are left out; the rest is a run of the rules."""
    system = counter(up, down, reset)
    verdict = quick(system, below_five).verdict("below-five")

    assert (verdict.status, verdict.because) == ("violated", "the count is 5")
    assert verdict.trace is not None
    assert [step.label for step in verdict.trace.steps] == ["up"] * 5
    assert not verdict.trace.shortest, "nobody has looked at all shorter runs"
    replay(ground(system), verdict.trace)


def test_nothing_found_is_never_said_to_hold() -> None:
    """Any number of runs may have missed it."""
    verdict = quick(counter(up, down), not_negative).verdict("not-negative")

    assert verdict.status == "inconclusive"
    assert verdict.because == "no violation in 50 runs of up to 40 steps"


def test_several_promises_are_each_broken_by_a_run_of_their_own() -> None:
    """What breaks early in all runs does not hide what breaks late."""

    @always(says="the count stays below one", source=SOURCE)
    def below_one(count: int) -> Iterator[str]:
        if count >= 1:
            yield f"the count is {count}"

    report = quick(counter(up, down), below_one, below_five)

    assert [each.trace and each.trace.length for each in report.verdicts] == [1, 5]


def test_a_promise_about_steps_sees_each_step_and_who_took_it() -> None:
    """Also one that changes nothing that the promise reads."""

    @after_each_step(says="only a user makes it fall by more than one", source=SOURCE)
    def falls_slowly(count: int, count_before: int, action: str) -> Iterator[str]:
        if count < count_before - 1:
            yield f"{action}: from {count_before} to {count}"

    verdict = quick(counter(up, down, reset), falls_slowly).verdicts[0]

    assert verdict.status == "violated"
    assert verdict.because == "reset: from 3 to 0"
    assert verdict.trace is not None
    assert verdict.trace.length == 4


def test_a_bound_has_its_extreme_and_a_run_to_it() -> None:
    """What is reported of a bound that is kept is only the worst so far."""

    @at_most(says="it stays small", source=SOURCE, bound=20)
    def size(count: int) -> int:
        return count

    @at_most(says="it stays smaller", source=SOURCE, bound=3)
    def small(count: int) -> int:
        return count

    kept, broken = quick(counter(up, down), size, small).verdicts

    assert (kept.status, kept.extreme) == ("inconclusive", 9)
    assert kept.because.startswith("the most is 9; the bound is 20 (so far, in random runs)")
    assert kept.witness is not None
    assert kept.witness.length == 9
    assert (broken.status, broken.extreme) == ("violated", 9)
    assert broken.trace is not None
    assert broken.trace.length == 4


def test_what_is_to_be_reached_holds_once_it_was() -> None:
    """A witness settles it, and no number of runs denies it."""

    @sometimes(says="it comes to four", source=SOURCE)
    def four(count: int) -> bool:
        return count == 4

    @sometimes(says="it comes to twelve", source=SOURCE)
    def twelve(count: int) -> bool:
        return count == 12

    reached, missed = quick(counter(up, down), four, twelve).verdicts

    assert (reached.status, reached.because) == ("holds", "reached")
    assert missed.status == "inconclusive"
    assert missed.because == "not reached in 50 runs of up to 40 steps"


def test_a_state_in_which_nothing_can_happen_is_a_deadlock() -> None:
    """A system where nothing is ever enabled is one at once."""
    still = quick(counter(up, limit=0), deadlock_free(source=SOURCE))
    later = quick(counter(up, limit=3), deadlock_free(source=SOURCE))

    assert [each.verdicts[0].status for each in (still, later)] == ["violated"] * 2
    assert [each.verdicts[0].trace.length for each in (still, later)] == [0, 3]  # type: ignore[union-attr]
    assert still.exploration.actions_never_fired == ("up",)


def test_a_premise_that_is_never_met_makes_a_promise_vacuous() -> None:
    """Nothing was asked of it then."""

    @always(says="what is large is even", source=SOURCE, premise=lambda count: count > 100)
    def even(count: int) -> Iterator[str]:
        if count % 2:
            yield "odd"

    assert quick(counter(up, down), even).verdicts[0].vacuous


# ---- what happens for ever --------------------------------------------------------------------


@converges_to(says="it comes to rest at nine", source=SOURCE)
def at_nine(count: int) -> bool:
    return count == 9


def test_a_run_that_stops_outside_the_goal_breaks_convergence() -> None:
    """Users may rest for ever, and nothing else can happen."""
    verdict = quick(counter(up, reset, limit=4), at_nine).verdicts[0]

    assert verdict.status == "violated"
    assert verdict.because == "the run stops outside the goal: no step of the system is enabled"
    assert verdict.trace is not None
    assert verdict.trace.loop == len(verdict.trace.steps) == 4


def test_a_fair_loop_outside_the_goal_breaks_convergence() -> None:
    """Up and down in turns is fair to both, and goes on for ever."""
    system = counter(up, down)
    verdict = quick(system, at_nine).verdicts[0]

    assert verdict.status == "violated"
    assert verdict.trace is not None
    assert verdict.trace.loop is not None
    assert {"up is taken in the loop", "down is taken in the loop"} == {*verdict.trace.fairness}
    replay(ground(system), verdict.trace)
    assert explore(system, [at_nine]).verdicts[0].status == "violated"


def test_a_loop_that_is_unfair_is_no_violation() -> None:
    """It would go on only if the way out, which is always open, were never taken."""

    @action(writes="count")
    def spin(count: int) -> Outcomes:
        if count < 9:
            yield outcome("spin", count=1 - count)

    @action(writes="count")
    def leave(count: int) -> Outcomes:
        if count < 9:
            yield outcome("leave", count=9)

    verdict = quick(counter(spin, leave), at_nine, runs=200).verdicts[0]

    assert explore(counter(spin, leave), [at_nine]).verdicts[0].status == "holds"
    assert verdict.status == "inconclusive"


def test_work_without_progress_for_ever_is_a_hot_loop() -> None:
    """With a step of progress in it, it is none."""
    hot = no_hot_loop(work="up", says="it does not spin", source=SOURCE)
    cool = no_hot_loop(work="up", progress="down", says="it rests", source=SOURCE, id="cool")
    report = quick(counter(up, down), hot, cool)

    assert [each.status for each in report.verdicts] == ["violated", "inconclusive"]


# ---- the same again ---------------------------------------------------------------------------


def told(report: Report) -> Any:
    """A report without what differs between two runs of one command."""
    sampling = report.exploration.sampling
    assert sampling is not None
    return report.verdicts, sampling.taken, sampling.states, sampling.fired


def test_a_seed_gives_the_same_report_again() -> None:
    """Verdicts, traces and counts; another seed takes other runs."""
    system = counter(up, down, reset)
    one, same, other = (quick(system, not_negative, seed=seed) for seed in (1, 1, 2))

    assert told(one) == told(same)
    assert told(one) != told(other)


def test_a_seed_means_the_same_in_every_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Hypothesis mixes in literals of the modules that are imported; no run is made of these."""
    system = counter(up, down, reset)
    alone = told(quick(system, not_negative, runs=200))
    literals = [bytes([255 - length] * length) for length in range(1, 33)]
    (tmp_path / "module_with_literals.py").write_text(f"LITERALS = {literals}\n")
    monkeypatch.syspath_prepend(tmp_path)
    importlib.import_module("module_with_literals")

    assert told(quick(system, not_negative, runs=200)) == alone


def test_a_violation_is_kept_and_tried_first_the_next_time() -> None:
    """One that took long to find is there at once, with other seeds and fewer runs too."""
    database = InMemoryExampleDatabase()
    system = counter(up, down, limit=30)

    @always(says="it stays below twenty", source=SOURCE)
    def below_twenty(count: int) -> Iterator[str]:
        if count >= 20:
            yield f"the count is {count}"

    first = quick(system, below_twenty, runs=1000, steps=200, database=database)
    again = quick(system, below_twenty, runs=1, steps=1, database=database)
    nothing = quick(system, below_twenty, runs=1, steps=1)

    assert [each.verdicts[0].status for each in (first, again)] == ["violated"] * 2
    assert nothing.verdicts[0].status == "inconclusive"
    assert again.verdicts[0].trace == first.verdicts[0].trace
    assert again.exploration.sampling is not None
    assert again.exploration.sampling.examples == 1


def test_a_kept_run_that_no_longer_breaks_anything_does_no_harm() -> None:
    """Nor does what is no run at all."""
    database = InMemoryExampleDatabase()
    quick(counter(up, limit=30), below_five, database=database)
    key = next(iter(database.data))
    database.save(key, b"\xff no run")
    database.save(key, b"[0, [[['gone', 'up', []]]]]")
    mended = quick(counter(up, limit=30), not_negative, database=database)

    assert mended.verdicts[0].status == "inconclusive"


def test_runs_begin_where_traces_end_and_are_told_from_the_start() -> None:
    """What lies deep is found from there; the trace is whole."""
    system = counter(up, down, limit=65)
    deep = explore(system, [], max_depth=60, deepest=4).deepest

    @always(says="it stays below 65", source=SOURCE)
    def below_65(count: int) -> Iterator[str]:
        if count >= 65:
            yield f"the count is {count}"

    alone = quick(system, below_65)
    helped = quick(system, below_65, starts=deep)

    assert alone.verdicts[0].status == "inconclusive"
    assert helped.verdicts[0].trace is not None
    assert helped.verdicts[0].trace.length == 65
    replay(ground(system), helped.verdicts[0].trace)


# ---- limits -----------------------------------------------------------------------------------


def test_limits_end_it_in_good_order() -> None:
    """With what was found until then."""
    system = counter(up, down)
    by_time = quick(system, not_negative, runs=10**9, time_limit=0.2)
    by_memory = quick(system, not_negative, runs=10**9, memory_limit=1)
    first = quick(system, below_five, not_negative, first=True)

    assert by_time.exploration.capped == "time-limit"
    assert by_memory.exploration.capped == "memory-limit"
    assert first.exploration.capped == "first"
    assert not any(each.exploration.complete for each in (by_time, by_memory, first))


def test_a_run_that_a_limit_cut_off_is_not_counted() -> None:
    """It has not shown what a whole one does; the same number of runs gives the same again."""
    report = quick(counter(up, down), not_negative, runs=10, time_limit=0)

    assert report.exploration.sampling is not None
    assert report.exploration.sampling.runs == 0
    assert report.verdicts[0].because == "no violation in 0 runs of up to 40 steps"


def test_it_ends_where_nothing_is_open_any_more() -> None:
    """Further runs could say nothing new."""
    report = quick(counter(up, down), below_five, runs=10**9)

    assert report.exploration.capped == "settled"


def test_ctrl_c_ends_it_in_good_order() -> None:
    """The report says that it was interrupted, and what was found."""
    # Whoever runs the tests in the background has the signal ignored, as a shell does with `&`.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    threading.Timer(0.3, lambda: signal.raise_signal(signal.SIGINT)).start()
    try:
        report = quick(counter(up, down), not_negative, runs=10**9, time_limit=60)
    finally:
        signal.signal(signal.SIGINT, before)

    assert report.exploration.capped == "interrupted"


def test_progress_is_told_now_and_then() -> None:
    """Runs done, states, steps, runs to go, bytes."""
    seen: list[tuple[int, ...]] = []
    quick(counter(up, down), not_negative, progress=lambda *numbers: seen.append(numbers))

    assert seen[-1][0] + seen[-1][3] == 50
    assert seen[-1][1] == 10


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"runs": 0}, "runs=0 is no number from 1 on"),
        ({"steps": 10**6}, "steps=1000000 is more than 2,000, the most there can be"),
        ({"seed": "x"}, "seed='x' is no number from 0 on"),
        ({"time_limit": -1}, "time_limit=-1 is no number from 0 on"),
    ],
)
def test_an_option_that_means_nothing_is_refused(options: dict[str, Any], words: str) -> None:
    """In one line, before anything is run."""
    with pytest.raises(DeclarationError, match=f"^{words}$"):
        quick(counter(up), below_five, **options)


# ---- what is wrong with a system --------------------------------------------------------------


@action(writes="count")
def strays(count: int) -> Outcomes:
    yield outcome("stray", count=count, other=1)


@action(writes="count")
def lists(count: int) -> Outcomes:
    yield outcome("list", count=[count])


@action(writes="count")
def raises(count: int) -> Outcomes:
    yield outcome("raise", count=1 // (count - count))


@action(writes="count")
def truth(count: int) -> Outcomes:
    yield outcome("truth", count=count == 0)


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (strays, "writes other, but the action declares that it writes count"),
        (lists, "is a list, which is mutable; use a tuple"),
        (raises, "raised ZeroDivisionError at line"),
        (truth, "equal but of another type"),
    ],
)
def test_a_rule_that_misbehaves_is_named_with_its_place(rule: Any, words: str) -> None:
    """One clear error, with the first run, and never a flaky pass."""
    with pytest.raises(RuleError) as caught:
        quick(counter(rule), below_five)

    assert words in str(caught.value)
    assert "test_hypothesize.py" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_property_that_raises_is_named_with_its_place() -> None:
    """It is no violation, and no crash of Hypothesis."""

    @always(says="it is never asked for the impossible", source=SOURCE)
    def impossible(count: int) -> Iterator[str]:
        if 1 // (3 - count) > 5:
            yield "never"

    with pytest.raises(PropertyError, match=r"property impossible, .*test_hypothesize.py.* raised"):
        quick(counter(up), impossible)


def test_committed_steps_that_never_end_are_an_error() -> None:
    """They would be one step without an end."""

    @action(writes="count", committed=True)
    def on_and_on(count: int) -> Outcomes:
        if count > 0:
            yield outcome("on", count=3 - count)

    with pytest.raises(RuleError, match="committed steps do not end after 1000: on_and_on"):
        quick(counter(up, on_and_on), not_negative)


def test_choices_inside_a_rule_are_drawn_and_recorded() -> None:
    """The trace says which number was chosen, and shows only the choice that matters."""

    @action(writes="count")
    def jump(count: int) -> Outcomes:
        if count < 50:
            yield outcome("jump", count=count + choose(1, 6))

    @always(says="it never stands at 17", source=SOURCE)
    def never_17(count: int) -> Iterator[str]:
        if count == 17:
            yield "it stands at 17"

    verdict = quick(counter(jump), never_17).verdicts[0]

    assert verdict.trace is not None
    assert sum(step.choices[0] for step in verdict.trace.steps) == 17
    assert verdict.trace.length <= 4


# ---- novelty ----------------------------------------------------------------------------------


COMBINATION = (3, 1, 4, 1, 5, 2, 0, 5, 3, 5)


@action(over="digit", writes="dialled")
def dial(digit: int, dialled: int) -> Outcomes:
    if dialled < len(COMBINATION):
        yield outcome("dial", dialled=dialled + 1 if COMBINATION[dialled] == digit else 0)


@always(says="it stays locked", source=SOURCE)
def locked(dialled: int) -> Iterator[str]:
    if dialled == len(COMBINATION):
        yield "it is open"


def combination_lock() -> System:
    return System(
        name="lock",
        indices=[Index("digit", range(6))],
        variables=[Variable("dialled")],
        actions=[dial],
        initial=[{"dialled": 0}],
    )


def test_runs_go_on_from_states_that_others_came_to() -> None:
    """Ten digits in a row, where each wrong one starts all over: no run of a few finds them."""
    tried = {
        novelty: hypothesize(
            combination_lock(), [locked], runs=1_000, steps=50, swarm=False, novelty=novelty
        )
        for novelty in (True, False)
    }

    trace = tried[True].verdicts[0].trace
    assert trace is not None
    assert trace.length == len(COMBINATION)
    assert len(replay(ground(combination_lock()), trace)) == 11
    assert tried[False].verdicts[0].status == "inconclusive"


def test_no_run_is_longer_than_was_asked_for_wherever_it_goes_on() -> None:
    """What led to where it goes on is part of it."""
    report = hypothesize(counter(up, down, limit=999), runs=300, steps=40)

    assert report.exploration.depth == 40


# ---- schedules --------------------------------------------------------------------------------


@settings(max_examples=30, deadline=None, database=None)
@given(st.data(), st.integers(1, 3), st.integers(1, 200))
def test_a_schedule_decides_as_many_steps_as_it_is_asked_for(
    data: Any, starts: int, steps: int
) -> None:
    """Never fewer than one piece, and the start is one of those there are."""
    schedule = data.draw(schedules(starts, steps))

    assert 0 <= schedule.start < starts
    assert PIECE <= schedule.steps < steps + PIECE
    assert schedule.rest is None or 0 <= schedule.rest < schedule.steps


def test_bounds_below_are_kept_and_broken_alike() -> None:
    """At least is at most, upside down."""

    @at_least(says="it never falls to three", source=SOURCE, bound=4)
    def floor(count: int) -> int:
        return count

    verdict = quick(counter(up, down, start=8), floor).verdicts[0]

    assert (verdict.status, verdict.extreme) == ("violated", 0)
    assert verdict.trace is not None
    assert verdict.trace.length == 5
    assert verdict.trace.because == ("floor is 3; the bound is 4",)
