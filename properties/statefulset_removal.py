"""In which order the members of a StatefulSet go, and how many at a time."""

from collections.abc import Iterator
from typing import Any

from seatrial.core import All, after_each_step, always, sometimes
from seatrial.model import disruption, statefulset_api

from .promise import Precondition, Promise, does, under, without
from .statefulset_budget import BUDGET, REACHED, UNDISTURBED, desired, healthy
from .statefulset_order import DELETED_WITH_PODS, shrinks
from .statefulset_promise import (
    AT_ONCE,
    CLAIMS_WAIT,
    GRACE,
    NO_CLAIM_DELETED,
    NO_RESCALE,
    NONE_FAILS,
    NOT_ANEW,
    ORDERED,
    PARALLEL,
    READINESS_KEPT,
    ROLLING,
    SEVERAL,
    none_of,
)

__all__ = ["ANSWERED", "BLOCK_OR_UNCHANGED", "ONE_TO_SPARE", "PROMISES"]

_SET = "https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/"
_GUARANTEES = _SET + "#deployment-and-scaling-guarantees"
_DISRUPTIONS = "https://kubernetes.io/docs/concepts/workloads/pods/disruptions/"
_GOING = ("terminating", "absent")
_CONTROLLER = ("observe", "write_pod")


def _gone(before: All[str], after: All[str]) -> list[int]:
    """Whose end has just begun."""
    return [at for at in before if before[at] not in _GOING and after[at] in _GOING]


# ---- scaling ----------------------------------------------------------------------------------


@under(
    PARALLEL,
    GRACE,
    Precondition(
        "the set may be scaled down by two or more at once",
        lambda spec, around: shrinks(spec.replicas, around) > 1,
    ),
)
@always(
    id="seed-statefulset-scale-down-one-at-a-time",
    says="scaling down removes one member at a time",
    source=_GUARANTEES,
    expected="refuted",
)
def one_goes(pod_state: All[str], set_alive: bool, wanted: int, start: int) -> Iterator[str]:
    going = [at for at in pod_state if at - start >= wanted and pod_state[at] == "terminating"]
    if set_alive and len(going) > 1:
        yield f"pods {going[0]} and {going[1]} are both surplus and terminate"


ANSWERED = none_of("no request fails", "write-failure")
BLOCK_OR_UNCHANGED = Precondition(
    "there is a rollingUpdate block, or nobody changes the template",
    lambda spec, around: (
        spec.update_strategy.type != "RollingUpdate"
        or spec.update_strategy.rolling_update is not None
        or around.times("set-image") + around.times("undo") == 0
    ),
    lambda around: without(around, "set-image", "undo"),
)
"""
Without the block a new member may be of the old revision, and the sync that creates it deletes it.
Go: newVersionedStatefulSetPod, updateStatefulSet
"""


@under(AT_ONCE, PARALLEL, BLOCK_OR_UNCHANGED, CLAIMS_WAIT, NO_CLAIM_DELETED, NOT_ANEW, ANSWERED)
@after_each_step(
    id="statefulset-parallel-scales-at-once",
    says="with Parallel one sync creates all members that are missing, and deletes all that are"
    " surplus",
    source=_SET + "#parallel-pod-management",
    premise=lambda action: action.startswith(_CONTROLLER),
)
def all_at_once(
    action: str, pod_state: All[str], pod_state_before: All[str], wanted: int, start: int
) -> Iterator[str]:
    if not action.startswith(_CONTROLLER):
        return
    within = [at for at in pod_state if at - start < wanted]
    missing = [at for at in within if pod_state_before[at] == "absent"]
    if any(pod_state[at] != "absent" for at in missing):
        for at in missing:
            if pod_state[at] == "absent":
                yield f"another member is created, and pod {at} is not"
    gone = _gone(pod_state_before, pod_state)
    if any(at not in within for at in gone):
        for at, state in pod_state.items():
            if at not in within and state not in _GOING:
                yield f"pod {gone[0]} is deleted, and pod {at} is not"


# ---- deleting ---------------------------------------------------------------------------------


@under(SEVERAL, does("delete-pod"))
@after_each_step(
    id="statefulset-deleted-in-reverse-order",
    says="whenever members are deleted, they end from the top",
    source=_GUARANTEES,
    expected="refuted",
)
def from_the_top(pod_state: All[str], pod_state_before: All[str]) -> Iterator[str]:
    for at in _gone(pod_state_before, pod_state):
        for above, state in pod_state.items():
            if above > at and state != "absent":
                yield f"pod {at} is deleted while pod {above} is there"


@under(SEVERAL, GRACE, DELETED_WITH_PODS)
@always(
    id="statefulset-cascade-delete-ordered",
    says="when a set is deleted, its members end one at a time",
    source="https://kubernetes.io/docs/tutorials/stateful-application/basic-stateful-set/",
    expected="refuted",
)
def one_ends(pod_state: All[str], set_alive: bool) -> Iterator[str]:
    ending = [at for at, state in pod_state.items() if state == "terminating"]
    if not set_alive and len(ending) > 1:
        yield f"pods {ending[0]} and {ending[1]} terminate, and the set is deleted"


@under(SEVERAL, DELETED_WITH_PODS)
@sometimes(
    id="statefulset-deletion-unordered",
    says="when a set is deleted, its first member may be gone before the others",
    source=_SET + "#limitations",
)
def first_goes_first(pod_state: All[str], set_alive: bool, start: int) -> bool:
    above = any(state != "absent" for at, state in pod_state.items() if at > start)
    return not set_alive and pod_state[start] == "absent" and above


# ---- updating ---------------------------------------------------------------------------------


@under(ORDERED, NO_RESCALE, NONE_FAILS, where=[does("never-ready")])
@after_each_step(
    id="statefulset-stuck-after-bad-template",
    says="a member whose template never becomes ready is not deleted by the controller, whatever"
    " template is asked for next",
    source=_SET + "#forced-rollback",
    over="ordinal",
    premise=lambda pod_revision_before, never_ready: pod_revision_before in never_ready,
)
def stays_broken(
    action: str,
    pod_state: str,
    pod_state_before: str,
    pod_revision_before: int,
    never_ready: frozenset[int],
    ordinal: int,
) -> Iterator[str]:
    if not action.startswith(_CONTROLLER) or pod_revision_before not in never_ready:
        return
    if pod_state_before not in _GOING and pod_state in _GOING:
        yield f"pod {ordinal} of the broken template {pod_revision_before} is deleted"


# ---- budgets ----------------------------------------------------------------------------------


def _spares_one(spec: Any) -> bool:
    return spec.budget is not None and bool(0 < desired(spec) == spec.replicas - 1)


ONE_TO_SPARE = Precondition(
    "the budget wants all members but one to be healthy, and there are two or more",
    lambda spec, around: _spares_one(spec),
)


@under(UNDISTURBED, READINESS_KEPT, where=[ONE_TO_SPARE, does("drain")])
@after_each_step(
    id="pdb-drain-example-blocks",
    says="a drain evicts a second member only when the replacement of the first is healthy",
    source=_DISRUPTIONS + "#pdb-example",
    premise=lambda action: action.startswith("evict_from_drained"),
)
def waits_for_replacement(
    action: str, pod_state: All[str], pod_state_before: All[str], wanted: int, start: int
) -> Iterator[str]:
    if not action.startswith("evict_from_drained"):
        return
    for at in _gone(pod_state_before, pod_state):
        for other, state in pod_state.items():
            if other != at and other - start < wanted and state not in ("ready", "available"):
                yield f"pod {at} is evicted while pod {other} is {state}"


@under(BUDGET, ONE_TO_SPARE, does("drain"), does("unready"))
@after_each_step(
    id="drain-evicts-only-if-all-ready",
    says="with one member to spare, a drain evicts only when all are ready",
    source=_DISRUPTIONS + "#pdb-example",
    expected="refuted",
)
def only_if_all_are_ready(
    action: str, pod_state: All[str], pod_state_before: All[str]
) -> Iterator[str]:
    if not action.startswith("evict_from_drained"):
        return
    for at in _gone(pod_state_before, pod_state):
        unready = [other for other, state in pod_state_before.items() if state == "unready"]
        if unready:
            yield f"pod {at} is evicted though pod {unready[0]} is not ready"


@under(ONE_TO_SPARE, SEVERAL, ROLLING, REACHED, does("set-image"), does("drain"))
@always(
    id="statefulset-update-respects-pdb",
    says="updates one by one never leave fewer healthy members than a budget with one to spare",
    source=_DISRUPTIONS + "#pod-disruption-budgets",
    expected="refuted",
)
def budget_is_kept(
    pod_state: All[str],
    pod_revision: All[int],
    set_alive: bool,
    wanted: int,
    budget: statefulset_api.DisruptionBudget,
    target: int,
) -> Iterator[str]:
    left, demanded = healthy(pod_state), disruption.desired_healthy(budget, wanted)
    if set_alive and target > 1 and left < demanded:
        yield f"{left} members are healthy, and the budget demands {demanded}"


PROMISES: tuple[Promise, ...] = (
    one_goes,
    all_at_once,
    from_the_top,
    one_ends,
    first_goes_first,
    stays_broken,
    waits_for_replacement,
    only_if_all_are_ready,
    budget_is_kept,
)
