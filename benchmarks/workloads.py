"""
What the shipped web Deployment costs to explore, by level, faults and size.

    python benchmarks/workloads.py [--seconds 300]

Prints a row for each: states, transitions, depth, evaluations of rules and their share of the
transitions, search time, rate, bytes a state. A row that is not complete says which cap ended it.
"""

import argparse
from importlib.resources import files

import attrs

from seatrial import explore
from seatrial.model import Environment, environment, read_manifests, workload

ROWS = (
    (3, "set-image", "none", "atomic", 0),
    (3, "set-image", "container-exit", "atomic", 0),
    (3, "set-image", "none", "interleaved", 0),
    (1, "set-image", "container-exit", "interleaved", 1),
    (2, "set-image", "none", "interleaved", 1),
    (2, "set-image", "container-exit", "interleaved", 1),
    (3, "set-image", "none", "interleaved", 1),
    (3, "set-image", "container-exit", "interleaved", 1),
)


def main() -> None:
    """Explore each row within the time that it has."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=300.0)
    seconds = parser.parse_args().seconds
    web = read_manifests([str(files("seatrial") / "manifests" / "web.yaml")]).deployments[0]
    print(
        "| replicas, users, faults, level, lag | states | transitions | depth | evaluations |"
        " seconds | M transitions/s | bytes/state |"
    )
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for replicas, users, faults, level, lag in ROWS:
        spec = attrs.evolve(workload.spec_of(web), replicas=replicas)
        around = Environment(
            users=environment.budgets([users], "users"),
            faults=environment.budgets([faults], "faults"),
            level=level,
            lag=lag,
        )
        found = explore(
            workload.compose("web", spec, around), [], threads=2, time_limit=seconds
        ).exploration
        rate = found.transitions / max(found.seconds, 0.001) / 1e6
        share = 100 * found.rule_evaluations / max(1, found.transitions)
        end = "" if found.complete else f" ({found.capped})"
        print(
            f"| {replicas}, {users}, {faults}, {level}, {lag} | {found.states:,}{end} |"
            f" {found.transitions:,} | {found.depth} | {found.rule_evaluations:,} ({share:.2f} %) |"
            f" {found.seconds:.1f} | {rate:.2f} | {found.bytes_held // max(1, found.states)} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
