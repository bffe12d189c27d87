"""Long runs that break a promise where one precondition is dropped, told step by step."""

from collections.abc import Callable

import pytest

import job_promises
from promises import BY_ID, Case, case
from seatrial.properties import Precondition, job_promise, promise
from walks import Walk

CACHES = ("deliver_replica_set", "observe")


def a_stale_size(walk: Walk) -> None:
    """
    The clean-up of template 1 sees ReplicaSet 2 with the size that it had before it was scaled.

    Template 1 has got the highest revision before the controller goes on with template 2, and the
    cache shows the first of both only when it is asked for template 1 once more.
    """
    walk.do("set_image").do("deliver_deployment").do("observe").do("deliver_replica_set[2]")
    walk.do("apply").settle(hold=CACHES).do("deliver_replica_set[2]").do("observe")
    walk.do("undo").do("scale", "to 1").settle(hold=CACHES).do("observe")
    walk.do("apply").settle(hold=CACHES).do("deliver_replica_set[1]").settle(hold=CACHES)
    walk.do("observe").settle(hold=CACHES).do("observe").settle(hold=CACHES).do("observe")


def a_late_creation(walk: Walk) -> None:
    """The second ReplicaSet is created by the former leader, when the third is complete."""
    walk.do("set_image").do("observe").do("fail_over")
    walk.do("set_image").settle(hold=("land_replica_set_write",)).do("land_replica_set_write[2]")


def a_stale_annotation(walk: Walk) -> None:
    """
    ReplicaSet 1 is resized to what `scale` then asks for, so that its annotation is not renewed:
    the Deployment counts as just scaled for ever, and the third template gets no ReplicaSet.
    """
    walk.do("set_image").do("observe").do("scale").settle()
    walk.do("set_image").settle()


def a_late_deletion(walk: Walk) -> None:
    """
    The former leader decides to delete ReplicaSet 1 as an old one. The template goes back to it,
    the new leader deletes ReplicaSet 2 as an old one, and then the first request lands.
    """
    walk.do("set_image").do("observe").settle(hold=("observe",))
    walk.do("observe", "its status").settle(hold=("observe",))
    walk.do("observe", "decides to delete ReplicaSet 1").do("undo").do("fail_over")
    walk.settle(hold=("land_replica_set_write",)).do("delete")
    walk.do("land_replica_set_write[1]").settle()


TOLD: dict[tuple[str, Precondition], tuple[Case, Callable[[Walk], None], str]] = {
    ("deployment-cleanup-spares-pods", promise.FRESH): (
        case(0, users="set-image,apply@2,undo,scale:1", lag=2, revision_history_limit=0),
        a_stale_size,
        "ReplicaSet 2 is deleted with 0 active pods and size 1",
    ),
    ("deployment-complete-is-true", promise.LANDED): (
        case(users="set-image@2", faults="failover", level="interleaved"),
        a_late_creation,
        "the status is complete; 1 of 1 new pods are available and 1 others are asked for",
    ),
    ("deployment-orphans-keep-their-pods", promise.KEPT_OR_LANDED): (
        case(
            0,
            users="set-image,undo,delete:orphan",
            faults="failover",
            level="interleaved",
            revision_history_limit=0,
        ),
        a_late_deletion,
        "the run stops outside the goal: no step of the system is enabled",
    ),
    ("deployment-newest-revision-at-rest", promise.SAME_SIZE): (
        case(2, 0, 1, users="set-image@2,scale:1"),
        a_stale_annotation,
        "the run stops outside the goal: no step of the system is enabled",
    ),
}
"""By the promise and the precondition that is not met: where, the run, and what is wrong then."""


@pytest.mark.parametrize(
    ("asked", "dropped"), TOLD, ids=[f"{id}: not {each.words}" for id, each in TOLD]
)
def test_a_long_run_breaks_a_promise_where_a_precondition_is_dropped(
    asked: str, dropped: Precondition
) -> None:
    """Exactly one is not met; every step is one that the rules allow."""
    of, tell, because = TOLD[asked, dropped]
    walk = Walk(of)

    tell(walk)
    shown = walk.shows(BY_ID[asked].property)

    assert BY_ID[asked].unmet(of.spec, of.around) == (dropped,)
    assert not shown.witness
    assert list(shown.trace.because) == [because]


# ---- Jobs -------------------------------------------------------------------------------------


def an_orphan_that_is_listed_once(walk: Walk) -> None:
    """
    A sync creates a pod for a Job that is gone. All that happens to the pod is seen before the Job
    is seen to be gone: so only a list finds it, and the request that follows the list fails.
    """
    walk.do("observe_job").do("delete_job").do("deliver_job").do("finish_job_deletion")
    walk.do("create_job_pod").do("deliver_pod").do("collect_job_pod").do("deliver_pod")
    walk.do("stop_pod").do("deliver_pod").do("deliver_job").do("write_job_status", "conflict")
    walk.do("list_orphans").do("strip_orphan", "the request fails").settle()


TOLD_OF_JOBS: dict[
    tuple[str, Precondition], tuple[job_promises.Case, Callable[[Walk], None], str]
] = {
    ("job-orphans-are-free", job_promise.STRIPS): (
        job_promises.case("delete:orphan", "write-failure", "interleaved", 1),
        an_orphan_that_is_listed_once,
        "the run stops outside the goal: no step of the system is enabled",
    ),
}
"""The same of Jobs."""


@pytest.mark.parametrize(
    ("asked", "dropped"), TOLD_OF_JOBS, ids=[f"{id}: not {each.words}" for id, each in TOLD_OF_JOBS]
)
def test_a_long_run_of_a_job_breaks_a_promise_where_a_precondition_is_dropped(
    asked: str, dropped: Precondition
) -> None:
    """Exactly one is not met; every step is one that the rules allow."""
    of, tell, because = TOLD_OF_JOBS[asked, dropped]
    walk = Walk(of, "Job")

    tell(walk)
    shown = walk.shows(job_promises.BY_ID[asked].property)

    assert job_promises.BY_ID[asked].unmet(of.spec, of.around) == (dropped,)
    assert not shown.witness
    assert list(shown.trace.because) == [because]
