"""Integers and booleans that rules can calculate with, and whose value is not known.

A `SymInt` stands for an integer, a `SymBool` for a boolean; each holds a term of the solver. What a
rule computes becomes a larger term. Where it has to know more (in `if`, `while`, `and`) the run
that is in progress decides, see `paths.py`. What has no such meaning (a hash, an index, the length
of a sequence) is an error that names the line of the rule.

Division rounds as Python's does, towards minus infinity. The solver's own leaves a remainder that
is never negative, which is another number where the divisor is.
"""

import numbers
import sys
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import z3

from seatrial.core import NotSymbolic, check_value
from seatrial.core.errors import shown

from .texts import catches, reads_labels, use_of_text
from .watch import is_of_rule
from .words import words

__all__ = [
    "TOLD",
    "SymBool",
    "SymInt",
    "boolean",
    "check_caught",
    "deciding_run",
    "integer",
    "is_outside",
    "key_of",
    "lifted",
    "refused",
]

TOLD = "…"
"""How a number that is not known stands in a text. Only sentences for readers may have it."""

_HERE = str(Path(__file__).parent)
_INSIDE = (_HERE, str(Path(_HERE).parents[1] / "core"), "<attrs generated", "<string>", "<frozen")

_RUNS: list[Any] = []
"""Whoever decides what is not known, the innermost last; see `paths.Run`."""


def deciding_run() -> Any:
    """The run in progress. Raises NotSymbolic where there is none."""
    if not _RUNS:
        raise refused("decides on a number that is not known, outside of a run")
    return _RUNS[-1]


def place_of_rule() -> str:
    """`FILE:LINE` of the innermost code that is neither of this engine nor of the vocabulary."""
    frame = _frame_of_rule()
    return "no line of a rule" if frame is None else f"{frame.f_code.co_filename}:{frame.f_lineno}"


def is_outside(file: str) -> bool:
    """Whether a file is neither of this engine nor of the vocabulary."""
    return not file.startswith(_INSIDE)


def _frame_of_rule() -> Any:
    frame: Any = sys._getframe(1)
    while frame is not None and not is_outside(frame.f_code.co_filename):
        frame = frame.f_back
    return frame


def refused(what: str) -> NotSymbolic:
    """
    The error for something that cannot be done to a number that is not known.

    The run in progress keeps it: a rule that catches it would go on as if something had failed.
    """
    error = NotSymbolic(f"{place_of_rule()} {what}")
    if _RUNS and not _expected():
        _RUNS[-1].refused = error
    return error


def _expected() -> bool:
    """Whether it is `check_value` that asks, which does without the answer."""
    frame: Any = sys._getframe(2)
    while frame is not None and not is_outside(frame.f_code.co_filename):
        if frame.f_code is check_value.__code__:
            return True
        frame = frame.f_back
    return False


def integer(term: z3.ArithRef) -> Any:
    """The term as a number: a plain one where it is a numeral."""
    return term.as_long() if z3.is_int_value(term) else SymInt(term)


def boolean(term: z3.BoolRef) -> Any:
    """The term as a truth value: a plain one where it is known."""
    if z3.is_true(term):
        return True
    return False if z3.is_false(term) else SymBool(term)


def lifted(value: Any) -> Any:
    """The term of an integer or boolean, known or not; None of anything else."""
    kind = type(value)
    if kind is SymInt or kind is SymBool:
        return value.term
    if kind is int:
        return z3.IntVal(value)
    return z3.BoolVal(value) if kind is bool else None


def _number(value: Any) -> Any:
    """
    The term of what counts as an integer, booleans and members of IntEnum included; None else.

    Raises NotSymbolic for a number that is no integer: it can be equal to one.
    """
    kind = type(value)
    if kind is SymInt:
        return value.term
    if kind is SymBool:
        return z3.If(value.term, z3.IntVal(1), z3.IntVal(0))
    if isinstance(value, int):
        return z3.IntVal(int(value))
    if isinstance(value, numbers.Number):
        raise refused(f"calculates with {value!r} and a number that is not known")
    return None


def key_of(value: Any) -> Any:
    """What tells apart integers and booleans, known or not, for as long as they are kept."""
    kind = type(value)
    return value.term.ast.value if kind is SymInt or kind is SymBool else (kind, value)


def _forking(build: Callable[[Any, Any], Any], made: Callable[[Any], Any]) -> Callable[..., Any]:
    """An operator that may decide something, so that it is asked on every path."""

    def operate(self: Any, other: Any) -> Any:
        right = _number(other)
        if right is None:
            return NotImplemented
        return made(build(_number(self), right))

    return operate


def _operator(build: Callable[[Any, Any], Any], made: Callable[[Any], Any]) -> Callable[..., Any]:
    """An operator that is a term: paths that begin alike ask for the same ones over and over."""
    operate = _forking(build, made)

    def remembered(self: Any, other: Any) -> Any:
        kind = type(other)
        if not _RUNS or (kind is not SymInt and kind is not int):
            return operate(self, other)
        key = (operate, self.term.ast.value, other if kind is int else (other.term.ast.value,))
        known = _RUNS[-1].terms.get(key)
        if known is None:
            # Kept with its operands: what is freed may leave its place to another term.
            known = _RUNS[-1].terms[key] = (operate(self, other), self, other)
        return known[0]

    return remembered


def _sum(one: Any, other: Any) -> Any:
    # Sums begin at 0, and a term that says so reads badly.
    for zero, rest in ((one, other), (other, one)):
        if z3.is_int_value(zero) and zero.as_long() == 0:
            return rest
    return one + other


def _divided(dividend: Any, divisor: Any) -> Any:
    """The quotient, rounded towards minus infinity."""
    known = divisor.as_long() if z3.is_int_value(divisor) else None
    if known == 0 or (known is None and deciding_run().decide(divisor == 0)):
        raise ZeroDivisionError("integer division or modulo by zero")
    positive = known > 0 if known is not None else deciding_run().decide(divisor > 0)
    if positive:
        return dividend / divisor
    if known is not None:
        return (-dividend) / z3.IntVal(-known)
    return (-dividend) / (-divisor)


def _remainder(dividend: Any, divisor: Any) -> Any:
    return dividend - divisor * _divided(dividend, divisor)


def _swapped(build: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    return lambda one, other: build(other, one)


def _least(one: Any, other: Any) -> Any:
    return z3.If(other < one, other, one)


def _greatest(one: Any, other: Any) -> Any:
    return z3.If(other > one, other, one)


def _both(build: Callable[[Any, Any], Any], bits: str) -> Callable[[Any, Any], Any]:
    """A connective of two truth values; of other numbers it is one of bits."""

    def operate(self: Any, other: Any) -> Any:
        if type(other) not in (bool, SymBool):
            if _number(other) is None:
                return NotImplemented
            raise refused(f"{bits} {words(self.term)}, a truth value that is not known")
        return boolean(build(self.term, lifted(other)))

    return operate


def _divmod(dividend: Any, divisor: Any) -> Any:
    quotient = _divided(dividend, divisor)
    return integer(quotient), integer(dividend - divisor * quotient)


def _same(pair: Any) -> Any:
    return pair


def _told(self: Any, *_: Any) -> str:
    """What stands for it in a text, which says nothing of its value."""
    _only_told(self)
    return _Told(TOLD)


def _represented(self: Any) -> str:
    """The same of `repr`; the engine itself, in what it reports, is told the term."""
    return TOLD if _only_told(self) else words(self.term)


def _only_told(number: Any) -> bool:
    """
    Whether a rule makes a text of a number, or the vocabulary for one.

    Raises NotSymbolic where something is asked of the text.
    """
    frame: Any = sys._getframe(2)
    if not _RUNS or frame.f_code.co_filename.startswith(_HERE):
        return False
    rules = list(_frames_of_rules(frame))
    giver = None
    given, raised, asked, labels = True, False, False, False
    for at, each in enumerate(rules):
        if at == 0 and each.f_code is shown.__code__:
            giver = each.f_code  # what it gives is followed as if it were made where that is asked
            continue
        if _of_vocabulary(each) and giver is not None and not _of_vocabulary(rules[at - 1]):
            # The vocabulary asks rules, and their texts are for readers. A rule may ask it to.
            asked = given and not all(map(_of_vocabulary, rules[at:]))
            given = False
        # What is in an outcome is read by whoever takes that; its label is for readers.
        asked = asked or (labels and not _of_vocabulary(each) and reads_labels(each.f_code))
        if given:
            use = use_of_text(each, giver)
            asked, given, raised = use.asked, use.given, raised or use.raised
            if use.labels:
                labels, _RUNS[-1].told_in_label = True, words(number.term)
            giver = each.f_code
        if asked or (raised and not _of_vocabulary(each) and catches(each.f_code)):
            what = words(number.term)
            raise refused(f"decides on a text that is made of {what}, a number that is not known")
        if not given and not raised and not labels:
            break
    return True


def check_caught(error: BaseException) -> None:
    """Raise NotSymbolic where a rule may look at what is raised and has such a text."""
    texts = (each for each in (*error.args, *vars(error).values()) if isinstance(each, str))
    if any(TOLD in each for each in texts):
        for frame in _frames_of_rules(sys._getframe(1)):
            if not _of_vocabulary(frame) and catches(frame.f_code):
                raise refused("may look at an error whose text is made of an unknown number")


def _frames_of_rules(frame: Any) -> Iterator[types.FrameType]:
    """From a frame up to the beginning of the run, those of rules and of the vocabulary."""
    while frame is not None and frame.f_code is not _RUNS[-1].beginning:
        if not frame.f_code.co_filename.startswith((_HERE, *_INSIDE[2:])):
            yield frame
        frame = frame.f_back


def _of_vocabulary(frame: types.FrameType) -> bool:
    return frame.f_code.co_filename.startswith(_INSIDE[1])


class _Told(str):
    """A text for readers: nothing may depend on it."""

    __slots__ = ()


def _text(what: str) -> Callable[..., Any]:
    def refuse(self: Any, *_: Any, **__: Any) -> Any:
        raise refused(f"{what} the text of a number that is not known")

    return refuse


for _name in ("__eq__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__", "__hash__"):
    setattr(_Told, _name, _text("compares"))
for _name in ("__len__", "__contains__", "__getitem__", "__iter__"):
    setattr(_Told, _name, _text("looks into"))


def _absent(self: Any, name: str) -> Any:
    if name.startswith("__") and not (_RUNS and is_of_rule(sys._getframe(1).f_code.co_filename)):
        raise AttributeError(name)  # the interpreter's own questions: it has no such protocol
    raise refused(f"asks for {name} of {words(self.term)}, a number that is not known")


def _no(what: str) -> Callable[..., Any]:
    def refuse(self: Any, *_: Any) -> Any:
        raise refused(f"{what} {words(self.term)}, a number that is not known")

    return refuse


def _stands_for(kind: type) -> Any:
    """What `isinstance` goes by where the type itself is not enough: for rules it is a number."""

    def answer(self: Any) -> type:
        frame: Any = sys._getframe(1)
        while frame is not None and frame.f_code.co_filename.startswith("<"):
            frame = frame.f_back  # an abstract class has code of its own for it
        file = "" if frame is None else frame.f_code.co_filename
        return kind if is_outside(file) else type(self)

    return property(answer)


class _Kind(type):
    """
    The class of these classes: rules that come by one, as by `type`, would find no `int`.

    It answers this package, Python's library and the solver, and nobody else.
    """

    def _answers(cls) -> None:
        if _RUNS and is_of_rule(sys._getframe(2).f_code.co_filename):
            raise refused("asks for the type of a number that is not known")

    def __eq__(cls, other: object) -> bool:
        cls._answers()
        return cls is other

    def __hash__(cls) -> int:
        cls._answers()
        return type.__hash__(cls)

    def __repr__(cls) -> str:
        cls._answers()
        return type.__repr__(cls)

    def __call__(cls, *args: Any) -> Any:
        if not all(isinstance(each, z3.ExprRef) for each in args):
            cls._answers()
        return super().__call__(*args)

    def __instancecheck__(cls, value: Any) -> bool:
        cls._answers()
        return type.__instancecheck__(cls, value)

    def __subclasscheck__(cls, kind: Any) -> bool:
        cls._answers()
        return type.__subclasscheck__(cls, kind)

    def __getattribute__(cls, name: str) -> Any:
        if _RUNS and is_of_rule(sys._getframe(1).f_code.co_filename):
            raise refused("asks for the type of a number that is not known")
        return super().__getattribute__(name)


class SymInt(metaclass=_Kind):
    """An integer that is not known: `term` says what it is."""

    __slots__ = ("term",)
    __seatrial_symbolic__ = True
    __class__ = _stands_for(int)

    def __init__(self, term: z3.ArithRef) -> None:
        self.term = term

    __add__ = __radd__ = _operator(_sum, integer)
    __sub__ = _operator(lambda a, b: a - b, integer)
    __rsub__ = _operator(lambda a, b: b - a, integer)
    __mul__ = __rmul__ = _operator(lambda a, b: a * b, integer)
    __floordiv__ = _forking(_divided, integer)
    __rfloordiv__ = _forking(_swapped(_divided), integer)
    __mod__ = _forking(_remainder, integer)
    __rmod__ = _forking(_swapped(_remainder), integer)
    __divmod__ = _forking(_divmod, _same)
    __rdivmod__ = _forking(_swapped(_divmod), _same)
    __lt__ = _operator(lambda a, b: a < b, boolean)
    __le__ = _operator(lambda a, b: a <= b, boolean)
    __gt__ = _operator(lambda a, b: a > b, boolean)
    __ge__ = _operator(lambda a, b: a >= b, boolean)
    __eq__ = _operator(lambda a, b: a == b, boolean)
    __ne__ = _operator(lambda a, b: a != b, boolean)
    __seatrial_minimum__ = _operator(_least, integer)
    __seatrial_maximum__ = _operator(_greatest, integer)

    __hash__ = _no("hashes")
    __index__ = _no("counts to, or indexes by,")
    __int__ = __trunc__ = _no("wants the value of")
    __float__ = __complex__ = _no("makes a float of")
    __truediv__ = __rtruediv__ = _no("divides with a fraction")
    __pow__ = __rpow__ = _no("takes a power with")
    __round__ = __floor__ = __ceil__ = _no("rounds")
    __lshift__ = __rshift__ = __and__ = __or__ = __xor__ = __invert__ = _no("takes the bits of")
    __rlshift__ = __rrshift__ = __rand__ = __ror__ = __rxor__ = _no("takes the bits of")
    __getattr__ = _absent
    __str__ = __format__ = _told
    __repr__ = _represented

    def __neg__(self) -> Any:
        return integer(-self.term)

    def __pos__(self) -> Any:
        return self

    def __abs__(self) -> Any:
        return integer(z3.If(self.term < 0, -self.term, self.term))

    def __bool__(self) -> bool:
        return bool(deciding_run().decide(self.term != 0))


class SymBool(metaclass=_Kind):
    """A boolean that is not known. In a condition, the run in progress decides which it is."""

    __slots__ = ("term",)
    __seatrial_symbolic__ = "truth"
    __class__ = _stands_for(bool)

    def __init__(self, term: z3.BoolRef) -> None:
        self.term = term

    __add__ = __radd__ = _operator(lambda a, b: a + b, integer)
    __sub__ = _operator(lambda a, b: a - b, integer)
    __rsub__ = _operator(lambda a, b: b - a, integer)
    __mul__ = __rmul__ = _operator(lambda a, b: a * b, integer)
    __floordiv__ = _forking(_divided, integer)
    __rfloordiv__ = _forking(_swapped(_divided), integer)
    __mod__ = _forking(_remainder, integer)
    __rmod__ = _forking(_swapped(_remainder), integer)
    __divmod__ = _forking(_divmod, _same)
    __rdivmod__ = _forking(_swapped(_divmod), _same)
    __lt__ = _operator(lambda a, b: a < b, boolean)
    __le__ = _operator(lambda a, b: a <= b, boolean)
    __gt__ = _operator(lambda a, b: a > b, boolean)
    __ge__ = _operator(lambda a, b: a >= b, boolean)

    __and__ = __rand__ = _both(z3.And, "takes the bits of")
    __or__ = __ror__ = _both(z3.Or, "takes the bits of")
    __xor__ = __rxor__ = _both(z3.Xor, "takes the bits of")
    __truediv__ = __rtruediv__ = _no("divides with a fraction")
    __pow__ = __rpow__ = _no("takes a power with")
    __round__ = __floor__ = __ceil__ = __float__ = __complex__ = _no("rounds")
    __lshift__ = __rshift__ = __rlshift__ = __rrshift__ = _no("takes the bits of")
    __getattr__ = _absent
    __str__ = __format__ = _told
    __repr__ = _represented

    def __hash__(self) -> int:
        return hash(bool(self))

    def __index__(self) -> int:
        return int(bool(self))

    __int__ = __trunc__ = __index__

    def __eq__(self, other: object) -> Any:
        if type(other) is bool or type(other) is SymBool:
            return boolean(self.term == lifted(other))
        right = _number(other)
        return NotImplemented if right is None else boolean(_number(self) == right)

    def __ne__(self, other: object) -> Any:
        equal = self.__eq__(other)
        if equal is NotImplemented:
            return equal
        return not equal if isinstance(equal, bool) else boolean(z3.Not(equal.term))

    def __neg__(self) -> Any:
        return integer(-_number(self))

    def __pos__(self) -> Any:
        return integer(_number(self))

    __abs__ = __pos__

    def __invert__(self) -> Any:
        return integer(-1 - _number(self))

    def __bool__(self) -> bool:
        return bool(deciding_run().decide(self.term))
