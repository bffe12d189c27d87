"""Reductions: one state for many that differ by a permutation; one order for steps that commute.

Both are switches. Each is tested to give the same verdicts and shortest lengths as without it.
"""

import inspect
from collections.abc import Callable, Sequence
from typing import Any

from seatrial.core import Ground, Index, Variable, View, sort_key, where

from .tables import Domain, Tables

_Ids = tuple[int, ...]

__all__ = ["Ample", "Symmetry", "Unreducible"]


class Unreducible(Exception):
    """Why a reduction cannot be used here, in words."""


class Symmetry:
    """
    Canonical representatives under the permutations of symmetric indices.

    The members' slices (what all families hold at one member) are sorted, by the values' own order
    and not by their ids, so that the representative does not depend on the order of discovery.
    Raises Unreducible where no index is symmetric, a rule or property asks which member it has,
    or a family ranges over two symmetric indices.
    """

    def __init__(self, tables: Tables) -> None:
        self.tables = tables
        system = tables.system
        symmetric = [index for index in system.system.indices if index.symmetric]
        if not symmetric:
            raise Unreducible("no index is declared symmetric")
        _refuse_identity(tables, symmetric)
        self.slices = tuple(self._slices(system, index) for index in symmetric)
        """For each symmetric index, for each member, its slots, alike ones in the same place."""
        self._ranks: dict[str, list[int]] = {}
        self._sizes: list[int] = []
        self._known: list[dict[_Ids, tuple[_Ids, _Ids]]] = []

    def _slices(self, system: Ground, index: Index) -> tuple[tuple[int, ...], ...]:
        found: dict[object, list[int]] = {member: [] for member in index.members}
        for slot in system.slots:
            over = slot.declared.over if isinstance(slot.declared, Variable) else ()
            places = [at for at, name in enumerate(over) if system.system.index(name).symmetric]
            if len(places) > 1:
                raise Unreducible(f"{slot.domain} ranges over two symmetric indices")
            if places and over[places[0]] == index.name:
                found[slot.key[places[0]]].append(slot.number)
        return tuple(tuple(slots) for slots in found.values())

    def ranks(self, domain: Domain) -> list[int]:
        """By id, the place of each value in their own order."""
        ranks = self._ranks.get(domain.name)
        if ranks is None or len(ranks) != len(domain.values):
            order = sorted(range(len(domain.values)), key=lambda at: sort_key(domain.values[at]))
            ranks = [0] * len(order)
            for rank, at in enumerate(order):
                ranks[at] = rank
            self._ranks[domain.name] = ranks
        return ranks

    def canonical(self, state: Sequence[int]) -> tuple[int, ...]:
        """The representative of a state."""
        result = list(state)
        for slices, keys in zip(self.slices, self._keys(), strict=True):
            held = [tuple([state[slot] for slot in slots]) for slots in slices]
            order = [keys.get(ids) or self._key(slices, keys, ids) for ids in held]
            for slots, (_, ids) in zip(slices, sorted(order), strict=True):
                for slot, each in zip(slots, ids, strict=True):
                    result[slot] = each
        return tuple(result)

    def _keys(self) -> list[dict[_Ids, tuple[_Ids, _Ids]]]:
        """For each symmetric index, known slices with what they are sorted by; for now."""
        sizes = [len(domain.values) for domain in self.tables.domain_of]
        if sizes != self._sizes:
            self._sizes = sizes
            self._known = [{} for _ in self.slices]
        return self._known

    def _key(
        self,
        slices: tuple[tuple[int, ...], ...],
        keys: dict[_Ids, tuple[_Ids, _Ids]],
        ids: _Ids,
    ) -> tuple[_Ids, _Ids]:
        domains = [self.tables.domain_of[slot] for slot in slices[0]]
        ranks = tuple(self.ranks(d)[each] for d, each in zip(domains, ids, strict=True))
        keys[ids] = (ranks, ids)
        return keys[ids]

    def permuted(self, state: Sequence[int], orders: Sequence[Sequence[int]]) -> tuple[int, ...]:
        """A state with the members of each symmetric index in another order."""
        result = list(state)
        for slices, order in zip(self.slices, orders, strict=True):
            for slots, source in zip(slices, order, strict=True):
                for slot, origin in zip(slots, slices[source], strict=True):
                    result[slot] = state[origin]
        return tuple(result)


def _refuse_identity(tables: Tables, symmetric: Sequence[Index]) -> None:
    names = {index.name for index in symmetric}
    functions: list[Callable[..., Any]] = [a.function for a in tables.system.system.actions]
    functions += [view.function for view in tables.system.system.views if isinstance(view, View)]
    for each in tables.properties:
        functions += [f for f in (each.function, each.premise) if f is not None]
        if names & set(each.over):
            index = ", ".join(sorted(names & set(each.over)))
            raise Unreducible(f"property {each.id} ranges over {index}; state it with All[…]")
    for function in functions:
        asked = names & set(inspect.signature(function).parameters)
        if asked:
            raise Unreducible(f"{where(function)} asks which {', '.join(sorted(asked))} it has")


class Ample:
    """
    Stubborn sets from footprints: which enabled actions suffice in a state.

    Two actions depend on each other where one writes what the other reads or writes; a guard is
    read. A closed set holds, with an enabled action, all that depend on it, and with a disabled
    one, all that write what it reads (Valmari 1989). It is used where none of it writes what a
    property reads, and where one of its steps leads deeper (the proviso for breadth-first search:
    Bošnački, Leue and Lluch Lafuente 2009), so that nothing is put off for ever.
    """

    def __init__(self, tables: Tables) -> None:
        system = tables.system
        reads = [system.read_slots(action.looks_at) for action in system.actions]
        writes = [action.writes for action in system.actions]
        committed = [action.number for action in system.actions if action.action.committed]
        if committed:
            # Any step may be followed by any committed one: its footprint is theirs too.
            more = frozenset[int]().union(*(reads[number] for number in committed))
            wrote = frozenset[int]().union(*(writes[number] for number in committed))
            reads = [each | more for each in reads]
            writes = [each | wrote for each in writes]
        seen = frozenset[int]().union(
            *(system.read_slots(each.rule.reads) for each in tables.asked)
        )
        count = len(reads)
        self.dependent = [
            frozenset(
                u
                for u in range(count)
                if u != t and (writes[t] & (reads[u] | writes[u]) or reads[t] & writes[u])
            )
            for t in range(count)
        ]
        self.enabling = [
            frozenset(u for u in range(count) if u != t and writes[u] & reads[t])
            for t in range(count)
        ]
        self.visible = [bool(writes[t] & seen) for t in range(count)]

    def closed(self, seed: int, enabled: frozenset[int]) -> frozenset[int]:
        """The least closed set that holds `seed`."""
        chosen = {seed}
        waiting = [seed]
        while waiting:
            one = waiting.pop()
            more = self.dependent[one] if one in enabled else self.enabling[one]
            waiting += more - chosen
            chosen |= more
        return frozenset(chosen)

    def choose(self, enabled: Sequence[int], deeper: Callable[[int], bool]) -> list[int]:
        """Those of `enabled`, in order, that suffice; `deeper` says whether one leads deeper."""
        best = list(enabled)
        every = frozenset(enabled)
        for seed in enabled:
            chosen = self.closed(seed, every)
            suffice = [number for number in enabled if number in chosen]
            if len(suffice) >= len(best) or any(self.visible[number] for number in suffice):
                continue
            if any(map(deeper, suffice)):
                best = suffice
        return best
