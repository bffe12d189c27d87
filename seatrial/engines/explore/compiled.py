"""Breadth-first search with the kernel: chunks are expanded, inserted, numbered, checked.

Numbers are given in the order (parent, action, outcome), so they do not depend on threads, misses,
repacks, table sizes or hash values, and are those of the plain loop.
"""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from . import kernel
from .learned import Learned, dims
from .packing import Layout, Words
from .plain import Pulse, Space, endless
from .reduce import Ample
from .result import Best, Check, EdgeArrays, Findings, Limits, Reached
from .tables import Asked

__all__ = ["PackedGraph", "search"]

_NO_PARENT = 0xFFFFFFFF
_MOST_STATES = 0x7FFFFFF0
_LOAD = 0.85
_FILLED = 0.7
"""How full buckets shall be: some are fuller than others, and the next chunk may branch more."""
_BUCKET_LEAST, _BUCKET_MOST = 64, 1 << 14
_ENDS_LEAST = 256
_APART = 16
"""Words between what two threads write all the time, so that no cache line holds both."""
_MISSES = 1 << 13


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
        self.work = _Work(self, _BUCKET_LEAST, _ENDS_LEAST)
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
        return -1 if parent == _NO_PARENT else parent

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
        return [call(0), *[each.result() for each in others]]

    # -- growth ----------------------------------------------------------------------------------

    def reserve(self, count: int) -> None:
        """Make room for `count` states."""
        if count <= len(self.words):
            return
        # Twice as many: room that is not used yet costs no memory.
        room = max(count, 2 * len(self.words))
        words = np.empty((room, self.words.shape[1]), np.uint64)
        parents = np.empty(room, np.uint32)
        words[: self.count] = self.words[: self.count]
        parents[: self.count] = self.parents[: self.count]
        self.peak = max(self.peak, self.held + self.count * (words.strides[0] + 4))
        self.words, self.parents = words, parents

    def grow_table(self) -> None:
        """Half as many slots again."""
        old = self.visited.slots
        bigger = self.table(old.shape[1] + max(1, old.shape[1] // 2 // kernel.LINE) * kernel.LINE)
        bigger.used[:] = self.visited.used
        self.visited = bigger
        self.peak = max(self.peak, self.held + old.nbytes)
        self.each(lambda t: kernel.regrow(t, self.threads, old, bigger), self.threads)

    def empty_table(self, capacity: int) -> kernel.Visited:
        """A visited set without states."""
        made = self.table(capacity)
        made.slots.fill(kernel.EMPTY)
        return made

    def table(self, capacity: int) -> kernel.Visited:
        """Room for a visited set; bare where states are one word and need no number."""
        size = kernel.SHARDS * capacity
        room = np.empty(size + kernel.LINE, np.uint64)
        begin = -room.ctypes.data // 8 % kernel.LINE  # so that no line crosses a cache line
        return kernel.Visited(
            slots=room[begin : begin + size].reshape(kernel.SHARDS, capacity),
            used=np.zeros(kernel.SHARDS, np.int64),
            bare=self.learned.layout.state_words == 1 and not self.numbered,
        )

    def rehash(self) -> None:
        """Enter all states into a new table."""
        self.visited = self.empty_table(self.visited.slots.shape[1])
        dim = dims(self.learned.layout)[0]
        self.each(
            lambda t: kernel.rehash(t, self.threads, self.count, self.words, self.visited, dim),
            self.threads,
        )

    def repacked(self, old: Layout) -> None:
        """Move all states to the layout that the learned tables have moved to."""
        new = self.learned.layout
        room = len(self.words)
        words = np.empty((room, new.state_words), np.uint64)
        words[: self.count] = old.translate(self.words[: self.count], new, self.count)
        self.peak = max(self.peak, self.held + words.nbytes)
        self.words = words
        self.rehash()
        self.work = _Work(self, self.work.bucket, self.work.ends)

    def answer_misses(self) -> bool:
        """Ask Python what the kernel missed; True where all states moved."""
        misses = self.work.misses
        fills = [int(fill) for fill in misses.fill]
        rules = np.concatenate([misses.rule[t, :n] for t, n in enumerate(fills)])
        keys = np.concatenate([misses.key[t, :n] for t, n in enumerate(fills)])
        self.work.forget_misses()
        self.missed.update(np.unique(rules).tolist())
        self.learned.answer(rules, keys)
        self.work.mirror = _mirror(self.learned)  # new values have ranks of their own
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
                self.learned.shape,
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
            ranges = _ranges(begin, min(high, begin + (1 << 20)), self.threads)
            left = [[begin, end] for begin, end in ranges]
            while any(one < other for one, other in left):
                calls = [(t, low, high) for t, (low, high) in enumerate(left) if low < high]
                done = self.each(partial(_nth, run, calls), len(calls))
                for (thread, _, _), (position, _) in zip(calls, done, strict=True):
                    left[thread][0] = position
                if any(status == kernel.MISSED for _, status in done):
                    self.answer_misses()

    def edges(self, check: Check) -> EdgeArrays:
        """All transitions of fair actions, found again. Raises Capped."""
        if self.visited.bare:
            self.numbered = True
            self.rehash()
        counts = np.zeros(self.count, np.int64)
        plainly = not any(action.action.committed for action in self.tables.system.actions)
        threads = self.threads if plainly else 1
        found = self.each(
            lambda thread: self._edges_of(
                thread, *_ranges(0, self.count, threads)[thread], counts, check, plainly=plainly
            ),
            len(_ranges(0, self.count, threads)),
        )
        parts = [part for of_thread in found for part in of_thread]
        parts.append((np.empty(0, np.int32), np.empty(0, np.int32)))
        return EdgeArrays(
            np.concatenate(([0], np.cumsum(counts))).astype(np.int64),
            np.concatenate([targets for targets, _ in parts]),
            np.concatenate([actions for _, actions in parts]),
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
    ) -> list[tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]]:
        """The fair transitions of a range of states, in parts."""
        fair = np.array([a.action.fair != "none" for a in self.tables.system.actions], np.bool_)
        targets, doers = np.empty(1 << 18, np.int32), np.empty(1 << 18, np.int32)
        parts: list[tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]] = []
        while position < high:
            learned, work = self.learned, self.work
            before = (thread, position, high, self.words, learned.rules, learned.shape)
            after = (work.scratch, work.misses, counts, targets, doers, *dims(learned.layout))
            if plainly:
                done = kernel.edges_plainly(*before, fair, self.visited, *after)
            else:
                done = kernel.edges(*before, work.mirror, fair, self.visited, *after)
            position, status, found = done
            # Twice: in parts here, and joined in the end.
            check(2 * self.threads * sum(part.nbytes for pair in parts for part in pair))
            parts.append((targets[:found].copy(), doers[:found].copy()))
            if status == kernel.MISSED:
                raise AssertionError("a complete search left a question open")
            if status == kernel.ENDS:
                self.work = _Work(self, work.bucket, 4 * work.ends)
            elif status == kernel.FULL and found == 0:
                targets = np.empty(2 * len(targets), np.int32)
                doers = np.empty(2 * len(doers), np.int32)
        return parts


def _nth(
    run: Callable[[int, int, int], tuple[int, int]], calls: Sequence[tuple[int, int, int]], n: int
) -> tuple[int, int]:
    return run(*calls[n])


def _ranges(low: int, high: int, threads: int) -> list[tuple[int, int]]:
    if threads == 1 or high - low < 1024:
        return [(low, high)]
    step = -(-(high - low) // threads)
    return [(at, min(high, at + step)) for at in range(low, high, step)]


class _Work:
    """Room for one chunk: scratch, candidates by thread and shard, misses."""

    def __init__(self, graph: PackedGraph, bucket: int, ends: int) -> None:
        learned, threads = graph.learned, graph.threads
        system = learned.tables.system
        words, cells = learned.layout.state_words, learned.layout.all_words
        actions, steps = len(system.actions), len(learned.of_steps)
        self.bucket, self.ends = bucket, ends
        shards = kernel.SHARDS
        most = shards * bucket
        symmetry = learned.space.symmetry
        members = max((len(each) for each in symmetry.slices), default=1) if symmetry else 1
        fields = max((len(each[0]) for each in symmetry.slices), default=1) if symmetry else 1
        bits = -(-actions // 64)
        self.scratch = kernel.Scratch(
            cells=np.zeros((threads, cells + _APART), np.uint64),
            next_cells=np.zeros((threads, cells + _APART), np.uint64),
            actions=np.zeros((threads, actions + _APART), np.int64),
            firsts=np.zeros((threads, actions + _APART), np.int64),
            counts=np.zeros((threads, actions + _APART), np.int64),
            ends=np.empty((threads, ends, words), np.uint64),
            doers=np.empty((threads, ends), np.int64),
            begins=np.zeros((threads, actions + 1), np.int64),
            stack=np.empty((threads, ends, words), np.uint64),
            heights=np.empty((threads, ends), np.int64),
            sorting=np.zeros((threads, members, max(1, fields)), np.int64),
            bits=np.zeros((threads, 4, bits), np.uint64),
        )
        self.out = kernel.Out(
            words=np.empty((threads, shards, bucket, words), np.uint64),
            ordinal=np.empty((threads, shards, bucket), np.uint32),
            fill=np.zeros((threads, shards), np.int64),
            parent=np.empty((threads, most), np.uint32),
            new=np.zeros((threads, most), np.uint8),
            rank=np.empty((threads, most), np.uint32),
            total=np.zeros(threads, np.int64),
            taken=np.zeros(threads, np.int64),
            latest=np.empty((threads, kernel.LATEST, words), np.uint64),
            deadlocks=np.zeros((threads, 2), np.int64),
            steps=np.zeros((threads, steps, 2), np.int64),
        )
        self.fresh = kernel.Fresh(
            words=np.empty((shards, threads * bucket, words), np.uint64),
            thread=np.empty((shards, threads * bucket), np.uint8),
            ordinal=np.empty((shards, threads * bucket), np.uint32),
            fill=np.zeros(shards, np.int64),
        )
        self.misses = kernel.Misses(
            rule=np.empty((threads, _MISSES), np.int64),
            key=np.empty((threads, _MISSES, cells), np.uint64),
            fill=np.zeros(threads, np.int64),
            recent=np.zeros((threads, kernel.RECENT), np.uint64),
        )
        self.mirror = _mirror(learned)
        self._dim = dims(learned.layout)[0]
        for thread in range(threads):
            self.drop(thread)

    def reset(self, thread: int) -> None:
        """Make room for the next candidates of one thread, now that the last are inserted."""
        out = self.out
        out.fill[thread] = 0
        out.total[thread] = 0
        out.taken[thread] = 0
        out.deadlocks[thread] = (0, -1)
        out.steps[thread, :, 0] = 0
        out.steps[thread, :, 1] = -1

    def drop(self, thread: int) -> None:
        """Forget the candidates of one thread, which will not be inserted."""
        self.reset(thread)
        kernel.forget(self.out.latest[thread], self._dim)

    def forget_misses(self) -> None:
        """No questions are open."""
        self.misses.fill[:] = 0
        self.misses.recent[:] = 0

    @property
    def held(self) -> int:
        """Bytes in all arrays."""
        tuples = (self.scratch, self.out, self.fresh, self.misses)
        return sum(int(array.nbytes) for each in tuples for array in each)


def _mirror(learned: Learned) -> kernel.Mirror:
    """The symmetric slices, by word and shift; no group where symmetry is off."""
    symmetry = learned.space.symmetry
    groups = symmetry.slices if symmetry else ()
    groups = tuple(slices for slices in groups if slices[0])
    where = learned.layout.arrays()
    slots = np.array([slot for slices in groups for member in slices for slot in member], np.int64)
    offsets: dict[str, int] = {}
    ranks: list[int] = []
    rank_offset = []
    for slot in slots:
        domain = learned.tables.domain_of[slot]
        if domain.name not in offsets:
            offsets[domain.name] = len(ranks)
            assert symmetry is not None
            ranks += symmetry.ranks(domain)
        rank_offset.append(offsets[domain.name])
    sizes = [len(slices) * len(slices[0]) for slices in groups]
    return kernel.Mirror(
        begin=np.concatenate(([0], np.cumsum(sizes))).astype(np.int64),
        members=np.array([len(slices) for slices in groups], np.int64),
        fields=np.array([len(slices[0]) for slices in groups], np.int64),
        word=where["word"][slots],
        shift=where["shift"][slots],
        mask=where["mask"][slots],
        rank_offset=np.array(rank_offset, np.int64),
        ranks=np.array(ranks or [0], np.int64),
    )


class _Search:
    """One search: the state of the loop over levels and chunks."""

    def __init__(
        self,
        space: Space,
        limits: Limits,
        ample: Ample | None,
        threads: int,
        stopped: Callable[[], bool],
        pulse: Pulse | None,
    ) -> None:
        self.space = space
        self.limits = limits
        self.stopped = stopped
        self.pulse = pulse
        self.began = time.monotonic()
        self.learned = Learned(space)
        self.graph = PackedGraph(self.learned, threads, numbered=ample is not None)
        self.findings = Findings()
        self.transitions = 0
        self.branching = 8.0
        """Candidates of a state, in the last chunk."""
        self.levels: list[int] = []
        self.notes: list[str] = []
        system = space.tables.system
        self.plainly = (
            ample is None
            and space.symmetry is None
            and not any(action.action.committed for action in system.actions)
            and not self.learned.of_steps
        )
        self.ample = _bit_sets(ample, len(system.actions))
        most = limits.states if limits.states is not None else _MOST_STATES
        self.most = min(most, _MOST_STATES)

    # -- the loop --------------------------------------------------------------------------------

    def run(self) -> Reached:
        """All levels, or as many as the limits allow."""
        capped = self.start()
        low = 0
        while capped is None and low < self.graph.count:
            high = self.graph.count
            if self.limits.depth is not None and len(self.levels) > self.limits.depth:
                capped = "max-depth"
                break
            if self.limits.first and self.findings.violated(self.space.tables.asked):
                capped = "first"
                break
            capped = self.level(low, high)
            if self.graph.count > high:
                self.levels.append(self.graph.count - high)
            low = high
        return Reached(
            graph=self.graph,
            findings=self.findings,
            transitions=self.transitions,
            levels=tuple(self.levels),
            complete=capped is None,
            capped=capped,
            seconds=time.monotonic() - self.began,
            kernel="compiled",
            bytes_held=max(self.graph.peak, self.graph.held),
            notes=tuple(self.notes),
        )

    def start(self) -> str | None:
        """Enter the initial states."""
        space, graph, layout = self.space, self.graph, self.learned.layout
        slots = range(len(space.tables.system.slots))
        starts = {
            space.symmetry.canonical(state) if space.symmetry else state: None
            for state in space.tables.initial
        }
        if len(starts) > graph.work.bucket:
            graph.work = _Work(graph, _power(len(starts)), graph.work.ends)
        for state in starts:
            packed = np.array(layout.pack(slots, state, layout.state_words), np.uint64)
            kernel.push_one(packed, _NO_PARENT, graph.work.out, dims(layout)[0])
        self.levels.append(min(len(starts), self.most))
        cut = self.insert(1)
        graph.work.reset(0)
        self.check(0, graph.count)
        return None if cut is None else "max-states"

    def level(self, low: int, high: int) -> str | None:
        """Expand the states of one level; the cap that was reached, or None."""
        position = low
        while position < high:
            seconds = time.monotonic() - self.began
            if self.limits.seconds is not None and seconds > self.limits.seconds:
                return "time-limit"
            if self.limits.memory is not None and self.graph.held > self.limits.memory:
                return "memory-limit"
            if self.stopped():
                return "interrupted"
            if self.pulse is not None:
                self.pulse(
                    len(self.levels) - 1,
                    self.graph.count,
                    self.transitions,
                    high - position,
                    self.graph.held,
                )
            position, capped = self.chunk(position, high)
            if capped is not None:
                return capped
        return None

    def chunk(self, position: int, high: int) -> tuple[int, str | None]:
        """Expand a chunk, insert and check what it found; where to go on, and the cap."""
        graph = self.graph
        end = min(high, position + self.size(high - position))
        before = graph.count
        end, segments = self.expand(position, end, high)
        cut = self.insert(segments)
        if cut is not None:
            # Not all fits: count only what comes before the state whose steps do not.
            while position < cut:
                position, segments = self.expand(position, cut, high)
                self.tally(segments, position)
            self.check(before, graph.count)
            return cut, "max-states"
        self.branching = max(
            1.0, float(graph.work.out.total[:segments].sum()) / max(1, end - position)
        )
        self.tally(segments, end)
        self.check(before, graph.count)
        return end, None

    def size(self, left: int) -> int:
        """How many states to expand at once; makes the buckets larger as levels do."""
        work = self.graph.work
        room = _FILLED * kernel.SHARDS * self.graph.threads
        wanted = _power(int(left * self.branching / room))
        if wanted > work.bucket and work.bucket < _BUCKET_MOST:
            bucket = min(_BUCKET_MOST, wanted)
            self.graph.work = work = _Work(self.graph, bucket, work.ends)
        return max(1, int(room * work.bucket / self.branching))

    def expand(self, low: int, high: int, level_end: int) -> tuple[int, int]:
        """
        Fill the candidates with the steps of states from `low`, at most to `high`.

        Returns up to which state, and by how many threads, one range after the other.
        """
        graph = self.graph
        ranges = _ranges(low, high, graph.threads)
        if self.plainly and len(ranges) > 1:
            self.foresee(ranges)
        places = [list(each) for each in ranges]
        for thread in range(graph.threads):
            graph.work.reset(thread)
        full = [False] * len(ranges)
        while True:
            calls = [t for t, (at, end) in enumerate(places) if at < end and not full[t]]
            if not calls:
                break
            run = partial(self.call_nth, calls, places, level_end)
            done = graph.each(run, len(calls))
            missed = False
            bucket, ends = graph.work.bucket, graph.work.ends
            for thread, (position, status) in zip(calls, done, strict=True):
                places[thread][0] = int(position)
                full[thread] = status == kernel.FULL
                missed = missed or status == kernel.MISSED
                if status == kernel.SMALL:
                    bucket = 2 * graph.work.bucket
                if status == kernel.ENDS:
                    ends = 4 * graph.work.ends
                if status == kernel.ENDLESS:
                    raise self.endless(int(position))
            if (bucket, ends) != (graph.work.bucket, graph.work.ends):
                graph.work = _Work(graph, bucket, ends)
                return self.expand(low, high, level_end)
            if missed and graph.answer_misses():
                return self.expand(low, high, level_end)
        for thread, (at, end) in enumerate(places):
            if at < end:
                for later in range(thread + 1, len(places)):
                    graph.work.drop(later)
                return at, thread + 1
        return high, len(places)

    def foresee(self, ranges: Sequence[tuple[int, int]]) -> None:
        """Answer beforehand what the expansion of these states will ask, as far as it is likely."""
        graph, learned, work = self.graph, self.learned, self.graph.work
        ordinary = learned.shape.ordinary
        which = np.array([rule for rule in ordinary if rule in graph.missed], np.int64)
        graph.missed = set()
        if not len(which):
            return

        def run(thread: int) -> None:
            kernel.foresee(
                thread,
                *ranges[thread],
                which,
                graph.words,
                learned.rules,
                learned.shape,
                work.scratch,
                work.misses,
                *dims(learned.layout),
            )

        graph.each(run, len(ranges))
        if work.misses.fill.any():
            graph.answer_misses()

    def call_nth(
        self, calls: Sequence[int], places: Sequence[Sequence[int]], level_end: int, n: int
    ) -> tuple[int, int]:
        """The n-th of the calls that are due."""
        return self.call(calls[n], places[calls[n]], level_end)

    def call(self, thread: int, place: Sequence[int], level_end: int) -> tuple[int, int]:
        """One call of the kernel on one thread's range."""
        graph, learned, work = self.graph, self.learned, self.graph.work
        low, high = place
        if self.plainly:
            return kernel.expand_plainly(  # type: ignore[no-any-return]
                thread,
                low,
                high,
                graph.words,
                learned.rules,
                learned.shape,
                work.scratch,
                work.out,
                work.misses,
                *dims(learned.layout),
            )
        return kernel.expand(  # type: ignore[no-any-return]
            thread,
            low,
            high,
            level_end,
            graph.words,
            learned.rules,
            learned.shape,
            work.mirror,
            self.ample,
            self.watch(),
            graph.visited,
            work.scratch,
            work.out,
            work.misses,
            *dims(learned.layout),
        )

    def endless(self, number: int) -> Exception:
        """The error for committed steps that go on for ever."""
        system = self.space.tables.system
        committed = [action.number for action in system.actions if action.action.committed]
        return endless(self.space.tables, committed)

    def watch(self) -> kernel.Watch:
        """The properties of steps that are still open."""
        learned = self.learned
        rules = np.array(learned.step_rules, np.int64).reshape(-1, 4)
        open_ones = [asked.number not in self.findings.first for asked in learned.of_steps]
        return kernel.Watch(
            before=np.ascontiguousarray(rules[:, 0]),
            after=np.ascontiguousarray(rules[:, 1]),
            pair=np.ascontiguousarray(rules[:, 2]),
            verdict=np.ascontiguousarray(rules[:, 3]),
            wants_action=np.array([a.rule.wants_action for a in learned.of_steps], np.bool_),
            action_class=learned.action_class,
            active=np.array(open_ones, np.uint8),
        )

    def insert(self, segments: int) -> int | None:
        """Insert, number and store the candidates; the parent of the first that does not fit."""
        graph, work = self.graph, self.graph.work
        dim = dims(self.learned.layout)[0]
        resume = np.zeros((kernel.SHARDS, graph.threads), np.int64)
        threads = graph.threads if work.out.total[:segments].sum() > 4096 else 1

        def run(thread: int) -> Any:
            limit = int(_LOAD * graph.visited.slots.shape[1])
            if graph.visited.bare:
                return kernel.insert_bare(
                    thread, threads, segments, limit, graph.visited, work.out, work.fresh, resume
                )
            return kernel.insert(
                thread,
                threads,
                segments,
                limit,
                graph.words,
                graph.visited,
                work.out,
                work.fresh,
                resume,
                dim,
            )

        while not all(graph.each(run, threads)):
            graph.grow_table()
        most = self.most
        candidates = int(work.fresh.fill.sum())
        graph.reserve(min(most, graph.count + candidates))
        news = [np.count_nonzero(work.out.new[t, : work.out.total[t]]) for t in range(segments)]
        base = np.cumsum([graph.count, *news])
        cuts = graph.each(
            lambda t: kernel.number(t, base[t], most, graph.parents, work.out), segments
        )
        graph.each(
            lambda t: kernel.settle(
                t, threads, most, graph.words, graph.visited, work.out, work.fresh, dim
            ),
            threads,
        )
        graph.count = min(most, int(base[-1]))
        return next((int(cut) for cut in cuts if cut >= 0), None)

    def tally(self, segments: int, end: int) -> None:
        """Add up what the threads counted for the states that are done."""
        out, findings = self.graph.work.out, self.findings
        for thread in range(segments):
            self.transitions += int(out.taken[thread])
            findings.deadlocks += int(out.deadlocks[thread, 0])
            first = int(out.deadlocks[thread, 1])
            if first >= 0 and (findings.deadlock is None or first < findings.deadlock):
                findings.deadlock = first
            for at, asked in enumerate(self.learned.of_steps):
                if asked.number in findings.first and findings.first[asked.number] < end:
                    continue
                met, state = out.steps[thread, at]
                if met:
                    findings.met.add(asked.number)
                if 0 <= state < end:
                    findings.first[asked.number] = int(state)

    # -- properties of states --------------------------------------------------------------------

    def check(self, low: int, high: int) -> None:
        """Ask the open properties of states about states `low` to `high`."""
        findings, learned, graph = self.findings, self.learned, self.graph
        signs = {"at least": 1, "at most": -1, "always": 0, "sometimes": 0}
        which = [
            (rule, asked)
            for rule, asked in zip(learned.state_rules, learned.of_states, strict=True)
            if asked.kind in signs
            and (asked.number not in findings.first or signs[asked.kind] != 0)
        ]
        if not which or low >= high:
            return
        rules = np.array([rule for rule, _ in which], np.int64)
        sign = np.array([signs[asked.kind] for _, asked in which], np.int64)
        shape = (graph.threads, len(which))
        hit = np.full(shape, -1, np.int64)
        met = np.zeros(shape, np.uint8)
        best = np.zeros(shape, np.int64)
        best_state = np.full(shape, -1, np.int64)

        def run(thread: int, begin: int, end: int) -> tuple[int, int]:
            return kernel.check(  # type: ignore[no-any-return]
                thread,
                begin,
                end,
                graph.words,
                learned.rules,
                learned.shape,
                rules,
                sign,
                np.array(learned.amounts or [0], np.int64),
                hit,
                met,
                best,
                best_state,
                graph.work.scratch,
                graph.work.misses,
                *dims(learned.layout),
            )

        graph.sweep(low, high, run)
        for at, (_, asked) in enumerate(which):
            if met[:, at].any():
                findings.met.add(asked.number)
            hits = hit[:, at][hit[:, at] >= 0]
            if len(hits):
                findings.first.setdefault(asked.number, int(hits.min()))
            for thread in range(graph.threads):
                if best_state[thread, at] >= 0:
                    self.better(asked, int(best[thread, at]), int(best_state[thread, at]))

    def better(self, asked: Asked, value: int, state: int) -> None:
        """Keep the more extreme value, and the earlier of two states that have it."""
        known = self.findings.best.get(asked.number)
        if known is not None and known.value == value:
            self.findings.best[asked.number] = Best(value, min(known.state, state))
        else:
            self.findings.better(asked, value, state)


def _power(number: int) -> int:
    return 1 << max(0, number - 1).bit_length()


def _bit_sets(ample: Ample | None, actions: int) -> kernel.Ample:
    size = actions if ample is not None else 0
    words = -(-actions // 64)

    def rows(sets: Sequence[frozenset[int]]) -> Words:
        result = np.zeros((size, words), np.uint64)
        for at, members in enumerate(sets):
            for one in members:
                result[at, one >> 6] |= np.uint64(1) << np.uint64(one & 63)
        return result

    return kernel.Ample(
        dependent=rows(ample.dependent if ample else ()),
        enabling=rows(ample.enabling if ample else ()),
        visible=np.array(ample.visible if ample else (), np.uint8),
    )


def search(
    space: Space,
    limits: Limits,
    *,
    ample: Ample | None = None,
    threads: int = 2,
    stopped: Callable[[], bool] = lambda: False,
    pulse: Pulse | None = None,
) -> Reached:
    """Search breadth-first with the kernel; `pulse` as for the plain search."""
    if limits.seconds is not None:
        # Code is compiled where it is first called, which may take longer than the limit.
        counts = dict(space.tables.evaluations)
        first_steps = _Search(space, Limits(depth=1), ample, threads, stopped, None)
        first_steps.run()
        first_steps.graph.close()
        space.tables.evaluations = counts
    run = _Search(space, limits, ample, threads, stopped, pulse)
    try:
        return run.run()
    except BaseException:
        run.graph.close()
        raise
