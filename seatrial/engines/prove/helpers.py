"""Pure helpers, summarised once: a call becomes a term and does not fork its caller.

Helpers are found, not declared: functions that a rule reaches by name, outside of the vocabulary,
whose annotation says that they return integers or truth values. While a run is in progress their
names stand for wrappers. A helper that makes choices, or that has too many paths by itself, is run
in its caller as any other code.
"""

import inspect
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from types import FunctionType
from typing import Any

import attrs
import z3

from seatrial.core import NotSymbolic, functions_of

from .fragment import check_fragment
from .paths import Path, Raised, Run, covers
from .shapes import Shape, built, exact, fresh, may_change, merged, shape_of, structural
from .terms import SymBool, SymInt, boolean, check_caught, deciding_run, integer, key_of, lifted

__all__ = ["Helpers", "grouped"]

_TERMS = {"int", "bool", "tuple[int, int]", "int | None"}
_MOST_PATHS = 200
_COVERAGE_MS = 5_000


@attrs.frozen(eq=False)
class _Group:
    """Results of one shape: when it is one of these, and its leaves then."""

    guard: Any
    shape: Shape
    leaves: tuple[Any, ...]
    raised: Raised | None = None


@attrs.frozen(eq=False)
class _Summary:
    variables: tuple[Any, ...]
    groups: tuple[_Group, ...]
    paths: int
    inlined: dict[Any, tuple["_Inlined", tuple[Any, ...]]] = attrs.field(factory=dict)
    """For which numbers it was called before, and these, which are to be kept."""


@attrs.frozen(eq=False)
class _Inlined:
    """The guard of each group, and its leaves, for the numbers of a call."""

    guards: tuple[Any, ...]
    leaves: tuple[tuple[Any, ...], ...]


class Helpers:
    """
    The helpers that `functions` reach, and their summaries.

    Raises NotSymbolic where these do what an unknown number could not answer, see `fragment.py`.
    `paths` counts those of all summaries before merging, `terms` what is left of them.
    """

    def __init__(
        self,
        *functions: Callable[..., Any],
        record: Callable[[Any, Any, str], None] | None = None,
    ) -> None:
        check_fragment(*functions)
        self._record = record
        reached = {id(one): one for each in functions for one in functions_of(each)}
        roots = {id(inspect.unwrap(each)) for each in functions}
        found = [one for key, one in reached.items() if key not in roots and _is_helper(one)]
        self.names = tuple(sorted(one.__name__ for one in found))
        self._summaries: dict[Any, _Summary | None] = {}
        self._depth = 0
        wrappers = {id(one): self._wrapper(one) for one in found}
        self._places = [
            (space, name, value, wrappers[id(value)])
            for space in {id(one.__globals__): one.__globals__ for one in reached.values()}.values()
            for name, value in list(space.items())
            if id(value) in wrappers
        ]

    @property
    def paths(self) -> int:
        """How many paths all summaries have before they are merged."""
        return sum(each.paths for each in self._summaries.values() if each)

    @property
    def terms(self) -> int:
        """How many groups of results are left of these."""
        return sum(len(each.groups) for each in self._summaries.values() if each)

    @contextmanager
    def inlined(self) -> Iterator[None]:
        """While this lasts, the names of the helpers stand for their summaries."""
        self._depth += 1
        if self._depth == 1:
            for space, name, _, wrapper in self._places:
                space[name] = wrapper
        try:
            yield
        finally:
            self._depth -= 1
            if self._depth == 0:
                for space, name, value, _ in self._places:
                    space[name] = value

    def _wrapper(self, function: types.FunctionType) -> Callable[..., Any]:
        signature = inspect.signature(function)

        @wraps(function)
        def call(*args: Any, **given: Any) -> Any:
            arguments = args
            if given or len(args) < len(signature.parameters):
                bound = signature.bind(*args, **given)
                bound.apply_defaults()
                arguments = tuple(bound.arguments.values())
            try:
                shape, leaves = shape_of(arguments, constants=True)
            except NotSymbolic:
                return function(*args, **given)
            if not leaves or may_change(shape):  # what it does to an argument is no term
                return function(*args, **given)
            key = (function, shape)
            if key not in self._summaries:
                self._summaries[key] = None  # where it calls itself, it runs as any other code
                self._summaries[key] = self._summarised(function, shape)
            summary = self._summaries[key]
            return function(*args, **given) if summary is None else _inlined(summary, leaves)

        return call

    def _summarised(self, function: types.FunctionType, shape: Shape) -> _Summary | None:
        name = f"{function.__name__}!"
        variables = fresh(shape, name)[1]
        run = Run(structural(variables), helpers=self, record=self._record, most_paths=_MOST_PATHS)
        try:
            # Each path has values of its own: an object may keep what was decided on one, its hash.
            paths = run.explore(lambda: function(*fresh(shape, name)[0]))
            groups = grouped(paths)
        except NotSymbolic:
            return None
        if any(path.choices for path in paths):
            return None
        if covers(run.assumptions, paths, _COVERAGE_MS, self._record) != z3.unsat:
            return None  # the last group is taken where no other is: that needs all of them
        return _Summary(tuple(term for term, _ in variables), groups, len(paths))


def _is_helper(function: types.FunctionType) -> bool:
    annotation = function.__annotations__.get("return")
    text = annotation.__name__ if isinstance(annotation, type) else str(annotation)
    if text == "tuple":
        text = str(annotation)
    plain = not inspect.isgeneratorfunction(function) and function.__closure__ is None
    return text in _TERMS and plain and not _takes_more(function)


def _takes_more(function: types.FunctionType) -> bool:
    """Whether it has parameters that cannot be given by their place, one value each."""
    placed = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return any(each.kind not in placed for each in inspect.signature(function).parameters.values())


def grouped(paths: list[Path]) -> tuple[_Group, ...]:
    """
    Paths without choices, those whose results have one shape made one.

    Raises NotSymbolic where one of them raises an error that keeps a number that is not known.
    """
    by_shape: dict[Any, list[tuple[Any, list[Any]]]] = {}
    raised: dict[Any, Raised] = {}
    for path in paths:
        if isinstance(path.result, Raised):
            key: Any = ("raised", str(path.result), _kept_in(path.result.error))
            raised[key] = path.result
            by_shape.setdefault(key, []).append((path.guard, []))
        else:
            shape, leaves = shape_of(path.result)
            key = ("value", exact(shape), shape)
            by_shape.setdefault(key, []).append((path.guard, leaves))
    return tuple(
        _Group(
            guard=z3.Or(*(guard for guard, _ in alike)),
            shape=key[2],
            leaves=tuple(merged(alike)),
            raised=raised.get(key),
        )
        for key, alike in by_shape.items()
    )


def _kept_in(error: BaseException) -> Any:
    """What an error keeps: who catches it may look at that."""
    kept = (*error.args, *vars(error).values())
    texts = tuple(each for each in kept if isinstance(each, str))
    shape, leaves = shape_of(tuple(each for each in kept if not isinstance(each, str)), True)
    if leaves or may_change(shape):
        raise NotSymbolic(
            f"a {type(error).__name__} keeps what is not known, or a list or dict that may change"
        )
    return type(error), texts, shape


def _inlined(summary: _Summary, leaves: list[Any]) -> Any:
    """The result of a summary for these leaves; where it has several shapes, a decision."""
    key = tuple(map(key_of, leaves))
    known = summary.inlined.get(key)
    if known is None:
        known = summary.inlined[key] = (_applied(summary, leaves), tuple(leaves))
    made = known[0]
    at = 0
    while at < len(made.guards) and not deciding_run().decide(made.guards[at]):
        at += 1
    group = summary.groups[at]
    if group.raised is not None:
        check_caught(group.raised.error)
        raise _again(group.raised.error)
    return built(group.shape, iter(made.leaves[at]))


def _again(error: BaseException) -> BaseException:
    """Another error that keeps the same: whoever catches one may change it."""
    kind = type(error)
    made = kind.__new__(kind, *error.args)
    for each in kind.__mro__:
        if "__init__" in vars(each) and not isinstance(vars(each)["__init__"], FunctionType):
            vars(each)["__init__"](made, *error.args)
            break
    vars(made).update(vars(error))
    return made


def _applied(summary: _Summary, leaves: list[Any]) -> _Inlined:
    pairs = list(zip(summary.variables, map(lifted, leaves), strict=True))
    return _Inlined(
        # The last group is taken where no other is.
        guards=tuple(z3.substitute(group.guard, *pairs) for group in summary.groups[:-1]),
        leaves=tuple(
            tuple(_substituted(leaf, pairs) for leaf in group.leaves) for group in summary.groups
        ),
    )


def _substituted(leaf: Any, pairs: list[Any]) -> Any:
    if type(leaf) not in (SymInt, SymBool):
        return leaf
    term = z3.substitute(leaf.term, *pairs)
    return (boolean if z3.is_bool(term) else integer)(term)
