"""Members that one StatefulSet hands over to another run once, if the orchestrator is careful."""

import pytest

from seatrial.core import Report
from seatrial.engines.explore import explore
from seatrial.model import migration
from seatrial.properties import migration as promised


def searched(**parameters: int) -> Report:
    """All states of a migration with these parameters, or those up to the first violation."""
    system = migration.migration(**parameters)
    return explore(system, promised.PROPERTIES, threads=1, max_states=100_000)


def test_an_orchestrator_that_waits_for_the_size_to_be_seen_and_the_pod_to_end_is_safe() -> None:
    """The counts pin the model."""
    found = searched()

    assert found.exploration.complete
    assert (found.exploration.states, found.exploration.transitions) == (8_488, 27_971)
    assert [verdict.status for verdict in found.verdicts] == ["holds", "holds"]
    assert not any(verdict.vacuous for verdict in found.verdicts)


@pytest.mark.parametrize(
    ("waits", "deletes", "force_deletes", "length"),
    [(0, 0, 0, 7), (1, 1, 0, 13), (2, 0, 1, 5)],
)
def test_an_ordinal_runs_twice_where_one_of_three_cares_is_not_taken(
    waits: int, deletes: int, force_deletes: int, length: int
) -> None:
    """
    Not to wait for the pod's end; not to wait until the source's controller knows its new size,
    when the pod is gone for another reason; to take an object's end for a process's.
    """
    system = migration.migration(
        replicas=1 if force_deletes else 2,
        waits=waits,
        deletes=deletes,
        force_deletes=force_deletes,
    )

    (verdict,) = explore(system, promised.PROPERTIES[:1], threads=1, first=True).verdicts

    assert verdict.status == "violated"
    assert verdict.trace is not None
    assert verdict.trace.length == length


def test_without_anybody_who_deletes_pods_the_end_of_the_pod_is_enough() -> None:
    """It ends only after the controller of the source has seen the new size."""
    found = searched(waits=1, deletes=0)

    assert [verdict.status for verdict in found.verdicts] == ["holds", "holds"]
