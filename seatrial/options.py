"""What the command line asked for, and the command that asks for it again."""

import shlex
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs

from seatrial.core import DeclarationError
from seatrial.model import Trial

from .added import Added
from .scenarios import Asked, Rung

__all__ = ["RUNS", "STEPS", "Options", "check_engine", "command_again", "command_of_rung"]


RUNS, STEPS = 1000, 200
"""How many random runs of how many steps are taken, if nothing else is asked for."""


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
    trial_file: Path | None = None
    trial: Trial | None = None
    """The trial file that was read; what it says is in the other fields already (`trials.py`)."""
    added: Added = attrs.field(factory=Added)
    chosen_by_name: bool = True
    """Whether `properties` are from the command line, and not from the trial file."""
    first: bool = False
    strict: bool = False
    reduce: tuple[str, ...] = ()
    threads: int | None = None
    engine: str = "explore"
    engine_said: bool = False
    """Whether the engine was asked for, and is not the default."""
    runs: int = RUNS
    steps: int = STEPS
    seed: int = 0
    examples: Path | None = None
    format: str = "text"
    output: Path | None = None
    itf: Path | None = None
    all_values: bool = False
    color: str = "auto"
    quiet: bool = False


def check_engine(
    engine: str | None, *, drawn: Mapping[str, Any], searched: Mapping[str, Any]
) -> None:
    """Raise DeclarationError for an option that means nothing to the engine; None: not given."""
    for name, value in drawn.items():
        if value is not None and engine == "explore":
            raise DeclarationError(f"{name} is for random runs: --engine hypothesis or auto")
    for name, value in searched.items():
        if value is not None and engine == "hypothesis":
            raise DeclarationError(
                f"{name} is for a search of all states: --engine explore or auto"
            )


def command_again(options: Options, targets: Sequence[str]) -> str:
    """The command that gives the same verdicts: without what only concerns the report's form."""
    return shlex.join(_command(options, targets))


def beyond(asked: Asked, said: Asked) -> Asked:
    """What is asked for and not said already."""
    given = {name: getattr(asked, name) for name in attrs.fields_dict(Asked)}
    new = {name: value for name, value in given.items() if value != getattr(said, name)}
    return Asked(**new)


def command_of_rung(options: Options, rung: Rung | None) -> str:
    """The command that checks this rung alone; all of them for None."""
    asked = options.asked if rung is None else rung.asked
    return command_again(attrs.evolve(options, asked=asked), options.targets)


def _command(options: Options, targets: Sequence[str]) -> Iterator[str]:
    yield from ("seatrial", "check")
    trial = options.trial
    if trial is None:
        yield from targets
        yield from options.asked.words()
    else:
        yield from ("--trial", str(trial.path))
        yield from () if tuple(targets) == trial.targets else targets
        yield from beyond(options.asked, Asked.of(trial)).words()
    for each in options.properties if trial is None or options.chosen_by_name else ():
        yield from ("--property", each)
    for name, text in options.limits:
        yield from (f"--{name}", text)
    for each in options.reduce if trial is None or options.reduce != trial.reduce else ():
        yield from ("--reduce", each)
    if options.engine != (None if trial is None else trial.engine) or trial is None:
        yield from () if options.engine == "explore" else ("--engine", options.engine)
    if options.engine != "explore":
        yield from ("--seed", str(options.seed))
    if options.first:
        yield "--first"
    if options.strict:
        yield "--strict"
