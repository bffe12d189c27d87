"""What Deployments promise: kept under its preconditions, broken by a run where one is dropped.

`broken` names the precondition that is not met and gives the shortest run; its last words say why.
"""

from pathlib import Path

import pytest

from promises import Case, broken, case, searched
from seatrial.properties.workloads import PROMISES, properties_for

CHECKOUT = Path(__file__).resolve().parents[1]

SMALL = {
    "one replica": case(),
    "two replicas": case(2),
    "one replica, which may be missing": case(surge=0, unavailable=1),
    "three replicas": case(3, ids=("seed-rolling-trace-three",)),
    "default bounds": case(surge="25%", unavailable="25%"),
    "recreated": case(recreate=True),
    "recreated, scaled down and up": case(2, recreate=True, users="scale:1@2,scale:2"),
    "paused and resumed": case(users="set-image,pause,resume"),
    "paused in mid-rollout": case(2, users="set-image,pause", faults="never-ready"),
    "paused from the start": case(paused=True, users="set-image,undo,resume"),
    "paused and scaled": case(users="scale:2,pause"),
    "scaled in mid-rollout": case(users="set-image,scale:2", faults="never-ready"),
    "scaled to zero": case(users="scale:0,scale:1"),
    "applied again": case(users="scale:2,apply"),
    "without history": case(revision_history_limit=0),
    "undone": case(users="set-image,undo", faults="never-ready"),
    "restarted": case(users="restart"),
    "with a controller that restarts": case(faults="controller-restart"),
    "with an image that does not work": case(2, faults="never-ready"),
    "with a container that exits": case(faults="container-exit"),
    "deleted in the background": case(users="delete:background"),
    "deleted in the foreground": case(users="delete:foreground"),
    "orphaned": case(users="delete:orphan"),
    "interleaved": case(level="interleaved"),
    "lagging": case(
        level="interleaved",
        lag=1,
        ids=("deployment-available-floor", "replicaset-never-too-many", "replicaset-victim-order"),
    ),
}


def statuses(of: Case) -> dict[str, str]:
    """The verdict on each promise that is asked."""
    return {each.property.id: each.status for each in searched(of).verdicts}


@pytest.mark.parametrize("of", SMALL.values(), ids=SMALL)
def test_every_promise_that_applies_has_the_verdict_that_it_expects(of: Case) -> None:
    """Each search is complete, and ends within seconds."""
    expected = {"holds": "holds", "refuted": "violated"}

    assert searched(of).exploration.complete
    assert statuses(of) == {
        each.property.id: expected[each.property.expected] for each in of.asked()
    }


def test_every_promise_that_holds_is_asked_somewhere_and_its_premise_is_met_there() -> None:
    """A promise with a premise that nothing meets would hold as well, and say nothing."""
    told = {
        each.property.id
        for of in SMALL.values()
        for each in searched(of).verdicts
        if not each.vacuous
    }

    assert {each.property.id for each in PROMISES if each.property.expected == "holds"} <= told


def test_a_promise_is_left_out_where_a_precondition_is_not_met() -> None:
    """A crash takes an available pod: the status cannot know, but the floor is told of it."""
    of = case(faults="container-exit")

    asked = {each.id for each in properties_for(of.spec, of.around)}

    assert "deployment-available-condition-is-true" not in asked
    assert "deployment-available-floor" in asked


# ---- promises that are false as they are made -------------------------------------------------

REFUTED = {
    "deployment-active-pods-within-surge": (
        case(2),
        "4 pods are active; 2 replicas + 1 surge are allowed",
    ),
    "deployment-total-within-surge": (
        case(surge=0, unavailable=1),
        "2 pods are active and 0 still terminate; 1 replicas + 0 surge are allowed",
    ),
    "deployment-create-waits-for-kill": (
        case(surge=0, unavailable=1),
        "1 pods are created beside 0 that still terminate: 2 run, and 1 replicas + 0 surge are"
        " allowed",
    ),
    "seed-rolling-delete-before-create": (
        case(),
        "the ReplicaSets ask for 2 pods and 1 are desired: a new one starts before an old one stops",
    ),
    "deployment-new-started-before-old-removed": (
        case(surge=0, unavailable=1),
        "1 old pods are given up and 0 new ones are available",
    ),
    "seed-rolling-never-waits": (
        case(),
        "the controller has nothing to do with 1 new and 1 old pods asked for: it waits for pods"
        " to become available",
    ),
    "seed-default-surge-unavailable-one": (
        case(5, "25%", "25%"),
        "the ReplicaSets ask for 7 pods; 5 replicas + 1 were expected",
    ),
    "deployment-proposal-both-round-up": (
        case(surge="25%", unavailable="25%"),
        "no reachable state satisfies deployment-proposal-both-round-up",
    ),
    "seed-recreate-new-first": (
        case(recreate=True),
        "ReplicaSet 1 goes from 1 to 0 and no new pod is available",
    ),
    "seed-rolling-stop-midway": (
        case(3, users="set-image,pause"),
        "ReplicaSet 1 goes from 2 to 3 while the Deployment is paused",
    ),
    "deployment-paused-keeps-old-pods": (
        case(2, users="set-image,pause"),
        "old ReplicaSet 1 goes from 1 to 0 while the Deployment is paused",
    ),
    "seed-any-update-revertible": (
        case(revision_history_limit=0),
        "ReplicaSet 1 is deleted, and with it the way back to its template",
    ),
    "deployment-available-status-bounds": (
        case(2),
        "availableReplicas is 4; it was to lie between 2 and 3",
    ),
    "deployment-complete-no-old-pods-running": (
        case(),
        "the status is complete and 1 old pods still run",
    ),
    "seed-automated-rollbacks": (
        case(faults="never-ready"),
        "the run stops outside the goal: no step of the system is enabled",
    ),
}


@pytest.mark.parametrize("promise", REFUTED)
def test_a_promise_that_is_false_as_it_is_made_is_shown_to_be(promise: str) -> None:
    """No precondition is dropped here, and no fault is needed but a template that does not work."""
    of, because = REFUTED[promise]

    assert broken(promise, "", of).because == because


def test_a_refuted_promise_is_known_to_be_refuted() -> None:
    """Each has its run above."""
    assert set(REFUTED) == {
        each.property.id for each in PROMISES if each.property.expected == "refuted"
    }
