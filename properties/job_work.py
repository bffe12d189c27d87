"""
What is read into a Job about the work that it does: how often, by how many, and in which order.

Readings that no state of the model can show are not here: docs/limits.md lists them.
"""

from collections.abc import Iterator

from seatrial.core import after_each_step, always
from seatrial.model import job_api

from .job_promise import (
    COMPLETIONS,
    DEADLINE,
    INDEXED,
    LOSES_START,
    MORE_EXITS,
    NEVER,
    NO_POLICY,
    NOT_PER_INDEX,
    NOT_SUSPENDED,
    OURS,
    PER_INDEX,
    REMEMBERED,
    REPLACES_FAILED,
    RETRIES,
    SAME_DEADLINE,
    SAME_LIMIT,
    SAME_PARALLELISM,
    STAYS,
    TRACKED,
    UNBROKEN,
    WORK_QUEUE,
    never,
    spec_has,
)
from .promise import Precondition, Promise, does, under

__all__ = ["PROMISES"]

_DOCS = "https://kubernetes.io/docs/concepts/workloads/controllers/job/"
_TASKS = "https://kubernetes.io/docs/tasks/job/"
_KEPS = "https://github.com/kubernetes/enhancements/tree/master/keps/sig-apps/"
_GO = "pkg/controller/job/job_controller.go"

_ONE = spec_has("completions are 1", lambda spec: spec.completions == 1)
_NO_RETRY = Precondition(
    f"backoffLimit is 0, and {NO_POLICY.words}",
    lambda spec, around: spec.backoff_limit == 0 and NO_POLICY.met(spec, around),
)
_SEVERAL = spec_has("parallelism is 2 or more", lambda spec: spec.parallelism > 1)
_MORE_WORKERS = spec_has(
    "parallelism is more than completions, which are set",
    lambda spec: spec.completions is not None and 0 < spec.completions < spec.parallelism,
)
_IN_PLACE = spec_has("restartPolicy is OnFailure", lambda spec: spec.restart_policy == "OnFailure")
_TRIES_INDEXES_AGAIN = spec_has(
    "backoffLimitPerIndex is not 0", lambda spec: (spec.backoff_limit_per_index or 0) > 0
)
_NO_CRASH = never("no node crashes", "node-crash")
"""A node that comes back without a record of a container starts it anew."""

_NODES = ("start_pod", "end_pod", "stop_pod", "exit_job_container", "return_node", "fail_lost_pod")


# ---- how often --------------------------------------------------------------------------------


@under()
@after_each_step(
    id="seed-job-pod-terminates-when-done",
    says="a pod that has ended never runs again",
    source=_DOCS,
    premise=lambda action: action in _NODES,
)
def ended_is_ended(
    active: int, terminating: int, active_before: int, terminating_before: int
) -> Iterator[str]:
    """Whoever runs pods makes none: as many as began to run again there would be more."""
    more = active + terminating - active_before - terminating_before
    if more > 0:
        yield f"{more} pods run that had ended"


@under(_ONE, does("container-exit"), RETRIES, NEVER, NO_POLICY, where=[OURS])
@after_each_step(
    id="seed-job-runs-once",
    says="a plain Job runs its program exactly once",
    source=_DOCS + "#handling-pod-and-container-failures",
    premise=lambda running, running_before: running > running_before,
    expected="refuted",
)
def plain_job_runs_once(
    has_run_before: int, status_before: job_api.JobStatus | None
) -> Iterator[str]:
    yield from _started_again(has_run_before, status_before)


def _started_again(has_run: int, status: job_api.JobStatus | None) -> Iterator[str]:
    counted = 0 if status is None else status.succeeded + status.failed
    if has_run or counted:
        yield "the program had been started, and is started again"


@under(
    _ONE,
    _NO_RETRY,
    NEVER,
    SAME_LIMIT,
    SAME_PARALLELISM,
    NOT_SUSPENDED,
    TRACKED,
    STAYS,
    _NO_CRASH,
    REMEMBERED,
    where=[OURS],
)
@after_each_step(
    id="job-no-retry-runs-at-most-once",
    says="with backoffLimit 0 and one completion the program is started at most once",
    source=f"{_GO} syncJob (exceedsBackoffLimit)",
    premise=lambda running, running_before, restarts, restarts_before: (
        running > running_before or restarts > restarts_before
    ),
)
def not_retried(has_run_before: int, status_before: job_api.JobStatus | None) -> Iterator[str]:
    yield from _started_again(has_run_before, status_before)


@under(_IN_PLACE, does("container-exit"), where=[OURS])
@always(
    id="seed-job-forbids-onfailure",
    says="a Job tries again with another pod, never with a container of the same pod",
    source=_DOCS + "#pod-template",
    expected="refuted",
)
def never_in_place(restarts: int, reported_failed: int) -> Iterator[str]:
    if restarts and not reported_failed:
        yield f"{restarts} containers were started again, and no pod is counted as failed"


@under(COMPLETIONS, MORE_EXITS, NEVER, NO_POLICY, where=[OURS])
@always(
    id="seed-job-two-completions-two-pods",
    says="a Job makes as many pods succeed as completions ask for",
    source=_DOCS + "#parallel-jobs",
    premise=lambda job_state: job_state in ("Complete", "Failed"),
    expected="refuted",
)
def all_succeed(status: job_api.JobStatus, completions: int) -> Iterator[str]:
    if status.succeeded < completions:
        yield f"{status.succeeded} pods have succeeded of {completions}, and no more will"


# ---- by how many ------------------------------------------------------------------------------


@under(OURS, NOT_PER_INDEX, UNBROKEN)
@always(
    id="seed-job-many-parallel",
    says="when the controller rests and no back-off runs, as many pods are active as parallelism"
    " and the completions that remain ask for",
    source=_DOCS + "#parallel-jobs",
    premise=lambda at_rest, backoff, job_state: at_rest and not backoff and job_state == "running",
)
def enough_are_active(
    active: int,
    terminating: int,
    status: job_api.JobStatus,
    job: job_api.Job,
    job_alive: str,
    job_behind: bool,
    pods_wait: bool,
) -> Iterator[str]:
    if job_behind or pods_wait or job_alive != "alive":
        return
    spec = job.spec
    wanted = spec.parallelism
    if spec.completions is not None:
        wanted = min(wanted, spec.completions - status.succeeded)
    elif status.succeeded:
        return
    there = active + (terminating if job_api.only_replace_failed_pods(spec) else 0)
    if there < wanted:
        yield f"{there} pods are there; {wanted} are asked for"


@under(_MORE_WORKERS, where=[OURS])
@always(
    id="job-work-queue-waits-for-others",
    says="with completions, too, as many workers run as parallelism says, and are waited for",
    source=_TASKS + "fine-parallel-processing-work-queue/",
    premise=lambda at_rest, job_state: at_rest and job_state == "running",
    expected="refuted",
)
def all_workers_run(active: int, parallelism: int, has_run: int, job_behind: bool) -> Iterator[str]:
    if active < parallelism and has_run and not job_behind:
        yield f"{active} pods are active, and no more come; parallelism is {parallelism}"


@under(WORK_QUEUE, _SEVERAL, does("container-exit"), RETRIES, NEVER, NO_POLICY, where=[OURS])
@after_each_step(
    id="job-work-queue-complete-means-all-done",
    says="in a work queue the first success says that all the work is done",
    source=_TASKS + "fine-parallel-processing-work-queue/",
    premise=lambda job_state, job_state_before: job_state == "Complete" != job_state_before,
    expected="refuted",
)
def no_worker_fails_after_success(status: job_api.JobStatus) -> Iterator[str]:
    """What a worker held that failed after another had succeeded nobody does."""
    if status.failed:
        yield f"the Job is Complete, and {status.failed} pods failed that nobody replaced"


@under(REMEMBERED, REPLACES_FAILED, where=[OURS, INDEXED])
@always(
    id="job-index-runs-in-one-pod",
    says="where only failed pods are replaced, of each index at most one pod has not ended",
    source=_KEPS + "3939-allow-replacement-when-fully-terminated",
    premise=lambda job_alive, manifest: job_alive == "alive" and manifest.indexed,
)
def one_pod_of_an_index(double_running: tuple[int, ...]) -> Iterator[str]:
    if double_running:
        yield f"of indexes {list(double_running)} two pods have not ended"


# ---- in which order, and when -----------------------------------------------------------------


@under(_SEVERAL, _TRIES_INDEXES_AGAIN, does("container-exit"), where=[OURS, PER_INDEX])
@after_each_step(
    id="job-lower-index-first",
    says="lower indexes are started first",
    source=_KEPS + "2214-indexed-job",
    premise=lambda active, active_before: active > active_before,
    expected="refuted",
)
def lower_indexes_first(
    begun_indexes: tuple[int, ...],
    begun_indexes_before: tuple[int, ...],
    completed_indexes: tuple[int, ...],
    failed_indexes: tuple[int, ...],
) -> Iterator[str]:
    decided = {*begun_indexes, *completed_indexes, *failed_indexes}
    for index in sorted({*begun_indexes} - {*begun_indexes_before}):
        waiting = [lower for lower in range(index) if lower not in decided]
        if waiting:
            yield f"index {index} is started, and index {waiting[0]} waits"


@under(
    does("controller-restart"), does("container-exit"), RETRIES, NEVER, where=[OURS, NOT_PER_INDEX]
)
@after_each_step(
    id="job-backoff-delay-bounded",
    says="the delay before a failed pod is replaced ends when its time has come, and not before",
    source=_DOCS + "#pod-backoff-failure-policy",
    premise=lambda backoff_before: backoff_before,
    expected="refuted",
)
def delay_is_kept(backoff: bool, action: str) -> Iterator[str]:
    if not backoff and action == "restart_job_controller":
        yield "a restart of the controller has ended the delay"


@under(LOSES_START, SAME_DEADLINE, where=[OURS, DEADLINE])
@always(
    id="job-deadline-starts-again",
    says="activeDeadlineSeconds do not pass while a Job is suspended, and start again with it",
    source=_DOCS + "#suspending-a-job",
    premise=lambda reason: reason == "DeadlineExceeded",
)
def deadline_starts_again(conditions: tuple[str, ...], job: job_api.Job) -> Iterator[str]:
    if "Suspended" in conditions and job.spec.active_deadline_seconds != 0:
        yield "the Job fails for a deadline that has passed while it was suspended"


@under()
@after_each_step(
    id="job-ttl-waits-for-the-end",
    says="ttlSecondsAfterFinished delete no Job before it has finished",
    source="https://kubernetes.io/docs/concepts/workloads/controllers/ttlafterfinished/",
    premise=lambda action: action in ("expire_ttl", "expire_ttl_early"),
)
def deleted_only_when_finished(job_state_before: str) -> Iterator[str]:
    if job_state_before not in ("Complete", "Failed"):
        yield f"the Job is deleted for its TTL, and was {job_state_before}"


@under(where=[OURS, INDEXED])
@always(
    id="job-index-counts-once",
    says="of an Indexed Job succeeded is the number of completed indexes: each counts once",
    source=_KEPS + "2214-indexed-job",
    premise=lambda manifest: manifest.indexed,
)
def each_index_once(status: job_api.JobStatus | None) -> Iterator[str]:
    if status is not None and status.succeeded != len(set(status.completed_indexes)):
        yield (
            f"{status.succeeded} are counted as succeeded, and indexes"
            f" {list(status.completed_indexes)} are"
        )


# ---- lost nodes -------------------------------------------------------------------------------


@under(REPLACES_FAILED, does("node-off"), where=[OURS])
@always(
    id="job-replaces-pod-of-lost-node",
    says="a Job starts a new pod when the node of the first is lost",
    source=_DOCS,
    premise=lambda at_rest, job_state: at_rest and job_state == "running",
    expected="refuted",
)
def lost_pods_are_replaced(
    lost: int, active: int, parallelism: int, job_behind: bool, pods_wait: bool
) -> Iterator[str]:
    if lost and not active and parallelism and not job_behind and not pods_wait:
        yield f"{lost} pods terminate on a node that is off, and nobody replaces them"


PROMISES: tuple[Promise, ...] = (
    ended_is_ended,
    plain_job_runs_once,
    not_retried,
    never_in_place,
    all_succeed,
    enough_are_active,
    all_workers_run,
    no_worker_fails_after_success,
    one_pod_of_an_index,
    lower_indexes_first,
    delay_is_kept,
    deadline_starts_again,
    deleted_only_when_finished,
    each_index_once,
    lost_pods_are_replaced,
)
