"""What rules do with numbers that an unknown number could not refuse: seen in their bytecode.

An unknown number answers what Python asks of it. Some things are not asked: whether it *is* `True`,
of which type it is, and what a text says that was made of it. A rule that depends on these would
take one way for all numbers, so it is outside of what can be executed symbolically.
"""

import builtins
import dis
import types
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

from seatrial.core import NotSymbolic, functions_of

__all__ = ["check_fragment", "decides_on_text"]

_ASKED = ("type", "id", "repr", "ascii")
_KINDS = ("int", "bool", "float", "complex")
_TRUTH = ("COMPARE_OP", "CONTAINS_OP", "UNARY_NOT", "IS_OP")
_ASKING = ("COMPARE_OP", "CONTAINS_OP", "BINARY_SUBSCR", "BINARY_SLICE", "MATCH_SEQUENCE")
_NAMES = ("LOAD_GLOBAL", "LOAD_NAME")
_Flaw = tuple[int, str]


def check_fragment(*functions: Callable[..., Any]) -> None:
    """
    Raise NotSymbolic, with file and line, where a rule, or what it calls, asks such a thing.

    It is refused wherever it stands, also where only numbers that are known ever come there.
    """
    for function in functions:
        for one in functions_of(function):
            for code in _codes(one.__code__):
                for line, what in _flaws(code):
                    name = what.partition("(")[0]
                    shadowed = one.__globals__.get(name, getattr(builtins, name, None))
                    if hasattr(builtins, name) and shadowed is not getattr(builtins, name):
                        continue
                    raise NotSymbolic(f"{code.co_filename}:{line} {_says(what)}")


def _says(what: str) -> str:
    return (
        f"asks {what}, which says nothing of a number that is not known; compare it with == instead"
    )


def _codes(code: types.CodeType) -> Iterator[types.CodeType]:
    yield code
    for inner in code.co_consts:
        if isinstance(inner, types.CodeType):
            yield from _codes(inner)


def _steps(code: types.CodeType) -> list[dis.Instruction]:
    return [
        step
        for step in dis.get_instructions(code)
        if step.opname not in ("EXTENDED_ARG", "CACHE", "PRECALL", "PUSH_NULL", "RESUME")
    ]


@lru_cache(maxsize=4096)
def _flaws(code: types.CodeType) -> tuple[_Flaw, ...]:
    steps = _steps(code)
    named = {str(step.argval) for step in steps if step.opname in _NAMES}
    found: list[_Flaw] = []
    line = code.co_firstlineno
    for at, step in enumerate(steps):
        line = step.starts_line if type(step.starts_line) is int else _line(step, line)
        if step.opname == "IS_OP" and any(map(_is_number, steps[max(0, at - 2) : at])):
            found.append((line, "whether something is a number or truth value"))
        elif step.opname in _NAMES and step.argval in _ASKED:
            found.append((line, f"{step.argval}(...)"))
        elif step.opname in _NAMES and step.argval == "isinstance" and named & set(_KINDS):
            found.append((line, "isinstance(...) of a number"))
        elif step.opname == "MATCH_CLASS" and named & set(_KINDS):
            found.append((line, "for a case of int or bool"))
    return tuple(found)


def _line(step: dis.Instruction, last: int) -> int:
    """The line of an instruction, from Python 3.13 on too."""
    number = getattr(step, "line_number", None)
    return number if type(number) is int else last


def _is_number(step: dis.Instruction) -> bool:
    """Whether what it puts on the stack is a number that is known, or a truth value."""
    if step.opname == "LOAD_CONST":
        return isinstance(step.argval, (bool, int, float))
    return step.opname in _TRUTH


@lru_cache(maxsize=4096)
def decides_on_text(code: types.CodeType) -> bool:
    """
    Whether code compares, or looks into, a text that it puts together of several parts.

    What is passed on to other functions, or kept in a state, is not seen here.
    """
    steps = _steps(code)
    kept = set()
    for at, step in enumerate(steps):
        if step.opname != "BUILD_STRING":
            continue
        if any(later.opname in _ASKING for later in steps[at + 1 : at + 3]):
            return True
        if at + 1 < len(steps) and steps[at + 1].opname.startswith("STORE_"):
            kept.add(steps[at + 1].argval)
    return any(
        step.opname in _ASKING
        and any(
            each.opname.startswith("LOAD_") and _loads(each, kept)
            for each in steps[max(0, at - 2) : at]
        )
        for at, step in enumerate(steps)
    )


def _loads(step: dis.Instruction, names: set[Any]) -> bool:
    loaded = step.argval if isinstance(step.argval, tuple) else (step.argval,)
    return any(each in names for each in loaded if isinstance(each, str))
