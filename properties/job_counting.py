"""What a Job promises about counting: each pod once, none lost, and nothing taken back."""

from collections.abc import Iterator

from seatrial.core import after_each_step, always, converges_to, sometimes
from seatrial.model import job_api

from .job_promise import (
    AFRESH,
    APART,
    COMPLETIONS,
    DEFAULT_REPLACEMENT,
    DISRUPTED,
    FRESH_LISTS,
    INDEXED,
    LAGGING,
    NO_SUCCESS_POLICY,
    NON_INDEXED,
    NOT_PER_INDEX,
    OURS,
    REMEMBERED,
    RUNS,
    SAME_COMPLETIONS,
    STAYS,
    STEADY,
    STORED,
    STRIPS,
    TRACKED,
    UNMIXED,
)
from .promise import Promise, does, under

__all__ = ["PROMISES"]

_DOCS = "https://kubernetes.io/docs/concepts/workloads/controllers/job/"
_KEP = (
    "https://github.com/kubernetes/enhancements/tree/master/keps/sig-apps/"
    "2307-job-tracking-without-lingering-pods"
)
_GO = "pkg/controller/job/job_controller.go"
_VALIDATION = "pkg/apis/batch/validation/validation.go ValidateJobStatusUpdate"


@under(FRESH_LISTS, where=[OURS])
@always(
    id="job-counts-each-pod-once",
    says="no pod is counted twice, even if the controller restarts between any two of its writes",
    source=_KEP,
)
def counts_each_pod_once(counted_twice: int) -> Iterator[str]:
    if counted_twice:
        yield f"{counted_twice} pods were counted twice"


@under(STAYS, TRACKED, SAME_COMPLETIONS, STORED, where=[OURS])
@always(
    id="job-no-success-lost",
    says="a pod that has succeeded before its finalizer was removed is counted, unless the"
    " controller had given it up",
    source=_KEP,
)
def no_success_lost(lost_unasked: int) -> Iterator[str]:
    """A pod is given up when its finalizer is removed because there are too many, or on suspend."""
    if lost_unasked:
        yield f"{lost_unasked} pods have succeeded, and nothing will count them"


@under(STAYS, TRACKED, SAME_COMPLETIONS, STORED, where=[OURS, NOT_PER_INDEX])
@converges_to(
    id="job-counts-once-in-the-end",
    says="in the end every pod that has succeeded is counted exactly once, unless the controller"
    " had given it up",
    source=_KEP,
)
def counted_in_the_end(ended_with_finalizer: int, lost_unasked: int, counted_twice: int) -> bool:
    """A failed pod may wait for its replacement where each index has a back-off."""
    return ended_with_finalizer + lost_unasked + counted_twice == 0


@under(LAGGING, does("suspend"), where=[OURS])
@always(
    id="job-every-success-counts",
    says="every pod that succeeds counts towards completions",
    source=_DOCS + "#suspending-a-job",
    expected="refuted",
)
def every_success_counts(lost_successes: int) -> Iterator[str]:
    if lost_successes:
        yield f"{lost_successes} pods have succeeded, and nothing will count them"


@under(STORED, where=[OURS])
@always(
    id="job-success-during-suspend-lost",
    says="a pod that the controller removes, as on suspend, never counts, however it ends",
    source=_DOCS + "#suspending-a-job",
)
def given_up_never_counts(counted_given_up: int) -> Iterator[str]:
    if counted_given_up:
        yield f"{counted_given_up} pods were removed and counted nevertheless"


def _complete(conditions: tuple[str, ...]) -> bool:
    return "Complete" in conditions


def _all_are_there(conditions: tuple[str, ...], completions: int | None) -> bool:
    return "Complete" in conditions and completions is not None


@under(NO_SUCCESS_POLICY, SAME_COMPLETIONS, STAYS, STEADY, where=[OURS, COMPLETIONS])
@always(
    id="seed-job-success-needs-all-completions",
    says="a Job is Complete only when as many pods have succeeded as completions ask for",
    source=_DOCS,
    premise=_all_are_there,
)
def complete_means_completions(status: job_api.JobStatus, completions: int) -> Iterator[str]:
    if status.succeeded < completions:
        yield f"the Job is Complete with {status.succeeded} successes of {completions}"


@under(NON_INDEXED, REMEMBERED, STAYS, STEADY, where=[OURS, COMPLETIONS])
@always(
    id="job-succeeded-exactly-completions",
    says="a Job that is Complete has exactly as many successes as completions ask for",
    source=f"{_GO} recordJobFinished (TooManySucceededPods)",
    premise=_all_are_there,
)
def exactly_completions(status: job_api.JobStatus, completions: int) -> Iterator[str]:
    if status.succeeded != completions:
        yield f"the Job is Complete with {status.succeeded} successes, {completions} were asked for"


def _both_there(counters: tuple[int, int] | None, counters_before: tuple[int, int] | None) -> bool:
    return counters is not None and counters_before is not None


@under(SAME_COMPLETIONS)
@after_each_step(
    id="job-suspend-keeps-completions",
    says="neither counter ever falls, whether the Job is suspended or the controller restarts",
    source=_VALIDATION,
    premise=_both_there,
)
def counters_never_fall(
    counters: tuple[int, int], counters_before: tuple[int, int]
) -> Iterator[str]:
    for name, now, before in zip(("succeeded", "failed"), counters, counters_before, strict=True):
        if now < before:
            yield f"{name} fell from {before} to {now}"


@under(where=[OURS])
@always(
    id="job-finished-is-counted",
    says="a finished Job has no pods left to be counted",
    source=_VALIDATION,
    premise=lambda job_state: job_state in ("Complete", "Failed"),
)
def finished_is_counted(status: job_api.JobStatus) -> Iterator[str]:
    if status.uncounted.total:
        yield f"the Job has finished, and lists {status.uncounted.total} pods as uncounted"


@under(OURS, DEFAULT_REPLACEMENT, DISRUPTED, RUNS, APART)
@sometimes(
    id="job-terminating-counted-failed",
    says="with the default policy a pod that is deleted counts as failed, even if it then succeeds",
    source=_DOCS + "#pod-replacement-policy",
)
def failed_and_succeeded(failed_that_succeeded: int) -> bool:
    return failed_that_succeeded > 0


# ---- indexes ----------------------------------------------------------------------------------


@under(INDEXED, NO_SUCCESS_POLICY, SAME_COMPLETIONS, where=[OURS])
@always(
    id="job-complete-has-all-indexes",
    says="an Indexed Job is Complete only when each of its indexes has succeeded",
    source=_DOCS + "#completion-mode",
    premise=_complete,
)
def complete_has_all_indexes(completed_indexes: tuple[int, ...], completions: int) -> Iterator[str]:
    if completed_indexes != tuple(range(completions)):
        yield f"the Job is Complete; of {completions} indexes these succeeded: {completed_indexes}"


@under(SAME_COMPLETIONS, where=[OURS, INDEXED])
@after_each_step(
    id="job-completed-indexes-stay",
    says="an index that has succeeded stays so",
    source=_KEP,
    premise=lambda completed_indexes_before, counters: (
        bool(completed_indexes_before) and counters is not None
    ),
)
def completed_indexes_stay(
    completed_indexes: tuple[int, ...], completed_indexes_before: tuple[int, ...]
) -> Iterator[str]:
    gone = {*completed_indexes_before} - {*completed_indexes}
    if gone:
        yield f"indexes {sorted(gone)} had succeeded, and are not completed any more"


@under(INDEXED, does("set-completions", 2), where=[OURS])
@after_each_step(
    id="job-elastic-index-restarts",
    says="an index that has succeeded never runs again",
    source="https://github.com/kubernetes/enhancements/tree/master/keps/sig-apps/"
    "3715-elastic-indexed-job",
    expected="refuted",
    premise=lambda counters: counters is not None,
)
def no_index_is_forgotten(
    completed_indexes: tuple[int, ...], completed_indexes_before: tuple[int, ...]
) -> Iterator[str]:
    """What is not in the status any more is run again when completions are raised."""
    gone = {*completed_indexes_before} - {*completed_indexes}
    if gone:
        yield f"indexes {sorted(gone)} had succeeded, and are forgotten"


@under(where=[INDEXED])
@always(
    id="job-indexes-disjoint",
    says="no index has both succeeded and failed",
    source=_VALIDATION,
    premise=lambda completed_indexes, failed_indexes: bool(completed_indexes or failed_indexes),
)
def indexes_disjoint(
    completed_indexes: tuple[int, ...], failed_indexes: tuple[int, ...]
) -> Iterator[str]:
    both = {*completed_indexes} & {*failed_indexes}
    if both:
        yield f"indexes {sorted(both)} are completed and failed"


# ---- in the end -------------------------------------------------------------------------------


@under(STRIPS, UNMIXED, AFRESH, where=[OURS])
@converges_to(
    id="job-finalizer-not-leaked",
    says="in the end no pod of a Job that has finished or is gone has the tracking finalizer, and"
    " none that has ended where the Job is about to finish",
    source=_KEP,
)
def finalizers_go(job_state: str, with_finalizer: int, ended_with_finalizer: int) -> bool:
    if job_state in ("Complete", "Failed", "gone"):
        return with_finalizer == 0
    return job_state in ("running", "suspended") or ended_with_finalizer == 0


PROMISES: tuple[Promise, ...] = (
    counts_each_pod_once,
    no_success_lost,
    counted_in_the_end,
    every_success_counts,
    given_up_never_counts,
    complete_means_completions,
    exactly_completions,
    counters_never_fall,
    finished_is_counted,
    failed_and_succeeded,
    complete_has_all_indexes,
    completed_indexes_stay,
    no_index_is_forgotten,
    indexes_disjoint,
    finalizers_go,
)
