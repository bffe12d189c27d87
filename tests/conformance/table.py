"""The tables of docs/conformance.md: what was compared, what came of it, and what it reached."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from attrs import asdict, frozen

from .law import Tally

__all__ = [
    "File",
    "Row",
    "known_files",
    "note",
    "note_files",
    "rendered",
    "rendered_files",
    "rendered_left_out",
]

_HERE = Path(__file__).parent
_FIGURES = _HERE / "recorded" / "figures.json"
_PAGE = _HERE.parents[1] / "docs" / "conformance.md"
_COVERAGE = _HERE / "recorded" / "coverage.json"
_CASES = ("<!-- figures: make conformance-note -->", "<!-- end of figures -->")
_FILES = ("<!-- files: make conformance-coverage -->", "<!-- end of files -->")
_LEFT_OUT = ("<!-- left out: make conformance-coverage -->", "<!-- end of what is left out -->")


@frozen
class File:
    """
    A Go file of a controller: its statements, those that the model claims, and those of the latter
    that recorded cases reach.
    """

    kubernetes: str
    name: str
    statements: int
    claimed: int
    reached: int


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
    passed_over: int = 0
    """Outcomes that were not asked for: of a state that has more than eight of them."""

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
            tally.passed_over,
        )


_HEAD = (
    "| controller | Kubernetes | real syncs | states | early returns | divergences |"
    " model outcomes produced | not asked for | Go statements |\n"
    "| --- | --- | --- | --- | --- | --- | --- | --- | --- |\n"
)


def rendered(rows: Sequence[Row], reached: Sequence[File] = ()) -> str:
    """The table in Markdown; of the Go statements those that the model claims."""
    return _HEAD + "\n".join(
        f"| {row.controller} | {row.kubernetes} | {row.syncs:,} | {row.states:,}"
        f" | {row.early / max(1, row.syncs):.0%} | {row.divergences}"
        f" | {row.produced:,} of {row.outcomes:,} | {row.passed_over:,}"
        f" | {_share(row, reached)} |"
        for row in rows
    )


def _share(row: Row, reached: Sequence[File]) -> str:
    """Of all files of a controller together; only the pinned release is built to count."""
    mine = [
        each
        for each in reached
        if each.kubernetes == row.kubernetes and each.name.startswith(f"{row.controller}/")
    ]
    claimed = sum(each.claimed for each in mine)
    if not claimed:
        return "not counted"
    return f"{sum(each.reached for each in mine) / claimed:.0%} of {claimed:,}"


def rendered_files(reached: Sequence[File]) -> str:
    """The table of Go files in Markdown."""
    head = "| file | statements | claimed | reached |\n| --- | --- | --- | --- |\n"
    return head + "\n".join(
        f"| `{each.name}` | {each.statements} | {each.claimed}"
        f" | {each.reached} ({each.reached / max(1, each.claimed):.0%}) |"
        for each in reached
    )


def rendered_left_out(
    functions: Mapping[str, Mapping[str, str]], statements: Mapping[str, str]
) -> str:
    """What is left out of the claimed statements, and why, in Markdown."""
    lines = ["| not claimed | why |", "| --- | --- |"]
    for name, of in functions.items():
        why: dict[str, list[str]] = {}
        for function, reason in of.items():
            why.setdefault(reason, []).append(f"`{function.rpartition('.')[2]}`")
        lines += [f"| `{name}`: {', '.join(names)} | {reason} |" for reason, names in why.items()]
    for reason in dict.fromkeys(statements.values()):
        lines.append(f"| single statements | {reason} |")
    return "\n".join(lines)


def known() -> list[Row]:
    """The figures that were kept."""
    if not _FIGURES.exists():
        return []
    return [Row(**row) for row in json.loads(_FIGURES.read_text("utf-8"))]


def known_files() -> list[File]:
    """What of the Go files was reached, when it was last counted."""
    if not _COVERAGE.exists():
        return []
    return [File(**each) for each in json.loads(_COVERAGE.read_text("utf-8"))]


def note(rows: Sequence[Row]) -> None:
    """Keep these figures instead of earlier ones of the same controllers and versions."""
    kept = {(row.controller, row.kubernetes): row for row in (*known(), *rows)}
    _keep(_FIGURES, [kept[key] for key in sorted(kept)])
    _write_page()


def note_files(files: Sequence[File], left_out: str) -> None:
    """Keep what of the Go files was reached, and what is left out there."""
    _keep(_COVERAGE, files)
    _write_page((_LEFT_OUT, left_out))


def _keep(path: Path, values: Sequence[Row] | Sequence[File]) -> None:
    path.write_text(json.dumps([asdict(each) for each in values], indent=1) + "\n", "utf-8")


def _write_page(*more: tuple[tuple[str, str], str]) -> None:
    text = _PAGE.read_text("utf-8")
    for (begin, end), table in (
        (_CASES, rendered(known(), known_files())),
        (_FILES, rendered_files(known_files())),
        *more,
    ):
        before, _, rest = text.partition(begin)
        _, _, after = rest.partition(end)
        text = f"{before}{begin}\n{table}\n{end}{after}"
    _PAGE.write_text(text, "utf-8")
