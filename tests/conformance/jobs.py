"""
The Job controller held against the oracle, one sync at a time.

A seed makes a state. Recorded are the seeds with the answers.
"""

from collections.abc import Iterator, Sequence

from attrs import frozen

from seatrial.oracle.confirm import Ask
from seatrial.oracle.objects import Object

from . import recorded
from .chance import Seeded
from .job_objects import real, request
from .job_states import Start, drawn
from .job_syncs import Went, modelled

__all__ = ["Compared", "compared", "read", "record"]

_NAME = "job"


@frozen
class Compared:
    """A state, and how both sides went about it."""

    start: Start
    real: Went
    model: Went

    @property
    def agrees(self) -> bool:
        """Whether there is nothing to be settled."""
        return self.real == self.model


def _compared(seed: int, answer: Object) -> Compared:
    start = drawn(Seeded(seed))
    return Compared(start, real(start, answer), modelled(start))


def compared(ask: Ask, seeds: Sequence[int]) -> Iterator[Compared]:
    """Fresh states, of these seeds. Raises KeyError where the oracle did not run a sync."""
    answers = ask([request(drawn(Seeded(seed))) for seed in seeds])
    for seed, answer in zip(seeds, answers, strict=True):
        yield _compared(seed, answer)


def record(ask: Ask, version: str, seeds: Sequence[int]) -> None:
    """Write the answers of the oracle to the states of these seeds."""
    requests = [request(drawn(Seeded(seed))) for seed in seeds]
    lines = [
        {"seed": seed, "request": recorded.digest(made), "answer": answer}
        for seed, made, answer in zip(seeds, requests, ask(requests), strict=True)
    ]
    recorded.write_lines(_NAME, version, lines)


def read() -> Iterator[Compared]:
    """The recorded syncs. Raises ValueError where a seed makes another state now."""
    for number, found in recorded.lines(_NAME):
        start = drawn(Seeded(found["seed"]))
        recorded.check(_NAME, number, request(start), found["request"])
        yield _compared(found["seed"], found["answer"])
