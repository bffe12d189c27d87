"""A plan as declarations of Seatrial."""

from collections.abc import Mapping, Sequence
from typing import Any

import seatrial.core as core

from .plan import Plan, Question
from .source import source
from .values import Record, value_of


def build(plan: Plan) -> tuple[core.System, tuple[core.Property, ...]]:
    """The plan as seatrial declarations."""
    made: dict[str, Any] = {"Record": Record}  # not imported: a script would have it twice
    exec(compile(source(plan), f"<random system {plan.seed}>", "exec"), made)
    views: list[core.View | core.Total] = []
    for view in plan.views:
        if view.of:
            views.append(core.Total(view.name, of=view.of))
        else:
            views.append(core.view(over=view.over)(made[view.name]))
    system = core.System(
        name=f"random system {plan.seed}",
        indices=[core.Index(name, members, plan.symmetric) for name, members in plan.indices],
        parameters=[core.Parameter(name, value) for name, value in plan.parameters],
        variables=[core.Variable(each.name, over=each.over) for each in plan.families],
        views=views,
        actions=[
            core.action(
                actor="user" if rule.fair == "none" else "system",
                over=rule.over,
                fair=rule.fair,
                committed=rule.committed,
                when=rule.when or None,
                writes=[
                    name
                    for each in rule.writes
                    for name in (each, *(shadow.name for shadow in plan.shadows(each)))
                ],
            )(made[rule.name])
            for rule in plan.rules
        ],
        initial=[
            {name: _initial_value(plan, name, numbers) for name, numbers in assignment}
            for assignment in plan.initial
        ],
    )
    return system, tuple(_property(question, made) for question in plan.questions)


def _initial_value(plan: Plan, name: str, numbers: Sequence[int]) -> Any:
    family = plan.named(name)
    values = [value_of(family.kind, number) for number in numbers]
    if not family.over:
        return values[0]
    if len(set(numbers)) == 1 and len(numbers) > 1:
        return core.every(values[0])
    keys = [key[0] if len(key) == 1 else key for key in plan.keys(family.over)]
    return dict(zip(keys, values, strict=True))


def _property(question: Question, made: Mapping[str, Any]) -> core.Property:
    if question.kind == "deadlock free":
        return core.deadlock_free(source="random", id=question.name)
    if question.kind == "no hot loop":
        return core.no_hot_loop(
            work=question.work,
            progress=question.progress,
            says="no hot loop",
            source="random",
            id=question.name,
        )
    bound = made.get(f"{question.name}_bound", question.bound)
    return core.Property(
        id=question.name,
        says="a random promise",
        source="random",
        kind=question.kind,
        function=made[question.name],
        over=question.over,
        premise=made.get(f"{question.name}_premise"),
        bound=bound if question.kind in ("at least", "at most") else None,
    )
