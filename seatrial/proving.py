"""`seatrial prove` from its options to its exit code."""

import shlex
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs

from seatrial import properties
from seatrial.core import (
    DeclarationError,
    Ground,
    ReplayError,
    Theorem,
    Trace,
    Whole,
    as_system,
    enabled_steps,
    ground,
    replay,
    step_of,
)
from seatrial.counterexamples import write_itf
from seatrial.engines.prove.claims import Proof, prove_claim
from seatrial.engines.prove.interrupts import interruptible_solver, stopping, timed
from seatrial.engines.prove.queries import Limits, Queries
from seatrial.engines.prove.summary import printed
from seatrial.engines.prove.systems import SystemProofs, prove_system
from seatrial.engines.prove.worst import Worst, worst_case

from . import __version__
from .display import look_for, write_out
from .examples import PREFIX, Example, example, nearest, settings
from .progress import Progress
from .proof_cache import Cache, cache_folder
from .proof_manifests import workloads_of
from .proof_report import json_text, text
from .proof_results import Proved, Settled, Workload
from .run import trace_file_name

__all__ = ["Asked", "prove", "theorem_trace"]

_LONGEST_MS = 2**32 - 1
"""What the solver takes for a time; it would cut off what is more."""


@attrs.frozen(kw_only=True)
class Asked:
    """What the command line asked for."""

    what: tuple[str, ...] = ()
    all: bool = False
    given: tuple[str, ...] = ()
    properties: tuple[str, ...] = ()
    mutants: bool = False
    assume_inert: tuple[str, ...] = ()
    time_limit: tuple[str, float] | None = None
    stop_after: tuple[str, float] = ("30m", 1800.0)
    depth: int = 8
    worst: str | None = None
    summaries: bool = False
    statistics: bool = False
    smt2: Path | None = None
    cache: bool = True
    format: str = "text"
    output: Path | None = None
    itf: Path | None = None
    color: str = "auto"

    @property
    def limits(self) -> Limits:
        """The limits of each question to the solver."""
        seconds = 20.0 if self.time_limit is None else self.time_limit[1]
        return Limits(query_ms=min(max(1, int(seconds * 1000)), _LONGEST_MS), depth=self.depth)


def prove(asked: Asked) -> int:
    """Settle what is asked, write the report, and return the exit code."""
    _prepare(asked)
    progress = Progress(sys.stderr)
    queries = Queries(asked.limits, asked.smt2, progress.proving)
    try:
        with interruptible_solver(), timed(asked.stop_after[1]):
            run = _run(asked, queries, progress)
    finally:
        progress.done()
    run = attrs.evolve(run, statistics=queries.statistics if asked.statistics else None)
    if asked.format == "json":
        shown = json_text(run)
    else:
        shown = text(run, look_for(sys.stdout, asked.color))
    if asked.output is None:
        write_out(shown)
    else:
        asked.output.write_text(shown, encoding="utf-8")
    return run.exit_code


def _prepare(asked: Asked) -> None:
    if asked.itf is not None:
        asked.itf.mkdir(parents=True, exist_ok=True)
    if asked.output is not None:
        with asked.output.open("a", encoding="utf-8"):
            pass
    if not asked.what and not asked.all:
        raise DeclarationError(
            "nothing is asked for; give a manifest, example:NAME, a theorem, or --all"
        )
    if asked.all and asked.what:
        raise DeclarationError("--all proves every theorem; give no other target with it")


def _run(asked: Asked, queries: Queries, progress: Progress) -> Proved:
    command = shlex.join(_command(asked))
    if any(each.startswith(PREFIX) for each in asked.what):
        progress.rung = asked.what[0]
        return attrs.evolve(_of_example(asked, queries, progress), command=command)
    if asked.worst is not None:
        raise DeclarationError("--worst is for examples: it asks for a bound of one of theirs")
    if asked.summaries:
        raise DeclarationError("--summaries is for examples: it shows what their actions do")
    if asked.given or asked.properties:
        raise DeclarationError(
            "--set and --property are for examples; of a manifest's controllers theorems are"
            " proved, its own promises are not (joint classes of pods, model/pods.py, have too many"
            " shapes): `seatrial check` decides those at its size"
        )
    workloads: tuple[Workload, ...] = ()
    known = properties.theorems.THEOREMS
    chosen: Sequence[Theorem] = known
    if not asked.all:
        chosen, workloads = _chosen(asked)
    cache = Cache(cache_folder() if asked.cache and asked.smt2 is None else None)
    settled: list[Settled] = []
    try:
        for at, each in enumerate(chosen, 1):
            progress.rung = f"theorem {at} of {len(chosen)}, {each.id}"
            with stopping():
                settled.append(_settle(each, asked, queries, cache))
    except KeyboardInterrupt as error:
        settled += [
            Settled(each, Proof(each.id, "inconclusive", str(error)))
            for each in chosen[len(settled) :]
        ]
    return Proved(command, tuple(settled), workloads=workloads)


def _chosen(asked: Asked) -> tuple[list[Theorem], tuple[Workload, ...]]:
    """Theorems by name, and those about the workloads of manifests."""
    known = {each.id: each for each in properties.theorems.THEOREMS}
    files = [each for each in asked.what if each not in known]
    found = [known[each] for each in dict.fromkeys(asked.what) if each in known]
    for each in files:
        if not Path(each).exists() and not each.endswith((".yaml", ".yml", ".json")):
            raise DeclarationError(
                f"{each!r} is no theorem, and no file of that name is there; {nearest(each, known)}"
            )
    if not files:
        if asked.assume_inert:
            raise DeclarationError("--assume-inert is for manifests, and none is given")
        return found, ()
    workloads = []
    for workload, theorems in workloads_of(files, asked.assume_inert):
        workloads.append(workload)
        found += [each for each in theorems if each not in found]
    return found, tuple(workloads)


def _settle(theorem: Theorem, asked: Asked, queries: Queries, cache: Cache) -> Settled:
    proof = _proof(theorem, asked, queries, cache)
    mutations: list[Proof] = []
    if asked.mutants:
        mutations = [
            _proof(theorem.mutated(each), asked, queries, cache, str(at))
            for at, each in enumerate(theorem.mutations)
        ]
    path = None
    if proof.status == "violated" and asked.itf is not None:
        path = asked.itf / trace_file_name(theorem.id)
        system, trace = theorem_trace(theorem, dict(proof.values))
        path.write_text(
            write_itf(
                trace,
                system,
                source=theorem.id,
                command=shlex.join(_command(asked)),
                version=__version__,
                recipe={"theorem": theorem.id, "values": dict(proof.values)},
            ),
            encoding="utf-8",
        )
    return Settled(theorem, proof, tuple(mutations), path)


def _proof(
    theorem: Theorem, asked: Asked, queries: Queries, cache: Cache, mutation: str = ""
) -> Proof:
    key = (theorem.id, mutation, repr(theorem.ranges), repr(asked.limits))
    kept = cache.get(*key)
    if kept is not None:
        proof = _restored(kept)
        if proof is not None and proof.theorem == theorem.id:
            return proof
    proof = prove_claim(theorem, queries)
    if proof.status != "inconclusive" and all(
        isinstance(value, (int, str)) for _, value in (*proof.values, *proof.witness)
    ):
        cache.put(attrs.asdict(proof), *key)
    return proof


def _restored(kept: dict[str, Any]) -> Proof | None:
    try:
        made = {
            **kept,
            "values": tuple((name, value) for name, value in kept["values"]),
            "witness": tuple((name, value) for name, value in kept["witness"]),
            "choices": tuple(kept["choices"]),
            "cached": True,
        }
        return Proof(**made)
    except (KeyError, TypeError, ValueError):
        return None


def theorem_trace(theorem: Theorem, values: dict[str, Any]) -> tuple[Ground, Trace]:
    """The step that breaks a theorem at these values, taken by the rules and replayed."""
    system, asked = as_system(theorem, [values])
    made = ground(system)
    start = made.initial[0]
    for action, outcome in enabled_steps(made, start, between=False):
        step = step_of(made, start, action, outcome)
        if outcome.writes and outcome.writes[0][1] not in ("", "it holds"):
            because = (str(outcome.writes[0][1]),)
            names = [slot.name for slot in made.slots]
            trace = Trace(
                system.name,
                tuple(zip(names, start, strict=True)),
                (step,),
                asked.id,
                because=because,
            )
            replay(made, trace)
            return made, trace
    raise ReplayError(f"theorem {theorem.id} is not broken at {values}")


# ---- examples ---------------------------------------------------------------------------------


def _of_example(asked: Asked, queries: Queries, progress: Progress) -> Proved:
    if len(asked.what) != 1:
        raise DeclarationError("an example is proved by itself; give no other target with it")
    for option, said in (("--mutants", asked.mutants), ("--assume-inert", asked.assume_inert)):
        if said:
            raise DeclarationError(f"{option} is for theorems and manifests, and not for examples")
    of = example(asked.what[0].removeprefix(PREFIX))
    given = settings(asked.given, of)
    known = [each.id for each in of.properties]
    for name in asked.properties:
        if name not in known:
            raise DeclarationError(f"there is no property {name!r} here; {nearest(name, known)}")
    chosen = [each for each in of.properties if not asked.properties or each.id in asked.properties]
    ranges = {
        name: Whole(of.least.get(name, 0))
        for name in of.parameters
        if name not in of.structure and name not in given
    }
    fixed = {**{name: of.parameters[name] for name in of.structure}, **given}

    def build(values: Mapping[str, Any]) -> Any:
        return of.factory(**fixed, **values)

    if asked.worst is not None:
        return Proved("", of=of, worst=_worst(asked, of, build, ranges, progress))
    found = prove_system(build, ranges, chosen, queries, of.lemmas)
    traces = {}
    if asked.itf is not None:
        for each in found.proofs:
            if each.trace is not None:
                path = asked.itf / trace_file_name(each.property.id)
                values = dict(each.parameters)
                made = ground(build(values))
                path.write_text(
                    write_itf(
                        each.trace,
                        made,
                        source=asked.what[0],
                        command=shlex.join(_command(asked)),
                        version=__version__,
                    ),
                    encoding="utf-8",
                )
                traces[each.property.id] = path
    summaries = _summaries(found) if asked.summaries else ()
    return Proved("", system=found, of=of, traces=traces, summaries=summaries)


def _summaries(found: SystemProofs) -> tuple[str, ...]:
    made = found.machine
    return () if made is None else tuple(printed(made.system, each) for each in made.summaries)


def _worst(
    asked: Asked,
    of: Example,
    build: Callable[[Mapping[str, Any]], Any],
    ranges: Mapping[str, Whole],
    progress: Progress,
) -> Worst:
    bounds = {each.id: each for each in of.properties if each.kind in ("at least", "at most")}
    if asked.worst not in bounds:
        raise DeclarationError(
            f"--worst {asked.worst} is no promise of a bound; {nearest(str(asked.worst), bounds)}"
        )
    # A formula that is not proved is not searched for a run: the next one is tried.
    queries = Queries(attrs.evolve(asked.limits, depth=0), asked.smt2, progress.proving)
    return worst_case(build, ranges, bounds[asked.worst], queries)


def _command(asked: Asked) -> Iterator[str]:
    yield from ("seatrial", "prove", *asked.what)
    if asked.all:
        yield "--all"
    for each in asked.given:
        yield from ("--set", each)
    for each in asked.properties:
        yield from ("--property", each)
    for each in asked.assume_inert:
        yield from ("--assume-inert", each)
    if asked.worst is not None:
        yield from ("--worst", asked.worst)
    if asked.mutants:
        yield "--mutants"
    if asked.time_limit is not None:
        yield from ("--time-limit", asked.time_limit[0])
    if asked.stop_after != Asked().stop_after:
        yield from ("--stop-after", asked.stop_after[0])
    if asked.depth != Asked().depth:
        yield from ("--depth", str(asked.depth))
