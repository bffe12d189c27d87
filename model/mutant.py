"""
A known bug of a controller, as a switch of one rule.

A bug that was fixed is a *mutant*: its switch brings it back. One that the modelled release still
has is there without a switch, and what is switched is the *fix*: a proposed one, or what the user
may do instead. A switch is a name in the parameter `variant`, and is found in the rules by that
name.
"""

from collections.abc import Callable
from typing import Any, Literal

from attrs import evolve, frozen

from seatrial.core import System

from .environment import Environment

__all__ = ["Compose", "Mutant"]

Compose = Callable[[str, Any, Environment], System]
"""Makes a system of a name, a workload's spec and what is around it."""


@frozen
class Mutant:
    """A known bug: what was wrong, what it breaks, and a small system in which it does."""

    id: str
    about: str
    source: str
    kind: Literal["mutant", "fix"]
    """Whether the switch brings the bug back, or takes it away."""
    shows: tuple[str, ...]
    """The properties that the bug breaks, by id."""
    needs: Environment
    """Users, faults, lag and level; its `variant` holds what else the bug needs."""
    manifest: Any
    """The spec of the workload, as its controllers read it."""
    compose: Compose

    def system(self, bug: bool) -> System:
        """The small system, with the bug or without it."""
        switched = bug == (self.kind == "mutant")
        switches = self.needs.variant | {self.id} if switched else self.needs.variant
        return self.compose(self.id, self.manifest, evolve(self.needs, variant=switches))
