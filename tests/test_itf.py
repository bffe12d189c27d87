"""Trace files: what is written is read again, and what other tools write is understood."""

import contextlib
import dataclasses
import hashlib
import json
import os
import re
import subprocess
import sys
from enum import Enum
from pathlib import Path
from typing import Any, NamedTuple

import attrs
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from seatrial import core, explore
from seatrial.core import (
    Ground,
    Index,
    Outcomes,
    Parameter,
    Population,
    ReplayError,
    System,
    Trace,
    TraceFormatError,
    ValueRefused,
    Variable,
    action,
    enabled_steps,
    every,
    ground,
    outcome,
    same_value,
    step_of,
    successor,
)
from seatrial.counterexamples import (
    ItfMap,
    ItfRecord,
    ItfTrace,
    ItfVariant,
    as_trace,
    confirm,
    decode_value,
    encode_value,
    read_itf,
    write_itf,
)
from seatrial.model import rollout

FIXTURES = Path(__file__).parent / "fixtures" / "itf"
NAME = "app.kubernetes.io/name"


# ---- values -----------------------------------------------------------------------------------


class Phase(Enum):
    PENDING = "Pending"
    RUNNING = "Running"


class Level(Enum):
    LOW = 1
    HIGH = "high"


@attrs.frozen
class Create:
    count: int
    labels: Population[str] = attrs.field(factory=Population)


@attrs.frozen
class Relist:
    """A class without fields."""


@attrs.frozen
class Boxed:
    inside: Any


@dataclasses.dataclass(frozen=True)
class Tagged:
    tag: str
    value: int


class Status(NamedTuple):
    phase: Phase
    node: str | None = None


names = st.one_of(st.sampled_from([NAME, "n1", "", "#bigint", "__x", "\ud800", "é"]), st.text())
records = st.one_of(
    st.builds(Create, st.integers(), st.builds(Population, st.dictionaries(names, st.just(2)))),
    st.builds(Relist),
    st.builds(Tagged, names, st.integers()),
    st.builds(Status, st.sampled_from(Phase), st.none() | names),
)
atoms = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(min_value=2**64),
    names,
    st.binary(max_size=3),
    st.sampled_from(Phase),
    st.sampled_from(Level),
    records,
)
values = st.recursive(
    atoms,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(tuple),
        st.frozensets(inner, max_size=3),
        st.builds(Boxed, inner),
        st.builds(Population, st.dictionaries(inner, st.integers(1, 3), max_size=3)),
    ),
    max_leaves=8,
)


@given(values)
def test_what_is_encoded_and_read_again_encodes_to_the_same(value: Any) -> None:
    """Nothing but the names of classes is lost between a value and its file."""
    encoded = encode_value(value)

    assert encode_value(decode_value(json.loads(json.dumps(encoded)))) == encoded


@pytest.mark.parametrize(
    ("value", "encoded"),
    [
        (True, True),
        (1, {"#bigint": "1"}),
        (-(2**64), {"#bigint": "-18446744073709551616"}),
        ("web-0", "web-0"),
        (None, {"tag": "None", "value": {"#tup": []}}),
        (b"\x00\xff", {"tag": "Bytes", "value": "00ff"}),
        (Phase.RUNNING, "Running"),
        (Level.HIGH, "HIGH"),
        (Relist(), {"tag": "Relist", "value": {"#tup": []}}),
        (Status(Phase.PENDING, "n1"), {"node": "n1", "phase": "Pending"}),
        (Tagged("a", 1), {"#map": [["tag", "a"], ["value", {"#bigint": "1"}]]}),
        (
            Population({NAME: 2, "a": 1}),
            {"#map": [["a", {"#bigint": "1"}], [NAME, {"#bigint": "2"}]]},
        ),
        ((1, "a"), {"#tup": [{"#bigint": "1"}, "a"]}),
        (frozenset({10, 9}), {"#set": [{"#bigint": "9"}, {"#bigint": "10"}]}),
    ],
)
def test_each_kind_of_value_has_its_form(value: Any, encoded: Any) -> None:
    """Label keys are never field names, and integers never JSON numbers."""
    assert encode_value(value) == encoded


def test_what_is_no_value_is_refused_and_never_written() -> None:
    """Floats round, and a list in a state is a mistake of the model."""
    for wrong in (1.5, [1], 10**5000):
        with pytest.raises(ValueRefused):
            encode_value(wrong)


def test_values_that_nest_too_deep_are_refused_on_both_sides() -> None:
    """A file of a hundred thousand brackets must not take the stack away."""
    deep: Any = ()
    encoded: Any = []
    for _ in range(101):
        deep, encoded = (deep,), [encoded]

    with pytest.raises(ValueRefused, match="deeper than 100"):
        encode_value(deep)
    with pytest.raises(TraceFormatError, match="deeper than 100"):
        decode_value(encoded)


def test_other_tools_values_are_understood() -> None:
    """Apalache has a unit of its own, and old files have plain numbers."""
    assert decode_value({"tag": "UNIT"}) == ()
    assert decode_value(7) == 7
    assert decode_value({"tag": 1, "value": 2}) == ItfRecord((("tag", 1), ("value", 2)))
    assert decode_value({"a/b": {"#tup": []}})["a/b"] == ()
    assert decode_value({"#map": [["b", 1], ["a", 2]]})["b"] == 1
    assert decode_value({"#set": [1, 1]}) == frozenset({1})


@pytest.mark.parametrize(
    ("encoded", "message"),
    [
        (None, "v is null, which is no ITF value"),
        (1.5, "v is a number with a fraction or an exponent, which is no ITF value"),
        ({"#bigint": 3}, 'v is no integer: {"#bigint": 3}'),
        ({"#bigint": "9" * 5000}, "v is an integer of 5000 digits, too long to be read"),
        ({"#set": [1, {"#bigint": "x"}]}, 'v.#set[1] is no integer: {"#bigint": "x"}'),
        ({"#set": [1, True]}, "v holds both a boolean and an equal integer"),
        ({"#map": [[1, 2], [3]]}, "v.#map[1] is no pair of key and value"),
        ({"#map": [[1, 2], [1, 3]]}, "v gives two values to one key"),
        ({"#map": {"a": 1}}, "v.#map is no array"),
        ({"#tup": 1}, "v.#tup is no array"),
        ({"a": {"#map": [["k", [None]]]}}, "v.a.#map[0][1][0] is null"),
        ({"#list": []}, "v is no ITF value: it has the field '#list'"),
        ({"#set": [], "x": 1}, "v is no ITF value: it has the field '#set'"),
        ({"#unserializable": "Int"}, 'v was too large for whoever wrote the file: "Int"'),
        ({"a\n": None}, r"v.a\n is null"),
    ],
)
def test_a_value_that_is_no_itf_is_an_error_that_says_where(encoded: Any, message: str) -> None:
    """One line, whatever the file holds."""
    with pytest.raises(TraceFormatError) as caught:
        decode_value(encoded, "v")

    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


# ---- systems and runs -------------------------------------------------------------------------


@action(actor="user", over="node", writes=("asked", "queue"), fair="none")
def ask(node: str, asked: Any, queue: Any) -> Outcomes:
    if len(queue) < 2:
        size = core.choose(0, 2)
        yield outcome("ask", asked=size, queue=(*queue, node))
        yield outcome("forget", asked=None)


@action(actor="api", writes=("queue", "seen"), committed=True)
def deliver(queue: Any, seen: Any) -> Outcomes:
    if len(queue) > 1:
        yield outcome("deliver", queue=queue[1:], seen=seen | {queue[0]})


@action(actor="clock", writes="time")
def tick(time: int) -> Outcomes:
    yield outcome("tick", time=(time + 1) % 3)


def queues() -> Ground:
    """A family over names with `/`, an optional value, choices, sets and a committed action."""
    return ground(
        System(
            name="queues",
            indices=[Index("node", ("n1", NAME))],
            variables=[
                Variable("asked", over="node"),
                Variable("queue"),
                Variable("seen"),
                Variable("time"),
            ],
            parameters=[Parameter("limit", Boxed(Population({NAME: 3})))],
            actions=[ask, deliver, tick],
            initial=[
                {"asked": every(None), "queue": (), "seen": frozenset(), "time": time}
                for time in (0, 1)
            ],
        )
    )


def walk(system: Ground, picks: list[int], start: int = 0, **facts: Any) -> Trace:
    """The run that takes at each step the outcome of that number, committed steps to the end."""
    state = first = system.initial[start % len(system.initial)]
    steps = []
    remaining = list(picks)
    while True:
        offered = enabled_steps(system, state, between=False)
        committed = bool(offered) and offered[0][0].action.committed
        if not offered or not (remaining or committed):
            break
        taken, made = offered[(remaining.pop(0) if remaining else 0) % len(offered)]
        steps.append(step_of(system, state, taken, made))
        state = successor(state, made)
    cells = [slot.name for slot in system.slots]
    initial = tuple(zip(cells, first, strict=True))
    return Trace(system.system.name, initial, tuple(steps), **facts)


def exactly(one: Trace, other: Trace) -> bool:
    """Equal, and equal in the types of values."""
    pairs = zip(one.states(), other.states(), strict=True)
    return one == other and all(same_value(tuple(a.values()), tuple(b.values())) for a, b in pairs)


picks = st.lists(st.integers(0, 50), max_size=25)


@settings(deadline=None)  # long walks on a busy machine
@given(picks)
def test_a_rollout_that_is_written_and_read_is_the_same_trace(picks: list[int]) -> None:
    """The file is how a counterexample travels; what comes back must replay exactly."""
    system = ground(rollout.rollout())
    trace = walk(system, picks, property_id="p", because=("a", "b\n"), shortest=False)

    assert exactly(as_trace(read_itf(write_itf(trace, system)), system), trace)


@settings(deadline=None)  # long walks on a busy machine
@given(picks, st.integers(0, 1))
def test_choices_committed_steps_and_families_survive(picks: list[int], start: int) -> None:
    """They are told apart by `#meta`: two of them may have the same effects."""
    system = queues()
    trace = walk(system, picks, start)

    for text in (write_itf(trace, system), write_itf(trace, system, mbt=True).encode()):
        assert exactly(as_trace(read_itf(text), system), trace)


@action(writes="cell")
def put(cell: Any, target: Any) -> Outcomes:
    if cell != target:
        yield outcome("put", cell=target)


@settings(deadline=None)  # long walks on a busy machine
@given(values, values)
def test_any_two_values_make_a_trace_that_survives(one: Any, other: Any) -> None:
    """Where values are of several kinds, the file tags them; the trace has none of that."""
    assume(one != other)
    system = ground(
        System(
            name="cell",
            variables=[Variable("cell")],
            parameters=[Parameter("target", other)],
            actions=[put],
            initial=[{"cell": one}],
        )
    )
    trace = walk(system, [0])
    assume(encode_value(one) != encode_value(other))

    assert exactly(as_trace(read_itf(write_itf(trace, system)), system), trace)


def lasso() -> tuple[Ground, Trace]:
    """The clock of `queues`, round and round."""
    system = queues()
    ticks = len(enabled_steps(system, system.initial[0], between=False)) - 1
    return system, walk(system, [ticks] * 4, loop=1, fairness=("tick: taken in step 2",))


def test_a_lasso_ends_in_the_state_that_it_goes_back_to() -> None:
    """Else the step that closes the loop would be in no state of the file."""
    system, trace = lasso()

    text = write_itf(trace, system)

    assert read_itf(text).loop == 1
    assert read_itf(text).states[1].values == read_itf(text).states[4].values
    assert exactly(as_trace(read_itf(text), system), trace)


def test_a_lasso_without_that_repetition_is_closed_by_the_rules() -> None:
    """The other way to read ADR 015: the loop's last state stands once, at the end."""
    system, trace = lasso()
    document = json.loads(write_itf(trace, system))
    document["states"].pop()

    assert exactly(as_trace(read_itf(json.dumps(document)), system), trace)


def test_a_run_that_stays_where_it_ends_loops_in_its_last_state() -> None:
    """Nothing fair can happen any more: that too is a run for ever."""
    system = ground(rollout.rollout())
    trace = walk(system, [], loop=0)

    text = write_itf(trace, system)

    assert read_itf(text).loop == 0
    assert as_trace(read_itf(text), system) == trace


def test_a_finite_trace_has_no_loop_field() -> None:
    """Not even null: ADR 015 makes it optional."""
    system = queues()

    assert "loop" not in json.loads(write_itf(walk(system, [0]), system))


def test_a_file_tells_what_happened_in_its_meta_fields() -> None:
    """Viewers show them, and scripts read them without knowing the model."""
    system = queues()
    trace = walk(system, [2, 2], property_id="p", because=("why",))

    text = write_itf(trace, system, source="a.yaml", command="seatrial check", version="9")

    meta = json.loads(text)["#meta"]
    types = meta.pop("varTypes")
    limit = {"inside": {"#map": [[NAME, {"#bigint": "3"}]]}}
    assert meta == {
        "format": "ITF",
        "format-description": "https://apalache-mc.org/docs/adr/015adr-trace.html",
        "description": "seatrial 9",
        "source": "a.yaml",
        "status": "violation",
        "system": "queues",
        "parameters": {"limit": limit},
        "property": "p",
        "because": ["why"],
        "command": "seatrial check",
        "length": 2,
        "shortest": True,
    }
    assert types == {
        "asked": "Str -> (Some(Int) | None({ tag: Str }))",
        "queue": "Seq(Str)",
        "seen": "Set(Str)",
        "time": "Int",
    }
    assert [state["#meta"] for state in json.loads(text)["states"]] == [
        {"index": 0},
        {"index": 1, "action": "ask[n1]", "actor": "user", "label": "ask", "choices": [1]},
        {"index": 2, "action": "ask[n1]", "actor": "user", "label": "ask", "choices": [1]},
        {"index": 3, "action": "deliver", "actor": "api", "label": "deliver", "committed": True},
    ]


def test_the_types_agree_with_the_values_as_apalache_checks_them() -> None:
    """Exactly the variables of `vars`, in `varTypes` and in every state."""
    system = queues()
    document = json.loads(write_itf(walk(system, [0, 3, 1, 4]), system, mbt=True))

    assert sorted(document["#meta"]["varTypes"]) == sorted(document["vars"])
    for state in document["states"]:
        assert sorted(state.keys() - {"#meta"}) == sorted(document["vars"])


def test_alternatives_of_several_classes_are_tagged_with_the_class() -> None:
    """A queue of requests says which they are, and has one type."""
    system = ground(
        System(
            name="cell",
            variables=[Variable("cell")],
            parameters=[Parameter("target", (Create(2), Relist(), None))],
            actions=[put],
            initial=[{"cell": ()}],
        )
    )

    document = json.loads(write_itf(walk(system, [0]), system))

    create = {"count": {"#bigint": "2"}, "labels": {"#map": []}}
    assert document["states"][1]["cell"] == [
        {"tag": "Create", "value": create},
        {"tag": "Relist", "value": {"tag": "UNIT"}},
        {"tag": "None", "value": {"tag": "UNIT"}},
    ]
    assert document["#meta"]["varTypes"]["cell"] == (
        "Seq((Create({ count: Int, labels: (Int -> Int) }) | None({ tag: Str })"
        " | Relist({ tag: Str })))"
    )


def test_without_a_system_a_trace_is_written_by_its_cells() -> None:
    """For viewing: index values are text then."""
    trace = walk(queues(), [2])

    state = read_itf(write_itf(trace)).states[1].values

    assert state["asked"] == ItfMap(((NAME, ItfVariant("None", ())), ("n1", ItfVariant("Some", 1))))


SEEDED = """
import sys
sys.path.insert(0, sys.argv[1])
import test_itf as t
from seatrial.core import Population
system = t.queues()
names = frozenset(map(str, range(30)))
text = t.write_itf(t.walk(system, [1, 4, 2, 5, 0]), system)
print(text, t.encode_value((names, Population({each: 1 for each in names}))))
"""


def test_files_do_not_depend_on_the_order_of_hashing() -> None:
    """Two runs of one command give one file, byte for byte."""
    digests = set()
    for seed in ("1", "2"):
        run = subprocess.run(
            [sys.executable, "-c", SEEDED, str(Path(__file__).parent)],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        )
        digests.add(hashlib.sha256(run.stdout).hexdigest())

    assert len(digests) == 1


@given(st.lists(values, max_size=4, unique=True), st.randoms())
def test_equal_sets_and_maps_give_equal_bytes(members: list[Any], random: Any) -> None:
    """Viewers compare by text: another order would show as a change."""
    other = list(members)
    random.shuffle(other)

    assert encode_value(frozenset(members)) == encode_value(frozenset(other))
    assert encode_value(Population(dict.fromkeys(members, 1))) == encode_value(
        Population(dict.fromkeys(other, 1))
    )


# ---- files of other tools ---------------------------------------------------------------------


def fixture(name: str) -> ItfTrace:
    """A file in the form that some tool writes."""
    return read_itf((FIXTURES / f"{name}.itf.json").read_bytes())


def test_a_file_of_apalache_is_read() -> None:
    """It has `params`, large integers and no loop."""
    trace = fixture("apalache")

    assert (trace.params, trace.loop) == (("Pods",), None)
    first, second = (state.values for state in trace.states)
    assert first["budget"] == 2**128
    assert first["labels"][NAME] == "web"
    assert second["answer"] == ItfVariant("Some", -12)
    assert second["queue"] == (("delete", 1),)
    assert second["placed"] == frozenset({"p1_OF_POD", "p2_OF_POD"})
    assert second["status"]["phase"] == "Running"


def test_what_apalache_could_not_write_is_named() -> None:
    """An infinite set stands in its file as text, which is no value."""
    with pytest.raises(TraceFormatError) as caught:
        fixture("apalache-unserializable")

    assert str(caught.value) == (
        "the trace file, state 1, allowed.#map[0][1] was too large for whoever wrote the file:"
        ' "Int"'
    )


def test_a_file_of_quint_is_read() -> None:
    """It lists variables of `--mbt` twice, has Option values and a variable of its own."""
    trace = fixture("quint-typescript")

    assert trace.vars == ("leader", "ready", "requests", "mbt::actionTaken", "mbt::nondetPicks")
    assert trace.meta["pending_diagnostics"] == '[{"label":"q::debug","value":"3"}]'
    first, second = (state.values for state in trace.states)
    assert "__trace" not in first
    assert first["leader"] == ItfVariant("None", ())
    assert second["leader"] == ItfVariant("Some", "n1")
    delete = ItfVariant("Delete", ItfRecord((("name", "web-0"), ("uid", 2**64))))
    assert second["requests"] == frozenset({delete, ItfVariant("Resync", ())})
    assert second["mbt::nondetPicks"]["node"] == ItfVariant("Some", "n1")


def test_a_file_of_quints_evaluator_is_read() -> None:
    """It has plain numbers and a loop that is null."""
    trace = fixture("quint-rust")

    assert trace.loop is None
    assert [dict(state.values) for state in trace.states] == [
        {"sizes": (1, 0, 2), "unit": (), "version": 3},
        {"sizes": (1, 0), "unit": (), "version": 4},
    ]


@action(writes="x")
def up(x: int) -> Outcomes:
    yield outcome("up", x=x + 1 if x < 2 else 1)


def test_a_file_that_names_no_actions_is_replayed_by_its_effects() -> None:
    """Whoever writes only states can have them checked all the same."""
    system = ground(
        System(name="steps", variables=[Variable("x")], actions=[up], initial=[{"x": 0}])
    )

    trace = as_trace(fixture("bare"), system)

    assert [step.action for step in trace.steps] == ["up", "up", "up"]
    assert trace.loop == 1
    assert not trace.shortest


# ---- what is refused --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"vars": [}', "the trace file is no JSON at line 1, column 11"),
        (b"\xff", "the trace file is not UTF-8 at byte 0"),
        ("[1]", "the trace file is no JSON object"),
        ("{}", "the trace file lacks the field 'vars'"),
        ('{"vars": [1], "states": []}', "is no array of strings in the field 'vars'"),
        ('{"vars": [], "states": []}', "the trace file has no state"),
        ('{"vars": [], "states": [3]}', "the trace file, state 0 is no JSON object"),
        ('{"vars": ["x"], "states": [{}]}', "state 0 lacks the variable 'x'"),
        ('{"vars": [], "states": [{"x": 1}]}', "state 0 has the variable 'x', which 'vars'"),
        ('{"vars": ["x"], "states": [{"x": 1.0}]}', "state 0, x is a number with a fraction"),
        ('{"vars": ["x"], "states": [{"x": NaN}]}', "the trace file holds NaN"),
        ('{"vars": ["x"], "states": [{"x": 1, "x": 2}]}', "has an object with two fields 'x'"),
        ('{"vars": [], "states": [{}], "loop": 1}', "has the loop 1, which is no index of its 1"),
        ('{"vars": [], "states": [{}], "loop": true}', "has the loop True"),
        ('{"vars": [], "states": [{}], "loops": 0}', "has the field 'loops'"),
        ('{"vars": [], "states": [{"#meta": 1}]}', "state 0 is no JSON object in the field"),
        ('{"vars": [], "states": [{}], "#meta": []}', "is no JSON object in the field '#meta'"),
        ('{"vars": ["x"], "states": [{"x": ' + "9" * 5000 + "}]}", "too long to be read"),
        ("[" * 100_000, "the trace file nests too deep to be read"),
        ('{"vars": ["x"], "states": [{"x": ' + "[" * 150 + "]" * 150 + "}]}", "deeper than 100"),
    ],
)
def test_a_file_that_is_no_itf_is_an_error_in_one_line(text: str | bytes, message: str) -> None:
    """It says where to look, and never shows a traceback."""
    with pytest.raises(TraceFormatError) as caught:
        read_itf(text)

    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_too_long_is_not_read() -> None:
    """Files come from anywhere; a limit can be raised by who knows better."""
    with pytest.raises(TraceFormatError, match="has 64 bytes, more than the 63 that are read"):
        read_itf(" " * 64, limit=63)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    ["#set", "#map", "#tup", "#bigint", "#meta", "vars", "states", "tag", "x"]
                ),
                inner,
                max_size=3,
            )
        ),
    )
)
def test_no_json_at_all_gives_a_traceback(document: Any) -> None:
    """Whatever is in a file, the answer is a trace or a TraceFormatError."""
    states = {"vars": ["x"], "states": [{"x": document}]}
    for text in (json.dumps(document), json.dumps(states)):
        with contextlib.suppress(TraceFormatError):
            assert isinstance(read_itf(text), ItfTrace)


def changed(at: int, **fields: Any) -> str:
    """The file of a run of `queues` with a state changed."""
    system = queues()
    document = json.loads(write_itf(walk(system, [2, 2]), system))
    meta = fields.pop("meta", None)
    document["states"][at].update(fields)
    if meta is not None:
        document["states"][at]["#meta"].update(meta)
    return json.dumps(document)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            changed(0, time={"#bigint": "7"}),
            "state 0 is no initial state of queues: time is 7 in the trace and 0 in the system",
        ),
        (
            changed(1, time={"#bigint": "1"}),
            "step 1, ask[n1]: ask, is enabled there, but with other effects: time is"
            " 1 in the trace and 0 in the system",
        ),
        (
            changed(1, meta={"action": "sleep"}),
            "step 1, sleep: ask, is not enabled there with these effects; enabled: ask[n1]: ask;"
            " ask[n1]: forget; ask[app.kubernetes.io/name]: ask; ask[app.kubernetes.io/name]:"
            " forget; tick: tick",
        ),
        (changed(1, asked=3), "state 1: asked is a family, and no map in the trace"),
        (
            changed(1, asked={"#map": [["n1", 1], ["n3", 1]]}),
            "state 1: asked of the trace and of queues differ in the members"
            " app.kubernetes.io/name, n3",
        ),
        (changed(2, meta={"choices": [2]}), "step 2, ask[n1]: ask, is enabled there, but"),
    ],
)
def test_a_file_that_is_no_run_is_refused_with_what_was_enabled(text: str, message: str) -> None:
    """Which step, and what the system would do instead: else nobody finds the difference."""
    with pytest.raises(ReplayError) as caught:
        as_trace(read_itf(text), queues())

    assert message in str(caught.value)


def test_a_trace_that_leaves_out_a_committed_step_is_refused() -> None:
    """The state between is not one of the system."""
    system = queues()
    document = json.loads(write_itf(walk(system, [2, 2]), system))
    document["states"].pop()

    with pytest.raises(ReplayError, match="ends between a step and what it commits to"):
        as_trace(read_itf(json.dumps(document)), system)


def test_a_loop_that_no_rule_closes_is_refused() -> None:
    """Its last state has to lead back by a step."""
    system = queues()
    document = json.loads(write_itf(walk(system, [0, 4, 4]), system))
    document["loop"] = 0

    with pytest.raises(ReplayError, match="step 4 is not enabled there"):
        as_trace(read_itf(json.dumps(document)), system)


def test_a_trace_of_other_parameters_is_refused_at_once() -> None:
    """Three replicas and four are two systems, even where their first steps agree."""
    trace = walk(ground(rollout.rollout()), [0])
    text = write_itf(trace, ground(rollout.rollout()))

    with pytest.raises(ReplayError) as caught:
        as_trace(read_itf(text), ground(rollout.rollout(replicas=4)))
    assert str(caught.value) == ("the trace is of rollout with the parameter replicas 3, here 4")
    with pytest.raises(ReplayError, match="of the system rollout, and this is queues"):
        as_trace(read_itf(text), queues())
    with pytest.raises(ReplayError, match="differ in the variables asked, queue, seen, time, x"):
        as_trace(fixture("bare"), queues())


@pytest.mark.parametrize(
    "meta",
    [{"system": 1}, {"because": "x"}, {"because": [1]}, {"shortest": "yes"}, {"parameters": []}],
)
def test_meta_fields_of_another_type_are_format_errors(meta: dict[str, Any]) -> None:
    """A file may come from anybody, so nothing in it is believed."""
    system = queues()
    document = json.loads(write_itf(walk(system, [2]), system))
    document["#meta"] |= meta

    with pytest.raises(TraceFormatError, match="#meta"):
        as_trace(read_itf(json.dumps(document)), system)


@pytest.mark.parametrize("meta", [{"action": 1}, {"label": []}, {"choices": ["a"]}])
def test_meta_fields_of_states_of_another_type_are_format_errors(meta: dict[str, Any]) -> None:
    """The message names the state."""
    with pytest.raises(TraceFormatError, match="state 1, has a #meta"):
        as_trace(read_itf(changed(1, meta=meta)), queues())


# ---- what a run shows of a property -----------------------------------------------------------


@action(actor="controller", writes="count")
def climb(count: int, top: int) -> Outcomes:
    if count < top:
        yield outcome("climb", count=count + 1)


@action(actor="controller", writes="count")
def wrap(count: int, top: int) -> Outcomes:
    if count == top and top > 1:
        yield outcome("wrap", count=1)


@action(actor="user", writes="count", fair="none")
def reset(count: int) -> Outcomes:
    if count > 0:
        yield outcome("reset", count=0)


SAYS: Any = {"says": "it is so", "source": "the manual"}


@core.always(**SAYS)
def below_two(count: int) -> Any:
    if count >= 2:
        yield f"the count is {count}"


@core.after_each_step(**SAYS)
def never_falls(count: int, count_before: int, action: str) -> Any:
    if count < count_before:
        yield f"{action} took it from {count_before} to {count}"


@core.at_most(**SAYS, bound=1)
def at_most_one(count: int) -> int:
    return count


@core.sometimes(**SAYS)
def reaches_the_top(count: int, top: int) -> bool:
    return count == top


@core.converges_to(**SAYS)
def stays_at_the_top(count: int, top: int) -> bool:
    return count == top


@core.converges_to(**SAYS)
def gets_beyond_the_top(count: int, top: int) -> bool:
    return count > top


HOT = core.no_hot_loop(work="climb", **SAYS)
PROMISES = (
    below_two,
    never_falls,
    at_most_one,
    reaches_the_top,
    stays_at_the_top,
    gets_beyond_the_top,
    core.deadlock_free(source="the manual"),
    HOT,
)


def wrapping(top: int, *actions: core.Action) -> Ground:
    return ground(
        System(
            name="wrapping",
            parameters=[Parameter("top", top)],
            variables=[Variable("count")],
            actions=actions or (climb, wrap, reset),
            initial=[{"count": 0}],
        )
    )


@pytest.mark.parametrize("top", [1, 3])
@pytest.mark.parametrize("actions", [(climb, wrap, reset), (climb, wrap), (climb, reset)])
def test_what_an_engine_says_of_a_run_is_found_again(
    top: int, actions: tuple[core.Action, ...]
) -> None:
    """The reasons do not come from the file, and are the same."""
    system = wrapping(top, *actions)
    found = [each for each in explore(system.system, PROMISES).verdicts if each.trace is not None]

    assert found
    for verdict in found:
        assert verdict.trace is not None
        told = attrs.evolve(verdict.trace, because=("the moon is full",), fairness=("so be it",))
        confirmed = confirm(told, verdict.property, system)
        assert confirmed.witness == (verdict.status != "violated")
        assert confirmed.trace.fairness == verdict.trace.fairness
        if verdict.status == "violated":
            assert confirmed.trace.because == verdict.trace.because


def run_of(system: Ground, *names: str, loop: int | None = None) -> Trace:
    state, steps = system.initial[0], []
    for name in names:
        action, made = next(
            each for each in enabled_steps(system, state, between=False) if each[0].name == name
        )
        steps.append(step_of(system, state, action, made))
        state = successor(state, made)
    initial = tuple(
        (slot.name, value) for slot, value in zip(system.slots, system.initial[0], strict=True)
    )
    return Trace(system.system.name, initial, tuple(steps), loop=loop)


@pytest.mark.parametrize(
    ("property", "names", "loop", "phrase"),
    [
        (below_two, ("climb",), None, "its last state keeps the promise"),
        (below_two, ("climb", "climb", "climb", "wrap"), 1, "it ends in a loop"),
        (never_falls, (), None, "it has no step"),
        (never_falls, ("climb",), None, "its last step keeps the promise"),
        (reaches_the_top, ("climb",), None, "does not reach reaches-the-top"),
        (PROMISES[6], ("climb",), None, "after its last step climb is enabled"),
        (stays_at_the_top, ("climb",), None, "it has no loop"),
        (
            stays_at_the_top,
            ("climb", "reset"),
            0,
            "its loop takes reset, and users and faults rest",
        ),
        (HOT, ("climb", "reset"), 0, "its loop takes reset"),
        (
            core.no_hot_loop(work="climb", progress="wrap", **SAYS),
            ("climb", "climb", "climb", "wrap"),
            1,
            "its loop makes progress: wrap",
        ),
    ],
)
def test_a_run_that_does_not_break_what_it_is_shown_for_is_refused(
    property: core.Property, names: tuple[str, ...], loop: int | None, phrase: str
) -> None:
    """It may be a run all the same; only it shows nothing."""
    system = wrapping(3)

    with pytest.raises(ReplayError, match=re.escape(phrase)):
        confirm(run_of(system, *names, loop=loop), property, system)


@action(actor="controller", writes="count")
def stay(count: int) -> Outcomes:
    yield outcome("stay", count=count)


def test_a_loop_that_puts_an_action_off_for_ever_is_refused() -> None:
    """Whoever writes a file could have left out what the system would have done."""
    system = wrapping(1, climb, stay)

    with pytest.raises(ReplayError, match="its loop is not fair: climb is put off for ever"):
        confirm(run_of(system, "stay", loop=0), stays_at_the_top, system)
    with pytest.raises(ReplayError, match="its loop stays in the goal"):
        confirm(run_of(system, "climb", "stay", loop=1), stays_at_the_top, system)
