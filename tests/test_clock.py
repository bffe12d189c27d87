"""Time limits are seconds of searching: what a first run spends compiling does not count."""

import time

from seatrial.engines.explore import clock, now


def test_the_clock_stands_still_while_the_hot_loop_is_compiled() -> None:
    """Else the first check on a new machine says less than the second."""
    before, began = now(), time.monotonic()

    clock.start_compiling()
    clock.start_compiling()  # what the first one calls
    time.sleep(0.05)
    clock.stop_compiling()
    time.sleep(0.05)
    clock.stop_compiling()

    gone = time.monotonic() - began
    assert gone >= 0.1
    assert now() - before <= gone - 0.1


def test_the_clock_goes_on_afterwards() -> None:
    """A clock that stands still for ever is no limit."""
    before = now()

    time.sleep(0.02)

    assert now() - before >= 0.02
