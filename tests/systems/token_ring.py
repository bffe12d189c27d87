"""
EWD 426: Dijkstra's token ring stabilises from any state whatever.

:Source: tlaplus/Examples, specifications/ewd426/TokenRing.tla with TokenRing.cfg.
:Published: 46,656 distinct states, 248,832 generated and one level for 6 nodes of 6 values: each
    assignment is an initial state (manifest.json beside it). Stab holds, which is <>[]UniqueToken.
:Omits: nothing. There, fairness is that of all steps together; here, of each node: as Stab holds
    there, it does here.
"""

from itertools import product

from seatrial.core import (
    All,
    Index,
    Outcomes,
    Parameter,
    System,
    Variable,
    action,
    converges_to,
    outcome,
)

__all__ = ["stabilises", "token_ring"]


@action(actor="node", over="node", writes="counter")
def move(node: int, counter: All[int], values: int) -> Outcomes:
    """Node 0 counts on where it agrees with the last node; others copy the one before them."""
    if node == 0:
        last = counter[len(counter) - 1]
        if counter[0] == last:
            yield outcome("create token", counter=(last + 1) % values)
    elif counter[node] != counter[node - 1]:
        yield outcome("pass token", counter=counter[node - 1])


@converges_to(
    says="from some step on there is one token for ever",
    source="tlaplus/Examples, ewd426/TokenRing.tla, Stab",
)
def stabilises(counter: All[int], values: int) -> bool:
    """A first part of the ring agrees with node 0, and the rest is one behind."""
    ring = counter.values()
    agree = next((at for at, value in enumerate(ring) if value != ring[0]), len(ring))
    return all(value == (ring[0] - 1) % values for value in ring[agree:])


def token_ring(nodes: int = 6, values: int = 6) -> System:
    """So many nodes, each with any of so many values."""
    members = range(nodes)
    return System(
        name="token-ring",
        indices=[Index("node", members)],
        parameters=[Parameter("values", values)],
        variables=[Variable("counter", over="node")],
        actions=[move],
        initial=[
            {"counter": dict(zip(members, counters, strict=True))}
            for counters in product(range(values), repeat=nodes)
        ],
    )
