"""Checking a Deployment at finer and finer steps, and what that says of each promise."""

from collections.abc import Callable, Sequence

import attrs

from seatrial.core import Report, Verdict
from seatrial.engines.explore import now

from .parts import parts_of
from .run import Climbed, Place, Run
from .scenarios import Rung, Scenario

__all__ = ["SECONDS", "Search", "climb"]

SECONDS = 60.0
"""How long a ladder is climbed if no time limit is given; compiling the hot loop is not counted."""

_TOO_SHORT = 1.0
_FIRST = 300.0

Search = Callable[[Rung, float | None], Report]
"""Searches the system of a rung, and gives up after so many seconds."""


def climb(
    scenario: Scenario,
    search: Search,
    command: Callable[[Rung | None], str],
    *,
    seconds: float | None,
    strict: bool,
    named: bool = False,
    shared: bool = False,
) -> Run:
    """
    Search rung after rung, and put together what is known of each promise.

    It ends where a rung is not completed, or an asserted promise is broken. A single rung may take
    as long as it needs unless `seconds` says otherwise. After a rung, promises whose preconditions
    are not met there are asked in the parts of its environment where they are. `command` gives the
    words that check one rung again, or all of them. Promises that are asked on no completed rung
    are only listed, unless they are `named` on the command line. With `shared` no rung has more
    than its share of the time: for what takes all that it is given.
    """
    ladder = len(scenario.rungs) > 1
    ends = now() + (SECONDS if seconds is None else seconds)
    timed = ladder or seconds is not None
    tried: list[tuple[Rung, Report]] = []
    parts: list[tuple[Rung, Report]] = []
    untried: list[str] = []
    for above, rung in zip(range(len(scenario.rungs), 0, -1), scenario.rungs, strict=True):
        left = ends - now() if ladder else seconds
        if ladder and not tried and seconds is None:
            # Without the lowest rung there is nothing to say; and the first run of all compiles.
            left = _FIRST
        if tried and left is not None and left < _TOO_SHORT:
            break
        report = search(rung, left / above if shared and left is not None else left)
        tried.append((rung, report))
        if not _goes_on(report) or _broken(report, strict):
            break
        if named:
            continue
        searched = {each.around for each, _ in (*tried, *parts)}
        for part in parts_of(rung):
            left = ends - now() if timed else None
            if part.around in searched:
                continue
            if left is not None and left < _TOO_SHORT:
                untried.append(part.name)
                continue
            parts.append((part, search(part, left / above if shared and left else left)))
        if any(_broken(each, strict) for _, each in parts):
            break
    run = _together(scenario, tried, parts, command, strict, named)
    return attrs.evolve(run, untried_parts=tuple(untried))


def _goes_on(report: Report) -> bool:
    """Whether finer steps are worth a try: random runs are never complete, and cheap."""
    found = report.exploration
    return found.complete or (_drawn(report) and found.capped not in ("interrupted", "first"))


def _drawn(report: Report) -> bool:
    return report.exploration.engine == "hypothesis"


def _broken(report: Report, strict: bool) -> int:
    """How many promises are broken that count for the exit code."""
    return sum(
        verdict.status == "violated" and (strict or verdict.property.expected == "holds")
        for verdict in report.verdicts
    )


def _together(
    scenario: Scenario,
    tried: Sequence[tuple[Rung, Report]],
    parts: Sequence[tuple[Rung, Report]],
    command: Callable[[Rung | None], str],
    strict: bool,
    named: bool,
) -> Run:
    """
    The report of the highest rung that was completed, with the verdicts of all.

    Of a promise that broke somewhere, the run on the lowest such rung; of any other, the verdict
    of the highest completed rung where it was asked, or of the last completed part of one.
    """
    complete = [each for each in tried if each[1].exploration.complete or _drawn(each[1])]
    top, report = complete[-1] if complete else tried[0]
    verdicts: list[Verdict] = []
    places: dict[str, Place] = {}
    unsettled: list[str] = []
    searched = [*tried, *parts]
    settled = {
        v.property.id
        for _, each in searched
        if each.exploration.complete or _drawn(each)
        for v in each.verdicts
    }
    on_rungs = {v.property.id for _, each in tried for v in each.verdicts}
    for property_id in dict.fromkeys(v.property.id for _, each in searched for v in each.verdicts):
        rung, verdict = _best(property_id, searched)
        if verdict.status == "inconclusive" and property_id not in on_rungs:
            continue  # it is listed with what was not asked
        open_above = complete and property_id not in settled and verdict.status == "inconclusive"
        if open_above and not named:
            unsettled.append(property_id)
            continue
        if rung is not top:
            places[property_id] = _place(rung, command)
        verdicts.append(_blocked(verdict, scenario.blocked))
    ladder = len(scenario.rungs) > 1
    return Run(
        subject=top.subject,
        report=attrs.evolve(report, verdicts=tuple(verdicts)),
        command=command(None),
        strict=strict,
        rung=top.name,
        rungs=_climbed(tried, strict) if ladder else (),
        parts=_climbed(parts, strict),
        places=places,
        unsettled=tuple(unsettled),
        untried=tuple(rung.name for rung in scenario.rungs[len(tried) :]),
    )


def _place(rung: Rung, command: Callable[[Rung | None], str]) -> Place:
    return Place(rung.name, rung.subject, command(rung))


def _climbed(searched: Sequence[tuple[Rung, Report]], strict: bool) -> tuple[Climbed, ...]:
    return tuple(
        Climbed(rung.name, each.exploration, len(each.verdicts), _broken(each, strict))
        for rung, each in searched
    )


def _best(property_id: str, tried: Sequence[tuple[Rung, Report]]) -> tuple[Rung, Verdict]:
    reports = {rung.name: report for rung, report in tried}
    asked = [
        (rung, verdict)
        for rung, report in tried
        for verdict in report.verdicts
        if verdict.property.id == property_id
    ]
    for rung, verdict in asked:
        if verdict.status == "violated":
            return rung, verdict
    # A search may be complete and a promise about loops still be open: what a lower rung has
    # settled is said then, with the name of that rung.
    settled = [each for each in asked if each[1].status != "inconclusive"]
    drawn = [each for each in asked if _drawn(reports[each[0].name])]
    return settled[-1] if settled else (drawn or asked[:1])[-1]


def _blocked(verdict: Verdict, blocked: Sequence[str]) -> Verdict:
    """What cannot be said to hold while something outside the model may write, or block."""
    if not blocked or verdict.status not in ("holds", "proved"):
        return verdict
    names = " and ".join(blocked)
    because = (
        f"{names} can write to it or block it and is not modelled; without that it would hold"
        " (--assume-inert)"
    )
    return attrs.evolve(verdict, status="inconclusive", because=because)
