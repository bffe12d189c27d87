"""Ctrl-C while the solver is asked.

The solver takes the signal for itself where it is let: it gives up the question that it is at, or
does not even do that, and the proof goes on with one answer less. Here it is not let. The press is
noted as in any other search; a thread tells the solver to stop, since Python itself comes back only
with its answer; and whoever asks the solver looks here.
"""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import z3

from seatrial.core import interruptible

__all__ = ["INTERRUPTED", "interruptible_solver", "stop_if_interrupted", "stopping"]

INTERRUPTED = "interrupted before this was settled"


@contextmanager
def interruptible_solver() -> Iterator[None]:
    """While this lasts, Ctrl-C raises KeyboardInterrupt at the next question to the solver."""
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
    """The solver's error where it was stopped at what is no question, as KeyboardInterrupt."""
    try:
        yield
    except z3.Z3Exception:
        stop_if_interrupted()
        raise


def stop_if_interrupted() -> None:
    """Raise KeyboardInterrupt where Ctrl-C was pressed."""
    pressed = getattr(signal.getsignal(signal.SIGINT), "pressed", None)
    if pressed is not None and pressed.is_set():
        raise KeyboardInterrupt
