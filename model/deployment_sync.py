"""
Resizing a Deployment, its history and its status: what `sync` does besides rolling out.

:Go: kubernetes v1.36.3 pkg/controller/deployment/sync.go
:Docs: https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#scaling-a-deployment
:Omits: names of ReplicaSets. `sync`, `getAllReplicaSetsAndSyncRevision` and
    `getNewReplicaSet`, which call these and write, are in `deployment.py`.

Functions return what they would write, in order: each ReplicaSet as it would be sent.
"""

from collections.abc import Iterable

from attrs import evolve

from seatrial.core.arith import maximum

from .api import (
    Deployment,
    DeploymentCondition,
    DeploymentStatus,
    Observed,
    ReplicaSet,
)
from .controller_utils import (
    filter_active_replica_sets,
    replica_sets_by_creation_timestamp,
    replica_sets_by_size_newer,
    replica_sets_by_size_older,
)
from .deployment_conditions import (
    MINIMUM_REPLICAS_AVAILABLE,
    MINIMUM_REPLICAS_UNAVAILABLE,
    PAUSED_DEPLOY_REASON,
    RESUMED_DEPLOY_REASON,
    TIMED_OUT_REASON,
    get_deployment_condition,
    has_progress_deadline,
    set_deployment_condition,
)
from .deployment_replica_sets import (
    find_active_or_latest,
    has_revision_history_limit,
    replica_sets_by_revision,
    replicas_annotations_need_update,
    set_replicas_annotations,
)
from .deployment_util import (
    get_actual_replica_count_for_replica_sets,
    get_available_replica_count_for_replica_sets,
    get_ready_replica_count_for_replica_sets,
    get_replica_count_for_replica_sets,
    get_replica_set_proportion,
    get_terminating_replica_count_for_replica_sets,
    is_rolling_update,
    is_saturated,
    max_surge,
    max_unavailable,
)

__all__ = [
    "calculate_status",
    "check_paused_conditions",
    "cleanup_deployment",
    "is_scaling_event",
    "proportional_sizes",
    "scale",
    "scale_replica_set",
]


def check_paused_conditions(deployment: Deployment) -> DeploymentStatus | None:
    """
    The status to write because the Deployment was paused or resumed; None for none.

    A rollout's time stops while it is paused: resuming starts it anew. One that has taken too long
    already stays so. Go: checkPausedConditions
    """
    if not has_progress_deadline(deployment):
        return None
    cond = get_deployment_condition(deployment.status, "Progressing")
    if cond is not None and cond.reason == TIMED_OUT_REASON:
        return None
    paused_cond_exists = cond is not None and cond.reason == PAUSED_DEPLOY_REASON
    if deployment.spec.paused == paused_cond_exists:
        return None
    reason = PAUSED_DEPLOY_REASON if deployment.spec.paused else RESUMED_DEPLOY_REASON
    return set_deployment_condition(
        deployment.status, DeploymentCondition("Progressing", "Unknown", reason)
    )


def is_scaling_event(
    deployment: Deployment,
    rss: Iterable[ReplicaSet],
    variant: frozenset[str] = frozenset(),
) -> bool:
    """
    Whether `spec.replicas` is not what some active ReplicaSet has noted of it.

    Go: isScalingEvent
    """
    active = filter_active_replica_sets(rss)
    noted = [rs.desired_replicas for rs in active if rs.desired_replicas is not None]
    if "dep-old-rs-scaled-up-mid-rollout" in variant and noted:
        sizes = get_replica_count_for_replica_sets(active)
        return sizes != deployment.spec.replicas or any(each != sizes for each in noted)
    return any(each != deployment.spec.replicas for each in noted)


def scale(
    deployment: Deployment,
    new_rs: ReplicaSet | None,
    old_rss: Iterable[ReplicaSet],
    variant: frozenset[str] = frozenset(),
) -> tuple[ReplicaSet, ...]:
    """
    Resize the ReplicaSets of a Deployment that was resized, or is paused.

    A single active one takes all of it, be it new or old. Note that if it has the right size
    already, its annotations stay as they are, right or wrong. Several share in proportion, so that
    a rollout is neither sped up nor held up by the resizing. Go: scale
    """
    desired = deployment.spec.replicas
    # Looking for the active one leaves the caller's list the youngest first.
    old_rss = replica_sets_by_creation_timestamp(old_rss)[::-1]
    active_or_latest = find_active_or_latest(new_rs, old_rss)
    if active_or_latest is not None:
        return _sent([scale_replica_set(active_or_latest, desired, deployment)])
    if is_saturated(deployment, new_rs):
        active_old = filter_active_replica_sets(old_rss)
        return _sent(scale_replica_set(old, 0, deployment) for old in active_old)
    if is_rolling_update(deployment):
        all_rss = filter_active_replica_sets(old_rss if new_rs is None else (*old_rss, new_rs))
        sizes = proportional_sizes(all_rss, deployment, variant)
        return _sent(
            scale_replica_set(rs, size, deployment, force_update=True) for rs, size in sizes
        )
    return ()


def proportional_sizes(
    active_rss: tuple[ReplicaSet, ...],
    deployment: Deployment,
    variant: frozenset[str] = frozenset(),
) -> tuple[tuple[ReplicaSet, int], ...]:
    """
    Each active ReplicaSet with the size that it gets, in the order in which they are written.

    Larger ones come first; of equal ones the younger when growing, the older when shrinking. What
    rounding leaves over goes to the first, which stops at 0. Go: scale, its last part
    """
    desired = deployment.spec.replicas
    allowed_size = desired + max_surge(deployment) if desired > 0 else 0
    to_add = allowed_size - get_replica_count_for_replica_sets(active_rss)
    if to_add == 0 or not active_rss:
        return tuple((rs, rs.replicas) for rs in active_rss)
    ordered = replica_sets_by_size_newer if to_add > 0 else replica_sets_by_size_older
    added = 0
    sizes: list[tuple[ReplicaSet, int]] = []
    for rs in ordered(active_rss):
        proportion = get_replica_set_proportion(rs, deployment, to_add, added, variant)
        sizes.append((rs, rs.replicas + proportion))
        added = added + proportion
    largest, size = sizes[0]
    sizes[0] = (largest, maximum(0, size + to_add - added))
    return tuple(sizes)


def scale_replica_set(
    rs: ReplicaSet, new_scale: int, deployment: Deployment, force_update: bool = False
) -> ReplicaSet | None:
    """
    The ReplicaSet to send, with its new size and both annotations; None where nothing is written.

    Wrong annotations alone are a reason to write only where `force_update` is set. It counts as
    scaled where the size is another one. Go: scaleReplicaSet
    """
    if not force_update and rs.replicas == new_scale:
        return None
    desired = deployment.spec.replicas
    maximal = desired + max_surge(deployment)
    if rs.replicas != new_scale or replicas_annotations_need_update(rs, desired, maximal):
        return set_replicas_annotations(evolve(rs, replicas=new_scale), desired, maximal)
    return None


def _sent(rss: Iterable[ReplicaSet | None]) -> tuple[ReplicaSet, ...]:
    return tuple(rs for rs in rss if rs is not None)


def cleanup_deployment(
    old_rss: Iterable[ReplicaSet],
    deployment: Deployment,
    variant: frozenset[str] = frozenset(),
) -> tuple[ReplicaSet, ...]:
    """
    The old ReplicaSets to delete, in order, so that revisionHistoryLimit of them remain.

    Only the oldest revisions beyond the limit are looked at. One that still has pods, or whose
    status is not of its present spec, stays, and no other goes in its place. Go: cleanupDeployment
    """
    limit = deployment.spec.revision_history_limit
    if limit is None or not has_revision_history_limit(deployment):
        return ()
    cleanable = [rs for rs in old_rss if not rs.deleting]
    diff = len(cleanable) - limit
    if "dep-history-cleanup-counts-uncleanable-rs" in variant:
        cleanable = [rs for rs in cleanable if rs.replicas == 0 == rs.status.replicas]
    # Upstream counts to `diff`; the list is known when the limit is not.
    return tuple(
        rs
        for at, rs in enumerate(replica_sets_by_revision(cleanable))
        if at < diff
        and rs.status.replicas == 0
        and rs.replicas == 0
        and rs.status.observed_generation is Observed.CURRENT
    )


def calculate_status(
    all_rss: Iterable[ReplicaSet],
    new_rs: ReplicaSet | None,
    deployment: Deployment,
    variant: frozenset[str] = frozenset(),
    terminating_replicas: bool = True,
) -> DeploymentStatus:
    """
    The status that the ReplicaSets, as seen, add up to; conditions stay, but for Available.

    Unavailable are the pods that sizes ask for and that are not available, never fewer than 0.
    `terminating_replicas` is the feature gate of that field. Go: calculateStatus
    """
    all_rss = tuple(all_rss)
    available_replicas = get_available_replica_count_for_replica_sets(all_rss)
    unavailable = get_replica_count_for_replica_sets(all_rss) - available_replicas
    if "dep-negative-unavailable-wedges-status" not in variant:
        unavailable = maximum(0, unavailable)
    terminating = None
    if terminating_replicas:
        terminating = get_terminating_replica_count_for_replica_sets(all_rss)
    status = DeploymentStatus(
        observed_generation=Observed.CURRENT,
        replicas=get_actual_replica_count_for_replica_sets(all_rss),
        updated_replicas=0 if new_rs is None else new_rs.status.replicas,
        ready_replicas=get_ready_replica_count_for_replica_sets(all_rss),
        available_replicas=available_replicas,
        unavailable_replicas=unavailable,
        terminating_replicas=terminating,
        conditions=deployment.status.conditions,
        collision_count=deployment.status.collision_count,
    )
    if available_replicas >= deployment.spec.replicas - max_unavailable(deployment):
        available = DeploymentCondition("Available", "True", MINIMUM_REPLICAS_AVAILABLE)
    else:
        available = DeploymentCondition("Available", "False", MINIMUM_REPLICAS_UNAVAILABLE)
    return set_deployment_condition(status, available)
