"""
A text made of a number that is not known: wherever it goes, nothing is decided by it.

All numbers give one text, so what compares it would go one way for all of them.
"""

import itertools
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import attrs
import pytest
import z3

from in_formulas import P, Rule, X, Y, in_python, said
from seatrial.core import NotSymbolic, Outcome, Population, ValueRefused, outcome
from seatrial.engines.prove.helpers import Helpers
from seatrial.engines.prove.paths import Run
from seatrial.engines.prove.terms import SymBool, SymInt


@attrs.frozen
class Pod:
    name: str


@attrs.define
class Box:
    held: Any


class Named(NamedTuple):
    name: str


class Keeps:
    def __init__(self, n: Any) -> None:
        self.n = n

    @property
    def name(self) -> str:
        return f"web-{self.n}"

    def __str__(self) -> str:
        return f"web-{self.n}"

    def __eq__(self, other: object) -> bool:
        return f"{self.n}" == f"{other}"

    __hash__ = None  # type: ignore[assignment]


class Judges(Exception):
    def __init__(self, text: str) -> None:
        self.third = text == "web-3"


class Swallows:
    third = False

    def __enter__(self) -> "Swallows":
        return self

    def __exit__(self, kind: Any, error: Any, trace: Any) -> bool:
        self.third = str(error) == "web-3"
        return True


WEB = Named("web-3")


def name_of(n: Any) -> str:
    return f"web-{n}"


def names_of(*numbers: Any) -> Iterator[str]:
    for n in numbers:
        yield f"web-{n}"


def phrased(text: str, times: int) -> Iterator[str]:
    for n in range(times):
        yield f"{text} {n}"


def judged(text: str) -> Iterator[int]:
    if text == "web-3":
        yield 1


def phrases_of(n: Any) -> Iterator[str]:
    yield from phrased(f"web-{n}", 2)


def judgements_of(n: Any) -> Iterator[int]:
    yield from judged(f"web-{n}")


def kept_for_later(n: Any) -> Iterator[bool]:
    later = phrased(f"web-{n}", 2)
    yield next(later) == "web-3 0"


def below_three(n: int) -> int:
    if n >= 3:
        raise ValueError(f"too many: {n!r}")
    return n


def left_of_three(n: int) -> int:
    return Population({"a": 3 - n}).total


def labelled(n: Any) -> Iterator[Outcome]:
    changes = {"n": 1}
    yield outcome(f"web-{n}", **changes)


def hidden(n: Any) -> Iterator[Outcome]:
    changes = {"n": f"web-{n}"}
    yield outcome("web", **changes)


def with_one(text: str) -> tuple[str, int]:
    return text, 1


def many(n: int) -> int:
    if n > 3:
        raise ValueError(f"{n} are too many")
    return n


def unpacked(x: Any, y: Any, p: Any) -> Any:
    mine, other = f"web-{x}", "web-3"
    return mine == other


def as_a_key(x: Any, y: Any, p: Any) -> Any:
    entries = {}
    entries[f"web-{x}"] = 1
    entries[name_of(y)] = 2
    return len(entries)


def put_into_a_list(x: Any, y: Any, p: Any) -> Any:
    items = []
    items.append(f"web-{x}")
    return items == ["web-3"]


def put_into_an_object(x: Any, y: Any, p: Any) -> Any:
    box = Box("")
    box.held = f"web-{x}"
    return box.held == "web-3"


def as_a_default(x: Any, y: Any, p: Any) -> Any:
    def third(name: str = f"web-{x}") -> bool:
        return name == "web-3"

    return third()


def in_a_closure(x: Any, y: Any, p: Any) -> Any:
    name = f"web-{x}"

    def third() -> bool:
        return name == "web-3"

    return third()


def raised(x: Any, y: Any, p: Any) -> Any:
    try:
        raise ValueError(f"web-{x}")
    except ValueError as error:
        return str(error) == "web-3"


def raised_below(x: Any, y: Any, p: Any) -> Any:
    try:
        return many(x)
    except ValueError as error:
        return error.args == ("4 are too many",)


def raised_and_judged(x: Any, y: Any, p: Any) -> Any:
    try:
        raise Judges(f"web-{x}")
    except Judges:
        return 1


def swallowed(x: Any, y: Any, p: Any) -> Any:
    with Swallows() as swallows:
        raise ValueError(f"web-{x}")
    return swallows.third


def sent(x: Any, y: Any, p: Any) -> Any:
    made = names_of(x, y)
    return next(made) == WEB.name


def filtered(x: Any, y: Any, p: Any) -> Any:
    n = 0
    for _ in filter(lambda name: name != "web-3", names_of(x)):
        n += 1
    return n


def taken_from_two(x: Any, y: Any, p: Any) -> Any:
    name, _ = with_one(f"web-{x}")
    return name == "web-3"


def by_its_variables(x: Any, y: Any, p: Any) -> Any:
    name = f"web-{x}"
    return len(name) if p else locals()["name"] == "web-3"


def kept_from_before(x: Any, y: Any, p: Any) -> Any:
    name = ""
    for n in (x, y):
        if name == "web-3":
            return 1
        name = f"web-{n}"
    return 2


def raised_by_a_helper(x: Any, y: Any, p: Any) -> Any:
    try:
        return below_three(x)
    except ValueError as error:
        return 1 if "4" in error.args[0] else 2


def raised_by_the_vocabulary(x: Any, y: Any, p: Any) -> Any:
    try:
        return left_of_three(x)
    except ValueRefused as error:
        return 1 if "-1" in error.args[0] else 2


REFUSED: dict[str, Rule] = {
    "compared with an attribute": lambda x, y, p: f"web-{x}" == WEB.name,
    "returned, and compared with an attribute": lambda x, y, p: name_of(x) == WEB.name,
    "compared with what depends": lambda x, y, p: f"web-{x}" == ("web-3" if WEB else "web-4"),
    "in an object": lambda x, y, p: Pod(f"web-{x}") == Pod("web-3"),
    "in an object by name": lambda x, y, p: Pod(name=name_of(x)) == Pod(name=name_of(y)),
    "in a named tuple": lambda x, y, p: Named(f"web-{x}") == WEB,
    "in a changed object": lambda x, y, p: attrs.evolve(Pod(""), name=f"w{x}") == Pod("w3"),
    "in tuples": lambda x, y, p: (name_of(x), 1) == (name_of(y), 1),
    "in a list": lambda x, y, p: "web-3" in [f"web-{n}" for n in (x, y)],
    "in a dict": lambda x, y, p: len({f"web-{n}": n for n in (x, y)}),
    "as what is looked for": lambda x, y, p: WEB.name.startswith(f"web-{x}"),
    "as what is replaced": lambda x, y, p: "web-3".replace(f"{x}", "") == "web-",
    "handed to a generator that judges it": lambda x, y, p: len(list(judgements_of(x))),
    "in a generator that is kept": lambda x, y, p: list(kept_for_later(x)) == [True],
    "as the label of an outcome": lambda x, y, p: next(labelled(x)).label == "web-3",
    "as what an outcome changes": lambda x, y, p: next(hidden(x)).writes["n"] == "web-3",
    "from a lambda": lambda x, y, p: (lambda n: f"web-{n}")(x) == WEB.name,
    "assigned on the way": lambda x, y, p: (name := f"web-{x}") and name == "web-3",
    "from a property": lambda x, y, p: Keeps(x).name == WEB.name,
    "from an object's own text": lambda x, y, p: f"{Keeps(x)}" == WEB.name,
    "in a comparison of its own": lambda x, y, p: Keeps(x) == 3,
    "of a population": lambda x, y, p: x > 0 and f"{Population({'a': x})}" == WEB.name,
    "as the key of a sort": lambda x, y, p: sorted((x, y), key=name_of)[0],
    "as a kind": lambda x, y, p: len(Population({f"web-{x}": 1, "web-3": 1}).counts) == 1,
    "unpacked into a call": lambda x, y, p: with_one(*(f"web-{x}",)) == ("web-3", 1),
    "of what may be called": lambda x, y, p: (str.upper if p else name_of)(f"{x}") == "WEB-3",
    "asked whether it is there": lambda x, y, p: 1 if name_of(x) else 2,
    **{
        each.__name__: each
        for each in (
            *(unpacked, as_a_key, put_into_a_list, put_into_an_object, as_a_default),
            *(in_a_closure, raised, raised_below, raised_and_judged, swallowed, sent),
            *(filtered, taken_from_two, kept_from_before, by_its_variables),
            *(raised_by_a_helper, raised_by_the_vocabulary),
        )
    },
}


def told(x: Any, y: Any, p: Any) -> Any:
    counts = f"{x} pods, {y} ready"
    counts += "" if p else ", paused"
    if x > 3:
        raise ValueError(f"too many: {counts}")
    return x


def passed_on(x: Any, y: Any, p: Any) -> Any:
    _, one = with_one(f"web-{x}")
    return one + y


def caught(x: Any, y: Any, p: Any) -> Any:
    try:
        return many(x)
    except ValueError:
        return -1


def counted(x: Any, y: Any, p: Any) -> Any:
    n = 0
    for _ in names_of(x, y):
        n += 1
    return n


def relayed(x: Any, y: Any, p: Any) -> Any:
    n = 0
    for _ in phrases_of(x):
        n += 1
    return n


def unlabelled(x: Any, y: Any, p: Any) -> Any:
    return next(each.writes["n"] for each in labelled(x))


def deleted(x: Any, y: Any, p: Any) -> Any:
    name = f"web-{x}"
    del name
    return x


def refused_by_the_vocabulary(x: Any, y: Any, p: Any) -> Any:
    return left_of_three(x)


FOR_READERS: list[Rule] = [
    told,
    passed_on,
    caught,
    counted,
    relayed,
    deleted,
    unlabelled,
    refused_by_the_vocabulary,
]


@pytest.mark.parametrize("helped", [False, True], ids=["alone", "with helpers"])
@pytest.mark.parametrize("name", REFUSED)
def test_what_decides_on_a_text_is_refused(name: str, helped: bool) -> None:
    rule = REFUSED[name]
    helpers = Helpers(rule) if helped else None

    with pytest.raises(NotSymbolic, match=f"{__file__}:.* a text that is made of|whose text is"):
        Run(helpers=helpers).explore(lambda: rule(SymInt(X), SymInt(Y), SymBool(P)))


@pytest.mark.parametrize("rule", FOR_READERS)
def test_a_text_for_readers_may_be_made(rule: Callable[..., Any]) -> None:
    paths = Run(helpers=Helpers(rule)).explore(lambda: rule(SymInt(X), SymInt(Y), SymBool(P)))

    for x, y, p in itertools.product((-1, 0, 3, 4, 5), (0, 2), (False, True)):
        pairs = [(X, z3.IntVal(x)), (Y, z3.IntVal(y)), (P, z3.BoolVal(p))]
        taken = [
            path for path in paths if z3.is_true(z3.simplify(z3.substitute(path.guard, *pairs)))
        ]
        assert [said(path.result, pairs) for path in taken] == [in_python(rule, x, y, p)]
