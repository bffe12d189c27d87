"""
What a test is told of one promise: whether it passes, why not, and how to see it again.

An `Outcome` is plain data, so that processes which share a search can hand it on.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Literal

import attrs

from seatrial.core import Verdict
from seatrial.counterexamples import render, write_itf

from . import __version__
from .output import detail
from .run import Run

__all__ = ["Outcome", "Result", "from_json", "missing", "outcomes", "to_json"]

Result = Literal["passed", "failed", "refuted", "inconclusive"]
"""
What came out, for a test:

- passed: it holds, or was proved;
- failed: it is violated, or was said to be refuted and holds;
- refuted: it is violated as listed;
- inconclusive: nothing can be said, because the search was not complete.
"""


@attrs.frozen
class Outcome:
    """
    One promise, asked: `line` says it in one line, `text` is what a person reads if it fails.

    `figures` are properties for reports of machines, `itf` is the trace file's text, if any.
    """

    id: str
    result: Result
    line: str
    text: str
    figures: tuple[tuple[str, str], ...]
    itf: str = ""


def outcomes(
    run: Run, scenario: str, *, demanded: Mapping[str, str] | None = None
) -> Iterator[Outcome]:
    """
    The outcome of each promise that was asked.

    `demanded` has what a trial file expects by id: a promise that is to be refuted and holds fails
    there; one that is only listed as refuted does not.
    """
    for verdict in run.report.verdicts:
        yield _outcome(run, scenario, verdict, dict(demanded or {}).get(verdict.property.id))


def _outcome(run: Run, scenario: str, verdict: Verdict, demanded: str | None) -> Outcome:
    result = _result(verdict, run.strict, demanded)
    place = run.place(verdict.property.id)
    command = f"{place.command} --property {verdict.property.id}"
    if run.subject.recipe is None:
        command = ""
    line = _line(run, verdict, result)
    figures = {
        "scenario": scenario,
        "property": verdict.property.id,
        "verdict": verdict.status,
        "expected": verdict.property.expected,
        **_figures(run),
        "rung": place.rung,
        "command": command,
    }
    if verdict.vacuous:
        figures["vacuous"] = "true"
    text, itf = line, ""
    if verdict.trace is not None and verdict.status == "violated":
        figures["steps"] = str(verdict.trace.length)
        text = render(
            verdict.trace,
            verdict,
            system=place.system,
            story=place.subject.story,
            width=96,
            command=command,
        )
        itf = write_itf(
            verdict.trace,
            place.system,
            source=" ".join(place.subject.arguments),
            command=command,
            version=__version__,
            recipe=place.subject.recipe,
        )
    elif result != "passed":
        rows = (
            line,
            f"  promise  {verdict.property.says}",
            f"  source   {verdict.property.source}",
        )
        text = "\n".join((*rows, *(("", "To see it again", f"  {command}") if command else ())))
    return Outcome(
        id=verdict.property.id,
        result=result,
        line=line,
        text=text,
        figures=tuple((name, value) for name, value in figures.items() if value),
        itf=itf,
    )


def _result(verdict: Verdict, strict: bool, demanded: str | None) -> Result:
    if verdict.status == "inconclusive":
        return "inconclusive"
    refuted = verdict.property.expected == "refuted" and not strict
    if verdict.status == "violated":
        return "refuted" if refuted else "failed"
    return "failed" if demanded == "refuted" and not strict else "passed"


def _line(run: Run, verdict: Verdict, result: Result) -> str:
    says = detail(verdict, run)
    if result == "failed" and verdict.status != "violated":
        return f"{verdict.property.id} is expected to be refuted, but {verdict.status} here"
    listed = ", as listed" if result == "refuted" else ""
    text = f"{verdict.property.id}: {verdict.status}{listed}"
    if result == "inconclusive":
        settle = _SETTLES.get(run.report.exploration.capped or "")
        says += f" (to settle it, {settle})" if settle else ""
    return f"{text}; {says}" if says else text


_SETTLES = {
    "max-states": "let it have more states",
    "time-limit": "let it have more time",
    "memory-limit": "let it have more memory",
    "interrupted": "let it run to its end",
    "runs": "explore it, or a smaller one, to the end; or take more and longer runs",
    "settled": "explore it to the end",
}
"""What settles it, in words that fit the command line, a trial and a test alike."""


def _figures(run: Run) -> dict[str, str]:
    found = run.report.exploration
    drawn = found.sampling
    return {
        "engine": found.engine,
        "complete": str(found.complete).lower(),
        "capped": found.capped or "",
        "states": str(found.states),
        "runs": "" if drawn is None else str(drawn.runs),
        "seed": "" if drawn is None else str(drawn.seed),
        "depth": str(found.depth),
        "seconds": f"{found.seconds:.2f}",
        "version": __version__,
    }


def missing(run: Run, scenario: str, property_id: str) -> Outcome:
    """The outcome of a promise that was not asked on any completed rung or part."""
    what = [f"{property_id}: inconclusive; it was asked on no rung that was completed"]
    if run.rungs and run.rungs[-1].violated:
        what.append("no finer steps were tried, since another promise is broken")
    elif run.untried or run.untried_parts:
        what.append("for lack of time; raise the time limit")
    line = "; ".join(what)
    figures = {
        "scenario": scenario,
        "property": property_id,
        "verdict": "inconclusive",
        **_figures(run),
        "command": run.command,
    }
    given = tuple((name, value) for name, value in figures.items() if value)
    return Outcome(property_id, "inconclusive", line, line, given)


def to_json(found: Mapping[str, Outcome]) -> str:
    """Outcomes as text, for another process of the same run."""
    return json.dumps({name: attrs.asdict(each) for name, each in found.items()})


def from_json(text: str) -> dict[str, Outcome]:
    """What `to_json` wrote."""
    return {name: _read(each) for name, each in json.loads(text).items()}


def _read(data: dict[str, Any]) -> Outcome:
    figures = tuple((name, value) for name, value in data.pop("figures"))
    return Outcome(figures=figures, **data)
