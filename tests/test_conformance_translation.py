"""The translation between the model and the API: what it keeps, and what it leaves to chance."""

import json
from typing import Any

import pytest
from attrs import evolve
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conformance import codec, strategies
from conformance.law import Divergence, check
from seatrial.core import Population
from seatrial.model import api, controller, controller_utils, informer, pods
from seatrial.oracle import cases, clusters, objects, outcomes, results

pytestmark = pytest.mark.heavy
any_case = st.one_of(strategies.arbitrary_replica_sets(), strategies.arbitrary_deployments())
few = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
METADATA = {"uid": objects.deployment_uid(0), "resourceVersion": "7", "generation": 3}
READY = api.PodKind("Running", ready=True, available=True)


def replica_set_case(replicas: int, *trails: Any, **values: Any) -> cases.Case:
    """A sync of a ReplicaSet of that size with one pod of each of these trails, reporting none."""
    status = api.ReplicaSetStatus(terminating_replicas=0)
    rs = api.ReplicaSet(1, 1, replicas, revision=1, status=status)
    found = {
        "replica_set[1]": rs,
        "replica_set_cache[1]": rs,
        "pods[1]": Population((pods.Pod(trail), 1) for trail in trails),
    }
    return cases.of_state(cases.Setting(), "replicaset", 1, found | values)


# ---- there and back ---------------------------------------------------------------------------


@few
@given(strategies.arbitrary_deployments())
def test_a_deployment_is_read_back_as_it_was_written(case: cases.Case) -> None:
    for of in (case.value("deployment"), case.value("deployment_cache")):
        if of is not None:
            metadata = {**METADATA, "uid": objects.deployment_uid(of.uid)}
            written = objects.deployment_object(of, metadata, dated=5)
            assert objects.read_deployment(written) == of


@few
@given(strategies.arbitrary_replica_sets(), st.booleans())
def test_a_replica_set_is_read_back_but_for_its_rank(case: cases.Case, garbled: bool) -> None:
    """An annotation that is no number is as good as none."""
    for rs in (case.value("replica_set", 1), case.value("replica_set_cache", 1)):
        if rs is not None:
            written = objects.replica_set_object(rs, METADATA, garbled)
            assert objects.read_replica_set(written) == outcomes.plain_replica_set(rs)


@few
@given(any_case)
def test_a_case_is_the_same_after_it_was_recorded(case: cases.Case) -> None:
    assert codec.decoded(json.loads(json.dumps(codec.encoded(case)))) == case


# ---- clusters ---------------------------------------------------------------------------------


@few
@given(any_case, st.integers(0, 1000))
def test_a_number_makes_the_same_cluster_each_time(case: cases.Case, number: int) -> None:
    assert clusters.concrete(case, number) == clusters.concrete(case, number)


def test_clusters_of_one_case_differ_in_what_the_model_does_not_hold() -> None:
    case = replica_set_case(1, (READY,), (api.PodKind("Running"),))
    made = [clusters.concrete(case, number).request for number in range(8)]

    def of_pods(read: Any) -> set[Any]:
        return {
            tuple(read(each) for each in request["cache"] if each["kind"] == "Pod")
            for request in made
        }

    assert len(of_pods(lambda pod: pod["metadata"]["name"])) == 8
    assert len(of_pods(lambda pod: pod["spec"]["nodeName"])) > 1
    assert len(of_pods(lambda pod: pod["metadata"]["creationTimestamp"])) > 1
    assert len(of_pods(lambda pod: pod["status"]["conditions"][0]["status"])) == 2


def test_an_object_that_the_cache_shows_late_has_an_older_version_and_generation() -> None:
    case = replica_set_case(2)
    live = evolve(case.value("replica_set", 1), replicas=5)
    event = informer.Event(1, live, informer.Change.GENERATION)
    case = replica_set_case(2, **{"replica_set[1]": live, "replica_set_queue": (event,)})

    request = clusters.concrete(case, 1).request
    (cached,) = [each for each in request["cache"] if each["kind"] == "ReplicaSet"]
    (so,) = [each for each in request["live"] if each["kind"] == "ReplicaSet"]

    assert (cached["spec"]["replicas"], so["spec"]["replicas"]) == (2, 5)
    assert cached["metadata"]["uid"] == so["metadata"]["uid"]
    assert so["metadata"]["generation"] == cached["metadata"]["generation"] + 1
    assert int(so["metadata"]["resourceVersion"]) > int(cached["metadata"]["resourceVersion"])


def test_a_pod_that_was_created_and_not_seen_is_known_to_the_consistency_store() -> None:
    event = informer.Event(1, (None, pods.CREATED), informer.Change.IDENTITY, own=True)
    case = replica_set_case(1, (None, pods.CREATED), pod_queue=(event,))

    request = clusters.concrete(case, 1).request

    assert int(request["memory"]["written"]["pods"]) > int(request["seen"]["pods"])


# ---- the model's side -------------------------------------------------------------------------


def test_each_choice_between_pods_that_look_alike_is_an_outcome() -> None:
    """One of the two is gone already, which the cache does not show."""
    case = replica_set_case(1, (READY,), (READY, None))

    answers = {
        each.answer
        for outcome in outcomes.outcomes(case)
        for each in outcome.requests
        if each.verb == "delete"
    }

    assert answers == {"applied", "not found"}


def test_a_sync_goes_on_to_its_end_without_anybody_else() -> None:
    """Three pods are missing: all are created, and none of them has been seen."""
    (outcome,) = outcomes.outcomes(replica_set_case(3))

    assert [(each.verb, each.count) for each in outcome.requests] == [("create", 3)]
    assert outcome.expectations == controller_utils.Expectations(add=3)
    assert outcome.pods == Population({pods.Pod((None, pods.CREATED)): 3})
    assert outcome.key == controller.Key()


def test_a_sync_waits_for_its_own_writes_to_be_seen() -> None:
    event = informer.Event(1, (None, pods.CREATED), informer.Change.IDENTITY, own=True)
    case = replica_set_case(1, (None, pods.CREATED), pod_queue=(event,))

    (outcome,) = outcomes.outcomes(case)

    assert outcome.waits
    assert not outcome.requests


def test_the_faults_of_an_outcome_name_the_requests_that_go_wrong() -> None:
    """Of three pods the first is created, then two are tried at once, of which one fails."""
    case = cases.with_faults(replica_set_case(3), failures=1, unknowns=0)

    planned = [clusters.faults_of(outcome) for outcome in outcomes.outcomes(case)]

    nth = {"verb": "create", "resource": "pods", "how": "failed"}
    status = {"verb": "update-status", "resource": "replicasets", "nth": 1, "how": "failed"}
    assert [] in planned
    assert [{**nth, "nth": 1}] in planned
    assert [{**nth, "nth": 3}] in planned
    assert [{**nth, "nth": 2}] not in planned
    assert [status] not in planned, "nothing about the status changes"


def test_requests_for_pods_side_by_side_are_counted_by_answer() -> None:
    created = outcomes.Request("create", "Pod", 1, None, "applied")
    failed = evolve(created, answer="failed")
    status = outcomes.Request("update status", "ReplicaSet", 1, None, "applied")

    assert outcomes.merged((failed, created, created, status, created)) == (
        evolve(created, count=2),
        failed,
        status,
        created,
    )


# ---- the law ----------------------------------------------------------------------------------


def answer_of(case: cases.Case, **changes: Any) -> dict[str, Any]:
    """What an oracle answers that does nothing at all."""
    request = clusters.concrete(case, 1).request
    return {
        "requests": [],
        "live": request["live"],
        "key": {"result": "forgotten", "after": None, "calls": ["forget"]},
        "memory": {"expectations": None},
        "events": [],
        "error": None,
    } | changes


def settled_case() -> cases.Case:
    """A ReplicaSet that has what it wants."""
    status = api.ReplicaSetStatus(1, 1, 1, 1, 0)
    rs = api.ReplicaSet(1, 1, 1, revision=1, status=status)
    return replica_set_case(1, (READY,), **{"replica_set[1]": rs, "replica_set_cache[1]": rs})


def test_nothing_to_do_is_an_outcome_where_there_is_nothing_to_do() -> None:
    case = settled_case()

    real = check(case, clusters.concrete(case, 1), answer_of(case), outcomes.outcomes(case))

    assert real in outcomes.outcomes(case)


def test_a_divergence_shows_both_sides_next_to_each_other() -> None:
    """The oracle is said to have left a pod out that the model creates."""
    case = replica_set_case(1)

    with pytest.raises(Divergence) as caught:
        check(case, clusters.concrete(case, 1), answer_of(case), outcomes.outcomes(case))

    text = str(caught.value)
    assert "replica_set[1] = ReplicaSet(template=1, created=1, status=" in text
    assert "expectations.add\n    real:  0\n    model: 1" in text
    assert "requests, real:\n  none\nrequests, model:\n  create Pod 1 x1: applied" in text


@pytest.mark.parametrize("trouble", ["panic", "refused", "error-in-request"])
def test_an_oracle_that_did_not_run_the_sync_never_agrees(trouble: str) -> None:
    case = settled_case()

    with pytest.raises(Divergence, match=f"did not run a sync: {trouble}: why"):
        check(case, clusters.concrete(case, 1), {trouble: "why"}, outcomes.outcomes(case))


def test_a_requeue_by_the_progress_check_counts_although_the_sync_did_not_fail() -> None:
    key = {"result": "forgotten", "after": None, "calls": ["add-rate-limited", "forget"]}
    soon = replica_set_case(0)
    late = replica_set_case(0, deadline="passed")

    keys = [
        results.real_outcome(case, clusters.concrete(case, 1), answer_of(case, key=key)).key
        for case in (soon, late)
    ]

    assert keys == [controller.Key(later=True), controller.Key(dirty=True)]
