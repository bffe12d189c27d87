"""What may change is refused where a rule that reads it is declared.

The tables of an engine would keep a rule's first answer for ever; what cannot be seen before the
rule runs is left to the engine, see `test_bad_input.py`.
"""

import enum
import functools
import itertools
import random
import sys
import time
import types
from collections.abc import Callable
from typing import Any

import attrs
import pytest

from seatrial.core import (
    Action,
    All,
    DeclarationError,
    Outcomes,
    Population,
    SeatrialError,
    System,
    Variable,
    action,
    always,
    at_most,
    choose,
    functions_of,
    ground,
    outcome,
    split,
    view,
    where,
)
from seatrial.engines.explore import explore

SAID: dict[str, Any] = {"says": "a promise", "source": "its manual"}
Rule = Callable[..., Any]


def counter(*actions: Action, x: Any = 0, views: Any = (), **more: Any) -> System:
    """A system of one variable, `x`."""
    return System(
        name="counter",
        variables=[Variable("x"), *more.pop("variables", ())],
        actions=actions,
        views=views,
        initial=[{"x": x, **more.pop("initial", {})}],
        **more,
    )


def refused(kind: type[SeatrialError], run: Callable[..., object], *given: Any, **more: Any) -> str:
    """The message of the error, which has to be of exactly this kind."""
    with pytest.raises(SeatrialError) as caught:
        run(*given, **more)
    assert type(caught.value) is kind
    return str(caught.value)


@action(writes="x")
def toggle(x: int) -> Outcomes:
    """Something has to happen."""
    yield outcome("go", x=1 - x)


class Level(enum.IntEnum):
    """Its members equal integers."""

    LOW = 0
    HIGH = 1


class Word(enum.StrEnum):
    """Its members equal strings."""

    A = "a"


@attrs.frozen
class Pod:
    """A value with a part."""

    ready: Any = 0


# ---- rules that read what may change ----------------------------------------------------------

LIMITS = [1, 2]
LOOKUP = types.MappingProxyType({"a": [1]})
WRAPPED = (1, (LIMITS,))
COUNT = 0
FINE = (1, 2.5, frozenset({"a"}), types.MappingProxyType({"a": 1}), Level.LOW, Pod(), range(3))


class Settings:
    """Class attributes are globals by another name."""

    limits = LIMITS
    most = 3


@attrs.frozen
class Frozen:
    """Its methods may read what changes."""

    n: int = 0

    def limit(self) -> int:
        """Reads a list."""
        return LIMITS[self.n]

    @property
    def most(self) -> int:
        """Reads none."""
        return max(FINE[0], self.n)


class Doer:
    """Can be called."""

    def __call__(self) -> int:
        return 1


def helper(x: int) -> int:
    """Reads a list, by way of another."""
    return other_helper(x)


def other_helper(x: int) -> int:
    """Calls the first again."""
    return LIMITS[x] if x else helper(x)


@functools.lru_cache
def cached(x: int) -> int:
    """Remembers, and reads a list."""
    return LIMITS[x]


partly = functools.partial(helper, 1)
frozen_limit = Frozen().limit
doer = Doer()
ticks = itertools.count()
this = sys.modules[__name__]


def _closing(mutable: Any) -> Rule:
    def step(x: int) -> Any:
        return mutable

    return step


def _defaulting(x: int, known: Any = LIMITS) -> Any:
    return known


def _counting(x: int) -> None:
    global COUNT
    COUNT += 1


def _importing(x: int) -> Any:
    import os

    return os


def _assigning(x: int) -> None:
    Settings.most += 1


def _nested(x: int) -> Any:
    return [[LIMITS[each] for each in range(x)] for _ in range(x)]


def _annotated(x: All[Frozen]) -> Any:
    return [each.limit() for each in x.values()]


def _deletes(x: int) -> None:
    nonlocal_free = x
    del nonlocal_free, Settings.most


CHANGING = [
    (lambda x: LIMITS, "the global LIMITS, a list, which may change"),
    (lambda x: LOOKUP, "the global LOOKUP, a mappingproxy with a list, which may change"),
    (lambda x: WRAPPED, "the global WRAPPED, a tuple with a tuple with a list, which may change"),
    (lambda x: Settings.limits, "the global Settings.limits, a list, which may change"),
    (lambda x: this.LIMITS, "the global this.LIMITS, a list, which may change"),
    (lambda x: helper(x), "the global LIMITS, a list, which may change"),
    (lambda x: cached(x), "the global LIMITS, a list, which may change"),
    (lambda x: partly(), "the global LIMITS, a list, which may change"),
    (lambda x: Frozen(x).limit(), "the global LIMITS, a list, which may change"),
    (lambda x: frozen_limit(), "the global LIMITS, a list, which may change"),
    (lambda x: doer(), "the global doer, a Doer, which may change"),
    (lambda x: next(ticks), "the global ticks, a count, which may change"),
    (lambda x: random.random(), "the global random.random, a Random, which may change"),
    (lambda x: time.time(), "the global time.time, which may answer differently each time"),
    (lambda x: hash(x), "the global hash, which may answer differently each time"),
    (_closing({}), "mutable of its closure, a dict, which may change"),
    (_defaulting, "a default argument, a list, which may change"),
    (_nested, "the global LIMITS, a list, which may change"),
    (_annotated, "the global LIMITS, a list, which may change"),
]


@pytest.mark.parametrize(("rule", "words"), CHANGING, ids=[words for _, words in CHANGING])
def test_a_rule_that_reads_what_may_change_is_refused(rule: Rule, words: str) -> None:
    """Where it is declared. The tables would keep the first answer for ever."""
    for declare in (
        lambda: action(writes="x", name="step")(rule),
        lambda: view(name="seen")(rule),
        lambda: always(id="p", **SAID)(rule),
        lambda: at_most(id="p", bound=rule, **SAID)(lambda x: x),
        lambda: always(id="p", premise=rule, **SAID)(lambda x: None),
    ):
        message = refused(DeclarationError, declare)

        assert message.startswith(f"{where(rule)} reads {words}; ")


def test_the_helper_that_reads_what_may_change_is_named() -> None:
    """The rule alone would send the reader searching."""
    rule: Any = lambda x: helper(x)  # noqa: E731
    message = refused(DeclarationError, action(writes="x", name="s"), rule)

    assert message.endswith(
        "; pass it as a parameter of the system or make it a tuple, a frozenset or a frozen attrs"
        f" value (read in {where(other_helper)})"
    )


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (_counting, "assigns to the global COUNT; a rule only answers"),
        (_assigning, "assigns to Settings.most; a rule only answers"),
        (_deletes, "assigns to Settings.most; a rule only answers"),
        (_importing, "imports os when it is called; import it at the top of its module"),
    ],
)
def test_a_rule_that_does_more_than_answer_is_refused(rule: Rule, words: str) -> None:
    """It is called once for each input, in no order that anyone may rely on."""
    message = refused(DeclarationError, lambda: action(writes="x", name="step")(rule))

    assert message == f"{where(rule)} {words}"


def test_what_is_assigned_below_a_rule_is_looked_at_when_the_system_is_searched() -> None:
    """At its declaration, the rest of the module is not there yet."""
    scope: dict[str, Any] = {"action": action, "outcome": outcome, "__name__": "later"}
    exec("@action(writes='x')\ndef step(x):\n    yield outcome('go', x=CACHE[x])", scope)
    scope["CACHE"] = {0: 0}

    message = refused(DeclarationError, explore, counter(scope["step"]))

    assert message.startswith("step (<string>:1) reads the global CACHE, a dict, which may change")


@pytest.mark.parametrize(
    "rule",
    [
        lambda x: FINE,
        lambda x: Settings.most,
        lambda x: Frozen(x).most,
        lambda x: [functools.reduce(min, x), attrs.evolve(x, n=1), sorted(x)],
        lambda x: (choose(0, x), split(x, 1), outcome("a"), Population({"a": x}).total),
        _closing((1, "a")),
    ],
    ids=["constants", "class attribute", "method", "libraries", "our own", "closure"],
)
def test_constants_and_functions_of_libraries_may_be_read(rule: Rule) -> None:
    """A check that refuses what is right is turned off."""
    assert action(writes="x", name="step")(rule).function is rule


async def _waits(x: int) -> None: ...


async def _streams(x: int) -> Any:
    yield x


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (_waits, f"action s, {where(_waits)}, is asynchronous; a rule answers at once: drop async"),
        (_streams, f"action s, {where(_streams)}, is asynchronous; a rule answers at once: drop"),
        (len, "action s is <built-in function len>, a builtin_function_or_method; write an"),
        (Settings, "Settings'>, a type; write an ordinary function with def"),
        (doer, "a Doer; write an ordinary function with def"),
        (partly, "a partial; write an ordinary function with def"),
        (frozen_limit, "a method; write an ordinary function with def"),
        (cached, "a _lru_cache_wrapper; write an ordinary function with def"),
    ],
    ids=["async", "async generator", "built-in", "class", "object", "partial", "method", "cached"],
)
def test_a_rule_is_an_ordinary_function(function: Any, words: str) -> None:
    """What else can be called keeps something to itself, or has no parameters to bind."""
    message = refused(DeclarationError, lambda: action(writes="x", name="s")(function))

    assert words in message


def test_what_one_refused_rule_has_called_is_looked_into_again_for_the_next() -> None:
    """Each function is looked into once, but not taken for pure before all it calls has been."""
    rules: tuple[Rule, ...] = (
        lambda x: other_helper(x),
        lambda x: helper(x),
        lambda x: other_helper(x) + 1,
    )
    for rule in rules:
        with pytest.raises(DeclarationError, match="LIMITS"):
            action(writes="x")(rule)


def test_what_changes_after_a_declaration_is_found_before_a_search(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """At its declaration a helper is looked into once only; grounding looks at all again."""
    monkeypatch.setattr(this, "COUNT", 0)
    first, second = (action(name=name, writes="x")(_reading) for name in ("first", "second"))
    system = counter(first, second)
    ground(system)

    monkeypatch.setattr(this, "COUNT", [])

    with pytest.raises(DeclarationError, match="the global COUNT, a list, which may change"):
        ground(system)


def _reading(x: int) -> Any:
    return [] if x else COUNT


def test_attrs_is_not_looked_into_whatever_module_it_says_it_is_of(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """From Python 3.13 on attrs names `evolve` after the class that was made last."""
    monkeypatch.setattr(attrs.evolve, "__module__", "a_module_of_rules")

    def changed(one: Any) -> Any:
        return attrs.evolve(one, n=1)

    assert functions_of(changed) == (changed,)
