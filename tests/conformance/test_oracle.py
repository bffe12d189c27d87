"""The oracle: one sync of a real controller, on a cluster that is written down.

What these tests pin is the oracle's part: the API server that it plays, the memory and the clock
that it sets, and that nothing wrong with a request is taken for an answer. The behaviour of the
controllers themselves shows only as far as it is needed to see that.
"""

import stat
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from seatrial.oracle.client import Json, Oracle, OracleCrashed, OracleMissing, find

NOW = "2026-01-01T00:10:00Z"


@pytest.fixture(scope="module")
def oracle() -> Iterator[Oracle]:
    try:
        with Oracle() as running:
            yield running
    except OracleMissing as missing:
        pytest.skip(str(missing))


# ---- clusters ---------------------------------------------------------------------------------


def metadata(name: str, uid: str, version: int, **more: Any) -> Json:
    return {
        "name": name,
        "namespace": "default",
        "uid": uid,
        "resourceVersion": str(version),
        "creationTimestamp": "2026-01-01T00:00:00Z",
        **more,
    }


def template(labels: dict[str, str], image: str = "web:1") -> Json:
    return {
        "metadata": {"labels": labels},
        "spec": {"containers": [{"name": "web", "image": image}]},
    }


def controlled_by(kind: str, name: str, uid: str) -> list[Json]:
    return [
        {
            "apiVersion": "apps/v1",
            "kind": kind,
            "name": name,
            "uid": uid,
            "controller": True,
            "blockOwnerDeletion": True,
        }
    ]


def replica_set(
    replicas: int, status: Json | None = None, version: int = 10, **meta_and_spec: Any
) -> Json:
    """web-1, without a Deployment, whose last status was of generation 1."""
    spec = {k: v for k, v in meta_and_spec.items() if k in ("minReadySeconds",)}
    meta = {k: v for k, v in meta_and_spec.items() if k not in spec}
    return {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": metadata("web-1", "rs", version, generation=1, **meta),
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": "web"}},
            "template": template({"app": "web"}),
            **spec,
        },
        "status": {"replicas": 0, "observedGeneration": 1, **(status or {})},
    }


def pod(
    name: str,
    *,
    owner: str | None = "rs",
    ready_since: str | None = "2026-01-01T00:01:00Z",
    node: str | None = "node",
    phase: str = "Running",
    version: int = 11,
    **meta: Any,
) -> Json:
    """A pod of web-1, ready unless `ready_since` is None."""
    if owner:
        meta["ownerReferences"] = controlled_by("ReplicaSet", "web-1", owner)
    spec = template({})["spec"] | ({"nodeName": node} if node else {})
    conditions = [
        {
            "type": "Ready",
            "status": "True" if ready_since else "False",
            "lastTransitionTime": ready_since or "2026-01-01T00:00:30Z",
        }
    ]
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": metadata(name, f"pod-{name}", version, **{"labels": {"app": "web"}, **meta}),
        "spec": spec,
        "status": {"phase": phase, "conditions": conditions},
    }


def deployment(
    replicas: int, *, version: int = 20, status: Json | None = None, **more: Any
) -> Json:
    annotations = more.pop("annotations", {})
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": metadata("web", "dep", version, generation=1, annotations=annotations),
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": "web"}},
            "template": template({"app": "web"}),
            **more,
        },
        "status": status or {},
    }


def revision(
    name: str,
    replicas: int,
    *,
    image: str = "web:1",
    available: int | None = None,
    owner: str | None = "dep",
    version: int = 15,
    number: int = 1,
    desired: int | None = None,
) -> Json:
    """A ReplicaSet of the Deployment web, at rest."""
    labels = {"app": "web", "pod-template-hash": name}
    available = replicas if available is None else available
    meta: Json = {"generation": 1, "labels": labels}
    meta["annotations"] = {
        "deployment.kubernetes.io/revision": str(number),
        "deployment.kubernetes.io/desired-replicas": str(replicas if desired is None else desired),
        "deployment.kubernetes.io/max-replicas": str(replicas + 1),
    }
    if owner:
        meta["ownerReferences"] = controlled_by("Deployment", "web", owner)
    counts = dict.fromkeys(
        ("fullyLabeledReplicas", "readyReplicas", "availableReplicas"), available
    )
    return {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": metadata(f"web-{name}", f"rs-{name}", version, **meta),
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": labels},
            "template": template(labels, image),
        },
        "status": {"replicas": replicas, "observedGeneration": 1, **counts},
    }


def asked(oracle: Oracle, *cached: Json, **more: Any) -> Json:
    """One sync of the first object's controller; live is what is cached unless it is given."""
    first = cached[0]
    request = {
        "controller": first["kind"].lower(),
        "key": f"default/{first['metadata']['name']}",
        "now": NOW,
        "cache": list(cached),
        "live": list(cached),
        **more,
    }
    [answer] = oracle.ask([request])
    return answer


def told(answer: Json) -> list[str]:
    """The requests in short: verb, resource, name and answer."""
    assert "requests" in answer, answer
    return [
        " ".join(filter(None, (r["verb"], r["resource"], r.get("name"), "→", r["answer"])))
        for r in answer["requests"]
    ]


def live(answer: Json, name: str) -> Json | None:
    found: list[Json] = [o for o in answer["live"] if o["metadata"]["name"] == name]
    return found[0] if found else None


def last_status(answer: Json) -> Json:
    """The status that was sent last."""
    [*_, status] = [
        r["object"]["status"] for r in answer["requests"] if r["verb"] == "update-status"
    ]
    return dict(status)


def fault(verb: str, resource: str, how: str, nth: int = 1) -> Json:
    return {"verb": verb, "resource": resource, "how": how, "nth": nth}


CREATED = "create pods → applied"
REPORTED = "update-status replicasets web-1 → applied"


# ---- the API server: writes -------------------------------------------------------------------


def test_pods_are_created_with_counted_names_and_versions(oracle: Oracle) -> None:
    answer = asked(oracle, replica_set(2))

    assert told(answer) == [CREATED, CREATED, REPORTED]
    assert [(o["metadata"]["name"], o["metadata"]["resourceVersion"]) for o in answer["live"]] == [
        ("web-1", "13"),
        ("web-1-00001", "11"),
        ("web-1-00002", "12"),
    ]
    first = live(answer, "web-1-00001")
    assert first is not None
    assert first["metadata"]["creationTimestamp"] == NOW
    assert first["status"]["phase"] == "Pending"
    assert first["metadata"]["ownerReferences"] == controlled_by("ReplicaSet", "web-1", "rs")


def test_a_created_pod_never_takes_the_name_of_another(oracle: Oracle) -> None:
    taken = pod("web-1-00001", owner=None, labels={"app": "other"})

    answer = asked(oracle, replica_set(1), taken)

    assert live(answer, "web-1-00002") is not None


def test_requests_are_listed_as_they_were_sent(oracle: Oracle) -> None:
    answer = asked(oracle, replica_set(1))

    sent = answer["requests"][0]["object"]
    assert sent["metadata"]["generateName"] == "web-1-"
    assert "name" not in sent["metadata"]
    assert "uid" not in sent["metadata"]


def test_a_stale_status_update_conflicts_and_is_tried_once_more_from_a_live_read(
    oracle: Oracle,
) -> None:
    answer = asked(oracle, replica_set(1), live=[replica_set(1, version=12)])

    assert told(answer) == [
        CREATED,
        "update-status replicasets web-1 → conflict",
        "get replicasets web-1 → applied",
        REPORTED,
    ]
    assert answer["error"] is None


def test_a_status_update_leaves_spec_and_generation_alone(oracle: Oracle) -> None:
    """The cached copy asks for 1 replica, the live one for 5: the retry must not write the 1."""
    newer = replica_set(5, version=12)
    newer["metadata"]["generation"] = 2

    answer = asked(oracle, replica_set(1), live=[newer])

    after = live(answer, "web-1")
    assert after is not None
    assert after["spec"]["replicas"] == 5
    assert after["metadata"]["generation"] == 2
    assert after["status"]["observedGeneration"] == 1


def test_an_update_of_the_spec_raises_the_generation_and_leaves_the_status_alone(
    oracle: Oracle,
) -> None:
    answer = asked(oracle, deployment(5), revision("h1", 3, desired=3))

    after = live(answer, "web-h1")
    assert after is not None
    assert after["spec"]["replicas"] == 5
    assert after["metadata"]["generation"] == 2
    assert after["status"]["replicas"] == 3


def test_a_write_that_changes_nothing_keeps_the_resource_version(oracle: Oracle) -> None:
    """As in etcd3's store: here the retry after a lost answer writes what is there already."""
    faults = [fault("update-status", "replicasets", "lost")]

    answer = asked(oracle, replica_set(0, {"replicas": 1}), faults=faults)

    assert told(answer) == [
        "update-status replicasets web-1 → lost",
        "get replicasets web-1 → applied",
        REPORTED,
    ]
    after = live(answer, "web-1")
    assert after is not None
    assert after["metadata"]["resourceVersion"] == "11"


def test_what_is_gone_is_not_found(oracle: Oracle) -> None:
    answer = asked(oracle, replica_set(0), pod("a"), live=[replica_set(0)])

    assert told(answer)[0] == "delete pods a → not found"
    assert answer["error"] is None
    assert answer["memory"]["expectations"]["del"] == 0


def test_an_object_of_the_same_name_and_another_uid_conflicts(oracle: Oracle) -> None:
    reborn = replica_set(1, {"replicas": 3})
    reborn["metadata"]["uid"] = "another"

    answer = asked(oracle, replica_set(0, {"replicas": 3}), live=[reborn])

    assert told(answer)[0] == "update-status replicasets web-1 → conflict"


def test_a_running_pod_is_deleted_gracefully(oracle: Oracle) -> None:
    answer = asked(oracle, replica_set(0), pod("a"))

    after = live(answer, "a")
    assert after is not None
    assert after["metadata"]["deletionTimestamp"] == "2026-01-01T00:10:30Z"
    assert after["metadata"]["deletionGracePeriodSeconds"] == 30


def test_a_pod_without_a_node_is_gone_at_once(oracle: Oracle) -> None:
    answer = asked(oracle, replica_set(0), pod("a", node=None, ready_since=None, phase="Pending"))

    assert told(answer)[0] == "delete pods a → applied"
    assert live(answer, "a") is None


def test_deleting_a_pod_in_deletion_changes_nothing(oracle: Oracle) -> None:
    leaving = pod("a", version=12, deletionTimestamp="2026-01-01T00:10:20Z")

    answer = asked(oracle, replica_set(0), pod("a"), live=[replica_set(0), leaving])

    after = live(answer, "a")
    assert told(answer)[0] == "delete pods a → applied"
    assert after is not None
    assert after["metadata"]["resourceVersion"] == "12"
    assert after["metadata"]["deletionTimestamp"] == "2026-01-01T00:10:20Z"


def test_a_finalizer_keeps_what_is_deleted(oracle: Oracle) -> None:
    kept = pod("a", node=None, phase="Pending", ready_since=None, finalizers=["example.org/keep"])

    answer = asked(oracle, replica_set(0), kept)

    after = live(answer, "a")
    assert after is not None
    assert after["metadata"]["deletionTimestamp"] == NOW


def test_an_old_revision_is_deleted_at_once(oracle: Oracle) -> None:
    complete = {
        "observedGeneration": 1,
        **dict.fromkeys(("replicas", "updatedReplicas", "readyReplicas", "availableReplicas"), 1),
    }
    old = revision("h0", 0, image="web:0")
    new = revision("h1", 1, number=2)
    new["spec"]["template"]["metadata"]["labels"] = {"app": "web", "pod-template-hash": "h1"}

    web = deployment(
        1,
        status=complete,
        revisionHistoryLimit=0,
        annotations={"deployment.kubernetes.io/revision": "2"},
    )

    answer = asked(oracle, web, old, new)

    assert "delete replicasets web-h0 → applied" in told(answer)
    assert live(answer, "web-h0") is None


# ---- the API server: faults -------------------------------------------------------------------


def test_a_refused_write_is_not_applied(oracle: Oracle) -> None:
    answer = asked(oracle, replica_set(1), faults=[fault("create", "pods", "refused")])

    assert told(answer)[0] == "create pods → refused"
    assert len(answer["live"]) == 1
    assert answer["error"] == "pods is forbidden: exceeded quota"


def test_a_failed_write_is_not_applied(oracle: Oracle) -> None:
    answer = asked(oracle, replica_set(0), pod("a"), faults=[fault("delete", "pods", "failed")])

    after = live(answer, "a")
    assert told(answer)[0] == "delete pods a → failed"
    assert after is not None
    assert "deletionTimestamp" not in after["metadata"]
    assert answer["error"] == ("unable to delete pods: Internal error occurred: the request failed")


def test_a_lost_write_is_applied_and_the_controller_does_not_know(oracle: Oracle) -> None:
    answer = asked(oracle, replica_set(1), faults=[fault("create", "pods", "lost")])

    assert told(answer)[0] == "create pods → lost"
    assert live(answer, "web-1-00001") is not None
    assert answer["memory"]["expectations"]["add"] == 0
    assert answer["key"]["result"] == "rate-limited"


def test_a_lost_write_that_the_server_does_not_accept_is_not_applied(oracle: Oracle) -> None:
    stale = replica_set(1, version=12)
    faults = [fault("update", "replicasets/status", "lost", nth=0)]

    answer = asked(oracle, replica_set(1), pod("a"), live=[stale, pod("a")], faults=faults)

    assert told(answer) == [
        "update-status replicasets web-1 → failed",
        "get replicasets web-1 → applied",
        "update-status replicasets web-1 → lost",
    ]
    assert last_status(answer)["replicas"] == 1
    after = live(answer, "web-1")
    assert after is not None
    assert after["status"]["replicas"] == 1, "the second was sent with the live version"
    assert answer["key"]["result"] == "rate-limited"


def test_a_fault_hits_the_write_that_it_counts_to(oracle: Oracle) -> None:
    answer = asked(oracle, replica_set(7), faults=[fault("create", "pods", "refused", nth=3)])

    assert told(answer) == [CREATED, CREATED, "create pods → refused", REPORTED]


def test_a_fault_without_a_number_hits_every_write(oracle: Oracle) -> None:
    faults = [{"verb": "update-status", "resource": "replicasets", "how": "failed"}]

    answer = asked(oracle, replica_set(1), pod("a"), faults=faults)

    assert told(answer) == [
        "update-status replicasets web-1 → failed",
        "get replicasets web-1 → applied",
        "update-status replicasets web-1 → failed",
    ]


def test_in_a_namespace_that_goes_away_a_controller_gives_up_without_an_error(
    oracle: Oracle,
) -> None:
    faults = [fault("create", "pods", "terminating", nth=0)]

    answer = asked(oracle, replica_set(1), faults=faults)

    assert told(answer)[0] == "create pods → terminating"
    assert answer["error"] is None
    assert answer["memory"]["expectations"]["add"] == 1, "it waits for a pod that never comes"


# ---- batches that are sent in parallel --------------------------------------------------------


@pytest.mark.parametrize(
    ("refused", "sent"), [(1, 1), (2, 3), (3, 3), (4, 7), (7, 7), (8, 10), (10, 10)]
)
def test_slow_start_doubles_its_batches_and_ends_with_the_batch_that_fails(
    oracle: Oracle, refused: int, sent: int
) -> None:
    """10 pods go out as 1 + 2 + 4 + 3. What was not sent is not expected either."""
    answer = asked(oracle, replica_set(10), faults=[fault("create", "pods", "refused", refused)])

    creations = [r for r in told(answer) if r.startswith("create")]
    assert len(creations) == sent
    assert answer["memory"]["expectations"]["add"] == sent - 1


def test_the_first_error_of_a_batch_is_the_error_of_the_sync(oracle: Oracle) -> None:
    faults = [fault("create", "pods", "failed", 2), fault("create", "pods", "refused", 3)]

    answers = [asked(oracle, replica_set(3), faults=faults) for _ in range(20)]

    assert {a["error"] for a in answers} == {"Internal error occurred: the request failed"}


def test_the_same_request_has_the_same_answer(oracle: Oracle) -> None:
    """Deletions run in parallel as well, and their events come from the same threads."""
    pods = [pod(f"p{i}", node=f"node-{i % 3}") for i in range(9)]
    faults = [fault("delete", "pods", "failed", 2), fault("delete", "pods", "refused", 5)]

    answers = [asked(oracle, replica_set(1), *pods, faults=faults) for _ in range(20)]

    assert all(answer == answers[0] for answer in answers)
    assert [r["name"] for r in answers[0]["requests"] if r["verb"] == "delete"] == sorted(
        r["name"] for r in answers[0]["requests"] if r["verb"] == "delete"
    )


def test_informers_list_objects_in_the_order_of_the_request(oracle: Oracle) -> None:
    """Between pods that no rule tells apart, the order decides, which is random in a cluster."""
    one, other = pod("a"), pod("b")

    forth = asked(oracle, replica_set(1), one, other)
    back = asked(oracle, replica_set(1), other, one)

    assert told(forth)[0] == "delete pods a → applied"
    assert told(back)[0] == "delete pods b → applied"


# ---- adoption and release ---------------------------------------------------------------------


def test_an_orphan_is_adopted_after_a_live_look_at_the_owner(oracle: Oracle) -> None:
    answer = asked(oracle, replica_set(1), pod("a", owner=None))

    assert told(answer) == [
        "get replicasets web-1 → applied",
        "patch pods a → applied",
        REPORTED,
    ]
    assert answer["requests"][1]["body"] == {
        "metadata": {
            "uid": "pod-a",
            "ownerReferences": controlled_by("ReplicaSet", "web-1", "rs"),
        }
    }
    after = live(answer, "a")
    assert after is not None
    assert after["metadata"]["ownerReferences"] == controlled_by("ReplicaSet", "web-1", "rs")


def test_an_owner_that_was_made_anew_adopts_nothing(oracle: Oracle) -> None:
    reborn = replica_set(1)
    reborn["metadata"]["uid"] = "another"
    orphan = pod("a", owner=None)

    answer = asked(oracle, replica_set(1), orphan, live=[reborn, orphan])

    assert told(answer) == ["get replicasets web-1 → applied"]
    assert "original ReplicaSet default/web-1 is gone" in answer["error"]


def test_a_pod_that_was_made_anew_is_not_adopted(oracle: Oracle) -> None:
    """The patch names the UID of the cached pod: for another pod that is an invalid change."""
    reborn = pod("a", owner=None)
    reborn["metadata"]["uid"] = "another"

    answer = asked(oracle, replica_set(1), pod("a", owner=None), live=[replica_set(1), reborn])

    assert told(answer)[1] == "patch pods a → invalid"
    assert answer["key"]["result"] == "rate-limited"


def test_a_pod_that_does_not_match_any_more_is_released(oracle: Oracle) -> None:
    answer = asked(oracle, replica_set(0), pod("a", labels={"app": "debugged"}))

    assert told(answer)[0] == "patch pods a → applied"
    after = live(answer, "a")
    assert after is not None
    assert "ownerReferences" not in after["metadata"]


def test_a_deployment_adopts_an_orphaned_revision(oracle: Oracle) -> None:
    answer = asked(oracle, deployment(1), revision("h1", 1, owner=None))

    assert told(answer)[:2] == [
        "get deployments web → applied",
        "patch replicasets web-h1 → applied",
    ]


# ---- memory, clock and queue ------------------------------------------------------------------


@pytest.mark.parametrize(("age", "created"), [(0, 0), (300, 0), (301, 1)])
def test_expectations_hold_for_five_minutes(oracle: Oracle, age: int, created: int) -> None:
    memory = {"expectations": {"add": 1, "del": 0, "age": age, "uids": []}}

    answer = asked(oracle, replica_set(1), memory=memory)

    assert told(answer).count(CREATED) == created
    assert answer["memory"]["expectations"]["age"] == (0 if created else age)


def test_expected_deletions_are_told_by_key(oracle: Oracle) -> None:
    answer = asked(oracle, replica_set(0), pod("a"), pod("b"))

    assert answer["memory"]["expectations"] == {
        "add": 0,
        "del": 2,
        "age": 0,
        "uids": ["default/a", "default/b"],
    }


def test_remembered_deletions_are_given_back(oracle: Oracle) -> None:
    memory = {"expectations": {"add": 0, "del": 1, "age": 10, "uids": ["default/a"]}}

    answer = asked(oracle, replica_set(0), pod("a"), memory=memory)

    assert told(answer) == [REPORTED]
    assert answer["memory"]["expectations"] == memory["expectations"]


def test_nothing_is_remembered_of_the_request_before(oracle: Oracle) -> None:
    with_memory = {"expectations": {"add": 1, "del": 0, "age": 1, "uids": []}, "requeues": 3}
    asked(oracle, replica_set(1), memory=with_memory, faults=[fault("create", "pods", "failed")])

    answer = asked(oracle, replica_set(0), gates={"StaleControllerConsistencyReplicaSet": False})

    assert answer["memory"] == {"expectations": None, "requeues": 0, "written": {}}


def test_a_replica_set_waits_until_its_informers_have_seen_its_own_writes(oracle: Oracle) -> None:
    memory = {"written": {"pods": "12"}}

    waiting = asked(oracle, replica_set(1), pod("a", version=11), memory=memory)
    seeing = asked(oracle, replica_set(1), pod("a", version=11), memory=memory, seen={"pods": "12"})

    assert waiting["requests"] == []
    assert waiting["key"]["result"] == "rate-limited"
    assert waiting["memory"]["written"] == {"pods": "12", "uid": "rs"}
    assert told(seeing) == [REPORTED]


def test_a_replica_set_remembers_the_pods_and_the_status_that_it_wrote(oracle: Oracle) -> None:
    answer = asked(oracle, replica_set(1))

    assert answer["memory"]["written"] == {"uid": "rs", "pods": "11", "replicasets": "12"}


def test_feature_gates_hold_for_one_request(oracle: Oracle) -> None:
    off = {"DeploymentReplicaSetTerminatingReplicas": False}

    without = asked(oracle, replica_set(0, {"replicas": 1}), gates=off)
    default = asked(oracle, replica_set(0, {"replicas": 1}))

    assert "terminatingReplicas" not in last_status(without)
    assert last_status(default)["terminatingReplicas"] == 0


def test_the_clock_stands_still_at_the_time_of_the_request(oracle: Oracle) -> None:
    """Available after 5 s of readiness, to the second; and the next look is planned exactly."""
    at_limit = pod("a", ready_since="2026-01-01T00:09:55Z")
    before = pod("b", ready_since="2026-01-01T00:09:56Z")

    answer = asked(oracle, replica_set(2, minReadySeconds=5), at_limit, before)

    assert last_status(answer)["readyReplicas"] == 2
    assert last_status(answer)["availableReplicas"] == 1
    assert answer["key"] == {"result": "forgotten", "after": 1, "calls": ["add-after", "forget"]}


def test_a_deployment_looks_again_one_second_after_its_deadline(oracle: Oracle) -> None:
    """Its progress is of 00:10:00 and its deadline 10 min: at 00:13:00, 7 min and 1 s are left."""
    waiting = revision("h1", 1, available=0)
    web: Json | None = deployment(1)
    while web and (answer := asked(oracle, web, waiting))["requests"]:
        web = live(answer, "web")
    assert web is not None

    answer = asked(oracle, web, waiting, now="2026-01-01T00:13:00Z")

    assert answer["requests"] == []
    assert answer["key"] == {"result": "forgotten", "after": 421, "calls": ["add-after", "forget"]}


@pytest.mark.parametrize(("requeues", "result"), [(14, "rate-limited"), (15, "dropped")])
def test_a_deployment_is_dropped_after_fifteen_retries(
    oracle: Oracle, requeues: int, result: str
) -> None:
    answer = asked(
        oracle,
        deployment(1),
        faults=[fault("create", "replicasets", "failed")],
        memory={"requeues": requeues},
    )

    assert answer["key"]["result"] == result
    assert answer["memory"]["requeues"] == (0 if result == "dropped" else requeues + 1)


def test_a_replica_set_is_never_dropped(oracle: Oracle) -> None:
    answer = asked(
        oracle,
        replica_set(1),
        faults=[fault("create", "pods", "failed")],
        memory={"requeues": 1000},
    )

    assert answer["key"]["result"] == "rate-limited"


def test_a_key_without_an_object_is_forgotten(oracle: Oracle) -> None:
    answer = asked(oracle, replica_set(1), cache=[], memory={"requeues": 2})

    assert answer["requests"] == []
    assert answer["key"]["result"] == "forgotten"


# ---- what informers tell ----------------------------------------------------------------------


EXPECTING = {"expectations": {"add": 1, "del": 1, "age": 0, "uids": ["default/a"]}}


def notice(how: str, new: Json, old: Json | None = None) -> Json:
    return {"how": how, "object": new, **({"old": old} if old else {})}


@pytest.mark.parametrize(
    ("told_of", "left"),
    [
        (notice("add", pod("b")), (0, 1)),
        (notice("delete", pod("a")), (1, 0)),
        (notice("tombstone", pod("a")), (1, 0)),
        (notice("delete", pod("b")), (1, 1)),
        (notice("add", pod("a", deletionTimestamp=NOW)), (1, 0)),
        (notice("update", pod("a", deletionTimestamp=NOW, version=12), pod("a")), (1, 0)),
        (notice("update", pod("a", ready_since=None, version=12), pod("a")), (1, 1)),
    ],
)
def test_a_notice_of_a_pod_lowers_expectations_and_wakes_its_owner(
    oracle: Oracle, told_of: Json, left: tuple[int, int]
) -> None:
    answer = asked(oracle, replica_set(1), notice=told_of, memory=EXPECTING)

    expectations = answer["memory"]["expectations"]
    assert (expectations["add"], expectations["del"]) == left
    assert answer["key"] == {"result": "notified", "after": None, "calls": ["add"]}
    assert answer["requests"] == []


def test_a_periodic_resync_wakes_nobody(oracle: Oracle) -> None:
    answer = asked(oracle, replica_set(1), notice=notice("update", pod("a"), pod("a")))

    assert answer["key"]["calls"] == []


def test_a_pod_that_gets_ready_is_looked_at_again_when_it_is_available(oracle: Oracle) -> None:
    ready, unready = pod("a", version=12), pod("a", ready_since=None)

    answer = asked(
        oracle, replica_set(1, minReadySeconds=30), notice=notice("update", ready, unready)
    )

    assert answer["key"] == {"result": "notified", "after": 30, "calls": ["add", "add-after"]}


def test_a_deleted_replica_set_takes_its_memory_along(oracle: Oracle) -> None:
    memory = {**EXPECTING, "written": {"pods": "12", "uid": "rs"}}
    gone = notice("delete", replica_set(1))

    answer = asked(oracle, replica_set(1), cache=[], notice=gone, memory=memory)

    assert answer["memory"] == {"expectations": None, "requeues": 0, "written": {}}
    assert answer["key"]["calls"] == ["add"]


def test_a_revision_wakes_its_deployment_by_its_key(oracle: Oracle) -> None:
    answer = asked(oracle, deployment(1), key="default/x", notice=notice("add", revision("h1", 1)))

    assert answer["key"]["calls"] == ["add default/web"]


def test_the_last_pod_wakes_a_recreated_deployment_after_a_live_list(oracle: Oracle) -> None:
    web = deployment(1, strategy={"type": "Recreate"})
    old = revision("h1", 0)
    last = pod("a")
    last["metadata"]["ownerReferences"] = controlled_by("ReplicaSet", "web-h1", "rs-h1")
    other = pod("b")
    other["metadata"]["ownerReferences"] = last["metadata"]["ownerReferences"]

    gone = asked(oracle, web, old, notice=notice("delete", last))
    not_yet = asked(oracle, web, old, other, notice=notice("delete", last))

    assert told(gone) == told(not_yet) == ["list replicasets → applied"]
    assert gone["key"]["calls"] == ["add"]
    assert not_yet["key"]["calls"] == []


# ---- the Deployment controller ----------------------------------------------------------------


def test_a_new_deployment_creates_its_revision_and_its_second_report_conflicts(
    oracle: Oracle,
) -> None:
    answer = asked(oracle, deployment(3))

    verbs = [(r["verb"], r["resource"], r["answer"]) for r in answer["requests"]]
    assert verbs == [
        ("create", "replicasets", "applied"),
        ("update-status", "deployments", "applied"),
        ("update-status", "deployments", "conflict"),
    ]
    name = answer["requests"][0]["name"]
    assert answer["events"] == [
        f"Normal ScalingReplicaSet Scaled up replica set {name} from 0 to 3"
    ]


def test_a_stale_cache_makes_a_revision_already_exist(oracle: Oracle) -> None:
    first = asked(oracle, deployment(1))
    web, created = first["live"]

    answer = asked(oracle, deployment(1), live=[web, created])

    assert answer["requests"][0]["answer"] == "already exists"
    assert "not found" in answer["error"], "it looks the owner up in its cache, which has none"


def test_a_revision_of_another_owner_counts_as_a_collision_of_hashes(oracle: Oracle) -> None:
    first = asked(oracle, deployment(1))
    _, created = first["live"]
    foreign = {**created, "metadata": {**created["metadata"]}}
    foreign["metadata"]["ownerReferences"] = controlled_by("Deployment", "other", "other")

    answer = asked(oracle, deployment(1), foreign)

    assert answer["requests"][0]["answer"] == "already exists"
    assert last_status(answer) == {"collisionCount": 1}
    assert answer["key"]["result"] == "rate-limited"


# ---- what is refused --------------------------------------------------------------------------


def broken(**changes: Any) -> Json:
    rs = replica_set(1)
    for path, value in changes.items():
        target = rs
        *parents, last = path.split("__")
        for parent in parents:
            target = target[parent]
        if value is None:
            del target[last]
        else:
            target[last] = value
    return rs


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        (
            {"spec__replicas": -1},
            "spec.replicas: Invalid value: -1: must be greater than or equal to 0",
        ),
        ({"spec__replicas": "3"}, "json: cannot unmarshal string into Go struct field"),
        ({"spec__replica": 1}, 'unknown field "spec.replica"'),
        (
            {"spec__selector": {"matchLabels": {"app": "x"}}},
            "spec.template.metadata.labels: Invalid value",
        ),
        (
            {"status__readyReplicas": 4},
            "status.readyReplicas: Invalid value: 4: cannot be greater than status.replicas",
        ),
        ({"metadata__name": "Web_1"}, "metadata.name: Invalid value"),
        ({"metadata__uid": None}, "metadata.uid: Required value"),
        ({"metadata__creationTimestamp": None}, "metadata.creationTimestamp: Required value"),
        ({"metadata__resourceVersion": "007"}, "metadata.resourceVersion: Invalid value"),
        ({"metadata__deletionTimestamp": NOW}, "metadata.finalizers: Required value"),
        ({"spec__template__spec__containers": []}, "spec.template.spec.containers: Required value"),
        ({"apiVersion": "apps/v1beta1"}, 'apiVersion "apps/v1beta1" has no kind "ReplicaSet"'),
    ],
)
def test_what_no_api_server_holds_never_reaches_a_controller(
    oracle: Oracle, changes: Json, reason: str
) -> None:
    rs = broken(**changes)
    request = {"controller": "replicaset", "key": "default/web-1", "now": NOW, "cache": [rs]}

    [in_cache] = oracle.ask([request])
    [alive] = oracle.ask([{**request, "cache": [], "live": [rs]}])

    assert set(in_cache) == {"id", "refused"}
    assert in_cache == alive
    assert reason in in_cache["refused"]
    assert "\n" not in in_cache["refused"]


def test_both_bounds_of_a_rollout_at_zero_are_refused(oracle: Oracle) -> None:
    bounds = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0, "maxUnavailable": 0}}

    answer = asked(oracle, deployment(1, strategy=bounds))

    assert answer["refused"].startswith(
        "Deployment default/web: spec.strategy.rollingUpdate.maxUnavailable: Invalid value"
    )


def test_defaults_are_applied_before_anything_else(oracle: Oracle) -> None:
    answer = asked(oracle, deployment(4, paused=True))

    after = live(answer, "web")
    assert after is not None
    assert after["spec"]["strategy"]["rollingUpdate"] == {
        "maxUnavailable": "25%",
        "maxSurge": "25%",
    }
    assert after["spec"]["progressDeadlineSeconds"] == 600


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"controller": "daemonset"}, "controller: no such controller"),
        ({"now": "yesterday"}, "now: parsing time"),
        ({"now": "2026-01-01T00:00:00.5Z"}, "must be in whole seconds"),
        ({"now": "1999-12-31T23:59:59Z"}, "must be after 2000-01-01"),
        ({"clock": NOW}, 'unknown field "clock"'),
        ({"gates": {"NoSuchGate": True}}, "has no feature gate NoSuchGate"),
        ({"faults": [fault("delete", "nodes", "failed")]}, "faults[0]: no such fault"),
        ({"faults": [fault("delete", "pods", "slow")]}, "faults[0]: no such fault"),
        ({"faults": [fault("delete", "pods", "failed", -1)]}, "faults[0]: no such fault"),
        ({"seen": {"nodes": "3"}}, "seen: no such resource"),
        ({"seen": {"pods": "x"}}, "must be a positive integer"),
        ({"memory": {"requeues": -1}}, "memory.requeues: must not be negative"),
        ({"memory": {"written": {"nodes": "1"}}}, "memory.written: no such resource"),
        ({"cache": [replica_set(1)] * 2}, "cache: two replicasets are called default/web-1"),
        ({"live": [replica_set(1)] * 2}, "live: two replicasets are called default/web-1"),
        ({"notice": notice("modify", pod("a"))}, "notice.how: must be one of"),
        ({"notice": notice("add", deployment(1))}, "no informer for deployments"),
        ({"notice": notice("update", pod("a"), replica_set(1))}, "of two kinds"),
        ({"helper": "MaxSurge"}, "controller and helper exclude each other"),
        ({"controller": "", "helper": "Shrug"}, "helper: no such helper"),
    ],
)
def test_a_request_that_makes_no_sense_is_an_error_of_its_own(
    oracle: Oracle, changes: Json, reason: str
) -> None:
    answer = asked(oracle, replica_set(1), **changes)

    assert set(answer) == {"id", "error-in-request"}
    assert reason in answer["error-in-request"]


def test_after_a_bad_request_the_next_is_answered(oracle: Oracle) -> None:
    good = {
        "controller": "replicaset",
        "key": "default/web-1",
        "now": NOW,
        "cache": [replica_set(0)],
        "live": [replica_set(0)],
    }

    before, _, _, after = oracle.ask([good, {"cache": 3}, {**good, "cache": [{}]}, good])

    assert {**before, "id": 0} == {**after, "id": 0}


def test_a_panic_of_a_controller_is_told_and_is_no_answer(oracle: Oracle) -> None:
    """
    A bug upstream: reportSortingDeletionAgeRatioMetric divides by the age of the youngest ready
    pod in whole milliseconds.
    """
    young = pod("a")
    young["metadata"]["creationTimestamp"] = NOW

    answer = asked(oracle, replica_set(1), young, pod("b"))

    assert set(answer) == {"id", "panic"}
    assert "integer divide by zero" in answer["panic"]
    assert told(asked(oracle, replica_set(0), pod("b")))[0] == "delete pods b → applied"


# ---- helpers ----------------------------------------------------------------------------------


def helped(oracle: Oracle, name: str, now: str = NOW, **args: Any) -> Any:
    [answer] = oracle.ask([{"helper": name, "now": now, "args": args}])
    assert answer["error"] is None, answer
    return answer["result"]


@pytest.mark.parametrize(
    ("value", "total", "up", "expected"),
    [(3, 10, True, 3), ("25%", 10, True, 3), ("25%", 10, False, 2), ("150%", 2, False, 3)],
)
def test_percentages_are_resolved(
    oracle: Oracle, value: int | str, total: int, up: bool, expected: int
) -> None:
    answer = helped(oracle, "GetScaledValueFromIntOrPercent", value=value, total=total, roundUp=up)

    assert answer == expected


def test_an_error_of_a_helper_is_its_answer(oracle: Oracle) -> None:
    args = {"value": "many", "total": 1}
    [answer] = oracle.ask([{"helper": "GetScaledValueFromIntOrPercent", "args": args}])

    assert answer["result"] is None
    assert "invalid value for IntOrString" in answer["error"]


@pytest.mark.parametrize(
    ("surge", "unavailable", "desired", "expected"),
    [("0%", "0%", 0, [0, 1]), ("39%", "39%", 10, [4, 3]), (None, None, 10, [0, 1])],
)
def test_fenceposts_are_resolved(
    oracle: Oracle, surge: str | None, unavailable: str | None, desired: int, expected: list[int]
) -> None:
    bounds: Json = {"maxSurge": surge, "maxUnavailable": unavailable}

    assert helped(oracle, "ResolveFenceposts", desired=desired, **bounds) == expected


def test_a_proportion_overflows_32_bits(oracle: Oracle) -> None:
    """Upstream multiplies sizes as int32: 65,536 x 65,537 is 65,536 there, and pods are removed."""
    strategy = {"rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}
    web = deployment(65_536, strategy=strategy)
    rs = revision("h1", 65_536, desired=32_767)
    rs["metadata"]["annotations"]["deployment.kubernetes.io/max-replicas"] = "32768"

    share = helped(
        oracle, "GetReplicaSetProportion", deployment=web, replicaSet=rs, toAdd=10, added=0
    )

    assert share == 2 - 65_536


def test_room_for_new_pods_is_what_the_surge_leaves(oracle: Oracle) -> None:
    web = deployment(10, strategy={"rollingUpdate": {"maxSurge": 2, "maxUnavailable": 0}})
    old, new = revision("h0", 8), revision("h1", 2)

    room = helped(
        oracle, "NewRSNewReplicas", deployment=web, replicaSet=new, replicaSets=[old, new]
    )

    assert room == 4


def test_pods_are_ranked_by_the_first_rule_that_tells_them_apart(oracle: Oracle) -> None:
    costly = pod("costly", annotations={"controller.kubernetes.io/pod-deletion-cost": "10"})
    crowded, alone = pod("crowded"), pod("alone")
    pods = [alone, costly, crowded, pod("unready", ready_since=None), pod("unplaced", node=None)]

    ranked = helped(oracle, "ActivePodsWithRanks", pods=pods, ranks=[1, 1, 2, 1, 0])

    assert ranked == ["unplaced", "unready", "crowded", "alone", "costly"]


def test_pods_to_delete_are_ranked_by_the_company_on_their_node(oracle: Oracle) -> None:
    pods = [pod("a", node="quiet"), pod("b", node="busy")]
    related = [*pods, pod("c", node="busy")]

    assert helped(oracle, "getPodsToDelete", pods=pods, related=related, count=1) == ["b"]


def test_a_helper_that_lacks_an_object_says_so(oracle: Oracle) -> None:
    [answer] = oracle.ask([{"helper": "MaxSurge", "args": {}}])

    assert answer["error-in-request"] == "args: MaxSurge needs an object that is not there"


# ---- the client -------------------------------------------------------------------------------


def program(folder: Path, body: str) -> Path:
    """A stand-in for the oracle: `body` sees each line as `line` and its place as `number`."""
    path = folder / "oracle"
    path.write_text(
        f"#!{sys.executable}\nimport sys, time\nfor number, line in enumerate(sys.stdin):\n"
        + textwrap.indent(body, "    ")
    )
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


ANSWER = """print('{"id": %d}' % number, flush=True)"""


def test_a_crash_is_told_with_its_request_and_the_answers_before_it(tmp_path: Path) -> None:
    crashing = program(tmp_path, f"if 'bad' in line: sys.exit('it hurts')\n{ANSWER}")

    with Oracle(crashing) as oracle, pytest.raises(OracleCrashed, match="it hurts") as caught:
        oracle.ask([{"key": "good"}, {"key": "bad"}, {"key": "good"}])

    assert caught.value.request == {"key": "bad"}
    assert caught.value.answers == [{"id": 0}]


def test_after_a_crash_the_next_batch_is_answered(tmp_path: Path) -> None:
    crashing = program(tmp_path, f"if 'bad' in line: sys.exit('it hurts')\n{ANSWER}")

    with Oracle(crashing) as oracle:
        with pytest.raises(OracleCrashed):
            oracle.ask([{"key": "bad"}])
        assert oracle.ask([{"key": "good"}]) == [{"id": 0}]


@pytest.mark.parametrize("garbage", ["no JSON", '{"id": 7}', "[]", ""])
def test_a_line_that_is_not_the_answer_is_a_crash(tmp_path: Path, garbage: str) -> None:
    babbling = program(tmp_path, f"print({garbage!r}, flush=True)")

    with Oracle(babbling) as oracle, pytest.raises(OracleCrashed, match="wrote no answer"):
        oracle.ask([{"key": "x"}])


def test_silence_is_a_crash(tmp_path: Path) -> None:
    silent = program(tmp_path, "time.sleep(60)")

    with (
        Oracle(silent, patience=0.2) as oracle,
        pytest.raises(OracleCrashed, match=r"within 0\.2 s"),
    ):
        oracle.ask([{"key": "x"}])


def test_a_batch_larger_than_the_pipes_passes(tmp_path: Path) -> None:
    echoing = program(
        tmp_path, """print('{"id": %d, "x": "%s"}' % (number, "y" * 1000), flush=True)"""
    )

    with Oracle(echoing) as oracle:
        answers = oracle.ask([{"key": "x" * 1000}] * 1000)

    assert [answer["id"] for answer in answers] == list(range(1000))


def test_without_the_program_the_error_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SEATRIAL_ORACLE", "/no/such/program")

    with pytest.raises(OracleMissing, match="SEATRIAL_ORACLE names no program"):
        find()
    with pytest.raises(OracleMissing, match=r"`make oracle VERSION=1\.0\.0`.*needs Go"):
        find("1.0.0")
