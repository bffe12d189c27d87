"""A pool of linear candidates for an invariant, thinned by states that really occur.

A candidate is a sum with small factors that is at most 0. The pool is generated from names alone:
signs, bounds by parameters, sums over a family, comparisons within one index. What an actual state
at small sizes breaks is dropped before the solver is asked.
"""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations, product
from typing import Any

import attrs
import numpy as np
import z3

from seatrial.core import Ground, Whole, enabled_steps, ground, successor

from .machine import Machine

__all__ = ["Candidate", "pool", "reached", "small_states"]

_MOST = 3_000
_STATES = 100
_LARGE = 2**40
_SIZES = 2


@attrs.frozen
class Candidate:
    """`sum of factor * variable + constant <= 0`."""

    factors: tuple[tuple[str, int], ...]
    constant: int = 0

    def term(self) -> Any:
        """The candidate as a formula, with what is subtracted on the right."""
        left = [_times(name, factor) for name, factor in self.factors if factor > 0]
        right = [_times(name, -factor) for name, factor in self.factors if factor < 0]
        if self.constant > 0:
            left.append(z3.IntVal(self.constant))
        elif self.constant < 0:
            right.append(z3.IntVal(-self.constant))
        return _added(left) <= _added(right)


def _times(name: str, factor: int) -> Any:
    return z3.Int(name) if factor == 1 else factor * z3.Int(name)


def _added(parts: list[Any]) -> Any:
    if not parts:
        return z3.IntVal(0)
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    return total


def pool(made: Machine, states: Sequence[Mapping[str, int]]) -> list[Candidate]:
    """The candidates that all of these states satisfy, the shorter ones first."""
    generated = list(dict.fromkeys(_generated(made)))[:_MOST]
    names = [*_parameters(made), *(term.decl().name() for term, _, _ in made.common_leaves())]
    column = {name: at for at, name in enumerate(names)}
    rows = [[state[name] for name in names] for state in states]
    small = [row for row in rows if all(abs(number) < _LARGE for number in row)]
    seen = np.unique(np.array(small, np.int64).reshape(len(small), len(names)), axis=0)
    factors = np.zeros((len(names), len(generated)), np.int64)
    for at, each in enumerate(generated):
        for name, factor in each.factors:
            factors[column[name], at] += factor
    constants = np.array([each.constant for each in generated])
    holds = (seen @ factors + constants <= 0).all(axis=0)
    return [each for each, good in zip(generated, holds, strict=True) if good]


def _parameters(made: Machine) -> list[str]:
    return [each.decl().name() for each in made.parameters.values()]


def _generated(made: Machine) -> Iterator[Candidate]:
    leaves = made.common_leaves()
    names = [term.decl().name() for term, _, _ in leaves]
    slots = {term.decl().name(): made.system.slots[slot] for term, _, slot in leaves}
    sums: list[tuple[str, ...]] = [(name,) for name in names]
    families: dict[tuple[str, str], list[str]] = {}
    within: dict[int, list[str]] = {}
    for name in names:
        slot = slots[name]
        families.setdefault((slot.domain, name.removeprefix(slot.name)), []).append(name)
        within.setdefault(slot.number, []).append(name)
    sums += [tuple(each) for each in families.values() if len(each) > 1]
    for each in within.values():
        for size in range(2, len(each) + 1):
            sums += combinations(each, size)
    whole = [tuple(each) for each in families.values()]
    for size in (2, 3, 4):
        for several in combinations(whole, size):
            if len({slots[each[0]].domain for each in several}) == 1:
                sums.append(tuple(name for each in several for name in each))
    bounds: list[tuple[tuple[str, int], ...]] = [()]
    parameters = _parameters(made)
    bounds += [((name, 1),) for name in parameters]
    bounds += [((a, 1), (b, 1)) for a, b in combinations(parameters, 2)]
    bounds += [((a, 1), (b, -1)) for a, b in product(parameters, repeat=2) if a != b]
    for total, bound in product(sums, bounds):
        for constant in (0, -1) if not bound else (0,):
            yield _linear(total, 1, bound, constant)
            yield _linear(total, -1, bound, -constant)
    for one, other in product(sums, sums):
        alike = {slots[name].key for name in one} == {slots[name].key for name in other}
        if one != other and not set(one) & set(other) and alike and len(one) + len(other) <= 6:
            yield Candidate(tuple((n, 1) for n in one) + tuple((n, -1) for n in other))


def _linear(
    names: Sequence[str], sign: int, bound: Sequence[tuple[str, int]], constant: int
) -> Candidate:
    factors = tuple((name, sign) for name in names)
    return Candidate(factors + tuple((name, -sign * factor) for name, factor in bound), constant)


def small_states(made: Machine, ranges: Mapping[str, Whole]) -> Iterator[dict[str, int]]:
    """Reachable states at small sizes, with their parameters, as numbers by variable."""
    sizes = []
    for each in ranges.values():
        most = each.low + _SIZES if each.high is None else min(each.low + _SIZES, each.high)
        sizes.append(range(each.low, most + 1))
    for chosen in product(*sizes):
        values = dict(zip(ranges, chosen, strict=True))
        try:
            system = ground(made.build(values))
        except Exception:
            continue  # these values have no system; the symbolic one excludes them, or raises
        for state in reached(system):
            yield {**made.state(state, values), **made.numbers(values)}


def reached(system: Ground, most: int = _STATES) -> Iterator[tuple[Any, ...]]:
    """The first states of a breadth-first search, about `most` of them."""
    waiting = deque(system.initial)
    seen = set(waiting)
    while waiting:
        state = waiting.popleft()
        yield state
        if len(seen) >= most:
            continue
        for _, outcome in enabled_steps(system, state, between=False):
            after = successor(state, outcome)
            if after not in seen:
                seen.add(after)
                waiting.append(after)
