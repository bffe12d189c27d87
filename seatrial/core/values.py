"""What may be part of a state: immutable values, compared together with their type.

A value is a `bool`, `int`, `str`, `bytes`, `None` or enum member; a tuple or frozenset of values;
or an instance of a frozen attrs or dataclass whose fields are values. Floats are refused: they
round, and no trace format carries them; use integers in the smallest unit.
"""

import dataclasses
from collections.abc import Callable, Iterator
from copy import copy
from enum import Enum
from functools import lru_cache
from typing import Any

import attrs

from .errors import ValueRefused

__all__ = ["check_value", "field_names", "same_value", "sort_key", "with_sets_reversed"]

_ATOMS = (bool, int, str, bytes, type(None))


@lru_cache(maxsize=4096)
def field_names(kind: Any) -> tuple[str, ...] | None:
    """The fields of a class that is a frozen attrs or dataclass, in order; None for any other."""
    if attrs.has(kind):
        # attrs marks a frozen class only by the setter that it installs.
        frozen = kind.__setattr__.__name__ == "_frozen_setattrs"
        return tuple(field.name for field in attrs.fields(kind)) if frozen else None
    if hasattr(kind, "__dataclass_params__"):
        frozen = kind.__dataclass_params__.frozen
        return tuple(field.name for field in dataclasses.fields(kind)) if frozen else None
    return None


def check_value(value: object) -> None:
    """
    Raise `ValueRefused` unless `value` may be part of a state.

    >>> check_value((1, "Running", frozenset({"n1"})))
    >>> check_value([1])
    Traceback (most recent call last):
        ...
    seatrial.core.errors.ValueRefused: [1] is a list, which is mutable; use a tuple
    """
    kind = type(value)
    if kind in _ATOMS or isinstance(value, Enum):
        return
    for part in _parts(value):
        check_value(part)
    try:
        hash(value)
    except TypeError as error:
        raise ValueRefused(f"{value!r} cannot be hashed: {error}") from None


def _parts(value: object) -> Iterator[object]:
    kind: Any = type(value)
    if isinstance(value, (tuple, frozenset)):
        return iter(value)
    names = field_names(kind)
    if names is not None:
        return (getattr(value, name) for name in names)
    raise ValueRefused(f"{value!r} is a {kind.__name__}, {_advice(kind)}")


def _advice(kind: type) -> str:
    mutable = {list: "a tuple", set: "a frozenset", dict: "a tuple of pairs or a Population"}
    if kind in mutable:
        return f"which is mutable; use {mutable[kind]}"
    if kind is float:
        return "which rounds; use an integer in the smallest unit"
    if attrs.has(kind) or dataclasses.is_dataclass(kind):
        return "whose class is not frozen; declare it with @attrs.frozen"
    return (
        "which is no kind of value; use bool, int, str, bytes, None, an enum, a tuple, a frozenset"
        " or a frozen attrs class"
    )


def same_value(one: Any, other: Any) -> bool:
    """
    Whether two values that compare equal are also of the same types, all the way down.

    >>> same_value((1, 0), (1, 0)), same_value((1, 0), (True, 0))
    (True, False)
    """
    kind: Any = type(one)
    if kind is not type(other):
        return False
    if kind in _ATOMS:
        return bool(one == other)
    if isinstance(one, Enum):
        return one is other
    if isinstance(one, tuple):
        return len(one) == len(other) and all(map(same_value, one, other))
    if isinstance(one, frozenset):
        twins = {item: item for item in other}
        return len(one) == len(other) and all(
            item in twins and same_value(item, twins[item]) for item in one
        )
    names = field_names(kind) or ()
    return all(same_value(getattr(one, name), getattr(other, name)) for name in names)


def sort_key(value: Any) -> tuple[Any, ...]:
    """
    A key that orders any two values, the same in every process.

    Hash order is never used, so canonical representatives, traces and files do not depend on
    PYTHONHASHSEED.

    >>> sorted([(2, "b"), None, 1, (1, "z"), True], key=sort_key)
    [None, True, 1, (1, 'z'), (2, 'b')]
    """
    kind: Any = type(value)
    if value is None:
        return (0, "", ())
    if kind is bool:
        return (1, "", value)
    if kind is int:
        return (2, "", value)
    if kind is str:
        return (3, "", value)
    if kind is bytes:
        return (4, "", value)
    name = f"{kind.__module__}.{kind.__qualname__}"
    if isinstance(value, Enum):
        return (5, name, value.name)
    if isinstance(value, tuple):
        return (6, name, tuple(map(sort_key, value)))
    if isinstance(value, frozenset):
        return (7, name, tuple(sorted(map(sort_key, value))))
    names = field_names(kind)
    if names is None:
        raise ValueRefused(f"{value!r} is a {kind.__name__}, {_advice(kind)}")
    return (8, name, tuple(sort_key(getattr(value, field)) for field in names))


class _Reversed(frozenset):  # type: ignore[type-arg]
    """A frozenset that is walked backwards: shows whether a rule depends on set order."""

    def __iter__(self) -> Iterator[Any]:
        return iter(tuple(super().__iter__())[::-1])


def with_sets_reversed(value: Any) -> Any:
    """`value` itself if no set of two or more is in it, else an equal one walked the other way."""
    if isinstance(value, frozenset) and len(value) > 1:
        return _Reversed(value)
    return rebuilt(value, with_sets_reversed)


def rebuilt(value: Any, part: Callable[[Any], Any]) -> Any:
    """`value` with `part` applied to what it directly holds; itself where nothing changed."""
    if isinstance(value, tuple):
        parts = tuple(map(part, value))
        if all(new is old for new, old in zip(parts, value, strict=True)):
            return value
        return type(value)._make(parts) if hasattr(value, "_make") else type(value)(parts)
    kind: Any = type(value)
    names = None if isinstance(value, Enum) else field_names(kind)
    changed = {}
    for name in names or ():
        old = getattr(value, name)
        new = part(old)
        if new is not old:
            changed[name] = new
    if not changed:
        return value
    twin = copy(value)
    for name, new in changed.items():
        object.__setattr__(twin, name, new)
    return twin
