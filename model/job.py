"""
The Job controller's sync: how many pods there are to be, and what has come of those that ended.

:Go: kubernetes v1.36.3 pkg/controller/job/job_controller.go
:Docs: https://kubernetes.io/docs/concepts/workloads/controllers/job/
:Omits: adoption of pods, but that it fails where a Job is being deleted, and their release; a
    namespace that is being deleted; more than 500 pods of repeated indexes; Workloads and
    PodGroups.

What a sync knows it is given as `JobObservation`. It yields its writes:

- `create`: one batch of the slow start; the answer is how many failed;
- `delete`: active pods of a Job that ends; how many failed;
- `remove`: active pods that are too many: their finalizer, then they. The answer is how many are
  still there, and how many ready ones were not told apart from those that stay;
- `update status`: what is reported, and which pods it is about (`StatusWrite`);
- `patch`: finalizers of pods that have ended; how many failed, by the list they are in.
"""

from collections.abc import Callable
from typing import Any

from attrs import evolve, frozen

from seatrial.core import Population
from seatrial.core.arith import maximum, minimum, total

from .controller import Done, Sync, Write
from .controller_utils import SLOW_START_INITIAL_BATCH_SIZE
from .job_api import (
    SUCCESS_CRITERIA_MET,
    SUSPENDED,
    Job,
    JobCondition,
    JobPod,
    JobSpec,
    JobStatus,
    Seen,
    SeenPods,
    has_backoff_limit_per_index,
    only_replace_failed_pods,
    started,
    with_condition,
)
from .job_context import Context, JobObservation, ready_pods, sync_context
from .job_indexes import (
    duplicated_index_pods,
    first_pending_indexes,
    get_new_index_failure_counts,
)
from .job_tracking import track_job_status_and_remove_finalizers

__all__ = [
    "MAX_POD_CREATE_DELETE_PER_SYNC",
    "Creation",
    "active_pods_for_removal",
    "missing_pods",
    "sync_job",
]

MAX_POD_CREATE_DELETE_PER_SYNC = 500
"""How many pods one sync creates, or removes, at most. Go: MaxPodCreateDeletePerSync"""


@frozen(cache_hash=True)
class Creation:
    """
    The pods of one batch, so many of each; with the first it says how many all batches have.

    >>> [n for _, n in Creation(((JobPod(), 3),)).without(JobPod()).counts]
    [2]
    """

    counts: tuple[tuple[JobPod, int], ...]
    expect: int = 0

    @property
    def pods(self) -> tuple[JobPod, ...]:
        """Each of them. They are counted, so that a rule need not know how many there are."""
        return tuple(pod for pod, n in self.counts for _ in range(n))

    def without(self, pod: JobPod) -> "Creation":
        """What is left of the batch once one pod was asked for."""
        left = ((each, n - 1 if each == pod else n) for each, n in self.counts)
        return Creation(tuple((each, n) for each, n in left if n > 0))


# ---- which pods are too many ------------------------------------------------------------------


def _want_active(spec: JobSpec, ctx: Context) -> int:
    if spec.completions is None:
        return ctx.active.total if ctx.succeeded > 0 else spec.parallelism
    return maximum(0, minimum(spec.completions - ctx.succeeded, spec.parallelism))


def missing_pods(spec: JobSpec, ctx: Context, variant: frozenset[str] = frozenset()) -> int:
    """How many pods are to be created; 0 or less where there are enough. Go: manageJob"""
    terminating = ctx.terminating if only_replace_failed_pods(spec) else 0
    if "job-replacement-created-while-old-terminates" in variant:
        terminating = 0
    return _want_active(spec, ctx) - terminating - ctx.active.total


def active_pods_for_removal(
    seen: JobObservation, ctx: Context, pick: Callable[[SeenPods, int], SeenPods]
) -> SeenPods:
    """
    The active pods that `manage_job` removes; `pick` chooses among those that rank alike.

    A suspended Job's go all at once. Go: manageJob, activePodsForRemoval
    """
    spec = seen.job.spec
    if ctx.finished is not None or not seen.satisfied or seen.job.deleting:
        return Population()
    if spec.suspend:
        return ctx.active
    surplus = maximum(0, ctx.active.total - _want_active(spec, ctx))
    surplus = minimum(surplus, MAX_POD_CREATE_DELETE_PER_SYNC)
    found: SeenPods = Population()
    if spec.indexed:
        found = duplicated_index_pods(
            ctx.active, spec.completions or 0, lambda pods, n: _first(pods, n, pick)
        )
    more = surplus - found.total
    return found + _first(ctx.active - found, more, pick) if more > 0 else found


def _first(pods: SeenPods, n: int, pick: Callable[[SeenPods, int], SeenPods]) -> SeenPods:
    """
    So many in the order in which active pods are deleted. Go: ActivePods

    Of pods that run the one that became ready last comes first, whatever it restarted, and of those
    that wait one without a node; here it may be any.
    """
    found: SeenPods = Population()
    for rank in sorted({_rank(seen) for seen in pods}):
        alike: SeenPods = pods.where(lambda seen, rank=rank: _rank(seen) == rank)  # type: ignore[misc]
        take = minimum(alike.total, n - found.total)
        found = found + (alike if take == alike.total else pick(alike, take))
    return found


def _rank(seen: Seen) -> bool:
    assert seen.pod is not None
    return seen.pod.phase == "Running"


# ---- the sync ---------------------------------------------------------------------------------


def sync_job(
    seen: JobObservation, surplus: SeenPods, variant: frozenset[str] = frozenset()
) -> Sync:
    """
    One sync of a Job, from where its pods are listed. `surplus` are the pods that are too many.

    Go: syncJob
    """
    job = seen.job
    ctx = sync_context(seen, variant)
    status = started(job.status, job.status.start_time or not job.spec.suspend)
    active, failed, later, suspend_changed, renews = ctx.active.total, False, False, False, False
    if ctx.finished is not None:
        failures: int = 0
        if active:
            failures = yield Write("delete", "Pod", value=ctx.active)
        deleted = active - failures
        known = seen.satisfied or "job-finished-before-seeing-own-pods" in variant
        finished = ctx.finished if deleted == active and known else None
        ctx = evolve(ctx, finished=finished, terminating=ctx.terminating + deleted, ready=0)
        active, failed = failures, failures > 0
    else:
        managed = seen.satisfied and not job.deleting
        if managed:
            active, failed, later, ctx = yield from _manage_job(seen, ctx, surplus, variant)
        if _complete(job.spec, ctx.succeeded, active):
            if "job-suspended-refused-without-start-time" in variant:
                status = started(status, True)
            condition = JobCondition(SUCCESS_CRITERIA_MET, True, "CompletionsReached")
            ctx = evolve(ctx, finished=condition)
        elif managed:
            status, suspend_changed, renews = _suspended(job, status, seen.clears_start_time)
    old = job.status
    needs_flush = suspend_changed or (active, ctx.ready) != (old.active, old.ready)
    if "job-terminating-counter-not-updated-alone" not in variant:
        needs_flush = needs_flush or ctx.terminating != old.terminating
    status = evolve(status, active=active, ready=ctx.ready, terminating=ctx.terminating)
    told = yield from track_job_status_and_remove_finalizers(
        seen, ctx, status, needs_flush, renews, variant
    )
    again = not told or failed
    return Done(retry=again, later=later, failed=again)


def _complete(spec: JobSpec, succeeded: int, active: int) -> bool:
    if active > 0:
        return False
    return succeeded > 0 if spec.completions is None else succeeded >= spec.completions


def _suspended(job: Job, status: JobStatus, clears: bool) -> tuple[JobStatus, bool, bool]:
    """The status that says whether the Job is suspended, whether it did not, and a new start."""
    if job.spec.suspend:
        wanted = JobCondition(SUSPENDED, True, "JobSuspended")
    else:
        wanted = JobCondition(SUSPENDED, False, "JobResumed")
    conditions = with_condition(status.conditions, wanted)
    if conditions == status.conditions:
        return status, False, False
    status = evolve(status, conditions=conditions)
    if job.spec.suspend:
        return started(status, status.start_time and not clears), True, False
    return started(status, True), True, True


def _manage_job(
    seen: JobObservation, ctx: Context, surplus: SeenPods, variant: frozenset[str]
) -> Any:
    """
    Remove pods that are too many, or create those that are missing, and never both.

    Gives how many are active then, whether a request failed, whether to come back when the back-off
    is over, and the counts. Go: manageJob
    """
    spec, active = seen.job.spec, ctx.active.total
    if surplus.total:
        stay, ready_left = yield Write("remove", "Pod", value=surplus)
        removed = surplus.total - stay
        ready = ctx.ready - (ready_pods(surplus) - ready_left)
        ctx = evolve(ctx, ready=ready, terminating=ctx.terminating + removed)
        return active - removed, stay > 0, False, ctx
    if spec.suspend:
        return active, False, False, ctx
    diff = missing_pods(spec, ctx, variant)
    if diff <= 0:
        return active, False, False, ctx
    waiting = 0 if "job-active-zero-during-backoff" in variant else active
    if not has_backoff_limit_per_index(spec) and ctx.backoff:
        return waiting, False, True, ctx
    diff = minimum(diff, MAX_POD_CREATE_DELETE_PER_SYNC)
    pods = _pods_to_create(seen, ctx, diff)
    if not pods and has_backoff_limit_per_index(spec) and _pending(seen, ctx, diff):
        return waiting, False, True, ctx
    created, batch_size, missing = 0, SLOW_START_INITIAL_BATCH_SIZE, total(n for _, n in pods)
    while created < missing:
        batch = _batch(pods, created, batch_size)
        size, expect = total(n for _, n in batch), 0 if batch_size > 1 else missing
        failures = yield Write("create", "Pod", value=Creation(batch, expect), batch=size)
        if failures:
            left = missing - created - size
            if left:
                yield Write("expect fewer", "Pod", value=left)
            return active + created + size - failures, True, False, ctx
        created, batch_size = created + size, 2 * batch_size
    return active + created, False, False, ctx


def _batch(
    pods: tuple[tuple[JobPod, int], ...], created: int, size: int
) -> tuple[tuple[JobPod, int], ...]:
    """The next pods, that many at most: of an index there is one, and others are all alike."""
    if len(pods) == 1:
        ((pod, n),) = pods
        return ((pod, minimum(size, n - created)),)
    return pods[created : created + size]


def _pending(seen: JobObservation, ctx: Context, count: int) -> tuple[int, ...]:
    return first_pending_indexes(
        seen.job.spec, seen.pods, ctx.succeeded_indexes, ctx.failed_indexes or (), count
    )


def _pods_to_create(
    seen: JobObservation, ctx: Context, count: int
) -> tuple[tuple[JobPod, int], ...]:
    """The pods that are missing; of indexes in back-off none. Go: getPodCreationInfo…"""
    spec = seen.job.spec
    if not spec.indexed:
        return ((JobPod(), count),)
    pods = []
    for index in _pending(seen, ctx, count):
        replaced = dict(ctx.delayed).get(index)
        failed = None if replaced is None else replaced.pod
        if has_backoff_limit_per_index(spec) and failed is not None and not failed.waited:
            continue
        counted, ignored = get_new_index_failure_counts(spec, failed)
        if not has_backoff_limit_per_index(spec):
            counted, ignored = 0, 0
        pod = JobPod(index=index, failure_count=counted, ignored_failure_count=ignored)
        pods.append((pod, 1))
    return tuple(pods)
