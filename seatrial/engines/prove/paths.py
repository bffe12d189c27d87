"""Runs: all paths that a function can take when its numbers are not known.

The function is called again for every path, with the decisions of a path so far given (its
*prefix*). At a condition that these do not settle the solver is asked which ways are possible; what
is possible beside the way taken is put aside. A way that the solver cannot refute in time counts as
possible: so no path is ever lost, and that the paths cover everything can be asked afterwards.
"""

import sys
from collections.abc import Callable, Sequence
from typing import Any

import attrs
import z3

from seatrial.core import NotSymbolic, RuleError, deciding

from .interrupts import answer_of, stop_if_interrupted
from .terms import _RUNS, SymInt, is_outside, lifted, place_of_rule
from .watch import Watch

__all__ = ["Path", "Raised", "Run", "covers", "uncovered"]

MOST_PATHS = 20_000
MOST_DECISIONS = 600
_FEASIBILITY = 5_000_000
"""How much work one question about a path may be, in units of the solver: a time would do, too, but
not give the same paths on every machine."""
_FEASIBILITY_MS = 10_000
"""And how long it may take: multiplying out a product of products is no work in these units."""
_MOST_ASKED = 200_000


@attrs.frozen
class Raised:
    """What a rule raised on a path."""

    error: BaseException

    def __str__(self) -> str:
        return f"{type(self.error).__name__}: {self.error}"


@attrs.frozen(eq=False)
class Path:
    """
    One way through: what was decided on it, the choices that it made, and what came out.

    `choices` are variables with the range that each was chosen from; `skipped` says for each how
    many decisions had been made before it.
    """

    decisions: tuple[Any, ...]
    choices: tuple[tuple[Any, Any, Any], ...]
    skipped: tuple[int, ...]
    result: Any

    @property
    def ranges(self) -> list[Any]:
        """That every choice is within its range."""
        return [z3.And(low <= it, it <= high) for it, low, high in self.choices]

    @property
    def guard(self) -> Any:
        """When this way is taken."""
        return z3.And(*self.decisions, *self.ranges)


@attrs.define
class _Walk:
    """The path that is being taken."""

    prefix: tuple[tuple[bool, bool], ...]
    taken: list[tuple[bool, bool]] = attrs.field(factory=list)
    decisions: list[Any] = attrs.field(factory=list)
    known: dict[int, bool] = attrs.field(factory=dict)
    kept: list[Any] = attrs.field(factory=list)
    choices: list[tuple[Any, Any, Any]] = attrs.field(factory=list)
    skipped: list[int] = attrs.field(factory=list)
    model: Any = None
    asked: int = 0


class Run:
    """
    All paths of a function, where `assumptions` are true.

    `helpers` are pure functions that are made terms, see `helpers.py`; `unknown` counts what the
    solver could not say in time, `asked` how often it was asked.
    """

    beginning: Any
    """The code that calls a function: what is below it on the stack is none of the rule's."""

    def __init__(
        self,
        assumptions: Sequence[Any] = (),
        *,
        helpers: Any = None,
        record: Callable[[Any, Any, str], None] | None = None,
        choice_name: str = "choice ",  # no variable of a system has a space in its name
        most_paths: int = MOST_PATHS,
    ) -> None:
        self.assumptions = tuple(assumptions)
        self.asked = 0
        self.unknown = 0
        self.refused: NotSymbolic | None = None
        self.terms: dict[Any, Any] = {}
        """Terms that were made before, see `terms._operator`."""
        self.told_in_label = ""
        """A number that the label of an outcome was made of."""
        self._watch = Watch(self._refuse)
        self._simple: dict[int, tuple[Any, Any]] = {}
        self._helpers = helpers
        self._choice_name = choice_name
        self._most = most_paths
        self._record = record
        self._solver = z3.Solver()
        self._solver.set("rlimit", _FEASIBILITY)
        self._solver.set("timeout", _FEASIBILITY_MS)
        self._solver.add(*self.assumptions)
        self._todo: list[tuple[tuple[bool, bool], ...]] = []
        self._walk = _Walk(())

    # ---- what rules call, without knowing ---------------------------------------------------

    def decide(self, term: Any) -> bool:
        """Whether a condition is true on this path."""
        term = self._simplified(term)
        if term is True or term is False:
            return bool(term)
        walk = self._walk
        known = walk.known.get(term.get_id())
        if known is not None:
            walk.asked += 1
            if walk.asked > _MOST_ASKED:
                raise NotSymbolic(
                    f"{place_of_rule()} asks more than {_MOST_ASKED:,} times for what is decided;"
                    " is there a loop that does not end?"
                )
            return known
        at = len(walk.taken)
        step = walk.prefix[at] if at < len(walk.prefix) else self._fork(term)
        self._take(term, *step)
        if len(walk.taken) == len(walk.prefix):
            self._watch.on()  # what was executed before was so on the path that forked here, too
        return step[0]

    def _refuse(self, error: NotSymbolic) -> None:
        if self.refused is None:
            self.refused = error

    def _simplified(self, term: Any) -> Any:
        """The condition in short, or what it is. Every path asks anew for those before its fork."""
        known = self._simple.get(term.ast.value)
        if known is None:
            short = z3.simplify(term)
            if z3.is_true(short) or z3.is_false(short):
                short = z3.is_true(short)
            known = self._simple[term.ast.value] = (short, term)
        return known[0]

    def _take(self, term: Any, way: bool, forced: bool) -> None:
        walk = self._walk
        walk.taken.append((way, forced))
        walk.kept.append(term)
        walk.known[term.get_id()] = way
        if not forced:
            literal = term if way else _negated(term)
            walk.decisions.append(literal)
            self._solver.add(literal)

    def _fork(self, term: Any) -> tuple[bool, bool]:
        """Which way to go, and whether the other one is impossible; a possible one is put aside."""
        walk = self._walk
        if len(walk.taken) >= MOST_DECISIONS:
            raise NotSymbolic(
                f"{place_of_rule()} needs more than {MOST_DECISIONS} decisions on one path; is"
                " there a loop that only a number that is not known ends?"
            )
        yes, no = self._possible(term), self._possible(z3.Not(term))
        if yes is not None and no is not None:
            self._todo.append((*walk.taken, (False, False)))
            if len(self._todo) > self._most:
                raise NotSymbolic(f"{place_of_rule()} has more than {self._most:,} paths")
            walk.model = yes or None
            return True, False
        # Where neither is possible the path itself is not, which an earlier time-out left open.
        walk.model = (yes if yes is not None else no) or None
        return yes is not None, True

    def _possible(self, literal: Any) -> Any:
        """A model in which it is true, False where the solver cannot say; None: impossible."""
        model = self._walk.model
        if model is not None and z3.is_true(model.eval(literal, model_completion=True)):
            return model
        self.asked += 1
        answer = answer_of(self._solver, literal)
        if self._record is not None:
            self._record(self._solver, literal, str(answer))
        if answer == z3.unsat:
            return None
        if answer == z3.sat:
            return self._solver.model()
        self.unknown += 1
        return False

    def choose(self, low: Any, high: Any) -> Any:
        """Any number of a range: a fresh variable."""
        first, last = lifted(low), lifted(high)
        if first is None or last is None or z3.is_bool(first) or z3.is_bool(last):
            raise RuleError(f"choose({low!r}, {high!r}) is no range of integers")
        if self.decide(last < first):
            raise RuleError(f"choose({low!r}, {high!r}) has no answer: the range is empty")
        walk = self._walk
        it = z3.Int(f"{self._choice_name}{len(walk.choices) + 1}")
        walk.choices.append((it, first, last))
        walk.skipped.append(len(walk.decisions))
        self._solver.add(first <= it, it <= last)
        walk.model = None
        return SymInt(it)

    # ---- what the engine calls --------------------------------------------------------------

    def explore(self, body: Callable[[], Any]) -> list[Path]:
        """
        Every path of `body`, in a fixed order; what it raises is a result like any other.

        Raises NotSymbolic where it does what needs the value of a number, or has too many paths.
        """
        self._todo = [()]
        found = []
        while self._todo:
            found.append(self._one(body, self._todo.pop()))
            stop_if_interrupted()
            if len(found) > self._most:
                raise NotSymbolic(f"there are more than {self._most:,} paths")
        return found

    def _one(self, body: Callable[[], Any], prefix: tuple[tuple[bool, bool], ...]) -> Path:
        self._walk = walk = _Walk(prefix)
        self.refused = None
        self._solver.push()
        _RUNS.append(self)
        profiled, traced = sys.getprofile(), sys.gettrace()
        if prefix:
            sys.setprofile(None)
        else:
            self._watch.on()
        try:
            with deciding(self):
                if self._helpers is None:
                    result = body()
                else:
                    with self._helpers.inlined():
                        result = body()
        except NotSymbolic as error:
            raise (self.refused or error) from None
        except (Exception, SystemExit, GeneratorExit) as error:
            sys.setprofile(None)
            stop_if_interrupted()
            cause = self.refused or _cause(error)
            if cause is not None:
                raise cause from None
            if self.refused is None and _of_engine(error):
                raise NotSymbolic(f"{_line_of(error)} {error}") from error
            result = Raised(error)
        finally:
            sys.setprofile(profiled)
            if sys.gettrace() is not traced:
                sys.settrace(traced)
            _RUNS.pop()
            self._solver.pop()
        if self.told_in_label and self._watch.reads_labels:
            self._refuse(
                NotSymbolic(
                    f"{self._watch.reads_labels} may look at the label of an outcome, and one is"
                    f" made of {self.told_in_label}, a number that is not known"
                )
            )
        if self.refused is not None:  # a rule has caught it, and went on as Python would not
            raise self.refused
        return Path(tuple(walk.decisions), tuple(walk.choices), tuple(walk.skipped), result)


Run.beginning = Run._one.__code__


def _negated(term: Any) -> Any:
    return term.arg(0) if z3.is_not(term) else z3.Not(term)


def _of_engine(error: BaseException) -> bool:
    """Whether an error is about how unknown numbers are made, and not the rule's own."""
    unknown = isinstance(error, (TypeError, AttributeError)) and any(
        name in str(error) for name in ("SymInt", "SymBool")
    )
    return unknown or isinstance(error, (RecursionError, z3.Z3Exception))


def _line_of(error: BaseException) -> str:
    """`FILE:LINE` of the innermost code of a rule that an error came through."""
    place, trace = "no line of a rule", error.__traceback__
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if is_outside(file):
            place = f"{file}:{trace.tb_lineno}"
        trace = trace.tb_next
    return place


def _cause(error: BaseException | None) -> NotSymbolic | None:
    """What stands behind an error that a rule or the vocabulary has wrapped."""
    while error is not None:
        if isinstance(error, NotSymbolic):
            return error
        error = error.__cause__ or error.__context__
    return None


def covers(
    assumptions: Sequence[Any],
    paths: Sequence[Path],
    timeout_ms: int,
    record: Callable[[Any, Any, str], None] | None = None,
) -> Any:
    """
    Whether every assignment takes one of the paths: `unsat` says that none is left out.

    A number outside the range of a choice takes no path; that is none that is missing.
    """
    solver = z3.Solver()
    solver.set("timeout", timeout_ms)
    solver.add(*uncovered(assumptions, paths))
    answer = answer_of(solver)
    if record is not None:
        record(solver, z3.BoolVal(True), str(answer))
    return answer


def uncovered(assumptions: Sequence[Any], paths: Sequence[Path]) -> list[Any]:
    """What is true of an assignment that takes none of the paths."""
    terms = list(assumptions)
    for path in paths:
        terms.append(z3.Not(path.guard))
        for skipped, (it, low, high) in zip(path.skipped, path.choices, strict=True):
            terms.append(
                z3.Implies(z3.And(*path.decisions[:skipped]), z3.And(low <= it, it <= high))
            )
    return terms
