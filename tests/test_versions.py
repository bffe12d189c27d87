"""Releases of Kubernetes: which are known, and in what their controllers differ."""

import pytest
from attrs import evolve

import job_promises
from promises import case
from seatrial.core import DeclarationError, declare
from seatrial.engines.explore import explore
from seatrial.model import (
    api,
    controller,
    controller_utils,
    delivery,
    environment,
    informer,
    versions,
    workload,
)
from seatrial.model import pods as pod_classes

STORE = "StaleControllerConsistencyReplicaSet"
TERMINATING = "DeploymentReplicaSetTerminatingReplicas"


@pytest.mark.parametrize(
    ("version", "on"),
    [
        ("1.34.0", {TERMINATING: False}),
        ("1.34.5", {TERMINATING: False}),
        ("1.35.0", {TERMINATING: True}),
        ("1.35.4", {TERMINATING: True}),
        ("1.36.0", {STORE: True, TERMINATING: True}),
        ("1.36.3", {STORE: True, TERMINATING: True}),
        ("1.37.1", {STORE: True, TERMINATING: True}),
    ],
)
def test_a_release_has_these_gates_by_default(version: str, on: dict[str, bool]) -> None:
    """As kube_features.go of its tag says."""
    gates = dict(versions.known(version).gates)

    assert {name: is_on for name, is_on in gates.items() if name in versions.OF_DEPLOYMENTS} == on


@pytest.mark.parametrize(
    ("version", "store", "max_unavailable", "up_to_date"),
    [
        ("1.34.5", None, False, False),
        ("1.35.3", None, True, True),
        ("1.35.4", None, False, True),
        ("1.36.3", True, False, True),
        ("1.37.1", True, True, True),
    ],
)
def test_a_release_has_these_gates_for_stateful_sets(
    version: str, store: bool | None, max_unavailable: bool, up_to_date: bool
) -> None:
    """As kube_features.go and known_features.go of its tag say; WatchList is on since 1.34."""
    gates = dict(versions.known(version).gates)

    assert gates.get("StaleControllerConsistencyStatefulSet") == store
    assert gates["MaxUnavailableStatefulSet"] == max_unavailable
    assert (gates["WatchListClient"], gates["WatchList"]) == (up_to_date, True)


def test_the_job_controller_asks_two_gates_and_lists_as_two_others_say() -> None:
    """The two are on by default since 1.36, and not there before, or off."""
    for version in versions.READ_OF_JOBS:
        gates = dict(versions.known(version).gates)
        new = version >= "1.36"

        assert {name: gates.get(name, False) for name in versions.OF_JOBS} == {
            "StaleControllerConsistencyJob": new,
            "MutableSchedulingDirectivesForSuspendedJobs": new,
            "WatchListClient": version >= "1.35",
            "WatchList": True,
        }


def test_patches_in_which_the_job_controller_was_mended_are_told_apart() -> None:
    """Active pods during a back-off in 1.36.3, finalizers of pods without a Job in 1.37.1."""
    rules = {each: versions.known(each).rules for each in versions.READ_OF_JOBS}

    assert [each for each in rules if "job-active-zero-during-backoff" in rules[each]] == [
        "1.34.4",
        "1.34.5",
        "1.35.4",
        "1.36.0",
        "1.36.1",
        "1.36.2",
    ]
    assert [each for each in rules if "job-orphan-finalizer-not-retried" in rules[each]] == [
        "1.37.1"
    ]


def test_a_minor_version_is_its_newest_patch() -> None:
    """Of those that were read."""
    assert [versions.known(each).version for each in ("1.34", "1.35", "1.36", "1.37")] == [
        "1.34.5",
        "1.35.4",
        "1.36.3",
        "1.37.1",
    ]


@pytest.mark.parametrize("version", ["1.33", "1.36.99", "v1.36.3", "1", "", "1.36.3.0"])
def test_a_release_whose_code_was_not_read_is_refused(version: str) -> None:
    """With the list of those that are known."""
    with pytest.raises(DeclarationError, match=r"was not read; known: 1\.34\.0, .*, 1\.37\.1$"):
        versions.known(version)


def test_a_gate_that_a_release_does_not_have_is_off() -> None:
    """And cannot be set. Where there is no store, a stale cache is believed."""
    old = case(kubernetes="1.35.4").around

    assert not old.gate(STORE)
    with pytest.raises(DeclarationError, match="there is no gate"):
        environment.feature_gates([f"{STORE}=true"], "1.35.4")


@pytest.mark.parametrize(
    ("kubernetes", "woken"), [("1.34.5", False), ("1.36.3", False), ("1.37.0", True)]
)
def test_since_1_37_each_pod_that_goes_wakes_a_recreate_deployment(
    kubernetes: str, woken: bool
) -> None:
    """Before, only the last one does: here another is left. Go: deletePod"""
    going = pod_classes.Pod((pod_classes.TERMINATING, pod_classes.GONE))
    event = informer.Event(1, going.trail, informer.Change.VERSION)
    pods = pod_classes.settled(api.PodKind(), 1).add(going)
    rules = case(kubernetes=kubernetes).around.rules

    (done,) = delivery.deliver_pod_for_recreate(
        pods,
        (event,),
        controller.Key(),
        True,
        controller_utils.Expectations(),
        controller.Key(),
        True,
        declare.Members({1: 0}, [2]),
        1,
        0,
        rules,
    )

    assert ("deployment_key" in done.writes) is woken


def test_a_status_of_1_34_does_not_count_terminating_pods() -> None:
    """The fields are not there, and a rollout reaches fewer states."""
    counts, fields = [], []
    for kubernetes in ("1.34.5", "1.36.3"):
        of = case(kubernetes=kubernetes)
        system = workload.compose("small", of.spec, of.around)
        (start,) = system.initial
        deployment = start["deployment"]
        assert isinstance(deployment, api.Deployment)
        fields.append(deployment.status.terminating_replicas)
        counts.append(explore(system, []).exploration.states)
        assert system.assumptions[0].startswith(f"Kubernetes {kubernetes}; feature gates ")

    assert fields == [None, 0]
    assert counts[0] < counts[1] == 157


@pytest.mark.heavy
@pytest.mark.parametrize(
    ("version", "status"), [("1.34.5", "violated"), ("1.36.2", "violated"), ("1.36.3", "holds")]
)
def test_what_a_bug_of_a_release_breaks_is_violated_there(version: str, status: str) -> None:
    """The promise applies, and the release does not keep it; the page on known bugs says so."""
    of = job_promises.case(
        faults="container-exit", level="interleaved", parallelism=2, completions=2
    )
    around = evolve(of.around, kubernetes=version)
    gates = versions.known(version).gates
    of = evolve(of, around=evolve(around, gates=gates))

    found = {each.property.id: each.status for each in job_promises.searched(of).verdicts}

    (broken,) = job_promises.DEFECTS.values()
    assert {found[each] for each in broken} == {status}
