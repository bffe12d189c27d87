"""
The clock of all time limits: it stands still while the hot loop is compiled.

On a machine that runs Seatrial for the first time compiling takes about as long as a whole ladder
may. The clock stands here, apart from `jit.py`, so that asking for it does not load the compiler.
"""

import time

__all__ = ["now", "start_compiling", "stop_compiling"]

_compiling = [0.0]
"""Seconds that went into compiling."""
_open: list[float] = []
"""When what is being compiled was begun: a function, and within that what it calls."""


def now() -> float:
    """Seconds of a monotonic clock without those that this process spent compiling."""
    return time.monotonic() - _compiling[0]


def start_compiling() -> None:
    """Something is going to be compiled."""
    _open.append(time.monotonic())


def stop_compiling() -> None:
    """It is compiled; what was compiled within something else counts with that."""
    began = _open.pop()
    if not _open:
        _compiling[0] += time.monotonic() - began
