"""From findings to verdicts: what was found, or that nothing was, and how far that reaches."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from seatrial.core import Property, Status, Trace, Verdict, Violation

from .convergence import Lasso, find_lasso
from .result import Best, Capped, Check, EdgeArrays, Reached
from .runs import Runs
from .tables import Asked, Tables

__all__ = ["judge"]


def judge(
    tables: Tables, reached: Reached, runs: Runs, *, shortest: bool, check: Check
) -> tuple[Verdict, ...]:
    """
    A verdict for each property, with its trace; `shortest` is what may be said of traces.

    Where `check` raises Capped, what needs the search for fair loops is inconclusive.
    """
    judge_one = _Judge(tables, reached, runs, shortest, check)
    return tuple(judge_one.verdict(each) for each in tables.properties)


class _Judge:
    def __init__(
        self, tables: Tables, reached: Reached, runs: Runs, shortest: bool, check: Check
    ) -> None:
        self.tables = tables
        self.reached = reached
        self.runs = runs
        self.shortest = shortest
        self.check = check
        self._edges: Any = None

    def verdict(self, property: Property) -> Verdict:
        asked = [each for each in self.tables.asked if each.rule.property is property]
        kind = property.kind
        if kind in ("always", "after each step"):
            return self._invariant(property, asked)
        if kind in ("at least", "at most"):
            return self._bound(property, asked)
        if kind == "sometimes":
            return self._sometimes(property, asked)
        if kind == "deadlock free":
            return self._deadlock(property)
        return self._fair(property, asked)

    # -- what was not found ----------------------------------------------------------------------

    def _nothing(self, property: Property, **more: Any) -> Verdict:
        """Nothing was found: that is a verdict only of a complete search."""
        if self.reached.complete:
            return Verdict(property, "holds", **more)
        count = len(self.reached.graph)
        depth = len(self.reached.levels) - 1
        because = f"not settled in the {count:,} states searched, to depth {depth}"
        because += f"; the search was capped ({self.reached.capped})"
        return Verdict(property, "inconclusive", because=because, **more)

    # -- invariants ------------------------------------------------------------------------------

    def _invariant(self, property: Property, asked: Sequence[Asked]) -> Verdict:
        findings = self.reached.findings
        broken = [each for each in asked if each.number in findings.first]
        vacuous = property.premise is not None and not any(a.number in findings.met for a in asked)
        if not broken:
            return self._nothing(property, vacuous=vacuous)
        # The first state settles it; among members of one state, the first member.
        worst = min(broken, key=lambda each: (findings.first[each.number], each.number))
        state = findings.first[worst.number]
        if property.kind == "always":
            trace, because = self._broken_state(worst, state)
        else:
            trace, because = self._broken_step(worst, state)
        return Verdict(property, "violated", because=because, trace=trace)

    def _broken_state(self, asked: Asked, number: int) -> tuple[Trace, str]:
        start, steps, end = self.runs.to(number)
        values = self.tables.system.values(end)
        violations = asked.rule.check([values[cell] for cell in asked.rule.reads]).violations
        return self._trace(start, steps, asked, violations)

    def _broken_step(self, asked: Asked, number: int) -> tuple[Trace, str]:
        start, steps, state = self.runs.to(number)
        system = self.tables.system
        before = system.values(state)
        rule = asked.rule
        for action, piece, end in self.runs.steps(state):
            after = system.values(end)
            found = rule.check(
                [
                    *(after[cell] for cell in rule.reads),
                    *(before[cell] for cell in rule.before),
                    action.action.name,
                ]
            )
            if found.violations:
                return self._trace(start, [*steps, *piece], asked, found.violations)
        raise AssertionError(f"the step that breaks {rule.name} is not found again")

    def _trace(
        self, start: Any, steps: Any, asked: Asked, violations: Sequence[Violation]
    ) -> tuple[Trace, str]:
        because = tuple(each.because for each in violations)
        trace = self.runs.trace(
            start,
            steps,
            property_id=asked.rule.property.id,
            because=because,
            shortest=self.shortest,
        )
        return trace, "; ".join(because)

    # -- bounds, witnesses, deadlocks ------------------------------------------------------------

    def _bound(self, property: Property, asked: Sequence[Asked]) -> Verdict:
        best = [(each, self.reached.findings.best.get(each.number)) for each in asked]
        known = [(each, found) for each, found in best if found is not None]
        if not known:
            return self._nothing(property, vacuous=property.premise is not None)

        def badness(pair: tuple[Asked, Best]) -> tuple[int, int, int]:
            each, found = pair
            bound = each.rule.bound or 0
            excess = bound - found.value if each.kind == "at least" else found.value - bound
            return (-excess, found.state, each.number)

        worst, found = min(known, key=badness)
        word = "least" if worst.kind == "at least" else "most"
        because = f"the {word} is {found.value}; the bound is {worst.rule.bound}"
        if worst.rule.key:
            because = f"{worst.rule.name}: {because}"
        if not self.reached.complete:
            because += f" (so far; the search was capped: {self.reached.capped})"
        witness = self._reason(found.state, property, because)
        firsts = self.reached.findings.first
        broken = [each for each in asked if each.number in firsts]
        if not broken:
            status: Status = "holds" if self.reached.complete else "inconclusive"
            return Verdict(property, status, because, witness, extreme=found.value, witness=witness)
        first = min(broken, key=lambda each: (firsts[each.number], each.number))
        trace = self._reason(firsts[first.number], property, self._broken_bound(first))
        return Verdict(property, "violated", because, trace, extreme=found.value, witness=witness)

    def _broken_bound(self, asked: Asked) -> str:
        """What the bound's function says in the first state that breaks it."""
        _, _, end = self.runs.to(self.reached.findings.first[asked.number])
        values = self.tables.system.values(end)
        value = asked.rule.check([values[cell] for cell in asked.rule.reads]).value
        return f"{asked.rule.name} is {value}; the bound is {asked.rule.bound}"

    def _reason(self, number: int, property: Property, because: str) -> Trace:
        """The run to a state, and in words why it is shown."""
        start, steps, _ = self.runs.to(number)
        return self.runs.trace(
            start, steps, property_id=property.id, because=(because,), shortest=self.shortest
        )

    def _sometimes(self, property: Property, asked: Sequence[Asked]) -> Verdict:
        """Every member must be reached; the witness is that of the last one to be."""
        findings = self.reached.findings
        missing = [each for each in asked if each.number not in findings.first]
        if missing:
            if not self.reached.complete:
                return self._nothing(property)
            names = ", ".join(each.rule.name for each in missing)
            return Verdict(property, "violated", because=f"no reachable state satisfies {names}")
        latest = max(asked, key=lambda each: findings.first[each.number])
        trace = self._reason(findings.first[latest.number], property, "reached")
        return Verdict(property, "holds", because="reached", trace=trace)

    def _deadlock(self, property: Property) -> Verdict:
        number = self.reached.findings.deadlock
        if number is None:
            return self._nothing(property)
        because = "no action is enabled"
        trace = self._reason(number, property, because)
        return Verdict(property, "violated", because=because, trace=trace)

    # -- what happens for ever -------------------------------------------------------------------

    def _fair(self, property: Property, asked: Sequence[Asked]) -> Verdict:
        if not self.reached.complete:
            # A loop in a part of the graph may be unfair in the whole of it, and the other way.
            return self._nothing(property)
        try:
            found = self._found(property, asked)
        except Capped as cap:
            count = len(self.reached.graph)
            because = f"all {count:,} states were searched, but not all fair loops ({cap})"
            return Verdict(property, "inconclusive", because=because)
        if found is None:
            return self._nothing(property)
        return self._lasso_verdict(property, *found)

    def _found(self, property: Property, asked: Sequence[Asked]) -> tuple[Lasso, Asked] | None:
        """The fair loop that begins first of those that break a property. Raises Capped."""
        graph = self.reached.graph
        if self._edges is None:
            self._edges = graph.edges(self.check)
        found: tuple[Lasso, Asked] | None = None
        for each in asked:
            if property.kind == "converges to":
                outside = ~graph.holds_in(each)
                lasso = find_lasso(
                    self.tables, len(graph), self._edges, check=self.check, outside=outside
                )
            else:
                lasso = find_lasso(
                    self.tables,
                    len(graph),
                    self._edges,
                    check=self.check,
                    work=self._taking(property.work),
                    progress=self._taking(property.progress),
                )
            if lasso is not None and (found is None or lasso.states[0] < found[0].states[0]):
                found = (lasso, each)
        return found

    def _taking(self, names: Sequence[str]) -> npt.NDArray[np.bool_]:
        """Which edges take an action of these names, as their first or committed to."""
        edges: EdgeArrays = self._edges
        numbers = [a.number for a in self.tables.system.actions if a.action.name in names]
        found = np.isin(edges.actions, numbers)
        marks = sum(self.tables.marks.get(name, 0) for name in set(names))
        if marks:
            found |= (edges.marks & np.uint64(marks)) != 0
        return found

    def _lasso_verdict(self, property: Property, lasso: Lasso, asked: Asked) -> Verdict:
        edges: EdgeArrays = self._edges
        taken = [
            (int(edges.actions[at]), int(edges.marks[at]) if len(edges.marks) else 0)
            for at in lasso.edges
        ]
        start, steps, entry = self.runs.lasso(lasso.states[0], lasso.states, taken)
        if not lasso.edges:
            because = "the run stops outside the goal: no step of the system is enabled"
        elif property.kind == "converges to":
            because = f"the loop of {len(lasso.edges)} steps is fair and leaves the goal for ever"
        else:
            because = f"the loop of {len(lasso.edges)} steps is fair and works without progress"
        if asked.rule.key:
            because = f"{asked.rule.name}: {because}"
        trace = self.runs.trace(
            start,
            steps,
            property_id=property.id,
            because=(because,),
            loop=entry,
            fairness=lasso.fairness,
            # No fair run outside the goal is entered earlier; a loop may yet be a detour.
            shortest=self.shortest and not lasso.edges,
        )
        return Verdict(property, "violated", because=because, trace=trace)
