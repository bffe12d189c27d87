"""Systems as formulas: summaries do what the rules do, and proofs say what exploring says."""

import itertools
import random
from collections.abc import Callable, Mapping
from typing import Any

import attrs
import pytest
import z3
from hypothesis import given, settings
from hypothesis import strategies as st

from randomly.build import build
from randomly.draw import draw
from seatrial.core import (
    Action,
    All,
    NotSymbolic,
    Outcomes,
    Parameter,
    Population,
    RuleError,
    System,
    Variable,
    Whole,
    after_each_step,
    always,
    at_most,
    choose,
    enabled_steps,
    ground,
    outcome,
    replay,
    same_value,
    split,
)
from seatrial.core.arith import minimum
from seatrial.engines.explore import explore
from seatrial.engines.prove import helpers, summary
from seatrial.engines.prove.candidates import reached, small_states
from seatrial.engines.prove.machine import Machine, machine
from seatrial.engines.prove.queries import Answer, Limits, Queries
from seatrial.engines.prove.systems import PROVABLE, prove_system
from seatrial.engines.prove.worst import worst_case
from seatrial.model import rolling, rollout
from seatrial.properties import rolling as rolling_promises
from seatrial.properties import rollout as promises

pytestmark = pytest.mark.heavy

SIZES = {name: Whole(0) for name in ("replicas", "max_surge", "max_unavailable")}
QUICK = Limits(query_ms=5_000, depth=3)


def toy(values: Mapping[str, Any]) -> System:
    return rollout.rollout(**values, revisions=2, crashes=1)


@pytest.fixture(scope="module")
def made() -> Machine:
    return machine(toy, SIZES)


# ---- summaries --------------------------------------------------------------------------------


def number(model: Mapping[str, int], term: Any) -> Any:
    """The value of a term where all variables are known."""
    pairs = [(z3.Int(name), z3.IntVal(value)) for name, value in model.items()]
    value = z3.simplify(z3.substitute(term, *pairs))
    return value.as_long() if z3.is_int_value(value) else z3.is_true(value)


def by_summary(of: Machine, state: tuple[Any, ...], given: Mapping[str, int]) -> list[Any]:
    """The states after a step, as the transitions have them."""
    numbers = {**of.state(state, given), **given}
    found = []
    for step in of.transitions:
        ranges = [range(-1, 6)] * len(step.choices)
        for answers in itertools.product(*ranges):
            names = (it.decl().name() for it in step.choices)
            model = {**numbers, **dict(zip(names, answers, strict=True))}
            if number(model, step.guard):
                after = model | {it.decl().name(): number(model, new) for it, new in step.changes}
                found.append((step.action.name, of.values(_looked_up(after))))
    return found


def _looked_up(after: Mapping[str, Any]) -> Callable[[Any], Any]:
    return lambda it: number(after, it)


def by_rules(of: Machine, state: tuple[Any, ...], given: Mapping[str, int]) -> list[Any]:
    """The states after a step, as the Python functions have them."""
    system = ground(of.build(given))
    found = []
    for action, made in enabled_steps(system, state, between=False):
        after = list(state)
        for slot, value in made.writes:
            after[slot] = value
        found.append((action.name, tuple(after)))
    return found


def distinct(found: list[Any]) -> list[Any]:
    kept: list[Any] = []
    for each in found:
        if not any(same_value(each, other) for other in kept):
            kept.append(each)
    return sorted(kept, key=repr)


small = st.integers(0, 6)


@settings(max_examples=60, deadline=None)
@given(
    latest=st.integers(1, 2),
    left=st.integers(0, 1),
    sizes=st.tuples(small, small),
    status=st.tuples(small, small, small, small),
    pods=st.tuples(*[small] * 8),
    given=st.fixed_dictionaries(dict.fromkeys(SIZES, small)),
)
def test_every_action_does_in_formulas_what_it_does_in_python(
    made: Machine,
    latest: int,
    left: int,
    sizes: tuple[int, int],
    status: tuple[int, ...],
    pods: tuple[int, ...],
    given: dict[str, int],
) -> None:
    """Any state, reachable or not: a wrong row would prove what is false."""
    state = (
        *(latest, left, *sizes),
        *(rollout.Status(*status[:2]), rollout.Status(*status[2:])),
        *(rollout.Pods(*pods[:4]), rollout.Pods(*pods[4:])),
    )

    assert distinct(by_summary(made, state, given)) == distinct(by_rules(made, state, given))


def split_off(pods: Population[str], most: int) -> Outcomes:
    if pods.total == 0:
        return
    gone = choose(0, minimum(most, pods.total))
    yield outcome("some go", pods=pods - split(pods, gone), gone=gone)


def join(pods: Population[str], gone: int) -> Outcomes:
    if gone > 0:
        yield outcome("one comes back", pods=pods.add("new", 1), gone=gone - 1)


def herd(values: Mapping[str, Any]) -> System:
    return System(
        name="herd",
        variables=[Variable("pods"), Variable("gone")],
        parameters=[Parameter("most", values["most"])],
        actions=[
            Action("split_off", "fault", split_off, ("pods", "gone")),
            Action("join", "system", join, ("pods", "gone")),
        ],
        initial=[{"pods": Population({"old": values["size"], "new": 2}), "gone": 0}],
    )


@pytest.fixture(scope="module")
def flock() -> Machine:
    return machine(herd, {"most": Whole(1), "size": Whole(1)})


@settings(max_examples=8, deadline=None)
@given(old=st.integers(0, 4), new=st.integers(0, 3), gone=st.integers(0, 3), most=st.integers(1, 3))
def test_populations_and_choices_are_summarised_too(
    flock: Machine, old: int, new: int, gone: int, most: int
) -> None:
    """Kinds are known and counts are not; which ones go is open, within what there is."""
    of = flock
    state: tuple[Any, ...] = (Population({"old": old, "new": new}), gone)
    given = {"most": most, "size": 1}

    assert distinct(by_summary(of, state, given)) == distinct(by_rules(of, state, given))


def test_the_paths_of_every_action_cover_all_states(made: Machine) -> None:
    """What no path describes would be taken for impossible."""
    assert all(summary.covered(each) for each in made.summaries)


def test_paths_are_merged(made: Machine) -> None:
    """12 ways to scale become 2 transitions, whose numbers say which way it was."""
    scaling = [each for each in made.summaries if each.action.name == "sync_deployment"]

    assert [(len(each.paths), len(each.rows)) for each in scaling] == [(12, 2), (12, 2)]


def test_a_summary_can_be_read(made: Machine) -> None:
    """A reviewer checks the formulas against the rule."""
    start = next(each for each in made.summaries if each.action.name == "start[1]")

    assert summary.printed(made.system, start) == (
        "start[1]: 2 paths, merged to 1 transitions\n"
        "  where pods[1] is Pods(0=#, 1=#, 2=#, 3=#)\n"
        "  if pods[1].pending > 0\n"
        "    start\n"
        "      pods[1] becomes Pods(pending=pods[1].pending - 1, running=pods[1].running + 1,"
        " available=pods[1].available, terminating=pods[1].terminating)\n"
        "  if pods[1].pending <= 0\n"
        "    nothing happens\n"
    )


def test_a_merge_that_forgets_its_guards_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A planted fault: the last path's numbers for all of them."""
    monkeypatch.setattr(summary, "merged", lambda guarded: guarded[0][1])
    of = machine(toy, SIZES)
    given = {"replicas": 3, "max_surge": 1, "max_unavailable": 1}
    seen = rollout.Pods(available=3)
    states = [
        (2, 0, old, new, rollout.Status(old, ready), rollout.Status(new, new), seen, seen)
        for old, new, ready in itertools.product(range(4), range(4), range(4))
    ]

    assert any(by_summary(of, each, given) != by_rules(of, each, given) for each in states)


def larger(one: int, other: int) -> int:
    if one > other:
        return one
    return other


def grow(x: int, y: int) -> Outcomes:
    if larger(x, y) < 9:
        yield outcome("grow", x=larger(x, y) + 1)


def pair(values: Mapping[str, Any]) -> System:
    return System(
        name="pair",
        variables=[Variable("x"), Variable("y")],
        actions=[Action("grow", "system", grow, "x")],
        initial=[{"x": values["x"], "y": 0}],
    )


def test_a_helper_is_found_and_makes_no_path_of_its_own() -> None:
    """One function, called twice: without it there are four ways, with it two."""
    of = machine(pair, {"x": Whole(0)})

    assert of.helpers.names == ("larger",)
    assert [(len(each.paths), len(each.rows)) for each in of.summaries] == [(2, 1)]
    assert (of.helpers.paths, of.helpers.terms) == (2, 1)
    assert larger.__module__ == __name__
    assert grow.__globals__["larger"] is larger


def test_a_helper_that_is_merged_wrongly_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A planted fault, as above, in what helpers are made of."""
    monkeypatch.setattr(helpers, "merged", lambda guarded: guarded[-1][1])
    of = machine(pair, {"x": Whole(0)})

    assert by_summary(of, (5, 0), {"x": 5}) != by_rules(of, (5, 0), {"x": 5})


# ---- proofs -----------------------------------------------------------------------------------


def test_a_promise_is_proved_for_all_sizes_with_its_invariant() -> None:
    """What explore says for three replicas, for every number of them."""
    found = prove_system(toy, SIZES, [promises.sizes_within_surge], Queries(QUICK))

    (proof,) = found.proofs
    assert (proof.status, proof.vacuous, proof.written) == ("proved", False, 0)
    assert proof.invariant == ("spec[1] + spec[2] <= replicas + max_surge",)


def test_an_invariant_is_true_in_every_reachable_state_that_was_looked_at() -> None:
    """The words are of a formula; the formula is asked of states."""
    queries = Queries(QUICK)
    chosen = [promises.old_replica_sets_only_shrink]
    found = prove_system(toy, SIZES, chosen, queries)

    assert found.proofs[0].status == "proved"
    assert found.machine is not None
    states = list(small_states(found.machine, SIZES))
    assert len(states) > 1_000
    assert min(state["status[1].available"] for state in states) >= 0


def test_a_promise_that_falls_is_refuted_with_the_smallest_parameters() -> None:
    """The run is one of the rules, with numbers: it replays."""

    @always(says="old ReplicaSets keep a pod", source="nobody")
    def keeps_one(latest: int, spec: All[int]) -> Any:
        if latest == 2 and spec[1] == 0:
            yield "the old ReplicaSet has none"

    found = prove_system(toy, SIZES, [keeps_one], Queries(QUICK))

    (proof,) = found.proofs
    assert proof.status == "violated"
    assert dict(proof.parameters) == {"replicas": 0, "max_surge": 0, "max_unavailable": 0}
    assert proof.least
    assert proof.trace is not None
    replay(ground(toy(dict(proof.parameters))), proof.trace)


def test_a_state_that_no_lemma_excludes_is_shown_and_is_no_counterexample() -> None:
    """It may well be unreachable: the verdict is that nothing is known."""
    found = prove_system(toy, SIZES, [promises.available_pods], Queries(QUICK))

    (proof,) = found.proofs
    assert proof.status == "inconclusive"
    assert "no run of 3 steps breaks it" in proof.because
    assert any(line.startswith("replicas = ") for line in proof.stuck)


def rolling_update(patient: int) -> Callable[[Mapping[str, Any]], System]:
    return lambda values: rolling.rolling(**values, patient=patient)


@pytest.mark.slow
def test_the_controllers_own_rules_do_in_formulas_what_they_do_in_python() -> None:
    """Each state that a rolling update of three revisions reaches, at a few sizes."""
    of = machine(lambda values: rolling.rolling(**values, revisions=3), SIZES)
    rng = random.Random(3)
    for sizes in ((1, 1, 0), (3, 0, 2), (4, 2, 1)):
        given = dict(zip(SIZES, sizes, strict=True))
        states = list(reached(ground(of.build(given)), 40))
        for state in rng.sample(states, min(4, len(states))):
            assert distinct(by_summary(of, state, given)) == distinct(by_rules(of, state, given))


@pytest.mark.slow
def test_sizes_stay_within_the_bound_and_pods_do_not() -> None:
    """
    By the controllers' own rules, for all sizes, surges and unavailabilities.

    The old ReplicaSet is asked for none and has not deleted its pod yet when the new one grows.
    """
    asked = [rolling_promises.sizes, rolling_promises.pods_there]
    found = prove_system(rolling_update(0), SIZES, asked, Queries(QUICK))

    sizes, pods = found.proofs
    assert sizes.status == "proved"
    bound = "replica_set[1].replicas + replica_set[2].replicas <= replicas + max_surge"
    assert bound in sizes.invariant
    assert pods.status == "violated"
    assert (dict(pods.parameters), pods.least) == (
        {"replicas": 1, "max_surge": 0, "max_unavailable": 0},
        True,
    )
    assert pods.trace is not None
    assert [step.action for step in pods.trace.steps] == [
        "sync_deployment",
        "sync_deployment",
        "carry_out[2]",
    ]


@pytest.mark.slow
def test_pods_stay_within_the_bound_if_the_deployment_waits() -> None:
    """The rescue: each size is carried out before the next write. One lemma is by hand."""
    found = prove_system(
        rolling_update(1),
        SIZES,
        [rolling_promises.pods_there],
        Queries(QUICK),
        rolling_promises.LEMMAS,
    )

    (proof,) = found.proofs
    assert (proof.status, proof.written) == ("proved", 1)


@pytest.mark.heavy
@pytest.mark.parametrize("patient", [0, 1])
def test_proving_and_exploring_agree_on_a_rolling_update(patient: int) -> None:
    """At small sizes the explicit engine says what is proved, or refuted, for all."""
    for replicas, surge, unavailable in ((1, 1, 0), (2, 0, 1), (3, 1, 1)):
        report = explore(
            rolling.rolling(replicas, surge, unavailable, patient), rolling_promises.PROPERTIES
        )
        for each in rolling_promises.PROPERTIES:
            said = report.verdict(each.id).status
            refuted = each is rolling_promises.pods_there and not patient
            assert said == "holds" or refuted, each.id


def count(n: int, limit: int) -> Outcomes:
    if n < limit:
        yield outcome("two more", n=n + 2)


def counter(values: Mapping[str, Any]) -> System:
    return System(
        name="counter",
        variables=[Variable("n")],
        parameters=[Parameter("limit", values["limit"])],
        actions=[Action("count", "system", count, "n")],
        initial=[{"n": values["limit"] * 0}],
    )


def test_a_bound_is_proved_as_a_formula_of_the_parameters() -> None:
    """At most one more than the limit: not a number, but all of them at once."""

    @at_most(says="little more than the limit", source="the manual", bound=lambda limit: limit + 1)
    def reached(n: int) -> int:
        return n

    @at_most(says="no more than the limit", source="the manual", bound=lambda limit: limit)
    def kept(n: int) -> int:
        return n

    @after_each_step(says="it only grows", source="the manual")
    def grows(n: int, n_before: int) -> Any:
        if n <= n_before:
            yield "it fell"

    found = prove_system(
        counter, {"limit": Whole(1)}, [reached, kept, grows], Queries(Limits(5_000, depth=4))
    )

    assert [each.status for each in found.proofs] == ["proved", "violated", "proved"]
    assert dict(found.proofs[1].parameters) == {"limit": 1}


def test_the_least_parameters_may_be_negative() -> None:
    """No smaller sum is one below 0, too, and none beyond what a parameter may be is tried."""

    @at_most(says="it stays small", source="the manual", bound=lambda limit: -limit - 3)
    def small_counts(n: int) -> int:
        return n

    found = prove_system(counter, {"limit": Whole(-5, 0)}, [small_counts], Queries(QUICK))

    assert (found.proofs[0].status, found.proofs[0].least) == ("violated", True)
    assert dict(found.proofs[0].parameters) == {"limit": -2}


@pytest.mark.parametrize("high", [5, None])
def test_a_rule_that_raises_is_said_to_as_by_exploring(high: int | None) -> None:
    """Nothing is proved of it, nor refuted: it is the rule that is wrong."""

    def careful(n: int, limit: int) -> Outcomes:
        if n > 3:
            raise ValueError("too many")
        yield from count(n, limit)

    def build(values: Mapping[str, Any]) -> System:
        action = Action("careful", "system", careful, "n")
        return attrs.evolve(counter(values), actions=[action])

    @at_most(says="little more than the limit", source="the manual", bound=lambda limit: limit + 1)
    def reached(n: int) -> int:
        return n

    asked = [reached], Queries(QUICK)
    with pytest.raises(RuleError, match=r"careful.*raised ValueError.*too many"):
        prove_system(build, {"limit": Whole(0, high)}, *asked)
    assert prove_system(build, {"limit": Whole(0, 2)}, *asked).proofs[0].status == "proved"


def test_a_bound_computed_over_and_over_of_the_same_part_takes_no_longer() -> None:
    """Each step nests what is written once more: its parts are one, not two, four, eight."""

    def doubled(n: int, limit: int) -> Outcomes:
        for _ in range(30):
            limit = minimum(limit, limit + 1)
        yield outcome("nested", n=limit)

    def build(values: Mapping[str, Any]) -> System:
        action = Action("doubled", "system", doubled, "n")
        return attrs.evolve(counter(values), actions=[action])

    transitions = len(machine(build, {"limit": Whole(0)}).transitions)

    assert transitions == 2  # from 0, and from there


def test_the_worst_case_is_a_formula_that_is_proved() -> None:
    """Guessed from sizes 1 to 3, true for all; where it is reached is said."""

    @at_most(says="how far it counts", source="the manual", bound=lambda limit: limit)
    def reached(n: int) -> int:
        return n

    found = worst_case(counter, {"limit": Whole(1)}, reached, Queries(Limits(5_000, depth=0)))

    assert found.formula == "limit + 1"
    assert found.proof is not None
    assert found.proof.invariant == ("n <= 1 + limit",)
    assert found.reached == ((("limit", 1),), (("limit", 3),))


def test_parameters_that_no_system_has_prove_nothing() -> None:
    """From nowhere every promise follows."""

    @at_most(says="it never counts", source="the manual", bound=0)
    def never(n: int) -> int:
        return n

    found = prove_system(counter, {"limit": Whole(3, 2)}, [never], Queries(QUICK))

    assert [each.status for each in found.proofs] == ["inconclusive"]


def test_a_variable_may_have_any_name() -> None:
    """The engine's own variables, such as which step is taken, are never one of a system's."""

    def taken(step: int, choice1: int) -> Outcomes:
        yield outcome("taken", step=step + choose(0, choice1), choice1=choice1)

    def build(values: Mapping[str, Any]) -> System:
        return System(
            name="names",
            variables=[Variable("step"), Variable("choice1")],
            actions=[Action("taken", "system", taken, ("step", "choice1"))],
            initial=[{"step": 0, "choice1": values["most"]}],
        )

    @at_most(says="it is small", source="the manual", bound=4)
    def small_steps(step: int) -> int:
        return step

    found = prove_system(build, {"most": Whole(0)}, [small_steps], Queries(QUICK))

    assert found.proofs[0].status == "violated"
    assert dict(found.proofs[0].parameters) == {"most": 5}


@pytest.mark.parametrize("kind", ["sometimes", "converges to"])
def test_a_promise_about_whole_runs_is_inconclusive(kind: str) -> None:
    """It is outside of what induction over states can say, and never called proved."""
    asked = [each for each in promises.PROPERTIES if each.kind == kind]
    found = prove_system(toy, SIZES, asked, Queries(QUICK))

    assert [each.status for each in found.proofs] == ["inconclusive"]
    assert f"kind {kind!r}" in found.proofs[0].because


def test_a_solver_that_runs_out_of_time_proves_nothing() -> None:
    """Unknown is unknown, for the invariant and for the search."""
    found = prove_system(toy, SIZES, [promises.sizes_within_surge], Unsure(QUICK))

    assert [each.status for each in found.proofs] == ["inconclusive"]


class Unsure(Queries):
    """A solver that never answers."""

    def checked(self, name: str, solver: Any, *assuming: Any) -> Any:
        return Answer("unknown")


def test_a_rule_that_counts_with_an_unknown_number_is_outside_of_the_fragment() -> None:
    """The verdict names the file and the line."""

    def loop(n: int, limit: int) -> Outcomes:
        for _ in range(limit):
            n = n + 1
        yield outcome("count", n=n)

    def build(values: Mapping[str, Any]) -> System:
        return System(
            name="loop",
            variables=[Variable("n")],
            parameters=[Parameter("limit", values["limit"])],
            actions=[Action("loop", "system", loop, "n")],
            initial=[{"n": 0}],
        )

    @always(says="it is small", source="the manual")
    def is_small(n: int) -> Any:
        if n > 100:
            yield "it is large"

    found = prove_system(build, {"limit": Whole(0)}, [is_small], Queries(QUICK))

    assert found.proofs[0].status == "inconclusive"
    assert f"{__file__}:" in found.proofs[0].because


def test_without_bound_there_are_no_finitely_many_shapes() -> None:
    """A tuple that grows is no number."""

    def grow_list(items: tuple[int, ...]) -> Outcomes:
        yield outcome("one more", items=(*items, 1))

    def build(values: Mapping[str, Any]) -> System:
        return System(
            name="list",
            variables=[Variable("items")],
            actions=[Action("grow_list", "system", grow_list, "items")],
            initial=[{"items": ()}],
        )

    with pytest.raises(NotSymbolic, match="more than 40 shapes"):
        machine(build, {})


@pytest.mark.heavy
@pytest.mark.parametrize("start", [0])
def test_proving_and_exploring_agree_on_random_systems(start: int) -> None:
    """
    Whatever both can treat has one answer, and a counterexample one length.

    What the solver leaves open, or what has committed actions, is no disagreement.
    """
    settled = 0
    for seed in range(start, start + 15):
        system, asked = build(draw(seed))
        treated = [each for each in asked if each.kind in PROVABLE]
        if not treated or len(ground(system).slots) > 6:
            continue
        found = prove_system(
            lambda values, system=system: system,  # type: ignore[misc]
            {},
            treated,
            Queries(Limits(query_ms=2_000, depth=3)),
        )
        report = explore(system, treated)
        for proof in found.proofs:
            said = report.verdict(proof.property.id)
            told = {"proved": "holds", "violated": "violated"}.get(proof.status)
            assert told in (None, said.status), (seed, proof)
            settled += told is not None
            if proof.trace is not None and said.trace is not None:
                assert proof.trace.length == said.trace.length, (seed, proof)
    assert settled > 20


@pytest.mark.heavy
@pytest.mark.parametrize("sizes", [(1, 1, 0), (3, 2, 1)])
def test_proving_and_exploring_agree_on_the_toy_at_fixed_sizes(sizes: tuple[int, int, int]) -> None:
    """With nothing left open both say the same of every promise that is treated."""
    values = dict(zip(SIZES, sizes, strict=True))
    asked = promises.PROPERTIES[:3]
    found = prove_system(lambda given: toy(values), {}, asked, Queries(QUICK))
    report = explore(toy(values), asked)

    for proof in found.proofs:
        said = report.verdict(proof.property.id).status
        assert {"proved": "holds", "violated": "violated"}.get(proof.status, said) == said
