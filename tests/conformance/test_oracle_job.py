"""The oracle's Job controller: its caches, requests, memory and pure helpers."""

from collections.abc import Iterator
from typing import Any, Literal

import pytest
from attrs import evolve

from seatrial.core import Population
from seatrial.model import job_api as jobs
from seatrial.oracle.client import Json, Oracle, OracleMissing
from seatrial.oracle.job_states import Start
from seatrial.oracle.jobs import Jobs

NOW = "2026-01-01T00:10:00Z"
FINALIZER = "batch.kubernetes.io/job-tracking"
INDEX = "batch.kubernetes.io/job-completion-index"
LABELS = {
    "batch.kubernetes.io/controller-uid": "job",
    "controller-uid": "job",
    "batch.kubernetes.io/job-name": "pi",
    "job-name": "pi",
}


@pytest.fixture(scope="module")
def oracle() -> Iterator[Oracle]:
    try:
        with Oracle() as running:
            yield running
    except OracleMissing as missing:
        pytest.skip(str(missing))


def metadata(name: str, uid: str, version: int, **more: Any) -> Json:
    return {
        "name": name,
        "namespace": "default",
        "uid": uid,
        "resourceVersion": str(version),
        "creationTimestamp": "2026-01-01T00:00:00Z",
        **more,
    }


def job(status: Json | None = None, version: int = 10, **spec: Any) -> Json:
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": metadata("pi", "job", version, generation=1),
        "spec": {
            "parallelism": 2,
            "completions": 3,
            "selector": {"matchLabels": {"batch.kubernetes.io/controller-uid": "job"}},
            "template": {
                "metadata": {"labels": LABELS},
                "spec": {
                    "restartPolicy": "Never",
                    "containers": [{"name": "pi", "image": "pi:1"}],
                },
            },
            **spec,
        },
        "status": {"startTime": "2026-01-01T00:00:00Z", **(status or {})},
    }


def pod(
    name: str, phase: str, code: int | None = None, index: int | None = None, **meta: Any
) -> Json:
    """A pod of pi, which ended a second ago if it has an exit code."""
    state = {}
    if code is not None:
        ended = "2026-01-01T00:09:59Z"
        state = {"state": {"terminated": {"exitCode": code, "finishedAt": ended}}}
    annotations = {} if index is None else {"annotations": {INDEX: str(index)}}
    owner = {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "name": "pi",
        "uid": "job",
        "controller": True,
        "blockOwnerDeletion": True,
    }
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": metadata(
            name,
            f"uid-{name}",
            9,
            **{
                "labels": LABELS,
                "finalizers": [FINALIZER],
                "ownerReferences": [owner],
                **annotations,
                **meta,
            },
        ),
        "spec": {
            "restartPolicy": "Never",
            "nodeName": "n1",
            "containers": [{"name": "pi", "image": "pi:1"}],
        },
        "status": {
            "phase": phase,
            "containerStatuses": [
                {
                    "name": "pi",
                    "image": "pi:1",
                    "imageID": "",
                    "ready": False,
                    "restartCount": 0,
                    **state,
                }
            ],
        },
    }


def asked(oracle: Oracle, *cached: Json, **more: Any) -> Json:
    """One sync of pi; live is what is cached unless it is given."""
    request = {
        "controller": "job",
        "key": "default/pi",
        "now": NOW,
        "cache": list(cached),
        "live": list(cached),
        **more,
    }
    [answer] = oracle.ask([request])
    return answer


def told(answer: Json) -> list[str]:
    """The requests in short."""
    assert "requests" in answer, answer
    return [
        " ".join(filter(None, (r["verb"], r["resource"], r.get("name"), "→", r["answer"])))
        for r in answer["requests"]
    ]


def statuses(answer: Json) -> list[Json]:
    return [r["object"]["status"] for r in answer["requests"] if r["verb"] == "update-status"]


# ---- a sync -----------------------------------------------------------------------------------


def test_so_many_pods_are_created_as_may_run_side_by_side(oracle: Oracle) -> None:
    answer = asked(oracle, job())

    assert told(answer) == ["create pods → applied"] * 2 + ["update-status jobs pi → applied"]
    assert answer["memory"]["expectations"]["add"] == 2
    assert statuses(answer)[0]["active"] == 2


def test_pods_of_an_indexed_job_have_the_lowest_indexes_that_are_free(oracle: Oracle) -> None:
    done = pod("a", "Succeeded", 0, index=0)

    answer = asked(oracle, job(completionMode="Indexed"), done)

    created = [r["object"]["metadata"] for r in answer["requests"] if r["verb"] == "create"]
    assert [each["generateName"] for each in created] == ["pi-1-", "pi-2-"]
    assert [each["annotations"][INDEX] for each in created] == ["1", "2"]


def test_a_pod_that_ended_is_listed_then_loses_its_finalizer_then_is_counted(
    oracle: Oracle,
) -> None:
    answer = asked(oracle, job(parallelism=0), pod("a", "Succeeded", 0))

    assert told(answer) == [
        "update-status jobs pi → applied",
        "patch pods a → applied",
        "update-status jobs pi → applied",
    ]
    first, last = statuses(answer)
    assert first["uncountedTerminatedPods"] == {"succeeded": ["uid-a"]}
    assert (last["succeeded"], last["uncountedTerminatedPods"]) == (1, {})
    assert answer["memory"]["finalizers"] == ["uid-a"], "until the informer shows it"


def test_what_is_uncounted_already_is_counted_once(oracle: Oracle) -> None:
    """The pod lost its finalizer, and then the controller was restarted."""
    status = {"uncountedTerminatedPods": {"succeeded": ["uid-a"]}}
    gone = pod("a", "Succeeded", 0, finalizers=[])

    answer = asked(oracle, job(status, parallelism=0), gone)

    assert statuses(answer)[-1]["succeeded"] == 1
    assert "patch pods a → applied" not in told(answer)


def test_a_pod_whose_finalizer_is_known_to_be_removed_is_not_counted_again(
    oracle: Oracle,
) -> None:
    memory = {"finalizers": ["uid-a"]}

    answer = asked(
        oracle, job({"succeeded": 1}, parallelism=0), pod("a", "Succeeded"), memory=memory
    )

    assert statuses(answer)[-1]["succeeded"] == 1
    assert answer["memory"]["finalizers"] == ["uid-a"]


def test_a_pod_in_deletion_is_gone_with_its_last_finalizer(oracle: Oracle) -> None:
    """As the API server does it, since nothing else keeps the object."""
    times: Json = {"deletionTimestamp": NOW, "deletionGracePeriodSeconds": 0}

    answer = asked(oracle, job(parallelism=0), pod("a", "Failed", 1, **times))

    assert "patch pods a → applied" in told(answer)
    assert [each["kind"] for each in answer["live"]] == ["Job"]


def test_back_off_holds_up_the_next_pods(oracle: Oracle) -> None:
    """10 s after the first failure, twice as long after the second."""
    waits = {"backoff": {"failures": 2, "age": 5}}

    answer = asked(oracle, job(), memory=waits)

    assert "create pods → applied" not in told(answer)
    assert answer["key"]["after"] == 15
    assert answer["memory"]["backoff"] == {"failures": 2, "age": 5}


def test_a_failure_is_remembered_for_the_back_off(oracle: Oracle) -> None:
    answer = asked(oracle, job(), pod("a", "Failed", 1))

    assert answer["memory"]["backoff"] == {"failures": 1, "age": 1}
    assert answer["key"]["after"] == 9


def test_unmet_expectations_hold_up_pods_and_not_the_count(oracle: Oracle) -> None:
    memory = {"expectations": {"add": 1, "del": 0, "age": 10}}

    answer = asked(oracle, job(), pod("a", "Succeeded", 0), memory=memory)

    assert "create pods → applied" not in told(answer)
    assert statuses(answer)[-1]["succeeded"] == 1


def test_a_stale_status_conflicts_and_ends_the_sync(oracle: Oracle) -> None:
    answer = asked(oracle, job(), live=[job(version=12)])

    assert told(answer)[-1] == "update-status jobs pi → conflict"
    assert answer["key"]["result"] == "rate-limited"


def test_a_status_that_validation_refuses_is_invalid(oracle: Oracle) -> None:
    """The cache shows fewer failures than were counted, and the version cannot tell."""
    live = job({"failed": 3}, parallelism=0)

    answer = asked(oracle, job(parallelism=0), pod("a", "Failed", 1), live=[live])

    assert told(answer)[0] == "update-status jobs pi → invalid"


def test_a_job_that_is_known_to_have_finished_is_left_alone(oracle: Oracle) -> None:
    answer = asked(oracle, job(), memory={"finished": True})

    assert told(answer) == []
    assert answer["memory"]["finished"] is True


def test_the_deadline_brings_the_key_back(oracle: Oracle) -> None:
    answer = asked(oracle, job(activeDeadlineSeconds=700))

    assert answer["key"]["after"] == 100


def test_a_deadline_of_0_seconds_has_passed_when_the_job_starts(oracle: Oracle) -> None:
    """No pod is ever created, and nobody comes back for the deadline."""
    given = job(activeDeadlineSeconds=0)
    given["status"] = {}
    answer = asked(oracle, given)

    assert [each for each in told(answer) if "pods" in each] == []
    (live,) = (each for each in answer["live"] if each["kind"] == "Job")
    ends = [(each["type"], each["reason"]) for each in live["status"]["conditions"]]
    assert ends == [("FailureTarget", "DeadlineExceeded"), ("Failed", "DeadlineExceeded")]
    assert answer["key"]["after"] is None


def test_it_waits_until_its_informers_have_seen_its_own_writes(oracle: Oracle) -> None:
    answer = asked(oracle, job(), memory={"written": {"jobs": "30"}})

    assert told(answer) == []
    assert "not as new as written version" in answer["error"]


def test_the_same_request_has_the_same_answer(oracle: Oracle) -> None:
    of = job(completionMode="Indexed", completions=5, parallelism=5)
    first = asked(oracle, of)

    assert all(asked(oracle, of) == {**first, "id": 0} for _ in range(5))


@pytest.mark.parametrize("gone", [False, True])
@pytest.mark.parametrize(("cached", "fails"), [("", True), ("orphan", False)])
def test_a_sync_fails_that_would_adopt_a_pod_of_a_job_that_is_deleted(
    oracle: Oracle, cached: Literal["", "orphan"], fails: bool, gone: bool
) -> None:
    """It asks for the Job first, unless the cache shows already that it is being deleted."""
    there = jobs.Job(jobs.JobSpec(), jobs.JobStatus(start_time=True))
    live = None if gone else evolve(there, deleting="orphan")
    shown = evolve(there, deleting=cached)
    start = Start(shown, Population(), live=live, stale=True, orphan=True)
    subject = Jobs()
    (expected,) = subject.ways(start)
    cluster = subject.concrete(start, 1, ())
    (answer,) = oracle.ask([cluster.request])

    assert subject.real(start, cluster, answer) == expected
    assert ("can't adopt" in answer["error"]) == fails
    assert (expected.statuses == ()) == fails


# ---- the other worker -------------------------------------------------------------------------

NAMED = {"kind": "name", "value": "pi-1"}
SELECTED = {"kind": "selector", "value": "batch.kubernetes.io/controller-uid=job"}
ENDED = {"conditions": [{"type": "Failed", "status": "True", "lastTransitionTime": NOW}]}


@pytest.mark.parametrize("orphan", [NAMED, SELECTED], ids=["by name", "by selector"])
def test_the_finalizer_of_a_pod_goes_whose_job_is_gone(oracle: Oracle, orphan: Json) -> None:
    answer = asked(oracle, pod("pi-1", "Running"), orphan=orphan)

    assert told(answer) == ["patch pods pi-1 → applied"]
    assert [each["metadata"].get("finalizers") for each in answer["live"]] == [None]
    assert answer["key"]["result"] == "forgotten"


def test_a_selector_finds_all_pods_of_a_job_and_a_name_one(oracle: Oracle) -> None:
    pods = [pod("pi-1", "Running"), pod("pi-2", "Failed")]

    assert len(told(asked(oracle, *pods, orphan=SELECTED))) == 2
    assert len(told(asked(oracle, *pods, orphan=NAMED))) == 1


@pytest.mark.parametrize(("status", "sent"), [({}, 0), (ENDED, 1)], ids=["running", "finished"])
def test_pods_of_a_job_that_goes_on_are_left_to_its_syncs(
    oracle: Oracle, status: Json, sent: int
) -> None:
    answer = asked(oracle, job(status), pod("pi-1", "Running"), orphan=NAMED)

    assert len(told(answer)) == sent


@pytest.mark.parametrize(
    ("orphan", "result"),
    [(NAMED, "rate-limited"), (SELECTED, "forgotten")],
    ids=["name", "selector"],
)
def test_a_request_that_fails_is_tried_again_where_the_key_is_a_name(
    oracle: Oracle, orphan: Json, result: str
) -> None:
    """Of a selector the error is dropped. Go: syncOrphanPodsBySelector"""
    fault = {"verb": "patch", "resource": "pods", "how": "failed"}

    answer = asked(oracle, pod("pi-1", "Running"), orphan=orphan, faults=[fault])

    assert told(answer) == ["patch pods pi-1 → failed"]
    assert answer["key"]["result"] == result


@pytest.mark.parametrize(
    "more",
    [
        {"orphan": {"kind": "uid", "value": "pi-1"}},
        {"orphan": NAMED, "controller": "replicaset"},
        {"orphan": NAMED, "notice": {"how": "add", "object": pod("pi-1", "Running")}},
    ],
    ids=["no such kind", "another controller", "a notice as well"],
)
def test_an_orphan_that_nobody_can_look_after_is_an_error(oracle: Oracle, more: Json) -> None:
    answer = asked(oracle, pod("pi-1", "Running"), **more)

    assert answer["error-in-request"].startswith("orphan: ")


# ---- helpers ----------------------------------------------------------------------------------


def helped(oracle: Oracle, helper: str, **args: Any) -> Any:
    [answer] = oracle.ask([{"helper": helper, "args": args, "now": NOW}])
    assert "result" in answer, answer
    return answer["result"]


@pytest.mark.parametrize(
    ("failures", "age", "left"),
    [
        (0, 0, 0),
        (1, 0, 10),
        (1, 4, 6),
        (2, 0, 20),
        (4, 0, 80),
        (7, 0, 600),
        (60, 0, 600),
        (1, 11, 0),
    ],
)
def test_back_off_doubles_up_to_ten_minutes(
    oracle: Oracle, failures: int, age: int, left: int
) -> None:
    args = {"count": failures, "age": age}

    assert helped(oracle, "getRemainingTimeForFailuresCount", **args) == left


@pytest.mark.parametrize(
    ("text", "completions", "indexes"),
    [
        ("", 5, []),
        ("0,2-4", 4, [[0, 0], [2, 3]]),
        ("0,1,2", 5, [[0, 2]]),
        ("1-2,x,4", 5, [[1, 2], [4, 4]]),
        ("7", 5, []),
    ],
)
def test_indexes_are_read_up_to_the_completions(
    oracle: Oracle, text: str, completions: int, indexes: list[list[int]]
) -> None:
    args = {"indexes": text, "completions": completions}

    assert helped(oracle, "parseIndexesFromString", **args) == indexes


RULES = [
    {"action": "FailJob", "onExitCodes": {"operator": "In", "values": [3]}},
    {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]},
    {"action": "Count", "onExitCodes": {"operator": "NotIn", "values": [1]}},
]


@pytest.mark.parametrize(
    ("code", "matched"), [(3, [True, "FailJob"]), (2, [True, "Count"]), (1, [True, None])]
)
def test_the_first_rule_that_matches_decides(oracle: Oracle, code: int, matched: list[Any]) -> None:
    of = job(podFailurePolicy={"rules": RULES}, podReplacementPolicy="Failed")
    args = {"job": of, "pod": pod("a", "Failed", code)}

    assert helped(oracle, "matchPodFailurePolicy", **args) == matched


def test_a_disrupted_pod_is_ignored_where_a_rule_says_so(oracle: Oracle) -> None:
    of = job(podFailurePolicy={"rules": RULES}, podReplacementPolicy="Failed")
    gone = pod("a", "Failed", 1)
    gone["status"]["conditions"] = [
        {"type": "DisruptionTarget", "status": "True", "lastTransitionTime": NOW}
    ]

    assert helped(oracle, "matchPodFailurePolicy", job=of, pod=gone) == [False, "Ignore"]


@pytest.mark.parametrize(
    ("succeeded", "rule", "enough"),
    [
        ("0,1", {"succeededIndexes": "0-1"}, True),
        ("0", {"succeededIndexes": "0-1"}, False),
        ("1", {"succeededIndexes": "0-1", "succeededCount": 1}, True),
        ("3", {"succeededCount": 1}, True),
        ("", {"succeededCount": 1}, False),
    ],
)
def test_a_success_policy_is_met_by_indexes_or_their_number(
    oracle: Oracle, succeeded: str, rule: Json, enough: bool
) -> None:
    of = job(completionMode="Indexed", completions=4, successPolicy={"rules": [rule]})
    args = {"job": of, "indexes": succeeded, "completions": 4}

    assert helped(oracle, "matchSuccessPolicy", **args) is enough


def test_a_pod_without_exit_code_ended_when_it_was_not_ready_any_more(oracle: Oracle) -> None:
    """So a pod that never was ready has been back in time for the back-off."""
    deleted = pod("a", "Pending", deletionTimestamp="2026-01-01T00:10:20Z")
    since = "2026-01-01T00:05:00Z"
    deleted["metadata"]["deletionGracePeriodSeconds"] = 30
    by_stamp = helped(oracle, "getFinishedTime", pod=deleted)
    deleted["status"]["conditions"] = [
        {"type": "Ready", "status": "False", "lastTransitionTime": since}
    ]

    assert by_stamp == "2026-01-01T00:09:50Z"
    assert helped(oracle, "getFinishedTime", pod=deleted) == since


def test_an_index_that_is_failed_and_completed_has_every_status_refused(oracle: Oracle) -> None:
    """
    A pod that was deleted at the limit of its index is listed, and its index failed; then it exits
    with 0. The real controller says that the index is completed, too, and keeps the finalizer.
    """
    ended = pod("a", "Succeeded", 0, 0, deletionTimestamp="2026-01-01T00:09:50Z")
    status: Json = {
        "failedIndexes": "0",
        "uncountedTerminatedPods": {"failed": ["uid-a"]},
        "terminating": 0,
        "ready": 0,
        "conditions": [
            {
                "type": "FailureTarget",
                "status": "True",
                "reason": "FailedIndexes",
                "lastTransitionTime": "2026-01-01T00:09:52Z",
                "lastProbeTime": "2026-01-01T00:09:52Z",
            }
        ],
    }
    spec: Json = {
        "completionMode": "Indexed",
        "completions": 1,
        "parallelism": 1,
        "backoffLimit": 2147483647,
        "backoffLimitPerIndex": 0,
    }

    answer = asked(oracle, job(status, **spec), ended)

    assert told(answer) == ["update-status jobs pi → invalid"]
    (sent,) = statuses(answer)
    assert (sent["completedIndexes"], sent["failedIndexes"]) == ("0", "0")
