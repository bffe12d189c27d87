"""
The kubelet of one pod: it starts containers, probes them, and stops them.

:Go: kubernetes v1.36.3 pkg/kubelet/kubelet_pods.go, pkg/kubelet/status/status_manager.go
:Docs: https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/
:Omits: nodes; images that take long; restart back-off; what is left of a pod's readiness while it
    terminates.

Each step is a write of the pod's status, and an event.
"""

from collections.abc import Callable, Iterator
from typing import Any

from attrs import evolve

from seatrial.core import Outcomes, outcome

from .api import PodKind
from .informer import Change, Event, Queue, has_room
from .pods import GONE, Pod, Pods, changed, looks, terminated

__all__ = [
    "become_ready",
    "become_unready",
    "collect_pod",
    "exit_container",
    "fail",
    "finish",
    "start",
]


def _moves(
    pods: Pods,
    pod_queue: Queue,
    template: int,
    lag: int,
    applies: Callable[[PodKind], bool],
    after: Callable[[PodKind], PodKind | None],
) -> Iterator[tuple[PodKind, dict[str, Any]]]:
    """For each class of pods that it applies to: how one of them was, and what is written."""
    if not has_room(pod_queue, lag):
        return
    for pod in pods:
        if pod.live is not None and not pod.held and applies(pod.live):
            moved = changed(pod, after(pod.live))
            yield pod.live, _written(pods, pod_queue, template, pod, moved)


def _written(pods: Pods, pod_queue: Queue, template: int, pod: Pod, moved: Pod) -> dict[str, Any]:
    event = Event(template, moved.trail[-2:], Change.VERSION)
    return {"pods": pods.move(pod, moved), "pod_queue": (*pod_queue, event)}


def start(pods: Pods, pod_queue: Queue, template: int, lag: int) -> Outcomes:
    """The containers of a pending pod are started."""
    for _, written in _moves(
        pods, pod_queue, template, lag, _pending, lambda kind: evolve(kind, phase="Running")
    ):
        yield outcome("starts a pod", **written)


def _pending(kind: PodKind) -> bool:
    return kind.phase == "Pending" and not kind.terminating


def become_ready(
    pods: Pods,
    pod_queue: Queue,
    template: int,
    lag: int,
    never_ready: frozenset[int],
    min_ready_seconds: int,
) -> Outcomes:
    """The readiness probe of a running pod succeeds. Without minReadySeconds it is available."""
    if template in never_ready:
        return
    for _, written in _moves(
        pods,
        pod_queue,
        template,
        lag,
        lambda kind: kind.phase == "Running" and not kind.ready and not kind.terminating,
        lambda kind: evolve(kind, ready=True, available=min_ready_seconds == 0),
    ):
        yield outcome("a pod becomes ready", **written)


def finish(pods: Pods, pod_queue: Queue, template: int, lag: int) -> Outcomes:
    """The containers of a terminating pod have stopped: the pod is deleted for good."""
    for _, written in _moves(
        pods, pod_queue, template, lag, lambda kind: kind.terminating, lambda _: GONE
    ):
        yield outcome("a terminating pod is gone", **written)


# ---- faults -----------------------------------------------------------------------------------


def _ready(kind: PodKind) -> bool:
    return kind.ready and not kind.terminating


def _unready(kind: PodKind) -> PodKind:
    return evolve(kind, ready=False, available=False)


def exit_container(
    pods: Pods, pod_queue: Queue, template: int, lag: int, container_exits_left: int
) -> Outcomes:
    """A container of a ready pod exits; the kubelet starts it again."""
    if container_exits_left > 0:
        for was, written in _moves(pods, pod_queue, template, lag, _ready, _unready):
            left = {"container_exits_left": container_exits_left - 1}
            yield outcome(f"a container of a pod that is {looks(was)} exits", **written, **left)


def become_unready(
    pods: Pods, pod_queue: Queue, template: int, lag: int, unreadies_left: int
) -> Outcomes:
    """The readiness probe of a ready pod fails."""
    if unreadies_left > 0:
        for was, written in _moves(pods, pod_queue, template, lag, _ready, _unready):
            left = {"unreadies_left": unreadies_left - 1}
            yield outcome(f"a pod that is {looks(was)} becomes unready", **written, **left)


def fail(pods: Pods, pod_queue: Queue, template: int, lag: int, pod_failures_left: int) -> Outcomes:
    """A pod fails for good, as when its node evicts it. It stays as an object that is Failed."""
    if pod_failures_left > 0:
        for was, written in _moves(
            pods,
            pod_queue,
            template,
            lag,
            lambda kind: kind.phase in ("Pending", "Running") and not kind.terminating,
            lambda kind: PodKind(phase="Failed"),
        ):
            left = {"pod_failures_left": pod_failures_left - 1}
            yield outcome(f"a pod that is {looks(was)} fails", **written, **left)


# ---- garbage collection -----------------------------------------------------------------------


def collect_pod(
    pods: Pods, replica_set_deleting: bool, pod_queue: Queue, template: int, lag: int
) -> Outcomes:
    """
    The garbage collector deletes a pod whose owner is gone, or waits for its pods to go.

    Go: attemptToDeleteItem, processDeletingDependentsItem
    """
    if not has_room(pod_queue, lag):
        return
    for pod in pods:
        collected = pod.orphaned or replica_set_deleting
        if collected and pod.live is not None and not pod.live.terminating:
            after, event = terminated(pod, template)
            moved = pods.move(pod, after)
            words = "deletes a pod without owner" if pod.orphaned else "deletes a pod"
            yield outcome(words, pods=moved, pod_queue=(*pod_queue, event))
