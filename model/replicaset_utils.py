"""
What a ReplicaSet reports about its pods, how many it creates at a time, and which it deletes.

:Go: kubernetes v1.36.3 pkg/controller/replicaset/replica_set.go and replica_set_utils.go
:Docs: https://kubernetes.io/docs/concepts/workloads/controllers/replicaset/
:Omits: what decides between pods of equal rank (how long ready, restarts, age, UID), which is a
    choice instead; messages and times of the ReplicaFailure condition. `syncReplicaSet` and
    `manageReplicas`, which call these and write, are in `replicaset.py`.
"""

from attrs import evolve

from seatrial.core import Population, split
from seatrial.core.arith import minimum, total

from .api import Observed, PodKind, ReplicaSet, ReplicaSetStatus
from .controller_utils import (
    POD_PHASE_TO_ORDINAL,
    SLOW_START_INITIAL_BATCH_SIZE,
    filter_active_pods,
)

__all__ = [
    "BURST_REPLICAS",
    "calculate_status",
    "get_pods_ranked_by_related_pods_on_same_node",
    "get_pods_to_delete",
    "slow_start_batch",
    "update_replica_set_status",
]

BURST_REPLICAS = 500
"""How many pods one sync creates or deletes at most. Go: BurstReplicas"""


def calculate_status(
    rs: ReplicaSet,
    active_pods: Population[PodKind],
    terminating_pods: Population[PodKind],
    manage_replicas_failed: bool,
) -> ReplicaSetStatus:
    """
    The status that these pods make; they were listed before the sync created or deleted any.

    A failure is noted with the reason that its first occurrence had, and is cleared by the first
    sync without one, even by a sync that was not allowed to create or delete. Go: calculateStatus
    """
    replica_failure = rs.status.replica_failure
    if manage_replicas_failed and replica_failure is None:
        diff = active_pods.total - rs.replicas
        replica_failure = "FailedCreate" if diff < 0 else "FailedDelete" if diff > 0 else ""
    elif not manage_replicas_failed:
        replica_failure = None
    return evolve(
        rs.status,
        replicas=active_pods.total,
        fully_labeled_replicas=active_pods.where(lambda pod: pod.fully_labeled).total,
        ready_replicas=active_pods.where(lambda pod: pod.ready).total,
        available_replicas=active_pods.where(lambda pod: pod.ready and pod.available).total,
        terminating_replicas=terminating_pods.total,
        replica_failure=replica_failure,
    )


def update_replica_set_status(
    rs: ReplicaSet, new_status: ReplicaSetStatus
) -> ReplicaSetStatus | None:
    """
    The status to write, or None where it says nothing new about the present spec.

    A write that fails is tried once more with the same numbers. Go: updateReplicaSetStatus
    """
    new_status = evolve(new_status, observed_generation=Observed.CURRENT)
    return None if new_status == rs.status else new_status


def slow_start_batch(
    count: int, initial_batch_size: int = SLOW_START_INITIAL_BATCH_SIZE
) -> tuple[int, ...]:
    """
    The sizes of the batches in which `count` calls are made; a batch with an error is the last.

    Go: slowStartBatch

    >>> slow_start_batch(10)
    (1, 2, 4, 3)
    """
    batches: list[int] = []
    remaining = count
    batch_size = minimum(remaining, initial_batch_size)
    while batch_size > 0:
        batches.append(batch_size)
        remaining = remaining - batch_size
        batch_size = minimum(2 * batch_size, remaining)
    return tuple(batches)


def get_pods_to_delete(
    filtered_pods: Population[PodKind], related_pods: Population[PodKind], diff: int
) -> Population[PodKind]:
    """
    The `diff` of the ReplicaSet's pods that it deletes, at most as many as there are.

    Which of those of equal rank go is open. Upstream asks there for things that are not part of
    `PodKind`, at last for random names: any of them may be the one. Go: getPodsToDelete
    """
    if diff >= filtered_pods.total:
        return filtered_pods
    chosen: Population[PodKind] = Population()
    for alike in get_pods_ranked_by_related_pods_on_same_node(filtered_pods, related_pods):
        missing = diff - chosen.total
        if missing <= 0:
            break
        if missing >= alike.total:
            chosen = chosen + alike
        elif len(alike.counts) == 1:
            ((kind, _),) = alike.counts
            chosen = chosen.add(kind, missing)
        else:
            chosen = chosen + split(alike, missing)
    return chosen


def get_pods_ranked_by_related_pods_on_same_node(
    pods_to_rank: Population[PodKind], related_pods: Population[PodKind]
) -> tuple[Population[PodKind], ...]:
    """
    The pods in groups that rank equal, those to be deleted first in front.

    `related_pods` are the pods of all ReplicaSets with the same owner; a ReplicaSet without owner
    has none, and then no node is more crowded than another.
    Go: getPodsRankedByRelatedPodsOnSameNode, ActivePodsWithRanks.Less (steps 1 to 5)
    """
    active = filter_active_pods(related_pods).items()

    def rank(kind: PodKind) -> tuple[bool, int, bool, int, int]:
        on_same_node = total(count for related, count in active if related.node == kind.node)
        return (
            kind.node is not None,
            POD_PHASE_TO_ORDINAL[kind.phase],
            kind.ready,
            kind.deletion_cost,
            -on_same_node,
        )

    ranked = sorted(((rank(kind), kind, n) for kind, n in pods_to_rank.items()), key=lambda r: r[0])
    groups: list[tuple[tuple[bool, int, bool, int, int], Population[PodKind]]] = []
    for key, kind, count in ranked:
        if groups and groups[-1][0] == key:
            groups[-1] = (key, groups[-1][1].add(kind, count))
        else:
            groups.append((key, Population({kind: count})))
    return tuple(group for _, group in groups)
