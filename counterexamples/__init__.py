"""
How a violation is shown, and kept.

`render` tells a trace on a terminal; `write_itf` writes it for every tool that reads the Informal
Trace Format, and `read_itf` with `as_trace` makes an exact trace of such a file again; `confirm`
asks the property whether that run breaks it.

Most modules are imported when they are first asked for, as in `seatrial.model`.
"""

from typing import TYPE_CHECKING

# These two have the names of their modules, which must not come in their place.
from .confirm import Confirmed, confirm
from .differences import ABSENT, Difference, differences

if TYPE_CHECKING:
    from .document import document_of, write_json
    from .itf import write_itf
    from .itf_decode import decode_value
    from .itf_read import ItfState, ItfTrace, read_itf
    from .itf_replay import as_trace
    from .itf_values import ItfMap, ItfRecord, ItfVariant, encode_value
    from .mermaid import write_mermaid
    from .page import write_html
    from .steps import followed, start_of, steps_of
    from .story import Story
    from .text import printable, show_value
    from .timeline import render

__all__ = [
    "ABSENT",
    "Confirmed",
    "Difference",
    "ItfMap",
    "ItfRecord",
    "ItfState",
    "ItfTrace",
    "ItfVariant",
    "Story",
    "as_trace",
    "confirm",
    "decode_value",
    "differences",
    "document_of",
    "encode_value",
    "followed",
    "printable",
    "read_itf",
    "render",
    "show_value",
    "start_of",
    "steps_of",
    "write_html",
    "write_itf",
    "write_json",
    "write_mermaid",
]

_FROM = {
    "ItfMap": "itf_values",
    "ItfRecord": "itf_values",
    "ItfState": "itf_read",
    "ItfTrace": "itf_read",
    "ItfVariant": "itf_values",
    "Story": "story",
    "as_trace": "itf_replay",
    "decode_value": "itf_decode",
    "document_of": "document",
    "encode_value": "itf_values",
    "followed": "steps",
    "printable": "text",
    "read_itf": "itf_read",
    "render": "timeline",
    "show_value": "text",
    "start_of": "steps",
    "steps_of": "steps",
    "write_html": "page",
    "write_itf": "itf",
    "write_json": "document",
    "write_mermaid": "mermaid",
}

# Type checkers and editors read the imports above; a `__getattr__` would hide misspelt names.
if not TYPE_CHECKING:
    from seatrial.lazy import lazily

    __getattr__ = lazily(__name__, __all__, _FROM)
