"""Trial files on the command line: what they say becomes what the options would say."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import attrs

from seatrial.core import DeclarationError
from seatrial.model import TRIAL_SUFFIXES, Trial, read_trial

from .added import Added
from .examples import nearest
from .kinds import promises
from .options import Options
from .quantities import parse_bytes, parse_seconds
from .scenarios import Asked, Scenario, scenarios

__all__ = ["is_trial", "scenarios_of", "with_trial"]

T = TypeVar("T")


def is_trial(name: str | Path) -> bool:
    """
    Whether a file is a trial by its name.

    >>> is_trial("web.trial.yaml"), is_trial("web.yaml")
    (True, False)
    """
    return str(name).endswith(TRIAL_SUFFIXES)


def with_trial(options: Options) -> Options:
    """
    The options with what a trial file adds, if one is given: by --trial, or as a target.

    What is given on the command line goes before what the file says; manifests that are given
    there are checked instead of those that it names.
    Raises ManifestError and DeclarationError, each with the place.
    """
    files = [each for each in options.targets if is_trial(each)]
    if options.trial_file is not None:
        files.append(str(options.trial_file))
    if not files:
        return options
    if len(files) > 1:
        raise DeclarationError(f"{len(files)} trial files are given; check them one by one")
    if options.why is not None:
        raise DeclarationError("--why asks one promise; give the manifest, and no trial file")
    trial = read_trial(files[0])
    _check_names(trial)
    said = dict(options.limits)
    others = tuple(each for each in options.targets if not is_trial(each))
    names = trial.properties or ()
    if trial.properties is not None:
        names = (*names, *(each.name for each in trial.invariants))
        if not names:
            place = trial.position("spec.properties")
            raise DeclarationError(
                f"{place}: spec.properties: it is empty, and there is no invariant to check"
            )
    return attrs.evolve(
        options,
        targets=others or trial.targets,
        asked=options.asked.over(Asked.of(trial)),
        properties=options.properties or names,
        chosen_by_name=bool(options.properties),
        max_states=options.max_states or trial.max_states,
        max_depth=trial.max_depth if options.max_depth is None else options.max_depth,
        time_limit=options.time_limit or _amount(trial, "time", trial.time_limit, parse_seconds),
        memory_limit=options.memory_limit
        or _amount(trial, "memory", trial.memory_limit, parse_bytes),
        reduce=options.reduce or trial.reduce,
        runs=options.runs if "runs" in said else trial.runs or options.runs,
        steps=options.steps if "steps" in said else trial.steps or options.steps,
        seed=options.seed or trial.seed or 0,
        engine=options.engine if options.engine_said else trial.engine or options.engine,
        trial=trial,
        added=Added(trial.invariants, trial.expected),
    )


_FIELDS = {
    "--users": "users",
    "--faults": "faults",
    "--level": "level",
    "--lag": "lag",
    "--clock": "clock",
    "--nodes": "nodes",
    "--kubernetes": "kubernetes",
    "--feature-gates": "featureGates",
    "--bug": "bugs",
    "--fix": "fixes",
    "--assume-inert": "assumeInert",
}


def scenarios_of(options: Options) -> tuple[Scenario, ...]:
    """
    The scenarios that the options ask for.

    Raises as `scenarios` does; of what a trial file says, with its place in the file.
    """
    try:
        return scenarios(options.targets, options.asked, options.added)
    except DeclarationError as error:
        option, _, says = str(error).partition(" ")
        field = f"spec.environment.{_FIELDS.get(option.rstrip(':'), '')}"
        if options.trial is None or field not in options.trial.positions:
            raise
        place = options.trial.position(field)
        raise DeclarationError(f"{place}: {field}: {says}") from None


def _amount(trial: Trial, field: str, text: str | None, parse: Callable[[str], T]) -> T | None:
    try:
        return None if text is None else parse(text)
    except ValueError as error:
        place = trial.position(f"spec.limits.{field}")
        raise DeclarationError(f"{place}: spec.limits.{field}: {error}") from None


def _check_names(trial: Trial) -> None:
    """Every promise that the file names has to be one, and no invariant may have its name."""
    known = promises()
    invariants = {each.name: each for each in trial.invariants}
    for name, each in invariants.items():
        if name in known:
            raise DeclarationError(
                f"{each.position}: {name!r} is the name of a promise; call the invariant another"
            )
    for field, names in (
        ("spec.properties", trial.properties or ()),
        ("spec.expected", tuple(name for name, _ in trial.expected)),
    ):
        for name in names:
            if name not in known and name not in invariants:
                place = trial.position(f"{field}.{name}")
                hint = nearest(name, [*invariants, *known])
                if hint.startswith("known"):
                    hint = "docs/reference/promises.md lists them"
                raise DeclarationError(f"{place}: {field}: there is no property {name!r}; {hint}")
