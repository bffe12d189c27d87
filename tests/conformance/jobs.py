"""The Job controller held against the oracle, one sync at a time."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from attrs import evolve, field, frozen

from seatrial.model import versions
from seatrial.oracle.confirm import Ask
from seatrial.oracle.objects import Object
from seatrial.oracle.results import defect_in
from seatrial.oracle.words import brief, differing

from .chance import Chance
from .job_objects import Cluster, concrete, faults_of, real
from .job_states import Start, drawn
from .job_syncs import Fault, Went, outcomes

__all__ = ["Jobs"]

_GATE = "MutableSchedulingDirectivesForSuspendedJobs"
_ACTIVE = "job-active-zero-during-backoff"
"""How 1.34.4 behaves; the model knows no release of Jobs but 1.36.3."""
_CLEARS = "1.36"
"""From this minor release on a Job that is suspended loses its start time, by default."""


@frozen(eq=False)
class Jobs:
    """What the law has to know of Jobs."""

    rules: frozenset[str] = frozenset()
    """Those of another release, or a bug that is to be noticed."""
    clears_start_time: bool | None = None
    """Of a release whose gate for it is not asked for; None draws it."""
    _known: Any = field(init=False)

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "_known", lru_cache(maxsize=512)(self._outcomes))

    @classmethod
    def of(cls, ask: Ask, release: versions.Release | None = None) -> "Jobs":
        """Of the release that answers."""
        if release is None:
            return cls()
        drawn = _GATE in dict(release.gates)
        older = frozenset((_ACTIVE,)) if release.version[:4] < _CLEARS else frozenset[str]()
        return cls(release.rules | older, None if drawn else release.version[:4] >= _CLEARS)

    def draw(self, chance: Chance) -> list[Start]:
        """Any state."""
        start = drawn(chance)
        if self.clears_start_time is not None:
            start = evolve(start, clears_start_time=self.clears_start_time)
        return [start]

    def known(self) -> None:
        """Seeds are enough."""

    def _outcomes(self, start: Start) -> Mapping[Went, list[Fault | None]]:
        return outcomes(start, self.rules)

    def possible(self, start: Start) -> frozenset[Went]:
        """How the model's sync may go."""
        return frozenset(self._known(start))

    def faults(self, start: Start, outcome: Went, number: int) -> list[Object]:
        """The request that has to go wrong for it: of several in turn."""
        ways = self._known(start)[outcome]
        return faults_of(ways[(number - 1) % len(ways)])

    def concrete(self, start: Start, number: int, faults: Sequence[Object]) -> Cluster:
        """The state for the oracle."""
        return concrete(start, number, faults)

    def real(self, start: Start, cluster: Cluster, answer: Object) -> Went:
        """How the real sync went. Raises OracleDefect."""
        defect_in(answer)
        return real(cluster, answer)

    def beyond(self, start: Start, expected: frozenset[Went]) -> list[Went]:
        """Nothing else is possible."""
        return list(expected)

    def shown(self, start: Start) -> str:
        """The state."""
        return f"job: {brief(start)}"

    def side_by_side(self, start: Start, real: Went, known: Sequence[Went]) -> str:
        """Both ways next to each other."""
        return differing(self.shown(start), real, known)

    def kinds(self, outcome: Went) -> list[str]:
        """What was sent and answered."""
        found = []
        for verb, of in (("create", outcome.created), ("delete", outcome.deleted)):
            found += [f"{verb} Pod: {each[-1]}" for each, _ in of]
        found += [f"patch Pod: {word}" for (_, word), _ in outcome.patched]
        return found + [f"update status Job: {word}" for _, word in outcome.statuses]
