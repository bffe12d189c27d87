"""Limits of random runs, and what is refused as one."""

import time
from collections.abc import Callable
from typing import Any

import attrs

from seatrial.core import DeclarationError

__all__ = ["Ended", "Limits", "check_options"]


def check_options(*numbers: tuple[str, Any, int, int | None]) -> None:
    """Raise DeclarationError for an option that is no number from its least to its most."""
    for name, value, least, most in numbers:
        if value is None and name.endswith("_limit"):
            continue
        kinds = (int, float) if name == "time_limit" else (int,)
        if isinstance(value, bool) or not isinstance(value, kinds) or value < least:
            raise DeclarationError(f"{name}={value!r} is no number from {least} on")
        if most is not None and value > most:
            raise DeclarationError(f"{name}={value!r} is more than {most:,}, the most there can be")


class Ended(BaseException):
    """A limit ended the search; it passes through Hypothesis, which catches exceptions."""


@attrs.frozen
class Limits:
    """Seconds and bytes; None is no limit. `stopped` says whether somebody pressed Ctrl-C."""

    seconds: float | None
    memory: int | None
    stopped: Callable[[], bool]
    began: float

    def check(self, held: int) -> None:
        """Raise Ended where a limit is met."""
        if self.stopped():
            raise Ended("interrupted")
        if self.seconds is not None and time.monotonic() - self.began > self.seconds:
            raise Ended("time-limit")
        if self.memory is not None and held > self.memory:
            raise Ended("memory-limit")
