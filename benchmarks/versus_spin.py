"""
Seatrial against SPIN on the same two systems: interleaved runs, medians, ratios.

Both search exhaustively and exactly, check one invariant and agree in their counts. SPIN is built
twice: with the plain options `-O3 -DSAFETY -DNOREDUCE`, and with all that was found to help it.

Where others use the machine, look at the CPU seconds of the longest thread instead of the seconds:
they are what a search takes where each thread has a core to itself.
"""

import argparse
import json
import statistics
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from spin.run_spin import ROLLOUT, TWO_PHASE, Case, build, run

PLAIN = ("-O3", "-DSAFETY", "-DNOREDUCE")
HERE = Path(__file__).parent
Figures = dict[str, float]


def seatrial(case: Case, arguments: list[str]) -> Figures:
    """One run of Seatrial in a process of its own."""
    command = [sys.executable, str(HERE / "search.py"), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    figures: Figures = json.loads(done.stdout)
    if (figures["states"], figures["transitions"]) != (case.states, case.transitions):
        raise SystemExit(f"{case.title}: counts differ from {case.states}, {case.transitions}")
    return figures


def spin(case: Case, pan: Path, *, tuned: bool) -> Figures:
    """One run of SPIN."""
    done = run(pan, hash_bits=case.hash_bits, huge_pages=tuned)
    differences = case.differences(done)
    if differences:
        raise SystemExit(f"{case.title}: SPIN counts otherwise: {differences}")
    return {
        "seconds": done.search_seconds,
        "longest_thread_seconds": done.cpu_seconds,
        "peak_rss_bytes": float(done.peak_rss_bytes),
    }


def compare(case: Case, arguments: list[str], runs: int) -> None:
    """Interleave runs of all sides and print their medians."""
    plain = build(case.model, case.defines, PLAIN)
    tuned = build(case.model, case.defines)
    sides: dict[str, Callable[[], Figures]] = {
        "seatrial, 2 threads": lambda: seatrial(case, arguments),
        "seatrial, 1 thread": lambda: seatrial(case, [*arguments, "--threads", "1"]),
        "SPIN " + " ".join(PLAIN): lambda: spin(case, plain, tuned=False),
        "SPIN tuned": lambda: spin(case, tuned, tuned=True),
    }
    results: dict[str, list[Figures]] = {side: [] for side in sides}
    for number in range(runs + 1):
        for side, once in sides.items():
            figures = once()
            if number:  # the first round warms caches up
                results[side].append(figures)
    print(f"\n{case.title}: {case.states:,} states, {case.transitions:,} transitions, {runs} runs")
    two = results["seatrial, 2 threads"]
    ours = statistics.median(f["seconds"] for f in two)
    our_cpu = statistics.median(f["longest_thread_seconds"] for f in two)
    for side, figures in results.items():
        seconds = sorted(f["seconds"] for f in figures)
        median = statistics.median(seconds)
        memory = statistics.median(f["peak_rss_bytes"] for f in figures)
        cpu = statistics.median(f["longest_thread_seconds"] for f in figures)
        print(
            f"  {side:<38} median {median:6.2f} s ({seconds[0]:.2f} to {seconds[-1]:.2f})"
            f"  {case.states / median / 1e6:5.2f} M states/s"
            f"  {memory / case.states:6.1f} bytes a state  x {median / ours:.2f};"
            f" CPU of the longest thread {cpu:6.2f} s  x {cpu / our_cpu:.2f}"
        )


def main() -> int:
    """Both systems."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    compare(ROLLOUT, ["rollout", "4", "1", "1", "3", "1"], options.runs)
    compare(TWO_PHASE, ["two-phase", "8"], options.runs)
    return 0


if __name__ == "__main__":
    sys.exit(main())
