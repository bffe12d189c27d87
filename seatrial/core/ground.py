"""Grounding: a system with every family written out, as the engines see it.

A state is a tuple of values, one a variable cell. An engine knows nothing but this.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import attrs

from .binding import Binding, Cell, Scope, bind, cell_name, open_key
from .choice import answers
from .errors import DeclarationError, RuleError, SeatrialError, ValueRefused, where
from .system import Action, Outcome, System, Total, Variable, View, _Every
from .values import check_value, same_value

__all__ = ["Ground", "GroundAction", "GroundOutcome", "GroundTotal", "GroundView", "ground"]


@attrs.frozen(eq=False)
class GroundOutcome:
    """One outcome of an action at one index: label, answers to choices, values by slot."""

    label: str
    choices: tuple[int, ...]
    writes: tuple[tuple[int, Any], ...]


@attrs.frozen(eq=False)
class GroundView:
    """A view at one index; `reads` are one or two variable cells."""

    cell: Cell
    reads: tuple[int, ...]
    _binding: Binding
    _function: Callable[..., Any]

    def compute(self, values: Sequence[Any]) -> Any:
        """The view of the values of `reads`. Raises RuleError."""
        try:
            result = self._function(*self._binding.arguments(values))
            check_value(result)
        except ValueRefused as error:
            raise RuleError(f"view {where(self._function)}: {error}") from None
        except Exception as error:
            raise _raised("view", self._function, self.cell.name, error) from error
        return result


@attrs.frozen(eq=False)
class GroundTotal:
    """A sum of cells whose values are integers."""

    cell: Cell
    of: tuple[int, ...]


@attrs.frozen(eq=False)
class GroundAction:
    """An action at one index."""

    number: int
    name: str
    action: Action
    key: tuple[Any, ...]
    reads: tuple[int, ...]
    writes: frozenset[int]
    _binding: Binding
    _targets: Mapping[str, int | Mapping[Any, int]]

    def evaluate(self, values: Sequence[Any]) -> tuple[GroundOutcome, ...]:
        """
        The outcomes at the given values of `reads`, in the order of the rule; none: not enabled.

        Outcomes that are the same in label and writes count once. Raises RuleError.
        """
        function = self.action.function
        arguments = self._binding.arguments(values)
        found: list[GroundOutcome] = []
        try:
            for outcomes, choices in answers(lambda: list(function(*arguments) or ())):
                for one in outcomes:
                    made = self._outcome(one, choices)
                    if not any(_same_outcome(made, earlier) for earlier in found):
                        found.append(made)
        except RecursionError as error:
            raise _raised("action", function, self.name, error) from error
        except SeatrialError as error:
            raise type(error)(f"action {where(function)} as {self.name}: {error}") from None
        except Exception as error:
            raise _raised("action", function, self.name, error) from error
        return tuple(found)

    def _outcome(self, one: Any, choices: tuple[int, ...]) -> GroundOutcome:
        if not isinstance(one, Outcome):
            raise RuleError(f"yielded {one!r}; yield outcome('label', name=value)")
        writes: list[tuple[int, Any]] = []
        for name, value in one.writes.items():
            target = self._targets.get(name)
            if target is None:
                declared = ", ".join(self._targets)
                raise RuleError(
                    f"outcome {one.label!r} writes {name}, but declares writes={declared or None};"
                    f" add {name!r} to its writes"
                )
            if isinstance(target, int):
                writes.append((target, value))
            else:
                writes += self._members(name, target, value)
        return GroundOutcome(one.label, choices, tuple(sorted(writes, key=lambda pair: pair[0])))

    def _members(self, name: str, target: Mapping[Any, int], value: Any) -> list[tuple[int, Any]]:
        if not isinstance(value, Mapping):
            raise RuleError(
                f"writes {value!r} to {name}, which is a family here; write a mapping from its"
                f" index to the new values"
            )
        for key in value:
            if key not in target:
                raise RuleError(f"writes {name}[{key!r}], which does not exist")
        return [(target[key], each) for key, each in value.items()]


def _same_outcome(one: GroundOutcome, other: GroundOutcome) -> bool:
    return (
        one.label == other.label
        and len(one.writes) == len(other.writes)
        and all(
            a == b and x == y and same_value(x, y)
            for (a, x), (b, y) in zip(one.writes, other.writes, strict=True)
        )
    )


def _raised(kind: str, function: Callable[..., Any], name: str, error: BaseException) -> RuleError:
    place = ""
    traceback = error.__traceback__
    while traceback is not None:
        code = traceback.tb_frame.f_code
        if code.co_filename == function.__code__.co_filename:
            place = f" at line {traceback.tb_lineno}"
        traceback = traceback.tb_next
    return RuleError(
        f"{kind} {where(function)} as {name} raised {type(error).__name__}{place}: {error}"
    )


@attrs.frozen(eq=False)
class Ground:
    """A system with every family written out: cells, actions in order, whole initial states."""

    system: System
    scope: Scope
    slots: tuple[Cell, ...]
    views: tuple[GroundView, ...]
    totals: tuple[GroundTotal, ...]
    actions: tuple[GroundAction, ...]
    initial: tuple[tuple[Any, ...], ...]

    def cell(self, number: int) -> Cell:
        """The cell of that number: a slot, a view or a total."""
        return self.scope.cells[number]

    def values(self, state: Sequence[Any]) -> list[Any]:
        """The values of all cells in a state: slots, then views, then totals."""
        values = list(state)
        for each in self.views:
            values.append(each.compute([values[number] for number in each.reads]))
        for total in self.totals:
            values.append(sum(values[number] for number in total.of))
        return values

    def read_slots(self, cells: Sequence[int]) -> frozenset[int]:
        """The slots that cells rest on: themselves, or what their views and totals read."""
        waiting = list(cells)
        found = set()
        derived = {each.cell.number: each.reads for each in self.views}
        derived |= {each.cell.number: each.of for each in self.totals}
        while waiting:
            number = waiting.pop()
            if number in derived:
                waiting += derived[number]
            else:
                found.add(number)
        return frozenset(found)


def ground(system: System) -> Ground:
    """
    Write out every family of `system`.

    Raises DeclarationError where a rule reads or writes what is not declared, where a view reads
    more than two variables, or where an initial state is not whole.
    """
    scope = _scope(system)
    slots = tuple(cell for cell in scope.cells if not isinstance(cell.declared, (View, Total)))
    return Ground(
        system=system,
        scope=scope,
        slots=slots,
        views=tuple(
            _view(scope, cell, cell.declared, len(slots))
            for cell in scope.cells
            if isinstance(cell.declared, View)
        ),
        totals=tuple(
            _total(scope, cell, cell.declared)
            for cell in scope.cells
            if isinstance(cell.declared, Total)
        ),
        actions=_actions(scope),
        initial=tuple(_initial(scope, slots, at) for at in range(len(system.initial))),
    )


def _scope(system: System) -> Scope:
    cells: list[Cell] = []
    families: dict[str, dict[tuple[Any, ...], Cell]] = {}
    views = [each for each in system.views if isinstance(each, View)]
    totals = [each for each in system.views if isinstance(each, Total)]
    everything: tuple[Variable | View | Total, ...] = (*system.variables, *views, *totals)
    for declared in everything:
        families[declared.name] = {}
        for key in system.tuples(getattr(declared, "over", ())):
            cell = Cell(len(cells), cell_name(declared.name, key), declared.name, key, declared)
            families[declared.name][key] = cell
            cells.append(cell)
    for parameter in system.parameters:
        try:
            check_value(parameter.value)
        except ValueRefused as error:
            raise DeclarationError(f"parameter {parameter.name}: {error}") from None
    constants = {each.name: each.value for each in system.parameters}
    return Scope(system, tuple(cells), families, constants)


def _view(scope: Scope, cell: Cell, declared: View, slots: int) -> GroundView:
    binding = bind(scope, declared.function, declared.over, cell.key)
    if not 1 <= len(binding.reads) <= 2 or any(number >= slots for number in binding.reads):
        raise DeclarationError(
            f"view {where(declared.function)} reads {len(binding.reads)} cells; a view reads one"
            " or two variables, and no other view"
        )
    return GroundView(cell, binding.reads, binding, declared.function)


def _total(scope: Scope, cell: Cell, declared: Total) -> GroundTotal:
    members = scope.families.get(declared.of)
    if members is None or any(isinstance(m.declared, Total) for m in members.values()):
        raise DeclarationError(
            f"total {declared.name} sums {declared.of}, which is no variable or view"
        )
    return GroundTotal(cell, tuple(member.number for member in members.values()))


def _actions(scope: Scope) -> tuple[GroundAction, ...]:
    """
    All actions at all indices: as declared, but those that read the same cells are neighbours.

    So an engine may look them up together.
    """
    bound = [
        (action, key, bind(scope, action.function, action.over, key))
        for action in scope.system.actions
        for key in scope.system.tuples(action.over)
    ]
    groups: dict[tuple[bool, frozenset[int]], list[tuple[Action, tuple[Any, ...], Binding]]] = {}
    for action, key, binding in bound:
        group = (action.committed, frozenset(binding.reads))
        groups.setdefault(group, []).append((action, key, binding))
    found: list[GroundAction] = []
    for action, key, binding in (each for group in groups.values() for each in group):
        targets = {name: _target(scope, action, name, key) for name in action.writes}
        slots = [
            number
            for target in targets.values()
            for number in (target.values() if isinstance(target, Mapping) else (target,))
        ]
        found.append(
            GroundAction(
                number=len(found),
                name=cell_name(action.name, key),
                action=action,
                key=key,
                reads=binding.reads,
                writes=frozenset(slots),
                binding=binding,
                targets=targets,
            )
        )
    return tuple(found)


def _target(
    scope: Scope, action: Action, name: str, key: tuple[Any, ...]
) -> int | Mapping[Any, int]:
    if name not in {each.name for each in scope.system.variables}:
        raise DeclarationError(
            f"action {where(action.function)} declares writes={name!r}, which is no variable of"
            f" the system {scope.system.name}"
        )
    own = scope.own(name, action.over, key)
    if set(scope.over(name)) <= set(action.over):
        return next(iter(own.values())).number
    return {left: cell.number for left, cell in own.items()}


def _initial(scope: Scope, slots: Sequence[Cell], at: int) -> tuple[Any, ...]:
    given = scope.system.initial[at]
    label = f"initial state {at} of system {scope.system.name}"
    if not isinstance(given, Mapping):
        raise DeclarationError(f"{label} is {given!r}; give a mapping from variables to values")
    names = [each.name for each in scope.system.variables]
    for name in given:
        if name not in names:
            raise DeclarationError(f"{label} sets {name}, which is no variable")
        if isinstance(given[name], Mapping) and scope.over(name):
            keys = {open_key(member) for member in scope.families[name]}
            for stray in given[name].keys() - keys:
                raise DeclarationError(f"{label} sets {name}[{stray!r}], which does not exist")
    values = []
    for cell in slots:
        if cell.domain not in given:
            raise DeclarationError(f"{label} misses the variable {cell.domain}; add it")
        value = given[cell.domain]
        if cell.key:
            value = _member(label, cell, value)
        try:
            check_value(value)
        except ValueRefused as error:
            raise DeclarationError(f"{label}: {cell.name}: {error}") from None
        values.append(value)
    return tuple(values)


def _member(label: str, cell: Cell, value: Any) -> Any:
    if isinstance(value, _Every):
        return value.value
    key = open_key(cell.key)
    if not isinstance(value, Mapping):
        raise DeclarationError(
            f"{label}: {cell.domain} is a family; give a mapping by index, or every(value)"
        )
    if key not in value:
        raise DeclarationError(f"{label} misses {cell.name}; add it")
    return value[key]
