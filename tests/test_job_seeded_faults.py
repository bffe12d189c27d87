"""
A promise that no fault of the controller could break would say nothing. Each that no dropped
precondition and no known bug breaks has a fault here: one rule, wrong in one way.

The wrong rule stands in for the right one by name. With it the promise breaks, in a system where
all its preconditions are met; without it the promise holds in the same system.
"""

import importlib
from typing import Any

import pytest
from attrs import evolve, frozen

from job_promises import BY_ID, Case, case, indexed
from seatrial.core import Outcomes, Population, Verdict, outcome
from seatrial.engines.explore import explore
from seatrial.model import (
    job_api,
    job_context,
    job_informer,
    job_mutants,
    job_pods,
    job_tracking,
    job_workload,
)

pytestmark = pytest.mark.heavy

NO_LIMIT = 2**31 - 1
INDEXES = job_tracking._with_indexes
CONTEXT, DECIDE = job_context.sync_context, job_context._finished_condition
"""As they are: the wrong rules have their names."""


@frozen
class Seeded:
    """A fault: in which module which name stands for what else, and what it breaks in which Job."""

    about: str
    promise: str
    where: str
    rule: str
    wrong: Any
    of: Case
    also: tuple[tuple[str, str, Any], ...] = ()
    """What else is wrong: some promises are kept by the controller and by the API server."""


def always(status: job_api.JobStatus) -> bool:
    """enactJobFinished that waits for nothing."""
    return True


def accepts_all(
    old: job_api.Job, new: job_api.JobStatus, listed_twice: bool = False
) -> tuple[str, ...]:
    """An API server that refuses no status."""
    return ()


def counts_nothing(status: job_api.JobStatus, counted: job_api.Uncounted) -> job_api.JobStatus:
    """A flush that leaves the lists as they are."""
    return status


def never_finished(status: job_api.JobStatus) -> bool:
    """IsJobFinished that is never content."""
    return False


def begins_anew(
    finished: job_api.JobCondition | None, status: job_api.JobStatus
) -> tuple[job_api.JobStatus, job_api.JobCondition | None, bool]:
    """The conditions before finalizers are removed, without those that there were."""
    if finished is None:
        return status, None, False
    complete = finished.type == job_api.SUCCESS_CRITERIA_MET
    last = job_api.JobCondition(
        job_api.COMPLETE if complete else job_api.FAILED, True, finished.reason
    )
    return evolve(status, conditions=(finished,)), last, True


def fails_what_succeeds(
    spec: job_api.JobSpec, status: job_api.JobStatus, pods: job_api.SeenPods
) -> tuple[int, ...]:
    """calculateFailedIndexes that takes indexes that have succeeded for failed."""
    return status.completed_indexes


def fails_at_limit(
    seen: job_context.JobObservation, ctx: job_context.Context, variant: frozenset[str]
) -> job_api.JobCondition | None:
    """A Job that fails when as many pods have failed as backoffLimit says."""
    if ctx.failed >= seen.job.spec.backoff_limit:
        return job_api.JobCondition(job_api.FAILURE_TARGET, True, "BackoffLimitExceeded")
    return None


def never_failed(spec: job_api.JobSpec, pod: job_api.JobPod) -> bool:
    """isIndexFailed that has endless patience."""
    return False


def always_all(spec: job_api.JobSpec, ctx: job_context.Context) -> int:
    """As many pods as parallelism says, whatever has succeeded."""
    return spec.parallelism


def fails_after_success(
    seen: job_context.JobObservation, ctx: job_context.Context, variant: frozenset[str]
) -> job_api.JobCondition | None:
    """A Job that fails although SuccessCriteriaMet is set."""
    if job_api.is_condition_true(seen.job.status.conditions, job_api.SUCCESS_CRITERIA_MET):
        return job_api.JobCondition(job_api.FAILURE_TARGET, True, "BackoffLimitExceeded")
    return DECIDE(seen, ctx, variant)


def gives_up_early(spec: job_api.JobSpec, ctx: job_context.Context) -> job_api.JobCondition | None:
    """A Job that fails with its first failed index, without maxFailedIndexes."""
    if ctx.failed_indexes:
        return job_api.JobCondition(job_api.FAILURE_TARGET, True, "FailedIndexes")
    return None


def ignores_deadline(
    seen: job_context.JobObservation, variant: frozenset[str] = frozenset()
) -> job_context.Context:
    """A sync for which no deadline passes."""
    return CONTEXT(evolve(seen, past_deadline=False), variant)


def removes_nothing(*of: Any) -> job_api.SeenPods:
    """activePodsForRemoval that finds nothing to remove."""
    return Population()


def keeps_its_finalizer(pod: job_pods.Owned, own: bool = False) -> job_pods.Owned:
    """A patch that does nothing."""
    return pod


def collect_job_pod(
    pods: job_pods.JobPods, pod_events: int, lag: int, manifest: job_api.JobSpec
) -> Outcomes:
    """A garbage collector that has stopped."""
    if lag < 0:
        yield outcome("collects", pods=pods)


def release_job_pod(
    pods: job_pods.JobPods, pod_events: int, lag: int, manifest: job_api.JobSpec
) -> Outcomes:
    """A garbage collector that has stopped."""
    if lag < 0:
        yield outcome("releases", pods=pods)


def expire_ttl(jobs: job_informer.Jobs) -> Outcomes:
    """A TTL controller that has stopped."""
    if not jobs.trail:
        yield outcome("expires", jobs=jobs, job_stale=True)


def expires_at_once(jobs: job_informer.Jobs, job_alive: str) -> Outcomes:
    """A TTL controller that does not ask whether the Job has finished."""
    if job_alive == "alive" and jobs.live is not None:
        gone = job_informer.written(jobs, evolve(jobs.live, deleting="foreground"))
        yield outcome("the TTL is over", jobs=gone, job_stale=True)


def starts_again(pods: job_pods.JobPods, manifest: job_api.JobSpec) -> Outcomes:
    """A kubelet that runs pods that have succeeded once more."""
    for pod in pods:
        if pod.live is not None and pod.live.phase in ("Pending", "Succeeded"):
            runs = job_pods.changed(pod, evolve(pod.live, phase="Running"))
            yield outcome("starts a pod", pods=pods.move(pod, runs))


# The promises ask for actions by their names.
expires_at_once.__name__ = "expire_ttl"
starts_again.__name__ = "start_pod"


def counts_new_ones(
    seen: job_context.JobObservation,
    ctx: job_context.Context,
    status: job_api.JobStatus,
    new: tuple[int, ...],
) -> tuple[job_api.JobStatus, bool]:
    """A status that counts the indexes of which pods are left, and lists all."""
    after, changed = INDEXES(seen, ctx, status, new)
    return evolve(after, succeeded=len(new)), changed


TWO: dict[str, Any] = {"parallelism": 2, "completions": 2}
LAGS: dict[str, Any] = {"level": "interleaved", "lag": 1}
PER_INDEX: dict[str, Any] = {"backoff_limit": NO_LIMIT, "backoff_limit_per_index": 0}

FAULTS = (
    Seeded(
        "a Job finishes before its pods are counted",
        "job-finished-is-counted",
        "job_tracking",
        "_counted",
        counts_nothing,
        case(),
        (("job_tracking", "_may_finish", always), ("job_controller", "refusals", accepts_all)),
    ),
    Seeded(
        "indexes that have succeeded are failed",
        "job-indexes-disjoint",
        "job_context",
        "calculate_failed_indexes",
        fails_what_succeeds,
        case(**PER_INDEX, **indexed(2, parallelism=1)),
        (("job_controller", "refusals", accepts_all),),
    ),
    Seeded(
        "a Job fails at its limit",
        "seed-job-retry-limit",
        "job_context",
        "_finished_condition",
        fails_at_limit,
        case(faults="container-exit", backoff_limit=1),
    ),
    Seeded(
        "no index ever fails",
        "job-index-attempts-bound",
        "job_indexes",
        "_index_failed",
        never_failed,
        case(faults="container-exit@2", **PER_INDEX, **indexed(1)),
    ),
    Seeded(
        "successes are not subtracted",
        "seed-job-completions-stop",
        "job",
        "_want_active",
        always_all,
        case(**TWO, level="interleaved", lag=1),
    ),
    Seeded(
        "a work queue goes on after the first success",
        "job-work-queue-no-new-after-success",
        "job",
        "_want_active",
        always_all,
        case(parallelism=2, completions=None),
    ),
    Seeded(
        "a Job that has reached its completions fails",
        "job-success-never-becomes-failure",
        "job_context",
        "_finished_condition",
        fails_after_success,
        case(faults="controller-restart", level="interleaved", lag=1),
        (("job_controller", "refusals", accepts_all),),
    ),
    Seeded(
        "a Job that has reached its completions fails",
        "job-one-end",
        "job_context",
        "_finished_condition",
        fails_after_success,
        case(faults="controller-restart", level="interleaved", lag=1),
        (("job_controller", "refusals", accepts_all),),
    ),
    Seeded(
        "a Job that has finished is looked at again, and its conditions are written anew",
        "job-failure-is-final",
        "job_tracking",
        "_with_interim_condition",
        begins_anew,
        case(**LAGS),
        (
            ("job_controller", "refusals", accepts_all),
            ("job_controller", "is_job_finished", never_finished),
            ("job_informer", "is_job_finished", never_finished),
        ),
    ),
    Seeded(
        "a Job fails with its first failed index",
        "job-per-index-independent",
        "job_context",
        "_finished_by_indexes",
        gives_up_early,
        case(faults="container-exit@2", **PER_INDEX, **indexed(2)),
    ),
    Seeded(
        "the deadline is not asked for",
        "job-deadline-precedence",
        "job_controller",
        "sync_context",
        ignores_deadline,
        case(faults="container-exit", active_deadline_seconds=60),
        (("job", "sync_context", ignores_deadline),),
    ),
    Seeded(
        "nothing is removed",
        "job-suspend-stops-pods",
        "job_controller",
        "active_pods_for_removal",
        removes_nothing,
        case("suspend"),
    ),
    Seeded(
        "nothing is removed",
        "job-parallelism-zero-pauses",
        "job_controller",
        "active_pods_for_removal",
        removes_nothing,
        case("set-parallelism:0"),
    ),
    Seeded(
        "finalizers stay",
        "job-finalizer-not-leaked",
        "job_pod_control",
        "after_patch",
        keeps_its_finalizer,
        case(),
        (("job_faults", "after_patch", keeps_its_finalizer),),
    ),
    Seeded(
        "the garbage collector has stopped",
        "job-deleting-removes-pods",
        "job_kubelet",
        "collect_job_pod",
        collect_job_pod,
        case("delete"),
    ),
    Seeded(
        "the garbage collector has stopped",
        "job-foreground-deletion-is-complete",
        "job_kubelet",
        "collect_job_pod",
        collect_job_pod,
        case("delete:foreground"),
    ),
    Seeded(
        "the garbage collector has stopped",
        "job-orphans-are-free",
        "job_kubelet",
        "release_job_pod",
        release_job_pod,
        case("delete:orphan"),
    ),
    Seeded(
        "the TTL controller has stopped",
        "job-ttl-deletes-after-finish",
        "job_faults",
        "expire_ttl",
        expire_ttl,
        case(ttl_seconds_after_finished=60),
    ),
    Seeded(
        "the TTL controller does not ask whether the Job has finished",
        "job-ttl-waits-for-the-end",
        "job_faults",
        "expire_ttl",
        expires_at_once,
        case(ttl_seconds_after_finished=60),
    ),
    Seeded(
        "a pod that has succeeded is started again",
        "seed-job-pod-terminates-when-done",
        "job_kubelet",
        "start_pod",
        starts_again,
        case(level="interleaved"),
    ),
    Seeded(
        "only indexes of which there are pods are counted",
        "job-index-counts-once",
        "job_tracking",
        "_with_indexes",
        counts_new_ones,
        case(**indexed(2, parallelism=1)),
        (("job_controller", "refusals", accepts_all),),
    ),
)


def verdict_of(each: Seeded) -> Verdict:
    """What exploration says of the promise."""
    system = job_workload.compose("seeded", each.of.spec, each.of.around)
    # With a wrong rule there may be no end of states.
    asked = [BY_ID[each.promise].property]
    (verdict,) = explore(system, asked, threads=2, first=True, max_states=20_000).verdicts
    return verdict


def named(each: Seeded) -> str:
    return f"{each.promise}: {each.about}"


@pytest.mark.parametrize("each", FAULTS, ids=named)
def test_a_wrong_rule_breaks_the_promise(each: Seeded, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not BY_ID[each.promise].unmet(each.of.spec, each.of.around)
    assert verdict_of(each).status == "holds"

    for where, rule, wrong in ((each.where, each.rule, each.wrong), *each.also):
        monkeypatch.setattr(importlib.import_module(f"seatrial.model.{where}"), rule, wrong)

    assert verdict_of(each).status == "violated"


def test_each_promise_that_holds_can_be_broken() -> None:
    """By a dropped precondition, by a known bug, or by a wrong rule of this file."""
    import test_job_promises

    dropped = {promise for promise, _ in test_job_promises.DROPPED}
    bugs = {promise for bug in job_mutants.MUTANTS for promise in bug.shows}
    seeded = {each.promise for each in FAULTS}
    holding = {
        each.property.id
        for each in BY_ID.values()
        if each.property.expected == "holds" and each.property.kind != "sometimes"
    }

    assert holding <= dropped | bugs | seeded
