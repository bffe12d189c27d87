"""What rules do with numbers that an unknown number could not refuse: seen in their bytecode.

An unknown number answers what Python asks of it. Some things are not asked: whether it *is* `True`,
of which type it is, and what a text says that was made of it (see `texts.py`). A rule that depends
on these would take one way for all numbers, so it is outside of what can be executed symbolically.
"""

import dis
import inspect
import types
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

from seatrial.core import NotSymbolic, functions_of
from seatrial.core.bytecode import reads_of

__all__ = ["check_fragment"]

_ASKED = (type, id, repr, ascii)
_OF_CLASS = ("LOAD_METHOD", "LOAD_ATTR")
_Flaw = tuple[int, str, str]


def check_fragment(*functions: Callable[..., Any]) -> None:
    """
    Raise NotSymbolic, with file and line, where a rule, or what it calls, asks such a thing.

    It is refused wherever it stands, also where only numbers that are known ever come there.
    """
    for function in functions:
        for one in functions_of(function):
            for named in reads_of(one).named:
                value = named.value
                for attribute in named.path:
                    value = inspect.getattr_static(value, attribute, None)
                asked = next((each for each in _ASKED if value is each), None)
                if asked is not None:
                    code = one.__code__
                    where = f"{code.co_filename}:{_line_of(code, named.name)}"
                    raise NotSymbolic(f"{where} {_says(f'{asked.__name__}(...)')}")
            for code in _codes(one.__code__):
                for line, what, constant in _flaws(code):
                    if not isinstance(one.__globals__.get(constant, 0), (int, float)):
                        continue  # what it is compared with is no number
                    raise NotSymbolic(f"{code.co_filename}:{line} {_says(what)}")


def _line_of(code: types.CodeType, words: str) -> int:
    """The line in which a name, the last of these words, is first used; else that of the code."""
    for each in _codes(code):
        line = each.co_firstlineno
        for step in _steps(each):
            line = step.starts_line if type(step.starts_line) is int else _line(step, line)
            if step.opname.startswith("LOAD_") and str(step.argval) in words.split():
                return line
    return code.co_firstlineno


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
    found: list[_Flaw] = []
    line = code.co_firstlineno
    for at, step in enumerate(steps):
        line = step.starts_line if type(step.starts_line) is int else _line(step, line)
        if step.opname == "IS_OP" and not _of_no_number(steps[max(0, at - 2) : at]):
            loaded = steps[at - 1]
            constant = str(loaded.argval) if loaded.opname == "LOAD_GLOBAL" else ""
            found.append((line, "whether something is a number or truth value", constant))
        elif "__class__" in (step.argval, *_names_in(step)) and step.opname in _OF_CLASS:
            found.append((line, "__class__", ""))
    return tuple(found)


def _names_in(step: dis.Instruction) -> tuple[Any, ...]:
    return step.argval if isinstance(step.argval, tuple) else ()


def _line(step: dis.Instruction, last: int) -> int:
    """The line of an instruction, from Python 3.13 on too."""
    number = getattr(step, "line_number", None)
    return number if type(number) is int else last


def _of_no_number(before: list[dis.Instruction]) -> bool:
    """
    Whether what `is` compares with can be no number: None, or a member of what a name stands for.

    Two values that are not known would never be the same, whatever they are.
    """
    if any(step.opname == "LOAD_CONST" and step.argval is None for step in before):
        return True
    if any(str(step.argval).startswith("@py_") for step in before):
        return True  # pytest's own, in an assert that it has rewritten
    one, other = before[0], before[-1]
    return other.opname == "LOAD_ATTR" and one.opname in ("LOAD_GLOBAL", "LOAD_DEREF")
