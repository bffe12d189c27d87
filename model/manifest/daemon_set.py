"""
DaemonSets as they are written in manifests; nothing models them, and they are checked all the same.

:Go: kubernetes v1.36.3, pkg/apis/apps/v1/defaults.go SetDefaults_DaemonSet;
    pkg/apis/apps/validation/validation.go ValidateDaemonSet, ValidateDaemonSetSpec,
    ValidateRollingUpdateDaemonSet
:Docs: https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/daemon-set-v1/
:Omits: rules about updates, and most rules about what is in a pod; see `pods.py` for those that are
    checked.
"""

from typing import Any, ClassVar

import attrs

from seatrial.model import IntOrPercent

from .bounds import as_written, at_most_all, read_bound
from .names import dns_subdomain
from .pods import check_template
from .reading import Reading
from .workloads import Workload, check_selected, common, read_workload, selector_document

__all__ = ["DaemonSetManifest", "read_daemon_set"]

_STRATEGIES = ("OnDelete", "RollingUpdate")
_UPDATE = ("spec", "updateStrategy", "rollingUpdate")


@attrs.frozen(kw_only=True)
class DaemonSetManifest(Workload):
    """An `apps/v1` DaemonSet, defaults included; without a rolling update, its bounds are None."""

    api_version: ClassVar[str] = "apps/v1"
    kind: ClassVar[str] = "DaemonSet"

    strategy: str
    max_unavailable: IntOrPercent | None
    max_surge: IntOrPercent | None
    min_ready_seconds: int
    revision_history_limit: int

    def spec_document(self) -> dict[str, Any]:
        """The spec with all defaults, as data that a manifest could hold."""
        spec: dict[str, Any] = {
            "selector": selector_document(self.selector),
            "updateStrategy": {"type": self.strategy},
            "minReadySeconds": self.min_ready_seconds,
            "revisionHistoryLimit": self.revision_history_limit,
        }
        if self.max_unavailable is not None and self.max_surge is not None:
            spec["updateStrategy"]["rollingUpdate"] = {
                "maxUnavailable": as_written(self.max_unavailable),
                "maxSurge": as_written(self.max_surge),
            }
        return spec


def read_daemon_set(reading: Reading) -> DaemonSetManifest | None:
    """The DaemonSet, or None and a problem noted for each thing that is wrong."""
    return read_workload(reading, "DaemonSet", dns_subdomain, _daemon_set)


def _daemon_set(reading: Reading) -> DaemonSetManifest:
    selector = check_selected(reading)
    check_template(reading, ("spec", "template"), "DaemonSet")
    strategy, max_unavailable, max_surge = _strategy(reading)
    return DaemonSetManifest(
        **common(reading),
        selector=selector,
        strategy=strategy,
        max_unavailable=max_unavailable,
        max_surge=max_surge,
        min_ready_seconds=reading.not_negative(("spec", "minReadySeconds"), 0),
        revision_history_limit=reading.not_negative(("spec", "revisionHistoryLimit"), 10),
    )


def _strategy(reading: Reading) -> tuple[str, IntOrPercent | None, IntOrPercent | None]:
    """
    With OnDelete, bounds may stand there and mean nothing. :Go: ValidateDaemonSetUpdateStrategy
    """
    path = ("spec", "updateStrategy", "type")
    kind = reading.one_of(path, _STRATEGIES, "RollingUpdate", "strategy")
    if kind != "RollingUpdate":
        return kind, None, None
    before = len(reading.problems)
    bounds = []
    for field, default in (("maxUnavailable", 1), ("maxSurge", 0)):
        bounds.append(read_bound(reading, (*_UPDATE, field), default))
        at_most_all(reading, (*_UPDATE, field), bounds[-1])
    unavailable, surge = bounds
    if len(reading.problems) == before and bool(unavailable.value) == bool(surge.value):
        both = "both are above 0; write 0 for one of them, or no maxSurge"
        none = "0 while maxSurge is 0, so no pod could be replaced; raise one of them"
        field = "maxSurge" if surge.value else "maxUnavailable"
        reading.refuse((*_UPDATE, field), both if surge.value else none)
    return kind, unavailable, surge
