"""Rules: how parameters bind to cells, what outcomes mean, and how choices are enumerated."""

import functools
import time
from collections import OrderedDict, UserDict
from collections.abc import Callable
from itertools import product
from typing import TYPE_CHECKING, Annotated, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seatrial.core import (
    Action,
    All,
    Ground,
    Index,
    Outcomes,
    Own,
    Parameter,
    Population,
    System,
    Total,
    Variable,
    View,
    action,
    answers,
    choose,
    deciding,
    enabled_steps,
    every,
    ground,
    outcome,
    split,
    successor,
    view,
)

if TYPE_CHECKING:
    from nowhere import Nothing  # type: ignore[import-not-found]


def cluster(*actions: Action, views: tuple[View | Total, ...] = ()) -> Ground:
    """Two nodes of two places: `pods[node,place]`, `load[node]`, and one `budget`."""
    return ground(
        System(
            name="cluster",
            indices=[Index("node", ("n1", "n2")), Index("place", (0, 1))],
            parameters=[Parameter("limit", 5)],
            variables=[
                Variable("pods", over=("node", "place")),
                Variable("load", over="node"),
                Variable("budget"),
            ],
            views=views,
            actions=actions,
            initial=[
                {
                    "pods": {(n, p): f"{n}{p}" for n in ("n1", "n2") for p in (0, 1)},
                    "load": {"n1": 10, "n2": 20},
                    "budget": 7,
                }
            ],
        )
    )


def labels(system: Ground) -> list[str]:
    """What can happen first, by label: most rules here say in it what they were given."""
    return [each.label for _, each in enabled_steps(system, system.initial[0], between=False)]


def after(system: Ground) -> list[dict[str, Any]]:
    """What the first step may change, by cell."""
    start = system.initial[0]
    names = [slot.name for slot in system.slots]
    return [
        {
            name: new
            for name, old, new in zip(names, start, successor(start, each), strict=True)
            if old != new
        }
        for _, each in enabled_steps(system, start, between=False)
    ]


# ---- what parameters stand for ----------------------------------------------------------------


def test_a_name_binds_to_the_member_at_the_own_index() -> None:
    """And that of a parameter to its value, that of an index to the index itself."""

    @action(writes=(), over=("node", "place"))
    def see(pods: str, load: int, budget: int, limit: int, node: str, place: int) -> Outcomes:
        yield outcome(f"{node}.{place}: {pods} {load} {budget} {limit}")

    assert labels(cluster(see)) == [
        "n1.0: n10 10 7 5",
        "n1.1: n11 10 7 5",
        "n2.0: n20 20 7 5",
        "n2.1: n21 20 7 5",
    ]


def test_the_order_of_an_actions_indices_is_its_own() -> None:
    """It need not be that of the families it reads."""

    @action(writes="pods", over=("place", "node"))
    def see(pods: str) -> Outcomes:
        if pods == "n21":
            yield outcome("here", pods="x")

    system = cluster(see)

    assert [each.name for each in system.actions][1] == "see[0,n2]"
    assert after(system) == [{"pods[n2,1]": "x"}]


def test_all_binds_to_every_member_and_own_to_those_at_the_own_index() -> None:
    """As mappings by what is left open, in the order of declaration."""

    @action(writes=(), over="node")
    def see(pods: Own[str], load: All[int], budget: Own[int]) -> Outcomes:
        yield outcome(f"{dict(pods)} {dict(load)} {dict(budget)}")

    @action(writes=())
    def see_all(pods: Own[str]) -> Outcomes:
        yield outcome(f"{list(pods)} {pods['n2', 1]}")

    assert labels(cluster(see, see_all)) == [
        "{0: 'n10', 1: 'n11'} {'n1': 10, 'n2': 20} {(): 7}",
        "{0: 'n20', 1: 'n21'} {'n1': 10, 'n2': 20} {(): 7}",
        "[('n1', 0), ('n1', 1), ('n2', 0), ('n2', 1)] n21",
    ]


def test_annotations_may_be_text() -> None:
    """As they all are after `from __future__ import annotations`, where some name nothing."""

    @action(writes=(), over="node")
    def see(load: "All[Nothing]", pods: "Own[str]", budget: "Nothing") -> "Nothing":
        yield outcome(f"{sum(load.values())} {len(pods)} {budget}")

    assert labels(cluster(see)) == ["30 2 7", "30 2 7"]


def test_foreign_metadata_in_an_annotation_is_no_marker() -> None:
    """Other libraries use `Annotated` too."""

    @action(writes=(), over="node")
    def see(load: Annotated[int, "a unit"], pods: Annotated[All[str], "more"]) -> Outcomes:
        yield outcome(f"{load} {len(pods)}")

    assert labels(cluster(see)) == ["10 4", "20 4"]


def test_a_decorated_rule_is_bound_as_the_one_inside() -> None:
    """A decorator in the usual form keeps the signature."""

    def logged(function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def inner(*arguments: Any) -> Any:
            return function(*arguments)

        return inner

    @action(writes="budget")
    @logged
    def spend(budget: int) -> Outcomes:
        yield outcome("spend", budget=budget - 1)

    assert after(cluster(spend)) == [{"budget": 6}]


def test_a_view_reads_two_variables_and_a_total_sums_it() -> None:
    """Rules read both as they read variables."""

    @view(over="node")
    def room(load: int, budget: int, limit: int) -> int:
        return load - budget * limit

    @action(writes=(), over="node")
    def see(room: int, rooms: int) -> Outcomes:
        yield outcome(f"{room} of {rooms}")

    found = labels(cluster(see, views=(room, Total("rooms", of="room"))))

    assert found == ["-25 of -40", "-15 of -40"]


def test_a_total_of_a_single_variable_is_its_value() -> None:
    """The shortest of sums."""

    @action(writes=())
    def see(sum_of_it: int) -> Outcomes:
        yield outcome(f"{sum_of_it}")

    assert labels(cluster(see, views=(Total("sum_of_it", of="budget"),))) == ["7"]


def test_grounding_four_times_as_many_members_takes_no_sixteen_times_as_long() -> None:
    """A family is cut into members once, and not for each index at which a rule is bound."""

    @action(over="i", writes="x")
    def one(x: int, y: Own[int]) -> Outcomes:
        yield outcome("one", x=x)

    def seconds(members: int) -> float:
        system = System(
            name="wide",
            indices=[Index("i", range(members)), Index("j", range(2))],
            variables=[Variable("x", over="i"), Variable("y", over=("i", "j"))],
            actions=[one],
            initial=[{"x": every(0), "y": every(0)}],
        )
        began = time.thread_time()
        assert len(ground(system).actions) == members
        return time.thread_time() - began

    few, many = (min(seconds(members) for _ in range(3)) for members in (500, 2000))
    assert many < 10 * few


# ---- what outcomes mean -----------------------------------------------------------------------


@pytest.mark.parametrize("nothing", [None, (), [], iter(())])
def test_a_rule_that_answers_nothing_is_not_enabled(nothing: Any) -> None:
    """Whether it is a generator or returns a list."""

    @action(writes=())
    def idle(budget: int) -> Outcomes:
        return () if budget else [outcome("never")]

    assert labels(cluster(idle)) == []


def test_a_declared_write_that_is_left_out_keeps_its_value() -> None:
    """And a step may change nothing at all: it is a step still."""

    @action(writes=("budget", "load"), over="node")
    def stay(node: str) -> Outcomes:
        yield outcome(f"stay on {node}")

    system = cluster(stay)

    assert labels(system) == ["stay on n1", "stay on n2"]
    assert after(system) == [{}, {}]


def test_an_action_that_fixes_one_of_two_indices_writes_a_row() -> None:
    """A mapping from the open index; members that it leaves out keep theirs."""

    @action(writes="pods", over="node")
    def clear(node: str) -> Outcomes:
        yield outcome("one", pods={1: "gone"})
        yield outcome("row", pods={0: "gone", 1: "gone"})

    assert after(cluster(clear)) == [
        {"pods[n1,1]": "gone"},
        {"pods[n1,0]": "gone", "pods[n1,1]": "gone"},
        {"pods[n2,1]": "gone"},
        {"pods[n2,0]": "gone", "pods[n2,1]": "gone"},
    ]


def test_an_action_without_an_index_writes_members_by_their_whole_index() -> None:
    """What it read as `All` it may change and write back."""

    @action(writes=("pods", "load"))
    def shift(load: All[int]) -> Outcomes:
        yield outcome("shift", load={**load, "n1": 11}, pods={("n2", 0): "x"})
        yield outcome("same", load=load)

    assert after(cluster(shift)) == [{"pods[n2,0]": "x", "load[n1]": 11}, {}]


@pytest.mark.parametrize("empty", [dict, OrderedDict, UserDict])
def test_an_outcome_keeps_what_its_mapping_held_when_it_was_made(empty: type[Any]) -> None:
    """A rule may go on with the same mapping: what it adds later is of later outcomes."""

    @action(writes="load")
    def drain(load: All[int]) -> Outcomes:
        drained = empty()
        for node in load:
            drained[node] = 0
            yield outcome("drain", load=drained)

    assert after(cluster(drain)) == [{"load[n1]": 0}, {"load[n1]": 0, "load[n2]": 0}]


def test_outcomes_that_agree_in_label_and_writes_count_once() -> None:
    """Not so those that agree only by ==."""

    @action(writes="budget")
    def spend(budget: int) -> Outcomes:
        for value in (1, 1, True, 1):
            yield outcome("a", budget=(value,))
        yield outcome("b", budget=(1,))
        yield outcome("b")

    found = [(each.label, *(value for _, value in each.writes)) for _, each in steps_of(spend)]

    assert repr(found) == "[('a', (1,)), ('a', (True,)), ('b', (1,)), ('b',)]"


def steps_of(*actions: Action) -> list[Any]:
    """Actions and outcomes that are enabled at first."""
    system = cluster(*actions)
    return enabled_steps(system, system.initial[0], between=False)


def test_what_reads_the_same_cells_stands_together() -> None:
    """So an engine may look such actions up together; else the order is that of declaration."""

    @action(writes="budget", over="node")
    def first(load: int) -> Outcomes:
        return ()

    @action(writes="budget")
    def second(budget: int) -> Outcomes:
        return ()

    @action(writes="budget", over="node")
    def third(load: int) -> Outcomes:
        return ()

    names = [each.name for each in cluster(first, second, third).actions]

    assert names == ["first[n1]", "third[n1]", "first[n2]", "third[n2]", "second"]


def test_where_a_committed_action_is_enabled_nothing_else_is() -> None:
    """A decision and its writes are one step."""

    @action(writes="budget")
    def spend(budget: int) -> Outcomes:
        yield outcome("spend", budget=budget - 1)

    @action(writes="budget", committed=True)
    def correct(budget: int) -> Outcomes:
        if budget % 2:
            yield outcome("correct", budget=budget - 1)

    system = cluster(spend, correct)

    def enabled(budget: int, *, between: bool) -> list[str]:
        state = (*system.initial[0][:-1], budget)
        return [act.name for act, _ in enabled_steps(system, state, between=between)]

    assert enabled(7, between=False) == enabled(7, between=True) == ["correct"]
    assert (enabled(6, between=False), enabled(6, between=True)) == (["spend"], [])


# ---- choices ----------------------------------------------------------------------------------

ranges = st.lists(st.tuples(st.integers(-3, 3), st.integers(0, 3)), max_size=4)


@given(ranges)
def test_every_combination_of_answers_is_tried_once_and_in_order(
    spans: list[tuple[int, int]],
) -> None:
    """The explicit engine misses no behaviour and counts none twice."""
    found = list(answers(lambda: tuple(choose(low, low + more) for low, more in spans)))

    expected = list(product(*(range(low, low + more + 1) for low, more in spans)))
    assert [given for _, given in found] == expected
    assert [result for result, _ in found] == expected


@given(st.integers(0, 3))
def test_how_many_choices_there_are_may_depend_on_earlier_answers(most: int) -> None:
    """As in a rule that chooses only where it has to."""

    def body() -> tuple[int, ...]:
        return tuple(choose(0, at) for at in range(choose(0, most)))

    found = [result for result, _ in answers(body)]

    expected = [
        each
        for length in range(most + 1)
        for each in product(*(range(n + 1) for n in range(length)))
    ]
    assert found == expected


def test_a_choice_may_stand_in_a_generator_inside_a_rule() -> None:
    """All that a rule yields is taken while its chooser decides."""

    @action(writes="budget")
    def spend(budget: int) -> Outcomes:
        return (
            outcome("spend", budget=(low, each))
            for low in (0, 10)
            for each in (choose(low, low + 1),)
        )

    found = [(each.choices, each.writes[0][1]) for _, each in steps_of(spend)]

    assert found == [
        ((0, 10), (0, 0)),
        ((0, 10), (10, 10)),
        ((0, 11), (10, 11)),
        ((1, 10), (0, 1)),
    ]


def test_splitting_nothing_gives_nothing() -> None:
    """The empty population has one part, itself."""
    nobody: Population[str] = Population()

    assert list(answers(lambda: split(nobody, 0))) == [(nobody, ())]


def test_ten_thousand_answers_are_tried_and_no_more() -> None:
    """A rule that chooses from more would keep the engine busy for good."""
    assert sum(1 for _ in answers(lambda: choose(1, 10_000))) == 10_000
    assert sum(1 for _ in answers(lambda: (choose(1, 100), choose(1, 100)))) == 10_000


class Symbol:
    """An integer that knows no truth and no hash, only terms; comparing makes another."""

    def __init__(self, term: str) -> None:
        self.term = term

    __hash__ = None  # type: ignore[assignment]

    def __sub__(self, other: Any) -> "Symbol":
        return Symbol(f"({self} - {other})")

    def __add__(self, other: Any) -> "Symbol":
        return Symbol(f"({self} + {other})")

    __radd__, __rsub__ = __add__, __sub__

    def __gt__(self, other: Any) -> bool:
        return False

    def __lt__(self, other: Any) -> bool:
        return False

    def __ne__(self, other: Any) -> bool:
        # A class has members; a difference is what is left to pick, and in the end that is none.
        return "-" not in self.term

    def __seatrial_minimum__(self, other: Any) -> "Symbol":
        return Symbol(f"min({self}, {other})")

    def __str__(self) -> str:
        return self.term


class Asking:
    """A chooser that notes what it was asked and answers with a fresh symbol."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def choose(self, low: Any, high: Any) -> Any:
        """Both bounds may be symbols."""
        self.asked.append(f"{low} to {high}")
        return Symbol(f"c{len(self.asked)}")


def test_split_asks_once_a_class_whatever_the_counts_are() -> None:
    """Nothing loops over a computed number or hashes it: so the symbolic engine runs the same."""
    counts: Any = {"a": Symbol("x"), "b": Symbol("y")}
    pods: Population[str] = Population(counts)
    asking = Asking()

    with deciding(asking):
        picked = split(pods, Symbol("n"))  # type: ignore[arg-type]

    assert asking.asked == ["0 to min(x, n)", "0 to min(y, (n - c1))"]
    assert [str(count) for _, count in picked.items()] == ["c1", "c2"]
