"""Texts that are made of unknown numbers: where code may take them, seen in its bytecode.

Such a text says nothing of its number, so all numbers would give one text. It is for readers: made
by an f-string, it may be kept in a variable, put together with others, returned, yielded, raised,
or handed to `outcome` or to another function of which the same is true. It is followed from the
place where it is made, through all who call: whatever else is done with it is refused.
"""

import builtins
import dis
import inspect
import itertools
import sys
import types
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import attrs

from seatrial.core import outcome

__all__ = ["Use", "catches", "reads_labels", "use_of_text"]

_LEFT_OUT = ("EXTENDED_ARG", "CACHE", "PRECALL", "RESUME", "NOP")
_FORMATS = ("FORMAT_VALUE", "FORMAT_SIMPLE", "FORMAT_WITH_SPEC", "CONVERT_VALUE")
_CALLS = ("CALL", "CALL_KW", "CALL_FUNCTION_EX")
_ENDS = ("RETURN_VALUE", "RETURN_CONST", "RAISE_VARARGS", "RERAISE")
_ALWAYS = ("JUMP_FORWARD", "JUMP_BACKWARD", "JUMP_BACKWARD_NO_INTERRUPT")
_LOCAL = ("LOAD_FAST", "LOAD_DEREF", "LOAD_CLASSDEREF")
_SEES_LOCALS = {"locals", "vars", "dir", "eval", "exec", "sys", "inspect"}
_TAKES = {
    **dict.fromkeys(("STORE_FAST", "POP_TOP", "STORE_FAST_LOAD_FAST", "RETURN_VALUE"), 1),
    **dict.fromkeys(("YIELD_VALUE", "LOAD_ATTR", "LOAD_METHOD", "UNPACK_SEQUENCE"), 1),
    **dict.fromkeys(("STORE_DEREF", "STORE_GLOBAL", "STORE_NAME", "GET_ITER", "TO_BOOL"), 1),
    **dict.fromkeys(("LIST_TO_TUPLE", "CALL_INTRINSIC_1", "RERAISE", "GET_YIELD_FROM_ITER"), 1),
    **dict.fromkeys(("LIST_EXTEND", "LIST_APPEND", "DICT_MERGE", "DICT_UPDATE"), 1),
    **dict.fromkeys(("SET_ADD", "SET_UPDATE", "GET_LEN", "FOR_ITER", "IMPORT_FROM"), 1),
    **dict.fromkeys(("BINARY_OP", "COMPARE_OP", "CONTAINS_OP", "IS_OP", "BINARY_SUBSCR"), 2),
    **dict.fromkeys(("STORE_ATTR", "STORE_FAST_STORE_FAST", "MAP_ADD", "SEND"), 2),
    **dict.fromkeys(("BINARY_SLICE", "STORE_SUBSCR"), 3),
    **dict.fromkeys(("CONVERT_VALUE", "FORMAT_SIMPLE"), 1),
    **dict.fromkeys(("FORMAT_WITH_SPEC", "CHECK_EXC_MATCH"), 2),
}
_DEEPEST = 6
_GENERATES = inspect.CO_GENERATOR
_ASYNCHRONOUS = inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR


@attrs.frozen
class Use:
    """
    What becomes of a text: whether it is asked something, given to the caller, or raised.

    `labels` says that it is the label of an outcome: who takes that may read all but the label.
    """

    asked: bool = False
    labels: bool = False
    given: bool = False
    raised: bool = False


_ASKED = Use(asked=True)


def use_of_text(frame: types.FrameType, giver: types.CodeType | None) -> Use:
    """
    What code does with a text that is made where it stands.

    `giver` is the code that it has called and that gives it the text; None where it makes it.
    """
    code = frame.f_code
    at = _place(code, frame.f_lasti)
    step = _steps(code)[at] if at >= 0 else None
    if step is None or not _is_source(frame, at, giver):
        return _ASKED
    return _followed(code, frame.f_globals, ((at + 1, 0),), frozenset(), 0)


def reads_labels(code: types.CodeType) -> bool:
    """Whether code may look at the label of an outcome."""
    return "label" in (*code.co_names, *code.co_consts)


def catches(code: types.CodeType) -> bool:
    """Whether code may look at what is raised: `except ... as`, or a context manager of its own."""
    steps = _steps(code)
    for step, then, later in zip(steps, steps[1:], steps[2:], strict=False):
        if step.opname in ("BEFORE_WITH", "BEFORE_ASYNC_WITH", "CHECK_EG_MATCH"):
            return True
        if step.opname == "PUSH_EXC_INFO" and then.opname.startswith("STORE"):
            return True
        if step.opname == "CHECK_EXC_MATCH" and "JUMP" in then.opname and "STORE" in later.opname:
            return True
    return "exc_info" in code.co_names or "exception" in code.co_names


def _is_source(frame: types.FrameType, at: int, giver: types.CodeType | None) -> bool:
    """Whether what the instruction there leaves on the stack is the text itself, or holds it."""
    code = frame.f_code
    steps = _steps(code)
    step = steps[at]
    if step.opname in _FORMATS:
        return giver is None or giver.co_name in ("__str__", "__repr__", "__format__")
    if giver is None:
        return False  # made by str(...), format(...) or %
    if step.opname == "LOAD_ATTR":
        return bool(giver.co_name == step.argval)
    iterates = {"FOR_ITER": 1, "SEND": 2}.get(step.opname)
    if iterates is not None:
        # It has to be the generator itself: others, as `filter`, look at what they hand on.
        if at <= iterates or steps[at - iterates].opname not in ("GET_ITER", "GET_YIELD_FROM_ITER"):
            return False
        at -= iterates + 1
    if steps[at].opname not in _CALLS:
        return False
    known = _callee(code, at)
    if known is None:
        return False
    name, local = known
    value = frame.f_locals.get(name) if local else _named(name, frame.f_globals)
    function = inspect.unwrap(value) if callable(value) else None
    return isinstance(function, types.FunctionType) and function.__code__ is giver


def _named(name: str, space: dict[str, Any]) -> Any:
    return space.get(name, getattr(builtins, name, None))


_USES: dict[Any, tuple[Use, Any]] = {}


def _followed(
    code: types.CodeType,
    space: dict[str, Any],
    start: tuple[tuple[int, int], ...],
    taken: frozenset[str],
    depth: int,
) -> Use:
    """Where a text goes that is on the stack, at these depths before these steps, or in `taken`."""
    key = (code, id(space), start, taken)
    if key not in _USES:
        if len(_USES) > 4096:
            _USES.clear()
        # Kept with the names that it was read by: what is freed may leave its place to others.
        _USES[key] = (_Walk(code, space, depth).through(start, taken), space)
    return _USES[key][0]


class _Asked(Exception):
    """Something is done with a text that says nothing."""


class _Walk:
    """All ways of a text through one piece of code."""

    def __init__(self, code: types.CodeType, space: dict[str, Any], depth: int) -> None:
        self._code = code
        self._space = space
        self._depth = depth
        self._steps = _steps(code)
        self._taken: set[str] = set()
        self._waiting: list[tuple[int, int]] = []
        self._given = False
        self._raised = False
        self._labels = False

    def through(self, start: tuple[tuple[int, int], ...], taken: frozenset[str]) -> Use:
        seen: set[tuple[int, int]] = set()
        self._waiting += start
        try:
            for name in taken:
                self._keep(name)
            while self._waiting:
                one = self._waiting.pop()
                if one not in seen:
                    seen.add(one)
                    self._step(*one)
        except _Asked:
            return _ASKED
        return Use(labels=self._labels, given=self._given, raised=self._raised)

    def _keep(self, name: str) -> None:
        """A variable holds the text: so does whatever loads it, wherever that stands."""
        if name in self._taken:
            return
        code = self._code
        if name in (*code.co_cellvars, *code.co_freevars) or _sees_locals(code):
            raise _Asked
        self._taken.add(name)
        for at, step in enumerate(self._steps):
            if not step.opname.startswith(("LOAD_FAST", "STORE_FAST_LOAD")):
                continue
            names = step.argval if isinstance(step.argval, tuple) else (step.argval,)
            loaded = names[-1:] if step.opname.startswith("STORE") else names
            for above, each in enumerate(reversed(loaded)):
                if each == name:
                    self._waiting.append((at + 1, above))

    def _step(self, at: int, above: int) -> None:
        """One step, before which so many values lie above the text on the stack."""
        if at >= len(self._steps):
            raise _Asked
        step = self._steps[at]
        name = step.opname
        if name in ("COPY", "SWAP"):
            assert step.arg is not None
            if name == "COPY":
                self._waiting.append((at + 1, above + 1))
                above = 0 if above == step.arg - 1 else above + 1
            elif above in (0, step.arg - 1):
                above = step.arg - 1 - above
            self._waiting.append((at + 1, above))
            return
        takes = _takes(step)
        if takes is None:
            raise _Asked
        if above < takes:
            self._consumed(at, step, above)
            return
        for to, jumps in _next(self._steps, at):
            self._waiting.append((to, above + _effect(step, jumps)))

    def _consumed(self, at: int, step: dis.Instruction, above: int) -> None:
        """The step takes the text from the stack."""
        name = step.opname
        if name == "POP_TOP":
            return
        if name == "RAISE_VARARGS":
            self._raised = True
        elif name in ("RETURN_VALUE", "YIELD_VALUE"):
            self._given = True
        elif name.startswith("STORE_FAST"):
            names = step.argval if isinstance(step.argval, tuple) else (step.argval,)
            for each in names[:1] if name.endswith("LOAD_FAST") else names:
                self._keep(str(each))
        elif name == "UNPACK_SEQUENCE":
            self._waiting += [(at + 1, each) for each in range(step.arg or 0)]
        elif name in ("LIST_EXTEND", "LIST_APPEND", "DICT_MERGE", "DICT_UPDATE"):
            self._waiting.append((at + 1, (step.arg or 1) - 1))
        elif self._makes_another(at, step, above):
            self._waiting.append((at + 1, 0))
        elif name not in _CALLS:
            raise _Asked

    def _makes_another(self, at: int, step: dis.Instruction, above: int) -> bool:
        """Whether what the step leaves holds the text. Raises _Asked where it decides on it."""
        name, arg = step.opname, step.arg or 0
        if name in (*_FORMATS, "BUILD_STRING", "BUILD_TUPLE", "BUILD_LIST", "LIST_TO_TUPLE"):
            return True
        if name == "CALL_INTRINSIC_1":
            return step.argrepr in ("INTRINSIC_LIST_TO_TUPLE", "") and arg == 6
        if name == "LOAD_ATTR":
            return sys.version_info < (3, 12) or not arg & 1
        if name == "BINARY_OP":
            return step.argrepr in ("+", "+=")
        if name == "BUILD_MAP":
            return above % 2 == 0  # a value, and no key
        if name == "BUILD_CONST_KEY_MAP":
            return above > 0
        return name in _CALLS and self._called(at, step, above)

    def _called(self, at: int, step: dis.Instruction, above: int) -> bool:
        """Whether what is called gives the text back. Raises _Asked where it may look into it."""
        known = _callee(self._code, at)
        if known is None or known[1]:
            raise _Asked
        value = _named(known[0], self._space)
        function = inspect.unwrap(value) if callable(value) else None
        place = _argument(self._code, at, above)
        if place is None or function is None:
            raise _Asked
        first = place == 0 or (place == "*" and above == (step.arg or 0) & 1)
        if function is outcome and first:
            self._labels = True
            return False
        if function is outcome or _is_error(function):
            return True
        if not isinstance(function, types.FunctionType) or place == "*":
            raise _Asked
        holds = self._handed_on(function, place)
        if not holds or not function.__code__.co_flags & _GENERATES:
            return holds
        # `yield from` gives on what the generator yields, and nothing else looks at that.
        then = self._steps[at + 1].opname if at + 1 < len(self._steps) else ""
        if then != "GET_YIELD_FROM_ITER" or not _returns_nothing(function.__code__):
            raise _Asked
        self._given = self._given or holds
        return False

    def _handed_on(self, function: types.FunctionType, place: int | str) -> bool:
        code = function.__code__
        names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
        name = place
        if isinstance(place, int):
            name = names[place] if place < code.co_argcount else None  # type: ignore[assignment]
        if code.co_flags & _ASYNCHRONOUS or name not in names or self._depth >= _DEEPEST:
            raise _Asked
        taken = frozenset((str(name),))
        use = _followed(code, function.__globals__, (), taken, self._depth + 1)
        if use.asked:
            raise _Asked
        self._raised = self._raised or use.raised
        self._labels = self._labels or use.labels
        return use.given


def _returns_nothing(code: types.CodeType) -> bool:
    """Whether a generator only ends: what it returns would be what `yield from` leaves."""
    steps = _steps(code)
    return all(
        (step.opname != "RETURN_CONST" or step.argval is None)
        and (
            step.opname != "RETURN_VALUE" or (before.opname, before.argval) == ("LOAD_CONST", None)
        )
        for before, step in itertools.pairwise(steps)
    )


def _is_error(kind: Any) -> bool:
    """Whether it is an exception that only keeps what it is made of."""
    if not (isinstance(kind, type) and issubclass(kind, BaseException)):
        return False
    own = (inspect.getattr_static(kind, name) for name in ("__init__", "__new__"))
    return not any(isinstance(each, (types.FunctionType, staticmethod)) for each in own)


def _argument(code: types.CodeType, at: int, above: int) -> int | str | None:
    """Which argument of a call lies there: its place or its name; "*" where they are unpacked."""
    steps = _steps(code)
    step, arg = steps[at], steps[at].arg or 0
    if step.opname == "CALL_FUNCTION_EX":
        return "*" if above <= arg & 1 else None
    names: tuple[str, ...] = ()
    before = steps[at - 1]
    if step.opname == "CALL_KW":
        above -= 1
        names = before.argval if isinstance(before.argval, tuple) else ()
    elif before.opname == "KW_NAMES":
        names = code.co_consts[before.arg or 0]
    if not 0 <= above < arg:
        return None
    place = arg - 1 - above
    by_name = place - (arg - len(names))
    return names[by_name] if by_name >= 0 else place


# ---- bytecode ---------------------------------------------------------------------------------


@lru_cache(maxsize=4096)
def _steps(code: types.CodeType) -> tuple[dis.Instruction, ...]:
    return tuple(step for step in dis.get_instructions(code) if step.opname not in _LEFT_OUT)


@lru_cache(maxsize=4096)
def _sees_locals(code: types.CodeType) -> bool:
    named = (step for step in _steps(code) if step.opname in ("LOAD_GLOBAL", "LOAD_NAME"))
    return any(step.argval in _SEES_LOCALS for step in named)


@lru_cache(maxsize=4096)
def _places(code: types.CodeType) -> dict[int, int]:
    """For each offset the step that stands there, or else the next one."""
    found: dict[int, int] = {}
    steps = _steps(code)
    at = 0
    for offset in range(0, len(code.co_code) + 2, 2):
        while at < len(steps) and steps[at].offset < offset:
            at += 1
        found[offset] = at
    return found


def _place(code: types.CodeType, offset: int) -> int:
    """The step that is being taken: a call may stand on what prepares it, or on its cache."""
    if offset < 0:
        return -1
    at = _places(code)[offset]
    prepares = code.co_code[offset] == dis.opmap.get("PRECALL")
    steps = _steps(code)
    if at < len(steps) and (steps[at].offset == offset or prepares):
        return at
    return at - 1


def _takes(step: dis.Instruction) -> int | None:
    """How many values a step takes from the stack; None where that is not known here."""
    name, arg = step.opname, step.arg or 0
    if name in _TAKES:
        return _TAKES[name]
    if name.startswith(("LOAD_FAST", "LOAD_CONST", "LOAD_GLOBAL", "LOAD_DEREF", "LOAD_CLOSURE")):
        return 0
    if name in ("PUSH_NULL", "KW_NAMES", *_ALWAYS):
        return 0
    if name.startswith(("POP_JUMP", "UNARY_", "JUMP_IF_")):
        return 1
    if name == "FORMAT_VALUE":
        return 2 if arg & 4 else 1
    if name.startswith("BUILD_"):
        return {"BUILD_MAP": 2 * arg, "BUILD_CONST_KEY_MAP": arg + 1}.get(name, arg)
    if name in _CALLS:
        return {"CALL": arg + 2, "CALL_KW": arg + 3}.get(name, 3 + (arg & 1))
    return arg if name == "RAISE_VARARGS" else None


def _effect(step: dis.Instruction, jumps: bool) -> int:
    if step.opname == "CALL":
        return -1 - (step.arg or 0)
    arg = step.arg if step.opcode >= dis.HAVE_ARGUMENT else None
    return dis.stack_effect(step.opcode, arg, jump=jumps)


def _next(steps: tuple[dis.Instruction, ...], at: int) -> Iterator[tuple[int, bool]]:
    """The steps that may come after one, and whether it jumps there."""
    step = steps[at]
    if step.opname in _ENDS:
        return
    if step.opcode in (*dis.hasjrel, *dis.hasjabs):
        to = next((n for n, each in enumerate(steps) if each.offset >= step.argval), len(steps))
        yield to, True
    if step.opname not in _ALWAYS:
        yield at + 1, False


@lru_cache(maxsize=4096)
def _heights(code: types.CodeType) -> dict[int, int | None]:
    """How high the stack is before each step that is not reached by an exception alone."""
    steps = _steps(code)
    found: dict[int, int | None] = {}
    waiting = [(0, 0)]
    while waiting:
        at, height = waiting.pop()
        if at >= len(steps) or at in found:
            if found.get(at, height) != height:
                found[at] = None
            continue
        found[at] = height
        waiting += [(to, height + _effect(steps[at], jumps)) for to, jumps in _next(steps, at)]
    return found


@lru_cache(maxsize=4096)
def _callee(code: types.CodeType, at: int) -> tuple[str, bool] | None:
    """The name of what a call calls, and whether it is a local one; None where it has none."""
    steps, heights = _steps(code), _heights(code)
    height, arg = heights.get(at), steps[at].arg or 0
    if height is None:
        return None
    below = {"CALL": arg + 2, "CALL_KW": arg + 3}.get(steps[at].opname, 3 + (arg & 1))
    place = at - 1
    while place >= 0:
        reached = heights.get(place)
        if reached is None:
            return None
        if reached <= height - below + 1:
            break
        place -= 1
    if place > 0 and steps[place].opname == "PUSH_NULL":
        place -= 1
    if place < 0:
        return None
    step = steps[place]
    targets = {to for each in range(len(steps)) for to, jumps in _next(steps, each) if jumps}
    if place + 1 in targets:
        return None  # another way ends here, with something else to be called
    if step.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
        return str(step.argval), False
    return (str(step.argval), True) if step.opname in _LOCAL else None
