"""
What rules, promises and reports read of a StatefulSet: small values of one or two variables each.

:Omits: nothing: a view says again what a variable holds.
"""

from seatrial.core import View

from . import names, volumes
from . import statefulset_collector as collector
from . import statefulset_controller as controller
from . import statefulset_faults as faults
from . import statefulset_kubelet as kubelet
from . import statefulset_scheduler as scheduler
from .controller import Done, Pending
from .informer import Copy, Queue, behind
from .statefulset_api import Claim, PodSeen, StatefulPod, StatefulSet, StatefulSetStatus
from .statefulset_utils import get_stateful_set_max_unavailable
from .volumes import Processes

__all__ = ["views"]


def set_cached(set_cache: StatefulSet | None) -> bool:
    """Whether the cache shows the set."""
    return set_cache is not None


def seen_uid(set_cache: StatefulSet | None) -> int | None:
    """The uid of the set that the cache shows; None where it shows none."""
    return None if set_cache is None else set_cache.uid


def set_syncing(set_sync: Pending | None) -> bool:
    """Whether the controller is at it."""
    return set_sync is not None


def set_copy_of_cache(set_queue: Queue) -> Copy:
    """How the cached set stands to the API's."""
    return behind(set_queue, 0)


def set_event_due(set_queue: Queue) -> bool:
    """Whether an event of the set is on its way."""
    return bool(set_queue)


def pod_event_due(pod_queue: Queue, ordinal: int) -> bool:
    """Whether the next event of a pod is about this one."""
    return bool(pod_queue) and pod_queue[0].key == ordinal


def claim_event_due(claim_queue: Queue, ordinal: int) -> bool:
    """Whether the next event of a claim is about this one."""
    return bool(claim_queue) and claim_queue[0].key == ordinal


def claim_owned(claim: Claim | None) -> bool:
    """Whether somebody owns the claim."""
    return claim is not None and claim.owner is not None


def claim_terminating(claim: Claim | None) -> bool:
    """Whether the claim is being deleted."""
    return claim is not None and claim.terminating


def lists_now(restarting: int) -> bool:
    """Whether a controller that starts lists its set now."""
    return abs(restarting) == 1


def lists_pods_now(restarting: int) -> bool:
    """Whether a controller that starts lists pods now."""
    return abs(restarting) > 1


def shown_still(snapshot: faults.Snapshot, ordinal: int) -> StatefulPod | None:
    """The pod as an API server that is behind shows it; None where it shows none."""
    return dict(snapshot or ()).get(ordinal)


# ---- for promises -----------------------------------------------------------------------------


def decided(set_sync: Pending | None) -> tuple[str, int]:
    """
    The first pod that a sync will create, delete or write, if all is applied; ("", 0) for none.

    Adoption changes who controls a pod, and nothing of what there is.
    """
    step: Pending | Done | None = set_sync
    while isinstance(step, Pending):
        if step.write.kind == "Pod" and step.write.verb != "adopt":
            return step.write.verb, step.write.key
        step = step.answered("applied")
    return "", 0


def creations_due(set_sync: Pending | None) -> int:
    """How many pods a sync has yet to create, if all is applied."""
    step: Pending | Done | None = set_sync
    due = 0
    while isinstance(step, Pending):
        due += step.write.kind == "Pod" and step.write.verb == "create"
        step = step.answered("applied")
    return due


def replicas_seen(set_cache: StatefulSet | None) -> int:
    """How many replicas are asked for by the set that the cache shows."""
    return 0 if set_cache is None else set_cache.spec.replicas


def reported(stateful_set: StatefulSet | None) -> tuple[int, int, int]:
    """Of the status: how many pods, how many are ready, how many are of the update revision."""
    if stateful_set is None:
        return 0, 0, 0
    status = stateful_set.status
    return status.replicas, status.ready_replicas, status.updated_replicas


def current_reported(stateful_set: StatefulSet | None) -> int:
    """How many pods of the current revision are reported."""
    return 0 if stateful_set is None else stateful_set.status.current_replicas


def current_revision(stateful_set: StatefulSet | None) -> int:
    """The current revision that is reported; 0 where there is no set."""
    return 0 if stateful_set is None else stateful_set.status.current_revision


def pod_uid(pod: StatefulPod | None) -> int:
    """The uid of the pod; 0 where there is none."""
    return 0 if pod is None else pod.uid


def pod_node(pod: StatefulPod | None) -> int:
    """The node that the pod is bound to; 0 where there is none."""
    return 0 if pod is None or pod.node is None else pod.node


def volume_node(attached: int) -> int:
    """The node that its volume is attached to; 0 for none."""
    return attached


def pod_owner(pod: StatefulPod | None) -> int | None:
    """The uid of the set that controls the pod; None for nobody, or no pod."""
    return None if pod is None else pod.owner


def set_uid(stateful_set: StatefulSet | None) -> int | None:
    """The uid of the set; None where there is none."""
    return None if stateful_set is None else stateful_set.uid


def nowhere(pod: StatefulPod | None) -> int:
    """The same where nobody asks for it."""
    return 0


def writers(process: Processes) -> int:
    """How many nodes have processes of this ordinal that use the volume of its claim."""
    return len({node for node, uid in process if uid > 0})


def volume_users(process: Processes) -> int:
    """How many processes of this ordinal use the volume of its claim."""
    return sum(uid > 0 for _, uid in process)


def set_seen_alive(set_cache: StatefulSet | None) -> bool:
    """Whether the cache shows the set, and that it is not being deleted."""
    return set_cache is not None and not set_cache.deleting


def set_there(stateful_set: StatefulSet | None) -> bool:
    """Whether there is the set."""
    return stateful_set is not None


def most_unavailable(stateful_set: StatefulSet | None) -> int:
    """maxUnavailable as a number of pods; 0 where there is no set."""
    if stateful_set is None:
        return 0
    rolling = stateful_set.spec.update_strategy.rolling_update
    bound = None if rolling is None else rolling.max_unavailable
    return get_stateful_set_max_unavailable(bound, stateful_set.spec.replicas)


def sent_current(set_sync: Pending | None) -> int:
    """currentReplicas of the status that is about to be sent; 0 where none is."""
    if set_sync is None or not isinstance(set_sync.write.value, StatefulSetStatus):
        return 0
    return set_sync.write.value.current_replicas


def when_scaled_deletes(stateful_set: StatefulSet | None) -> bool:
    """Whether claims of pods that were scaled away are to go."""
    return stateful_set is not None and stateful_set.spec.retention.when_scaled == "Delete"


def running(process: Processes) -> int:
    """How many processes of this ordinal run, on all nodes."""
    return len(process)


def wanted(stateful_set: StatefulSet | None) -> int:
    """How many replicas are asked for; 0 where there is no set."""
    return 0 if stateful_set is None else stateful_set.spec.replicas


def target(stateful_set: StatefulSet | None) -> int:
    """The template that is asked for; 0 where there is no set."""
    return 0 if stateful_set is None else stateful_set.spec.template


def partition(stateful_set: StatefulSet | None) -> int:
    """The partition; 0 where there is none."""
    if stateful_set is None or stateful_set.spec.update_strategy.rolling_update is None:
        return 0
    return stateful_set.spec.update_strategy.rolling_update.partition


def set_alive(stateful_set: StatefulSet | None) -> bool:
    """Whether the set is there, and is not being deleted."""
    return stateful_set is not None and not stateful_set.deleting


def pod_revision(pod: StatefulPod | None) -> int:
    """The revision of the pod; 0 where there is none."""
    return 0 if pod is None else pod.revision


def pod_phase(pod: StatefulPod | None) -> str:
    """The phase of the pod; "" where there is none."""
    return "" if pod is None else pod.kind.phase


def pod_state(pod: StatefulPod | None) -> str:
    """Whether the pod is "absent", "terminating", "unready", "ready" or "available"."""
    if pod is None:
        return "absent"
    if pod.kind.terminating:
        return "terminating"
    if not pod.kind.ready or pod.kind.phase != "Running":
        return "unready"
    return "available" if pod.kind.available else "ready"


def seen_state(pod_cache: PodSeen | None) -> str:
    """The same of the pod that the cache shows."""
    if pod_cache is None:
        return "absent"
    if pod_cache.kind.terminating:
        return "terminating"
    if not pod_cache.kind.ready or pod_cache.kind.phase != "Running":
        return "unready"
    return "available" if pod_cache.kind.available else "ready"


def claim_owner(claim: Claim | None) -> int | None:
    """Whose the claim is: a uid, or None for nobody's."""
    return None if claim is None else claim.owner


def claim_state(claim: Claim | None) -> str:
    """Whether the claim is "absent", "terminating" or "there"."""
    if claim is None:
        return "absent"
    return "terminating" if claim.terminating else "there"


_ORDINAL = ("ordinal",)


def views(attaches: bool, makes_volumes: bool) -> list[View]:
    """
    All views of a StatefulSet; what nobody reads is free.

    Some are there only where it `attaches` volumes, or somebody `makes_volumes` for claims.
    """
    shared = (
        controller.key_due,
        controller.own_objects_unseen,
        controller.own_status_unseen,
        controller.status_write_due,
        current_reported,
        current_revision,
        creations_due,
        decided,
        lists_now,
        lists_pods_now,
        replicas_seen,
        reported,
        seen_uid,
        when_scaled_deletes,
        partition,
        set_alive,
        set_cached,
        set_copy_of_cache,
        set_event_due,
        most_unavailable,
        sent_current,
        set_syncing,
        set_seen_alive,
        set_there,
        set_uid,
        target,
        wanted,
    )
    of_an_ordinal = (
        names.answer,
        claim_event_due,
        claim_owned,
        claim_owner,
        claim_state,
        claim_terminating,
        controller.claim_write_due,
        controller.held_uids,
        controller.pod_write_due,
        kubelet.kubelet_due,
        kubelet.lost_pod_due,
        kubelet.waiting,
        pod_event_due,
        pod_node,
        pod_owner,
        pod_phase,
        pod_revision,
        pod_state,
        pod_uid,
        running,
        scheduler.room_taken,
        scheduler.scheduling_due,
        seen_state,
        shown_still,
        collector.owners_there,
        volume_users,
        writers,
    )
    of_volumes = (volumes.attach_due, volumes.detach_due)
    return [
        *(View(each.__name__, each) for each in shared),
        *(View(each.__name__, each, over=_ORDINAL) for each in of_an_ordinal),
        *(View(each.__name__, each, over=_ORDINAL) for each in of_volumes if attaches),
        *([View("volume_due", scheduler.volume_due, over=_ORDINAL)] if makes_volumes else []),
        View("volume_node", volume_node if attaches else nowhere, over=_ORDINAL),
    ]
