"""What may be part of a state, when two values are the same one, and how they are ordered.

Engines take equal values for one and sort by `sort_key`: whatever is wrong here makes two states
one, or one two.
"""

import dataclasses
import enum
import math
import pickle
import time
from collections import Counter
from itertools import permutations
from typing import Any, NamedTuple

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seatrial.core import (
    Population,
    ValueRefused,
    answers,
    arith,
    check_value,
    field_names,
    same_value,
    sort_key,
    split,
    with_sets_reversed,
)


class Phase(enum.Enum):
    """An ordinary enum."""

    PENDING = "Pending"
    RUNNING = "Running"


class Level(enum.IntEnum):
    """Its members equal integers."""

    LOW = 0
    HIGH = 1


class Word(enum.StrEnum):
    """Its members equal strings."""

    A = "a"


class Rights(enum.Flag):
    """Its combinations have no member of their own."""

    READ = 1
    WRITE = 2


class Pods(NamedTuple):
    """A field may be called as a method of tuples is."""

    count: Any = 0
    index: Any = 0


@attrs.frozen
class Pod:
    """With slots, as usual."""

    name: Any = ""
    ready: Any = False


@attrs.frozen(slots=False, cache_hash=True, order=True)
class Node:
    """Without slots; it remembers its hash."""

    name: Any = ""


@dataclasses.dataclass(frozen=True, slots=True)
class Claim:
    """A dataclass that may be part of a state."""

    name: Any = ""


# ---- how values are drawn ---------------------------------------------------------------------

# Few and close together, so that values often are equal without being the same.
atoms = st.sampled_from(
    [
        *(None, False, True, 0, 1, 2**70, "", "a", "\ud800", b"", b"a"),
        *(*Phase, *Level, *Word, Rights(0), Rights.READ, Rights.READ | Rights.WRITE),
    ]
)


def _around(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(
        st.lists(inner, max_size=3).map(tuple),
        st.frozensets(inner, max_size=3),
        st.builds(Pods, inner, inner),
        st.builds(Pod, inner, inner),
        st.builds(Node, inner),
        st.builds(Claim, inner),
    )


values = st.recursive(atoms, _around, max_leaves=6)


@st.composite
def twins(draw: st.DrawFn) -> tuple[Any, Any]:
    """Two values that are often equal: the second may have other types in some places."""
    one = draw(values)
    return one, draw(st.sampled_from([one, pickle.loads(pickle.dumps(one)), _retyped(one)]))


def _retyped(value: Any) -> Any:
    """A value that equals the given one, of other types where that can be."""
    if type(value) is int and value in (0, 1):
        return bool(value)
    if type(value) in (bool, Level):
        return int(value)
    if type(value) is Word:
        return "a"
    if type(value) is tuple:
        return tuple(map(_retyped, value))
    if type(value) is frozenset:
        return frozenset(map(_retyped, value))
    if type(value) is Pods:
        return tuple(map(_retyped, value))
    if type(value) is Pod:
        return Pod(_retyped(value.name), value.ready)
    return value


# ---- when two values are the same -------------------------------------------------------------


@given(values)
def test_every_value_is_accepted_and_the_same_as_its_copy(value: Any) -> None:
    """A trace that is read from a file has to compare with what the rules yield."""
    check_value(value)

    assert same_value(value, pickle.loads(pickle.dumps(value)))


@given(twins())
def test_the_same_value_is_equal_and_hashes_alike(pair: tuple[Any, Any]) -> None:
    """`same_value` is finer than ==, never coarser: engines look values up before they compare."""
    one, other = pair

    if same_value(one, other):
        assert one == other
        assert hash(one) == hash(other)
        assert type(one) is type(other)
    assert same_value(one, other) == same_value(other, one)


@given(values, values, values)
def test_sameness_is_an_equivalence(one: Any, other: Any, third: Any) -> None:
    """Whichever value of a class was found first stands for all of it."""
    assert same_value(one, one)
    if same_value(one, other) and same_value(other, third):
        assert same_value(one, third)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (1, True),
        (0, Level.LOW),
        ("a", Word.A),
        ((1, 0), (True, 0)),
        (frozenset({1, 2}), frozenset({True, 2})),
        ((0, 0), Pods(0, 0)),
        (Pod(ready=1), Pod(ready=True)),
        (Pod((0, (1,))), Pod((0, (True,)))),
        (Claim(1), Claim(Level.HIGH)),
    ],
)
def test_equal_values_of_other_types_are_not_the_same(one: Any, other: Any) -> None:
    """`True` where there was `1` prints differently and behaves differently in a rule."""
    assert not same_value(one, other)
    assert sort_key(one) != sort_key(other)


def test_what_may_not_be_in_a_state_is_the_same_only_as_itself() -> None:
    """Else two lists without fields would pass for one."""
    one: list[int] = [1]

    assert same_value(one, one)
    assert not same_value([1], [2])
    assert not same_value(1.0, 2.0)


# ---- the order of values ----------------------------------------------------------------------


@given(twins())
def test_keys_are_equal_exactly_for_the_same_value(pair: tuple[Any, Any]) -> None:
    """Canonical representatives rest on it."""
    one, other = pair

    assert (sort_key(one) == sort_key(other)) == same_value(one, other)


@given(values, values, values)
def test_keys_are_totally_ordered(one: Any, other: Any, third: Any) -> None:
    """Any two values can be sorted, and in one way only."""
    a, b, c = sort_key(one), sort_key(other), sort_key(third)

    assert (a < b) + (a == b) + (a > b) == 1
    if a <= b <= c:
        assert a <= c


@given(st.lists(values, max_size=5), st.randoms(use_true_random=False))
def test_sorting_does_not_depend_on_the_order_of_insertion(items: list[Any], dice: Any) -> None:
    """Nor on the order in which a set is walked."""
    shuffled = dice.sample(items, len(items))
    keys = [sort_key(each) for each in sorted(items, key=sort_key)]

    assert keys == [sort_key(each) for each in sorted(shuffled, key=sort_key)]
    assert sort_key(frozenset(items)) == sort_key(with_sets_reversed(frozenset(items)))


# ---- sets walked the other way ----------------------------------------------------------------


@given(values)
def test_a_value_with_its_sets_reversed_is_the_same_value(value: Any) -> None:
    """Rules may not notice, unless they depend on the order of a set."""
    turned = with_sets_reversed(value)

    check_value(turned)
    assert same_value(value, turned)
    assert hash(value) == hash(turned)


def test_reversed_sets_are_walked_backwards_wherever_they_stand() -> None:
    """In fields, in tuples, and in the only member of another set."""
    inner = frozenset({"a", "b", "c"})
    value = (Pod(inner), Pods(count=inner), frozenset({inner}))

    pod, pods, (member,) = with_sets_reversed(value)

    assert [list(each) for each in (pod.name, pods.count, member)] == [list(inner)[::-1]] * 3
    assert type(pods) is Pods


def test_what_holds_no_set_of_two_is_returned_as_it_is() -> None:
    """Most values are such, and this is asked for each of them."""
    value = (Pod("a"), frozenset({1}), Pods())

    assert with_sets_reversed(value) is value


# ---- what is refused --------------------------------------------------------------------------


@attrs.define
class Loose:
    """Not frozen."""

    x: int = 0


@attrs.frozen(eq=False)
class ByIdentity:
    """Two that look alike differ."""

    x: int = 0


@attrs.frozen(eq=False)
class Forgetful(Pod):
    """It inherits an == that does not know its own field."""

    y: int = 0


@attrs.frozen
class OwnEquality:
    """Its == is coarser than its fields; attrs leaves it, as it does with `eq=False`."""

    x: str = ""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, OwnEquality) and self.x.lower() == other.x.lower()

    def __hash__(self) -> int:
        return hash(self.x.lower())


@attrs.frozen
class Blind:
    """One field is not looked at."""

    x: int = 0
    note: str = attrs.field(default="", eq=False)


@attrs.frozen
class Folded:
    """One field is looked at through a function."""

    x: str = attrs.field(default="", eq=str.lower)


@attrs.frozen(unsafe_hash=False, slots=False)
class Unhashed:
    """Equal ones hash differently."""

    x: int = 0


@dataclasses.dataclass
class LooseData:
    """Not frozen."""

    x: int = 0


@dataclasses.dataclass(frozen=True)
class BlindData:
    """One field is not looked at."""

    x: int = dataclasses.field(default=0, compare=False)


class PlainSubclass(Pod):
    """Not decorated itself: still what its base is."""


class Opened(Pod):
    """It takes its base's promise back."""

    def __setattr__(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)


class Path(tuple[Any, ...]):
    """A tuple with an == of its own."""

    def __eq__(self, other: object) -> bool:
        return True

    def __hash__(self) -> int:
        return 0


class Tagged(tuple[Any, ...]):
    """A tuple that may hold more than its items."""


class Number(int):
    """An integer of another type."""


class Group(frozenset[Any]):
    """A set of another type."""


class OddEnum(enum.Enum):
    """Its members are not equal to themselves alone."""

    A = 1
    B = 2

    def __eq__(self, other: object) -> bool:
        return True

    def __hash__(self) -> int:
        return 0


@attrs.frozen
class Unset:
    """A field that nothing gives a value."""

    x: int = attrs.field(init=False)


def tagged() -> Tagged:
    """One with an attribute."""
    made = Tagged((1,))
    made.tag = 2  # type: ignore[attr-defined]
    return made


FROZEN = "whose class is not frozen; declare it with @attrs.frozen"
KIND = (
    "which is no kind of value; use bool, int, str, bytes, None, an enum, a tuple, a frozenset"
    " or a frozen attrs class"
)
ROUNDS = "which rounds; use an integer in the smallest unit, and None for no limit"


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ([1], "[1] is a list, which is mutable; use a tuple"),
        ({1}, "{1} is a set, which is mutable; use a frozenset"),
        ({1: 2}, "{1: 2} is a dict, which is mutable; use a tuple of pairs or a Population"),
        (Counter(a=1), "is a Counter, which is mutable; use a tuple of pairs or a Population"),
        ((0, [1]), "[1] is a list, which is mutable; use a tuple"),
        (Pod([1]), "[1] is a list, which is mutable; use a tuple"),
        (1.5, f"1.5 is a float, {ROUNDS}"),
        (math.inf, f"inf is a float, {ROUNDS}"),
        (2j, f"2j is a complex, {KIND}"),
        (range(3), f"range(0, 3) is a range, {KIND}"),
        (Number(3), "3 is a Number, a subclass of int; use int itself"),
        (Group({1}), "Group({1}) is a Group, a subclass of frozenset; use frozenset itself"),
        (Path((1,)), "is a Path, whose class defines its own __eq__; drop it, or use"),
        (tagged(), "(1,) is a Tagged with attributes besides its items; use @attrs.frozen"),
        (time.gmtime(0), "is a struct_time, which is made by the interpreter; use a NamedTuple"),
        (OddEnum.A, "is a OddEnum, whose class defines its own __eq__; drop it, members are"),
        (Loose(), f"Loose(x=0) is a Loose, {FROZEN}"),
        (LooseData(), f"LooseData(x=0) is a LooseData, {FROZEN}"),
        (Opened(), f"Opened(name='', ready=False) is a Opened, {FROZEN}"),
        (ByIdentity(), "is a ByIdentity, whose class compares by identity; drop eq=False"),
        (Forgetful(), "is a Forgetful, whose class compares by identity; drop eq=False"),
        (Unhashed(), "is a Unhashed, whose class hashes by identity; drop hash=False"),
        (Blind(), "whose field note is left out of ==; drop eq=False or compare=False"),
        (BlindData(), "whose field x is left out of ==; drop eq=False or compare=False"),
        (Folded(), "whose field x is left out of ==; drop eq=False or compare=False"),
        (Unset(), "a Unset has no x; give that field a value"),
    ],
    ids=lambda each: each[:40] if isinstance(each, str) else type(each).__name__,
)
def test_a_value_that_cannot_be_in_a_state_is_refused_with_advice(value: Any, message: str) -> None:
    """What is mutable, or equal by something else than its content, would corrupt a search."""
    with pytest.raises(ValueRefused) as caught:
        check_value(value)

    assert message in str(caught.value)


def test_a_class_with_an_equality_of_its_own_is_refused() -> None:
    """Two states that differ in what it overlooks would be taken for one."""
    with pytest.raises(
        ValueRefused,
        match="class defines its own __eq__; drop it, all fields",
    ):
        check_value(OwnEquality("a"))
    with pytest.raises(ValueRefused):
        sort_key(OwnEquality("a"))
    assert not same_value(OwnEquality("a"), OwnEquality("a"))


@pytest.mark.parametrize(
    "value",
    [PlainSubclass("a"), Node("n"), Claim("c"), Pods(), 10**5000, -(2**64), Tagged((1,))],
    ids=lambda each: type(each).__name__,
)
def test_unusual_classes_that_compare_by_content_are_accepted(value: Any) -> None:
    """Slots or not, a remembered hash, dataclasses, numbers of any size."""
    check_value(value)


def nested(depth: int) -> Any:
    """A tuple in a tuple in a tuple …"""
    value: Any = ()
    for _ in range(depth):
        value = (value,)
    return value


def test_values_nest_at_most_a_hundred_deep() -> None:
    """No trace file may hold more, and far more would exhaust the stack of the interpreter."""
    check_value(nested(100))

    with pytest.raises(ValueRefused, match="nests deeper than 100"):
        check_value(nested(101))
    with pytest.raises(ValueRefused, match="nests deeper than 100"):
        check_value(nested(50_000))


def test_a_value_that_holds_itself_is_refused() -> None:
    """It can be made, by force."""
    pod = Pod()
    object.__setattr__(pod, "name", (pod,))
    other = Pod()
    object.__setattr__(other, "name", (other,))

    for ask in (check_value, sort_key, lambda value: same_value(value, other)):
        with pytest.raises(ValueRefused, match="nests deeper than 100"):
            ask(pod)


def test_fields_are_named_only_for_classes_that_may_be_in_a_state() -> None:
    """Renderers show values by their fields."""
    assert field_names(Pod) == ("name", "ready")
    assert field_names(Claim) == ("name",)
    assert [field_names(kind) for kind in (Loose, Blind, Pods, int)] == [None] * 4


# ---- populations ------------------------------------------------------------------------------

counts = st.dictionaries(st.sampled_from("abcd"), st.integers(0, 4))


@given(counts, counts)
def test_a_population_adds_and_subtracts_like_a_multiset(
    one: dict[str, int], other: dict[str, int]
) -> None:
    """`Counter` is what is known of multisets."""
    added: Population[str] = Population(one) + Population(other)

    assert dict(added.items()) == dict(+(Counter(one) + Counter(other)))
    assert added.total == sum(one.values()) + sum(other.values())
    assert added - Population(other) == Population(one)
    check_value(added)


@given(st.lists(st.tuples(st.sampled_from("abcd"), st.integers(0, 3)), max_size=6))
def test_a_population_does_not_remember_how_it_was_made(pairs: list[tuple[str, int]]) -> None:
    """Equal multisets are one state."""
    one: Population[str] = Population(pairs)
    other: Population[str] = Population(reversed(pairs))

    assert same_value(one, other)
    assert repr(one) == repr(other)
    assert eval(repr(one)) == one


@given(counts, st.sampled_from("abcd"), st.sampled_from("abcd"), st.integers(0, 5))
def test_a_move_keeps_the_total(one: dict[str, int], source: str, target: str, n: int) -> None:
    """And is refused where there are too few to move."""
    population: Population[str] = Population(one)
    if n > population[source] and source != target:
        with pytest.raises(ValueRefused, match=r"a population cannot hold -\d of"):
            population.move(source, target, n)
        return

    moved = population.move(source, target, n)

    assert moved.total == population.total
    assert moved.move(target, source, n) == population


@given(counts, st.data())
def test_split_gives_every_sub_multiset_once(one: dict[str, int], data: st.DataObject) -> None:
    """As many as there are ways to take n of the classes, and no other."""
    population: Population[str] = Population(one)
    n = data.draw(st.integers(0, population.total))

    picked = [each for each, _ in answers(lambda: split(population, n))]

    ways = [1] + [0] * n
    for count in one.values():
        ways = [sum(ways[max(0, m - count) : m + 1]) for m in range(n + 1)]
    assert len(picked) == ways[n] == len(set(picked))
    assert {each.total for each in picked} == {n}
    assert all((population - each).total == population.total - n for each in picked)


def test_an_empty_population_is_false_and_says_so_in_its_repr() -> None:
    """`if pods:` reads as "are there any"."""
    assert not Population()
    assert not Population({"a": 0})
    assert Population({"a": 1})
    assert repr(Population()) == "Population()"


@pytest.mark.parametrize(
    ("counts", "message"),
    [
        ({"a": -1}, "a population cannot hold -1 of 'a'"),
        ({"a": True}, "a population counts in integers, not in True of 'a'"),
        ({"a": 1.0}, "a population counts in integers, not in 1.0 of 'a'"),
        ({"a": None}, "a population counts in integers, not in None of 'a'"),
        ([([1], 1)], "[1] is a list, which is mutable; use a tuple"),
        (
            [(1, 1), (True, 1)],
            "a population cannot tell 1 from True, which are equal but of different types; use"
            " one type for its classes",
        ),
    ],
)
def test_a_population_refuses_what_it_cannot_count(counts: Any, message: str) -> None:
    """Where it is made, not where it is first compared."""
    with pytest.raises(ValueRefused) as caught:
        Population(counts)

    assert str(caught.value) == message


# ---- arithmetic -------------------------------------------------------------------------------


@given(st.integers(), st.integers(), st.lists(st.integers()))
def test_arithmetic_agrees_with_python(one: int, other: int, more: list[int]) -> None:
    """The terms that the symbolic engine is given mean what the plain functions do."""
    assert arith.minimum(one, other, *more) == min(one, other, *more)
    assert arith.maximum(one, other, *more) == max(one, other, *more)
    assert arith.total(more) == sum(more)
    assert arith.clamp(one, min(0, other), max(0, other)) == sorted((one, 0, other))[1]
    if other:
        assert arith.floor_div(one, other) == one // other
        assert arith.ceil_div(one, other) == -((-one) // other)


@pytest.mark.parametrize("order", list(permutations((1, 2, 3))))
def test_the_least_of_several_does_not_depend_on_their_order(order: tuple[int, ...]) -> None:
    """Each is compared with what is the least so far."""
    assert (arith.minimum(*order), arith.maximum(*order)) == (1, 3)
