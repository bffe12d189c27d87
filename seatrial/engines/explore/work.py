"""Room for one chunk of the compiled search: scratch, candidates by thread and shard, misses."""

import numpy as np

from . import kernel
from .learned import Learned, dims

__all__ = ["Work", "mirror"]

_APART = 16
"""Words between what two threads write all the time, so that no cache line holds both."""
_MISSES = 1 << 13


class Work:
    """The arrays of all threads, for candidates of `bucket` a shard and `ends` of one state."""

    def __init__(self, learned: Learned, threads: int, bucket: int, ends: int) -> None:
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
        # What wide states are looked up in fills the cache itself.
        latest = kernel.LATEST if words == 1 else max(8, kernel.LATEST >> 3)
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
            chains=np.empty((threads, ends), np.uint64),
            marks=np.empty((threads, ends), np.uint64),
            sorting=np.zeros((threads, members, max(1, fields)), np.int64),
            bits=np.zeros((threads, 4, bits), np.uint64),
            befores=np.zeros((threads, steps + _APART), np.uint64),
            steps=np.empty((threads, ends + kernel.TOGETHER + 2), np.uint64),
            kept=np.empty((threads, ends + kernel.TOGETHER + 2, words), np.uint64),
        )
        self.out = kernel.Out(
            words=np.empty((threads, shards, bucket, words), np.uint64),
            ordinal=np.empty((threads, shards, bucket), np.uint32),
            fill=np.zeros((threads, shards), np.int64),
            parent=np.empty((threads, most), np.uint32),
            new=np.zeros((threads, most), np.uint8),
            total=np.zeros(threads, np.int64),
            taken=np.zeros(threads, np.int64),
            latest=np.empty((threads, latest, words), np.uint64),
            deadlocks=np.zeros((threads, 2), np.int64),
            steps=np.zeros((threads, steps, 2), np.int64),
        )
        self.fresh = kernel.Fresh(
            words=np.empty((shards, threads * bucket, words), np.uint64),
            thread=np.empty((shards, threads * bucket), np.uint8),
            ordinal=np.empty((shards, threads * bucket), np.uint32),
            fill=np.zeros(shards, np.int64),
            homes=np.zeros((threads, kernel.AHEAD), np.uint64),
            left=np.zeros((threads, kernel.AHEAD), np.int64),
        )
        self.spare = kernel.Spare(
            low=np.zeros(threads, np.int64),
            begin=np.empty((threads, most), np.int32),
            many=np.empty((threads, most), np.int32),
            ends=np.empty((threads, most, words), np.uint64),
            doers=np.empty((threads, most), np.int32),
            fill=np.zeros(threads, np.int64),
        )
        self.misses = kernel.Misses(
            rule=np.empty((threads, _MISSES), np.int64),
            key=np.empty((threads, _MISSES, cells), np.uint64),
            fill=np.zeros(threads, np.int64),
            recent=np.zeros((threads, kernel.RECENT), np.uint64),
            open=np.empty((threads, kernel.OPEN), np.int64),
            opened=np.zeros(threads, np.int64),
        )
        self.mirror = mirror(learned)
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

    def begin(self, thread: int, low: int, high: int) -> None:
        """A thread is given a range of states: nothing is known of their steps."""
        self.spare.low[thread] = low
        self.spare.begin[thread, : high - low] = -1
        self.spare.fill[thread] = 0

    def forget_misses(self) -> None:
        """No questions are open."""
        self.misses.fill[:] = 0
        self.misses.recent[:] = 0

    @property
    def held(self) -> int:
        """Bytes in all arrays."""
        tuples = (self.scratch, self.out, self.fresh, self.spare, self.misses)
        return sum(int(array.nbytes) for each in tuples for array in each)


def mirror(learned: Learned) -> kernel.Mirror:
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
