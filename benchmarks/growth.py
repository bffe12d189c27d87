"""
Does the time per transition stay the same as systems grow? Medians over interleaved runs.

CPU seconds, too: they mean something on a machine that others use.
"""

import argparse
import json
import statistics
import subprocess
import sys
from pathlib import Path

CASES = (
    ("rollout", "3", "2", "1", "3", "1"),
    ("rollout", "4", "1", "1", "3", "1"),
    ("rollout", "4", "2", "1", "3", "1"),
    ("rollout", "4", "1", "1", "3", "2"),
    ("rollout", "5", "1", "1", "3", "1"),
)


def main() -> int:
    """Run all cases in turn, several times."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    results: dict[tuple[str, ...], list[dict[str, float]]] = {case: [] for case in CASES}
    for _ in range(options.runs):
        for case in CASES:
            command = [sys.executable, str(Path(__file__).parent / "search.py"), *case]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            results[case].append(json.loads(done.stdout))
    for case, figures in results.items():
        seconds = statistics.median(each["seconds"] for each in figures)
        busy = statistics.median(each["cpu_seconds"] for each in figures)
        one = figures[0]
        print(
            f"{' '.join(case):<20} {one['states']:>12,} states {one['transitions']:>13,}"
            f" transitions {seconds:7.2f} s {1e9 * seconds / one['transitions']:6.1f} ns each,"
            f" {busy:7.2f} CPU s {1e9 * busy / one['transitions']:6.1f} ns each,"
            f" {one['peak_rss_bytes'] / one['states']:6.1f} bytes a state"
            f" {one['rule_evaluations']:,} evaluations"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
