"""
The Job controller's process ends and another starts; what it lists, and what lands late.

:Go: kubernetes v1.36.3 cmd/kube-controller-manager; staging/src/k8s.io/client-go/tools/cache
    (Reflector.ListAndWatch, DeltaFIFO.Replace); staging/src/k8s.io/client-go/tools/leaderelection
:Docs: https://kubernetes.io/docs/concepts/architecture/leases/#leader-election
:Omits: what `failover.py` omits; a list of Jobs that is out of date (docs/limits.md says what that
    leaves out); a list of pods that shows what the cache did not yet; a request of the
    orphan worker that lands late, which it would send anew; a watch of Jobs that breaks.

An API server that is behind shows pods as the cache did when it stopped following etcd. Who starts
may list from it, unless clients ask for lists that are up to date (WatchListClient, on by default
since 1.35); what happened since follows, one event after the other.

Where `failover` may happen, requests of a process that has ended may land late: a status as long as
nobody else has written the Job, and what creates, deletes or patches a pod at any time, or never.
"""

from typing import Any

from attrs import evolve, frozen

from seatrial.core import Outcome, Outcomes, Population, outcome

from .controller import Key
from .controller_utils import Expectations
from .job import Creation
from .job_api import JobPod, JobSpec, is_job_finished
from .job_controller import deadline_after, status_words
from .job_informer import Jobs, Note, Working, looks, written
from .job_pods import (
    GONE,
    PATCHES,
    JobPods,
    Owned,
    after_patch,
    created,
    deleted,
    kept,
    known,
    relabelled,
)
from .job_status import refusals
from .job_tracking import StatusWrite

__all__ = [
    "fail_over_job",
    "fall_behind",
    "land_job_creation",
    "land_job_pod_write",
    "land_job_status",
    "relist_job_pods",
    "restart_job_controller",
]


# ---- processes --------------------------------------------------------------------------------


def restart_job_controller(
    jobs: Jobs,
    job_sync: Working,
    job_stale: bool,
    deadline: str,
    api_server_behind: bool,
    late_pods: Population[JobPod],
    stale_lists: bool,
    lands_late: bool,
    controller_restarts_left: int,
    failovers_left: int,
) -> Outcomes:
    """The controller manager is started anew, with empty memory and new lists."""
    if controller_restarts_left > 0:
        left = controller_restarts_left - 1
        again = left + failovers_left > 0
        sync = job_sync if lands_late else None
        started = _Start(jobs, sync, job_stale, deadline, api_server_behind, late_pods, again)
        words = "the controller manager restarts"
        yield from _starts(words, started, stale_lists, controller_restarts_left=left)


def fail_over_job(
    jobs: Jobs,
    job_sync: Working,
    job_stale: bool,
    deadline: str,
    api_server_behind: bool,
    late_pods: Population[JobPod],
    stale_lists: bool,
    lands_late: bool,
    controller_restarts_left: int,
    failovers_left: int,
) -> Outcomes:
    """The leader loses its lease and ends; another replica starts its controllers."""
    if failovers_left > 0:
        left = failovers_left - 1
        again = left + controller_restarts_left > 0
        sync = job_sync if lands_late else None
        started = _Start(jobs, sync, job_stale, deadline, api_server_behind, late_pods, again)
        words = "another replica of the controller manager takes over"
        yield from _starts(words, started, stale_lists, failovers_left=left)


@frozen
class _Start:
    """What a new process finds: `sync` is what was under way and may land late."""

    jobs: Jobs
    sync: Working
    stale: bool
    deadline: str
    behind: bool
    late_pods: Population[JobPod]
    again: bool
    """Whether there may be another one after it."""


def _starts(words: str, start: _Start, stale_lists: bool, **left: int) -> Outcomes:
    yield _listing(
        words, "restarted-keeping" if start.behind and start.again else "restarted", start, left
    )
    if start.behind and stale_lists:
        words += ", and lists pods from the API server that is behind"
        yield _listing(words, "restarted-behind", start, left)


def _listing(words: str, how: str, start: _Start, left: dict[str, int]) -> Outcome:
    live, sync = start.jobs.live, start.sync
    noted, late = how, start.jobs.late
    if live is None or is_job_finished(live.status):
        # Pods that are about to go have no sync that removes their finalizer.
        noted += " orphaned"
    done: dict[str, Any] = {}
    if sync is not None:
        noted = f"stranded {noted}"
        if isinstance(sync.write.value, StatusWrite):
            late = None if start.stale or live is None else sync.write.value
        if isinstance(sync.write.value, Creation):
            asked = ((pod, 1) for pod in sync.write.value.pods)
            done["late_pods"] = start.late_pods + Population(asked)
    if start.behind and not start.again:
        done["api_server_behind"] = False
    return outcome(
        words,
        jobs=Jobs((live,), late=late),
        job_key=Key(dirty=live is not None),
        job_sync=None,
        note=Note(noted, None if sync is None else sync.write),
        job_stale=False,
        job_expectations=Expectations(),
        backoff=False,
        deadline="running" if start.deadline == "armed" else start.deadline,
        orphan_list=False,
        requeues=0,
        **done,
        **left,
    )


# ---- lists and watches ------------------------------------------------------------------------


def fall_behind(pods: JobPods, manifest: JobSpec, stale_api_servers_left: int) -> Outcomes:
    """One of the API servers stops following etcd: it goes on to show pods as the cache does."""
    if stale_api_servers_left > 0:
        yield outcome(
            "an API server falls behind; it goes on to show the pods as the cache does",
            pods=kept(relabelled(pods, lambda pod: evolve(pod, past=())), manifest),
            api_server_behind=True,
            stale_api_servers_left=stale_api_servers_left - 1,
        )


def relist_job_pods(pods: JobPods, manifest: JobSpec, relists_left: int) -> Outcomes:
    """
    The watch of pods breaks, and starts with a new list: what happened meanwhile is one event.

    A pod that came and went is never seen: nobody counts its creation. Go: DeltaFIFO.Replace
    """
    if relists_left > 0 and any(len(pod.trail) > 2 for pod in pods):
        yield outcome(
            "the watch of pods breaks and starts with a new list",
            pods=kept(relabelled(pods, _jumped), manifest),
            relists_left=relists_left - 1,
        )


def _jumped(pod: Owned) -> Owned:
    if len(pod.trail) < 3:
        return pod
    if pod.shown is None and pod.live is None:
        return evolve(pod, trail=(GONE,), own=0, backlog=0)
    trail = (pod.shown, pod.live)
    return evolve(pod, trail=trail, own=min(pod.own, 1), backlog=min(pod.backlog, 1))


# ---- requests of a former leader --------------------------------------------------------------


def land_job_status(jobs: Jobs, deadline: str, lag: int) -> Outcomes:
    """A status that a former leader had sent is accepted, since nobody has written the Job."""
    live, sent = jobs.live, jobs.late
    if sent is None or live is None or len(jobs.trail) > max(1, lag):
        return
    after = evolve(live, status=sent.status)
    if after == live or refusals(live, sent.status, sent.listed_twice):
        return
    yield outcome(
        f"a former leader {status_words(sent)}, late",
        jobs=written(jobs, after),
        job_stale=True,
        deadline=deadline_after(deadline, live, after, sent.renews),
        note=Note("landed-late"),
    )


def land_job_creation(
    late_pods: Population[JobPod], pods: JobPods, has_room_for_pod: bool
) -> Outcomes:
    """A pod is created that a former leader had asked for."""
    if not has_room_for_pod:
        return
    for pod in late_pods:
        of = "" if pod.index is None else f" of index {pod.index}"
        yield outcome(
            f"a pod{of} is created late",
            pods=pods.add(created(pod, own=False)),
            late_pods=late_pods.add(pod, -1),
        )


def land_job_pod_write(pods: JobPods, manifest: JobSpec) -> Outcomes:
    """A pod is deleted, or loses its finalizer, as a former leader had asked."""
    for pod in pods:
        after = _after_late(pod)
        if after.trail != pod.trail:
            verb = "loses its finalizer" if pod.late in PATCHES else "is deleted"
            yield outcome(
                f"a pod that is {looks(pod.live)} {verb} late",
                pods=kept(pods.move(pod, known(after)), manifest),
            )


def _after_late(pod: Owned) -> Owned:
    if pod.late in PATCHES:
        after = evolve(after_patch(pod), late="")
        if pod.late == "index":
            after = evolve(after, counted=1)
        return evolve(after, given_up=pod.given_up or pod.late == "remove")
    return evolve(deleted(pod), late="") if pod.late in ("delete", "drop") else pod
