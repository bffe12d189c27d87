"""
What is promised of single pods of a StatefulSet, of how members go, and what else is said of them.

Each condition of a promise is dropped alone, and the promise is then broken.
"""

from typing import Any

import pytest
from attrs import evolve

from seatrial.engines.explore import explore
from seatrial.model import (
    IntOrPercent,
    api,
    controller,
    informer,
    statefulset_api,
    statefulset_controller,
    statefulset_faults,
    statefulset_kubelet,
    statefulset_pods,
    statefulset_workload,
    tolerations,
)
from seatrial.properties import (
    promise,
    statefulset_budget,
    statefulset_order,
    statefulset_removal,
    statefulset_said,
)
from seatrial.properties import statefulset_pods as of_pods
from seatrial.properties import statefulset_promise as asked
from statefulsets import (
    BY_ID,
    FINE,
    GATED,
    KEPT,
    SCALED,
    STALE,
    WITHOUT_BLOCK,
    Case,
    broken,
    case,
    rolling,
    searched,
)

pytestmark = pytest.mark.heavy

_OLD = "StaleControllerConsistencyStatefulSet=false"
EVERYTHING = tolerations.tolerations_of([{"operator": "Exists"}])
ALONE: dict[str, Any] = {"level": "interleaved", "nodes": 1}
PARALLEL: dict[str, Any] = {"parallel": True, "nodes": 1}
DELETED = ("Delete", "Retain")
HERE = [
    each.property.id
    for of in (of_pods, statefulset_removal, statefulset_said)
    for each in of.PROMISES
]


def stay(members: int) -> dict[str, Any]:
    """A budget of which so many members have to stay healthy."""
    bound = IntOrPercent.absolute(members)
    return {"budget": statefulset_api.DisruptionBudget(min_available=bound)}


# ---- what holds -------------------------------------------------------------------------------

HOLDS = (
    case(2, "scale:1,delete-pod", "controller-restart", claims=SCALED, **ALONE),
    case(2, "scale:1,delete-pod", "pod-failed", claims=SCALED, nodes=1, lag=1),
    case(1, "set-image", "node-partition,second-controller", claims=KEPT, level="interleaved"),
    case(2, "delete", nodes=1),
    case(2, "drain@2", nodes=3, **stay(1), **FINE),
    case(2, "set-image,undo", "never-ready", nodes=1),
    case(2, "scale:0,delete-pod@2", "pod-failed", **PARALLEL),
    case(1, "scale:3", "container-exit", **ALONE),
    case(1, "scale:2,delete:orphan", claims=DELETED, nodes=1),
)


@pytest.mark.parametrize("of", HOLDS, ids=range(len(HOLDS)))
def test_every_promise_that_applies_has_the_verdict_that_it_expects(of: Case) -> None:
    ids = tuple(each for each in HERE if BY_ID[each].applies(of.spec, of.around))

    report = searched(evolve(of, ids=ids))

    assert report.exploration.complete
    for verdict in report.verdicts:
        expected = {"holds": "holds", "refuted": "violated"}[verdict.property.expected]
        assert verdict.status == expected, verdict.property.id


def test_every_promise_that_holds_is_asked_somewhere_and_its_premise_is_met_there() -> None:
    met = set()
    for of in HOLDS:
        ids = tuple(each for each in HERE if BY_ID[each].applies(of.spec, of.around))
        met |= {
            verdict.property.id
            for verdict in searched(evolve(of, ids=ids)).verdicts
            if verdict.status == "holds" and not verdict.vacuous
        }

    assert {each for each in HERE if BY_ID[each].property.expected == "holds"} - met == set()


# ---- what is refuted --------------------------------------------------------------------------

REFUTED: dict[str, tuple[Case, int]] = {
    "podsafety-only-kubelet-removes": (case(1, "delete-pod@2"), 5),
    "seed-statefulset-scale-down-one-at-a-time": (case(2, "scale:0", parallel=True), 2),
    "statefulset-deleted-in-reverse-order": (case(2, "delete-pod"), 1),
    "statefulset-cascade-delete-ordered": (case(2, "delete"), 3),
    "drain-evicts-only-if-all-ready": (case(2, "drain", "unready", **stay(1)), 3),
    "statefulset-update-respects-pdb": (case(2, "drain,set-image", **stay(1)), 4),
    "statefulset-maxunavailable-rounds-up": (
        case(3, "set-image", update_strategy=rolling(0, "50%"), gates=GATED),
        0,
    ),
    "statefulset-min-ready-before-serving": (
        case(1, "delete-pod", min_ready_seconds=5, publishes=False),
        8,
    ),
    "seed-statefulset-needs-headless-service": (case(1, "delete-pod"), 4),
    "seed-statefulset-scale-up-two-objects": (case(1, "scale:0,scale:1", claims=KEPT), 6),
}
_MIXED = "seed-statefulset-cannot-avoid-mixed-versions"


@pytest.mark.parametrize("name", REFUTED)
def test_a_promise_that_is_false_as_it_is_made_is_shown_to_be(name: str) -> None:
    """The length pins the model."""
    of, length = REFUTED[name]

    verdict = broken(name, "", of)

    assert verdict.trace is not None
    assert verdict.trace.length == length


def test_the_versions_of_a_lone_member_never_run_together() -> None:
    """All states were seen. With two members they do."""
    because = broken(_MIXED, "", case(1, "set-image")).because

    assert because == f"no reachable state satisfies {_MIXED}"
    (verdict,) = searched(case(2, "set-image", ids=(_MIXED,))).verdicts
    assert verdict.status == "holds"


def test_each_promise_that_is_refuted_is_shown() -> None:
    refuted = {each for each in HERE if BY_ID[each].property.expected == "refuted"}

    assert refuted == {*REFUTED, _MIXED}


# ---- conditions -------------------------------------------------------------------------------

_ENTITY = "podsafety-partition-no-new-entity"
_ENDS = "termination-eventually-completes"
_AT_ONCE = "statefulset-parallel-scales-at-once"
_STUCK = "statefulset-stuck-after-bad-template"
_OWNED = "pvc-owner-before-delete"
_ORPHANED = "pvc-orphan-delete-keeps-claims"
_CUT = "node-partition"
_TWO = "delete-pod@2"
DROPPED: tuple[tuple[str, Any, Case], ...] = (
    (_ENTITY, asked.NOT_FORCED, case(1, "force-delete", _CUT)),
    (_ENTITY, asked.NODES_STAY, case(1, "delete-node", _CUT)),
    (_ENTITY, asked.REALLY_OFF, case(1, "out-of-service", _CUT)),
    (
        _ENTITY,
        asked.CAUGHT_UP,
        case(1, "delete-pod", f"{_CUT},stale-api-server,kubelet-restart", gates=STALE),
    ),
    (_ENTITY, asked.GRACE, case(1, "delete-pod", _CUT, graceful=False)),
    (_ENDS, of_pods.NOT_LOST, case(1, "none", _CUT, nodes=1)),
    (
        _ENDS,
        asked.BLOCK_OR_ORDERED,
        case(1, "set-image@2", gates=_OLD, lag=1, update_strategy=WITHOUT_BLOCK, nodes=1),
    ),
    (
        "drain-done-means-safe",
        of_pods.STAYS_AWAY,
        case(1, "drain", tolerates=EVERYTHING, nodes=1),
    ),
    (_AT_ONCE, asked.AT_ONCE, case(2, _TWO, parallel=True, **ALONE)),
    (_AT_ONCE, asked.PARALLEL, case(2, _TWO, nodes=1)),
    (_AT_ONCE, asked.CLAIMS_WAIT, case(2, "scale:0,scale:2", claims=SCALED, **PARALLEL)),
    (_AT_ONCE, asked.NO_CLAIM_DELETED, case(2, f"delete-claim,{_TWO}", claims=KEPT, **PARALLEL)),
    (_AT_ONCE, asked.NOT_ANEW, case(2, "delete,apply", claims=DELETED, **PARALLEL)),
    (_AT_ONCE, statefulset_removal.ANSWERED, case(2, _TWO, "write-failure", **PARALLEL)),
    (
        _AT_ONCE,
        statefulset_removal.BLOCK_OR_UNCHANGED,
        case(2, f"set-image,{_TWO}", update_strategy=WITHOUT_BLOCK, **PARALLEL),
    ),
    (_STUCK, asked.ORDERED, case(1, "set-image@2", "never-ready", **PARALLEL)),
    (_STUCK, asked.NO_RESCALE, case(1, "set-image,scale:0", "never-ready", nodes=1)),
    (_STUCK, asked.NONE_FAILS, case(1, "set-image", "never-ready,pod-failed", nodes=1)),
    (
        "pdb-drain-example-blocks",
        statefulset_budget.UNDISTURBED,
        case(2, "drain,set-image", nodes=1, **stay(1)),
    ),
    (
        "statefulset-ordinals-zero-based",
        statefulset_said.NOT_SHIFTED,
        case(1, "delete-pod", ordinals_start=1, **ALONE),
    ),
    (
        "statefulset-web0-failure-blocks-web2",
        asked.ORDERED,
        case(3, "delete-pod", "container-exit", parallel=True, **ALONE),
    ),
    (
        _OWNED,
        statefulset_said.STORED,
        case(0, "scale:1,scale:0", claims=SCALED, gates=_OLD, nodes=1, lag=1),
    ),
    (_OWNED, promise.ATOMIC, case(2, "set-image,scale:1", claims=SCALED, **ALONE)),
    (
        "a-surplus-pod-that-is-not-available-goes",
        asked.NODES_STAY,
        case(1, "scale:0,delete-node", **ALONE),
    ),
    (
        _OWNED,
        statefulset_said.RETENTION_STAYS,
        case(
            1,
            "scale:0,set-retention:RetainRetain,set-retention:RetainDelete",
            claims=SCALED,
            nodes=1,
            lag=1,
        ),
    ),
    (_OWNED, promise.ATOMIC, case(1, "scale:0", "pod-failed", claims=SCALED, **ALONE)),
    (_ORPHANED, asked.NO_CLAIM_DELETED, case(1, "delete-claim,delete:orphan", claims=KEPT)),
    (
        _ORPHANED,
        statefulset_said.RETAINED_WHEN_SCALED,
        case(1, "scale:0,delete:orphan", claims=SCALED, nodes=1),
    ),
    (
        _ORPHANED,
        statefulset_said.RETENTION_STAYS,
        case(1, "scale:0,set-retention:RetainDelete,delete:orphan", claims=KEPT, nodes=1),
    ),
    (_ORPHANED, asked.AT_ONCE, case(0, "scale:1,delete:orphan", claims=DELETED, nodes=1, **FINE)),
)


@pytest.mark.parametrize(("name", "dropped", "of"), DROPPED)
def test_a_promise_is_broken_where_a_condition_is_dropped(
    name: str, dropped: Any, of: Case
) -> None:
    assert broken(name, dropped.words, of).because


def test_a_late_owner_has_a_claim_of_an_orphaned_set_deleted() -> None:
    """The sync decided on it while the set was there, and the claim had no owner to be taken."""
    of = case(0, "scale:1,delete:orphan", claims=DELETED, nodes=1, **FINE)

    verdict = broken(_ORPHANED, asked.AT_ONCE.words, of)

    assert verdict.trace is not None
    assert [each.label for each in verdict.trace.steps][-3:] == [
        "changes the owner of the claim of pod 0",
        "the cache learns of the claim of pod 0",
        "deletes the claim of pod 0, whose set is deleted",
    ]


# ---- what is only said to be possible ---------------------------------------------------------

_UNORDERED = "statefulset-deletion-unordered"
NEVER: tuple[tuple[str, Any, Case], ...] = (
    (_UNORDERED, asked.SEVERAL, case(1, "delete")),
    (_UNORDERED, statefulset_order.DELETED_WITH_PODS, case(2, "delete:orphan")),
)


@pytest.mark.parametrize(("name", "dropped", "of"), NEVER)
def test_what_is_possible_is_not_where_a_condition_is_dropped(
    name: str, dropped: Any, of: Case
) -> None:
    """All states were seen."""
    because = broken(name, dropped.words, of).because

    assert because == f"no reachable state satisfies {name}"


# ---- where nothing is said --------------------------------------------------------------------

OUTSIDE = (
    case(3, "delete-pod", nodes=1),
    case(1, "delete-pod", **ALONE),
    case(2, "drain"),
    case(2, nodes=1, **stay(1)),
    case(1, "scale:0", nodes=1),
    case(1, "scale:0", retention=statefulset_api.ClaimRetention("Retain", "Delete"), nodes=1),
    case(1, "scale:0", claims=KEPT, nodes=1),
    case(1, "delete-pod", claims=SCALED, nodes=1),
    case(1, "delete:orphan", nodes=1),
    case(1, "delete", claims=KEPT, nodes=1),
)
"""A part of the scope of some promise is not met; it is not broken."""


# ---- what only a wrong rule breaks ------------------------------------------------------------

CARRIED_OUT = statefulset_controller.carried_out_pod
"""As it is: the wrong rule has its name."""


def moved(pod: statefulset_api.StatefulPod) -> statefulset_api.StatefulPod:
    """A pod that is put elsewhere when it is not ready any more."""
    return evolve(pod, kind=api.PodKind("Running"), node=2)


def pending_again(pod: statefulset_api.StatefulPod) -> statefulset_api.StatefulPod:
    """A pod that is Pending when it is not ready any more."""
    return evolve(pod, kind=api.PodKind())


def replaces(
    write: controller.Write,
    pod: statefulset_api.StatefulPod | None,
    held: frozenset[int],
    queue: informer.Queue,
    graceful: bool,
) -> tuple[Any, dict[str, Any]]:
    """An API server that creates a pod though there is one of its name."""
    if write.verb != "create":
        return CARRIED_OUT(write, pod, held, queue, graceful)
    uid = statefulset_pods.free_uid(held if pod is None else held | {pod.uid})
    born = statefulset_api.StatefulPod(write.value, uid=uid)
    return "applied", statefulset_pods.pod_written(write.key, pod, born, queue)


WRONG = (
    (
        "seed-pod-stays-on-its-node",
        case(1, "none", "unready"),
        (statefulset_kubelet, "not_ready", moved),
        "pod 0 moves from n1 to n2",
    ),
    (
        "podsafety-phases-forward",
        case(1, "none", "unready"),
        (statefulset_kubelet, "not_ready", pending_again),
        "pod 0 was Running and is Pending",
    ),
    (
        "statefulset-two-controllers-no-duplicates",
        case(1, "delete-pod", "second-controller", **ALONE),
        (statefulset_faults, "carried_out_pod", replaces),
        "pod 0 is replaced by another, and was not gone",
    ),
)


@pytest.mark.parametrize(("name", "of", "rule", "because"), WRONG)
def test_a_promise_without_conditions_is_broken_by_a_wrong_rule(
    monkeypatch: pytest.MonkeyPatch, name: str, of: Case, rule: Any, because: str
) -> None:
    """With the right one it holds in the same system."""
    property = BY_ID[name].property
    assert BY_ID[name].applies(of.spec, of.around)
    right = statefulset_workload.compose("right", of.spec, of.around)
    assert [each.status for each in explore(right, [property]).verdicts] == ["holds"]

    monkeypatch.setattr(*rule)
    wrong = statefulset_workload.compose("wrong", of.spec, of.around)

    assert [each.because for each in explore(wrong, [property], first=True).verdicts] == [because]


def test_every_promise_that_holds_has_a_run_that_breaks_it() -> None:
    """A dropped condition, or a wrong rule. What is only said to be possible needs none."""
    shown = {name for name, _, _ in DROPPED} | {name for name, _, _, _ in WRONG}

    for each in HERE:
        if BY_ID[each].property.expected == "holds" and BY_ID[each].property.kind != "sometimes":
            assert each in shown
