"""What tolerations in a template mean for pods on nodes that are lost, drained or fenced."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seatrial.model import tolerations

UNREACHABLE = "node.kubernetes.io/unreachable"
OUT_OF_SERVICE = "node.kubernetes.io/out-of-service"
UNSCHEDULABLE = "node.kubernetes.io/unschedulable"
BY_DEFAULT = tolerations.Tolerations()

of_no_account = st.fixed_dictionaries(
    {"key": st.sampled_from(("dedicated", "node.kubernetes.io/not-ready"))},
    optional={
        "operator": st.sampled_from(("Equal", "Exists", "Gt")),
        "value": st.sampled_from(("", "database", "1")),
        "effect": st.sampled_from(("", "NoExecute", "NoSchedule", "PreferNoSchedule")),
        "tolerationSeconds": st.integers(0, 600),
    },
)


@given(st.lists(of_no_account, max_size=3))
def test_tolerations_of_taints_that_no_node_gets_change_nothing(given: list[Any]) -> None:
    assert tolerations.tolerations_of(given) == BY_DEFAULT


def test_who_tolerates_everything_stays_everywhere_and_goes_anywhere() -> None:
    found = tolerations.tolerations_of([{"operator": "Exists"}])

    assert found == tolerations.Tolerations(False, False, True, True, True)


@pytest.mark.parametrize(
    ("toleration", "leaves"),
    [
        ({"key": UNREACHABLE, "operator": "Exists"}, False),
        ({"key": UNREACHABLE, "operator": "Exists", "effect": "NoExecute"}, False),
        ({"key": UNREACHABLE, "operator": "Exists", "tolerationSeconds": 30}, True),
        ({"key": UNREACHABLE, "operator": "Exists", "tolerationSeconds": 0}, True),
        ({"key": UNREACHABLE, "operator": "Exists", "effect": "NoSchedule"}, True),
        ({"key": UNREACHABLE, "value": "x"}, True),
        ({"key": UNREACHABLE}, False),
    ],
)
def test_only_who_tolerates_it_without_seconds_stays_on_an_unreachable_node(
    toleration: dict[str, Any], leaves: bool
) -> None:
    assert tolerations.tolerations_of([toleration]).leaves_unreachable is leaves


def test_of_two_tolerations_of_one_taint_the_first_counts() -> None:
    """Go: GetMatchingTolerations"""
    seconds = {"key": UNREACHABLE, "operator": "Exists", "tolerationSeconds": 30}
    for_ever = {"key": UNREACHABLE, "operator": "Exists"}

    assert tolerations.tolerations_of([seconds, for_ever]).leaves_unreachable
    assert not tolerations.tolerations_of([for_ever, seconds]).leaves_unreachable


@pytest.mark.parametrize(
    ("toleration", "goes"),
    [
        ({"key": UNREACHABLE, "operator": "Exists", "effect": "NoSchedule"}, True),
        ({"key": UNREACHABLE, "operator": "Exists", "effect": "NoExecute"}, False),
        ({"key": UNREACHABLE, "value": "x"}, False),
    ],
)
def test_an_unreachable_node_has_two_taints_and_every_pod_tolerates_one_for_a_while(
    toleration: dict[str, Any], goes: bool
) -> None:
    """Unless it says something of its own of that one. Go: defaulttolerationseconds"""
    assert tolerations.tolerations_of([toleration]).on_unreachable is goes


@pytest.mark.parametrize(("value", "tolerated"), [("nodeshutdown", True), ("other", False)])
def test_out_of_service_is_put_with_the_value_that_is_documented(
    value: str, tolerated: bool
) -> None:
    found = tolerations.tolerations_of([{"key": OUT_OF_SERVICE, "value": value}])

    assert found.on_out_of_service is tolerated
    assert found.leaves_out_of_service is not tolerated


def test_a_cordon_is_tolerated_by_its_key() -> None:
    given = [{"key": UNSCHEDULABLE, "operator": "Exists", "effect": "NoSchedule"}]

    assert tolerations.tolerations_of(given) == tolerations.Tolerations(on_unschedulable=True)
