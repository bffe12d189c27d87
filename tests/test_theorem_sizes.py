"""
The theorems about sizes: what they exclude happens in the whole model, too.

The Deployment controller reads sizes from a cache. A write conflicts where its own object is behind
there, and not where another one is. Each run that is told shows more than replicas + maxSurge, with
one watch event on its way and no fault; the real controllers are asked for every sync of it.
"""

from typing import Any

import pytest

from promises import BY_ID, case
from seatrial.core.theorem import asked, broken
from seatrial.oracle import Confirmed, Oracle, confirm, found_in
from seatrial.properties import promise, theorem_sizes
from test_trace_confirm import fixture_oracle
from walks import Walk

__all__ = ["fixture_oracle"]

BY_NAME = {each.id: each for each in theorem_sizes.THEOREMS}
WITHIN = BY_ID["seed-rolling-controlled-rate"]
REPLACED_TWICE = case(1, 0, 1, users="set-image@2", lag=1)
AND_UNDONE = case(1, 0, 1, users="set-image@2,undo", lag=1)


def old_one_shrunk(walk: Walk) -> Walk:
    """A rollout to template 2 that has taken the old pod, and is about to ask for the new one."""
    walk.do("set_image").do("deliver_deployment").do("observe", "create ReplicaSet 2 with 0")
    walk.do("deliver_deployment").do("deliver_replica_set").do("observe", "set ReplicaSet 1 to 0")
    return walk.do("deliver_replica_set[1]").do("deliver_deployment")


def made_beside_a_grown_one() -> Walk:
    """
    ReplicaSet 2 grows to 1, and template 3 is asked for before the cache shows that.

    ReplicaSet 3 is made with the room that ReplicaSet 2 has taken.
    """
    walk = old_one_shrunk(Walk(REPLACED_TWICE)).do("observe", "set ReplicaSet 2 to 1")
    walk.do("set_image").do("deliver_deployment").do("observe", "create ReplicaSet 3 with 1")
    return walk.do("deliver_replica_set[2]")


def grown_beside_one_that_is_not_listed() -> Walk:
    """
    ReplicaSet 3 is made with size 1, and undone before the cache shows it.

    ReplicaSet 2 is the new one again. The cache shows it as it is, so that its growth is accepted.
    """
    walk = old_one_shrunk(Walk(AND_UNDONE)).do("set_image").do("deliver_deployment")
    walk.do("observe", "create ReplicaSet 3 with 1").do("deliver_deployment")
    walk.do("undo", "back to template 2").do("deliver_deployment")
    return walk.do("observe").do("deliver_replica_set[3]").settle(hold=("observe", "start_sync"))


RUNS = {
    "made beside a grown one": made_beside_a_grown_one,
    "grown beside one that is not listed": grown_beside_one_that_is_not_listed,
}
by_run = pytest.mark.parametrize("run", RUNS.values(), ids=RUNS)


@by_run
def test_sizes_exceed_the_surge_where_the_size_of_another_replica_set_is_stale(run: Any) -> None:
    """Both write a ReplicaSet of which the cache is right; nothing conflicts with it."""
    walk = run()

    shown = walk.shows(WITHIN.property)

    assert list(shown.trace.because) == [
        "the ReplicaSets ask for 2 pods; 1 replicas + 0 surge are allowed"
    ]
    assert "conflict" not in walk.labels[-1]


@by_run
def test_the_real_controllers_exceed_it_as_well(oracle: Oracle, run: Any) -> None:
    """Every sync of the run, of the Deployment and of the ReplicaSets, is answered alike."""
    walk = run()
    found = found_in(walk.shows(WITHIN.property).trace, walk.system.system, oracle.ask)

    said = [confirm(each, found.ask) for each in found.syncs]

    assert len(said) > 3
    assert [each for each in said if not isinstance(each, Confirmed)] == []


@pytest.mark.parametrize("of", [REPLACED_TWICE, AND_UNDONE])
def test_the_promise_about_sizes_is_not_made_there(of: Any) -> None:
    """It is made of caches that show every write: a run at lag 1 is none of its."""
    assert WITHIN.unmet(of.spec, of.around) == (promise.FRESH,)


@pytest.mark.parametrize(
    ("theorem", "sizes"),
    [
        # The first run: ReplicaSet 3 is made while ReplicaSet 2 passes for empty.
        (
            "sizes-within-surge-at-creation",
            {"oldest": 0, "old": 1, "seen_oldest": 0, "seen_old": 0, "available": 0},
        ),
        # The second: ReplicaSet 2 grows while ReplicaSet 3 is not seen.
        (
            "sizes-within-surge-two",
            {"old": 1, "new": 0, "seen_old": 0, "seen_new": 0}
            | dict.fromkeys(("old_available", "new_available", "old_reported", "new_reported"), 0),
        ),
    ],
)
def test_the_sizes_of_a_run_are_excluded_by_one_hypothesis(
    theorem: str, sizes: dict[str, int]
) -> None:
    """That no other ReplicaSet has grown unseen; without it they break the theorem."""
    of = BY_NAME[theorem]
    values = {"replicas": 1, "surge": 0, "unavailable": 1, **sizes}
    (grew,) = (each for each in of.mutations if "has grown" in each.says)

    unmet = [each for each in of.hypotheses if not asked(each.holds, values)]

    assert unmet == [of.hypotheses[grew.drops or 0]]
    assert broken(of.mutated(grew), values) == ("sizes are 2; 1 are allowed",)
