"""The plain loop: breadth-first search over tuples of ids, for systems too small for a kernel.

It defines what the kernel must reproduce: the same numbers for the same states.
"""

import time
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import numpy.typing as npt

from seatrial.core import RuleError

from .reduce import Ample, Symmetry
from .result import Check, EdgeArrays, Findings, Limits, Reached, beyond
from .tables import Asked, Tables, Writes

__all__ = ["PlainGraph", "Space", "search"]

State = tuple[int, ...]
Pulse = Callable[[int, int, int, int, int], None]

PLAIN_BYTES = 600
"""What a state costs in the plain loop, measured roughly: a tuple, two list cells, a dict entry."""

_CHECKED = 4096
_EDGE_BYTES = 80
"""What an edge costs here, roughly: two integers in lists."""

GIVEN_UP = "too large for the plain loop"
"""What ends a search that is to be taken over by the kernel."""

CHAIN_LIMIT = 1000
"""A chain of committed steps this long is taken for one that never ends."""


class Space:
    """The transition relation over ids, with remembered answers."""

    def __init__(self, tables: Tables, symmetry: Symmetry | None = None) -> None:
        self.tables = tables
        self.symmetry = symmetry
        system = tables.system
        self._slots = len(system.slots)
        self._committed = [a for a in system.actions if a.action.committed]
        self._ordinary = [a for a in system.actions if not a.action.committed]
        self._reads = [action.reads for action in system.actions]
        self._marks = [tables.marks.get(action.action.name, 0) for action in system.actions]
        self.answers: list[dict[State, tuple[Writes, ...]]] = [{} for _ in system.actions]
        self.derived: list[dict[State, int]] = [{} for _ in system.views]

    def cells(self, state: State) -> State:
        """The ids of all cells: slots, views, totals."""
        tables = self.tables
        system = tables.system
        if not system.views and not system.totals:
            return state
        ids = list(state)
        for number, view in enumerate(system.views):
            key = tuple([ids[cell] for cell in view.reads])
            known = self.derived[number].get(key)
            if known is None:
                known = self.derived[number][key] = tables.derive(number, key)
            ids.append(known)
        for number, total in enumerate(system.totals):
            amount = sum(tables.number(cell, ids[cell]) for cell in total.of)
            ids.append(tables.sum_id(number, amount))
        return tuple(ids)

    def outcomes(self, number: int, ids: State) -> tuple[Writes, ...]:
        """What an action yields where all cells have these ids."""
        key = tuple([ids[cell] for cell in self._reads[number]])
        known = self.answers[number].get(key)
        if known is None:
            action = self.tables.system.actions[number]
            known = self.answers[number][key] = self.tables.outcomes(action, key)
        return known

    def enabled(self, state: State) -> list[tuple[int, tuple[Writes, ...]]]:
        """The actions that can start a step from a state, in order, with their outcomes."""
        ids = self.cells(state)
        first = self._enabled(self._committed, ids)
        return first or self._enabled(self._ordinary, ids)

    def _enabled(
        self, actions: Sequence[object], ids: State
    ) -> list[tuple[int, tuple[Writes, ...]]]:
        found = []
        for action in actions:
            number = action.number  # type: ignore[attr-defined]
            outcomes = self.outcomes(number, ids)
            if outcomes:
                found.append((number, outcomes))
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
            following = self._enabled(self._committed, self.cells(one)) if self._committed else ()
            if not following:
                yield (self.symmetry.canonical(one) if self.symmetry else one), marks
                continue
            if depth >= CHAIN_LIMIT:
                raise endless(self.tables, [number for number, _ in following])
            onward = []
            for number, outcomes in following:
                for each_writes in outcomes:
                    changed = list(one)
                    for slot, each in each_writes:
                        changed[slot] = each
                    onward.append((tuple(changed), depth + 1, marks | self._marks[number]))
            waiting += reversed(onward)

    def moves(self, state: State) -> Iterator[tuple[int, State]]:
        """All steps from a state, in order of actions and outcomes: who, and where it leads."""
        for number, outcomes in self.enabled(state):
            for writes in outcomes:
                for end in self.ends(state, writes):
                    yield number, end


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
        """All transitions of fair actions. Raises Capped."""
        actions = self.tables.system.actions
        offsets = [0]
        targets: list[int] = []
        labels: list[int] = []
        marks: list[int] = []
        for count, state in enumerate(self.states):
            if count % _CHECKED == 0:
                check(_EDGE_BYTES * len(targets))
            for number, outcomes in self.space.enabled(state):
                if actions[number].action.fair == "none":
                    continue
                for writes in outcomes:
                    for end, mark in self.space.marked_ends(state, writes):
                        targets.append(self.numbers[end])
                        labels.append(number)
                        marks.append(mark)
            offsets.append(len(targets))
        return EdgeArrays(
            np.array(offsets, np.int64),
            np.array(targets, np.int32),
            np.array(labels, np.int32),
            np.array(marks if self.tables.marks else [], np.uint64),
        )

    def holds_in(self, asked: Asked) -> npt.NDArray[np.bool_]:
        """For each state whether a predicate is true in it."""
        known: dict[State, bool] = {}
        result = np.zeros(len(self.states), np.bool_)
        for number, state in enumerate(self.states):
            ids = self.space.cells(state)
            key = tuple([ids[cell] for cell in asked.rule.reads])
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
        self._known: dict[tuple[int, State, State, str], tuple[bool, bool, int]] = {}

    def _ask(self, asked: Asked, ids: State, before: State, action: str) -> tuple[bool, bool, int]:
        rule = asked.rule
        reads = tuple([ids[cell] for cell in rule.reads])
        earlier = tuple([before[cell] for cell in rule.before])
        key = (asked.number, reads, earlier, action if rule.wants_action else "")
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
        if not self.of_steps:
            return
        name = self.space.tables.system.actions[action].action.name
        ids, before = self.space.cells(end), self.space.cells(state)
        for asked in self.of_steps:
            if asked.number in self.findings.first:
                continue
            met, violated, _ = self._ask(asked, ids, before, name)
            if met:
                self.findings.met.add(asked.number)
            if violated:
                self.findings.first[asked.number] = number


def search(
    space: Space,
    limits: Limits,
    *,
    ample: Ample | None = None,
    give_up: int | None = None,
    stopped: Callable[[], bool] = lambda: False,
    pulse: Pulse | None = None,
) -> Reached:
    """
    Search breadth-first; where more than `give_up` states were found, end as GIVEN_UP.

    `pulse(depth, states, transitions, frontier, bytes)` is called now and then.
    """
    began = time.monotonic()
    graph = PlainGraph(space)
    findings = Findings()
    watch = _Watch(space, findings)
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
                held = PLAIN_BYTES * len(graph) + space.tables.held
                if limits.memory is not None and held > limits.memory:
                    capped = "memory-limit"
                    break
                if pulse is not None:
                    pulse(
                        len(levels) - 1, len(graph), transitions, high - number, space.tables.held
                    )
            steps = _steps(space, graph, number, high, ample)
            new: dict[State, None] = {}
            for _, end in steps:
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
                for action, end in steps:
                    watch.step(number, graph.states[number], action, end)
            transitions += len(steps)
            if not steps:
                findings.deadlocks += 1
                if findings.deadlock is None:
                    findings.deadlock = number
        if give_up is not None and capped is None and len(graph) > give_up:
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
        bytes_held=PLAIN_BYTES * len(graph) + space.tables.held,
    )


def _steps(
    space: Space,
    graph: PlainGraph,
    number: int,
    high: int,
    ample: Ample | None,
) -> list[tuple[int, State]]:
    state = graph.states[number]
    if ample is None:
        return list(space.moves(state))
    enabled = space.enabled(state)
    steps_of = {
        action: [end for writes in outcomes for end in space.ends(state, writes)]
        for action, outcomes in enabled
    }

    def deeper(action: int) -> bool:
        return any(graph.numbers.get(end, high) >= high for end in steps_of[action])

    chosen = ample.choose([action for action, _ in enabled], deeper)
    return [(action, end) for action in chosen for end in steps_of[action]]
