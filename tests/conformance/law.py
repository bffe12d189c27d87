"""
The law: each real result is an outcome of the model, and each of those is what some cluster gives.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Protocol
from zlib import crc32

from attrs import define, field, frozen

from seatrial.oracle.cases import Case
from seatrial.oracle.clusters import Cluster
from seatrial.oracle.objects import Object
from seatrial.oracle.outcomes import Outcome
from seatrial.oracle.results import OracleDefect
from seatrial.oracle.subject import Ask, Subject
from seatrial.oracle.workloads import WORKLOADS, possible

from .chance import Chance

__all__ = [
    "WORKLOADS",
    "Asked",
    "Comparison",
    "Divergence",
    "Seeds",
    "Tally",
    "check",
    "possible",
    "settled",
]

_TRIED = 8
"""Of a case with more outcomes so many are asked for."""
_MORE = (12, 100, 400)
"""So many more clusters are made, time after time, for an outcome that no cluster gave yet."""


class Divergence(AssertionError):
    """Model and real controller disagree; the message shows both, `case` is where they do."""

    case: Any = None


class Seeds(Subject, Protocol):
    """A controller whose cases are recorded by the seeds that make them."""

    def draw(self, chance: Chance) -> list[Any]:
        """Any case."""

    def known(self) -> Any:
        """What has to be kept beside the seeds, as JSON."""


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
    passed_over: int = 0
    """Outcomes that were not asked for, of states that have many."""
    missed: list[tuple[Any, Any]] = field(factory=list)
    kinds: Counter[str] = field(factory=Counter)
    """How often each kind of request was sent and answered."""

    def add(self, kinds: Sequence[str]) -> None:
        """Count a sync that agreed, which has sent such requests."""
        self.syncs += 1
        self.early += not kinds
        self.kinds.update(kinds)


def settled(
    subject: Subject, case: Any, cluster: Any, answer: Object, expected: frozenset[Any]
) -> Any:
    """The real outcome. Raises Divergence where it is none of the model's."""
    try:
        real = subject.real(case, cluster, answer)
    except OracleDefect as defect:
        text = f"the oracle did not run a sync: {defect}\n{subject.shown(case)}"
        raise Divergence(text) from None
    if real in expected:
        return real
    known = subject.beyond(case, expected)
    if real not in known:
        raise Divergence(subject.side_by_side(case, real, known))
    return real


def check(case: Case, cluster: Cluster, answer: Object, expected: frozenset[Outcome]) -> Outcome:
    """The same of ReplicaSets and Deployments."""
    real: Outcome = settled(WORKLOADS, case, cluster, answer, expected)
    return real


@frozen
class Asked:
    """A case in one cluster, and what the oracle answered."""

    case: Any
    number: int
    faults: tuple[Object, ...]
    answer: Object


@define
class _Wanted:
    """A case, and which of its outcomes some cluster has given."""

    subject: Subject
    case: Any
    expected: frozenset[Any]
    first: int
    outcomes: list[Any] = field(init=False)
    seen: set[Any] = field(factory=set)
    asked: int = 0
    rounds: int = 0

    def __attrs_post_init__(self) -> None:
        of = list(self.expected)
        if len(of) > 1:  # their order must not depend on hashes
            of.sort(key=repr)
        # Of many not always the first ones.
        at = crc32(repr(of[0]).encode()) % len(of) if len(of) > _TRIED else 0
        self.outcomes = [*of[at:], *of[:at]][:_TRIED]

    def planned(self, tries: int) -> Iterator[tuple["_Wanted", Any, tuple[Object, ...], int]]:
        """Clusters with the faults that may lead to an outcome not seen yet."""
        for outcome in self.outcomes:
            if outcome not in self.seen:
                for _ in range(tries):
                    self.asked += 1
                    number = self.first + self.asked
                    faults = self.subject.faults(self.case, outcome, number)
                    cluster = self.subject.concrete(self.case, number, faults)
                    yield self, cluster, tuple(faults), number


@define
class _Sent:
    """Requests that are under way."""

    planned: list[tuple[_Wanted, Any, tuple[Object, ...], int]]
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
    subject: Subject = WORKLOADS

    def run(self, batches: Iterable[Sequence[Any]], first: int = 0) -> Iterator[Tally]:
        """
        Compare them all, with clusters numbered from `first`; the tally after each batch.

        Raises Divergence.
        """
        with ThreadPoolExecutor(1) as pool:
            sent: _Sent | None = None
            again: list[_Wanted] = []
            for cases in batches:
                of = self.subject
                wanted = [_Wanted(of, case, of.possible(case), first) for case in cases]
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
                real = settled(self.subject, each.case, cluster, answer, each.expected)
            except Divergence as divergence:
                divergence.case = each.case
                raise
            each.seen.add(real)
            self.tally.add(self.subject.kinds(real))
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

    def _count(self, wanted: _Wanted, missed: Sequence[Any]) -> None:
        self.tally.cases += 1
        self.tally.outcomes += len(wanted.outcomes)
        self.tally.passed_over += len(wanted.expected) - len(wanted.outcomes)
        self.tally.produced += len(wanted.outcomes) - len(missed)
        self.tally.missed += [(wanted.case, outcome) for outcome in missed]
