"""Shortening: a run of fewer steps that shows the same.

Each attempt is followed on the rules, from an initial state: a step that is not enabled there is
left out, so what is kept is a run of the system again. First whole stretches are dropped, then
smaller ones, down to single steps. Then a search, over the actions that are left and no others,
looks for a shorter way as far as its allowance goes.
"""

from collections.abc import Callable, Iterable, Sequence

from attrs import evolve

from seatrial.core import Ground, Step

from .answers import Ids, Option
from .loops import Move
from .runs import Found, Runner, Start

__all__ = ["Key", "Wanted", "follow", "grouped", "shortened", "wanted_of"]

MOST_SEARCHED = 10_000
"""How many steps the search for a shorter way takes."""

Key = tuple[int, str, tuple[int, ...]]
Wanted = tuple[Key, ...]
"""A step and those that it commits to, in words that mean the same in any state."""

Done = Callable[[Sequence[int]], bool]
"""Whether a run may end where the walker is, given the rules that its last step settles."""


def wanted_of(move: Move) -> Wanted:
    """What to ask for in order to repeat a move elsewhere."""
    option, followed = move
    return tuple((e.number, e.outcome.label, e.outcome.choices) for e in (option, *followed))


def follow(runner: Runner, start: Start, wanted: Iterable[Wanted], done: Done) -> list[Move] | None:
    """The moves of a run along what is wanted, to where it is done; None where it never is."""
    walker, watch = runner.walker, runner.watch
    walker.place(start.state, keep=True)
    path: list[Move] = []
    if done(watch.start()):
        return path
    last = walker.everything
    for first, *others in wanted:
        option = _alike(walker.options(first[0]), first)
        if option is None:
            continue
        before = walker.ids[:]
        change, followed = walker.take(option, _Repeating(others))
        path.append((option, followed))
        if done(watch.step(change, last, before, option.number)):
            return path
        last = change
    return None


def _alike(options: Sequence[Option], key: Key) -> Option | None:
    """The outcome that a key names, or else one with its label."""
    named = [each for each in options if (each.number, each.outcome.label) == key[:2]]
    same = [each for each in named if each.outcome.choices == key[2]]
    return next(iter(same or named), None)


class _Repeating:
    """Picks the committed outcomes that were taken before, as long as they are there."""

    def __init__(self, keys: Sequence[Key]) -> None:
        self._keys = list(keys)

    def __call__(self, options: Sequence[Option]) -> Option:
        for at, key in enumerate(self._keys):
            option = _alike(options, key)
            if option is not None:
                del self._keys[: at + 1]
                return option
        return options[0]


def shortened(runner: Runner, found: Found, check: Callable[[], None]) -> Found:
    """
    The same finding by a run as short as could be found, from an initial state.

    Of a run into a loop, the way to the loop is shortened. Where `check` raises, so does this.
    """
    whole = _from_the_beginning(runner, found)
    loop = whole.loop
    entry = len(whole.moves) if loop is None else loop.entry
    stem, rest = whole.moves[:entry], whole.moves[entry:]
    done = _done(runner, whole, rest)
    best = follow(runner, whole.start, map(wanted_of, stem), done)
    if best is None:
        return whole  # its last step was not asked about in the same way; keep what is known
    best = _dropped(runner, whole.start, best, done, check)
    best = _searched(runner, whole.start, best, done, check)
    moved = None if loop is None else evolve(loop, entry=len(best))
    return Found(whole.rule, whole.start, (*best, *rest), moved)


def grouped(system: Ground, steps: Iterable[Step]) -> list[Wanted]:
    """Recorded steps as what to ask for: each with those that it commits to."""
    numbers = {action.name: action.number for action in system.actions}
    found: list[Wanted] = []
    for at, step in enumerate(steps):
        key = (numbers[step.action], step.label, step.choices)
        if step.committed and at > 0:
            found[-1] = (*found[-1], key)
        else:
            found.append((key,))
    return found


def _from_the_beginning(runner: Runner, found: Found) -> Found:
    """The same run with the steps that led to where it started."""
    start = found.start
    if not start.prefix:
        return found
    origin = Start(start.origin, (), start.origin, runner.answers.state(start.origin))
    wanted = grouped(runner.answers.system, start.prefix)
    way = follow(runner, origin, wanted, lambda _: runner.walker.state == start.state)
    assert way is not None, "the way to where a run started is not found again"
    loop = found.loop
    moved = None if loop is None else evolve(loop, entry=loop.entry + len(way))
    return evolve(found, start=origin, moves=(*way, *found.moves), loop=moved)


def _done(runner: Runner, found: Found, loop: Sequence[Move]) -> Done:
    walker, watch, rule = runner.walker, runner.watch, found.rule
    kind = runner.answers.rules[rule].property.kind
    if loop:
        goal = _state_before(runner, found, len(found.moves) - len(loop))
        return lambda _: walker.state == goal
    if kind == "converges to":
        return lambda _: (
            not watch.in_goal(rule) and not any(options[0].fair for options in walker.enabled())
        )
    if kind == "deadlock free":
        return lambda _: not walker.enabled()
    if found.slack is not None:
        slack = found.slack
        return lambda _: watch.slack.get(rule, slack + 1) <= slack
    return lambda settled: rule in settled


def _state_before(runner: Runner, found: Found, moves: int) -> Ids:
    state = list(found.start.state)
    for option, followed in found.moves[:moves]:
        for each in (option, *followed):
            for slot, value in each.writes:
                state[slot] = value
    return tuple(state)


def _dropped(
    runner: Runner, start: Start, best: list[Move], done: Done, check: Callable[[], None]
) -> list[Move]:
    """Drop stretches, half of the run at first and single steps at last, as long as any can be."""
    size = max(1, len(best) // 2)
    while best:
        before = len(best)
        at = 0
        while at < len(best):
            check()
            wanted = map(wanted_of, [*best[:at], *best[at + size :]])
            fewer = follow(runner, start, wanted, done)
            if fewer is not None and len(fewer) < len(best):
                best = fewer
            else:
                at += size
        if size == 1 and len(best) == before:
            break
        size = max(1, size // 2)
    return best


def _searched(
    runner: Runner, start: Start, best: list[Move], done: Done, check: Callable[[], None]
) -> list[Move]:
    """Look breadth-first for a shorter way by the actions of the run that is known."""
    walker, watch = runner.walker, runner.watch
    chains: dict[int, list[Sequence[Key]]] = {}
    for (number, _, _), *others in map(wanted_of, best):
        known = chains.setdefault(number, [()])
        if others not in known:
            known.append(others)
    paths: dict[Ids, tuple[Move, ...]] = {start.state: ()}
    waiting = [start.state]
    taken = 0
    everything = walker.everything
    for state in waiting:
        path = paths[state]
        if len(path) + 1 >= len(best) or taken > MOST_SEARCHED:
            break
        check()
        walker.place(state)
        before = walker.ids[:]
        steps = [
            (option, chain)
            for number in sorted(chains)
            for option in walker.options(number)
            for chain in chains[number]
        ]
        for option, chain in steps:
            taken += 1
            walker.place(state)
            watch.start()
            _, followed = walker.take(option, _Repeating(chain))
            move = (option, followed)
            if done(watch.step(everything, everything, before, option.number)):
                return [*path, move]
            after = walker.state
            if after not in paths:
                paths[after] = (*path, move)
                waiting.append(after)
    return best
