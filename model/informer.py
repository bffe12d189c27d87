"""
What a controller sees of the API: watch events on their way, and copies that grow old.

:Go: kubernetes v1.36.3 staging/src/k8s.io/client-go/tools/cache (Reflector, DeltaFIFO,
    sharedIndexInformer); pkg/controller/util/consistency/consistency.go
:Docs: https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes
:Omits: periodic resync, which comes every 12 to 24 hours (--min-resync-period) and queues all keys;
    bookmarks; the time between the store and its handlers (a handler runs in the step that changes
    the store).

Each kind has one cache, which the controllers of a process share, and one queue of events that have
not reached it yet, first in, first out. A queue holds at most `lag` events: who writes waits for
room. With `lag` 0 an event is delivered before anything else happens.

A resourceVersion is only ever compared for equality, so no number is kept. A `Copy` says of an
object in a controller's hands what has happened to the original since.
"""

from enum import Enum
from typing import Any

from attrs import evolve, frozen

from seatrial.core.arith import maximum

__all__ = [
    "Change",
    "Copies",
    "Copy",
    "Event",
    "Queue",
    "aged",
    "behind",
    "deployment_written",
    "has_room",
    "known",
    "outdated",
    "replica_set_written",
    "touched",
]


class Change(Enum):
    """What a write changed about an object, as far as its copies need to know."""

    VERSION = "version"
    """The resourceVersion only: status or metadata."""
    GENERATION = "generation"
    """The spec, and with it the generation."""
    IDENTITY = "identity"
    """It was created or deleted: whoever holds a copy holds one of another object."""


@frozen
class Copy:
    """How an object that a sync has read stands to the one in the API."""

    current: bool = True
    """It has the original's resourceVersion: a write that is based on it does not conflict."""
    generation: bool = True
    """The spec has not been written since."""
    same: bool = True
    """The original has not been deleted or created since."""


def outdated(copy: Copy, change: Change) -> Copy:
    """The copy after the original was written."""
    return Copy(
        current=False,
        generation=copy.generation and change is Change.VERSION,
        same=copy.same and change is not Change.IDENTITY,
    )


def aged(copy: Copy | None, change: Change) -> Copy | None:
    """The copy that a sync may have, after the original was written."""
    return None if copy is None else outdated(copy, change)


@frozen(cache_hash=True)
class Event:
    """
    A watch event that no cache has got yet: `value` is the object, or None where it is gone.

    `own` marks what the ReplicaSet controller knows to have written, a status or a new pod: with
    the consistency store, it does not sync the ReplicaSet before it has seen that.
    """

    key: Any
    value: Any
    change: Change
    own: bool = False


Queue = tuple[Event, ...]
"""The events of one kind that are on their way, oldest first."""


def has_room(queue: Queue, lag: int) -> bool:
    """Whether one more event may be on its way."""
    return len(queue) < maximum(1, lag)


def known(queue: Queue, key: Any) -> Queue:
    """
    The events where a controller was told which version of this object is the newest.

    A write that changes nothing is answered with the version that is there, as if it had made it.
    Go: WroteAt
    """
    newest = max((at for at, event in enumerate(queue) if event.key == key), default=None)
    if newest is None:
        return queue
    return (*queue[:newest], evolve(queue[newest], own=True), *queue[newest + 1 :])


def behind(queue: Queue, key: Any) -> Copy:
    """How the cache's object of that key stands to the original."""
    copy = Copy()
    for event in queue:
        if event.key == key:
            copy = outdated(copy, event.change)
    return copy


Copies = tuple[Copy | None, ...]
"""What a sync has read of several objects: None for one on which nothing depends that is left."""


def touched(copies: Copies, at: int, change: Change) -> Copies:
    """The copies of a sync after the original of one of them was written."""
    return tuple(aged(copy, change) if number == at else copy for number, copy in enumerate(copies))


# ---- writes by others than the controllers ----------------------------------------------------


def deployment_written(after: Any, change: Change, queue: Queue, copies: Copies) -> dict[str, Any]:
    """What a write of the Deployment changes: the object, its events, the copy of a sync."""
    return {
        "deployment": after,
        "deployment_queue": (*queue, Event(0, after, change)),
        "deployment_copies": touched(copies, 0, change),
    }


def replica_set_written(
    template: int,
    after: Any,
    change: Change,
    queue: Queue,
    deployment_copies: Copies,
    replica_set_copy: Copy | None,
) -> dict[str, Any]:
    """What a write of a ReplicaSet changes: the object, its events, the copies of syncs."""
    return {
        "replica_set": after,
        "replica_set_queue": (*queue, Event(template, after, change)),
        "deployment_copies": touched(deployment_copies, template, change),
        "replica_set_copy": aged(replica_set_copy, change),
    }
