"""
A run as a list of its steps, short enough to stand in a test, and the way back to an exact trace.

A step is its action and its label; where several outcomes of one action have one label, its choices
and, if that is not enough, which of them it was. States are not kept: the rules yield them again.
"""

from collections.abc import Sequence
from typing import Any

from seatrial.core import (
    Ground,
    GroundAction,
    GroundOutcome,
    ReplayError,
    Trace,
    enabled_steps,
    replay,
    same_value,
    step_of,
    successor,
)

__all__ = ["followed", "start_of", "steps_of"]

Told = tuple[Any, ...]
"""Action and label; then, where needed, choices; then, where needed, which of several."""

_MOST = 12


def steps_of(trace: Trace, system: Ground) -> list[Told]:
    """The steps of a trace of this system. Raises ReplayError where it is none of its runs."""
    states = replay(system, trace)
    found = []
    for state, after, step in zip(states[:-1], states[1:], trace.steps, strict=True):
        alike = _alike(system, state, (step.action, step.label))
        told: Told = (step.action, step.label)
        if len(alike) > 1:
            alike = _alike(system, state, (step.action, step.label, step.choices))
            told = (*told, step.choices)
        if len(alike) > 1:
            which = next(
                at
                for at, (_, outcome) in enumerate(alike)
                if all(map(same_value, successor(state, outcome), after))
            )
            told = (*told, which)
        found.append(told)
    return found


def start_of(trace: Trace, system: Ground) -> int:
    """Which initial state a trace starts in."""
    values = dict(trace.initial)
    state = [values[slot.name] for slot in system.slots]
    for at, start in enumerate(system.initial):
        if all(map(same_value, state, start)):
            return at
    raise ReplayError(f"the trace does not start in an initial state of {system.system.name}")


def followed(
    system: Ground,
    steps: Sequence[Told],
    *,
    property_id: str = "",
    start: int = 0,
    loop: int | None = None,
) -> Trace:
    """
    The trace that these steps are of this system.

    Raises ReplayError with the first step that is not enabled, and what is enabled instead.
    """
    if not 0 <= start < len(system.initial):
        raise ReplayError(f"there is no initial state {start} of {system.system.name}")
    state = tuple(system.initial[start])
    names = [slot.name for slot in system.slots]
    initial = tuple(zip(names, state, strict=True))
    done = []
    for at, told in enumerate(steps, 1):
        alike = _alike(system, state, told)
        which = told[3] if len(told) > 3 else 0
        if not 0 <= which < len(alike):
            raise ReplayError(_not_enabled(system, state, at, told))
        action, outcome = alike[which]
        done.append(step_of(system, state, action, outcome))
        state = successor(state, outcome)
    trace = Trace(
        system=system.system.name,
        initial=initial,
        steps=tuple(done),
        property_id=property_id,
        loop=loop,
        shortest=False,
    )
    replay(system, trace)
    return trace


def _alike(
    system: Ground, state: Sequence[Any], told: Told
) -> list[tuple[GroundAction, GroundOutcome]]:
    """The enabled outcomes that a step may mean."""
    action, label, *more = told
    return [
        (each, outcome)
        for each, outcome in enabled_steps(system, state, between=False)
        if each.name == action
        and outcome.label == label
        and (not more or outcome.choices == tuple(more[0]))
    ]


def _not_enabled(system: Ground, state: Sequence[Any], at: int, told: Told) -> str:
    offered = [
        f"{action.name}: {outcome.label}"
        for action, outcome in enabled_steps(system, state, between=False)
    ]
    listed = "; ".join(dict.fromkeys(offered[:_MOST])) or "nothing"
    more = f"; and {len(offered) - _MOST} more" if len(offered) > _MOST else ""
    return f"step {at}, {told[0]}: {told[1]}, is not enabled there; enabled: {listed}{more}"
