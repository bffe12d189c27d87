"""
Hold the model against the real controllers, as `make conformance` does.

    python -m conformance run [--controller NAME] [--seconds N | --syncs N] [--seed N]
                              [--kubernetes VERSION] [--note]
    python -m conformance record [--syncs N]
    python -m conformance replay
    python -m conformance coverage

`run` compares fresh random cases and ends with a table; 1 where something diverges, or where no
cluster gives an outcome of the model, 2 without the oracle. `--note` keeps the figures for
docs/conformance.md. `record` writes the cases that the ordinary tests check, `replay` asks the
oracle for these again, and `coverage` counts which Go statements they reach.
"""

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from seatrial.model import versions
from seatrial.oracle.client import Oracle, OracleCrashed, OracleMissing, find
from seatrial.oracle.objects import Object
from seatrial.oracle.results import OracleDefect, defect_in
from seatrial.oracle.subject import Ask

from . import notices
from .chance import Seeded
from .coverage import NEVER, NOT_CLAIMED, measured
from .fresh import CONTROLLERS, Campaign, Name, asked_of
from .law import Asked, Divergence, Tally
from .recorded import (
    HANDLERS,
    OfSeed,
    Record,
    Told,
    read,
    read_notices,
    read_seeds,
    read_told,
    subject_of,
    version,
    write,
    write_notices,
    write_seeds,
    write_told,
)
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
    record.add_argument("--controller", choices=CONTROLLERS, action="append")
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
    except (OracleMissing, OracleCrashed, OracleDefect) as error:
        print(f"conformance: {error}", file=sys.stderr)
        return 2


def _notices(oracle: Oracle, seed: int) -> int:
    """How many of fresh events the real handlers take otherwise than the model's."""
    parted = 0
    for handlers in (notices, *HANDLERS.values()):
        events = [handlers.drawn(Seeded(seed * _NOTICES + number)) for number in range(_NOTICES)]
        answers = oracle.ask(list(map(handlers.request, events)))
        for event, answer in zip(events, answers, strict=True):
            defect_in(answer)
            real, model = handlers.real(event, answer), handlers.modelled(event)
            if real != model:
                parted += 1
                print(f"{event}\nreal:  {real}\nmodel: {model}\n", file=sys.stderr)
    print(f"{_NOTICES * (1 + len(HANDLERS)):,} notices, {parted:,} divergences")
    return parted


def _run(oracle: Oracle, given: argparse.Namespace) -> int:
    ask: Ask = oracle.ask
    release, parted = None, 0
    if given.kubernetes:
        release = versions.known(given.kubernetes)
        ask = asked_of(oracle.ask, release)
    else:
        parted = _notices(oracle, given.seed)
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
        _tell_missed(campaign)
    print(rendered(rows, known_files()))
    if given.note:
        note(rows)
    return 1 if parted or any(row.divergences or row.produced < row.outcomes for row in rows) else 0


def _tell_missed(campaign: Campaign) -> None:
    """Outcomes of the model that are not real, as far as many clusters tell."""
    for case, outcome in campaign.tally.missed[:3]:
        shown = campaign.subject.shown(case)
        print(f"no cluster gave this outcome: {outcome}\n{shown}", file=sys.stderr)


def _progress(controller: Name, tallies: Iterator[Tally]) -> Iterator[Tally]:
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


class _Keeping:
    """The answers that are recorded: few of one case, and not too many early returns."""

    def __init__(self, oracle: Oracle, controller: Name, given: argparse.Namespace) -> None:
        self.controller: Name = controller
        self.campaign = Campaign(controller, oracle.ask, given.seed, self._keep, clusters_each=1)
        self._of_a_case: Counter[Any] = Counter()
        self._kept: list[tuple[Asked, int]] = []
        self._early: list[tuple[Asked, int]] = []
        for _ in _progress(controller, self.campaign.run()):
            if len(self._kept) >= given.syncs * (1 - _SHARE_OF_EARLY):
                break

    def _keep(self, asked: Asked) -> None:
        seed = self.campaign.seed_of(asked.case)
        self._of_a_case[asked.case] += 1
        if seed is not None and self._of_a_case[asked.case] <= _OF_A_CASE:
            (self._kept if asked.answer["requests"] else self._early).append((asked, seed))

    def write(self, oracle: Oracle) -> None:
        """Write all of them."""
        early = self._early[: int(_SHARE_OF_EARLY * len(self._kept))]
        found = [*self._kept, *early]
        known = self.campaign.subject.possible
        if self.controller == "replicaset" or self.controller == "deployment":
            cases = [
                Record(each.case, each.number, each.faults, each.answer, len(known(each.case)))
                for each, _ in found
            ]
            write(self.controller, oracle.version, cases)
        else:
            seeds = [
                OfSeed(seed, each.number, each.faults, each.answer, len(known(each.case)))
                for each, seed in found
            ]
            subject = self.campaign.subject
            known = subject.known()
            write_seeds(self.controller, oracle.version, known, seeds, subject)
        print(f"{self.controller}: {len(found):,} syncs recorded, {len(early):,} early returns")


def _record(oracle: Oracle, given: argparse.Namespace) -> int:
    for controller in given.controller or CONTROLLERS:
        keeping = _Keeping(oracle, controller, given)
        if keeping.campaign.tally.missed:
            _tell_missed(keeping.campaign)
            return 1
        keeping.write(oracle)
    events = [notices.drawn(Seeded(given.seed + number)) for number in range(_NOTICES)]
    told = list(map(Told, events, oracle.ask(list(map(notices.request, events)))))
    write_notices(oracle.version, told)
    for name, handlers in HANDLERS.items():
        seeds = range(given.seed, given.seed + _NOTICES)
        asked = [handlers.request(handlers.drawn(Seeded(seed))) for seed in seeds]
        write_told(name, oracle.version, zip(seeds, oracle.ask(asked), strict=True))
    print(f"{_NOTICES * (1 + len(HANDLERS)):,} notices recorded")
    return 0


def _plain(answer: Object) -> Object:
    """
    An answer without the text of its error: of several reasons Go's maps choose one. Events of
    requests that go out side by side come in any order.
    """
    events = sorted(answer.get("events") or ())
    return {**answer, "id": 0, "error": answer.get("error") is not None, "events": events}


def _recorded(controller: Name) -> tuple[list[Object], list[Object]]:
    """The recorded requests and their answers."""
    if controller == "replicaset" or controller == "deployment":
        records = list(read(controller))
        return [each.cluster().request for each in records], [each.answer for each in records]
    subject = subject_of(controller)
    found = list(read_seeds(controller, subject))
    return [cluster.request for _, _, cluster in found], [each.answer for each, _, _ in found]


def _replay(oracle: Oracle) -> int:
    """Whether the oracle still answers as it did: 1 where it does not."""
    changed = 0
    for controller in CONTROLLERS:
        requests, known = _recorded(controller)
        parted = [
            request
            for request, before, answer in zip(requests, known, oracle.ask(requests), strict=True)
            if _plain(answer) != _plain(before)
        ]
        changed += len(parted)
        print(f"{controller}: {len(requests):,} syncs, {len(parted):,} answered in another way")
        if parted:
            print(json.dumps(parted[0]))
    told = [(notices.request(each.notice), each.answer) for each in read_notices()]
    for name, handlers in HANDLERS.items():
        told += [(handlers.request(event), answer) for event, answer in read_told(name)]
    answers = oracle.ask([request for request, _ in told])
    parted_events = sum(
        _plain(answer) != _plain(before) for (_, before), answer in zip(told, answers, strict=True)
    )
    print(f"{len(told):,} notices, {parted_events:,} answered in another way")
    return 1 if changed or parted_events else 0


def _coverage() -> int:
    files = measured(version("replicaset"))
    print(rendered_files(files))
    note_files(files, rendered_left_out(NOT_CLAIMED, NEVER))
    return 0


if __name__ == "__main__":
    sys.exit(main())
