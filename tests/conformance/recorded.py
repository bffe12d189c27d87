"""
Recorded cases: what the real controllers answered, kept so that tests need no Go.

Each line has a case, and for each cluster in which it was asked for its number, the faults, what
tells the request, and the answer of the oracle; of notices there is a file of its own.
`make conformance-record` writes them anew.
"""

import hashlib
import json
import lzma
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from attrs import frozen

from seatrial.oracle.cases import Case, Controller
from seatrial.oracle.clusters import Cluster, concrete
from seatrial.oracle.objects import Object

from .codec import decoded, encoded
from .notices import Notice, request

__all__ = [
    "FOLDER",
    "Record",
    "Told",
    "check",
    "digest",
    "lines",
    "read",
    "read_notices",
    "version",
    "write",
    "write_lines",
    "write_notices",
]

FOLDER = Path(__file__).parent / "recorded"
_NOTICES = "notices"


@frozen
class Record:
    """A case in one cluster, and how the real controller went about it."""

    case: Case
    number: int
    faults: tuple[Any, ...]
    answer: Object

    def cluster(self) -> Cluster:
        """The cluster, made again."""
        return concrete(self.case, self.number, self.faults)


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
        }
        of_a_case.setdefault(record.case, []).append(asked)
    made = ({"case": encoded(case), "asked": asked} for case, asked in of_a_case.items())
    write_lines(controller, version, made, folder)


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
            record = Record(case, asked["number"], tuple(asked["faults"]), asked["answer"])
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
