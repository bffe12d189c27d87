"""The explicit engine: caps, order of discovery, and sizes at which something has to move."""

import random
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from seatrial.core import (
    All,
    Index,
    Outcomes,
    Parameter,
    RuleError,
    System,
    Total,
    Variable,
    action,
    always,
    at_least,
    converges_to,
    every,
    ground,
    no_hot_loop,
    outcome,
    replay,
    view,
)
from seatrial.engines.explore import Kernel, explore
from seatrial.model import rollout
from seatrial.properties import rollout as promises

KERNELS: tuple[Kernel, ...] = ("plain", "compiled")


@action(writes="count")
def count_up(count: int, limit: int) -> Outcomes:
    """One more, up to the limit."""
    if count < limit:
        yield outcome("up", count=count + 1)


@always(says="the count stays below 40", source="the counter's manual")
def below_forty(count: int) -> Iterator[str]:
    """Broken after forty steps."""
    if count >= 40:
        yield f"the count is {count}"


@converges_to(says="the count reaches its limit", source="the counter's manual")
def reaches_limit(count: int, limit: int) -> bool:
    """The goal."""
    return count == limit


def counter(limit: int) -> System:
    """A line of states."""
    return System(
        name="counter",
        variables=[Variable("count")],
        parameters=[Parameter("limit", limit)],
        actions=[count_up],
        initial=[{"count": 0}],
    )


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize(
    ("cap", "name"), [({"max_states": 20}, "max-states"), ({"max_depth": 19}, "max-depth")]
)
def test_a_capped_search_is_inconclusive(kernel: Kernel, cap: dict[str, Any], name: str) -> None:
    """It has seen twenty states of fifty-one and does not know the others."""
    report = explore(counter(50), [below_forty, reaches_limit], kernel=kernel, **cap)

    assert [verdict.status for verdict in report.verdicts] == ["inconclusive", "inconclusive"]
    assert (report.exploration.states, report.exploration.depth) == (20, 19)
    assert (report.exploration.capped, report.exploration.complete) == (name, False)
    assert report.exit_code == 3


@pytest.mark.parametrize("kernel", KERNELS)
def test_a_cap_that_is_not_reached_changes_nothing(kernel: Kernel) -> None:
    """Fifty-one states fit into fifty-one."""
    report = explore(counter(50), [reaches_limit], max_states=51, kernel=kernel)

    assert report.exploration.complete
    assert report.verdicts[0].status == "holds"


@pytest.mark.parametrize("kernel", KERNELS)
def test_a_depth_that_leaves_nothing_out_is_still_a_cap(kernel: Kernel) -> None:
    """Whether the last level leads on is known only to those who look."""
    assert explore(counter(50), max_depth=50, kernel=kernel).exploration.capped == "max-depth"
    assert explore(counter(50), max_depth=51, kernel=kernel).exploration.complete


@pytest.mark.parametrize("kernel", KERNELS)
def test_limits_of_time_and_memory_end_a_search_in_good_order(kernel: Kernel) -> None:
    """The report has what was found until then."""
    system = rollout.rollout(4, revisions=3)
    for cap, name in (
        ({"time_limit": 0.2}, "time-limit"),
        ({"memory_limit": 9**7}, "memory-limit"),
    ):
        report = explore(system, promises.PROPERTIES, kernel=kernel, **cap)

        assert report.exploration.capped == name
        assert report.exploration.states > 1
        assert report.verdict("sizes-within-surge").status == "inconclusive"


@pytest.mark.parametrize("kernel", KERNELS)
def test_a_limit_may_end_the_search_for_fair_loops_alone(kernel: Kernel) -> None:
    """All states were seen: what is asked of them is settled, convergence is not."""
    system = rollout.rollout(2, revisions=3)
    needed = explore(system, promises.PROPERTIES, kernel=kernel).exploration.bytes_held

    report = explore(system, promises.PROPERTIES, kernel=kernel, memory_limit=needed + 1000)

    assert report.exploration.complete
    assert report.verdict("sizes-within-surge").status == "holds"
    loops = [each for each in report.verdicts if each.property.kind == "converges to"]
    assert loops
    assert all(each.status == "inconclusive" for each in loops)
    assert all("not all fair loops (memory-limit)" in each.because for each in loops)


@pytest.mark.parametrize("kernel", KERNELS)
def test_first_stops_after_the_level_of_the_first_violation(kernel: Kernel) -> None:
    """A shorter violation cannot come later, breadth-first."""
    report = explore(counter(100), [below_forty], first=True, kernel=kernel)

    assert report.verdicts[0].status == "violated"
    assert (report.exploration.states, report.exploration.capped) == (41, "first")


def test_kernel_and_plain_loop_number_and_judge_alike() -> None:
    """States, transitions, levels and traces are the same, with one thread or three."""
    alike: list[tuple[Kernel, int]] = [("plain", 1), ("compiled", 1), ("compiled", 3)]
    reports = [
        explore(
            rollout.rollout(2, revisions=3), promises.PROPERTIES, kernel=kernel, threads=threads
        )
        for kernel, threads in alike
    ]
    for other in reports[1:]:
        assert other.verdicts == reports[0].verdicts
        assert other.exploration.levels == reports[0].exploration.levels
        assert other.exploration.transitions == reports[0].exploration.transitions


@pytest.mark.parametrize("seed", ["0", "1"])
def test_hash_seeds_change_nothing(seed: str) -> None:
    """Sets are never walked in the order of their hashes."""
    program = (
        "from seatrial.engines.explore import explore\n"
        "from seatrial.model import rollout\n"
        "from seatrial.properties import rollout as promises\n"
        "report = explore(rollout.rollout(2), promises.PROPERTIES)\n"
        "print([verdict.trace for verdict in report.verdicts])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={"PYTHONHASHSEED": seed},
        capture_output=True,
        text=True,
        check=True,
    )
    report = explore(rollout.rollout(2), promises.PROPERTIES)
    assert done.stdout == f"{[verdict.trace for verdict in report.verdicts]}\n"


@action(over="cell", writes="number")
def grow(number: int, top: int) -> Outcomes:
    """Values that are found late: the fields outgrow their bits, again and again."""
    if number < top:
        yield outcome("grow", number=number * 2 + 1)


def growing(cells: int, top: int) -> System:
    """So many cells with numbers up to `top`, in powers of two."""
    return System(
        name="growing",
        indices=[Index("cell", range(cells))],
        variables=[Variable("number", over="cell")],
        parameters=[Parameter("top", top)],
        actions=[grow],
        initial=[{"number": every(0)}],
    )


@pytest.mark.parametrize(("cells", "bits"), [(2, 60), (3, 9)])
def test_fields_that_outgrow_their_bits_are_packed_anew(cells: int, bits: int) -> None:
    """Nothing is lost when all states move: a cell takes 0, 1, 3, 7, … up to the limit."""
    report = explore(growing(cells, 2**bits - 1), kernel="compiled")

    assert report.exploration.states == (bits + 1) ** cells


@action(over="cell", writes="lamp")
def switch_on(lamp: bool) -> Outcomes:
    """Each lamp once."""
    if not lamp:
        yield outcome("on", lamp=True)


@view(over="cell")
def lit(lamp: bool) -> int:
    """A lamp as a number."""
    return int(lamp)


@at_least(says="few lamps are on", source="the electrician", bound=0)
def lamps_on(lit_in_all: int) -> int:
    """Read from a total."""
    return lit_in_all


def lamps(count: int, *, most: int) -> System:
    """`count` lamps, of which at most `most` start off."""
    start = {n: n >= most for n in range(count)}
    return System(
        name="lamps",
        indices=[Index("cell", range(count))],
        variables=[Variable("lamp", over="cell")],
        views=[lit, Total("lit_in_all", of="lit")],
        actions=[switch_on],
        initial=[{"lamp": start}],
    )


@pytest.mark.parametrize("kernel", KERNELS)
def test_states_of_many_words_with_views_and_totals(kernel: Kernel) -> None:
    """Three hundred cells are more than four words; views and totals come on top."""
    report = explore(lamps(300, most=5), [lamps_on], kernel=kernel)

    assert report.exploration.states == 2**5
    assert report.verdicts[0].extreme == 295


@action(writes="number")
def jump(number: int) -> Outcomes:
    """Thousands of outcomes at once."""
    if number == 0:
        for target in range(1, 3001):
            yield outcome("jump", number=target)


@pytest.mark.parametrize("kernel", KERNELS)
def test_a_rule_may_have_thousands_of_outcomes(kernel: Kernel) -> None:
    """The room for candidates grows with them."""
    system = System(
        name="jumper", variables=[Variable("number")], actions=[jump], initial=[{"number": 0}]
    )
    report = explore(system, kernel=kernel)

    assert (report.exploration.states, report.exploration.deadlocks) == (3001, 3000)


@pytest.mark.parametrize("kernel", KERNELS)
def test_a_thousand_levels_of_one_state(kernel: Kernel) -> None:
    """Depth costs a trace as long, and nothing else."""
    report = explore(counter(1000), [reaches_limit], kernel=kernel)

    assert report.exploration.depth == 1000
    assert report.verdicts[0].status == "holds"


def test_a_premise_that_is_never_met_is_reported() -> None:
    """What holds only because it is never asked is no comfort."""

    @always(
        says="beyond fifty the count is even",
        source="the counter's manual",
        premise=lambda count: count > 50,
    )
    def even_beyond(count: int) -> Iterator[str]:
        if count % 2:
            yield f"the count is {count}"

    assert explore(counter(50), [even_beyond]).verdicts[0].vacuous
    assert not explore(counter(52), [even_beyond]).verdicts[0].vacuous


def test_actions_that_never_fire_are_named() -> None:
    """By index: two of the three find nothing to do."""

    @action(over="cell", writes="number")
    def halve(number: int) -> Outcomes:
        if number > 1:
            yield outcome("halve", number=number // 2)

    system = System(
        name="halving",
        indices=[Index("cell", ("a", "b", "c"))],
        variables=[Variable("number", over="cell")],
        actions=[halve],
        initial=[{"number": {"a": 1, "b": 8, "c": 0}}],
    )
    assert explore(system).exploration.actions_never_fired == ("halve[a]", "halve[c]")


def test_the_witness_of_a_bound_and_its_first_violation_are_two_runs() -> None:
    """The count falls below its bound in three steps and to its least in five."""

    @action(writes="count")
    def fall(count: int) -> Outcomes:
        if count > 0:
            yield outcome("fall", count=count - 1)

    @at_least(says="three are left", source="the store", bound=3)
    def left(count: int) -> int:
        return count

    system = System(
        name="store", variables=[Variable("count")], actions=[fall], initial=[{"count": 5}]
    )
    verdict = explore(system, [left]).verdicts[0]

    assert (verdict.status, verdict.extreme) == ("violated", 0)
    assert verdict.trace is not None
    assert verdict.witness is not None
    assert (verdict.trace.length, verdict.witness.length) == (3, 5)
    replay(ground(system), verdict.witness)


def test_progress_is_told_while_a_search_runs() -> None:
    """Depth, states, transitions, frontier and memory."""
    told: list[tuple[int, ...]] = []
    explore(rollout.rollout(), kernel="plain", progress=lambda *figures: told.append(figures))

    assert len(told) > 10
    assert told[-1][1] > 6000


def test_whole_families_are_read_in_the_order_of_their_index() -> None:
    """`All` is a mapping in declared order, whatever the members are."""

    @action(writes="seen")
    def look(number: All[int], seen: tuple[int, ...]) -> Outcomes:
        if not seen:
            yield outcome("look", seen=tuple(number.values()))

    system = System(
        name="looker",
        indices=[Index("cell", ("b", "a", "c"))],
        variables=[Variable("number", over="cell"), Variable("seen")],
        actions=[look],
        initial=[{"number": {"a": 1, "b": 2, "c": 3}, "seen": ()}],
    )
    assert explore(system).exploration.states == 2
    assert dict(explore(system).exploration.values)["seen"] == 2


def test_what_the_plain_loop_found_is_kept_where_the_kernel_is_stopped_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The kernel starts over; if it ends before it has come as far, the first report counts."""
    from seatrial.engines.explore import compiled, search
    from seatrial.engines.explore.plain import search as search_plainly
    from seatrial.engines.explore.result import Limits

    monkeypatch.setattr(search, "PLAIN_STATES", 45)
    monkeypatch.setattr(
        compiled, "search", lambda space, *_, **__: search_plainly(space, Limits(states=1))
    )
    report = explore(counter(90), [below_forty])

    assert (report.exploration.states, report.exploration.capped) == (46, "max-states")
    assert report.verdicts[0].status == "violated"


@pytest.mark.parametrize("kernel", KERNELS)
def test_more_initial_states_than_allowed_are_cut(kernel: Kernel) -> None:
    """Both loops keep the first ones."""
    system = System(
        name="counter",
        variables=[Variable("count")],
        parameters=[Parameter("limit", 9)],
        actions=[count_up],
        initial=[{"count": number} for number in range(10)],
    )
    report = explore(system, max_states=5, kernel=kernel)

    assert (report.exploration.states, report.exploration.capped) == (5, "max-states")


def test_a_set_in_a_parameter_may_not_decide_by_its_order() -> None:
    """Which member comes first depends on the hash seed of the process."""

    @action(writes="count")
    def pick(count: int, nodes: frozenset[int]) -> Outcomes:
        if count == 0:
            yield outcome("pick", count=next(iter(nodes)))

    system = System(
        name="picker",
        variables=[Variable("count")],
        parameters=[Parameter("nodes", frozenset({1, 2, 3}))],
        actions=[pick],
        initial=[{"count": 0}],
    )
    with pytest.raises(RuleError, match="depends on the order of a set"):
        explore(system)


def test_a_long_chain_of_committed_steps_can_be_shown() -> None:
    """Just below the length that is taken for endless."""

    @action(writes="count", committed=True)
    def chain(count: int) -> Outcomes:
        if 0 < count < 990:
            yield outcome("chain", count=count + 1)

    @action(writes="count")
    def begin(count: int) -> Outcomes:
        if count == 0:
            yield outcome("begin", count=1)

    @always(says="the chain does not end", source="the smith")
    def endless(count: int) -> Iterator[str]:
        if count == 990:
            yield "it ended"

    system = System(
        name="smith", variables=[Variable("count")], actions=[begin, chain], initial=[{"count": 0}]
    )
    verdict = explore(system, [endless]).verdicts[0]

    assert verdict.trace is not None
    assert (verdict.trace.length, len(verdict.trace.steps)) == (1, 990)


def test_convergence_of_many_separate_loops_is_found_quickly() -> None:
    """Thousands of states in which the system has stopped, each a component by itself."""

    @action(over="cell", writes="lamp", fair="none")
    def flip(lamp: bool) -> Outcomes:
        if not lamp:
            yield outcome("flip", lamp=True)

    @converges_to(says="all lamps are on in the end", source="the electrician")
    def all_on(lamp: All[bool]) -> bool:
        return all(lamp.values())

    system = System(
        name="lamps",
        indices=[Index("cell", range(13))],
        variables=[Variable("lamp", over="cell")],
        actions=[flip],
        initial=[{"lamp": every(False)}],
    )
    verdict = explore(system, [all_on]).verdicts[0]

    assert verdict.status == "violated"
    assert verdict.trace is not None
    assert (verdict.trace.length, verdict.trace.loop) == (0, 0)


@pytest.mark.parametrize("kernel", KERNELS)
def test_work_may_be_what_a_step_commits_to(kernel: Kernel) -> None:
    """At level atomic an API write is committed; that it goes on for ever is what is asked."""

    @action(writes="count", committed=True)
    def write(count: int) -> Outcomes:
        if count == 1:
            yield outcome("write", count=2)

    @action(writes="count", committed=True)
    def answer(count: int) -> Outcomes:
        if count == 2:
            yield outcome("answer", count=0)

    @action(writes="count", committed=True)
    def never(count: int) -> Outcomes:
        if count > 2:
            yield outcome("never", count=0)

    system = System(
        name="writer",
        variables=[Variable("count")],
        parameters=[Parameter("limit", 1)],
        actions=[count_up, write, answer, never],
        initial=[{"count": 0}],
    )
    asked = {
        "violated": [("write", ()), ("answer", ()), ("count_up", ()), ("write", "never")],
        "holds": [("never", ()), ("write", "count_up"), ("count_up", "write"), ("answer", "write")],
    }
    properties = {
        status: [
            no_hot_loop(work=work, progress=progress, says="rest", source="manual", id=f"q{n}")
            for n, (work, progress) in enumerate(pairs)
        ]
        for status, pairs in asked.items()
    }
    for status, questions in properties.items():
        for verdict in explore(system, questions, kernel=kernel).verdicts:
            assert verdict.status == status
            if verdict.trace is not None:
                names = [step.action for step in verdict.trace.steps]
                assert names == ["count_up", "write", "answer"]
                replay(ground(system), verdict.trace)


def test_a_repack_may_crowd_a_shard_of_the_visited_set() -> None:
    """Other words have other hashes: the table must not be taken to be as large as before."""
    dice = random.Random(559)
    wanted = dice.randint(2350, 2650)
    pairs = dict.fromkeys([(each, each) for each in range(256)])
    while len(pairs) < wanted:
        pairs[dice.randrange(256), dice.randrange(256)] = None

    @action(writes="y")
    def grow(y: int, x: int, z: int) -> Outcomes:
        if x == 0 and z == 0 and y < 20:
            yield outcome("grow", y=y + 1)

    system = System(
        name="crowd",
        variables=[Variable("y"), Variable("x"), Variable("z")],
        actions=[grow],
        initial=[{"y": 0, "x": x, "z": z} for x, z in pairs],
    )
    assert explore(system, kernel="compiled", threads=1).exploration.states == len(pairs) + 20


@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("kernel", KERNELS)
def test_the_error_of_the_first_state_is_told(kernel: Kernel, threads: int) -> None:
    """Questions are asked ahead of their turn; what goes wrong is told in the order of states."""

    @action(writes=("x", "p"))
    def ahead(x: int) -> Outcomes:
        if x == 0:
            for each in range(1, 2001):
                yield outcome("ahead", x=each, p=0)
        elif x <= 2000:
            yield outcome("ahead", x=x + 2000, p=x)
        elif x == 3500:
            raise ValueError("ahead fails")

    @action(writes="q")
    def behind(p: int, q: int) -> Outcomes:
        if p == 10:
            raise ValueError("behind fails")
        if q > 0:
            yield outcome("behind", q=0)

    system = System(
        name="errors",
        variables=[Variable("x"), Variable("p"), Variable("q")],
        actions=[ahead, behind],
        initial=[{"x": 0, "p": 0, "q": 0}],
    )
    with pytest.raises(RuleError, match="behind fails"):
        explore(system, kernel=kernel, threads=threads)
