"""Would the random systems notice? Faults are planted in a copy of the engine, one at a time."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

import pytest

from engine_copy import FAULTS, Fault, engine_with
from random_systems import Kernel, disagreement

pytestmark = pytest.mark.heavy

MOST = 400
"""So many random systems must suffice to notice a fault."""


class Endless(Exception):
    """A search that should end does not: that is noticed too."""


@contextmanager
def _alarmed(seconds: float = 20.0) -> Iterator[None]:
    """End what takes so long, again and again, until it is given up."""

    def ring(*_: object) -> None:
        raise Endless

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds, 1.0)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@pytest.mark.filterwarnings("ignore:overflow encountered")
@pytest.mark.parametrize("kernel", ["plain", "compiled"])
def test_a_copy_without_a_fault_agrees_with_the_reference(kernel: Kernel, tmp_path: Path) -> None:
    """Otherwise the next test would prove nothing."""
    with engine_with(None, tmp_path) as engine:
        for seed in range(25):
            assert disagreement(seed, kernel, threads=1, engine=engine) is None


@pytest.mark.filterwarnings("ignore:overflow encountered")
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name.split(":")[0])
def test_the_random_systems_notice_a_fault(fault: Fault, tmp_path: Path) -> None:
    """A checker of the checker that catches nothing is worth nothing."""
    with engine_with(fault, tmp_path) as engine:
        for seed in range(MOST):
            try:
                with _alarmed():
                    if disagreement(seed, cast(Kernel, fault.kernel), threads=1, engine=engine):
                        return
            except Endless:
                return
    pytest.fail(f"{MOST} random systems do not notice that {fault.name}")
