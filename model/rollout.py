"""
A toy rollout: one counter for each class of pods of each ReplicaSet.

:Omits: nearly all of a Deployment: no caches, no expectations, no events, no scaling by
    proportion, no history. Two upstream details are left out on purpose (the error when more pods
    are available than the ReplicaSet asks for; inactive old ReplicaSets are not counted), so that
    it breaks maxUnavailable without any fault.

This is the example that `seatrial check example:rollout` checks and one that engines are measured
with; it is not the model of the Deployment controller.
"""

from typing import NamedTuple

from seatrial.core import (
    All,
    Index,
    Outcomes,
    Parameter,
    System,
    Variable,
    action,
    outcome,
)
from seatrial.core.arith import maximum, minimum, total

__all__ = ["Pods", "Status", "rollout"]


class Pods(NamedTuple):
    """How many pods of one ReplicaSet there are of each class."""

    pending: int = 0
    running: int = 0
    available: int = 0
    terminating: int = 0

    @property
    def active(self) -> int:
        """Those that are not terminating."""
        return self.pending + self.running + self.available


class Status(NamedTuple):
    """What a ReplicaSet last reported of its pods."""

    replicas: int = 0
    available: int = 0


@action(actor="kubelet", over="revision", writes="pods")
def start(pods: Pods) -> Outcomes:
    """A pending pod's containers start."""
    if pods.pending > 0:
        yield outcome(
            "start", pods=pods._replace(pending=pods.pending - 1, running=pods.running + 1)
        )


@action(actor="kubelet", over="revision", writes="pods")
def become_available(pods: Pods) -> Outcomes:
    """A running pod becomes ready, and with that available."""
    if pods.running > 0:
        yield outcome(
            "become available",
            pods=pods._replace(running=pods.running - 1, available=pods.available + 1),
        )


@action(actor="kubelet", over="revision", writes="pods")
def finish(pods: Pods) -> Outcomes:
    """A terminating pod is gone."""
    if pods.terminating > 0:
        yield outcome("gone", pods=pods._replace(terminating=pods.terminating - 1))


@action(actor="fault", over="revision", writes=("pods", "crashes_left"), fair="none")
def crash(pods: Pods, crashes_left: int) -> Outcomes:
    """A container of an available pod exits and will be restarted."""
    if pods.available > 0 and crashes_left > 0:
        yield outcome(
            "crash",
            pods=pods._replace(available=pods.available - 1, running=pods.running + 1),
            crashes_left=crashes_left - 1,
        )


@action(actor="replicaset", over="revision", writes=("pods", "status"))
def sync_replica_set(spec: int, status: Status, pods: Pods) -> Outcomes:
    """Create the pods that are missing, or delete the surplus: pending before running first."""
    active = pods.active
    reported = Status(active, pods.available)
    if active == spec and reported == status:
        return
    surplus = maximum(0, active - spec)
    pending = minimum(pods.pending, surplus)
    running = minimum(pods.running, surplus - pending)
    available = surplus - pending - running
    yield outcome(
        "sync",
        status=reported,
        pods=Pods(
            pending=pods.pending - pending + maximum(0, spec - active),
            running=pods.running - running,
            available=pods.available - available,
            terminating=pods.terminating + surplus,
        ),
    )


@action(actor="user", writes="latest", fair="none")
def set_image(latest: int, revisions: int) -> Outcomes:
    """The user changes the template: a new ReplicaSet takes over."""
    if latest < revisions:
        yield outcome(f"set-image to revision {latest + 1}", latest=latest + 1)


@action(actor="deployment", writes="spec")
def sync_deployment(
    latest: int,
    spec: All[int],
    status: All[Status],
    replicas: int,
    max_surge: int,
    max_unavailable: int,
) -> Outcomes:
    """Scale the new ReplicaSet up, or the old ones down, as far as the bounds allow."""
    sizes = total(spec.values())
    room = replicas + max_surge - sizes
    if spec[latest] < replicas and room > 0:
        yield outcome(
            "scale up", spec={latest: spec[latest] + minimum(room, replicas - spec[latest])}
        )
        return
    floor = replicas - max_unavailable
    unavailable_new = spec[latest] - status[latest].available
    may_go = sizes - floor - unavailable_new
    if may_go <= 0:
        return
    scaled = dict(spec)
    for revision in spec:  # unhealthy replicas first
        if revision != latest and may_go > 0 and scaled[revision] > status[revision].available:
            fewer = minimum(may_go, scaled[revision] - status[revision].available)
            scaled[revision] -= fewer
            may_go -= fewer
    may_go = total(each.available for each in status.values()) - floor
    for revision in spec:
        if revision != latest and may_go > 0 and scaled[revision] > 0:
            fewer = minimum(scaled[revision], may_go)
            scaled[revision] -= fewer
            may_go -= fewer
    if scaled != dict(spec):
        yield outcome("scale down", spec=scaled)


def _times(count: int) -> str:
    return f"{count} time{'' if count == 1 else 's'}"


def rollout(
    replicas: int = 3,
    max_surge: int = 1,
    max_unavailable: int = 1,
    revisions: int = 2,
    crashes: int = 1,
) -> System:
    """
    The toy rollout from a settled first revision, with so many image changes and crashes.

    >>> rollout().name
    'rollout'
    """
    members = range(1, revisions + 1)
    return System(
        name="rollout",
        indices=[Index("revision", members)],
        parameters=[
            Parameter("replicas", replicas),
            Parameter("max_surge", max_surge),
            Parameter("max_unavailable", max_unavailable),
            Parameter("revisions", revisions),
            Parameter("crashes", crashes),
        ],
        variables=[
            Variable("latest", about="the revision that the user last asked for"),
            Variable("crashes_left"),
            Variable("spec", over="revision", about="how many pods the ReplicaSet shall have"),
            Variable("status", over="revision"),
            Variable("pods", over="revision"),
        ],
        actions=[
            start,
            become_available,
            finish,
            crash,
            sync_replica_set,
            set_image,
            sync_deployment,
        ],
        initial=[
            {
                "latest": 1,
                "crashes_left": crashes,
                "spec": {each: replicas if each == 1 else 0 for each in members},
                "status": {
                    each: Status(replicas, replicas) if each == 1 else Status() for each in members
                },
                "pods": {each: Pods(available=replicas if each == 1 else 0) for each in members},
            }
        ],
        assumptions=[
            f"one user changes the image {_times(revisions - 1)}",
            f"containers exit {_times(crashes)}",
            "controllers see the present (lag 0) and each sync is one step (level atomic)",
        ],
    )
