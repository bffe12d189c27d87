"""What a person sees when a run fails: one line, and for a defect of ours what to send us."""

import platform
import shlex
import sys
import traceback
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version

from . import __version__

__all__ = ["INTERNAL", "complain", "failed"]

INCONCLUSIVE = 3
INTERNAL = 4
_INVOLVED = ("attrs", "click", "numba", "numpy")


def complain(message: str) -> None:
    """One line on stderr, whatever is in the message."""
    shown = "".join(each if each.isprintable() else " " for each in message)
    print(f"seatrial: {' '.join(shown.split())}", file=sys.stderr)


def failed(error: Exception, words: Sequence[str]) -> int:
    """Report an error that ended the command; the exit code."""
    if isinstance(error, MemoryError):
        complain("out of memory, nothing is decided; --memory-limit ends a run before that")
        return INCONCLUSIVE
    if isinstance(error, OSError):
        complain(f"{error.filename or 'input or output'}: {error.strerror or error}")
        return 2
    # Not by class: what failed may be the import of seatrial.core.
    code = getattr(error, "exit_code", INTERNAL)
    if isinstance(code, int) and code != INTERNAL:
        complain(str(error))
        return code
    complain(f"internal error: {type(error).__name__}: {error}")
    print(_what_to_send(error, words), file=sys.stderr)
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
    try:
        return version(name)
    except PackageNotFoundError:
        return "absent"
