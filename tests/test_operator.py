"""Somebody's own controller: through the same syncs, queues and caches as the built-in ones."""

from typing import Any

import pytest
from attrs import evolve, frozen

from seatrial import (
    DeclarationError,
    Report,
    RuleError,
    after_each_step,
    always,
    explore,
    ground,
    replay,
    sometimes,
)
from seatrial import operator as op
from seatrial.engines.stateful import hypothesize
from systems import database_operator as database

PROMISES = (database.one_leader, database.backed_up, database.upgraded)
FAULTS = ("controller-restart", "write-failure", "write-unknown")


def checked(*, fenced: bool, **around: Any) -> Report:
    return explore(database.database_operator(fenced=fenced).system(**around), PROMISES)


def verdicts(report: Report) -> dict[str, str]:
    return {each.property.id: each.status for each in report.verdicts}


ALL_HOLD = dict.fromkeys(("one-leader", "backed-up", "upgraded"), "holds")


# ---- the database operator of the documentation -----------------------------------------------


def test_two_members_lead_where_caches_may_be_old() -> None:
    """
    The second election begins before the first is seen: the end of the backup woke the operator.
    """
    system = database.database_operator(fenced=False).system(lag=1, faults=["controller-restart"])

    verdict = explore(system, PROMISES).verdict("one-leader")

    assert verdict.status == "violated"
    assert verdict.trace is not None
    assert [f"{step.actor}: {step.label}" for step in verdict.trace.steps] == [
        "operator: decides to patch Pod db-1: leads True",
        "operator: asks to patch Pod db-1: leads True",
        "job: finishes the backup",
        "watch: the cache learns that Backup base has changed",
        "operator: decides to patch Pod db-0: leads True",
        "watch: the cache learns that Pod db-1 has changed",
        "operator: asks to patch Pod db-0: leads True",
    ]
    assert len(replay(ground(system), verdict.trace)) == 8


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_random_runs_find_that_too_and_show_it_as_short(seed: int) -> None:
    """Drawn from restarts and old caches, and shortened to the seven steps that matter."""
    system = database.database_operator(fenced=False).system(lag=1, faults=["controller-restart"])

    report = hypothesize(system, [database.one_leader], runs=2_000, seed=seed, first=True)
    verdict = report.verdict("one-leader")

    assert verdict.status == "violated"
    assert verdict.because == "both members lead"
    assert verdict.trace is not None
    assert verdict.trace.length == 7
    assert len(replay(ground(system), verdict.trace)) == 8


def test_random_runs_find_nothing_where_nothing_is() -> None:
    """Of the fixed operator they say how many they were, and never that it holds."""
    system = database.database_operator(fenced=True).system(lag=1, faults=["controller-restart"])

    verdict = hypothesize(system, [database.one_leader], runs=200).verdict("one-leader")

    assert verdict.status == "inconclusive"
    assert verdict.because == "no violation in 200 runs of up to 200 steps"


@pytest.mark.parametrize("level", ["atomic", "interleaved", "faulty"])
def test_no_test_without_lag_finds_that(level: str) -> None:
    """Whatever fails: with caches that are always up to date the bug is not there to be found."""
    report = checked(fenced=False, level=level, lag=0, faults=FAULTS)

    assert report.exploration.complete
    assert verdicts(report) == ALL_HOLD


@pytest.mark.parametrize(("lag", "faults"), [(1, FAULTS[:1]), (1, FAULTS), (2, FAULTS)])
def test_the_fixed_operator_keeps_its_promises(lag: int, faults: tuple[str, ...]) -> None:
    """Explored to the end, with restarts: an update that carries a resourceVersion is a fence."""
    report = checked(fenced=True, lag=lag, faults=faults)

    assert report.exploration.complete
    assert verdicts(report) == ALL_HOLD


def test_an_upgrade_is_reached() -> None:
    """Promises about upgrades would hold of an operator that never upgrades."""

    @sometimes(says="a member runs version 2", source="this test", over="pod_name")
    def runs_it(pod: Any) -> bool:
        return pod is not None and pod.version == 2 and pod.ready

    system = database.database_operator(fenced=True).system(lag=1)

    assert explore(system, [runs_it]).verdict("runs-it").status == "holds"


def test_the_numbers_of_states_are_the_meaning_of_the_runner() -> None:
    """Whoever changes a step changes these, and has to say so."""
    found = {
        (lag, level): checked(fenced=True, lag=lag, level=level, faults=FAULTS).exploration
        for lag, level in ((0, "atomic"), (0, "interleaved"), (1, "interleaved"), (2, "faulty"))
    }

    assert {key: (each.states, each.depth) for key, each in found.items()} == {
        (0, "atomic"): (304, 13),
        (0, "interleaved"): (661, 22),
        (1, "interleaved"): (3701, 33),
        (2, "faulty"): (4105, 33),
    }


# ---- what the runner does ---------------------------------------------------------------------


@frozen
class Thing:
    size: int = 0
    seen: int = 0


def one_thing(reconcile: Any, *rules: Any, **around: Any) -> op.OperatorSystem:
    things = op.Resource("Thing", {"a": Thing()})
    return op.Operator("things", [things], reconcile, rules).system(**around)


@op.changes("Thing", actor="user", times=1)
def resize(thing: Thing) -> op.Changes:
    yield "resizes it", evolve(thing, size=thing.size + 1)


@after_each_step(says="what the user wrote stays", source="this test", over="thing_name")
def user_is_heard(thing: Thing, thing_before: Thing) -> Any:
    if thing.size < thing_before.size:
        yield f"size fell from {thing_before.size} to {thing.size}"


def test_an_update_of_an_object_that_changed_since_conflicts() -> None:
    """The cached object carries its resourceVersion; so nobody's write is undone."""

    def reconcile(cache: op.Cache) -> op.Requests:
        thing = cache.get("Thing", "a")
        if thing.seen != thing.size:
            yield from op.required(op.update("Thing", "a", evolve(thing, seen=thing.size)))

    for lag in (0, 1, 2):
        report = explore(one_thing(reconcile, resize, lag=lag), [user_is_heard])
        assert verdicts(report) == {"user-is-heard": "holds"}


def test_a_patch_of_what_the_cache_shows_undoes_what_was_written() -> None:
    """The witness of the test before: the same promise is broken by a request without a version."""

    def reconcile(cache: op.Cache) -> op.Requests:
        thing = cache.get("Thing", "a")
        if thing.seen == 0:
            yield op.patch("Thing", "a", size=thing.size, seen=1)

    assert verdicts(explore(one_thing(reconcile, resize), [user_is_heard])) == {
        "user-is-heard": "violated"
    }


def test_a_patch_changes_a_field_and_leaves_the_others() -> None:
    """Whatever the cache shows."""

    def reconcile(cache: op.Cache) -> op.Requests:
        if cache.get("Thing", "a").seen == 0:
            yield op.patch("Thing", "a", seen=7)

    @always(says="seen is 0 or 7", source="this test", over="thing_name")
    def patched(thing: Thing) -> Any:
        if thing.seen not in (0, 7):
            yield f"seen is {thing.seen}"

    report = explore(one_thing(reconcile, resize, lag=1), [user_is_heard, patched])

    assert verdicts(report) == {"user-is-heard": "holds", "patched": "holds"}


def test_an_operator_that_asks_for_another_look_gets_it() -> None:
    """`Done(later=True)` is RequeueAfter: no event is needed."""

    def reconcile(cache: op.Cache) -> op.Requests:
        if cache.get("Thing", "a").seen == 0:
            if cache.get("Thing", "a").size == 0:
                return op.Done(later=True)
            yield op.patch("Thing", "a", seen=1)
        return op.Done()

    @sometimes(says="it is seen", source="this test", over="thing_name")
    def is_seen(thing: Thing) -> bool:
        return thing.seen == 1

    def deaf(wakes: bool) -> op.OperatorSystem:
        things = op.Resource("Thing", {"a": Thing()}, wakes=wakes)
        return op.Operator("things", [things], reconcile, [resize]).system()

    report = explore(deaf(False), [is_seen])

    assert verdicts(report) == {"is-seen": "holds"}
    assert "requeue" not in report.exploration.actions_never_fired


def test_what_wakes_nobody_is_missed() -> None:
    """A watch without a handler is a classic: the operator is told by no event of that kind."""

    def reconcile(cache: op.Cache) -> op.Requests:
        if cache.get("Thing", "a").size > cache.get("Thing", "a").seen:
            yield op.patch("Thing", "a", seen=1)

    @sometimes(says="it is seen", source="this test", over="thing_name")
    def is_seen(thing: Thing) -> bool:
        return thing.seen == 1

    def of(wakes: bool) -> op.OperatorSystem:
        things = op.Resource("Thing", {"a": Thing()}, wakes=wakes)
        return op.Operator("things", [things], reconcile, [late_resize]).system(lag=0)

    @op.changes("Thing", actor="user", times=1)
    def late_resize(thing: Thing, key: Any) -> op.Changes:
        if not key.dirty:
            yield "resizes it", evolve(thing, size=1)

    assert verdicts(explore(of(True), [is_seen])) == {"is-seen": "holds"}
    assert verdicts(explore(of(False), [is_seen])) == {"is-seen": "violated"}


# ---- what an author gets wrong ----------------------------------------------------------------


def nothing(cache: op.Cache) -> op.Requests:
    yield from ()


def misnamed(cache: op.Cache) -> op.Requests:
    yield op.delete("Thing", "b")


def misread(cache: op.Cache) -> op.Requests:
    cache.get("Thign", "a")
    yield from ()


def mispatched(cache: op.Cache) -> op.Requests:
    yield op.patch("Thing", "a", sizes=1)


def no_request(cache: op.Cache) -> Any:
    yield "delete it"


@pytest.mark.parametrize(
    ("reconcile", "says"),
    [
        (misnamed, "reconcile asks to delete Thing 'b', a name that is not declared"),
        (misread, "reconcile reads the kind 'Thign'; there are Thing"),
        (mispatched, "Thing a has no field 'sizes' to patch; it has seen, size"),
        (no_request, "reconcile yields 'delete it', which is no create, update, patch or delete"),
    ],
)
def test_what_reconcile_cannot_ask_for_is_said(reconcile: Any, says: str) -> None:
    """Not a traceback of the runner."""
    with pytest.raises(RuleError) as caught:
        explore(one_thing(reconcile))

    assert says in str(caught.value)


@op.changes("Thing")
def half_said(thing: Thing) -> Any:
    yield thing


def test_a_rule_that_yields_no_words_is_named() -> None:
    """The message names the author's function, not the runner's."""
    with pytest.raises(RuleError, match=r"half_said yields .* yield words, and the Thing"):
        explore(one_thing(nothing, half_said))


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: one_thing(lambda cache: None), "reconcile is no generator function"),
        (lambda: one_thing(nothing, level="fine"), "level 'fine' is none of atomic, interleaved"),
        (lambda: one_thing(nothing, lag=9), "lag 9 is not between 0 and 4"),
        (lambda: one_thing(nothing, faults=["unready"]), "fault unready is not one of an operator"),
        (lambda: one_thing(nothing, faults=["unredy"]), "there is no 'unredy'; did you mean"),
        (lambda: one_thing(nothing, resize.function), "is no rule; use @changes"),
        (lambda: op.Resource("Thing", {}), "a resource needs its objects"),
        (lambda: op.Resource("my things", {"a": 1}), "write one like Pod"),
        (lambda: op.Operator("o", [op.Resource("T", {"a": 1})] * 2, nothing), "two resources"),
        (lambda: op.changes("Thing", times=0)(half_said.function), "is no number from 1 on"),
    ],
)
def test_what_cannot_be_declared_is_said(make: Any, says: str) -> None:
    """In one line each."""
    with pytest.raises(DeclarationError) as caught:
        make()

    assert says in str(caught.value)
    assert "\n" not in str(caught.value)
