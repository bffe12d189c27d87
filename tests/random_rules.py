"""Random rules: small Python functions that use most of what a rule may use.

A seed gives the source of a module with helpers and a function `rule(x, y, p)`. What it says of
numbers that are not known has to be what it says of each of them.

    python tests/random_rules.py --count 2000 --start 0
    python tests/random_rules.py --seed 4711        # one seed, as source
"""

import argparse
import itertools
import linecache
import random
import types
from collections.abc import Callable
from typing import Any
from unittest.mock import patch

import z3

from in_formulas import P, X, Y, in_python, said
from seatrial.core import NotSymbolic
from seatrial.engines.prove import paths as of_paths
from seatrial.engines.prove.fragment import check_fragment
from seatrial.engines.prove.helpers import Helpers
from seatrial.engines.prove.paths import Run
from seatrial.engines.prove.terms import SymBool, SymInt

XS, YS = (-3, -1, 0, 1, 2, 3, 5), (-2, 0, 1, 2, 4)

_HEAD = """
import functools
import itertools
from enum import IntEnum
from typing import Any, NamedTuple

import attrs

from seatrial.core import arith


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


class Writer:
    """Writes the source of one module."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.helpers: list[tuple[str, int]] = []
        self.fresh = 0

    def one_of(self, *ways: Callable[[], str]) -> str:
        return self.random.choice(ways)()

    def name(self) -> str:
        self.fresh += 1
        return f"v{self.fresh}"

    def constant(self) -> str:
        return str(self.random.choice((-3, -2, -1, 0, 1, 2, 3, 4, 7)))

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
            lambda: f"arith.clamp({a}, {b}, {k})",
            lambda: f"arith.ceil_div({a}, {some})",
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

    def block(self, known: list[str], depth: int, tab: str, loop: bool = False) -> list[str]:
        """Some statements. What they assign is known only where it surely is assigned."""
        lines: list[str] = []
        for _ in range(self.random.choice((1, 2, 3))):
            lines += self.statement(known, depth, tab, loop)
        return lines

    def statement(self, known: list[str], depth: int, tab: str, loop: bool) -> list[str]:
        inner = tab + "    "
        a, b = self.number(known, 2), self.number(known, 1)
        c = self.truth(known, 2)
        name = self.name()
        kind = self.random.choice(
            (
                *("set", "add", "list", "return", "closure", "box", "if", "for", "while"),
                *("if", "for", "while", "try", "match", "generator", "break"),
            )
        )
        if kind in ("break", "return") and (loop and kind == "break"):
            return [f"{tab}if {c}:", f"{inner}{self.random.choice(('break', 'continue'))}"]
        if kind == "return":
            return [f"{tab}if {c}:", f"{inner}return {a}, {b}"]
        if kind == "add" and (own := [each for each in known if each[0] == "v"]):
            sign = self.random.choice(("+=", "-=", "*=", "//=", "%="))
            return [f"{tab}{self.random.choice(own)} {sign} {self.random.choice((2, 3, -2))}"]
        if kind == "list":
            known.append(f"{name}[0]")
            return [
                f"{tab}{name} = [{a}, {b}]",
                f"{tab}also{name} = {name}",
                f"{tab}also{name}.append({self.number(known[:-1], 1)})",
                f"{tab}{name}.sort()" if self.random.random() < 0.5 else f"{tab}{name}[0] += 1",
            ]
        if kind == "box":
            known.append(f"{name}.n")
            return [
                f"{tab}{name} = Box({a})",
                f"{tab}also{name} = {name}",
                f"{tab}changes(also{name}, {b})",
            ]
        if depth <= 0 or kind in ("set", "add", "break"):
            known.append(name)
            return [f"{tab}{name} = (also{name} := {a}) + also{name} // 2"]
        inside = list(known)
        if kind == "if":
            lines = [f"{tab}if {c}:", *self.block(inside, depth - 1, inner, loop)]
            if self.random.random() < 0.6:
                lines += [f"{tab}else:", *self.block(list(known), depth - 1, inner, loop)]
            return lines
        if kind == "for":
            lines = [
                f"{tab}for {name} in ({a}, {b}, 2):",
                *self.block([*inside, name], depth - 1, inner, True),
            ]
            if self.random.random() < 0.4:
                lines += [f"{tab}else:", *self.block(list(known), depth - 1, inner)]
            return lines
        if kind == "while":
            lines = [f"{tab}{name} = 0", f"{tab}while {name} < 2 and {c}:", f"{inner}{name} += 1"]
            known.append(name)
            return lines + self.block([*inside, name], depth - 1, inner, True)
        if kind == "try":
            lines = [f"{tab}try:", *self.block(inside, depth - 1, inner, loop)]
            lines += [f"{inner}if {c}:", f"{inner}    raise Full({b})"]
            lines += [f"{tab}except ZeroDivisionError:", f"{inner}kept{name} = {b}"]
            lines += [f"{tab}except Full as full:", f"{inner}kept{name} = full.n"]
            lines += [f"{tab}else:", f"{inner}kept{name} = {self.constant()}"]
            known.append(f"kept{name}")
            if self.random.random() < 0.4:
                lines += [f"{tab}finally:", f"{inner}last{name} = 1"]
            return lines
        if kind == "match":
            known.append(name)
            return [
                f"{tab}match (Pair({a}, {b}), {c}):",
                f"{inner}case (Pair(1 | 2, b=two), _):",
                f"{inner}    {name} = two",
                f"{inner}case (Pair(int(one), 2), other) if one > 0 or other:",
                f"{inner}    {name} = one",
                f"{inner}case (_, other):",
                f"{inner}    {name} = other + {b}",
            ]
        if kind == "generator":
            known.append(name)
            return [
                f"{tab}def made{name}(n, most={self.constant()}):",
                f"{inner}yield n",
                f"{inner}if n > most:",
                f"{inner}    yield from made{name}(most, n)",
                f"{inner}got = yield {b}",
                f"{tab}{name} = sum(made{name}({a}))",
            ]
        known.append(name)
        return [
            f"{tab}held{name} = {a}",
            f"{tab}def within{name}(n, k={b}, *rest, **more):",
            f"{inner}nonlocal held{name}",
            f"{inner}held{name} += n",
            f"{inner}return held{name} * 2 + k + len(rest) + sum(more.values())",
            f"{tab}{name} = within{name}({b}) - within{name}({a}, 1, *(2, 3), z={self.constant()})",
        ]

    def helper(self) -> list[str]:
        name, arity = f"helper{len(self.helpers)}", self.random.choice((1, 2, 3))
        names = ["x", "y", "p"][:arity]
        given = ", ".join(f"{each}: {'bool' if each == 'p' else 'int'}" for each in names)
        returns = self.random.choice(("int", "int", "bool"))
        lines = [f"def {name}({given}) -> {returns}:"]
        lines += [] if arity > 1 else ["    y = 2"]
        lines += [] if arity > 2 else [f"    p = x > {self.constant()}"]
        known = ["x", "y"]
        for _ in range(self.random.choice((0, 1))):
            lines += [f"    if {self.truth(known, 1)}:"]
            lines += [
                self.one_of(
                    lambda: f"        return {self.number(known, 1)}",
                    lambda: f"        raise Full({self.number(known, 1)})",
                )
            ]
        made = self.number(known, 2) if returns == "int" else self.truth(known, 2)
        lines += [f"    return {made}"]
        self.helpers.append((name, arity))
        return lines

    def module(self) -> str:
        lines = [_HEAD]
        for _ in range(self.random.choice((0, 1, 2))):
            lines += ["", "", *self.helper()]
        known = ["x", "y"]
        lines += ["", "", "def rule(x, y, p):", *self.block(known, 2, "    ")]
        lines += [f"    return ({', '.join(dict.fromkeys(known[-4:]))},)"]
        return "\n".join(lines) + "\n"


def made(source: str, seed: int) -> Any:
    """The function that the source of a module defines last."""
    file = f"random_rule_{seed}.py"
    linecache.cache[file] = (len(source), None, source.splitlines(True), file)
    module = types.ModuleType(f"random_rule_{seed}")
    exec(compile(source, file, "exec"), module.__dict__)
    return module.__dict__["rule"]


def disagreement(seed: int, helped: bool = True, most_paths: int = 60) -> str | None:
    """Where a rule of unknown numbers says something else than Python; "refused" or None."""
    rule = made(Writer(seed).module(), seed)
    try:
        check_fragment(rule)
        with patch.object(of_paths, "_FEASIBILITY", 200_000):
            run = Run(helpers=Helpers(rule) if helped else None, most_paths=most_paths)
            paths = run.explore(lambda: rule(SymInt(X), SymInt(Y), SymBool(P)))
    except NotSymbolic as error:
        return f"refused: {error}"
    for x, y, p in itertools.product(XS, YS, (False, True)):
        pairs = [(X, z3.IntVal(x)), (Y, z3.IntVal(y)), (P, z3.BoolVal(p))]
        taken = [
            path for path in paths if z3.is_true(z3.simplify(z3.substitute(path.guard, *pairs)))
        ]
        told = [said(path.result, pairs) for path in taken]
        wanted = [in_python(rule, x, y, p)]
        if repr(told) != repr(wanted):
            return f"seed {seed}: of {x}, {y}, {p} it says {told}, and Python {wanted}"
    return None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--start", type=int, default=0)
    parser.add_argument("--seed", type=int)
    asked = parser.parse_args()
    if asked.seed is not None:
        print(Writer(asked.seed).module())
        print(disagreement(asked.seed, True), disagreement(asked.seed, False), sep="\n")
        return
    refused = 0
    for seed in range(asked.start, asked.start + asked.count):
        found = disagreement(seed, helped=seed % 2 == 0)
        if found is not None and found.startswith("refused"):
            refused += 1
        elif found is not None:
            print(found, flush=True)
    print(f"{asked.count} rules, of which {refused} were refused")


if __name__ == "__main__":
    main()
