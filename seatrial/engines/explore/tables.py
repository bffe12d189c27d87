"""Interning and learned answers: the only place where the explicit engine calls Python rules.

Each distinct value of a family gets a small integer, its id, in order of discovery. A rule is asked
once for each distinct tuple of ids that it reads; the answer is ids again.
"""

import random
from collections.abc import Sequence
from typing import Any

import attrs

from seatrial.core import (
    DeclarationError,
    Finding,
    Ground,
    GroundAction,
    GroundOutcome,
    GroundProperty,
    NotAFunction,
    Property,
    PropertyError,
    RuleError,
    ValueRefused,
    check_value,
    ground,
    ground_property,
    same_value,
    where,
    with_sets_reversed,
)

__all__ = ["Asked", "Domain", "Tables", "Writes"]

Writes = tuple[tuple[int, int], ...]
"""One outcome: slots and the ids of the values written."""

VALUE_BYTES = 300

_AUDITED_AT_ONCE = 8
_AUDITED_AT_END = 64
_AUDITED_SETS = 2000
_MARKS = 64


class Domain:
    """The distinct values of one family, in order of discovery."""

    __slots__ = ("guarded", "ids", "name", "twins", "values")

    def __init__(self, name: str) -> None:
        self.name = name
        self.guarded: GroundAction | None = None
        """An action of which a cell of this family is the guard."""
        self.values: list[Any] = []
        self.twins: list[Any] = []
        """The same values with their sets walked the other way round, see `with_sets_reversed`."""
        self.ids: dict[Any, int] = {}

    def intern(self, value: Any) -> int:
        """
        The id of `value`, a new one if need be.

        Raises ValueRefused for what may not be part of a state, and for a value that equals a known
        one but is of another type (`True` where there was `1`); RuleError for a guard that is
        neither True nor False.
        """
        if self.guarded is not None:
            self.guarded.allowed(value)
        try:
            known = self.ids.get(value)
        except TypeError:
            check_value(value)
            raise
        if known is None:
            check_value(value)
            known = self.ids[value] = len(self.values)
            self.values.append(value)
            self.twins.append(with_sets_reversed(value))
            return known
        twin = self.values[known]
        if twin is not value and not same_value(twin, value):
            check_value(value)
            raise ValueRefused(
                f"{self.name} was {twin!r} and is now {value!r}, which is equal but of another"
                f" type; use one type for one variable"
            )
        return known


@attrs.frozen(eq=False)
class Asked:
    """A property at one index, as asked in this run."""

    number: int
    rule: GroundProperty

    @property
    def kind(self) -> str:
        """The kind of its property."""
        return self.rule.property.kind


class Tables:
    """
    A grounded system over ids, with its properties.

    Nothing is remembered here but values: engines keep the answers in the form they need.
    """

    def __init__(self, system: Ground, properties: Sequence[Property]) -> None:
        self.system = system
        self.properties = tuple(properties)
        names = [each.id for each in properties]
        for twice in {name for name in names if names.count(name) > 1}:
            raise DeclarationError(f"two properties are called {twice}; rename one")
        grounded = [rule for each in properties for rule in ground_property(system, each)]
        self.asked = tuple(Asked(number, rule) for number, rule in enumerate(grounded))
        by_name: dict[str, Domain] = {}
        for cell in system.scope.cells:
            by_name.setdefault(cell.domain, Domain(cell.domain))
        self.domains = tuple(by_name.values())
        self.domain_of = tuple(by_name[cell.domain] for cell in system.scope.cells)
        for action in system.actions:
            if action.guard is not None and self.domain_of[action.guard].guarded is None:
                self.domain_of[action.guard].guarded = action
        self._choose_cells()
        self.evaluations: dict[str, int] = {}
        self.fired: set[int] = set()
        """Numbers of the actions that were enabled somewhere."""
        self._called = [f"action {action.action.name}" for action in system.actions]
        self._audit: dict[int, list[tuple[tuple[int, ...], tuple[GroundOutcome, ...]]]] = {}
        self.marks = _marks(system, properties)
        """Bits by name of a committed action, for those that properties name."""
        self._dice = random.Random(0)
        self._twin = _with_sets_reversed(system)
        self.initial = self._initial()

    def _choose_cells(self) -> None:
        """Find out which views and totals are of use at all."""
        system = self.system
        looked_at = {cell for action in system.actions for cell in action.looks_at}
        self.acted_on = system.rests_on(looked_at)
        """The cells that some action rests on."""
        for asked in self.asked:
            looked_at |= {*asked.rule.reads, *asked.rule.before}
        self.used = system.rests_on(looked_at)
        """The cells that some rule, guard or property rests on: the others are never computed."""
        committed = [action for action in system.actions if action.action.committed]
        self.used_between = system.rests_on(c for action in committed for c in action.looks_at)
        """The cells that committed actions rest on: all that is computed in the midst of a step."""

    @property
    def held(self) -> int:
        """Bytes that values hold, roughly: a value, its hash entry and its place in a list."""
        return VALUE_BYTES * sum(len(domain.values) for domain in self.domains)

    def _initial(self) -> tuple[tuple[int, ...], ...]:
        states: dict[tuple[int, ...], None] = {}
        for state in self.system.initial:
            try:
                ids = [self.domain_of[slot].intern(value) for slot, value in enumerate(state)]
            except ValueRefused as error:
                raise DeclarationError(f"initial states: {error}") from None
            states[tuple(ids)] = None
        return tuple(states)

    def values(self, cells: Sequence[int], ids: Sequence[int]) -> list[Any]:
        """The values that ids stand for, at these cells."""
        domain_of = self.domain_of
        return [domain_of[cell].values[each] for cell, each in zip(cells, ids, strict=True)]

    def state(self, ids: Sequence[int]) -> tuple[Any, ...]:
        """The values of a state."""
        return tuple(self.values(range(len(ids)), ids))

    @property
    def evaluated(self) -> dict[str, int]:
        """How often each view, rule and property was asked, in the order of their declarations."""
        system = self.system
        names = [f"view {view.cell.domain}" for view in system.views]
        names += [*self._called, *(f"property {each.id}" for each in self.properties)]
        asked = self.evaluations
        return {name: asked[name] for name in dict.fromkeys(names) if name in asked}

    def _count(self, name: str) -> int:
        number = self.evaluations[name] = self.evaluations.get(name, 0) + 1
        return number

    def outcomes(self, action: GroundAction, ids: Sequence[int]) -> tuple[Writes, ...]:
        """What an action yields where its reads have these ids; asks the rule."""
        number = self._count(self._called[action.number])
        found = action.evaluate(self.values(action.reads, ids), checked=False)
        if self._due(number) or (number < _AUDITED_SETS and self._has_sets(action.reads, ids)):
            self._same_answer(action, ids, found)
        sample = self._audit.setdefault(action.number, [])
        if len(sample) < _AUDITED_AT_END:
            sample.append((tuple(ids), found))
        elif (place := int(self._dice.random() * number)) < _AUDITED_AT_END:
            sample[place] = (tuple(ids), found)
        if found:
            self.fired.add(action.number)
        result = []
        domain_of = self.domain_of
        for outcome in found:
            try:
                writes = [(slot, domain_of[slot].intern(value)) for slot, value in outcome.writes]
            except (ValueRefused, TypeError) as error:
                action.evaluate(self.values(action.reads, ids))  # says it better, if it can
                raise RuleError(
                    f"action {where(action.action.function)} as {action.name}, outcome"
                    f" {outcome.label!r}: {error}"
                ) from None
            result.append(tuple(writes))
        return tuple(result)

    def _same_answer(self, action: GroundAction, ids: Sequence[int], found: Any) -> None:
        """Ask again, with every set walked the other way round, in parameters too."""
        again = self._twin.actions[action.number].evaluate(self._twins(action.reads, ids))
        if _alike(found, again):
            return
        plain = action.evaluate(self.values(action.reads, ids))
        function = where(action.action.function)
        if _alike(found, plain):
            raise RuleError(
                f"action {function} as {action.name} depends on the order of a set: it answers"
                f" {found_text(found)} or {found_text(again)}; sort the set before you walk it"
            )
        raise NotAFunction(
            f"action {function} as {action.name} is not a function: for one input it answers"
            f" {found_text(found)} and then {found_text(plain)}; it reads something that it does"
            f" not declare"
        )

    @staticmethod
    def _due(number: int) -> bool:
        """Whether the answer of that number is asked for twice."""
        return number <= _AUDITED_AT_ONCE or number & (number - 1) == 0

    def _twins(self, cells: Sequence[int], ids: Sequence[int]) -> list[Any]:
        """Like `values`, with all sets walked the other way round."""
        domain_of = self.domain_of
        return [domain_of[cell].twins[each] for cell, each in zip(cells, ids, strict=True)]

    def _has_sets(self, cells: Sequence[int], ids: Sequence[int]) -> bool:
        """Whether a set that can be walked in two ways is in one of these values."""
        domains = map(self.domain_of.__getitem__, cells)
        return any(
            domain.twins[each] is not domain.values[each]
            for domain, each in zip(domains, ids, strict=True)
        )

    def audit(self) -> int:
        """
        Ask a sample of all questions again, last first; how many were asked.

        Raises NotAFunction where an answer differs: a rule read something it does not declare.
        """
        count = 0
        for number in sorted(self._audit, reverse=True):
            for ids, found in reversed(self._audit[number]):
                self._same_answer(self.system.actions[number], ids, found)
                count += 1
        return count

    def derive(self, number: int, ids: Sequence[int]) -> int:
        """The id of view `number` where its reads have these ids; asks the view."""
        each = self.system.views[number]
        number_asked = self._count(f"view {each.cell.domain}")
        values = self.values(each.reads, ids)
        value = each.compute(values)
        if self._due(number_asked):
            again = each.compute(self._twins(each.reads, ids))
            if again != value or not same_value(again, value):
                raise NotAFunction(
                    f"view {each.cell.name} answers {value!r} and then {again!r} for one input; it"
                    " depends on the order of a set or on something that it does not read"
                )
        try:
            return self.domain_of[each.cell.number].intern(value)
        except ValueRefused as error:
            raise RuleError(f"view {each.cell.name}: {error}") from None

    def sum_id(self, number: int, amount: int) -> int:
        """The id of total `number` where it is `amount`."""
        return self.domain_of[self.system.totals[number].cell.number].intern(amount)

    def number(self, cell: int, each: int) -> int:
        """The integer that an id of this cell stands for. Raises RuleError where it is none."""
        value = self.domain_of[cell].values[each]
        if type(value) is not int or not -(2**40) < value < 2**40:
            raise RuleError(
                f"a total sums {self.system.cell(cell).name}, which is {value!r}; totals take"
                f" integers below 2^40"
            )
        return value

    def ask(
        self, asked: Asked, reads: Sequence[int], before: Sequence[int] = (), action: str = ""
    ) -> Finding:
        """What a property says where its reads have these ids; asks the property."""
        number = self._count(f"property {asked.rule.property.id}")
        rule = asked.rule
        values = [*self.values(rule.reads, reads), *self.values(rule.before, before), action]
        found = rule.check(values)
        if self._due(number):
            twins = [*self._twins(rule.reads, reads), *self._twins(rule.before, before), action]
            again = rule.check(twins)
            if (again.met, bool(again.violations), again.value) != (
                found.met,
                bool(found.violations),
                found.value,
            ):
                function = rule.property.function
                assert function is not None
                raise PropertyError(
                    f"property {rule.name}, {where(function)}, answers one question in two ways;"
                    f" it depends on set order or on something that it does not read"
                )
        return found


def _marks(system: Ground, properties: Sequence[Property]) -> dict[str, int]:
    named = {name for each in properties for name in (*each.work, *each.progress)}
    committed = [a.name for a in system.system.actions if a.committed and a.name in named]
    if len(committed) > _MARKS:
        raise DeclarationError(
            f"properties without hot loops name {len(committed)} committed actions; at most"
            f" {_MARKS} can be told apart: name those that start their steps, or ask in two runs"
        )
    return {name: 1 << at for at, name in enumerate(committed)}


def _with_sets_reversed(system: Ground) -> Ground:
    """The same system with the sets in its parameters walked the other way round."""
    parameters = [
        attrs.evolve(each, value=with_sets_reversed(each.value))
        for each in system.system.parameters
    ]
    if all(
        twin.value is each.value
        for twin, each in zip(parameters, system.system.parameters, strict=True)
    ):
        return system
    return ground(attrs.evolve(system.system, parameters=parameters))


def _alike(one: Sequence[GroundOutcome], other: Sequence[GroundOutcome]) -> bool:
    """Whether two answers are the same, in order and with their types."""
    return len(one) == len(other) and all(
        a.label == b.label
        and len(a.writes) == len(b.writes)
        and all(
            slot == place and value == twin and same_value(value, twin)
            for (slot, value), (place, twin) in zip(a.writes, b.writes, strict=True)
        )
        for a, b in zip(one, other, strict=True)
    )


def found_text(outcomes: Sequence[Any]) -> str:
    """Outcomes in a message: their labels and writes, or 'nothing'."""
    shown = [f"{each.label!r} {[value for _, value in each.writes]!r}" for each in outcomes]
    return ", ".join(shown[:3]) + (", …" if len(shown) > 3 else "") if shown else "nothing"
