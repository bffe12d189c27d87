"""
A StatefulSet with everything around it, as a system: its controller, nodes, kubelets and users.

:Omits: what the modules of its parts omit, each under this word.

The system starts settled: the manifest was applied long ago, all pods are available, and they are
spread over the nodes.
"""

import json
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from typing import Any

from seatrial.core import DeclarationError, Index, Parameter, System, Variable

from .controller import Key
from .disruption import asks_budget, status_of
from .environment import Environment
from .informer import Copy
from .placement import HOSTNAME, Placement, first_nodes, placement_of
from .statefulset_actions import actions
from .statefulset_api import (
    Access,
    ClaimRetention,
    DisruptionBudget,
    RollingUpdateStatefulSet,
    StatefulSetSpec,
    StatefulSetUpdateStrategy,
)
from .statefulset_assumptions import assumptions
from .statefulset_pods import shown
from .statefulset_start import Settled, closed_at_first, settled
from .statefulset_views import views
from .tolerations import tolerations_of
from .volumes import ATTACHED_TO_NONE, attaches

__all__ = [
    "MOST_ORDINALS",
    "check",
    "closed_to",
    "compose",
    "ordinals_of",
    "placed_in",
    "room_for_all",
    "spec_of",
    "usual_nodes",
]

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
    pod = json.loads(manifest.template.canonical).get("spec", {})
    modes = [set(each.access_modes) for each in manifest.volume_claim_templates]
    return StatefulSetSpec(
        replicas=manifest.replicas,
        pod_management_policy=manifest.pod_management_policy,
        update_strategy=strategy,
        ordinals_start=manifest.ordinals_start,
        min_ready_seconds=manifest.min_ready_seconds,
        revision_history_limit=manifest.revision_history_limit,
        has_claims=bool(manifest.volume_claim_templates),
        retention=ClaimRetention(policy.when_deleted, policy.when_scaled),
        access=_access(modes),
        selects_nodes=bool(
            pod.get("nodeSelector") or (pod.get("affinity") or {}).get("nodeAffinity")
        ),
        budget=manifest.disruption_budget,
        tolerates=tolerations_of(pod.get("tolerations") or ()),
        given_nodes=manifest.placing.given,
        publishes=manifest.placing.service and manifest.placing.service.publishes,
        one_to_a_node=manifest.placing.one_to_a_node,
        apart_by=manifest.placing.apart_by,
        volumes_in=manifest.placing.volumes_in,
        volumes_at_once=bool(manifest.placing.storage and manifest.placing.storage.at_once),
        graceful=pod.get("terminationGracePeriodSeconds", 30) != 0,
    )


def _access(modes: Sequence[AbstractSet[str]]) -> Access:
    """The strictest of what claims ask for. Go: IsMultiAttachAllowed"""
    if any(each == {"ReadWriteOncePod"} for each in modes):
        return "one pod"
    alone = any(not each & {"ReadWriteMany", "ReadOnlyMany"} for each in modes)
    return "one node" if alone else "shared"


def ordinals_of(spec: StatefulSetSpec, around: Environment) -> tuple[int, ...]:
    """All ordinals that a pod may have there."""
    most = max(spec.replicas, *map(int, around.values("scale")), 1)
    return tuple(range(spec.ordinals_start, spec.ordinals_start + most))


def usual_nodes(spec: StatefulSetSpec, around: Environment) -> int:
    """
    How many nodes there are where nobody says how many: one for each member that wants its own.

    The manifest was applied long ago, and whoever did so had the nodes that it asks for.
    """
    if spec.one_to_a_node or HOSTNAME in spec.apart_by:
        return max(around.nodes, len(ordinals_of(spec, around)))
    return around.nodes


def keeps_answers(spec: StatefulSetSpec, around: Environment) -> bool:
    """Whether a resolver may keep what it was told of a name."""
    return spec.publishes is not None and around.times("stale-dns") > 0


def placed_in(spec: StatefulSetSpec, around: Environment) -> Placement | None:
    """What each node takes there; None where every one takes any of the pods."""
    return placement_of(spec, around.nodes, len(ordinals_of(spec, around)))


def closed_to(spec: StatefulSetSpec, around: Environment) -> list[int]:
    """The nodes that take none of the pods at first, since they are cordoned."""
    return closed_at_first(spec, around.nodes)


def room_for_all(spec: StatefulSetSpec, around: Environment) -> bool:
    """
    Whether every member has a node in the end, as long as all nodes are well.

    Pods are alike, so that whoever leaves makes room for any other. With volumes that is so only
    among those whose volumes are in one place, and as long as none is made anew.
    """
    where, most = placed_in(spec, around), len(ordinals_of(spec, around))
    closed = closed_to(spec, around)
    if len(first_nodes(where, around.nodes, most, closed)) < most:
        return False
    if where is None:
        return True
    if not where.tied:
        return len(where.apart) <= 1
    made = ("scale", "delete-claim", "delete", "set-retention")
    if not any(map(around.times, made)):
        return len(where.apart) <= 1
    return not where.limited and not (where.at_once and (closed or 0 in where.takes))


# ---- the system -------------------------------------------------------------------------------

_ORDINAL = ("ordinal",)

_BUDGETS = {
    "set_images_left": "set-image",
    "scales_left": "scale",
    "set_partitions_left": "set-partition",
    "set_retentions_left": "set-retention",
    "undos_left": "undo",
    "deletes_left": "delete",
    "applies_left": "apply",
    "delete_pods_left": "delete-pod",
    "force_deletes_left": "force-delete",
    "delete_claims_left": "delete-claim",
    "drains_left": "drain",
    "delete_nodes_left": "delete-node",
    "out_of_services_left": "out-of-service",
    "container_exits_left": "container-exit",
    "unreadies_left": "unready",
    "pod_failures_left": "pod-failed",
    "node_crashes_left": "node-crash",
    "node_partitions_left": "node-partition",
    "node_offs_left": "node-off",
    "kubelet_restarts_left": "kubelet-restart",
    "stale_api_servers_left": "stale-api-server",
    "stale_answers_left": "stale-dns",
    "controller_restarts_left": "controller-restart",
    "second_controllers_left": "second-controller",
    "write_failures_left": "write-failure",
}


def compose(name: str, spec: StatefulSetSpec, around: Environment) -> System:
    """
    A StatefulSet of this spec in this environment, as a system.

    Raises DeclarationError where the environment cannot be had.
    """
    check(spec, around)
    ordinals = ordinals_of(spec, around)
    names = tuple(range(1, around.nodes + 1))
    placement = placed_in(spec, around)
    start = settled(spec, ordinals, around.nodes, placement)
    budgets = {left: around.times(name) for left, name in _BUDGETS.items()}
    newer = range(spec.template + 1, spec.template + 1 + around.times("never-ready"))
    kept = attaches(spec, around)
    return System(
        name=name,
        indices=[Index("node_at", names), Index("ordinal", ordinals)],
        parameters=[
            Parameter("manifest", spec),
            Parameter("ordinals", ordinals),
            Parameter("start", spec.ordinals_start),
            Parameter("has_claims", spec.has_claims),
            Parameter("graceful", spec.graceful),
            Parameter("tolerates", spec.tolerates),
            Parameter("min_ready_seconds", spec.min_ready_seconds),
            Parameter("lag", around.lag),
            Parameter("sizes", tuple(int(each) for each in around.values("scale"))),
            Parameter("partitions", tuple(int(each) for each in around.values("set-partition"))),
            Parameter("retentions", tuple(map(_retention, around.values("set-retention")))),
            Parameter("propagation", (around.values("delete") or ("background",))[0]),
            Parameter("applies", around.times("apply")),
            Parameter("never_ready", frozenset(newer)),
            Parameter("stale_lists", around.stale_lists),
            Parameter("consistency_store", around.gate("StaleControllerConsistencyStatefulSet")),
            Parameter("max_unavailable", around.gate("MaxUnavailableStatefulSet")),
            Parameter("write_faults", around.times("write-failure") > 0),
            Parameter("one_pod", spec.access == "one pod"),
            Parameter("marks_failed", around.level != "atomic"),
            Parameter("variant", around.rules),
            *([] if kept else [Parameter("attached", None)]),
            *([] if keeps_answers(spec, around) else [Parameter("kept_answer", None)]),
            Parameter("publishes", spec.publishes),
            *(_placed(placement)),
            Parameter("budget", spec.budget or DisruptionBudget()),
        ],
        variables=[
            *(Variable(each) for each in (*_SHARED, *budgets)),
            *(Variable(each, over=_ORDINAL) for each in _OF_AN_ORDINAL),
            *([Variable("attached", over=_ORDINAL)] if kept else []),
            *([Variable("kept_answer")] if keeps_answers(spec, around) else []),
            *([Variable("home", over=_ORDINAL)] if placement and placement.tied else []),
            *([Variable("former_collects")] if around.collects_late else []),
            *([Variable("budget_status")] if asks_budget(spec, around) else []),
        ],
        views=views(kept, placement is not None and placement.at_once),
        actions=actions(spec, around, placement),
        initial=[
            _initial(start, spec, around, placement, kept) | budgets | _counted(start, spec, around)
        ],
        assumptions=assumptions(spec, around, placement),
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


def _placed(placement: Placement | None) -> list[Parameter]:
    """What rules ask of nodes; a volume that may be anywhere is nowhere in particular."""
    if placement is None:
        return [Parameter("home", None)]
    found = [Parameter("placement", placement)]
    return found if placement.tied else [*found, Parameter("home", None)]


def _initial(
    start: Settled,
    spec: StatefulSetSpec,
    around: Environment,
    placement: Placement | None,
    kept: bool,
) -> dict[str, Any]:
    found = {
        "stateful_set": start.stateful_set,
        "set_cache": start.stateful_set,
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
        "pod": start.pods,
        "pod_cache": {at: shown(at, pod) for at, pod in start.pods.items()},
        "claim": start.claims,
        "claim_cache": dict(start.claims),
        "nodes": start.nodes,
        "process": start.processes,
    }
    if keeps_answers(spec, around):
        found["kept_answer"] = None
    if around.collects_late:
        found["former_collects"] = None
    if kept:
        found["attached"] = {
            at: pod.node or ATTACHED_TO_NONE if pod else ATTACHED_TO_NONE
            for at, pod in start.pods.items()
        }
    if placement is not None and placement.tied:
        found["home"] = {
            at: placement.homes[pod.node - 1] if pod and pod.node else ""
            for at, pod in start.pods.items()
        }
    return found


def _counted(start: Settled, spec: StatefulSetSpec, around: Environment) -> dict[str, Any]:
    """What the budget says of the pods that are there at first."""
    if spec.budget is None or not asks_budget(spec, around):
        return {}
    kinds = tuple(each.kind for each in start.pods.values() if each is not None)
    return {"budget_status": status_of(spec.budget, spec.replicas, kinds)}


def _retention(text: str) -> ClaimRetention:
    """`DeleteRetain` is whenDeleted Delete, whenScaled Retain."""
    found = {
        f"{deleted}{scaled}": ClaimRetention(deleted, scaled)
        for deleted in ("Retain", "Delete")
        for scaled in ("Retain", "Delete")
    }
    return found[text]


def check(spec: StatefulSetSpec, around: Environment) -> None:
    """Raises DeclarationError for what cannot be, or cannot be explored, around such a set."""
    if len(around.values("delete")) > 1:
        raise DeclarationError("--users: delete is given with two propagations; give one")
    ordinals = ordinals_of(spec, around)
    if len(ordinals) > MOST_ORDINALS:
        field = "spec.replicas: " if spec.replicas > MOST_ORDINALS else ""
        raise DeclarationError(
            f"{field}{len(ordinals)} replicas of a StatefulSet are more than the {MOST_ORDINALS}"
            " that are explored: each is an object of its own; the same promises can be checked"
            " with fewer"
        )
