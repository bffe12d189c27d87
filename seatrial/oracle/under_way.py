"""Which steps of a trace are one sync: from the taking of its key on, until nothing is left."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from attrs import define, field, frozen

from seatrial.core import Step, Trace

from .subject import Traced

__all__ = ["Open", "State", "Sync", "family", "found_in", "numbers_of"]

State = Mapping[str, Any]


@frozen
class Sync:
    """
    A sync in a trace, or what is left of one.

    `first` and `last` are the numbers of its first and last step as a timeline shows them, `says`
    what its steps say. `cases` are states in which it may have begun, the likeliest first; none
    where `trouble` says why there is no such case. `ended` is false where the trace ends before the
    sync. `meanwhile` are the writes of others before its last step. `subject` knows how its cases
    are asked for, and what `taken` is: the steps as far as they matter.
    """

    controller: str
    template: int
    first: int
    last: int
    says: tuple[str, ...]
    subject: Traced
    taken: Any = ()
    cases: tuple[Any, ...] = ()
    ended: bool = True
    trouble: str = ""
    meanwhile: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The controller, and which ReplicaSet the sync is about."""
        return f"{self.controller} {self.template}" if self.template else self.controller


@define
class Open:
    """A sync whose end has not been found yet: places in the trace. `who` tells it from others."""

    who: Any
    own: list[int] = field(factory=list)
    others: list[int] = field(factory=list)
    cut: bool = False


def numbers_of(trace: Trace) -> tuple[int, ...]:
    """Of each step, as a timeline counts: what follows at once has the number of its cause."""
    numbers, number = [], 0
    for step in trace.steps:
        number += not step.committed
        numbers.append(max(number, 1))
    return tuple(numbers)


def family(step: Step) -> str:
    """The action, whatever it is about."""
    return step.action.partition("[")[0]


def found_in(
    trace: Trace,
    states: Sequence[State],
    whose: Callable[[Step], Any],
    begins: Callable[[Step], bool],
    left: Callable[[State, Any], Any],
) -> list[Open]:
    """
    The syncs in the order in which they begin.

    `whose` is who takes a step, None where no sync does; `left` is what is left of somebody's sync.
    """
    under_way: dict[Any, Open] = {}
    found = []
    for at, step in enumerate(trace.steps):
        mine = whose(step)
        if mine is not None and begins(step):
            under_way[mine] = Open(mine)
            found.append(under_way[mine])
        for who, each in list(under_way.items()):
            (each.own if who == mine else each.others).append(at)
            if left(states[at + 1], who) is None:
                each.cut = who != mine
                del under_way[who]
    return found
