"""
One search in a process of its own, and what it took, as one line of JSON.

`python benchmarks/search.py rollout 4 1 1 3 1` or `… two-phase 8`. A small search comes first, so
that compiled code is loaded before the clock starts, as SPIN's is; `wall_seconds` has it all.
`cpu_seconds` are those of all threads, `longest_thread_seconds` those of the first, which has a
part in all that is done: so long it takes at least where every thread has a core to itself.
"""

import argparse
import json
import os
import resource
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from seatrial.core import Property, Report, System
from seatrial.engines.explore import explore
from seatrial.model import rollout
from seatrial.properties import rollout as promises
from systems import two_phase


def system_of(name: str, sizes: list[int]) -> tuple[System, list[Property]]:
    """A benchmark system of these sizes, and one invariant of it."""
    if name == "rollout":
        return rollout.rollout(*sizes), [promises.sizes_within_surge]
    return two_phase.two_phase(*sizes), [two_phase.consistent]


def measured(report: Report) -> dict[str, float]:
    """The figures of one search."""
    found = report.exploration
    return {
        "states": found.states,
        "transitions": found.transitions,
        "depth": found.depth,
        "seconds": found.seconds,
        "rule_evaluations": found.rule_evaluations,
        "bytes_held": found.bytes_held,
    }


def main() -> int:
    """Search once, print the line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("system", choices=["rollout", "two-phase"])
    parser.add_argument("sizes", type=int, nargs="+")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--symmetry", action="store_true")
    options = parser.parse_args()
    began = time.perf_counter()
    small = [2, 1, 1, 2, 1] if options.system == "rollout" else [3]
    more = {"symmetry": options.symmetry, "threads": options.threads, "kernel": "compiled"}
    explore(*system_of(options.system, small), **more)
    loaded = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    busy, mine = time.process_time(), time.thread_time()
    report = explore(*system_of(options.system, options.sizes), **more)
    line = measured(report)
    line["cpu_seconds"] = time.process_time() - busy
    line["longest_thread_seconds"] = time.thread_time() - mine
    line["wall_seconds"] = time.perf_counter() - began
    line["loaded_rss_bytes"] = loaded
    line["peak_rss_bytes"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    line["bytes_a_state"] = line["peak_rss_bytes"] / line["states"]
    if any(verdict.status != "holds" for verdict in report.verdicts):
        raise SystemExit(f"the invariant does not hold: {report.verdicts}")
    print(json.dumps(line))
    return 0


if __name__ == "__main__":
    sys.exit(main())
