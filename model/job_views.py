"""
What rules, promises and reports read of a Job: small values of one or two variables each.

:Omits: nothing: a view says again what a variable holds.

Whoever reads a view and not the variable is asked anew only where the view has changed. Guards are
views too: a rule is asked only where its guard is true.
"""

from collections.abc import Callable
from typing import Any

from seatrial.core import View

from .controller import Key
from .controller_utils import Expectations
from .job_api import (
    COMPLETE,
    FAILED,
    FAILURE_TARGET,
    SUCCESS_CRITERIA_MET,
    Job,
    JobPod,
    JobStatus,
    is_condition_true,
    is_job_finished,
)
from .job_informer import ANSWERED, Jobs, Note, Working
from .job_pods import JobPods, Owned, pods_seen
from .job_status import refusals
from .job_tracking import StatusWrite

__all__ = ["views"]


# ---- the Job ----------------------------------------------------------------------------------


def job(jobs: Jobs) -> Job | None:
    """The Job as it is."""
    return jobs.live


def job_cached(jobs: Jobs) -> Job | None:
    """The Job as the cache shows it."""
    return jobs.shown


def job_shown(jobs: Jobs) -> str:
    """Whether the cache shows the Job: "there", "finished" or "gone"."""
    if jobs.shown is None:
        return "gone"
    return "finished" if is_job_finished(jobs.shown.status) else "there"


def job_versions(jobs: Jobs) -> int:
    """How many versions of the Job there are, from the cached one on."""
    return len(jobs.trail)


def job_behind(jobs: Jobs) -> bool:
    """Whether the cache shows less of the Job than there is."""
    return jobs.behind


def finish_unseen(jobs: Jobs) -> bool:
    """Whether the controller knows that the Job has finished, before its cache shows it."""
    known = jobs.trail[jobs.own]
    return jobs.own > 0 and known is not None and is_job_finished(known.status)


def deadline_seen(jobs: Jobs) -> bool:
    """Whether the cache shows the activeDeadlineSeconds that there are."""
    shown, live = jobs.shown, jobs.live
    if shown is None or live is None:
        return True
    return shown.spec.active_deadline_seconds == live.spec.active_deadline_seconds


def status(jobs: Jobs) -> JobStatus | None:
    """The status; None where there is no Job."""
    job = jobs.live
    return None if job is None else job.status


def conditions(jobs: Jobs) -> tuple[str, ...]:
    """The types of the conditions that are true; none where there is no Job."""
    job = jobs.live
    if job is None:
        return ()
    return tuple(each.type for each in job.status.conditions if each.status)


def job_state(jobs: Jobs) -> str:
    """gone, Complete, Failed, ending, suspended or running."""
    job = jobs.live
    if job is None:
        return "gone"
    for type in (COMPLETE, FAILED):
        if is_condition_true(job.status.conditions, type):
            return type
    if any(
        is_condition_true(job.status.conditions, type)
        for type in (FAILURE_TARGET, SUCCESS_CRITERIA_MET)
    ):
        return "ending"
    return "suspended" if job.spec.suspend else "running"


def job_alive(jobs: Jobs) -> str:
    """alive, deleting or gone."""
    job = jobs.live
    if job is None:
        return "gone"
    return "deleting" if job.deleting else "alive"


def reason(jobs: Jobs) -> str:
    """Why the Job is ending or has ended; empty where it is not."""
    job = jobs.live
    found = () if job is None else job.status.conditions
    ends = (FAILURE_TARGET, SUCCESS_CRITERIA_MET)
    return next((each.reason for each in found if each.type in ends and each.status), "")


def parallelism(jobs: Jobs) -> int:
    """How many pods are to run at once; 0 where there is no Job."""
    job = jobs.live
    return 0 if job is None else job.spec.parallelism


def completions(jobs: Jobs) -> int | None:
    """How many successes are asked for; None for a work queue, and where there is no Job."""
    job = jobs.live
    return None if job is None else job.spec.completions


def counters(jobs: Jobs) -> tuple[int, int] | None:
    """How many the status counts as succeeded and failed; None where there is no Job."""
    job = jobs.live
    return None if job is None else (job.status.succeeded, job.status.failed)


def reported_failed(jobs: Jobs) -> int:
    """How many pods the status counts as failed, or lists."""
    job = jobs.live
    return 0 if job is None else job.status.failed + job.status.uncounted.failed


def completed_indexes(jobs: Jobs) -> tuple[int, ...]:
    """Indexes that have succeeded."""
    job = jobs.live
    return () if job is None else job.status.completed_indexes


def failed_indexes(jobs: Jobs) -> tuple[int, ...]:
    """Indexes that have failed."""
    job = jobs.live
    return () if job is None else job.status.failed_indexes or ()


# ---- pods -------------------------------------------------------------------------------------


def _count(pods: JobPods, keep: Callable[[Owned, JobPod], bool]) -> int:
    return pods.where(lambda pod: pod.live is not None and keep(pod, pod.live)).total


def pod_events(pods: JobPods) -> int:
    """How many events of pods are on their way, but for what a list lacked."""
    return sum(max(0, len(pod.trail) - 1 - pod.backlog) * n for pod, n in pods.items())


def has_room_for_pod(pods: JobPods, lag: int) -> bool:
    """Guard: one more event of a pod may be on its way."""
    return pod_events(pods) < max(1, lag)


def pods_first(pods: JobPods, lag: int) -> bool:
    """Whether an event of a pod is delivered before anything else happens."""
    return lag == 0 and pods_wait(pods)


def owned_pods(pods: JobPods) -> int:
    """How many pods name the Job as their owner, of those that anybody still asks for."""
    return _count(pods, lambda pod, live: live.owned)


def active(pods: JobPods) -> int:
    """How many pods have neither ended nor been deleted."""
    return _count(pods, lambda pod, live: not live.ended and not live.terminating)


def terminating(pods: JobPods) -> int:
    """How many pods were deleted and have not ended."""
    return _count(pods, lambda pod, live: not live.ended and live.terminating)


def running(pods: JobPods) -> int:
    """How many pods have a container that runs, deleted or not."""
    return _count(pods, lambda pod, live: live.phase == "Running" and not pod.lost)


def lost(pods: JobPods) -> int:
    """How many pods terminate on a node that has crashed or is off."""
    return _count(pods, lambda pod, live: bool(pod.lost) and live.terminating and not live.ended)


def has_run(pods: JobPods) -> int:
    """How many pods run, on whatever node, or have run: of the ended ones those not yet counted."""
    return _count(pods, lambda pod, live: live.phase != "Pending")


def restarts(pods: JobPods) -> int:
    """How often containers were started again in their pods."""
    return sum(pod.live.restarts * n for pod, n in pods.items() if pod.live is not None)


def begun_indexes(pods: JobPods) -> tuple[int, ...]:
    """Indexes with a pod that has not failed, really or in the cache, and is not deleted."""
    shown = (each for pod in pods for each in (pod.live, pod.shown) if each is not None)
    begun = {each.index for each in shown if each.phase != "Failed" and not each.terminating}
    return tuple(sorted(index for index in begun if index is not None))


def with_finalizer(pods: JobPods) -> int:
    """How many pods have the finalizer."""
    return _count(pods, lambda pod, live: live.finalizer)


def ended_with_finalizer(pods: JobPods) -> int:
    """How many pods have ended and have the finalizer still."""
    return _count(pods, lambda pod, live: live.finalizer and live.ended)


def counted_twice(pods: JobPods) -> int:
    """How many pods the counters have counted more than once."""
    return pods.where(lambda pod: pod.counted > 1).total


def lost_successes(pods: JobPods) -> int:
    """How many pods have succeeded that nothing will count: without finalizer and in no list."""
    return _count(
        pods,
        lambda pod, live: (
            live.phase == "Succeeded"
            and not live.finalizer
            and not pod.counted
            and not any(pod.listed)
            and not (pod.shown is not None and pod.shown.finalizer)
        ),
    )


def lost_unasked(pods: JobPods) -> int:
    """How many of those were not ones that the controller had given up."""
    return lost_successes(pods.where(lambda pod: not pod.given_up))


def counted_given_up(pods: JobPods) -> int:
    """How many pods that the controller had given up the counters have counted."""
    return pods.where(lambda pod: pod.given_up and pod.counted > 0).total


def failed_that_succeeded(pods: JobPods) -> int:
    """How many pods have succeeded that the status lists as failed."""
    return _count(pods, lambda pod, live: pod.in_list == "failed" and live.phase == "Succeeded")


def highest_failure_count(pods: JobPods) -> int:
    """The highest count of failures that a pod of an index begins with."""
    return max((pod.live.failure_count for pod in pods if pod.live is not None), default=0)


def failing_codes(pods: JobPods) -> tuple[int, ...]:
    """Exit codes of failed pods that the cache shows."""
    codes = {pod.shown.exit_code for pod in pods if pod.shown is not None}
    return tuple(sorted(code for code in codes if code is not None))


def uncounted_successes(pods: JobPods) -> int:
    """How many pods the cache shows as succeeded that no counter has counted."""
    return pods.where(
        lambda pod: pod.shown is not None and pod.shown.phase == "Succeeded" and not pod.counted
    ).total


def double_indexes(pods: JobPods) -> tuple[int, ...]:
    """Indexes with more than one active pod."""
    return _twice(pods.where(lambda pod: pod.live is not None and not pod.live.terminating))


def double_running(pods: JobPods) -> tuple[int, ...]:
    """Indexes of which more than one container may run."""
    return _twice(pods)


def _twice(pods: JobPods) -> tuple[int, ...]:
    found: dict[int, int] = {}
    for pod, n in pods.items():
        if pod.live is not None and pod.live.index is not None and not pod.live.ended:
            found[pod.live.index] = found.get(pod.live.index, 0) + n
    return tuple(sorted(index for index, n in found.items() if n > 1))


def fresh_failures(pods: JobPods) -> bool:
    """Whether a pod has failed whose back-off is not over, and that no status lists."""
    return any(
        pod.live is not None
        and pod.live.finalizer
        and not pod.live.waited
        and (pod.live.phase == "Failed" or pod.live.terminating)
        for pod in pods
    )


# ---- the controller ---------------------------------------------------------------------------


def expectations_satisfied(job_expectations: Expectations) -> bool:
    """Whether the controller has seen what it did."""
    return job_expectations.satisfied_expectations()


def syncing(job_sync: Working) -> bool:
    """Whether a sync is under way."""
    return job_sync is not None


def noting(note: Note | None) -> bool:
    """Guard: something that was decided is to be noted with pods."""
    return note is not None and note.words != ANSWERED


def answered(note: Note | None) -> bool:
    """Guard: all requests of a stage have been answered."""
    return note is not None and note.words == ANSWERED


def key_due(job_key: Key, job_sync: Working) -> bool:
    """Guard: a worker can take the key."""
    return job_key.dirty and job_sync is None


def status_write_due(job_sync: Working, note: Note | None) -> bool:
    """Guard: the next request is about the Job."""
    return job_sync is not None and note is None and job_sync.write.kind == "Job"


def creation_due(job_sync: Working, note: Note | None) -> bool:
    """Guard: the next request creates a pod, or the controller expects fewer."""
    if job_sync is None or note is not None:
        return False
    return job_sync.write.verb in ("create", "expect fewer")


def pod_write_due(job_sync: Working, note: Note | None) -> bool:
    """Guard: the next request deletes a pod or removes its finalizer."""
    if job_sync is None or note is not None:
        return False
    return job_sync.write.verb in ("delete", "remove", "patch")


def pod_verb(job_sync: Working) -> str:
    """What the next request does with a pod; empty where it is about something else."""
    if job_sync is None or job_sync.write.kind != "Pod":
        return ""
    return job_sync.write.verb


# With lag 0 an event is delivered before anything else happens, those of pods first: where several
# steps follow at once, their order would be many ways to the same state.


def job_first(jobs: Jobs, lag: int) -> bool:
    """Whether an event of the Job is delivered before anything else happens."""
    return lag == 0 and jobs.behind


def lists_behind(pods: JobPods) -> bool:
    """Guard: the next version of the Job lists other UIDs than the cached one."""
    return any(len(pod.listed) > 1 for pod in pods)


def own_status_unseen(jobs: Jobs) -> bool:
    """Whether the controller has written a status that its cache does not show."""
    return jobs.own > 0


def own_pods_unseen(pods: JobPods) -> bool:
    """Whether the controller has created or patched a pod as its cache does not show it."""
    return any(pod.own > 0 for pod in pods)


def orphans_shown(pods: JobPods) -> bool:
    """Whether the cache shows a pod without owner that is not terminating: a Job would adopt it."""
    shown = (pod.shown for pod in pods)
    return any(each is not None and not each.owned and not each.terminating for each in shown)


def orphan_list_due(orphan_list: bool) -> bool:
    """Guard: the orphan worker has pods to list."""
    return orphan_list


def collecting(jobs: Jobs) -> bool:
    """Guard: the garbage collector deletes the pods of the Job."""
    return jobs.live is None or jobs.live.deleting == "foreground"


def releasing(jobs: Jobs) -> bool:
    """Guard: the garbage collector leaves the pods of the Job without owner."""
    return jobs.live is not None and jobs.live.deleting == "orphan"


def finishes_deletion(jobs: Jobs) -> bool:
    """Guard: the Job waits for its pods before it is gone."""
    return jobs.live is not None and bool(jobs.live.deleting)


def orphans_due(pods: JobPods) -> bool:
    """Guard: the orphan worker has a pod to look after."""
    return any(pod.orphaning for pod in pods)


def pods_wait(pods: JobPods) -> bool:
    """Guard: an event of a pod is on its way."""
    return any(len(pod.trail) > 1 for pod in pods)


def at_rest(job_key: Key, job_sync: Working) -> bool:
    """Whether the Job controller has nothing to do, and nothing to try again."""
    return job_sync is None and not job_key.dirty


def refused(job_sync: Working, jobs: Jobs) -> str:
    """Why the status that is about to be sent would be refused, if the Job stays as it is."""
    if job_sync is None or jobs.live is None:
        return ""
    sent = job_sync.write.value
    if not isinstance(sent, StatusWrite):
        return ""
    return next(iter(refusals(jobs.live, sent.status, sent.listed_twice)), "")


def controller_idle(job_key: Key, job_sync: Working) -> bool:
    """Whether the Job controller has nothing to do, or waits before it tries again."""
    return job_sync is None and (not job_key.dirty or job_key.failures > 0)


def pods_at_rest(pods: JobPods) -> bool:
    """Guard: nothing is to happen to a pod but what takes its time, as to run and to stop."""
    return not any(len(pod.trail) > 1 or pod.orphaning or _moves(pod) for pod in pods)


def _moves(pod: Owned) -> bool:
    live = pod.live
    if live is None or pod.lost:
        return False
    return live.phase == "Pending" and not live.terminating


def views() -> list[View]:
    """All of them."""
    found: list[Callable[..., Any]] = [
        job,
        job_cached,
        job_shown,
        job_versions,
        job_behind,
        finish_unseen,
        deadline_seen,
        status,
        conditions,
        job_state,
        job_alive,
        reason,
        parallelism,
        completions,
        counters,
        reported_failed,
        completed_indexes,
        failed_indexes,
        pods_seen,
        pod_events,
        has_room_for_pod,
        pods_first,
        owned_pods,
        active,
        terminating,
        running,
        lost,
        has_run,
        restarts,
        begun_indexes,
        with_finalizer,
        ended_with_finalizer,
        counted_twice,
        lost_successes,
        lost_unasked,
        uncounted_successes,
        counted_given_up,
        failed_that_succeeded,
        highest_failure_count,
        failing_codes,
        double_indexes,
        double_running,
        fresh_failures,
        expectations_satisfied,
        syncing,
        noting,
        answered,
        key_due,
        status_write_due,
        creation_due,
        pod_write_due,
        pod_verb,
        job_first,
        lists_behind,
        collecting,
        releasing,
        finishes_deletion,
        orphan_list_due,
        own_status_unseen,
        own_pods_unseen,
        orphans_shown,
        orphans_due,
        pods_wait,
        controller_idle,
        at_rest,
        refused,
        pods_at_rest,
    ]
    return [View(each.__name__, each) for each in found]
