"""One finished run of `seatrial check`, as the forms of its report need it."""

import re
from collections.abc import Mapping
from pathlib import Path

import attrs

from seatrial.core import Ground, Report, Verdict

from .examples import Subject

__all__ = ["Run", "trace_file_name"]


@attrs.frozen
class Run:
    """
    What was checked, what came out, and the command that does it again.

    `traces` are the files that traces were written to, by property. `strict`: promises that are
    listed as refuted count like the others.
    """

    subject: Subject
    system: Ground
    report: Report
    command: str
    strict: bool = False
    traces: Mapping[str, Path] = attrs.field(factory=dict)

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
