"""A plan as functions over plain dicts from cell names to numbers, as the reference takes them."""

from collections.abc import Callable, Iterator
from typing import Any

import attrs

import reference

from .plan import Branch, Expr, Family, Key, Plan, Reach, Rule, Write
from .values import counts_of

State = reference.State
Local = dict[str, Any]
Number = Callable[[State, Local], int]

OPERATORS: dict[str, Callable[[int, int], int]] = {
    "add": int.__add__,
    "sub": int.__sub__,
    "mul": int.__mul__,
    "min": lambda one, other: other if other < one else one,
    "max": lambda one, other: other if other > one else one,
    "eq": lambda one, other: 1 if one == other else 0,
    "ne": lambda one, other: 0 if one == other else 1,
    "lt": lambda one, other: 1 if one < other else 0,
    "le": lambda one, other: 0 if other < one else 1,
}


def cell(name: str, key: Key) -> str:
    """The name of a member of a family."""
    return name + "[" + ",".join(str(part) for part in key) + "]" if key else name


def initial_states(plan: Plan) -> list[State]:
    """The initial states: a number for each cell."""
    return [
        {
            cell(name, key): number
            for name, numbers in assignment
            for key, number in zip(plan.keys(plan.named(name).over), numbers, strict=True)
        }
        for assignment in plan.initial
    ]


def plain(plan: Plan) -> list[reference.Rule]:
    """The rules, one for each index."""
    return [
        reference.Rule(
            cell(rule.name, key), rule.fair, rule.committed, Plain(plan, rule.over, key).rule(rule)
        )
        for rule in plan.rules
        for key in plan.keys(rule.over)
    ]


@attrs.frozen
class Plain:
    """Expressions as functions, at one index."""

    plan: Plan
    over: tuple[str, ...]
    key: Key

    def cells(self, name: str, reach: Reach) -> list[Key]:
        """The keys of the members that a read reaches."""
        over = self.plan.named(name).over
        mine = dict(zip(self.over, self.key, strict=True))
        return [
            key
            for key in self.plan.keys(over)
            if reach == "all"
            or all(mine.get(i, part) == part for i, part in zip(over, key, strict=True))
        ]

    def member(self, name: str, key: Key) -> Number:
        """The number of a member of a family, or of a view."""
        family = self.plan.named(name)
        if isinstance(family, Family):
            at = cell(name, key)
            if family.kind.startswith("population"):
                counts = counts_of(int(family.kind.removeprefix("population")))
                weights = [b + 2 * c for _, b, c in counts]
                return lambda s, _: weights[s[at]]
            return lambda s, _: int(s[at])
        if family.of:
            of = self.plan.named(family.of)
            parts = [self.member(family.of, each) for each in self.plan.keys(of.over)]
            return lambda s, v: sum(part(s, v) for part in parts)
        inner = Plain(self.plan, family.over, key).expr(family.expr, dict(family.reads))
        size = family.size
        return (lambda s, v: inner(s, v) % size) if size else inner

    def members(self, name: str, reach: Reach, when: str) -> list[Number]:
        """The numbers of the members that a read reaches, now or before the step."""
        found = [self.member(name, key) for key in self.cells(name, reach)]
        if when == "before":
            return [lambda s, v, one=one: one(v["before"], v) for one in found]  # type: ignore[misc]
        return found

    def expr(
        self, e: Expr, reads: dict[str, Reach], before: dict[str, Reach] | None = None
    ) -> Number:
        """An expression as a function of state and locals."""

        def inner(e: Expr) -> Number:
            return self.expr(e, reads, before)

        match e:
            case ("const", number):
                return lambda s, v: number
            case ("param", name):
                value = dict(self.plan.parameters)[name]
                return lambda s, v: value
            case ("local", name):
                return lambda s, v: v[name]
            case ("place", index):
                place = self.plan.members(index).index(self.key[self.over.index(index)])
                return lambda s, v: place
            case ("took", rule):
                return lambda s, v: 1 if v["action"].partition("[")[0] == rule else 0
            case ("mod", one, size):
                a = inner(one)
                return lambda s, v: a(s, v) % size
            case ("table", table, one):
                a = inner(one)
                return lambda s, v: table[a(s, v) % len(table)]
            case ("not", one):
                a = inner(one)
                return lambda s, v: 0 if a(s, v) else 1
            case ("if", test, one, other):
                t, a, b = inner(test), inner(one), inner(other)
                return lambda s, v: a(s, v) if t(s, v) else b(s, v)
            case ("and", one, other):
                a, b = inner(one), inner(other)
                return lambda s, v: 1 if a(s, v) != 0 and b(s, v) != 0 else 0
            case ("or", one, other):
                a, b = inner(one), inner(other)
                return lambda s, v: 1 if a(s, v) != 0 or b(s, v) != 0 else 0
            case (op, one, other) if op in OPERATORS:
                a, b, f = inner(one), inner(other), OPERATORS[op]
                return lambda s, v: f(a(s, v), b(s, v))
        op, name = e[0], e[1]
        when = op if op in ("read", "before") else e[-1]
        members = self.members(name, ((before or {}) if when == "before" else reads)[name], when)
        if op in ("read", "before"):
            (only,) = members
            return only
        if op == "member":
            a = inner(e[2])
            return lambda s, v: members[a(s, v) % len(members)](s, v)
        if op == "count":
            return lambda s, v: sum(1 for member in members if member(s, v) == e[2])
        if op == "sum":
            return lambda s, v: sum(member(s, v) for member in members)
        return lambda s, v: max(member(s, v) for member in members)

    def rule(self, rule: Rule) -> Callable[[State], list[tuple[str, State]]]:
        """A rule as a function from a state to its outcomes."""
        reads = dict(rule.reads)
        branches = [self.branch(branch, reads) for branch in rule.branches]
        answers = self.answers(rule, reads)
        guard: Number = lambda s, v: 1  # noqa: E731
        if rule.when:
            (guard,) = self.members(rule.when, "own", "now")

        def outcomes(state: State) -> list[tuple[str, State]]:
            if not guard(state, {}):
                return []
            return [
                made
                for local in answers(state)
                for branch in branches
                for made in branch(state, local)
            ]

        return outcomes

    def answers(self, rule: Rule, reads: dict[str, Reach]) -> Callable[[State], list[Local]]:
        """The locals of a rule for each combination of answers to its choices."""
        if rule.choice:
            low, more = (self.expr(e, reads) for e in rule.choice)
            return lambda s: [{"c": n} for n in range(low(s, {}), low(s, {}) + more(s, {}) + 1)]
        if rule.split:
            family = self.plan.named(rule.split[0])
            counts = counts_of(int(family.kind.removeprefix("population")))
            (at,) = (cell(family.name, key) for key in self.cells(family.name, "bare"))
            many = self.expr(rule.split[1], reads)
            return lambda s: [
                {"picked": picked, "picked0": picked[0], "picked1": picked[1]}
                for picked in counts_of(many(s, {}))
                if all(p <= have for p, have in zip(picked, counts[s[at]], strict=True))
            ]
        return lambda s: [{}]

    def branch(
        self, branch: Branch, reads: dict[str, Reach]
    ) -> Callable[[State, Local], Iterator[tuple[str, State]]]:
        """A branch as a function from state and locals to its outcomes."""
        guard = self.expr(branch.guard, reads)
        tell = self.expr(branch.tell, reads) if branch.tell else None
        writes = [self.write(write, reads) for write in branch.writes]
        each = self.members(branch.each, reads[branch.each], "now") if branch.each else []

        def outcomes(state: State, local: Local) -> Iterator[tuple[str, State]]:
            inside = [local]
            if branch.each:
                inside = [
                    {**local, "at": at, "it": one(state, local)} for at, one in enumerate(each)
                ]
            for known in inside:
                if guard(state, known):
                    changed: State = {}
                    for write in writes:
                        write(state, known, changed)
                    label = f"{branch.label} {tell(state, known)}" if tell else branch.label
                    yield label, changed

        return outcomes

    def write(self, write: Write, reads: dict[str, Reach]) -> Callable[[State, Local, State], None]:
        """A write as a function that adds what it writes to the third argument."""
        targets = self.cells(write.family, "own")
        shadows = [each for each in self.plan.shadows(write.family) if each.shadow]
        entries = []
        for place, number in write.entries:
            if number[0] == "shift":
                value = self.shift(write.family, number[2], targets)
            else:
                value = self.expr(number, reads)
            entries.append((self.expr(place or ("const", 0), reads), value))

        def apply(state: State, local: Local, changed: State) -> None:
            for place, value in entries:
                key = targets[place(state, local) % len(targets)]
                number = value(state, local)
                changed[cell(write.family, key)] = number
                for each in shadows:
                    assert each.shadow
                    follows = (each.shadow[1] * number + each.shadow[2]) % each.size
                    changed[cell(each.name, key)] = follows

        return apply

    def shift(self, name: str, target: int, targets: list[Key]) -> Number:
        """The population in which all those picked are of one class."""
        counts = counts_of(int(self.plan.named(name).kind.removeprefix("population")))
        at = cell(name, targets[0])

        def number(state: State, local: Local) -> int:
            left = [have - p for have, p in zip(counts[state[at]], local["picked"], strict=True)]
            left[target] += sum(local["picked"])
            return counts.index((left[0], left[1], left[2]))

        return number
