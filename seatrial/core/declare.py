"""Declarations: families of variables, parameters, views and actions, once over their indices.

A rule is an ordinary Python function. Its parameters are its reads:

- the name of a variable, view or total binds to the member at the action's own index;
- annotated `All[T]`, to all members, as a mapping by index; annotated `Own[T]`, to those members
  that agree with the action's index, as a mapping by what is left of theirs;
- the name of a parameter binds to its value; the name of an index to the action's own.

What it writes is named in the declaration. It yields outcomes, each a label and the values written.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping, Sequence
from typing import Annotated, Any, Literal, TypeVar

import attrs

from .errors import DeclarationError, shown
from .purity import check_rule

__all__ = [
    "ALL",
    "Action",
    "All",
    "Fairness",
    "Index",
    "Marker",
    "Members",
    "Outcome",
    "Outcomes",
    "Own",
    "Parameter",
    "Total",
    "Variable",
    "View",
    "action",
    "in_order",
    "names_of",
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


def in_order(items: Iterable[Any]) -> tuple[Any, ...]:
    """What is declared, as a tuple. Raises DeclarationError for what has no order or no members."""
    if isinstance(items, (set, frozenset)) and len(items) > 1:
        raise DeclarationError(f"{shown(items)} is a set, which has no order; give a tuple")
    if not isinstance(items, Iterable):
        raise DeclarationError(f"{shown(items)} is a {type(items).__name__}; give a tuple")
    return tuple(items)


def names_of(names: str | Iterable[str] | None) -> tuple[str, ...]:
    """One name, or several, as a tuple. Raises DeclarationError for what is no name."""
    found = () if names is None else (names,) if isinstance(names, str) else in_order(names)
    for each in found:
        if not isinstance(each, str):
            raise DeclarationError(f"{shown(each)} is no name; give a string")
    return found


@attrs.frozen
class Index:
    """
    A finite set that families and actions range over, in order.

    `symmetric` claims that no rule, property or initial state tells its members apart, so that the
    explicit engine may keep one state for all their permutations, if it is asked to.
    """

    name: str
    members: tuple[Any, ...] = attrs.field(converter=in_order)
    symmetric: bool = False

    __seatrial_declaration__ = True


@attrs.frozen
class Variable:
    """A component of the state; with `over`, a family of them, one for each tuple of indices."""

    name: str
    over: tuple[str, ...] = attrs.field(default=(), converter=names_of)
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
    over: tuple[str, ...] = attrs.field(default=(), converter=names_of)

    __seatrial_declaration__ = True

    def __attrs_post_init__(self) -> None:
        check_rule(self.function, f"view {self.name}")


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

    def also(self, **writes: Any) -> "Outcome":
        """
        The same with more variables written: for a rule that adds to what another one yields.

        >>> outcome("start", pods=3).also(ready=0)
        outcome('start', pods=3, ready=0)
        """
        return outcome(self.label, **self.writes, **writes)


Outcomes = Iterable[Outcome]
"""What a rule yields: nothing where it is not enabled, several for nondeterminism."""


def outcome(label: str, /, **writes: Any) -> Outcome:
    """
    An outcome that writes the given values; declared writes that are left out keep theirs.

    A mapping of values is copied, so that the rule may change its own for the next outcome.

    >>> outcome("start", pods=3)
    outcome('start', pods=3)
    """
    for name, value in writes.items():
        if isinstance(value, MutableMapping):
            writes[name] = dict(value)
    return Outcome(label, writes)


def name_of(function: Any) -> str:
    """The name of a function; what it looks like where it has none."""
    return str(getattr(function, "__name__", shown(function)))


def _check_name(kind: str, name: str) -> None:
    if not isinstance(name, str) or not name or name == "<lambda>":
        raise DeclarationError(f"{kind} {shown(name)} has no name; write a def, or give name=")


@attrs.frozen
class Action:
    """
    A rule of one actor, declared once over its indices.

    `fair`: "weak" (default) and "strong" for what the system does by itself; "none" for users and
    faults, whose steps are dropped where convergence is asked. `committed`: where it is enabled
    after a step, it follows at once and nothing else does; the state between is not a state of the
    system. `when` names a view or variable that is True or False, bound as a parameter of the rule
    would be: where it is False the action is not enabled, and the rule is not asked.
    """

    name: str
    actor: str
    function: Callable[..., Outcomes]
    writes: tuple[str, ...] = attrs.field(converter=names_of)
    over: tuple[str, ...] = attrs.field(default=(), converter=names_of)
    fair: Fairness = "weak"
    committed: bool = False
    when: str | None = None

    __seatrial_declaration__ = True

    def __attrs_post_init__(self) -> None:
        if self.fair not in ("weak", "strong", "none"):
            raise DeclarationError(
                f"action {self.name}: fair={self.fair!r} is not one of 'weak', 'strong', 'none'"
            )
        check_rule(self.function, f"action {self.name}")
        _check_name("action", self.name)
        if self.when is not None and not isinstance(self.when, str):
            raise DeclarationError(
                f"action {self.name}: when={shown(self.when)} is no name; give that of a view or"
                " variable"
            )


def action(
    *,
    writes: str | Iterable[str],
    actor: str = "system",
    over: str | Iterable[str] = (),
    fair: Fairness = "weak",
    committed: bool = False,
    when: str | None = None,
    name: str | None = None,
) -> Callable[[Callable[..., Outcomes]], Action]:
    """
    Declare a rule as an action; its fields are explained at `Action`.

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
            name=name or name_of(function),
            actor=actor,
            function=function,
            writes=writes,
            over=over,
            fair=fair,
            committed=committed,
            when=when,
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
        return View(name=name or name_of(function), function=function, over=over)

    return declare
