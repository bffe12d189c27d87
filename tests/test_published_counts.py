"""The explicit engine finds what others have published of systems that are not ours.

Each module of `systems` says where its figures stand. Transitions are compared where the source
counts them as we do: a pair of a state and an outcome, also where it leads back to the state (TLC's
"states generated" is that, and the initial states, unless an action is a disjunction inside; PRISM
counts the same where no two outcomes of a state lead to one). The others pin the engine to itself.
"""

import math
from collections.abc import Callable
from functools import partial
from itertools import pairwise, product
from typing import Any, Literal

import attrs
import pytest

from seatrial.core import (
    Property,
    Report,
    System,
    Trace,
    enabled_steps,
    ground,
    ground_property,
    replay,
)
from seatrial.engines.explore import explore
from systems import (
    allocator,
    alternating_bit,
    coffee_can,
    die_hard,
    hanoi,
    kanban,
    leader_election,
    lock,
    missionaries,
    peterson,
    philosophers,
    polling,
    polymerase,
    prisoners,
    readers_writers,
    termination_detection,
    token_ring,
    transaction_commit,
    two_phase,
)

pytestmark = pytest.mark.heavy

Kernel = Literal["plain", "compiled"]

KERNELS = pytest.mark.parametrize("kernel", ["plain", "compiled"])


@attrs.frozen
class Counts:
    """What a whole search has to say; `depth` counts steps, one less than TLC's levels."""

    states: int
    transitions: int
    depth: int
    deadlocks: int = 0


@attrs.frozen
class Case:
    """A system, made when it is wanted, and its counts."""

    make: Callable[[], System]
    counts: Counts


def case(id: str, make: Callable[[], System], counts: Counts) -> Any:
    """A parameter of the tests below."""
    return pytest.param(Case(make, counts), id=id)


def counts(report: Report) -> Counts:
    """Those of a search that must be complete."""
    found = report.exploration
    assert found.complete
    assert found.capped is None
    assert sum(found.levels) == found.states
    assert len(found.levels) == found.depth + 1
    return Counts(found.states, found.transitions, found.depth, found.deadlocks)


ONCE = frozenset({2})

# Published: states, and depth where the source has it. Published or by formula: deadlocks.
SMALL = [
    case("two-phase commit, 3 managers", partial(two_phase.two_phase, 3), Counts(288, 1145, 10)),
    case("two-phase commit, 5 managers", partial(two_phase.two_phase, 5), Counts(8832, 58145, 16)),
    case(
        "transaction commit, 3 managers",
        partial(transaction_commit.transaction_commit, 3),
        Counts(34, 93, 6, 2),
    ),
    case("Die Hard", die_hard.die_hard, Counts(16, 96, 7)),
    case("missionaries and cannibals", missionaries.missionaries, Counts(64, 252, 12)),
    case("prisoners, 4", partial(prisoners.prisoners, 3), Counts(214, 856, 13)),
    case(
        "EWD 840, 3 nodes",
        partial(termination_detection.termination_detection, 3),
        Counts(302, 1625, 8, 1),
    ),
    case(
        "EWD 840, 4 nodes",
        partial(termination_detection.termination_detection, 4),
        Counts(1566, 13938, 11, 1),
    ),
    case("EWD 426, 4 nodes, 4 values", partial(token_ring.token_ring, 4, 4), Counts(256, 640, 0)),
    case("Peterson", peterson.peterson, Counts(42, 76, 10)),
    case("lock, 2 processes", lock.lock, Counts(12, 20, 4)),
    case("simple allocator", allocator.allocator, Counts(400, 1632, 5)),
    case("coffee can, 100 beans", partial(coffee_can.coffee_can, 100), Counts(5150, 14852, 0)),
    case("polymerase chain reaction", polymerase.polymerase, Counts(63, 98, 9)),
    case("philosophers, 5", partial(philosophers.philosophers, 5), Counts(1364, 6375, 10, 2)),
    case("kanban, 1 card", partial(kanban.kanban, 1), Counts(160, 616, 14)),
    case("kanban, 2 cards", partial(kanban.kanban, 2), Counts(4600, 28120, 28)),
    case("polling, 3 stations", partial(polling.polling, 3), Counts(36, 84, 6)),
    case("polling, 5 stations", partial(polling.polling, 5), Counts(240, 800, 10)),
    case("towers of Hanoi, 5 disks", partial(hanoi.hanoi, 5), Counts(243, 726, 31)),
    case("alternating bit", alternating_bit.alternating_bit, Counts(240, 1056, 9)),
    case(
        "Chang and Roberts, 3 nodes",
        partial(leader_election.leader_election, 3),
        Counts(137, 219, 9, 8),
    ),
]
LARGER = [
    case(
        "two-phase commit, 6 managers", partial(two_phase.two_phase, 6), Counts(50816, 402305, 19)
    ),
    case(
        "two-phase commit, 7 managers", partial(two_phase.two_phase, 7), Counts(296448, 2744705, 22)
    ),
    case("EWD 426, 6 nodes, 6 values", token_ring.token_ring, Counts(46656, 202176, 0)),
    case("kanban, 3 cards", partial(kanban.kanban, 3), Counts(58400, 446400, 42)),
    case("kanban, 4 cards", partial(kanban.kanban, 4), Counts(454475, 3979850, 56)),
    case("polling, 10 stations", partial(polling.polling, 10), Counts(15360, 89600, 20)),
    case("readers and writers, 3", readers_writers.readers_writers, Counts(21527, 59673, 12)),
    case("philosophers, 8", partial(philosophers.philosophers, 8), Counts(103682, 775336, 16, 2)),
    case(
        "two-phase commit, 8 managers",
        partial(two_phase.two_phase, 8),
        Counts(1745408, 18507777, 25),
    ),
    case("kanban, 5 cards", partial(kanban.kanban, 5), Counts(2546432, 24460016, 70)),
    case("polling, 15 stations", partial(polling.polling, 15), Counts(737280, 6144000, 30)),
]


@KERNELS
@pytest.mark.parametrize("case", SMALL)
def test_a_search_counts_what_was_published(case: Case, kernel: Kernel) -> None:
    """By either kernel; the sources are named in the modules of `systems`."""
    assert counts(explore(case.make(), kernel=kernel)) == case.counts


@pytest.mark.parametrize("case", LARGER)
def test_a_compiled_search_counts_what_was_published_of_larger_systems(case: Case) -> None:
    """Up to 2,546,432 states; among them a variable with thousands of values."""
    assert counts(explore(case.make(), kernel="compiled")) == case.counts


@pytest.mark.slow
def test_half_a_million_initial_states_are_counted() -> None:
    """Each can of up to 1,000 beans, none of them reached from another first."""
    report = explore(coffee_can.coffee_can(1000), kernel="compiled")
    assert counts(report) == Counts(501500, 1498502, 0)


@pytest.mark.parametrize("threads", [1, 3])
def test_the_number_of_threads_changes_no_count(threads: int) -> None:
    """Numbering is by parent, action and outcome, not by who came first."""
    report = explore(kanban.kanban(3), kernel="compiled", threads=threads)
    assert counts(report) == Counts(58400, 446400, 42)


def lucas(n: int) -> int:
    """1, 3, 4, 7, 11, … from n = 1."""
    last, this = 2, 1
    for _ in range(n - 1):
        last, this = this, last + this
    return this


@pytest.mark.parametrize("seats", range(2, 8))
def test_philosophers_are_counted_by_lucas_numbers(seats: int) -> None:
    """L(3n), counted here also by going through who holds which fork."""
    holders = product(("free", "left", "right"), repeat=seats)  # of the fork between two seats
    by_forks = sum(
        2
        ** sum(
            before != "left" and after != "right" for before, after in pairwise((*ring, ring[0]))
        )
        for ring in holders
    )
    assert by_forks == lucas(3 * seats)

    report = explore(philosophers.philosophers(seats), [philosophers.never_stuck])

    assert report.exploration.states == lucas(3 * seats)
    assert report.exploration.deadlocks == 2
    assert trace_of(report, philosophers.never_stuck).length == 2 * seats


@pytest.mark.parametrize(("clients", "resources"), [(1, 3), (2, 2), (2, 3), (3, 2), (5, 1)])
def test_allocators_are_counted_resource_by_resource(clients: int, resources: int) -> None:
    """Any clients want a resource, and at most one of the others holds it."""
    report = explore(allocator.allocator(clients, resources), [allocator.one_holder])

    assert report.exploration.states == (2**clients + clients * 2 ** (clients - 1)) ** resources
    assert report.verdict("one-holder").status == "holds"


@pytest.mark.parametrize("stations", range(2, 9))
def test_polling_is_counted_by_a_formula(stations: int) -> None:
    """Where the server is, whether it serves (and then somebody waits there), and who waits."""
    found = explore(polling.polling(stations)).exploration
    assert (found.states, found.depth) == (3 * stations * 2 ** (stations - 1), 2 * stations)


SYMMETRIC = [
    pytest.param(partial(two_phase.two_phase, 3), 80, 10, id="two-phase commit, 3 managers"),
    pytest.param(partial(two_phase.two_phase, 5), 314, 16, id="two-phase commit, 5 managers"),
    pytest.param(
        partial(transaction_commit.transaction_commit, 3),
        13,
        6,
        id="transaction commit, 3 managers",
    ),
    pytest.param(missionaries.missionaries, 16, 12, id="missionaries and cannibals"),
    pytest.param(partial(prisoners.prisoners, 3), 78, 13, id="prisoners, 4"),
]
SYMMETRIC_AND_LARGER = [
    pytest.param(partial(two_phase.two_phase, 7), 920, 22, id="two-phase commit, 7 managers"),
    pytest.param(partial(two_phase.two_phase, 10), 3300, 31, id="two-phase commit, 10 managers"),
    pytest.param(partial(two_phase.two_phase, 12), 6656, 37, id="two-phase commit, 12 managers"),
    pytest.param(
        partial(transaction_commit.transaction_commit, 12),
        103,
        24,
        id="transaction commit, 12 managers",
    ),
    pytest.param(partial(prisoners.prisoners, 6), 222, 25, id="prisoners, 7"),
]


@KERNELS
@pytest.mark.parametrize(("make", "states", "depth"), SYMMETRIC)
def test_symmetry_keeps_one_state_of_each_orbit(
    make: Callable[[], System], states: int, depth: int, kernel: Kernel
) -> None:
    """As many as there are multisets of members, and no state is further away than before."""
    found = explore(make(), symmetry=True, kernel=kernel).exploration
    assert (found.complete, found.states, found.depth) == (True, states, depth)


@pytest.mark.parametrize(("make", "states", "depth"), SYMMETRIC_AND_LARGER)
def test_symmetry_keeps_few_states_of_larger_systems(
    make: Callable[[], System], states: int, depth: int
) -> None:
    """Twelve managers have 2,193,563,648 states and 6,656 orbits."""
    found = explore(make(), symmetry=True, kernel="compiled").exploration
    assert (found.complete, found.states, found.depth) == (True, states, depth)


@pytest.mark.parametrize("managers", [2, 3, 4, 5])
def test_states_and_orbits_of_two_phase_commit_are_counted_by_formulae(managers: int) -> None:
    """By what the transaction manager has decided; each manager then varies by itself."""
    # Undecided: working, aborted, prepared, prepared and heard of. Committed: prepared, committed.
    # Aborted: the first four, and aborted after it was prepared, or prepared and heard of.
    per_manager = (4, 2, 6)
    states = sum(each**managers for each in per_manager)
    orbits = sum(math.comb(managers + each - 1, managers) for each in per_manager)

    system = two_phase.two_phase(managers)

    assert explore(system).exploration.states == states
    assert explore(system, symmetry=True).exploration.states == orbits


def trace_of(report: Report, property: Property) -> Trace:
    """The trace of a verdict."""
    trace = report.verdict(property.id).trace
    assert trace is not None
    return trace


REFUTED = [
    pytest.param(die_hard.die_hard, die_hard.not_solved, 6, id="Die Hard"),
    pytest.param(missionaries.missionaries, missionaries.somebody_stays, 11, id="missionaries"),
    pytest.param(partial(hanoi.hanoi, 3), hanoi.not_solved, 7, id="Hanoi, 3 disks"),
    pytest.param(partial(hanoi.hanoi, 5), hanoi.not_solved, 31, id="Hanoi, 5 disks"),
    pytest.param(
        partial(transaction_commit.transaction_commit, 4),
        transaction_commit.never_ends,
        4,
        id="transaction commit ends when each has aborted",
    ),
    pytest.param(
        partial(coffee_can.coffee_can, can=(6, 5), ends=True),
        coffee_can.never_ends,
        10,
        id="each step takes one of 11 beans",
    ),
    pytest.param(
        partial(coffee_can.coffee_can, can=(6, 5)),
        coffee_can.last_bean_is_black,
        10,
        id="an odd number of white beans",
    ),
    pytest.param(
        partial(prisoners.prisoners, 3, enough=5),
        prisoners.done_means_all_were_in,
        9,
        id="prisoners who count one less",
    ),
    pytest.param(
        partial(leader_election.leader_election, 3),
        leader_election.never_ends,
        3,
        id="an election without a candidate",
    ),
    pytest.param(
        partial(readers_writers.readers_writers, 3),
        readers_writers.most_readers,
        6,
        id="three readers ask and are let in",
    ),
]


@KERNELS
@pytest.mark.parametrize("symmetry", [False, True], ids=["all states", "orbits"])
@pytest.mark.parametrize(("make", "property", "length"), REFUTED)
def test_a_counterexample_is_a_shortest_one_and_replays(
    make: Callable[[], System], property: Property, length: int, symmetry: bool, kernel: Kernel
) -> None:
    """As long as the riddle's published solution, or as the reason in its id says."""
    system = make()

    report = explore(system, [property], kernel=kernel, symmetry=symmetry)

    assert report.verdict(property.id).status == "violated"
    trace = trace_of(report, property)
    assert (trace.length, trace.shortest) == (length, True)
    assert len(replay(ground(system), trace)) == length + 1


KEPT = [
    pytest.param(partial(two_phase.two_phase, 5), two_phase.consistent, id="two-phase commit"),
    pytest.param(
        partial(transaction_commit.transaction_commit, 5),
        transaction_commit.consistent,
        id="transaction commit",
    ),
    pytest.param(die_hard.die_hard, die_hard.most_in_both, id="Die Hard"),
    pytest.param(prisoners.prisoners, prisoners.done_means_all_were_in, id="prisoners"),
    pytest.param(
        partial(termination_detection.termination_detection, 4),
        termination_detection.detection_is_right,
        id="EWD 840",
    ),
    pytest.param(peterson.peterson, peterson.excludes, id="Peterson"),
    pytest.param(partial(lock.lock, 4), lock.excludes, id="lock"),
    pytest.param(allocator.allocator, allocator.one_holder, id="simple allocator"),
    pytest.param(partial(coffee_can.coffee_can, 40), coffee_can.fewer_beans, id="fewer beans"),
    pytest.param(partial(coffee_can.coffee_can, 40), coffee_can.same_parity, id="same parity"),
    pytest.param(partial(coffee_can.coffee_can, 40), coffee_can.never_ends, id="beans rest"),
    pytest.param(
        partial(coffee_can.coffee_can, can=(5, 6)),
        coffee_can.last_bean_is_black,
        id="an even number of white beans",
    ),
    pytest.param(polymerase.polymerase, polymerase.conserves, id="polymerase"),
    pytest.param(
        partial(leader_election.leader_election, 4),
        leader_election.elects_the_smallest,
        id="Chang and Roberts",
    ),
    pytest.param(
        readers_writers.readers_writers, readers_writers.excludes, id="readers and writers"
    ),
]


@KERNELS
@pytest.mark.parametrize(("make", "property"), KEPT)
def test_a_published_invariant_holds(
    make: Callable[[], System], property: Property, kernel: Kernel
) -> None:
    """Of states, of steps and of bounds."""
    verdict = explore(make(), [property], kernel=kernel).verdict(property.id)
    assert (verdict.status, verdict.vacuous) == ("holds", False)


def test_the_most_water_is_seen_after_two_steps() -> None:
    """A bound reports its extreme and a shortest run to it, also where it holds."""
    report = explore(die_hard.die_hard(), [die_hard.most_in_both])

    assert report.verdict("most-in-both").extreme == 8
    assert trace_of(report, die_hard.most_in_both).length == 2


@pytest.mark.parametrize("managers", [1, 2, 3, 4])
def test_a_transaction_can_be_committed_by_all(managers: int) -> None:
    """Each manager prepares, is heard of and is told; and the transaction manager decides once."""
    report = explore(two_phase.two_phase(managers), [two_phase.all_commit])

    assert report.verdict("all-commit").status == "holds"
    assert trace_of(report, two_phase.all_commit).length == 3 * managers + 1


CONVERGES = [
    pytest.param(
        partial(two_phase.two_phase, 4), two_phase.everybody_decides, id="messages come for ever"
    ),
    pytest.param(
        transaction_commit.transaction_commit, transaction_commit.agreement, id="ends in a deadlock"
    ),
    pytest.param(prisoners.prisoners, prisoners.counts_them_all, id="a switch is flipped for ever"),
    pytest.param(
        partial(termination_detection.termination_detection, 4),
        termination_detection.detects_termination,
        id="EWD 840, Liveness",
    ),
    pytest.param(
        partial(termination_detection.termination_detection, 3, rest="weak"),
        termination_detection.everybody_rests,
        id="EWD 840, nodes rest at last",
    ),
    pytest.param(
        partial(token_ring.token_ring, 4, 4),
        token_ring.stabilises,
        id="EWD 426, the token goes round",
    ),
    pytest.param(
        partial(token_ring.token_ring, 5, 4), token_ring.stabilises, id="EWD 426, one value less"
    ),
    pytest.param(partial(peterson.peterson, ONCE), peterson.gets_in, id="Peterson, no lockout"),
    pytest.param(
        partial(lock.lock, once=ONCE, taking="strong"), lock.gets_in, id="lock, strongly fair"
    ),
    pytest.param(
        partial(lock.lock, 3, once=frozenset({2, 3}), taking="strong"),
        lock.gets_in,
        id="lock, strongly fair, 3 processes",
    ),
    pytest.param(allocator.allocator, allocator.everybody_obtains, id="ClientsWillObtain"),
    pytest.param(
        partial(coffee_can.coffee_can, 40), coffee_can.last_bean, id="EventuallyTerminates"
    ),
    pytest.param(
        partial(coffee_can.coffee_can, 40, ends=True), coffee_can.last_bean, id="ends at the goal"
    ),
    pytest.param(
        partial(polymerase.polymerase, annealing="strong"),
        polymerase.depletes_primers,
        id="polymerase, strongly fair",
    ),
    pytest.param(
        alternating_bit.alternating_bit,
        alternating_bit.delivers,
        id="alternating bit, strongly fair",
    ),
    pytest.param(
        partial(leader_election.leader_election, 4), leader_election.elects, id="Chang and Roberts"
    ),
]


@KERNELS
@pytest.mark.parametrize(("make", "property"), CONVERGES)
def test_a_published_liveness_property_holds(
    make: Callable[[], System], property: Property, kernel: Kernel
) -> None:
    """Most of these systems have cycles outside their goal, which are unfair, or inside."""
    assert explore(make(), [property], kernel=kernel).verdict(property.id).status == "holds"


STUCK, ROUND = "stuck", "round"
FAILS = [
    pytest.param(
        partial(prisoners.prisoners, 3), prisoners.counts_one_too_many, ROUND, id="one too many"
    ),
    pytest.param(
        partial(termination_detection.termination_detection, 3),
        termination_detection.everybody_rests,
        STUCK,
        id="EWD 840, AllNodesTerminateIfNoMessages",
    ),
    pytest.param(
        partial(token_ring.token_ring, 5, 3),
        token_ring.stabilises,
        ROUND,
        id="EWD 426, too few values",
    ),
    pytest.param(
        partial(token_ring.token_ring, 4, 2),
        token_ring.stabilises,
        ROUND,
        id="EWD 426, far too few values",
    ),
    pytest.param(partial(lock.lock, once=ONCE), lock.gets_in, ROUND, id="lock, weakly fair"),
    pytest.param(
        partial(lock.lock, 3, once=frozenset({2, 3})),
        lock.gets_in,
        ROUND,
        id="lock, weakly fair, 3 processes",
    ),
    pytest.param(
        partial(allocator.allocator, only_when_satisfied=True),
        allocator.everybody_obtains,
        STUCK,
        id="SimpleAllocator2",
    ),
    pytest.param(
        polymerase.polymerase, polymerase.depletes_primers, ROUND, id="polymerase, weakly fair"
    ),
    pytest.param(
        partial(alternating_bit.alternating_bit, receiving="weak"),
        alternating_bit.delivers,
        ROUND,
        id="alternating bit, weakly fair",
    ),
]


@KERNELS
@pytest.mark.parametrize(("make", "property", "end"), FAILS)
def test_a_published_liveness_failure_is_a_fair_lasso_outside_the_goal(
    make: Callable[[], System], property: Property, end: str, kernel: Kernel
) -> None:
    """Fair by the words of the definition, asked of the vocabulary and not of the engine."""
    system = make()

    report = explore(system, [property], kernel=kernel)

    assert report.verdict(property.id).status == "violated"
    trace = trace_of(report, property)
    assert trace.loop is not None
    assert (STUCK if trace.loop == len(trace.steps) else ROUND) == end
    assert_fair_lasso(system, property, trace)


def assert_fair_lasso(system: System, property: Property, trace: Trace) -> None:
    """The end of `trace` is outside the goal again and again, and it is fair to each action."""
    assert trace.loop is not None
    grounded = ground(system)
    states = replay(grounded, trace)
    cycle = states[trace.loop : -1] or states[-1:]
    taken = {step.action for step in trace.steps[trace.loop :]}
    enabled = [
        {action.name for action, _ in enabled_steps(grounded, state, between=False)}
        for state in cycle
    ]
    for action in grounded.actions:
        always = all(action.name in each for each in enabled)
        ever = any(action.name in each for each in enabled)
        fair = action.action.fair
        assert fair != "none" or action.name not in taken
        assert fair != "weak" or not always or action.name in taken
        assert fair != "strong" or not ever or action.name in taken
    assert not all(in_goal(system, property, state) for state in cycle)


def in_goal(system: System, property: Property, state: tuple[Any, ...]) -> bool:
    """Whether a state is in the goal of a property that ranges over nothing."""
    grounded = ground(system)
    (goal,) = ground_property(grounded, property)
    values = grounded.values(state)
    return bool(goal.check([values[number] for number in goal.reads]).value)


@KERNELS
def test_two_clients_wait_for_each_other_after_four_steps(kernel: Kernel) -> None:
    """Both ask for both resources, and each gets one: the shortest way to where nothing is owed."""
    system = allocator.allocator(2, 2, only_when_satisfied=True)
    report = explore(system, [allocator.everybody_obtains], kernel=kernel)
    trace = trace_of(report, allocator.everybody_obtains)
    assert (trace.loop, trace.length, trace.shortest) == (4, 4, True)


@KERNELS
def test_a_server_may_walk_for_ever_only_where_no_customers_come(kernel: Kernel) -> None:
    """Customers who need not come are users; then nothing but walking goes on."""
    come = explore(polling.polling(4), [polling.never_idles], kernel=kernel)
    stay_away = explore(polling.polling(4, arriving="none"), [polling.never_idles], kernel=kernel)

    assert come.verdict("no-hot-loop").status == "holds"
    assert stay_away.verdict("no-hot-loop").status == "violated"
    trace = trace_of(stay_away, polling.never_idles)
    assert (trace.loop, trace.shortest) == (0, False)
    assert [step.label for step in trace.steps] == ["walk"] * 4
    replay(ground(polling.polling(4, arriving="none")), trace)


def test_asking_properties_changes_no_count() -> None:
    """A violation does not end the search, so that counts stay comparable."""
    asked = explore(die_hard.die_hard(), [die_hard.not_solved, die_hard.most_in_both])
    assert counts(asked) == counts(explore(die_hard.die_hard()))


@pytest.mark.parametrize(("max_states", "max_depth"), [(100, None), (None, 5)])
def test_a_search_that_was_capped_does_not_say_holds(
    max_states: int | None, max_depth: int | None
) -> None:
    """Half of the 288 states say nothing of the others."""
    report = explore(
        two_phase.two_phase(3), [two_phase.consistent], max_states=max_states, max_depth=max_depth
    )

    assert not report.exploration.complete
    assert report.verdict("consistent").status == "inconclusive"
