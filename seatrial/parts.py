"""
Parts of an environment: where a promise is asked whose preconditions are not met in the whole.

What may happen in a part may happen in the whole, so a promise that breaks in a part is broken.
One that holds there holds as long as what the part leaves out stays away.
"""

from collections.abc import Iterator, Sequence

import attrs

from seatrial.model import Environment
from seatrial.properties import Promise

from .scenarios import Rung
from .subject import Subject

__all__ = ["part_of", "parts_of"]


def parts_of(rung: Rung) -> Iterator[Rung]:
    """
    The largest parts of a rung's environment in which promises can be asked that it leaves out.

    Each has just these promises. What is listed as refuted is not sought: its run would be no news.
    """
    if rung.of is None:
        return
    left_out = {each.id for each, _ in rung.subject.left_out if each.expected == "holds"}
    found: dict[Environment, list[Promise]] = {}
    for each in rung.of.kind.promises:
        if each.property.id in left_out:
            part = each.narrowed(rung.of.spec, rung.around)
            if part is not None:
                found.setdefault(part, []).append(each)
    for part, promises in found.items():
        yield part_of(rung, part, promises)


def part_of(rung: Rung, part: Environment, promises: Sequence[Promise]) -> Rung:
    """These promises alone, in a part of the rung's environment, and the options that ask there."""
    assert rung.of is not None
    asked = attrs.evolve(
        rung.asked,
        users=tuple(map(str, part.users)) or ("none",),
        faults=tuple(map(str, part.faults)) or ("none",),
        level=part.level,
        lag=part.lag,
        clock=part.clock,
    )
    of = rung.of
    asserted = tuple(each.property for each in promises)

    def subject() -> Subject:
        return attrs.evolve(of.subject(part), properties=asserted, left_out=())

    return Rung(_name(rung, part), subject, asked, part, of)


def _name(rung: Rung, part: Environment) -> str:
    """The level and the lag, and in what the part is smaller."""
    whole = rung.around
    kept = {(each.name, each.value): each for each in (*part.users, *part.faults)}
    away, fewer = [], []
    for each in (*whole.users, *whole.faults):
        other = kept.get((each.name, each.value))
        if other is None:
            away.append(str(each))
        elif other != each:
            fewer.append(str(other))
    words = [f"{part.level}, lag {part.lag}"]
    if part.clock != whole.clock:
        words.append(f"clock {part.clock}")
    if fewer:
        words.append(f"only {', '.join(fewer)}")
    if away:
        words.append(f"without {', '.join(away)}")
    return ", ".join(words)
