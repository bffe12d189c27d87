"""
Whether random runs find what is there: random systems with a violation a few steps away.

    python benchmarks/hypothesis_random_systems.py [--count 1000] [--seconds 2] [--most 8]

Of each random system of the tests that is explored to the end, the violation that lies deepest
within that depth is sought for so many seconds of processor time. Prints what was found, in how
many runs, how much longer than the shortest, and the seeds of those missed. Each run found is
replayed on the rules, and each shortest run is followed by this engine too.
"""

import argparse
import contextlib
import itertools
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import attrs
from hypothesis_versus_explore import processor_seconds

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from randomly.build import build
from randomly.draw import draw
from seatrial.core import Property, System, Trace, ground, replay
from seatrial.engines.explore import explore
from seatrial.engines.stateful import hypothesize
from seatrial.engines.stateful.answers import Answers
from seatrial.engines.stateful.runs import Runner, Start
from seatrial.engines.stateful.shorten import follow, grouped

LARGEST = 600


@attrs.frozen
class Case:
    """A system with a violation, and the shortest run to it."""

    seed: int
    system: System
    property: Property
    trace: Trace


def cases(least: int, most: int, kinds: Sequence[str] = ()) -> Iterator[Case]:
    """
    Random systems, by seed, with a violation that takes so many steps.

    Of properties of these `kinds`, if any are given.
    """
    for seed in itertools.count():
        system, properties = build(draw(seed))
        properties = [each for each in properties if not kinds or each.kind in kinds]
        if not properties:
            continue
        report = explore(system, properties, kernel="plain", max_states=LARGEST)
        found = [
            Case(seed, system, attrs.evolve(each.property, expected="holds"), each.trace)
            for each in report.verdicts
            if each.status == "violated"
            and each.trace is not None
            and each.trace.loop is None
            and least <= each.trace.length <= most
        ]
        if report.exploration.complete and found:
            yield max(found, key=lambda each: each.trace.length)


def follows(case: Case) -> bool:
    """Whether this engine comes to the violation along the shortest run of the other."""
    answers = Answers(ground(case.system), [case.property])
    origin = tuple(value for _, value in case.trace.initial)
    start = Start(origin, (), origin, answers.state(origin))
    runner = Runner(answers, [start], swarm=True, steps=50, seed=0, check=lambda: None)
    wanted = grouped(answers, case.trace.steps)
    stuck = case.property.kind == "deadlock free"

    def done(settled: Sequence[int]) -> bool:
        return not runner.walker.enabled() if stuck else bool(settled)

    moves = follow(runner, start, wanted, done)
    return moves is not None and len(moves) == case.trace.length


def main() -> None:
    """Print what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--least", type=int, default=2)
    parser.add_argument("--most", type=int, default=8)
    options = parser.parse_args()
    missed: list[tuple[int, str, int]] = []
    runs: list[int] = []
    ratios: list[float] = []
    lengths: Counter[int] = Counter()
    followed = 0
    began = time.process_time()
    with contextlib.suppress(KeyboardInterrupt):  # what was found until then is said
        for case, _ in zip(cases(options.least, options.most), range(options.count), strict=False):
            lengths[case.trace.length] += 1
            drawn = hypothesize(
                case.system,
                [case.property],
                runs=10**9,
                steps=50,
                progress=processor_seconds(options.seconds),
                first=True,
            )
            sampling, verdict = drawn.exploration.sampling, drawn.verdicts[0]
            assert sampling is not None
            if verdict.trace is None or verdict.status != "violated":
                missed.append((case.seed, case.property.id, case.trace.length))
                continue
            replay(ground(case.system), verdict.trace)
            followed += follows(case)
            runs.append(sampling.runs)
            ratios.append(verdict.trace.length / case.trace.length)
    runs.sort()
    by_length = dict(sorted(lengths.items()))
    half, most = runs[len(runs) // 2], runs[9 * len(runs) // 10]
    ratio = sum(ratios) / len(ratios)
    print(f"{sum(lengths.values()):,} systems; shortest runs by length: {by_length}")
    print(f"found {len(runs):,}, missed {len(missed):,} within {options.seconds:g} s: {missed}")
    print(f"runs it took: half of them {half}, nine in ten {most}")
    print(f"length, by the shortest: {ratio:.3f} on average, {max(ratios):.2f} at most")
    print(f"of the shortest runs this engine followed {followed:,} to the violation")
    print(f"{time.process_time() - began:.0f} s of processor time")


if __name__ == "__main__":
    main()
