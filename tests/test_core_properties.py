"""Properties: what each kind asks of its function, and where it is asked."""

from collections.abc import Callable, Iterator
from typing import Any

import attrs
import pytest

from seatrial.core import (
    All,
    DeclarationError,
    Finding,
    Ground,
    GroundProperty,
    Index,
    Outcomes,
    Own,
    Parameter,
    Property,
    System,
    Total,
    Variable,
    Violation,
    action,
    after_each_step,
    always,
    at_least,
    at_most,
    converges_to,
    deadlock_free,
    every,
    ground,
    ground_property,
    no_hot_loop,
    outcome,
    sometimes,
    view,
)

SAID: dict[str, Any] = {"says": "a promise", "source": "its manual"}


@action(writes="load", over="node")
def fill(load: int) -> Outcomes:
    """One more."""
    yield outcome("fill", load=load + 1)


@view(over="node")
def room(load: int, limit: int) -> int:
    """What is left."""
    return limit - load


SYSTEM = ground(
    System(
        name="nodes",
        indices=[Index("node", ("n1", "n2"))],
        parameters=[Parameter("limit", 5)],
        variables=[Variable("load", over="node"), Variable("spare")],
        views=[room, Total("rooms", of="room")],
        actions=[fill],
        initial=[{"load": every(0), "spare": 9}],
    )
)


def ask(
    rule: GroundProperty, now: tuple[Any, ...], before: tuple[Any, ...] = (), taken: str = ""
) -> Finding:
    """What a property says of a state, or of a step to it."""
    cells = SYSTEM.values(now)
    earlier = SYSTEM.values(before) if before else {}
    values = [cells[number] for number in rule.reads]
    return rule.check([*values, *(earlier[number] for number in rule.before), taken])


def asked(property: Property, *state: Any, **step: Any) -> list[Finding]:
    """What a property says, at each index."""
    return [ask(rule, state, **step) for rule in ground_property(SYSTEM, property)]


# ---- kinds ------------------------------------------------------------------------------------


def test_an_invariant_yields_the_objects_that_break_it() -> None:
    """As violations with evidence, or as mere sentences."""

    @always(**SAID)
    def within(load: All[int], limit: int) -> Iterator[Violation | str]:
        for node, amount in load.items():
            if amount > limit:
                yield Violation(f"{node} has {amount}", (node,))
        if load["n1"] > 9:
            yield "and that is far too much"

    assert asked(within, 5, 5, 0) == [Finding(met=True)]
    assert asked(within, 10, 5, 0) == [
        Finding(True, (Violation("n1 has 10", ("n1",)), Violation("and that is far too much")))
    ]


def test_a_property_over_an_index_is_asked_at_each_member() -> None:
    """Each has its own name and its own reads."""

    @always(over="node", **SAID)
    def within(load: int, room: int, node: str) -> Iterator[str]:
        if room < 0:
            yield f"{node}: {load}"

    rules = ground_property(SYSTEM, within)

    assert [(rule.name, rule.reads) for rule in rules] == [
        ("within[n1]", (0, 3)),
        ("within[n2]", (1, 4)),
    ]
    assert [len(each.violations) for each in asked(within, 1, 6, 0)] == [0, 1]


def test_a_property_of_steps_sees_both_states_and_the_action() -> None:
    """`NAME_before` binds to variables, views and totals alike."""

    @after_each_step(over="node", **SAID)
    def grows(
        load: int, load_before: int, room_before: int, spare_before: All[int], action: str
    ) -> Iterator[str]:
        if load <= load_before:
            yield f"{action}: {load_before} to {load}, {room_before}, {spare_before[()]}"

    first, second = asked(grows, 1, 0, 9, before=(2, 3, 8), taken="fill[n2]")

    assert [each.because for each in first.violations] == ["fill[n2]: 2 to 1, 3, 8"]
    assert [each.because for each in second.violations] == ["fill[n2]: 3 to 0, 2, 8"]


def test_a_bound_is_a_number_or_a_function_of_parameters() -> None:
    """At each index its own."""

    @at_most(over="node", bound=lambda limit, node: limit + (node == "n2"), **SAID)
    def load_of(load: int) -> int:
        return load

    @at_least(bound=-3, **SAID)
    def rest(rooms: int) -> int:
        return rooms

    assert [rule.bound for rule in ground_property(SYSTEM, load_of)] == [5, 6]
    assert [rule.bound for rule in ground_property(SYSTEM, rest)] == [-3]
    assert [each.value for each in asked(rest, 1, 7, 0)] == [2]


def test_a_predicate_is_true_or_false() -> None:
    """Goals and witnesses."""
    full: Callable[..., bool] = lambda load, limit: load == limit  # noqa: E731

    for declare in (sometimes, converges_to):
        property = declare(id="full", over="node", **SAID)(full)

        assert [each.value for each in asked(property, 5, 1, 0)] == [True, False]


def test_a_finder_is_asked_only_where_its_premise_is_true() -> None:
    """And both may read different cells."""

    @always(premise=lambda spare: spare > 0, **SAID)
    def never(load: All[int]) -> Iterator[str]:
        yield f"{list(load.values())}"

    assert asked(never, 1, 2, 0) == [Finding(met=False)]
    assert asked(never, 1, 2, 3) == [Finding(True, (Violation("[1, 2]"),))]


def test_the_premise_of_a_step_may_read_what_was_before() -> None:
    """The finder need not read any of it."""

    @after_each_step(premise=lambda spare_before, action: action == "use", **SAID)
    def used(spare: int) -> Iterator[str]:
        yield f"{spare} left"

    (rule,) = ground_property(SYSTEM, used)
    assert (rule.reads, rule.before, rule.wants_action) == ((2,), (2,), True)
    (met,) = asked(used, 0, 0, 7, before=(0, 0, 8), taken="use")
    (unmet,) = asked(used, 0, 0, 7, before=(0, 0, 8), taken="fill")

    assert [each.because for each in met.violations] == ["7 left"]
    assert unmet == Finding(met=False)


def test_deadlocks_and_hot_loops_ask_no_function() -> None:
    """The engine knows what is enabled and what is taken."""
    for property in (
        deadlock_free(source="its manual"),
        no_hot_loop(work="fill", progress=("fill",), **SAID),
    ):
        (rule,) = ground_property(SYSTEM, property)

        assert (rule.reads, rule.before, rule.bound) == ((), (), None)


def test_a_name_declared_as_something_before_is_that_outside_steps() -> None:
    """`x_before` is an ordinary name wherever no step is looked at."""
    system = _with("load_before")

    @always(**SAID)
    def same(load_before: int) -> Iterator[str]:
        yield from ()

    (rule,) = ground_property(system, same)
    assert [system.cell(number).name for number in rule.reads] == ["load_before"]


def _with(name: str) -> Ground:
    """A system with a variable `load` and another."""

    @action(writes="load")
    def step(load: int) -> Outcomes:
        yield outcome("step", load=load)

    return ground(
        System(
            name="odd",
            variables=[Variable("load"), Variable(name)],
            actions=[step],
            initial=[{"load": 0, name: 1}],
        )
    )


# ---- what is refused where it is declared or bound --------------------------------------------


@pytest.mark.parametrize("missing", ["says", "source"])
def test_a_promise_is_quoted_and_says_where_it_is_made(missing: str) -> None:
    """Else nobody can tell whether it is one."""
    with pytest.raises(DeclarationError) as caught:
        deadlock_free(**{**SAID, missing: " "})

    assert str(caught.value) == (
        f"property deadlock-free has no {missing}; quote the promise and say where it is made"
    )


def test_a_bound_is_given_to_bounds_alone() -> None:
    """An invariant with a bound is a slip of the pen."""
    with pytest.raises(DeclarationError, match="property f is of kind 'always' and has bound=3"):
        always(bound=3, id="f", **SAID)(lambda load: None)
    with pytest.raises(DeclarationError, match="property f is of kind 'at most' and has bound=No"):
        at_most(id="f", **SAID)(lambda load: 1)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"kind": "usually"}, "property p: kind='usually' is none of 'always', 'after each step'"),
        ({"expected": "maybe"}, "property p: expected='maybe' is none of 'holds', 'refuted'"),
        ({"function": None}, "property p is None, a NoneType; write an ordinary function"),
        ({"id": "<lambda>"}, "property '<lambda>' has no name; write a def or give id="),
        ({"premise": 3}, "the premise of property p is 3, a int; write an ordinary function"),
        ({"over": 3}, "3 is a int; give a tuple"),
    ],
)
def test_a_property_is_checked_where_it_is_made(change: dict[str, Any], message: str) -> None:
    """Not when a search has begun."""
    good = always(id="p", **SAID)(lambda load: None)

    with pytest.raises(DeclarationError) as caught:
        attrs.evolve(good, **change)

    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    ("function", "over", "message"),
    [
        (lambda lead: 1, (), "reads lead, which the system nodes does not declare; it has limit,"),
        (lambda load: 1, (), "reads load, which ranges over node, but fixes no node; annotate it"),
        (lambda node: 1, (), "reads node, which is an index that it does not range over; declare"),
        (lambda load_before: 1, "node", "is known only to a property of kind 'after each step'"),
        (lambda action: 1, (), "is known only to a property of kind 'after each step'"),
        (lambda load: 1, "place", "property p ranges over place, which is no index of nodes"),
        (lambda load: 1, ("node", "node"), "property p ranges over node twice"),
    ],
)
def test_a_property_reads_what_the_system_has(function: Any, over: Any, message: str) -> None:
    """The message says what there is."""
    property = at_most(id="p", bound=1, over=over, **SAID)(function)

    with pytest.raises(DeclarationError) as caught:
        ground_property(SYSTEM, property)

    assert message in str(caught.value)


def test_names_that_mean_two_things_in_a_step_are_refused() -> None:
    """The action that was taken or a variable of that name; the past of one or another."""

    def see(load: int, action: str) -> None: ...
    def look(load_before: int) -> None: ...

    for name, function in (("action", see), ("load_before", look)):
        property = after_each_step(**SAID)(function)

        with pytest.raises(DeclarationError, match=r"and also declared by the system odd; rename"):
            ground_property(_with(name), property)


@pytest.mark.parametrize(
    ("bound", "message"),
    [
        (lambda load: 1, "reads load[n1]; a bound is a function of parameters alone"),
        (lambda limit: "5", "answered '5'; a bound is an integer"),
        (lambda limit: limit / 0, "raised ZeroDivisionError at line "),
    ],
)
def test_a_bound_answers_with_an_integer(bound: Any, message: str) -> None:
    """From parameters, before the search begins."""
    property = at_most(id="p", bound=bound, over="node", **SAID)(lambda load: load)

    with pytest.raises(DeclarationError) as caught:
        ground_property(SYSTEM, property)

    assert str(caught.value).startswith("the bound of property p, ")
    assert message in str(caught.value)


def test_an_unknown_action_of_a_hot_loop_is_refused() -> None:
    """It would make the property hold for no reason."""
    property = no_hot_loop(work="fil", **SAID)

    with pytest.raises(DeclarationError, match="names the action fil, which nodes does not have"):
        ground_property(SYSTEM, property)


def test_a_members_mapping_asked_of_a_constant_is_refused() -> None:
    """A parameter has no members."""

    def see(limit: Own[int]) -> None: ...

    with pytest.raises(DeclarationError, match="asks for members of limit, which is a single"):
        ground_property(SYSTEM, always(**SAID)(see))
