"""Single runs: a schedule is followed, and what it shows is kept as moves that can be repeated."""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import attrs

from seatrial.core import Step, Trace, step_of, successor

from .answers import Answers, Ids, Option
from .limits import Ended
from .loops import Loop, Move, Resting
from .schedule import PIECE, Mood, Moods, Schedule
from .walker import Walker
from .watch import Watch

__all__ = ["Counts", "Found", "Move", "Runner", "Start", "trace_of"]


@attrs.frozen(eq=False)
class Start:
    """A state that runs begin in, and how it is reached from an initial one."""

    origin: tuple[Any, ...]
    prefix: tuple[Step, ...]
    values: tuple[Any, ...]
    state: Ids

    @property
    def length(self) -> int:
        """How many steps lead to it."""
        return Trace("", (), self.prefix).length


@attrs.frozen(eq=False)
class Found:
    """
    A run that settles a rule: where it starts, its moves, and the loop it may end in.

    `slack` is there where the run leads to the extreme of a bound.
    """

    rule: int
    start: Start
    moves: tuple[Move, ...]
    loop: Loop | None = None
    slack: int | None = None

    @property
    def length(self) -> int:
        """How many steps from the initial state."""
        return self.start.length + len(self.moves)


@attrs.frozen(eq=False)
class _Landmark:
    """A state that was new when a run came to it, and how that run did."""

    start: Start
    path: Sequence[Move]
    length: int
    state: Ids


LANDMARKS = 1_024
"""How many are kept at most."""

NEAREST = 16
"""How many are kept of those closest to a bound."""

FEW = 16
"""Of a run with more new states none is kept: where these are easily found, any run finds them."""


@attrs.define
class Counts:
    """What all runs together came to; `runs` are those that went on to their end."""

    runs: int = 0
    steps: int = 0
    depth: int = 0
    deadlocks: int = 0
    fired: list[int] = attrs.Factory(list)
    states: set[int] = attrs.Factory(set)
    """Hashes of states, of 64 bits: two states can be counted as one, at negligible odds."""


class Runner:
    """Follows schedules; `check` is called now and then, and raises what ends it all."""

    def __init__(
        self,
        answers: Answers,
        starts: Sequence[Start],
        *,
        swarm: bool,
        target: bool = True,
        novelty: bool = True,
        steps: int,
        seed: int,
        check: Callable[[], None],
    ) -> None:
        self.answers = answers
        self.starts = list(starts)
        self.steps = steps
        self.check = check
        self.walker = Walker(answers)
        self.watch = Watch(self.walker)
        self.moods = Moods(answers.system, self.walker.order, swarm=swarm, seed=seed)
        self.counts = Counts(fired=[0] * len(answers.system.actions))
        self.best: dict[int, Found] = {}
        """By rule, the run to the extreme of a bound."""
        self._target = target
        self._nearest: dict[int, deque[_Landmark]] = {}
        """By bound, states in which a run came as close to it as any has come."""
        self._least: dict[int, int] = {}
        """By bound, how close that is."""
        self._turn = 0
        self._latest = 3 * steps // 4
        """After so many steps a run leaves nothing to go on from: too little could follow."""
        self._novelty = novelty
        self._landmarks: deque[_Landmark] = deque(maxlen=LANDMARKS)
        """In the order in which runs go on from them: new ones first, then by when it was last."""
        rules = answers.rules
        self._stops = [n for n, r in enumerate(rules) if r.property.kind == "deadlock free"]
        self._rests = [
            n for n, r in enumerate(rules) if r.property.kind in ("converges to", "no hot loop")
        ]

    @property
    def rests(self) -> bool:
        """Whether anything is asked of what happens for ever."""
        return any(each not in self.watch.closed for each in self._rests)

    def run(self, schedule: Schedule) -> list[Found]:
        """Follow a schedule to its end, or to where a rule is settled that is not closed."""
        counts, walker, watch = self.counts, self.walker, self.watch
        counts.runs += 1
        start = self.starts[schedule.start]
        path: list[Move] = []
        landmark = self._landmark() if schedule.resume else None
        if landmark is not None:
            start, path = landmark.start, list(landmark.path[: landmark.length])
            walker.place(landmark.state)
        else:
            walker.place(start.state, keep=True)
        settled = watch.start()
        self._keep_best(start, path)
        if settled:
            return [Found(each, start, tuple(path)) for each in settled]
        try:
            return self._follow(schedule, start, path)
        except Ended:
            counts.runs -= 1  # one that was cut off has not shown what a whole one does
            raise
        finally:
            counts.depth = max(counts.depth, start.length + len(path))

    def _landmark(self) -> _Landmark | None:
        """Where to go on, if anywhere: in turns from close to a bound, and from what was new."""
        self._turn += 1
        several = self._landmarks
        near = [each for n, each in self._nearest.items() if each and n not in self.watch.closed]
        if near and (self._turn % 2 or not several):
            several = near[self._turn // 2 % len(near)]
        if not several:
            return None
        several.rotate(-1)
        return several[-1]

    def _follow(self, schedule: Schedule, start: Start, path: list[Move]) -> list[Found]:
        counts, walker, watch = self.counts, self.walker, self.watch
        slots, ids = walker.slots, walker.ids
        seen, fired = counts.states, counts.fired
        fresh: list[tuple[int, Ids]] = []
        near: list[tuple[int, Ids, dict[int, int]]] = []
        slack = dict(watch.slack)
        moods = self.moods
        last = walker.everything
        resting: Resting | None = None
        mood: Mood = moods.even
        seen.add(hash(tuple(ids[:slots])))
        for at in range(min(self.steps - len(path), schedule.steps)):
            if at % PIECE == 0:
                self.check()
                piece = schedule.pieces[at // PIECE]
                mood = moods.mood(piece[0], piece[1], mood if at else None)
            place = 2 * (at % PIECE) + 2
            taste, more = piece[place], piece[place + 1]
            if at == schedule.rest:
                resting = Resting(walker, watch, self._rests)
            if resting is None:
                options = walker.preferred(moods.order(mood, taste))
            else:
                loops = resting.visit(path)
                if loops:
                    return [Found(rule, start, tuple(path), loop) for rule, loop in loops]
                options = resting.turn()
            if not options or not options[0].fair:
                stopped = self._stopped(start, path, nothing=not options)
                if stopped:
                    return stopped
                if not options:
                    break
            picker = _Picker(taste, more, mood.plain)
            option = picker(options) if len(options) > 1 else options[0]
            before = ids[:]
            change, followed = walker.take(option, picker)
            path.append((option, followed))
            counts.steps += 1
            fired[option.number] += 1
            for each in followed:
                fired[each.number] += 1
            state = tuple(ids[:slots])
            key = hash(state)
            if key not in seen:
                seen.add(key)
                fresh.append((len(path), state))
            settled = watch.step(change, last, before, option.number)
            last = change
            if watch.slack != slack:
                closer = {n: each for n, each in watch.slack.items() if each != slack.get(n)}
                near.append((len(path), state, closer))
                slack = dict(watch.slack)
            if watch.better:
                self._keep_best(start, path)
            if settled:
                return [Found(each, start, tuple(path)) for each in settled]
        self._keep_landmarks(start, path, fresh)
        self._keep_nearest(start, path, near)
        return []

    def _keep_landmarks(
        self, start: Start, path: Sequence[Move], fresh: Sequence[tuple[int, Ids]]
    ) -> None:
        """Let later runs go on from new states of a run."""
        if not self._novelty or len(fresh) > FEW:
            return
        for length, state in fresh:
            if length > self._latest:
                break
            if len(self._landmarks) == LANDMARKS:
                self._landmarks.pop()
            self._landmarks.appendleft(_Landmark(start, path, length, state))

    def _keep_nearest(
        self,
        start: Start,
        path: Sequence[Move],
        near: Sequence[tuple[int, Ids, Mapping[int, int]]],
    ) -> None:
        """Let later runs go on from where this one came as close to a bound as any before."""
        if not self._target:
            return
        for length, state, closer in near:
            for rule, slack in closer.items():
                least = self._least.get(rule)
                if least is None or slack < least:
                    self._least[rule] = slack
                    self._nearest[rule] = deque(maxlen=NEAREST)
                if slack == self._least[rule] and length <= self._latest:
                    self._nearest[rule].append(_Landmark(start, path, length, state))

    def _stopped(self, start: Start, path: Sequence[Move], *, nothing: bool) -> list[Found]:
        """
        What is settled where nothing is enabled, or nothing that is fair.

        Users and faults may rest for ever: where nothing else is enabled, the run may stop there.
        """
        walker, watch = self.walker, self.watch
        found: list[Found] = []
        goals = watch.goals
        if goals and not any(options[0].fair for options in walker.enabled()):
            loop = Loop(len(path), ("no step of the system is enabled: the run stops here",))
            found += [
                Found(each, start, tuple(path), loop) for each in goals if not watch.in_goal(each)
            ]
        if nothing and not walker.enabled():
            self.counts.deadlocks += 1
            stops = [each for each in self._stops if each not in watch.closed]
            found += [Found(each, start, tuple(path)) for each in stops]
        return found

    def _keep_best(self, start: Start, path: Sequence[Move]) -> None:
        for rule in self.watch.better:
            slack = self.watch.slack[rule]
            self.best[rule] = Found(rule, start, tuple(path), slack=slack)
        self.watch.better.clear()


class _Picker:
    """Picks outcomes for one step and what it commits to, by its two bytes; 0 is the first."""

    __slots__ = ("more", "next", "plain")

    def __init__(self, taste: int, more: int, plain: int) -> None:
        self.more = more
        self.next = taste
        self.plain = plain

    def __call__(self, options: Sequence[Option]) -> Option:
        more = self.more
        if not more:
            return options[0]
        self.more = (73 * more + self.next) % 255 + 1
        self.next += 41
        return options[0 if more < self.plain else (more - self.plain) % len(options)]


def trace_of(found: Found, answers: Answers, **more: Any) -> Trace:
    """The trace of a run, from the initial state."""
    system = answers.system
    names = [slot.name for slot in system.slots]
    steps = list(found.start.prefix)
    state = found.start.values
    for option, followed in found.moves:
        for each in (option, *followed):
            steps.append(step_of(system, state, each.action, each.outcome))
            state = successor(state, each.outcome)
    return Trace(
        system=system.system.name,
        initial=tuple(zip(names, found.start.origin, strict=True)),
        steps=tuple(steps),
        **more,
    )
