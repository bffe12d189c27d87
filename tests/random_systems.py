"""Random systems on which the explicit engine must agree with `reference.py`.

A seed gives a `Plan`: a system and its properties as data, small expression trees over numbers. Two
interpreters that share nothing but the data make it run: `build` writes Python source with
declarations for `seatrial`, where values are of many types, families have indices and views are
views; `plain` makes the functions over plain dicts from cell names to numbers that the reference
takes. `disagreement` runs both and says what differs.

    python tests/random_systems.py --count 100000 --start 0 --workers 2 --kernel both
    python tests/random_systems.py --seed 4711            # one seed, made smaller, as source
"""

import argparse
import concurrent.futures
import multiprocessing
import random
import sys
import time
import traceback
from collections.abc import Iterator, Sequence
from typing import Literal

import attrs

import seatrial.core as core
from randomly.comparison import Comparison, Engine, the_engine
from randomly.draw import draw
from randomly.plan import Plan
from randomly.shrink import shown, smaller

Kernel = Literal["plain", "compiled", "both"]

FRESH_AFTER = 200
"""So many batches a worker makes before a fresh one takes its place: memory grows with them."""


def disagreement(
    seed: int,
    kernel: Kernel = "plain",
    threads: int = 2,
    *,
    caps: bool = True,
    reductions: bool = True,
    engine: Engine | None = None,
) -> str | None:
    """What engine and reference disagree about on the system of a seed; None: nothing."""
    return plan_disagreement(
        draw(seed), kernel, threads, caps=caps, reductions=reductions, engine=engine
    )


def plan_disagreement(
    plan: Plan,
    kernel: Kernel = "plain",
    threads: int = 2,
    *,
    caps: bool = True,
    reductions: bool = True,
    engine: Engine | None = None,
) -> str | None:
    """The same for any plan."""
    rng = random.Random(plan.seed)
    both = Comparison(plan, engine or the_engine(), threads)
    kernels = ("plain", "compiled") if kernel == "both" else (kernel,)
    whole = (both.whole(each) for each in kernels)
    reports = [both.comparable(report) for report in whole if report is not None]
    if len(reports) == 2:
        one, other = reports
        if one != other:
            both.differ({}, f"the kernels differ: {_difference(one, other)}")
    states, depth = len(both.graph.states), max(both.graph.depth)
    if caps and rng.random() < 0.25:
        cap = rng.choice(
            ({"max_states": rng.randint(1, states + 1)}, {"max_depth": rng.randint(0, depth + 1)})
        )
        both.capped({"kernel": rng.choice(kernels), **cap})
    if reductions and (plan.loose or rng.random() < 0.25):
        both.reduced({"kernel": rng.choice(kernels), "partial_order": True})
    if reductions and plan.symmetric and rng.random() < 0.6:
        both.reduced({"kernel": rng.choice(kernels), "symmetry": True})
    return "; ".join(both.differences) or None


def _difference(one: core.Report, other: core.Report) -> str:
    found = [
        f"{field.name} {getattr(one.exploration, field.name)!r} and"
        f" {getattr(other.exploration, field.name)!r}"
        for field in attrs.fields(core.Exploration)
        if getattr(one.exploration, field.name) != getattr(other.exploration, field.name)
    ]
    for mine, theirs in zip(one.verdicts, other.verdicts, strict=False):
        found += [
            f"{mine.property.id} {field.name} {getattr(mine, field.name)!r} and"
            f" {getattr(theirs, field.name)!r}"
            for field in attrs.fields(core.Verdict)
            if getattr(mine, field.name) != getattr(theirs, field.name)
        ]
    return ", ".join(found)


def _batch(
    start: int, count: int, kernel: Kernel, threads: int
) -> tuple[int, list[tuple[int, str]]]:
    failed = []
    for seed in range(start, start + count):
        try:
            found = disagreement(seed, kernel, threads)
        except Exception:
            found = f"the comparison itself raised\n{traceback.format_exc()}"
        if found:
            failed.append((seed, found))
    return count, failed


def _results(
    batches: Sequence[tuple[int, int, Kernel, int]], workers: int
) -> Iterator[tuple[int, list[tuple[int, str]]]]:
    """What came of these batches, as each is done, by fresh workers."""
    with concurrent.futures.ProcessPoolExecutor(
        workers, mp_context=multiprocessing.get_context("spawn")
    ) as pool:
        for done in concurrent.futures.as_completed([pool.submit(_batch, *b) for b in batches]):
            yield done.result()


def _one(seed: int, kernel: Kernel, threads: int) -> int:
    found = disagreement(seed, kernel, threads)
    if found is None:
        print(f"seed {seed}: no disagreement")
        return 0
    least = smaller(draw(seed), lambda plan: plan_disagreement(plan, kernel, threads) is not None)
    print(f"seed {seed}: {found}\n\nmade smaller: {plan_disagreement(least, kernel, threads)}\n")
    print(shown(least))
    return 1


def main(arguments: Sequence[str] | None = None) -> int:
    """Compare on many seeds; 1 if any fails."""
    parser = argparse.ArgumentParser(description="Compare the engine with the reference.")
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--start", type=int, default=0)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--kernel", choices=("plain", "compiled", "both"), default="both")
    parser.add_argument("--seed", type=int, help="this seed alone, made smaller if it fails")
    options = parser.parse_args(arguments)
    if options.seed is not None:
        return _one(options.seed, options.kernel, options.threads)
    passed, failed, began, said = 0, 0, time.monotonic(), time.monotonic()
    size = 25
    batches = [
        (start, min(size, options.start + options.count - start), options.kernel, options.threads)
        for start in range(options.start, options.start + options.count, size)
    ]
    for part in range(0, len(batches), FRESH_AFTER * options.workers):
        some = batches[part : part + FRESH_AFTER * options.workers]
        for count, failures in _results(some, options.workers):
            passed += count - len(failures)
            failed += len(failures)
            for seed, found in failures:
                print(f"seed {seed}: {found}")
                print(f"    python tests/random_systems.py --seed {seed} --kernel {options.kernel}")
            if time.monotonic() - said > 5:
                said = time.monotonic()
                rate = (passed + failed) / (said - began)
                print(f"{passed + failed} of {options.count}, {rate:.0f} a second", flush=True)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
