"""
What is promised of StatefulSets is asked of small ones, and what is refuted is shown.

Each precondition that a holding promise has is dropped here, and a run then breaks it.
"""

from collections.abc import Sequence
from typing import Any

import pytest

from seatrial.model import (
    IntOrPercent,
    statefulset_api,
    statefulset_control,
    statefulset_mutants,
)
from seatrial.properties import (
    statefulset_anew,
    statefulset_budget,
    statefulset_names,
    statefulset_placement,
    statefulset_pods,
    statefulset_removal,
    statefulset_said,
    statefulset_volumes,
    statefulsets,
)
from seatrial.properties import statefulset_promise as asked
from statefulsets import (
    BY_ID,
    EVERYTHING,
    FINE,
    GATED,
    KEPT,
    ON_DELETE,
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

NO_BLOCK: dict[str, Any] = {"parallel": True, "update_strategy": WITHOUT_BLOCK}
TWO_STAY: dict[str, Any] = {
    "budget": statefulset_api.DisruptionBudget(min_available=IntOrPercent.absolute(2))
}
ONE_STAYS: dict[str, Any] = {
    "budget": statefulset_api.DisruptionBudget(min_available=IntOrPercent.absolute(1))
}
ONE_NODE: dict[str, Any] = {"access": "one node", "claims": KEPT}
ONE_POD: dict[str, Any] = {"access": "one pod", "claims": KEPT}

_IDENTITY = (
    "statefulset-at-most-one",
    "seed-statefulset-at-most-one",
    "one-writer-per-claim",
    "statefulset-new-pod-only-after-full-termination",
    "seed-statefulset-replace-only-after-stop",
)

# ---- what holds -------------------------------------------------------------------------------

CASES = (
    case(2, "set-image", "container-exit"),
    case(1, "set-image", "container-exit,write-failure", level="faulty", lag=1),
    case(2, "set-image", "controller-restart", claims=KEPT, **FINE),
    case(1, "set-image", "node-partition", claims=KEPT, **FINE),
    case(1, "set-image", "node-crash", **FINE),
    case(2, "scale:1,scale:3", **FINE),
    case(2, "scale:0,scale:2", "pod-failed"),
    case(1, "set-image", "second-controller", nodes=1, **FINE),
    case(2, "set-image,delete-pod", update_strategy=rolling(1), nodes=1, **FINE),
    case(2, "set-image,delete-pod", "container-exit", update_strategy=rolling(2)),
    case(2, "set-image,delete-pod", update_strategy=ON_DELETE, **FINE),
    case(2, "set-image,undo", "never-ready", parallel=True, **FINE),
    case(3, "set-image", "container-exit", parallel=True, gates=GATED),
    case(2, "set-image,delete-pod", parallel=True, nodes=1, **FINE),
    case(2, "set-image,scale:1", min_ready_seconds=5, nodes=1, **FINE),
    case(1, "scale:0", claims=SCALED, **FINE),
    case(1, "delete-claim,delete-pod", claims=KEPT),
    case(1, "out-of-service", "node-off", claims=KEPT, **FINE),
    case(1, "delete-pod", "stale-api-server,kubelet-restart,controller-restart", **FINE),
    case(2, "drain", nodes=3),
    case(2, "delete", claims=KEPT, **FINE),
    case(2, "force-delete", **ONE_NODE),
    case(1, "force-delete@2,delete-pod", **ONE_POD),
    case(1, "force-delete", "node-off", **ONE_NODE, **FINE),
    case(1, "force-delete,out-of-service", "node-off", **ONE_POD),
    case(1, "delete-pod@2", "stale-api-server,kubelet-restart", gates=STALE, **ONE_POD),
    case(1, "set-image", "unready", **FINE),
    case(2, "drain@2", nodes=3, **ONE_STAYS, **FINE),
    case(2, "drain,set-image", "unready", **TWO_STAY),
    case(1, "drain", "node-partition", tolerates=EVERYTHING, **FINE),
    case(1, "delete-node", "kubelet-restart"),
    case(1, "out-of-service,delete-pod", "node-off", tolerates=EVERYTHING),
    case(2, "delete:foreground", claims=("Delete", "Retain"), nodes=1),
)


_ELSEWHERE = {
    each.property.id
    for of in (
        statefulset_anew,
        statefulset_names,
        statefulset_placement,
        statefulset_pods,
        statefulset_removal,
        statefulset_said,
    )
    for each in of.PROMISES
}
TOLD_HERE = [each for each in statefulsets.PROMISES if each.property.id not in _ELSEWHERE]
"""The others are about sets that are created anew, about nodes and names, and about single pods."""


@pytest.mark.parametrize("of", CASES, ids=range(len(CASES)))
def test_every_promise_that_applies_has_the_verdict_that_it_expects(of: Case) -> None:
    holds_as_expected(of)


EXTRA = (
    case(3, "scale:1,delete-pod", parallel=True),
    case(2, "scale:3", "container-exit", **FINE),
    case(2, "delete-pod@2", parallel=True, nodes=1, **FINE),
    case(1, "force-delete", nodes=1),
    case(1, "out-of-service", "node-partition"),
    case(1, "delete-pod", graceful=False),
    case(1, "delete-pod", "stale-api-server,kubelet-restart", gates=STALE),
    case(0, "scale:1,scale:0", min_ready_seconds=5, **FINE),
)


def test_every_promise_that_holds_is_asked_somewhere_and_its_premise_is_met_there() -> None:
    met = {
        verdict.property.id
        for of in (*CASES, *EXTRA)
        for verdict in searched(of).verdicts
        if verdict.status == "holds" and not verdict.vacuous
    }

    holding = {each.property.id for each in TOLD_HERE if each.property.expected == "holds"}
    assert holding - met == set()


# ---- how large they are -----------------------------------------------------------------------


def test_two_members_on_two_nodes_have_so_many_states() -> None:
    """One node is cut off, and may come back; one image is changed. Pins the model."""
    of = case(2, "set-image", "node-partition", claims=KEPT, **FINE, ids=_IDENTITY)

    found = searched(of)

    assert (found.exploration.states, found.exploration.transitions) == (159_030, 466_668)
    assert {verdict.status for verdict in found.verdicts} == {"holds"}
    assert found.exploration.rule_evaluations < 0.02 * found.exploration.transitions


@pytest.mark.slow
def test_an_ensemble_of_three_on_three_nodes_is_searched_to_its_end() -> None:
    """The same of three members: half a minute of a processor, and less than 1 GiB."""
    of = case(3, "set-image", "node-partition", nodes=3, claims=KEPT, **FINE, ids=_IDENTITY[:1])

    found = searched(of)

    assert (found.exploration.states, found.exploration.transitions) == (13_916_681, 46_378_212)
    assert found.verdicts[0].status == "holds"
    assert found.exploration.rule_evaluations < 0.01 * found.exploration.transitions
    assert found.exploration.bytes_held < 1 << 30


# ---- what is refuted --------------------------------------------------------------------------

REFUTED: dict[str, tuple[Case, int]] = {
    "force-delete-is-safe": (case(1, "force-delete"), 4),
    "node-controller-no-force-before-stop": (case(1, "delete-node"), 2),
    "statefulset-lost-member-comes-back": (case(1, faults="node-partition"), 6),
    "statefulset-predecessors-ready-before-scaling": (
        case(3, "scale:1", "container-exit", **FINE),
        5,
    ),
    "seed-statefulset-no-scale-down-when-unhealthy": (
        case(1, "scale:0", "container-exit", **FINE),
        5,
    ),
    "statefulset-scale-to-zero-before-delete": (
        case(2, "set-image,delete-pod,scale:0", "never-ready"),
        18,
    ),
    "seed-statefulset-order-or-parallel-terminate": (case(2, "delete"), 2),
    "scaled-away-and-back": (case(1, "scale:0,scale:1", claims=SCALED), 9),
    "partition-outlives-an-empty-set": (
        case(1, "set-image,scale:0,scale:1", update_strategy=rolling(1)),
        8,
    ),
    "partition-outlives-a-scale-down": (
        case(2, "set-image,scale:1,delete-pod@2", update_strategy=rolling(1)),
        16,
    ),
    "statefulset-partition-with-start-ordinal": (
        case(1, "set-image", ordinals_start=1, update_strategy=rolling(1)),
        3,
    ),
    "good-template-repairs": (case(1, "set-image,undo", "never-ready"), 11),
    "kep961-default-one-unchanged": (
        case(1, "set-image@2", "never-ready", parallel=True, gates=GATED),
        11,
    ),
    "statefulset-parallel-does-not-affect-updates": (
        case(2, "set-image", "container-exit", parallel=True),
        3,
    ),
    "complete-means-available": (case(1, "set-image", min_ready_seconds=5), 10),
    "current-replicas-are-counted": (case(1, "set-image@2", level="interleaved"), 16),
    "pvc-policy-change-race": (
        case(1, "scale:0,set-retention:RetainRetain", claims=SCALED),
        6,
    ),
    "detached-after-unmounting": (case(1, "force-delete", "node-partition", **ONE_NODE), 4),
    "whendeleted-leaves-no-claim": (case(0, "scale:1,delete", claims=("Delete", "Retain")), 5),
}


@pytest.mark.parametrize("name", REFUTED)
def test_a_promise_that_is_false_as_it_is_made_is_shown_to_be(name: str) -> None:
    """The length pins the model."""
    of, length = REFUTED[name]

    verdict = broken(name, "", of)

    assert verdict.trace is not None
    assert verdict.trace.length == length


def test_an_update_of_a_parallel_set_replaces_one_member_at_a_time() -> None:
    """Said to be otherwise since 1.7; it takes maxUnavailable. It is refuted by all states."""
    of = case(2, "set-image", parallel=True, ids=("seed-statefulset-parallel-rolling-update",))

    (verdict,) = searched(of).verdicts

    assert (verdict.status, verdict.property.expected) == ("violated", "refuted")


def test_each_promise_that_is_refuted_is_shown() -> None:
    refuted = {each.property.id for each in TOLD_HERE if each.property.expected == "refuted"}

    assert refuted == {*REFUTED, "seed-statefulset-parallel-rolling-update"}


# ---- dropped preconditions --------------------------------------------------------------------

_FORCED = case(1, "force-delete", claims=KEPT)
_NODE_GONE = case(1, "delete-node", claims=KEPT)
_TAINTED = case(1, "out-of-service", "node-partition", claims=KEPT)
_BACK = case(1, "out-of-service", "node-crash", claims=KEPT)
_LISTED = case(1, "delete-pod", "stale-api-server,kubelet-restart", claims=KEPT, gates=STALE)
_NO_TIME = case(1, "delete-pod", claims=KEPT, graceful=False)
_DETACHED = "force-delete", "node-partition"
_LEFT_BEHIND = "delete-pod", "stale-api-server,node-crash"
_TAKEN_OVER = case(2, "set-image", "second-controller", parallel=True, nodes=1, **FINE)
DROPPED: tuple[tuple[str, Any, Case], ...] = (
    *((each, asked.NOT_FORCED, _FORCED) for each in _IDENTITY),
    *((each, asked.NODES_STAY, _NODE_GONE) for each in _IDENTITY),
    *((each, asked.REALLY_OFF, _TAINTED) for each in _IDENTITY),
    *((each, asked.REALLY_OFF, _BACK) for each in _IDENTITY),
    *((each, asked.CAUGHT_UP, _LISTED) for each in _IDENTITY),
    *((each, asked.GRACE, _NO_TIME) for each in _IDENTITY),
    *(
        (name, dropped, case(1, *around, access=access, claims=KEPT, gates=gates))
        for name, access in (("rwo-single-node", "one node"), ("rwop-single-pod", "one pod"))
        for dropped, around, gates in (
            (asked.NODES_STAY, ("delete-node",), ""),
            (asked.REALLY_OFF, ("out-of-service", "node-partition"), ""),
            (statefulset_volumes.NEVER_TAKEN, _DETACHED, ""),
            (statefulset_volumes.NEVER_TAKEN, _LEFT_BEHIND, STALE),
        )
    ),
    *(
        (
            "pdb-eviction-respects-budget",
            statefulset_budget.UNDISTURBED,
            case(2, users, faults, nodes=3, **ONE_STAYS),
        )
        for users, faults in (
            ("drain", "container-exit"),
            ("drain", "unready"),
            ("drain,set-image", "none"),
            ("drain,delete-pod", "none"),
            ("drain,scale:1", "none"),
        )
    ),
    ("pdb-zero-blocks-drain", statefulset_budget.ALLOWS_NONE, case(2, "drain", **ONE_STAYS)),
    ("pdb-zero-blocks-drain", asked.NO_RESCALE, case(2, "drain,scale:3", nodes=3, **TWO_STAY)),
    ("rwo-single-node", asked.ONE_NODE, case(1, "force-delete", claims=KEPT)),
    ("rwop-single-pod", asked.ONE_POD, case(1, "force-delete", **ONE_NODE)),
    (
        "seed-statefulset-claims-before-pod",
        asked.NOT_FORCED,
        case(1, "force-delete,delete-claim", claims=KEPT),
    ),
    (
        "seed-statefulset-ordered-start",
        asked.ORDERED,
        case(2, "delete-pod@2", parallel=True, **FINE),
    ),
    ("statefulset-created-in-order", asked.ORDERED, case(2, "delete-pod@2", parallel=True)),
    (
        "statefulset-created-in-order",
        asked.AT_ONCE,
        case(2, "delete-pod", "container-exit", **FINE),
    ),
    (
        "statefulset-scaling-before-update",
        asked.ORDERED,
        case(2, "set-image,scale:1,delete-pod", parallel=True, **FINE),
    ),
    ("update-one-by-one", asked.ONE_CONTROLLER, _TAKEN_OVER),
    (
        "scaled-down-from-the-top",
        asked.ORDERED,
        case(3, "scale:1,delete-pod", parallel=True, **FINE),
    ),
    (
        "statefulset-web0-failure-blocks-scale-down",
        asked.ORDERED,
        case(2, "scale:1", "container-exit", parallel=True, **FINE),
    ),
    (
        "statefulset-successors-shut-down-first",
        asked.ORDERED,
        case(3, "scale:1,delete-pod", parallel=True),
    ),
    ("statefulset-partition-above-replicas", asked.ALL_BELOW, case(1, "set-image")),
    (
        "statefulset-partition-above-replicas",
        asked.NEVER_EMPTIED,
        case(1, "set-image,scale:0,scale:1", update_strategy=rolling(1)),
    ),
    (
        "seed-statefulset-claims-before-pod",
        asked.GRACE,
        case(1, "delete-claim,delete-pod", claims=KEPT, graceful=False),
    ),
    (
        "statefulset-rollout-completes",
        asked.ROLLING,
        case(1, "set-image", update_strategy=ON_DELETE),
    ),
    ("kep3541-parallel-never-repairs", asked.PARALLEL, case(1, "set-image@2", "never-ready")),
    (
        "a-missing-pod-is-created",
        asked.CLAIMS_WAIT,
        case(1, "scale:0,scale:1", claims=SCALED),
    ),
    ("statefulset-comes-to-its-size", asked.HEALTHY, case(1, faults="node-partition")),
    ("statefulset-comes-to-its-size", asked.KEPT_ALIVE, case(1, "delete:orphan")),
    (
        "statefulset-comes-to-its-size",
        asked.CLAIMS_WAIT,
        case(1, "scale:0,scale:1", claims=SCALED),
    ),
    (
        "statefulset-rollout-completes",
        asked.CLAIMS_WAIT,
        case(1, "scale:0,scale:1", claims=SCALED),
    ),
    ("statefulset-rollout-completes", asked.HEALTHY, case(1, "set-image", "never-ready")),
    ("statefulset-status-settles", asked.HEALTHY, case(1, "set-image", "never-ready,node-off")),
    ("statefulset-status-settles", asked.KEPT_ALIVE, case(1, "delete:orphan")),
    (
        "seed-statefulset-partition-two-versions",
        asked.NEVER_SHRUNK,
        case(1, "set-image,scale:0,scale:1", update_strategy=rolling(1)),
    ),
    (
        "seed-statefulset-partition-two-versions",
        asked.NEVER_SHRUNK,
        case(2, "set-image,scale:1,delete-pod@2", update_strategy=rolling(1)),
    ),
    *(
        (each, asked.BLOCK_OR_ORDERED, case(2, "set-image,delete-pod", **NO_BLOCK))
        for each in (
            "statefulset-comes-to-its-size",
            "a-missing-pod-is-created",
            "statefulset-rollout-completes",
            "statefulset-status-settles",
        )
    ),
    (
        "seed-statefulset-partition-two-versions",
        asked.PARTITION_STAYS,
        case(1, "set-image,set-partition:0,set-partition:1", update_strategy=rolling(1)),
    ),
    (
        "statefulset-partition-above-replicas",
        asked.PARTITION_STAYS,
        case(1, "set-image,set-partition:0", update_strategy=rolling(1)),
    ),
    (
        "kep3541-parallel-never-repairs",
        asked.NODES_REMAIN,
        case(1, "set-image@2", "never-ready,node-off", parallel=True),
    ),
    (
        "statefulset-maxunavailable-bound",
        asked.AT_ONCE,
        case(2, "set-image", "container-exit", parallel=True, gates=GATED, **FINE),
    ),
    (
        "seed-statefulset-safer-to-reason",
        asked.ORDERED,
        case(2, "set-image", "container-exit", parallel=True),
    ),
    (
        "seed-statefulset-safer-to-reason",
        asked.AT_ONCE,
        case(2, "set-image", "container-exit", **FINE),
    ),
    ("update-one-by-one", asked.NO_DISRUPTION, case(2, "set-image,delete-pod")),
    ("update-one-by-one", asked.NO_RESCALE, case(1, "scale:3")),
    ("update-one-by-one", asked.CHANGED_ONCE, case(2, "set-image@2", parallel=True)),
    ("update-one-by-one", asked.CHANGED_ONCE, case(2, "set-image,undo", lag=1, nodes=1)),
    (
        "statefulset-ondelete-no-automatic-update",
        asked.ON_DELETE,
        case(1, "set-image", **FINE),
    ),
    (
        "seed-statefulset-scale-down-keeps-claim",
        asked.CLAIMS_KEPT,
        case(1, "scale:0", claims=SCALED),
    ),
    (
        "seed-statefulset-scale-down-keeps-claim",
        asked.NO_CLAIM_DELETED,
        case(1, "delete-claim", claims=KEPT),
    ),
    (
        "pvc-whenscaled-only-condemned",
        asked.SCALED_ONCE,
        case(1, "scale:0,scale:1", claims=SCALED),
    ),
    (
        "pvc-whenscaled-only-condemned",
        asked.KEPT_ALIVE,
        case(1, "delete:foreground", claims=("Delete", "Retain")),
    ),
    (
        "pvc-whenscaled-only-condemned",
        asked.NO_CLAIM_DELETED,
        case(1, "delete-claim", claims=KEPT),
    ),
    (
        "pvc-stale-claim-blocks-recreate",
        asked.AT_ONCE,
        case(1, "delete-claim,delete-pod", claims=KEPT, **FINE),
    ),
)


@pytest.mark.parametrize(("name", "dropped", "of"), DROPPED)
def test_a_promise_is_broken_where_a_precondition_is_dropped(
    name: str, dropped: Any, of: Case
) -> None:
    verdict = broken(name, dropped.words, of)

    assert verdict.trace is not None
    assert verdict.trace.length > 0


def always_the_last(
    of: statefulset_api.StatefulSetSpec, replicas: Sequence[statefulset_api.PodSeen], *others: Any
) -> tuple[statefulset_api.PodSeen, ...]:
    """An update that never finds its pods to be of the new revision."""
    return tuple(each for each in replicas[-1:] if not each.kind.terminating)


def test_a_controller_that_always_finds_something_to_update_writes_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(statefulset_control, "pods_to_delete", always_the_last)

    verdict = broken("statefulset-no-hot-loop", "", case(1, "delete-pod"))

    assert verdict.because == "the loop of 9 steps is fair and works without progress"


def test_every_promise_that_holds_has_a_run_that_breaks_it() -> None:
    """A dropped precondition, or a known bug. What is only said to be possible needs none."""
    broken_by = {name for name, _, _ in DROPPED} | {"statefulset-no-hot-loop"}
    broken_by |= {name for each in statefulset_mutants.MUTANTS for name in each.shows}

    for each in TOLD_HERE:
        if each.property.expected == "holds" and each.property.kind != "sometimes":
            assert each.property.id in broken_by


# ---- runs that are told elsewhere -------------------------------------------------------------

SHORTEST = (
    (_FORCED, 4),
    (_NODE_GONE, 5),
    (_TAINTED, 8),
    (_BACK, 10),
    (_LISTED, 9),
    (_NO_TIME, 4),
)


@pytest.mark.parametrize(("of", "length"), SHORTEST)
def test_two_of_one_identity_run_after_so_many_steps(of: Case, length: int) -> None:
    """The six runs of the page on deletion by force. Each is shortest."""
    (words,) = (each.words for each in BY_ID["statefulset-at-most-one"].unmet(of.spec, of.around))

    verdict = broken("statefulset-at-most-one", words, of)

    assert verdict.trace is not None
    assert verdict.trace.length == length
