"""
Known bugs of the StatefulSet controller, each as a switch of one rule.

:Go: kubernetes v1.36.3 pkg/controller/statefulset
:Docs: https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/
:Omits: names of ControllerRevisions that collide (sts-revision-hash-collision-unhandled): a
    revision here is the number of its template.
"""

from typing import Any

from .api import IntOrPercent
from .environment import Environment, budgets, feature_gates
from .mutant import Mutant
from .statefulset_api import (
    ClaimRetention,
    RollingUpdateStatefulSet,
    StatefulSetSpec,
    StatefulSetUpdateStrategy,
)
from .statefulset_workload import compose

__all__ = ["MUTANTS"]


def _bug(**fields: Any) -> Mutant:
    return Mutant(compose=compose, **fields)


def _around(users: str, faults: str = "", gates: str = "", **more: Any) -> Environment:
    return Environment(
        users=budgets([users or "none"], "users"),
        faults=budgets([faults or "none"], "faults"),
        gates=feature_gates([gates]),
        **({"nodes": 1} | more),
    )


def _rolling(partition: int = 0, most: int | None = None) -> StatefulSetUpdateStrategy:
    bound = None if most is None else IntOrPercent.absolute(most)
    return StatefulSetUpdateStrategy("RollingUpdate", RollingUpdateStatefulSet(partition, bound))


_ISSUES = "https://github.com/kubernetes/kubernetes/issues/"
_PULLS = "https://github.com/kubernetes/kubernetes/pull/"
_GATED = "MaxUnavailableStatefulSet=true"

MUTANTS: tuple[Mutant, ...] = (
    # ---- partition ----
    _bug(
        id="sts-partition-pod-below-partition-upgraded",
        about="an update counts as complete when all pods that are there are updated, even if some"
        " are missing",
        source=_ISSUES + "119685",
        kind="mutant",
        shows=("seed-statefulset-partition-two-versions",),
        needs=_around("set-image,delete-pod@2"),
        manifest=StatefulSetSpec(replicas=2, update_strategy=_rolling(1)),
    ),
    _bug(
        id="sts-partition-scale-to-zero-promotes-revision",
        about="the update of a set without replicas is complete, and its revision the current one,"
        " whatever the partition",
        source=_ISSUES + "121534",
        kind="fix",
        shows=("partition-outlives-an-empty-set",),
        needs=_around("set-image,scale:0,scale:2"),
        manifest=StatefulSetSpec(replicas=2, update_strategy=_rolling(1)),
    ),
    # ---- what is complete, and what is counted ----
    _bug(
        id="sts-completion-ignores-minreadyseconds",
        about="an update is complete when all pods are ready, before they are available",
        source=_ISSUES + "136831",
        kind="fix",
        shows=("complete-means-available",),
        needs=_around("set-image"),
        manifest=StatefulSetSpec(replicas=1, min_ready_seconds=5),
    ),
    _bug(
        id="sts-currentreplicas-decremented-for-wrong-revision",
        about="a pod that is deleted for an update is taken off currentReplicas, whatever its"
        " revision",
        source=_PULLS + "75498",
        kind="fix",
        shows=("current-replicas-are-counted",),
        needs=_around("set-image@2", level="interleaved"),
        manifest=StatefulSetSpec(replicas=1),
    ),
    # ---- order ----
    _bug(
        id="sts-lower-ordinal-recreate-deadlock",
        about="a missing pod is not created while any other is not ready, above it or below",
        source=_ISSUES + "38418",
        kind="mutant",
        shows=("a-missing-pod-is-created",),
        needs=_around("set-image,delete-pod", "never-ready"),
        manifest=StatefulSetSpec(replicas=2),
    ),
    _bug(
        id="sts-scaledown-hangs-with-minreadyseconds",
        about="the first unhealthy pod is sought by readiness, and scaling down waits for"
        " availability",
        source=_ISSUES + "123918",
        kind="mutant",
        shows=("a-surplus-pod-that-is-not-available-goes",),
        needs=_around("scale:1,scale:0", level="interleaved"),
        manifest=StatefulSetSpec(replicas=0, min_ready_seconds=5),
    ),
    _bug(
        id="sts-scaledown-ignores-unhealthy-condemned-predecessor",
        about="scaling down looks at the pod that it deletes, and not at those below it",
        source=_ISSUES + "95586",
        kind="fix",
        shows=("statefulset-predecessors-ready-before-scaling",),
        needs=_around("scale:0", "container-exit", level="interleaved"),
        manifest=StatefulSetSpec(replicas=2),
    ),
    # ---- how many at once ----
    _bug(
        id="sts-parallel-rollout-ignores-minreadyseconds",
        about="an update waits for the pod above to be ready instead of available",
        source=_ISSUES + "112307",
        kind="mutant",
        shows=("update-one-by-one",),
        needs=_around("set-image"),
        manifest=StatefulSetSpec(replicas=2, min_ready_seconds=5, pod_management_policy="Parallel"),
    ),
    _bug(
        id="sts-maxunavailable-counts-old-broken-pods",
        about="with maxUnavailable and Parallel, broken pods of an old revision use up the"
        " bound, and stay",
        source=_ISSUES + "137409",
        kind="fix",
        shows=("kep961-default-one-unchanged",),
        needs=_around("set-image@2", "never-ready", _GATED),
        manifest=StatefulSetSpec(replicas=1, pod_management_policy="Parallel"),
    ),
    _bug(
        id="sts-parallel-update-ignores-unready-lower-pod",
        about="maxUnavailable counts only pods above the first outdated one",
        source=_ISSUES + "96218",
        kind="mutant",
        shows=("statefulset-maxunavailable-bound",),
        needs=_around("set-image", "container-exit", _GATED),
        manifest=StatefulSetSpec(replicas=2, pod_management_policy="Parallel"),
    ),
    _bug(
        id="sts-batch-delete-budget-not-decremented",
        about="pods that one pass deletes are not taken off what maxUnavailable leaves",
        source=_PULLS + "82162",
        kind="mutant",
        shows=("statefulset-maxunavailable-bound",),
        needs=_around("set-image", "", _GATED),
        manifest=StatefulSetSpec(replicas=2, update_strategy=_rolling(0, 1)),
    ),
    # ---- claims ----
    _bug(
        id="sts-pod-created-while-pvc-terminating",
        about="a pod is created while its claim is being deleted, and nobody makes the claim anew",
        source=_ISSUES + "74374",
        kind="mutant",
        shows=("pod-gets-its-claim",),
        needs=_around("delete-claim,delete-pod"),
        manifest=StatefulSetSpec(replicas=1, has_claims=True),
    ),
    _bug(
        id="sts-pvc-ownerref-missed-on-stale-cache",
        about="a new claim is given its owner in a later step, which does not see it yet",
        source=_PULLS + "142130",
        kind="fix",
        shows=("whendeleted-leaves-no-claim",),
        needs=_around("scale:1,delete", level="interleaved", lag=1),
        manifest=StatefulSetSpec(
            replicas=0, has_claims=True, retention=ClaimRetention("Delete", "Retain")
        ),
    ),
    _bug(
        id="sts-pvc-policy-change-races-with-scaledown",
        about="who owns a claim is written when its member is scaled away, and decides when that is"
        " gone, whatever the policy has become",
        source="https://github.com/kubernetes/enhancements/blob/master/keps/sig-apps/"
        "1847-autoremove-statefulset-pvcs/README.md",
        kind="fix",
        shows=("pvc-policy-change-race",),
        needs=_around("scale:0,set-retention:RetainRetain"),
        manifest=StatefulSetSpec(
            replicas=1, has_claims=True, retention=ClaimRetention("Retain", "Delete")
        ),
    ),
)
