"""
What manifests of all workloads have in common: metadata, a selector, and a template of pods.

:Go: apimachinery pkg/apis/meta/v1 ObjectMeta; pkg/apis/apps/validation/validation.go
    ValidatePodTemplateSpecForReplicaSet, ValidatePodTemplateSpecForStatefulSet
"""

import json
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, TypeVar

import attrs

from .errors import Path, Position, dotted, quoted
from .pods import check_metadata
from .reading import Reading
from .schema import check
from .selector import LabelSelector, check_labels, read_selector
from .template import Pairs, PodTemplate, pod_template

__all__ = [
    "Workload",
    "check_selected",
    "common",
    "read_workload",
    "refuse_unselected",
    "selector_document",
]


@attrs.frozen(kw_only=True)
class Workload:
    """
    An object that has pods, defaults included.

    Two are equal if they mean the same, wherever and however they were written; `position` tells
    where a field was written. `owners` are the kinds and names of other objects that own it.
    """

    api_version: ClassVar[str]
    kind: ClassVar[str]

    name: str
    namespace: str
    labels: Pairs
    annotations: Pairs
    selector: LabelSelector
    template: PodTemplate
    owners: tuple[tuple[str, str], ...] = attrs.field(default=(), eq=False, repr=False)
    written: tuple[tuple[str, Position], ...] = attrs.field(default=(), eq=False, repr=False)

    @property
    def key(self) -> str:
        """Which object it is among all, as `Deployment/default/web`."""
        return f"{self.kind}/{self.namespace}/{self.name}"

    def selects(self, labels: Mapping[str, str]) -> bool:
        """Whether it selects a pod of somebody else's that has these labels."""
        return self.selector.matches(labels)

    def position(self, field: str = "") -> Position | None:
        """Where a field such as `spec.replicas` was written, or None where it has its default."""
        return dict(self.written).get(field)

    def spec_document(self) -> dict[str, Any]:
        """The spec with all defaults, as data that a manifest could hold."""
        raise NotImplementedError

    def document(self) -> dict[str, Any]:
        """The object with all defaults, as data that a manifest could hold."""
        return {
            "apiVersion": self.api_version,
            "kind": self.kind,
            "metadata": {
                "name": self.name,
                "namespace": self.namespace,
                "labels": dict(self.labels),
                "annotations": dict(self.annotations),
            },
            "spec": {"template": json.loads(self.template.canonical), **self.spec_document()},
        }


W = TypeVar("W", bound=Workload)


def read_workload(
    reading: Reading,
    kind: str,
    name_says: Callable[[str], str | None],
    build: Callable[[Reading], W],
) -> W | None:
    """
    The object, or None and a problem noted for each thing that is wrong.

    As in the API server, the rules are asked only about what could be decoded.
    """
    reading.problems += check(reading.node, kind, reading.path)
    if reading.problems:
        return None
    check_metadata(reading, name_says)
    if "spec" not in reading.data:
        has = {"CronJob": "schedule and jobTemplate", "Job": "template"}
        reading.refuse((), f"no spec; write spec with {has.get(kind, 'selector and template')}")
    manifest = build(reading)
    return None if reading.problems else manifest


def common(reading: Reading, spec: Path = ("spec",)) -> dict[str, Any]:
    """What every workload is made of, but for its selector."""
    return {
        "name": reading.get("metadata", "name", default=""),
        "namespace": reading.get("metadata", "namespace", default="") or "default",
        "labels": _pairs(reading, "labels"),
        "annotations": _pairs(reading, "annotations"),
        "template": pod_template(reading.get(*spec, "template", default={})),
        "owners": tuple(
            (str(each.get("kind", "")), str(each.get("name", "")))
            for each in reading.get("metadata", "ownerReferences", default=[])
        ),
        "written": _written(reading),
    }


def _pairs(reading: Reading, field: str) -> Pairs:
    return tuple(sorted(reading.get("metadata", field, default={}).items()))


def check_selected(reading: Reading) -> LabelSelector:
    """A selector that is given and not empty, and a template that it selects."""
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
    elif readable:
        refuse_unselected(reading, selector, labels)
    return selector


def refuse_unselected(reading: Reading, selector: LabelSelector, labels: dict[str, str]) -> None:
    """Refuses a template whose labels the selector does not select."""
    if selector.matches(labels):
        return
    shown = ", ".join(f"{key}={value}" for key, value in sorted(labels.items())) or "none"
    reading.refuse(
        ("spec", "template", "metadata", "labels"),
        f"spec.selector does not select these labels ({quoted(shown)[1:-1]}); give the template"
        " the labels of the selector",
    )


def selector_document(selector: LabelSelector) -> dict[str, Any]:
    """A selector as a manifest has it."""
    return {
        "matchLabels": dict(selector.match_labels),
        "matchExpressions": [
            {"key": each.key, "operator": each.operator, "values": list(each.values)}
            for each in selector.match_expressions
        ],
    }


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
