"""The worst case of a bound as a formula: guessed from small sizes, and then proved for all.

The extremes of a number at small sizes are found by visiting every state there. Linear formulas of
the parameters, with small factors, that none of these exceeds are tried, the closest first: the
first that is proved is the answer. It is a bound for all sizes; where it is reached is said.
"""

import inspect
from collections.abc import Callable, Iterator, Mapping
from itertools import product
from typing import Any

import attrs

from seatrial.core import Property, System, Whole, ground, ground_property

from .candidates import reached
from .queries import Queries
from .systems import SystemProof, prove_system

__all__ = ["Worst", "worst_case"]

_SIZES = 3
_STATES = 5_000
_TRIED = 8


@attrs.frozen
class Worst:
    """
    What a number is at most, or at least, as a formula; none where no formula was proved.

    `observed` are the extremes at small sizes, and `reached` those parameters at which the formula
    is one of them. `tried` are the formulas that were not proved, in the order of trying.
    """

    property: Property
    formula: str = ""
    proof: SystemProof | None = None
    observed: tuple[tuple[tuple[tuple[str, int], ...], int], ...] = ()
    reached: tuple[tuple[tuple[str, int], ...], ...] = ()
    tried: tuple[str, ...] = ()


@attrs.frozen
class _Form:
    factors: tuple[tuple[str, int], ...]
    constant: int

    def __call__(self, values: Mapping[str, int]) -> int:
        return sum(factor * values[name] for name, factor in self.factors) + self.constant

    def __str__(self) -> str:
        parts = [name if one == 1 else f"{one} * {name}" for name, one in self.factors if one]
        if self.constant or not parts:
            parts.append(str(self.constant))
        return " + ".join(parts).replace("+ -", "- ")

    def bound(self) -> Callable[..., int]:
        """The formula as the bound of a property."""
        factors, constant = self.factors, self.constant

        def bound(*values: int) -> int:
            found = constant
            for (_, factor), value in zip(factors, values, strict=True):
                found = found + factor * value
            return found

        bound.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
            [
                inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD)
                for name, _ in factors
            ]
        )
        return bound


def worst_case(
    build: Callable[[Mapping[str, Any]], System],
    ranges: Mapping[str, Whole],
    asked: Property,
    queries: Queries,
) -> Worst:
    """The worst case of a property of kind `at most` or `at least`, for all parameters."""
    sign = 1 if asked.kind == "at most" else -1
    observed = list(_extremes(build, ranges, asked, sign))
    forms = sorted(
        (form for form in _forms(ranges) if all(sign * (form(v) - e) >= 0 for v, e in observed)),
        key=lambda form: (sum(abs(form(v) - e) for v, e in observed), str(form)),
    )[:_TRIED]
    properties = [
        attrs.evolve(asked, id=f"{asked.id}: {form}", bound=form.bound(), expected="holds")
        for form in forms
    ]
    shown = tuple((tuple(values.items()), extreme) for values, extreme in observed)
    proofs = prove_system(build, ranges, properties, queries).proofs if properties else ()
    for at, (form, proof) in enumerate(zip(forms, proofs, strict=True)):
        if proof.status == "proved":
            touched = tuple(tuple(v.items()) for v, extreme in observed if form(v) == extreme)
            return Worst(asked, str(form), proof, shown, touched, tuple(map(str, forms[:at])))
    return Worst(asked, observed=shown, tried=tuple(map(str, forms)))


def _forms(ranges: Mapping[str, Whole]) -> Iterator[_Form]:
    names = list(ranges)
    for factors in product((0, 1, 2), repeat=len(names)):
        for constant in (-1, 0, 1, 2):
            yield _Form(tuple(zip(names, factors, strict=True)), constant)


def _extremes(
    build: Callable[[Mapping[str, Any]], System],
    ranges: Mapping[str, Whole],
    asked: Property,
    sign: int,
) -> Iterator[tuple[dict[str, int], int]]:
    """The extreme of the number at each small assignment whose states could all be visited."""
    choices = [range(each.low, each.low + _SIZES) for each in ranges.values()]
    for chosen in product(*choices):
        values = dict(zip(ranges, chosen, strict=True))
        system = ground(build(values))
        states = list(reached(system, _STATES))
        if len(states) >= _STATES:
            continue
        found = []
        for one in ground_property(system, attrs.evolve(asked, premise=None)):
            for state in states:
                cells = system.values(state)
                said = one.check([cells[number] for number in one.reads])
                if said.value is not None:
                    found.append(int(said.value))
        if found:
            yield values, sign * max(sign * each for each in found)
