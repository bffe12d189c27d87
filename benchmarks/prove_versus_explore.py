"""
For all sizes at once, against one size after the other.

The promise is that sizes stay within replicas + maxSurge in `example:rolling`. Exploring is
repeated for N = 1 to 8 replicas, with maxSurge and maxUnavailable at 1, and with each of 0 to N;
the proof is for all N, and all surges and unavailabilities.

    python benchmarks/prove_versus_explore.py [MOST]
"""

import sys
import time
from collections.abc import Iterable, Mapping
from itertools import product
from typing import Any

from seatrial.core import System, Whole
from seatrial.engines.explore import explore
from seatrial.engines.prove.queries import Limits, Queries
from seatrial.engines.prove.systems import prove_system
from seatrial.model import rolling
from seatrial.properties import rolling as promises

_OPEN = {name: Whole(0) for name in ("replicas", "max_surge", "max_unavailable")}


def build(values: Mapping[str, Any]) -> System:
    """The system with these sizes, which may be open."""
    return rolling.rolling(**values)


def explored(replicas: int, bounds: Iterable[tuple[int, int]]) -> tuple[int, bool, float]:
    """States in all, whether it held in each, and the CPU seconds, for these bounds."""
    begin = time.process_time()
    states, held = 0, True
    for surge, unavailable in bounds:
        report = explore(rolling.rolling(replicas, surge, unavailable), [promises.sizes])
        states += report.exploration.states
        held = held and report.verdicts[0].status == "holds"
    return states, held, time.process_time() - begin


def main(most: int) -> None:
    """Print a table: CPU seconds, because a machine may do other things meanwhile."""
    begin = time.process_time()
    proofs = prove_system(build, _OPEN, [promises.sizes], Queries(Limits(depth=3)))
    proved = time.process_time() - begin
    print("| what | states, bounds 1 | s | states, all bounds to N | s | s for 1 to N |")
    print("| --- | --- | --- | --- | --- | --- |")
    spent = 0.0
    for replicas in range(1, most + 1):
        one, held, cost = explored(replicas, [(1, 1)])
        every, all_held, whole = explored(replicas, product(range(replicas + 1), repeat=2))
        spent += whole
        past = "" if spent < proved else ": more than the proof"
        said = "" if held and all_held else " (violated)"
        print(
            f"| N = {replicas}{said} | {one:,} | {cost:.2f} | {every:,} | {whole:.1f}"
            f" | {spent:.1f}{past} |"
        )
    print(f"| all N, all bounds: {proofs.proofs[0].status} | | | | {proved:.1f} | |")
    print("\ninvariant:", *proofs.proofs[0].invariant, sep="\n  ")


if __name__ == "__main__":
    main(int(sys.argv[1]) if sys.argv[1:] else 8)
