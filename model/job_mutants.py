"""
Known bugs of the Job controller, each as a switch of one rule.

:Go: kubernetes v1.36.3 pkg/controller/job
:Docs: https://kubernetes.io/docs/concepts/workloads/controllers/job/
:Omits: a bug that needs what the model does not have: a Job of the same name created afterwards
    (job-stale-backoff-record-hits-new-job).
"""

from functools import partial
from typing import Any

from . import versions
from .environment import Environment, budgets, feature_gates
from .job_api import JobSpec
from .job_workload import compose
from .mutant import Mutant

__all__ = ["MUTANTS"]

_mutant = partial(Mutant, kind="mutant", compose=compose)


def _around(users: str = "none", faults: str = "none", gates: str = "", **more: Any) -> Environment:
    return Environment(
        users=budgets([users], "users"),
        faults=budgets([faults], "faults"),
        gates=tuple(each for each in feature_gates([gates]) if each[0] in versions.OF_JOBS),
        **more,
    )


def _indexed(completions: int, **more: Any) -> JobSpec:
    return JobSpec(
        **({"completions": completions, "parallelism": completions} | more),
        completion_mode="Indexed",
    )


_ISSUES = "https://github.com/kubernetes/kubernetes/issues/"
_PULLS = "https://github.com/kubernetes/kubernetes/pull/"
_GO = "https://github.com/kubernetes/kubernetes/blob/v1.36.3/pkg/controller/job/job_controller.go "
_NO_STORE = "StaleControllerConsistencyJob=false"

MUTANTS: tuple[Mutant, ...] = (
    # ---- counting ----
    _mutant(
        id="job-pod-counted-twice",
        about="that a finalizer was removed is read from the cache alone, which may not show it"
        " yet: the pod is listed again, and counted again",
        source=_ISSUES + "105200",
        shows=("job-counts-each-pod-once",),
        needs=_around(gates=_NO_STORE, level="interleaved", lag=1),
        manifest=JobSpec(parallelism=1, completions=2),
    ),
    _mutant(
        id="job-pod-succeeds-after-counted-failed",
        about="in which list a pod goes is read from its phase alone: one that is listed as failed"
        " and then succeeds is in both, and no status is accepted any more",
        source=_PULLS + "111646",
        shows=("job-ends",),
        needs=_around(faults="container-exit,controller-restart", level="interleaved", lag=1),
        manifest=JobSpec(parallelism=2, completions=2, backoff_limit=0),
    ),
    _mutant(
        id="job-indexed-complete-with-repeated-index",
        about="an Indexed Job counts pods that have succeeded, not indexes",
        source=_PULLS + "99865",
        shows=("job-complete-has-all-indexes",),
        needs=_around(faults="write-unknown", level="faulty", lag=1),
        manifest=_indexed(2, parallelism=1),
    ),
    _mutant(
        id="job-indexed-success-forgotten",
        about="completed indexes are those of pods that are there, so an index is forgotten with"
        " its pod",
        source="https://github.com/kubernetes/enhancements/tree/master/keps/sig-apps/"
        "2307-job-tracking-without-lingering-pods",
        shows=("job-completed-indexes-stay",),
        needs=_around(level="interleaved", lag=1),
        manifest=_indexed(2),
    ),
    # ---- limits ----
    _mutant(
        id="job-backoff-counted-by-requeues",
        about="retries are counted as syncs that saw a failure, so several failures count as one",
        source=_ISSUES + "70251",
        shows=("job-failed-bound",),
        needs=_around(faults="container-exit@6"),
        manifest=JobSpec(parallelism=2, completions=2, backoff_limit=1),
    ),
    _mutant(
        id="job-replacement-created-while-old-terminates",
        about="pods that terminate are left out of the count that limits creation",
        source=_ISSUES + "115844",
        shows=("job-replacement-failed-cap",),
        needs=_around("delete-pod"),
        manifest=JobSpec(pod_replacement_policy="Failed"),
    ),
    _mutant(
        id="job-backoff-reset-by-finalizer-event",
        about="a sync that sees no new failure forgets the back-off, such as the one after a"
        " finalizer was removed",
        source=_PULLS + "114516",
        shows=("job-backoff-delays-replacement",),
        needs=_around(faults="container-exit"),
        manifest=JobSpec(),
    ),
    _mutant(
        id="job-backoff-delays-success-report",
        about="the back-off puts off all events of pods, not only those of failed ones",
        source=_PULLS + "60985",
        shows=("job-success-is-told-at-once",),
        needs=_around(faults="container-exit"),
        manifest=JobSpec(parallelism=2, completions=2),
    ),
    # ---- ends ----
    _mutant(
        id="job-finished-before-seeing-own-pods",
        about="a Job is declared Failed while pods that it has just created are not seen yet",
        source=_ISSUES + "109485",
        shows=("job-terminal-after-pods-end",),
        needs=_around(faults="container-exit", gates=_NO_STORE, level="interleaved", lag=1),
        manifest=JobSpec(parallelism=2, completions=2, backoff_limit=0),
    ),
    _mutant(
        id="job-deadline-lost-on-controller-restart",
        about="after a restart of the controller nobody waits for the deadline of a Job that has a"
        " start time",
        source=_ISSUES + "62134",
        shows=("job-deadline-is-noticed",),
        needs=_around(faults="controller-restart"),
        manifest=JobSpec(active_deadline_seconds=300),
    ),
    _mutant(
        id="job-deadline-update-not-noticed",
        about="nobody waits for a deadline that was changed after the Job had started",
        source=_PULLS + "67770",
        shows=("job-deadline-is-noticed",),
        needs=_around("set-active-deadline:60"),
        manifest=JobSpec(active_deadline_seconds=30),
    ),
    # ---- status ----
    _mutant(
        id="job-active-zero-during-backoff",
        about="a sync that waits for the back-off reports no active pods; with a ready one that is"
        " refused, and nothing is counted until the back-off is over",
        source=_PULLS + "139457",
        shows=("job-status-is-accepted",),
        needs=_around(faults="container-exit", level="interleaved"),
        manifest=JobSpec(parallelism=2, completions=2),
    ),
    _mutant(
        id="job-terminating-counter-not-updated-alone",
        about="a status in which only the number of terminating pods has changed is not written",
        source="https://github.com/kubernetes/enhancements/tree/master/keps/sig-apps/"
        "3939-allow-replacement-when-fully-terminated",
        shows=("job-counts-at-rest",),
        needs=_around("suspend"),
        manifest=JobSpec(),
    ),
    # ---- what 1.36.3 still has ----
    Mutant(
        id="job-complete-with-pod-listed-as-failed",
        about="a pod that is listed as failed, and then succeeds before its finalizer is removed,"
        " is compared with completions as one more success: the Job is Complete without it",
        source=_GO + "getNewFinishedPods",
        kind="fix",
        shows=("seed-job-success-needs-all-completions",),
        needs=_around(faults="evict,controller-restart", level="interleaved", lag=1),
        manifest=JobSpec(),
        compose=compose,
    ),
    Mutant(
        id="job-suspended-refused-without-start-time",
        about="a suspended Job has no start time; one that has reached its completions is to be"
        " Complete then, and the API server refuses that for as long as it is suspended",
        source=_GO + "syncJob, with MutableSchedulingDirectivesForSuspendedJobs",
        kind="fix",
        shows=("job-status-is-accepted",),
        needs=_around("suspend", level="interleaved", lag=1),
        manifest=JobSpec(),
        compose=compose,
    ),
    Mutant(
        id="job-index-failed-and-completed",
        about="a pod that terminates at the limit of its index is listed as failed, and its index"
        " with it; if it succeeds before its finalizer is removed, the index is completed, too, and"
        " every such status is refused, for ever",
        source=_GO + "calculateSucceededIndexes",
        kind="fix",
        shows=("job-ends",),
        needs=_around("delete-pod", "write-failure"),
        manifest=_indexed(1, backoff_limit=2**31 - 1, backoff_limit_per_index=0),
        compose=compose,
    ),
    Mutant(
        id="job-orphan-finalizer-not-retried",
        about="the pods of a Job that is gone are found by listing; where the request that removes"
        " the finalizer of one fails, it is not tried again, and the pod stays",
        source=_GO + "syncOrphanPodsBySelector",
        kind="fix",
        shows=("job-finalizer-not-leaked",),
        needs=_around("delete", "write-failure", level="faulty", lag=1),
        manifest=JobSpec(),
        compose=compose,
    ),
)
