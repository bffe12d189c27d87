"""Systems: families of variables, parameters, views and actions, declared once over their indices.

A rule is an ordinary Python function. Its parameters are its reads:

- the name of a variable, view or total binds to the member at the action's own index;
- annotated `All[T]`, to all members, as a mapping by index; annotated `Own[T]`, to those members
  that agree with the action's index, as a mapping by what is left of theirs;
- the name of a parameter binds to its value; the name of an index to the action's own.

What it writes is named in the declaration. It yields outcomes, each a label and the values written.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import product
from typing import Annotated, Any, Literal, TypeVar

import attrs

from .errors import DeclarationError, where
from .purity import check_pure

__all__ = [
    "ALL",
    "Action",
    "All",
    "Fairness",
    "Index",
    "Initial",
    "Members",
    "Outcome",
    "Outcomes",
    "Own",
    "Parameter",
    "System",
    "Total",
    "Variable",
    "View",
    "action",
    "every",
    "outcome",
    "view",
]

T = TypeVar("T")
Fairness = Literal["weak", "strong", "none"]


@attrs.frozen
class Marker:
    """How a rule's parameter binds to a family: see `All` and `Own`."""

    reach: Literal["all", "own"]


ALL = Marker("all")


class Members(Mapping[Any, T]):
    """The members of a family by index, in the order of declaration; immutable.

    The key is the index value itself, or a tuple of them where several are open.
    """

    __slots__ = ("_keys", "_values")

    def __init__(self, keys: Mapping[Any, int], values: Sequence[T]) -> None:
        self._keys = keys
        self._values = values

    def __getitem__(self, key: Any) -> T:
        return self._values[self._keys[key]]

    def __iter__(self) -> Iterator[Any]:
        return iter(self._keys)

    def __len__(self) -> int:
        return len(self._keys)

    def values(self) -> Sequence[T]:  # type: ignore[override]
        """The members alone, in the order of declaration."""
        return self._values

    def __repr__(self) -> str:
        return repr(dict(self))


All = Annotated[Members[T], Marker("all")]
"""Annotation of a rule's parameter: every member of the family, by index."""

Own = Annotated[Members[T], Marker("own")]
"""Annotation: the members that agree with the action's index, by the rest of their own."""


def _names(names: str | Iterable[str] | None) -> tuple[str, ...]:
    return () if names is None else (names,) if isinstance(names, str) else tuple(names)


def _tuple(items: Iterable[Any]) -> tuple[Any, ...]:
    return tuple(items)


@attrs.frozen
class Index:
    """
    A finite set that families and actions range over, in order.

    `symmetric` claims that no rule, property or initial state tells its members apart, so that the
    explicit engine may keep one state for all their permutations, if it is asked to.
    """

    name: str
    members: tuple[Any, ...] = attrs.field(converter=_tuple)
    symmetric: bool = False

    __seatrial_declaration__ = True


@attrs.frozen
class Variable:
    """A component of the state; with `over`, a family of them, one for each tuple of indices."""

    name: str
    over: tuple[str, ...] = attrs.field(default=(), converter=_names)
    about: str = ""

    __seatrial_declaration__ = True


@attrs.frozen
class Parameter:
    """A rigid variable: one value in explore and hypothesis, symbolic in prove."""

    name: str
    value: Any
    about: str = ""

    __seatrial_declaration__ = True


@attrs.frozen
class View:
    """A named pure function of one or two variables, interned like a variable."""

    name: str
    function: Callable[..., Any]
    over: tuple[str, ...] = attrs.field(default=(), converter=_names)

    __seatrial_declaration__ = True


@attrs.frozen
class Total:
    """The sum over all members of a view or variable whose values are integers."""

    name: str
    of: str

    __seatrial_declaration__ = True


class Outcome:
    """One result of a rule: a label for people, and the values written, by name of variable.

    The value of a family written by an action that does not fix all of its indices is a mapping
    from those left open to values; members that it does not mention keep theirs.
    """

    __slots__ = ("label", "writes")

    def __init__(self, label: str, writes: Mapping[str, Any]) -> None:
        self.label = label
        self.writes = writes

    def __repr__(self) -> str:
        inside = "".join(f", {name}={value!r}" for name, value in self.writes.items())
        return f"outcome({self.label!r}{inside})"


Outcomes = Iterable[Outcome]
"""What a rule yields: nothing where it is not enabled, several for nondeterminism."""


def outcome(label: str, /, **writes: Any) -> Outcome:
    """
    An outcome that writes the given values; declared writes that are left out keep theirs.

    >>> outcome("start", pods=3)
    outcome('start', pods=3)
    """
    return Outcome(label, writes)


@attrs.frozen
class Action:
    """
    A rule of one actor, declared once over its indices.

    `fair`: "weak" (default) and "strong" for what the system does by itself; "none" for users and
    faults, whose steps are dropped where convergence is asked. `committed`: where it is enabled
    after a step, it follows at once and nothing else does; the state between is not a state of the
    system.
    """

    name: str
    actor: str
    function: Callable[..., Outcomes]
    writes: tuple[str, ...] = attrs.field(converter=_names)
    over: tuple[str, ...] = attrs.field(default=(), converter=_names)
    fair: Fairness = "weak"
    committed: bool = False

    __seatrial_declaration__ = True

    def __attrs_post_init__(self) -> None:
        if self.fair not in ("weak", "strong", "none"):
            raise DeclarationError(
                f"action {self.name}: fair={self.fair!r} is not one of 'weak', 'strong', 'none'"
            )
        check_pure(self.function)


def action(
    *,
    writes: str | Iterable[str],
    actor: str = "system",
    over: str | Iterable[str] = (),
    fair: Fairness = "weak",
    committed: bool = False,
    name: str | None = None,
) -> Callable[[Callable[..., Outcomes]], Action]:
    """
    Declare a rule as an action.

    Raises DeclarationError where the function reads something that may change.

    >>> @action(actor="kubelet", writes="pods")
    ... def start(pods):
    ...     if pods < 2:
    ...         yield outcome("start", pods=pods + 1)
    >>> start.name, start.writes, start.fair
    ('start', ('pods',), 'weak')
    """

    def declare(function: Callable[..., Outcomes]) -> Action:
        return Action(
            name=name or function.__name__,
            actor=actor,
            function=function,
            writes=writes,
            over=over,
            fair=fair,
            committed=committed,
        )

    return declare


def view(
    *, over: str | Iterable[str] = (), name: str | None = None
) -> Callable[[Callable[..., Any]], View]:
    """
    Declare a pure function of one or two variables (and of parameters) as a view.

    >>> @view(over="revision")
    ... def available(pods):
    ...     return pods[2]
    >>> available.name, available.over
    ('available', ('revision',))
    """

    def declare(function: Callable[..., Any]) -> View:
        check_pure(function)
        return View(name=name or function.__name__, function=function, over=over)

    return declare


class _Every:
    def __init__(self, value: Any) -> None:
        self.value = value


def every(value: Any) -> Any:
    """In an initial state: this value for every member of the family."""
    return _Every(value)


Initial = Mapping[str, Any]
"""A whole assignment: for each variable its value; for each family a mapping, or `every(value)`."""


@attrs.frozen
class System:
    """
    A whole model: what there is, what can happen, and where it starts.

    Raises DeclarationError where names clash, an index is unknown, a rule reads or writes what
    is not declared, or an initial state is not whole; the message says what to change.

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
    variables: tuple[Variable, ...] = attrs.field(converter=_tuple)
    actions: tuple[Action, ...] = attrs.field(converter=_tuple)
    initial: tuple[Initial, ...] = attrs.field(converter=_tuple)
    indices: tuple[Index, ...] = attrs.field(default=(), converter=_tuple)
    parameters: tuple[Parameter, ...] = attrs.field(default=(), converter=_tuple)
    views: tuple[View | Total, ...] = attrs.field(default=(), converter=_tuple)
    assumptions: tuple[str, ...] = attrs.field(default=(), converter=_tuple)

    def __attrs_post_init__(self) -> None:
        taken: dict[str, str] = {}
        named = (
            ("index", self.indices),
            ("parameter", self.parameters),
            ("variable", self.variables),
            ("view", self.views),
        )
        for kind, declared in named:
            for each in declared:
                if each.name in taken:
                    raise DeclarationError(
                        f"system {self.name}: {kind} {each.name} has the name of a"
                        f" {taken[each.name]}; rename one"
                    )
                if not each.name.isidentifier():
                    raise DeclarationError(
                        f"system {self.name}: {kind} {each.name!r} is not a Python identifier"
                    )
                taken[each.name] = kind
        self._check_actions()
        for each in self.indices:
            if not each.members or len(set(each.members)) != len(each.members):
                raise DeclarationError(
                    f"system {self.name}: index {each.name} is empty or names a member twice"
                )
        for ranged in (*self.variables, *self.views, *self.actions):
            for name in getattr(ranged, "over", ()):
                if taken.get(name) != "index":
                    raise DeclarationError(
                        f"system {self.name}: {ranged.name} ranges over {name}, which is no index;"
                        f" declare Index({name!r}, …)"
                    )
        if not self.initial:
            raise DeclarationError(f"system {self.name} has no initial state")

    def _check_actions(self) -> None:
        names = [each.name for each in self.actions]
        for twice in {name for name in names if names.count(name) > 1}:
            functions = [each.function for each in self.actions if each.name == twice]
            raise DeclarationError(
                f"system {self.name}: two actions are called {twice}:"
                f" {' and '.join(map(where, functions))}"
            )
        if not self.actions:
            raise DeclarationError(f"system {self.name} has no action")

    def index(self, name: str) -> Index:
        """The index of that name; KeyError if there is none."""
        return {index.name: index for index in self.indices}[name]

    def tuples(self, over: Sequence[str]) -> list[tuple[Any, ...]]:
        """All index tuples of something that ranges `over` these, in order."""
        return list(product(*(self.index(name).members for name in over)))
