"""
What explore finds, and whether random runs find it too: known bugs, shipped manifests, examples.

    python benchmarks/hypothesis_versus_explore.py [--seconds 60] [--seed 0] [--only bugs]

Prints a row for each violation: the shortest run, the run that hypothesis shows, how many runs it
took, and seconds of processor time with the shortening. The last line has the mean of the ratios
of lengths, and how many were missed.
"""

import argparse
import time
from collections.abc import Iterator, Sequence
from importlib.resources import files

import attrs

from seatrial import explore
from seatrial.core import Property, Report, System
from seatrial.engines.stateful import Pulse, hypothesize
from seatrial.engines.stateful.limits import Ended
from seatrial.examples import examples, subject
from seatrial.kinds import KINDS
from seatrial.scenarios import Asked, Rung, scenarios

FOLDER = files("seatrial") / "manifests"
MEMORY = 2 << 30
"""Bytes that one exploration may hold."""


def known_bugs(
    kinds: Sequence[str] = tuple(KINDS),
) -> Iterator[tuple[str, System, tuple[Property, ...]]]:
    """The small system that is kept with each known bug, and what the bug breaks."""
    for kind in map(KINDS.__getitem__, kinds):
        for bug in kind.bugs:
            (scenario,) = scenarios((), Asked(bugs=(bug.id,)))
            subject = scenario.rungs[0].subject
            yield bug.id, subject.system, subject.properties


def shipped() -> Iterator[tuple[str, Rung]]:
    """Each rung of each shipped manifest."""
    for name in sorted(each.name for each in FOLDER.iterdir() if each.name.endswith(".yaml")):
        for scenario in scenarios((str(FOLDER / name),), Asked()):
            for rung in scenario.rungs:
                yield f"{name.removesuffix('.yaml')}, {rung.name}", rung


def processor_seconds(most: float) -> Pulse:
    """
    Ends random runs after so many seconds of processor time of this process.

    Unlike `time_limit` it gives the same search the same chance on a machine that others use too.
    """
    began = time.process_time()

    def pulse(*_: int) -> None:
        if time.process_time() - began > most:
            raise Ended("time-limit")

    return pulse


def row(
    name: str, system: System, asked: Property, found: Report, options: dict[str, float]
) -> str:
    """One violation: found again or missed."""
    trace = found.verdict(asked.id).trace
    assert trace is not None
    began = time.process_time()
    drawn = hypothesize(
        system,
        [attrs.evolve(asked, expected="holds")],
        runs=10**9,
        steps=200,
        seed=int(options["seed"]),
        progress=processor_seconds(options["seconds"]),
        first=True,
    )
    spent = time.process_time() - began
    again = drawn.verdicts[0].trace
    sampling = drawn.exploration.sampling
    assert sampling is not None
    if again is None:
        LENGTHS.append(None)
        length = "missed"
    else:
        LENGTHS.append(again.length / max(1, trace.length))
        length = str(again.length)
    return (
        f"| {name} | {asked.id} | {found.exploration.states:,} | {trace.length} | {length} |"
        f" {sampling.runs:,} | {spent:.1f} |"
    )


LENGTHS: list[float | None] = []


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", choices=("bugs", "manifests", "examples"))
    parser.add_argument("--kind", choices=tuple(KINDS), action="append")
    parser.add_argument("--explore-seconds", type=float, default=300.0)
    options = parser.parse_args()
    given = {"seconds": options.seconds, "seed": options.seed}
    print(
        "| system | property | states explored | shortest run | run of hypothesis | random runs |"
        " seconds |"
    )
    print("| --- | --- | --- | --- | --- | --- | --- |")
    if options.only in (None, "examples"):
        for example in examples():
            asked = subject((f"example:{example.name}",), ())
            found = explore(asked.system, asked.properties, time_limit=options.explore_seconds)
            for each in found.verdicts:
                if each.status == "violated" and each.trace is not None:
                    print(row(example.name, asked.system, each.property, found, given))
    if options.only in (None, "bugs"):
        for name, system, properties in known_bugs(options.kind or tuple(KINDS)):
            found = explore(system, properties, first=True, time_limit=options.explore_seconds)
            for each in found.verdicts:
                if each.status == "violated" and each.trace is not None:
                    print(row(name, system, each.property, found, given), flush=True)
    if options.only in (None, "manifests"):
        for name, rung in shipped():
            system = rung.subject.system
            found = explore(
                system,
                rung.subject.properties,
                time_limit=options.explore_seconds,
                memory_limit=MEMORY,
            )
            end = "" if found.exploration.complete else f" ({found.exploration.capped})"
            for each in found.verdicts:
                if each.status == "violated" and each.trace is not None:
                    print(row(f"{name}{end}", system, each.property, found, given), flush=True)
    ratios = [each for each in LENGTHS if each is not None]
    print(
        f"\n{len(ratios)} of {len(LENGTHS)} found, in runs {sum(ratios) / len(ratios):.3f} times as"
        " long as the shortest, on average"
    )


if __name__ == "__main__":
    main()
