"""What an engine can ask of a system: actions, views and totals at one index, with their cells."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice
from types import GeneratorType
from typing import Any

import attrs

from .binding import Binding, Cell
from .choice import MOST_ANSWERS, answers
from .declare import Action, Outcome
from .errors import NotAFunction, RuleError, SeatrialError, ValueRefused, place, shown, where
from .values import check_value, same_value

__all__ = ["GroundAction", "GroundOutcome", "GroundTotal", "GroundView"]


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
        except (Exception, SystemExit) as error:
            raise _failed("view", self._function, self.cell.name, error) from error
        try:
            check_value(result)
        except ValueRefused as error:
            raise RuleError(f"view {where(self._function)} as {self.cell.name}: {error}") from None
        return result

    def run(self, values: Sequence[Any]) -> Any:
        """The view without any check, for engines whose numbers are not Python's."""
        return self._function(*self._binding.arguments(values))


@attrs.frozen(eq=False)
class GroundTotal:
    """A sum of cells whose values are integers."""

    cell: Cell
    of: tuple[int, ...]

    def compute(self, values: Sequence[Any]) -> int:
        """The sum of the values of `of`. Raises RuleError where one is no integer."""
        for value in values:
            if type(value) is not int:
                raise RuleError(
                    f"total {self.cell.name} sums {shown(value)}, which is no integer; sum a view"
                    " that gives one"
                )
        return sum(values)


@attrs.frozen(eq=False)
class GroundAction:
    """
    An action at one index.

    It may be enabled only where the cell `guard` is True, if it has one; the rule is asked nowhere
    else.
    """

    number: int
    name: str
    action: Action
    key: tuple[Any, ...]
    reads: tuple[int, ...]
    writes: frozenset[int]
    guard: int | None
    _binding: Binding
    _targets: Mapping[str, int | Mapping[Any, int]]

    @property
    def looks_at(self) -> tuple[int, ...]:
        """All cells on which it rests whether and how the action is enabled."""
        if self.guard is None or self.guard in self.reads:
            return self.reads
        return (*self.reads, self.guard)

    def allowed(self, value: Any) -> bool:
        """Whether the guard, of this value, lets the rule be asked. Raises RuleError."""
        if type(value) is not bool:
            raise RuleError(
                f"action {where(self.action.function)} as {self.name} has"
                f" when={self.action.when!r}, which is {shown(value)}; a guard is True or False"
            )
        return value

    def evaluate(self, values: Sequence[Any], *, checked: bool = True) -> tuple[GroundOutcome, ...]:
        """
        The outcomes at the given values of `reads`, in the order of the rule; none: not enabled.

        Outcomes that are the same in label and writes count once. Whoever interns the written
        values, which checks them too, may have them not `checked` here. Raises RuleError.
        """
        function = self.action.function
        arguments = self._binding.arguments(values)
        try:
            found = []
            for outcomes, choices in answers(lambda: _listed(function(*arguments))):
                found += [self._outcome(one, choices, checked=checked) for one in outcomes]
            if checked and len(found) > 1:
                found = _distinct(found)
        except (Exception, SystemExit) as error:
            raise _failed("action", function, self.name, error) from error
        if checked or len(found) < 2:
            return tuple(found)
        try:
            return tuple(_distinct(found))
        except (Exception, SystemExit):
            return self.evaluate(values)  # which names the value that cannot be hashed or compared

    def run(self, values: Sequence[Any]) -> tuple[GroundOutcome, ...]:
        """
        The outcomes of a single run, in which whoever is `deciding` answers the choices.

        Nothing is checked or compared: this is for engines whose numbers are not Python's. What the
        rule raises comes through as it is.
        """
        outcomes = _listed(self.action.function(*self._binding.arguments(values)))
        return tuple(self._outcome(one, (), checked=False) for one in outcomes)

    def _outcome(self, one: Any, choices: tuple[int, ...], *, checked: bool) -> GroundOutcome:
        if not isinstance(one, Outcome):
            raise RuleError(f"it yielded {shown(one)}; yield outcome('label', name=value)")
        if type(one.label) is not str:
            raise RuleError(f"an outcome has the label {shown(one.label)}; give a string")
        writes: list[tuple[int, Any]] = []
        for name, value in one.writes.items():
            target = self._targets.get(name)
            if target is None:
                declared = ", ".join(self._targets) or "nothing"
                raise RuleError(
                    f"outcome {one.label!r} writes {name}, but the action declares that it writes"
                    f" {declared}; add {name!r} to its writes"
                )
            if isinstance(target, int):
                writes.append((target, value))
            else:
                writes += _members(one.label, name, target, value)
            if checked:
                self._check(one.label, name, target, value)
        if len(writes) > 1:
            writes.sort(key=_slot)
        return GroundOutcome(one.label, choices, tuple(writes))

    def _check(self, label: str, name: str, target: int | Mapping[Any, int], value: Any) -> None:
        written = (value,) if isinstance(target, int) else value.values()
        for each in written:
            try:
                check_value(each)
            except ValueRefused as error:
                hint = ""
                if isinstance(target, int) and isinstance(each, Mapping) and self.key:
                    hint = f" ({name} is one member here: write its value alone)"
                raise RuleError(f"outcome {label!r} writes {name}: {error}{hint}") from None


def _distinct(found: Sequence[GroundOutcome]) -> list[GroundOutcome]:
    """The first of each group of outcomes that are the same in label and writes."""
    known: dict[Any, list[GroundOutcome]] = {}
    kept = []
    for made in found:
        alike = known.setdefault((made.label, made.writes), [])
        if not any(_same_writes(made, earlier) for earlier in alike):
            alike.append(made)
            kept.append(made)
    return kept


def _slot(pair: tuple[int, Any]) -> int:
    return pair[0]


_SERIES = (GeneratorType, list, tuple)


def _listed(answer: Any) -> list[Any]:
    """The outcomes that a rule answered. Raises RuleError where that is no series of outcomes."""
    if answer is None:
        return []
    if isinstance(answer, Outcome):
        raise RuleError("it returned an outcome; yield it, or return a list of outcomes")
    if isinstance(answer, (set, frozenset)):
        raise RuleError("it returned a set of outcomes, which has no order; return a list")
    if type(answer) not in _SERIES and (
        not isinstance(answer, Iterable) or isinstance(answer, (str, bytes, Mapping))
    ):
        raise RuleError(
            f"it returned {shown(answer)}; yield outcome('label', name=value), or nothing where it"
            " is not enabled"
        )
    outcomes = answer if type(answer) is list else list(islice(answer, MOST_ANSWERS + 1))
    if len(outcomes) > MOST_ANSWERS:
        raise RuleError(f"it yielded more than {MOST_ANSWERS:,} outcomes; is there a loop in it?")
    return outcomes


def _members(label: str, name: str, target: Mapping[Any, int], value: Any) -> list[tuple[int, Any]]:
    if not isinstance(value, Mapping):
        raise RuleError(
            f"outcome {label!r} writes {shown(value)} to {name}, which is a family here; write a"
            " mapping from its index to the new values"
        )
    for key in value:
        if key not in target:
            raise RuleError(f"outcome {label!r} writes {name}[{key!r}], which does not exist")
    return [(target[key], each) for key, each in value.items()]


def _same_writes(one: GroundOutcome, other: GroundOutcome) -> bool:
    """Of outcomes that are equal: whether what they write is also of the same types."""
    return all(same_value(x, y) for (_, x), (_, y) in zip(one.writes, other.writes, strict=True))


def _failed(kind: str, function: Callable[..., Any], name: str, error: BaseException) -> RuleError:
    begin = f"{kind} {where(function)} as {name}"
    if isinstance(error, SeatrialError):
        made = NotAFunction if isinstance(error, NotAFunction) else RuleError
        return made(f"{begin}{place(error, function)}: {error}")
    return RuleError(f"{begin} raised {type(error).__name__}{place(error, function)}: {error}")
