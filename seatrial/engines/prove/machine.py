"""A system as formulas: its states as variables of the solver, its actions as rows.

A state is, for each variable of the system, which of its shapes it has, and the leaves of that
shape. The shapes are found from the initial states on: an action is summarised for all shapes of
what it reads, and what it writes may be of new ones. A number that is known is part of a shape;
where a variable has more than a few that differ only in it, or a member of its family a term in its
place, it becomes a leaf.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import product
from typing import Any

import attrs
import z3

from seatrial.core import (
    DeclarationError,
    Ground,
    GroundAction,
    GroundProperty,
    NotSymbolic,
    PropertyError,
    System,
    View,
    Violation,
    Whole,
    deciding,
    ground,
)

from .fragment import check_fragment
from .helpers import Helpers
from .paths import Raised, Run, covers
from .shapes import (
    APART,
    Leaf,
    Shape,
    built,
    closed,
    exact,
    fresh,
    joined,
    keeps_answers,
    leaves_of,
    matched,
    opened,
    shape_of,
    structural,
)
from .summary import NOBODY, Cells, Row, Summary, summarise
from .terms import SymBool, SymInt, lifted

__all__ = ["Machine", "Transition", "machine"]

MOST_CONSTANTS = 6
MOST_SHAPES = 40
_COVERAGE_MS = 10_000
Build = Callable[[Mapping[str, Any]], System]


@attrs.frozen(eq=False)
class Transition:
    """A row as a step between states: its guard, and what becomes of which variable."""

    action: GroundAction
    label: str
    guard: Any
    choices: tuple[Any, ...]
    changes: tuple[tuple[Any, Any], ...]
    raised: str = ""

    def after(self, term: Any) -> Any:
        """What a formula about the state says of the state after this step."""
        return z3.substitute(term, *self.changes) if self.changes else term


@attrs.frozen(eq=False)
class Machine:
    """
    A system as formulas.

    `parameters` are its symbolic parameters, `assumed` what holds of them; `shapes` has those of
    each slot; `typed` is what is so of every state by construction. `paths` counts those of all
    summaries, before merging.
    """

    system: Ground
    build: Build
    parameters: Mapping[str, Any]
    assumed: tuple[Any, ...]
    shapes: tuple[tuple[Shape, ...], ...]
    typed: tuple[Any, ...]
    initial: Any
    transitions: tuple[Transition, ...]
    summaries: tuple[Summary, ...]
    helpers: Helpers
    recorder: Callable[[str], Any] = attrs.field(default=lambda name: None)
    _names: tuple[tuple[tuple[Shape, tuple[str, ...]], ...], ...] = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        names = tuple(
            tuple(
                (shape, tuple(name for name, _ in leaves_of(shape, self.system.slots[slot].name)))
                for shape in shapes
            )
            for slot, shapes in enumerate(self.shapes)
        )
        object.__setattr__(self, "_names", names)

    @property
    def paths(self) -> int:
        """How many paths all summaries have before merging."""
        return sum(len(each.paths) for each in self.summaries)

    def shape_variable(self, slot: int) -> Any:
        """The variable that says which shape a slot has; None where it has but one."""
        return _shape_variable(self.system, self.shapes, slot)

    def variables(self) -> list[Any]:
        """All variables of a state."""
        found: dict[str, Any] = {}
        for slot, shapes in enumerate(self.shapes):
            which = self.shape_variable(slot)
            if which is not None:
                found[str(which)] = which
            for shape in shapes:
                for term, _ in fresh(shape, self.system.slots[slot].name)[1]:
                    found[term.decl().name()] = term
        return list(found.values())

    def common_leaves(self) -> list[tuple[Any, Leaf, int]]:
        """The integer leaves that every shape of their slot has, and the slot."""
        found = []
        for slot, shapes in enumerate(self.shapes):
            each = [dict(leaves_of(shape, self.system.slots[slot].name)) for shape in shapes]
            for name, leaf in each[0].items():
                if leaf.kind != "bool" and all(other.get(name) == leaf for other in each):
                    found.append((z3.Int(name), leaf, slot))
        return found

    def state(self, values: Sequence[Any], given: Mapping[str, int]) -> dict[str, Any]:
        """
        A concrete state as numbers by variable, for these parameters.

        Raises KeyError where it has no known shape.
        """
        found: dict[str, Any] = {}
        pairs = [(self.parameters[name], z3.IntVal(number)) for name, number in given.items()]
        terms: dict[int, int] = {}

        def known(term: Any) -> int:
            if term.get_id() not in terms:
                terms[term.get_id()] = z3.simplify(z3.substitute(term, *pairs)).as_long()
            return terms[term.get_id()]

        for slot, value in enumerate(values):
            name = self.system.slots[slot].name
            for at, (shape, names) in enumerate(self._names[slot]):
                leaves = matched(shape, value, known)
                if leaves is not None:
                    found[f"shape of {name}"] = at
                    found.update(zip(names, leaves, strict=True))
                    break
            else:
                raise KeyError(name)
        return found

    def numbers(self, given: Mapping[str, int]) -> dict[str, int]:
        """Values of the parameters, by the variables that stand for them."""
        return {self.parameters[name].decl().name(): number for name, number in given.items()}

    def values(self, evaluated: Callable[[Any], Any]) -> tuple[Any, ...]:
        """A concrete state, from what gives each variable its value."""
        made = []
        for slot, shapes in enumerate(self.shapes):
            which = self.shape_variable(slot)
            shape = shapes[0 if which is None else evaluated(which)]
            variables = fresh(shape, self.system.slots[slot].name)[1]
            leaves = [evaluated(term) for term, _ in variables]
            made.append(built(closed(shape, evaluated), iter(leaves)))
        return tuple(made)


def _same(one: Shape, other: Shape) -> bool:
    return one is not APART and bool(exact(one) == exact(other) and one == other)


def _place(shapes: Sequence[Shape], shape: Shape) -> int:
    known = exact(shape)
    return next(at for at, each in enumerate(shapes) if exact(each) == known and each == shape)


def _shape_variable(system: Ground, shapes: Sequence[Sequence[Shape]], slot: int) -> Any:
    if len(shapes[slot]) < 2:
        return None
    return z3.Int(f"shape of {system.slots[slot].name}")


def machine(
    build: Build, ranges: Mapping[str, Whole], recorder: Callable[[str], Any] | None = None
) -> Machine:
    """
    The formulas of a system whose parameters of these names are not known.

    Raises NotSymbolic where a rule cannot be executed so, and DeclarationError as `build` does.
    """
    parameters = {name: z3.Int(name) for name in ranges}
    system = _grounded(build, parameters, _assumed(parameters, ranges))
    if not {slot.name for slot in system.slots}.isdisjoint(parameters):
        # A variable of the system has the name of a parameter, and is another number.
        parameters = {name: z3.Int(f"parameter {name}") for name in ranges}
        system = _grounded(build, parameters, _assumed(parameters, ranges))
    assumed = tuple(_assumed(parameters, ranges))
    return _Fixpoint(system, build, parameters, assumed, recorder).machine()


def _assumed(parameters: Mapping[str, Any], ranges: Mapping[str, Whole]) -> list[Any]:
    facts = [parameters[name] >= each.low for name, each in ranges.items()]
    facts += [
        parameters[name] <= each.high for name, each in ranges.items() if each.high is not None
    ]
    return facts


def _grounded(build: Build, parameters: Mapping[str, Any], assumed: Sequence[Any]) -> Ground:
    symbols = {name: SymInt(term) for name, term in parameters.items()}
    run = Run(assumed)
    paths = run.explore(lambda: ground(build(symbols)))
    if len(paths) > 1:
        raise NotSymbolic(
            "the system is not built alike for all values of its parameters: it differs where"
            f" {paths[0].guard}"
        )
    result = paths[0].result
    if isinstance(result, Raised):
        raise DeclarationError(str(result.error))
    if paths[0].choices:
        raise NotSymbolic("choose() is called where the system is built; no action is running")
    made: Ground = result
    for each in made.system.parameters:
        if keeps_answers(each.value):
            raise NotSymbolic(
                f"parameter {each.name} is made of numbers that are not known and may keep what it"
                " is asked of them (its hash, a cached property): what it said once it would say"
                " of all"
            )
    return made


class _Fixpoint:
    """The search for all shapes, and the summaries for them."""

    def __init__(
        self,
        system: Ground,
        build: Build,
        parameters: Mapping[str, Any],
        assumed: tuple[Any, ...],
        recorder: Callable[[str], Any] | None = None,
    ) -> None:
        self._system = system
        self._build = build
        self._parameters = parameters
        self._rigid = frozenset(each.decl().name() for each in parameters.values())
        self._assumed = assumed
        check_fragment(*(each.function for each in system.system.views if isinstance(each, View)))
        self._recorder = recorder or (lambda name: None)
        self._helpers = Helpers(
            *(each.function for each in system.system.actions), record=self._recorder("helper")
        )
        self._shapes: list[list[Shape]] = [[] for _ in system.slots]
        self._holes: dict[str, set[str]] = {}
        self._done: dict[Any, Summary] = {}
        self._costs = {
            action.number: len(system.read_slots(action.looks_at)) for action in system.actions
        }

    def machine(self) -> Machine:
        for state in self._system.initial:
            for slot, value in enumerate(state):
                self._add(slot, shape_of(value, constants=True, rigid=self._rigid)[0])
        while self._grown():
            pass
        system, shapes = self._system, tuple(map(tuple, self._shapes))
        _check_names(system, shapes, self._rigid)
        summaries = tuple(self._current())
        return Machine(
            system=system,
            build=self._build,
            parameters=self._parameters,
            assumed=self._assumed,
            shapes=shapes,
            typed=tuple(_typed(system, shapes)),
            initial=z3.Or(*(self._start(state) for state in system.initial)),
            transitions=tuple(
                self._transition(summary, row) for summary in summaries for row in summary.rows
            ),
            summaries=summaries,
            helpers=self._helpers,
            recorder=self._recorder,
        )

    def _grown(self) -> bool:
        """
        Summarise what has not been; whether there are new shapes.

        What looks at little goes first, so that what looks at much is rarely summarised in vain.
        """
        return any(self._round(most) for most in sorted(set(self._costs.values())))

    def _round(self, most: int) -> bool:
        """As above, of the actions that look at no more than so many slots."""
        before = [tuple(each) for each in self._shapes]
        for summary in list(self._current(most)):
            for row in summary.rows:
                for slot, shape, _ in row.writes:
                    self._add(slot, shape)
        return before != [tuple(each) for each in self._shapes]

    def _current(self, most: int | None = None) -> Iterator[Summary]:
        """The summaries of actions for all present shapes of the slots, `most`, they look at."""
        for action in self._system.actions:
            if most is not None and self._costs[action.number] > most:
                continue
            slots = sorted(self._system.read_slots(action.looks_at))
            for chosen in product(*(tuple(self._shapes[slot]) for slot in slots)):
                key = (action.number, chosen, tuple(map(exact, chosen)))
                if key not in self._done:
                    self._done[key] = summarise(
                        self._system,
                        action,
                        dict(zip(slots, chosen, strict=True)),
                        self._assumed,
                        self._helpers,
                        self._rigid,
                        self._recorder(action.name),
                    )
                yield self._done[key]

    def _add(self, slot: int, shape: Shape) -> None:
        """One more shape of a slot. What is a leaf in one member of a family is so in all."""
        family = self._system.slots[slot].domain
        holes = self._holes.setdefault(family, set())
        before = len(holes)
        holes.update(name for name, _ in leaves_of(shape, ""))
        self._add_opened(slot, opened(shape, "", holes))
        if len(holes) > before:
            for other, cell in enumerate(self._system.slots):
                if cell.domain == family:
                    shapes = self._shapes[other]
                    self._shapes[other] = []
                    for each in shapes:
                        self._add_opened(other, opened(each, "", holes))

    def _add_opened(self, slot: int, shape: Shape) -> None:
        known = self._shapes[slot]
        if any(_same(joined(each, shape), each) for each in known):
            return
        known[:] = [each for each in known if not _same(joined(each, shape), shape)]
        mates = [each for each in known if joined(each, shape) is not APART]
        if len(mates) >= MOST_CONSTANTS:
            for each in mates:
                shape = joined(shape, each)
            known[:] = [each for each in known if joined(each, shape) is APART]
        known.append(shape)
        if len(known) > MOST_SHAPES:
            raise NotSymbolic(
                f"{self._system.slots[slot].name} has more than {MOST_SHAPES} shapes; what has no"
                " bound but a number that is not known cannot be treated"
            )

    def _start(self, state: Sequence[Any]) -> Any:
        facts = []
        for slot, value in enumerate(state):
            facts += [term == new for term, new in self._assigned(slot, value)]
        return z3.And(*facts)

    def _assigned(self, slot: int, value: Any) -> list[tuple[Any, Any]]:
        """The variables of a slot and their terms when it has this value."""
        for at, shape in enumerate(self._shapes[slot]):
            leaves = matched(shape, value)
            if leaves is None:
                continue
            found = []
            which = _shape_variable(self._system, self._shapes, slot)
            if which is not None:
                found.append((which, z3.IntVal(at)))
            variables = fresh(shape, self._system.slots[slot].name)[1]
            found += [
                (term, lifted(leaf)) for (term, _), leaf in zip(variables, leaves, strict=True)
            ]
            return found
        raise AssertionError(f"{self._system.slots[slot].name} has no shape for {value!r}")

    def _transition(self, summary: Summary, row: Row) -> Transition:
        here = [
            which == _place(self._shapes[slot], shape)
            for slot, shape in summary.shapes.items()
            if (which := _shape_variable(self._system, self._shapes, slot)) is not None
        ]
        changes: list[tuple[Any, Any]] = []
        for slot, shape, leaves in row.writes:
            changes += self._assigned(slot, built(shape, iter(leaves)))
        return Transition(
            action=summary.action,
            label=row.label,
            guard=z3.And(*here, row.guard),
            choices=tuple(it for it, _, _ in row.choices),
            changes=tuple(changes),
            raised=row.raised,
        )


def _check_names(
    system: Ground, shapes: Sequence[Sequence[Shape]], parameters: frozenset[str]
) -> None:
    """Raise NotSymbolic where two numbers would be one variable of the solver."""
    owners = dict.fromkeys(parameters, -1)
    for slot, known in enumerate(shapes):
        cell = system.slots[slot].name
        for name in (f"shape of {cell}", *(n for each in known for n, _ in leaves_of(each, cell))):
            if owners.setdefault(name, slot) != slot:
                raise NotSymbolic(f"two numbers would have the name {name}; rename one")


def _typed(system: Ground, shapes: Sequence[Sequence[Shape]]) -> Iterator[Any]:
    for slot, known in enumerate(shapes):
        which = _shape_variable(system, shapes, slot)
        if which is not None:
            yield z3.And(which >= 0, which < len(known))
        for at, shape in enumerate(known):
            facts = structural(fresh(shape, system.slots[slot].name)[1])
            if facts:
                yield z3.And(*facts) if which is None else z3.Implies(which == at, z3.And(*facts))


BEFORE = "before "


def broken_where(made: Machine, asked: GroundProperty, action: str = "") -> Any:
    """
    The states, or for a promise about steps the pairs of states, in which a property is broken.

    Variables of the state before the step have their name with `before ` in front. `action` is the
    name of the action that took the step. Raises NotSymbolic where it cannot be executed so.
    """
    now = sorted(made.system.read_slots(asked.reads))
    earlier = sorted(made.system.read_slots(asked.before))
    cases = []
    for chosen in product(*(range(len(made.shapes[slot])) for slot in (*now, *earlier))):
        places = list(zip((*now, *earlier), chosen, strict=True))
        cases.append(_broken_case(made, asked, places[: len(now)], places[len(now) :], action))
    return z3.Or(*cases)


def _broken_case(
    made: Machine,
    asked: GroundProperty,
    now: Sequence[tuple[int, int]],
    earlier: Sequence[tuple[int, int]],
    action: str,
) -> Any:
    here: list[Any] = []
    facts: list[Any] = list(made.assumed)
    for places, prefix in ((now, ""), (earlier, BEFORE)):
        for slot, at in places:
            name = made.system.slots[slot].name
            facts += structural(fresh(made.shapes[slot][at], f"{prefix}{name}")[1])
            if len(made.shapes[slot]) > 1:
                here.append(z3.Int(f"{prefix}shape of {name}") == at)

    def cells(places: Sequence[tuple[int, int]], prefix: str) -> Cells:
        slots = made.system.slots
        values = {
            slot: fresh(made.shapes[slot][at], f"{prefix}{slots[slot].name}")[0]
            for slot, at in places
        }
        return Cells(made.system, values)

    def body() -> bool:
        after, before = cells(now, ""), cells(earlier, BEFORE)
        inputs = [after[number] for number in asked.reads]
        inputs += [before[number] for number in asked.before]
        with deciding(NOBODY):
            met, answer, bound = asked.run([*inputs, action] if asked.wants_action else inputs)
            if type(met) not in (bool, SymBool):
                raise PropertyError(f"its premise answered {met!r}, and not True or False")
            return bool(met) and _is_broken(asked.property.kind, answer, bound)

    record = made.recorder(f"promise-{asked.name}")
    paths = Run(facts, helpers=made.helpers, record=record).explore(body)
    raised = [path.result for path in paths if isinstance(path.result, Raised)]
    if raised:
        raise NotSymbolic(f"property {asked.name} may raise {raised[0]}")
    if covers(facts, paths, _COVERAGE_MS, record) != z3.unsat:
        raise NotSymbolic(
            f"property {asked.name}: its paths could not be shown to cover all states"
        )
    return z3.And(*here, z3.Or(*(path.guard for path in paths if path.result)))


def _is_broken(kind: str, answer: Any, bound: Any) -> bool:
    """Whether an answer breaks a property. Raises PropertyError where it is none of its kind."""
    if kind in ("at least", "at most"):
        if type(answer) not in (int, SymInt):
            raise PropertyError(f"it answered {answer!r}, and not an integer")
        return bool(answer < bound if kind == "at least" else answer > bound)
    if answer is None:
        return False
    if isinstance(answer, (str, bytes, Mapping)):
        raise PropertyError(f"it answered {answer!r}, and not an iterable of str or Violation")
    broken = False
    for each in answer:
        if not isinstance(each, (str, Violation)):
            raise PropertyError(f"it yielded {each!r}, and not a str or Violation")
        broken = True
    return broken
