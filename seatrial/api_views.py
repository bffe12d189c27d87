"""
What an invariant sees of a workload: fields with the names of the API, and what they are made of.

Each field names the cells that it is made of, so that an expression reads those alone that it
mentions. What stands directly below the function is counted of the pods that there really are.
"""

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import attrs

from seatrial.core import All, Members
from seatrial.model import api, job_api, statefulset_api

__all__ = ["FUNCTIONS", "NOTHING", "ApiView", "Field"]


@attrs.frozen
class Field:
    """A field below the function: the cells that it is made of, and how."""

    reads: tuple[tuple[str, Any], ...]
    value: Callable[..., Any]


@attrs.frozen
class ApiView:
    """
    What an expression sees of a kind of workload: the function, and the fields below it.

    `there` is the view that says whether the workload is there: `gone` where it is not.
    """

    kind: str
    function: str
    there: str
    gone: Any
    fields: Mapping[str, Field]


NOTHING = inspect.Parameter.empty


def _same(value: Any) -> Any:
    return value


def _unavailable(desired: int, total_available: int) -> int:
    return max(desired - total_available, 0)


def _updated(active: Members[int], target: int) -> int:
    return active.get(target, 0)


def _deployment_spec(deployment: api.Deployment) -> dict[str, Any]:
    spec = deployment.spec
    return {
        "replicas": spec.replicas,
        "paused": spec.paused,
        "minReadySeconds": spec.min_ready_seconds,
        "revisionHistoryLimit": spec.revision_history_limit,
        "progressDeadlineSeconds": spec.progress_deadline_seconds,
    }


def _deployment_status(deployment: api.Deployment) -> dict[str, Any]:
    status = deployment.status
    return {
        "replicas": status.replicas,
        "updatedReplicas": status.updated_replicas,
        "readyReplicas": status.ready_replicas,
        "availableReplicas": status.available_replicas,
        "unavailableReplicas": status.unavailable_replicas,
        "collisionCount": status.collision_count,
        "conditions": [
            {"type": each.type, "status": each.status, "reason": each.reason or ""}
            for each in status.conditions
        ],
    }


def _one(name: str) -> tuple[tuple[str, Any], ...]:
    return ((name, NOTHING),)


_DEPLOYMENT = ApiView(
    kind="Deployment",
    function="deployment",
    there="deployment_alive",
    gone="gone",
    fields={
        "replicas": Field(_one("total_active"), _same),
        "readyReplicas": Field(_one("total_ready"), _same),
        "availableReplicas": Field(_one("total_available"), _same),
        "terminatingReplicas": Field(_one("total_terminating"), _same),
        "unavailableReplicas": Field((*_one("desired"), *_one("total_available")), _unavailable),
        "updatedReplicas": Field((("active", All[int]), *_one("target")), _updated),
        "spec": Field(_one("deployment"), _deployment_spec),
        "status": Field(_one("deployment"), _deployment_status),
    },
)


def _pods(pod: Members[statefulset_api.StatefulPod | None]) -> list[api.PodKind]:
    return [each.kind for each in pod.values() if each is not None]


def _staying(pod: Members[statefulset_api.StatefulPod | None]) -> int:
    return sum(not each.terminating and each.phase in ("Pending", "Running") for each in _pods(pod))


def _ready(pod: Members[statefulset_api.StatefulPod | None]) -> int:
    return sum(each.ready and not each.terminating for each in _pods(pod))


def _available(pod: Members[statefulset_api.StatefulPod | None]) -> int:
    return sum(each.available and not each.terminating for each in _pods(pod))


def _terminating(pod: Members[statefulset_api.StatefulPod | None]) -> int:
    return sum(each.terminating for each in _pods(pod))


def _lacking(
    pod: Members[statefulset_api.StatefulPod | None], stateful_set: statefulset_api.StatefulSet
) -> int:
    return max(stateful_set.spec.replicas - _available(pod), 0)


def _of_update(
    pod: Members[statefulset_api.StatefulPod | None], stateful_set: statefulset_api.StatefulSet
) -> int:
    return sum(
        each is not None
        and each.revision == stateful_set.spec.template
        and not each.kind.terminating
        for each in pod.values()
    )


def _stateful_set_spec(stateful_set: statefulset_api.StatefulSet) -> dict[str, Any]:
    spec = stateful_set.spec
    return {
        "replicas": spec.replicas,
        "podManagementPolicy": spec.pod_management_policy,
        "minReadySeconds": spec.min_ready_seconds,
        "revisionHistoryLimit": spec.revision_history_limit,
        "ordinals": {"start": spec.ordinals_start},
    }


def _stateful_set_status(stateful_set: statefulset_api.StatefulSet) -> dict[str, Any]:
    status = stateful_set.status
    return {
        "replicas": status.replicas,
        "readyReplicas": status.ready_replicas,
        "currentReplicas": status.current_replicas,
        "updatedReplicas": status.updated_replicas,
        "availableReplicas": status.available_replicas,
    }


_PODS = (("pod", All[Any]),)
_SET = _one("stateful_set")
_STATEFUL_SET = ApiView(
    kind="StatefulSet",
    function="statefulset",
    there="set_there",
    gone=False,
    fields={
        "replicas": Field(_PODS, _staying),
        "readyReplicas": Field(_PODS, _ready),
        "availableReplicas": Field(_PODS, _available),
        "terminatingReplicas": Field(_PODS, _terminating),
        "unavailableReplicas": Field((*_PODS, *_SET), _lacking),
        "updatedReplicas": Field((*_PODS, *_SET), _of_update),
        "spec": Field(_SET, _stateful_set_spec),
        "status": Field(_SET, _stateful_set_status),
    },
)


def _job_spec(job: job_api.Job) -> dict[str, Any]:
    spec = job.spec
    return {
        "parallelism": spec.parallelism,
        "completions": spec.completions,
        "backoffLimit": spec.backoff_limit,
        "suspend": spec.suspend,
    }


def _job_status(job: job_api.Job) -> dict[str, Any]:
    status = job.status
    return {
        "active": status.active,
        "ready": status.ready or 0,
        "terminating": status.terminating or 0,
        "succeeded": status.succeeded,
        "failed": status.failed,
        "conditions": [
            {"type": each.type, "status": str(each.status), "reason": each.reason}
            for each in status.conditions
        ],
    }


_JOB = ApiView(
    kind="Job",
    function="job",
    there="job_alive",
    gone="gone",
    fields={
        "active": Field(_one("active"), _same),
        "running": Field(_one("running"), _same),
        "terminating": Field(_one("terminating"), _same),
        "spec": Field(_one("job"), _job_spec),
        "status": Field(_one("job"), _job_status),
    },
)

FUNCTIONS = {each.function: each for each in (_DEPLOYMENT, _STATEFUL_SET, _JOB)}
"""By the name of the function that stands for a workload of the kind."""
