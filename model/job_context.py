"""
What a sync of a Job computes before it writes: counts, indexes, and whether the Job is to end.

:Go: kubernetes v1.36.3 pkg/controller/job/job_controller.go; backoff_utils.go
:Docs: https://kubernetes.io/docs/concepts/workloads/controllers/job/#handling-pod-and-container-failures
:Omits: how long a back-off takes (10 s, doubled with each failure, at most 10 min): it is running
    or over; init containers; when pods ended: of failures and successes seen in one sync, either
    may be last.
"""

from collections.abc import Callable

from attrs import evolve, frozen

from seatrial.core import choose

from .job_api import (
    FAILED,
    FAILURE_TARGET,
    SUCCESS_CRITERIA_MET,
    Job,
    JobCondition,
    JobPod,
    JobSpec,
    Seen,
    SeenPods,
    find_condition,
    has_backoff_limit_per_index,
    is_active,
    is_condition_true,
    is_pod_failed,
    is_terminating,
)
from .job_indexes import (
    calculate_failed_indexes,
    calculate_succeeded_indexes,
    pods_with_delayed_deletion,
    valid_index,
    without_failed,
)
from .job_policies import match_pod_failure_policy, match_success_policy

__all__ = [
    "Context",
    "JobObservation",
    "arms_deadline",
    "ready_pods",
    "sync_context",
    "with_last_failures_chosen",
]


@frozen(cache_hash=True)
class JobObservation:
    """What a sync knows: what the caches show, and what the controller remembers."""

    job: Job
    pods: SeenPods
    satisfied: bool = True
    """Whether expectations were fulfilled before pods were listed."""
    backoff: bool = False
    """Whether the delay after the last failures is running."""
    failures_last: bool = True
    """Whether of pods that are seen to have ended now a failed one ended last."""
    past_deadline: bool = False
    """Whether activeDeadlineSeconds have gone since the start time."""
    clears_start_time: bool = True
    """Feature gate MutableSchedulingDirectivesForSuspendedJobs."""
    kept: tuple[Seen, ...] = ()
    """Of failed pods of one index, which may each be the last one, those that are it."""
    requeues: int = 0
    """How many syncs saw a new failure, where a known bug counts those."""


@frozen
class Context:
    """What the sync computes before it writes. Go: syncJobCtx"""

    active: SeenPods
    ready: int
    terminating: int
    succeeded: int
    failed: int
    backoff: bool
    prev_succeeded_indexes: tuple[int, ...] = ()
    succeeded_indexes: tuple[int, ...] = ()
    failed_indexes: tuple[int, ...] | None = None
    finished: JobCondition | None = None
    delayed: tuple[tuple[int, Seen], ...] = ()
    """For each index to be tried again the failed pod whose finalizer stays until it is."""
    contested: tuple[tuple[Seen, ...], ...] = ()
    """The pods of which each may be that one, of indexes where there are several."""
    new_failures: int = 0
    """How many failed pods the status did not know of."""


# ---- what is so -------------------------------------------------------------------------------


def sync_context(seen: JobObservation, variant: frozenset[str] = frozenset()) -> Context:
    """Counts, indexes, and whether the Job is to end. Go: syncJob, up to its first write"""
    spec, status, pods = seen.job.spec, seen.job.status, seen.pods
    active: SeenPods = pods.where(is_active)
    new_succeeded = _new_finished(seen, "succeeded", lambda pod: pod.phase == "Succeeded")
    if "job-complete-with-pod-listed-as-failed" in variant:
        new_succeeded = new_succeeded.where(lambda each: not each.listed)
    new_failed = _new_finished(seen, "failed", lambda pod: is_pod_failed(pod, spec))
    succeeded = status.succeeded + new_succeeded.total + status.uncounted.succeeded
    failed = status.failed + _counted(spec, new_failed) + status.uncounted.failed
    before: tuple[int, ...] = ()
    indexes: tuple[int, ...] = ()
    failed_indexes: tuple[int, ...] | None = None
    last: tuple[tuple[int, tuple[Seen, ...]], ...] = ()
    if spec.indexed:
        before, indexes = calculate_succeeded_indexes(spec, status, pods)
        if "job-indexed-success-forgotten" in variant:
            before, indexes = calculate_succeeded_indexes(
                spec, evolve(status, completed_indexes=()), pods
            )
        if "job-index-failed-and-completed" in variant:
            indexes = without_failed(indexes, status)
        if "job-indexed-complete-with-repeated-index" not in variant:
            succeeded = len(indexes)
        if has_backoff_limit_per_index(spec):
            failed_indexes = calculate_failed_indexes(spec, status, pods)
            last = pods_with_delayed_deletion(spec, pods, indexes, failed_indexes)
    found = Context(
        active=active,
        ready=ready_pods(active),
        terminating=pods.where(is_terminating).total,
        succeeded=succeeded,
        failed=failed,
        backoff=_new_backoff(seen, new_succeeded, new_failed, variant),
        prev_succeeded_indexes=before,
        succeeded_indexes=indexes,
        failed_indexes=failed_indexes,
        delayed=tuple((index, _kept(seen, of)) for index, of in last),
        contested=tuple(of for _, of in last if len(of) > 1),
        new_failures=new_failed.total,
    )
    return evolve(found, finished=_finished_condition(seen, found, variant))


def _kept(seen: JobObservation, last: tuple[Seen, ...]) -> Seen:
    return next((each for each in last if each in seen.kept), last[0])


def with_last_failures_chosen(
    seen: JobObservation, ctx: Context, variant: frozenset[str]
) -> tuple[JobObservation, Context]:
    """The same where of failed pods of one index any may be the last one: it is chosen."""
    if not ctx.contested:
        return seen, ctx
    kept = tuple(of[choose(0, len(of) - 1)] for of in ctx.contested)
    seen = evolve(seen, kept=kept)
    return seen, sync_context(seen, variant)


def ready_pods(pods: SeenPods) -> int:
    """How many of them are ready. Go: countReadyPods"""
    return pods.where(lambda seen: seen.pod is not None and seen.pod.ready).total


def _new_finished(seen: JobObservation, listed: str, keep: Callable[[JobPod], bool]) -> SeenPods:
    """Pods that have ended and that the status does not know of. Go: getNewFinishedPods"""
    return seen.pods.where(
        lambda each: (
            each.pod is not None
            and each.tracked
            and each.listed != listed
            and valid_index(each.pod, seen.job.spec)
            and keep(each.pod)
        )
    )


def _counted(spec: JobSpec, pods: SeenPods) -> int:
    """Those that count against the back-off limit. Go: nonIgnoredFailedPodsCount"""
    return pods.where(
        lambda seen: (
            seen.pod is not None and match_pod_failure_policy(spec.pod_failure_policy, seen.pod)[0]
        )
    ).total


def _new_backoff(
    seen: JobObservation, succeeded: SeenPods, failed: SeenPods, variant: frozenset[str]
) -> bool:
    """Whether the delay runs, with what this sync sees. Go: newBackoffRecord, getRemainingTime"""
    fresh = any(each.pod is not None and not each.pod.waited for each in failed)
    if succeeded.total == 0:
        if failed.total == 0:
            return seen.backoff and "job-backoff-reset-by-finalizer-event" not in variant
        return fresh
    return failed.total > 0 and seen.failures_last and fresh


def _finished_condition(
    seen: JobObservation, ctx: Context, variant: frozenset[str]
) -> JobCondition | None:
    """Whether the Job is to end, and how; the first reason counts. Go: syncJob"""
    spec, conditions = seen.job.spec, seen.job.status.conditions
    met = find_condition(conditions, SUCCESS_CRITERIA_MET)
    if met is not None and met.status:
        return met
    target = find_condition(conditions, FAILURE_TARGET)
    if target is not None and target.status:
        return JobCondition(FAILED, True, target.reason)
    if _fails_job(spec, seen.pods):
        return JobCondition(FAILURE_TARGET, True, "PodFailurePolicy")
    failed = ctx.failed
    if "job-backoff-counted-by-requeues" in variant:
        failed = seen.requeues
    if failed > spec.backoff_limit or _past_backoff_limit_on_failure(spec, seen.pods):
        return JobCondition(FAILURE_TARGET, True, "BackoffLimitExceeded")
    if _past_active_deadline(seen):
        return JobCondition(FAILURE_TARGET, True, "DeadlineExceeded")
    if not spec.indexed:
        return None
    return _finished_by_indexes(spec, ctx)


def _finished_by_indexes(spec: JobSpec, ctx: Context) -> JobCondition | None:
    completions = spec.completions or 0
    if ctx.failed_indexes is not None:
        failed = len(ctx.failed_indexes)
        if spec.max_failed_indexes is not None and failed > spec.max_failed_indexes:
            return JobCondition(FAILURE_TARGET, True, "MaxFailedIndexesExceeded")
        if failed > 0 and failed + len(ctx.succeeded_indexes) >= completions:
            return JobCondition(FAILURE_TARGET, True, "FailedIndexes")
    if match_success_policy(spec.success_policy, completions, ctx.succeeded_indexes):
        return JobCondition(SUCCESS_CRITERIA_MET, True, "SuccessPolicy")
    return None


def _fails_job(spec: JobSpec, pods: SeenPods) -> bool:
    """Whether a failed pod ends the Job, also one that was counted before. Go: getFailJobMessage"""
    return any(
        seen.pod is not None
        and is_pod_failed(seen.pod, spec)
        and match_pod_failure_policy(spec.pod_failure_policy, seen.pod)[1] == "FailJob"
        for seen in pods
    )


def _past_active_deadline(seen: JobObservation) -> bool:
    """
    Whether activeDeadlineSeconds have gone; 0 seconds always have.

    Go: pastActiveDeadline, which the first sync asks after it has set the start time
    """
    deadline = seen.job.spec.active_deadline_seconds
    if deadline is None or seen.job.spec.suspend:
        return False
    return deadline == 0 or seen.past_deadline


def _past_backoff_limit_on_failure(spec: JobSpec, pods: SeenPods) -> bool:
    """Whether containers have restarted too often. Go: pastBackoffLimitOnFailure"""
    if spec.restart_policy != "OnFailure":
        return False
    restarts = sum(
        seen.pod.restarts * n
        for seen, n in pods.items()
        if seen.pod is not None and not seen.pod.ended
    )
    return restarts > 0 if spec.backoff_limit == 0 else restarts >= spec.backoff_limit


def arms_deadline(seen: JobObservation, ctx: Context, variant: frozenset[str]) -> bool:
    """Whether the key is to come back when the deadline has passed. Go: syncJob (AddAfter)"""
    spec = seen.job.spec
    armed_once = (
        "job-deadline-lost-on-controller-restart" in variant
        or "job-deadline-update-not-noticed" in variant
    )
    if armed_once and seen.job.status.start_time:
        return False
    ends = (is_condition_true(seen.job.status.conditions, each) for each in _ENDING)
    if any(ends):  # that is looked at before the deadline
        return False
    return (
        spec.active_deadline_seconds is not None
        and not spec.suspend
        and not _past_active_deadline(seen)
        and (ctx.finished is None or ctx.finished.reason in _AFTER_DEADLINE)
    )


_ENDING = (SUCCESS_CRITERIA_MET, FAILURE_TARGET)
_AFTER_DEADLINE = ("MaxFailedIndexesExceeded", "FailedIndexes", "SuccessPolicy")
"""Reasons that are looked for after the deadline, so that it is waited for nevertheless."""
