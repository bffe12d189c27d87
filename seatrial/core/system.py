"""Systems: what there is, what can happen, and where it starts; `declare` makes the parts."""

import keyword
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import product
from typing import Any

import attrs

from .declare import Action, Index, Parameter, Total, Variable, View, in_order
from .errors import DeclarationError, ValueRefused, shown, where
from .values import check_value

__all__ = ["Every", "Initial", "System", "every"]


class Every:
    """What `every` makes."""

    def __init__(self, value: Any) -> None:
        self.value = value


def every(value: Any) -> Any:
    """In an initial state: this value for every member of the family."""
    return Every(value)


Initial = Mapping[str, Any]
"""A whole assignment: for each variable its value; for each family a mapping, or `every(value)`."""


def _states(given: Iterable[Initial]) -> tuple[Initial, ...]:
    if isinstance(given, Mapping):
        raise DeclarationError(f"initial={shown(given)} is one state; give a list of such mappings")
    return in_order(given)


@attrs.frozen
class System:
    """
    A whole model: what there is, what can happen, and where it starts.

    Raises DeclarationError where names clash, an index is unknown, a rule reads or writes what
    is not declared, or an initial state is not whole; the message says what to change.

    >>> from seatrial.core import action, outcome
    >>> @action(writes="count")
    ... def step(count, limit):
    ...     if count < limit:
    ...         yield outcome("step", count=count + 1)
    >>> counter = System(
    ...     name="counter",
    ...     variables=[Variable("count")],
    ...     parameters=[Parameter("limit", 3)],
    ...     actions=[step],
    ...     initial=[{"count": 0}],
    ... )
    >>> counter.name
    'counter'
    """

    name: str
    variables: tuple[Variable, ...] = attrs.field(converter=in_order)
    actions: tuple[Action, ...] = attrs.field(converter=in_order)
    initial: tuple[Initial, ...] = attrs.field(converter=_states)
    indices: tuple[Index, ...] = attrs.field(default=(), converter=in_order)
    parameters: tuple[Parameter, ...] = attrs.field(default=(), converter=in_order)
    views: tuple[View | Total, ...] = attrs.field(default=(), converter=in_order)
    assumptions: tuple[str, ...] = attrs.field(default=(), converter=in_order)

    def __attrs_post_init__(self) -> None:
        for reason in _flaws(self):
            raise DeclarationError(f"system {self.name}: {reason}")

    def index(self, name: str) -> Index:
        """The index of that name; KeyError if there is none."""
        return {index.name: index for index in self.indices}[name]

    def tuples(self, over: Sequence[str]) -> list[tuple[Any, ...]]:
        """All index tuples of something that ranges `over` these, in order."""
        return list(product(*(self.index(name).members for name in over)))


def _flaws(system: System) -> Iterator[str]:
    """What is wrong with how a system is declared, first things first."""
    yield from _wrong_kinds(system)
    yield from _wrong_names(system)
    yield from _wrong_indices(system)
    yield from _names_of_several(system)
    names = [each.name for each in system.actions]
    for twice in [name for name in dict.fromkeys(names) if names.count(name) > 1]:
        functions = [each.function for each in system.actions if each.name == twice]
        yield f"two actions are called {twice}: {' and '.join(map(where, functions))}"
    if not system.actions:
        yield "it has no action"
    if not system.initial:
        yield "it has no initial state"


def _wrong_kinds(system: System) -> Iterator[str]:
    parts: tuple[tuple[str, tuple[Any, ...], tuple[type, ...]], ...] = (
        ("variables", system.variables, (Variable,)),
        ("parameters", system.parameters, (Parameter,)),
        ("indices", system.indices, (Index,)),
        ("views", system.views, (View, Total)),
        ("actions", system.actions, (Action,)),
    )
    for field, declared, kinds in parts:
        for each in declared:
            if not isinstance(each, kinds):
                right = " or ".join(kind.__name__ for kind in kinds)
                seen = where(each) if hasattr(each, "__code__") else shown(each)
                hint = f"; decorate it with @{field[:-1]}" if hasattr(each, "__code__") else ""
                yield f"{field} holds {seen}, which is no {right}{hint}"


def _wrong_names(system: System) -> Iterator[str]:
    taken: dict[str, str] = {}
    named: tuple[tuple[str, tuple[Any, ...]], ...] = (
        ("index", system.indices),
        ("parameter", system.parameters),
        ("variable", system.variables),
        ("view", system.views),
    )
    for kind, declared in named:
        for each in declared:
            name = each.name
            if not isinstance(name, str) or not name.isidentifier() or keyword.iskeyword(name):
                yield f"{kind} {shown(name)} is not a name that a rule's parameter can have"
            if name in taken:
                yield f"{kind} {name} has the name of a {taken[name]}; rename one"
            taken[name] = kind
    for ranged in (*system.variables, *system.views, *system.actions):
        over = getattr(ranged, "over", ())
        for name in over:
            if taken.get(name) != "index":
                yield (
                    f"{ranged.name} ranges over {name}, which is no index; declare"
                    f" Index({name!r}, …)"
                )
            if over.count(name) > 1:
                yield (
                    f"{ranged.name} ranges over {name} twice; declare a second index with the same"
                    " members, so that each place has a name"
                )


def _wrong_indices(system: System) -> Iterator[str]:
    for index in system.indices:
        for member in index.members:
            try:
                check_value(member)
            except ValueRefused as error:
                yield f"index {index.name}: {error}"
        if not index.members or len(set(index.members)) != len(index.members):
            yield f"index {index.name} is empty or names a member twice"
        texts = [str(member) for member in index.members]
        for twice in [text for text in dict.fromkeys(texts) if texts.count(text) > 1]:
            yield f"index {index.name} has two members that are shown as {twice}; rename one"


def _names_of_several(system: System) -> Iterator[str]:
    """Members with commas in them may make one name of two tuples, by which traces tell cells."""
    declared = (*system.variables, *system.views, *system.actions)
    overs = dict.fromkeys(tuple(getattr(each, "over", ())) for each in declared)
    known = {each.name for each in system.indices}
    for over in overs:
        if len(over) < 2 or not known.issuperset(over):
            continue  # what is unknown is told elsewhere
        texts = Counter(",".join(map(str, each)) for each in system.tuples(over))
        for twice in [text for text, count in texts.items() if count > 1]:
            yield f"indices {' and '.join(over)} have two tuples that are shown as {twice}"
