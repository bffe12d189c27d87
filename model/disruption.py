"""
Drains, and disruption budgets: which of their evictions are refused.

:Go: kubernetes v1.36.3 pkg/controller/disruption/disruption.go,
    pkg/registry/core/pod/storage/eviction.go
:Docs: https://kubernetes.io/docs/concepts/workloads/pods/disruptions/
:Omits: that the budget's status is written and the pod deleted in two requests (one step here);
    `status.disruptedPods`, which lets a pod that has the name of an evicted one count as unhealthy
    for two minutes; pods of others that the selector selects; the caches of this controller (how
    long ago it has counted is left open); preemption, which may break a budget.

The status is what evictions go by. It is counted anew at any time after something has changed, and
until then evictions are granted by an old one.
"""

from collections.abc import Collection

from attrs import evolve, frozen

from seatrial.core import All, Outcome, Outcomes, outcome
from seatrial.core.arith import ceil_div, maximum

from .api import PodKind
from .environment import Environment
from .informer import Queue, has_room
from .nodes import Nodes, at
from .statefulset_api import DisruptionBudget, StatefulPod, StatefulSet, StatefulSetSpec
from .statefulset_pods import after_deletion, pod_written

__all__ = [
    "BudgetStatus",
    "asks_budget",
    "count_healthy",
    "desired_healthy",
    "drain_pod",
    "evict_from_drained",
    "granted",
    "status_of",
]


@frozen(cache_hash=True)
class BudgetStatus:
    """What the disruption controller last counted, less the evictions that were granted since."""

    current_healthy: int = 0
    desired_healthy: int = 0
    disruptions_allowed: int = 0


def asks_budget(spec: StatefulSetSpec, around: Environment) -> bool:
    """Whether anybody asks a disruption budget: a drain does, and no controller of workloads."""
    return spec.budget is not None and around.times("drain") > 0


def desired_healthy(budget: DisruptionBudget, replicas: int) -> int:
    """How many pods are to be healthy; percentages round up. Go: getExpectedPodCount

    >>> from .api import IntOrPercent
    >>> desired_healthy(DisruptionBudget(max_unavailable=IntOrPercent.percent(50)), 7)
    3
    """
    bound = budget.max_unavailable
    if bound is None:
        bound = budget.min_available
        return 0 if bound is None else _scaled(bound.kind, bound.value, replicas)
    return maximum(0, replicas - _scaled(bound.kind, bound.value, replicas))


def _scaled(kind: str, value: int, replicas: int) -> int:
    return value if kind == "int" else ceil_div(value * replicas, 100)


def status_of(
    budget: DisruptionBudget, replicas: int | None, pods: Collection[PodKind]
) -> BudgetStatus:
    """What is counted of these pods; `replicas` None where their set is gone. Go: trySync"""
    if not pods:
        replicas = 0
    bound = budget.min_available
    by_pods = budget.max_unavailable is None and bound is not None and bound.kind == "int"
    if replicas is None and not by_pods:
        return BudgetStatus()
    desired = desired_healthy(budget, replicas or 0)
    healthy = sum(kind.ready and not kind.terminating for kind in pods)
    expected = len(pods) if by_pods else replicas or 0
    allowed = maximum(0, healthy - desired) if expected > 0 else 0
    return BudgetStatus(healthy, desired, allowed)


def count_healthy(
    stateful_set: StatefulSet | None,
    pod: All[StatefulPod | None],
    budget: DisruptionBudget,
    budget_status: BudgetStatus,
) -> Outcomes:
    """The disruption controller counts the pods that a budget is about. Go: trySync"""
    kinds = tuple(each.kind for each in pod.values() if each is not None)
    replicas = None if stateful_set is None else stateful_set.spec.replicas
    status = status_of(budget, replicas, kinds)
    if status != budget_status:
        yield outcome(
            f"the budget counts {status.current_healthy} healthy pods, and allows"
            f" {status.disruptions_allowed} disruptions",
            budget_status=status,
        )


def granted(kind: PodKind, budget: DisruptionBudget, status: BudgetStatus) -> BudgetStatus | None:
    """
    The status after a pod was evicted, None where that is refused.

    Pods that have not started, have ended or terminate are not asked for. Go: Create, canIgnorePDB
    """
    if kind.phase != "Running" or kind.terminating:
        return status
    if not kind.ready:
        enough = status.current_healthy >= status.desired_healthy > 0
        if budget.always_allow or enough:
            return status
    if status.disruptions_allowed == 0:
        return None
    return evolve(status, disruptions_allowed=status.disruptions_allowed - 1)


def _to_go(pod: StatefulPod | None, nodes: Nodes, pod_queue: Queue, lag: int) -> bool:
    """Whether a pod is to leave its node, which is drained."""
    if pod is None or pod.node is None or pod.kind.terminating or not has_room(pod_queue, lag):
        return False
    return at(nodes, pod.node).unschedulable


def _evicted(
    pod: StatefulPod, queue: Queue, ordinal: int, graceful: bool, **more: BudgetStatus
) -> Outcome:
    done = pod_written(ordinal, pod, after_deletion(pod, graceful), queue)
    words = f"evicts pod {ordinal} from n{pod.node}, which is drained"
    return outcome(words, **done, **more)


def drain_pod(
    pod: StatefulPod | None,
    nodes: Nodes,
    pod_queue: Queue,
    ordinal: int,
    graceful: bool,
    lag: int,
) -> Outcomes:
    """The drain has a pod evicted that no budget is about."""
    if pod is not None and _to_go(pod, nodes, pod_queue, lag):
        yield _evicted(pod, pod_queue, ordinal, graceful)


def evict_from_drained(
    pod: StatefulPod | None,
    nodes: Nodes,
    pod_queue: Queue,
    budget: DisruptionBudget,
    budget_status: BudgetStatus,
    ordinal: int,
    graceful: bool,
    lag: int,
) -> Outcomes:
    """The drain asks for the eviction of a pod, until it is granted. Go: Create, of evictions"""
    if pod is None or not _to_go(pod, nodes, pod_queue, lag):
        return
    after = granted(pod.kind, budget, budget_status)
    if after is not None:
        yield _evicted(pod, pod_queue, ordinal, graceful, budget_status=after)
