"""A key whose syncs keep failing: the Deployment controller drops it after 15 retries."""

import pytest

from promises import Case, broken, case, searched
from seatrial.model import controller, workload
from seatrial.properties import promise

Done, Key = controller.Done, controller.Key
FAILED = Done(retry=True, failed=True)


def after_failures(times: int, gives_up: bool = True, *, event: bool = False) -> controller.Key:
    """A key after so many failures in a row; with `event`, one came during the last."""
    key = Key(dirty=True)
    for left in reversed(range(times)):
        key = key.taken()
        if event and left == 0:
            key = key.enqueued()
        key = controller.finished(key, FAILED, gives_up)
    return key


def test_a_key_is_tried_again_fifteen_times() -> None:
    """The sixteenth failure is the last one. Go: handleErr"""
    assert after_failures(15).dirty
    assert after_failures(16) == Key()


def test_an_event_during_the_last_sync_brings_the_key_back() -> None:
    """Only the retry is dropped; failures are counted from none again."""
    assert after_failures(16, event=True) == Key(dirty=True)


def test_a_sync_that_does_not_fail_makes_forget_those_that_did() -> None:
    """One that puts its key back without an error too. Go: handleErr, requeueStuckDeployment"""
    for done in (Done(), Done(retry=True), Done(later=True)):
        assert controller.finished(after_failures(15), done, True).failures == 0


def test_where_failures_are_not_counted_a_key_is_tried_for_ever() -> None:
    """As ReplicaSets are."""
    assert after_failures(99, gives_up=False) == Key(dirty=True)


def paused_once(faults: str) -> Case:
    """The smallest Deployment that has something to report once."""
    ids = ("deployment-status-at-rest",)
    return case(users="pause", faults=faults, progress_deadline_seconds=None, ids=ids)


DROPPED = ("deployment-status-at-rest", promise.NO_GIVE_UP, paused_once("write-failure@16"))


@pytest.mark.heavy
def test_a_deployment_that_is_dropped_is_not_looked_at_again() -> None:
    """With 16 failures its status may stay behind; with 15 it cannot."""
    asked, dropped, of = DROPPED

    found = broken(asked, dropped.words, of)
    (kept,) = searched(paused_once("write-failure@15")).verdicts

    assert found.trace is not None
    assert found.trace.steps[-1].label.endswith("; after 15 retries the key is dropped")
    assert kept.status == "holds"


@pytest.mark.parametrize(("times", "says"), [(1, True), (15, True), (16, False)])
def test_a_report_says_when_no_key_is_dropped(times: int, says: bool) -> None:
    """Where as many requests may fail as it takes, the key is, and nothing is assumed."""
    of = case(faults=f"write-failure@{times}")

    stated = workload.compose("small", of.spec, of.around).assumptions

    assert any(each.startswith("no key is given up") for each in stated) is says
