"""When time passes: with clock prompt after everything else, with slow@N so often before that."""

import pytest
from attrs import evolve

from promises import Case, case
from seatrial.core import Exploration
from seatrial.engines.explore import explore
from seatrial.model import api, clock, controller, environment, pods, workload

Key = controller.Key


def explored(of: Case) -> Exploration:
    """All states of it."""
    return explore(workload.compose("small", of.spec, of.around), []).exploration


def test_a_prompt_clock_adds_nothing() -> None:
    """What is counted elsewhere is counted with this clock."""
    of = case()

    assert of.around.clock == "prompt"
    assert explored(of).states == 157


def test_more_early_timers_reach_more() -> None:
    """Whatever a slower system does, one that may be slower still does too."""
    counts = [explored(case(slow=each)).states for each in (0, 1, 2)]

    assert counts == [157, 358, 499]


def test_a_deadline_that_is_not_asked_for_cannot_be_early() -> None:
    """Without progressDeadlineSeconds and minReadySeconds no timer is there."""
    of = case(progress_deadline_seconds=None)
    slow = Case(of.spec, evolve(of.around, slow=1))

    assert explored(slow).states == explored(of).states


def test_some_of_the_ready_pods_become_available_early() -> None:
    """One timer may be that of one pod or of several; the budget pays for it."""
    pending, ready = (
        pods.settled(api.PodKind(phase, ready=phase == "Running"), 2)
        for phase in ("Pending", "Running")
    )

    assert not list(clock.pass_min_ready_seconds_early(pending, 1))
    assert not list(clock.pass_min_ready_seconds_early(ready, 0))
    timely, slow = (
        explored(Case(evolve(of.spec, min_ready_seconds=5), evolve(of.around, slow=each)))
        for of in [case()]
        for each in (0, 1)
    )
    assert timely.states < slow.states
    assert not {each for each in slow.actions_never_fired if "pass_" in each and "[2]" in each}


def test_a_timer_that_was_armed_goes_off_once() -> None:
    """Its key is in the queue then, and no longer put aside."""
    later = Key(later=True)
    (requeued,) = clock.pass_requeue_early(later, 2)
    (passed,) = clock.pass_deadline_early("running", later, 1)

    assert requeued.writes == {"replica_set_key": Key(dirty=True), "early_left": 1}
    assert passed.writes == {
        "deadline": "passed",
        "deployment_key": Key(dirty=True),
        "early_left": 0,
    }
    assert not list(clock.pass_deadline_early("off", Key(), 1))
    assert not list(clock.pass_requeue_early(later, 0))


@pytest.mark.parametrize("written", ["prompt", "slow@1", "slow@3"])
def test_a_clock_is_written_as_it_is_read(written: str) -> None:
    """The command at the end of a report asks for the same."""
    around = environment.Environment(slow=environment.timers_early(written))

    assert around.clock == written
