"""
Fresh random cases: draw states, ask the oracle, and shrink what diverges.

Half of the examples are walks through composed systems, half are states that need not be reachable.
"""

import time
from collections.abc import Callable, Iterator
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from seatrial.oracle.cases import Case, Controller
from seatrial.oracle.confirm import Ask

from . import strategies
from .law import Divergence, Tally, examine
from .recorded import Record

__all__ = ["Campaign"]

_ROUND = 30
"""Examples between two looks at the clock."""


class Campaign:
    """A search for divergences of one controller; `tally` says what it has covered."""

    def __init__(
        self,
        controller: Controller,
        ask: Ask,
        first_seed: int = 0,
        keep: Callable[[Record], None] | None = None,
        clusters_each: int = 4,
    ) -> None:
        self.controller = controller
        self.tally = Tally()
        self._ask = ask
        self._seed = first_seed
        self._keep = keep
        self._clusters_each = clusters_each
        self._walks = strategies.Walks(first_seed)

    def run(self, seconds: float | None = None, syncs: int | None = None) -> Iterator[Tally]:
        """
        Compare for so long, or so many; the tally from time to time. Raises Divergence, shrunk.
        """
        began = time.monotonic()
        while True:
            for cases in (self._arbitrary(), strategies.reachable(self._walks)):
                self._round(cases)
                yield self.tally
                if seconds is not None and time.monotonic() - began >= seconds:
                    return
                if syncs is not None and self.tally.syncs >= syncs:
                    return

    def _arbitrary(self) -> st.SearchStrategy[list[Case]]:
        one = strategies.arbitrary_deployments()
        if self.controller == "replicaset":
            one = strategies.arbitrary_replica_sets()
        return st.lists(one, min_size=1, max_size=8)

    def _round(self, cases: st.SearchStrategy[list[Case]]) -> None:
        self._seed += 1
        numbered = self._seed

        @seed(numbered)
        @settings(
            max_examples=_ROUND,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate, Phase.shrink],
            report_multiple_bugs=False,
        )
        @given(cases)
        def agrees(drawn: list[Case]) -> None:
            mine = [case for case in dict.fromkeys(drawn) if case.controller == self.controller]
            self._examine(mine, numbered)

        _without_arguments(agrees)

    def _examine(self, cases: list[Case], numbered: int) -> None:
        first = 1000 * (numbered % 1000)
        asked = examine(self._ask, cases, self.tally, first, self._clusters_each)
        if self._keep is not None:
            for case, number, faults, answer in asked:
                self._keep(Record(case, number, tuple(faults), answer))


def _without_arguments(agrees: Any) -> None:
    """Run it; of a failure only what it says, since Hypothesis would add all that was drawn."""
    try:
        agrees()
    except Divergence as divergence:
        divergence.__notes__ = []
        raise
