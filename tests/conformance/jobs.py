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
_CLEARS = "1.36"
"""From this minor release on a Job that is suspended loses its start time, by default."""


@frozen(eq=False)
class Jobs(jobs.Jobs):
    """The controller, with states to ask about."""

    clears_start_time: bool | None = None
    """Of a release whose gate for it is not asked for; None draws it."""

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
