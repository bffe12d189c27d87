"""Where something stands in a manifest, and what is said when it cannot stand there."""

from collections.abc import Iterable, Sequence

import attrs

from seatrial.core import SeatrialError

__all__ = ["ManifestError", "ManifestWarning", "Path", "Position", "Problem", "dotted", "quoted"]

# Steps from a document's root: the name of a field, the index in a list, or a map's key as `[key]`.
Path = tuple[str | int, ...]

_LONGEST = 60
_MOST_LINES = 100


@attrs.frozen(order=True)
class Position:
    """
    A place in a file, counted from 1; line 0 stands for the file as a whole.

    >>> print(Position("web.yaml", 6, 13), Position("web.yaml"))
    web.yaml:6:13 web.yaml
    """

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        # A file's name may hold anything but NUL, a line break included; an error is one line.
        file = self.file if self.file.isprintable() else repr(self.file)
        return f"{file}:{self.line}:{self.column}" if self.line else file


@attrs.frozen
class Problem:
    """One thing that is wrong: where, in which field, and what would be right."""

    position: Position
    path: Path
    says: str

    def __str__(self) -> str:
        field = f"{dotted(self.path)}: " if self.path else ""
        return f"{self.position}: {field}{self.says}"


@attrs.frozen
class ManifestWarning:
    """
    Something that the API server accepts and that may not mean what it looks like.

    `workload` is the key of whose manifest it stands in, as `StatefulSet/default/db`.
    """

    workload: str
    position: Position
    path: Path
    says: str

    def __str__(self) -> str:
        return f"{self.position}: {dotted(self.path)}: {self.says}"


class ManifestError(SeatrialError):
    """Manifests cannot be read; one line for each problem, in the order of the files."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: tuple[Problem, ...] = tuple(problems)
        super().__init__(self.problems)

    def __str__(self) -> str:
        lines = [str(each) for each in self.problems[:_MOST_LINES]]
        if len(self.problems) > _MOST_LINES:
            lines.append(f"… and {len(self.problems) - _MOST_LINES} more")
        return "\n".join(lines)


def dotted(path: Sequence[str | int]) -> str:
    """
    A path as people write it, and as the API server prints it.

    >>> dotted(("spec", "containers", 0, "image"))
    'spec.containers[0].image'
    >>> dotted(("metadata", "labels", "[example.com/tier]"))
    'metadata.labels[example.com/tier]'
    """
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
            continue
        shown = step if step.isprintable() else repr(step)
        shown = shown if len(shown) <= _LONGEST else f"{shown[: _LONGEST - 1]}…"
        text += shown if shown.startswith("[") or not text else f".{shown}"
    return text


def quoted(value: object) -> str:
    """
    A value as it would be written in a manifest, cut where it is long.

    >>> quoted("3"), quoted(True), quoted(None), quoted({})
    ("'3'", 'true', 'null', 'a mapping')
    """
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case dict():
            return "a mapping"
        case list() | tuple():
            return "a list"
    text = repr(value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
