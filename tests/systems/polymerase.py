"""
The polymerase chain reaction: heat, cool, anneal, extend.

:Source: tlaplus/Examples, specifications/glowingRaccoon/clean.tla with clean.cfg.
:Published: 63 distinct states, 99 generated and 10 levels for 5 pieces of DNA and 5 primers
    (manifest.json beside it); "primerDepleted does not hold!" (clean.tla).
:Omits: nothing. The specification asks for no fairness at all. Even weakly fair, one may heat and
    cool for ever, since the primers cannot anneal in between; strong fairness forbids that.
"""

from collections.abc import Iterator

import attrs

from seatrial.core import (
    Fairness,
    Outcomes,
    Parameter,
    System,
    Variable,
    action,
    always,
    choose,
    converges_to,
    outcome,
)
from seatrial.core.arith import minimum

__all__ = ["conserves", "depletes_primers", "polymerase"]


@action(actor="cycler", writes=("heat", "primer", "dna", "template", "hybrid"))
def heat_up(heat: str, primer: int, dna: int, template: int, hybrid: int) -> Outcomes:
    """All double strands come apart."""
    if heat == "hot":
        yield outcome(
            "heat up",
            heat="too hot",
            primer=primer + hybrid,
            dna=0,
            template=template + hybrid + 2 * dna,
            hybrid=0,
        )


@action(actor="cycler", writes="heat")
def cool_down(heat: str) -> Outcomes:
    """From too hot to hot."""
    if heat == "too hot":
        yield outcome("cool down", heat="hot")


@action(actor="cycler", writes=("heat", "primer", "template", "hybrid"))
def anneal(heat: str, primer: int, template: int, hybrid: int) -> Outcomes:
    """At least one primer attaches to a single strand; how many do is open."""
    if heat == "hot" and primer > 0 and template > 0:
        attached = choose(1, minimum(primer, template))
        yield outcome(
            f"anneal {attached}",
            heat="warm",
            primer=primer - attached,
            template=template - attached,
            hybrid=hybrid + attached,
        )


@action(actor="cycler", writes=("heat", "dna", "hybrid"))
def extend(heat: str, dna: int, hybrid: int) -> Outcomes:
    """Each strand with a primer becomes a double strand."""
    if heat == "warm":
        yield outcome("extend", heat="hot", dna=dna + hybrid, hybrid=0)


@always(
    says="nothing comes from nothing",
    source="tlaplus/Examples, glowingRaccoon/clean.tla, preservationInvariant",
)
def conserves(primer: int, dna: int, template: int, hybrid: int, material: int) -> Iterator[str]:
    """Primers end up in strands; a double strand is two."""
    found = template + primer + 2 * (dna + hybrid)
    if found != material:
        yield f"{found} instead of {material}"


@converges_to(
    says="all primers are used up",
    source="tlaplus/Examples, glowingRaccoon/clean.tla, primerDepleted",
)
def depletes_primers(primer: int) -> bool:
    """Only under strong fairness of annealing."""
    return primer == 0


def polymerase(dna: int = 5, primers: int = 5, annealing: Fairness = "weak") -> System:
    """A hot vessel with so many double strands and primers."""
    return System(
        name="polymerase",
        parameters=[Parameter("material", primers + 2 * dna)],
        variables=[
            Variable("heat"),
            Variable("primer"),
            Variable("dna", about="double strands"),
            Variable("template", about="single strands"),
            Variable("hybrid", about="single strands with a primer"),
        ],
        actions=[heat_up, cool_down, attrs.evolve(anneal, fair=annealing), extend],
        initial=[{"heat": "hot", "primer": primers, "dna": dna, "template": 0, "hybrid": 0}],
    )
