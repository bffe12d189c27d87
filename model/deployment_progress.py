"""
What a Deployment's status says about its rollout: done, going on, or stuck.

:Go: kubernetes v1.36.3 pkg/controller/deployment/progress.go
:Docs: https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#failed-deployment
:Omits: messages and times, as in `deployment_conditions.py`. The write of the status is in
    `deployment.py`.
"""

from collections.abc import Iterable
from typing import Literal

from attrs import frozen

from .api import Deployment, DeploymentCondition, DeploymentStatus, ReplicaSet
from .deployment_conditions import (
    NEW_RS_AVAILABLE_REASON,
    REPLICA_SET_UPDATED_REASON,
    TIMED_OUT_REASON,
    deployment_complete,
    deployment_progressing,
    deployment_timed_out,
    get_deployment_condition,
    has_progress_deadline,
    remove_deployment_condition,
    set_deployment_condition,
)
from .deployment_sync import calculate_status

__all__ = [
    "RolloutStatus",
    "get_replica_failures",
    "requeue_stuck_deployment",
    "sync_rollout_status",
]


@frozen
class RolloutStatus:
    """The status of a rollout. It is written iff it is not the status that the Deployment has."""

    status: DeploymentStatus
    renewed: bool = False
    """Whether the Progressing condition's lastUpdateTime is now: the deadline starts anew."""


def sync_rollout_status(
    all_rss: Iterable[ReplicaSet],
    new_rs: ReplicaSet | None,
    deployment: Deployment,
    deadline_passed: bool,
    variant: frozenset[str] = frozenset(),
    terminating_replicas: bool = True,
) -> RolloutStatus:
    """
    The status after a step of a rollout, and what it says about progress.

    A rollout that was once complete is not judged again, as long as there are only new pods. That
    a rollout has taken too long changes nothing else, and later progress takes it back.
    Go: syncRolloutStatus
    """
    all_rss = tuple(all_rss)
    new_status = calculate_status(all_rss, new_rs, deployment, variant, terminating_replicas)
    if not has_progress_deadline(deployment):
        new_status = remove_deployment_condition(new_status, "Progressing")
    current_cond = get_deployment_condition(deployment.status, "Progressing")
    is_complete_deployment = (
        new_status.replicas == new_status.updated_replicas
        and current_cond is not None
        and current_cond.reason == NEW_RS_AVAILABLE_REASON
    )
    if "dep-progress-deadline-silent-after-rollout" in variant:
        is_complete_deployment = is_complete_deployment and deployment_complete(
            deployment, new_status
        )
    renewed = False
    if has_progress_deadline(deployment) and not is_complete_deployment:
        condition = _progressing_condition(deployment, new_status, deadline_passed, variant)
        if condition is not None:
            # Only progress renews the time of a condition that is equal otherwise.
            renewed = condition.reason == REPLICA_SET_UPDATED_REASON or condition != current_cond
            new_status = set_deployment_condition(new_status, condition)
    failure = get_replica_failures(all_rss, new_rs)
    if failure is not None:
        new_status = set_deployment_condition(new_status, failure)
    else:
        new_status = remove_deployment_condition(new_status, "ReplicaFailure")
    return RolloutStatus(new_status, renewed)


def _progressing_condition(
    deployment: Deployment,
    new_status: DeploymentStatus,
    deadline_passed: bool,
    variant: frozenset[str],
) -> DeploymentCondition | None:
    if deployment_complete(deployment, new_status, variant):
        return DeploymentCondition("Progressing", "True", NEW_RS_AVAILABLE_REASON)
    if deployment_progressing(deployment, new_status):
        return DeploymentCondition("Progressing", "True", REPLICA_SET_UPDATED_REASON)
    if deployment_timed_out(deployment, new_status, deadline_passed, variant):
        return DeploymentCondition("Progressing", "False", TIMED_OUT_REASON)
    return None


def get_replica_failures(
    all_rss: Iterable[ReplicaSet], new_rs: ReplicaSet | None
) -> DeploymentCondition | None:
    """
    The ReplicaFailure that the Deployment passes on: the new ReplicaSet's, or the first there is.

    Go: getReplicaFailures
    """
    for rs in all_rss if new_rs is None else (new_rs, *all_rss):
        if rs.status.replica_failure is not None:
            return DeploymentCondition("ReplicaFailure", "True", rs.status.replica_failure)
    return None


def requeue_stuck_deployment(
    deployment: Deployment,
    new_status: DeploymentStatus,
    deadline_passed: bool,
    variant: frozenset[str] = frozenset(),
) -> Literal["never", "now", "at the deadline"]:
    """
    When to look again at a rollout whose status did not change.

    Without this nobody would notice that the deadline passes: nothing happens in a stuck rollout.
    "now" is for less than a second left and goes through the rate limiter.
    Go: requeueStuckDeployment
    """
    current_cond = get_deployment_condition(deployment.status, "Progressing")
    if not has_progress_deadline(deployment) or current_cond is None:
        return "never"
    complete = deployment_complete(deployment, new_status, variant)
    if complete or current_cond.reason == TIMED_OUT_REASON:
        return "never"
    return "now" if deadline_passed else "at the deadline"
