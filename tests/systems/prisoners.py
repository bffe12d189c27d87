"""
Prisoners and two switches: one of them counts until he knows that all have been in the room.

:Source: tlaplus/Examples, specifications/Prisoners/Prisoners.tla with Prisoners.cfg.
:Published: 214 distinct states, 860 generated and 14 levels for 4 prisoners; Safety and Liveness
    hold (manifest.json beside it).
:Omits: nothing. Liveness is <>Done there, with Done an equality. Where switch A was up from the
    start, the count goes one further, so the goal that is kept here is "at least so many".
"""

from collections.abc import Iterator

from seatrial.core import (
    All,
    Index,
    Outcomes,
    Parameter,
    System,
    Variable,
    action,
    always,
    converges_to,
    every,
    outcome,
)

__all__ = ["counts_one_too_many", "counts_them_all", "done_means_all_were_in", "prisoners"]


@action(actor="warden", over="other", writes=("a_up", "b_up", "times"))
def visit(a_up: bool, b_up: bool, times: int) -> Outcomes:
    """Any prisoner but the counter moves A up, twice in his life; else he flips B."""
    if not a_up and times < 2:
        yield outcome("move A up", a_up=True, times=times + 1)
    else:
        yield outcome("flip B", b_up=not b_up)


@action(actor="warden", writes=("a_up", "b_up", "count"))
def visit_of_counter(a_up: bool, b_up: bool, count: int) -> Outcomes:
    """The counter moves A down and counts; else he flips B."""
    if a_up:
        yield outcome("move A down", a_up=False, count=count + 1)
    else:
        yield outcome("flip B", b_up=not b_up)


@always(
    says="when the counter is done, all the others have been in the room",
    source="tlaplus/Examples, Prisoners/Prisoners.tla, Safety",
)
def done_means_all_were_in(count: int, enough: int, times: All[int]) -> Iterator[str]:
    """One less would not do; that is tested too."""
    if count >= enough and 0 in times.values():
        yield f"the count is {count}, and somebody has not been in the room"


@converges_to(
    says="the counter is done at last",
    source="tlaplus/Examples, Prisoners/Prisoners.tla, Liveness",
)
def counts_them_all(count: int, enough: int) -> bool:
    """B is flipped for ever after."""
    return count >= enough


@converges_to(
    says="the counter counts one more",
    source="holds only where switch A is up at the start",
    expected="refuted",
)
def counts_one_too_many(count: int, enough: int) -> bool:
    """Refuted by a run in which A starts down: its end is a loop of flipping B."""
    return count > enough


def prisoners(others: int = 3, enough: int | None = None) -> System:
    """The counter and so many others; he is done when he has counted to `enough`."""
    return System(
        name="prisoners",
        indices=[Index("other", range(others), symmetric=True)],
        parameters=[Parameter("enough", 2 * others if enough is None else enough)],
        variables=[
            Variable("a_up"),
            Variable("b_up"),
            Variable("times", over="other", about="how often a prisoner has moved A up"),
            Variable("count", about="how often the counter has moved A down"),
        ],
        actions=[visit, visit_of_counter],
        initial=[
            {"a_up": a_up, "b_up": b_up, "times": every(0), "count": 0}
            for a_up in (False, True)
            for b_up in (False, True)
        ],
    )
