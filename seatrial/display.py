"""What a text goes to, what can be shown there, and how it is laid out."""

import os
import shutil
import sys
import textwrap
from typing import TextIO

import attrs

from seatrial.counterexamples import printable

from .failures import abandon

__all__ = ["Look", "Page", "look_for", "write_out"]

_COLORS = {"head": "1", "violated": "1;31", "holds": "32", "inconclusive": "1;33", "warning": "33"}
_LABEL = 14


@attrs.frozen
class Look:
    """What the place that the text goes to can show."""

    width: int = 100
    color: bool = False
    ascii: bool = False


@attrs.define
class Page:
    """Lines as they are made; nothing reaches them that is not printable."""

    look: Look
    lines: list[str] = attrs.field(factory=list)

    def put(self, text: str, *, indent: str = "", hang: int = 0, style: str = "") -> None:
        shown = textwrap.wrap(
            printable(text, ascii=self.look.ascii),
            width=max(self.look.width, 60),
            initial_indent=indent,
            subsequent_indent=" " * (hang or len(indent)),
            break_on_hyphens=False,
            break_long_words=False,
        )
        self.lines += [self.styled(line, style) for line in shown]

    def styled(self, text: str, style: str) -> str:
        code = _COLORS.get(style)
        return f"\x1b[{code}m{text}\x1b[0m" if code and self.look.color else text

    def row(self, label: str, *texts: str) -> None:
        """A label, and beside it a paragraph for each text."""
        for at, text in enumerate(texts):
            self.put(text, indent=f"{label if at == 0 else '':<{_LABEL}}")

    def title(self, text: str) -> None:
        self.gap()
        self.put(text, style="head")

    def gap(self) -> None:
        self.lines.append("")


def look_for(stream: TextIO, color: str) -> Look:
    """What a stream can show; `color` is auto, always or never."""
    terminal = stream.isatty()
    colored = terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    try:
        "→│╭↳".encode(stream.encoding or "ascii")
        plain = False
    except (UnicodeEncodeError, LookupError):
        plain = True
    return Look(
        width=min(shutil.get_terminal_size().columns, 120) if terminal else 100,
        color=color == "always" or (color == "auto" and colored),
        ascii=plain,
    )


def write_out(text: str) -> None:
    """Write to stdout; where nobody reads on (`| head`), stop without a word."""
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        abandon(sys.stdout)
