"""
Recorded cases: what the real controllers answered, kept so that tests need no Go.

Each line has a case, and for each cluster in which it was asked for its number, the faults, what
tells the request, and the answer of the oracle; of notices there is a file of its own. Of
StatefulSets and Jobs a case is the seed from which it is drawn.
`make conformance-record` writes them anew.
"""

import hashlib
import json
import lzma
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from itertools import islice
from pathlib import Path
from types import ModuleType
from typing import Any

from attrs import frozen

from seatrial.oracle.cases import Case, Controller
from seatrial.oracle.clusters import Cluster, concrete
from seatrial.oracle.objects import Object

from . import job_notices, statefulset_notices
from .chance import Seeded
from .codec import decoded, encoded
from .jobs import Jobs
from .law import Seeds
from .notices import Notice, request
from .statefulsets import StatefulSets

__all__ = [
    "FOLDER",
    "HANDLERS",
    "OfSeed",
    "Record",
    "Told",
    "check",
    "digest",
    "known_of",
    "lines",
    "parts",
    "read",
    "read_notices",
    "read_seeds",
    "read_told",
    "subject_of",
    "syncs",
    "version",
    "write",
    "write_lines",
    "write_notices",
    "write_seeds",
    "write_told",
]

FOLDER = Path(__file__).parent / "recorded"
_NOTICES = "notices"
HANDLERS: Mapping[str, ModuleType] = {
    "statefulset": statefulset_notices,
    "job": job_notices,
}
"""Events of other controllers than those of `notices`; a seed makes one."""


@frozen
class Record:
    """
    A case in one cluster, and how the real controller went about it.

    `outcomes`: how many ways the model leaves open, each of which some cluster gave when recorded.
    """

    case: Case
    number: int
    faults: tuple[Any, ...]
    answer: Object
    outcomes: int

    def cluster(self) -> Cluster:
        """The cluster, made again."""
        return concrete(self.case, self.number, self.faults)


@frozen
class OfSeed:
    """The same of a case that a seed makes."""

    seed: int
    number: int
    faults: tuple[Any, ...]
    answer: Object
    outcomes: int


@frozen
class Told:
    """An event, and what the real handlers made of it."""

    notice: Notice
    answer: Object


def path(name: str, folder: Path = FOLDER) -> Path:
    """The file of a controller's cases, or of `notices`."""
    return folder / f"{name}.jsonl.xz"


def write(
    controller: Controller, version: str, records: Iterable[Record], folder: Path = FOLDER
) -> None:
    """Write the cases of a controller, after a line that says whose answers these are."""
    of_a_case: dict[Case, list[Object]] = {}
    for record in records:
        asked = {
            "number": record.number,
            "faults": list(record.faults),
            "request": digest(record.cluster().request),
            "answer": record.answer,
            "outcomes": record.outcomes,
        }
        of_a_case.setdefault(record.case, []).append(asked)
    made = ({"case": encoded(case), "asked": asked} for case, asked in of_a_case.items())
    write_lines(controller, version, made, folder)


def write_seeds(
    name: str,
    version: str,
    known: Any,
    records: Iterable[OfSeed],
    subject: Seeds,
    folder: Path = FOLDER,
) -> None:
    """Write cases by their seeds, after what has to be `known` to make them again."""
    of_a_seed: dict[int, list[Object]] = {}
    for record in records:
        asked = {
            "number": record.number,
            "faults": list(record.faults),
            "request": digest(_asked(subject, record)[1].request),
            "answer": record.answer,
            "outcomes": record.outcomes,
        }
        of_a_seed.setdefault(record.seed, []).append(asked)
    made = ({"seed": seed, "asked": asked} for seed, asked in of_a_seed.items())
    write_lines(name, version, [{"known": known}, *made], folder)


def known_of(name: str, folder: Path = FOLDER) -> Any:
    """What was kept in front of the cases."""
    return next(lines(name, folder))[1]["known"]


def subject_of(
    controller: str, rules: frozenset[str] = frozenset(), folder: Path = FOLDER
) -> Seeds:
    """What the law knows of StatefulSets or Jobs, as when recorded; with `rules` switched."""
    if controller == "job":
        return Jobs(rules)
    names = known_of(controller, folder)
    half = len(names) // 2
    graceful, abrupt = (dict(enumerate(of, start=1)) for of in (names[:half], names[half:]))
    return StatefulSets(graceful, rules, abrupt)


def read_seeds(
    name: str, subject: Seeds, folder: Path = FOLDER
) -> Iterator[tuple[OfSeed, Any, Any]]:
    """Each record with its case and its cluster. Raises ValueError as `read` does."""
    for number, found in islice(lines(name, folder), 1, None):
        for asked in found["asked"]:
            faults = tuple(asked["faults"])
            answer, outcomes = asked["answer"], asked["outcomes"]
            record = OfSeed(found["seed"], asked["number"], faults, answer, outcomes)
            case, cluster = _asked(subject, record)
            check(name, number, cluster.request, asked["request"])
            yield record, case, cluster


@cache
def syncs(name: str) -> tuple[tuple[OfSeed, Any, Any], ...]:
    """All recorded syncs of StatefulSets or Jobs, with their states and clusters."""
    return tuple(read_seeds(name, subject_of(name)))


def parts(name: str, rules: frozenset[str]) -> bool:
    """Whether a model with these rules switched cannot explain one of them."""
    subject = subject_of(name, rules)
    return any(
        subject.real(start, cluster, record.answer) not in subject.possible(start)
        for record, start, cluster in syncs(name)
    )


def _asked(subject: Seeds, record: OfSeed) -> tuple[Any, Any]:
    """The case, which is the last that the seed makes, and the cluster."""
    case = subject.draw(Seeded(record.seed))[-1]
    return case, subject.concrete(case, record.number, list(record.faults))


def write_notices(version: str, told: Iterable[Told], folder: Path = FOLDER) -> None:
    """Write the notices."""
    made = (
        {
            "notice": encoded(each.notice),
            "request": digest(request(each.notice)),
            "answer": each.answer,
        }
        for each in told
    )
    write_lines(_NOTICES, version, made, folder)


def write_told(
    controller: str, version: str, told: Iterable[tuple[int, Object]], folder: Path = FOLDER
) -> None:
    """Write events of one of HANDLERS by their seeds, with the answers."""
    handlers = HANDLERS[controller]
    made = (
        {
            "seed": seed,
            "request": digest(handlers.request(handlers.drawn(Seeded(seed)))),
            "answer": answer,
        }
        for seed, answer in told
    )
    write_lines(f"{_NOTICES}-{controller}", version, made, folder)


def read_told(controller: str, folder: Path = FOLDER) -> Iterator[tuple[Any, Object]]:
    """Each event with the answer. Raises ValueError as `read` does."""
    handlers, name = HANDLERS[controller], f"{_NOTICES}-{controller}"
    for number, found in lines(name, folder):
        notice = handlers.drawn(Seeded(found["seed"]))
        check(name, number, handlers.request(notice), found["request"])
        yield notice, found["answer"]


def write_lines(name: str, version: str, lines: Iterable[Object], folder: Path = FOLDER) -> None:
    """Write a file, after a line that says whose answers these are."""
    folder.mkdir(parents=True, exist_ok=True)
    with lzma.open(path(name, folder), "wt", encoding="utf-8", preset=9) as file:
        file.write(json.dumps({"kubernetes": version, "of": name}) + "\n")
        for line in lines:
            file.write(json.dumps(line, sort_keys=True, separators=(",", ":")) + "\n")


def digest(request: Object) -> str:
    """What tells a request from others."""
    text = json.dumps(request, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def read(controller: Controller, folder: Path = FOLDER) -> Iterator[Record]:
    """
    The cases of a controller.

    Raises ValueError where the translation no longer makes the request that was answered: then the
    answer belongs to another cluster, and the cases have to be recorded anew.
    """
    for number, found in lines(controller, folder):
        case: Case = decoded(found["case"])
        for asked in found["asked"]:
            faults = tuple(asked["faults"])
            record = Record(case, asked["number"], faults, asked["answer"], asked["outcomes"])
            check(controller, number, record.cluster().request, asked["request"])
            yield record


def read_notices(folder: Path = FOLDER) -> Iterator[Told]:
    """The notices. Raises ValueError as `read` does."""
    for number, found in lines(_NOTICES, folder):
        told = Told(decoded(found["notice"]), found["answer"])
        check(_NOTICES, number, request(told.notice), found["request"])
        yield told


def lines(name: str, folder: Path = FOLDER) -> Iterator[tuple[int, Any]]:
    """The lines of a file but the first, with their numbers."""
    with lzma.open(path(name, folder), "rt", encoding="utf-8") as file:
        next(file)
        for number, line in enumerate(file, start=1):
            yield number, json.loads(line)


def check(name: str, number: int, made: Object, expected: str) -> None:
    """Raise ValueError where this is not the request that was answered."""
    if digest(made) != expected:
        raise ValueError(
            f"{path(name).name}, case {number}: the translation makes another request of it now"
            " than the one that was answered; run make conformance-record"
        )


def version(name: str, folder: Path = FOLDER) -> str:
    """The Kubernetes version whose controllers answered."""
    with lzma.open(path(name, folder), "rt", encoding="utf-8") as file:
        found: str = json.loads(next(file))["kubernetes"]
    return found
