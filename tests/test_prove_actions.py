"""
Summaries of the actions of whole workloads: they do in formulas what the rules do in Python.

Each action is summarised for what it reads in some reachable states, with the counts of pods and
the numbers of specs and statuses left open.
"""

import itertools
import random
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import attrs
import pytest
import z3
from hypothesis import given, settings
from hypothesis import strategies as st

import seatrial
from seatrial.core import Ground, GroundAction, answers, ground
from seatrial.engines.prove.candidates import reached
from seatrial.engines.prove.helpers import Helpers
from seatrial.engines.prove.shapes import Leaf, Shape, built, fresh, leaves_of, opened, shape_of
from seatrial.engines.prove.summary import Cells, Row, Summary, summarise
from seatrial.engines.prove.terms import SymBool, SymInt
from seatrial.scenarios import Asked, scenarios

pytestmark = pytest.mark.heavy

MANIFESTS = Path(seatrial.__file__).parent / "manifests"
WORKLOADS = ("web.yaml", "indexed-array.yaml", "work-queue.yaml", "ensemble.yaml")
BESIDE = {
    "web.yaml": (
        "set-image,restart,scale:1,undo,pause,resume,apply,delete",
        "container-exit,unready,pod-failed,never-ready,unschedulable,failover,controller-restart,"
        "write-failure,write-unknown,expectations-expire,hash-collision",
    ),
    "indexed-array.yaml": (
        "set-completions:2,set-backoff-limit:1,set-active-deadline:5,set-ttl:4,suspend,resume,"
        "delete,delete-pod,strip-finalizer",
        "container-exit,evict,failover,controller-restart,write-failure,write-unknown,"
        "expectations-expire,node-crash",
    ),
    "work-queue.yaml": (
        "set-parallelism:1,delete:orphan",
        "container-exit,controller-restart,stale-api-server,node-off",
    ),
    "ensemble.yaml": (
        "set-image,scale:1,undo,apply,delete,set-partition:1,delete-pod,force-delete,drain,"
        "delete-node,out-of-service",
        "container-exit,unready,pod-failed,never-ready,controller-restart,write-failure,node-crash,"
        "node-partition,kubelet-restart",
    ),
}
"""The users and faults around each: nearly all that there are of its kind."""
OPEN = {
    *("replicas", "available_replicas", "ready_replicas", "updated_replicas", "max_replicas"),
    *("unavailable_replicas", "terminating_replicas", "fully_labeled_replicas"),
    *("desired_replicas", "add", "delete", "succeeded", "failed", "active", "ready"),
    *("terminating", "parallelism", "completions"),
}
BOUNDED = {
    # What a sync that creates may be answered is a branch for each number of successes.
    "web.yaml": "list_pods",
    "indexed-array.yaml": "observe_job",
    "work-queue.yaml": "observe_job",
    # It walks its ordinals.
    "ensemble.yaml": "observe",
}
"""Actions that make a plan as long as a number: summarised for all numbers up to MOST."""
MOST = 3
MOST_OPEN = 8
"""So many numbers are open at once: a status that is refused for any of 15 has a path for each."""
STATES = 2_000


def counted(value: Any) -> set[str]:
    """The names of the numbers in a value that are left open: counts, and those of OPEN."""
    shape, _ = shape_of(value)
    leaves = leaves_of(shape, "")
    return {
        name
        for name, leaf in leaves
        if leaf.kind == "count" or (leaf.kind == "int" and name.rpartition(".")[2] in OPEN)
    }


def small(system: Ground, of: Mapping[int, Shape]) -> list[Any]:
    """That each open number is one of 0 to MOST."""
    found = [fresh(shape, system.slots[slot].name)[1] for slot, shape in of.items()]
    numbers = [term for each in found for term, leaf in each if leaf.kind != "bool"]
    return [z3.And(term >= 0, term <= MOST) for term in numbers]


def shapes(system: Ground, action: GroundAction, state: tuple[Any, ...]) -> dict[int, Shape]:
    """What an action looks at in a state, with its counts open, or that many of them."""
    slots = sorted(system.read_slots(action.looks_at))
    numbers = [(slot, name) for slot in slots for name in sorted(counted(state[slot]))]
    kept = random.Random(action.name).sample(numbers, min(len(numbers), MOST_OPEN))
    found = {}
    for slot in slots:
        shape, _ = shape_of(state[slot], constants=True)
        found[slot] = opened(shape, "", {name for at, name in kept if at == slot})
    return found


def drawn(system: Ground, of: Mapping[int, Shape], rng: random.Random) -> tuple[Any, list[Any]]:
    """Values of these shapes with small numbers, and those numbers by variable."""
    values, pairs = {}, []
    for slot, shape in of.items():
        leaves = [rng.randint(1 if leaf.kind == "count" else 0, MOST) for _, leaf in _named(shape)]
        values[slot] = built(shape, iter(leaves))
        terms = fresh(shape, system.slots[slot].name)[1]
        pairs += [(term, z3.IntVal(n)) for (term, _), n in zip(terms, leaves, strict=True)]
    return values, pairs


def _named(shape: Shape) -> list[tuple[str, Leaf]]:
    return list(leaves_of(shape, ""))


def by_rule(system: Ground, action: GroundAction, values: Mapping[int, Any]) -> list[str]:
    """What the rule writes, each way, or that it raises."""
    cells = Cells(system, values)
    try:
        if action.guard is not None and not cells[action.guard]:
            return []
        ways = list(answers(lambda: action.run([cells[number] for number in action.reads])))
    except Exception as error:
        return [f"raises {type(error).__name__}"]
    return sorted({repr(tuple(sorted(each.writes))) for made, _ in ways for each in made})


def by_summary(summary: Summary, pairs: list[Any]) -> list[str]:
    """The same, as the rows have it."""
    return sorted({each for row in summary.rows for each in _ways(row, pairs)})


def _ways(row: Row, pairs: list[Any]) -> Iterator[str]:
    for told in itertools.product(range(MOST + 2), repeat=len(row.choices)):
        chosen = [(it, z3.IntVal(n)) for (it, _, _), n in zip(row.choices, told, strict=True)]
        known = [*pairs, *chosen]
        if not z3.is_true(z3.simplify(z3.substitute(row.guard, *known))):
            continue
        if row.raised:
            yield f"raises {row.raised.partition(':')[0]}"
            continue
        writes = [
            (slot, built(shape, iter([_number(leaf, known) for leaf in leaves])))
            for slot, shape, leaves in row.writes
        ]
        yield repr(tuple(sorted(writes)))


def _number(leaf: Any, known: list[Any]) -> Any:
    if type(leaf) not in (SymInt, SymBool):
        return leaf
    value = z3.simplify(z3.substitute(leaf.term, *known))
    return value.as_long() if z3.is_int_value(value) else z3.is_true(value)


def planning(system: Ground, action: GroundAction, states: list[Any]) -> list[Any]:
    """Some states in which the action decides to write, to create pods first, of other shapes."""
    found: dict[tuple[bool, str], Any] = {}
    for state in states:
        values = {slot: state[slot] for slot in system.read_slots(action.looks_at)}
        decided = "".join(by_rule(system, action, values))
        if "Pending(" in decided:
            creates = "verb='create'" in decided
            found.setdefault((not creates, repr(shapes(system, action, state))), state)
    return [found[each] for each in sorted(found)[:3]]


@attrs.frozen(eq=False)
class Summarised:
    """A workload's system, and summaries of all its actions: each with the shapes that it is of."""

    system: Ground
    found: tuple[tuple[GroundAction, dict[int, Shape], Summary], ...]


def enabled(system: Ground, action: GroundAction, states: list[Any]) -> list[Any]:
    """Two states in which the action can be taken, or some other where there is none."""

    def can(state: Any) -> bool:
        values = {slot: state[slot] for slot in system.read_slots(action.looks_at)}
        return bool(by_rule(system, action, values))

    return list(itertools.islice(filter(can, states), 2)) or states[:1]


@lru_cache(maxsize=len(WORKLOADS))
def summarised(name: str) -> Summarised:
    users, faults = (tuple(each.split(",")) for each in BESIDE[name])
    asked = Asked(level="faulty", lag=1, users=users, faults=faults)
    (scenario,) = scenarios([str(MANIFESTS / name)], asked)
    system = ground(scenario.rungs[-1].subject.system)
    helpers = Helpers(*(each.function for each in system.system.actions))
    rng = random.Random(name)
    states = list(reached(system, STATES))
    rng.shuffle(states)
    found = []
    for action in system.actions:
        bounded = action.action.name == BOUNDED[name]
        chosen = planning(system, action, states) if bounded else enabled(system, action, states)
        for state in chosen:
            of = shapes(system, action, state)
            facts = small(system, of) if bounded else ()
            found.append((action, of, summarise(system, action, of, facts, helpers=helpers)))
    return Summarised(system, tuple(found))


@pytest.mark.parametrize("name", WORKLOADS)
def test_every_action_of_a_workload_has_a_summary_with_open_sizes(name: str) -> None:
    """Controllers, kubelets, caches, users and faults: none is outside of the fragment."""
    of = summarised(name)
    summed = {action.name for action, _, _ in of.found}
    with_numbers = {action.action.name for action, _, summary in of.found if summary.variables}

    assert {each.name for each in of.system.actions if each.action.name != BOUNDED[name]} <= summed
    assert len(with_numbers) >= 8
    assert BOUNDED[name] in with_numbers
    assert {each for each in summed if each.partition("[")[0] == BOUNDED[name]}


@pytest.mark.parametrize("name", WORKLOADS)
@settings(max_examples=3, deadline=None, database=None)
@given(rng=st.randoms(use_true_random=False))
def test_every_action_of_a_workload_does_in_formulas_what_it_does_in_python(
    name: str, rng: random.Random
) -> None:
    """Random numbers, reachable or not: the rows write what the rule writes, in all its ways."""
    of = summarised(name)
    for action, shape, summary in of.found:
        values, pairs = drawn(of.system, shape, rng)

        assert by_summary(summary, pairs) == by_rule(of.system, action, values), action.name
