"""
Where a StatefulSet stands at first: applied long ago, with all pods available that found a node.

:Omits: how it came there
"""

from attrs import frozen

from seatrial.core import DeclarationError

from .api import PodKind
from .nodes import Node, Nodes, feasible
from .placement import Placement, first_nodes
from .statefulset_api import (
    BY_SET,
    Claim,
    StatefulPod,
    StatefulSet,
    StatefulSetSpec,
    StatefulSetStatus,
)
from .volumes import Processes

__all__ = ["Settled", "closed_at_first", "settled"]

_AVAILABLE = PodKind("Running", ready=True, available=True)


@frozen
class Settled:
    """A set that nobody has changed for long, with what there is of each ordinal."""

    stateful_set: StatefulSet
    nodes: Nodes
    pods: dict[int, StatefulPod | None]
    claims: dict[int, Claim | None]
    processes: dict[int, Processes]


def settled(
    spec: StatefulSetSpec, ordinals: tuple[int, ...], nodes: int, placement: Placement | None
) -> Settled:
    """
    A set whose pods are there, spread over the nodes as far as these take them.

    Those that no node takes are pending: of an OrderedReady set the first of them, of a Parallel
    one all. Raises DeclarationError where no node takes even one.
    """
    closed = closed_at_first(spec, nodes)
    found = first_nodes(placement, nodes, spec.replicas, closed)
    if spec.replicas and not found:
        raise DeclarationError(
            "no node takes a pod of this StatefulSet: look at nodeSelector, affinity, tolerations"
            " and requests of the template, and at labels, taints and allocatable of the nodes"
        )
    ordered = spec.pod_management_policy == "OrderedReady"
    there = min(spec.replicas, len(found) + 1) if ordered else spec.replicas
    owner = BY_SET if spec.retention.when_deleted == "Delete" else None
    pods: dict[int, StatefulPod | None] = dict.fromkeys(ordinals)
    claims: dict[int, Claim | None] = dict.fromkeys(ordinals)
    processes: dict[int, Processes] = dict.fromkeys(ordinals, ())
    for place, at in enumerate(ordinals[:there]):
        claims[at] = Claim(owner) if spec.has_claims else None
        if place < len(found):
            pods[at] = StatefulPod(spec.template, _AVAILABLE, found[place])
            processes[at] = ((found[place], 1),)
        else:
            pods[at] = StatefulPod(spec.template)
    run = len(found)
    status = StatefulSetStatus(there, run, there, there, run, spec.template, spec.template)
    return Settled(StatefulSet(spec, status), _machines(spec, nodes), pods, claims, processes)


def _machines(spec: StatefulSetSpec, nodes: int) -> Nodes:
    if not spec.given_nodes:
        return (Node(),) * nodes
    return tuple(Node(unschedulable=each.unschedulable) for each in spec.given_nodes)


def closed_at_first(spec: StatefulSetSpec, nodes: int) -> list[int]:
    """The nodes that are cordoned at first, for pods that do not tolerate it."""
    machines = enumerate(_machines(spec, nodes), 1)
    return [at for at, each in machines if not feasible(each, spec.tolerates)]
