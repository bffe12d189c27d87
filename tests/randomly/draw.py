"""The plan of a seed: families, views, properties and initial states, drawn at random."""

import random
from collections.abc import Iterator
from typing import Any

import attrs

import seatrial.core as core

from .plan import LARGEST, Derived, Family, Plan, Question, Reach
from .rules import draw_rules
from .scope import Scope, draw_reads, how_read, some, some_parameters

KINDS = ("int", "int", "int", "text", "flag", "pair", "optional", "big", "record")


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
    plan = attrs.evolve(plan, rules=tuple(draw_rules(rng, plan)))
    plan = attrs.evolve(plan, questions=tuple(_draw_questions(rng, plan)))
    return attrs.evolve(plan, initial=tuple(_draw_initial(rng, plan)))


def _draw_indices(rng: random.Random, symmetric: bool) -> Iterator[tuple[str, tuple[Any, ...]]]:
    if symmetric:
        yield "i", tuple(range(rng.randint(2, 4)))
        return
    for name in "ij"[: rng.choice((0, 1, 1, 2, 2))]:
        size = rng.choice((1, 2, 2, 3))
        yield name, rng.choice(((5, 3, 4), ("n1", "n0", "x"), (0, 1, 2), ((0, 1), "m", 7)))[:size]


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
        over = some(rng, names, 0.3)
        count = len(plan.keys(over))
        size = 2 if count > 1 else rng.randint(2, 3)
        if count <= 3 and size**count * 2 <= left:
            left //= size**count
            yield Family(
                "pend", over, rng.choice(("int", "flag")) if size == 2 else "int", size, True
            )
    if rng.random() < 0.15:
        over = some(rng, names, 0.2)
        total = rng.randint(1, 3)
        values = (total + 2) * (total + 1) // 2
        if values ** len(plan.keys(over)) * 2 <= left:
            left //= values ** len(plan.keys(over))
            yield Family("pods", over, f"population{total}", values)
    made = []
    for number in range(rng.randint(1, 6)):
        over = some(rng, names, 0.6 if len(names) < 2 else 0.45)
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


def _draw_views(rng: random.Random, plan: Plan) -> Iterator[Derived]:
    names = [name for name, _ in plan.indices]
    made: list[Derived] = []
    for number in range(rng.choice((0, 0, 1, 1, 2))):
        over = some(rng, names)
        reads: dict[str, Reach] = {}
        cells = 0
        for family in rng.sample(plan.families, min(len(plan.families), rng.randint(1, 2))):
            reach = how_read(rng, plan, family.name, over)
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
        over = some(rng, names)
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
            progress = some(rng, [each for each in every if each not in work], 0.3)
            yield Question(name, kind, work=work, progress=progress)
            continue
        over = some(rng, names, 0.3) if kind != "sometimes" else ()
        reads = draw_reads(rng, plan, over, 2)
        while not reads:
            reads = draw_reads(rng, plan, over, 2)
        scope = Scope(plan, rng, over, reads, some_parameters(rng, plan))
        bare = [("read", name) for name, reach in reads.items() if reach == "bare"]
        premise = None
        if kind in ("always", "after each step", "at least", "at most") and rng.random() < 0.3:
            extra = draw_reads(rng, plan, over, 2) or reads
            premise = tuple(extra.items()), Scope(plan, rng, over, extra).test()
        bound_parameter = ""
        if kind == "after each step":
            before = draw_reads(rng, plan, over, 2)
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
