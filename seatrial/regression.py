"""A violation as a test: the file that `trace export --to pytest` writes, and what it calls."""

import pprint
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from seatrial.core import DeclarationError, Ground, Property, ReplayError, System, Trace, ground
from seatrial.counterexamples import confirm, followed, printable, start_of, steps_of

from . import __version__
from .examples import PREFIX, example, made
from .own_systems import declared_by
from .scenarios import subject_of_recipe

__all__ = ["broken_by", "write_test"]

Recipe = Mapping[str, Any]

_WIDTH = 96


def broken_by(
    subject: System | Recipe | str | Callable[..., None],
    property: Property | str,
    steps: Sequence[tuple[Any, ...]],
    *,
    parameters: Mapping[str, int] | None = None,
    start: int = 0,
    loop: int | None = None,
) -> list[str]:
    """
    Run a system along these steps; why the run breaks the property, in words.

    `subject` is a system, a test with `@sea_trial` of one, the description of a workload that a
    trace file holds, or `example:NAME` with `parameters`; `property` is one, or, unless the subject
    is a system, its id.
    Raises ReplayError where the run is none of the system, with the step and what is enabled
    instead, or where it does not break the property.
    """
    system, promise = _made(subject, property, parameters or {})
    trace = followed(system, steps, property_id=promise.id, start=start, loop=loop)
    found = confirm(trace, promise, system)
    if found.witness and promise.kind != "sometimes":
        raise ReplayError(f"the run does not break {promise.id} any more: {found.trace.because[0]}")
    return list(found.trace.because)


def _made(
    subject: System | Recipe | str | Callable[..., None],
    property: Property | str,
    parameters: Mapping[str, int],
) -> tuple[Ground, Property]:
    if isinstance(subject, System):
        if not isinstance(property, Property):
            raise DeclarationError(f"{property!r} is an id; a system is asked a property")
        return ground(subject), property
    known: Iterable[Property]
    declared = declared_by(subject)
    if declared is not None:
        system, known = declared.system("the test"), declared.properties().values()
    elif isinstance(subject, str):
        of = example(subject.removeprefix(PREFIX))
        system, known = made(of, parameters), of.properties
    elif callable(subject):
        raise DeclarationError(f"{subject!r} is no test with @sea_trial")
    else:
        described = subject_of_recipe(subject, "the test")
        system = described.system
        known = (*described.properties, *(each for each, _ in described.left_out))
    if isinstance(property, Property):
        return ground(system), property
    for each in known:
        if each.id == property:
            return ground(system), each
    raise ReplayError(f"there is no property {property!r} of {system.name} any more")


def write_test(
    trace: Trace,
    property: Property,
    system: Ground,
    *,
    subject: str,
    parameters: Mapping[str, int] | None = None,
    recipe: Recipe | None = None,
    test: tuple[str, str] | None = None,
    about: str = "",
    because: Sequence[str] = (),
) -> str:
    """
    The text of a test module that runs by itself.

    `subject` is an expression, unless there is a `recipe`, or a `test`, by module and name, that
    declares the system. What comes from a model or a manifest
    stands in it as literals and comments only.
    """
    steps = steps_of(trace, system)
    start, name = start_of(trace, system), re.sub(r"\W", "_", property.id)
    arguments = ["SUBJECT", _literal(property.id), "STEPS"]
    if parameters:
        arguments.append(f"parameters={dict(parameters)!r}")
    if start:
        arguments.append(f"start={start}")
    if trace.loop is not None:
        arguments.append(f"loop={trace.loop}")
    imports = ["from seatrial.testing import broken_by"]
    if test is not None:
        module, function = test
        imports += ["", f"from {module} import {function} as declares_it"]
        subject = "declares_it"
    given = (
        subject if recipe is None else pprint.pformat(dict(recipe), width=_WIDTH, sort_dicts=False)
    )
    head = [
        f"A run that breaks {_word(property.id)}.",
        "",
        f"Written by seatrial {__version__}. The test passes as long as the model breaks the",
        "promise in this run; where it does so no more, the test says at which step it parts.",
    ]
    lines = [
        '"""',
        *head,
        '"""',
        "",
        *imports,
        "",
        *_comment(f"{about or system.system.name}"),
        f"SUBJECT = {given}",
        "",
        *_comment(f"promise: {property.says} ({property.source})"),
        "STEPS = [",
        *_steps(trace, steps),
        "]",
        "",
        "",
        f"def test_{name}() -> None:",
        f"    because = broken_by({', '.join(arguments)})",
        "",
        f"    assert because == {_list(because)}",
    ]
    return "\n".join(lines) + "\n"


def _word(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9 ._-]", "_", text)


def _comment(text: str) -> list[str]:
    return [f"# {printable(text, ascii=True)}"]


def _steps(trace: Trace, steps: Sequence[tuple[Any, ...]]) -> list[str]:
    """A line for each step, with its number and who took it; committed ones stand under it."""
    lines, number = [], 0
    for step, told in zip(trace.steps, steps, strict=True):
        number += not step.committed
        if not step.committed:
            lines.append(f"    # {number}  {printable(step.actor, ascii=True)}")
        parts = [_literal(part) if isinstance(part, str) else repr(part) for part in told]
        lines.append(f"    ({', '.join(parts)}),")
    return lines


def _literal(text: str) -> str:
    """A string in double quotes, where none is in it."""
    quoted = ascii(text)
    return quoted if '"' in text or "'" in text else f'"{quoted[1:-1]}"'


def _list(because: Sequence[str]) -> str:
    if not because:
        return "[]"
    return "\n".join(("[", *(f"        {_literal(each)}," for each in because), "    ]"))
