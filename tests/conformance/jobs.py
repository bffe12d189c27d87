"""The Job controller held against the oracle, one sync at a time."""

from collections.abc import Mapping, Sequence

from attrs import evolve, frozen

from seatrial.model import versions
from seatrial.oracle.confirm import Ask
from seatrial.oracle.objects import Object
from seatrial.oracle.results import defect_in

from .chance import Chance
from .job_objects import Cluster, concrete, faults_of, real
from .job_states import Start, drawn
from .job_syncs import Fault, Went, outcomes
from .ways import Ways

__all__ = ["Jobs"]

_GATE = "MutableSchedulingDirectivesForSuspendedJobs"
_CLEARS = "1.36"
"""From this minor release on a Job that is suspended loses its start time, by default."""


@frozen(eq=False)
class Jobs(Ways):
    """What the law has to know of Jobs."""

    rules: frozenset[str] = frozenset()
    """Those of another release, or a bug that is to be noticed."""
    clears_start_time: bool | None = None
    """Of a release whose gate for it is not asked for; None draws it."""

    @property
    def name(self) -> str:
        """As it is called on the command line."""
        return "job"

    @classmethod
    def of(cls, ask: Ask, release: versions.Release | None = None) -> "Jobs":
        """Of the release that answers."""
        if release is None:
            return cls()
        drawn = _GATE in dict(release.gates)
        return cls(release.rules, None if drawn else release.version[:4] >= _CLEARS)

    def draw(self, chance: Chance) -> list[Start]:
        """Any state."""
        start = drawn(chance)
        if self.clears_start_time is not None:
            start = evolve(start, clears_start_time=self.clears_start_time)
        return [start]

    def known(self) -> None:
        """Seeds are enough."""

    def ways(self, start: Start) -> Mapping[Went, list[Fault | None]]:
        """By the model, with these rules."""
        return outcomes(start, self.rules)

    def told(self, fault: Fault | None) -> list[Object]:
        """The one request that goes wrong."""
        return faults_of(fault)

    def concrete(self, start: Start, number: int, faults: Sequence[Object]) -> Cluster:
        """The state for the oracle."""
        return concrete(start, number, faults)

    def real(self, start: Start, cluster: Cluster, answer: Object) -> Went:
        """How the real sync went. Raises OracleDefect."""
        defect_in(answer)
        return real(cluster, answer)

    def kinds(self, outcome: Went) -> list[str]:
        """What was sent and answered."""
        found = []
        for verb, of in (("create", outcome.created), ("delete", outcome.deleted)):
            found += [f"{verb} Pod: {each[-1]}" for each, _ in of]
        found += [f"patch Pod: {word}" for (_, word), _ in outcome.patched]
        return found + [f"update status Job: {word}" for _, word in outcome.statuses]
