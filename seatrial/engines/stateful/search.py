"""The face of the Hypothesis engine: `hypothesize`."""

import gc
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import attrs
import hypothesis
from hypothesis import HealthCheck, Phase, Verbosity

from seatrial.core import (
    DeclarationError,
    Exploration,
    Ground,
    Property,
    Report,
    Sampling,
    SeatrialError,
    System,
    Trace,
    ground,
    interruptible,
    replay,
)

from .answers import Answers
from .examples import Examples
from .limits import Ended, Limits, check_options
from .runs import Found, Runner, Start
from .schedule import MOST_STEPS, Schedule, schedules
from .shorten import follow, shortened
from .verdicts import verdict_on

__all__ = ["Pulse", "hypothesize"]

Pulse = Callable[[int, int, int, int, int], None]

RUNS, STEPS = 1_000, 200
"""How many runs of how many steps, if nothing else is asked for."""

ROUND = 500
"""So many runs Hypothesis makes at most before it starts anew, with another seed."""

STATE_BYTES = 80
"""What the hash of a state holds in the set of all that were met."""


def hypothesize(
    system: System,
    properties: Iterable[Property] = (),
    *,
    runs: int = RUNS,
    steps: int = STEPS,
    seed: int = 0,
    time_limit: float | None = None,
    memory_limit: int | None = None,
    first: bool = False,
    swarm: bool = True,
    target: bool = True,
    novelty: bool = True,
    starts: Sequence[Trace] = (),
    database: Any = None,
    progress: Pulse | None = None,
) -> Report:
    """
    Take random runs of `system`, and check `properties` in each of their states and steps.

    Hypothesis draws `runs` whole schedules of at most `steps` steps, from `seed`. What breaks a
    property is made shorter and is a run of the system like any other; that nothing breaks it is
    `inconclusive`, whatever the number of runs. Some runs begin where the traces `starts` end.
    With a Hypothesis `database`, the violations of earlier calls are tried first, and new ones kept
    there. Limits are seconds, and bytes of the engine's own tables; Ctrl-C ends it in good order.
    `first` ends it at the first violation of a property that is expected to hold. `swarm`,
    `target` and `novelty` switch off what favours some actions in a run, what steers towards
    violations, and that runs go on from new states that others came to.
    `progress(runs, states, steps, runs to go, bytes)` is called now and then.

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
    >>> verdict = hypothesize(counter, [below_three]).verdict("below-three")
    >>> verdict.status, verdict.because, verdict.trace.length
    ('violated', 'the count is 3', 3)
    """
    check_options(
        ("runs", runs, 1, None),
        ("steps", steps, 1, MOST_STEPS),
        ("seed", seed, 0, None),
        ("time_limit", time_limit, 0, None),
        ("memory_limit", memory_limit, 0, None),
    )
    properties = tuple(properties)
    for each in properties:
        if not isinstance(each, Property):
            raise DeclarationError(
                f"{each!r} is not a property; declare it with @always or another"
            )
    with interruptible() as stopped, _patient_collector():
        search = _Search(
            answers=Answers(ground(system), properties),
            asked=Sampling(0, steps, seed, runs, swarm=swarm, target=target, novelty=novelty),
            limits=Limits(time_limit, memory_limit, stopped, time.monotonic()),
            first=first,
            progress=progress,
            examples=None if database is None else Examples(database, system),
        )
        search.begin(starts)
        return search.report(search.all())


@contextmanager
def _patient_collector() -> Iterator[None]:
    """Rarer rounds of the garbage collector: millions of tuples live on, and hold no cycles."""
    before = gc.get_threshold()
    if gc.isenabled():
        gc.set_threshold(200_000, 50, 1_000)
    try:
        yield
    finally:
        gc.set_threshold(*before)


class _Known(BaseException):
    """A rule is settled, and nothing more is wanted of this round."""


class _Search:
    """Rounds of runs; what is settled in one is shortened and left out of the next."""

    def __init__(
        self,
        *,
        answers: Answers,
        asked: Sampling,
        limits: Limits,
        first: bool,
        progress: Pulse | None,
        examples: Examples | None,
    ) -> None:
        self.answers = answers
        self.asked = asked
        self.limits = limits
        self.first = first
        self.progress = progress
        self.examples = examples
        self.found: dict[int, Found] = {}
        self.tried = 0
        self.runner: Runner

    # -- before ----------------------------------------------------------------------------------

    def begin(self, starts: Sequence[Trace]) -> None:
        """Work out the states that runs begin in."""
        answers = self.answers
        states = [Start(each, (), each, answers.state(each)) for each in answers.system.initial]
        known = {each.state for each in states}
        for trace in starts:
            end = replay(answers.system, trace)[-1]
            origin = tuple(value for _, value in trace.initial)
            one = Start(
                _in_order(answers.system, trace, origin), trace.steps, end, answers.state(end)
            )
            if one.state not in known:
                known.add(one.state)
                states.append(one)
        self.runner = Runner(
            answers,
            states,
            swarm=self.asked.swarm,
            target=self.asked.target,
            novelty=self.asked.novelty,
            steps=self.asked.steps,
            seed=self.asked.seed,
            check=self._check,
        )

    @property
    def held(self) -> int:
        """Bytes held, roughly."""
        return self.answers.held + STATE_BYTES * len(self.runner.counts.states)

    def _check(self) -> None:
        self.limits.check(self.held)
        if self.progress is not None:
            counts = self.runner.counts
            left = max(0, self.asked.asked - counts.runs)
            self.progress(counts.runs, len(counts.states), counts.steps, left, self.held)

    # -- rounds ----------------------------------------------------------------------------------

    def all(self) -> str:
        """Take all runs; what ended it."""
        try:
            self._try_examples()
            number = 0
            while self.runner.counts.runs < self.asked.asked:
                before = self.runner.counts.runs
                self._round(min(ROUND, self.asked.asked - before), self.asked.seed + 7919 * number)
                number += 1
                if self.first and self._broken():
                    return "first"
                if not self._open():
                    return "settled"
        except Ended as ended:
            return str(ended)
        return "runs"

    def _open(self) -> bool:
        """Whether any rule could still be settled, or bettered."""
        rules = self.answers.rules
        return not rules or any(
            n not in self.found or each.bound is not None for n, each in enumerate(rules)
        )

    def _broken(self) -> bool:
        rules = [self.answers.rules[each].property for each in self.found]
        return any(each.kind != "sometimes" and each.expected == "holds" for each in rules)

    def _round(self, runs: int, seed: int) -> None:
        runner = self.runner
        settled: list[Found] = []
        wrong: list[SeatrialError] = []

        def one(schedule: Schedule) -> None:
            try:
                found = runner.run(schedule)
            except SeatrialError as error:
                wrong.append(error)
                raise _Known from error
            if found:
                settled.extend(found)
                raise _Known
            if self.asked.target:
                self._steer()

        steered = self.asked.target and any(
            each.bound is not None and n not in self.found
            for n, each in enumerate(self.answers.rules)
        )
        phases = [Phase.generate, *([Phase.target] if steered else [])]
        others = sum(bool(each.prefix) for each in runner.starts)
        strategy = schedules(
            len(runner.starts), self.asked.steps, others=others, rests=runner.rests
        )
        test = hypothesis.given(strategy)(one)
        test = hypothesis.settings(
            max_examples=runs,
            phases=phases,
            database=None,
            deadline=None,
            derandomize=False,
            backend="hypothesis",
            print_blob=False,
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
            verbosity=Verbosity.quiet,
        )(test)
        try:
            hypothesis.seed(seed)(test)()
        except _Known:
            if wrong:
                raise wrong[0] from wrong[0].__cause__
            self._settle(settled)

    def _steer(self) -> None:
        """Tell Hypothesis how far from a bound a run stayed."""
        for rule, slack in self.runner.watch.slack.items():
            if rule not in self.found and slack < 1 << 40:
                hypothesis.target(float(-slack), label=self.answers.rules[rule].name)

    def _settle(self, settled: Iterable[Found]) -> None:
        """Keep what was found, shortened, and say no more of these rules."""
        for each in settled:
            self.found.setdefault(each.rule, each)
        try:
            for each in settled:
                if self.found[each.rule] is each:
                    self.found[each.rule] = shortened(self.runner, each, self._check)
                    if self.examples is not None:
                        self.examples.keep(self.answers, self.found[each.rule])
        finally:
            self.runner.watch.close(self.found)

    def _try_examples(self) -> None:
        if self.examples is None:
            return
        for start, wanted in self.examples.known(self.answers, self.runner.starts):
            self.tried += 1
            settled: list[int] = []

            def done(rules: Sequence[int], into: list[int] = settled) -> bool:
                into[:] = rules
                return bool(rules)

            moves = follow(self.runner, start, wanted, done)
            if moves is not None:
                self._settle([Found(each, start, tuple(moves)) for each in settled])

    # -- after -----------------------------------------------------------------------------------

    def report(self, capped: str) -> Report:
        """What is to be said, once it has ended."""
        self.answers.audit()
        system = self.answers.system.system
        counts = self.runner.counts
        seconds = time.monotonic() - self.limits.began
        verdicts = tuple(
            verdict_on(each, self.runner, self.found) for each in self.answers.properties
        )
        fairness = sorted({action.fair for action in system.actions} - {"none"})
        unfair = [action.name for action in system.actions if action.fair == "none"]
        return Report(
            system=system.name,
            parameters=tuple((each.name, each.value) for each in system.parameters),
            assumptions=(
                ("system", list(system.assumptions)),
                ("fairness", " and ".join(fairness) or "none"),
                ("users and faults", unfair),
                ("reductions", []),
            ),
            exploration=Exploration(
                engine="hypothesis",
                complete=False,
                states=len(counts.states),
                transitions=counts.steps,
                depth=counts.depth,
                seconds=seconds,
                capped=capped,
                deadlocks=counts.deadlocks,
                evaluations=tuple(self.answers.evaluations.items()),
                values=self.answers.sizes,
                actions_never_fired=tuple(name for name, count in self._fired() if not count),
                bytes_held=self.held,
                sampling=attrs.evolve(
                    self.asked,
                    runs=counts.runs,
                    taken=counts.steps,
                    states=len(counts.states),
                    depth=counts.depth,
                    seconds=seconds,
                    capped=capped,
                    starts=sum(bool(each.prefix) for each in self.runner.starts),
                    examples=self.tried,
                    fired=tuple(self._fired()),
                ),
            ),
            verdicts=verdicts,
        )

    def _fired(self) -> Iterator[tuple[str, int]]:
        """How often each action was taken."""
        return zip(
            (action.name for action in self.answers.system.actions),
            self.runner.counts.fired,
            strict=True,
        )


def _in_order(system: Ground, trace: Trace, values: Sequence[Any]) -> tuple[Any, ...]:
    """An initial assignment in the order of the slots."""
    given = dict(zip((name for name, _ in trace.initial), values, strict=True))
    return tuple(given[slot.name] for slot in system.slots)
