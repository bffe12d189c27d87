"""
A lock: whoever finds it free takes it.

:Source: tlaplus/Examples, specifications/locks_auxiliary_vars/Lock.tla with Lock.cfg.
:Published: 12 distinct states, 21 generated and 5 levels for 2 processes (manifest.json beside
    it). By hand: nobody in, 2 * 2 places; one in (2 places, 2 processes), the other out (2 places).
:Omits: nothing. `once` is as in the module peterson. Where a process takes the lock again and
    again, another may find it taken whenever it looks: that this run is unfair is strong fairness.
"""

from collections.abc import Iterator

import attrs

from seatrial.core import (
    All,
    Fairness,
    Index,
    Outcomes,
    Parameter,
    System,
    Variable,
    action,
    always,
    converges_to,
    every,
    outcome,
)

__all__ = ["excludes", "gets_in", "lock"]


@action(actor="process", over="process", writes="place")
def want(place: str) -> Outcomes:
    """It has rested enough."""
    if place == "rests":
        yield outcome("want", place="waits")


@action(actor="process", over="process", writes=("place", "free"))
def take(place: str, free: bool) -> Outcomes:
    """It takes the lock."""
    if place == "waits" and free:
        yield outcome("take", place="critical", free=False)


@action(actor="process", over="process", writes="place")
def finish(place: str) -> Outcomes:
    """It has done its work."""
    if place == "critical":
        yield outcome("finish", place="unlocks")


@action(actor="process", over="process", writes=("place", "free"))
def release(process: int, place: str, once: frozenset[int]) -> Outcomes:
    """It gives the lock back, and rests or is gone."""
    if place == "unlocks":
        yield outcome("release", place="gone" if process in once else "rests", free=True)


@always(
    says="two processes are never in the critical section together",
    source="tlaplus/Examples, locks_auxiliary_vars/Lock.tla",
)
def excludes(place: All[str]) -> Iterator[str]:
    """Whoever is in has the lock."""
    inside = [process for process, each in place.items() if each in ("critical", "unlocks")]
    if len(inside) > 1:
        yield f"{inside} are in the critical section"


@converges_to(
    says="a process that waits for the lock gets it at last",
    source="any book on fairness: the example that tells strong from weak",
)
def gets_in(place: All[str], once: frozenset[int]) -> bool:
    """Whoever wants the lock once has had it."""
    return all(place[process] == "gone" for process in once)


def lock(
    processes: int = 2, once: frozenset[int] = frozenset(), taking: Fairness = "weak"
) -> System:
    """So many processes at rest, and a free lock."""
    return System(
        name="lock",
        indices=[Index("process", range(1, processes + 1))],
        parameters=[Parameter("once", once)],
        variables=[Variable("place", over="process"), Variable("free")],
        actions=[want, attrs.evolve(take, fair=taking), finish, release],
        initial=[{"place": every("rests"), "free": True}],
    )
