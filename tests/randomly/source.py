"""A plan as Python source: functions as a user of Seatrial would write them."""

from collections.abc import Iterable, Iterator
from typing import Any

import attrs

from .plan import Branch, Expr, Family, Plan, Question, Reach, Rule, Write
from .values import CLASSES

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
        taken += sorted({*parameters, *(e[1] for e in nodes(mentioned) if e[0] == "param")})
        taken += sorted({e[1] for e in nodes(mentioned) if e[0] == "place"})
        if any(e[0] == "took" for e in nodes(mentioned)):
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


def nodes(tree: Any) -> Iterator[Expr]:
    """All tuples in a nest of tuples that begin with a word: expressions, and what looks so."""
    if isinstance(tree, (tuple, list)):
        if tree and isinstance(tree[0], str):
            yield (*tree, None)
        for each in tree:
            yield from nodes(each)


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
