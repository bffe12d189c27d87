"""Loops on a run: whether one that was found is fair, and so shows what happens for ever.

Users and faults rest, and the fair actions take turns. Where the run comes to a state that it was
in before, what lies between can be repeated for ever. It is a violation only if it is fair by the
same rule as in the explicit engine: each weakly fair action is somewhere in it disabled, or taken;
each strongly fair one is nowhere enabled, or taken. That no such loop was met says nothing.
"""

from collections.abc import Iterator, Sequence

import attrs

from .answers import Ids, Option
from .lookups import Options
from .walker import Walker
from .watch import Watch

__all__ = ["Loop", "Move", "Resting", "fair_loop"]

Move = tuple[Option, tuple[Option, ...]]
"""A step, and the committed steps that follow it."""


@attrs.frozen
class Loop:
    """A loop back to the state after so many moves of a run, and why it is fair to each action."""

    entry: int
    fairness: tuple[str, ...]


class Resting:
    """The part of a run in which only fair actions are taken, in turns."""

    def __init__(self, walker: Walker, watch: Watch, rules: Sequence[int]) -> None:
        self.walker = walker
        self.watch = watch
        self._rules = rules
        fair = [each.number for each in walker.answers.system.actions if each.action.fair != "none"]
        self._queue = walker.order(fair)
        self._seen: dict[Ids, int] = {}

    def visit(self, path: Sequence[Move]) -> list[tuple[int, Loop]]:
        """The open rules that a loop breaks which closes in this state, each with that loop."""
        state = self.walker.state
        entry = self._seen.setdefault(state, len(path))
        if entry == len(path):
            return []
        found = []
        for rule in self._rules:
            if rule not in self.watch.closed:
                loop = fair_loop(self.walker, self.watch, rule, state, path, entry)
                if loop is not None:
                    found.append((rule, loop))
        if not found:
            self._seen[state] = len(path)  # the next loop from here may take other turns
        return found

    def turn(self) -> Options:
        """The outcomes of the fair action that was not taken for longest; none: none is enabled."""
        queue = self._queue
        options = self.walker.preferred(queue)
        if options:
            number = options[0].number
            at = next(at for at, each in enumerate(queue) if each[0] == number)
            queue.append(queue.pop(at))
        return options


def fair_loop(
    walker: Walker, watch: Watch, rule: int, state: Ids, path: Sequence[Move], entry: int
) -> Loop | None:
    """
    The loop from the state after `entry` moves of a path to its end, if it breaks a rule for ever.

    `state` is where it begins and ends, and where the walker is then.
    """
    property = walker.answers.rules[rule].property
    moves = path[entry:]
    if any(not option.fair for option, _ in moves):
        return None
    names = [{each.action.action.name for each in (one, *others)} for one, others in moves]
    if property.kind == "no hot loop":
        works = any(each & {*property.work} for each in names)
        if not works or any(each & {*property.progress} for each in names):
            return None
    enabled: list[frozenset[int]] = []
    outside = False
    walker.place(state)
    for option, followed in moves:
        enabled.append(frozenset(each[0].number for each in walker.enabled()))
        if property.kind == "converges to":
            outside = outside or not watch.in_goal(rule)
        rest = iter(followed)
        walker.take(option, lambda _, rest=rest: next(rest))  # type: ignore[misc]
    if property.kind == "converges to" and not outside:
        return None
    taken = {option.number for option, _ in moves}
    for action in walker.answers.system.actions:
        if action.action.fair == "none" or action.number in taken:
            continue
        where = [action.number in each for each in enabled]
        if any(where) if action.action.fair == "strong" else all(where):
            return None
    return Loop(entry, tuple(_why(walker, taken, enabled)))


def _why(walker: Walker, taken: set[int], enabled: Sequence[frozenset[int]]) -> Iterator[str]:
    """For each fair action that is enabled somewhere in the loop, why the loop is fair to it."""
    for action in walker.answers.system.actions:
        if action.action.fair == "none":
            continue
        if action.number in taken:
            yield f"{action.name} is taken in the loop"
        elif any(action.number in each for each in enabled):
            at = next(at for at, each in enumerate(enabled) if action.number not in each)
            where = f"after step {at} of the loop" if at else "where the loop starts"
            yield f"{action.name} is disabled {where}"
