"""
Whether a document can be decoded as a workload: every field known, every value of its type.

The field names and types are data, `schema.json`; its first line says where from.

:Go: k8s.io/apimachinery pkg/runtime/serializer/json with strict decoding, which is what
    `kubectl apply` asks for (`--validate=strict`); pkg/util/intstr; pkg/api/resource
:Omits: the size of a quantity.
"""

import difflib
import functools
import json
import re
from importlib.resources import files
from typing import Any

import attrs

from .documents import Node
from .errors import Path, Position, Problem, quoted

__all__ = ["Schema", "check", "schema"]

_QUANTITY = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?[0-9]+)?")
_TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})"
)
_OUT_OF_RANGE = "write an integer from"
_RANGES = {"int32": 31, "int64": 63}

Schema = dict[str, dict[str, str]]


@functools.cache
def schema() -> Schema:
    """Types and their fields, by the names they have in Go; `*` marks a pointer."""
    read: dict[str, Any] = json.loads(files(__package__).joinpath("schema.json").read_text("utf-8"))
    return {name: fields for name, fields in read.items() if name != "about"}


def check(node: Node, kind: str, path: Path = ()) -> list[Problem]:
    """What in a node is not as its type asks for."""
    checker = _Checker(schema())
    checker.any_of(node, kind, path)
    return checker.problems


@attrs.define
class _Checker:
    schema: Schema
    problems: list[Problem] = attrs.field(factory=list)

    def any_of(self, node: Node, kind: str, path: Path) -> None:
        """A value of the type `kind`; null stands for a value that is not given."""
        kind = kind.removeprefix("*")
        if node.value is None or kind == "Any":
            return
        if kind.startswith("[]"):
            self.a_list(node, kind.removeprefix("[]"), path)
        elif kind.startswith("map:"):
            self.a_map(node, kind.removeprefix("map:"), path)
        elif kind in self.schema:
            self.an_object(node, kind, path)
        else:
            says = wrong_scalar(node.value, kind)
            if says:
                number = says.startswith(_OUT_OF_RANGE)
                found = f"{quoted(node.value)} is out of range" if number else _is(node.value)
                self.refuse(node.position, path, f"{found}; {says}")

    def a_list(self, node: Node, kind: str, path: Path) -> None:
        if not isinstance(node.value, tuple):
            self.refuse(node.position, path, f"{_is(node.value)}; write a list, a dash before each")
            return
        for index, item in enumerate(node.value):
            if item.value is None:
                says = "null stands here; write a value, or remove the dash"
                self.refuse(item.position, (*path, index), says)
            self.any_of(item, kind, (*path, index))

    def a_map(self, node: Node, kind: str, path: Path) -> None:
        if not isinstance(node.value, dict):
            self.refuse(node.position, path, f"{_is(node.value)}; write a mapping, key: value")
            return
        self.converted(node, path)
        for key, item in node.value.items():
            self.any_of(item, kind, (*path, f"[{key}]"))

    def an_object(self, node: Node, kind: str, path: Path) -> None:
        if not isinstance(node.value, dict):
            self.refuse(node.position, path, f"{_is(node.value)}; write a mapping of its fields")
            return
        self.converted(node, path)
        fields = self.schema[kind]
        for key, item in node.value.items():
            if key in fields:
                self.any_of(item, fields[key], (*path, key))
            elif key not in node.converted:
                self.refuse(node.keys[key], (*path, key), f"unknown field; {_nearest(key, fields)}")

    def converted(self, node: Node, path: Path) -> None:
        """Keys that YAML does not read as strings; the API server would store another word."""
        for key, written in node.converted.items():
            says = f"the key {written} is read as {quoted(resolved_word(key))}, which is no string"
            self.refuse(node.keys[key], path, f"{says}; write it in quotes")

    def refuse(self, position: Position, path: Path, says: str) -> None:
        self.problems.append(Problem(position, path, says))


def resolved_word(key: str) -> object:
    """What a converted key was before it became a string, for messages."""
    return key == "true" if key in ("true", "false") else _Bare(key)


class _Bare(str):
    """A number in a message: without quotes."""

    def __repr__(self) -> str:
        return str(self)


def wrong_scalar(value: object, kind: str) -> str | None:
    """What to write instead of a value that is not of the scalar type `kind`; None if it is."""
    if kind == "string":
        return None if isinstance(value, str) else "write a string, in quotes"
    if kind == "bool":
        return None if isinstance(value, bool) else "write true or false, without quotes"
    if kind in _RANGES:
        return _wrong_integer(value, kind)
    if kind == "IntOrString":
        if isinstance(value, str):
            return None
        says = _wrong_integer(value, "int32")
        return says and says.replace("an integer", "an integer or a string")
    if kind == "Quantity":
        text = str(value)
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if (number or isinstance(value, str)) and (number or _QUANTITY.fullmatch(text)):
            return None
        return "write a quantity such as 500m or 1Gi"
    if kind == "Time":
        if isinstance(value, str) and _TIME.fullmatch(value):
            return None
        return "write a time such as 2026-01-31T12:00:00Z"
    raise AssertionError(f"schema.json uses the type {kind}, which nobody reads")


def _wrong_integer(value: object, kind: str) -> str | None:
    bits = _RANGES[kind]
    # JSON has one type of numbers: 3.0 in YAML arrives as 3.
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        digits = isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,10}", value)
        return f"write an integer, {value} without quotes" if digits else "write an integer"
    if -(2**bits) <= value < 2**bits:
        return None
    return f"{_OUT_OF_RANGE} {-(2**bits)} to {2**bits - 1}"


def _is(value: object) -> str:
    match value:
        case bool():
            return f"{quoted(value)} is a boolean"
        case int():
            return f"{quoted(value)} is an integer"
        case float():
            return f"{quoted(value)} is a number"
        case str():
            return f"{quoted(value)} is a string"
    return f"{quoted(value)} stands here"


def _nearest(key: str, fields: dict[str, str]) -> str:
    """Help with a field that is not known: the nearest one, or all where there are few."""
    lower = {name.lower(): name for name in fields}
    close = difflib.get_close_matches(key.lower(), lower, n=1)
    if close:
        return f"did you mean {lower[close[0]]}?"
    known = sorted(fields)
    more = f" and {len(known) - 8} more" if len(known) > 8 else ""
    return f"known here: {', '.join(known[:8])}{more}"
