"""Ctrl-C while the solver is asked, and the end of the time for a whole run.

The solver takes the signal for itself where it is let: it gives up the question that it is at, or
does not even do that, and the proof goes on with one answer less. Here it is not let. The press is
noted as in any other search; a thread tells the solver to stop, since Python itself comes back only
with its answer; and whoever asks the solver looks here.
"""

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import z3

from seatrial.core import interruptible

__all__ = [
    "Stopped",
    "answer_of",
    "interruptible_solver",
    "stop_if_interrupted",
    "stopping",
    "timed",
]


class Stopped(KeyboardInterrupt):
    """Ctrl-C was pressed, or the time for the whole run is up: `args` say which."""


_ENDS: list[float] = []
"""When the run in progress has to end, on the monotonic clock."""


@contextmanager
def timed(seconds: float) -> Iterator[None]:
    """While this lasts, questions to the solver raise Stopped once so many seconds have passed."""
    _ENDS.append(time.monotonic() + seconds)
    try:
        yield
    finally:
        _ENDS.pop()


@contextmanager
def interruptible_solver() -> Iterator[None]:
    """While this lasts, Ctrl-C raises Stopped at the next question to the solver."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    z3.set_param("ctrl_c", False)
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    with interruptible():
        before = signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
        watch = threading.Thread(target=_watch, args=(reader,), daemon=True)
        watch.start()
        try:
            with stopping():
                yield
        finally:
            signal.set_wakeup_fd(before)
            os.close(writer)
            watch.join()
            os.close(reader)
            z3.set_param("ctrl_c", True)


def _watch(reader: int) -> None:
    """Stop the solver at each press; ends when nobody writes any more."""
    while numbers := os.read(reader, 64):
        if signal.SIGINT in numbers:
            z3.main_ctx().interrupt()


@contextmanager
def stopping() -> Iterator[None]:
    """The solver's error where it was stopped at what is no question, as Stopped."""
    try:
        yield
    except z3.Z3Exception:
        stop_if_interrupted()
        raise


def answer_of(solver: Any, *assuming: Any) -> Any:
    """What the solver says. Raises Stopped where it was stopped: it says no more than `unknown`."""
    said = solver.check(*assuming)
    stop_if_interrupted()
    return said


def stop_if_interrupted() -> None:
    """Raise Stopped where Ctrl-C was pressed, or the time is up."""
    pressed = getattr(signal.getsignal(signal.SIGINT), "pressed", None)
    if pressed is not None and pressed.is_set():
        raise Stopped("interrupted before this was settled")
    if _ENDS and time.monotonic() > _ENDS[-1]:
        raise Stopped("the time for the whole run was up before this was settled")
