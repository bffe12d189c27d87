"""What a ReplicaSet counts, reports, creates at a time, deletes first, and waits for.

Tables named after an upstream test have its numbers; they stand in replica_set_test.go,
replica_set_utils_test.go and controller_utils_test.go of Kubernetes v1.36.3.
"""

from collections.abc import Iterable
from itertools import pairwise
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from seatrial.core import Population, answers
from seatrial.model import api, controller_utils, replicaset_utils
from workloads import Opaque

Pods = Population[api.PodKind]

UNSCHEDULED = api.PodKind("Pending")
PENDING = api.PodKind("Pending", node="node")
UNKNOWN = api.PodKind("Unknown", node="node")
NOT_READY = api.PodKind("Running", node="node")
READY = api.PodKind("Running", ready=True, available=True, node="node")
ELSEWHERE = evolve(READY, node="elsewhere")
FINISHED = evolve(READY, phase="Succeeded")
LEAVING = evolve(READY, terminating=True)


def pods(*kinds: api.PodKind) -> Pods:
    """One pod of each of these."""
    return Population((kind, 1) for kind in kinds)


def rs(size: int, /, **status: Any) -> api.ReplicaSet:
    """A ReplicaSet of this size, and what it reported."""
    return api.ReplicaSet(1, 1, size, status=api.ReplicaSetStatus(**status))


# ---- what counts ------------------------------------------------------------------------------


def test_only_pods_that_are_neither_finished_nor_leaving_count_as_replicas() -> None:
    """A pod that is on its way out is replaced at once, although its containers still run."""
    all_pods = pods(UNSCHEDULED, READY, FINISHED, LEAVING, evolve(FINISHED, terminating=True))

    assert controller_utils.filter_active_pods(all_pods) == pods(UNSCHEDULED, READY)
    assert controller_utils.filter_terminating_pods(all_pods) == pods(LEAVING)


@pytest.mark.parametrize(
    ("active", "terminating", "expected"),
    [
        ([READY], [], (1, 1, 1, 1, 0)),
        ([evolve(READY, fully_labeled=False)], [], (1, 0, 1, 1, 0)),
        ([READY, READY], [], (2, 2, 2, 2, 0)),
        ([evolve(READY, fully_labeled=False), READY], [], (2, 1, 2, 2, 0)),
        ([PENDING], [], (1, 1, 0, 0, 0)),
        ([evolve(READY, available=False)], [], (1, 1, 1, 0, 0)),
        ([READY], [LEAVING, LEAVING], (1, 1, 1, 1, 2)),
    ],
)
def test_status_counts_active_pods_and_terminating_ones_apart(
    active: list[api.PodKind],
    terminating: list[api.PodKind],
    expected: tuple[int, int, int, int, int],
) -> None:
    """TestCalculateStatus, with the gate for terminating pods on, as it is since 1.35."""
    status = replicaset_utils.calculate_status(rs(2), pods(*active), pods(*terminating), False)

    assert status == api.ReplicaSetStatus(*expected)


@pytest.mark.parametrize(
    ("replicas", "active", "reported", "failed", "reason"),
    [
        (2, 1, None, True, "FailedCreate"),
        (2, 3, None, True, "FailedDelete"),
        (10, 1, "FailedDelete", False, None),
        (10, 1, "FailedDelete", True, "FailedDelete"),
        (2, 1, None, False, None),
    ],
)
def test_a_failure_keeps_its_first_reason_until_a_sync_without_one(
    replicas: int, active: int, reported: str | None, failed: bool, reason: str | None
) -> None:
    """TestCalculateStatusConditions."""
    status = replicaset_utils.calculate_status(
        rs(replicas, replica_failure=reported), Population({READY: active}), pods(), failed
    )

    assert status.replica_failure == reason


def test_status_is_written_if_it_says_something_new_or_speaks_of_a_new_spec() -> None:
    """Whatever is written was computed from the present spec."""
    same = api.ReplicaSetStatus(replicas=1)
    update = replicaset_utils.update_replica_set_status

    assert update(rs(1, replicas=1), same) is None
    assert update(rs(1, replicas=2), same) == same
    behind = rs(1, replicas=1, observed_generation=api.Observed.BEHIND)
    assert update(behind, behind.status) == same


# ---- creating ---------------------------------------------------------------------------------


def calls_until_failure(count: int, limit: int) -> tuple[int, int]:
    """Calls made and calls that worked, if only the first `limit` work."""
    made = 0
    for batch in replicaset_utils.slow_start_batch(count):
        made += batch
        if made > limit:
            break
    return made, min(made, limit)


def test_batches_double_as_long_as_nothing_fails() -> None:
    """TestSlowStartBatch: a quota that refuses one pod is not asked for ten."""
    assert replicaset_utils.slow_start_batch(10) == (1, 2, 4, 3)
    assert calls_until_failure(10, limit=0) == (1, 0)
    assert calls_until_failure(10, limit=10) == (10, 10)
    assert calls_until_failure(10, limit=5) == (7, 5)


@given(st.integers(0, 600), st.integers(1, 5))
def test_batches_make_up_the_number_and_at_most_double(count: int, initial: int) -> None:
    """There are about as many batches as the number has binary digits."""
    batches = replicaset_utils.slow_start_batch(count, initial)

    assert sum(batches) == count
    assert all(0 < later <= 2 * earlier for earlier, later in pairwise(batches))
    assert len(batches) <= count.bit_length()


# ---- deleting ---------------------------------------------------------------------------------


def outcomes(filtered: Pods, related: Pods, diff: int) -> set[Pods]:
    """All selections that may be deleted."""

    def choose_them() -> Pods:
        return replicaset_utils.get_pods_to_delete(filtered, related, diff)

    return {chosen for chosen, _ in answers(choose_them)}


@pytest.mark.parametrize(
    ("first", "then"),
    [
        (UNSCHEDULED, PENDING),
        (PENDING, UNKNOWN),
        (UNKNOWN, NOT_READY),
        (NOT_READY, READY),
        (evolve(READY, deletion_cost=10), evolve(READY, deletion_cost=100)),
        (evolve(READY, deletion_cost=-1), READY),
        (NOT_READY, evolve(NOT_READY, deletion_cost=1)),
        (PENDING, evolve(READY, deletion_cost=-100)),
    ],
)
def test_the_pod_that_is_least_of_a_loss_goes_first(first: api.PodKind, then: api.PodKind) -> None:
    """TestSortingActivePodsWithRanks, as far as pods are told apart here."""
    both = pods(first, then)

    assert outcomes(both, both, 1) == {pods(first)}
    assert outcomes(both, pods(), 1) == {pods(first)}


@pytest.mark.parametrize(
    ("diff", "deleted"),
    [
        (1, [UNSCHEDULED]),
        (3, [UNSCHEDULED, PENDING, NOT_READY]),
        (4, [UNSCHEDULED, PENDING, NOT_READY, READY]),
        (6, [UNSCHEDULED, PENDING, NOT_READY, READY, READY, ELSEWHERE]),
    ],
)
def test_pods_are_deleted_in_that_order(diff: int, deleted: list[api.PodKind]) -> None:
    """TestGetPodsToDelete."""
    filtered = pods(READY, READY, ELSEWHERE, NOT_READY, PENDING, UNSCHEDULED)

    assert outcomes(filtered, filtered, diff) == {pods(*deleted)}


def test_a_crowded_node_gives_up_a_pod_first() -> None:
    """The crowd are the active pods of all ReplicaSets of one owner, ready or not."""
    related = pods(READY, ELSEWHERE, UNKNOWN, evolve(LEAVING, node="elsewhere"))

    assert outcomes(pods(READY, ELSEWHERE), related, 1) == {pods(READY)}


def test_a_replica_set_without_owner_sees_no_crowds() -> None:
    """It has no related pods: which of two ready ones goes is open, even on a crowded node."""
    filtered = pods(READY, READY, ELSEWHERE)

    assert outcomes(filtered, pods(), 1) == {pods(READY), pods(ELSEWHERE)}


def test_whether_a_ready_pod_is_available_does_not_matter_to_who_goes() -> None:
    """Upstream does not look at minReadySeconds here; so an available pod may go first."""
    young = evolve(READY, available=False)

    assert outcomes(pods(READY, young), pods(), 1) == {pods(READY), pods(young)}


def test_nothing_is_chosen_where_all_go_or_all_are_alike() -> None:
    """No choice, no branch in the search."""
    alike: Pods = Population({READY: 5})

    assert replicaset_utils.get_pods_to_delete(alike, alike, 5) == alike
    assert replicaset_utils.get_pods_to_delete(alike, alike, 2) == Population({READY: 2})
    assert replicaset_utils.get_pods_to_delete(alike, alike, 0) == pods()


kinds = st.builds(
    api.PodKind,
    phase=st.sampled_from(["Pending", "Running", "Unknown"]),
    ready=st.booleans(),
    available=st.booleans(),
    node=st.sampled_from([None, "node", "elsewhere"]),
    deletion_cost=st.integers(0, 1),
)


@given(st.lists(kinds, max_size=6), st.integers(0, 6))
def test_what_is_deleted_never_ranks_behind_what_stays(
    some: Iterable[api.PodKind], diff: int
) -> None:
    """And it is as many as asked for, of those that there are."""
    filtered = pods(*some)
    groups = replicaset_utils.get_pods_ranked_by_related_pods_on_same_node(filtered, filtered)
    place = {kind: at for at, group in enumerate(groups) for kind in group}
    wanted = min(diff, filtered.total)

    for chosen in outcomes(filtered, filtered, wanted):
        kept = filtered - chosen
        assert chosen.total == wanted
        assert all(place[gone] <= place[stays] for gone in chosen for stays in kept)


def test_counts_of_pods_may_be_no_ordinary_integers() -> None:
    """The symbolic engine knows the classes of pods, and not how many there are of each."""
    counts: dict[api.PodKind, Any] = {READY: Opaque(3), NOT_READY: Opaque(2), PENDING: Opaque(1)}
    filtered: Pods = Population(counts)

    status = replicaset_utils.calculate_status(rs(2), filtered, pods(), True)
    chosen = replicaset_utils.get_pods_to_delete(filtered, filtered, filtered.total - 2)

    assert (status.replicas, status.ready_replicas, status.replica_failure) == (
        6,
        3,
        "FailedDelete",
    )
    assert [(kind.phase, kind.ready, count) for kind, count in chosen.items()] == [
        ("Pending", False, 1),
        ("Running", False, 2),
        ("Running", True, 1),
    ]
    assert replicaset_utils.slow_start_batch(Opaque(10)) == (1, 2, 4, 3)  # type: ignore[arg-type]


# ---- expectations -----------------------------------------------------------------------------


def test_a_controller_waits_until_it_has_seen_what_it_did() -> None:
    """TestControllerExpectations: creations and deletions both, and more than expected is fine."""
    waiting = controller_utils.Expectations().set_expectations(10, 30)
    assert not waiting.satisfied_expectations()

    created = waiting.lower_expectations(11, 0)
    assert not created.satisfied_expectations()
    assert created.lower_expectations(0, 31).satisfied_expectations()


def test_a_controller_stops_waiting_after_five_minutes() -> None:
    """A pod that was never seen does not stop it for ever."""
    waiting = controller_utils.Expectations().expect_creations(1)

    assert waiting.expire().satisfied_expectations()
    assert not waiting.expire().expect_creations(1).satisfied_expectations()


def test_new_expectations_forget_the_old_ones() -> None:
    """Deletions that are still outstanding are no longer waited for."""
    waiting = controller_utils.Expectations().expect_deletions(2).expect_creations(1)

    assert waiting.creation_observed().satisfied_expectations()


def test_what_is_seen_beyond_what_is_expected_is_not_remembered() -> None:
    """Upstream counts below 0, but each new expectation starts from a number of its own."""
    nothing = controller_utils.Expectations()

    assert nothing.creation_observed().deletion_observed() == nothing
    assert nothing.expire() == nothing
    assert nothing.expect_creations(3).delete_expectations() == nothing


# ---- which ReplicaSets, in which order --------------------------------------------------------


def test_replica_sets_are_ordered_by_age_or_by_size() -> None:
    """Of equal sizes the older or the younger comes first, and whoever asks says which."""
    a, b, c = (api.ReplicaSet(1, rank, size) for rank, size in ((1, 2), (2, 5), (3, 2)))

    assert controller_utils.replica_sets_by_creation_timestamp([c, a, b]) == (a, b, c)
    assert controller_utils.replica_sets_by_size_older([c, a, b]) == (b, a, c)
    assert controller_utils.replica_sets_by_size_newer([c, a, b]) == (b, c, a)


def test_a_replica_set_is_active_if_it_ought_to_have_pods() -> None:
    """TestActiveReplicaSetsFiltering. What it has does not matter."""
    full, drained = rs(1), rs(0, replicas=3)

    assert controller_utils.filter_active_replica_sets([full, drained]) == (full,)
