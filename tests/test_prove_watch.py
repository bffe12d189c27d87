"""
Code that runs while numbers are not known, however a rule has come by it.

A method, what a decorator puts around a function, or a function out of a tuple does what Python
would, or is refused as it would be where a rule calls it by name.
"""

import contextlib
import datetime
import functools
import itertools
import json
import operator
import sys
from decimal import Decimal
from enum import IntEnum
from fractions import Fraction
from typing import Any

import attrs
import pytest
import z3

from in_formulas import P, Rule, X, Y, in_python, said
from seatrial.core import NotSymbolic, Outcome, Population, outcome
from seatrial.engines.prove.helpers import Helpers
from seatrial.engines.prove.paths import Raised, Run
from seatrial.engines.prove.terms import SymBool, SymInt


@attrs.frozen
class Pod:
    n: Any

    def is_ready(self) -> bool:
        return self.n is True

    @property
    def counted(self) -> bool:
        return type(self.n) is int

    @classmethod
    def made_of(cls, n: Any) -> bool:
        return type(n) is int

    @staticmethod
    def is_number(n: Any) -> bool:
        return type(n) is int

    def __call__(self) -> bool:
        return self.n is True

    def __add__(self, other: object) -> bool:
        return type(other) is int

    def __contains__(self, other: object) -> bool:
        return type(other) is int

    def __len__(self) -> int:
        return 3 if type(self.n) is int else 4


def only_numbers(function: Any) -> Any:
    @functools.wraps(function)
    def around(n: Any) -> Any:
        return function(n) if type(n) is int else -1

    return around


@only_numbers
def one_more(n: int) -> int:
    return n + 1


def is_number(n: Any) -> bool:
    return type(n) is int


@functools.cache
def remembered(ready: bool) -> bool:
    return ready


@functools.lru_cache
def doubled(n: int) -> int:
    return 2 * n


@functools.singledispatch
def kind_of(n: Any) -> int:
    return 0


@kind_of.register
def _(n: int) -> int:
    return 1


class On:
    yes = True


FUNCTIONS = (is_number,)
PARTIAL = functools.partial(is_number)
TYPES = (type,)
SAME = (operator.is_,)


def seconds(x: Any, y: Any, p: Any) -> Any:
    try:
        return datetime.timedelta(seconds=x).seconds
    except TypeError:
        return 0


def decimal(x: Any, y: Any, p: Any) -> Any:
    try:
        return int(Decimal(x))
    except Exception:
        return 0


def fraction(x: Any, y: Any, p: Any) -> Any:
    try:
        return Fraction(x).numerator
    except TypeError:
        return 0


def anything(x: Any, y: Any, p: Any) -> Any:
    try:
        return Decimal(x) + 1
    except:  # noqa: E722
        return 0


def at_last(x: Any, y: Any, p: Any) -> Any:
    try:
        Decimal(x)
    finally:
        return 0  # noqa: B012


def suppressed(x: Any, y: Any, p: Any) -> Any:
    with contextlib.suppress(TypeError):
        return int(Decimal(x))
    return 0


def labelled(n: Any) -> Any:
    yield outcome(f"web-{n}", n=1)


def is_third(found: Outcome) -> bool:
    return found.label == "web-3"


def judged_below(x: Any, y: Any, p: Any) -> Any:
    return is_third(next(labelled(x)))


def judged_by_name(x: Any, y: Any, p: Any) -> Any:
    found = next(labelled(x))
    return operator.attrgetter("label")(found) == "web-3"


REFUSED: dict[str, tuple[Rule, str]] = {
    "method": (lambda x, y, p: Pod(p).is_ready(), "whether something is a number"),
    "property": (lambda x, y, p: Pod(x).counted, "whether something is a number"),
    "class method": (lambda x, y, p: Pod.made_of(x), "whether something is a number"),
    "static method": (lambda x, y, p: Pod.is_number(x), "whether something is a number"),
    "called": (lambda x, y, p: Pod(p)(), "whether something is a number"),
    "added": (lambda x, y, p: Pod(x) + x, "whether something is a number"),
    "contains": (lambda x, y, p: x in Pod(x), "whether something is a number"),
    "length": (lambda x, y, p: len(Pod(x)), "whether something is a number"),
    "decorated": (lambda x, y, p: one_more(x), "whether something is a number"),
    "out of a tuple": (lambda x, y, p: FUNCTIONS[0](x), "whether something is a number"),
    "partial": (lambda x, y, p: PARTIAL(x), "whether something is a number"),
    "type out of a tuple": (lambda x, y, p: TYPES[0](x) == int, "asks type(...)"),  # noqa: E721
    "is of the library": (lambda x, y, p: operator.is_(p, True), "asks is_(...)"),
    "is out of a tuple": (lambda x, y, p: SAME[0](p, True), "asks is_(...)"),
    "is a constant of a class": (lambda x, y, p: p is On.yes, "whether something is a number"),
    "a cache of truth values": (lambda x, y, p: remembered(p), "it keeps its answers"),
    "a cache of numbers": (lambda x, y, p: doubled(x), "hashes x"),
    "what falls back": (lambda x, y, p: json.dumps([p], default=lambda o: 0), "calls json.dumps"),
    "size": (lambda x, y, p: sys.getsizeof(x) > 28, "asks getsizeof(...)"),
    "names": (lambda x, y, p: len(dir(x)), "asks dir(...)"),
    "method of int": (lambda x, y, p: int.__add__(x, 1), "asks __add__"),
    "text of any object": (lambda x, y, p: len(object.__repr__(x)), "asks __repr__"),
    "has a name": (lambda x, y, p: hasattr(x, "__getnewargs__"), "asks for '__getnewargs__'"),
    "documentation": (lambda x, y, p: x.__doc__ == int.__doc__, "asks __doc__"),
    "swallowed by class": (seconds, "may go on after TypeError"),
    "swallowed as any": (decimal, "may go on after TypeError"),
    "swallowed in the library": (fraction, "asks for numerator of x"),
    "swallowed by all": (anything, "may go on after TypeError"),
    "swallowed at last": (at_last, "may go on after TypeError"),
    "suppressed": (suppressed, "may go on after TypeError"),
    "label read by who is called": (judged_below, "may look at the label of an outcome"),
    "label read by its name": (judged_by_name, "decides on a text"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_no_number_could_answer_is_refused_wherever_it_is_asked(name: str) -> None:
    """It would take one way for all numbers."""
    rule, what = REFUSED[name]

    with pytest.raises(NotSymbolic) as refused:
        Run(helpers=Helpers(rule)).explore(lambda: rule(SymInt(X), SymInt(Y), SymBool(P)))

    assert what in str(refused.value)
    assert ".py:" in str(refused.value)


class Level(IntEnum):
    LOW = 0


class Stage(IntEnum):
    FIRST = 0


class Full(Exception):
    def __init__(self, n: int) -> None:
        super().__init__("it is full")
        self.n = n


def fills(n: int) -> int:
    if n > 1:
        raise Full(5)
    return n


def changed_error(x: Any, y: Any, p: Any) -> Any:
    found = 0
    for n in (x, y):
        try:
            fills(n)
        except Full as full:
            full.n += 1
            found += full.n
    return found


def level_or_stage(n: int) -> int:
    return Level.LOW if n > 2 else Stage.FIRST


def which_set(n: int) -> int:
    return frozenset({1}) if n > 2 else frozenset({True})  # type: ignore[return-value]


def told_by(kinds: Any, n: int) -> int:
    return n + (5 if str(next(iter(kinds))) == "True" else 7)


AGREE: dict[str, Rule] = {
    "dispatched by type": lambda x, y, p: (kind_of(x), kind_of("1")),
    "an error that is changed": changed_error,
    "members that are equal": lambda x, y, p: level_or_stage(x).name,  # type: ignore[attr-defined]
    "sets that are equal": lambda x, y, p: str(which_set(x)),
    "arguments that are equal": lambda x, y, p: (
        told_by(frozenset({1}), x),
        told_by(frozenset({True}), x),
    ),
}


@pytest.mark.parametrize("helped", [False, True], ids=["alone", "with helpers"])
@pytest.mark.parametrize("name", AGREE)
def test_equal_things_of_other_types_are_told_apart(name: str, helped: bool) -> None:
    """By helpers that are summarised, too: 1 equals True, and is another value."""
    rule = AGREE[name]
    helpers = Helpers(rule) if helped else None

    paths = Run(helpers=helpers).explore(lambda: rule(SymInt(X), SymInt(Y), SymBool(P)))

    for x, y, p in itertools.product((-2, 0, 2, 3, 4), (-1, 0, 3), (False, True)):
        pairs = [(X, z3.IntVal(x)), (Y, z3.IntVal(y)), (P, z3.BoolVal(p))]
        taken = [
            path for path in paths if z3.is_true(z3.simplify(z3.substitute(path.guard, *pairs)))
        ]
        assert [said(path.result, pairs) for path in taken] == [in_python(rule, x, y, p)]


def test_a_known_argument_may_come_out_of_a_cache() -> None:
    """What is known is as it is without the solver."""
    (path,) = Run(helpers=Helpers(doubled)).explore(lambda: doubled(3) + SymInt(X))

    assert str(path.result.term) == "x + 6"


@pytest.mark.parametrize("error", [SystemExit, GeneratorExit])
def test_a_rule_that_ends_the_process_raises_on_its_path_alone(error: type[Exception]) -> None:
    """Nothing that a rule does ends the engine."""

    def rule(x: Any) -> Any:
        if x > 2:
            raise error
        return 1

    paths = Run().explore(lambda: rule(SymInt(X)))

    results = [path.result for path in paths]
    assert [isinstance(each, Raised) for each in results] == [True, False]


def test_a_population_counts_no_truth_values() -> None:
    """In Python it refuses them."""
    for path in Run().explore(lambda: Population({"a": SymInt(X) > 2})):
        assert isinstance(path.result, Raised)


def test_whoever_profiled_before_profiles_afterwards() -> None:
    """The engine watches calls itself while a run lasts, and only then."""
    calls = []

    def note(*event: Any) -> None:
        calls.append(event)

    sys.setprofile(note)
    try:
        Run().explore(lambda: SymInt(X) > 2 or 3)
        assert sys.getprofile() is note
    finally:
        sys.setprofile(None)
