"""
Known bugs are the exam: each is shown by a run, and without it the same promise is kept.

What a bug is, and the small system in which it shows, is in `model/deployment_mutants.py`; what it
breaks, in `properties/known_bugs.py`. Here stands how long the run is, and what the finder says at
its end.
"""

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve, frozen

import seatrial.model
from seatrial import Verdict, explore
from seatrial.core import DeclarationError, Property, System
from seatrial.model import Mutant, deployment_mutants, environment, mutants, versions
from seatrial.properties import known_bugs

pytestmark = pytest.mark.heavy

PAGE = Path(__file__).resolve().parents[1] / "docs" / "reference" / "known-bugs.md"
needs_checkout = pytest.mark.skipif(
    "SEATRIAL_WHEEL" in os.environ, reason="reads the checkout, and the wheel has no documents"
)
PROMISES = {each.id: each for each in known_bugs.PROPERTIES}
ASKED = r'"([a-z0-9-]+)" (?:not )?in (?:self\.)?variant'


@frozen
class Shown:
    """The run that shows a bug: its length, and what is wrong in the end."""

    length: int
    because: str


STOPS = "the run stops outside the goal: no step of the system is enabled"
RUNS = {
    "cleanup-may-scale-up": Shown(18, "ReplicaSet 1 is old and grew from 1 to 2"),
    "availability-over-inactive": Shown(15, "the least is 0; the bound is 1"),
    "dep-old-rs-scaled-up-mid-rollout": Shown(3, "ReplicaSet 1 is old and grew from 1 to 2"),
    "dep-hash-collision-blocks-rollout": Shown(
        3, "the loop of 1 steps is fair and leaves the goal for ever"
    ),
    "dep-recreate-starts-new-pods-before-old-gone": Shown(
        6, "there are pods of the templates 1, 2"
    ),
    "dep-recreate-stuck-on-terminal-pod": Shown(7, STOPS),
    "dep-recreate-requeue-missed-with-terminal-pods": Shown(10, STOPS),
    "dep-progress-deadline-premature": Shown(
        4, "after NewReplicaSetAvailable, while the deadline is off"
    ),
    "dep-progress-deadline-never-fires-single-replica": Shown(12, STOPS),
    "dep-progress-deadline-silent-after-rollout": Shown(
        12, "the loop of 2 steps is fair and leaves the goal for ever"
    ),
    "dep-proportional-scaling-not-reentrant": Shown(
        8, "ReplicaSet 2 was resized already, and goes from 2 to 3"
    ),
    "dep-manifest-replicas-overrides-hpa": Shown(2, "3 replicas were asked for, now it is 1"),
    "dep-scaled-to-zero-forgets-old-rs": Shown(5, STOPS),
    "dep-history-cleanup-counts-uncleanable-rs": Shown(11, STOPS),
    "dep-negative-unavailable-wedges-status": Shown(5, "unavailableReplicas is -1"),
    "dep-failed-scale-down-is-not-tried-again": Shown(21, STOPS),
    "rs-expectations-expire-overcreate": Shown(13, "1 pods are asked for, and now there are 2"),
    "rc-expectations-checked-after-pod-list": Shown(
        16, "1 pods are asked for, and now there are 2"
    ),
    "rs-graceful-delete-observed-twice": Shown(16, "1 pods are asked for, and 0 are left"),
    "rs-available-stuck-on-clock-skew": Shown(10, f"available-pods-are-counted[2]: {STOPS}"),
}
# Compiling costs more than most of these searches; these are the ones where it pays.
LARGE = (
    "cleanup-may-scale-up",
    "availability-over-inactive",
    "dep-proportional-scaling-not-reentrant",
    "dep-history-cleanup-counts-uncleanable-rs",
    "rs-expectations-expire-overcreate",
    "rs-graceful-delete-observed-twice",
)
SLOW = ("availability-over-inactive",)


def verdicts(known: Mutant, system: System, first: bool = False) -> Sequence[Verdict]:
    """What exploration says of the promises that the bug breaks."""
    promises: list[Property] = [PROMISES[each] for each in known.shows]
    kernel: Any = "compiled" if known.id in LARGE else "auto"
    return explore(system, promises, threads=2, kernel=kernel, first=first, time_limit=120).verdicts


# ---- the exam ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [name for name in RUNS if name not in SLOW])
def test_without_the_bug_the_promise_is_kept(name: str) -> None:
    """Else the run that shows the bug would show nothing."""
    known = mutants.mutant(name)

    for verdict in verdicts(known, known.system(bug=False)):
        assert (verdict.status, verdict.vacuous) == ("holds", False), verdict.because


@pytest.mark.slow
@pytest.mark.parametrize("name", SLOW)
def test_without_the_bug_the_promise_is_kept_in_a_larger_system(name: str) -> None:
    """It takes three templates, and so some 55,000 states."""
    test_without_the_bug_the_promise_is_kept(name)


@pytest.mark.parametrize("name", RUNS)
def test_the_bug_breaks_it(name: str) -> None:
    """The length pins the model: who changes what can happen has to change it too."""
    known = mutants.mutant(name)

    for verdict in verdicts(known, known.system(bug=True), first=True):
        assert verdict.status == "violated", verdict.because
        assert verdict.trace is not None
        said = verdict.because.partition(" (so far")[0]
        assert Shown(verdict.trace.length, said) == RUNS[name]


def test_the_consistency_store_keeps_from_creating_again_what_was_created() -> None:
    """
    Expectations expire; that a pod was created, and is to be seen before the next sync, does not.

    Go: pkg/controller/replicaset/replica_set.go podWriteCallback
    """
    known = mutants.mutant("rs-expectations-expire-overcreate")
    on = environment.feature_gates(["StaleControllerConsistencyReplicaSet=true"])
    known = evolve(known, needs=evolve(known.needs, gates=on))

    (verdict,) = verdicts(known, known.system(bug=True))

    assert verdict.status == "holds"


def test_the_consistency_store_knows_nothing_of_a_creation_without_an_answer() -> None:
    """The pod is there, the controller believes that it is not, and it makes another."""
    known = mutants.mutant("rs-expectations-expire-overcreate")
    on = environment.feature_gates(["StaleControllerConsistencyReplicaSet=true"])
    lost = environment.budgets(["write-unknown"], "faults")
    known = evolve(known, needs=evolve(known.needs, gates=on, faults=lost))

    (verdict,) = verdicts(known, known.system(bug=True), first=True)

    assert verdict.status == "violated"


def test_the_gate_of_terminating_replicas_hides_a_missed_wake_up() -> None:
    """
    A ReplicaSet that reports terminating pods has its status written when the last one is gone,
    and that wakes the Deployment controller, which the deletion of the pod does not.
    """
    known = mutants.mutant("dep-recreate-requeue-missed-with-terminal-pods")
    gates = environment.feature_gates(["DeploymentReplicaSetTerminatingReplicas=true"])
    hidden = evolve(known, needs=evolve(known.needs, gates=gates))

    (verdict,) = verdicts(known, hidden.system(bug=True))

    assert verdict.status == "holds"


# ---- the list ---------------------------------------------------------------------------------


def test_every_known_bug_is_in_the_exam() -> None:
    assert [each.id for each in deployment_mutants.MUTANTS] == list(RUNS)


def test_a_misspelt_id_is_told_its_neighbours() -> None:
    with pytest.raises(DeclarationError, match="did you mean rs-graceful-delete-observed-twice"):
        mutants.mutant("rs-graceful-delete-observed")


def test_an_id_like_no_other_is_told_where_the_list_is() -> None:
    """There are too many for a line."""
    with pytest.raises(DeclarationError, match=r"known-bugs\.md and docs/reference"):
        mutants.mutant("0")


def test_the_switches_of_the_rules_are_those_of_known_bugs() -> None:
    """A switch that nobody sets is dead, and an id that no rule asks for changes nothing."""
    asked = {
        name
        for folder in seatrial.model.__path__
        for path in Path(folder).glob("*.py")
        for name in re.findall(ASKED, path.read_text("utf-8"))
    }
    beside = {name for each in mutants.MUTANTS for name in each.needs.variant}

    of_releases = {rule for each in versions.RELEASES for rule in each.rules}

    assert asked == {each.id for each in mutants.MUTANTS} | beside | of_releases


@needs_checkout
def test_the_page_tells_of_each_known_bug_and_how_long_its_run_is() -> None:
    rows = re.findall(r"^\| `([a-z-]+)` \|.*\| (\d+)\*? \|$", PAGE.read_text("utf-8"), re.MULTILINE)

    of_deployments = [row for row in rows if row[0] in RUNS]
    assert of_deployments == [(name, str(shown.length)) for name, shown in RUNS.items()]
