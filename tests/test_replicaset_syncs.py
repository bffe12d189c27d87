"""Syncs of ReplicaSets, step by step: what becomes of requests that were decided on."""

from seatrial.model import (
    controller,
    controller_utils,
    delivery,
    informer,
    replicaset,
)
from seatrial.model import pods as pod_classes

Done, Key, Pending, Write = controller.Done, controller.Key, controller.Pending, controller.Write
Expectations, Pod = controller_utils.Expectations, pod_classes.Pod
GONE, TERMINATING = pod_classes.GONE, pod_classes.TERMINATING

DELETES_ONE = Pending(Write("delete", "Pod", 1, batch=1), ((0, Done()),))


def test_a_pod_that_somebody_else_deleted_is_not_found_by_the_sync_that_chose_it() -> None:
    """It is gone and the cache knows; still the request is sent, answered, and the sync ends."""
    chosen = Pod((TERMINATING, GONE), doomed=True)
    pods = pod_classes.settled(TERMINATING, 0).add(chosen)
    queue = (informer.Event(1, chosen.trail, informer.Change.VERSION),)

    (told,) = delivery.deliver_pod(pods, queue, Key(), True, Expectations(), 1, 0, frozenset())
    (done,) = replicaset.delete_pod(
        DELETES_ONE, Key(), told.writes["pods"], (), Expectations(), 1, 0, 0, 0
    )

    assert done.label == "deletes a pod that is gone: not found"
    assert done.writes["replica_set_sync"] is None
    assert done.writes["pods"].total == 0
