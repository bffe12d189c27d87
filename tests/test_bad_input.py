"""What bad input gets: one error, of our own, that names the function, its file and its line.

Each message is compared with the words that a person reads. Whatever Python would say of these
mistakes comes too late, from the wrong place, or not at all.
"""

import enum
import itertools
import sys
import types
from collections.abc import Callable, Iterator
from typing import Any

import attrs
import pytest

from seatrial import core
from seatrial.core import (
    Action,
    DeclarationError,
    Index,
    NotAFunction,
    Outcomes,
    Population,
    PropertyError,
    RuleError,
    SeatrialError,
    System,
    Total,
    Variable,
    Violation,
    action,
    after_each_step,
    always,
    at_most,
    choose,
    converges_to,
    every,
    ground,
    outcome,
    sometimes,
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


def searched(rule: Rule, x: Any = 0, **more: Any) -> str:
    """Why the engine refuses a rule over `x`, without the words that name it."""
    made = action(writes="x", name="step")(rule)
    kind = more.pop("kind", RuleError)
    message = refused(kind, explore, counter(made, x=x, **more))
    begin = f"action {where(rule)} as step"
    assert f"{__file__}:{rule.__code__.co_firstlineno}" in begin
    assert message.startswith(begin), message
    return message.removeprefix(begin)


# ---- rules that raise -------------------------------------------------------------------------


def test_a_rule_that_raises_is_named_with_the_line_that_raised() -> None:
    """Also where it raised in a helper of the same file."""

    def step(x: int) -> Outcomes:
        yield outcome("step", x=_tenth(x))

    line = _tenth.__code__.co_firstlineno + 2

    assert searched(step) == f" raised ZeroDivisionError at line {line}: integer modulo by zero"


def _tenth(x: int) -> int:
    """Raises."""
    return 10 % x


def test_a_rule_that_leaves_the_program_does_not_end_the_search_in_silence() -> None:
    """Else the exit code would say that all is well."""

    def step(x: int) -> Outcomes:
        sys.exit(0)

    assert searched(step).startswith(" raised SystemExit at line ")


def test_a_rule_that_calls_itself_for_ever_is_refused() -> None:
    """Python's own limit ends it; the traceback would be a thousand lines."""

    def step(x: int) -> Outcomes:
        return step(x + 1)

    assert searched(step).startswith(" raised RecursionError at line ")


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (
            3,
            "it returned 3; yield outcome('label', name=value), or nothing where it is not enabled",
        ),
        (
            False,
            "it returned False; yield outcome('label', name=value), or nothing where it is not",
        ),
        ("step", "it returned 'step'; yield outcome('label', name=value), or nothing where"),
        (outcome("a"), "it returned an outcome; yield it, or return a list of outcomes"),
        ({outcome("a")}, "it returned a set of outcomes, which has no order; return a list"),
        ([3], "it yielded 3; yield outcome('label', name=value)"),
        ([outcome(3)], "an outcome has the label 3; give a string"),  # type: ignore[arg-type]
        (itertools.repeat(outcome("a")), "it yielded more than 10,000 outcomes; is there a loop"),
    ],
    ids=["number", "False", "text", "outcome", "set", "yields", "label", "endless"],
)
def test_a_rule_answers_with_outcomes(answer: Any, words: str) -> None:
    """In a form that has an order."""
    vars(_HIDDEN)["answer"] = answer

    def step(x: int) -> Any:
        return getattr(_hidden(), "answer")  # noqa: B009

    assert searched(step).startswith(f": {words}")


_HIDDEN = types.ModuleType("hidden")


def _hidden() -> types.ModuleType:
    """A module, of which nobody can see what changes in it: for what no rule should do."""
    return _HIDDEN


# ---- what a rule writes -----------------------------------------------------------------------


def test_a_write_that_is_not_declared_is_refused() -> None:
    """At the first call: footprints have to be true, since everything rests on them."""

    def step(x: int) -> Outcomes:
        yield outcome("go", x=1, y=2)

    message = searched(step, variables=[Variable("y")], initial={"y": 0})

    assert message == (
        ": outcome 'go' writes y, but the action declares that it writes x; add 'y' to its writes"
    )


@attrs.define
class Loose:
    """Mutable."""

    n: int = 0


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ([1], "[1] is a list, which is mutable; use a tuple"),
        ((1, {2}), "{2} is a set, which is mutable; use a frozenset"),
        (
            Loose(),
            "Loose(n=0) is a Loose, whose class is not frozen; declare it with @attrs.frozen",
        ),
        (0.5, "0.5 is a float, which rounds; use an integer in the smallest unit, and None for no"),
        (
            every(1),
            "is a Every, which is no kind of value; use bool, int, str, bytes, None, an enum",
        ),
    ],
    ids=["list", "set", "attrs", "float", "every"],
)
def test_a_value_that_may_not_be_in_a_state_is_refused(value: Any, words: str) -> None:
    """Where it is written: it may not be looked at for a long time."""
    vars(_HIDDEN)["value"] = value

    def step(x: int) -> Outcomes:
        yield outcome("go", x=getattr(_hidden(), "value"))  # noqa: B009

    message = searched(step)

    assert message.startswith(": outcome 'go' writes x: ")
    assert words in message


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


@pytest.mark.parametrize(
    ("before", "now"),
    [
        (1, True),
        (0, Level.LOW),
        ("a", Word.A),
        ((0, (1,)), (0, (True,))),
        (frozenset({1}), frozenset({True})),
        (Pod(1), Pod(True)),
        (Population({1: 2}), Population({True: 2})),
    ],
    ids=lambda each: repr(each),
)
@pytest.mark.parametrize("kernel", ["plain", "compiled"])
def test_an_equal_value_of_another_type_is_refused(before: Any, now: Any, kernel: Any) -> None:
    """Python takes one for the other, and a set of states would keep whichever came first."""
    vars(_HIDDEN)["value"] = now

    def step(x: Any) -> Outcomes:
        yield outcome("go", x=getattr(_hidden(), "value"))  # noqa: B009

    made = action(writes="x")(step)
    message = refused(RuleError, lambda: explore(counter(made, x=before), kernel=kernel))

    assert message == (
        f"action {where(step)} as step, outcome 'go': x was {before!r} and is now {now!r}, which"
        " is equal but of another type; use one type for one variable"
    )


def test_members_of_a_family_are_written_as_a_mapping_where_the_index_is_open() -> None:
    """And as the value alone where it is fixed."""

    @action(writes="load")
    def whole() -> Outcomes:
        yield outcome("all", load=3)

    @action(writes="load")
    def stray() -> Outcomes:
        yield outcome("one", load={3: 1})

    @action(writes="load", over="i")
    def mapped(i: int) -> Outcomes:
        yield outcome("own", load={i: 1})

    parts: dict[str, Any] = {
        "indices": [Index("i", (1, 2))],
        "variables": [Variable("load", over="i")],
        "initial": {"load": every(0)},
    }
    messages = [
        refused(RuleError, explore, counter(rule, **dict(parts))).partition(": outcome ")[2]
        for rule in (whole, stray, mapped)
    ]

    assert messages == [
        "'all' writes 3 to load, which is a family here; write a mapping from its index to the new"
        " values",
        "'one' writes load[3], which does not exist",
        "'own' writes load: {1: 1} is a dict, which is mutable; use a tuple of pairs or a"
        " Population (load is one member here: write its value alone)",
    ]


# ---- choices ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (lambda: choose(2, 1), "choose(2, 1) has no answer: the range is empty"),
        (lambda: choose(0, 1.5), "choose(0, 1.5) is no range of integers; give two of type int"),  # type: ignore[arg-type]
        (lambda: choose(False, True), "choose(False, True) is no range of integers; give two of"),
        (
            lambda: choose(0, 10_000),
            "choose(0, 10000) has 10,001 answers, and at most 10,000 are tried; choose from a"
            " smaller range",
        ),
        (
            lambda: (choose(1, 73), choose(1, 137)),
            "its choices have more than 10,000 combinations of answers; choose from smaller ranges,"
            " or in steps of their own",
        ),
        (
            lambda: split(Population({"a": 1}), 2),
            "split asked for 2 of Population({'a': 1}), which",
        ),
        (lambda: split(Population({"a": 1}), -1), "split asked for -1 of Population({'a': 1}),"),
        (lambda: split(Population(), 1), "split asked for 1 of Population(), which has 0"),
        (lambda: split(Population(), True), "split takes an integer, not True"),
        (lambda: split({"a": 1}, 1), "split takes a Population, not {'a': 1}"),  # type: ignore[arg-type]
    ],
)
def test_a_choice_that_cannot_be_made_is_refused(asked: Callable[[], Any], words: str) -> None:
    """With the line that asked for it, unless it is all of them together."""

    def step(x: int) -> Outcomes:
        asked()
        yield outcome("go")

    message = searched(step)

    assert message.startswith((f" at line {asked.__code__.co_firstlineno}: {words}", f": {words}"))


def test_only_actions_choose() -> None:
    """A view or a property that is asked twice would have two answers."""

    @action(writes=())
    def idle() -> Outcomes:
        yield outcome("idle")

    @view()
    def any_of(x: int) -> int:
        return choose(0, x)

    @always(**SAID)
    def promise(x: int) -> None:
        choose(0, x)

    @action(writes=())
    def look(any_of: int) -> Outcomes:
        yield outcome(f"look at {any_of}")

    words = "choose() was called outside an action that an engine is running; views and properties"
    viewed = refused(RuleError, explore, counter(look, views=[any_of]))
    asked = refused(PropertyError, lambda: explore(counter(idle), [promise]))

    assert words in viewed
    assert viewed.startswith(f"view {where(any_of.function)} as any_of at line ")
    assert words in asked


# ---- rules that are not functions -------------------------------------------------------------


def test_a_rule_that_depends_on_the_order_of_a_set_is_refused() -> None:
    """The order differs from process to process: so would traces, and verdicts."""

    def step(x: frozenset[str]) -> Outcomes:
        yield outcome("go", x=frozenset({next(iter(x))}))

    message = searched(step, frozenset({"a", "b"}))

    assert message.startswith(" depends on the order of a set: it answers 'go' [frozenset({")
    assert message.endswith("; sort the set before you walk it")


@attrs.frozen
class Group:
    """A set in a field, of which one member is a set."""

    inside: frozenset[Any]


def test_a_set_may_hide_in_a_field_or_in_another_set() -> None:
    """The rule is asked again with all of them reversed."""

    def step(x: Group) -> Outcomes:
        (inner,) = x.inside
        yield outcome("go", x=Group(frozenset({frozenset([next(iter(inner))])})))

    message = searched(step, Group(frozenset({frozenset({"a", "b"})})))

    assert message.startswith(" depends on the order of a set")


def test_a_rule_that_mixes_its_sets_with_new_ones_is_not_suspected() -> None:
    """The sets that walk backwards are the same values as ordinary ones."""

    @action(writes="x")
    def step(x: frozenset[str]) -> Outcomes:
        for each in sorted(x):
            yield outcome("go", x=frozenset(sorted(x)) if each == "a" else x)

    assert explore(counter(step, x=frozenset({"a", "b"}))).exploration.transitions == 1


def test_a_rule_with_two_answers_for_one_input_is_refused() -> None:
    """What cannot be seen of it before it runs shows when it is asked again."""
    vars(_HIDDEN)["calls"] = itertools.count()

    def step(x: int) -> Outcomes:
        yield outcome("go", x=next(getattr(_hidden(), "calls")))  # noqa: B009

    assert searched(step, kind=NotAFunction) == (
        " is not a function: for one input it answers 'go' [0] and then 'go' [2]; it reads"
        " something that it does not declare"
    )


def test_a_rule_whose_choices_differ_from_call_to_call_is_refused() -> None:
    """Its answers are replayed one by one; a range that shrinks has no room for them."""
    vars(_HIDDEN)["most"] = iter((3, 3, 1))

    def step(x: int) -> Outcomes:
        yield outcome("go", x=choose(0, next(getattr(_hidden(), "most"))))  # noqa: B009

    assert searched(step, kind=NotAFunction).endswith(
        ": choose(0, 1) was another range when the same answers had been given before it; the rule"
        " reads something that it does not declare"
    )


# ---- views and totals that go wrong -----------------------------------------------------------


@action(writes="x")
def toggle(x: int) -> Outcomes:
    """Something has to happen."""
    yield outcome("go", x=1 - x)


def reads(name: str) -> Action:
    """An action that reads a view or total: what nobody reads is not computed."""

    def divided(divides: Any) -> Outcomes:
        yield outcome(str(divides))

    def listed(lists: Any) -> Outcomes:
        yield outcome(str(lists))

    def summed(sum_of_it: int) -> Outcomes:
        yield outcome(str(sum_of_it))

    function = {"divides": divided, "lists": listed, "sum_of_it": summed}[name]
    return action(writes=())(function)


def test_a_view_that_raises_or_answers_with_no_value_is_named() -> None:
    """As a rule is."""

    def divides(x: int) -> Any:
        return 1 // x

    def lists(x: int) -> Any:
        return [x]

    line = divides.__code__.co_firstlineno + 1
    first, second = (
        refused(RuleError, explore, counter(reads(each.__name__), views=[view()(each)]))
        for each in (divides, lists)
    )

    assert first == (
        f"view {where(divides)} as divides raised ZeroDivisionError at line {line}: integer"
        " division or modulo by zero"
    )
    assert second == (f"view {where(lists)} as lists: [0] is a list, which is mutable; use a tuple")


def test_a_total_sums_integers() -> None:
    """Nothing else has a sum in the kernel."""
    system = counter(reads("sum_of_it"), x=0, views=[Total("sum_of_it", of="y")], **_text())

    assert "y, which is 'a'; totals take integers" in refused(RuleError, explore, system)
    grounded = ground(system)
    values = grounded.values(grounded.initial[0])
    (total,) = grounded.totals
    assert refused(RuleError, lambda: values[total.cell.number]) == (
        "total sum_of_it sums 'a', which is no integer; sum a view that gives one"
    )


def _text() -> dict[str, Any]:
    return {"variables": [Variable("y")], "initial": {"y": "a"}}


def test_a_total_of_nothing_known_is_refused() -> None:
    """Nor is there a total of totals."""
    for of in ("nothing", "twice"):
        system = counter(toggle, views=[Total("once", of=of), Total("twice", of="x")])

        assert refused(DeclarationError, explore, system) == (
            f"total once sums {of}, which is no variable or view"
        )


# ---- properties -------------------------------------------------------------------------------


def asked(property: Any) -> str:
    """Why a property of x is refused, without the words that name it."""
    message = refused(PropertyError, lambda: explore(counter(toggle), [property]))
    begin = f"property {property.id}, {where(property.function)}, "
    assert message.startswith(begin), message
    return message.removeprefix(begin)


@pytest.mark.parametrize(
    ("declare", "answer", "words"),
    [
        (
            always,
            True,
            "answered True; a property of kind 'always' answers nothing, or an iterable",
        ),
        (always, "broken", "answered 'broken'; a property of kind 'always' answers nothing, or an"),
        (always, {"a": 1}, "answered {'a': 1}; a property of kind 'always' answers nothing, or an"),
        (always, [3], "answered 3; a property of kind 'always' answers Violation or str, for each"),
        (always, [Violation(3)], "answered Violation(because=3, evidence=()); a property of kind"),  # type: ignore[arg-type]
        (
            after_each_step,
            1,
            "answered 1; a property of kind 'after each step' answers nothing, or",
        ),
        (sometimes, 1, "answered 1; a property of kind 'sometimes' answers True or False"),
        (sometimes, None, "answered None; a property of kind 'sometimes' answers True or False"),
        (converges_to, "yes", "answered 'yes'; a property of kind 'converges to' answers True or"),
        (at_most, True, "answered True; a property of kind 'at most' answers a 63-bit integer"),
        (at_most, 1.0, "answered 1.0; a property of kind 'at most' answers a 63-bit integer"),
        (at_most, 2**63, "answered 9223372036854775808; a property of kind 'at most' answers a 63"),
        (at_most, 10**5000, "answered a int that cannot be printed; a property of kind 'at most'"),
    ],
    ids=lambda each: each[:30] if isinstance(each, str) else "",
)
def test_a_property_answers_in_its_kind(declare: Any, answer: Any, words: str) -> None:
    """A finder that returns False has found nothing, and its author thinks otherwise."""
    vars(_HIDDEN)["answer"] = answer
    bound = {"bound": 1} if declare is at_most else {}

    def promise(x: int) -> Any:
        return getattr(_hidden(), "answer")  # noqa: B009

    assert asked(declare(**SAID, **bound)(promise)).startswith(words)


def test_a_property_that_raises_is_named_with_the_line_that_raised() -> None:
    """Also where it raised in the middle of what it yields, or on its way out."""

    @always(**SAID)
    def promise(x: int) -> Iterator[str]:
        if x < 0:
            yield "never"
        raise KeyError(x)

    @always(**SAID)
    def leaves(x: int) -> None:
        sys.exit(0)

    function: Any = promise.function
    line = function.__code__.co_firstlineno + 4

    assert asked(promise) == f"raised KeyError at line {line}: 0"
    assert asked(leaves).startswith("raised SystemExit at line ")


def test_a_finder_that_never_ends_is_ended() -> None:
    """Nobody reads ten thousand violations of one state."""

    @always(**SAID)
    def promise(x: int) -> Iterator[str]:
        while True:
            yield "again"

    assert asked(promise).endswith("answers no more than 10,000 violations")


def test_a_premise_is_true_or_false_too() -> None:
    """And is named itself."""

    def premise(x: int) -> Any:
        return x

    @always(premise=premise, **SAID)
    def promise(x: int) -> None: ...

    assert refused(PropertyError, lambda: explore(counter(toggle), [promise])) == (
        f"property promise, {where(premise)}, answered 0; a premise answers True or False"
    )


def test_a_property_that_depends_on_the_order_of_a_set_is_refused() -> None:
    """Its verdict would differ from process to process."""

    @always(**SAID)
    def promise(x: frozenset[str]) -> Iterator[str]:
        if next(iter(x)) == min(x):
            yield "found"

    @action(writes="x")
    def stay(x: frozenset[str]) -> Outcomes:
        yield outcome("stay")

    message = refused(
        PropertyError, lambda: explore(counter(stay, x=frozenset({"a", "b"})), [promise])
    )

    assert message == (
        f"property promise, {where(promise.function)}, answers one question in two ways; it"  # type: ignore[arg-type]
        " depends on set order or on something that it does not read"
    )


class Unhashable:
    """What raises, and not a TypeError, where it is hashed."""

    def __hash__(self) -> int:
        raise ValueError("no hash")


@pytest.mark.parametrize("more", [0, 1])
def test_a_value_whose_hash_raises_is_named(more: int) -> None:
    """However many outcomes there are: not what went wrong when they were compared."""

    @action(writes="x")
    def step(x: int, more: int) -> Outcomes:
        yield outcome("bad", x=Unhashable())
        if more:
            yield outcome("good", x=x + 1)

    system = counter(step, parameters=[core.Parameter("more", more)])

    assert "outcome 'bad' writes x:" in refused(RuleError, explore, system)
