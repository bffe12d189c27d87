"""
Which changes of an object the API server refuses, whatever else is right about it.

:Go: kubernetes v1.36.3, pkg/apis/apps/validation/validation.go ValidateDeploymentUpdate,
    ValidateStatefulSetUpdate; pkg/apis/batch/validation/validation.go ValidateJobSpecUpdate,
    validateCompletions, validatePodTemplateUpdate; pkg/registry/batch/job/strategy.go
    validationOptionsForJob
:Omits: that a suspended Job has to be without active pods, and have the condition Suspended if it
    ever started, before its template may be changed: a manifest does not tell; that resources of a
    suspended Job may not be changed before 1.36 unless a gate is on.
"""

import json
from collections.abc import Iterator
from typing import Any

from .errors import quoted
from .job import JobManifest
from .workloads import Workload

__all__ = ["refused_changes"]

# What has to stay as it is, by kind: the field, and the attribute of the manifest.
_IMMUTABLE = {
    "Deployment": (("selector", "selector"),),
    "StatefulSet": (
        ("podManagementPolicy", "pod_management_policy"),
        ("selector", "selector"),
        ("serviceName", "service_name"),
        ("volumeClaimTemplates", "volume_claim_templates"),
    ),
    "Job": (
        ("backoffLimitPerIndex", "backoff_limit_per_index"),
        ("completionMode", "completion_mode"),
        ("managedBy", "managed_by"),
        ("podFailurePolicy", "pod_failure_policy"),
        ("selector", "selector"),
        ("successPolicy", "success_policy"),
    ),
}


def refused_changes(old: Workload, new: Workload) -> tuple[str, ...]:
    """
    One line for each field that may not be changed from one manifest of an object to the other.

    Both are of the same kind. A line says the field's path and what would be right.
    """
    lines = [
        f"spec.{field}: {_change(getattr(old, name), getattr(new, name))}; delete the {new.kind}"
        " and create it anew"
        for field, name in _IMMUTABLE[old.kind]
        if getattr(old, name) != getattr(new, name)
    ]
    if isinstance(old, JobManifest) and isinstance(new, JobManifest):
        lines += _of_job(old, new)
    return tuple(lines)


def _change(old: object, new: object) -> str:
    simple = (str, int, bool, type(None))
    if isinstance(old, simple) and isinstance(new, simple):
        return f"cannot be changed from {quoted(old)} to {quoted(new)}"
    return "cannot be changed"


def _of_job(old: JobManifest, new: JobManifest) -> Iterator[str]:
    if old.completions != new.completions:
        says = _change(old.completions, new.completions)
        if new.completion_mode != "Indexed":
            yield f"spec.completions: {says}; only an Indexed Job may change it"
        elif new.completions != new.parallelism:
            yield f"spec.completions: {says}; write the same number for parallelism"
    if old.template == new.template:
        return
    if not old.suspend:
        yield "spec.template: cannot be changed while the Job is not suspended"
    elif _fixed(old) != _fixed(new):
        yield (
            "spec.template: of a suspended Job, only resources, scheduling, labels and annotations"
            " may be changed"
        )


def _fixed(job: JobManifest) -> dict[str, Any]:
    """The template without what a suspended Job may change."""
    template: dict[str, Any] = json.loads(job.template.canonical)
    template.pop("metadata", None)
    pod = template.get("spec", {})
    for field in ("nodeSelector", "schedulingGates", "tolerations"):
        pod.pop(field, None)
    affinity = pod.get("affinity", {})
    affinity.pop("nodeAffinity", None)
    if not affinity:
        pod.pop("affinity", None)
    for each in (*pod.get("containers", ()), *pod.get("initContainers", ())):
        each.pop("resources", None)
    return template
