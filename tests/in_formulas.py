"""What a rule says of unknown numbers, compared with what Python says of each."""

from collections.abc import Callable
from typing import Any

import z3

from seatrial.engines.prove.paths import Raised
from seatrial.engines.prove.terms import lifted

X, Y, P = z3.Int("x"), z3.Int("y"), z3.Bool("p")
Rule = Callable[[Any, Any, Any], Any]


def concrete(value: Any, pairs: list[Any]) -> Any:
    """A result with numbers for the variables."""
    if isinstance(value, tuple):
        return tuple(concrete(each, pairs) for each in value)
    term = lifted(value)
    if term is None:
        return value
    known = z3.simplify(z3.substitute(term, *pairs))
    if z3.is_int_value(known):
        return known.as_long()
    return z3.is_true(known) if z3.is_true(known) or z3.is_false(known) else f"open: {known}"


def in_python(rule: Rule, *values: Any) -> Any:
    """What Python says; of what is raised, the class."""
    try:
        return rule(*values)
    except Exception as error:
        return type(error)


def said(result: Any, pairs: list[Any]) -> Any:
    """What a path says, with numbers for the variables."""
    return type(result.error) if isinstance(result, Raised) else concrete(result, pairs)
