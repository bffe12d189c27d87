"""
Known bugs of the Job controller are the exam: each is shown by a run, and without it the same
promise is kept.

What a bug is, and the small system in which it shows, is in `model/job_mutants.py`. Here stands how
long the run is, and what the finder says at its end.
"""

import os
from collections.abc import Sequence
from pathlib import Path

import pytest
from attrs import frozen

import job_bugs_page
from job_promises import BY_ID
from seatrial import Verdict, explore
from seatrial.core import System
from seatrial.model import Mutant, job_mutants, mutants

pytestmark = pytest.mark.heavy

PAGE = Path(__file__).resolve().parents[1] / "docs" / "reference" / "known-job-bugs.md"
needs_checkout = pytest.mark.skipif(
    "SEATRIAL_WHEEL" in os.environ, reason="reads the checkout, and the wheel has no documents"
)


@frozen
class Shown:
    """The run that shows a bug: its length, and what is wrong in the end."""

    length: int
    because: str


LOOP = "the loop of 2 steps is fair and leaves the goal for ever"
RUNS = {
    "job-pod-counted-twice": Shown(23, "1 pods were counted twice"),
    "job-pod-succeeds-after-counted-failed": Shown(23, LOOP),
    "job-indexed-complete-with-repeated-index": Shown(
        25, "the Job is Complete; of 2 indexes these succeeded: (0,)"
    ),
    "job-indexed-success-forgotten": Shown(
        19, "indexes [0] had succeeded, and are not completed any more"
    ),
    "job-backoff-counted-by-requeues": Shown(13, "the most is 4; the bound is 3"),
    "job-replacement-created-while-old-terminates": Shown(
        3, "1 pods are active and 1 terminating, 1 are allowed"
    ),
    "job-backoff-reset-by-finalizer-event": Shown(
        5, "the back-off is running, and a pod is created"
    ),
    "job-backoff-delays-success-report": Shown(
        8, "a pod has succeeded, and the Job waits for its back-off before it counts it"
    ),
    "job-finished-before-seeing-own-pods": Shown(
        16, "the Job has finished; 1 pods are active and 0 terminating"
    ),
    "job-deadline-lost-on-controller-restart": Shown(
        6, "the deadline has passed, nobody will look at the Job, and it goes on"
    ),
    "job-deadline-update-not-noticed": Shown(
        6, "the deadline has passed, nobody will look at the Job, and it goes on"
    ),
    "job-active-zero-during-backoff": Shown(
        8, "the next status will be refused: status.ready: more than active"
    ),
    "job-terminating-counter-not-updated-alone": Shown(
        5, "the status says 0 active and 1 terminating; there are 0 and 0"
    ),
    "job-complete-with-pod-listed-as-failed": Shown(
        18, "the Job is Complete with 0 successes of 1"
    ),
    "job-suspended-refused-without-start-time": Shown(
        13, "the next status will be refused: status.startTime: missing in a finished Job"
    ),
    "job-index-failed-and-completed": Shown(
        8, "the loop of 1 steps is fair and leaves the goal for ever"
    ),
    "job-orphan-finalizer-not-retried": Shown(
        13, "the run stops outside the goal: no step of the system is enabled"
    ),
}


def verdicts(known: Mutant, system: System, first: bool = False) -> Sequence[Verdict]:
    """What exploration says of the promises that the bug breaks."""
    promises = [BY_ID[each].property for each in known.shows]
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
        said = verdict.because.partition(" (so far")[0]
        assert Shown(verdict.trace.length, said) == RUNS[name]


def test_every_known_bug_is_in_the_exam() -> None:
    assert [each.id for each in job_mutants.MUTANTS] == list(RUNS)


@needs_checkout
def test_the_page_tells_of_each_known_bug_and_how_long_its_run_is() -> None:
    assert PAGE.read_text("utf-8") == job_bugs_page.document()
