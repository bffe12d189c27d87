"""How syncs of the Job controller are asked for, and what the answers say."""

from collections.abc import Mapping, Sequence

from attrs import frozen

from .job_objects import Cluster, concrete, faults_of, real
from .job_states import Start
from .job_syncs import Faults, Went, outcomes
from .objects import Object
from .results import defect_in
from .ways import Ways

__all__ = ["Jobs"]


@frozen(eq=False)
class Jobs(Ways):
    """The Job controller."""

    rules: frozenset[str] = frozenset()
    """Those of another release, or a bug that is to be noticed."""

    @property
    def name(self) -> str:
        """As it is called on the command line."""
        return "job"

    def ways(self, start: Start) -> Mapping[Went, list[Faults]]:
        """By the model, with these rules."""
        return outcomes(start, self.rules)

    def told(self, faults: Faults) -> list[Object]:
        """The requests that go wrong."""
        return faults_of(faults)

    def concrete(self, start: Start, number: int, faults: Sequence[Object]) -> Cluster:
        """The state for the oracle."""
        return concrete(start, number, faults)

    def real(self, start: Start, cluster: Cluster, answer: Object) -> Went:
        """How the real sync went. Raises OracleDefect."""
        defect_in(answer)
        return real(start, cluster, answer)

    def kinds(self, outcome: Went) -> list[str]:
        """What was sent and answered."""
        found = []
        for verb, of in (("create", outcome.created), ("delete", outcome.deleted)):
            found += [f"{verb} Pod: {each[-1]}" for each, _ in of]
        found += [f"patch Pod: {word}" for (_, word), _ in outcome.patched]
        return found + [f"update status Job: {word}" for _, word in outcome.statuses]
