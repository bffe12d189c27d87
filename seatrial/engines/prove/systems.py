"""Promises of systems, settled for all values of their parameters."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Literal

import attrs
import z3

from seatrial.core import (
    Ground,
    NotSymbolic,
    Property,
    System,
    Trace,
    Whole,
    ground_property,
)

from .bounded import Found, search
from .candidates import pool, small_states
from .fragment import check_fragment
from .induction import (
    Goal,
    Inductive,
    check,
    houdini,
    k_induction,
    needed,
    verified,
)
from .interrupts import stopping
from .machine import Machine, broken_where, machine
from .paths import Raised, Run, uncovered
from .queries import Queries
from .terms import SymBool
from .words import sentence

__all__ = ["PROVABLE", "SystemProof", "prove_system"]

Status = Literal["proved", "violated", "inconclusive"]
PROVABLE = ("always", "after each step", "at least", "at most")


@attrs.frozen
class SystemProof:
    """
    What came out for one promise of a system.

    `invariant` is in words, one sentence each; `written` counts those that were written by hand.
    `stuck` is a counterexample to induction in words: a state that no lemma excludes, and a step
    from it; it need not be reachable. `cleared` says how many steps from the start were searched.
    """

    property: Property
    status: Status
    because: str
    method: str = ""
    invariant: tuple[str, ...] = ()
    written: int = 0
    stuck: tuple[str, ...] = ()
    cleared: int = 0
    trace: Trace | None = None
    parameters: tuple[tuple[str, int], ...] = ()
    least: bool = False
    vacuous: bool = False
    seconds: float = 0.0


@attrs.frozen(eq=False)
class SystemProofs:
    """All promises of a system, and what it took to turn the system into formulas."""

    proofs: tuple[SystemProof, ...]
    machine: Machine | None
    candidates: int = 0
    inductive: int = 0
    seconds: float = 0.0


def prove_system(
    build: Callable[[Mapping[str, Any]], System],
    ranges: Mapping[str, Whole],
    properties: Sequence[Property],
    queries: Queries,
    lemmas: Sequence[Property] = (),
) -> SystemProofs:
    """
    Settle promises for all values of the parameters in `ranges`.

    `lemmas` are invariants written by hand: they are candidates like any other, and trusted no
    more. Where it is stopped (see `interrupts.py`), what is settled by then is kept. Raises
    DeclarationError as `build` does.
    """
    begin = time.perf_counter()
    found, because = SystemProofs((), None), ""
    try:
        with stopping():
            for each in _growing(build, ranges, properties, queries, lemmas):
                found = each
    except KeyboardInterrupt as error:
        because = str(error)
    left = properties[len(found.proofs) :]
    return attrs.evolve(
        found,
        proofs=(*found.proofs, *_all_open(left, because)),
        seconds=time.perf_counter() - begin,
    )


def _all_open(properties: Sequence[Property], because: str) -> tuple[SystemProof, ...]:
    return tuple(SystemProof(each, "inconclusive", because) for each in properties)


def _growing(
    build: Callable[[Mapping[str, Any]], System],
    ranges: Mapping[str, Whole],
    properties: Sequence[Property],
    queries: Queries,
    lemmas: Sequence[Property],
) -> Iterator[SystemProofs]:
    """What is settled so far: once the system is formulas, and after each promise."""
    try:
        made = machine(build, ranges, queries.recorder)
        if any(each.action.committed for each in made.system.actions):
            raise NotSymbolic("it has committed actions, whose states in between are not treated")
        _check_covered(made, queries)
        asked = [_asked(made, each) for each in properties]
        written = [(each, _asked(made, each)) for each in lemmas]
        states = list(small_states(made, ranges))
    except NotSymbolic as error:
        yield SystemProofs(_all_open(properties, f"outside of the fragment: {error}"), None)
        return
    start = queries.ask("start", [*made.assumed, *made.typed, made.initial])
    if start.verdict != "sat" or not states:
        because = "no values of the parameters were found with which the system starts"
        yield SystemProofs(_all_open(properties, because), made)
        return
    candidates = pool(made, states)
    terms: list[Any] = [each.term() for each in candidates]
    own = [_invariant_of(goal) for _, goal in written]
    own += [_invariant_of(goal) for goal in asked if isinstance(goal, Goal)]
    names = {each.get_id() for each in own[: len(written)] if each is not None}
    terms += [each for each in own if each is not None]
    inductive = houdini(made, terms, queries)
    queries.statistics.paths += made.paths + made.helpers.paths
    queries.statistics.merged += len(made.transitions) + made.helpers.terms
    found = SystemProofs((), made, len(terms), len(inductive))
    yield found
    for each, goal in zip(properties, asked, strict=True):
        started = time.perf_counter()
        if isinstance(goal, str):
            proof = SystemProof(each, "inconclusive", goal)
        else:
            proof = _settled(made, each, goal, inductive, names, queries)
        proof = attrs.evolve(proof, seconds=time.perf_counter() - started)
        found = attrs.evolve(found, proofs=(*found.proofs, proof))
        yield found


def _check_covered(made: Machine, queries: Queries) -> None:
    """Raise NotSymbolic unless it is shown that the paths of every action leave nothing out."""
    for each in made.summaries:
        terms = uncovered(each.assumed, each.paths)
        if queries.ask(f"covers-{each.action.name}", terms).verdict != "unsat":
            raise NotSymbolic(
                f"{each.action.name}: it could not be shown that its paths cover all states"
            )


def _asked(made: Machine, each: Property) -> Goal | str:
    """What a property forbids, or why that cannot be said."""
    if each.kind not in PROVABLE:
        return (
            f"a promise of kind {each.kind!r} is not treated: it is about whole runs, or about"
            " what is reached; explore decides it at fixed sizes"
        )
    try:
        check_fragment(*filter(callable, (each.function, each.premise, each.bound)))
    except NotSymbolic as error:
        return f"outside of the fragment: {error}"
    run = Run(made.assumed)
    paths = run.explore(lambda: ground_property(made.system, each))
    if len(paths) != 1 or isinstance(paths[0].result, Raised):
        return f"its bound is not one term: {paths[0].result}"
    if paths[0].choices or any(type(one.bound) is SymBool for one in paths[0].result):
        return "its bound chooses, or is no integer"
    by_action: dict[str, Any] = {}
    forbidden = []
    try:
        for one in paths[0].result:
            if each.kind != "after each step":
                forbidden.append(broken_where(made, one))
                continue
            for action in {rule.action.name: None for rule in made.system.actions}:
                found = broken_where(made, one, action)
                by_action[action] = (
                    z3.Or(by_action[action], found) if action in by_action else found
                )
    except NotSymbolic as error:
        return f"outside of the fragment: {error}"
    return Goal(z3.simplify(z3.Or(*forbidden)) if forbidden else None, by_action)


def _invariant_of(goal: Goal | str) -> Any:
    if isinstance(goal, str) or goal.forbidden is None:
        return None
    return z3.simplify(z3.Not(goal.forbidden))


def _settled(
    made: Machine,
    asked: Property,
    goal: Goal,
    inductive: Sequence[Any],
    written: set[int],
    queries: Queries,
) -> SystemProof:
    tried = check(made, inductive, goal, queries, "induction")
    if tried.outcome == "proved":
        return _proved(made, asked, goal, tried, written, queries)
    found = search(made, asked, goal, queries.limits.depth, queries)
    if found.trace is not None:
        return _violated(asked, found)
    if tried.outcome == "not inductive" and found.cleared >= queries.limits.induction:
        deeper = k_induction(made, inductive, goal, queries.limits.induction, queries)
        if deeper.outcome == "proved":
            return SystemProof(
                asked,
                "proved",
                f"{deeper.method}, with {len(inductive)} invariants",
                method=deeper.method,
                invariant=tuple(map(sentence, inductive)),
                written=sum(each.get_id() in written for each in inductive),
                cleared=found.cleared,
                vacuous=not _reached(made, asked, queries),
            )
    return _open(made, asked, tried, found)


def _proved(
    made: Machine,
    asked: Property,
    goal: Goal,
    tried: Inductive,
    written: set[int],
    queries: Queries,
) -> SystemProof:
    small = needed(made, tried.invariant, goal, queries)
    if not verified(made, small, goal, queries):
        small = list(tried.invariant)
        if not verified(made, small, goal, queries):
            return SystemProof(
                asked, "inconclusive", "an invariant was found, but could not be verified by itself"
            )
    return SystemProof(
        asked,
        "proved",
        "true at the start, and kept by every step, for all values of the parameters",
        method="induction",
        invariant=tuple(map(sentence, small)),
        written=sum(each.get_id() in written for each in small),
        vacuous=not _reached(made, asked, queries),
    )


def _reached(made: Machine, asked: Property, queries: Queries) -> bool:
    """Whether some run of few steps meets the premise of a promise."""
    if asked.premise is None:
        return True
    met = attrs.evolve(asked, kind="always", function=_never, bound=None, premise=asked.premise)
    goal = _asked(made, met)
    if isinstance(goal, str):
        return True
    return search(made, met, goal, min(4, queries.limits.depth), queries).trace is not None


def _never() -> tuple[str, ...]:
    return ("the premise is met",)


def _violated(asked: Property, found: Found) -> SystemProof:
    assert found.trace is not None
    return SystemProof(
        asked,
        "violated",
        "; ".join(found.trace.because),
        method="bounded search",
        trace=found.trace,
        parameters=found.parameters,
        least=found.least,
        cleared=found.cleared,
    )


def _open(made: Machine, asked: Property, tried: Inductive, found: Found) -> SystemProof:
    searched = f"no run of {found.cleared} steps breaks it, for any parameters"
    if found.stopped:
        searched += f"; {found.stopped}"
    if tried.broken_by is None:
        return SystemProof(
            asked, "inconclusive", f"{tried.because}; {searched}", cleared=found.cleared
        )
    step, model = tried.broken_by
    values = [
        f"{each.decl().name()} = {model.eval(each, model_completion=True)}"
        for each in (*made.parameters.values(), *made.variables())
    ]
    last = (
        "is itself forbidden"
        if step is None
        else f"from there {step.action.name}: {step.label or step.raised}"
    )
    return SystemProof(
        asked,
        "inconclusive",
        f"no invariant was found that excludes what it forbids; {searched}",
        stuck=(*values, last),
        cleared=found.cleared,
    )


def describe(system: Ground) -> str:
    """The parameters of a system that are not known."""
    return ", ".join(str(each.name) for each in system.system.parameters)
