"""
How pods that ended are counted once: listed, without their finalizer, then in the counters.

:Go: kubernetes v1.36.3 pkg/controller/job/job_controller.go (trackJobStatusAndRemoveFinalizers,
    flushUncountedAndRemoveFinalizers, enactJobFinished)
:Docs: https://kubernetes.io/docs/concepts/workloads/controllers/job/#job-termination-and-cleanup
:Omits: a status of 500 uncounted pods, where the sync stops and is continued by the next.
"""

from collections.abc import Generator
from typing import Literal

from attrs import evolve, frozen

from .controller import Write
from .job_api import (
    COMPLETE,
    FAILED,
    FAILURE_TARGET,
    SUCCESS_CRITERIA_MET,
    JobCondition,
    JobPod,
    JobStatus,
    Seen,
    Uncounted,
    has_backoff_limit_per_index,
    is_pod_failed,
    with_condition,
)
from .job_context import Context, JobObservation
from .job_indexes import valid_index, without_failed
from .job_policies import match_pod_failure_policy

__all__ = [
    "MAX_UNCOUNTED_PODS",
    "Mark",
    "Marked",
    "Patches",
    "StatusWrite",
    "track_job_status_and_remove_finalizers",
]

MAX_UNCOUNTED_PODS = 500
"""With so many in its lists a status is full; rules do not stop there. Go: MaxUncountedPods"""

Mark = Literal["clean", "succeeded", "failed", "index", "release"]
"""
What a sync does with a pod.

- clean: the next status counts it and lists it no more;
- succeeded, failed: the next status lists it there, and then its finalizer is removed;
- index: the next status has its index among the completed ones, then its finalizer is removed;
- release: its finalizer is removed, and it is in no list.
"""
Marked = tuple[tuple[Seen, int, Mark], ...]
"""So many pods that look so, and what is done with them."""


@frozen(cache_hash=True)
class StatusWrite:
    """
    A status that is sent. `backoff` is what the controller remembers where it is accepted.

    `renews`: its start time is a new one. `listed_twice`: it has a UID in both lists.
    """

    status: JobStatus
    marks: Marked = ()
    backoff: bool | None = None
    renews: bool = False
    listed_twice: bool = False


@frozen(cache_hash=True)
class Patches:
    """Finalizers that are removed: how many of pods in each list, and of pods in none."""

    listed: Uncounted
    others: int
    marks: Marked = ()


@frozen
class _Tracking:
    """What becomes of pods that have ended."""

    marks: Marked
    listed: Uncounted
    """How many are listed once the status is accepted, all of which lose their finalizer then."""
    others: int
    stay: Uncounted
    """How many are listed and keep their finalizer."""
    cleaned: Uncounted
    new_indexes: tuple[int, ...]
    changed: bool
    listed_twice: bool


def track_job_status_and_remove_finalizers(
    seen: JobObservation,
    ctx: Context,
    status: JobStatus,
    needs_flush: bool,
    renews: bool,
    variant: frozenset[str] = frozenset(),
) -> Generator[Write, object, bool]:
    """Report, remove finalizers, report again. Gives whether all of it was done."""
    found = _track(seen, ctx, variant)
    new_indexes = found.new_indexes
    if "job-index-failed-and-completed" in variant:
        new_indexes = without_failed(new_indexes, seen.job.status)
    status, indexes_changed = _with_indexes(seen, ctx, status, new_indexes)
    status, final, interim = _with_interim_condition(ctx.finished, status)
    needs_flush = needs_flush or found.changed or indexes_changed or interim
    status = _listing(status, found)
    marks = found.marks
    if needs_flush:
        # With a back-off for each index, nobody asks for that of the Job.
        backoff = None if has_backoff_limit_per_index(seen.job.spec) else ctx.backoff
        sent = StatusWrite(status, marks, backoff, renews, found.listed_twice)
        if (yield Write("update status", "Job", value=sent, keeps=True)) != "applied":
            return False
        marks = ()
    failed = Uncounted()
    failures: object = (0, 0, 0)
    if found.listed.total + found.others:
        patches = Patches(found.listed, found.others, marks)
        failures = yield Write("patch", "Pod", value=patches)
        assert isinstance(failures, tuple)
        failed = Uncounted(failures[0], failures[1])
    counted = Uncounted(
        found.listed.succeeded - failed.succeeded, found.listed.failed - failed.failed
    )
    status = _counted(status, counted)
    flush_again = counted.total > 0
    if failures == (0, 0, 0) and final is not None and _may_finish(status):
        status = evolve(status, conditions=with_condition(status.conditions, final))
        flush_again = True
    if flush_again:
        sent = StatusWrite(status)
        if (yield Write("update status", "Job", value=sent)) != "applied":
            return False
    return failures == (0, 0, 0)


def _track(seen: JobObservation, ctx: Context, variant: frozenset[str]) -> _Tracking:
    marks: list[tuple[Seen, int, Mark]] = []
    cleaned, stay, new_indexes = Uncounted(), Uncounted(), set[int]()
    changed = twice = False
    for each, n in seen.pods.items():
        if not _tracked(each, variant):
            if each.listed:
                marks.append((each, n, "clean"))
                cleaned = _plus(cleaned, each.listed, n)
            continue
        assert each.pod is not None
        removable = n if _can_remove_finalizer(seen, ctx, each) else 0
        if removable and _is_delayed(seen, ctx, each):
            removable = n - 1
        if removable < n and each.listed:
            stay = _plus(stay, each.listed, n - removable)
        if not removable:
            continue
        mark, new = _mark(seen, ctx, each, variant)
        twice = twice or (bool(each.listed) and each.listed != mark)
        changed = changed or new
        if mark == "index" and each.pod.index is not None:
            new_indexes.add(each.pod.index)
        marks.append((each, removable, mark))
    return _Tracking(
        tuple(marks),
        Uncounted(_marked(marks, "succeeded"), _marked(marks, "failed")),
        _marked(marks, "release") + _marked(marks, "index"),
        stay,
        cleaned,
        tuple(sorted(new_indexes)),
        changed or cleaned.total > 0,
        twice,
    )


def _tracked(seen: Seen, variant: frozenset[str]) -> bool:
    if "job-pod-counted-twice" in variant:
        return seen.pod is not None and seen.pod.finalizer
    return seen.tracked


def _plus(to: Uncounted, listed: str, n: int) -> Uncounted:
    if listed == "succeeded":
        return evolve(to, succeeded=to.succeeded + n)
    return evolve(to, failed=to.failed + n)


def _marked(marks: list[tuple[Seen, int, Mark]], wanted: Mark) -> int:
    return sum(n for _, n, mark in marks if mark == wanted)


def _mark(
    seen: JobObservation, ctx: Context, each: Seen, variant: frozenset[str]
) -> tuple[Mark, bool]:
    """In which list a pod is to be that loses its finalizer, and whether it was not yet."""
    pod, spec = each.pod, seen.job.spec
    assert pod is not None
    if each.listed == "failed" and not (
        "job-pod-succeeds-after-counted-failed" in variant and pod.phase == "Succeeded"
    ):
        return "failed", False
    if pod.phase == "Succeeded":
        if spec.indexed:
            return ("index" if valid_index(pod, spec) else "release"), False
        return "succeeded", each.listed != "succeeded"
    failing = ctx.finished is not None and ctx.finished.type != SUCCESS_CRITERIA_MET
    counts, _ = match_pod_failure_policy(spec.pod_failure_policy, pod)
    if (is_pod_failed(pod, spec) or failing) and valid_index(pod, spec) and counts:
        return "failed", True
    return (each.listed or "release"), False


def _can_remove_finalizer(seen: JobObservation, ctx: Context, each: Seen) -> bool:
    """Whether a pod has ended, or its Job has. Go: canRemoveFinalizer"""
    assert each.pod is not None
    if seen.job.deleting or ctx.finished is not None or each.pod.phase == "Succeeded":
        return True
    return is_pod_failed(each.pod, seen.job.spec)


def _is_delayed(seen: JobObservation, ctx: Context, each: Seen) -> bool:
    """Whether one of these pods keeps its finalizer until it is replaced."""
    if seen.job.deleting or ctx.finished is not None or each.pod is None:
        return False
    pod: JobPod = each.pod
    if pod.phase == "Succeeded" or not has_backoff_limit_per_index(seen.job.spec):
        return False
    return pod.index is not None and (pod.index, each) in ctx.delayed


def _with_indexes(
    seen: JobObservation, ctx: Context, status: JobStatus, new: tuple[int, ...]
) -> tuple[JobStatus, bool]:
    if not seen.job.spec.indexed:
        return status, False
    valid = {each for each in new if each < (seen.job.spec.completions or 0)}
    indexes = tuple(sorted({*ctx.succeeded_indexes, *valid}))
    changed = (indexes, ctx.failed_indexes) != (status.completed_indexes, status.failed_indexes)
    after = evolve(
        status,
        succeeded=len(indexes),
        completed_indexes=indexes,
        failed_indexes=ctx.failed_indexes,
    )
    return after, changed


def _with_interim_condition(
    finished: JobCondition | None, status: JobStatus
) -> tuple[JobStatus, JobCondition | None, bool]:
    """The status with the condition that goes first, and the one that comes last."""
    if finished is None:
        return status, None, False
    if finished.type == FAILED:
        return status, finished, False
    final = COMPLETE if finished.type == SUCCESS_CRITERIA_MET else FAILED
    last = JobCondition(final, True, finished.reason)
    if finished in status.conditions:
        return status, last, False
    assert finished.type in (SUCCESS_CRITERIA_MET, FAILURE_TARGET)
    return evolve(status, conditions=(*status.conditions, finished)), last, True


def _listing(status: JobStatus, found: _Tracking) -> JobStatus:
    """The status that counts those without finalizer, and lists those that are to lose it."""
    listed = Uncounted(
        found.listed.succeeded + found.stay.succeeded, found.listed.failed + found.stay.failed
    )
    return _counted(
        evolve(
            status,
            uncounted=Uncounted(
                listed.succeeded + found.cleaned.succeeded, listed.failed + found.cleaned.failed
            ),
        ),
        found.cleaned,
    )


def _counted(status: JobStatus, counted: Uncounted) -> JobStatus:
    """The status after so many were moved to the counters. Go: cleanUncountedPods…"""
    return evolve(
        status,
        succeeded=status.succeeded + counted.succeeded,
        failed=status.failed + counted.failed,
        uncounted=Uncounted(
            status.uncounted.succeeded - counted.succeeded,
            status.uncounted.failed - counted.failed,
        ),
    )


def _may_finish(status: JobStatus) -> bool:
    """Whether nothing is left to be counted or to end. Go: enactJobFinished"""
    return status.uncounted.total == 0 and not status.terminating
