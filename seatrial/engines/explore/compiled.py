"""Breadth-first search with the kernel: chunks are expanded, inserted, numbered, checked.

Numbers are given in the order (parent, action, outcome), so they do not depend on threads, misses,
repacks, table sizes or hash values, and are those of the plain loop.
"""

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from seatrial.core import NotAFunction, RuleError

from . import kernel
from .clock import now
from .learned import Learned, dims
from .packed import NO_PARENT, PackedGraph, shares
from .packing import Words
from .plain import Pulse, Space, endless
from .reduce import Ample
from .result import Best, Findings, Limits, Reached
from .tables import Asked

__all__ = ["search"]

_MOST_STATES = 0x7FFFFFF0
_FILLED = 0.7
"""How full buckets shall be: some are fuller than others, and the next chunk may branch more."""
_BUCKET_MOST = 3 << 12
"""Of states of one word; of others half as many, so that candidates stay in the cache."""
_LATE = 0.5
"""Seconds that a chunk may take: so late the end of the time is noticed."""


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
        self.began = now()
        self.learned = Learned(space)
        self.graph = PackedGraph(self.learned, threads, numbered=ample is not None)
        self.findings = Findings()
        self.transitions = 0
        self.branching = 8.0
        """Candidates of a state, in the last chunk."""
        self.pace = math.inf
        """States in a second, in the last chunk."""
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
            seconds=now() - self.began,
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
            graph.work = graph.room(_power(len(starts)), graph.work.ends)
        for state in starts:
            packed = np.array(layout.pack(slots, state, layout.state_words), np.uint64)
            kernel.push_one(packed, NO_PARENT, graph.work.scratch, graph.work.out, dims(layout)[0])
        self.levels.append(min(len(starts), self.most))
        cut = self.insert(1)
        graph.work.reset(0)
        self.check(0, graph.count)
        return None if cut is None else "max-states"

    def level(self, low: int, high: int) -> str | None:
        """Expand the states of one level; the cap that was reached, or None."""
        position = low
        while position < high:
            seconds = now() - self.began
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
        begin, began = position, now()
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
        self.pace = (end - begin) / max(now() - began, 1e-6)
        return end, None

    def size(self, left: int) -> int:
        """How many states to expand at once; makes the buckets larger as levels do."""
        work = self.graph.work
        room = _FILLED * kernel.SHARDS * self.graph.threads
        wanted = _power(int(left * self.branching / room))
        most = _BUCKET_MOST if self.learned.layout.state_words == 1 else _BUCKET_MOST // 2
        if wanted > work.bucket and work.bucket < most:
            bucket = min(most, wanted)
            self.graph.work = work = self.graph.room(bucket, work.ends)
        states = room * work.bucket / self.branching
        if self.limits.seconds is not None:
            states = min(states, self.pace * _LATE)
        return max(1, int(states))

    def expand(self, low: int, high: int, level_end: int) -> tuple[int, int]:
        """
        Fill the candidates with the steps of states from `low`, at most to `high`.

        Returns up to which state, and by how many threads, one range after the other.
        """
        graph = self.graph
        ranges = shares(low, high, graph.threads)
        if self.plainly and len(ranges) > 1:
            self.foresee(ranges)
        places = [list(each) for each in ranges]
        for thread in range(graph.threads):
            graph.work.reset(thread)
        if not self.plainly:
            for thread, (begin, end) in enumerate(ranges):
                graph.work.begin(thread, begin, end)
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
                graph.work = graph.room(bucket, ends)
                return self.expand(low, high, level_end)
            if missed and (graph.answer_misses() or self.reopen(len(ranges))):
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
                learned.acting(),
                work.scratch,
                work.misses,
                *dims(learned.layout),
            )

        graph.each(run, len(ranges))
        if work.misses.fill.any():
            try:
                graph.answer_misses()
            except NotAFunction:
                raise
            except RuleError:
                pass  # expansion asks again, if it comes so far, and then in the order of states

    def reopen(self, threads: int) -> bool:
        """Answer what is still missing of states that are open; True where all states moved."""
        graph, learned, work = self.graph, self.learned, self.graph.work
        watch = self.watch()

        def run(thread: int) -> None:
            kernel.reopen(
                thread,
                graph.words,
                learned.rules,
                learned.acting(watched=watch.before.size > 0),
                work.mirror,
                watch,
                work.scratch,
                work.out,
                work.misses,
                *dims(learned.layout),
            )

        while not self.plainly and work.misses.opened[:threads].any():
            graph.each(run, threads)
            if not work.misses.fill.any():
                break
            try:
                if graph.answer_misses():
                    return True
            except NotAFunction:
                raise
            except RuleError:
                break  # expansion asks again, if it comes so far, and then in the order of states
        return False

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
                learned.acting(),
                work.scratch,
                work.out,
                work.misses,
                *dims(learned.layout),
            )
        watch = self.watch()
        return kernel.expand(  # type: ignore[no-any-return]
            thread,
            low,
            high,
            level_end,
            graph.words,
            learned.rules,
            learned.acting(watched=watch.before.size > 0),
            work.mirror,
            self.ample,
            watch,
            graph.visited,
            work.scratch,
            work.spare,
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
        number = [
            at
            for at, asked in enumerate(learned.of_steps)
            if asked.number not in self.findings.first
        ]
        rules = np.array(learned.step_rules, np.int64).reshape(-1, 4)[number]
        wanted = [learned.of_steps[at].rule.wants_action for at in number]
        return kernel.Watch(
            before=np.ascontiguousarray(rules[:, 0]),
            after=np.ascontiguousarray(rules[:, 1]),
            pair=np.ascontiguousarray(rules[:, 2]),
            verdict=np.ascontiguousarray(rules[:, 3]),
            wants_action=np.array(wanted, np.bool_),
            action_class=learned.action_class,
            number=np.array(number, np.int64),
        )

    def insert(self, segments: int) -> int | None:
        """Insert, number and store the candidates; the parent of the first that does not fit."""
        graph, work = self.graph, self.graph.work
        dim = dims(self.learned.layout)[0]
        resume = np.zeros((kernel.SHARDS, graph.threads), np.int64)
        threads = graph.threads if work.out.total[:segments].sum() > 4096 else 1

        def run(thread: int) -> Any:
            limit = graph.most
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
            rests = learned.rests[rules - learned.state_rules.start]  # as it is packed by now
            return kernel.check(  # type: ignore[no-any-return]
                thread,
                begin,
                end,
                graph.words,
                graph.parents,
                learned.rules,
                learned.shape_for(*rules.tolist()),
                rules,
                rests,
                np.bitwise_or.reduce(rests),
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
        # Compiled code is loaded where it is first called: let that be before the limit begins.
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
