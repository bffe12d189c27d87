"""
Pods of a Job that nobody tells apart: what is so, what the cache shows, and what counts them.

:Go: kubernetes v1.36.3 pkg/controller/job/tracking_utils.go;
    pkg/registry/core/pod/strategy.go (CheckGracefulDelete)
:Docs: https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/
:Omits: names and nodes; the order of events of different pods, which is any; pods that have ended
    and were counted, which nobody looks at any more, and which are forgotten here.

A class of pods is joint, as in `pods.py`. Whether the status lists the UID of a pod is part of it,
and how often the counters have counted it, which no controller knows.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Literal

from attrs import evolve, frozen

from seatrial.core import Population, split

from .job_api import JobPod, JobSpec, Listed, Seen, SeenPods

__all__ = [
    "COUNTING",
    "GONE",
    "PATCHES",
    "STATUS",
    "JobPods",
    "Lost",
    "Orphaning",
    "Owned",
    "Task",
    "after_patch",
    "changed",
    "created",
    "deleted",
    "kept",
    "known",
    "labelled",
    "pods_seen",
    "relabelled",
    "settled",
]

Task = str
"""
What the sync has still to do with a pod, or what has come of it.

- remove, delete: it is to be deleted, with its finalizer or without;
- stays, stays ready, left ready: that failed; or it was gone and ready, as far as the sync knew;
- clean, succeeded, failed, index, release: see `job_tracking.Mark`;
- kept: its finalizer could not be removed.
"""
Orphaning = str
"""Whether the orphan worker is to remove its finalizer: "", "name" or "selector"."""

Lost = Literal["", "crashed", "off"]
GONE = None
COUNTING = ("succeeded", "failed", "index", "release")
"""The tasks that remove the finalizer of a pod that has ended: the controller waits to see that."""
PATCHES = ("remove", *COUNTING)
"""The tasks that remove a finalizer."""
STATUS = "status: "


@lru_cache(100_000)
def _seen(shown: JobPod | None, listed: Listed, expected: bool) -> Seen:
    return Seen(shown, listed, expected)


@frozen(cache_hash=True)
class Owned:
    """
    A class of pods.

    `trail` is as in `pods.Pod`; `own` is the place in it of the controller's last write. `listed`
    is in which list the status has the UID: the cached one first. `snap` is how the sync has seen
    it that is about to act. `counted`: how often the counters
    have counted it; `given_up`: its finalizer was removed although it had not ended. `lost`: its
    node has crashed, or is off for good. `past`: what it was before, from what an API server shows
    that is behind; `backlog`: how many events are on their way only since a list came from there.
    `late`: what a former leader had asked for, as a task; in a status that it had sent, after
    `STATUS`.
    """

    trail: tuple[JobPod | None, ...]
    listed: tuple[Listed, ...] = ("",)
    own: int = 0
    expected: bool = False
    orphaning: Orphaning = ""
    task: Task = ""
    snap: Seen | None = None
    counted: int = 0
    given_up: bool = False
    lost: Lost = ""
    past: tuple[JobPod | None, ...] = ()
    backlog: int = 0
    late: str = ""

    @property
    def live(self) -> JobPod | None:
        """What is so."""
        return self.trail[-1]

    @property
    def shown(self) -> JobPod | None:
        """What the cache shows."""
        return self.trail[0]

    @property
    def in_list(self) -> Listed:
        """In which list the status really has its UID."""
        return self.listed[-1]

    @property
    def seen(self) -> Seen:
        """How a sync sees it that begins now."""
        return _seen(self.shown, self.listed[0], self.expected)


JobPods = Population[Owned]


def pods_seen(pods: JobPods) -> SeenPods:
    """View: what a sync sees that begins now."""
    return Population(
        (pod.seen, n)
        for pod, n in pods.items()
        if (pod.shown is not None and pod.shown.owned) or (pod.shown is None and pod.listed[0])
    )


@lru_cache(100_000)
def known(pod: Owned) -> Owned:
    """The first of all classes that equal this one: of that the place among others is known."""
    return pod


def created(pod: JobPod, own: bool) -> Owned:
    """A pod that was just created."""
    return known(Owned((None, pod), own=1 if own else 0))


def changed(pod: Owned, after: JobPod | None, own: bool = False) -> Owned:
    """The pod after a write; `own` if it is one that the controller knows to have done."""
    if after == pod.live:
        return pod
    trail = (*pod.trail, after)
    return known(evolve(pod, trail=trail, own=len(trail) - 1 if own else pod.own))


def deleted(pod: Owned) -> Owned:
    """The pod after a request to delete it, which takes its time while its container runs."""
    live = pod.live
    if live is None or live.terminating:
        return pod
    if live.ended and not live.finalizer:
        return changed(pod, GONE)
    return changed(pod, evolve(live, terminating=True))


def after_patch(pod: Owned, own: bool = False) -> Owned:
    """The pod after its finalizer was removed; one that waited only for that is gone."""
    live = pod.live
    if live is None or not live.finalizer:
        return pod
    if pod.late in PATCHES:
        pod = evolve(pod, late="")
    if live.ended and live.terminating:
        return changed(pod, GONE, own)
    return changed(pod, evolve(live, finalizer=False), own)


# ---- forgetting -------------------------------------------------------------------------------


def settled(pod: Owned, keeps_failed: bool) -> Owned | None:
    """
    The pod, or None where nobody asks for it any more.

    `keeps_failed`: failed pods that were counted are looked at again, for rules that fail the Job.
    """
    if any((pod.expected, pod.task, pod.snap, pod.orphaning, pod.own)) or pod.listed != ("",):
        return pod
    if pod.trail == (GONE,) and not any(pod.past):
        return None
    if pod.past:
        return pod
    if len(pod.trail) > 1 or pod.live is None or pod.live.finalizer or not pod.live.ended:
        return pod
    if keeps_failed and pod.live.phase == "Failed":
        return evolve(pod, counted=min(pod.counted, 1), given_up=False, lost="")
    unseen_loss = pod.live.phase == "Succeeded" and not pod.counted and not pod.given_up
    return pod if unseen_loss else None


def kept(pods: "JobPods | list[tuple[Owned, int]]", spec: JobSpec) -> JobPods:
    """The pods without those that nobody asks for any more."""
    keeps = any(rule.action == "FailJob" for rule in spec.pod_failure_policy or ())
    pairs = pods if isinstance(pods, list) else pods.items()
    found = [(settled(pod, keeps), pod, n) for pod, n in pairs]
    if not isinstance(pods, list) and all(after == pod for after, pod, _ in found):
        return pods
    return Population((known(after), n) for after, _, n in found if after is not None)


# ---- what a sync has chosen -------------------------------------------------------------------


def labelled(
    pods: JobPods,
    alike: Callable[[Owned], bool],
    n: int,
    change: Callable[[Owned], Owned],
) -> JobPods:
    """The pods after `n` of those that look alike were changed: any of them."""
    found = pods.where(alike)
    picked = found if found.total == n else split(found, n)
    moved: JobPods = Population((known(change(pod)), m) for pod, m in picked.items())
    return pods - picked + moved


def relabelled(pods: JobPods, change: Callable[[Owned], Owned]) -> JobPods:
    """The pods, each changed in that way."""
    return Population((known(change(pod)), n) for pod, n in pods.items())
