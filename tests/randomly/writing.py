"""Random pure Python, as source: expressions, statements and helpers of what a rule may use.

Every function that is written ends, and says the same each time. What it knows are names, and
expressions of names, that are integers: a place in a list, a count of a population.
"""

import linecache
import random
import types
from collections.abc import Callable

import attrs

__all__ = ["HEAD", "Compared", "Writer", "module_of"]

HEAD = """
import functools
import itertools
from enum import IntEnum
from typing import Any, NamedTuple

import attrs

from seatrial.core import Population, arith, choose, outcome, split


class Level(IntEnum):
    LOW = 0
    HIGH = 3


@attrs.frozen
class Pair:
    a: Any
    b: Any = 2


@attrs.define
class Box:
    n: Any


class Two(NamedTuple):
    a: Any
    b: Any = 1


class Full(Exception):
    def __init__(self, n: Any) -> None:
        super().__init__("full")
        self.n = n


def changes(box: Any, n: int) -> int:
    box.n = box.n + n
    return box.n
"""


@attrs.frozen
class Compared:
    """What the symbolic engine said of a seed, and where somebody else says something else."""

    said: tuple[str, ...]
    flaw: str = ""


def module_of(source: str, name: str) -> types.ModuleType:
    """The source as a module that tracebacks can show."""
    file = f"{name}.py"
    linecache.cache[file] = (len(source), None, source.splitlines(True), file)
    module = types.ModuleType(name)
    exec(compile(source, file, "exec"), module.__dict__)
    return module


class Writer:
    """Writes source. With `choices`, statements may choose."""

    def __init__(self, seed: int, choices: bool = False) -> None:
        self.random = random.Random(seed)
        self.choices = choices
        self.helpers: list[tuple[str, int]] = []
        self.fresh = 0

    def one_of(self, *ways: Callable[[], str]) -> str:
        return self.random.choice(ways)()

    def name(self) -> str:
        self.fresh += 1
        return f"v{self.fresh}"

    def constant(self) -> str:
        return str(self.random.choice((-3, -2, -1, 0, 1, 2, 3, 4, 7)))

    # ---- expressions ------------------------------------------------------------------------

    def number(self, known: list[str], depth: int) -> str:
        """An expression that is an integer, or a truth value that stands for one."""
        if depth <= 0:
            return self.random.choice([*known, *known, self.constant()])
        a = self.number(known, depth - 1)
        b = self.number(known, depth - self.random.choice((1, 2)))
        c = self.truth(known, depth - 1)
        k = self.constant()
        some = self.random.choice((-5, -3, -2, 2, 3, 4))
        ways = [
            lambda: f"({a} + {b})",
            lambda: f"({a} - {b})",
            lambda: f"({k} * {a})",
            lambda: f"({a} // {some})",
            lambda: f"({a} % {some})",
            lambda: f"({a} // {b})",
            lambda: f"({a} % ({b} + 4))",
            lambda: f"divmod({a}, {some})[{self.random.choice((0, 1))}]",
            lambda: f"abs({a})",
            lambda: f"(-{a})",
            lambda: f"({a} if {c} else {b})",
            lambda: f"({a} or {b})",
            lambda: f"({a} and {b})",
            lambda: f"min({a}, {b}, {k})",
            lambda: f"max([{a}, {b}], key=lambda each: -each)",
            lambda: f"max((each for each in ({a}, {b}) if each > {k}), default={k})",
            lambda: f"sorted([{a}, {b}, {k}])[{self.random.choice((0, 1, -1))}]",
            lambda: f"sorted([({a}, 1), ({b}, 2)], reverse={c})[0][1]",
            lambda: f"sum(each for each in ({a}, {b}, {c}) if each)",
            lambda: f"({a}, {b})[{c}]",
            lambda: f"({a}, {b}, {k})[{c}:][0]",
            lambda: "{True: " + a + ", False: " + b + "}[" + c + "]",
            lambda: "{'a': " + a + "} .get('a', 3)",
            lambda: "(lambda first, *rest, k=1: first + len(rest) + k)(*(" + f"{a}, {b}), k={k})",
            lambda: f"attrs.evolve(Pair({a}, {b}), b={k}).a",
            lambda: f"Two({a}, {b})._replace(a={k}).b",
            lambda: f"functools.reduce(lambda one, two: one - two, ({a}, {b}, {k}))",
            lambda: f"len([each for each in ({a}, {b}, {k}) if each in (1, 2)])",
            lambda: f"next((each for each in ({a}, {b}) if each > 1), {k})",
            lambda: f"[1, 2, {a}, 3].index({a})",
            lambda: f"list(itertools.accumulate(({a}, {b})))[-1]",
            lambda: f"arith.minimum({a}, {b})",
            lambda: f"arith.maximum({a}, {b}, {k})",
            lambda: f"arith.clamp({a}, {b}, {k})",
            lambda: f"arith.ceil_div({a}, {some})",
            lambda: f"arith.floor_div({a}, {b})",
            lambda: f"arith.total([{a}, {b}, {k}])",
            lambda: f"({a} + Level.HIGH)",
            lambda: f"changes(Box({a}), {b})",
        ]
        if self.helpers:
            helper, arity = self.random.choice(self.helpers)
            given = [a, b, c][:arity]
            ways += [lambda: f"{helper}({', '.join(given)})"] * 8
        return self.random.choice(ways)()

    def truth(self, known: list[str], depth: int) -> str:
        """An expression that is a truth value."""
        if depth <= 0:
            return self.random.choice(("p", f"({self.random.choice(known)} > {self.constant()})"))
        a, b = self.number(known, depth - 1), self.number(known, depth - 1)
        c = self.truth(known, depth - 1)
        d = self.truth(known, depth - 2)
        k = self.constant()
        sign = self.random.choice(("<", "<=", ">", ">=", "==", "!="))
        return self.one_of(
            lambda: f"({a} {sign} {b})",
            lambda: f"({k} <= {a} {sign} {b})",
            lambda: f"({a} < {b} != {k})",
            lambda: f"({c} and {d})",
            lambda: f"({c} or {d})",
            lambda: f"(not {c})",
            lambda: f"bool({a})",
            lambda: f"({c} ^ {d})",
            lambda: f"({c} == {d})",
            lambda: f"({a} in (1, {b}, {k}))",
            lambda: f"({a} not in range(3))",
            lambda: f"any(each > {k} for each in ({a}, {b}))",
            lambda: f"all([{a} {sign} {k}, {c}])",
            lambda: f"(Pair({a}, {b}) == Pair({k}))",
            lambda: f"(({a}, {b}) < ({k}, 1))",
            lambda: f"isinstance({a}, bool)",
            lambda: f"(None is not ({a} if {c} else None))",
            lambda: "({'a': " + a + "} == {'a': " + b + "})",
            lambda: f"([{a}, {b}] == [{b}, {k}])",
            lambda: f"({a} == Level.HIGH)",
        )

    # ---- statements -------------------------------------------------------------------------

    def block(self, known: list[str], depth: int, tab: str, loop: bool = False) -> list[str]:
        """Some statements. What they assign is known only where it surely is assigned."""
        lines: list[str] = []
        for _ in range(self.random.choice((1, 2, 3))):
            lines += self.statement(known, depth, tab, loop)
        return lines

    def statement(self, known: list[str], depth: int, tab: str, loop: bool) -> list[str]:
        """One statement, of whatever kind, that ends."""
        plain: list[Callable[[list[str], int, str, bool], list[str]]]
        plain = [self._set, self._add, self._list, self._return, self._box, self._maybe]
        plain += [self._population] + [self._choose] * (2 if self.choices else 0)
        deep = [self._if, self._for, self._while, self._try] * 2
        kinds = [*plain, *deep, self._match, self._generator, self._closure] if depth > 0 else plain
        if loop:
            kinds = [*kinds, self._leave]
        return self.random.choice(kinds)(known, depth, tab, loop)

    def _set(self, known: list[str], _: int, tab: str, __: bool) -> list[str]:
        name, a = self.name(), self.number(known, 2)
        known.append(name)
        return [f"{tab}{name} = (also{name} := {a}) + also{name} // 2"]

    def _add(self, known: list[str], depth: int, tab: str, loop: bool) -> list[str]:
        # What counts a loop is named otherwise: a loop whose counter is changed need not end.
        own = [each for each in known if each[0] == "v" and each.isidentifier()]
        if not own:
            return self._set(known, depth, tab, loop)
        sign = self.random.choice(("+=", "-=", "*=", "//=", "%="))
        return [f"{tab}{self.random.choice(own)} {sign} {self.random.choice((2, 3, -2))}"]

    def _leave(self, known: list[str], _: int, tab: str, __: bool) -> list[str]:
        way = self.random.choice(("break", "continue"))
        return [f"{tab}if {self.truth(known, 2)}:", f"{tab}    {way}"]

    def _return(self, known: list[str], _: int, tab: str, __: bool) -> list[str]:
        a, b = self.number(known, 2), self.number(known, 1)
        return [f"{tab}if {self.truth(known, 2)}:", f"{tab}    return {a}, {b}"]

    def _list(self, known: list[str], _: int, tab: str, __: bool) -> list[str]:
        name, a, b = self.name(), self.number(known, 2), self.number(known, 1)
        last = self.number(known, 1)
        known.append(f"{name}[0]")
        return [
            f"{tab}{name} = [{a}, {b}]",
            f"{tab}also{name} = {name}",
            f"{tab}also{name}.append({last})",
            f"{tab}{name}.sort()" if self.random.random() < 0.5 else f"{tab}{name}[0] += 1",
        ]

    def _box(self, known: list[str], _: int, tab: str, __: bool) -> list[str]:
        name, a, b = self.name(), self.number(known, 2), self.number(known, 1)
        known.append(f"{name}.n")
        return [
            f"{tab}{name} = Box({a})",
            f"{tab}also{name} = {name}",
            f"{tab}changes(also{name}, {b})",
        ]

    def _maybe(self, known: list[str], _: int, tab: str, __: bool) -> list[str]:
        name, a, c = self.name(), self.number(known, 1), self.truth(known, 1)
        known.append(f"({self.constant()} if {name} is None else {name})")
        return [f"{tab}{name} = {a} if {c} else None"]

    def _population(self, known: list[str], _: int, tab: str, __: bool) -> list[str]:
        name, a, b = self.name(), self.number(known, 1), self.number(known, 1)
        lines = [
            f"{tab}{name} = Population("
            f"{{'up': arith.clamp({a}, 0, 3), 'down': abs({b}) % 3, 'gone': 1}})"
        ]
        lines += self.random.choice(
            (
                [],
                [f"{tab}{name} = {name}.move('up', 'down', min({name}['up'], 1))"],
                [f"{tab}{name} = {name}.add('new', {name}['down'])"],
                [f"{tab}{name} = {name}.where(lambda kind: kind != 'down')"],
                [f"{tab}{name} = {name} + {name}"],
                [f"{tab}{name} = {name} - Population({{'up': {name}['up'] // 2}})"],
                [f"{tab}{name} = {name}.add('down', -1)"],
            )
        )
        if self.choices and self.random.random() < 0.4:
            lines.append(f"{tab}{name} = split({name}, min({name}.total, {self.number(known, 0)}))")
        known += [f"{name}['up']", f"{name}.total", f"len({name}.items())"]
        return lines

    def _choose(self, known: list[str], _: int, tab: str, __: bool) -> list[str]:
        name, a = self.name(), self.number(known, 1)
        ranges = self.random.choice(
            (
                f"0, arith.clamp({a}, 0, 2)",
                f"{a}, {a} + 1",
                f"-1, {self.constant()} % 2",
                f"arith.clamp({a}, 0, 2), 2",
                f"arith.clamp({a}, 0, 2), 1",
            )
        )
        known.append(name)
        return [f"{tab}{name} = choose({ranges})"]

    def _if(self, known: list[str], depth: int, tab: str, loop: bool) -> list[str]:
        inner = tab + "    "
        lines = [f"{tab}if {self.truth(known, 2)}:"]
        lines += self.block(list(known), depth - 1, inner, loop)
        if self.random.random() < 0.6:
            lines += [f"{tab}else:", *self.block(list(known), depth - 1, inner, loop)]
        return lines

    def _for(self, known: list[str], depth: int, tab: str, _: bool) -> list[str]:
        inner, name = tab + "    ", self.name()
        a, b = self.number(known, 2), self.number(known, 1)
        lines = [
            f"{tab}for {name} in ({a}, {b}, 2):",
            *self.block([*known, name], depth - 1, inner, True),
        ]
        if self.random.random() < 0.4:
            lines += [f"{tab}else:", *self.block(list(known), depth - 1, inner)]
        return lines

    def _while(self, known: list[str], depth: int, tab: str, _: bool) -> list[str]:
        inner, name = tab + "    ", f"turn{self.name()}"
        lines = [
            f"{tab}{name} = 0",
            f"{tab}while {name} < 2 and {self.truth(known, 2)}:",
            f"{inner}{name} += 1",
        ]
        known.append(name)
        return lines + self.block(list(known), depth - 1, inner, True)

    def _try(self, known: list[str], depth: int, tab: str, loop: bool) -> list[str]:
        inner, name, b = tab + "    ", self.name(), self.number(known, 1)
        lines = [f"{tab}try:", *self.block(list(known), depth - 1, inner, loop)]
        lines += [f"{inner}if {self.truth(known, 2)}:", f"{inner}    raise Full({b})"]
        lines += [f"{tab}except ZeroDivisionError:", f"{inner}kept{name} = {b}"]
        lines += [f"{tab}except Full as full:", f"{inner}kept{name} = full.n"]
        lines += [f"{tab}else:", f"{inner}kept{name} = {self.constant()}"]
        known.append(f"kept{name}")
        if self.random.random() < 0.4:
            lines += [f"{tab}finally:", f"{inner}last{name} = 1"]
        return lines

    def _match(self, known: list[str], _: int, tab: str, __: bool) -> list[str]:
        inner, name = tab + "    ", self.name()
        a, b = self.number(known, 2), self.number(known, 1)
        lines = [
            f"{tab}match (Pair({a}, {b}), {self.truth(known, 2)}):",
            f"{inner}case (Pair(1 | 2, b=two), _):",
            f"{inner}    {name} = two",
            f"{inner}case (Pair(int(one), 2), other) if one > 0 or other:",
            f"{inner}    {name} = one",
            f"{inner}case (_, other):",
            f"{inner}    {name} = other + {b}",
        ]
        known.append(name)
        return lines

    def _generator(self, known: list[str], _: int, tab: str, __: bool) -> list[str]:
        inner, name = tab + "    ", self.name()
        lines = [
            f"{tab}def made{name}(n, most={self.constant()}):",
            f"{inner}yield n",
            f"{inner}if n > most:",
            f"{inner}    yield from made{name}(most, n)",
            f"{inner}got = yield {self.number(known, 1)}",
            f"{tab}{name} = sum(made{name}({self.number(known, 2)}))",
        ]
        known.append(name)
        return lines

    def _closure(self, known: list[str], _: int, tab: str, __: bool) -> list[str]:
        inner, name = tab + "    ", self.name()
        a, b = self.number(known, 2), self.number(known, 1)
        known.append(name)
        return [
            f"{tab}held{name} = {a}",
            f"{tab}def within{name}(n, k={b}, *rest, **more):",
            f"{inner}nonlocal held{name}",
            f"{inner}held{name} += n",
            f"{inner}return held{name} * 2 + k + len(rest) + sum(more.values())",
            f"{tab}{name} = within{name}({b}) - within{name}({a}, 1, *(2, 3), z={self.constant()})",
        ]

    # ---- helpers ----------------------------------------------------------------------------

    def helper(self) -> list[str]:
        """A function that whatever is written later may call; it may call those before it."""
        name, arity = f"helper{len(self.helpers)}", self.random.choice((1, 2, 3))
        names = ["x", "y", "p"][:arity]
        given = ", ".join(f"{each}: {'bool' if each == 'p' else 'int'}" for each in names)
        returns = self.random.choice(("int", "int", "bool", "int | None"))
        again = returns == "int" and self.random.random() < 0.3
        lines = [f"def {name}({given}{', left: int = 2' if again else ''}) -> {returns}:"]
        lines += [] if arity > 1 else ["    y = 2"]
        lines += [] if arity > 2 else [f"    p = x > {self.constant()}"]
        known = ["x", "y"]
        for _ in range(self.random.choice((0, 1))):
            a = self.number(known, 1)
            way = self.random.choice((f"return {a}", f"raise Full({a})"))
            lines += [f"    if {self.truth(known, 1)}:", f"        {way}"]
        if again:
            inner = [f"x - {self.constant()}", self.number(known, 1), "p"][:arity]
            lines += [
                f"    if left > 0 and {self.truth(known, 1)}:",
                f"        return {name}({', '.join(inner)}, left=left - 1) + 1",
            ]
        made = self.truth(known, 2) if returns == "bool" else self.number(known, 2)
        if returns == "int | None":
            made = f"{made} if {self.truth(known, 1)} else None"
            called = f"(lambda maybe: {self.constant()} if maybe is None else maybe)({name}"
            lines += [f"    return {made}", "", ""]
            lines += [f"def known_{name}({given}) -> int:"]
            lines += [f"    return {called}({', '.join(names)}))"]
            self.helpers.append((f"known_{name}", arity))
            return lines
        self.helpers.append((name, arity))
        return [*lines, f"    return {made}"]

    def some_helpers(self, *counts: int) -> list[str]:
        """So many helpers, with the lines between them."""
        lines: list[str] = []
        for _ in range(self.random.choice(counts)):
            lines += ["", "", *self.helper()]
        return lines
