"""Theorems settled: every path of a claim, for all numbers of its ranges."""

import time
from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any, Literal

import attrs
import z3

from seatrial.core import (
    NotSymbolic,
    OneOf,
    RuleError,
    Theorem,
    Whole,
    broken,
    deciding,
)

from .helpers import Helpers
from .paths import Path, Raised, Run, uncovered
from .queries import Queries, smallest
from .terms import SymInt

__all__ = ["Proof", "prove_claim"]

Status = Literal["proved", "violated", "inconclusive"]


@attrs.frozen
class Proof:
    """
    What came out for a theorem.

    `values` are those of the counterexample, and `choices` the answers in it; `least` says that no
    counterexample has a smaller sum of numbers. `witness` are values that meet all hypotheses.
    `paths` counts those of the claim, `helper_paths` and `helper_terms` those of helpers before and
    after they were merged.
    """

    theorem: str
    status: Status
    because: str
    seconds: float = 0.0
    paths: int = 0
    helper_paths: int = 0
    helper_terms: int = 0
    queries: int = 0
    values: tuple[tuple[str, Any], ...] = ()
    choices: tuple[int, ...] = ()
    least: bool = False
    witness: tuple[tuple[str, Any], ...] = ()
    cached: bool = False


_UNMET = "a hypothesis is not met"
_TAKEN_AGAIN = 200


@attrs.frozen(eq=False)
class _Case:
    """One choice of the values that are tried one by one, and its paths."""

    fixed: Mapping[str, Any]
    variables: Mapping[str, Any]
    assumed: tuple[Any, ...]
    paths: tuple[Path, ...]

    def values(self, model: Any) -> dict[str, Any]:
        """The numbers of a model, with the values that are fixed here."""
        found = dict(self.fixed)
        for name, term in self.variables.items():
            found[name] = model.eval(term, model_completion=True).as_long()
        return found


def prove_claim(theorem: Theorem, queries: Queries) -> Proof:
    """
    Settle a theorem: `proved`, `violated` with the smallest numbers, or `inconclusive`.

    It is proved only if every path on which the claim is broken is refuted, the paths cover all
    numbers, and the hypotheses can be met. What the solver cannot say in time proves nothing.
    """
    begin = time.perf_counter()
    functions = (theorem.claim, *(each.holds for each in theorem.hypotheses))
    cases: list[_Case] = []
    helpers = None
    try:
        helpers = Helpers(*functions, record=queries.recorder(f"{theorem.id}-helper"))
        cases += _cases(theorem, helpers, queries)
        found = _judged(theorem, cases, queries)
    except NotSymbolic as error:
        found = Proof(theorem.id, "inconclusive", f"outside of the fragment: {error}")
    paths = sum(len(each.paths) for each in cases)
    helper_paths, helper_terms = (helpers.paths, helpers.terms) if helpers else (0, 0)
    queries.statistics.paths += paths + helper_paths
    queries.statistics.merged += paths + helper_terms
    return attrs.evolve(
        found,
        seconds=time.perf_counter() - begin,
        paths=paths,
        helper_paths=helper_paths,
        helper_terms=helper_terms,
        queries=queries.statistics.asked,
    )


def _cases(theorem: Theorem, helpers: Helpers, queries: Queries) -> Iterator[_Case]:
    tried = [(name, each.values) for name, each in theorem.ranges if isinstance(each, OneOf)]
    whole = [(name, each) for name, each in theorem.ranges if isinstance(each, Whole)]
    for chosen in product(*(values for _, values in tried)):
        fixed = dict(zip((name for name, _ in tried), chosen, strict=True))
        variables = {name: z3.Int(name) for name, _ in whole}
        assumed = [variables[name] >= each.low for name, each in whole]
        assumed += [variables[name] <= each.high for name, each in whole if each.high is not None]
        values = {**fixed, **{name: SymInt(term) for name, term in variables.items()}}

        def body(values: dict[str, Any] = values) -> Any:
            found = broken(theorem, values)
            return _UNMET if found is None else found

        run = Run(assumed, helpers=helpers, record=queries.recorder(theorem.id))
        paths = run.explore(body)
        yield _Case(fixed, variables, tuple(assumed), tuple(paths))


def _judged(theorem: Theorem, cases: list[_Case], queries: Queries) -> Proof:
    doubt = ""
    for case in cases:
        for at, path in enumerate(case.paths):
            if path.result == _UNMET or path.result == ():
                continue
            name = f"{theorem.id}-breaks-{at}"
            answer = queries.ask(name, case.assumed, path.guard)
            if answer.verdict == "sat":
                return _refuted(theorem, cases, queries, (case, path, answer.model))
            if answer.verdict == "unknown" and not doubt:
                doubt = (
                    "the solver could not say in time whether the claim is broken where"
                    f" {z3.simplify(path.guard)}".replace("\n", " ")[:400]
                )
    if doubt:
        return Proof(theorem.id, "inconclusive", doubt)
    for case in cases:
        left = queries.ask(f"{theorem.id}-covers", uncovered(case.assumed, case.paths))
        if left.verdict != "unsat":
            return Proof(
                theorem.id,
                "inconclusive",
                "it could not be shown that the paths cover all numbers",
            )
    witness, sure = _witness(theorem, cases, queries)
    if witness is None:
        because = "no numbers meet all hypotheses: nothing is claimed"
        if not sure:
            because = "the solver could not say in time whether any numbers meet all hypotheses"
        return Proof(theorem.id, "inconclusive", because)
    for case in cases:
        _taken_again(theorem, case, queries)
    return Proof(
        theorem.id,
        "proved",
        "no path on which the claim is broken can be taken, and the paths cover all numbers",
        witness=tuple(witness.items()),
    )


def _witness(
    theorem: Theorem, cases: list[_Case], queries: Queries
) -> tuple[dict[str, Any] | None, bool]:
    """
    Values that meet all hypotheses, asked again of the functions themselves.

    Where there are none, whether that is sure.
    """
    sure = True
    for case in cases:
        for path in case.paths:
            if path.result != ():
                continue
            found, exact = _smallest(case, path, queries, None)
            if found is not None and _concretely(theorem, found[1], found[2]) == ():
                return found[1], True
            sure = sure and exact
    return None, sure


def _taken_again(theorem: Theorem, case: _Case, queries: Queries) -> None:
    """
    Have the functions themselves take paths, with numbers of each, some hundred at most.

    Raises AssertionError where they say something else than the path does.
    """
    for path in case.paths[:: len(case.paths) // _TAKEN_AGAIN + 1]:
        answer = queries.ask(f"{theorem.id}-takes", case.assumed, path.guard)
        if answer.verdict != "sat":
            continue
        values, answers = case.values(answer.model), _answers(path, answer.model)
        said = _concretely(theorem, values, answers)
        if (said is None) != (path.result == _UNMET) or (said == ()) != (path.result == ()):
            raise AssertionError(
                f"{theorem.id}: the rules say {said} of {values}, and their path {path.result}"
            )


def _answers(path: Path, model: Any) -> tuple[int, ...]:
    return tuple(model.eval(it, model_completion=True).as_long() for it, _, _ in path.choices)


class _Told:
    """Answers choices as a model did."""

    def __init__(self, answers: tuple[int, ...]) -> None:
        self._left = list(answers)

    def choose(self, low: int, high: int) -> int:
        answer = self._left.pop(0) if self._left else low
        if type(low) is not int or type(high) is not int or not low <= answer <= high:
            raise RuleError(f"choose({low}, {high}) cannot be answered with {answer}")
        return answer


def _concretely(theorem: Theorem, values: Mapping[str, Any], answers: tuple[int, ...]) -> Any:
    """What the claim says of numbers, with no symbol involved; what it raises is a text."""
    try:
        with deciding(_Told(answers)):
            return broken(theorem, values)
    except (Exception, SystemExit, GeneratorExit) as error:
        return (str(Raised(error)),)


def _refuted(
    theorem: Theorem, cases: list[_Case], queries: Queries, first: tuple[_Case, Path, Any]
) -> Proof:
    """
    The counterexample with the smallest sum of numbers, shown by the functions themselves.

    Where the solver finds none in time it is the `first` that it found, as its model has it.
    """
    best: tuple[int, dict[str, Any], tuple[int, ...]] | None = None
    least = True
    for case in cases:
        for path in case.paths:
            if path.result == _UNMET or path.result == ():
                continue
            found, exact = _smallest(case, path, queries, None if best is None else best[0])
            least = least and exact
            if found is not None and (best is None or found[0] < best[0]):
                best = found
    if best is None:
        case, path, model = first
        best = (0, case.values(model), _answers(path, model))
    _, values, answers = best
    shown = _concretely(theorem, values, answers)
    if not shown:
        raise AssertionError(
            f"theorem {theorem.id}: the solver's counterexample {values} is none when it is run"
        )
    return Proof(
        theorem.id,
        "violated",
        shown[0],
        values=tuple((name, values[name]) for name, _ in theorem.ranges),
        choices=answers,
        least=least,
    )


def _smallest(
    case: _Case, path: Path, queries: Queries, below: int | None
) -> tuple[tuple[int, dict[str, Any], tuple[int, ...]] | None, bool]:
    """
    The smallest numbers that take a path, if their sum is below `below`; whether none is smaller.

    Of those with the same sum it is the first in order, so that it does not depend on the solver.
    """
    sizes = [z3.If(term < 0, -term, term) for term in case.variables.values()]
    tried = sum(abs(each) for each in case.fixed.values() if type(each) is int)
    size = z3.Sum([*sizes, z3.IntVal(tried)])
    terms = [*case.assumed, path.guard]
    model, exact = _least(terms if below is None else [*terms, size < below], size, queries)
    if model is None:
        return None, exact
    best = model.eval(size, model_completion=True).as_long()
    terms.append(size == best)
    for each in (*sizes, *case.variables.values(), *(it for it, _, _ in path.choices)):
        found, surely = _least(terms, each, queries)
        if found is None or not surely:
            break
        model = found
        terms.append(each == model.eval(each, model_completion=True))
    return (best, case.values(model), _answers(path, model)), exact


def _least(terms: list[Any], size: Any, queries: Queries) -> tuple[Any, bool]:
    """A model in which a number is least, None where there is none; whether that is sure."""
    answer = queries.ask("smallest", terms)
    if answer.verdict != "sat":
        return None, answer.verdict == "unsat"
    return smallest(size, answer.model, lambda more: queries.ask("smallest", terms, more))
