"""
Another replica of the controller manager takes over, and requests of the former leader land late.

:Go: kubernetes v1.36.3 cmd/kube-controller-manager/app/controllermanager.go (Run,
    leaderElectAndRun); staging/src/k8s.io/client-go/tools/leaderelection
:Docs: https://kubernetes.io/docs/concepts/architecture/leases/#leader-election
:Omits: two leaders that work at the same time: the lease lasts longer than the time in which a
    leader has to renew it, so only a process that was frozen meanwhile goes on beside the next one,
    and no sync of it goes on here; requests of the leader before the last one, where the last one
    left some about the same object; the ageing of such requests at the time-out of the API server.

A replica that stands by runs neither informers nor controllers: both start when it has the lease.
So what it takes over with is what a restarted process has, a fresh list and an empty memory. The
difference is in what was on its way: of each sync the request, or the batch of requests, that had
been sent. Nothing fences it. It lands at any later time or never, and nobody hears the answer.

An update lands only if its object has not been written since; otherwise it would conflict, which
changes nothing, so it is forgotten then. Creations and deletions go by name alone.
"""

from typing import Any

from attrs import evolve, frozen

from seatrial.core import All, Outcomes, outcome

from . import delivery
from .api import Deployment, ReplicaSet
from .clock import Deadline
from .controller import Key, Pending, Write
from .controller_utils import Expectations
from .deployment_controller import changes, describe, replica_set_after, written_deployment
from .faults import relisted_deployment, relisted_replica_set
from .informer import (
    Change,
    Copies,
    Copy,
    Event,
    Queue,
    behind,
    deployment_written,
    has_room,
    outdated,
    replica_set_written,
)
from .pods import CREATED, Pod, Pods, looks, orphans, terminated
from .replicaset import Working, status_written

__all__ = [
    "Late",
    "deliver_deployment",
    "deliver_replica_set",
    "fail_over",
    "land_deployment_write",
    "land_pod_creation",
    "land_pod_deletion",
    "land_replica_set_write",
    "land_status_write",
    "take_over_deployment",
    "take_over_replica_set",
]


@frozen(cache_hash=True)
class Late:
    """
    A request of a former leader that may still land; of a batch of creations, those that are left.

    `copy` says how the object that it is about, or that is to own what it creates, stands to the
    one that the leader had read, as far as the events tell that the present leader has got.
    """

    write: Write
    copy: Copy


def _stranded(sync: Working, copy: Copy | None) -> Late | None:
    """What is on its way of a sync that is cut off, if that can still change anything."""
    if not isinstance(sync, Pending):
        return None
    write = sync.write
    assert copy is not None, "a sync has a copy of what it writes"
    if write.verb in ("create", "delete", "adopt"):
        # Which pods are to be deleted is marked on them.
        kept = Copy(same=copy.same) if write.kind == "Pod" else Copy()
        return None if (write.verb, write.kind) == ("delete", "Pod") else Late(write, kept)
    if write.verb in ("update", "update status") and copy.current:
        return Late(write, copy)
    return None


def _aged(late: Late | None, event: Event) -> Late | None:
    """What is left of it after that event of its object: a write has been before it."""
    if late is None:
        return None
    if late.write.verb not in ("create", "delete", "adopt"):
        return None
    if late.write.verb == "adopt":
        return None if event.change is Change.IDENTITY else late
    if late.write.kind != "Pod":
        return late
    return evolve(late, copy=Copy(same=outdated(late.copy, event.change).same))


def _aged_by_all(late: Late | None, queue: Queue, key: int) -> Late | None:
    for event in queue:
        if event.key == key:
            late = _aged(late, event)
    return late


# ---- the lease changes hands ------------------------------------------------------------------


def fail_over(restarting: int, templates: int, failovers_left: int) -> Outcomes:
    """The leader loses its lease and ends; another replica starts its controllers."""
    if failovers_left > 0 and restarting == 0:
        yield outcome(
            "another replica of the controller manager takes over",
            restarting=templates + 1,
            failovers_left=failovers_left - 1,
        )


def take_over_replica_set(
    restarting: int,
    replica_set: ReplicaSet | None,
    replica_set_sync: Working,
    replica_set_copy: Copy | None,
    replica_set_queue: Queue,
    replica_set_late: Late | None,
    pods: Pods,
    template: int,
) -> Outcomes:
    """It lists the ReplicaSet and its pods; the sync that was under way leaves its request."""
    if restarting == template + 1:
        late = _stranded(replica_set_sync, replica_set_copy)
        if late is None:
            late = _aged_by_all(replica_set_late, replica_set_queue, template)
        yield outcome(
            "lists anew",
            replica_set_late=late,
            **relisted_replica_set(replica_set, pods, template, lands_late=True),
        )


def take_over_deployment(
    restarting: int,
    deployment: Deployment | None,
    deployment_sync: Pending | None,
    deployment_copies: Copies,
    deployment_queue: Queue,
    replica_set_queue: Queue,
    deployment_late: Late | None,
    templates: int,
) -> Outcomes:
    """It lists the Deployment; the sync that was under way leaves its request."""
    if restarting == 1:
        late = None
        if deployment_sync is not None:
            late = _stranded(deployment_sync, deployment_copies[deployment_sync.write.key])
        if late is None and deployment_late is not None:
            about_it = deployment_late.write.kind == "Deployment"
            queue = deployment_queue if about_it else replica_set_queue
            late = _aged_by_all(deployment_late, queue, deployment_late.write.key)
        yield outcome(
            "lists anew", deployment_late=late, **relisted_deployment(deployment, templates)
        )


# ---- the present leader is told of writes -----------------------------------------------------


def deliver_deployment(
    deployment_queue: Queue, deployment_key: Key, deployment_late: Late | None
) -> Outcomes:
    """As ever; a late update of the Deployment can land no more."""
    for each in delivery.deliver_deployment(deployment_queue, deployment_key):
        late = deployment_late
        if late is not None and late.write.kind == "Deployment":
            late = _aged(late, deployment_queue[0])
        yield each.also(deployment_late=late)


def deliver_replica_set(
    replica_set_queue: Queue,
    replica_set_cache: ReplicaSet | None,
    replica_set_key: Key,
    deployment_key: Key,
    cached_uid: int | None,
    expectations: Expectations,
    replica_set_late: Late | None,
    deployment_late: Late | None,
    template: int,
) -> Outcomes:
    """As ever; late updates of the ReplicaSet can land no more."""
    for each in delivery.deliver_replica_set(
        replica_set_queue,
        replica_set_cache,
        replica_set_key,
        deployment_key,
        cached_uid,
        expectations,
        template,
    ):
        event, late = replica_set_queue[0], deployment_late
        if late is not None and (late.write.kind, late.write.key) == ("ReplicaSet", template):
            late = _aged(late, event)
        yield each.also(replica_set_late=_aged(replica_set_late, event), deployment_late=late)


# ---- late requests land -----------------------------------------------------------------------


def land_deployment_write(
    deployment_late: Late | None,
    deployment: Deployment | None,
    deployment_queue: Queue,
    deployment_copies: Copies,
    deadline: Deadline,
    lag: int,
) -> Outcomes:
    """A status of the Deployment, or a rollback, that the former leader had sent."""
    late = deployment_late
    if late is None or late.write.kind != "Deployment" or not has_room(deployment_queue, lag):
        return
    if deployment is None or not behind(deployment_queue, 0).current:
        return
    after, change, deadline = written_deployment(late.write, deployment, deadline)
    done: dict[str, Any] = {}
    if changes(late.write, deployment, after):
        done = deployment_written(after, change, deployment_queue, deployment_copies)
    what = "a status" if late.write.verb == "update status" else "a rollback"
    yield outcome(
        f"{what} of the Deployment lands late", deployment_late=None, deadline=deadline, **done
    )


def land_replica_set_write(
    deployment_late: Late | None,
    replica_set: ReplicaSet | None,
    replica_set_queue: Queue,
    deployment_copies: Copies,
    replica_set_copy: Copy | None,
    pods: Pods,
    rank: All[int],
    template: int,
    lag: int,
) -> Outcomes:
    """A creation, resizing or deletion of the ReplicaSet that the former leader had sent."""
    late = deployment_late
    if late is None or (late.write.kind, late.write.key) != ("ReplicaSet", template):
        return
    if not has_room(replica_set_queue, lag):
        return
    copy = behind(replica_set_queue, template)
    answer, after, change = replica_set_after(late.write, replica_set, copy, rank.values())
    if answer != "applied":
        return
    done: dict[str, Any] = {}
    if after != replica_set:
        done = replica_set_written(
            template,
            after,
            change,
            replica_set_queue,
            deployment_copies,
            replica_set_copy,
        )
    if after is None:
        done["pods"] = orphans(pods)
    yield outcome(f"the request to {describe(late.write)} lands late", deployment_late=None, **done)


def land_status_write(
    replica_set_late: Late | None,
    replica_set: ReplicaSet | None,
    replica_set_queue: Queue,
    deployment_copies: Copies,
    replica_set_copy: Copy | None,
    template: int,
    lag: int,
) -> Outcomes:
    """A status of the ReplicaSet that the former leader had sent."""
    late = replica_set_late
    if late is None or late.write.kind != "ReplicaSet" or replica_set is None:
        return
    if not has_room(replica_set_queue, lag) or not behind(replica_set_queue, template).current:
        return
    after = status_written(late.write, replica_set, late.copy)
    done: dict[str, Any] = {}
    if after != replica_set:
        done = replica_set_written(
            template,
            after,
            Change.VERSION,
            replica_set_queue,
            deployment_copies,
            replica_set_copy,
        )
    yield outcome("a status lands late", replica_set_late=None, **done)


def land_pod_creation(
    replica_set_late: Late | None,
    replica_set_queue: Queue,
    pods: Pods,
    pod_queue: Queue,
    template: int,
    lag: int,
) -> Outcomes:
    """A pod is created that the former leader had asked for; its owner may be gone by now."""
    late = replica_set_late
    if late is None or late.write.kind != "Pod" or not has_room(pod_queue, lag):
        return
    same = late.copy.same and behind(replica_set_queue, template).same
    pod, left = Pod((None, CREATED), orphaned=not same), (late.write.batch or 1) - 1
    yield outcome(
        "a pod is created late",
        replica_set_late=evolve(late, write=evolve(late.write, batch=left)) if left else None,
        pods=pods.add(pod),
        pod_queue=(*pod_queue, Event(template, pod.trail, Change.IDENTITY)),
    )


def land_pod_deletion(pods: Pods, pod_queue: Queue, template: int, lag: int) -> Outcomes:
    """A pod is deleted as the former leader had asked."""
    if not has_room(pod_queue, lag):
        return
    for pod in pods:
        if pod.late and pod.live is not None and not pod.live.terminating:
            after, event = terminated(pod, template)
            yield outcome(
                f"a pod that is {looks(pod.live)} is deleted late",
                pods=pods.move(pod, after),
                pod_queue=(*pod_queue, event),
            )
