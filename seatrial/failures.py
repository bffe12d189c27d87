"""What a person sees when a run fails: one line, and for a defect of ours what to send us."""

import contextlib
import os
import platform
import shlex
import sys
import traceback
from collections.abc import Sequence
from typing import TextIO

from . import __version__

__all__ = ["INTERNAL", "abandon", "complain", "failed"]

INCONCLUSIVE = 3
INTERNAL = 4
_INVOLVED = ("attrs", "click", "numba", "numpy")


def complain(message: str) -> None:
    """A line on stderr for each in the message, whatever is in it."""
    for line in message.splitlines() or [""]:
        shown = "".join(each if each.isprintable() else " " for each in line)
        _say(f"seatrial: {' '.join(shown.split())}")


def _say(text: str) -> None:
    """To stderr; where that is full there is no place left to complain."""
    try:
        print(text, file=sys.stderr, flush=True)
    except OSError:
        abandon(sys.stderr)


def abandon(stream: TextIO) -> None:
    """Write nothing more there: Python flushes once more at its end, and that must not fail."""
    with contextlib.suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def failed(error: Exception, words: Sequence[str]) -> int:
    """Report an error that ended the command; the exit code."""
    if isinstance(error, MemoryError):
        complain("out of memory, nothing is decided; --memory-limit ends a run before that")
        return INCONCLUSIVE
    if isinstance(error, OSError) and error.filename is None:
        # What cannot be opened has a name: this is a report that does not go where it should.
        abandon(sys.stdout)
        complain(f"the report could not be written: {error.strerror or error}")
        return INTERNAL
    if isinstance(error, OSError):
        complain(f"{error.filename}: {error.strerror or error}")
        return 2
    # Not by class: what failed may be the import of seatrial.core.
    code = getattr(error, "exit_code", INTERNAL)
    if isinstance(code, int) and code != INTERNAL:
        complain(str(error))
        return code
    complain(f"internal error: {type(error).__name__}: {error}")
    _say(_what_to_send(error, words))
    return INTERNAL


def _what_to_send(error: Exception, words: Sequence[str]) -> str:
    versions = [f"seatrial {__version__}", f"Python {platform.python_version()}"]
    versions += [f"{name} {_version(name)}" for name in _INVOLVED]
    return "\n".join(
        (
            "This is a defect of seatrial or of a shipped model. Please send us what follows.",
            f"  versions  {', '.join(versions)}; {platform.platform()}",
            f"  command   {shlex.join(['seatrial', *words])}",
            "".join(traceback.format_exception(error)).rstrip(),
        )
    )


def _version(name: str) -> str:
    # Takes as long to import as all else here, and is only needed when something is wrong.
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(name)
    except PackageNotFoundError:
        return "absent"
