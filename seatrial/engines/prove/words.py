"""Terms of the solver as people read them: infix, with the names that the model uses."""

from typing import Any

import z3

__all__ = ["sentence", "words"]

_INFIX = {
    z3.Z3_OP_ADD: (" + ", 6),
    z3.Z3_OP_SUB: (" - ", 6),
    z3.Z3_OP_MUL: (" * ", 7),
    z3.Z3_OP_IDIV: (" // ", 7),
    z3.Z3_OP_MOD: (" % ", 7),
    z3.Z3_OP_LE: (" <= ", 4),
    z3.Z3_OP_LT: (" < ", 4),
    z3.Z3_OP_GE: (" >= ", 4),
    z3.Z3_OP_GT: (" > ", 4),
    z3.Z3_OP_EQ: (" = ", 4),
    z3.Z3_OP_DISTINCT: (" != ", 4),
    z3.Z3_OP_AND: (" and ", 2),
    z3.Z3_OP_OR: (" or ", 1),
    z3.Z3_OP_IMPLIES: (" implies ", 0),
}
_FLIPPED = {
    z3.Z3_OP_LE: " > ",
    z3.Z3_OP_LT: " >= ",
    z3.Z3_OP_GE: " < ",
    z3.Z3_OP_GT: " <= ",
    z3.Z3_OP_EQ: " != ",
}


def words(term: Any) -> str:
    """
    A term in the notation of the model.

    >>> x, y = z3.Ints("spec[1] replicas")
    >>> words(z3.And(x - y <= 3, z3.Not(x == 2 * y)))
    'spec[1] - replicas <= 3 and spec[1] != 2 * replicas'
    """
    return _shown(term)[0]


def sentence(term: Any) -> str:
    """A term after the solver's simplification."""
    return words(z3.simplify(term))


def _shown(term: Any) -> tuple[str, int]:
    """The text, and how tightly its outermost operator binds."""
    kind = term.decl().kind()
    parts = term.children()
    if not parts:
        return str(
            term.decl().name() if z3.is_const(term) and kind == z3.Z3_OP_UNINTERPRETED else term
        ), 9
    if kind == z3.Z3_OP_NOT:
        inner = parts[0].decl().kind()
        if inner in _FLIPPED:
            left, right = parts[0].children()
            return f"{_inside(left, 5)}{_FLIPPED[inner]}{_inside(right, 5)}", 4
        return f"not {_inside(parts[0], 3)}", 3
    if kind == z3.Z3_OP_UMINUS:
        return f"-{_inside(parts[0], 8)}", 8
    if kind == z3.Z3_OP_ITE:
        extreme = _extreme(*parts)
        if extreme:
            return extreme, 9
        test, then, other = (_inside(each, 1) for each in parts)
        return f"({then} if {test} else {other})", 9
    if kind == z3.Z3_OP_ADD:
        return _sum(parts), 6
    if kind in _INFIX:
        sign, tight = _INFIX[kind]
        return sign.join(_inside(each, tight + 1) for each in parts), tight
    return str(term).replace("\n", " "), 9


def _extreme(test: Any, then: Any, other: Any) -> str:
    """The smaller or larger of two, where that is what a case distinction says; else nothing."""
    kind = test.decl().kind()
    if kind not in (z3.Z3_OP_LE, z3.Z3_OP_LT, z3.Z3_OP_GE, z3.Z3_OP_GT):
        return ""
    left, right = test.children()
    if {left.get_id(), right.get_id()} != {then.get_id(), other.get_id()}:
        return ""
    less = kind in (z3.Z3_OP_LE, z3.Z3_OP_LT)
    name = "min" if less == left.eq(then) else "max"
    return f"{name}({_inside(left, 0)}, {_inside(right, 0)})"


def _sum(parts: list[Any]) -> str:
    """A sum, with what is subtracted shown so."""
    text = ""
    for each in parts:
        minus, shown = _negated(each)
        if not text:
            text = f"-{shown}" if minus else shown
        else:
            text += f" - {shown}" if minus else f" + {shown}"
    return text


def _negated(term: Any) -> tuple[bool, str]:
    if z3.is_int_value(term) and term.as_long() < 0:
        return True, str(-term.as_long())
    if z3.is_mul(term) and z3.is_int_value(term.arg(0)) and term.arg(0).as_long() < 0:
        factor, rest = -term.arg(0).as_long(), [_inside(each, 8) for each in term.children()[1:]]
        return True, " * ".join(([] if factor == 1 else [str(factor)]) + rest)
    if term.decl().kind() == z3.Z3_OP_UMINUS:
        return True, _inside(term.arg(0), 7)
    return False, _inside(term, 6)


def _inside(term: Any, tight: int) -> str:
    text, own = _shown(term)
    return text if own >= tight else f"({text})"
