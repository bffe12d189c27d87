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

import attrs

from seatrial.core import All, DeclarationError, Members, Property, PropertyError
from seatrial.model import Invariant, api

__all__ = ["FUNCTIONS", "named_by", "property_of"]

_LONGEST = 1000
_DEEPEST = 30
_MOST_LOOPS = 4
_LOOP = re.compile(r"\.\s*(?:all|exists|exists_one|existsOne|map|filter)\s*\(")
_STRING = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"")
_CALLS = frozenset(
    {"size", "has", "contains", "startsWith", "endsWith", "matches", "int", "uint", "double"}
    | {"string", "bool", "type", "min", "max"}
)
_SOURCE = "an invariant of the trial"


# ---- what an expression may read --------------------------------------------------------------


@attrs.frozen
class Field:
    """A field below the function: the cells that it is made of, and how."""

    reads: tuple[tuple[str, Any], ...]
    value: Callable[..., Any]


@attrs.frozen
class ApiView:
    """
    What an expression sees of a kind of workload: the function, and the fields below it.

    `alive` is the view that says whether the workload is there: "gone" where it is not.
    """

    kind: str
    function: str
    alive: str
    fields: Mapping[str, Field]


_NOTHING = inspect.Parameter.empty


def _same(value: Any) -> Any:
    return value


def _unavailable(desired: int, total_available: int) -> int:
    return max(desired - total_available, 0)


def _updated(active: Members[int], target: int) -> int:
    return active.get(target, 0)


def _deployment_spec(deployment: api.Deployment) -> dict[str, Any]:
    spec = deployment.spec
    return {
        "replicas": spec.replicas,
        "paused": spec.paused,
        "minReadySeconds": spec.min_ready_seconds,
        "revisionHistoryLimit": spec.revision_history_limit,
        "progressDeadlineSeconds": spec.progress_deadline_seconds,
    }


def _deployment_status(deployment: api.Deployment) -> dict[str, Any]:
    status = deployment.status
    return {
        "replicas": status.replicas,
        "updatedReplicas": status.updated_replicas,
        "readyReplicas": status.ready_replicas,
        "availableReplicas": status.available_replicas,
        "unavailableReplicas": status.unavailable_replicas,
        "collisionCount": status.collision_count,
        "conditions": [
            {"type": each.type, "status": each.status, "reason": each.reason or ""}
            for each in status.conditions
        ],
    }


def _one(name: str) -> tuple[tuple[str, Any], ...]:
    return ((name, _NOTHING),)


_DEPLOYMENT = ApiView(
    kind="Deployment",
    function="deployment",
    alive="deployment_alive",
    fields={
        "replicas": Field(_one("total_active"), _same),
        "readyReplicas": Field(_one("total_ready"), _same),
        "availableReplicas": Field(_one("total_available"), _same),
        "terminatingReplicas": Field(_one("total_terminating"), _same),
        "unavailableReplicas": Field((*_one("desired"), *_one("total_available")), _unavailable),
        "updatedReplicas": Field((("active", All[int]), *_one("target")), _updated),
        "spec": Field(_one("deployment"), _deployment_spec),
        "status": Field(_one("deployment"), _deployment_status),
    },
)

FUNCTIONS = {each.function: each for each in (_DEPLOYMENT,)}
"""By the name of the function that stands for a workload of the kind."""


# ---- from an invariant to a promise -----------------------------------------------------------


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
    if len(_LOOP.findall(bare)) > _MOST_LOOPS:
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
    reads = dict([(view.alive, _NOTHING), *(read for each in used.values() for read in each.reads)])
    names = tuple(reads)
    makers = tuple(
        (name, tuple(names.index(read) for read, _ in each.reads), each.value)
        for name, each in used.items()
    )
    text, place = invariant.expression, str(invariant.position)
    function, fields = view.function, tuple(view.fields)

    def find(*values: Any) -> Iterator[str]:
        if values[0] == "gone":
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
    except (KeyError, RuntimeError, TypeError, ValueError, ArithmeticError, OverflowError) as error:
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
