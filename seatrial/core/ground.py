"""Grounding: a system with every family written out, as the engines see it.

A state is a tuple of values, one a variable cell. An engine knows nothing but this.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import attrs

from .binding import Binding, Cell, Reader, Scope, bind, bind_guard, cell_name, open_key
from .declare import Action, Total, Variable, View
from .errors import DeclarationError, ValueRefused, shown, where
from .firing import GroundAction, GroundOutcome, GroundTotal, GroundView
from .purity import check_pure
from .system import Every, System
from .values import check_value

__all__ = ["Ground", "GroundAction", "GroundOutcome", "GroundTotal", "GroundView", "ground"]


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

    def values(self, state: Sequence[Any]) -> Mapping[int, Any]:
        """The values of all cells in a state; views and totals are computed when asked for."""
        return _Values(self, state)

    def derived(self, number: int) -> GroundView | GroundTotal | None:
        """The view or total with the cell of that number; None of a slot."""
        at = number - len(self.slots)
        if at < 0:
            return None
        return self.views[at] if at < len(self.views) else self.totals[at - len(self.views)]

    def rests_on(self, cells: Iterable[int]) -> frozenset[int]:
        """These cells and all that their values are computed from."""
        waiting = list(cells)
        found: set[int] = set()
        while waiting:
            number = waiting.pop()
            found.add(number)
            each = self.derived(number)
            if each is not None:
                waiting += each.of if isinstance(each, GroundTotal) else each.reads
        return frozenset(found)

    def read_slots(self, cells: Iterable[int]) -> frozenset[int]:
        """The slots that cells rest on: themselves, or what their views and totals read."""
        return frozenset(each for each in self.rests_on(cells) if each < len(self.slots))


class _Values(dict[int, Any]):
    """The values of cells by number, of views and totals from when they are first asked for."""

    def __init__(self, system: Ground, state: Sequence[Any]) -> None:
        super().__init__(enumerate(state))
        self._system = system

    def __missing__(self, number: int) -> Any:
        each = self._system.derived(number)
        if each is None:
            raise KeyError(number)
        inputs = each.of if isinstance(each, GroundTotal) else each.reads
        value = self[number] = each.compute([self[cell] for cell in inputs])
        return value


def ground(system: System) -> Ground:
    """
    Write out every family of `system`.

    Where its parameters are numbers that are not known, so are those of its initial states.
    Raises DeclarationError where a rule reads or writes what is not declared, where a view reads
    more than two variables, or where an initial state is not whole.
    """
    if not isinstance(system, System):
        raise DeclarationError(f"{shown(system)} is a {type(system).__name__} and no System")
    declared = (each for each in (*system.actions, *system.views) if not isinstance(each, Total))
    # Again: at a declaration, what stands below it in its module was not there yet.
    check_pure(*(each.function for each in declared))
    scope = _scope(system)
    slots = tuple(cell for cell in scope.cells if isinstance(cell.declared, Variable))
    return Ground(
        system=system,
        scope=scope,
        slots=slots,
        views=_views(scope, len(slots)),
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


def _views(scope: Scope, slots: int) -> tuple[GroundView, ...]:
    found = []
    readers: dict[str, Reader] = {}
    for cell in scope.cells:
        view = cell.declared
        if not isinstance(view, View):
            continue
        if view.name not in readers:
            readers[view.name] = Reader(view.function, view.over)
        binding = bind(scope, readers[view.name], cell.key)
        derived = [scope.cells[number].name for number in binding.reads if number >= slots]
        if derived:
            raise DeclarationError(
                f"view {where(view.function)} reads {derived[0]}; a view reads variables, and no"
                " other view"
            )
        if not 1 <= len(binding.reads) <= 2:
            raise DeclarationError(
                f"view {where(view.function)} reads {len(binding.reads)} cells; a view reads one"
                " or two variables"
            )
        found.append(GroundView(cell, binding.reads, binding, view.function))
    return tuple(found)


def _total(scope: Scope, cell: Cell, declared: Total) -> GroundTotal:
    members = scope.families.get(declared.of)
    if members is None or any(isinstance(m.declared, Total) for m in members.values()):
        raise DeclarationError(
            f"total {declared.name} sums {declared.of}, which is no variable or view"
        )
    return GroundTotal(cell, tuple(member.number for member in members.values()))


_Bound = tuple[Action, tuple[Any, ...], Binding, Cell | None]


def _actions(scope: Scope) -> tuple[GroundAction, ...]:
    """
    All actions at all indices: as declared, but those that read the same cells are neighbours.

    So an engine may look them up together; their guards are the same, too.
    """
    bound: list[_Bound] = []
    for action in scope.system.actions:
        reader = Reader(action.function, action.over)
        keys = scope.system.tuples(action.over)
        bound += [
            (action, key, bind(scope, reader, key), bind_guard(scope, action, key)) for key in keys
        ]
    _check_writes(scope.system, frozenset(each.name for each in scope.system.variables))
    groups: dict[tuple[bool, frozenset[int], Cell | None], list[_Bound]] = {}
    for action, key, binding, guard in bound:
        group = (action.committed, frozenset(binding.reads), guard)
        groups.setdefault(group, []).append((action, key, binding, guard))
    found: list[GroundAction] = []
    for action, key, binding, guard in (each for group in groups.values() for each in group):
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
                guard=None if guard is None else guard.number,
                binding=binding,
                targets=targets,
            )
        )
    return tuple(found)


def _check_writes(system: System, variables: frozenset[str]) -> None:
    for action in system.actions:
        for name in action.writes:
            if name not in variables:
                raise DeclarationError(
                    f"action {where(action.function)} declares writes={name!r}, which is no"
                    f" variable of the system {system.name}; it has {', '.join(sorted(variables))}"
                )


def _target(
    scope: Scope, action: Action, name: str, key: tuple[Any, ...]
) -> int | Mapping[Any, int]:
    own = scope.own(name, action.over, key)
    if set(scope.over(name)) <= set(action.over):
        return own.numbers[0]
    return dict(zip(own.cells, own.numbers, strict=True))


def _initial(scope: Scope, slots: Sequence[Cell], at: int) -> tuple[Any, ...]:
    given = scope.system.initial[at]
    label = f"initial state {at} of system {scope.system.name}"
    if not isinstance(given, Mapping):
        raise DeclarationError(
            f"{label} is {shown(given)}; give a mapping from variables to values"
        )
    names = [each.name for each in scope.system.variables]
    for name in given:
        if name not in names:
            raise DeclarationError(f"{label} sets {name}, which is no variable")
        if isinstance(given[name], Mapping) and scope.over(name):
            keys = {open_key(member) for member in scope.families[name]}
            for stray in [key for key in given[name] if key not in keys]:
                raise DeclarationError(f"{label} sets {name}[{stray!r}], which does not exist")
    values = []
    for cell in slots:
        if cell.domain not in given:
            raise DeclarationError(f"{label} misses the variable {cell.domain}; add it")
        value = given[cell.domain]
        if cell.key:
            value = _member(label, cell, value)
        if isinstance(value, Every):
            raise DeclarationError(
                f"{label}: {cell.name} is one variable; give its value without every()"
            )
        try:
            check_value(value)
        except ValueRefused as error:
            raise DeclarationError(f"{label}: {cell.name}: {error}") from None
        values.append(value)
    return tuple(values)


def _member(label: str, cell: Cell, value: Any) -> Any:
    if isinstance(value, Every):
        return value.value
    key = open_key(cell.key)
    if not isinstance(value, Mapping):
        raise DeclarationError(
            f"{label}: {cell.domain} is a family; give a mapping by index, or every(value)"
        )
    if key not in value:
        raise DeclarationError(f"{label} misses {cell.name}; add it")
    return value[key]
