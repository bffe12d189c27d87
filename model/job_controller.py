"""
The Job controller as actions: one that observes and decides, one for each kind of request.

:Go: kubernetes v1.36.3 pkg/controller/job/job_controller.go;
    pkg/controller/util/consistency/consistency.go
:Docs: https://kubernetes.io/docs/concepts/workloads/controllers/job/
:Omits: how long a key waits that is tried again.

A decision reads what caches show. What it means for pods, which of those that look alike, is noted
in a step of its own that follows at once (`Noting`, `mark_pods`).

The consistency store (new in 1.36) remembers the last status that the controller wrote, and the
last pod that it created or patched, where it got the answer, but no deletions. It does not sync the
Job before the caches show both.
"""

from itertools import product
from typing import Any

from attrs import evolve

from seatrial.core import Outcomes, choose, outcome, split

from .controller import Answers, Done, Key, Pending, Write, attempts, numbers_below, plan
from .controller_utils import Expectations
from .job import Creation, active_pods_for_removal, sync_job
from .job_api import Job, SeenPods, is_job_finished
from .job_context import (
    JobObservation,
    arms_deadline,
    ready_pods,
    sync_context,
    with_last_failures_chosen,
)
from .job_informer import Jobs, Note, Working, written
from .job_status import refusals
from .job_tracking import Patches, StatusWrite

__all__ = [
    "answers",
    "deadline_after",
    "describe",
    "expected_of",
    "going_on",
    "observe_job",
    "status_words",
    "write_job_status",
]


def answers(write: Write, failures: bool) -> tuple[Answers, ...]:
    """How a write of a Job's sync may be answered; with `failures` requests may fail."""
    if write.batch is not None:
        return tuple(numbers_below(write.batch + 1 if failures else 1))
    if write.kind == "Job":
        return ("applied", "conflict")
    if write.verb == "delete":
        return tuple(numbers_below(write.value.total + 1 if failures else 1))
    if write.verb == "remove":
        stay = numbers_below(write.value.total + 1 if failures else 1)
        return tuple(product(stay, numbers_below(ready_pods(write.value) + 1)))
    if isinstance(write.value, Patches):
        groups = (write.value.listed.succeeded, write.value.listed.failed, write.value.others)
        return tuple(product(*(numbers_below(n + 1 if failures else 1) for n in groups)))
    return ("applied",)


# ---- observing --------------------------------------------------------------------------------


def observe_job(
    job_key: Key,
    job_sync: Working,
    job_cached: Job | None,
    pods_seen: SeenPods,
    expectations_satisfied: bool,
    backoff: bool,
    deadline: str,
    deadline_seen: bool,
    old_deadline_passed: bool,
    own_status_unseen: bool,
    own_pods_unseen: bool,
    orphans_shown: bool,
    finish_unseen: bool,
    job_behind: bool,
    requeues: int,
    consistency_store: bool,
    clears_start_time: bool,
    write_faults: bool,
    variant: frozenset[str],
) -> Outcomes:
    """
    A worker takes the key, reads the caches and decides.

    Go: processNextWorkItem, syncJob, getPodsForJob (ClaimPods)
    """
    if not job_key.dirty or job_sync is not None:
        return
    if consistency_store and (own_status_unseen or own_pods_unseen):
        return
    key = evolve(job_key, dirty=False)
    if job_cached is None:
        yield outcome(
            "finds that the Job is gone",
            job_key=key,
            job_expectations=Expectations(),
            backoff=False,
            note=Note("forget"),
        )
        return
    if job_cached.spec.managed_by not in (None, "kubernetes.io/job-controller"):
        yield outcome("leaves the Job to another controller", job_key=key)
        return
    if is_job_finished(job_cached.status):
        yield outcome("finds that the Job has finished", job_key=key, backoff=False)
        return
    if finish_unseen:
        yield outcome("knows that the Job has finished", job_key=key)
        return
    if orphans_shown and not job_cached.deleting:
        # It asks for the Job first, which is being deleted, or gone: else no pod lost its owner.
        again = _ended(key, Done(retry=True, failed=True))
        yield outcome("cannot adopt a pod, since the Job is being deleted", job_key=again)
        return
    seen = JobObservation(
        job_cached,
        pods_seen,
        expectations_satisfied,
        backoff,
        past_deadline=_past(job_cached, deadline if deadline_seen else "", old_deadline_passed),
        clears_start_time=clears_start_time,
        requeues=requeues,
    )
    there = deadline_seen or deadline != "off"  # it may have been taken away
    yield _decide(seen, key, there, job_behind, requeues, write_faults, variant)


def _past(job: Job, deadline: str, old_passed: bool) -> bool:
    """
    Whether the deadline is over, as far as the cache shows a start time. Where it shows none, this
    sync is the start. Go: pastActiveDeadline
    """
    if not job.status.start_time:
        return False
    return deadline == "passed" if deadline else old_passed


def _decide(
    seen: JobObservation,
    key: Key,
    has_deadline: bool,
    behind: bool,
    requeues: int,
    write_faults: bool,
    variant: frozenset[str],
) -> Any:
    ctx = sync_context(seen, variant)
    first = sync_context(evolve(seen, failures_last=False), variant)
    if first != ctx and choose(0, 1):
        seen, ctx = evolve(seen, failures_last=False), first
    seen, ctx = with_last_failures_chosen(seen, ctx, variant)
    surplus = active_pods_for_removal(seen, ctx, split)
    step = plan(
        lambda: sync_job(seen, surplus, variant), lambda write: answers(write, write_faults)
    )
    done: dict[str, Any] = {}
    if has_deadline and arms_deadline(seen, ctx, variant):
        done["deadline"] = "armed"
    if "job-backoff-counted-by-requeues" in variant and ctx.new_failures:
        done["requeues"] = requeues + 1
    if isinstance(step, Done):
        return outcome("has nothing to write", job_key=_ended(key, step), **done)
    write = step.write
    expected = expected_of(write)
    if expected is not None:
        done["job_expectations"] = expected
    sees = f"sees {ctx.active.total} active, {ctx.succeeded} succeeded, {ctx.failed} failed"
    return outcome(
        f"{sees}: decides to {describe(write)}",
        job_key=key,
        job_sync=step,
        note=Note("observed", write),
        job_stale=behind,
        **done,
    )


def expected_of(write: Write) -> Expectations | None:
    """What the controller expects from when it sends this on, if that is something new."""
    if isinstance(write.value, Creation) and write.value.expect:
        return Expectations().expect_creations(write.value.expect)
    if write.verb == "remove":
        return Expectations().expect_deletions(write.value.total)
    return None


def describe(write: Write) -> str:
    """A write in a few words."""
    if isinstance(write.value, Creation):
        n = write.value.expect
        return f"create {n} pod{'' if n == 1 else 's'}"
    if write.verb in ("delete", "remove"):
        return f"{write.verb} {write.value.total} active"
    return "write its status" if write.kind == "Job" else "remove finalizers"


def _ended(key: Key, done: Done) -> Key:
    """The key after a sync; one that failed is tried again later, unless an event comes first."""
    waits = done.failed and not key.dirty
    return Key(key.dirty or done.retry, key.later or done.later, 1 if waits else 0)


def going_on(step: Pending | Done, key: Key, noted: str = "") -> dict[str, Any]:
    """What the controller's variables are when this is left of its sync; `noted` comes first."""
    if isinstance(step, Done):
        after = {"job_sync": None, "job_stale": False, "job_key": _ended(key, step)}
        return {**after, "note": Note(f"{noted} ended".strip())}
    if isinstance(step.write.value, (StatusWrite, Patches)):
        return {"job_sync": step, "note": Note(f"{noted} entered".strip(), step.write)}
    return {"job_sync": step, "note": Note(noted) if noted else None}


# ---- writing the status -----------------------------------------------------------------------


def write_job_status(
    job_sync: Working,
    job_key: Key,
    job_stale: bool,
    jobs: Jobs,
    backoff: bool,
    deadline: str,
    pods_first: bool,
    lag: int,
    write_failures_left: int,
    write_unknowns_left: int,
) -> Outcomes:
    """A request to write the status, which may be refused. Go: updateJobStatus"""
    step = job_sync
    if step is None or step.write.kind != "Job" or len(jobs.trail) > max(1, lag) or pods_first:
        return
    sent: StatusWrite = step.write.value
    live = jobs.live
    usual, why = _usual(live, job_stale, sent)
    for answer, lands, words, spent in attempts(usual, write_failures_left, write_unknowns_left):
        done: dict[str, Any] = {}
        rest = step.answered("applied" if answer == "applied" else "conflict")
        if lands and live is not None:
            after = evolve(live, status=sent.status)
            done["jobs"] = written(jobs, after, own=answer == "applied")
            done["deadline"] = deadline_after(deadline, live, after, sent.renews)
            if sent.backoff is not None and answer == "applied":
                done["backoff"] = sent.backoff
        done |= going_on(rest, job_key)
        words_of_pods = _noted(lands, rest)
        done["note"] = Note(words_of_pods) if words_of_pods else None
        told = why if answer == "conflict" else words
        yield outcome(f"{status_words(sent)}{told}", **done, **spent)


def _noted(lands: bool, rest: Pending | Done) -> str:
    """What is to be noted with pods after a status was sent."""
    words = ["landed"] if lands else []
    if isinstance(rest, Done):
        words.append("ended")
    elif lands and isinstance(rest.write.value, Patches):
        words.append("expected")
    return " ".join(words)


def _usual(live: Job | None, stale: bool, sent: StatusWrite) -> tuple[Any, str]:
    if live is None or stale:
        return "conflict", ": conflict"
    refused = refusals(live, sent.status, sent.listed_twice)
    return ("conflict", f": refused, {refused[0]}") if refused else ("applied", "")


def deadline_after(deadline: str, before: Job, after: Job, renews: bool) -> str:
    """What has become of the deadline when a status was written; `renews` its start time."""
    if not after.status.start_time:
        return "off"
    if after.spec.active_deadline_seconds is None:
        return "off"
    if after.spec.active_deadline_seconds == 0:
        return "passed"
    if renews or not before.status.start_time:
        return "armed"
    return deadline


def status_words(sent: StatusWrite) -> str:
    """A status in a few words."""
    status = sent.status
    text = f"reports {status.active} active, {status.succeeded} succeeded, {status.failed} failed"
    if status.uncounted.total:
        listed = status.uncounted
        text += f", uncounted {listed.succeeded} succeeded and {listed.failed} failed"
    true = [each.type for each in status.conditions if each.status]
    return f"{text}, {', '.join(true)}" if true else text
