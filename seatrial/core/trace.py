"""Traces: a run of a system as a value, and its exact replay.

A trace keeps who acted, the label, the answers to choices and what changed; states are made by
applying the changes. `replay` runs the rules again and accepts nothing that they do not yield.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import attrs

from .errors import ReplayError
from .ground import Ground, GroundAction, GroundOutcome
from .values import same_value

__all__ = ["Change", "Step", "Trace", "enabled_steps", "replay", "step_of", "successor"]


@attrs.frozen
class Change:
    """One cell of the state that a step changed."""

    cell: str
    before: Any
    after: Any


@attrs.frozen
class Step:
    """
    One firing of a rule: `action` is grounded (`start[2]`), `changes` in order of the cells.

    A committed step belongs to the step before it: the state between is not one of the system.
    """

    actor: str
    action: str
    label: str
    changes: tuple[Change, ...]
    choices: tuple[int, ...] = ()
    committed: bool = False


@attrs.frozen
class Trace:
    """
    A run: the initial assignment, by cell, and the steps from there.

    `loop`: the run goes on for ever, back to the state after so many of `steps`; where it equals
    their number, nothing (fair) can happen any more. `because` says why the property is broken, and
    `fairness` why the loop is fair to each fair action.
    """

    system: str
    initial: tuple[tuple[str, Any], ...]
    steps: tuple[Step, ...]
    property_id: str = ""
    because: tuple[str, ...] = ()
    loop: int | None = None
    fairness: tuple[str, ...] = ()
    shortest: bool = True

    @property
    def length(self) -> int:
        """
        How many steps it has; a step counts once together with what it commits to.

        From an initial state in which a committed action is enabled, that one is a step itself.
        """
        first = bool(self.steps) and self.steps[0].committed
        return sum(not step.committed for step in self.steps) + first

    def states(self) -> Iterator[dict[str, Any]]:
        """The initial assignment, and the one after each step, by cell."""
        state = dict(self.initial)
        yield dict(state)
        for step in self.steps:
            state.update({change.cell: change.after for change in step.changes})
            yield dict(state)


def successor(state: Sequence[Any], outcome: GroundOutcome) -> tuple[Any, ...]:
    """The state after an outcome."""
    after = list(state)
    for slot, value in outcome.writes:
        after[slot] = value
    return tuple(after)


def step_of(
    system: Ground, state: Sequence[Any], action: GroundAction, outcome: GroundOutcome
) -> Step:
    """The record of an outcome taken in a state."""
    changes = tuple(
        Change(system.slots[slot].name, state[slot], value)
        for slot, value in outcome.writes
        if not same_value(state[slot], value)
    )
    return Step(
        actor=action.action.actor,
        action=action.name,
        label=outcome.label,
        changes=changes,
        choices=outcome.choices,
        committed=action.action.committed,
    )


def enabled_steps(
    system: Ground, state: Sequence[Any], *, between: bool
) -> list[tuple[GroundAction, GroundOutcome]]:
    """
    What can happen in a state, in order of actions and outcomes.

    Where a committed action is enabled, only such can. `between`: only those that are committed
    are asked (after a step, as long as any is enabled).
    """
    values = system.values(state)
    committed = list(_enabled(system, values, committed=True))
    if between or committed:
        return committed
    return list(_enabled(system, values, committed=False))


def _enabled(
    system: Ground, values: Mapping[int, Any], *, committed: bool
) -> Iterator[tuple[GroundAction, GroundOutcome]]:
    """What the actions yield that are committed, or those that are not."""
    for action in system.actions:
        if action.action.committed is not committed:
            continue
        if action.guard is None or action.allowed(values[action.guard]):
            for outcome in action.evaluate([values[number] for number in action.reads]):
                yield action, outcome


def replay(system: Ground, trace: Trace) -> tuple[tuple[Any, ...], ...]:
    """
    Run the rules along a trace; the states, one more than steps.

    Raises ReplayError where the start is no initial state, where a step is not enabled (and says
    what was), where a committed step is left out, or where a loop does not close.
    """
    states = [_start(system, trace)]
    for at, step in enumerate(trace.steps):
        states.append(_follow(system, states[-1], step, at))
    if trace.steps and enabled_committed(system, states[-1]):
        raise ReplayError("the trace ends between a step and what it commits to")
    if trace.loop is not None:
        _check_loop(system, trace, trace.loop, states)
    return tuple(states)


def _start(system: Ground, trace: Trace) -> tuple[Any, ...]:
    given = [name for name, _ in trace.initial]
    names = [slot.name for slot in system.slots]
    twice = sorted({name for name in given if given.count(name) > 1})
    if twice:
        raise ReplayError(f"the trace starts with two values of {', '.join(twice)}")
    odd = sorted(set(given) ^ set(names))
    if odd:
        raise ReplayError(
            f"the trace and {system.system.name} differ in variables: {', '.join(odd)}"
        )
    values = dict(trace.initial)
    state = tuple(values[name] for name in names)
    if not any(_same(state, start) for start in system.initial):
        raise ReplayError(f"the trace does not start in an initial state of {system.system.name}")
    return state


def _check_loop(system: Ground, trace: Trace, loop: int, states: Sequence[tuple[Any, ...]]) -> None:
    last = len(trace.steps)
    if type(loop) is not int or not 0 <= loop <= last:
        raise ReplayError(f"the loop goes back to state {loop!r}; the states are 0 to {last}")
    if loop == last:
        # It stands still: then nothing that is fair may be able to go on.
        for action, outcome in enabled_steps(system, states[-1], between=False):
            if action.action.fair != "none":
                raise ReplayError(
                    f"the run does not stop after its last step: {action.name}: {outcome.label}"
                    " is enabled"
                )
    elif loop > 0 and trace.steps[loop].committed:
        raise ReplayError(
            f"the loop goes back to state {loop}, between a step and what it commits to"
        )
    elif not _same(states[loop], states[-1]):
        raise ReplayError(f"the loop does not close: the last state differs from state {loop}")


def enabled_committed(system: Ground, state: Sequence[Any]) -> bool:
    """Whether a committed action is enabled in a state."""
    return any(action.action.committed for action in system.actions) and any(
        action.action.committed for action, _ in enabled_steps(system, state, between=True)
    )


def _follow(system: Ground, state: tuple[Any, ...], step: Step, at: int) -> tuple[Any, ...]:
    # In an initial state a committed step needs none before it.
    offered = enabled_steps(system, state, between=step.committed and at > 0)
    if at > 0 and not step.committed and enabled_committed(system, state):
        raise ReplayError(f"step {at + 1} ({step.action}) comes before a committed step is done")
    for action, outcome in offered:
        if action.name == step.action and _same_step(step_of(system, state, action, outcome), step):
            return successor(state, outcome)
    enabled = "; ".join(f"{action.name}: {outcome.label}" for action, outcome in offered)
    raise ReplayError(
        f"step {at + 1}, {step.action}: {step.label}, is not enabled there with these effects;"
        f" enabled: {enabled or 'nothing'}"
    )


def _same(one: Sequence[Any], other: Sequence[Any]) -> bool:
    return len(one) == len(other) and all(map(same_value, one, other))


def _same_step(one: Step, other: Step) -> bool:
    """Whether two records of a step agree in everything, with the types of the values."""
    return (
        (one.actor, one.label, one.choices, one.committed)
        == (other.actor, other.label, other.choices, other.committed)
        and len(one.changes) == len(other.changes)
        and all(
            a.cell == b.cell and _same((a.before, a.after), (b.before, b.after))
            for a, b in zip(one.changes, other.changes, strict=True)
        )
    )
