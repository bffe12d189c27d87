"""
Fresh random cases: draw states, ask the oracle, and shrink what diverges.

Of each three draws two are states that need not be reachable, and one is a walk through a composed
system.
"""

import gc
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence

from attrs import define, evolve, field

from seatrial.model import versions
from seatrial.oracle.cases import Case, Controller
from seatrial.oracle.confirm import Ask
from seatrial.oracle.hashes import collided_of, hashes_of, in_names_of
from seatrial.oracle.objects import Object

from . import states
from .chance import Chance, Repeated, Seeded, smallest
from .law import Asked, Comparison, Divergence, Tally
from .walks import Walks

__all__ = ["Campaign", "asked_of", "of_release"]

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


def of_release(case: Case, release: versions.Release) -> Case:
    """The same sync with the rules of a release, and without the gates that it does not have."""
    store = case.setting.consistency_store and _STORE in dict(release.gates)
    variant = case.setting.variant | release.rules
    return evolve(case, setting=evolve(case.setting, consistency_store=store, variant=variant))


def asked_of(ask: Ask, release: versions.Release) -> Ask:
    """Ask an oracle of that release: its names of ReplicaSets, and only gates that it has."""
    known = dict(release.gates)

    def asked(requests: Sequence[Object]) -> Sequence[Object]:
        return ask(
            [
                {**each, "gates": {name: on for name, on in each["gates"].items() if name in known}}
                for each in requests
            ]
        )

    return in_names_of(asked, hashes_of(ask), collided_of(ask))


_STORE = "StaleControllerConsistencyReplicaSet"


@define
class Campaign:
    """A search for divergences of one controller; `tally` says what it has covered."""

    controller: Controller
    ask: Ask
    seed: int = 0
    keep: Callable[[Asked], None] | None = None
    clusters_each: int = 4
    release: versions.Release | None = None
    """Another release than the model's default, with its own gates and rules."""
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
                for case in self._drawn(Seeded(number), number):
                    drawn.setdefault(case, number)
            self._origins.append(drawn)
            yield list(drawn)
            if seconds is not None and time.monotonic() - began >= seconds:
                return
            if syncs is not None and self.tally.syncs >= syncs:
                return

    def _drawn(self, chance: Chance, number: int) -> list[Case]:
        cases = self._draw(chance, number)
        release = self.release
        return cases if release is None else [of_release(case, release) for case in cases]

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
                self._compare(self._drawn(Repeated(choices), number))
            except Divergence as divergence:
                last = divergence
                return True
            return False

        seeded = Seeded(number)
        self._drawn(seeded, number)
        smallest(seeded.taken, fails)
        return last

    def _compare(self, cases: list[Case]) -> None:
        comparison = Comparison(self.ask, clusters_each=self.clusters_each)
        for _ in comparison.run([cases]):
            pass
