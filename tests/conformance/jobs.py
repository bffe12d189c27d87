"""The Job controller held against the oracle, one sync at a time."""

from attrs import evolve, frozen

from seatrial.model import versions
from seatrial.oracle import jobs
from seatrial.oracle.job_states import Start
from seatrial.oracle.subject import Ask

from .chance import Chance
from .job_states import drawn

__all__ = ["Jobs"]

_GATE = "MutableSchedulingDirectivesForSuspendedJobs"
_STORE = "StaleControllerConsistencyJob"
_CLEARS = "1.36"
"""From this minor release on a Job that is suspended loses its start time, by default."""


@frozen(eq=False)
class Jobs(jobs.Jobs):
    """The controller, with states to ask about."""

    clears_start_time: bool | None = None
    """Of a release whose gate for it is not asked for; None draws it."""
    may_store: bool = True
    """Whether the release has a consistency store."""

    @classmethod
    def of(cls, ask: Ask, release: versions.Release | None = None) -> "Jobs":
        """Of the release that answers."""
        if release is None:
            return cls()
        drawn = _GATE in dict(release.gates)
        clears = None if drawn else release.version[:4] >= _CLEARS
        return cls(release.rules, clears, _STORE in dict(release.gates))

    def draw(self, chance: Chance) -> list[Start]:
        """Any state."""
        start = drawn(chance)
        if self.clears_start_time is not None:
            start = evolve(start, clears_start_time=self.clears_start_time)
        if not self.may_store:
            start = evolve(start, consistency_store=False)
        return [start]

    def known(self) -> None:
        """Seeds are enough."""
