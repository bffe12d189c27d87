"""From numbers of states back to runs: traces, found again by asking the rules."""

from collections.abc import Callable, Iterator, Sequence

from seatrial.core import (
    DeclarationError,
    Ground,
    GroundAction,
    GroundOutcome,
    Step,
    Trace,
    enabled_steps,
    step_of,
    successor,
)

from .plain import Space
from .result import Graph

__all__ = ["Runs"]

State = tuple[object, ...]
Piece = list[Step]


class Runs:
    """Traces through a graph. Under symmetry a concrete run is made from its representatives."""

    def __init__(self, space: Space, graph: Graph) -> None:
        self.space = space
        self.graph = graph
        self.system: Ground = space.tables.system

    def to(self, number: int) -> tuple[State, list[Step], State]:
        """A shortest run to a state: where it starts, its steps, where it ends."""
        path = [number]
        while (parent := self.graph.parent(path[-1])) >= 0:
            path.append(parent)
        path.reverse()
        start = self._start(path[0])
        state, steps = start, []
        for target in path[1:]:
            piece, state = self.onward(state, self._leads_to(target))
            steps += piece
        return start, steps, state

    def onward(
        self, state: State, wanted: Callable[[GroundAction, Piece, State], bool]
    ) -> tuple[Piece, State]:
        """The first step from a state, in canonical order, whose end is wanted."""
        for action, piece, end in self.steps(state):
            if wanted(action, piece, end):
                return piece, end
        if self.space.symmetry is not None:
            raise DeclarationError(
                "a symmetric index has members that some rule tells apart: a step from one state"
                " is not one from a permutation of it; drop symmetric=True or the distinction"
            )
        raise AssertionError("a step that was found once is not found again")

    def steps(self, state: State) -> Iterator[tuple[GroundAction, Piece, State]]:
        """All steps from a state in canonical order, each with what it commits to."""
        for action, outcome in enabled_steps(self.system, state, between=False):
            first = step_of(self.system, state, action, outcome)
            for piece, end in self._commit(successor(state, outcome), [first]):
                yield action, piece, end

    def _commit(self, state: State, piece: Piece) -> Iterator[tuple[Piece, State]]:
        waiting = [(state, piece)]
        while waiting:
            one, so_far = waiting.pop()
            following = [
                (successor(one, outcome), [*so_far, step_of(self.system, one, action, outcome)])
                for action, outcome in self._committed(one)
                if action.action.committed
            ]
            if not following:
                yield so_far, one
            waiting += reversed(following)

    def _committed(self, state: State) -> Sequence[tuple[GroundAction, GroundOutcome]]:
        if not any(action.action.committed for action in self.system.actions):
            return ()
        return enabled_steps(self.system, state, between=True)

    def _leads_to(self, number: int) -> Callable[[GroundAction, Piece, State], bool]:
        target = self.graph.state(number)
        return lambda _action, _piece, end: self._number(end) == target

    def _number(self, state: State) -> tuple[int, ...]:
        domain_of = self.space.tables.domain_of
        ids = tuple(domain_of[slot].intern(value) for slot, value in enumerate(state))
        return self.space.symmetry.canonical(ids) if self.space.symmetry else ids

    def _start(self, number: int) -> State:
        target = self.graph.state(number)
        return next(start for start in self.system.initial if self._number(start) == target)

    def lasso(
        self, start: int, states: Sequence[int], taken: Sequence[tuple[int, int]]
    ) -> tuple[State, list[Step], int]:
        """
        A run to a loop and once around it; and after how many steps the loop begins.

        `taken` are the actions that start its steps, with the marks of what these commit to.
        """
        begin, steps, state = self.to(start)
        entry = len(steps)
        for target, step in zip([*states[1:], states[0]], taken, strict=False):
            piece, state = self.onward(state, self._is(step, self.graph.state(target)))
            steps += piece
        return begin, steps, entry

    def _is(
        self, step: tuple[int, int], target: tuple[int, ...]
    ) -> Callable[[GroundAction, Piece, State], bool]:
        """Whether it is the same action, with the same marks, to the same state."""
        marks = self.space.tables.marks

        def same(action: GroundAction, piece: Piece, end: State) -> bool:
            if action.number != step[0] or self._number(end) != target:
                return False
            committed = {each.action.partition("[")[0] for each in piece[1:]} if marks else ()
            return sum(marks.get(name, 0) for name in committed) == step[1]

        return same

    def trace(self, start: State, steps: Sequence[Step], **more: object) -> Trace:
        """The trace of a run."""
        names = [slot.name for slot in self.system.slots]
        return Trace(
            system=self.system.system.name,
            initial=tuple(zip(names, start, strict=True)),
            steps=tuple(steps),
            **more,  # type: ignore[arg-type]
        )
