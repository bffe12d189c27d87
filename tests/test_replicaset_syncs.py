"""Syncs of ReplicaSets, step by step: what becomes of requests that were decided on."""

from seatrial.model.controller import Done, Pending, Write
from seatrial.model.controller import Key as QueueKey
from seatrial.model.controller_utils import Expectations
from seatrial.model.delivery import deliver_pod
from seatrial.model.informer import Change, Event
from seatrial.model.pods import GONE, TERMINATING, Pod, settled
from seatrial.model.replicaset import delete_pod

DELETES_ONE = Pending(Write("delete", "Pod", 1, batch=1), ((0, Done()),))


def test_a_pod_that_somebody_else_deleted_is_not_found_by_the_sync_that_chose_it() -> None:
    """It is gone and the cache knows; still the request is sent, answered, and the sync ends."""
    chosen = Pod((TERMINATING, GONE), doomed=True)
    pods = settled(TERMINATING, 0).add(chosen)
    queue = (Event(1, chosen.trail, Change.VERSION),)

    (told,) = deliver_pod(pods, queue, QueueKey(), True, Expectations(), 1, 0, frozenset())
    (done,) = delete_pod(
        DELETES_ONE, QueueKey(), told.writes["pods"], (), Expectations(), 1, 0, 0, 0
    )

    assert done.label == "deletes a pod that is gone: not found"
    assert done.writes["replica_set_sync"] is None
    assert done.writes["pods"].total == 0
