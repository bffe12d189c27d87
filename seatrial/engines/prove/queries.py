"""Questions to the solver: with a time limit, counted, and written down for scrutiny if asked."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal

import attrs
import z3

from .interrupts import answer_of

__all__ = ["Answer", "Limits", "Queries", "Record", "Statistics", "smallest"]

Verdict = Literal["sat", "unsat", "unknown"]
Record = Callable[[Any, Any, str], None]
"""Told of a question that a run has asked: the solver, what was asked of it, and the answer."""


@attrs.frozen
class Limits:
    """How long one question may take, in milliseconds, and how far runs are unrolled, in steps."""

    query_ms: int = 20_000
    depth: int = 8
    induction: int = 2


@attrs.define
class Statistics:
    """What was asked of the solver, and what it cost."""

    asked: int = 0
    unknown: int = 0
    seconds: float = 0.0
    slowest: str = ""
    slowest_seconds: float = 0.0
    paths: int = 0
    merged: int = 0
    solver: dict[str, float] = attrs.field(factory=dict)


@attrs.frozen
class Answer:
    """What the solver said, and a model where it said `sat`."""

    verdict: Verdict
    model: Any = None


class Queries:
    """
    Asks the solver. `smt2`: the folder that every question is written to, in SMT-LIB.

    An answer is `unknown` where the time is up; it is never taken for another. `pulse` is called
    with each question, and how many there were before.
    """

    def __init__(
        self,
        limits: Limits = Limits(),
        smt2: Path | None = None,
        pulse: Callable[[int], None] = lambda asked: None,
    ) -> None:
        self.limits = limits
        self._pulse = pulse
        self.statistics = Statistics()
        self._smt2 = smt2
        self._number = 0
        if smt2 is not None:
            smt2.mkdir(parents=True, exist_ok=True)

    def ask(self, name: str, terms: Sequence[Any], *assuming: Any) -> Answer:
        """Whether all of these can be true at once."""
        solver = z3.Solver()
        solver.set("timeout", self.limits.query_ms)
        solver.add(*terms, *assuming)
        return self.checked(name, solver)

    def checked(self, name: str, solver: Any, *assuming: Any) -> Answer:
        """Ask a solver that has its terms already. Raises Stopped after Ctrl-C."""
        self._pulse(self.statistics.asked)
        begin = time.perf_counter()
        said = answer_of(solver, *assuming)
        spent = time.perf_counter() - begin
        told = self.statistics
        told.asked += 1
        told.seconds += spent
        if spent >= told.slowest_seconds:
            told.slowest, told.slowest_seconds = name, spent
        verdict: Verdict = "unknown"
        if said == z3.sat:
            verdict = "sat"
        elif said == z3.unsat:
            verdict = "unsat"
        else:
            told.unknown += 1
        self._count(solver)
        self._write(name, solver, assuming, verdict)
        return Answer(verdict, solver.model() if verdict == "sat" else None)

    def recorder(self, name: str) -> Record:
        """What counts the questions of a run, and writes them down where that is asked for."""

        def record(solver: Any, literal: Any, verdict: str) -> None:
            self._pulse(self.statistics.asked)
            self.statistics.asked += 1
            self.statistics.unknown += verdict == "unknown"
            self._write(f"{name}-path", solver, (literal,), verdict)

        return record

    def _count(self, solver: Any) -> None:
        numbers = self.statistics.solver
        for key, value in solver.statistics():
            if key in ("conflicts", "decisions", "propagations", "rlimit count"):
                numbers[key] = numbers.get(key, 0) + value
            elif key in ("max memory", "memory"):
                numbers["max memory"] = max(numbers.get("max memory", 0), value)

    def _write(self, name: str, solver: Any, assuming: Sequence[Any], verdict: str) -> None:
        if self._smt2 is None:
            return
        self._number += 1
        safe = "".join(each if each.isalnum() or each in "-_." else "-" for each in name)
        copy = z3.Solver()
        copy.add(*solver.assertions(), *assuming)
        text = f"; {name}\n; answer: {verdict}\n{copy.to_smt2()}"
        (self._smt2 / f"{self._number:05d}-{safe[:80]}.smt2").write_text(text, encoding="utf-8")


def smallest(size: Any, model: Any, ask: Callable[[Any], Answer]) -> tuple[Any, bool]:
    """
    From a model, one in which a number is least; whether it is sure that it is.

    `ask` asks for a model of which one term more is true. The number may be negative.
    """
    high, low = model.eval(size, model_completion=True).as_long(), None
    step = 1
    while low is None or low < high:
        # Down in steps that double, until nothing is there; then by halves.
        middle = high - step if low is None else (low + high - 1) // 2
        answer = ask(size <= middle)
        if answer.verdict == "unknown":
            return model, False
        if answer.verdict == "unsat":
            low, step = middle + 1, 1
        else:
            model = answer.model
            high, step = model.eval(size, model_completion=True).as_long(), 2 * step
    return model, True
