"""
Time: it passes only when nothing else can happen; with clock `slow@N`, N times before that.

:Go: kubernetes v1.36.3 pkg/controller/deployment/progress.go requeueStuckDeployment;
    pkg/controller/replicaset/replica_set.go syncReplicaSet (AddAfter);
    pkg/api/v1/pod/util.go IsPodAvailable
:Docs: https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#min-ready-seconds
:Omits: how long anything takes besides minReadySeconds and progressDeadlineSeconds; how long ago a
    rollout became complete: if that is longer than the deadline and a pod is missing since,
    upstream looks at the Deployment again at once and over and over (without a write), and this
    model at the deadline. A pod that is ready becomes available before any deadline passes, since
    minReadySeconds is the shorter of the two and readiness is progress. Which pods are available is
    asked when they are listed, and upstream when the status is made, after the writes: a pod for
    which the time passes in between counts in the next sync. Of a pod that was ready twice while
    the cache is behind, that only the first time was long enough.

No date is kept. What remains of a date is whether a time that somebody waits for is up.
"""

from collections.abc import Iterator
from typing import Any, Literal

from attrs import evolve

from seatrial.core import All, Outcomes, choose, outcome

from .api import Deployment, PodKind
from .controller import Key, Pending
from .deployment_conditions import (
    NEW_RS_AVAILABLE_REASON,
    PAUSED_DEPLOY_REASON,
    TIMED_OUT_REASON,
    get_deployment_condition,
)
from .pods import Pod, Pods
from .replicaset import Working

__all__ = [
    "Deadline",
    "deadline_after",
    "deployment_busy",
    "pass_deadline",
    "pass_deadline_early",
    "pass_min_ready_seconds",
    "pass_min_ready_seconds_early",
    "pass_requeue",
    "pass_requeue_early",
    "replica_set_busy",
    "waiting_to_be_available",
]

Deadline = Literal["off", "running", "passed"]
"""
Whether progressDeadlineSeconds have gone since the Progressing condition was last dated.

"off": its reason is one for which nobody asks.
"""

_UNASKED = (None, NEW_RS_AVAILABLE_REASON, TIMED_OUT_REASON, PAUSED_DEPLOY_REASON)


def deadline_after(deadline: Deadline, after: Deployment, renewed: bool) -> Deadline:
    """The deadline after a status was written, with a Progressing condition dated now or not."""
    condition = get_deployment_condition(after.status, "Progressing")
    if condition is None or condition.reason in _UNASKED:
        return "off"
    return "running" if renewed or deadline == "off" else deadline


# ---- is there anything else to happen? --------------------------------------------------------


def deployment_busy(deployment_key: Key, deployment_sync: Pending | None) -> bool:
    """View: whether the Deployment controller has work to do."""
    return deployment_key.dirty or deployment_sync is not None


def replica_set_busy(replica_set_key: Key, replica_set_sync: Working) -> bool:
    """View: whether the ReplicaSet controller has work to do for this ReplicaSet."""
    return replica_set_key.dirty or replica_set_sync is not None


def pods_busy(pods: Pods, template: int, never_ready: frozenset[int]) -> bool:
    """View: whether a kubelet or the garbage collector has work to do for one of these pods."""
    return any(
        pod.orphaned
        or (pod.live is not None and not pod.held and _moves(pod.live, template in never_ready))
        for pod in pods
    )


def _moves(kind: PodKind, never_ready: bool) -> bool:
    if kind.terminating or kind.phase == "Pending":
        return True
    return kind.phase == "Running" and not kind.ready and not never_ready


def waiting_to_be_available(pods: Pods) -> int:
    """View: how many pods are ready and not available yet."""
    return pods.where(
        lambda pod: pod.live is not None and pod.live.ready and not pod.live.available
    ).total


def _quiet(
    watches_idle: bool,
    deployment_event_due: bool,
    deployment_busy: bool,
    replica_set_busy: All[bool],
    pods_busy: All[bool],
) -> bool:
    return watches_idle and not (
        deployment_event_due
        or deployment_busy
        or any(replica_set_busy.values())
        or any(pods_busy.values())
    )


# ---- steps ------------------------------------------------------------------------------------


def pass_min_ready_seconds(
    pods: Pods,
    replica_set_key: Key,
    watches_idle: bool,
    deployment_event_due: bool,
    deployment_busy: bool,
    replica_set_busy: All[bool],
    pods_busy: All[bool],
) -> Outcomes:
    """
    Pods have been ready for minReadySeconds. Nobody is told of it: who asks finds out.

    The key may be due at once, while others wait still: its timer was set by the first.
    """
    if not _quiet(watches_idle, deployment_event_due, deployment_busy, replica_set_busy, pods_busy):
        return
    for each, passed in _passed(pods, replica_set_key):
        yield outcome(f"minReadySeconds pass for {each}", **passed)


def _passed(pods: Pods, replica_set_key: Key) -> Iterator[tuple[str, dict[str, Any]]]:
    """For whom minReadySeconds may have passed, and what is written then."""
    aged = _some_aged(pods)
    if aged is None:
        return
    yield "ready pods", {"pods": aged}
    if replica_set_key.later and waiting_to_be_available(aged) > 0:
        due = {"pods": aged, "replica_set_key": replica_set_key.due()}
        yield "some ready pods, and the delayed key is due", due


def _some_aged(pods: Pods) -> Pods | None:
    """
    The pods after some that wait have become available; None where none wait.

    A controller counts from what its cache shows, so also those wait that only the cache holds for
    ready.
    """
    waiting = [pod for pod in pods if any(map(_waits, pod.trail))]
    for pod in waiting:
        pods = pods.move(pod, _aged(pod), choose(1, pods[pod]))
    return pods if waiting else None


def _waits(kind: PodKind | None) -> bool:
    return kind is not None and kind.ready and not kind.available


def _aged(pod: Pod) -> Pod:
    trail = tuple(
        evolve(kind, available=True) if kind is not None and kind.ready else kind
        for kind in pod.trail
    )
    return evolve(pod, trail=trail)


def pass_requeue(
    replica_set_key: Key,
    waiting_to_be_available: int,
    watches_idle: bool,
    deployment_event_due: bool,
    deployment_busy: bool,
    replica_set_busy: All[bool],
    pods_busy: All[bool],
) -> Outcomes:
    """A key comes back from the delaying queue, when its pods have become available."""
    if not replica_set_key.later or waiting_to_be_available > 0:
        return
    if _quiet(watches_idle, deployment_event_due, deployment_busy, replica_set_busy, pods_busy):
        yield outcome("the delayed key is due", replica_set_key=replica_set_key.due())


def pass_deadline(
    deadline: Deadline,
    deployment_key: Key,
    waiting_to_be_available: All[int],
    replica_set_key: All[Key],
    watches_idle: bool,
    deployment_event_due: bool,
    deployment_busy: bool,
    replica_set_busy: All[bool],
    pods_busy: All[bool],
) -> Outcomes:
    """progressDeadlineSeconds pass; the Deployment's key comes back if it was put aside."""
    if deadline != "running" and not deployment_key.later:
        return
    if any(waiting_to_be_available.values()) or any(key.later for key in replica_set_key.values()):
        return
    if not _quiet(watches_idle, deployment_event_due, deployment_busy, replica_set_busy, pods_busy):
        return
    yield outcome("progressDeadlineSeconds pass", **_past_deadline(deadline, deployment_key))


def _past_deadline(deadline: Deadline, key: Key) -> dict[str, Any]:
    return {
        "deadline": "passed" if deadline == "running" else deadline,
        "deployment_key": key.due() if key.later else key,
    }


# ---- a slow system ----------------------------------------------------------------------------
#
# With `slow@N` so many timers may go off while somebody is at work still, and each before others:
# it may have been armed long before them.


def pass_min_ready_seconds_early(pods: Pods, replica_set_key: Key, early_left: int) -> Outcomes:
    """Pods have been ready for minReadySeconds, whoever is at work still."""
    if early_left > 0:
        for each, passed in _passed(pods, replica_set_key):
            yield outcome(
                f"minReadySeconds pass early for {each}", early_left=early_left - 1, **passed
            )


def pass_requeue_early(replica_set_key: Key, early_left: int) -> Outcomes:
    """A key comes back from the delaying queue; not all of its pods need be available."""
    if early_left > 0 and replica_set_key.later:
        yield outcome(
            "the delayed key is due early",
            replica_set_key=replica_set_key.due(),
            early_left=early_left - 1,
        )


def pass_deadline_early(deadline: Deadline, deployment_key: Key, early_left: int) -> Outcomes:
    """progressDeadlineSeconds pass, while pods are started or watches lag."""
    if early_left > 0 and (deadline == "running" or deployment_key.later):
        yield outcome(
            "progressDeadlineSeconds pass early",
            early_left=early_left - 1,
            **_past_deadline(deadline, deployment_key),
        )
