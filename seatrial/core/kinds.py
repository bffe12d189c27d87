"""Which classes may be part of a state: what they hold never changes, and equality is of content.

Engines take two equal values for one. So equality has to look at all fields and nothing else, which
only what attrs and dataclasses generate is known to do.
"""

import dataclasses
from enum import Enum
from functools import lru_cache
from typing import Any

import attrs

__all__ = ["ATOMS", "ReversedSet", "field_names", "flaw", "is_frozen", "is_symbolic", "is_truth"]

ATOMS = (bool, int, str, bytes, type(None))

_TUPLE_METHODS = ("__eq__", "__ne__", "__hash__", "__iter__", "__len__", "__getitem__")
_MUTABLE = {list: "a tuple", set: "a frozenset", dict: "a tuple of pairs or a Population"}


class ReversedSet(frozenset):  # type: ignore[type-arg]
    """A frozenset that is walked backwards: shows whether a rule depends on set order."""

    __slots__ = ("_order",)
    _order: tuple[Any, ...]

    def __new__(cls, items: Any) -> "ReversedSet":
        order = tuple(items)[::-1]
        made = super().__new__(cls, order)
        made._order = order
        return made

    def __iter__(self) -> Any:
        return iter(self._order)

    def __repr__(self) -> str:
        return repr(frozenset(self._order))

    def __reduce__(self) -> Any:
        return (frozenset, (self._order,))


def is_symbolic(kind: Any) -> bool:
    """Whether a class is of the symbolic engine: a number or truth value that is not known."""
    return bool(getattr(kind, "__seatrial_symbolic__", False))


def is_truth(kind: Any) -> bool:
    """Whether a class is `bool`, or the symbolic engine's of truth values that are not known."""
    return kind is bool or getattr(kind, "__seatrial_symbolic__", None) == "truth"


def is_frozen(kind: Any) -> bool:
    """Whether a class is made by attrs or dataclass such that fields cannot be assigned to."""
    if attrs.has(kind):
        # attrs marks a frozen class only by the setter that it installs.
        return bool(kind.__setattr__.__name__ == "_frozen_setattrs")
    parameters = getattr(kind, "__dataclass_params__", None)
    return parameters is not None and bool(parameters.frozen)


@lru_cache(maxsize=4096)
def field_names(kind: Any) -> tuple[str, ...] | None:
    """The fields of a frozen attrs or dataclass that may be part of a state; None for any other."""
    if flaw(kind) is not None or not (attrs.has(kind) or dataclasses.is_dataclass(kind)):
        return None
    return tuple(field.name for field in _fields(kind))


@lru_cache(maxsize=4096)
def flaw(kind: Any) -> str | None:
    """Why instances of a class may not be part of a state, and what to do; None where they may."""
    if kind in ATOMS or kind in (tuple, frozenset, ReversedSet) or is_symbolic(kind):
        return None
    if issubclass(kind, Enum):
        return _flaw_of_enum(kind)
    if issubclass(kind, tuple):
        return _flaw_of_tuple(kind)
    for plain in (frozenset, int, str, bytes):
        if issubclass(kind, plain):
            return f"a subclass of {plain.__name__}; use {plain.__name__} itself"
    if attrs.has(kind) or dataclasses.is_dataclass(kind):
        return _flaw_of_fields(kind)
    for mutable, instead in _MUTABLE.items():
        if issubclass(kind, mutable):
            return f"which is mutable; use {instead}"
    if issubclass(kind, float):
        return "which rounds; use an integer in the smallest unit, and None for no limit"
    return (
        "which is no kind of value; use bool, int, str, bytes, None, an enum, a tuple, a frozenset"
        " or a frozen attrs class"
    )


def _flaw_of_enum(kind: Any) -> str | None:
    own = [each for each in kind.__mro__ if issubclass(each, Enum) and each.__module__ != "enum"]
    for method in ("__eq__", "__hash__"):
        if any(method in vars(each) for each in own) and getattr(kind, method) is not None:
            return f"whose class defines its own {method}; drop it, members are equal to themselves"
    return None if kind.__hash__ is not None else "whose class cannot be hashed; drop its __eq__"


def _flaw_of_tuple(kind: Any) -> str | None:
    if hasattr(kind, "n_sequence_fields"):
        return "which is made by the interpreter; use a NamedTuple of your own"
    for method in _TUPLE_METHODS:
        if getattr(kind, method) is not getattr(tuple, method):
            return f"whose class defines its own {method}; drop it, or use @attrs.frozen"
    return None


def _fields(kind: Any) -> tuple[Any, ...]:
    return attrs.fields(kind) if attrs.has(kind) else dataclasses.fields(kind)


def _flaw_of_fields(kind: Any) -> str | None:
    if attrs.has(kind) and dataclasses.is_dataclass(kind):
        return "whose class is of attrs and of dataclasses; use one of them"
    if not is_frozen(kind):
        return "whose class is not frozen; declare it with @attrs.frozen"
    mark = "__attrs_attrs__" if attrs.has(kind) else "__dataclass_fields__"
    owner = next(each for each in kind.__mro__ if mark in vars(each))
    equal = vars(owner).get("__eq__")
    if equal is None:
        return "whose class compares by identity; drop eq=False"
    # Both generate from text, so these names are no files; a method that someone wrote has a file.
    generated = ("<attrs generated", "<string>")
    if kind.__eq__ is not equal or not equal.__code__.co_filename.startswith(generated):
        return "whose class defines its own __eq__; drop it, all fields are compared"
    for field in _fields(kind):
        compared = field.eq and field.eq_key is None if attrs.has(kind) else field.compare
        if not compared:
            return f"whose field {field.name} is left out of ==; drop eq=False or compare=False"
    if kind.__hash__ is object.__hash__:
        return "whose class hashes by identity; drop hash=False"
    return None
