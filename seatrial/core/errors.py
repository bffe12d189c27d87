"""Every error that a person can meet, and what it means for them.

SeatrialError
├── DeclarationError     a declaration cannot be used as it stands (exit code 2)
├── ValueRefused         a value may not be part of a state (exit code 2)
├── RuleError            a rule misbehaved when it was called (exit code 2)
│   └── NotAFunction     a rule gave two answers for one input (exit code 4)
├── PropertyError        a property misbehaved when it was called (exit code 2)
├── ReplayError          a trace is not a run of this system (exit code 2)
└── TraceFormatError     a trace file cannot be read (exit code 2)

Each message names the rule with its file and line, says what is wrong, and what would be right.
"""

from collections.abc import Callable
from typing import Any

__all__ = [
    "DeclarationError",
    "NotAFunction",
    "PropertyError",
    "ReplayError",
    "RuleError",
    "SeatrialError",
    "TraceFormatError",
    "ValueRefused",
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


class PropertyError(SeatrialError):
    """A property raised, or returned something other than its kind asks for."""


class ReplayError(SeatrialError):
    """A recorded step is not a step of this system."""


class TraceFormatError(SeatrialError):
    """A trace file is not well-formed ITF JSON."""


def where(function: Callable[..., Any]) -> str:
    """`NAME (FILE:LINE)` of a function, for messages."""
    code = getattr(function, "__code__", None)
    name = getattr(function, "__qualname__", repr(function))
    return f"{name} ({code.co_filename}:{code.co_firstlineno})" if code is not None else str(name)
