"""What a disruption budget promises of the members of a StatefulSet."""

from collections.abc import Iterator
from typing import Any

from seatrial.core import All, after_each_step, sometimes
from seatrial.model import Environment, disruption, statefulset_api

from .promise import Precondition, Promise, does, under
from .statefulset_promise import NO_RESCALE, PLACED, ROLLING, TAKES_DOWN, none_of

__all__ = ["ALLOWS_NONE", "BUDGET", "PROMISES", "REACHED", "UNDISTURBED", "desired", "healthy"]

_DISRUPTIONS = "https://kubernetes.io/docs/concepts/workloads/pods/disruptions/"
_CONFIGURE = "https://kubernetes.io/docs/tasks/run-application/configure-pdb/"

BUDGET = Precondition(
    "there is a PodDisruptionBudget of its pods", lambda spec, around: spec.budget is not None
)
UNDISTURBED = none_of(
    "nothing but drains takes members down: no fault, no rollout, no scaling, no deletion",
    *TAKES_DOWN,
    "set-image",
    "undo",
    "scale",
    "delete",
    "delete-pod",
    "force-delete",
    "delete-node",
)


def desired(spec: Any) -> int:
    """How many healthy members the budget wants at first; 0 without one."""
    return 0 if spec.budget is None else disruption.desired_healthy(spec.budget, spec.replicas)


ALLOWS_NONE = Precondition(
    "the budget wants as many healthy members as there are replicas, or more",
    lambda spec, around: spec.budget is not None and desired(spec) >= spec.replicas,
)


def healthy(pod_state: All[str]) -> int:
    """How many members are healthy."""
    return sum(state in ("ready", "available") for state in pod_state.values())


def _evicted(action: str, before: All[str], after: All[str]) -> list[int]:
    """The healthy members that a drain has just taken."""
    if not action.startswith(("evict_from_drained", "drain_pod")):  # with a budget, or without
        return []
    return [
        at
        for at, state in before.items()
        if state in ("ready", "available") and after[at] in ("terminating", "absent")
    ]


@under(UNDISTURBED, where=[BUDGET, does("drain")])
@after_each_step(
    id="pdb-eviction-respects-budget",
    says="a drain evicts no member that would leave fewer healthy ones than the budget demands",
    source=_DISRUPTIONS + "#pod-disruption-budgets",
    premise=lambda action: action.startswith("evict_from_drained"),
)
def respects_budget(
    action: str,
    pod_state: All[str],
    pod_state_before: All[str],
    wanted: int,
    budget: statefulset_api.DisruptionBudget,
) -> Iterator[str]:
    left, demanded = healthy(pod_state), disruption.desired_healthy(budget, wanted)
    for at in _evicted(action, pod_state_before, pod_state):
        if left < demanded:
            yield f"pod {at} is evicted, which leaves {left} healthy members of {demanded}"


@under(ALLOWS_NONE, NO_RESCALE, where=[does("drain")])
@after_each_step(
    id="pdb-zero-blocks-drain",
    says="with no allowed disruption a drain never evicts a healthy member",
    source=_CONFIGURE,
    premise=lambda nodes: any(each.unschedulable for each in nodes),
)
def blocks_drain(action: str, pod_state: All[str], pod_state_before: All[str]) -> Iterator[str]:
    for at in _evicted(action, pod_state_before, pod_state):
        yield f"pod {at} is evicted, though the budget allows no disruption"


def _reaches(spec: Any, around: Environment) -> bool:
    rolling = spec.update_strategy.rolling_update
    return (0 if rolling is None else int(rolling.partition)) < int(spec.replicas)


REACHED = Precondition("the partition leaves a member to update", _reaches)


@under(ALLOWS_NONE, ROLLING, does("set-image"), REACHED, PLACED)
@sometimes(
    id="pdb-does-not-limit-rollouts",
    says="a rollout takes members down whatever the budget says",
    source=_DISRUPTIONS + "#pod-disruption-budgets",
)
def rolls_out_anyway(
    pod_state: All[str],
    pod_revision: All[int],
    wanted: int,
    budget: statefulset_api.DisruptionBudget,
) -> bool:
    return (
        max(pod_revision.values()) > 1
        and wanted > 0
        and healthy(pod_state) < disruption.desired_healthy(budget, wanted)
    )


PROMISES: tuple[Promise, ...] = (respects_budget, blocks_drain, rolls_out_anyway)
