"""The plain loop: breadth-first search over tuples of ids, for systems too small for a kernel.

It defines what the kernel must reproduce: the same numbers for the same states.
"""

import time
from array import array
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any, NamedTuple

import attrs
import numpy as np
import numpy.typing as npt

from seatrial.core import GroundAction, RuleError

from .reduce import Ample, Symmetry
from .result import FAIR, Check, EdgeArrays, Findings, Limits, Reached, beyond
from .tables import Asked, Tables, Writes

__all__ = ["GiveUp", "PlainGraph", "Space", "search"]

State = tuple[int, ...]
_Enabled = tuple["_Rule", tuple[Writes, ...]]
_Move = tuple[int, State, int]
"""A step: the number of its action, where it leads, and marks."""
_Taker = Callable[[Sequence[int]], State]
_Derivations = tuple[
    list[tuple[int, int, _Taker, dict[State, int]]], list[tuple[int, int, tuple[int, ...]]]
]
"""Views and totals to compute: number, cell, and how."""
Pulse = Callable[[int, int, int, int, int], None]

PLAIN_BYTES = 600
"""What a state costs in the plain loop, measured roughly: a tuple, two list cells, a dict entry."""

_REMEMBERED = 1 << 14
_EDGE_BYTES = 16

GIVEN_UP = "too large for the plain loop"
"""What ends a search that is to be taken over by the kernel."""

CHAIN_LIMIT = 1000
"""A chain of committed steps this long is taken for one that never ends."""


class _Rule(NamedTuple):
    """An action, ready to be asked often."""

    number: int
    guard: int
    """The cell of its guard, -1 where it has none."""
    allowed: list[Any]
    """By id, the values of the guard."""
    key: _Taker
    """Takes the ids of its reads out of those of all cells."""
    answers: dict[State, tuple[Writes, ...]]
    marks: int


class Space:
    """The transition relation over ids, with remembered answers."""

    def __init__(self, tables: Tables, symmetry: Symmetry | None = None) -> None:
        self.tables = tables
        self.symmetry = symmetry
        self.expanded = 0
        """How many states were looked at for what is enabled, those in the midst of steps too."""
        system = tables.system
        self.answers: list[dict[State, tuple[Writes, ...]]] = [{} for _ in system.actions]
        self.derived: list[dict[State, int]] = [{} for _ in system.views]
        rules = [(action.action.committed, self._rule(action)) for action in system.actions]
        self._committed = [rule for committed, rule in rules if committed]
        self._ordinary = [rule for committed, rule in rules if not committed]
        self._derivations = self._derivations_of(tables.used)
        self._between = self._derivations_of(tables.used_between)
        self.cells = lru_cache(maxsize=_REMEMBERED)(self._all_cells)
        """The ids of all cells of a state, which several ask for while it is looked at."""
        self._blank = (-1,) * (len(system.views) + len(system.totals))

    def _rule(self, action: GroundAction) -> _Rule:
        guard = action.guard
        return _Rule(
            number=action.number,
            guard=-1 if guard is None else guard,
            allowed=[] if guard is None else self.tables.domain_of[guard].values,
            key=taker(action.reads),
            answers=self.answers[action.number],
            marks=self.tables.marks.get(action.action.name, 0),
        )

    def _derivations_of(self, cells: Container[int]) -> _Derivations:
        """Those of the views and totals that are among these cells."""
        system = self.tables.system
        views = [
            (number, view.cell.number, taker(view.reads), self.derived[number])
            for number, view in enumerate(system.views)
            if view.cell.number in cells
        ]
        totals = [
            (number, total.cell.number, total.of)
            for number, total in enumerate(system.totals)
            if total.cell.number in cells
        ]
        return views, totals

    def _all_cells(self, state: State) -> Sequence[int]:
        """The ids of all cells that anyone reads: slots, views, totals; -1 of the others."""
        return self._filled(state, self._derivations)

    def _filled(self, state: State, derivations: _Derivations) -> Sequence[int]:
        views, totals = derivations
        if not views and not totals:
            return state
        tables = self.tables
        ids = [*state, *self._blank]
        for number, cell, key_of, answers in views:
            key = key_of(ids)
            known = answers.get(key)
            if known is None:
                known = answers[key] = tables.derive(number, key)
            ids[cell] = known
        for number, cell, parts in totals:
            amount = sum(tables.number(part, ids[part]) for part in parts)
            ids[cell] = tables.sum_id(number, amount)
        return ids

    def enabled(self, state: State) -> list[_Enabled]:
        """The actions that can start a step from a state, in order, with their outcomes."""
        self.expanded += 1
        ids = self.cells(state)
        first = self._enabled(self._committed, ids) if self._committed else []
        return first or self._enabled(self._ordinary, ids)

    def _enabled(self, rules: Sequence[_Rule], ids: Sequence[int]) -> list[_Enabled]:
        found = []
        for rule in rules:
            number, guard, allowed, key_of, answers, _ = rule
            if guard >= 0 and not allowed[ids[guard]]:
                continue
            key = key_of(ids)
            outcomes = answers.get(key)
            if outcomes is None:
                action = self.tables.system.actions[number]
                outcomes = answers[key] = self.tables.outcomes(action, key)
            if outcomes:
                found.append((rule, outcomes))
        return found

    def ends(self, state: State, writes: Writes) -> Iterator[State]:
        """Where one outcome leads, after all it commits to; canonical under symmetry."""
        for end, _ in self.marked_ends(state, writes):
            yield end

    def marked_ends(self, state: State, writes: Writes) -> Iterator[tuple[State, int]]:
        """Like `ends`, with the marks of the committed actions that were taken on the way."""
        after = list(state)
        for slot, each in writes:
            after[slot] = each
        waiting = [(tuple(after), 0, 0)]
        while waiting:
            one, depth, marks = waiting.pop()
            following: Sequence[_Enabled] = ()
            if self._committed:
                self.expanded += 1
                following = self._enabled(self._committed, self._filled(one, self._between))
            if not following:
                yield (self.symmetry.canonical(one) if self.symmetry else one), marks
                continue
            if depth >= CHAIN_LIMIT:
                raise endless(self.tables, [rule.number for rule, _ in following])
            onward = []
            for rule, outcomes in following:
                for each_writes in outcomes:
                    changed = list(one)
                    for slot, each in each_writes:
                        changed[slot] = each
                    onward.append((tuple(changed), depth + 1, marks | rule.marks))
            waiting += reversed(onward)

    def moves(self, state: State) -> Iterator[tuple[int, State]]:
        """All steps from a state, in order of actions and outcomes: who, and where it leads."""
        for number, end, _ in self.marked_moves(state):
            yield number, end

    def marked_moves(self, state: State) -> Iterator[_Move]:
        """Like `moves`, with the marks of the committed actions that were taken on the way."""
        for rule, outcomes in self.enabled(state):
            for writes in outcomes:
                for end, marks in self.marked_ends(state, writes):
                    yield rule.number, end, marks


def taker(cells: Sequence[int]) -> _Taker:
    """A function that takes the ids of these cells, in this order, out of those of all."""
    if len(cells) > 1:
        return itemgetter(*cells)
    if not cells:
        return lambda ids: ()
    only = cells[0]
    return lambda ids: (ids[only],)


def endless(tables: Tables, numbers: Sequence[int]) -> RuleError:
    """The error for committed steps that go on for ever."""
    names = ", ".join(tables.system.actions[number].name for number in numbers)
    return RuleError(
        f"committed steps do not end after {CHAIN_LIMIT}: {names} still enabled; a committed action"
        f" must disable itself"
    )


class PlainGraph:
    """States in order of discovery, as tuples of ids."""

    def __init__(self, space: Space) -> None:
        self.space = space
        self.tables = space.tables
        self.states: list[State] = []
        self.parents: list[int] = []
        self.numbers: dict[State, int] = {}
        self._offsets = array("q", [0])
        self._targets = array("i")
        self._labels = array("i")
        self._marks = array("Q")

    def __len__(self) -> int:
        return len(self.states)

    def add(self, state: State, parent: int) -> None:
        """Give a new state the next number."""
        self.numbers[state] = len(self.states)
        self.states.append(state)
        self.parents.append(parent)

    def state(self, number: int) -> State:
        """The ids of a state's slots."""
        return self.states[number]

    def parent(self, number: int) -> int:
        """The state from which it was found, -1 for an initial one."""
        return self.parents[number]

    def edges(self, check: Check) -> EdgeArrays:
        """All transitions of fair actions, as they were kept. Raises Capped."""
        check(0)
        return EdgeArrays(
            np.array(self._offsets, np.int64),
            np.array(self._targets, np.int32),
            np.array(self._labels, np.int32),
            np.array(self._marks if self.tables.marks else [], np.uint64),
        )

    def keep(self, moves: Iterable[_Move]) -> None:
        """Remember the steps from the next state, those of fair actions."""
        actions = self.tables.system.actions
        for action, end, marks in moves:
            if actions[action].action.fair != "none":
                self._targets.append(self.numbers[end])
                self._labels.append(action)
                self._marks.append(marks)
        self._offsets.append(len(self._targets))

    @property
    def held(self) -> int:
        """Bytes, about."""
        kept = _EDGE_BYTES * len(self._targets) + self._offsets.itemsize * len(self._offsets)
        return PLAIN_BYTES * len(self) + kept + self.tables.held

    def holds_in(self, asked: Asked) -> npt.NDArray[np.bool_]:
        """For each state whether a predicate is true in it."""
        known: dict[State, bool] = {}
        result = np.zeros(len(self.states), np.bool_)
        key_of = taker(asked.rule.reads)
        for number, state in enumerate(self.states):
            key = key_of(self.space.cells(state))
            if key not in known:
                known[key] = bool(self.tables.ask(asked, key).value)
            result[number] = known[key]
        return result


class _Watch:
    """Asks properties of states and steps, once for each distinct question."""

    def __init__(self, space: Space, findings: Findings) -> None:
        self.space = space
        self.findings = findings
        asked = space.tables.asked
        self.of_states = [
            each for each in asked if each.kind in ("always", "at least", "at most", "sometimes")
        ]
        self.of_steps = [each for each in asked if each.kind == "after each step"]
        self._keys = {
            each.number: (taker(each.rule.reads), taker(each.rule.before))
            for each in (*self.of_states, *self.of_steps)
        }
        self._known: dict[tuple[int, State, State, str], tuple[bool, bool, int]] = {}

    def _ask(
        self, asked: Asked, ids: Sequence[int], before: Sequence[int], action: str
    ) -> tuple[bool, bool, int]:
        reads_of, before_of = self._keys[asked.number]
        reads, earlier = reads_of(ids), before_of(before)
        key = (asked.number, reads, earlier, action if asked.rule.wants_action else "")
        known = self._known.get(key)
        if known is None:
            found = self.space.tables.ask(asked, reads, earlier, action)
            known = (found.met, bool(found.violations), int(found.value or 0))
            self._known[key] = known
        return known

    def state(self, number: int, state: State) -> None:
        """Ask all properties of states about a new one."""
        if not self.of_states:
            return
        ids = self.space.cells(state)
        for asked in self.of_states:
            bound = asked.kind in ("at least", "at most")
            if asked.number in self.findings.first and not bound:
                continue
            met, violated, value = self._ask(asked, ids, (), "")
            if met:
                self.findings.met.add(asked.number)
            if bound:
                if met:
                    self.findings.better(asked, value, number)
                if met and beyond(asked, value):
                    self.findings.first.setdefault(asked.number, number)
            elif violated or (asked.kind == "sometimes" and value):
                self.findings.first[asked.number] = number

    def step(self, number: int, state: State, action: int, end: State) -> None:
        """Ask all properties of steps about one from state `number`."""
        still_open = [each for each in self.of_steps if each.number not in self.findings.first]
        if not still_open:
            return
        ids, before = self.space.cells(end), self.space.cells(state)
        name = self.space.tables.system.actions[action].action.name
        for asked in still_open:
            met, violated, _ = self._ask(asked, ids, before, name)
            if met:
                self.findings.met.add(asked.number)
            if violated:
                self.findings.first[asked.number] = number


@attrs.frozen
class GiveUp:
    """How much is too much for the plain loop: states kept, and states expanded."""

    states: int
    expanded: int


def search(
    space: Space,
    limits: Limits,
    *,
    ample: Ample | None = None,
    give_up: GiveUp | None = None,
    stopped: Callable[[], bool] = lambda: False,
    pulse: Pulse | None = None,
) -> Reached:
    """
    Search breadth-first; where that is more than `give_up` allows, end as GIVEN_UP.

    `pulse(depth, states, transitions, frontier, bytes)` is called now and then.
    """
    began = time.monotonic()
    expanded = space.expanded
    graph = PlainGraph(space)
    findings = Findings()
    watch = _Watch(space, findings)
    fair = any(each.rule.property.kind in FAIR for each in space.tables.asked)
    capped: str | None = None
    for state in space.tables.initial:
        canonical = space.symmetry.canonical(state) if space.symmetry else state
        if canonical not in graph.numbers:
            if limits.states is not None and len(graph) >= limits.states:
                capped = "max-states"
                break
            graph.add(canonical, -1)
            watch.state(len(graph) - 1, canonical)
    transitions = 0
    levels = [len(graph)]
    low = 0
    while capped is None and low < len(graph):
        high = len(graph)
        if limits.depth is not None and len(levels) > limits.depth:
            capped = "max-depth"
            break
        if limits.first and findings.violated(space.tables.asked):
            capped = "first"
            break
        for number in range(low, high):
            if number % 256 == 0:
                seconds = time.monotonic() - began
                if limits.seconds is not None and seconds > limits.seconds:
                    capped = "time-limit"
                    break
                if stopped():
                    capped = "interrupted"
                    break
                if limits.memory is not None and graph.held > limits.memory:
                    capped = "memory-limit"
                    break
                if pulse is not None:
                    pulse(
                        len(levels) - 1, len(graph), transitions, high - number, space.tables.held
                    )
            steps = _steps(space, graph, number, high, ample)
            new: dict[State, None] = {}
            for _, end, _ in steps:
                if end not in graph.numbers:
                    new[end] = None
            if limits.states is not None and len(graph) + len(new) > limits.states:
                for end in list(new)[: limits.states - len(graph)]:
                    graph.add(end, number)
                    watch.state(len(graph) - 1, end)
                capped = "max-states"
                break
            for end in new:
                graph.add(end, number)
                watch.state(len(graph) - 1, end)
            if watch.of_steps:
                for action, end, _ in steps:
                    watch.step(number, graph.states[number], action, end)
            if fair:
                graph.keep(steps)
            transitions += len(steps)
            if not steps:
                findings.deadlocks += 1
                if findings.deadlock is None:
                    findings.deadlock = number
            if give_up is not None and space.expanded - expanded > give_up.expanded:
                capped = GIVEN_UP
                break
        if give_up is not None and capped is None and len(graph) > give_up.states:
            capped = GIVEN_UP
        if len(graph) > high:
            levels.append(len(graph) - high)
        low = high
    return Reached(
        graph=graph,
        findings=findings,
        transitions=transitions,
        levels=tuple(levels),
        complete=capped is None,
        capped=capped,
        seconds=time.monotonic() - began,
        kernel="plain",
        bytes_held=graph.held,
    )


def _steps(
    space: Space,
    graph: PlainGraph,
    number: int,
    high: int,
    ample: Ample | None,
) -> list[_Move]:
    moves = list(space.marked_moves(graph.states[number]))
    if ample is None:
        return moves
    steps_of: dict[int, list[_Move]] = {}
    for move in moves:
        steps_of.setdefault(move[0], []).append(move)

    def deeper(action: int) -> bool:
        return any(graph.numbers.get(end, high) >= high for _, end, _ in steps_of[action])

    chosen = ample.choose(list(steps_of), deeper)
    return [move for action in chosen for move in steps_of[action]]
