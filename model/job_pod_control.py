"""
The Job controller's requests about pods, and what its decisions mean for single pods.

:Go: kubernetes v1.36.3 pkg/controller/job/job_controller.go (deleteJobPods, deleteActivePods,
    removeTrackingFinalizerFromPods); pkg/controller/controller_utils.go (RealPodControl)
:Docs: https://kubernetes.io/docs/concepts/workloads/controllers/job/
:Omits: nothing beside what `job.py` and `job_pods.py` omit.

Requests of one stage go out in parallel: here in any order. To remove a pod takes two, its
finalizer and then itself, between which others act.
"""

from typing import Any, cast

from attrs import evolve

from seatrial.core import Outcomes, RuleError, outcome

from .controller import Answers, Key, Pending, Write, attempts
from .controller_utils import Expectations
from .job import Creation
from .job_api import JobPod, JobSpec, Listed, Seen
from .job_controller import going_on
from .job_informer import ANSWERED, Note, Working, looks
from .job_pods import (
    COUNTING,
    PATCHES,
    STATUS,
    JobPods,
    Owned,
    after_patch,
    created,
    deleted,
    kept,
    known,
    labelled,
    relabelled,
)
from .job_tracking import Marked, Patches, StatusWrite

__all__ = ["answer_job_sync", "create_job_pod", "mark_pods", "write_job_pod"]

_TO_DO = ("drop", "delete", *PATCHES)


# ---- what a decision means for pods -----------------------------------------------------------


def mark_pods(note: Note | None, job_versions: int, pods: JobPods, manifest: JobSpec) -> Outcomes:
    """What was just decided, or written, is noted with the pods that it is about."""
    if note is None:
        return
    after = pods
    for word in note.words.split():
        after = _noted(word, note.write, job_versions, after)
    yield outcome("notes it", pods=kept(after, manifest), note=None)


def _noted(word: str, write: Write | None, versions: int, pods: JobPods) -> JobPods:
    if word == "observed":
        assert write is not None
        return _observed(write, pods)
    if word == "entered":
        assert write is not None
        return _entered(write, pods)
    if word == "expected":
        return _expected(pods)
    if word == "landed":
        return relabelled(pods, lambda pod: _counted(pod, versions))
    if word == "done":
        return relabelled(pods, _done)
    if word == "waited":
        return relabelled(pods, _waited)
    if word == "next-list":
        return relabelled(pods, _next_list)
    if word == "landed-late":
        return relabelled(pods, lambda pod: _counted_late(pod, versions))
    if word == "stranded":
        assert write is not None
        return relabelled(pods, lambda pod: _stranded(pod, write))
    if word in ("restarted", "restarted-keeping", "restarted-behind"):
        return relabelled(pods, lambda pod: _listed_anew(pod, word))
    if word == "orphaned":
        return relabelled(pods, _orphaned_if_terminating)
    if word == "forget":
        return relabelled(pods, lambda pod: evolve(pod, expected=False))
    if word != "ended":
        raise RuleError(f"there is nothing to note as {word!r}")
    return relabelled(pods, lambda pod: evolve(pod, task="", snap=None))


def _observed(write: Write, pods: JobPods) -> JobPods:
    """The pods that a sync has seen; those it is about to delete, or to count, are chosen."""
    pods = relabelled(pods, lambda pod: evolve(pod, snap=pod.seen) if pod.visible else pod)
    if write.verb in ("delete", "remove"):
        for seen, n in write.value.items():
            pods = labelled(
                pods,
                lambda pod, seen=seen: pod.snap == seen and not pod.task,  # type: ignore[misc]
                n,
                lambda pod, seen=seen: evolve(pod, task=_first_task(write, seen)),  # type: ignore[misc]
            )
    return _entered(write, pods)


def _first_task(write: Write, seen: Seen) -> str:
    if write.verb == "delete":
        return "delete"
    # A pod that is seen without finalizer is deleted at once.
    return "remove" if seen.pod is not None and seen.pod.finalizer else "drop"


def _entered(write: Write, pods: JobPods) -> JobPods:
    """The pods once their counting begins: each knows what is to be done with it."""
    if not isinstance(write.value, (StatusWrite, Patches)):
        return pods
    marks: Marked = write.value.marks
    for seen, n, mark in marks:
        pods = labelled(
            pods,
            lambda pod, seen=seen: pod.snap == seen and not pod.task,  # type: ignore[misc]
            n,
            lambda pod, mark=mark: evolve(pod, task=mark),  # type: ignore[misc]
        )
    pods = relabelled(pods, lambda pod: evolve(pod, snap=None))
    return _expected(pods) if isinstance(write.value, Patches) else pods


def _expected(pods: JobPods) -> JobPods:
    """The pods whose finalizers are about to be removed. Go: expectFinalizersRemoved"""
    return relabelled(
        pods,
        lambda pod: evolve(pod, expected=True) if pod.task in COUNTING else pod,
    )


def _counted(pod: Owned, versions: int) -> Owned:
    """The pod after a status was accepted that counts or lists it."""
    if pod.task == "clean":
        counted = min(pod.counted + 1, 2)
        return evolve(_listed(pod, "", versions), task="", counted=counted)
    if pod.task in ("succeeded", "failed"):
        return _listed(pod, cast(Listed, pod.task), versions)
    return pod


def _listed(pod: Owned, listed: Listed, versions: int) -> Owned:
    """The pod after the newest of so many versions of the Job lists it there."""
    if pod.in_list == listed:
        return pod
    before = (*pod.listed, *[pod.in_list] * versions)[: versions - 1]
    return evolve(pod, listed=(*before, listed))


def _waited(pod: Owned) -> Owned:
    trail = tuple(
        evolve(each, waited=True) if each is not None and _fails(each) else each
        for each in pod.trail
    )
    return evolve(pod, trail=trail)


def _fails(pod: JobPod) -> bool:
    return pod.finalizer and (pod.phase == "Failed" or pod.terminating)


def _listed_anew(pod: Owned, word: str) -> Owned:
    """The pod after a new process has listed it, where that is said from a server behind."""
    whole = (*pod.past, *pod.trail)
    trail = whole if word == "restarted-behind" else whole[-1:]
    shown = trail[0]
    orphaning = "name" if shown is not None and not shown.owned and shown.finalizer else ""
    return evolve(
        pod,
        trail=trail,
        past=whole[:-1] if word == "restarted-keeping" else (),
        backlog=len(trail) - 1,
        listed=(pod.in_list,),
        own=0,
        expected=False,
        orphaning=orphaning,
        task="",
        snap=None,
    )


def _orphaned_if_terminating(pod: Owned) -> Owned:
    shown = pod.shown
    if shown is not None and shown.terminating and shown.finalizer:
        return evolve(pod, orphaning="name")
    return pod


def _stranded(pod: Owned, write: Write) -> Owned:
    """The pod when the leader is gone that had sent this: what may still become of it."""
    if write.kind == "Job":
        if pod.task in ("clean", "succeeded", "failed"):
            return evolve(pod, late=STATUS + pod.task)
        return evolve(pod, late="") if pod.late.startswith(STATUS) else pod
    return evolve(pod, late=pod.task) if pod.task in _TO_DO else pod


def _counted_late(pod: Owned, versions: int) -> Owned:
    """The pod after a status of a former leader was accepted."""
    if not pod.late.startswith(STATUS):
        return pod
    told = _counted(evolve(pod, task=pod.late.removeprefix(STATUS)), versions)
    return evolve(told, task=pod.task, late="")


def _next_list(pod: Owned) -> Owned:
    return evolve(pod, listed=pod.listed[1:]) if len(pod.listed) > 1 else pod


# ---- creating ---------------------------------------------------------------------------------


def create_job_pod(
    job_sync: Working,
    job_key: Key,
    job_expectations: Expectations,
    pods: JobPods,
    has_room_for_pod: bool,
    job_first: bool,
    write_failures_left: int,
    write_unknowns_left: int,
) -> Outcomes:
    """A request to create a pod, or the controller's note that fewer will come."""
    step = job_sync
    if step is None or step.write.kind != "Pod" or job_first:
        return
    if step.write.verb == "expect fewer":
        fewer = job_expectations.lower_expectations(step.write.value, 0)
        rest = going_on(step.answered("applied"), job_key)
        yield outcome("expects fewer pods", job_expectations=fewer, **rest)
        return
    creation = step.write.value
    if not isinstance(creation, Creation) or not has_room_for_pod:
        return
    tries = list(attempts("applied", write_failures_left, write_unknowns_left))
    for pod, _ in creation.counts:
        left = creation.without(pod)
        for answer, lands, words, spent in tries:
            done: dict[str, Any] = {}
            if lands:
                done["pods"] = pods.add(created(pod, answer == "applied"))
            if answer != "applied":
                done["job_expectations"] = job_expectations.creation_observed()
            rest_of = step.answered(answer)
            if isinstance(rest_of, Pending) and left.counts:
                rest_of = evolve(rest_of, write=evolve(rest_of.write, value=left))
            of = "" if pod.index is None else f" of index {pod.index}"
            yield outcome(
                f"creates a pod{of}{words}", **done, **going_on(rest_of, job_key), **spent
            )


# ---- deleting and patching --------------------------------------------------------------------


def write_job_pod(
    pod_verb: str,
    job_expectations: Expectations,
    pods: JobPods,
    has_room_for_pod: bool,
    job_first: bool,
    write_failures_left: int,
    write_unknowns_left: int,
) -> Outcomes:
    """A request to delete one of the pods that were chosen, or to remove its finalizer."""
    if not has_room_for_pod or job_first:
        return
    for pod in pods:
        if pod.task not in _TO_DO:
            continue
        usual: Any = "not found" if pod.live is None else "applied"
        for answer, lands, words, spent in attempts(
            usual, write_failures_left, write_unknowns_left
        ):
            after, failed = _after(pod, answer, lands)
            moved = pods.move(pod, known(after))
            done: dict[str, Any] = {"pods": moved}
            if not any(each.task in _TO_DO for each in moved):
                done["note"] = Note(ANSWERED, answer=_answer(pod_verb, moved))
            if failed and pod_verb == "remove":
                done["job_expectations"] = job_expectations.deletion_observed()
            verb = "deletes" if pod.task in ("delete", "drop") else "removes the finalizer of"
            yield outcome(f"{verb} a pod that is {looks(pod.live)}{words}", **done, **spent)


def answer_job_sync(job_sync: Working, job_key: Key, note: Note | None) -> Outcomes:
    """The sync goes on, since all of its requests about pods have been answered."""
    if job_sync is None or note is None or note.answer is None:
        return
    rest = going_on(job_sync.answered(note.answer), job_key, "done")
    yield outcome("has all answers", **rest)


def _after(pod: Owned, answer: Any, lands: bool) -> tuple[Owned, bool]:
    """The pod after a request about it, and whether no event of it is to be expected."""
    own, fails = answer == "applied", answer == "failed"
    if pod.task in ("delete", "drop"):
        after = deleted(pod) if lands else pod
        return evolve(after, task="stays" if fails else ""), answer != "applied"
    ready = pod.snap is not None and pod.snap.pod is not None and pod.snap.pod.ready
    after = after_patch(pod, own) if lands else pod
    if pod.task == "remove":
        after = evolve(after, given_up=pod.given_up or lands)
        if answer == "applied":
            return evolve(after, task="drop"), False
        if fails:
            return evolve(after, task="stays ready" if ready else "stays"), True
        return evolve(after, task="left ready" if ready else ""), True
    if pod.task == "index" and (lands or not fails):
        after = evolve(after, counted=1)  # by its index, which the status has
    if fails:
        return evolve(after, task="kept", expected=False), False
    if not own:
        after = evolve(after, expected=False)
    return evolve(after, task="clean" if pod.in_list else ""), False


def _answer(verb: str, pods: JobPods) -> Answers:
    """What the sync is told of all requests of a stage."""

    def so(*tasks: str) -> int:
        return pods.where(lambda pod: pod.task in tasks).total

    if verb == "delete":
        return so("stays")
    if verb == "remove":
        return so("stays", "stays ready"), so("stays ready", "left ready")

    def left(listed: str) -> int:
        return pods.where(lambda pod: pod.task == "kept" and pod.in_list == listed).total

    return left("succeeded"), left("failed"), left("")


def _done(pod: Owned) -> Owned:
    return evolve(pod, task="") if pod.task not in ("", "clean") else pod
