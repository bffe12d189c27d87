"""Random rules, claims and systems on which `prove` must agree with Python and with explore.

A seed gives Python source, and what is said of unknown numbers has to be so of each of them. Of
*rules* all paths are compared with Python; of *claims*, `prove_claim` with Python and explore at
all numbers of a small box; of *systems* with parameters, `prove_system` with explore at all sizes
of a small box.

    python tests/random_proofs.py --count 2000 --start 0 --workers 2
    python tests/random_proofs.py --kind claims --seed 4711      # one seed, with its source
"""

import argparse
import multiprocessing
import resource
import signal
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import attrs

from randomly.claims import claim_compared, claim_source, rule_compared, rule_source
from randomly.sizes import system_compared, system_source
from randomly.writing import Compared

KINDS: dict[str, tuple[Callable[[int], Compared], Callable[[int], str]]] = {
    "rules": (rule_compared, rule_source),
    "claims": (claim_compared, claim_source),
    "systems": (system_compared, system_source),
}
SECONDS = 90
"""So much of the processor one seed may take; one that takes longer is a failure."""
SILENCE = 1_200
"""A worker that says nothing for so many seconds by the clock is ended: it waits for the solver."""
MEMORY = 3_000_000_000
BATCH = 50


class TooLong(BaseException):
    """The time of a seed is up. No rule catches it."""


def compared(kind: str, seed: int) -> Compared:
    """What came of a seed. What the engine raises is a flaw of its own."""
    try:
        return KINDS[kind][0](seed)
    except Exception:
        return Compared((), f"it raises\n{traceback.format_exc()}")


def _batch(kind: str, start: int, count: int, pipe: Any) -> None:
    """Compare seeds, one after the other, and send what came of each."""

    def up(*_: Any) -> None:
        raise TooLong

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    signal.signal(signal.SIGPROF, up)
    for seed in range(start, start + count):
        signal.setitimer(signal.ITIMER_PROF, SECONDS)
        try:
            found = compared(kind, seed)
        except TooLong:
            where = "".join(traceback.format_exc().splitlines(True)[-9:-1])
            found = Compared((), f"it takes more than {SECONDS} s, in\n{where}")
        signal.setitimer(signal.ITIMER_PROF, 0)
        pipe.send((seed, found))


def _results(kind: str, start: int, count: int) -> Iterator[tuple[int, Compared]]:
    """What came of these seeds, from a process of its own, or more where one is ended."""
    fresh = multiprocessing.get_context("spawn")
    last = start + count
    while start < last:
        mine, theirs = fresh.Pipe(duplex=False)
        worker = fresh.Process(target=_batch, args=(kind, start, last - start, theirs), daemon=True)
        worker.start()
        theirs.close()
        try:
            while start < last:
                if not mine.poll(SILENCE):
                    raise EOFError
                seed, found = mine.recv()
                yield seed, found
                start = seed + 1
        except EOFError:
            worker.kill()
            yield start, Compared((), "its process ended, or did not answer")
            start += 1
        worker.join()


@attrs.define
class Campaign:
    """Many seeds of a kind: what was said, and the flaws."""

    kind: str
    said: Counter[str] = attrs.field(factory=Counter)
    seeds: int = 0
    flaws: int = 0

    def take(self, seed: int, found: Compared) -> None:
        """Count one, and print its flaw."""
        self.seeds += 1
        self.said.update(each.partition(":")[0].partition(" ")[0] for each in found.said)
        if found.flaw:
            self.flaws += 1
            print(f"{self.kind} {seed}: {found.flaw}")
            print(f"    python tests/random_proofs.py --kind {self.kind} --seed {seed}", flush=True)

    def __str__(self) -> str:
        said = ", ".join(f"{each} {count}" for each, count in self.said.most_common())
        return f"{self.kind}: {self.seeds} seeds, {self.flaws} failed; {said}"


def _one(kind: str, seed: int) -> int:
    found = compared(kind, seed)
    print(KINDS[kind][1](seed))
    print(*found.said, found.flaw, sep="\n")
    return 1 if found.flaw else 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Compare on many seeds; 1 if any fails."""
    parser = argparse.ArgumentParser(description="Compare prove with Python and with explore.")
    parser.add_argument("--count", type=int, default=200, help="so many seeds of each kind")
    parser.add_argument("--start", type=int, default=0)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--kind", choices=tuple(KINDS))
    parser.add_argument("--seed", type=int, help="this seed of --kind alone, with its source")
    options = parser.parse_args(arguments)
    if options.seed is not None:
        return _one(options.kind or "claims", options.seed)
    campaigns = {each: Campaign(each) for each in ([options.kind] if options.kind else KINDS)}
    last, said = options.start + options.count, time.monotonic()
    batches = [
        (kind, start, min(BATCH, last - start))
        for start in range(options.start, last, BATCH)
        for kind in campaigns
    ]

    def done(batch: tuple[str, int, int]) -> None:
        nonlocal said
        for seed, found in _results(*batch):
            campaigns[batch[0]].take(seed, found)
            if time.monotonic() - said > 30:
                said = time.monotonic()
                print("; ".join(map(str, campaigns.values())), flush=True)

    with ThreadPoolExecutor(options.workers) as pool:
        list(pool.map(done, batches))
    print("\n".join(map(str, campaigns.values())))
    return 1 if any(each.flaws for each in campaigns.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
