"""Where promises about StatefulSets are asked: preconditions of manifest and environment."""

from typing import Any

from attrs import evolve

from seatrial.model import Environment, statefulset_workload

from .promise import Precondition, without

__all__ = [
    "ALL_BELOW",
    "AT_ONCE",
    "BLOCK_OR_ORDERED",
    "CAUGHT_UP",
    "CHANGED_ONCE",
    "CLAIMS",
    "CLAIMS_KEPT",
    "CLAIMS_WAIT",
    "COLLECTED_IN_TIME",
    "CONFIRMED",
    "DROPPED_WHEN_DELETED",
    "DROPPED_WHEN_SCALED",
    "EVICTED",
    "GATED",
    "GRACE",
    "HEALTHY",
    "HISTORY_KEPT",
    "KEPT_ALIVE",
    "LOOKED_AT_AGAIN",
    "NAMES_FREED",
    "NEVER_EMPTIED",
    "NEVER_SHRUNK",
    "NODES_REMAIN",
    "NODES_STAY",
    "NONE_FAILS",
    "NOT_ANEW",
    "NOT_FORCED",
    "NOT_GATED",
    "NO_CLAIM_DELETED",
    "NO_DISRUPTION",
    "NO_GRACE",
    "NO_PARTITION",
    "NO_RESCALE",
    "ONE_AT_MOST",
    "ONE_CONTROLLER",
    "ONE_NODE",
    "ONE_POD",
    "ON_DELETE",
    "ORDERED",
    "PARALLEL",
    "PARTITIONED",
    "PARTITION_STAYS",
    "PLACED",
    "READINESS_KEPT",
    "READY_TEMPLATES",
    "REALLY_OFF",
    "ROLLING",
    "SCALED_ONCE",
    "SEVERAL",
    "SEVERAL_PODS",
    "SHIFTED",
    "SLOW_READY",
    "SOME",
    "STALE",
    "moves_freely",
    "never_stale",
    "none_of",
]


def none_of(words: str, *names: str) -> Precondition:
    """That no user and no fault has one of these names."""
    return Precondition(
        words,
        lambda spec, around: not any(map(around.times, names)),
        lambda around: without(around, *names),
    )


# ---- of the manifest --------------------------------------------------------------------------

ORDERED = Precondition(
    "podManagementPolicy is OrderedReady",
    lambda spec, around: spec.pod_management_policy == "OrderedReady",
)
PARALLEL = Precondition(
    "podManagementPolicy is Parallel",
    lambda spec, around: spec.pod_management_policy == "Parallel",
)
ROLLING = Precondition(
    "the update strategy is RollingUpdate",
    lambda spec, around: spec.update_strategy.type == "RollingUpdate",
)
ON_DELETE = Precondition(
    "the update strategy is OnDelete", lambda spec, around: spec.update_strategy.type == "OnDelete"
)
GRACE = Precondition(
    "terminationGracePeriodSeconds is not 0", lambda spec, around: bool(spec.graceful)
)
NO_GRACE = Precondition(
    "terminationGracePeriodSeconds is 0", lambda spec, around: not spec.graceful
)
SOME = Precondition("there are replicas", lambda spec, around: spec.replicas > 0)
SEVERAL = Precondition("there are two replicas or more", lambda spec, around: spec.replicas > 1)
CLAIMS = Precondition("there are volumeClaimTemplates", lambda spec, around: spec.has_claims)


def _partition(spec: Any) -> int:
    rolling = spec.update_strategy.rolling_update
    return 0 if rolling is None else int(rolling.partition)


PARTITIONED = Precondition(
    "there is a partition",
    lambda spec, around: _partition(spec) > 0,
)
NO_PARTITION = Precondition("there is no partition", lambda spec, around: _partition(spec) == 0)


def _one_at_most(spec: Any) -> bool:
    rolling = spec.update_strategy.rolling_update
    bound = None if rolling is None else rolling.max_unavailable
    return bound is None or bool((bound.kind, bound.value) == ("int", 1))


ONE_AT_MOST = Precondition("maxUnavailable is 1", lambda spec, around: _one_at_most(spec))
SHIFTED = Precondition("ordinals start above 0", lambda spec, around: spec.ordinals_start > 0)


def _all_kept(spec: Any, around: Environment) -> bool:
    sizes = [spec.replicas, *map(int, around.values("scale"))]
    return bool(_partition(spec) >= max(sizes))


ALL_BELOW = Precondition("the partition is at least replicas", _all_kept)
SLOW_READY = Precondition("minReadySeconds is set", lambda spec, around: spec.min_ready_seconds > 0)


def _retained(spec: Any) -> bool:
    policy = spec.retention
    return bool(policy.when_scaled == "Retain")


CLAIMS_KEPT = Precondition(
    "claims are retained when the set is scaled, and when it is deleted or it is not deleted;"
    " nobody changes that",
    lambda spec, around: (
        _retained(spec)
        and (spec.retention.when_deleted == "Retain" or not around.times("delete"))
        and not around.times("set-retention")
    ),
    lambda around: without(around, "set-retention", "delete"),
)
ONE_NODE = Precondition(
    "a claim template asks for ReadWriteOnce or ReadWriteOncePod, and for no mode of many nodes",
    lambda spec, around: spec.access != "shared",
)
ONE_POD = Precondition(
    "a claim template asks for ReadWriteOncePod", lambda spec, around: spec.access == "one pod"
)
SEVERAL_PODS = Precondition(
    "no claim template asks for ReadWriteOncePod", lambda spec, around: spec.access != "one pod"
)
"""With it a second pod on the same node waits until the first has stopped."""
DROPPED_WHEN_SCALED = Precondition("whenScaled is Delete", lambda spec, around: not _retained(spec))
DROPPED_WHEN_DELETED = Precondition(
    "whenDeleted is Delete", lambda spec, around: spec.retention.when_deleted == "Delete"
)

EVICTED = Precondition(
    "pods are evicted from a node that is unreachable or out of service: they do not tolerate both"
    " for ever",
    lambda spec, around: spec.tolerates.leaves_unreachable or spec.tolerates.leaves_out_of_service,
)

# ---- of the environment -----------------------------------------------------------------------

NOT_FORCED = none_of("no pod is deleted by force", "force-delete")
NODES_STAY = none_of("no Node object is deleted", "delete-node")
REALLY_OFF = Precondition(
    "only nodes that are off for good get the taint out-of-service",
    lambda spec, around: (
        not around.times("out-of-service")
        or not (around.times("node-partition") or around.times("node-crash"))
    ),
    lambda around: without(around, "out-of-service"),
)
"""A machine that crashed may come back before the taint is put on it, with its pods."""


def never_stale(around: Environment) -> bool:
    """Whether no list is out of date."""
    up_to_date = around.gate("WatchListClient") and around.gate("WatchList")
    return up_to_date or not around.times("stale-api-server")


CAUGHT_UP = Precondition(
    "no list is out of date: WatchListClient and WatchList are on, or no `stale-api-server`",
    lambda spec, around: never_stale(around),
    lambda around: without(around, "stale-api-server"),
)


def _scaled_once(around: Environment) -> bool:
    """Whether the size changes once at most; a set that is created anew has its first size."""
    scales = around.times("scale")
    return not scales or scales + around.times("apply") <= 1


CLAIMS_WAIT = Precondition(
    "no member comes back whose claim is dropped when it is scaled away: whenScaled is Retain, or"
    " the set is scaled once at most, and not created anew then; the retention policy stays",
    lambda spec, around: (
        not spec.has_claims
        or ((_retained(spec) or _scaled_once(around)) and not around.times("set-retention"))
    ),
    lambda around: without(around, "scale", "set-retention"),
)
"""Nobody is told when a claim is gone: who waits for that waits for any other event."""
STALE = Precondition(
    "a kubelet may start with a list that is out of date after a pod of its was replaced:"
    " `stale-api-server`, WatchListClient or WatchList off, `kubelet-restart` or `node-crash`,"
    " `delete-pod`",
    lambda spec, around: (
        not never_stale(around)
        and around.times("kubelet-restart") + around.times("node-crash") > 0
        and around.times("delete-pod") > 0
    ),
)
COLLECTED_IN_TIME = Precondition(
    "no pod of a lost node is removed by who is no leader any more: no `second-controller`, or"
    " neither `out-of-service` nor `delete-node`, or level atomic",
    lambda spec, around: not around.collects_late,
    lambda around: without(around, "second-controller"),
)
"""Such a request names a pod without its uid, and gives it no time."""
CONFIRMED = (NOT_FORCED, NODES_STAY, REALLY_OFF, CAUGHT_UP, GRACE, COLLECTED_IN_TIME)
"""Nobody takes a pod from the API but its kubelet, and no kubelet starts one that was taken."""

AT_ONCE = Precondition(
    "a sync is not interrupted, and caches show every write before the next: level atomic, lag 0",
    lambda spec, around: around.level == "atomic" and around.lag == 0,
    lambda around: evolve(around, level="atomic", lag=0),
)
TAKES_DOWN = (
    "container-exit",
    "unready",
    "pod-failed",
    "never-ready",
    "node-crash",
    "node-off",
    "node-partition",
)
"""The faults after which a pod is not ready any more, or not heard of."""
NO_DISRUPTION = none_of(
    "nobody else disturbs pods: none fails, no node is lost, no list is stale, nobody deletes any",
    *TAKES_DOWN,
    "stale-api-server",
    "delete-pod",
    "force-delete",
    "delete-claim",
    "drain",
    "delete-node",
    "out-of-service",
    "delete",
)
READINESS_KEPT = Precondition(
    "no kubelet forgets which pods are ready: no `kubelet-restart`, or release 1.35 or later",
    lambda spec, around: (
        not around.times("kubelet-restart") or "kubelet-forgets-readiness" not in around.rules
    ),
    lambda around: without(around, "kubelet-restart"),
)
NONE_FAILS = none_of(
    "no pod fails for good, not even while it is collected", "pod-failed", "delete-node"
)
"""The collector of pods marks one as failed before it removes it. Nothing terminates then."""
NO_RESCALE = none_of("nobody scales the set", "scale")
SCALED_ONCE = Precondition(
    "the set is scaled once at most",
    lambda spec, around: around.times("scale") <= 1,
    lambda around: without(around, "scale"),
)
NEVER_EMPTIED = Precondition(
    "the set is never scaled to 0",
    lambda spec, around: spec.replicas > 0 and "0" not in around.values("scale"),
    lambda around: without(around, "scale"),
)
NEVER_SHRUNK = Precondition(
    "the set is never scaled down, and not empty at first",
    lambda spec, around: (
        spec.replicas > 0
        and len(around.values("scale")) <= 1
        and all(int(size) >= spec.replicas for size in around.values("scale"))
    ),
    lambda around: without(around, "scale"),
)
"""
An updated member that is scaled away still counts as updated, and may be the only one that is
there: as many as are asked for. Go: completeRollingUpdate, updateStatus
"""
BLOCK_OR_ORDERED = Precondition(
    "there is a rollingUpdate block, or podManagementPolicy is OrderedReady and no sync counts from"
    " a status that is out of date: lag 0, or the gate StaleControllerConsistencyStatefulSet is on",
    lambda spec, around: (
        spec.update_strategy.type != "RollingUpdate"
        or spec.update_strategy.rolling_update is not None
        or (
            spec.pod_management_policy == "OrderedReady"
            and (around.lag == 0 or around.gate("StaleControllerConsistencyStatefulSet"))
        )
    ),
    lambda around: evolve(around, lag=0),
)
"""
Without the block the revision of a new member goes by status.currentReplicas. With Parallel the
sync that creates an old one may delete it at once, and the status that it wants to write then
counts -1 of them, which is refused. With OrderedReady a cache that still shows the status of before
does the same: a new member is of the old revision, is deleted for that, and so on for ever.
Go: newVersionedStatefulSetPod, ValidateStatefulSetStatus
"""
CHANGED_ONCE = Precondition(
    "the template is changed once at most, or podManagementPolicy is OrderedReady and caches show"
    " every write before the next sync: lag 0",
    lambda spec, around: (
        around.times("set-image") + around.times("undo") <= 1
        or (spec.pod_management_policy == "OrderedReady" and around.lag == 0)
    ),
    lambda around: without(around, "undo"),
)
"""
With Parallel the next update takes the top down while the last one is at work further below. And
with either, if the cache does not show yet what the last one has deleted.
"""
LOOKED_AT_AGAIN = Precondition(
    "who waits for minReadySeconds is looked at again: it is not set, or nobody scales the set, or"
    " the release is 1.35 or later",
    lambda spec, around: (
        spec.min_ready_seconds == 0
        or not around.times("scale")
        or "sts-comes-back-until-all-available" not in around.rules
    ),
    lambda around: without(around, "scale"),
)
"""
1.34 comes back as long as fewer are available than are asked for. A surplus member counts as one of
these: it stays, and so does what waits for one that became ready last. Go: syncStatefulSet
"""
ONE_CONTROLLER = none_of("no other controller manager takes over", "second-controller")
HISTORY_KEPT = Precondition(
    "no revision is forgotten: no request fails, or the template is not changed more often than"
    " revisionHistoryLimit",
    lambda spec, around: (
        not around.times("write-failure")
        or spec.revision_history_limit < 0
        or around.times("set-image") + around.times("undo") <= spec.revision_history_limit
    ),
    lambda around: without(around, "write-failure"),
)
"""
A sync that cannot write the revision of a new template cuts the history as if only revisions of
pods were in use. The current one may go then while the pods below the partition are missing.
Go: UpdateStatefulSet, truncateHistory
"""
PARTITION_STAYS = none_of("nobody changes the partition", "set-partition")
READY_TEMPLATES = none_of("pods of every template become ready", "never-ready")
NOT_ANEW = none_of("the set is not created anew after it was deleted", "apply")
"""
A former set may have left pods that the new one does not control, and yet sees. And the current
revision of a set is none before its first status: a template changed sooner is the only one.
"""
NAMES_FREED = Precondition(
    "no pod keeps its name for ever: the set is not created anew, or no node is lost",
    lambda spec, around: (
        not (around.times("apply") and around.times("delete")) or not around.loses_nodes
    ),
    lambda around: without(around, "apply"),
)
"""A name that is taken by a pod of a former set is asked for again and again, ever more rarely."""
KEPT_ALIVE = none_of("nobody deletes the set", "delete")
HEALTHY = Precondition(
    "pods of every template become ready, and no node is lost or drained for good",
    lambda spec, around: (
        not (
            around.times("never-ready")
            or around.loses_nodes
            or around.times("drain")
            or around.times("delete-node")
        )
    ),
    lambda around: without(
        around,
        "never-ready",
        "node-crash",
        "node-off",
        "node-partition",
        "drain",
        "delete-node",
        "out-of-service",
    ),
)
NODES_REMAIN = none_of(
    "no node is lost, drained or deleted",
    "node-crash",
    "node-off",
    "node-partition",
    "drain",
    "delete-node",
    "out-of-service",
)


def moves_freely(spec: Any, around: Environment) -> bool:
    """Whether there is another node for a member that is not to be on its own any more."""
    alike = statefulset_workload.placed_in(spec, around) is None
    return around.nodes > 1 and alike and not statefulset_workload.closed_to(spec, around)


PLACED = Precondition(
    "there is a node for every member, whichever went where: all find room, and where a member has"
    " to be where its volume is, either every node takes every member, or no claim is ever anew",
    lambda spec, around: statefulset_workload.room_for_all(spec, around),
    lambda around: without(around, "scale", "delete-claim", "delete", "set-retention"),
)
NO_CLAIM_DELETED = none_of("nobody deletes a claim", "delete-claim")
GATED = Precondition(
    "the gate MaxUnavailableStatefulSet is on",
    lambda spec, around: around.gate("MaxUnavailableStatefulSet"),
)
NOT_GATED = Precondition(
    "the gate MaxUnavailableStatefulSet is off",
    lambda spec, around: not around.gate("MaxUnavailableStatefulSet"),
)
