"""What a Job's controller finds when it starts: lists that are out of date, and late requests."""

from collections.abc import Iterator
from typing import Any

import pytest

from job_promises import Case, case
from seatrial.core import Outcome, Population, always
from seatrial.engines.explore import explore
from seatrial.model import (
    environment,
    job_api,
    job_failover,
    job_informer,
    job_pods,
    job_tracking,
    job_workload,
)

OLD_LISTS = "stale-api-server,controller-restart"
PENDING = job_api.JobPod()
RUNNING = job_api.JobPod("Running")
GONE = None


@always(says="who is counted was shown, or has no finalizer any more", source="us")
def counted_unseen(pods: Population[job_pods.Owned]) -> Iterator[str]:
    """Rule J-78: who is in the status and not in the cache is taken for one without finalizer."""
    for pod in pods:
        if pod.counted and pod.shown is None and pod.live is not None and pod.live.finalizer:
            yield "a pod is counted that no list has shown"


@always(says="who was counted is in no list of the status", source="us")
def listed_again(pods: Population[job_pods.Owned]) -> Iterator[str]:
    """The list shows the finalizer that it had before it was counted."""
    for pod in pods:
        if pod.counted and pod.in_list:
            yield "a pod that was counted is listed anew"


def shortest(of: Case, asked: Any) -> int | None:
    system = job_workload.compose("small", of.spec, of.around)
    (found,) = explore(system, [asked], threads=2, first=True, max_states=100_000).verdicts
    return None if found.trace is None else found.trace.length


@pytest.mark.heavy
@pytest.mark.parametrize(
    ("asked", "level", "completions", "gates", "length"),
    [
        (counted_unseen, "interleaved", None, "WatchListClient=false", 15),
        (counted_unseen, "interleaved", None, "", None),
        (listed_again, "atomic", 2, "WatchListClient=false", 13),
        (listed_again, "atomic", 2, "", None),
    ],
)
def test_a_list_that_is_out_of_date_counts_a_pod_twice_in_two_ways(
    asked: Any, level: environment.Level, completions: int | None, gates: str, length: int | None
) -> None:
    """Since 1.35 clients ask for lists that are up to date, and neither happens. Pins the model."""
    of = case("none", OLD_LISTS, level, 1, gates=gates, completions=completions)

    assert shortest(of, asked) == length


# ---- a new process ----------------------------------------------------------------------------

JOB = job_api.Job(job_api.JobSpec())


def started(behind: bool, stale_lists: bool, **more: Any) -> list[Outcome]:
    return list(
        job_failover.restart_job_controller(
            jobs=job_informer.Jobs((JOB,)),
            job_sync=None,
            job_stale=False,
            deadline="off",
            api_server_behind=behind,
            late_pods=Population(),
            stale_lists=stale_lists,
            lands_late=False,
            controller_restarts_left=1,
            failovers_left=0,
        )
    )


@pytest.mark.parametrize(
    ("behind", "stale_lists", "ways"), [(False, True, 1), (True, False, 1), (True, True, 2)]
)
def test_who_starts_may_list_from_a_server_that_is_behind(
    behind: bool, stale_lists: bool, ways: int
) -> None:
    assert len(started(behind, stale_lists)) == ways


def test_pods_are_remembered_only_as_long_as_somebody_may_list_them_so() -> None:
    """A state without a use is a state too many."""
    assert [each.writes["api_server_behind"] for each in started(True, True)] == [False, False]


# ---- a watch that breaks ----------------------------------------------------------------------


def relisted(*trail: job_api.JobPod | None) -> list[job_pods.Owned]:
    told = job_failover.relist_job_pods(
        Population({job_pods.Owned(trail, own=1): 1}), job_api.JobSpec(), 1
    )
    return [pod for each in told for pod in each.writes["pods"]]


def test_what_happened_while_no_watch_was_there_is_one_event() -> None:
    (pod,) = relisted(None, PENDING, RUNNING)

    assert pod.trail == (None, RUNNING)
    assert pod.own == 1


def test_a_pod_that_came_and_went_meanwhile_is_never_seen() -> None:
    assert relisted(None, PENDING, GONE) == []


def test_with_one_event_on_its_way_nothing_is_lost() -> None:
    assert relisted(None, PENDING) == []


# ---- requests of a former leader --------------------------------------------------------------

SENT = job_tracking.StatusWrite(job_api.JobStatus(active=1))


def test_a_status_lands_late_only_while_nobody_else_has_written_the_job() -> None:
    """It was sent with the version of the Job that its sender had read."""
    jobs = job_informer.Jobs((JOB,), late=SENT)
    deleting = job_api.Job(JOB.spec, deleting="foreground")

    (landed,) = job_failover.land_job_status(jobs, "off", 1)
    assert landed.writes["jobs"].live.status.active == 1
    assert job_informer.written(jobs, deleting).late is None


def test_a_finalizer_is_removed_late_and_once() -> None:
    given_up = job_pods.Owned((RUNNING,), late="remove")

    (landed,) = job_failover.land_job_pod_write(Population({given_up: 1}), job_api.JobSpec())
    (pod,) = landed.writes["pods"]

    assert pod.given_up
    assert not pod.live.finalizer
    assert not list(job_failover.land_job_pod_write(landed.writes["pods"], job_api.JobSpec()))


def test_a_pod_is_created_late_though_there_is_one() -> None:
    """Names are made up by the API server: nothing is in its way."""
    pods: job_pods.JobPods = Population({job_pods.Owned((RUNNING,)): 1})

    (landed,) = job_failover.land_job_creation(Population({PENDING: 1}), pods, True)

    assert landed.writes["pods"].total == 2
    assert landed.writes["late_pods"] == Population()


@pytest.mark.parametrize(
    ("faults", "gates", "says"),
    [
        ("stale-api-server,controller-restart", "WatchListClient=false", True),
        ("stale-api-server,controller-restart", "", False),
        ("controller-restart", "WatchListClient=false", False),
    ],
)
def test_a_report_says_that_an_older_job_is_not_listed_where_that_could_be(
    faults: str, gates: str, says: bool
) -> None:
    of = case(faults=faults, gates=gates)

    texts = job_workload.compose("small", of.spec, of.around).assumptions

    assert any("is never shown an older Job" in each for each in texts) == says
