"""What a system and its properties mean: the definition, by brute force over plain dicts.

Whoever doubts an engine reads this file; whoever changes it changes what Seatrial means. It shares
no code with `seatrial`, knows no index, view or table, and prefers the obvious to the fast: a state
is a dict from names to values, a rule a function from a state to its outcomes, each a label and the
writes. Values of one name are never equal but of different types.

Steps. The initial states are states. In a state in which a committed rule is enabled, only such
rules fire; the state after a step is one of the system only where no committed rule is enabled,
else that rule follows at once, and both are one step. Steps differ if their outcomes differ in
label or writes, wherever they lead. A state from which there is none is a deadlock.

Fair runs. Rules that are fair to nobody ("none": users and faults) rest; where nothing else is
enabled, the state stays as it is for ever. A run is fair if each weak rule is infinitely often
disabled or taken, and each strong rule taken infinitely often or disabled from some step on.
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import combinations
from typing import Any, NamedTuple

State = dict[str, Any]
Taken = tuple[str, ...]


class Rule(NamedTuple):
    """One rule; `fairness` is "weak", "strong" or "none"."""

    name: str
    fairness: str
    committed: bool
    outcomes: Callable[[State], Iterable[tuple[str, State]]]


class Edge(NamedTuple):
    """One step: `taken` is the rule that fired and the committed ones that followed."""

    source: int
    taken: Taken
    target: int


class Graph(NamedTuple):
    """All reachable states, each with its least distance from an initial one, and all steps."""

    rules: list[Rule]
    states: list[State]
    depth: list[int]
    edges: list[Edge]


Pick = Callable[[Edge], bool]


# ---- states and steps -------------------------------------------------------------------------


def explore(initial: Iterable[State], rules: list[Rule]) -> Graph:
    """Breadth first, so that the distances are the least."""
    graph = Graph(rules, [], [], [])
    numbers: dict[tuple[Any, ...], int] = {}
    arriving = [(-1, Taken(), state, 0) for state in initial]
    for source, taken, state, depth in arriving:  # which grows meanwhile
        number = numbers.setdefault(tuple(sorted(state.items())), len(numbers))
        graph.edges.append(Edge(source, taken, number))
        if number == len(graph.states):
            graph.states.append(state)
            graph.depth.append(depth)
            arriving += [(number, *step, depth + 1) for step in steps(state, rules)]
    return graph._replace(edges=[edge for edge in graph.edges if edge.taken])


def steps(state: State, rules: list[Rule], taken: Taken = ()) -> Iterator[tuple[Taken, State]]:
    """Every step from a state: the rules taken, and the state after the last of them."""
    committed = [rule for rule in rules if rule.committed]
    fired = fire(state, committed) or ([] if taken else fire(state, rules))
    for name, after in fired:
        yield from steps(after, rules, (*taken, name))
    if taken and not fired:
        yield taken, state


def fire(state: State, rules: list[Rule]) -> list[tuple[str, State]]:
    """The rules that are enabled, each with the state after each of its distinct outcomes."""
    fired = []
    for rule in rules:
        outcomes = list(rule.outcomes(state))
        distinct = [each for at, each in enumerate(outcomes) if each not in outcomes[:at]]
        fired += [(rule.name, {**state, **writes}) for _, writes in distinct]
    return fired


# ---- questions about states and steps ---------------------------------------------------------


def shallowest(graph: Graph, wanted: Callable[[State], bool]) -> int | None:
    """The length of the shortest run to a state that is wanted; None if there is none."""
    return min((graph.depth[n] for n, s in enumerate(graph.states) if wanted(s)), default=None)


def shortest_step(graph: Graph, wanted: Callable[[State, State, str], bool]) -> int | None:
    """The length of the shortest run that ends in a step (before, after, rule) that is wanted."""
    found = [e for e in graph.edges if wanted(graph.states[e[0]], graph.states[e[2]], e.taken[0])]
    return min((graph.depth[edge.source] + 1 for edge in found), default=None)


# ---- questions about fair runs ----------------------------------------------------------------


def converges(graph: Graph, goal: Callable[[State], bool]) -> bool:
    """Whether every fair run is in the goal for ever from some step on."""
    return not fair_run(graph, lambda edge: not goal(graph.states[edge.source]))


def hot_loop(graph: Graph, work: set[str], progress: set[str]) -> bool:
    """Whether some fair run takes `work` infinitely often and `progress` only finitely often."""
    return fair_run(graph, lambda e: bool(work & {*e.taken}), lambda e: bool(progress & {*e.taken}))


def fair_run(graph: Graph, often: Pick, seldom: Pick = lambda edge: False) -> bool:
    """Whether some fair run takes edges of `often` infinitely, of `seldom` only finitely often."""
    fairness = {rule.name: rule.fairness for rule in graph.rules if rule.fairness != "none"}
    strong = [name for name in fairness if fairness[name] == "strong"]
    enabled = {(edge.source, edge.taken[0]) for edge in graph.edges}
    edges = [edge for edge in graph.edges if edge.taken[0] in fairness]
    edges += [Edge(n, (), n) for n in set(range(len(graph.states))) - {e.source for e in edges}]
    for never in (some for n in range(len(strong) + 1) for some in combinations(strong, n)):
        # The strong rules of `never` are enabled no more from some step on, the others taken.
        rest = [e for e in edges if not (seldom(e) or any((e.source, n) in enabled for n in never))]
        conditions = [[edge for edge in rest if often(edge)]]
        for name in fairness.keys() - never:
            off = {e for e in rest if fairness[name] == "weak" and (e.source, name) not in enabled}
            conditions.append([edge for edge in rest if name in edge.taken or edge in off])
        if again_and_again(rest, conditions):
            return True
    return False


def again_and_again(edges: list[Edge], conditions: list[list[Edge]]) -> set[int]:
    """
    The states from which a run takes, infinitely often, some edge of each condition.

    That is the largest set such that from each member every condition can be met within the set:
    there one can meet them in turn for ever; and the states along such a run make up such a set.
    """
    kept, before = {edge.source for edge in edges}, -1
    while len(kept) != before:
        before = len(kept)
        for condition in conditions:
            edges = [edge for edge in edges if {edge.source, edge.target} <= kept]
            kept = {edge.source for edge in condition if {edge.source, edge.target} <= kept}
            while more := {edge.source for edge in edges if edge.target in kept} - kept:
                kept |= more
    return kept
