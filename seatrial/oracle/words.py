"""A case, and two ways in which its sync went, next to each other."""

from collections.abc import Sequence
from typing import Any

import attrs
from attrs import frozen

from .cases import Case
from .outcomes import Outcome

__all__ = ["brief", "differing", "shown", "side_by_side"]


@frozen
class _Row:
    what: str
    real: str
    other: str


def side_by_side(
    case: Case, real: Outcome, possible: Sequence[Outcome], other: str = "model"
) -> str:
    """The case, and the real outcome next to that of the `other` side that is most like it."""
    nearest = _nearest(real, possible)
    lines = [differing(shown(case), real, possible, other)]
    lines += ["", "requests, real:", *_requests(real), f"requests, {other}:", *_requests(nearest)]
    return "\n".join(lines)


def differing(case: str, real: Any, possible: Sequence[Any], other: str = "model") -> str:
    """The case, and in what the real outcome differs from the most similar of the `other` side."""
    rows = _differences(real, _nearest(real, possible))
    outcomes = (
        "one outcome, which" if len(possible) == 1 else f"{len(possible)} outcomes; the nearest"
    )
    lines = [case, "", f"the {other} has {outcomes} differs in {len(rows)} places:"]
    for row in rows:
        lines += [f"  {row.what}", f"    real:  {row.real}", f"    {other}: {row.other}"]
    return "\n".join(lines)


def _nearest(real: Any, possible: Sequence[Any]) -> Any:
    return min(possible, key=lambda one: (len(_differences(real, one)), repr(one)))


def shown(case: Case) -> str:
    """The case in a few lines: what is not as in a system at rest."""
    lines = [f"{case.controller} {case.template or ''}: {case.setting}"]
    lines.append(f"  may fail: {case.failures}, may be lost: {case.unknowns}")
    lines += [f"  {name} = {brief(value)}" for name, value in case.state]
    return "\n".join(lines)


def brief(value: Any) -> str:
    """A value with only those fields that are not as by default."""
    if isinstance(value, tuple):
        return "(" + ", ".join(map(brief, value)) + ("," if len(value) == 1 else "") + ")"
    if hasattr(value, "counts"):
        return "{" + ", ".join(f"{brief(kind)}: {n}" for kind, n in value.counts) + "}"
    if not attrs.has(type(value)):
        return str(value)
    written = []
    for each in attrs.fields(type(value)):
        content = getattr(value, each.name)
        if content != each.default:
            written.append(f"{each.name}={brief(content)}")
    return f"{type(value).__name__}({', '.join(written)})"


def _requests(outcome: Outcome) -> list[str]:
    if not outcome.requests:
        return ["  none"]
    return [
        f"  {each.verb} {each.kind} {each.template or ''} x{each.count}: {each.answer}"
        for each in outcome.requests
    ]


def _differences(real: Any, model: Any, at: str = "") -> list[_Row]:
    """Where two values differ, down to single fields."""
    if real == model:
        return []
    same = type(real) is type(model)
    if same and isinstance(real, tuple) and len(real) == len(model):
        found = []
        for number, (one, other) in enumerate(zip(real, model, strict=True)):
            found += _differences(one, other, f"{at}[{number}]")
        return found
    if same and attrs.has(type(real)) and not hasattr(real, "counts"):
        found = []
        for each in attrs.fields(type(real)):
            one, other = getattr(real, each.name), getattr(model, each.name)
            found += _differences(one, other, f"{at}.{each.name}".lstrip("."))
        return found
    return [_Row(at or "outcome", brief(real), brief(model))]
