"""One step of a rolling update: grow the new ReplicaSet if there is room, or else shrink old ones.

Tables named after an upstream test have its numbers; they stand in rolling_test.go of Kubernetes
v1.36.3.
"""

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from seatrial.model import api, controller_utils, deployment_rolling, deployment_util
from workloads import deployment, deployments, honest_replica_sets, new, old, opaque, sizes


def shrink(
    of: api.Deployment, new_rs: api.ReplicaSet, *old_rss: api.ReplicaSet
) -> deployment_rolling.Scaling:
    """What a sync does to old ReplicaSets, called as the controller calls it."""
    active = controller_utils.filter_active_replica_sets(old_rss)
    return deployment_rolling.reconcile_old_replica_sets((*old_rss, new_rs), active, new_rs, of)


# ---- growing ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("surge", "old_size", "new_size", "written"),
    [(0, 10, 0, []), (2, 10, 0, [2]), (2, 5, 0, [7]), (2, 10, 2, []), (2, 2, 11, [10])],
)
def test_the_new_replica_set_grows_into_the_surge_and_never_beyond_the_deployment(
    surge: int, old_size: int, new_size: int, written: list[int]
) -> None:
    """TestDeploymentController_reconcileNewReplicaSet, for 10 replicas."""
    new_rs, old_rs = new(new_size), old(1, old_size)

    step = deployment_rolling.reconcile_new_replica_set(
        [new_rs, old_rs], new_rs, deployment(10, surge)
    )

    assert [rs.replicas for rs in step.writes] == written
    assert step.scaled == bool(written)


def test_a_write_of_a_size_brings_both_annotations_along() -> None:
    """They are how a later sync recognises that the Deployment was resized meanwhile."""
    step = deployment_rolling.reconcile_new_replica_set(
        [new(0), old(1, 5)], new(0), deployment(10, 2)
    )

    (sent,) = step.writes
    assert (sent.replicas, sent.desired_replicas, sent.max_replicas) == (7, 10, 12)


# ---- shrinking --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("unavailable", "old_size", "new_size", "old_ready", "new_ready", "written"),
    [
        (0, 10, 0, 10, 0, [9]),
        (2, 10, 0, 10, 0, [8]),
        (2, 10, 0, 8, 0, [8]),
        (2, 10, 0, 9, 0, [9, 8]),
        (2, 8, 2, 8, 0, []),
    ],
)
def test_old_replica_sets_shrink_by_what_may_be_unavailable(
    unavailable: int,
    old_size: int,
    new_size: int,
    old_ready: int,
    new_ready: int,
    written: list[int],
) -> None:
    """
    TestDeploymentController_reconcileOldReplicaSets, for 10 replicas; upstream compares no sizes.

    Where no pod may be added and none be missing (the first row), one goes all the same.
    """
    of = deployment(10, 0, unavailable)

    step = shrink(of, new(new_size, new_ready), old(1, old_size, old_ready))

    assert [rs.replicas for rs in step.writes] == written


def test_new_pods_that_do_not_become_available_cost_no_old_ones() -> None:
    """A template that crashes stops the rollout with minAvailable old pods serving."""
    of = deployment(10, 3, 2)

    assert shrink(of, new(5, available=0), old(1, 8, available=8)).writes == ()
    assert sizes(shrink(of, new(5, available=1), old(1, 8, available=8)).writes) == [(1, 7)]


def test_rolling_over_a_broken_rollout_takes_its_pods_first() -> None:
    """Five pods of a template that was given up are not available: they all go, no healthy one."""
    step = shrink(deployment(10, 3, 2), new(0), old(1, 8, available=8), old(2, 5, available=0))

    assert sizes(step.writes) == [(2, 0)]
    assert (step.count, step.scaled) == (5, True)


def test_unavailable_pods_go_first_and_then_the_oldest_replica_set_shrinks() -> None:
    """Two writes to one ReplicaSet in one sync are possible; the second builds on the first."""
    step = shrink(deployment(10, 0, 4), new(2, available=2), old(1, 5, 4), old(2, 5, 5))

    assert sizes(step.writes) == [(1, 4), (1, 0), (2, 4)]
    assert step.count == 6


@pytest.mark.parametrize(("most", "written"), [(1, [9]), (3, [8]), (0, [])])
def test_cleanup_takes_no_more_than_is_unavailable_nor_than_it_may(
    most: int, written: list[int]
) -> None:
    """TestDeploymentController_cleanupUnhealthyReplicas: 8 of 10 pods are available."""
    step = deployment_rolling.cleanup_unhealthy_replicas(
        [old(1, 10, available=8)], deployment(10, 2, 2), most
    )

    assert [rs.replicas for rs in step.writes] == written


def test_cleanup_leaves_replica_sets_alone_whose_pods_are_all_available() -> None:
    """The last row of that table."""
    step = deployment_rolling.cleanup_unhealthy_replicas(
        [old(1, 10, available=10)], deployment(10, 2, 2), 3
    )

    assert step.writes == ()


@pytest.mark.parametrize(
    ("unavailable", "ready", "old_size", "written"),
    [(0, 10, 10, [9]), (2, 10, 10, [8]), (2, 8, 10, []), (2, 10, 0, []), (2, 1, 10, [])],
)
def test_only_what_is_available_beyond_the_least_is_taken(
    unavailable: int, ready: int, old_size: int, written: list[int]
) -> None:
    """TestDeploymentController_scaleDownOldReplicaSetsForRollingUpdate, for 10 replicas."""
    rss = [old(1, old_size, available=ready)]

    step = deployment_rolling.scale_down_old_replica_sets_for_rolling_update(
        rss, rss, deployment(10, 0, unavailable)
    )

    assert [rs.replicas for rs in step.writes] == written


# ---- a status that is behind ------------------------------------------------------------------


def test_a_replica_set_that_has_not_caught_up_with_shrinking_stops_all_shrinking() -> None:
    """
    It reports more available pods than it is to have, so cleanup would make it larger. That is an
    error, which nobody hears of: the sync goes on as if there were nothing to do.
    """
    behind = old(1, 6, available=8)

    step = shrink(deployment(10, 0, 2), new(4, available=4), behind)

    assert step.failed
    assert not step.scaled
    assert step.writes == ()
    assert shrink(deployment(10, 0, 2), new(4, available=4), evolve(old(1, 6, 6))).scaled


def test_what_was_written_before_such_an_error_stays_written() -> None:
    """The caller is told that nothing was scaled, although something was."""
    step = shrink(deployment(10, 0, 4), new(4, 4), old(1, 3, available=1), old(2, 5, available=6))

    assert sizes(step.writes) == [(1, 1)]
    assert not step.scaled


def test_pods_of_an_old_replica_set_that_is_to_have_none_do_not_count_as_available() -> None:
    """
    Two of its pods still serve. Were they counted, two more pods would be taken from the other one
    in their stead, although these two are about to vanish.
    """
    drained = old(1, 0, available=2)

    step = shrink(deployment(10, 0, 2), new(5, available=4), drained, old(2, 5, available=4))

    assert sizes(step.writes) == [(2, 4)]


def test_a_status_that_is_behind_can_cost_more_than_the_least_available() -> None:
    """
    The counterexample to the property below, were reports not bounded by sizes. The first
    ReplicaSet uses up what cleanup may take, so the second, whose report is old, is not noticed;
    then its pods that no longer exist are counted as a reserve.
    """
    none_may_be_missing = deployment(10, 2, 0)
    step = shrink(
        none_may_be_missing, new(5, available=5), old(1, 5, available=0), old(2, 5, available=10)
    )

    assert sizes(step.writes) == [(1, 0), (2, 0)]
    assert deployment_util.min_available(none_may_be_missing) == 10


# ---- whatever the numbers ---------------------------------------------------------------------


@given(deployments(), st.tuples(*(honest_replica_sets(rank) for rank in (1, 2, 9))))
def test_no_step_takes_the_sizes_beyond_the_surge(
    of: api.Deployment, rss: tuple[api.ReplicaSet, ...]
) -> None:
    """Unless they were beyond it before; then they do not grow."""
    grown = deployment_rolling.reconcile_new_replica_set(rss, rss[-1], of)

    before = deployment_util.get_replica_count_for_replica_sets(rss)
    after = deployment_util.get_replica_count_for_replica_sets((*rss[:-1], *grown.rss))
    assert after <= max(before, of.spec.replicas + deployment_util.max_surge(of))


@given(deployments(), st.tuples(*(honest_replica_sets(rank) for rank in (1, 2, 9))))
def test_shrinking_leaves_the_least_available_where_reports_are_true(
    of: api.Deployment, rss: tuple[api.ReplicaSet, ...]
) -> None:
    """
    In sizes, and in pods: even if a ReplicaSet deletes what is available last, no fewer remain
    available than are to be, or than there were.
    """
    *old_rss, new_rs = rss
    least = deployment_util.min_available(of)

    step = shrink(of, new_rs, *old_rss)

    assert not step.failed
    if step.writes:
        after = (*step.rss, new_rs)
        assert deployment_util.get_replica_count_for_replica_sets(after) >= least
    kept = sum(min(rs.replicas, rs.status.available_replicas) for rs in (*step.rss, new_rs))
    was = sum(rs.status.available_replicas for rs in rss)
    assert kept >= min(least, was)


@given(deployments(), st.tuples(*(honest_replica_sets(rank) for rank in (1, 2, 9))))
def test_shrinking_only_shrinks_and_counts_what_it_takes(
    of: api.Deployment, rss: tuple[api.ReplicaSet, ...]
) -> None:
    """No size rises, none falls below 0, and the count is the sum of what was taken."""
    *old_rss, new_rs = rss
    active = controller_utils.filter_active_replica_sets(old_rss)

    step = shrink(of, new_rs, *old_rss)

    pairs = list(zip(active, step.rss, strict=True))
    assert all(0 <= after.replicas <= before.replicas for before, after in pairs)
    assert sum(before.replicas - after.replicas for before, after in pairs) == step.count


@given(deployments(least=1), st.integers(0, 20))
def test_with_pods_that_become_available_at_once_every_rollout_comes_to_an_end(
    of: api.Deployment, before: int
) -> None:
    """The controller alternates; after each step all pods are there and available."""
    old_rs, new_rs = old(1, before, before), new(0)
    for _ in range(200):
        grown = deployment_rolling.reconcile_new_replica_set((old_rs, new_rs), new_rs, of)
        if grown.scaled:
            (new_rs,) = grown.rss
        else:
            shrunk = shrink(of, new_rs, old_rs)
            if not shrunk.scaled:
                break
            (old_rs,) = shrunk.rss
        new_rs, old_rs = new(new_rs.replicas, new_rs.replicas), old(1, *(old_rs.replicas,) * 2)

    assert (old_rs.replicas, new_rs.replicas) == (0, of.spec.replicas)


@given(deployments(), st.tuples(*(honest_replica_sets(rank) for rank in (1, 2, 9))))
def test_a_step_runs_on_sizes_that_are_no_ordinary_integers(
    of: api.Deployment, rss: tuple[api.ReplicaSet, ...]
) -> None:
    """The symbolic engine runs these very functions; they may only calculate and compare."""
    *old_rss, new_rs = rss
    terms = [opaque(rs) for rs in rss]

    grown = deployment_rolling.reconcile_new_replica_set(terms, terms[-1], opaque(of))
    shrunk = shrink(opaque(of), terms[-1], *terms[:-1])

    assert sizes(grown.writes) == sizes(
        deployment_rolling.reconcile_new_replica_set(rss, new_rs, of).writes
    )
    assert sizes(shrunk.writes) == sizes(shrink(of, new_rs, *old_rss).writes)


def test_a_rollout_of_four_with_the_default_bounds_goes_like_this() -> None:
    """One more and one less at a time: 25% of 4 is 1 both ways."""
    of, old_rs, new_rs = deployment(4, "25%", "25%"), old(1, 4, 4), new(0)
    steps = []
    while (old_rs.replicas, new_rs.replicas) != (0, 4):
        grown = deployment_rolling.reconcile_new_replica_set((old_rs, new_rs), new_rs, of)
        if grown.scaled:
            new_rs = new(grown.rss[0].replicas, grown.rss[0].replicas)
        else:
            (shrunk,) = shrink(of, new_rs, old_rs).rss
            old_rs = old(1, shrunk.replicas, shrunk.replicas)
        steps.append((old_rs.replicas, new_rs.replicas))

    assert steps == [(4, 1), (2, 1), (2, 3), (0, 3), (0, 4)]
