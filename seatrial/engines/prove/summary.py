"""Summaries of actions: for given shapes of what an action reads, when it does what.

A summary is a table of rows. A row is one transition: its guard, the values written, and the
numbers that it chooses. Paths that write the same shapes under one label are one row, whose written
numbers say which path it was.
"""

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any

import attrs
import z3

from seatrial.core import (
    Ground,
    GroundAction,
    GroundOutcome,
    GroundTotal,
    GroundView,
    NotSymbolic,
    RuleError,
    arith,
    deciding,
)

from .helpers import Helpers
from .paths import Path, Raised, Run, covers
from .shapes import Shape, built, exact, fresh, may_change, merged, shape_of, structural
from .terms import SymBool, SymInt
from .words import sentence, words

__all__ = ["NOBODY", "Cells", "Row", "Summary", "covered", "printed", "summarise"]


@attrs.frozen(eq=False)
class Row:
    """
    One transition of an action.

    `writes` has, for each slot written, the shape of the value and its leaves. Where `raised` is
    given, the rule raises instead.
    """

    label: str
    guard: Any
    choices: tuple[tuple[Any, Any, Any], ...]
    writes: tuple[tuple[int, Shape, tuple[Any, ...]], ...]
    raised: str = ""

    def value(self, slot: int) -> Any:
        """What is written to a slot."""
        return {each: built(shape, iter(leaves)) for each, shape, leaves in self.writes}[slot]


@attrs.frozen(eq=False)
class Summary:
    """
    What an action does where the slots that it reads have these shapes.

    `paths` counts those before merging. `variables` are the leaves of what it reads.
    """

    action: GroundAction
    shapes: Mapping[int, Shape]
    variables: tuple[Any, ...]
    assumed: tuple[Any, ...]
    rows: tuple[Row, ...]
    paths: tuple[Path, ...]
    seconds: float

    @property
    def raises(self) -> tuple[Row, ...]:
        """The rows in which the rule raises."""
        return tuple(row for row in self.rows if row.raised)


class _Nobody:
    """Answers no choice: views and properties are functions."""

    def choose(self, low: int, high: int) -> int:
        raise RuleError("views and properties cannot choose")


NOBODY = _Nobody()


class Cells(dict[int, Any]):
    """The values of cells where those of slots are given; views and totals when asked for."""

    def __init__(self, system: Ground, slots: Mapping[int, Any]) -> None:
        super().__init__(slots)
        self._system = system

    def __missing__(self, number: int) -> Any:
        each = self._system.derived(number)
        if isinstance(each, GroundTotal):
            parts = [self[cell] for cell in each.of]
            if any(type(part) not in (int, SymInt) for part in parts):
                raise RuleError(f"total {each.cell.name} sums what is no integer")
            value = arith.total(parts)
        elif isinstance(each, GroundView):
            with deciding(NOBODY):
                value = each.run([self[cell] for cell in each.reads])
            if type(value) not in (int, bool, SymInt, SymBool):
                _check(shape_of(value, constants=True)[0], f"view {each.cell.name}")
        else:
            raise KeyError(number)
        self[number] = value
        return value


def _check(shape: Shape, what: str) -> None:
    """Raise RuleError for what may be no part of a state, as other engines do."""
    if may_change(shape):
        raise RuleError(f"{what} is, or holds, a list or a dict; use a tuple")


def summarise(
    system: Ground,
    action: GroundAction,
    shapes: Mapping[int, Shape],
    assumed: Sequence[Any] = (),
    helpers: Helpers | None = None,
    rigid: Collection[str] = (),
    record: Callable[[Any, Any, str], None] | None = None,
) -> Summary:
    """
    The summary of an action for these shapes of the slots that it looks at.

    `assumed` is what holds of the system's parameters, whose names are `rigid`. Raises NotSymbolic
    where the rule does what needs the value of a number.
    """
    begin = time.perf_counter()
    variables: list[Any] = []
    for slot, shape in shapes.items():
        variables += fresh(shape, system.slots[slot].name)[1]
    facts = (*assumed, *structural(variables))

    def body() -> tuple[GroundOutcome, ...]:
        # Each path has values of its own: an object may keep what was decided on one, as its hash.
        values = {slot: fresh(shape, system.slots[slot].name)[0] for slot, shape in shapes.items()}
        cells = Cells(system, values)
        if action.guard is not None:
            allowed = cells[action.guard]
            if type(allowed) not in (bool, SymBool):
                raise RuleError(f"action {action.name} has a guard that is no True or False")
            if not allowed:
                return ()
        return action.run([cells[number] for number in action.reads])

    run = Run(facts, helpers=helpers, record=record)
    paths = tuple(run.explore(body))
    return Summary(
        action=action,
        shapes=dict(shapes),
        variables=tuple(term for term, _ in variables),
        assumed=facts,
        rows=tuple(_rows(paths, rigid)),
        paths=paths,
        seconds=time.perf_counter() - begin,
    )


def covered(summary: Summary, timeout_ms: int = 10_000) -> bool:
    """Whether it was shown that the paths of a summary leave nothing out."""
    return bool(covers(summary.assumed, summary.paths, timeout_ms) == z3.unsat)


def _rows(paths: Sequence[Path], rigid: Collection[str]) -> Iterator[Row]:
    """Rows of all paths, those alike made one."""
    alike: dict[Any, list[tuple[Path, list[Any]]]] = {}
    for path in paths:
        if isinstance(path.result, Raised):
            alike.setdefault(("raised", str(path.result), (), 0, 0), []).append((path, []))
            continue
        seen: dict[Any, int] = {}
        for outcome in path.result:
            shapes, leaves = [], []
            for slot, value in outcome.writes:
                shape, found = shape_of(value, constants=True, rigid=rigid)
                if may_change(shape):
                    raise NotSymbolic(f"outcome {outcome.label} writes a list or a dict: {shape!r}")
                shapes.append((slot, exact(shape), shape, len(found)))
                leaves += found
            key = ("row", outcome.label, tuple(shapes), len(path.choices))
            # Two alike of one path are two transitions: they may not become one.
            seen[key] = seen.get(key, -1) + 1
            alike.setdefault((*key, seen[key]), []).append((path, leaves))
    for (kind, text, shapes, _, _), found in alike.items():
        guards = [(path.guard, leaves) for path, leaves in found]
        guard = guards[0][0] if len(guards) == 1 else z3.Or(*(guard for guard, _ in guards))
        if kind == "raised":
            yield Row("", guard, found[0][0].choices, (), raised=text)
            continue
        values = iter(merged(guards))
        writes = tuple(
            (slot, shape, tuple(next(values) for _ in range(count)))
            for slot, _, shape, count in shapes
        )
        yield Row(text, guard, _choices([path for path, _ in found]), writes)


def _choices(paths: Sequence[Path]) -> tuple[tuple[Any, Any, Any], ...]:
    """The choices of merged paths: the same variables; their ranges are in the guards."""
    return max((path.choices for path in paths), key=len)


def printed(system: Ground, summary: Summary) -> str:
    """A summary for readers: each way that the action may go, when, and what it writes."""
    ways = f"{len(summary.paths)} paths, merged to {len(summary.rows)} transitions"
    lines = [f"{summary.action.name}: {ways}"]
    for slot, shape in summary.shapes.items():
        lines.append(f"  where {system.slots[slot].name} is {shape!r}")
    for path in summary.paths:
        lines.append(f"  if {sentence(z3.And(*path.decisions)) if path.decisions else 'anything'}")
        for it, low, high in path.choices:
            lines.append(f"    for any {words(it)} from {words(low)} to {words(high)}")
        if isinstance(path.result, Raised):
            lines.append(f"    it raises {path.result}")
        elif not path.result:
            lines.append("    nothing happens")
        else:
            for outcome in path.result:
                lines.append(f"    {outcome.label}")
                lines += [
                    f"      {system.slots[slot].name} becomes {value!r}"
                    for slot, value in outcome.writes
                ]
    return "\n".join(lines) + "\n"
