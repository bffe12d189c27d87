"""Drawing the rules of a random system."""

import random
from collections.abc import Iterator, Sequence

import attrs

import seatrial.core as core

from .plan import Branch, Derived, Expr, Family, Plan, Reach, Rule, Write
from .scope import Scope, draw_reads, some, some_parameters


def draw_rules(rng: random.Random, plan: Plan) -> Iterator[Rule]:
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


def _draw_rule(
    rng: random.Random, plan: Plan, name: str, fair: core.Fairness, first: Family
) -> Rule:
    over = some(rng, [index for index, _ in plan.indices], 0.5)
    if plan.loose or rng.random() < 0.5:
        over = first.over
    targets = [each for each in plan.families if each.kind[:3] != "pop" and not each.shadow]
    writes = [first]
    if len(targets) > 1 and rng.random() < (0.05 if plan.loose else 0.3):
        writes.append(rng.choice([each for each in targets if each is not first]))
    reads = draw_reads(rng, plan, over, 0 if plan.loose else 2)
    for family in writes:
        if rng.random() < 0.9:
            bare = set(family.over) <= set(over)
            reads[family.name] = "bare" if bare else "all"
    choice = None
    scope = Scope(plan, rng, over, reads, some_parameters(rng, plan))
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
        for read, reach in draw_reads(rng, plan, pending.over, 2).items()
        if read != pending.name
    }
    targets = [
        each
        for each in plan.families
        if each.kind[:3] != "pop" and not each.shadow and not each.pending
    ]
    targets = rng.sample(targets, min(len(targets), rng.randint(0, 1)))
    scope = Scope(plan, rng, pending.over, reads, some_parameters(rng, plan))
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
