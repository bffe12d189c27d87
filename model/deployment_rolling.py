"""
RollingUpdate: grow the new ReplicaSet if there is room, otherwise shrink the old ones.

:Go: kubernetes v1.36.3 pkg/controller/deployment/rolling.go
:Docs: https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#rolling-update-deployment
:Omits: nothing of the two procedures. `rolloutRolling`, which calls them, and what happens when a
    write fails are in `deployment.py`.

Functions return what they would write, in order: each ReplicaSet as it would be sent.
"""

from collections.abc import Iterable

from attrs import frozen

from seatrial.core.arith import minimum

from .api import Deployment, ReplicaSet
from .controller_utils import replica_sets_by_creation_timestamp
from .deployment_sync import scale_replica_set
from .deployment_util import (
    get_available_replica_count_for_replica_sets,
    get_replica_count_for_replica_sets,
    max_unavailable,
    new_rs_new_replicas,
)

__all__ = [
    "Scaling",
    "cleanup_unhealthy_replicas",
    "max_scaled_down",
    "reconcile_new_replica_set",
    "reconcile_old_replica_sets",
    "scale_down_old_replica_sets_for_rolling_update",
]


@frozen
class Scaling:
    """What one of the functions below does."""

    rss: tuple[ReplicaSet, ...]
    """The ReplicaSets that it was given to scale, as they are after the writes."""
    writes: tuple[ReplicaSet, ...] = ()
    """What is sent, in this order."""
    count: int = 0
    """By how many pods sizes shrink."""
    failed: bool = False
    """
    Whether it gave up at a size that would have risen. `reconcile_old_replica_sets` swallows that:
    the writes made before remain, and its caller is told that nothing was scaled.
    """

    @property
    def scaled(self) -> bool:
        """Whether the caller is told that something was scaled, and leaves it at that for now."""
        return bool(self.writes) and not self.failed


def reconcile_new_replica_set(
    all_rss: Iterable[ReplicaSet], new_rs: ReplicaSet, deployment: Deployment
) -> Scaling:
    """
    Bring the new ReplicaSet to `spec.replicas`, growing only as far as maxSurge leaves room.

    Go: reconcileNewReplicaSet
    """
    desired = deployment.spec.replicas
    if new_rs.replicas == desired:
        return Scaling((new_rs,))
    if new_rs.replicas > desired:
        return _scaled(new_rs, desired, deployment)
    return _scaled(new_rs, new_rs_new_replicas(deployment, all_rss, new_rs), deployment)


def _scaled(rs: ReplicaSet, new_scale: int, deployment: Deployment) -> Scaling:
    sent = scale_replica_set(rs, new_scale, deployment)
    return Scaling((rs,)) if sent is None else Scaling((sent,), (sent,))


def reconcile_old_replica_sets(
    all_rss: Iterable[ReplicaSet],
    old_rss: Iterable[ReplicaSet],
    new_rs: ReplicaSet,
    deployment: Deployment,
    variant: frozenset[str] = frozenset(),
) -> Scaling:
    """
    Shrink old ReplicaSets, those with pods that are not available first.

    `old_rss` are the active ones only. That decides whose pods count as available further down: an
    old ReplicaSet that is to have none no longer counts, even if its pods still serve.
    Go: reconcileOldReplicaSets
    """
    old_rss = tuple(old_rss)
    if get_replica_count_for_replica_sets(old_rss) == 0:
        return Scaling(old_rss)
    most = max_scaled_down(all_rss, new_rs, deployment)
    if most <= 0:
        return Scaling(old_rss)
    cleaned = cleanup_unhealthy_replicas(old_rss, deployment, most, variant)
    if cleaned.failed:
        return cleaned
    counted = (*cleaned.rss, new_rs)
    if "availability-over-inactive" in variant:
        counted = (*counted, *(rs for rs in all_rss if rs.replicas == 0 and rs != new_rs))
    shrunk = scale_down_old_replica_sets_for_rolling_update(counted, cleaned.rss, deployment)
    return Scaling(
        shrunk.rss, (*cleaned.writes, *shrunk.writes), cleaned.count + shrunk.count, shrunk.failed
    )


def max_scaled_down(
    all_rss: Iterable[ReplicaSet], new_rs: ReplicaSet, deployment: Deployment
) -> int:
    """
    How many pods there are beyond minAvailable, not counting new ones that are not available.

    What the new ReplicaSet lacks is taken off, so that a new template that never becomes available
    does not cost old pods. Go: reconcileOldReplicaSets, maxScaledDown
    """
    all_pods_count = get_replica_count_for_replica_sets(all_rss)
    new_rs_unavailable_pod_count = new_rs.replicas - new_rs.status.available_replicas
    return all_pods_count - _least_available(deployment) - new_rs_unavailable_pod_count


def cleanup_unhealthy_replicas(
    old_rss: Iterable[ReplicaSet],
    deployment: Deployment,
    max_cleanup_count: int,
    variant: frozenset[str] = frozenset(),
) -> Scaling:
    """
    Take from old ReplicaSets, oldest first, the pods that they have but are not available.

    A ReplicaSet deletes pods that are not ready before those that are, so this costs nothing. One
    that reports more available pods than it is to have (it has not caught up with shrinking yet)
    would come out larger: that is an error, and no later one is looked at.
    Go: cleanupUnhealthyReplicas
    """
    rss = list(replica_sets_by_creation_timestamp(old_rss))
    writes: list[ReplicaSet] = []
    done = 0
    for at, rs in enumerate(rss):
        if done >= max_cleanup_count:
            break
        if rs.replicas == 0 or rs.replicas == rs.status.available_replicas:
            continue
        count = minimum(max_cleanup_count - done, rs.replicas - rs.status.available_replicas)
        grows = _would_scale_up(rs, rs.replicas - count)
        if grows and "cleanup-may-scale-up" not in variant:
            return Scaling(tuple(rss), tuple(writes), done, failed=True)
        rss[at] = _shrink(rs, count, deployment, writes)
        done = done + count
    return Scaling(tuple(rss), tuple(writes), done)


def scale_down_old_replica_sets_for_rolling_update(
    all_rss: Iterable[ReplicaSet], old_rss: Iterable[ReplicaSet], deployment: Deployment
) -> Scaling:
    """
    Take from old ReplicaSets, oldest first, as many pods as are available beyond minAvailable.

    Upstream looks for a size that would rise here as well; it cannot, since each takes at least 1.
    Go: scaleDownOldReplicaSetsForRollingUpdate
    """
    rss = list(replica_sets_by_creation_timestamp(old_rss))
    writes: list[ReplicaSet] = []
    done = 0
    most = get_available_replica_count_for_replica_sets(all_rss) - _least_available(deployment)
    if most <= 0:
        return Scaling(tuple(rss))
    for at, rs in enumerate(rss):
        if done >= most:
            break
        if rs.replicas == 0:
            continue
        count = minimum(rs.replicas, most - done)
        rss[at] = _shrink(rs, count, deployment, writes)
        done = done + count
    return Scaling(tuple(rss), tuple(writes), done)


def _least_available(deployment: Deployment) -> int:
    return deployment.spec.replicas - max_unavailable(deployment)


def _would_scale_up(rs: ReplicaSet, new_scale: int) -> bool:
    return new_scale > rs.replicas


def _shrink(
    rs: ReplicaSet, count: int, deployment: Deployment, writes: list[ReplicaSet]
) -> ReplicaSet:
    sent = scale_replica_set(rs, rs.replicas - count, deployment)
    if sent is None:
        return rs
    writes.append(sent)
    return sent
