"""
What the Job controller is shown: versions of the Job on their way, and what its handlers do.

:Go: kubernetes v1.36.3 pkg/controller/job/job_controller.go (addPod, updatePod, deletePod, addJob,
    updateJob, deleteJob)
:Docs: https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes
:Omits: the second by which syncs are put off so that events are taken together (a key that is in
    the queue may wait for any time); pods that change their owner; a periodic resync, which comes
    every 12 to 24 hours.
"""

from collections.abc import Iterator

from attrs import evolve, frozen

from seatrial.core import Outcome, Outcomes, outcome

from .controller import Answers, Key, Pending, Write
from .controller_utils import Expectations
from .job_api import Job, JobPod, JobSpec, is_job_finished
from .job_pods import JobPods, Owned, kept, known
from .job_tracking import StatusWrite

__all__ = [
    "ANSWERED",
    "Jobs",
    "Note",
    "Working",
    "deliver_job",
    "deliver_job_and_lists",
    "deliver_pod",
    "looks",
    "woken",
    "written",
]


@frozen(cache_hash=True)
class Jobs:
    """
    The Job: first as the cache shows it, then what is on its way, last what is so.

    `own` is the place of the status that the controller wrote last, as far as it knows that; at
    place 0 it has been seen. `late` is a status that a former leader had sent. It lands only as
    long as nobody else has written the Job.
    """

    trail: tuple[Job | None, ...]
    own: int = 0
    late: StatusWrite | None = None

    @property
    def live(self) -> Job | None:
        """What is so."""
        return self.trail[-1]

    @property
    def shown(self) -> Job | None:
        """What the cache shows."""
        return self.trail[0]

    @property
    def behind(self) -> bool:
        """Whether the cache shows less than there is."""
        return len(self.trail) > 1


ANSWERED = "answered"
"""The word of a note that all requests of a stage have been answered."""


@frozen(cache_hash=True)
class Note:
    """
    What is to be noted with pods before anything else happens, in words that `mark_pods` knows.

    `write` is the request that the words are about, where they are about one. `answer` is what the
    sync is to be told, where all of its requests have been answered.
    """

    words: str
    write: Write | None = None
    answer: Answers | None = None


Working = Pending | None
"""What a worker is doing for the Job."""


def written(jobs: Jobs, after: Job | None, own: bool = False) -> Jobs:
    """The versions after a write; `own` if it is one that the controller knows to have done."""
    if after == jobs.live:
        return jobs
    trail = (*jobs.trail, after)
    return Jobs(trail, len(trail) - 1 if own else jobs.own)


def woken(key: Key) -> Key:
    """The key after an event handler put it into the queue: it waits for no retry any more."""
    return evolve(key, dirty=True, failures=0)


def looks(pod: JobPod | None) -> str:
    """A pod in a few words."""
    if pod is None:
        return "gone"
    words = pod.phase.lower()
    if pod.terminating:
        words += " and terminating"
    if not pod.finalizer:
        words += ", without finalizer"
    return words if pod.index is None else f"{words}, of index {pod.index}"


# ---- the Job ----------------------------------------------------------------------------------


def deliver_job(
    jobs: Jobs,
    job_key: Key,
    deadline: str,
    note: Note | None,
    lists_behind: bool,
    pods_first: bool,
    variant: frozenset[str],
) -> Outcomes:
    """The cache gets the next version of the Job, and its handler is told."""
    if note is None and not lists_behind and not pods_first:
        yield from _delivered(jobs, job_key, deadline, variant)


def deliver_job_and_lists(
    jobs: Jobs,
    job_key: Key,
    deadline: str,
    note: Note | None,
    pods_first: bool,
    variant: frozenset[str],
) -> Outcomes:
    """The same, where this version lists other UIDs: what is listed is noted with pods."""
    if note is not None or pods_first:
        return
    for each in _delivered(jobs, job_key, deadline, variant):
        yield each.also(note=Note("next-list"))


def _delivered(
    jobs: Jobs, job_key: Key, deadline: str, variant: frozenset[str]
) -> Iterator[Outcome]:
    if not jobs.behind:
        return
    after = jobs.trail[1]
    shown = Jobs(jobs.trail[1:], max(0, jobs.own - 1), jobs.late)
    if after is None:
        yield outcome(
            "the cache learns that the Job is gone",
            jobs=shown,
            job_key=woken(job_key),
            orphan_list=True,
            backoff=False,
        )
    elif is_job_finished(after.status):
        # Nobody has to sync it; pods that still have the finalizer are looked for.
        yield outcome("the cache learns that the Job has finished", jobs=shown, orphan_list=True)
    else:
        done: dict[str, str] = {}
        waits = "job-deadline-update-not-noticed" not in variant
        if waits and deadline == "running" and _deadline_changed(jobs.trail[0], after):
            done["deadline"] = "armed"
        yield outcome(
            "the cache learns of a new version", jobs=shown, job_key=woken(job_key), **done
        )


def _deadline_changed(before: Job | None, after: Job) -> bool:
    """Whether the handler asks to come back when the new deadline is over. Go: updateJob"""
    if before is None or not after.status.start_time:
        return False
    now = after.spec.active_deadline_seconds
    return now is not None and now != before.spec.active_deadline_seconds


# ---- pods -------------------------------------------------------------------------------------


def deliver_pod(
    pods: JobPods,
    job_key: Key,
    job_expectations: Expectations,
    job_shown: str,
    note: Note | None,
    backoff: bool,
    api_server_behind: bool,
    manifest: JobSpec,
    variant: frozenset[str],
) -> Outcomes:
    """The cache gets the next event of a pod; the handler counts and queues."""
    if note is not None:
        return
    for pod in pods:
        if len(pod.trail) < 2:
            continue
        before, after = pod.trail[:2]
        told = evolve(
            pod,
            trail=pod.trail[1:],
            own=max(0, pod.own - 1),
            past=(*pod.past, before) if api_server_behind else (),
            backlog=max(0, pod.backlog - 1),
        )
        told, key, expectations = _handled(
            told, before, after, job_key, job_expectations, job_shown
        )
        if "job-backoff-delays-success-report" in variant and backoff and key != job_key:
            key = evolve(job_key, later=True)
        yield outcome(
            f"the cache learns that a pod is {looks(after)}",
            pods=kept(pods.move(pod, known(told)), manifest),
            job_key=key,
            job_expectations=expectations,
        )


def _handled(
    pod: Owned,
    before: JobPod | None,
    after: JobPod | None,
    key: Key,
    expectations: Expectations,
    job_shown: str,
) -> tuple[Owned, Key, Expectations]:
    """Go: addPod, updatePod, deletePod"""
    if after is None or after.terminating:
        return _deleted(pod, before, after, key, expectations, job_shown)
    if not after.owned:
        pod = evolve(pod, orphaning="name") if after.finalizer else pod
        was_owned = before is not None and before.owned
        return pod, woken(key) if was_owned and job_shown != "gone" else key, expectations
    if job_shown == "gone":
        return pod, key, expectations
    if before is None:
        expectations = expectations.creation_observed()
    elif not after.finalizer:
        pod = evolve(pod, expected=False)
    return pod, woken(key), expectations


def _deleted(
    pod: Owned,
    before: JobPod | None,
    after: JobPod | None,
    key: Key,
    expectations: Expectations,
    job_shown: str,
) -> tuple[Owned, Key, Expectations]:
    """A pod is terminating, or gone; then it had no finalizer any more. Go: deletePod"""
    shown = after or before
    has_finalizer = after is not None and after.finalizer
    if job_shown != "there" or shown is None or not shown.owned:
        # No sync of a Job will remove the finalizer.
        return evolve(pod, orphaning="name") if has_finalizer else pod, key, expectations
    if not has_finalizer:
        pod = evolve(pod, expected=False)
    return pod, woken(key), expectations.deletion_observed()
