"""
A trace as one HTML file that one can step through: no server, and nothing from elsewhere.

All data is in a block of JSON in which no tag can begin, and the script writes it as text only.
"""

import json
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

__all__ = ["write_html"]


def write_html(document: Mapping[str, Any]) -> str:
    """The page of what `document_of` gives; ASCII only."""
    template = files(__package__ or "seatrial.counterexamples").joinpath("trace.html")
    return template.read_text(encoding="utf-8").replace("__DATA__", _inline(document), 1)


def _inline(document: Mapping[str, Any]) -> str:
    """
    JSON that may stand in a script element.

    >>> _inline({"a": "</script>&"})
    '{"a": "\\\\u003c/script\\\\u003e\\\\u0026"}'
    """
    text = json.dumps(document)
    for sign in "<>&":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text
