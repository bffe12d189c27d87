"""
Deployments as they are written in manifests, with the API server's defaults and rules.

:Go: kubernetes v1.36.3, pkg/apis/apps/v1/defaults.go SetDefaults_Deployment;
    pkg/apis/apps/validation/validation.go ValidateDeployment, ValidateDeploymentSpec,
    ValidateDeploymentStrategy, ValidateRollingUpdateDeployment
:Docs: https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/deployment-v1/
:Omits: rules about updates (an immutable selector), and most rules about what is in a pod; see
    `pods.py` for those that are checked.
"""

from typing import Any, ClassVar

import attrs

from seatrial.model import IntOrPercent

from .bounds import as_written, at_most_all, read_bound
from .names import dns_subdomain
from .pods import check_template
from .reading import Reading
from .workloads import Workload, check_selected, common, read_workload, selector_document

__all__ = ["DeploymentManifest", "read_deployment"]

_STRATEGIES = ("Recreate", "RollingUpdate")
_UPDATE = ("spec", "strategy", "rollingUpdate")


@attrs.frozen(kw_only=True)
class DeploymentManifest(Workload):
    """An `apps/v1` Deployment, defaults included."""

    api_version: ClassVar[str] = "apps/v1"
    kind: ClassVar[str] = "Deployment"

    replicas: int
    strategy: str
    max_unavailable: IntOrPercent | None
    max_surge: IntOrPercent | None
    min_ready_seconds: int
    revision_history_limit: int
    progress_deadline_seconds: int
    paused: bool

    def spec_document(self) -> dict[str, Any]:
        """The spec with all defaults, as data that a manifest could hold."""
        spec: dict[str, Any] = {
            "replicas": self.replicas,
            "selector": selector_document(self.selector),
            "strategy": {"type": self.strategy},
            "minReadySeconds": self.min_ready_seconds,
            "revisionHistoryLimit": self.revision_history_limit,
            "progressDeadlineSeconds": self.progress_deadline_seconds,
            "paused": self.paused,
        }
        if self.max_unavailable is not None and self.max_surge is not None:
            spec["strategy"]["rollingUpdate"] = {
                "maxUnavailable": as_written(self.max_unavailable),
                "maxSurge": as_written(self.max_surge),
            }
        return spec


def read_deployment(reading: Reading) -> DeploymentManifest | None:
    """The Deployment, or None and a problem noted for each thing that is wrong."""
    return read_workload(reading, "Deployment", dns_subdomain, _deployment)


def _deployment(reading: Reading) -> DeploymentManifest:
    """Defaults first and rules afterwards, field by field. :Go: ValidateDeploymentSpec"""
    replicas = reading.not_negative(("spec", "replicas"), 1)
    selector = check_selected(reading)
    check_template(reading, ("spec", "template"), "Deployment")
    strategy, max_unavailable, max_surge = _strategy(reading)
    min_ready = reading.not_negative(("spec", "minReadySeconds"), 0)
    history = reading.not_negative(("spec", "revisionHistoryLimit"), 10)
    deadline = _deadline(reading, min_ready)
    return DeploymentManifest(
        **common(reading),
        replicas=replicas,
        selector=selector,
        strategy=strategy,
        max_unavailable=max_unavailable,
        max_surge=max_surge,
        min_ready_seconds=min_ready,
        revision_history_limit=history,
        progress_deadline_seconds=deadline,
        paused=reading.get("spec", "paused", default=False),
    )


def _strategy(reading: Reading) -> tuple[str, IntOrPercent | None, IntOrPercent | None]:
    """:Go: SetDefaults_Deployment, ValidateDeploymentStrategy, ValidateRollingUpdateDeployment"""
    path = ("spec", "strategy", "type")
    kind = reading.one_of(path, _STRATEGIES, "RollingUpdate", "strategy")
    if kind not in _STRATEGIES:
        return kind, None, None
    if kind == "Recreate":
        if reading.get(*_UPDATE) is not None:
            reading.refuse(_UPDATE, "Recreate takes no rollingUpdate; remove one of the two")
        return kind, None, None
    before = len(reading.problems)
    unavailable_path = (*_UPDATE, "maxUnavailable")
    max_unavailable = read_bound(reading, unavailable_path, "25%")
    max_surge = read_bound(reading, (*_UPDATE, "maxSurge"), "25%")
    at_most_all(reading, unavailable_path, max_unavailable)
    if len(reading.problems) == before and not max_unavailable.value and not max_surge.value:
        reading.refuse(
            unavailable_path,
            "0 while maxSurge is 0, so no pod could be replaced; raise one of them",
        )
    return kind, max_unavailable, max_surge


def _deadline(reading: Reading, min_ready: int) -> int:
    """:Go: ValidateDeploymentSpec"""
    path = ("spec", "progressDeadlineSeconds")
    before = len(reading.problems)
    deadline = reading.not_negative(path, 600)
    if len(reading.problems) == before and deadline <= min_ready:
        default = "" if reading.get(*path) is not None else " (the default)"
        reading.refuse(
            path if not default else ("spec", "minReadySeconds"),
            f"progressDeadlineSeconds is {deadline}{default} and minReadySeconds {min_ready}; the"
            " deadline has to be the greater one",
        )
    return deadline
