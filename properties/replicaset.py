"""What a ReplicaSet promises: so many pods, no more, and which of them go first."""

from collections.abc import Iterator

from seatrial.core import after_each_step, always, at_most, converges_to
from seatrial.model import api

from .promise import (
    ATOMIC,
    FRESH,
    INTERLEAVED,
    NO_PAUSE,
    NOTHING_LOST,
    SAME_SIZE,
    TOLD,
    Promise,
    at_all_times,
    under,
)

__all__ = ["PROMISES"]

_DOCS = "https://kubernetes.io/docs/concepts/workloads/controllers/replicaset/"
_GO = "pkg/controller/replicaset/replica_set.go"
_UTILS = "pkg/controller/replicaset/replica_set_utils.go"
_SYNC_DELETES = ("start_sync", "delete_pod")
"""The steps in which this controller deletes pods: at level atomic a whole sync is the first."""
_SYNC_CHOOSES = ("start_sync", "list_pods")
"""The steps in which it chooses them: listing is a part of the first, but at level faulty."""


# ---- how many ---------------------------------------------------------------------------------


@at_all_times
@converges_to(
    id="replicaset-count-eventually",
    says="in the end a ReplicaSet has as many pods as its size",
    source=_DOCS + "#how-a-replicaset-works",
    over="template",
)
def as_many_as_its_size(active: int, size: int) -> bool:
    return active == size


def _most(manifest: api.DeploymentSpec) -> int:
    return manifest.replicas


@under(SAME_SIZE, NO_PAUSE, TOLD)
@at_most(
    id="replicaset-never-too-many",
    says="a ReplicaSet never has more active pods than its Deployment has replicas",
    source=f"{_GO} manageReplicas; pkg/controller/controller_utils.go SatisfiedExpectations",
    over="template",
    bound=_most,
)
def never_too_many(own_active: int) -> int:
    """The pods that a former ReplicaSet of its name has left are not its own."""
    return own_active


@under(ATOMIC, FRESH)
@after_each_step(
    id="replicaset-creates-what-is-missing",
    says="a ReplicaSet creates no more pods than are missing",
    source=f"{_GO} manageReplicas",
    over="template",
    premise=lambda own_active, own_active_before: own_active > own_active_before,
)
def creates_what_is_missing(own_active: int, own_active_before: int, size: int) -> Iterator[str]:
    if own_active > size:
        yield (
            f"{own_active - own_active_before} pods are created beside {own_active_before};"
            f" {size} are asked for"
        )


@under(ATOMIC, FRESH)
@after_each_step(
    id="replicaset-deletes-the-surplus",
    says="a ReplicaSet deletes no more pods than are surplus",
    source=f"{_GO} manageReplicas",
    over="template",
    premise=lambda action, active, active_before: (
        action in _SYNC_DELETES and active < active_before
    ),
)
def deletes_the_surplus(active: int, active_before: int, size: int) -> Iterator[str]:
    if active < size:
        yield f"{active_before - active} of {active_before} pods are deleted; {size} are asked for"


# ---- which of them ----------------------------------------------------------------------------


@under(ATOMIC, FRESH, NOTHING_LOST)
@after_each_step(
    id="replicaset-unready-go-first",
    says="a ReplicaSet that shrinks deletes no ready pod while it has one that is not ready",
    source=_DOCS + "#scaling-a-replicaset",
    over="template",
    premise=lambda action, ready, ready_before: action in _SYNC_DELETES and ready < ready_before,
)
def unready_go_first(active: int, ready: int, ready_before: int) -> Iterator[str]:
    if active > ready:
        yield (
            f"{ready_before - ready} ready pods are deleted and {active - ready} that are not"
            " ready are kept"
        )


@under(where=[INTERLEAVED])
@after_each_step(
    id="replicaset-victim-order",
    says="of the pods that it sees, a ReplicaSet chooses no ready one for deletion while one that"
    " is not ready is left",
    source="https://github.com/kubernetes/enhancements/tree/master/keps/sig-apps/2255-pod-cost",
    over="template",
    premise=lambda action, doomed_ready, doomed_ready_before: (
        action in _SYNC_CHOOSES and doomed_ready > doomed_ready_before
    ),
)
def unready_are_chosen_first(
    doomed_ready: int, doomed_ready_before: int, spared_unready: int
) -> Iterator[str]:
    if spared_unready:
        yield (
            f"{doomed_ready - doomed_ready_before} ready pods are chosen and {spared_unready} that"
            " are not ready are spared"
        )


# ---- what it reports --------------------------------------------------------------------------


@at_all_times
@converges_to(
    id="replicaset-status-at-rest",
    says="in the end the status has the numbers of pods that there are, is of the present"
    " generation, and has no ReplicaFailure",
    source=f"{_UTILS} calculateStatus",
    over="template",
)
def status_at_rest(
    replica_set: api.ReplicaSet | None, active: int, ready: int, available: int, terminating: int
) -> bool:
    if replica_set is None or replica_set.deleting:
        return True
    status = replica_set.status
    return (
        (status.replicas, status.ready_replicas, status.available_replicas)
        == (active, ready, available)
        and status.terminating_replicas in (None, terminating)
        and status.observed_generation is api.Observed.CURRENT
        and status.replica_failure is None
    )


@at_all_times
@always(
    id="replicaset-status-in-order",
    says="a status never has more available than ready, nor more ready than all pods",
    source="pkg/apis/apps/validation/validation.go ValidateReplicaSetStatus",
    over="template",
    premise=lambda replica_set: replica_set is not None,
)
def status_in_order(replica_set: api.ReplicaSet | None) -> Iterator[str]:
    assert replica_set is not None
    status = replica_set.status
    if not status.available_replicas <= status.ready_replicas <= status.replicas:
        yield (
            f"the status has {status.replicas} pods, {status.ready_replicas} ready,"
            f" {status.available_replicas} available"
        )


PROMISES: tuple[Promise, ...] = (
    as_many_as_its_size,
    never_too_many,
    creates_what_is_missing,
    deletes_the_surplus,
    unready_go_first,
    unready_are_chosen_first,
    status_at_rest,
    status_in_order,
)
