"""
For all sizes at once, against one size after the other.

The promise is that sizes stay within replicas + maxSurge in `example:rolling`, with maxSurge and
maxUnavailable at 1. Exploring is repeated for N = 1 to 8 replicas; the proof is for all N, and all
surges and unavailabilities.

    python benchmarks/prove_versus_explore.py [MOST]
"""

import sys
import time
from collections.abc import Mapping
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


def main(most: int) -> None:
    """Print a table: CPU seconds, because a machine may do other things meanwhile."""
    print("| what | states | verdict | CPU seconds |")
    print("| --- | --- | --- | --- |")
    spent = 0.0
    for replicas in range(1, most + 1):
        begin = time.process_time()
        report = explore(rolling.rolling(replicas, 1, 1), [promises.sizes])
        cost = time.process_time() - begin
        spent += cost
        found = report.verdicts[0].status
        print(f"| explore N = {replicas} | {report.exploration.states:,} | {found} | {cost:.1f} |")
    print(f"| explore N = 1 to {most} | | | {spent:.1f} |")
    begin = time.process_time()
    proofs = prove_system(build, _OPEN, [promises.sizes], Queries(Limits(depth=3)))
    cost = time.process_time() - begin
    print(f"| prove, all N | | {proofs.proofs[0].status} | {cost:.1f} |")
    print("\ninvariant:", *proofs.proofs[0].invariant, sep="\n  ")


if __name__ == "__main__":
    main(int(sys.argv[1]) if sys.argv[1:] else 8)
