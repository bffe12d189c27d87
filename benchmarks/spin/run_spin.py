"""
SPIN's side of the comparison: builds pan, the C program that SPIN makes of a Promela model, runs
it, and reads what it prints.

    python benchmarks/spin/run_spin.py --runs 5

Exact and exhaustive: every state vector is stored in full (no bitstate, no hash compaction), and
partial-order reduction is off, as it is on our side. One thread. SPIN searches depth first and
keeps only the stack (61 steps in rollout), no parent of a state: its counterexamples are not
shortest ones, and what our parents cost, it does not pay. Its depth is therefore the longest path
of its search, not the greatest distance from the initial state.

Needs spin and gcc on PATH (Debian: apt-get install spin gcc) and nothing but the standard library.
"""

from __future__ import annotations

import argparse
import atexit
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent

COMPILE_OPTIONS = (
    "-O3",
    "-DSAFETY",  # no search for cycles
    "-DNOREDUCE",  # the whole graph
    # What follows changes neither graph nor exactness, and makes SPIN faster by about a fifth. It
    # may be used because the state vectors of these models have one length and nothing to mask.
    "-DNOVSZ",  # the length of the vector is not stored in the vector
    "-DNOCOMP",  # a vector is hashed and compared as it lies in memory
    "-DNO_RESIZE",  # -w is right from the start, so no hash value is kept for moving states
)
"""
What pan is compiled with. Tried without a gain above the noise: -march=native, -DNOBOUNDCHECK,
-DNOFIX, -DMURMUR, -DSPACE, -DVECTORSZ=64.
"""


class SpinError(Exception):
    """SPIN could not be run, or what it did was no complete search without errors."""


@dataclass(frozen=True)
class Run:
    """One search. For what pan's own `states` and `transitions` mean see `Case.differences`."""

    states: int
    transitions: int
    depth: int
    """The longest path of the depth-first search, in steps."""
    search_seconds: float
    """As pan prints it: three digits, by a clock of 10 ms."""
    wall_seconds: float
    cpu_seconds: float
    """User and system. Steadier than the other two on a busy machine, and pan has one thread."""
    peak_rss_bytes: int
    state_vector_bytes: int


@dataclass(frozen=True)
class Case:
    """A model at one size, with the counts that every checker agrees on."""

    title: str
    model: str
    defines: Mapping[str, int]
    states: int
    transitions: int
    hash_bits: int
    setup_steps: int = 0
    """Steps before the initial state: rollout takes one to fill its arrays."""

    def differences(self, run: Run) -> list[str]:
        """
        What the run counted otherwise; empty if all is as it should be.

        pan calls stored plus matched states "transitions", so the very first state counts as one.
        """
        expected = {
            "states": (run.states, self.states + self.setup_steps),
            "transitions": (run.transitions, self.transitions + self.setup_steps + 1),
        }
        return [
            f"{self.title}: {found:,} {what} instead of {wanted:,}"
            for what, (found, wanted) in expected.items()
            if found != wanted
        ]


def rollout(
    replicas: int,
    surge: int,
    unavailable: int,
    revisions: int,
    crashes: int,
    *,
    states: int,
    transitions: int,
    hash_bits: int,
) -> Case:
    """The rolling update, in the order of parameters of the table in rollout.pml."""
    return Case(
        f"rollout {replicas} {surge} {unavailable} {revisions} {crashes}",
        "rollout.pml",
        {
            "REPLICAS": replicas,
            "SURGE": surge,
            "UNAVAILABLE": unavailable,
            "REVISIONS": revisions,
            "CRASHES": crashes,
        },
        states,
        transitions,
        hash_bits,
        setup_steps=1,
    )


def two_phase(managers: int, *, states: int, transitions: int, hash_bits: int) -> Case:
    """Two-phase commit among so many resource managers."""
    return Case(
        f"two-phase {managers}",
        "two_phase.pml",
        {"MANAGERS": managers},
        states,
        transitions,
        hash_bits,
    )


SMALL = (
    rollout(2, 1, 1, 2, 1, states=1_684, transitions=5_887, hash_bits=16),
    rollout(3, 1, 1, 2, 1, states=7_384, transitions=27_787, hash_bits=16),
    two_phase(3, states=288, transitions=1_145, hash_bits=16),
    two_phase(5, states=8_832, transitions=58_145, hash_bits=16),
    two_phase(7, states=296_448, transitions=2_744_705, hash_bits=21),
)
"""Sizes that only show that the model is the right one."""

ROLLOUT = rollout(4, 1, 1, 3, 1, states=6_742_093, transitions=39_059_459, hash_bits=25)
TWO_PHASE = two_phase(8, states=1_745_408, transitions=18_507_777, hash_bits=23)
LARGE = (ROLLOUT, TWO_PHASE)
"""
The sizes that are timed. `hash_bits` is the smallest -w within 3% of the fastest;
`--hash-bits` makes this table again (median wall seconds of 5, and peak RSS):

    -w            22      23      24      25      26      27
    rollout     7.73    6.68    6.07    5.93    5.92    5.84
              253 MB  286 MB  354 MB  487 MB  757 MB 1293 MB
    two-phase   1.49    1.37    1.43    1.45    1.42    1.48
               80 MB  113 MB  180 MB  314 MB  582 MB 1119 MB
"""


def build(
    model: str | Path,
    defines: Mapping[str, int],
    options: Sequence[str] = COMPILE_OPTIONS,
) -> Path:
    """
    Compile a model and return pan's path, in a temporary folder that goes when this process ends.

    A model's name alone means the one in this folder. `defines` go to spin, `options` to gcc.
    """
    for tool in ("spin", "gcc"):
        if shutil.which(tool) is None:
            raise SpinError(f"{tool} is not on PATH; on Debian: apt-get install {tool}")
    source = (HERE / model).resolve()
    if not source.is_file():
        raise SpinError(f"there is no model {source}")

    folder = Path(tempfile.mkdtemp(prefix="seatrial-spin-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    sizes = [f"-D{name}={value}" for name, value in defines.items()]
    _make(["spin", *sizes, "-a", str(source)], folder)
    _make(["gcc", *options, "-o", "pan", "pan.c"], folder)
    return folder / "pan"


def _make(command: Sequence[str], folder: Path) -> None:
    """Run one step of the build."""
    done = subprocess.run(
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    if done.returncode != 0:
        line = " ".join(command)
        raise SpinError(f"exit code {done.returncode} from: {line}\n{done.stdout.strip()}")


def run(pan: Path, *, hash_bits: int = 24, max_depth: int = 10_000, huge_pages: bool = True) -> Run:
    """
    Search once. Raises `SpinError` unless the search was complete and found nothing wrong.

    `hash_bits` is pan's -w: the hash table has 2**hash_bits buckets of 8 bytes, each a chain, so a
    number too small costs time and never states. `max_depth` is its -m, the room for the stack.

    `huge_pages` lets glibc ask for huge pages. numpy asks for them by default, so our side has
    them; SPIN gains about a sixth.
    """
    pan = pan.resolve()
    if not pan.is_file():
        raise SpinError(f"there is no {pan}; build it first")
    environment = dict(os.environ)
    if huge_pages:
        environment["GLIBC_TUNABLES"] = "glibc.malloc.hugetlb=1"
    # -n: no list of unreached code.
    arguments = [str(pan), "-n", f"-m{max_depth}", f"-w{hash_bits}"]
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(HERE / "measured.py"), *arguments],
        cwd=pan.parent,  # where it leaves a trail, if it finds an error
        env=environment,
        capture_output=True,
        text=True,
    )
    if done.returncode != 0:
        raise SpinError(f"{pan} could not be started\n{done.stderr.strip()}")
    used = json.loads(done.stderr)
    text = done.stdout
    exit_code = used["exit_code"]
    if exit_code != 0 or _number("errors: ", text) != 0 or any(sign in text for sign in _CUT_SHORT):
        raise SpinError(f"not a complete search without errors (exit code {exit_code})\n{text}")
    return Run(
        states=_number("", text, " states, stored"),
        transitions=_number("", text, " transitions"),
        depth=_number("depth reached ", text),
        search_seconds=_decimal("pan: elapsed time ", text),
        wall_seconds=used["wall_seconds"],
        cpu_seconds=used["cpu_seconds"],
        peak_rss_bytes=used["peak_rss_bytes"],
        state_vector_bytes=_number("State-vector ", text, " byte"),
    )


_CUT_SHORT = ("Search not completed", "max search depth too small", "out of memory")
"""
What pan prints when it has left states out. It may still print `errors: 0` and exit with 0.
"""


def _find(before: str, pattern: str, text: str, after: str) -> str:
    """The number between two words of pan's output."""
    found = re.search(re.escape(before) + f"({pattern})" + re.escape(after), text)
    if found is None:
        raise SpinError(f"pan's output has no number at {before or after!r}\n{text}")
    return found[1]


def _number(before: str, text: str, after: str = "") -> int:
    """A count. pan prints eight digits: exact below 100 million, and `1.2345679e+08` above."""
    digits = _find(before, r"\d[\d.e+]*", text, after)
    if not digits.isdigit():
        raise SpinError(f"pan rounded a count to {digits}")
    return int(digits)


def _decimal(before: str, text: str) -> float:
    """A time."""
    return float(_find(before, r"\d[\d.e+-]*", text, ""))


def main(arguments: Sequence[str] | None = None) -> int:
    """Check the counts at every size, time the large ones, and print a table of each."""
    options = _parser().parse_args(arguments)
    cases = SMALL if options.small else SMALL + LARGE
    try:
        for line in _report(cases, options.runs, options.hash_bits, not options.small_pages):
            print(line, flush=True)
    except SpinError as error:
        print(f"run_spin: {error}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(description="SPIN on rollout and on two-phase commit.")
    parser.add_argument("--runs", type=_positive, default=5, help="of each large size (5)")
    parser.add_argument("--small", action="store_true", help="only check counts at small sizes")
    parser.add_argument(
        "--hash-bits", type=_positive, nargs="+", metavar="W", help="time with each of these -w"
    )
    parser.add_argument("--small-pages", action="store_true", help="do without huge pages")
    return parser


def _positive(text: str) -> int:
    """A number of the command line that is 1 or more."""
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{value} is not positive")
    return value


def _report(
    cases: Iterable[Case], runs: int, hash_bits: Sequence[int] | None, huge_pages: bool
) -> Iterable[str]:
    """The lines of both tables. Sizes take turns, so that a busy minute hits all of them."""
    pans = {case.title: build(case.model, case.defines) for case in cases}
    yield f"{'counts':18}{'states':>12}{'transitions':>14}{'depth':>7}{'vector':>8}"
    for case in cases:
        found = run(pans[case.title], hash_bits=case.hash_bits, huge_pages=huge_pages)
        if wrong := case.differences(found):
            raise SpinError("; ".join(wrong))
        yield (
            f"{case.title:18}{found.states:12,}{found.transitions:14,}{found.depth:7}"
            f"{found.state_vector_bytes:6} B"
        )

    timed = [
        (case, bits) for case in cases if case in LARGE for bits in hash_bits or (case.hash_bits,)
    ]
    if not timed:
        return
    results: dict[tuple[str, int], list[Run]] = {(case.title, bits): [] for case, bits in timed}
    for _ in range(runs):
        for case, bits in timed:
            results[case.title, bits].append(
                run(pans[case.title], hash_bits=bits, huge_pages=huge_pages)
            )
    yield ""
    title = f"seconds, {runs} runs"
    yield f"{title:18}{'-w':>4}{'search':>14}{'wall':>14}{'CPU':>14}{'peak RSS':>11}"
    for (title, bits), measured in results.items():
        yield (
            f"{title:18}{bits:4}"
            + "".join(
                f"{min(map(of, measured)):7.2f}{statistics.median(map(of, measured)):7.2f}"
                for of in _TIMES
            )
            + f"{max(one.peak_rss_bytes for one in measured) / 1e6:8.0f} MB"
        )
    yield "(least and median of each time)"


_TIMES: tuple[Callable[[Run], float], ...] = (
    lambda one: one.search_seconds,
    lambda one: one.wall_seconds,
    lambda one: one.cpu_seconds,
)


if __name__ == "__main__":
    sys.exit(main())
