"""What is promised of the volumes of a StatefulSet: who may write to one at a time."""

from collections.abc import Iterator
from typing import Any

from seatrial.core import All, after_each_step, always, sometimes
from seatrial.model import Environment

from .promise import Precondition, Promise, does, under, without
from .statefulset_promise import (
    NODES_STAY,
    ONE_NODE,
    ONE_POD,
    REALLY_OFF,
    SOME,
    moves_freely,
    never_stale,
)

__all__ = ["ELSEWHERE", "NEVER_TAKEN", "PROMISES"]

_SAFETY = "https://github.com/kubernetes/design-proposals-archive/blob/main/storage/pod-safety.md"
_MODES = "https://kubernetes.io/docs/concepts/storage/persistent-volumes/#access-modes"
_SHUTDOWN = (
    "https://kubernetes.io/docs/concepts/cluster-administration/node-shutdown/"
    "#storage-force-detach-on-timeout"
)


def _outlives(spec: Any, around: Environment) -> bool:
    """Whether containers may run whose pod the API does not have any more."""
    taken = around.times("force-delete") > 0 or around.collects_late
    return taken or not spec.graceful or not never_stale(around)


def _lets_go(around: Environment) -> bool:
    """
    Whether a volume may be taken from containers that run.

    By the attach/detach controller from a node that is not heard of; or by a kubelet that was
    started again: it unmounts what no pod that it knows asks for, and does not ask for containers.

    :Go: pkg/kubelet/volumemanager/reconciler/reconcile.go, reconstruct.go
    """
    lost = around.times("node-crash") + around.times("node-partition")
    return lost + around.times("kubelet-restart") > 0


NEVER_TAKEN = Precondition(
    "no volume is taken from containers that run: no node is cut off or crashes and no kubelet"
    " restarts, or no container outlives its pod (by force, without a grace period, or from a list"
    " that is out of date)",
    lambda spec, around: not (_outlives(spec, around) and _lets_go(around)),
    lambda around: without(around, "node-crash", "node-partition", "kubelet-restart"),
)


@under(ONE_NODE, NODES_STAY, REALLY_OFF, NEVER_TAKEN)
@always(
    id="rwo-single-node",
    says="two nodes never use a ReadWriteOnce volume at the same moment",
    source=_SAFETY,
    over="ordinal",
    premise=lambda writers: writers > 0,
)
def one_node_at_a_time(writers: int, ordinal: int) -> Iterator[str]:
    if writers > 1:
        yield f"containers of pod {ordinal} use its volume on {writers} nodes"


@under(ONE_POD, NODES_STAY, REALLY_OFF, NEVER_TAKEN)
@always(
    id="rwop-single-pod",
    says="a ReadWriteOncePod claim is used by one pod in the whole cluster",
    source=_MODES,
    over="ordinal",
    premise=lambda volume_users: volume_users > 0,
)
def one_pod_at_a_time(volume_users: int, ordinal: int) -> Iterator[str]:
    if volume_users > 1:
        yield f"{volume_users} pods use the claim of pod {ordinal} at the same time"


_TAKEN = Precondition(
    "a pod may be deleted by force, and its node be cut off",
    lambda spec, around: (
        around.times("force-delete") > 0
        and around.times("node-partition") > 0
        and moves_freely(spec, around)
    ),
)


@under(ONE_NODE, _TAKEN, SOME)
@after_each_step(
    id="detached-after-unmounting",
    says="a volume is taken from a node only when nothing there uses it any more",
    source=_SHUTDOWN,
    expected="refuted",
    over="ordinal",
    premise=lambda action: action.startswith("detach"),
)
def detached_after_unmounting(
    action: str,
    volume_node: int,
    volume_node_before: int,
    process: tuple[tuple[int, int], ...],
    ordinal: int,
) -> Iterator[str]:
    if not action.startswith("detach") or volume_node == volume_node_before:
        return
    if any(node == volume_node_before and uid > 0 for node, uid in process):
        yield f"the volume of pod {ordinal} is taken from n{volume_node_before}, where it is in use"


ELSEWHERE = Precondition(
    "there are two nodes or more, which all take any of the pods", moves_freely
)


@under(
    ONE_NODE,
    does("force-delete"),
    SOME,
    ELSEWHERE,
)
@sometimes(
    id="replacement-waits-for-its-volume",
    says="a member that was deleted by force waits on another node until the first one has stopped",
    source=_MODES,
)
def waits_for_its_volume(pod_node: All[int], volume_node: All[int], running: All[int]) -> bool:
    return any(0 < node != volume_node[at] > 0 and running[at] > 0 for at, node in pod_node.items())


PROMISES: tuple[Promise, ...] = (
    one_node_at_a_time,
    one_pod_at_a_time,
    detached_after_unmounting,
    waits_for_its_volume,
)
