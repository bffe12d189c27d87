"""
The StatefulSet controller held against the oracle, one sync at a time.

A seed makes a state. Recorded are the seeds with the answers, after the revisions that the
controller makes of each template.
"""

from attrs import frozen

from seatrial.model import versions
from seatrial.oracle import statefulsets
from seatrial.oracle.objects import Object
from seatrial.oracle.statefulset_objects import names_of_revisions
from seatrial.oracle.statefulset_states import Start
from seatrial.oracle.subject import Ask

from .chance import Chance
from .statefulset_states import TEMPLATES, drawn

__all__ = ["StatefulSets"]


@frozen(eq=False)
class StatefulSets(statefulsets.StatefulSets):
    """The controller, with states to ask about."""

    @classmethod
    def of(cls, ask: Ask, release: versions.Release | None = None) -> "StatefulSets":
        """Of the release that answers."""
        rules = frozenset[str]() if release is None else release.rules
        return cls(names_of_revisions(ask, TEMPLATES), rules)

    def draw(self, chance: Chance) -> list[Start]:
        """Any state."""
        return [drawn(chance)]

    def known(self) -> list[Object]:
        """The ControllerRevisions, which the controller has made."""
        return [self.names[template] for template in sorted(self.names)]
