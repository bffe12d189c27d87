"""Campaigns against the oracle: they agree, and a fault of the model is made small."""

from collections.abc import Iterator

import pytest
from attrs import evolve

from conformance.fresh import CONTROLLERS, Campaign, Name
from conformance.law import Divergence
from seatrial.model import versions
from seatrial.oracle.client import Oracle, OracleMissing


@pytest.fixture(scope="module")
def oracle() -> Iterator[Oracle]:
    try:
        with Oracle() as running:
            yield running
    except OracleMissing as missing:
        pytest.skip(str(missing))


@pytest.mark.parametrize("controller", CONTROLLERS)
def test_fresh_cases_agree_and_each_outcome_of_the_model_is_real(
    oracle: Oracle, controller: Name
) -> None:
    campaign = Campaign(controller, oracle.ask, seed=3)

    for _ in campaign.run(syncs=300):
        pass

    tally = campaign.tally
    assert tally.syncs >= 300
    assert tally.produced == tally.outcomes > 0


@pytest.mark.parametrize(
    ("controller", "switch"),
    [
        ("statefulset", "sts-currentreplicas-decremented-for-wrong-revision"),
        ("job", "job-active-zero-during-backoff"),
    ],
)
def test_a_fault_of_the_model_is_shown_in_a_small_state_with_both_sides(
    oracle: Oracle, controller: Name, switch: str
) -> None:
    campaign = Campaign(controller, oracle.ask, seed=77, rules=frozenset((switch,)))

    with pytest.raises(Divergence) as caught:
        for _ in campaign.run(syncs=5000):
            pass

    text = str(caught.value)
    assert "    real:  " in text
    assert "    model: " in text
    assert len(text) < 4000


def test_a_fault_of_the_model_is_shown_of_a_deployment_too(oracle: Oracle) -> None:
    bug = frozenset(("dep-old-rs-scaled-up-mid-rollout",))
    release = evolve(versions.known("1.36.3"), rules=bug)
    campaign = Campaign("deployment", oracle.ask, seed=5, release=release)

    with pytest.raises(Divergence) as caught:
        for _ in campaign.run(syncs=5000):
            pass

    assert "requests, real:" in str(caught.value)
    assert "requests, model:" in str(caught.value)
