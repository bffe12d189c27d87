"""
What goes wrong with nodes, with the API server and with the StatefulSet controller itself.

:Go: kubernetes v1.36.3 staging/src/k8s.io/client-go/tools/cache/reflector.go (list, watchList),
    staging/src/k8s.io/client-go/features/known_features.go (WatchListClient),
    staging/src/k8s.io/apiserver/pkg/features/kube_features.go (WatchList),
    pkg/controller/podgc/gc_controller.go (markFailedAndDeletePodWithCondition)
:Docs: https://github.com/kubernetes/kubernetes/issues/59848
:Omits: API servers that are behind with sets, claims and nodes; two that are behind at a time; what
    else a kubelet does when it starts; more than one sync of a former controller manager that goes
    on, or more than one pod that it was about to remove.

An API server that does not follow etcd answers a list that may be of any age from its cache. Who
starts and lists from it sees what was, until that API server has caught up. With the feature gates
WatchListClient (client-go; on by default since 1.35) and WatchList (API server; on in 1.32, off in
1.33, on again since 1.34) a first list is up to date; where one of them is off it need not be.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from attrs import evolve

from seatrial.core import All, Outcomes, outcome

from .controller import Done, Key, Pending
from .informer import Change, Copy, Event, Queue, has_room
from .nodes import Nodes, at, back, crashed, hears, lost, parted, put, registered, switched_off
from .statefulset_api import Claim, StatefulPod, StatefulSet
from .statefulset_controller import (
    asked_of_the_set,
    carried_out_claim,
    carried_out_pod,
    carried_out_status,
)
from .statefulset_pods import pod_written, shown
from .volumes import Processes

__all__ = [
    "Snapshot",
    "catch_up",
    "come_back",
    "crash",
    "cut_off",
    "fall_behind",
    "land_claim_write",
    "land_collection",
    "land_pod_write",
    "land_status_write",
    "lists_anew",
    "lists_pods_anew",
    "restart_controller",
    "restart_kubelet",
    "second_collector",
    "second_controller",
    "switch_off",
]

Snapshot = tuple[tuple[int, StatefulPod], ...] | None
"""What an API server that has fallen behind still shows: the pods that there were, by ordinal."""


# ---- nodes ------------------------------------------------------------------------------------


def crash(nodes: Nodes, process: All[Processes], node_at: int, node_crashes_left: int) -> Outcomes:
    """A machine stops, and all that runs on it."""
    after = crashed(at(nodes, node_at))
    if node_crashes_left and after is not None:
        yield outcome(
            f"n{node_at} crashes",
            nodes=put(nodes, node_at, after),
            process=_without(process, node_at),
            node_crashes_left=node_crashes_left - 1,
        )


def switch_off(
    nodes: Nodes, process: All[Processes], node_at: int, node_offs_left: int
) -> Outcomes:
    """A machine stops for good."""
    after = switched_off(at(nodes, node_at))
    if node_offs_left and after is not None:
        yield outcome(
            f"n{node_at} is off for good",
            nodes=put(nodes, node_at, after),
            process=_without(process, node_at),
            node_offs_left=node_offs_left - 1,
        )


def _without(process: All[Processes], node: int) -> dict[int, Processes]:
    return {
        ordinal: tuple(each for each in running if each[0] != node)
        for ordinal, running in process.items()
    }


def cut_off(nodes: Nodes, node_at: int, node_partitions_left: int) -> Outcomes:
    """A node is parted from the API server; what runs on it goes on."""
    after = parted(at(nodes, node_at))
    if node_partitions_left and after is not None:
        yield outcome(
            f"n{node_at} is cut off",
            nodes=put(nodes, node_at, after),
            node_partitions_left=node_partitions_left - 1,
        )


def come_back(nodes: Nodes, node_at: int, snapshot: Snapshot, stale_lists: bool) -> Outcomes:
    """A node is up again, or the network is. It may, or may never."""
    node = at(nodes, node_at)
    after = back(node)
    if after is None:
        return
    yield outcome(f"n{node_at} is back", nodes=put(nodes, node_at, after))
    if node.reality == "down" and stale_lists and _shows_pods_of(snapshot, node_at):
        stale = evolve(after, stale=True)
        words = f"n{node_at} is back, with a list of pods that is out of date"
        yield outcome(words, nodes=put(nodes, node_at, stale))


# ---- stale reads ------------------------------------------------------------------------------


def fall_behind(
    pod: All[StatefulPod | None], snapshot: Snapshot, stale_api_servers_left: int
) -> Outcomes:
    """One of the API servers stops following etcd: it goes on to show all pods as they are now."""
    there = tuple((at, each) for at, each in sorted(pod.items()) if each is not None)
    if stale_api_servers_left and snapshot is None and there:
        yield outcome(
            "an API server falls behind; it goes on to show the pods as they are",
            snapshot=there,
            stale_api_servers_left=stale_api_servers_left - 1,
        )


def _shows_pods_of(snapshot: Snapshot, node: int) -> bool:
    return any(pod.node == node for _, pod in snapshot or ())


def catch_up(snapshot: Snapshot) -> Outcomes:
    """It follows etcd again."""
    if snapshot is not None:
        yield outcome("the API server has caught up", snapshot=None)


def restart_kubelet(
    nodes: Nodes, node_at: int, snapshot: Snapshot, stale_lists: bool, kubelet_restarts_left: int
) -> Outcomes:
    """A kubelet starts anew and lists its pods; what runs goes on."""
    node = at(nodes, node_at)
    if kubelet_restarts_left == 0 or not hears(node):
        return
    left = kubelet_restarts_left - 1
    after = registered(node)
    yield outcome(
        f"the kubelet of n{node_at} restarts",
        nodes=put(nodes, node_at, after),
        kubelet_restarts_left=left,
    )
    if stale_lists and _shows_pods_of(snapshot, node_at):
        yield outcome(
            f"the kubelet of n{node_at} restarts, and lists from the API server that is behind",
            nodes=put(nodes, node_at, evolve(after, stale=True)),
            kubelet_restarts_left=left,
        )


# ---- the controller ---------------------------------------------------------------------------

_NOTHING_ON_ITS_WAY: Final[Mapping[str, Any]] = MappingProxyType(
    {"set_queue": (), "pod_queue": (), "claim_queue": ()}
)


def _lists(
    words: str, ordinals: tuple[int, ...], snapshot: Snapshot, stale_lists: bool, **done: Any
) -> Outcomes:
    """Who starts lists each pod and then the set; from a server that is behind, counting up."""
    steps = len(ordinals) + 1
    yield outcome(words, restarting=steps, **done, **_NOTHING_ON_ITS_WAY)
    if snapshot is not None and stale_lists:
        words += ", and lists pods from the API server that is behind"
        yield outcome(words, restarting=-steps, **done, **_NOTHING_ON_ITS_WAY)


def restart_controller(
    restarting: int,
    ordinals: tuple[int, ...],
    snapshot: Snapshot,
    stale_lists: bool,
    controller_restarts_left: int,
) -> Outcomes:
    """The controller manager is started anew: its sync and its queue are forgotten."""
    if controller_restarts_left > 0 and restarting == 0:
        left = controller_restarts_left - 1
        words = "the controller manager restarts"
        yield from _lists(words, ordinals, snapshot, stale_lists, controller_restarts_left=left)


def second_controller(
    restarting: int,
    set_sync: Pending | None,
    former_sync: Pending | None,
    ordinals: tuple[int, ...],
    snapshot: Snapshot,
    stale_lists: bool,
    second_controllers_left: int,
) -> Outcomes:
    """Another controller manager takes over, while the former one's sync goes on."""
    if second_controllers_left > 0 and restarting == 0 and former_sync is None:
        yield from _lists(
            "another controller manager takes over",
            ordinals,
            snapshot,
            stale_lists,
            former_sync=set_sync,
            second_controllers_left=second_controllers_left - 1,
        )


def second_collector(
    restarting: int,
    set_sync: Pending | None,
    former_sync: Pending | None,
    former_collects: int | None,
    pod: StatefulPod | None,
    nodes: Nodes,
    ordinal: int,
    ordinals: tuple[int, ...],
    snapshot: Snapshot,
    stale_lists: bool,
    second_controllers_left: int,
) -> Outcomes:
    """The same, while the former one's collector is about to remove a pod of a lost node."""
    if second_controllers_left == 0 or restarting != 0 or pod is None or pod.node is None:
        return
    if former_sync is not None or former_collects is not None:
        return
    if lost(at(nodes, pod.node), pod.kind.terminating):
        yield from _lists(
            f"another controller manager takes over, before the former one removes pod {ordinal}",
            ordinals,
            snapshot,
            stale_lists,
            former_sync=set_sync,
            former_collects=ordinal,
            second_controllers_left=second_controllers_left - 1,
        )


def lists_pods_anew(
    restarting: int,
    pod: StatefulPod | None,
    claim: Claim | None,
    shown_still: StatefulPod | None,
    pod_queue: Queue,
    ordinal: int,
    ordinals: tuple[int, ...],
) -> Outcomes:
    """
    It lists a pod and its claim; an API server that is behind shows the pod that there was.

    What has become of it is one event, whatever happened in between.
    """
    if abs(restarting) != 2 + ordinals.index(ordinal):
        return
    done: dict[str, Any] = {"claim_cache": claim}
    live = shown(ordinal, pod)
    if restarting > 0:
        yield outcome("lists anew", pod_cache=live, restarting=restarting - 1, **done)
        return
    old = shown(ordinal, shown_still)
    if old != live:
        done["pod_queue"] = (*pod_queue, Event(ordinal, live, Change.IDENTITY))
    yield outcome("lists what was", pod_cache=old, restarting=restarting + 1, **done)


def lists_anew(restarting: int, stateful_set: StatefulSet | None) -> Outcomes:
    """It lists the set."""
    if abs(restarting) == 1:
        yield outcome(
            "lists anew",
            restarting=0,
            set_cache=stateful_set,
            set_key=Key(dirty=stateful_set is not None),
            set_sync=None,
            set_copy=Copy(),
        )


# ---- the former controller --------------------------------------------------------------------


def _rest(former_sync: Pending, answer: Any) -> dict[str, Any]:
    step = former_sync.answered(answer)
    return {"former_sync": None if isinstance(step, Done) else step}


def land_pod_write(
    former_sync: Pending | None,
    pod: StatefulPod | None,
    claim: Claim | None,
    held_uids: frozenset[int],
    shown_still: StatefulPod | None,
    pod_queue: Queue,
    ordinal: int,
    graceful: bool,
    lag: int,
) -> Outcomes:
    """The former controller's next request is about a pod."""
    if former_sync is None or (former_sync.write.kind, former_sync.write.key) != ("Pod", ordinal):
        return
    if not has_room(pod_queue, lag):
        return
    held = held_uids | ({claim.owner} if claim is not None and claim.owner is not None else set())
    held |= set() if shown_still is None else {shown_still.uid}
    answer, changes = carried_out_pod(former_sync.write, pod, frozenset(held), pod_queue, graceful)
    words = f"the former controller {former_sync.write.verb}s pod {ordinal}"
    yield outcome(words, **_foreign(changes, "pod_queue"), **_rest(former_sync, answer))


def land_claim_write(
    former_sync: Pending | None,
    claim: Claim | None,
    claim_queue: Queue,
    ordinal: int,
    lag: int,
) -> Outcomes:
    """The former controller's next request is about a claim."""
    if former_sync is None or (former_sync.write.kind, former_sync.write.key) != (
        "Claim",
        ordinal,
    ):
        return
    if former_sync.write.verb == "get":
        words = f"the former controller looks for its change of the claim of pod {ordinal}"
        yield outcome(words, **_rest(former_sync, "applied"))
        yield outcome(f"{words}: not found", **_rest(former_sync, "not found"))
        return
    if not has_room(claim_queue, lag):
        return
    answer, changes = carried_out_claim(former_sync.write, claim, claim_queue)
    words = f"the former controller {former_sync.write.verb}s the claim of pod {ordinal}"
    yield outcome(words, **_foreign(changes, "claim_queue"), **_rest(former_sync, answer))


def land_status_write(
    former_sync: Pending | None,
    stateful_set: StatefulSet | None,
    set_queue: Queue,
    set_copy: Copy,
    set_syncing: bool,
    lag: int,
) -> Outcomes:
    """The former controller's next request is its status, of a spec that may be older."""
    if former_sync is None or former_sync.write.kind != "StatefulSet":
        return
    if former_sync.write.verb == "get":
        found = asked_of_the_set(former_sync.write, stateful_set)
        words = "the former controller asks whether its set is still there"
        yield outcome(words, **_rest(former_sync, found))
        return
    if not has_room(set_queue, lag):
        return
    yield outcome("the former controller's status conflicts", **_rest(former_sync, "conflict"))
    fresh = Copy(generation=False)
    answer, changes = carried_out_status(former_sync.write, stateful_set, set_queue, fresh)
    done = _foreign(changes, "set_queue")
    if changes and set_syncing:
        done["set_copy"] = evolve(set_copy, current=False)
    if answer == "applied":
        yield outcome("the former controller reports", **done, **_rest(former_sync, answer))


def land_collection(
    former_collects: int | None, pod: StatefulPod | None, pod_queue: Queue, ordinal: int, lag: int
) -> Outcomes:
    """
    The former collector's request arrives: it names a pod, whichever that is by now.

    Go: markFailedAndDeletePodWithCondition, which deletes without a precondition or grace
    """
    if former_collects != ordinal or not has_room(pod_queue, lag):
        return
    done = {} if pod is None else pod_written(ordinal, pod, None, pod_queue)
    words = f"the former collector removes pod {ordinal} from the API"
    yield outcome(words, former_collects=None, **done)


def _foreign(changes: dict[str, Any], queue: str) -> dict[str, Any]:
    """The changes, with an event that the new controller does not know to be its own."""
    if queue not in changes:
        return dict(changes)
    *others, last = changes[queue]
    return changes | {queue: (*others, evolve(last, own=False))}
