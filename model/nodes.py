"""
Nodes: what is really up, what the API server believes of it, and where a pod may be put.

:Go: kubernetes v1.36.3 pkg/controller/nodelifecycle/node_lifecycle_controller.go,
    pkg/controller/tainteviction/taint_eviction.go, pkg/controller/podgc/gc_controller.go,
    pkg/kubelet/kubelet_node_status.go
:Docs: https://kubernetes.io/docs/concepts/architecture/nodes/,
    https://kubernetes.io/docs/concepts/cluster-administration/node-shutdown/
:Omits: capacity and affinity to pods (the nodes that there are here are those that node selectors
    and affinity to nodes admit); taints other than those below; how long anything
    takes (40 to 50 s until a node is unreachable, 300 s until its pods are evicted, 40 s until pods
    of a deleted node are removed: each may take any time); that evictions stop where all nodes are
    unreachable; nodes that join; the NoExecute taint as a step of its own.

A node has two sides that need not agree. `reality` is what the machine does, which nobody in the
cluster can read. `registered` is what its Node object says.
"""

from typing import Literal

from attrs import evolve, frozen

from seatrial.core import Outcomes, outcome

from .tolerations import Tolerations

__all__ = [
    "Node",
    "Nodes",
    "at",
    "back",
    "cordoned",
    "crashed",
    "deleted",
    "feasible",
    "hears",
    "leaves",
    "lost",
    "notice",
    "out_of_service",
    "parted",
    "put",
    "registered",
    "switched_off",
]


@frozen(cache_hash=True)
class Node:
    """A machine, and its Node object."""

    reality: Literal["up", "cut off", "down", "off"] = "up"
    """
    Cut off, its containers live on and nobody hears of them; down, they are gone. One that is off
    never comes back.
    """
    registered: Literal["ready", "unreachable", "deleted"] = "ready"
    """Unreachable stands for the condition Ready=Unknown and for the taint that follows it."""
    out_of_service: bool = False
    """Whether somebody has put the taint node.kubernetes.io/out-of-service on it."""
    unschedulable: bool = False
    """Whether it was cordoned."""
    stale: bool = False
    """Whether its kubelet has started with a list of pods that was out of date."""
    probing: bool = False
    """Whether its kubelet has started anew and does not know yet which pods are ready."""


Nodes = tuple[Node, ...]
"""All nodes, the first of which is n1. Few of them change, so one variable holds them all."""


def at(nodes: Nodes, number: int) -> Node:
    """The node of that number, from 1 on."""
    return nodes[number - 1]


def put(nodes: Nodes, number: int, node: Node) -> Nodes:
    """The nodes after one of them changed."""
    return (*nodes[: number - 1], node, *nodes[number:])


def hears(node: Node) -> bool:
    """Whether its kubelet runs and can talk to the API server."""
    return node.reality == "up"


def feasible(node: Node, tolerates: Tolerations) -> bool:
    """Whether the scheduler may put a pod with these tolerations there."""
    if node.registered == "deleted":
        return False
    return (
        (node.registered == "ready" or tolerates.on_unreachable)
        and (not node.unschedulable or tolerates.on_unschedulable)
        and (not node.out_of_service or tolerates.on_out_of_service)
    )


def leaves(node: Node, tolerates: Tolerations) -> bool:
    """Whether pods with these tolerations are evicted for a taint of the node. Go: processPodOnNode

    The taint out-of-service stays until somebody takes it away, whatever becomes of the node.
    """
    if node.registered == "deleted":
        return False
    unreachable = node.registered == "unreachable" and tolerates.leaves_unreachable
    return unreachable or (node.out_of_service and tolerates.leaves_out_of_service)


def lost(node: Node, terminating: bool) -> bool:
    """Whether the pod garbage collector removes a pod of that node without asking its kubelet.

    Go: gcOrphaned, gcTerminating
    """
    if node.registered == "deleted":
        return True
    return terminating and node.registered == "unreachable" and node.out_of_service


# ---- faults -----------------------------------------------------------------------------------


def crashed(node: Node) -> Node | None:
    """The node after its machine stopped, and all on it; None where it has stopped already."""
    return evolve(node, reality="down", stale=False, probing=False) if _runs(node) else None


def switched_off(node: Node) -> Node | None:
    """The node after its machine stopped for good; None where it has stopped already."""
    return evolve(node, reality="off", stale=False, probing=False) if _runs(node) else None


def _runs(node: Node) -> bool:
    return node.reality in ("up", "cut off")


def parted(node: Node) -> Node | None:
    """The node after the network parted it from the API server; None where it cannot be."""
    return evolve(node, reality="cut off") if node.reality == "up" else None


def back(node: Node) -> Node | None:
    """The node after it was started again, or the network healed; who starts registers anew."""
    if node.reality in ("up", "off"):
        return None
    up = evolve(node, reality="up")
    return registered(up) if node.reality == "down" else up


def registered(node: Node) -> Node:
    """
    The node after its kubelet started, which makes a Node object if there is none.

    One that runs on while its Node object is deleted does not. Go: registerWithAPIServer
    """
    if node.registered != "deleted":
        return node
    return evolve(node, registered="ready", out_of_service=False, unschedulable=False)


# ---- the node lifecycle controller ------------------------------------------------------------


def notice(nodes: Nodes, node_at: int) -> Outcomes:
    """The condition of a node follows what is heard of it. Go: monitorNodeHealth"""
    node = at(nodes, node_at)
    if node.registered == "ready" and not hears(node):
        after = evolve(node, registered="unreachable")
        yield outcome(f"n{node_at} is unreachable", nodes=put(nodes, node_at, after))
    if node.registered == "unreachable" and hears(node):
        after = evolve(node, registered="ready")
        yield outcome(f"n{node_at} is ready again", nodes=put(nodes, node_at, after))


# ---- users ------------------------------------------------------------------------------------


def deleted(node: Node) -> Node | None:
    """The node after its Node object was deleted; a machine that is up goes on."""
    return evolve(node, registered="deleted") if node.registered != "deleted" else None


def out_of_service(node: Node) -> Node | None:
    """The node after it was marked out of service, which says that its machine is off."""
    if node.out_of_service or node.registered != "unreachable":
        return None
    return evolve(node, out_of_service=True)


def cordoned(node: Node) -> Node | None:
    """The node after it takes no new pods."""
    return evolve(node, unschedulable=True) if not node.unschedulable else None
