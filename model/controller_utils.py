"""
What several controllers share: expectations, which pods and ReplicaSets count, in which order.

:Go: kubernetes v1.36.3 pkg/controller/controller_utils.go
:Docs: https://kubernetes.io/docs/concepts/workloads/controllers/replicaset/
:Omits: the names in the UID-tracking layer (who knows whether a pod is among the expected ones
    calls `deletion_observed` only then); the five minutes after which expectations expire are a
    step of somebody else's; raising of expectations, which ReplicaSets never do.
"""

from collections.abc import Iterable
from types import MappingProxyType

from attrs import evolve, frozen

from seatrial.core import Population
from seatrial.core.arith import maximum

from .api import PodKind, ReplicaSet

__all__ = [
    "POD_PHASE_TO_ORDINAL",
    "SLOW_START_INITIAL_BATCH_SIZE",
    "Expectations",
    "filter_active_pods",
    "filter_active_replica_sets",
    "filter_terminating_pods",
    "is_pod_active",
    "is_pod_terminating",
    "replica_sets_by_creation_timestamp",
    "replica_sets_by_size_newer",
    "replica_sets_by_size_older",
]

SLOW_START_INITIAL_BATCH_SIZE = 1
"""How many pods the first batch of creations has. Go: SlowStartInitialBatchSize"""

POD_PHASE_TO_ORDINAL = MappingProxyType({"Pending": 0, "Unknown": 1, "Running": 2})
"""Phases of active pods in the order in which they are deleted. Go: podPhaseToOrdinal"""


@frozen
class Expectations:
    """
    How many creations and deletions of its own a controller has not seen in its cache yet.

    A fulfilled record answers every question as a missing one does, so `Expectations()` is both.
    For the same reason counts stop at 0, where upstream goes below: new expectations replace the
    record, so whatever lies below 0 is never seen again. Go: ControlleeExpectations

    >>> waiting = Expectations().expect_creations(2).creation_observed()
    >>> waiting, waiting.satisfied_expectations()
    (Expectations(add=1, delete=0, expired=False), False)
    >>> waiting.creation_observed().satisfied_expectations()
    True
    """

    add: int = 0
    delete: int = 0
    expired: bool = False
    """Whether the record is older than five minutes."""

    def fulfilled(self) -> bool:
        """Whether nothing is outstanding. Go: Fulfilled"""
        return self.add <= 0 and self.delete <= 0

    def satisfied_expectations(self) -> bool:
        """Whether the controller may create and delete again. Go: SatisfiedExpectations"""
        return self.fulfilled() or self.expired

    def set_expectations(self, add: int, delete: int) -> "Expectations":
        """A new record; whatever was outstanding is forgotten. Go: SetExpectations"""
        return Expectations(add, delete)

    def expect_creations(self, adds: int) -> "Expectations":
        """Outstanding deletions are forgotten. Go: ExpectCreations"""
        return self.set_expectations(adds, 0)

    def expect_deletions(self, deletes: int) -> "Expectations":
        """Outstanding creations are forgotten. Go: ExpectDeletions"""
        return self.set_expectations(0, deletes)

    def lower_expectations(self, add: int, delete: int) -> "Expectations":
        """That many fewer are outstanding. The record's age stays. Go: LowerExpectations"""
        return evolve(self, add=maximum(0, self.add - add), delete=maximum(0, self.delete - delete))

    def creation_observed(self) -> "Expectations":
        """A pod appeared in the cache, or will never be created. Go: CreationObserved"""
        return self.lower_expectations(1, 0)

    def deletion_observed(self) -> "Expectations":
        """A pod is seen terminating, or gone, or will not be deleted. Go: DeletionObserved"""
        return self.lower_expectations(0, 1)

    def expire(self) -> "Expectations":
        """Five minutes have passed: the controller stops waiting. Go: isExpired"""
        return self if self.fulfilled() else evolve(self, expired=True)

    def delete_expectations(self) -> "Expectations":
        """The owner is gone. Go: DeleteExpectations"""
        return Expectations()


def is_pod_active(pod: PodKind) -> bool:
    """Neither finished nor marked for deletion. Go: IsPodActive"""
    return pod.phase not in ("Succeeded", "Failed") and not pod.terminating


def is_pod_terminating(pod: PodKind) -> bool:
    """Marked for deletion, and its containers may still run. Go: IsPodTerminating"""
    return pod.phase not in ("Succeeded", "Failed") and pod.terminating


def filter_active_pods(pods: Population[PodKind]) -> Population[PodKind]:
    """The pods that a ReplicaSet counts. Go: FilterActivePods"""
    return pods.where(is_pod_active)


def filter_terminating_pods(pods: Population[PodKind]) -> Population[PodKind]:
    """The pods that are on their way out. Go: FilterTerminatingPods"""
    return pods.where(is_pod_terminating)


def filter_active_replica_sets(rss: Iterable[ReplicaSet]) -> tuple[ReplicaSet, ...]:
    """Those that ought to have pods, whatever pods they have. Go: FilterActiveReplicaSets"""
    return tuple(rs for rs in rss if rs.replicas > 0)


def replica_sets_by_creation_timestamp(rss: Iterable[ReplicaSet]) -> tuple[ReplicaSet, ...]:
    """Oldest first. Go: ReplicaSetsByCreationTimestamp"""
    return tuple(sorted(rss, key=lambda rs: rs.created))


def replica_sets_by_size_older(rss: Iterable[ReplicaSet]) -> tuple[ReplicaSet, ...]:
    """Largest first, of equal ones the oldest. Go: ReplicaSetsBySizeOlder"""
    return tuple(sorted(rss, key=lambda rs: (-rs.replicas, rs.created)))


def replica_sets_by_size_newer(rss: Iterable[ReplicaSet]) -> tuple[ReplicaSet, ...]:
    """Largest first, of equal ones the youngest. Go: ReplicaSetsBySizeNewer"""
    return tuple(sorted(rss, key=lambda rs: (-rs.replicas, -rs.created)))
