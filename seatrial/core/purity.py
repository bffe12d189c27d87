"""Rules must be functions of what they declare: what can be seen of that before they run.

Every name that a rule takes from its module or from an enclosing function must stand for something
that cannot change: a function (looked into in turn), a class, a module or an immutable value.
"""

import dis
import types
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import Any

from .errors import DeclarationError, ValueRefused, where
from .values import check_value

__all__ = ["check_pure"]

_MUTABLE = (list, dict, set, bytearray)


def check_pure(function: Callable[..., Any]) -> None:
    """Raise DeclarationError where `function`, or one it calls by name, may read what changes."""
    seen: set[int] = set()
    waiting = [function]
    while waiting:
        current = waiting.pop()
        if id(current) in seen or not isinstance(current, types.FunctionType):
            continue
        seen.add(id(current))
        for name, value in _surroundings(current):
            if isinstance(value, types.FunctionType):
                waiting.append(value)
            elif reason := _may_change(value):
                raise DeclarationError(
                    f"{where(function)} reads {name}, {reason}; pass it as a parameter of the"
                    f" system or make it a tuple, a frozenset or a frozen attrs value"
                    + (f" (read in {where(current)})" if current is not function else "")
                )


def _surroundings(function: types.FunctionType) -> Iterator[tuple[str, Any]]:
    codes = [function.__code__]
    while codes:
        code = codes.pop()
        codes += [inner for inner in code.co_consts if isinstance(inner, types.CodeType)]
        for step in dis.get_instructions(code):
            name = step.argval
            if step.opname in ("STORE_GLOBAL", "DELETE_GLOBAL"):
                raise DeclarationError(f"{where(function)} assigns to the global {name}")
            outer = name in code.co_freevars and name in function.__code__.co_freevars
            if outer and step.opname in ("STORE_DEREF", "DELETE_DEREF"):
                raise DeclarationError(f"{where(function)} assigns to {name} of its closure")
            if step.opname in ("LOAD_GLOBAL", "LOAD_NAME") and name in function.__globals__:
                yield f"the global {name}", function.__globals__[name]
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        try:
            yield f"{name} of its closure", cell.cell_contents
        except ValueError:  # assigned later than the declaration: a recursive inner function
            continue
    defaults = (*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values())
    for default in defaults:
        yield "a default argument", default


def _may_change(value: Any) -> str | None:
    if isinstance(value, _MUTABLE):
        return f"a {type(value).__name__}, which may change"
    if callable(value) or isinstance(value, (types.ModuleType, type, property, ContextVar)):
        return None
    if hasattr(type(value), "__seatrial_declaration__") or type(value).__module__ == "typing":
        return None
    try:
        check_value(value)
    except ValueRefused:
        if isinstance(value, (types.MappingProxyType, range, slice, types.GenericAlias)):
            return None
        return f"a {type(value).__name__}, which may change"
    return None
