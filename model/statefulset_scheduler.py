"""
The scheduler, for pods of a StatefulSet, and who makes the volumes of their claims.

:Go: kubernetes v1.36.3 pkg/scheduler/schedule_one.go, pkg/scheduler/backend/cache,
    pkg/controller/volume/persistentvolume/pv_controller.go (syncUnboundClaim)
:Docs: https://kubernetes.io/docs/concepts/scheduling-eviction/kube-scheduler/,
    https://kubernetes.io/docs/concepts/storage/storage-classes/#volume-binding-mode
:Omits: that the scheduler says so where no node takes a pod; its caches, which are up to date; that
    a volume is made, and its claim written, some time before the pod is bound; that making one
    fails, or that there is none left; that a claim's owner may be written at that moment; what
    `placement.py` omits
"""

from attrs import evolve

from seatrial.core import All, Outcomes, outcome

from .informer import Queue, has_room
from .nodes import Nodes, feasible
from .placement import Placement, fits
from .statefulset_api import Claim, StatefulPod
from .statefulset_pods import pod_written
from .tolerations import Tolerations

__all__ = [
    "make_volume",
    "room_taken",
    "schedule",
    "schedule_within",
    "scheduling_due",
    "volume_due",
]


def scheduling_due(pod: StatefulPod | None) -> bool:
    """View: whether the pod has no node yet."""
    return pod is not None and pod.node is None


def room_taken(pod: StatefulPod | None) -> int:
    """View: the node on which the pod takes room, 0 for none; one that has ended takes none."""
    if pod is None or pod.node is None or pod.kind.phase in ("Failed", "Succeeded"):
        return 0
    return pod.node


def schedule(
    pod: StatefulPod | None,
    claim: Claim | None,
    nodes: Nodes,
    pod_queue: Queue,
    ordinal: int,
    has_claims: bool,
    tolerates: Tolerations,
    lag: int,
) -> Outcomes:
    """The scheduler puts a pod on any node that takes it. Go: schedulePod, bind"""
    if pod is None or pod.node is not None or not has_room(pod_queue, lag):
        return
    missing = _missing(claim) if has_claims else ""
    if missing:
        yield from _cannot_place(pod, missing, pod_queue, ordinal)
        return
    for name, each in enumerate(nodes, 1):
        if feasible(each, tolerates):
            done = pod_written(ordinal, pod, _placed(pod, name), pod_queue)
            yield outcome(f"puts pod {ordinal} on n{name}", **done)


def schedule_within(
    pod: StatefulPod | None,
    claim: Claim | None,
    nodes: Nodes,
    room_taken: All[int],
    home: str | None,
    pod_queue: Queue,
    ordinal: int,
    has_claims: bool,
    tolerates: Tolerations,
    lag: int,
    placement: Placement,
) -> Outcomes:
    """
    The same where nodes take only so many pods, or a pod has to be where its volume is.

    A volume that waits for its first consumer is made where the pod is put. Go: schedulePod, bind
    """
    if pod is None or pod.node is not None or not has_room(pod_queue, lag):
        return
    missing = _missing(claim) if has_claims else ""
    if missing:
        yield from _cannot_place(pod, missing, pod_queue, ordinal)
        return
    others = [at for at in room_taken.values() if at]
    for name, each in enumerate(nodes, 1):
        if feasible(each, tolerates) and fits(placement, name, others, home or ""):
            done = pod_written(ordinal, pod, _placed(pod, name), pod_queue)
            if placement.tied:
                done["home"] = placement.homes[name - 1]
            words = f"puts pod {ordinal} on n{name}"
            made = placement.tied and not home
            yield outcome(f"{words}, and has its volume made there" if made else words, **done)


def _missing(claim: Claim | None) -> str:
    """Why a pod waits for its claim; empty where it does not."""
    if claim is None:
        return "is missing"
    return "is being deleted" if claim.terminating else ""


def _cannot_place(pod: StatefulPod, why: str, queue: Queue, ordinal: int) -> Outcomes:
    if pod.unschedulable != why:
        done = pod_written(ordinal, pod, evolve(pod, unschedulable=why), queue)
        yield outcome(f"cannot place pod {ordinal}: its claim {why}", **done)


def _placed(pod: StatefulPod, node: int) -> StatefulPod:
    return evolve(pod, node=node, unschedulable="")


def volume_due(claim: Claim | None, home: str) -> bool:
    """View: whether a claim has no volume yet."""
    return claim is not None and not claim.terminating and not home


def make_volume(claim: Claim | None, home: str, ordinal: int, placement: Placement) -> Outcomes:
    """With Immediate, a claim gets a volume before anybody asks where its pod can be."""
    if claim is None or claim.terminating or home:
        return
    for domain in placement.domains:
        yield outcome(f"makes the volume of pod {ordinal} in {domain}", home=domain)
