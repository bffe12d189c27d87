"""
Readers and writers with a queue that serves them in the order in which they came.

:Source: tlaplus/Examples, specifications/ReadersWriters/ReadersWriters.tla with MC.cfg.
:Published: 21,527 distinct states, 59,674 generated and 13 levels for 3 actors; Safety holds
    (manifest.json beside it). MC.tla lists invariants that are violated, among them "fewer than
    all actors read".
:Omits: Liveness, which says "again and again" of each actor.

The queue is one variable with thousands of values: what a design should avoid, and an engine must
stand.
"""

from collections.abc import Iterator

from seatrial.core import (
    All,
    Index,
    Outcomes,
    Parameter,
    System,
    Variable,
    Violation,
    action,
    always,
    at_most,
    every,
    outcome,
)

__all__ = ["excludes", "most_readers", "readers_writers"]

Request = tuple[str, int]


@action(actor="actor", over="actor", writes="queue")
def ask(actor: int, queue: tuple[Request, ...]) -> Outcomes:
    """Get in line to read or to write, once each."""
    for kind in ("read", "write"):
        if (kind, actor) not in queue:
            yield outcome(f"ask to {kind}", queue=(*queue, (kind, actor)))


@action(actor="queue", writes=("queue", "reads", "writes"))
def admit(queue: tuple[Request, ...], reads: All[bool], writes: All[bool]) -> Outcomes:
    """The first in line reads where nobody writes, or writes where nobody reads either."""
    if queue and not any(writes.values()):
        kind, actor = queue[0]
        if kind == "read":
            yield outcome(f"{actor} reads", queue=queue[1:], reads={actor: True})
        elif not any(reads.values()):
            yield outcome(f"{actor} writes", queue=queue[1:], writes={actor: True})


@action(actor="actor", over="actor", writes=("reads", "writes"))
def stop(reads: bool, writes: bool) -> Outcomes:
    """Stop reading, or else writing."""
    if reads:
        yield outcome("stop reading", reads=False)
    elif writes:
        yield outcome("stop writing", writes=False)


@always(
    says="nobody reads where somebody writes, and there is one writer at most",
    source="tlaplus/Examples, ReadersWriters/ReadersWriters.tla, Safety",
)
def excludes(reads: All[bool], writes: All[bool]) -> Iterator[Violation]:
    """Both halves."""
    writers = [actor for actor, each in writes.items() if each]
    readers = [actor for actor, each in reads.items() if each]
    if len(writers) > 1 or (readers and writers):
        yield Violation("a writer is not alone", evidence=(tuple(readers), tuple(writers)))


@at_most(
    says="fewer than all actors read",
    source="tlaplus/Examples, ReadersWriters/MC.tla: violated",
    bound=lambda actors: actors - 1,
    expected="refuted",
)
def most_readers(reads: All[bool]) -> int:
    """All of them do, after each has asked and has been let in."""
    return sum(1 for each in reads.values() if each)


def readers_writers(actors: int = 3) -> System:
    """So many actors, and nobody in line."""
    return System(
        name="readers-writers",
        indices=[Index("actor", range(1, actors + 1))],
        parameters=[Parameter("actors", actors)],
        variables=[
            Variable("queue"),
            Variable("reads", over="actor"),
            Variable("writes", over="actor"),
        ],
        actions=[ask, admit, stop],
        initial=[{"queue": (), "reads": every(False), "writes": every(False)}],
    )
