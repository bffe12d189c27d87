"""What is promised of single pods of a StatefulSet: their phases, their nodes, and their ends."""

from collections.abc import Iterator

from seatrial.core import All, after_each_step, converges_to
from seatrial.model import nodes as of_nodes

from .promise import Precondition, Promise, does, under
from .statefulset_promise import (
    BLOCK_OR_ORDERED,
    CAUGHT_UP,
    GRACE,
    KEPT_ALIVE,
    NEVER_EMPTIED,
    NODES_STAY,
    NOT_FORCED,
    REALLY_OFF,
    SOME,
    none_of,
)

__all__ = ["NOT_LOST", "PROMISES", "STAYS_AWAY"]

_LIFECYCLE = "https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/"
_SAFETY = "https://github.com/kubernetes/design-proposals-archive/blob/main/storage/pod-safety.md"
_DRAIN = "https://kubernetes.io/docs/tasks/administer-cluster/safely-drain-node/"
_LAST = ("Succeeded", "Failed")


@under()
@after_each_step(
    id="seed-pod-stays-on-its-node",
    says="a pod is bound to a node once, and never moves to another",
    source=_LIFECYCLE,
    over="ordinal",
    premise=lambda pod_node_before: pod_node_before > 0,
)
def stays(
    pod_node: int, pod_node_before: int, pod_uid: int, pod_uid_before: int, ordinal: int
) -> Iterator[str]:
    if pod_uid == pod_uid_before and pod_node != pod_node_before > 0:
        yield f"pod {ordinal} moves from n{pod_node_before} to n{pod_node}"


@under()
@after_each_step(
    id="podsafety-phases-forward",
    says="a pod never returns to an earlier phase, and never leaves the last one",
    source=_LIFECYCLE + "#pod-phase",
    over="ordinal",
    premise=lambda pod_phase_before: pod_phase_before != "",
)
def phases_forward(
    pod_phase: str, pod_phase_before: str, pod_uid: int, pod_uid_before: int, ordinal: int
) -> Iterator[str]:
    if pod_uid != pod_uid_before or pod_uid == 0 or pod_phase == pod_phase_before:
        return
    ahead = pod_phase in _LAST or (pod_phase_before, pod_phase) == ("Pending", "Running")
    if pod_phase_before in _LAST or not ahead:
        yield f"pod {ordinal} was {pod_phase_before} and is {pod_phase}"


@under(SOME, KEPT_ALIVE, NEVER_EMPTIED, does("delete-pod", 2))
@after_each_step(
    id="podsafety-only-kubelet-removes",
    says="only its kubelet takes a pod from the API",
    source=_SAFETY,
    expected="refuted",
    over="ordinal",
    premise=lambda pod_uid, pod_uid_before: pod_uid_before > 0 and pod_uid == 0,
)
def only_its_kubelet(action: str, pod_uid: int, pod_uid_before: int, ordinal: int) -> Iterator[str]:
    if pod_uid_before > 0 and pod_uid == 0 and not action.startswith("run"):
        yield f"pod {ordinal} goes without a kubelet"


@under(NOT_FORCED, NODES_STAY, REALLY_OFF, CAUGHT_UP, GRACE, where=[does("node-partition")])
@after_each_step(
    id="podsafety-partition-no-new-entity",
    says="while a member runs on a node that is cut off, no other is created for it",
    source=_SAFETY,
    over="ordinal",
    premise=lambda nodes, process: any(
        of_nodes.at(nodes, node).reality == "cut off" for node, _ in process
    ),
)
def no_new_entity(
    pod_uid: int,
    pod_uid_before: int,
    process: tuple[tuple[int, int], ...],
    nodes: tuple[of_nodes.Node, ...],
    ordinal: int,
) -> Iterator[str]:
    if pod_uid == 0 or pod_uid_before != 0:
        return
    for node, _ in process:
        if of_nodes.at(nodes, node).reality == "cut off":
            yield f"pod {ordinal} is created while one of its name runs on n{node}"


@under(where=[does("second-controller")])
@after_each_step(
    id="statefulset-two-controllers-no-duplicates",
    says="even two controllers at a time never create a member that is there",
    source=_SAFETY,
    over="ordinal",
    premise=lambda action, pod_uid_before: (
        action.startswith("land_pod_write") and pod_uid_before > 0
    ),
)
def no_duplicates(pod_uid: int, pod_uid_before: int, ordinal: int) -> Iterator[str]:
    if 0 < pod_uid_before != pod_uid > 0:
        yield f"pod {ordinal} is replaced by another, and was not gone"


NOT_LOST = none_of("no node is lost", "node-crash", "node-off", "node-partition")


@under(NOT_LOST, BLOCK_OR_ORDERED)
@converges_to(
    id="termination-eventually-completes",
    says="a pod that is deleted is gone in the end",
    source=_LIFECYCLE + "#pod-termination",
)
def terminations_complete(pod_state: All[str]) -> bool:
    return "terminating" not in pod_state.values()


STAYS_AWAY = Precondition(
    "pods do not tolerate cordoned nodes",
    lambda spec, around: not spec.tolerates.on_unschedulable,
)


@under(STAYS_AWAY, where=[does("drain")])
@after_each_step(
    id="drain-done-means-safe",
    says="no member is put on a node that is drained, so that it stays empty when it is",
    source=_DRAIN,
    over="ordinal",
    premise=lambda nodes: any(each.unschedulable for each in nodes),
)
def none_comes_back(
    pod_node: int, pod_node_before: int, nodes: tuple[of_nodes.Node, ...], ordinal: int
) -> Iterator[str]:
    if pod_node > 0 == pod_node_before and of_nodes.at(nodes, pod_node).unschedulable:
        yield f"pod {ordinal} is put on n{pod_node}, which is drained"


PROMISES: tuple[Promise, ...] = (
    stays,
    phases_forward,
    only_its_kubelet,
    no_new_entity,
    no_duplicates,
    terminations_complete,
    none_comes_back,
)
