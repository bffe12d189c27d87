"""
Invariants in CEL, the expression language that Kubernetes validates with: promises made of an
expression over the API's view of a workload.

    deployment('web').availableReplicas >= 2

What stands directly below the function is counted of the pods that there really are; `.spec` and
`.status` are the object's. An expression is asked in every state in which the workload is there.
It is bounded in length and nesting, and can call nothing but CEL's own functions and that one.
"""

import functools
import inspect
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib import import_module
from importlib.util import find_spec
from typing import Any, NoReturn

from seatrial.core import DeclarationError, Property, PropertyError
from seatrial.model import Invariant

from .api_views import FUNCTIONS, NOTHING, ApiView, Field

__all__ = ["named_by", "property_of"]

_LONGEST = 1000
_DEEPEST = 30
# Two over the longest lists that fit are a quarter of a million steps; the library cannot be
# interrupted. Words are counted, wherever they are, so that no comment and no string hides one.
_MOST_LOOPS = 2
_LOOP = re.compile(r"\b(?:all|exists|exists_one|existsOne|map|filter)\b")
_STRING = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"")
_CALLS = frozenset(
    {"size", "has", "contains", "startsWith", "endsWith", "matches", "int", "uint", "double"}
    | {"string", "bool", "type", "min", "max"}
)
_SOURCE = "an invariant of the trial"


def named_by(invariant: Invariant) -> tuple[str, str]:
    """
    The kind and the name of the workload that an expression is about.

    Raises DeclarationError in one line, with the place, where the expression cannot be used.
    """
    text = invariant.expression
    _check(invariant)
    found = set()
    for function, view in FUNCTIONS.items():
        for call in re.finditer(rf"\b{function}\s*\(", text):
            name = re.match(r"\s*(?:'([^'\\]*)'|\"([^\"\\]*)\")\s*\)", text[call.end() :])
            if name is None:
                _refuse(invariant, f"write {function}('NAME'), with the name of a workload")
            found.add((view.kind, name[1] or name[2] or ""))
    if len(found) != 1:
        listed = " or ".join(f"{function}('NAME')" for function in FUNCTIONS)
        what = "several workloads" if found else "no workload"
        _refuse(invariant, f"it is about {what}; an invariant is about one: {listed}")
    return found.pop()


def _check(invariant: Invariant) -> None:
    text = invariant.expression
    bare = _STRING.sub("''", text)
    if len(text) > _LONGEST:
        _refuse(invariant, f"{len(text)} characters, more than {_LONGEST}; write several")
    depth = deepest = 0
    for sign in bare:
        depth += (sign in "([{") - (sign in ")]}")
        deepest = max(deepest, depth)
    if deepest > _DEEPEST or len(re.findall(r"[!?-]", bare)) > 3 * _DEEPEST:
        _refuse(invariant, f"it nests deeper than {_DEEPEST}")
    if len(_LOOP.findall(text)) > _MOST_LOOPS:
        _refuse(invariant, f"more than {_MOST_LOOPS} of all, exists, map and filter")
    if find_spec("cel") is None:
        _refuse(invariant, "reading CEL needs more packages: pip install 'seatrial[cel]'")
    try:
        program = _compiled(text)
    except ValueError as error:
        reason = str(error).partition("ERROR: ")[2] or str(error)
        _refuse(invariant, f"this is no CEL: {' '.join(reason.split())[:200]}")
    for name in program.functions():
        if name[0].isalpha() and name not in _CALLS and name not in FUNCTIONS:
            _refuse(invariant, f"there is no function {name!r}; known: {', '.join(FUNCTIONS)}")


def _refuse(invariant: Invariant, says: str) -> NoReturn:
    raise DeclarationError(f"{invariant.position}: invariant {invariant.name!r}: {says}")


def property_of(invariant: Invariant) -> Property:
    """The invariant as a promise. Raises DeclarationError as `named_by` does."""
    kind, _ = named_by(invariant)
    view = next(each for each in FUNCTIONS.values() if each.kind == kind)
    used = {
        name: each
        for name, each in view.fields.items()
        if re.search(rf"\b{name}\b", invariant.expression)
    }
    return Property(
        id=invariant.name,
        says=invariant.says,
        source=_SOURCE,
        kind="always",
        function=_finder(invariant, view, used),
        expected="refuted" if invariant.expected == "refuted" else "holds",
    )


def _finder(
    invariant: Invariant, view: ApiView, used: Mapping[str, Field]
) -> Callable[..., Iterator[str]]:
    """A finder whose parameters are the cells that the used fields are made of."""
    reads = dict([(view.there, NOTHING), *(read for each in used.values() for read in each.reads)])
    names = tuple(reads)
    makers = tuple(
        (name, tuple(names.index(read) for read, _ in each.reads), each.value)
        for name, each in used.items()
    )
    text, place = invariant.expression, str(invariant.position)
    function, fields, gone = view.function, tuple(view.fields), view.gone

    def find(*values: Any) -> Iterator[str]:
        if values[0] == gone:
            return
        given = {name: make(*(values[at] for at in places)) for name, places, make in makers}
        if not _evaluated(text, function, given, place, fields):
            shown = ", ".join(f"{n} is {v}" for n, v in given.items() if type(v) is int)
            yield f"{' '.join(text.split())} is false" + (f": {shown}" if shown else "")

    parameters = [
        inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=annotation)
        for name, annotation in reads.items()
    ]
    setattr(find, "__signature__", inspect.Signature(parameters))  # noqa: B010 - no declared field
    return find


def _cel() -> Any:
    """The library: a quarter of a second to import, so only where there are invariants."""
    return import_module("cel")


@functools.lru_cache(1000)
def _compiled(text: str) -> Any:
    return _cel().compile(text)


def _evaluated(
    text: str, function: str, given: Mapping[str, Any], place: str, fields: tuple[str, ...]
) -> bool:
    context = _cel().Context()
    context.add_function(function, lambda *name: given)
    try:
        answer = _compiled(text).execute(context)
    except (LookupError, RuntimeError, TypeError, ValueError, ArithmeticError) as error:
        raise PropertyError(f"{place}: {_why(error, fields)}") from None
    if not isinstance(answer, bool):
        raise PropertyError(
            f"{place}: the expression gives {answer!r:.60}, which is neither true nor false"
        )
    return answer


def _why(error: Exception, fields: Iterable[str]) -> str:
    if isinstance(error, KeyError):
        return f"there is no field {error.args[0]!r}; directly below are {', '.join(fields)}"
    return " ".join(str(error).split())[:300]
