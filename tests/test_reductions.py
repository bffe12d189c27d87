"""Reductions: what they save, and that they never change a verdict or a shortest length."""

from collections.abc import Iterator
from itertools import permutations
from pathlib import Path

import attrs
import pytest

from engine_copy import IGNORES_GUARDS, PUTS_OFF, engine_with
from seatrial.core import (
    All,
    DeclarationError,
    Index,
    Outcomes,
    Parameter,
    System,
    Variable,
    action,
    always,
    at_most,
    every,
    ground,
    outcome,
    replay,
    sometimes,
)
from seatrial.engines.explore import Kernel, explore

pytestmark = pytest.mark.heavy

KERNELS: tuple[Kernel, ...] = ("plain", "compiled")


@action(writes="light", actor="blinker")
def blink(light: bool) -> Outcomes:
    """A step that nobody looks at, for ever."""
    yield outcome("blink", light=not light)


@action(writes="door", actor="person")
def open_door(door: bool) -> Outcomes:
    """The step that breaks the promise."""
    if not door:
        yield outcome("open", door=True)


@always(says="the door stays shut", source="the caretaker")
def shut(door: bool) -> Iterator[str]:
    """The promise."""
    if door:
        yield "the door is open"


ENTRANCE = System(
    name="entrance",
    variables=[Variable("light"), Variable("door")],
    actions=[blink, open_door],
    initial=[{"light": False, "door": False}],
)


@pytest.mark.parametrize("kernel", KERNELS)
def test_partial_order_puts_no_action_off_for_ever(kernel: Kernel) -> None:
    """The light alone would do in each state; but round its cycle the door must get its turn."""
    verdict = explore(ENTRANCE, [shut], partial_order=True, kernel=kernel).verdict("shut")

    assert verdict.status == "violated"
    assert verdict.trace is not None
    assert verdict.trace.length == 1


def test_without_the_proviso_it_would_say_holds(tmp_path: Path) -> None:
    """So the test above can fail."""
    with engine_with(PUTS_OFF, tmp_path) as faulty:
        assert faulty(ENTRANCE, [shut], partial_order=True).verdict("shut").status == "holds"


@action(over="worker", writes="place", actor="worker")
def walk(place: int) -> Outcomes:
    """Each worker walks by itself."""
    if place < 4:
        yield outcome("walk", place=place + 1)


@sometimes(says="everybody arrives", source="the timetable")
def all_arrive(place: All[int]) -> bool:
    """The last state."""
    return all(each == 4 for each in place.values())


@always(says="no more than two are on their way", source="the timetable")
def few_on_their_way(place: All[int]) -> Iterator[str]:
    """Broken by three that have started."""
    walking = [each for each in place.values() if 0 < each < 4]
    if len(walking) > 2:
        yield f"{len(walking)} are on their way"


def walkers(count: int, *, symmetric: bool = True) -> System:
    """So many workers that never meet."""
    return System(
        name="walkers",
        indices=[Index("worker", range(count), symmetric=symmetric)],
        variables=[Variable("place", over="worker")],
        actions=[walk],
        initial=[{"place": every(0)}],
    )


@action(writes="door", actor="person", when="light")
def open_with_light(door: bool) -> Outcomes:
    """Only while the light is on, at which the rule itself does not look."""
    if not door:
        yield outcome("open", door=True)


@action(writes="light", actor="saver")
def switch_off(light: bool) -> Outcomes:
    """Nobody looks at this step, but it ends what another could do."""
    if light:
        yield outcome("off", light=False)


LIT_ENTRANCE = System(
    name="entrance",
    variables=[Variable("light"), Variable("door")],
    actions=[switch_off, open_with_light],
    initial=[{"light": True, "door": False}],
)


@pytest.mark.parametrize("kernel", KERNELS)
def test_a_step_that_ends_a_guard_does_not_commute(kernel: Kernel) -> None:
    """A guard is read, whether or not the rule reads it."""
    verdict = explore(LIT_ENTRANCE, [shut], partial_order=True, kernel=kernel).verdict("shut")

    assert verdict.status == "violated"
    assert verdict.trace is not None
    assert [step.label for step in verdict.trace.steps] == ["open"]


def test_without_what_guards_read_it_would_say_holds(tmp_path: Path) -> None:
    """So the test above tests something."""
    with engine_with(IGNORES_GUARDS, tmp_path) as engine:
        verdict = engine(LIT_ENTRANCE, [shut], partial_order=True, kernel="plain").verdict("shut")

    assert verdict.status == "holds"


@pytest.mark.parametrize("kernel", KERNELS)
def test_steps_that_commute_are_taken_in_one_order(kernel: Kernel) -> None:
    """Where no property looks, five states a worker remain of five to the power of workers."""
    whole = explore(walkers(4), kernel=kernel).exploration
    reduced = explore(walkers(4), partial_order=True, kernel=kernel).exploration

    assert (whole.states, reduced.states) == (5**4, 4 * 4 + 1)


@at_most(says="few walk at a time", source="this test", bound=1)
def how_many_walk(place: All[int]) -> int:
    return sum(0 < each < 4 for each in place.values())


@pytest.mark.parametrize("kernel", KERNELS)
def test_an_extreme_found_with_partial_order_is_that_of_all_states(kernel: Kernel) -> None:
    """The traces are made shortest by a second search, which sees only some."""
    verdict = explore(walkers(3), [how_many_walk], partial_order=True, kernel=kernel).verdicts[0]

    assert (verdict.status, verdict.extreme) == ("violated", 3)
    assert verdict.witness is not None
    assert verdict.because == "the most is 3; the bound is 1"
    assert verdict.because in " ".join(verdict.witness.because)
    assert "capped" not in " ".join(verdict.witness.because)


@pytest.mark.parametrize("kernel", KERNELS)
def test_symmetry_keeps_one_state_for_all_permutations(kernel: Kernel) -> None:
    """Of n workers in five places only how many are where matters: (n + 4 choose 4)."""
    whole = explore(walkers(5), kernel=kernel).exploration
    reduced = explore(walkers(5), symmetry=True, kernel=kernel).exploration

    assert (whole.states, reduced.states) == (5**5, 126)


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("reduction", ["symmetry", "partial order"])
def test_a_reduction_changes_no_verdict_and_no_shortest_length(
    kernel: Kernel, reduction: str
) -> None:
    """A reduced search may find longer runs first; what is shown is as short as without."""
    system = walkers(4)
    whole = explore(system, [all_arrive, few_on_their_way], kernel=kernel)
    reduced = explore(
        system,
        [all_arrive, few_on_their_way],
        kernel=kernel,
        symmetry=reduction == "symmetry",
        partial_order=reduction == "partial order",
    )

    for one, other in zip(whole.verdicts, reduced.verdicts, strict=True):
        assert one.status == other.status
        assert one.trace is not None
        assert other.trace is not None
        assert one.trace.length == other.trace.length
        replay(ground(system), other.trace)


def test_a_property_of_steps_switches_reductions_off_and_the_report_says_so() -> None:
    """The pairs of states that it asks about would not all be there."""
    from seatrial.core import after_each_step

    @after_each_step(says="nobody walks back", source="the timetable")
    def onward(place: All[int], place_before: All[int]) -> Iterator[str]:
        if sum(place.values()) < sum(place_before.values()):
            yield "somebody walked back"

    report = explore(walkers(3), [onward], symmetry=True, partial_order=True)

    assert report.exploration.states == 5**3
    assert [note.split(":")[0] for note in report.exploration.reductions] == [
        "symmetry is off",
        "partial order is off",
    ]


def test_a_rule_that_asks_which_member_it_has_switches_symmetry_off() -> None:
    """A rule that binds the index can tell its members apart."""

    @action(over="worker", writes="place")
    def walk_if_even(worker: int, place: int) -> Outcomes:
        if worker % 2 == 0 and place < 1:
            yield outcome("walk", place=place + 1)

    system = System(
        name="walkers",
        indices=[Index("worker", range(4), symmetric=True)],
        variables=[Variable("place", over="worker")],
        actions=[walk_if_even],
        initial=[{"place": every(0)}],
    )
    report = explore(system, symmetry=True)

    assert report.exploration.states == 2**2
    assert "asks which worker it has" in report.exploration.reductions[0]


def test_a_false_claim_of_symmetry_is_found_out() -> None:
    """Rules may also tell members apart by their place in `All`; a sample is asked again."""

    @action(writes="place")
    def first_walks(place: All[int]) -> Outcomes:
        if place[0] < 3:
            yield outcome("walk", place={0: place[0] + 1})

    system = System(
        name="walkers",
        indices=[Index("worker", range(3), symmetric=True)],
        variables=[Variable("place", over="worker")],
        actions=[first_walks],
        initial=[{"place": every(0)}],
    )
    with pytest.raises(DeclarationError, match="tells the members of a symmetric index apart"):
        explore(system, symmetry=True)


@pytest.mark.parametrize("places", sorted(permutations(range(3))))
def test_a_property_that_means_one_order_of_the_members_is_found_out(
    places: tuple[int, ...],
) -> None:
    """Where so few states have so few orders, all are asked: else it would seem to hold."""

    @always(says="they never stand like this", source="the timetable")
    def never_like_this(place: All[int], places: tuple[int, ...]) -> Iterator[str]:
        if tuple(place.values()) == places:
            yield "they stand like this"

    system = attrs.evolve(walkers(3), parameters=[Parameter("places", places)])

    assert explore(system, [never_like_this]).verdicts[0].status == "violated"
    with pytest.raises(DeclarationError, match="property never-like-this tells the members"):
        explore(system, [never_like_this], symmetry=True)


def test_a_property_over_a_symmetric_index_switches_symmetry_off() -> None:
    """One representative cannot say which member it was; stated over All it need not."""

    @always(over="worker", says="no worker arrives", source="the timetable")
    def never_there(place: int) -> Iterator[str]:
        if place == 4:
            yield "it arrived"

    report = explore(walkers(3), [never_there], symmetry=True)

    assert report.exploration.states == 5**3
    assert "ranges over worker" in report.exploration.reductions[0]
