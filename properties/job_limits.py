"""What a Job promises about how many pods there are, and how many may fail."""

from collections.abc import Iterator

from seatrial.core import after_each_step, always, at_most, sometimes
from seatrial.model import job_api

from .job_promise import (
    COMPLETIONS,
    DEFAULT_REPLACEMENT,
    DISRUPTED,
    INDEXED,
    MORE_EXITS,
    NEVER,
    NO_POLICY,
    NO_RESTART,
    NOT_PER_INDEX,
    OURS,
    PER_INDEX,
    REMEMBERED,
    REPLACES_FAILED,
    RETRIES,
    RUNS,
    SAME_LIMIT,
    SAME_PARALLELISM,
    SEES_GONE,
    STAYS,
    STORED,
    TRACKED,
    WORK_QUEUE,
    spec_has,
)
from .promise import ATOMIC, Precondition, Promise, does, under

__all__ = ["PROMISES"]

_DOCS = "https://kubernetes.io/docs/concepts/workloads/controllers/job/"
_KEPS = "https://github.com/kubernetes/enhancements/tree/master/keps/sig-apps/"
_GO = "pkg/controller/job/job_controller.go"

_ONE_BY_ONE = spec_has("parallelism is 1", lambda spec: spec.parallelism == 1)
_ENDS_BY_ITSELF = Precondition(
    "there are no activeDeadlineSeconds, no successPolicy and no maxFailedIndexes",
    lambda spec, around: (
        spec.active_deadline_seconds is None
        and not around.times("set-active-deadline")
        and spec.success_policy is None
        and spec.max_failed_indexes is None
        and not around.times("set-max-failed-indexes")
    ),
)
"""When a Job is ended, the pods that it deletes count as failed."""
_IGNORES_DISRUPTIONS = spec_has(
    "the first rule of podFailurePolicy ignores disruptions",
    lambda spec: (
        bool(spec.pod_failure_policy)
        and spec.pod_failure_policy[0].action == "Ignore"
        and (job_api.DISRUPTION_TARGET, "True") in spec.pod_failure_policy[0].on_pod_conditions
    ),
)
_NO_EXITS = Precondition(
    "containers fail only by disruptions: neither `container-exit`, `delete-pod` nor `node-crash`",
    lambda spec, around: not any(map(around.times, ("container-exit", "delete-pod", "node-crash"))),
)
"""On a node that comes back a pod has failed, and has no condition DisruptionTarget."""
_FAILS_JOB = spec_has(
    "the first rule of podFailurePolicy is to fail the Job on an exit code",
    lambda spec: (
        bool(spec.pod_failure_policy)
        and spec.pod_failure_policy[0].action == "FailJob"
        and spec.pod_failure_policy[0].on_exit_codes is not None
    ),
)


def _there(job_alive: str) -> bool:
    return job_alive == "alive"


def _grew(active: int, active_before: int) -> bool:
    return active > active_before


# ---- parallelism ------------------------------------------------------------------------------


@under(SAME_PARALLELISM, REMEMBERED, where=[OURS])
@always(
    id="seed-job-active-cap",
    says="at most parallelism pods are active, not counting those that terminate",
    source=_DOCS + "#controlling-parallelism",
    premise=_there,
)
def active_within_parallelism(active: int, parallelism: int) -> Iterator[str]:
    if active > parallelism:
        yield f"{active} pods are active, {parallelism} are allowed"


@under(SAME_PARALLELISM, REMEMBERED, REPLACES_FAILED, where=[OURS])
@always(
    id="job-replacement-failed-cap",
    says="where only failed pods are replaced, at most parallelism pods have not ended, with those"
    " that terminate",
    source=_KEPS + "3939-allow-replacement-when-fully-terminated",
    premise=_there,
)
def unended_within_parallelism(active: int, terminating: int, parallelism: int) -> Iterator[str]:
    if active + terminating > parallelism:
        yield (f"{active} pods are active and {terminating} terminating, {parallelism} are allowed")


@under(SAME_PARALLELISM, DEFAULT_REPLACEMENT, DISRUPTED, RETRIES, where=[OURS])
@always(
    id="seed-job-parallelism-cap",
    says="a Job never runs more pods at once than its parallelism",
    source=_DOCS + "#controlling-parallelism",
    premise=_there,
    expected="refuted",
)
def running_within_parallelism(running: int, parallelism: int) -> Iterator[str]:
    if running > parallelism:
        yield f"{running} pods run, parallelism is {parallelism}"


@under(COMPLETIONS, SAME_PARALLELISM, DEFAULT_REPLACEMENT, DISRUPTED, RETRIES, where=[OURS])
@always(
    id="job-running-at-most-remaining",
    says="no more pods run than completions remain",
    source=_DOCS + "#controlling-parallelism",
    premise=_there,
    expected="refuted",
)
def running_within_remaining(
    running: int, status: job_api.JobStatus, completions: int
) -> Iterator[str]:
    remain = completions - status.succeeded
    if running > remain:
        yield f"{running} pods run, and {remain} completions remain"


@under(OURS, DEFAULT_REPLACEMENT, DISRUPTED, RETRIES, RUNS, where=[_ONE_BY_ONE, SAME_PARALLELISM])
@sometimes(
    id="job-may-run-twice",
    says="even with parallelism 1 the same program may run twice at once",
    source=_DOCS + "#handling-pod-and-container-failures",
)
def runs_twice(running: int) -> bool:
    return running == 2


@under(REMEMBERED, where=[OURS, INDEXED])
@always(
    id="job-indexed-one-active-pod",
    says="of each index at most one pod is active, not counting those that terminate",
    source=_KEPS + "2214-indexed-job",
    premise=lambda job_alive, manifest: job_alive == "alive" and manifest.indexed,
)
def one_active_pod_per_index(double_indexes: tuple[int, ...]) -> Iterator[str]:
    if double_indexes:
        yield f"indexes {list(double_indexes)} have two active pods"


@under(OURS, INDEXED, DEFAULT_REPLACEMENT, DISRUPTED, RETRIES, RUNS)
@sometimes(
    id="job-indexed-unique-pod-per-index",
    says="two pods of one index may run, one of them terminating",
    source=_KEPS + "2214-indexed-job",
)
def two_pods_of_an_index(double_running: tuple[int, ...]) -> bool:
    return bool(double_running)


# ---- retries ----------------------------------------------------------------------------------


def _most_failures(manifest: job_api.JobSpec) -> int:
    return manifest.backoff_limit + manifest.parallelism


@under(SAME_PARALLELISM, SAME_LIMIT, REMEMBERED, SEES_GONE, where=[OURS])
@at_most(
    id="job-failed-bound",
    says="at most backoffLimit + parallelism pods are counted as failed",
    source=f"{_GO} syncJob (exceedsBackoffLimit)",
    bound=_most_failures,
)
def failures_are_bounded(reported_failed: int) -> int:
    return reported_failed


@under(NEVER, NO_POLICY, MORE_EXITS, where=[OURS])
@at_most(
    id="job-failed-within-limit",
    says="at most backoffLimit pods fail",
    source=_DOCS + "#pod-backoff-failure-policy",
    bound=lambda manifest: manifest.backoff_limit,
    expected="refuted",
)
def failures_within_limit(reported_failed: int) -> int:
    return reported_failed


@under(NEVER, SAME_LIMIT, where=[OURS])
@always(
    id="seed-job-retry-limit",
    says="a Job fails for its backoffLimit only when more pods have failed",
    source=_DOCS + "#pod-backoff-failure-policy",
    premise=lambda reason: reason == "BackoffLimitExceeded",
)
def fails_only_beyond_limit(reported_failed: int, manifest: job_api.JobSpec) -> Iterator[str]:
    if reported_failed <= manifest.backoff_limit:
        yield f"{reported_failed} pods have failed, backoffLimit is {manifest.backoff_limit}"


@under(does("container-exit"), RETRIES, NEVER, NO_POLICY, where=[OURS])
@after_each_step(
    id="seed-job-pods-not-restarted",
    says="a Job does not bring a broken pod back",
    source=_DOCS + "#handling-pod-and-container-failures",
    premise=_grew,
    expected="refuted",
)
def nothing_is_retried(reported_failed_before: int, active: int) -> Iterator[str]:
    if reported_failed_before:
        yield f"after {reported_failed_before} failures a pod is created: {active} are active"


@under(COMPLETIONS, does("container-exit"), RETRIES, NEVER, NO_POLICY, where=[OURS])
@always(
    id="job-total-pods-equal-completions",
    says="completions determine how many pods a Job creates in all",
    source="https://kubernetes.io/docs/tasks/job/indexed-parallel-processing-static/",
    premise=_there,
    expected="refuted",
)
def as_many_pods_as_completions(status: job_api.JobStatus, completions: int) -> Iterator[str]:
    if status.succeeded + status.failed > completions:
        yield (
            f"{status.succeeded} pods have succeeded and {status.failed} failed,"
            f" completions are {completions}"
        )


@under(where=[OURS, PER_INDEX])
@at_most(
    id="job-index-attempts-bound",
    says="no index is tried again after backoffLimitPerIndex retries, as the annotation of its pods"
    " counts",
    source=_DOCS + "#backoff-limit-per-index",
    bound=lambda manifest: manifest.backoff_limit_per_index or 0,
    premise=lambda manifest: manifest.backoff_limit_per_index is not None,
)
def attempts_of_an_index(highest_failure_count: int) -> int:
    """
    A pod's annotation says how many failures of its index came before.

    It starts at 0 again where the failed pod is not found any more from which it would be read: so
    the pods of an index may be more than that.
    """
    return highest_failure_count


@under(_IGNORES_DISRUPTIONS, _NO_EXITS, _ENDS_BY_ITSELF, STAYS, where=[OURS])
@always(
    id="job-ignore-not-counted",
    says="disruptions that a rule ignores never bring the Job nearer to its backoffLimit",
    source=_DOCS + "#pod-failure-policy",
)
def ignored_is_not_counted(reported_failed: int) -> Iterator[str]:
    if reported_failed:
        yield f"{reported_failed} pods are counted as failed"


@under(_FAILS_JOB, ATOMIC, where=[OURS, does("container-exit")])
@after_each_step(
    id="job-failjob-stops-retries",
    says="once a pod has failed with a code that fails the Job, no pod is created",
    source=_DOCS + "#pod-failure-policy",
    premise=_grew,
)
def no_pod_after_fail_job(
    failing_codes_before: tuple[int, ...], manifest: job_api.JobSpec
) -> Iterator[str]:
    (first, *_) = manifest.pod_failure_policy or ()
    codes = first.on_exit_codes
    if codes is None:
        return
    for code in failing_codes_before:
        if (code in codes.values) == (codes.operator == "In"):
            yield f"a container has exited with {code}, and a pod is created"


# ---- when it is enough ------------------------------------------------------------------------


@under(SAME_PARALLELISM, STORED, where=[OURS, COMPLETIONS])
@after_each_step(
    id="seed-job-completions-stop",
    says="no pod is created once as many have succeeded as completions ask for",
    source=_DOCS,
    premise=lambda active, active_before, completions: (
        active > active_before and completions is not None
    ),
)
def completions_stop(counters_before: tuple[int, int] | None, completions: int) -> Iterator[str]:
    succeeded = 0 if counters_before is None else counters_before[0]
    if succeeded >= completions:
        yield f"{succeeded} pods had succeeded, and one more is created"


@under(WORK_QUEUE, STORED, where=[OURS])
@after_each_step(
    id="job-work-queue-no-new-after-success",
    says="in a work queue no pod is created once one is counted as succeeded",
    source=_DOCS + "#parallel-jobs",
    premise=_grew,
)
def work_queue_stops(status_before: job_api.JobStatus | None) -> Iterator[str]:
    if status_before is not None and status_before.succeeded + status_before.uncounted.succeeded:
        yield "a pod had succeeded, and one more is created"


@under(TRACKED, where=[OURS, NOT_PER_INDEX, NO_RESTART])
@after_each_step(
    id="job-backoff-delays-replacement",
    says="no pod is created while the back-off after a failure runs, unless one has succeeded",
    source=_DOCS + "#pod-backoff-failure-policy",
    premise=_grew,
)
def back_off_is_kept(backoff_before: bool, uncounted_successes_before: int) -> Iterator[str]:
    """A sync that has seen a success goes on, also where that pod is robbed of its finalizer."""
    if backoff_before and not uncounted_successes_before:
        yield "the back-off is running, and a pod is created"


PROMISES: tuple[Promise, ...] = (
    active_within_parallelism,
    unended_within_parallelism,
    running_within_parallelism,
    running_within_remaining,
    runs_twice,
    one_active_pod_per_index,
    two_pods_of_an_index,
    failures_are_bounded,
    failures_within_limit,
    fails_only_beyond_limit,
    nothing_is_retried,
    as_many_pods_as_completions,
    attempts_of_an_index,
    ignored_is_not_counted,
    no_pod_after_fail_job,
    completions_stop,
    work_queue_stops,
    back_off_is_kept,
)
