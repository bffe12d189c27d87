"""`seatrial explain NAME` of a user or a fault: what it does, when it may, and its source."""

import inspect
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import attrs

from seatrial.core import Action
from seatrial.counterexamples import printable
from seatrial.model import Environment, environment, environment_guards, environment_names

from .kinds import KINDS, Kind

__all__ = ["of_user_or_fault", "table"]

_VALUES = {
    "scale": "scale:2",
    "delete": "delete:background",
    "set-partition": "set-partition:1",
    "set-retention": "set-retention:DeleteDelete",
    "set-parallelism": "set-parallelism:2",
    "set-completions": "set-completions:2",
    "set-backoff-limit": "set-backoff-limit:2",
    "set-active-deadline": "set-active-deadline:60",
    "set-ttl": "set-ttl:60",
    "set-max-failed-indexes": "set-max-failed-indexes:none",
}
"""How those are written that need a value."""

_BESIDE = {"apply": ("delete:orphan",)}
"""What has to be there too for all that it does."""


def of_user_or_fault(name: str) -> str:
    """
    What a user or a fault does, when it may, how often by default, and its source.

    Asked of the systems themselves: the actions are those that a system has only with it.
    """
    of_users = name in environment_names.USERS
    rows = [
        (
            "user" if of_users else "fault",
            (environment_names.USERS | environment_names.FAULTS)[name],
        ),
        ("may act", environment_guards.MAY_ACT[name]),
        ("written", f"--{'users' if of_users else 'faults'} {_VALUES.get(name, name)}[@TIMES]"),
        ("by default", _by_default(name)),
    ]
    sources: dict[str, None] = {}
    for kind in KINDS.values():
        if name in kind.users | kind.faults:
            functions = list(_functions(kind, name, of_users))
            rows.append((kind.name, " ".join(map(_does, functions))))
            sources |= dict.fromkeys(map(_source, functions))
    rows += [("source", each) for each in sources]
    return table(name, rows)


def _by_default(name: str) -> str:
    found = [
        f"{each} around a {kind.name}"
        for kind in KINDS.values()
        for each in (*kind.usual.users, *kind.usual.faults)
        if each.name == name
    ]
    return "; ".join(found) or "never"


def _functions(kind: Kind, name: str, of_users: bool) -> Iterator[Callable[..., Any]]:
    """The rules by which it acts; where it has none of its own, those that read of it."""
    beside = environment.budgets(_BESIDE.get(name, ("none",)), "users")
    without = Environment(users=beside, faults=(), level="faulty", lag=2)
    more = environment.budgets([_VALUES.get(name, name)], "users" if of_users else "faults")
    there = {each.name for each in _actions(kind, without)}
    users, faults = ((*beside, *more), ()) if of_users else (beside, more)
    actions = _actions(kind, attrs.evolve(without, users=users, faults=faults))
    own = [each for each in actions if each.name not in there and each.fair == "none"]
    words = name.replace("-", "_")
    budgets = {words, f"{words}s_left", f"{words}_left", f"{words.removesuffix('y')}ies_left"}
    for each in own or actions:
        if own or budgets & {*inspect.signature(each.function).parameters}:
            yield each.function


def _actions(kind: Kind, around: Environment) -> tuple[Action, ...]:
    return kind.compose("explained", kind.plain, around).actions


def _does(function: Callable[..., Any]) -> str:
    first = (function.__doc__ or "").strip().split("\n\n")[0]
    return f"{function.__name__}: {' '.join(first.split())}"


def _source(function: Callable[..., Any]) -> str:
    """What the module of a rule says that it models."""
    header = sys.modules[function.__module__].__doc__ or ""
    go, docs = (re.search(rf":{field}:(.*?)(?=\n:|\Z)", header, re.S) for field in ("Go", "Docs"))
    return "; ".join(" ".join(each[1].split()) for each in (go, docs) if each is not None)


def table(name: str, rows: Sequence[tuple[str, str]]) -> str:
    """A name, and what is said of it, each with its label."""
    lines = [f"  {label:<13}  {printable(text)}" for label, text in rows]
    return "\n".join((printable(name), *lines)) + "\n"
