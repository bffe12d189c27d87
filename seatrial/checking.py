"""`seatrial check` from its options to its exit code."""

import errno
import os
import shlex
import shutil
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TextIO

import attrs

from seatrial.core import DeclarationError, Property, ground
from seatrial.counterexamples import write_itf
from seatrial.engines.explore import explore

from . import __version__
from .examples import Subject, nearest, subject
from .failures import abandon
from .output import Look, text_report
from .progress import Progress
from .report import json_report
from .run import Run, trace_file_name

__all__ = ["Options", "check", "look_for", "write_out"]

_MOST_THREADS = 64


@attrs.frozen(kw_only=True)
class Options:
    """What the command line asked for; `limits` holds those texts that were given, by option."""

    targets: tuple[str, ...]
    given: tuple[str, ...] = ()
    properties: tuple[str, ...] = ()
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
    of = subject(options.targets, options.given)
    properties = chosen(of.properties, options.properties)
    _prepare(options)
    run = _search(options, of, properties)
    if options.itf is not None:
        run = attrs.evolve(run, traces=_write_traces(run, options.itf))
    if options.output is None:
        write_out(_text(run, options, sys.stdout))
    else:
        with options.output.open("w", encoding="utf-8") as file:
            file.write(_text(run, options, file))
    return run.exit_code


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


def _search(options: Options, of: Subject, properties: Sequence[Property]) -> Run:
    progress = None if options.quiet else Progress(sys.stderr)
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
            time_limit=options.time_limit,
            memory_limit=options.memory_limit,
            first=options.first,
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
    return Run(
        subject=of,
        system=ground(of.system),
        report=attrs.evolve(report, verdicts=tuple(verdicts)),
        command=shlex.join(_command(options, of)),
        strict=options.strict,
    )


def _command(options: Options, of: Subject) -> Iterator[str]:
    """The command that gives the same verdicts: without what only concerns the report's form."""
    yield from ("seatrial", "check", *of.arguments)
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


def _write_traces(run: Run, folder: Path) -> dict[str, Path]:
    """One file for each verdict with a trace; where they are."""
    written = {}
    for verdict in run.report.verdicts:
        if verdict.trace is None:
            continue
        path = folder / trace_file_name(verdict.property.id)
        text = write_itf(
            verdict.trace,
            run.system,
            source=run.subject.arguments[0],
            status="violation" if verdict.status == "violated" else "ok",
            command=run.command,
            version=__version__,
        )
        path.write_text(text, encoding="utf-8")
        written[verdict.property.id] = path
    return written


def _text(run: Run, options: Options, stream: TextIO) -> str:
    if options.format == "json":
        return json_report(run)
    return text_report(
        run,
        look_for(stream, options.color),
        traces=not options.quiet,
        all_values=options.all_values,
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
