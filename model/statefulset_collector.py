"""
The garbage collector behind a StatefulSet, and who lets a claim go.

:Go: kubernetes v1.36.3 pkg/controller/garbagecollector/garbagecollector.go,
    pkg/controller/volume/pvcprotection/pvc_protection_controller.go
:Docs: https://kubernetes.io/docs/concepts/architecture/garbage-collection/
:Omits: its own caches, which are up to date; owners of owners
"""

from attrs import evolve

from seatrial.core import All, Outcomes, outcome

from .informer import Change, Copy, Queue, has_room
from .statefulset_api import BY_SET, Claim, StatefulPod, StatefulSet
from .statefulset_pods import after_deletion, claim_written, pod_written, set_written
from .volumes import ATTACHED_TO_NONE, Attached, Processes, bereft

__all__ = ["collect_claim", "collect_pod", "finish_deletion", "owners_there", "release_claim"]


def owners_there(pod: StatefulPod | None, claim: Claim | None) -> frozenset[int | None]:
    """View: whose what there is of this ordinal is."""
    owners = {pod.owner} if pod is not None else set()
    return frozenset(owners | ({claim.owner} if claim is not None else set()))


def _dependent(owner: int | None, stateful_set: StatefulSet | None) -> bool:
    """Whether what has this owner is to go, or to lose it: its set is gone, or is going."""
    if owner is None:
        return False
    return stateful_set is None or stateful_set.uid != owner or stateful_set.deleting


def _loses_its_owner(owner: int | None, stateful_set: StatefulSet | None, propagation: str) -> bool:
    return stateful_set is not None and stateful_set.uid == owner and propagation == "orphan"


def collect_pod(
    stateful_set: StatefulSet | None,
    pod: StatefulPod | None,
    pod_queue: Queue,
    ordinal: int,
    propagation: str,
    graceful: bool,
    lag: int,
) -> Outcomes:
    """
    A pod whose set is gone, or waits for it to go, is deleted, or loses its owner.

    The set is looked for by its uid: another one of its name keeps nothing. Go: isDangling
    """
    if pod is None or not has_room(pod_queue, lag) or not _dependent(pod.owner, stateful_set):
        return
    if _loses_its_owner(pod.owner, stateful_set, propagation):
        done = pod_written(ordinal, pod, evolve(pod, owner=None), pod_queue)
        yield outcome(f"takes the owner from pod {ordinal}", **done)
    elif not pod.kind.terminating:
        done = pod_written(ordinal, pod, after_deletion(pod, graceful), pod_queue)
        yield outcome(f"deletes pod {ordinal}, whose set is deleted", **done)


def finish_deletion(
    stateful_set: StatefulSet | None,
    owners_there: All[frozenset[int | None]],
    set_queue: Queue,
    set_copy: Copy,
    set_syncing: bool,
    lag: int,
) -> Outcomes:
    """A set that waited for what it owns is gone."""
    if stateful_set is None or not stateful_set.deleting or not has_room(set_queue, lag):
        return
    if not any(stateful_set.uid in owners for owners in owners_there.values()):
        done = set_written(stateful_set, None, Change.IDENTITY, set_queue, set_copy, set_syncing)
        yield outcome("the StatefulSet is gone", **done)


def _kept(stateful_set: StatefulSet | None) -> bool:
    """Whether claims of members that were scaled away are to be kept, by the policy of now."""
    return stateful_set is not None and stateful_set.spec.retention.when_scaled == "Retain"


def collect_claim(
    stateful_set: StatefulSet | None,
    pod: StatefulPod | None,
    claim: Claim | None,
    claim_queue: Queue,
    ordinal: int,
    propagation: str,
    lag: int,
    variant: frozenset[str],
) -> Outcomes:
    """A claim whose owner is gone is deleted; `--cascade=orphan` takes the owner from it."""
    if claim is None or claim.owner is None or not has_room(claim_queue, lag):
        return
    if claim.owner > BY_SET:
        if "sts-pvc-policy-change-races-with-scaledown" in variant and _kept(stateful_set):
            return
        if not claim.terminating and (pod is None or pod.uid != claim.owner):
            after = evolve(claim, terminating=True)
            done = claim_written(ordinal, claim, after, claim_queue)
            yield outcome(f"deletes the claim of pod {ordinal}, which is gone", **done)
        return
    if not _dependent(claim.owner, stateful_set):
        return
    if _loses_its_owner(claim.owner, stateful_set, propagation):
        done = claim_written(ordinal, claim, evolve(claim, owner=None), claim_queue)
        yield outcome(f"takes the owner from the claim of pod {ordinal}", **done)
    elif not claim.terminating:
        after = evolve(claim, terminating=True)
        done = claim_written(ordinal, claim, after, claim_queue)
        yield outcome(f"deletes the claim of pod {ordinal}, whose set is deleted", **done)


def release_claim(
    pod: StatefulPod | None,
    claim: Claim | None,
    claim_queue: Queue,
    ordinal: int,
    lag: int,
    attached: Attached,
    home: str | None,
    process: Processes,
) -> Outcomes:
    """
    A claim that is deleted goes when no pod on a node uses it. Go: pvc protection controller

    The next claim of its name has another volume, which is attached to no node, and may be made
    elsewhere. Containers that still run go on with the one that they have.
    """
    if claim is None or not claim.terminating or not has_room(claim_queue, lag):
        return
    if pod is None or pod.node is None:
        done = claim_written(ordinal, claim, None, claim_queue)
        if attached is not None:
            done["attached"] = ATTACHED_TO_NONE
            done["process"] = bereft(process)
        if home is not None:
            done["home"] = ""
        yield outcome(f"the claim of pod {ordinal} is gone", **done)
