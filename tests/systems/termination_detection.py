"""
EWD 840: on a ring, a token finds out whether all nodes have become passive.

:Source: tlaplus/Examples, specifications/ewd840/EWD840.tla with EWD840.cfg (3 nodes) and
    EWD840_json.cfg (4 nodes).
:Published: 302 distinct states for 3 nodes; 1,566 and 12 levels for 4 (manifest.json beside it).
    It has 10 levels for 3 nodes too, where there are 9: TLC ran with as many workers as there were
    cores (check_small_models.py), and then does not always find a state on its shortest way.
    TerminationDetection and Liveness hold. AllNodesTerminateIfNoMessages does not, unless all
    steps are fair (a comment in EWD840.tla).
:Omits: nothing. Nodes are fair="none": they are the environment. So convergence is asked as from a
    moment when no message is sent any more.
"""

from collections.abc import Iterator
from itertools import product

import attrs

from seatrial.core import (
    All,
    Fairness,
    Index,
    Outcomes,
    Parameter,
    System,
    Variable,
    action,
    always,
    converges_to,
    outcome,
)

__all__ = [
    "detection_is_right",
    "detects_termination",
    "everybody_rests",
    "termination_detection",
]


@action(actor="token", over="node", writes=("at", "token", "colour"))
def initiate_probe(node: int, at: int, token: str, colour: str, nodes: int) -> Outcomes:
    """Node 0 starts another round, unless the last one was conclusive."""
    if node == 0 and at == 0 and "black" in (token, colour):
        yield outcome("probe", at=nodes - 1, token="white", colour="white")


@action(actor="token", over="node", writes=("at", "token", "colour"))
def pass_token(node: int, at: int, token: str, colour: str, active: bool) -> Outcomes:
    """A passive node, or one that spoils the round anyway, passes the token on."""
    if node != 0 and at == node and (not active or "black" in (token, colour)):
        stained = "black" if colour == "black" else token
        yield outcome("pass", at=node - 1, token=stained, colour="white")


@action(actor="node", writes=("active", "colour"), fair="none")
def send(active: All[bool]) -> Outcomes:
    """An active node wakes another; it turns black where the token has that one still before it."""
    for sender, awake in active.items():
        for receiver in active:
            if awake and sender != receiver:
                spoils = {"colour": {sender: "black"}} if receiver > sender else {}
                yield outcome(f"{sender} wakes {receiver}", active={receiver: True}, **spoils)


@action(actor="node", over="node", writes="active", fair="none")
def deactivate(active: bool) -> Outcomes:
    """An active node becomes passive."""
    if active:
        yield outcome("rest", active=False)


def _is_detected(at: int, token: str, colour: All[str], active: All[bool]) -> bool:
    return at == 0 and token == "white" and colour[0] == "white" and not active[0]


@always(
    says="a white token at a white and passive node 0 means that all nodes are passive",
    source="tlaplus/Examples, ewd840/EWD840.tla, TerminationDetection",
)
def detection_is_right(at: int, token: str, colour: All[str], active: All[bool]) -> Iterator[str]:
    """What node 0 concludes is true."""
    if _is_detected(at, token, colour, active) and any(active.values()):
        yield "termination is announced, and a node is active"


@converges_to(
    says="where all nodes are passive, this is detected at last",
    source="tlaplus/Examples, ewd840/EWD840.tla, Liveness",
)
def detects_termination(at: int, token: str, colour: All[str], active: All[bool]) -> bool:
    """The token goes round up to three times first."""
    return any(active.values()) or _is_detected(at, token, colour, active)


@converges_to(
    says="where no message is sent any more, all nodes become passive",
    source="tlaplus/Examples, ewd840/EWD840.tla, AllNodesTerminateIfNoMessages",
    expected="refuted",
)
def everybody_rests(active: All[bool]) -> bool:
    """Refuted as long as nodes are not fair: one may compute for ever."""
    return not any(active.values())


def termination_detection(nodes: int = 3, rest: Fairness = "none") -> System:
    """A ring of so many nodes, active or not, of any colour, with a black token anywhere."""
    members = range(nodes)
    return System(
        name="termination-detection",
        indices=[Index("node", members)],
        parameters=[Parameter("nodes", nodes)],
        variables=[
            Variable("active", over="node"),
            Variable("colour", over="node"),
            Variable("at", about="where the token is"),
            Variable("token", about="its colour"),
        ],
        actions=[initiate_probe, pass_token, send, attrs.evolve(deactivate, fair=rest)],
        initial=[
            {
                "active": dict(zip(members, active, strict=True)),
                "colour": dict(zip(members, colours, strict=True)),
                "at": at,
                "token": "black",
            }
            for active in product((False, True), repeat=nodes)
            for colours in product(("white", "black"), repeat=nodes)
            for at in members
        ],
    )
