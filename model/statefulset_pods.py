"""
How the set, its pods and its claims are written, and what a cache keeps of a pod.

:Go: kubernetes v1.36.3 pkg/registry/core/pod/strategy.go (CheckGracefulDelete)
:Docs: https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-termination
:Omits: finalizers; grace periods that are made shorter; that the API server reads a pod before it
    deletes it in another transaction, so that one that had no node goes at once though it is bound
    in between
"""

from collections.abc import Iterable
from typing import Any

from attrs import evolve

from .api import Observed, PodKind
from .informer import Change, Copy, Event, Queue, outdated
from .statefulset_api import Claim, PodSeen, StatefulPod, StatefulSet

__all__ = [
    "after_deletion",
    "claim_written",
    "free_uid",
    "looks",
    "not_ready",
    "pod_written",
    "set_written",
    "shown",
]


def shown(ordinal: int, pod: StatefulPod | None) -> PodSeen | None:
    """What the controller reads of a pod."""
    return (
        None
        if pod is None
        else PodSeen(ordinal, pod.revision, pod.kind, uid=pod.uid, owner=pod.owner)
    )


def set_written(
    before: StatefulSet | None,
    after: StatefulSet | None,
    change: Change,
    queue: Queue,
    copy: Copy,
    syncing: bool,
) -> dict[str, Any]:
    """What a write of the set changes: the object, its event, and what a sync at work has read."""
    if after is not None and change is Change.GENERATION:
        status = evolve(after.status, observed_generation=Observed.BEHIND)
        after = evolve(after, status=status)
    done: dict[str, Any] = {"stateful_set": after, "set_queue": (*queue, Event(0, after, change))}
    if syncing:
        done["set_copy"] = outdated(copy, change)
    return done


def pod_written(
    ordinal: int,
    before: StatefulPod | None,
    after: StatefulPod | None,
    queue: Queue,
    own: bool = False,
) -> dict[str, Any]:
    """What a write of a pod changes: the object, and its event."""
    anew = before is None or after is None
    change = Change.IDENTITY if anew else Change.VERSION
    event = Event(ordinal, shown(ordinal, after), change, own)
    return {"pod": after, "pod_queue": (*queue, event)}


def claim_written(
    ordinal: int, before: Claim | None, after: Claim | None, queue: Queue, own: bool = False
) -> dict[str, Any]:
    """What a write of a claim changes: the object, and its event."""
    change = Change.IDENTITY if before is None or after is None else Change.VERSION
    return {"claim": after, "claim_queue": (*queue, Event(ordinal, after, change, own))}


def after_deletion(pod: StatefulPod, graceful: bool = True) -> StatefulPod | None:
    """
    The pod after somebody deleted it: it stays, terminating, until its kubelet confirms.

    One that no kubelet has, or whose containers have ended, is gone at once; so is one that is
    given no time (`graceful` False). Go: CheckGracefulDelete
    """
    if not graceful or pod.node is None or pod.kind.phase in ("Failed", "Succeeded"):
        return None
    return evolve(pod, kind=evolve(pod.kind, terminating=True))


def not_ready(pod: StatefulPod) -> StatefulPod:
    """The pod after it is not ready any more."""
    return evolve(pod, kind=evolve(pod.kind, ready=False, available=False))


def free_uid(held: Iterable[int | None]) -> int:
    """The smallest number that nothing holds."""
    taken, uid = set(held), 1
    while uid in taken:
        uid += 1
    return uid


def looks(kind: PodKind) -> str:
    """A pod in a word."""
    if kind.terminating:
        return "terminating"
    if kind.phase != "Running":
        return kind.phase.lower()
    if not kind.ready:
        return "running"
    return "available" if kind.available else "ready"
