"""
Fresh random cases: draw states, ask the oracle, and shrink what diverges.

Of each three draws two are states that need not be reachable, and one is a walk through a composed
system.
"""

import gc
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal

from attrs import define, evolve, field

from seatrial.model import versions
from seatrial.oracle.cases import Case, Controller
from seatrial.oracle.hashes import collided_of, hashes_of, in_names_of
from seatrial.oracle.objects import Object
from seatrial.oracle.subject import Ask

from . import states
from .chance import Chance, Repeated, Seeded, smallest
from .jobs import Jobs
from .law import WORKLOADS, Asked, Comparison, Divergence, Tally
from .statefulsets import StatefulSets
from .walks import Walks

__all__ = ["CONTROLLERS", "Campaign", "Name", "asked_of", "of_release"]

Name = Controller | Literal["statefulset", "job"]
CONTROLLERS: tuple[Name, ...] = ("replicaset", "deployment", "statefulset", "job")

_BATCH = 40
"""So many draws are asked for together."""
_SEEDS = 10**9
"""Seeds of one campaign; the next one has others."""
_KEPT = 4
"""Of so many batches it is known from which seed each case came."""
_CLUSTERS: dict[Name, int] = {"replicaset": 4, "deployment": 4, "statefulset": 1, "job": 2}
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

    controller: Name
    ask: Ask
    seed: int = 0
    keep: Callable[[Asked], None] | None = None
    clusters_each: int | None = None
    """So many for each outcome; by default as many as there is something to differ in."""
    release: versions.Release | None = None
    """Another release than the model's default, with its own gates and rules."""
    rules: frozenset[str] = frozenset()
    """Rules of StatefulSets or Jobs that are switched on purpose, to see that it is noticed."""
    tally: Tally = field(factory=Tally)
    subject: Any = field(init=False)
    """What the law knows of the controller, a `Subject`."""
    _each: int = field(init=False)
    _draw: Callable[[Chance, int], list[Any]] = field(init=False)
    _origins: deque[dict[Any, int]] = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._origins = deque(maxlen=_KEPT)
        self._each = self.clusters_each or _CLUSTERS[self.controller]
        if self.controller == "replicaset" or self.controller == "deployment":
            self.subject, self._draw = WORKLOADS, self._drawing(self.controller)
            return
        kind = StatefulSets if self.controller == "statefulset" else Jobs
        subject = kind.of(self.ask, self.release)
        subject = evolve(subject, rules=subject.rules | self.rules)
        self.subject, self._draw = subject, lambda chance, number: subject.draw(chance)

    def _drawing(self, controller: Controller) -> Callable[[Chance, int], list[Case]]:
        walks, release = Walks(self.seed), self.release

        def draw(chance: Chance, number: int) -> list[Case]:
            if number % 3 == 0:
                cases = walks.cases(chance, controller)
            else:
                cases = _DRAWS[controller](chance)
            return cases if release is None else [of_release(case, release) for case in cases]

        return draw

    def seed_of(self, case: Any) -> int | None:
        """Which seed the case was drawn from, if that was lately."""
        origins = (drawn[case] for drawn in self._origins if case in drawn)
        return next(origins, None)

    def run(self, seconds: float | None = None, syncs: int | None = None) -> Iterator[Tally]:
        """
        Compare for so long, or so many; the tally from time to time. Raises Divergence, shrunk.
        """
        comparison = Comparison(self.ask, self.tally, self._each, self.keep, subject=self.subject)
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

    def _batches(self, seconds: float | None, syncs: int | None) -> Iterator[list[Any]]:
        began, last = time.monotonic(), self.seed * _SEEDS
        while True:
            drawn: dict[Any, int] = {}
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

    def _shrunk(self, found: Divergence) -> Divergence:
        """The divergence of a smaller draw, or the one that was found."""
        number = self.seed_of(found.case)
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

    def _compare(self, cases: list[Any]) -> None:
        comparison = Comparison(self.ask, clusters_each=self._each, subject=self.subject)
        for _ in comparison.run([cases]):
            pass
