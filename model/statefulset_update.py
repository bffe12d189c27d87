"""
Which pods of an old revision the StatefulSet controller deletes in one sync.

:Go: kubernetes v1.36.3 pkg/controller/statefulset/stateful_set_control.go (the end of
    updateStatefulSet, and updateStatefulSetAfterInvariantEstablished); v1.37.1 for the latter with
    Parallel, as the rule `sts-two-phase-update`
:Docs: https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#rolling-updates
:Omits: nothing

The rules choose among pods as one sync sees them. To delete is left to the caller, which stops at
the first request that fails.
"""

from collections.abc import Iterator, Sequence

from .statefulset_api import PodSeen, StatefulSetSpec
from .statefulset_utils import (
    allows_burst,
    get_stateful_set_max_unavailable,
    is_running_and_available,
    is_running_and_ready,
    is_terminating,
    is_unavailable,
    partition_of,
)

__all__ = ["Deletions", "pods_to_delete"]

Deletions = tuple[PodSeen, ...]


def pods_to_delete(
    spec: StatefulSetSpec,
    replicas: Sequence[PodSeen],
    update: int,
    max_unavailable: bool,
    variant: frozenset[str] = frozenset(),
) -> Deletions:
    """The pods to delete for an update, in that order; `replicas` are all that are asked for."""
    targets = list(reversed(replicas[partition_of(spec) :]))
    if not max_unavailable:
        return _one_by_one(targets, update, variant)
    rolling = spec.update_strategy.rolling_update
    bound = None if rolling is None else rolling.max_unavailable
    most = get_stateful_set_max_unavailable(bound, spec.replicas)
    two_phases = (
        "sts-two-phase-update" in variant or "sts-maxunavailable-counts-old-broken-pods" in variant
    )
    if allows_burst(spec) and two_phases:
        return tuple(_in_two_phases(targets, replicas, update, most))
    return tuple(_within(targets, _unavailable(replicas, update, variant), update, most, variant))


def _outdated(pod: PodSeen, update: int) -> bool:
    return pod.revision != update and not is_terminating(pod)


def _one_by_one(targets: Sequence[PodSeen], update: int, variant: frozenset[str]) -> Deletions:
    """The first outdated one, unless one above it is not available."""
    for pod in targets:
        if _outdated(pod, update):
            return (pod,)
        waits = is_unavailable(pod)
        if "sts-parallel-rollout-ignores-minreadyseconds" in variant:
            waits = not is_running_and_ready(pod) or is_terminating(pod)
        if waits:
            return ()
    return ()


def _unavailable(replicas: Sequence[PodSeen], update: int, variant: frozenset[str]) -> int:
    """How many pods are unavailable, below the partition too."""
    if "sts-parallel-update-ignores-unready-lower-pod" in variant:
        above = []
        for pod in reversed(replicas):
            if _outdated(pod, update):
                break
            above.append(pod)
        return sum(map(is_unavailable, above))
    return sum(map(is_unavailable, replicas))


def _within(
    targets: Sequence[PodSeen], unavailable: int, update: int, most: int, variant: frozenset[str]
) -> Iterator[PodSeen]:
    """So many as may be unavailable in addition, from the top."""
    left = most - unavailable
    for pod in targets:
        if left > 0 and _outdated(pod, update):
            yield pod
            if "sts-batch-delete-budget-not-decremented" not in variant:
                left -= 1


def _in_two_phases(
    targets: Sequence[PodSeen], replicas: Sequence[PodSeen], update: int, most: int
) -> Iterator[PodSeen]:
    """All outdated ones that are not available, then available ones as far as the bound allows.

    Go: v1.37.1 updateStatefulSetAfterInvariantEstablished
    """
    for pod in targets:
        if _outdated(pod, update) and not is_running_and_available(pod):
            yield pod
    left = most - sum(map(is_unavailable, replicas))
    for pod in targets:
        if left > 0 and pod.revision != update and not is_unavailable(pod):
            yield pod
            left -= 1
