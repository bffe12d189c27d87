"""
The rules of a Job's sync by themselves: upstream's own tables, told anew, and what must be so of
any sync.

A sync is a generator: here every request of it is answered, and what it asked for is written down.
"""

from typing import Any

import pytest
from attrs import evolve, field, frozen
from hypothesis import given
from hypothesis import strategies as st

from seatrial.core import Population, answers, split
from seatrial.model import (
    job,
    job_api,
    job_context,
    job_indexes,
    job_pods,
    job_policies,
    job_status,
)

ExitCodes = job_api.ExitCodes
FailureRule = job_api.FailureRule
Job = job_api.Job
JobPod = job_api.JobPod
JobSpec = job_api.JobSpec
JobStatus = job_api.JobStatus
Seen = job_api.Seen
SeenPods = job_api.SeenPods
SuccessRule = job_api.SuccessRule
Uncounted = job_api.Uncounted


@frozen
class Ran:
    """What a sync asked for, the statuses that it sent, and how it ended."""

    created: tuple[JobPod, ...] = ()
    removed: int = 0
    deleted: int = 0
    patched: int = 0
    statuses: tuple[JobStatus, ...] = ()
    later: bool = False
    failed: bool = False

    @property
    def last(self) -> JobStatus:
        """The status that was sent last."""
        return self.statuses[-1]


def pods(*found: tuple[JobPod, int] | JobPod) -> SeenPods:
    """Pods that the cache shows, each so often."""
    pairs = [each if isinstance(each, tuple) else (each, 1) for each in found]
    return Population((Seen(pod), n) for pod, n in pairs)


def first(alike: SeenPods, n: int) -> SeenPods:
    """So many of pods that look alike."""
    found: SeenPods = Population()
    for seen, count in alike.items():
        found = found.add(seen, min(count, n - found.total))
    return found


def ran(
    spec: JobSpec,
    seen: SeenPods | None = None,
    status: JobStatus | None = None,
    deleting: Any = "",
    *,
    fails: bool = False,
    **more: Any,
) -> Ran:
    """One sync to its end; with `fails`, no request about a pod succeeds."""
    observed = job_context.JobObservation(
        Job(spec, status or JobStatus(), deleting), seen or Population(), **more
    )
    context = job_context.sync_context(observed)
    surplus = job.active_pods_for_removal(observed, context, first)
    sync = job.sync_job(observed, surplus)
    found: dict[str, Any] = {}
    answer: Any = None
    try:
        while True:
            write = sync.send(answer)
            value = write.value
            if write.verb == "create":
                made = () if fails else value.pods
                found["created"] = (*found.get("created", ()), *made)
                answer = len(value.pods) if fails else 0
            elif write.verb == "delete":
                found["deleted"] = 0 if fails else value.total
                answer = value.total if fails else 0
            elif write.verb == "remove":
                found["removed"] = 0 if fails else value.total
                answer = (value.total, job_context.ready_pods(value)) if fails else (0, 0)
            elif write.verb == "patch":
                groups = (value.listed.succeeded, value.listed.failed, value.others)
                found["patched"] = 0 if fails else sum(groups)
                answer = groups if fails else (0, 0, 0)
            elif write.kind == "Job":
                found["statuses"] = (*found.get("statuses", ()), value.status)
                answer = "applied"
            else:
                answer = "applied"
    except StopIteration as end:
        return Ran(**found, later=end.value.later, failed=end.value.failed)


PENDING, RUNNING = JobPod(), JobPod("Running")
SUCCEEDED, FAILED = JobPod("Succeeded"), JobPod("Failed")
TERMINATING = JobPod("Running", terminating=True)


# ---- tables: how many pods ----------------------------------------------------------------------


@frozen
class Row:
    """A Job and its pods, and what is asked for then."""

    spec: JobSpec
    seen: SeenPods
    created: int = 0
    removed: int = 0
    active: int = 0
    succeeded: int = 0
    failed: int = 0
    terminating: int = 0
    conditions: tuple[str, ...] = ()
    more: dict[str, Any] = field(factory=dict)


FIVE = JobSpec(parallelism=2, completions=5)
QUEUE = JobSpec(parallelism=2, completions=None)
FINISHED = ("SuccessCriteriaMet", "Complete")
LIMIT = ("FailureTarget", "Failed")
ROWS = {
    "it starts": Row(FIVE, pods(), created=2, active=2),
    "a work queue starts": Row(QUEUE, pods(), created=2, active=2),
    "pending pods are enough": Row(FIVE, pods((PENDING, 2)), active=2),
    "running pods are enough": Row(FIVE, pods((RUNNING, 2)), active=2),
    "one is missing, one has succeeded": Row(
        FIVE, pods(RUNNING, SUCCEEDED), created=1, active=2, succeeded=1
    ),
    "one too many": Row(FIVE, pods((RUNNING, 3)), removed=1, active=2, terminating=1),
    "a failed one waits for the back-off": Row(FIVE, pods(RUNNING, FAILED), active=1, failed=1),
    "a failed one whose back-off is over": Row(
        FIVE, pods(RUNNING, evolve(FAILED, waited=True)), created=1, active=2, failed=1
    ),
    "a success after the failure ends the back-off": Row(
        FIVE,
        pods(RUNNING, FAILED, SUCCEEDED),
        created=1,
        active=2,
        succeeded=1,
        failed=1,
        more={"failures_last": False},
    ),
    "a failure after the success does not": Row(
        FIVE, pods(RUNNING, FAILED, SUCCEEDED), active=1, succeeded=1, failed=1
    ),
    "the back-off of before is running": Row(FIVE, pods(RUNNING), active=1, more={"backoff": True}),
    "all have succeeded": Row(FIVE, pods((SUCCEEDED, 5)), succeeded=5, conditions=FINISHED),
    "more than all have succeeded": Row(
        FIVE, pods((SUCCEEDED, 6)), succeeded=6, conditions=FINISHED
    ),
    "a work queue with one success waits for the others": Row(
        QUEUE, pods(RUNNING, SUCCEEDED), active=1, succeeded=1
    ),
    "a work queue is done when all have ended": Row(
        QUEUE, pods(SUCCEEDED, FAILED), succeeded=1, failed=1, conditions=FINISHED
    ),
    "only as many as remain": Row(
        FIVE,
        pods((SUCCEEDED, 4)),
        created=1,
        active=1,
        succeeded=4,
    ),
    "one more has failed than the limit": Row(
        evolve(FIVE, backoff_limit=0), pods(FAILED), failed=1, conditions=LIMIT
    ),
    "as many have failed as the limit": Row(
        evolve(FIVE, backoff_limit=1), pods(FAILED, RUNNING), active=1, failed=1
    ),
    "failures beyond the limit come before success": Row(
        JobSpec(backoff_limit=0), pods(FAILED, SUCCEEDED), succeeded=1, failed=1, conditions=LIMIT
    ),
    "a deleted pod counts as failed": Row(
        FIVE, pods(RUNNING, TERMINATING), active=1, failed=1, terminating=1
    ),
    "a deleted pod is waited for where only failed ones are replaced": Row(
        JobSpec(pod_replacement_policy="Failed"), pods(TERMINATING), terminating=1
    ),
    "without completions to reach": Row(JobSpec(completions=0), pods(), conditions=FINISHED),
    "without parallelism": Row(JobSpec(parallelism=0), pods()),
    "expectations are not fulfilled": Row(FIVE, pods(RUNNING), active=1, more={"satisfied": False}),
    "no end is declared before expectations are fulfilled": Row(
        evolve(FIVE, backoff_limit=0), pods(FAILED), failed=1, more={"satisfied": False}
    ),
    "it is suspended": Row(
        evolve(FIVE, suspend=True),
        pods((RUNNING, 2)),
        removed=2,
        terminating=2,
        conditions=("Suspended",),
    ),
    "the deadline has passed": Row(
        evolve(FIVE, active_deadline_seconds=1),
        pods(),
        conditions=LIMIT,
        more={"past_deadline": True},
    ),
    "a deadline of 0 seconds has always passed": Row(
        evolve(FIVE, active_deadline_seconds=0), pods(), conditions=LIMIT
    ),
    "it is being deleted": Row(FIVE, pods(), more={"deleting": "foreground"}),
}


@pytest.mark.parametrize("name", ROWS)
def test_a_sync_asks_for_as_many_pods_and_reports_as_upstream_does(name: str) -> None:
    """Go: TestControllerSyncJob, TestSyncJobPastDeadline"""
    row = ROWS[name]

    found = ran(row.spec, row.seen, **row.more)

    status = found.last if found.statuses else JobStatus()
    assert (len(found.created), found.removed) == (row.created, row.removed)
    assert (status.active, status.succeeded, status.failed) == (
        row.active,
        row.succeeded,
        row.failed,
    )
    assert (status.terminating or 0) == row.terminating
    true = tuple(each.type for each in status.conditions if each.status)
    assert true == row.conditions


@pytest.mark.parametrize(
    ("spec", "running", "created", "removed"),
    [
        (JobSpec(parallelism=501, completions=501), 0, 500, 0),
        (JobSpec(parallelism=0, completions=501), 501, 0, 500),
        (JobSpec(parallelism=501, completions=501, suspend=True), 501, 0, 501),
        (JobSpec(parallelism=501, completions=501, completion_mode="Indexed"), 0, 500, 0),
    ],
    ids=("creates", "removes", "suspends", "creates indexes"),
)
def test_one_sync_creates_or_removes_500_pods_unless_the_job_is_suspended(
    spec: JobSpec, running: int, created: int, removed: int
) -> None:
    """Go: MaxPodCreateDeletePerSync; what a suspended Job has to remove is not cut off"""
    found = ran(spec, pods((RUNNING, running)) if running else None)

    assert (len(found.created), found.removed) == (created, removed)


def test_pods_that_run_when_a_job_fails_are_counted_as_failed() -> None:
    """They are deleted, keep their finalizer until they are listed, and Failed waits for them."""
    found = ran(JobSpec(parallelism=2, completions=2, backoff_limit=0), pods(FAILED, RUNNING))

    assert (found.deleted, found.patched) == (1, 2)
    assert (found.last.failed, found.last.terminating) == (2, 1)
    assert [each.type for each in found.last.conditions] == ["FailureTarget"]


def test_pods_that_run_when_the_policy_is_met_are_not_counted() -> None:
    spec = JobSpec(
        parallelism=2,
        completions=2,
        completion_mode="Indexed",
        success_policy=(SuccessRule("0"),),
    )

    found = ran(spec, pods(evolve(SUCCEEDED, index=0), evolve(RUNNING, index=1)))

    assert (found.deleted, found.patched) == (1, 2)
    assert (found.last.succeeded, found.last.failed) == (1, 0)
    assert [each.type for each in found.last.conditions] == ["SuccessCriteriaMet"]


def test_what_is_removed_is_not_counted() -> None:
    """Its finalizer goes first, so no status ever lists it."""
    found = ran(FIVE, pods((RUNNING, 3)))

    assert all(each.uncounted == Uncounted() for each in found.statuses)
    assert found.last.failed == 0


def test_without_finalizers_nothing_is_counted_and_the_sync_fails() -> None:
    """The pods stay listed for the next sync. Go: TestTrackJobStatusAndRemoveFinalizers"""
    found = ran(FIVE, pods((RUNNING, 2), SUCCEEDED), fails=True)

    assert found.failed
    assert (found.last.succeeded, found.last.uncounted.succeeded) == (0, 1)


def test_a_pod_that_was_listed_is_counted_when_its_finalizer_is_gone() -> None:
    seen: SeenPods = Population({Seen(evolve(SUCCEEDED, finalizer=False), "succeeded"): 1})

    found = ran(JobSpec(), seen, JobStatus(uncounted=Uncounted(1), start_time=True))

    assert found.last.succeeded == 1
    assert found.last.uncounted == Uncounted()


def test_a_pod_whose_finalizer_is_expected_to_go_is_not_listed_again() -> None:
    """Go: the set expectedRmFinalizers"""
    seen: SeenPods = Population({Seen(SUCCEEDED, "", expected=True): 1})
    before = JobStatus(succeeded=1, start_time=True, ready=0, terminating=0)

    found = ran(FIVE, seen, before)

    assert all(each.uncounted == Uncounted() for each in found.statuses)
    assert found.last.succeeded == 1


def removed(*found: JobPod, n: int) -> set[frozenset[JobPod]]:
    """Which pods may be removed where so many are too many."""
    spec = JobSpec(parallelism=len(found) - n, completions=9, restart_policy="OnFailure")
    seen = job_context.JobObservation(Job(spec, JobStatus(), ""), pods(*found))
    context = job_context.sync_context(seen)
    ways = answers(lambda: job.active_pods_for_removal(seen, context, split))
    return {frozenset(each.pod for each in way if each.pod is not None) for way, _ in ways}


def test_of_running_pods_any_may_be_removed_whatever_their_restarts() -> None:
    """How long a pod has been ready is asked first, and that is not known here. Go: ActivePods"""
    restarted = evolve(RUNNING, restarts=1)
    pending = JobPod("Pending")

    assert removed(RUNNING, restarted, n=1) == {frozenset([RUNNING]), frozenset([restarted])}
    assert removed(RUNNING, pending, n=1) == {frozenset([pending])}


def test_of_failed_pods_of_an_index_one_holds_the_count_that_none_surpasses() -> None:
    """Where one failed more often and another later, the order of the list decides."""
    spec = indexed(1, backoff_limit_per_index=5)
    often = JobPod("Failed", index=0, failure_count=1, waited=True)
    late = JobPod("Failed", index=0)
    before = evolve(late, waited=True)

    def last(*found: JobPod) -> list[set[JobPod | None]]:
        found_of = job_indexes.pods_with_delayed_deletion(spec, pods(*found), (), ())
        return [{each.pod for each in of} for _, of in found_of]

    assert last(often, late) == [{often, late}]
    assert last(before, late) == [{late}]
    assert last(often, before) == [{often, before}]
    assert last(evolve(often, waited=False), before) == [{evolve(often, waited=False)}]


def test_restarts_in_place_are_compared_with_the_limit_itself() -> None:
    """Go: pastBackoffLimitOnFailure, with >= where failed pods are compared with >"""
    spec = JobSpec(backoff_limit=2, restart_policy="OnFailure")

    once = ran(spec, pods(evolve(RUNNING, restarts=1)))
    twice = ran(spec, pods(evolve(RUNNING, restarts=2)))

    assert once.deleted == 0
    assert twice.deleted == 1


@pytest.mark.parametrize("reason", ["FailedIndexes", "MaxFailedIndexesExceeded", "SuccessPolicy"])
def test_a_job_that_is_about_to_end_waits_for_no_deadline(reason: str) -> None:
    """What a status says already is looked at before the deadline. Go: syncJob"""
    ends = "SuccessCriteriaMet" if reason == "SuccessPolicy" else "FailureTarget"
    condition = job_api.JobCondition(ends, True, reason)
    spec = evolve(FIVE, active_deadline_seconds=100)
    seen = job_context.JobObservation(Job(spec, JobStatus(start_time=True)), pods())
    ctx = evolve(job_context.sync_context(seen), finished=condition)
    said = evolve(seen, job=evolve(seen.job, status=JobStatus(conditions=(condition,))))

    assert job_context.arms_deadline(seen, ctx, frozenset())
    assert not job_context.arms_deadline(said, ctx, frozenset())


def test_a_resumed_job_starts_anew() -> None:
    suspended = ran(evolve(FIVE, suspend=True)).last
    resumed = ran(FIVE, status=suspended)

    assert not suspended.start_time
    assert resumed.last.start_time
    assert [(each.type, each.status) for each in resumed.last.conditions] == [("Suspended", False)]


# ---- tables: indexes ----------------------------------------------------------------------------


def of(index: int, phase: Any = "Running", **more: Any) -> JobPod:
    """A pod of an index."""
    return JobPod(phase, index=index, **more)


def indexed(completions: int, **more: Any) -> JobSpec:
    return JobSpec(
        **({"parallelism": completions} | more), completions=completions, completion_mode="Indexed"
    )


@pytest.mark.parametrize(
    ("count", "completions", "active", "succeeded", "failed", "found"),
    [
        (5, 3, (), (), (), (0, 1, 2)),
        (2, 5, (), (), (), (0, 1)),
        (3, 10, (0, 1), (), (), (2, 3, 4)),
        (6, 6, (6,), (4, 5), (), (0, 1, 2, 3)),
        (5, 20, (3, 5, 8), (2, 3, 4, 9), (), (0, 1, 6, 7, 10)),
        (5, 20, (3, 9), (1, 5, 9), (2, 6, 7), (0, 4, 8, 10, 11)),
    ],
)
def test_the_lowest_indexes_that_are_free_come_first(
    count: int,
    completions: int,
    active: tuple[int, ...],
    succeeded: tuple[int, ...],
    failed: tuple[int, ...],
    found: tuple[int, ...],
) -> None:
    """Go: TestFirstPendingIndexes"""
    seen = pods(*(of(each) for each in active))

    free = job_indexes.first_pending_indexes(indexed(completions), seen, succeeded, failed, count)

    assert free == found


@pytest.mark.parametrize(
    ("before", "new", "completions", "known", "now"),
    [
        ("", (1,), 2, "", "1"),
        ("", (5, 5, 10), 11, "", "5,10"),
        ("", (2, 3, 5, 6, 7), 8, "", "2,3,5-7"),
        ("", (0, 1, 2, 4, 5), 5, "", "0-2,4"),
        ("0-5,8-10", (), 8, "0-5", "0-5"),
        ("0-5,8-10", (), 10, "0-5,8,9", "0-5,8,9"),
        ("0,4,5,10-12", (2, 7, 8), 13, "0,4,5,10-12", "0,2,4,5,7,8,10-12"),
        ("3,4,6", (2, 7, 8), 9, "3,4,6", "2-4,6-8"),
        ("2,7,8", (3, 4, 6), 9, "2,7,8", "2-4,6-8"),
        ("2-7", (0, 3, 5, 9), 10, "2-7", "0,2-7,9"),
        ("0,1-foo,bar", (3,), 4, "0", "0,3"),
    ],
)
def test_indexes_that_have_succeeded_are_those_of_before_and_of_now(
    before: str, new: tuple[int, ...], completions: int, known: str, now: str
) -> None:
    """Go: TestCalculateSucceededIndexes"""
    status = JobStatus(completed_indexes=job_policies.parse_indexes(before, 100))
    seen = pods(*(of(each, "Succeeded") for each in new))

    found = job_indexes.calculate_succeeded_indexes(indexed(completions), status, seen)

    assert tuple(map(job_policies.format_indexes, found)) == (known, now)


def test_of_several_pods_with_one_index_the_best_stays() -> None:
    """Go: TestAppendDuplicatedIndexPodsForRemoval"""
    seen = pods(
        of(5, "Pending"),
        (of(0), 2),
        of(0, "Pending"),
        of(3, "Pending"),
        of(3),
        of(6),
        of(6, "Pending"),
    )

    found = ran(indexed(6, parallelism=6), seen)

    assert (found.removed, found.last.active) == (5, 3)


def test_an_index_has_as_many_retries_as_its_limit_allows() -> None:
    """A pod says how many failures came before it. Go: TestIsIndexFailed"""
    spec = indexed(1, backoff_limit=2**31 - 1, backoff_limit_per_index=1)

    fails = ran(spec, pods(of(0, "Failed", failure_count=1)))
    again = ran(spec, pods(of(0, "Failed", waited=True)))

    assert fails.last.failed_indexes == (0,)
    assert again.created == (of(0, "Pending", failure_count=1),)


def test_the_last_failed_pod_of_an_index_keeps_its_finalizer_until_it_is_replaced() -> None:
    """Only it knows how often the index has failed. Go: TestGetPodsWithDelayedDeletionPerIndex"""
    spec = indexed(1, backoff_limit=2**31 - 1, backoff_limit_per_index=2)

    alone = ran(spec, pods(of(0, "Failed")))
    replaced = ran(spec, pods(of(0, "Failed"), of(0, "Running", failure_count=1)))

    assert (alone.patched, replaced.patched) == (0, 1)
    assert alone.later


def test_an_index_in_back_off_holds_up_higher_ones() -> None:
    """The lowest indexes are taken first, and only then asked whether they may start."""
    spec = indexed(2, parallelism=1, backoff_limit=2**31 - 1, backoff_limit_per_index=2)

    found = ran(spec, pods(of(0, "Failed")))

    assert found.created == ()
    assert found.later


# ---- tables: policies ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "succeeded", "met"),
    [
        (SuccessRule("invalid-form"), "0", False),
        (SuccessRule("0-2"), "0-2,4-7", True),
        (SuccessRule("3"), "0-2", False),
        (SuccessRule(None, 2), "0-2", True),
        (SuccessRule(None, 4), "0-2", False),
        (SuccessRule("3-6", 2), "0-2,4-7", True),
        (SuccessRule("3-6", 2), "0-2,6,7", False),
        (SuccessRule(None, 0), "", False),
        (SuccessRule("2-4,6-8"), "1-9", True),
        (SuccessRule(""), "1-3", False),
        (SuccessRule("+0,+2-+3"), "0,2,3", True),
        (SuccessRule("10-12,14-16"), "1-3,5-7", False),
        (SuccessRule("1-3,5-7"), "2-4,6-8", False),
        (SuccessRule("1-3,5-7", 4), "2-4,6-8", True),
        (SuccessRule("0-4,6-9"), "1-3,7,8", False),
        (SuccessRule("0-4,6-9", 5), "1-3,7,8", True),
    ],
)
def test_a_success_policy_is_met_by_enough_of_its_indexes(
    rule: SuccessRule, succeeded: str, met: bool
) -> None:
    """Go: TestMatchSuccessPolicy"""
    indexes = job_policies.parse_indexes(succeeded, 10)

    assert job_policies.match_success_policy((rule,), 10, indexes) == met


IN = FailureRule("Ignore", ExitCodes("In", (1, 2, 3)))
NOT_IN = FailureRule("FailJob", ExitCodes("NotIn", (1, 2, 3)))
DISRUPTION = FailureRule("Ignore", None, ((job_api.DISRUPTION_TARGET, "True"),))


@pytest.mark.parametrize(
    ("rules", "pod", "counts", "action"),
    [
        ((IN,), JobPod("Failed", exit_code=2), False, "Ignore"),
        ((IN,), JobPod("Failed", exit_code=4), True, None),
        ((NOT_IN,), JobPod("Failed", exit_code=4), True, "FailJob"),
        ((NOT_IN,), JobPod("Failed", exit_code=0), True, None),
        ((NOT_IN,), JobPod("Failed"), True, None),
        ((DISRUPTION, NOT_IN), JobPod("Failed", exit_code=143, disrupted=True), False, "Ignore"),
        ((DISRUPTION, NOT_IN), JobPod("Failed", exit_code=143), True, "FailJob"),
        ((FailureRule("Count", ExitCodes("In", (5,))), NOT_IN), JobPod("Failed", exit_code=5), True,
         "Count"),
        (None, JobPod("Failed", exit_code=1), True, None),
    ],
)  # fmt: skip
def test_the_first_rule_that_matches_a_failed_pod_decides(
    rules: tuple[FailureRule, ...] | None, pod: JobPod, counts: bool, action: str | None
) -> None:
    """Go: TestMatchPodFailurePolicy"""
    assert job_policies.match_pod_failure_policy(rules, pod) == (counts, action)


@given(st.sets(st.integers(0, 30)))
def test_indexes_are_read_as_they_are_written(indexes: set[int]) -> None:
    text = job_policies.format_indexes(indexes)

    assert job_policies.parse_indexes(text, 31) == tuple(sorted(indexes))


# ---- of any sync --------------------------------------------------------------------------------

phases: st.SearchStrategy[Any] = st.sampled_from(["Pending", "Running", "Succeeded", "Failed"])


@st.composite
def observations(draw: st.DrawFn) -> tuple[JobSpec, SeenPods, JobStatus, bool]:
    """A NonIndexed Job in the midst of its life: some pods are listed, some counted."""
    spec = JobSpec(
        parallelism=draw(st.integers(0, 4)),
        completions=draw(st.one_of(st.none(), st.integers(0, 4))),
        backoff_limit=draw(st.integers(0, 3)),
        suspend=draw(st.booleans()),
        pod_replacement_policy=draw(st.sampled_from(["Failed", "TerminatingOrFailed"])),
    )
    seen: list[tuple[Seen, int]] = []
    listed = {"succeeded": 0, "failed": 0}
    for _ in range(draw(st.integers(0, 4))):
        pod = JobPod(
            draw(phases),
            terminating=draw(st.booleans()),
            finalizer=draw(st.booleans()),
            waited=draw(st.booleans()),
        )
        where: Any = ""
        if pod.phase == "Succeeded" and draw(st.booleans()):
            where = "succeeded"
        elif job_api.is_pod_failed(pod, spec) and draw(st.booleans()):
            where = "failed"
        if where:
            listed[where] += 1
        seen.append((Seen(pod, where), 1))
    status = JobStatus(
        succeeded=draw(st.integers(0, 3)),
        failed=draw(st.integers(0, 3)),
        uncounted=Uncounted(listed["succeeded"], listed["failed"]),
        start_time=True,
        ready=0,
        terminating=0,
    )
    return spec, Population(seen), status, draw(st.booleans())


@given(observations())
def test_a_sync_creates_or_removes_and_never_both(
    of: tuple[JobSpec, SeenPods, JobStatus, bool],
) -> None:
    spec, seen, status, satisfied = of

    found = ran(spec, seen, status, satisfied=satisfied)

    assert not (found.created and (found.removed or found.deleted))
    assert satisfied or not (found.created or found.removed)


@given(observations())
def test_creations_fill_up_to_parallelism_and_no_further(
    of: tuple[JobSpec, SeenPods, JobStatus, bool],
) -> None:
    spec, seen, status, _ = of

    found = ran(spec, seen, status)

    if found.created:
        active = seen.where(job_api.is_active).total
        assert active + len(found.created) <= spec.parallelism


@given(observations(), st.booleans())
def test_counters_grow_by_what_was_listed_or_has_ended(
    of: tuple[JobSpec, SeenPods, JobStatus, bool], fails: bool
) -> None:
    """Each pod is counted at most once: counters and lists grow by no more than there are pods."""
    spec, seen, status, satisfied = of

    found = ran(spec, seen, status, fails=fails, satisfied=satisfied)

    before = status.succeeded + status.failed + status.uncounted.total
    fresh = seen.where(lambda each: each.tracked and not each.listed).total
    for each in found.statuses:
        after = each.succeeded + each.failed + each.uncounted.total
        assert before <= after <= before + fresh
        assert each.succeeded >= status.succeeded
        assert each.failed >= status.failed


@given(observations())
def test_the_api_server_accepts_what_a_sync_sends(
    of: tuple[JobSpec, SeenPods, JobStatus, bool],
) -> None:
    """One after the other, as each is applied; a suspended Job that completes is the exception."""
    spec, seen, status, satisfied = of
    now = Job(evolve(spec, suspend=False), status)

    for sent in ran(now.spec, seen, status, satisfied=satisfied).statuses:
        assert job_status.refusals(now, sent) == ()
        now = evolve(now, status=sent)


@given(observations())
def test_a_finished_job_has_nothing_left(of: tuple[JobSpec, SeenPods, JobStatus, bool]) -> None:
    spec, seen, status, satisfied = of

    for each in ran(spec, seen, status, satisfied=satisfied).statuses:
        if job_api.is_job_finished(each):
            assert (each.active, each.terminating, each.uncounted) == (0, 0, Uncounted())


# ---- what the API server refuses ----------------------------------------------------------------

BEFORE = Job(JobSpec(), JobStatus(active=1, ready=1, failed=1, succeeded=1, start_time=True))


def having(*types: str, **more: Any) -> JobStatus:
    """That status with these conditions."""
    conditions = tuple(job_api.JobCondition(each, True) for each in types)
    return evolve(BEFORE.status, conditions=conditions, **more)


@pytest.mark.parametrize(
    ("status", "field"),
    [
        (having(active=0), "status.ready"),
        (having(active=-1, ready=-1), "status.active"),
        (having(failed=0), "status.failed"),
        (having(succeeded=0), "status.succeeded"),
        (having(start_time=False), "status.startTime"),
        (having("Failed", active=0, ready=0), "status.conditions"),
        (having("Complete", active=0, ready=0), "status.conditions"),
        (having("SuccessCriteriaMet", "FailureTarget"), "status.conditions"),
        (having("SuccessCriteriaMet", "Complete"), "status.active"),
        (
            having("SuccessCriteriaMet", "Complete", active=0, ready=0, terminating=1),
            "status.terminating",
        ),
        (
            having("FailureTarget", "Failed", active=0, ready=0, uncounted=Uncounted(1)),
            "status.uncountedTerminatedPods",
        ),
        (having(completed_indexes=(0,)), "status.completedIndexes"),
        (having(failed_indexes=()), "status.failedIndexes"),
    ],
)
def test_a_status_that_cannot_be_is_refused(status: JobStatus, field: str) -> None:
    """Go: TestStatusStrategy_ValidateUpdate"""
    refused = job_status.refusals(BEFORE, status)

    assert [each.partition(":")[0] for each in refused][:1] == [field]


def test_what_was_bad_before_may_be_written_again() -> None:
    """Most checks are made only of what has changed."""
    bad = Job(JobSpec(), JobStatus(active=0, ready=1, start_time=True))

    assert job_status.refusals(bad, evolve(bad.status, failed=1)) == ()
    assert job_status.refusals(bad, evolve(bad.status, ready=2))


def test_an_elastic_job_may_count_less() -> None:
    elastic = Job(indexed(2), JobStatus(succeeded=2, start_time=True, completed_indexes=(0, 1)))

    assert job_status.refusals(elastic, evolve(elastic.status, succeeded=1)) == ()


@pytest.mark.parametrize(("listed", "seen"), [("failed", [Seen(None, "failed")]), ("", [])])
def test_a_pod_that_lost_its_owner_is_only_a_uid_of_the_status(
    listed: job_api.Listed, seen: list[Seen]
) -> None:
    """
    As when a Job is deleted that leaves orphans: pods are found by owner, so that one that is
    listed counts as one whose finalizer is gone. Go: getPodsForJob, cleanUncountedPods…
    """
    orphan = job_pods.Owned((JobPod("Failed", owned=False),), listed=(listed,))

    assert list(job_pods.pods_seen(Population({orphan: 1}))) == seen
