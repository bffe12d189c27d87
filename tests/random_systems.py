"""Random systems on which the explicit engine must agree with `reference.py`.

A seed gives a `Plan`: a system and its properties as data, small expression trees over numbers. Two
interpreters that share nothing but the data make it run: `build` writes Python source with
declarations for `seatrial`, where values are of many types, families have indices and views are
views; `plain` makes the functions over plain dicts from cell names to numbers that the reference
takes. `disagreement` runs both and says what differs.

    python tests/random_systems.py --count 100000 --start 0 --workers 2 --kernel both
    python tests/random_systems.py --seed 4711            # one seed, made smaller, as source
"""

import argparse
import concurrent.futures
import functools
import itertools
import multiprocessing
import random
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal

import attrs

import reference
import seatrial.core as core

Expr = tuple[Any, ...]
Key = tuple[Any, ...]
Reach = Literal["bare", "all", "own"]
Kernel = Literal["plain", "compiled", "both"]

LARGEST = 20_000


# ---- a system as data -------------------------------------------------------------------------


@attrs.frozen
class Family:
    """A variable or a family of them: numbers from 0 to size - 1, shown as values of a kind."""

    name: str
    over: tuple[str, ...]
    kind: str
    size: int
    pending: bool = False
    shadow: tuple[str, int, int] | None = None
    """Its number is a * n + b modulo its size, where n is that of the family so named."""


@attrs.frozen
class Derived:
    """A view; without an expression, the total of what `of` names."""

    name: str
    over: tuple[str, ...]
    kind: str
    size: int
    reads: tuple[tuple[str, Reach], ...] = ()
    expr: Expr = ()
    of: str = ""


@attrs.frozen
class Write:
    """What an outcome writes to one family: pairs of place and number; no place where it is one."""

    family: str
    entries: tuple[tuple[Expr | None, Expr], ...]


@attrs.frozen
class Branch:
    """`if guard: yield outcome(...)`, for each member of what `each` names if it does."""

    guard: Expr
    label: str
    tell: Expr | None
    writes: tuple[Write, ...]
    each: str = ""


@attrs.frozen
class Rule:
    """An action; `choice` is a lowest number and how many more, `split` how many of what."""

    name: str
    over: tuple[str, ...]
    fair: core.Fairness
    committed: bool
    reads: tuple[tuple[str, Reach], ...]
    parameters: tuple[str, ...]
    branches: tuple[Branch, ...]
    writes: tuple[str, ...]
    choice: tuple[Expr, Expr] | None = None
    split: tuple[str, Expr] | None = None
    style: str = "yield"
    when: str = ""
    """The flag that is its guard: a view or variable of this name."""


@attrs.frozen
class Question:
    """A property; `before` are the families whose value before the step it reads."""

    name: str
    kind: core.Kind
    over: tuple[str, ...] = ()
    reads: tuple[tuple[str, Reach], ...] = ()
    before: tuple[tuple[str, Reach], ...] = ()
    expr: Expr = ()
    premise: tuple[tuple[tuple[str, Reach], ...], Expr] | None = None
    bound: int = 0
    bound_parameter: str = ""
    work: tuple[str, ...] = ()
    progress: tuple[str, ...] = ()


@attrs.frozen
class Plan:
    """A whole random system."""

    seed: int
    symmetric: bool
    indices: tuple[tuple[str, tuple[Any, ...]], ...]
    parameters: tuple[tuple[str, int], ...]
    families: tuple[Family, ...]
    views: tuple[Derived, ...]
    rules: tuple[Rule, ...]
    questions: tuple[Question, ...]
    initial: tuple[tuple[tuple[str, tuple[int, ...]], ...], ...]
    loose: bool = False
    """Whether rules mind their own, so that most steps commute."""

    def members(self, index: str) -> tuple[Any, ...]:
        """The members of an index."""
        return dict(self.indices)[index]

    def keys(self, over: Iterable[str]) -> list[Key]:
        """All keys of what ranges over these."""
        return list(itertools.product(*(self.members(name) for name in over)))

    def open_keys(self, name: str, over: Sequence[str], *, everything: bool = False) -> list[Key]:
        """The keys of a family's members that are left open by what ranges over `over`."""
        return self.keys(i for i in self.named(name).over if everything or i not in over)

    def named(self, name: str) -> Family | Derived:
        """The family or view of that name."""
        found: dict[str, Family | Derived] = {each.name: each for each in self.families}
        return {**found, **{each.name: each for each in self.views}}[name]

    def shadows(self, name: str) -> list[Family]:
        """The families whose numbers follow those of another."""
        return [each for each in self.families if each.shadow and each.shadow[0] == name]


# ---- drawing one ------------------------------------------------------------------------------

KINDS = ("int", "int", "int", "text", "flag", "pair", "optional", "big", "record")
CLASSES = ("a", "b", "c")


@attrs.define
class Scope:
    """What an expression may mention."""

    plan: Plan
    rng: random.Random
    over: tuple[str, ...]
    reads: dict[str, Reach]
    parameters: tuple[str, ...] = ()
    before: dict[str, Reach] = attrs.field(factory=dict)
    local: tuple[str, ...] = ()

    def number(self, depth: int = 2) -> Expr:
        """Any expression."""
        rng = self.rng
        if depth == 0 or rng.random() < 0.3:
            return self.leaf()
        shape = rng.choice(("sum", "sum", "pick", "extreme", "table", "test", "if"))
        one, other = self.number(depth - 1), self.number(depth - 1)
        if shape == "sum":
            return (rng.choice(("add", "add", "sub")), one, other)
        if shape == "pick":
            return ("mul", one, ("const", rng.randint(2, 3)))
        if shape == "extreme":
            return (rng.choice(("min", "max")), one, other)
        if shape == "table":
            return ("table", tuple(rng.randint(0, 9) for _ in range(rng.randint(1, 5))), one)
        if shape == "test":
            return self.test(depth - 1)
        return ("if", self.test(depth - 1), one, other)

    def leaf(self, *, fixed: bool = True) -> Expr:
        """A constant, or something read; only where there is nothing to read if not `fixed`."""
        rng = self.rng
        options: list[Expr] = [("const", rng.randint(0, 3))]
        if not fixed and (self.reads or self.before):
            options = []
        options += [self.read(name, reach, "read") for name, reach in self.reads.items()] * 2
        options += [self.read(name, reach, "before") for name, reach in self.before.items()] * 2
        options += [("param", name) for name in self.parameters]
        options += [("local", name) for name in self.local] * 2
        if not self.plan.symmetric:
            options += [("place", index) for index in self.over]
        return rng.choice(options)

    def read(self, name: str, reach: Reach, when: str) -> Expr:
        """One way to read a family, here as far as symmetry allows."""
        if reach == "bare":
            return (when, name)
        rng = self.rng
        shape = rng.choice(("sum", "most", "count", "member"))
        if shape == "count":
            return ("count", name, rng.randint(0, 2), when)
        if shape == "member" and not self.plan.symmetric:
            return ("member", name, ("const", rng.randint(0, 3)), when)
        return ("most" if shape == "most" else "sum", name, when)

    def test(self, depth: int = 1) -> Expr:
        """A comparison, or several."""
        rng = self.rng
        if depth > 0 and rng.random() < 0.2:
            return (rng.choice(("and", "or")), self.test(depth - 1), self.test(depth - 1))
        if rng.random() < 0.1:
            return ("not", self.test(max(0, depth - 1)))
        right = ("const", rng.randint(0, 3)) if rng.random() < 0.6 else self.number(depth)
        left = self.leaf(fixed=False) if rng.random() < 0.7 else self.number(depth)
        return (rng.choice(("eq", "ne", "ne", "lt", "lt", "le")), left, right)


def draw(seed: int) -> Plan:
    """The plan of a seed."""
    rng = random.Random(seed)
    symmetric = rng.random() < 0.2
    plan = Plan(
        seed=seed,
        symmetric=symmetric,
        indices=tuple(_draw_indices(rng, symmetric)),
        parameters=tuple((f"p{n}", rng.randint(0, 3)) for n in range(rng.randint(0, 2))),
        families=(),
        views=(),
        rules=(),
        questions=(),
        initial=(),
        loose=rng.random() < 0.25,
    )
    plan = attrs.evolve(plan, families=tuple(_draw_families(rng, plan)))
    plan = attrs.evolve(plan, views=tuple(_draw_views(rng, plan)))
    plan = attrs.evolve(plan, rules=tuple(_draw_rules(rng, plan)))
    plan = attrs.evolve(plan, questions=tuple(_draw_questions(rng, plan)))
    return attrs.evolve(plan, initial=tuple(_draw_initial(rng, plan)))


def _draw_indices(rng: random.Random, symmetric: bool) -> Iterator[tuple[str, tuple[Any, ...]]]:
    if symmetric:
        yield "i", tuple(range(rng.randint(2, 4)))
        return
    for name in "ij"[: rng.choice((0, 1, 1, 2, 2))]:
        size = rng.choice((1, 2, 2, 3))
        yield name, rng.choice(((5, 3, 4), ("n1", "n0", "x"), (0, 1, 2), ((0, 1), "m", 7)))[:size]


def _some(rng: random.Random, items: Sequence[Any], chance: float = 0.5) -> tuple[Any, ...]:
    return tuple(each for each in items if rng.random() < chance)


def _draw_families(rng: random.Random, plan: Plan) -> Iterator[Family]:
    if plan.loose:
        for number in range(rng.randint(3, 5)):
            yield Family(f"v{number}", (), rng.choice(("int", "flag")), 2)
        return
    left = rng.choice((8, 16, 30, 30, 60, 60, 100, 100, 200, 300))
    if rng.random() < 0.03:
        left = 2000 if rng.random() < 0.95 else LARGEST
    names = [name for name, _ in plan.indices]
    long = rng.random() < 0.3
    wide = rng.random() < 0.1
    if rng.random() < 0.2:
        over = _some(rng, names, 0.3)
        count = len(plan.keys(over))
        size = 2 if count > 1 else rng.randint(2, 3)
        if count <= 3 and size**count * 2 <= left:
            left //= size**count
            yield Family(
                "pend", over, rng.choice(("int", "flag")) if size == 2 else "int", size, True
            )
    if rng.random() < 0.15:
        over = _some(rng, names, 0.2)
        total = rng.randint(1, 3)
        values = (total + 2) * (total + 1) // 2
        if values ** len(plan.keys(over)) * 2 <= left:
            left //= values ** len(plan.keys(over))
            yield Family("pods", over, f"population{total}", values)
    made = []
    for number in range(rng.randint(1, 6)):
        over = _some(rng, names, 0.6 if len(names) < 2 else 0.45)
        members = len(plan.keys(over))
        most = int(left ** (1 / members) + 1e-9)
        if most < 2:
            continue
        size = most if long and rng.random() < 0.5 else rng.randint(2, min(most, 6))
        kind = rng.choice(KINDS)
        if kind == "flag" and size > 2:
            kind = "int"
        left //= size**members
        made.append(Family(f"v{number}", over, kind, size))
    if not made:
        made.append(Family("v0", (), "int", 2))
    yield from made
    for number in range(rng.randint(12, 70) if wide else rng.choice((0, 0, 0, 0, 1, 2))):
        main = rng.choice(made)
        if wide and number % 3:
            main = max(made, key=lambda each: each.size)
        size = rng.randint(2, 9) if rng.random() < 0.1 else 1009
        kind = rng.choice(("int", "text", "big", "record"))
        shadow = (main.name, rng.randint(1, 1008), rng.randint(0, 1008))
        yield Family(f"s{number}", main.over, kind, size, shadow=shadow)


def _reach(rng: random.Random, plan: Plan, name: str, over: Sequence[str]) -> Reach:
    """How something that ranges over `over` may read a family."""
    if len(plan.open_keys(name, over)) == 1 and rng.random() < 0.7:
        return "bare"
    return "own" if rng.random() < 0.3 and not plan.symmetric else "all"


def _draw_views(rng: random.Random, plan: Plan) -> Iterator[Derived]:
    names = [name for name, _ in plan.indices]
    made: list[Derived] = []
    for number in range(rng.choice((0, 0, 1, 1, 2))):
        over = _some(rng, names)
        reads: dict[str, Reach] = {}
        cells = 0
        for family in rng.sample(plan.families, min(len(plan.families), rng.randint(1, 2))):
            reach = _reach(rng, plan, family.name, over)
            used = 1
            if reach != "bare":
                used = len(plan.open_keys(family.name, over, everything=reach == "all"))
            if cells + used <= 2:
                reads[family.name] = reach
                cells += used
        if not reads:
            continue
        parameters = tuple(name for name, _ in plan.parameters)
        scope = Scope(plan, rng, over, reads, parameters)
        kind = rng.choice(("raw", "raw", "text", "pair", "big"))
        expr = scope.number(2)
        size = 0 if kind == "raw" else rng.randint(2, 5)
        made.append(Derived(f"w{number}", over, kind, size, tuple(reads.items()), expr))
    for number in range(rng.choice((0, 0, 1, 2))):
        over = _some(rng, names)
        readable = [each for each in plan.families if not each.shadow and each.kind[:3] != "pop"]
        family = rng.choice(readable)
        if set(family.over) <= set(over):
            scope = Scope(plan, rng, over, {family.name: "bare"})
            made.append(
                Derived(f"g{number}", over, "flag", 2, ((family.name, "bare"),), scope.test(0))
            )
    yield from made
    summed = [each.name for each in made if each.kind == "raw"]
    summed += [each.name for each in plan.families if each.kind == "int" and each.size < 1000]
    for number in range(rng.choice((0, 0, 1, 1, 2))):
        if summed:
            yield Derived(f"t{number}", (), "raw", 0, of=rng.choice(summed))


def _draw_reads(rng: random.Random, plan: Plan, over: Sequence[str], most: int) -> dict[str, Reach]:
    readable = [each.name for each in plan.families] + [each.name for each in plan.views]
    wide = [each.name for each in plan.families if each.shadow]
    readable = [*(name for name in readable if name not in wide), *wide[:2]]
    chosen = rng.sample(readable, min(len(readable), rng.randint(0, most)))
    return {name: _reach(rng, plan, name, over) for name in chosen}


def _draw_rules(rng: random.Random, plan: Plan) -> Iterator[Rule]:
    profile: list[core.Fairness] = ["weak", "weak", "weak", "none"]
    if rng.random() < 0.4:
        profile = ["weak", "strong", "strong", "none"]
    strong = 0
    main = [each for each in plan.families if each.kind[:3] != "pop" and not each.shadow]
    fewest = len(main) if rng.random() < 0.8 else 1
    for number in range(len(main) if plan.loose else rng.randint(fewest, len(main) + 3)):
        fair = rng.choice(profile)
        first = main[number] if number < len(main) else rng.choice(main)
        rule = _draw_rule(rng, plan, f"r{number}", fair, first)
        count = len(plan.keys(rule.over))
        if fair == "strong":
            if strong + count > 3:
                rule = attrs.evolve(rule, fair="weak")
            else:
                strong += count
        rule = _with_guard(rng, plan, rule)
        yield rule
        if rng.random() < 0.03:
            yield attrs.evolve(rule, name=f"{rule.name}_again", fair="weak")
    for family in plan.families:
        if family.pending:
            for number in range(rng.randint(1, 2)):
                fair = rng.choice(("weak", "weak", "none"))
                yield _with_guard(rng, plan, _draw_committed(rng, plan, family, f"c{number}", fair))
        if family.kind.startswith("population"):
            for number in range(rng.randint(1, 2)):
                yield _draw_split(rng, plan, family, f"m{number}", rng.choice(profile[:2]))


def _with_guard(rng: random.Random, plan: Plan, rule: Rule) -> Rule:
    """The rule, perhaps with one of the flags that it can have as its guard."""
    families: list[Family | Derived] = [*plan.families, *plan.views]
    flags = [
        each.name
        for each in families
        if each.kind == "flag" and len(plan.open_keys(each.name, rule.over)) == 1
    ]
    return attrs.evolve(rule, when=rng.choice(flags)) if flags and rng.random() < 0.5 else rule


def _parameters(rng: random.Random, plan: Plan) -> tuple[str, ...]:
    return _some(rng, [name for name, _ in plan.parameters])


def _draw_rule(
    rng: random.Random, plan: Plan, name: str, fair: core.Fairness, first: Family
) -> Rule:
    over = _some(rng, [index for index, _ in plan.indices], 0.5)
    if plan.loose or rng.random() < 0.5:
        over = first.over
    targets = [each for each in plan.families if each.kind[:3] != "pop" and not each.shadow]
    writes = [first]
    if len(targets) > 1 and rng.random() < (0.05 if plan.loose else 0.3):
        writes.append(rng.choice([each for each in targets if each is not first]))
    reads = _draw_reads(rng, plan, over, 0 if plan.loose else 2)
    for family in writes:
        if rng.random() < 0.9:
            bare = set(family.over) <= set(over)
            reads[family.name] = "bare" if bare else "all"
    choice = None
    scope = Scope(plan, rng, over, reads, _parameters(rng, plan))
    if rng.random() < 0.15:
        choice = (("const", rng.randint(-1, 1)), ("mod", scope.number(1), rng.randint(1, 4)))
        scope.local = ("c",)
    return Rule(
        name=name,
        over=over,
        fair=fair,
        committed=False,
        reads=tuple(reads.items()),
        parameters=scope.parameters,
        branches=tuple(
            _draw_branch(rng, scope, writes, f"{name} {number}")
            for number in range(1 if plan.loose else rng.choice((1, 1, 1, 2, 3)))
        ),
        writes=tuple(family.name for family in writes),
        choice=choice,
        style=rng.choice(("yield", "list")),
    )


def _draw_branch(rng: random.Random, scope: Scope, targets: Sequence[Family], label: str) -> Branch:
    plan = scope.plan
    loops = [name for name, reach in scope.reads.items() if reach != "bare"]
    each = rng.choice(loops) if loops and rng.random() < 0.5 else ""
    if each:
        scope = attrs.evolve(scope, local=(*scope.local, "it"))
    guard = ("const", 1) if rng.random() < 0.25 else scope.test()
    writes = []
    for family in targets:
        if rng.random() < 0.1:
            continue  # a declared write that is left out
        if set(family.over) <= set(scope.over):
            own = scope.reads.get(family.name) == "bare"
            value, needs = _draw_value(rng, scope, family, ("read", family.name) if own else None)
            if needs and rng.random() < 0.8:
                guard = needs if rng.random() < 0.75 else ("and", guard, needs)
            writes.append(Write(family.name, ((None, value),)))
            continue
        count = len(plan.open_keys(family.name, scope.over))
        fits = each and len(plan.open_keys(each, scope.over, everything=True)) == count
        entries: list[tuple[Expr | None, Expr]] = []
        if plan.symmetric and not fits:
            value, _ = _draw_value(rng, scope, family, None)
            entries = [(("const", place), value) for place in range(count)]
        elif each and (plan.symmetric or rng.random() < 0.7):
            own_value = ("local", "it") if each == family.name else None
            value, needs = _draw_value(rng, scope, family, own_value)
            if needs and rng.random() < 0.8:
                guard = needs if rng.random() < 0.75 else ("and", guard, needs)
            entries = [(("local", "at"), value)]
        else:
            for _ in range(rng.choice((0, 1, 1, 2, 3))):
                value, _ = _draw_value(rng, scope, family, None)
                entries.append((scope.number(1), value))
        writes.append(Write(family.name, tuple(entries)))
    tell = scope.number(1) if rng.random() < 0.2 else None
    return Branch(guard, rng.choice((label, label, "go")), tell, tuple(writes), each)


def _draw_value(
    rng: random.Random, scope: Scope, family: Family, own: Expr | None
) -> tuple[Expr, Expr | None]:
    """What to write, and what had better hold then."""
    size = family.size
    if own is not None and rng.random() < 0.85:
        shape = rng.choice(("up", "up", "up", "down", "jump", "round", "round", "stay"))
        if scope.plan.loose and rng.random() < 0.8:
            shape = "up"
        if shape == "up":
            step = 1 if size < 10 or rng.random() < 0.5 else rng.randint(1, 7)
            return ("mod", ("add", own, ("const", step)), size), ("lt", own, ("const", size - step))
        if shape == "down":
            return ("mod", ("sub", own, ("const", 1)), size), ("lt", ("const", 0), own)
        if shape == "jump":
            table = tuple(rng.randrange(size) for _ in range(min(size, 9)))
            return ("mod", ("table", table, own), size), None
        if shape == "round":
            return ("mod", ("add", own, ("const", rng.randint(1, 3))), size), None
        return ("mod", own, size), None
    if rng.random() < 0.5:
        return ("const", rng.randrange(size)), None
    return ("mod", scope.number(2), size), None


def _draw_committed(
    rng: random.Random, plan: Plan, pending: Family, name: str, fair: core.Fairness
) -> Rule:
    """A rule that fires at once, and ends because every outcome takes from what is pending."""
    own: Expr = ("read", pending.name)
    reads: dict[str, Reach] = {pending.name: "bare"}
    reads |= {
        read: reach
        for read, reach in _draw_reads(rng, plan, pending.over, 2).items()
        if read != pending.name
    }
    targets = [
        each
        for each in plan.families
        if each.kind[:3] != "pop" and not each.shadow and not each.pending
    ]
    targets = rng.sample(targets, min(len(targets), rng.randint(0, 1)))
    scope = Scope(plan, rng, pending.over, reads, _parameters(rng, plan))
    branches = []
    for number in range(rng.choice((1, 1, 2))):
        branch = _draw_branch(rng, scope, targets, f"{name} {number}")
        guard: Expr = ("lt", ("const", 0), own)
        if rng.random() < 0.5:
            guard = ("and", guard, branch.guard)
        less: Expr = rng.choice((("const", 0), ("max", ("const", 0), ("sub", own, ("const", 1)))))
        writes = (Write(pending.name, ((None, less),)), *branch.writes)
        branches.append(attrs.evolve(branch, guard=guard, writes=writes))
    return Rule(
        name=name,
        over=pending.over,
        fair=fair,
        committed=True,
        reads=tuple(reads.items()),
        parameters=scope.parameters,
        branches=tuple(branches),
        writes=(pending.name, *(each.name for each in targets)),
    )


def _draw_split(
    rng: random.Random, plan: Plan, pods: Family, name: str, fair: core.Fairness
) -> Rule:
    """A rule that moves some members of a population, whichever, to one class."""
    reads: dict[str, Reach] = {pods.name: "bare"}
    scope = Scope(plan, rng, pods.over, reads)
    total = int(pods.kind.removeprefix("population"))
    many = ("mod", scope.number(1), total + 1)
    scope.local = ("picked0", "picked1")
    guard = ("const", 1) if rng.random() < 0.5 else scope.test()
    moved: Expr = ("shift", pods.name, rng.randrange(3))
    writes = (Write(pods.name, ((None, moved),)),)
    return Rule(
        name=name,
        over=pods.over,
        fair=fair,
        committed=False,
        reads=tuple(reads.items()),
        parameters=(),
        branches=(Branch(guard, name, None, writes),),
        writes=(pods.name,),
        split=(pods.name, many),
    )


def _draw_questions(rng: random.Random, plan: Plan) -> Iterator[Question]:
    kinds: tuple[core.Kind, ...] = (
        "always",
        "after each step",
        "at least",
        "at most",
        "sometimes",
        "converges to",
        "converges to",
        "deadlock free",
        "no hot loop",
    )
    names = [index for index, _ in plan.indices]
    actions = [rule.name for rule in plan.rules if not rule.committed]
    for number, kind in enumerate((*kinds, rng.choice(kinds[:7]))):
        if rng.random() < 0.25:
            continue
        name = f"q{number}"
        if kind == "deadlock free":
            yield Question(name, kind)
            continue
        if kind == "no hot loop":
            every = [rule.name for rule in plan.rules]
            committed = [rule.name for rule in plan.rules if rule.committed]
            likely = committed if committed and rng.random() < 0.6 else every
            work = tuple(rng.sample(likely, rng.randint(1, min(2, len(likely)))))
            progress = _some(rng, [each for each in every if each not in work], 0.3)
            yield Question(name, kind, work=work, progress=progress)
            continue
        over = _some(rng, names, 0.3) if kind != "sometimes" else ()
        reads = _draw_reads(rng, plan, over, 2)
        while not reads:
            reads = _draw_reads(rng, plan, over, 2)
        scope = Scope(plan, rng, over, reads, _parameters(rng, plan))
        bare = [("read", name) for name, reach in reads.items() if reach == "bare"]
        premise = None
        if kind in ("always", "after each step", "at least", "at most") and rng.random() < 0.3:
            extra = _draw_reads(rng, plan, over, 2) or reads
            premise = tuple(extra.items()), Scope(plan, rng, over, extra).test()
        bound_parameter = ""
        if kind == "after each step":
            before = _draw_reads(rng, plan, over, 2)
            scope.before = before
            expr = scope.test(2)
            if rng.random() < 0.4:
                expr = ("and", ("took", rng.choice(actions)), expr)
        elif kind in ("at least", "at most"):
            expr = scope.number(2)
            if plan.parameters and rng.random() < 0.4:
                bound_parameter = rng.choice(plan.parameters)[0]
        else:
            expr = scope.test(2)
        if plan.loose and len(bare) == 2 and kind != "after each step":
            # What depends on which of two steps came first.
            expr = (rng.choice(("lt", "le")), *bare)
        yield Question(
            name=name,
            kind=kind,
            over=over,
            reads=tuple(reads.items()),
            before=tuple(scope.before.items()),
            expr=expr,
            premise=premise,
            bound=rng.randint(-1, 4),
            bound_parameter=bound_parameter,
        )


def _draw_initial(
    rng: random.Random, plan: Plan
) -> Iterator[tuple[tuple[str, tuple[int, ...]], ...]]:
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        numbers: dict[str, tuple[int, ...]] = {}
        for family in plan.families:
            count = len(plan.keys(family.over))
            if family.shadow:
                numbers[family.name] = tuple(
                    (family.shadow[1] * n + family.shadow[2]) % family.size
                    for n in numbers[family.shadow[0]]
                )
            elif plan.loose:
                numbers[family.name] = (0,) * count
            elif plan.symmetric or rng.random() < 0.5:
                numbers[family.name] = (rng.choice((0, rng.randrange(family.size))),) * count
            else:
                numbers[family.name] = tuple(rng.randrange(family.size) for _ in range(count))
        yield tuple(numbers.items())


# ---- values -----------------------------------------------------------------------------------


@attrs.frozen
class Record:
    """A value with a field."""

    number: int


def _counts(total: int) -> list[tuple[int, int, int]]:
    """How `total` members can be of three classes."""
    everything = itertools.product(range(total + 1), repeat=3)
    return [(a, b, c) for a, b, c in everything if a + b + c == total]


def value_of(kind: str, number: int) -> Any:
    """The value that stands for a number."""
    if kind.startswith("population"):
        counts = _counts(int(kind.removeprefix("population")))[number]
        return core.Population(dict(zip(CLASSES, counts, strict=True)))
    return {
        "int": lambda n: n,
        "text": lambda n: f"t{n}",
        "flag": bool,
        "pair": lambda n: (n // 3, "y" * (n % 3)),
        "optional": lambda n: n or None,
        "big": lambda n: n * 2**66 - 7,
        "record": Record,
    }[kind](number)


# ---- the plan as Python source for seatrial ---------------------------------------------------

READING = {
    "int": "{}",
    "raw": "{}",
    "text": "int({}[1:])",
    "flag": "int({})",
    "pair": "({0}[0] * 3 + len({0}[1]))",
    "optional": "({} or 0)",
    "big": "(({} + 7) // 2**66)",
    "record": "{}.number",
}
WRITING = {
    "int": "{}",
    "raw": "{}",
    "text": "'t%d' % ({})",
    "flag": "bool({})",
    "pair": "({0} // 3, 'y' * ({0} % 3))",
    "optional": "({} or None)",
    "big": "({} * 2**66 - 7)",
    "record": "Record({})",
}
BINARY = {
    "add": "({} + {})",
    "sub": "({} - {})",
    "mul": "({} * {})",
    "min": "min({}, {})",
    "max": "max({}, {})",
    "eq": "int({} == {})",
    "ne": "int({} != {})",
    "lt": "int({} < {})",
    "le": "int({} <= {})",
    "and": "int(bool({}) and bool({}))",
    "or": "int(bool({}) or bool({}))",
}
PRELUDE = """\
from seatrial.core import All, Own, Population, Violation, choose, outcome, split
"""


@attrs.frozen
class Writer:
    """Python source of one function that ranges over `over`."""

    plan: Plan
    over: tuple[str, ...]
    reads: dict[str, Reach]
    before: dict[str, Reach] = attrs.field(factory=dict)

    def head(self, name: str, *mentioned: Any, parameters: Iterable[str] = ()) -> str:
        """The line with `def`; the indices that are mentioned come last."""
        marks = {"bare": "", "all": ": All[int]", "own": ": Own[int]"}
        taken = [f"{read}{marks[reach]}" for read, reach in self.reads.items()]
        taken += [f"{read}_before{marks[reach]}" for read, reach in self.before.items()]
        taken += sorted({*parameters, *(e[1] for e in _nodes(mentioned) if e[0] == "param")})
        taken += sorted({e[1] for e in _nodes(mentioned) if e[0] == "place"})
        if any(e[0] == "took" for e in _nodes(mentioned)):
            taken.append("action")
        return f"def {name}({', '.join(taken)}):"

    def reading(self, name: str, value: str) -> str:
        """The number that a value of a family or view stands for."""
        kind = self.plan.named(name).kind
        if kind.startswith("population"):
            return f"({value}['b'] + 2 * {value}['c'])"
        return READING[kind].format(value)

    def keys(self, name: str, reach: Reach | None) -> str:
        """The keys of a mapping from the members of a family; None: of one to write."""
        keys = self.plan.open_keys(name, self.over, everything=reach == "all")
        return repr(tuple(key[0] if len(key) == 1 else key for key in keys))

    def expr(self, e: Expr) -> str:
        """An expression; always an int."""
        match e:
            case ("const", number):
                return f"({number})" if number < 0 else str(number)
            case ("param", name) | ("local", name) if name not in ("picked0", "picked1"):
                return str(name)
            case ("local", picked):
                return f"picked[{CLASSES[int(picked[-1])]!r}]"
            case ("place", index):
                return f"{self.plan.members(index)!r}.index({index})"
            case ("took", rule):
                return f"int(action.split('[')[0] == {rule!r})"
            case ("read", name):
                return self.reading(name, name)
            case ("before", name):
                return self.reading(name, f"{name}_before")
            case ("mod", inner, size):
                return f"(({self.expr(inner)}) % {size})"
            case ("table", table, inner):
                return f"{table!r}[({self.expr(inner)}) % {len(table)}]"
            case ("not", inner):
                return f"int(not {self.expr(inner)})"
            case ("if", test, one, other):
                return f"({self.expr(one)} if {self.expr(test)} else {self.expr(other)})"
            case (op, one, other) if op in BINARY:
                return BINARY[op].format(self.expr(one), self.expr(other))
        return self.several(e)

    def several(self, e: Expr) -> str:
        """An expression over the members of a family."""
        op, name, when = e[0], e[1], e[-1]
        family = f"{name}_before" if when == "before" else name
        members = f"[{self.reading(name, 'm')} for m in {family}.values()]"
        if op == "member":
            keys = self.keys(name, (self.before if when == "before" else self.reads)[name])
            many = len(self.plan.open_keys(name, self.over, everything=keys_all(self, e)))
            return self.reading(name, f"{family}[{keys}[({self.expr(e[2])}) % {many}]]")
        if op == "count":
            return f"{members}.count({e[2]})"
        return f"{'sum' if op == 'sum' else 'max'}({members})"

    def rule(self, rule: Rule) -> list[str]:
        """The lines of a rule."""
        lines = [self.head(rule.name, attrs.astuple(rule), parameters=rule.parameters)]
        if rule.when and self.reads.get(rule.when) == "bare":
            lines.append(f"    assert {rule.when} is True")  # it is not asked otherwise
        if rule.style == "list":
            lines.append("    found = []")
        if rule.choice:
            low, more = map(self.expr, rule.choice)
            lines.append(f"    c = choose({low}, {low} + {more})")
        if rule.split:
            name, many = rule.split
            lines.append(f"    many = {self.expr(many)}")
            lines.append(f"    picked = split({name}, many)")
        for branch in rule.branches:
            lines += ["    " + line for line in self.branch(branch, rule.style)]
        if rule.style == "list":
            lines.append("    return found or None")
        return lines

    def branch(self, branch: Branch, style: str) -> Iterator[str]:
        """The lines of a branch."""
        indent = ""
        if branch.each:
            numbers = self.reading(branch.each, "m")
            members = f"[{numbers} for m in {branch.each}.values()]"
            yield f"for at, it in enumerate({members}):"
            indent = "    "
        yield f"{indent}if {self.expr(branch.guard)}:"
        indent += "    "
        label = repr(branch.label)
        if branch.tell:
            label = f"{label} + ' %d' % ({self.expr(branch.tell)})"
        given = [label]
        for at, write in enumerate(branch.writes):
            for line in self.numbers(write, at):
                yield indent + line
            for family in (self.plan.named(write.family), *self.plan.shadows(write.family)):
                assert isinstance(family, Family)
                given.append(f"{family.name}={self.written(write, at, family)}")
        made = f"outcome({', '.join(given)})"
        yield indent + (f"yield {made}" if style == "yield" else f"found.append({made})")

    def numbers(self, write: Write, at: int) -> Iterator[str]:
        """Lines that name the keys and numbers that are written."""
        for n, (place, number) in enumerate(write.entries):
            if place is not None:
                many = len(self.plan.open_keys(write.family, self.over))
                keys = self.keys(write.family, None)
                yield f"k{at}_{n} = {keys}[({self.expr(place)}) % {many}]"
            if number[0] == "shift":
                moved = f"Population({{{CLASSES[number[2]]!r}: many}})"
                yield f"n{at}_{n} = {number[1]} - picked + {moved}"
            else:
                yield f"n{at}_{n} = {self.expr(number)}"

    def written(self, write: Write, at: int, family: Family) -> str:
        """The value, or mapping to values, that is written to a family or its shadow."""
        values = []
        for n in range(len(write.entries)):
            number = f"n{at}_{n}"
            if family.shadow:
                number = f"(({family.shadow[1]} * {number} + {family.shadow[2]}) % {family.size})"
            if not family.kind.startswith("population"):
                number = WRITING[family.kind].format(number)
            values.append(number)
        if write.entries and write.entries[0][0] is None:
            return values[0]
        return "{" + ", ".join(f"k{at}_{n}: {v}" for n, v in enumerate(values)) + "}"


def keys_all(writer: Writer, e: Expr) -> bool:
    """Whether a read of one of several members is of all of them."""
    return (writer.before if e[-1] == "before" else writer.reads)[e[1]] == "all"


def _nodes(tree: Any) -> Iterator[Expr]:
    """All tuples in a nest of tuples that begin with a word: expressions, and what looks so."""
    if isinstance(tree, (tuple, list)):
        if tree and isinstance(tree[0], str):
            yield (*tree, None)
        for each in tree:
            yield from _nodes(each)


def source(plan: Plan) -> str:
    """All functions of a plan, as Python."""
    lines: list[str] = []
    for view in plan.views:
        if not view.of:
            writer = Writer(plan, view.over, dict(view.reads))
            number = writer.expr(view.expr)
            if view.size:
                number = f"({number} % {view.size})"
            lines.append(writer.head(view.name, view.expr))
            lines.append(f"    return {WRITING[view.kind].format(number)}")
    for rule in plan.rules:
        lines += Writer(plan, rule.over, dict(rule.reads)).rule(rule)
    for question in plan.questions:
        lines += _question_source(plan, question)
    return PRELUDE + "\n".join(lines) + "\n"


def _question_source(plan: Plan, question: Question) -> Iterator[str]:
    if question.premise:
        reads, test = question.premise
        writer = Writer(plan, question.over, dict(reads))
        yield writer.head(f"{question.name}_premise", test)
        yield f"    return bool({writer.expr(test)})"
    if question.bound_parameter:
        yield f"def {question.name}_bound({question.bound_parameter}):"
        yield f"    return {question.bound_parameter} + {question.bound}"
    if question.expr:
        writer = Writer(plan, question.over, dict(question.reads), dict(question.before))
        yield writer.head(question.name, question.expr)
        answer = writer.expr(question.expr)
        if question.kind in ("always", "after each step"):
            yield f"    if {answer}:"
            yield f"        yield Violation('it broke', ({question.name!r},))"
        elif question.kind in ("at least", "at most"):
            yield f"    return {answer}"
        else:
            yield f"    return bool({answer})"


def build(plan: Plan) -> tuple[core.System, tuple[core.Property, ...]]:
    """The plan as seatrial declarations."""
    made: dict[str, Any] = {"Record": Record}  # not imported: a script would have it twice
    exec(compile(source(plan), f"<random system {plan.seed}>", "exec"), made)
    views: list[core.View | core.Total] = []
    for view in plan.views:
        if view.of:
            views.append(core.Total(view.name, of=view.of))
        else:
            views.append(core.view(over=view.over)(made[view.name]))
    system = core.System(
        name=f"random system {plan.seed}",
        indices=[core.Index(name, members, plan.symmetric) for name, members in plan.indices],
        parameters=[core.Parameter(name, value) for name, value in plan.parameters],
        variables=[core.Variable(each.name, over=each.over) for each in plan.families],
        views=views,
        actions=[
            core.action(
                actor="user" if rule.fair == "none" else "system",
                over=rule.over,
                fair=rule.fair,
                committed=rule.committed,
                when=rule.when or None,
                writes=[
                    name
                    for each in rule.writes
                    for name in (each, *(shadow.name for shadow in plan.shadows(each)))
                ],
            )(made[rule.name])
            for rule in plan.rules
        ],
        initial=[
            {name: _initial_value(plan, name, numbers) for name, numbers in assignment}
            for assignment in plan.initial
        ],
    )
    return system, tuple(_property(question, made) for question in plan.questions)


def _initial_value(plan: Plan, name: str, numbers: Sequence[int]) -> Any:
    family = plan.named(name)
    values = [value_of(family.kind, number) for number in numbers]
    if not family.over:
        return values[0]
    if len(set(numbers)) == 1 and len(numbers) > 1:
        return core.every(values[0])
    keys = [key[0] if len(key) == 1 else key for key in plan.keys(family.over)]
    return dict(zip(keys, values, strict=True))


def _property(question: Question, made: Mapping[str, Any]) -> core.Property:
    if question.kind == "deadlock free":
        return core.deadlock_free(source="random", id=question.name)
    if question.kind == "no hot loop":
        return core.no_hot_loop(
            work=question.work,
            progress=question.progress,
            says="no hot loop",
            source="random",
            id=question.name,
        )
    bound = made.get(f"{question.name}_bound", question.bound)
    return core.Property(
        id=question.name,
        says="a random promise",
        source="random",
        kind=question.kind,
        function=made[question.name],
        over=question.over,
        premise=made.get(f"{question.name}_premise"),
        bound=bound if question.kind in ("at least", "at most") else None,
    )


# ---- the plan as functions over plain dicts ---------------------------------------------------

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
                counts = _counts(int(family.kind.removeprefix("population")))
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
            counts = _counts(int(family.kind.removeprefix("population")))
            (at,) = (cell(family.name, key) for key in self.cells(family.name, "bare"))
            many = self.expr(rule.split[1], reads)
            return lambda s: [
                {"picked": picked, "picked0": picked[0], "picked1": picked[1]}
                for picked in _counts(many(s, {}))
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
        counts = _counts(int(self.plan.named(name).kind.removeprefix("population")))
        at = cell(name, targets[0])

        def number(state: State, local: Local) -> int:
            left = [have - p for have, p in zip(counts[state[at]], local["picked"], strict=True)]
            left[target] += sum(local["picked"])
            return counts.index((left[0], left[1], left[2]))

        return number


# ---- what the reference says ------------------------------------------------------------------


@attrs.frozen
class Expected:
    """The verdict that is due; None: whatever it be. `ends` is true of the last step of a trace."""

    status: str
    length: int | None = None
    extreme: int | None = None
    witness: int | None = None
    vacuous: bool | None = None
    ends: Callable[[State, State | None, str], bool] = lambda after, before, action: True


@attrs.frozen
class Judge:
    """One question as functions over plain states, for all of its indices."""

    plan: Plan
    question: Question

    def asked(self) -> list[tuple[Number, Number]]:
        """Premise and expression at each index."""
        found = []
        question = self.question
        for key in self.plan.keys(question.over):
            here = Plain(self.plan, question.over, key)
            premise: Number = here.expr(("const", 1), {})
            if question.premise:
                premise = here.expr(question.premise[1], dict(question.premise[0]))
            expr = here.expr(question.expr, dict(question.reads), dict(question.before))
            found.append((premise, expr))
        return found

    def expected(self, graph: reference.Graph) -> Expected:
        """What the reference says."""
        kind = self.question.kind
        if kind == "no hot loop":
            work, progress = (
                {rule.name for rule in graph.rules if rule.name.partition("[")[0] in names}
                for names in (self.question.work, self.question.progress)
            )
            return Expected("violated" if reference.hot_loop(graph, work, progress) else "holds")
        if kind == "deadlock free":
            moving = {edge.source for edge in graph.edges}
            dead = [d for at, d in enumerate(graph.depth) if at not in moving]
            return Expected("violated" if dead else "holds", min(dead, default=None))
        asked = self.asked()
        if kind == "after each step":
            return self.of_steps(graph, asked)
        if kind in ("at least", "at most"):
            return self.of_bounds(graph, asked)

        def true_of(state: State) -> bool:
            return any(expr(state, {}) for premise, expr in asked if premise(state, {}))

        if kind == "converges to":
            kept = reference.converges(graph, lambda s: all(goal(s, {}) for _, goal in asked))
            return Expected("holds" if kept else "violated")
        length = reference.shallowest(graph, true_of)
        if kind == "sometimes":
            status = "violated" if length is None else "holds"
            return Expected(status, length, ends=lambda after, before, action: true_of(after))
        met = reference.shallowest(graph, lambda s: any(premise(s, {}) for premise, _ in asked))
        return Expected(
            status="holds" if length is None else "violated",
            length=length,
            vacuous=self.question.premise is not None and met is None,
            ends=lambda after, before, action: true_of(after),
        )

    def of_steps(self, graph: reference.Graph, asked: list[tuple[Number, Number]]) -> Expected:
        """The verdict on a property of steps."""

        def met(before: State, after: State, action: str) -> bool:
            local = {"before": before, "action": action}
            return any(premise(after, local) for premise, _ in asked)

        def broken(before: State, after: State, action: str) -> bool:
            local = {"before": before, "action": action}
            return any(expr(after, local) for premise, expr in asked if premise(after, local))

        length = reference.shortest_step(graph, broken)
        return Expected(
            status="holds" if length is None else "violated",
            length=length,
            vacuous=bool(self.question.premise) and reference.shortest_step(graph, met) is None,
            ends=lambda after, before, action: before is not None and broken(before, after, action),
        )

    def numbers(self, asked: list[tuple[Number, Number]], state: State) -> list[int]:
        """The numbers of a bound in a state, at the indices where its premise is met."""
        return [expr(state, {}) for premise, expr in asked if premise(state, {})]

    def bound(self) -> int:
        """The bound itself."""
        more = dict(self.plan.parameters).get(self.question.bound_parameter, 0)
        return self.question.bound + more

    def of_bounds(self, graph: reference.Graph, asked: list[tuple[Number, Number]]) -> Expected:
        """The verdict on a bound."""
        least = self.question.kind == "at least"
        found = [number for state in graph.states for number in self.numbers(asked, state)]
        if not found:
            return Expected("holds")
        extreme = min(found) if least else max(found)
        beyond = extreme < self.bound() if least else extreme > self.bound()
        bound = self.bound()

        def shown(state: State) -> bool:
            """Whether a state breaks the bound, or, where none does, has the extreme."""
            numbers = self.numbers(asked, state)
            if not beyond:
                return extreme in numbers
            return any(number < bound if least else number > bound for number in numbers)

        return Expected(
            status="violated" if beyond else "holds",
            length=reference.shallowest(graph, shown),
            extreme=extreme,
            witness=reference.shallowest(graph, lambda s: extreme in self.numbers(asked, s)),
            ends=lambda after, before, action: shown(after),
        )


# ---- the comparison ---------------------------------------------------------------------------

Engine = Callable[..., core.Report]

_REDUCIBLE = ("always", "at least", "at most", "sometimes", "deadlock free")


def the_engine() -> Engine:
    """The explicit engine."""
    from seatrial.engines.explore import explore

    return explore


@functools.lru_cache(maxsize=256)
def number_of(kind: str, size: int) -> dict[tuple[type, Any], int]:
    """The numbers of values, by type and value."""
    values = [value_of(kind, number) for number in range(size)]
    return {(type(value), value): number for number, value in enumerate(values)}


@attrs.define
class Comparison:
    """Engine and reference on one plan; `differences` collects what they disagree about."""

    plan: Plan
    engine: Engine
    threads: int = 2
    differences: list[str] = attrs.field(factory=list)
    graph: reference.Graph = attrs.field(init=False)
    system: core.System = attrs.field(init=False)
    ground: core.Ground = attrs.field(init=False)
    properties: tuple[core.Property, ...] = attrs.field(init=False)
    expected: dict[str, Expected] = attrs.field(init=False)
    at: dict[tuple[Any, ...], int] = attrs.field(init=False)
    edges: set[reference.Edge] = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self.graph = reference.explore(initial_states(self.plan), plain(self.plan))
        self.plan = attrs.evolve(self.plan, questions=tuple(self.affordable()))
        self.system, self.properties = build(self.plan)
        self.ground = core.ground(self.system)
        self.expected = {
            question.name: Judge(self.plan, question).expected(self.graph)
            for question in self.plan.questions
        }
        cells = list(self.graph.states[0])
        self.at = {
            tuple(state[name] for name in cells): at for at, state in enumerate(self.graph.states)
        }
        self.edges = set(self.graph.edges)

    def affordable(self) -> Iterator[Question]:
        """The questions that the reference can answer in reasonable time."""
        strong = sum(rule.fairness == "strong" for rule in self.graph.rules)
        effort = len(self.graph.edges) * (len(self.graph.rules) + 1) * 2**strong
        for question in self.plan.questions:
            fair = question.kind in ("converges to", "no hot loop")
            if not fair or effort < (200_000 if self.plan.seed % 50 == 0 else 20_000):
                yield question

    def run(
        self, properties: Sequence[core.Property] | None = None, **options: Any
    ) -> core.Report | None:
        """The engine's report; None, and a difference, where it raises."""
        asked = self.properties if properties is None else properties
        try:
            return self.engine(self.system, asked, threads=self.threads, **options)
        except Exception as error:
            place = traceback.extract_tb(error.__traceback__)[-1]
            self.differ(
                options, f"raised {type(error).__name__}: {error} ({place.name}:{place.lineno})"
            )
            return None

    def differ(self, options: Mapping[str, Any], what: str) -> None:
        """Note a difference."""
        said = ", ".join(f"{name}={value}" for name, value in options.items())
        self.differences.append(f"[{said}] {what}")

    def equal(self, options: Mapping[str, Any], what: str, engine: Any, due: Any) -> None:
        """Note a difference where the two are not equal."""
        if engine != due:
            self.differ(options, f"{what}: engine {engine}, reference {due}")

    def whole(self, kernel: str) -> core.Report | None:
        """Everything about a run without caps and reductions."""
        options: dict[str, Any] = {"kernel": kernel}
        report = self.run(**options)
        if report is None:
            return None
        graph, got = self.graph, report.exploration
        moving = {edge.source for edge in graph.edges}
        depths = graph.depth
        fired = {name for edge in graph.edges for name in edge.taken}
        for what, engine, due in (
            ("complete", got.complete, True),
            ("capped", got.capped, None),
            ("states", got.states, len(graph.states)),
            ("transitions", got.transitions, len(graph.edges)),
            ("depth", got.depth, max(depths)),
            ("levels", got.levels, tuple(depths.count(d) for d in range(max(depths) + 1))),
            ("deadlocks", got.deadlocks, len(graph.states) - len(moving)),
            (
                "actions never fired",
                sorted(got.actions_never_fired),
                sorted({rule.name for rule in graph.rules} - fired),
            ),
        ):
            self.equal(options, what, engine, due)
        self.verdicts(options, report)
        return report

    def verdicts(
        self, options: Mapping[str, Any], report: core.Report, asked: Sequence[str] | None = None
    ) -> None:
        """Every verdict of a complete run."""
        due_ones = [*self.expected] if asked is None else [*asked]
        self.equal(options, "verdicts", [v.property.id for v in report.verdicts], due_ones)
        for verdict in report.verdicts:
            due = self.expected.get(verdict.property.id, Expected("?"))
            name = f"{verdict.property.id} ({verdict.property.kind})"
            self.equal(options, name, verdict.status, due.status)
            if verdict.property.kind in ("at least", "at most"):
                self.equal(options, f"{name} extreme", verdict.extreme, due.extreme)
                far = None if verdict.witness is None else verdict.witness.length
                self.equal(options, f"{name} witness length", far, due.witness)
            if due.vacuous is not None:
                self.equal(options, f"{name} vacuous", verdict.vacuous, due.vacuous)
            if verdict.status != due.status:
                continue
            if due.length is not None:
                length = None if verdict.trace is None else verdict.trace.length
                self.equal(options, f"{name} trace length", length, due.length)
            self.trace(options, name, verdict, due)

    def capped(self, options: Mapping[str, Any]) -> None:
        """A run with a cap: no verdict that would take all states, and right lengths."""
        report = self.run(**options)
        if report is None:
            return
        got = report.exploration
        if got.complete:
            self.equal(options, "states", got.states, len(self.graph.states))
            self.equal(options, "transitions", got.transitions, len(self.graph.edges))
            self.verdicts(options, report)
            return
        if got.capped is None:
            self.differ(options, "incomplete, but names no cap")
        if got.states > len(self.graph.states):
            self.differ(options, f"{got.states} of {len(self.graph.states)} states")
        for verdict in report.verdicts:
            due = self.expected[verdict.property.id]
            name = f"{verdict.property.id} ({verdict.property.kind})"
            allowed = {"inconclusive", due.status}
            allowed -= {"violated"} if verdict.property.kind == "sometimes" else {"holds"}
            if verdict.status not in allowed:
                self.differ(options, f"{name}: incomplete, but {verdict.status}")
                continue
            if verdict.witness is not None:
                self.partial_extreme(options, name, verdict)
            if verdict.trace is not None and verdict.trace is not verdict.witness:
                if due.length is not None:
                    self.equal(options, f"{name} trace length", verdict.trace.length, due.length)
                self.trace(options, name, verdict, due)

    def partial_extreme(self, options: Mapping[str, Any], name: str, verdict: core.Verdict) -> None:
        """The extreme of an incomplete run is some state's number, and its witness the nearest."""
        assert verdict.witness is not None
        (question,) = (q for q in self.plan.questions if q.name == verdict.property.id)
        judge = Judge(self.plan, question)
        asked = judge.asked()
        length = reference.shallowest(
            self.graph, lambda s: verdict.extreme in judge.numbers(asked, s)
        )
        self.equal(options, f"{name} witness length", verdict.witness.length, length)

    def reduced(self, options: Mapping[str, Any]) -> None:
        """Runs with a reduction: same verdicts and lengths from no more states."""
        able = [p for p in self.properties if p.kind in _REDUCIBLE]
        # What one property reads leaves more room to a reduction than what all read.
        some = len(able) if self.plan.loose else min(1, len(able))
        ones = random.Random(self.plan.seed).sample(able, some)
        for asked in (*([one] for one in ones), able):
            report = self.run(asked, **options)
            if report is None:
                return
            got = report.exploration
            if got.states > len(self.graph.states):
                self.differ(options, f"{got.states} of {len(self.graph.states)} states")
            self.equal(options, "complete", got.complete, True)
            self.equal(options, "deadlocks", got.deadlocks > 0, bool(self.deadlocks()))
            self.verdicts(options, report, [each.id for each in asked])

    def deadlocks(self) -> set[int]:
        """The states in which nothing is enabled."""
        return {*range(len(self.graph.states))} - {edge.source for edge in self.graph.edges}

    def trace(
        self, options: Mapping[str, Any], name: str, verdict: core.Verdict, due: Expected
    ) -> None:
        """A trace replays, is a path of the reference's graph, and ends in what it shows."""
        trace = verdict.trace
        if trace is None:
            if verdict.status == "violated" and verdict.property.kind != "sometimes":
                self.differ(options, f"{name} has no trace")
            return
        try:
            core.replay(self.ground, trace)
        except core.SeatrialError as error:
            self.differ(options, f"{name} does not replay: {error}")
        try:
            flaw = self.flaw(trace, verdict, due)
        except KeyError as error:
            flaw = f"its trace has an unknown state or value: {error}"
        if flaw:
            self.differ(options, f"{name}: {flaw}")

    def flaw(self, trace: core.Trace, verdict: core.Verdict, due: Expected) -> str | None:
        """What is wrong with a trace, found without the help of seatrial's replay."""
        all_states = list(trace.states())
        ends = [
            at
            for at in range(len(all_states))
            if at == 0 or at == len(trace.steps) or not trace.steps[at].committed
        ]
        states = {at: self.numbered(all_states[at]) for at in ends}
        path = [
            reference.Edge(
                states[one], tuple(step.action for step in trace.steps[one:other]), states[other]
            )
            for one, other in itertools.pairwise(ends)
        ]
        for edge in path:
            if edge not in self.edges:
                return f"its trace takes {edge}, which is no step"
        if self.graph.depth[states[0]] != 0:
            return "its trace does not start in an initial state"
        if verdict.property.kind in ("converges to", "no hot loop"):
            if trace.loop not in ends:
                return f"its loop at {trace.loop} does not begin in a state of the system"
            return self.lasso_flaw(verdict, states[ends[-1]], path[ends.index(trace.loop) :])
        last = self.graph.states[states[ends[-1]]]
        if verdict.property.kind == "deadlock free":
            stuck = not any(edge.source == states[ends[-1]] for edge in self.graph.edges)
            return None if stuck else "its trace does not end in a deadlock"
        before = self.graph.states[path[-1].source] if path else None
        partial = verdict.trace is verdict.witness and verdict.extreme != due.extreme
        if partial or due.ends(last, before, path[-1].taken[0] if path else ""):
            return None
        return "its trace does not end in what it shows"

    def numbered(self, state: Mapping[str, Any]) -> int:
        """The number of a state of a trace in the reference's graph. KeyError: it has none."""
        numbers = []
        kinds = {
            cell(each.name, key): each
            for each in self.plan.families
            for key in self.plan.keys(each.over)
        }
        for name in self.graph.states[0]:
            value = state[name]
            numbers.append(number_of(kinds[name].kind, kinds[name].size)[(type(value), value)])
        return self.at[tuple(numbers)]

    def lasso_flaw(
        self, verdict: core.Verdict, last: int, loop: list[reference.Edge]
    ) -> str | None:
        """What is wrong with the loop of a fair run."""
        fairness = {rule.name: rule.fairness for rule in self.graph.rules}
        enabled = {(edge.source, edge.taken[0]) for edge in self.graph.edges}
        visited = {edge.source for edge in loop} | {last}
        taken = {name for edge in loop for name in edge.taken}
        for name, fair in fairness.items():
            on = [at for at in visited if (at, name) in enabled]
            if fair == "none":
                if any(edge.taken[0] == name for edge in loop):
                    return f"its loop takes {name}, which is a user's or a fault"
            elif name not in taken and on and (fair == "strong" or len(on) == len(visited)):
                return f"its loop is unfair to {name}"
        (question,) = (q for q in self.plan.questions if q.name == verdict.property.id)
        if question.kind == "no hot loop":
            families = {name.partition("[")[0] for name in taken}
            if families.isdisjoint(question.work) or not families.isdisjoint(question.progress):
                return "its loop is not hot"
            return None
        asked = Judge(self.plan, question).asked()
        if all(goal(self.graph.states[at], {}) for at in visited for _, goal in asked):
            return "its loop stays in the goal"
        return None


def comparable(report: core.Report) -> core.Report:
    """
    A report without what may differ between two runs of the same search.

    That is also how often properties were evaluated (and `widest`, which names it): a kernel asks
    about a batch of states, and the plain loop not once more when a property is settled.
    """
    counts = report.exploration.evaluations
    asked = (pair for pair in counts if not pair[0].startswith("property "))
    same = attrs.evolve(
        report.exploration,
        seconds=0.0,
        bytes_held=0,
        kernel="",
        evaluations=tuple(sorted(asked)),
        widest=(),
    )
    return attrs.evolve(report, exploration=same)


def disagreement(
    seed: int,
    kernel: Kernel = "plain",
    threads: int = 2,
    *,
    caps: bool = True,
    reductions: bool = True,
    engine: Engine | None = None,
) -> str | None:
    """What engine and reference disagree about on the system of a seed; None: nothing."""
    return plan_disagreement(
        draw(seed), kernel, threads, caps=caps, reductions=reductions, engine=engine
    )


def plan_disagreement(
    plan: Plan,
    kernel: Kernel = "plain",
    threads: int = 2,
    *,
    caps: bool = True,
    reductions: bool = True,
    engine: Engine | None = None,
) -> str | None:
    """The same for any plan."""
    rng = random.Random(plan.seed)
    both = Comparison(plan, engine or the_engine(), threads)
    kernels = ("plain", "compiled") if kernel == "both" else (kernel,)
    reports = [comparable(report) for each in kernels if (report := both.whole(each)) is not None]
    if len(reports) == 2:
        one, other = reports
        if one != other:
            both.differ({}, f"the kernels differ: {_difference(one, other)}")
    states, depth = len(both.graph.states), max(both.graph.depth)
    if caps and rng.random() < 0.25:
        cap = rng.choice(
            ({"max_states": rng.randint(1, states + 1)}, {"max_depth": rng.randint(0, depth + 1)})
        )
        both.capped({"kernel": rng.choice(kernels), **cap})
    if reductions and (plan.loose or rng.random() < 0.25):
        both.reduced({"kernel": rng.choice(kernels), "partial_order": True})
    if reductions and plan.symmetric and rng.random() < 0.6:
        both.reduced({"kernel": rng.choice(kernels), "symmetry": True})
    return "; ".join(both.differences) or None


def _difference(one: core.Report, other: core.Report) -> str:
    found = [
        f"{field.name} {getattr(one.exploration, field.name)!r} and"
        f" {getattr(other.exploration, field.name)!r}"
        for field in attrs.fields(core.Exploration)
        if getattr(one.exploration, field.name) != getattr(other.exploration, field.name)
    ]
    for mine, theirs in zip(one.verdicts, other.verdicts, strict=False):
        found += [
            f"{mine.property.id} {field.name} {getattr(mine, field.name)!r} and"
            f" {getattr(theirs, field.name)!r}"
            for field in attrs.fields(core.Verdict)
            if getattr(mine, field.name) != getattr(theirs, field.name)
        ]
    return ", ".join(found)


# ---- making a failure smaller -----------------------------------------------------------------


def smaller(plan: Plan, fails: Callable[[Plan], bool]) -> Plan:
    """A plan that still fails and from which nothing more can be left out."""
    while True:
        shorter = next((each for each in _shorter(plan) if _survives(fails, each)), None)
        if shorter is None:
            return plan
        plan = shorter


def _survives(fails: Callable[[Plan], bool], plan: Plan) -> bool:
    try:
        return fails(plan)
    except Exception:  # what is left is no system: something still needs what was left out
        return False


def _shorter(plan: Plan) -> Iterator[Plan]:
    for field in ("questions", "rules", "initial"):
        items = getattr(plan, field)
        for at in range(len(items)):
            if len(items) > 1 or field == "questions":
                yield attrs.evolve(plan, **{field: items[:at] + items[at + 1 :]})
    for name in (*(each.name for each in plan.families), *(each.name for each in plan.views)):
        yield attrs.evolve(
            plan,
            families=tuple(each for each in plan.families if each.name != name),
            views=tuple(each for each in plan.views if each.name != name),
            initial=tuple(
                tuple(pair for pair in assignment if pair[0] != name) for assignment in plan.initial
            ),
        )
    for at, rule in enumerate(plan.rules):
        for simpler in _shorter_rules(rule):
            yield attrs.evolve(plan, rules=(*plan.rules[:at], simpler, *plan.rules[at + 1 :]))
    for at, question in enumerate(plan.questions):
        if question.premise:
            simple = attrs.evolve(question, premise=None)
            rest = (*plan.questions[:at], simple, *plan.questions[at + 1 :])
            yield attrs.evolve(plan, questions=rest)


def _shorter_rules(rule: Rule) -> Iterator[Rule]:
    for at, branch in enumerate(rule.branches):
        others = rule.branches[:at], rule.branches[at + 1 :]
        if len(rule.branches) > 1:
            yield attrs.evolve(rule, branches=(*others[0], *others[1]))
        for simpler in (
            attrs.evolve(branch, tell=None),
            attrs.evolve(branch, guard=("const", 1)),
            *(
                attrs.evolve(branch, writes=tuple(w for w in branch.writes if w is not gone))
                for gone in branch.writes
            ),
        ):
            if simpler != branch and not rule.committed:
                yield attrs.evolve(rule, branches=(*others[0], simpler, *others[1]))
    for at in range(len(rule.reads)):
        yield attrs.evolve(rule, reads=rule.reads[:at] + rule.reads[at + 1 :])
    for at in range(len(rule.writes)):
        yield attrs.evolve(rule, writes=rule.writes[:at] + rule.writes[at + 1 :])
    if rule.fair != "weak":
        yield attrs.evolve(rule, fair="weak")
    if rule.when:
        yield attrs.evolve(rule, when="")


def shown(plan: Plan) -> str:
    """A plan for a person: declarations and source."""
    lines = [f"indices {plan.indices}", f"parameters {plan.parameters}"]
    lines += [str(each) for each in (*plan.families, *plan.views)]
    lines += [
        f"action {r.name} over={r.over} fair={r.fair} committed={r.committed} writes={r.writes}"
        f" when={r.when!r}"
        for r in plan.rules
    ]
    lines += [
        f"property {q.name} {q.kind} over={q.over} bound={q.bound} work={q.work}"
        f" progress={q.progress}"
        for q in plan.questions
    ]
    lines += [f"initial {dict(each)}" for each in plan.initial]
    return "\n".join(lines) + "\n" + source(plan)


# ---- command line -----------------------------------------------------------------------------


def _batch(
    start: int, count: int, kernel: Kernel, threads: int
) -> tuple[int, list[tuple[int, str]]]:
    failed = []
    for seed in range(start, start + count):
        try:
            found = disagreement(seed, kernel, threads)
        except Exception:
            found = f"the comparison itself raised\n{traceback.format_exc()}"
        if found:
            failed.append((seed, found))
    return count, failed


def _one(seed: int, kernel: Kernel, threads: int) -> int:
    found = disagreement(seed, kernel, threads)
    if found is None:
        print(f"seed {seed}: no disagreement")
        return 0
    least = smaller(draw(seed), lambda plan: plan_disagreement(plan, kernel, threads) is not None)
    print(f"seed {seed}: {found}\n\nmade smaller: {plan_disagreement(least, kernel, threads)}\n")
    print(shown(least))
    return 1


def main(arguments: Sequence[str] | None = None) -> int:
    """Compare on many seeds; 1 if any fails."""
    parser = argparse.ArgumentParser(description="Compare the engine with the reference.")
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--start", type=int, default=0)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--kernel", choices=("plain", "compiled", "both"), default="both")
    parser.add_argument("--seed", type=int, help="this seed alone, made smaller if it fails")
    options = parser.parse_args(arguments)
    if options.seed is not None:
        return _one(options.seed, options.kernel, options.threads)
    passed, failed, began, said = 0, 0, time.monotonic(), time.monotonic()
    size = 25
    batches = [
        (start, min(size, options.start + options.count - start), options.kernel, options.threads)
        for start in range(options.start, options.start + options.count, size)
    ]
    with concurrent.futures.ProcessPoolExecutor(
        options.workers, mp_context=multiprocessing.get_context("spawn")
    ) as pool:
        for done in concurrent.futures.as_completed([pool.submit(_batch, *b) for b in batches]):
            count, failures = done.result()
            passed += count - len(failures)
            failed += len(failures)
            for seed, found in failures:
                print(f"seed {seed}: {found}")
                print(f"    python tests/random_systems.py --seed {seed} --kernel {options.kernel}")
            if time.monotonic() - said > 5:
                said = time.monotonic()
                rate = (passed + failed) / (said - began)
                print(f"{passed + failed} of {options.count}, {rate:.0f} a second", flush=True)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
