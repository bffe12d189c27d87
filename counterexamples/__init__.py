"""
How a violation is shown, and kept.

`render` tells a trace on a terminal; `write_itf` writes it for every tool that reads the Informal
Trace Format, and `read_itf` with `as_trace` makes an exact trace of such a file again; `confirm`
asks the property whether that run breaks it.
"""

from .confirm import Confirmed, confirm
from .differences import ABSENT, Difference, differences
from .itf import write_itf
from .itf_decode import decode_value
from .itf_read import ItfState, ItfTrace, read_itf
from .itf_replay import as_trace
from .itf_values import ItfMap, ItfRecord, ItfVariant, encode_value
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
    "encode_value",
    "printable",
    "read_itf",
    "render",
    "show_value",
    "write_itf",
]
