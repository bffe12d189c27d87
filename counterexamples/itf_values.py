"""
Values in the Informal Trace Format (ITF), the JSON that Apalache and Quint exchange.

The format is ADR 015 of Apalache (docs/src/adr/015adr-trace.md, revised 2025-11-11). It has
booleans, strings, integers, sequences, tuples, sets, maps, records and variants; whatever a state
holds is written as one of these:

| value | ITF |
| --- | --- |
| `bool`, `str` | as in JSON |
| `int` | `{"#bigint": "12"}`, big or small: JSON readers round large numbers |
| `None` | the variant `None` of the empty tuple, as Quint writes it |
| `bytes` | the variant `Bytes` of a string in hexadecimal |
| enum member | a string: its value where all values of the class are strings, else its name |
| attrs, dataclass, `NamedTuple` | a record by field; the class is not written |
| such a class without fields | the variant of its name, of the empty tuple |
| such a class with the fields `tag` or `tag`, `value` | a map by field: as a record, readers |
| | would take it for a variant |
| `Population` | a map from class to count |
| `tuple`, `frozenset` | a tuple, a set |

Sets and maps are written in canonical order (`seatrial.core.sort_key`), since viewers compare
values by their JSON text.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from enum import Enum
from functools import lru_cache
from typing import Any

import attrs

from seatrial.core import Population, ValueRefused, sort_key

from .text import brief, fields_of

__all__ = [
    "MAX_DEPTH",
    "ItfMap",
    "ItfRecord",
    "ItfVariant",
    "canonical",
    "distinct",
    "encode_value",
    "map_of",
    "plain",
    "untagged",
]

MAX_DEPTH = 100
"""How deep values may nest, written or read: below what exhausts the stack of any Python."""

_MAX_BITS = 13_000  # Python reads at most 4,300 digits
_TAGGED_TUPLE = re.compile(r"(Some|Seq)\d*")
_VARIANT_FIELDS = ({"tag"}, {"tag", "value"})


@attrs.frozen
class ItfRecord:
    """A record: fields in order of their names; `name` is its class, empty if read from a file."""

    fields: tuple[tuple[str, Any], ...]
    name: str = ""

    def __getitem__(self, field: str) -> Any:
        return dict(self.fields)[field]


@attrs.frozen
class ItfVariant:
    """One of several alternatives, told apart by the tag: `Some` of a value, `None` of ()."""

    tag: str
    value: Any


@attrs.frozen
class ItfMap:
    """A finite function, as pairs of key and value in canonical order of the keys."""

    pairs: tuple[tuple[Any, Any], ...]

    def __getitem__(self, key: Any) -> Any:
        return next(value for known, value in self.pairs if sort_key(known) == sort_key(key))

    def __iter__(self) -> Iterator[Any]:
        return (key for key, _ in self.pairs)

    def __len__(self) -> int:
        return len(self.pairs)


def plain(value: Any, depth: int = 0) -> Any:
    """
    A value of a state in the terms of ITF: `bool`, `int`, `str`, `tuple`, `frozenset`, `Itf…`.

    Raises ValueRefused for what is no value, and for what no reader would take: what nests deeper
    than MAX_DEPTH, and integers of thousands of digits.
    """
    if depth > MAX_DEPTH:
        raise ValueRefused(f"a value nests deeper than {MAX_DEPTH}, which no trace file may hold")
    if isinstance(value, Enum):
        return _member_text(value)
    if isinstance(value, int) and value.bit_length() > _MAX_BITS:
        raise ValueRefused(f"an integer of {value.bit_length()} bits is too long for a trace file")
    if isinstance(value, (bool, int, str, ItfRecord, ItfVariant, ItfMap)):
        return value
    if value is None:
        return ItfVariant("None", ())
    if isinstance(value, bytes):
        return ItfVariant("Bytes", value.hex())
    if isinstance(value, Population):
        return map_of((plain(kind, depth + 1), plain(n, depth + 1)) for kind, n in value.items())
    names = fields_of(value)
    if names is not None:
        return _record(value, names, depth)
    if isinstance(value, (tuple, frozenset)):
        members = [plain(member, depth + 1) for member in value]
        return tuple(members) if isinstance(value, tuple) else frozenset(members)
    raise ValueRefused(f"{brief(repr(value))} is a {type(value).__name__}, which is no value")


def _record(value: Any, names: tuple[str, ...], depth: int) -> Any:
    kind = type(value).__name__
    fields = tuple((name, plain(getattr(value, name), depth + 1)) for name in sorted(names))
    if not fields:
        return ItfVariant(kind, ())
    return ItfMap(fields) if set(names) in _VARIANT_FIELDS else ItfRecord(fields, kind)


@lru_cache(maxsize=4096)
def _member_text(member: Enum) -> str:
    if all(isinstance(each.value, str) for each in type(member)):
        return str(member.value)
    return member.name


def map_of(pairs: Iterable[tuple[Any, Any]]) -> ItfMap:
    """The map of these pairs, put in canonical order."""
    return ItfMap(tuple(sorted(pairs, key=lambda pair: canonical(pair[0]))))


def canonical(value: Any) -> tuple[Any, ...]:
    """The key by which sets and maps are ordered: classes of records are not in a file."""
    if isinstance(value, (str, int)):  # nearly always, and large files have many
        return sort_key(value)
    return sort_key(_rebuilt(value, lambda record: ItfRecord(record.fields)))


def untagged(value: Any) -> Any:
    """
    A value as `plain` gives it, from one in which alternatives were told apart by tags.

    `write_itf` tags where values of several kinds occur in one place; the tags of what `plain`
    itself writes as a variant stay.
    """
    if isinstance(value, ItfVariant):
        return value if _is_plain(value) else untagged(value.value)
    if isinstance(value, ItfMap):
        return map_of((untagged(key), untagged(each)) for key, each in value.pairs)
    return _parts(value, untagged)


def _is_plain(value: ItfVariant) -> bool:
    """Whether `plain` writes such a variant: `None` and other classes without fields, `Bytes`."""
    if value.value == ():
        return not _TAGGED_TUPLE.fullmatch(value.tag)
    return value.tag == "Bytes" and isinstance(value.value, str)


def _rebuilt(value: Any, change: Callable[[ItfRecord], ItfRecord]) -> Any:
    """`value` with every record in it changed."""
    made = _parts(value, lambda part: _rebuilt(part, change))
    return change(made) if isinstance(made, ItfRecord) else made


def _parts(value: Any, change: Callable[[Any], Any]) -> Any:
    """`value` with what it directly holds changed, in the order in which it is held."""
    if isinstance(value, ItfRecord):
        return ItfRecord(tuple((name, change(each)) for name, each in value.fields), value.name)
    if isinstance(value, ItfMap):
        return ItfMap(tuple((change(key), change(each)) for key, each in value.pairs))
    if isinstance(value, ItfVariant):
        return ItfVariant(value.tag, change(value.value))
    if isinstance(value, (tuple, frozenset)):
        return type(value)(map(change, value))
    return value


def encode_value(value: Any) -> Any:
    """
    The JSON of a value: equal values give equal JSON, whatever the order they were made in.

    Raises ValueRefused for what is no value of a state.

    >>> encode_value((3, "Running", None))
    {'#tup': [{'#bigint': '3'}, 'Running', {'tag': 'None', 'value': {'#tup': []}}]}
    >>> encode_value(Population({"b": 1, "a": 2}))
    {'#map': [['a', {'#bigint': '2'}], ['b', {'#bigint': '1'}]]}
    """
    return _json(plain(value))


def _json(value: Any) -> Any:
    if isinstance(value, (bool, str)):
        return value
    if isinstance(value, int):
        return {"#bigint": str(value)}
    if isinstance(value, tuple):
        return {"#tup": [_json(member) for member in value]}
    if isinstance(value, frozenset):
        return {"#set": distinct(_json(member) for member in sorted(value, key=canonical))}
    if isinstance(value, ItfMap):
        return {"#map": [[_json(key), _json(each)] for key, each in value.pairs]}
    if isinstance(value, ItfVariant):
        return {"tag": value.tag, "value": _json(value.value)}
    assert isinstance(value, ItfRecord)
    return {name: _json(each) for name, each in value.fields}


def distinct(encoded: Iterable[Any]) -> list[Any]:
    """
    Each JSON value once, in the order given.

    Values of two classes with the same fields are two members of a set, and one in a file.
    """
    return list({json.dumps(each): each for each in encoded}.values())
