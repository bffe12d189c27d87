"""Numbers that are not known calculate as Python's do, and say where they cannot."""

from collections.abc import Callable
from typing import Any, cast

import pytest
import z3
from hypothesis import given, settings
from hypothesis import strategies as st

from seatrial.core import NotSymbolic, arith, choose
from seatrial.engines.prove import paths as of_paths
from seatrial.engines.prove.paths import Path, Raised, Run, covers
from seatrial.engines.prove.terms import SymInt, lifted
from seatrial.engines.prove.words import words

Numbers = st.integers(-20, 20)
X, Y = z3.Ints("x y")


def taken(paths: list[Path], **values: int) -> list[Any]:
    """The results of the paths that these values take, as plain numbers where they are."""
    pairs = [(z3.Int(name), z3.IntVal(value)) for name, value in values.items()]
    found = []
    for path in paths:
        if z3.is_true(z3.simplify(z3.substitute(path.guard, *pairs))):
            term = lifted(path.result)
            if term is None:
                found.append(path.result)
                continue
            value = z3.simplify(z3.substitute(term, *pairs))
            found.append(value.as_long() if z3.is_int_value(value) else z3.is_true(value))
    return found


OPERATIONS: dict[str, Callable[[Any, Any], Any]] = {
    "sum": lambda x, y: x + y - 3,
    "difference": lambda x, y: 5 - x - y,
    "product": lambda x, y: x * y,
    "quotient": lambda x, y: x // y,
    "quotient of a number": lambda x, y: 17 // y,
    "quotient by a negative": lambda x, y: x // -3,
    "remainder": lambda x, y: x % y,
    "remainder by a negative": lambda x, y: x % -4,
    "rounded up": lambda x, y: arith.ceil_div(x, 7),
    "clamped": lambda x, y: arith.clamp(x, low=y, high=3),
    "total": lambda x, y: arith.total([x, y, 2]),
    "absolute": lambda x, y: abs(x) + abs(-y),
    "comparisons": lambda x, y: (x < y) + (x <= 0) + (y > 3) + (x >= y) + (x == y) + (x != 2),
    "branches": lambda x, y: 1 if x < y and x != 2 else 2 if y > 0 or x else 3,
    "chained": lambda x, y: 0 <= x <= y,
}


@pytest.mark.parametrize("name", OPERATIONS)
@settings(max_examples=25, deadline=None)
@given(x=Numbers, y=Numbers)
def test_every_operation_gives_what_python_gives(name: str, x: int, y: int) -> None:
    """Above all where a sign is negative: the solver's own division rounds otherwise there."""
    operation = OPERATIONS[name]
    paths = Run().explore(lambda: operation(SymInt(X), SymInt(Y)))
    try:
        expected: Any = operation(x, y)
    except ZeroDivisionError as error:
        expected = type(error)

    found = [
        type(each.error) if isinstance(each, Raised) else each for each in taken(paths, x=x, y=y)
    ]

    assert found == [expected]


@pytest.mark.parametrize(
    ("doing", "what"),
    [
        (lambda x: {x}, "hashes x"),
        (lambda x: list(range(x)), "counts to, or indexes by, x"),
        (lambda x: (1, 2, 3)[x], "counts to, or indexes by, x"),
        (lambda x: x / 2, "divides with a fraction x"),
        (lambda x: "ab" * x, "counts to, or indexes by, x"),
        (lambda x: float(x), "makes a float of x"),
        (lambda x: 2**x, "takes a power with x"),
    ],
)
def test_what_needs_the_value_of_a_number_is_refused_with_its_line(
    doing: Callable[[Any], Any], what: str
) -> None:
    """A rule's author has to find the place, not a stack of the engine's."""
    with pytest.raises(NotSymbolic) as caught:
        Run().explore(lambda: doing(SymInt(X)))

    assert what in str(caught.value)
    assert f"{__file__}:{doing.__code__.co_firstlineno} " in str(caught.value)


def test_a_loop_that_only_an_unknown_number_ends_is_refused() -> None:
    """It would be unrolled for ever."""

    def counted() -> int:
        left, done = SymInt(X), 0
        while left > 0:
            left, done = left - 1, done + 1
        return done

    with pytest.raises(NotSymbolic, match="decisions on one path"):
        Run().explore(counted)


def test_an_unknown_number_is_refused_outside_of_a_run() -> None:
    """Nobody could take the other branch."""
    with pytest.raises(NotSymbolic, match="outside of a run"):
        bool(SymInt(X) > 1)


def three_ways() -> str:
    x = SymInt(X)
    return "low" if x < 0 else "high" if x > 10 else "middle"


def test_the_paths_of_a_function_cover_all_numbers() -> None:
    """Each number takes one of them, and no two."""
    paths = Run().explore(three_ways)

    assert covers([], paths, 5_000) == z3.unsat
    for x in range(-3, 14):
        assert len(taken(paths, x=x)) == 1


@pytest.mark.parametrize("lost", range(3))
def test_a_lost_path_is_noticed(lost: int) -> None:
    """A planted fault: forking that forgets one way proves things that are false."""
    paths = Run().explore(three_ways)
    del paths[lost]

    assert covers([], paths, 5_000) == z3.sat


def test_what_the_solver_cannot_say_in_time_counts_as_possible() -> None:
    """Both ways are taken, so that a slow solver loses no path."""
    run = Run()
    run._solver.set("rlimit", 1)

    paths = run.explore(lambda: 1 if SymInt(X) * SymInt(X) * SymInt(Y) == 7 else 2)

    assert {path.result for path in paths} == {1, 2}
    assert run.unknown > 0


def test_a_choice_is_any_number_of_its_range() -> None:
    """An empty range is an error of the rule, where it can be empty."""
    low, high = cast(int, SymInt(X)), cast(int, SymInt(Y))
    paths = Run().explore(lambda: choose(low, high))

    chosen, empty = (
        [path for path in paths if isinstance(path.result, Raised) is raised]
        for raised in (False, True)
    )
    assert [words(path.guard) for path in chosen] == [
        "x <= y and (x <= choice 1 and choice 1 <= y)"
    ]
    assert "the range is empty" in str(empty[0].result)
    assert covers([], paths, 5_000) == z3.unsat


# ---- limits -----------------------------------------------------------------------------------


def test_a_loop_that_no_unknown_number_ends_is_refused() -> None:
    """In Python it does not end either, for these numbers: nobody is to wait for it."""

    def endless(x: Any) -> int:
        turns = 0
        while x > 3 and turns < 2:
            turns = 0
        return turns

    with pytest.raises(NotSymbolic, match="is there a loop that does not end"):
        Run().explore(lambda: endless(SymInt(X)))


def test_a_question_that_is_little_work_and_takes_long_is_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Multiplied out it is of degree 64. What is not known to be impossible remains possible."""
    monkeypatch.setattr(of_paths, "_FEASIBILITY_MS", 300)

    def powers(x: Any, y: Any) -> str:
        for _ in range(6):
            x = x * x + y
        return "rare" if x % 1_000_003 == y else "common"

    run = Run([X >= 1, Y >= 1])
    paths = run.explore(lambda: powers(SymInt(X), SymInt(Y)))

    assert {path.result for path in paths} == {"rare", "common"}
    assert run.unknown > 0
