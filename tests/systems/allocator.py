"""
A simple allocator: clients ask for sets of resources, and get them bit by bit.

:Source: tlaplus/Examples, specifications/allocator/SimpleAllocator.tla with SimpleAllocator.cfg.
:Published: 400 distinct states, 1,633 generated and 6 levels for 3 clients and 2 resources
    (manifest.json beside it). It is (2^c + c * 2^(c-1))^r: for each resource any clients want it,
    and at most one holds it. ClientsWillObtain holds where a client gives back at last what it
    has, and does not where it does so only when it has got all it asked for (the theorems at the
    end of SimpleAllocator.tla).
:Omits: that requests and partial returns go on while others wait: they are fair="none" here, and
    convergence is asked as from a moment when they have stopped.
"""

from collections.abc import Iterator
from itertools import combinations

from seatrial.core import (
    All,
    Index,
    Outcomes,
    Own,
    Parameter,
    System,
    Variable,
    action,
    always,
    converges_to,
    every,
    outcome,
)

__all__ = ["allocator", "everybody_obtains", "one_holder"]


def _subsets(items: tuple[int, ...]) -> tuple[tuple[int, ...], ...]:
    """All but the empty one."""
    sizes = range(1, len(items) + 1)
    return tuple(subset for size in sizes for subset in combinations(items, size))


@action(actor="client", over="client", writes="claim", fair="none")
def request(claim: Own[str]) -> Outcomes:
    """A client that neither wants nor holds anything asks for some resources."""
    if all(each == "none" for each in claim.values()):
        for some in _subsets(tuple(claim)):
            yield outcome(f"request {some}", claim=dict.fromkeys(some, "wants"))


@action(actor="allocator", over="client", writes="claim", fair="strong")
def allocate(client: int, claim: All[str]) -> Outcomes:
    """A client gets some of what it wants and nobody holds."""
    taken = {resource for (_, resource), each in claim.items() if each == "holds"}
    wanted = tuple(
        resource
        for (who, resource), each in claim.items()
        if who == client and each == "wants" and resource not in taken
    )
    for some in _subsets(wanted):
        yield outcome(f"allocate {some}", claim=dict.fromkeys(some, "holds"))


@action(actor="client", over="client", writes="claim")
def give_back(claim: Own[str], only_when_satisfied: bool) -> Outcomes:
    """A client gives back all that it holds, as it must at last."""
    held = [resource for resource, each in claim.items() if each == "holds"]
    if held and not (only_when_satisfied and "wants" in claim.values()):
        yield outcome(f"return {tuple(held)}", claim=dict.fromkeys(held, "none"))


@action(actor="client", over="client", writes="claim", fair="none")
def give_back_early(claim: Own[str], only_when_satisfied: bool) -> Outcomes:
    """A client may give back some of it, or all of it before it must."""
    held = tuple(resource for resource, each in claim.items() if each == "holds")
    must = not (only_when_satisfied and "wants" in claim.values())
    for some in _subsets(held):
        if some != held or not must:
            yield outcome(f"return {some} early", claim=dict.fromkeys(some, "none"))


@always(
    says="no resource is held by two clients",
    source="tlaplus/Examples, allocator/SimpleAllocator.tla, ResourceMutex",
)
def one_holder(claim: All[str]) -> Iterator[str]:
    """What is taken is not given away."""
    held = [resource for (_, resource), each in claim.items() if each == "holds"]
    if len(held) != len(set(held)):
        yield f"two clients hold one of {held}"


@converges_to(
    says="who has asked for a resource gets it at last",
    source="tlaplus/Examples, allocator/SimpleAllocator.tla, ClientsWillObtain",
)
def everybody_obtains(claim: All[str]) -> bool:
    """Nobody wants anything any more."""
    return "wants" not in claim.values()


def allocator(clients: int = 3, resources: int = 2, only_when_satisfied: bool = False) -> System:
    """
    So many clients and resources, none wanted.

    `only_when_satisfied` is SimpleAllocator2: nobody need give back but who has all it asked for.
    """
    return System(
        name="allocator",
        indices=[Index("client", range(clients)), Index("resource", range(resources))],
        parameters=[Parameter("only_when_satisfied", only_when_satisfied)],
        variables=[Variable("claim", over=("client", "resource"))],
        actions=[request, allocate, give_back, give_back_early],
        initial=[{"claim": every("none")}],
    )
