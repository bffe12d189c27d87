"""
The report of a check as SARIF 2.1.0, for code scanning: findings at lines of the manifests.

:Docs: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html

A promise is a rule; what came out of it is a result: `fail` where it is violated, `pass`, or `open`
where the search could not settle it. A counterexample is a code flow with a thread for each actor,
its steps in their order, and what each of them changed as its state.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Any
from urllib.parse import quote

from seatrial.core import Property, Step, Trace, Verdict
from seatrial.counterexamples import printable, show_value
from seatrial.model import Position

from . import __version__
from .output import detail
from .run import Run

__all__ = ["sarif_report"]

_SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
_LEVELS = {"fail": "error"}
_MOST_STEPS = 1000
"""So many are shown by GitHub; of a longer run the last ones are kept."""


def sarif_report(runs: Sequence[Run]) -> str:
    """The document: one run of the tool, with the results for all workloads."""
    properties = {each.property.id: each.property for run in runs for each in run.report.verdicts}
    order = {name: at for at, name in enumerate(properties)}
    document = {
        "$schema": _SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "Seatrial",
                        "version": __version__,
                        "semanticVersion": __version__,
                        "rules": [_rule(each) for each in properties.values()],
                    }
                },
                "invocations": [
                    {
                        "commandLine": run.command,
                        "executionSuccessful": True,
                        "exitCode": run.exit_code,
                        "properties": _figures(run),
                    }
                    for run in runs
                ],
                "results": [
                    _result(run, verdict, order[verdict.property.id])
                    for run in runs
                    for verdict in run.report.verdicts
                ],
                "columnKind": "unicodeCodePoints",
            }
        ],
    }
    return json.dumps(document, indent=2) + "\n"


def _figures(run: Run) -> dict[str, Any]:
    found = run.report.exploration
    return {
        "system": run.report.system,
        "engine": found.engine,
        "complete": found.complete,
        "states": found.states,
        "depth": found.depth,
    }


def _rule(property: Property) -> dict[str, Any]:
    rule: dict[str, Any] = {
        "id": property.id,
        "shortDescription": {"text": printable(property.says)},
        "fullDescription": {"text": f"{printable(property.says)} ({printable(property.source)})"},
        "defaultConfiguration": {"level": "error" if property.expected == "holds" else "none"},
        "properties": {"kind": property.kind, "expected": property.expected},
    }
    if property.source.startswith("https://"):
        rule["helpUri"] = quote(property.source, safe=":/#?&=%")
    return rule


def _result(run: Run, verdict: Verdict, rule: int) -> dict[str, Any]:
    asserted = verdict.property.expected == "holds" or run.strict
    broken = "fail" if asserted else "informational"
    kind = {"violated": broken, "inconclusive": "open"}.get(verdict.status, "pass")
    says = detail(verdict, run) or verdict.property.says
    found: dict[str, Any] = {
        "ruleId": verdict.property.id,
        "ruleIndex": rule,
        "kind": kind,
        "level": _LEVELS.get(kind, "none"),
        "message": {"text": printable(f"{run.report.system}: {verdict.status}; {says}")},
        "locations": [_location(run, run.positions.get(verdict.property.id))],
        "properties": {
            "verdict": verdict.status,
            "vacuous": verdict.vacuous,
            "command": run.place(verdict.property.id).command,
        },
    }
    if verdict.trace is not None and kind == "fail":
        found["partialFingerprints"] = {"seatrialRun/v1": _fingerprint(run, verdict.trace)}
        found["codeFlows"] = [_flow(run, verdict, verdict.trace)]
    return found


def _location(run: Run, position: Position | None) -> dict[str, Any]:
    found: dict[str, Any] = {"logicalLocations": [{"name": run.report.system, "kind": "resource"}]}
    if position is not None:
        path = PurePath(position.file).as_posix()
        region = {"startLine": max(position.line, 1), "startColumn": max(position.column, 1)}
        found["physicalLocation"] = {
            "artifactLocation": {"uri": quote(path)},
            "region": region,
        }
    return found


def _fingerprint(run: Run, trace: Trace) -> str:
    """The same for the same run, however the manifest is laid out."""
    steps = [(step.actor, step.action.partition("[")[0]) for step in trace.steps]
    text = json.dumps([trace.property_id, run.report.system, steps])
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _flow(run: Run, verdict: Verdict, trace: Trace) -> dict[str, Any]:
    first = max(0, len(trace.steps) - _MOST_STEPS)
    threads: dict[str, list[dict[str, Any]]] = {}
    for at, step in enumerate(trace.steps[first:], first + 1):
        where = _location(run, run.positions.get(verdict.property.id))
        where["message"] = {"text": printable(f"{step.actor}: {step.label}")}
        threads.setdefault(step.actor, []).append(
            {
                "location": where,
                "executionOrder": at,
                "nestingLevel": int(step.committed),
                "importance": "unimportant" if step.committed else "important",
                "state": _state(step),
            }
        )
    if not threads:
        where = _location(run, run.positions.get(verdict.property.id))
        where["message"] = {"text": "the initial state"}
        threads["start"] = [{"location": where, "executionOrder": 0}]
    because = "; ".join(trace.because) or verdict.because
    return {
        "message": {"text": printable(because)},
        "threadFlows": [
            {"id": printable(actor), "locations": steps} for actor, steps in threads.items()
        ],
    }


def _state(step: Step) -> Mapping[str, Any]:
    return {each.cell: {"text": show_value(each.after)} for each in step.changes}
