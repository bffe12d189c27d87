"""How syncs of the StatefulSet controller are asked for, and what the answers say."""

from collections.abc import Mapping, Sequence

from attrs import field, frozen

from .objects import Object
from .results import defect_in
from .statefulset_objects import faults_of, real, request
from .statefulset_states import Start
from .statefulset_syncs import Faults, Went, outcomes
from .ways import Ways

__all__ = ["Asked", "StatefulSets"]


@frozen
class Asked:
    """A state for the oracle."""

    request: Object


@frozen(eq=False)
class StatefulSets(Ways):
    """The StatefulSet controller; `names` has the ControllerRevision of each template."""

    names: Mapping[int, Object]
    rules: frozenset[str] = frozenset()
    """Those of another release, or a bug that is to be noticed."""
    abrupt: Mapping[int, Object] = field(factory=dict)
    """The same of sets whose pods are given no time to end, where they are others."""

    def _names(self, start: Start) -> Mapping[int, Object]:
        return self.names if start.spec.graceful else self.abrupt or self.names

    @property
    def name(self) -> str:
        """As it is called on the command line."""
        return "statefulset"

    def ways(self, start: Start) -> Mapping[Went, list[Faults]]:
        """By the model, with these rules."""
        return outcomes(start, self.rules)

    def told(self, faults: Faults) -> list[Object]:
        """The requests that go wrong."""
        return faults_of(faults)

    def concrete(self, start: Start, number: int, faults: Sequence[Object]) -> Asked:
        """The same state for the oracle."""
        return Asked(request(start, self._names(start), number, faults))

    def real(self, start: Start, cluster: Asked, answer: Object) -> Went:
        """How the real sync went. Raises OracleDefect."""
        defect_in(answer)
        return real(start, answer, self._names(start))

    def kinds(self, outcome: Went) -> list[str]:
        """What was sent and answered."""
        return [f"{verb} {kind}: {answer}" for verb, kind, _, _, answer in outcome.requests]
