"""
What users do to a StatefulSet, its pods, claims and nodes.

:Go: kubernetes v1.36.3 staging/src/k8s.io/kubectl/pkg/polymorphichelpers/rollback.go,
    staging/src/k8s.io/kubectl/pkg/drain/drain.go
:Docs: https://kubernetes.io/docs/tasks/run-application/force-delete-stateful-set-pod/
:Omits: `apply` to a set that is there; a manifest that has been changed when it is applied again;
    changes of ordinals and of minReadySeconds.

Which pod or which node somebody acts on is left open: it may be any.
"""

from typing import Any

from attrs import evolve

from seatrial.core import Outcomes, outcome

from .api import Observed
from .informer import Change, Copy, Queue, has_room
from .nodes import Nodes, at, cordoned, deleted, out_of_service, put
from .statefulset_api import (
    BY_SET,
    Claim,
    ClaimRetention,
    StatefulPod,
    StatefulSet,
    StatefulSetSpec,
    StatefulSetStatus,
)
from .statefulset_pods import after_deletion, claim_written, pod_written, set_written

__all__ = [
    "create_anew",
    "delete",
    "delete_claim",
    "delete_node",
    "delete_pod",
    "drain",
    "force_delete",
    "scale",
    "set_image",
    "set_partition",
    "set_retention",
    "taint_out_of_service",
    "undo",
]


# ---- the set ----------------------------------------------------------------------------------


def _spec_written(
    stateful_set: StatefulSet, spec: StatefulSetSpec, queue: Queue, copy: Copy, syncing: bool
) -> dict[str, Any]:
    after = evolve(stateful_set, spec=spec)
    return set_written(stateful_set, after, Change.GENERATION, queue, copy, syncing)


def set_image(
    stateful_set: StatefulSet | None,
    newest_template: int,
    set_queue: Queue,
    set_copy: Copy,
    set_syncing: bool,
    lag: int,
    set_images_left: int,
) -> Outcomes:
    """The template is replaced by one that was never used."""
    if not set_images_left or stateful_set is None or not has_room(set_queue, lag):
        return
    new = newest_template + 1
    spec = evolve(stateful_set.spec, template=new)
    yield outcome(
        f"sets template {new}",
        newest_template=new,
        set_images_left=set_images_left - 1,
        **_spec_written(stateful_set, spec, set_queue, set_copy, set_syncing),
    )


def undo(
    stateful_set: StatefulSet | None,
    revisions: tuple[int, ...],
    set_queue: Queue,
    set_copy: Copy,
    set_syncing: bool,
    lag: int,
    undos_left: int,
) -> Outcomes:
    """`kubectl rollout undo`: the template becomes that of the revision before the newest."""
    if not undos_left or stateful_set is None or not has_room(set_queue, lag):
        return
    before = revisions[-2] if len(revisions) > 1 else None
    if before is not None and before != stateful_set.spec.template:
        spec = evolve(stateful_set.spec, template=before)
        yield outcome(
            f"goes back to template {before}",
            undos_left=undos_left - 1,
            **_spec_written(stateful_set, spec, set_queue, set_copy, set_syncing),
        )


def scale(
    stateful_set: StatefulSet | None,
    set_queue: Queue,
    set_copy: Copy,
    set_syncing: bool,
    lag: int,
    sizes: tuple[int, ...],
    scales_left: int,
) -> Outcomes:
    """spec.replicas becomes one of the sizes that are asked for."""
    if not scales_left or stateful_set is None or not has_room(set_queue, lag):
        return
    for size in sizes:
        if size != stateful_set.spec.replicas:
            spec = evolve(stateful_set.spec, replicas=size)
            yield outcome(
                f"scales to {size}",
                scales_left=scales_left - 1,
                **_spec_written(stateful_set, spec, set_queue, set_copy, set_syncing),
            )


def set_partition(
    stateful_set: StatefulSet | None,
    set_queue: Queue,
    set_copy: Copy,
    set_syncing: bool,
    lag: int,
    partitions: tuple[int, ...],
    set_partitions_left: int,
) -> Outcomes:
    """The partition of the rolling update becomes another."""
    if not set_partitions_left or stateful_set is None or not has_room(set_queue, lag):
        return
    strategy = stateful_set.spec.update_strategy
    if strategy.rolling_update is None:
        return
    for partition in partitions:
        if partition != strategy.rolling_update.partition:
            rolling = evolve(strategy.rolling_update, partition=partition)
            changed = evolve(strategy, rolling_update=rolling)
            spec = evolve(stateful_set.spec, update_strategy=changed)
            yield outcome(
                f"sets partition {partition}",
                set_partitions_left=set_partitions_left - 1,
                **_spec_written(stateful_set, spec, set_queue, set_copy, set_syncing),
            )


def set_retention(
    stateful_set: StatefulSet | None,
    set_queue: Queue,
    set_copy: Copy,
    set_syncing: bool,
    lag: int,
    retentions: tuple[ClaimRetention, ...],
    set_retentions_left: int,
) -> Outcomes:
    """persistentVolumeClaimRetentionPolicy becomes another."""
    if not set_retentions_left or stateful_set is None or not has_room(set_queue, lag):
        return
    for retention in retentions:
        if retention != stateful_set.spec.retention:
            spec = evolve(stateful_set.spec, retention=retention)
            yield outcome(
                f"sets whenDeleted {retention.when_deleted}, whenScaled {retention.when_scaled}",
                set_retentions_left=set_retentions_left - 1,
                **_spec_written(stateful_set, spec, set_queue, set_copy, set_syncing),
            )


def delete(
    stateful_set: StatefulSet | None,
    set_queue: Queue,
    set_copy: Copy,
    set_syncing: bool,
    lag: int,
    propagation: str,
    deletes_left: int,
) -> Outcomes:
    """The set is deleted, with its pods or without, at once or after them."""
    if not deletes_left or stateful_set is None or not has_room(set_queue, lag):
        return
    if stateful_set.deleting:
        return
    after = None if propagation == "background" else evolve(stateful_set, deleting=True)
    change = Change.IDENTITY if after is None else Change.GENERATION
    yield outcome(
        f"deletes the StatefulSet, --cascade={propagation}",
        deletes_left=deletes_left - 1,
        **set_written(stateful_set, after, change, set_queue, set_copy, set_syncing),
    )


def create_anew(
    stateful_set: StatefulSet | None,
    manifest: StatefulSetSpec,
    revisions: tuple[int, ...],
    set_queue: Queue,
    set_copy: Copy,
    set_syncing: bool,
    propagation: str,
    lag: int,
    applies: int,
    applies_left: int,
) -> Outcomes:
    """
    `kubectl apply` of the manifest after the set has gone: another one of its name.

    Its ControllerRevisions are those that its predecessor orphaned. Go: ListControllerRevisions
    """
    if not applies_left or stateful_set is not None or not has_room(set_queue, lag):
        return
    status = StatefulSetStatus(observed_generation=Observed.NEVER)
    born = StatefulSet(manifest, status, uid=BY_SET - 1 - (applies - applies_left))
    done = set_written(None, born, Change.IDENTITY, set_queue, set_copy, set_syncing)
    yield outcome(
        "applies the manifest: the StatefulSet is created anew",
        revisions=revisions if propagation == "orphan" else (),
        applies_left=applies_left - 1,
        **done,
    )


# ---- its pods and claims ----------------------------------------------------------------------


def delete_pod(
    pod: StatefulPod | None,
    pod_queue: Queue,
    ordinal: int,
    graceful: bool,
    lag: int,
    delete_pods_left: int,
) -> Outcomes:
    """A pod is deleted, with its grace period."""
    if not delete_pods_left or pod is None or pod.kind.terminating or not has_room(pod_queue, lag):
        return
    yield outcome(
        f"deletes pod {ordinal}",
        delete_pods_left=delete_pods_left - 1,
        **pod_written(ordinal, pod, after_deletion(pod, graceful), pod_queue),
    )


def force_delete(
    pod: StatefulPod | None, pod_queue: Queue, ordinal: int, lag: int, force_deletes_left: int
) -> Outcomes:
    """`kubectl delete --force --grace-period=0`: the object goes, whatever runs."""
    if force_deletes_left and pod is not None and has_room(pod_queue, lag):
        yield outcome(
            f"deletes pod {ordinal} by force",
            force_deletes_left=force_deletes_left - 1,
            **pod_written(ordinal, pod, None, pod_queue),
        )


def delete_claim(
    claim: Claim | None, claim_queue: Queue, ordinal: int, lag: int, delete_claims_left: int
) -> Outcomes:
    """A claim is deleted; it goes when no pod uses it."""
    if not delete_claims_left or claim is None or claim.terminating:
        return
    if has_room(claim_queue, lag):
        after = evolve(claim, terminating=True)
        yield outcome(
            f"deletes the claim of pod {ordinal}",
            delete_claims_left=delete_claims_left - 1,
            **claim_written(ordinal, claim, after, claim_queue),
        )


# ---- nodes ------------------------------------------------------------------------------------


def drain(nodes: Nodes, node_at: int, drains_left: int) -> Outcomes:
    """A node is cordoned; its pods are then deleted one by one."""
    after = cordoned(at(nodes, node_at))
    if drains_left and after is not None:
        yield outcome(
            f"drains n{node_at}", nodes=put(nodes, node_at, after), drains_left=drains_left - 1
        )


def delete_node(nodes: Nodes, node_at: int, delete_nodes_left: int) -> Outcomes:
    """A Node object is deleted; nobody asks what its machine does."""
    after = deleted(at(nodes, node_at))
    if delete_nodes_left and after is not None:
        yield outcome(
            f"deletes Node n{node_at}",
            nodes=put(nodes, node_at, after),
            delete_nodes_left=delete_nodes_left - 1,
        )


def taint_out_of_service(nodes: Nodes, node_at: int, out_of_services_left: int) -> Outcomes:
    """An unreachable node gets the taint that says that its machine is off."""
    after = out_of_service(at(nodes, node_at))
    if out_of_services_left and after is not None:
        yield outcome(
            f"taints n{node_at} out-of-service",
            nodes=put(nodes, node_at, after),
            out_of_services_left=out_of_services_left - 1,
        )
