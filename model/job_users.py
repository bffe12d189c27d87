"""
What users do to a Job and its pods, and what becomes of a Job that is deleted.

:Go: kubernetes v1.36.3 pkg/apis/batch/validation/validation.go (ValidateJobSpecUpdate);
    pkg/registry/batch/job/strategy.go; pkg/controller/garbagecollector/garbagecollector.go;
    pkg/controller/ttlafterfinished/ttlafterfinished_controller.go
:Docs: https://kubernetes.io/docs/concepts/workloads/controllers/job/
:Omits: changes of the pod template of a suspended Job; a Job of the same name that is created
    afterwards; deletion by force; changes of several fields at once, but for `set-completions`.

A change that the API server would refuse is not made. backoffLimit cannot be taken away: it would
get its default again.
"""

from attrs import evolve

from seatrial.core import Outcome, Outcomes, outcome

from .job_api import Job, JobSpec
from .job_informer import Jobs, looks, written
from .job_pods import JobPods, after_patch, deleted, kept
from .job_policies import parse_indexes

__all__ = [
    "delete_job",
    "delete_job_pod",
    "finish_job_deletion",
    "resume_job",
    "set_active_deadline",
    "set_backoff_limit",
    "set_completions",
    "set_max_failed_indexes",
    "set_parallelism",
    "set_ttl",
    "strip_finalizer",
    "suspend_job",
]


def _may(jobs: Jobs, lag: int, left: int) -> bool:
    return left > 0 and jobs.live is not None and len(jobs.trail) <= max(1, lag)


def _respecified(words: str, jobs: Jobs, spec: JobSpec, **left: int) -> Outcome:
    """A user has written that spec; the copy of a sync that is under way is an old one then."""
    assert jobs.live is not None
    after = written(jobs, evolve(jobs.live, spec=spec))
    return outcome(words, jobs=after, job_stale=True, **left)


def _told(field: str, value: int | None) -> str:
    return f"takes {field} away" if value is None else f"sets {field} to {value}"


def set_parallelism(
    jobs: Jobs, lag: int, parallelisms: tuple[int, ...], set_parallelisms_left: int
) -> Outcomes:
    """spec.parallelism becomes another number."""
    if not _may(jobs, lag, set_parallelisms_left) or jobs.live is None:
        return
    for n in parallelisms:
        if n != jobs.live.spec.parallelism:
            yield _respecified(
                f"sets parallelism to {n}",
                jobs,
                evolve(jobs.live.spec, parallelism=n),
                set_parallelisms_left=set_parallelisms_left - 1,
            )


def set_completions(
    jobs: Jobs, lag: int, sizes: tuple[int, ...], set_completions_left: int
) -> Outcomes:
    """
    completions and parallelism of an Indexed Job become another number, both the same.

    Where maxFailedIndexes or the successPolicy speak of more of them, that is refused. Go:
    validateCompletions, validateJobSpec
    """
    if not _may(jobs, lag, set_completions_left) or jobs.live is None:
        return
    for n in sizes:
        if n != jobs.live.spec.completions and n >= _least_completions(jobs.live.spec):
            yield _respecified(
                f"sets completions and parallelism to {n}",
                jobs,
                evolve(jobs.live.spec, parallelism=n, completions=n),
                set_completions_left=set_completions_left - 1,
            )


def _least_completions(spec: JobSpec) -> int:
    """How many completions there must be for the indexes and counts that a spec speaks of."""
    least = spec.max_failed_indexes or 0
    for rule in spec.success_policy or ():
        named = parse_indexes(rule.succeeded_indexes or "", spec.completions or 0)
        least = max(least, rule.succeeded_count or 0, named[-1] + 1 if named else 0)
    return least


def set_max_failed_indexes(
    jobs: Jobs,
    lag: int,
    most_failed_indexes: tuple[int | None, ...],
    set_max_failed_indexes_left: int,
) -> Outcomes:
    """spec.maxFailedIndexes becomes another number, not above completions, or is taken away."""
    if not _may(jobs, lag, set_max_failed_indexes_left) or jobs.live is None:
        return
    spec = jobs.live.spec
    for most in most_failed_indexes:
        if most == spec.max_failed_indexes or (most or 0) > (spec.completions or 0):
            continue
        yield _respecified(
            _told("maxFailedIndexes", most),
            jobs,
            evolve(spec, max_failed_indexes=most),
            set_max_failed_indexes_left=set_max_failed_indexes_left - 1,
        )


def set_backoff_limit(
    jobs: Jobs, lag: int, backoff_limits: tuple[int, ...], set_backoff_limits_left: int
) -> Outcomes:
    """spec.backoffLimit becomes another number."""
    if not _may(jobs, lag, set_backoff_limits_left) or jobs.live is None:
        return
    for n in backoff_limits:
        if n != jobs.live.spec.backoff_limit:
            yield _respecified(
                f"sets backoffLimit to {n}",
                jobs,
                evolve(jobs.live.spec, backoff_limit=n),
                set_backoff_limits_left=set_backoff_limits_left - 1,
            )


def set_active_deadline(
    jobs: Jobs,
    lag: int,
    deadline: str,
    active_deadlines: tuple[int | None, ...],
    set_active_deadlines_left: int,
) -> Outcomes:
    """
    spec.activeDeadlineSeconds becomes another number, which may have passed already, or goes away.

    How long the Job has run nobody knows, but what it says of a shorter time it says of a longer.
    """
    if not _may(jobs, lag, set_active_deadlines_left) or jobs.live is None:
        return
    old = jobs.live.spec.active_deadline_seconds
    passed = deadline == "passed"
    for n in active_deadlines:
        if n == old:
            continue
        possible = ["running", "passed"] if jobs.live.status.start_time else ["off"]
        if n is None:
            possible = ["off"]
        elif n == 0 or (passed and old is not None and n < old):
            possible = possible[-1:]
        elif not passed and old is not None and n > old:
            possible = possible[:1]
        for after in possible:
            words = ", which have passed" if after == "passed" else ""
            changed = _respecified(
                _told("activeDeadlineSeconds", n) + words,
                jobs,
                evolve(jobs.live.spec, active_deadline_seconds=n),
                set_active_deadlines_left=set_active_deadlines_left - 1,
            )
            yield changed.also(deadline=after, old_deadline_passed=passed)


def set_ttl(jobs: Jobs, lag: int, ttls: tuple[int | None, ...], set_ttls_left: int) -> Outcomes:
    """spec.ttlSecondsAfterFinished becomes another number, or is taken away."""
    if not _may(jobs, lag, set_ttls_left) or jobs.live is None:
        return
    for n in ttls:
        if n != jobs.live.spec.ttl_seconds_after_finished:
            yield _respecified(
                _told("ttlSecondsAfterFinished", n),
                jobs,
                evolve(jobs.live.spec, ttl_seconds_after_finished=n),
                set_ttls_left=set_ttls_left - 1,
            )


def suspend_job(jobs: Jobs, lag: int, suspends_left: int) -> Outcomes:
    """spec.suspend becomes true."""
    if _may(jobs, lag, suspends_left) and jobs.live is not None and not jobs.live.spec.suspend:
        spec = evolve(jobs.live.spec, suspend=True)
        yield _respecified("suspends the Job", jobs, spec, suspends_left=suspends_left - 1)


def resume_job(jobs: Jobs, lag: int, resumes_left: int) -> Outcomes:
    """spec.suspend becomes false."""
    if _may(jobs, lag, resumes_left) and jobs.live is not None and jobs.live.spec.suspend:
        spec = evolve(jobs.live.spec, suspend=False)
        yield _respecified("resumes the Job", jobs, spec, resumes_left=resumes_left - 1)


# ---- deletion ---------------------------------------------------------------------------------


def delete_job(jobs: Jobs, lag: int, propagation: str, deletes_left: int) -> Outcomes:
    """The Job is deleted. Without dependents to wait for it is gone at once."""
    live = jobs.live
    if not _may(jobs, lag, deletes_left) or live is None or live.deleting:
        return
    after: Job | None = None
    if propagation == "foreground":
        after = evolve(live, deleting="foreground")
    elif propagation == "orphan":
        after = evolve(live, deleting="orphan")
    yield outcome(
        f"deletes the Job, --cascade={propagation}",
        jobs=written(jobs, after),
        job_stale=True,
        deletes_left=deletes_left - 1,
    )


def finish_job_deletion(jobs: Jobs, owned_pods: int, lag: int) -> Outcomes:
    """The garbage collector is done with the pods: the Job is gone."""
    live = jobs.live
    if live is not None and live.deleting and not owned_pods and len(jobs.trail) <= max(1, lag):
        yield outcome("the Job is gone", jobs=written(jobs, None), job_stale=True)


# ---- pods -------------------------------------------------------------------------------------


def delete_job_pod(pods: JobPods, manifest: JobSpec, delete_pods_left: int) -> Outcomes:
    """A pod is deleted, as by `kubectl delete pod`."""
    if delete_pods_left == 0:
        return
    for pod in pods:
        if pod.live is not None and deleted(pod) != pod:
            yield outcome(
                f"deletes a pod that is {looks(pod.live)}",
                pods=kept(pods.move(pod, deleted(pod)), manifest),
                delete_pods_left=delete_pods_left - 1,
            )


def strip_finalizer(pods: JobPods, manifest: JobSpec, strip_finalizers_left: int) -> Outcomes:
    """Somebody removes the tracking finalizer of a pod."""
    if strip_finalizers_left == 0:
        return
    for pod in pods:
        if pod.live is not None and pod.live.finalizer:
            yield outcome(
                f"removes the finalizer of a pod that is {looks(pod.live)}",
                pods=kept(pods.move(pod, after_patch(pod)), manifest),
                strip_finalizers_left=strip_finalizers_left - 1,
            )
