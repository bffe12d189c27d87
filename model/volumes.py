"""
To which node the volume of a member is attached, and who waits for that.

:Go: kubernetes v1.36.3 pkg/controller/volume/attachdetach/reconciler/reconciler.go,
    pkg/controller/volume/attachdetach/populator/desired_state_of_world_populator.go,
    pkg/volume/util/operationexecutor/operation_generator.go
:Docs: https://kubernetes.io/docs/concepts/storage/persistent-volumes/#access-modes,
    https://kubernetes.io/docs/concepts/cluster-administration/node-shutdown/
:Omits: that a kubelet which was started again unmounts volumes of containers that run, where it
    knows no pod of theirs; that attaching, mounting and detaching fail; that a node says at an
    interval which volumes it uses (it says so at once, while it is heard of); caches of this
    controller, which are up to date; how long six minutes are; `--disable-force-detach-on-timeout`;
    what a storage backend does about a node whose volume was taken from it (nothing: the node goes
    on writing); volumes without an attachment, such as local ones and network file systems; a
    volume that has other access modes than its claim asks for.

A volume that is attached to one node at a time is attached to a node that has a pod of it, if it is
attached to no other. It is detached when the API has no such pod any more, and the node says that
it does not use it; or, by force, when the node has not been healthy for six minutes, or has the
taint out-of-service. Force asks nobody: what runs there goes on.
"""

from seatrial.core import Outcomes, outcome

from .environment import Environment
from .nodes import Nodes, at, hears
from .statefulset_api import StatefulPod, StatefulSetSpec

__all__ = [
    "ATTACHED_TO_NONE",
    "Attached",
    "Processes",
    "attach",
    "attach_due",
    "attaches",
    "bereft",
    "detach",
    "detach_due",
    "mountable",
]

Processes = tuple[tuple[int, int], ...]
"""
Where containers of pods of one ordinal run: node and uid of the pod, in order.

The uid is negative where they use a former volume, of a claim that is gone (`bereft`).
"""

Attached = int | None
"""The node that a volume is attached to, `ATTACHED_TO_NONE`, or None where nobody asks."""

ATTACHED_TO_NONE = 0


def attaches(spec: StatefulSetSpec, around: Environment) -> bool:
    """
    Whether it is to be kept where volumes are attached.

    It matters only where a pod may be gone, or was never there, while its containers run: by force,
    without a grace period, by a Node object that is deleted or tainted, or from a list that is out
    of date. Everywhere else a node has stopped using a volume before another is asked to.
    """
    early = ("force-delete", "delete-node", "out-of-service", "stale-api-server")
    return spec.access != "shared" and (not spec.graceful or any(map(around.times, early)))


def _needed_on(pod: StatefulPod | None) -> int:
    """The node that is to have the volume, 0 for none. Go: DetermineVolumeAction, IsPodTerminated

    A pod that is deleted before any of its containers was reported counts as one that has ended.
    """
    if pod is None or pod.node is None or pod.kind.phase in ("Failed", "Succeeded"):
        return 0
    return 0 if pod.kind.terminating and pod.kind.phase == "Pending" else pod.node


def attach_due(pod: StatefulPod | None, attached: int) -> bool:
    """View: whether a volume is to be attached."""
    return attached == ATTACHED_TO_NONE and _needed_on(pod) != 0


def detach_due(pod: StatefulPod | None, attached: int) -> bool:
    """View: whether a volume is to be detached."""
    return attached not in (ATTACHED_TO_NONE, _needed_on(pod))


def attach(pod: StatefulPod | None, attached: int, nodes: Nodes, ordinal: int) -> Outcomes:
    """The volume of a member is attached to the node of its pod. Go: attachDesiredVolumes"""
    node = _needed_on(pod)
    if node and attached == ATTACHED_TO_NONE and at(nodes, node).registered != "deleted":
        yield outcome(f"attaches the volume of pod {ordinal} to n{node}", attached=node)


def detach(
    pod: StatefulPod | None, attached: int, process: Processes, nodes: Nodes, ordinal: int
) -> Outcomes:
    """The volume of a member is taken from a node that has no pod of it. Go: reconcile"""
    if not detach_due(pod, attached):
        return
    node = at(nodes, attached)
    words = f"detaches the volume of pod {ordinal} from n{attached}"
    unused = hears(node) and all(where != attached or of < 0 for where, of in process)
    if unused and node.registered != "deleted":
        yield outcome(words, attached=ATTACHED_TO_NONE)
    elif node.out_of_service:
        yield outcome(f"{words}, which is out of service", attached=ATTACHED_TO_NONE)
    elif node.registered != "ready":
        yield outcome(f"{words} by force, after six minutes", attached=ATTACHED_TO_NONE)


def mountable(
    attached: Attached, process: Processes, node: int, uid: int, one_pod: bool = False
) -> bool:
    """
    Whether the kubelet of a node can mount the volume of a pod, so that containers may start.

    With ReadWriteOncePod (`one_pod`) not as long as another pod uses it there.
    Go: GenerateVerifyControllerAttachedVolumeFunc, GenerateMountVolumeFunc
    """
    if attached is not None and attached != node:
        return False
    return not one_pod or not any(where == node and 0 < of != uid for where, of in process)


def bereft(process: Processes) -> Processes:
    """
    The processes of an ordinal after its claim is gone: the next one has another volume.

    >>> bereft(((1, 2), (2, -1)))
    ((1, -2), (2, -1))
    """
    return tuple(sorted((node, -abs(uid)) for node, uid in process))
