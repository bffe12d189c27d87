"""
A promise about a workload: a property, and where it is to be asked.

A precondition is kept as words for people and as a predicate of manifest and environment, so that
a checker can leave out what does not apply, or drop one precondition to show what it is for.

There are two sorts. *Where* a promise is asked is its scope: elsewhere it says nothing, and is not
broken. What it holds *if* is a condition: a run breaks the promise where it is dropped. What is
expected to be refuted has no conditions: its preconditions say where a run shows it.
"""

import builtins
from collections.abc import Callable, Sequence
from typing import Any

from attrs import evolve, frozen

from seatrial.core import Property
from seatrial.model import Environment, api, controller, deployment_conditions, deployment_util

__all__ = [
    "ALL_KEPT",
    "ATOMIC",
    "BROKEN_TEMPLATES",
    "DEADLINE",
    "FEW_FAILURES",
    "FRESH",
    "HEALTHY_TEMPLATES",
    "INTERLEAVED",
    "KEPT_OR_LANDED",
    "KEPT_WHILE_PAUSED",
    "LANDED",
    "NOTED",
    "NOTED_OR_HEALTHY",
    "NOTHING_LOST",
    "NOT_BESIDE_FORMER",
    "NOT_CREATED_ANEW",
    "NOT_DELETED",
    "NOT_PAUSED_AGAIN",
    "NOT_PAUSED_ANEW",
    "NO_FAILURE_AFTER_A_CONFLICT",
    "NO_GIVE_UP",
    "NO_PAUSE",
    "NO_POD_FAULTS",
    "NO_STALE_PAUSE",
    "NO_UNDO",
    "PAUSED",
    "PAUSED_MIDWAY",
    "PLACED",
    "PROMPT",
    "RECREATE",
    "ROLLING",
    "SAME_SIZE",
    "SOME_PODS",
    "SOME_REMAIN",
    "TOLD",
    "TOLD_OF_ALL",
    "UPDATE",
    "Precondition",
    "Promise",
    "at_all_times",
    "deleted",
    "does",
    "keeps_history",
    "surge_of",
    "unavailable_of",
    "under",
    "without",
]

Met = Callable[[Any, Environment], bool]
"""Whether a workload's spec, as its controllers read it, and its environment are so."""
Narrow = Callable[[Environment], Environment]


@frozen
class Precondition:
    """
    Where a promise is asked: in words, and whether a manifest and its environment are so.

    `narrow` gives the largest part of an environment that is so, where leaving something out can
    do it: whatever may happen in the part may happen in the whole.
    """

    words: str
    met: Met
    narrow: Narrow | None = None


@frozen
class Promise:
    """
    A property, where it is asked, and the conditions under which it has the verdict it expects.
    """

    property: Property
    where: tuple[Precondition, ...] = ()
    conditions: tuple[Precondition, ...] = ()

    @builtins.property
    def preconditions(self) -> tuple[Precondition, ...]:
        """The scope first, then the conditions."""
        return (*self.where, *self.conditions)

    def applies(self, spec: Any, around: Environment) -> bool:
        """Whether all preconditions are met."""
        return not self.unmet(spec, around)

    def unmet(self, spec: Any, around: Environment) -> tuple[Precondition, ...]:
        """The preconditions that are not met."""
        return tuple(each for each in self.preconditions if not each.met(spec, around))

    def narrowed(
        self, spec: Any, around: Environment, but: Precondition | None = None
    ) -> Environment | None:
        """
        The largest part of an environment in which all preconditions are met, `but` one.

        None where no part of it meets them: something would have to be added, or the manifest to be
        another.
        """
        part = around
        for each in self.unmet(spec, around):
            if each != but and each.narrow is not None:
                part = each.narrow(part)
        return part if {*self.unmet(spec, part)} <= {but} else None


def under(
    *conditions: Precondition, where: Sequence[Precondition] = ()
) -> Callable[[Property], Promise]:
    """
    Declare a promise: a property, the conditions without which it breaks, and where it is asked.

    What is expected to be refuted is asked where all of them are met.

    >>> from seatrial.core import always
    >>> @under(SAME_SIZE)
    ... @always(says="the size stays", source="nowhere")
    ... def the_size_stays(desired, manifest):
    ...     if desired != manifest.replicas:
    ...         yield f"the size is {desired}"
    >>> the_size_stays.property.preconditions
    ('nobody scales the Deployment',)
    """

    def declare(property: Property) -> Promise:
        words = tuple(each.words for each in (*where, *conditions))
        of = evolve(property, preconditions=words)
        if of.expected == "refuted":
            return Promise(of, where=(*where, *conditions))
        return Promise(of, tuple(where), conditions)

    return declare


at_all_times = under()
"""Declare a promise that is asked of every Deployment in every environment."""


# ---- of the manifest --------------------------------------------------------------------------

ROLLING = Precondition(
    "the strategy is RollingUpdate", lambda spec, around: spec.strategy.type == "RollingUpdate"
)
RECREATE = Precondition(
    "the strategy is Recreate", lambda spec, around: spec.strategy.type == "Recreate"
)


def has_deadline(spec: Any) -> bool:
    """Whether the progress of a Deployment with this spec is watched."""
    return deployment_conditions.has_progress_deadline(api.Deployment(spec))


DEADLINE = Precondition("progressDeadlineSeconds is set", lambda spec, around: has_deadline(spec))
SOME_REMAIN = Precondition(
    "maxUnavailable is less than replicas",
    lambda spec, around: deployment_util.max_unavailable(api.Deployment(spec)) < spec.replicas,
)
SOME_PODS = Precondition("there are replicas", lambda spec, around: spec.replicas > 0)


def surge_of(spec: api.DeploymentSpec) -> int:
    """maxSurge as a number of pods."""
    return deployment_util.max_surge(api.Deployment(spec))


def unavailable_of(spec: api.DeploymentSpec) -> int:
    """maxUnavailable as a number of pods."""
    return deployment_util.max_unavailable(api.Deployment(spec))


# ---- of the environment -----------------------------------------------------------------------


def without(around: Environment, *names: str) -> Environment:
    """The environment without what has one of these names."""
    return evolve(
        around,
        users=tuple(each for each in around.users if each.name not in names),
        faults=tuple(each for each in around.faults if each.name not in names),
    )


def at_most(around: Environment, name: str, times: int) -> Environment:
    """The environment with a fault so often and no more."""
    return evolve(
        around,
        faults=tuple(
            evolve(each, times=min(each.times, times)) if each.name == name else each
            for each in around.faults
        ),
    )


ATOMIC = Precondition(
    "a sync is not interrupted: level atomic",
    lambda spec, around: around.level == "atomic",
    lambda around: evolve(around, level="atomic"),
)
TOLD = Precondition(
    "a ReplicaSet knows of the pods that it made: lag 0, or neither `write-unknown` nor, without"
    " the consistency store, `expectations-expire`; and no request lands after a `failover`",
    lambda spec, around: (
        not around.lands_late
        and (
            around.lag == 0
            or (
                around.times("write-unknown") == 0
                and (
                    around.gate("StaleControllerConsistencyReplicaSet")
                    or around.times("expectations-expire") == 0
                )
            )
        )
    ),
    lambda around: without(around, "write-unknown", "expectations-expire", "failover"),
)
TOLD_OF_ALL = Precondition(
    "a ReplicaSet knows of the pods that it made and of those that it deleted: lag 0, or neither"
    " `write-unknown` nor `expectations-expire`; and no request lands after a `failover`",
    lambda spec, around: (
        not around.lands_late
        and (
            around.lag == 0
            or not (around.times("write-unknown") + around.times("expectations-expire"))
        )
    ),
    TOLD.narrow,
)
"""
The consistency store waits for pods that were made, not for those that were deleted. Listed once
more, another one may be chosen: how long pods have been ready is compared on a logarithmic scale.
Go: ActivePodsWithRanks.Less
"""
LANDED = Precondition(
    "no request lands after a `failover`",
    lambda spec, around: not around.lands_late,
    lambda around: without(around, "failover"),
)
INTERLEAVED = Precondition(
    "the writes of a sync are steps of their own: level interleaved or faulty",
    lambda spec, around: around.level != "atomic",
)
FRESH = Precondition(
    "caches show every write before the next sync: lag 0",
    lambda spec, around: around.lag == 0,
    # A new list only differs from what was delivered where something was not.
    lambda around: evolve(without(around, "relist"), lag=0),
)


PROMPT = Precondition(
    "time passes only when nothing else can happen: clock prompt",
    lambda spec, around: around.slow == 0,
    lambda around: evolve(around, slow=0),
)


def _few_failures(around: Environment) -> Environment:
    return without(around, "write-failure") if around.lag else at_most(around, "write-failure", 1)


FEW_FAILURES = Precondition(
    "at most one request fails, and none after a conflict unless a deadline passes later, since a"
    " resizing of old ReplicaSets that fails is not tried again before something else happens:"
    " `write-failure` once, with lag 0 or progressDeadlineSeconds, or never",
    lambda spec, around: around.times("write-failure") <= (around.lag == 0 or has_deadline(spec)),
    _few_failures,
)
NO_FAILURE_AFTER_A_CONFLICT = Precondition(
    "at most one request fails, and none after a conflict, since a resizing of old ReplicaSets that"
    " fails is not tried again before something else happens: `write-failure` once with lag 0, or"
    " never",
    lambda spec, around: around.times("write-failure") <= (around.lag == 0),
    _few_failures,
)
NO_GIVE_UP = Precondition(
    "no sync fails so often in a row that its key is dropped: fewer than 16 `write-failure`",
    lambda spec, around: not around.gives_up,
    lambda around: at_most(around, "write-failure", controller.MAX_RETRIES),
)


def _none(words: str, *names: str) -> Precondition:
    return Precondition(
        words,
        lambda spec, around: not any(map(around.times, names)),
        lambda around: without(around, *names),
    )


NOTHING_LOST = _none(
    "no request of a sync fails or loses its answer: neither `write-failure` nor `write-unknown`",
    "write-failure",
    "write-unknown",
)
SAME_SIZE = _none("nobody scales the Deployment", "scale")
NO_UNDO = _none("nobody undoes a rollout or applies the manifest again", "undo", "apply")
NOT_DELETED = _none("nobody deletes the Deployment", "delete")
NOT_CREATED_ANEW = Precondition(
    "no other Deployment of its name is created afterwards",
    lambda spec, around: not around.creates_anew,
    lambda around: without(around, "apply"),
)
NOT_BESIDE_FORMER = Precondition(
    "no other Deployment of its name is created while pods of it may run: no `apply` after"
    " `delete:background`",
    lambda spec, around: not (around.creates_anew and around.values("delete") == ("background",)),
    lambda around: without(around, "apply"),
)
NO_POD_FAULTS = _none("pods that were ready stay so", "container-exit", "unready", "pod-failed")
HEALTHY_TEMPLATES = Precondition(
    "pods of every template become ready: no `never-ready`, and none may stay pending",
    lambda spec, around: not around.times("never-ready") and not around.unplaced,
    lambda around: without(around, "never-ready", "unschedulable"),
)
PLACED = Precondition(
    "no pod may stay pending: no `unschedulable`, and nothing in the manifest keeps pods waiting",
    lambda spec, around: not around.unplaced,
    lambda around: without(around, "unschedulable"),
)
NO_PAUSE = Precondition(
    "the Deployment is not paused",
    lambda spec, around: not spec.paused and not around.times("pause"),
    lambda around: without(around, "pause"),
)
NOT_PAUSED_ANEW = Precondition(
    "no other Deployment of its name is created afterwards, or it is not paused",
    lambda spec, around: NO_PAUSE.met(spec, around) or NOT_CREATED_ANEW.met(spec, around),
    lambda around: without(around, "apply"),
)
"""A Deployment that is paused before its first sync gets no ReplicaSet. Go: sync"""
NOT_PAUSED_AGAIN = Precondition(
    "the Deployment is not paused once more after it was resumed",
    lambda spec, around: (
        not around.times("resume") or bool(spec.paused) + around.times("pause") < 2
    ),
    lambda around: without(around, "resume"),
)
"""
The sync that first sees a pause or its end writes a condition, so that the status it writes last is
refused, and with it the revision. Where that was the sync that made a ReplicaSet, the one that sees
the next pause writes both, and the second write is refused before it scales. It is tried again.
Go: checkPausedConditions, getNewReplicaSet
"""
NO_STALE_PAUSE = Precondition(
    "the Deployment is not paused, or caches show every write before the next sync (lag 0) and no"
    " request lands after a `failover`",
    lambda spec, around: (
        NO_PAUSE.met(spec, around) or (FRESH.met(spec, around) and LANDED.met(spec, around))
    ),
    lambda around: without(around, "pause"),
)
"""
Where a ReplicaSet is made while another new one is not seen, the sizes add up to more than replicas
and maxSurge. A sync of a paused Deployment shrinks all of them in proportion then, and does not ask
which pods are available. Go: sync, scale
"""
PAUSED = Precondition(
    "the Deployment may be paused",
    lambda spec, around: spec.paused or around.times("pause") > 0,
)
PAUSED_MIDWAY = Precondition(
    "the Deployment may be paused midway: it is not paused at first, or may be resumed, and"
    " `pause` may happen",
    lambda spec, around: (
        around.times("pause") > 0 and (not spec.paused or around.times("resume") > 0)
    ),
)


def keeps_history(spec: Any, around: Environment) -> bool:
    """Whether there never are more old ReplicaSets than revisionHistoryLimit."""
    limit = spec.revision_history_limit
    return limit is None or around.times("set-image") + around.times("restart") <= limit


ALL_KEPT = Precondition(
    "the template is not replaced more often than revisionHistoryLimit",
    keeps_history,
    lambda around: without(around, "set-image", "restart"),
)
KEPT_WHILE_PAUSED = Precondition(
    f"{ALL_KEPT.words}, or {NO_PAUSE.words}",
    lambda spec, around: ALL_KEPT.met(spec, around) or NO_PAUSE.met(spec, around),
    lambda around: without(around, "pause"),
)
"""
While a new template has no ReplicaSet yet, a sync of a paused Deployment may resize an old one from
0 and delete it right afterwards, as one without pods: it looks at the sizes that it had listed.
Go: sync, cleanupDeployment
"""
KEPT_OR_LANDED = Precondition(
    f"{ALL_KEPT.words}, or {LANDED.words}",
    lambda spec, around: ALL_KEPT.met(spec, around) or LANDED.met(spec, around),
    LANDED.narrow,
)
"""
The clean-up of a former leader may delete a ReplicaSet late, when the Deployment has gone back to
its template. Nothing in the request says of which version it is. Go: cleanupDeployment
"""
UPDATE = Precondition(
    "the template is replaced",
    lambda spec, around: around.times("set-image") + around.times("restart") > 0,
)
BROKEN_TEMPLATES = Precondition(
    "pods of new templates never become ready",
    lambda spec, around: (
        0 < around.times("set-image") + around.times("restart") <= around.times("never-ready")
    ),
)


def _nothing_lost(around: Environment) -> bool:
    lost = around.times("write-failure") + around.times("failover")
    return around.level == "atomic" and around.lag == 0 and lost == 0


def _none_lost(around: Environment) -> Environment:
    return evolve(
        without(around, "write-failure", "failover", "relist"),
        level="atomic",
        lag=0,
    )


NOTED = Precondition(
    "no status is refused or lost on its way: level atomic, lag 0, neither `write-failure` nor"
    " `failover`",
    lambda spec, around: _nothing_lost(around),
    _none_lost,
)
"""
The status that goes with a new ReplicaSet says that a rollout has begun. It is sent once. Where it
does not arrive, the one before stays complete, and its deadline is never asked for again.
"""
NOTED_OR_HEALTHY = Precondition(
    f"{HEALTHY_TEMPLATES.words}; or {NOTED.words}",
    lambda spec, around: HEALTHY_TEMPLATES.met(spec, around) or _nothing_lost(around),
    _none_lost,
)


def does(name: str, times: int = 1) -> Precondition:
    """That a user or a fault of this name is there, and may act so often."""
    often = "" if times == 1 else f" {times} times"
    return Precondition(
        f"`{name}` may happen{often}", lambda spec, around: around.times(name) >= times
    )


def deleted(propagation: str) -> Precondition:
    """That the workload is deleted in this way."""
    return Precondition(
        f"it may be deleted, --cascade={propagation}",
        lambda spec, around: around.values("delete")[:1] == (propagation,),
    )
