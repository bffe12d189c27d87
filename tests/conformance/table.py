"""The table of docs/conformance.md: what was compared, and what came of it."""

import json
from collections.abc import Sequence
from pathlib import Path

from attrs import asdict, frozen

from .law import Tally

__all__ = ["Row", "note", "rendered"]

_HERE = Path(__file__).parent
_FIGURES = _HERE / "recorded" / "figures.json"
_PAGE = _HERE.parents[1] / "docs" / "conformance.md"
_BEGIN, _END = "<!-- figures: make conformance-note -->", "<!-- end of figures -->"


@frozen
class Row:
    """One campaign."""

    controller: str
    kubernetes: str
    syncs: int
    states: int
    early: int
    outcomes: int
    produced: int
    divergences: int

    @classmethod
    def of(cls, controller: str, version: str, tally: Tally, divergences: int) -> "Row":
        """The row of a tally."""
        return cls(
            controller,
            version,
            tally.syncs,
            tally.cases,
            tally.early,
            tally.outcomes,
            tally.produced,
            divergences,
        )


_HEAD = (
    "| controller | Kubernetes | real syncs | states | early returns | divergences |"
    " model outcomes produced |\n"
    "| --- | --- | --- | --- | --- | --- | --- |\n"
)


def rendered(rows: Sequence[Row]) -> str:
    """The table in Markdown."""
    return _HEAD + "\n".join(
        f"| {row.controller} | {row.kubernetes} | {row.syncs:,} | {row.states:,}"
        f" | {row.early / max(1, row.syncs):.0%} | {row.divergences}"
        f" | {row.produced:,} of {row.outcomes:,} |"
        for row in rows
    )


def known() -> list[Row]:
    """The figures that were kept."""
    if not _FIGURES.exists():
        return []
    return [Row(**row) for row in json.loads(_FIGURES.read_text("utf-8"))]


def note(rows: Sequence[Row]) -> None:
    """Keep these figures instead of earlier ones of the same controllers and versions."""
    kept = {(row.controller, row.kubernetes): row for row in (*known(), *rows)}
    found = [kept[key] for key in sorted(kept)]
    text = json.dumps([asdict(row) for row in found], indent=1)
    _FIGURES.write_text(text + "\n", "utf-8")
    before, _, rest = _PAGE.read_text("utf-8").partition(_BEGIN)
    _, _, after = rest.partition(_END)
    _PAGE.write_text(f"{before}{_BEGIN}\n{rendered(found)}\n{_END}{after}", "utf-8")
