"""Every error that a person can meet, and what it means for them.

SeatrialError
├── DeclarationError     a declaration cannot be used as it stands (exit code 2)
├── ValueRefused         a value may not be part of a state (exit code 2)
├── RuleError            a rule misbehaved when it was called (exit code 2)
│   ├── NotAFunction     a rule gave two answers for one input (exit code 4)
│   └── NotSymbolic      a rule did with a number what needs its value (exit code 3)
├── PropertyError        a property misbehaved when it was called (exit code 2)
├── ReplayError          a trace is not a run of this system (exit code 2)
└── TraceFormatError     a trace file cannot be read (exit code 2)

Each message names the rule with its file and line, says what is wrong, and what would be right.
"""

import inspect
from collections.abc import Callable
from typing import Any

__all__ = [
    "DeclarationError",
    "NotAFunction",
    "NotSymbolic",
    "PropertyError",
    "ReplayError",
    "RuleError",
    "SeatrialError",
    "TraceFormatError",
    "ValueRefused",
    "place",
    "shown",
    "where",
]


class SeatrialError(Exception):
    """The root of all errors that Seatrial raises on purpose."""

    exit_code = 2


class DeclarationError(SeatrialError):
    """A variable, view, action, property or system is declared in a way that has no meaning."""


class ValueRefused(SeatrialError):
    """A value is mutable, unhashable, of no known kind, or equal to one of another type."""


class RuleError(SeatrialError):
    """An action or a view raised, wrote what it did not declare, or yielded no outcome object."""


class NotAFunction(RuleError):
    """A rule gave two different answers for one input: it reads something it does not declare."""

    exit_code = 4


class NotSymbolic(RuleError):
    """A rule did with a number what cannot be done while its value is not known, or without end."""

    exit_code = 3


class PropertyError(SeatrialError):
    """A property raised, or returned something other than its kind asks for."""


class ReplayError(SeatrialError):
    """A recorded step is not a step of this system."""


class TraceFormatError(SeatrialError):
    """A trace file is not well-formed ITF JSON."""


_LONGEST = 200


def where(function: Callable[..., Any]) -> str:
    """`NAME (FILE:LINE)` of a function, for messages; of the one inside where it is decorated."""
    inner = inspect.unwrap(function)
    code = getattr(inner, "__code__", None)
    name = getattr(inner, "__qualname__", None) or shown(inner)
    return f"{name} ({code.co_filename}:{code.co_firstlineno})" if code is not None else str(name)


def place(error: BaseException, function: Callable[..., Any]) -> str:
    """` at line N`: the last line of the function's file that the error came through, if any."""
    found = ""
    code = getattr(inspect.unwrap(function), "__code__", None)
    traceback = error.__traceback__
    while traceback is not None:
        if code is not None and traceback.tb_frame.f_code.co_filename == code.co_filename:
            found = f" at line {traceback.tb_lineno}"
        traceback = traceback.tb_next
    return found


def shown(value: object) -> str:
    """
    `repr(value)` for messages, cut where it is long; an error never hides behind its own text.

    >>> shown((1, "Running"))
    "(1, 'Running')"
    >>> shown(10**5000)
    'a int that cannot be printed'
    """
    try:
        text = repr(value)
    except Exception:
        return f"a {type(value).__name__} that cannot be printed"
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
