"""
The theorem about availability: what it excludes happens in the whole model, too.

Of its conditions the one about two old ReplicaSets is told as a run, every sync of which the real
controllers are asked for.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from promises import BY_ID, case
from seatrial.core.theorem import asked, broken
from seatrial.model import api
from seatrial.oracle import Confirmed, Oracle, OracleMissing, confirm, found_in
from seatrial.properties import theorem_availability
from walks import Walk

(KEPT,) = theorem_availability.THEOREMS
(TWO_AT_ONCE,) = (each for each in KEPT.mutations if "both are scaled down" in each.says)
FLOOR = BY_ID["deployment-available-floor"]
UNDONE = case(2, 1, 0, users="set-image@2,undo")
REPLICA_SETS = ("oldest", "old", "new")


@pytest.fixture(scope="module", name="oracle")
def fixture_oracle() -> Iterator[Oracle]:
    try:
        with Oracle() as running:
            yield running
    except OracleMissing as missing:
        pytest.skip(str(missing))


def two_old_ones() -> Walk:
    """
    A rollout to template 2, and half of the way back, when template 3 is asked for.

    ReplicaSet 1 has grown to 2, of which one is pending; ReplicaSet 2 was scaled to 1, and has not
    heard of it.
    """
    walk = Walk(UNDONE).do("set_image").settle().do("undo")
    while value(walk, "replica_set[1]").replicas < 2:
        walk.settle(hold=("start_sync[2]", "observe")).do("observe")
    return walk.do("start_sync[1]").do("set_image")


def value(walk: Walk, name: str) -> Any:
    return walk.state[[slot.name for slot in walk.system.slots].index(name)]


def numbers(walk: Walk) -> dict[str, Any]:
    """The numbers of the theorem in the state that a walk has reached."""
    found: dict[str, Any] = {"replicas": 2, "surge": 1, "unavailable": 0}
    for at, name in enumerate(REPLICA_SETS, 1):
        rs = value(walk, f"replica_set[{at}]") or api.ReplicaSet(at, at, 0)
        pods = value(walk, f"pods[{at}]")
        available = pods.where(lambda pod: pod.live.available).total
        found[name] = rs.replicas
        found[f"{name}_reported"] = rs.status.available_replicas
        found[f"{name}_available"] = available
        found[f"{name}_pending"] = pods.total - available
    found.pop("oldest_pending")  # the theorem says nothing of pods of the oldest that are pending
    return found


def test_two_old_replica_sets_are_scaled_down_at_once_and_a_pod_too_many_goes() -> None:
    """
    One sync takes a pod as unhealthy and another as surplus, though one to go is counted twice.

    The numbers are those of the theorem's mutant, which is broken by them; each of the other
    hypotheses is met.
    """
    walk = two_old_ones()
    values = {"step": "the Deployment writes a size", **numbers(walk)}

    unmet = [each.says for each in KEPT.hypotheses if not asked(each.holds, values)]
    assert unmet == [KEPT.hypotheses[TWO_AT_ONCE.drops or 0].says]
    assert broken(KEPT.mutated(TWO_AT_ONCE), values)

    before = len(walk.labels)
    walk.do("observe")
    scaled = [each for each in walk.labels[before:] if each.startswith("scales")]
    assert scaled == ["scales ReplicaSet 1 from 2 to 1", "scales ReplicaSet 1 from 1 to 0"]
    shown = walk.do("start_sync[1]").do("start_sync[2]").shows(FLOOR.property)
    assert list(shown.trace.because) == ["deployment-available-floor is 1; the bound is 2"]


def test_the_real_controllers_scale_them_down_as_well(oracle: Oracle) -> None:
    """Every sync of that run is answered by the Deployment and the ReplicaSet controller alike."""
    walk = two_old_ones().do("observe").do("start_sync[1]").do("start_sync[2]")
    found = found_in(walk.shows(FLOOR.property).trace, walk.system.system, oracle.ask)

    said = [confirm(each, found.ask) for each in found.syncs]

    assert len(said) > 20
    assert [each for each in said if not isinstance(each, Confirmed)] == []
