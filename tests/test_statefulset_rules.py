"""
One sync of the StatefulSet controller, on states that upstream's own tests and comments name.

Vectors of tables are those of kubernetes v1.36.3 pkg/controller/statefulset/*_test.go; where a test
is of v1.37.1, it says so.
"""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seatrial.model import IntOrPercent, statefulset_api, statefulset_control, statefulset_utils
from statefulsets import ON_DELETE, WITHOUT_BLOCK, pod, pods, rolling, spec, status_of, sync

A = "available"


# ---- creating ---------------------------------------------------------------------------------


def test_members_are_created_one_after_the_other() -> None:
    asked = spec(3)

    assert sync(asked, []) == ["create Pod 0 of 1"]
    assert sync(asked, pods("pending")) == []
    assert sync(asked, pods("running")) == []
    assert sync(asked, pods(A)) == ["create Pod 1 of 1"]
    assert sync(asked, pods(A, A)) == ["create Pod 2 of 1"]
    assert sync(asked, pods(A, A, A)) == []


def test_a_member_waits_until_all_below_it_are_available() -> None:
    """minReadySeconds makes ready pods wait. Go: TestStatefulSetControl, processReplica"""
    assert sync(spec(2, min_ready_seconds=5), pods("ready")) == ["later"]


def test_parallel_members_are_created_at_once() -> None:
    created = ["create Pod 0 of 1", "create Pod 1 of 1", "create Pod 2 of 1"]

    assert sync(spec(3, parallel=True), []) == created


def test_parallel_creations_end_with_the_batch_that_fails() -> None:
    """Batches of 1, 2 and 4: the second is finished though its first request fails."""
    refused = frozenset({"create Pod 1 of 1"})

    sent = sync(spec(6, parallel=True), [], refuse=refused)

    assert sent == ["create Pod 0 of 1", "create Pod 1 of 1", "create Pod 2 of 1", "failed"]


def test_a_missing_member_below_others_is_created_first() -> None:
    assert sync(spec(3), pods(A, None, A)) == ["create Pod 1 of 1"]


def test_ordinals_start_where_they_are_said_to() -> None:
    """Go: TestStatefulSetControlWithStartOrdinal"""
    asked = spec(2, ordinals_start=5)

    assert sync(asked, []) == ["create Pod 5 of 1"]
    assert sync(asked, pods(A, A, start=4)) == ["create Pod 6 of 1"]


def test_members_below_the_start_are_condemned() -> None:
    asked = spec(2, ordinals_start=1)

    assert sync(asked, pods(A, A, A)) == ["delete Pod 0"]


# ---- failed pods ------------------------------------------------------------------------------


@pytest.mark.parametrize("state", ["failed", "succeeded"])
def test_a_finished_pod_is_deleted_and_created_in_a_later_sync(state: str) -> None:
    """Go: the first lines of processReplica"""
    assert sync(spec(2), pods(A, state)) == ["delete Pod 1"]


def test_a_finished_pod_holds_up_those_above_it() -> None:
    assert sync(spec(3), pods("failed", None, None)) == ["delete Pod 0"]


def test_parallel_replaces_all_finished_pods() -> None:
    assert sync(spec(2, parallel=True), pods("failed", "failed")) == [
        "delete Pod 0",
        "delete Pod 1",
    ]


# ---- scaling down -----------------------------------------------------------------------------


def test_the_highest_surplus_member_goes_first() -> None:
    assert sync(spec(1), pods(A, A, A)) == ["delete Pod 2"]


def test_nothing_else_goes_while_one_terminates() -> None:
    assert sync(spec(1), pods(A, A, "terminating")) == []
    assert sync(spec(1, parallel=True), pods(A, A, "terminating")) == ["delete Pod 1"]


def test_nothing_goes_while_a_member_that_stays_is_unavailable() -> None:
    assert sync(spec(1), pods("running", A)) == []


def test_the_first_unavailable_surplus_member_goes() -> None:
    """Go: processCondemned"""
    assert sync(spec(1), pods(A, "running")) == ["delete Pod 1"]


def test_two_unavailable_surplus_members_stay_for_ever() -> None:
    """The highest is not the first that is unavailable, and it is the next to go."""
    assert sync(spec(0), pods("running", "running")) == []


def test_a_surplus_member_goes_though_one_below_it_is_unavailable() -> None:
    """As the controller is; its comments and the documentation say otherwise (issue 95586)."""
    assert sync(spec(0), pods("running", A)) == ["delete Pod 1"]


def test_a_surplus_member_goes_that_is_ready_and_not_available() -> None:
    """Go: TestStatefulSetScaleDownRespectsMinReadySeconds; issue 123918"""
    asked = spec(1, min_ready_seconds=5)

    assert sync(asked, pods(A, "ready")) == ["delete Pod 1", "later"]


def test_parallel_scales_down_at_once() -> None:
    assert sync(spec(1, parallel=True), pods(A, A, A)) == ["delete Pod 2", "delete Pod 1"]


def test_a_set_that_is_deleted_does_nothing() -> None:
    """Go: TestStatefulSetControllerDeletionTimestamp"""
    assert sync(spec(3), pods(A), deleting=True) == []


# ---- updating ---------------------------------------------------------------------------------

NEW: dict[str, Any] = {"revisions": (1, 2), "current": 1}


def test_an_update_replaces_the_highest_member_first() -> None:
    assert sync(spec(3, template=2), pods(A, A, A), **NEW) == ["delete Pod 2"]


def test_an_update_waits_for_the_member_above() -> None:
    there = [*pods(A, A), pod(2, "running", revision=2)]

    assert sync(spec(3, template=2), there, **NEW) == []
    assert sync(spec(3, template=2, parallel=True), there, **NEW) == []


def test_a_parallel_update_does_not_wait_for_members_below() -> None:
    """Issue 96218: without maxUnavailable only members above are looked at."""
    there = pods("running", A, A)

    assert sync(spec(3, template=2), there, **NEW) == []
    assert sync(spec(3, template=2, parallel=True), there, **NEW) == ["delete Pod 2"]


def test_an_update_stops_at_the_partition() -> None:
    """Go: TestStatefulSetControlRollingUpdateWithPartition"""
    asked = spec(3, template=2, update_strategy=rolling(2))
    there = [*pods(A, A), pod(2, A, revision=2)]

    assert sync(asked, pods(A, A, A), **NEW) == ["delete Pod 2"]
    assert sync(asked, there, **NEW) == []


def test_a_missing_member_below_the_partition_is_of_the_old_revision() -> None:
    asked = spec(3, template=2, update_strategy=rolling(2))
    there = [pod(0, A), pod(2, A, revision=2)]

    assert sync(asked, there, **NEW) == ["create Pod 1 of 1"]
    assert sync(asked, pods(A, A), **NEW) == ["create Pod 2 of 2"]


def test_a_partition_counts_from_the_first_ordinal() -> None:
    asked = spec(2, template=2, ordinals_start=3, update_strategy=rolling(1))

    assert sync(asked, [], **NEW) == ["create Pod 3 of 1"]
    assert sync(asked, pods(A, start=3), **NEW) == ["create Pod 4 of 2"]


def test_without_the_block_current_replicas_say_what_a_missing_member_is_of() -> None:
    """Go: newVersionedStatefulSetPod"""
    asked = spec(2, template=2, update_strategy=WITHOUT_BLOCK)

    assert sync(asked, [], reported=1, **NEW) == ["create Pod 0 of 1"]
    assert sync(asked, pods(A), reported=1, **NEW) == ["create Pod 1 of 2"]


def test_on_delete_leaves_old_members_alone_and_creates_new_ones() -> None:
    asked = spec(2, template=2, update_strategy=ON_DELETE)

    assert sync(asked, pods(A, A), **NEW) == []
    assert sync(asked, pods(A), **NEW) == ["create Pod 1 of 2"]


def test_max_unavailable_takes_several_from_the_top() -> None:
    """Go: TestStatefulSetControlRollingUpdateWithMaxUnavailable"""
    asked = spec(6, template=2, update_strategy=rolling(3, 2))
    gone = ["delete Pod 5", "delete Pod 4"]

    assert sync(asked, pods(A, A, A, A, A, A), gate=True, **NEW) == gone
    assert sync(asked, pods(A, A, A, A, A, A), gate=False, **NEW) == ["delete Pod 5"]


def test_max_unavailable_counts_members_below_the_partition() -> None:
    asked = spec(3, template=2, update_strategy=rolling(1, 1), parallel=True)

    assert sync(asked, pods("running", A, A), gate=True, **NEW) == []


BROKEN = pods("running", "running", A)


def test_broken_old_members_use_up_what_may_be_unavailable() -> None:
    """Issue 137409, as it is up to 1.36."""
    asked = spec(3, template=2, update_strategy=rolling(0, 2), parallel=True)

    assert sync(asked, BROKEN, gate=True, **NEW) == []


def test_since_1_37_broken_old_members_are_replaced_first() -> None:
    """Go: v1.37.1 updateStatefulSetAfterInvariantEstablished"""
    rule = frozenset({"sts-two-phase-update"})
    asked = spec(3, template=2, update_strategy=rolling(0, 2), parallel=True)
    wider = spec(3, template=2, update_strategy=rolling(0, 3), parallel=True)

    assert sync(asked, BROKEN, gate=True, variant=rule, **NEW) == ["delete Pod 1", "delete Pod 0"]
    assert sync(wider, BROKEN, gate=True, variant=rule, **NEW) == [
        "delete Pod 1",
        "delete Pod 0",
        "delete Pod 2",
    ]


BOUNDS = (
    (None, 10, 1),
    (3, 10, 3),
    (3, 0, 3),
    (0, 0, 1),
    ("10%", 25, 2),
    ("100%", 5, 5),
    ("50%", 5, 2),
    ("10%", 5, 1),
    ("1%", 0, 1),
    ("0%", 0, 1),
)


@pytest.mark.parametrize(("bound", "replicas", "pods_"), BOUNDS)
def test_max_unavailable_is_rounded_down_and_at_least_one(
    bound: int | str | None, replicas: int, pods_: int
) -> None:
    """Go: TestGetStatefulSetMaxUnavailable"""
    written = None
    if isinstance(bound, int):
        written = IntOrPercent.absolute(bound)
    elif bound is not None:
        written = IntOrPercent.percent(int(bound.removesuffix("%")))

    assert statefulset_utils.get_stateful_set_max_unavailable(written, replicas) == pods_


# ---- revisions and status ---------------------------------------------------------------------

REVISIONS = (
    ((), 0, 1, (1, 1, (1,))),
    ((1,), 1, 2, (1, 2, (1, 2))),
    ((1, 2), 1, 2, (1, 2, (1, 2))),
    ((1, 2, 3), 1, 2, (1, 2, (1, 3, 2))),
    ((2,), 1, 2, (2, 2, (2,))),
)


@pytest.mark.parametrize(("there", "current", "template", "found"), REVISIONS)
def test_the_revision_of_the_template_is_the_newest(
    there: tuple[int, ...], current: int, template: int, found: Any
) -> None:
    """One that comes back is numbered anew; a current one that is gone is the newest."""
    status = statefulset_api.StatefulSetStatus(current_revision=current)
    of = statefulset_api.StatefulSet(spec(1, template=template), status)

    assert statefulset_control.get_stateful_set_revisions(of, there) == found


@given(st.lists(st.integers(1, 6), unique=True), st.integers(-1, 4), st.integers(1, 6))
def test_history_keeps_what_is_in_use_and_the_newest_of_the_rest(
    revisions: list[int], limit: int, used: int
) -> None:
    """A negative limit keeps all. Go: truncateHistory"""
    asked = spec(1, revision_history_limit=limit)
    there = tuple(revisions)

    left = statefulset_control.truncate_history(asked, there, [pod(0, A, used)], 1, 2)

    unused = [each for each in there if each not in (1, 2, used)]
    kept = unused if limit < 0 else unused[max(0, len(unused) - limit) :]
    assert left == tuple(each for each in there if each in (1, 2, used) or each in kept)


def test_status_counts_terminating_pods_as_ready_and_of_no_revision() -> None:
    """Go: computeReplicaStatus"""
    status = status_of(spec(3), [*pods(A, "running"), pod(2, "terminating")])

    assert (status.replicas, status.ready_replicas, status.current_replicas) == (3, 2, 2)


def test_an_update_is_complete_when_all_members_are_ready() -> None:
    """Available is not asked for (issue 136831). Go: completeRollingUpdate"""
    asked = spec(1, template=2, min_ready_seconds=5)

    status = status_of(asked, [pod(0, "ready", 2)], (1, 2))

    assert (status.current_revision, status.available_replicas) == (2, 0)


def test_an_update_of_a_set_without_replicas_is_complete() -> None:
    """Whatever the partition is (issue 121534)."""
    asked = spec(0, template=2, update_strategy=rolling(1))

    assert status_of(asked, [], (1, 2)).current_revision == 2


def test_a_deletion_for_an_update_is_taken_off_current_replicas_whatever_it_was_of() -> None:
    """Pull request 75498: the pod is of revision 2, and revision 1 is current."""
    status = status_of(spec(1, template=3), [pod(0, A, 2)], (1, 2, 3))

    assert status.current_replicas == -1


# ---- claims -----------------------------------------------------------------------------------

Claim = statefulset_api.Claim


def test_a_claim_is_created_before_its_pod() -> None:
    asked = spec(1, claims=("Retain", "Retain"))

    assert sync(asked, []) == ["create Claim 0", "create Pod 0 of 1"]
    assert sync(asked, [], claims={0: Claim()}) == ["create Pod 0 of 1"]


def test_no_pod_is_created_where_its_claim_cannot_be() -> None:
    """Go: TestStatefulPodControlCreatePodPvcCreateFailure"""
    asked = spec(1, claims=("Retain", "Retain"))

    assert sync(asked, [], refuse=frozenset({"create Claim 0"})) == ["create Claim 0", "failed"]


def test_no_pod_is_created_while_its_claim_is_being_deleted() -> None:
    """Go: TestStatefulPodControlCreatePodPVCDeleting"""
    asked = spec(1, claims=("Retain", "Retain"))

    assert sync(asked, [], claims={0: Claim(terminating=True)}) == ["failed"]


def test_a_pending_pod_gets_its_missing_claim() -> None:
    assert sync(spec(1, claims=("Retain", "Retain")), pods("pending")) == ["create Claim 0"]


OWNERS = (
    ("Retain", "Retain", False, None),
    ("Retain", "Retain", True, None),
    ("Delete", "Retain", False, statefulset_api.BY_SET),
    ("Delete", "Retain", True, statefulset_api.BY_SET),
    ("Retain", "Delete", False, None),
    ("Retain", "Delete", True, 7),
    ("Delete", "Delete", False, statefulset_api.BY_SET),
    ("Delete", "Delete", True, 7),
)


@pytest.mark.parametrize(("deleted", "scaled", "condemned", "owner"), OWNERS)
@pytest.mark.parametrize("has", [None, statefulset_api.BY_SET, 7])
def test_a_claim_is_owned_as_the_policy_says(
    deleted: str, scaled: str, condemned: bool, owner: int | None, has: int | None
) -> None:
    """Go: TestIsClaimOwnerUpToDate, without references to others"""
    asked = spec(2, claims=(deleted, scaled))
    of = pod(2 if condemned else 1, A, uid=7)

    assert statefulset_utils.wanted_owner(of, asked) == owner
    up_to_date = statefulset_utils.is_claim_owner_up_to_date(Claim(has), of, asked)
    assert up_to_date == (has == owner)


def test_a_claim_of_a_former_pod_is_left_alone_and_blocks_a_new_one() -> None:
    """Go: TestPodClaimIsStale, TestStaleOwnerRefOnScaleup"""
    asked = spec(1, claims=("Retain", "Delete"))
    former = Claim(owner=9)

    assert sync(asked, [], claims={0: former}) == []
    assert sync(asked, [pod(0, A, uid=7)], claims={0: former}) == []


def test_a_claim_is_given_to_its_pod_before_that_is_scaled_away() -> None:
    """Go: fixPodClaim comes before processCondemned"""
    asked = spec(0, claims=("Retain", "Delete"))

    assert sync(asked, pods(A), claims={0: Claim()}) == ["update Claim 0", "delete Pod 0"]


def test_no_pod_is_scaled_away_whose_claim_could_not_be_given_to_it() -> None:
    asked = spec(0, claims=("Retain", "Delete"))

    sent = sync(asked, pods(A), claims={0: Claim()}, refuse=frozenset({"update Claim 0"}))

    assert sent == ["update Claim 0", "failed"]


@pytest.mark.parametrize(("shown", "sent"), [("applied", []), ("not found", ["failed"])])
def test_a_pod_that_conflicts_needs_no_write_once_the_cache_shows_its_claim(
    shown: str, sent: list[str]
) -> None:
    """A claim that is not shown in time is written in vain. Go: UpdateStatefulPod"""
    answers = {"update Pod 0": "conflict", "get Claim 0": shown}

    found = sync(
        spec(1, claims=("Delete", "Retain")), pods(A), claims={0: Claim()}, answers=answers
    )

    assert found == ["update Claim 0", "update Pod 0", "get Claim 0", *sent]


def test_a_parallel_sync_looks_at_a_claim_again_that_it_has_given_an_owner() -> None:
    """It comes by a second time, where an ordered one has ended. Go: processReplica"""
    asked = spec(2, claims=("Delete", "Retain"), parallel=True)
    claims = {0: Claim(), 1: Claim(statefulset_api.BY_SET)}

    found = sync(asked, [], claims=claims, answers={"get Claim 0": "not found"})

    assert found == ["create Pod 0 of 1", "update Claim 0", "get Claim 0", "failed"]


def test_1_34_comes_back_until_as_many_are_available_as_are_asked_for() -> None:
    """Later releases do so only while a ready pod is not available yet. Go: syncStatefulSet"""
    asked, rule = spec(3, min_ready_seconds=5), frozenset({"sts-comes-back-until-all-available"})

    assert "later" not in sync(asked, pods(A, A, "pending"))
    assert sync(asked, pods(A, A, "pending"), variant=rule)[-1] == "later"
    assert "later" not in sync(asked, pods(A, A, A), variant=rule)


def test_before_1_36_a_condemned_pod_that_is_gone_fails_the_sync() -> None:
    """Of a pod that is updated it does not matter. Go: DeleteStatefulPod"""
    rule = frozenset({"sts-deletion-of-a-gone-pod-fails"})
    answered = {"delete Pod 0": "not found"}

    assert sync(spec(0), pods(A), answers=answered) == ["delete Pod 0"]
    assert sync(spec(0), pods(A), answers=answered, variant=rule) == ["delete Pod 0", "failed"]
    updated = sync(spec(1, template=2), pods(A), answers=answered, variant=rule)
    assert updated == ["delete Pod 0"]


def test_a_pod_is_written_together_with_a_claim_that_becomes_its_own() -> None:
    """If the pod is gone the sync ends there. Go: UpdateStatefulPod"""
    asked = spec(1, claims=("Delete", "Retain"))
    there, claims = [pod(0, A, revision=2), pod(1, A, revision=2)], {0: Claim(), 1: Claim()}

    written = sync(asked, there, claims=claims)
    gone = sync(asked, there, claims=claims, refuse=frozenset({"update Pod 0"}))

    assert written == ["update Claim 0", "update Pod 0", "update Claim 1", "delete Pod 1"]
    assert gone == ["update Claim 0", "update Pod 0", "failed"]


# ---- any set ----------------------------------------------------------------------------------

STATES = ("pending", "running", "ready", A, "terminating", "failed")


@st.composite
def states_of(draw: st.DrawFn) -> list[statefulset_api.PodSeen]:
    """Any pods of the ordinals 0 to 4, of two revisions."""
    return [
        pod(at, draw(st.sampled_from(STATES)), draw(st.integers(1, 2)))
        for at in range(5)
        if draw(st.booleans())
    ]


@given(states_of(), st.integers(0, 5), st.integers(0, 3), st.booleans())
def test_ordered_syncs_touch_one_pod_and_create_only_above_available_ones(
    there: list[statefulset_api.PodSeen], replicas: int, partition: int, on_delete: bool
) -> None:
    strategy = ON_DELETE if on_delete else rolling(partition)
    asked = spec(replicas, template=2, update_strategy=strategy)

    sent = [each for each in sync(asked, there, **NEW) if "Pod" in each]

    assert len(sent) <= 1
    for words in sent:
        verb, _, at = words.split()[:3]
        if verb == "create":
            below = [each for each in there if each.ordinal < int(at)]
            assert [each.ordinal for each in below] == list(range(int(at)))
            assert all(each.kind.available and not each.kind.terminating for each in below)


@given(states_of(), st.integers(0, 5), st.integers(0, 3), st.booleans(), st.booleans())
def test_members_below_the_partition_are_deleted_only_if_they_are_finished(
    there: list[statefulset_api.PodSeen],
    replicas: int,
    partition: int,
    parallel: bool,
    gate: bool,
) -> None:
    asked = spec(replicas, template=2, update_strategy=rolling(partition), parallel=parallel)

    for words in sync(asked, there, gate=gate, **NEW):
        if words.startswith("delete Pod"):
            at = int(words.split()[2])
            (gone,) = (each for each in there if each.ordinal == at)
            kept = at < min(partition, replicas)
            assert not kept or gone.kind.phase in ("Failed", "Succeeded")


@given(states_of(), st.integers(1, 5), st.integers(1, 4), st.booleans())
def test_an_update_never_takes_more_available_members_than_are_left(
    there: list[statefulset_api.PodSeen], replicas: int, most: int, two_phases: bool
) -> None:
    """Of members that the sync sees, at most maxUnavailable are down after it, or none more."""
    rule = frozenset({"sts-two-phase-update"}) if two_phases else frozenset()
    asked = spec(replicas, template=2, update_strategy=rolling(0, most), parallel=True)
    there = [each for each in there if each.kind.phase != "Failed"]

    sent = sync(asked, there, gate=True, variant=rule, **NEW)

    deleted = {int(each.split()[2]) for each in sent if each.startswith("delete")}
    up = [
        each.ordinal
        for each in there
        if each.ordinal < replicas and each.kind.available and not each.kind.terminating
    ]
    down_before = replicas - len(up)
    down_after = replicas - len([at for at in up if at not in deleted])
    assert down_after <= max(down_before, most)


def test_since_1_37_an_update_is_complete_with_on_delete_too() -> None:
    """The update revision becomes the current one. Go: v1.37.1 completeUpdate"""
    asked = spec(1, template=2, update_strategy=ON_DELETE)
    rule = frozenset({"sts-on-delete-completes"})

    assert status_of(asked, [pod(0, A, 2)], (1, 2)).current_revision == 1
    assert status_of(asked, [pod(0, A, 2)], (1, 2), variant=rule).current_revision == 2
