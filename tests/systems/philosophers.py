"""
Dining philosophers who take their forks one after the other, and can starve together.

:Source: the Petri net that papers on decision diagrams measure with: idle; waiting for both forks,
    which come in any order; eating; back to idle. See Ciardo, Zhao and Jin, Ten years of
    saturation: a Petri net perspective, 2012.
:Published: states by formula, the Lucas number L(3n): a fork is free, or taken by one of two
    neighbours, and a philosopher without a fork is idle or waits; the trace of the transfer matrix
    of that ring is L(3n): 18, 76, 322, 1,364, 5,778 for 2 to 6. Two deadlocks: all hold the left
    fork, or all the right one.
:Omits: nothing. That a fork is free could be read off its neighbours; it is a variable so that
    taking one reads two values only.
"""

from seatrial.core import (
    Index,
    Outcomes,
    Parameter,
    System,
    Variable,
    action,
    deadlock_free,
    every,
    outcome,
)

__all__ = ["never_stuck", "philosophers"]


@action(actor="philosopher", over="seat", writes="mood")
def get_hungry(mood: str) -> Outcomes:
    """From now on any of the two forks is welcome."""
    if mood == "idle":
        yield outcome("get hungry", mood="waits")


@action(actor="philosopher", over=("seat", "fork"), writes=("mood", "free"))
def take(seat: int, fork: int, mood: str, free: bool, seats: int) -> Outcomes:
    """Fork n lies to the left of seat n."""
    if free and fork == seat and mood in ("waits", "has right"):
        yield outcome("take left", mood="has left" if mood == "waits" else "eats", free=False)
    if free and fork == (seat + 1) % seats and mood in ("waits", "has left"):
        yield outcome("take right", mood="has right" if mood == "waits" else "eats", free=False)


@action(actor="philosopher", over="seat", writes=("mood", "free"))
def put_back(seat: int, mood: str, seats: int) -> Outcomes:
    """Both forks at once."""
    if mood == "eats":
        yield outcome("put back", mood="idle", free={seat: True, (seat + 1) % seats: True})


never_stuck = deadlock_free(
    source="Dijkstra, EWD 310: each may hold one fork and wait for the other", expected="refuted"
)


def philosophers(seats: int = 5) -> System:
    """So many idle philosophers, at least two, and as many forks."""
    return System(
        name="philosophers",
        indices=[Index("seat", range(seats)), Index("fork", range(seats))],
        parameters=[Parameter("seats", seats)],
        variables=[Variable("mood", over="seat"), Variable("free", over="fork")],
        actions=[get_hungry, take, put_back],
        initial=[{"mood": every("idle"), "free": every(True)}],
    )
