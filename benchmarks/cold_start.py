"""How long a person waits for a first verdict, and for help: whole processes, medians."""

import argparse
import statistics
import subprocess
import sys
import time

THOUSAND = (
    "from seatrial.engines.explore import explore\n"
    "from seatrial.model import rollout\n"
    "from seatrial.properties import rollout as promises\n"
    "report = explore(rollout.rollout(2), promises.PROPERTIES)\n"
    "assert 1000 <= report.exploration.states <= 2000\n"
)
COMMANDS = {
    "1,684 states, five verdicts, from Python": [sys.executable, "-c", THOUSAND],
    "the same from the command line": [
        *(sys.executable, "-m", "seatrial", "check", "example:rollout"),
        *("--set", "replicas=2", "--quiet"),
    ],
    "seatrial --help": [sys.executable, "-m", "seatrial", "--help"],
}


def main() -> int:
    """Each command in turn, several times."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=9)
    options = parser.parse_args()
    seconds: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for _ in range(options.runs):
        for name, command in COMMANDS.items():
            began = time.perf_counter()
            subprocess.run(command, check=True, capture_output=True)
            seconds[name].append(time.perf_counter() - began)
    for name, each in seconds.items():
        print(f"{name:<42} median {statistics.median(each):.3f} s, least {min(each):.3f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
