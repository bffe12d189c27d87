"""A finite map from a class to how many members it has: things that nobody tells apart.

Pods of one ReplicaSet have no identity that a controller acts on, only counted classes. Replicas
are then symmetric for free, and a count may be a symbolic integer.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Generic, TypeVar

import attrs

from .arith import total
from .errors import ValueRefused, shown
from .kinds import is_truth
from .values import check_value, same_value, sort_key

__all__ = ["Population"]

K = TypeVar("K")


_KEYS: dict[int, tuple[Any, Any]] = {}
"""Classes that were looked at, by identity, with their sort keys: most move on as they are."""
_KEPT = 100_000


def _key_of(kind: Any) -> Any:
    """The sort key of a class. Raises ValueRefused where it is no value."""
    known = _KEYS.get(id(kind))
    if known is not None:  # it holds its class, so no other one has that identity
        return known[1]
    check_value(kind)
    key = sort_key(kind)
    if len(_KEYS) >= _KEPT:
        _KEYS.clear()
    _KEYS[id(kind)] = (kind, key)
    return key


class _Part(tuple[Any, ...]):
    """Some of the pairs of a population, in their order: canonical already."""

    __slots__ = ()


def _canonical(counts: Mapping[Any, int] | Iterable[tuple[Any, int]]) -> tuple[Any, ...]:
    if type(counts) is _Part:
        return tuple(counts)
    pairs = counts.items() if isinstance(counts, Mapping) else counts
    added: dict[Any, int] = {}
    names: dict[Any, Any] = {}
    for kind, count in pairs:
        _key_of(kind)
        # A symbolic integer is of a class of its own: what is refused here is what Python has.
        if type(count) is not int and isinstance(count, (int, float, str, bytes, type(None))):
            raise ValueRefused(f"a population counts in integers, not in {count!r} of {kind!r}")
        if is_truth(type(count)):
            raise ValueRefused(f"a population counts in integers, not in truth values: {kind!r}")
        if kind not in added:
            added[kind], names[kind] = count, kind
        elif same_value(names[kind], kind):
            added[kind] = added[kind] + count
        else:
            raise ValueRefused(
                f"a population cannot tell {names[kind]!r} from {kind!r}, which are equal but of"
                " different types; use one type for its classes"
            )
    for kind, count in added.items():
        if count < 0:
            raise ValueRefused(f"a population cannot hold {shown(count)} of {kind!r}")
    nobody = [kind for kind, n in added.items() if n == 0]
    kept = [(kind, n) for kind, n in added.items() if kind not in nobody]
    return tuple(sorted(kept, key=lambda pair: _key_of(pair[0])))


@attrs.frozen(repr=False, cache_hash=True)
class Population(Generic[K]):
    """
    How many there are of each class. Classes with none are not kept.

    >>> pods = Population({"Pending": 2, "Running": 1})
    >>> pods.move("Pending", "Running", 1)
    Population({'Pending': 1, 'Running': 2})
    >>> pods.total, pods["Failed"]
    (3, 0)
    """

    counts: tuple[tuple[K, int], ...] = attrs.field(default=(), converter=_canonical)

    def __getitem__(self, kind: K) -> int:
        return next((count for known, count in self.counts if known == kind), 0)

    def __iter__(self) -> Iterator[K]:
        return (kind for kind, _ in self.counts)

    def __bool__(self) -> bool:
        return bool(self.total > 0)

    def items(self) -> tuple[tuple[K, int], ...]:
        """Pairs of class and count, in canonical order."""
        return self.counts

    @property
    def total(self) -> int:
        """How many members there are in all."""
        return total(count for _, count in self.counts)

    def where(self, keep: Callable[[K], bool]) -> "Population[K]":
        """The members whose class satisfies `keep`."""
        return Population(_Part(pair for pair in self.counts if keep(pair[0])))

    def add(self, kind: K, count: int = 1) -> "Population[K]":
        """`count` more of `kind` (fewer if negative; ValueRefused below zero)."""
        return Population((*self.counts, (kind, count)))

    def move(self, source: K, target: K, count: int = 1) -> "Population[K]":
        """`count` members change their class from `source` to `target`."""
        return Population((*self.counts, (source, -count), (target, count)))

    def __add__(self, other: "Population[K]") -> "Population[K]":
        return Population((*self.counts, *other.counts))

    def __sub__(self, other: "Population[K]") -> "Population[K]":
        return Population((*self.counts, *((kind, -count) for kind, count in other.counts)))

    def __repr__(self) -> str:
        inside = ", ".join(f"{kind!r}: {count!r}" for kind, count in self.counts)
        return f"Population({{{inside}}})" if inside else "Population()"
