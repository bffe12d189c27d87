"""Making a plan that fails smaller, and showing it."""

from collections.abc import Callable, Iterator

import attrs

from .plan import Plan, Rule
from .source import source


def smaller(plan: Plan, fails: Callable[[Plan], bool]) -> Plan:
    """A plan that still fails and from which nothing more can be left out."""
    while True:
        shorter = next((each for each in _shorter(plan) if _survives(fails, each)), None)
        if shorter is None:
            return plan
        plan = shorter


def _survives(fails: Callable[[Plan], bool], plan: Plan) -> bool:
    try:
        return fails(plan)
    except Exception:  # what is left is no system: something still needs what was left out
        return False


def _shorter(plan: Plan) -> Iterator[Plan]:
    for field in ("questions", "rules", "initial"):
        items = getattr(plan, field)
        for at in range(len(items)):
            if len(items) > 1 or field == "questions":
                yield attrs.evolve(plan, **{field: items[:at] + items[at + 1 :]})
    for name in (*(each.name for each in plan.families), *(each.name for each in plan.views)):
        yield attrs.evolve(
            plan,
            families=tuple(each for each in plan.families if each.name != name),
            views=tuple(each for each in plan.views if each.name != name),
            initial=tuple(
                tuple(pair for pair in assignment if pair[0] != name) for assignment in plan.initial
            ),
        )
    for at, rule in enumerate(plan.rules):
        for simpler in _shorter_rules(rule):
            yield attrs.evolve(plan, rules=(*plan.rules[:at], simpler, *plan.rules[at + 1 :]))
    for at, question in enumerate(plan.questions):
        if question.premise:
            simple = attrs.evolve(question, premise=None)
            rest = (*plan.questions[:at], simple, *plan.questions[at + 1 :])
            yield attrs.evolve(plan, questions=rest)


def _shorter_rules(rule: Rule) -> Iterator[Rule]:
    for at, branch in enumerate(rule.branches):
        others = rule.branches[:at], rule.branches[at + 1 :]
        if len(rule.branches) > 1:
            yield attrs.evolve(rule, branches=(*others[0], *others[1]))
        for simpler in (
            attrs.evolve(branch, tell=None),
            attrs.evolve(branch, guard=("const", 1)),
            *(
                attrs.evolve(branch, writes=tuple(w for w in branch.writes if w is not gone))
                for gone in branch.writes
            ),
        ):
            if simpler != branch and not rule.committed:
                yield attrs.evolve(rule, branches=(*others[0], simpler, *others[1]))
    for at in range(len(rule.reads)):
        yield attrs.evolve(rule, reads=rule.reads[:at] + rule.reads[at + 1 :])
    for at in range(len(rule.writes)):
        yield attrs.evolve(rule, writes=rule.writes[:at] + rule.writes[at + 1 :])
    if rule.fair != "weak":
        yield attrs.evolve(rule, fair="weak")
    if rule.when:
        yield attrs.evolve(rule, when="")


def shown(plan: Plan) -> str:
    """A plan for a person: declarations and source."""
    lines = [f"indices {plan.indices}", f"parameters {plan.parameters}"]
    lines += [str(each) for each in (*plan.families, *plan.views)]
    lines += [
        f"action {r.name} over={r.over} fair={r.fair} committed={r.committed} writes={r.writes}"
        f" when={r.when!r}"
        for r in plan.rules
    ]
    lines += [
        f"property {q.name} {q.kind} over={q.over} bound={q.bound} work={q.work}"
        f" progress={q.progress}"
        for q in plan.questions
    ]
    lines += [f"initial {dict(each)}" for each in plan.initial]
    return "\n".join(lines) + "\n" + source(plan)
