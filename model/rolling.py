"""
A rolling update by the controllers' own rules, each sync in one step: small enough for proofs.

:Omits: caches (each controller sees the present) and writes that fail; terminating pods; statuses
    and conditions of the Deployment; what a ReplicaSet does beyond 500 pods. Both ReplicaSets are
    there from the start, and the old one has all pods. The whole model is in `workload.py`.

The Deployment's sync is `deployment.sync_deployment`, whose writes of ReplicaSets are applied.
Which pods a ReplicaSet deletes is `replicaset_utils.get_pods_to_delete`, and what it reports
`calculate_status`. With `patient` the Deployment waits until each ReplicaSet has carried out its
size: that keeps pods, and not only sizes, within the bound.
"""

from typing import NamedTuple

from attrs import evolve

from seatrial.core import (
    All,
    Index,
    Outcomes,
    Parameter,
    Population,
    System,
    Variable,
    action,
    outcome,
)

from .api import Deployment, DeploymentSpec, IntOrPercent, PodKind, ReplicaSet, rolling_update
from .controller import request
from .deployment import Observation, sync_deployment
from .replicaset_utils import calculate_status, get_pods_to_delete

__all__ = ["Pods", "rolling"]

OLD = 1
_PENDING = PodKind()
_AVAILABLE = PodKind("Running", ready=True, available=True)


class Pods(NamedTuple):
    """How many pods of one ReplicaSet there are: those that are not available yet, and the rest."""

    pending: int = 0
    available: int = 0


def _deployment(newest: int, replicas: int, max_surge: int, max_unavailable: int) -> Deployment:
    bounds = rolling_update(
        IntOrPercent.absolute(max_surge), IntOrPercent.absolute(max_unavailable)
    )
    spec = DeploymentSpec(
        template=newest,
        replicas=replicas,
        strategy=bounds,
        progress_deadline_seconds=None,
        revision_history_limit=None,
    )
    return Deployment(spec, revision=newest)


def _kinds(pods: Pods) -> "Population[PodKind]":
    return Population({_PENDING: pods.pending, _AVAILABLE: pods.available})


@action(actor="deployment", writes="replica_set", name="sync_deployment")
def sync(
    replica_set: All[ReplicaSet],
    pods: All[Pods],
    replicas: int,
    max_surge: int,
    max_unavailable: int,
    patient: int,
) -> Outcomes:
    """One sync, with all writes of ReplicaSets that it makes. Go: syncDeployment"""
    if patient and any(
        pods[at].pending + pods[at].available != replica_set[at].replicas for at in pods
    ):
        return
    of = _deployment(max(replica_set), replicas, max_surge, max_unavailable)
    running = sync_deployment(Observation(of, tuple(replica_set.values())))
    written: dict[int, ReplicaSet] = {}
    try:
        write = request(next(running))
        while True:
            if write.kind == "ReplicaSet":
                # A write of the spec leaves the status as it is.
                status = replica_set[write.key].status
                written[write.key] = evolve(write.value, status=status)
            elif written:
                break  # after the sizes it writes the Deployment's status, which nobody reads
            write = request(running.send("applied"))
    except StopIteration:
        pass
    if written:
        yield outcome("scales", replica_set=written)


@action(actor="replicaset", over="template", writes="pods")
def carry_out(replica_set: ReplicaSet, pods: Pods) -> Outcomes:
    """A ReplicaSet creates the pods that are missing, or deletes the surplus. Go: manageReplicas"""
    there = pods.pending + pods.available
    if there < replica_set.replicas:
        missing = replica_set.replicas - there
        yield outcome("creates", pods=pods._replace(pending=pods.pending + missing))
    elif there > replica_set.replicas:
        kinds = _kinds(pods)
        gone = get_pods_to_delete(kinds, kinds, there - replica_set.replicas)
        left = kinds - gone
        yield outcome("deletes", pods=Pods(left[_PENDING], left[_AVAILABLE]))


@action(actor="replicaset", over="template", writes="replica_set")
def report(replica_set: ReplicaSet, pods: Pods) -> Outcomes:
    """A ReplicaSet writes its status. Go: calculateStatus"""
    nobody: Population[PodKind] = Population()
    status = calculate_status(replica_set, _kinds(pods), nobody, False)
    if status != replica_set.status:
        yield outcome("reports", replica_set=evolve(replica_set, status=status))


@action(actor="kubelet", over="template", writes="pods")
def become_available(pods: Pods) -> Outcomes:
    """A pod becomes ready, and with that available."""
    if pods.pending > 0:
        yield outcome("available", pods=Pods(pods.pending - 1, pods.available + 1))


def rolling(
    replicas: int = 2,
    max_surge: int = 1,
    max_unavailable: int = 0,
    patient: int = 0,
    revisions: int = 2,
) -> System:
    """
    A rolling update from one ReplicaSet to another; with three revisions one in between has none.

    >>> rolling().name
    'rolling'
    """
    desired, most = replicas, replicas + max_surge
    old = ReplicaSet(OLD, OLD, replicas, desired_replicas=desired, max_replicas=most, revision=OLD)
    templates = tuple(range(OLD, revisions + 1))
    status = evolve(
        old.status,
        replicas=replicas,
        fully_labeled_replicas=replicas,
        ready_replicas=replicas,
        available_replicas=replicas,
        terminating_replicas=0,
    )
    nothing = evolve(old.status, terminating_replicas=0)
    later = {
        at: ReplicaSet(
            at, at, 0, status=nothing, desired_replicas=desired, max_replicas=most, revision=at
        )
        for at in templates[1:]
    }
    return System(
        name="rolling",
        indices=[Index("template", templates)],
        parameters=[
            Parameter("replicas", replicas),
            Parameter("max_surge", max_surge),
            Parameter("max_unavailable", max_unavailable),
            Parameter("patient", patient),
            Parameter("revisions", revisions),
        ],
        variables=[
            Variable("replica_set", over="template"),
            Variable("pods", over="template"),
        ],
        actions=[sync, carry_out, report, become_available],
        initial=[
            {
                "replica_set": {OLD: evolve(old, status=status), **later},
                "pods": {OLD: Pods(available=replicas), **dict.fromkeys(later, Pods())},
            }
        ],
        assumptions=[
            "one change of the template, already made; no pod fails; nothing is terminating",
            "controllers see the present (lag 0) and each sync is one step (level atomic)",
            "the Deployment waits until sizes are carried out"
            if patient
            else "the Deployment does not wait until sizes are carried out",
        ],
    )
