"""Theorems about the Job controller: what it counts; those on its pods are in another module."""

from collections.abc import Iterator

from attrs import evolve

from seatrial.core import Hypothesis, Mutation, OneOf, Population, Theorem, Whole, choose
from seatrial.core.arith import minimum
from seatrial.model import job, job_api, job_context, job_tracking

from . import theorem_job_pods
from .theorem_parts import COUNT, NUMBER

__all__ = ["THEOREMS"]

_GO = "pkg/controller/job/job_controller.go"
_KEP = (
    "https://github.com/kubernetes/enhancements/tree/master/keps/sig-apps/"
    "2307-job-tracking-without-lingering-pods"
)
_BOTH = OneOf((False, True))
_STARTED = job_api.JobStatus(start_time=True)


# ---- counting ---------------------------------------------------------------------------------


def _statuses(
    seen: job_context.JobObservation, may_fail: int, variant: frozenset[str]
) -> Iterator[job_api.JobStatus]:
    """What a sync reports, one status after the other, where so many requests may fail."""
    sync = job.sync_job(seen, Population(), variant)
    try:
        write = next(sync)
        while True:
            if isinstance(write.value, job_tracking.StatusWrite):
                yield write.value.status
                write = sync.send("applied")
            else:
                listed = write.value.listed
                write = sync.send(
                    tuple(
                        choose(0, minimum(n, may_fail))
                        for n in (listed.succeeded, listed.failed, write.value.others)
                    )
                )
    except StopIteration:
        return


def _counts_once(
    failures: bool,
    completions: int,
    counted: int,
    fresh: int,
    listed: int,
    cleared: int,
    freed: int,
    gone: int,
    known: int,
    forgotten: int,
    satisfied: bool,
    may_fail: int,
    variant: frozenset[str],
) -> Iterator[str]:
    word: job_api.Listed = "failed" if failures else "succeeded"
    pod = job_api.JobPod("Failed" if failures else "Succeeded")
    pods: job_api.SeenPods = Population(
        (
            (job_api.Seen(pod), fresh + forgotten),
            (job_api.Seen(pod, word), listed),
            (job_api.Seen(pod, word, True), cleared),
            (job_api.Seen(evolve(pod, finalizer=False), word), freed),
            (job_api.Seen(None, word), gone),
            (job_api.Seen(pod, "", True), known),
        )
    )
    in_list = listed + cleared + freed + gone
    status = evolve(
        _STARTED,
        succeeded=0 if failures else counted,
        failed=counted if failures else 0,
        uncounted=job_api.Uncounted(0, in_list) if failures else job_api.Uncounted(in_list, 0),
    )
    spec = job_api.JobSpec(parallelism=0, completions=completions)
    of = job_api.Job(spec, status)
    ended = counted + in_list + fresh
    for told in _statuses(job_context.JobObservation(of, pods, satisfied), may_fail, variant):
        if failures:
            found = told.failed + told.uncounted.failed
        else:
            found = told.succeeded + told.uncounted.succeeded
        if found != ended:
            yield f"{found} are counted, or listed to be counted; {ended} have ended"


def _indexed(
    completions: int,
    done: tuple[bool, ...],
    now: tuple[int, ...],
    satisfied: bool,
    met: bool = False,
) -> job_context.JobObservation:
    """
    An Indexed Job whose status knows some indexes, and pods of some that have succeeded.

    Where `met`, a sync before has written SuccessCriteriaMet, and left to come what follows it.
    """
    indexes = tuple(index for index, it in enumerate(done) if it)
    written = job_api.JobCondition(job_api.SUCCESS_CRITERIA_MET, True, "CompletionsReached")
    status = evolve(
        _STARTED,
        succeeded=len(indexes),
        completed_indexes=indexes,
        conditions=(written,) if met else (),
    )
    spec = job_api.JobSpec(parallelism=0, completions=completions, completion_mode="Indexed")
    pods: job_api.SeenPods = Population(
        (job_api.Seen(job_api.JobPod("Succeeded", index=index)), n) for index, n in enumerate(now)
    )
    return job_context.JobObservation(job_api.Job(spec, status), pods, satisfied)


def _indexed_within(
    completions: int,
    done_0: bool,
    done_1: bool,
    done_2: bool,
    now_0: int,
    now_1: int,
    now_2: int,
    satisfied: bool,
    may_fail: int,
) -> Iterator[str]:
    seen = _indexed(completions, (done_0, done_1, done_2), (now_0, now_1, now_2), satisfied)
    for told in _statuses(seen, may_fail, frozenset()):
        if told.succeeded > completions:
            yield f"{told.succeeded} have succeeded, of {completions}"
        if told.succeeded < seen.job.status.succeeded:
            yield f"succeeded falls from {seen.job.status.succeeded} to {told.succeeded}"


def _indexed_complete(
    completions: int,
    done_0: bool,
    done_1: bool,
    done_2: bool,
    now_0: int,
    now_1: int,
    now_2: int,
    satisfied: bool,
    may_fail: int,
    met: bool,
    variant: frozenset[str],
) -> Iterator[str]:
    seen = _indexed(completions, (done_0, done_1, done_2), (now_0, now_1, now_2), satisfied, met)
    for told in _statuses(seen, may_fail, variant):
        for word in (job_api.SUCCESS_CRITERIA_MET, job_api.COMPLETE):
            if job_api.is_condition_true(told.conditions, word) and told.succeeded != completions:
                yield f"the Job is {word} with {told.succeeded} successes of {completions}"


def _met_with_all(completions: int, done_0: bool, done_1: bool, done_2: bool, met: bool) -> bool:
    if not met:
        return True
    known = done_0 == (completions > 0) and done_1 == (completions > 1)
    return known and done_2 == (completions > 2) and completions <= 3


_INDEXED: dict[str, Whole | OneOf] = {
    "completions": NUMBER,
    **dict.fromkeys(("done_0", "done_1", "done_2"), _BOTH),
    **dict.fromkeys(("now_0", "now_1", "now_2", "may_fail"), COUNT),
    "satisfied": _BOTH,
}
_ENDED: dict[str, Whole | OneOf] = {
    "failures": _BOTH,
    **dict.fromkeys(("completions", "counted", "fresh", "listed", "cleared", "freed"), COUNT),
    **dict.fromkeys(("gone", "known", "forgotten", "may_fail"), COUNT),
    "satisfied": _BOTH,
}
_LEVEL = (
    "every level: after each status that is accepted, whichever finalizers stay; of a sync that"
    " creates no pod, and of a Job without policies"
)
_COUNTING_LEVEL = (
    f"{_LEVEL} or conditions, that is not Indexed; its pods that have ended all failed or all"
    " succeeded, and it has no others"
)
_INDEXED_LEVEL = f"{_LEVEL}, whose pods have all succeeded"
_INDEXES = "indexes 0 to 2 have pods or have succeeded; completions and pods of any number"

THEOREMS = (
    *theorem_job_pods.THEOREMS,
    Theorem(
        id="job-counts-each-pod-once",
        says="what is counted and what is listed to be counted is, together, what has ended",
        source=_KEP,
        claim=_counts_once,
        ranges=_ENDED,
        hypotheses=(
            Hypothesis(
                "a pod that was counted and is still shown with its finalizer is remembered",
                lambda forgotten: forgotten == 0,
            ),
            Hypothesis(
                f"at most {job_tracking.MAX_UNCOUNTED_PODS} pods are to be listed; of more the rest"
                " waits for another sync",
                lambda fresh, forgotten, listed: (
                    fresh + forgotten + listed <= job_tracking.MAX_UNCOUNTED_PODS
                ),
            ),
        ),
        mutations=(
            Mutation("what was removed from which pods was forgotten", drops=0),
            Mutation(
                "what is remembered of finalizers is not asked", variant="job-pod-counted-twice"
            ),
        ),
        level=_COUNTING_LEVEL,
        lag="any of pods; the status that is read is the last that was written",
        lemmas=("the status lists each pod that is to be counted once, and counts no other",),
        about=("job-counts-each-pod-once",),
    ),
    Theorem(
        id="job-indexed-succeeded-within-completions",
        says="an Indexed Job reports at most completions successes, and takes none back",
        source=_GO + " trackJobStatusAndRemoveFinalizers",
        claim=_indexed_within,
        ranges=_INDEXED,
        hypotheses=(
            Hypothesis(
                "completions were not lowered below an index that has succeeded",
                lambda completions, done_0, done_1, done_2: (
                    (not done_0 or completions > 0)
                    and (not done_1 or completions > 1)
                    and (not done_2 or completions > 2)
                ),
            ),
        ),
        mutations=(Mutation("completions of an elastic Job were lowered", drops=0),),
        level=_INDEXED_LEVEL + " and that has no conditions",
        lag="any of pods; the status that is read is the last that was written",
        integers=_INDEXES,
        about=("job-suspend-keeps-completions",),
    ),
    Theorem(
        id="job-indexed-complete-with-all",
        says="without successPolicy an Indexed Job becomes Complete with exactly completions"
        " successes",
        source=_GO + " syncJob",
        claim=_indexed_complete,
        ranges=_INDEXED | {"met": _BOTH},
        hypotheses=(
            Hypothesis(
                "where SuccessCriteriaMet was written before, all indexes that there are now had"
                " succeeded",
                _met_with_all,
            ),
        ),
        mutations=(
            Mutation("SuccessCriteriaMet was written before all had succeeded", drops=0),
            Mutation(
                "pods are counted, and not indexes",
                variant="job-indexed-complete-with-repeated-index",
            ),
        ),
        level=_INDEXED_LEVEL + " and that has no conditions but SuccessCriteriaMet",
        lag="any of pods; the status that is read is the last that was written",
        integers=_INDEXES,
        about=("seed-job-success-needs-all-completions",),
    ),
)
