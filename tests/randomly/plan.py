"""A random system as data: families, views, rules and properties; expressions are small trees."""

import itertools
from collections.abc import Iterable, Sequence
from typing import Any, Literal

import attrs

import seatrial.core as core

Expr = tuple[Any, ...]
Key = tuple[Any, ...]
Reach = Literal["bare", "all", "own"]
LARGEST = 20_000


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
