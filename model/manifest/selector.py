"""
Label selectors: what they may be, and what they select.

:Go: k8s.io/apimachinery pkg/apis/meta/v1/validation ValidateLabelSelector, pkg/labels
"""

import re
from collections.abc import Mapping
from typing import Any

import attrs

from .errors import Path
from .names import label_key, label_value
from .reading import Reading

__all__ = ["LabelSelector", "Requirement", "check_labels", "read_selector", "selector_of"]

_INTEGER = re.compile(r"[+-]?[0-9]{1,18}")
_WITH_VALUES = ("In", "NotIn")
_WITHOUT = ("Exists", "DoesNotExist")


@attrs.frozen
class Requirement:
    """One of a selector's `matchExpressions`; `Gt` and `Lt` are for nodes alone."""

    key: str
    operator: str
    values: tuple[str, ...] = ()

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether these labels satisfy it; `NotIn` is also satisfied where the key is missing."""
        match self.operator:
            case "In":
                return labels.get(self.key) in self.values
            case "NotIn":
                return labels.get(self.key) not in self.values
            case "Exists":
                return self.key in labels
            case "Gt" | "Lt":
                return self._compares(labels)
            case _:
                return self.key not in labels

    def _compares(self, labels: Mapping[str, str]) -> bool:
        """Of nodes only: both have to be integers. Go: Requirement.Matches"""
        texts = (labels.get(self.key, ""), *self.values)
        if len(texts) != 2 or not all(map(_INTEGER.fullmatch, texts)):
            return False
        has, bound = map(int, texts)
        return has > bound if self.operator == "Gt" else has < bound


@attrs.frozen
class LabelSelector:
    """
    A selector of pods by labels.

    >>> LabelSelector((("app", "web"),)).matches({"app": "web", "tier": "front"})
    True
    """

    match_labels: tuple[tuple[str, str], ...] = ()
    match_expressions: tuple[Requirement, ...] = ()

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether it selects what has these labels; an empty selector selects everything."""
        return all(labels.get(key) == value for key, value in self.match_labels) and all(
            each.matches(labels) for each in self.match_expressions
        )


def selector_of(data: Any) -> LabelSelector:
    """The selector that plain data means, where nobody has checked them; never raises."""
    labels = data.get("matchLabels") if isinstance(data, dict) else None
    listed = data.get("matchExpressions") if isinstance(data, dict) else None
    pairs = labels.items() if isinstance(labels, dict) else ()
    return LabelSelector(
        match_labels=tuple(sorted((str(key), str(value)) for key, value in pairs)),
        match_expressions=tuple(
            Requirement(
                key=str(each.get("key", "")),
                operator=str(each.get("operator", "")),
                values=tuple(str(value) for value in each.get("values") or ()),
            )
            for each in (listed if isinstance(listed, list) else ())
            if isinstance(each, dict) and isinstance(each.get("values", []), list)
        ),
    )


def read_selector(reading: Reading, path: Path) -> LabelSelector:
    """The selector at a path, with whatever is wrong about it noted."""
    data = reading.get(*path, default={})
    check_labels(reading, (*path, "matchLabels"))
    for index, each in enumerate(data.get("matchExpressions", [])):
        _check_requirement(reading, each, (*path, "matchExpressions", index))
    return selector_of(data)


def check_labels(reading: Reading, path: Path) -> None:
    """A map of labels. :Go: pkg/apis/meta/v1/validation ValidateLabels"""
    for key, value in reading.get(*path, default={}).items():
        where = (*path, f"[{key}]")
        reading.refuse_value(where, key, label_key(key))
        reading.refuse_value(where, value, label_value(value))


def _check_requirement(reading: Reading, data: dict[str, Any], path: Path) -> None:
    operator, values = data.get("operator", ""), data.get("values", [])
    known = (*_WITH_VALUES, *_WITHOUT)
    if operator not in known:
        says = f"is no operator of a selector; write one of {', '.join(known)}"
        reading.refuse_value((*path, "operator"), operator, says)
    elif operator in _WITH_VALUES and not values:
        reading.refuse((*path, "values"), f"no values for {operator}; write at least one")
    elif operator in _WITHOUT and values:
        reading.refuse((*path, "values"), f"values beside {operator}; remove them")
    reading.refuse_value((*path, "key"), data.get("key", ""), label_key(data.get("key", "")))
    for index, value in enumerate(values):
        reading.refuse_value((*path, "values", index), value, label_value(value))
