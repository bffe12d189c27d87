"""
The StatefulSet controller held against the oracle, one sync at a time.

A seed makes a state. Recorded are the seeds with the answers, after the revisions that the
controller makes of each template.
"""

from collections.abc import Mapping, Sequence

from attrs import frozen

from seatrial.model import versions
from seatrial.oracle.confirm import Ask
from seatrial.oracle.objects import Object
from seatrial.oracle.results import defect_in

from .chance import Chance
from .statefulset_objects import faults_of, names_of_revisions, real, request
from .statefulset_states import Start
from .statefulset_syncs import Fault, Went, drawn, outcomes
from .ways import Ways

__all__ = ["Asked", "StatefulSets"]


@frozen
class Asked:
    """A state for the oracle."""

    request: Object


@frozen(eq=False)
class StatefulSets(Ways):
    """What the law has to know of StatefulSets; `names` has the ControllerRevisions."""

    names: Mapping[int, Object]
    rules: frozenset[str] = frozenset()
    """Those of another release, or a bug that is to be noticed."""

    @property
    def name(self) -> str:
        """As it is called on the command line."""
        return "statefulset"

    @classmethod
    def of(cls, ask: Ask, release: versions.Release | None = None) -> "StatefulSets":
        """Of the release that answers."""
        rules = frozenset[str]() if release is None else release.rules
        return cls(names_of_revisions(ask), rules)

    def draw(self, chance: Chance) -> list[Start]:
        """Any state."""
        return [drawn(chance)]

    def known(self) -> list[Object]:
        """The ControllerRevisions, which the controller has made."""
        return [self.names[template] for template in sorted(self.names)]

    def ways(self, start: Start) -> Mapping[Went, list[Fault | None]]:
        """By the model, with these rules."""
        return outcomes(start, self.rules)

    def told(self, fault: Fault | None) -> list[Object]:
        """The one request that goes wrong."""
        return faults_of(fault)

    def concrete(self, start: Start, number: int, faults: Sequence[Object]) -> Asked:
        """The same state for the oracle."""
        return Asked(request(start, self.names, number, faults))

    def real(self, start: Start, cluster: Asked, answer: Object) -> Went:
        """How the real sync went. Raises OracleDefect."""
        defect_in(answer)
        return real(start, answer, self.names)

    def kinds(self, outcome: Went) -> list[str]:
        """What was sent and answered."""
        return [f"{verb} {kind}: {answer}" for verb, kind, _, _, answer in outcome.requests]
