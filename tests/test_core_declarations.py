"""Declarations that have no meaning are refused before a search, with what to change."""

from collections.abc import Callable
from typing import Any

import attrs
import pytest

from seatrial.core import (
    Action,
    DeclarationError,
    Index,
    Outcomes,
    Own,
    Parameter,
    SeatrialError,
    System,
    Variable,
    View,
    action,
    always,
    every,
    outcome,
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


# ---- what rules read --------------------------------------------------------------------------


def _reads(function: Rule, over: Any = ()) -> str:
    made = action(writes="x", over=over, name="step")(function)
    system = counter(
        made,
        indices=[Index("i", (1, 2)), Index("j", (1, 2))],
        parameters=[Parameter("limit", 3)],
        variables=[Variable("load", over="i")],
        initial={"load": every(0)},
    )
    message = refused(DeclarationError, explore, system)
    return message.removeprefix(where(function)).strip()


def _members_of_a_constant(limit: Own[int]) -> None: ...


def _missing_annotation(load: "lost.All[int]") -> None: ...  # type: ignore[name-defined]  # noqa: F821


@pytest.mark.parametrize(
    ("function", "over", "words"),
    [
        (
            lambda y: 1,
            (),
            "reads y, which the system counter does not declare; it has limit, load, x",
        ),
        (
            lambda load: 1,
            "j",
            "reads load, which ranges over i, but fixes no i; annotate it `load: All[…]` or"
            " `Own[…]`, or declare over='i'",
        ),
        (
            lambda i: 1,
            "j",
            "reads i, which is an index that it does not range over; declare over='i'",
        ),
        (
            lambda x_before: 1,
            (),
            "reads x_before, which is known only to a property of kind 'after each step'",
        ),
        (
            lambda x, y=3: 1,
            (),
            ": y has a default, which would never be used; drop it, or declare Parameter('y', …)",
        ),
        (lambda *x: 1, (), ": *x cannot be bound; name each read as an ordinary parameter"),
        (lambda *, x: 1, (), ": x cannot be bound; name each read as an ordinary parameter"),
        (
            _members_of_a_constant,
            (),
            "asks for members of limit, which is a single constant; drop the annotation",
        ),
        (
            _missing_annotation,
            (),
            "has the annotation 'lost.All[int]', of which lost.All cannot be read: name 'lost' is"
            " not defined; import it at the top of the module",
        ),
    ],
    ids=["unknown", "open", "index", "before", "default", "star", "keyword", "constant", "text"],
)
def test_a_parameter_that_stands_for_nothing_is_refused(
    function: Rule, over: Any, words: str
) -> None:
    """The message says what there is, or what to write."""
    assert _reads(function, over) == words


@pytest.mark.parametrize(
    ("function", "over", "words"),
    [
        (lambda: 1, (), "reads 0 cells; a view reads one or two variables"),
        (lambda x, load: 1, (), "reads load, which ranges over i, but fixes no i; annotate it"),
        (lambda x, load, y: 1, "i", "reads 3 cells; a view reads one or two variables"),
        (lambda seen: 1, (), "reads seen; a view reads variables, and no other view"),
    ],
)
def test_a_view_reads_one_or_two_variables(function: Rule, over: Any, words: str) -> None:
    """Its values are learned: what reads much would fill the tables."""

    @action(writes="x")
    def step(x: int) -> Outcomes:
        return ()

    made = view(name="made", over=over)(function)
    system = counter(
        step,
        indices=[Index("i", (1, 2))],
        variables=[Variable("load", over="i"), Variable("y")],
        initial={"load": every(0), "y": 0},
        views=[view(name="seen")(lambda x: x), made],
    )

    assert words in refused(DeclarationError, explore, system)


# ---- initial states ---------------------------------------------------------------------------

BEGIN = "initial state 0 of system nodes "


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"load": every(0)}, f"{BEGIN}misses the variable x; add it"),
        ({"x": 0, "load": {1: 0}}, f"{BEGIN}misses load[2]; add it"),
        ({"x": 0, "load": 0}, "load is a family; give a mapping by index, or every(value)"),
        ({"x": 0, "load": {1: 0, 2: 0, 3: 0}}, f"{BEGIN}sets load[3], which does not exist"),
        ({"x": 0, "load": every(0), "y": 0}, f"{BEGIN}sets y, which is no variable"),
        ({"x": [0], "load": every(0)}, "x: [0] is a list, which is mutable; use a tuple"),
        ({"x": 0, "load": every([0])}, "load[1]: [0] is a list, which is mutable; use a tuple"),
        ({"x": every(0), "load": every(0)}, "x is one variable; give its value without every()"),
        ({"x": 0, "load": {1: every(0), 2: 0}}, "load[1] is one variable; give its value without"),
        ("x", f"{BEGIN}is 'x'; give a mapping from variables to values"),
        ({"x": 0, "load": {1: 0, 2: False}}, "load was 0 and is now False, which is equal but of"),
    ],
)
def test_an_initial_state_is_whole_and_of_values(given: Any, words: str) -> None:
    """And says nothing of what there is not."""
    system = System(
        name="nodes",
        indices=[Index("i", (1, 2))],
        variables=[Variable("x"), Variable("load", over="i")],
        actions=[toggle],
        initial=[given],
    )

    assert words in refused(DeclarationError, explore, system)


def test_initial_states_agree_in_types() -> None:
    """The second one is compared with the first."""
    system = attrs.evolve(counter(toggle), initial=[{"x": 1}, {"x": True}])

    assert "x was 1 and is now True" in refused(DeclarationError, explore, system)


# ---- systems ----------------------------------------------------------------------------------


def plain(x: int) -> Outcomes:
    """A rule that nobody declared."""
    return ()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"initial": {"x": 0}}, "initial={'x': 0} is one state; give a list of such mappings"),
        ({"initial": []}, "system counter: it has no initial state"),
        ({"actions": []}, "system counter: it has no action"),
        (
            {"actions": [plain]},
            f"system counter: actions holds {where(plain)}, which is no Action;",
        ),
        ({"actions": {toggle, attrs.evolve(toggle, name="b")}}, "is a set, which has no order"),
        ({"actions": [toggle, toggle]}, "system counter: two actions are called toggle: toggle ("),
        ({"variables": ["x"]}, "system counter: variables holds 'x', which is no Variable"),
        ({"variables": 3}, "3 is a int; give a tuple"),
        ({"variables": [Variable("x y")]}, "variable 'x y' is not a name that a rule's parameter"),
        ({"variables": [Variable("class")]}, "variable 'class' is not a name that a rule's"),
        ({"variables": [Variable("x"), Variable("x")]}, "variable x has the name of a variable;"),
        ({"parameters": [Parameter("x", 1)]}, "variable x has the name of a parameter; rename one"),
        ({"variables": [Variable("x", over="i")]}, "x ranges over i, which is no index; declare"),
        ({"indices": [Index("i", ())]}, "system counter: index i is empty or names a member twice"),
        ({"indices": [Index("i", (1, True))]}, "index i is empty or names a member twice"),
        (
            {"indices": [Index("i", ([1],))]},
            "index i: [1] is a list, which is mutable; use a tuple",
        ),
        (
            {"indices": [Index("i", (1, "1"))]},
            "index i has two members that are shown as 1; rename",
        ),
        ({"views": [plain]}, f"views holds {where(plain)}, which is no View or Total; decorate it"),
    ],
    ids=lambda each: each[-40:] if isinstance(each, str) else "",
)
def test_a_system_that_has_no_meaning_is_refused(change: dict[str, Any], words: str) -> None:
    """Before anything is searched."""
    assert words in refused(DeclarationError, lambda: attrs.evolve(counter(toggle), **change))


def test_two_cells_cannot_have_one_name() -> None:
    """A trace tells them by it: `load[a,b,c]` would be that of a and b,c, and that of a,b and c."""
    change = {
        "indices": [Index("i", ("a", "a,b")), Index("j", ("b,c", "c"))],
        "variables": [Variable("x"), Variable("load", over=("i", "j"))],
    }

    message = refused(DeclarationError, attrs.evolve, counter(toggle), **change)

    assert "indices i and j have two tuples that are shown as a,b,c" in message


def test_an_index_stands_once_in_what_ranges_over_it() -> None:
    """`load[i,i]`: a rule at i would have the diagonal, or a row, or a column?"""
    twice = attrs.evolve(toggle, over=("i", "i"))
    indices = [Index("i", (1, 2))]
    words = "ranges over i twice; declare a second index with the same members, so that each place"

    for change in (
        {"actions": [twice]},
        {"variables": [Variable("x", over=("i", "i"))]},
        {"views": [View("seen", plain, over=("i", "i"))]},
    ):
        message = refused(
            DeclarationError,
            attrs.evolve,
            counter(toggle),
            indices=indices,
            **change,
        )

        assert words in message


@pytest.mark.parametrize(
    ("declare", "words"),
    [
        (lambda: Index("i", 3), "3 is a int; give a tuple"),  # type: ignore[arg-type]
        (lambda: Index("i", {1, 2}), "{1, 2} is a set, which has no order; give a tuple"),
        (lambda: Variable("x", over=3), "3 is a int; give a tuple"),  # type: ignore[arg-type]
        (lambda: Variable("x", over=(3,)), "3 is no name; give a string"),  # type: ignore[arg-type]
        (
            lambda: action(writes="x", fair="often")(plain),  # type: ignore[arg-type]
            "action plain: fair='often' is not one of 'weak', 'strong', 'none'",
        ),
        (
            lambda: action(writes="x")(lambda x: ()),
            "action '<lambda>' has no name; write a def, or",
        ),
        (
            lambda: explore(counter(attrs.evolve(toggle, writes=("z",)))),
            "declares writes='z', which",
        ),
        (lambda: explore("counter"), "'counter' is a str and no System"),  # type: ignore[arg-type]
        (
            lambda: explore(counter(toggle, parameters=[Parameter("p", [1])])),
            "parameter p: [1] is a list, which is mutable; use a tuple",
        ),
        (
            lambda: explore(counter(toggle), [always(id="p", **SAID)(lambda z: None)]),
            "reads z, which the system counter does not declare; it has x",
        ),
    ],
)
def test_a_declaration_that_has_no_meaning_is_refused(
    declare: Callable[[], object], words: str
) -> None:
    """Where it stands."""
    assert words in refused(DeclarationError, declare)
