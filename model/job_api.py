"""
Jobs, their status, and pods as the Job controller sees them.

:Go: kubernetes v1.36.3 staging/src/k8s.io/api/batch/v1/types.go
:Docs: https://kubernetes.io/docs/concepts/workloads/controllers/job/
:Omits: names, labels and templates; dates: `start_time` says whether there is one, completionTime
    is there with Complete and never alone; messages of conditions; `spec.scheduling`; more than one
    container in a pod, and init containers; readiness probes: a container that runs is ready.

UIDs are not kept. What a list of UIDs in the status says is kept twice: how many they are, in
`Uncounted`, and with each pod, in `Seen.listed`.
"""

from typing import Literal

from attrs import evolve, frozen

from seatrial.core import Population

__all__ = [
    "COMPLETE",
    "DISRUPTION_TARGET",
    "FAILED",
    "FAILURE_TARGET",
    "NOT_LISTED",
    "SUCCESS_CRITERIA_MET",
    "SUSPENDED",
    "ExitCodes",
    "FailureRule",
    "Job",
    "JobCondition",
    "JobPod",
    "JobSpec",
    "JobStatus",
    "Listed",
    "Seen",
    "SeenPods",
    "SuccessRule",
    "Uncounted",
    "find_condition",
    "has_backoff_limit_per_index",
    "is_active",
    "is_condition_true",
    "is_job_finished",
    "is_pod_failed",
    "is_terminating",
    "only_replace_failed_pods",
    "started",
    "with_condition",
]

COMPLETE = "Complete"
FAILED = "Failed"
FAILURE_TARGET = "FailureTarget"
SUCCESS_CRITERIA_MET = "SuccessCriteriaMet"
SUSPENDED = "Suspended"
DISRUPTION_TARGET = "DisruptionTarget"


# ---- spec -------------------------------------------------------------------------------------


@frozen
class ExitCodes:
    """onExitCodes: which exit codes, other than 0, a rule is about."""

    operator: Literal["In", "NotIn"]
    values: tuple[int, ...]


@frozen
class FailureRule:
    """A rule of podFailurePolicy: an action, and exit codes or pairs of condition and status."""

    action: Literal["FailJob", "FailIndex", "Ignore", "Count"]
    on_exit_codes: ExitCodes | None = None
    on_pod_conditions: tuple[tuple[str, str], ...] = ()


@frozen
class SuccessRule:
    """A rule of successPolicy: which indexes, as in `0,2-4`, or how many."""

    succeeded_indexes: str | None = None
    succeeded_count: int | None = None


@frozen(cache_hash=True)
class JobSpec:
    """What the Job controller reads of a Job's spec, with the API server's defaults applied."""

    parallelism: int = 1
    completions: int | None = 1
    """None is a work queue: the first success says that all is done."""
    completion_mode: Literal["NonIndexed", "Indexed"] = "NonIndexed"
    backoff_limit: int = 6
    backoff_limit_per_index: int | None = None
    max_failed_indexes: int | None = None
    pod_failure_policy: tuple[FailureRule, ...] | None = None
    success_policy: tuple[SuccessRule, ...] | None = None
    pod_replacement_policy: Literal["TerminatingOrFailed", "Failed"] = "TerminatingOrFailed"
    suspend: bool = False
    active_deadline_seconds: int | None = None
    ttl_seconds_after_finished: int | None = None
    managed_by: str | None = None
    restart_policy: Literal["Never", "OnFailure"] = "Never"

    @property
    def indexed(self) -> bool:
        """Whether each pod has an index. Go: isIndexedJob"""
        return self.completion_mode == "Indexed"


def has_backoff_limit_per_index(spec: JobSpec) -> bool:
    """Whether failures are counted for each index. Go: hasBackoffLimitPerIndex"""
    return spec.backoff_limit_per_index is not None


def only_replace_failed_pods(spec: JobSpec) -> bool:
    """Whether a pod is replaced only when it has ended. Go: onlyReplaceFailedPods"""
    return spec.pod_replacement_policy == "Failed" or spec.pod_failure_policy is not None


# ---- status -----------------------------------------------------------------------------------


@frozen
class JobCondition:
    """A condition: its type, whether it is true, and why."""

    type: str
    status: bool
    reason: str = ""


@frozen
class Uncounted:
    """How many UIDs status.uncountedTerminatedPods lists in each of its lists."""

    succeeded: int = 0
    failed: int = 0

    @property
    def total(self) -> int:
        """How many UIDs there are in both."""
        return self.succeeded + self.failed


@frozen(cache_hash=True)
class JobStatus:
    """What the Job controller reports; `ready` and `terminating` are None until it has."""

    active: int = 0
    ready: int | None = None
    terminating: int | None = None
    succeeded: int = 0
    failed: int = 0
    uncounted: Uncounted = Uncounted()
    completed_indexes: tuple[int, ...] = ()
    failed_indexes: tuple[int, ...] | None = None
    conditions: tuple[JobCondition, ...] = ()
    start_time: bool = False


@frozen(cache_hash=True)
class Job:
    """A Job. `deleting` says how it is being deleted, where that takes time."""

    spec: JobSpec
    status: JobStatus = JobStatus()
    deleting: Literal["", "foreground", "orphan"] = ""


def find_condition(conditions: tuple[JobCondition, ...], type: str) -> JobCondition | None:
    """The condition of that type. Go: findConditionByType"""
    return next((each for each in conditions if each.type == type), None)


def is_condition_true(conditions: tuple[JobCondition, ...], type: str) -> bool:
    """Whether there is a condition of that type that is true. Go: IsConditionTrue"""
    found = find_condition(conditions, type)
    return found is not None and found.status


def is_job_finished(status: JobStatus) -> bool:
    """Whether the Job is Complete or Failed. Go: IsJobFinished"""
    return any(is_condition_true(status.conditions, type) for type in (COMPLETE, FAILED))


# ---- pods -------------------------------------------------------------------------------------


@frozen(cache_hash=True)
class JobPod:
    """
    A pod of a Job, as the API shows it.

    `exit_code` is that of the container that ended, where a rule asks; `disrupted` says that it has
    the condition DisruptionTarget. `conditions` are others, each with its status, of those that
    rules ask for. `owned`: it names its Job as owner. `waited` says that the back-off after its
    failure is over.
    """

    phase: Literal["Pending", "Running", "Succeeded", "Failed"] = "Pending"
    terminating: bool = False
    finalizer: bool = True
    owned: bool = True
    index: int | None = None
    failure_count: int = 0
    ignored_failure_count: int = 0
    exit_code: int | None = None
    disrupted: bool = False
    conditions: tuple[tuple[str, str], ...] = ()
    restarts: int = 0
    waited: bool = False

    @property
    def ended(self) -> bool:
        """Whether its phase is final."""
        return self.phase in ("Succeeded", "Failed")

    @property
    def ready(self) -> bool:
        """Whether its container runs."""
        return self.phase == "Running"


Listed = Literal["", "succeeded", "failed"]
"""In which list of status.uncountedTerminatedPods a pod's UID is."""
NOT_LISTED: Listed = ""


@frozen(cache_hash=True)
class Seen:
    """
    A pod as one sync sees it: what the cache shows, None where it only knows the UID.

    `expected`: the controller has removed its finalizer, and has not seen that yet.
    """

    pod: JobPod | None
    listed: Listed = ""
    expected: bool = False

    @property
    def tracked(self) -> bool:
        """Whether it has the finalizer, as far as the controller knows."""
        return self.pod is not None and self.pod.finalizer and not self.expected


SeenPods = Population[Seen]


def is_active(seen: Seen) -> bool:
    """Neither ended nor to be deleted. Go: IsPodActive"""
    return seen.pod is not None and not seen.pod.ended and not seen.pod.terminating


def is_terminating(seen: Seen) -> bool:
    """To be deleted, and not ended. Go: IsPodTerminating"""
    return seen.pod is not None and not seen.pod.ended and seen.pod.terminating


def is_pod_failed(pod: JobPod, spec: JobSpec) -> bool:
    """Whether a pod counts as failed: while it terminates, too, where it is replaced at once."""
    if pod.phase == "Failed":
        return True
    if only_replace_failed_pods(spec):
        return False
    return pod.terminating and pod.phase != "Succeeded"


def with_condition(
    conditions: tuple[JobCondition, ...], wanted: JobCondition
) -> tuple[JobCondition, ...]:
    """
    The conditions with this one; a false one is only put where it was true.

    Go: ensureJobConditionStatus
    """
    found = find_condition(conditions, wanted.type)
    if found is None:
        return (*conditions, wanted) if wanted.status else conditions
    return tuple(wanted if each == found else each for each in conditions)


def started(status: JobStatus, start: bool) -> JobStatus:
    """The status with a start time, or without."""
    return evolve(status, start_time=start)
