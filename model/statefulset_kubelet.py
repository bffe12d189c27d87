"""
The kubelets of the pods of a StatefulSet, and who else acts on pods of nodes that are lost.

:Go: kubernetes v1.36.3 pkg/kubelet/kubelet.go, pkg/kubelet/config/apiserver.go,
    pkg/kubelet/prober/prober_manager.go, pkg/controller/podgc/gc_controller.go,
    pkg/controller/tainteviction/taint_eviction.go
:Docs: https://kubernetes.io/docs/tasks/run-application/force-delete-stateful-set-pod/
:Omits: that a kubelet which is cut off may still start what it was told of before; how long
    images take; restart back-off; the moment between the end of a container and the report of it,
    where no Service gives names; that a pod is not ready for a moment whose node crashed and came
    back before that was noticed; readiness of a pod that terminates (it keeps what it had); that
    a kubelet which started with a stale list stops pods that are not in it; what others see, at
    level atomic, between the two requests by which the garbage collector of pods removes one;
    that a pod of a deleted node may be replaced between them, and the second one removes the next
    of its name; that an eviction names no uid either, so that a pod may be deleted that has just
    replaced another; that the garbage collector of pods also removes pods that have ended, by their
    name, where there are more than --terminated-pod-gc-threshold (12,500)

A process is what runs for a pod on a node, whether or not the API server has that pod: for each
ordinal a pair of the node and the uid of the pod whose containers run there.
"""

from collections.abc import Iterator
from typing import Any

from attrs import evolve

from seatrial.core import Outcome, Outcomes, outcome

from .informer import Queue, has_room
from .nodes import Nodes, at, hears, leaves, lost, put
from .statefulset_api import StatefulPod
from .statefulset_pods import after_deletion, not_ready, pod_written, shown
from .tolerations import Tolerations
from .volumes import Attached, Processes, mountable

__all__ = [
    "collect_lost_pod",
    "end_container",
    "evict",
    "exit_container",
    "fail",
    "fail_probe",
    "forget_readiness",
    "kubelet_due",
    "lost_pod_due",
    "mark_not_ready",
    "pass_min_ready_seconds",
    "probe_again",
    "report_end",
    "run",
    "start_what_was",
    "waiting",
]

# ---- the kubelet ------------------------------------------------------------------------------


def kubelet_due(pod: StatefulPod | None, process: Processes) -> bool:
    """View: whether a kubelet has anything to do for this ordinal, if it hears."""
    if pod is None or pod.node is None:
        return bool(process)
    if _stopping(pod):
        return bool(process) or pod.kind.terminating
    return process != ((pod.node, pod.uid),) or not pod.kind.ready


def run(
    pod: StatefulPod | None,
    process: Processes,
    nodes: Nodes,
    pod_queue: Queue,
    ordinal: int,
    lag: int,
    never_ready: frozenset[int],
    min_ready_seconds: int,
    attached: Attached,
    one_pod: bool,
) -> Outcomes:
    """One step of a kubelet towards what the API server says of this ordinal. Go: syncPod"""
    for each in process:
        node, _ = each
        its = pod is not None and (pod.node, pod.uid) == each
        if hears(at(nodes, node)) and (pod is None or not its or _stopping(pod)):
            words = f"pod {ordinal}" if its else f"a former pod {ordinal}"
            left = tuple(other for other in process if other != each)
            yield outcome(f"n{node} stops the containers of {words}", process=left)
    if pod is None or pod.node is None or not hears(at(nodes, pod.node)):
        return
    runs = (pod.node, pod.uid) in process
    if not _stopping(pod) and not runs and mountable(attached, process, pod.node, pod.uid, one_pod):
        after = tuple(sorted((*process, (pod.node, pod.uid))))
        yield outcome(f"n{pod.node} starts the containers of pod {ordinal}", process=after)
    if has_room(pod_queue, lag):
        yield from _report(pod, runs, pod_queue, ordinal, never_ready, min_ready_seconds)


def _stopping(pod: StatefulPod) -> bool:
    return pod.kind.terminating or pod.kind.phase in ("Failed", "Succeeded")


def _report(
    pod: StatefulPod,
    runs: bool,
    queue: Queue,
    ordinal: int,
    never_ready: frozenset[int],
    min_ready_seconds: int,
) -> Iterator[Outcome]:
    kind = pod.kind
    if kind.terminating:
        if not runs:
            done = pod_written(ordinal, pod, None, queue)
            yield outcome(f"n{pod.node} confirms that pod {ordinal} is gone", **done)
        return
    if not runs:
        return
    if kind.phase == "Pending":
        after = evolve(pod, kind=evolve(kind, phase="Running"))
        words = f"n{pod.node} reports that pod {ordinal} runs"
        yield outcome(words, **pod_written(ordinal, pod, after, queue))
    elif kind.phase == "Running" and not kind.ready and pod.revision not in never_ready:
        ready = evolve(kind, ready=True, available=min_ready_seconds == 0)
        done = pod_written(ordinal, pod, evolve(pod, kind=ready), queue)
        yield outcome(f"n{pod.node} reports that pod {ordinal} is ready", **done)


def start_what_was(
    shown_still: StatefulPod | None,
    process: Processes,
    nodes: Nodes,
    ordinal: int,
    attached: Attached,
    one_pod: bool,
) -> Outcomes:
    """A kubelet whose first list was out of date starts a pod that was deleted long ago."""
    if shown_still is None or shown_still.node is None:
        return
    pod, node = shown_still, shown_still.node
    its = at(nodes, node)
    if not mountable(attached, process, node, pod.uid, one_pod):
        return
    runs = (node, pod.uid) in process or (node, -pod.uid) in process
    if its.stale and hears(its) and not _stopping(pod) and not runs:
        after = tuple(sorted((*process, (node, pod.uid))))
        yield outcome(
            f"n{node} starts the containers of a pod {ordinal} that it was told of", process=after
        )


# ---- time -------------------------------------------------------------------------------------


def waiting(pod: StatefulPod | None) -> bool:
    """View: whether the pod is ready, and not available yet."""
    return pod is not None and pod.kind.ready and not pod.kind.available


def pass_min_ready_seconds(pod: StatefulPod | None, pod_queue: Queue, ordinal: int) -> Outcomes:
    """The pod has been ready for minReadySeconds. Nobody is told: who asks finds out."""
    if pod is None or not pod.kind.ready or pod.kind.available:
        return
    if any(event.key == ordinal for event in pod_queue):
        return
    after = evolve(pod, kind=evolve(pod.kind, available=True))
    yield outcome(
        f"minReadySeconds pass for pod {ordinal}", pod=after, pod_cache=shown(ordinal, after)
    )


def forget_readiness(
    pod: StatefulPod | None, nodes: Nodes, pod_queue: Queue, ordinal: int, lag: int
) -> Outcomes:
    """A kubelet that has just started reports that a pod is not ready. Go: UpdatePodStatus"""
    if pod is None or pod.node is None or not has_room(pod_queue, lag) or _stopping(pod):
        return
    node = at(nodes, pod.node)
    if pod.kind.ready and node.probing and hears(node):
        yield outcome(
            f"n{pod.node} does not know yet whether pod {ordinal} is ready",
            **pod_written(ordinal, pod, not_ready(pod), pod_queue),
        )


def probe_again(nodes: Nodes, node_at: int) -> Outcomes:
    """It has probed all of its pods."""
    node = at(nodes, node_at)
    if node.probing and hears(node):
        after = put(nodes, node_at, evolve(node, probing=False))
        yield outcome(f"the kubelet of n{node_at} has probed its pods", nodes=after)


# ---- faults -----------------------------------------------------------------------------------


def exit_container(
    pod: StatefulPod | None,
    nodes: Nodes,
    pod_queue: Queue,
    ordinal: int,
    lag: int,
    container_exits_left: int,
) -> Outcomes:
    """A container of a ready pod exits; the kubelet starts it again, with the same volume."""
    if container_exits_left == 0 or pod is None or pod.node is None or not has_room(pod_queue, lag):
        return
    if pod.kind.ready and not pod.kind.terminating and hears(at(nodes, pod.node)):
        yield outcome(
            f"pod {ordinal} is not ready any more",
            container_exits_left=container_exits_left - 1,
            **pod_written(ordinal, pod, not_ready(pod), pod_queue),
        )


def end_container(
    pod: StatefulPod | None,
    process: Processes,
    nodes: Nodes,
    ordinal: int,
    container_exits_left: int,
) -> Outcomes:
    """
    The same as two steps, where it matters what runs while a pod counts as ready: this is the end.

    The kubelet starts the container again, and reports its end, in either order. Go: syncPod
    """
    if container_exits_left == 0 or pod is None or pod.node is None or pod.kind.terminating:
        return
    its = (pod.node, pod.uid)
    if pod.kind.ready and its in process and hears(at(nodes, pod.node)):
        yield outcome(
            f"the containers of pod {ordinal} end",
            process=tuple(each for each in process if each != its),
            container_exits_left=container_exits_left - 1,
        )


def report_end(
    pod: StatefulPod | None,
    process: Processes,
    nodes: Nodes,
    pod_queue: Queue,
    ordinal: int,
    lag: int,
) -> Outcomes:
    """A kubelet reports that the containers of a ready pod have ended."""
    if pod is None or pod.node is None or not has_room(pod_queue, lag) or _stopping(pod):
        return
    if pod.kind.ready and (pod.node, pod.uid) not in process and hears(at(nodes, pod.node)):
        yield outcome(
            f"n{pod.node} reports that pod {ordinal} is not ready any more",
            **pod_written(ordinal, pod, not_ready(pod), pod_queue),
        )


def fail_probe(
    pod: StatefulPod | None,
    nodes: Nodes,
    pod_queue: Queue,
    ordinal: int,
    lag: int,
    unreadies_left: int,
) -> Outcomes:
    """The readiness probe of a pod fails for a while; its containers go on. Go: syncPod"""
    if unreadies_left == 0 or pod is None or pod.node is None or not has_room(pod_queue, lag):
        return
    if pod.kind.ready and hears(at(nodes, pod.node)):
        yield outcome(
            f"the readiness probe of pod {ordinal} fails",
            unreadies_left=unreadies_left - 1,
            **pod_written(ordinal, pod, not_ready(pod), pod_queue),
        )


def fail(
    pod: StatefulPod | None,
    process: Processes,
    nodes: Nodes,
    pod_queue: Queue,
    ordinal: int,
    lag: int,
    pod_failures_left: int,
) -> Outcomes:
    """A kubelet evicts a pod to save its node: the containers end, and the object is Failed."""
    if pod_failures_left == 0 or pod is None or pod.node is None or _stopping(pod):
        return
    if not has_room(pod_queue, lag) or not hears(at(nodes, pod.node)):
        return
    after = evolve(pod, kind=evolve(not_ready(pod).kind, phase="Failed"))
    yield outcome(
        f"pod {ordinal} fails for good",
        process=tuple(each for each in process if each != (pod.node, pod.uid)),
        pod_failures_left=pod_failures_left - 1,
        **pod_written(ordinal, pod, after, pod_queue),
    )


# ---- pods of nodes that are lost --------------------------------------------------------------


def lost_pod_due(pod: StatefulPod | None, nodes: Nodes) -> bool:
    """View: whether a controller of nodes has anything to do with the pod."""
    if pod is None or pod.node is None:
        return False
    its = at(nodes, pod.node)
    if lost(its, pod.kind.terminating):
        return True
    tainted = its.registered == "unreachable" or its.out_of_service
    return tainted and (pod.kind.ready or not pod.kind.terminating)


def mark_not_ready(
    pod: StatefulPod | None, nodes: Nodes, pod_queue: Queue, ordinal: int, lag: int
) -> Outcomes:
    """A pod of an unreachable node counts as not ready. Go: markPodsNotReady"""
    if pod is None or pod.node is None or not has_room(pod_queue, lag):
        return
    if at(nodes, pod.node).registered == "unreachable" and pod.kind.ready:
        done = pod_written(ordinal, pod, not_ready(pod), pod_queue)
        yield outcome(f"marks pod {ordinal} not ready: its node is unreachable", **done)


def evict(
    pod: StatefulPod | None,
    nodes: Nodes,
    pod_queue: Queue,
    ordinal: int,
    lag: int,
    graceful: bool,
    tolerates: Tolerations,
) -> Outcomes:
    """
    The pods of a node with a taint that they do not tolerate, or not for ever, are deleted.

    Those of an unreachable node after five minutes, when they count as not ready. Go: deletePod
    """
    if pod is None or pod.node is None or not has_room(pod_queue, lag):
        return
    node = at(nodes, pod.node)
    if pod.kind.terminating or not leaves(node, tolerates):
        return
    if node.out_of_service or not pod.kind.ready:
        done = pod_written(ordinal, pod, after_deletion(pod, graceful), pod_queue)
        why = "out-of-service" if node.registered == "ready" else "unreachable"
        yield outcome(f"evicts pod {ordinal} from the {why} n{pod.node}", **done)


def collect_lost_pod(
    pod: StatefulPod | None,
    nodes: Nodes,
    pod_queue: Queue,
    ordinal: int,
    lag: int,
    marks_failed: bool,
) -> Outcomes:
    """
    Pods of lost nodes are removed, and no kubelet is asked.

    They are marked as failed before; of their conditions nothing changes.
    Go: gcOrphaned, gcTerminating, markFailedAndDeletePodWithCondition
    """
    if pod is None or pod.node is None or not has_room(pod_queue, lag):
        return
    if not lost(at(nodes, pod.node), pod.kind.terminating):
        return
    if marks_failed and pod.kind.phase not in ("Failed", "Succeeded"):
        after = evolve(pod, kind=evolve(pod.kind, phase="Failed"))
        done: dict[str, Any] = pod_written(ordinal, pod, after, pod_queue)
        yield outcome(f"marks pod {ordinal} of the lost n{pod.node} as failed", **done)
    else:
        done = pod_written(ordinal, pod, None, pod_queue)
        yield outcome(f"removes pod {ordinal} of the lost n{pod.node} from the API", **done)
