"""Where promises about Jobs are asked: preconditions of a manifest and of what is around it."""

from typing import Any

from seatrial.model import Environment, job_api

from .promise import Precondition, without

__all__ = [
    "APART",
    "COMPLETIONS",
    "DEADLINE",
    "DEFAULT_REPLACEMENT",
    "DISRUPTED",
    "FRESH_LISTS",
    "INDEXED",
    "KEEPS_TTL",
    "LAGGING",
    "LOSES_START",
    "MORE_EXITS",
    "NEVER",
    "NODES_GO",
    "NON_INDEXED",
    "NOT_PER_INDEX",
    "NOT_SUSPENDED",
    "NO_POLICY",
    "NO_RESTART",
    "NO_SUCCESS_POLICY",
    "ONE_CHANGE",
    "OURS",
    "PER_INDEX",
    "REMEMBERED",
    "REPLACES_FAILED",
    "RETRIES",
    "RUNS",
    "RUNS_ONCE",
    "SAME_COMPLETIONS",
    "SAME_DEADLINE",
    "SAME_LIMIT",
    "SAME_PARALLELISM",
    "SEES_GONE",
    "STAYS",
    "STEADY",
    "STORED",
    "STRIPS",
    "TRACKED",
    "TTL",
    "UNBROKEN",
    "UNMIXED",
    "WORK_QUEUE",
    "never",
    "spec_has",
]


def spec_has(words: str, met: Any) -> Precondition:
    """A precondition of the manifest alone."""
    return Precondition(words, lambda spec, around: bool(met(spec)))


def never(words: str, *names: str) -> Precondition:
    """A precondition that some users and faults are not there."""
    return Precondition(
        words,
        lambda spec, around: not any(map(around.times, names)),
        lambda around: without(around, *names),
    )


# ---- of the manifest --------------------------------------------------------------------------

OURS = spec_has(
    "the Job is managed by the built-in controller",
    lambda spec: spec.managed_by in (None, "kubernetes.io/job-controller"),
)
COMPLETIONS = spec_has("completions are set", lambda spec: spec.completions is not None)
WORK_QUEUE = spec_has("completions are not set", lambda spec: spec.completions is None)
INDEXED = spec_has("the Job is Indexed", lambda spec: spec.indexed)
NON_INDEXED = spec_has("the Job is NonIndexed", lambda spec: not spec.indexed)
NOT_PER_INDEX = spec_has(
    "backoffLimitPerIndex is not set",
    lambda spec: not job_api.has_backoff_limit_per_index(spec),
)
PER_INDEX = spec_has("backoffLimitPerIndex is set", job_api.has_backoff_limit_per_index)
NEVER = spec_has("restartPolicy is Never", lambda spec: spec.restart_policy == "Never")
RETRIES = spec_has("backoffLimit is not 0", lambda spec: spec.backoff_limit > 0)
MORE_EXITS = Precondition(
    "more containers may fail than backoffLimit allows",
    lambda spec, around: around.times("container-exit") > spec.backoff_limit,
)
NO_POLICY = spec_has(
    "there are neither podFailurePolicy nor backoffLimitPerIndex",
    lambda spec: spec.pod_failure_policy is None and spec.backoff_limit_per_index is None,
)
NO_SUCCESS_POLICY = spec_has("there is no successPolicy", lambda spec: spec.success_policy is None)
REPLACES_FAILED = spec_has(
    "podReplacementPolicy is Failed, or there is a podFailurePolicy",
    job_api.only_replace_failed_pods,
)
DEFAULT_REPLACEMENT = spec_has(
    "podReplacementPolicy is TerminatingOrFailed, and there is no podFailurePolicy",
    lambda spec: not job_api.only_replace_failed_pods(spec),
)
DEADLINE = spec_has(
    "activeDeadlineSeconds is set", lambda spec: spec.active_deadline_seconds is not None
)
SAME_DEADLINE = never("nobody changes activeDeadlineSeconds", "set-active-deadline")
SAME_LIMIT = never("nobody changes backoffLimit", "set-backoff-limit")
TTL = spec_has(
    "ttlSecondsAfterFinished is set", lambda spec: spec.ttl_seconds_after_finished is not None
)
KEEPS_TTL = Precondition(
    "nobody takes ttlSecondsAfterFinished away",
    lambda spec, around: "none" not in around.values("set-ttl"),
    lambda around: without(around, "set-ttl"),
)


# ---- of the environment -----------------------------------------------------------------------

SAME_PARALLELISM = never(
    "nobody changes parallelism or completions", "set-parallelism", "set-completions"
)
SAME_COMPLETIONS = never("nobody changes completions", "set-completions")
NOT_SUSPENDED = Precondition(
    "the Job is not suspended",
    lambda spec, around: not spec.suspend and not around.times("suspend"),
    lambda around: without(around, "suspend"),
)
"""
With MutableSchedulingDirectivesForSuspendedJobs, on by default since 1.36, a suspended Job loses
its start time. A Job that has all successes then cannot be Complete: that status is refused.
"""


def _steady(spec: job_api.JobSpec, around: Environment) -> bool:
    calm = not any(map(around.times, _CUTS_OFF))
    ends = spec.active_deadline_seconds is not None or around.times("set-active-deadline") > 0
    suspends = around.times("suspend") > 0 and ends
    return calm or not (any(map(around.times, _DELETES_PODS)) or suspends)


_CUTS_OFF = ("controller-restart", "failover", "write-failure", "write-unknown")
_DELETES_PODS = ("delete-pod", "evict", "node-crash", "node-off")
_ENDS_PODS = (*_DELETES_PODS, "set-parallelism", "set-completions", "suspend")
STEADY = Precondition(
    "no pod that is listed as failed can succeed: pods are neither deleted, evicted nor lost, nor"
    " is a Job with a deadline suspended; or no request fails and the controller does not restart",
    _steady,
    lambda around: without(around, *_CUTS_OFF),
)
"""
A pod that terminates is listed as failed. If it succeeds before its finalizer is removed, it stays
in that list, and is nevertheless counted as one more success when completions are compared: the Job
is Complete with too few successes. Go: getNewFinishedPods asks only the list of successes.
"""


def _strips(spec: job_api.JobSpec, around: Environment) -> bool:
    fails = around.times("write-failure") + around.times("write-unknown") > 0
    goes = any(map(around.times, ("delete", "set-ttl")))
    goes = goes or spec.ttl_seconds_after_finished is not None
    return not (fails and goes) or "job-orphan-finalizer-not-retried" in around.rules


STRIPS = Precondition(
    "no request fails that removes the finalizer of a pod whose Job is gone: no request fails, or"
    " the Job is not deleted, or Kubernetes 1.37.1, which tries again",
    _strips,
    lambda around: without(around, "write-failure", "write-unknown"),
)
"""
The orphan worker finds the pods of a Job that is gone by listing. Before 1.37.1 it does not try
again where the request for one of them fails. Go: syncOrphanPodsBySelector, which only logs that
"""
UNMIXED = Precondition(
    "no index is listed as failed whose pod can succeed: backoffLimitPerIndex is not set, or"
    " podReplacementPolicy is Failed or there is a podFailurePolicy; or no request fails, the"
    " controller does not restart, and nobody ends a pod: no user, node or eviction,"
    " nor a Job that shrinks or is suspended",
    lambda spec, around: (
        not job_api.has_backoff_limit_per_index(spec)
        or job_api.only_replace_failed_pods(spec)
        or not any(map(around.times, (*_CUTS_OFF, *_ENDS_PODS)))
    ),
    lambda around: without(around, *_CUTS_OFF, *_ENDS_PODS),
)
"""
A pod that terminates at the limit of its index is listed as failed. If it, or one that replaces it,
succeeds before its finalizer is removed, its index is completed and failed, and every such status
is refused, for ever.
Go: calculateSucceededIndexes asks neither list; pkg/registry/batch/job/strategy.go
RejectFailedIndexesOverlappingCompleted
"""
ONE_CHANGE = Precondition(
    "completions and parallelism are not both changed",
    lambda spec, around: not (around.times("set-completions") and around.times("set-parallelism")),
    lambda around: without(around, "set-completions"),
)
"""
An Indexed Job whose completions shrink forgets successes. That is accepted only while parallelism
equals completions. Go: pkg/registry/batch/job/strategy.go RejectDecreasingSucceededCounter
"""
RUNS = spec_has(
    "the Job runs pods, and tries again: it is not suspended, and neither parallelism, completions,"
    " backoffLimitPerIndex nor activeDeadlineSeconds is 0",
    lambda spec: (
        not spec.suspend
        and spec.parallelism != 0
        and spec.completions != 0
        and spec.backoff_limit_per_index != 0
        and spec.active_deadline_seconds != 0
    ),
)
NO_RESTART = never("the controller does not restart", "controller-restart", "failover")
STAYS = never("nobody deletes the Job", "delete")
TRACKED = never("nobody else removes finalizers", "strip-finalizer")
NODES_GO = never("no node stays off: it comes back, or is removed", "node-off")
"""The pod of a node that is off is deleted, and stays: nobody confirms that it has stopped."""
UNBROKEN = never("the watch of pods does not break", "relist")
"""
Where a pod is created and deleted before the new list, it comes as one that terminates: nobody
counts its creation, and no event comes any more. The Job waits for it when that is not expected any
more as well; until then no sync creates or removes pods, or ends the Job. Go: addPod, which then is
deletePod
"""
LOSES_START = Precondition(
    "a suspended Job loses its start time: the gate MutableSchedulingDirectivesForSuspendedJobs",
    lambda spec, around: around.gate("MutableSchedulingDirectivesForSuspendedJobs"),
)
DISRUPTED = Precondition(
    "pods may be deleted or evicted: `delete-pod` or `evict`",
    lambda spec, around: around.times("delete-pod") + around.times("evict") > 0,
)
APART = Precondition(
    "a pod may end between a status and the removal of its finalizer: level interleaved or faulty",
    lambda spec, around: around.level != "atomic",
)
LAGGING = Precondition(
    "caches may be behind when the next sync begins: lag 1 or more",
    lambda spec, around: around.lag > 0,
)


FRESH_LISTS = Precondition(
    "what a controller lists when it starts is up to date: no `stale-api-server`, or clients ask"
    " for such lists (WatchListClient)",
    lambda spec, around: not _lists_late(around),
    lambda around: without(around, "stale-api-server"),
)
"""
The list may lack a pod whose UID the status lists: that is counted as one whose finalizer is gone,
and again when it shows up. Or it shows a pod with its finalizer that was counted long ago. Both are
counted twice, but for successes of an Indexed Job, which are a set.
Go: trackJobStatusAndRemoveFinalizers
"""
_STARTS_AFRESH = (
    "no request of a former leader lands late (`failover`), and lists at a start are up to date"
    " (`stale-api-server`, WatchListClient)"
)


def _lists_late(around: Environment) -> bool:
    return around.times("stale-api-server") > 0 and around.stale_lists


def _starts_afresh(around: Environment) -> bool:
    return not _lists_late(around) and not around.lands_late


def _remembers(around: Environment) -> bool:
    if not _starts_afresh(around):
        return False
    if around.lag == 0:
        return True
    expires = around.times("expectations-expire") > 0
    store = around.gate("StaleControllerConsistencyJob")
    return around.times("write-unknown") == 0 and (store or not expires)


_FORGETS = ("write-unknown", "failover", "stale-api-server")
REMEMBERED = Precondition(
    "the controller knows what it did before its caches show it: lag 0, or neither `write-unknown`"
    f" nor, without the consistency store, `expectations-expire`; and {_STARTS_AFRESH}",
    lambda spec, around: _remembers(around),
    lambda around: without(around, *_FORGETS, "expectations-expire"),
)


def _stored(around: Environment) -> bool:
    if not _starts_afresh(around):
        return False
    store = around.gate("StaleControllerConsistencyJob") and not around.times("write-unknown")
    return around.lag == 0 or store


_WAITS = (
    "the controller waits until its caches show what it did: lag 0, or the consistency store and no"
    f" `write-unknown`; and {_STARTS_AFRESH}"
)
STORED = Precondition(
    _WAITS,
    lambda spec, around: _stored(around),
    lambda around: without(around, *_FORGETS),
)
"""
Without the store a Job may be Complete while a pod is active that its cache does not show yet, and
a pod may be counted whose finalizer was removed. Or the cache shows that a pod has lost its
finalizer before it shows the status that counts it: then the pod is created once more.
Go: syncJob sets the condition without asking satisfiedExpectations, deleteJobPods expects no
finalizers; nothing before 1.36 compares the versions of Job and pods
"""
RUNS_ONCE = Precondition(
    f"no index is run again that has succeeded: backoffLimitPerIndex is not set; or {_WAITS}",
    lambda spec, around: not job_api.has_backoff_limit_per_index(spec) or _stored(around),
    lambda around: without(around, *_FORGETS),
)
"""
An index whose success the cache does not show is created once more. If that pod fails at the limit
of its index, this is completed and failed, and every such status is refused, for ever.
"""
SEES_GONE = Precondition(
    "no pod that is gone is shown with its finalizer when it is counted: lag below 2; or the"
    " consistency store, no `write-unknown` and no `failover`, and nobody else removes finalizers",
    lambda spec, around: (
        around.lag < 2
        or (
            around.gate("StaleControllerConsistencyJob")
            and not any(map(around.times, ("write-unknown", "failover", "strip-finalizer")))
        )
    ),
    lambda around: without(around, "write-unknown", "failover", "strip-finalizer"),
)
"""
Where a finalizer cannot be removed since the pod is not found, the pod is counted, and nobody waits
to see that it is gone: what comes before that is seen counts it again.
Go: removeTrackingFinalizerFromPods
"""
