"""
Reading trace files in the Informal Trace Format, whoever wrote them.

:Docs: ADR 015 of Apalache, https://apalache-mc.org/docs/adr/015adr-trace.html

Checked against what Apalache 0.62 and Quint 0.32 write (TlaToItfJson.scala; itf.ts, and Quint's
evaluator in Rust, which writes `"loop": null` and plain numbers). Files come from anywhere, so
length and nesting are bounded, and whatever is wrong is an error in one line.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from seatrial.core import TraceFormatError

from .itf_decode import Wrong, decode
from .text import brief

__all__ = ["LIMIT", "ItfState", "ItfTrace", "read_itf"]

LIMIT = 64 * 2**20
"""How long a file may be, in bytes, unless the reader is told otherwise."""


@attrs.frozen
class ItfState:
    """A state of a file: values by variable, as `decode_value` gives them; `meta` as it stands."""

    values: Mapping[str, Any]
    meta: Mapping[str, Any]


@attrs.frozen
class ItfTrace:
    """
    A trace file of any tool.

    `vars` names what every state holds. Where there is a `loop`, the last state goes back to the
    state of that index; a tool that writes none may still mean a lasso (Apalache writes none).
    """

    vars: tuple[str, ...]
    states: tuple[ItfState, ...]
    loop: int | None = None
    meta: Mapping[str, Any] = attrs.field(factory=dict)
    params: tuple[str, ...] = ()


def read_itf(text: str | bytes, *, limit: int = LIMIT) -> ItfTrace:
    """
    Read a trace file of whatever tool.

    Tolerated, since tools write it: no `#meta`, `null` for a field that is absent, names twice in
    `vars`, JSON numbers for integers, and variables of `--mbt` that `vars` does not list. Left out:
    variables whose names begin with two underscores, as Quint does.
    Raises TraceFormatError in one line that says where: line and column, or the state and field.

    >>> trace = read_itf('{"vars": ["x"], "states": [{"x": {"#bigint": "7"}}]}')
    >>> trace.states[0].values["x"]
    7
    """
    document = _parse(text, limit)
    try:
        if not isinstance(document, dict):
            raise Wrong("is no JSON object")
        if {"seatrial", "schema"} <= document.keys():
            raise Wrong(
                "is a report of `seatrial check`; --itf DIR writes its traces, one file each"
            )
        unknown = sorted(document.keys() - {"#meta", "params", "vars", "states", "loop"})
        if unknown:
            raise Wrong(f"has the field {unknown[0]!r}, which ITF does not know")
        names = _kept(_names(document, "vars", required=True))
        params = _names(document, "params", required=False)
        states = _states(document, names, params)
        return ItfTrace(
            vars=names,
            states=states,
            loop=_loop(document, len(states)),
            meta=_object(document, "#meta"),
            params=params,
        )
    except Wrong as wrong:
        raise wrong.error("the trace file") from None


def _parse(text: str | bytes, limit: int) -> Any:
    if len(text) > limit:
        raise TraceFormatError(
            f"the trace file has {len(text):,} bytes, more than the {limit:,} that are read"
        )
    try:
        decoded = text if isinstance(text, str) else text.decode("utf-8-sig")
        return json.loads(
            decoded, object_pairs_hook=_without_duplicates, parse_constant=_no_constant
        )
    except UnicodeDecodeError as error:
        message = f"is not UTF-8 at byte {error.start}"
    except json.JSONDecodeError as error:
        message = f"is no JSON at line {error.lineno}, column {error.colno}: {error.msg}"
    except RecursionError:
        message = "nests too deep to be read"
    except Wrong as wrong:
        message = wrong.message
    except ValueError:  # Python refuses to convert thousands of digits
        message = "has a number that is too long to be read"
    raise TraceFormatError(brief(f"the trace file {message}", 400))


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise Wrong(f"has an object with two fields {twice!r}")
    return found


def _no_constant(name: str) -> Any:
    raise Wrong(f"holds {name}, which is no JSON")


def _names(document: dict[str, Any], field: str, *, required: bool) -> tuple[str, ...]:
    names = document.get(field)
    if names is None and not required:
        return ()
    if names is None:
        raise Wrong(f"lacks the field {field!r}")
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise Wrong(f"is no array of strings in the field {field!r}")
    return tuple(dict.fromkeys(names))


def _kept(names: Sequence[str]) -> tuple[str, ...]:
    return tuple(name for name in names if not name.startswith("__"))


def _object(holder: dict[str, Any], field: str) -> dict[str, Any]:
    found = holder.get(field)
    if found is not None and not isinstance(found, dict):
        raise Wrong(f"is no JSON object in the field {field!r}")
    return found or {}


def _loop(document: dict[str, Any], states: int) -> int | None:
    loop = document.get("loop")
    if loop is None:
        return None
    if type(loop) is not int or not 0 <= loop < states:
        raise Wrong(f"has the loop {loop!r}, which is no index of its {states} states")
    return loop


def _states(
    document: dict[str, Any], names: Sequence[str], params: Sequence[str]
) -> tuple[ItfState, ...]:
    states = document.get("states")
    if not isinstance(states, list) or not states:
        raise Wrong("has no state: the field 'states' is no array of at least one")
    found = []
    for at, state in enumerate(states):
        try:
            found.append(_state(state, names, params if at == 0 else ()))
        except Wrong as wrong:
            raise wrong.inside(f", state {at}") from None
    return tuple(found)


def _state(state: Any, names: Sequence[str], params: Sequence[str]) -> ItfState:
    if not isinstance(state, dict):
        raise Wrong("is no JSON object")
    meta = _object(state, "#meta")
    values = {}
    for name in _kept([name for name in state if name != "#meta"]):
        if name not in names and name not in params and not name.startswith("mbt::"):
            raise Wrong(f"has the variable {name!r}, which 'vars' does not list")
        try:
            values[name] = decode(state[name])
        except Wrong as wrong:
            raise wrong.inside(f", {name}") from None
    missing = [name for name in names if name not in values and not name.startswith("mbt::")]
    if missing:
        raise Wrong(f"lacks the variable {missing[0]!r}")
    return ItfState(values, meta)
