"""Ctrl-C while the solver works: it ends the question, and then the proof.

The solver would take the signal for itself and say that it does not know, and who asked would go
on. So it is told not to, and a thread that waits for the signal interrupts it.
"""

import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import z3

from seatrial.core import interruptible

__all__ = ["INTERRUPTED", "check_stopped", "new_solver", "simplified", "stoppable"]

INTERRUPTED = "interrupted before it was settled"


def new_solver() -> Any:
    """A solver that leaves Ctrl-C to Python."""
    solver = z3.Solver()
    solver.set("ctrl_c", False)
    return solver


def simplified(term: Any) -> Any:
    """A term in short, made so without taking Ctrl-C."""
    return z3.simplify(term, ctrl_c=False)


_STOPPED: list[Callable[[], bool]] = []


def check_stopped() -> None:
    """Raise KeyboardInterrupt where Ctrl-C was pressed: what the solver has said is then void."""
    if _STOPPED and _STOPPED[-1]():
        raise KeyboardInterrupt


@contextmanager
def stoppable() -> Iterator[None]:
    """
    Where Ctrl-C ends a question at once, and what asked it with KeyboardInterrupt.

    It is raised at `check_stopped` alone: the solver's objects run code of their own when they are
    freed, where it would be lost.
    """
    with interruptible() as stopped:
        if threading.current_thread() is not threading.main_thread() or _STOPPED:
            yield  # somebody listens already, or is in nobody's way
            return
        ears, mouth = socket.socketpair()
        mouth.setblocking(False)
        before = signal.set_wakeup_fd(mouth.fileno(), warn_on_full_buffer=False)
        listener = threading.Thread(target=_listen, args=(ears,), daemon=True)
        listener.start()
        _STOPPED.append(stopped)
        try:
            yield
        except Exception:
            if stopped():
                raise KeyboardInterrupt from None
            raise
        finally:
            _STOPPED.pop()
            signal.set_wakeup_fd(before)
            mouth.close()
            listener.join()
            ears.close()


def _listen(ears: socket.socket) -> None:
    while heard := ears.recv(1):
        if heard[0] == signal.SIGINT:
            z3.main_ctx().interrupt()
