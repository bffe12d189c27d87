"""The states of the compiled search, packed, with the visited set and the learned tables."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from . import kernel
from .learned import Learned, dims
from .packing import Layout, Words
from .result import Check, EdgeArrays
from .tables import Asked
from .work import Work, mirror

__all__ = ["BUCKET_LEAST", "NO_PARENT", "PackedGraph", "shares"]

NO_PARENT = int(kernel.NO_PARENT)
BUCKET_LEAST = 64
_LOAD = 0.85
_SMALL = 1 << 13
"""Slots of a shard; fewer make a table of less than 4 MiB, which is not worth growing slowly."""
_ROOM = (16, 4, 2, 1)
"""How much more room than is needed is asked for, first the most."""
_Edges = tuple[npt.NDArray[np.int32], npt.NDArray[np.int32], npt.NDArray[np.uint64]]
_ENDS_LEAST = 256


class PackedGraph:
    """
    States in order of discovery, packed, with the visited set and the learned tables.
    """

    def __init__(self, learned: Learned, threads: int, *, numbered: bool) -> None:
        """`numbered`: the number of a state is asked for during the search, not only after it."""
        self.learned = learned
        self.tables = learned.tables
        self.threads = threads
        self.numbered = numbered
        self.count = 0
        self._pool = ThreadPoolExecutor(threads) if threads > 1 else None
        self.words: Words = np.empty((1024, learned.layout.state_words), np.uint64)
        self.parents: npt.NDArray[np.uint32] = np.empty(1024, np.uint32)
        self.visited = self.empty_table(64)
        self.work = self.room(BUCKET_LEAST, _ENDS_LEAST)
        self.peak = 0
        self.missed: set[int] = set()
        """Rules of which answers were missing of late."""

    def close(self) -> None:
        """End the helper threads."""
        if self._pool is not None:
            self._pool.shutdown()

    def __len__(self) -> int:
        return self.count

    def state(self, number: int) -> tuple[int, ...]:
        """The ids of a state's slots."""
        slots = range(len(self.tables.system.slots))
        return self.learned.layout.unpack(self.words[number], slots)

    def parent(self, number: int) -> int:
        """The state from which it was found, -1 for an initial one."""
        parent = int(self.parents[number])
        return -1 if parent == NO_PARENT else parent

    @property
    def held(self) -> int:
        """Bytes in all arrays: states, parents, table, candidates, learned rules."""
        row: int = self.words.strides[0] + self.parents.itemsize
        held = self.count * row + int(self.visited.slots.nbytes) + self.work.held
        held += self.learned.held + self.tables.held
        self.peak = max(self.peak, held)
        return held

    # -- parallel calls --------------------------------------------------------------------------

    def each(self, call: Callable[[int], Any], threads: int) -> list[Any]:
        """Call for each thread number, at once where there are several."""
        if threads == 1 or self._pool is None:
            return [call(thread) for thread in range(threads)]
        others = [self._pool.submit(call, thread) for thread in range(1, threads)]
        try:
            first = call(0)
        finally:
            wait(others)  # nobody works on behind the back of an error
        return [first, *[each.result() for each in others]]

    def room(self, bucket: int, ends: int) -> Work:
        """Room for one chunk, to be put in the place of `work`."""
        return Work(self.learned, self.threads, bucket, ends)

    # -- growth ----------------------------------------------------------------------------------

    def reserve(self, count: int) -> None:
        """Make room for `count` states."""
        if count <= len(self.words):
            return
        words, parents = _roomy(count, self.words.shape[1])
        words[: self.count] = self.words[: self.count]
        self._move(words, parents)

    def _move(self, words: Words, parents: npt.NDArray[np.uint32]) -> None:
        """Hold the states in these arrays from now on; their words are there already."""
        parents[: self.count] = self.parents[: self.count]
        self.peak = max(self.peak, self.held + self.count * (words.strides[0] + 4))
        self.words, self.parents = words, parents

    def grow_table(self) -> None:
        """Half as many slots again, in the same place if there is room after it."""
        old, before = self.visited, self.held
        capacity = _larger(old.slots.shape[1])
        if kernel.SHARDS * capacity > len(self._room):
            self._make_room(capacity)
            self.peak = max(self.peak, before + old.slots.nbytes)
        self.visited = old._replace(slots=self._table(capacity))
        kernel.regrow(
            old.slots,
            self.visited,
            np.empty(old.slots.shape[1], np.uint64),
            np.empty(capacity // kernel.LINE, np.uint8),
        )

    def empty_table(self, capacity: int) -> kernel.Visited:
        """A visited set without states; bare where states are one word and need no number."""
        self._make_room(capacity)
        slots = self._table(capacity)
        slots.fill(kernel.EMPTY)
        return kernel.Visited(
            slots=slots,
            used=np.zeros(kernel.SHARDS, np.int64),
            bare=self.learned.layout.state_words == 1 and not self.numbered,
        )

    def _make_room(self, capacity: int) -> None:
        """Room for tables of this capacity and larger ones."""
        room = _roomy(kernel.SHARDS * capacity + kernel.LINE, 1)[0][:, 0]
        begin = -room.ctypes.data // 8 % kernel.LINE  # so that no line crosses a cache line
        self._room = room[begin:]

    def _table(self, capacity: int) -> Words:
        return self._room[: kernel.SHARDS * capacity].reshape(kernel.SHARDS, capacity)

    def rehash(self) -> None:
        """Enter all states into a new table, as large as the old one if that suffices."""
        capacity = self.visited.slots.shape[1]
        dim = dims(self.learned.layout)[0]

        def run(thread: int) -> Any:
            return kernel.rehash(
                thread, self.threads, self.count, self.most, self.words, self.visited, dim
            )

        self.visited = self.empty_table(capacity)
        while not all(self.each(run, self.threads)):
            capacity = _larger(capacity)
            self.visited = self.empty_table(capacity)

    @property
    def most(self) -> int:
        """How many states a shard of the table may hold before it has to grow."""
        return int(_LOAD * self.visited.slots.shape[1])

    def repacked(self, old: Layout) -> None:
        """Move all states to the layout that the learned tables have moved to."""
        new = self.learned.layout
        words, parents = _roomy(max(self.count, 1), new.state_words)
        words[: self.count] = old.translate(self.words[: self.count], new, self.count)
        self._move(words, parents)
        self.rehash()
        self.work = self.room(self.work.bucket, self.work.ends)

    def answer_misses(self) -> bool:
        """Ask Python what the kernel missed; True where all states moved."""
        misses = self.work.misses
        fills = [int(fill) for fill in misses.fill]
        rules = np.concatenate([misses.rule[t, :n] for t, n in enumerate(fills)])
        keys = np.concatenate([misses.key[t, :n] for t, n in enumerate(fills)])
        self.work.forget_misses()
        self.missed.update(np.unique(rules).tolist())
        self.learned.answer(rules, keys)
        self.work.mirror = mirror(self.learned)  # new values have ranks of their own
        if self.learned.old_layout is None:
            return False
        self.repacked(self.learned.old_layout)
        return True

    # -- after the search ------------------------------------------------------------------------

    def holds_in(self, asked: Asked) -> npt.NDArray[np.bool_]:
        """For each state whether a predicate is true in it."""
        rule = self.learned.state_rules[self.learned.of_states.index(asked)]
        answers = np.zeros(self.count, np.uint8)

        def run(thread: int, low: int, high: int) -> tuple[int, int]:
            return kernel.decide(  # type: ignore[no-any-return]
                thread,
                low,
                high,
                self.words,
                self.learned.rules,
                self.learned.shape_for(rule),
                rule,
                answers,
                self.work.scratch,
                self.work.misses,
                *dims(self.learned.layout),
            )

        self.sweep(0, self.count, run)
        return answers.astype(np.bool_)

    def sweep(self, low: int, high: int, run: Callable[[int, int, int], tuple[int, int]]) -> None:
        """Run over a range of states on all threads, answering misses, until all are done."""
        for begin in range(low, high, 1 << 20):
            ranges = shares(begin, min(high, begin + (1 << 20)), self.threads)
            left = [[begin, end] for begin, end in ranges]
            while any(one < other for one, other in left):
                calls = [(t, low, high) for t, (low, high) in enumerate(left) if low < high]
                done = self.each(partial(_nth, run, calls), len(calls))
                for (thread, _, _), (position, _) in zip(calls, done, strict=True):
                    left[thread][0] = position
                if any(status == kernel.MISSED for _, status in done):
                    self.answer_misses()

    def answer_again(self) -> None:
        """Answer what was known and forgotten: of views that another layout looks up at once."""
        asked = dict(self.tables.evaluations)
        self.answer_misses()
        if asked != self.tables.evaluations:
            raise AssertionError("a complete search left a question open")

    def _derive(self, thread: int, low: int, high: int) -> tuple[int, int]:
        """Look up the views of these states, and nothing else."""
        return kernel.decide(  # type: ignore[no-any-return]
            thread,
            low,
            high,
            self.words,
            self.learned.rules,
            self.learned.acting(),
            -1,
            np.zeros(0, np.uint8),
            self.work.scratch,
            self.work.misses,
            *dims(self.learned.layout),
        )

    def edges(self, check: Check) -> EdgeArrays:
        """All transitions of fair actions, found again. Raises Capped."""
        if self.visited.bare:
            self.numbered = True
            self.rehash()
        counts = np.zeros(self.count, np.int64)
        plainly = not any(action.action.committed for action in self.tables.system.actions)
        threads = self.threads if plainly else 1
        if threads > 1:
            self.sweep(0, self.count, self._derive)
        found = self.each(
            lambda thread: self._edges_of(
                thread, *shares(0, self.count, threads)[thread], counts, check, plainly=plainly
            ),
            len(shares(0, self.count, threads)),
        )
        parts = [part for of_thread in found for part in of_thread]
        parts.append((np.empty(0, np.int32), np.empty(0, np.int32), np.empty(0, np.uint64)))
        targets, actions, marks = zip(*parts, strict=True)
        return EdgeArrays(
            np.concatenate(([0], np.cumsum(counts))).astype(np.int64),
            np.concatenate(targets),
            np.concatenate(actions),
            np.concatenate(marks),
        )

    def _edges_of(
        self,
        thread: int,
        position: int,
        high: int,
        counts: npt.NDArray[np.int64],
        check: Check,
        *,
        plainly: bool,
    ) -> list[_Edges]:
        """The fair transitions of a range of states, in parts."""
        fair = np.array([a.action.fair != "none" for a in self.tables.system.actions], np.bool_)
        marked = bool(self.tables.marks)
        room = 1 << 18
        parts: list[_Edges] = []
        held = 0
        while position < high:
            learned, work = self.learned, self.work
            targets, doers = np.empty(room, np.int32), np.empty(room, np.int32)
            marks = np.empty(room if marked else 0, np.uint64)
            before = (thread, position, high, self.words, learned.rules, learned.acting())
            after = (work.scratch, work.misses, counts, targets, doers)
            cells = dims(learned.layout)
            if plainly:
                done = kernel.edges_plainly(*before, fair, self.visited, *after, *cells)
            else:
                done = kernel.edges(*before, work.mirror, fair, self.visited, *after, marks, *cells)
            position, status, found = done
            parts.append((targets[:found].copy(), doers[:found].copy(), marks[:found].copy()))
            held += sum(part.nbytes for part in parts[-1])
            check(2 * self.threads * held)  # twice: in parts here, and joined in the end
            if status == kernel.MISSED:
                self.answer_again()
            if status == kernel.ENDS:
                self.work = self.room(work.bucket, 4 * work.ends)
            elif status == kernel.FULL and found == 0:
                room *= 2
        return parts


def _roomy(rows: int, columns: int) -> tuple[Words, npt.NDArray[np.uint32]]:
    """
    Words and parents for at least so many states, and many more if there is address space.

    What is not used yet costs no memory. Raises MemoryError.
    """
    for factor in _ROOM:
        try:
            words = np.empty((factor * rows, columns), np.uint64)
            return words, np.empty(factor * rows, np.uint32)
        except MemoryError:
            if factor == _ROOM[-1]:
                raise
    raise AssertionError("there is no room")


def _larger(capacity: int) -> int:
    """Half as many slots again, in whole lines; of a small table four times as many."""
    if capacity < _SMALL:
        return 4 * capacity
    return capacity + max(1, capacity // 2 // kernel.LINE) * kernel.LINE


def _nth(
    run: Callable[[int, int, int], tuple[int, int]], calls: Sequence[tuple[int, int, int]], n: int
) -> tuple[int, int]:
    return run(*calls[n])


def shares(low: int, high: int, threads: int) -> list[tuple[int, int]]:
    """Parts of a range of states, in order: one a thread where there are enough of them."""
    if threads == 1 or high - low < 1024:
        return [(low, high)]
    step = -(-(high - low) // threads)
    return [(at, min(high, at + step)) for at in range(low, high, step)]
