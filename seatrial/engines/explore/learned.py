"""Learned tables for the kernel: questions become entries, and entries move when packing changes.

Rules are numbered: groups of actions that read the same cells and have the same guard, views,
totals, properties of states, then four for each property of steps (what it reads before, what it
reads after, the pair of both, the pair with the action).
"""

from collections.abc import Sequence
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from seatrial.core import GroundAction, GroundTotal, GroundView

from . import kernel
from .packing import Layout, Words, take, widths_for
from .plain import Space
from .result import beyond
from .tables import Asked, Writes

__all__ = ["Grown", "Learned", "dims"]

_D = TypeVar("_D", GroundView, GroundTotal)
_LEAST = 8
_UNROLLED = ((1, 1), (1, 2), (2, 2), (3, 3), (4, 4))


def dims(layout: Layout) -> tuple[Any, Any]:
    """
    How many words a state has, and how many a cell vector, as something of that length.

    A tuple tells the compiler the number, which then unrolls its loops; an array does not. Each
    kind of tuple costs a compilation, so only the most common have one.
    """
    words, cells = layout.state_words, layout.all_words
    if (words, cells) in _UNROLLED:
        return (0,) * words, (0,) * cells
    return np.zeros(words, np.int8), np.zeros(cells, np.int8)


class Grown:
    """A NumPy array that grows at its end."""

    def __init__(self, dtype: npt.DTypeLike, columns: int | None = None, room: int = 64) -> None:
        self._shape = () if columns is None else (columns,)
        self._array: npt.NDArray[Any] = np.zeros((room, *self._shape), dtype)
        self._new: list[Any] = []
        self.count = 0

    def append(self, row: Any) -> None:
        """Add one row."""
        self._new.append(row)
        self.count += 1

    @property
    def array(self) -> npt.NDArray[Any]:
        """What was added, and room after it."""
        if self._new:
            done = self.count - len(self._new)
            if self.count > len(self._array):
                bigger = np.zeros((2 * self.count, *self._shape), self._array.dtype)
                bigger[:done] = self._array[:done]
                self._array = bigger
            self._array[done : self.count] = self._new
            self._new = []
        return self._array

    @property
    def rows(self) -> npt.NDArray[Any]:
        """What was added."""
        return self.array[: self.count]

    def replace(self, rows: npt.NDArray[Any]) -> None:
        """Put other rows in the place of all."""
        room = max(64, len(rows))
        self._array = np.zeros((room, *rows.shape[1:]), rows.dtype)
        self._shape = rows.shape[1:]
        self._array[: len(rows)] = rows


class Learned:
    """All answers so far, packed; `rules` and `shape` are what the kernel takes."""

    def __init__(self, space: Space) -> None:
        self.space = space
        self.tables = tables = space.tables
        system = tables.system
        self._slots = len(system.slots)
        self.groups = _groups(system.actions)
        actions, views, totals = len(self.groups), len(system.views), len(system.totals)
        self.view_rules = range(actions, actions + views)
        self.total_rules = range(actions + views, actions + views + totals)
        begin = actions + views + totals
        of_states = [a for a in tables.asked if a.rule.property.function is not None]
        self.of_steps = [a for a in of_states if a.kind == "after each step"]
        self.of_states = [a for a in of_states if a.kind != "after each step"]
        self.state_rules = range(begin, begin + len(self.of_states))
        begin += len(self.of_states)
        self.step_rules = range(begin, begin + 4 * len(self.of_steps))
        self.count = begin + 4 * len(self.of_steps)
        self._reads: list[tuple[int, ...] | None] = [group[0].reads for group in self.groups]
        self._reads += [view.reads for view in system.views]
        self._reads += [None] * totals
        self._reads += [asked.rule.reads for asked in self.of_states]
        for asked in self.of_steps:
            self._reads += [asked.rule.before, asked.rule.reads, None, None]
        self._classes: list[list[tuple[int, ...]]] = [[] for _ in self.step_rules]
        self.amounts: list[int] = []
        self._known_numbers: dict[str, list[int]] = {}
        names = list(dict.fromkeys(action.action.name for action in system.actions))
        self.action_names = names
        self.action_class = np.array([names.index(a.action.name) for a in system.actions])
        self.rule = Grown(np.int32)
        self.first = Grown(np.int32)
        self.outcome_count = Grown(np.int32)
        self.doer = Grown(np.int32)
        self._use(self._fitting())
        self._start_arrays()
        for view in range(views):
            for ids, known in space.derived[view].items():
                rule = self.view_rules[view]
                self._enter(rule, self._key(rule, ids), known, 1)
        for number, group in enumerate(self.groups):
            for ids in space.answers[group[0].number]:
                self._enter_outcomes(number, self._key(number, ids), self._ask(number, ids))
        self._rebuild()

    def _start_arrays(self) -> None:
        self.keys = Grown(np.uint64, self.layout.all_words)
        self.keep = Grown(np.uint64, self.layout.state_words)
        self.put = Grown(np.uint64, self.layout.state_words)
        self._sizes = np.zeros(self.count, np.int64)
        self._placed = 0

    # -- packing ---------------------------------------------------------------------------------

    def _use(self, layout: Layout) -> None:
        """Pack by this layout from now on."""
        self.layout = layout
        self._fields = [None if reads is None else layout.fields(reads) for reads in self._reads]
        self._kept: dict[tuple[int, ...], list[int]] = {}
        """By the slots that an outcome writes, the words that keep the others."""

    def _fitting(self) -> Layout:
        """A layout with as much slack as costs no more words."""
        sizes = [len(domain.values) for domain in self.tables.domain_of]
        tight = self._with_slack(sizes, 0)
        for slack in (3, 2, 1):
            loose = self._with_slack(sizes, slack)
            if loose.all_words == tight.all_words and loose.state_words == tight.state_words:
                return loose
        return tight

    def _with_slack(self, sizes: Sequence[int], slack: int) -> Layout:
        """A layout with as many bits more for each cell; without the cells that nobody reads."""
        widths = widths_for(sizes, slack=slack)
        slots, used = self._slots, self.tables.used
        derived = [width if n in used else 0 for n, width in enumerate(widths[slots:], slots)]
        return Layout.of(widths[:slots], derived)

    @property
    def outgrown(self) -> bool:
        """Whether some value was found whose id does not fit its field."""
        return any(
            len(domain.values) > self.layout.mask(cell) + 1
            for cell, domain in enumerate(self.tables.domain_of)
            if self.layout.width[cell]
        )

    def repack(self) -> Layout:
        """Move all entries to a layout that fits; the layout that was before."""
        old, new = self.layout, self._fitting()
        numeric = np.array([reads is None for reads in self._reads], np.bool_)
        keys = self.keys.rows
        moved = old.translate(keys, new, len(keys))
        counted = numeric[self.rule.rows]
        if counted.any():
            moved[counted] = 0
            moved[counted, 0] = keys[counted, 0]
        keep, put = self.keep.rows, self.put.rows
        keep = old.translate(keep, new, len(keep), masks=True)
        put = old.translate(put, new, len(put))
        self._use(new)
        self.keys.replace(moved)
        self.keep.replace(keep)
        self.put.replace(put)
        self._rebuild()
        return old

    # -- answering -------------------------------------------------------------------------------

    def answer(self, rules: npt.NDArray[np.int64], keys: Words) -> None:
        """
        Ask Python each question, once, and enter the answers.

        Keys are in the layout as it is; it may be outgrown afterwards: then `repack` comes next,
        which is why the new entries are made only at its end.
        """
        asked: dict[tuple[int, tuple[int, ...]], list[int]] = {}
        for rule, key in zip(rules.tolist(), keys.tolist(), strict=True):
            fields = self._fields[rule]
            ids = (key[0],) if fields is None else take(key, fields)
            asked[(rule, ids)] = key
        answers = [(rule, ids, key, self._ask(rule, ids)) for (rule, ids), key in asked.items()]
        self.old_layout: Layout | None = self.repack() if self.outgrown else None
        for rule, ids, key, answer in answers:
            packed = key if self.old_layout is None else self._key(rule, ids)
            if rule < len(self.groups):
                self._enter_outcomes(rule, packed, answer)
            else:
                self._enter(rule, packed, answer[0], answer[1])
        self._place_new()

    def _ask(self, rule: int, ids: tuple[int, ...]) -> Any:
        tables = self.tables
        if rule < len(self.groups):
            return self._ask_group(rule, ids)
        if rule in self.view_rules:
            return tables.derive(rule - self.view_rules.start, ids), 1
        if rule in self.total_rules:
            amount = ids[0] - (1 << 64) if ids[0] >> 63 else ids[0]
            return tables.sum_id(rule - self.total_rules.start, amount), 1
        if rule in self.state_rules:
            return self._ask_state(self.of_states[rule - self.state_rules.start], ids)
        return self._ask_step(rule - self.step_rules.start, ids)

    def _ask_group(self, rule: int, ids: tuple[int, ...]) -> list[tuple[int, Writes]]:
        """All outcomes of a group's actions, each with whose it is."""
        group = self.groups[rule]
        found = []
        for action in group:
            if action.reads == group[0].reads:
                key = ids
            else:
                known = dict(zip(group[0].reads, ids, strict=True))
                key = tuple(known[cell] for cell in action.reads)
            outcomes = self.space.answers[action.number].get(key)
            if outcomes is None:
                outcomes = self.tables.outcomes(action, key)
            found += [(action.number, writes) for writes in outcomes]
        return found

    def _ask_state(self, asked: Asked, ids: tuple[int, ...]) -> tuple[int, int]:
        found = self.tables.ask(asked, ids)
        if asked.kind in ("at least", "at most"):
            if not found.met:
                return 0, 0
            value = int(found.value or 0)
            self.amounts.append(value)
            return len(self.amounts) - 1, 2 if beyond(asked, value) else 1
        flagged = bool(found.violations) if asked.kind == "always" else bool(found.value)
        return int(flagged), int(found.met)

    def _ask_step(self, number: int, ids: tuple[int, ...]) -> tuple[int, int]:
        at, stage = divmod(number, 4)
        if stage < 3:
            key = (ids[0] >> 32, ids[0] & 0xFFFFFFFF) if stage == 2 else ids
            members = self._classes[number]
            members.append(key)
            return len(members) - 1, 1
        earlier, later = self._classes[number - 1][ids[0] >> 32]
        before = self._classes[number - 3][earlier]
        after = self._classes[number - 2][later]
        name = self.action_names[ids[0] & 0xFFFFFFFF]
        found = self.tables.ask(self.of_steps[at], after, before, name)
        return int(bool(found.violations)), int(found.met)

    def _key(self, rule: int, ids: Sequence[int]) -> list[int]:
        """The words by which a question is looked up."""
        reads = self._reads[rule]
        words = self.layout.all_words
        if reads is None:
            return [ids[0], *[0] * (words - 1)]
        return self.layout.pack(reads, ids, words)

    def _enter(self, rule: int, key: Sequence[int], first: int, count: int) -> None:
        self.rule.append(rule)
        self.keys.append(key)
        self.first.append(first)
        self.outcome_count.append(count)

    def _enter_outcomes(
        self, rule: int, key: Sequence[int], outcomes: Sequence[tuple[int, Writes]]
    ) -> None:
        layout = self.layout
        words = layout.state_words
        every = (1 << 64) - 1
        self._enter(rule, key, self.keep.count, len(outcomes))
        for doer, writes in outcomes:
            self.doer.append(doer)
            slots = tuple([slot for slot, _ in writes])
            kept = self._kept.get(slots)
            if kept is None:
                covered = layout.covering(slots, words)
                kept = self._kept[slots] = [every ^ word for word in covered]
            self.keep.append(kept)
            self.put.append(layout.pack(slots, [each for _, each in writes], words))

    # -- regions ---------------------------------------------------------------------------------

    def _rebuild(self) -> None:
        """Lay out all regions anew, each with room to grow fourfold."""
        self._sizes = np.bincount(self.rule.rows, minlength=self.count).astype(np.int64)
        rooms = [max(_LEAST, 1 << (4 * int(size)).bit_length()) for size in self._sizes]
        self._rooms = np.array(rooms, np.int64)
        self._shifts = np.array([65 - room.bit_length() for room in rooms], np.int64)
        self._base = np.concatenate(([0], np.cumsum(self._rooms)[:-1])).astype(np.int64)
        total = int(self._rooms.sum())
        words = self.layout.all_words
        masks = np.zeros((self.count, words), np.uint64)
        for rule, reads in enumerate(self._reads):
            if reads is not None:
                masks[rule] = self.layout.covering(reads, words)
        self._masks = masks
        self._table = np.zeros((total, words + 1), np.uint64)
        self._table[:, words] = kernel.EMPTY
        self._refresh()
        self._place(0, self.rule.count)
        self._placed = self.rule.count

    def _place(self, low: int, high: int) -> None:
        kernel.place_all(
            self.rules.regions,
            self.rules.table,
            self.rule.array,
            self.keys.array,
            self.first.array,
            self.outcome_count.array,
            low,
            high,
            dims(self.layout)[1],
        )

    def _place_new(self) -> None:
        new = np.bincount(self.rule.rows[self._placed :], minlength=self.count)
        if (2 * (self._sizes + new) > self._rooms).any():
            self._rebuild()
            return
        self._sizes += new
        self._refresh()
        self._place(self._placed, self.rule.count)
        self._placed = self.rule.count

    def _refresh(self) -> None:
        """The tuples that the kernel takes, after arrays may have moved."""
        self.rules = kernel.Rules(
            masks=self._masks,
            regions=np.stack([self._base, self._rooms - 1, self._shifts], axis=1).astype(np.uint64),
            table=self._table,
            keep=self.keep.array,
            put=self.put.array,
            doer=self.doer.array,
        )
        self.shape = self._shape()

    def _shape(self) -> kernel.Shape:
        system, layout = self.tables.system, self.layout
        viewed, views_between = self._in_use(self.view_rules, system.views)
        views = [
            (rule, layout.word[view.cell.number], layout.shift[view.cell.number])
            for rule, view in viewed
        ]
        totals: list[tuple[int, ...]] = []
        parts: list[int] = []
        summed, totals_between = self._in_use(self.total_rules, system.totals)
        for rule, total in summed:
            cell, begin = total.cell.number, len(parts)
            parts += total.of
            totals.append((rule, layout.word[cell], layout.shift[cell], begin, len(parts)))
        begins, numbers = self._numbers(parts)
        cells = [
            (layout.word[cell], layout.shift[cell], layout.mask(cell), begin)
            for cell, begin in zip(parts, begins, strict=True)
        ]
        return kernel.Shape(
            ordinary=_integers(n for n, g in enumerate(self.groups) if not g[0].action.committed),
            committed=_integers(n for n, g in enumerate(self.groups) if g[0].action.committed),
            guards=self._guards(),
            marks=np.array(
                [self.tables.marks.get(a.action.name, 0) for a in system.actions], np.uint64
            ),
            views=_integers(views).reshape(-1, 3),
            totals=_integers(totals).reshape(-1, 5),
            parts=np.array(cells, np.uint64).astype(np.int64).reshape(-1, 4),
            numbers=_integers(numbers or [0]),
            between=_integers([views_between, totals_between]),
        )

    def _in_use(
        self, rules: Sequence[int], derived: Sequence[_D]
    ) -> tuple[list[tuple[int, _D]], int]:
        """
        The views or totals that anyone reads, with their rules: first those that committed actions
        rest on; and how many these are.
        """
        tables = self.tables
        pairs = list(zip(rules, derived, strict=True))
        between = tables.used_between
        found = [each for each in pairs if each[1].cell.number in between]
        many = len(found)
        found += [each for each in pairs if each[1].cell.number in tables.used - between]
        return found, many

    def _guards(self) -> Words:
        """For each group the word and mask of its guard, and what is there where it is True."""
        rows = np.zeros((len(self.groups), 3), np.uint64)  # a group without one: 0 & 0 is 0
        for number, group in enumerate(self.groups):
            cell = group[0].guard
            if cell is None:
                continue
            mask, shift = self.layout.mask(cell), self.layout.shift[cell]
            true = self.tables.domain_of[cell].ids.get(True)
            # What has never been True is found nowhere: no field is all ones outside its mask.
            wanted = int(kernel.EMPTY) if true is None else true << shift
            rows[number] = (self.layout.word[cell], mask << shift, wanted)
        return rows

    def _numbers(self, parts: Sequence[int]) -> tuple[list[int], list[int]]:
        """For each part where the numbers of its family begin, and these numbers by id."""
        begins: dict[str, int] = {}
        numbers: list[int] = []
        for cell in parts:
            domain = self.tables.domain_of[cell]
            if domain.name not in begins:
                begins[domain.name] = len(numbers)
                known = self._known_numbers.setdefault(domain.name, [])
                new = range(len(known), len(domain.values))
                known += [self.tables.number(cell, n) for n in new]
                numbers += known
        return [begins[self.tables.domain_of[cell].name] for cell in parts], numbers

    @property
    def held(self) -> int:
        """Bytes in all arrays."""
        arrays = [*self.rules, self.rule.array, self.keys.array, self.first.array]
        return sum(array.nbytes for array in [*arrays, self.outcome_count.array])


def _groups(actions: Sequence[GroundAction]) -> list[list[GroundAction]]:
    """Neighbours that read the same cells and have one guard: one look-up answers for all."""
    groups: list[list[GroundAction]] = []
    for action in actions:
        last = groups[-1][0] if groups else None
        if (
            last is not None
            and last.action.committed == action.action.committed
            and last.guard == action.guard
            and set(last.reads) == set(action.reads)
        ):
            groups[-1].append(action)
        else:
            groups.append([action])
    return groups


def _integers(values: Any) -> npt.NDArray[np.int64]:
    return np.array(list(values), np.int64)
