"""
One sync to compare: a controller, and the model state in which it begins.

A case is made of a state of a system that `seatrial.model.workload` composes. Of the manifest and
the environment only what a sync itself reads matters, so few systems serve all cases.
"""

from collections.abc import Mapping
from functools import cache, cached_property
from typing import Any, Literal

from attrs import evolve, frozen

from seatrial.core import Ground, ground
from seatrial.model import Environment, api, controller, environment, workload

__all__ = ["Case", "Controller", "Setting", "grounded", "of_state"]

Controller = Literal["replicaset", "deployment"]
CONTROLLERS: tuple[Controller, ...] = ("replicaset", "deployment")

_READ = frozenset(
    (
        "deployment",
        "deployment_cache",
        "deployment_queue",
        "deadline",
        "replica_set",
        "replica_set_cache",
        "replica_set_queue",
        "expectations",
        "pods",
        "pod_queue",
        "names_taken",
    )
)
"""The variables that a sync rests on when it begins."""

_ROOM = 1_000_000
"""How many events may be on their way: a writer never waits within the one sync."""


@frozen
class Setting:
    """What a sync reads besides the state."""

    recreate: bool = False
    templates: int = 2
    consistency_store: bool = True
    terminating_replicas: bool = True
    write_faults: bool = False
    min_ready_seconds: int = 0
    """What the manifest says; syncs go by that of their ReplicaSet, handlers by this one."""
    collides: bool = False
    """Whether names of new ReplicaSets may be taken: then `names_taken` says which are."""
    variant: frozenset[str] = frozenset()
    """Rules that are switched to something else on purpose, to see that it is noticed."""

    def gates(self) -> dict[str, bool]:
        """The feature gates, as Kubernetes calls them."""
        return {
            "StaleControllerConsistencyReplicaSet": self.consistency_store,
            "DeploymentReplicaSetTerminatingReplicas": self.terminating_replicas,
        }


@cache
def grounded(setting: Setting) -> Ground:
    """The system in which syncs of this setting are fired."""
    strategy = api.RECREATE if setting.recreate else api.DeploymentStrategy()
    budget = environment.Budget
    faults = [budget("write-failure"), budget("write-unknown")] if setting.write_faults else []
    faults += [budget("hash-collision")] if setting.collides else []
    around = Environment(
        users=(budget("set-image", None, setting.templates - 1),),
        faults=tuple(faults),
        level="faulty",
        lag=_ROOM,
        gates=tuple(setting.gates().items()),
        variant=setting.variant,
    )
    spec = api.DeploymentSpec(1, strategy=strategy, min_ready_seconds=setting.min_ready_seconds)
    return ground(workload.compose("case", spec, around))


@frozen
class Case:
    """
    A sync of the Deployment, or of the ReplicaSet of one template, in a state of the model.

    `state` holds, by the names of cells (`replica_set[2]`), the values that are not those of a
    system at rest. `failures` and `unknowns` are how
    many requests may fail, and how many may be applied without the answer coming back.
    """

    controller: Controller
    setting: Setting
    template: int
    state: tuple[tuple[str, Any], ...]
    failures: int = 0
    unknowns: int = 0

    def value(self, name: str, template: int | None = None) -> Any:
        """The value of a variable; of one of its members where a template is given."""
        return self.values[name if template is None else f"{name}[{template}]"]

    @cached_property
    def values(self) -> dict[str, Any]:
        """The whole state, by cell."""
        return _resting(self.setting) | dict(self.state)

    @cached_property
    def collisions(self) -> int:
        """The count that goes into names of ReplicaSets, as the cached Deployment has it."""
        cached = self.values["deployment_cache"]
        return 0 if cached is None else int(cached.status.collision_count)

    def start(self) -> tuple[Any, ...]:
        """The state as the engine has it, with the key due and nothing under way for it."""
        given = dict(self.values)
        mine = "deployment" if self.controller == "deployment" else "replica_set"
        at = "" if self.controller == "deployment" else f"[{self.template}]"
        given[f"{mine}_key{at}"] = controller.Key(dirty=True)
        given[f"{mine}_sync{at}"] = None
        given["write_failures_left"] = self.failures
        given["write_unknowns_left"] = self.unknowns
        # What is taken is part of the state; nobody takes a name while the sync runs.
        given["hash_collisions_left"] = 0
        return tuple(given[slot.name] for slot in grounded(self.setting).slots)


def of_state(setting: Setting, which: Controller, template: int, values: Mapping[str, Any]) -> Case:
    """
    The case that begins in a state, given by cells; what is not given is as in a system at rest.

    What no sync reads at its beginning is left out: work in progress, budgets.
    """
    resting = _resting(setting)
    read = [name for name in resting if name.partition("[")[0] in _READ]
    state = ((name, _as_stored(values[name])) for name in read if name in values)
    differing = tuple((name, value) for name, value in state if value != resting[name])
    return Case(which, setting, template, differing)


def _as_stored(value: Any) -> Any:
    """The value; of a Deployment without a limit or deadline the number that stands for none."""
    if not isinstance(value, api.Deployment):
        return value
    spec = value.spec
    if spec.progress_deadline_seconds is None:
        spec = evolve(spec, progress_deadline_seconds=api.MAX_INT32)
    if spec.revision_history_limit is None:
        spec = evolve(spec, revision_history_limit=api.MAX_INT32)
    return evolve(value, spec=spec)


def _resting(setting: Setting) -> dict[str, Any]:
    system = grounded(setting)
    return dict(zip((slot.name for slot in system.slots), system.initial[0], strict=True))


def with_faults(case: Case, failures: int, unknowns: int) -> Case:
    """The same sync, where so many requests may go wrong."""
    faults = failures + unknowns > 0
    setting = evolve(case.setting, write_faults=faults)
    return evolve(case, setting=setting, failures=failures, unknowns=unknowns)
