"""
The law: each real result is an outcome of the model, and each of those is what some cluster gives.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from attrs import define, field

from seatrial.oracle.cases import Case
from seatrial.oracle.clusters import Cluster, concrete, faults_of
from seatrial.oracle.confirm import Ask
from seatrial.oracle.objects import Object
from seatrial.oracle.outcomes import Outcome, outcomes, widened
from seatrial.oracle.results import OracleDefect, real_outcome
from seatrial.oracle.words import shown, side_by_side

__all__ = ["Divergence", "Tally", "check", "examine"]

_TRIED = 8
"""Of a case with more outcomes so many are asked for."""
_MORE = 12
"""So many more clusters are made for an outcome that the first ones did not give."""


class Divergence(AssertionError):
    """Model and real controller disagree; the message shows both."""


@define
class Tally:
    """What a comparison has covered."""

    syncs: int = 0
    """Real syncs that were compared."""
    early: int = 0
    """Those of them that sent no request."""
    cases: int = 0
    outcomes: int = 0
    """Outcomes of the model that were asked for."""
    produced: int = 0
    """Those of them that some cluster gave."""
    missed: list[tuple[Case, Outcome]] = field(factory=list)
    kinds: Counter[str] = field(factory=Counter)
    """How often each kind of request was sent and answered."""

    def add(self, real: Outcome) -> None:
        """Count a sync that agreed."""
        self.syncs += 1
        self.early += not real.requests
        for each in real.requests:
            self.kinds[f"{each.verb} {each.kind}: {each.answer}"] += 1


def check(case: Case, cluster: Cluster, answer: Object, expected: Iterable[Outcome]) -> Outcome:
    """The real outcome. Raises Divergence where it is none of the model's."""
    try:
        real = real_outcome(case, cluster, answer)
    except OracleDefect as defect:
        raise Divergence(f"the oracle did not run a sync: {defect}\n{shown(case)}") from None
    possible = list(expected)
    if real not in possible:
        possible = widened(case, possible)
    if real not in possible:
        raise Divergence(side_by_side(case, real, possible))
    return real


def examine(
    ask: Ask, cases: Sequence[Case], tally: Tally, first: int = 0, clusters_each: int = 1
) -> list[tuple[Case, int, list[Object], Object]]:
    """
    Compare cases in `clusters_each` clusters for each outcome, numbered from `first`.

    Returns what was asked and answered: case, number of the cluster, faults, answer.

    Raises Divergence.
    """
    given = [_Wanted(case, outcomes(case)) for case in cases]
    asked: list[tuple[Case, int, list[Object], Object]] = []
    for tries in (clusters_each, _MORE):
        planned = [
            (each, first + number, faults)
            for each in given
            for number, faults in each.planned(tries)
        ]
        clusters = [concrete(each.case, number, faults) for each, number, faults in planned]
        answers = ask([cluster.request for cluster in clusters]) if clusters else []
        for (each, number, faults), cluster, answer in zip(planned, clusters, answers, strict=True):
            real = check(each.case, cluster, answer, each.expected)
            each.seen.add(real)
            tally.add(real)
            asked.append((each.case, number, faults, answer))
    for each in given:
        tally.cases += 1
        tally.outcomes += len(each.outcomes)
        missed = [outcome for outcome in each.outcomes if outcome not in each.seen]
        tally.produced += len(each.outcomes) - len(missed)
        tally.missed += [(each.case, outcome) for outcome in missed]
    return asked


@define
class _Wanted:
    """A case, and which of its outcomes some cluster has given."""

    case: Case
    expected: frozenset[Outcome]
    seen: set[Outcome] = field(factory=set)
    asked: int = 0

    @property
    def outcomes(self) -> list[Outcome]:
        """Those that are asked for."""
        return sorted(self.expected, key=repr)[:_TRIED]

    def planned(self, tries: int) -> Iterator[tuple[int, list[Object]]]:
        """Numbers of clusters, with the faults that may lead to an outcome not seen yet."""
        for outcome in self.outcomes:
            if outcome not in self.seen:
                faults = faults_of(outcome)
                for _ in range(tries):
                    self.asked += 1
                    yield self.asked, faults
