"""What a model adds to the traces of its systems, so that they read like a report."""

from collections.abc import Callable, Mapping
from typing import Any

import attrs

from seatrial.core import Step

__all__ = ["Story"]


@attrs.frozen
class Story:
    """
    How the runs of a system are told.

    `about` says what was checked; `summary` puts a state into one line, which is shown where it
    changes instead of the values behind it; `who` names who took a step. Committed steps of the
    actions in `untold` go without saying.
    """

    about: str
    summary: Callable[[Mapping[str, Any]], str]
    who: Callable[[Step], str]
    untold: frozenset[str] = frozenset()
