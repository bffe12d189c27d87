"""Asking properties along runs, once for each distinct question, and keeping what was found."""

from collections.abc import Iterable, Sequence

from seatrial.core import GroundProperty

from .answers import Answers, Ids, taker
from .walker import Change, Walker

__all__ = ["NO_SLACK", "Watch"]

NO_SLACK = 1 << 62
"""The slack of a bound whose premise is not met: further off than any."""


class _Asked:
    """A property at one index, with its remembered answers: whether they settle it."""

    __slots__ = ("cells", "known", "number", "rule", "take")

    def __init__(self, number: int, rule: GroundProperty, cells: int) -> None:
        self.number = number
        self.rule = rule
        # Of steps: first all cells before the step, then all cells after it.
        at = [cells + each for each in rule.reads] + list(rule.before)
        self.take = taker(at if rule.property.kind == "after each step" else rule.reads)
        self.cells = frozenset((*rule.reads, *rule.before))
        self.known: dict[Ids, int] = {}
        """Whether the answer settles it; of bounds, the slack, which is negative where broken."""

    @property
    def kind(self) -> str:
        return self.rule.property.kind


class Watch:
    """
    What the properties say of the states and steps of runs.

    `met` has the rules whose premise was met, `best` the extremes of bounds, `better` those that
    the latest state or step has improved.
    """

    def __init__(self, walker: Walker) -> None:
        self.walker = walker
        self.answers: Answers = walker.answers
        cells = len(walker.ids)
        asked = [_Asked(number, rule, cells) for number, rule in enumerate(self.answers.rules)]
        self._goals = [each for each in asked if each.kind == "converges to"]
        self._of_states = [
            each for each in asked if each.kind in ("always", "at least", "at most", "sometimes")
        ]
        self._bounds = frozenset(e.number for e in asked if e.kind in ("at least", "at most"))
        self._of_steps = [each for each in asked if each.kind == "after each step"]
        self._by_number = {each.number: each for each in asked}
        self.met: set[int] = set()
        self.best: dict[int, int] = {}
        self.better: list[int] = []
        self.slack: dict[int, int] = {}
        """By bound, the least slack of the run so far: how far it is from being broken."""
        self.closed: frozenset[int] = frozenset()

    def close(self, rules: Iterable[int]) -> None:
        """No longer say of these that they are broken; bounds are asked on for their extremes."""
        self.closed |= frozenset(rules)

    # -- states and steps ------------------------------------------------------------------------

    def start(self) -> list[int]:
        """The rules that the state settles, where a run begins."""
        self.better.clear()
        self.slack.clear()
        return self._states(self._of_states)

    def step(self, change: Change, last: Change, before: Sequence[int], action: int) -> list[int]:
        """
        The rules that a step settles, or the state it leads to.

        `change` and `last` say what this step changed and the one before it; `before` has the ids
        of all cells before it.
        """
        rules = change.rules
        if rules is None:
            rules = change.rules = [e for e in self._of_states if e.cells & change.cells]
        found = self._states(rules) if rules else []
        pairs = change.pairs
        steps = pairs.get(last)
        if steps is None:
            cells = change.cells | last.cells
            steps = pairs[last] = [
                each for each in self._of_steps if each.rule.wants_action or each.cells & cells
            ]
        if steps:
            found = self._steps(steps, before, action, found)
        return found

    def _states(self, rules: Sequence[_Asked]) -> list[int]:
        found: list[int] = []
        ids = self.walker.ids
        for each in rules:
            key = each.take(ids)
            settles = each.known.get(key)
            if settles is None:
                settles = self._ask(each, key)
            number = each.number
            if number in self._bounds:
                if settles < self.slack.get(number, NO_SLACK):
                    self.slack[number] = settles
                if settles < 0 and number not in self.closed:
                    found.append(number)
            elif settles and number not in self.closed:
                found.append(number)
        return found

    def _steps(
        self, rules: Sequence[_Asked], before: Sequence[int], action: int, found: list[int]
    ) -> list[int]:
        both = [*before, *self.walker.ids]
        for each in rules:
            key = each.take(both)
            if each.rule.wants_action:
                key = (*key, action)
            settles = each.known.get(key)
            if settles is None:
                name = self.answers.system.actions[action].action.name
                reads = len(each.rule.reads)
                settles = self._answer(
                    each, key, key[:reads], key[reads : reads + len(each.rule.before)], name
                )
            if settles and each.number not in self.closed:
                found.append(each.number)
        return found

    def _ask(self, asked: _Asked, key: Ids) -> int:
        return self._answer(asked, key, key, (), "")

    def _answer(self, asked: _Asked, key: Ids, reads: Ids, before: Ids, action: str) -> int:
        """Ask a property what it has not been asked before."""
        answer = self.answers.ask(asked.rule, reads, before, action)
        if answer.met:
            self.met.add(asked.number)
        settles = int(answer.broken)
        if asked.kind == "sometimes":
            settles = answer.value
        elif asked.number in self._bounds:
            settles = self._bound(asked, answer.value) if answer.met else NO_SLACK
        asked.known[key] = settles
        return settles

    def _bound(self, asked: _Asked, value: int) -> int:
        """The slack that a value leaves; keeps the extreme."""
        bound = asked.rule.bound
        assert bound is not None
        sign = 1 if asked.kind == "at least" else -1
        best = self.best.get(asked.number)
        if best is None or sign * value < sign * best:
            self.best[asked.number] = value
            self.better.append(asked.number)
        return sign * (value - bound)

    # -- goals -----------------------------------------------------------------------------------

    @property
    def goals(self) -> list[int]:
        """The rules that name a goal, and are not closed."""
        return [each.number for each in self._goals if each.number not in self.closed]

    def in_goal(self, number: int) -> bool:
        """Whether the state is in the goal of a rule."""
        asked = self._by_number[number]
        key = asked.take(self.walker.ids)
        known = asked.known.get(key)
        if known is None:
            known = asked.known[key] = self.answers.ask(asked.rule, key).value
        return bool(known)
