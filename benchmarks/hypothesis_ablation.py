"""
What swarms, steering and novelty are worth: the same searches with each switched off.

    python benchmarks/hypothesis_ablation.py [--runs 2000] [--seeds 3] [--systems 100]

Prints, for the known bugs and for bounds of random systems, how many violations were found within
so many runs, the runs that took in all, and seconds of processor time.
"""

import argparse
import itertools
import time
from collections.abc import Sequence

import attrs
from hypothesis_random_systems import cases
from hypothesis_versus_explore import known_bugs

from seatrial.core import Property, System
from seatrial.engines.stateful import hypothesize
from seatrial.kinds import KINDS

Case = tuple[System, Property]


def row(name: str, chosen: Sequence[Case], options: argparse.Namespace) -> None:
    """One line for each combination."""
    for swarm, target, novelty in itertools.product((True, False), repeat=3):
        began, found, runs = time.process_time(), 0, 0
        for system, asked in chosen:
            for seed in range(options.seeds):
                report = hypothesize(
                    system,
                    [asked],
                    runs=options.runs,
                    steps=options.steps,
                    seed=seed,
                    first=True,
                    swarm=swarm,
                    target=target,
                    novelty=novelty,
                )
                assert report.exploration.sampling is not None
                found += report.verdicts[0].status == "violated"
                runs += report.exploration.sampling.runs
        of = len(chosen) * options.seeds
        on = {True: "on", False: "off"}
        print(
            f"| {name} | {on[swarm]} | {on[target]} | {on[novelty]} | {found} of {of} | {runs:,} |"
            f" {time.process_time() - began:.0f} |",
            flush=True,
        )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=2000)
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--kind", choices=tuple(KINDS), action="append")
    parser.add_argument("--systems", type=int, default=100)
    parser.add_argument("--only", choices=("bugs", "bounds"))
    options = parser.parse_args()
    print(
        "| what | swarm | target | novelty | found | runs | seconds |\n"
        "| --- | --- | --- | --- | --- | --- | --- |"
    )
    bugs = options.only != "bounds" and [
        (system, attrs.evolve(each, expected="holds"))
        for _, system, properties in known_bugs(options.kind or tuple(KINDS))
        for each in properties
    ]
    if bugs:
        row("known bugs", bugs, options)
    if options.only == "bugs":
        return
    found = itertools.islice(cases(5, 14, ("at least", "at most")), options.systems)
    row("bounds of random systems", [(each.system, each.property) for each in found], options)


if __name__ == "__main__":
    main()
