"""What a trial file adds to the promises of its workloads: invariants, and what is expected."""

from collections.abc import Iterator, Sequence
from typing import Any

import attrs

from seatrial.core import DeclarationError, Property, TraceFormatError
from seatrial.model import Invariant, Position

__all__ = ["Added"]


@attrs.frozen
class Added:
    """Invariants, and by id what is expected of some promises."""

    invariants: tuple[Invariant, ...] = ()
    expected: tuple[tuple[str, str], ...] = ()

    def of(self, kind: str, name: str) -> "Added":
        """The same with those invariants alone that are about this workload."""
        if not self.invariants:
            return self
        from .invariants import named_by

        mine = tuple(each for each in self.invariants if named_by(each) == (kind, name))
        return attrs.evolve(self, invariants=mine)

    def check(self, workloads: Sequence[tuple[str, str]]) -> None:
        """Raise DeclarationError where an invariant is about none of these kinds and names."""
        if not self.invariants:
            return
        from .invariants import named_by

        for each in self.invariants:
            if named_by(each) not in workloads:
                kind, name = named_by(each)
                given = ", ".join(" ".join(one) for one in workloads)
                raise DeclarationError(
                    f"{each.position}: invariant {each.name!r} is about {kind} {name!r}, which is"
                    f" not given; there are {given}"
                )

    def expects(self, property: Property) -> Property:
        """The promise, with what is expected of it here."""
        expected: Any = dict(self.expected).get(property.id, property.expected)
        return attrs.evolve(property, expected=expected)

    def recipe(self) -> list[dict[str, str]]:
        """The invariants, as a trace file keeps them."""
        return [
            {"name": each.name, "expression": each.expression, "says": each.says}
            for each in self.invariants
        ]

    @classmethod
    def of_recipe(cls, given: Any, where: str) -> "Added":
        """What `recipe` gave. Raises TraceFormatError for anything else."""
        return cls(tuple(_invariants(given, where)))


def _invariants(given: Any, where: str) -> Iterator[Invariant]:
    for each in given if isinstance(given, list) else [None]:
        fields = each if isinstance(each, dict) else {}
        texts = [str(fields.get(key) or "") for key in ("name", "expression", "says")]
        if not all(texts):
            raise TraceFormatError(f"{where}: #meta.subject.invariants is no array of invariants")
        name, expression, says = texts
        yield Invariant(name, expression, says, "holds", Position(where))
