"""Look-ups: views, totals and actions of a system, each with what it has answered before."""

from collections.abc import Callable, Iterable, Sequence
from operator import itemgetter
from typing import Any

from seatrial.core import Ground, GroundAction

from .answers import Ids, Option, Taker, taker

__all__ = [
    "Bundle",
    "Due",
    "Group",
    "Options",
    "Order",
    "Pairs",
    "Sum",
    "derivations",
    "due_of",
    "groups_of",
]

Options = tuple[Option, ...]
Pairs = tuple[tuple[int, int], ...]


class Bundle:
    """Views that read the same slots: one look-up for all of them."""

    __slots__ = ("cells", "known", "now", "numbers", "slots", "take")

    def __init__(self, slots: tuple[int, ...]) -> None:
        self.slots = slots
        # The id of a single slot is a key as it is.
        self.take: Callable[[Sequence[int]], Any] = itemgetter(*slots)
        self.cells: list[int] = []
        self.numbers: list[int] = []
        self.known: dict[Any, Pairs] = {}
        """By the ids of the slots, cells and what their ids are."""
        self.now: Pairs = ()


class Sum:
    """A total, with its remembered sums."""

    __slots__ = ("cell", "known", "number", "of", "take")

    def __init__(self, number: int, cell: int, of: tuple[int, ...]) -> None:
        self.number = number
        self.cell = cell
        self.of = of
        self.take: Taker = taker(of)
        self.known: dict[Ids, int] = {}


Due = tuple[list[Bundle], list[Sum]]
"""Views and totals to be looked up again, in this order."""


class Group:
    """Actions with the same reads and guard: one look-up for all of them."""

    __slots__ = (
        "actions",
        "allowed",
        "bit",
        "guard",
        "guard_needs",
        "guard_rests_on",
        "known",
        "needs",
        "nothing",
        "now",
        "numbers",
        "rests_on",
        "take",
    )

    def __init__(self, system: Ground, first: GroundAction) -> None:
        self.actions = [first]
        self.numbers = [first.number]
        self.guard = -1 if first.guard is None else first.guard
        self.allowed: dict[int, bool] = {}
        self.take: Taker = taker(first.reads)
        self.rests_on = system.rests_on(first.looks_at)
        self.guard_rests_on = system.rests_on(() if first.guard is None else (first.guard,))
        self.bit = 0
        """Which group it is."""
        self.needs = self.guard_needs = 0
        """Which of the views that wait may have to be looked up first, as bits."""
        self.known: dict[Ids, tuple[Options, ...]] = {}
        self.now: tuple[Options, ...] = ()
        """What its actions yield, as it was last looked up."""
        self.nothing: tuple[Options, ...] = ()
        """What they yield where none is enabled."""


Order = list[tuple[int, int, Group | None, int]]
"""
Actions, those that are preferred first: the number, and the bit of its group, the group, and which
of the group's it is; no group: it is committed, and starts a step in an initial state only.
"""


def derivations(system: Ground, cells: Iterable[int]) -> Due:
    """The views among these cells, those with the same reads together, and the totals."""
    wanted = frozenset(cells)
    bundles: dict[tuple[int, ...], Bundle] = {}
    for number, view in enumerate(system.views):
        if view.cell.number in wanted:
            slots = tuple(sorted(view.reads))
            bundle = bundles.setdefault(slots, Bundle(slots))
            bundle.cells.append(view.cell.number)
            bundle.numbers.append(number)
    totals = [
        Sum(number, total.cell.number, total.of)
        for number, total in enumerate(system.totals)
        if total.cell.number in wanted
    ]
    return list(bundles.values()), totals


def due_of(derivations: Due, changed: Iterable[int]) -> Due:
    """What has to be looked up again where these cells changed."""
    cells = set(changed)
    bundles = [each for each in derivations[0] if not cells.isdisjoint(each.slots)]
    for each in bundles:
        cells.update(each.cells)
    return bundles, [each for each in derivations[1] if not cells.isdisjoint(each.of)]


def groups_of(system: Ground, *, committed: bool) -> list[Group]:
    """Actions in order, neighbours with the same reads and guard together."""
    found: list[Group] = []
    for action in system.actions:
        if action.action.committed is not committed:
            continue
        last = found[-1].actions[0] if found else None
        if last is not None and (last.guard, {*last.reads}) == (action.guard, {*action.reads}):
            found[-1].actions.append(action)
            found[-1].numbers.append(action.number)
        else:
            found.append(Group(system, action))
    for at, each in enumerate(found):
        each.bit = 1 << at
        each.nothing = ((),) * len(each.actions)
    return found
