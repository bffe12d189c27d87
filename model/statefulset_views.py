"""
What rules, promises and reports read of a StatefulSet: small values of one or two variables each.

:Omits: nothing: a view says again what a variable holds.
"""

from seatrial.core import View

from . import statefulset_controller as controller
from . import statefulset_kubelet as kubelet
from . import statefulset_users as users
from .controller import Pending
from .informer import Copy, Queue, behind
from .statefulset_api import Claim, PodSeen, StatefulPod, StatefulSet
from .statefulset_kubelet import Processes

__all__ = ["views"]


def set_cached(set_cache: StatefulSet | None) -> bool:
    """Whether the cache shows the set."""
    return set_cache is not None


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
    return restarting == 1


def lists_pods_now(restarting: int) -> bool:
    """Whether a controller that starts lists pods now."""
    return restarting > 1


# ---- for promises -----------------------------------------------------------------------------


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


def pod_state(pod: StatefulPod | None) -> str:
    """Whether the pod is "absent", "terminating", "unready", "ready" or "available"."""
    if pod is None:
        return "absent"
    if pod.kind.terminating:
        return "terminating"
    if not pod.kind.ready:
        return "unready"
    return "available" if pod.kind.available else "ready"


def seen_state(pod_cache: PodSeen | None) -> str:
    """The same of the pod that the cache shows."""
    if pod_cache is None:
        return "absent"
    if pod_cache.kind.terminating:
        return "terminating"
    if not pod_cache.kind.ready:
        return "unready"
    return "available" if pod_cache.kind.available else "ready"


def claim_state(claim: Claim | None) -> str:
    """Whether the claim is "absent", "terminating" or "there"."""
    if claim is None:
        return "absent"
    return "terminating" if claim.terminating else "there"


_ORDINAL = ("ordinal",)


def views() -> list[View]:
    """All views of a StatefulSet; those that nobody reads cost nothing."""
    shared = (
        controller.key_due,
        controller.own_objects_unseen,
        controller.own_status_unseen,
        controller.status_write_due,
        lists_now,
        lists_pods_now,
        partition,
        set_alive,
        set_cached,
        set_copy_of_cache,
        set_event_due,
        set_syncing,
        target,
        wanted,
    )
    of_an_ordinal = (
        claim_event_due,
        claim_owned,
        claim_state,
        claim_terminating,
        controller.claim_write_due,
        controller.held_uids,
        controller.pod_write_due,
        kubelet.kubelet_due,
        kubelet.lost_pod_due,
        kubelet.scheduling_due,
        kubelet.waiting,
        pod_event_due,
        pod_revision,
        pod_state,
        running,
        seen_state,
        users.owned_there,
    )
    return [
        *(View(each.__name__, each) for each in shared),
        *(View(each.__name__, each, over=_ORDINAL) for each in of_an_ordinal),
    ]
