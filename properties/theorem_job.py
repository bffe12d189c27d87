"""Theorems about the Job controller: how many pods a sync starts and removes, what it counts."""

from collections.abc import Iterator

from attrs import evolve

from seatrial.core import Hypothesis, Mutation, OneOf, Population, Theorem, Whole, choose, split
from seatrial.core.arith import maximum, minimum
from seatrial.model import controller_utils, job, job_api, job_context, job_pods, job_tracking

from .theorem_parts import COUNT

__all__ = ["THEOREMS"]

_GO = "pkg/controller/job/job_controller.go"
_KEP = (
    "https://github.com/kubernetes/enhancements/tree/master/keps/sig-apps/"
    "2307-job-tracking-without-lingering-pods"
)
_PENDING = job_api.JobPod()
_RUNNING = job_api.JobPod("Running")
_GOING = job_api.JobPod("Running", terminating=True)
_BOTH = OneOf((False, True))
_STARTED = job_api.JobStatus(start_time=True)


# ---- how many pods there are ------------------------------------------------------------------


def _spec(
    work_queue: bool, parallelism: int, completions: int, only_failed: bool = False
) -> job_api.JobSpec:
    return job_api.JobSpec(
        parallelism=parallelism,
        completions=None if work_queue else completions,
        pod_replacement_policy="Failed" if only_failed else "TerminatingOrFailed",
    )


def _allowed(work_queue: bool, parallelism: int, completions: int, succeeded: int) -> int:
    """How many pods may be active: no more than parallelism, nor than successes are missing."""
    if work_queue:
        return parallelism
    return minimum(parallelism, maximum(0, completions - succeeded))


def _created(
    spec: job_api.JobSpec,
    succeeded: int,
    there: job_pods.JobPods,
    remembered: controller_utils.Expectations,
    variant: frozenset[str],
) -> int:
    """How many pods a sync creates that sees what the cache shows of these."""
    of = job_api.Job(spec, evolve(_STARTED, succeeded=succeeded))
    satisfied = remembered.satisfied_expectations()
    seen = job_context.JobObservation(of, job_pods.pods_seen(there), satisfied)
    ctx = job_context.sync_context(seen, variant)
    if ctx.finished is not None or not satisfied:
        return 0
    return maximum(0, job.missing_pods(spec, ctx, variant))


def _joint(running: int, pending: int, unseen: int, going: int, gone: int) -> job_pods.JobPods:
    """Pods by what is so and what the cache shows; `gone` are terminating, which is not shown."""
    return Population(
        {
            job_pods.Owned((_RUNNING,)): running,
            job_pods.Owned((_PENDING,)): pending,
            job_pods.created(_PENDING, True): unseen,
            job_pods.Owned((_GOING,)): going,
            job_pods.Owned((_RUNNING, _GOING)): gone,
        }
    )


def _active_within(
    work_queue: bool,
    parallelism: int,
    completions: int,
    succeeded: int,
    running: int,
    pending: int,
    unseen: int,
    going: int,
    gone: int,
    expected: int,
    variant: frozenset[str],
) -> Iterator[str]:
    spec = _spec(work_queue, parallelism, completions)
    there = _joint(running, pending, unseen, going, gone)
    remembered = controller_utils.Expectations(add=expected)
    made = _created(spec, succeeded, there, remembered, variant)
    active = running + pending + unseen
    allowed = _allowed(work_queue, parallelism, completions, succeeded)
    if active + made > maximum(active, allowed):
        yield f"{active + made} pods will be active, {allowed} are allowed; {active} were"


def _unended_within(
    work_queue: bool,
    parallelism: int,
    completions: int,
    succeeded: int,
    running: int,
    pending: int,
    unseen: int,
    going: int,
    gone: int,
    expected: int,
    only_failed: bool,
    variant: frozenset[str],
) -> Iterator[str]:
    spec = _spec(work_queue, parallelism, completions, only_failed)
    there = _joint(running, pending, unseen, going, gone)
    remembered = controller_utils.Expectations(add=expected)
    made = _created(spec, succeeded, there, remembered, variant)
    unended = there.total
    # Of a work queue that has had a success no pod is replaced, and those that are there stay.
    allowed = _allowed(work_queue, parallelism, completions, succeeded)
    if unended + made > maximum(unended, allowed):
        yield f"{unended + made} pods will not have ended, {allowed} are allowed; {unended} had not"


def _removes_surplus(
    work_queue: bool,
    parallelism: int,
    completions: int,
    succeeded: int,
    running: int,
    pending: int,
    suspend: bool,
    satisfied: bool,
) -> Iterator[str]:
    spec = evolve(_spec(work_queue, parallelism, completions), suspend=suspend)
    of = job_api.Job(spec, evolve(_STARTED, succeeded=succeeded))
    kinds = {job_api.Seen(_RUNNING): running, job_api.Seen(_PENDING): pending}
    seen = job_context.JobObservation(of, Population(kinds), satisfied)
    removed = job.active_pods_for_removal(seen, job_context.sync_context(seen), split)
    allowed = _allowed(work_queue, parallelism, completions, succeeded)
    if work_queue and succeeded > 0:
        allowed = running + pending  # it winds down by itself
    surplus = maximum(0, running + pending - (0 if suspend else allowed))
    if removed.total != surplus:
        yield f"{removed.total} are removed of a surplus of {surplus}"
    if removed[job_api.Seen(_RUNNING)] > 0 and removed[job_api.Seen(_PENDING)] < pending:
        yield "one that runs is removed before one that waits"


def _creates_what_is_missing(
    work_queue: bool,
    parallelism: int,
    completions: int,
    succeeded: int,
    running: int,
    pending: int,
    suspend: bool,
    satisfied: bool,
    backoff: bool,
    may_fail: int,
) -> Iterator[str]:
    spec = evolve(_spec(work_queue, parallelism, completions), suspend=suspend)
    of = job_api.Job(spec, evolve(_STARTED, succeeded=succeeded))
    kinds = {job_api.Seen(_RUNNING): running, job_api.Seen(_PENDING): pending}
    seen = job_context.JobObservation(of, Population(kinds), satisfied, backoff)
    missing = maximum(0, job.missing_pods(spec, job_context.sync_context(seen)))
    sync = job.sync_job(seen, Population())
    asked, made, fewer, expected = 0, 0, 0, 0
    write = next(sync)
    while write.kind == "Pod":
        if isinstance(write.value, job.Creation):
            assert write.batch is not None
            expected = expected + write.value.expect
            failures = choose(0, minimum(write.batch, may_fail))
            asked, made = asked + write.batch, made + write.batch - failures
            write = sync.send(failures)
        else:
            fewer = fewer + write.value
            write = sync.send("applied")
    if asked > missing or expected != missing or asked + fewer != expected:
        told = f"{asked} are asked for, {expected} expected, {fewer} taken off"
        yield f"{told}; {missing} are missing"
    if may_fail == 0 and made != missing:
        yield f"{made} of {missing} are created"
    active = running + pending + made
    allowed = _allowed(work_queue, parallelism, completions, succeeded)
    if active > maximum(running + pending, allowed):
        yield f"{active} pods are active then; {allowed} are allowed"
    if isinstance(write.value, job_tracking.StatusWrite) and write.value.status.active != active:
        yield f"{write.value.status.active} are reported as active, and {active} are"


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
    of = job_api.Job(job_api.JobSpec(completions=completions), status)
    ended = counted + in_list + fresh
    for told in _statuses(job_context.JobObservation(of, pods, False), may_fail, variant):
        if failures:
            found = told.failed + told.uncounted.failed
        else:
            found = told.succeeded + told.uncounted.succeeded
        if found != ended:
            yield f"{found} are counted, or listed to be counted; {ended} have ended"


def _indexed(
    completions: int, done: tuple[bool, ...], now: tuple[int, ...], met: bool = False
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
    spec = job_api.JobSpec(completions=completions, completion_mode="Indexed")
    pods: job_api.SeenPods = Population(
        (job_api.Seen(job_api.JobPod("Succeeded", index=index)), n) for index, n in enumerate(now)
    )
    return job_context.JobObservation(job_api.Job(spec, status), pods, False)


def _indexed_within(
    completions: int,
    done_0: bool,
    done_1: bool,
    done_2: bool,
    now_0: int,
    now_1: int,
    now_2: int,
    may_fail: int,
) -> Iterator[str]:
    seen = _indexed(completions, (done_0, done_1, done_2), (now_0, now_1, now_2))
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
    may_fail: int,
    met: bool,
    variant: frozenset[str],
) -> Iterator[str]:
    seen = _indexed(completions, (done_0, done_1, done_2), (now_0, now_1, now_2), met)
    for told in _statuses(seen, may_fail, variant):
        for word in (job_api.SUCCESS_CRITERIA_MET, job_api.COMPLETE):
            if job_api.is_condition_true(told.conditions, word) and told.succeeded != completions:
                yield f"the Job is {word} with {told.succeeded} successes of {completions}"


def _met_with_all(completions: int, done_0: bool, done_1: bool, done_2: bool, met: bool) -> bool:
    if not met:
        return True
    known = done_0 == (completions > 0) and done_1 == (completions > 1)
    return known and done_2 == (completions > 2) and completions <= 3


_PODS: dict[str, Whole | OneOf] = {
    "work_queue": _BOTH,
    **dict.fromkeys(("parallelism", "completions", "succeeded", "running", "pending"), COUNT),
}
_JOINT: dict[str, Whole | OneOf] = _PODS | dict.fromkeys(
    ("unseen", "going", "gone", "expected"), COUNT
)
_INDEXED: dict[str, Whole | OneOf] = {
    "completions": COUNT,
    **dict.fromkeys(("done_0", "done_1", "done_2"), _BOTH),
    **dict.fromkeys(("now_0", "now_1", "now_2", "may_fail"), COUNT),
}
_ENDED: dict[str, Whole | OneOf] = {
    "failures": _BOTH,
    **dict.fromkeys(("completions", "counted", "fresh", "listed", "cleared", "freed"), COUNT),
    **dict.fromkeys(("gone", "known", "forgotten", "may_fail"), COUNT),
}
_REMEMBERED = Hypothesis(
    "expectations count the pods that were created and are not seen",
    lambda expected, unseen: expected == unseen,
)
_JOINT_LEVEL = "interleaved: any number of pods created, and deleted, that the cache does not show"
_JOINT_LAG = "any, of pods that are created or deleted; none has ended"
_COUNTING_LEVEL = (
    "every level: after each status that is accepted, whichever finalizers stay; of a sync whose"
    " expectations are not fulfilled (it creates none), and of a Job without conditions or active"
    " pods"
)

_MET_LEVEL = _COUNTING_LEVEL.replace(
    "without conditions", "without conditions other than SuccessCriteriaMet"
)

THEOREMS = (
    Theorem(
        id="job-active-within-parallelism",
        says="a sync starts no pod beyond parallelism, nor beyond the completions still missing",
        source=_GO + " manageJob",
        claim=_active_within,
        ranges=_JOINT,
        hypotheses=(_REMEMBERED,),
        mutations=(Mutation("expectations were lost when the controller was restarted", drops=0),),
        level=_JOINT_LEVEL,
        lag=_JOINT_LAG,
        lemmas=("expectations count the pods that were created and are not seen",),
        about=("seed-job-active-cap",),
    ),
    Theorem(
        id="job-unended-within-parallelism",
        says="where only failed pods are replaced, those that terminate count against parallelism",
        source=_GO + " manageJob",
        claim=_unended_within,
        ranges=_JOINT | {"only_failed": _BOTH},
        hypotheses=(
            _REMEMBERED,
            Hypothesis("podReplacementPolicy is Failed", lambda only_failed: only_failed),
        ),
        mutations=(
            Mutation("expectations were lost when the controller was restarted", drops=0),
            Mutation("with TerminatingOrFailed a terminating pod is replaced at once", drops=1),
            Mutation(
                "a replacement is created while the old pod terminates",
                variant="job-replacement-created-while-old-terminates",
            ),
        ),
        level=_JOINT_LEVEL,
        lag=_JOINT_LAG,
        lemmas=("expectations count the pods that were created and are not seen",),
        about=("job-replacement-failed-cap",),
    ),
    Theorem(
        id="job-sync-creates-what-is-missing",
        says="a whole sync asks for the pods that are missing, expects those, and reports what is",
        source=_GO + " manageJob",
        claim=_creates_what_is_missing,
        ranges=_PODS
        | {"parallelism": Whole(0, 500), "may_fail": COUNT}
        | dict.fromkeys(("suspend", "satisfied", "backoff"), _BOTH),
        hypotheses=(
            Hypothesis("the Job is not suspended", lambda suspend: not suspend),
            Hypothesis("expectations are fulfilled", lambda satisfied: satisfied),
            Hypothesis("it is in no back-off", lambda backoff: not backoff),
        ),
        mutations=(
            Mutation("of a suspended Job no pod is created", drops=0),
            Mutation("what is not seen yet has to be waited for", drops=1),
            Mutation("in a back-off no pod is created", drops=2),
        ),
        level="a whole sync, with any number of failures in each batch; it stops after one that"
        " has any",
        lag="0 of pods; where the cache is behind, see job-active-within-parallelism",
        integers="parallelism up to 500, which is what one sync creates at most: 9 batches; of a"
        " Job that is not Indexed",
        about=("seed-job-active-cap",),
    ),
    Theorem(
        id="job-surplus-is-removed",
        says="of a surplus as many pods are removed, those that wait first; on suspend, all",
        source=_GO + " activePodsForRemoval",
        claim=_removes_surplus,
        ranges=_PODS | {"suspend": _BOTH, "satisfied": _BOTH},
        hypotheses=(Hypothesis("expectations are fulfilled", lambda satisfied: satisfied),),
        mutations=(Mutation("what is not seen yet has to be waited for", drops=0),),
        level="a decision; which pods of equal rank go is open",
    ),
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
        level=_COUNTING_LEVEL,
        lag="any of pods; the status that is read is the last that was written",
        integers="indexes 0 to 2 have pods or have succeeded; completions and pods of any number",
        about=("job-suspend-keeps-completions",),
    ),
    Theorem(
        id="job-indexed-complete-with-all",
        says="without successPolicy an Indexed Job is Complete with exactly completions successes",
        source=_GO + " syncJob",
        claim=_indexed_complete,
        ranges=_INDEXED | {"met": _BOTH},
        hypotheses=(
            Hypothesis(
                "where SuccessCriteriaMet was written before, all indexes had succeeded",
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
        level=_MET_LEVEL,
        lag="any of pods; the status that is read is the last that was written",
        integers="indexes 0 to 2 have pods or have succeeded; completions and pods of any number",
        about=("seed-job-success-needs-all-completions",),
    ),
)
