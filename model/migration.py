"""
Two StatefulSets of which one hands its members over to the other, from the last ordinal on.

:Go: kubernetes v1.36.3 pkg/controller/statefulset/stateful_set_control.go, by the rules of
    `statefulset_control.py`
:Docs: https://github.com/kubernetes/enhancements/tree/master/keps/sig-apps/3335-statefulset-slice
:Omits: caches of pods, and requests of a sync as steps of their own (each sync is one step, by the
    spec that its controller has seen and the pods that there are); claims and their volumes, which
    would have to be handed over as well; nodes that are lost; Services. Nothing in the API couples
    the two sets: whoever moves members has to be careful.

The source has the ordinals from 0 on, the destination those from `ordinals.start` on. A move lowers
`replicas` of the source by one, and then raises those of the destination and lowers its start.
"""

from typing import Any

from attrs import evolve

from seatrial.core import (
    All,
    DeclarationError,
    Index,
    Outcomes,
    Parameter,
    System,
    Variable,
    action,
    outcome,
)

from .api import PodKind
from .controller import Answer, SyncFailed, Write
from .statefulset_api import StatefulPod, StatefulSet, StatefulSetSpec, StatefulSetStatus
from .statefulset_control import Observation, sync_stateful_set
from .statefulset_controller import carried_out_pod
from .statefulset_pods import after_deletion, shown
from .volumes import Processes

__all__ = ["DESTINATION", "MOST_MEMBERS", "SOURCE", "Members", "Running", "migration"]

SOURCE, DESTINATION = "source", "destination"
MOST_MEMBERS = 6
_WAITS = (
    "nothing",
    "the end of the source's pod",
    "the source's status.observedGeneration and the end of its pod",
)

Members = tuple[StatefulPod | None, ...]
"""The pod of each ordinal from 0 on."""
Running = tuple[Processes, ...]
"""What runs for each ordinal from 0 on."""


def _of(members: tuple[Any, ...], ordinal: int, after: Any) -> tuple[Any, ...]:
    return (*members[:ordinal], after, *members[ordinal + 1 :])


# ---- the two controllers ----------------------------------------------------------------------


@action(actor="watch", over="side", writes="seen")
def learn(stateful_set: StatefulSet, seen: StatefulSetSpec, side: str) -> Outcomes:
    """A controller learns what its set is to be."""
    if seen != stateful_set.spec:
        yield outcome(f"the controller of the {side} learns its size", seen=stateful_set.spec)


@action(actor="statefulset", over="side", writes=("stateful_set", "members"))
def sync(
    stateful_set: StatefulSet,
    seen: StatefulSetSpec,
    members: Members,
    process: Running,
    side: str,
) -> Outcomes:
    """One sync of one of the sets, with all that it writes. Go: syncStatefulSet"""
    there = (shown(at, pod) for at, pod in enumerate(members))
    cached = StatefulSet(seen, stateful_set.status)
    pods = tuple(pod for pod in there if pod is not None)
    running = sync_stateful_set(Observation(cached, pods, (), (1,)))
    after, status, sent = members, stateful_set.status, list[str]()
    answer: Answer | None = None
    try:
        while True:
            write = running.send(answer)
            if write.kind == "StatefulSet":
                status, answer = write.value, "applied"
            else:
                answer, after = _written(write, after, process)
                sent.append(f"{write.verb}s pod {write.key}")
    except (StopIteration, SyncFailed):
        pass
    if (after, status) != (members, stateful_set.status):
        words = f"the {side} {', '.join(sent) or 'reports'}"
        yield outcome(words, stateful_set=evolve(stateful_set, status=status), members=after)


def _written(write: Write, members: Members, process: Running) -> tuple[Answer, Members]:
    at = write.key
    held = frozenset(uid for _, uid in process[at])
    answer, changes = carried_out_pod(write, members[at], held, (), graceful=True)
    return answer, _of(members, at, changes["pod"]) if changes else members


# ---- scheduler and kubelets -------------------------------------------------------------------


@action(actor="kubelet", over="side", writes=("members", "process"))
def run(members: Members, process: Running, side: str, nodes: int) -> Outcomes:
    """One step of a kubelet, or of the scheduler, for one member."""
    for at, (pod, running) in enumerate(zip(members, process, strict=True)):
        name = f"pod {at} of the {side}"
        mine = None if pod is None or pod.node is None else (pod.node, pod.uid)
        for each in running:
            if each != mine or (pod is not None and pod.kind.terminating):
                left = tuple(other for other in running if other != each)
                yield outcome(f"n{each[0]} stops {name}", process=_of(process, at, left))
        if pod is None:
            continue
        if mine is None:
            for node in range(1, nodes + 1):
                placed = _of(members, at, evolve(pod, node=node))
                yield outcome(f"{name} is put on n{node}", members=placed)
        elif pod.kind.terminating:
            if mine not in running:
                gone = _of(members, at, None)
                yield outcome(f"n{pod.node} confirms that {name} is gone", members=gone)
        elif mine not in running:
            more = tuple(sorted((*running, mine)))
            yield outcome(f"n{pod.node} starts {name}", process=_of(process, at, more))
        elif not pod.kind.ready:
            ready = evolve(pod, kind=PodKind("Running", ready=True, available=True))
            yield outcome(f"{name} is ready", members=_of(members, at, ready))


# ---- the orchestrator, and somebody with less patience ----------------------------------------


@action(actor="orchestrator", writes=("stateful_set", "moving"))
def lower(stateful_set: All[StatefulSet], moving: bool) -> Outcomes:
    """The source gives up its last ordinal."""
    source = stateful_set[SOURCE]
    if not moving and source.spec.replicas > 0:
        spec = evolve(source.spec, replicas=source.spec.replicas - 1)
        after = evolve(source, spec=spec)
        words = f"lowers the source to {spec.replicas}"
        yield outcome(words, stateful_set={SOURCE: after}, moving=True)


@action(actor="orchestrator", writes=("stateful_set", "moving"))
def raise_(
    stateful_set: All[StatefulSet],
    seen: All[StatefulSetSpec],
    members: All[Members],
    moving: bool,
    waits: int,
) -> Outcomes:
    """
    The destination takes it over, when the orchestrator has waited for what it waits for.

    That is status.observedGeneration of the source, and the end of its pod.
    """
    if not moving:
        return
    destination = stateful_set[DESTINATION]
    at = destination.spec.ordinals_start - 1
    if waits > 0 and members[SOURCE][at] is not None:
        return
    if waits > 1 and seen[SOURCE] != stateful_set[SOURCE].spec:
        return
    spec = evolve(destination.spec, ordinals_start=at, replicas=destination.spec.replicas + 1)
    yield outcome(
        f"raises the destination to {spec.replicas}, from {at} on",
        stateful_set={DESTINATION: evolve(destination, spec=spec)},
        moving=False,
    )


@action(actor="user", over="side", writes=("members", "deletes_left"), fair="none")
def delete(members: Members, deletes_left: int, side: str) -> Outcomes:
    """Some pod is deleted, with its grace period."""
    for at, pod in enumerate(members):
        if deletes_left and pod is not None and not pod.kind.terminating:
            yield outcome(
                f"deletes pod {at} of the {side}",
                members=_of(members, at, after_deletion(pod)),
                deletes_left=deletes_left - 1,
            )


@action(actor="user", over="side", writes=("members", "force_deletes_left"), fair="none")
def force_delete(members: Members, force_deletes_left: int, side: str) -> Outcomes:
    """Some pod is deleted by force, whatever runs."""
    for at, pod in enumerate(members):
        if force_deletes_left and pod is not None:
            yield outcome(
                f"deletes pod {at} of the {side} by force",
                members=_of(members, at, None),
                force_deletes_left=force_deletes_left - 1,
            )


# ---- the system -------------------------------------------------------------------------------


def migration(
    replicas: int = 2, nodes: int = 2, waits: int = 2, deletes: int = 1, force_deletes: int = 0
) -> System:
    """
    A source with so many members that hands over all of them, while users delete pods.

    With `waits` 0 the orchestrator waits for nothing; with 1 until the pod of the source is gone;
    with 2 also until the controller of the source has seen its new size. Raises DeclarationError
    for more members than are explored.
    """
    if replicas > MOST_MEMBERS:
        raise DeclarationError(f"replicas {replicas} are more than the {MOST_MEMBERS} explored")
    kind = PodKind("Running", ready=True, available=True)
    pods = tuple(StatefulPod(1, kind, 1 + at % nodes) for at in range(replicas))
    reported = StatefulSetStatus(replicas, replicas, replicas, replicas, replicas, 1, 1)
    none = StatefulSetStatus(current_revision=1, update_revision=1)
    giving = StatefulSetSpec(replicas=replicas)
    receiving = StatefulSetSpec(replicas=0, ordinals_start=replicas)
    return System(
        name="migration",
        indices=[Index("side", (SOURCE, DESTINATION))],
        parameters=[
            Parameter("replicas", replicas),
            Parameter("nodes", nodes),
            Parameter("waits", waits),
            Parameter("deletes", deletes),
            Parameter("force_deletes", force_deletes),
        ],
        variables=[
            Variable("stateful_set", over=("side",)),
            Variable("members", over=("side",)),
            Variable("process", over=("side",)),
            Variable("seen", over=("side",)),
            Variable("moving"),
            Variable("deletes_left"),
            Variable("force_deletes_left"),
        ],
        actions=[learn, sync, run, lower, raise_, delete, force_delete],
        initial=[
            {
                "stateful_set": {
                    SOURCE: StatefulSet(giving, reported),
                    DESTINATION: StatefulSet(receiving, none),
                },
                "members": {SOURCE: pods, DESTINATION: (None,) * replicas},
                "process": {
                    SOURCE: tuple(((1 + at % nodes, 1),) for at in range(replicas)),
                    DESTINATION: ((),) * replicas,
                },
                "seen": {SOURCE: giving, DESTINATION: receiving},
                "moving": False,
                "deletes_left": deletes,
                "force_deletes_left": force_deletes,
            }
        ],
        assumptions=[
            "all members of the source are available at first, and the destination has none",
            f"the orchestrator waits for {_WAITS[min(waits, 2)]}",
            f"users delete {deletes} pods, and {force_deletes} by force",
        ],
    )
