"""Learned tables for the kernel: questions become entries, and entries move when packing changes.

Rules are numbered: groups of actions that read the same cells and have the same guard, views,
totals, properties of states, then four for each property of steps (what it reads before, what it
reads after, the pair of both, the pair with the action). Views of few bits that read much the same
are looked up at once, under the number of the first of them.
"""

import math
from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from seatrial.core import GroundAction, GroundTotal, GroundView

from . import kernel
from .packing import Layout, Words, take, widths_for, words_for
from .plain import Space
from .result import beyond
from .tables import Asked, Writes

__all__ = ["Grown", "Learned", "dims"]

_D = TypeVar("_D", GroundView, GroundTotal)
_LEAST = 8
_DIRECT = 16
"""Of a rule that reads at most so many bits, the answers stand in an array of that many places."""
_TOGETHER, _APART = 12, 8
"""How many bits views that are looked up at once may read, if they share some, and if not."""
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
        self.count = len(rows)


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
        self.stirs = Grown(np.bool_)
        self._told: dict[tuple[int, ...], int] = {}
        """Answers of views that are looked up at once: the rule, then the id of each view."""
        self._blocks: dict[int, tuple[int, ...]] = {}
        """Which views are looked up at once, by their rule."""
        self._shapes: dict[Sequence[int], kernel.Shape] = {}
        self._rests_on: dict[Sequence[int], frozenset[int]] = {}
        self._use(self._fitting())
        self._start_arrays()
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
        self.layout, system = layout, self.tables.system
        self._blocks = self._views_together()
        for rule, members in self._blocks.items():
            reads = (cell for view in members for cell in system.views[view].reads)
            self._reads[rule] = tuple(sorted(set(reads)))
        self._fields = [None if reads is None else layout.fields(reads) for reads in self._reads]
        rests = [
            layout.covering(sorted(system.read_slots(asked.rule.reads)), layout.state_words)
            for asked in self.of_states
        ]
        self.rests = np.array(rests, np.uint64).reshape(-1, layout.state_words)
        """By property of states, the bits of a state that its answer rests on."""
        self._kept: dict[tuple[int, ...], list[int]] = {}
        """By the slots that an outcome writes, the words that keep the others."""

    def _views_together(self) -> dict[int, tuple[int, ...]]:
        """
        The views that anyone reads, in sets that one look-up answers, by the rule of their first.

        Views of a set put their results into one word, and are all or none of them of use to
        actions, and in the midst of a step. Each joins the set where it adds the fewest bits.
        """
        layout, tables = self.layout, self.tables
        sets: list[tuple[tuple[bool, bool, int], set[int], list[int]]] = []
        for number, view in enumerate(tables.system.views):
            cell = view.cell.number
            if cell not in tables.used:
                continue
            kind = (cell in tables.used_between, cell in tables.acted_on, layout.word[cell])
            best, least = None, _TOGETHER + 1
            for each in sets:
                shared = each[1] & set(view.reads)
                bits = sum(layout.width[slot] for slot in each[1] | set(view.reads))
                added = bits - sum(layout.width[slot] for slot in each[1])
                fits = each[0] == kind and bits <= (_TOGETHER if shared else _APART)
                if fits and added < least:
                    best, least = each, added
            if best is None:
                sets.append((kind, set(view.reads), [number]))
            else:
                best[1].update(view.reads)
                best[2].append(number)
        return {self.view_rules[members[0]]: tuple(members) for _, _, members in sets}

    def _fitting(self) -> Layout:
        """
        A layout with room for new values, as far as it costs no more words.

        The fuller a field is, the sooner it is given one bit more, three at most. What has one
        value so far is given none: it mostly keeps it.
        """
        sizes = [len(domain.values) for domain in self.tables.domain_of]
        widths = widths_for(sizes)
        slots, used = self._slots, self.tables.used
        for cell in range(slots, len(sizes)):
            if cell not in used:
                widths[cell] = 0  # nobody reads it
        words = words_for(widths[:slots]), words_for(widths[slots:])
        growing = [cell for cell, size in enumerate(sizes) if size > 1 and widths[cell]]
        growing.sort(key=lambda cell: widths[cell] - math.log2(sizes[cell]))
        for cell in 3 * growing:
            widths[cell] += 1
            if (words_for(widths[:slots]), words_for(widths[slots:])) != words:
                widths[cell] -= 1
        return Layout.of(widths[:slots], widths[slots:])

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
        old, new, blocks = self.layout, self._fitting(), self._blocks
        numeric = np.array([reads is None for reads in self._reads], np.bool_)
        keys = self.keys.rows
        moved = old.translate(keys, new, len(keys))
        counted = numeric[self.rule.rows]
        if counted.any():
            moved[counted] = 0
            moved[counted, 0] = keys[counted, 0]
        keep, put = self.keep.rows, self.put.rows
        keep = old.translate_masks(keep, new)
        put = old.translate(put, new, len(put))
        self._use(new)
        changed = [rule for rule in self.view_rules if blocks.get(rule) != self._blocks.get(rule)]
        left = ~np.isin(self.rule.rows, changed)  # those views are asked again, and then remembered
        self.keys.replace(moved[left])
        for column in (self.rule, self.first, self.outcome_count):
            column.replace(column.rows[left])
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
        blocks = self._blocks
        self.old_layout: Layout | None = self.repack() if self.outgrown else None
        for rule, ids, key, answer in answers:
            if blocks.get(rule) != self._blocks.get(rule):
                continue
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
            return self._ask_views(rule, ids), 1
        if rule in self.total_rules:
            amount = ids[0] - (1 << 64) if ids[0] >> 63 else ids[0]
            return tables.sum_id(rule - self.total_rules.start, amount), 1
        if rule in self.state_rules:
            return self._ask_state(self.of_states[rule - self.state_rules.start], ids)
        return self._ask_step(rule - self.step_rules.start, ids)

    def _ask_views(self, rule: int, ids: tuple[int, ...]) -> int:
        """The number of what views say that are looked up at once."""
        found = [rule]
        known = dict(zip(self._reads[rule] or (), ids, strict=True))
        for view in self._blocks[rule]:
            answers = self.space.derived[view]
            key = tuple([known[cell] for cell in self.tables.system.views[view].reads])
            answer = answers.get(key)
            if answer is None:
                answer = answers[key] = self.tables.derive(view, key)
            found.append(answer)
        return self._told.setdefault(tuple(found), len(self._told))

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
            self.stirs.append(not self.tables.used_between.isdisjoint(slots))
            self.keep.append(kept)
            self.put.append(layout.pack(slots, [each for _, each in writes], words))

    # -- regions ---------------------------------------------------------------------------------

    def _rebuild(self) -> None:
        """Lay out all answers anew; each region has room to grow fourfold."""
        words = self.layout.all_words
        masks = np.zeros((self.count, words), np.uint64)
        for rule, reads in enumerate(self._reads):
            if reads is not None:
                masks[rule] = self.layout.covering(reads, words)
        self._masks = masks
        self._choose_runs()
        self._sizes = np.bincount(self.rule.rows, minlength=self.count).astype(np.int64)
        self._sizes[self._is_direct] = 0
        rooms = [max(_LEAST, 1 << (4 * int(size)).bit_length()) for size in self._sizes]
        self._rooms = np.array(rooms, np.int64)
        self._shifts = np.array([65 - room.bit_length() for room in rooms], np.int64)
        self._base = np.concatenate(([0], np.cumsum(self._rooms)[:-1])).astype(np.int64)
        self._table = np.zeros((int(self._rooms.sum()), words + 1), np.uint64)
        self._table[:, words] = kernel.EMPTY
        self._refresh()
        self._place(0, self.rule.count)
        self._placed = self.rule.count

    def _choose_runs(self) -> None:
        """Find the rules that read few bits, and where these lie next to each other."""
        spans = np.zeros((self.count, 3), np.uint64)
        runs: list[tuple[int, int, int, int]] = []
        places = 0
        for rule, row in enumerate(self._masks.tolist()):
            bits = sum(word.bit_count() for word in row)
            if len(row) == 1 or bits == 0 or bits > _DIRECT or self._ambiguous(rule):
                continue
            begin, at = len(runs), 0
            for word, mask in enumerate(row):
                for shift, length in _ones(mask):
                    runs.append((word, shift, (1 << length) - 1, at))
                    at += length
            spans[rule] = (begin, len(runs), places)
            places += 1 << bits
        self._spans = spans
        self._runs = np.array(runs, np.uint64).reshape(-1, 4)
        self._direct = np.full(places, kernel.EMPTY, np.uint64)
        self._is_direct = spans[:, 0] < spans[:, 1]

    def _ambiguous(self, rule: int) -> bool:
        """Whether what these views say could look like no answer: a word that they fill whole."""
        cells = [self.tables.system.views[view].cell.number for view in self._blocks.get(rule, ())]
        return any(
            word == kernel.EMPTY for word in self.layout.covering(cells, self.layout.all_words)
        )

    def _place(self, low: int, high: int) -> None:
        kernel.place_all(
            self.rules.known,
            self.shape,
            (self.view_rules.start, self.view_rules.stop),
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
        new[self._is_direct] = 0
        if (2 * (self._sizes + new) > self._rooms).any():
            self._rebuild()
            return
        self._sizes += new
        self._refresh()
        self._place(self._placed, self.rule.count)
        self._placed = self.rule.count

    def _refresh(self) -> None:
        """The tuples that the kernel takes, after arrays may have moved."""
        known = kernel.Known(
            masks=self._masks,
            spans=self._spans,
            runs=self._runs,
            direct=self._direct,
            regions=np.stack([self._base, self._rooms - 1, self._shifts], axis=1).astype(np.uint64),
            table=self._table,
        )
        self.rules = kernel.Rules(
            known=known,
            keep=self.keep.array,
            put=self.put.array,
            doer=self.doer.array,
            stirs=self.stirs.array,
        )
        self.shape = self._shape()
        self._shapes = {}

    def shape_for(self, *rules: int) -> kernel.Shape:
        """The shape with only those views and totals that these rules rest on."""
        found = self._shapes.get(rules)
        if found is None:
            found = self._shapes[rules] = self._narrowed(rules)
        return found

    def acting(self, *, watched: bool = False) -> kernel.Shape:
        """The shape with what actions rest on and, if `watched`, properties of steps."""
        return self.shape_for(*range(len(self.groups)), *(self.step_rules if watched else ()))

    def _narrowed(self, rules: Sequence[int]) -> kernel.Shape:
        shape, system = self.shape, self.tables.system
        wanted = self._rested_on(rules)
        views = [
            {system.views[view].cell.number for view in self._blocks[rule]}
            for rule in shape.views[:, 0].tolist()
        ]
        totals = [
            {system.totals[rule - self.total_rules.start].cell.number}
            for rule in shape.totals[:, 0].tolist()
        ]
        kept = [
            np.array([bool(each & wanted) for each in some], np.bool_) for some in (views, totals)
        ]
        return shape._replace(
            views=shape.views[kept[0]],
            totals=shape.totals[kept[1]],
            between=_integers(
                keep[:many].sum() for keep, many in zip(kept, shape.between, strict=True)
            ),
        )

    def _rested_on(self, rules: Sequence[int]) -> frozenset[int]:
        """The cells that these rules and their guards rest on."""
        if rules not in self._rests_on:
            cells = {cell for rule in rules for cell in self._reads[rule] or ()}
            for number, (first, *_) in enumerate(self.groups):
                if number in rules and first.guard is not None:
                    cells.add(first.guard)
            self._rests_on[rules] = self.tables.system.rests_on(cells)
        return self._rests_on[rules]

    def _shape(self) -> kernel.Shape:
        system, layout = self.tables.system, self.layout
        firsts = [(rule, system.views[members[0]]) for rule, members in self._blocks.items()]
        viewed, views_between = self._in_use(firsts)
        views = [
            (rule, layout.word[view.cell.number], *self._spans[rule].tolist())
            for rule, view in viewed
        ]
        totals: list[tuple[int, ...]] = []
        parts: list[int] = []
        summed, totals_between = self._in_use(
            list(zip(self.total_rules, system.totals, strict=True))
        )
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
            views=np.array(views, np.uint64).reshape(-1, 5),
            said=self._said(),
            totals=_integers(totals).reshape(-1, 5),
            parts=np.array(cells, np.uint64).astype(np.int64).reshape(-1, 4),
            numbers=_integers(numbers or [0]),
            between=_integers([views_between, totals_between]),
        )

    def _said(self) -> Words:
        """By number what views say that are looked up at once, in its place in their word."""
        words = np.zeros(max(1, len(self._told)), np.uint64)
        for (rule, *ids), number in self._told.items():
            members = self._blocks.get(rule, ())
            if len(members) == len(ids):
                cells = [self.tables.system.views[view].cell.number for view in members]
                words[number] = sum(
                    each << self.layout.shift[cell] for cell, each in zip(cells, ids, strict=True)
                )
        return words

    def _in_use(self, pairs: Sequence[tuple[int, _D]]) -> tuple[list[tuple[int, _D]], int]:
        """
        Those of views or totals that anyone reads, with their rules: first those that committed
        actions rest on; and how many these are.
        """
        tables = self.tables
        between = tables.used_between
        found = [each for each in pairs if each[1].cell.number in between]
        many = len(found)
        found += [each for each in pairs if each[1].cell.number in tables.used - between]
        return found, many

    def _guards(self) -> Words:
        """For each group the word and mask of its guard, and what is there where it is True."""
        if all(group[0].guard is None for group in self.groups):
            return np.zeros((0, 3), np.uint64)
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
        arrays = [*self.rules.known, *self.rules[1:], self.rule.array, self.keys.array]
        arrays += [self.first.array, self._runs]
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


def _ones(mask: int) -> Iterator[tuple[int, int]]:
    """Where ones of a mask lie next to each other: the lowest bit, and how many."""
    at = 0
    while mask >> at:
        at += ((mask >> at) & -(mask >> at)).bit_length() - 1
        length = (~(mask >> at) & ((mask >> at) + 1)).bit_length() - 1
        yield at, length
        at += length


def _integers(values: Any) -> npt.NDArray[np.int64]:
    return np.array(list(values), np.int64)
