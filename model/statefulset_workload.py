"""
A StatefulSet with everything around it, as a system: its controller, nodes, kubelets and users.

:Omits: what the modules of its parts omit, each under this word; Services and DNS; volumes and
    where they are attached; disruption budgets.

The system starts settled: the manifest was applied long ago, all pods are available, and they are
spread over the nodes.
"""

import json
from typing import Any

from seatrial.core import Action, DeclarationError, Index, Parameter, System, Variable

from . import statefulset_controller as controller
from . import statefulset_faults as faults
from . import statefulset_kubelet as kubelet
from . import statefulset_users as users
from .api import PodKind
from .controller import Key
from .environment import Environment
from .informer import Copy
from .nodes import Node, notice
from .statefulset_api import (
    BY_SET,
    Claim,
    ClaimRetention,
    RollingUpdateStatefulSet,
    StatefulPod,
    StatefulSet,
    StatefulSetSpec,
    StatefulSetStatus,
    StatefulSetUpdateStrategy,
)
from .statefulset_kubelet import Processes
from .statefulset_pods import shown
from .statefulset_views import views
from .steps import Maker

__all__ = ["MOST_ORDINALS", "compose", "ordinals_of", "spec_of"]

MOST_ORDINALS = 12
"""Each ordinal is an object of its own: more are not explored to any purpose."""


def spec_of(manifest: Any) -> StatefulSetSpec:
    """The spec of a manifest, as the controller reads it."""
    strategy = StatefulSetUpdateStrategy("OnDelete", None)
    if manifest.update_strategy.type == "RollingUpdate":
        rolling = None
        if manifest.update_strategy.partition is not None:
            rolling = RollingUpdateStatefulSet(
                manifest.update_strategy.partition, manifest.update_strategy.max_unavailable
            )
        strategy = StatefulSetUpdateStrategy("RollingUpdate", rolling)
    policy = manifest.persistent_volume_claim_retention_policy
    return StatefulSetSpec(
        replicas=manifest.replicas,
        pod_management_policy=manifest.pod_management_policy,
        update_strategy=strategy,
        ordinals_start=manifest.ordinals_start,
        min_ready_seconds=manifest.min_ready_seconds,
        revision_history_limit=manifest.revision_history_limit,
        has_claims=bool(manifest.volume_claim_templates),
        retention=ClaimRetention(policy.when_deleted, policy.when_scaled),
        graceful=_grace(manifest.template.canonical) != 0,
    )


def _grace(template: str) -> Any:
    found = json.loads(template).get("spec", {})
    return found.get("terminationGracePeriodSeconds", 30)


def ordinals_of(spec: StatefulSetSpec, around: Environment) -> tuple[int, ...]:
    """All ordinals that a pod may have there."""
    most = max(spec.replicas, *map(int, around.values("scale")), 1)
    return tuple(range(spec.ordinals_start, spec.ordinals_start + most))


# ---- the system -------------------------------------------------------------------------------

_ORDINAL = ("ordinal",)
_NODE = ("node_at",)

_BUDGETS = {
    "set_images_left": "set-image",
    "scales_left": "scale",
    "set_partitions_left": "set-partition",
    "set_retentions_left": "set-retention",
    "undos_left": "undo",
    "deletes_left": "delete",
    "delete_pods_left": "delete-pod",
    "force_deletes_left": "force-delete",
    "delete_claims_left": "delete-claim",
    "drains_left": "drain",
    "delete_nodes_left": "delete-node",
    "out_of_services_left": "out-of-service",
    "container_exits_left": "container-exit",
    "pod_failures_left": "pod-failed",
    "node_crashes_left": "node-crash",
    "node_partitions_left": "node-partition",
    "node_offs_left": "node-off",
    "kubelet_restarts_left": "kubelet-restart",
    "stale_api_servers_left": "stale-api-server",
    "controller_restarts_left": "controller-restart",
    "second_controllers_left": "second-controller",
    "write_failures_left": "write-failure",
}


def _settled(spec: StatefulSetSpec) -> StatefulSet:
    """A set whose pods are all there."""
    n = spec.replicas
    return StatefulSet(spec, StatefulSetStatus(n, n, n, n, n, spec.template, spec.template))


def compose(name: str, spec: StatefulSetSpec, around: Environment) -> System:
    """
    A StatefulSet of this spec in this environment, as a system.

    Raises DeclarationError where the environment cannot be had.
    """
    ordinals = ordinals_of(spec, around)
    _check(ordinals, around)
    names = tuple(range(1, around.nodes + 1))
    budgets = {left: around.times(name) for left, name in _BUDGETS.items()}
    newer = range(spec.template + 1, spec.template + 1 + around.times("never-ready"))
    stale_lists = not (around.gate("WatchListClient") and around.gate("WatchList"))
    return System(
        name=name,
        indices=[Index("node_at", names), Index("ordinal", ordinals)],
        parameters=[
            Parameter("manifest", spec),
            Parameter("ordinals", ordinals),
            Parameter("start", spec.ordinals_start),
            Parameter("has_claims", spec.has_claims),
            Parameter("graceful", spec.graceful),
            Parameter("min_ready_seconds", spec.min_ready_seconds),
            Parameter("lag", around.lag),
            Parameter("sizes", tuple(int(each) for each in around.values("scale"))),
            Parameter("partitions", tuple(int(each) for each in around.values("set-partition"))),
            Parameter("retentions", tuple(map(_retention, around.values("set-retention")))),
            Parameter("propagation", (around.values("delete") or ("background",))[0]),
            Parameter("never_ready", frozenset(newer)),
            Parameter("stale_lists", stale_lists),
            Parameter("consistency_store", around.gate("StaleControllerConsistencyStatefulSet")),
            Parameter("max_unavailable", around.gate("MaxUnavailableStatefulSet")),
            Parameter("write_faults", around.times("write-failure") > 0),
            Parameter("variant", around.rules),
        ],
        variables=[
            *(Variable(each) for each in (*_SHARED, *budgets)),
            *(Variable(each, over=_ORDINAL) for each in _OF_AN_ORDINAL),
        ],
        views=views(),
        actions=_actions(spec, around),
        initial=[_initial(spec, ordinals, names) | budgets],
        assumptions=_assumptions(around),
    )


_SHARED = (
    "stateful_set",
    "set_cache",
    "set_queue",
    "set_key",
    "set_sync",
    "set_copy",
    "pod_queue",
    "claim_queue",
    "revisions",
    "newest_template",
    "restarting",
    "former_sync",
    "snapshot",
    "nodes",
)
_OF_AN_ORDINAL = ("pod", "pod_cache", "claim", "claim_cache", "process")


def _initial(
    spec: StatefulSetSpec, ordinals: tuple[int, ...], names: tuple[int, ...]
) -> dict[str, Any]:
    stateful_set = _settled(spec)
    pods: dict[int, StatefulPod | None] = dict.fromkeys(ordinals)
    claims: dict[int, Claim | None] = dict.fromkeys(ordinals)
    process: dict[int, Processes] = dict.fromkeys(ordinals, ())
    owner = BY_SET if spec.retention.when_deleted == "Delete" else None
    for place, at in enumerate(ordinals[: spec.replicas]):
        node = names[place % len(names)]
        pods[at] = StatefulPod(spec.template, PodKind("Running", True, True), node)
        process[at] = ((node, 1),)
        claims[at] = Claim(owner) if spec.has_claims else None
    return {
        "stateful_set": stateful_set,
        "set_cache": stateful_set,
        "set_queue": (),
        "set_key": Key(),
        "set_sync": None,
        "set_copy": Copy(),
        "pod_queue": (),
        "claim_queue": (),
        "revisions": (spec.template,),
        "newest_template": spec.template,
        "restarting": 0,
        "former_sync": None,
        "snapshot": None,
        "pod": pods,
        "pod_cache": {at: shown(at, pod) for at, pod in pods.items()},
        "claim": claims,
        "claim_cache": dict(claims),
        "nodes": (Node(),) * len(names),
        "process": process,
    }


def _retention(text: str) -> ClaimRetention:
    """`DeleteRetain` is whenDeleted Delete, whenScaled Retain."""
    found = {
        f"{deleted}{scaled}": ClaimRetention(deleted, scaled)
        for deleted in ("Retain", "Delete")
        for scaled in ("Retain", "Delete")
    }
    return found[text]


def _check(ordinals: tuple[int, ...], around: Environment) -> None:
    if len(around.values("delete")) > 1:
        raise DeclarationError("--users: delete is given with two propagations; give one")
    if len(ordinals) > MOST_ORDINALS:
        raise DeclarationError(
            f"{len(ordinals)} replicas of a StatefulSet are more than the {MOST_ORDINALS} that are"
            " explored: each is an object of its own; the same promises can be checked with fewer"
        )


# ---- actions ----------------------------------------------------------------------------------

_SYNC_ENDS = "set_sync set_key set_copy write_failures_left"
_SET = "stateful_set set_queue set_copy"
_POD = "pod pod_queue"
_CLAIM = "claim claim_queue"


def _actions(spec: StatefulSetSpec, around: Environment) -> list[Action]:
    maker = Maker(around.level, around.lag)
    return [
        *_controller(maker, spec),
        *_kubelets(maker, spec, around),
        *_users(maker, around),
        *_collector(maker, spec, around),
        *_faults(maker, around),
        *_nodes(maker, around),
    ]


def _controller(maker: Maker, spec: StatefulSetSpec) -> list[Action]:
    actor = "statefulset"
    found = [
        maker.of(actor, controller.observe, f"{_SYNC_ENDS} revisions", when="key_due"),
        maker.of(
            actor,
            controller.write_pod,
            f"{_SYNC_ENDS} {_POD}",
            over=_ORDINAL,
            part_of="sync",
            when="pod_write_due",
        ),
        maker.of(
            actor,
            controller.write_status,
            f"{_SYNC_ENDS} stateful_set set_queue",
            part_of="sync",
            when="status_write_due",
        ),
        maker.of(
            "watch",
            controller.deliver_set,
            "set_cache set_queue set_key",
            part_of="watch",
            when="set_event_due",
        ),
        maker.of(
            "watch",
            controller.deliver_pod,
            "pod_cache pod_queue set_key",
            over=_ORDINAL,
            part_of="watch",
            when="pod_event_due",
        ),
    ]
    if spec.has_claims:
        found += [
            maker.of(
                actor,
                controller.write_claim,
                f"{_SYNC_ENDS} {_CLAIM}",
                over=_ORDINAL,
                part_of="sync",
                when="claim_write_due",
            ),
            maker.of(
                "watch",
                controller.deliver_claim,
                "claim_cache claim_queue",
                over=_ORDINAL,
                part_of="watch",
                when="claim_event_due",
            ),
        ]
    if spec.min_ready_seconds > 0:
        found += [
            maker.of(
                "clock",
                kubelet.pass_min_ready_seconds,
                "pod pod_cache",
                over=_ORDINAL,
                when="waiting",
            ),
            maker.of("clock", controller.pass_requeue, "set_key"),
        ]
    return found


def _kubelets(maker: Maker, spec: StatefulSetSpec, around: Environment) -> list[Action]:
    found = [
        maker.of("scheduler", kubelet.schedule, _POD, over=_ORDINAL, when="scheduling_due"),
        maker.of("kubelet", kubelet.run, f"{_POD} process", over=_ORDINAL, when="kubelet_due"),
    ]
    if around.times("container-exit"):
        found.append(
            maker.of(
                "fault",
                kubelet.exit_container,
                f"{_POD} container_exits_left",
                over=_ORDINAL,
                fair="none",
            )
        )
    if around.times("pod-failed"):
        writes = f"{_POD} process pod_failures_left"
        found.append(maker.of("fault", kubelet.fail, writes, over=_ORDINAL, fair="none"))
    return found


def _users(maker: Maker, around: Environment) -> list[Action]:
    found = []
    for user, function, writes, over in (
        ("set-image", users.set_image, f"{_SET} newest_template set_images_left", ()),
        ("scale", users.scale, f"{_SET} scales_left", ()),
        ("set-partition", users.set_partition, f"{_SET} set_partitions_left", ()),
        ("set-retention", users.set_retention, f"{_SET} set_retentions_left", ()),
        ("undo", users.undo, f"{_SET} undos_left", ()),
        ("delete", users.delete, f"{_SET} deletes_left", ()),
        ("delete-pod", users.delete_pod, f"{_POD} delete_pods_left", _ORDINAL),
        ("force-delete", users.force_delete, f"{_POD} force_deletes_left", _ORDINAL),
        ("delete-claim", users.delete_claim, f"{_CLAIM} delete_claims_left", _ORDINAL),
        ("drain", users.drain, "nodes drains_left", _NODE),
        ("delete-node", users.delete_node, "nodes delete_nodes_left", _NODE),
        ("out-of-service", users.taint_out_of_service, "nodes out_of_services_left", _NODE),
    ):
        if around.times(user):
            found.append(maker.of("user", function, writes, over=over, fair="none"))
    if around.times("drain"):
        found.append(maker.of("drain", users.drain_pod, _POD, over=_ORDINAL))
    return found


def _collector(maker: Maker, spec: StatefulSetSpec, around: Environment) -> list[Action]:
    actor, found = "garbage collector", []
    if around.times("delete"):
        found += [
            maker.of(actor, users.collect_pod, _POD, over=_ORDINAL),
            maker.of(actor, users.finish_deletion, _SET),
        ]
    if spec.has_claims:
        found += [
            maker.of(actor, users.collect_claim, _CLAIM, over=_ORDINAL, when="claim_owned"),
            maker.of(actor, users.release_claim, _CLAIM, over=_ORDINAL, when="claim_terminating"),
        ]
    return found


def _faults(maker: Maker, around: Environment) -> list[Action]:
    found = []
    for fault, function, writes in (
        ("controller-restart", faults.restart_controller, "controller_restarts_left"),
        ("second-controller", faults.second_controller, "former_sync second_controllers_left"),
    ):
        if around.times(fault):
            writes += " restarting set_queue pod_queue claim_queue"
            found.append(maker.of("fault", function, writes, fair="none"))
    if around.times("controller-restart") or around.times("second-controller"):
        found += [
            maker.of(
                "fault",
                faults.lists_pods_anew,
                "restarting pod_cache claim_cache pod_queue",
                over=_ORDINAL,
                fair="none",
                part_of="step",
                when="lists_pods_now",
            ),
            maker.of(
                "fault",
                faults.lists_anew,
                "restarting set_cache set_key set_sync set_copy",
                fair="none",
                part_of="step",
                when="lists_now",
            ),
        ]
    if around.times("second-controller"):
        former, own = "former controller", "former_sync"
        found += [
            maker.of(former, faults.land_pod_write, f"{_POD} {own}", over=_ORDINAL, fair="none"),
            maker.of(
                former, faults.land_claim_write, f"{_CLAIM} {own}", over=_ORDINAL, fair="none"
            ),
            maker.of(former, faults.land_status_write, f"{_SET} {own}", fair="none"),
        ]
    return found


def _nodes(maker: Maker, around: Environment) -> list[Action]:
    found = []
    for fault, function, writes in (
        ("node-crash", faults.crash, "nodes process node_crashes_left"),
        ("node-partition", faults.cut_off, "nodes node_partitions_left"),
        ("node-off", faults.switch_off, "nodes process node_offs_left"),
        ("kubelet-restart", faults.restart_kubelet, "nodes kubelet_restarts_left"),
    ):
        if around.times(fault):
            found.append(maker.of("fault", function, writes, over=_NODE, fair="none"))
    if around.times("stale-api-server"):
        found += [
            maker.of(
                "fault",
                faults.fall_behind,
                "snapshot stale_api_servers_left",
                over=_ORDINAL,
                fair="none",
            ),
            maker.of("API server", faults.catch_up, "snapshot"),
            maker.of("kubelet", kubelet.start_what_was, "process", over=_ORDINAL, fair="none"),
        ]
    if around.times("node-crash") or around.times("node-partition"):
        found.append(maker.of("fault", faults.come_back, "nodes", over=_NODE, fair="none"))
    if around.loses_nodes:
        found += [
            maker.of("node lifecycle", notice, "nodes", over=_NODE),
            maker.of(
                "node lifecycle", kubelet.mark_not_ready, _POD, over=_ORDINAL, when="lost_pod_due"
            ),
            maker.of("taint eviction", kubelet.evict, _POD, over=_ORDINAL, when="lost_pod_due"),
        ]
    if around.times("delete-node") or around.times("out-of-service"):
        found.append(
            maker.of(
                "pod garbage collector",
                kubelet.collect_lost_pod,
                _POD,
                over=_ORDINAL,
                when="lost_pod_due",
            )
        )
    return found


def _assumptions(around: Environment) -> list[str]:
    gates = ", ".join(f"{name}={str(on).lower()}" for name, on in around.gates)
    texts = [
        f"Kubernetes {around.kubernetes}; feature gates {gates}",
        f"{around.nodes} nodes; level {around.level}, lag {around.lag}",
        f"users: {', '.join(map(str, around.users)) or 'none'}",
        f"faults: {', '.join(map(str, around.faults)) or 'none'}",
        "the manifest was applied long ago, all pods are available and spread over the nodes",
        "everything takes any time it likes",
    ]
    if around.lag:
        texts.append(f"a writer waits while {around.lag} events of its kind are on their way")
    if around.times("node-crash") or around.times("node-partition"):
        texts.append("a node that is lost may come back, or may never")
    if around.variant:
        texts.append(f"rules changed: {', '.join(sorted(around.variant))}")
    return texts
