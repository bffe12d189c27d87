"""
When an action can be enabled at all, as views: a rule is asked only where its guard is true.

:Omits: nothing: a rule asks the same again.

What a rule reads is wide (a sync that is under way, an object, its events), and in most states it
is somebody else's turn. A guard reads little, so that these states cost one look-up.
"""

from .controller import Key, Pending
from .informer import Queue, has_room
from .replicaset import Listing, Working

__all__ = [
    "deployment_event_due",
    "deployment_key_due",
    "deployment_write_due",
    "listing_due",
    "pod_creation_due",
    "pod_deletion_due",
    "pod_event_due",
    "replica_set_event_due",
    "replica_set_key_due",
    "replica_set_write_due",
    "status_write_due",
    "watches_idle",
]


def deployment_key_due(deployment_key: Key, deployment_sync: Pending | None) -> bool:
    """Whether a worker can take the Deployment's key."""
    return deployment_key.dirty and deployment_sync is None


def deployment_write_due(
    deployment_sync: Pending | None, deployment_queue: Queue, lag: int
) -> bool:
    """Whether the Deployment controller's next request is about the Deployment."""
    step = deployment_sync
    return step is not None and step.write.kind == "Deployment" and has_room(deployment_queue, lag)


def replica_set_write_due(
    deployment_sync: Pending | None, replica_set_queue: Queue, template: int, lag: int
) -> bool:
    """Whether the Deployment controller's next request is about this ReplicaSet."""
    step = deployment_sync
    if step is None or (step.write.kind, step.write.key) != ("ReplicaSet", template):
        return False
    return has_room(replica_set_queue, lag)


def replica_set_key_due(replica_set_key: Key, replica_set_sync: Working) -> bool:
    """Whether a worker can take the ReplicaSet's key."""
    return replica_set_key.dirty and replica_set_sync is None


def listing_due(replica_set_sync: Working) -> bool:
    """Whether a sync of the ReplicaSet is about to list pods."""
    return isinstance(replica_set_sync, Listing)


def pod_creation_due(replica_set_sync: Working, pod_queue: Queue, lag: int) -> bool:
    """Whether the ReplicaSet controller is about to create a pod, or to expect fewer."""
    step = replica_set_sync
    if not isinstance(step, Pending) or step.write.kind != "Pod" or step.write.verb == "delete":
        return False
    return step.write.verb == "expect fewer" or has_room(pod_queue, lag)


def pod_deletion_due(replica_set_sync: Working, pod_queue: Queue, lag: int) -> bool:
    """Whether the ReplicaSet controller is about to delete a pod."""
    step = replica_set_sync
    if not isinstance(step, Pending) or (step.write.verb, step.write.kind) != ("delete", "Pod"):
        return False
    return has_room(pod_queue, lag)


def status_write_due(replica_set_sync: Working, replica_set_queue: Queue, lag: int) -> bool:
    """Whether the ReplicaSet controller is about to write a status, or to read it once more."""
    step = replica_set_sync
    if not isinstance(step, Pending) or step.write.kind != "ReplicaSet":
        return False
    return step.write.verb == "get" or has_room(replica_set_queue, lag)


def deployment_event_due(deployment_queue: Queue) -> bool:
    """Whether an event of the Deployment is on its way."""
    return bool(deployment_queue)


def replica_set_event_due(replica_set_queue: Queue, template: int) -> bool:
    """Whether the next event of a ReplicaSet is about this one."""
    return bool(replica_set_queue) and replica_set_queue[0].key == template


def pod_event_due(pod_queue: Queue, template: int) -> bool:
    """Whether the next event of a pod is about one of this template."""
    return bool(pod_queue) and pod_queue[0].key == template


def watches_idle(replica_set_queue: Queue, pod_queue: Queue) -> bool:
    """Whether no event of a ReplicaSet or a pod is on its way: else no time passes."""
    return not replica_set_queue and not pod_queue
