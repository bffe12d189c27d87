"""Induction, k-induction, and the strengthening that they need.

An invariant is inductive if it is true at the start and no step leads out of it. Houdini starts
from a whole pool of candidates and drops those that some step breaks, until none is broken: what is
left is the largest inductive part of the pool. If it excludes all that a property forbids, the
property is proved; only what is needed of it is kept, and that is checked once more by itself.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import attrs
import z3

from .machine import BEFORE, Machine, Transition
from .queries import Queries
from .shapes import parts_of

__all__ = ["Goal", "Inductive", "check", "houdini", "k_induction", "needed", "verified"]


@attrs.frozen(eq=False)
class Goal:
    """
    What is to be excluded: states, and for promises about steps, pairs of states.

    `forbidden` is a formula of a state; with `by_action`, formulas of a step, by action.
    """

    forbidden: Any = None
    by_action: Mapping[str, Any] = attrs.field(factory=dict)

    def after(self, step: Transition) -> Any:
        """When the step, from a state, is one that is forbidden; None where only states are."""
        found = self.by_action.get(step.action.action.name)
        if found is None:
            return None
        return _of_step(found, step)


def _of_step(formula: Any, step: Transition) -> Any:
    """A formula of a pair of states, as one of the state before the step."""
    before = [
        (each, z3.Const(each.decl().name().removeprefix(BEFORE), each.sort()))
        for each in parts_of(formula)
        if z3.is_const(each) and each.decl().name().startswith(BEFORE)
    ]
    # At once: what stands for the state before must not be taken for the state after.
    return z3.substitute(formula, *step.changes, *before) if step.changes or before else formula


@attrs.frozen(eq=False)
class Inductive:
    """
    How an attempt to prove ended.

    `invariant` are the formulas that were needed; `broken_by` is a step out of what is known to a
    state that is forbidden: a counterexample to induction, which need not be reachable.
    """

    outcome: Literal["proved", "not inductive", "unknown"]
    invariant: tuple[Any, ...] = ()
    method: str = ""
    broken_by: tuple[Transition | None, Any] | None = None
    because: str = ""


def houdini(made: Machine, candidates: Sequence[Any], queries: Queries) -> list[Any]:
    """
    The largest inductive part of the candidates.

    What the solver cannot decide in time counts as broken, so that a candidate may be lost, and
    never one be kept that is not inductive.
    """
    kept = _initially(made, list(candidates), queries)
    solvers = [_Step(made, step, kept) for step in made.transitions if not step.raised]
    stable = 0
    at = 0
    while kept and solvers and stable < len(solvers):
        fewer = solvers[at % len(solvers)].surviving(kept, queries)
        stable = stable + 1 if len(fewer) == len(kept) else 0
        kept = fewer
        at += 1
    return kept


def _initially(made: Machine, candidates: list[Any], queries: Queries) -> list[Any]:
    kept = candidates
    while kept:
        terms = [*made.assumed, *made.typed, made.initial, z3.Or(*map(z3.Not, kept))]
        answer = queries.ask("initially", terms)
        if answer.verdict == "unsat":
            return kept
        if answer.verdict == "unknown":
            return [
                each
                for each in kept
                if queries.ask("initially", [*terms[:-1], z3.Not(each)]).verdict == "unsat"
            ]
        kept = [each for each in kept if _true(answer.model, each)]
    return kept


def _true(model: Any, term: Any) -> bool:
    return bool(z3.is_true(model.eval(term, model_completion=True)))


class _Step:
    """One transition with all candidates before and after it, each of which can be switched on."""

    def __init__(self, made: Machine, step: Transition, candidates: Sequence[Any]) -> None:
        self._name = f"{step.action.name}: {step.label}"
        self._solver = z3.Solver()
        self._solver.add(*made.assumed, *made.typed, step.guard)
        self._before: dict[int, Any] = {}
        self._after: dict[int, Any] = {}
        self._broken: dict[int, Any] = {}
        for at, each in enumerate(candidates):
            after = step.after(each)
            if after.eq(each):
                continue  # the step does not touch it
            key = each.get_id()
            self._after[key] = after
            self._broken[key] = z3.Bool(f"broken {at}")
            self._solver.add(z3.Implies(self._broken[key], z3.Not(after)))
        for at, each in enumerate(candidates):
            self._before[each.get_id()] = z3.Bool(f"before {at}")
            self._solver.add(z3.Implies(self._before[each.get_id()], each))

    def surviving(self, kept: list[Any], queries: Queries) -> list[Any]:
        """Those of the candidates that the step does not break, given all that are left."""
        while True:
            self._solver.set("timeout", queries.limits.query_ms)
            touched = [each for each in kept if each.get_id() in self._after]
            if not touched:
                return kept
            self._solver.push()
            self._solver.add(z3.Or(*(self._broken[each.get_id()] for each in touched)))
            given = [self._before[each.get_id()] for each in kept]
            answer = queries.checked(f"houdini-{self._name}", self._solver, *given)
            self._solver.pop()
            if answer.verdict == "unsat":
                return kept
            if answer.verdict == "unknown":
                lost = {each.get_id() for each in touched}
            else:
                lost = {
                    each.get_id()
                    for each in touched
                    if not _true(answer.model, self._after[each.get_id()])
                }
            kept = [each for each in kept if each.get_id() not in lost]


def check(
    made: Machine, invariant: Sequence[Any], goal: Goal, queries: Queries, method: str
) -> Inductive:
    """Whether the invariant, known to be inductive, excludes all that is forbidden."""
    known = [*made.assumed, *made.typed, *invariant]
    if goal.forbidden is not None:
        answer = queries.ask("goal", [*known, goal.forbidden])
        if answer.verdict != "unsat":
            return _failed(answer, None)
    for step in made.transitions:
        if step.raised:
            answer = queries.ask(f"raises-{step.action.name}", [*known, step.guard])
            if answer.verdict != "unsat":
                return _failed(answer, step)
            continue
        forbidden = goal.after(step)
        if forbidden is not None:
            answer = queries.ask(f"goal-{step.action.name}", [*known, step.guard, forbidden])
            if answer.verdict != "unsat":
                return _failed(answer, step)
    return Inductive("proved", tuple(invariant), method)


def _failed(answer: Any, step: Transition | None) -> Inductive:
    if answer.verdict == "unknown":
        return Inductive("unknown", because="the solver could not say in time")
    return Inductive("not inductive", broken_by=(step, answer.model))


def needed(made: Machine, invariant: Sequence[Any], goal: Goal, queries: Queries) -> list[Any]:
    """A small part of an inductive invariant that is inductive and excludes what is forbidden."""
    names = {f"kept {at}": each for at, each in enumerate(invariant)}
    found: dict[str, Any] = {}
    waiting: list[Any] = []

    def core(terms: Sequence[Any]) -> None:
        solver = z3.Solver()
        solver.set("timeout", queries.limits.query_ms)
        solver.set("core.minimize", True)
        solver.add(*made.assumed, *made.typed, *terms)
        for name, each in names.items():
            solver.add(z3.Implies(z3.Bool(name), each))
        # What is needed already comes first, so that the core prefers it.
        order = [*found, *(name for name in names if name not in found)]
        answer = queries.checked("needed", solver, *map(z3.Bool, order))
        used = map(str, solver.unsat_core()) if answer.verdict == "unsat" else list(names)
        for name in used:
            if name not in found:
                found[name] = names[name]
                waiting.append(names[name])

    if goal.forbidden is not None:
        core([goal.forbidden])
    for step in made.transitions:
        forbidden = z3.BoolVal(True) if step.raised else goal.after(step)
        if forbidden is not None:
            core([step.guard, forbidden])
    while waiting:
        each = waiting.pop(0)
        for step in made.transitions:
            after = step.after(each)
            if not step.raised and not after.eq(each):
                core([step.guard, z3.Not(after)])
    return [names[name] for name in names if name in found]


def verified(made: Machine, invariant: Sequence[Any], goal: Goal, queries: Queries) -> bool:
    """Whether an invariant is true at the start, kept by each step, and excludes the forbidden."""
    facts = [*made.assumed, *made.typed]
    questions = [("start", [*facts, made.initial, z3.Not(z3.And(*invariant))])]
    for step in made.transitions:
        if not step.raised:
            after = z3.And(*(step.after(each) for each in invariant))
            questions.append(
                (f"step-{step.action.name}", [*facts, *invariant, step.guard, z3.Not(after)])
            )
    if any(queries.ask(f"verified-{name}", terms).verdict != "unsat" for name, terms in questions):
        return False
    return check(made, invariant, goal, queries, "").outcome == "proved"


# ---- runs of several steps --------------------------------------------------------------------


class Unrolled:
    """A run of so many steps, as one formula: each step is one of the transitions."""

    def __init__(self, made: Machine, queries: Queries, *, from_start: bool) -> None:
        self._made = made
        self._queries = queries
        self._variables = made.variables()
        self._later: list[list[tuple[Any, Any]]] = []
        self.solver = z3.Solver()
        self.solver.add(*made.assumed)
        self.steps: list[tuple[Any, dict[int, Any]]] = []
        self.solver.add(*(self.at(each, 0) for each in made.typed))
        if from_start:
            self.solver.add(self.at(made.initial, 0))

    @property
    def length(self) -> int:
        """How many steps there are."""
        return len(self.steps)

    def at(self, term: Any, time: int) -> Any:
        """A formula of a state as one of the state after so many steps."""
        return z3.substitute(term, *self._pairs(time))

    def _pairs(self, time: int) -> list[tuple[Any, Any]]:
        while len(self._later) <= time:
            at = len(self._later)
            self._later.append(
                [
                    (each, z3.Const(f"{each.decl().name()}@{at}", each.sort()))
                    for each in self._variables
                ]
            )
        return self._later[time]

    def _chosen(self, term: Any, step: Transition, time: int) -> Any:
        pairs = [(it, z3.Int(f"{it.decl().name()}@{time}")) for it in step.choices]
        return z3.substitute(term, *self._pairs(time), *pairs)

    def extend(self) -> None:
        """One more step."""
        time = self.length
        which = z3.Int(f"which step@{time}")
        now_pairs, later_pairs = self._pairs(time), self._pairs(time + 1)
        ways = []
        for number, step in enumerate(self._made.transitions):
            if step.raised:
                continue
            changes = {each.decl().name(): new for each, new in step.changes}
            effects = []
            for (each, now), (_, later) in zip(now_pairs, later_pairs, strict=True):
                new = changes.get(each.decl().name())
                effects.append(later == (now if new is None else self._chosen(new, step, time)))
            ways.append(z3.And(which == number, self._chosen(step.guard, step, time), *effects))
        self.solver.add(z3.Or(*ways))
        self.solver.add(*(self.at(each, time + 1) for each in self._made.typed))
        self.steps.append((which, {}))

    def forbidden(self, goal: Goal, time: int) -> Any:
        """That the state after so many steps, or the step that led there, is forbidden."""
        found = []
        if goal.forbidden is not None:
            found.append(self.at(goal.forbidden, time))
        if time > 0:
            which = self.steps[time - 1][0]
            for number, step in enumerate(self._made.transitions):
                after = None if step.raised else goal.after(step)
                if after is not None:
                    found.append(z3.And(which == number, self._chosen(after, step, time - 1)))
        return z3.Or(*found)

    def raises(self, time: int) -> Any:
        """That some rule raises in the state after so many steps."""
        steps = [step for step in self._made.transitions if step.raised]
        return z3.Or(*(self._chosen(step.guard, step, time) for step in steps))

    def ask(self, name: str, *terms: Any) -> Any:
        """Whether there is such a run of which these are true."""
        self.solver.push()
        self.solver.set("timeout", self._queries.limits.query_ms)
        self.solver.add(*terms)
        answer = self._queries.checked(name, self.solver)
        self.solver.pop()
        return answer


def k_induction(
    made: Machine, invariant: Sequence[Any], goal: Goal, most: int, queries: Queries
) -> Inductive:
    """
    Induction over so many steps: none of a run is forbidden, so the next is not either.

    `invariant` is inductive and may be used. The caller has searched as many steps from the start.
    """
    run = Unrolled(made, queries, from_start=False)
    run.solver.add(*(run.at(each, 0) for each in invariant))
    if goal.forbidden is not None:
        run.solver.add(z3.Not(run.forbidden(goal, 0)))
    for length in range(1, most + 1):
        run.extend()
        run.solver.add(*(run.at(each, length) for each in invariant))
        answer = run.ask(
            f"{length}-induction",
            z3.Or(run.forbidden(goal, length), run.raises(length)),
        )
        if answer.verdict == "unsat":
            return Inductive("proved", tuple(invariant), f"{length}-induction")
        if answer.verdict == "unknown":
            return Inductive("unknown", because=f"{length}-induction ran out of time")
        run.solver.add(z3.Not(run.forbidden(goal, length)))
    return Inductive("not inductive")
