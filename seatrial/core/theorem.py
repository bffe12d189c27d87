"""Theorems: a claim about all integers of given ranges, as a value.

A claim is a finder, as a property is: a function of named numbers that yields a sentence for each
way in which it is broken. It calls the rules of the model; where these choose, all choices count.
The symbolic engine settles it for whole ranges; `as_system` lets any other engine try it at small
sizes, one number at a time.
"""

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import product
from typing import Any, Literal

import attrs

from .declare import Action, Outcome, Variable, in_order, outcome
from .errors import DeclarationError, shown
from .property import Property, always
from .purity import check_rule
from .system import System
from .values import check_value

__all__ = [
    "Hypothesis",
    "Mutation",
    "OneOf",
    "Theorem",
    "Whole",
    "as_system",
    "broken",
    "small_assignments",
]

VARIANT = "variant"


@attrs.frozen
class Whole:
    """The integers from `low` to `high`, both included; without `high`, all from `low` on."""

    low: int
    high: int | None = None

    def allows(self, value: Any) -> bool:
        """Whether it is one of these integers."""
        return (
            type(value) is int and self.low <= value and (self.high is None or value <= self.high)
        )

    def __str__(self) -> str:
        return f"at least {self.low:,}" if self.high is None else f"{self.low:,} to {self.high:,}"


@attrs.frozen
class OneOf:
    """One of a few values, which are tried one after the other."""

    values: tuple[Any, ...] = attrs.field(converter=in_order)

    def allows(self, value: Any) -> bool:
        """Whether it is one of these values."""
        return any(type(value) is type(each) and value == each for each in self.values)

    def __str__(self) -> str:
        return " or ".join(str(each) for each in self.values)


Range = Whole | OneOf
Ranges = tuple[tuple[str, Range], ...]


@attrs.frozen
class Hypothesis:
    """What is assumed: the sentence, and a predicate of some of the claim's names."""

    says: str
    holds: Callable[..., bool]


@attrs.frozen
class Mutation:
    """
    What breaks a theorem: a hypothesis that is dropped (by number, from 0), or a variant of rules.

    A variant is one of `model.mutants`; the claim is handed its name.
    """

    says: str
    drops: int | None = None
    variant: str | None = None


def _pairs(given: Mapping[str, Range] | Iterable[tuple[str, Range]]) -> Ranges:
    return tuple(given.items() if isinstance(given, Mapping) else given)


@attrs.frozen
class Theorem:
    """
    A claim for all numbers in `ranges` that meet the hypotheses.

    `level`, `lag`, `revisions` and `integers` say what it covers; `lemmas` are hand-written
    invariants among the hypotheses, which the claim shows to be kept. `expected` is "refuted" where
    the sentence is a folk reading that is false. `about` has the ids of promises that it bears on;
    none is proved by that alone.

    Raises DeclarationError where the claim takes a name that has no range, or is no pure function.
    """

    id: str
    says: str
    source: str
    claim: Callable[..., Iterator[str]]
    ranges: Ranges = attrs.field(converter=_pairs)
    hypotheses: tuple[Hypothesis, ...] = ()
    mutations: tuple[Mutation, ...] = ()
    expected: Literal["holds", "refuted"] = "holds"
    level: str = "a single function"
    lag: str = "none is involved"
    revisions: str = "none is involved"
    integers: str = "int32 without overflow"
    lemmas: tuple[str, ...] = ()
    about: tuple[str, ...] = ()

    __seatrial_declaration__ = True

    def __attrs_post_init__(self) -> None:
        for name in ("id", "says", "source"):
            if not isinstance(getattr(self, name), str) or not getattr(self, name).strip():
                raise DeclarationError(f"theorem {shown(self.id)} has no {name}; give a text")
        names = dict(self.ranges)
        for function in (self.claim, *(each.holds for each in self.hypotheses)):
            check_rule(function, f"theorem {self.id}")
            for name in _names_of(function):
                if name not in names and name != VARIANT:
                    raise DeclarationError(
                        f"theorem {self.id} reads {name}, which has no range; it has"
                        f" {', '.join(names)}"
                    )
        for each in self.mutations:
            if each.drops is not None and not 0 <= each.drops < len(self.hypotheses):
                raise DeclarationError(
                    f"theorem {self.id} has a mutation that drops hypothesis {each.drops}; there"
                    f" are {len(self.hypotheses)}"
                )

    def mutated(self, mutation: Mutation) -> "Theorem":
        """The theorem without what the mutation drops; its claim gets the mutation's variant."""
        kept = tuple(each for at, each in enumerate(self.hypotheses) if at != mutation.drops)
        ranges = self.ranges
        if mutation.variant is not None:
            ranges = (*ranges, (VARIANT, OneOf((frozenset({mutation.variant}),))))
        return attrs.evolve(self, hypotheses=kept, ranges=ranges, mutations=())


def _names_of(function: Callable[..., Any]) -> tuple[str, ...]:
    return tuple(inspect.signature(function).parameters)


def asked(function: Callable[..., Any], values: Mapping[str, Any]) -> Any:
    """The function of those values that it takes; without a variant the rules are as they are."""
    known = {VARIANT: frozenset(), **values}
    return function(**{name: known[name] for name in _names_of(function)})


def broken(theorem: Theorem, values: Mapping[str, Any]) -> tuple[str, ...] | None:
    """How the claim is broken at these values; None where a hypothesis is not met."""
    for each in theorem.hypotheses:
        if not asked(each.holds, values):
            return None
    return tuple(asked(theorem.claim, values))


def as_system(theorem: Theorem, starts: list[dict[str, Any]]) -> tuple[System, Property]:
    """
    A system of one step that tries the claim, from each of these assignments, and its property.

    Choices inside the claim are the step's. Raises DeclarationError where there is no start.
    """
    names = tuple(name for name, _ in theorem.ranges)

    def tried(*values: Any) -> Iterator[Outcome]:
        if values[-1] != "":
            return
        found = broken(theorem, dict(zip(names, values[:-1], strict=True)))
        if found is not None:
            yield outcome("the claim is tried", verdict=found[0] if found else "it holds")

    tried.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [
            inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD)
            for name in (*names, "verdict")
        ]
    )
    step = Action("try_claim", "prover", tried, "verdict")

    @always(id=theorem.id, says=theorem.says, source=theorem.source, expected=theorem.expected)
    def kept(verdict: str) -> Iterator[str]:
        if verdict not in ("", "it holds"):
            yield verdict

    system = System(
        name=f"theorem {theorem.id}",
        variables=[*(Variable(name) for name in names), Variable("verdict")],
        actions=[step],
        initial=[{**start, "verdict": ""} for start in starts],
    )
    for start in starts:
        for value in start.values():
            check_value(value)
    return system, kept


def small_assignments(theorem: Theorem, most: int) -> Iterator[dict[str, Any]]:
    """All assignments of numbers from -`most` to `most`, or of the `most` least beyond that."""
    choices = []
    for _, allowed in theorem.ranges:
        if isinstance(allowed, OneOf):
            choices.append(list(allowed.values))
            continue
        low = max(allowed.low, -most)
        high = max(most, low + most - 1)
        choices.append(
            list(range(low, min(high, high if allowed.high is None else allowed.high) + 1))
        )
    names = [name for name, _ in theorem.ranges]
    for values in product(*choices):
        yield dict(zip(names, values, strict=True))
