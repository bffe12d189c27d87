"""How a run of a Deployment is told: who acts, and how many pods of which ReplicaSet there are."""

from collections.abc import Mapping
from typing import Any

from seatrial.core import Step

from .api import Deployment, DeploymentSpec, PodKind, ReplicaSet
from .deployment_conditions import get_deployment_condition
from .environment import Environment
from .pods import Pods, count

__all__ = ["UNTOLD", "about", "summary", "who"]

UNTOLD = frozenset({"deliver_deployment", "deliver_replica_set", "deliver_pod", "list_pods"})
"""Actions whose steps go without saying where they follow at once."""


def about(name: str, spec: DeploymentSpec, around: Environment) -> str:
    """What was checked, in a line."""
    replicas = f"{spec.replicas} replica{'' if spec.replicas == 1 else 's'}"
    parts = [f"Deployment {name} with {replicas}"]
    update = spec.strategy.rolling_update
    if spec.strategy.type == "Recreate":
        parts.append("Recreate")
    elif update is not None:
        parts.append(f"maxSurge {update.max_surge}, maxUnavailable {update.max_unavailable}")
    if spec.min_ready_seconds:
        parts.append(f"minReadySeconds {spec.min_ready_seconds}")
    users = ", ".join(map(str, around.users)) or "no users"
    faults = ", ".join(map(str, around.faults)) or "no faults"
    clock = f", clock {around.clock}" if around.slow else ""
    return f"{', '.join(parts)}; {users}; {faults}; level {around.level}, lag {around.lag}{clock}"


def who(step: Step) -> str:
    """Who took a step: the actor, and which ReplicaSet it was about."""
    _, bracket, rest = step.action.partition("[")
    return f"{step.actor} {rest.removesuffix(']')}" if bracket else step.actor


def summary(state: Mapping[str, Any]) -> str:
    """What there really is: what is asked for, each ReplicaSet, and the pods in all."""
    deployment: Deployment | None = state["deployment"]
    members = [cell.removeprefix("pods[")[:-1] for cell in state if cell.startswith("pods[")]
    parts = [_deployment(deployment)]
    available = 0
    for each in members:
        rs, pods = state[f"replica_set[{each}]"], state[f"pods[{each}]"]
        available += count(pods, lambda kind: kind.available and not kind.terminating)
        if rs is not None or pods:
            parts.append(_replica_set(each, rs, pods))
    return f"{' | '.join(parts)} | {available} available in all"


def _deployment(deployment: Deployment | None) -> str:
    if deployment is None:
        return "no Deployment"
    text = f"wanted {deployment.spec.replicas} of template {deployment.spec.template}"
    if deployment.spec.paused:
        text += ", paused"
    if deployment.deleting:
        text += ", being deleted"
    if deployment.status.collision_count:
        text += f", collisionCount {deployment.status.collision_count}"
    progress = get_deployment_condition(deployment.status, "Progressing")
    if progress is not None and progress.status == "False":
        text += f", {progress.reason}"
    return text


def _replica_set(name: str, rs: ReplicaSet | None, pods: Pods) -> str:
    words = [
        (count(pods, lambda kind: kind.available and not kind.terminating), "available"),
        (count(pods, _only_ready), "ready"),
        (count(pods, _not_ready), "not ready"),
        (count(pods, lambda kind: kind.terminating), "terminating"),
        (count(pods, lambda kind: kind.phase == "Failed" and not kind.terminating), "failed"),
    ]
    there = ", ".join(f"{n} {word}" for n, word in words if n)
    size = "gone" if rs is None else f"size {rs.replicas}"
    return f"ReplicaSet {name}: {size}, {there or 'no pods'}"


def _only_ready(kind: PodKind) -> bool:
    return kind.ready and not kind.available and not kind.terminating


def _not_ready(kind: PodKind) -> bool:
    return kind.phase in ("Pending", "Running") and not kind.ready and not kind.terminating
