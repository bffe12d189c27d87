"""
What promises of identity, order and updates of a StatefulSet need to hold.

Each condition is dropped alone, and the promise is then broken.
"""

from typing import Any

import pytest
from attrs import evolve

from seatrial.model import IntOrPercent, placement, statefulset_api
from seatrial.properties import (
    promise,
    statefulset_identity,
    statefulset_order,
    statefulset_update,
)
from seatrial.properties import statefulset_promise as asked
from statefulsets import (
    ALONE,
    BY_ID,
    EVERYTHING,
    FINE,
    GATED,
    KEPT,
    NO_STORE,
    ON_DELETE,
    PARALLEL,
    SCALED,
    STALE,
    WITHOUT_BLOCK,
    Case,
    broken,
    case,
    holds_as_expected,
    rolling,
    searched,
)

pytestmark = pytest.mark.heavy

ONE_POD: dict[str, Any] = {"access": "one pod", "claims": KEPT}

# ---- conditions -------------------------------------------------------------------------------

_REPAIRS = "kep3541-parallel-never-repairs"
_GOES = "a-surplus-pod-that-is-not-available-goes"
_LATE = "node-off,second-controller"
_OFF: dict[str, Any] = {"level": "interleaved", "claims": KEPT}
_COLLECTED: tuple[tuple[str, Case], ...] = (
    *(
        (name, case(1, "out-of-service", _LATE, **_OFF))
        for name in (
            "statefulset-at-most-one",
            "seed-statefulset-at-most-one",
            "statefulset-new-pod-only-after-full-termination",
            "seed-statefulset-replace-only-after-stop",
        )
    ),
    ("one-writer-per-claim", case(1, "out-of-service", _LATE, nodes=3, **_OFF)),
    ("seed-statefulset-claims-before-pod", case(1, "out-of-service,delete-claim", _LATE, **_OFF)),
    (
        "running-on-different-nodes",
        case(
            2,
            "out-of-service,delete-pod",
            _LATE,
            level="interleaved",
            nodes=3,
            apart_by=(placement.HOSTNAME,),
        ),
    ),
)
_WITHOUT: dict[str, Any] = {"update_strategy": WITHOUT_BLOCK, "nodes": 1}
_OF_1_34: dict[str, Any] = {"kubernetes": "1.34.4", "min_ready_seconds": 5, "nodes": 1}
_TOO_FEW = (statefulset_api.GivenNode("node-1", room=1),)
DROPPED: tuple[tuple[str, Any, Case], ...] = (
    *(
        (name, asked.LOOKED_AT_AGAIN, case(replicas, users, "unready", **_OF_1_34))
        for name, replicas, users in (
            ("statefulset-comes-to-its-size", 2, "scale:1"),
            ("statefulset-rollout-completes", 2, "scale:1,set-image"),
            ("created-anew-comes-to-its-size", 2, "delete:orphan,apply,scale:1"),
            ("a-missing-pod-is-created", 4, "scale:2,delete-pod"),
        )
    ),
    *(
        (name, asked.BLOCK_OR_ORDERED, case(1, "set-image@2", gates=NO_STORE, lag=1, **_WITHOUT))
        for name in (
            "statefulset-comes-to-its-size",
            "a-missing-pod-is-created",
            "statefulset-rollout-completes",
            "statefulset-status-settles",
            "statefulset-no-hot-loop",
            "members-find-nodes",
        )
    ),
    (
        "statefulset-no-hot-loop",
        asked.BLOCK_OR_ORDERED,
        case(1, "set-image", "write-failure@2", parallel=True, **_WITHOUT),
    ),
    (
        "statefulset-no-hot-loop",
        asked.BLOCK_OR_ORDERED,
        case(1, "set-image,force-delete", parallel=True, lag=1, **_WITHOUT),
    ),
    (
        "update-one-by-one",
        asked.PLACED,
        case(
            3,
            "set-partition:1",
            min_ready_seconds=5,
            given_nodes=_TOO_FEW,
            gates="MaxUnavailableStatefulSet=false",
            **PARALLEL,
        ),
    ),
    (
        "members-find-nodes",
        asked.KEPT_ALIVE,
        case(1, "delete:orphan,force-delete", claims=("Delete", "Retain"), **ALONE, lag=1),
    ),
    *((name, asked.COLLECTED_IN_TIME, of) for name, of in _COLLECTED),
    (
        "update-one-by-one",
        asked.READINESS_KEPT,
        case(2, "set-image", "kubelet-restart", kubernetes="1.34.4", nodes=1),
    ),
    *(
        (
            name,
            asked.READINESS_KEPT,
            case(
                2,
                "drain",
                "kubelet-restart",
                kubernetes="1.34.4",
                budget=statefulset_api.DisruptionBudget(IntOrPercent.absolute(1)),
            ),
        )
        for name in ("pdb-eviction-respects-budget", "pdb-drain-example-blocks")
    ),
    (
        "pvc-owner-before-delete",
        asked.NOT_ANEW,
        case(1, "delete,apply,scale:0", claims=("Delete", "Delete"), nodes=1),
    ),
    *(
        (
            name,
            asked.HISTORY_KEPT,
            case(
                1,
                f"set-image@{changes},delete-pod",
                "write-failure",
                update_strategy=rolling(1),
                revision_history_limit=limit,
                nodes=1,
            ),
        )
        for name in (
            "seed-statefulset-partition-two-versions",
            "statefulset-partition-above-replicas",
        )
        for changes, limit in ((1, 0), (2, 1))
    ),
    (
        "statefulset-successors-shut-down-first",
        asked.AT_ONCE,
        case(1, "scale:2,scale:0", "second-controller", **ALONE),
    ),
    (
        "statefulset-successors-shut-down-first",
        asked.AT_ONCE,
        case(
            1,
            "scale:2,scale:0",
            nodes=1,
            gates="StaleControllerConsistencyStatefulSet=false",
            **FINE,
        ),
    ),
    *(
        (
            "statefulset-scaling-before-update",
            asked.NONE_FAILS,
            case(replicas, users, faults, **ALONE),
        )
        for replicas, users, faults in (
            (1, "scale:2", "pod-failed"),
            (2, "delete-pod", "pod-failed"),
            (1, "scale:2,delete-node", "none"),
        )
    ),
    (_GOES, promise.INTERLEAVED, case(1, "scale:0", "container-exit", nodes=1, lag=1)),
    *(
        (_REPAIRS, dropped, case(1, f"set-image@2{more}", "never-ready", **fields, **PARALLEL))
        for dropped, more, fields in (
            (asked.ROLLING, ",delete-pod", {"update_strategy": ON_DELETE}),
            (statefulset_update.REPAIRING, "", {"gates": GATED}),
            (asked.CLAIMS_WAIT, ",scale:0,scale:1", {"claims": SCALED}),
            (asked.NO_CLAIM_DELETED, ",delete-claim@2", {"claims": KEPT, **FINE}),
            (asked.PARTITION_STAYS, ",set-partition:1", {}),
            (asked.NO_PARTITION, ",scale:0,scale:1", {"update_strategy": rolling(1)}),
        )
    ),
    (
        _REPAIRS,
        asked.BLOCK_OR_ORDERED,
        case(2, "set-image@2,delete-pod", "never-ready", update_strategy=WITHOUT_BLOCK, **PARALLEL),
    ),
    (
        "statefulset-maxunavailable-bound",
        asked.GATED,
        case(2, "set-image", "container-exit", **PARALLEL),
    ),
)


@pytest.mark.parametrize(("name", "dropped", "of"), DROPPED)
def test_a_promise_is_broken_where_a_condition_is_dropped(
    name: str, dropped: Any, of: Case
) -> None:
    verdict = broken(name, dropped.words, of)

    assert verdict.trace is not None
    assert verdict.trace.length > 0


def test_1_34_forgets_who_is_not_available_yet_while_a_surplus_member_counts_for_it() -> None:
    """The release after it looks at who is ready, and not at how many are asked for."""
    of = case(2, "scale:1", "unready", kubernetes="1.35.4", min_ready_seconds=5, nodes=1)

    verdict = broken("statefulset-comes-to-its-size", asked.LOOKED_AT_AGAIN.words, DROPPED[0][2])

    assert verdict.trace is not None
    assert verdict.trace.steps[-1].action == "pass_min_ready_seconds[0]"
    holds_as_expected(of)


def test_a_kubelet_that_starts_anew_leaves_pods_ready_since_1_35() -> None:
    """Before, it says that they are not until it has probed them; and that comes to an end."""
    now = case(2, "set-image", "kubelet-restart", nodes=1, kubernetes="1.35.4")
    before = case(1, "set-image", "kubelet-restart@2", nodes=1, kubernetes="1.34.4")

    holds_as_expected(now)
    holds_as_expected(before)
    assert searched(before).exploration.actions_never_fired == ()


@pytest.mark.parametrize("limit", [1, -1])
def test_the_current_revision_is_kept_where_the_history_has_room_for_it(limit: int) -> None:
    """Then a request that fails costs nothing."""
    of = case(
        1,
        "set-image,delete-pod@2",
        "write-failure@2",
        update_strategy=rolling(1),
        revision_history_limit=limit,
        nodes=1,
    )

    holds_as_expected(evolve(of, ids=("seed-statefulset-partition-two-versions",)))


def test_a_late_collector_takes_the_member_that_has_moved() -> None:
    """It names the pod and not its uid: the next one of the name runs elsewhere. Pins the model."""
    of = case(1, "out-of-service", _LATE, level="interleaved")

    verdict = broken("statefulset-at-most-one", asked.COLLECTED_IN_TIME.words, of)

    assert verdict.trace is not None
    assert verdict.trace.length == 17
    assert "former collector" in [each.actor for each in verdict.trace.steps]


# ---- what is only said to be possible ---------------------------------------------------------

_FORCED = "force-delete-breaks-at-most-one"
_ALIVE = "out-of-service-on-a-live-node"
_MOVES = "out-of-service-failover"
_NO_TIME = "statefulset-grace-zero-unsafe"
_LISTED = "stale-kubelet-list-breaks-at-most-one"
_TOGETHER = "seed-statefulset-parallel-deploy"
_BEHIND = "stale-api-server,kubelet-restart"
NEVER: tuple[tuple[str, Any, Case], ...] = (
    (_FORCED, promise.does("force-delete"), case(1, "delete-pod")),
    (_FORCED, asked.SOME, case(0, "force-delete")),
    (_FORCED, asked.SEVERAL_PODS, case(1, "force-delete@2", **ONE_POD)),
    (_ALIVE, statefulset_identity.LIVE_AND_TAINTED, case(1, "out-of-service", "node-off")),
    (
        _ALIVE,
        statefulset_identity.LIVE_AND_TAINTED,
        case(1, "out-of-service", "node-partition", nodes=1),
    ),
    (_ALIVE, asked.EVICTED, case(1, "out-of-service", "node-partition", tolerates=EVERYTHING)),
    (_ALIVE, asked.SOME, case(0, "out-of-service", "node-partition")),
    (_MOVES, statefulset_identity.OFF_AND_TAINTED, case(1, "none", "node-off")),
    (_MOVES, statefulset_identity.OFF_AND_TAINTED, case(1, "out-of-service", "node-off", nodes=1)),
    (_MOVES, asked.EVICTED, case(1, "out-of-service", "node-off", tolerates=EVERYTHING)),
    (_MOVES, asked.SOME, case(0, "out-of-service", "node-off")),
    (_NO_TIME, asked.NO_GRACE, case(1, "delete-pod")),
    (_NO_TIME, asked.SOME, case(0, "delete-pod", graceful=False)),
    (_NO_TIME, asked.SEVERAL_PODS, case(1, "delete-pod@2", graceful=False, **ONE_POD)),
    (_NO_TIME, promise.does("delete-pod"), case(1, graceful=False)),
    (_LISTED, asked.STALE, case(1, "delete-pod", _BEHIND)),
    (_LISTED, asked.STALE, case(1, "delete-pod", "stale-api-server", gates=STALE)),
    (_LISTED, asked.STALE, case(1, "none", _BEHIND, gates=STALE)),
    (_LISTED, asked.SOME, case(0, "delete-pod", _BEHIND, gates=STALE)),
    (_LISTED, asked.SEVERAL_PODS, case(1, "delete-pod", _BEHIND, gates=STALE, **ONE_POD)),
    (_TOGETHER, asked.PARALLEL, case(2, "delete-pod@2", **ALONE)),
    (_TOGETHER, promise.INTERLEAVED, case(2, "delete-pod@2", **PARALLEL)),
    (_TOGETHER, asked.SEVERAL, case(1, "delete-pod@2", parallel=True, **ALONE)),
    (_TOGETHER, statefulset_order.TWO_MISSING, case(2, "delete-pod", parallel=True, **ALONE)),
)


@pytest.mark.parametrize(("name", "dropped", "of"), NEVER)
def test_what_is_possible_is_not_where_a_condition_is_dropped(
    name: str, dropped: Any, of: Case
) -> None:
    """All states were seen."""
    because = broken(name, dropped.words, of).because

    assert because == f"no reachable state satisfies {name}"


def test_a_member_of_a_node_that_is_off_is_there_again_on_another_node() -> None:
    """Its status says that it is ready for as long as its kubelet does not say anything else."""
    (verdict,) = searched(evolve(case(1, "out-of-service", "node-off"), ids=(_MOVES,))).verdicts

    assert verdict.trace is not None
    assert list(verdict.trace.states())[-1]["pod[0]"].node == 2


# ---- what is not needed -----------------------------------------------------------------------

ONE_NODE: dict[str, Any] = {"access": "one node", "claims": KEPT}
UNNEEDED: tuple[tuple[str, Case], ...] = (
    # The next claim of a name has another volume: each is used on one node.
    ("rwo-single-node", case(1, "force-delete,delete-claim", **ONE_NODE, **FINE)),
    ("rwo-single-node", case(1, "force-delete@2,delete-claim", **ONE_NODE)),
    ("rwop-single-pod", case(1, "force-delete,delete-claim", **ONE_POD)),
    (
        "rwo-single-node",
        case(1, "out-of-service,delete-claim", _LATE, nodes=3, access="one node", **_OFF),
    ),
    *(
        (_MOVES, case(1, f"out-of-service{users}", f"node-off{faults}", gates=STALE, **fields))
        for users, faults, fields in (
            (",force-delete,delete-node", "", {}),
            ("", ",node-partition", {}),
            ("", ",stale-api-server,kubelet-restart", {}),
            ("", "", {"graceful": False, **ONE_POD}),
        )
    ),
    ("statefulset-comes-to-its-size", case(0, "scale:2,delete-pod", "pod-failed", **ALONE)),
    ("statefulset-successors-shut-down-first", case(2, "scale:0,scale:2", "pod-failed", nodes=1)),
    (
        "statefulset-scaling-before-update",
        case(2, "set-image,scale:1,delete-pod", update_strategy=ON_DELETE, **ALONE),
    ),
    (_GOES, case(3, "scale:1", "container-exit", parallel=True, **ALONE)),
    (
        "a-missing-pod-is-created",
        case(2, "delete:foreground,apply", "node-off", level="interleaved"),
    ),
    *(
        ("a-missing-pod-is-created", case(1, users, faults, **fields))
        for users, faults, fields in (
            ("delete:orphan,apply,delete-pod", "none", {"nodes": 1}),
            ("delete,apply", "node-partition", {"claims": ("Delete", "Retain")}),
            ("out-of-service,delete-node", "node-off", {"claims": KEPT}),
            ("drain,delete-pod,scale:2", "none", {"claims": KEPT}),
            ("delete-claim@2,delete-pod", "none", {"claims": KEPT, "nodes": 1, **FINE}),
        )
    ),
    *(
        ("statefulset-rollout-completes", case(1, f"set-image,delete:{how},apply", **fields))
        for how, fields in (
            ("orphan", ALONE),
            ("background", {"claims": ("Delete", "Delete"), "nodes": 1}),
            ("foreground", {"claims": ("Delete", "Retain"), "update_strategy": rolling(1)}),
        )
    ),
    *(
        (_REPAIRS, case(1, f"set-image@2,{users}", "never-ready", **PARALLEL))
        for users in ("delete:orphan,apply", "delete,apply", "delete:foreground")
    ),
)
"""Where a promise holds that was once asked only elsewhere: less was needed than was thought."""


@pytest.mark.parametrize(("name", "of"), UNNEEDED)
def test_a_promise_holds_without_what_it_does_not_need(name: str, of: Case) -> None:
    assert BY_ID[name].applies(of.spec, of.around)

    report = searched(evolve(of, ids=(name,)))

    assert report.exploration.complete
    assert [each.status for each in report.verdicts] == ["holds"]


# ---- where nothing is said --------------------------------------------------------------------

OUTSIDE = (
    case(2, "scale:1,delete-pod", "container-exit"),
    case(2, "delete-pod", "container-exit", **ALONE),
    case(2, "set-image,delete-pod", nodes=1),
    case(2, "set-image", parallel=True),
    case(2, "set-image,delete-pod", gates=GATED, update_strategy=ON_DELETE, nodes=1),
)
"""A part of the scope of some promise is not met; it is not broken."""
