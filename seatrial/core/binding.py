"""Binding: which cells of a grounded system the parameters of a rule stand for at one index.

A *cell* is one member of one family: `pods[2]`. Cells of variables come first, those of views and
totals after them.
"""

import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, get_args, get_origin

import attrs

from .declare import Action, Marker, Members, Total, Variable, View
from .errors import DeclarationError, where
from .system import System

__all__ = ["Binding", "Cell", "Reader", "Scope", "bind", "bind_guard", "cell_name", "open_key"]

_MARKED = re.compile(r"\s*((?:\w+\.)*(?:All|Own))\b")


def cell_name(family: str, key: Sequence[Any]) -> str:
    """
    The name of a member as people read it.

    >>> cell_name("process", ("n1", 0)), cell_name("budget", ())
    ('process[n1,0]', 'budget')
    """
    return f"{family}[{','.join(map(str, key))}]" if key else family


@attrs.frozen
class Cell:
    """One member of a family of variables, views or totals; `domain` is the family's name."""

    number: int
    name: str
    domain: str
    key: tuple[Any, ...]
    declared: Variable | View | Total = attrs.field(eq=False, repr=False)


@attrs.define(eq=False)
class Slice:
    """Some members of a family: their cells, by what tells them apart, and the places of these."""

    cells: dict[Any, Cell] = attrs.field(factory=dict)
    numbers: list[int] = attrs.field(factory=list)
    places: dict[Any, int] = attrs.field(factory=dict)

    def add(self, key: Any, cell: Cell) -> None:
        """One more member."""
        self.places[key] = len(self.numbers)
        self.numbers.append(cell.number)
        self.cells[key] = cell


@attrs.frozen(eq=False)
class Scope:
    """All cells of a system, by family and index."""

    system: System
    cells: tuple[Cell, ...]
    families: Mapping[str, Mapping[tuple[Any, ...], Cell]]
    constants: Mapping[str, Any]
    # A family is cut once, and not for every index at which a rule is bound.
    _slices: dict[tuple[str, tuple[str, ...]], dict[Any, Slice]] = attrs.field(
        factory=dict, init=False, repr=False
    )

    def over(self, family: str) -> tuple[str, ...]:
        """The indices that a family of cells ranges over."""
        first = next(iter(self.families[family].values()))
        return getattr(first.declared, "over", ())

    def can_guard(self, family: str) -> bool:
        """Whether a family is of views or variables, and not a total."""
        return all(not isinstance(c.declared, Total) for c in self.families[family].values())

    def own(self, family: str, over: Sequence[str], key: Sequence[Any]) -> Slice:
        """The members that agree with an index, by what is left open of theirs."""
        fixed = dict(zip(over, key, strict=True))
        names = tuple(name for name in self.over(family) if name in fixed)
        return self._cut(family, names)[tuple(fixed[name] for name in names)]

    def all(self, family: str) -> Slice:
        """All members of a family, by their index."""
        return self._cut(family, ())[()]

    def _cut(self, family: str, names: tuple[str, ...]) -> dict[Any, Slice]:
        """The members of a family by what they have at some indices, then by the rest."""
        found = self._slices.get((family, names))
        if found is None:
            found = self._slices[family, names] = {}
            ranges = self.over(family)
            fixed = [at for at, name in enumerate(ranges) if name in names]
            free = [at for at, name in enumerate(ranges) if name not in names]
            for member, cell in self.families[family].items():
                inside = found.setdefault(tuple(member[at] for at in fixed), Slice())
                inside.add(open_key(tuple(member[at] for at in free)), cell)
        return found


def open_key(parts: tuple[Any, ...]) -> Any:
    """The key of a member in a mapping: its index, or a tuple of several; () of a variable."""
    return parts[0] if len(parts) == 1 else parts


@attrs.frozen(eq=False)
class Binding:
    """
    The reads of a rule at one index, and how its arguments are made from their values.

    `reads` and `before` are numbers of cells, in the order in which `arguments` takes their values
    (`before` only for properties of steps: the cell's value before the step).
    """

    reads: tuple[int, ...]
    before: tuple[int, ...]
    wants_action: bool
    _makers: tuple[Callable[[Sequence[Any]], Any], ...]
    _constants: tuple[Any, ...] = ()
    _places: tuple[int, ...] | None = None
    """Where no argument is a mapping: where each is found in the constants and the values."""

    def arguments(self, values: Sequence[Any]) -> Sequence[Any]:
        """Arguments of the function; `values` of `reads`, then of `before`, then the action."""
        if self._places is None:
            return [make(values) for make in self._makers]
        known = [*self._constants, *values]
        return [known[at] for at in self._places]


@attrs.frozen(eq=False)
class Reader:
    """
    A function with its parameters and how each binds: read once, bound at many indices.

    With `steps`, `NAME_before` is NAME before the step, and `action` the name of the action.
    """

    function: Callable[..., Any]
    over: tuple[str, ...] = ()
    steps: bool = False
    parameters: tuple[tuple[str, Marker | None], ...] = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "parameters", tuple(_parameters(self.function)))


def bind(
    scope: Scope,
    reader: Reader,
    key: Sequence[Any],
    *,
    extra: Sequence[int] = (),
    extra_before: Sequence[int] = (),
    action: bool = False,
) -> Binding:
    """
    Bind the parameters of a function at index `key` of what it ranges over.

    `extra`, `extra_before` and `action` come first among the reads, whether bound or not: so two
    functions can take the same values.
    Raises DeclarationError for a parameter that names nothing, or needs `All` or `Own`.
    """
    constants = dict(scope.constants) | dict(zip(reader.over, key, strict=True))
    reads: dict[int, None] = dict.fromkeys(extra)
    before: dict[int, None] = dict.fromkeys(extra_before)
    wants_action = action
    plans: list[tuple[str, Any]] = []
    for name, marker in reader.parameters:
        kind, family = _meaning(scope, reader, name, constants)
        if kind == "action":
            wants_action = True
            plans.append((kind, None))
        elif kind == "constant":
            if marker is not None:
                raise DeclarationError(
                    f"{where(reader.function)} asks for members of {name}, which is a single"
                    " constant; drop the annotation"
                )
            plans.append((kind, constants[name]))
        else:
            cells = _bound(scope, reader, family, marker, key)
            into = before if kind == "before" else reads
            numbers = [cells.number] if isinstance(cells, Cell) else cells.numbers
            into.update(dict.fromkeys(numbers))
            plans.append((kind, cells))
    last = len(reads) + len(before)
    places = {
        "constant": {},
        "read": dict(zip(reads, range(len(reads)), strict=True)),
        "before": dict(zip(before, range(len(reads), last), strict=True)),
        "action": {-1: last},
    }
    fixed = tuple(plan for kind, plan in plans if kind == "constant")
    return Binding(
        reads=tuple(reads),
        before=tuple(before),
        wants_action=wants_action,
        makers=tuple(_maker(kind, plan, places[kind]) for kind, plan in plans),
        constants=fixed,
        places=_places(plans, places, len(fixed)),
    )


def bind_guard(scope: Scope, action: Action, key: Sequence[Any]) -> Cell | None:
    """
    The cell that an action's `when` names at index `key` of what it ranges over, if any.

    Raises DeclarationError where it names no view or variable, or several members of one.
    """
    name = action.when
    if name is None:
        return None
    begin = f"action {where(action.function)} has when={name!r}, which"
    if name not in scope.families:
        known = sorted(each for each in scope.families if scope.can_guard(each))
        raise DeclarationError(
            f"{begin} is no view or variable of the system {scope.system.name}; it has"
            f" {', '.join(known)}"
        )
    if not scope.can_guard(name):
        raise DeclarationError(
            f"{begin} is a total, and so a number; declare a view that compares what it sums"
        )
    own = scope.own(name, action.over, key)
    if len(own.cells) == 1:
        return next(iter(own.cells.values()))
    ranges = scope.over(name)
    left = [each for each in ranges if each not in action.over]
    raise DeclarationError(
        f"{begin} ranges over {', '.join(ranges)}, but the action fixes no {' and no '.join(left)};"
        f" declare over={left[0]!r}, or a view of all members"
    )


def _parameters(function: Callable[..., Any]) -> list[tuple[str, Marker | None]]:
    found = []
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind not in (parameter.POSITIONAL_OR_KEYWORD, parameter.POSITIONAL_ONLY):
            raise DeclarationError(
                f"{where(function)}: {parameter} cannot be bound; name each read as an ordinary"
                " parameter"
            )
        if parameter.default is not parameter.empty:
            raise DeclarationError(
                f"{where(function)}: {parameter.name} has a default, which would never be used;"
                f" drop it, or declare Parameter({parameter.name!r}, …)"
            )
        found.append((parameter.name, _marker(function, parameter.annotation)))
    return found


def _marker(function: Callable[..., Any], annotation: Any) -> Marker | None:
    """The `All` or `Own` of an annotation, which may be mere text."""
    if isinstance(annotation, str):
        # What else the text names may exist only for type checkers.
        marked = _MARKED.match(annotation)
        if marked is None:
            return None
        inner = inspect.unwrap(function)
        closure = inspect.getclosurevars(inner).nonlocals
        try:
            annotation = eval(marked[1], getattr(inner, "__globals__", {}), dict(closure))
        except Exception as error:
            raise DeclarationError(
                f"{where(function)} has the annotation {annotation!r}, of which {marked[1]} cannot"
                f" be read: {error}; import it at the top of the module"
            ) from None
    if get_origin(annotation) is not Annotated:
        return None
    return next((each for each in get_args(annotation)[1:] if isinstance(each, Marker)), None)


def _meaning(
    scope: Scope, reader: Reader, name: str, constants: Mapping[str, Any]
) -> tuple[str, str]:
    """What a parameter's name stands for: a constant, the action, or a family, now or before."""
    declared = name in constants or name in scope.families
    if reader.steps and name == "action":
        if declared:
            raise DeclarationError(
                f"{where(reader.function)} reads action, which is the name of the action that took"
                f" the step, and also declared by the system {scope.system.name}; rename that"
            )
        return "action", ""
    earlier = name.removesuffix("_before")
    if reader.steps and earlier != name and earlier in scope.families:
        if declared:
            raise DeclarationError(
                f"{where(reader.function)} reads {name}, which is {earlier} before the step, and"
                f" also declared by the system {scope.system.name}; rename that"
            )
        return "before", earlier
    if name in constants:
        return "constant", ""
    return "read", name


def _bound(
    scope: Scope, reader: Reader, family: str, marker: Marker | None, key: Sequence[Any]
) -> Cell | Slice:
    if family not in scope.families:
        raise DeclarationError(_unknown(scope, reader, family))
    if marker is not None and marker.reach == "all":
        return scope.all(family)
    own = scope.own(family, reader.over, key)
    if marker is not None:
        return own
    if len(own.cells) == 1:
        return next(iter(own.cells.values()))
    ranges = scope.over(family)
    left = [name for name in ranges if name not in reader.over]
    raise DeclarationError(
        f"{where(reader.function)} reads {family}, which ranges over {', '.join(ranges)}, but"
        f" fixes no {' and no '.join(left)}; annotate it `{family}: All[…]` or `Own[…]`, or"
        f" declare over={left[0]!r}"
    )


def _unknown(scope: Scope, reader: Reader, name: str) -> str:
    begin = f"{where(reader.function)} reads {name}, which "
    if name in {index.name for index in scope.system.indices}:
        return f"{begin}is an index that it does not range over; declare over={name!r}"
    if name == "action" or name.removesuffix("_before") in scope.families:
        return f"{begin}is known only to a property of kind 'after each step'"
    known = ", ".join(sorted({*scope.families, *scope.constants, *reader.over}))
    return f"{begin}the system {scope.system.name} does not declare; it has {known}"


def _places(
    plans: Sequence[tuple[str, Any]], places: Mapping[str, Mapping[int, int]], constants: int
) -> tuple[int, ...] | None:
    """For each argument its place among the constants and, after them, the values."""
    found, constant = [], 0
    for kind, plan in plans:
        if kind == "constant":
            found.append(constant)
            constant += 1
        elif isinstance(plan, Slice):
            return None
        else:
            at = plan.number if isinstance(plan, Cell) else -1
            found.append(constants + places[kind][at])
    return tuple(found)


def _maker(kind: str, plan: Any, place_of: Mapping[int, int]) -> Callable[[Sequence[Any]], Any]:
    if kind == "constant":
        return lambda values: plan
    if not isinstance(plan, Slice):
        at = place_of[plan.number if isinstance(plan, Cell) else -1]
        return lambda values: values[at]
    keys = plan.places
    places = list(map(place_of.__getitem__, plan.numbers))
    return lambda values: Members(keys, tuple([values[at] for at in places]))
