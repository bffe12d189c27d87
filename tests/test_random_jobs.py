"""Whatever the Job and its environment: a promise that applies and is to hold is kept."""

import pytest

from job_promises import case
from random_jobs import asked, drawn
from seatrial.model import job_context
from test_job_seeded_faults import fails_at_limit


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(60))
def test_a_promise_is_kept_wherever_its_preconditions_are_met(seed: int) -> None:
    """Preconditions are written by people, who think of the runs that they know."""
    found = asked(drawn(seed), most_states=5_000)

    assert found.broken == ()
    assert found.report.exploration.states > 0


def test_a_seed_gives_the_same_job_and_environment_each_time() -> None:
    """Else nobody can look at what a seed has shown."""
    assert drawn(7) == drawn(7)
    assert len({drawn(seed).around for seed in range(50)}) > 40


@pytest.mark.heavy
def test_a_controller_that_is_wrong_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that lets a Job fail with one failed pod less than it may have."""
    monkeypatch.setattr(job_context, "_finished_condition", fails_at_limit)

    broken = asked(case(faults="container-exit", backoff_limit=1)).broken

    assert any(each.startswith("seed-job-retry-limit: ") for each in broken)
