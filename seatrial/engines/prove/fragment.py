"""What rules do with numbers that an unknown number could not refuse: seen in their bytecode.

An unknown number answers what Python asks of it. Some things are not asked: whether it *is* `True`,
of which type it is, and what a text says that was made of it. A rule that depends on these would
take one way for all numbers, so it is outside of what can be executed symbolically.

A text for readers is made by an f-string, and then yielded, raised, returned or handed on.
"""

import dis
import inspect
import types
from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import pairwise
from typing import Any

from seatrial.core import NotSymbolic, functions_of
from seatrial.core.bytecode import reads_of

__all__ = ["check_fragment", "decides_on_text"]

_ASKED = (type, id, repr, ascii)
_ASKING = ("COMPARE_OP", "CONTAINS_OP", "BINARY_SUBSCR", "BINARY_SLICE", "MATCH_SEQUENCE")
_OF_TEXT = ("LOAD_METHOD", "LOAD_ATTR", "BUILD_SET", "BUILD_MAP", "GET_ITER", "UNARY_NOT")
_FORMATS = ("FORMAT_VALUE", "FORMAT_SIMPLE", "FORMAT_WITH_SPEC", "CONVERT_VALUE")
_ARGUMENTS = ("LOAD_CONST", "LOAD_FAST", "BUILD_LIST", "BUILD_TUPLE", "KW_NAMES")
_MEASURES = (
    *("len", "sorted", "min", "max", "set", "frozenset", "hash", "bool", "dict", "int"),
    *("get", "index", "count", "sort", "setdefault"),
)
_Flaw = tuple[int, str]


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
                for line, what in _flaws(code):
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
            found.append((line, "whether something is a number or truth value"))
        elif "__class__" in (step.argval, *_names_in(step)) and step.opname in _OF_TEXT:
            found.append((line, "__class__"))
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


def decides_on_text(frame: types.FrameType, made_here: bool) -> bool:
    """
    Whether code asks something of a text that is made of an unknown number where it stands.

    `made_here` says that it puts the text together itself; otherwise it has called what does.
    """
    code = frame.f_code
    if _text_is_asked(code, frame.f_lasti, made_here):
        return True
    if not _text_is_handed_on(code):
        return False
    called = (inspect.unwrap(frame.f_globals.get(name, len)) for name in code.co_names)
    return any(
        isinstance(each, types.FunctionType) and _asks_texts(each.__code__) for each in called
    )


@lru_cache(maxsize=4096)
def _text_is_asked(code: types.CodeType, offset: int, made_here: bool) -> bool:
    steps = _steps(code)
    # What calls may stand on what is not listed: on its cache, or on what prepares the call.
    here = sum(step.offset <= offset for step in steps) - 1
    if code.co_code[offset] == dis.opmap.get("PRECALL"):
        here += 1
    if here < 0 or (made_here and steps[here].opname not in _FORMATS):
        return True  # made by str(...), format(...) or %
    texts = [at for at, step in enumerate(steps) if step.opname == "BUILD_STRING"]
    kept = set()
    for at in (*texts, here):
        if any(step.opname in _ASKING for step in steps[at + 1 : at + 3]):
            return True
        # What is loaded next may be handed on together with it.
        later = [step for step in steps[at + 1 : at + 8] if step.opname not in _ARGUMENTS]
        if later and (later[0].opname in _OF_TEXT or _measured(code, later[0])):
            return True
        if later and later[0].opname.startswith("STORE_"):
            kept.add(later[0].argval)
    return any(
        any(each.opname.startswith("LOAD_") and _loads(each, kept) for each in steps[at - 2 : at])
        for at, step in enumerate(steps)
        if at >= 2 and (step.opname in (*_ASKING, *_OF_TEXT) or _measured(code, step))
    )


def _measured(code: types.CodeType, step: dis.Instruction) -> bool:
    """Whether it calls what may look into a text."""
    return step.opname.startswith("CALL") and any(name in _MEASURES for name in code.co_names)


@lru_cache(maxsize=4096)
def _text_is_handed_on(code: types.CodeType) -> bool:
    steps = _steps(code)
    texts = ("BUILD_STRING", *_FORMATS)
    return any(
        one.opname in texts and (then.opname.startswith("CALL") or then.opname == "KW_NAMES")
        for one, then in pairwise(steps)
    )


@lru_cache(maxsize=4096)
def _asks_texts(code: types.CodeType) -> bool:
    """Whether a function compares one of its parameters with a text, or looks into it as one."""
    steps = _steps(code)
    taken = set(code.co_varnames[: code.co_argcount + code.co_kwonlyargcount])
    for at, step in enumerate(steps):
        before = steps[max(0, at - 2) : at]
        if not any(each.opname.startswith("LOAD_") and _loads(each, taken) for each in before):
            continue
        constants = [each.argval for each in before if each.opname == "LOAD_CONST"]
        with_text = any(isinstance(each, (str, tuple, frozenset)) for each in constants)
        of_text = step.opname in ("LOAD_METHOD", "LOAD_ATTR") and hasattr(str, str(step.argval))
        if of_text or (step.opname in _ASKING and with_text):
            return True
    return False


def _loads(step: dis.Instruction, names: set[Any]) -> bool:
    loaded = step.argval if isinstance(step.argval, tuple) else (step.argval,)
    return any(each in names for each in loaded if isinstance(each, str))
