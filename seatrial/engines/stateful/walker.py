"""A walk: the current state of a run, kept up to date by what each step touches.

A step writes a few cells. The views that properties read and that rest on one of those are looked
up again at once. Actions that look at one, and the views that only actions read, are marked stale,
and are looked up when somebody wants to know whether they are enabled. What a change touches is
worked out once for each set of changed cells.
"""

from collections.abc import Callable, Iterable, Sequence
from itertools import compress
from typing import Any

import attrs

from seatrial.core import RuleError

from .answers import Answers, Ids, Option
from .lookups import Bundle, Due, Group, Options, Order, Pairs, derivations, due_of, groups_of

__all__ = ["CHAIN_LIMIT", "Change", "Chooser", "Walker"]

CHAIN_LIMIT = 1000
"""A chain of committed steps this long is taken for one that never ends."""

Chooser = Callable[[Sequence[Option]], Option]
"""Which of several committed outcomes follows."""


class Change:
    """The cells that a step changed; `rules` and `pairs` are for whoever watches."""

    __slots__ = ("cells", "pairs", "rules")

    def __init__(self, cells: frozenset[int]) -> None:
        self.cells = cells
        self.rules: Any = None
        self.pairs: dict[Any, Any] = {}


@attrs.frozen
class _Touched:
    """
    What a change of slots touches: what to look up at once, and what becomes stale, as bits.

    Of the `groups`, those in `guards` become stale even where their guard was seen not to be True.
    """

    due: Due
    groups: int
    guards: int
    waiting: int


@attrs.frozen
class _Saved:
    """A state with what follows from it."""

    ids: tuple[int, ...]
    derived: tuple[Pairs, ...]
    first: tuple[tuple[int, Options], ...]


class Walker:
    """
    The transition relation, and where a run is in it.

    `ids` are those of all cells: slots, views, totals. Of views that no property reads they may be
    out of date.
    """

    def __init__(self, answers: Answers) -> None:
        self.answers = answers
        system = answers.system
        self.slots = len(system.slots)
        committed = {c for a in system.actions if a.action.committed for c in a.looks_at}
        read = {cell for rule in answers.rules for cell in (*rule.reads, *rule.before)}
        enabling = {cell for action in system.actions for cell in action.looks_at}
        between = system.rests_on(committed)
        at_once = system.rests_on(read) - between
        waiting = system.rests_on(enabling) - at_once - between
        self._between = derivations(system, between)
        self._after = derivations(system, at_once)
        self._waiting = derivations(system, waiting)
        self._bundles = [*self._between[0], *self._after[0], *self._waiting[0]]
        self._committed = groups_of(system, committed=True)
        self._ordinary = groups_of(system, committed=False)
        self._group_of = {
            n: (each, at) for each in self._ordinary for at, n in enumerate(each.numbers)
        }
        self._number_waiting()
        self.ids: list[int] = [-1] * len(system.scope.cells)
        self._first: tuple[tuple[int, Options], ...] = ()
        """The committed actions that are enabled, which can only be in an initial state."""
        self._stale = 0
        self._shut = 0
        """The groups whose guard was not True when it was last looked at."""
        self._stale_waiting = 0
        self._refreshes: dict[int, Due] = {}
        self._touched: dict[Ids, _Touched] = {}
        self._midway: dict[Ids, Due] = {}
        self._due: dict[Ids, list[tuple[int, Group]]] = {}
        self._quiet: set[Ids] = set()
        """Changes of slots that no committed action looks at, nor a view that one rests on."""
        self._changes: dict[Ids, Change] = {}
        self.everything = Change(frozenset(range(len(self.ids))))
        self._saved: dict[Ids, _Saved] = {}

    def _number_waiting(self) -> None:
        bundles, totals = self._waiting
        cells = [*(each.cells for each in bundles), *([each.cell] for each in totals)]
        self._bits = [1 << at for at in range(len(cells))]
        for group in self._ordinary:
            for bit, several in zip(self._bits, cells, strict=True):
                if not group.rests_on.isdisjoint(several):
                    group.needs |= bit
                if not group.guard_rests_on.isdisjoint(several):
                    group.guard_needs |= bit

    # -- where it is -----------------------------------------------------------------------------

    @property
    def state(self) -> Ids:
        """The ids of the slots: the state itself."""
        return tuple(self.ids[: self.slots])

    def place(self, state: Ids, *, keep: bool = False) -> None:
        """Go to a state; `keep` it at hand where runs begin there again and again."""
        saved = self._saved.get(state)
        if saved is None:
            self.ids[: self.slots] = state
            self._derive(self._between, [])
            asked = zip(self._committed, map(self._ask, self._committed), strict=True)
            self._first = tuple(
                (number, options)
                for group, found in asked
                for number, options in zip(group.numbers, found, strict=True)
                if options
            )
            self._derive(self._after, [])
            if keep:
                derived = tuple(each.now for each in self._bundles)
                self._saved[state] = _Saved(tuple(self.ids), derived, self._first)
        else:
            self.ids[:] = saved.ids
            for bundle, now in zip(self._bundles, saved.derived, strict=True):
                bundle.now = now
            self._first = saved.first
        self._stale = (1 << len(self._ordinary)) - 1
        self._shut = 0
        self._stale_waiting = (1 << len(self._bits)) - 1

    def options(self, number: int) -> Options:
        """The outcomes by which an action can start a step here; none: it is not enabled."""
        group, at = self._group_of.get(number, (None, 0))
        if self._first or group is None:
            return dict(self._first).get(number, ())
        if self._stale & group.bit:
            self._look(group)
        return group.now[at]

    def preferred(self, order: Order) -> Options:
        """
        The outcomes of the first action that is enabled, in an order that `order` has made.

        None, too, where none of the actions in it is enabled.
        """
        if self._first:
            ranks = {each[0]: rank for rank, each in enumerate(order)}
            known = [each for each in self._first if each[0] in ranks]
            return min(known, key=lambda each: ranks[each[0]])[1] if known else ()
        stale = self._stale
        for _, bit, group, at in order:
            if group is None:
                continue
            if stale & bit:
                self._look(group)
                stale = self._stale
            if group.now[at]:
                return group.now[at]
        return ()

    def order(self, numbers: Iterable[int]) -> Order:
        """An order of actions as `preferred` takes it."""
        found: Order = []
        for number in numbers:
            group, at = self._group_of.get(number, (None, 0))
            found.append((number, 0 if group is None else group.bit, group, at))
        return found

    def enabled(self) -> list[Options]:
        """The outcomes of all actions that can start a step here, in order."""
        if self._first:
            return [options for _, options in self._first]
        found = map(self.options, sorted(self._group_of))
        return [options for options in found if options]

    def _look(self, group: Group) -> None:
        """
        Find out what the actions of a group yield now.

        The guard first: where it is not True, nothing else that they rest on has to be up to date.
        """
        self._stale &= ~group.bit
        ids = self.ids
        guard = group.guard
        if guard >= 0:
            waiting = self._stale_waiting & group.guard_needs
            if waiting:
                self._refresh(waiting)
            if not group.allowed.get(ids[guard], True):
                self._shut |= group.bit
                group.now = group.nothing
                return
            self._shut &= ~group.bit
        waiting = self._stale_waiting & group.needs
        if waiting:
            self._refresh(waiting)
        found = group.known.get(group.take(ids))
        if found is None or (guard >= 0 and ids[guard] not in group.allowed):
            found = self._ask(group)
        group.now = found

    def _refresh(self, waiting: int) -> None:
        """Look those views up that have waited for it."""
        due = self._refreshes.get(waiting)
        if due is None:
            bundles, totals = self._waiting
            chosen = [bool(waiting & bit) for bit in self._bits]
            due = self._refreshes[waiting] = (
                list(compress(bundles, chosen)),
                list(compress(totals, chosen[len(bundles) :])),
            )
        self._stale_waiting &= ~waiting
        self._derive(due, [])

    # -- steps -----------------------------------------------------------------------------------

    def take(self, option: Option, choose: Chooser) -> tuple[Change, tuple[Option, ...]]:
        """
        Take a step and what it commits to; what changed, and the committed steps.

        Raises RuleError where these do not end.
        """
        ids = self.ids
        changed = []
        for slot, each in option.writes:
            if ids[slot] != each:
                ids[slot] = each
                changed.append(slot)
        followed: tuple[Option, ...] = ()
        key = tuple(changed)
        if self._committed and (self._first or key not in self._quiet):
            followed = self._commit(changed, choose)
            key = tuple(changed)
        touched = self._touched.get(key)
        if touched is None:
            touched = self._touched[key] = self._touch(changed)
        self._stale |= touched.groups & ~self._shut | touched.guards
        self._stale_waiting |= touched.waiting
        if touched.due[0] or touched.due[1]:
            self._derive(touched.due, changed)
            key = tuple(changed)
        change = self._changes.get(key)
        if change is None:
            change = self._changes[key] = Change(frozenset(changed))
        return change, followed

    def _touch(self, changed: Sequence[int]) -> _Touched:
        cells = frozenset(changed)
        slots = frozenset(each for each in changed if each < self.slots)
        groups = sum(e.bit for e in self._ordinary if not e.rests_on.isdisjoint(slots))
        guards = sum(e.bit for e in self._ordinary if not e.guard_rests_on.isdisjoint(slots))
        system = self.answers.system
        waiting = 0
        for bit, bundle in zip(self._bits, self._waiting[0], strict=False):
            waiting |= bit if not slots.isdisjoint(bundle.slots) else 0
        for bit, total in zip(self._bits[len(self._waiting[0]) :], self._waiting[1], strict=True):
            waiting |= bit if not slots.isdisjoint(system.rests_on(total.of)) else 0
        return _Touched(due_of(self._after, cells), groups, guards, waiting)

    def _derive(self, due: Due, changed: list[int]) -> None:
        """Look views and totals up; adds the cells that are not what they were."""
        ids = self.ids
        for bundle in due[0]:
            key = bundle.take(ids)
            found = bundle.known.get(key)
            if found is None:
                found = self._compute(bundle, key)
            if found is bundle.now:
                continue
            bundle.now = found
            for cell, each in found:
                if ids[cell] != each:
                    ids[cell] = each
                    changed.append(cell)
        for total in due[1]:
            key = total.take(ids)
            known = total.known.get(key)
            if known is None:
                known = total.known[key] = self.answers.total(total.number, key)
            if ids[total.cell] != known:
                ids[total.cell] = known
                changed.append(total.cell)

    def _compute(self, bundle: Bundle, key: Any) -> Pairs:
        ids, answers = self.ids, self.answers
        reads = [answers.system.views[number].reads for number in bundle.numbers]
        found = tuple(
            (cell, answers.view(number, tuple([ids[each] for each in read])))
            for cell, number, read in zip(bundle.cells, bundle.numbers, reads, strict=True)
        )
        bundle.known[key] = found
        return found

    def _ask(self, group: Group) -> tuple[Options, ...]:
        """What each action of a group yields here."""
        ids = self.ids
        if group.guard >= 0:
            guard = ids[group.guard]
            if guard not in group.allowed:
                group.allowed[guard] = self.answers.allowed(group.actions[0], guard)
            if not group.allowed[guard]:
                return group.nothing
        key = group.take(ids)
        found = group.known.get(key)
        if found is None:
            found = group.known[key] = tuple(
                [
                    self.answers.options(each, tuple([ids[cell] for cell in each.reads]))
                    for each in group.actions
                ]
            )
        return found

    def _commit(self, changed: list[int], choose: Chooser) -> tuple[Option, ...]:
        """Follow committed steps to their end; only what these look at is looked up."""
        whole = bool(self._first)
        if whole:  # an initial state, of which nothing but these was looked up
            self._first = ()
            changed[:] = range(len(self.ids))
        groups = self._now_due(changed)
        if not groups:
            return ()
        ids = self.ids
        followed: list[Option] = []
        enabled: list[tuple[Options, ...]] = [()] * len(self._committed)
        while True:
            for place, group in groups:
                enabled[place] = self._ask(group)
            options = [one for each in enabled for several in each for one in several]
            if not options:
                return tuple(followed)
            if len(followed) >= CHAIN_LIMIT:
                names = ", ".join(dict.fromkeys(each.action.name for each in options))
                raise RuleError(
                    f"committed steps do not end after {CHAIN_LIMIT}: {names} still enabled; a"
                    " committed action must disable itself"
                )
            option = options[0] if len(options) == 1 else choose(options)
            followed.append(option)
            fresh = []
            for slot, each in option.writes:
                if ids[slot] != each:
                    ids[slot] = each
                    fresh.append(slot)
            groups = self._now_due(fresh)
            if not whole:
                changed += [cell for cell in fresh if cell not in changed]

    def _now_due(self, changed: list[int]) -> list[tuple[int, Group]]:
        """Derive what committed actions rest on; those that look at what changed."""
        key = tuple(changed)
        due = self._midway.get(key)
        if due is None:
            due = self._midway[key] = due_of(self._between, changed)
        rests = bool(due[0] or due[1])
        if rests:
            self._derive(due, changed)
            key = tuple(changed)
        groups = self._due.get(key)
        if groups is None:
            cells = frozenset(changed)
            groups = self._due[key] = [
                (at, each) for at, each in enumerate(self._committed) if each.rests_on & cells
            ]
            if not rests and not groups:
                self._quiet.add(key)
        return groups
