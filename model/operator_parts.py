"""
What the author of an operator writes: resources, requests of its syncs, and rules of others.

`operator.py` makes a system of it.
"""

import re
from collections.abc import Callable, Generator, Iterator, Mapping
from typing import Any, Literal

from attrs import field, frozen

from seatrial.core import DeclarationError, RuleError

from .controller import Answer, SyncFailed, Write

__all__ = [
    "Cache",
    "Changes",
    "Requests",
    "Resource",
    "Rule",
    "changes",
    "create",
    "delete",
    "patch",
    "required",
    "update",
    "variable_of",
]

Requests = Generator[Write, Answer, Any]
"""What a reconcile function is: it yields requests, gets answers, and may end with `Done`."""

Changes = Iterator[tuple[str, Any]]
"""What a rule about an object yields: words, and the object after that; None where it is gone."""


def variable_of(kind: str) -> str:
    """
    The variable that holds the objects of a kind, and by which rules and promises read them.

    >>> variable_of("Pod"), variable_of("DatabaseBackup")
    ('pod', 'database_backup')
    """
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", kind).lower()


def _pairs(objects: Mapping[str, Any]) -> tuple[tuple[str, Any], ...]:
    if not isinstance(objects, Mapping) or not objects:
        raise DeclarationError(
            "a resource needs its objects: a mapping from each name that there may be to the"
            " object that is there at the start, or None"
        )
    return tuple(objects.items())


@frozen
class Resource:
    """
    A kind of object: each name that there may be, and what is there at the start (None: nothing).

    `wakes`: whether the operator has an event handler for it that puts its key into the queue.
    """

    kind: str
    objects: tuple[tuple[str, Any], ...] = field(converter=_pairs)
    wakes: bool = True

    def __attrs_post_init__(self) -> None:
        if not isinstance(self.kind, str) or not self.kind.isidentifier():
            raise DeclarationError(f"a resource has the kind {self.kind!r}; write one like Pod")


@frozen(cache_hash=True)
class Cache:
    """What the operator sees of the API: copies that may be old."""

    objects: tuple[tuple[str, tuple[tuple[str, Any], ...]], ...]

    def list(self, kind: str) -> dict[str, Any]:
        """The objects of a kind that the cache shows, by name, in the order of declaration."""
        for known, pairs in self.objects:
            if known == kind:
                return {name: value for name, value in pairs if value is not None}
        known_kinds = ", ".join(known for known, _ in self.objects)
        raise RuleError(f"reconcile reads the kind {kind!r}; there are {known_kinds}")

    def get(self, kind: str, name: str) -> Any:
        """The object as the cache shows it; None where it shows none."""
        return self.list(kind).get(name)


def create(kind: str, name: str, value: Any) -> Write:
    """A request to create an object; answered "applied" or "already exists"."""
    return Write("create", kind, name, value)


def update(kind: str, name: str, value: Any) -> Write:
    """
    A request to replace an object that carries the resourceVersion of the cached one.

    Answered "applied", or "conflict" where somebody has written it since it was read.
    """
    return Write("update", kind, name, value)


def patch(kind: str, name: str, **fields: Any) -> Write:
    """A request to set fields, whatever the object is by now: "applied" or "not found"."""
    return Write("patch", kind, name, tuple(sorted(fields.items())))


def delete(kind: str, name: str) -> Write:
    """A request to delete an object, by its name alone: "applied" or "not found"."""
    return Write("delete", kind, name)


@frozen
class Rule:
    """What others than the operator do to objects of one kind; made by `changes`."""

    kind: str
    function: Callable[..., Changes]
    actor: str
    times: int | None
    fair: Literal["weak", "none"]

    @property
    def name(self) -> str:
        """The name of its function."""
        return self.function.__name__


def required(write: Write) -> Requests:
    """Send a write; any answer but "applied" ends the sync, unless it catches that."""
    answer = yield write
    if answer != "applied":
        raise SyncFailed


def changes(
    kind: str, *, actor: str = "user", times: int | None = None
) -> Callable[[Callable[..., Changes]], Rule]:
    """
    Declare what somebody else does to an object of a kind, once for each of its names.

    The function's parameters are what it reads: the variable of the kind is the object itself,
    others need `All[...]`. With `times` it is done so often in all and nobody may rely on it (users
    and faults); without, it happens by itself sooner or later (kubelets, jobs).
    """

    def declare(function: Callable[..., Changes]) -> Rule:
        if times is not None and (type(times) is not int or times < 1):
            raise DeclarationError(f"{function.__name__}: times={times!r} is no number from 1 on")
        return Rule(kind, function, actor, times, "weak" if times is None else "none")

    return declare
