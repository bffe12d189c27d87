"""The report of `seatrial prove`: as text, and as JSON for scripts (see `proof.schema.json`)."""

import json
from typing import Any

from seatrial.core import Theorem
from seatrial.counterexamples import printable, render
from seatrial.engines.prove.claims import Proof
from seatrial.engines.prove.systems import SystemProof
from seatrial.engines.prove.worst import Worst

from . import __version__
from .display import Look, Page
from .proof_results import Proved, Settled, Workload
from .quantities import counted, show_seconds

__all__ = ["SCHEMA", "json_text", "text"]

SCHEMA = 1
"""Rises when a reader of the last one would be misled; keys may be added without that."""

_STYLES = {"proved": "holds", "violated": "violated", "inconclusive": "inconclusive"}


def text(run: Proved, look: Look) -> str:
    """The whole report."""
    page = Page(look)
    page.put(f"seatrial {__version__}", style="head")
    for workload in run.workloads:
        _workload(page, workload)
    for settled in run.settled:
        _theorem(page, settled)
    if run.system is not None:
        _system(page, run)
    if run.worst is not None:
        _worst(page, run.worst)
    _statistics(page, run)
    _overview(page, run)
    _end(page, run)
    return "\n".join(page.lines) + "\n"


def _workload(page: Page, workload: Workload) -> None:
    page.row("Workload", f"{workload.name}; its theorems are about its controllers, at any size")
    page.row("Not modelled", *(workload.not_modelled or ["nothing else is in these files"]))
    if workload.blocked:
        page.row("Blocked", f"inconclusive for this workload: {'; '.join(workload.blocked)}")
    if workload.untreated:
        number = len(workload.untreated)
        page.row("Not treated", f"{number} promises, which seatrial check decides at fixed sizes")


def _theorem(page: Page, settled: Settled) -> None:
    of, proof = settled.theorem, settled.proof
    page.title(of.id)
    page.row("Claim", of.says)
    page.row("Source", of.source)
    _verdict(page, proof)
    if proof.status == "violated":
        page.row("Where", _values(proof.values))
        if proof.choices:
            page.row("Choices", ", ".join(map(str, proof.choices)))
        page.row("Smallest", "no smaller numbers do it" if proof.least else "not known to be")
    page.row("For all", *(f"{name}: {each}" for name, each in of.ranges))
    page.row("If", *([each.says for each in of.hypotheses] or ["nothing else is assumed"]))
    if proof.witness:
        page.row("For example", _values(proof.witness))
    page.row("Level", of.level)
    page.row("Lag", of.lag)
    page.row("Revisions", of.revisions)
    page.row("Integers", of.integers)
    page.row("By hand", _by_hand(of))
    for mutation, broken in zip(of.mutations, settled.mutations, strict=False):
        how = f"broken: {broken.because}" if broken.status == "violated" else broken.status
        where = f" (where {_values(broken.values)})" if broken.values else ""
        page.row("Mutant", f"{mutation.says}; {how}{where}")
    if settled.trace is not None:
        page.row("Trace", str(settled.trace))
    page.row("Cost", _cost(proof))


def _verdict(page: Page, proof: Proof | SystemProof) -> None:
    label = f"{'Verdict':<14}"
    page.put(f"{proof.status}: {proof.because}", indent=label, style=_STYLES[proof.status], hang=14)


def _by_hand(of: Theorem) -> str:
    if not of.lemmas:
        return "no invariant was written by hand"
    return f"{len(of.lemmas)}: {'; '.join(of.lemmas)}"


def _cost(proof: Proof) -> str:
    helpers = f"{proof.helper_paths} paths of helpers made {proof.helper_terms} terms"
    kept = ", from the cache" if proof.cached else ""
    return f"{show_seconds(proof.seconds)}{kept}; {proof.paths} paths; {helpers}"


def _values(values: tuple[tuple[str, Any], ...]) -> str:
    shown = (
        (name, ", ".join(sorted(value)) if isinstance(value, frozenset) else value)
        for name, value in values
    )
    return ", ".join(f"{name} = {value}" for name, value in shown)


def _system(page: Page, run: Proved) -> None:
    assert run.system is not None
    found = run.system
    if found.machine is not None:
        made = found.machine
        page.row("System", made.system.system.name)
        page.row("For all", ", ".join(f"{name}" for name in made.parameters) or "nothing is open")
        page.row("Assumptions", *made.system.system.assumptions)
        paths = f"{made.paths} paths made {len(made.transitions)} transitions"
        page.row(
            "Summaries", f"{len(made.summaries)} for {len(made.system.actions)} actions; {paths}"
        )
        page.row("Candidates", f"{found.candidates}, of which {found.inductive} are inductive")
    for each in run.summaries:
        page.gap()
        page.lines += each.splitlines()
    for proof in found.proofs:
        _promise(page, proof, run)


def _worst(page: Page, worst: Worst) -> None:
    side = "at most" if worst.property.kind == "at most" else "at least"
    page.title(f"The worst case of {worst.property.id}")
    page.row("Number", worst.property.says)
    if worst.proof is None:
        page.row("Formula", f"inconclusive: none of {', '.join(worst.tried) or 'the tried'}")
    else:
        page.row("Formula", f"proved: {side} {worst.formula}, for all values of these")
        page.row("Invariant", *worst.proof.invariant)
        page.row("Reached", f"at {len(worst.reached)} of {len(worst.observed)} small sizes")
        page.row("Not proved", ", ".join(worst.tried) or "nothing that is closer was tried")


def _promise(page: Page, proof: SystemProof, run: Proved) -> None:
    of = proof.property
    page.title(of.id)
    page.row("Promise", of.says)
    page.row("Source", of.source)
    if of.expected == "refuted":
        page.row("Expected", "refuted: it is a folk reading")
    _verdict(page, proof)
    if proof.vacuous:
        page.row("Vacuous", "no run of few steps was found that meets its premise")
    if proof.invariant:
        page.row("Invariant", *proof.invariant)
        by_hand = f"{proof.written} of {len(proof.invariant)}"
        page.row("By hand", by_hand)
        page.row("Method", proof.method)
    if proof.stuck:
        page.row("Missing", "a lemma that excludes this state, which need not be reachable:")
        page.row("", "; ".join(proof.stuck))
    if proof.trace is not None:
        page.row("Where", _values(proof.parameters))
        page.row(
            "Smallest",
            "no smaller sum of these has a run of this length"
            if proof.least
            else "not known to be",
        )
        page.gap()
        page.lines += render(
            proof.trace, of, width=page.look.width, color=page.look.color, ascii=page.look.ascii
        ).splitlines()
    path = run.traces.get(of.id)
    if path is not None:
        page.row("Trace", str(path))
    page.row("Cost", show_seconds(proof.seconds))


def _statistics(page: Page, run: Proved) -> None:
    told = run.statistics
    if told is None:
        return
    page.title("Statistics")
    page.row("Questions", f"{told.asked:,}, of which {told.unknown:,} ran out of time")
    page.row("Paths", f"{told.paths:,} before merging, {told.merged:,} after")
    page.row("Slowest", f"{told.slowest} ({show_seconds(told.slowest_seconds)})")
    for name, value in sorted(told.solver.items()):
        page.row("Solver", f"{name}: {value:,}")


def _settled(run: Proved) -> list[tuple[str, str, str]]:
    """Of each theorem or promise its name, what it says, and the verdict."""
    found: list[tuple[str, str, str]] = [
        (each.theorem.id, each.theorem.says, each.proof.status) for each in run.settled
    ]
    if run.system is not None:
        found += [(each.property.id, each.property.says, each.status) for each in run.system.proofs]
    return found


def _overview(page: Page, run: Proved) -> None:
    """Of several theorems or promises, one line each: of a long report one sees the end."""
    found = _settled(run)
    if len(found) < 2:
        return
    page.title("Overview")
    for id, says, status in found:
        page.put(f"{id}: {says}", indent=f"{status:<14}", hang=14, style=_STYLES[status])


def _end(page: Page, run: Proved) -> None:
    page.gap()
    page.row("Summary", _summary(run))
    page.row("Again", run.command)
    page.row("Exit code", str(run.exit_code))


def _summary(run: Proved) -> str:
    if run.worst is not None:
        return "a formula was proved" if run.worst.proof else "no formula was proved"
    statuses = [status for _, _, status in _settled(run)]
    found = [f"{statuses.count(each)} {each}" for each in _STYLES if statuses.count(each)]
    blocked = sum(bool(each.blocked) for each in run.workloads)
    if blocked:
        found.append(f"{counted(blocked, 'workload')} inconclusive")
    return ", ".join(found) or "nothing was asked"


# ---- JSON -------------------------------------------------------------------------------------


def json_text(run: Proved) -> str:
    """The document, ending in a newline; ASCII only."""
    document: dict[str, Any] = {
        "seatrial": __version__,
        "schema": SCHEMA,
        "command": run.command,
        "engine": "prove",
        "exit_code": run.exit_code,
        "theorems": [_theorem_json(each) for each in run.settled],
        "workloads": [
            {
                "name": each.name,
                "blocked": list(each.blocked),
                "not_modelled": list(each.not_modelled),
                "without_theorem": [one.id for one in each.untreated],
            }
            for each in run.workloads
        ],
        "promises": [],
    }
    if run.system is not None:
        document["promises"] = [_promise_json(each, run) for each in run.system.proofs]
        made = run.system.machine
        if made is not None:
            document["system"] = {
                "name": made.system.system.name,
                "open": list(made.parameters),
                "assumptions": list(made.system.system.assumptions),
                "paths": made.paths,
                "transitions": len(made.transitions),
                "candidates": run.system.candidates,
                "inductive": run.system.inductive,
                "summaries": list(run.summaries),
            }
    if run.worst is not None:
        worst = run.worst
        document["worst"] = {
            "id": worst.property.id,
            "formula": worst.formula or None,
            "verdict": "inconclusive" if worst.proof is None else worst.proof.status,
            "invariant": [] if worst.proof is None else list(worst.proof.invariant),
            "observed": [{"at": dict(at), "extreme": most} for at, most in worst.observed],
            "reached": [dict(at) for at in worst.reached],
            "not_proved": list(worst.tried),
        }
    if run.statistics is not None:
        told = run.statistics
        document["statistics"] = {
            "questions": told.asked,
            "unknown": told.unknown,
            "paths": told.paths,
            "merged": told.merged,
            "solver": told.solver,
        }
    return json.dumps(document, indent=2) + "\n"


def _theorem_json(settled: Settled) -> dict[str, Any]:
    of = settled.theorem
    return {
        "id": of.id,
        "claim": of.says,
        "source": of.source,
        "expected": of.expected,
        **_proof_json(settled.proof),
        "ranges": {name: str(each) for name, each in of.ranges},
        "hypotheses": [each.says for each in of.hypotheses],
        "level": of.level,
        "lag": of.lag,
        "revisions": of.revisions,
        "integers": of.integers,
        "lemmas_by_hand": list(of.lemmas),
        "mutations": [
            {"says": mutation.says, **_proof_json(proof)}
            for mutation, proof in zip(of.mutations, settled.mutations, strict=False)
        ],
        "itf": None if settled.trace is None else str(settled.trace),
    }


def _proof_json(proof: Proof) -> dict[str, Any]:
    return {
        "verdict": proof.status,
        "because": printable(proof.because),
        "counterexample": {name: _plain(value) for name, value in proof.values} or None,
        "choices": list(proof.choices),
        "smallest": proof.least,
        "witness": {name: _plain(value) for name, value in proof.witness} or None,
        "paths": proof.paths,
        "helper_paths": proof.helper_paths,
        "helper_terms": proof.helper_terms,
        "seconds": round(proof.seconds, 3),
        "cached": proof.cached,
    }


def _plain(value: Any) -> Any:
    if isinstance(value, frozenset):
        return sorted(value)
    return value if value is None or isinstance(value, (bool, int, str)) else str(value)


def _promise_json(proof: SystemProof, run: Proved) -> dict[str, Any]:
    path = run.traces.get(proof.property.id)
    return {
        "id": proof.property.id,
        "kind": proof.property.kind,
        "expected": proof.property.expected,
        "promise": proof.property.says,
        "source": proof.property.source,
        "verdict": proof.status,
        "because": printable(proof.because),
        "method": proof.method,
        "invariant": list(proof.invariant),
        "invariants_by_hand": proof.written,
        "missing_lemma": list(proof.stuck),
        "cleared_steps": proof.cleared,
        "vacuous": proof.vacuous,
        "parameters": dict(proof.parameters),
        "smallest": proof.least,
        "trace": None
        if proof.trace is None
        else {
            "length": proof.trace.length,
            "steps": [
                {"actor": each.actor, "action": each.action, "label": each.label}
                for each in proof.trace.steps
            ],
            "itf": None if path is None else str(path),
        },
        "seconds": round(proof.seconds, 3),
    }
