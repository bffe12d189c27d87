"""The values of many types that stand for the numbers of a plan."""

import functools
import itertools
from typing import Any

import attrs

import seatrial.core as core

CLASSES = ("a", "b", "c")


@attrs.frozen
class Record:
    """A value with a field."""

    number: int


def counts_of(total: int) -> list[tuple[int, int, int]]:
    """How `total` members can be of three classes."""
    everything = itertools.product(range(total + 1), repeat=3)
    return [(a, b, c) for a, b, c in everything if a + b + c == total]


def value_of(kind: str, number: int) -> Any:
    """The value that stands for a number."""
    if kind.startswith("population"):
        counts = counts_of(int(kind.removeprefix("population")))[number]
        return core.Population(dict(zip(CLASSES, counts, strict=True)))
    return {
        "int": lambda n: n,
        "text": lambda n: f"t{n}",
        "flag": bool,
        "pair": lambda n: (n // 3, "y" * (n % 3)),
        "optional": lambda n: n or None,
        "big": lambda n: n * 2**66 - 7,
        "record": Record,
    }[kind](number)


@functools.lru_cache(maxsize=256)
def number_of(kind: str, size: int) -> dict[tuple[type, Any], int]:
    """The numbers of values, by type and value."""
    values = [value_of(kind, number) for number in range(size)]
    return {(type(value), value): number for number, value in enumerate(values)}
