"""
What surrounds a workload: users, faults, lag, and how finely the steps of controllers interleave.

`NAME[:VALUE][@TIMES]` is how a user action or a fault is written: `scale:5@2` is two resizings to
five replicas, `container-exit` one exit.
"""

import difflib
import re
from collections.abc import Iterable, Sequence
from typing import Literal

from attrs import frozen

from seatrial.core import DeclarationError

from . import versions
from .controller import MAX_RETRIES
from .environment_names import FAULTS, USERS

__all__ = [
    "DEFAULT",
    "GATES",
    "LEVELS",
    "MOST_NODES",
    "MOST_REPLICAS",
    "Budget",
    "Environment",
    "Level",
    "budgets",
    "feature_gates",
    "number_of_nodes",
    "switched",
    "timers_early",
]

Level = Literal["atomic", "interleaved", "faulty"]
LEVELS: tuple[Level, ...] = ("atomic", "interleaved", "faulty")
"""
How finely steps interleave.

- atomic: a whole sync is one step;
- interleaved: every observation and every write is a step, and others run between;
- faulty: the same, and the requests of controllers may fail or be cut off.
"""

RETENTIONS = ("RetainRetain", "RetainDelete", "DeleteRetain", "DeleteDelete")
PROPAGATIONS = ("background", "foreground", "orphan")

DEFAULT = "1.36.3"
"""The release that is modelled where none is named."""

GATES = dict(versions.known(DEFAULT).gates)
"""Feature gates that the controllers of that release ask, and their defaults."""

_IMMUTABLE = {
    "set-backoff-limit-per-index": "backoffLimitPerIndex",
    "set-completion-mode": "completionMode",
    "set-managed-by": "managedBy",
    "set-pod-failure-policy": "podFailurePolicy",
    "set-selector": "selector",
    "set-success-policy": "successPolicy",
    "set-template": "template",
}
"""What somebody may want to do with a Job, and the field that stays as it is."""

_MOST_TIMES = 20
MOST_NODES = 12
MOST_REPLICAS = 400
"""A sync of more pods than this would be a longer chain of committed steps than engines follow."""
_FORM = re.compile(r"([a-z-]+)(?::([A-Za-z0-9]+))?(?:@([0-9]{1,9}))?")


@frozen
class Budget:
    """How often somebody may do something."""

    name: str
    value: str | None = None
    times: int = 1

    def __str__(self) -> str:
        value = "" if self.value is None else f":{self.value}"
        return f"{self.name}{value}@{self.times}"


@frozen
class Environment:
    """Everything around the manifest that a verdict depends on."""

    users: tuple[Budget, ...] = (Budget("set-image"),)
    faults: tuple[Budget, ...] = (Budget("container-exit"),)
    level: Level = "atomic"
    lag: int = 0
    slow: int = 0
    """How many timers may go off while something else could happen: clock `slow@N`."""
    nodes: int = 2
    """How many nodes there are, where nodes are modelled."""
    waits: bool = False
    """Whether any pod may find no place, as often as it likes: the manifest leaves that open."""
    kubernetes: str = DEFAULT
    gates: tuple[tuple[str, bool], ...] = tuple(GATES.items())
    variant: frozenset[str] = frozenset()
    """Switches of rules that bring back a known bug, or apply a proposed fix."""

    def times(self, name: str) -> int:
        """How often something may happen in all."""
        return sum(each.times for each in (*self.users, *self.faults) if each.name == name)

    @property
    def clock(self) -> str:
        """How time passes, as it is written."""
        return f"slow@{self.slow}" if self.slow else "prompt"

    @property
    def creates_anew(self) -> bool:
        """Whether a Deployment may be created after one of its name is gone."""
        return self.times("apply") > 0 and self.times("delete") > 0

    @property
    def lands_late(self) -> bool:
        """Whether a request can be on its way when its sender is no leader any more."""
        return self.times("failover") > 0 and self.level != "atomic"

    @property
    def collects_late(self) -> bool:
        """Whether a pod of a lost node may be about to be removed by who is no leader any more."""
        collects = self.times("out-of-service") + self.times("delete-node") > 0
        return self.times("second-controller") > 0 and collects and self.level != "atomic"

    @property
    def stale_lists(self) -> bool:
        """Whether who starts may list from an API server that is behind."""
        return not (self.gate("WatchListClient") and self.gate("WatchList"))

    @property
    def collides(self) -> bool:
        """Whether the name of a new ReplicaSet may be taken."""
        return self.times("hash-collision") > 0

    @property
    def finds_own(self) -> bool:
        """Whether a cache may come to show in the midst of a sync what it did not at its start."""
        return self.level != "atomic" and (self.lag > 0 or self.lands_late)

    @property
    def loses_nodes(self) -> bool:
        """Whether a node may become unreachable."""
        return any(map(self.times, ("node-crash", "node-off", "node-partition")))

    @property
    def unplaced(self) -> bool:
        """Whether a pod of a Deployment may stay pending: there is no node or no volume for it."""
        return self.waits or self.times("unschedulable") > 0

    @property
    def gives_up(self) -> bool:
        """Whether so many requests may fail that the Deployment controller drops a key."""
        return self.times("write-failure") > MAX_RETRIES

    def values(self, name: str) -> tuple[str, ...]:
        """The values that were given with a name, each once."""
        found = (each.value for each in (*self.users, *self.faults) if each.name == name)
        return tuple(dict.fromkeys(value for value in found if value is not None))

    def gate(self, name: str) -> bool:
        """Whether a feature gate is on; one that the release does not have is off."""
        return dict(self.gates).get(name, False)

    @property
    def rules(self) -> frozenset[str]:
        """The switches of rules that are on, of this release and of bugs and fixes."""
        return self.variant | versions.known(self.kubernetes).rules


def budgets(texts: Iterable[str], kind: Literal["users", "faults"]) -> tuple[Budget, ...]:
    """
    What is written as `NAME[:VALUE][@TIMES]`; several in one text are separated by commas.

    Raises DeclarationError for a name or value that there is not.

    >>> [str(each) for each in budgets(["set-image,scale:5@2"], "users")]
    ['set-image@1', 'scale:5@2']
    """
    known = USERS if kind == "users" else FAULTS
    found = []
    given = [text.strip() for text in ",".join(texts).split(",")]
    if given == ["none"]:
        return ()
    for text in given:
        if text in ("", "none"):
            raise DeclarationError(
                f"--{kind} {','.join(given)!r}: write none alone, or the names without it"
            )
        match = _FORM.fullmatch(text.strip())
        if match is None:
            raise DeclarationError(
                f"--{kind} {text.strip()!r} is not of the form NAME[:VALUE][@TIMES], such as"
                f" {'scale:5@2' if kind == 'users' else 'unready@2'}"
            )
        name, value, times = match[1], match[2], int(match[3] or 1)
        if name in _IMMUTABLE:
            raise DeclarationError(
                f"--{kind} {name}: spec.{_IMMUTABLE[name]}: cannot be changed; delete the Job and"
                " create it anew"
            )
        if name not in known:
            close = difflib.get_close_matches(name, known, n=2, cutoff=0.65)
            hint = f"did you mean {' or '.join(close)}?" if close else f"known: {', '.join(known)}"
            raise DeclarationError(f"--{kind}: there is no {name!r}; {hint}")
        if not 1 <= times <= _MOST_TIMES:
            raise DeclarationError(f"--{kind} {name}: {times} times is not between 1 and 20")
        found.append(Budget(name, _value(kind, name, value), times))
    _check_twice(kind, found)
    return tuple(found)


def _check_twice(kind: str, found: Sequence[Budget]) -> None:
    """Raise DeclarationError where one thing has two budgets: which of them is meant?"""
    times: dict[tuple[str, str | None], int] = {}
    for each in found:
        key = (each.name, each.value)
        if key in times:
            both = Budget(*key, min(times[key] + each.times, _MOST_TIMES))
            name = each.name if each.value is None else f"{each.name}:{each.value}"
            raise DeclarationError(f"--{kind}: {name} is given twice; write it once: {both}")
        times[key] = each.times


def _value(kind: str, name: str, value: str | None) -> str | None:
    if name == "scale":
        if (
            value is not None
            and value.isdecimal()
            and (len(value) > 9 or int(value) > MOST_REPLICAS)
        ):
            raise DeclarationError(
                f"--{kind} scale:{value[:9]}: at most {MOST_REPLICAS} replicas are explored"
            )
        if value is None or not value.isdecimal():
            raise DeclarationError(f"--{kind} scale needs a number of replicas, such as scale:5")
        return str(int(value))
    if name == "set-partition":
        if value is None or not value.isdecimal() or int(value) > MOST_REPLICAS:
            raise DeclarationError(
                f"--{kind} set-partition needs an index of a pod, such as set-partition:1"
            )
        return str(int(value))
    if name == "set-retention":
        if value not in RETENTIONS:
            raise DeclarationError(
                f"--{kind} set-retention needs whenDeleted and whenScaled, one of"
                f" {', '.join(RETENTIONS)}"
            )
        return value
    if name == "delete":
        if value is not None and value not in PROPAGATIONS:
            raise DeclarationError(f"--{kind} delete:{value} is none of {', '.join(PROPAGATIONS)}")
        return value or "background"
    if name in _NUMBERS:
        return _number(kind, name, value)
    if value is not None:
        raise DeclarationError(f"--{kind} {name} takes no value, but {value!r} is given")
    return None


_NUMBERS = {
    "set-parallelism": (0, MOST_REPLICAS),
    "set-completions": (0, MOST_REPLICAS),
    "set-backoff-limit": (0, MOST_REPLICAS),
    "set-active-deadline": (0, 999_999_999),
    "set-ttl": (0, 999_999_999),
    "set-max-failed-indexes": (0, MOST_REPLICAS),
    "container-exit": (1, 255),
}
_OPTIONAL = ("set-active-deadline", "set-ttl", "set-max-failed-indexes")
"""Fields that can be taken away."""


def _number(kind: str, name: str, value: str | None) -> str | None:
    """A number within the bounds of that name; only an exit code may be left out."""
    low, high = _NUMBERS[name]
    if value is None and name == "container-exit":
        return None
    if value == "none" and name in _OPTIONAL:
        return value
    if value is None or not value.isdecimal() or len(value) > 9 or not low <= int(value) <= high:
        given = "nothing" if value is None else value[:9]
        raise DeclarationError(
            f"--{kind} {name} needs a number from {low} to {high}, such as {name}:2, not {given}"
        )
    return str(int(value))


def feature_gates(texts: Iterable[str], kubernetes: str = DEFAULT) -> tuple[tuple[str, bool], ...]:
    """
    Gates written as `NAME=true`, over their defaults in that release. Raises DeclarationError.

    >>> dict(feature_gates(["WatchList=false"]))["WatchList"]
    False
    """
    gates = dict(versions.known(kubernetes).gates)
    return tuple((gates | switched(texts, kubernetes)).items())


def switched(texts: Iterable[str], kubernetes: str = DEFAULT) -> dict[str, bool]:
    """
    The gates that are written as `NAME=true`, of those of that release. Raises DeclarationError.

    >>> switched(["WatchList=false"])
    {'WatchList': False}
    """
    known = dict(versions.known(kubernetes).gates)
    found = {}
    for text in ",".join(texts).split(","):
        if not text.strip():
            continue
        name, _, value = text.strip().partition("=")
        if name not in known:
            raise DeclarationError(
                f"--feature-gates: there is no gate {name!r} here that controllers of {kubernetes}"
                f" ask; known: {', '.join(known)}"
            )
        if value not in ("true", "false"):
            raise DeclarationError(f"--feature-gates {name}={value!r} is neither true nor false")
        found[name] = value == "true"
    return found


def number_of_nodes(asked: int | None) -> int:
    """
    How many nodes there are. Raises DeclarationError for a number that is not explored.

    >>> number_of_nodes(None), number_of_nodes(3)
    (2, 3)
    """
    if asked is None:
        return Environment().nodes
    if not 1 <= asked <= MOST_NODES:
        raise DeclarationError(f"--nodes {asked} is not between 1 and {MOST_NODES}")
    return asked


def timers_early(clock: str) -> int:
    """
    How many timers may go off early with this clock: `prompt`, `slow` or `slow@N`.

    Raises DeclarationError for any other.

    >>> timers_early("prompt"), timers_early("slow"), timers_early("slow@3")
    (0, 1, 3)
    """
    match = _FORM.fullmatch(clock)
    if match is None or match[1] not in ("prompt", "slow") or match[2] is not None:
        raise DeclarationError(f"--clock {clock!r} is none of prompt, slow, slow@N")
    if match[1] == "prompt":
        if match[3] is not None:
            raise DeclarationError("--clock prompt takes no number; slow@N lets N timers be early")
        return 0
    times = int(match[3] or 1)
    if not 1 <= times <= _MOST_TIMES:
        raise DeclarationError(f"--clock slow: {times} times is not between 1 and {_MOST_TIMES}")
    return times
