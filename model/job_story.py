"""How a run of a Job is told: who acts, how many pods there are, and what has been counted."""

from collections.abc import Mapping
from typing import Any

from seatrial.core import Step

from .environment import Environment
from .job_api import Job, JobPod, JobSpec
from .job_pods import JobPods

__all__ = ["UNTOLD", "about", "summary", "who"]

UNTOLD = frozenset(
    {"answer_job_sync", "deliver_job", "deliver_job_and_lists", "deliver_pod", "mark_pods"}
)
"""Actions whose steps go without saying where they follow at once."""


def about(name: str, spec: JobSpec, around: Environment) -> str:
    """What was checked, in a line."""
    mode = "Indexed Job" if spec.indexed else "Job"
    wanted = "a work queue" if spec.completions is None else f"completions {spec.completions}"
    parts = [f"{mode} {name}: {wanted}, parallelism {spec.parallelism}"]
    if spec.backoff_limit_per_index is not None:
        parts.append(f"backoffLimitPerIndex {spec.backoff_limit_per_index}")
    else:
        parts.append(f"backoffLimit {spec.backoff_limit}")
    parts.append(f"restartPolicy {spec.restart_policy}")
    if spec.pod_failure_policy is not None:
        parts.append(f"{len(spec.pod_failure_policy)} rules of podFailurePolicy")
    if spec.suspend:
        parts.append("suspended")
    users = ", ".join(map(str, around.users)) or "no users"
    faults = ", ".join(map(str, around.faults)) or "no faults"
    return f"{', '.join(parts)}; {users}; {faults}; level {around.level}, lag {around.lag}"


def who(step: Step) -> str:
    """Who took a step."""
    return step.actor


def summary(state: Mapping[str, Any]) -> str:
    """What there really is: the Job as it reports itself, and its pods."""
    job: Job | None = state["jobs"].live
    return f"{_job(job)} | {_pods(state['pods'])}"


def _job(job: Job | None) -> str:
    if job is None:
        return "no Job"
    status = job.status
    text = f"Job: {status.succeeded} succeeded, {status.failed} failed"
    if job.spec.indexed and status.completed_indexes:
        text += f", indexes {', '.join(map(str, status.completed_indexes))} done"
    if status.failed_indexes:
        text += f", indexes {', '.join(map(str, status.failed_indexes))} failed"
    if status.uncounted.total:
        text += f", {status.uncounted.total} uncounted"
    if job.spec.suspend:
        text += ", suspended"
    if job.deleting:
        text += ", being deleted"
    true = [each.type for each in status.conditions if each.status]
    return f"{text}, {', '.join(true)}" if true else text


def _pods(pods: JobPods) -> str:
    words: dict[str, int] = {}
    for pod, n in pods.items():
        if pod.live is not None:
            words[_words(pod.live)] = words.get(_words(pod.live), 0) + n
    return ", ".join(f"{n} {word}" for word, n in words.items()) or "no pods"


def _words(pod: JobPod) -> str:
    word = pod.phase.lower()
    if pod.terminating and not pod.ended:
        word = "terminating"
    if pod.ended and not pod.finalizer:
        word += " (counted or given up)"
    if pod.restarts:
        word += f" ({pod.restarts} restarts)"
    return word if pod.index is None else f"{word} [{pod.index}]"
