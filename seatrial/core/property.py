"""Properties: a promise in one sentence, where it is promised, and a finder over a footprint.

A finder's parameters are its reads, as in a rule. It yields a `Violation` (or a sentence) for each
object that breaks the promise, and nothing where it is kept. What a property means is said here
and nowhere else; engines decide in which states it is asked.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Literal

import attrs

from .binding import Binding, bind, cell_name
from .errors import DeclarationError, PropertyError, where
from .ground import Ground
from .purity import check_pure
from .system import System, _names

__all__ = [
    "Finding",
    "GroundProperty",
    "Kind",
    "Property",
    "Violation",
    "after_each_step",
    "always",
    "at_least",
    "at_most",
    "converges_to",
    "deadlock_free",
    "ground_property",
    "no_hot_loop",
    "sometimes",
]

Kind = Literal[
    "always",
    "after each step",
    "at least",
    "at most",
    "sometimes",
    "converges to",
    "deadlock free",
    "no hot loop",
]
"""What a property claims:

- always: in every state the finder finds nothing;
- after each step: nor for any pair of a state and the next;
- at least, at most: in every state the number keeps the bound; the extreme is reported too;
- sometimes: in some state the predicate is true;
- converges to: every fair run without users and faults is in the goal for ever from some step on;
- deadlock free: in every state some action is enabled;
- no hot loop: no fair run takes steps of `work` for ever and steps of `progress` only finitely
  often.
"""

Expected = Literal["holds", "refuted"]


@attrs.frozen
class Violation:
    """Why a promise is broken, in words of the domain, and the objects that show it."""

    because: str
    evidence: tuple[Any, ...] = ()


@attrs.frozen
class Property:
    """
    A promise that an engine can check; made by `always`, `sometimes`, … below.

    `says` is the sentence, `source` where it is promised. `premise` is a predicate: the finder is
    asked only where it is true, and a run in which it never was is reported as vacuous.
    """

    id: str
    says: str
    source: str
    kind: Kind
    function: Callable[..., Any] | None = None
    over: tuple[str, ...] = attrs.field(default=(), converter=_names)
    premise: Callable[..., bool] | None = None
    bound: int | Callable[..., int] | None = None
    work: tuple[str, ...] = ()
    progress: tuple[str, ...] = ()
    expected: Expected = "holds"
    preconditions: tuple[str, ...] = ()

    __seatrial_declaration__ = True

    def __attrs_post_init__(self) -> None:
        for name in ("says", "source"):
            if not getattr(self, name).strip():
                raise DeclarationError(
                    f"property {self.id} has no {name}; quote the promise and say where it is made"
                )
        for function in (self.function, self.premise, self.bound):
            if callable(function):
                check_pure(function)


def _declaration(kind: Kind) -> Callable[..., Callable[[Callable[..., Any]], Property]]:
    def make(
        *,
        says: str,
        source: str,
        id: str | None = None,
        over: str | Iterable[str] = (),
        premise: Callable[..., bool] | None = None,
        bound: int | Callable[..., int] | None = None,
        expected: Expected = "holds",
        preconditions: Sequence[str] = (),
    ) -> Callable[[Callable[..., Any]], Property]:
        if (bound is not None) != (kind in ("at least", "at most")):
            raise DeclarationError(f"a property of kind {kind!r} takes bound= only as a bound")

        def declare(function: Callable[..., Any]) -> Property:
            return Property(
                id=id or function.__name__.replace("_", "-"),
                says=says,
                source=source,
                kind=kind,
                function=function,
                over=over,
                premise=premise,
                bound=bound,
                expected=expected,
                preconditions=tuple(preconditions),
            )

        return declare

    return make


always = _declaration("always")
always.__doc__ = """
Declare an invariant: a finder that finds nothing in any reachable state.

>>> @always(says="the count stays below five", source="the counter's manual")
... def below_five(count):
...     if count >= 5:
...         yield f"the count is {count}"
>>> below_five.id, below_five.kind
('below-five', 'always')
"""
after_each_step = _declaration("after each step")
after_each_step.__doc__ = """
Declare a promise about steps: `NAME_before` is a cell before the step, `action` who took it.

>>> @after_each_step(says="the count never falls", source="the counter's manual")
... def never_falls(count, count_before):
...     if count < count_before:
...         yield f"it fell from {count_before} to {count}"
>>> never_falls.kind
'after each step'
"""
at_least = _declaration("at least")
at_least.__doc__ = "Declare a lower bound: the function returns a number, `bound` says how low."
at_most = _declaration("at most")
at_most.__doc__ = "Declare an upper bound: the function returns a number, `bound` says how high."
sometimes = _declaration("sometimes")
sometimes.__doc__ = "Declare that some reachable state satisfies the predicate."
converges_to = _declaration("converges to")
converges_to.__doc__ = """
Declare a goal that every fair run reaches and never leaves again, once users and faults rest.

The function is a predicate of a state: the goal.
"""


def deadlock_free(
    *,
    says: str = "in every state some action is enabled",
    source: str,
    id: str = "deadlock-free",
    expected: Expected = "holds",
) -> Property:
    """A property that is broken by any state in which no action is enabled."""
    return Property(id=id, says=says, source=source, kind="deadlock free", expected=expected)


def no_hot_loop(
    *,
    work: str | Iterable[str],
    progress: str | Iterable[str] = (),
    says: str,
    source: str,
    id: str = "no-hot-loop",
    expected: Expected = "holds",
) -> Property:
    """
    A property broken by a fair run with infinitely many steps of `work`, finitely many `progress`.

    Both name actions: those that write to the API, and those by which the clock advances.
    """
    return Property(
        id=id,
        says=says,
        source=source,
        kind="no hot loop",
        work=_names(work),
        progress=_names(progress),
        expected=expected,
    )


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
        try:
            premise = self.property.premise
            asked = self._premise
            if premise and asked and not premise(*asked.arguments(values)):
                return Finding(met=False)
            answer = function(*self._binding.arguments(values))
            return self._judge(answer)
        except PropertyError:
            raise
        except Exception as error:
            raise PropertyError(
                f"property {self.name}, {where(function)}, raised {type(error).__name__}: {error}"
            ) from error

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
        if isinstance(answer, (bool, str)) or not isinstance(answer, Iterable):
            raise self._wrong(answer, "nothing, or an iterable of Violation or str that says why")
        found = []
        for each in answer:
            if isinstance(each, str):
                found.append(Violation(each))
            elif isinstance(each, Violation):
                found.append(each)
            else:
                raise self._wrong(each, "Violation or str, for each object that breaks it")
        return tuple(found)

    def _wrong(self, answer: Any, right: str) -> PropertyError:
        function = self.property.function
        assert function is not None
        return PropertyError(
            f"property {self.name}, {where(function)}, answered {answer!r}; a property of kind"
            f" {self.property.kind!r} answers {right}"
        )


def ground_property(system: Ground, property: Property) -> tuple[GroundProperty, ...]:
    """
    Write `property` out over its indices.

    Raises DeclarationError where it reads what the system does not have.
    """
    _check_names(system.system, property)
    found = []
    for key in system.system.tuples(property.over):
        steps = property.kind == "after each step"
        binding = premise = None
        reads: tuple[int, ...] = ()
        before: tuple[int, ...] = ()
        wants_action = False
        if property.function is not None:
            binding = bind(system.scope, property.function, property.over, key, steps=steps)
            if property.premise is not None:
                premise = bind(system.scope, property.premise, property.over, key, steps=steps)
                binding, premise = _together(system, property, key, binding, premise)
            reads, before = binding.reads, binding.before
            wants_action = binding.wants_action
        found.append(
            GroundProperty(
                property=property,
                name=cell_name(property.id, key),
                key=key,
                reads=reads,
                before=before,
                wants_action=wants_action,
                bound=_bound(system, property, key),
                binding=binding,
                premise=premise,
            )
        )
    return tuple(found)


def _together(
    system: Ground,
    property: Property,
    key: tuple[Any, ...],
    one: Binding,
    other: Binding,
) -> tuple[Binding, Binding]:
    """Bind finder and premise anew so that both take the same values in the same order."""
    reads = tuple(dict.fromkeys((*one.reads, *other.reads)))
    before = tuple(dict.fromkeys((*one.before, *other.before)))
    steps = property.kind == "after each step"
    bound = [
        bind(
            system.scope,
            function,
            property.over,
            key,
            steps=steps,
            extra=reads,
            extra_before=before,
            action=one.wants_action or other.wants_action,
        )
        for function in (property.function, property.premise)
        if function is not None
    ]
    return bound[0], bound[1]


def _bound(system: Ground, property: Property, key: tuple[Any, ...]) -> int | None:
    if property.bound is None or isinstance(property.bound, int):
        return property.bound
    binding = bind(system.scope, property.bound, property.over, key)
    if binding.reads:
        read = ", ".join(system.cell(number).name for number in binding.reads)
        raise DeclarationError(
            f"the bound of {property.id} reads {read}; a bound is a function of parameters alone"
        )
    return property.bound(*binding.arguments(()))


def _check_names(system: System, property: Property) -> None:
    indices = {index.name for index in system.indices}
    for name in property.over:
        if name not in indices:
            raise DeclarationError(
                f"property {property.id} ranges over {name}, which is no index of {system.name}"
            )
    actions = {action.name for action in system.actions}
    for name in (*property.work, *property.progress):
        if name not in actions:
            raise DeclarationError(
                f"property {property.id} names the action {name}, which {system.name} does not"
                f" have; it has {', '.join(sorted(actions))}"
            )
