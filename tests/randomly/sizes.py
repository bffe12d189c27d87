"""Random systems with parameters that are not known: what `prove` says of them, and explore.

A seed gives a module with rules, promises and `build(values)`. Explore takes each value of a small
box of the parameters; `prove` takes the range as a whole.
"""

import itertools
from collections.abc import Iterator, Mapping
from typing import Any
from unittest.mock import patch

import attrs

from seatrial.core import (
    Property,
    PropertyError,
    RuleError,
    Whole,
    ground,
    replay,
)
from seatrial.engines.explore import explore
from seatrial.engines.prove import paths as of_paths
from seatrial.engines.prove.queries import Limits, Queries
from seatrial.engines.prove.systems import SystemProof, prove_system

from .writing import HEAD, Compared, Writer, module_of

__all__ = ["differences", "system_compared", "system_source"]

_HEAD = f"""{HEAD}

from seatrial.core import (
    Action, All, Index, Parameter, Property, System, Total, Variable, Violation, View, every
)
"""
_WORK = 500_000
_STATES = 1_500
_PHASES = ("idle", "busy", "done")

_OVER = ", over=('node',)"
_KINDS = ("number", "number", "flag", "maybe", "phase", "pods", "pair", "load")


@attrs.frozen
class _Variable:
    """A variable: its kind is what its values look like."""

    name: str
    kind: str

    def known(self, name: str, writer: Writer) -> list[str]:
        """The integers that can be read off it."""
        return {
            "maybe": [f"({writer.constant()} if {name} is None else {name})"],
            "pods": [f"{name}['up']", f"{name}['down']", f"{name}.total"],
            "pair": [f"{name}.a", f"{name}.b"],
            "number": [name],
            "load": [name],
        }.get(self.kind, [])

    def facts(self, name: str) -> list[str]:
        """The truth values that can be read off it."""
        if self.kind == "phase":
            return [f"({name} == {each!r})" for each in _PHASES[:2]]
        return [name] if self.kind == "flag" else []

    def initial(self, writer: Writer) -> str:
        """Its value at a start."""
        some = writer.random.choice(("0", "1", "size", "size + 1", "size * 0"))
        up = writer.random.choice(("1", "size + 2"))
        return {
            "flag": writer.random.choice(("False", "True")),
            "maybe": writer.random.choice(("None", some)),
            "phase": repr(_PHASES[0]),
            "pods": f"Population({{'up': {up}, 'down': 1}})",
            "pair": f"Pair({some}, 0)",
            "load": f"every({some})",
        }.get(self.kind, some)


class _Writer(Writer):
    """Writes systems: variables, actions and promises."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed, choices=True)
        count = self.random.choice((1, 2, 2, 3))
        kinds = list(dict.fromkeys(self.random.choice(_KINDS) for _ in range(count)))
        self.variables = [_Variable(f"{kind}_{at}", kind) for at, kind in enumerate(kinds)]
        self.parameters = ["size", *(["spare"] if self.random.random() < 0.4 else [])]
        self.view = next((each.name for each in self.variables if each.kind == "pods"), "")

    def clamped(self, known: list[str], depth: int) -> str:
        """An expression that mostly stays within bounds."""
        a = f"({self.number(known, depth)} + 0)"  # a variable is of one type: True equals 1
        bound = self.random.choice((*self.parameters, "size + 1", "2"))
        return self.random.choice(
            (
                *(f"arith.clamp({a}, 0, arith.maximum({bound}, 0))",) * 4,
                f"arith.minimum(arith.maximum({a}, -1), {bound})",
                f"({a}) % 3",
                a,
            )
        )

    def written(self, variable: _Variable, known: list[str]) -> str:
        """What an action writes to a variable that it reads."""
        name, c = variable.name, self.truth(known, 1)
        if variable.kind in ("number", "load"):
            step = self.random.choice(("+ 1", "- 1", "+ 2"))
            ahead = f"arith.clamp({name} {step}, 0, arith.maximum(size, 1))"
            return ahead if self.random.random() < 0.4 else self.clamped(known, 1)
        if variable.kind == "flag":
            return self.random.choice((c, f"not {name}"))
        if variable.kind == "maybe":
            return f"({self.clamped(known, 1)} if {c} else None)"
        if variable.kind == "phase":
            one, other = self.random.sample(_PHASES, 2)
            return f"({one!r} if {c} else {other!r})"
        if variable.kind == "pair":
            return f"attrs.evolve({name}, {self.random.choice('ab')}={self.clamped(known, 1)})"
        return self.random.choice(
            (
                f"{name}.move('up', 'down', choose(0, {name}['up']))",
                f"{name}.move('down', 'up', min({name}['down'], 1))",
                f"({name}.add('up') if {name}.total < size else {name})",
                f"split({name}, min({name}.total, {self.constant()} % 3))",
                f"Population({{'up': choose(0, arith.clamp({self.number(known, 1)}, 0, 2))}})",
            )
        )

    def reads(self, *needed: _Variable) -> tuple[list[str], list[str], list[str]]:
        """Names that a function takes, the integers and the truth values read off them."""
        some = [each for each in self.variables if each in needed or self.random.random() < 0.6]
        taken = [each.name for each in some]
        parameters = [each for each in self.parameters if self.random.random() < 0.7]
        known = [one for each in some for one in each.known(each.name, self)] + parameters
        if self.view and self.random.random() < 0.3:
            taken.append("seen")
            known.append("seen")
        facts = [one for each in some for one in each.facts(each.name)]
        return [*taken, *parameters], known or ["0"], facts

    def action(self, at: int) -> tuple[list[str], str]:
        """A rule, and its declaration."""
        written = [each for each in self.variables if self.random.random() < 0.6]
        written = written or [self.random.choice(self.variables)]
        names, known, facts = self.reads(*written)
        names += [each for each in self.parameters if each not in names]
        known += [each for each in self.parameters if each not in known]
        over = any(each.kind == "load" for each in self.variables)
        lines = ["", "", f"def act{at}({', '.join(names)}):"]
        lines += [
            f"    p = {self.random.choice(facts) if facts else self.random.choice(known) + ' > 0'}"
        ]
        lines += [f"    if {self.truth(known, 1)}:", "        return"]
        if self.random.random() < 0.5:
            lines += self.block(known, self.random.choice((0, 0, 1)), "    ")
        for way in range(self.random.choice((1, 1, 2))):
            values = ", ".join(f"{each.name}={self.written(each, known)}" for each in written)
            made = f"yield outcome('way {way}', {values})"
            guard = self.truth(known, 1)
            lines += [f"    if {guard}:", f"        {made}"] if way else [f"    {made}"]
        writes = ", ".join(repr(each.name) for each in written)
        declared = f"Action('act{at}', 'system', act{at}, ({writes},){_OVER * over})"
        return lines, declared

    def promise(self, at: int) -> tuple[list[str], str]:
        """A promise: its functions, and its declaration."""
        names, known, facts = self.reads(self.random.choice(self.variables))
        kind = self.random.choice(("always", "at most", "at least", "after each step"))
        over = any(each.kind == "load" and each.name in names for each in self.variables)
        extra, lines = "", ["", ""]
        if kind == "after each step":
            was = self.random.choice([each for each in self.variables if each.name in names])
            names.append(f"{was.name}_before")
            known += was.known(f"{was.name}_before", self)
            facts += was.facts(f"{was.name}_before")
        lines += [f"def promise{at}({', '.join(names)}):"]
        lines += [
            f"    p = {self.random.choice(facts) if facts else self.random.choice(known) + ' > 1'}"
        ]
        if kind in ("always", "after each step"):
            wrong = [self.truth(known, 1) for _ in range(self.random.choice((1, 2, 2)))]
            lines += [f"    if {' and '.join(wrong)}:", "        yield 'it is broken'"]
        else:
            lines += [f"    return ({self.number(known, self.random.choice((0, 0, 1)))}) + 0"]
            k = self.constant()
            bound = self.random.choice((k, f"lambda size: size + {k}", "lambda size: size * 2"))
            extra = f", bound={bound}"
        if self.random.random() < 0.3:
            free = [each for each in names if not each.endswith("_before")]
            lines += ["", "", f"def premise{at}({', '.join(free)}):"]
            inside = [each for each in known if "_before" not in each] or ["0"]
            lines += ["    p = True", f"    return {self.truth(inside, 1)}"]
            extra += f", premise=premise{at}"
        extra += _OVER * over
        return lines, (
            f"Property(id='promise{at}', says='a random promise', source='random', kind={kind!r},"
            f" function=promise{at}{extra})"
        )

    def module(self) -> str:
        """All of it."""
        lines = [_HEAD, *self.some_helpers(0, 0, 1)]
        views = "[]"
        if self.view:
            lines += ["", "", f"def seen({self.view}):", f"    return {self.view}['up'] * 2"]
            views = "[View('seen', seen)]"
        made = [self.action(at) for at in range(self.random.choice((1, 2, 2, 3)))]
        asked = [self.promise(at) for at in range(3)]
        for some, _ in (*made, *asked):
            lines += some
        starts = [
            ", ".join(f"{each.name!r}: {each.initial(self)}" for each in self.variables)
            for _ in range(self.random.choice((1, 1, 2)))
        ]
        declared = ", ".join(
            f"Variable({each.name!r}{_OVER * (each.kind == 'load')})" for each in self.variables
        )
        nodes = any(each.kind == "load" for each in self.variables)
        lines += ["", "", "def build(values):", "    size = values['size']", "    return System("]
        lines += ["        name='random',"]
        index = "Index('node', ('a', 'b'))" if nodes else ""
        lines += [f"        indices=[{index}],"]
        lines += ["        parameters=[Parameter(name, value) for name, value in values.items()],"]
        lines += [f"        variables=[{declared}],", f"        views={views},"]
        lines += [f"        actions=[{', '.join(each for _, each in made)}],"]
        lines += [f"        initial=[{', '.join('{' + each + '}' for each in starts)}],", "    )"]
        lines += ["", "", "PROMISES = ["]
        lines += [f"    {each}," for _, each in asked]
        return "\n".join([*lines, "]", ""])

    def ranges(self) -> dict[str, Whole]:
        """A small range for each parameter, of which some have no end."""
        found = {}
        for name in self.parameters:
            low = self.random.choice((-1, 0, 0, 0, 1))
            most = self.random.choice((0, 2, 3)) if name == "size" else 1
            found[name] = Whole(low, None if self.random.random() < 0.3 else low + most)
        return found


def system_source(seed: int) -> str:
    """A module with a system and its promises."""
    return _Writer(seed).module()


def _box(ranges: Mapping[str, Whole]) -> list[dict[str, int]]:
    choices = [
        range(each.low, (each.low + 3 if each.high is None else each.high) + 1)
        for each in ranges.values()
    ]
    return [dict(zip(ranges, values, strict=True)) for values in itertools.product(*choices)]


@attrs.frozen
class _Told:
    """What explore says of a promise at one size: a verdict, the length of its run, or an error."""

    values: dict[str, int]
    status: str
    length: int | None = None
    whole: bool = True

    @property
    def size(self) -> int:
        """What `least` is about."""
        return sum(self.values.values())


def _explored(build: Any, values: dict[str, int], promise: Property, most: int = _STATES) -> _Told:
    try:
        report = explore(build(values), [promise], kernel="plain", threads=1, max_states=most)
    except (RuleError, PropertyError) as error:
        return _Told(values, f"raises {error}")
    verdict = report.verdict(promise.id)
    length = None if verdict.trace is None else verdict.trace.length
    return _Told(values, verdict.status, length, report.exploration.complete)


def system_compared(seed: int, query_ms: int = 2_000, depth: int = 4) -> Compared:
    """
    What `prove` says of the promises of a system for all sizes, and explore at each of a box.

    What is open is no flaw, unless it says of runs that they were cleared that are there.
    """
    writer = _Writer(seed)
    module = module_of(writer.module(), f"random_sizes_{seed}").__dict__
    ranges, promises, build = writer.ranges(), module["PROMISES"], module["build"]
    with patch.object(of_paths, "_FEASIBILITY", _WORK):
        try:
            proofs = prove_system(build, ranges, promises, Queries(Limits(query_ms, depth))).proofs
        except RuleError as error:
            told = [_explored(build, values, promises[0]) for values in _box(ranges)]
            ends = all(each.high is not None for each in ranges.values())
            none = ends and all(each.status == "holds" for each in told)
            return Compared((f"raises {error}",), f"it raises {error}, and no rule does" * none)
    different = [
        f"{each.property.id} ({each.property.kind}): {one}"
        for each in proofs
        for one in differences(each, build, ranges)
    ]
    said = tuple(
        each.status + f": {each.because}" * (each.status == "inconclusive") for each in proofs
    )
    return Compared(said, "; ".join(different))


def differences(
    proof: SystemProof, build: Any, ranges: Mapping[str, Whole], most: int = _STATES
) -> Iterator[str]:
    """
    Where what is said of a promise for all sizes is not what explore says of it at each of a box.

    Each exploration visits `most` states; a run that it finds is a shortest one nevertheless.
    """
    told = [_explored(build, values, proof.property, most) for values in _box(ranges)]
    broken = [each for each in told if each.status == "violated"]
    fewest = min((each.length or 0 for each in broken), default=None)
    if proof.status == "proved":
        wrong = [each for each in told if each.status not in ("holds", "inconclusive")]
        if wrong:
            yield f"it is proved, and explore says {wrong[0]}"
    elif proof.status == "inconclusive":
        searched = "no run of" in proof.because
        if searched and fewest is not None and fewest <= proof.cleared:
            yield f"{proof.cleared} steps are clear, and explore says {broken}"
    else:
        assert proof.trace is not None
        values, length = dict(proof.parameters), proof.trace.length
        if not all(allowed.allows(values[name]) for name, allowed in ranges.items()):
            yield f"it is violated with {values}, which is out of its ranges"
        replay(ground(build(values)), proof.trace)
        said = _explored(build, values, proof.property, most)
        if not said.status.startswith("raises") and said.length != length:
            yield f"it is violated with {values} in {length} steps, and explore says {said}"
        if fewest is not None and fewest < length:
            yield f"its {length} steps are not the fewest: {broken}"
        smaller = [
            each for each in broken if each.length == length and each.size < sum(values.values())
        ]
        if proof.least and smaller:
            yield f"{values} are not the least: {smaller}"
