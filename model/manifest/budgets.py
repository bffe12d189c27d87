"""
Disruption budgets, as far as they concern a StatefulSet that is given beside them.

:Go: kubernetes v1.36.3, pkg/apis/policy/validation/validation.go
    ValidatePodDisruptionBudgetSpec
:Docs: https://kubernetes.io/docs/tasks/run-application/configure-pdb/
:Omits: one that the API server would refuse, of which two are about one pod, that counts other pods
    too, or that selects by labels which controllers add: they are listed as not modelled, and say
    nothing here
"""

import re
from collections.abc import Iterable
from typing import Any

import attrs

from seatrial.model import IntOrPercent, statefulset_api

from .kinds import ClusterObject, labels_of_pods, selecting, selects_some
from .selector import selector_of
from .stateful_set import StatefulSetManifest
from .workloads import Workload

__all__ = ["read_budget", "with_budget"]

_PERCENT = re.compile(r"([0-9]{1,3})%")
_MOST = 2**31 - 1


def read_budget(spec: Any) -> statefulset_api.DisruptionBudget | None:
    """
    The budget that a spec says, None where it says none that the API server takes.

    >>> read_budget({"minAvailable": 2}).min_available.value
    2
    >>> read_budget({"minAvailable": 2, "maxUnavailable": 1}) is None
    True
    """
    if not isinstance(spec, dict):
        return None
    written = {key: spec.get(key) for key in ("minAvailable", "maxUnavailable")}
    given = {key: value for key, value in written.items() if value is not None}
    policy = spec.get("unhealthyPodEvictionPolicy") or "IfHealthyBudget"
    if len(given) != 1 or policy not in ("IfHealthyBudget", "AlwaysAllow"):
        return None
    bounds = {name: _bound(value) for name, value in given.items()}
    if None in bounds.values():
        return None
    return statefulset_api.DisruptionBudget(
        min_available=bounds.get("minAvailable"),
        max_unavailable=bounds.get("maxUnavailable"),
        always_allow=policy == "AlwaysAllow",
    )


def _bound(value: Any) -> IntOrPercent | None:
    if type(value) is int:
        return IntOrPercent.absolute(value) if 0 <= value <= _MOST else None
    found = _PERCENT.fullmatch(value) if isinstance(value, str) else None
    if found is None or int(found[1]) > 100:
        return None
    return IntOrPercent.percent(int(found[1]))


def with_budget(
    workload: StatefulSetManifest,
    workloads: Iterable[Workload],
    objects: Iterable[ClusterObject],
) -> tuple[StatefulSetManifest, ClusterObject | None]:
    """A StatefulSet with the budget of its pods, and where that is given."""
    about = [
        each
        for each in objects
        if (each.group, each.kind) == ("policy", "PodDisruptionBudget")
        and selecting(each, workload)
    ]
    if len(about) != 1 or selects_some(about[0]):
        return workload, None
    others = (selecting(about[0], other) for other in workloads if other is not workload)
    selector = selector_of(about[0].reading.get("spec", "selector"))
    pods = (
        labels_of_pods(each)
        for each in objects
        if each.namespace == workload.namespace
        and (each.kind, each.name) != (workload.kind, workload.name)
    )
    if any(others) or any(labels is not None and selector.matches(labels) for labels in pods):
        return workload, None
    budget = read_budget(about[0].reading.get("spec"))
    if budget is None:
        return workload, None
    return attrs.evolve(workload, disruption_budget=budget), about[0]
