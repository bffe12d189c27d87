"""
What promises of updates, claims, volumes, budgets and sets created anew need to hold.

Each condition is dropped alone, and the promise is then broken.
"""

from typing import Any

import pytest
from attrs import evolve

from seatrial.model import IntOrPercent, placement, statefulset_api
from seatrial.properties import (
    promise,
    statefulset_budget,
    statefulset_claims,
    statefulset_volumes,
)
from seatrial.properties import statefulset_promise as asked
from statefulsets import (
    BY_ID,
    FINE,
    KEPT,
    ON_DELETE,
    WITHOUT_BLOCK,
    Case,
    broken,
    case,
    rolling,
    searched,
)

pytestmark = pytest.mark.heavy

TWO_AT_ONCE: dict[str, Any] = {
    "update_strategy": rolling(0, 2),
    "gates": "MaxUnavailableStatefulSet=true",
}
APART: dict[str, Any] = {"apart_by": (placement.HOSTNAME,)}
ONE_NODE: dict[str, Any] = {"access": "one node", "claims": KEPT}


def stay(members: int) -> dict[str, Any]:
    """A budget of which so many members have to stay healthy."""
    bound = IntOrPercent.absolute(members)
    return {"budget": statefulset_api.DisruptionBudget(min_available=bound)}


# ---- conditions -------------------------------------------------------------------------------

_UPDATES = (
    ("seed-statefulset-safer-to-reason", asked.NOT_GATED, case(2, "set-image", **TWO_AT_ONCE)),
    ("update-one-by-one", asked.NOT_GATED, case(2, "set-image", **TWO_AT_ONCE)),
    *(
        ("statefulset-ondelete-no-automatic-update", dropped, of)
        for dropped, of in (
            (asked.NO_RESCALE, case(1, "set-image,scale:0", update_strategy=ON_DELETE, **FINE)),
            (
                asked.NONE_FAILS,
                case(1, "set-image", "pod-failed", update_strategy=ON_DELETE, **FINE),
            ),
            (
                asked.NONE_FAILS,
                case(1, "set-image,delete-node", update_strategy=ON_DELETE, **FINE),
            ),
        )
    ),
)
_BEFORE = "seed-statefulset-claims-before-pod"
_STALE = "stale-api-server,kubelet-restart"
_GETS = "pod-gets-its-claim"
_BOTH = "delete-claim,delete-pod"
_CLAIMS = (
    (_BEFORE, asked.CLAIMS, case(1)),
    (_BEFORE, asked.NODES_STAY, case(1, "delete-node,delete-claim", claims=KEPT)),
    (
        _BEFORE,
        asked.REALLY_OFF,
        case(1, "out-of-service,delete-claim", "node-partition", claims=KEPT),
    ),
    (
        _BEFORE,
        asked.REALLY_OFF,
        case(1, "out-of-service,delete-claim", "node-crash", claims=KEPT),
    ),
    (_BEFORE, asked.CAUGHT_UP, case(1, _BOTH, _STALE, claims=KEPT, gates="WatchListClient=false")),
    (_GETS, asked.CLAIMS, case(2, "delete-claim", nodes=1, **APART)),
    (_GETS, asked.KEPT_ALIVE, case(1, f"{_BOTH},delete:orphan", claims=KEPT)),
    (_GETS, asked.HEALTHY, case(2, _BOTH, "node-off", claims=KEPT)),
    (
        _GETS,
        asked.HEALTHY,
        case(2, f"{_BOTH}@2,set-image", "never-ready", claims=KEPT, nodes=1),
    ),
    (_GETS, statefulset_claims.DELETED_ONCE, case(1, "delete-claim@2,delete-pod@2", claims=KEPT)),
    (_GETS, statefulset_claims.SEEN_AS_IT_GOES, case(1, _BOTH, claims=KEPT, lag=2, nodes=1)),
)
_ANEW = "created-anew-comes-to-its-size"
_SETS = (
    (_ANEW, asked.NO_CLAIM_DELETED, case(1, "delete,apply,delete-claim@2", claims=KEPT, nodes=1)),
    (
        _ANEW,
        asked.BLOCK_OR_ORDERED,
        case(
            2,
            "delete:orphan,apply,set-image,delete-pod",
            nodes=1,
            parallel=True,
            update_strategy=WITHOUT_BLOCK,
        ),
    ),
    ("created-anew-controls-its-members", asked.HEALTHY, case(1, "delete,apply", "node-off")),
)
DROPPED: tuple[tuple[str, Any, Case], ...] = (*_UPDATES, *_CLAIMS, *_SETS)


@pytest.mark.parametrize(("name", "dropped", "of"), DROPPED)
def test_a_promise_is_broken_where_a_condition_is_dropped(
    name: str, dropped: Any, of: Case
) -> None:
    assert broken(name, dropped.words, of).because


# ---- what is only said to be possible ---------------------------------------------------------

_WAITS = "deleted-claim-waits-for-its-pod"
_MOVES = "replacement-waits-for-its-volume"
_ROLLS = "pdb-does-not-limit-rollouts"
_NAMES = "former-members-keep-their-names"
NEVER: tuple[tuple[str, Any, Case], ...] = (
    (_WAITS, asked.CLAIMS, case(1, "delete-claim")),
    (_WAITS, asked.SOME, case(0, "delete-claim", claims=KEPT)),
    (_WAITS, promise.does("delete-claim"), case(1, claims=KEPT)),
    (_MOVES, asked.ONE_NODE, case(1, "force-delete", claims=KEPT)),
    (_MOVES, promise.does("force-delete"), case(1, "delete-pod", **ONE_NODE)),
    (_MOVES, asked.SOME, case(0, "force-delete", **ONE_NODE)),
    (_MOVES, statefulset_volumes.ELSEWHERE, case(1, "force-delete", nodes=1, **ONE_NODE)),
    (_ROLLS, statefulset_budget.ALLOWS_NONE, case(2, "set-image", **stay(1))),
    (_ROLLS, asked.ROLLING, case(1, "set-image", update_strategy=ON_DELETE, **stay(1))),
    (_ROLLS, promise.does("set-image"), case(1, **stay(1))),
    (
        _ROLLS,
        statefulset_budget.REACHED,
        case(1, "set-image", update_strategy=rolling(1), **stay(1)),
    ),
    (
        _ROLLS,
        statefulset_budget.REACHED,
        case(0, "set-image", update_strategy=WITHOUT_BLOCK, **stay(1)),
    ),
    (_NAMES, promise.does("apply"), case(1, "delete")),
    (_NAMES, promise.deleted("background"), case(1, "delete:orphan,apply")),
    (_NAMES, promise.deleted("background"), case(1, "delete:foreground,apply")),
    (_NAMES, asked.SOME, case(0, "delete,apply")),
)


@pytest.mark.parametrize(("name", "dropped", "of"), NEVER)
def test_what_is_possible_is_not_where_a_condition_is_dropped(
    name: str, dropped: Any, of: Case
) -> None:
    """All states were seen."""
    because = broken(name, dropped.words, of).because

    assert because == f"no reachable state satisfies {name}"


# ---- what is not needed -----------------------------------------------------------------------

_AGAIN: tuple[tuple[str, dict[str, Any]], ...] = (
    (",delete-claim@2,delete-pod", {"claims": KEPT, "nodes": 1}),
    (",scale:0,scale:1", {"claims": ("Retain", "Delete"), "nodes": 1}),
)
UNNEEDED = (
    *(
        ("created-anew-controls-its-members", case(1, f"delete:{how},apply{more}", **fields))
        for how in ("background", "orphan", "foreground")
        for more, fields in _AGAIN
    ),
    *(
        (
            "statefulset-ondelete-no-automatic-update",
            case(1, f"set-image,delete:{how},apply", update_strategy=ON_DELETE, **FINE),
        )
        for how in ("background", "orphan")
    ),
    ("statefulset-status-settles", case(1, "delete-claim@2,delete-pod@2", claims=KEPT, **FINE)),
    (_ROLLS, case(2, "set-image", "never-ready", **stay(2))),
)
"""Where a promise holds that was once asked only elsewhere: less was needed than was thought."""


@pytest.mark.parametrize(("name", "of"), UNNEEDED)
def test_a_promise_holds_without_what_it_does_not_need(name: str, of: Case) -> None:
    assert BY_ID[name].applies(of.spec, of.around)

    report = searched(evolve(of, ids=(name,)))

    assert report.exploration.complete
    assert [each.status for each in report.verdicts] == ["holds"]


def test_what_is_refuted_is_asked_only_where_a_run_shows_it() -> None:
    """An update to a template that never becomes ready stands still, and counts nothing wrong."""
    name = "current-replicas-are-counted"
    of = case(1, "set-image@2", "never-ready", level="interleaved", ids=(name,))

    assert BY_ID[name].unmet(of.spec, of.around) == (asked.READY_TEMPLATES,)
    assert [each.status for each in searched(of).verdicts] == ["holds"]


@pytest.mark.parametrize(
    ("replicas", "users", "shrinks"),
    [(0, "scale:1", False), (0, "scale:1,scale:0", True), (2, "scale:3@2", False)],
)
def test_a_set_that_only_grows_is_not_scaled_down(replicas: int, users: str, shrinks: bool) -> None:
    of = case(replicas, users, "container-exit", **FINE)

    asked_there = BY_ID["seed-statefulset-no-scale-down-when-unhealthy"].applies(of.spec, of.around)

    assert asked_there is shrinks


# ---- where nothing is said --------------------------------------------------------------------

OUTSIDE = (
    case(2, "set-image", update_strategy=ON_DELETE),
    case(1, "delete-pod", claims=KEPT),
    case(2, "drain"),
    case(2, **stay(2)),
    case(1, "apply"),
    case(1, "delete"),
    case(1, "delete:orphan"),
    case(0, "delete:orphan,apply"),
)
"""A part of the scope of some promise is not met; it is not broken."""
