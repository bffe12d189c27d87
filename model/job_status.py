"""
Which statuses of a Job the API server refuses.

:Go: kubernetes v1.36.3 pkg/registry/batch/job/strategy.go (getStatusValidationOptions);
    pkg/apis/batch/validation/validation.go (validateJobStatus, ValidateJobStatusUpdate)
:Docs: https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/job-v1/#JobStatus
:Omits: completionTime, which is there with Complete here; malformed lists of indexes; repeated UIDs
    within one list.

A status that is refused is lost as a whole. Most checks are made only where what they are about has
changed, so that a status that is bad already can still be written.
"""

from collections.abc import Iterator

from .job_api import (
    COMPLETE,
    FAILED,
    FAILURE_TARGET,
    SUCCESS_CRITERIA_MET,
    SUSPENDED,
    Job,
    JobStatus,
    find_condition,
    is_condition_true,
    is_job_finished,
)

__all__ = ["refusals"]


def refusals(old: Job, new: JobStatus, listed_twice: bool = False) -> tuple[str, ...]:
    """
    Why this status of a Job is refused: the field and what is wrong; none where it is accepted.

    `listed_twice` says that a UID is in both lists of uncountedTerminatedPods.
    """
    before = old.status
    if listed_twice:
        return ("status.uncountedTerminatedPods: duplicate", *_all(old, before, new))
    return tuple(_all(old, before, new))


def _all(old: Job, before: JobStatus, new: JobStatus) -> Iterator[str]:
    yield from _counts(old, before, new)
    yield from _conditions(old, before, new)
    yield from _finished(old, before, new)
    yield from _indexes(old, before, new)


def _true(status: JobStatus, type: str) -> bool:
    return is_condition_true(status.conditions, type)


def _changed(before: JobStatus, new: JobStatus, *types: str) -> bool:
    return any(_true(before, type) != _true(new, type) for type in types)


def _counts(old: Job, before: JobStatus, new: JobStatus) -> Iterator[str]:
    counts = {
        "active": new.active,
        "succeeded": new.succeeded,
        "failed": new.failed,
        "ready": new.ready,
        "terminating": new.terminating,
    }
    for name, count in counts.items():
        if (count or 0) < 0:
            yield f"status.{name}: less than 0"
    touched = (before.ready, before.active) != (new.ready, new.active)
    if touched and new.ready is not None and new.ready > new.active:
        yield "status.ready: more than active"
    if new.failed < before.failed:
        yield "status.failed: decreased"
    # An elastic Job may forget indexes that it has no more.
    elastic = old.spec.indexed and old.spec.completions == old.spec.parallelism
    if not elastic and new.succeeded < before.succeeded:
        yield "status.succeeded: decreased"


def _conditions(old: Job, before: JobStatus, new: JobStatus) -> Iterator[str]:
    complete, failed = _true(new, COMPLETE), _true(new, FAILED)
    target, met = _true(new, FAILURE_TARGET), _true(new, SUCCESS_CRITERIA_MET)
    where = "status.conditions: "
    if _changed(before, new, COMPLETE, FAILED) and complete and failed:
        yield where + "Complete and Failed"
    if _changed(before, new, COMPLETE, FAILURE_TARGET) and complete and target:
        yield where + "Complete and FailureTarget"
    index_change = before.failed_indexes != new.failed_indexes
    if (_changed(before, new, FAILED) or index_change) and failed and not target:
        yield where + "Failed without FailureTarget"
    if _changed(before, new, COMPLETE, SUCCESS_CRITERIA_MET) and complete and not met:
        yield where + "Complete without SuccessCriteriaMet"
    if met and failed:
        yield where + "SuccessCriteriaMet and Failed"
    if met and target:
        yield where + "SuccessCriteriaMet and FailureTarget"
    if old.spec.success_policy is not None and complete and not met:
        yield where + "Complete without SuccessCriteriaMet, with a success policy"
    for type in (FAILED, COMPLETE, FAILURE_TARGET, SUCCESS_CRITERIA_MET):
        if _true(before, type) and not _true(new, type):
            yield f"{where}{type} is taken back"
    if _true(before, COMPLETE) and not _true(before, SUCCESS_CRITERIA_MET) and met:
        yield where + "SuccessCriteriaMet after Complete"


def _finished(old: Job, before: JobStatus, new: JobStatus) -> Iterator[str]:
    finished = is_job_finished(new)
    ends = is_job_finished(before) != finished
    if (ends or before.active != new.active) and finished and new.active > 0:
        yield "status.active: more than 0 in a finished Job"
    moved = ends or before.terminating != new.terminating
    if moved and finished and new.terminating is not None and new.terminating > 0:
        yield "status.terminating: more than 0 in a finished Job"
    if (ends or before.uncounted != new.uncounted) and finished and new.uncounted.total > 0:
        yield "status.uncountedTerminatedPods: not empty in a finished Job"
    dated = before.start_time != new.start_time
    exempt = old.spec.suspend and old.spec.completions == 0
    if (ends or dated) and not exempt and finished and not new.start_time:
        yield "status.startTime: missing in a finished Job"
    was = find_condition(before.conditions, SUSPENDED)
    now = find_condition(new.conditions, SUSPENDED)
    resumes = was is not None and was.status and now is not None and not now.status
    if dated and not resumes and before.start_time and not old.spec.suspend:
        yield "status.startTime: changed while not suspended"


def _indexes(old: Job, before: JobStatus, new: JobStatus) -> Iterator[str]:
    completed = before.completed_indexes != new.completed_indexes
    failed = before.failed_indexes != new.failed_indexes
    most = old.spec.completions or 0
    if completed and new.completed_indexes and not old.spec.indexed:
        yield "status.completedIndexes: the Job is NonIndexed"
    if completed and any(each >= most for each in new.completed_indexes):
        yield "status.completedIndexes: not below completions"
    if failed and new.failed_indexes is not None and old.spec.backoff_limit_per_index is None:
        yield "status.failedIndexes: there is no backoffLimitPerIndex"
    if failed and any(each >= most for each in new.failed_indexes or ()):
        yield "status.failedIndexes: not below completions"
    if (failed or completed) and {*new.completed_indexes} & {*(new.failed_indexes or ())}:
        yield "status.failedIndexes: overlaps completedIndexes"
