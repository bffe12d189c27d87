"""
The types that Apalache wants to be told (`varTypes`), found from the values that occur.

Models declare no types, so a *shape* is computed of all values that occur in one place of a trace.
Where they are of several kinds, each is written as a variant with a tag, since a type has one form:
an optional `n1` becomes `Some` of it, and requests get the names of their classes.

Apalache's reader (ItfJsonToTla.scala at 4943c45) knows no empty tuple and reads sequences of one
type, so tuples are written as sequences where their members are of one type, and the unit as it
writes it itself, `{"tag": "UNIT"}`, which Quint reads too.
"""

from collections.abc import Iterable
from typing import Any

import attrs

from .itf_values import ItfMap, ItfRecord, ItfVariant, canonical, distinct

__all__ = ["Shape", "fit", "shape_of", "type_text"]

_Key = tuple[str, str, tuple[str, ...]]
UNIT = {"tag": "UNIT"}
UNIT_TYPE = "{ tag: Str }"


@attrs.frozen(eq=False)
class Shape:
    """
    What occurs in one place: for each kind its tag and the shapes of its parts.

    Tags are written where there are several kinds, and for variants.
    """

    cases: dict[_Key, tuple[str, tuple["Shape", ...]]]

    @property
    def tagged(self) -> bool:
        """Whether values here are written as variants."""
        return len(self.cases) > 1 or any(kind == "Variant" for kind, _, _ in self.cases)


def shape_of(values: Iterable[Any]) -> Shape:
    """The shape of values that `plain` gave and that occur in one place."""
    groups: dict[_Key, list[Any]] = {}
    for value in values:
        groups.setdefault(_key(value), []).append(value)
    fixed = [key for key in groups if key[0] == "Tuple"]
    if len({len(value) for key in fixed for value in groups[key]}) > 1 or (
        fixed and any(key[0] == "Seq" for key in groups)
    ):
        merged = [value for key in fixed for value in groups.pop(key)]
        groups.setdefault(_SEQUENCE, []).extend(merged)
    keys = sorted(groups)
    tags = _tags(keys)
    return Shape({key: (tags[key], _parts(key, groups[key])) for key in keys})


_SEQUENCE: _Key = ("Seq", "Seq", ())
_ATOMS = {bool: "Bool", int: "Int", str: "Str", frozenset: "Set", ItfMap: "Map"}


def _key(value: Any) -> _Key:
    if isinstance(value, ItfRecord):
        return ("Record", value.name or "Record", tuple(name for name, _ in value.fields))
    if isinstance(value, ItfVariant):
        return ("Variant", value.tag, ("unit",) if value.value == () else ())
    if isinstance(value, tuple):
        kinds = {_SEQUENCE if isinstance(part, tuple) else _key(part) for part in value}
        return _SEQUENCE if len(kinds) < 2 else ("Tuple", "Tuple", ("",) * len(value))
    kind = _ATOMS[type(value)]
    return (kind, kind, ())


def _tags(keys: list[_Key]) -> dict[_Key, str]:
    """A tag for each kind: a variant keeps its own, another has that of its class."""
    tags = {key: key[1] for key in keys if key[0] == "Variant"}
    others = [key for key in keys if key[0] != "Variant"]
    for key in others:
        wanted = "Some" if len(others) == 1 and list(tags.values()) == ["None"] else key[1]
        tag, number = wanted, 2
        while tag in tags.values():
            tag, number = f"{wanted}{number}", number + 1
        tags[key] = tag
    return tags


def _parts(key: _Key, values: list[Any]) -> tuple[Shape, ...]:
    kind, _, names = key
    if kind == "Record":
        return tuple(shape_of(value.fields[at][1] for value in values) for at in range(len(names)))
    if kind == "Variant":
        return () if names else (shape_of(value.value for value in values),)
    if kind == "Tuple":
        return tuple(shape_of(value[at] for value in values) for at in range(len(names)))
    if kind == "Map":
        pairs = [pair for value in values for pair in value.pairs]
        return shape_of(key for key, _ in pairs), shape_of(each for _, each in pairs)
    if kind in ("Seq", "Set"):
        return (shape_of(member for value in values for member in value),)
    return ()


def fit(value: Any, shape: Shape) -> Any:
    """The JSON of a value as its shape wants it."""
    key = _find(value, shape)
    tag, parts = shape.cases[key]
    if key[0] == "Variant":
        return {"tag": tag, "value": fit(value.value, parts[0]) if parts else UNIT}
    encoded = _fit_parts(value, key, parts)
    return {"tag": tag, "value": encoded} if shape.tagged else encoded


def _find(value: Any, shape: Shape) -> _Key:
    key = _key(value)
    return key if key in shape.cases else _SEQUENCE


def _fit_parts(value: Any, key: _Key, parts: tuple[Shape, ...]) -> Any:
    kind = key[0]
    if kind == "Int":
        return {"#bigint": str(value)}
    if kind == "Record":
        pairs = zip(value.fields, parts, strict=True)
        return {name: fit(each, shape) for (name, each), shape in pairs}
    if kind == "Tuple":
        return {"#tup": [fit(each, shape) for each, shape in zip(value, parts, strict=True)]}
    if kind == "Seq":
        return [fit(each, parts[0]) for each in value]
    if kind == "Set":
        return {"#set": distinct(fit(each, parts[0]) for each in sorted(value, key=canonical))}
    if kind == "Map":
        return {"#map": [[fit(each, parts[0]), fit(to, parts[1])] for each, to in value.pairs]}
    return value


def type_text(shape: Shape) -> str:
    """
    The type in Apalache's syntax (docs/src/adr/002adr-types.md).

    A part of which no state shows a value is said to be an integer.

    >>> type_text(shape_of([(1, 2), ()]))
    'Seq(Int)'
    >>> type_text(shape_of(["n1", ItfVariant("None", ())]))
    'Some(Str) | None({ tag: Str })'
    """
    if not shape.cases:
        return "Int"
    cases = [(key, tag, parts) for key, (tag, parts) in shape.cases.items()]
    if not shape.tagged:
        return _case_text(cases[0][0], cases[0][2])
    return " | ".join(f"{tag}({_case_text(key, parts)})" for key, tag, parts in cases)


def _case_text(key: _Key, parts: tuple[Shape, ...]) -> str:
    kind, _, names = key
    texts = [f"({type_text(part)})" if _open(part) else type_text(part) for part in parts]
    if kind == "Variant":
        return texts[0] if parts else UNIT_TYPE
    if kind == "Record":
        return f"{{ {', '.join(f'{name}: {t}' for name, t in zip(names, texts, strict=True))} }}"
    if kind == "Tuple":
        return f"<<{', '.join(texts)}>>"
    if kind == "Map":
        return " -> ".join(texts)
    return f"{kind}({texts[0]})" if kind in ("Seq", "Set") else kind


def _open(shape: Shape) -> bool:
    """Whether its type is made with an operator, and so stands in parentheses inside another."""
    return shape.tagged or any(kind == "Map" for kind, _, _ in shape.cases)
