"""
Systems of somebody's own, as a test of theirs declares them: `FILE.py::TEST`, with `@sea_trial`.

A trace file never says which code to run. Whoever has the file names the test, and its module is
imported as pytest imports it: it is code of theirs, and runs.
"""

import functools
import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs

from seatrial.core import DeclarationError, Property, SeatrialError, System
from seatrial.counterexamples import Story
from seatrial.model import operator

__all__ = ["Declared", "OwnSystem", "declared_by", "own_system", "story_of"]


@attrs.frozen
class Declared:
    """What `@sea_trial` was given: the function that makes what is checked, and the promises."""

    make: Callable[[], Any]
    promises: tuple[Property | str, ...]

    def system(self, name: str) -> System:
        """The system that is checked. Raises DeclarationError where it is none, or it fails."""
        try:
            made = self.make()
        except SeatrialError:
            raise
        except (Exception, SystemExit) as error:
            raise DeclarationError(f"{name} raised {type(error).__name__}: {error}") from error
        if not isinstance(made, System):
            raise DeclarationError(
                f"{name} checks no system of its own; a trace of manifests needs no test"
            )
        return made

    def properties(self) -> dict[str, Property]:
        """The promises by id."""
        return {each.id: each for each in self.promises if isinstance(each, Property)}


@attrs.frozen
class OwnSystem:
    """A system, its promises by id, and the test that declares both: module and name."""

    system: System
    properties: dict[str, Property]
    module: str
    name: str


def declared_by(test: object) -> Declared | None:
    """What a test function was declared with; None where it was not with `@sea_trial`."""
    found = getattr(test, "sea_trial", None)
    return found if isinstance(found, Declared) else None


def own_system(test: str) -> OwnSystem:
    """
    The system of `FILE.py::TEST`; what pytest adds in brackets does not matter.

    Raises DeclarationError in one line where there is no such test, or its module fails.
    """
    file, colons, rest = test.partition("::")
    name = rest.partition("[")[0]
    if not colons or not file.endswith(".py") or not name.isidentifier():
        raise DeclarationError(f"--test {test!r} is not of the form FILE.py::TEST")
    path = Path(file)
    if not path.is_file():
        raise DeclarationError(f"--test {test}: there is no file {file}")
    module = _imported(path)
    known = {key: each for key, each in vars(module).items() if declared_by(each) is not None}
    if name not in known:
        listed = ", ".join(known) or "none"
        raise DeclarationError(
            f"--test {test}: {file} has no test {name} with @sea_trial; it has {listed}"
        )
    declared = declared_by(known[name])
    assert declared is not None
    return OwnSystem(declared.system(test), declared.properties(), path.stem, name)


def _imported(path: Path) -> Any:
    """The module in a file, with the folder of the file in the path, as pytest has it."""
    folder = str(path.resolve().parent)
    if folder not in sys.path:
        sys.path.insert(0, folder)
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules.setdefault(path.stem, module)
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        raise DeclarationError(
            f"{path} cannot be imported: {type(error).__name__}: {error}"
        ) from error
    return module


def story_of(system: System) -> Story | None:
    """How runs of an operator are told; None for any other system."""
    if not isinstance(system, operator.OperatorSystem):
        return None
    about = f"operator {system.name}; {'; '.join(system.assumptions[:2])}"
    return Story(about, functools.partial(operator.summary, system.kinds), operator.who)
