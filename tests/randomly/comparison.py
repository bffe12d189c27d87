"""Engine and reference on one plan: counts, verdicts, lengths, traces, loops."""

import itertools
import random
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import attrs

import reference
import seatrial.core as core

from .build import build
from .judge import Expected, Judge
from .meaning import cell, initial_states, plain
from .plan import Plan, Question
from .values import number_of

Engine = Callable[..., core.Report]

_REDUCIBLE = ("always", "at least", "at most", "sometimes", "deadlock free")


def the_engine() -> Engine:
    """The explicit engine."""
    from seatrial.engines.explore import explore

    return explore


@attrs.define
class Comparison:
    """Engine and reference on one plan; `differences` collects what they disagree about."""

    plan: Plan
    engine: Engine
    threads: int = 2
    differences: list[str] = attrs.field(factory=list)
    graph: reference.Graph = attrs.field(init=False)
    system: core.System = attrs.field(init=False)
    ground: core.Ground = attrs.field(init=False)
    properties: tuple[core.Property, ...] = attrs.field(init=False)
    expected: dict[str, Expected] = attrs.field(init=False)
    at: dict[tuple[Any, ...], int] = attrs.field(init=False)
    edges: set[reference.Edge] = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self.graph = reference.explore(initial_states(self.plan), plain(self.plan))
        self.plan = attrs.evolve(self.plan, questions=tuple(self.affordable()))
        self.system, self.properties = build(self.plan)
        self.ground = core.ground(self.system)
        self.expected = {
            question.name: Judge(self.plan, question).expected(self.graph)
            for question in self.plan.questions
        }
        cells = list(self.graph.states[0])
        self.at = {
            tuple(state[name] for name in cells): at for at, state in enumerate(self.graph.states)
        }
        self.edges = set(self.graph.edges)

    def affordable(self) -> Iterator[Question]:
        """The questions that the reference can answer in reasonable time."""
        strong = sum(rule.fairness == "strong" for rule in self.graph.rules)
        effort = len(self.graph.edges) * (len(self.graph.rules) + 1) * 2**strong
        for question in self.plan.questions:
            fair = question.kind in ("converges to", "no hot loop")
            if not fair or effort < (200_000 if self.plan.seed % 50 == 0 else 20_000):
                yield question

    def run(
        self, properties: Sequence[core.Property] | None = None, **options: Any
    ) -> core.Report | None:
        """The engine's report; None, and a difference, where it raises."""
        asked = self.properties if properties is None else properties
        try:
            return self.engine(self.system, asked, threads=self.threads, **options)
        except Exception as error:
            place = traceback.extract_tb(error.__traceback__)[-1]
            self.differ(
                options, f"raised {type(error).__name__}: {error} ({place.name}:{place.lineno})"
            )
            return None

    def differ(self, options: Mapping[str, Any], what: str) -> None:
        """Note a difference."""
        said = ", ".join(f"{name}={value}" for name, value in options.items())
        self.differences.append(f"[{said}] {what}")

    def equal(self, options: Mapping[str, Any], what: str, engine: Any, due: Any) -> None:
        """Note a difference where the two are not equal."""
        if engine != due:
            self.differ(options, f"{what}: engine {engine}, reference {due}")

    def whole(self, kernel: str) -> core.Report | None:
        """Everything about a run without caps and reductions."""
        options: dict[str, Any] = {"kernel": kernel}
        report = self.run(**options)
        if report is None:
            return None
        graph, got = self.graph, report.exploration
        moving = {edge.source for edge in graph.edges}
        depths = graph.depth
        fired = {name for edge in graph.edges for name in edge.taken}
        for what, engine, due in (
            ("complete", got.complete, True),
            ("capped", got.capped, None),
            ("states", got.states, len(graph.states)),
            ("transitions", got.transitions, len(graph.edges)),
            ("depth", got.depth, max(depths)),
            ("levels", got.levels, tuple(depths.count(d) for d in range(max(depths) + 1))),
            ("deadlocks", got.deadlocks, len(graph.states) - len(moving)),
            (
                "actions never fired",
                sorted(got.actions_never_fired),
                sorted({rule.name for rule in graph.rules} - fired),
            ),
        ):
            self.equal(options, what, engine, due)
        self.verdicts(options, report)
        return report

    def comparable(self, report: core.Report) -> core.Report:
        """
        A report without what may differ between two runs of the same search.

        That is also how often properties were evaluated, and the views that only they rest on: a
        kernel asks about a batch of states, and neither loop once more when a property is settled.
        """
        views = {cell.name.partition("[")[0] for cell in self._asked_only()}
        apart = {f"view {name}" for name in views}
        exploration = report.exploration
        asked = (
            (name, count)
            for name, count in exploration.evaluations
            if not name.startswith("property ") and name not in apart
        )
        values = (pair for pair in exploration.values if pair[0] not in views)
        same = attrs.evolve(
            exploration,
            seconds=0.0,
            bytes_held=0,
            kernel="",
            evaluations=tuple(asked),
            values=tuple(values),
            widest=(),
        )
        return attrs.evolve(report, exploration=same)

    def _asked_only(self) -> Iterator[Any]:
        """The cells of views and totals that no action rests on."""
        system = self.ground
        acted_on = system.rests_on(cell for action in system.actions for cell in action.looks_at)
        for derived in (*system.views, *system.totals):
            if derived.cell.number not in acted_on:
                yield derived.cell

    def verdicts(
        self, options: Mapping[str, Any], report: core.Report, asked: Sequence[str] | None = None
    ) -> None:
        """Every verdict of a complete run."""
        due_ones = [*self.expected] if asked is None else [*asked]
        self.equal(options, "verdicts", [v.property.id for v in report.verdicts], due_ones)
        for verdict in report.verdicts:
            due = self.expected.get(verdict.property.id, Expected("?"))
            name = f"{verdict.property.id} ({verdict.property.kind})"
            self.equal(options, name, verdict.status, due.status)
            if verdict.property.kind in ("at least", "at most"):
                self.equal(options, f"{name} extreme", verdict.extreme, due.extreme)
                far = None if verdict.witness is None else verdict.witness.length
                self.equal(options, f"{name} witness length", far, due.witness)
            if due.vacuous is not None:
                self.equal(options, f"{name} vacuous", verdict.vacuous, due.vacuous)
            if verdict.status != due.status:
                continue
            if due.length is not None:
                length = None if verdict.trace is None else verdict.trace.length
                self.equal(options, f"{name} trace length", length, due.length)
            self.trace(options, name, verdict, due)

    def capped(self, options: Mapping[str, Any]) -> None:
        """A run with a cap: no verdict that would take all states, and right lengths."""
        report = self.run(**options)
        if report is None:
            return
        got = report.exploration
        if got.complete:
            self.equal(options, "states", got.states, len(self.graph.states))
            self.equal(options, "transitions", got.transitions, len(self.graph.edges))
            self.verdicts(options, report)
            return
        if got.capped is None:
            self.differ(options, "incomplete, but names no cap")
        if got.states > len(self.graph.states):
            self.differ(options, f"{got.states} of {len(self.graph.states)} states")
        for verdict in report.verdicts:
            due = self.expected[verdict.property.id]
            name = f"{verdict.property.id} ({verdict.property.kind})"
            allowed = {"inconclusive", due.status}
            allowed -= {"violated"} if verdict.property.kind == "sometimes" else {"holds"}
            if verdict.status not in allowed:
                self.differ(options, f"{name}: incomplete, but {verdict.status}")
                continue
            if verdict.witness is not None:
                self.partial_extreme(options, name, verdict)
            if verdict.trace is not None and verdict.trace is not verdict.witness:
                if due.length is not None:
                    self.equal(options, f"{name} trace length", verdict.trace.length, due.length)
                self.trace(options, name, verdict, due)

    def partial_extreme(self, options: Mapping[str, Any], name: str, verdict: core.Verdict) -> None:
        """The extreme of an incomplete run is some state's number, and its witness the nearest."""
        assert verdict.witness is not None
        (question,) = (q for q in self.plan.questions if q.name == verdict.property.id)
        judge = Judge(self.plan, question)
        asked = judge.asked()
        length = reference.shallowest(
            self.graph, lambda s: verdict.extreme in judge.numbers(asked, s)
        )
        self.equal(options, f"{name} witness length", verdict.witness.length, length)

    def reduced(self, options: Mapping[str, Any]) -> None:
        """Runs with a reduction: same verdicts and lengths from no more states."""
        able = [p for p in self.properties if p.kind in _REDUCIBLE]
        # What one property reads leaves more room to a reduction than what all read.
        some = len(able) if self.plan.loose else min(1, len(able))
        ones = random.Random(self.plan.seed).sample(able, some)
        for asked in (*([one] for one in ones), able):
            report = self.run(asked, **options)
            if report is None:
                return
            got = report.exploration
            if got.states > len(self.graph.states):
                self.differ(options, f"{got.states} of {len(self.graph.states)} states")
            self.equal(options, "complete", got.complete, True)
            self.equal(options, "deadlocks", got.deadlocks > 0, bool(self.deadlocks()))
            self.verdicts(options, report, [each.id for each in asked])

    def deadlocks(self) -> set[int]:
        """The states in which nothing is enabled."""
        return {*range(len(self.graph.states))} - {edge.source for edge in self.graph.edges}

    def trace(
        self, options: Mapping[str, Any], name: str, verdict: core.Verdict, due: Expected
    ) -> None:
        """A trace replays, is a path of the reference's graph, and ends in what it shows."""
        trace = verdict.trace
        if trace is None:
            if verdict.status == "violated" and verdict.property.kind != "sometimes":
                self.differ(options, f"{name} has no trace")
            return
        try:
            core.replay(self.ground, trace)
        except core.SeatrialError as error:
            self.differ(options, f"{name} does not replay: {error}")
        try:
            flaw = self.flaw(trace, verdict, due)
        except KeyError as error:
            flaw = f"its trace has an unknown state or value: {error}"
        if flaw:
            self.differ(options, f"{name}: {flaw}")

    def flaw(self, trace: core.Trace, verdict: core.Verdict, due: Expected) -> str | None:
        """What is wrong with a trace, found without the help of seatrial's replay."""
        all_states = list(trace.states())
        ends = [
            at
            for at in range(len(all_states))
            if at == 0 or at == len(trace.steps) or not trace.steps[at].committed
        ]
        states = {at: self.numbered(all_states[at]) for at in ends}
        path = [
            reference.Edge(
                states[one], tuple(step.action for step in trace.steps[one:other]), states[other]
            )
            for one, other in itertools.pairwise(ends)
        ]
        for edge in path:
            if edge not in self.edges:
                return f"its trace takes {edge}, which is no step"
        if self.graph.depth[states[0]] != 0:
            return "its trace does not start in an initial state"
        if verdict.property.kind in ("converges to", "no hot loop"):
            if trace.loop not in ends:
                return f"its loop at {trace.loop} does not begin in a state of the system"
            return self.lasso_flaw(verdict, states[ends[-1]], path[ends.index(trace.loop) :])
        last = self.graph.states[states[ends[-1]]]
        if verdict.property.kind == "deadlock free":
            stuck = not any(edge.source == states[ends[-1]] for edge in self.graph.edges)
            return None if stuck else "its trace does not end in a deadlock"
        before = self.graph.states[path[-1].source] if path else None
        partial = verdict.trace is verdict.witness and verdict.extreme != due.extreme
        if partial or due.ends(last, before, path[-1].taken[0] if path else ""):
            return None
        return "its trace does not end in what it shows"

    def numbered(self, state: Mapping[str, Any]) -> int:
        """The number of a state of a trace in the reference's graph. KeyError: it has none."""
        numbers = []
        kinds = {
            cell(each.name, key): each
            for each in self.plan.families
            for key in self.plan.keys(each.over)
        }
        for name in self.graph.states[0]:
            value = state[name]
            numbers.append(number_of(kinds[name].kind, kinds[name].size)[(type(value), value)])
        return self.at[tuple(numbers)]

    def lasso_flaw(
        self, verdict: core.Verdict, last: int, loop: list[reference.Edge]
    ) -> str | None:
        """What is wrong with the loop of a fair run."""
        fairness = {rule.name: rule.fairness for rule in self.graph.rules}
        enabled = {(edge.source, edge.taken[0]) for edge in self.graph.edges}
        visited = {edge.source for edge in loop} | {last}
        taken = {name for edge in loop for name in edge.taken}
        for name, fair in fairness.items():
            on = [at for at in visited if (at, name) in enabled]
            if fair == "none":
                if any(edge.taken[0] == name for edge in loop):
                    return f"its loop takes {name}, which is a user's or a fault"
            elif name not in taken and on and (fair == "strong" or len(on) == len(visited)):
                return f"its loop is unfair to {name}"
        (question,) = (q for q in self.plan.questions if q.name == verdict.property.id)
        if question.kind == "no hot loop":
            families = {name.partition("[")[0] for name in taken}
            if families.isdisjoint(question.work) or not families.isdisjoint(question.progress):
                return "its loop is not hot"
            return None
        asked = Judge(self.plan, question).asked()
        if all(goal(self.graph.states[at], {}) for at in visited for _, goal in asked):
            return "its loop stays in the goal"
        return None
