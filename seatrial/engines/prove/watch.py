"""Code that runs while numbers are not known: each piece is looked at when it is first entered.

What a rule calls by name is looked into before anything is executed (`fragment.py`). A method, what
a decorator puts around a function, or a function out of a tuple is known only when it is called.
So the interpreter tells of every call, and what no unknown number could answer is refused there.
"""

import builtins
import dis
import inspect
import sys
import sysconfig
import types
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import attr
import attrs
import z3

from seatrial.core import NotSymbolic, Outcome

from .fragment import ASKED, flaw_of, steps_of

__all__ = ["Watch", "is_of_rule"]

_HERE = str(Path(__file__).parent)
_CORE = str(Path(_HERE).parents[1] / "core")
_LIBRARY = sysconfig.get_path("stdlib")
_OTHERS = tuple(str(Path(str(each.__file__)).parent) for each in (z3, attr, attrs))
_GENERATED = ("<attrs generated", "<frozen")

_FAITHFUL = {
    *("_collections_abc", "_weakrefset", "abc", "bisect", "collections", "contextlib", "copy"),
    *("copyreg", "ctypes", "dataclasses", "enum", "fractions", "functools", "heapq", "inspect"),
    *("keyword", "numbers", "operator", "re", "reprlib", "string", "types", "typing", "warnings"),
    "weakref",
}
"""Modules of Python's library that ask a number only what it can answer, or refuse."""

_BANNED = {id(each): each for each in ASKED if each is not type}  # whose call is no function's

_OUR_ERRORS = (TypeError, AttributeError, RecursionError, z3.Z3Exception)
"""What is raised where code cannot treat an unknown number as Python would treat a known one."""

_LABEL = {"label", "getattr", "attrgetter", "vars", "__dict__", "astuple", "asdict"}


@attrs.frozen
class _Piece:
    """What there is to say of a piece of code; most often nothing."""

    refused: str = ""
    library: bool = False
    cached: bool = False
    swallows: bool = False
    labels: bool = False


_NOTHING = _Piece()
_SEEN: dict[int, _Piece] = {}
_KEPT: list[types.CodeType] = []
"""Code that was seen, so that no other takes its place in memory."""

_TOLD_IN = id(Outcome.__repr__.__code__)


def is_of_rule(file: str) -> bool:
    """Whether a file is neither of this package, of Python, of attrs nor of the solver."""
    if file.startswith((_HERE, _CORE, *_OTHERS, *_GENERATED, "<string>")):
        return False
    return not (file.startswith(_LIBRARY) and "site-packages" not in file)


class Watch:
    """
    Watches the code that one run executes.

    `refuse` is told what is wrong; `reads_labels` says where code was seen that may look at the
    label of an outcome.
    """

    def __init__(self, refuse: Callable[[NotSymbolic], None]) -> None:
        self._refuse = refuse
        self._see = self._watcher()
        self.reads_labels = ""

    def on(self) -> None:
        """From now on. Whoever ends the run has what was there before put back."""
        sys.setprofile(self._see)

    def _watcher(self) -> Callable[[types.FrameType, str, Any], None]:
        """Called with every call and return: it looks up no more than it has to."""
        seen, nothing, banned, judge = _SEEN.get, _NOTHING, _BANNED, self._judge

        def see(frame: types.FrameType, event: str, arg: Any) -> None:
            if event == "call":
                piece = seen(id(frame.f_code))
                if piece is not nothing:
                    judge(frame, piece or _looked_at(frame))
            elif event == "c_call" and id(arg) in banned and is_of_rule(frame.f_code.co_filename):
                self._say(frame, f"asks {arg.__name__}(...) while a number is not known")

        return see

    def _judge(self, frame: types.FrameType, piece: _Piece) -> None:
        code = frame.f_code
        if piece.refused:
            self._refuse(NotSymbolic(piece.refused))
        if piece.library:
            caller = frame.f_back
            if caller is not None and is_of_rule(caller.f_code.co_filename):
                what = f"{frame.f_globals.get('__name__', '')}.{code.co_name}"
                self._say(caller, f"calls {what}, which may ask what a number that is not known is")
        if piece.cached and any(map(_is_open, frame.f_locals.values())):
            self._say(
                frame.f_back or frame,
                f"calls {code.co_name} with what is not known; it keeps its answers (a cache of"
                " functools), and would give one for another: call the function itself",
            )
        if piece.swallows:
            frame.f_trace_lines = False
            frame.f_trace = self._trace
            if sys.gettrace() is None:
                sys.settrace(_no_other)
        if piece.labels and not self.reads_labels:
            self.reads_labels = f"{code.co_filename}:{code.co_firstlineno}"

    def _trace(self, frame: types.FrameType, event: str, arg: Any) -> Any:
        if event == "exception" and _is_ours(arg[1], arg[2]):
            self._say(frame, f"may go on after {type(arg[1]).__name__}: {arg[1]}")
        return self._trace

    def _say(self, frame: types.FrameType, what: str) -> None:
        self._refuse(NotSymbolic(f"{frame.f_code.co_filename}:{frame.f_lineno} {what}"))


def _no_other(frame: types.FrameType, event: str, arg: Any) -> None:
    """Traces nothing: code that is to be traced says so itself."""


def _is_ours(error: BaseException, trace: types.TracebackType | None) -> bool:
    """Whether an error may be one that a known number would not have led to."""
    if not isinstance(error, _OUR_ERRORS):
        return False
    if isinstance(error, (RecursionError, z3.Z3Exception)) or "Sym" in str(error):
        return True
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return trace is not None and not is_of_rule(trace.tb_frame.f_code.co_filename)


def _is_open(value: Any) -> bool:
    """Whether a value is, or holds, a number that is not known."""
    kind: Any = type(value)
    if getattr(kind, "__seatrial_symbolic__", False):
        return True
    if isinstance(value, (tuple, list, set, frozenset)):
        return any(map(_is_open, value))
    if isinstance(value, dict):
        return any(map(_is_open, (*value.keys(), *value.values())))
    return attrs.has(kind) and any(
        _is_open(getattr(value, each.name, None)) for each in attrs.fields(kind)
    )


# ---- a piece of code --------------------------------------------------------------------------


def _looked_at(frame: types.FrameType) -> _Piece:
    code = frame.f_code
    piece = _piece(frame, code)
    _KEPT.append(code)
    _SEEN[id(code)] = piece
    return piece


def _piece(frame: types.FrameType, code: types.CodeType) -> _Piece:
    file = code.co_filename
    if id(code) == _TOLD_IN:
        return _Piece(labels=True)
    if file.startswith("<string>") and code.co_name.startswith("__"):
        return _NOTHING  # what dataclasses and named tuples generate
    if file.startswith("<string>") or is_of_rule(file):
        named = set(code.co_names) | {each for each in code.co_consts if type(each) is str}
        made = _Piece(
            refused=flaw_of(code, frame.f_globals),
            cached=_is_cached(frame, code),
            swallows=any(_swallowing(code, frame.f_globals)),
            labels=bool(named & _LABEL),
        )
        return _NOTHING if made == _NOTHING else made
    if file.startswith(_LIBRARY):
        module = str(frame.f_globals.get("__name__", ""))
        return _NOTHING if module.partition(".")[0] in _FAITHFUL else _Piece(library=True)
    if file.startswith(_OTHERS[1:]) and code.co_name in _LABEL:
        return _Piece(labels=True)
    return _NOTHING


def _is_cached(frame: types.FrameType, code: types.CodeType) -> bool:
    """Whether the function of this code stands behind a cache of functools."""
    caller = frame.f_back
    places = [frame.f_globals, *([caller.f_globals, caller.f_locals] if caller else [])]
    return any(
        type(each).__module__ == "functools"
        and getattr(getattr(each, "__wrapped__", None), "__code__", None) is code
        for place in places
        for each in _values_in(place)
    )


def _values_in(place: Any) -> Iterator[Any]:
    for value in list(place.values()):
        yield value
        if isinstance(value, type):
            yield from vars(value).values()
        elif attrs.has(type(value)):
            yield from vars(type(value)).values()


def _swallowing(code: types.CodeType, space: dict[str, Any]) -> Iterator[bool]:
    """For each handler of code whether it may go on after an error of `_OUR_ERRORS`."""
    steps = steps_of(code)
    for at, step in enumerate(steps):
        if step.opname in ("WITH_EXCEPT_START", "CHECK_EG_MATCH"):
            yield True
        elif step.opname == "CHECK_EXC_MATCH":
            yield _may_match(steps, at, space)
        elif step.opname == "PUSH_EXC_INFO":
            yield _goes_on(steps[at + 1 :])


def _goes_on(steps: tuple[dis.Instruction, ...]) -> bool:
    """Whether a handler that asks for no class, a bare `except` or a `finally`, may go on."""
    for step, then in pairwise(steps):
        if step.opname in ("CHECK_EXC_MATCH", "CHECK_EG_MATCH", "WITH_EXCEPT_START"):
            return False  # it asks for one
        if step.opname == "PUSH_EXC_INFO":
            return False
        if step.opname == "POP_EXCEPT" and then.opname != "RERAISE":
            return True
    return False


def _may_match(steps: tuple[dis.Instruction, ...], at: int, space: dict[str, Any]) -> bool:
    """Whether what a handler is for includes an error of ours; so where it is not known here."""
    found: list[Any] = []
    for step in reversed(steps[:at]):
        if step.opname in ("BUILD_TUPLE", "PUSH_NULL"):
            continue
        if step.opname not in ("LOAD_GLOBAL", "LOAD_NAME"):
            break
        name = str(step.argval)
        found.append(space.get(name, getattr(builtins, name, None)))
    if not found or steps[at - 1].opname in ("LOAD_ATTR", "LOAD_METHOD"):
        return True
    return any(
        not inspect.isclass(each) or any(issubclass(ours, each) for ours in _OUR_ERRORS)
        for each in found
    )
