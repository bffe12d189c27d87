"""In which order a StatefulSet creates and deletes its pods."""

from collections.abc import Iterator

from seatrial.core import All, after_each_step, converges_to, sometimes
from seatrial.model import Environment

from .promise import INTERLEAVED, Precondition, Promise, does, under
from .statefulset_promise import (
    AT_ONCE,
    BLOCK_OR_ORDERED,
    CLAIMS,
    CLAIMS_WAIT,
    DROPPED_WHEN_SCALED,
    GRACE,
    HEALTHY,
    KEPT_ALIVE,
    LOOKED_AT_AGAIN,
    NO_CLAIM_DELETED,
    NO_PARTITION,
    NONE_FAILS,
    NOT_ANEW,
    ORDERED,
    PARALLEL,
    PLACED,
    ROLLING,
    SEVERAL,
)

__all__ = ["DELETED_WITH_PODS", "PROMISES", "SHRINKS", "TWO_MISSING", "shrinks"]

_SET = "https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/"
_GUARANTEES = _SET + "#deployment-and-scaling-guarantees"
_SAID = "what is said of StatefulSets"
_SEES = "observe"


def _writes(action: str) -> bool:
    """Whether the controller has just written a pod: at level atomic that goes with observing."""
    return action == _SEES or action.startswith("write_pod")


def _decides(action: str, decided: tuple[str, int], verb: str) -> bool:
    return action == _SEES and decided[0] == verb


# ---- creating ---------------------------------------------------------------------------------


@under(ORDERED, where=[INTERLEAVED])
@after_each_step(
    id="seed-statefulset-ordered-start",
    says="a member is created only if all members below it are available, as the controller sees"
    " them",
    source=_GUARANTEES,
    premise=lambda action, decided: _decides(action, decided, "create"),
)
def created_after_predecessors(
    action: str, decided: tuple[str, int], seen_state: All[str]
) -> Iterator[str]:
    if _decides(action, decided, "create"):
        for at, state in seen_state.items():
            if at < decided[1] and state != "available":
                yield f"decides to create pod {decided[1]} while it sees pod {at} {state}"


@under(ORDERED, AT_ONCE)
@after_each_step(
    id="statefulset-created-in-order",
    says="a member is created only if all members below it are there and available",
    source=_GUARANTEES,
    over="ordinal",
    premise=lambda pod_uid, pod_uid_before: pod_uid > 0 and pod_uid_before == 0,
)
def created_in_order(
    pod_uid: int, pod_uid_before: int, pod_state: All[str], ordinal: int
) -> Iterator[str]:
    if pod_uid and not pod_uid_before:
        for below, state in pod_state.items():
            if below < ordinal and state != "available":
                yield f"pod {ordinal} is created while pod {below} is {state}"


TWO_MISSING = Precondition(
    "two members may be missing at a time",
    lambda spec, around: (
        around.times("delete-pod") + around.times("force-delete") > 1
        or any(int(size) > spec.replicas + 1 for size in around.values("scale"))
    ),
)


@under(PARALLEL, INTERLEAVED, SEVERAL, TWO_MISSING)
@sometimes(
    id="seed-statefulset-parallel-deploy",
    says="with Parallel a member is created while one below it is not ready",
    source=_SET + "#parallel-pod-management",
)
def created_in_parallel(creations_due: int) -> bool:
    # What the cache shows may have changed since the sync began; what it sends was decided then.
    return creations_due > 1


# ---- deleting ---------------------------------------------------------------------------------


def _condemned(at: int, replicas: int, start: int) -> bool:
    return not start <= at < start + replicas


def shrinks(replicas: int, around: Environment) -> int:
    """By how much the set may be scaled down at the most. Anew it has its first size again."""
    sizes = [int(size) for size in around.values("scale")]
    if not sizes:
        return 0
    if around.times("apply"):
        return max(replicas, *sizes) - min(replicas, *sizes)
    largest = max(replicas, *sizes) if around.times("scale") > 1 else replicas
    return max(0, largest - min(sizes))


SHRINKS = Precondition(
    "the set may be scaled down",
    lambda spec, around: shrinks(spec.replicas, around) > 0,
)


@under(ORDERED, where=[INTERLEAVED, SHRINKS])
@after_each_step(
    id="scaled-down-from-the-top",
    says="scaling down deletes the highest member that the controller sees, and no other while that"
    " terminates",
    source=_GUARANTEES,
    premise=lambda action, decided, replicas_seen, start: (
        _decides(action, decided, "delete") and _condemned(decided[1], replicas_seen, start)
    ),
)
def scaled_down_from_the_top(
    action: str,
    decided: tuple[str, int],
    replicas_seen: int,
    seen_state: All[str],
    start: int,
) -> Iterator[str]:
    at = decided[1]
    if not _decides(action, decided, "delete") or not _condemned(at, replicas_seen, start):
        return
    for above, state in seen_state.items():
        if above > at and state != "absent":
            yield f"decides to delete pod {at} while it sees pod {above} {state}"


@under(ORDERED, where=[INTERLEAVED, SHRINKS])
@after_each_step(
    id="statefulset-web0-failure-blocks-scale-down",
    says="nothing is scaled away while a member that stays is not available, as the controller sees"
    " it",
    source=_GUARANTEES,
    premise=lambda action, decided, replicas_seen, start: (
        _decides(action, decided, "delete") and _condemned(decided[1], replicas_seen, start)
    ),
)
def blocked_by_those_that_stay(
    action: str, decided: tuple[str, int], replicas_seen: int, seen_state: All[str], start: int
) -> Iterator[str]:
    at = decided[1]
    if not _decides(action, decided, "delete") or not _condemned(at, replicas_seen, start):
        return
    for other, state in seen_state.items():
        if not _condemned(other, replicas_seen, start) and state != "available":
            yield f"decides to delete pod {at} while it sees pod {other} {state}"


@under(ORDERED, AT_ONCE)
@after_each_step(
    id="statefulset-successors-shut-down-first",
    says="before the controller scales a member away, all above it are gone",
    source=_GUARANTEES,
    over="ordinal",
    premise=lambda action, ordinal, wanted, start: (
        _writes(action) and _condemned(ordinal, wanted, start)
    ),
)
def successors_first(
    action: str,
    pod_state: All[str],
    pod_state_before: All[str],
    wanted: int,
    ordinal: int,
    start: int,
) -> Iterator[str]:
    if not _writes(action) or not _condemned(ordinal, wanted, start):
        return
    now, before = pod_state[ordinal], pod_state_before[ordinal]
    if now in ("terminating", "absent") and before not in ("terminating", "absent"):
        for above, state in pod_state_before.items():
            if above > ordinal and state != "absent":
                yield f"pod {ordinal} is deleted while pod {above} is {state}"


_SHRINKS_BY_TWO = Precondition(
    "the set may be scaled down by two or more",
    lambda spec, around: shrinks(spec.replicas, around) > 1,
)


@under(ORDERED, INTERLEAVED, _SHRINKS_BY_TWO, does("container-exit"))
@after_each_step(
    id="statefulset-predecessors-ready-before-scaling",
    says="before a member is scaled away all members below it are ready, those to go included",
    source=_GUARANTEES,
    expected="refuted",
    premise=lambda action, decided: _decides(action, decided, "delete"),
)
def predecessors_ready(
    action: str, decided: tuple[str, int], seen_state: All[str]
) -> Iterator[str]:
    if _decides(action, decided, "delete"):
        for at, state in seen_state.items():
            if at < decided[1] and state == "unready":
                yield f"decides to delete pod {decided[1]} while it sees pod {at} {state}"


@under(ORDERED, INTERLEAVED, SHRINKS, does("container-exit"))
@after_each_step(
    id="seed-statefulset-no-scale-down-when-unhealthy",
    says="a set is not scaled down as long as one of its pods is unhealthy",
    source=_SAID,
    expected="refuted",
    premise=lambda action, decided: _decides(action, decided, "delete"),
)
def no_scale_down_when_unhealthy(
    action: str, decided: tuple[str, int], seen_state: All[str]
) -> Iterator[str]:
    if _decides(action, decided, "delete") and "unready" in seen_state.values():
        unready = [at for at, state in seen_state.items() if state == "unready"]
        yield f"decides to delete pod {decided[1]}, though it sees pod {unready[0]} unready"


DELETED_WITH_PODS = Precondition(
    "the set may be deleted with its pods",
    lambda spec, around: around.values("delete")[:1] in (("background",), ("foreground",)),
)


@under(SEVERAL, GRACE, DELETED_WITH_PODS)
@after_each_step(
    id="seed-statefulset-order-or-parallel-terminate",
    says="when a set is deleted, no member terminates while one above it runs",
    source=_SAID,
    expected="refuted",
    premise=lambda action: action.startswith("collect_pod"),
)
def terminates_in_order(
    action: str, pod_state: All[str], pod_state_before: All[str]
) -> Iterator[str]:
    if not action.startswith("collect_pod"):
        return
    for at, state in pod_state.items():
        if state == "terminating" and pod_state_before[at] != "terminating":
            above = [n for n, other in pod_state.items() if n > at and other == "available"]
            if above:
                yield f"pod {at} terminates while pod {above[0]} runs"


@under(
    KEPT_ALIVE, HEALTHY, CLAIMS_WAIT, NO_CLAIM_DELETED, BLOCK_OR_ORDERED, PLACED, LOOKED_AT_AGAIN
)
@converges_to(
    id="statefulset-comes-to-its-size",
    says="in the end there are as many members as are asked for, all available, and no other",
    source=_SET,
)
def comes_to_its_size(pod_state: All[str], wanted: int, start: int) -> bool:
    return all(
        state == ("absent" if _condemned(at, wanted, start) else "available")
        for at, state in pod_state.items()
    )


@under(
    ORDERED,
    KEPT_ALIVE,
    SEVERAL,
    NO_PARTITION,
    ROLLING,
    does("never-ready"),
    does("set-image"),
    does("delete-pod"),
    Precondition(
        "the set may be scaled to 0, and to nothing else",
        lambda spec, around: around.values("scale") == ("0",),
    ),
)
@converges_to(
    id="statefulset-scale-to-zero-before-delete",
    says="a set that is scaled to 0 ends in order, and completely",
    source=_SET + "#limitations",
    expected="refuted",
)
def ends_completely(pod_state: All[str], wanted: int) -> bool:
    return wanted > 0 or all(state == "absent" for state in pod_state.values())


@under(ORDERED, NONE_FAILS, where=[INTERLEAVED])
@after_each_step(
    id="statefulset-scaling-before-update",
    says="a member is deleted for an update only if none is missing and none surplus, as the"
    " controller sees them",
    source="https://github.com/kubernetes/design-proposals-archive/blob/main/apps/"
    "statefulset-update.md",
    premise=lambda action, decided: _decides(action, decided, "delete"),
)
def scaling_before_update(
    action: str, decided: tuple[str, int], replicas_seen: int, seen_state: All[str], start: int
) -> Iterator[str]:
    if not _decides(action, decided, "delete") or _condemned(decided[1], replicas_seen, start):
        return
    for at, state in seen_state.items():
        if _condemned(at, replicas_seen, start) == (state != "absent"):
            yield f"decides to delete pod {decided[1]} while it sees pod {at} {state}"


@under(CLAIMS_WAIT, BLOCK_OR_ORDERED, LOOKED_AT_AGAIN)
@converges_to(
    id="a-missing-pod-is-created",
    says="a member that is missing is created in the end, if all below it are available",
    source=_GUARANTEES,
)
def missing_is_created(pod_state: All[str], wanted: int, start: int, set_alive: bool) -> bool:
    if not set_alive:  # the garbage collector may have to wait for another member for ever
        return True
    for at, state in pod_state.items():
        if not _condemned(at, wanted, start):
            if state == "absent":
                return False
            if state != "available":
                return True
    return True


def _sees_surplus(action: str, replicas_seen: int, seen_state: All[str], start: int) -> bool:
    return action == _SEES and any(
        state != "absent" and _condemned(at, replicas_seen, start)
        for at, state in seen_state.items()
    )


@under(INTERLEAVED, NOT_ANEW, where=[SHRINKS])
@after_each_step(
    id="a-surplus-pod-that-is-not-available-goes",
    says="a surplus member is deleted though it is not available, if all others are",
    source=_GUARANTEES,
    premise=_sees_surplus,
)
def surplus_goes(
    action: str,
    decided: tuple[str, int],
    set_cached: bool,
    set_seen_alive: bool,
    replicas_seen: int,
    seen_state: All[str],
    start: int,
) -> Iterator[str]:
    if action != _SEES or not set_cached or not set_seen_alive or decided[0]:
        return
    surplus = [at for at in seen_state if _condemned(at, replicas_seen, start)]
    there = [at for at in surplus if seen_state[at] != "absent"]
    wanted = [state for at, state in seen_state.items() if at not in surplus]
    down = [at for at in there if seen_state[at] != "available"]
    last = bool(down) and down == there[-1:] and seen_state[down[0]] in ("ready", "unready")
    if last and all(state == "available" for state in wanted):
        yield f"does not delete pod {down[0]}, which is {seen_state[down[0]]} and surplus"


@under(
    CLAIMS,
    DROPPED_WHEN_SCALED,
    KEPT_ALIVE,
    HEALTHY,
    Precondition(
        "a member may be scaled away and back",
        lambda spec, around: (
            around.times("scale") > 1
            and min(map(int, around.values("scale"))) < spec.replicas
            and len(around.values("scale")) > 1
        ),
    ),
)
@converges_to(
    id="scaled-away-and-back",
    says="a member that was scaled away comes back, with a new claim, when it is asked for again",
    source="https://github.com/kubernetes/enhancements/blob/master/keps/sig-apps/"
    "1847-autoremove-statefulset-pvcs/README.md",
    expected="refuted",
)
def comes_back_with_a_new_claim(pod_state: All[str], wanted: int, start: int) -> bool:
    return all(
        state == "available" for at, state in pod_state.items() if not _condemned(at, wanted, start)
    )


PROMISES: tuple[Promise, ...] = (
    created_after_predecessors,
    created_in_order,
    created_in_parallel,
    scaled_down_from_the_top,
    blocked_by_those_that_stay,
    successors_first,
    predecessors_ready,
    no_scale_down_when_unhealthy,
    terminates_in_order,
    comes_to_its_size,
    ends_completely,
    scaling_before_update,
    missing_is_created,
    surplus_goes,
    comes_back_with_a_new_claim,
)
