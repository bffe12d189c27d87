"""A change of the leader: what its successor starts with, and what still lands of its requests."""

from attrs import evolve

from promises import case
from seatrial.core import Outcome, declare
from seatrial.engines.explore import explore
from seatrial.model import (
    api,
    controller,
    controller_utils,
    failover,
    informer,
    workload,
)
from seatrial.model import pods as pod_classes

Done, Key, Pending, Write = controller.Done, controller.Key, controller.Pending, controller.Write
Change, Copy, Event = informer.Change, informer.Copy, informer.Event
Expectations, Late, Pod = controller_utils.Expectations, failover.Late, pod_classes.Pod

CURRENT = Copy()
RANKS = declare.Members({1: 0}, [1])
RS = api.ReplicaSet(template=1, created=1, replicas=3)
NO_PODS = pod_classes.settled(api.PodKind(), 0)
READY = api.PodKind("Running", ready=True, available=True)
STATUS = Write("update status", "ReplicaSet", 1, api.ReplicaSetStatus(replicas=2))
RESIZE = Write("update", "ReplicaSet", 1, evolve(RS, replicas=1))
DELETION = Write("delete", "ReplicaSet", 1)
TWO_PODS = Write("create", "Pod", 1, batch=2)


def cut_off(
    write: controller.Write, copy: informer.Copy = CURRENT, pods: pod_classes.Pods = NO_PODS
) -> Outcome:
    """What the successor takes over where the ReplicaSet's sync was at this write."""
    sync = Pending(write, (("applied", Done()),))
    (done,) = failover.take_over_replica_set(2, RS, sync, copy, (), None, pods, 1)
    return done


def lands(
    late: failover.Late, live: api.ReplicaSet | None, queue: informer.Queue = ()
) -> list[Outcome]:
    """The ways in which a former Deployment controller's request about the ReplicaSet lands."""
    return list(
        failover.land_replica_set_write(
            late,
            live,
            queue,
            (Copy(),) * 2,
            None,
            NO_PODS,
            RANKS,
            1,
            2,
        )
    )


def test_between_two_syncs_a_failover_is_a_restart() -> None:
    """Where a sync is one step nothing is on its way: both reach the same states."""
    restart, over = (case(faults=name) for name in ("controller-restart", "failover"))

    counts = [
        explore(workload.compose("small", of.spec, of.around), []).exploration
        for of in (restart, over)
    ]

    assert counts[0].states == counts[1].states == 387
    assert counts[0].transitions == counts[1].transitions


def test_the_successor_starts_with_a_fresh_list_and_no_memory() -> None:
    """Informers start when the lease is won."""
    done = cut_off(STATUS, pods=NO_PODS.add(Pod((None, READY), named=True)))

    assert done.writes["replica_set_cache"] == RS
    assert done.writes["replica_set_sync"] is None
    assert list(done.writes["pods"]) == [Pod((READY,))]


def test_the_request_of_a_sync_that_is_cut_off_is_on_its_way() -> None:
    """Of a batch, as many as had not been answered."""
    assert cut_off(STATUS).writes["replica_set_late"] == Late(STATUS, Copy())
    assert cut_off(TWO_PODS).writes["replica_set_late"] == Late(TWO_PODS, Copy())


def test_an_update_that_would_conflict_is_forgotten() -> None:
    """It would change nothing, and nobody hears the answer."""
    assert cut_off(STATUS, Copy(current=False)).writes["replica_set_late"] is None


def test_pods_that_were_to_be_deleted_are_known_by_a_mark() -> None:
    """Those that are terminating already need none."""
    going = evolve(READY, terminating=True)
    pods = (
        NO_PODS.add(Pod((READY,), doomed=True)).add(Pod((READY,))).add(Pod((going,), doomed=True))
    )

    done = cut_off(Write("delete", "Pod", 1, batch=2), pods=pods)

    assert done.writes["replica_set_late"] is None
    assert set(done.writes["pods"]) == {Pod((READY,), late=True), Pod((READY,)), Pod((going,))}


def test_a_late_deletion_takes_a_pod_that_the_successor_wants_to_keep() -> None:
    """Pods are deleted by name: nothing fences the former leader."""
    kept, chosen = Pod((READY,)), Pod((READY,), late=True)

    (done,) = failover.land_pod_deletion(NO_PODS.add(kept).add(chosen), (), 1, 0)

    (deleted,) = set(done.writes["pods"]) - {kept}
    assert deleted.live is not None
    assert (deleted.live.terminating, deleted.late) == (True, False)


def test_late_creations_come_one_by_one() -> None:
    """Of two that are on their way, one is left."""
    (done,) = failover.land_pod_creation(Late(TWO_PODS, Copy()), (), NO_PODS, (), 1, 0)

    assert done.writes["pods"].total == 1
    assert done.writes["replica_set_late"] == Late(evolve(TWO_PODS, batch=1), Copy())


def test_a_pod_whose_owner_went_meanwhile_is_an_orphan() -> None:
    """Whether the new leader knows of that or not."""
    gone = Event(1, None, Change.IDENTITY)
    unknown = failover.land_pod_creation(Late(TWO_PODS, Copy()), (gone,), NO_PODS, (), 1, 0)
    known = failover.land_pod_creation(Late(TWO_PODS, Copy(same=False)), (), NO_PODS, (), 1, 0)

    for (done,) in (tuple(unknown), tuple(known)):
        (pod,) = done.writes["pods"]
        assert pod.orphaned


def test_a_late_update_lands_only_while_nobody_has_written_the_object() -> None:
    """An event that the successor has not got yet says that somebody has."""
    late = Late(RESIZE, Copy())

    (done,) = lands(late, RS)

    assert done.writes["replica_set"].replicas == 1
    assert done.writes["deployment_late"] is None
    assert not lands(late, RS, (Event(1, RS, Change.VERSION),))


def test_an_event_ends_the_wait_for_a_late_update() -> None:
    """Its object was written: it could only conflict from now on."""
    queue = (Event(1, RS, Change.VERSION),)
    arguments = (queue, RS, Key(), Key(), True, Expectations())

    (done,) = failover.deliver_replica_set(
        *arguments, Late(STATUS, Copy()), Late(RESIZE, Copy()), 1
    )
    (kept,) = failover.deliver_replica_set(
        *arguments, Late(TWO_PODS, Copy()), Late(DELETION, Copy()), 1
    )

    assert done.writes["replica_set_late"] is done.writes["deployment_late"] is None
    assert kept.writes["replica_set_late"] == Late(TWO_PODS, Copy())
    assert kept.writes["deployment_late"] == Late(DELETION, Copy())


def test_a_late_clean_up_deletes_a_replica_set_that_is_in_use_again() -> None:
    """It goes by name alone, whatever was written meanwhile. Go: cleanupDeployment"""
    (done,) = lands(Late(DELETION, Copy()), RS, (Event(1, RS, Change.GENERATION),))

    assert done.label == "the request to delete ReplicaSet 1 lands late"
    assert done.writes["replica_set"] is None


def test_a_late_creation_finds_the_name_taken() -> None:
    """Then it changes nothing."""
    late = Late(Write("create", "ReplicaSet", 1, RS), Copy())

    assert lands(late, RS) == []
    assert len(lands(late, None)) == 1


def test_a_second_failover_keeps_what_is_on_its_way_still() -> None:
    """Unless the leader in between has left something about the same object."""
    earlier = Late(TWO_PODS, Copy())
    (idle,) = failover.take_over_replica_set(2, RS, None, Copy(), (), earlier, NO_PODS, 1)
    (busy,) = failover.take_over_replica_set(
        2, RS, Pending(STATUS, (("applied", Done()),)), Copy(), (), earlier, NO_PODS, 1
    )

    assert idle.writes["replica_set_late"] == earlier
    assert busy.writes["replica_set_late"] == Late(STATUS, Copy())
