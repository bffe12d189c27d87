"""The commands that search nothing: examples, explain, trace show and trace replay."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs

from seatrial import properties
from seatrial.core import (
    DeclarationError,
    Ground,
    Property,
    ReplayError,
    Trace,
    TraceFormatError,
    as_system,
    ground,
    ground_property,
)
from seatrial.counterexamples import (
    Confirmed,
    ItfTrace,
    Story,
    as_trace,
    confirm,
    decode_value,
    printable,
    read_itf,
    render,
)
from seatrial.model import Mutant, environment_guards, mutants
from seatrial.properties import Promise

from . import __version__
from .display import Look
from .examples import PREFIX, Example, example, examples, made, near_or_listed, nearest
from .explaining import of_user_or_fault, table
from .kinds import KINDS, asked_where
from .other_manifest import with_manifest
from .own_systems import own_system, story_of
from .quantities import counted
from .scenarios import subject_of_recipe

__all__ = [
    "Read",
    "confirmed",
    "explain",
    "list_examples",
    "read_trace",
    "replay_trace",
    "show_trace",
]

_LIMIT = 64 * 2**20


def list_examples() -> str:
    """Each example with what it is and its parameters."""
    lines = []
    for each in examples():
        lines.append(f"{PREFIX}{each.name}  {each.summary}")
        given = ", ".join(f"{name}={value}" for name, value in each.parameters.items())
        lines.append(f"  --set  {given}")
    return "\n".join(lines) + "\n"


def explain(property_id: str) -> str:
    """
    A property in full, once for each example that has it; a known bug; a user or a fault.

    Raises DeclarationError for any other name.
    """
    promises = [each for kind in KINDS.values() for each in kind.promises]
    bugs = [each for kind in KINDS.values() for each in kind.broken_by_bugs]
    of_examples = [(of, each) for of in examples() for each in of.properties]
    texts = [
        *([of_user_or_fault(property_id)] if property_id in environment_guards.MAY_ACT else []),
        *(_of_manifests(each) for each in promises if each.property.id == property_id),
        *(_explained(each, [(_ASKED, _shown_by(each))]) for each in bugs if each.id == property_id),
        *(_of_example(of, each) for of, each in of_examples if each.id == property_id),
        *(_of_bug(each) for each in mutants.MUTANTS if each.id == property_id),
    ]
    if not texts:
        known = {each.id for each in (*bugs, *(each for _, each in of_examples))}
        known |= {each.property.id for each in promises}
        known |= {each.id for each in mutants.MUTANTS} | set(environment_guards.MAY_ACT)
        hint = near_or_listed(property_id, sorted(known))
        raise DeclarationError(
            f"there is no property, known bug, user or fault {property_id!r}; {hint}"
        )
    return "\n".join(texts)


_ASKED = "to check it"


def _of_manifests(promise: Promise) -> str:
    of = promise.property
    rows = [*asked_where(promise), (_ASKED, f"seatrial check FILE.yaml --property {of.id}")]
    if promise.preconditions:
        rows.append(("what they do", f"seatrial check FILE.yaml --why {of.id}"))
    return _explained(of, rows)


def _shown_by(property: Property) -> str:
    """The commands that show a known bug that breaks this."""
    bugs = [bug.id for bug in mutants.MUTANTS if property.id in bug.shows]
    return "; ".join(f"seatrial check --bug {name}" for name in bugs)


_EXPECTED = {
    "holds": "holds: it is asserted, and a violation gives exit code 1",
    "refuted": "refuted: known to be false as written, and kept to show the run; a violation"
    " changes the exit code only with --strict",
}


def _of_example(of: Example, property: Property) -> str:
    more = [("preconditions", "; ".join(property.preconditions) or "none")]
    if property.bound is not None:
        bounds = {each.bound for each in ground_property(ground(made(of, {})), property)}
        shown = ", ".join(map(str, sorted(each for each in bounds if each is not None)))
        more.append(("bound", f"{property.kind} {shown}, with the default parameters"))
    more.append(("example", of.name))
    more.append((_ASKED, f"seatrial check {PREFIX}{of.name} --property {property.id}"))
    return _explained(property, more)


def _of_bug(bug: Mutant) -> str:
    present = bug.kind == "fix"
    rows = [
        ("known bug", bug.about),
        ("source", bug.source),
        ("is there", "yes, still" if present else "no: the switch brings it in"),
        ("breaks", "; ".join(bug.shows)),
        ("to see it", f"seatrial check --bug {bug.id}"),
    ]
    if present:
        rows.append(("without it", f"seatrial check FILE.yaml --fix {bug.id}"))
    return table(bug.id, rows)


def _explained(property: Property, more: Sequence[tuple[str, str]]) -> str:
    rows = [
        ("promise", property.says),
        ("source", property.source),
        ("kind", property.kind),
        ("expected", _EXPECTED[property.expected]),
        ("premise", "asked only where its premise is met" if property.premise else "none"),
    ]
    return table(property.id, [*rows, *more])


@attrs.frozen
class Read:
    """
    A trace file that replays, and what it is a trace of.

    `kubernetes` is the release whose controllers act; None for examples, which have none.
    """

    trace: Trace
    system: Ground
    property: Property
    shown: str
    violation: bool
    story: Story | None = None
    kubernetes: str | None = None
    example: str = ""
    parameters: Mapping[str, int] = attrs.field(factory=dict)
    recipe: Mapping[str, Any] | None = None
    command: str = ""
    test: tuple[str, str] | None = None
    """The module and the name of the test that declares the system, if it is somebody's own."""


def read_trace(path: Path, test: str | None = None) -> Read:
    """
    Read a trace file and run its system along it.

    `test` is `FILE.py::TEST`, which declares the system where that is somebody's own.
    Raises TraceFormatError where it is no trace file of a known system, ReplayError where it is
    none of its runs, with the step and what was enabled; either says so where the file is of
    another version of Seatrial. Raises DeclarationError where the test declares no system.
    """
    with path.open("rb") as file:
        text = file.read(_LIMIT + 1)
    try:
        itf = read_itf(text)
    except TraceFormatError as error:
        raise TraceFormatError(f"{path}: {error}") from None
    try:
        return _read(itf, path) if test is None else _of_test(itf, test, path)
    except (DeclarationError, ReplayError, TraceFormatError) as error:
        raise type(error)(f"{error}{_of_another_version(itf)}") from None


def _of_another_version(itf: ItfTrace) -> str:
    by = itf.meta.get("description")
    known = isinstance(by, str) and re.fullmatch(r"seatrial \S{1,40}", by)
    if not isinstance(by, str) or not known or by == f"seatrial {__version__}":
        return ""
    return (
        f"; the file was written by {printable(by)} and this is seatrial {__version__}, whose"
        " model may be another"
    )


def _read(itf: ItfTrace, path: Path) -> Read:
    recipe = itf.meta.get("subject")
    if isinstance(recipe, dict) and "theorem" in recipe:
        return _of_theorem(itf, recipe)
    if isinstance(recipe, dict):
        return _of_recipe(itf, recipe, path)
    name = itf.meta.get("system")
    if not isinstance(name, str):
        shipped = ", ".join(each.name for each in examples())
        raise TraceFormatError(
            f"{path} does not say which system it is a trace of; traces of shipped examples can be"
            f" run again: {shipped}"
        )
    try:
        of = example(name)
    except DeclarationError as error:
        raise DeclarationError(
            f"{path}: {error}; a trace of a system of your own needs the test that declares it with"
            " @sea_trial: --test FILE.py::TEST"
        ) from None
    system = ground(made(of, _parameters(itf.meta, path)))
    trace = as_trace(itf, system)
    known = {each.id: each for each in of.properties}
    if trace.property_id not in known:
        hint = nearest(trace.property_id, known)
        raise ReplayError(f"example {name} has no property {trace.property_id!r}; {hint}")
    given = ", ".join(f"{each.name}={each.value}" for each in system.system.parameters)
    return Read(
        trace,
        system,
        known[trace.property_id],
        shown=f"{name} ({given})",
        violation=itf.meta.get("status") == "violation",
        example=f"{PREFIX}{name}",
        parameters=_parameters(itf.meta, path),
        command=_command(itf),
    )


def _command(itf: ItfTrace) -> str:
    command = itf.meta.get("command")
    return command if isinstance(command, str) else ""


def _of_recipe(itf: ItfTrace, recipe: Mapping[str, Any], path: Path) -> Read:
    """The trace of a workload, which the file holds itself: the manifest is not needed."""
    of = subject_of_recipe(recipe, str(path))
    system = ground(of.system)
    trace = as_trace(itf, system)
    known = {each.id: each for each in (*of.properties, *(one for one, _ in of.left_out))}
    if trace.property_id not in known:
        hint = nearest(trace.property_id, known)
        raise ReplayError(f"this workload has no property {trace.property_id!r}; {hint}")
    assert of.story is not None
    return Read(
        trace,
        system,
        known[trace.property_id],
        shown=of.story.about,
        violation=itf.meta.get("status") == "violation",
        story=of.story,
        kubernetes=recipe["kubernetes"],
        recipe=recipe,
        command=_command(itf),
    )


def _of_test(itf: ItfTrace, test: str, path: Path) -> Read:
    """The trace of a system that a test of somebody's own declares."""
    if isinstance(itf.meta.get("subject"), dict):
        raise DeclarationError(f"{path} is no trace of a test's own system; leave --test out")
    own = own_system(test)
    if itf.meta.get("system") != own.system.name:
        raise ReplayError(
            f"{path} is a trace of {printable(str(itf.meta.get('system')))}, and {test} checks"
            f" {own.system.name}"
        )
    system = ground(own.system)
    trace = as_trace(itf, system)
    if trace.property_id not in own.properties:
        hint = nearest(trace.property_id, own.properties)
        raise ReplayError(f"{test} asks no property {trace.property_id!r}; {hint}")
    return Read(
        trace,
        system,
        own.properties[trace.property_id],
        shown=f"{own.system.name} ({test})",
        violation=itf.meta.get("status") == "violation",
        story=story_of(own.system),
        command=_command(itf),
        test=(own.module, own.name),
    )


def _of_theorem(itf: ItfTrace, recipe: Mapping[str, Any]) -> Read:
    """The step that breaks a theorem, from the numbers at which it does."""
    name = recipe["theorem"]
    known = {each.id: each for each in properties.theorems.THEOREMS}
    if name not in known:
        raise ReplayError(f"there is no theorem {name!r}; {nearest(str(name), known)}")
    theorem, given = known[name], recipe.get("values")
    if not isinstance(given, dict) or given.keys() != dict(theorem.ranges).keys():
        raise ReplayError(f"the file does not give the numbers that theorem {name} is about")
    for key, allowed in theorem.ranges:
        if not allowed.allows(given[key]):
            raise ReplayError(f"{key} is {given[key]!r}; in theorem {name} it is {allowed}")
    system, asked = as_system(theorem, [dict(given)])
    grounded = ground(system)
    return Read(as_trace(itf, grounded), grounded, asked, shown=system.name, violation=True)


def _parameters(meta: Mapping[str, Any], path: Path) -> dict[str, int]:
    given = meta.get("parameters")
    if given is None:
        return {}
    if not isinstance(given, dict):
        raise TraceFormatError(f"{path} has a #meta.parameters that is no object")
    values = {name: decode_value(value, name) for name, value in given.items()}
    for name, value in values.items():
        if type(value) is not int:
            raise TraceFormatError(f"{path} has a parameter {name} that is no integer")
    return values


def confirmed(read: Read) -> Confirmed:
    """What the run shows. Raises ReplayError where that is not what the file says."""
    found = confirm(read.trace, read.property, read.system)
    if found.witness and read.violation and read.property.kind != "sometimes":
        raise ReplayError(
            f"the run in the trace does not break {read.property.id}: {found.trace.because[0]}"
        )
    return found


def show_trace(
    path: Path, look: Look, *, all_values: bool, roads: bool, test: str | None = None
) -> str:
    """
    The trace of a file as a timeline, with the reasons that the run itself gives.

    Raises ReplayError where it does not break the property that the file names.
    """
    read = read_trace(path, test)
    found = confirmed(read)
    return render(
        found.trace,
        read.property,
        system=read.system,
        width=look.width,
        color=look.color,
        ascii=look.ascii,
        all_values=all_values,
        roads=roads,
        witness=found.witness,
        story=read.story,
    )


def replay_trace(path: Path, manifest: Path | None = None, test: str | None = None) -> str:
    """
    A sentence that says that the file is a run of its system, or of it with another manifest.

    `test` is as in `read_trace`.

    Raises ReplayError where it is not, or where it does not break the property that the file names:
    so it is with the first steps of a longer one. It says what differs in the manifest where that
    is why.
    """
    if manifest is None:
        return _replayed(read_trace(path, test))
    if test is not None:
        raise DeclarationError("--manifest and --test exclude each other: a trace has one system")
    with path.open("rb") as file:
        itf = read_itf(file.read(_LIMIT + 1))
    recipe = itf.meta.get("subject")
    if not isinstance(recipe, dict):
        raise DeclarationError(f"{path} is no trace of a workload, and so of no manifest")
    subject_of_recipe(recipe, str(path))  # what is wrong with the file itself is said first
    other, differ = with_manifest(recipe, manifest)
    try:
        said = _replayed(_of_recipe(itf, other, path))
    except ReplayError as error:
        if not differ:
            raise
        raise ReplayError(f"{path} is a trace of another manifest: {'; '.join(differ)}") from error
    return said if not differ else f"{said.rstrip()}; other here: {'; '.join(differ)}\n"


def _replayed(read: Read) -> str:
    confirmed(read)
    steps = counted(read.trace.length, "step")
    loop = ", and the loop closes" if read.trace.loop is not None else ""
    return printable(f"replayed exactly: {steps} of {read.shown}{loop}") + "\n"
