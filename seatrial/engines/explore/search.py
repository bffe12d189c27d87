"""The face of the explicit engine: `explore`."""

import os
import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import islice, permutations, product
from math import factorial, prod
from typing import Any, Literal, get_args

import attrs

from seatrial.core import (
    DeclarationError,
    Exploration,
    Property,
    Report,
    System,
    Trace,
    Verdict,
    ground,
    interruptible,
)

from .clock import now
from .judge import judge
from .plain import GIVEN_UP, GiveUp, Pulse, Space
from .plain import search as search_plainly
from .reduce import Ample, Symmetry, Unreducible
from .result import FAIR, Capped, Limits, Reached
from .runs import Runs
from .tables import Tables

__all__ = ["Kernel", "explore"]

Kernel = Literal["auto", "plain", "compiled"]

PLAIN_STATES = 20_000
"""Where more states are found than this, the plain loop gives way to the kernel."""

PLAIN_EXPANDED = 50_000
"""Likewise where more are expanded, with those in the midst of steps: a count, and no seconds."""

MOST_THREADS = 64

_PERMUTED = 500
"""So many permutations of states are asked, in all, whether a claim of symmetry is true."""


def explore(
    system: System,
    properties: Iterable[Property] = (),
    *,
    max_states: int | None = None,
    max_depth: int | None = None,
    time_limit: float | None = None,
    memory_limit: int | None = None,
    first: bool = False,
    symmetry: bool = False,
    partial_order: bool = False,
    threads: int | None = None,
    kernel: Kernel = "auto",
    deepest: int = 0,
    progress: Pulse | None = None,
) -> Report:
    """
    Visit every reachable state of `system`, breadth-first, and check `properties`.

    Limits are numbers of states and steps, seconds, and bytes of the engine's own tables; a search
    that meets one is not complete, and then nothing is said to hold. `first` ends it after the
    level of the first violation. `symmetry` and `partial_order` switch reductions on; where one
    cannot be used, the report says why. Of a search that is not complete the report has runs to at
    most `deepest` of the states that were found last. Ctrl-C ends the search in good order.
    `progress(depth, states, transitions, frontier, bytes)` is called now and then.

    Raises DeclarationError, RuleError and PropertyError as the parts of the system do.

    >>> from seatrial.core import Parameter, Variable, action, always, outcome
    >>> @action(writes="count")
    ... def step(count, limit):
    ...     if count < limit:
    ...         yield outcome("step", count=count + 1)
    >>> @always(says="the count stays below three", source="the counter's manual")
    ... def below_three(count):
    ...     if count >= 3:
    ...         yield f"the count is {count}"
    >>> counter = System(
    ...     name="counter",
    ...     variables=[Variable("count")],
    ...     parameters=[Parameter("limit", 5)],
    ...     actions=[step],
    ...     initial=[{"count": 0}],
    ... )
    >>> verdict = explore(counter, [below_three]).verdict("below-three")
    >>> verdict.status, verdict.because, verdict.trace.length
    ('violated', 'the count is 3', 3)
    """
    began = now()
    properties = tuple(properties)
    _check_options(
        properties,
        kernel,
        (
            ("max_states", max_states, 1),
            ("max_depth", max_depth, 0),
            ("time_limit", time_limit, 0),
            ("memory_limit", memory_limit, 0),
            ("threads", threads, 1),
            ("deepest", deepest, 0),
        ),
    )
    tables = Tables(ground(system), properties)
    limits = Limits(max_states, max_depth, time_limit, memory_limit, first)
    asked_for = _Reductions(tables, symmetry=symmetry, partial_order=partial_order)
    space = Space(tables, asked_for.symmetry)
    with interruptible() as stopped:
        cores = min(threads or os.cpu_count() or 1, MOST_THREADS)
        run = _Run(space, asked_for.ample, cores, kernel, stopped, progress)
        reached = run.search(limits)
        tables.audit()
        if asked_for.symmetry is not None:
            _audit_symmetry(space, reached)
        shortest = asked_for.ample is None
        deadline = None if time_limit is None else began + time_limit

        def check(more: int) -> None:
            if stopped():
                raise Capped("interrupted")
            if deadline is not None and now() > deadline:
                raise Capped("time-limit")
            if memory_limit is not None and reached.bytes_held + more > memory_limit:
                raise Capped("memory-limit")

        runs = Runs(space, reached.graph)
        verdicts = judge(tables, reached, runs, shortest=shortest, check=check)
        if not shortest:
            again = partial(
                explore,
                system,
                max_states=max_states,
                memory_limit=memory_limit,
                kernel=kernel,
                threads=threads,
            )
            verdicts = tuple(_shortened(verdict, again, deadline) for verdict in verdicts)
        beyond = _deepest(reached, runs, deepest, stopped)
    close = getattr(reached.graph, "close", None)
    if close is not None:
        close()
    return Report(
        system=system.name,
        parameters=tuple((each.name, each.value) for each in system.parameters),
        assumptions=_assumptions(system, asked_for),
        exploration=_exploration(tables, reached, asked_for),
        verdicts=verdicts,
        deepest=beyond,
    )


def _deepest(
    reached: Reached, runs: Runs, count: int, stopped: Callable[[], bool]
) -> tuple[Trace, ...]:
    """Runs to states of the last two levels, spread evenly, where the search did not end there."""
    if reached.complete or not count:
        return ()
    states = len(reached.graph)
    first = states - sum(reached.levels[-2:])
    chosen = range(max(0, first), states, max(1, (states - first) // count))
    found = []
    for number in chosen[-count:]:
        if stopped():
            break
        start, steps, _ = runs.to(number)
        found.append(runs.trace(start, steps))
    return tuple(found)


def _check_options(
    properties: Sequence[object], kernel: str, numbers: Sequence[tuple[str, object, int]]
) -> None:
    for each in properties:
        if not isinstance(each, Property):
            raise DeclarationError(
                f"{each!r} is not a property; declare it with @always or another"
            )
    if kernel not in get_args(Kernel):
        known = ", ".join(map(repr, get_args(Kernel)))
        raise DeclarationError(f"kernel={kernel!r} is none of {known}")
    for name, value, least in numbers:
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, (int, float)) or value < least:
            raise DeclarationError(f"{name}={value!r} is no limit; give a number from {least} on")


@attrs.frozen
class _Run:
    """How to search: the plain loop first, the kernel where that is not enough."""

    space: Space
    ample: Ample | None
    threads: int
    kernel: Kernel
    stopped: Callable[[], bool]
    pulse: Pulse | None

    def search(self, limits: Limits) -> Reached:
        began = now()
        spent = 0.0
        so_far: Reached | None = None
        if self.kernel != "compiled":
            give_up = GiveUp(PLAIN_STATES, PLAIN_EXPANDED) if self.kernel == "auto" else None
            reached = search_plainly(
                self.space,
                limits,
                ample=self.ample,
                give_up=give_up,
                stopped=self.stopped,
                pulse=self.pulse,
            )
            if reached.capped != GIVEN_UP:
                return reached
            so_far = reached
            for name in [each for each in self.space.tables.evaluations if each[:8] == "property"]:
                del self.space.tables.evaluations[name]  # the kernel asks them anew
            spent = now() - began
        # Heavy, and not needed before: numba.
        from .compiled import search as search_compiled

        left = None if limits.seconds is None else max(0.0, limits.seconds - spent)
        reached = search_compiled(
            self.space,
            attrs.evolve(limits, seconds=left),
            ample=self.ample,
            threads=self.threads,
            stopped=self.stopped,
            pulse=self.pulse,
        )
        reached = attrs.evolve(reached, seconds=reached.seconds + spent)
        if so_far is not None and not reached.complete and len(reached.graph) < len(so_far.graph):
            # The kernel was stopped before it came as far as the plain loop had.
            return attrs.evolve(so_far, capped=reached.capped, seconds=reached.seconds)
        return reached


class _Reductions:
    """Which reductions were asked for, which are used, and why the others are not."""

    def __init__(self, tables: Tables, *, symmetry: bool, partial_order: bool) -> None:
        self.symmetry: Symmetry | None = None
        self.ample: Ample | None = None
        self.notes: list[str] = []
        kinds = {each.property.kind for each in (a.rule for a in tables.asked)}
        fair = [each for each in FAIR if each in kinds]
        steps = "after each step" in kinds
        if symmetry:
            try:
                if fair or steps:
                    why = fair[0] if fair else "after each step"
                    raise Unreducible(f"a property of kind {why!r} is asked")
                self.symmetry = Symmetry(tables)
                self.notes.append("symmetry")
            except Unreducible as reason:
                self.notes.append(f"symmetry is off: {reason}")
        if partial_order:
            if fair or steps:
                why = fair[0] if fair else "after each step"
                self.notes.append(f"partial order is off: a property of kind {why!r} is asked")
            elif self.symmetry is not None:
                self.notes.append("partial order is off: symmetry is on")
            else:
                self.ample = Ample(tables)
                self.notes.append("partial order")


def _shortened(verdict: Verdict, again: Callable[..., Report], deadline: float | None) -> Verdict:
    """
    Search again without partial order, as deep as the traces, before calling them shortest.

    Where a limit ends that search the traces stay as they are, and are not called so.
    """
    trace = verdict.trace
    if trace is None:
        return verdict
    depth = max(each.length for each in (trace, verdict.witness) if each is not None)
    left = None if deadline is None else max(0.0, deadline - now())
    report = again(properties=[verdict.property], max_depth=depth, time_limit=left)
    found = report.verdicts[0]
    cut = not report.exploration.complete and report.exploration.capped != "max-depth"
    if cut or found.trace is None or found.extreme != verdict.extreme:
        return verdict
    if verdict.witness is None or found.witness is None:
        return attrs.evolve(verdict, trace=found.trace, because=found.because or verdict.because)
    # What is said of an extreme is said of all states, and this search has not seen all.
    witness = attrs.evolve(found.witness, because=verdict.witness.because)
    return attrs.evolve(verdict, trace=found.trace, witness=witness)


def _audit_symmetry(space: Space, reached: Reached) -> None:
    """
    Permute the members in a sample of states and ask again: the steps must be the same ones.

    Raises DeclarationError where they are not: then some rule or property tells members apart.
    """
    symmetry = space.symmetry
    assert symmetry is not None
    dice = random.Random(0)
    graph, tables = reached.graph, space.tables
    plain = Space(tables, symmetry)
    count = len(graph)
    sample = range(0, count, max(1, count // 100))
    for number in sample:
        state = graph.state(number)
        one = Counter((_name(tables, by), end) for by, end in plain.moves(state))
        said = {each.id: _answers(plain, each, state) for each in tables.properties}
        for orders in _orders(symmetry, max(1, _PERMUTED // len(sample)), dice):
            twin = symmetry.permuted(state, orders)
            other = Counter((_name(tables, by), end) for by, end in plain.moves(twin))
            for name, _ in (one - other) + (other - one):
                raise DeclarationError(
                    f"action {name} tells the members of a symmetric index apart; drop"
                    " symmetric=True or the distinction"
                )
            for each in tables.properties:
                if said[each.id] != _answers(plain, each, twin):
                    raise DeclarationError(
                        f"property {each.id} tells the members of a symmetric index"
                        " apart; drop symmetric=True or the distinction"
                    )


def _orders(
    symmetry: Symmetry, most: int, dice: random.Random
) -> Iterator[Sequence[Sequence[int]]]:
    """Other orders of the members of all symmetric indices: each once, or `most` at random."""
    places = [range(len(each)) for each in symmetry.slices]
    if prod(factorial(len(each)) for each in places) <= most + 1:
        yield from islice(product(*map(permutations, places)), 1, None)
        return
    for _ in range(most):
        yield [dice.sample(each, len(each)) for each in places]


def _name(tables: Tables, number: int) -> str:
    return tables.system.actions[number].action.name


def _answers(space: Space, property: Property, state: tuple[int, ...]) -> Any:
    """What all members of a property say of a state, in no order."""
    cells = space.cells(state)
    said = []
    for asked in space.tables.asked:
        if asked.rule.property is property and property.function is not None:
            found = space.tables.ask(asked, [cells[cell] for cell in asked.rule.reads])
            said.append((found.met, bool(found.violations), found.value))
    return Counter(said)


def _assumptions(system: System, reductions: _Reductions) -> tuple[tuple[str, Any], ...]:
    fairness = sorted({action.fair for action in system.actions} - {"none"})
    unfair = [action.name for action in system.actions if action.fair == "none"]
    return (
        ("system", list(system.assumptions)),
        ("fairness", " and ".join(fairness) or "none"),
        ("users and faults", unfair),
        ("reductions", list(reductions.notes)),
    )


def _exploration(tables: Tables, reached: Reached, reductions: _Reductions) -> Exploration:
    actions = tables.system.actions
    states = max(1, len(reached.graph))
    sizes = {domain.name: len(domain.values) for domain in tables.domains}
    evaluated = tables.evaluated
    never = [action.name for action in actions if action.number not in tables.fired]
    widest = [
        f"{kind} of {name}: {count:,}"
        for kind, counts in (("values", sizes), ("evaluations", evaluated))
        for name, count in counts.items()
        if states >= 1000 and count > states // 100
    ]
    return Exploration(
        engine="explore",
        complete=reached.complete,
        states=len(reached.graph),
        transitions=reached.transitions,
        depth=len(reached.levels) - 1,
        seconds=reached.seconds,
        capped=reached.capped,
        deadlocks=reached.findings.deadlocks,
        evaluations=tuple(evaluated.items()),
        values=tuple(sizes.items()),
        actions_never_fired=tuple(never),
        widest=tuple(widest),
        reductions=tuple(reductions.notes),
        kernel=reached.kernel,
        bytes_held=reached.bytes_held,
        levels=reached.levels,
        notes=reached.notes,
    )
