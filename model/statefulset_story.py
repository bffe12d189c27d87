"""How a run of a StatefulSet is told: who acts, what the API has, and what really runs where."""

from collections.abc import Mapping
from typing import Any

from seatrial.core import Step

from .environment import Environment
from .nodes import Node, Nodes
from .statefulset_api import Claim, DisruptionBudget, StatefulPod, StatefulSet, StatefulSetSpec
from .statefulset_pods import looks
from .statefulset_utils import partition_of
from .volumes import Attached, Processes

__all__ = ["UNTOLD", "about", "summary", "who"]

UNTOLD = frozenset({"deliver_set", "deliver_pod", "deliver_claim", "lists_pods_anew", "lists_anew"})
"""Actions whose steps go without saying where they follow at once."""


def about(name: str, spec: StatefulSetSpec, around: Environment) -> str:
    """What was checked, in a line."""
    replicas = f"{spec.replicas} replica{'' if spec.replicas == 1 else 's'}"
    parts = [f"StatefulSet {name} with {replicas}", spec.pod_management_policy]
    strategy = spec.update_strategy
    parts.append(strategy.type if strategy.type == "OnDelete" else _rolling(spec))
    if spec.has_claims:
        retention = spec.retention
        parts.append(f"claims: {retention.when_deleted}, {retention.when_scaled}")
    if spec.min_ready_seconds:
        parts.append(f"minReadySeconds {spec.min_ready_seconds}")
    if spec.budget is not None:
        parts.append(_budget(spec.budget))
    users = ", ".join(map(str, around.users)) or "no users"
    faults = ", ".join(map(str, around.faults)) or "no faults"
    nodes = f"{around.nodes} node{'' if around.nodes == 1 else 's'}"
    level = f"level {around.level}, lag {around.lag}"
    return f"{', '.join(parts)}; {nodes}; {users}; {faults}; {level}"


def _budget(budget: DisruptionBudget) -> str:
    name, bound = "minAvailable", budget.min_available
    if budget.max_unavailable is not None:
        name, bound = "maxUnavailable", budget.max_unavailable
    return f"disruption budget with {name} {bound}{', AlwaysAllow' if budget.always_allow else ''}"


def _rolling(spec: StatefulSetSpec) -> str:
    rolling = spec.update_strategy.rolling_update
    text = f"partition {partition_of(spec)}"
    if rolling is not None and rolling.max_unavailable is not None:
        text += f", maxUnavailable {rolling.max_unavailable}"
    return text


def who(step: Step) -> str:
    """Who took a step."""
    return step.actor


def summary(state: Mapping[str, Any]) -> str:
    """What there really is: what is asked for, each pod and its processes, and lost nodes."""
    parts = [_wanted(state["stateful_set"])]
    members = [cell.removeprefix("pod[")[:-1] for cell in state if cell.startswith("pod[")]
    for each in members:
        pod, process = state[f"pod[{each}]"], state[f"process[{each}]"]
        claim = state[f"claim[{each}]"]
        if pod is not None or process or claim is not None:
            volume = _volume(pod, state.get(f"attached[{each}]"))
            home = _home(pod, state.get(f"home[{each}]"))
            parts.append(f"pod {each}: {_pod(pod, process)}{_claim(claim)}{volume}{home}")
    parts += _lost(state["nodes"])
    return " | ".join(parts)


def _wanted(stateful_set: StatefulSet | None) -> str:
    if stateful_set is None:
        return "no StatefulSet"
    spec, status = stateful_set.spec, stateful_set.status
    text = f"wanted {spec.replicas} of template {spec.template}"
    if partition_of(spec):
        text += f" from {partition_of(spec)} on"
    if status.current_revision != spec.template:
        text += f", revision {status.current_revision} is current"
    return text + (", being deleted" if stateful_set.deleting else "")


def _pod(pod: StatefulPod | None, process: Processes) -> str:
    if pod is None:
        text = "none"
    else:
        where = "nowhere" if pod.node is None else f"on n{pod.node}"
        text = f"{looks(pod.kind)} {where}, revision {pod.revision}"
    runs = [f"n{node}" for node, _ in process]
    expected = [] if pod is None or pod.node is None else [(pod.node, pod.uid)]
    if list(process) == expected and not (pod is not None and pod.kind.phase == "Pending"):
        return text
    return f"{text}, {'runs on ' + ' and '.join(runs) if runs else 'nothing runs'}"


def _claim(claim: Claim | None) -> str:
    return ", its claim is being deleted" if claim is not None and claim.terminating else ""


def _volume(pod: StatefulPod | None, attached: Attached) -> str:
    """Where its volume is, if not where its pod is, or if nobody asks."""
    if attached is None or attached == (0 if pod is None or pod.node is None else pod.node):
        return ""
    return f", its volume is on n{attached}" if attached else ", its volume is on no node"


def _home(pod: StatefulPod | None, home: str | None) -> str:
    """Where a pod without a node has to be."""
    waits = home and (pod is None or pod.node is None)
    return f", its volume is in {home}" if waits else ""


def _lost(nodes: Nodes) -> list[str]:
    return [f"n{at} is {_node(node)}" for at, node in enumerate(nodes, 1) if node != Node()]


def _node(node: Node) -> str:
    words: list[str] = [] if node.reality == "up" else [node.reality]
    if node.registered != "ready":
        words.append(node.registered)
    if node.out_of_service:
        words.append("out-of-service")
    if node.unschedulable:
        words.append("cordoned")
    if node.stale:
        words.append("behind")
    if node.probing:
        words.append("probing")
    return ", ".join(words) or "up"
