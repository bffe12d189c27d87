"""Names of members: what DNS answers, what is promised of it, and which Service is read."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from seatrial.cli import main
from seatrial.model import api, names, parse_manifests, statefulset_api, statefulset_workload
from seatrial.properties import statefulset_names
from seatrial.properties import statefulset_promise as asked
from statefulsets import (
    BY_ID,
    FINE,
    KEPT,
    ON_DELETE,
    SCALED,
    WITHOUT_BLOCK,
    Case,
    broken,
    case,
    holds_as_expected,
    searched,
)

READY: dict[str, Any] = {"publishes": False}
ALL: dict[str, Any] = {"publishes": True}
APART: dict[str, Any] = {"apart_by": ("kubernetes.io/hostname",)}

pods = st.builds(
    statefulset_api.StatefulPod,
    revision=st.just(1),
    kind=st.builds(
        api.PodKind,
        phase=st.sampled_from(["Pending", "Running", "Failed", "Succeeded"]),
        ready=st.booleans(),
        terminating=st.booleans(),
    ),
    node=st.none() | st.integers(1, 2),
    uid=st.integers(1, 3),
)


@given(pods)
def test_whoever_is_found_without_publishing_is_found_with_it(
    pod: statefulset_api.StatefulPod,
) -> None:
    """And without it only who is ready, and not terminating."""
    plain, published = (names.answer_for(pod, publishes) for publishes in (False, True))

    assert plain in (published, names.NOBODY)
    if plain != names.NOBODY:
        assert pod.kind.ready
        assert not pod.kind.terminating
    if published != names.NOBODY:
        assert (published, pod.kind.phase) == (pod.uid, "Running")


# ---- promises ---------------------------------------------------------------------------------

CASES = (
    case(2, "set-image", "container-exit", **READY),
    case(2, "delete-pod", "unready", nodes=1, **ALL),
    case(1, "force-delete,delete-pod", **READY, **FINE),
    case(1, "set-image", "node-partition", **READY),
    case(1, "delete-pod", "stale-dns", **READY),
    case(1, "set-image", "never-ready", update_strategy=ON_DELETE, **ALL),
    case(1, "delete:foreground,apply", **READY),
    case(1, "delete:orphan,apply", **READY),
)


@pytest.mark.heavy
@pytest.mark.parametrize("of", CASES, ids=range(len(CASES)))
def test_every_promise_that_applies_has_the_verdict_that_it_expects(of: Case) -> None:
    holds_as_expected(of)


WHERE = (case(1, "delete-pod"),)
"""Where nothing is said of names: there is no Service."""

_STALE = case(1, "delete-pod", "stale-dns", **READY)
TWICE = case(1, "delete-claim@2,delete-pod", claims=KEPT, nodes=1, **READY, **FINE)
_FOUND = "seed-statefulset-dns-reaches-every-pod"
DROPPED: tuple[tuple[str, Any, Case], ...] = (
    ("name-leads-to-its-member", statefulset_names.NO_STALE_ANSWER, _STALE),
    ("name-leads-to-what-runs", statefulset_names.NO_STALE_ANSWER, _STALE),
    ("statefulset-headless-dns-ready-only", statefulset_names.NO_STALE_ANSWER, _STALE),
    ("name-leads-to-what-runs", statefulset_names.NOT_PUBLISHED, case(1, "delete-pod", **ALL)),
    (
        "statefulset-headless-dns-ready-only",
        statefulset_names.NOT_PUBLISHED,
        case(1, "delete-pod", **ALL),
    ),
    (
        "name-leads-to-what-runs",
        statefulset_names.ENDS_REPORTED,
        case(1, "none", "container-exit", **READY),
    ),
    (
        "name-leads-to-what-runs",
        statefulset_names.NO_MACHINE_STOPS,
        case(1, "none", "node-crash", **READY),
    ),
    (_FOUND, asked.HEALTHY, case(1, "none", "node-partition", **READY)),
    (_FOUND, asked.NO_CLAIM_DELETED, TWICE),
    (_FOUND, asked.CLAIMS_WAIT, case(1, "scale:0,scale:1", claims=SCALED, **READY)),
    (
        _FOUND,
        asked.LOOKED_AT_AGAIN,
        case(
            4,
            "scale:2,delete-pod",
            "unready",
            kubernetes="1.34.4",
            min_ready_seconds=5,
            nodes=1,
            **READY,
        ),
    ),
    (_FOUND, statefulset_names.SERVICE, case(1)),
    (_FOUND, asked.PLACED, case(2, nodes=1, **READY, **APART)),
    (
        _FOUND,
        asked.BLOCK_OR_ORDERED,
        case(2, "set-image,delete-pod", parallel=True, update_strategy=WITHOUT_BLOCK, **READY),
    ),
)


@pytest.mark.heavy
@pytest.mark.parametrize(("name", "dropped", "of"), DROPPED)
def test_a_promise_is_broken_where_a_precondition_is_dropped(
    name: str, dropped: Any, of: Case
) -> None:
    assert broken(name, dropped.words, of).because


@pytest.mark.heavy
def test_a_name_may_lead_to_the_former_pod_for_a_while() -> None:
    """Its address is kept, it is deleted, stopped, and gone. Pins the model."""
    verdict = broken("name-leads-to-its-member", statefulset_names.NO_STALE_ANSWER.words, _STALE)

    assert verdict.trace is not None
    assert verdict.trace.length == 4


def test_a_service_alone_adds_no_states() -> None:
    """What DNS answers follows the pods; only an answer that is kept is something of its own."""
    plain, named = case(2, "set-image"), case(2, "set-image", **READY)

    assert searched(plain).exploration.states == searched(named).exploration.states
    around = case(1, "none", "stale-dns").around
    assert statefulset_workload.keeps_answers(named.spec, around)
    assert not statefulset_workload.keeps_answers(plain.spec, around)


# ---- reading ----------------------------------------------------------------------------------

SET = """
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  serviceName: db
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec:
      containers: [{name: c, image: "registry:3"}]
"""


def written(**spec: Any) -> str:
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": spec.pop("name", "db")},
        "spec": {"clusterIP": "None", "selector": {"app": "db"}, **spec},
    }
    return f"{SET}---\n{yaml.safe_dump(service)}"


@pytest.mark.parametrize(
    ("spec", "publishes"),
    [
        ({}, False),
        ({"publishNotReadyAddresses": True}, True),
        ({"clusterIP": "10.0.0.1"}, None),
        ({"clusterIP": None}, None),
        ({"type": "ClusterIP"}, False),
        ({"type": "ExternalName", "externalName": "db.example"}, None),
        ({"type": "LoadBalancer"}, None),
        ({"selector": {"app": "web"}}, None),
        ({"selector": {}}, None),
        ({"selector": {"statefulset.kubernetes.io/pod-name": "db-0"}}, None),
        ({"name": "other"}, None),
    ],
)
def test_the_headless_service_of_a_set_is_read_with_it(
    spec: dict[str, Any], publishes: bool | None
) -> None:
    found = parse_manifests(written(**spec), "db.yaml")
    (workload,) = found.stateful_sets

    assert statefulset_workload.spec_of(workload).publishes is publishes
    assert ("Service" in {each.kind for each in found.not_modelled}) == (publishes is None)


def test_that_names_follow_pods_at_once_is_said_where_there_are_names() -> None:
    """Nothing is promised of the seconds that EndpointSlices and DNS servers take."""
    said = [
        statefulset_workload.compose("db", of.spec, of.around).assumptions
        for of in (case(1), case(1, **READY))
    ]

    assert [any("DNS follow pods at once" in each for each in texts) for texts in said] == [
        False,
        True,
    ]


@pytest.mark.heavy
@pytest.mark.parametrize(
    ("faults", "gates"),
    [
        ("container-exit", ""),
        ("pod-failed", ""),
        ("stale-api-server,kubelet-restart", "WatchListClient=false"),
    ],
)
def test_nothing_is_said_of_what_runs_where_it_ends_before_that_is_reported(
    faults: str, gates: str
) -> None:
    """A pod that fails does so in one step here, and a kubelet with an old list stops nothing."""
    of = case(1, "delete-pod", faults, gates=gates, **READY)

    (unmet,) = BY_ID["name-leads-to-what-runs"].unmet(of.spec, of.around)

    assert unmet == statefulset_names.ENDS_REPORTED


@pytest.mark.heavy
def test_a_trace_with_a_service_can_be_replayed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "db.yaml"
    path.write_text(written(publishNotReadyAddresses=True), encoding="utf-8")
    words = ("--users", "delete-pod", "--faults", "none", "--level", "atomic")
    asked_for = ("--property", "name-leads-to-what-runs", "--itf", str(tmp_path))

    code = main(["check", str(path), *words, *asked_for])
    (trace,) = tmp_path.glob("*.itf.json")

    assert (code, main(["trace", "replay", str(trace)])) == (1, 0)
    assert "replayed exactly: 2 steps" in capsys.readouterr().out
