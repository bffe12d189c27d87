"""
A Deployment's conditions, and when a rollout is complete, makes progress, or has taken too long.

:Go: kubernetes v1.36.3 pkg/controller/deployment/util/deployment_util.go
:Docs: https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#deployment-status
:Omits: messages and times. Of a time only one thing matters, whether progressDeadlineSeconds have
    passed since the Progressing condition was last updated; who keeps time says so.
"""

from attrs import evolve

from .api import (
    MAX_INT32,
    ConditionType,
    Deployment,
    DeploymentCondition,
    DeploymentStatus,
    Observed,
)
from .deployment_util import max_unavailable

__all__ = [
    "FAILED_RS_CREATE_REASON",
    "FOUND_NEW_RS_REASON",
    "MINIMUM_REPLICAS_AVAILABLE",
    "MINIMUM_REPLICAS_UNAVAILABLE",
    "NEW_REPLICA_SET_REASON",
    "NEW_RS_AVAILABLE_REASON",
    "PAUSED_DEPLOY_REASON",
    "REPLICA_SET_UPDATED_REASON",
    "RESUMED_DEPLOY_REASON",
    "TIMED_OUT_REASON",
    "deployment_complete",
    "deployment_progressing",
    "deployment_timed_out",
    "get_deployment_condition",
    "has_progress_deadline",
    "remove_deployment_condition",
    "set_deployment_condition",
]

REPLICA_SET_UPDATED_REASON = "ReplicaSetUpdated"
FAILED_RS_CREATE_REASON = "ReplicaSetCreateError"
NEW_REPLICA_SET_REASON = "NewReplicaSetCreated"
FOUND_NEW_RS_REASON = "FoundNewReplicaSet"
NEW_RS_AVAILABLE_REASON = "NewReplicaSetAvailable"
TIMED_OUT_REASON = "ProgressDeadlineExceeded"
PAUSED_DEPLOY_REASON = "DeploymentPaused"
RESUMED_DEPLOY_REASON = "DeploymentResumed"
MINIMUM_REPLICAS_AVAILABLE = "MinimumReplicasAvailable"
MINIMUM_REPLICAS_UNAVAILABLE = "MinimumReplicasUnavailable"


def get_deployment_condition(
    status: DeploymentStatus, condition_type: ConditionType
) -> DeploymentCondition | None:
    """The condition of that type, or None. Go: GetDeploymentCondition"""
    for cond in status.conditions:
        if cond.type == condition_type:
            return cond
    return None


def set_deployment_condition(
    status: DeploymentStatus, condition: DeploymentCondition
) -> DeploymentStatus:
    """
    The status with this condition, instead of one of its type.

    One with the same status and reason is left as it is, and keeps its times. What is put in its
    place has a new lastUpdateTime, and with another status a new lastTransitionTime.
    Go: SetDeploymentCondition
    """
    if get_deployment_condition(status, condition.type) == condition:
        return status
    others = (cond for cond in status.conditions if cond.type != condition.type)
    ordered = sorted((*others, condition), key=lambda cond: cond.type)
    return evolve(status, conditions=tuple(ordered))


def remove_deployment_condition(
    status: DeploymentStatus, condition_type: ConditionType
) -> DeploymentStatus:
    """The status without a condition of that type. Go: RemoveDeploymentCondition"""
    if get_deployment_condition(status, condition_type) is None:
        return status
    kept = tuple(cond for cond in status.conditions if cond.type != condition_type)
    return evolve(status, conditions=kept)


def has_progress_deadline(deployment: Deployment) -> bool:
    """Whether a rollout may ever be said to be stuck. Go: HasProgressDeadline"""
    deadline = deployment.spec.progress_deadline_seconds
    return deadline is not None and deadline != MAX_INT32


def deployment_complete(
    deployment: Deployment,
    new_status: DeploymentStatus,
    variant: frozenset[str] = frozenset(),
) -> bool:
    """
    Whether all pods that are asked for are new and available, and there are no others.

    Go: DeploymentComplete
    """
    desired = deployment.spec.replicas
    available = new_status.available_replicas == desired
    if "dep-progress-deadline-never-fires-single-replica" in variant:
        available = new_status.available_replicas >= desired - max_unavailable(deployment)
    return (
        new_status.updated_replicas == desired
        and new_status.replicas == desired
        and available
        and new_status.observed_generation is Observed.CURRENT
    )


def deployment_progressing(deployment: Deployment, new_status: DeploymentStatus) -> bool:
    """
    Whether there are more new, ready or available pods than last reported, or fewer old ones.

    Go: DeploymentProgressing
    """
    old_status = deployment.status
    old_status_old_replicas = old_status.replicas - old_status.updated_replicas
    new_status_old_replicas = new_status.replicas - new_status.updated_replicas
    return (
        new_status.updated_replicas > old_status.updated_replicas
        or new_status_old_replicas < old_status_old_replicas
        or new_status.ready_replicas > old_status.ready_replicas
        or new_status.available_replicas > old_status.available_replicas
    )


def deployment_timed_out(
    deployment: Deployment,
    new_status: DeploymentStatus,
    deadline_passed: bool,
    variant: frozenset[str] = frozenset(),
) -> bool:
    """
    Whether the rollout has made no progress for too long; a finished one never has.

    `deadline_passed` says that more than progressDeadlineSeconds have gone since the Progressing
    condition's lastUpdateTime. Go: DeploymentTimedOut
    """
    if not has_progress_deadline(deployment):
        return False
    condition = get_deployment_condition(new_status, "Progressing")
    if condition is None:
        return False
    if condition.reason == NEW_RS_AVAILABLE_REASON:
        # Finished long ago: longer than any deadline.
        return "dep-progress-deadline-premature" in variant
    if condition.reason == TIMED_OUT_REASON:
        return True
    return deadline_passed
