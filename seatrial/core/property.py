"""Properties: a promise in one sentence, where it is promised, and a finder over a footprint.

A finder's parameters are its reads, as in a rule. It yields a `Violation` (or a sentence) for each
object that breaks the promise, and nothing where it is kept. What a property means is said here
and nowhere else; engines decide in which states it is asked.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Literal, get_args

import attrs

from .declare import name_of, names_of
from .errors import DeclarationError, shown
from .purity import check_rule

__all__ = [
    "Kind",
    "Property",
    "Violation",
    "after_each_step",
    "always",
    "at_least",
    "at_most",
    "converges_to",
    "deadlock_free",
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


PREMISED = ("always", "after each step", "at least", "at most")
"""The kinds of property that may have a premise."""


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
    over: tuple[str, ...] = attrs.field(default=(), converter=names_of)
    premise: Callable[..., bool] | None = None
    bound: int | Callable[..., int] | None = None
    work: tuple[str, ...] = ()
    progress: tuple[str, ...] = ()
    expected: Expected = "holds"
    preconditions: tuple[str, ...] = ()

    __seatrial_declaration__ = True

    def __attrs_post_init__(self) -> None:
        if not isinstance(self.id, str) or not self.id or "<lambda>" in self.id:
            raise DeclarationError(
                f"property {shown(self.id)} has no name; write a def or give id="
            )
        for name in ("says", "source"):
            text = getattr(self, name)
            if not isinstance(text, str) or not text.strip():
                raise DeclarationError(
                    f"property {self.id} has no {name}; quote the promise and say where it is made"
                )
        for name, right in (("kind", Kind), ("expected", Expected)):
            if getattr(self, name) not in get_args(right):
                raise DeclarationError(
                    f"property {self.id}: {name}={getattr(self, name)!r} is none of"
                    f" {', '.join(map(repr, get_args(right)))}"
                )
        self._check_functions()

    def _check_functions(self) -> None:
        if self.function is not None or self.kind not in ("deadlock free", "no hot loop"):
            check_rule(self.function, f"property {self.id}")
        if self.premise is not None:
            check_rule(self.premise, f"the premise of property {self.id}")
        if self.premise is not None and self.kind not in PREMISED:
            raise DeclarationError(
                f"property {self.id} is of kind {self.kind!r} and has a premise; put it into its"
                " predicate: premises are for invariants, steps and bounds"
            )
        if (self.bound is not None) != (self.kind in ("at least", "at most")):
            raise DeclarationError(
                f"property {self.id} is of kind {self.kind!r} and has bound={shown(self.bound)};"
                " give a bound to 'at least' and 'at most', and to no other"
            )
        if self.bound is not None and type(self.bound) is not int:
            check_rule(self.bound, f"the bound of property {self.id}, if it is no integer,")


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
        def declare(function: Callable[..., Any]) -> Property:
            return Property(
                id=id or name_of(function).replace("_", "-"),
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
        work=names_of(work),
        progress=names_of(progress),
        expected=expected,
    )
