"""Visits: the state after some steps of a schedule, for strategies of states."""

from typing import Any

from seatrial.core import Ground

from .answers import Answers
from .runs import Runner, Start
from .schedule import Schedule

__all__ = ["Visits"]


class Visits:
    """Follows schedules of a system, with no property asked."""

    def __init__(self, system: Ground) -> None:
        answers = Answers(system, ())
        starts = [Start(each, (), each, answers.state(each)) for each in system.initial]
        self.starts = len(starts)
        self._system = system
        self._runner = Runner(answers, starts, swarm=True, steps=0, seed=0, check=lambda: None)

    def after(self, schedule: Schedule, steps: int) -> dict[str, Any]:
        """The state after so many steps of a schedule, by cell. Raises RuleError."""
        self._runner.steps = steps
        self._runner.run(schedule)
        ids = self._runner.walker.state
        values = self._runner.answers.values(range(len(ids)), ids)
        return {slot.name: value for slot, value in zip(self._system.slots, values, strict=True)}
