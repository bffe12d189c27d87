"""A Job with everything around it: what its variables mean together, and what is asked of it."""

from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from job_promises import Case, case, indexed, searched
from seatrial.cli import main
from seatrial.core import DeclarationError, Outcome, Population, Report, always
from seatrial.engines.explore import explore
from seatrial.model import (
    controller,
    environment,
    environment_names,
    job_api,
    job_controller,
    job_informer,
    job_kubelet,
    job_pods,
    job_workload,
)

pytestmark = pytest.mark.heavy

MIDDLE = {
    "faulty": case(
        "delete-pod",
        "container-exit,controller-restart,write-failure",
        "faulty",
        1,
        backoff_limit=1,
    ),
    "suspended": case("suspend,resume", "write-unknown", "faulty", 1),
    "evicted": case(faults="evict,controller-restart", level="interleaved", lag=1),
    "two events on their way": case(faults="container-exit", level="interleaved", lag=2),
    "without the consistency store": case(
        faults="write-unknown",
        level="faulty",
        lag=1,
        gates="StaleControllerConsistencyJob=false",
    ),
    "an index": case(
        faults="container-exit,evict",
        level="interleaved",
        lag=1,
        backoff_limit=2**31 - 1,
        backoff_limit_per_index=1,
        **indexed(1),
    ),
}


@always(
    says="as many pods are in a list as the status says, in each version of it that is on its way",
    source="model/job_pods.py",
)
def lists_agree(jobs, pods):  # type: ignore[no-untyped-def]
    for at, each in enumerate(jobs.trail):
        if each is None:
            continue
        for name in ("succeeded", "failed"):
            there = pods.where(lambda pod, at=at, name=name: listed(pod, at) == name).total
            told = getattr(each.status.uncounted, name)
            if there != told:
                yield f"version {at} lists {told} as {name}, and {there} pods are"


def listed(pod: job_pods.Owned, at: int) -> str:
    """In which list a version of the Job has the pod; the last that is known stays."""
    return pod.listed[min(at, len(pod.listed) - 1)]


@always(says="between syncs no pod has anything to be done to it", source="model/job_pods.py")
def nothing_is_left_over(job_sync, pods):  # type: ignore[no-untyped-def]
    if job_sync is None and any(pod.task or pod.snap for pod in pods):
        yield f"there is no sync, and pods are {pods}"


@pytest.mark.parametrize("name", MIDDLE)
def test_what_is_known_of_pods_agrees_with_the_status(name: str) -> None:
    """The status counts UIDs that no variable holds: who is in a list, each class of pods knows."""
    of: Case = MIDDLE[name]
    system = job_workload.compose("middle", of.spec, of.around)

    report = explore(system, [lists_agree, nothing_is_left_over], threads=2)

    assert report.exploration.complete
    assert [each.status for each in report.verdicts] == ["holds", "holds"]


def states(of: Case) -> int:
    return explore(job_workload.compose("of", of.spec, of.around)).exploration.states


def test_a_job_of_another_controller_is_left_alone() -> None:
    """Its key is taken once, and that is all."""
    assert states(case(managed_by="example.com/other")) == 2


def test_a_job_of_no_seconds_never_has_a_pod() -> None:
    """activeDeadlineSeconds: 0 has passed when its first sync asks."""
    of = case("set-parallelism:2", "container-exit", "interleaved", 1, active_deadline_seconds=0)

    @always(says="there are no pods", source="pkg/controller/job/job_controller.go")
    def no_pods(pods):  # type: ignore[no-untyped-def]
        if pods:
            yield "there is a pod"

    report = explore(job_workload.compose("of", of.spec, of.around), [no_pods])

    assert report.exploration.complete
    assert report.verdicts[0].status == "holds"


@pytest.mark.parametrize(
    ("users", "faults"),
    [
        *(
            (user, "none")
            for user in (
                "set-parallelism:2",
                "set-backoff-limit:0",
                "set-active-deadline:60",
                "set-ttl:60",
                "suspend",
                "suspend,resume",
                "delete",
                "delete:foreground",
                "delete:orphan",
                "delete-pod",
                "strip-finalizer",
            )
        ),
        *(("none", fault) for fault in sorted(environment_names.AROUND_JOBS - {"relist"})),
    ],
)
def test_whoever_acts_alone_breaks_no_promise_of_the_plainest_job(users: str, faults: str) -> None:
    """Each sync one step and caches never behind: where everybody begins."""
    report = searched(case(users, faults))

    broken = {
        each.property.id
        for each in report.verdicts
        if each.status == "violated" and each.property.expected == "holds"
    }
    assert report.exploration.complete
    assert broken == set()


def test_a_finer_level_shows_more() -> None:
    """Each has the states of the one before, seen from outside, and some between."""
    sizes = [
        states(case(faults="container-exit", backoff_limit=1)),
        states(case(faults="container-exit", level="interleaved", backoff_limit=1)),
        states(case(faults="container-exit", level="interleaved", lag=1, backoff_limit=1)),
    ]

    assert sizes == sorted(set(sizes))


def test_with_a_slow_clock_more_may_happen() -> None:
    """A back-off that ends while a pod is started, and a deadline before anybody has looked."""
    of = {"faults": "container-exit", "level": "interleaved", "active_deadline_seconds": 60}

    assert states(case(**of)) < states(case(**of, slow=1))  # type: ignore[arg-type]
    with pytest.raises(DeclarationError, match="slow and --users set-active-deadline together"):
        states(case("set-active-deadline:9", slow=1))


def test_a_copy_that_is_not_written_stays_as_it_is() -> None:
    """An update that changes nothing has no event."""
    jobs = job_informer.Jobs((job_api.Job(job_api.JobSpec()),))

    assert job_informer.written(jobs, jobs.live) == jobs


@pytest.mark.parametrize(
    ("of", "told"),
    [
        (case("set-completions:2"), "spec.completions: cannot be changed; only an Indexed"),
        (
            case("set-max-failed-indexes:1"),
            "spec.maxFailedIndexes needs spec.backoffLimitPerIndex",
        ),
        (
            case("set-max-failed-indexes:3", **indexed(2, backoff_limit_per_index=1)),
            "spec.maxFailedIndexes must not be above spec.completions",
        ),
        (case(faults="relist", lag=1), "relist needs --lag 2"),
        (case("delete,delete:orphan"), "two propagations"),
        (case(parallelism=30, completions=30), "more than the 20 that are explored"),
    ],
)
def test_what_cannot_be_is_refused_in_a_line(of: Case, told: str) -> None:
    """As the API server would, or because nobody could explore it."""
    with pytest.raises(DeclarationError, match=told):
        job_workload.compose("refused", of.spec, of.around)


@pytest.mark.parametrize(
    ("users", "faults", "told"),
    [
        ("set-parallelism", "none", "set-parallelism needs a number"),
        ("set-completions:many", "none", "needs a number from 0"),
        ("none", "container-exit:0", "needs a number from 1 to 255"),
        ("none", "container-exit:256", "needs a number from 1 to 255"),
        ("set-backoff-limit:none", "none", "set-backoff-limit needs a number"),
        ("set-backoff-limit-per-index:2", "none", "spec.backoffLimitPerIndex: cannot be changed"),
        ("set-success-policy", "none", "spec.successPolicy: cannot be changed; delete the Job"),
    ],
)
def test_a_number_that_is_none_is_refused(users: str, faults: str, told: str) -> None:
    with pytest.raises(DeclarationError, match=told):
        case(users, faults)


def test_another_release_is_refused() -> None:
    """Of 1.35.0 the Job controller was not read; it would be another one's verdict."""
    around = environment.Environment(users=(), faults=(), kubernetes="1.35.0")

    with pytest.raises(DeclarationError, match=r"that release was not read; known: 1\.34\.4"):
        job_workload.compose("refused", job_api.JobSpec(), around)


def of_release(of: Case, version: str) -> Report:
    gates = environment.feature_gates([], version)
    around = evolve(of.around, kubernetes=version, gates=gates)
    return searched(evolve(of, around=around))


@pytest.mark.parametrize(
    ("version", "status"),
    [
        ("1.34.4", "violated"),
        ("1.34.5", "violated"),
        ("1.35.4", "violated"),
        ("1.36.3", "holds"),
        ("1.37.1", "holds"),
    ],
)
def test_before_1_36_3_a_job_in_back_off_reports_no_active_pods(version: str, status: str) -> None:
    """Which the API server refuses while one is ready."""
    of = case(faults="container-exit", level="interleaved", parallelism=2, completions=2)

    assert of_release(of, version).verdict("job-status-is-accepted").status == status


def test_since_1_37_a_finalizer_that_could_not_be_removed_is_tried_again() -> None:
    """So no pod of a Job that is gone stays for it; before, that is asked only without failures."""
    of = case("delete", "write-failure", "faulty", 1)

    asked = [each.property.id for each in of_release(of, "1.36.3").verdicts]
    assert "job-finalizer-not-leaked" not in asked
    assert of_release(of, "1.37.1").verdict("job-finalizer-not-leaked").status == "holds"


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (None, {""}),
        (
            (job_api.FailureRule("FailJob", job_api.ExitCodes("In", (143,))),),
            {" with 137", " with 143"},
        ),
    ],
)
def test_a_container_that_is_stopped_exits_with_a_code_where_a_rule_asks(
    asked: tuple[job_api.FailureRule, ...] | None, told: set[str]
) -> None:
    """As one that got TERM, or KILL when it did not listen."""
    live = job_api.JobPod("Running", terminating=True)
    pods: job_pods.JobPods = Population({job_pods.Owned((live,)): 1})
    outcomes = list(job_kubelet.stop_pod(pods, job_api.JobSpec(pod_failure_policy=asked)))

    labels = {each.label.partition("has stopped")[2] for each in outcomes if "has" in each.label}
    assert labels == told


def test_a_deadline_is_changed_once_where_more_than_one_event_is_on_its_way() -> None:
    """What the one before it would say of a sync is not kept."""
    with pytest.raises(DeclarationError, match="more than once, and lag above 1"):
        states(case("set-active-deadline:60@2", level="interleaved", lag=2))


MANIFEST = """\
apiVersion: batch/v1
kind: Job
metadata: {name: once}
spec:
  template:
    spec:
      restartPolicy: Never
      containers: [{name: c, image: "registry.example.com/c:1"}]
"""


def test_a_manifest_is_checked_and_its_run_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "once.yaml"
    path.write_text(MANIFEST, "utf-8")

    code = main(["check", str(path), "--level", "atomic", "--faults", "container-exit"])

    told = capsys.readouterr().out
    assert code == 0
    assert "Job once: completions 1, parallelism 1, backoffLimit 6" in told
    assert "job-counts-each-pod-once" in told
    assert "a container of a pod exits with 1" in told


@always(says="a Job whose deadline is over at once has no pods", source="job_controller.go syncJob")
def never_a_pod(pods):  # type: ignore[no-untyped-def]
    if pods.total:
        yield f"{pods.total} pods are there"


@pytest.mark.parametrize("users", ["none", "suspend,resume"])
def test_a_deadline_of_no_seconds_is_over_before_the_first_pod(users: str) -> None:
    """The start time is put in the sync that then compares it; on resume it is a new one."""
    of = case(users, active_deadline_seconds=0, level="interleaved", lag=1)

    report = explore(
        job_workload.compose("at once", of.spec, of.around),
        [never_a_pod, *(each.property for each in of.asked())],
    )

    assert report.exploration.complete
    assert {each.status for each in report.verdicts if each.property.expected == "holds"} == {
        "holds"
    }
    assert report.exploration.states > 2


def test_an_index_is_counted_though_nobody_knows_that_its_finalizer_is_gone() -> None:
    """The status has the index already; that the answer of the patch is lost loses no success."""
    of = case(faults="write-unknown", **indexed(1), ids=("job-no-success-lost",))

    (verdict,) = searched(of).verdicts

    assert verdict.status == "holds", verdict.because


def told_by_a_sync(cached: job_api.Job, **known: Any) -> Outcome:
    """What a sync decides that has nothing else to go by than this."""
    (told,) = job_controller.observe_job(
        **{
            "job_key": controller.Key(dirty=True),
            "job_sync": None,
            "job_cached": cached,
            "pods_seen": Population(),
            "expectations_satisfied": True,
            "backoff": False,
            "deadline": "off",
            "deadline_seen": True,
            "old_deadline_passed": False,
            "own_status_unseen": False,
            "own_pods_unseen": False,
            "orphans_shown": False,
            "finish_unseen": False,
            "job_behind": False,
            "requeues": 0,
            "consistency_store": False,
            "clears_start_time": True,
            "write_faults": False,
            "variant": frozenset(),
            **known,
        }
    )
    return told


@pytest.mark.parametrize(("start_time", "decides"), [(False, "create 1 pod"), (True, "write its")])
def test_a_deadline_is_over_only_where_the_cache_shows_a_start_time(
    start_time: bool, decides: str
) -> None:
    """A sync that sees none is the start, whatever another wrote. Go: pastActiveDeadline"""
    status = job_api.JobStatus(start_time=start_time)
    cached = job_api.Job(job_api.JobSpec(active_deadline_seconds=60), status)

    told = told_by_a_sync(cached, deadline="passed")

    assert decides in told.label


def test_a_sync_that_sees_a_pod_without_owner_fails_until_it_sees_the_job_deleted() -> None:
    """It would adopt the pod, and asks for the Job first. Go: getPodsForJob, ClaimPods"""
    there = job_api.Job(job_api.JobSpec())

    fails = told_by_a_sync(there, orphans_shown=True)
    goes_on = told_by_a_sync(evolve(there, deleting="orphan"), orphans_shown=True)

    assert fails.label == "cannot adopt a pod, since the Job is being deleted"
    assert fails.writes == {"job_key": controller.Key(dirty=True, failures=1)}
    assert "write its status" in goes_on.label


def test_a_job_that_leaves_orphans_does_not_go_on_to_create_pods() -> None:
    """Else there would be another one for each that loses its owner before the Job is seen."""
    found = searched(case("delete:orphan", level="interleaved", lag=1))

    assert found.exploration.complete
    assert found.exploration.states == 2_394
