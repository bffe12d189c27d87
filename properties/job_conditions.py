"""What a Job promises about its conditions, its end, and what is left of it."""

from collections.abc import Iterator

from seatrial.core import after_each_step, always, converges_to, no_hot_loop
from seatrial.model import job_api

from .job_promise import (
    COMPLETIONS,
    DEADLINE,
    INDEXED,
    KEEPS_TTL,
    LOSES_START,
    NODES_GO,
    NOT_SUSPENDED,
    ONE_CHANGE,
    OURS,
    PER_INDEX,
    RUNS_ONCE,
    SAME_COMPLETIONS,
    SAME_DEADLINE,
    STAYS,
    STORED,
    STRIPS,
    TRACKED,
    TTL,
    UNBROKEN,
    UNMIXED,
    never,
    spec_has,
)
from .promise import (
    ATOMIC,
    INTERLEAVED,
    Precondition,
    Promise,
    deleted,
    does,
    under,
    without,
)

__all__ = ["PROMISES"]

_DOCS = "https://kubernetes.io/docs/concepts/workloads/controllers/job/"
_KEPS = "https://github.com/kubernetes/enhancements/tree/master/keps/sig-apps/"
_GO = "pkg/controller/job/job_controller.go"
_VALIDATION = "pkg/apis/batch/validation/validation.go validateJobStatus"

_SUCCESS_POLICY = spec_has("there is a successPolicy", lambda spec: spec.success_policy is not None)
_NO_MOST_FAILED = spec_has(
    "backoffLimitPerIndex is set and maxFailedIndexes is not",
    lambda spec: spec.backoff_limit_per_index is not None and spec.max_failed_indexes is None,
)
_ANSWERED = never("no request fails", "write-failure", "write-unknown")

_ON_TIME = Precondition(
    "the deadline does not pass in the midst of a sync that waits to write: no `--clock slow`, or"
    " lag 0",
    lambda spec, around: around.slow == 0 or around.lag == 0,
)

_ENDS = ("Complete", "Failed")


def _finished(job_state: str) -> bool:
    return job_state in _ENDS


# ---- conditions -------------------------------------------------------------------------------


@under()
@after_each_step(
    id="job-failure-is-final",
    says="a Job that has finished stays as it has finished",
    source=_DOCS + "#terminal-job-conditions",
    premise=lambda job_state_before: job_state_before in _ENDS,
)
def finished_is_final(job_state: str, job_state_before: str) -> Iterator[str]:
    if job_state not in (job_state_before, "gone"):
        yield f"the Job was {job_state_before}, and is {job_state}"


@under()
@always(
    id="job-one-end",
    says="a Job is never Complete and Failed, nor on its way to both",
    source=_VALIDATION,
)
def one_end(conditions: tuple[str, ...]) -> Iterator[str]:
    for one, other in (("Complete", "Failed"), ("SuccessCriteriaMet", "FailureTarget")):
        if one in conditions and other in conditions:
            yield f"the Job is {one} and {other}"


@under()
@after_each_step(
    id="job-success-never-becomes-failure",
    says="once SuccessCriteriaMet is set a Job does not fail any more",
    source=_KEPS + "3998-job-success-completion-policy",
    premise=lambda conditions_before: "SuccessCriteriaMet" in conditions_before,
)
def success_stays(conditions: tuple[str, ...]) -> Iterator[str]:
    if "Failed" in conditions or "FailureTarget" in conditions:
        yield f"after SuccessCriteriaMet the Job has {', '.join(conditions)}"


@under(STORED, STAYS, where=[OURS])
@always(
    id="job-terminal-after-pods-end",
    says="a Job is Complete or Failed only after all of its pods have ended",
    source=_DOCS + "#termination-of-job-pods",
    premise=_finished,
)
def terminal_after_pods(active: int, terminating: int) -> Iterator[str]:
    if active + terminating:
        yield f"the Job has finished; {active} pods are active and {terminating} terminating"


@under(_SUCCESS_POLICY, where=[OURS])
@always(
    id="job-complete-after-removal-issued",
    says="Complete is set as soon as the lingering pods are asked to go",
    source=_DOCS + "#success-policy",
    premise=lambda conditions: "SuccessCriteriaMet" in conditions,
    expected="refuted",
)
def complete_at_once(
    conditions: tuple[str, ...], active: int, terminating: int, at_rest: bool
) -> Iterator[str]:
    if at_rest and active == 0 and terminating and "Complete" not in conditions:
        yield f"SuccessCriteriaMet is set, {terminating} pods terminate; Complete is not set"


@under(NOT_SUSPENDED, UNMIXED, ONE_CHANGE, TRACKED, STORED, where=[OURS, INTERLEAVED])
@always(
    id="job-status-is-accepted",
    says="the API server refuses no status that the controller sends on what is so",
    source=_VALIDATION,
    premise=lambda status_write_due: status_write_due,
)
def status_is_accepted(refused: str, job_stale: bool) -> Iterator[str]:
    """
    A pod that is too many, ran, and is gone when its finalizer is to be removed still counts as
    ready, and no more as active. Go: deleteJobPods, RejectMoreReadyThanActivePods
    """
    if refused and not job_stale:
        yield f"the next status will be refused: {refused}"


# ---- indexes ----------------------------------------------------------------------------------


@under(SAME_COMPLETIONS, where=[OURS, PER_INDEX])
@always(
    id="job-per-index-independent",
    says="a Job fails for its failed indexes only when each index is decided",
    source=_KEPS + "3850-backoff-limits-per-index-for-indexed-jobs",
    premise=lambda reason: reason == "FailedIndexes",
)
def each_index_is_decided(
    completed_indexes: tuple[int, ...], failed_indexes: tuple[int, ...], completions: int
) -> Iterator[str]:
    if len(completed_indexes) + len(failed_indexes) < completions:
        yield (
            f"the Job fails; of {completions} indexes {list(completed_indexes)} have succeeded and"
            f" {list(failed_indexes)} failed"
        )


@under(_NO_MOST_FAILED, INDEXED, does("container-exit"), where=[OURS])
@always(
    id="job-per-index-null-completes",
    says="without maxFailedIndexes a Job ends Complete although indexes have failed",
    source=_KEPS + "3850-backoff-limits-per-index-for-indexed-jobs",
    premise=_finished,
    expected="refuted",
)
def failed_indexes_do_not_fail(job_state: str, failed_indexes: tuple[int, ...]) -> Iterator[str]:
    if failed_indexes and job_state == "Failed":
        yield f"indexes {list(failed_indexes)} have failed, and so has the Job"


# ---- deadline ---------------------------------------------------------------------------------


@under(ATOMIC, SAME_DEADLINE, _ON_TIME, where=[OURS, DEADLINE])
@after_each_step(
    id="job-deadline-precedence",
    says="no pod is created after activeDeadlineSeconds, whatever backoffLimit says",
    source=_DOCS + "#job-termination-and-cleanup",
    premise=lambda deadline_before, status_before: (
        deadline_before == "passed" and status_before is not None and status_before.start_time
    ),
)
def nothing_after_deadline(active: int, active_before: int) -> Iterator[str]:
    """A Job whose start time could not be written starts anew with its next sync."""
    if active > active_before:
        yield "the deadline has passed, and a pod is created"


@under(UNBROKEN, where=[OURS, DEADLINE])
@always(
    id="job-deadline-is-noticed",
    says="a Job whose deadline has passed is ended before the controller rests",
    source=f"{_GO} syncJob, pastActiveDeadline",
    premise=lambda deadline: deadline == "passed",
)
def deadline_is_noticed(
    job_state: str, job_alive: str, at_rest: bool, job_behind: bool, pods_wait: bool
) -> Iterator[str]:
    rests = at_rest and not job_behind and not pods_wait
    if rests and job_alive == "alive" and job_state == "running":
        yield "the deadline has passed, nobody will look at the Job, and it goes on"


# ---- what is reported -------------------------------------------------------------------------


@under(where=[OURS])
@always(
    id="job-counts-at-rest",
    says="at rest the status says how many pods are active and how many terminate",
    source=f"{_GO} syncJob (needsStatusUpdate)",
    premise=lambda at_rest: at_rest,
)
def counts_at_rest(
    status: job_api.JobStatus | None,
    job_state: str,
    job_alive: str,
    active: int,
    terminating: int,
    job_behind: bool,
    pods_wait: bool,
) -> Iterator[str]:
    if job_behind or pods_wait or status is None or job_state in _ENDS or job_alive != "alive":
        return
    told = (status.active, status.terminating or 0)
    if told != (active, terminating):
        yield (
            f"the status says {told[0]} active and {told[1]} terminating; there are {active} and"
            f" {terminating}"
        )


@under(TRACKED, _ANSWERED, UNMIXED, RUNS_ONCE, SAME_COMPLETIONS, where=[OURS])
@after_each_step(
    id="job-success-is-told-at-once",
    says="a success that the cache shows is counted before a back-off is over",
    source="https://github.com/kubernetes/kubernetes/pull/60985",
    premise=lambda action: action == "pass_backoff",
)
def success_is_told_at_once(uncounted_successes_before: int, job_alive: str) -> Iterator[str]:
    """A success of an index that the Job has no more counts nowhere."""
    if uncounted_successes_before and job_alive == "alive":
        yield "a pod has succeeded, and the Job waits for its back-off before it counts it"


# ---- in the end -------------------------------------------------------------------------------


@under(OURS, NOT_SUSPENDED, UNMIXED, RUNS_ONCE, ONE_CHANGE, UNBROKEN, NODES_GO)
@converges_to(
    id="job-ends",
    says="every Job ends Complete or Failed, unless it is deleted or to run no pods",
    source=_DOCS,
)
def every_job_ends(job_state: str, job_alive: str, parallelism: int) -> bool:
    if job_alive != "alive":
        return job_alive == "gone"
    return job_state in _ENDS or (job_state == "running" and parallelism == 0)


@under(does("suspend"), COMPLETIONS, LOSES_START, where=[OURS])
@converges_to(
    id="job-suspended-still-ends",
    says="a suspended Job that has reached its completions ends Complete",
    source=f"{_GO} syncJob; {_VALIDATION} (startTime is required for finished job)",
    expected="refuted",
)
def suspended_still_ends(job_state: str) -> bool:
    return job_state != "ending"


@under(UNBROKEN, where=[OURS])
@always(
    id="job-suspend-stops-pods",
    says="when the controller rests, a suspended Job has no active pods, unless it is being"
    " deleted",
    source=_DOCS + "#suspending-a-job",
    premise=lambda job_state, at_rest: at_rest and job_state == "suspended",
)
def suspended_has_no_pods(
    active: int, job_alive: str, job_behind: bool, pods_wait: bool
) -> Iterator[str]:
    """They terminate, and are gone when they have stopped."""
    if active and job_alive == "alive" and not job_behind and not pods_wait:
        yield f"the Job is suspended, and {active} pods are active"


@under(
    Precondition(
        "completions are set, or nobody changes parallelism",
        lambda spec, around: spec.completions is not None or not around.times("set-parallelism"),
        lambda around: without(around, "set-parallelism"),
    ),
    UNBROKEN,
    where=[OURS],
)
@always(
    id="job-parallelism-zero-pauses",
    says="when the controller rests, a Job of parallelism 0 has no active pods",
    source=_DOCS + "#controlling-parallelism",
    premise=lambda job_state, at_rest: at_rest and job_state == "running",
)
def parallelism_zero_pauses(
    parallelism: int, job_alive: str, active: int, job_behind: bool, pods_wait: bool
) -> Iterator[str]:
    rests = not job_behind and not pods_wait and job_alive == "alive"
    if rests and active > parallelism:
        yield f"parallelism is {parallelism}, and {active} pods are active"


@under(TTL, KEEPS_TTL, STRIPS, NODES_GO, where=[OURS])
@converges_to(
    id="job-ttl-deletes-after-finish",
    says="a Job that has finished is gone in the end, and its pods with it",
    source="https://kubernetes.io/docs/concepts/workloads/controllers/ttlafterfinished/",
)
def ttl_deletes(job_state: str, job_alive: str, owned_pods: int) -> bool:
    if job_state in _ENDS or job_alive == "deleting":
        return False
    return job_alive == "alive" or owned_pods == 0


def _nothing_is_left(deletes: int, deletes_left: int, job_alive: str, owned_pods: int) -> bool:
    """The goal of a deletion, which is met as well where nobody has deleted anything."""
    if deletes_left == deletes:
        return True
    return job_alive == "gone" and owned_pods == 0


background_leaves_nothing = under(STRIPS, NODES_GO, where=[OURS, deleted("background")])(
    converges_to(
        id="job-deleting-removes-pods",
        says="a Job that is deleted in the background leaves no pods",
        source=_DOCS + "#job-termination-and-cleanup",
    )(_nothing_is_left)
)
foreground_leaves_nothing = under(STRIPS, NODES_GO, where=[OURS, deleted("foreground")])(
    converges_to(
        id="job-foreground-deletion-is-complete",
        says="a Job that is deleted in the foreground leaves no pods",
        source=_DOCS + "#job-termination-and-cleanup",
    )(_nothing_is_left)
)


@under(STRIPS, where=[OURS, deleted("orphan")])
@converges_to(
    id="job-orphans-are-free",
    says="a Job that is deleted with --cascade=orphan, as the API does by default, leaves pods"
    " without owner and without finalizer",
    source="https://kubernetes.io/docs/tasks/administer-cluster/use-cascading-deletion/",
)
def orphans_are_free(
    deletes: int, deletes_left: int, job_alive: str, owned_pods: int, with_finalizer: int
) -> bool:
    if deletes_left == deletes:
        return True
    return job_alive == "gone" and owned_pods + with_finalizer == 0


no_work_for_ever = under(NOT_SUSPENDED, UNMIXED, RUNS_ONCE, ONE_CHANGE, where=[OURS])(
    no_hot_loop(
        id="job-no-hot-loop",
        says="the Job controller does not write for ever",
        source=f"{_GO} syncJob",
        work=("write_job_status", "write_job_pod", "create_job_pod", "strip_orphan"),
        progress=("pass_backoff", "end_pod"),
    )
)


PROMISES: tuple[Promise, ...] = (
    finished_is_final,
    one_end,
    success_stays,
    terminal_after_pods,
    complete_at_once,
    status_is_accepted,
    each_index_is_decided,
    failed_indexes_do_not_fail,
    nothing_after_deadline,
    deadline_is_noticed,
    counts_at_rest,
    success_is_told_at_once,
    every_job_ends,
    suspended_still_ends,
    suspended_has_no_pods,
    parallelism_zero_pauses,
    ttl_deletes,
    background_leaves_nothing,
    foreground_leaves_nothing,
    orphans_are_free,
    no_work_for_ever,
)
