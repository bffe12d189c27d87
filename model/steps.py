"""
How an action of a workload is made: what follows at once at a level and a lag.

:Omits: nothing
"""

from collections.abc import Callable
from typing import Any, Literal

from attrs import frozen

from seatrial.core import Action

__all__ = ["Fair", "Maker", "Part"]

Fair = Literal["weak", "none"]
Part = Literal["sync", "watch", "step", None]


@frozen
class Maker:
    """Makes actions; `committed` are those that follow at once at this level and lag."""

    level: str
    lag: int

    def of(
        self,
        actor: str,
        function: Callable[..., Any],
        writes: str,
        *,
        over: tuple[str, ...] = (),
        fair: Fair = "weak",
        part_of: Part = None,
        when: str | None = None,
        name: str | None = None,
    ) -> Action:
        """
        An action, asked only `when` that view is true.

        As `part_of` a sync or of a watch it follows at once where these are one step.
        """
        at_once = (
            part_of == "step"
            or (part_of == "sync" and self.level == "atomic")
            or (part_of == "watch" and self.lag == 0)
        )
        return Action(
            name=name or function.__name__,
            actor=actor,
            function=function,
            writes=tuple(writes.split()),
            over=over,
            fair=fair,
            committed=at_once,
            when=when,
        )
