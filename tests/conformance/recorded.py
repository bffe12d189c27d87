"""
Recorded cases: what the real controllers answered, kept so that tests need no Go.

Each line has a case, the number of its cluster, the faults, the request that these make, and the
answer of the oracle. `make conformance-record` writes them anew.
"""

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

__all__ = ["FOLDER", "Record", "read", "write"]

FOLDER = Path(__file__).parent / "recorded"


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


def path(controller: Controller, folder: Path = FOLDER) -> Path:
    """The file of a controller's cases."""
    return folder / f"{controller}.jsonl.xz"


def write(
    controller: Controller, version: str, records: Iterable[Record], folder: Path = FOLDER
) -> None:
    """Write the cases of a controller, after a line that says whose answers these are."""
    folder.mkdir(parents=True, exist_ok=True)
    with lzma.open(path(controller, folder), "wt", encoding="utf-8", preset=9) as file:
        file.write(json.dumps({"kubernetes": version, "controller": controller}) + "\n")
        for record in records:
            line = {
                "case": encoded(record.case),
                "number": record.number,
                "faults": list(record.faults),
                "request": record.cluster().request,
                "answer": record.answer,
            }
            file.write(json.dumps(line, sort_keys=True, separators=(",", ":")) + "\n")


def read(controller: Controller, folder: Path = FOLDER) -> Iterator[Record]:
    """
    The cases of a controller.

    Raises ValueError where the translation no longer makes the request that was answered: then the
    answer belongs to another cluster, and the cases have to be recorded anew.
    """
    with lzma.open(path(controller, folder), "rt", encoding="utf-8") as file:
        next(file)
        for number, line in enumerate(file, start=1):
            found = json.loads(line)
            case: Case = decoded(found["case"])
            record = Record(case, found["number"], tuple(found["faults"]), found["answer"])
            if record.cluster().request != found["request"]:
                raise ValueError(
                    f"{path(controller, folder).name}, case {number}: the translation makes another"
                    " request of it now than the one that was answered; run make conformance-record"
                )
            yield record


def version(controller: Controller, folder: Path = FOLDER) -> str:
    """The Kubernetes version whose controllers answered."""
    with lzma.open(path(controller, folder), "rt", encoding="utf-8") as file:
        found: str = json.loads(next(file))["kubernetes"]
    return found
