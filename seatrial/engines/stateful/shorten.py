"""Shortening: a run of fewer steps that shows the same.

Each attempt is followed on the rules, from an initial state: a step that is not enabled there is
left out, so what is kept is a run of the system again. First whole stretches are dropped, then
smaller ones, down to single steps. Then a search, first over the actions that are left, then over
all, looks for a shorter way as far as its allowance goes.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence

from attrs import evolve, field, frozen

from seatrial.core import Step

from .answers import Answers, Ids, Option
from .loops import Move
from .runs import Found, Runner, Start

__all__ = ["Key", "Wanted", "follow", "grouped", "shortened", "wanted_of"]

MOST_ATTEMPTS = 2_000
"""How often steps are left out. A number and no time, so that a seed gives the same run."""

MOST_SEARCHED = 6_000
"""How many steps each search for a shorter way takes."""

Writes = tuple[tuple[int, int], ...]


@frozen
class Key:
    """One outcome of an action, in words that mean the same in any state; `writes` are a hint."""

    number: int
    label: str
    choices: tuple[int, ...]
    writes: Writes = field(default=(), eq=False)


Wanted = tuple[Key, ...]
"""A step and those that it commits to."""

Done = Callable[[Sequence[int]], bool]
"""Whether a run may end where the walker is, given the rules that its last step settles."""


def wanted_of(move: Move) -> Wanted:
    """What to ask for in order to repeat a move elsewhere."""
    option, followed = move
    return tuple(
        Key(each.number, each.outcome.label, each.outcome.choices, each.writes)
        for each in (option, *followed)
    )


def follow(runner: Runner, start: Start, wanted: Iterable[Wanted], done: Done) -> list[Move] | None:
    """The moves of a run along what is wanted, to where it is done; None where it never is."""
    walker, watch = runner.walker, runner.watch
    walker.place(start.state, keep=True)
    path: list[Move] = []
    if done(watch.start()):
        return path
    last = walker.everything
    for first, *others in wanted:
        option = _alike(walker.ids, walker.options(first.number), first)
        if option is None:
            continue
        before = walker.ids[:]
        change, followed = walker.take(option, _Repeating(walker.ids, others))
        path.append((option, followed))
        if done(watch.step(change, last, before, option.number)):
            return path
        last = change
    return None


def _alike(ids: Sequence[int], options: Sequence[Option], key: Key) -> Option | None:
    """The outcome that a key names: with its choices and effect if there is one, or without."""
    named = [e for e in options if e.number == key.number and e.outcome.label == key.label]
    same = [each for each in named if each.outcome.choices == key.choices]
    if len(same) > 1:
        effect = _effect(ids, key.writes)
        same = [each for each in same if _effect(ids, each.writes) == effect] or same
    return next(iter(same or named), None)


def _effect(ids: Sequence[int], writes: Writes) -> set[tuple[int, int]]:
    """What writes change where these are the ids."""
    return {(slot, each) for slot, each in writes if ids[slot] != each}


class _Repeating:
    """Picks the committed outcomes that were taken before, as long as they are there."""

    def __init__(self, ids: Sequence[int], keys: Sequence[Key]) -> None:
        self._ids = ids
        self._all = keys
        self._keys = list(keys)

    def __call__(self, options: Sequence[Option]) -> Option:
        for at, key in enumerate(self._keys):
            option = _alike(self._ids, options, key)
            if option is not None:
                del self._keys[: at + 1]
                return option
        return options[0]

    def again(self) -> "_Repeating":
        """The same from the beginning."""
        return _Repeating(self._ids, self._all)


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
    start, best = _searched(runner, whole.start, best, done, check)
    moved = None if loop is None else evolve(loop, entry=len(best))
    return Found(whole.rule, start, (*best, *rest), moved)


def grouped(answers: Answers, steps: Iterable[Step]) -> list[Wanted]:
    """Recorded steps as what to ask for: each with those that it commits to."""
    system = answers.system
    numbers = {action.name: action.number for action in system.actions}
    slots = {slot.name: slot.number for slot in system.slots}
    found: list[Wanted] = []
    for at, step in enumerate(steps):
        writes = tuple(
            (slots[each.cell], answers.intern(slots[each.cell], each.after))
            for each in step.changes
        )
        key = Key(numbers[step.action], step.label, step.choices, writes)
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
    wanted = grouped(runner.answers, start.prefix)
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
    attempts = 0
    while best and attempts < MOST_ATTEMPTS:
        before = len(best)
        at = 0
        while at < len(best) and attempts < MOST_ATTEMPTS:
            attempts += 1
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
) -> tuple[Start, list[Move]]:
    """Look breadth-first for a shorter way: by the actions of the run, then by all of them."""
    chains: dict[int, list[_Mixed | _Repeating]] = {}
    for first, *others in map(wanted_of, best):
        chains.setdefault(first.number, [_Mixed(0)]).append(_Repeating(runner.walker.ids, others))
    start, best = _breadth_first(runner, [start], best, done, check, chains)
    ways = [_Mixed(number) for number in range(9)]
    every = {action.number: ways for action in runner.answers.system.actions}
    initial = [each for each in runner.starts if not each.prefix and each is not start]
    return _breadth_first(runner, [start, *initial], best, done, check, every)


class _Mixed:
    """Chooses by the digits of a number in base 3: 0 is always the first."""

    def __init__(self, number: int) -> None:
        self._number = self._left = number

    def __call__(self, options: Sequence[Option]) -> Option:
        self._left, digit = divmod(self._left, 3)
        return options[digit % len(options)]

    def again(self) -> "_Mixed":
        """The same from the beginning."""
        return _Mixed(self._number)


def _breadth_first(
    runner: Runner,
    starts: Sequence[Start],
    best: list[Move],
    done: Done,
    check: Callable[[], None],
    ways: Mapping[int, Sequence["_Mixed | _Repeating"]],
) -> tuple[Start, list[Move]]:
    """
    The shortest run by these actions, or `best` where none is shorter, or the allowance is spent.

    `best` begins in the first of the `starts`. `ways` has for each action how to choose among what
    its steps commit to.
    """
    walker, watch = runner.walker, runner.watch
    paths: dict[Ids, tuple[Start, tuple[Move, ...]]] = {}
    for each in starts if best else ():
        walker.place(each.state)
        if done(watch.start()):
            return each, []
        paths.setdefault(each.state, (each, ()))
    waiting = list(paths)
    taken = 0
    everything = walker.everything
    for state in waiting:
        start, path = paths[state]
        if len(path) + 1 >= len(best) or taken > MOST_SEARCHED:
            break
        check()
        walker.place(state)
        before = walker.ids[:]
        options = [each for number in sorted(ways) for each in walker.options(number)]
        for option in options:
            for way in ways[option.number]:
                taken += 1
                walker.place(state)
                watch.start()
                _, followed = walker.take(option, way.again())
                move = (option, followed)
                if done(watch.step(everything, everything, before, option.number)):
                    return start, [*path, move]
                after = walker.state
                if after not in paths:
                    paths[after] = start, (*path, move)
                    waiting.append(after)
                if not followed:
                    break  # there was nothing to choose
    return starts[0], best
