"""
Known bugs of StatefulSets: each is shown by a run, and without it the same promise is kept.

What a bug is, and the small system in which it shows, is in `model/statefulset_mutants.py`. Here
stands how long the run is, and what the finder says at its end.
"""

import os
import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from attrs import evolve, frozen

from seatrial import Verdict, explore
from seatrial.core import System
from seatrial.model import Mutant, mutants, statefulset_mutants
from statefulsets import BY_ID

pytestmark = pytest.mark.heavy

PAGE = Path(__file__).resolve().parents[1] / "docs" / "reference" / "known-bugs.md"
needs_checkout = pytest.mark.skipif(
    "SEATRIAL_WHEEL" in os.environ, reason="reads the checkout, and the wheel has no documents"
)


@frozen
class Shown:
    """The run that shows a bug: its length, and what is wrong in the end."""

    length: int
    because: str


STOPS = "the run stops outside the goal: no step of the system is enabled"
RUNS = {
    "sts-partition-pod-below-partition-upgraded": Shown(
        10, "pod 0 has revision 2, though the partition is 1"
    ),
    "sts-partition-scale-to-zero-promotes-revision": Shown(
        11, "pod 0 has revision 2, though the partition is 1"
    ),
    "sts-completion-ignores-minreadyseconds": Shown(
        10, "revision 2 is current, and {0: 'ready'} are the members"
    ),
    "sts-currentreplicas-decremented-for-wrong-revision": Shown(
        16, "currentReplicas -1 is sent, which the API server refuses"
    ),
    "sts-lower-ordinal-recreate-deadlock": Shown(13, STOPS),
    "sts-scaledown-hangs-with-minreadyseconds": Shown(
        10, "does not delete pod 0, which is ready and surplus"
    ),
    "sts-scaledown-ignores-unhealthy-condemned-predecessor": Shown(
        3, "decides to delete pod 1 while it sees pod 0 unready"
    ),
    "sts-parallel-rollout-ignores-minreadyseconds": Shown(10, "2 members are not available"),
    "sts-maxunavailable-counts-old-broken-pods": Shown(11, STOPS),
    "sts-parallel-update-ignores-unready-lower-pod": Shown(
        3, "2 members are down, 1 were; maxUnavailable is 1"
    ),
    "sts-batch-delete-budget-not-decremented": Shown(
        2, "2 members are down, 0 were; maxUnavailable is 1"
    ),
    "sts-pod-created-while-pvc-terminating": Shown(9, STOPS),
    "sts-pvc-ownerref-missed-on-stale-cache": Shown(13, STOPS),
    "sts-pvc-policy-change-races-with-scaledown": Shown(
        6, "the claim of pod 0 is terminating though it is to be retained"
    ),
}


def verdicts(known: Mutant, system: System, first: bool = False) -> Sequence[Verdict]:
    """What exploration says of the promises that the bug breaks."""
    promises = [evolve(BY_ID[each].property, expected="holds") for each in known.shows]
    return explore(system, promises, threads=2, first=first, time_limit=120).verdicts


@pytest.mark.parametrize("name", RUNS)
def test_without_the_bug_the_promise_is_kept(name: str) -> None:
    """Else the run that shows the bug would show nothing."""
    known = mutants.mutant(name)

    for verdict in verdicts(known, known.system(bug=False)):
        assert (verdict.status, verdict.vacuous) == ("holds", False), verdict.because


@pytest.mark.parametrize("name", RUNS)
def test_the_bug_breaks_it(name: str) -> None:
    """The length pins the model: who changes what can happen has to change it too."""
    known = mutants.mutant(name)

    for verdict in verdicts(known, known.system(bug=True), first=True):
        assert verdict.status == "violated", verdict.because
        assert verdict.trace is not None
        assert Shown(verdict.trace.length, verdict.because) == RUNS[name]


@pytest.mark.parametrize("name", RUNS)
def test_the_bug_is_shown_where_its_promise_is_asked(name: str) -> None:
    """A promise that is not asked of a system cannot be broken for its users there."""
    known = mutants.mutant(name)

    for promise in known.shows:
        assert BY_ID[promise].unmet(known.manifest, known.needs) == ()


def test_every_known_bug_is_in_the_exam() -> None:
    assert [each.id for each in statefulset_mutants.MUTANTS] == list(RUNS)


@needs_checkout
def test_the_page_tells_of_each_known_bug_and_how_long_its_run_is() -> None:
    rows = re.findall(
        r"^\| `(sts-[a-z-]+)` \|.*\| (\d+)\*? \|$", PAGE.read_text("utf-8"), re.MULTILINE
    )

    assert rows == [(name, str(shown.length)) for name, shown in RUNS.items()]
