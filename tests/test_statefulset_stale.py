"""API servers that are behind, and who lists from them: kubelets and the controller."""

from typing import Any

import pytest

from seatrial.core import All, sometimes
from seatrial.engines.explore import explore
from seatrial.model import api, informer, statefulset_api, statefulset_faults, statefulset_workload
from statefulsets import FINE, STALE, Case, case, holds_as_expected

Pod = statefulset_api.StatefulPod | None
AVAILABLE = api.PodKind("Running", ready=True, available=True)


def pod(uid: int, node: int | None = 1) -> statefulset_api.StatefulPod:
    return statefulset_api.StatefulPod(1, AVAILABLE, node, uid)


@sometimes(says="two members run twice at a time", source="issue 59848")
def two_run_twice(running: All[int]) -> bool:
    return sum(number > 1 for number in running.values()) > 1


@sometimes(says="the cache shows a pod that was replaced, and lacks one that is there", source="us")
def old_and_missing(pod_uid: All[int], seen_state: All[str]) -> bool:
    return seen_state[0] != "absent" and seen_state[1] == "absent" and pod_uid[1] > 0


@sometimes(says="two pods have one uid", source="us")
def one_uid_twice(shown_still: All[Pod], pod_uid: All[int], pod_node: All[int]) -> bool:
    old = shown_still[0]
    if old is None or old.node is None:
        return False
    return old.uid == pod_uid[0] and old.node != pod_node[0] > 0


def shortest(of: Case, asked: Any) -> int | None:
    system = statefulset_workload.compose("small", of.spec, of.around)
    (found,) = explore(system, [asked], threads=2, first=True, max_states=500_000).verdicts
    return None if found.trace is None else found.trace.length


@pytest.mark.heavy
@pytest.mark.parametrize(("gates", "length"), [(STALE, 16), ("", None)])
def test_one_list_that_is_out_of_date_brings_back_all_members_of_a_node(
    gates: str, length: int | None
) -> None:
    """Two members are replaced; the kubelet then starts both of those that were. Pins the model."""
    of = case(2, "delete-pod@2", "stale-api-server,kubelet-restart", nodes=1, gates=gates)

    assert shortest(of, two_run_twice) == length


@pytest.mark.heavy
def test_what_a_controller_lists_is_of_one_moment() -> None:
    """It is told of a pod that is gone, and not of one that has come since."""
    around = "stale-api-server,controller-restart"
    grows = case(1, "scale:2", around, gates=STALE, **FINE)

    assert shortest(grows, old_and_missing) is not None


@pytest.mark.heavy
@pytest.mark.parametrize(
    "of",
    [
        case(2, "delete-pod", "stale-api-server,controller-restart", nodes=1, gates=STALE, **FINE),
        case(1, "scale:2", "stale-api-server,controller-restart", gates=STALE, **FINE),
        case(2, "delete-pod", "stale-api-server,node-crash", gates=STALE),
        case(1, "delete-pod", "stale-api-server,second-controller", nodes=1, gates=STALE, **FINE),
    ],
)
def test_promises_have_their_verdicts_though_lists_are_out_of_date(of: Case) -> None:
    holds_as_expected(of)


def test_a_list_that_is_out_of_date_is_followed_by_what_happened_since() -> None:
    """The old pod is shown; the one that has replaced it is an event on its way."""
    (found,) = statefulset_faults.lists_pods_anew(-2, pod(2), None, pod(1), (), 0, (0,))

    assert found.writes["restarting"] == -1
    assert found.writes["pod_cache"].uid == 1
    (event,) = found.writes["pod_queue"]
    assert (event.value.uid, event.change) == (2, informer.Change.IDENTITY)


@pytest.mark.heavy
def test_a_former_controller_gives_no_uid_that_a_stale_list_shows() -> None:
    """Or else a pod that a kubelet was told of would be taken for the new one."""
    around = "stale-api-server,second-controller"

    assert shortest(case(1, "force-delete", around, gates=STALE, **FINE), one_uid_twice) is None
