"""What is the same for controllers whose model tells by which faults each outcome comes about."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from attrs import field, frozen

from .objects import Object
from .words import brief, differing

__all__ = ["Ways"]


@frozen(eq=False, kw_only=True)
class Ways:
    """A part of what the law has to know of a controller; see `subject.Subject`."""

    _known: Any = field(init=False)

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "_known", lru_cache(maxsize=512)(self.ways))

    @property
    @abstractmethod
    def name(self) -> str:
        """Of the controller."""

    @abstractmethod
    def ways(self, start: Any) -> Mapping[Any, Sequence[Any]]:
        """How the model's sync may go from there, each with the faults that may lead to it."""

    @abstractmethod
    def told(self, faults: Any) -> list[Object]:
        """What the oracle is told of these faults."""

    def possible(self, start: Any) -> frozenset[Any]:
        """How the model's sync may go."""
        return frozenset(self._known(start))

    def faults(self, start: Any, outcome: Any, number: int) -> list[Object]:
        """The requests that have to go wrong for it: of several ways each in turn."""
        ways = self._known(start)[outcome]
        return self.told(ways[(number - 1) % len(ways)])

    def beyond(self, start: Any, expected: frozenset[Any]) -> list[Any]:
        """Nothing else is possible."""
        return list(expected)

    def shown(self, start: Any) -> str:
        """The state."""
        return f"{self.name}: {brief(start)}"

    def side_by_side(
        self, start: Any, real: Any, known: Sequence[Any], other: str = "model"
    ) -> str:
        """Both ways next to each other."""
        return differing(self.shown(start), real, known, other)
