"""
A server walks round n stations and serves whoever waits.

:Source: prismmodelchecker/prism-benchmarks, models/ctmcs/polling/poll3.sm and on, after Ibe and
    Trivedi, Stochastic Petri net models of polling systems, 1990.
:Published: 36, 96, 240, 15,360 and 737,280 states for 3, 4, 5, 10 and 15 stations (models.csv
    beside it), which is 3 n 2^(n-1); 84, 272, 800, 89,600 and 6,144,000 transitions, and 2 n + 1
    iterations, the last of which finds nothing new (logs/ beside it).
:Omits: the rates.
"""

import attrs

from seatrial.core import (
    Fairness,
    Index,
    Outcomes,
    Parameter,
    System,
    Variable,
    action,
    every,
    no_hot_loop,
    outcome,
)

__all__ = ["never_idles", "polling"]


@action(actor="customer", over="station", writes="waiting")
def arrive(waiting: bool) -> Outcomes:
    """Somebody comes to an empty station."""
    if not waiting:
        yield outcome("arrive", waiting=True)


@action(actor="server", over="station", writes="at")
def walk(station: int, at: int, serving: bool, waiting: bool, stations: int) -> Outcomes:
    """From a station where nobody waits to the next."""
    if at == station and not serving and not waiting:
        yield outcome("walk", at=(station + 1) % stations)


@action(actor="server", over="station", writes="serving")
def begin(station: int, at: int, serving: bool, waiting: bool) -> Outcomes:
    """Somebody waits here."""
    if at == station and not serving and waiting:
        yield outcome("begin", serving=True)


@action(actor="server", over="station", writes=("at", "serving", "waiting"))
def serve(station: int, at: int, serving: bool, stations: int) -> Outcomes:
    """It is done; on to the next station."""
    if at == station and serving:
        yield outcome("serve", at=(station + 1) % stations, serving=False, waiting=False)


never_idles = no_hot_loop(
    work="walk",
    progress="serve",
    says="the server does not walk round for ever without serving anybody",
    source="no model of others: true where customers keep coming, and false where they do not",
)


def polling(stations: int = 3, arriving: Fairness = "weak") -> System:
    """A server at the first of so many empty stations."""
    return System(
        name="polling",
        indices=[Index("station", range(stations))],
        parameters=[Parameter("stations", stations)],
        variables=[Variable("waiting", over="station"), Variable("at"), Variable("serving")],
        actions=[attrs.evolve(arrive, fair=arriving), walk, begin, serve],
        initial=[{"waiting": every(False), "at": 0, "serving": False}],
    )
