"""Whatever the Deployment and its environment: a promise that applies and is to hold is kept."""

import pytest

from promises import case
from random_deployments import asked, drawn
from seatrial.model import replicaset


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(60))
def test_a_promise_is_kept_wherever_its_preconditions_are_met(seed: int) -> None:
    """Preconditions are written by people, who think of the runs that they know."""
    found = asked(drawn(seed), most_states=5_000)

    assert found.broken == ()
    assert found.report.exploration.states > 0


def test_a_seed_gives_the_same_deployment_and_environment_each_time() -> None:
    """Else nobody can look at what a seed has shown."""
    assert drawn(7) == drawn(7)
    assert len({drawn(seed).around for seed in range(50)}) > 40


@pytest.mark.heavy
def test_a_controller_that_is_wrong_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that never writes a ReplicaSet's status breaks what is promised in the end."""
    monkeypatch.setattr(replicaset, "update_replica_set_status", lambda rs, new_status: None)

    broken = asked(case(users="scale:2")).broken

    assert any(each.startswith("replicaset-status-at-rest: ") for each in broken)
