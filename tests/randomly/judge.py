"""The verdicts that are due, found with the help of the reference alone."""

from collections.abc import Callable

import attrs

import reference

from .meaning import Number, Plain, State
from .plan import Plan, Question


@attrs.frozen
class Expected:
    """The verdict that is due; None: whatever it be. `ends` is true of the last step of a trace."""

    status: str
    length: int | None = None
    extreme: int | None = None
    witness: int | None = None
    vacuous: bool | None = None
    ends: Callable[[State, State | None, str], bool] = lambda after, before, action: True


@attrs.frozen
class Judge:
    """One question as functions over plain states, for all of its indices."""

    plan: Plan
    question: Question

    def asked(self) -> list[tuple[Number, Number]]:
        """Premise and expression at each index."""
        found = []
        question = self.question
        for key in self.plan.keys(question.over):
            here = Plain(self.plan, question.over, key)
            premise: Number = here.expr(("const", 1), {})
            if question.premise:
                premise = here.expr(question.premise[1], dict(question.premise[0]))
            expr = here.expr(question.expr, dict(question.reads), dict(question.before))
            found.append((premise, expr))
        return found

    def expected(self, graph: reference.Graph) -> Expected:
        """What the reference says."""
        kind = self.question.kind
        if kind == "no hot loop":
            work, progress = (
                {rule.name for rule in graph.rules if rule.name.partition("[")[0] in names}
                for names in (self.question.work, self.question.progress)
            )
            return Expected("violated" if reference.hot_loop(graph, work, progress) else "holds")
        if kind == "deadlock free":
            moving = {edge.source for edge in graph.edges}
            dead = [d for at, d in enumerate(graph.depth) if at not in moving]
            return Expected("violated" if dead else "holds", min(dead, default=None))
        asked = self.asked()
        if kind == "after each step":
            return self.of_steps(graph, asked)
        if kind in ("at least", "at most"):
            return self.of_bounds(graph, asked)

        def true_of(state: State) -> bool:
            return any(expr(state, {}) for premise, expr in asked if premise(state, {}))

        if kind == "converges to":
            kept = reference.converges(graph, lambda s: all(goal(s, {}) for _, goal in asked))
            return Expected("holds" if kept else "violated")
        length = reference.shallowest(graph, true_of)
        if kind == "sometimes":
            status = "violated" if length is None else "holds"
            return Expected(status, length, ends=lambda after, before, action: true_of(after))
        met = reference.shallowest(graph, lambda s: any(premise(s, {}) for premise, _ in asked))
        return Expected(
            status="holds" if length is None else "violated",
            length=length,
            vacuous=self.question.premise is not None and met is None,
            ends=lambda after, before, action: true_of(after),
        )

    def of_steps(self, graph: reference.Graph, asked: list[tuple[Number, Number]]) -> Expected:
        """The verdict on a property of steps."""

        def met(before: State, after: State, action: str) -> bool:
            local = {"before": before, "action": action}
            return any(premise(after, local) for premise, _ in asked)

        def broken(before: State, after: State, action: str) -> bool:
            local = {"before": before, "action": action}
            return any(expr(after, local) for premise, expr in asked if premise(after, local))

        length = reference.shortest_step(graph, broken)
        return Expected(
            status="holds" if length is None else "violated",
            length=length,
            vacuous=bool(self.question.premise) and reference.shortest_step(graph, met) is None,
            ends=lambda after, before, action: before is not None and broken(before, after, action),
        )

    def numbers(self, asked: list[tuple[Number, Number]], state: State) -> list[int]:
        """The numbers of a bound in a state, at the indices where its premise is met."""
        return [expr(state, {}) for premise, expr in asked if premise(state, {})]

    def bound(self) -> int:
        """The bound itself."""
        more = dict(self.plan.parameters).get(self.question.bound_parameter, 0)
        return self.question.bound + more

    def of_bounds(self, graph: reference.Graph, asked: list[tuple[Number, Number]]) -> Expected:
        """The verdict on a bound."""
        least = self.question.kind == "at least"
        found = [number for state in graph.states for number in self.numbers(asked, state)]
        if not found:
            return Expected("holds")
        extreme = min(found) if least else max(found)
        beyond = extreme < self.bound() if least else extreme > self.bound()
        bound = self.bound()

        def shown(state: State) -> bool:
            """Whether a state breaks the bound, or, where none does, has the extreme."""
            numbers = self.numbers(asked, state)
            if not beyond:
                return extreme in numbers
            return any(number < bound if least else number > bound for number in numbers)

        return Expected(
            status="violated" if beyond else "holds",
            length=reference.shallowest(graph, shown),
            extreme=extreme,
            witness=reference.shallowest(graph, lambda s: extreme in self.numbers(asked, s)),
            ends=lambda after, before, action: shown(after),
        )
