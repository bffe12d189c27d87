"""
Any state in which a sync of a Job may begin, reachable or not.

Caches are behind now and then, and any one request may fail.
"""

from typing import Any

from attrs import evolve

from seatrial.core import Population
from seatrial.model import job_api as jobs
from seatrial.model import job_policies
from seatrial.oracle.job_states import Start

from .chance import Chance

__all__ = ["drawn"]


_MATCHES: tuple[Any, ...] = (
    jobs.ExitCodes("In", (3,)),
    jobs.ExitCodes("NotIn", (1,)),
    jobs.ExitCodes("In", (1, 5)),
    (("DisruptionTarget", "True"),),
)


def _rule(chance: Chance, per_index: bool) -> jobs.FailureRule:
    """A rule; to give up an index there has to be a limit for each."""
    action: Any = chance.of(("FailJob", "Ignore", "Count", *(("FailIndex",) if per_index else ())))
    match = chance.of(_MATCHES)
    if isinstance(match, jobs.ExitCodes):
        return jobs.FailureRule(action, match)
    return jobs.FailureRule(action, on_pod_conditions=match)


def _success_rule(chance: Chance, completions: int) -> jobs.SuccessRule:
    """Some indexes, some number of them, or so many of some."""
    indexes, count = chance.of(("0", "0-1", None, "0,2-3")), chance.of((None, 1, 2))
    if indexes is not None and job_policies.parse_indexes(indexes, 9)[-1] >= completions:
        indexes = "0"
    there = completions if indexes is None else len(job_policies.parse_indexes(indexes, 9))
    if count is None:
        return jobs.SuccessRule(indexes, None if indexes else 1)
    return jobs.SuccessRule(indexes, min(count, there))


def _spec(chance: Chance) -> jobs.JobSpec:
    indexed = chance.of((False, True))
    several = (3, 1, 2, 4, 3, 1, 2, 4, 0)
    completions = chance.of(several if indexed else (*several, None, None))
    per_index = chance.of((None, 0, 1)) if indexed else None
    policy = None
    if chance.of((False, False, True)):
        policy = tuple(_rule(chance, per_index is not None) for _ in range(chance.integer(1, 3)))
    success = None
    if indexed and completions and chance.of((False, False, True)):
        success = tuple(
            _success_rule(chance, completions or 0) for _ in range(chance.of((1, 1, 2)))
        )
    failed = chance.of((None, 0, min(1, completions or 0)))
    replacement = chance.of(("TerminatingOrFailed", "Failed"))
    return jobs.JobSpec(
        parallelism=chance.of((0, 1, 2, 3, 4, 6)),
        completions=completions,
        completion_mode="Indexed" if indexed else "NonIndexed",
        backoff_limit=chance.of((6, 0, 1)),
        backoff_limit_per_index=per_index,
        max_failed_indexes=failed if per_index is not None else None,
        pod_failure_policy=policy,
        success_policy=success,
        pod_replacement_policy="Failed" if policy is not None else replacement,  # type: ignore[arg-type]
        suspend=chance.of((False,) * 5 + (True,)),
        active_deadline_seconds=chance.of((None, None, 100)),
        managed_by=chance.of((None,) * 40 + ("example.com/other",)),
        restart_policy="Never" if policy is not None else chance.of(("Never", "OnFailure")),
    )


def _pod(chance: Chance, spec: jobs.JobSpec) -> jobs.JobPod:
    phase = chance.of(("Pending", "Running", "Running", "Succeeded", "Failed", "Failed"))
    index = chance.integer(0, 4) if spec.indexed else None
    code = None
    if phase == "Failed" and chance.of((True, True, False)):
        code = chance.of((1, 3, 5))
    per_index = spec.backoff_limit_per_index is not None
    restarts = chance.of((0, 0, 0, 1))
    return jobs.JobPod(
        phase=phase,  # type: ignore[arg-type]
        terminating=chance.of((False, False, False, True)),
        finalizer=chance.of((True,) * 5 + (False,)),
        index=index,
        failure_count=chance.of((0, 0, 1)) if per_index else 0,
        ignored_failure_count=chance.of((0, 0, 1)) if per_index else 0,
        exit_code=code,
        disrupted=phase == "Failed" and chance.of((False, False, True)),
        restarts=restarts if spec.restart_policy == "OnFailure" and phase == "Running" else 0,
        waited=phase == "Failed" and chance.of((True, False)),
    )


def drawn(chance: Chance) -> Start:
    """
    Any state. In some of them the Job has not run into trouble, and may create pods, and in some
    indexes are to be tried again.
    """
    spec, mood = _spec(chance), chance.of(("any", "any", "calm"))
    if spec.backoff_limit_per_index is not None and chance.of((True, False)):
        mood = "retries"
        spec = _retrying(chance, spec)
    calm = mood != "any"
    if calm:
        spec = evolve(spec, parallelism=4, suspend=False, backoff_limit=6)
    pods = _pods(chance, spec, mood)
    uncounted = jobs.Uncounted(
        sum(n for each, n in pods.items() if each.listed == "succeeded"),
        sum(n for each, n in pods.items() if each.listed == "failed"),
    )
    status = _status(chance, spec, uncounted)
    if calm:
        status = evolve(status, conditions=(), failed=0)
    may_pass = spec.active_deadline_seconds is not None and status.start_time
    cached = jobs.Job(spec, status, chance.of(("",) * 18 + ("foreground", "orphan")))
    live: jobs.Job | None = cached
    how = chance.of(("same",) * 7 + ("version", "gone"))
    if how == "gone":
        live = None
    elif how == "version":
        live = evolve(cached, status=evolve(status, active=status.active + 1))
    gone = frozenset(
        each for each in pods if each.pod is not None and chance.of((False,) * 7 + (True,))
    )
    return Start(
        cached,
        pods,
        live=live,
        stale=how != "same",
        gone=gone,
        fails=chance.of((0, 0, 1)),
        satisfied=chance.of((True,) * 5 + (False,)),
        backoff=chance.of((False, False, True)),
        failures_last=chance.of((True, False)),
        past_deadline=may_pass and chance.of((False, True)),
        clears_start_time=chance.of((True, False)),
        consistency_store=chance.of((True,) * 7 + (False,)),
        finish_unseen=chance.of((False,) * 30 + (True,)),
    )


def _retrying(chance: Chance, spec: jobs.JobSpec) -> jobs.JobSpec:
    """A Job with room for more pods, which tries its indexes again."""
    return evolve(
        spec,
        completions=chance.of((2, 3, 4)),
        backoff_limit_per_index=chance.of((1, 2, 1, 0)),
        max_failed_indexes=chance.of((None, None, 1)),
        success_policy=None,
    )


def _pods(chance: Chance, spec: jobs.JobSpec, mood: str) -> jobs.SeenPods:
    """Pods of a Job in which any is as it may be, most run, or many have failed."""
    found: dict[jobs.Seen, int] = {}
    for _ in range(chance.integer(0, 3)):
        pod = _pod(chance, spec)
        if mood == "calm" and chance.of((True, True, False)):
            pod = evolve(pod, phase="Running", exit_code=None, disrupted=False, waited=False)
        elif mood == "calm" and pod.phase == "Failed":
            pod = evolve(pod, waited=True)
        elif mood == "retries" and chance.of((True, True, False)):
            pod = _failed(chance, pod)
        listed = _listed(chance, spec, pod)
        expected = pod.finalizer and pod.ended and chance.of((False,) * 5 + (True,))
        found[jobs.Seen(pod, listed, expected)] = chance.of((1, 1, 2))
    for _ in range(chance.of((0,) * 9 + (1, 1, 2))):
        gone = jobs.Seen(None, "failed" if spec.indexed else chance.of(("succeeded", "failed")))
        found[gone] = found.get(gone, 0) + 1
    return Population(found)


def _failed(chance: Chance, pod: jobs.JobPod) -> jobs.JobPod:
    """The pod after a failure of which its index may recover."""
    return evolve(
        pod,
        phase="Failed",
        terminating=False,
        index=chance.of((0, 0, 1, 2)),
        exit_code=chance.of((1, 3, 5, None)),
        restarts=0,
        waited=chance.of((True, False)),
    )


def _listed(chance: Chance, spec: jobs.JobSpec, pod: jobs.JobPod) -> jobs.Listed:
    """
    The list of the status that its UID is in.

    A terminating pod is listed as failed before it ends, and may succeed then.
    """
    if not (pod.ended or pod.terminating) or not chance.of((False, False, True)):
        return ""
    if pod.phase != "Succeeded" or (pod.terminating and chance.of((True, False))):
        return "failed"
    return "" if spec.indexed else "succeeded"  # with indexes those are counted


def _status(chance: Chance, spec: jobs.JobSpec, uncounted: jobs.Uncounted) -> jobs.JobStatus:
    completed: tuple[int, ...] = ()
    failed: tuple[int, ...] | None = None
    succeeded = chance.of((0, 0, 1, 2))
    if spec.indexed:
        # An elastic Job may have had more indexes than it has now.
        most = (spec.completions or 0) + chance.of((0,) * 6 + (2,))
        completed = tuple(each for each in range(most) if chance.of((False, False, True)))
        succeeded = len(completed)
        if spec.backoff_limit_per_index is not None:
            failed = tuple(
                each for each in range(most) if each not in completed and chance.of(_SELDOM)
            )
    conditions: tuple[jobs.JobCondition, ...] = chance.of(
        (
            (),
            (),
            (),
            (),
            (jobs.JobCondition("Suspended", True, "JobSuspended"),),
            (jobs.JobCondition("Suspended", False, "JobResumed"),),
            (jobs.JobCondition("SuccessCriteriaMet", True, chance.of(_SUCCESSES)),),
            (jobs.JobCondition("FailureTarget", True, chance.of(_FAILURES)),),
            (
                jobs.JobCondition("Suspended", False, "JobResumed"),
                jobs.JobCondition("FailureTarget", True, chance.of(_FAILURES)),
            ),
            chance.of(_ENDS),
        )
    )
    active = chance.integer(0, 3)
    started = True
    if spec.suspend or not conditions:
        started = chance.of((True, True, False))
    return jobs.JobStatus(
        active=active,
        ready=chance.of((None, 0, active)),
        terminating=chance.of((None, 0, 0, 1)),
        succeeded=succeeded,
        failed=chance.of((0, 0, 1, 2)),
        uncounted=uncounted,
        completed_indexes=completed,
        failed_indexes=failed,
        conditions=conditions,
        start_time=started,
    )


_SUCCESSES = ("CompletionsReached", "SuccessPolicy")
_FAILURES = (
    "BackoffLimitExceeded",
    "DeadlineExceeded",
    "FailedIndexes",
    "MaxFailedIndexesExceeded",
    "PodFailurePolicy",
)
_ENDS = (
    (),
    (jobs.JobCondition("FailureTarget", True, "Why"), jobs.JobCondition("Failed", True, "Why")),
    (
        jobs.JobCondition("SuccessCriteriaMet", True, "Why"),
        jobs.JobCondition("Complete", True, "Why"),
    ),
)
"""A Job that has finished is looked at no more."""
_SELDOM = (False,) * 5 + (True,)
