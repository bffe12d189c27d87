"""
The steps of somebody's own controller: it observes and decides, writes, and its watches deliver.

:Go: kubernetes v1.36.3 staging/src/k8s.io/client-go/tools/cache, util/workqueue
:Docs: https://kubernetes.io/docs/concepts/extend-kubernetes/operator/
:Omits: what `operator.py` omits.

Which kinds there are is the author's word, so these rules are made for each kind; `_rule_of` gives
a rule its parameters, which are its reads.
"""

import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import attrs
from attrs import evolve, frozen

from seatrial.core import All, Members, Outcomes, RuleError, outcome

from .controller import (
    Answer,
    Answers,
    Done,
    Key,
    Pending,
    Sync,
    Write,
    attempts,
    finished,
    plan,
    possible_answers,
)
from .informer import Change, Event, Queue, behind, has_room
from .operator_parts import Cache, Requests, Rule

__all__ = [
    "Kind",
    "behind_of",
    "delivering",
    "observing",
    "requeue",
    "restarting",
    "ruling",
    "syncing",
    "writing",
]

_Stale = frozenset[tuple[str, str]]
_VERBS = ("create", "update", "patch", "delete")


@frozen
class Kind:
    """A kind, and the names of what is kept of it: its objects, their copies, its events."""

    name: str
    live: str
    wakes: bool

    @property
    def index(self) -> str:
        """The index of its objects."""
        return f"{self.live}_name"

    @property
    def cache(self) -> str:
        """The family of cached objects."""
        return f"{self.live}_cache"

    @property
    def queue(self) -> str:
        """The variable with its events that are on their way."""
        return f"{self.live}_queue"

    @property
    def behind(self) -> str:
        """The view that says which cached objects are old."""
        return f"{self.live}_behind"


def _rule_of(
    function: Callable[..., Any],
    *reads: str | tuple[str, Any],
    like: Callable[..., Any] | None = None,
) -> Callable[..., Any]:
    """
    The function as a rule whose parameters have these names, or names and annotations.

    Messages speak of the function that it is `like`.
    """

    @functools.wraps(like or function)
    def rule(*values: Any) -> Any:
        return function(*values)

    pairs = [(each, inspect.Parameter.empty) if isinstance(each, str) else each for each in reads]
    parameters = [
        inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=annotation)
        for name, annotation in pairs
    ]
    setattr(rule, "__signature__", inspect.Signature(parameters))  # noqa: B010 - no declared field
    return rule


# ---- views ------------------------------------------------------------------------------------


def behind_of(kind: Kind) -> Callable[..., Any]:
    """View: whether the cached object is older than the one in the API."""

    def is_behind(queue: Queue, name: str) -> bool:
        return not behind(queue, name).current

    return _rule_of(is_behind, kind.queue, kind.index)


def syncing(sync: Pending | None) -> bool:
    """View: whether a sync is under way."""
    return sync is not None


# ---- the operator -----------------------------------------------------------------------------


def observing(
    reconcile: Callable[[Cache], Requests],
    kinds: Sequence[Kind],
    names: Mapping[str, tuple[str, ...]],
) -> Callable[..., Any]:
    """A worker takes the key, reads the caches and decides. Go: processNextWorkItem"""
    known = tuple((each.name, names[each.name]) for each in kinds)

    def observe(key: Key, sync: Pending | None, write_faults: bool, *seen: Any) -> Outcomes:
        if not key.dirty or sync is not None:
            return
        copies, behinds = seen[: len(known)], seen[len(known) :]
        cache = Cache(
            tuple(
                (kind, tuple(copy.items())) for (kind, _), copy in zip(known, copies, strict=True)
            )
        )
        step = plan(
            lambda: _running(reconcile, cache),
            lambda write: _answers(write, known, write_faults),
        )
        taken = key.taken()
        if isinstance(step, Done):
            words = "has nothing to write" + ("; will look again later" if step.later else "")
            if step.failed:
                words = "ends with an error; tries again"
            yield outcome(words, key=finished(taken, step))
            return
        stale = frozenset(
            (kind, name)
            for (kind, _), old in zip(known, behinds, strict=True)
            for name, is_old in old.items()
            if is_old
        )
        yield outcome(f"decides to {_words(step.write)}", key=taken, sync=step, stale=stale)

    return _rule_of(
        observe,
        "key",
        "sync",
        "write_faults",
        *((each.cache, All[Any]) for each in kinds),
        *((each.behind, All[Any]) for each in kinds),
    )


def _running(reconcile: Callable[[Cache], Requests], cache: Cache) -> Sync:
    done = yield from reconcile(cache)
    return Done() if done is None else done


def _answers(
    write: Any, known: tuple[tuple[str, tuple[str, ...]], ...], failures: bool
) -> tuple[Answers, ...]:
    """What a request may be answered. Raises RuleError where it is none, or of nothing there is."""
    if not isinstance(write, Write) or write.verb not in _VERBS:
        raise RuleError(f"reconcile yields {write!r}, which is no create, update, patch or delete")
    names = dict(known).get(write.kind)
    if names is None or write.key not in names:
        listed = "; ".join(f"{kind}: {', '.join(each)}" for kind, each in known)
        raise RuleError(
            f"reconcile asks to {write.verb} {write.kind} {write.key!r}, a name that is not"
            f" declared; there are {listed}"
        )
    return possible_answers(write, failures)


def _words(write: Write) -> str:
    text = f"{write.verb} {write.kind} {write.key}"
    if write.verb == "patch":
        text += f": {', '.join(f'{name} {value}' for name, value in write.value)}"
    return text


def writing(kind: Kind) -> Callable[..., Any]:
    """The next request of the sync, if it is about this object, reaches the API server."""

    def write(
        sync: Pending | None,
        key: Key,
        stale: _Stale,
        live: Any,
        queue: Queue,
        name: str,
        lag: int,
        write_failures_left: int,
        write_unknowns_left: int,
    ) -> Outcomes:
        if sync is None or (sync.write.kind, sync.write.key) != (kind.name, name):
            return
        if not has_room(queue, lag):
            return
        mine = (kind.name, name)
        usual, after = _landed(sync.write, live, mine in stale)
        for answer, lands, words, spent in attempts(
            usual, write_failures_left, write_unknowns_left
        ):
            done: dict[str, Any] = {}
            old = stale
            if lands and after != live:
                done = {kind.live: after, kind.queue: (*queue, Event(name, after, Change.VERSION))}
                # A sync goes on with the object that comes back; of a lost answer it has none.
                old = stale - {mine} if answer == "applied" else stale | {mine}
            rest = sync.answered(answer)
            if isinstance(rest, Pending):
                done |= {"sync": rest, "stale": old}
            else:
                done |= {"sync": None, "stale": frozenset(), "key": finished(key, rest)}
            yield outcome(f"asks to {_words(sync.write)}{words}", **done, **spent)

    return _rule_of(
        write,
        "sync",
        "key",
        "stale",
        kind.live,
        kind.queue,
        kind.index,
        "lag",
        "write_failures_left",
        "write_unknowns_left",
    )


def _landed(write: Write, live: Any, is_stale: bool) -> tuple[Answer, Any]:
    """What the API server answers if nothing goes wrong, and what the object is then."""
    if write.verb == "create":
        return ("applied", write.value) if live is None else ("already exists", live)
    if write.verb == "update":
        if live is None or is_stale:
            return "conflict", live
        return "applied", write.value
    if live is None:
        return "not found", None
    if write.verb == "delete":
        return "applied", None
    known = {each.name for each in attrs.fields(type(live))} if attrs.has(type(live)) else set()
    for field_name, _ in write.value:
        if field_name not in known:
            raise RuleError(
                f"{write.kind} {write.key} has no field {field_name!r} to patch; it has"
                f" {', '.join(sorted(known)) or 'none'}"
            )
    return "applied", evolve(live, **dict(write.value))


def requeue(key: Key, sync: Pending | None) -> Outcomes:
    """
    The time is up after which the operator wanted to look again. Go: AddAfter

    Nothing is said of how long that is, so it may be over at any moment.
    """
    if key.later and sync is None:
        yield outcome("the time is up: it looks again", key=key.due())


def restarting(kinds: Sequence[Kind]) -> Callable[..., Any]:
    """The operator's process starts anew: it lists, and its sync is forgotten."""
    names = tuple((each.cache, each.queue) for each in kinds)

    def restart_operator(controller_restarts_left: int, *lives: Any) -> Outcomes:
        if controller_restarts_left == 0:
            return
        listed: dict[str, Any] = {}
        for (cache, queue), live in zip(names, lives, strict=True):
            listed |= {cache: dict(live), queue: ()}
        yield outcome(
            "the operator restarts and lists anew",
            key=Key(dirty=True),
            sync=None,
            stale=frozenset(),
            controller_restarts_left=controller_restarts_left - 1,
            **listed,
        )

    return _rule_of(
        restart_operator, "controller_restarts_left", *((each.live, All[Any]) for each in kinds)
    )


# ---- watches, and others ----------------------------------------------------------------------


def delivering(kind: Kind) -> Callable[..., Any]:
    """The cache gets the next event of the kind, if it is about this object."""

    def deliver(queue: Queue, key: Key, name: str) -> Outcomes:
        if queue and queue[0].key == name:
            event, *rest = queue
            what = "is gone" if event.value is None else "has changed"
            yield outcome(
                f"the cache learns that {kind.name} {name} {what}",
                **{kind.cache: event.value, kind.queue: tuple(rest)},
                key=key.enqueued() if kind.wakes else key,
            )

    return _rule_of(deliver, kind.queue, "key", kind.index)


def ruling(rule: Rule, kind: Kind) -> Callable[..., Any]:
    """What somebody else does to an object, with its event."""
    function = rule.function
    own = tuple(inspect.signature(function).parameters.values())
    names = tuple(each.name for each in own)
    left_name = f"{rule.name}s_left" if rule.times else None
    needed = (kind.live, kind.queue, "stale", "syncing", kind.index, "lag")
    more = tuple(each for each in (*needed, left_name) if each is not None and each not in names)

    def happen(*values: Any) -> Outcomes:
        given = dict(zip((*names, *more), values, strict=True))
        name, live = given[kind.index], given[kind.live]
        if isinstance(live, Members):
            live = live[name]
        if not has_room(given[kind.queue], given["lag"]):
            return
        if left_name is not None and given[left_name] == 0:
            return
        for each in function(*values[: len(names)]):
            words, after = _change(each, function, kind)
            if after == live:
                continue
            event = Event(name, after, Change.VERSION)
            done = {kind.live: after, kind.queue: (*given[kind.queue], event)}
            if left_name is not None:
                done[left_name] = given[left_name] - 1
            if given["syncing"]:
                done["stale"] = given["stale"] | {(kind.name, name)}
            yield outcome(words, **done)

    return _rule_of(happen, *((each.name, each.annotation) for each in own), *more, like=function)


def _change(given: Any, function: Callable[..., Any], kind: Kind) -> tuple[str, Any]:
    if isinstance(given, tuple) and len(given) == 2 and isinstance(given[0], str):
        return given
    raise RuleError(
        f"{function.__name__} yields {given!r}; yield words, and the {kind.name} as it is then"
    )
