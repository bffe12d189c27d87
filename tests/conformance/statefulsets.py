"""
The StatefulSet controller held against the oracle, one sync at a time.

A seed makes a state. Recorded are the seeds with the answers, after the revisions that the
controller makes of each template.
"""

from attrs import evolve, frozen

from seatrial.model import versions
from seatrial.oracle import statefulsets
from seatrial.oracle.objects import Object
from seatrial.oracle.statefulset_objects import names_of_revisions
from seatrial.oracle.statefulset_states import Start
from seatrial.oracle.subject import Ask

from .chance import Chance
from .statefulset_states import TEMPLATES, drawn

__all__ = ["StatefulSets"]

_STORE = "StaleControllerConsistencyStatefulSet"


@frozen(eq=False)
class StatefulSets(statefulsets.StatefulSets):
    """The controller, with states to ask about."""

    may_store: bool = True
    """Whether the release has a consistency store."""

    @classmethod
    def of(cls, ask: Ask, release: versions.Release | None = None) -> "StatefulSets":
        """Of the release that answers."""
        names = names_of_revisions(ask, TEMPLATES)
        abrupt = names_of_revisions(ask, TEMPLATES, graceful=False)
        if release is None:
            return cls(names, frozenset(), abrupt)
        return cls(names, release.rules, abrupt, _STORE in dict(release.gates))

    def draw(self, chance: Chance) -> list[Start]:
        """Any state."""
        start = drawn(chance)
        return [start if self.may_store else evolve(start, consistency_store=False)]

    def known(self) -> list[Object]:
        """The ControllerRevisions, which the controller has made: those without grace come last."""
        names = (*self.names.items(), *self.abrupt.items())
        return [made for _, made in names]
