"""Binding: which cells of a grounded system the parameters of a rule stand for at one index.

A *cell* is one member of one family: `pods[2]`. Cells of variables come first, those of views and
totals after them.
"""

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, get_args, get_origin

import attrs

from .errors import DeclarationError, where
from .system import Marker, Members, System, Total, Variable, View

__all__ = ["Binding", "Cell", "Scope", "bind", "cell_name", "open_key"]

_MISSING = object()


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


@attrs.frozen(eq=False)
class Scope:
    """All cells of a system, by family and index."""

    system: System
    cells: tuple[Cell, ...]
    families: Mapping[str, Mapping[tuple[Any, ...], Cell]]
    constants: Mapping[str, Any]

    def over(self, family: str) -> tuple[str, ...]:
        """The indices that a family of cells ranges over."""
        first = next(iter(self.families[family].values()))
        return getattr(first.declared, "over", ())

    def own(self, family: str, over: Sequence[str], key: Sequence[Any]) -> dict[Any, Cell]:
        """The members that agree with an index, by what is left open of theirs."""
        fixed = dict(zip(over, key, strict=True))
        ranges = self.over(family)
        free = [at for at, name in enumerate(ranges) if name not in fixed]
        found = {}
        for member, cell in self.families[family].items():
            if all(
                fixed.get(name, part) == part for name, part in zip(ranges, member, strict=True)
            ):
                found[open_key(tuple(member[at] for at in free))] = cell
        return found


def open_key(parts: tuple[Any, ...]) -> Any:
    """The key of a member in a mapping: its index, or a tuple of several."""
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

    def arguments(self, values: Sequence[Any]) -> list[Any]:
        """Arguments of the function; `values` of `reads`, then of `before`, then the action."""
        return [make(values) for make in self._makers]


def bind(
    scope: Scope,
    function: Callable[..., Any],
    over: Sequence[str],
    key: Sequence[Any],
    *,
    steps: bool = False,
    extra: Sequence[int] = (),
    extra_before: Sequence[int] = (),
    action: bool = False,
) -> Binding:
    """
    Bind the parameters of `function` at index `key` of `over`.

    With `steps`, `NAME_before` is NAME before the step, and `action` the name of the action.
    `extra`, `extra_before` and `action` come first among the reads, whether bound or not: so two
    functions can take the same values.
    Raises DeclarationError for a parameter that names nothing, or needs `All` or `Own`.
    """
    constants = dict(scope.constants) | dict(zip(over, key, strict=True))
    reads: dict[int, None] = dict.fromkeys(extra)
    before: dict[int, None] = dict.fromkeys(extra_before)
    wants_action = action
    plans: list[tuple[str, Any]] = []
    for name, marker in _parameters(function):
        if name in constants:
            plans.append(("constant", constants[name]))
        elif steps and name == "action":
            wants_action = True
            plans.append(("action", None))
        else:
            family, into = name, reads
            if steps and name not in scope.families and name.endswith("_before"):
                family, into = name.removesuffix("_before"), before
            cells = _bound(scope, function, family, marker, over, key)
            numbers = cells if isinstance(cells, dict) else {None: cells}
            into.update(dict.fromkeys(cell.number for cell in numbers.values()))
            plans.append(("before" if into is before else "read", cells))
    position = {("read", number): at for at, number in enumerate(reads)}
    position |= {("before", number): len(reads) + at for at, number in enumerate(before)}
    position[("action", -1)] = len(reads) + len(before)
    return Binding(
        reads=tuple(reads),
        before=tuple(before),
        wants_action=wants_action,
        makers=tuple(_maker(kind, plan, position) for kind, plan in plans),
    )


def _parameters(function: Callable[..., Any]) -> list[tuple[str, Marker | None]]:
    try:
        signature = inspect.signature(function, eval_str=True)
    except NameError as error:
        raise DeclarationError(
            f"{where(function)} has an annotation that cannot be read: {error}"
        ) from None
    found = []
    for parameter in signature.parameters.values():
        if parameter.kind not in (parameter.POSITIONAL_OR_KEYWORD, parameter.POSITIONAL_ONLY):
            raise DeclarationError(
                f"{where(function)}: {parameter} cannot be bound; name each read as an ordinary"
                " parameter"
            )
        annotation = parameter.annotation
        marker = None
        if get_origin(annotation) is Annotated:
            marker = next((m for m in get_args(annotation)[1:] if isinstance(m, Marker)), None)
        found.append((parameter.name, marker))
    return found


def _bound(
    scope: Scope,
    function: Callable[..., Any],
    family: str,
    marker: Marker | None,
    over: Sequence[str],
    key: Sequence[Any],
) -> Cell | dict[Any, Cell]:
    if family not in scope.families:
        known = ", ".join(sorted({*scope.families, *scope.constants, *over}))
        raise DeclarationError(
            f"{where(function)} reads {family}, which the system {scope.system.name} does not"
            f" declare; it has {known}"
        )
    if marker is not None and marker.reach == "all":
        return {open_key(member): cell for member, cell in scope.families[family].items()}
    own = scope.own(family, over, key)
    if marker is not None:
        return own
    if len(own) == 1:
        return next(iter(own.values()))
    left = [name for name in scope.over(family) if name not in over]
    raise DeclarationError(
        f"{where(function)} reads {family}, which ranges over {', '.join(scope.over(family))}, but"
        f" fixes no {' and no '.join(left)}; annotate it `{family}: All[…]` or `Own[…]`, or"
        f" declare over={left[0]!r}"
    )


def _maker(
    kind: str, plan: Any, position: Mapping[tuple[str, int], int]
) -> Callable[[Sequence[Any]], Any]:
    if kind == "constant":
        return lambda values: plan
    if kind == "action":
        at = position[("action", -1)]
        return lambda values: values[at]
    if isinstance(plan, Cell):
        at = position[(kind, plan.number)]
        return lambda values: values[at]
    keys = {key: n for n, key in enumerate(plan)}
    places = [position[(kind, cell.number)] for cell in plan.values()]
    return lambda values: Members(keys, tuple([values[at] for at in places]))
