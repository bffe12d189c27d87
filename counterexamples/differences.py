"""What changed between two values, down to the field."""

from collections.abc import Iterator
from typing import Any

import attrs

from seatrial.core import Population, same_value, sort_key

from .text import fields_of, show_value

__all__ = ["ABSENT", "Difference", "differences"]

ABSENT: Any = attrs.make_class("Absent", [], frozen=True, repr=False)()
"""Stands for the value of what was not there before, or is not there any more."""


@attrs.frozen
class Difference:
    """One part of a value that changed; `path` names it as people would write it."""

    path: str
    before: Any
    after: Any


def differences(path: str, before: Any, after: Any) -> Iterator[Difference]:
    """
    The smallest parts in which two values differ: fields, members of tuples and sets, counts.

    >>> for each in differences("queue", ("a", "b"), ("b",)):
    ...     print(each.path, each.before, each.after is ABSENT)
    queue[0] a True
    >>> list(differences("pods", Population({"Pending": 1}), Population({"Pending": 2})))
    [Difference(path='pods{Pending}', before=1, after=2)]
    """
    if not same_value(before, after):
        # Parts may be equal where the wholes are not of the same types, as True and 1 in a set.
        yield from _inside(path, before, after) or [Difference(path, before, after)]


def _inside(path: str, before: Any, after: Any) -> list[Difference]:
    if type(before) is not type(after):
        return []
    if isinstance(before, Population):
        return list(_of_populations(path, before, after))
    if isinstance(before, frozenset):
        gone = [Difference(path, each, ABSENT) for each in sorted(before - after, key=sort_key)]
        return gone + [
            Difference(path, ABSENT, new) for new in sorted(after - before, key=sort_key)
        ]
    if (names := fields_of(before)) is not None:
        parts = [(f"{path}.{name}", getattr(before, name), getattr(after, name)) for name in names]
        return [found for part in parts for found in differences(*part)]
    return list(_of_tuples(path, before, after)) if isinstance(before, tuple) else []


def _of_populations(path: str, before: Any, after: Any) -> Iterator[Difference]:
    for kind in sorted({*before, *after}, key=sort_key):
        if before[kind] != after[kind]:
            yield Difference(f"{path}{{{show_value(kind)}}}", before[kind], after[kind])


def _of_tuples(path: str, before: tuple[Any, ...], after: tuple[Any, ...]) -> Iterator[Difference]:
    """By position; where the lengths differ, what came and went between the equal ends."""
    if len(before) == len(after):
        for at, (old, new) in enumerate(zip(before, after, strict=True)):
            yield from differences(f"{path}[{at}]", old, new)
        return
    start = _common(before, after)
    end = min(_common(before[::-1], after[::-1]), len(before) - start, len(after) - start)
    for at in range(start, len(before) - end):
        yield Difference(f"{path}[{at}]", before[at], ABSENT)
    for at in range(start, len(after) - end):
        yield Difference(f"{path}[{at}]", ABSENT, after[at])


def _common(one: tuple[Any, ...], other: tuple[Any, ...]) -> int:
    """How many members at the start are the same."""
    at = 0
    while at < min(len(one), len(other)) and same_value(one[at], other[at]):
        at += 1
    return at
