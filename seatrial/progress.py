"""How far a search is, on stderr: one line rewritten on a terminal, else a line now and then."""

import contextlib
import shutil
import time
from collections.abc import Callable
from typing import TextIO

import attrs

from .quantities import show_bytes, show_seconds

__all__ = ["Progress"]

_ON_TERMINAL = 0.1
_ELSEWHERE = 30.0


@attrs.define
class Progress:
    """
    Takes the engine's pulse and shows it, ten times a second at most.

    Without a terminal there is one line each 30 seconds, none for a short run. What was written is
    wiped out by `done`, so that the report starts on a clean line. `rung` says what is searched.
    """

    stream: TextIO
    rung: str = ""
    clock: Callable[[], float] = time.monotonic
    _began: float = attrs.field(init=False)
    _next: float = attrs.field(init=False)
    _terminal: bool = attrs.field(init=False)
    _shown: bool = attrs.field(init=False, default=False)

    def __attrs_post_init__(self) -> None:
        self._terminal = self.stream.isatty()
        self._began = self.clock()
        self._next = self._began + self._pause

    @property
    def _pause(self) -> float:
        return _ON_TERMINAL if self._terminal else _ELSEWHERE

    def __call__(self, depth: int, states: int, _: int, frontier: int, held: int) -> None:
        """The explicit engine's callback; the number of transitions has no room in 80 columns."""
        self._beat(f"depth {depth}", states, f"{frontier:,} to expand", held)

    def sampled(self, runs: int, states: int, _: int, left: int, held: int) -> None:
        """The Hypothesis engine's callback."""
        self._beat(f"{runs:,} runs", states, f"{left:,} to go", held)

    def proving(self, questions: int) -> None:
        """The symbolic engine's callback."""
        if (elapsed := self._due()) is not None:
            self._show(f"{questions:,} questions", show_seconds(elapsed))

    def _beat(self, far: str, states: int, left: str, held: int) -> None:
        if (elapsed := self._due()) is not None:
            self._show(
                far,
                f"{states:,} states",
                left,
                f"{states / elapsed:,.0f} states/s" if elapsed > 0 else "",
                show_bytes(held) if held else "",
                show_seconds(elapsed),
            )

    def _due(self) -> float | None:
        """How many seconds have passed, where it is time to show something."""
        now = self.clock()
        if now < self._next:
            return None
        self._next = now + self._pause
        return now - self._began

    def _show(self, *parts: str) -> None:
        self._write(", ".join(filter(None, (self.rung, *parts))))

    def _write(self, line: str) -> None:
        if self._terminal:
            width = shutil.get_terminal_size().columns
            self._send(f"\r\x1b[K{line[: max(1, width - 1)]}")
        else:
            self._send(f"seatrial: {line}\n")
        self._shown = True

    def _send(self, text: str) -> None:
        # A search does not end because nobody can be told how far it is.
        with contextlib.suppress(OSError):
            self.stream.write(text)
            self.stream.flush()

    def done(self) -> None:
        """Clean up after the last pulse."""
        if self._terminal and self._shown:
            self._send("\r\x1b[K")
