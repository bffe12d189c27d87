"""What ReplicaSets promise, and the runs in which they do not keep it.

That each promise holds under its preconditions is tested with those of Deployments.
"""

import pytest
from attrs import evolve

from promises import Case, broken, case, searched
from seatrial.core import All, Population, answers, sometimes
from seatrial.engines.explore import explore
from seatrial.model import api, clock, controller, pods, workload
from seatrial.properties import Precondition, promise

pytestmark = pytest.mark.heavy

SURPLUS = (
    "replicaset-never-too-many[{}]: the most is 2; the bound is 1"
    " (so far; the search was capped: first)"
)

DROPPED = {
    "the Deployment is scaled up": (
        "replicaset-never-too-many",
        promise.SAME_SIZE,
        case(users="scale:2"),
        SURPLUS.format(1),
    ),
    "what maxSurge leaves over is given to the new one while paused": (
        "replicaset-never-too-many",
        promise.NO_PAUSE,
        case(surge=2, users="set-image,pause"),
        SURPLUS.format(2),
    ),
    "expectations expire before the cache shows the pod": (
        "replicaset-never-too-many",
        promise.TOLD,
        case(
            faults="expectations-expire",
            level="interleaved",
            lag=1,
            gates="StaleControllerConsistencyReplicaSet=false",
        ),
        SURPLUS.format(2),
    ),
    "the answer to a creation is lost, and the cache is behind": (
        "replicaset-never-too-many",
        promise.TOLD,
        case(faults="write-unknown", level="faulty", lag=1),
        SURPLUS.format(2),
    ),
    "a pod is created after the leader that asked for it is gone": (
        "replicaset-never-too-many",
        promise.TOLD,
        case(faults="failover", level="interleaved"),
        SURPLUS.format(2),
    ),
    "the size shrinks between the decision and the creation": (
        "replicaset-creates-what-is-missing",
        promise.ATOMIC,
        case(users="set-image,scale:0", level="interleaved"),
        "1 pods are created beside 0; 0 are asked for",
    ),
    "the size grows between the decision and the deletion": (
        "replicaset-deletes-the-surplus",
        promise.ATOMIC,
        case(2, users="scale:1,scale:2", level="interleaved"),
        "1 of 2 pods are deleted; 2 are asked for",
    ),
    "the cache does not show yet that the size is 0": (
        "replicaset-creates-what-is-missing",
        promise.FRESH,
        case(users="scale:2,scale:0", lag=1),
        "1 pods are created beside 1; 0 are asked for",
    ),
    "the cache does not show yet that the size is 2 again": (
        "replicaset-deletes-the-surplus",
        promise.FRESH,
        case(2, users="scale:1,scale:2", lag=1),
        "1 of 2 pods are deleted; 2 are asked for",
    ),
    "the cache does not show yet which pod is unready": (
        "replicaset-unready-go-first",
        promise.FRESH,
        case(2, users="scale:1", faults="unready", lag=2),
        "1 ready pods are deleted and 1 that are not ready are kept",
    ),
    "another pod becomes unready between the decision and the deletion": (
        "replicaset-unready-go-first",
        promise.ATOMIC,
        case(2, users="scale:1", faults="unready", level="interleaved"),
        "1 ready pods are deleted and 1 that are not ready are kept",
    ),
    "the deletion of an unready pod fails, and that of a ready one does not": (
        "replicaset-unready-go-first",
        promise.NOTHING_LOST,
        case(2, users="scale:0", faults="unready,write-failure"),
        "1 ready pods are deleted and 1 that are not ready are kept",
    ),
}


@pytest.mark.parametrize(("asked", "dropped", "of", "because"), DROPPED.values(), ids=DROPPED)
def test_a_promise_is_broken_where(
    asked: str, dropped: Precondition, of: Case, because: str
) -> None:
    """Each shows the shortest run; what drops is one precondition."""
    assert broken(asked, dropped.words, of).because == because


def test_expectations_keep_a_replica_set_from_creating_twice_behind_a_stale_cache() -> None:
    """The cache may be one event behind, and still no second pod is made for the one that is."""
    of = case(level="interleaved", lag=1, ids=("replicaset-never-too-many",))

    verdicts = searched(of).verdicts

    assert [(each.status, each.extreme) for each in verdicts] == [("holds", 1)]


def test_a_restarted_controller_lists_before_it_counts() -> None:
    """Expectations are lost in a restart, but what they stood for is in the new list."""
    of = case(faults="controller-restart", users="none", level="interleaved")

    assert {each.status for each in searched(of).verdicts} == {"holds"}


def test_a_request_that_fails_leaves_no_trace_in_the_end() -> None:
    """ReplicaFailure is cleared, the count is right and so is what is reported of it."""
    ids = ("replicaset-count-eventually", "replicaset-status-at-rest")
    of = case(faults="write-failure", level="atomic", ids=ids)

    assert {each.status for each in searched(of).verdicts} == {"holds"}


def test_a_pod_that_failed_for_good_is_replaced() -> None:
    """It stays as an object, and counts for nothing."""
    ids = ("replicaset-count-eventually", "replicaset-status-at-rest", "replicaset-never-too-many")
    of = case(faults="pod-failed", users="none", ids=ids)

    assert {each.status for each in searched(of).verdicts} == {"holds"}


@pytest.mark.parametrize("lag", [1, 2])
def test_a_cache_is_told_of_a_pod_that_has_become_available_meanwhile(lag: int) -> None:
    """minReadySeconds pass while its readiness is on its way: that event must not be lost."""
    ids = ("replicaset-status-at-rest", "replicaset-count-eventually", "deployment-status-at-rest")
    of = case(
        users="none",
        faults="container-exit",
        lag=lag,
        slow=1,
        min_ready_seconds=5,
        ids=ids,
    )

    assert {each.status for each in searched(of).verdicts} == {"holds"}


def test_a_pod_becomes_available_to_a_cache_that_does_not_know_that_it_is_unready() -> None:
    """Whether it was ready for long enough is for the controller's own clock to say."""
    unready = api.PodKind(phase="Running")
    ready = evolve(unready, ready=True)
    late: pods.Pods = Population({pods.Pod((ready, unready)): 1})

    ((aged, _),) = answers(
        lambda: list(clock.pass_min_ready_seconds_early(late, controller.Key(), early_left=1))
    )

    available = evolve(ready, available=True)
    assert aged[0].writes["pods"] == Population({pods.Pod((available, unready)): 1})


def test_of_pods_that_become_ready_together_one_may_be_reported_available_first() -> None:
    """The timer that the first of them has started goes off while the other waits still."""

    @sometimes(id="one-of-two", says="one of two is available", source="syncReplicaSet, AddAfter")
    def one_of_two(ready: All[int], reported_available: All[int]) -> bool:
        return ready[2] == 2 and reported_available[2] == 1

    of = case(2, surge=2, min_ready_seconds=5)
    system = workload.compose("small", of.spec, of.around)

    (verdict,) = explore(system, [one_of_two], threads=2).verdicts

    assert verdict.status == "holds"
