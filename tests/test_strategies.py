"""`seatrial.strategies`: what they draw is what they say, and it shrinks towards the usual."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, find, given, settings
from hypothesis import strategies as st
from hypothesis.errors import FailedHealthCheck, Unsatisfiable

from seatrial import strategies
from seatrial.core import Outcomes, System, Variable, action, ground, outcome
from seatrial.engines.explore import explore
from seatrial.kinds import KINDS
from seatrial.model import ManifestError, environment, parse_manifests

LIGHT = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None
)


def read(document: Any) -> Any:
    """The one workload of a manifest."""
    (workload,) = parse_manifests(json.dumps(document), "drawn.yaml").workloads
    return workload


@LIGHT
@given(strategies.manifests())
def test_a_valid_manifest_is_read_and_its_document_reads_back_the_same(document: Any) -> None:
    """With the defaults written out it is the same object."""
    workload = read(document)
    again = read(workload.document())

    assert workload.kind == document["kind"]
    assert again.document() == workload.document()
    assert KINDS[workload.kind].spec_of(again) == KINDS[workload.kind].spec_of(workload)


@LIGHT
@given(strategies.invalid_manifests())
def test_an_invalid_manifest_is_refused_with_lines_that_name_the_place(document: Any) -> None:
    """By a ManifestError and by nothing else."""
    with pytest.raises(ManifestError) as caught:
        parse_manifests(json.dumps(document), "drawn.yaml")

    for problem in caught.value.problems:
        assert "\n" not in str(problem)
        assert str(problem).startswith("drawn.yaml:")


@pytest.mark.parametrize("kind", KINDS)
def test_a_manifest_shrinks_to_what_has_to_be_given(kind: str) -> None:
    """Whoever reads a failing example wants no field that does not matter."""
    smallest = find(
        strategies.manifests((kind,)),
        lambda _: True,
        settings=settings(max_examples=10, database=None),
    )
    usual = {"selector", "template", "serviceName"}

    assert smallest["metadata"] == {"name": "web"}
    assert {*smallest["spec"]} <= usual
    assert smallest["spec"]["template"]["spec"]["containers"] == [
        {"name": "main", "image": "nginx:1.29"}
    ]


@pytest.mark.parametrize("drawn", [strategies.manifests, strategies.invalid_manifests])
def test_a_test_may_change_the_manifest_that_it_was_given(drawn: Any) -> None:
    """What it does to one is not in the next, so that no run depends on those before it."""

    def spoil(part: Any) -> None:
        for each in list(part.values()) if isinstance(part, dict) else part:
            if isinstance(each, dict | list):
                spoil(each)
        if isinstance(part, dict):
            part["spoilt"] = True
        else:
            part.append("spoilt")

    @settings(max_examples=150, deadline=None, database=None)
    @given(drawn())
    def draw(document: Any) -> None:
        assert "spoilt" not in json.dumps(document)
        spoil(document)

    draw()


@pytest.mark.parametrize("kind", KINDS)
def test_flaws_of_every_kind_are_drawn(kind: str) -> None:
    """A strategy of one flaw would test one line of the reader."""
    seen: set[str] = set()

    @settings(max_examples=80, deadline=None, database=None)
    @given(strategies.invalid_manifests((kind,)))
    def draw(document: Any) -> None:
        with pytest.raises(ManifestError) as caught:
            parse_manifests(json.dumps(document), "drawn.yaml")
        seen.update(str(each).split(": ", 1)[1] for each in caught.value.problems)

    draw()

    assert len(seen) >= 8


@LIGHT
@given(st.data())
def test_an_environment_is_one_that_its_kind_can_have(data: st.DataObject) -> None:
    """Written down and read again it is the same."""
    kind = data.draw(st.sampled_from(sorted(KINDS)))
    around = data.draw(strategies.environments(kind))
    sides: Any = (("users", around.users), ("faults", around.faults))

    assert KINDS[kind].environment(around) == KINDS[kind].environment(around)
    assert {each.name for each in around.users} <= KINDS[kind].users
    assert {each.name for each in around.faults} <= KINDS[kind].faults
    assert not around.times("relist") or around.lag >= 2
    for side, budgets in sides:
        assert environment.budgets([str(each) for each in budgets] or ["none"], side) == budgets


@pytest.mark.heavy
@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck), database=None)
@given(strategies.trials(("Deployment",), most=1), st.data())
def test_a_trial_can_be_composed_and_run(trial: Any, data: st.DataObject) -> None:
    """Any manifest in any environment gives a system, and its rules say something anywhere."""
    document, around = trial
    workload = read(document)
    kind = KINDS[workload.kind]
    system = kind.compose(workload.name, kind.spec_of(workload), around)
    state = data.draw(strategies.states(system, steps=30))

    assert {*state} == {slot.name for slot in ground(system).slots}


@action(writes="count")
def up(count: int) -> Outcomes:
    if count < 6:
        yield outcome("up", count=count + 1)


@action(writes="other")
def turn(other: bool) -> Outcomes:
    yield outcome("turn", other=not other)


TOY = System(
    name="toy",
    variables=[Variable("count"), Variable("other")],
    actions=[up, turn],
    initial=[{"count": 0, "other": False}],
)


@LIGHT
@given(strategies.states(TOY))
def test_a_state_that_is_drawn_can_be_reached(state: Any) -> None:
    """Not any assignment, but the end of a run."""
    assert {*state} == {"count", "other"}
    assert 0 <= state["count"] <= 6


def test_states_are_drawn_from_all_over_and_shrink() -> None:
    """Ten of the fourteen at least; the least is the initial one."""
    seen = set()

    @settings(max_examples=300, deadline=None, database=None)
    @given(strategies.states(TOY))
    def draw(state: Any) -> None:
        seen.add((state["count"], state["other"]))

    draw()
    least = find(strategies.states(TOY), lambda _: True, settings=settings(database=None))

    assert least == {"count": 0, "other": False}
    assert explore(TOY).exploration.states == 14
    assert len(seen) >= 10


def test_a_filter_that_lets_nearly_nothing_through_is_an_error_and_no_pass() -> None:
    """Hypothesis says that next to nothing is drawn; a test that tries nothing is never green."""

    @settings(database=None, deadline=None)
    @given(strategies.trials(("Deployment",)).filter(lambda trial: trial[1].lag > 2))
    def never_tried(trial: Any) -> None:
        pytest.fail(f"{trial} was drawn")

    with pytest.raises((FailedHealthCheck, Unsatisfiable), match=r"filter|satisf"):
        never_tried()
