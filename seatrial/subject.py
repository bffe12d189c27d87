"""What is checked: a system with its properties, its name, and how its runs are told."""

from typing import Any

import attrs

from seatrial.core import Property, System
from seatrial.counterexamples import Story

__all__ = ["Subject"]


@attrs.frozen
class Subject:
    """
    What is to be checked, and `arguments`, which name it on the command line.

    `recipe` is what a trace file keeps to make the system again, where a name is not enough.
    """

    arguments: tuple[str, ...]
    system: System
    properties: tuple[Property, ...]
    not_modelled: tuple[str, ...]
    story: Story | None = None
    recipe: dict[str, Any] | None = None
