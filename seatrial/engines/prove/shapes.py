"""Values taken apart: a shape, which is known, and leaves, which are numbers and truth values.

A shape is what a value looks like without its numbers: which classes, which texts, which kinds of
pods. Two values of one shape can be made one, leaf by leaf.
"""

import inspect
from collections.abc import Callable, Collection, Iterator
from enum import Enum
from functools import lru_cache
from typing import Any

import attrs
import z3

from seatrial.core import (
    NotSymbolic,
    Population,
    ValueRefused,
    field_names,
    same_value,
    sort_key,
)

from .terms import TOLD, SymBool, SymInt, boolean, integer, lifted
from .words import words

__all__ = [
    "APART",
    "HOLE",
    "Leaf",
    "Rigid",
    "Shape",
    "built",
    "closed",
    "exact",
    "fresh",
    "joined",
    "keeps_answers",
    "leaves_of",
    "matched",
    "may_change",
    "merged",
    "opened",
    "parts_of",
    "shape_of",
    "structural",
]

Shape = Any
"""A value in which every leaf is a `Leaf`, or, where constants are kept, a number itself."""


@attrs.frozen
class Leaf:
    """The place of a number (`int`), a truth value (`bool`) or a count of a population."""

    kind: str

    def __repr__(self) -> str:
        return "?" if self.kind == "bool" else "#"


@attrs.frozen(eq=False)
class Rigid:
    """A number that is a term of parameters alone, and so the same in every state."""

    term: Any

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Rigid) and bool(self.term.eq(other.term))

    def __hash__(self) -> int:
        return int(self.term.hash())

    def __repr__(self) -> str:
        return words(self.term)


HOLE = Leaf("int")
_TRUTH = Leaf("bool")
_COUNT = Leaf("count")


@attrs.frozen
class _Parts:
    """What a structured value is made of: its class and its parts, by name or place."""

    kind: Any
    parts: tuple[tuple[Any, Any], ...]
    exact: tuple[Any, ...] = attrs.field(init=False, repr=False)
    """What tells the parts, and their names, from what is equal to them."""

    def __attrs_post_init__(self) -> None:
        both = tuple((exact(name), exact(part)) for name, part in self.parts)
        object.__setattr__(self, "exact", both)

    def __repr__(self) -> str:
        inside = ", ".join(f"{name}={part!r}" for name, part in self.parts)
        if self.kind is tuple:
            inside = ", ".join(repr(part) for _, part in self.parts)
            return f"({inside}{',' if len(self.parts) == 1 else ''})"
        if self.kind is Population:
            inside = ", ".join(f"{kind!r}: {part!r}" for kind, part in self.parts)
        return f"{self.kind.__name__}({inside})"


def exact(shape: Shape) -> Any:
    """What tells a shape from what is equal to it: True equals 1, and is another value."""
    kind = type(shape)
    if shape is None or kind in _ATOMS or kind in (Leaf, Rigid, _Parts):
        return kind
    try:
        return kind, sort_key(shape)
    except ValueRefused as error:
        raise NotSymbolic(str(error)) from None


def shape_of(
    value: Any, constants: bool = False, rigid: Collection[str] = ()
) -> tuple[Shape, list[Any]]:
    """
    The shape of a value, and its leaves in order.

    With `constants`, numbers that are known are part of the shape, and so are terms of the
    variables named in `rigid`. Raises NotSymbolic for what is no value.
    """
    leaves: list[Any] = []
    return _apart(value, leaves, constants, rigid), leaves


_NUMBERS = (int, bool)
_ATOMS = (int, bool, str, bytes)


def parts_of(term: Any) -> Iterator[Any]:
    """A term and what it is made of, each once: one part often stands in many places."""
    seen: set[int] = set()
    waiting = [term]
    while waiting:
        one = waiting.pop()
        if one.get_id() in seen:
            continue
        seen.add(one.get_id())
        yield one
        waiting += one.children()


def _is_rigid(term: Any, rigid: Collection[str]) -> bool:
    return all(
        not z3.is_const(one) or z3.is_int_value(one) or one.decl().name() in rigid
        for one in parts_of(term)
    )


def _apart(value: Any, leaves: list[Any], constants: bool, rigid: Collection[str]) -> Shape:
    kind: Any = type(value)
    if kind is SymInt and rigid and _is_rigid(value.term, rigid):
        return Rigid(value.term)
    if kind is SymInt or kind is SymBool or (kind in _NUMBERS and not constants):
        leaves.append(value)
        return HOLE if kind in (SymInt, int) else _TRUTH
    if value is None or kind in _ATOMS or isinstance(value, (Enum, frozenset)):
        return _constant(value)
    if kind is Population:
        pairs: list[tuple[Any, Any]] = []
        for each, count in value.counts:
            _constant(each)
            if type(count) is int and constants:
                pairs.append((each, count))
            else:
                leaves.append(count)
                pairs.append((each, _COUNT))
        return _Parts(Population, tuple(pairs))
    if isinstance(value, (tuple, list)):
        if kind not in (tuple, list) and getattr(value, "__dict__", None):
            raise NotSymbolic(f"a {kind.__name__} keeps {', '.join(vars(value))} beside its items")
        return _Parts(
            kind,
            tuple((at, _apart(each, leaves, constants, rigid)) for at, each in enumerate(value)),
        )
    if isinstance(value, dict):
        return _Parts(
            dict,
            tuple((_constant(k), _apart(v, leaves, constants, rigid)) for k, v in value.items()),
        )
    names = field_names(kind)
    if names is None:
        raise NotSymbolic(f"a {kind.__name__} is no value that has a shape")
    if _room(kind) != ((), False):
        more = next(_beside(value, kind, names), None)
        if more is not None:
            raise NotSymbolic(f"a {kind.__name__} keeps {more} beside its fields")
    parts = []
    for name in names:
        part = getattr(value, name)
        # Most fields are these, which need no call of their own.
        if part is not None and not (constants and type(part) in _NUMBERS):
            part = _apart(part, leaves, constants, rigid)
        parts.append((name, part))
    return _Parts(kind, tuple(parts))


@lru_cache(maxsize=4096)
def _room(kind: Any) -> tuple[tuple[str, ...], bool]:
    """What objects of a class have room for beside their fields: slots, and whatever comes."""
    known = {*(field_names(kind) or ()), "__weakref__", _CACHED}
    slots = (
        name
        for each in kind.__mro__
        for name, value in vars(each).items()
        if inspect.ismemberdescriptor(value) and name not in known
    )
    return tuple(slots), bool(kind.__dictoffset__)


def _beside(value: Any, kind: Any, names: tuple[str, ...]) -> Iterator[str]:
    """What an object keeps beside its fields; it would be lost where it is taken apart."""
    slots, anything = _room(kind)
    for name in slots:
        try:
            object.__getattribute__(value, name)
        except AttributeError:
            continue
        yield name
    if anything:
        yield from (name for name in vars(value) if name not in names and name != _CACHED)


def keeps_answers(value: Any) -> bool:
    """
    Whether a value with numbers that are not known may keep what it was asked, as its hash.

    What it says on one path it would say on all.
    """
    shape, leaves = shape_of(value, constants=True)
    return bool(leaves) and _may_keep(shape)


def _may_keep(shape: Shape) -> bool:
    if not isinstance(shape, _Parts) or shape.kind is Population:  # which hashes no number
        return False
    if field_names(shape.kind) is not None:
        cached = inspect.getattr_static(shape.kind, _CACHED, None) is not None
        if cached or _room(shape.kind) != ((), False):
            return True
    return any(_may_keep(part) for _, part in shape.parts)


def _constant(value: Any) -> Any:
    """
    A value that is part of a shape as it is: a text, a kind of pods, a set.

    Raises NotSymbolic where a number that is not known is inside, or was made a text: two values
    that are told apart by it would be one.
    """
    kind: Any = type(value)
    if kind is SymInt or kind is SymBool:
        raise NotSymbolic(f"a kind, a key or a set holds {value!r}, a number that is not known")
    if isinstance(value, str) and TOLD in value:
        raise NotSymbolic(f"the text {str.__str__(value)!r} is made of a number that is not known")
    if value is None or kind in (int, bool, str, bytes) or isinstance(value, Enum):
        return value
    parts: Any = value
    if not isinstance(value, (tuple, frozenset)):
        parts = [getattr(value, name) for name in field_names(kind) or ()]
    for each in parts:
        _constant(each)
    return value


def built(shape: Shape, leaves: Iterator[Any]) -> Any:
    """The value of a shape with these leaves; none of its class's own code runs."""
    if isinstance(shape, Leaf):
        return next(leaves)
    if isinstance(shape, Rigid):
        return integer(shape.term)
    if not isinstance(shape, _Parts):
        return shape
    kind = shape.kind
    if kind is Population:
        counts = tuple((each, built(part, leaves)) for each, part in shape.parts)
        return _made(Population, {"counts": counts})
    parts = [built(part, leaves) for _, part in shape.parts]
    if kind is dict:
        return dict(zip((name for name, _ in shape.parts), parts, strict=True))
    if kind is list:
        return parts
    if issubclass(kind, tuple):
        return tuple.__new__(kind, parts)
    return _made(kind, dict(zip((name for name, _ in shape.parts), parts, strict=True)))


_CACHED = "_attrs_cached_hash"


def _made(kind: Any, fields: dict[str, Any]) -> Any:
    made = kind.__new__(kind)
    for name, value in fields.items():
        object.__setattr__(made, name, value)
    if any(_CACHED in getattr(each, "__slots__", ()) for each in kind.__mro__):
        object.__setattr__(made, _CACHED, None)
    return made


def closed(shape: Shape, known: Callable[[Any], int]) -> Shape:
    """The shape with numbers for its terms of parameters."""
    if isinstance(shape, Rigid):
        return known(shape.term)
    if not isinstance(shape, _Parts):
        return shape
    return _Parts(shape.kind, tuple((key, closed(part, known)) for key, part in shape.parts))


def may_change(shape: Shape) -> bool:
    """Whether a value of this shape holds a list or a dict, which a function can change."""
    if not isinstance(shape, _Parts):
        return False
    return shape.kind in (list, dict) or any(may_change(part) for _, part in shape.parts)


def leaves_of(shape: Shape, name: str) -> Iterator[tuple[str, Leaf]]:
    """The leaves of a shape in order, each with its name: `pods[1].pending`."""
    if isinstance(shape, Leaf):
        yield name, shape
    elif isinstance(shape, _Parts):
        for key, part in shape.parts:
            yield from leaves_of(part, _inner(shape, name, key))


def _inner(shape: _Parts, name: str, key: Any) -> str:
    """The name of a part of what has this name."""
    if isinstance(key, str) and shape.kind not in (Population, dict):
        return f"{name}.{key}"
    if shape.kind is not Population and issubclass(shape.kind, tuple):
        fields = getattr(shape.kind, "_fields", None)
        return f"{name}.{fields[key]}" if fields else f"{name}.{key}"
    return f"{name}{_suffix(key)}"


def opened(shape: Shape, name: str, holes: Collection[str]) -> Shape:
    """The shape with a leaf for each number whose name is among these."""
    if type(shape) in (int, bool, Rigid) and name in holes:
        return _TRUTH if type(shape) is bool else HOLE
    if not isinstance(shape, _Parts):
        return shape
    return _Parts(
        shape.kind,
        tuple(
            (key, _opened_count(shape, part, _inner(shape, name, key), holes))
            for key, part in shape.parts
        ),
    )


def _opened_count(shape: _Parts, part: Shape, name: str, holes: Collection[str]) -> Shape:
    if shape.kind is Population and type(part) is int:
        return _COUNT if name in holes else part
    return opened(part, name, holes)


_SUFFIXES: dict[Any, str] = {}
_TAKEN: set[str] = set()


def _suffix(key: Any) -> str:
    """What a kind adds to the name of its population: as brief as can be, and its own."""
    known = (type(key), sort_key(key))
    if known not in _SUFFIXES:
        brief = f".{key}" if isinstance(key, str) else f".{{{_brief(key)}}}"
        made, at = brief, 1
        while made in _TAKEN:
            at += 1
            made = f"{brief}#{at}"
        _TAKEN.add(made)
        _SUFFIXES[known] = made
    return _SUFFIXES[known]


def _brief(key: Any) -> str:
    """What tells a kind apart, without its defaults."""
    kind: Any = type(key)
    if not attrs.has(kind):
        return str(key)
    shown = []
    for field in attrs.fields(kind):
        value = getattr(key, field.name)
        if value != field.default:
            text = value.value if isinstance(value, Enum) else value
            if isinstance(value, tuple):
                text = "+".join(_brief(each) for each in value)
            shown.append(field.name if value is True else f"{text}")
    return " ".join(shown) or "default"


def fresh(shape: Shape, name: str) -> tuple[Any, list[tuple[Any, Leaf]]]:
    """A value of the shape whose leaves are variables of the solver, and those, in order."""
    made = [
        ((z3.Bool if leaf.kind == "bool" else z3.Int)(each), leaf)
        for each, leaf in leaves_of(shape, name)
    ]
    if len({str(term) for term, _ in made}) < len(made):
        raise NotSymbolic(f"two numbers of {name} would have one name")
    values = [SymBool(t) if leaf.kind == "bool" else SymInt(t) for t, leaf in made]
    return built(shape, iter(values)), made


def structural(variables: list[tuple[Any, Leaf]]) -> list[z3.BoolRef]:
    """What is so of leaves by construction: a population keeps no class of which it has none."""
    return [term > 0 for term, leaf in variables if leaf.kind == "count"]


def merged(guarded: list[tuple[Any, list[Any]]]) -> list[Any]:
    """
    Leaves that are those of the first list whose guard is true; one of the guards must be.

    All lists have the leaves of one shape.
    """
    *others, (_, last) = guarded
    found = list(last)
    for guard, leaves in reversed(others):
        found = [_either(guard, new, old) for new, old in zip(leaves, found, strict=True)]
    return found


def _either(guard: Any, new: Any, old: Any) -> Any:
    if type(new) is type(old) and type(new) in (int, bool) and new == old:
        return new
    one, other = lifted(new), lifted(old)
    if one.eq(other):
        return old
    made: Callable[[Any], Any] = boolean if z3.is_bool(one) else integer
    return made(z3.If(guard, one, other))


def matched(
    shape: Shape, value: Any, known: Callable[[Any], int] | None = None
) -> list[Any] | None:
    """
    The leaves with which a shape is this value; None where it is of another shape.

    Of a concrete value, `known` says what terms of parameters are.
    """
    leaves: list[Any] = []
    return leaves if _matches(shape, value, leaves, known) else None


def _matches(
    shape: Shape, value: Any, leaves: list[Any], known: Callable[[Any], int] | None
) -> bool:
    kind: Any = type(value)
    if isinstance(shape, Leaf):
        fits = kind in ((bool, SymBool) if shape.kind == "bool" else (int, SymInt))
        if fits:
            leaves.append(value)
        return fits
    if isinstance(shape, Rigid):
        if known is not None:
            return kind is int and value == known(shape.term)
        return kind is SymInt and bool(shape.term.eq(value.term))
    if not isinstance(shape, _Parts):
        return kind is not SymInt and kind is not SymBool and same_value(value, shape)
    if shape.kind is not kind:
        return False
    if kind is Population:
        items = tuple(value.counts)
        return len(items) == len(shape.parts) and all(
            same_value(each, name) and _matches(part, count, leaves, known)
            for (name, part), (each, count) in zip(shape.parts, items, strict=True)
        )
    if isinstance(value, (tuple, list)):
        return len(value) == len(shape.parts) and all(
            _matches(part, each, leaves, known)
            for (_, part), each in zip(shape.parts, value, strict=True)
        )
    return all(_matches(part, getattr(value, name), leaves, known) for name, part in shape.parts)


APART = object()
"""What there is of two shapes that have none in common; None is a shape."""


def joined(one: Shape, other: Shape) -> Shape:
    """The shape that both are instances of, a leaf where they differ in a number; or APART."""
    if exact(one) == exact(other) and one == other:
        return one
    for kinds, leaf in (((int, Rigid), HOLE), ((bool,), _TRUTH)):
        if all(type(each) in kinds or each == leaf for each in (one, other)):
            return leaf
    if _COUNT in (one, other) and all(type(each) in (int, Leaf) for each in (one, other)):
        return _COUNT
    if not (isinstance(one, _Parts) and isinstance(other, _Parts)):
        return APART
    if one.kind is not other.kind or len(one.parts) != len(other.parts):
        return APART
    parts = []
    for (name, mine), (key, its) in zip(one.parts, other.parts, strict=True):
        both = joined(mine, its)
        if both is APART or exact(name) != exact(key) or name != key:
            return APART
        parts.append((name, both))
    return _Parts(one.kind, tuple(parts))
