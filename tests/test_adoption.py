"""A Deployment deleted with --cascade=orphan and created again takes its ReplicaSets back."""

from collections.abc import Iterator
from typing import Any

import pytest
from attrs import evolve

from promises import BY_ID, Case, broken, case
from seatrial.core import All, Report, after_each_step, always, converges_to, sometimes
from seatrial.engines.explore import explore
from seatrial.model import (
    api,
    controller,
    controller_utils,
    delivery,
    deployment,
    deployment_controller,
    informer,
    users,
    workload,
)
from seatrial.model import pods as pods_module
from seatrial.properties import promise

pytestmark = pytest.mark.heavy

RS = api.ReplicaSet(template=1, created=1, replicas=1, revision=1, owner=None)
OTHER = evolve(RS, template=2, created=2, replicas=0)
AGAIN = api.Deployment(api.DeploymentSpec(template=1), uid=1)
APPLIED, GONE, TAKEN, FAILED = "applied", "not found", "conflict", "failed"


def syncing(*orphans: api.ReplicaSet) -> controller.RequiringSync:
    """A sync of the new Deployment that sees these orphans."""
    return deployment.sync_deployment(deployment.Observation(AGAIN, (), orphans=orphans))


def asked(sync: controller.RequiringSync, *answers: str) -> list[str]:
    """The requests of a sync whose requests are answered so, the one after them included."""
    found = [shown(controller.request(next(sync)))]
    for answer in answers:
        try:
            found.append(shown(controller.request(sync.send(answer))))
        except controller.SyncFailed:
            return [*found, "fails"]
    return found


def shown(write: controller.Write) -> str:
    return f"{write.verb} {write.kind} {write.key}"


# ---- what the sync does -----------------------------------------------------------------------


def test_before_it_adopts_it_asks_the_api_whether_it_is_still_there() -> None:
    """Once a sync, then each orphan is patched. Go: RecheckDeletionTimestamp, AdoptReplicaSet"""
    requests = asked(syncing(RS, OTHER), APPLIED, APPLIED, APPLIED)

    assert requests[:3] == ["get Deployment 0", "adopt ReplicaSet 1", "adopt ReplicaSet 2"]


def test_a_deployment_that_is_gone_or_going_adopts_nothing() -> None:
    """Another uid under its name counts as gone."""
    assert asked(syncing(RS), GONE) == ["get Deployment 0", "fails"]


def test_an_orphan_that_is_gone_is_left_out() -> None:
    """Which is no error. Go: ClaimObject"""
    requests = asked(syncing(RS), APPLIED, GONE)

    assert requests[-1] == "create ReplicaSet 1"


@pytest.mark.parametrize("answer", [TAKEN, FAILED])
def test_an_orphan_that_cannot_be_adopted_ends_the_sync_when_all_were_tried(answer: str) -> None:
    """Errors are collected. Go: ClaimReplicaSets"""
    assert asked(syncing(RS, OTHER), APPLIED, answer, APPLIED) == [
        "get Deployment 0",
        "adopt ReplicaSet 1",
        "adopt ReplicaSet 2",
        "fails",
    ]


def test_an_adopted_replica_set_of_its_template_is_its_new_one() -> None:
    """No other is created: the rollout goes on with what is there."""
    assert "create" not in " ".join(asked(syncing(RS), APPLIED, APPLIED))


# ---- what the API server does -----------------------------------------------------------------

ADOPTION = controller.Write("adopt", "ReplicaSet", 1, 1)
FRESH = informer.Copy()


def test_adoption_is_a_patch_that_a_stale_copy_does_not_hinder() -> None:
    """It names a uid and no resourceVersion."""
    answer, after, change = deployment_controller.replica_set_after(
        ADOPTION, RS, informer.Copy(current=False), (1,)
    )

    assert (answer, change) == (APPLIED, informer.Change.VERSION)
    assert after == evolve(RS, owner=1)


def test_adopting_once_more_what_is_its_own_already_changes_nothing() -> None:
    """
    A cache that is behind shows an orphan still. Owner references are merged by uid, so the API
    server has no objection, as the oracle says too. Go: ownerRefControllerPatch
    """
    own, stale = evolve(RS, owner=ADOPTION.value), informer.Copy(current=False)

    answer, after, _ = deployment_controller.replica_set_after(ADOPTION, own, stale, (1,))

    assert (answer, after) == (APPLIED, own)


@pytest.mark.parametrize(
    ("live", "copy", "answer"),
    [
        (None, FRESH, GONE),
        (evolve(RS, owner=0), FRESH, TAKEN),
        (RS, informer.Copy(current=False, generation=False, same=False), TAKEN),
    ],
    ids=["gone", "owned by another", "created anew meanwhile"],
)
def test_adoption_is_refused_where_the_replica_set_is(
    live: api.ReplicaSet | None, copy: informer.Copy, answer: str
) -> None:
    """And nothing changes."""
    found, after, _ = deployment_controller.replica_set_after(ADOPTION, live, copy, (1,))

    assert (found, after) == (answer, live)


def collected(rs: api.ReplicaSet, alive: str, uid: int | None) -> list[str]:
    """What the garbage collector does to a ReplicaSet."""
    copy, pods = informer.Copy(), pods_module.settled(api.PodKind(), 0)
    found = users.collect_replica_set(alive, uid, "orphan", rs, (), None, (copy,) * 2, pods, 1, 0)
    return [each.label for each in found]


def test_the_garbage_collector_looks_for_the_uid_of_the_owner() -> None:
    """A Deployment of the same name does not keep what was the former one's."""
    assert collected(evolve(RS, owner=0), "alive", 1) == ["deletes a ReplicaSet without owner"]
    assert collected(evolve(RS, owner=1), "alive", 1) == []
    assert collected(evolve(RS, owner=1), "deleting", 1) == ["releases a ReplicaSet"]
    assert collected(RS, "gone", None) == []


@pytest.mark.parametrize(
    ("before", "after", "uid", "wakes"),
    [
        (None, RS, 1, True),
        (evolve(RS, owner=0), RS, 1, True),
        (RS, evolve(RS, replicas=2), 1, False),
        (RS, evolve(RS, owner=1), 1, True),
        (evolve(RS, owner=0), None, 1, False),
        (RS, None, 1, False),
        (None, RS, None, False),
        (None, evolve(RS, deleting=True), 1, False),
        (evolve(RS, owner=0, deleting=True), evolve(RS, deleting=True), 1, True),
    ],
    ids=[
        "a new orphan",
        "released by the former one",
        "an orphan that changes",
        "adopted",
        "the former one's is gone",
        "an orphan is gone",
        "no Deployment in the cache",
        "a new orphan in deletion",
        "released in deletion",
    ],
)
def test_events_wake_a_deployment_that_may_adopt(
    before: api.ReplicaSet | None, after: api.ReplicaSet | None, uid: int | None, wakes: bool
) -> None:
    """Go: addReplicaSet, updateReplicaSet, deleteReplicaSet"""
    queue = (informer.Event(1, after, informer.Change.VERSION),)
    key = controller.Key()

    (done,) = delivery.deliver_replica_set(
        queue, before, key, key, uid, controller_utils.Expectations(), 1
    )

    assert ("deployment_key" in done.writes) is wakes


# ---- all together -----------------------------------------------------------------------------


@converges_to(id="taken-back", says="what is there has its owner in the end", source="here")
def taken_back(deployment_alive: str, owned: All[bool], revision_of: All[int]) -> bool:
    if deployment_alive != "alive":
        return True
    return all(owned[at] for at in owned if revision_of[at] > 0)


@always(id="one-pod", says="the pod that is there goes on", source="here")
def the_pod_goes_on(total_available: int) -> Iterator[str]:
    if total_available != 1:
        yield f"{total_available} pods are available"


def explored(of: Case, *wanted: Any) -> Report:
    return explore(workload.compose("small", of.spec, of.around), wanted)


def test_orphans_are_adopted_and_their_pods_never_notice() -> None:
    """However the writes of user, garbage collector and controller interleave."""
    of = case(users="delete:orphan,apply", level="interleaved", lag=1)

    found = explored(of, taken_back, the_pod_goes_on)

    assert [each.status for each in found.verdicts] == ["holds", "holds"]
    assert "create_anew" not in found.exploration.actions_never_fired


def test_an_adoption_that_lands_after_the_next_deletion_costs_the_pods() -> None:
    """
    Between the look at the API and the patch the Deployment may be deleted, orphaning nothing.

    The ReplicaSet then belongs to one that is gone, and the garbage collector deletes it.
    """
    of = case(users="delete:orphan@2,apply", level="interleaved")

    (verdict,) = explored(of, the_pod_goes_on).verdicts

    assert verdict.trace is not None
    told = [each.label for each in verdict.trace.steps]
    assert verdict.status == "violated"
    assert told.index("the Deployment is gone") < told.index("adopts ReplicaSet 1")
    assert told.index("deletes a ReplicaSet without owner") < len(told)


def test_after_a_set_image_the_manifest_rolls_the_orphans_back() -> None:
    """The new Deployment asks for the first template again, and owns both ReplicaSets."""
    of = case(users="set-image,delete:orphan,apply", ids=("deployment-eventually-new-revision",))

    found = explored(of, taken_back, *(each.property for each in of.asked()))

    assert {each.status for each in found.verdicts} == {"holds"}


DROPPED = (
    "deployment-orphans-keep-their-pods",
    promise.NOT_CREATED_ANEW,
    case(users="delete:orphan,apply"),
)


def test_orphans_do_not_stay_orphans_where_the_deployment_is_created_anew() -> None:
    """They are adopted: the precondition of that promise."""
    asked, dropped, of = DROPPED

    verdict = broken(asked, dropped.words, of)

    assert verdict.because == "the run stops outside the goal: no step of the system is enabled"


# ---- after other deletions --------------------------------------------------------------------


@sometimes(
    id="a-new-one-beside-pods-of-the-former",
    says="a Deployment is there again while pods of the one before run",
    source="the test",
)
def beside_former_pods(deployment: api.Deployment | None, active: int, own_active: int) -> bool:
    return deployment is not None and deployment.uid == 1 and active > own_active


@after_each_step(
    id="names-are-free",
    says="no ReplicaSet is there under the name of a new one when it is created anew",
    source="the test",
    premise=lambda action: action == "create_anew",
)
def names_are_free(rank: All[int]) -> Iterator[str]:
    if any(rank.values()):
        yield "a ReplicaSet is there still"


@pytest.mark.parametrize(("propagation", "beside"), [("background", True), ("foreground", False)])
def test_a_deployment_is_created_anew_after_its_replica_sets_are_gone(
    propagation: str, beside: bool
) -> None:
    """After a background deletion beside pods of the former; it gets all of its own either way."""
    of = case(users=f"delete:{propagation},apply")
    system = workload.compose("small", of.spec, of.around)
    rest = BY_ID["deployment-available-at-rest"].property

    alone = evolve(beside_former_pods, over=("template",))
    report = explore(system, [alone, names_are_free, rest])

    assert report.verdict("a-new-one-beside-pods-of-the-former").status == (
        "holds" if beside else "violated"
    )
    assert report.verdict("deployment-available-at-rest").status == "holds"
    assert not report.verdict("names-are-free").vacuous
    assert report.verdict("names-are-free").status == "holds"
    assert report.exploration.complete
