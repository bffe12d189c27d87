"""
The coffee can problem: take two beans, put one back, until one is left.

:Source: tlaplus/Examples, specifications/CoffeeCan/CoffeeCan.tla with CoffeeCan100Beans.cfg.
:Published: 5,150 distinct states, 20,002 generated and one level for cans of up to 100 beans: each
    can is an initial state (manifest.json beside it; 501,500 states for 1,000 beans). All of its
    four properties hold.
:Omits: nothing. `ends=True` leaves out the step that does nothing where one bean is left: then the
    end is a deadlock. `can` gives one can to start from.
"""

from collections.abc import Iterator

from seatrial.core import (
    Outcomes,
    System,
    Variable,
    action,
    after_each_step,
    always,
    converges_to,
    deadlock_free,
    outcome,
)

__all__ = [
    "coffee_can",
    "fewer_beans",
    "last_bean",
    "last_bean_is_black",
    "never_ends",
    "same_parity",
]


@action(actor="hand", writes="black")
def two_black(black: int) -> Outcomes:
    """Both away, a black one in."""
    if black >= 2:
        yield outcome("two black", black=black - 1)


@action(actor="hand", writes=("black", "white"))
def two_white(black: int, white: int) -> Outcomes:
    """Both away, a black one in."""
    if white >= 2:
        yield outcome("two white", black=black + 1, white=white - 2)


@action(actor="hand", writes="black")
def one_of_each(black: int, white: int) -> Outcomes:
    """The white one back, the black one away."""
    if black >= 1 and white >= 1:
        yield outcome("one of each", black=black - 1)


@action(actor="hand", writes=())
def rest(black: int, white: int) -> Outcomes:
    """One bean is left; nothing is done any more, for ever."""
    if black + white == 1:
        yield outcome("rest")


@after_each_step(
    says="each step takes a bean out", source="CoffeeCan/CoffeeCan.tla, MonotonicDecrease"
)
def fewer_beans(
    black: int, white: int, black_before: int, white_before: int, action: str
) -> Iterator[str]:
    """Steps that change nothing do not count there."""
    if action != "rest" and black + white >= black_before + white_before:
        yield f"{action}: from {black_before + white_before} to {black + white} beans"


@after_each_step(
    says="the number of white beans stays even, or stays odd",
    source="CoffeeCan/CoffeeCan.tla, LoopInvariant",
)
def same_parity(white: int, white_before: int) -> Iterator[str]:
    """This decides which bean is the last."""
    if (white - white_before) % 2:
        yield f"from {white_before} to {white} white beans"


@converges_to(
    says="one bean is left at last", source="CoffeeCan/CoffeeCan.tla, EventuallyTerminates"
)
def last_bean(black: int, white: int) -> bool:
    """From any can."""
    return black + white == 1


@always(
    says="the last bean is black", source="true where the white beans are even in number at first"
)
def last_bean_is_black(black: int, white: int) -> Iterator[str]:
    """CoffeeCan.tla, TerminationHypothesis, of one can."""
    if (black, white) == (0, 1):
        yield "the last bean is white"


never_ends = deadlock_free(source="CoffeeCan.tla, Termination, is there to have this")


def coffee_can(most: int = 100, can: tuple[int, int] | None = None, ends: bool = False) -> System:
    """Any can of up to `most` beans, or one with the given numbers of black and white ones."""
    cans = [
        (black, white)
        for black in range(most + 1)
        for white in range(most + 1 - black)
        if black + white > 0
    ]
    return System(
        name="coffee-can",
        variables=[Variable("black"), Variable("white")],
        actions=[two_black, two_white, one_of_each, *(() if ends else (rest,))],
        initial=[
            {"black": black, "white": white} for black, white in (cans if can is None else [can])
        ],
    )
