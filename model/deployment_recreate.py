"""
Recreate: all old pods go, and only when none is left do new ones come.

:Go: kubernetes v1.36.3 pkg/controller/deployment/recreate.go
:Docs: https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#recreate-deployment
:Omits: nothing of these. `rolloutRecreate`, which calls them and writes, is in `deployment.py`.
"""

from collections.abc import Iterable, Mapping

from seatrial.core import Population

from .api import Deployment, PodKind, ReplicaSet
from .deployment_sync import scale_replica_set
from .deployment_util import get_actual_replica_count_for_replica_sets

__all__ = [
    "old_pods_running",
    "scale_down_old_replica_sets_for_recreate",
    "scale_up_new_replica_set_for_recreate",
]


def scale_down_old_replica_sets_for_recreate(
    old_rss: Iterable[ReplicaSet], deployment: Deployment
) -> tuple[ReplicaSet, ...]:
    """What is sent to bring the old ReplicaSets to 0. Go: scaleDownOldReplicaSetsForRecreate"""
    sent = (scale_replica_set(rs, 0, deployment) for rs in old_rss)
    return tuple(rs for rs in sent if rs is not None)


def old_pods_running(
    new_rs: ReplicaSet | None,
    old_rss: Iterable[ReplicaSet],
    pod_map: Mapping[int, Population[PodKind]],
    variant: frozenset[str] = frozenset(),
) -> bool:
    """
    Whether an old ReplicaSet reports pods, or a pod is seen that is not new and not finished.

    `pod_map` has the Deployment's pods by the `created` of their ReplicaSet. Terminating pods
    count: unlike a rolling update, Recreate waits until they are gone. Go: oldPodsRunning
    """
    if get_actual_replica_count_for_replica_sets(old_rss) > 0:
        return True
    if "dep-recreate-starts-new-pods-before-old-gone" in variant:
        return False
    for created, pods in pod_map.items():
        if new_rs is not None and new_rs.created == created:
            continue
        if pods.where(lambda pod: pod.phase not in ("Failed", "Succeeded")).total > 0:
            return True
    return False


def scale_up_new_replica_set_for_recreate(
    new_rs: ReplicaSet, deployment: Deployment
) -> ReplicaSet | None:
    """What is sent to bring the new ReplicaSet to size. Go: scaleUpNewReplicaSetForRecreate"""
    return scale_replica_set(new_rs, deployment.spec.replicas, deployment)
