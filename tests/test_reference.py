"""The reference says what it should on graphs small enough to see.

Engines are compared with `reference.py`, so nothing else would notice if it were wrong.
"""

import itertools
from collections.abc import Callable, Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

import reference
from reference import Edge, Graph, Rule, State

Arrows = dict[str, list[tuple[int, int]]]


def system(arrows: Arrows, **fairness: str) -> list[Rule]:
    """Rules over one name, `at`: for each its arrows; committed where the name begins with c."""

    def rule(name: str, pairs: list[tuple[int, int]]) -> Rule:
        def outcomes(state: State) -> Iterable[tuple[str, State]]:
            return [(f"{a} to {b}", {"at": b}) for a, b in pairs if state["at"] == a]

        return Rule(name, fairness.get(name, "weak"), name.startswith("c"), outcomes)

    return [rule(name, pairs) for name, pairs in arrows.items()]


def explored(arrows: Arrows, **fairness: str) -> Graph:
    """What is reachable from 0."""
    return reference.explore([{"at": 0}], system(arrows, **fairness))


def at(*places: int) -> Callable[[State], bool]:
    """The states at these places."""
    return lambda state: state["at"] in places


# ---- states and steps -------------------------------------------------------------------------


def test_depth_is_the_least_number_of_steps() -> None:
    """A trace is called shortest because of it."""
    graph = explored({"walk": [(0, 1), (1, 2), (2, 3)], "leap": [(0, 2)]})

    assert {state["at"]: d for state, d in zip(graph.states, graph.depth, strict=True)} == {
        0: 0,
        1: 1,
        2: 1,
        3: 2,
    }


def test_self_loops_and_two_ways_to_one_state_are_steps() -> None:
    """Engines that lose them agree in states, and differ in convergence."""
    graph = explored({"stay": [(0, 0)], "go": [(0, 1)], "also": [(0, 1)]})

    assert len(graph.edges) == 3


def test_an_outcome_that_a_rule_repeats_is_one_step() -> None:
    """A rule may come to the same answer by several choices."""
    same = Rule("r", "weak", False, lambda state: [("go", {"at": 1}), ("go", {"at": 1})])
    label = Rule("r", "weak", False, lambda state: [("go", {"at": 1}), ("run", {"at": 1})])
    writes = Rule("r", "weak", False, lambda state: [("go", {}), ("go", {"at": 1})])

    counts = [len(reference.explore([{"at": 1}], [rule]).edges) for rule in (same, label, writes)]

    assert counts == [1, 2, 2]


def test_equal_initial_states_are_one_whatever_the_order_of_names() -> None:
    """A state is what its names stand for."""
    graph = reference.explore([{"a": 1, "b": 2}, {"b": 2, "a": 1}, {"a": 2, "b": 1}], [])

    assert (len(graph.states), graph.depth) == (2, [0, 0])


def test_a_step_and_what_it_commits_to_are_one_step() -> None:
    """The states between are not states of the system."""
    graph = explored({"go": [(0, 1)], "c1": [(1, 2)], "c2": [(2, 3)], "back": [(1, 0), (3, 3)]})

    assert [state["at"] for state in graph.states] == [0, 3]
    assert graph.edges == [Edge(0, ("go", "c1", "c2"), 1), Edge(1, ("back",), 1)]


def test_two_chains_to_one_state_are_two_steps() -> None:
    """Which committed rule went first is seen in a trace, and so in the counts."""
    graph = explored({"go": [(0, 1)], "c1": [(1, 2), (1, 3)], "c2": [(1, 3)]})

    assert sorted(edge.taken for edge in graph.edges) == [("go", "c1"), ("go", "c1"), ("go", "c2")]


def test_an_initial_state_is_one_even_if_it_is_committed_to_go_on() -> None:
    """But nothing else happens in it."""
    graph = explored({"go": [(0, 9)], "c1": [(0, 1)], "c2": [(1, 2)]})

    assert graph.edges == [Edge(0, ("c1", "c2"), 1)]
    assert graph.depth == [0, 1]


# ---- questions about states and steps ---------------------------------------------------------


def test_the_shortest_run_to_a_state_and_to_a_step_are_found() -> None:
    """A step counts from its source, which may be nearer than the target's depth says."""
    graph = explored({"walk": [(0, 1), (1, 2), (2, 0)], "leap": [(0, 2)]})

    assert reference.shallowest(graph, at(2)) == 1
    assert reference.shallowest(graph, at(7)) is None
    assert reference.shortest_step(graph, lambda _, after, name: after == {"at": 0}) == 2
    assert (
        reference.shortest_step(graph, lambda before, after, name: name == "walk" and at(2)(after))
        == 2
    )
    assert reference.shortest_step(graph, lambda before, after, name: name == "fly") is None


# ---- questions about fair runs ----------------------------------------------------------------


def test_a_rule_that_stays_enabled_is_taken_in_the_end() -> None:
    """Weak fairness is what makes the turning loop unfair to `leave`."""
    arrows: Arrows = {"turn": [(0, 0)], "leave": [(0, 1)]}

    assert reference.converges(explored(arrows), at(1))
    assert not reference.converges(explored(arrows, leave="none"), at(1))


def test_a_rule_that_is_enabled_now_and_then_may_wait_for_ever_unless_it_is_strong() -> None:
    """The loop of two states disables `leave` in one of them: weakly fair, strongly not."""
    arrows: Arrows = {"turn": [(0, 1), (1, 0)], "leave": [(0, 2)]}

    assert not reference.converges(explored(arrows), at(2))
    assert reference.converges(explored(arrows, leave="strong"), at(2))


def test_a_strong_rule_may_rest_where_it_is_enabled_no_more() -> None:
    """Only then: the run has to leave 0, where `leave` is enabled, for the loop of 1 and 2."""
    arrows: Arrows = {"turn": [(0, 0), (0, 1), (1, 2), (2, 1)], "leave": [(0, 3)]}

    assert not reference.converges(explored(arrows, leave="strong"), at(0, 3))
    assert not reference.converges(explored(arrows, leave="strong"), at(0, 1, 3))
    assert reference.converges(explored(arrows, leave="strong"), at(1, 2, 3))


def test_two_strong_rules_are_both_served() -> None:
    """Each may rest or not on its own; a loop that serves one and starves the other is unfair."""
    arrows: Arrows = {"a": [(0, 1)], "b": [(0, 2)], "back": [(1, 0)], "home": [(2, 0)]}

    assert not reference.converges(explored(arrows), at(0, 1))
    assert not reference.converges(explored(arrows, a="strong", b="strong"), at(0, 1))
    assert not reference.hot_loop(explored(arrows, a="strong", b="strong"), {"a"}, {"b"})
    assert reference.hot_loop(explored(arrows), {"a"}, {"b"})


def test_a_state_in_which_only_users_act_is_stuck_and_counts_when_outside_the_goal() -> None:
    """Once users rest, nothing brings the run from there to the goal."""
    arrows: Arrows = {"go": [(0, 1)], "user": [(1, 2)]}

    assert not reference.converges(explored(arrows, user="none"), at(2))
    assert reference.converges(explored(arrows, user="none"), at(1, 2))
    assert reference.converges(explored(arrows), at(2))


def test_a_run_may_start_where_users_have_brought_it() -> None:
    """Users rest only from some step on, so all reachable states count."""
    arrows: Arrows = {"user": [(0, 1)], "spin": [(1, 1)]}

    assert not reference.converges(explored(arrows, user="none"), at(0))


def test_a_goal_that_is_left_again_and_again_is_not_converged_to() -> None:
    """It has to be for ever from some step on; visiting it is not enough."""
    assert not reference.converges(explored({"turn": [(0, 1), (1, 0)]}), at(1))
    assert reference.converges(explored({"turn": [(0, 1), (1, 2), (2, 1)]}), at(1, 2))


def test_a_rule_is_fair_to_itself_if_it_is_taken_by_a_step_that_stays() -> None:
    """A dropped self-loop would make the rule look starved."""
    assert not reference.converges(explored({"stay": [(0, 0)]}), at())


def test_work_without_progress_is_hot() -> None:
    """Progress that is possible all the time has to come; progress that is not, need not."""
    assert reference.hot_loop(explored({"write": [(0, 0)]}), {"write"}, set())
    assert not reference.hot_loop(
        explored({"write": [(0, 0)], "tick": [(0, 0)]}), {"write"}, {"tick"}
    )
    arrows: Arrows = {"write": [(0, 1), (1, 0)], "tick": [(1, 1)]}
    assert reference.hot_loop(explored(arrows), {"write"}, {"tick"})
    assert not reference.hot_loop(explored(arrows, tick="strong"), {"write"}, {"tick"})


def test_work_of_users_is_never_hot_and_stuttering_is_no_work() -> None:
    """Users rest in a fair run."""
    assert not reference.hot_loop(explored({"user": [(0, 0)]}, user="none"), {"user"}, set())
    assert not reference.hot_loop(explored({"go": [(0, 1)]}), {"go"}, set())


# ---- fair runs once more, as closed walks -----------------------------------------------------

PLACES = range(4)
NAMES = ("a", "b", "d")


def lasso_found(graph: Graph, goal: Callable[[State], bool]) -> bool:
    """
    Whether there is a closed walk of the fair rules that is fair and leaves the goal.

    It looks at what a walk has collected (states seen, rules taken), and walks on until nothing new
    can be collected: the obvious search, and exponential.
    """
    fairness = {rule.name: rule.fairness for rule in graph.rules if rule.fairness != "none"}
    enabled = {(edge.source, edge.taken[0]) for edge in graph.edges}
    edges = [edge for edge in graph.edges if edge.taken[0] in fairness]
    for state in range(len(graph.states)):
        if not any(edge.source == state for edge in edges):
            edges.append(Edge(state, (), state))

    def fair(seen: frozenset[int], taken: frozenset[str]) -> bool:
        for name, kind in fairness.items():
            on = sum((state, name) in enabled for state in seen)
            if name not in taken and on and (kind == "strong" or on == len(seen)):
                return False
        return not all(goal(graph.states[state]) for state in seen)

    for start in range(len(graph.states)):
        walks = {(start, frozenset({start}), frozenset[str]())}
        waiting = list(walks)
        for here, seen, taken in waiting:
            for edge in edges:
                if edge.source == here:
                    walk = edge.target, seen | {edge.target}, taken | {*edge.taken}
                    if edge.target == start and fair(*walk[1:]):
                        return True
                    if walk not in walks:
                        walks.add(walk)
                        waiting.append(walk)
    return False


@given(
    arrows=st.fixed_dictionaries(
        {
            name: st.lists(st.tuples(st.sampled_from(PLACES), st.sampled_from(PLACES)), max_size=3)
            for name in NAMES
        }
    ),
    fairness=st.fixed_dictionaries(
        {name: st.sampled_from(("weak", "strong", "none")) for name in NAMES}
    ),
    goal=st.sets(st.sampled_from(PLACES)),
)
def test_fair_runs_are_the_lassos_that_a_search_of_walks_finds(
    arrows: Arrows, fairness: dict[str, str], goal: set[int]
) -> None:
    """The reference argues with largest sets; a walk round a loop is what a person believes."""
    graph = explored(arrows, **fairness)

    assert reference.converges(graph, at(*goal)) == (not lasso_found(graph, at(*goal)))


@pytest.mark.parametrize("size", [1, 2, 5])
def test_a_ring_of_strong_rules_serves_all(size: int) -> None:
    """Every subset of strong rules is tried as those that rest in the end; here none can."""
    ring: Arrows = {f"r{n}": [(n, (n + 1) % size)] for n in range(size)}
    graph = explored(ring, **dict.fromkeys(ring, "strong"))

    assert not reference.converges(graph, at())
    for one, other in itertools.permutations(ring, 2):
        assert not reference.hot_loop(graph, {one}, {other})
