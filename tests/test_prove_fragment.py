"""
What a rule may do with a number that is not known: it gives what Python gives, or is refused.

Whatever took one way for all numbers here would be proved of all numbers.
"""

import functools
import itertools
import json
import numbers
import operator
from collections.abc import Callable, Mapping
from enum import IntEnum
from typing import Any

import attrs
import pytest
import z3

from in_formulas import P, Rule, X, Y, in_python, said
from seatrial.core import (
    Action,
    NotSymbolic,
    Outcomes,
    Population,
    System,
    Variable,
    Whole,
    always,
    at_most,
    outcome,
)
from seatrial.engines.explore import explore
from seatrial.engines.prove.fragment import check_fragment
from seatrial.engines.prove.helpers import Helpers
from seatrial.engines.prove.paths import Run, uncovered
from seatrial.engines.prove.queries import Limits, Queries
from seatrial.engines.prove.systems import prove_system
from seatrial.engines.prove.terms import SymBool, SymInt


class Level(IntEnum):
    LOW = 0
    HIGH = 3


@attrs.frozen
class Pair:
    a: int
    b: int = 2


@attrs.frozen(order=True)
class Rank:
    a: int
    b: int = 0


@attrs.frozen(cache_hash=True)
class Kind:
    ready: bool = False


def starred(*numbers: int) -> int:
    return len(numbers)


def by_name(*, n: int) -> int:
    return n + 1


def named(**numbers: int) -> int:
    return sum(numbers.values())


def with_default(n: int, more: int = 3) -> int:
    return n + more


def steps_down(n: int) -> int:
    return 0 if n <= 0 else 1 + steps_down(n - 1) if n < 3 else 9


def at_most_three(n: int) -> int:
    if n > 3:
        raise ValueError("more than three")
    return n


class Full(Exception):
    def __init__(self, n: int) -> None:
        super().__init__("it is full")
        self.n = n


def raises_two(n: int) -> int:
    if n > 3:
        raise Full(n)
    if n > 1:
        raise Full(n + 100)
    return n


def raises_itself(n: int) -> int:
    if n > 1:
        raise ValueError(n)
    return n


def what_was_raised(x: Any, y: Any, p: Any) -> Any:
    found = []
    for n in (x, y):
        try:
            found.append(raises_two(n))
        except Full as full:
            found.append(full.n)
        try:
            raises_itself(n)
        except ValueError as error:
            found.append(error.args[0])
    return tuple(found)


def small_or_none(n: int) -> int | None:
    return None if n > 2 else n


def in_order(n: int, m: int) -> tuple[int, int]:
    return (n, m) if n > m else (m, n)


def says_more(n: int) -> int:
    return "many" if n > 2 else n  # type: ignore[return-value]


def caught(x: Any, y: Any, p: Any) -> Any:
    try:
        return at_most_three(x)
    except ValueError:
        return -1


def optional(x: Any, y: Any, p: Any) -> Any:
    found = small_or_none(x)
    return -1 if found is None else found


def augmented(x: Any, y: Any, p: Any) -> Any:
    total = x
    total += 1
    total -= y
    total *= 2
    total //= -3
    total %= 5
    return total


def loop(x: Any, y: Any, p: Any) -> Any:
    n = 0
    while n < 4 and n < x:
        n += 1
    return n


def cases(x: Any, y: Any, p: Any) -> Any:
    match Pair(x, y):
        case Pair(1, b):
            return b
        case Pair(a, 2) if a > 0:
            return a + 100
    return 30


def early_return(x: Any, y: Any, p: Any) -> Any:
    for each in (x, y, 3):
        if each > 1:
            return each
    return 0


def adds_to(items: list[int]) -> int:
    items.append(3)
    return len(items)


def puts_into(entries: dict[str, int], n: int) -> int:
    entries["a"] = n
    return n


def changed_list(x: Any, y: Any, p: Any) -> Any:
    items = [x, y]
    return adds_to(items), len(items), sum(items)


def changed_dict(x: Any, y: Any, p: Any) -> Any:
    entries = {"a": 0}
    return puts_into(entries, x), entries["a"]


def list_in_place(x: Any, y: Any, p: Any) -> Any:
    items = [3, x, 1, y]
    items.sort()
    items.remove(min(items))
    items.reverse()
    del items[0]
    items += [x]
    return tuple(items)


def kept_count(x: Any, y: Any, p: Any) -> Any:
    n = 0

    def add(more: Any) -> Any:
        nonlocal n
        n += more
        return n

    return add(x), add(y), n


def late_closure(x: Any, y: Any, p: Any) -> Any:
    made: list[Callable[[], Any]] = []
    for k in (1, 2, 3):
        made.append(lambda: k + x)  # noqa: B023, PERF401
    return tuple(each() for each in made)


def loop_or_else(x: Any, y: Any, p: Any) -> Any:
    for k in (0, 1, 2):
        if k == x:
            break
    else:
        return -1
    return k


def at_last(x: Any, y: Any, p: Any) -> Any:
    try:
        return 10 // x
    finally:
        if y > 1:
            return 99  # noqa: B012


def first_of_generator(x: Any, y: Any, p: Any) -> Any:
    return next((k for k in (x, y) if k > 1), None), next(k for k in (x, y) if k > 1)


def a_number(x: Any) -> Any:
    match x:
        case int():
            return 1
    return 2


NUMBERS = (int, bool)
KIND_OF = type


def pod_name(n: Any) -> str:
    return f"web-{n}"


def is_third(name: Any) -> bool:
    return bool(name == "web-3")


def moved(kinds: "Population[str]") -> "Population[str]":
    return kinds.move("a", "b", 1)


AGREE: dict[str, Rule] = {
    "is None": lambda x, y, p: (x is None, p is not None),
    "in a tuple": lambda x, y, p: x in (1, 2, y),
    "in a range": lambda x, y, p: x in range(3),
    "counted in a tuple": lambda x, y, p: (1, x, y, 2).count(x),
    "found in a list": lambda x, y, p: [1, 2, 3, x].index(x),
    "looked up by a truth value": lambda x, y, p: ({True: 2, False: 4}[x > y], [5, 6][p]),
    "min": lambda x, y, p: (min(x, y, 2), min([x, y], key=lambda n: -n)),
    "max": lambda x, y, p: (max(x, y, 2), max([], default=x), max((x, y), (1, 2))),
    "sorted": lambda x, y, p: tuple(sorted([x, y, 1])),
    "sorted pairs": lambda x, y, p: tuple(sorted([(x, 1), (y, 0)])),
    "sorted by a key": lambda x, y, p: tuple(
        sorted([(x, 1), (y, 0)], key=lambda n: n[0], reverse=True)
    ),
    "sum": lambda x, y, p: sum(n for n in (x, y) if n > 0),
    "sum of truth values": lambda x, y, p: sum([x > 1, y > 2, p]),
    "reduced": lambda x, y, p: functools.reduce(lambda a, b: a if a > b else b, [x, y, 1]),
    "any and all": lambda x, y, p: (any([x > 1, y > 2]), all([x, y])),
    "bool": lambda x, y, p: (bool(x), not x, bool(p)),
    "int of a truth value": lambda x, y, p: int(p),
    "or": lambda x, y, p: x or y,
    "and": lambda x, y, p: x and y,
    "chained": lambda x, y, p: 0 <= x < y,
    "chained with equals": lambda x, y, p: 0 < x == y != 3,
    "augmented": augmented,
    "loop": loop,
    "divmod": lambda x, y, p: (divmod(x, 3), divmod(x, -3)),
    "divmod of a number": lambda x, y, p: divmod(7, x),
    "rounded towards minus infinity": lambda x, y, p: (x // -3, x % -3, x // y),
    "assigned on the way": lambda x, y, p: (z := x + 1) * z,
    "IntEnum": lambda x, y, p: (x == Level.HIGH, x < Level.HIGH, x + Level.HIGH),
    "IntEnum on the left": lambda x, y, p: (x == Level.HIGH, Level.HIGH - x),
    "a text is no number": lambda x, y, p: (x == "1", x != "1"),
    "truth values are numbers": lambda x, y, p: (
        p == 1,
        p != 0,
        x == True,  # noqa: E712
        p + p,
        5 - p,
    ),
    "a number equals a truth value": lambda x, y, p: (x == p, p == x, x != p),
    "xor": lambda x, y, p: (p ^ (x > y), p ^ True, True ^ p),
    "and, or of truth values": lambda x, y, p: ((x > 1) & p, (x > 1) | p),
    "arithmetic of a truth value": lambda x, y, p: (-p, +p, abs(p), p // 2, p % 2, p * x, ~p),
    "fields compared": lambda x, y, p: (Pair(x, y) == Pair(1), Pair(x, y) != Pair(1)),
    "fields in order": lambda x, y, p: Rank(x, y) < Rank(1, 1),
    "object in a tuple": lambda x, y, p: Pair(x) in (Pair(1), Pair(y)),
    "tuples compared": lambda x, y, p: ((x, y) < (1, 2), (x, y) == (1, 2)),
    "evolved": lambda x, y, p: attrs.evolve(Pair(x, y), b=3) == Pair(1, 3),
    "cases": cases,
    "early return": early_return,
    "caught": caught,
    "set of truth values": lambda x, y, p: frozenset((p, True)) == frozenset((True,)),
    "kind with a truth value": lambda x, y, p: len(Population({Kind(p): 2, Kind(True): 1}).counts),
    "population": lambda x, y, p: x < 0 or Population({"a": x, "b": 1}).total,
    "population compared": lambda x, y, p: (
        x < 0 or y < 0 or Population({"a": x, "b": y}) == Population({"a": 2, "b": 1})
    ),
    "population moved": lambda x, y, p: (
        x < 0 or y < 0 or tuple(moved(Population({"a": x, "b": y})).counts)
    ),
    "helper with a star": lambda x, y, p: starred(x, y),
    "helper with names": lambda x, y, p: (by_name(n=x), named(a=x, b=y)),
    "helper with a default": lambda x, y, p: (with_default(x), with_default(x, more=y)),
    "helper that calls itself": lambda x, y, p: steps_down(x),
    "helper that raises": lambda x, y, p: at_most_three(x),
    "helper that raises what is looked at": what_was_raised,
    "helper that may give nothing": optional,
    "helper that gives two": lambda x, y, p: in_order(x, y),
    "helper given truth values": lambda x, y, p: (in_order(p, x), in_order(True, x)),
    "helper that changes a list": changed_list,
    "helper that changes a dict": changed_dict,
    "list changed in place": list_in_place,
    "closure that counts": kept_count,
    "closure that sees the last": late_closure,
    "loop with else": loop_or_else,
    "finally": at_last,
    "first of a generator": first_of_generator,
    "isinstance": lambda x, y, p: (isinstance(x, int), isinstance(x, bool), isinstance(p, bool)),
    "isinstance by another name": lambda x, y, p: (
        isinstance(x, NUMBERS),
        isinstance(p, numbers.Number),
        isinstance(x, (str, Pair)),
    ),
    "case of int": lambda x, y, p: (a_number(x), a_number(p), a_number("1")),
    "remainders of both signs": lambda x, y, p: (-x // 4, -(x // 4), (x * y) % -3, (x - 3) // 2),
    "max of nothing": lambda x, y, p: max([k for k in (x, y) if k > 2]),
    "sorted by what is looked up": lambda x, y, p: tuple(
        sorted("abc", key=lambda each: {"a": x, "b": y, "c": 1}[each])
    ),
    "and, or with values": lambda x, y, p: ((x and y) or (p and 5) or 9, not (0 < x <= y)),
    "assigned in a condition": lambda x, y, p: [n for k in (x, y) if (n := k * 2) > 2] == [4],
    "a dict changed": lambda x, y, p: {"a": x} | {"b": y, "a": 3} == {"a": 3, "b": 2},
    "summed from": lambda x, y, p: (sum((x, y), 10), sum(k * k for k in (x, y) if k % 2)),
    "unpacked": lambda x, y, p: (lambda first, *rest: (first, tuple(rest)))(*[x, y, 3]),
    "helper that is annotated wrongly": lambda x, y, p: says_more(x),
}


def swallows(x: Any, y: Any, p: Any) -> Any:
    try:
        return (1, 2, 3)[x]
    except Exception:
        return 9


def swallows_a_hash(x: Any, y: Any, p: Any) -> Any:
    try:
        return 1 if x in {1, 2} else 2
    except Exception:
        return 3


def kept_text(x: Any, y: Any, p: Any) -> Any:
    name = f"web-{x}"
    return 1 if name == "web-3" else 2


def case_of_true(x: Any, y: Any, p: Any) -> Any:
    match p:
        case True:
            return 1
    return 2


REFUSED: dict[str, tuple[Rule, str]] = {
    "is True": (lambda x, y, p: p is True, "whether something is a number"),
    "is not False": (lambda x, y, p: p is not False, "whether something is a number"),
    "is a number": (lambda x, y, p: x is Level.LOW or x is (y + 1 == 0), "whether something"),
    "is another number": (lambda x, y, p: x is y, "whether something is a number"),
    "is not another number": (lambda x, y, p: x is not y, "whether something is a number"),
    "type by another name": (lambda x, y, p: KIND_OF(x) is int, "asks type(...)"),
    "class": (lambda x, y, p: x.__class__.__name__ == "int", "asks __class__"),
    "is a comparison": (lambda x, y, p: p is (x > y), "whether something is a number"),
    "type": (lambda x, y, p: type(x) is int, "asks type(...)"),
    "case of True": (case_of_true, "whether something is a number"),
    "equals a float": (lambda x, y, p: x == 3.0, "calculates with 3.0"),
    "less than a float": (lambda x, y, p: x < 2.5, "calculates with 2.5"),
    "in a set": (lambda x, y, p: x in {1, 2}, "hashes x"),
    "in a dict": (lambda x, y, p: {1: 2}.get(x, 7), "hashes x"),
    "object in a set": (lambda x, y, p: Pair(x) in {Pair(1)}, "hashes x"),
    "counts a number": (lambda x, y, p: Population({x: 2}), "hashes x"),
    "swallows": (swallows, "indexes by, x"),
    "swallows a hash": (swallows_a_hash, "hashes x"),
    "getattr": (lambda x, y, p: getattr(x, "numerator", 0), "asks for numerator"),
    "hasattr": (lambda x, y, p: hasattr(x, "real"), "asks for real"),
    "bit_length": (lambda x, y, p: x.bit_length(), "asks for bit_length"),
    "text compared": (lambda x, y, p: f"web-{x}" == "web-3", "decides on a text"),
    "text compared on the right": (lambda x, y, p: f"web-{x}" == y, "decides on a text"),
    "text kept and compared": (kept_text, "decides on a text"),
    "text returned and compared": (lambda x, y, p: pod_name(x) == "web-3", "decides on a text"),
    "text handed on and compared": (lambda x, y, p: is_third(f"web-{x}"), "decides on a text"),
    "text looked into": (lambda x, y, p: f"a{x}".startswith("a3"), "decides on a text"),
    "text measured": (lambda x, y, p: len(f"a{x}"), "decides on a text"),
    "texts told apart": (lambda x, y, p: len({f"a{x}", f"a{y}"}), "decides on a text"),
    "texts in order": (lambda x, y, p: sorted([f"a{x}", "a2"])[0], "decides on a text"),
    "text as a key": (lambda x, y, p: {"web-1": 1}.get(f"web-{x}", 7), "decides on a text"),
    "text of an object": (lambda x, y, p: str(Pair(x)) == "Pair(a=3, b=2)", "decides on a text"),
    "formatted": (lambda x, y, p: "web-{}".format(x) == "web-3", "decides on a text"),  # noqa: UP032
    "formatted with %": (lambda x, y, p: "web-%s" % x == "web-3", "decides on a text"),  # noqa: UP031
    "added to a text": (lambda x, y, p: "web-" + str(x) == "web-3", "decides on a text"),
    "joined": (lambda x, y, p: "".join(["web-", str(x)]) == "web-3", "decides on a text"),
    "text with repr": (lambda x, y, p: f"{x!r}" == "3", "decides on a text"),
    "only it as a text": (lambda x, y, p: f"{x}" == "3", "decides on a text"),
    "str": (lambda x, y, p: str(x) == "3", "decides on a text"),
    "length of its text": (lambda x, y, p: len(str(x)), "decides on a text"),
    "repr": (lambda x, y, p: repr(x) == "3", "asks repr(...)"),
    "bits of a truth value": (lambda x, y, p: p & 1, "takes the bits of p"),
    "bits": (lambda x, y, p: 5 & x, "takes the bits of x"),
    "shifted": (lambda x, y, p: 1 << x, "takes the bits of x"),
    "index": (lambda x, y, p: operator.index(x), "indexes by, x"),
    "json": (lambda x, y, p: json.dumps(x), "calls json.dumps"),
}


@pytest.mark.parametrize("helped", [False, True], ids=["alone", "with helpers"])
@pytest.mark.parametrize("name", AGREE)
def test_what_a_rule_may_do_gives_what_python_gives(name: str, helped: bool) -> None:
    """Every number takes exactly one path, and what comes out there is what Python says."""
    rule = AGREE[name]
    check_fragment(rule)
    helpers = Helpers(rule) if helped else None

    paths = Run(helpers=helpers).explore(lambda: rule(SymInt(X), SymInt(Y), SymBool(P)))

    for x, y, p in itertools.product((-2, 0, 1, 2, 3, 4), (-1, 0, 2, 3), (False, True)):
        pairs = [(X, z3.IntVal(x)), (Y, z3.IntVal(y)), (P, z3.BoolVal(p))]
        taken = [
            path for path in paths if z3.is_true(z3.simplify(z3.substitute(path.guard, *pairs)))
        ]
        assert [said(path.result, pairs) for path in taken] == [in_python(rule, x, y, p)]


@pytest.mark.parametrize("name", REFUSED)
def test_what_a_rule_may_not_do_is_refused(name: str) -> None:
    """Never answered for all numbers alike."""
    rule, what = REFUSED[name]

    with pytest.raises(NotSymbolic) as caught_error:
        Run(helpers=Helpers(rule)).explore(lambda: rule(SymInt(X), SymInt(Y), SymBool(P)))

    assert what in str(caught_error.value)
    assert "outside of a run" not in str(caught_error.value)


# ---- in systems -------------------------------------------------------------------------------

QUICK = Limits(query_ms=5_000, depth=3)


def ready_or_not(kind: Kind, n: int) -> Outcomes:
    yield outcome("looked at", kind=Kind(n > 3))


_NOT_READY = frozenset({Kind(False)})


def when_not_ready(kind: Kind, n: int) -> Outcomes:
    if kind in _NOT_READY:
        yield outcome("far", n=100)


def grows(kind: int, n: int) -> Outcomes:
    if n < kind:
        yield outcome("more", n=n + 1)


def system(first: Any, *rules: Any) -> Callable[[Mapping[str, Any]], System]:
    names = {"ready_or_not": "kind", "when_not_ready": "n", "grows": "n"}

    def build(values: Mapping[str, Any]) -> System:
        return System(
            name="corners",
            variables=[Variable("kind"), Variable("n")],
            actions=[
                Action(each.__name__, "system", each, names.get(each.__name__, ("kind", "n")))
                for each in rules
            ],
            initial=[{"kind": first, "n": values["n"]}],
        )

    return build


@at_most(says="it stays small", source="nobody", bound=50)
def stays_small(n: int) -> int:
    return n


def test_what_an_object_keeps_of_one_path_is_not_known_on_another() -> None:
    """A kind of pods keeps its hash, which was decided on the path that asked for it first."""
    build = system(Kind(True), ready_or_not, when_not_ready)

    found = prove_system(build, {"n": Whole(0, 5)}, [stays_small], Queries(QUICK))

    assert explore(build({"n": 0}), [stays_small]).verdict(stays_small.id).status == "violated"
    assert found.proofs[0].status == "violated"


def names_itself(name: str, n: int) -> Outcomes:
    if n < 5:
        yield outcome("named", name=f"web-{n}", n=n + 1)


def test_a_text_made_of_a_number_is_not_kept_in_a_state() -> None:
    """All of them would be one text, and no pod the third."""

    @always(says="none is the third", source="nobody")
    def no_third(name: str) -> Any:
        if name == "web-3":
            yield "it is"

    def build(values: Mapping[str, Any]) -> System:
        return System(
            name="names",
            variables=[Variable("name"), Variable("n")],
            actions=[Action("names_itself", "system", names_itself, ("name", "n"))],
            initial=[{"name": "", "n": values["n"]}],
        )

    found = prove_system(build, {"n": Whole(0)}, [no_third], Queries(QUICK))

    assert found.proofs[0].status == "inconclusive"
    assert "made of a number that is not known" in found.proofs[0].because


def counts(kind: Population[Kind], n: int) -> Outcomes:
    if kind.total < 2:
        yield outcome("one more", kind=kind.add(Kind(n > 2), 1))


def test_a_kind_that_holds_what_is_not_known_is_no_part_of_a_state() -> None:
    """Its hash would be of one path."""
    build = system(Population(), counts)

    found = prove_system(build, {"n": Whole(0)}, [stays_small], Queries(QUICK))

    assert found.proofs[0].status == "inconclusive"
    assert "a kind, a key or a set holds" in found.proofs[0].because


@pytest.mark.parametrize("asked", ["rule", "promise"])
def test_what_asks_for_a_type_proves_nothing_anywhere(asked: str) -> None:
    """In a promise as in a rule: it would be another one for all numbers."""

    def typed(kind: int, n: int) -> Outcomes:
        if type(n) is int:
            yield outcome("far", kind=kind, n=100)

    @always(says="it is no number", source="nobody")
    def no_number(n: int) -> Any:
        if type(n) is int:
            yield "it is"

    build = system(1, typed if asked == "rule" else grows)
    promise = stays_small if asked == "rule" else no_number

    found = prove_system(build, {"n": Whole(0)}, [promise], Queries(QUICK))

    assert found.proofs[0].status == "inconclusive"
    assert f"{__file__}:" in found.proofs[0].because


def test_a_path_that_an_action_loses_proves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A planted fault: a system whose paths do not cover its states."""

    def forgetful(assumed: Any, paths: Any) -> Any:
        return uncovered(assumed, paths[:-1])

    monkeypatch.setattr("seatrial.engines.prove.systems.uncovered", forgetful)
    found = prove_system(system(1, grows), {"n": Whole(0)}, [stays_small], Queries(QUICK))

    assert found.proofs[0].status == "inconclusive"
    assert "cover all states" in found.proofs[0].because
