"""Which names a function takes from outside, as its bytecode shows them."""

import builtins
import dis
import types
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice
from typing import Any

import attrs

__all__ = ["Named", "Reads", "reads_of"]

_GLOBAL = ("LOAD_GLOBAL", "LOAD_NAME", "LOAD_FROM_DICT_OR_GLOBALS")
_OUTER = ("LOAD_DEREF", "LOAD_CLASSDEREF", "LOAD_FROM_DICT_OR_DEREF")
_ATTRIBUTE = ("LOAD_ATTR", "LOAD_METHOD")
_UNSET = object()


@attrs.frozen(eq=False)
class Named:
    """A value from outside: how messages call it, and the attributes that are taken out of it."""

    name: str
    value: Any
    path: tuple[str, ...] = ()


@attrs.frozen(eq=False)
class Reads:
    """What a function reads from outside; `forbidden` is what it does that no rule may do."""

    named: tuple[Named, ...]
    attributes: frozenset[str]
    forbidden: str | None


def reads_of(function: types.FunctionType) -> Reads:
    """All that a function, and the functions and comprehensions inside it, take from outside."""
    uses = _uses(function.__code__)
    outer = dict(_closure(function))
    named: list[Named] = []
    for name, path in uses.of_globals:
        if name.startswith("@py"):
            continue  # pytest's own, in an assert that it has rewritten
        value = function.__globals__.get(name, getattr(builtins, name, _UNSET))
        if value is not _UNSET:
            named.append(Named(f"the global {name}", value, path))
    for name, path in uses.of_closure:
        if name in outer:
            named.append(Named(f"{name} of its closure", outer[name], path))
    named += [Named(f"{name} of its closure", value) for name, value in outer.items()]
    defaults = (*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values())
    named += [Named("a default argument", each) for each in defaults]
    return Reads(tuple(named), uses.attributes, uses.forbidden)


def _closure(function: types.FunctionType) -> Iterator[tuple[str, Any]]:
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        try:
            yield name, cell.cell_contents
        except ValueError:  # assigned later than the declaration: a recursive inner function
            continue


_Path = tuple[str, tuple[str, ...]]


@attrs.frozen(eq=False)
class _Uses:
    """What bytecode says of names, whatever they stand for: each with the attributes taken."""

    of_globals: tuple[_Path, ...]
    of_closure: tuple[_Path, ...]
    attributes: frozenset[str]
    forbidden: str | None


@lru_cache(maxsize=4096)
def _uses(outermost: types.CodeType) -> _Uses:
    of_globals: dict[_Path, None] = {}
    of_closure: dict[_Path, None] = {}
    attributes: set[str] = set()
    forbidden: str | None = None
    codes = [outermost]
    while codes:
        code = codes.pop()
        codes += [inner for inner in code.co_consts if isinstance(inner, types.CodeType)]
        steps = [step for step in dis.get_instructions(code) if step.opname != "EXTENDED_ARG"]
        attributes.update(str(s.argval) for s in steps if s.opname in _ATTRIBUTE)
        closed = {name for name in code.co_freevars if name in outermost.co_freevars}
        forbidden = forbidden or next(_forbidden(steps, closed), None)
        for at, step in enumerate(steps):
            path = (str(step.argval), tuple(_taken(steps, at)))
            if step.opname in _GLOBAL:
                of_globals[path] = None
            elif step.opname in _OUTER and path[0] in closed and path[1]:
                of_closure[path] = None
    return _Uses(tuple(of_globals), tuple(of_closure), frozenset(attributes), forbidden)


def _taken(steps: list[dis.Instruction], at: int) -> Iterator[str]:
    """The attributes that are taken out of what a step puts on the stack, one of the other."""
    for later in islice(steps, at + 1, None):
        if later.opname not in _ATTRIBUTE:
            return
        yield str(later.argval)


def _forbidden(steps: list[dis.Instruction], closed: set[str]) -> Iterator[str]:
    for before, step in zip([None, *steps], steps, strict=False):
        name = str(step.argval)
        if step.opname in ("STORE_GLOBAL", "DELETE_GLOBAL"):
            yield f"assigns to the global {name}; a rule only answers"
        if step.opname in ("STORE_DEREF", "DELETE_DEREF") and name in closed:
            yield f"assigns to {name} of its closure; a rule only answers"
        if step.opname == "IMPORT_NAME":
            yield f"imports {name} when it is called; import it at the top of its module"
        if step.opname in ("STORE_ATTR", "DELETE_ATTR") and before and before.opname in _GLOBAL:
            yield f"assigns to {before.argval}.{name}; a rule only answers"
    for one, copied, taken in zip(steps, steps[1:], steps[2:], strict=False):
        # The beginning of `counter.calls += 1`.
        if one.opname in _GLOBAL and copied.opname == "COPY" and taken.opname == "LOAD_ATTR":
            yield f"assigns to {one.argval}.{taken.argval}; a rule only answers"
