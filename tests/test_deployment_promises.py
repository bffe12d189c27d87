"""What Deployments promise: kept under its preconditions, broken by a run where one is dropped.

`broken` names the precondition that is not met and gives the shortest run; its last words say why.
"""

import os
from pathlib import Path

import pytest
from attrs import evolve

from promises import BY_ID, Case, broken, case, document, searched
from seatrial.core import Verdict
from seatrial.engines.explore import explore
from seatrial.model import environment, environment_names, workload
from seatrial.properties import (
    Precondition,
    Promise,
    promise,
    properties_for,
    recreate,
    revisions,
    rolling_update,
    workloads,
)

pytestmark = pytest.mark.heavy

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
    "paused from the start": case(paused=True, users="set-image,undo"),
    "paused and scaled": case(users="scale:2,pause"),
    "scaled in mid-rollout": case(users="set-image,scale:2", faults="never-ready"),
    "scaled to zero": case(users="scale:0,scale:1"),
    "applied again": case(users="scale:2,apply"),
    "without history": case(revision_history_limit=0),
    "undone": case(users="set-image,undo", faults="never-ready"),
    "restarted": case(users="restart"),
    "with a controller that restarts": case(faults="controller-restart"),
    "with an image that does not work": case(2, faults="never-ready"),
    "available only after a while": case(2, surge=2, min_ready_seconds=5),
    "available only after a while, recreated": case(2, recreate=True, min_ready_seconds=5),
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

    assert {
        each.property.id for each in workloads.PROMISES if each.property.expected == "holds"
    } <= told


def test_a_promise_is_left_out_where_a_precondition_is_not_met() -> None:
    """A crash takes an available pod: the status cannot know, but the floor is told of it."""
    of = case(faults="container-exit")

    asked = {each.id for each in properties_for(of.spec, of.around)}

    assert "deployment-available-condition-is-true" not in asked
    assert "deployment-available-floor" in asked


@pytest.mark.parametrize("recreate", [False, True])
@pytest.mark.parametrize("level", ["atomic", "interleaved", "faulty"])
def test_whatever_applies_can_be_asked(recreate: bool, level: environment.Level) -> None:
    """Also where every user acts and every fault happens: all that is read is there."""
    of = case(
        recreate=recreate,
        users="set-image,restart,scale:2,undo,pause,resume,apply,delete:foreground",
        faults=",".join(environment_names.FAULTS),
        level=level,
        lag=2,
        progress_deadline_seconds=None,
    )
    system = workload.compose("busy", of.spec, of.around)

    report = explore(system, properties_for(of.spec, of.around), max_states=1)

    assert report.exploration.capped == "max-states"


@pytest.mark.parametrize("recreate", [False, True])
@pytest.mark.parametrize("level", ["atomic", "interleaved", "faulty"])
def test_any_promise_can_be_asked_by_name(recreate: bool, level: environment.Level) -> None:
    """Where its preconditions are not met as well: the report says that it can."""
    of = case(recreate=recreate, level=level)
    system = workload.compose("small", of.spec, of.around)

    report = explore(system, [each.property for each in workloads.PROMISES], max_states=1)

    assert len(report.verdicts) == len(workloads.PROMISES)


# ---- parts of an environment ------------------------------------------------------------------

BUSY = case(
    2,
    users="set-image,restart,scale:2,undo,pause,resume,apply,delete:foreground",
    faults=",".join(environment_names.FAULTS),
    level="faulty",
    lag=2,
).around


@pytest.mark.parametrize("each", workloads.PROMISES, ids=lambda each: each.property.id)
def test_a_part_of_an_environment_has_nothing_that_the_whole_has_not(
    each: Promise,
) -> None:
    """And it meets the preconditions; else what it says of the promise would mean nothing."""
    spec = case(2).spec
    part = each.narrowed(spec, BUSY)

    if part is not None:
        assert each.applies(spec, part)
        assert {*part.users} <= {*BUSY.users}
        assert {*part.faults} <= {*BUSY.faults}
        assert environment.LEVELS.index(part.level) <= environment.LEVELS.index(BUSY.level)
        assert part.lag <= BUSY.lag
        assert (
            evolve(part, users=BUSY.users, faults=BUSY.faults, level=BUSY.level, lag=BUSY.lag)
            == BUSY
        )


def test_only_what_is_in_the_way_is_left_out() -> None:
    """The largest part: here without scaling or failover, and at lag 0, without lists anew."""
    each = BY_ID["seed-rolling-controlled-rate"]

    part = each.narrowed(case().spec, evolve(BUSY, lag=1))

    assert part is not None
    assert {*BUSY.users} - {*part.users} == {environment.Budget("scale", "2")}
    away = {environment.Budget("failover"), environment.Budget("relist")}
    assert {*BUSY.faults} - {*part.faults} == away
    assert (part.level, part.lag) == ("faulty", 0)


def test_no_part_has_what_the_whole_lacks() -> None:
    """Nor another manifest."""
    quiet = case(users="none").around

    assert BY_ID["deployment-apply-overwrites-scale"].narrowed(case().spec, quiet) is None
    assert BY_ID["deployment-recreate-within-replicas"].narrowed(case().spec, quiet) is None


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
        "the ReplicaSets ask for 2 pods and 1 are desired: a new one starts before an old one"
        " stops",
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


@pytest.mark.parametrize("asked", REFUTED)
def test_a_promise_that_is_false_as_it_is_made_is_shown_to_be(asked: str) -> None:
    """No precondition is dropped here, and no fault is needed but a template that does not work."""
    of, because = REFUTED[asked]

    assert broken(asked, "", of).because == because


@pytest.mark.parametrize(
    ("users", "asked"),
    [
        ("set-image", False),
        ("set-image,resume", False),
        ("set-image,pause", False),
        ("set-image,resume,pause", True),
    ],
)
def test_what_is_said_of_a_pause_midway_is_not_asked_of_one_that_was_there_before(
    users: str, asked: bool
) -> None:
    """A Deployment that is paused before its template is replaced has nothing to go on with."""
    of = case(2, users=users, paused=True)

    found = {each.property.id for each in of.asked()}

    assert ("seed-rolling-stop-midway" in found) is asked
    assert ("deployment-paused-keeps-old-pods" in found) is asked


def test_a_refuted_promise_is_known_to_be_refuted() -> None:
    """Each has its run above."""
    assert set(REFUTED) == {
        each.property.id for each in workloads.PROMISES if each.property.expected == "refuted"
    }


# ---- preconditions, one dropped at a time -----------------------------------------------------

STUCK = "the run stops outside the goal: no step of the system is enabled"
NEVER = "no reachable state satisfies seed-deployment-availability-over-consistency"
NEVER_OVERLAPS = "no reachable state satisfies deployment-recreate-manual-delete-overlap"
ROUND = "the loop of 2 steps is fair and leaves the goal for ever"
LEAST = "the least is 0; the bound is 1 (so far; the search was capped: first)"
CONDITION_LIES = "Available is True and 0 pods are available; 1 replicas - 0 are needed"
COMPLETE_LIES = "the status is complete; 0 of 1 new pods are available and 0 others are asked for"

DROPPED = {
    ("seed-rolling-controlled-rate", promise.SAME_SIZE): (
        case(2, users="set-image,scale:1"),
        "the ReplicaSets ask for 3 pods; 1 replicas + 1 surge are allowed",
    ),
    ("deployment-nonterminating-within-surge", promise.ATOMIC): (
        case(2, users="set-image,scale:1", level="interleaved"),
        "the sizes grow from 2 to 3; 1 replicas + 1 surge are allowed",
    ),
    ("deployment-available-floor", promise.SAME_SIZE): (case(users="set-image,scale:0"), LEAST),
    ("deployment-available-floor", promise.NOT_DELETED): (case(users="delete:background"), LEAST),
    ("deployment-min-available-during-rollout", promise.NO_UNDO): (
        case(users="set-image,undo"),
        "the sizes leave 0 available pods; 1 replicas - 0 unavailable are needed",
    ),
    ("deployment-min-available-during-rollout", promise.NO_POD_FAULTS): (
        case(2, faults="container-exit"),
        "the sizes leave 1 available pods; 2 replicas - 0 unavailable are needed",
    ),
    ("deployment-min-available-during-rollout", promise.NOT_DELETED): (
        case(users="delete:foreground"),
        "the sizes leave 0 available pods; 1 replicas - 0 unavailable are needed",
    ),
    ("deployment-bad-rollout-stops", promise.NO_POD_FAULTS): (
        case(faults="never-ready,container-exit"),
        "0 pods serve; 1 replicas - 0 unavailable are needed",
    ),
    ("deployment-bad-rollout-stops", promise.SAME_SIZE): (
        case(users="set-image,scale:2", faults="never-ready"),
        "1 pods serve; 2 replicas - 0 unavailable are needed",
    ),
    ("seed-rolling-blocks-on-failure", promise.SOME_REMAIN): (
        case(surge=0, unavailable=1, faults="never-ready"),
        "of the sizes 0+0 none is of a template that works",
    ),
    ("seed-rolling-blocks-on-failure", promise.SAME_SIZE): (
        case(users="set-image,scale:0", faults="never-ready"),
        "of the sizes 0+0 none is of a template that works",
    ),
    ("deployment-old-replica-sets-only-shrink", promise.NO_PAUSE): (
        case(2, 0, 1, users="set-image,pause"),
        "old ReplicaSet 1 grows from 1 to 2",
    ),
    ("deployment-old-replica-sets-only-shrink", promise.SAME_SIZE): (
        case(users="set-image,scale:2"),
        "old ReplicaSet 1 grows from 1 to 2",
    ),
    ("deployment-old-replica-sets-only-shrink", promise.ATOMIC): (
        case(users="set-image@2", level="interleaved"),
        "old ReplicaSet 2 grows from 0 to 1",
    ),
    ("deployment-recreate-within-replicas", promise.SAME_SIZE): (
        case(2, recreate=True, users="scale:1"),
        "2 pods are active; 1 replicas are asked for",
    ),
    ("deployment-recreate-old-gone-first", recreate.CHANGED_ONCE): (
        case(recreate=True, users="set-image@2", level="interleaved"),
        "of template 2, 1 pods are active and 0 terminate; of template 3, 1 pods are active and 0"
        " terminate",
    ),
    ("deployment-recreate-old-gone-first", recreate.NOT_FROM_NOTHING): (
        case(0, recreate=True, users="set-image,scale:1", level="interleaved"),
        "of template 1, 1 pods are active and 0 terminate; of template 2, 1 pods are active and 0"
        " terminate",
    ),
    ("deployment-recreate-within-replicas", recreate.CHANGED_ONCE): (
        case(recreate=True, users="set-image,undo", level="interleaved"),
        "2 pods are active; 1 replicas are asked for",
    ),
    ("deployment-recreate-within-replicas", promise.FRESH): (
        case(recreate=True, faults="pod-failed", level="interleaved", lag=1),
        "2 pods are active; 1 replicas are asked for",
    ),
    ("deployment-recreate-within-replicas", promise.LANDED): (
        case(recreate=True, faults="failover", level="interleaved"),
        "2 pods are active; 1 replicas are asked for",
    ),
    ("deployment-recreate-old-gone-first", promise.RECREATE): (
        case(),
        "of template 1, 1 pods are active and 0 terminate; of template 2, 1 pods are active and 0"
        " terminate",
    ),
    ("deployment-proportional-adds-up", promise.NO_UNDO): (
        case(users="set-image,scale:2,apply"),
        "sizes go from 1+1 to 1+1; 2 replicas + 1 surge were to be shared",
    ),
    ("deployment-proportional-adds-up", promise.NOTHING_LOST): (
        case(users="set-image,scale:0", faults="write-unknown"),
        "sizes go from 1+1 to 0+1; 0 replicas + 0 surge were to be shared",
    ),
    ("deployment-nothing-grows-at-zero", promise.ATOMIC): (
        case(users="set-image,scale:0", level="interleaved"),
        "ReplicaSet 2 grows from 0 to 1 at replicas 0",
    ),
    ("seed-scale-by-replicas", promise.HEALTHY_TEMPLATES): (
        case(users="set-image,scale:2", faults="never-ready"),
        STUCK,
    ),
    ("deployment-paused-makes-no-replica-set", promise.ATOMIC): (
        case(users="set-image,pause", level="interleaved"),
        "ReplicaSet 2 is made while the Deployment is paused",
    ),
    ("deployment-paused-keeps-total", promise.ATOMIC): (
        case(2, users="set-image,pause", level="interleaved"),
        "the sizes shrink from 3 to 2 while paused, and the new ReplicaSet has 1 of 2",
    ),
    ("deployment-revisions-unique", promise.FRESH): (
        case(users="set-image@2", level="interleaved", lag=2),
        "ReplicaSets 2 and 3 both have revision 2",
    ),
    ("deployment-newest-revision-at-rest", promise.NO_PAUSE): (
        case(users="set-image,pause"),
        STUCK,
    ),
    ("deployment-rollout-iff-template-change", promise.ATOMIC): (
        case(users="set-image@2", level="interleaved"),
        "ReplicaSet 2 is made while the Deployment asks for template 3",
    ),
    ("deployment-history-limit-at-rest", promise.HEALTHY_TEMPLATES): (
        case(revision_history_limit=0, faults="never-ready"),
        STUCK,
    ),
    ("deployment-history-limit-at-rest", promise.NO_PAUSE): (
        case(revision_history_limit=0, users="set-image,pause"),
        STUCK,
    ),
    ("deployment-complete-is-true", promise.NO_POD_FAULTS): (
        case(faults="container-exit"),
        COMPLETE_LIES,
    ),
    ("deployment-complete-is-true", promise.NO_UNDO): (case(users="set-image,undo"), COMPLETE_LIES),
    ("deployment-complete-is-true", promise.NOT_DELETED): (
        case(users="delete:foreground"),
        COMPLETE_LIES,
    ),
    ("deployment-complete-is-true", promise.SAME_SIZE): (
        case(2, recreate=True, users="scale:1@2,scale:2"),
        "the status is complete; 1 of 2 new pods are available and 0 others are asked for",
    ),
    ("deployment-available-condition-is-true", promise.NO_POD_FAULTS): (
        case(faults="container-exit"),
        CONDITION_LIES,
    ),
    ("deployment-available-condition-is-true", promise.NO_UNDO): (
        case(users="set-image,undo"),
        CONDITION_LIES,
    ),
    ("deployment-available-condition-is-true", promise.NOT_DELETED): (
        case(users="delete:foreground"),
        CONDITION_LIES,
    ),
    ("deployment-available-condition-is-true", promise.SAME_SIZE): (
        case(users="scale:2"),
        "Available is True and 1 pods are available; 2 replicas - 0 are needed",
    ),
    ("deployment-eventually-new-revision", promise.FEW_FAILURES): (
        case(faults="write-failure@4"),
        STUCK,
    ),
    ("deployment-healthy-rollout-is-in-time", promise.NO_FAILURE_AFTER_A_CONFLICT): (
        case(faults="write-failure@2"),
        "Progressing is ProgressDeadlineExceeded, and every template is healthy",
    ),
    ("deployment-healthy-rollout-is-in-time", promise.PROMPT): (
        case(slow=1),
        "Progressing is ProgressDeadlineExceeded, and every template is healthy",
    ),
    ("deployment-healthy-rollout-is-in-time", promise.HEALTHY_TEMPLATES): (
        case(faults="never-ready"),
        "Progressing is ProgressDeadlineExceeded, and every template is healthy",
    ),
    ("deployment-deadline-is-reported", promise.NOTED): (
        case(surge=0, unavailable=1, faults="never-ready,write-failure"),
        ROUND,
    ),
    ("deployment-controllers-come-to-rest", promise.NOTED_OR_HEALTHY): (
        case(recreate=True, faults="never-ready,write-failure"),
        ROUND,
    ),
    ("deployment-deadline-is-reported", promise.NO_PAUSE): (
        case(users="set-image,pause", faults="never-ready"),
        STUCK,
    ),
    ("deployment-complete-at-rest", promise.HEALTHY_TEMPLATES): (case(faults="never-ready"), STUCK),
    ("deployment-eventually-new-revision", promise.HEALTHY_TEMPLATES): (
        case(faults="never-ready"),
        STUCK,
    ),
    ("seed-deployment-identical-replicas", promise.HEALTHY_TEMPLATES): (
        case(faults="never-ready"),
        STUCK,
    ),
    ("deployment-available-at-rest", promise.HEALTHY_TEMPLATES): (
        case(surge=0, unavailable=1, faults="never-ready"),
        STUCK,
    ),
    ("seed-rollout-restart-refreshes-all", promise.HEALTHY_TEMPLATES): (
        case(users="restart", faults="never-ready"),
        STUCK,
    ),
    ("deployment-orphans-stay", promise.ATOMIC): (
        case(users="set-image,delete:orphan", level="interleaved"),
        "ReplicaSet 2 of size 1 has size 0 after its Deployment",
    ),
    ("deployment-deleting-rolls-nothing", promise.ATOMIC): (
        case(users="set-image,delete:foreground", level="interleaved"),
        "ReplicaSet 2 goes from 0 to 1 while its Deployment is being deleted",
    ),
    ("deployment-foreground-deletion-in-order", promise.ATOMIC): (
        case(users="set-image,delete:foreground", level="interleaved"),
        "the Deployment is gone; ReplicaSets [2], 0 active pods and 0 terminating ones are not",
    ),
    ("deployment-deadline-reports-only", promise.NO_UNDO): (
        case(recreate=True, users="set-image,undo", faults="never-ready"),
        "ReplicaSet 1 goes from 0 to 1 at the deadline",
    ),
    ("seed-rolling-controlled-rate", promise.LANDED): (
        case(users="set-image@2", faults="failover", level="interleaved"),
        "the ReplicaSets ask for 3 pods; 1 replicas + 1 surge are allowed",
    ),
    ("deployment-recreate-old-gone-first", promise.LANDED): (
        case(recreate=True, faults="pod-failed,failover", level="interleaved"),
        "of template 1, 1 pods are active and 0 terminate; of template 2, 1 pods are active and 0"
        " terminate",
    ),
    ("deployment-deadline-reports-only", promise.PROMPT): (
        case(2, surge=0, unavailable=1, faults="never-ready", slow=1),
        "ReplicaSet 2 goes from 0 to 1 at the deadline",
    ),
    ("deployment-rollout-iff-template-change", promise.FRESH): (
        case(users="set-image@2", lag=1),
        "ReplicaSet 2 is made while the Deployment asks for template 3",
    ),
    ("deployment-foreground-deletion-in-order", promise.FRESH): (
        case(users="delete:foreground", lag=1),
        "the Deployment is gone; ReplicaSets [], 1 active pods and 0 terminating ones are not",
    ),
    ("deployment-foreground-deletion-in-order", promise.deleted("foreground")): (
        case(users="delete:background"),
        "the Deployment is gone; ReplicaSets [1], 1 active pods and 0 terminating ones are not",
    ),
    ("seed-rolling-blocks-on-failure", promise.ROLLING): (
        case(recreate=True, faults="never-ready"),
        "of the sizes 0+0 none is of a template that works",
    ),
    ("deployment-old-replica-sets-only-shrink", promise.FRESH): (
        case(users="set-image@2", lag=1),
        "old ReplicaSet 2 grows from 0 to 1",
    ),
    ("seed-rolling-trace-three", promise.NO_PAUSE): (
        case(3, users="set-image,pause"),
        "the old ReplicaSet goes from size 2 to 3 and the new one from 1 to 1",
    ),
    ("seed-rolling-trace-three", promise.SAME_SIZE): (
        case(3, users="set-image,scale:2"),
        "the old ReplicaSet goes from size 3 to 2 and the new one from 0 to 0",
    ),
    ("seed-rolling-trace-three", promise.NOT_DELETED): (
        case(3, users="set-image,delete:foreground"),
        "the old ReplicaSet goes from size 3 to 3 and the new one from 1 to 0",
    ),
    ("deployment-recreate-within-replicas", promise.RECREATE): (
        case(),
        "2 pods are active; 1 replicas are asked for",
    ),
    ("deployment-proportional-adds-up", promise.ATOMIC): (
        case(users="set-image,scale:2", level="interleaved"),
        "sizes go from 1+1 to 1+1; 2 replicas + 1 surge were to be shared",
    ),
    ("deployment-proportional-adds-up", promise.FRESH): (
        case(users="set-image,scale:2", lag=1),
        "sizes go from 1+1 to 1+1; 2 replicas + 1 surge were to be shared",
    ),
    ("deployment-nothing-grows-at-zero", promise.FRESH): (
        case(users="set-image,scale:0", lag=1),
        "ReplicaSet 2 grows from 0 to 1 at replicas 0",
    ),
    ("deployment-paused-makes-no-replica-set", promise.FRESH): (
        case(users="set-image,pause", lag=1),
        "ReplicaSet 2 is made while the Deployment is paused",
    ),
    ("deployment-paused-keeps-total", promise.FRESH): (
        case(2, users="set-image,pause", lag=1),
        "the sizes shrink from 3 to 2 while paused, and the new ReplicaSet has 1 of 2",
    ),
    ("deployment-revisions-unique", promise.LANDED): (
        case(users="set-image@2", faults="failover", level="interleaved"),
        "ReplicaSets 2 and 3 both have revision 2",
    ),
    ("deployment-controller-crash-safe", promise.HEALTHY_TEMPLATES): (
        case(faults="never-ready,controller-restart"),
        STUCK,
    ),
    ("deployment-controller-crash-safe", promise.SAME_SIZE): (
        case(2, 0, 1, users="set-image,scale:1", faults="controller-restart"),
        STUCK,
    ),
    ("deployment-controller-crash-safe", promise.FEW_FAILURES): (
        case(faults="write-failure@4,controller-restart"),
        STUCK,
    ),
    ("seed-deployment-identical-replicas", promise.SAME_SIZE): (
        case(2, 0, 1, users="set-image,scale:1"),
        STUCK,
    ),
    ("seed-deployment-identical-replicas", promise.FEW_FAILURES): (
        case(faults="write-failure@4"),
        STUCK,
    ),
    ("seed-rollout-restart-refreshes-all", promise.NO_UNDO): (case(users="restart,undo"), STUCK),
    ("seed-rollout-restart-refreshes-all", promise.NO_PAUSE): (case(users="restart,pause"), STUCK),
    ("seed-rollout-restart-refreshes-all", promise.SAME_SIZE): (
        case(2, 0, 1, users="restart,scale:1"),
        STUCK,
    ),
    ("seed-rollout-restart-refreshes-all", promise.FEW_FAILURES): (
        case(users="restart", faults="write-failure@4"),
        STUCK,
    ),
    ("deployment-nonterminating-within-surge", promise.FRESH): (
        case(users="set-image,scale:0", lag=1),
        "the sizes grow from 1 to 2; 0 replicas + 0 surge are allowed",
    ),
    ("seed-deployment-availability-over-consistency", promise.ROLLING): (
        case(2, recreate=True),
        NEVER,
    ),
    ("seed-deployment-availability-over-consistency", promise.SOME_PODS): (
        case(0, users="set-image@2"),
        NEVER,
    ),
    ("seed-deployment-availability-over-consistency", promise.UPDATE): (
        case(2, users="none"),
        NEVER,
    ),
    ("seed-deployment-availability-over-consistency", promise.HEALTHY_TEMPLATES): (
        case(2, faults="never-ready"),
        NEVER,
    ),
    ("seed-deployment-availability-over-consistency", promise.NO_PAUSE): (
        case(2, paused=True),
        NEVER,
    ),
    ("seed-deployment-availability-over-consistency", rolling_update.GROWS_IN_STEPS): (
        case(),
        NEVER,
    ),
    ("deployment-available-floor", promise.TOLD_OF_ALL): (
        case(faults="write-unknown", lag=1),
        LEAST,
    ),
    ("deployment-min-available-during-rollout", promise.SAME_SIZE): (
        case(2, users="set-image,scale:1,scale:2"),
        "the sizes leave 1 available pods; 2 replicas - 0 unavailable are needed",
    ),
    ("deployment-min-available-during-rollout", promise.TOLD): (
        case(faults="write-unknown", lag=1),
        "the sizes leave 0 available pods; 1 replicas - 0 unavailable are needed",
    ),
    ("deployment-bad-rollout-stops", promise.TOLD_OF_ALL): (
        case(2, 0, 1, faults="never-ready,expectations-expire", lag=1),
        "0 pods serve; 2 replicas - 1 unavailable are needed",
    ),
    ("deployment-min-available-during-rollout", promise.NO_STALE_PAUSE): (
        case(users="set-image@2,pause", lag=1),
        "the sizes leave 0 available pods; 1 replicas - 0 unavailable are needed",
    ),
    ("deployment-bad-rollout-stops", promise.NO_STALE_PAUSE): (
        case(users="set-image@2,pause", faults="never-ready@2", lag=1),
        "0 pods serve; 1 replicas - 0 unavailable are needed",
    ),
    ("seed-rolling-blocks-on-failure", promise.NO_STALE_PAUSE): (
        case(users="set-image@2,pause", faults="never-ready@2", lag=1),
        "of the sizes 0+1+1 none is of a template that works",
    ),
    ("deployment-available-condition-is-true", promise.NO_STALE_PAUSE): (
        case(users="set-image@2,pause", lag=1),
        CONDITION_LIES,
    ),
    ("seed-rolling-trace-three", promise.TOLD): (
        case(3, faults="write-unknown", lag=1),
        "the old ReplicaSet goes from size 3 to 1 and the new one from 1 to 1",
    ),
    ("deployment-bad-rollout-stops", promise.NOT_DELETED): (
        case(users="set-image,delete:foreground", faults="never-ready"),
        "0 pods serve; 1 replicas - 0 unavailable are needed",
    ),
    ("seed-rolling-blocks-on-failure", promise.NOT_DELETED): (
        case(users="set-image,delete:foreground", faults="never-ready"),
        "of the sizes 0+0 none is of a template that works",
    ),
    ("seed-rolling-trace-three", rolling_update.REPLACED_ONCE): (
        case(3, users="set-image@2"),
        "the old ReplicaSet goes from size 4 to 3 and the new one from 0 to 0",
    ),
    ("deployment-recreate-manual-delete-overlap", promise.SOME_PODS): (
        case(0, recreate=True, users="set-image,apply"),
        NEVER_OVERLAPS,
    ),
    ("deployment-recreate-manual-delete-overlap", promise.NO_PAUSE): (
        case(recreate=True, paused=True, users="set-image,apply"),
        NEVER_OVERLAPS,
    ),
    ("deployment-recreate-manual-delete-overlap", recreate.MADE_AND_TAKEN): (
        case(recreate=True),
        NEVER_OVERLAPS,
    ),
    ("deployment-proportional-skips-empty", promise.FRESH): (
        case(surge=2, users="set-image@2,scale:2", lag=1),
        "ReplicaSet 3 grows from 0 to 1 while 2 share",
    ),
    ("seed-scale-by-replicas", promise.FEW_FAILURES): (
        case(users="set-image,scale:0", faults="write-failure@2", progress_deadline_seconds=None),
        STUCK,
    ),
    ("deployment-paused-still-scales", promise.NO_GIVE_UP): (
        case(
            users="scale:0",
            faults="write-failure@16",
            paused=True,
            progress_deadline_seconds=None,
        ),
        STUCK,
    ),
    ("deployment-paused-keeps-total", promise.SAME_SIZE): (
        case(2, users="set-image,pause,scale:1"),
        "the sizes shrink from 2 to 1 while paused, and the new ReplicaSet has 0 of 1",
    ),
    ("deployment-cleanup-spares-pods", promise.LANDED): (
        case(
            users="set-image,undo",
            faults="failover",
            level="interleaved",
            revision_history_limit=0,
        ),
        "ReplicaSet 2 is deleted with 1 active pods and size 0",
    ),
    ("deployment-cleanup-spares-pods", promise.KEPT_WHILE_PAUSED): (
        case(
            0,
            users="set-image,scale:1",
            level="interleaved",
            paused=True,
            revision_history_limit=0,
        ),
        "ReplicaSet 1 is deleted with 0 active pods and size 1",
    ),
    ("deployment-available-at-rest", promise.KEPT_WHILE_PAUSED): (
        case(0, users="set-image,scale:1", paused=True, revision_history_limit=0),
        STUCK,
    ),
    ("deployment-available-at-rest", promise.NOT_PAUSED_ANEW): (
        case(users="delete:background,apply", paused=True),
        STUCK,
    ),
    ("seed-undo-returns-to-previous", revisions.NUMBERED_IN_ORDER): (
        case(0, users="set-image,undo,delete:background,apply", lag=1),
        "undo goes from revision 1 to 1; 0 is the one before",
    ),
    ("deployment-proportional-adds-up", promise.NOT_PAUSED_AGAIN): (
        case(users="set-image,scale:2,pause,resume", paused=True),
        "sizes go from 1+1 to 1+1; 2 replicas + 1 surge were to be shared",
    ),
    ("deployment-available-at-rest", promise.NO_GIVE_UP): (
        case(users="scale:2", faults="write-failure@16", progress_deadline_seconds=None),
        STUCK,
    ),
    ("deployment-paused-still-scales", promise.NOT_CREATED_ANEW): (
        case(users="scale:2,delete:foreground,apply", paused=True),
        STUCK,
    ),
    ("deployment-paused-still-scales", promise.ALL_KEPT): (
        case(0, users="set-image,scale:1", paused=True, revision_history_limit=0),
        STUCK,
    ),
    ("seed-deployment-history-rollback", promise.ATOMIC): (
        case(
            0,
            users="set-image@2,apply",
            faults="failover",
            level="interleaved",
            revision_history_limit=1,
        ),
        "ReplicaSet 1 of revision 3 is deleted; only 0 old ones are newer, and 1 are to be kept",
    ),
    ("seed-deployment-history-rollback", promise.FRESH): (
        case(0, users="set-image@2,apply,undo", lag=2, revision_history_limit=1),
        "ReplicaSet 1 of revision 4 is deleted; only 0 old ones are newer, and 1 are to be kept",
    ),
    ("seed-rolling-trace-three", promise.NO_UNDO): (
        case(3, users="set-image,undo@2", level="interleaved"),
        "the old ReplicaSet goes from size 3 to 3 and the new one from 1 to 0",
    ),
    ("deployment-newest-revision-at-rest", promise.NO_GIVE_UP): (
        case(faults="write-failure@16", progress_deadline_seconds=None),
        STUCK,
    ),
    ("deployment-available-condition-at-rest", promise.NO_GIVE_UP): (
        case(users="scale:2", faults="write-failure@16", progress_deadline_seconds=None),
        STUCK,
    ),
    ("deployment-deadline-is-reported", promise.NO_UNDO): (
        case(users="set-image@2,undo", faults="never-ready"),
        ROUND,
    ),
    ("deployment-history-limit-at-rest", promise.SAME_SIZE): (
        case(2, 0, 1, users="set-image,scale:1", revision_history_limit=0),
        STUCK,
    ),
    ("deployment-history-limit-at-rest", promise.FEW_FAILURES): (
        case(faults="write-failure@4", revision_history_limit=0),
        STUCK,
    ),
    ("deployment-complete-at-rest", promise.DEADLINE): (
        case(progress_deadline_seconds=None),
        STUCK,
    ),
    ("deployment-complete-at-rest", promise.SAME_SIZE): (
        case(2, 0, 1, users="set-image,scale:1"),
        STUCK,
    ),
    ("deployment-complete-at-rest", promise.FEW_FAILURES): (
        case(faults="write-failure@4"),
        STUCK,
    ),
    ("deployment-available-condition-is-true", promise.TOLD_OF_ALL): (
        case(faults="write-unknown", lag=1),
        CONDITION_LIES,
    ),
    ("deployment-deadline-is-reported", promise.DEADLINE): (
        case(faults="never-ready", progress_deadline_seconds=None),
        STUCK,
    ),
    ("deployment-deadline-is-reported", promise.SAME_SIZE): (
        case(users="set-image,scale:0", faults="never-ready"),
        STUCK,
    ),
    ("deployment-deadline-is-reported", promise.SOME_PODS): (case(0, faults="never-ready"), STUCK),
    ("deployment-deadline-reports-only", promise.BROKEN_TEMPLATES): (
        case(users="set-image@2", faults="never-ready"),
        "ReplicaSet 3 goes from 0 to 1 at the deadline",
    ),
    ("deployment-recreate-within-replicas", promise.NOT_BESIDE_FORMER): (
        case(recreate=True, users="delete:background,apply"),
        "2 pods are active; 1 replicas are asked for",
    ),
    ("deployment-recreate-old-gone-first", promise.NOT_BESIDE_FORMER): (
        case(recreate=True, users="set-image,delete:background,apply"),
        "of template 1, 1 pods are active and 0 terminate; of template 2, 1 pods are active and 0"
        " terminate",
    ),
    ("deployment-cleanup-spares-pods", promise.NOT_CREATED_ANEW): (
        case(users="set-image,delete:foreground,apply", level="interleaved"),
        "ReplicaSet 2 is deleted with 0 active pods and size 1",
    ),
    ("deployment-controllers-come-to-rest", promise.PLACED): (
        case(users="scale:2", faults="unschedulable"),
        ROUND,
    ),
    ("deployment-background-deletion-is-complete", promise.NOT_CREATED_ANEW): (
        case(users="delete:background,apply"),
        STUCK,
    ),
    ("deployment-foreground-deletion-is-complete", promise.NOT_CREATED_ANEW): (
        case(users="delete:foreground,apply"),
        STUCK,
    ),
    ("deployment-foreground-deletion-in-order", promise.ALL_KEPT): (
        # The clean-up has deleted a ReplicaSet whose pod terminates: nobody waits for that.
        case(users="set-image,delete:foreground", revision_history_limit=0),
        "the Deployment is gone; ReplicaSets [], 0 active pods and 1 terminating ones are not",
    ),
    ("deployment-revisions-unique", promise.NOT_CREATED_ANEW): (
        case(users="set-image@2,delete:orphan,apply"),
        "ReplicaSets 1 and 3 both have revision 3",
    ),
    ("deployment-orphans-keep-their-pods", promise.KEPT_WHILE_PAUSED): (
        case(0, users="set-image,delete:orphan", paused=True, revision_history_limit=0),
        STUCK,
    ),
    ("deployment-background-deletion-is-complete", promise.deleted("background")): (
        case(users="delete:orphan"),
        STUCK,
    ),
    ("deployment-foreground-deletion-is-complete", promise.deleted("foreground")): (
        case(users="delete:orphan"),
        STUCK,
    ),
    ("deployment-orphans-keep-their-pods", promise.deleted("orphan")): (
        case(users="delete:background"),
        STUCK,
    ),
    ("deployment-orphans-stay", promise.deleted("orphan")): (
        case(users="delete:background"),
        "ReplicaSet 1 of size 1 has size 0 after its Deployment",
    ),
    ("deployment-orphans-stay", promise.FRESH): (
        case(users="set-image,delete:orphan", lag=1),
        "ReplicaSet 2 of size 1 has size 0 after its Deployment",
    ),
    ("deployment-deleting-rolls-nothing", promise.FRESH): (
        case(users="set-image,delete:foreground", lag=1),
        "ReplicaSet 2 goes from 0 to 1 while its Deployment is being deleted",
    ),
}


@pytest.mark.parametrize(
    ("asked", "dropped"), DROPPED, ids=[f"{id}: not {each.words}" for id, each in DROPPED]
)
def test_a_promise_is_broken_where_a_precondition_is_dropped(
    asked: str, dropped: Precondition
) -> None:
    """One precondition at a time: nothing else stands in the way of the promise."""
    of, because = DROPPED[asked, dropped]

    assert broken(asked, dropped.words, of).because == because


# ---- runs worth knowing -----------------------------------------------------------------------

STORIES: dict[str, tuple[str, Precondition, Case]] = {
    "the last pod goes": (
        "deployment-available-floor",
        promise.NO_UNDO,
        case(users="set-image,undo"),
    ),
    "pods are behind ReplicaSets": (
        "deployment-recreate-old-gone-first",
        promise.FRESH,
        case(recreate=True, faults="pod-failed", level="interleaved", lag=1),
    ),
    "a stale pause": (
        "deployment-complete-is-true",
        promise.NO_STALE_PAUSE,
        case(recreate=True, users="set-image,pause", level="interleaved", lag=1),
    ),
    "a pause takes the last pod": (
        "deployment-available-floor",
        promise.NO_STALE_PAUSE,
        case(users="set-image@2,pause", lag=1),
    ),
    "a paused Recreate": (
        "deployment-recreate-old-gone-first",
        recreate.CHANGED_ONCE,
        case(recreate=True, users="set-image,undo,pause"),
    ),
    "a second pod goes": (
        "deployment-available-floor",
        promise.TOLD_OF_ALL,
        case(2, faults="expectations-expire", lag=1),
    ),
    "ReplicaSets are behind": (
        "seed-rolling-controlled-rate",
        promise.FRESH,
        case(users="set-image@2", level="interleaved", lag=2),
    ),
    "undone too soon": (
        "seed-undo-returns-to-previous",
        revisions.NOT_REPLACED_TWICE,
        case(users="set-image@2,undo"),
    ),
    "more may be missing": (
        "seed-rolling-trace-three",
        rolling_update.THREE,
        case(3, unavailable=1),
    ),
    "a stale annotation": (
        "deployment-eventually-new-revision",
        promise.SAME_SIZE,
        case(2, 0, 1, users="set-image,scale:1"),
    ),
}


def told(story: str) -> Verdict:
    """What the run of a story shows."""
    asked, dropped, of = STORIES[story]
    return broken(asked, dropped.words, of)


def test_an_undo_takes_the_last_available_pod_of_a_deployment_that_may_miss_none() -> None:
    """
    ReplicaSet 1 has just deleted its pod, and its status still counts it. Grown again by the undo,
    it passes for available, and the new ReplicaSet is scaled to 0: replicas 1, maxUnavailable 0,
    no fault, and no pod is left. The Deployment controller does not ask of which generation a
    ReplicaSet's status is.
    """
    verdict = told("the last pod goes")

    assert verdict.extreme == 0
    assert verdict.trace is not None
    done = [step.label for step in verdict.trace.steps]
    assert done.count("deletes a pod that is available") == 2
    assert done.count("a pod becomes ready") == 1


def test_a_pause_takes_the_last_available_pod_of_a_deployment_that_may_miss_none() -> None:
    """
    The third template gets its ReplicaSet before the cache shows that of the second, so that three
    pods are asked for where two may be. Paused, the Deployment is not rolled out but scaled: all
    ReplicaSets shrink in proportion, of one size the oldest first, and that is the one whose pod is
    available. Nobody scales it, nothing fails. Go: sync, scale, ReplicaSetsBySizeOlder
    """
    verdict = told("a pause takes the last pod")

    assert verdict.extreme == 0
    assert verdict.trace is not None
    done = [step.label for step in verdict.trace.steps]
    assert done.index("pauses the rollout") < done.index("scales ReplicaSet 1 from 1 to 0")
    assert "a pod becomes ready" not in done


def test_where_expectations_expire_a_second_pod_is_deleted_in_spite_of_the_consistency_store() -> (
    None
):
    """
    It waits until the cache shows what the controller made, and not for what it deleted. ReplicaSet
    1 is to have one pod less, deletes one, and five minutes later, still not shown that, another.
    """
    of = STORIES["a second pod goes"][2]
    verdict = told("a second pod goes")

    assert of.around.gate("StaleControllerConsistencyReplicaSet")
    assert verdict.extreme == 1
    assert verdict.trace is not None
    done = [step.label for step in verdict.trace.steps]
    assert done.count("deletes a pod that is available") == 2


def test_that_no_pod_may_be_missing_by_default_is_not_said_of_what_takes_one_all_the_same() -> None:
    """An undo does, as the run above has it, and so does a cache that is behind."""
    asked = BY_ID["deployment-proposal-both-round-up"]
    undone = case(1, "25%", "25%", users="set-image,undo")
    unknown = case(1, "25%", "25%", faults="write-unknown", lag=1)

    assert asked.unmet(undone.spec, undone.around) == (promise.NO_UNDO,)
    assert asked.unmet(unknown.spec, unknown.around) == (promise.TOLD_OF_ALL,)


def test_recreate_overlaps_where_the_cache_of_pods_is_behind_that_of_replica_sets() -> None:
    """
    An old pod fails and is replaced just before its ReplicaSet is scaled to 0. The status without
    pods arrives before the event of the new pod does.
    """
    verdict = told("pods are behind ReplicaSets")

    assert verdict.because.startswith("of template 1, 1 pods are active")


def test_a_paused_sync_that_does_not_see_the_new_replica_set_grows_the_old_one() -> None:
    """Then it reports that the new one is complete, while the old one is to have a pod again."""
    verdict = told("a stale pause")

    assert verdict.because.endswith("1 of 1 new pods are available and 1 others are asked for")


@pytest.mark.parametrize(
    ("asked", "of"),
    [
        ("deployment-proportional-adds-up", case(users="set-image,scale:0,delete:orphan")),
        ("deployment-paused-keeps-total", case(users="set-image,pause,delete:foreground")),
    ],
)
def test_a_deployment_that_is_being_deleted_is_not_resized_any_more(asked: str, of: Case) -> None:
    """Then only its status is written, and what the garbage collector takes nobody gives up."""
    system = workload.compose("small", of.spec, of.around)

    (verdict,) = explore(system, [BY_ID[asked].property]).verdicts

    assert (verdict.status, verdict.vacuous) == ("holds", False), verdict.because


def test_pods_that_a_former_replica_set_left_are_not_those_of_its_successor() -> None:
    """A foreground deletion that the Deployment controller has not heard of: it creates it anew."""
    of = case(recreate=True, users="delete:foreground", level="interleaved", lag=1)
    never_too_many = BY_ID["replicaset-never-too-many"].property
    system = workload.compose("small", of.spec, of.around)

    (verdict,) = explore(system, [never_too_many], max_depth=20).verdicts

    assert verdict.status != "violated"


def test_a_paused_recreate_starts_new_pods_beside_old_ones() -> None:
    """While it is paused nobody looks for old pods: an undone rollout is given its replicas."""
    verdict = told("a paused Recreate")

    assert verdict.because.startswith("of template 1, 1 pods are active and 0 terminate")


def test_growth_exceeds_the_surge_where_the_cache_of_replica_sets_is_behind() -> None:
    """The third template's ReplicaSet is made before the cache shows that of the second."""
    verdict = told("ReplicaSets are behind")

    assert verdict.because == "the ReplicaSets ask for 3 pods; 1 replicas + 1 surge are allowed"


def test_an_undo_before_the_new_template_has_a_revision_goes_back_too_far() -> None:
    """Undo takes the highest revision but one, and the template that failed has none yet."""
    verdict = told("undone too soon")

    assert verdict.because == (
        "template 3 has no revision yet, and undo goes back to template 1 of revision 1"
    )


def test_the_shares_of_three_sizes_differ_where_more_may_be_missing() -> None:
    """With maxUnavailable 1 a rollout of three goes other ways than the seven sizes."""
    assert "the new one" in told("more may be missing").because


@pytest.mark.slow
def test_a_rollout_never_ends_where_a_resize_leaves_a_stale_annotation() -> None:
    """
    Scaled from 2 to 1 when the only active ReplicaSet has size 1 already, its annotation stays 2:
    every sync then takes the Deployment for one that was just resized, and rolls nothing out.
    https://github.com/kubernetes/kubernetes/pull/138036
    """
    assert told("a stale annotation").because == STUCK


@pytest.mark.slow
@pytest.mark.parametrize(
    ("asked", "of"),
    [
        (
            "seed-deployment-history-rollback",
            case(users="set-image@2", revision_history_limit=1),
        ),
        ("deployment-eventually-new-revision", case(users="set-image,undo")),
        ("seed-rolling-controlled-rate", case(2, level="interleaved")),
        ("deployment-complete-is-true", case(2, level="interleaved")),
        ("deployment-recreate-old-gone-first", case(recreate=True, level="interleaved")),
        ("deployment-paused-still-scales", case(users="set-image,scale:2,pause")),
    ],
)
def test_a_promise_holds_in_a_larger_system(asked: str, of: Case) -> None:
    """What takes too long for every run of the tests."""
    assert statuses(evolve(of, ids=(asked,))) == {asked: "holds"}


# ---- documents --------------------------------------------------------------------------------


@pytest.mark.skipif("SEATRIAL_WHEEL" in os.environ, reason="the wheel has no documents")
def test_the_page_of_promises_is_up_to_date() -> None:
    """`python tests/promises.py` writes it."""
    page = CHECKOUT / "docs" / "reference" / "promises.md"

    assert page.read_text(encoding="utf-8") == document()


@pytest.mark.heavy
def test_one_failure_after_a_conflict_stops_a_rollout_for_ever_where_no_deadline_passes() -> None:
    """
    The sync does not return the error of a resizing of old ReplicaSets, so that nobody tries again.

    The crash changes a status, so that the first attempt meets a conflict: then the Deployment's
    status is as it should be already, and no write of it brings the Deployment back.
    """
    of = case(
        faults="container-exit,write-failure",
        level="faulty",
        lag=1,
        progress_deadline_seconds=None,
    )

    words = promise.FEW_FAILURES.words
    found = broken("deployment-eventually-new-revision", words, of)

    assert STUCK in found.because
    assert found.trace is not None
    told = [step.label for step in found.trace.steps]
    assert sum("conflict" in each for each in told if each.startswith("scales")) == 1
