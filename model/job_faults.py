"""
Time, and the worker that looks after pods without a Job.

:Go: kubernetes v1.36.3 pkg/controller/job/job_controller.go (orphanWorker, syncOrphanPod);
    pkg/controller/ttlafterfinished/ttlafterfinished_controller.go;
    staging/src/k8s.io/client-go/util/workqueue
:Docs: https://kubernetes.io/docs/concepts/workloads/controllers/ttlafterfinished/
:Omits: how long anything takes, so that of times that are running any may be up first; that a
    back-off of the Job ends in the midst of a sync.

Time passes only when nothing else can happen, but for containers that run or stop, and syncs that
failed and wait to be tried again; with clock `slow@N`, N times before that.
"""

from collections.abc import Iterator

from attrs import evolve

from seatrial.core import Outcome, Outcomes, Population, choose, outcome, split

from .controller import Key, attempts
from .controller_utils import Expectations
from .job_api import JobSpec, is_job_finished
from .job_informer import Jobs, Note, looks, written
from .job_pods import JobPods, Orphaning, Owned, after_patch, kept, relabelled

__all__ = [
    "expire_job_expectations",
    "expire_ttl",
    "expire_ttl_early",
    "list_orphans",
    "marked_by",
    "pass_active_deadline",
    "pass_active_deadline_early",
    "pass_backoff",
    "pass_backoff_early",
    "pass_index_backoff",
    "pass_index_backoff_early",
    "strip_orphan",
]


# ---- pods without a Job -----------------------------------------------------------------------


def list_orphans(pods: JobPods, orphan_list: bool, job_shown: str, pods_first: bool) -> Outcomes:
    """The orphan worker lists the pods of a Job that is gone, or has finished."""
    if orphan_list and not pods_first:
        marked = marked_by(pods, "selector") if job_shown != "there" else pods
        yield outcome("lists pods that still have the finalizer", pods=marked, orphan_list=False)


def marked_by(pods: JobPods, how: Orphaning) -> JobPods:
    """The pods, with those for the orphan worker that the cache shows with the finalizer."""

    def marked(pod: Owned) -> Owned:
        shown = pod.shown
        if shown is not None and shown.finalizer and not pod.orphaning:
            return evolve(pod, orphaning=how)
        return pod

    return relabelled(pods, marked)


def strip_orphan(
    pods: JobPods,
    job_shown: str,
    has_room_for_pod: bool,
    manifest: JobSpec,
    variant: frozenset[str],
    write_failures_left: int,
    write_unknowns_left: int,
) -> Outcomes:
    """
    The orphan worker removes the finalizer of a pod that no sync will look after.

    A pod that it found by listing is not tried again if that fails. Go: handleSingleOrphanPod
    """
    if not has_room_for_pod:
        return
    for pod in pods:
        if not pod.orphaning:
            continue
        shown = pod.shown
        owned = shown is not None and shown.owned
        if shown is None or not shown.finalizer or (owned and job_shown == "there"):
            left = kept(pods.move(pod, evolve(pod, orphaning="")), manifest)
            yield outcome("has nothing to do for a pod", pods=left)
            continue
        for answer, lands, words, spent in attempts(
            "applied" if pod.live is not None else "not found",
            write_failures_left,
            write_unknowns_left,
        ):
            tried_again = pod.orphaning == "name" or "job-orphan-finalizer-not-retried" in variant
            again = pod.orphaning if answer == "failed" and tried_again else ""
            after = after_patch(pod, answer == "applied") if lands else pod
            moved = pods.move(pod, evolve(after, orphaning=again))
            yield outcome(
                f"removes the finalizer of a pod that is {looks(pod.live)}{words}",
                pods=kept(moved, manifest),
                **spent,
            )


# ---- time -------------------------------------------------------------------------------------


def _quiet(controller_idle: bool, job_behind: bool, orphan_list: bool, pods_at_rest: bool) -> bool:
    return controller_idle and pods_at_rest and not job_behind and not orphan_list


def pass_backoff(
    backoff: bool,
    job_key: Key,
    fresh_failures: bool,
    controller_idle: bool,
    job_behind: bool,
    orphan_list: bool,
    pods_at_rest: bool,
) -> Outcomes:
    """The delay after failures is over; the key comes back if it was put aside."""
    if not (backoff or job_key.later):
        return
    if not _quiet(controller_idle, job_behind, orphan_list, pods_at_rest):
        return
    yield _backoff_over(job_key, fresh_failures)


def _backoff_over(job_key: Key, fresh_failures: bool) -> Outcome:
    return outcome(
        "the back-off is over",
        backoff=False,
        job_key=job_key.due() if job_key.later else job_key,
        note=Note("waited") if fresh_failures else None,
    )


def pass_index_backoff(
    job_key: Key,
    pods: JobPods,
    controller_idle: bool,
    job_behind: bool,
    orphan_list: bool,
    pods_at_rest: bool,
) -> Outcomes:
    """The delays of some indexes are over; the key comes back if it was put aside."""
    if _quiet(controller_idle, job_behind, orphan_list, pods_at_rest):
        yield from _index_backoff_over(job_key, pods)


def _index_backoff_over(job_key: Key, pods: JobPods) -> Iterator[Outcome]:
    waiting = pods.where(_waits)
    if not waiting:
        return
    over = split(waiting, choose(1, waiting.total))
    aged: JobPods = Population((_aged(pod), n) for pod, n in over.items())
    yield outcome(
        "the back-off of an index is over" if over.total == 1 else "back-offs of indexes are over",
        pods=pods - over + aged,
        job_key=job_key.due() if job_key.later else job_key,
    )


def _waits(pod: Owned) -> bool:
    live = pod.live
    if live is None or not live.finalizer or live.waited:
        return False
    return live.phase == "Failed" or live.terminating


def _aged(pod: Owned) -> Owned:
    return evolve(pod, trail=tuple(each and evolve(each, waited=True) for each in pod.trail))


def pass_active_deadline(
    deadline: str,
    job_key: Key,
    controller_idle: bool,
    job_behind: bool,
    orphan_list: bool,
    pods_at_rest: bool,
) -> Outcomes:
    """activeDeadlineSeconds pass; the controller is told where it waits for that."""
    if deadline not in ("running", "armed"):
        return
    if not _quiet(controller_idle, job_behind, orphan_list, pods_at_rest):
        return
    yield _deadline_over(deadline, job_key)


def _deadline_over(deadline: str, job_key: Key) -> Outcome:
    due = evolve(job_key, dirty=True, failures=0) if deadline == "armed" else job_key
    return outcome("activeDeadlineSeconds pass", deadline="passed", job_key=due)


def expire_ttl(
    jobs: Jobs,
    controller_idle: bool,
    job_behind: bool,
    orphan_list: bool,
    pods_at_rest: bool,
) -> Outcomes:
    """ttlSecondsAfterFinished pass: the Job is deleted, with its pods first."""
    job = jobs.live
    if job is None or job.deleting:
        return
    if not _quiet(controller_idle, job_behind, orphan_list, pods_at_rest):
        return
    if job.spec.ttl_seconds_after_finished is not None and is_job_finished(job.status):
        after = evolve(job, deleting="foreground")
        yield outcome("the TTL is over: deletes the Job", jobs=written(jobs, after))


# ---- a slow system ----------------------------------------------------------------------------
#
# With `slow@N` so many timers may go off while somebody is at work still.


def pass_backoff_early(
    backoff: bool, job_key: Key, fresh_failures: bool, syncing: bool, early_left: int
) -> Outcomes:
    """The delay after failures is over, whoever is at work still, but for a sync."""
    if early_left > 0 and not syncing and (backoff or job_key.later):
        yield _early(_backoff_over(job_key, fresh_failures), early_left)


def pass_index_backoff_early(job_key: Key, pods: JobPods, early_left: int) -> Outcomes:
    """The delays of some indexes are over, whoever is at work still."""
    if early_left > 0:
        for each in _index_backoff_over(job_key, pods):
            yield _early(each, early_left)


def pass_active_deadline_early(deadline: str, job_key: Key, early_left: int) -> Outcomes:
    """activeDeadlineSeconds pass, whoever is at work still."""
    if early_left > 0 and deadline in ("running", "armed"):
        yield _early(_deadline_over(deadline, job_key), early_left)


def expire_ttl_early(jobs: Jobs, lag: int, early_left: int) -> Outcomes:
    """ttlSecondsAfterFinished pass, whoever is at work still."""
    job = jobs.live
    if early_left == 0 or job is None or job.deleting or len(jobs.trail) > max(1, lag):
        return
    if job.spec.ttl_seconds_after_finished is not None and is_job_finished(job.status):
        after = written(jobs, evolve(job, deleting="foreground"))
        told = outcome("the TTL is over: deletes the Job", jobs=after, job_stale=True)
        yield _early(told, early_left)


def _early(timely: Outcome, early_left: int) -> Outcome:
    return outcome(f"{timely.label}, early", **timely.writes, early_left=early_left - 1)


def expire_job_expectations(
    job_expectations: Expectations, expectations_expire_left: int
) -> Outcomes:
    """Five minutes pass in which the controller did not see what it had done."""
    after = job_expectations.expire()
    if expectations_expire_left > 0 and after != job_expectations:
        left = expectations_expire_left - 1
        yield outcome("expectations expire", job_expectations=after, expectations_expire_left=left)
