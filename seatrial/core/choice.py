"""Choices of number inside a rule: `choose` and `split`.

The explicit engine runs the rule once for each combination of answers; the Hypothesis engine draws
them; the symbolic engine makes each a fresh constrained integer.
"""

from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import Protocol, TypeVar

from .arith import minimum
from .errors import NotAFunction, RuleError, shown
from .kinds import is_truth
from .population import Population

__all__ = ["MOST_ANSWERS", "Chooser", "answers", "choose", "deciding", "split"]

MOST_ANSWERS = 10_000
"""How many outcomes and combinations of answers one call of a rule may have, where all are run."""

K = TypeVar("K")
T = TypeVar("T")


class Chooser(Protocol):
    """Whoever decides: one method, called in program order by the rule that is running."""

    def choose(self, low: int, high: int) -> int:
        """An integer from `low` to `high`, both included."""


_DECIDING: ContextVar[Chooser | None] = ContextVar("seatrial_chooser", default=None)


def choose(low: int, high: int) -> int:
    """
    Any integer from `low` to `high`, both included: the rule must be right for each of them.

    Raises RuleError where the range is empty, or outside a running rule.
    """
    chooser = _DECIDING.get()
    if chooser is None:
        raise RuleError(
            "choose() was called outside an action that an engine is running; views and properties"
            " cannot choose"
        )
    return chooser.choose(low, high)


def split(population: Population[K], n: int) -> Population[K]:
    """
    Any `n` members of `population`, as a population: which ones is open.

    Raises RuleError where `n` is negative or more than there are.

    >>> pods = Population({"old": 1, "new": 2})
    >>> for picked, rest in answers(lambda: split(pods, 2)):
    ...     print(picked)
    Population({'new': 1, 'old': 1})
    Population({'new': 2})
    """
    if not isinstance(population, Population):
        raise RuleError(f"split takes a Population, not {shown(population)}")
    left = population.total
    if isinstance(n, (bool, float, str)) or n is None:
        raise RuleError(f"split takes an integer, not {n!r}")
    if is_truth(type(n)):
        raise RuleError("split takes an integer, not a truth value")
    if type(n) is int and type(left) is int and not 0 <= n <= left:
        raise RuleError(f"split asked for {n} of {shown(population)}, which has {left}")
    picked = []
    missing = n
    for kind, count in population.items():
        left = left - count
        # At least what the classes still to come cannot give, at most what this class has.
        low = missing - left if missing > left else 0
        taken = choose(low, minimum(count, missing))
        picked.append((kind, taken))
        missing = missing - taken
    if missing != 0:
        raise RuleError(f"split asked for {n} of {shown(population)}, which has {population.total}")
    return Population(picked)


class _Scripted:
    """Answers from a script, then the lowest possible; remembers the ranges it was asked."""

    __slots__ = ("asked", "script")

    def __init__(self, script: tuple[int, ...]) -> None:
        self.script = script
        self.asked: list[tuple[int, int]] = []

    def choose(self, low: int, high: int) -> int:
        asked = f"choose({shown(low)}, {shown(high)})"
        if type(low) is not int or type(high) is not int:
            raise RuleError(f"{asked} is no range of integers; give two of type int")
        if high < low:
            raise RuleError(f"{asked} has no answer: the range is empty")
        if high - low >= MOST_ANSWERS:
            raise RuleError(
                f"{asked} has {high - low + 1:,} answers, and at most {MOST_ANSWERS:,} are tried;"
                " choose from a smaller range"
            )
        at = len(self.asked)
        answer = self.script[at] if at < len(self.script) else low
        if not low <= answer <= high:
            raise NotAFunction(
                f"{asked} was another range when the same answers had been given before it; the"
                " rule reads something that it does not declare"
            )
        self.asked.append((answer, high))
        return answer

    def taken(self) -> tuple[int, ...]:
        return tuple(answer for answer, _ in self.asked)

    def following(self) -> tuple[int, ...] | None:
        """The next script in lexicographic order, or None after the last."""
        for at in range(len(self.asked) - 1, -1, -1):
            answer, high = self.asked[at]
            if answer < high:
                return (*self.taken()[:at], answer + 1)
        return None


def answers(body: Callable[[], T]) -> Iterator[tuple[T, tuple[int, ...]]]:
    """
    Run `body` once for each combination of answers to its choices, in lexicographic order.

    Yields what it returned, and the answers it was given. Raises RuleError where there are more
    than MOST_ANSWERS combinations.
    """
    script: tuple[int, ...] | None = ()
    tried = 0
    while script is not None:
        tried += 1
        if tried > MOST_ANSWERS:
            raise RuleError(
                f"its choices have more than {MOST_ANSWERS:,} combinations of answers; choose from"
                " smaller ranges, or in steps of their own"
            )
        scripted = _Scripted(script)
        token = _DECIDING.set(scripted)
        try:
            result = body()
        finally:
            _DECIDING.reset(token)
        yield result, scripted.taken()
        script = scripted.following()


class deciding:
    """Context in which `choose` and `split` are answered by `chooser`."""

    def __init__(self, chooser: Chooser) -> None:
        self._chooser = chooser

    def __enter__(self) -> None:
        self._token = _DECIDING.set(self._chooser)

    def __exit__(self, *_: object) -> None:
        _DECIDING.reset(self._token)
