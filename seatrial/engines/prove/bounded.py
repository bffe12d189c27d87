"""Bounded search: runs of so many steps from the start, with the parameters left open.

What the solver finds is a run only once the rules have taken it: the trace is made by asking them,
step by step, and is replayed.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import attrs
import z3

from seatrial.core import (
    Ground,
    Property,
    Trace,
    enabled_steps,
    ground,
    ground_property,
    replay,
    same_value,
    step_of,
    successor,
)

from .induction import Goal, Unrolled
from .machine import Machine
from .queries import Queries, smallest

__all__ = ["Found", "search"]


@attrs.frozen(eq=False)
class Found:
    """
    How a search ended: `trace` with the values of the parameters, or the number of steps cleared.

    `cleared` steps from the start lead to nothing forbidden, for any parameters. `least`: with no
    smaller sum of parameters is there a run of this length. `stopped` says why it went no further.
    """

    cleared: int
    trace: Trace | None = None
    parameters: tuple[tuple[str, int], ...] = ()
    least: bool = False
    stopped: str = ""


def search(made: Machine, asked: Property, goal: Goal, depth: int, queries: Queries) -> Found:
    """
    Search runs of up to `depth` steps for one that is forbidden.

    Raises RuleError where a rule raises at its end, and AssertionError where what the solver found
    is no run of the rules, or breaks nothing.
    """
    run = Unrolled(made, queries, from_start=True)
    for length in range(depth + 1):
        if length:
            run.extend()
        bad = z3.Or(run.forbidden(goal, length), run.raises(length))
        answer = run.ask(f"bounded-{length}", bad)
        if answer.verdict == "unknown":
            return Found(length - 1, stopped=f"runs of {length} steps took the solver too long")
        if answer.verdict == "sat":
            return _counterexample(made, asked, run, bad, answer.model, queries)
    return Found(depth)


def _counterexample(
    made: Machine, asked: Property, run: Unrolled, bad: Any, model: Any, queries: Queries
) -> Found:
    size = z3.Sum([*made.parameters.values(), z3.IntVal(0)])
    model, least = smallest(size, model, lambda more: run.ask("smallest", bad, more))
    values = {
        name: model.eval(term, model_completion=True).as_long()
        for name, term in made.parameters.items()
    }
    states = [_state(made, run, model, time) for time in range(run.length + 1)]
    trace = _trace(ground(made.build(values)), states, asked)
    return Found(run.length, trace, tuple(values.items()), least)


def _state(made: Machine, run: Unrolled, model: Any, time: int) -> tuple[Any, ...]:
    def evaluated(term: Any) -> Any:
        value = model.eval(run.at(term, time), model_completion=True)
        return z3.is_true(value) if z3.is_bool(value) else value.as_long()

    return made.values(evaluated)


def _trace(system: Ground, states: Sequence[tuple[Any, ...]], asked: Property) -> Trace:
    """The run along these states, taken by the rules. Raises AssertionError where it is none."""
    steps = []
    for before, after in pairwise(states):
        for action, outcome in enabled_steps(system, before, between=False):
            if _same(successor(before, outcome), after):
                steps.append(step_of(system, before, action, outcome))
                break
        else:
            raise AssertionError(f"the solver's step from {before} to {after} is none of the rules")
    initial = tuple((slot.name, value) for slot, value in zip(system.slots, states[0], strict=True))
    trace = Trace(system.system.name, initial, tuple(steps), asked.id)
    replay(system, trace)
    because = _broken(system, states, steps[-1].action if steps else "", asked)
    if not because:
        enabled_steps(system, states[-1], between=False)  # where a rule raises, it says so
        raise AssertionError(f"the solver's run does not break {asked.id} when the rules take it")
    return attrs.evolve(trace, because=because)


def _same(one: Sequence[Any], other: Sequence[Any]) -> bool:
    return all(same_value(x, y) for x, y in zip(one, other, strict=True))


def _broken(
    system: Ground, states: Sequence[tuple[Any, ...]], last: str, asked: Property
) -> tuple[str, ...]:
    now = system.values(states[-1])
    before: Mapping[int, Any] = system.values(states[-2]) if len(states) > 1 else {}
    found: list[str] = []
    for each in ground_property(system, asked):
        if each.before and not before:
            continue
        values = [now[number] for number in each.reads]
        values += [before[number] for number in each.before]
        if each.wants_action:
            values.append(last.partition("[")[0])
        said = each.check(values)
        found += [one.because for one in said.violations]
        value, bound, kind = said.value, each.bound, asked.kind
        if value is None or bound is None or not said.met:
            continue
        if (kind == "at least" and value < bound) or (kind == "at most" and value > bound):
            found.append(f"{value} is {'less' if kind == 'at least' else 'more'} than {bound}")
    return tuple(found)
