"""
`seatrial check` from its options to its exit code.

What few runs need is imported where it is used: a small search takes no longer than the imports.
"""

import errno
import functools
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TextIO

import attrs

from seatrial.core import DeclarationError, Property, Report
from seatrial.counterexamples import write_itf

from . import __version__
from .display import look_for, write_out
from .examples import PREFIX, near_or_listed, subject
from .ladder import climb
from .options import Options, command_again, command_of_rung
from .output import text_report
from .places import place_of
from .run import Run, trace_file_name
from .scenarios import Asked, Rung, Scenario
from .searching import search
from .trials import scenarios_of, with_trial

__all__ = ["check", "exit_code", "run_of"]


def check(options: Options) -> int:
    """Check what is asked, write the report, and return the exit code."""
    options = with_trial(options)
    if options.why is not None:
        return _why(options, options.why)
    if any(target.startswith(PREFIX) for target in options.targets):
        _only_for_manifests(options.asked)
        runs = _examples(options)
    else:
        if options.given:
            raise DeclarationError("--set is for examples; manifests have --users and --faults")
        runs = _manifests(options)
    if options.itf is not None:
        runs = [_with_traces(run, options.itf, alone=len(runs) == 1) for run in runs]
    _write(options, lambda stream: _text(runs, options, stream))
    return exit_code(run.exit_code for run in runs)


def _write(options: Options, text: Callable[[TextIO], str]) -> None:
    """Write a text to where the options say; it may depend on what can be shown there."""
    if options.output is None:
        write_out(text(sys.stdout))
        return
    with options.output.open("w", encoding="utf-8") as file:
        file.write(text(file))


def exit_code(codes: Iterable[int]) -> int:
    """Of several runs: 1 if a promise is broken in one, else 3 if one is inconclusive, else 0."""
    codes = {*codes}
    return next(code for code in (1, 3, 0) if code in codes)


def _only_for_manifests(asked: Asked) -> None:
    for word in asked.words():
        raise DeclarationError(f"{word} is for manifests; examples have --set NAME=VALUE")


def _examples(options: Options) -> list[Run]:
    of = subject(options.targets, options.given)
    _prepare(options)
    report = search(options, of, chosen(of.properties, options.properties), options.time_limit)
    command = command_again(options, of.arguments)
    run = Run(of, report, command=command, strict=options.strict)
    return [run]


def _manifests(options: Options) -> list[Run]:
    found = scenarios_of(options)
    known = {
        each.id: each
        for scenario in found
        for rung in scenario.rungs[:1]  # the others have the same ones
        for each in (*rung.subject.properties, *(one for one, _ in rung.subject.left_out))
    }
    chosen(tuple(known.values()), options.properties)
    _prepare(options)
    runs = []
    for scenario in found:
        run = run_of(scenario, options)
        runs.append(run)
        if run.interrupted:
            break
    return runs


def run_of(scenario: Scenario, options: Options) -> Run:
    """Check one scenario, as the options ask for it."""
    run = climb(
        scenario,
        functools.partial(_search_rung, options),
        functools.partial(command_of_rung, options),
        seconds=options.time_limit,
        strict=options.strict,
        named=bool(options.properties),
        shared=options.engine == "hypothesis",
    )
    places = {
        each.property.id: place_of(scenario.rungs[0].of, each.property)
        for each in run.report.verdicts
    }
    positions = {name: place for name, place in places.items() if place is not None}
    return attrs.evolve(run, positions=positions)


def _search_rung(options: Options, rung: Rung, seconds: float | None) -> Report:
    asked = rung.subject.properties
    if options.properties:
        # By name a promise is asked even where a precondition of it is not met.
        every = (*asked, *(each for each, _ in rung.subject.left_out))
        asked = tuple(each for each in every if each.id in options.properties)
    return search(options, rung.subject, asked, seconds, rung.name)


def _why(options: Options, property_id: str) -> int:
    """Ask a promise with its preconditions and without each, and write what came out."""
    from .report import json_report
    from .why import promise_of, reasons, reasons_text

    if options.format in ("junit", "sarif"):
        raise DeclarationError(f"--format {options.format} does not go with --why: text or json")
    for word, given in (("--property", options.properties), ("--itf", options.itf)):
        if given:
            raise DeclarationError(f"{word} does not go with --why, which asks one promise alone")
    kind, promise = promise_of(property_id)
    found = scenarios_of(options) if options.targets else ()
    if not found or any(target.startswith(PREFIX) for target in options.targets):
        raise DeclarationError("--why needs a manifest: FILE.yaml")
    found = tuple(each for each in found if each.kind is kind)
    if not found:
        raise DeclarationError(f"--why: {property_id} is promised of a {kind.name}; give one")
    _prepare(options)
    # One run that breaks it is all that is wanted.
    one = attrs.evolve(options, properties=(property_id,), why=None, first=True)
    answers = [
        reasons(
            scenario,
            promise,
            functools.partial(_search_rung, one),
            functools.partial(command_of_rung, attrs.evolve(one, first=False)),
            seconds=options.time_limit,
        )
        for scenario in found
    ]
    if options.format == "json":
        _write(options, lambda stream: json_report([run for each in answers for run in each.runs]))
    else:
        _write(
            options,
            lambda stream: "\n".join(
                reasons_text(each, look_for(stream, options.color)) for each in answers
            ),
        )
    return exit_code(each.exit_code for each in answers)


def chosen(known: Sequence[Property], asked: Sequence[str]) -> tuple[Property, ...]:
    """The properties of these ids, in the order of declaration; all where none is asked."""
    ids = [each.id for each in known]
    for each in asked:
        if each not in ids:
            raise DeclarationError(
                f"there is no property {each!r} here; {near_or_listed(each, ids)}"
            )
    return tuple(each for each in known if not asked or each.id in asked)


def _prepare(options: Options) -> None:
    """Find out before a long search whether its results can be written."""
    if options.itf is not None:
        options.itf.mkdir(parents=True, exist_ok=True)
        if not os.access(options.itf, os.W_OK | os.X_OK):
            raise PermissionError(
                errno.EACCES, "is a folder that cannot be written", str(options.itf)
            )
    if options.output is not None:
        with options.output.open("a", encoding="utf-8"):
            pass


def _with_traces(run: Run, folder: Path, *, alone: bool) -> Run:
    """The run, with one file written for each verdict that has a trace."""
    written = {}
    for verdict in run.report.verdicts:
        if verdict.trace is None:
            continue
        place = run.place(verdict.property.id)
        name = verdict.property.id if alone else f"{run.report.system}-{verdict.property.id}"
        path = folder / trace_file_name(name)
        text = write_itf(
            verdict.trace,
            place.system,
            source=" ".join(place.subject.arguments),
            status="violation" if verdict.status == "violated" else "ok",
            command=place.command,
            version=__version__,
            recipe=place.subject.recipe,
        )
        path.write_text(text, encoding="utf-8")
        written[verdict.property.id] = path
    return attrs.evolve(run, traces=written)


def _for_programs(form: str) -> Callable[[Sequence[Run]], str]:
    """What writes a report in a form that programs read; few of them are asked for."""
    if form == "junit":
        from .junit import junit_report

        return junit_report
    if form == "sarif":
        from .sarif import sarif_report

        return sarif_report
    from .report import json_report

    return json_report


def _text(runs: Sequence[Run], options: Options, stream: TextIO) -> str:
    if options.format != "text":
        return _for_programs(options.format)(runs)
    look = look_for(stream, options.color)
    return "\n".join(
        text_report(run, look, traces=not options.quiet, all_values=options.all_values)
        for run in runs
    )
