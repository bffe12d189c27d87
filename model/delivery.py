"""
Watch events reach the caches, and their handlers put keys into the work queues.

:Go: kubernetes v1.36.3 pkg/controller/replicaset/replica_set.go (addPod, updatePod, deletePod,
    addRS, updateRS, deleteRS); pkg/controller/deployment/deployment_controller.go (addDeployment …
    deletePod)
:Docs: https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes
:Omits: handlers for orphans; changes of labels and of owners; that a pod's event still finds its
    ReplicaSet in the cache when the API has lost it already; that the ReplicaSets of a Recreate
    Deployment are listed live when a pod is gone.
"""

from typing import Any

from attrs import evolve

from seatrial.core import All, Outcomes, outcome

from .api import PodKind, ReplicaSet
from .controller import Key
from .controller_utils import Expectations
from .informer import Queue
from .pods import Pod, Pods, as_seen, forgettable, is_about, looks

__all__ = [
    "deliver_deployment",
    "deliver_pod",
    "deliver_pod_for_recreate",
    "deliver_replica_set",
    "observed",
    "own_writes_unseen",
    "seen_pods",
]


def seen_pods(pods: Pods, variant: frozenset[str]) -> int:
    """View: how many pods of its ReplicaSet the cache shows."""
    return as_seen(pods).where(lambda kind: _counted(kind, variant)).total


def _counted(kind: PodKind | None, variant: frozenset[str]) -> bool:
    if "dep-recreate-requeue-missed-with-terminal-pods" in variant:
        return kind is not None and kind.phase not in ("Failed", "Succeeded")
    return kind is not None


def own_writes_unseen(replica_set_queue: Queue, pod_queue: Queue, template: int) -> bool:
    """View: whether a status or a pod that the ReplicaSet controller wrote is on its way still."""
    return any(event.key == template and event.own for event in (*replica_set_queue, *pod_queue))


def deliver_deployment(deployment_queue: Queue, deployment_key: Key) -> Outcomes:
    """The Deployment's cache gets the next event; its key is queued."""
    if deployment_queue:
        event, *rest = deployment_queue
        what = "is deleted" if event.value is None else "has changed"
        yield outcome(
            f"the cache learns that the Deployment {what}",
            deployment_cache=event.value,
            deployment_queue=tuple(rest),
            deployment_key=deployment_key.enqueued(),
        )


def deliver_replica_set(
    replica_set_queue: Queue,
    replica_set_cache: ReplicaSet | None,
    replica_set_key: Key,
    deployment_key: Key,
    cached_uid: int | None,
    expectations: Expectations,
    template: int,
) -> Outcomes:
    """
    The cache of ReplicaSets gets the next event.

    Its key and its Deployment's are queued; of one that is gone the expectations are forgotten.
    """
    if not replica_set_queue or replica_set_queue[0].key != template:
        return
    event, *rest = replica_set_queue
    after: ReplicaSet | None = event.value
    done: dict[str, Any] = {}
    if _concerns(replica_set_cache, after, cached_uid):
        done["deployment_key"] = deployment_key.enqueued()
    if after is None:
        done["expectations"] = expectations.delete_expectations()
    yield outcome(
        f"the cache learns that it {_told(after)}",
        replica_set_cache=after,
        replica_set_queue=tuple(rest),
        replica_set_key=replica_set_key.enqueued(),
        **done,
    )


def _told(rs: ReplicaSet | None) -> str:
    if rs is None:
        return "is gone"
    sizes = f"{rs.status.replicas} there, {rs.status.available_replicas} available"
    return f"has {rs.replicas} wanted, {sizes}"


def _concerns(before: ReplicaSet | None, after: ReplicaSet | None, uid: int | None) -> bool:
    """
    Whether the Deployment of that uid is queued: its own has changed, or there is a new orphan.

    Go: addReplicaSet, updateReplicaSet, deleteReplicaSet
    """
    if uid is None:
        return False
    if any(rs is not None and rs.owner == uid for rs in (before, after)):
        return True
    if after is None or after.owner is not None:
        return False
    return not after.deleting if before is None else before.owner is not None


def deliver_pod(
    pods: Pods,
    pod_queue: Queue,
    replica_set_key: Key,
    replica_set_cached: bool,
    expectations: Expectations,
    template: int,
    min_ready_seconds: int,
    variant: frozenset[str],
) -> Outcomes:
    """The cache of pods gets the next event; the ReplicaSet's handler counts and queues."""
    for _, _, label, done in _delivered(
        pods,
        pod_queue,
        replica_set_key,
        replica_set_cached,
        expectations,
        template,
        min_ready_seconds,
        variant,
    ):
        yield outcome(label, **done)


def deliver_pod_for_recreate(
    pods: Pods,
    pod_queue: Queue,
    replica_set_key: Key,
    replica_set_cached: bool,
    expectations: Expectations,
    deployment_key: Key,
    deployment_cached: bool,
    seen_pods: All[int],
    template: int,
    min_ready_seconds: int,
    variant: frozenset[str],
) -> Outcomes:
    """
    The same; and when no pod is left at all, the Deployment is queued.

    Since 1.37 it is whenever a pod is gone. Go: deletePod
    """
    for before, after, label, done in _delivered(
        pods,
        pod_queue,
        replica_set_key,
        replica_set_cached,
        expectations,
        template,
        min_ready_seconds,
        variant,
    ):
        left = sum(seen_pods.values()) - _counted(before, variant)
        known = "replica_set_key" in done
        last = left == 0 or "each-pod-gone-wakes-recreate" in variant
        if after is None and known and deployment_cached and last:
            done["deployment_key"] = deployment_key.enqueued()
        yield outcome(label, **done)


def _delivered(
    pods: Pods,
    pod_queue: Queue,
    key: Key,
    cached: bool,
    expectations: Expectations,
    template: int,
    min_ready_seconds: int,
    variant: frozenset[str],
) -> Any:
    if not pod_queue or pod_queue[0].key != template:
        return
    event, *rest = pod_queue
    before, after = event.value
    for pod in pods:
        if not is_about(event, pod):
            continue
        told = evolve(pod, trail=pod.trail[1:])
        done: dict[str, Any] = {"pod_queue": tuple(rest)}
        if not pod.orphaned and cached:
            told, less = observed(told, before, expectations, variant)
            done["expectations"] = less
            ready = min_ready_seconds > 0 and _just_ready(before, after)
            # A recheck before its time finds what the sync after this event finds.
            ready = ready and "recheck-early" not in variant
            done["replica_set_key"] = Key(dirty=True, later=key.later or ready)
        left = pods.add(pod, -1)
        done["pods"] = left if forgettable(told) else left.add(told)
        yield before, after, f"the cache learns that a pod is {looks(told.seen)}", done


def observed(
    pod: Pod,
    before: PodKind | None,
    expectations: Expectations,
    variant: frozenset[str] = frozenset(),
) -> tuple[Pod, Expectations]:
    """The pod and the expectations after the handler was told of what the cache shows now."""
    seen = pod.seen
    if seen is None or seen.terminating:
        if "rs-graceful-delete-observed-twice" in variant:
            return evolve(pod, named=False), expectations.deletion_observed()
        if pod.named:
            return evolve(pod, named=False), expectations.deletion_observed()
        return pod, expectations
    if before is None:
        return pod, expectations.creation_observed()
    return pod, expectations


def _just_ready(before: PodKind | None, after: PodKind | None) -> bool:
    return (
        before is not None
        and not before.ready
        and after is not None
        and after.ready
        and not after.terminating
    )
