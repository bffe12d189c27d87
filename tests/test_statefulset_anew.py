"""
A StatefulSet that is deleted and applied again: another one of its name.

What the former one orphaned it adopts. What it left to the garbage collector keeps its name until
it is gone.
"""

from collections.abc import Generator
from typing import Any

import pytest

from seatrial.model import (
    api,
    controller,
    statefulset_api,
    statefulset_control,
    statefulset_controller,
    statefulset_utils,
)
from seatrial.properties import promise, statefulset_anew
from seatrial.properties import statefulset_promise as asked
from statefulsets import (
    BY_ID,
    FINE,
    Case,
    broken,
    case,
    holds_as_expected,
    pod,
    rolling,
    searched,
    spec,
)

pytestmark = pytest.mark.heavy

ANEW = -1
APPLIED, GONE, TAKEN, FAILED = "applied", "not found", "conflict", "failed"
DROPPED: dict[str, Any] = {"claims": ("Delete", "Retain")}
SCALED: dict[str, Any] = {"claims": ("Retain", "Delete")}


def orphan(ordinal: int, state: str = "available") -> statefulset_api.PodSeen:
    seen = pod(ordinal, state)
    return statefulset_api.PodSeen(ordinal, 1, seen.kind, uid=1, owner=None)


def syncing(
    *pods: statefulset_api.PodSeen, deleting: bool = False
) -> Generator[controller.Write, Any, controller.Done]:
    """A sync of a set of two that was created anew, which sees these pods."""
    found = statefulset_api.StatefulSet(spec(2), deleting=deleting, uid=ANEW)
    return statefulset_control.sync_stateful_set(
        statefulset_control.Observation(found, pods, (), (1,))
    )


def requests(sync: Generator[controller.Write, Any, controller.Done], *answers: str) -> list[str]:
    """The requests of a sync whose requests are answered so, the one after them included."""
    write = next(sync)
    found = [f"{write.verb} {write.kind} {write.key}"]
    for answer in answers:
        try:
            write = sync.send(answer)
        except controller.SyncFailed:
            return [*found, "fails"]
        found.append(f"{write.verb} {write.kind} {write.key}")
    return found


# ---- what the sync does -----------------------------------------------------------------------


def test_before_it_adopts_it_asks_the_api_once_whether_it_is_still_there() -> None:
    """Go: RecheckDeletionTimestamp, AdoptPod"""
    assert requests(syncing(orphan(0), orphan(1)), APPLIED, APPLIED)[:3] == [
        "get StatefulSet 0",
        "adopt Pod 0",
        "adopt Pod 1",
    ]


def test_a_set_that_is_gone_or_going_adopts_nothing() -> None:
    """Another uid under its name counts as gone."""
    assert requests(syncing(orphan(0)), GONE) == ["get StatefulSet 0", "fails"]


def test_an_orphan_that_is_gone_is_created() -> None:
    """That it cannot be adopted any more is no error. Go: ClaimObject"""
    assert requests(syncing(orphan(0)), APPLIED, GONE)[-1] == "create Pod 0"


@pytest.mark.parametrize("answer", [TAKEN, FAILED])
def test_an_orphan_that_cannot_be_adopted_ends_the_sync_when_all_were_tried(answer: str) -> None:
    """Errors are collected. Go: ClaimPods"""
    found = requests(syncing(orphan(0), orphan(1)), APPLIED, answer, APPLIED)

    assert found == ["get StatefulSet 0", "adopt Pod 0", "adopt Pod 1", "fails"]


def test_an_orphan_that_terminates_is_left_alone_and_its_name_asked_for() -> None:
    assert requests(syncing(orphan(0, "terminating")))[0] == "create Pod 0"


def test_a_pod_of_a_former_set_is_as_good_as_missing() -> None:
    """The API server then answers that it exists, and the sync fails. Go: CreateStatefulPod"""
    assert requests(syncing(pod(0, "available")), "already exists") == [
        "create Pod 0",
        "update status StatefulSet 0",
    ]


@pytest.mark.parametrize(
    ("seen", "deleting", "claimed"),
    [
        (orphan(0), False, True),
        (orphan(0, "terminating"), False, False),
        (orphan(0), True, False),
        (pod(0, "available"), False, False),
    ],
    ids=["an orphan", "an orphan in deletion", "the set in deletion", "a former set's"],
)
def test_only_what_the_set_may_claim_keeps_an_old_revision(
    seen: statefulset_api.PodSeen, deleting: bool, claimed: bool
) -> None:
    """Go: ClaimObject; truncateHistory is given the pods that were claimed"""
    found = statefulset_api.StatefulSet(spec(2), deleting=deleting, uid=ANEW)

    assert statefulset_control.is_claimable(seen, found) is claimed


def test_a_set_that_is_being_deleted_adopts_nothing() -> None:
    assert requests(syncing(orphan(0), deleting=True)) == ["update status StatefulSet 0"]


def test_the_claim_of_a_former_set_is_not_touched() -> None:
    """Its owner reference is stale. Go: isClaimOwnerUpToDate"""
    retention = spec(1, claims=("Retain", "Retain"))
    former = statefulset_api.Claim(statefulset_api.BY_SET)

    def fine(uid: int) -> bool:
        return statefulset_utils.is_claim_owner_up_to_date(former, orphan(0), retention, uid)

    assert (fine(ANEW), fine(statefulset_api.BY_SET)) == (True, False)


# ---- what the API server does, and the handlers -----------------------------------------------

ADOPTION = controller.Write("adopt", "Pod", 0, 1, owner=ANEW)


@pytest.mark.parametrize(
    ("uid", "owner", "answer", "after"),
    [
        (1, None, APPLIED, ANEW),
        (1, ANEW, APPLIED, ANEW),
        (1, 0, TAKEN, 0),
        (2, None, TAKEN, None),
    ],
    ids=["an orphan", "its own", "of another set", "created anew meanwhile"],
)
def test_adoption_names_the_pod_by_its_uid_and_takes_it_from_nobody(
    uid: int, owner: int | None, answer: str, after: int | None
) -> None:
    live = statefulset_api.StatefulPod(1, api.PodKind("Running"), 1, uid, owner)

    found, changes = statefulset_controller.carried_out_pod(
        ADOPTION, live, frozenset(), (), graceful=True
    )

    assert (found, changes.get("pod", live).owner) == (answer, after)


def test_a_set_waits_until_it_sees_what_it_adopted() -> None:
    """The consistency store is told of patches, too. Go: RealPodControl.OnWrite"""
    live = statefulset_api.StatefulPod(1, api.PodKind("Running"), 1, 1, None)

    _, changes = statefulset_controller.carried_out_pod(
        ADOPTION, live, frozenset(), (), graceful=True
    )

    assert statefulset_controller.own_objects_unseen(changes["pod_queue"], ())


OWN, FORMER = pod(0, "available"), orphan(0)


@pytest.mark.parametrize(
    ("old", "new", "uid", "queued"),
    [
        (None, OWN, 0, True),
        (None, OWN, ANEW, False),
        (None, FORMER, ANEW, True),
        (OWN, FORMER, ANEW, True),
        (FORMER, FORMER, ANEW, False),
        (FORMER, None, ANEW, False),
        (OWN, None, 0, True),
        (OWN, None, ANEW, False),
    ],
)
def test_whose_key_an_event_of_a_pod_brings_back(
    old: statefulset_api.PodSeen | None,
    new: statefulset_api.PodSeen | None,
    uid: int,
    queued: bool,
) -> None:
    """That of its controller, by uid; an orphan's where it is new or was none before."""
    assert statefulset_controller.concerns(old, new, uid) is queued


# ---- what becomes of it -----------------------------------------------------------------------

CASES = tuple(
    case(replicas, f"delete:{propagation},apply{more}", **fields)
    for propagation in ("orphan", "background", "foreground")
    for replicas, more, fields in (
        (1, "", {**DROPPED, **FINE}),
        (2, "", {"nodes": 1}),
        (1, ",delete-pod,set-image", {}),
        (1, ",scale:2", SCALED | {"nodes": 1}),
    )
)
_IDS = {each.property.id for each in statefulset_anew.PROMISES}


@pytest.mark.parametrize("of", CASES, ids=range(len(CASES)))
def test_every_promise_that_applies_has_the_verdict_that_it_expects(of: Case) -> None:
    holds_as_expected(of)


def test_who_adopts_what_the_next_controller_has_adopted_changes_nothing() -> None:
    """The request of the former one arrives late, and there is no event of it."""
    of = case(1, "delete:orphan,apply", "second-controller", level="interleaved", nodes=1)

    holds_as_expected(of)


def test_each_promise_about_sets_created_anew_is_asked_and_its_premise_met() -> None:
    met = {
        verdict.property.id
        for of in CASES
        for verdict in searched(of).verdicts
        if not verdict.vacuous
    }

    assert met >= _IDS


_LOST = case(1, "delete:orphan,apply", "node-partition")
_BOTH = "created-anew-comes-to-its-size", "created-anew-controls-its-members"
DROPS: tuple[tuple[str, Any, Case], ...] = (
    ("orphans-live-on", promise.deleted("orphan"), case(1, "delete,apply")),
    ("orphans-live-on", statefulset_anew.NOTHING_ELSE, case(1, "delete:orphan,apply,delete-pod")),
    *((each, asked.HEALTHY, _LOST) for each in _BOTH[:1]),
    (
        _BOTH[0],
        asked.CLAIMS_WAIT,
        case(1, "delete:orphan,apply,scale:0", **SCALED),
    ),
    ("statefulset-no-hot-loop", asked.NAMES_FREED, _LOST),
    *(
        (each, asked.NOT_ANEW, case(1, "delete,apply,set-image", update_strategy=rolling(1)))
        for each in (
            "seed-statefulset-partition-two-versions",
            "statefulset-partition-above-replicas",
        )
    ),
    (
        "a-surplus-pod-that-is-not-available-goes",
        asked.NOT_ANEW,
        case(1, "delete,apply,scale:2", level="interleaved", nodes=1),
    ),
)


@pytest.mark.parametrize(("name", "dropped", "of"), DROPS)
def test_a_promise_is_broken_where_a_precondition_is_dropped(
    name: str, dropped: Any, of: Case
) -> None:
    verdict = broken(name, dropped.words, of)

    assert verdict.trace is not None


def test_the_claims_of_a_set_that_is_created_anew_go_with_the_former_one() -> None:
    """whenDeleted Delete: the garbage collector asks for the uid, and the new member keeps none."""
    verdict = broken("created-anew-keeps-its-claims", "", case(1, "delete,apply", **DROPPED))

    assert verdict.trace is not None
    assert verdict.because == ("the claim of pod 0, which the new set created, is being deleted")


def test_the_promises_say_what_they_need() -> None:
    assert "`apply` may happen" in BY_ID["orphans-live-on"].property.preconditions
