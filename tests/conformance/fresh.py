"""
Fresh random cases: draw states, ask the oracle, and shrink what diverges.

Of each three draws two are states that need not be reachable, and one is a walk through a composed
system.
"""

import gc
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence

from attrs import define, field

from seatrial.oracle.cases import Case, Controller
from seatrial.oracle.confirm import Ask

from . import states
from .chance import Chance, Repeated, Seeded, smallest
from .law import Asked, Comparison, Divergence, Tally
from .walks import Walks

__all__ = ["Campaign"]

_BATCH = 40
"""So many draws are asked for together."""
_SEEDS = 10**9
"""Seeds of one campaign; the next one has others."""
_KEPT = 4
"""Of so many batches it is known from which seed each case came."""
_DRAWS: dict[Controller, Callable[[Chance], list[Case]]] = {
    "deployment": states.arbitrary_deployments,
    "replicaset": states.arbitrary_replica_sets,
}


@define
class Campaign:
    """A search for divergences of one controller; `tally` says what it has covered."""

    controller: Controller
    ask: Ask
    seed: int = 0
    keep: Callable[[Asked], None] | None = None
    clusters_each: int = 4
    tally: Tally = field(factory=Tally)
    _walks: Walks = field(init=False)
    _origins: deque[dict[Case, int]] = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._walks = Walks(self.seed)
        self._origins = deque(maxlen=_KEPT)

    def run(self, seconds: float | None = None, syncs: int | None = None) -> Iterator[Tally]:
        """
        Compare for so long, or so many; the tally from time to time. Raises Divergence, shrunk.
        """
        comparison = Comparison(self.ask, self.tally, self.clusters_each, self.keep)
        # Cases die by themselves; the collector would look at all that is kept again and again.
        before = gc.get_threshold()
        gc.freeze()
        gc.set_threshold(200_000, 20, 100)
        try:
            yield from comparison.run(self._batches(seconds, syncs))
        except Divergence as divergence:
            raise self._shrunk(divergence) from None
        finally:
            gc.set_threshold(*before)
            gc.unfreeze()

    def _batches(self, seconds: float | None, syncs: int | None) -> Iterator[list[Case]]:
        began, last = time.monotonic(), self.seed * _SEEDS
        while True:
            drawn: dict[Case, int] = {}
            first, last = last + 1, last + _BATCH
            for number in range(first, last + 1):
                for case in self._draw(Seeded(number), number):
                    drawn.setdefault(case, number)
            self._origins.append(drawn)
            yield list(drawn)
            if seconds is not None and time.monotonic() - began >= seconds:
                return
            if syncs is not None and self.tally.syncs >= syncs:
                return

    def _draw(self, chance: Chance, number: int) -> list[Case]:
        if number % 3 == 0:
            return self._walks.cases(chance, self.controller)
        return _DRAWS[self.controller](chance)

    def _shrunk(self, found: Divergence) -> Divergence:
        """The divergence of a smaller draw, or the one that was found."""
        origins = (drawn[found.case] for drawn in self._origins if found.case in drawn)
        number = next(origins, None)
        if number is None or found.case is None:
            return found
        last = found

        def fails(choices: Sequence[int]) -> bool:
            nonlocal last
            try:
                self._compare(self._draw(Repeated(choices), number))
            except Divergence as divergence:
                last = divergence
                return True
            return False

        seeded = Seeded(number)
        self._draw(seeded, number)
        smallest(seeded.taken, fails)
        return last

    def _compare(self, cases: list[Case]) -> None:
        comparison = Comparison(self.ask, clusters_each=self.clusters_each)
        for _ in comparison.run([cases]):
            pass
