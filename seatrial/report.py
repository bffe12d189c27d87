"""The report of a check as JSON: the contract with scripts, described in `report.schema.json`.

Keys stand in a fixed order. What differs between two runs of one command is `seconds` and
`bytes_held`, both in `exploration`.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from seatrial.core import Exploration, Ground, Sampling, Trace, Verdict, ground_property
from seatrial.counterexamples import show_value

from . import __version__
from .output import warnings_of
from .run import Climbed, Run

__all__ = ["SCHEMA", "json_report"]

SCHEMA = 1
"""Rises when a reader of the last one would be misled; keys may be added without that."""


def json_report(runs: Sequence[Run]) -> str:
    """
    The document, ending in a newline; ASCII only.

    Of several runs it is one object with `runs`; each of these is what a single run is.
    """
    documents = [_document(run) for run in runs]
    if len(documents) == 1:
        return json.dumps(documents[0], indent=2) + "\n"
    whole = {
        "seatrial": __version__,
        "schema": SCHEMA,
        "command": runs[0].command,
        "runs": documents,
    }
    return json.dumps(whole, indent=2) + "\n"


def _document(run: Run) -> dict[str, Any]:
    given = dict(run.report.assumptions)
    return {
        "seatrial": __version__,
        "schema": SCHEMA,
        "command": run.command,
        "exit_code": run.exit_code,
        "strict": run.strict,
        "system": run.report.system,
        "parameters": {name: _plain(value) for name, value in run.report.parameters},
        "assumptions": {
            "stated": list(given["system"]),
            "fairness": given["fairness"],
            "users_and_faults": list(given["users and faults"]),
            "reductions": list(given["reductions"]),
            "not_modelled": list(run.subject.not_modelled),
            "relies_on": list(run.subject.relies_on),
            **_environment(run.subject.recipe),
        },
        "exploration": _exploration(run.report.exploration),
        "rung": run.rung,
        "rungs": [_climbed(each) for each in run.rungs],
        "parts": [_climbed(each) for each in run.parts],
        "untried": list(run.untried),
        "untried_parts": list(run.untried_parts),
        "dropped": run.dropped or None,
        "unsettled": list(run.unsettled),
        "warnings": warnings_of(run),
        "properties": [_verdict(each, run) for each in run.report.verdicts],
        "left_out": [{"id": each.id, "unmet": list(words)} for each, words in run.subject.left_out],
    }


def _environment(recipe: dict[str, Any] | None) -> dict[str, Any]:
    """What surrounds a workload, as `scenarios.py` writes it down."""
    if recipe is None:
        return {}
    gates = dict(text.split("=") for text in recipe["featureGates"])
    return {
        "kubernetes": recipe["kubernetes"],
        "feature_gates": {name: on == "true" for name, on in gates.items()},
        "level": recipe["level"],
        "lag": recipe["lag"],
        "clock": recipe["clock"],
        "nodes": recipe["nodes"],
        "users": recipe["users"],
        "faults": recipe["faults"],
        "variant": recipe["variant"],
    }


def _climbed(each: Climbed) -> dict[str, Any]:
    return {
        "name": each.name,
        "asked": each.asked,
        "violated": each.violated,
        "exploration": _exploration(each.exploration),
    }


def _plain(value: Any) -> Any:
    """A value of a parameter: JSON's own kinds as they are, the rest as text."""
    return value if value is None or isinstance(value, (bool, int, str)) else show_value(value)


def _exploration(found: Exploration) -> dict[str, Any]:
    return {
        "engine": found.engine,
        "complete": found.complete,
        "capped": found.capped,
        "states": found.states,
        "transitions": found.transitions,
        "depth": found.depth,
        "levels": list(found.levels),
        "deadlocks": found.deadlocks,
        "rule_evaluations": found.rule_evaluations,
        "evaluations": dict(sorted(found.evaluations)),
        "values": dict(sorted(found.values)),
        "actions_never_fired": list(found.actions_never_fired),
        "widest": list(found.widest),
        "notes": list(found.notes),
        "kernel": found.kernel,
        "sampling": None if found.sampling is None else _sampling(found.sampling),
        "seconds": round(found.seconds, 3),
        "bytes_held": found.bytes_held,
    }


def _sampling(found: Sampling) -> dict[str, Any]:
    return {
        "runs": found.runs,
        "asked": found.asked,
        "steps": found.steps,
        "seed": found.seed,
        "taken": found.taken,
        "states": found.states,
        "depth": found.depth,
        "capped": found.capped,
        "starts": found.starts,
        "examples": found.examples,
        "fired": dict(found.fired),
        "seconds": round(found.seconds, 3),
    }


def _verdict(verdict: Verdict, run: Run) -> dict[str, Any]:
    of = verdict.property
    path = run.traces.get(of.id)
    return {
        "id": of.id,
        "kind": of.kind,
        "expected": of.expected,
        "verdict": verdict.status,
        "promise": of.says,
        "source": of.source,
        "preconditions": list(of.preconditions),
        "vacuous": verdict.vacuous,
        "because": verdict.because,
        "rung": run.place(of.id).rung,
        "bound": _bound(verdict, run.place(of.id).system),
        "extreme": verdict.extreme,
        "witness": None if verdict.witness is None else _length(verdict.witness),
        "trace": None if verdict.trace is None else _trace(verdict.trace, path),
    }


def _bound(verdict: Verdict, system: Ground) -> int | None:
    """The bound as a number, where it is the same for all members of a family."""
    bounds = {each.bound for each in ground_property(system, verdict.property)}
    return bounds.pop() if len(bounds) == 1 else None


def _length(trace: Trace) -> dict[str, Any]:
    return {"length": trace.length, "shortest": trace.shortest}


def _trace(trace: Trace, path: Path | None) -> dict[str, Any]:
    return {
        **_length(trace),
        "loop": trace.loop,
        "because": list(trace.because),
        "fairness": list(trace.fairness),
        "steps": [
            {"actor": each.actor, "action": each.action, "label": each.label}
            for each in trace.steps
        ],
        "itf": None if path is None else str(path),
    }
