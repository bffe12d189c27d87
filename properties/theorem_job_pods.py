"""Theorems about the Job controller: how many pods a sync starts and removes."""

from collections.abc import Callable, Iterator

from attrs import evolve, frozen

from seatrial.core import Hypothesis, Mutation, OneOf, Population, Theorem, Whole, choose, split
from seatrial.core.arith import maximum, minimum
from seatrial.model import (
    controller,
    controller_utils,
    job,
    job_api,
    job_context,
    job_informer,
    job_pod_control,
    job_pods,
    job_tracking,
)

from . import theorem_run as run
from .theorem_parts import COUNT, NUMBER
from .theorem_run import broken_after

__all__ = ["THEOREMS"]

_GO = "pkg/controller/job/job_controller.go"
_PENDING = job_api.JobPod()
_RUNNING = job_api.JobPod("Running")
_GOING = job_api.JobPod("Running", terminating=True)
_DONE = job_api.JobPod("Succeeded")
_FAILED = job_api.JobPod("Failed")
_BOTH = OneOf((False, True))
_STARTED = job_api.JobStatus(start_time=True)
_MOST = job.MAX_POD_CREATE_DELETE_PER_SYNC

_SHOWN = job_pods.Owned((_PENDING,))
_UNSEEN = job_pods.created(_PENDING, True)


# ---- what a sync sees -------------------------------------------------------------------------


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


def _context(
    spec: job_api.JobSpec, succeeded: int, there: job_pods.JobPods, satisfied: bool
) -> tuple[job_context.JobObservation, job_context.Context]:
    """What a sync knows that sees what the cache shows of these."""
    of = job_api.Job(spec, evolve(_STARTED, succeeded=succeeded))
    seen = job_context.JobObservation(of, job_pods.pods_seen(there), satisfied)
    return seen, job_context.sync_context(seen)


def _created(
    spec: job_api.JobSpec,
    succeeded: int,
    there: job_pods.JobPods,
    remembered: controller_utils.Expectations,
    variant: frozenset[str] = frozenset(),
) -> int:
    """How many pods a sync creates at most, where the cache shows what it shows of these."""
    satisfied = remembered.satisfied_expectations()
    _, ctx = _context(spec, succeeded, there, satisfied)
    if ctx.finished is not None or not satisfied:
        return 0
    return maximum(0, job.missing_pods(spec, ctx, variant))


def _joint(
    running: int, pending: int, unseen: int, going: int, gone: int, ended: int, done: int
) -> job_pods.JobPods:
    """
    Pods by what is so and what the cache shows.

    `gone` are terminating, `ended` have succeeded, and neither is shown; `done` have succeeded and
    are not counted.
    """
    return Population(
        {
            job_pods.Owned((_RUNNING,)): running,
            job_pods.Owned((_PENDING,)): pending,
            _UNSEEN: unseen,
            job_pods.Owned((_GOING,)): going,
            job_pods.Owned((_RUNNING, _GOING)): gone,
            job_pods.Owned((_RUNNING, _DONE)): ended,
            job_pods.Owned((_DONE,)): done,
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
    ended: int,
    done: int,
    expected: int,
    expired: bool,
    variant: frozenset[str],
) -> Iterator[str]:
    spec = _spec(work_queue, parallelism, completions)
    there = _joint(running, pending, unseen, going, gone, ended, done)
    remembered = controller_utils.Expectations(add=expected, expired=expired)
    made = _created(spec, succeeded, there, remembered, variant)
    active = running + pending + unseen
    allowed = _allowed(work_queue, parallelism, completions, succeeded + ended + done)
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
    ended: int,
    done: int,
    expected: int,
    expired: bool,
    only_failed: bool,
    variant: frozenset[str],
) -> Iterator[str]:
    spec = _spec(work_queue, parallelism, completions, only_failed)
    there = _joint(running, pending, unseen, going, gone, ended, done)
    remembered = controller_utils.Expectations(add=expected, expired=expired)
    made = _created(spec, succeeded, there, remembered, variant)
    unended = running + pending + unseen + going + gone
    # Of a work queue that has had a success no pod is replaced, and those that are there stay.
    allowed = _allowed(work_queue, parallelism, completions, succeeded + ended + done)
    if unended + made > maximum(unended, allowed):
        yield f"{unended + made} pods will not have ended, {allowed} are allowed; {unended} had not"


# ---- a whole sync -----------------------------------------------------------------------------


def _seen(
    spec: job_api.JobSpec,
    succeeded: int,
    running: int,
    pending: int,
    satisfied: bool,
    backoff: bool = False,
) -> job_context.JobObservation:
    """What a sync reads of a Job with so many successes, and pods that run or wait."""
    of = job_api.Job(spec, evolve(_STARTED, succeeded=succeeded))
    kinds = {job_api.Seen(_RUNNING): running, job_api.Seen(_PENDING): pending}
    return job_context.JobObservation(of, Population(kinds), satisfied, backoff)


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
    seen = _seen(spec, succeeded, running, pending, satisfied)
    removed = job.active_pods_for_removal(seen, job_context.sync_context(seen), split)
    allowed = _allowed(work_queue, parallelism, completions, succeeded)
    if work_queue and succeeded > 0:
        allowed = running + pending  # it winds down by itself
    surplus = running + pending
    if not suspend:
        surplus = minimum(_MOST, maximum(0, running + pending - allowed))
    if removed.total != surplus:
        yield f"{removed.total} are removed of a surplus of {surplus}"
    if removed[job_api.Seen(_RUNNING)] > 0 and removed[job_api.Seen(_PENDING)] < pending:
        yield "one that runs is removed before one that waits"


@frozen
class _Ran:
    """Pods that a sync asked for, created, expected, expects no more, and reports as active."""

    asked: int
    made: int
    expected: int
    fewer: int
    reported: int
    failed: bool


def _run(seen: job_context.JobObservation, fails: Callable[[int, int], int]) -> _Ran:
    """
    A whole sync of which no status is refused.

    `fails` says how many of a batch fail, where so many pods have been created. Each that fails is
    expected no more at once.
    """
    sync = job.sync_job(seen, Population())
    asked = made = fewer = expected = 0
    write = next(sync)
    while write.kind == "Pod":
        if isinstance(write.value, job.Creation):
            assert write.batch is not None
            expected = expected + write.value.expect
            failures = fails(write.batch, made)
            asked, made = asked + write.batch, made + write.batch - failures
            fewer = fewer + failures
            write = sync.send(failures)
        else:
            fewer = fewer + write.value
            write = sync.send("applied")
    assert isinstance(write.value, job_tracking.StatusWrite)
    reported = write.value.status.active
    try:
        while True:
            sync.send("applied")
    except StopIteration as end:
        return _Ran(asked, made, expected, fewer, reported, end.value.failed)


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
    seen = _seen(spec, succeeded, running, pending, satisfied, backoff)
    missing = maximum(0, job.missing_pods(spec, job_context.sync_context(seen)))
    missing = minimum(missing, _MOST)
    ran = _run(seen, lambda batch, made: choose(0, minimum(batch, may_fail)))
    counted = ran.made + ran.fewer == ran.expected
    if ran.asked > missing or ran.expected != missing or not counted:
        told = f"{ran.asked} are asked for, {ran.expected} expected, {ran.fewer} taken off"
        yield f"{told}; {missing} are missing"
    if may_fail == 0 and ran.made != missing:
        yield f"{ran.made} of {missing} are created"
    if ran.failed != (ran.made < missing):
        yield f"{ran.made} of {missing} are created, and the sync ends otherwise"
    active = running + pending + ran.made
    allowed = _allowed(work_queue, parallelism, completions, succeeded)
    if active > maximum(running + pending, allowed):
        yield f"{active} pods are active then; {allowed} are allowed"
    if ran.reported != active:
        yield f"{ran.reported} are reported as active, and {active} are"


def _just_so_many(parallelism: int, successes: int) -> Iterator[str]:
    """The first requests succeed, and once there are so many all others fail."""
    seen = _seen(_spec(True, parallelism, 1), 0, 0, 0, True)
    ran = _run(seen, lambda batch, made: maximum(0, batch - maximum(0, successes - made)))
    expected = ran.expected - ran.fewer
    if ran.made != successes or expected != successes or ran.asked > parallelism:
        yield f"{ran.made} of {parallelism} were created, and {expected} are expected"
    if ran.failed != (successes < parallelism):
        yield f"{ran.made} of {parallelism} were created, and the sync ends otherwise"


# ---- a whole run, step by step ----------------------------------------------------------------


def _one_creation() -> controller.Sync:
    yield controller.Write("create", "Pod", value=job.Creation(((_PENDING, 1),)), batch=1)
    return controller.Done()


def _asks(now: run.Standing) -> Iterator[run.Standing]:
    sync = controller.plan(_one_creation, lambda write: (0, 1))
    assert isinstance(sync, controller.Pending)
    for told in job_pod_control.create_job_pod(
        sync, controller.Key(), now.remembered, now.there, True, False, 1, 1
    ):
        lost = "write_unknowns_left" in told.writes
        yield evolve(
            now,
            there=told.writes.get("pods", now.there),
            remembered=told.writes.get("job_expectations", now.remembered),
            to_ask=now.to_ask - 1,
            uncounted=now.uncounted + (1 if lost else 0),
        )


def _shows(
    pod: job_pods.Owned, remembered: controller_utils.Expectations
) -> tuple[job_pods.Owned, controller_utils.Expectations]:
    (told,) = job_informer.deliver_pod(
        Population({pod: 1}),
        controller.Key(),
        remembered,
        "there",
        None,
        False,
        False,
        _spec(True, 1, 1),
        frozenset(),
    )
    (after,) = told.writes["pods"]
    return after, told.writes["job_expectations"]


_CREATOR = run.Creator(
    shown=_SHOWN,
    shown_gone=job_pods.Owned((_PENDING, evolve(_PENDING, terminating=True))),
    unseen=_UNSEEN,
    unseen_gone=job_pods.Owned((None, _PENDING, evolve(_PENDING, terminating=True)), own=1),
    is_unseen=lambda pod: pod.shown is None,
    is_active=lambda pod: job_api.is_active(job_api.Seen(pod.live)),
    deleted=job_pods.deleted,
    asks=_asks,
    shows=_shows,
)


def _active_is_bounded(
    step: str,
    largest: int,
    work_queue: bool,
    parallelism: int,
    completions: int,
    succeeded: int,
    shown: int,
    gone: int,
    unseen: int,
    unseen_gone: int,
    late: int,
    to_ask: int,
    expected: int,
    expired: bool,
    uncounted: int,
    some: int,
) -> Iterator[str]:
    remembered = controller_utils.Expectations(add=expected, expired=expired)
    spec = _spec(work_queue, parallelism, completions)

    def lists(now: run.Standing, arriving: int) -> run.Standing:
        satisfied = now.remembered.satisfied_expectations()
        there = now.there.move(_UNSEEN, _SHOWN, arriving)
        remembered = now.remembered.lower_expectations(arriving, 0)
        seen, ctx = _context(spec, succeeded, there, satisfied)
        to_ask = maximum(0, job.missing_pods(spec, ctx)) if satisfied else 0
        if to_ask > 0:
            remembered = remembered.expect_creations(to_ask)
        elif (surplus := job.active_pods_for_removal(seen, ctx, split).total) > 0:
            remembered = remembered.expect_deletions(surplus)
        return evolve(now, there=there, remembered=remembered, to_ask=to_ask)

    there = _CREATOR.pods(shown, gone, unseen, unseen_gone)
    now = run.Standing(there, remembered, largest, uncounted, late, to_ask)
    yield from broken_after(_CREATOR, step, now, some, lists)


# ---- the theorems -----------------------------------------------------------------------------

_PODS: dict[str, Whole | OneOf] = {
    "work_queue": _BOTH,
    **dict.fromkeys(("parallelism", "completions", "succeeded"), NUMBER),
    **dict.fromkeys(("running", "pending"), COUNT),
}
_JOINT: dict[str, Whole | OneOf] = _PODS | {
    **dict.fromkeys(("unseen", "going", "gone", "ended", "done", "expected"), COUNT),
    "succeeded": COUNT,
    "expired": _BOTH,
}
_RUN = run.RANGES | {
    "work_queue": _BOTH,
    **dict.fromkeys(("parallelism", "completions"), NUMBER),
    "succeeded": COUNT,
}
_REMEMBERED = Hypothesis(
    "expectations count all pods that were created and are not seen, or more",
    lambda expected, unseen: unseen <= expected,
)
_UNEXPIRED = Hypothesis("expectations have not expired", lambda expired: not expired)
_LOST = Mutation("expectations were lost when the controller was restarted", drops=0)
_OLD = Mutation("expectations have expired", drops=1)
_LEVEL = (
    "interleaved: any number of pods created, deleted or ended that the cache does not show; of a"
    " Job that is not Indexed; that expectations do count them is shown by job-active-is-bounded"
)
_LAG = (
    "any of pods; parallelism, completions and the status are what the sync reads; a pod that is"
    " not seen yet has not ended"
)
_INTEGERS = "int32 without overflow"

THEOREMS = (
    Theorem(
        id="job-active-within-parallelism",
        says="a sync starts no pod beyond the parallelism that it reads, nor beyond the completions"
        " that are missing then, however far its cache of pods is behind",
        source=_GO + " manageJob",
        claim=_active_within,
        ranges=_JOINT,
        hypotheses=(_REMEMBERED, _UNEXPIRED),
        mutations=(_LOST, _OLD),
        level=_LEVEL,
        lag=_LAG,
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
            _UNEXPIRED,
            Hypothesis("podReplacementPolicy is Failed", lambda only_failed: only_failed),
        ),
        mutations=(
            _LOST,
            _OLD,
            Mutation("with TerminatingOrFailed a terminating pod is replaced at once", drops=2),
            Mutation(
                "a replacement is created while the old pod terminates",
                variant="job-replacement-created-while-old-terminates",
            ),
        ),
        level=_LEVEL,
        lag=_LAG,
        about=("job-replacement-failed-cap",),
    ),
    Theorem(
        id="job-active-is-bounded",
        says="active pods exceed the largest parallelism that a sync has read by at most those that"
        " expectations do not count",
        source=_GO + " manageJob; pkg/controller/controller_utils.go",
        claim=_active_is_bounded,
        ranges=_RUN,
        hypotheses=(
            Hypothesis(
                run.COUNTED,
                lambda expected, expired, uncounted, unseen, unseen_gone, late, to_ask: (
                    unseen + unseen_gone + late + to_ask <= (0 if expired else expected) + uncounted
                ),
            ),
            run.THERE,
            Hypothesis(
                "no sync reads a larger parallelism than that",
                lambda parallelism, largest: parallelism <= largest,
            ),
        ),
        mutations=(
            run.MISCOUNTED,
            run.MORE_BEFORE,
            Mutation("parallelism is raised", drops=2),
        ),
        level=run.LEVEL
        + "; of a Job that is not Indexed; nobody else creates pods that name it as owner",
        lag="any of pods, also of the list of a controller that starts; parallelism may be read"
        " late",
        integers=run.INTEGERS,
        lemmas=(
            run.COUNTED,
            "pods that are there or still to come are at most the largest parallelism read, and"
            " those that expectations do not count",
        ),
        about=("seed-job-active-cap",),
    ),
    Theorem(
        id="job-sync-creates-what-is-missing",
        says="a whole sync asks for the pods that are missing, 500 at most, expects those that it"
        " has created, and fails and reports accordingly",
        source=_GO + " manageJob",
        claim=_creates_what_is_missing,
        ranges=_PODS
        | {"may_fail": COUNT}
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
        " has any; its namespace is not being deleted (there a refusal counts as a success)",
        lag="0 of pods; where the cache is behind, see job-active-within-parallelism",
        integers="up to 500 creations, 9 batches; of a Job that is not Indexed, without failed or"
        " terminating pods",
        about=("seed-job-active-cap",),
    ),
    Theorem(
        id="job-slow-start-is-one-choice",
        says="a Job's slow start can end with any number of successes: as one write that chooses"
        " how many",
        source=_GO + " manageJob",
        claim=_just_so_many,
        ranges={"parallelism": Whole(1, 1_000), "successes": Whole(0, 1_000)},
        hypotheses=(
            Hypothesis(
                "no more succeed than are missing",
                lambda successes, parallelism: successes <= parallelism,
            ),
            Hypothesis(
                f"no more than {_MOST} are missing, which is what one sync creates at most",
                lambda parallelism: parallelism <= _MOST,
            ),
        ),
        mutations=(
            Mutation("more than all cannot succeed", drops=0),
            Mutation("more are missing than one sync creates", drops=1),
        ),
        level="a whole sync of a Job without pods; that it cannot end otherwise is"
        " job-sync-creates-what-is-missing; how many were asked for differs, and between batches"
        " others may act",
        integers="up to 500 creations, 9 batches",
    ),
    Theorem(
        id="job-surplus-is-removed",
        says="of a surplus as many pods are removed, 500 at most, those that wait first; on"
        " suspend, all",
        source=_GO + " manageJob, activePodsForRemoval",
        claim=_removes_surplus,
        ranges=_PODS | {"suspend": _BOTH, "satisfied": _BOTH},
        hypotheses=(Hypothesis("expectations are fulfilled", lambda satisfied: satisfied),),
        mutations=(Mutation("what is not seen yet has to be waited for", drops=0),),
        level="a decision; which pods of equal rank go is open; of a Job that is not Indexed and"
        " does not end",
    ),
)
