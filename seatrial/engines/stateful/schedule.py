"""Schedules: what decides a run, drawn by Hypothesis in few pieces, and what the bytes mean.

A step takes two bytes. The first is a *taste*: an order of preference over all actions of the
system, the same at every step; the most preferred action of those that are enabled is taken. The
second picks one of its outcomes, and of those of the committed steps that follow. So a choice means
the same action wherever that is enabled, and what follows keeps its meaning when a choice before it
is dropped.

Each piece of a schedule begins with two more bytes, which may change the *mood*: weights of the
actions that favour some and put off others (a swarm), for the steps from there on.
"""

import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from math import log

import attrs
from hypothesis import strategies as st

from seatrial.core import Ground

from .lookups import Order

__all__ = ["MOST_STEPS", "PIECE", "Mood", "Moods", "Schedule", "schedules"]

PIECE = 32
"""How many steps one piece decides: one draw, and one deletion when Hypothesis shrinks."""

MOST_STEPS = 2_000
"""Hypothesis takes 8 KiB of choices for one example."""

_BYTES = 2 * PIECE + 2
_HEAD = 61
"""
Bytes for the start, the length, the rest, and what to go on with: the first five are used. So many,
and no round number, since Hypothesis mixes in literals of that length from modules of the program.
"""

_FRESH = 128
"""Of 256 runs, so many begin at a start; the others go on from where another came to."""

_SPREADS = (1.0, 3.0, 8.0, 20.0)
"""How far weights lie apart: e to this power. At the last one they are strict priorities."""

_PLAIN = (0, 0, 128, 224, 248, 253)
"""Of 256 bytes, so many mean the first outcome."""

_NEVER = 1e6

MOODS = 64
"""How many moods there are: few, since each is worked out when it first comes up."""

TASTES = 64
"""How many orders of preference are drawn in one mood; a byte means one of them."""


@attrs.frozen
class Schedule:
    """
    Everything that decides a run.

    `start` is the number of the state that it starts in. From step `rest` on users and faults rest,
    and the fair actions take turns; None: they never do. Where it is to `resume`, it does not begin
    in `start`, but goes on from a new state that an earlier run came to, if any is kept.
    """

    start: int
    rest: int | None
    pieces: tuple[bytes, ...]
    resume: bool = False

    @property
    def steps(self) -> int:
        """How many steps it decides."""
        return PIECE * len(self.pieces)


def schedules(
    starts: int, steps: int, *, others: int = 0, rests: bool = True
) -> st.SearchStrategy[Schedule]:
    """
    Schedules of up to so many steps; they shrink towards short ones of the first actions.

    The last `others` of the `starts` are no initial states, and decide half of the runs at most.
    With `rests` some let users and faults rest from some step on.
    """
    most = max(1, min(steps, MOST_STEPS) // PIECE + bool(steps % PIECE))
    # Long bytes and no integers: among what is short Hypothesis mixes constants of whatever is
    # imported, so that a seed would not mean the same in all programs.
    piece = st.binary(min_size=_BYTES, max_size=_BYTES)
    # Made once and not for each schedule: Hypothesis looks at each new strategy before it draws.
    several = [st.tuples(*[piece] * each) for each in range(1, most + 1)]
    return _schedules(st.binary(min_size=_HEAD, max_size=_HEAD), several, starts, others, rests)


@st.composite
def _schedules(
    draw: st.DrawFn,
    heads: st.SearchStrategy[bytes],
    several: Sequence[st.SearchStrategy[tuple[bytes, ...]]],
    starts: int,
    others: int,
    rests: bool,
) -> Schedule:
    head = draw(heads)
    most = len(several)
    start = int.from_bytes(head[:2], "big") % (starts + others)
    # Mostly as long as it may be, and yet the least is what shrinks.
    length = most if head[2] % 4 else 1 + head[2] // 4 % most
    rest = head[3] % (2 * most + 1) if rests else 0
    return Schedule(
        start if start < starts else start % (starts - others),
        PIECE * (length - rest) if 0 < rest <= length else None,
        draw(several[length - 1]),
        head[4] >= _FRESH,
    )


class Mood:
    """
    Weights of the actions, and the orders of preference that were drawn by them.

    Of an action's outcomes the first is taken where a byte is less than `plain`: what goes wrong in
    a request comes after what usually happens.
    """

    __slots__ = ("orders", "plain", "weights")

    def __init__(self, weights: Sequence[float], plain: int) -> None:
        self.weights = weights
        self.plain = plain
        self.orders: list[Order | None] = [None] * TASTES


class Moods:
    """Moods and tastes for the actions of a system; one seed gives the same in every process."""

    def __init__(
        self, system: Ground, order: Callable[[Iterable[int]], Order], *, swarm: bool, seed: int
    ) -> None:
        self._actions = range(len(system.actions))
        self._unfair = [action.action.fair == "none" for action in system.actions]
        self._names = [action.action.name for action in system.actions]
        self._order = order
        self._swarm = swarm
        self._seed = seed
        dice = random.Random(0)
        self._ranks = [
            [log(max(1e-12, dice.expovariate(1.0))) for _ in system.actions] for _ in range(TASTES)
        ]
        self.even = Mood([0.0] * len(system.actions), 0)
        self._known: dict[int, Mood] = {}

    def mood(self, first: int, second: int, now: Mood | None) -> Mood:
        """The mood after a piece's first two bytes; `now` is that before, None at first."""
        if not self._swarm or (now is None and first < 64):
            return self.even
        if now is not None and first < 160:
            return now
        seed = second % MOODS
        known = self._known.get(seed)
        if known is None:
            known = self._known[seed] = self._made(seed)
        return known

    def order(self, mood: Mood, taste: int) -> Order:
        """
        The order of preference that a byte means in a mood; 0 is that of declaration.

        Where E is exponential, the least of E / w over the actions is that of an action with the
        probability of its weight w: so one order has all that a weighted draw needs.
        """
        taste %= TASTES
        known = mood.orders[taste]
        if known is None:
            if taste:
                ranks = self._ranks[taste]
                weights = mood.weights
                numbers = sorted(self._actions, key=lambda each: ranks[each] - weights[each])
            else:
                numbers = list(self._actions)
            known = mood.orders[taste] = self._order(numbers)
        return known

    def _made(self, seed: int) -> Mood:
        dice = random.Random(MOODS * self._seed + seed)
        plain = dice.choice(_PLAIN)
        return Mood(list(self._weights(dice)), plain)

    def _weights(self, dice: random.Random) -> Iterator[float]:
        """Logarithms of weights."""
        width = dice.choice(_SPREADS)
        by_name = dice.random() < 0.5  # so that the members of a family are alike
        unfair = dice.choice((0.0, -width, -_NEVER))
        left_out = dice.choice((0.0, 0.0, 0.2, 0.5))
        shared: dict[str, float] = {}
        for name, is_unfair in zip(self._names, self._unfair, strict=True):
            weight = -_NEVER if dice.random() < left_out else dice.uniform(-width, width)
            if by_name:
                weight = shared.setdefault(name, weight)
            yield weight + (unfair if is_unfair else 0.0)
