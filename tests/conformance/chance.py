"""
Where choices come from: a seed, which is fast, a list of earlier choices, or Hypothesis.

States are drawn by plain functions of a `Chance`. A campaign gives them a seed; what diverges is
then made smaller by giving them fewer and smaller choices (`smallest`).
"""

from collections.abc import Callable, Sequence
from random import Random
from typing import TypeVar

from hypothesis import strategies as st

__all__ = ["Chance", "Drawn", "Repeated", "Seeded", "smallest"]

T = TypeVar("T")


class Chance:
    """Someone to ask for numbers."""

    def integer(self, low: int, high: int) -> int:
        """A number between these, which both are possible."""
        raise NotImplementedError

    def of(self, options: Sequence[T]) -> T:
        """One of the options; the first is the simplest."""
        return options[self.integer(0, len(options) - 1)]


class Drawn(Chance):
    """Choices of a Hypothesis test."""

    def __init__(self, draw: st.DrawFn) -> None:
        self._draw = draw

    def integer(self, low: int, high: int) -> int:
        return self._draw(st.integers(low, high))


class Seeded(Chance):
    """Choices that a seed decides; `taken` are those made so far, counted from the lowest."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed).random
        self.taken: list[int] = []

    def integer(self, low: int, high: int) -> int:
        choice = int(self._random() * (high - low + 1))
        self.taken.append(choice)
        return low + choice


class Repeated(Chance):
    """Choices made before, and then always the lowest."""

    def __init__(self, choices: Sequence[int]) -> None:
        self._left = list(reversed(choices))

    def integer(self, low: int, high: int) -> int:
        choice = self._left.pop() if self._left else 0
        return min(low + choice, high)


def smallest(
    choices: Sequence[int], fails: Callable[[Sequence[int]], bool], most: int = 2000
) -> list[int]:
    """
    Fewer and lower choices that fail as well; `fails` is asked `most` times.

    >>> smallest([3, 9, 7, 2], lambda some: sum(some) > 8)
    [9]
    """
    best, asked = list(choices), 0

    def better(candidate: list[int]) -> bool:
        nonlocal best, asked
        asked += 1
        if asked > most or not fails(candidate):
            return False
        best = candidate
        return True

    size = len(best)
    while size:
        at = len(best) - size
        while at >= 0:
            better(best[:at] + best[at + size :])
            at -= size
        size //= 2
    improved = True
    while improved and asked < most:
        improved = False
        for at in range(len(best)):
            for lower in dict.fromkeys((0, best[at] // 2, best[at] - 1)):
                if at < len(best) and 0 <= lower < best[at]:
                    improved |= better([*best[:at], lower, *best[at + 1 :]])
    return best
