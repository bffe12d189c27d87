"""
The StatefulSet controller held against the oracle, one sync at a time.

A seed makes a state. Recorded are the seeds with the answers, after the revisions that the
controller makes of each template.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from attrs import frozen

from seatrial.oracle.confirm import Ask
from seatrial.oracle.objects import Object

from . import recorded
from .chance import Seeded
from .statefulset_objects import known_to_differ, names_of_revisions, real, request
from .statefulset_states import Start
from .statefulset_syncs import Went, drawn, modelled

__all__ = ["Compared", "compared", "read", "record"]

_NAME = "statefulset"


@frozen
class Compared:
    """A state, and how both sides went about it; `known` says why they need not agree."""

    start: Start
    real: Went
    model: Went
    known: str

    @property
    def agrees(self) -> bool:
        """Whether there is nothing to be settled."""
        return bool(self.known) or self.real == self.model


def _compared(seed: int, answer: Object, names: dict[int, Object]) -> Compared:
    start = drawn(Seeded(seed))
    return Compared(start, real(start, answer, names), modelled(start), known_to_differ(answer))


def compared(ask: Ask, seeds: Sequence[int]) -> Iterator[Compared]:
    """Fresh states, of these seeds. Raises KeyError where the oracle did not run a sync."""
    names = names_of_revisions(ask)
    requests = [request(drawn(Seeded(seed)), names) for seed in seeds]
    for seed, answer in zip(seeds, ask(requests), strict=True):
        yield _compared(seed, answer, names)


def record(ask: Ask, version: str, seeds: Sequence[int]) -> None:
    """Write the answers of the oracle to the states of these seeds."""
    names = names_of_revisions(ask)
    requests = [request(drawn(Seeded(seed)), names) for seed in seeds]
    lines: list[Any] = [[names[template] for template in sorted(names)]]
    for seed, made, answer in zip(seeds, requests, ask(requests), strict=True):
        lines.append({"seed": seed, "request": recorded.digest(made), "answer": answer})
    recorded.write_lines(_NAME, version, lines)


def read() -> Iterator[Compared]:
    """The recorded syncs. Raises ValueError where a seed makes another state now."""
    lines = recorded.lines(_NAME)
    _, made = next(lines)
    names = dict(enumerate(made, start=1))
    for number, found in lines:
        seed = found["seed"]
        recorded.check(_NAME, number, request(drawn(Seeded(seed)), names), found["request"])
        yield _compared(seed, found["answer"], names)
