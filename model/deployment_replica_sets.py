"""
Which of a Deployment's ReplicaSets is which, and the numbers that the controller notes on them.

:Go: kubernetes v1.36.3 pkg/controller/deployment/util/deployment_util.go
:Docs: https://kubernetes.io/docs/concepts/workloads/controllers/deployment/
:Omits: annotations copied from the Deployment, the history of earlier revisions in an annotation,
    annotations that are no numbers, pods of ReplicaSets.
"""

from collections.abc import Iterable

from attrs import evolve

from seatrial.core.arith import maximum, minimum

from .api import MAX_INT32, Deployment, ReplicaSet
from .controller_utils import filter_active_replica_sets, replica_sets_by_creation_timestamp
from .deployment_util import max_surge

__all__ = [
    "find_active_or_latest",
    "find_new_replica_set",
    "find_old_replica_sets",
    "has_revision_history_limit",
    "last_revision",
    "max_revision",
    "next_revision",
    "replica_sets_by_revision",
    "replicas_annotations_need_update",
    "revision",
    "set_deployment_revision",
    "set_new_replica_set_annotations",
    "set_replicas_annotations",
]


# ---- which ReplicaSet is which ----------------------------------------------------------------


def find_new_replica_set(deployment: Deployment, rss: Iterable[ReplicaSet]) -> ReplicaSet | None:
    """The oldest ReplicaSet of the Deployment's template, if there is one. Go: FindNewReplicaSet"""
    same = [rs for rs in rss if rs.template == deployment.spec.template]
    return replica_sets_by_creation_timestamp(same)[0] if same else None


def find_old_replica_sets(
    deployment: Deployment,
    rss: Iterable[ReplicaSet],
    variant: frozenset[str] = frozenset(),
) -> tuple[tuple[ReplicaSet, ...], tuple[ReplicaSet, ...]]:
    """
    The old ReplicaSets that ought to have pods, and all old ones, oldest first.

    A younger one of the Deployment's own template counts as old. Go: FindOldReplicaSets
    """
    ordered = replica_sets_by_creation_timestamp(rss)
    new_rs = find_new_replica_set(deployment, ordered)
    old_rss = tuple(rs for rs in ordered if new_rs is None or rs.created != new_rs.created)
    if "dep-scaled-to-zero-forgets-old-rs" in variant:
        old_rss = tuple(rs for rs in old_rss if rs.status.replicas > 0)
    return filter_active_replica_sets(old_rss), old_rss


def find_active_or_latest(
    new_rs: ReplicaSet | None, old_rss: Iterable[ReplicaSet]
) -> ReplicaSet | None:
    """
    The only ReplicaSet that ought to have pods; if none ought to, the new one or the youngest.

    None where several ought to, which then share. Go: FindActiveOrLatest
    """
    youngest_first = replica_sets_by_creation_timestamp(old_rss)[::-1]
    all_rss = youngest_first if new_rs is None else (*youngest_first, new_rs)
    active = filter_active_replica_sets(all_rss)
    if len(active) == 1:
        return active[0]
    if active or not all_rss:
        return None
    return new_rs if new_rs is not None else youngest_first[0]


# ---- revisions --------------------------------------------------------------------------------


def revision(rs: ReplicaSet) -> int:
    """The number in the annotation; 0 where it is missing. Go: Revision"""
    return 0 if rs.revision is None else rs.revision


def max_revision(rss: Iterable[ReplicaSet]) -> int:
    """The highest revision, 0 for no ReplicaSets. Go: MaxRevision"""
    return maximum(0, *(revision(rs) for rs in rss))


def last_revision(rss: Iterable[ReplicaSet]) -> int:
    """
    The highest revision but one, which a rollback to 0 asks for. Go: LastRevision

    >>> last_revision([ReplicaSet(1, 1, revision=3), ReplicaSet(2, 2, revision=5)])
    3
    """
    highest, second = 0, 0
    for rs in rss:
        second = maximum(second, minimum(highest, revision(rs)))
        highest = maximum(highest, revision(rs))
    return second


def next_revision(old_rss: Iterable[ReplicaSet]) -> int:
    """What the new ReplicaSet is to have: one more than any old one. Go: getNewReplicaSet"""
    return max_revision(old_rss) + 1


def replica_sets_by_revision(rss: Iterable[ReplicaSet]) -> tuple[ReplicaSet, ...]:
    """Lowest revision first, of equal ones the oldest. Go: ReplicaSetsByRevision"""
    return tuple(sorted(rss, key=lambda rs: (revision(rs), rs.created)))


def has_revision_history_limit(deployment: Deployment) -> bool:
    """Whether old ReplicaSets are ever deleted. Go: HasRevisionHistoryLimit"""
    limit = deployment.spec.revision_history_limit
    return limit is not None and limit != MAX_INT32


# ---- annotations ------------------------------------------------------------------------------


def set_deployment_revision(deployment: Deployment, number: int | None) -> Deployment:
    """The Deployment with its new ReplicaSet's revision. Go: SetDeploymentRevision"""
    if deployment.revision == number:
        return deployment
    return evolve(deployment, revision=number)


def set_new_replica_set_annotations(
    deployment: Deployment, new_rs: ReplicaSet, new_revision: int, exists: bool
) -> ReplicaSet:
    """
    The new ReplicaSet with its revision raised, never lowered: older ones may be gone by now.

    Only one that is yet to be made also gets the numbers of its Deployment's size. It needs to be
    written iff it is not equal to what went in. Go: SetNewReplicaSetAnnotations
    """
    if revision(new_rs) < new_revision:
        new_rs = evolve(new_rs, revision=new_revision)
    if not exists:
        desired = deployment.spec.replicas
        new_rs = set_replicas_annotations(new_rs, desired, desired + max_surge(deployment))
    return new_rs


def set_replicas_annotations(rs: ReplicaSet, desired: int, maximal: int) -> ReplicaSet:
    """
    The ReplicaSet with the Deployment's size, and that size with surge, noted on it.

    A later sync tells from them whether the Deployment was resized since, and from which size.
    Go: SetReplicasAnnotations
    """
    return evolve(rs, desired_replicas=desired, max_replicas=maximal)


def replicas_annotations_need_update(rs: ReplicaSet, desired: int, maximal: int) -> bool:
    """Whether it has other numbers noted, or none. Go: ReplicasAnnotationsNeedUpdate"""
    return (
        rs.desired_replicas is None
        or rs.max_replicas is None
        or rs.desired_replicas != desired
        or rs.max_replicas != maximal
    )
