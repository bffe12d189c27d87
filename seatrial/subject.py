"""What is checked: a system with its properties, its name, and how its runs are told."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import attrs

from seatrial.core import Ground, Property, System, ground
from seatrial.counterexamples import Story

__all__ = ["Subject", "not_met"]


def not_met(promise: Property, words: Sequence[str]) -> str:
    """The warning about a promise that is asked though preconditions of it are not met."""
    return f"{promise.id} is asked though what it rests on is not met: {'; '.join(words)}"


@attrs.frozen
class Subject:
    """
    What is to be checked, and `arguments`, which name it on the command line.

    `recipe` is what a trace file keeps to make the system again, where a name is not enough.
    `left_out` are promises with preconditions that are not met here, and these in words: they are
    asked only by name. `relies_on` are ids of promises that the owners assert, whatever is known.
    `warnings` say what a manifest may not mean, each in a sentence.
    """

    arguments: tuple[str, ...]
    system: System
    properties: tuple[Property, ...]
    not_modelled: tuple[str, ...]
    story: Story | None = None
    recipe: dict[str, Any] | None = None
    left_out: tuple[tuple[Property, tuple[str, ...]], ...] = ()
    relies_on: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @cached_property
    def grounded(self) -> Ground:
        """The system with every family written out; not before it is asked for."""
        return ground(self.system)
