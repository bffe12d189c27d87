"""
What goes wrong with controllers, each as often as its budget allows.

:Go: kubernetes v1.36.3 cmd/kube-controller-manager; staging/src/k8s.io/client-go/tools/cache
    (Reflector.ListAndWatch, DeltaFIFO.Replace); pkg/controller/controller_utils.go (isExpired)
:Docs: https://kubernetes.io/docs/concepts/architecture/controller/
:Omits: that a relist wakes a Recreate Deployment when the last pod is found gone; a list after a
    restart that is older than what the controller had acted on (with WatchListClient, on by
    default since 1.35, the first list is up to date); requests of a process that restarts which
    land after the new one has listed: these are modelled where `failover` may happen, and then for
    restarts as well (`failover.py`).

Faults of pods are in `kubelet.py`; requests that fail are outcomes of the writes themselves.
A restart is one step to everybody else: its parts are committed, one for each ReplicaSet, so that
no rule has to look at all of them at once.
"""

from typing import Any

from attrs import evolve

from seatrial.core import Outcomes, Population, outcome

from .api import Deployment, ReplicaSet
from .controller import Key
from .controller_utils import Expectations
from .delivery import observed
from .informer import Queue
from .pods import Pod, Pods, forgettable

__all__ = [
    "expire_expectations",
    "relist_pods",
    "relist_pods_of",
    "relisted_deployment",
    "relisted_replica_set",
    "restart_controllers",
    "restart_deployment_controller",
    "restart_replica_set_controller",
]


def restart_controllers(restarting: int, templates: int, controller_restarts_left: int) -> Outcomes:
    """The controller manager is started anew: expectations, queues and syncs are forgotten."""
    if controller_restarts_left > 0 and restarting == 0:
        yield outcome(
            "the controller manager restarts",
            restarting=templates + 1,
            controller_restarts_left=controller_restarts_left - 1,
        )


def restart_replica_set_controller(
    restarting: int, replica_set: ReplicaSet | None, pods: Pods, template: int
) -> Outcomes:
    """It lists the ReplicaSet and its pods; what it lists it puts into its queue."""
    if restarting == template + 1:
        yield outcome("lists anew", **relisted_replica_set(replica_set, pods, template))


def relisted_replica_set(
    replica_set: ReplicaSet | None, pods: Pods, template: int, lands_late: bool = False
) -> dict[str, Any]:
    """
    What a new process knows of a ReplicaSet and its pods.

    With `lands_late`, deletions of pods that the old one had asked for may still be carried out.
    """
    known: Pods = Population(
        (
            evolve(
                pod,
                trail=(pod.live,),
                doomed=False,
                named=False,
                late=lands_late and _condemned(pod),
            ),
            n,
        )
        for pod, n in pods.items()
        if pod.live is not None
    )
    return {
        "restarting": template,
        "replica_set_cache": replica_set,
        "replica_set_sync": None,
        "replica_set_copy": None,
        "replica_set_key": Key(dirty=replica_set is not None or known.total > 0),
        "expectations": Expectations(),
        "pods": known,
    }


def _condemned(pod: Pod) -> bool:
    asked = pod.doomed or pod.late
    return asked and pod.live is not None and not pod.live.terminating


def restart_deployment_controller(
    restarting: int, deployment: Deployment | None, templates: int
) -> Outcomes:
    """It lists the Deployment. Events that were on their way are in the lists already."""
    if restarting == 1:
        yield outcome("lists anew", **relisted_deployment(deployment, templates))


def relisted_deployment(deployment: Deployment | None, templates: int) -> dict[str, Any]:
    """What a new process knows of the Deployment."""
    return {
        "restarting": 0,
        "deployment_cache": deployment,
        "deployment_sync": None,
        "deployment_copies": (None,) * (templates + 1),
        "deployment_key": Key(dirty=deployment is not None),
        "deployment_queue": (),
        "replica_set_queue": (),
        "pod_queue": (),
    }


def expire_expectations(expectations: Expectations, expectations_expire_left: int) -> Outcomes:
    """Five minutes pass in which a controller did not see what it had done."""
    after = expectations.expire()
    if expectations_expire_left > 0 and after != expectations:
        left = expectations_expire_left - 1
        yield outcome("expectations expire", expectations=after, expectations_expire_left=left)


def relist_pods(relisting: int, pod_queue: Queue, templates: int, relists_left: int) -> Outcomes:
    """The watch of pods breaks with two events or more on their way, and starts with a new list."""
    if relists_left > 0 and relisting == 0 and len(pod_queue) > 1:
        yield outcome(
            "the watch of pods breaks",
            relisting=templates,
            relists_left=relists_left - 1,
            pod_queue=(),
        )


def relist_pods_of(
    relisting: int,
    pods: Pods,
    replica_set_key: Key,
    replica_set_cached: bool,
    expectations: Expectations,
    template: int,
    variant: frozenset[str],
) -> Outcomes:
    """
    What happened meanwhile becomes one event for each pod, or a tombstone.

    A pod that came and went is never seen: nobody counts its creation. Go: DeltaFIFO.Replace
    """
    if relisting != template:
        return
    told: list[tuple[Pod, int]] = []
    key = replica_set_key
    for pod, n in pods.items():
        after = _jumped(pod)
        unseen = pod.seen is None and pod.live is None
        if len(pod.trail) > 1 and not unseen and not pod.orphaned and replica_set_cached:
            for _ in range(n):
                told_one, expectations = observed(after, pod.seen, expectations, variant)
            after, key = told_one, key.enqueued()
        if not forgettable(after):
            told.append((after, n))
    yield outcome(
        "lists pods anew",
        relisting=template - 1,
        pods=Population(told),
        expectations=expectations,
        replica_set_key=key,
    )


def _jumped(pod: Pod) -> Pod:
    return evolve(pod, trail=(pod.live,))
