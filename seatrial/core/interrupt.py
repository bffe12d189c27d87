"""Ctrl-C ends a search in good order, and not in the midst of a step."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

__all__ = ["interruptible"]


@contextmanager
def interruptible() -> Iterator[Callable[[], bool]]:
    """Ctrl-C asks the search to stop; a second one raises KeyboardInterrupt."""
    if threading.current_thread() is not threading.main_thread():
        yield lambda: False
        return
    pressed = threading.Event()
    before = signal.getsignal(signal.SIGINT)

    def press(*_: object) -> None:
        if pressed.is_set():
            raise KeyboardInterrupt
        pressed.set()

    outer = getattr(before, "pressed", None)
    if outer is not None or before is not signal.default_int_handler:
        # A search within a search stops with it; somebody else's handler is theirs.
        yield outer.is_set if outer is not None else lambda: False
        return
    press.pressed = pressed  # type: ignore[attr-defined]
    signal.signal(signal.SIGINT, press)
    try:
        yield pressed.is_set
    finally:
        signal.signal(signal.SIGINT, before)
