"""What rules do with numbers that an unknown number could not refuse: seen in their bytecode.

An unknown number answers what Python asks of it. Some things are not asked: whether it *is* `True`,
of which type it is, and what a text says that was made of it (see `texts.py`). A rule that depends
on these would take one way for all numbers, so it is outside of what can be executed symbolically.
"""

import builtins
import dis
import functools
import inspect
import operator
import sys
import types
from collections.abc import Callable, Iterator
from enum import Enum, EnumType
from functools import lru_cache
from typing import Any

from seatrial.core import NotSymbolic, functions_of
from seatrial.core.bytecode import reads_of

__all__ = ["ASKED", "check_fragment", "flaw_of", "steps_of"]

ASKED = (
    *(type, id, repr, ascii, dir, issubclass, operator.is_, operator.is_not),
    *(sys.getsizeof, sys.getrefcount),
)
"""What has an answer for an unknown number that says nothing of it."""

_OF_CLASS = ("LOAD_METHOD", "LOAD_ATTR")
_OWN = frozenset(
    {"__init__", "__new__", "__setattr__", "__post_init__", "__attrs_init__", "__name__"}
    | {"__attrs_post_init__", "__qualname__", "__members__", "__wrapped__", "__next__"}
)
"""Names with two underscores that are asked of classes and functions, and of no number."""

_BY_NAME = {"getattr", "hasattr", "attrgetter", "methodcaller"}
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
                asked = _asked_in(value)
                if asked is not None:
                    code = one.__code__
                    where = f"{code.co_filename}:{_line_of(code, named.name)}"
                    raise NotSymbolic(f"{where} {_says(f'{asked.__name__}(...)')}")
            for code in _codes(one.__code__):
                found = flaw_of(code, one.__globals__)
                if found:
                    raise NotSymbolic(found)


def flaw_of(code: types.CodeType, space: dict[str, Any]) -> str:
    """What is wrong with a piece of code, with file and line; nothing most often."""
    for line, what, constant in _flaws(code):
        if _is_no_number(constant, space):
            continue  # what it is compared with
        return f"{code.co_filename}:{line} {_says(what)}"
    steps = steps_of(code)
    line = code.co_firstlineno
    for step, then in zip(steps, (*steps[1:], None), strict=True):
        line = _line(step, line)
        if step.opname not in ("LOAD_GLOBAL", "LOAD_NAME"):
            continue
        value = space.get(str(step.argval), getattr(builtins, str(step.argval), None))
        if isinstance(value, types.ModuleType) and then is not None and then.opname in _OF_CLASS:
            value = inspect.getattr_static(value, str(then.argval), None)
        asked = _asked_in(value)
        if asked is not None:
            return f"{code.co_filename}:{line} {_says(f'{asked.__name__}(...)')}"
    return ""


def _asked_in(value: Any) -> Any:
    """What of `ASKED` a value is, or holds; else None."""
    if isinstance(value, (tuple, frozenset)):
        return next((found for found in map(_asked_in, value) if found is not None), None)
    if isinstance(value, functools.partial):
        return _asked_in((value.func, *value.args, *value.keywords.values()))
    return next((each for each in ASKED if value is each), None)


def _line_of(code: types.CodeType, words: str) -> int:
    """The line in which a name, the last of these words, is first used; else that of the code."""
    for each in _codes(code):
        line = each.co_firstlineno
        for step in steps_of(each):
            line = _line(step, line)
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


@lru_cache(maxsize=4096)
def steps_of(code: types.CodeType) -> tuple[dis.Instruction, ...]:
    """The instructions of a piece of code, without those that only prepare others."""
    return tuple(
        step
        for step in dis.get_instructions(code)
        if step.opname not in ("EXTENDED_ARG", "CACHE", "PRECALL", "PUSH_NULL", "RESUME")
    )


@lru_cache(maxsize=4096)
def _flaws(code: types.CodeType) -> tuple[_Flaw, ...]:
    steps = steps_of(code)
    found: list[_Flaw] = []
    line = code.co_firstlineno
    by_name = not _BY_NAME.isdisjoint(code.co_names)
    for at, step in enumerate(steps):
        line = _line(step, line)
        if step.opname == "IS_OP" and not _of_no_number(steps[max(0, at - 2) : at]):
            what = "whether something is a number or truth value"
            found.append((line, what, _name_before(steps[max(0, at - 2) : at])))
        elif "__class__" in (step.argval, *_names_in(step)) and step.opname in _OF_CLASS:
            found.append((line, "__class__", ""))
        elif step.opname in _OF_CLASS and _is_special(step.argval):
            found.append((line, str(step.argval), ""))
        elif by_name and step.opname == "LOAD_CONST" and any(map(_is_special, _texts(step.argval))):
            found.append((line, f"for {step.argval!r} by its name", ""))
    return tuple(found)


def _name_before(before: tuple[dis.Instruction, ...]) -> str:
    """The global that was loaded last, or what was taken out of it; nothing for anything else."""
    one, other = before[0], before[-1]
    if other.opname == "LOAD_GLOBAL":
        return str(other.argval)
    if other.opname == "LOAD_ATTR" and one.opname == "LOAD_GLOBAL":
        return f"{one.argval}.{other.argval}"
    return ""


def _is_no_number(path: str, space: dict[str, Any]) -> bool:
    """Whether a name stands for what is no number, or for a member of an Enum."""
    name, _, attribute = path.partition(".")
    value = space.get(name, 0)
    if attribute and name in space:
        if isinstance(value, EnumType):
            return attribute in value.__members__
        value = inspect.getattr_static(value, attribute, 0)
        if inspect.isdatadescriptor(value):
            value = 0  # a field, of whatever value
    return isinstance(value, Enum) or not isinstance(value, (int, float))


def _names_in(step: dis.Instruction) -> tuple[Any, ...]:
    return step.argval if isinstance(step.argval, tuple) else ()


def _is_special(name: Any) -> bool:
    return type(name) is str and name[:2] == name[-2:] == "__" and name not in _OWN


def _texts(value: Any) -> Iterator[str]:
    """The texts of a constant, and the names that they are made of: `x.__class__` has two."""
    if isinstance(value, str):
        yield from value.split(".")
    elif isinstance(value, tuple):
        for each in value:
            yield from _texts(each)


def _line(step: dis.Instruction, last: int) -> int:
    """The line of an instruction, from Python 3.13 on too."""
    number = getattr(step, "line_number", step.starts_line)
    return number if type(number) is int else last


def _of_no_number(before: tuple[dis.Instruction, ...]) -> bool:
    """
    Whether what `is` compares with can be no number: None, or what pytest has put there.

    Two values that are not known would never be the same, whatever they are.
    """
    if any(step.opname == "LOAD_CONST" and step.argval is None for step in before):
        return True
    return any(str(step.argval).startswith("@py_") for step in before)  # a rewritten assert
