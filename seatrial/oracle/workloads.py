"""How syncs of the ReplicaSet and the Deployment controller are asked for."""

from collections.abc import Mapping, Sequence
from functools import lru_cache

from attrs import evolve

from .cases import Case
from .clusters import Cluster, concrete, faults_of
from .objects import Object
from .outcomes import Outcome, Taken, outcomes, outcomes_along, widened
from .results import real_outcome
from .subject import Traced
from .words import shown, side_by_side

__all__ = ["WORKLOADS", "possible"]


@lru_cache(maxsize=4096)
def possible(case: Case) -> frozenset[Outcome]:
    """The model's outcomes; of a case that was drawn to find the next one they are known."""
    return outcomes(case)


class _Workloads:
    """ReplicaSets and Deployments."""

    def possible(self, case: Case) -> frozenset[Outcome]:
        return possible(case)

    def faults(self, case: Case, outcome: Outcome, number: int) -> list[Object]:
        return faults_of(outcome)

    def concrete(self, case: Case, number: int, faults: list[Object]) -> Cluster:
        return concrete(case, number, faults)

    def real(self, case: Case, cluster: Cluster, answer: Object) -> Outcome:
        return real_outcome(case, cluster, answer)

    def beyond(self, case: Case, expected: frozenset[Outcome]) -> list[Outcome]:
        return widened(case, expected)

    def shown(self, case: Case) -> str:
        return shown(case)

    def side_by_side(
        self, case: Case, real: Outcome, known: Sequence[Outcome], other: str = "model"
    ) -> str:
        return side_by_side(case, real, known, other)

    def kinds(self, outcome: Outcome) -> list[str]:
        return [f"{each.verb} {each.kind}: {each.answer}" for each in outcome.requests]

    def along(self, case: Case, taken: Sequence[Taken]) -> Mapping[Outcome, Sequence[list[Object]]]:
        return {each: [faults_of(each)] for each in outcomes_along(case, taken)}

    def released(self, case: Case, rules: frozenset[str]) -> frozenset[Outcome] | None:
        changed = case.setting.variant - rules
        if not changed:
            return None
        setting = evolve(case.setting, variant=case.setting.variant - changed)
        case = evolve(case, setting=setting)
        return frozenset(widened(case, outcomes(case)))


WORKLOADS: Traced = _Workloads()
