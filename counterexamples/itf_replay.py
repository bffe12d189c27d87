"""
From a trace file back to an exact trace, by running the system's rules along it.

A file holds less than a trace does (classes are not written, nor, by other tools, actions), so
nothing in it is believed: each step has to be one that the rules yield, with the effects that the
file shows.
"""

import json
from collections.abc import Sequence
from typing import Any

import attrs

from seatrial.core import (
    Ground,
    GroundAction,
    GroundOutcome,
    ReplayError,
    Step,
    Trace,
    TraceFormatError,
    enabled_steps,
    replay,
    same_value,
    step_of,
    successor,
)

from .itf import ACTION_TAKEN, families_of
from .itf_decode import decode_value
from .itf_read import ItfTrace
from .itf_values import ItfMap, ItfRecord, encode_value, plain, untagged
from .text import brief, show_value

__all__ = ["as_trace"]

_MANY = 8

Texts = tuple[str, ...]
"""A state by slot, as what a file would hold of it: states with equal texts look alike in it."""


@attrs.frozen
class _Run:
    """What the rules did so far; several may look alike in the file."""

    start: tuple[Any, ...]
    state: tuple[Any, ...]
    steps: tuple[Step, ...] = ()


@attrs.frozen
class _Recorded:
    """What a file says of the step to a state; None for what it does not say."""

    number: int
    target: Texts
    action: str | None = None
    label: str | None = None
    choices: tuple[int, ...] | None = None

    def __str__(self) -> str:
        said = ": ".join(filter(None, (self.action, self.label)))
        return f"step {self.number}{f', {said},' if said else ''}"


def as_trace(itf: ItfTrace, system: Ground) -> Trace:
    """
    The trace of `system` that the file holds.

    Steps are recognised by action, label and choices, where the file says them, and by their
    effects. A lasso whose last state is not the one it goes back to is closed by a step more.
    Raises ReplayError where the file is of another system, or which step is not one of this system,
    with what was enabled there; TraceFormatError where `#meta` is not as `write_itf` writes it.
    """
    _check_origin(itf, system)
    recorded = [_recorded(itf, at, system) for at in range(len(itf.states))]
    loop = itf.loop
    if loop is not None and recorded[loop].target != recorded[-1].target:
        recorded.append(_Recorded(len(recorded), recorded[loop].target))
    runs = _starts(recorded[0].target, system)
    for step in recorded[1:]:
        runs = _extended(runs, step, system)
    traces = [_trace(run, itf, system) for run in runs]
    for trace in traces[:-1]:
        try:
            replay(system, trace)
            return trace
        except ReplayError:
            continue
    replay(system, traces[-1])
    return traces[-1]


def _trace(run: _Run, itf: ItfTrace, system: Ground) -> Trace:
    cells = [slot.name for slot in system.slots]
    return Trace(
        system=system.system.name,
        initial=tuple(zip(cells, run.start, strict=True)),
        steps=run.steps,
        property_id=_said(itf.meta, "property", str, "the trace file") or "",
        because=_sentences(itf, "because"),
        loop=itf.loop,
        fairness=_sentences(itf, "fairness"),
        shortest=bool(_said(itf.meta, "shortest", bool, "the trace file")),
    )


def _sentences(itf: ItfTrace, field: str) -> tuple[str, ...]:
    found = _said(itf.meta, field, list, "the trace file") or []
    if not all(isinstance(each, str) for each in found):
        raise TraceFormatError(f"the trace file has a #meta.{field} that is no array of strings")
    return tuple(found)


def _said(meta: Any, field: str, kind: type, where: str) -> Any:
    found = meta.get(field)
    if found is not None and type(found) is not kind:
        names = {str: "string", bool: "boolean", list: "array", dict: "object"}
        raise TraceFormatError(f"{where} has a #meta.{field} that is no {names[kind]}")
    return found


def _check_origin(itf: ItfTrace, system: Ground) -> None:
    """Refuse at once what says that it is of another system, or of other parameters."""
    name = system.system.name
    of = _said(itf.meta, "system", str, "the trace file")
    if of is not None and of != name:
        raise ReplayError(f"the trace is of the system {brief(of)}, and this is {name}")
    given = _said(itf.meta, "parameters", dict, "the trace file") or {}
    ours = {each.name: each.value for each in system.system.parameters}
    for each in sorted(given.keys() | ours.keys()) if given else ():
        theirs = decode_value(given[each], each) if each in given else None
        if each not in given or each not in ours or _text(theirs) != _text(plain(ours[each])):
            there = _short(_text(theirs)) if each in given else "absent"
            here = _short(_text(plain(ours[each]))) if each in ours else "absent"
            raise ReplayError(
                f"the trace is of {name} with the parameter {brief(each)} {there}, here {here}"
            )
    variables = {slot.domain for slot in system.slots}
    named = {variable for variable in itf.vars if not variable.startswith("mbt::")}
    if odd := sorted(named ^ variables):
        listed = brief(", ".join(odd))
        raise ReplayError(f"the trace and {name} differ in the variables {listed}")


def _recorded(itf: ItfTrace, at: int, system: Ground) -> _Recorded:
    state = itf.states[at]
    where = f"the trace file, state {at},"
    action = _said(state.meta, "action", str, where)
    taken = state.values.get(ACTION_TAKEN)
    choices = _said(state.meta, "choices", list, where)
    if choices is not None and not all(type(each) is int for each in choices):
        raise TraceFormatError(f"{where} has a #meta.choices that is no array of integers")
    return _Recorded(
        number=at,
        target=_target(state.values, at, system),
        action=action if action is not None else taken if isinstance(taken, str) else None,
        label=_said(state.meta, "label", str, where),
        choices=None if choices is None else tuple(choices),
    )


def _target(values: Any, at: int, system: Ground) -> Texts:
    """The texts of a state of the file; ReplayError where a family has other members."""
    families = families_of(system, ())
    texts = []
    members: dict[str, dict[str, Any]] = {}
    for slot in system.slots:
        family, key = families[slot.name]
        value = untagged(values[family])
        if key:
            if family not in members:
                members[family] = _members(value, family, at, system)
            index = _text(plain(key[0] if len(key) == 1 else key))
            value = members[family][index]
        texts.append(_text(value))
    return tuple(texts)


def _members(value: Any, family: str, at: int, system: Ground) -> dict[str, Any]:
    if not isinstance(value, ItfMap):
        raise ReplayError(f"state {at}: {family} is a family, and no map in the trace")
    found = {_text(key): each for key, each in value.pairs}
    keys = [slot.key for slot in system.slots if slot.domain == family]
    ours = {_text(plain(key[0] if len(key) == 1 else key)) for key in keys}
    if odd := sorted(found.keys() ^ ours):
        raise ReplayError(
            f"state {at}: {family} of the trace and of {system.system.name} differ in the members"
            f" {brief(', '.join(map(_short, odd)))}"
        )
    return found


def _text(value: Any) -> str:
    """What a file would hold of a plain value, tags of alternatives aside."""
    return json.dumps(encode_value(untagged(value)), sort_keys=True)


def _starts(target: Texts, system: Ground) -> list[_Run]:
    given = [(state, tuple(_text(plain(value)) for value in state)) for state in system.initial]
    found = [_Run(state, state) for state, texts in given if texts == target]
    if not found:
        nearest = min((texts for _, texts in given), key=lambda each: len(_differing(each, target)))
        raise ReplayError(
            f"state 0 is no initial state of {system.system.name}:"
            f" {_difference(nearest, target, system)}"
        )
    return found


def _differing(texts: Texts, target: Texts) -> list[int]:
    pairs = zip(texts, target, strict=True)
    return [at for at, (one, other) in enumerate(pairs) if one != other]


def _difference(texts: Texts, target: Texts, system: Ground) -> str:
    at = _differing(texts, target)[0]
    cell = system.slots[at].name
    return f"{cell} is {_short(target[at])} in the trace and {_short(texts[at])} in the system"


def _short(text: str) -> str:
    """What a file holds, as reports show values."""
    return brief(_shown(decode_value(json.loads(text), "a value")), 80)


def _shown(value: Any) -> str:
    if isinstance(value, ItfRecord):
        fields = ", ".join(f"{name}={_shown(each)}" for name, each in value.fields)
        return f"{value.name}({fields})"
    if isinstance(value, ItfMap):
        return f"{{{', '.join(f'{_shown(key)}: {_shown(each)}' for key, each in value.pairs)}}}"
    if isinstance(value, frozenset):
        return f"{{{', '.join(sorted(map(_shown, value)))}}}"
    if isinstance(value, tuple):
        return f"({', '.join(map(_shown, value))}{',' if len(value) == 1 else ''})"
    return show_value(value)


def _extended(runs: Sequence[_Run], step: _Recorded, system: Ground) -> list[_Run]:
    """Each run by the steps that the file may mean; ReplayError where there is none."""
    found: list[_Run] = []
    for run in runs:
        before = tuple(_text(plain(value)) for value in run.state)
        for action, outcome in _offered(run, system):
            if _named(step, action, outcome) and _after(before, outcome) == step.target:
                made = step_of(system, run.state, action, outcome)
                _add(found, _Run(run.start, successor(run.state, outcome), (*run.steps, made)))
    if not found:
        raise ReplayError(_refusal(runs[0], step, system))
    return found


def _add(runs: list[_Run], run: _Run) -> None:
    """Keep one run of those that differ in nothing that matters for the rest of the file."""
    if not any(same_value((one.start, one.state), (run.start, run.state)) for one in runs):
        runs.append(run)


def _offered(run: _Run, system: Ground) -> list[tuple[GroundAction, GroundOutcome]]:
    # Where a committed action is enabled, this asks for nothing else, after any step.
    return enabled_steps(system, run.state, between=False)


def _named(step: _Recorded, action: GroundAction, outcome: GroundOutcome) -> bool:
    said = (step.action, step.label, step.choices)
    ours = (action.name, outcome.label, outcome.choices)
    return all(one is None or one == other for one, other in zip(said, ours, strict=True))


def _after(before: Texts, outcome: GroundOutcome) -> Texts:
    after = list(before)
    for slot, value in outcome.writes:
        after[slot] = _text(plain(value))
    return tuple(after)


def _refusal(run: _Run, step: _Recorded, system: Ground) -> str:
    before = tuple(_text(plain(value)) for value in run.state)
    offered = _offered(run, system)
    for action, outcome in offered:
        if step.action is not None and _named(step, action, outcome):
            after = _difference(_after(before, outcome), step.target, system)
            return f"{brief(str(step))} is enabled there, but with other effects: {after}"
    names = list(dict.fromkeys(f"{action.name}: {outcome.label}" for action, outcome in offered))
    more = f"; and {len(names) - _MANY} more" if len(names) > _MANY else ""
    enabled = brief("; ".join(names[:_MANY]), 300) or "nothing"
    return f"{brief(str(step))} is not enabled there with these effects; enabled: {enabled}{more}"
