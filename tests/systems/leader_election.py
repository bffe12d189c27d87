"""
Chang and Roberts: election of the node with the smallest name on a one-way ring.

:Source: tlaplus/Examples, specifications/chang_roberts/ChangRoberts.tla with MCChangRoberts.cfg.
:Published: 137 distinct states, 227 generated and 10 levels for 3 nodes; Correctness and Liveness
    hold (manifest.json beside it). CHECK_DEADLOCK is FALSE, since an election ends.
:Omits: nothing. Inboxes have an index of their own, since a node writes to that of the next.
    Whether a node is an initiator is a variable that never changes, as there.
"""

from collections.abc import Iterator
from itertools import product

from seatrial.core import (
    All,
    Index,
    Outcomes,
    Parameter,
    System,
    Variable,
    action,
    always,
    converges_to,
    deadlock_free,
    every,
    outcome,
)

__all__ = ["elects", "elects_the_smallest", "leader_election", "never_ends"]


@action(actor="node", over="node", writes=("started", "inbox"))
def start(
    node: int, started: bool, initiator: bool, inbox: All[frozenset[int]], nodes: int
) -> Outcomes:
    """A node wakes up; an initiator sends its name to the next."""
    if not started:
        to = node % nodes + 1
        sent = {to: inbox[to] | {node}} if initiator else {}
        yield outcome("start", started=True, inbox=sent)


@action(actor="node", over="node", writes=("state", "inbox"))
def receive(
    node: int, started: bool, state: str, inbox: All[frozenset[int]], nodes: int
) -> Outcomes:
    """Smaller names are passed on, larger ones dropped; one's own means that one has won."""
    to = node % nodes + 1
    for name in sorted(inbox[node]) if started else ():
        left = {node: inbox[node] - {name}}
        passed = {**left, to: inbox[to] | {name}}
        if state == "lost":
            yield outcome(f"pass {name} on", inbox=passed)
        elif name < node:
            yield outcome(f"lose to {name}", state="lost", inbox=passed)
        elif name == node:
            yield outcome("win", state="won", inbox=left)
        else:
            yield outcome(f"drop {name}", inbox=left)


@always(
    says="only the initiator with the smallest name wins, and all others know that they lost",
    source="tlaplus/Examples, chang_roberts/ChangRoberts.tla, Correctness",
)
def elects_the_smallest(state: All[str], initiator: All[bool]) -> Iterator[str]:
    """At most one node has won, and rightly."""
    for node, each in state.items():
        if each == "won":
            others = [other for other in state if other != node]
            if not initiator[node] or any(state[other] != "lost" for other in others):
                yield f"{node} has won, and somebody does not know"
            if any(initiator[other] and other < node for other in others):
                yield f"{node} has won, and a smaller one was a candidate"


@converges_to(
    says="where anybody is a candidate, somebody wins",
    source="tlaplus/Examples, chang_roberts/ChangRoberts.tla, Liveness",
)
def elects(state: All[str], initiator: All[bool]) -> bool:
    """A node wins once and for all."""
    return "won" in state.values() or not any(initiator.values())


never_ends = deadlock_free(
    source="MCChangRoberts.cfg sets CHECK_DEADLOCK FALSE, since it does end", expected="refuted"
)


def leader_election(nodes: int = 3) -> System:
    """So many nodes, any of them initiators."""
    members = range(1, nodes + 1)
    return System(
        name="leader-election",
        indices=[Index("node", members), Index("box", members)],
        parameters=[Parameter("nodes", nodes)],
        variables=[
            Variable("started", over="node"),
            Variable("initiator", over="node"),
            Variable("state", over="node"),
            Variable("inbox", over="box", about="names that wait for a node"),
        ],
        actions=[start, receive],
        initial=[
            {
                "started": every(False),
                "initiator": dict(zip(members, some, strict=True)),
                "state": {
                    node: "candidate" if one else "lost"
                    for node, one in zip(members, some, strict=True)
                },
                "inbox": every(frozenset()),
            }
            for some in product((False, True), repeat=nodes)
        ],
    )
