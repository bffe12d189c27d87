"""Guards: `when` names a flag without which an action is not enabled, and its rule not asked."""

from collections.abc import Iterator
from typing import Any

import attrs
import pytest

from seatrial.core import (
    Action,
    All,
    DeclarationError,
    Index,
    Outcomes,
    Parameter,
    ReplayError,
    Report,
    RuleError,
    SeatrialError,
    System,
    Total,
    Variable,
    action,
    always,
    enabled_steps,
    every,
    ground,
    outcome,
    replay,
    view,
)
from seatrial.engines.explore import Kernel, explore

KERNELS: tuple[Kernel, ...] = ("plain", "compiled")


@view(over="lamp")
def dark(level: int) -> bool:
    """Whether a lamp may be made brighter."""
    return level < 3


@action(over="lamp", writes="level", when="dark")
def brighten(level: int) -> Outcomes:
    """Asked only where it is of use."""
    if level >= 3:
        raise ValueError("asked for nothing")
    yield outcome("brighten", level=level + 1)


@action(over="lamp", writes="level", when="power")
def dim(level: int) -> Outcomes:
    """One flag for all lamps."""
    if level > 0:
        yield outcome("dim", level=level - 1)


@action(writes=("power", "level"), fair="none")
def cut(power: bool, level: All[int]) -> Outcomes:
    """The power fails, and all lamps go out."""
    if power:
        yield outcome("cut", power=False, level=dict.fromkeys(level, 0))


def lamps(
    *actions: Action, level: Any = 0, power: Any = True, count: int = 2, views: Any = (dark,)
) -> System:
    """Some lamps."""
    return System(
        name="lamps",
        indices=[Index("lamp", tuple(range(count)))],
        parameters=[Parameter("limit", 3)],
        variables=[Variable("level", over="lamp"), Variable("power")],
        views=[*views, Total("light", of="level")],
        actions=actions,
        initial=[{"level": every(level), "power": power}],
    )


def refused(kind: type[SeatrialError], system: System, **options: Any) -> str:
    """The message of the error, which has to be of exactly this kind."""
    with pytest.raises(SeatrialError) as caught:
        explore(system, **options)
    assert type(caught.value) is kind
    return str(caught.value)


# ---- what can be declared -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("when", "over", "words"),
    [
        ("bright", (), "is no view or variable of the system lamps; it has dark, level, power"),
        ("limit", (), "is no view or variable of the system lamps; it has dark, level, power"),
        ("lamp", "lamp", "is no view or variable of the system lamps; it has dark, level, power"),
        ("light", (), "is a total, and so a number; declare a view that compares what it sums"),
        (
            "dark",
            (),
            "ranges over lamp, but the action fixes no lamp; declare over='lamp', or a view of all"
            " members",
        ),
    ],
)
def test_a_guard_is_one_view_or_variable(when: str, over: Any, words: str) -> None:
    """It binds as a parameter of that name would, and what cannot be bound is refused."""
    wrong = attrs.evolve(cut, when=when, over=over, writes="power")

    message = refused(DeclarationError, lamps(wrong))

    begin = message.index(f"has when={when!r}, which ")
    assert message.startswith("action cut (")
    assert message[begin:] == f"has when={when!r}, which {words}"


def test_a_guard_is_named() -> None:
    """A function in its place is a mistake that is easily made."""
    with pytest.raises(DeclarationError, match=r"action cut: when=.* is no name; give that of"):
        attrs.evolve(cut, when=dark)  # type: ignore[arg-type]


def test_of_an_index_with_one_member_that_member_is_the_guard() -> None:
    """As for a parameter of the rule."""
    (only,) = ground(lamps(attrs.evolve(cut, when="dark"), count=1)).actions

    assert only.guard == 2
    assert only.looks_at == (1, 0, 2)


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("power", [1, None, "on"])
def test_a_guard_is_true_or_false(kernel: Kernel, power: Any) -> None:
    """What a variable holds at first."""
    message = refused(RuleError, lamps(dim, power=power), kernel=kernel)

    assert message.startswith("action dim (")
    assert message.endswith(
        f"as dim[0] has when='power', which is {power!r}; a guard is True or False"
    )
    system = ground(lamps(dim, power=power))
    with pytest.raises(RuleError, match=r"as dim\[0\] has when='power'"):
        enabled_steps(system, system.initial[0], between=False)


@pytest.mark.parametrize("kernel", KERNELS)
def test_a_view_that_is_a_guard_answers_true_or_false(kernel: Kernel) -> None:
    """A number would do where Python asks, but not where an engine compares."""

    @view(over="lamp", name="dark")
    def number(level: int) -> int:
        return 3 - level

    message = refused(RuleError, lamps(brighten, views=[number]), kernel=kernel)

    assert "as brighten[0] has when='dark', which is 3; a guard is True or False" in message


@pytest.mark.parametrize("kernel", KERNELS)
def test_what_is_written_to_a_guard_is_true_or_false(kernel: Kernel) -> None:
    """It may be written long before it is looked at."""

    @action(writes="power")
    def weaken(power: bool) -> Outcomes:
        yield outcome("weaken", power=0)

    message = refused(RuleError, lamps(dim, weaken), kernel=kernel)

    assert "as dim[0] has when='power', which is 0; a guard is True or False" in message


# ---- what it means ------------------------------------------------------------------------------


def test_a_guard_binds_at_the_own_index() -> None:
    """Each lamp has its own, and all have the power."""
    system = ground(lamps(brighten, dim))
    names = [cell.name for cell in system.scope.cells]

    found = [(each.name, names[each.guard or 0]) for each in system.actions]

    # Neighbours read the same cells and have the same guard.
    assert found == [
        ("brighten[0]", "dark[0]"),
        ("brighten[1]", "dark[1]"),
        ("dim[0]", "power"),
        ("dim[1]", "power"),
    ]


def test_where_the_guard_is_false_nothing_is_enabled_nor_asked() -> None:
    """The rule would fail if it were."""
    system = ground(lamps(brighten, dim, cut))

    def enabled(*state: Any) -> list[str]:
        return [each.name for each, _ in enabled_steps(system, state, between=False)]

    assert enabled(3, 2, False) == ["brighten[1]"]
    assert enabled(3, 3, False) == []
    assert enabled(3, 0, True) == ["brighten[1]", "dim[0]", "cut"]


@always(says="there is some light", source="this test")
def lit(light: int) -> Iterator[str]:
    """Broken where the power fails."""
    if light == 0:
        yield "it is dark"


@pytest.mark.parametrize("kernel", KERNELS)
def test_both_loops_ask_no_rule_where_its_guard_is_false(kernel: Kernel) -> None:
    """Nor does anything that comes after the search."""
    report = explore(lamps(brighten, dim, cut, level=3), [lit], kernel=kernel)

    assert report.exploration.states == 32
    assert dict(report.exploration.evaluations)["action brighten"] == 6
    assert report.exploration.deadlocks == 1
    assert report.exploration.actions_never_fired == ()
    trace = report.verdicts[0].trace
    assert trace is not None
    assert [step.label for step in trace.steps] == ["cut"]
    replay(ground(lamps(brighten, dim, cut, level=3)), trace)


def test_a_step_without_its_guard_does_not_replay() -> None:
    """The trace of a system without guards is none of one with them."""
    free = attrs.evolve(dim, when=None)
    trace = explore(lamps(free, level=1, power=False), [lit]).verdicts[0].trace
    assert trace is not None

    with pytest.raises(ReplayError, match="is not enabled there with these effects; enabled: noth"):
        replay(ground(lamps(dim, level=1, power=False)), trace)


@pytest.mark.parametrize("kernel", KERNELS)
def test_actions_that_read_the_same_may_have_different_guards(kernel: Kernel) -> None:
    """What one of them may do says nothing of the other."""

    def move(by: int) -> Any:
        def rule(level: int) -> Outcomes:
            yield outcome("move", level=(level + by) % 4)

        return rule

    up = action(over="lamp", writes="level", when="dark", name="up")(move(1))
    down = action(over="lamp", writes="level", when="power", name="down")(move(3))
    off = explore(lamps(up, down, count=1, power=False), kernel=kernel).exploration
    on = explore(lamps(up, down, count=1), kernel=kernel).exploration

    assert (off.states, off.transitions, off.actions_never_fired) == (4, 3, ("down[0]",))
    assert (on.states, on.transitions) == (4, 7)


@action(over="lamp", writes=("level", "power"), committed=True, when="power")
def flicker(level: int) -> Outcomes:
    """As long as there is power."""
    yield outcome("flicker", level=0, power=False)


@action(writes="power")
def switch(power: bool) -> Outcomes:
    """Off and on."""
    yield outcome("switch", power=not power)


@pytest.mark.parametrize("kernel", KERNELS)
def test_a_committed_action_waits_for_its_guard(kernel: Kernel) -> None:
    """Its guard is False after the first of two lamps: each step takes one of them."""
    report = explore(lamps(switch, flicker, level=2, power=False), kernel=kernel)

    assert (report.exploration.states, report.exploration.transitions) == (4, 8)
    assert report.exploration.deadlocks == 0


# ---- both loops alike ---------------------------------------------------------------------------


def alike(one: Report, other: Report) -> None:
    """Two reports of one search."""
    for field in ("states", "transitions", "levels", "deadlocks", "actions_never_fired"):
        assert getattr(one.exploration, field) == getattr(other.exploration, field)
    assert sorted(one.exploration.evaluations) == sorted(other.exploration.evaluations)
    assert one.verdicts == other.verdicts


def test_the_kernel_asks_what_the_plain_loop_asks() -> None:
    """On levels so wide that two threads ask ahead, too."""
    system = lamps(brighten, dim, cut, count=7)
    plain = explore(system, [lit], kernel="plain")
    compiled = explore(system, [lit], kernel="compiled", threads=2)

    assert max(plain.exploration.levels) > 2048
    alike(plain, compiled)


def test_a_view_that_nobody_reads_is_never_computed() -> None:
    """Whatever it would say; and in the midst of a step, only what committed actions look at."""

    @view(over="lamp")
    def unread(level: int) -> int:
        raise ValueError("nobody asked")

    @view()
    def settled(power: bool, level: All[int]) -> bool:
        if power:
            raise ValueError("in the midst of a step")
        return True

    @action(writes="power", when="settled")
    def start(power: bool) -> Outcomes:
        yield outcome("start", power=True)

    def made(*views: Any) -> System:
        return lamps(start, flicker, level=2, power=False, count=1, views=views)

    reports = [explore(made(unread, settled), [lit], kernel=kernel) for kernel in KERNELS]

    alike(*reports)
    assert reports[0].verdicts[0].trace is not None
    replay(ground(made(unread, settled)), reports[0].verdicts[0].trace)
    assert "unread" not in str(reports[0].exploration.evaluations)


def test_the_plain_loop_gives_way_by_the_work_that_it_did(monkeypatch: pytest.MonkeyPatch) -> None:
    """One state, and four in the midst of each of its two steps."""
    from seatrial.engines.explore import search

    @action(over="lamp", writes="level", committed=True, when="bright")
    def fade(level: int) -> Outcomes:
        yield outcome("fade", level=level - 1)

    @action(over="lamp", writes="level")
    def flash(level: int) -> Outcomes:
        yield outcome("flash", level=3)

    @view(over="lamp")
    def bright(level: int) -> bool:
        return level > 0

    system = lamps(flash, fade, power=False, views=[bright])
    plain = explore(system, [lit])
    monkeypatch.setattr(search, "PLAIN_EXPANDED", 9)
    within = explore(system, [lit])
    monkeypatch.setattr(search, "PLAIN_EXPANDED", 8)
    beyond = explore(system, [lit])

    kernels = [each.exploration.kernel for each in (plain, within, beyond)]
    assert kernels == ["plain", "plain", "compiled"]
    alike(plain, beyond)
