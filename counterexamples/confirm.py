"""
What a run shows of a property, found out by asking the property again and not by believing a file.

Everything that an engine may say of one run is recomputed: why its end breaks the promise or shows
what was asked for, and why its loop is fair. That no shorter run does it cannot be seen from one.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import attrs

from seatrial.core import (
    Ground,
    GroundProperty,
    Property,
    ReplayError,
    Trace,
    enabled_steps,
    ground_property,
    replay,
)

__all__ = ["Confirmed", "confirm"]

State = tuple[Any, ...]


@attrs.frozen
class Confirmed:
    """A run with why it is shown; a `witness` breaks nothing, it reaches something."""

    trace: Trace
    witness: bool = False


def confirm(trace: Trace, property: Property, system: Ground) -> Confirmed:
    """
    The trace with the reasons that its own end gives.

    Raises ReplayError where it is no run, or where it does not break the property (for a
    `sometimes`: does not reach it). A bound that is kept at the end makes a witness of its value.
    """
    run = _Run(trace, property, system, replay(system, trace))
    kind = property.kind
    if kind in ("converges to", "no hot loop"):
        because, fairness = run.lasso()
        return Confirmed(attrs.evolve(trace, because=because, fairness=fairness))
    if trace.loop is not None:
        raise run.refused("it ends in a loop, and what is promised is of states and steps")
    trace = attrs.evolve(trace, fairness=())
    if kind in ("at least", "at most"):
        because, broken = run.bound()
        return Confirmed(attrs.evolve(trace, because=because), witness=not broken)
    because = {
        "always": run.broken_state,
        "after each step": run.broken_step,
        "sometimes": run.reached,
        "deadlock free": run.deadlock,
    }[kind]()
    return Confirmed(attrs.evolve(trace, because=because), witness=kind == "sometimes")


@attrs.frozen
class _Run:
    trace: Trace
    property: Property
    system: Ground
    states: tuple[State, ...]

    def refused(self, why: str) -> ReplayError:
        does = "reach" if self.property.kind == "sometimes" else "break"
        return ReplayError(f"the run in the trace does not {does} {self.property.id}: {why}")

    def _members(self) -> tuple[GroundProperty, ...]:
        return ground_property(self.system, self.property)

    def _read(self, cells: Sequence[int], at: int) -> list[Any]:
        values = self.system.values(self.states[at])
        return [values[cell] for cell in cells]

    def _asked(self, each: GroundProperty, at: int = -1) -> Any:
        return each.check(self._read(each.reads, at))

    # -- the end ---------------------------------------------------------------------------------

    def broken_state(self) -> tuple[str, ...]:
        for each in self._members():
            if found := self._asked(each).violations:
                return tuple(one.because for one in found)
        raise self.refused("its last state keeps the promise")

    def broken_step(self) -> tuple[str, ...]:
        steps = self.trace.steps
        if not steps:
            raise self.refused("it has no step")
        last = max((at for at, step in enumerate(steps) if not step.committed), default=0)
        name = next(a.action.name for a in self.system.actions if a.name == steps[last].action)
        for each in self._members():
            values = [*self._read(each.reads, -1), *self._read(each.before, last), name]
            if found := each.check(values).violations:
                return tuple(one.because for one in found)
        raise self.refused("its last step keeps the promise")

    def bound(self) -> tuple[tuple[str, ...], bool]:
        """The member that is nearest to its bound or farthest beyond, and whether it is broken."""
        found = []
        for each in self._members():
            value = self._asked(each).value
            if value is not None and each.bound is not None:
                low = self.property.kind == "at least"
                excess = each.bound - value if low else value - each.bound
                found.append((-excess, f"{each.name} is {value}; the bound is {each.bound}"))
        if not found:
            raise self.refused("in its last state the premise is not met")
        missing, because = min(found, key=lambda pair: pair[0])
        return (because,), missing < 0

    def reached(self) -> tuple[str, ...]:
        if not any(self._asked(each).value for each in self._members()):
            raise self.refused("its last state is none of those that were asked for")
        return ("reached",)

    def deadlock(self) -> tuple[str, ...]:
        offered = enabled_steps(self.system, self.states[-1], between=False)
        if offered:
            raise self.refused(f"after its last step {offered[0][0].name} is enabled")
        return ("no action is enabled",)

    # -- for ever --------------------------------------------------------------------------------

    def lasso(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Why the loop breaks the promise, and why it is fair."""
        if self.trace.loop is None:
            raise self.refused("it has no loop, and what is promised is of what happens for ever")
        taken = self._taken()
        says = "the run stops outside the goal: no step of the system is enabled"
        if self.property.kind == "no hot loop":
            says = f"the loop of {len(taken)} steps is fair and works without progress"
            names = {a.action.name for a in self.system.actions if a.name in taken}
            if not names & {*self.property.work}:
                raise self.refused("its loop takes no step of the work")
            if idle := names & {*self.property.progress}:
                raise self.refused(f"its loop makes progress: {', '.join(sorted(idle))}")
        else:
            if taken:
                says = f"the loop of {len(taken)} steps is fair and leaves the goal for ever"
            says = self._outside() + says
        if not taken:
            # That nothing fair is enabled there is what `replay` has looked at.
            return (says,), ("no step of the system is enabled: the run stops here",)
        return (says,), tuple(self._fairness(taken))

    def _places(self) -> list[int]:
        """The states of the loop that are states of the system, by number of entry."""
        loop, last = self.trace.loop or 0, len(self.trace.steps)
        inside = [at for at in range(loop, last) if not self.trace.steps[at].committed]
        return inside or [last]

    def _taken(self) -> list[str]:
        steps = self.trace.steps[self.trace.loop :]
        resting = {a.name for a in self.system.actions if a.action.fair == "none"}
        taken = [step.action for step in steps if not step.committed]
        for name in taken:
            if name in resting:
                raise self.refused(f"its loop takes {name}, and users and faults rest")
        return taken

    def _outside(self) -> str:
        for each in self._members():
            if not all(self._asked(each, at).value for at in self._places()):
                return f"{each.name}: " if each.key else ""
        raise self.refused("its loop stays in the goal")

    def _fairness(self, taken: Sequence[str]) -> Iterator[str]:
        offered = [
            {
                action.name
                for action, _ in enabled_steps(self.system, self.states[at], between=False)
            }
            for at in self._places()
        ]
        for fair in ("weak", "strong"):
            for action in self.system.actions:
                if action.action.fair != fair or action.action.committed:
                    continue
                enabled = [action.name in each for each in offered]
                if action.name in taken:
                    yield f"{action.name} is taken in the loop"
                elif (fair == "strong" and any(enabled)) or all(enabled):
                    raise self.refused(f"its loop is not fair: {action.name} is put off for ever")
                elif any(enabled):
                    at = enabled.index(False)
                    where = f"after step {at} of the loop" if at else "where the loop starts"
                    yield f"{action.name} is disabled {where}"
