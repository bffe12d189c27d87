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
_ARGUMENTS = (
    *("LOAD_CONST", "LOAD_FAST", "LOAD_ATTR", "BUILD_LIST", "BUILD_TUPLE", "KW_NAMES"),
    *("BUILD_STRING", *_FORMATS),
)
_GIVES = ("RETURN_VALUE", "YIELD_VALUE")
_MEASURES = (
    *("len", "sorted", "min", "max", "set", "frozenset", "hash", "bool", "dict", "int"),
    *("get", "index", "count", "sort", "setdefault"),
)
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
        elif "__class__" in (step.argval, *_names_in(step)) and step.opname in _OF_TEXT:
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


def decides_on_text(frame: types.FrameType, made_here: bool) -> tuple[bool, bool]:
    """
    Whether code asks something of a text that is made of an unknown number where it stands, and
    whether it gives such a text to who has called it.

    `made_here` says that it puts the text together itself; otherwise it has called what does.
    """
    code = frame.f_code
    asked, given = _use_of_text(code, frame.f_lasti, made_here)
    if asked or not _text_is_handed_on(code):
        return asked, given
    called = (inspect.unwrap(frame.f_globals.get(name, len)) for name in code.co_names)
    looks = (isinstance(each, types.FunctionType) and _asks_texts(each.__code__) for each in called)
    return any(looks), given


@lru_cache(maxsize=4096)
def _use_of_text(code: types.CodeType, offset: int, made_here: bool) -> tuple[bool, bool]:
    steps = _steps(code)
    # What calls may stand on what is not listed: on its cache, or on what prepares the call.
    here = sum(step.offset <= offset for step in steps) - 1
    if code.co_code[offset] == dis.opmap.get("PRECALL"):
        here += 1
    if here < 0 or (made_here and steps[here].opname not in _FORMATS):
        return True, True  # made by str(...), format(...) or %
    waiting = [at for at, step in enumerate(steps) if step.opname == "BUILD_STRING"]
    waiting.append(here)
    seen: set[int] = set()
    given = False
    while waiting:
        at = waiting.pop()
        if at in seen or at + 1 >= len(steps):
            continue
        seen.add(at)
        follows = steps[at + 1]
        if follows.opname in _OF_TEXT and (follows.opname != "BUILD_MAP" or follows.arg):
            return True, given
        if any(step.opname in _ASKING for step in steps[at + 1 : at + 3]):
            return True, given
        given = given or follows.opname in _GIVES
        if follows.opname.startswith("JUMP"):
            waiting += [to - 1 for to, each in enumerate(steps) if each.offset == follows.argval]
        if follows.opname.startswith("STORE_"):
            waiting += [to for to, each in enumerate(steps) if _loads(each, {follows.argval})]
        # What is loaded next may be handed on together with it, or put together with it.
        then = at + 1
        while then < len(steps) and then < at + 12 and steps[then].opname in _ARGUMENTS:
            then += 1
        if then < len(steps) and _measured(code, steps[then]):
            return True, given
        if then < len(steps) and steps[then].opname == "BINARY_OP":
            waiting.append(then)
    return False, given


def _measured(code: types.CodeType, step: dis.Instruction) -> bool:
    """Whether it calls what may look into a text."""
    if not step.opname.startswith("CALL"):
        return False
    name = _callee(code, step.offset)
    return name in _MEASURES if name else any(each in _MEASURES for each in code.co_names)


@lru_cache(maxsize=4096)
def _callee(code: types.CodeType, offset: int) -> str:
    """The name of what is called there; "" where the way there is not straight."""
    steps = [each for each in dis.get_instructions(code) if each.offset <= offset]
    wanted = steps[-1].arg if steps[-1].opname in ("CALL", "CALL_KW") else None
    while steps and steps[-1].opname in ("CALL", "CALL_KW", "PRECALL"):
        steps.pop()
    pushed = 0
    while wanted is not None and steps and pushed != wanted:
        one = steps.pop()
        pushed += dis.stack_effect(one.opcode, one.arg if one.opcode >= dis.HAVE_ARGUMENT else None)
    while steps and steps[-1].opname == "PUSH_NULL":
        steps.pop()
    known = steps and steps[-1].opname in ("LOAD_GLOBAL", "LOAD_NAME", *_OF_TEXT[:2])
    return str(steps[-1].argval) if known and wanted is not None else ""


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
        if not any(_loads(each, taken) for each in before):
            continue
        constants = [each.argval for each in before if each.opname == "LOAD_CONST"]
        with_text = any(isinstance(each, (str, tuple, frozenset)) for each in constants)
        of_text = step.opname in ("LOAD_METHOD", "LOAD_ATTR") and hasattr(str, str(step.argval))
        if of_text or (step.opname in _ASKING and with_text):
            return True
    return False


def _loads(step: dis.Instruction, names: set[Any]) -> bool:
    if not step.opname.startswith("LOAD_"):
        return False
    loaded = step.argval if isinstance(step.argval, tuple) else (step.argval,)
    return any(each in names for each in loaded if isinstance(each, str))
