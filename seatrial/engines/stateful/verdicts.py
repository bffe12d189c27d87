"""From what random runs showed to verdicts. That they showed nothing proves nothing."""

from collections.abc import Mapping, Sequence
from typing import Any

from seatrial.core import Property, Trace, Verdict, Violation, successor

from .runs import Found, Runner, trace_of

__all__ = ["verdict_on"]


def verdict_on(property: Property, runner: Runner, found: Mapping[int, Found]) -> Verdict:
    """The verdict on a property, by the shortest runs that settle its rules."""
    rules = [n for n, each in enumerate(runner.answers.rules) if each.property is property]
    settled = [found[each] for each in rules if each in found]
    if property.kind == "sometimes":
        return _sometimes(property, runner, rules, settled)
    if property.kind in ("at least", "at most"):
        return _bound(property, runner, rules, settled)
    if not settled:
        vacuous = property.premise is not None and not runner.watch.met.intersection(rules)
        return _nothing(property, runner, vacuous=vacuous)
    one = _shortest(settled)
    because = _because(property, runner, one)
    trace = trace_of(
        one,
        runner.answers,
        property_id=property.id,
        because=tuple(because),
        loop=_entry(one),
        fairness=() if one.loop is None else one.loop.fairness,
        shortest=False,
    )
    return Verdict(property, "violated", because="; ".join(because), trace=trace)


def _shortest(settled: Sequence[Found]) -> Found:
    return min(settled, key=lambda each: (each.length, each.rule))


def nothing(runner: Runner) -> str:
    """What can be said where nothing was found."""
    count = runner.counts.runs
    runs = "1 run" if count == 1 else f"{count:,} runs"
    return f"no violation in {runs} of up to {runner.steps:,} steps"


def _nothing(property: Property, runner: Runner, **more: Any) -> Verdict:
    because = nothing(runner)
    if property.kind == "sometimes":
        because = because.replace("no violation", "not reached")
    return Verdict(property, "inconclusive", because=because, **more)


def _because(property: Property, runner: Runner, found: Found) -> list[str]:
    rule = runner.answers.rules[found.rule]
    if property.kind in ("always", "after each step"):
        return [each.because for each in _asked_again(runner, found)]
    if property.kind == "deadlock free":
        return ["no action is enabled"]
    loop = found.loop
    assert loop is not None
    steps = len(found.moves) - loop.entry
    if not steps:
        because = "the run stops outside the goal: no step of the system is enabled"
    elif property.kind == "converges to":
        because = f"the loop of {steps} steps is fair and leaves the goal for ever"
    else:
        because = f"the loop of {steps} steps is fair and works without progress"
    return [f"{rule.name}: {because}" if rule.key else because]


def _asked_again(runner: Runner, found: Found) -> Sequence[Violation]:
    """The violations in the last state or step of a run, by the property itself."""
    rule = runner.answers.rules[found.rule]
    before, after = _ends(runner, found)
    name = found.moves[-1][0].action.action.name if found.moves else ""
    asked = [*(after[cell] for cell in rule.reads), *(before[cell] for cell in rule.before), name]
    return rule.check(asked).violations


def _ends(runner: Runner, found: Found) -> tuple[Mapping[int, Any], Mapping[int, Any]]:
    """The values of all cells before the last step of a run, and after it."""
    before = after = found.start.values
    for option, followed in found.moves:
        before = after
        for each in (option, *followed):
            after = successor(after, each.outcome)
    system = runner.answers.system
    return system.values(before), system.values(after)


def _entry(found: Found) -> int | None:
    """After how many steps, committed ones counted, the loop begins."""
    if found.loop is None:
        return None
    return sum(1 + len(followed) for _, followed in found.moves[: found.loop.entry])


def _sometimes(
    property: Property, runner: Runner, rules: Sequence[int], settled: Sequence[Found]
) -> Verdict:
    """Every member must be reached; the witness is that of the last one to be."""
    if len(settled) < len(rules):
        return _nothing(property, runner)
    latest = max(settled, key=lambda each: each.length)
    trace = _to(latest, runner, property, "reached")
    return Verdict(property, "holds", because="reached", trace=trace)


def _to(found: Found, runner: Runner, property: Property, because: str) -> Trace:
    return trace_of(
        found, runner.answers, property_id=property.id, because=(because,), shortest=False
    )


def _bound(
    property: Property, runner: Runner, rules: Sequence[int], settled: Sequence[Found]
) -> Verdict:
    known = [each for each in rules if each in runner.best]
    if not known:
        return _nothing(property, runner, vacuous=property.premise is not None)
    worst = min(known, key=lambda each: (runner.best[each].slack or 0, each))
    rule, value = runner.answers.rules[worst], runner.watch.best[worst]
    word = "least" if property.kind == "at least" else "most"
    because = f"the {word} is {value}; the bound is {rule.bound}"
    if rule.key:
        because = f"{rule.name}: {because}"
    because += " (so far, in random runs)"
    witness = _to(runner.best[worst], runner, property, because)
    if not settled:
        because += f"; {nothing(runner)}"
        return Verdict(property, "inconclusive", because, witness, extreme=value, witness=witness)
    first = _shortest(settled)
    trace = _to(first, runner, property, _broken_bound(runner, first))
    return Verdict(property, "violated", because, trace, extreme=value, witness=witness)


def _broken_bound(runner: Runner, found: Found) -> str:
    """What the bound's function says where the run ends."""
    rule = runner.answers.rules[found.rule]
    _, after = _ends(runner, found)
    value = rule.check([after[cell] for cell in rule.reads]).value
    return f"{rule.name} is {value}; the bound is {rule.bound}"
