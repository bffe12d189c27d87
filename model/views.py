"""
What rules, promises and reports read of a workload: small values of one or two variables each.

:Omits: nothing: a view says again what a variable holds.

Whoever reads a view and not the variable is asked anew only where the view has changed.
"""

from collections.abc import Callable
from typing import Any

from seatrial.core import Total, View

from . import clock, collisions, delivery, guards
from . import deployment_controller as controller
from .api import Deployment, DeploymentSpec, ReplicaSet
from .controller import Pending
from .controller_utils import filter_active_pods
from .deployment import StatusWrite
from .deployment_conditions import deployment_complete, get_deployment_condition
from .deployment_util import max_surge, min_available
from .environment import Environment
from .informer import Copy, Queue, behind
from .pods import Pods, as_seen, count

__all__ = ["views"]


def deployment_cached(deployment_cache: Deployment | None) -> bool:
    """Whether the cache shows the Deployment."""
    return deployment_cache is not None


def replica_set_cached(replica_set_cache: ReplicaSet | None) -> bool:
    """Whether the cache shows the ReplicaSet."""
    return replica_set_cache is not None


def replica_set_behind(replica_set_queue: Queue, template: int) -> Copy:
    """How the cached ReplicaSet stands to the API's."""
    return behind(replica_set_queue, template)


def replica_set_deleting(replica_set: ReplicaSet | None) -> bool:
    """Whether the ReplicaSet waits for its pods to go before it goes itself."""
    return replica_set is not None and replica_set.deleting


def rank(replica_set: ReplicaSet | None) -> int:
    """The ReplicaSet's place in the order of creation; 0 for none."""
    return 0 if replica_set is None else replica_set.created


def revision_of(replica_set: ReplicaSet | None) -> int:
    """The revision of the ReplicaSet; 0 for none."""
    return 0 if replica_set is None or replica_set.revision is None else replica_set.revision


def owned(replica_set: ReplicaSet | None) -> bool:
    """Whether there is the ReplicaSet, and it belongs to a Deployment."""
    return replica_set is not None and replica_set.owner is not None


def cached_uid(deployment_cache: Deployment | None) -> int | None:
    """Which Deployment of the name the cache shows; None for none."""
    return None if deployment_cache is None else deployment_cache.uid


def live_uid(deployment: Deployment | None) -> int | None:
    """Which Deployment of the name there is; None for none."""
    return None if deployment is None else deployment.uid


def deployment_alive(deployment: Deployment | None) -> str:
    """Whether the Deployment is there: "alive", "deleting" or "gone"."""
    if deployment is None:
        return "gone"
    return "deleting" if deployment.deleting else "alive"


def desired(deployment: Deployment | None) -> int:
    """How many replicas the Deployment asks for; 0 where there is none."""
    return 0 if deployment is None else deployment.spec.replicas


def surge(deployment: Deployment | None) -> int:
    """By how much sizes may exceed `desired`: nothing where it is 0."""
    return 0 if not desired(deployment) or deployment is None else max_surge(deployment)


def spare(deployment: Deployment | None) -> int:
    """How many of `desired` may be unavailable; all of them outside of rolling updates."""
    return 0 if deployment is None else deployment.spec.replicas - min_available(deployment)


def target(deployment: Deployment | None) -> int:
    """The template that the Deployment asks for; 0 where there is none."""
    return 0 if deployment is None else deployment.spec.template


def paused(deployment: Deployment | None) -> bool:
    """Whether the Deployment is there and paused."""
    return deployment is not None and deployment.spec.paused


def progress(deployment: Deployment | None) -> str:
    """The reason of the Progressing condition; empty where there is no such condition."""
    if deployment is None:
        return ""
    condition = get_deployment_condition(deployment.status, "Progressing")
    return "" if condition is None or condition.reason is None else condition.reason


def complete(deployment: Deployment | None) -> bool:
    """Whether the status says that the rollout of the present template is complete."""
    return deployment is not None and deployment_complete(deployment, deployment.status)


def noted(replica_set: ReplicaSet | None) -> int | None:
    """How many replicas its Deployment had when the ReplicaSet was resized last."""
    return None if replica_set is None else replica_set.desired_replicas


def size(replica_set: ReplicaSet | None) -> int:
    """How many replicas the ReplicaSet asks for; 0 where there is none."""
    return 0 if replica_set is None else replica_set.replicas


def active(pods: Pods) -> int:
    """How many pods there are that are neither finished nor terminating."""
    return count(pods, lambda kind: kind.phase in ("Pending", "Running") and not kind.terminating)


def own_active(pods: Pods) -> int:
    """How many of the active pods are of the ReplicaSet that there is, not of one that is gone."""
    return active(pods.where(lambda pod: not pod.orphaned))


def available(pods: Pods) -> int:
    """How many pods are available, and not about to go."""
    return count(pods, lambda kind: kind.available and not kind.terminating)


def ready(pods: Pods) -> int:
    """How many pods are ready, and not about to go."""
    return count(pods, lambda kind: kind.ready and not kind.terminating)


def terminating(pods: Pods) -> int:
    """How many pods are about to go."""
    return count(pods, lambda kind: kind.terminating)


def failed(pods: Pods) -> int:
    """How many pods have failed for good."""
    return count(pods, lambda kind: kind.phase == "Failed")


def rolls(deployment: Deployment | None) -> bool:
    """Whether the Deployment is there and not paused."""
    return deployment is not None and not deployment.spec.paused


def least_sent(deployment_sync: Pending | None) -> int:
    """The least number in a Deployment's status that is about to be sent; 0 for no status."""
    value = None if deployment_sync is None else deployment_sync.write.value
    return value.status.unavailable_replicas if isinstance(value, StatusWrite) else 0


def reported_available(replica_set: ReplicaSet | None) -> int:
    """How many available pods the ReplicaSet's status speaks of."""
    return 0 if replica_set is None else replica_set.status.available_replicas


def doomed_ready(pods: Pods) -> int:
    """How many pods that the cache shows as ready a sync has chosen to delete."""
    return pods.where(lambda pod: pod.doomed and pod.seen is not None and pod.seen.ready).total


def spared_unready(pods: Pods) -> int:
    """How many active pods that the cache shows as not ready no sync has chosen to delete."""
    left = pods.where(lambda pod: not pod.doomed and not pod.orphaned)
    return filter_active_pods(as_seen(left)).where(lambda kind: not kind.ready).total


# ---- all of them ------------------------------------------------------------------------------

_ADDED_UP = ("size", "active", "available", "ready", "terminating")


def views(spec: DeploymentSpec, around: Environment) -> list[View | Total]:
    shared: list[Callable[..., Any]] = [
        controller.copies_of_caches,
        clock.deployment_busy,
        guards.deployment_event_due,
        guards.deployment_key_due,
        guards.deployment_write_due,
        guards.watches_idle,
        cached_uid,
        deployment_cached,
        live_uid,
        deployment_alive,
        desired,
        surge,
        spare,
        target,
        paused,
        progress,
        complete,
        rolls,
        least_sent,
    ]
    one: list[Callable[..., Any]] = [
        clock.replica_set_busy,
        guards.listing_due,
        guards.pod_creation_due,
        guards.pod_deletion_due,
        guards.pod_event_due,
        guards.replica_set_event_due,
        guards.replica_set_key_due,
        guards.replica_set_write_due,
        guards.status_write_due,
        clock.pods_busy,
        clock.waiting_to_be_available,
        delivery.own_writes_unseen,
        replica_set_cached,
        replica_set_behind,
        replica_set_deleting,
        rank,
        revision_of,
        owned,
        size,
        active,
        own_active,
        available,
        ready,
        terminating,
        failed,
        noted,
        reported_available,
        doomed_ready,
        spared_unready,
    ]
    if around.collides and around.lands_late:
        shared.append(collisions.late_name_is_free)
    if spec.strategy.type == "Recreate":
        one += [controller.unfinished, delivery.seen_pods]
    return [
        *(View(each.__name__, each) for each in shared),
        *(View(each.__name__, each, over=("template",)) for each in one),
        *(Total(f"total_{each}", of=each) for each in _ADDED_UP),
    ]
