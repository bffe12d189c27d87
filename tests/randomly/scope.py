"""What an expression of a random system may mention, and drawing one."""

import random
from collections.abc import Sequence
from typing import Any

import attrs

from .plan import Expr, Plan, Reach


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


def some(rng: random.Random, items: Sequence[Any], chance: float = 0.5) -> tuple[Any, ...]:
    return tuple(each for each in items if rng.random() < chance)


def how_read(rng: random.Random, plan: Plan, name: str, over: Sequence[str]) -> Reach:
    """How something that ranges over `over` may read a family."""
    if len(plan.open_keys(name, over)) == 1 and rng.random() < 0.7:
        return "bare"
    return "own" if rng.random() < 0.3 and not plan.symmetric else "all"


def draw_reads(rng: random.Random, plan: Plan, over: Sequence[str], most: int) -> dict[str, Reach]:
    readable = [each.name for each in plan.families] + [each.name for each in plan.views]
    wide = [each.name for each in plan.families if each.shadow]
    readable = [*(name for name in readable if name not in wide), *wide[:2]]
    chosen = rng.sample(readable, min(len(readable), rng.randint(0, most)))
    return {name: how_read(rng, plan, name, over) for name in chosen}


def some_parameters(rng: random.Random, plan: Plan) -> tuple[str, ...]:
    return some(rng, [name for name, _ in plan.parameters])
