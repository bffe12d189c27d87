"""
The StatefulSet controller held against the oracle, one sync at a time.

A seed makes a state. Recorded are the seeds with the answers, after the revisions that the
controller makes of each template.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from attrs import field, frozen

from seatrial.model import versions
from seatrial.oracle.confirm import Ask
from seatrial.oracle.objects import Object
from seatrial.oracle.results import defect_in
from seatrial.oracle.words import brief, differing

from .chance import Chance
from .statefulset_objects import faults_of, names_of_revisions, real, request
from .statefulset_states import Start
from .statefulset_syncs import Fault, Went, drawn, outcomes

__all__ = ["Asked", "StatefulSets"]


@frozen
class Asked:
    """A state for the oracle."""

    request: Object


@frozen(eq=False)
class StatefulSets:
    """What the law has to know of StatefulSets; `names` has the ControllerRevisions."""

    names: Mapping[int, Object]
    rules: frozenset[str] = frozenset()
    """Those of another release, or a bug that is to be noticed."""
    _known: Any = field(init=False)

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "_known", lru_cache(maxsize=512)(self._outcomes))

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

    def _outcomes(self, start: Start) -> Mapping[Went, list[Fault | None]]:
        return outcomes(start, self.rules)

    def possible(self, start: Start) -> frozenset[Went]:
        """How the model's sync may go."""
        return frozenset(self._known(start))

    def faults(self, start: Start, outcome: Went, number: int) -> list[Object]:
        """The request that has to go wrong for it: of several in turn."""
        ways = self._known(start)[outcome]
        return faults_of(ways[(number - 1) % len(ways)])

    def concrete(self, start: Start, number: int, faults: Sequence[Object]) -> Asked:
        """The same state for the oracle."""
        return Asked(request(start, self.names, number, faults))

    def real(self, start: Start, cluster: Asked, answer: Object) -> Went:
        """How the real sync went. Raises OracleDefect."""
        defect_in(answer)
        return real(start, answer, self.names)

    def beyond(self, start: Start, expected: frozenset[Went]) -> list[Went]:
        """Nothing else is possible."""
        return list(expected)

    def shown(self, start: Start) -> str:
        """The state."""
        return f"statefulset: {brief(start)}"

    def side_by_side(self, start: Start, real: Went, known: Sequence[Went]) -> str:
        """Both ways next to each other."""
        return differing(self.shown(start), real, known)

    def kinds(self, outcome: Went) -> list[str]:
        """What was sent and answered."""
        return [f"{verb} {kind}: {answer}" for verb, kind, _, _, answer in outcome.requests]
