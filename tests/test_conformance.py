"""What the real controllers of Kubernetes did is what the model says they may do.

The cases were recorded with the oracle (`make conformance-record`), so that no Go is needed here.
"""

from collections import Counter
from collections.abc import Iterator
from functools import lru_cache

import pytest
from attrs import evolve

from conformance import recorded
from conformance.law import Divergence, check
from conformance.recorded import Record
from seatrial.oracle.cases import CONTROLLERS, Case, Controller
from seatrial.oracle.outcomes import Outcome, outcomes

pytestmark = pytest.mark.heavy


@lru_cache(maxsize=16)
def possible(case: Case) -> frozenset[Outcome]:
    """The model's outcomes; the clusters of one case stand near each other."""
    return outcomes(case)


@lru_cache(maxsize=2)
def records(controller: Controller) -> tuple[Record, ...]:
    """All recorded syncs of a controller."""
    return tuple(recorded.read(controller))


@pytest.mark.parametrize("controller", CONTROLLERS)
def test_each_real_sync_is_an_outcome_of_the_model(controller: Controller) -> None:
    for record in records(controller):
        check(record.case, record.cluster(), record.answer, possible(record.case))


@pytest.mark.parametrize("controller", CONTROLLERS)
def test_most_recorded_syncs_have_something_to_do(controller: Controller) -> None:
    """A sync that returns early agrees with nearly any model."""
    kinds = Counter(bool(record.answer["requests"]) for record in records(controller))

    assert kinds.total() >= 2000
    assert kinds[False] <= 0.3 * kinds.total()
    assert recorded.version(controller).startswith("v1.36.")


# ---- would it be noticed? ---------------------------------------------------------------------


def diverging(controller: Controller, switch: str) -> Iterator[Record]:
    """The records that a model with this rule switched cannot explain."""
    for record in records(controller):
        setting = evolve(record.case.setting, variant=frozenset((switch,)))
        if setting.templates > 3 or setting.write_faults:
            continue  # a system has to be composed for each setting
        case = evolve(record.case, setting=setting)
        try:
            check(case, record.cluster(), record.answer, possible(case))
        except Divergence:
            yield record


@pytest.mark.parametrize(
    ("controller", "switch"),
    [
        ("replicaset", "rs-available-stuck-on-clock-skew"),
        ("replicaset", "rs-expectations-expire-overcreate"),
        ("deployment", "cleanup-may-scale-up"),
        ("deployment", "dep-proportional-scaling-not-reentrant"),
        ("deployment", "dep-scaled-to-zero-forgets-old-rs"),
        ("deployment", "dep-old-rs-scaled-up-mid-rollout"),
        ("deployment", "dep-negative-unavailable-wedges-status"),
    ],
)
def test_a_model_with_a_known_bug_parts_from_the_real_controller(
    controller: Controller, switch: str
) -> None:
    assert next(diverging(controller, switch), None) is not None
