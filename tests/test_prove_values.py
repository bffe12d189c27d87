"""What states and parameters are made of: no two numbers are taken for one, and nothing is lost."""

import functools
from collections.abc import Callable, Mapping
from typing import Any

import attrs
import pytest

from seatrial.core import (
    Action,
    Outcomes,
    Parameter,
    Population,
    Property,
    System,
    Total,
    Variable,
    View,
    Whole,
    always,
    at_least,
    at_most,
    choose,
    outcome,
)
from seatrial.engines.explore import explore
from seatrial.engines.prove.queries import Limits, Queries
from seatrial.engines.prove.systems import SystemProof, prove_system

QUICK = Limits(query_ms=5_000, depth=2)
Build = Callable[[Mapping[str, Any]], System]


def proof(build: Build, asked: Property, name: str = "m") -> SystemProof:
    (found,) = prove_system(build, {name: Whole(0, 5)}, [asked], Queries(QUICK)).proofs
    return found


def explored(build: Build, asked: Property, size: int, name: str = "m") -> str:
    return explore(build({name: size}), [asked], max_states=1_000).verdict(asked.id).status


def system(rule: Any, *writes: str, **initial: Any) -> System:
    return System(
        name="values",
        variables=[Variable(name) for name in initial],
        actions=[Action(rule.__name__, "system", rule, writes)],
        initial=[initial],
    )


@at_most(says="it stays small", source="nobody", bound=50)
def stays_small(n: int) -> int:
    return n


# ---- names ------------------------------------------------------------------------------------


@attrs.frozen
class Kind:
    zone: str = ""
    node: str = ""


HERE, THERE = Kind(zone="a"), Kind(node="a")


def grows(pods: Population[Kind], n: int) -> Outcomes:
    if pods.total < 6:
        yield outcome("here", pods=pods.add(HERE, n + 1))


def test_kinds_that_differ_only_in_which_field_has_a_value_are_counted_apart() -> None:
    """Both are shown as `a`, and are two numbers."""

    @at_most(says="as many here as there", source="nobody", bound=0)
    def as_many(pods: Population[Kind]) -> int:
        return pods[HERE] - pods[THERE]

    def build(values: Mapping[str, Any]) -> System:
        return system(grows, "pods", pods=Population({HERE: 1, THERE: 1}), n=values["m"])

    assert explored(build, as_many, 1) == "violated"
    assert proof(build, as_many).status == "violated"


def counts_up(n: int) -> Outcomes:
    if n < 2_000:
        yield outcome("up", n=n + 1)


def test_a_variable_may_have_the_name_of_a_parameter() -> None:
    """What is assumed of the parameter is not assumed of the variable."""

    def build(values: Mapping[str, Any]) -> System:
        return system(counts_up, "n", n=values["n"])

    assert explored(build, stays_small, 0, "n") == "violated"
    assert proof(build, stays_small, "n").status != "proved"


# ---- equal, and of other types ----------------------------------------------------------------


def turns(kind: Any, n: int) -> Outcomes:
    yield outcome("turns", kind=Population({(True,) if n > 2 else (1,): 1}))
    if "True" in str(kind):
        yield outcome("far", n=n + 100)


def test_kinds_that_are_equal_but_of_other_types_are_two_shapes() -> None:
    """In a population as by itself."""

    def build(values: Mapping[str, Any]) -> System:
        return system(turns, "kind", "n", kind=Population({(1,): 1}), n=values["m"])

    assert proof(build, stays_small).status == "violated"


# ---- what is kept beside ----------------------------------------------------------------------


@attrs.frozen(slots=False)
class Doubled:
    n: int

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "twice", 2 * self.n)


def looks_beside(kind: Any, n: int) -> Outcomes:
    yield outcome("kept", kind=Doubled(n))
    if getattr(kind, "twice", 0) > 4:
        yield outcome("far", n=100)


def test_what_an_object_keeps_beside_its_fields_is_not_lost() -> None:
    """It is no part of a shape, so it is refused."""

    def build(values: Mapping[str, Any]) -> System:
        return system(looks_beside, "kind", "n", kind=Doubled(0), n=values["m"])

    assert explored(build, stays_small, 5) == "violated"
    found = proof(build, stays_small)
    assert found.status == "inconclusive"
    assert "keeps twice beside its fields" in found.because


@attrs.frozen(slots=False)
class Sizes:
    n: int

    @functools.cached_property
    def large(self) -> bool:
        return bool(self.n > 3)


def goes_far(n: int, sizes: Sizes) -> Outcomes:
    if sizes.large:
        yield outcome("far", n=100)


def test_a_parameter_keeps_no_answer_from_one_path_to_another() -> None:
    """A cached property would say of all numbers what it said of the first."""

    def build(values: Mapping[str, Any]) -> System:
        return attrs.evolve(
            system(goes_far, "n", n=values["m"]),
            parameters=[Parameter("sizes", Sizes(values["m"]))],
        )

    assert explored(build, stays_small, 5) == "violated"
    found = proof(build, stays_small)
    assert found.status == "inconclusive"
    assert "may keep what it is asked" in found.because


# ---- answers that other engines refuse --------------------------------------------------------


def turns_later(n: int, found: Any) -> Outcomes:
    if n > 1_000:
        yield outcome("written", found=[n])
    elif n < 2_000:
        yield outcome("up", n=n + 1)


def counts_in_a_list(n: int) -> Any:
    return [n] if n > 1_000 else (n,)


def is_there(n: int) -> Any:
    return n if n > 1_000 else n > -1


def is_late(n: int) -> bool:
    return n > 1_000


def any_number(n: int) -> int:
    return choose(1, 3) if n > 1_000 else 1


def looks(n: int, view: Any) -> Outcomes:
    if view and n < 2_000:
        yield outcome("up", n=n + 1)


@at_least(says="it is no less", source="nobody", bound=0)
def no_less(n: int) -> int:
    return n


VIEWS = {"a list": counts_in_a_list, "no truth value": is_there, "what it chooses": any_number}


@pytest.mark.parametrize("name", VIEWS)
def test_a_view_that_others_refuse_at_some_size_proves_nothing(name: str) -> None:
    """The first sizes do not show it."""

    def build(values: Mapping[str, Any]) -> System:
        return System(
            name="views",
            variables=[Variable("n")],
            views=[View("view", VIEWS[name])],
            actions=[
                Action("looks", "system", looks, "n", when="view" if "truth" in name else None)
            ],
            initial=[{"n": values["m"]}],
        )

    assert proof(build, no_less).status != "proved"


def test_a_list_that_is_written_proves_nothing() -> None:
    """A state has none."""

    def build(values: Mapping[str, Any]) -> System:
        return system(turns_later, "n", "found", n=values["m"], found=())

    found = proof(build, no_less)
    assert found.status == "inconclusive"
    assert "writes a list or a dict" in found.because


def turns_late(n: int, late: bool) -> Outcomes:
    yield outcome("up", n=n + 1, late=n > 1_000)


def test_a_total_of_truth_values_proves_nothing() -> None:
    """Other engines sum integers alone."""

    @at_most(says="it is at most one", source="nobody", bound=1)
    def at_most_one(total: int) -> int:
        return total

    def build(values: Mapping[str, Any]) -> System:
        return System(
            name="totals",
            variables=[Variable("n"), Variable("late")],
            views=[Total("total", "late")],
            actions=[Action("turns_late", "system", turns_late, ("n", "late"))],
            initial=[{"n": values["m"], "late": False}],
        )

    found = proof(build, at_most_one)
    assert found.status == "inconclusive"
    assert "sums what is no integer" in found.because


@always(says="nothing is yielded", source="nobody")
def yields_none(n: int) -> Any:
    if n > 1_000:
        yield None


@always(says="a number is no answer", source="nobody")
def is_a_number(n: int) -> Any:
    return 5 if n > 1_000 else None


@at_most(says="a truth value is no number", source="nobody", bound=1)
def is_true(n: int) -> Any:
    return n > 2_000 if n > 1_000 else 0


@always(says="it chooses", source="nobody")
def chooses(n: int) -> Any:
    if n > 1_000 and choose(0, 3) > 5:
        yield "never"


@always(says="its premise is no truth value", source="nobody", premise=lambda n: n)
def has_a_premise(n: int) -> Any:
    if n < 0:
        yield "never"


@pytest.mark.parametrize("asked", [yields_none, is_a_number, is_true, chooses, has_a_premise])
def test_a_property_that_answers_out_of_its_kind_at_some_size_proves_nothing(
    asked: Property,
) -> None:
    """Other engines refuse the answer where they come there."""

    def build(values: Mapping[str, Any]) -> System:
        return system(counts_up, "n", n=values["m"])

    found = proof(build, asked)
    assert found.status == "inconclusive"
    assert "outside of the fragment" in found.because


def test_what_is_chosen_where_a_system_is_built_proves_nothing() -> None:
    """No action is running."""

    def build(values: Mapping[str, Any]) -> System:
        return system(counts_up, "n", n=choose(0, 3))

    found = proof(build, stays_small)
    assert found.status == "inconclusive"
    assert "where the system is built" in found.because
