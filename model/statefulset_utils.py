"""
What the StatefulSet controller asks of single objects.

:Go: kubernetes v1.36.3 pkg/controller/statefulset/stateful_set_utils.go; v1.37.1 where it says so
:Docs: https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/
:Omits: identityMatches, storageMatches and what repairs them (no user here writes a pod's name,
    labels or volumes); claims that belong to somebody else than the set or its pods; the strategy
    Recreate of 1.37.
"""

from collections.abc import Iterable

from attrs import evolve

from seatrial.core.arith import floor_div, maximum

from .api import IntOrPercent, Observed
from .statefulset_api import (
    BY_SET,
    DELETE,
    RETAIN,
    Claim,
    ClaimOwner,
    PodSeen,
    StatefulSet,
    StatefulSetSpec,
    StatefulSetStatus,
)

__all__ = [
    "allows_burst",
    "complete_rolling_update",
    "get_stateful_set_max_unavailable",
    "has_stale_owner_ref",
    "inconsistent_status",
    "is_claim_owner_up_to_date",
    "is_created",
    "is_of_a_former_set",
    "is_running_and_available",
    "is_running_and_ready",
    "is_terminal",
    "is_terminating",
    "is_unavailable",
    "new_versioned_stateful_set_pod",
    "partition_of",
    "pod_in_ordinal_range",
    "update_status",
    "wanted_owner",
]

_FINISHED = ("Failed", "Succeeded")


# ---- pods -------------------------------------------------------------------------------------


def pod_in_ordinal_range(ordinal: int, spec: StatefulSetSpec) -> bool:
    """Whether the ordinal is one of those that are asked for. Go: podInOrdinalRange"""
    return spec.ordinals_start <= ordinal <= spec.end


def is_created(pod: PodSeen) -> bool:
    """Whether the API server has it. Go: isCreated"""
    return pod.created


def is_terminal(pod: PodSeen) -> bool:
    """Whether its containers have ended for good. Go: isFailed, isSucceeded"""
    return pod.created and pod.kind.phase in _FINISHED


def is_terminating(pod: PodSeen) -> bool:
    """Whether it is being deleted. Go: isTerminating"""
    return pod.created and pod.kind.terminating


def is_running_and_ready(pod: PodSeen) -> bool:
    """Whether it runs and is ready, terminating or not. Go: isRunningAndReady"""
    return pod.created and pod.kind.phase == "Running" and pod.kind.ready


def is_running_and_available(pod: PodSeen) -> bool:
    """
    Whether it has been ready for minReadySeconds, whatever its phase. Go: isRunningAndAvailable

    Only a pod that its collector marked as failed is ready and does not run.
    """
    return pod.created and pod.kind.ready and pod.kind.available


def is_unavailable(pod: PodSeen) -> bool:
    """Whether it is not available, or terminating. Go: isUnavailable"""
    return not is_running_and_available(pod) or is_terminating(pod)


def allows_burst(spec: StatefulSetSpec) -> bool:
    """Whether pods need not wait for one another. Go: allowsBurst"""
    return spec.pod_management_policy == "Parallel"


def partition_of(spec: StatefulSetSpec) -> int:
    """How many of the first pods keep their revision in an update; 0 where nothing is said."""
    rolling = spec.update_strategy.rolling_update
    return 0 if rolling is None else rolling.partition


def new_versioned_stateful_set_pod(
    stateful_set: StatefulSet, current: int, update: int, ordinal: int
) -> PodSeen:
    """The missing pod, of the revision that it is to have. Go: newVersionedStatefulSetPod"""
    spec = stateful_set.spec
    strategy, index = spec.update_strategy, ordinal - spec.ordinals_start
    if strategy.rolling_update is not None:
        of_current = index < strategy.rolling_update.partition
    else:
        of_current = (
            strategy.type == "RollingUpdate" and index < stateful_set.status.current_replicas
        )
    return PodSeen(ordinal, current if of_current else update, created=False)


# ---- status -----------------------------------------------------------------------------------


def update_status(status: StatefulSetStatus, pods: Iterable[PodSeen]) -> StatefulSetStatus:
    """The status with these pods counted. Go: updateStatus, computeReplicaStatus"""
    replicas = ready = available = current = updated = 0
    for pod in pods:
        replicas += is_created(pod)
        ready += is_running_and_ready(pod)
        available += is_running_and_ready(pod) and is_running_and_available(pod)
        if is_created(pod) and not is_terminating(pod):
            current += pod.revision == status.current_revision
            updated += pod.revision == status.update_revision
    return evolve(
        status,
        replicas=replicas,
        ready_replicas=ready,
        available_replicas=available,
        current_replicas=current,
        updated_replicas=updated,
    )


def inconsistent_status(stateful_set: StatefulSet, status: StatefulSetStatus) -> bool:
    """Whether the status is to be written. Go: inconsistentStatus"""
    reported = stateful_set.status
    if reported.observed_generation is not Observed.CURRENT:
        return True
    return evolve(status, observed_generation=Observed.CURRENT) != reported


def complete_rolling_update(
    stateful_set: StatefulSet, status: StatefulSetStatus, variant: frozenset[str] = frozenset()
) -> StatefulSetStatus:
    """The status with the update revision as the current one, if all pods are of it and ready.

    Readiness is enough, whatever minReadySeconds says. Until 1.36 only with RollingUpdate.
    Go: completeRollingUpdate; v1.37.1 completeUpdate, as the rule `sts-on-delete-completes`
    """
    wanted = stateful_set.spec.replicas
    if "sts-partition-pod-below-partition-upgraded" in variant:
        wanted = status.replicas
    rolling = stateful_set.spec.update_strategy.type == "RollingUpdate"
    complete = (
        (rolling or "sts-on-delete-completes" in variant)
        and status.updated_replicas == wanted
        and status.ready_replicas == wanted
        and status.replicas == wanted
    )
    if "sts-completion-ignores-minreadyseconds" in variant:
        complete = complete and status.available_replicas == wanted
    if "sts-partition-scale-to-zero-promotes-revision" in variant:
        complete = complete and wanted > 0
    if not complete:
        return status
    return evolve(
        status,
        current_replicas=status.updated_replicas,
        current_revision=status.update_revision,
    )


def get_stateful_set_max_unavailable(bound: IntOrPercent | None, replicas: int) -> int:
    """maxUnavailable as a number of pods, rounded down and at least 1. Go: the same name

    >>> get_stateful_set_max_unavailable(IntOrPercent.percent(40), 4)
    1
    """
    if bound is None:
        return 1
    if bound.kind == "int":
        return maximum(1, bound.value)
    return maximum(1, floor_div(bound.value * replicas, 100))


# ---- claims -----------------------------------------------------------------------------------


def has_stale_owner_ref(claim: Claim, pod: PodSeen) -> bool:
    """Whether the claim is a former pod's of this name. Go: hasStaleOwnerRef for pods"""
    return claim.owner is not None and claim.owner > BY_SET and claim.owner != pod.uid


def is_of_a_former_set(claim: Claim, uid: int) -> bool:
    """Whether the claim is that of a set of this name with another uid. Go: hasStaleOwnerRef"""
    return claim.owner is not None and claim.owner <= BY_SET and claim.owner != uid


def wanted_owner(pod: PodSeen, spec: StatefulSetSpec, uid: int = BY_SET) -> ClaimOwner:
    """
    Whose the claim of this pod is to be, in a set with that uid.

    Go: updateClaimOwnerRefForSetAndPod
    """
    policy = spec.retention
    condemned = not pod_in_ordinal_range(pod.ordinal, spec)
    if policy.when_scaled == DELETE and condemned:
        return pod.uid
    return None if policy.when_deleted == RETAIN else uid


def is_claim_owner_up_to_date(
    claim: Claim, pod: PodSeen, spec: StatefulSetSpec, uid: int = BY_SET
) -> bool:
    """Whether the claim is whose it is to be; a stale reference is left alone. Go: same name"""
    stale = has_stale_owner_ref(claim, pod) or is_of_a_former_set(claim, uid)
    return stale or claim.owner == wanted_owner(pod, spec, uid)
