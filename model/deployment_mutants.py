"""
Known bugs of the Deployment and ReplicaSet controllers, each as a switch of one rule.

:Go: kubernetes v1.36.3 pkg/controller/deployment, pkg/controller/replicaset
:Docs: https://kubernetes.io/docs/concepts/workloads/controllers/
:Omits: bugs that need what the model does not have: adoption, nodes, names of ReplicaSets, pods of
    one template of which only some become ready.

"""

import functools
from typing import Any

from .api import RECREATE, DeploymentSpec, DeploymentStrategy, IntOrPercent, rolling_update
from .environment import Environment, budgets, feature_gates
from .mutant import Mutant
from .workload import compose

__all__ = ["MUTANTS"]


# ---- small systems ----------------------------------------------------------------------------


def _rolling(surge: int, unavailable: int) -> DeploymentStrategy:
    return rolling_update(IntOrPercent.absolute(surge), IntOrPercent.absolute(unavailable))


def _spec(
    replicas: int, strategy: DeploymentStrategy | None = None, deadline: bool = False, **more: Any
) -> DeploymentSpec:
    """A Deployment with as little to it as can be: history and deadline only where they matter."""
    return DeploymentSpec(
        template=1,
        replicas=replicas,
        strategy=strategy or _rolling(1, 0),
        progress_deadline_seconds=600 if deadline else None,
        **({"revision_history_limit": None} | more),
    )


def _around(users: str, faults: str = "", gates: str = "", **more: Any) -> Environment:
    # Pods that terminate are reported only where that matters: it doubles the states.
    quiet = "DeploymentReplicaSetTerminatingReplicas=false"
    return Environment(
        users=budgets([users], "users"),
        faults=budgets([faults or "none"], "faults"),
        gates=feature_gates([quiet, gates]),
        **more,
    )


_ISSUES = "https://github.com/kubernetes/kubernetes/issues/"
_PULLS = "https://github.com/kubernetes/kubernetes/pull/"
_GO = "https://github.com/kubernetes/kubernetes/blob/v1.36.3/pkg/controller/deployment/"
_TERMINATING = "DeploymentReplicaSetTerminatingReplicas=true"

_mutant = functools.partial(Mutant, compose=compose)

MUTANTS: tuple[Mutant, ...] = (
    # ---- rolling update ----
    _mutant(
        id="cleanup-may-scale-up",
        about="an old ReplicaSet that reports more available pods than it is to have is cleaned up"
        " by a negative number of pods: it grows",
        source=_GO + "rolling.go",
        kind="mutant",
        shows=("old-sizes-only-fall",),
        needs=_around("set-image", level="interleaved"),
        manifest=_spec(2, _rolling(0, 1)),
    ),
    _mutant(
        id="availability-over-inactive",
        about="pods of old ReplicaSets that are to have none count as available, although they are"
        " about to be deleted",
        source=_GO + "rolling.go",
        kind="mutant",
        shows=("enough-pods-stay-available",),
        needs=_around("set-image@2"),
        manifest=_spec(2, _rolling(0, 1)),
    ),
    _mutant(
        id="dep-old-rs-scaled-up-mid-rollout",
        about="sizes that do not add up to spec.replicas are taken for a resize of the Deployment",
        source=_ISSUES + "21810",
        kind="mutant",
        shows=("old-sizes-only-fall",),
        needs=_around("set-image"),
        manifest=_spec(2, _rolling(0, 1)),
    ),
    _mutant(
        id="dep-hash-collision-blocks-rollout",
        about="the name of the new ReplicaSet is taken by one of another template, and no other is"
        " ever tried",
        source=_PULLS + "44774",
        kind="mutant",
        shows=("rollout-completes",),
        needs=_around("set-image", "hash-collision"),
        manifest=_spec(1),
    ),
    # ---- Recreate ----
    _mutant(
        id="dep-recreate-starts-new-pods-before-old-gone",
        about="that no old pod runs is read from the status of ReplicaSets, which does not count"
        " terminating pods",
        source=_ISSUES + "27362",
        kind="mutant",
        shows=("no-overlap",),
        needs=_around("set-image"),
        manifest=_spec(1, RECREATE),
    ),
    _mutant(
        id="dep-recreate-stuck-on-terminal-pod",
        about="an old pod that has failed counts as one that runs, so the new ones never come",
        source=_PULLS + "60301",
        kind="mutant",
        shows=("rollout-completes",),
        # Otherwise nothing but the deletion of a pod wakes the controller: see the next one.
        needs=_around("set-image", "pod-failed", _TERMINATING),
        manifest=_spec(1, RECREATE),
    ),
    _mutant(
        id="dep-recreate-requeue-missed-with-terminal-pods",
        about="the Deployment is queued when no pod is left, failed ones included, instead of when"
        " none runs any more",
        source=_PULLS + "138179",
        kind="fix",
        shows=("rollout-completes",),
        needs=_around("set-image", "pod-failed"),
        manifest=_spec(1, RECREATE),
    ),
    # ---- progress ----
    _mutant(
        id="dep-progress-deadline-premature",
        about="the deadline of a new rollout is measured from the end of the one before",
        source=_PULLS + "52127",
        kind="mutant",
        shows=("only-a-passed-deadline-is-exceeded",),
        needs=_around("set-image", "write-failure"),
        manifest=_spec(1, deadline=True),
    ),
    _mutant(
        id="dep-progress-deadline-never-fires-single-replica",
        about="a rollout counts as complete with replicas - maxUnavailable available pods, which"
        " for one replica is none",
        source=_ISSUES + "44657",
        kind="mutant",
        shows=("lack-of-progress-is-reported",),
        needs=_around("set-image", "never-ready"),
        manifest=_spec(1, _rolling(1, 1), deadline=True),
    ),
    _mutant(
        id="dep-progress-deadline-silent-after-rollout",
        about="a Deployment whose rollout was complete once is never again said to be stuck",
        source=_ISSUES + "106054",
        kind="fix",
        shows=("lack-of-progress-is-reported",),
        needs=_around("set-image,scale:1", "never-ready"),
        manifest=_spec(0, deadline=True),
    ),
    # ---- resizing and history ----
    _mutant(
        id="dep-proportional-scaling-not-reentrant",
        about="shares of a resize are computed from the Deployment's size instead of the one noted"
        " on each ReplicaSet: a resize that is tried again gives some a second share",
        source=_ISSUES + "44734",
        kind="mutant",
        shows=("a-resize-changes-each-size-once",),
        needs=_around("set-image,scale:3", "write-failure,never-ready"),
        manifest=_spec(1),
    ),
    _mutant(
        id="dep-manifest-replicas-overrides-hpa",
        about="a manifest with spec.replicas in it takes back what an autoscaler has set",
        source=_ISSUES + "72231",
        kind="fix",
        shows=("applying-keeps-the-size",),
        needs=_around("scale:3,apply"),
        manifest=_spec(1),
    ),
    _mutant(
        id="dep-scaled-to-zero-forgets-old-rs",
        about="old ReplicaSets are found through their pods; without pods they are kept for ever",
        source=_ISSUES + "42570",
        kind="mutant",
        shows=("history-within-its-limit",),
        needs=_around("set-image"),
        manifest=_spec(0, revision_history_limit=0),
    ),
    _mutant(
        id="dep-history-cleanup-counts-uncleanable-rs",
        about="an old ReplicaSet that has pods still is counted among those to delete, passed over,"
        " and no other goes in its place",
        source=_ISSUES + "41432",
        kind="fix",
        shows=("history-within-its-limit",),
        needs=_around("set-image@2,pause", "never-ready@2"),
        manifest=_spec(1, revision_history_limit=1),
    ),
    _mutant(
        id="dep-negative-unavailable-wedges-status",
        about="unavailableReplicas is not kept from falling below 0, and the API server refuses it",
        source=_ISSUES + "41697",
        kind="mutant",
        shows=("every-status-is-accepted",),
        needs=_around("scale:0", level="interleaved"),
        manifest=_spec(1),
    ),
    _mutant(
        id="dep-failed-scale-down-is-not-tried-again",
        about="that an old ReplicaSet could not be resized is no error of the sync: where the"
        " status is right already and there is no progress deadline, nobody comes back to it",
        source=_GO + "rolling.go",
        kind="fix",
        shows=("rollout-completes",),
        needs=_around("set-image", "write-failure@2", level="faulty"),
        manifest=_spec(1),
    ),
    # ---- ReplicaSets ----
    _mutant(
        id="rs-expectations-expire-overcreate",
        about="after five minutes the controller creates again what it has not seen yet",
        source=_ISSUES + "129795",
        kind="fix",
        shows=("no-pod-too-many",),
        needs=_around(
            "scale:1",
            "expectations-expire",
            "StaleControllerConsistencyReplicaSet=false",
            level="interleaved",
            lag=1,
        ),
        manifest=_spec(0),
    ),
    _mutant(
        id="rc-expectations-checked-after-pod-list",
        about="pods are listed before expectations are asked: one that comes in between is neither"
        " in the list nor expected",
        source=_PULLS + "8138",
        kind="mutant",
        shows=("no-pod-too-many",),
        # Controllers of that time had no consistency store.
        needs=_around(
            "scale:1",
            gates="StaleControllerConsistencyReplicaSet=false",
            level="interleaved",
            lag=1,
        ),
        manifest=_spec(0),
    ),
    _mutant(
        id="rs-graceful-delete-observed-twice",
        about="a pod that is marked for deletion and then goes counts as two expected deletions",
        source=_PULLS + "22143",
        kind="mutant",
        shows=("no-pod-too-few",),
        needs=_around("scale:1", level="interleaved", lag=1),
        manifest=_spec(3),
    ),
    _mutant(
        id="rs-available-stuck-on-clock-skew",
        about="the one recheck of a ready pod comes before it is available, and there is no other",
        source=_ISSUES + "41641",
        kind="mutant",
        shows=("available-pods-are-counted",),
        needs=_around("set-image", variant=frozenset({"recheck-early"})),
        manifest=_spec(1, min_ready_seconds=5),
    ),
)
