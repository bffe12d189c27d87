"""
Hold the model against the real controllers, as `make conformance` does.

    python -m conformance run [--controller NAME] [--seconds N | --syncs N] [--seed N]
                              [--kubernetes VERSION] [--note]
    python -m conformance record [--syncs N]
    python -m conformance replay
    python -m conformance coverage

`run` compares fresh random cases and ends with a table; 1 where something diverges, 2 without the
oracle. `--note` keeps the figures for docs/conformance.md. `record` writes the cases that the
ordinary tests check, `replay` asks the oracle for these again, and `coverage` counts which Go
statements they reach.
"""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence

from seatrial.model import versions
from seatrial.oracle.cases import CONTROLLERS, Case, Controller
from seatrial.oracle.client import Oracle, OracleCrashed, OracleMissing, find
from seatrial.oracle.confirm import Ask
from seatrial.oracle.objects import Object
from seatrial.oracle.words import shown

from . import jobs, notices, statefulsets
from .chance import Seeded
from .coverage import NEVER, NOT_CLAIMED, measured
from .fresh import Campaign, asked_of
from .law import Asked, Divergence, Tally
from .recorded import Record, Told, read, read_notices, version, write, write_notices
from .table import (
    Row,
    known_files,
    note,
    note_files,
    rendered,
    rendered_files,
    rendered_left_out,
)

_SHARE_OF_EARLY = 0.3
"""At most so many of the recorded syncs may return without a request."""
_OF_A_CASE = 3
"""And so many are of one state."""
_NOTICES = 2000
"""So many events are recorded; a run compares as many fresh ones."""
_STATEFUL_SETS = 1000
"""And so many syncs of StatefulSets."""
_JOBS = 1000
"""And of Jobs."""


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code."""
    parser = argparse.ArgumentParser(prog="python -m conformance", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run", help="compare fresh random cases")
    run.add_argument("--controller", choices=CONTROLLERS, action="append")
    run.add_argument("--seconds", type=float, help="for each controller; 60 if nothing is given")
    run.add_argument("--syncs", type=int, help="so many real syncs of each controller")
    run.add_argument("--seed", type=int, default=0, help="another number draws other cases")
    run.add_argument("--kubernetes", help="another release, such as 1.34.4, with its own rules")
    run.add_argument("--note", action="store_true", help="keep the figures for the documentation")
    record = commands.add_parser("record", help="write the cases that the tests replay")
    record.add_argument("--syncs", type=int, default=3200, help="of each controller")
    record.add_argument("--seed", type=int, default=0)
    commands.add_parser("replay", help="ask for the recorded cases again")
    commands.add_parser("coverage", help="count which Go statements they reach, for the docs")
    given = parser.parse_args(arguments)
    try:
        if given.command == "coverage":
            return _coverage()
        version_asked = getattr(given, "kubernetes", None)
        with Oracle(find(version_asked) if version_asked else None) as oracle:
            if given.command == "replay":
                return _replay(oracle)
            return _run(oracle, given) if given.command == "run" else _record(oracle, given)
    except (OracleMissing, OracleCrashed) as error:
        print(f"conformance: {error}", file=sys.stderr)
        return 2


def _notices(oracle: Oracle, seed: int) -> int:
    """How many of fresh events the real handlers take otherwise than the model's."""
    events = [notices.drawn(Seeded(seed * _NOTICES + number)) for number in range(_NOTICES)]
    answers = oracle.ask(list(map(notices.request, events)))
    parted = 0
    for event, answer in zip(events, answers, strict=True):
        real, model = notices.real(event, answer), notices.modelled(event)
        if real != model:
            parted += 1
            print(f"{event}\nreal:  {real}\nmodel: {model}\n", file=sys.stderr)
    print(f"{len(events):,} notices, {parted:,} divergences")
    return parted


def _stateful_sets(oracle: Oracle, seed: int) -> int:
    """How many syncs of StatefulSets go otherwise than in the model, for no known reason."""
    first = 10**6 + seed * _STATEFUL_SETS
    found = list(statefulsets.compared(oracle.ask, range(first, first + _STATEFUL_SETS)))
    parted = [each for each in found if not each.agrees]
    for each in parted[:3]:
        print(f"{each.start}\nreal:  {each.real}\nmodel: {each.model}\n", file=sys.stderr)
    known = sum(bool(each.known) for each in found)
    print(
        f"{len(found):,} syncs of StatefulSets, {known:,} passed over, {len(parted):,} divergences"
    )
    return len(parted)


def _jobs(oracle: Oracle, seed: int) -> int:
    """How many syncs of Jobs go otherwise than in the model."""
    first = 10**6 + seed * _JOBS
    found = list(jobs.compared(oracle.ask, range(first, first + _JOBS)))
    parted = [each for each in found if not each.agrees]
    for each in parted[:3]:
        print(f"{each.start}\nreal:  {each.real}\nmodel: {each.model}\n", file=sys.stderr)
    print(f"{len(found):,} syncs of Jobs, {len(parted):,} divergences")
    return len(parted)


def _run(oracle: Oracle, given: argparse.Namespace) -> int:
    ask: Ask = oracle.ask
    release, parted = None, 0
    if given.kubernetes:
        release = versions.known(given.kubernetes)
        ask = asked_of(oracle.ask, release)
    else:
        parted = _notices(oracle, given.seed) + _stateful_sets(oracle, given.seed)
        parted += _jobs(oracle, given.seed)
    seconds = given.seconds if given.seconds or given.syncs else 60.0
    rows = []
    for controller in given.controller or CONTROLLERS:
        campaign = Campaign(controller, ask, given.seed, release=release)
        began, divergences = time.monotonic(), 0
        try:
            for _ in _progress(controller, campaign.run(seconds, given.syncs)):
                pass
        except Divergence as divergence:
            divergences = 1
            print(f"\n{divergence}\n", file=sys.stderr)
        tally = campaign.tally
        rows.append(Row.of(controller, oracle.version, tally, divergences))
        took = time.monotonic() - began
        print(
            f"{controller}: {tally.syncs:,} syncs in {took:.0f} s,"
            f" {tally.syncs / took:,.0f} a second"
        )
        for case, outcome in tally.missed[:3]:
            print(f"no cluster gave this outcome: {outcome.requests}\n{shown(case)}")
    print(rendered(rows, known_files()))
    if given.note:
        note(rows)
    return 1 if parted or any(row.divergences for row in rows) else 0


def _progress(controller: Controller, tallies: Iterator[Tally]) -> Iterator[Tally]:
    last = began = time.monotonic()
    for tally in tallies:
        now = time.monotonic()
        if now - last > 5:
            last = now
            print(
                f"{controller}: {tally.syncs:,} syncs of {tally.cases:,} states,"
                f" {tally.syncs / (now - began):,.0f} a second, no divergence",
                file=sys.stderr,
            )
        yield tally


def _record(oracle: Oracle, given: argparse.Namespace) -> int:
    for controller in CONTROLLERS:
        kept: list[Record] = []
        early: list[Record] = []

        of_a_case: Counter[Case] = Counter()

        def keep(
            asked: Asked,
            kept: list[Record] = kept,
            early: list[Record] = early,
            of_a_case: Counter[Case] = of_a_case,
        ) -> None:
            of_a_case[asked.case] += 1
            if of_a_case[asked.case] > _OF_A_CASE:
                return
            record = Record(asked.case, asked.number, asked.faults, asked.answer)
            (kept if asked.answer["requests"] else early).append(record)

        campaign = Campaign(controller, oracle.ask, given.seed, keep, clusters_each=1)
        for _ in _progress(controller, campaign.run()):
            if len(kept) >= given.syncs * (1 - _SHARE_OF_EARLY):
                break
        enough = min(len(early), int(_SHARE_OF_EARLY * len(kept)))
        records = [*kept, *early[:enough]]
        write(controller, oracle.version, records)
        print(f"{controller}: {len(records):,} syncs recorded, {enough:,} of them early returns")
    events = [notices.drawn(Seeded(given.seed + number)) for number in range(_NOTICES)]
    told = list(map(Told, events, oracle.ask(list(map(notices.request, events)))))
    write_notices(oracle.version, told)
    print(f"{len(told):,} notices recorded")
    statefulsets.record(oracle.ask, oracle.version, range(_STATEFUL_SETS))
    print(f"{_STATEFUL_SETS:,} syncs of StatefulSets recorded")
    jobs.record(oracle.ask, oracle.version, range(_JOBS))
    print(f"{_JOBS:,} syncs of Jobs recorded")
    return 0


def _plain(answer: Object) -> Object:
    """An answer without the text of its error: of several reasons Go's maps choose one."""
    return {**answer, "id": 0, "error": answer.get("error") is not None}


def _replay(oracle: Oracle) -> int:
    """Whether the oracle still answers as it did: 1 where it does not."""
    changed = 0
    for controller in CONTROLLERS:
        records = list(read(controller))
        answers = oracle.ask([record.cluster().request for record in records])
        parted = [
            record
            for record, answer in zip(records, answers, strict=True)
            if _plain(answer) != _plain(record.answer)
        ]
        changed += len(parted)
        print(f"{controller}: {len(records):,} syncs, {len(parted):,} answered in another way")
        if parted:
            print(shown(parted[0].case))
    told = list(read_notices())
    answers = oracle.ask([notices.request(each.notice) for each in told])
    parted_events = [
        each
        for each, answer in zip(told, answers, strict=True)
        if _plain(answer) != _plain(each.answer)
    ]
    print(f"{len(told):,} notices, {len(parted_events):,} answered in another way")
    return 1 if changed or parted_events else 0


def _coverage() -> int:
    files = measured(version("replicaset"))
    print(rendered_files(files))
    note_files(files, rendered_left_out(NOT_CLAIMED, NEVER))
    return 0


if __name__ == "__main__":
    sys.exit(main())
