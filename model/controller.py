"""
The runner of syncs: what a controller's sync is, and how it becomes steps of a system.

:Go: kubernetes v1.36.3 pkg/controller (the sync method of each controller);
    staging/src/k8s.io/client-go/util/workqueue
:Docs: https://kubernetes.io/docs/concepts/architecture/controller/
:Omits: how long a retry waits; which syncs failed before, unless requests may fail so often that a
    key can be dropped (see `MAX_RETRIES`).

A sync is a generator that reads like the Go. All that it knows it is given at the start: what its
caches show. It yields each `Write` and is sent the API server's `Answer`:

    answer = yield Write("update", "ReplicaSet", 2, sent)

It ends with `Done`, or raises `SyncFailed`, which is Go's returned error: the key is tried again.
What it yields as `Required` fails it at any other answer than "applied".

`plan` runs such a generator once for every way in which its writes may be answered, and gives what
is left to do as a value: a write and, for each answer, what is left then. A state holds this value
and nothing else of the sync, so that two syncs with the same future are one. The actions of a
controller are then few: one that observes and decides, one for each kind of object that it writes.
Who reads a decision reads only what was observed; who writes reads only what is written.
"""

from collections.abc import Callable, Generator, Iterable, Iterator
from typing import Any, Final, Literal

from attrs import evolve, frozen

from seatrial.core import RuleError

__all__ = [
    "MAX_RETRIES",
    "Answer",
    "Answers",
    "Done",
    "Key",
    "Pending",
    "Required",
    "RequiringSync",
    "Resume",
    "Sync",
    "SyncFailed",
    "Verb",
    "Write",
    "attempts",
    "dropped",
    "finished",
    "numbers_below",
    "plan",
    "possible_answers",
    "request",
    "required",
]

Verb = Literal[
    "get",
    "create",
    "update",
    "update status",
    "patch",
    "adopt",
    "delete",
    "remove",
    "expect fewer",
]
Kind = str
Answer = Literal["applied", "conflict", "already exists", "taken", "not found", "failed"]
"""
What the API server answers. A write that is `failed` may have been applied nevertheless.

Of a creation whose object exists already it also says what the cache shows under that name then:
with "already exists" nothing, with "taken" another object than the one that was to be created.
Where it is that one, the object itself is the answer (see `Resume`).
"""

Answers = Answer | int | tuple[int, ...]
"""What a sync is told: an answer, or of requests that go out in parallel how many failed."""


@frozen(cache_hash=True)
class Write:
    """
    A request of a sync: `value` is what is sent, `key` which object of the kind (its template).

    `keeps` says that the sync goes on with the object that comes back, whose resourceVersion is
    new; otherwise a second write of the same object conflicts with the first. The verb "expect
    fewer" is no request: it lowers the controller's own expectations by `value`.
    With a `batch` it is so many requests alike, which go out in parallel; the sync is told how many
    of them failed when all have been answered.
    `collision_count` goes into the name of what is created. `owner` is the uid of the
    object that is synced, where it goes into the request and another of that name may have been.
    """

    verb: Verb
    kind: Kind
    key: Any = 0
    value: Any = None
    keeps: bool = False
    batch: int | None = None
    collision_count: int = 0
    owner: int = 0


@frozen
class Done:
    """
    The end of a sync.

    `retry`: its key goes back into the queue. `later`: its key comes back when a time is up that
    the controller is waiting for (Go: AddAfter). `failed`: it ended with an error, and so counts as
    a retry; a sync that did not fail makes the controller forget all that did.
    """

    retry: bool = False
    later: bool = False
    failed: bool = False


_FAILED: Final = Done(retry=True, failed=True)


@frozen(cache_hash=True)
class Resume:
    """
    How a sync goes on that is answered with an object, which no plan can know beforehand.

    `seen` is all that the sync was started from, and `given` what it has been answered so far.
    """

    seen: Any
    given: tuple[Any, ...]


@frozen(cache_hash=True)
class Pending:
    """
    What is left of a sync: a write and, for each answer that it may get, what is left then.

    Of a batch, `write` says how many requests are left, and `failed` how many have failed.
    `resume` is there where the answer may be an object.
    """

    write: Write
    after: "tuple[tuple[Answers, Pending | Done], ...]"
    failed: int = 0
    resume: Resume | None = None

    def answered(self, answer: Answers) -> "Pending | Done":
        """What is left after this answer. Raises RuleError for one that was not planned for."""
        if self.write.batch is None:
            return self._rest(answer)
        failed, left = self.failed + (answer == "failed"), self.write.batch - 1
        if left == 0:
            return self._rest(failed)
        possible = tuple(
            (known, rest)
            for known, rest in self.after
            if isinstance(known, int) and failed <= known <= failed + left
        )
        return Pending(evolve(self.write, batch=left), possible, failed)

    def _rest(self, answer: Answers) -> "Pending | Done":
        for known, rest in self.after:
            if known == answer:
                return rest
        raise RuleError(f"{self.write.verb} {self.write.kind} was answered {answer!r}, unplanned")


class SyncFailed(Exception):
    """An error that ends a sync. It comes before the key is tried again."""


@frozen
class Required:
    """
    A write without which the sync fails, and nobody in it catches that: so says who yields it.

    A plan need not run the sync again to know what any answer but "applied" leads to.
    """

    write: Write


Sync = Generator[Write, Any, Done]
RequiringSync = Generator[Write | Required, Any, Done]
"""A sync that says of some writes that it fails without them."""


def required(write: Write) -> Generator[Required, Answer, None]:
    """Send a write; any answer but "applied" ends the sync, which may not catch it."""
    answer = yield Required(write)
    if answer != "applied":
        raise SyncFailed


def request(sent: Write | Required) -> Write:
    """The request itself."""
    return sent.write if isinstance(sent, Required) else sent


def plan(
    sync: Callable[[], RequiringSync],
    answers: Callable[[Write], Iterable[Answers]],
    seen: Any = None,
    given: tuple[Any, ...] = (),
) -> Pending | Done:
    """
    What a sync does, for every way in which its writes may be answered.

    `sync` starts it anew each time, so it must do the same each time that it gets the same answers.
    With `seen`, what it is started from, creations may be answered with an object; `given` are the
    answers with which such a sync is resumed.
    """

    def again(given: tuple[Any, ...]) -> RequiringSync:
        running = sync()
        next(running)
        for answer in given:
            running.send(answer)
        return running

    def rest(running: RequiringSync, given: tuple[Any, ...]) -> Pending | Done:
        """What is left of a sync that is about to be given the last of these answers."""
        try:
            sent = running.send(given[-1]) if given else next(running)
        except StopIteration as end:
            done: Done = end.value
            return done
        except SyncFailed:
            return _FAILED
        write = request(sent)
        first, *others = answers(write)
        after = [(first, rest(running, (*given, first)))]
        if isinstance(sent, Required) and first == "applied":
            after += [(other, _FAILED) for other in others]
        else:
            after += [(other, rest(again(given), (*given, other))) for other in others]
        by_name = seen is not None and write.verb == "create"
        return Pending(write, tuple(after), resume=Resume(seen, given) if by_name else None)

    return rest(again(given[:-1]) if given else sync(), given)


def numbers_below(end: int) -> Iterator[int]:
    """
    0, 1, … as far as below `end`. Unlike `range` it does not need to know that number.

    >>> tuple(numbers_below(3))
    (0, 1, 2)
    """
    at = 0
    while at < end:
        yield at
        at += 1


def possible_answers(write: Write, failures: bool, collides: bool = False) -> tuple[Answers, ...]:
    """
    What a write may be answered, with `failures` also that it failed.

    With `collides`, the name of what is created may be taken.
    """
    if write.batch is not None:
        return tuple(numbers_below(write.batch + 1 if failures else 1))
    usual: dict[Verb, tuple[Answer, ...]] = {
        "get": ("applied", "not found"),
        "create": ("applied", "already exists"),
        "update": ("applied", "conflict"),
        "update status": ("applied", "conflict"),
        "patch": ("applied", "not found"),
        "adopt": ("applied", "not found", "conflict"),
        "delete": ("applied", "not found"),
        "expect fewer": ("applied",),
    }
    found = usual[write.verb]
    if (write.verb, write.kind) == ("update", "Pod"):
        found = (*found, "not found")  # of others a conflict says as much
    if collides and write.verb == "create":
        found = (*found, "taken")
    fails = failures and write.verb not in ("get", "expect fewer")
    return (*found, "failed") if fails else found


def attempts(
    usual: Answer, failures_left: int, unknowns_left: int
) -> Iterator[tuple[Answer, bool, str, dict[str, int]]]:
    """
    The ways in which one write may go: its answer, whether it lands, words, and budgets spent.

    `usual` is what the API server answers if nothing goes wrong.
    """
    yield usual, usual == "applied", "" if usual == "applied" else f": {usual}", {}
    if failures_left > 0:
        spent = {"write_failures_left": failures_left - 1}
        yield "failed", False, ": the request fails", spent
    if unknowns_left > 0 and usual == "applied":
        spent = {"write_unknowns_left": unknowns_left - 1}
        yield "failed", True, ": applied, but the answer is lost", spent


# ---- work queue -------------------------------------------------------------------------------


@frozen
class Key:
    """
    A key in a controller's work queue.

    While it is being worked on, `dirty` says that it is to be worked on once more. `later` says
    that it comes back when the time is up that it waits for. `failures` is how many syncs in a row
    have failed, where that is counted. Go: workqueue.Type, DelayingQueue, NumRequeues
    """

    dirty: bool = False
    later: bool = False
    failures: int = 0

    def enqueued(self) -> "Key":
        """The key after an event handler put it into the queue."""
        return evolve(self, dirty=True)

    def taken(self) -> "Key":
        """The key after a worker took it."""
        return Key(False, self.later, self.failures)

    def due(self) -> "Key":
        """The key after its time was up: it is in the queue again."""
        return evolve(self, dirty=True, later=False)


MAX_RETRIES: Final = 15
"""
So often the Deployment controller tries a key again whose syncs fail; then it drops the key.

Go: pkg/controller/deployment/deployment_controller.go maxRetries. The ReplicaSet controller never
does. A key that is dropped is as good as one that is retried if an event is on its way that brings
it back. That is so wherever the last sync failed for somebody else's write, which is what a
conflict and a name that exists already are, or for its own whose answer was lost. It leaves a
request that failed without being applied, after 15 other failures. Those are counted where as many
requests may fail; where fewer may, it would take as many conflicts in a row as lack, for which a
cache would have to stay behind through all the waits between the retries. So it would where it does
not show somebody else's ReplicaSet whose name is asked for, and that event would bring no key back.
Systems say so.
"""


def finished(key: Key, done: Done, gives_up: bool = False) -> Key:
    """The key after a sync has ended; with `gives_up` failures in a row are counted."""
    dirty, later = key.dirty or done.retry, key.later or done.later
    if not gives_up or not done.failed:
        return Key(dirty, later)
    if dropped(key, done, gives_up):
        return Key(key.dirty, later)
    return Key(dirty, later, key.failures + 1)


def dropped(key: Key, done: "Pending | Done", gives_up: bool) -> bool:
    """Whether the key of a sync that ends so is not tried again. Go: handleErr"""
    ends = isinstance(done, Done) and done.failed
    return gives_up and ends and key.failures >= MAX_RETRIES
