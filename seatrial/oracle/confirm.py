"""
Whether the real controllers go about a sync as a trace says.

The model leaves open what looks alike to it: which of several equal pods is deleted, in what order
requests go out. So a sync is confirmed as soon as one concrete cluster gives it. It parts from the
real controller where a cluster gives what the rules of the model do not allow.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from attrs import frozen

from .objects import Object
from .results import OracleDefect
from .subject import Ask, Traced
from .under_way import Sync

__all__ = ["Confirmed", "Finding", "Parted", "Unconfirmed", "confirm"]

Ways = Mapping[Any, Sequence[list[Object]]]
"""Outcomes, each with ways to it: which requests have to go wrong."""
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
        wanted = sync.subject.along(case, sync.taken)
        if wanted:
            return _compared(sync.subject, case, wanted, ask, release_rules)
    if sync.meanwhile:
        return Unconfirmed(f"{', '.join(sync.meanwhile)} wrote in between")
    return Unconfirmed("what it read changed while it ran")


def _compared(
    subject: Traced, case: Any, wanted: Ways, ask: Ask, release_rules: frozenset[str]
) -> Finding:
    seen: list[Any] = []
    for first, last in ((1, _FIRST), (_FIRST + 1, _MOST)):
        for real in _real(subject, case, wanted, ask, range(first, last + 1)):
            if isinstance(real, OracleDefect):
                return Unconfirmed(f"the oracle did not run it: {real}")
            if real in wanted:
                return Confirmed()
            seen.append(real)
        possible = subject.beyond(case, subject.possible(case))
        odd = [real for real in seen if real not in possible]
        released = subject.released(case, release_rules)
        # A rule that was changed may leave open what the real one decides.
        if not odd and released is not None and not wanted.keys() & released:
            odd = seen
        if odd:
            trace = sorted(wanted, key=repr)
            return Parted(subject.side_by_side(case, odd[0], trace, other="trace"))
    return Unconfirmed(f"it had a choice, and made it otherwise in each of {len(seen)} clusters")


def _real(
    subject: Traced, case: Any, wanted: Ways, ask: Ask, numbers: range
) -> Iterator[Any | OracleDefect]:
    """What really happens in clusters of these numbers, where the same requests go wrong."""
    ways: list[list[Object]] = []
    for outcome in sorted(wanted, key=repr):
        ways += [faults for faults in wanted[outcome] if faults not in ways]
    clusters = [subject.concrete(case, number, faults) for faults in ways for number in numbers]
    answers = ask([cluster.request for cluster in clusters])
    for cluster, answer in zip(clusters, answers, strict=True):
        try:
            yield subject.real(case, cluster, answer)
        except OracleDefect as defect:
            yield defect
