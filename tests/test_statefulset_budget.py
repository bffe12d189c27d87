"""Disruption budgets: what a drain may evict, and how a budget is read beside a StatefulSet."""

import math
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seatrial.cli import main
from seatrial.model import IntOrPercent, api, disruption, parse_manifests, statefulset_api

SET = """
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: duo}
spec:
  serviceName: duo
  replicas: 2
  selector: {matchLabels: {app: duo}}
  template:
    metadata: {labels: {app: duo}}
    spec:
      containers: [{name: c, image: "registry:3"}]
"""
BUDGET = """---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: NAME}
spec:
  selector: {matchLabels: {app: duo}}
  BOUND
"""
READY = api.PodKind("Running", ready=True, available=True)
bounds = st.builds(IntOrPercent.absolute, st.integers(0, 9)) | st.builds(
    IntOrPercent.percent, st.integers(0, 100)
)
pods = st.lists(
    st.builds(
        api.PodKind,
        phase=st.sampled_from(("Pending", "Running", "Failed")),
        ready=st.booleans(),
        terminating=st.booleans(),
    ),
    max_size=5,
)
Budget = statefulset_api.DisruptionBudget


def written(*budgets: str) -> str:
    """A StatefulSet, and budgets with these lines in their specs."""
    named = [BUDGET.replace("NAME", f"b{at}") for at in range(len(budgets))]
    return SET + "".join(
        text.replace("BOUND", each) for text, each in zip(named, budgets, strict=True)
    )


# ---- counting ---------------------------------------------------------------------------------


@given(bounds, st.integers(0, 20))
def test_percentages_round_up_in_both_forms(bound: IntOrPercent, replicas: int) -> None:
    """So with one replica and 50 % either the one has to be healthy, or it need not be."""
    share = bound.value
    if bound.kind == "percent":
        share = math.ceil(Fraction(bound.value * replicas, 100))

    assert disruption.desired_healthy(Budget(min_available=bound), replicas) == share
    assert disruption.desired_healthy(Budget(max_unavailable=bound), replicas) == max(
        0, replicas - share
    )


@given(bounds, st.booleans(), st.integers(0, 5), pods)
def test_what_is_allowed_leaves_as_many_healthy_as_are_demanded(
    bound: IntOrPercent, at_least: bool, replicas: int, there: list[api.PodKind]
) -> None:
    budget = Budget(min_available=bound) if at_least else Budget(max_unavailable=bound)

    status = disruption.status_of(budget, replicas, there)

    assert status.current_healthy == sum(each.ready and not each.terminating for each in there)
    if status.disruptions_allowed:
        assert status.current_healthy - status.disruptions_allowed == status.desired_healthy


def test_without_pods_or_without_their_set_nothing_is_allowed() -> None:
    """Go: updatePdbStatus wants pods that it expects; failSafe where the set is gone"""
    half = Budget(max_unavailable=IntOrPercent.percent(50))

    assert disruption.status_of(half, 2, []).disruptions_allowed == 0
    assert disruption.status_of(half, None, [READY, READY]).disruptions_allowed == 0


# ---- evicting ---------------------------------------------------------------------------------


@given(pods.filter(bool), bounds, st.integers(0, 3), st.booleans())
def test_a_healthy_pod_goes_only_for_an_allowed_disruption(
    there: list[api.PodKind], bound: IntOrPercent, allowed: int, always: bool
) -> None:
    kind = there[0]
    status = disruption.BudgetStatus(2, 1, allowed)

    after = disruption.granted(kind, Budget(min_available=bound, always_allow=always), status)

    if kind.phase == "Running" and kind.ready and not kind.terminating:
        assert after == (disruption.BudgetStatus(2, 1, allowed - 1) if allowed else None)
    else:
        assert after == status


@pytest.mark.parametrize(("always", "evicted"), [(False, False), (True, True)])
def test_an_unhealthy_pod_below_the_budget_goes_only_with_always_allow(
    always: bool, evicted: bool
) -> None:
    status = disruption.BudgetStatus(1, 2, 0)
    budget = Budget(min_available=IntOrPercent.absolute(2), always_allow=always)

    assert (disruption.granted(api.PodKind("Running"), budget, status) is not None) is evicted


# ---- reading ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "budget"),
    [
        ("minAvailable: 2", Budget(min_available=IntOrPercent.absolute(2))),
        ("maxUnavailable: 50%", Budget(max_unavailable=IntOrPercent.percent(50))),
        (
            "maxUnavailable: 0\n  unhealthyPodEvictionPolicy: AlwaysAllow",
            Budget(max_unavailable=IntOrPercent.absolute(0), always_allow=True),
        ),
    ],
)
def test_a_budget_is_read_with_the_set_whose_pods_it_selects(line: str, budget: Budget) -> None:
    """And written with it, so that a trace can be replayed."""
    found = parse_manifests(written(line), "duo.yaml")
    (workload,) = found.stateful_sets

    assert workload.disruption_budget == budget
    assert "PodDisruptionBudget" not in {each.kind for each in found.not_modelled}
    assert [each["kind"] for each in workload.document()["items"]] == [
        "StatefulSet",
        "PodDisruptionBudget",
    ]


@pytest.mark.parametrize(
    "lines",
    [
        ("minAvailable: -1",),
        ("minAvailable: 120%",),
        ("minAvailable: {}",),
        ("minAvailable: 1\n  maxUnavailable: 1",),
        ("unhealthyPodEvictionPolicy: AlwaysAllow",),
        ("minAvailable: 1\n  unhealthyPodEvictionPolicy: Never",),
        ("minAvailable: 1", "minAvailable: 1"),
    ],
)
def test_what_is_no_budget_or_one_of_two_is_listed_as_not_modelled(lines: tuple[str, ...]) -> None:
    found = parse_manifests(written(*lines), "duo.yaml")

    assert found.stateful_sets[0].disruption_budget is None
    assert "PodDisruptionBudget" in {each.kind for each in found.not_modelled}


def test_a_trace_with_a_budget_can_be_replayed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The budget is part of what was checked."""
    path = tmp_path / "duo.yaml"
    path.write_text(written("minAvailable: 1"), encoding="utf-8")
    words: tuple[Any, ...] = ("--users", "drain", "--faults", "unready", "--level", "atomic")
    asked = ("--property", "pdb-eviction-respects-budget", "--itf", str(tmp_path))

    code = main(["check", str(path), *words, *asked])
    (trace,) = tmp_path.glob("*.itf.json")
    replayed = main(["trace", "replay", str(trace)])

    assert (code, replayed) == (1, 0)
    assert "replayed exactly: 3 steps" in capsys.readouterr().out


POD = """---
apiVersion: v1
kind: Pod
metadata: {name: debug, labels: {app: duo}}
spec: {containers: [{name: c, image: "registry:3"}]}
"""


def asked_of(folder: Path, manifest: str, *arguments: str) -> int:
    """The exit code of a check of a promise about a drain."""
    path = folder / "duo.yaml"
    path.write_text(manifest)
    asked = ("--users", "drain", "--faults", "none", "--level", "atomic", "--nodes", "2")
    promise = ("--property", "pdb-zero-blocks-drain", *arguments)
    return main(["check", str(path), *asked, *promise])


def test_a_budget_that_allows_nothing_blocks_the_drain(tmp_path: Path) -> None:
    """With nothing else selected, `maxUnavailable: 0` lets no member go."""
    assert asked_of(tmp_path, written("maxUnavailable: 0")) == 0


def test_without_a_budget_the_drain_is_not_blocked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Asked by name, the promise is broken; and what it rests on is said not to be met."""
    assert asked_of(tmp_path, SET) == 1
    assert "pdb-zero-blocks-drain is asked though" in capsys.readouterr().out


@pytest.mark.parametrize(
    "label",
    ["statefulset.kubernetes.io/pod-name", "apps.kubernetes.io/pod-index"],
)
def test_a_budget_for_some_members_only_is_not_taken_for_one_of_all(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], label: str
) -> None:
    """
    The controller puts labels on pods that no template shows: whom they select is not known.

    :Go: pkg/controller/statefulset/stateful_set_utils.go updateIdentity
    """
    some = f'matchExpressions: [{{key: {label}, operator: NotIn, values: ["0"]}}]'
    manifest = written("maxUnavailable: 0").replace(
        "selector: {matchLabels: {app: duo}}\n  max", f"selector: {{{some}}}\n  max"
    )
    (workload,) = parse_manifests(manifest, "duo.yaml").stateful_sets

    assert workload.disruption_budget is None
    assert asked_of(tmp_path, manifest) != 0
    assert "inert" not in capsys.readouterr().out


@pytest.mark.parametrize("kind", ["Pod", "ReplicaSet"])
def test_a_budget_that_counts_other_pods_too_is_not_read(tmp_path: Path, kind: str) -> None:
    """
    A healthy pod beside the set is counted, and leaves room for an eviction.

    :Go: pkg/controller/disruption/disruption.go getExpectedPodCount
    """
    other = POD
    if kind == "ReplicaSet":
        other = """---
apiVersion: apps/v1
kind: ReplicaSet
metadata: {name: debug}
spec:
  selector: {matchLabels: {app: duo}}
  template: {metadata: {labels: {app: duo}}, spec: {containers: [{name: c, image: "a:1"}]}}
"""
    manifest = written("minAvailable: 2") + other
    (workload,) = parse_manifests(manifest, "duo.yaml").stateful_sets

    assert workload.disruption_budget is None
    assert asked_of(tmp_path, manifest) != 0
