"""What the real controllers of Kubernetes did is what the model says they may do.

The cases were recorded with the oracle (`make conformance-record`), so that no Go is needed here.
"""

from collections import Counter
from collections.abc import Iterator
from functools import lru_cache

import pytest
from attrs import evolve

from conformance import notices, recorded
from conformance.law import Divergence, check, possible
from conformance.recorded import Record
from seatrial.oracle.cases import CONTROLLERS, Controller

pytestmark = pytest.mark.heavy


@lru_cache(maxsize=2)
def records(controller: Controller) -> tuple[Record, ...]:
    """All recorded syncs of a controller."""
    return tuple(recorded.read(controller))


@pytest.mark.parametrize("controller", CONTROLLERS)
def test_each_real_sync_is_an_outcome_of_the_model(controller: Controller) -> None:
    for record in records(controller):
        check(record.case, record.cluster(), record.answer, possible(record.case))


@pytest.mark.parametrize("controller", CONTROLLERS)
def test_the_model_leaves_open_only_what_clusters_gave(controller: Controller) -> None:
    """A model that allows for more than is real would explain each real sync."""
    for record in records(controller):
        assert len(possible(record.case)) == record.outcomes, record.case


@pytest.mark.parametrize("controller", CONTROLLERS)
def test_most_recorded_syncs_have_something_to_do(controller: Controller) -> None:
    """A sync that returns early agrees with nearly any model."""
    kinds = Counter(bool(record.answer["requests"]) for record in records(controller))

    assert kinds.total() >= 2000
    assert kinds[False] <= 0.3 * kinds.total()
    assert recorded.version(controller).startswith("v1.36.")


def test_each_watch_event_is_handled_as_the_model_has_it() -> None:
    """Which keys are queued, and what is expected then, for events of every kind."""
    told = list(recorded.read_notices())
    kinds = Counter((each.notice.controller, each.notice.kind) for each in told)

    for each in told:
        assert notices.real(each.notice, each.answer) == notices.modelled(each.notice), each.notice
    assert min(kinds.values()) >= 100
    assert len(kinds) == 5


@pytest.mark.parametrize("controller", list(recorded.HANDLERS))
def test_each_watch_event_of_the_other_controllers_is_handled_so_too(controller: str) -> None:
    """And syncs that end at once; for Jobs, also the worker that looks after pods without one."""
    handlers = recorded.HANDLERS[controller]
    kinds = Counter[tuple[str, str]]()

    for event, answer in recorded.read_told(controller):
        assert handlers.real(event, answer) == handlers.modelled(event), event
        kinds[event.kind, event.how] += 1
    assert min(kinds.values()) >= 30
    assert len({kind for kind, _ in kinds}) == {"statefulset": 3, "job": 4}[controller]


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
