"""Resizing in the middle of a rollout, deleting history, reporting status, and Recreate.

Tables named after an upstream test have its numbers; they stand in sync_test.go, progress_test.go
and recreate_test.go of Kubernetes v1.36.3.
"""

from typing import Any

import pytest
from attrs import evolve, frozen
from hypothesis import example, given
from hypothesis import strategies as st

from seatrial.core import Population
from seatrial.model import (
    api,
    deployment_progress,
    deployment_recreate,
    deployment_sync,
    deployment_util,
)
from workloads import TEMPLATE, deployment, new, old, opaque, sizes

# ---- scaling events ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("noted", "size", "event"),
    [(10, 10, False), (5, 10, True), (None, 10, False), (5, 0, False)],
)
def test_a_deployment_was_resized_if_an_active_replica_set_has_another_size_noted(
    noted: int | None, size: int, event: bool
) -> None:
    """One without the annotation says nothing, nor does one that is to have no pods."""
    rs = evolve(old(1, size), desired_replicas=noted)

    assert deployment_sync.is_scaling_event(deployment(10), [rs]) == event


# ---- scaling in proportion --------------------------------------------------------------------


@frozen
class Case:
    """A row of TestScale: sizes from the youngest to the oldest; the first is the new one."""

    name: str
    before: tuple[int, int]
    after: tuple[int, int]
    old_sizes: tuple[int | None, ...]
    new_sizes: tuple[int | None, ...]
    """Sizes and surges of the Deployment before and after; None is for no new ReplicaSet."""


CASES = [
    Case("10 to 12", (10, 0), (12, 0), (10,), (12,)),
    Case("10 to 5", (10, 0), (5, 0), (10,), (5,)),
    Case("5 to 10", (5, 0), (10, 0), (2, 3), (4, 6)),
    Case("5 to 3", (5, 0), (3, 0), (2, 3), (1, 2)),
    Case("9 to 4", (9, 0), (4, 0), (8, 1), (4, 0)),
    Case("7 to 10", (7, 0), (10, 0), (2, 3, 2), (3, 4, 3)),
    Case("13 to 8", (13, 0), (8, 0), (2, 8, 3), (1, 5, 2)),
    Case("leftover goes to the youngest: 3 to 4", (3, 0), (4, 0), (1, 1, 1), (2, 1, 1)),
    Case("leftover comes from the oldest: 3 to 2", (3, 0), (2, 0), (1, 1, 1), (1, 1, 0)),
    Case("no new one: 4 to 5", (4, 0), (5, 0), (None, 2, 2), (None, 3, 2)),
    Case("6 to 0", (6, 0), (0, 0), (3, 2, 1), (0, 0, 0)),
    Case("0 to 6", (6, 0), (6, 0), (0, 0, 0), (6, 0, 0)),
    Case("with surge", (10, 2), (20, 2), (6, 6), (11, 11)),
    Case("size and surge", (10, 3), (50, 6), (5, 8), (22, 34)),
    Case("size and template", (10, 0), (14, 0), (None, 7, 3), (None, 10, 4)),
    Case("full but broken", (2, 1), (2, 1), (2, 1), (2, 1)),
]


def noted(rs: api.ReplicaSet, size: int, surge: int) -> api.ReplicaSet:
    """The ReplicaSet with the annotations that a Deployment of this size leaves on it."""
    return evolve(rs, desired_replicas=size, max_replicas=size + surge)


def after_scaling(
    of: api.Deployment, new_rs: api.ReplicaSet | None, *old_rss: api.ReplicaSet
) -> dict[int, int]:
    """Sizes by rank of creation, once all is written."""
    rss = old_rss if new_rs is None else (*old_rss, new_rs)
    after = dict(sizes(rss))
    after.update(sizes(deployment_sync.scale(of, new_rs, old_rss)))
    return after


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_replica_sets_keep_their_proportions_when_a_rollout_is_resized(case: Case) -> None:
    """TestScale. The row "failed rs update" is a test of its own below."""
    (size, surge), (size_after, surge_after) = case.before, case.after
    new_size, *old_sizes = case.old_sizes
    old_rss = [
        noted(old(8 - at, old_size), size, surge)
        for at, old_size in enumerate(old_sizes)
        if old_size is not None
    ]
    new_rs = None if new_size is None else noted(new(new_size), size, surge)

    after = after_scaling(deployment(size_after, surge_after), new_rs, *old_rss)

    youngest_first = [after[rank] for rank in sorted(after, reverse=True)]
    assert youngest_first == [expected for expected in case.new_sizes if expected is not None]


def test_what_a_failed_write_left_undone_is_made_up_for_at_the_next_sync() -> None:
    """
    TestScale, "failed rs update": 3 to 5 replicas, and the second write did not come through. Its
    annotation still says 3, which makes it the scaling event and gives it what is left.
    """
    done, missed = noted(new(2), 5, 0), noted(old(2, 1), 3, 0)
    rest = noted(old(1, 1), 5, 0)

    assert deployment_sync.is_scaling_event(deployment(5), [done, missed, rest])
    written = deployment_sync.scale(deployment(5), done, [missed, rest])
    assert (2, 2) in sizes(written)


def test_the_order_of_writes_is_by_size_and_ties_turn_around_with_the_direction() -> None:
    """The first also gets what rounding leaves, and is written even if a later write fails."""
    rss = [noted(old(rank, size), 6, 0) for rank, size in ((1, 2), (2, 2), (3, 2))]

    growing = deployment_sync.scale(deployment(9), None, rss)
    shrinking = deployment_sync.scale(deployment(3), None, rss)

    assert [rs.created for rs in growing] == [3, 2, 1]
    assert [rs.created for rs in shrinking] == [1, 2, 3]


def test_where_sizes_are_right_only_annotations_are_written_the_youngest_first() -> None:
    """Nothing is sorted then; looking for the active ReplicaSet left them so, the new one last."""
    rss = [noted(old(1, 2), 9, 0), noted(old(2, 2), 9, 0)]

    written = deployment_sync.scale(deployment(5), noted(new(1), 9, 0), rss)

    assert sizes(written) == [(2, 2), (1, 2), (TEMPLATE, 1)]
    assert {rs.desired_replicas for rs in written} == {5}


def test_without_any_replica_set_there_is_nothing_to_scale() -> None:
    """As when a Deployment is paused from the start."""
    assert deployment_sync.scale(deployment(3), None, []) == ()


def test_the_only_active_replica_set_takes_all_even_if_it_is_an_old_one() -> None:
    """A rollout that has not begun yet does not begin with the resizing."""
    assert after_scaling(deployment(7), new(0), old(1, 3)) == {1: 7, TEMPLATE: 0}


def test_a_single_active_replica_set_of_the_right_size_keeps_a_wrong_annotation() -> None:
    """
    The Deployment then counts as resized at every sync and never rolls on: a known livelock. A
    write that conflicted during the resizing is enough to get there.
    """
    stuck = noted(old(1, 5), 3, 0)

    assert deployment_sync.is_scaling_event(deployment(5), [new(0), stuck])
    assert deployment_sync.scale(deployment(5), new(0), [stuck]) == ()


def test_a_saturated_new_replica_set_ends_the_old_ones_and_a_broken_one_does_not() -> None:
    """All of its pods have to be available."""
    full = noted(new(2, available=2), 2, 0)
    broken = noted(new(2, available=1), 2, 0)

    assert after_scaling(deployment(2), full, noted(old(1, 1), 2, 0))[1] == 0
    assert after_scaling(deployment(2, 1), broken, noted(old(1, 1), 2, 1))[1] == 1


def test_recreate_scales_nothing_while_several_replica_sets_are_active() -> None:
    """They are about to be brought to 0 anyway."""
    recreate = api.Deployment(api.DeploymentSpec(TEMPLATE, 9, strategy=api.RECREATE))

    assert deployment_sync.scale(recreate, new(2), [old(1, 3)]) == ()


several = st.lists(st.integers(1, 12), min_size=2, max_size=4)


@given(several, st.integers(0, 8), st.integers(0, 60), st.integers(0, 8))
def test_growing_in_proportion_reaches_exactly_the_size_with_surge(
    old_sizes: list[int], surge: int, more: int, surge_after: int
) -> None:
    """Whatever rounding does, the largest gets the difference."""
    size = sum(old_sizes)
    rss = [noted(old(rank, n), size, surge) for rank, n in enumerate(old_sizes)]
    of = deployment(size + more, surge_after)

    after = after_scaling(of, None, *rss)

    assert sum(after.values()) == size + more + deployment_util.max_surge(of)
    assert all(after[rs.created] >= 0 for rs in rss)


@given(st.lists(st.integers(1, 12), min_size=2, max_size=3), st.integers(0, 36))
def test_shrinking_two_or_three_in_proportion_reaches_exactly_the_size(
    old_sizes: list[int], size: int
) -> None:
    """If their annotations are right. With more than three, see the next test."""
    before = sum(old_sizes)
    rss = [noted(old(rank, n), before, 0) for rank, n in enumerate(old_sizes)]

    after = after_scaling(deployment(min(size, before), 0, 1), None, *rss)

    assert sum(after.values()) == min(size, before)


def test_shrinking_many_small_ones_in_proportion_can_leave_too_many() -> None:
    """
    The counterexample to the property above for four: each keeps its pod by rounding, the first
    pays for all of them and cannot go below 0. Three pods remain where two are asked for.
    """
    rss = [noted(old(rank, 1), 4, 0) for rank in (1, 2, 3, 4)]

    after = after_scaling(deployment(2, 0, 1), None, *rss)

    assert after == {1: 0, 2: 1, 3: 1, 4: 1}


@given(several, st.integers(0, 40), st.integers(0, 60), st.integers(0, 60))
@example([1, 1, 1, 1], 2, 4, 4)
def test_shrinking_in_proportion_never_goes_below_the_size_whatever_is_noted(
    old_sizes: list[int], size: int, maximal: int, pods: int
) -> None:
    """Annotations may be of an older size, or missing (0 counts as missing)."""
    rss = [
        evolve(old(rank, n), desired_replicas=0, max_replicas=maximal)
        for rank, n in enumerate(old_sizes)
    ]
    before = sum(old_sizes)
    of = evolve(deployment(min(size, before), 0, 1), status=api.DeploymentStatus(pods))

    after = after_scaling(of, None, *rss)

    assert sum(after.values()) >= of.spec.replicas
    assert all(n >= 0 for n in after.values())


@given(several, st.integers(0, 60), st.integers(0, 60), st.integers(0, 8))
def test_scaling_and_status_run_on_sizes_that_are_no_ordinary_integers(
    old_sizes: list[int], size: int, maximal: int, surge: int
) -> None:
    """As for the rolling update."""
    rss = [evolve(old(rank, n, n), max_replicas=maximal) for rank, n in enumerate(old_sizes)]
    of, terms = deployment(size, surge), [opaque(rs) for rs in rss]

    written = deployment_sync.scale(opaque(of), None, terms)
    rollout = deployment_progress.sync_rollout_status(terms, terms[0], opaque(of), True)

    assert sizes(written) == sizes(deployment_sync.scale(of, None, rss))
    assert deployment_sync.is_scaling_event(opaque(of), written) is False
    assert deployment_sync.cleanup_deployment(terms, opaque(of)) == ()
    expected = deployment_progress.sync_rollout_status(rss, rss[0], of, True)
    assert rollout == expected


# ---- history ----------------------------------------------------------------------------------


def past(rank: int, replicas: int = 0, pods: int = 0, **changes: Any) -> api.ReplicaSet:
    """An old ReplicaSet with a size, a report of pods, and whatever else."""
    return evolve(
        old(rank, replicas), status=api.ReplicaSetStatus(pods), **{"revision": rank, **changes}
    )


def deleted(limit: int | None, *old_rss: api.ReplicaSet) -> list[int]:
    """The ranks of those that go, in order."""
    of = deployment(1)
    of = evolve(of, spec=evolve(of.spec, revision_history_limit=limit))
    return [rs.created for rs in deployment_sync.cleanup_deployment(old_rss, of)]


def test_history_keeps_as_many_old_replica_sets_as_the_limit_says() -> None:
    """TestDeploymentController_cleanupDeployment."""
    assert deleted(1, past(1), past(2), past(3)) == [1, 2]
    assert deleted(0, past(1), past(2, pods=1), past(3, 1), past(4, 1, pods=1)) == [1]
    assert deleted(0, past(1), past(2)) == [1, 2]
    assert deleted(0, past(1, 1, pods=1), past(2, 1, pods=1)) == []
    assert deleted(0, past(1, deleting=True)) == []
    assert deleted(api.MAX_INT32, past(1), past(2), past(3)) == []
    assert deleted(None, past(1), past(2), past(3)) == []


def test_history_goes_by_revision_and_not_by_age() -> None:
    """TestDeploymentController_cleanupDeploymentOrder. A rollback makes an old one new again."""
    assert deleted(1, past(1, revision=1), past(2, revision=2)) == [1]
    assert deleted(1, past(1, revision=2), past(2, revision=1)) == [2]
    assert deleted(1, past(1, revision=1), past(2, revision=None)) == [2]
    assert deleted(1, past(1, revision=None), past(2, revision=2)) == [1]
    revisions = ((1, 3), (2, 1), (3, 4), (4, 2))
    assert deleted(2, *(past(rank, revision=number) for rank, number in revisions)) == [2, 4]


def test_one_that_cannot_be_deleted_saves_no_other_and_costs_no_other() -> None:
    """Only the first beyond the limit are looked at; nobody goes in the place of a busy one."""
    assert deleted(1, past(1, 1, pods=1), past(2), past(3)) == [2]
    assert deleted(1, past(1, 1, pods=1), past(2, 1, pods=1), past(3)) == []


def test_one_whose_status_is_behind_is_not_deleted() -> None:
    """It may still have pods that nobody has counted yet."""
    behind = api.ReplicaSetStatus(observed_generation=api.Observed.BEHIND)

    assert deleted(0, evolve(past(1), status=behind)) == []


# ---- status -----------------------------------------------------------------------------------


def test_status_adds_up_what_replica_sets_report() -> None:
    """Unavailable is what sizes ask for beyond what is available; the rest are reports."""
    reports = api.ReplicaSetStatus(5, 5, 4, 3, 2)
    fresh = evolve(new(4), status=api.ReplicaSetStatus(2, 2, 1, 1, 0))

    status = deployment_sync.calculate_status(
        [evolve(old(1, 6), status=reports), fresh], fresh, deployment(8, 2, 2)
    )

    assert (status.replicas, status.updated_replicas) == (7, 2)
    assert (status.ready_replicas, status.available_replicas) == (5, 4)
    assert (status.unavailable_replicas, status.terminating_replicas) == (6, 2)


def test_more_available_pods_than_asked_for_are_not_negatively_unavailable() -> None:
    """As happens after shrinking, until the pods are gone."""
    shrunk = old(1, 2, available=5)

    assert deployment_sync.calculate_status([shrunk], None, deployment(2)).unavailable_replicas == 0


@pytest.mark.parametrize(
    ("unavailable", "available", "says"), [(2, 8, "True"), (2, 7, "False"), ("0%", 10, "True")]
)
def test_a_deployment_is_available_with_the_least_that_must_be(
    unavailable: int | str, available: int, says: str
) -> None:
    """The same bound that keeps a rollout from taking pods."""
    of = deployment(10, 1, unavailable)

    status = deployment_sync.calculate_status([old(1, 10, available)], None, of)

    assert [(cond.type, cond.status) for cond in status.conditions] == [("Available", says)]


def progressing(status: api.ConditionStatus, reason: str) -> api.DeploymentCondition:
    """A Progressing condition."""
    return api.DeploymentCondition("Progressing", status, reason)


UPDATED = progressing("True", "ReplicaSetUpdated")
AVAILABLE = progressing("True", "NewReplicaSetAvailable")
TIMED_OUT = progressing("False", "ProgressDeadlineExceeded")


def reporting(created: int, replicas: int, pods: int, available: int) -> api.ReplicaSet:
    """A ReplicaSet that reports so many pods and so many available ones, and no ready ones."""
    status = api.ReplicaSetStatus(pods, available_replicas=available)
    return evolve(old(created, replicas), status=status)


@pytest.mark.parametrize(
    ("deadline", "desired", "reported", "condition", "old_rs", "new_rs", "expected", "renewed"),
    [
        (None, 3, (2, 2, 2), UPDATED, (0, 1, 1), (3, 2, 2), None, False),
        (60, 3, (3, 3, 3), AVAILABLE, (3, 3, 3), None, AVAILABLE, False),
        (60, 3, (2, 2, 2), UPDATED, (0, 1, 1), (3, 2, 2), UPDATED, True),
        (60, 3, (2, 2, 2), TIMED_OUT, (0, 1, 1), (3, 2, 2), UPDATED, True),
        (60, 3, (2, 2, 2), None, (0, 1, 1), (3, 2, 2), UPDATED, True),
        (60, 3, (3, 3, 3), UPDATED, None, (3, 3, 3), AVAILABLE, True),
        (60, 3, (3, 3, 3), TIMED_OUT, None, (3, 3, 3), AVAILABLE, True),
        (60, 3, (3, 3, 3), None, None, (3, 3, 3), AVAILABLE, True),
        (60, 0, (3, 3, 3), UPDATED, (0, 0, 0), None, AVAILABLE, True),
        (60, 3, (2, 2, 2), UPDATED, None, (3, 2, 2), TIMED_OUT, True),
        (60, 3, (2, 2, 2), TIMED_OUT, None, (3, 2, 2), TIMED_OUT, False),
    ],
)
def test_the_progressing_condition_follows_the_rollout(
    deadline: int | None,
    desired: int,
    reported: tuple[int, int, int],
    condition: api.DeploymentCondition | None,
    old_rs: tuple[int, int, int] | None,
    new_rs: tuple[int, int, int] | None,
    expected: api.DeploymentCondition | None,
    renewed: bool,
) -> None:
    """
    TestSyncRolloutStatus: no deadline, no judgement; done once is done for good; progress takes a
    timeout back. The deadline has passed in all rows.
    """
    pods, updated, available = reported
    status = api.DeploymentStatus(
        pods,
        updated,
        available_replicas=available,
        conditions=() if condition is None else (condition,),
    )
    spec = api.DeploymentSpec(
        TEMPLATE, desired, strategy=api.RECREATE, progress_deadline_seconds=deadline
    )
    fresh = None if new_rs is None else reporting(TEMPLATE, *new_rs)
    rss = [
        *([] if old_rs is None else [reporting(1, *old_rs)]),
        *([] if fresh is None else [fresh]),
    ]

    rollout = deployment_progress.sync_rollout_status(
        rss, fresh, api.Deployment(spec, status), deadline_passed=True
    )

    found = [cond for cond in rollout.status.conditions if cond.type == "Progressing"]
    assert found == ([] if expected is None else [expected])
    assert rollout.renewed == renewed


def test_a_finished_rollout_that_loses_pods_is_not_called_stuck() -> None:
    """As long as there are only new pods, it is not judged again."""
    status = api.DeploymentStatus(3, 3, 3, 3, conditions=(AVAILABLE,))
    broken = reporting(TEMPLATE, 3, 3, 0)

    rollout = deployment_progress.sync_rollout_status(
        [broken], broken, evolve(deployment(3), status=status), deadline_passed=True
    )

    assert AVAILABLE in rollout.status.conditions


def test_a_failure_to_make_pods_shows_on_the_deployment_and_goes_away_again() -> None:
    """The new ReplicaSet's failure comes before those of old ones."""

    def failing(rs: api.ReplicaSet, reason: str) -> api.ReplicaSet:
        return evolve(rs, status=evolve(rs.status, replica_failure=reason))

    old_rs, new_rs = failing(old(1, 1), "FailedDelete"), failing(new(1), "FailedCreate")
    failed = api.DeploymentCondition("ReplicaFailure", "True", "FailedCreate")

    rollout = deployment_progress.sync_rollout_status(
        [old_rs, new_rs], new_rs, deployment(2), deadline_passed=False
    )
    assert failed in rollout.status.conditions

    healed = deployment_progress.sync_rollout_status(
        [old(1, 1), new(1)], new(1), evolve(deployment(2), status=rollout.status), False
    )
    assert failed not in healed.status.conditions


@pytest.mark.parametrize(
    ("deadline", "desired", "counts", "condition", "passed", "when"),
    [
        (None, 4, (3, 3, 2), None, False, "never"),
        (api.MAX_INT32, 4, (3, 3, 2), None, False, "never"),
        (60, 4, (3, 3, 2), None, False, "never"),
        (60, 3, (3, 3, 3), UPDATED, False, "never"),
        (60, 3, (3, 3, 0), TIMED_OUT, True, "never"),
        (60, 3, (3, 3, 1), UPDATED, False, "at the deadline"),
        (60, 3, (3, 3, 1), UPDATED, True, "now"),
    ],
)
def test_a_stuck_rollout_is_looked_at_again_when_its_deadline_passes(
    deadline: int | None,
    desired: int,
    counts: tuple[int, int, int],
    condition: api.DeploymentCondition | None,
    passed: bool,
    when: str,
) -> None:
    """TestRequeueStuckDeployment. Nothing else would wake the controller then."""
    pods, updated, available = counts
    status = api.DeploymentStatus(
        pods,
        updated,
        available_replicas=available,
        conditions=() if condition is None else (condition,),
    )
    spec = api.DeploymentSpec(TEMPLATE, desired, progress_deadline_seconds=deadline)

    of = api.Deployment(spec, status)

    assert deployment_progress.requeue_stuck_deployment(of, status, passed) == when


def test_pausing_and_resuming_restart_the_deadline() -> None:
    """A rollout that has taken too long stays so: pausing does not hide it."""
    running = deployment(3)
    paused = evolve(running, spec=evolve(running.spec, paused=True))
    check = deployment_sync.check_paused_conditions

    stopped = check(paused)
    assert stopped is not None
    assert stopped.conditions == (progressing("Unknown", "DeploymentPaused"),)
    assert check(evolve(paused, status=stopped)) is None
    resumed = check(evolve(running, status=stopped))
    assert resumed is not None
    assert resumed.conditions == (progressing("Unknown", "DeploymentResumed"),)
    assert check(evolve(running, status=resumed)) is None
    timed_out = api.DeploymentStatus(conditions=(TIMED_OUT,))
    assert check(evolve(paused, status=timed_out)) is None


# ---- Recreate ---------------------------------------------------------------------------------


def pods(**counts: int) -> Population[api.PodKind]:
    """So many pods of each phase."""
    phases: dict[str, api.Phase] = {
        "pending": "Pending",
        "running": "Running",
        "unknown": "Unknown",
        "succeeded": "Succeeded",
        "failed": "Failed",
    }
    return Population((api.PodKind(phases[name]), count) for name, count in counts.items())


@pytest.mark.parametrize(
    ("reported", "pod_map", "running"),
    [
        (0, {}, False),
        (0, {1: pods(running=2), 2: pods(running=2)}, True),
        (1, {}, True),
        (0, {1: pods(failed=1, succeeded=1)}, False),
        (0, {1: pods(unknown=1)}, True),
        (0, {1: pods(pending=1)}, True),
        (0, {1: pods(running=1)}, True),
        (0, {1: pods(failed=1, succeeded=1), 2: pods(), 3: pods(pending=1)}, True),
    ],
)
def test_recreate_waits_for_every_old_pod_that_is_not_finished(
    reported: int, pod_map: dict[int, Population[api.PodKind]], running: bool
) -> None:
    """TestOldPodsRunning."""
    old_rss = [past(1, pods=reported)]

    assert deployment_recreate.old_pods_running(None, old_rss, pod_map) == running


def test_recreate_waits_for_terminating_pods_and_not_for_new_ones() -> None:
    """A ReplicaSet does not report its terminating pods; the Deployment looks at them itself."""
    leaving: Population[api.PodKind] = Population({api.PodKind("Running", terminating=True): 1})
    check = deployment_recreate.old_pods_running

    assert check(new(0), [past(1)], {1: leaving})
    assert not check(new(1), [past(1)], {TEMPLATE: pods(running=1)})
    assert check(None, [past(1)], {TEMPLATE: pods(running=1)})


def test_recreate_brings_old_ones_to_nothing_and_then_the_new_one_to_size() -> None:
    """TestScaleDownOldReplicaSets. Those at 0 already are not written."""
    recreate = api.Deployment(api.DeploymentSpec(TEMPLATE, 3, strategy=api.RECREATE))

    down = deployment_recreate.scale_down_old_replica_sets_for_recreate(
        [old(1, 3), old(2, 0)], recreate
    )
    up = deployment_recreate.scale_up_new_replica_set_for_recreate(new(0), recreate)

    assert sizes(down) == [(1, 0)]
    assert up is not None
    assert (up.replicas, up.desired_replicas, up.max_replicas) == (3, 3, 3)
    assert deployment_recreate.scale_up_new_replica_set_for_recreate(up, recreate) is None
