"""
Missionaries and cannibals: three of each, one boat for two.

:Source: tlaplus/Examples, specifications/MissionariesAndCannibals/MissionariesAndCannibals.tla
    with the model of the same name.
:Published: the result, "safety failure" of Solution (manifest.json beside it). That eleven
    crossings are needed is Amarel's (On representations of problems of reasoning about actions,
    1968), who also counts 16 states where people of a kind are alike.
:Omits: nothing. Who is on a bank is a family over people here, not a set.
"""

from collections.abc import Iterator
from itertools import combinations

from seatrial.core import All, Index, Outcomes, System, Variable, action, always, every, outcome

__all__ = ["missionaries", "somebody_stays"]


def _is_safe(missionaries: int, cannibals: int) -> bool:
    return missionaries == 0 or cannibals <= missionaries


@action(actor="boat", writes=("missionary_east", "cannibal_east", "boat_east"))
def cross(missionary_east: All[bool], cannibal_east: All[bool], boat_east: bool) -> Outcomes:
    """One or two people cross, if then nobody is eaten on either bank."""
    people = [("missionary", key) for key, east in missionary_east.items() if east == boat_east]
    people += [("cannibal", key) for key, east in cannibal_east.items() if east == boat_east]
    for size in (1, 2):
        for passengers in combinations(people, size):
            first = dict(missionary_east)
            second = dict(cannibal_east)
            for kind, key in passengers:
                (first if kind == "missionary" else second)[key] = not boat_east
            banks = [
                (list(first.values()).count(east), list(second.values()).count(east))
                for east in (True, False)
            ]
            if all(_is_safe(*bank) for bank in banks):
                names = " and ".join(f"{kind} {key}" for kind, key in passengers)
                yield outcome(
                    f"{names} cross",
                    missionary_east=first,
                    cannibal_east=second,
                    boat_east=not boat_east,
                )


@always(
    says="somebody is left on the east bank",
    source="tlaplus/Examples, MissionariesAndCannibals.tla, Solution",
    expected="refuted",
)
def somebody_stays(missionary_east: All[bool], cannibal_east: All[bool]) -> Iterator[str]:
    """Its counterexample is the solution."""
    if not any(missionary_east.values()) and not any(cannibal_east.values()):
        yield "everybody has crossed"


def missionaries(each: int = 3) -> System:
    """So many of each, all on the east bank, where the boat is."""
    return System(
        name="missionaries",
        indices=[
            Index("missionary", range(1, each + 1), symmetric=True),
            Index("cannibal", range(1, each + 1), symmetric=True),
        ],
        variables=[
            Variable("missionary_east", over="missionary"),
            Variable("cannibal_east", over="cannibal"),
            Variable("boat_east"),
        ],
        actions=[cross],
        initial=[{"missionary_east": every(True), "cannibal_east": every(True), "boat_east": True}],
    )
