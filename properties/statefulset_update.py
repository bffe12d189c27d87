"""How a StatefulSet replaces its pods by those of a new template."""

from collections.abc import Iterator

from seatrial.core import All, after_each_step, always, converges_to, sometimes

from .promise import INTERLEAVED, Precondition, Promise, does, under
from .statefulset_promise import (
    ALL_BELOW,
    AT_ONCE,
    BLOCK_OR_ORDERED,
    CHANGED_ONCE,
    CLAIMS_WAIT,
    GATED,
    HEALTHY,
    HISTORY_KEPT,
    KEPT_ALIVE,
    LOOKED_AT_AGAIN,
    NEVER_EMPTIED,
    NEVER_SHRUNK,
    NO_CLAIM_DELETED,
    NO_DISRUPTION,
    NO_PARTITION,
    NO_RESCALE,
    NODES_REMAIN,
    NONE_FAILS,
    NOT_ANEW,
    NOT_GATED,
    ON_DELETE,
    ONE_AT_MOST,
    ONE_CONTROLLER,
    ORDERED,
    PARALLEL,
    PARTITION_STAYS,
    PARTITIONED,
    PLACED,
    ROLLING,
    SEVERAL,
    SHIFTED,
    SOME,
    none_of,
)

__all__ = ["PROMISES", "REPAIRING"]

_SET = "https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/"
_PARTITIONS = _SET + "#partitions"
_ROLLING = _SET + "#rolling-updates"
_KEP = (
    "https://github.com/kubernetes/enhancements/blob/master/keps/sig-apps/"
    "961-maxunavailable-for-statefulset/README.md"
)
_ISSUES = "https://github.com/kubernetes/kubernetes/issues/"
_SAID = "what is said of StatefulSets"


# ---- partition --------------------------------------------------------------------------------


def _new_below(pod_revision: int, partition: int, ordinal: int, start: int) -> Iterator[str]:
    if ordinal - start < partition and pod_revision > 1:
        yield f"pod {ordinal} has revision {pod_revision}, though the partition is {partition}"


@under(PARTITION_STAYS, NEVER_SHRUNK, NOT_ANEW, HISTORY_KEPT, where=[PARTITIONED])
@always(
    id="seed-statefulset-partition-two-versions",
    says="members below the partition keep the old revision, however they are created again",
    source=_PARTITIONS,
    over="ordinal",
    premise=lambda target, partition, ordinal, start: target > 1 and ordinal - start < partition,
)
def below_keeps_the_old(
    pod_revision: int, partition: int, ordinal: int, start: int
) -> Iterator[str]:
    return _new_below(pod_revision, partition, ordinal, start)


@under(
    ROLLING,
    PARTITIONED,
    does("set-image"),
    Precondition(
        "the set may be scaled to 0 and back",
        lambda spec, around: (
            "0" in around.values("scale")
            and around.times("scale") > 1
            and any(int(size) > 0 for size in around.values("scale"))
        ),
    ),
)
@always(
    id="partition-outlives-an-empty-set",
    says="members below the partition keep the old revision when the set was empty in between",
    source=_ISSUES + "121534",
    expected="refuted",
    over="ordinal",
    premise=lambda target: target > 1,
)
def keeps_the_old_from_zero(
    pod_revision: int, partition: int, ordinal: int, start: int
) -> Iterator[str]:
    return _new_below(pod_revision, partition, ordinal, start)


@under(
    ROLLING,
    PARTITIONED,
    does("set-image"),
    does("delete-pod"),
    Precondition(
        "the set may be scaled down, and not to 0",
        lambda spec, around: any(0 < int(n) < spec.replicas for n in around.values("scale")),
    ),
)
@always(
    id="partition-outlives-a-scale-down",
    says="members below the partition keep the old revision when the set is scaled down",
    source=_PARTITIONS,
    expected="refuted",
    over="ordinal",
    premise=lambda target: target > 1,
)
def keeps_the_old_when_shrunk(
    pod_revision: int, partition: int, ordinal: int, start: int
) -> Iterator[str]:
    return _new_below(pod_revision, partition, ordinal, start)


@under(ALL_BELOW, PARTITION_STAYS, NEVER_EMPTIED, NOT_ANEW, HISTORY_KEPT)
@after_each_step(
    id="statefulset-partition-above-replicas",
    says="with a partition of at least `replicas`, a new template reaches no pod",
    source=_PARTITIONS,
    over="ordinal",
    premise=lambda target: target > 1,
)
def reaches_no_pod(pod_revision: int, ordinal: int) -> Iterator[str]:
    if pod_revision > 1:
        yield f"pod {ordinal} has revision {pod_revision}"


_SHIFTED_WITHIN = Precondition(
    "the partition is less than the number of the last ordinal",
    lambda spec, around: (
        spec.update_strategy.rolling_update is not None
        and spec.update_strategy.rolling_update.partition <= spec.end
    ),
)


def _rolled_out(
    pod_revision: All[int], pod_state: All[str], target: int, wanted: int, start: int, low: int
) -> bool:
    """Whether all members from the index `low` on are available and of the template."""
    return all(
        state == "available" and (at - start < low or pod_revision[at] == target)
        for at, state in pod_state.items()
        if 0 <= at - start < wanted
    )


@under(ROLLING, SHIFTED, PARTITIONED, _SHIFTED_WITHIN, does("set-image"), KEPT_ALIVE, HEALTHY, SOME)
@converges_to(
    id="statefulset-partition-with-start-ordinal",
    says="all members whose ordinal is at least the partition are updated",
    source=_PARTITIONS,
    expected="refuted",
)
def updated_by_ordinal(
    pod_revision: All[int],
    pod_state: All[str],
    target: int,
    wanted: int,
    start: int,
    partition: int,
) -> bool:
    low = max(0, partition - start)
    return _rolled_out(pod_revision, pod_state, target, wanted, start, low)


# ---- progress ---------------------------------------------------------------------------------


@under(ROLLING, HEALTHY, CLAIMS_WAIT, NO_CLAIM_DELETED, BLOCK_OR_ORDERED, PLACED, LOOKED_AT_AGAIN)
@converges_to(
    id="statefulset-rollout-completes",
    says="in the end all members from the partition on are available and of the newest template",
    source=_ROLLING,
)
def rollout_completes(
    pod_revision: All[int],
    pod_state: All[str],
    target: int,
    wanted: int,
    start: int,
    partition: int,
) -> bool:
    return _rolled_out(pod_revision, pod_state, target, wanted, start, partition)


_BROKEN_AND_MENDED = Precondition(
    "a template whose pods never become ready may be put right again",
    lambda spec, around: (
        around.times("never-ready") > 0
        and around.times("set-image") + around.times("undo") > around.times("never-ready")
    ),
)


@under(
    ROLLING,
    ORDERED,
    NO_PARTITION,
    _BROKEN_AND_MENDED,
    KEPT_ALIVE,
    SOME,
    none_of("nobody deletes pods", "delete-pod", "force-delete"),
)
@converges_to(
    id="good-template-repairs",
    says="once the template is good again, members of a broken one are replaced by themselves",
    source=_SET + "#forced-rollback",
    expected="refuted",
)
def good_template_repairs(
    pod_state: All[str], target: int, wanted: int, start: int, never_ready: frozenset[int]
) -> bool:
    return target in never_ready or all(
        state == "available" for at, state in pod_state.items() if 0 <= at - start < wanted
    )


@under(
    ROLLING,
    PARALLEL,
    GATED,
    NO_PARTITION,
    ONE_AT_MOST,
    _BROKEN_AND_MENDED,
    KEPT_ALIVE,
    SOME,
    none_of("nobody deletes pods", "delete-pod", "force-delete"),
    Precondition(
        "the release is older than 1.37",
        lambda spec, around: "sts-two-phase-update" not in around.rules,
    ),
)
@converges_to(
    id="kep961-default-one-unchanged",
    says="with maxUnavailable, Parallel repairs a broken template once it is good again, as before",
    source=_KEP,
    expected="refuted",
)
def gate_repairs(
    pod_state: All[str], target: int, wanted: int, start: int, never_ready: frozenset[int]
) -> bool:
    return target in never_ready or all(
        state == "available" for at, state in pod_state.items() if 0 <= at - start < wanted
    )


REPAIRING = Precondition(
    "the gate MaxUnavailableStatefulSet is off, or the release is 1.37",
    lambda spec, around: (
        not around.gate("MaxUnavailableStatefulSet") or "sts-two-phase-update" in around.rules
    ),
)


@under(
    ROLLING,
    PARALLEL,
    REPAIRING,
    NODES_REMAIN,
    CLAIMS_WAIT,
    NO_CLAIM_DELETED,
    BLOCK_OR_ORDERED,
    PARTITION_STAYS,
    NO_PARTITION,
    PLACED,
    where=[_BROKEN_AND_MENDED],
)
@converges_to(
    id="kep3541-parallel-never-repairs",
    says="with Parallel, members of a broken template are replaced once it is good again",
    source=_KEP,
)
def parallel_repairs(
    pod_state: All[str], target: int, wanted: int, start: int, never_ready: frozenset[int]
) -> bool:
    return target in never_ready or all(
        state == "available" for at, state in pod_state.items() if 0 <= at - start < wanted
    )


# ---- how many at once -------------------------------------------------------------------------


def _down(pod_state: All[str], wanted: int, start: int) -> int:
    return sum(state != "available" for at, state in pod_state.items() if 0 <= at - start < wanted)


def _only_updates(action: str) -> bool:
    return action.startswith("write_pod") or action == "observe"


def _takes_down(
    action: str, pod_state: All[str], pod_state_before: All[str], wanted: int, start: int
) -> bool:
    before, after = (_down(each, wanted, start) for each in (pod_state_before, pod_state))
    return _only_updates(action) and after > before


@under(GATED, AT_ONCE, where=[ROLLING])
@after_each_step(
    id="statefulset-maxunavailable-bound",
    says="an update takes down available members only while fewer than maxUnavailable are down",
    source=_KEP,
    premise=_takes_down,
)
def within_max_unavailable(
    action: str,
    pod_state: All[str],
    pod_state_before: All[str],
    wanted: int,
    start: int,
    most_unavailable: int,
) -> Iterator[str]:
    if not _only_updates(action):
        return
    before, after = (_down(each, wanted, start) for each in (pod_state_before, pod_state))
    if after > max(before, most_unavailable):
        yield f"{after} members are down, {before} were; maxUnavailable is {most_unavailable}"


@under(NOT_GATED, ORDERED, AT_ONCE, where=[ROLLING])
@after_each_step(
    id="seed-statefulset-safer-to-reason",
    says="an update takes down an available member only if all others are available",
    source=_ROLLING,
    premise=lambda action: _only_updates(action),
)
def one_at_a_time(
    action: str, pod_state: All[str], pod_state_before: All[str], wanted: int, start: int
) -> Iterator[str]:
    if not _only_updates(action):
        return
    before, after = (_down(each, wanted, start) for each in (pod_state_before, pod_state))
    if after > max(before, 1):
        yield f"{after} members are down, {before} were"


@under(
    ROLLING,
    NOT_GATED,
    PARALLEL,
    SEVERAL,
    NO_PARTITION,
    does("set-image"),
    does("container-exit"),
)
@after_each_step(
    id="statefulset-parallel-does-not-affect-updates",
    says="Parallel affects scaling only: an update waits for members that are not available",
    source=_SET + "#parallel-pod-management",
    expected="refuted",
    premise=lambda action: _only_updates(action),
)
def parallel_updates_one_at_a_time(
    action: str, pod_state: All[str], pod_state_before: All[str], wanted: int, start: int
) -> Iterator[str]:
    if not _only_updates(action):
        return
    before, after = (_down(each, wanted, start) for each in (pod_state_before, pod_state))
    if after > max(before, 1):
        yield f"{after} members are down, {before} were"


@under(NOT_GATED, NO_DISRUPTION, NO_RESCALE, CHANGED_ONCE, ONE_CONTROLLER, PLACED, where=[ROLLING])
@after_each_step(
    id="update-one-by-one",
    says="without disruption an update takes down one member at a time, Parallel or not",
    source=_ROLLING,
    premise=lambda action: _only_updates(action),
)
def update_one_by_one(
    pod_state: All[str], pod_state_before: All[str], wanted: int, start: int
) -> Iterator[str]:
    down = _down(pod_state, wanted, start)
    if down > 1:
        yield f"{down} members are not available"


@under(ON_DELETE, NO_RESCALE, NONE_FAILS, where=[INTERLEAVED])
@after_each_step(
    id="statefulset-ondelete-no-automatic-update",
    says="with OnDelete the controller deletes no pod",
    source=_SET + "#update-strategies",
    premise=lambda target: target > 1,
)
def deletes_none(action: str, decided: tuple[str, int]) -> Iterator[str]:
    if action == "observe" and decided[0] == "delete":
        yield f"decides to delete pod {decided[1]}"


@under(
    ROLLING,
    PARALLEL,
    SEVERAL,
    does("set-image"),
    CHANGED_ONCE,
    ONE_CONTROLLER,
    NOT_GATED,
    NO_DISRUPTION,
    NO_RESCALE,
    NONE_FAILS,
)
@sometimes(
    id="seed-statefulset-parallel-rolling-update",
    says="an update of a Parallel set replaces several members at a time",
    source=_SAID,
    expected="refuted",
)
def several_at_once(pod_state: All[str], wanted: int, start: int) -> bool:
    return _down(pod_state, wanted, start) > 1


PROMISES: tuple[Promise, ...] = (
    below_keeps_the_old,
    keeps_the_old_from_zero,
    keeps_the_old_when_shrunk,
    reaches_no_pod,
    updated_by_ordinal,
    rollout_completes,
    good_template_repairs,
    gate_repairs,
    parallel_repairs,
    within_max_unavailable,
    one_at_a_time,
    parallel_updates_one_at_a_time,
    update_one_by_one,
    deletes_none,
    several_at_once,
)
