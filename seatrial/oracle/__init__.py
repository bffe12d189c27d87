"""
The real controllers asked about single syncs of the model.

The *oracle* is a Go program (tests/oracle) that runs the sync methods of a published release.
`client` talks to it. `cases` says what is asked, `outcomes` what the model makes of it, `clusters`
and `objects` write it as API objects, `results` reads the real answer back, `words` shows both side
by side. `syncs` finds the syncs in a trace, and `confirm` asks whether they are real.

That is for ReplicaSets and Deployments. Of StatefulSets and Jobs modules that begin with their name
have the same parts. `subject` says what each kind has to tell, and `traces` is for all of them.
"""

from .client import Oracle, OracleCrashed, OracleMissing, find
from .confirm import Confirmed, Finding, Parted, Unconfirmed, confirm
from .syncs import syncs_of
from .traces import Found, found_in
from .under_way import Sync

__all__ = [
    "Confirmed",
    "Finding",
    "Found",
    "Oracle",
    "OracleCrashed",
    "OracleMissing",
    "Parted",
    "Sync",
    "Unconfirmed",
    "confirm",
    "find",
    "found_in",
    "syncs_of",
]
