"""The numbers behind a rollout: bounds, room for new pods, shares, revisions, conditions.

Tables named after an upstream test have its numbers; they stand in deployment_util_test.go of
Kubernetes v1.36.3.
"""

import ctypes
import math
import pickle

import pytest
from attrs import evolve
from hypothesis import example, given
from hypothesis import strategies as st

from seatrial.core import check_value, same_value
from seatrial.model import (
    api,
    controller,
    deployment_conditions,
    deployment_controller,
    deployment_replica_sets,
    deployment_util,
    informer,
)
from workloads import TEMPLATE, bound, bounds, deployment, deployments, new, old, replica_set

RECREATED = api.Deployment(api.DeploymentSpec(TEMPLATE, 3, strategy=api.RECREATE))


# ---- maxSurge and maxUnavailable --------------------------------------------------------------


@pytest.mark.parametrize(
    ("surge", "unavailable", "desired", "resolved"),
    [
        ("0%", "0%", 0, (0, 1)),
        ("39%", "39%", 10, (4, 3)),
        (None, "39%", 10, (0, 3)),
        ("39%", None, 10, (4, 0)),
        (None, None, 10, (0, 1)),
    ],
)
def test_surge_is_rounded_up_and_unavailability_down(
    surge: str | None, unavailable: str | None, desired: int, resolved: tuple[int, int]
) -> None:
    """TestResolveFenceposts. Both at 0 would stop every rollout, so one pod may go then."""
    surge_bound = None if surge is None else bound(surge)
    unavailable_bound = None if unavailable is None else bound(unavailable)

    assert deployment_util.resolve_fenceposts(surge_bound, unavailable_bound, desired) == resolved


@pytest.mark.parametrize(
    ("replicas", "unavailable", "expected"),
    [(10, 5, 5), (10, 10, 10), (5, 10, 5), (0, 10, 0), (10, "50%", 5), (10, "100%", 10)],
)
def test_never_more_pods_may_be_unavailable_than_there_are(
    replicas: int, unavailable: int | str, expected: int
) -> None:
    """TestMaxUnavailable. For no pods the fenceposts say 1, and this says 0."""
    assert deployment_util.max_unavailable(deployment(replicas, 1, unavailable)) == expected


@pytest.mark.parametrize(
    ("replicas", "unavailable", "expected"),
    [(10, 5, 5), (10, 10, 0), (5, 10, 0), (0, 10, 0), (10, "60%", 4), (5, "100%", 0)],
)
def test_what_may_not_be_unavailable_has_to_be_available(
    replicas: int, unavailable: int | str, expected: int
) -> None:
    """TestMinAvailable."""
    assert deployment_util.min_available(deployment(replicas, 1, unavailable)) == expected


def test_recreate_has_no_bounds() -> None:
    """All old pods go at once: nothing is promised, and there is nothing beyond the size."""
    assert deployment_util.max_unavailable(RECREATED) == 0
    assert deployment_util.max_surge(RECREATED) == 0
    assert deployment_util.min_available(RECREATED) == 0


def test_a_small_surge_and_a_small_unavailability_still_move_a_single_pod() -> None:
    """25% of one pod is 1 when it may be added and 0 when it may be missing: add first."""
    only_one = deployment(1, "25%", "25%")

    assert deployment_util.max_surge(only_one) == 1
    assert deployment_util.max_unavailable(only_one) == 0


@given(st.integers(0, 100_000), st.integers(0, 10_000), st.booleans())
def test_percentages_are_those_that_upstream_computes_in_floats(
    of: int, percent: int, round_up: bool
) -> None:
    """Exact integers are what the symbolic engine can run; they must say the same."""
    quotient = float(percent) * float(of) / 100
    in_floats = math.ceil(quotient) if round_up else math.floor(quotient)

    assert in_floats == deployment_util.get_scaled_value_from_int_or_percent(
        api.IntOrPercent.percent(percent), of, round_up
    )


# ---- how large the new ReplicaSet may be ------------------------------------------------------


@pytest.mark.parametrize(
    ("strategy", "desired", "size", "surge", "expected"),
    [("RollingUpdate", 1, 5, 1, 5), ("RollingUpdate", 6, 2, 10, 6), ("Recreate", 3, 1, 1, 3)],
)
def test_the_new_replica_set_takes_what_room_there_is(
    strategy: str, desired: int, size: int, surge: int, expected: int
) -> None:
    """TestNewRSNewReplicas. Upstream counts one ReplicaSet of 5 as all there are."""
    rolling = deployment(desired, surge, 1)
    recreated = evolve(rolling, spec=evolve(rolling.spec, strategy=api.RECREATE))
    of_strategy = rolling if strategy == "RollingUpdate" else recreated

    assert deployment_util.new_rs_new_replicas(of_strategy, [old(1, 5)], new(size)) == expected


def test_pods_that_are_still_terminating_take_no_room() -> None:
    """Room is counted in sizes: an old ReplicaSet at 0 counts as none, whatever it still runs."""
    drained = old(1, 0, available=10)

    assert deployment_util.new_rs_new_replicas(deployment(10), [drained, new(0)], new(0)) == 10


@given(deployments(), st.integers(0, 20), st.integers(0, 20))
def test_growing_never_exceeds_the_size_with_surge(
    of: api.Deployment, old_size: int, new_size: int
) -> None:
    """Unless it was exceeded before; then the new ReplicaSet stays as it is."""
    rss = (old(1, old_size), new(new_size))
    before = deployment_util.get_replica_count_for_replica_sets(rss)

    size = deployment_util.new_rs_new_replicas(of, rss, new(new_size))

    top = of.spec.replicas + deployment_util.max_surge(of)
    assert old_size + size <= max(before, top)


# ---- shares -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("desired", "reported", "surge", "size", "noted", "fraction"),
    [
        (0, 0, 0, 10, None, -10),
        (10, 0, 0, 5, None, 0),
        (10, 0, 0, 5, 0, 0),
        (120, 100, 0, 50, None, 10),
        (120, 100, 0, 50, 0, 10),
        (120, 0, 0, 50, 100, 10),
        (120, 0, 10, 50, 110, 9),
        (10, 0, 0, 6, 12, -1),
        (100, 0, 10, 50, 130, -8),
    ],
)
def test_a_replica_set_grows_as_its_deployment_does(
    desired: int, reported: int, surge: int, size: int, noted: int | None, fraction: int
) -> None:
    """
    TestGetReplicaSetFraction. What counts as before is the annotation; without one, the pods that
    the status reports; without those, nothing is scaled.
    """
    of = evolve(deployment(desired, surge, 1), status=api.DeploymentStatus(replicas=reported))
    rs = evolve(old(1, size), max_replicas=noted)

    assert deployment_util.get_replica_set_fraction(rs, of) == fraction


def as_go_does(size: int, deployment_max_replicas: int, before: int) -> int:
    """The share as upstream computes it: 32-bit product, 64-bit floats, halves away from zero."""
    quotient = float(ctypes.c_int32(size * deployment_max_replicas).value) / float(before)
    below = math.floor(abs(quotient))
    away = below + 1 if abs(quotient) - below >= 0.5 else below
    return int(math.copysign(away, quotient)) - size


@given(st.integers(1, 2**31 - 1), st.integers(1, 2**31 - 1), st.integers(1, 2**31 - 1))
@example(46_341, 46_341, 1)
@example(1, 2**31 - 1, 2)
@example(3, 1, 2)
def test_shares_are_those_that_upstream_computes_in_floats(
    size: int, desired: int, before: int
) -> None:
    """Also where the product no longer fits into 32 bits."""
    rs = evolve(old(1, size), max_replicas=before)

    fraction = deployment_util.get_replica_set_fraction(rs, deployment(desired, 0, 1))

    assert fraction == as_go_does(size, desired, before)


def test_small_shares_are_all_those_that_upstream_computes() -> None:
    """Every case up to 40 pods: halves are frequent there."""
    for size in range(1, 41):
        for desired in range(1, 41):
            for before in range(1, 41):
                rs = evolve(old(1, size), max_replicas=before)
                of = deployment(desired, 0, 1)
                expected = as_go_does(size, desired, before)
                assert deployment_util.get_replica_set_fraction(rs, of) == expected


def test_beyond_46340_pods_growing_asks_for_a_negative_size() -> None:
    """The product of two sizes overflows 32 bits upstream; the API server refuses what follows."""
    rs = evolve(old(1, 50_000), max_replicas=55_000)

    fraction = deployment_util.get_replica_set_fraction(rs, deployment(60_000, 0, 1))

    assert fraction < -rs.replicas


def test_a_negative_size_is_refused_and_so_nothing_changes() -> None:
    """Go: ValidateReplicaSetSpec; a resourceVersion that is out of date is noticed before that."""
    live = old(1, 50_000)
    write = controller.Write("update", "ReplicaSet", 1, evolve(live, replicas=-1))

    def answered(copy: informer.Copy) -> tuple[object, object]:
        answer, after, _ = deployment_controller.replica_set_after(write, live, copy, (1,))
        return answer, after

    assert answered(informer.Copy()) == ("failed", live)
    assert answered(informer.Copy(current=False)) == ("conflict", live)


def test_a_share_is_at_most_what_is_left() -> None:
    """Others may have been given more than their share by rounding."""
    rs = evolve(old(1, 6), max_replicas=10)
    of = deployment(20, 0, 1)

    assert deployment_util.get_replica_set_proportion(rs, of, to_add=10, added=0) == 6
    assert deployment_util.get_replica_set_proportion(rs, of, to_add=10, added=7) == 3
    assert deployment_util.get_replica_set_proportion(rs, of, to_add=10, added=10) == 0


@given(st.integers(-(10**12), 10**12), st.integers(1, 10**6))
def test_rounding_goes_to_the_nearest_and_halves_go_away_from_zero(n: int, divisor: int) -> None:
    """`round` of Python goes to the even neighbour, which is another number at 2.5."""
    rounded = deployment_util.round_to_int(n, divisor)

    assert 2 * abs(rounded * divisor - n) <= divisor
    if 2 * abs(rounded * divisor - n) == divisor:
        assert abs(rounded * divisor) > abs(n)


# ---- which ReplicaSet is which ----------------------------------------------------------------


def test_the_new_replica_set_is_the_oldest_of_the_deployments_template() -> None:
    """TestFindNewReplicaSet, TestFindOldReplicaSets. The younger duplicate is old, and drained."""
    first, twin = replica_set(TEMPLATE, 3, 1, 0), replica_set(TEMPLATE, 4, 1, 0)
    oldest, drained = old(1, 2), old(2, 0)
    of = deployment(3)

    assert deployment_replica_sets.find_new_replica_set(of, [twin, oldest, first]) == first
    assert deployment_replica_sets.find_new_replica_set(of, [oldest]) is None
    assert deployment_replica_sets.find_old_replica_sets(of, [twin, drained, first, oldest]) == (
        (oldest, twin),
        (oldest, drained, twin),
    )


def test_without_active_replica_sets_the_new_or_else_the_youngest_is_scaled() -> None:
    """With several active ones nobody is alone, and they share."""
    find = deployment_replica_sets.find_active_or_latest

    assert find(None, []) is None
    assert find(None, [old(1, 0), old(2, 0)]) == old(2, 0)
    assert find(new(0), [old(1, 0)]) == new(0)
    assert find(new(0), [old(1, 5), old(2, 0)]) == old(1, 5)
    assert find(new(1), [old(1, 5)]) is None


def test_a_new_replica_set_is_saturated_only_if_it_knows_and_its_pods_are_available() -> None:
    """Of the right size but broken, it must not cost the old pods (TestAnnotationUtils)."""
    of = deployment(2)
    full = evolve(new(2, available=2), desired_replicas=2)

    assert deployment_util.is_saturated(of, full)
    assert not deployment_util.is_saturated(of, None)
    assert not deployment_util.is_saturated(of, evolve(full, desired_replicas=None))
    assert not deployment_util.is_saturated(of, evolve(full, desired_replicas=3))
    assert not deployment_util.is_saturated(of, evolve(new(2, available=1), desired_replicas=2))


@pytest.mark.parametrize(
    ("names", "sizes", "pods", "terminating"),
    [("1", 1, 2, 3), ("12", 3, 5, 4), ("3", 3, 0, 0), ("123", 6, 5, 4), ("4", 1, 1, None)],
)
def test_terminating_pods_are_unknown_if_one_replica_set_does_not_say(
    names: str, sizes: int, pods: int, terminating: int | None
) -> None:
    """TestGetReplicaCountForReplicaSets. One that was never reported on has none."""
    never = api.ReplicaSetStatus(observed_generation=api.Observed.NEVER)
    all_rss = {
        "1": evolve(old(1, 1), status=api.ReplicaSetStatus(2, terminating_replicas=3)),
        "2": evolve(old(2, 2), status=api.ReplicaSetStatus(3, terminating_replicas=1)),
        "3": evolve(old(3, 3), status=never),
        "4": evolve(old(4, 1), status=api.ReplicaSetStatus(1)),
    }
    rss = [all_rss[name] for name in names]

    assert deployment_util.get_replica_count_for_replica_sets(rss) == sizes
    assert deployment_util.get_actual_replica_count_for_replica_sets(rss) == pods
    assert deployment_util.get_terminating_replica_count_for_replica_sets(rss) == terminating


# ---- revisions and annotations ----------------------------------------------------------------


def test_rolling_back_gives_an_old_replica_set_the_next_revision() -> None:
    """Its rank of creation stays: it may well be the oldest of all, and the new one."""
    first, second = evolve(old(1, 0), revision=1), evolve(old(2, 3), revision=2)
    number = deployment_replica_sets.next_revision([second])

    again = deployment_replica_sets.set_new_replica_set_annotations(
        deployment(3, template=1), first, number, exists=True
    )

    assert (again.revision, again.created) == (3, 1)
    assert again.desired_replicas is None


def test_a_revision_is_never_lowered() -> None:
    """The old ones that had higher revisions may have been deleted since."""
    ahead = evolve(new(3), revision=7)

    same = deployment_replica_sets.set_new_replica_set_annotations(
        deployment(3), ahead, 2, exists=True
    )

    assert same == ahead


def test_a_replica_set_about_to_be_made_gets_the_sizes_noted() -> None:
    """Proportional scaling starts from these."""
    made = deployment_replica_sets.set_new_replica_set_annotations(
        deployment(10, "25%"), new(3), 1, exists=False
    )

    assert (made.revision, made.desired_replicas, made.max_replicas) == (1, 10, 13)


@pytest.mark.parametrize(
    ("desired", "maximal", "expected"),
    [(None, None, True), (8, 20, True), (10, 16, True), (10, 20, False)],
)
def test_annotations_need_an_update_unless_both_numbers_are_right(
    desired: int | None, maximal: int | None, expected: bool
) -> None:
    """TestReplicasAnnotationsNeedUpdate."""
    rs = evolve(new(3), desired_replicas=desired, max_replicas=maximal)

    assert deployment_replica_sets.replicas_annotations_need_update(rs, 10, 20) == expected


@given(st.lists(st.none() | st.integers(0, 5), max_size=5))
def test_the_last_revision_is_the_highest_but_one(numbers: list[int | None]) -> None:
    """A rollback to 0 goes there; 0 again means that there is none."""
    rss = [evolve(old(rank, 0), revision=number) for rank, number in enumerate(numbers)]
    ordered = sorted((number or 0 for number in numbers), reverse=True)

    assert deployment_replica_sets.max_revision(rss) == (ordered[0] if ordered else 0)
    assert deployment_replica_sets.last_revision(rss) == (ordered[1] if ordered[1:] else 0)


# ---- conditions -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("desired", "pods", "updated", "available", "complete"),
    [
        (5, 5, 5, 4, False),
        (5, 5, 5, 3, False),
        (5, 5, 5, 5, True),
        (5, 5, 4, 5, False),
        (1, 2, 1, 1, False),
        (1, 1, 1, 0, False),
    ],
)
def test_a_rollout_is_complete_when_all_pods_are_new_and_available_and_no_others_exist(
    desired: int, pods: int, updated: int, available: int, complete: bool
) -> None:
    """TestDeploymentComplete. A status of an older spec completes nothing."""
    status = api.DeploymentStatus(pods, updated, available_replicas=available)
    of = deployment(desired, 1, 1)
    behind = evolve(status, observed_generation=api.Observed.BEHIND)

    assert deployment_conditions.deployment_complete(of, status) == complete
    assert not deployment_conditions.deployment_complete(of, behind)


@pytest.mark.parametrize(
    ("before", "after", "progress"),
    [
        ((10, 4, 4, 4), (10, 6, 4, 4), True),
        ((10, 4, 4, 4), (10, 4, 4, 4), False),
        ((10, 4, 6, 6), (8, 4, 6, 6), True),
        ((10, 7, 3, 3), (10, 6, 3, 3), False),
        ((10, 4, 7, 7), (8, 8, 5, 5), True),
        ((10, 10, 9, 8), (10, 10, 10, 8), True),
        ((10, 10, 10, 9), (10, 10, 10, 10), True),
    ],
)
def test_progress_is_any_gain_since_the_last_report(
    before: tuple[int, int, int, int], after: tuple[int, int, int, int], progress: bool
) -> None:
    """TestDeploymentProgressing: pods in all, new, ready, available."""
    of = evolve(deployment(10), status=api.DeploymentStatus(*before))

    assert (
        deployment_conditions.deployment_progressing(of, api.DeploymentStatus(*after)) == progress
    )


@pytest.mark.parametrize(
    ("deadline", "reason", "passed", "timed_out"),
    [
        (None, None, True, False),
        (api.MAX_INT32, None, True, False),
        (10, None, True, True),
        (10, None, False, False),
        (None, "NewReplicaSetAvailable", True, False),
        (10, "NewReplicaSetAvailable", True, False),
        (10, "ProgressDeadlineExceeded", False, True),
    ],
)
def test_a_rollout_times_out_when_its_deadline_passes_without_progress(
    deadline: int | None, reason: str | None, passed: bool, timed_out: bool
) -> None:
    """TestDeploymentTimedOut. Once finished, or without a condition, there is nothing to time."""
    of = deployment(3)
    of = evolve(of, spec=evolve(of.spec, progress_deadline_seconds=deadline))
    condition = api.DeploymentCondition("Progressing", "True", reason)
    status = api.DeploymentStatus(conditions=(condition,))

    assert deployment_conditions.deployment_timed_out(of, status, passed) == timed_out
    assert not deployment_conditions.deployment_timed_out(of, api.DeploymentStatus(), passed)


def test_a_condition_replaces_only_one_of_its_own_type() -> None:
    """TestSetCondition, TestRemoveCondition."""
    available = api.DeploymentCondition("Available", "True", "AwesomeController")
    progressing = api.DeploymentCondition("Progressing", "False", "ForSomeReason")
    better = api.DeploymentCondition("Progressing", "True", "BecauseItIs")
    put = deployment_conditions.set_deployment_condition

    both = put(put(api.DeploymentStatus(), progressing), available)

    assert both.conditions == (available, progressing)
    assert put(both, progressing) == both
    assert put(both, better).conditions == (available, better)
    removed = deployment_conditions.remove_deployment_condition(both, "Available")
    assert removed.conditions == (progressing,)
    assert deployment_conditions.get_deployment_condition(removed, "Available") is None


@given(bounds, bounds, st.integers(1, 1000))
def test_some_pod_can_always_move(
    surge: api.IntOrPercent, unavailable: api.IntOrPercent, desired: int
) -> None:
    """Otherwise a rollout would be stuck by its own bounds."""
    resolved = deployment_util.resolve_fenceposts(surge, unavailable, desired)

    assert min(resolved) >= 0
    assert max(resolved) >= 1


# ---- as values --------------------------------------------------------------------------------


def test_objects_may_be_part_of_a_state() -> None:
    """Compared and hashed by what they hold, and the same when they come from another process."""
    condition = api.DeploymentCondition("Available", "True", "MinimumReplicasAvailable")
    of = evolve(deployment(3, "25%"), status=api.DeploymentStatus(conditions=(condition,)))

    for value in (of, RECREATED, new(3, available=2), api.PodKind()):
        check_value(value)
        again = pickle.loads(pickle.dumps(value))
        assert same_value(again, value)
        assert hash(again) == hash(value)
