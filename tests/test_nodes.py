"""Nodes: what is really up, what the API server believes, and who takes pods away."""

from hypothesis import given
from hypothesis import strategies as st

from seatrial.core import Outcome
from seatrial.model import nodes, tolerations

any_node = st.builds(
    nodes.Node,
    reality=st.sampled_from(("up", "cut off", "down", "off")),
    registered=st.sampled_from(("ready", "unreachable", "deleted")),
    out_of_service=st.booleans(),
    unschedulable=st.booleans(),
    stale=st.booleans(),
)
UP = nodes.Node()
BY_DEFAULT = tolerations.Tolerations()
any_tolerations = st.builds(
    tolerations.Tolerations,
    leaves_unreachable=st.booleans(),
    leaves_out_of_service=st.booleans(),
    on_unreachable=st.booleans(),
    on_out_of_service=st.booleans(),
    on_unschedulable=st.booleans(),
)


def noticed(node: nodes.Node) -> list[Outcome]:
    """What the node lifecycle controller does about the only node."""
    return list(nodes.notice((node,), 1))


def test_a_node_is_put_where_it_was() -> None:
    one, other = nodes.Node(), nodes.Node(reality="down")

    after = nodes.put((one, one, one), 2, other)

    assert after == (one, other, one)
    assert nodes.at(after, 2) == other


@given(any_node)
def test_who_is_heard_of_becomes_ready_and_who_is_not_becomes_unreachable(
    node: nodes.Node,
) -> None:
    """A Node object that was deleted has no condition."""
    believed = node.registered == "ready"

    if node.registered == "deleted" or believed == nodes.hears(node):
        assert noticed(node) == []
    else:
        (step,) = noticed(node)
        (after,) = step.writes["nodes"]
        assert after.registered == ("unreachable" if believed else "ready")


@given(any_node)
def test_what_crashed_or_was_cut_off_may_come_back_and_what_is_off_never_does(
    node: nodes.Node,
) -> None:
    after = nodes.back(node)

    if node.reality in ("up", "off"):
        assert after is None
    else:
        assert after is not None
        assert nodes.hears(after)


@given(any_node)
def test_a_node_object_that_is_made_anew_has_no_taint_of_the_former_one(node: nodes.Node) -> None:
    """Go: registerWithAPIServer. Whoever has a Node object keeps it as it is."""
    after = nodes.registered(node)

    if node.registered == "deleted":
        assert (after.registered, after.out_of_service, after.unschedulable) == (
            "ready",
            False,
            False,
        )
    else:
        assert after == node


@given(any_node, any_tolerations)
def test_who_tolerates_no_more_than_others_is_put_on_no_other_node_and_leaves_as_many(
    node: nodes.Node, tolerates: tolerations.Tolerations
) -> None:
    """More tolerations open nodes, and close none; they are left later, or never."""
    if nodes.feasible(node, BY_DEFAULT):
        assert nodes.feasible(node, tolerates)
    if nodes.leaves(node, tolerates):
        assert nodes.leaves(node, BY_DEFAULT)


def test_a_taint_out_of_service_outlasts_the_outage() -> None:
    """Pods that come back to it are evicted again, until somebody takes the taint away."""
    back = nodes.Node(out_of_service=True)

    assert nodes.leaves(back, BY_DEFAULT)
    assert not nodes.feasible(back, BY_DEFAULT)


def test_who_starts_registers_anew_and_who_was_only_cut_off_does_not() -> None:
    """Go: the kubelet registers its node when it starts"""
    gone = nodes.deleted(UP)
    assert gone is not None
    crashed, parted = nodes.crashed(gone), nodes.parted(gone)
    assert crashed is not None
    assert parted is not None

    back = [nodes.back(each) for each in (crashed, parted)]

    assert [each and each.registered for each in back] == ["ready", "deleted"]


@given(any_node, st.booleans())
def test_pods_are_taken_without_asking_only_from_nodes_that_are_deleted_or_tainted(
    node: nodes.Node, terminating: bool
) -> None:
    """Go: gcOrphaned; gcTerminating wants a pod that terminates, and a node that is not ready"""
    tainted = node.out_of_service and node.registered == "unreachable" and terminating

    assert nodes.lost(node, terminating) == (node.registered == "deleted" or tainted)


@given(any_node)
def test_only_an_unreachable_node_is_tainted_out_of_service_and_then_takes_no_pod(
    node: nodes.Node,
) -> None:
    after = nodes.out_of_service(node)

    if after is not None:
        assert node.registered == "unreachable"
        assert not nodes.feasible(after, BY_DEFAULT)


def test_a_ready_node_takes_pods_though_nobody_hears_of_it_any_more() -> None:
    """Until the controller notices: what a scheduler reads is the Node object."""
    parted = nodes.parted(UP)

    assert parted is not None
    assert nodes.feasible(parted, BY_DEFAULT)
    assert not nodes.hears(parted)


def test_a_cordoned_node_takes_no_pod() -> None:
    after = nodes.cordoned(UP)

    assert after is not None
    assert not nodes.feasible(after, BY_DEFAULT)
