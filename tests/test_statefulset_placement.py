"""Where members of a StatefulSet may be: what the scheduler asks of nodes, and what follows."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from seatrial.cli import main
from seatrial.core import DeclarationError
from seatrial.model import (
    IntOrPercent,
    placement,
    statefulset_api,
    statefulset_start,
    statefulset_workload,
    tolerations,
)
from seatrial.properties import statefulset_placement
from seatrial.properties import statefulset_promise as asked
from statefulsets import BY_ID, FINE, KEPT, Case, broken, case, holds_as_expected, searched, spec

HOST = placement.HOSTNAME
ZONE = "topology.kubernetes.io/zone"
APART: dict[str, Any] = {"apart_by": (HOST,)}
LOCAL: dict[str, Any] = {"volumes_in": HOST, "claims": KEPT}
TWO: dict[str, Any] = {
    "budget": statefulset_api.DisruptionBudget(min_available=IntOrPercent.absolute(2))
}
FOR_A_WHILE = tolerations.tolerations_of(
    [{"key": "node.kubernetes.io/out-of-service", "operator": "Exists", "tolerationSeconds": 9}]
)
Given = statefulset_api.GivenNode

zones = st.sampled_from(["", "a", "b"])
given_nodes = st.lists(
    st.builds(
        lambda admits, room, zone: Given("n", admits, room, labels=((ZONE, zone),) if zone else ()),
        st.booleans(),
        st.none() | st.integers(0, 3),
        zones,
    ),
    min_size=1,
    max_size=4,
)


def named(nodes: list[Given]) -> tuple[Given, ...]:
    """Nodes of different names, as they have to be."""
    return tuple(
        Given(f"w{at}", each.admits, each.room, labels=each.labels) for at, each in enumerate(nodes)
    )


# ---- what a node takes ------------------------------------------------------------------------


@given(given_nodes, st.integers(1, 4), st.sets(st.sampled_from([HOST, ZONE])), st.booleans())
def test_pods_that_are_placed_one_after_the_other_break_no_rule(
    nodes: list[Given], pods: int, apart: set[str], ports: bool
) -> None:
    """Stated without the rules: counts per node and per domain, and who is let in at all."""
    machines = named(nodes)
    asked_for = spec(pods, given_nodes=machines, apart_by=tuple(apart), one_to_a_node=ports)
    where = placement.placement_of(asked_for, len(machines), pods)

    put = [machines[at - 1] for at in placement.first_nodes(where, len(machines), pods)]

    for node, number in Counter(put).items():
        assert node.admits
        assert number <= (1 if ports else pods if node.room is None else node.room)
    if HOST in apart:
        assert len(set(put)) == len(put)
    if ZONE in apart:
        in_zones = [zone for node in put for _, zone in node.labels]
        assert len(set(in_zones)) == len(in_zones)


@given(given_nodes, st.integers(1, 4))
def test_with_one_kind_of_limit_nobody_is_left_out_who_could_be_placed(
    nodes: list[Given], pods: int
) -> None:
    machines = named(nodes)
    where = placement.placement_of(spec(pods, given_nodes=machines), len(machines), pods)
    room = sum(pods if each.room is None else each.room for each in machines if each.admits)

    assert len(placement.first_nodes(where, len(machines), pods)) == min(pods, room)


def test_where_every_node_takes_everything_nothing_is_kept() -> None:
    """The states of who gives no nodes do not grow."""
    roomy = (Given("w1", room=3), Given("w2"))

    assert placement.placement_of(spec(3), 2, 3) is None
    assert placement.placement_of(spec(3, given_nodes=roomy), 2, 3) is None
    assert placement.placement_of(spec(1, **APART), 2, 1) is None
    assert placement.placement_of(spec(4, given_nodes=roomy), 2, 4) is not None


def test_a_node_without_the_label_keeps_nobody_apart() -> None:
    """Go: satisfyPodAntiAffinity"""
    bare = (Given("w1"), Given("w2", labels=((ZONE, "a"),)))
    where = placement.placement_of(spec(3, given_nodes=bare, apart_by=(ZONE,)), 2, 3)

    assert where is not None
    assert placement.fits(where, 1, [1, 1], "")
    assert not placement.fits(where, 2, [2], "")


def test_members_of_different_zones_are_of_different_hosts() -> None:
    """Two rules of which one says all are one rule."""
    two = tuple(Given(f"w{at}", labels=((ZONE, "ab"[at % 2]),)) for at in range(4))
    where = placement.placement_of(spec(2, given_nodes=two, apart_by=(HOST, ZONE)), 4, 2)

    assert where is not None
    assert len(where.apart) == 1


def test_a_volume_that_is_made_at_once_is_waited_for() -> None:
    """Immediate: a pod is placed where its volume is, and not the other way round."""
    at_once = placement.placement_of(spec(1, **LOCAL, volumes_at_once=True), 2, 1)
    first = placement.placement_of(spec(1, **LOCAL), 2, 1)

    assert at_once is not None
    assert first is not None
    assert [placement.fits(at_once, 1, [], home) for home in ("", "n1", "n2")] == [
        False,
        True,
        False,
    ]
    assert placement.fits(first, 1, [], "")


# ---- how a set begins -------------------------------------------------------------------------


@pytest.mark.parametrize(("parallel", "pending"), [(False, [2]), (True, [2, 3])])
def test_who_finds_no_node_is_pending_from_the_start(parallel: bool, pending: list[int]) -> None:
    """Of an OrderedReady set only the first of them is there at all."""
    of = case(4, nodes=2, parallel=parallel, **APART)
    where = statefulset_workload.placed_in(of.spec, of.around)

    start = statefulset_start.settled(of.spec, (0, 1, 2, 3), 2, where)

    there = {at: pod for at, pod in start.pods.items() if pod is not None}
    assert [at for at, pod in there.items() if pod.node is None] == pending
    assert start.stateful_set.status.available_replicas == 2
    assert start.stateful_set.status.replicas == len(there)


def test_a_set_of_which_no_pod_fits_anywhere_is_refused() -> None:
    full = (Given("w1", room=0), Given("w2", admits=False))

    with pytest.raises(DeclarationError, match="no node takes a pod"):
        statefulset_workload.compose("db", spec(1, given_nodes=full), case(1).around)


# ---- promises ---------------------------------------------------------------------------------

CASES = (
    case(2, "set-image", "none", **APART),
    case(2, "drain", nodes=3, **APART, **FINE),
    case(2, "set-image", "node-crash", **APART),
    case(2, "delete-pod", one_to_a_node=True, **FINE),
    case(3, "set-image,scale:1,scale:3", given_nodes=(Given("w1", room=1), Given("w2", room=2))),
    case(2, "delete-claim,delete-pod", **LOCAL),
    case(2, "delete-pod@2", **LOCAL, **APART, parallel=True),
    case(1, "scale:2", **LOCAL, volumes_at_once=True, nodes=2),
    case(1, "out-of-service", "node-off", **LOCAL),
    case(2, "delete-pod", parallel=True),
)


@pytest.mark.heavy
@pytest.mark.parametrize("of", CASES, ids=range(len(CASES)))
def test_every_promise_that_applies_has_the_verdict_that_it_expects(of: Case) -> None:
    holds_as_expected(of)


_TWICE_DELETED = case(1, "delete-claim@2,delete-pod", claims=KEPT, nodes=1, **FINE)
_CROWDED = case(2, "set-image", nodes=1, **APART)
DROPPED = (
    ("bound-to-different-nodes", statefulset_placement.APART, case(2, nodes=1)),
    ("running-on-different-nodes", statefulset_placement.APART, case(2, nodes=1)),
    ("running-on-different-nodes", asked.NOT_FORCED, case(2, "force-delete,delete-pod", **APART)),
    (
        "running-on-different-nodes",
        asked.NODES_STAY,
        case(2, "delete-node,delete-pod", "kubelet-restart", **APART),
    ),
    (
        "running-on-different-nodes",
        asked.REALLY_OFF,
        case(2, "out-of-service,delete-pod", "node-partition", tolerates=FOR_A_WHILE, **APART),
    ),
    (
        "running-on-different-nodes",
        asked.GRACE,
        case(2, "delete-pod@2", graceful=False, **APART),
    ),
    (
        "running-on-different-nodes",
        asked.CAUGHT_UP,
        case(
            2,
            "delete-pod@2",
            "stale-api-server,kubelet-restart",
            gates="WatchListClient=false",
            **APART,
        ),
    ),
    ("members-find-nodes", asked.NODES_REMAIN, case(1, "drain", nodes=1)),
    *(
        (each, asked.NO_CLAIM_DELETED, _TWICE_DELETED)
        for each in (
            "members-find-nodes",
            "statefulset-comes-to-its-size",
            "statefulset-rollout-completes",
        )
    ),
    ("statefulset-comes-to-its-size", asked.PLACED, _CROWDED),
    ("statefulset-rollout-completes", asked.PLACED, _CROWDED),
    ("created-anew-comes-to-its-size", asked.PLACED, case(2, "delete,apply", nodes=1, **APART)),
    ("pdb-does-not-limit-rollouts", asked.PLACED, case(2, "set-image", nodes=1, **APART, **TWO)),
    (
        "kep3541-parallel-never-repairs",
        asked.PLACED,
        case(2, "set-image@2", "never-ready", nodes=1, parallel=True, **APART),
    ),
)


@pytest.mark.heavy
@pytest.mark.parametrize(("name", "dropped", "of"), DROPPED)
def test_a_promise_is_broken_where_a_precondition_is_dropped(
    name: str, dropped: Any, of: Case
) -> None:
    assert broken(name, dropped.words, of).because


@pytest.mark.heavy
def test_a_claim_goes_though_nobody_asks_where_its_volume_was() -> None:
    """Pods that are kept apart and have claims whose volumes may be anywhere."""
    of = case(2, "delete-claim,delete-pod", nodes=1, claims=KEPT, **APART)

    assert "release_claim[1]" not in searched(of).exploration.actions_never_fired


@pytest.mark.heavy
@pytest.mark.parametrize(
    ("of", "length"),
    [
        (case(3, nodes=2, **APART), 0),
        (case(2, "scale:3,delete-pod", nodes=3, parallel=True, **LOCAL, **APART), 11),
        (case(1, "scale:2", volumes_at_once=True, **LOCAL, **APART), 5),
    ],
)
def test_a_member_may_wait_for_a_node_for_ever(of: Case, length: int) -> None:
    """
    Too few nodes; a new member in the place to which another one's volume ties it; a volume that
    was made on the node of another member. The lengths pin the model.
    """
    verdicts = {each.property.id: each for each in searched(of).verdicts}
    found = verdicts["members-find-nodes"]

    assert found.status == "violated"
    assert found.trace is not None
    assert found.trace.length == length


@pytest.mark.heavy
def test_a_local_volume_does_not_follow_its_member() -> None:
    """The run says what the promise does: the node is off, and has the taint."""
    verdict = broken(
        "local-volume-moves-with-its-member", "", case(1, "out-of-service", "node-off", **LOCAL)
    )

    assert verdict.trace is not None
    assert verdict.trace.length == 8
    (node, *_) = list(verdict.trace.states())[-1]["nodes"]
    assert (node.reality, node.out_of_service) == ("off", True)


@pytest.mark.heavy
def test_members_share_a_node_where_nothing_forbids_it() -> None:
    verdict = broken("seed-pods-spread-over-nodes", "", case(2, "delete-pod"))

    assert verdict.trace is not None
    assert verdict.trace.length == 5


# ---- as users meet it -------------------------------------------------------------------------

SET = """
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  serviceName: db
  replicas: 2
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec:
      nodeSelector: {disk: ssd}
      containers: [{name: c, image: "registry:3", resources: {requests: {cpu: 600m}}}]
"""
NODE = """---
apiVersion: v1
kind: Node
metadata: {name: NAME, labels: {disk: ssd}}
status: {allocatable: {cpu: "1"}}
"""


def written(folder: Path, *names: str) -> str:
    path = folder / "db.yaml"
    path.write_text(SET + "".join(NODE.replace("NAME", each) for each in names), encoding="utf-8")
    return str(path)


@pytest.mark.heavy
@pytest.mark.parametrize(("names", "code"), [((), 0), (("a", "b"), 0), (("a",), 1)])
def test_node_objects_beside_the_set_decide_whether_it_finds_room(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], names: tuple[str, ...], code: int
) -> None:
    path = written(tmp_path, *names)

    ran = main(["check", path, "--level", "atomic", "--faults", "none"])
    shown = capsys.readouterr().out

    assert ran == code
    assert ("n1 is a" in shown) == bool(names)
    if not names:
        assert "these nodes are the ones that the pods' nodeSelector" in shown


@pytest.mark.parametrize(
    ("fields", "replicas", "users", "nodes"),
    [
        ({}, 4, "none", 2),
        (APART, 1, "none", 2),
        (APART, 4, "none", 4),
        (APART, 3, "scale:5", 5),
        ({"one_to_a_node": True}, 6, "none", 6),
        ({"apart_by": (ZONE,)}, 4, "none", 2),
    ],
)
def test_where_nobody_says_how_many_nodes_there_are_each_member_has_the_one_that_it_asks_for(
    fields: dict[str, Any], replicas: int, users: str, nodes: int
) -> None:
    """Who applied such a set long ago had them; two nodes would be a cluster of nobody's."""
    of = case(replicas, users, **fields)

    assert statefulset_workload.usual_nodes(of.spec, of.around) == nodes


@pytest.mark.heavy
@pytest.mark.parametrize(("words", "code"), [((), 0), (("--nodes", "3"), 1)])
def test_a_set_that_wants_a_node_for_each_member_finds_them_unless_fewer_are_asked_for(
    tmp_path: Path, words: tuple[str, ...], code: int
) -> None:
    term = "{topologyKey: kubernetes.io/hostname, labelSelector: {matchLabels: {app: db}}}"
    required = f"requiredDuringSchedulingIgnoredDuringExecution: [{term}]"
    apart = f"affinity: {{podAntiAffinity: {{{required}}}}}"
    path = tmp_path / "apart.yaml"
    path.write_text(
        SET.replace("replicas: 2", "replicas: 4").replace("nodeSelector: {disk: ssd}", apart),
        encoding="utf-8",
    )

    assert main(["check", str(path), "--level", "atomic", "--faults", "none", *words]) == code


@pytest.mark.heavy
def test_a_trace_with_nodes_can_be_replayed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(tmp_path, "a", "b")
    words = ("--users", "scale:3", "--faults", "none", "--level", "atomic")
    asked_for = ("--property", "members-find-nodes", "--itf", str(tmp_path))

    code = main(["check", path, *words, *asked_for])
    (trace,) = tmp_path.glob("*.itf.json")
    replayed = main(["trace", "replay", str(trace)])

    assert (code, replayed) == (1, 0)
    assert "pod 2: pending nowhere" in capsys.readouterr().out
    kept = json.loads(trace.read_text(encoding="utf-8"))["#meta"]["subject"]["manifest"]
    assert [each["kind"] for each in kept["items"]] == ["StatefulSet", "Node", "Node"]


@pytest.mark.parametrize(
    ("names", "words", "says"),
    [
        (("a", "b"), ("--nodes", "3"), "--nodes 3: the manifests have 2 Node objects"),
        (tuple("abcdefghijklm"), (), "13 Node objects are given, and at most 12 are explored"),
    ],
)
def test_as_many_nodes_are_explored_as_are_given(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    names: tuple[str, ...],
    words: tuple[str, ...],
    says: str,
) -> None:
    code = main(["check", written(tmp_path, *names), *words])

    assert code == 2
    assert says in capsys.readouterr().err


_CORDONED = (Given("w1"), Given("w2", unschedulable=True))


@pytest.mark.parametrize(
    ("name", "of"),
    [
        ("out-of-service-failover", case(1, "out-of-service", "node-off")),
        ("replacement-waits-for-its-volume", case(1, "force-delete", access="one node")),
    ],
)
def test_nobody_is_asked_to_run_elsewhere_where_the_other_node_is_cordoned(
    name: str, of: Case
) -> None:
    closed = evolve(of, spec=evolve(of.spec, given_nodes=_CORDONED))

    assert BY_ID[name].applies(of.spec, of.around)
    assert not BY_ID[name].applies(closed.spec, closed.around)
