"""Convergence: whether a fair run stays outside a goal, and the lasso that shows it.

Over the graph of system steps (users and faults dropped), a fair run that is outside the goal for
ever or again and again lives in a strongly connected component with a state outside the goal where
each weakly fair action is somewhere disabled or taken by an edge inside, and each strongly fair
action is nowhere enabled or taken inside (components are pruned until this is so: Streett
conditions, as in Emerson and Lei 1987). A state without any fair step counts: the run stops there.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence

import attrs
import numpy as np
import numpy.typing as npt

from .components import components
from .result import Check, EdgeArrays
from .tables import Tables

__all__ = ["Lasso", "find_lasso"]

_STATE_BYTES, _EDGE_BYTES = 64, 32
"""What arrays by state and by edge hold during the search for components, roughly."""

Bools = npt.NDArray[np.bool_]
Demand = Callable[[int, int | None], bool]
"""Asked of a state and of the edge that led to it, if any."""


@attrs.frozen
class Lasso:
    """
    A fair run for ever: states of the loop, its steps as numbers of edges, and why it is fair.

    The loop starts at `states[0]` and returns to it; without steps the run has stopped there.
    """

    states: tuple[int, ...]
    edges: tuple[int, ...]
    fairness: tuple[str, ...]


@attrs.frozen(eq=False)
class _Facts:
    """The graph of fair steps, with who is enabled where."""

    tables: Tables
    count: int
    edges: EdgeArrays
    sources: npt.NDArray[np.int64]
    degree: npt.NDArray[np.int64]

    def fair(self, kind: str) -> list[int]:
        """The numbers of the actions that are fair in this sense."""
        return [a.number for a in self.tables.system.actions if a.action.fair == kind]

    def enabled(self, action: int, members: Bools) -> Bools:
        """In which of these states an action is enabled."""
        result = np.zeros(self.count, np.bool_)
        result[self.sources[(self.edges.actions == action) & members[self.sources]]] = True
        return result


def find_lasso(
    tables: Tables,
    count: int,
    edges: EdgeArrays,
    *,
    check: Check,
    outside: Bools | None = None,
    work: Bools | None = None,
    progress: Bools | None = None,
) -> Lasso | None:
    """
    A fair loop with a state `outside` the goal, or with an edge of `work` and none of `progress`.

    Of all such components the one with the state that was found first; None where there is none.
    Raises Capped.
    """
    held = _STATE_BYTES * count + _EDGE_BYTES * len(edges.targets)
    check(held)
    degree = np.diff(edges.offsets)
    facts = _Facts(tables, count, edges, np.repeat(np.arange(count), degree), degree)
    kept = np.ones(len(edges.targets), np.bool_) if progress is None else ~progress
    wanted_edges = np.zeros(len(kept), np.bool_) if work is None else work & kept
    best: tuple[int, Bools] | None = None
    waiting = [np.ones(count, np.bool_)]
    while waiting:
        check(held + count * len(waiting))
        alive = waiting.pop()
        if best is not None and int(np.argmax(alive)) >= best[0]:
            continue
        for first, members, fair in _good_components(facts, alive, kept, outside, wanted_edges):
            check(held)
            if best is not None and first >= best[0]:
                break  # those that follow begin later still
            if fair:
                best = (first, members)
                break
            if members.any():
                waiting.append(members)
    if best is None:
        return None
    return _lasso(facts, best[0], best[1], kept, outside, wanted_edges)


def _good_components(
    facts: _Facts, alive: Bools, kept: Bools, outside: Bools | None, wanted: Bools
) -> Iterator[tuple[int, Bools, bool]]:
    """
    Components with a run as it is looked for, by their first state.

    Yields that state, the members, and True; or, where the component is not strongly fair, the
    members that may still hold such a run, and False.
    """
    edges = facts.edges
    component = components(facts.count, edges, alive, kept)
    inside = (
        kept
        & alive[facts.sources]
        & alive[edges.targets]
        & (component[facts.sources] == component[edges.targets])
    )
    total = int(component.max(initial=-1)) + 1
    loops = np.zeros(total, np.bool_)
    loops[component[facts.sources[inside]]] = True
    good = np.zeros(total, np.bool_)
    if outside is not None:
        stuck = alive & (facts.degree == 0)
        loops[component[stuck]] = True
        good[component[alive & outside]] = True
    else:
        good[component[facts.sources[inside & wanted]]] = True
    good &= loops
    good &= _weakly_fair(facts, component, inside, good)
    relevant = np.nonzero(alive & good[component])[0]
    _, firsts = np.unique(component[relevant], return_index=True)
    for first in np.sort(relevant[firsts]):
        members = component == component[first]
        pruned = _strongly_fair(facts, members, inside)
        yield int(first), (members if pruned is None else pruned), pruned is None


def _weakly_fair(
    facts: _Facts, component: npt.NDArray[np.int32], inside: Bools, good: Bools
) -> Bools:
    """Which components are fair to every weakly fair action."""
    result = good.copy()
    if not good.any():
        return result
    relevant = (component >= 0) & good[component]
    sizes = np.bincount(component[relevant], minlength=len(good))
    of_edges = relevant[facts.sources]
    for action in facts.fair("weak"):
        mine = of_edges & (facts.edges.actions == action)
        sources = np.unique(facts.sources[mine])
        everywhere = np.bincount(component[sources], minlength=len(good)) == sizes
        taken = np.zeros(len(good), np.bool_)
        taken[component[facts.sources[mine & inside]]] = True
        result &= ~everywhere | taken
    return result


def _strongly_fair(facts: _Facts, members: Bools, inside: Bools) -> Bools | None:
    """None where the component is strongly fair; else its states that may still hold such a run."""
    left = members.copy()
    for action in facts.fair("strong"):
        enabled = facts.enabled(action, members)
        of_action = inside & (facts.edges.actions == action)
        if enabled.any() and not (of_action & members[facts.sources]).any():
            left &= ~enabled
    return None if (left == members).all() else left


# -- the loop ------------------------------------------------------------------------------------


class _Walk:
    """A walk inside one component, from where it starts to one demand after another."""

    def __init__(self, facts: _Facts, start: int, members: Bools, kept: Bools) -> None:
        self.facts = facts
        self.members = members
        self.kept = kept
        self.states = [start]
        self.edges: list[int] = []

    def onward(self, state: int) -> Iterator[tuple[int, int]]:
        """Steps inside the component: which edge, and to where."""
        edges = self.facts.edges
        for at in range(int(edges.offsets[state]), int(edges.offsets[state + 1])):
            target = int(edges.targets[at])
            if self.kept[at] and self.members[target]:
                yield at, target

    def to(self, done: Demand) -> None:
        """Go the shortest way to where `done(state, edge that led there)` is true."""
        start = self.states[-1]
        came: dict[int, tuple[int, int]] = {}
        seen = {start}
        waiting = deque([start])
        while waiting:
            state = waiting.popleft()
            for edge, target in self.onward(state):
                if done(target, edge):
                    self._append(start, state, came, edge, target)
                    return
                if target not in seen:
                    seen.add(target)
                    came[target] = (state, edge)
                    waiting.append(target)
        raise AssertionError("a fair component does not hold what makes it fair")

    def _append(
        self, start: int, state: int, came: dict[int, tuple[int, int]], edge: int, target: int
    ) -> None:
        way = [(edge, target)]
        while state != start:
            before, by = came[state]
            way.append((by, state))
            state = before
        for by, end in reversed(way):
            self.edges.append(by)
            self.states.append(end)

    def passed(self, done: Demand) -> bool:
        """Whether the walk already meets a demand."""
        return done(self.states[0], None) or any(
            done(state, edge) for state, edge in zip(self.states[1:], self.edges, strict=True)
        )

    @property
    def taken(self) -> set[int]:
        """The actions that start its steps."""
        return {int(action) for action in self.facts.edges.actions[self.edges]}


def _lasso(
    facts: _Facts,
    start: int,
    members: Bools,
    kept: Bools,
    outside: Bools | None,
    wanted: Bools,
) -> Lasso:
    actions = facts.tables.system.actions
    if facts.degree[start] == 0:
        return Lasso((start,), (), ("no step of the system is enabled: the run stops here",))
    walk = _Walk(facts, start, members, kept)
    demands: list[Demand] = []
    if outside is not None:
        demands.append(lambda state, _: bool(outside[state]))
    else:
        demands.append(lambda _, edge: edge is not None and bool(wanted[edge]))
    reasons: list[tuple[str, Bools]] = []
    for action in (*facts.fair("weak"), *facts.fair("strong")):
        strong = actions[action].action.fair == "strong"
        enabled = facts.enabled(action, members)
        if not enabled.any():
            continue
        demands.append(_demand(facts.edges.actions == action, enabled, strong=strong))
        reasons.append((actions[action].name, enabled))
    for demand in demands:
        if not walk.passed(demand):
            walk.to(demand)
    if walk.states[-1] != start or not walk.edges:
        walk.to(lambda state, _: state == start)
    return Lasso(tuple(walk.states[:-1]), tuple(walk.edges), tuple(_reasons(facts, walk, reasons)))


def _demand(mine: Bools, enabled: Bools, *, strong: bool) -> Demand:
    """That an edge of `mine` is taken; or, of a weakly fair action, that it is not enabled."""
    if strong:
        return lambda _, edge: edge is not None and bool(mine[edge])
    return lambda state, edge: (edge is not None and bool(mine[edge])) or not enabled[state]


def _reasons(
    facts: _Facts,
    walk: _Walk,
    reasons: Sequence[tuple[str, Bools]],
) -> Iterator[str]:
    """Why the loop is fair to each action that is enabled somewhere in its component."""
    number = {action.name: action.number for action in facts.tables.system.actions}
    taken = walk.taken
    for name, enabled in reasons:
        if number[name] in taken:
            yield f"{name} is taken in the loop"
            continue
        at = next(at for at, state in enumerate(walk.states) if not enabled[state])
        yield (
            f"{name} is disabled after step {at} of the loop"
            if at
            else (f"{name} is disabled where the loop starts")
        )
