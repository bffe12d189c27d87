"""Interned values and remembered answers, by what a rule reads.

Nothing is shared with the tables of the explicit engine: here rules, views and properties are
called directly, so that what the two engines say can be compared.
"""

from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Any

import attrs

from seatrial.core import (
    DeclarationError,
    Ground,
    GroundAction,
    GroundOutcome,
    GroundProperty,
    NotAFunction,
    Property,
    RuleError,
    ValueRefused,
    check_value,
    ground_property,
    same_value,
    where,
)

__all__ = ["Answer", "Answers", "Ids", "Option", "taker"]

Ids = tuple[int, ...]
Taker = Callable[[Sequence[int]], Ids]

VALUE_BYTES = 300
"""What a distinct value holds, roughly, with its place in a table."""

ENTRY_BYTES = 250
"""What a remembered answer holds, roughly: its key, and the ids of what was answered."""

_AUDITED = 64


class Option:
    """One outcome of an action, as ids: what a step is made of."""

    __slots__ = ("action", "fair", "number", "outcome", "writes")

    def __init__(
        self, action: GroundAction, outcome: GroundOutcome, writes: tuple[tuple[int, int], ...]
    ) -> None:
        self.action = action
        self.number = action.number
        self.fair = action.action.fair != "none"
        self.outcome = outcome
        self.writes = writes


@attrs.frozen
class Answer:
    """What a property says: whether its premise is met, whether it is broken, and the number."""

    met: bool
    broken: bool
    value: int


def taker(cells: Sequence[int]) -> Taker:
    """What takes the ids of these cells, in this order, out of those of all."""
    if len(cells) > 1:
        return itemgetter(*cells)
    if not cells:
        return lambda ids: ()
    only = cells[0]
    return lambda ids: (ids[only],)


class Answers:
    """A grounded system with its properties; values are interned, questions are answered."""

    def __init__(self, system: Ground, properties: Sequence[Property]) -> None:
        self.system = system
        self.properties = tuple(properties)
        ids = [each.id for each in properties]
        for twice in [each for each in dict.fromkeys(ids) if ids.count(each) > 1]:
            raise DeclarationError(f"two properties are called {twice}; rename one")
        self.rules = tuple(one for each in properties for one in ground_property(system, each))
        names = dict.fromkeys(cell.domain for cell in system.scope.cells)
        self._values: dict[str, list[Any]] = {name: [] for name in names}
        self._ids: dict[str, dict[Any, int]] = {name: {} for name in names}
        self._values_of = [self._values[cell.domain] for cell in system.scope.cells]
        self._ids_of = [self._ids[cell.domain] for cell in system.scope.cells]
        self.evaluations: dict[str, int] = {}
        self.enabled: set[int] = set()
        """Numbers of the actions that were enabled somewhere."""
        self.entries = 0
        self._sample: list[tuple[GroundAction, Ids, tuple[GroundOutcome, ...]]] = []

    @property
    def held(self) -> int:
        """Bytes that values and answers hold, roughly."""
        values = sum(map(len, self._values.values()))
        return VALUE_BYTES * values + ENTRY_BYTES * self.entries

    @property
    def sizes(self) -> tuple[tuple[str, int], ...]:
        """How many distinct values each family has had."""
        return tuple((name, len(values)) for name, values in self._values.items())

    def intern(self, cell: int, value: Any) -> int:
        """
        The id of a value of this cell, a new one if need be.

        Raises ValueRefused for what may not be part of a state, and for a value that equals a known
        one but is of another type.
        """
        ids = self._ids_of[cell]
        try:
            known = ids.get(value)
        except TypeError:
            check_value(value)
            raise
        if known is None:
            check_value(value)
            values = self._values_of[cell]
            known = ids[value] = len(values)
            values.append(value)
            return known
        twin = self._values_of[cell][known]
        if twin is not value and not same_value(twin, value):
            check_value(value)
            raise ValueRefused(
                f"{self.system.cell(cell).domain} was {twin!r} and is now {value!r}, which is equal"
                " but of another type; use one type for one variable"
            )
        return known

    def state(self, values: Sequence[Any]) -> Ids:
        """The ids of a state. Raises DeclarationError for what may not be part of one."""
        try:
            return tuple(self.intern(slot, value) for slot, value in enumerate(values))
        except ValueRefused as error:
            raise DeclarationError(f"initial states: {error}") from None

    def value(self, cell: int, each: int) -> Any:
        """The value that an id of this cell stands for."""
        return self._values_of[cell][each]

    def values(self, cells: Sequence[int], ids: Sequence[int]) -> list[Any]:
        """The values that ids stand for, at these cells."""
        return [self._values_of[cell][each] for cell, each in zip(cells, ids, strict=True)]

    def _count(self, name: str) -> None:
        self.evaluations[name] = self.evaluations.get(name, 0) + 1
        self.entries += 1

    def allowed(self, action: GroundAction, each: int) -> bool:
        """Whether the guard of an action, of this id, lets the rule be asked. Raises RuleError."""
        assert action.guard is not None
        return action.allowed(self.value(action.guard, each))

    def options(self, action: GroundAction, ids: Ids) -> tuple[Option, ...]:
        """What an action yields where its reads have these ids; asks the rule. Raises RuleError."""
        self._count(f"action {action.action.name}")
        found = action.evaluate(self.values(action.reads, ids), checked=False)
        if found:
            self.enabled.add(action.number)
        if len(self._sample) < _AUDITED:
            self._sample.append((action, ids, found))
        return tuple([Option(action, each, self._writes(action, ids, each)) for each in found])

    def _writes(
        self, action: GroundAction, ids: Ids, outcome: GroundOutcome
    ) -> tuple[tuple[int, int], ...]:
        """The ids of what an outcome writes; values are checked when they are new."""
        try:
            return tuple([(slot, self.intern(slot, value)) for slot, value in outcome.writes])
        except (ValueRefused, TypeError) as error:
            action.evaluate(self.values(action.reads, ids))  # says it better, if it can
            raise RuleError(
                f"action {where(action.action.function)} as {action.name}, outcome"
                f" {outcome.label!r}: {error}"
            ) from None

    def view(self, number: int, ids: Ids) -> int:
        """The id of view `number` where its reads have these ids; asks it. Raises RuleError."""
        each = self.system.views[number]
        self._count(f"view {each.cell.domain}")
        try:
            return self.intern(each.cell.number, each.compute(self.values(each.reads, ids)))
        except ValueRefused as error:
            raise RuleError(f"view {each.cell.name}: {error}") from None

    def total(self, number: int, ids: Ids) -> int:
        """The id of total `number` where its parts have these ids. Raises RuleError."""
        each = self.system.totals[number]
        self.entries += 1
        return self.intern(each.cell.number, each.compute(self.values(each.of, ids)))

    def ask(self, rule: GroundProperty, reads: Ids, before: Ids = (), action: str = "") -> Answer:
        """What a property says of these ids; asks it. Raises PropertyError."""
        self._count(f"property {rule.property.id}")
        found = rule.check(
            [*self.values(rule.reads, reads), *self.values(rule.before, before), action]
        )
        return Answer(found.met, bool(found.violations), int(found.value or 0))

    def audit(self) -> None:
        """
        Ask a sample of the questions again, last first.

        Raises NotAFunction where an answer differs: a rule read something it does not declare.
        """
        for action, ids, found in reversed(self._sample):
            again = action.evaluate(self.values(action.reads, ids))
            if not _alike(found, again):
                raise NotAFunction(
                    f"action {where(action.action.function)} as {action.name} is not a function:"
                    " for one input it gives two answers; it reads something that it does not"
                    " declare"
                )


def _alike(one: Sequence[GroundOutcome], other: Sequence[GroundOutcome]) -> bool:
    """Whether two answers are the same, in order and with their types."""
    return len(one) == len(other) and all(
        (a.label, a.choices, len(a.writes)) == (b.label, b.choices, len(b.writes))
        and all(
            slot == place and same_value(value, twin)
            for (slot, value), (place, twin) in zip(a.writes, b.writes, strict=True)
        )
        for a, b in zip(one, other, strict=True)
    )
