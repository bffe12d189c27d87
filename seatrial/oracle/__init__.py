"""
The real controllers asked about single syncs of the model.

The *oracle* is a Go program (tests/oracle) that runs the sync methods of a published release.
`client` talks to it. `cases` says what is asked, `outcomes` what the model makes of it, `clusters`
and `objects` write it as API objects, `results` reads the real answer back, `words` shows both side
by side. `syncs` finds the syncs in a trace, and `confirm` asks whether they are real.
"""

from .client import Oracle, OracleCrashed, OracleMissing, find
from .confirm import Confirmed, Finding, Parted, Unconfirmed, confirm
from .syncs import Sync, syncs_of

__all__ = [
    "Confirmed",
    "Finding",
    "Oracle",
    "OracleCrashed",
    "OracleMissing",
    "Parted",
    "Sync",
    "Unconfirmed",
    "confirm",
    "find",
    "syncs_of",
]
