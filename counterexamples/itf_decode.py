"""
Reading values of the Informal Trace Format, from whoever wrote them.

The order of the cases copes with Apalache, Quint and older versions of both; what is none of them
is an error that says where it stands. See `itf_values` for the format.
"""

import json
import re
from collections.abc import Callable
from typing import Any

from seatrial.core import TraceFormatError, sort_key

from .itf_values import MAX_DEPTH, ItfMap, ItfRecord, ItfVariant, map_of
from .text import brief

__all__ = ["Wrong", "decode", "decode_value"]

_BIGINT = re.compile(r"-?[0-9]+")


class Wrong(Exception):
    """Something in a file is no ITF; `path` grows from the place outwards."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message
        self.path: list[str] = []

    def inside(self, part: str) -> "Wrong":
        """The same, seen from what holds it."""
        self.path.append(part)
        return self

    def error(self, whole: str) -> TraceFormatError:
        """The message for people, on one line."""
        return TraceFormatError(brief(f"{whole}{''.join(reversed(self.path))} {self.message}", 400))


def decode_value(encoded: Any, where: str = "value") -> Any:
    """
    The value that JSON stands for, as whoever writes ITF means it.

    Sequences and tuples become tuples (`{"tag": "UNIT"}`, which Apalache writes, the empty one),
    sets frozensets, and maps, records and variants `ItfMap`, `ItfRecord` and `ItfVariant`. JSON
    numbers count as integers: old files have them.
    Raises TraceFormatError, which says where in `where` what is wrong.

    >>> decode_value({"tag": "Some", "value": {"#bigint": "40"}})
    ItfVariant(tag='Some', value=40)
    >>> decode_value({"#set": [{"#bigint": "many"}]})
    Traceback (most recent call last):
        ...
    seatrial.core.errors.TraceFormatError: value.#set[0] is no integer: {"#bigint": "many"}
    """
    try:
        return decode(encoded)
    except Wrong as wrong:
        raise wrong.error(where) from None


def decode(encoded: Any, depth: int = 0) -> Any:
    """As `decode_value`, but raises Wrong."""
    if depth > MAX_DEPTH:
        raise Wrong(f"nests deeper than {MAX_DEPTH}")
    if isinstance(encoded, (bool, str, int)):
        return encoded
    if isinstance(encoded, list):
        return _sequence(encoded, "", depth)
    if not isinstance(encoded, dict):
        what = "null" if encoded is None else "a number with a fraction or an exponent"
        raise Wrong(f"is {what}, which is no ITF value")
    special = next((key for key in encoded if key.startswith("#")), None)
    if special is not None:
        if len(encoded) > 1 or special not in _SPECIAL:
            raise Wrong(f"is no ITF value: it has the field {special!r}")
        return _SPECIAL[special](encoded, depth)
    if encoded.keys() == {"tag"} and encoded["tag"] == "UNIT":
        return ()
    if encoded.keys() == {"tag", "value"} and isinstance(encoded["tag"], str):
        return ItfVariant(encoded["tag"], _inside(encoded["value"], ".value", depth))
    names = sorted(encoded)
    return ItfRecord(tuple((name, _inside(encoded[name], f".{name}", depth)) for name in names))


def _inside(encoded: Any, part: str, depth: int) -> Any:
    try:
        return decode(encoded, depth + 1)
    except Wrong as wrong:
        raise wrong.inside(part) from None


def _sequence(encoded: Any, kind: str, depth: int) -> tuple[Any, ...]:
    if not isinstance(encoded, list):
        raise Wrong("is no array").inside(kind and f".{kind}")
    prefix = f".{kind}" if kind else ""
    return tuple([_inside(part, f"{prefix}[{at}]", depth) for at, part in enumerate(encoded)])


def _bigint(encoded: Any, depth: int) -> int:
    digits = encoded["#bigint"]
    if not isinstance(digits, str) or not _BIGINT.fullmatch(digits):
        raise Wrong(f"is no integer: {json.dumps(encoded)}")
    try:
        return int(digits)
    except ValueError:
        raise Wrong(f"is an integer of {len(digits)} digits, too long to be read") from None


def _set(encoded: Any, depth: int) -> frozenset[Any]:
    members = _sequence(encoded["#set"], "#set", depth)
    found = frozenset(members)
    if len(found) < len(set(map(sort_key, members))):
        raise Wrong("holds both a boolean and an equal integer, which Python does not tell apart")
    return found


def _map(encoded: Any, depth: int) -> ItfMap:
    pairs = []
    for at, pair in enumerate(_sequence_of_pairs(encoded["#map"])):
        pairs.append(_sequence(pair, f"#map[{at}]", depth))
    keys = [sort_key(key) for key, _ in pairs]
    if len(set(keys)) < len(keys):
        raise Wrong("gives two values to one key")
    return map_of((key, value) for key, value in pairs)


def _sequence_of_pairs(encoded: Any) -> list[Any]:
    if not isinstance(encoded, list):
        raise Wrong("is no array").inside(".#map")
    for at, pair in enumerate(encoded):
        if not isinstance(pair, list) or len(pair) != 2:
            raise Wrong("is no pair of key and value").inside(f".#map[{at}]")
    return encoded


def _unserializable(encoded: Any, depth: int) -> Any:
    shown = brief(json.dumps(encoded["#unserializable"]))
    raise Wrong(f"was too large for whoever wrote the file: {shown}")


_SPECIAL: dict[str, Callable[[Any, int], Any]] = {
    "#bigint": _bigint,
    "#tup": lambda encoded, depth: _sequence(encoded["#tup"], "#tup", depth),
    "#set": _set,
    "#map": _map,
    "#unserializable": _unserializable,
}
