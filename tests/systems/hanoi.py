"""
The towers of Hanoi.

:Source: tlaplus/Examples, specifications/tower_of_hanoi/Hanoi.tla with Hanoi.toolbox/Model_1.
:Published: 243 distinct states, 913 generated and 32 levels for 5 disks and 3 towers
    (Hanoi.toolbox/Model_1/MC.out). That is 3^n states; n disks take 2^n - 1 moves.
:Omits: nothing. A tower is a number there, in binary; here each disk has a tower.
"""

from collections.abc import Iterator

from seatrial.core import (
    All,
    Index,
    Outcomes,
    Parameter,
    System,
    Variable,
    action,
    always,
    every,
    outcome,
)

__all__ = ["hanoi", "not_solved"]


@action(actor="monk", over="disk", writes="tower")
def move(disk: int, tower: All[int], towers: int) -> Outcomes:
    """A disk moves where no smaller one lies above it, nor where it goes."""
    smaller = [at for other, at in tower.items() if other < disk]
    for to in range(1, towers + 1):
        if to != tower[disk] and tower[disk] not in smaller and to not in smaller:
            yield outcome(f"move to {to}", tower=to)


@always(
    says="the disks are not all on the last tower",
    source="tlaplus/Examples, tower_of_hanoi/Hanoi.tla, NotSolved",
    expected="refuted",
)
def not_solved(tower: All[int], towers: int) -> Iterator[str]:
    """Its counterexample is the solution."""
    if all(at == towers for at in tower.values()):
        yield "all disks are on the last tower"


def hanoi(disks: int = 5, towers: int = 3) -> System:
    """So many disks, the smallest first, on the first tower."""
    return System(
        name="hanoi",
        indices=[Index("disk", range(1, disks + 1))],
        parameters=[Parameter("towers", towers)],
        variables=[Variable("tower", over="disk")],
        actions=[move],
        initial=[{"tower": every(1)}],
    )
