"""The oracle's StatefulSet controller: its caches, requests, memory and pure helpers."""

from collections.abc import Iterator
from typing import Any

import pytest

from seatrial.oracle.client import Json, Oracle, OracleMissing

NOW = "2026-01-01T00:10:00Z"


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


def stateful_set(replicas: int, **spec: Any) -> Json:
    """db, with one claim for each pod."""
    return {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": metadata("db", "ss", 10, generation=1),
        "spec": {
            "replicas": replicas,
            "serviceName": "db",
            "selector": {"matchLabels": {"app": "db"}},
            "template": {
                "metadata": {"labels": {"app": "db"}},
                "spec": {"containers": [{"name": "db", "image": "db:1"}]},
            },
            "volumeClaimTemplates": [
                {
                    "metadata": {"name": "data"},
                    "spec": {
                        "accessModes": ["ReadWriteOnce"],
                        "resources": {"requests": {"storage": "1Gi"}},
                    },
                }
            ],
            **spec,
        },
    }


def asked(oracle: Oracle, *cached: Json, **more: Any) -> Json:
    """One sync of db; live is what is cached unless it is given."""
    request = {
        "controller": "statefulset",
        "key": "default/db",
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
        f"{each['verb']} {each['resource']} {each['name']} → {each['answer']}"
        for each in answer["requests"]
        if each["resource"] != "controllerrevisions"
    ]


def grown(oracle: Oracle, replicas: int, **spec: Any) -> list[Json]:
    """All objects of a set with so many pods that are ready."""
    found = asked(oracle, stateful_set(0, **spec))["live"]
    for _ in range(replicas):
        for each in found:
            if each["kind"] == "StatefulSet":
                each["spec"]["replicas"] = replicas
            if each["kind"] == "Pod":
                each["spec"]["nodeName"] = "n1"
                ready = {"type": "Ready", "status": "True", "lastTransitionTime": NOW}
                each["status"] = {"phase": "Running", "conditions": [ready]}
        found = asked(oracle, *found)["live"]
    for each in found:
        if each["kind"] == "Pod":
            each["spec"]["nodeName"] = "n1"
            ready = {"type": "Ready", "status": "True", "lastTransitionTime": NOW}
            each["status"] = {"phase": "Running", "conditions": [ready]}
    return [dict(each) for each in found]


def of_kind(objects: list[Json], kind: str) -> list[Json]:
    return [each for each in objects if each["kind"] == kind]


# ---- a sync -----------------------------------------------------------------------------------


def test_pods_come_one_by_one_after_their_claims(oracle: Oracle) -> None:
    assert told(asked(oracle, stateful_set(3))) == [
        "create persistentvolumeclaims data-db-0 → applied",
        "create pods db-0 → applied",
        "update-status statefulsets db → applied",
    ]


def test_with_parallel_they_come_in_batches_that_grow(oracle: Oracle) -> None:
    answer = asked(oracle, stateful_set(3, podManagementPolicy="Parallel"))

    assert told(answer) == [
        "create persistentvolumeclaims data-db-0 → applied",
        "create pods db-0 → applied",
        "create persistentvolumeclaims data-db-1 → applied",
        "create persistentvolumeclaims data-db-2 → applied",
        "create pods db-1 → applied",
        "create pods db-2 → applied",
        "update-status statefulsets db → applied",
    ]


def test_a_revision_that_cannot_be_written_may_cost_the_current_one(oracle: Oracle) -> None:
    """Then a member below the partition is created of the new template. A defect of the release."""
    kept = {"type": "RollingUpdate", "rollingUpdate": {"partition": 1}}
    objects = grown(oracle, 1, revisionHistoryLimit=0, updateStrategy=kept)
    (of,) = of_kind(objects, "StatefulSet")
    of["spec"]["template"]["spec"]["containers"][0]["image"] = "db:2"
    of["metadata"]["generation"] = 2
    without = [each for each in objects if each["kind"] != "Pod"]
    fault = {"verb": "create", "resource": "controllerrevisions", "nth": 1, "how": "failed"}

    failed = asked(oracle, *without, faults=[fault])
    (pod,) = of_kind(asked(oracle, *failed["live"])["live"], "Pod")

    assert of_kind(failed["live"], "ControllerRevision") == []
    assert pod["spec"]["containers"][0]["image"] == "db:2"


def test_the_last_pod_goes_first(oracle: Oracle) -> None:
    objects = grown(oracle, 2)
    (of,) = of_kind(objects, "StatefulSet")
    of["spec"]["replicas"] = 0

    answer = asked(oracle, *objects)

    assert told(answer)[0] == "delete pods db-1 → applied"
    assert "delete pods db-0 → applied" not in told(answer)


def test_a_new_template_makes_a_revision_and_replaces_from_the_top(oracle: Oracle) -> None:
    objects = grown(oracle, 2)
    (of,) = of_kind(objects, "StatefulSet")
    of["spec"]["template"]["spec"]["containers"][0]["image"] = "db:2"

    answer = asked(oracle, *objects)

    revisions = of_kind(answer["live"], "ControllerRevision")
    assert sorted(each["revision"] for each in revisions) == [1, 2]
    assert told(answer)[0] == "delete pods db-1 → applied"


def test_a_claim_that_is_not_in_the_cache_is_found_to_exist(oracle: Oracle) -> None:
    objects = grown(oracle, 1)
    unseen = [each for each in objects if each["kind"] not in ("PersistentVolumeClaim", "Pod")]

    answer = asked(oracle, *unseen, live=objects)

    assert told(answer)[0] == "create persistentvolumeclaims data-db-0 → already exists"
    assert answer["key"]["result"] == "rate-limited"
    assert "already exists" in answer["error"]


def test_a_status_that_conflicts_is_sent_five_times(oracle: Oracle) -> None:
    newer = stateful_set(1)
    newer["metadata"]["resourceVersion"] = "12"

    answer = asked(oracle, stateful_set(1), live=[newer])

    assert told(answer)[2:] == ["update-status statefulsets db → conflict"] * 5
    assert answer["key"]["result"] == "rate-limited"


def test_two_conflicts_side_by_side_are_tried_again_in_the_same_order_each_time(
    oracle: Oracle,
) -> None:
    """Both wait as long: upstream draws how long, and so who comes first."""
    objects = grown(oracle, 3, podManagementPolicy="Parallel")
    for each in of_kind(objects, "StatefulSet"):
        each["spec"]["persistentVolumeClaimRetentionPolicy"] = {
            "whenDeleted": "Delete",
            "whenScaled": "Retain",
        }
    stale = [
        {**each, "metadata": {**each["metadata"], "resourceVersion": "9000"}}
        if each["metadata"]["name"] in ("data-db-1", "data-db-2")
        else each
        for each in objects
    ]

    answers = [asked(oracle, *objects, live=stale) for _ in range(8)]

    assert sum("conflict" in each for each in told(answers[0])) == 8
    assert all(each == answers[0] for each in answers)


def test_it_waits_until_its_informers_have_seen_its_own_writes(oracle: Oracle) -> None:
    answer = asked(oracle, stateful_set(1), memory={"written": {"pods": "30"}})

    assert told(answer) == []
    assert answer["memory"]["written"] == {"pods": "30", "uid": "ss"}
    assert "not as new as written version" in answer["error"]


def test_it_remembers_pods_claims_and_status_that_it_wrote(oracle: Oracle) -> None:
    written = asked(oracle, stateful_set(1))["memory"]["written"]

    assert set(written) == {"pods", "persistentvolumeclaims", "statefulsets", "uid"}


def test_revisions_that_were_found_equal_are_not_remembered_between_requests(
    oracle: Oracle,
) -> None:
    objects = grown(oracle, 1)
    first = asked(oracle, *objects)

    for each in of_kind(objects, "ControllerRevision"):
        each["data"]["spec"]["template"]["spec"]["containers"][0]["image"] = "db:0"
    second = asked(oracle, *objects)

    verbs = [(each["verb"], each["resource"]) for each in second["requests"]]
    assert ("create", "controllerrevisions") not in [
        (each["verb"], each["resource"]) for each in first["requests"]
    ]
    assert ("create", "controllerrevisions") in verbs


def test_a_set_that_is_gone_is_forgotten(oracle: Oracle) -> None:
    answer = asked(oracle, memory={"written": {"pods": "1", "uid": "ss"}})

    assert answer["key"]["result"] == "forgotten"
    assert answer["memory"]["written"] == {}


def test_a_status_that_validation_refuses_is_invalid(oracle: Oracle) -> None:
    """An object with such a status is refused on its way in, as by an API server."""
    of = stateful_set(1)
    of["status"] = {"replicas": 1, "readyReplicas": 2}

    assert "status.readyReplicas" in asked(oracle, of)["refused"]


# ---- helpers ----------------------------------------------------------------------------------


def helped(oracle: Oracle, helper: str, **args: Any) -> Any:
    [answer] = oracle.ask([{"helper": helper, "args": args, "now": NOW}])
    assert "result" in answer, answer
    return answer["result"]


def test_ordinals_begin_where_the_set_says(oracle: Oracle) -> None:
    of = stateful_set(3, ordinals={"start": 5})

    assert helped(oracle, "getStartOrdinal", statefulSet=of) == 5
    assert helped(oracle, "getEndOrdinal", statefulSet=of) == 7


@pytest.mark.parametrize(
    ("bound", "replicas", "pods"), [(None, 5, 1), (2, 5, 2), ("60%", 4, 2), ("10%", 4, 1)]
)
def test_a_bound_is_rounded_down_and_at_least_one(
    oracle: Oracle, bound: Any, replicas: int, pods: int
) -> None:
    args = {"value": bound, "total": replicas}

    assert helped(oracle, "getStatefulSetMaxUnavailable", **args) == pods


@pytest.mark.parametrize(
    ("deleted", "scaled", "ordinal", "owners"),
    [
        ("Retain", "Retain", 0, []),
        ("Delete", "Retain", 0, ["StatefulSet db"]),
        ("Delete", "Delete", 0, ["StatefulSet db"]),
        ("Retain", "Delete", 0, []),
        ("Retain", "Delete", 2, ["Pod db-2"]),
        ("Delete", "Delete", 2, ["Pod db-2"]),
        ("Delete", "Retain", 2, ["StatefulSet db"]),
    ],
)
def test_whose_a_claim_is_goes_by_the_retention_policy(
    oracle: Oracle, deleted: str, scaled: str, ordinal: int, owners: list[str]
) -> None:
    of = stateful_set(
        1,
        persistentVolumeClaimRetentionPolicy={"whenDeleted": deleted, "whenScaled": scaled},
    )
    pod, claim = (
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": metadata(f"db-{ordinal}", "pod", 5),
            "spec": {"containers": [{"name": "db", "image": "db:1"}]},
        },
        {
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "metadata": metadata(f"data-db-{ordinal}", "claim", 5),
            "spec": of["spec"]["volumeClaimTemplates"][0]["spec"],
        },
    )
    args = {"statefulSet": of, "pod": pod, "claim": claim}

    assert helped(oracle, "updateClaimOwnerRefForSetAndPod", **args) == owners
    assert helped(oracle, "isClaimOwnerUpToDate", **args) is (owners == [])
