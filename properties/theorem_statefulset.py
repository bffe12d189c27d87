"""Theorems about StatefulSets: one process of each identity, and which pods an update deletes."""

from collections.abc import Iterator
from types import MappingProxyType
from typing import Any, cast

from attrs import evolve, frozen

from seatrial.core import All, Hypothesis, Mutation, OneOf, Outcome, Theorem, Whole, outcome
from seatrial.core.arith import maximum
from seatrial.model import (
    api,
    controller,
    disruption,
    nodes,
    placement,
    statefulset_api,
    statefulset_collector,
    statefulset_controller,
    statefulset_kubelet,
    statefulset_scheduler,
    statefulset_update,
    statefulset_users,
    statefulset_utils,
    tolerations,
    volumes,
)

__all__ = ["THEOREMS"]

_FORCE = "https://kubernetes.io/docs/tasks/run-application/force-delete-stateful-set-pod/"
_TRUTH = Whole(0, 1)
_NODE = Whole(1, api.MAX_INT32)
_ITS, _FORMER = 1, 2
_RUNS = api.PodKind("Running")
_READY = api.PodKind("Running", ready=True)
_AVAILABLE = api.PodKind("Running", ready=True, available=True)


# ---- at most one of each identity -------------------------------------------------------------


@frozen
class _Everywhere:
    """However many nodes: any of them, asked for by its number, is like this one."""

    node: nodes.Node

    def __getitem__(self, at: int) -> nodes.Node:
        return self.node


_KINDS = MappingProxyType(
    {
        "pending": api.PodKind(),
        "running": _RUNS,
        "ready": _READY,
        "available": _AVAILABLE,
        "pending, terminating": api.PodKind(terminating=True),
        "running, terminating": api.PodKind("Running", terminating=True),
        "ready, terminating": api.PodKind("Running", ready=True, terminating=True),
        "available, terminating": api.PodKind(
            "Running", ready=True, available=True, terminating=True
        ),
        "failed": api.PodKind("Failed"),
        "succeeded": api.PodKind("Succeeded"),
    }
)
_LOOKS = OneOf(("absent", "without a node", *_KINDS))
_NO_PROCESS = ("absent", "without a node", "failed", "succeeded")
_WHO = OneOf(
    (
        *("the scheduler", "a kubelet", "a kubelet that evicts", "a kubelet with an old list"),
        *("the controller, creating", "the controller, adopting", "the controller, deleting"),
        *("a user, deleting", "a user, deleting by force", "a drain", "the garbage collector"),
        *("the controllers of nodes", "the garbage collector of pods, late"),
    )
)


def _pod(looks: str, node: int) -> statefulset_api.StatefulPod | None:
    if looks == "absent":
        return None
    if looks == "without a node":
        return statefulset_api.StatefulPod(1, uid=_ITS)
    return statefulset_api.StatefulPod(1, _KINDS[looks], node, _ITS)


def _asked(
    write: controller.Write,
    pod: statefulset_api.StatefulPod | None,
    process: volumes.Processes,
    graceful: bool,
) -> Iterator[Outcome]:
    held = statefulset_controller.held_uids(process, None)
    _, changes = statefulset_controller.carried_out_pod(write, pod, held, (), graceful)
    yield outcome("asked", **changes)


def _acts(
    who: str,
    pod: statefulset_api.StatefulPod | None,
    process: volumes.Processes,
    former: statefulset_api.StatefulPod,
    node: nodes.Node,
    graceful: bool,
) -> Iterator[Outcome]:
    """What one of those who act on an identity, or on its processes, does in one step."""
    all_nodes = cast(nodes.Nodes, _Everywhere(node))
    kubelet = statefulset_kubelet
    if who == "the scheduler":
        takes = tolerations.Tolerations()
        scheduler, room = statefulset_scheduler, placement.Placement((None,))
        yield from scheduler.schedule(pod, None, (node,), (), 0, False, takes, 1)
        yield from scheduler.schedule_within(
            pod, None, (node,), cast(All[int], {}), None, (), 0, False, takes, 1, room
        )
    elif who == "a kubelet":
        yield from kubelet.run(pod, process, all_nodes, (), 0, 1, frozenset(), 0, None, False)
        yield from kubelet.exit_container(pod, all_nodes, (), 0, 1, 1)
        yield from kubelet.report_end(pod, process, all_nodes, (), 0, 1)
        yield from kubelet.fail_probe(pod, all_nodes, (), 0, 1, 1)
        yield from kubelet.pass_min_ready_seconds(pod, (), 0)
    elif who == "a kubelet that evicts":
        yield from kubelet.fail(pod, process, all_nodes, (), 0, 1, 1)
    elif who == "a kubelet with an old list":
        yield from kubelet.start_what_was(former, process, all_nodes, 0, None, False)
    elif who == "the controller, creating":
        yield from _asked(controller.Write("create", "Pod", 0, 1, owner=0), pod, process, graceful)
    elif who == "the controller, adopting":
        yield from _asked(
            controller.Write("adopt", "Pod", 0, _ITS, owner=0), pod, process, graceful
        )
    elif who == "the controller, deleting":
        yield from _asked(controller.Write("delete", "Pod", 0), pod, process, graceful)
    elif who == "a user, deleting":
        yield from statefulset_users.delete_pod(pod, (), 0, graceful, 1, 1)
    elif who == "a user, deleting by force":
        yield from statefulset_users.force_delete(pod, (), 0, 1, 1)
    elif who == "a drain":
        cordoned = cast(nodes.Nodes, _Everywhere(evolve(node, unschedulable=True)))
        allows = statefulset_api.DisruptionBudget()
        granted = disruption.BudgetStatus(disruptions_allowed=1)
        yield from disruption.drain_pod(pod, cordoned, (), 0, graceful, 1)
        yield from disruption.evict_from_drained(pod, cordoned, (), allows, granted, 0, graceful, 1)
    elif who == "the garbage collector":
        yield from statefulset_collector.collect_pod(None, pod, (), 0, "background", graceful, 1)
    elif who == "the garbage collector of pods, late":
        # It names no uid and gives no time: a pod of this name that it lists may have ended.
        yield outcome("removes the pod of that name", pod=None)
    else:
        takes = tolerations.Tolerations()
        yield from kubelet.mark_not_ready(pod, all_nodes, (), 0, 1)
        yield from kubelet.evict(pod, all_nodes, (), 0, 1, graceful, takes)
        yield from kubelet.collect_lost_pod(pod, all_nodes, (), 0, 1, True)
        yield from kubelet.collect_lost_pod(pod, all_nodes, (), 0, 1, False)


def _node(heard: int, unreachable: int, deleted: int, out_of_service: int, old: int) -> nodes.Node:
    return nodes.Node(
        reality="up" if heard else "cut off",
        registered="deleted" if deleted else "unreachable" if unreachable else "ready",
        out_of_service=out_of_service > 0,
        stale=old > 0,
    )


def _at_most_one(
    who: str,
    looks: str,
    at: int,
    elsewhere: int,
    runs: int,
    former_runs: int,
    graceful: int,
    heard: int,
    unreachable: int,
    deleted: int,
    out_of_service: int,
    old: int,
) -> Iterator[str]:
    pod = _pod(looks, at)
    former = statefulset_api.StatefulPod(1, _RUNS, elsewhere, _FORMER)
    process: volumes.Processes = ((at, _ITS),) if runs else ()
    if former_runs:
        process = (*process, (elsewhere, _FORMER))
    node = _node(heard, unreachable, deleted, out_of_service, old)
    for each in _acts(who, pod, process, former, node, graceful > 0):
        changes: dict[str, Any] = dict(each.writes)
        left: volumes.Processes = changes.get("process", process)
        after: statefulset_api.StatefulPod | None = changes.get("pod", pod)
        if len(left) > 1:
            yield f"{len(left)} processes of one identity run"
        elif left and (after is None or left[0] != (after.node, after.uid)):
            yield "containers run of a pod that the API server does not have"
        elif left and after is not None and after.kind.phase in ("Failed", "Succeeded"):
            yield "containers run of a pod that has ended"


# ---- updates ----------------------------------------------------------------------------------


def _update_within(
    partition: int,
    gate: bool,
    parallel: bool,
    most: int,
    phase: api.Phase,
    old_0: int,
    old_1: int,
    old_2: int,
    there_0: int,
    there_1: int,
    there_2: int,
    ready_0: int,
    ready_1: int,
    ready_2: int,
    available_0: int,
    available_1: int,
    available_2: int,
    going_0: int,
    going_1: int,
    going_2: int,
    variant: frozenset[str],
) -> Iterator[str]:
    bound = api.IntOrPercent.absolute(most)
    spec = statefulset_api.StatefulSetSpec(
        template=2,
        replicas=3,
        pod_management_policy="Parallel" if parallel else "OrderedReady",
        update_strategy=statefulset_api.StatefulSetUpdateStrategy(
            "RollingUpdate", statefulset_api.RollingUpdateStatefulSet(partition, bound)
        ),
    )
    looks = (
        (old_0, there_0, ready_0, available_0, going_0),
        (old_1, there_1, ready_1, available_1, going_1),
        (old_2, there_2, ready_2, available_2, going_2),
    )
    pods = tuple(
        statefulset_api.PodSeen(
            ordinal,
            2 - old,
            api.PodKind(phase, ready > 0, available > 0, going > 0),
            created=there > 0,
        )
        for ordinal, (old, there, ready, available, going) in enumerate(looks)
    )
    gone = statefulset_update.pods_to_delete(spec, pods, 2, gate, variant)
    if any(pod.ordinal < partition for pod in gone):
        yield f"a pod below the partition {partition} is deleted"
    if not gate and len(gone) > 1:
        yield f"{len(gone)} pods are deleted at once"
    down = sum(map(statefulset_utils.is_unavailable, pods))
    after = down + len(gone) - sum(map(statefulset_utils.is_unavailable, gone))
    allowed = statefulset_utils.get_stateful_set_max_unavailable(bound, 3)
    if gate and after > maximum(down, allowed):
        yield f"{after} are unavailable then; {allowed} may be, and {down} were"


_ONE: dict[str, Whole | OneOf] = {
    "who": _WHO,
    "looks": _LOOKS,
    "at": _NODE,
    "elsewhere": _NODE,
    **dict.fromkeys(("runs", "former_runs", "graceful", "heard", "unreachable"), _TRUTH),
    **dict.fromkeys(("deleted", "out_of_service", "old"), _TRUTH),
}
_UPDATE: dict[str, Whole | OneOf] = {
    "partition": OneOf((0, 1, 2, 3, 4)),
    "gate": OneOf((False, True)),
    "parallel": OneOf((False, True)),
    "most": Whole(0, api.MAX_INT32),
    "phase": OneOf(("Running", "Failed")),
    **dict.fromkeys(("old_0", "old_1", "old_2", "there_0", "there_1", "there_2"), _TRUTH),
    **dict.fromkeys(("ready_0", "ready_1", "ready_2"), _TRUTH),
    **dict.fromkeys(("available_0", "available_1", "available_2"), _TRUTH),
    **dict.fromkeys(("going_0", "going_1", "going_2"), _TRUTH),
}

THEOREMS = (
    Theorem(
        id="sts-at-most-one-process",
        says="of an identity one process runs at most, that of the pod that the API server has",
        source=_FORCE,
        claim=_at_most_one,
        ranges=_ONE,
        hypotheses=(
            Hypothesis(
                "it holds before the step",
                lambda looks, runs, former_runs: (
                    former_runs == 0 and (looks not in _NO_PROCESS or runs == 0)
                ),
            ),
            Hypothesis(
                "nobody deletes a pod by force",
                lambda who: who != "a user, deleting by force",
            ),
            Hypothesis(
                "no Node object is deleted, and none is marked as out of service",
                lambda deleted, out_of_service: deleted == 0 and out_of_service == 0,
            ),
            Hypothesis(
                "no kubelet has started with a list of pods that is out of date",
                lambda old: old == 0,
            ),
            Hypothesis(
                "the garbage collector of pods removes none that has ended, which it does by name"
                " where there are more than --terminated-pod-gc-threshold",
                lambda who: who != "the garbage collector of pods, late",
            ),
            Hypothesis(
                "pods are given time to end: no grace period is 0", lambda graceful: graceful == 1
            ),
        ),
        mutations=(
            Mutation("the containers of a former pod run on", drops=0),
            Mutation("a pod is deleted by force while its containers run", drops=1),
            Mutation("the Node object is deleted while its machine runs", drops=2),
            Mutation("a kubelet was told of a pod that is gone", drops=3),
            Mutation(
                "the one that had ended was replaced since, and its successor is removed", drops=4
            ),
            Mutation("with a grace period of 0 no kubelet is waited for", drops=5),
        ),
        level="every level: one step of anybody who acts on it, and each request is one; a crash"
        " only ends processes; the name of a node is that of one machine, whose kubelet knows what"
        " runs there and reports a pod as ended only when nothing of it does",
        lag="any of controllers, which may ask for anything at any time; a kubelet that hears the"
        " API server acts on the pod as it is there",
        integers="nodes of any number; other ordinals are not looked at",
        lemmas=("containers run only of the pod that the API server has, until it has ended",),
        about=("statefulset-at-most-one",),
    ),
    Theorem(
        id="sts-update-within-bounds",
        says="an update deletes none below the partition; one at most, or with the feature gate so"
        " many that no more than maxUnavailable, or than already are, become unavailable",
        source="pkg/controller/statefulset/stateful_set_control.go",
        claim=_update_within,
        ranges=_UPDATE,
        hypotheses=(),
        mutations=(
            Mutation(
                "the budget of a batch is not used up",
                variant="sts-batch-delete-budget-not-decremented",
            ),
            Mutation(
                "pods below the first outdated one are not counted",
                variant="sts-parallel-update-ignores-unready-lower-pod",
            ),
        ),
        level="a decision of one sync, which counts the pods of ordinals below replicas",
        lag="any: it is about what the cache shows",
        revisions="2, of 3 pods",
        integers="maxUnavailable a number, any int32; each pod there or not, ready, available and"
        " terminating or not; its phase no rule looks at",
    ),
)
