"""
Die Hard: four gallons with jugs of five and of three.

:Source: tlaplus/Examples, specifications/DieHard/DieHard.tla with DieHard.cfg.
:Published: the result, "safety failure" of NotSolved (manifest.json beside it): the riddle is
    solved in six steps. The 16 states are those in which some jug is full or empty, 24 - 2 * 4,
    and each rule is enabled in all of them.
:Omits: nothing.
"""

from collections.abc import Iterator

from seatrial.core import Outcomes, Parameter, System, Variable, action, always, at_most, outcome
from seatrial.core.arith import minimum

__all__ = ["die_hard", "most_in_both", "not_solved"]


@action(actor="hero", writes="small")
def fill_small(small_size: int) -> Outcomes:
    """From the faucet."""
    yield outcome("fill small", small=small_size)


@action(actor="hero", writes="big")
def fill_big(big_size: int) -> Outcomes:
    """From the faucet."""
    yield outcome("fill big", big=big_size)


@action(actor="hero", writes="small")
def empty_small() -> Outcomes:
    """Onto the ground."""
    yield outcome("empty small", small=0)


@action(actor="hero", writes="big")
def empty_big() -> Outcomes:
    """Onto the ground."""
    yield outcome("empty big", big=0)


@action(actor="hero", writes=("small", "big"))
def small_to_big(small: int, big: int, big_size: int) -> Outcomes:
    """Until one is empty or the other full."""
    poured = minimum(small, big_size - big)
    yield outcome("small to big", small=small - poured, big=big + poured)


@action(actor="hero", writes=("small", "big"))
def big_to_small(small: int, big: int, small_size: int) -> Outcomes:
    """Until one is empty or the other full."""
    poured = minimum(big, small_size - small)
    yield outcome("big to small", small=small + poured, big=big - poured)


@always(
    says="the big jug never holds four gallons",
    source="tlaplus/Examples, DieHard/DieHard.tla, NotSolved",
    expected="refuted",
)
def not_solved(big: int) -> Iterator[str]:
    """Its counterexample is the solution."""
    if big == 4:
        yield "the big jug holds four gallons"


@at_most(says="no more water than the jugs hold", source="DieHard.tla, TypeOK", bound=8)
def most_in_both(small: int, big: int) -> int:
    """The extreme is reached: both jugs full, after two steps."""
    return small + big


def die_hard(small_size: int = 3, big_size: int = 5) -> System:
    """Two empty jugs."""
    return System(
        name="die-hard",
        parameters=[Parameter("small_size", small_size), Parameter("big_size", big_size)],
        variables=[Variable("small"), Variable("big")],
        actions=[fill_small, fill_big, empty_small, empty_big, small_to_big, big_to_small],
        initial=[{"small": 0, "big": 0}],
    )
