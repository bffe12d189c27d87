"""
Whether the real controllers go about a sync as a trace says.

The model leaves open what looks alike to it: which of several equal pods is deleted, in what order
requests go out. So a sync is confirmed as soon as one concrete cluster gives it. It parts from the
real controller where a cluster gives what the rules of the model do not allow.
"""

from collections.abc import Callable, Iterator, Sequence

from attrs import evolve, frozen

from .cases import Case
from .clusters import concrete, faults_of
from .objects import Object
from .outcomes import Outcome, outcomes, outcomes_along, widened
from .results import OracleDefect, real_outcome
from .syncs import Sync
from .words import side_by_side

__all__ = ["Ask", "Confirmed", "Finding", "Parted", "Unconfirmed", "confirm"]

Ask = Callable[[Sequence[Object]], Sequence[Object]]
"""Sends requests to the oracle and gives its answers, in the same order."""

_FIRST = 8
"""So many clusters are asked for at first, for each way in which the requests may fail."""
_MOST = 120
"""And so many in all, where the sync had a choice that these made otherwise."""


@frozen
class Confirmed:
    """The real controller does what the trace says."""


@frozen
class Parted:
    """It does something else; `text` has both next to each other."""

    text: str


@frozen
class Unconfirmed:
    """Nothing can be said, and why."""

    why: str


Finding = Confirmed | Parted | Unconfirmed


def confirm(sync: Sync, ask: Ask, release_rules: frozenset[str] = frozenset()) -> Finding:
    """
    Ask the oracle for a sync of a trace.

    `release_rules` are switches of rules that are the release's own, and no bug or fix.
    """
    if sync.trouble:
        return Unconfirmed(sync.trouble)
    for case in sync.cases:
        wanted = outcomes_along(case, sync.taken)
        if wanted:
            return _compared(case, wanted, ask, release_rules)
    if sync.meanwhile:
        return Unconfirmed(f"{', '.join(sync.meanwhile)} wrote in between")
    return Unconfirmed("what it read changed while it ran")


def _compared(
    case: Case, wanted: frozenset[Outcome], ask: Ask, release_rules: frozenset[str]
) -> Finding:
    seen: list[Outcome] = []
    for first, last in ((1, _FIRST), (_FIRST + 1, _MOST)):
        for real in _real(case, wanted, ask, range(first, last + 1)):
            if isinstance(real, OracleDefect):
                return Unconfirmed(f"the oracle did not run it: {real}")
            if real in wanted:
                return Confirmed()
            seen.append(real)
        possible = widened(case, outcomes(case))
        odd = [real for real in seen if real not in possible]
        changed = case.setting.variant - release_rules
        if not odd and changed:
            # A rule that was changed may leave open what the real one decides.
            setting = evolve(case.setting, variant=case.setting.variant - changed)
            if not wanted & set(widened(case, outcomes(evolve(case, setting=setting)))):
                odd = seen
        if odd:
            return Parted(side_by_side(case, odd[0], sorted(wanted, key=repr), other="trace"))
    return Unconfirmed(f"it had a choice, and made it otherwise in each of {len(seen)} clusters")


def _real(
    case: Case, wanted: frozenset[Outcome], ask: Ask, numbers: range
) -> Iterator[Outcome | OracleDefect]:
    """What really happens in clusters of these numbers, where the same requests go wrong."""
    ways: list[list[Object]] = []
    for outcome in sorted(wanted, key=repr):
        faults = faults_of(outcome)
        if faults not in ways:
            ways.append(faults)
    clusters = [concrete(case, number, faults) for faults in ways for number in numbers]
    answers = ask([cluster.request for cluster in clusters])
    for cluster, answer in zip(clusters, answers, strict=True):
        try:
            yield real_outcome(case, cluster, answer)
        except OracleDefect as defect:
            yield defect
