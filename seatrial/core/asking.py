"""Asking: a property written out over its indices, and what it says of a state or step."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice
from types import GeneratorType
from typing import Any

import attrs

from .binding import Binding, Reader, bind, cell_name
from .errors import DeclarationError, PropertyError, place, shown, where
from .ground import Ground
from .kinds import is_symbolic
from .property import Property, Violation
from .purity import check_pure
from .system import System

__all__ = ["Finding", "GroundProperty", "ground_property"]

_MOST_VIOLATIONS = 10_000
"""No one reads more; and a finder in an endless loop has to end."""


@attrs.frozen
class Finding:
    """What a property says of one state or step: `met` is its premise, `value` of bounds only."""

    met: bool
    violations: tuple[Violation, ...] = ()
    value: int | bool | None = None


@attrs.frozen(eq=False)
class GroundProperty:
    """
    A property at one index.

    `reads` and `before` are cells; `check` takes their values in this order and, if
    `wants_action`, the name of the action last.
    """

    property: Property
    name: str
    key: tuple[Any, ...]
    reads: tuple[int, ...]
    before: tuple[int, ...]
    wants_action: bool
    bound: int | None
    _binding: Binding | None
    _premise: Binding | None

    def check(self, values: Sequence[Any]) -> Finding:
        """Ask the property. Raises PropertyError where it raises or answers out of its kind."""
        function = self.property.function
        if function is None or self._binding is None:
            raise PropertyError(f"property {self.property.id} is not a question about a state")
        asked = function
        try:
            premise = self.property.premise
            if premise is not None and self._premise is not None:
                asked = premise
                met = premise(*self._premise.arguments(values))
                if type(met) is not bool:
                    raise self._wrong(met, "True or False", premise)
                if not met:
                    return Finding(met=False)
            asked = function
            return self._judge(function(*self._binding.arguments(values)))
        except PropertyError:
            raise
        except (Exception, SystemExit) as error:
            raise PropertyError(
                f"property {self.name}, {where(asked)}, raised"
                f" {type(error).__name__}{place(error, asked)}: {error}"
            ) from error

    def run(self, values: Sequence[Any]) -> tuple[Any, Any, Any]:
        """
        What the premise, the function and the bound answer, unchecked; the premise alone if false.

        For engines whose numbers are not Python's. What a function raises comes through as it is.
        """
        function = self.property.function
        if function is None or self._binding is None:
            raise PropertyError(f"property {self.property.id} is not a question about a state")
        met: Any = True
        if self.property.premise is not None and self._premise is not None:
            met = self.property.premise(*self._premise.arguments(values))
            if not met:
                return met, None, None
        return met, function(*self._binding.arguments(values)), self.bound

    def _judge(self, answer: Any) -> Finding:
        kind = self.property.kind
        if kind in ("always", "after each step"):
            return Finding(met=True, violations=self._violations(answer))
        if kind in ("at least", "at most"):
            if type(answer) is not int or not -(2**62) < answer < 2**62:
                raise self._wrong(answer, "a 63-bit integer")
            return Finding(met=True, value=answer)
        if type(answer) is not bool:
            raise self._wrong(answer, "True or False")
        return Finding(met=True, value=answer)

    def _violations(self, answer: Any) -> tuple[Violation, ...]:
        if answer is None:
            return ()
        right = "nothing, or an iterable of Violation or str that says why"
        if type(answer) is not GeneratorType and (
            not isinstance(answer, Iterable) or isinstance(answer, (str, bytes, Mapping))
        ):
            raise self._wrong(answer, right)
        found = []
        for each in islice(answer, _MOST_VIOLATIONS + 1):
            one = Violation(each) if type(each) is str else each
            if not isinstance(one, Violation) or not isinstance(one.because, str):
                raise self._wrong(each, "Violation or str, for each object that breaks it")
            found.append(one)
        if len(found) > _MOST_VIOLATIONS:
            raise self._wrong(found[0], f"no more than {_MOST_VIOLATIONS:,} violations")
        return tuple(found)

    def _wrong(
        self, answer: Any, right: str, asked: Callable[..., Any] | None = None
    ) -> PropertyError:
        function = asked or self.property.function
        assert function is not None
        whose = "a premise" if asked else f"a property of kind {self.property.kind!r}"
        return PropertyError(
            f"property {self.name}, {where(function)}, answered {shown(answer)}; {whose} answers"
            f" {right}"
        )


def ground_property(system: Ground, property: Property) -> tuple[GroundProperty, ...]:
    """
    Write `property` out over its indices.

    Raises DeclarationError where it reads what the system does not have.
    """
    _check_names(system.system, property)
    steps = property.kind == "after each step"
    # Again: at its declaration, what stands below it in its module was not there yet.
    functions = [each for each in (property.function, property.premise) if each is not None]
    for function in functions:
        check_pure(function)
    readers = [Reader(function, property.over, steps) for function in functions]
    bounds = _bounds(system, property)
    found = []
    for key in system.system.tuples(property.over):
        bindings = _together(system, readers, key)
        first = bindings[0] if bindings else None
        found.append(
            GroundProperty(
                property=property,
                name=cell_name(property.id, key),
                key=key,
                reads=first.reads if first else (),
                before=first.before if first else (),
                wants_action=first is not None and first.wants_action,
                bound=bounds[key],
                binding=first,
                premise=bindings[1] if len(bindings) > 1 else None,
            )
        )
    return tuple(found)


def _together(system: Ground, readers: Sequence[Reader], key: tuple[Any, ...]) -> list[Binding]:
    """Bind finder and premise so that both take the same values in the same order."""
    bound = [bind(system.scope, reader, key) for reader in readers]
    if len(bound) < 2:
        return bound
    reads = tuple(dict.fromkeys(number for each in bound for number in each.reads))
    before = tuple(dict.fromkeys(number for each in bound for number in each.before))
    action = any(each.wants_action for each in bound)
    return [
        bind(system.scope, reader, key, extra=reads, extra_before=before, action=action)
        for reader in readers
    ]


def _bounds(system: Ground, property: Property) -> dict[tuple[Any, ...], int | None]:
    """The bound at each index."""
    keys = system.system.tuples(property.over)
    function = property.bound
    if function is None or isinstance(function, int):
        return dict.fromkeys(keys, function)
    check_pure(function)
    reader = Reader(function, property.over)
    return {key: _bound(system, property, reader, key) for key in keys}


def _bound(system: Ground, property: Property, reader: Reader, key: tuple[Any, ...]) -> int:
    binding = bind(system.scope, reader, key)
    begin = f"the bound of property {property.id}, {where(reader.function)},"
    if binding.reads:
        read = ", ".join(system.cell(number).name for number in binding.reads)
        raise DeclarationError(f"{begin} reads {read}; a bound is a function of parameters alone")
    try:
        answer = reader.function(*binding.arguments(()))
    except (Exception, SystemExit) as error:
        raise DeclarationError(
            f"{begin} raised {type(error).__name__}{place(error, reader.function)}: {error}"
        ) from error
    if type(answer) is not int and not is_symbolic(type(answer)):
        raise DeclarationError(f"{begin} answered {shown(answer)}; a bound is an integer")
    bound: int = answer
    return bound


def _check_names(system: System, property: Property) -> None:
    indices = {index.name for index in system.indices}
    for name in property.over:
        if name not in indices:
            raise DeclarationError(
                f"property {property.id} ranges over {name}, which is no index of {system.name}"
            )
        if property.over.count(name) > 1:
            raise DeclarationError(f"property {property.id} ranges over {name} twice")
    actions = {action.name for action in system.actions}
    for name in (*property.work, *property.progress):
        if name not in actions:
            raise DeclarationError(
                f"property {property.id} names the action {name}, which {system.name} does not"
                f" have; it has {', '.join(sorted(actions))}"
            )
