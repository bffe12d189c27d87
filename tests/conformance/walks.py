"""
States that a system reaches: random runs through systems that are composed as for a check.
"""

from collections.abc import Iterator
from random import Random
from typing import Any, Literal

from attrs import define, field

from seatrial.core import Ground, GroundAction, GroundOutcome, ground, successor
from seatrial.model import Environment, api, environment, workload
from seatrial.oracle.cases import Case, Controller, Setting, of_state

from .chance import Chance

__all__ = ["Walks"]

_LONGEST = 40
"""Steps of a run."""
_REMEMBERED = 200_000
"""Answers of rules that are kept, over all systems."""
_USERS = (
    "set-image@2",
    "set-image,undo",
    "set-image,scale:4@2,scale:1",
    "set-image,pause,resume",
    "restart,scale:0,scale:3",
    "set-image,apply,scale:5",
    "set-image,apply,delete:orphan",
)
_FAULTS = (
    "container-exit",
    "pod-failed,unready",
    "never-ready",
    "controller-restart",
    "none",
    "write-failure,write-unknown",
    "expectations-expire@2",
    "relist",
)
_LEVELS: tuple[tuple[Literal["atomic", "interleaved", "faulty"], int], ...] = (
    ("atomic", 0),
    ("interleaved", 1),
    ("interleaved", 2),
    ("faulty", 2),
)


def _surroundings(chance: Random) -> tuple[api.DeploymentSpec, Environment]:
    """A manifest, and what happens around it."""
    surge, unavailable = chance.choice(((1, 0), (0, 1), (1, 1), (2, 1)))
    strategy = api.rolling_update(
        max_surge=api.IntOrPercent.absolute(surge),
        max_unavailable=api.IntOrPercent.absolute(unavailable),
    )
    spec = api.DeploymentSpec(
        template=1,
        replicas=chance.randint(1, 4),
        strategy=chance.choice((strategy, strategy, strategy, api.RECREATE)),
        min_ready_seconds=chance.choice((0, 5)),
        revision_history_limit=chance.choice((10, 0, 1)),
    )
    level, lag = chance.choice(_LEVELS)
    faults = chance.choice(_FAULTS)
    if faults == "relist" and lag < 2:
        faults = "none"
    gates = chance.choice(("", "", "StaleControllerConsistencyReplicaSet=false"))
    around = Environment(
        users=environment.budgets([chance.choice(_USERS)], "users"),
        faults=environment.budgets([faults], "faults"),
        level=level,
        lag=lag,
        gates=environment.feature_gates([gates]),
    )
    return spec, around


@define
class _Walked:
    """A system, and what its rules have answered so far."""

    setting: Setting
    system: Ground
    known: dict[Any, tuple[GroundOutcome, ...]] = field(factory=dict)

    def steps(
        self, state: tuple[Any, ...], committed: bool
    ) -> list[tuple[GroundAction, GroundOutcome]]:
        """What can happen in a state, of the actions that are committed, or of the others."""
        values, found = self.system.values(state), []
        for action in self.system.actions:
            if action.action.committed is not committed:
                continue
            if action.guard is not None and not values[action.guard]:
                continue
            read = tuple([values[number] for number in action.reads])
            key = (action.number, read)
            outcomes = self.known.get(key)
            if outcomes is None:
                if len(self.known) >= _REMEMBERED // 16:
                    self.known.clear()
                outcomes = self.known[key] = action.evaluate(read, checked=False)
            found += [(action, outcome) for outcome in outcomes]
        return found


class Walks:
    """Systems to walk through, which a number decides; each is composed when first asked for."""

    def __init__(self, number: int, count: int = 16) -> None:
        chance = Random(number)
        self._given = [_surroundings(chance) for _ in range(count)]
        self._walked: dict[int, _Walked] = {}

    def _at(self, at: int) -> _Walked:
        if at not in self._walked:
            spec, around = self._given[at]
            setting = Setting(
                recreate=spec.strategy.type == "Recreate",
                templates=1 + around.times("set-image") + around.times("restart"),
                consistency_store=around.gate("StaleControllerConsistencyReplicaSet"),
                terminating_replicas=around.gate("DeploymentReplicaSetTerminatingReplicas"),
            )
            self._walked[at] = _Walked(setting, ground(workload.compose("walk", spec, around)))
        return self._walked[at]

    def cases(self, chance: Chance, controller: Controller) -> list[Case]:
        """All syncs of a controller that begin along a run."""
        walked = self._at(chance.integer(0, len(self._given) - 1))
        state, between = walked.system.initial[0], False
        found: list[Case] = []
        for _ in range(chance.integer(0, _LONGEST)):
            steps = walked.steps(state, committed=True)
            if not steps:
                if between:
                    found += _beginning(walked, state, controller)
                steps = walked.steps(state, committed=False)
            if not steps:
                break
            _, outcome = chance.of(steps)
            state, between = successor(state, outcome), True
        return list(dict.fromkeys(found))


def _beginning(walked: _Walked, state: tuple[Any, ...], controller: Controller) -> Iterator[Case]:
    """The syncs of that controller that may begin in a state."""
    values = {slot.name: state[slot.number] for slot in walked.system.slots}
    setting = walked.setting
    if controller == "deployment":
        if values["deployment_key"].dirty and values["deployment_sync"] is None:
            yield of_state(setting, "deployment", 0, values)
        return
    for template in range(1, setting.templates + 1):
        key, sync = f"replica_set_key[{template}]", f"replica_set_sync[{template}]"
        if values[key].dirty and values[sync] is None:
            yield of_state(setting, "replicaset", template, values)
