"""`seatrial check` from its options to its exit code."""

import errno
import functools
import os
import shlex
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TextIO

import attrs

from seatrial.core import DeclarationError, Property, Report, ground
from seatrial.counterexamples import write_itf
from seatrial.engines.explore import explore

from . import __version__
from .examples import PREFIX, nearest, subject
from .failures import abandon
from .ladder import climb
from .output import Look, text_report
from .progress import Progress
from .report import json_report
from .run import Run, trace_file_name
from .scenarios import Asked, Rung, scenarios
from .subject import Subject
from .why import promise_of, reasons, reasons_text

__all__ = ["Asked", "Options", "check", "exit_code", "look_for", "write_out"]

_MOST_THREADS = 64


@attrs.frozen(kw_only=True)
class Options:
    """What the command line asked for; `limits` holds those texts that were given, by option."""

    targets: tuple[str, ...]
    asked: Asked = attrs.field(factory=Asked)
    given: tuple[str, ...] = ()
    properties: tuple[str, ...] = ()
    why: str | None = None
    max_states: int | None = None
    max_depth: int | None = None
    time_limit: float | None = None
    memory_limit: int | None = None
    limits: tuple[tuple[str, str], ...] = ()
    first: bool = False
    strict: bool = False
    reduce: tuple[str, ...] = ()
    threads: int | None = None
    format: str = "text"
    output: Path | None = None
    itf: Path | None = None
    all_values: bool = False
    color: str = "auto"
    quiet: bool = False


def check(options: Options) -> int:
    """Check what is asked, write the report, and return the exit code."""
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
    report = _search(options, of, chosen(of.properties, options.properties), options.time_limit)
    command = shlex.join(_command(options, of.arguments))
    run = Run(of, ground(of.system), report, command=command, strict=options.strict)
    return [run]


def _manifests(options: Options) -> list[Run]:
    found = scenarios(options.targets, options.asked)
    known = {
        each.id: each
        for scenario in found
        for rung in scenario.rungs
        for each in (*rung.subject.properties, *(one for one, _ in rung.subject.left_out))
    }
    chosen(tuple(known.values()), options.properties)
    _prepare(options)
    runs = []
    for scenario in found:
        run = climb(
            scenario,
            functools.partial(_search_rung, options),
            functools.partial(_command_of, options),
            seconds=options.time_limit,
            strict=options.strict,
            named=bool(options.properties),
        )
        runs.append(run)
        if run.report.exploration.capped == "interrupted":
            break
    return runs


def _search_rung(options: Options, rung: Rung, seconds: float | None) -> Report:
    asked = rung.subject.properties
    if options.properties:
        # By name a promise is asked even where a precondition of it is not met.
        every = (*asked, *(each for each, _ in rung.subject.left_out))
        asked = tuple(each for each in every if each.id in options.properties)
    return _search(options, rung.subject, asked, seconds, rung.name)


def _command_of(options: Options, rung: Rung | None) -> str:
    asked = options.asked if rung is None else rung.asked
    return shlex.join(_command(attrs.evolve(options, asked=asked), options.targets))


def _why(options: Options, property_id: str) -> int:
    """Ask a promise with its preconditions and without each, and write what came out."""
    for word, given in (("--property", options.properties), ("--itf", options.itf)):
        if given:
            raise DeclarationError(f"{word} does not go with --why, which asks one promise alone")
    promise = promise_of(property_id)
    found = scenarios(options.targets, options.asked) if options.targets else ()
    if not found or any(target.startswith(PREFIX) for target in options.targets):
        raise DeclarationError("--why needs a manifest: FILE.yaml")
    _prepare(options)
    # One run that breaks it is all that is wanted.
    one = attrs.evolve(options, properties=(property_id,), why=None, first=True)
    answers = [
        reasons(
            scenario,
            promise,
            functools.partial(_search_rung, one),
            functools.partial(_command_of, attrs.evolve(one, first=False)),
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
            raise DeclarationError(f"there is no property {each!r} here; {nearest(each, ids)}")
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


def _search(
    options: Options,
    of: Subject,
    properties: Sequence[Property],
    seconds: float | None,
    rung: str = "",
) -> Report:
    progress = None if options.quiet else Progress(sys.stderr, rung)
    asked = properties
    if options.first and options.strict:
        # The search ends at what is asserted, and with --strict everything is.
        asked = [attrs.evolve(each, expected="holds") for each in properties]
    try:
        report = explore(
            of.system,
            asked,
            max_states=options.max_states,
            max_depth=options.max_depth,
            time_limit=seconds,
            memory_limit=options.memory_limit,
            # A bug by itself is there to be seen, and may make things grow for ever.
            first=options.first or not options.targets,
            symmetry="symmetry" in options.reduce,
            partial_order="partial-order" in options.reduce,
            threads=options.threads or min(os.cpu_count() or 1, _MOST_THREADS),
            progress=progress,
        )
    finally:
        if progress is not None:
            progress.done()
    declared = {each.id: each for each in properties}
    verdicts = [attrs.evolve(v, property=declared[v.property.id]) for v in report.verdicts]
    return attrs.evolve(report, verdicts=tuple(verdicts))


def _command(options: Options, targets: Sequence[str]) -> Iterator[str]:
    """The command that gives the same verdicts: without what only concerns the report's form."""
    yield from ("seatrial", "check", *targets)
    yield from options.asked.words()
    for each in options.properties:
        yield from ("--property", each)
    for name, text in options.limits:
        yield from (f"--{name}", text)
    for each in options.reduce:
        yield from ("--reduce", each)
    if options.first:
        yield "--first"
    if options.strict:
        yield "--strict"


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


def _text(runs: Sequence[Run], options: Options, stream: TextIO) -> str:
    if options.format == "json":
        return json_report(runs)
    look = look_for(stream, options.color)
    return "\n".join(
        text_report(run, look, traces=not options.quiet, all_values=options.all_values)
        for run in runs
    )


def look_for(stream: TextIO, color: str) -> Look:
    """What a stream can show; `color` is auto, always or never."""
    terminal = stream.isatty()
    colored = terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    try:
        "→│╭↳".encode(stream.encoding or "ascii")
        plain = False
    except (UnicodeEncodeError, LookupError):
        plain = True
    return Look(
        width=min(shutil.get_terminal_size().columns, 120) if terminal else 100,
        color=color == "always" or (color == "auto" and colored),
        ascii=plain,
    )


def write_out(text: str) -> None:
    """Write to stdout; where nobody reads on (`| head`), stop without a word."""
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        abandon(sys.stdout)
