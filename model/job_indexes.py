"""
Which indexes of an Indexed Job have succeeded, have failed, and are to be started next.

:Go: kubernetes v1.36.3 pkg/controller/job/indexed_job_utils.go
:Docs: https://kubernetes.io/docs/concepts/workloads/controllers/job/#completion-mode
:Omits: pods without an index or with one that is no number; annotations of failure counts that
    somebody has changed; when pods failed, but for the order of failure counts.
"""

from collections.abc import Callable

from seatrial.core import Population

from .controller import numbers_below
from .job_api import (
    JobPod,
    JobSpec,
    JobStatus,
    Seen,
    SeenPods,
    is_active,
    is_pod_failed,
    is_terminating,
    only_replace_failed_pods,
)
from .job_policies import match_pod_failure_policy

__all__ = [
    "calculate_failed_indexes",
    "calculate_succeeded_indexes",
    "duplicated_index_pods",
    "first_pending_indexes",
    "get_new_index_failure_counts",
    "pods_with_delayed_deletion",
    "valid_index",
    "without_failed",
]


def valid_index(pod: JobPod, spec: JobSpec) -> bool:
    """Whether the pod's index is one of the Job's, or it needs none."""
    if not spec.indexed:
        return True
    return pod.index is not None and pod.index < (spec.completions or 0)


def calculate_succeeded_indexes(
    spec: JobSpec, status: JobStatus, pods: SeenPods
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Indexes that had succeeded before, and those that have now. Go: calculateSucceededIndexes"""
    before = tuple(each for each in status.completed_indexes if each < (spec.completions or 0))
    new = {
        seen.pod.index
        for seen in pods
        if seen.pod is not None
        and seen.pod.phase == "Succeeded"
        and seen.pod.finalizer
        and seen.pod.index is not None
        and valid_index(seen.pod, spec)
    }
    return before, tuple(sorted({*before, *new}))


def without_failed(indexes: tuple[int, ...], status: JobStatus) -> tuple[int, ...]:
    """Those that no status has called failed; nothing upstream leaves the others out."""
    return tuple(each for each in indexes if each not in (status.failed_indexes or ()))


def calculate_failed_indexes(spec: JobSpec, status: JobStatus, pods: SeenPods) -> tuple[int, ...]:
    """Indexes that have failed for good. Go: calculateFailedIndexes"""
    before = (each for each in status.failed_indexes or () if each < (spec.completions or 0))
    new = {
        seen.pod.index
        for seen in pods
        if seen.pod is not None
        and seen.pod.index is not None
        and seen.pod.finalizer
        and valid_index(seen.pod, spec)
        and _index_failed(spec, seen.pod)
    }
    return tuple(sorted({*before, *new}))


def _index_failed(spec: JobSpec, pod: JobPod) -> bool:
    """Go: isIndexFailed"""
    if not is_pod_failed(pod, spec):
        return False
    counts, action = match_pod_failure_policy(spec.pod_failure_policy, pod)
    if action == "FailIndex":
        return True
    return counts and pod.failure_count >= (spec.backoff_limit_per_index or 0)


def pods_with_delayed_deletion(
    spec: JobSpec,
    pods: SeenPods,
    succeeded: tuple[int, ...],
    failed: tuple[int, ...],
) -> tuple[tuple[int, tuple[Seen, ...]], ...]:
    """
    For each index that is to be tried again the last failed pod: its annotations hold the count.

    Of several it is the one that failed more often and later. Where no pod is both it depends on
    the order in which the cache lists them, so any may be it that none surpasses in both.
    Go: getPodsWithDelayedDeletionPerIndex
    """
    active = {seen.pod.index for seen in pods if seen.pod is not None and is_active(seen)}
    found: dict[int, list[Seen]] = {}
    for seen in pods:
        pod = seen.pod
        if pod is None or not seen.tracked or pod.index is None or not valid_index(pod, spec):
            continue
        if not is_pod_failed(pod, spec) or pod.index in {*succeeded, *failed, *active}:
            continue
        found.setdefault(pod.index, []).append(seen)
    return tuple((index, _last(found[index])) for index in sorted(found))


def _last(failed: list[Seen]) -> tuple[Seen, ...]:
    """Those that none surpasses; what is known of when a pod failed is whether it has waited."""

    def surpassed(seen: Seen) -> bool:
        return _waited(seen) and any(
            not _waited(other) and _failures(other) >= _failures(seen) for other in failed
        )

    left = [seen for seen in failed if not surpassed(seen)]
    return tuple(sorted(left, key=_failures, reverse=True))


def _failures(seen: Seen) -> int:
    assert seen.pod is not None
    return seen.pod.failure_count + seen.pod.ignored_failure_count


def _waited(seen: Seen) -> bool:
    assert seen.pod is not None
    return seen.pod.waited


def get_new_index_failure_counts(spec: JobSpec, replaced: JobPod | None) -> tuple[int, int]:
    """The failure counts of a pod that replaces this one. Go: getNewIndexFailureCounts"""
    if replaced is None:
        return 0, 0
    counts, _ = match_pod_failure_policy(spec.pod_failure_policy, replaced)
    if counts:
        return replaced.failure_count + 1, replaced.ignored_failure_count
    return replaced.failure_count, replaced.ignored_failure_count + 1


def first_pending_indexes(
    spec: JobSpec,
    pods: SeenPods,
    succeeded: tuple[int, ...],
    failed: tuple[int, ...],
    count: int,
) -> tuple[int, ...]:
    """The lowest indexes that are neither done nor under way. Go: firstPendingIndexes"""
    taken: set[int | None] = {*succeeded, *failed}
    taken |= {seen.pod.index for seen in pods if seen.pod is not None and is_active(seen)}
    if only_replace_failed_pods(spec):
        taken |= {seen.pod.index for seen in pods if seen.pod is not None and is_terminating(seen)}
    free = (each for each in numbers_below(spec.completions or 0) if each not in taken)
    return tuple(each for each, _ in zip(free, numbers_below(count), strict=False))


def duplicated_index_pods(
    active: SeenPods,
    completions: int,
    first: Callable[[SeenPods, int], SeenPods],
) -> SeenPods:
    """
    Active pods whose index is none of the Job's, and of several with one index all but one.

    `first` takes so many in the order in which pods are deleted. Go:
    appendDuplicatedIndexPodsForRemoval
    """
    found: SeenPods = active.where(
        lambda seen: seen.pod is not None and (seen.pod.index or 0) >= completions
    )
    for index in numbers_below(completions):
        alike: SeenPods = active.where(
            lambda seen, index=index: seen.pod is not None and seen.pod.index == index  # type: ignore[misc]
        )
        if alike.total > 1:
            found = found + first(alike, alike.total - 1)
    return Population(found.items())
