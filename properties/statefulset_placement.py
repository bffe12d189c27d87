"""What is promised of where the members of a StatefulSet are: nodes, and volumes that stay."""

from collections.abc import Iterator
from itertools import combinations

from seatrial.core import All, always, converges_to
from seatrial.model import nodes as of_nodes
from seatrial.model import placement, statefulset_workload

from .promise import Precondition, Promise, does, under
from .statefulset_promise import (
    BLOCK_OR_ORDERED,
    CONFIRMED,
    EVICTED,
    KEPT_ALIVE,
    NEVER_EMPTIED,
    NO_CLAIM_DELETED,
    NODES_REMAIN,
    PLACED,
    SEVERAL,
    SOME,
)

__all__ = ["APART", "PROMISES", "where_placed"]

Processes = tuple[tuple[int, int], ...]
_ASSIGN = "https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/"
_AFFINITY = f"{_ASSIGN}#inter-pod-affinity-and-anti-affinity"
_LOCAL = "https://kubernetes.io/docs/concepts/storage/volumes/#local"

APART = Precondition(
    "pods are kept apart by hostname: required anti-affinity, or a port of the node",
    lambda spec, around: spec.one_to_a_node or placement.HOSTNAME in spec.apart_by,
)
_FREE = Precondition(
    "any node takes any of the pods, and there are two or more",
    lambda spec, around: around.nodes > 1 and statefulset_workload.placed_in(spec, around) is None,
)


def where_placed(promise: Promise) -> Promise:
    """
    A promise; one that is refuted, where there is a node for every member.

    Without one fewer runs are there to refute it.
    """
    if promise.property.expected == "holds":
        return promise
    return under(where=[*promise.where, PLACED])(promise.property)


@under(NODES_REMAIN, NO_CLAIM_DELETED, KEPT_ALIVE, BLOCK_OR_ORDERED)
@converges_to(
    id="members-find-nodes",
    says="the scheduler puts every member on a node in the end",
    source=_ASSIGN,
)
# It is asserted of sets for which there are too few nodes too, or else nobody would be told.
def find_nodes(scheduling_due: All[bool]) -> bool:
    return not any(scheduling_due.values())


def two_bound(room_taken: All[int]) -> bool:
    """Whether two members have nodes."""
    return sum(at > 0 for at in room_taken.values()) > 1


def two_run(process: All[Processes]) -> bool:
    """Whether two members run."""
    return sum(map(bool, process.values())) > 1


@under(APART)
@always(
    id="bound-to-different-nodes",
    says="two members are never bound to the same node",
    source=_AFFINITY,
    premise=two_bound,
)
def bound_apart(room_taken: All[int]) -> Iterator[str]:
    for (one, here), (other, there) in combinations(sorted(room_taken.items()), 2):
        if here == there > 0:
            yield f"pods {one} and {other} are both bound to n{here}"


@under(APART, *CONFIRMED)
@always(
    id="running-on-different-nodes",
    says="two members never run on the same node",
    source=_AFFINITY,
    premise=two_run,
)
def run_apart(process: All[Processes]) -> Iterator[str]:
    for (one, here), (other, there) in combinations(sorted(process.items()), 2):
        shared = {node for node, _ in here} & {node for node, _ in there}
        for node in sorted(shared):
            yield f"containers of pods {one} and {other} run on n{node}"


@under(SEVERAL, _FREE, does("delete-pod"))
@always(
    id="seed-pods-spread-over-nodes",
    says="pods of one set are placed on different nodes",
    source="https://kubernetes.io/docs/concepts/scheduling-eviction/topology-spread-constraints/",
    expected="refuted",
)
def spread(room_taken: All[int]) -> Iterator[str]:
    for (one, here), (other, there) in combinations(sorted(room_taken.items()), 2):
        if here == there > 0:
            yield f"pods {one} and {other} are both on n{here}"


_STAYS = Precondition(
    "each node has volumes of its own, which are used there and nowhere else",
    lambda spec, around: spec.volumes_in == placement.HOSTNAME and around.nodes > 1,
)


@under(
    _STAYS,
    does("node-off"),
    does("out-of-service"),
    EVICTED,
    SOME,
    KEPT_ALIVE,
    NEVER_EMPTIED,
)
@converges_to(
    id="local-volume-moves-with-its-member",
    says="a member whose node is off for good, and out of service, runs on another in the end",
    source=_LOCAL,
    expected="refuted",
)
def moves(pod_state: All[str], nodes: tuple[of_nodes.Node, ...], wanted: int, start: int) -> bool:
    if not any(each.reality == "off" and each.out_of_service for each in nodes):
        return True
    return all(state == "available" for at, state in pod_state.items() if at - start < wanted)


PROMISES: tuple[Promise, ...] = (find_nodes, bound_apart, run_apart, spread, moves)
