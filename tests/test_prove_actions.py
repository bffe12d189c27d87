"""
Summaries of the actions of whole workloads: they do in formulas what the rules do in Python.

Each action is summarised for what it reads in some reachable states, with the counts of pods and
the numbers of specs and statuses left open.
"""

import itertools
import random
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import attrs
import pytest
import z3

import seatrial
from seatrial.core import Ground, GroundAction, NotSymbolic, ground
from seatrial.engines.prove.candidates import reached
from seatrial.engines.prove.helpers import Helpers
from seatrial.engines.prove.shapes import Leaf, Shape, built, fresh, leaves_of, opened, shape_of
from seatrial.engines.prove.summary import Cells, Row, Summary, summarise
from seatrial.engines.prove.terms import SymBool, SymInt
from seatrial.scenarios import Asked, scenarios

pytestmark = pytest.mark.heavy

MANIFESTS = Path(seatrial.__file__).parent / "manifests"
WORKLOADS = ("web.yaml", "indexed-array.yaml", "work-queue.yaml", "ensemble.yaml")
OPEN = {
    *("replicas", "available_replicas", "ready_replicas", "updated_replicas", "max_replicas"),
    *("unavailable_replicas", "terminating_replicas", "fully_labeled_replicas"),
    *("desired_replicas", "add", "delete", "succeeded", "failed", "active", "ready"),
    *("terminating", "parallelism", "completions"),
}
WITHOUT = {
    # What a sync that creates may be answered is a branch for each number of successes.
    "list_pods": "model/controller.py",
    "observe_job": "model/job_controller.py",
    # It walks its ordinals.
    "observe": "model/statefulset_control.py",
}
"""The actions that have no summary where sizes are open, and the file in which they stop."""
STATES = 100


def counted(value: Any) -> set[str]:
    """The names of the numbers in a value that are left open: counts, and those of OPEN."""
    shape, _ = shape_of(value)
    leaves = leaves_of(shape, "")
    return {
        name
        for name, leaf in leaves
        if leaf.kind == "count" or (leaf.kind == "int" and name.rpartition(".")[2] in OPEN)
    }


def shapes(system: Ground, action: GroundAction, state: tuple[Any, ...]) -> dict[int, Shape]:
    """What an action looks at in a state, with its counts open."""
    found = {}
    for slot in sorted(system.read_slots(action.looks_at)):
        shape, _ = shape_of(state[slot], constants=True)
        found[slot] = opened(shape, "", counted(state[slot]))
    return found


def drawn(system: Ground, of: Mapping[int, Shape], rng: random.Random) -> tuple[Any, list[Any]]:
    """Values of these shapes with small numbers, and those numbers by variable."""
    values, pairs = {}, []
    for slot, shape in of.items():
        leaves = [rng.randint(1 if leaf.kind == "count" else 0, 3) for _, leaf in _named(shape)]
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
        made = action.run([cells[number] for number in action.reads])
    except Exception as error:
        return [f"raises {type(error).__name__}"]
    return sorted({repr(tuple(sorted(each.writes))) for each in made})


def by_summary(summary: Summary, pairs: list[Any]) -> list[str]:
    """The same, as the rows have it."""
    return sorted({each for row in summary.rows for each in _ways(row, pairs)})


def _ways(row: Row, pairs: list[Any]) -> Iterator[str]:
    for answers in itertools.product(range(5), repeat=len(row.choices)):
        chosen = [(it, z3.IntVal(n)) for (it, _, _), n in zip(row.choices, answers, strict=True)]
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


@attrs.frozen(eq=False)
class Tried:
    """Actions by name: compared how often, why others have no summary, which have open numbers."""

    compared: dict[str, int] = attrs.field(factory=dict)
    without: dict[str, str] = attrs.field(factory=dict)
    with_numbers: set[str] = attrs.field(factory=set)


def compare(name: str) -> Tried:
    (scenario,) = scenarios([str(MANIFESTS / name)], Asked(level="faulty", lag=1))
    system = ground(scenario.rungs[-1].subject.system)
    helpers = Helpers(*(each.function for each in system.system.actions))
    rng = random.Random(name)
    states = list(reached(system, STATES))
    tried = Tried()
    for action in system.actions:
        for state in rng.sample(states, 2):
            of = shapes(system, action, state)
            try:
                summary = summarise(system, action, of, helpers=helpers)
            except NotSymbolic as error:
                tried.without[action.action.name] = str(error)
                continue
            for _ in range(3):
                values, pairs = drawn(system, of, rng)
                if pairs:
                    tried.with_numbers.add(action.name)
                assert by_summary(summary, pairs) == by_rule(system, action, values), values
                tried.compared[action.name] = tried.compared.get(action.name, 0) + 1
    return tried


@pytest.mark.parametrize("name", WORKLOADS)
def test_every_action_of_a_workload_does_in_formulas_what_it_does_in_python(name: str) -> None:
    """Controllers, kubelets, caches, users and faults: those without a summary are known ones."""
    tried = compare(name)

    assert len(tried.compared) > 10
    assert len(tried.with_numbers) > 8
    for action, why in tried.without.items():
        assert WITHOUT.get(action, "no such action") in why, (action, why)
