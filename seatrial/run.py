"""One finished run of `seatrial check`, as the forms of its report need it."""

import re
from collections.abc import Mapping
from pathlib import Path

import attrs

from seatrial.core import Exploration, Ground, Report, Verdict
from seatrial.model import Position

from .subject import Subject

__all__ = ["Climbed", "Place", "Run", "trace_file_name"]


@attrs.frozen
class Climbed:
    """
    A rung that was tried, or a part of one: what was searched, how many promises were asked, and
    how many of those that are asserted broke.
    """

    name: str
    exploration: Exploration
    asked: int
    violated: int


@attrs.frozen
class Place:
    """Where a verdict is from: the rung, what was checked there, and its command."""

    rung: str
    subject: Subject
    command: str

    @property
    def system(self) -> Ground:
        """The system that its runs are of."""
        return self.subject.grounded


@attrs.frozen
class Run:
    """
    What was checked, what came out, and the command that does it again.

    `traces` are the files that traces were written to, by property. `strict`: promises that are
    listed as refuted count like the others. On a ladder the report is that of the highest rung
    that was completed, `rungs` are all that were tried, and `places` has the properties whose
    verdict is from another one; `unsettled` are promises that only a rung asks that was not
    completed, `untried` the names of rungs that were not tried. `parts` are the parts of rungs'
    environments that were searched for promises whose preconditions are not met in the whole,
    `untried_parts` the names of those that there was no time for.
    """

    subject: Subject
    report: Report
    command: str
    strict: bool = False
    traces: Mapping[str, Path] = attrs.field(factory=dict)
    positions: Mapping[str, Position] = attrs.field(factory=dict)
    """The places in the manifests that promises are about, where there are manifests."""
    rung: str = ""
    rungs: tuple[Climbed, ...] = ()
    places: Mapping[str, Place] = attrs.field(factory=dict)
    unsettled: tuple[str, ...] = ()
    untried: tuple[str, ...] = ()
    parts: tuple[Climbed, ...] = ()
    untried_parts: tuple[str, ...] = ()
    dropped: str = ""
    """The precondition that was dropped, where a run is there to show what it is for."""

    @property
    def exit_code(self) -> int:
        """The report's own, or what it would be if all promises were asserted."""
        if not self.strict:
            return self.report.exit_code
        asserted = [
            attrs.evolve(verdict, property=attrs.evolve(verdict.property, expected="holds"))
            for verdict in self.report.verdicts
        ]
        return attrs.evolve(self.report, verdicts=tuple(asserted)).exit_code

    @property
    def interrupted(self) -> bool:
        """Whether somebody pressed Ctrl-C, on whatever rung or part of one."""
        searched = (self.report.exploration, *(e.exploration for e in (*self.rungs, *self.parts)))
        return any(each.capped == "interrupted" for each in searched)

    def place(self, property_id: str) -> Place:
        """Where the verdict on a property is from."""
        here = Place(self.rung, self.subject, self.command)
        return self.places.get(property_id, here)

    def violated(self, *, asserted: bool) -> list[Verdict]:
        """The violated properties: those that are asserted, or those listed as refuted."""
        return [
            verdict
            for verdict in self.report.verdicts
            if verdict.status == "violated" and (verdict.property.expected == "holds") == asserted
        ]


def trace_file_name(property_id: str) -> str:
    """
    The name of the file for the trace of a property.

    >>> trace_file_name("quorum/of 3")
    'quorum_of_3.itf.json'
    """
    return re.sub(r"[^A-Za-z0-9._-]", "_", property_id) + ".itf.json"
