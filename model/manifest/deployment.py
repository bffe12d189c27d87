"""
Deployments as they are written in manifests, with the API server's defaults and rules.

:Go: kubernetes v1.36.3, pkg/apis/apps/v1/defaults.go SetDefaults_Deployment;
    pkg/apis/apps/validation/validation.go ValidateDeployment, ValidateDeploymentSpec,
    ValidateDeploymentStrategy, ValidateRollingUpdateDeployment
:Docs: https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/deployment-v1/
:Omits: rules about updates (an immutable selector), and most rules about what is in a pod; see
    `pods.py` for those that are checked.
"""

import json
import re
from typing import Any

import attrs

from seatrial.model import IntOrPercent

from .errors import Path, Position, Problem, dotted, quoted
from .names import dns_subdomain
from .pods import check_metadata, check_template
from .reading import Reading
from .schema import check
from .selector import LabelSelector, check_labels, read_selector
from .template import Pairs, PodTemplate, pod_template

__all__ = ["DeploymentManifest", "read_deployment"]

_PERCENT = re.compile(r"[0-9]+%")
_STRATEGIES = ("Recreate", "RollingUpdate")
_UPDATE = ("spec", "strategy", "rollingUpdate")


@attrs.frozen
class DeploymentManifest:
    """
    An `apps/v1` Deployment, defaults included.

    Two are equal if they mean the same, wherever and however they were written; `position` tells
    where a field was written.
    """

    name: str
    namespace: str
    labels: Pairs
    annotations: Pairs
    replicas: int
    selector: LabelSelector
    template: PodTemplate
    strategy: str
    max_unavailable: IntOrPercent | None
    max_surge: IntOrPercent | None
    min_ready_seconds: int
    revision_history_limit: int
    progress_deadline_seconds: int
    paused: bool
    written: tuple[tuple[str, Position], ...] = attrs.field(default=(), eq=False, repr=False)

    def position(self, field: str = "") -> Position | None:
        """Where a field such as `spec.replicas` was written, or None where it has its default."""
        return dict(self.written).get(field)

    def document(self) -> dict[str, Any]:
        """The object with all defaults, as data that a manifest could hold."""
        spec: dict[str, Any] = {
            "replicas": self.replicas,
            "selector": {
                "matchLabels": dict(self.selector.match_labels),
                "matchExpressions": [
                    {"key": each.key, "operator": each.operator, "values": list(each.values)}
                    for each in self.selector.match_expressions
                ],
            },
            "template": json.loads(self.template.canonical),
            "strategy": {"type": self.strategy},
            "minReadySeconds": self.min_ready_seconds,
            "revisionHistoryLimit": self.revision_history_limit,
            "progressDeadlineSeconds": self.progress_deadline_seconds,
            "paused": self.paused,
        }
        if self.max_unavailable is not None and self.max_surge is not None:
            spec["strategy"]["rollingUpdate"] = {
                "maxUnavailable": _as_written(self.max_unavailable),
                "maxSurge": _as_written(self.max_surge),
            }
        metadata = {
            "name": self.name,
            "namespace": self.namespace,
            "labels": dict(self.labels),
            "annotations": dict(self.annotations),
        }
        return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec}


def _as_written(bound: IntOrPercent) -> int | str:
    return str(bound) if bound.kind == "percent" else bound.value


def read_deployment(reading: Reading) -> DeploymentManifest | None:
    """
    The Deployment, or None and a problem noted for each thing that is wrong.

    As in the API server, the rules are asked only about what could be decoded.
    """
    reading.problems += _decoded(reading)
    if reading.problems:
        return None
    check_metadata(reading, dns_subdomain)
    manifest = _deployment(reading)
    return None if reading.problems else manifest


def _decoded(reading: Reading) -> list[Problem]:
    return check(reading.node, "Deployment", reading.path)


def _deployment(reading: Reading) -> DeploymentManifest:
    """Defaults first and rules afterwards, field by field. :Go: ValidateDeploymentSpec"""
    if "spec" not in reading.data:
        reading.refuse((), "no spec; write spec with selector and template")
    replicas = reading.not_negative(("spec", "replicas"), 1)
    selector = _selector(reading)
    strategy, max_unavailable, max_surge = _strategy(reading)
    min_ready = reading.not_negative(("spec", "minReadySeconds"), 0)
    history = reading.not_negative(("spec", "revisionHistoryLimit"), 10)
    deadline = _deadline(reading, min_ready)
    return DeploymentManifest(
        name=reading.get("metadata", "name", default=""),
        namespace=reading.get("metadata", "namespace", default="") or "default",
        labels=_pairs(reading, "labels"),
        annotations=_pairs(reading, "annotations"),
        replicas=replicas,
        selector=selector,
        template=pod_template(reading.get("spec", "template", default={})),
        strategy=strategy,
        max_unavailable=max_unavailable,
        max_surge=max_surge,
        min_ready_seconds=min_ready,
        revision_history_limit=history,
        progress_deadline_seconds=deadline,
        paused=reading.get("spec", "paused", default=False),
        written=_written(reading),
    )


def _pairs(reading: Reading, field: str) -> Pairs:
    return tuple(sorted(reading.get("metadata", field, default={}).items()))


def _selector(reading: Reading) -> LabelSelector:
    """
    A selector that is not empty, and a template that it selects.

    :Go: ValidateDeploymentSpec, ValidatePodTemplateSpecForReplicaSet
    """
    path = ("spec", "selector")
    labels_path = ("spec", "template", "metadata", "labels")
    before = len(reading.problems)
    selector = read_selector(reading, path)
    readable = len(reading.problems) == before
    check_labels(reading, labels_path)
    labels = reading.get(*labels_path, default={})
    if reading.get(*path) is None and "spec" in reading.data:
        reading.refuse(path, "no selector; write matchLabels with the labels of the template")
    elif selector == LabelSelector() and "spec" in reading.data:
        reading.refuse(path, "the selector is empty; write matchLabels with the template's labels")
    elif readable and not selector.matches(labels):
        shown = ", ".join(f"{key}={value}" for key, value in sorted(labels.items())) or "none"
        reading.refuse(
            labels_path,
            f"spec.selector does not select these labels ({quoted(shown)[1:-1]}); give the template"
            " the labels of the selector",
        )
    check_template(reading, ("spec", "template"))
    return selector


def _strategy(reading: Reading) -> tuple[str, IntOrPercent | None, IntOrPercent | None]:
    """:Go: SetDefaults_Deployment, ValidateDeploymentStrategy, ValidateRollingUpdateDeployment"""
    kind = reading.get("spec", "strategy", "type", default="") or "RollingUpdate"
    if kind not in _STRATEGIES:
        says = f"is no strategy; write {' or '.join(_STRATEGIES)}"
        reading.refuse_value(("spec", "strategy", "type"), kind, says)
        return kind, None, None
    if kind == "Recreate":
        if reading.get(*_UPDATE) is not None:
            reading.refuse(_UPDATE, "Recreate takes no rollingUpdate; remove one of the two")
        return kind, None, None
    before = len(reading.problems)
    max_unavailable = _bound(reading, "maxUnavailable")
    max_surge = _bound(reading, "maxSurge")
    path = (*_UPDATE, "maxUnavailable")
    if max_unavailable.kind == "percent" and max_unavailable.value > 100:
        reading.refuse(path, f"'{max_unavailable}' is more than all pods; write at most 100%")
    if len(reading.problems) == before and not max_unavailable.value and not max_surge.value:
        reading.refuse(
            path, "0 while maxSurge is 0, so no pod could be replaced; raise one of them"
        )
    return kind, max_unavailable, max_surge


def _bound(reading: Reading, field: str) -> IntOrPercent:
    """A bound of the rolling update. :Go: ValidatePositiveIntOrPercent, IsValidPercent"""
    path = (*_UPDATE, field)
    value = reading.get(*path, default="25%")
    if not isinstance(value, str):
        return IntOrPercent.absolute(reading.not_negative(path, 0))
    # What has more digits than this means nothing, and Go's controller fails on it.
    if _PERCENT.fullmatch(value) and len(value) <= 10:
        return IntOrPercent.percent(int(value[:-1]))
    says = "is no percentage; write an integer without quotes, or a percentage such as 25%"
    reading.refuse_value(path, value, says)
    return IntOrPercent.percent(25)


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


def _written(reading: Reading) -> tuple[tuple[str, Position], ...]:
    """Each field that was written, and where; "" is the object itself."""
    found: dict[str, Position] = {}
    todo: list[tuple[Path, Any]] = [((), reading.node)]
    while todo:
        path, node = todo.pop()
        found[dotted(path)] = node.position
        if isinstance(node.value, dict):
            todo += [
                ((*path, key), each) for key, each in node.value.items() if each.value is not None
            ]
        elif isinstance(node.value, tuple):
            todo += [((*path, index), each) for index, each in enumerate(node.value)]
    return tuple(sorted(found.items()))
