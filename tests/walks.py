"""
Runs that are told and not searched for: a search would visit millions of states before it is there.

A walk takes the steps that it is told to take; in between, whatever has to happen happens, in the
order of declaration, but for what is held back.
"""

from collections.abc import Sequence
from typing import Any, Protocol

from seatrial.core import (
    GroundAction,
    GroundOutcome,
    Property,
    Step,
    Trace,
    enabled_steps,
    ground,
    step_of,
    successor,
)
from seatrial.counterexamples import Confirmed, confirm
from seatrial.kinds import KINDS
from seatrial.model import Environment

_MOST = 200


class Case(Protocol):
    """A workload in an environment."""

    @property
    def spec(self) -> Any: ...
    @property
    def around(self) -> Environment: ...


class Walk:
    """A run of a workload of this kind, from its start on."""

    def __init__(self, of: Case, kind: str = "Deployment") -> None:
        self.system = ground(KINDS[kind].compose("small", of.spec, of.around))
        self.state = tuple(self.system.initial[0])
        self.steps: list[Step] = []

    def do(self, action: str, label: str = "") -> "Walk":
        """
        Take the step of an action with that in its label, and the committed ones that follow.

        An action is named with its member, `deliver_replica_set[1]`, or for any of them without.
        """
        for each, outcome in self._enabled():
            if action in (each.name, each.action.name) and label in outcome.label:
                return self._take(each, outcome)
        offered = ", ".join(each.name for each, _ in self._enabled())
        raise AssertionError(f"{action} is not enabled after {self.labels}; enabled: {offered}")

    def settle(self, hold: Sequence[str] = ()) -> "Walk":
        """Take steps of the system until there is none, or only of actions on `hold`."""
        for _ in range(_MOST):
            for each, outcome in self._enabled():
                held = each.name in hold or each.action.name in hold
                if each.action.fair != "none" and not held:
                    self._take(each, outcome)
                    break
            else:
                return self
        raise AssertionError(f"it does not settle: {self.labels}")

    @property
    def labels(self) -> list[str]:
        """What has happened, in words."""
        return [step.label for step in self.steps]

    def shows(self, property: Property) -> Confirmed:
        """What the run shows of a property, once every step of it was replayed."""
        stops = property.kind == "converges to"
        names = [slot.name for slot in self.system.slots]
        trace = Trace(
            system=self.system.system.name,
            initial=tuple(zip(names, self.system.initial[0], strict=True)),
            steps=tuple(self.steps),
            property_id=property.id,
            loop=len(self.steps) if stops else None,
            shortest=False,
        )
        return confirm(trace, property, self.system)

    def _enabled(self) -> list[tuple[GroundAction, GroundOutcome]]:
        return list(enabled_steps(self.system, self.state, between=False))

    def _take(self, action: GroundAction, outcome: GroundOutcome) -> "Walk":
        self.steps.append(step_of(self.system, self.state, action, outcome))
        self.state = successor(self.state, outcome)
        follows = [each for each in self._enabled() if each[0].action.committed]
        return self._take(*follows[0]) if follows else self
