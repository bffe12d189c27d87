"""Integer arithmetic that all engines can run: one term each, never a fork.

Rules use these for sizes. The symbolic engine passes its own integers, which bring the methods
`__seatrial_minimum__` and `__seatrial_maximum__`; plain integers take the ordinary way.

>>> minimum(3, 5), maximum(3, 5), clamp(7, low=0, high=5)
(3, 5, 5)
>>> ceil_div(7, 2), floor_div(-7, 2), total([1, 2, 3])
(4, -4, 6)
"""

from collections.abc import Iterable

__all__ = ["ceil_div", "clamp", "floor_div", "maximum", "minimum", "total"]


def minimum(first: int, *others: int) -> int:
    """The smallest of one or more integers."""
    least = first
    for other in others:
        least = _pair("__seatrial_minimum__", least, other)
    return least


def maximum(first: int, *others: int) -> int:
    """The largest of one or more integers."""
    greatest = first
    for other in others:
        greatest = _pair("__seatrial_maximum__", greatest, other)
    return greatest


def clamp(value: int, low: int, high: int) -> int:
    """`value`, but at least `low` and at most `high`; where these cross, `low` wins.

    >>> clamp(3, low=5, high=1)
    5
    """
    return maximum(low, minimum(value, high))


def floor_div(dividend: int, divisor: int) -> int:
    """The quotient rounded towards minus infinity. A divisor of 0 raises ZeroDivisionError."""
    return dividend // divisor


def ceil_div(dividend: int, divisor: int) -> int:
    """The quotient rounded towards plus infinity. A divisor of 0 raises ZeroDivisionError."""
    return -(-dividend // divisor)


def total(numbers: Iterable[int]) -> int:
    """The sum; 0 for none."""
    amount = 0
    for number in numbers:
        amount = amount + number
    return amount


def _pair(method: str, one: int, other: int) -> int:
    for this, that in ((one, other), (other, one)):
        term = getattr(this, method, None)
        if term is not None:
            return term(that)  # type: ignore[no-any-return]
    if method == "__seatrial_minimum__":
        return other if other < one else one
    return other if other > one else one
