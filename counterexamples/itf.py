"""
Writing trace files in the Informal Trace Format (`….itf.json`), for every tool that reads it.

:Docs: ADR 015 of Apalache, https://apalache-mc.org/docs/adr/015adr-trace.html

A file that `write_itf` makes is the same byte for byte for the same trace. Each family is one
variable, a map from its index: index values and label keys may hold `/` and `.`, which no field
name should. What ITF has no place for is in `#meta`: of the file the system, its parameters, the
property and why it is broken, of a state the step that led there. `as_trace` makes a trace of it
again, exactly.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from seatrial.core import Ground, Trace

from .itf_types import Shape, fit, shape_of, type_text
from .itf_values import encode_value, map_of, plain

__all__ = ["ACTION_TAKEN", "families_of", "variables_of", "write_itf"]

DESCRIPTION = "https://apalache-mc.org/docs/adr/015adr-trace.html"
ACTION_TAKEN = "mbt::actionTaken"


def variables_of(
    cells: Mapping[str, Any], families: Mapping[str, tuple[str, tuple[Any, ...]]]
) -> dict[str, Any]:
    """
    The variables of a state of ITF: a family is a map from its index, plain or a tuple.

    `families` gives for each cell its family and its key, () for a variable that is none.
    """
    found: dict[str, Any] = {}
    members: dict[str, list[tuple[Any, Any]]] = {}
    for cell, value in cells.items():
        family, key = families[cell]
        if not key:
            found[family] = plain(value)
            continue
        index = plain(key[0] if len(key) == 1 else key)
        members.setdefault(family, []).append((index, plain(value)))
        found[family] = None
    return found | {family: map_of(pairs) for family, pairs in members.items()}


def families_of(system: Ground | None, cells: Sequence[str]) -> dict[str, tuple[str, Any]]:
    """The family and key of each cell; without a system the key is what stands in brackets."""
    if system is not None:
        return {slot.name: (slot.domain, slot.key) for slot in system.slots}
    found: dict[str, tuple[str, Any]] = {}
    for cell in cells:
        family, bracket, rest = cell.partition("[")
        found[cell] = (family, (rest.removesuffix("]"),) if bracket else ())
    return found


def write_itf(
    trace: Trace,
    system: Ground | None = None,
    *,
    source: str = "",
    status: Literal["violation", "ok"] = "violation",
    command: str = "",
    version: str = "",
    mbt: bool = False,
    recipe: Mapping[str, Any] | None = None,
) -> str:
    """
    The text of a trace file, of ASCII characters only.

    `system` is what the trace is a run of; without it index values are written as text, and the
    file cannot be replayed. `source` names what was checked (a manifest), `command` the command
    that finds the trace again, `version` is Seatrial's, `recipe` is data from which the system can
    be made again. With `mbt` each state also holds
    `mbt::actionTaken`, which drivers of implementations read.

    A lasso ends in the state that it goes back to, written once more, and `loop` is its index: the
    last step of the loop would have no state otherwise.
    Raises ValueRefused where a value has no place in a file.
    """
    families = families_of(system, [name for name, _ in trace.initial])
    states = [variables_of(cells, families) for cells in trace.states()]
    if mbt:
        taken = ["init", *(step.action for step in trace.steps)]
        states = [state | {ACTION_TAKEN: name} for state, name in zip(states, taken, strict=True)]
    shapes = {name: shape_of(state[name] for state in states) for name in states[0]}
    meta = _meta(trace, system, source, status, command, version)
    if recipe is not None:
        meta["subject"] = dict(recipe)
    meta["varTypes"] = {name: type_text(shape) for name, shape in shapes.items()}
    lines = [f"    {_state(trace, at, state, shapes)}" for at, state in enumerate(states)]
    parts = [
        f'  "#meta": {json.dumps(meta, indent=2, sort_keys=True)}'.replace("\n", "\n  "),
        f'  "vars": {_line(list(shapes))}',
        '  "states": [\n' + ",\n".join(lines) + "\n  ]",
    ]
    if trace.loop is not None:
        parts.append(f'  "loop": {trace.loop}')
    return "{\n" + ",\n".join(parts) + "\n}\n"


def _state(trace: Trace, at: int, state: dict[str, Any], shapes: dict[str, Shape]) -> str:
    written = {name: fit(value, shapes[name]) for name, value in state.items()}
    return _line({"#meta": {"index": at} | _step_meta(trace, at)} | written)


def _line(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def _meta(
    trace: Trace, system: Ground | None, source: str, status: str, command: str, version: str
) -> dict[str, Any]:
    meta: dict[str, Any] = {
        "format": "ITF",
        "format-description": DESCRIPTION,
        "description": f"seatrial {version}".strip(),
        "status": status,
        "system": trace.system,
        "length": trace.length,
        "shortest": trace.shortest,
    }
    optional: dict[str, Any] = {
        "source": source,
        "property": trace.property_id,
        "because": list(trace.because),
        "fairness": list(trace.fairness),
        "command": command,
    }
    if system is not None:
        parameters = system.system.parameters
        optional["parameters"] = {each.name: encode_value(each.value) for each in parameters}
    return meta | {name: value for name, value in optional.items() if value}


def _step_meta(trace: Trace, at: int) -> dict[str, Any]:
    """What is said of the step to a state, which the initial state does not have."""
    if at == 0:
        return {}
    step = trace.steps[at - 1]
    meta: dict[str, Any] = {"action": step.action, "actor": step.actor, "label": step.label}
    if step.choices:
        meta["choices"] = list(step.choices)
    return meta | ({"committed": True} if step.committed else {})
