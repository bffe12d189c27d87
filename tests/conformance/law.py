"""
The law: each real result is an outcome of the model, and each of those is what some cluster gives.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import lru_cache

from attrs import define, field, frozen

from seatrial.oracle.cases import Case
from seatrial.oracle.clusters import Cluster, concrete, faults_of
from seatrial.oracle.confirm import Ask
from seatrial.oracle.objects import Object
from seatrial.oracle.outcomes import Outcome, outcomes, widened
from seatrial.oracle.results import OracleDefect, real_outcome
from seatrial.oracle.words import shown, side_by_side

__all__ = ["Asked", "Comparison", "Divergence", "Tally", "check", "possible"]

_TRIED = 8
"""Of a case with more outcomes so many are asked for."""
_MORE = (12, 100, 400)
"""So many more clusters are made, time after time, for an outcome that no cluster gave yet."""


class Divergence(AssertionError):
    """Model and real controller disagree; the message shows both, `case` is where they do."""

    case: Case | None = None


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


def check(case: Case, cluster: Cluster, answer: Object, expected: frozenset[Outcome]) -> Outcome:
    """The real outcome. Raises Divergence where it is none of the model's."""
    try:
        real = real_outcome(case, cluster, answer)
    except OracleDefect as defect:
        raise Divergence(f"the oracle did not run a sync: {defect}\n{shown(case)}") from None
    if real in expected:
        return real
    known = widened(case, expected)
    if real not in known:
        raise Divergence(side_by_side(case, real, known))
    return real


@lru_cache(maxsize=4096)
def possible(case: Case) -> frozenset[Outcome]:
    """The model's outcomes; of a case that was drawn to find the next one they are known."""
    return outcomes(case)


@frozen
class Asked:
    """A case in one cluster, and what the oracle answered."""

    case: Case
    number: int
    faults: tuple[Object, ...]
    answer: Object


@define
class _Wanted:
    """A case, and which of its outcomes some cluster has given."""

    case: Case
    expected: frozenset[Outcome]
    first: int
    outcomes: list[Outcome] = field(init=False)
    seen: set[Outcome] = field(factory=set)
    asked: int = 0
    rounds: int = 0

    def __attrs_post_init__(self) -> None:
        of = list(self.expected)
        if len(of) > 1:  # their order must not depend on hashes
            of.sort(key=repr)
        self.outcomes = of[:_TRIED]

    def planned(self, tries: int) -> Iterator[tuple["_Wanted", Cluster, tuple[Object, ...], int]]:
        """Clusters with the faults that may lead to an outcome not seen yet."""
        for outcome in self.outcomes:
            if outcome not in self.seen:
                faults = faults_of(outcome)
                for _ in range(tries):
                    self.asked += 1
                    number = self.first + self.asked
                    yield self, concrete(self.case, number, faults), tuple(faults), number


@define
class _Sent:
    """Requests that are under way."""

    planned: list[tuple[_Wanted, Cluster, tuple[Object, ...], int]]
    answers: "Future[Sequence[Object]]"


@define
class Comparison:
    """
    Cases held against the oracle: while it answers one batch, the next is made.

    Each outcome of a case is asked for in `clusters_each` clusters, and in more where these gave
    another one. `keep` is told of each answer.
    """

    ask: Ask
    tally: Tally = field(factory=Tally)
    clusters_each: int = 1
    keep: Callable[[Asked], None] | None = None

    def run(self, batches: Iterable[Sequence[Case]], first: int = 0) -> Iterator[Tally]:
        """
        Compare them all, with clusters numbered from `first`; the tally after each batch.

        Raises Divergence.
        """
        with ThreadPoolExecutor(1) as pool:
            sent: _Sent | None = None
            again: list[_Wanted] = []
            for cases in batches:
                wanted = [_Wanted(case, possible(case), first) for case in cases]
                sent, again = self._next(pool, sent, again, wanted)
                yield self.tally
            while sent is not None or again:
                sent, again = self._next(pool, sent, again, [])
            yield self.tally

    def _next(
        self,
        pool: ThreadPoolExecutor,
        sent: _Sent | None,
        again: Sequence[_Wanted],
        wanted: Sequence[_Wanted],
    ) -> tuple[_Sent | None, list[_Wanted]]:
        """Send these on their way, then settle what was sent before; what has to go once more."""
        planned = [each for one in wanted for each in one.planned(self.clusters_each)]
        planned += [each for one in again for each in one.planned(_MORE[one.rounds - 1])]
        sending = None
        if planned:
            requests = [cluster.request for _, cluster, _, _ in planned]
            sending = _Sent(planned, pool.submit(self.ask, requests))
        return sending, [] if sent is None else self._settled(sent)

    def _settled(self, sent: _Sent) -> list[_Wanted]:
        answers = sent.answers.result()
        for (each, cluster, faults, number), answer in zip(sent.planned, answers, strict=True):
            try:
                real = check(each.case, cluster, answer, each.expected)
            except Divergence as divergence:
                divergence.case = each.case
                raise
            each.seen.add(real)
            self.tally.add(real)
            if self.keep is not None:
                self.keep(Asked(each.case, number, faults, answer))
        left = []
        for wanted in {id(one): one for one, _, _, _ in sent.planned}.values():
            missed = [outcome for outcome in wanted.outcomes if outcome not in wanted.seen]
            if missed and wanted.rounds < len(_MORE):
                wanted.rounds += 1
                left.append(wanted)
            else:
                self._count(wanted, missed)
        return left

    def _count(self, wanted: _Wanted, missed: Sequence[Outcome]) -> None:
        self.tally.cases += 1
        self.tally.outcomes += len(wanted.outcomes)
        self.tally.produced += len(wanted.outcomes) - len(missed)
        self.tally.missed += [(wanted.case, outcome) for outcome in missed]
