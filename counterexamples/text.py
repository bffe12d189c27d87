"""
Words and values on a terminal, where names come from people who are not trusted.

Nothing that is printed here moves the cursor, changes the colour, ends the line or turns the
direction of writing: whatever is not printable is written as an escape sequence of Python.
"""

import dataclasses
import re
from collections.abc import Callable, Iterable
from enum import Enum
from typing import Any

import attrs

from seatrial.core import Population, field_names, same_value, sort_key

__all__ = ["brief", "fields_of", "printable", "show_value"]


_BARE = re.compile(r"[A-Za-z_][A-Za-z0-9_./:@+-]*")
_TAKEN = ("true", "false", "none")


def printable(text: str, *, ascii: bool = False) -> str:
    r"""
    `text` on one line, with escapes for what is not printable (and not ASCII, if asked).

    >>> print(printable("up\x1b[2J\n" + chr(0x202E)))
    up\x1b[2J\n\u202e
    """
    return "".join(each if _passes(each, ascii) else _escape(each) for each in text)


def _passes(each: str, ascii: bool) -> bool:
    return each.isprintable() and (not ascii or each.isascii())


def _escape(each: str) -> str:
    return each.encode("unicode_escape", "surrogatepass").decode("ascii")


def brief(text: str, length: int = 120) -> str:
    """`text` on one line, cut where it is longer than `length`: for messages."""
    line = printable(text)
    return line if len(line) <= length else f"{line[: length - 1]}…"


def fields_of(value: Any) -> tuple[str, ...] | None:
    """The fields of an attrs, dataclass or `NamedTuple` instance; None for any other value."""
    if isinstance(value, (Enum, Population)):
        return None
    kind: Any = type(value)
    return getattr(kind, "_fields", None) or field_names(kind)


def show_value(value: Any, *, ascii: bool = False) -> str:
    """
    A value of a state for people.

    Strings stand without quotes where they cannot be mistaken for something else, and fields that
    have their default are left out.

    >>> show_value((3, "web-0", "true", None, frozenset({"n2", "n1"})))
    '(3, web-0, "true", none, {n1, n2})'
    >>> show_value(Population({"Pending": 2}))
    '{Pending: 2}'
    """

    def show(part: Any) -> str:
        return show_value(part, ascii=ascii)

    if isinstance(value, Enum):
        return printable(value.value if isinstance(value.value, str) else value.name, ascii=ascii)
    if isinstance(value, str):
        return _show_str(value, ascii)
    if value is None or isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, bytes):
        return f"0x{value.hex()}"
    if isinstance(value, Population):
        return _braces(f"{show(kind)}: {show(count)}" for kind, count in value.items())
    if isinstance(value, frozenset):
        return _braces(show(member) for member in sorted(value, key=sort_key))
    return _show_parts(value, show)


def _show_parts(value: Any, show: Callable[[Any], str]) -> str:
    names = fields_of(value)
    if names is not None:
        usual = _defaults(type(value))
        fields = [(name, getattr(value, name)) for name in names]
        shown = [
            f"{name}={show(each)}"
            for name, each in fields
            if name not in usual or not same_value(each, usual[name])
        ]
        return f"{type(value).__name__}({', '.join(shown)})"
    if isinstance(value, tuple):
        comma = "," if len(value) == 1 else ""
        return f"({', '.join(map(show, value))}{comma})"
    return printable(repr(value))


def _defaults(kind: Any) -> dict[str, Any]:
    """What each field is where nothing is given; a marker that is no value where there is none."""
    if attrs.has(kind):
        return {each.name: each.default for each in attrs.fields(kind)}
    if dataclasses.is_dataclass(kind):
        return {each.name: each.default for each in dataclasses.fields(kind)}
    return dict(getattr(kind, "_field_defaults", {}))


def _braces(parts: Iterable[str]) -> str:
    return f"{{{', '.join(parts)}}}"


def _show_str(value: str, ascii: bool) -> str:
    if _BARE.fullmatch(value) and value.lower() not in _TAKEN:
        return value
    quoted = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{printable(quoted, ascii=ascii)}"'
