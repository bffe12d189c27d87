"""What may be part of a state: immutable values, compared together with their type.

A value is a `bool`, `int`, `str`, `bytes`, `None` or enum member; a tuple or frozenset of values;
or an instance of a frozen attrs or dataclass whose fields are values. Floats are refused: they
round, and no trace format carries them; use integers in the smallest unit.
"""

from collections.abc import Callable, Iterator, Sequence
from copy import copy
from enum import Enum, Flag
from functools import lru_cache
from operator import attrgetter
from typing import Any

from .errors import NotSymbolic, ValueRefused, shown
from .kinds import ATOMS, ReversedSet, field_names, flaw

__all__ = [
    "MAX_DEPTH",
    "check_value",
    "field_names",
    "same_value",
    "sort_key",
    "with_sets_reversed",
]

MAX_DEPTH = 100
"""How deep values may nest: below what exhausts the stack, and what a trace file may hold."""


def check_value(value: object) -> None:
    """
    Raise `ValueRefused` unless `value` may be part of a state.

    >>> check_value((1, "Running", frozenset({"n1"})))
    >>> check_value([1])
    Traceback (most recent call last):
        ...
    seatrial.core.errors.ValueRefused: [1] is a list, which is mutable; use a tuple
    """
    if type(value) in ATOMS:
        return
    _check(value, 0)
    try:
        hash(value)
    except NotSymbolic:
        return  # it holds a number that is not known; no engine that has such numbers hashes them
    except Exception as error:
        raise ValueRefused(f"{shown(value)} cannot be hashed: {error}") from None


def _check(value: object, depth: int) -> None:
    kind: Any = type(value)
    if kind in ATOMS:
        return
    reason = flaw(kind)
    if reason is not None:
        raise ValueRefused(f"{shown(value)} is a {kind.__name__}, {reason}")
    if depth > MAX_DEPTH:
        raise _too_deep()
    for part in _parts(value):
        _check(part, depth + 1)


def _too_deep() -> ValueRefused:
    return ValueRefused(f"a value nests deeper than {MAX_DEPTH}; keep references by name or number")


def _parts(value: object) -> Iterator[object]:
    if isinstance(value, Enum):
        return
    if isinstance(value, (tuple, frozenset)):
        if getattr(value, "__dict__", None):
            raise ValueRefused(
                f"{shown(value)} is a {type(value).__name__} with attributes besides its items;"
                " use @attrs.frozen"
            )
        yield from value
        return
    kind: Any = type(value)
    for name in field_names(kind) or ():
        try:
            yield getattr(value, name)
        except AttributeError:
            raise ValueRefused(
                f"a {kind.__name__} has no {name}; give that field a value"
            ) from None


def same_value(one: Any, other: Any) -> bool:
    """
    Whether two values are equal and of the same types, all the way down.

    What may not be part of a state is the same only as itself. Raises ValueRefused for what nests
    too deep to be compared.

    >>> same_value((1, 0), (1, 0)), same_value((1, 0), (True, 0))
    (True, False)
    """
    try:
        return _same(one, other)
    except RecursionError:
        raise _too_deep() from None


def _same(one: Any, other: Any) -> bool:
    if one is other:
        return True
    kind: Any = type(one)
    alike = kind is type(other)
    if not alike:
        return _are_sets(kind, type(other)) and _same_sets(one, other)
    if kind in ATOMS:
        return bool(one == other)
    if isinstance(one, Enum) or flaw(kind) is not None:
        return False
    if isinstance(one, tuple):
        return len(one) == len(other) and _all_same(one, other)
    if isinstance(one, frozenset):
        return _same_sets(one, other)
    fields = _fields_of(kind)
    return _all_same(fields(one), fields(other))


def _all_same(some: Sequence[Any], others: Sequence[Any]) -> bool:
    # Most parts are the very same objects: asking that here spares a call for each.
    for one, other in zip(some, others, strict=True):
        if one is not other and not _same(one, other):
            return False
    return True


@lru_cache(maxsize=4096)
def _fields_of(kind: Any) -> Callable[[Any], Sequence[Any]]:
    """What takes the fields out of an object of this class."""
    names = field_names(kind) or ()
    if len(names) == 1:
        return lambda value: (getattr(value, names[0]),)
    return attrgetter(*names) if names else lambda value: ()


def _are_sets(one: type, other: type) -> bool:
    return one in (frozenset, ReversedSet) and other in (frozenset, ReversedSet)


def _same_sets(one: Any, other: Any) -> bool:
    if len(one) != len(other):
        return False
    twins = {item: item for item in other}
    return all(item in twins and _same(item, twins[item]) for item in one)


def sort_key(value: Any) -> tuple[Any, ...]:
    """
    A key that orders any two values, the same in every process; equal only for the same value.

    Hash order is never used, so canonical representatives, traces and files do not depend on
    PYTHONHASHSEED. Raises ValueRefused for what may not be part of a state.

    >>> sorted([(2, "b"), None, 1, (1, "z"), True], key=sort_key)
    [None, True, 1, (1, 'z'), (2, 'b')]
    """
    try:
        return _key(value)
    except RecursionError:
        raise _too_deep() from None


_RANKS = {type(None): 0, bool: 1, int: 2, str: 3, bytes: 4}


def _key(value: Any) -> tuple[Any, ...]:
    kind: Any = type(value)
    rank = _RANKS.get(kind)
    if rank is not None:
        return (rank, "", value if rank else ())
    reason = flaw(kind)
    if reason is not None:
        raise ValueRefused(f"{shown(value)} is a {kind.__name__}, {reason}")
    name = f"{kind.__module__}.{kind.__qualname__}"
    if isinstance(value, Enum):
        # A combination of flags has no name of its own in some versions of Python.
        bits = value._value_ if isinstance(value, Flag) else 0
        return (5, name, (value._name_ or "", bits))
    if isinstance(value, tuple):
        return (6, name, tuple(map(_key, value)))
    if isinstance(value, frozenset):
        return (7, "frozenset", tuple(sorted(map(_key, value))))
    names = field_names(kind) or ()
    return (8, name, tuple(_key(getattr(value, field)) for field in names))


def with_sets_reversed(value: Any) -> Any:
    """`value` itself if no set of two or more is in it, else an equal one walked the other way."""
    if isinstance(value, frozenset):
        parts = tuple(map(with_sets_reversed, value))
        if len(parts) > 1:
            return ReversedSet(parts)
        return value if all(map(_is, parts, value)) else frozenset(parts)
    return _rebuilt(value, with_sets_reversed)


def _is(one: object, other: object) -> bool:
    return one is other


def _rebuilt(value: Any, part: Callable[[Any], Any]) -> Any:
    """`value` with `part` applied to what it directly holds; itself where nothing changed."""
    kind: Any = type(value)
    if isinstance(value, tuple) and flaw(kind) is None:
        parts = tuple(map(part, value))
        # Not by the class itself: a NamedTuple takes each item apart, and a subclass what it likes.
        return value if all(map(_is, parts, value)) else tuple.__new__(kind, parts)
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
