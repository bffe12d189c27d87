"""What a Deployment's status and conditions say, and when it is so."""

from collections.abc import Iterator

from seatrial.core import All, after_each_step, always, converges_to
from seatrial.core.arith import maximum, total
from seatrial.model import api, deployment_conditions

from .promise import (
    ATOMIC,
    BROKEN_TEMPLATES,
    DEADLINE,
    FEW_FAILURES,
    HEALTHY_TEMPLATES,
    LANDED,
    NO_FAILURE_AFTER_A_CONFLICT,
    NO_GIVE_UP,
    NO_PAUSE,
    NO_POD_FAULTS,
    NO_STALE_PAUSE,
    NO_UNDO,
    NOT_DELETED,
    NOTED,
    PROMPT,
    ROLLING,
    SAME_SIZE,
    SOME_PODS,
    TOLD_OF_ALL,
    UPDATE,
    Precondition,
    Promise,
    at_all_times,
    does,
    surge_of,
    under,
)

__all__ = ["PROMISES"]

_DOCS = "https://kubernetes.io/docs/concepts/workloads/controllers/deployment/"
_SYNC = "pkg/controller/deployment/sync.go"
_PROGRESS = "pkg/controller/deployment/progress.go"
_COMPLETE = "NewReplicaSetAvailable"
_EXCEEDED = "ProgressDeadlineExceeded"


# ---- numbers ----------------------------------------------------------------------------------


@under(NO_GIVE_UP)
@converges_to(
    id="deployment-status-at-rest",
    says="in the end the status has the numbers of pods that there are, and the generation of the"
    " spec",
    source=f"{_SYNC} calculateStatus",
)
def status_at_rest(
    deployment: api.Deployment | None,
    active: All[int],
    total_active: int,
    total_ready: int,
    total_available: int,
    total_size: int,
) -> bool:
    """Every number of the status, against what there is and not against what ReplicaSets report."""
    if deployment is None or deployment.deleting:
        return True
    status = deployment.status
    return (
        status.observed_generation is api.Observed.CURRENT
        and status.replicas == total_active
        and status.updated_replicas == active[deployment.spec.template]
        and status.ready_replicas == total_ready
        and status.available_replicas == total_available
        and status.unavailable_replicas == maximum(0, total_size - total_available)
        and not status.terminating_replicas
    )


@at_all_times
@always(
    id="deployment-status-in-order",
    says="a status never has more available than ready, nor more ready or updated than all pods",
    source="pkg/apis/apps/validation/validation.go ValidateDeploymentStatus",
    premise=lambda target: target > 0,
)
def status_in_order(deployment: api.Deployment | None) -> Iterator[str]:
    """What the API server would refuse; it says so too late."""
    assert deployment is not None
    status = deployment.status
    available, ready, updated = (
        status.available_replicas,
        status.ready_replicas,
        status.updated_replicas,
    )
    if not available <= ready <= status.replicas or updated > status.replicas:
        yield (
            f"the status has {status.replicas} pods, {updated} updated, {ready} ready,"
            f" {available} available"
        )


@under(
    ROLLING,
    UPDATE,
    SOME_PODS,
    HEALTHY_TEMPLATES,
    SAME_SIZE,
    NO_PAUSE,
    Precondition(
        "there are more replicas than maxSurge, and more than 1",
        lambda spec, around: spec.replicas > max(1, surge_of(spec)),
    ),
)
@always(
    id="deployment-available-status-bounds",
    says="availableReplicas lies between replicas - maxUnavailable and replicas + maxSurge",
    source=_DOCS + "#max-unavailable",
    expected="refuted",
    premise=lambda target: target > 0,
)
def available_status_bounds(
    deployment: api.Deployment | None, desired: int, spare: int, surge: int
) -> Iterator[str]:
    """Reads bounds of what is asked for as bounds of what there is."""
    assert deployment is not None
    reported = deployment.status.available_replicas
    if not desired - spare <= reported <= desired + surge:
        yield (
            f"availableReplicas is {reported}; it was to lie between {desired - spare}"
            f" and {desired + surge}"
        )


def _falls_behind(
    deployment: api.Deployment | None, deployment_before: api.Deployment | None, action: str
) -> bool:
    return (
        deployment is not None
        and deployment_before is not None
        and deployment.spec != deployment_before.spec
    )


@at_all_times
@after_each_step(
    id="deployment-observed-generation-falls-behind",
    says="after a change of the spec the status does not claim to be of that spec",
    source=_DOCS + "#deployment-status; pkg/registry/apps/deployment/strategy.go",
    premise=_falls_behind,
)
def observed_generation_falls_behind(deployment: api.Deployment | None) -> Iterator[str]:
    """The API server raises the generation in the same write that changes the spec."""
    if deployment is not None and deployment.status.observed_generation is api.Observed.CURRENT:
        yield "the spec was changed and observedGeneration is that of the new spec already"


# ---- complete ---------------------------------------------------------------------------------


@under(where=[DEADLINE])
@after_each_step(
    id="deployment-complete-condition-agrees-with-status",
    says="Progressing becomes NewReplicaSetAvailable only together with a status in which all"
    " replicas are updated and available and there are no others",
    source=f"{_PROGRESS} syncRolloutStatus; " + _DOCS + "#complete-deployment",
    premise=lambda progress, progress_before: progress == _COMPLETE != progress_before,
)
def complete_agrees_with_status(deployment: api.Deployment | None) -> Iterator[str]:
    """The numbers stand here themselves: to ask the rule that decided would be to ask it twice."""
    assert deployment is not None
    status, desired = deployment.status, deployment.spec.replicas
    numbers = (status.replicas, status.updated_replicas, status.available_replicas)
    if numbers != (desired, desired, desired):
        yield (
            f"the rollout is said to be complete with {status.replicas} pods,"
            f" {status.updated_replicas} updated, {status.available_replicas} available;"
            f" {deployment.spec.replicas} replicas are asked for"
        )


def _complete_with_pods(complete: bool, desired: int) -> bool:
    return complete and desired > 0


@under(SAME_SIZE, NO_POD_FAULTS, NO_STALE_PAUSE, NO_UNDO, NOT_DELETED, LANDED)
@always(
    id="deployment-complete-is-true",
    says="where the status says that the rollout is complete, all replicas are of the new template"
    " and available, and no other ReplicaSet is to have any",
    source=_DOCS + "#complete-deployment",
    premise=_complete_with_pods,
)
def complete_is_true(
    size: All[int], available: All[int], target: int, desired: int
) -> Iterator[str]:
    """What the status says against what there is, at any moment and not in the end."""
    others = total(size[at] for at in size if at != target)
    if available[target] < desired or others:
        yield (
            f"the status is complete; {available[target]} of {desired} new pods are available"
            f" and {others} others are asked for"
        )


@under(ROLLING, UPDATE, SOME_PODS, HEALTHY_TEMPLATES, NO_PAUSE)
@always(
    id="deployment-complete-no-old-pods-running",
    says="where the status says that the rollout is complete, no old pods are running",
    source=_DOCS + "#complete-deployment",
    expected="refuted",
    premise=_complete_with_pods,
)
def complete_and_none_running(
    active: All[int], terminating: All[int], target: int
) -> Iterator[str]:
    """A status that is complete counts active pods; old ones may still terminate."""
    others = total(active[at] + terminating[at] for at in active if at != target)
    if others:
        yield f"the status is complete and {others} old pods still run"


@under(DEADLINE, HEALTHY_TEMPLATES, SAME_SIZE, FEW_FAILURES)
@converges_to(
    id="deployment-complete-at-rest",
    says="in the end a rollout is said to be complete, unless it is paused",
    source=_DOCS + "#complete-deployment",
)
def complete_at_rest(progress: str, complete: bool, paused: bool, deployment_alive: str) -> bool:
    return deployment_alive != "alive" or paused or (complete and progress == _COMPLETE)


# ---- available --------------------------------------------------------------------------------


def _says_available(deployment: api.Deployment) -> bool:
    condition = deployment_conditions.get_deployment_condition(deployment.status, "Available")
    return condition is not None and condition.status == "True"


@under(NO_GIVE_UP)
@converges_to(
    id="deployment-available-condition-at-rest",
    says="in the end Available is True exactly if replicas - maxUnavailable pods are available",
    source=f"{_SYNC} calculateStatus",
)
def available_condition_at_rest(
    deployment: api.Deployment | None, total_available: int, desired: int, spare: int
) -> bool:
    """In both directions: a condition that is never True would keep half of it."""
    if deployment is None or deployment.deleting:
        return True
    if deployment.spec.strategy.type == "Recreate":
        spare = 0
    return _says_available(deployment) == (total_available >= desired - spare)


@under(
    SAME_SIZE,
    NO_POD_FAULTS,
    NO_STALE_PAUSE,
    NO_UNDO,
    NOT_DELETED,
    TOLD_OF_ALL,
    where=[ROLLING],
)
@always(
    id="deployment-available-condition-is-true",
    says="where Available is True, replicas - maxUnavailable pods are available",
    source=_DOCS + "#max-unavailable",
    premise=lambda deployment: deployment is not None and _says_available(deployment),
)
def available_condition_is_true(
    deployment: api.Deployment | None, total_available: int, desired: int, spare: int
) -> Iterator[str]:
    """At any moment: a pod that goes takes the condition with it only later."""
    if total_available < desired - spare:
        yield (
            f"Available is True and {total_available} pods are available;"
            f" {desired} replicas - {spare} are needed"
        )


# ---- progress deadline ------------------------------------------------------------------------


@under(DEADLINE, NO_PAUSE, NO_UNDO, SAME_SIZE, SOME_PODS, NOTED, where=[does("never-ready")])
@converges_to(
    id="deployment-deadline-is-reported",
    says="a rollout to a template whose pods never become ready ends in ProgressDeadlineExceeded",
    source=_DOCS + "#failed-deployment",
)
def stuck_is_reported(
    progress: str, target: int, never_ready: frozenset[int], deployment_alive: str
) -> bool:
    """Asked of the template that the Deployment has in the end."""
    return deployment_alive != "alive" or target not in never_ready or progress == _EXCEEDED


@under(HEALTHY_TEMPLATES, PROMPT, NO_FAILURE_AFTER_A_CONFLICT, where=[DEADLINE])
@always(
    id="deployment-healthy-rollout-is-in-time",
    says="a rollout whose pods become ready never exceeds its progress deadline",
    source=_DOCS + "#failed-deployment",
    premise=lambda target: target > 1,
)
def healthy_is_in_time(progress: str) -> Iterator[str]:
    if progress == _EXCEEDED:
        yield "Progressing is ProgressDeadlineExceeded, and every template is healthy"


@under(BROKEN_TEMPLATES, NO_UNDO, PROMPT, where=[DEADLINE, ATOMIC])
@after_each_step(
    id="deployment-deadline-reports-only",
    says="the sync that finds the progress deadline exceeded changes a condition and nothing else:"
    " neither the template nor any size",
    source=_DOCS + "#failed-deployment",
    premise=lambda progress, progress_before: progress == _EXCEEDED != progress_before,
)
def deadline_reports_only(
    size: All[int], size_before: All[int], target: int, target_before: int
) -> Iterator[str]:
    """In the step of the sync that sets the reason."""
    if target != target_before:
        yield f"the template goes from {target_before} to {target} as the deadline is exceeded"
    for at in size:
        if size[at] != size_before[at]:
            yield f"ReplicaSet {at} goes from {size_before[at]} to {size[at]} at the deadline"


@under(DEADLINE, BROKEN_TEMPLATES, NO_PAUSE, NO_UNDO, SAME_SIZE, NOT_DELETED, SOME_PODS)
@converges_to(
    id="seed-automated-rollbacks",
    says="a rollout that goes wrong is rolled back automatically",
    source="what is often said of automated rollouts",
    expected="refuted",
)
def goes_back_by_itself(target: int, never_ready: frozenset[int]) -> bool:
    return target not in never_ready


PROMISES: tuple[Promise, ...] = (
    status_at_rest,
    status_in_order,
    available_status_bounds,
    observed_generation_falls_behind,
    complete_agrees_with_status,
    complete_is_true,
    complete_and_none_running,
    complete_at_rest,
    available_condition_at_rest,
    available_condition_is_true,
    stuck_is_reported,
    healthy_is_in_time,
    deadline_reports_only,
    goes_back_by_itself,
)
