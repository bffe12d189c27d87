"""
What the real controllers taught the model: states in which the two once parted, made small.

Each expects what Kubernetes v1.36.3 answered. docs/conformance.md tells how each was settled.
"""

from typing import Any

import pytest
from attrs import evolve

from seatrial.core import Population
from seatrial.model import api, deployment, informer, pods
from seatrial.oracle import cases, outcomes

pytestmark = pytest.mark.heavy
READY = api.PodKind("Running", ready=True, available=True)
NEVER = api.ReplicaSetStatus(observed_generation=api.Observed.NEVER)
GONE = informer.Event(1, None, informer.Change.IDENTITY)


def the_outcome(case: cases.Case) -> outcomes.Outcome:
    """The only way in which the sync may go."""
    (outcome,) = outcomes.outcomes(case)
    return outcome


def sent(outcome: outcomes.Outcome) -> list[tuple[str, str, str]]:
    """Verb, kind and answer of each request."""
    return [(each.verb, each.kind, each.answer) for each in outcome.requests]


# ---- ReplicaSets ------------------------------------------------------------------------------


def of_replica_set(replicas: int, gates: cases.Setting, **values: Any) -> cases.Case:
    """A sync of a ReplicaSet of that size that the cache shows, and that is so."""
    status = api.ReplicaSetStatus(terminating_replicas=0)
    rs = api.ReplicaSet(1, 1, replicas, revision=1, status=status)
    found = {"replica_set[1]": rs, "replica_set_cache[1]": rs}
    return cases.of_state(gates, "replicaset", 1, found | values)


def test_a_replica_set_that_is_gone_still_sees_its_pods_while_the_cache_shows_it() -> None:
    """
    It creates none beside the one that there is. Its status cannot be written any more.

    Go: FilterPodsByOwner, which looks for the UID of the cached ReplicaSet
    """
    orphan: Population[pods.Pod] = Population({pods.Pod((READY,), orphaned=True): 1})
    gone = {"replica_set[1]": None, "replica_set_queue": (GONE,), "pods[1]": orphan}

    outcome = the_outcome(of_replica_set(1, cases.Setting(), **gone))

    assert sent(outcome) == [
        ("update status", "ReplicaSet", "conflict"),
        ("get", "ReplicaSet", "not found"),
    ]


def test_a_created_pod_that_was_not_seen_holds_up_the_next_sync() -> None:
    """With the consistency store only. Go: RealPodControl.OnWrite, EnsureReady"""
    unseen = (None, pods.CREATED)
    event = informer.Event(1, unseen, informer.Change.IDENTITY, own=True)
    values = {"pods[1]": Population({pods.Pod(unseen): 1}), "pod_queue": (event,)}
    off = cases.Setting(consistency_store=False)

    assert the_outcome(of_replica_set(1, cases.Setting(), **values)).waits
    assert not the_outcome(of_replica_set(1, off, **values)).waits


def test_a_status_that_is_there_already_tells_which_version_has_to_be_seen() -> None:
    """
    The answer to the first write is lost. The second one changes nothing, and is answered with the
    version that the first has made: that the cache has to show before the next sync.

    Go: updateReplicaSetStatus, WroteAt
    """
    case = cases.with_faults(of_replica_set(0, cases.Setting()), 0, 1)
    rs = evolve(case.value("replica_set", 1), status=NEVER)
    values = {"replica_set[1]": rs, "replica_set_cache[1]": rs, "pods[1]": Population[pods.Pod]()}
    case = cases.of_state(case.setting, "replicaset", 1, values)

    (lost,) = [
        each
        for each in outcomes.outcomes(evolve(case, unknowns=1))
        if [request.answer for request in each.requests] == ["lost", "applied", "applied"]
    ]

    assert lost.unseen == {"replicasets"}


# ---- Deployments ------------------------------------------------------------------------------


def of_deployment(spec: api.DeploymentSpec, gates: cases.Setting, **values: Any) -> cases.Case:
    """The first sync of a Deployment that has no ReplicaSet."""
    of = api.Deployment(spec)
    found = {"deployment": of, "deployment_cache": of}
    none = {"replica_set[1]": None, "replica_set_cache[1]": None}
    return cases.of_state(gates, "deployment", 0, found | none | values)


def last_status(outcome: outcomes.Outcome) -> api.DeploymentStatus:
    """What was last sent to the Deployment's status."""
    value = outcome.requests[-1].value
    assert isinstance(value, deployment.StatusWrite)
    return value.status


def test_a_replica_set_that_was_just_created_has_no_terminating_pods() -> None:
    """Its status was never written, so that it does not say so is no reason to say nothing."""
    spec = api.DeploymentSpec(1, 0, progress_deadline_seconds=api.MAX_INT32)

    outcome = the_outcome(of_deployment(spec, cases.Setting()))

    assert last_status(outcome).terminating_replicas == 0


def test_with_the_gate_off_a_deployment_never_counts_terminating_pods() -> None:
    """Not even where each of its ReplicaSets has the field from a time when the gate was on."""
    status = api.ReplicaSetStatus(terminating_replicas=0)
    rs = api.ReplicaSet(2, 2, 0, status=status)
    off = cases.Setting(terminating_replicas=False)
    values = {"replica_set[2]": rs, "replica_set_cache[2]": rs}

    outcome = the_outcome(of_deployment(api.DeploymentSpec(1, 0), off, **values))

    assert last_status(outcome).terminating_replicas is None
    assert evolve(last_status(outcome), conditions=()) == api.DeploymentStatus()


def test_a_status_that_says_so_already_is_written_when_a_replica_set_was_created() -> None:
    """As after the new ReplicaSet was deleted by hand. Go: getNewReplicaSet, needsUpdate"""
    condition = api.DeploymentCondition("Progressing", "True", "NewReplicaSetCreated")
    status = api.DeploymentStatus(conditions=(condition,))
    of = api.Deployment(api.DeploymentSpec(1, 0), status=status, revision=1)
    values = {"deployment": of, "deployment_cache": of}

    outcome = the_outcome(of_deployment(of.spec, cases.Setting(), **values))

    assert sent(outcome) == [
        ("create", "ReplicaSet", "applied"),
        ("update status", "Deployment", "applied"),
        ("update status", "Deployment", "applied"),
    ]


def test_a_rollout_that_begins_after_the_deadline_of_the_last_one_is_not_late_already() -> None:
    """The sync that creates the ReplicaSet dates the condition anew. Go: syncRolloutStatus"""
    condition = api.DeploymentCondition("Progressing", "True", "ReplicaSetUpdated")
    of = api.Deployment(api.DeploymentSpec(1, 1), api.DeploymentStatus(conditions=(condition,)))
    values = {"deployment": of, "deployment_cache": of, "deadline": "passed"}

    outcome = the_outcome(of_deployment(of.spec, cases.Setting(), **values))

    reasons = [each.reason for each in last_status(outcome).conditions]
    assert reasons == ["MinimumReplicasUnavailable", "NewReplicaSetCreated"]


def test_recreate_does_not_wait_for_pods_of_a_replica_set_that_it_may_not_adopt() -> None:
    """
    One without owner that is going away stays an orphan, and so do its pods.

    Go: getPodMapForDeployment, which knows the ReplicaSets that were claimed
    """
    orphan = api.ReplicaSet(2, 2, 0, status=NEVER, owner=None, deleting=True)
    running: Population[pods.Pod] = Population({pods.Pod((READY,)): 1})
    values = {"replica_set[2]": orphan, "replica_set_cache[2]": orphan, "pods[2]": running}
    spec = api.DeploymentSpec(1, 0, strategy=api.RECREATE)

    outcome = the_outcome(of_deployment(spec, cases.Setting(recreate=True), **values))

    assert sent(outcome)[0] == ("create", "ReplicaSet", "applied")
