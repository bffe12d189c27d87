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

__all__ = [
    "AROUND_DEPLOYMENTS",
    "AROUND_STATEFUL_SETS",
    "DEFAULT",
    "FAULTS",
    "GATES",
    "LEVELS",
    "MOST_NODES",
    "MOST_REPLICAS",
    "OF_DEPLOYMENTS",
    "OF_STATEFUL_SETS",
    "USERS",
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

# Of all kinds; what means something for one of them is listed below.
USERS = {
    "set-image": "the template is replaced by one that was never used",
    "restart": "the same, as `kubectl rollout restart` does it",
    "scale": "spec.replicas becomes VALUE",
    "undo": "the template becomes that of the previous revision",
    "pause": "spec.paused becomes true",
    "resume": "spec.paused becomes false; of a Job, spec.suspend",
    "apply": "the manifest is applied again",
    "delete": "the workload is deleted; VALUE is background, foreground or orphan",
    "set-partition": "the partition of a StatefulSet's rolling update becomes VALUE",
    "set-retention": "a StatefulSet's retention policy of claims becomes VALUE, whenDeleted and"
    " whenScaled in one word such as DeleteRetain",
    "delete-pod": "some pod of a StatefulSet or a Job is deleted",
    "force-delete": "some pod of a StatefulSet is deleted by force: its object goes at once",
    "delete-claim": "some claim of a StatefulSet is deleted",
    "drain": "some node is cordoned, and its pods are evicted, as far as their disruption budget"
    " allows",
    "delete-node": "some Node object is deleted, whatever its machine does",
    "out-of-service": "some unreachable node gets the taint out-of-service",
    "set-parallelism": "spec.parallelism of a Job becomes VALUE",
    "set-completions": "completions and parallelism of an Indexed Job become VALUE, both",
    "set-backoff-limit": "spec.backoffLimit of a Job becomes VALUE",
    "set-active-deadline": "spec.activeDeadlineSeconds of a Job becomes VALUE; how much of it has"
    " gone is left open; `none` takes it away",
    "set-ttl": "spec.ttlSecondsAfterFinished of a Job becomes VALUE; `none` takes it away",
    "set-max-failed-indexes": "spec.maxFailedIndexes of an Indexed Job becomes VALUE; `none` takes"
    " it away",
    "suspend": "spec.suspend of a Job becomes true",
    "strip-finalizer": "the Job tracking finalizer of a pod is removed",
}
FAULTS = {
    "container-exit": "a container of a ready pod exits and is started again; that of a Job's pod"
    " with code VALUE, 1 if none is given",
    "unready": "the readiness probe of a ready pod fails",
    "pod-failed": "a pod fails for good, as by eviction",
    "never-ready": "pods of the first TIMES new templates never become ready",
    "controller-restart": "the controller manager restarts with empty memory",
    "failover": "another controller manager takes over; requests of the former one may land late",
    "write-failure": "a request of a controller fails",
    "write-unknown": "a request of a controller is applied, and the answer is lost",
    "expectations-expire": "five minutes pass before a controller sees what it did",
    "hash-collision": "the name of a ReplicaSet that is about to be created is taken",
    "relist": "the watch of pods breaks and starts with a new list (needs lag 2)",
    "node-crash": "some node stops, and all that runs on it; it may come back; or, with pods of a"
    " Job, it is removed",
    "node-off": "some node stops for good, and all that runs on it",
    "node-partition": "some node is cut off, and what runs on it goes on; it may come back",
    "kubelet-restart": "some kubelet starts anew, and lists its pods",
    "stale-api-server": "an API server falls behind, and shows pods as they were",
    "second-controller": "another controller manager takes over while a sync or a collection of a"
    " lost node's pod goes on",
    "stale-dns": "a resolver keeps the address of one pod of a StatefulSet, for a while",
    "evict": "a pod of a Job gets the condition DisruptionTarget and is deleted",
    "pod-condition": "a pod of a Job gets another condition that its podFailurePolicy asks for",
}
OF_DEPLOYMENTS = frozenset(
    ("set-image", "restart", "scale", "undo", "pause", "resume", "apply", "delete")
)
"""What users may do with a Deployment."""

AROUND_DEPLOYMENTS = frozenset(
    (
        "container-exit",
        "unready",
        "pod-failed",
        "never-ready",
        "controller-restart",
        "failover",
        "write-failure",
        "write-unknown",
        "expectations-expire",
        "hash-collision",
        "relist",
    )
)
"""What may go wrong around a Deployment."""

OF_STATEFUL_SETS = frozenset(
    (
        "set-image",
        "scale",
        "undo",
        "apply",
        "delete",
        "set-partition",
        "set-retention",
        "delete-pod",
        "force-delete",
        "delete-claim",
        "drain",
        "delete-node",
        "out-of-service",
    )
)
"""What users may do with a StatefulSet, its pods, its claims and its nodes."""

AROUND_STATEFUL_SETS = frozenset(
    (
        "container-exit",
        "unready",
        "pod-failed",
        "never-ready",
        "controller-restart",
        "second-controller",
        "write-failure",
        "node-crash",
        "node-off",
        "node-partition",
        "kubelet-restart",
        "stale-api-server",
        "stale-dns",
    )
)
"""What may go wrong around a StatefulSet."""

OF_JOBS = frozenset(
    (
        "set-parallelism",
        "set-completions",
        "set-backoff-limit",
        "set-active-deadline",
        "set-ttl",
        "set-max-failed-indexes",
        "suspend",
        "resume",
        "delete",
        "delete-pod",
        "strip-finalizer",
    )
)
"""What users may do with a Job."""

AROUND_JOBS = frozenset(
    (
        "container-exit",
        "evict",
        "pod-condition",
        "node-crash",
        "node-off",
        "controller-restart",
        "write-failure",
        "write-unknown",
        "expectations-expire",
        "failover",
        "stale-api-server",
        "relist",
    )
)
"""What may go wrong around a Job."""

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
MOST_NODES = 5
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
