"""`seatrial trace export`: a trace file as a test, a diagram, data, or a page."""

from pathlib import Path

from seatrial.core import ReplayError
from seatrial.counterexamples import (
    document_of,
    write_html,
    write_json,
    write_mermaid,
)

from . import __version__
from .inspecting import confirmed, read_trace
from .regression import write_test

__all__ = ["FORMS", "export_trace"]

FORMS = ("pytest", "mermaid", "json", "html")


def export_trace(path: Path, form: str, test: str | None = None) -> str:
    """
    The trace of a file in another form, after its system was run along it.

    `test` is `FILE.py::TEST` where the system is somebody's own.

    Raises as `read_trace` does, and ReplayError where the run does not break what the file names.
    """
    read = read_trace(path, test)
    found = confirmed(read)
    if form == "pytest":
        if found.witness and read.property.kind != "sometimes":
            raise ReplayError(
                f"the run breaks nothing, {found.trace.because[0]}; a violation makes a test"
            )
        return write_test(
            found.trace,
            read.property,
            read.system,
            subject=repr(read.example),
            test=read.test,
            parameters=read.parameters,
            recipe=read.recipe,
            about=read.shown,
            because=found.trace.because,
        )
    document = document_of(
        found.trace,
        read.property,
        system=read.system,
        story=read.story,
        witness=found.witness,
        version=__version__,
        command=read.command,
    )
    write = {"mermaid": write_mermaid, "json": write_json, "html": write_html}[form]
    return write(document)
