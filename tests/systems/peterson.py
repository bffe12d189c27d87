"""
Peterson's algorithm: mutual exclusion of two processes with two flags and a turn.

:Source: tlaplus/Examples, specifications/locks_auxiliary_vars/Peterson.tla with Peterson.cfg.
:Published: 42 distinct states, 77 generated and 11 levels (manifest.json beside it). By hand: call
    a process *out* while it rests, raises its flag or gives way; *waiting* after that; *in* while
    it is in the critical section or lowers its flag. Both out: 3 * 3 places, any turn: 18. One
    waiting or in (3 places in all), the other out (3), turn the other's: 2 * 3 * 3 = 18. Both
    waiting, any turn: 2. One in (2 places), the other waiting, turn the first's: 2 * 2 = 4.
:Omits: nothing. `once` names processes that leave for good after their critical section: so
    "process 2 gets in at last" becomes a goal that, once reached, is kept.
"""

from collections.abc import Iterator

from seatrial.core import (
    All,
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

__all__ = ["excludes", "gets_in", "peterson"]


@action(actor="process", over="process", writes="place")
def want(place: str) -> Outcomes:
    """It has rested enough."""
    if place == "rests":
        yield outcome("want", place="raises flag")


@action(actor="process", over="process", writes=("place", "flag"))
def raise_flag(place: str) -> Outcomes:
    """It shows that it wants to get in."""
    if place == "raises flag":
        yield outcome("raise flag", place="gives way", flag=True)


@action(actor="process", over="process", writes=("place", "turn"))
def give_way(process: int, place: str) -> Outcomes:
    """It is the other's turn."""
    if place == "gives way":
        yield outcome("give way", place="waits", turn=3 - process)


@action(actor="process", over="process", writes="place")
def enter(process: int, place: str, flag: All[bool], turn: int) -> Outcomes:
    """It gets in where the other does not want to, or gave way last."""
    if place == "waits" and (not flag[3 - process] or turn == process):
        yield outcome("enter", place="critical")


@action(actor="process", over="process", writes="place")
def leave(place: str) -> Outcomes:
    """It has done its work."""
    if place == "critical":
        yield outcome("leave", place="lowers flag")


@action(actor="process", over="process", writes=("place", "flag"))
def lower_flag(process: int, place: str, once: frozenset[int]) -> Outcomes:
    """It rests again, or is gone."""
    if place == "lowers flag":
        yield outcome("lower flag", place="gone" if process in once else "rests", flag=False)


@always(
    says="two processes are never in the critical section together",
    source="tlaplus/Examples, locks_auxiliary_vars/Peterson.tla, the last clause of Inv",
)
def excludes(place: All[str]) -> Iterator[str]:
    """As there, one that has yet to lower its flag is still in."""
    if all(each in ("critical", "lowers flag") for each in place.values()):
        yield "both are in the critical section"


@converges_to(
    says="a process that wants to get in does at last",
    source="Peterson, Myths about the mutual exclusion problem, 1981: no lockout",
)
def gets_in(place: All[str], once: frozenset[int]) -> bool:
    """Weak fairness is enough: once it may enter, it may until it does."""
    return all(place[process] == "gone" for process in once)


def peterson(once: frozenset[int] = frozenset()) -> System:
    """Both processes rest."""
    return System(
        name="peterson",
        indices=[Index("process", (1, 2))],
        parameters=[Parameter("once", once)],
        variables=[
            Variable("place", over="process"),
            Variable("flag", over="process"),
            Variable("turn"),
        ],
        actions=[want, raise_flag, give_way, enter, leave, lower_flag],
        initial=[{"place": every("rests"), "flag": every(False), "turn": 1}],
    )
