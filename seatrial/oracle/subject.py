"""What has to be known of a controller: how its syncs are asked for, and what answers say."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from .objects import Object

__all__ = ["Ask", "Subject", "Traced"]

Ask = Callable[[Sequence[Object]], Sequence[Object]]
"""Sends requests to the oracle and gives its answers, in the same order."""


class Subject(Protocol):
    """How syncs of a controller are asked for. A *case* is where one begins."""

    def possible(self, case: Any) -> frozenset[Any]:
        """The model's outcomes of a case."""

    def faults(self, case: Any, outcome: Any, number: int) -> list[Object]:
        """Which requests have to go wrong for this outcome; another number, another way to it."""

    def concrete(self, case: Any, number: int, faults: list[Object]) -> Any:
        """The cluster of that number, whose `request` is for the oracle."""

    def real(self, case: Any, cluster: Any, answer: Object) -> Any:
        """How the sync really went. Raises OracleDefect where it did not run."""

    def beyond(self, case: Any, expected: frozenset[Any]) -> list[Any]:
        """The outcomes with those that are possible although the case does not allow for them."""

    def shown(self, case: Any) -> str:
        """The case, for people."""

    def side_by_side(self, case: Any, real: Any, known: Sequence[Any], other: str = "model") -> str:
        """The case, and the real outcome next to the nearest of the `other` side."""

    def kinds(self, outcome: Any) -> list[str]:
        """What was sent and answered, in words; nothing for an early return."""


class Traced(Subject, Protocol):
    """A controller whose syncs are found in traces."""

    def along(self, case: Any, taken: Any) -> Mapping[Any, Sequence[list[Object]]]:
        """The outcomes whose sync goes as a trace does, each with ways to it: what goes wrong."""

    def released(self, case: Any, rules: frozenset[str]) -> frozenset[Any] | None:
        """The outcomes with no rules switched but these; None where there are no others."""
