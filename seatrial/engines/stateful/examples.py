"""The example database: violations that were found once are tried first the next time.

A database of Hypothesis holds bytes by key. The key is of the system and its parameters; the value
is a run in words, the actions with their labels and choices, and no schedule: so it means the same
after rules are added, and where a rule has changed it is simply no longer a violation.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from typing import Any

from seatrial.core import System

from .answers import Answers
from .runs import Found, Start
from .shorten import Key, Wanted, wanted_of

__all__ = ["Examples"]

_LONGEST = 10_000


class Examples:
    """Runs that are kept for one system."""

    def __init__(self, database: Any, system: System) -> None:
        self._database = database
        parameters = [(each.name, repr(each.value)) for each in system.parameters]
        named = json.dumps(["seatrial", system.name, parameters])
        self._key = hashlib.sha256(named.encode()).digest()

    def keep(self, answers: Answers, found: Found) -> None:
        """Keep a run from an initial state for the next time."""
        if found.start.prefix or found.loop is not None:
            return
        names = [action.name for action in answers.system.actions]
        moves = [
            [[names[each.number], each.label, list(each.choices)] for each in wanted_of(move)]
            for move in found.moves
        ]
        text = json.dumps([answers.system.initial.index(found.start.values), moves])
        self._database.save(self._key, text.encode())

    def known(
        self, answers: Answers, starts: Sequence[Start]
    ) -> Iterator[tuple[Start, list[Wanted]]]:
        """The runs that are kept, the shortest first; what cannot be read is left out."""
        numbers = {action.name: action.number for action in answers.system.actions}
        for value in sorted(self._database.fetch(self._key), key=lambda each: (len(each), each)):
            try:
                at, moves = json.loads(value)
                wanted = [
                    tuple(
                        Key(numbers[str(name)], str(label), tuple(map(int, choices)))
                        for name, label, choices in move
                    )
                    for move in moves[:_LONGEST]
                ]
                if all(wanted):
                    yield starts[int(at)], wanted
            except (ValueError, TypeError, KeyError, IndexError):
                continue
