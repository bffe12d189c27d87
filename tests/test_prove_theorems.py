"""Every theorem: tried at small sizes first, then proved, and broken by what it says breaks it."""

import inspect
import random
from collections.abc import Mapping
from pathlib import Path as File
from typing import Any

import pytest
import z3

import theorems_page
from seatrial import properties
from seatrial.core import (
    DeclarationError,
    Hypothesis,
    Mutation,
    OneOf,
    Theorem,
    Whole,
    as_system,
    choose,
    deciding,
    small_assignments,
)
from seatrial.core.theorem import broken
from seatrial.engines.explore import explore
from seatrial.engines.prove import claims
from seatrial.engines.prove.claims import Proof, prove_claim
from seatrial.engines.prove.helpers import Helpers
from seatrial.engines.prove.paths import Path, Run
from seatrial.engines.prove.queries import Answer, Limits, Queries
from seatrial.kinds import promises
from test_layout import needs_checkout

pytestmark = pytest.mark.heavy

THEOREMS = properties.theorems.THEOREMS
PAGE = File(__file__).resolve().parents[1] / "docs" / "reference" / "theorems.md"
SLOW = {
    "sizes-within-surge-three",
    "rollout-measure-falls",
    "availability-is-kept",
    "sync-keeps-availability",
    "expectations-prevent-excess",
    "expectations-prevent-shortage",
    "excess-is-what-was-unseen",
    "excess-is-bounded",
    "shares-sum-exactly-three",
    "job-active-is-bounded",
    "job-active-within-parallelism",
    "job-unended-within-parallelism",
    "job-counts-each-pod-once",
    "job-sync-creates-what-is-missing",
    "job-indexed-succeeded-within-completions",
    "job-indexed-complete-with-all",
    "sts-at-most-one-process",
    "sts-update-within-bounds",
}
"""Those whose paths, or mutants, take more than a few seconds."""
RANGES = {
    "a percentage is at most 100,000%, and what it comes out as fits in 32 bits",
    "sizes are at most 10,000, and replicas + maxSurge 20,000: no product leaves 32 bits",
    "at most 500 pods are to be listed; of more the rest waits for another sync",
}
"""Hypotheses that say where whole numbers are upstream's floats, and where the rules end."""
SLOWEST = {
    "excess-is-bounded",
    "job-active-is-bounded",
    "job-counts-each-pod-once",
    "job-indexed-complete-with-all",
    "job-indexed-succeeded-within-completions",
}
"""Those that are proved in the slow tests; of these the ordinary ones execute a part."""
MOST = 1_000
by_id = pytest.mark.parametrize("theorem", THEOREMS, ids=lambda each: each.id)


def by_cost(slow: set[str]) -> pytest.MarkDecorator:
    """All theorems, these in the slow tests."""
    chosen = [
        pytest.param(each, marks=pytest.mark.slow if each.id in slow else (), id=each.id)
        for each in THEOREMS
    ]
    return pytest.mark.parametrize("theorem", chosen)


def settled(theorem: Theorem, **limits: int) -> Proof:
    return prove_claim(theorem, Queries(Limits(**{"query_ms": 20_000, **limits})))


def sample(theorem: Theorem) -> list[dict[str, Any]]:
    """
    All numbers up to as much as fits, and some of up to 4, all of which meet the hypotheses.

    One that has many numbers cannot be tried at all of 0 to 4.
    """
    found: list[dict[str, Any]] = []
    for most in (4, 3, 2, 1):
        found = []
        for each in small_assignments(theorem, most):
            found.append(each)
            if len(found) > MOST:
                break
        else:
            break
    rng = random.Random(theorem.id)
    return found + [meeting(theorem, rng) for _ in range(MOST)]


def meeting(theorem: Theorem, rng: random.Random) -> dict[str, Any]:
    """Numbers up to 4 that meet the hypotheses: drawn one by one, and anew where one is not met."""
    asked_of = [
        (each, set(inspect.signature(each.holds).parameters)) for each in theorem.hypotheses
    ]

    def fits(values: dict[str, Any], name: str) -> bool:
        return all(
            name not in names
            or not names <= values.keys()
            or each.holds(**{name: values[name] for name in names})
            for each, names in asked_of
        )

    def filled(values: dict[str, Any]) -> dict[str, Any] | None:
        if len(values) == len(theorem.ranges):
            return values
        name, allowed = theorem.ranges[len(values)]
        choices = drawn_from(allowed)
        for each in rng.sample(choices, len(choices)):
            more = {**values, name: each}
            if fits(more, name) and (whole := filled(more)) is not None:
                return whole
        return None

    found = filled({})
    assert found is not None, "no numbers up to 4 meet the hypotheses"
    return found


def drawn_from(allowed: Whole | OneOf) -> list[Any]:
    if isinstance(allowed, OneOf):
        return list(allowed.values)
    return list(range(max(allowed.low, -4), max(allowed.low, 4) + 1))


# ---- each theorem -----------------------------------------------------------------------------


@by_id
def test_exploring_finds_no_counterexample_at_sizes_up_to_4(theorem: Theorem) -> None:
    """Before anybody asserts it for all: the explicit engine calls the same claim on numbers."""
    starts = sample(theorem)
    system, promise = as_system(theorem, starts)

    report = explore(system, [promise])

    assert report.verdict(theorem.id).status == "holds"
    # A step is taken only from numbers that meet the hypotheses.
    assert report.exploration.transitions >= 4


@by_cost(SLOWEST)
def test_every_theorem_is_proved(theorem: Theorem) -> None:
    """All paths are refuted, and numbers that meet the hypotheses are shown."""
    proof = settled(theorem)

    assert proof.status == "proved", proof.because
    assert proof.witness


@pytest.mark.parametrize("name", sorted(SLOWEST))
def test_what_the_slowest_theorems_call_can_be_executed(name: str) -> None:
    """
    A change of a rule can make a theorem inconclusive, and nobody would notice for a while.

    Only the first of the values that are tried one by one are.
    """
    (theorem,) = (each for each in THEOREMS if each.id == name)
    functions = (theorem.claim, *(each.holds for each in theorem.hypotheses))

    case = next(claims._cases(theorem, Helpers(*functions), Queries(Limits())))

    assert case.paths


class Drawn:
    """Answers choices at random, and remembers how."""

    def __init__(self, rng: random.Random) -> None:
        self.answers: list[int] = []
        self._rng = rng

    def choose(self, low: int, high: int) -> int:
        self.answers.append(self._rng.randint(low, high))
        return self.answers[-1]


@by_cost(SLOW)
def test_the_paths_of_a_claim_say_what_python_says(theorem: Theorem) -> None:
    """Random numbers take one path each, and the claim is broken there as often as in Python."""
    queries = Queries(Limits())
    functions = (theorem.claim, *(each.holds for each in theorem.hypotheses))
    cases = list(claims._cases(theorem, Helpers(*functions), queries))
    rng = random.Random(theorem.id)
    for number in range(24):
        values = {name: rng.choice(drawn_from(allowed)) for name, allowed in theorem.ranges}
        if number % 2:
            values = meeting(theorem, rng)
        drawn = Drawn(rng)
        with deciding(drawn):
            expected = broken(theorem, values)
        (case,) = (each for each in cases if each.fixed.items() <= values.items())
        known = {name: values[name] for name in case.variables}
        known |= {f"choice {at}": answer for at, answer in enumerate(drawn.answers, 1)}
        taken = [path.result for path in case.paths if takes(path, known)]
        if expected is None:
            assert taken == [claims._UNMET], values
        else:
            assert [len(each) for each in taken] == [len(expected)], values


def takes(path: Path, known: Mapping[str, int]) -> bool:
    """Whether numbers take a path, all of whose choices are among them."""
    if any(it.decl().name() not in known for it, _, _ in path.choices):
        return False
    pairs = [(z3.Int(name), z3.IntVal(number)) for name, number in known.items()]
    return all(
        z3.is_true(z3.simplify(z3.substitute(each, *pairs)))
        for each in (*path.decisions, *path.ranges)
    )


BOUNDS = properties.theorem_bounds.THEOREMS
MUTATED = [
    pytest.param(
        theorem,
        mutation,
        marks=() if theorem in BOUNDS else pytest.mark.slow,
        id=f"{theorem.id}-{at}",
    )
    for theorem in THEOREMS
    for at, mutation in enumerate(theorem.mutations)
]


@pytest.mark.heavy
@pytest.mark.parametrize(("theorem", "mutation"), MUTATED)
def test_every_theorem_is_broken_by_its_mutants(theorem: Theorem, mutation: Mutation) -> None:
    """The numbers that the solver gives break it when the explicit engine takes them."""
    mutated = theorem.mutated(mutation)
    proof = settled(mutated)

    assert proof.status == "violated", proof.because
    assert proof.least
    system, promise = as_system(mutated, [dict(proof.values)])
    assert explore(system, [promise]).verdict(theorem.id).status == "violated"


@by_id
def test_every_theorem_can_be_broken(theorem: Theorem) -> None:
    """What nothing breaks says nothing."""
    assert theorem.mutations


@by_id
def test_every_hypothesis_is_needed(theorem: Theorem) -> None:
    """Each is dropped by a mutant, which is broken: a theorem assumes nothing that it need not."""
    dropped = {each.drops for each in theorem.mutations}
    kept = [each for at, each in enumerate(theorem.hypotheses) if at not in dropped]

    assert all(each.says in RANGES for each in kept), kept


@by_id
def test_every_theorem_names_promises_that_exist(theorem: Theorem) -> None:
    """A report sends its reader there."""
    assert set(theorem.about) <= set(promises())


def test_theorems_have_names_of_their_own() -> None:
    """They are what one types."""
    names = [each.id for each in THEOREMS]

    assert len(set(names)) == len(names)


@needs_checkout
def test_the_page_has_each_theorem() -> None:
    """Rewrite with `python tests/theorems_page.py`."""
    assert {each.id for each in theorems_page.listed()} == {each.id for each in THEOREMS}
    assert PAGE.read_text("utf-8") == theorems_page.document()


# ---- how a theorem is settled -----------------------------------------------------------------


def below(n: int, limit: int) -> Any:
    if n >= limit:
        yield f"{n} is not below {limit}"


SMALL = Hypothesis("n is below the limit", lambda n, limit: n < limit)


def theorem_of(claim: Any, *hypotheses: Hypothesis, **ranges: Whole | OneOf) -> Theorem:
    return Theorem("about-n", "n is below", "nobody", claim, ranges, hypotheses=hypotheses)


def test_the_counterexample_is_the_smallest() -> None:
    """The sum of its numbers is: nobody has to look for a smaller one."""
    proof = settled(theorem_of(below, n=Whole(5, 50), limit=Whole(-3)))

    assert (proof.status, proof.least) == ("violated", True)
    assert dict(proof.values) == {"n": 5, "limit": 0}
    assert proof.because == "5 is not below 0"


def test_numbers_that_are_tried_one_by_one_count_for_the_smallest() -> None:
    """Of the values of `n` the last one given is the smallest, and comes out."""
    proof = settled(theorem_of(below, n=OneOf((-4, -2, 3, 1)), limit=Whole(-3, 0)))

    assert (proof.status, proof.least) == ("violated", True)
    assert dict(proof.values) == {"n": 1, "limit": 0}


def test_a_truth_value_is_no_bound_of_a_choice() -> None:
    """For explore it is none either: both say that the rule raises."""

    def claim(n: int) -> Any:
        choose(True if n > 3 else 0, 2)
        yield from ()

    proof = settled(theorem_of(claim, n=Whole(0, 9)))

    assert (proof.status, dict(proof.values)) == ("violated", {"n": 4})
    assert proof.because.startswith("RuleError: choose(True, 2)")


def test_hypotheses_that_cannot_be_met_prove_nothing() -> None:
    """A theorem about no numbers at all is no theorem."""
    never = Hypothesis("n is odd and even", lambda n: n % 2 == 1 and n % 2 == 0)

    proof = settled(theorem_of(below, SMALL, never, n=Whole(0), limit=Whole(0)))

    assert proof.status == "inconclusive"
    assert "no numbers meet all hypotheses" in proof.because


def test_what_the_solver_cannot_say_in_time_is_inconclusive() -> None:
    """Products of unknown numbers are where it gives up."""

    def fermat(a: int, b: int, c: int) -> Any:
        if a * a * a + b * b * b == c * c * c:
            yield f"{a}, {b}, {c}"

    ranges = {"a": Whole(1), "b": Whole(1), "c": Whole(1)}
    proof = settled(theorem_of(fermat, **ranges), query_ms=200)

    assert proof.status == "inconclusive"
    assert "could not say in time" in proof.because


def silent_about(monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    """A solver that has no time left for these questions."""
    ask = Queries.ask

    def asked(self: Queries, name: str, terms: Any, *assuming: Any) -> Any:
        return Answer("unknown") if name == what else ask(self, name, terms, *assuming)

    monkeypatch.setattr(Queries, "ask", asked)


def test_numbers_that_are_not_found_in_time_may_exist(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not said that a theorem is about nothing where only the time was up."""
    silent_about(monkeypatch, "smallest")

    proof = settled(theorem_of(below, SMALL, n=Whole(0), limit=Whole(9)))

    assert proof.status == "inconclusive"
    assert "could not say in time whether any numbers meet all hypotheses" in proof.because


def test_a_counterexample_stays_one_where_no_time_is_left_for_a_smaller_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It is shown as it was found, and not called the smallest."""
    silent_about(monkeypatch, "smallest")

    proof = settled(theorem_of(below, n=Whole(0), limit=Whole(0)))

    assert (proof.status, proof.least) == ("violated", False)
    assert dict(proof.values)["n"] >= dict(proof.values)["limit"]


def test_paths_that_do_not_cover_all_numbers_prove_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A planted fault: the path on which the claim is broken is lost."""

    class Forgetful(Run):
        def explore(self, body: Any) -> Any:
            return [path for path in super().explore(body) if path.result in ((), claims._UNMET)]

    monkeypatch.setattr(claims, "Run", Forgetful)

    proof = settled(theorem_of(below, n=Whole(0), limit=Whole(0)))

    assert proof.status == "inconclusive"
    assert "cover all numbers" in proof.because


def test_a_solver_that_lies_about_a_counterexample_is_found_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Numbers count only once the functions themselves say that they break the claim."""
    monkeypatch.setattr(claims._Case, "values", lambda self, model: {"n": 0, "limit": 9})

    with pytest.raises(AssertionError, match="is none when it is run"):
        settled(theorem_of(below, n=Whole(0), limit=Whole(0)))


def test_a_silent_solver_proves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither proved nor violated."""
    monkeypatch.setattr(Queries, "checked", lambda self, name, solver, *given: Answer("unknown"))

    assert settled(theorem_of(below, SMALL, n=Whole(0), limit=Whole(0))).status == "inconclusive"


def test_choices_inside_a_claim_are_for_all_answers() -> None:
    """The counterexample names the answer that breaks it."""

    def picks(n: int) -> Any:
        picked = choose(0, n)
        if picked == 3:
            yield f"{picked} of {n}"

    proof = settled(theorem_of(picks, n=Whole(0)))

    assert (proof.status, proof.choices, proof.because) == ("violated", (3,), "3 of 3")


def test_a_claim_that_raises_is_broken() -> None:
    """A division by zero is a counterexample, with the number that divides."""

    def divides(n: int) -> Any:
        if 10 // n > 10:
            yield "too much"

    proof = settled(theorem_of(divides, n=Whole(0)))

    assert proof.status == "violated"
    assert "ZeroDivisionError" in proof.because


def test_a_claim_about_a_name_without_range_is_refused() -> None:
    """It would be about nothing."""
    with pytest.raises(DeclarationError, match="reads limit, which has no range; it has n"):
        theorem_of(below, n=Whole(0))


def test_a_mutation_that_drops_what_is_not_there_is_refused() -> None:
    """A number that is one too high would drop nothing, and break nothing."""
    with pytest.raises(DeclarationError, match="drops hypothesis 1; there are 1"):
        Theorem(
            "about-n",
            "n is below",
            "nobody",
            below,
            {"n": Whole(0), "limit": Whole(0)},
            hypotheses=(SMALL,),
            mutations=(Mutation("one too many", drops=1),),
        )
