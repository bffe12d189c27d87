"""
The law: each real result is an outcome of the model, and each of those is what some cluster gives.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import attrs
from attrs import define, field, frozen

from .cases import Case, with_faults
from .clusters import Cluster, concrete, faults_of
from .objects import Object
from .outcomes import Outcome, outcomes
from .results import OracleDefect, real_outcome

__all__ = ["Divergence", "Tally", "check", "examine", "side_by_side"]

Ask = Callable[[Sequence[Object]], Sequence[Object]]
"""Sends requests to the oracle and gives its answers, in the same order."""

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
    """
    The real outcome. Raises Divergence where it is none of the model's.

    The answer that is to be lost may be that to the deletion of a pod that is gone already, which
    to the model is a request that fails: these outcomes are possible too.
    """
    try:
        real = real_outcome(case, cluster, answer)
    except OracleDefect as defect:
        raise Divergence(f"the oracle did not run a sync: {defect}\n{shown(case)}") from None
    possible = list(expected)
    if real not in possible and case.unknowns:
        possible += outcomes(with_faults(case, case.failures + case.unknowns, case.unknowns))
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


# ---- words ------------------------------------------------------------------------------------


@frozen
class _Row:
    what: str
    real: str
    model: str


def side_by_side(case: Case, real: Outcome, possible: Sequence[Outcome]) -> str:
    """The case, and the real outcome next to the model's that is most like it."""
    nearest = min(possible, key=lambda one: (len(_differences(real, one)), repr(one)))
    rows = _differences(real, nearest)
    lines = [shown(case), ""]
    lines.append(
        f"the model has {len(possible)} outcomes; the nearest differs in {len(rows)} places:"
    )
    for row in rows:
        lines += [f"  {row.what}", f"    real:  {row.real}", f"    model: {row.model}"]
    lines += ["", "requests, real:", *_requests(real), "requests, model:", *_requests(nearest)]
    return "\n".join(lines)


def shown(case: Case) -> str:
    """The case in a few lines: what is not as in a system at rest."""
    lines = [f"{case.controller} {case.template or ''}: {case.setting}"]
    lines.append(f"  may fail: {case.failures}, may be lost: {case.unknowns}")
    lines += [f"  {name} = {brief(value)}" for name, value in case.state]
    return "\n".join(lines)


def brief(value: Any) -> str:
    """A value with only those fields that are not as by default."""
    if isinstance(value, tuple):
        return "(" + ", ".join(map(brief, value)) + ("," if len(value) == 1 else "") + ")"
    if hasattr(value, "counts"):
        return "{" + ", ".join(f"{brief(kind)}: {n}" for kind, n in value.counts) + "}"
    if not attrs.has(type(value)):
        return str(value)
    written = []
    for each in attrs.fields(type(value)):
        content = getattr(value, each.name)
        if content != each.default:
            written.append(f"{each.name}={brief(content)}")
    return f"{type(value).__name__}({', '.join(written)})"


def _requests(outcome: Outcome) -> list[str]:
    if not outcome.requests:
        return ["  none"]
    return [
        f"  {each.verb} {each.kind} {each.template or ''} x{each.count}: {each.answer}"
        for each in outcome.requests
    ]


def _differences(real: Any, model: Any, at: str = "") -> list[_Row]:
    """Where two values differ, down to single fields."""
    if real == model:
        return []
    same = type(real) is type(model)
    if same and isinstance(real, tuple) and len(real) == len(model):
        found = []
        for number, (one, other) in enumerate(zip(real, model, strict=True)):
            found += _differences(one, other, f"{at}[{number}]")
        return found
    if same and attrs.has(type(real)) and not hasattr(real, "counts"):
        found = []
        for each in attrs.fields(type(real)):
            one, other = getattr(real, each.name), getattr(model, each.name)
            found += _differences(one, other, f"{at}.{each.name}".lstrip("."))
        return found
    return [_Row(at or "outcome", brief(real), brief(model))]
