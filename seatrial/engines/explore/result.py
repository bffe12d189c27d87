"""What a search leaves behind, the same from the plain loop and from the kernel."""

from collections.abc import Callable, Sequence
from typing import Protocol

import attrs
import numpy as np
import numpy.typing as npt

from .tables import Asked, Tables

__all__ = [
    "FAIR",
    "Best",
    "Capped",
    "Check",
    "EdgeArrays",
    "Findings",
    "Graph",
    "Limits",
    "Reached",
]

FAIR = ("converges to", "no hot loop")
"""Kinds of properties about fair loops: where one is asked, the edges of the graph are."""

Int32 = npt.NDArray[np.int32]


class Capped(Exception):
    """A limit ended what comes after the search; it carries the name of the limit."""


Check = Callable[[int], None]
"""Called now and then with the bytes that are about to be held. Raises Capped at a limit."""


@attrs.frozen
class Limits:
    """Where a search ends before its time: None is no limit. Bytes and seconds."""

    states: int | None = None
    depth: int | None = None
    seconds: float | None = None
    memory: int | None = None
    first: bool = False


@attrs.define
class Best:
    """The extreme of a bound and the first state that has it."""

    value: int
    state: int


@attrs.define
class Findings:
    """What properties said during a search; a state is a number, in order of discovery."""

    first: dict[int, int] = attrs.Factory(dict)
    """By number of the asked property: the first state that settles it (violates it, reaches it);
    for steps the first state that has a violating step."""
    best: dict[int, Best] = attrs.Factory(dict)
    met: set[int] = attrs.Factory(set)
    deadlock: int | None = None
    deadlocks: int = 0

    def better(self, asked: Asked, value: int, state: int) -> None:
        """Keep the more extreme of two values of a bound, the earlier state where they tie."""
        sign = 1 if asked.kind == "at least" else -1
        best = self.best.get(asked.number)
        if best is None or sign * value < sign * best.value:
            self.best[asked.number] = Best(value, state)

    def violated(self, asked: Sequence[Asked]) -> bool:
        """Whether any asserted property of these is broken already."""
        return any(
            each.number in self.first
            or (each.kind == "deadlock free" and self.deadlock is not None)
            for each in asked
            if each.kind != "sometimes" and each.rule.property.expected == "holds"
        )


def beyond(asked: Asked, value: int) -> bool:
    """Whether a value breaks the bound."""
    bound = asked.rule.bound
    assert bound is not None
    return value < bound if asked.kind == "at least" else value > bound


@attrs.frozen(eq=False)
class EdgeArrays:
    """
    Edges as arrays: of state s, entries `offsets[s]` to `offsets[s + 1]`.

    `actions` are who starts each step, `marks` the bits of the committed actions that it takes, as
    far as properties name them; no entries where none does.
    """

    offsets: npt.NDArray[np.int64]
    targets: Int32
    actions: Int32
    marks: npt.NDArray[np.uint64]


class Graph(Protocol):
    """States by number, in order of discovery, with the first edge that led to each."""

    tables: Tables

    def __len__(self) -> int:
        """How many states."""

    def state(self, number: int) -> tuple[int, ...]:
        """The ids of a state's slots."""

    def parent(self, number: int) -> int:
        """The state from which it was found, -1 for an initial one."""

    def edges(self, check: Check) -> EdgeArrays:
        """All transitions of fair actions, found again. Raises Capped."""

    def holds_in(self, asked: Asked) -> npt.NDArray[np.bool_]:
        """For each state whether a predicate is true in it."""


@attrs.frozen(eq=False)
class Reached:
    """A search that ended: the graph as far as it went, what was found, and how it ended."""

    graph: Graph
    findings: Findings
    transitions: int
    levels: tuple[int, ...]
    complete: bool
    capped: str | None
    seconds: float
    kernel: str
    bytes_held: int
    notes: tuple[str, ...] = ()
