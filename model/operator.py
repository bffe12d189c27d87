"""
Somebody's own controller, as a system: custom resources, a reconcile function, and whoever else
writes these objects.

:Go: kubernetes v1.36.3 staging/src/k8s.io/client-go/tools/cache, util/workqueue; what
    controller-runtime builds on them
:Docs: https://kubernetes.io/docs/concepts/extend-kubernetes/operator/
:Omits: more than one key in the work queue; resync; memory of the operator between two syncs; uids
    (an object that was deleted and created again is the same name with another value); two
    operators; requests of a process that restarts which land late.

The author writes how objects look at the start, `reconcile`, and what others do to objects. Made of
that are: for each kind a cache and a queue of watch events, one work queue, and the steps of
`controller.py`, at any level and lag.

The sync is `reconcile(cache)`, a generator as in `controller.py`. It yields requests (`create`,
`update`, `patch`, `delete`) and is sent what the API server answers.
"""

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from attrs import field, frozen

from seatrial.core import Action, DeclarationError, Index, Parameter, System, Variable, View

from . import operator_actions as actions
from .controller import Key
from .environment import LEVELS, budgets
from .operator_parts import Cache, Requests, Resource, Rule, variable_of

__all__ = ["FAULTS", "Operator", "OperatorSystem", "summary", "who"]

FAULTS = ("controller-restart", "write-failure", "write-unknown")
"""What may go wrong with any operator; the names are those of `environment.py`."""

_MOST_LAG = 4


@frozen
class OperatorSystem(System):
    """The system of an operator; `kinds` are its kinds, so that its runs can be told in words."""

    kinds: tuple[str, ...] = ()


def _resources(given: Iterable[Resource]) -> tuple[Resource, ...]:
    return tuple(given)


def _rules(given: Iterable[Rule]) -> tuple[Rule, ...]:
    return tuple(given)


@frozen
class Operator:
    """
    Somebody's own controller: what it watches, what it does, and who else acts.

    Raises DeclarationError where a part cannot be used.
    """

    name: str
    resources: tuple[Resource, ...] = field(converter=_resources)
    reconcile: Callable[[Cache], Requests]
    rules: tuple[Rule, ...] = field(default=(), converter=_rules)

    def __attrs_post_init__(self) -> None:
        if not inspect.isgeneratorfunction(self.reconcile):
            raise DeclarationError(
                f"operator {self.name}: reconcile is no generator function; write def"
                " reconcile(cache) with a yield for each request"
            )
        kinds = [each.kind for each in self.resources]
        for kind in kinds:
            if kinds.count(kind) > 1:
                raise DeclarationError(f"operator {self.name}: two resources are of kind {kind}")
        for rule in self.rules:
            if not isinstance(rule, Rule):
                raise DeclarationError(f"operator {self.name}: {rule!r} is no rule; use @changes")
            if rule.kind not in kinds:
                raise DeclarationError(
                    f"operator {self.name}: {rule.name} changes the kind {rule.kind!r}; there are"
                    f" {', '.join(kinds)}"
                )

    def system(
        self, *, level: str = "interleaved", lag: int = 1, faults: Iterable[str] = ()
    ) -> OperatorSystem:
        """
        The operator with everything around it, as a system.

        `level` and `lag` are those of `check`; `faults` are written NAME[@TIMES]:
        controller-restart, write-failure, write-unknown.
        Raises DeclarationError for what there is not.
        """
        if level not in LEVELS:
            raise DeclarationError(f"level {level!r} is none of {', '.join(LEVELS)}")
        if type(lag) is not int or not 0 <= lag <= _MOST_LAG:
            raise DeclarationError(f"lag {lag!r} is not between 0 and {_MOST_LAG}")
        given = tuple(faults)
        allowed = budgets(given, "faults") if given else ()
        for each in allowed:
            if each.name not in FAULTS:
                raise DeclarationError(
                    f"fault {each.name} is not one of an operator; there are {', '.join(FAULTS)}"
                )
        times = {fault: sum(b.times for b in allowed if b.name == fault) for fault in FAULTS}
        return _compose(self, level, lag, times)


# ---- the system -------------------------------------------------------------------------------


def _compose(of: Operator, level: str, lag: int, times: Mapping[str, int]) -> OperatorSystem:
    kinds = [actions.Kind(each.kind, variable_of(each.kind), each.wakes) for each in of.resources]
    budgets_left = {f"{fault.replace('-', '_')}s_left": n for fault, n in times.items()}
    budgets_left |= {f"{each.name}s_left": each.times for each in of.rules if each.times}
    families = [variable for kind in kinds for variable in _variables(kind)]
    initial: dict[str, Any] = {"key": Key(dirty=True), "sync": None, "stale": frozenset()}
    for kind, resource in zip(kinds, of.resources, strict=True):
        objects = dict(resource.objects)
        initial |= {kind.live: objects, kind.cache: objects, kind.queue: ()}
    return OperatorSystem(
        name=of.name,
        kinds=tuple(each.name for each in kinds),
        indices=[
            Index(kind.index, tuple(name for name, _ in resource.objects))
            for kind, resource in zip(kinds, of.resources, strict=True)
        ],
        parameters=[
            Parameter("lag", lag),
            Parameter("write_faults", times["write-failure"] + times["write-unknown"] > 0),
        ],
        variables=[
            *families,
            Variable("key"),
            Variable("sync"),
            Variable("stale"),
            *(Variable(each) for each in budgets_left),
        ],
        views=[
            *(View(each.behind, actions.behind_of(each), over=each.index) for each in kinds),
            View("syncing", actions.syncing),
        ],
        actions=_actions(of, kinds, level, lag, times),
        initial=[initial | budgets_left],
        assumptions=_assumptions(of, level, lag, times),
    )


def _variables(kind: actions.Kind) -> list[Variable]:
    return [
        Variable(kind.live, over=kind.index),
        Variable(kind.cache, over=kind.index),
        Variable(kind.queue),
    ]


def _actions(
    of: Operator, kinds: Sequence[actions.Kind], level: str, lag: int, times: Mapping[str, int]
) -> list[Action]:
    names = {
        kind.name: tuple(name for name, _ in each.objects)
        for kind, each in zip(kinds, of.resources, strict=True)
    }
    found = [
        Action("observe", "operator", actions.observing(of.reconcile, kinds, names), _SYNC),
        Action("requeue", "operator", actions.requeue, "key"),
    ]
    ends = (*_SYNC, "write_failures_left", "write_unknowns_left")
    for kind in kinds:
        found.append(
            Action(
                name=f"write_{kind.live}",
                actor="operator",
                function=actions.writing(kind),
                writes=(*ends, kind.live, kind.queue),
                over=kind.index,
                committed=level == "atomic",
            )
        )
        found.append(
            Action(
                name=f"deliver_{kind.live}",
                actor="watch",
                function=actions.delivering(kind),
                writes=(kind.cache, kind.queue, "key"),
                over=kind.index,
                committed=lag == 0,
            )
        )
    by_name = {kind.name: kind for kind in kinds}
    found += [_rule(rule, by_name[rule.kind]) for rule in of.rules]
    if times["controller-restart"]:
        found.append(
            Action(
                name="restart_operator",
                actor="fault",
                function=actions.restarting(kinds),
                writes=(
                    *_SYNC,
                    "controller_restarts_left",
                    *(each.cache for each in kinds),
                    *(each.queue for each in kinds),
                ),
                fair="none",
            )
        )
    return found


_SYNC = ("key", "sync", "stale")


def _rule(rule: Rule, kind: actions.Kind) -> Action:
    left = (f"{rule.name}s_left",) if rule.times else ()
    return Action(
        name=rule.name,
        actor=rule.actor,
        function=actions.ruling(rule, kind),
        writes=(kind.live, kind.queue, "stale", *left),
        over=kind.index,
        fair=rule.fair,
    )


def _assumptions(of: Operator, level: str, lag: int, times: Mapping[str, int]) -> list[str]:
    faults = ", ".join(f"{fault}@{n}" for fault, n in times.items() if n) or "none"
    texts = [
        f"level {level}, lag {lag}",
        f"faults: {faults}",
        "the operator has just started, with caches that are up to date",
    ]
    if lag:
        texts.append(f"a writer waits while {lag} events of its kind are on their way")
    return texts


# ---- how a run is told ------------------------------------------------------------------------


def who(step: Any) -> str:
    """Who took a step."""
    return str(step.actor)


def summary(kinds: tuple[str, ...], state: Mapping[str, Any]) -> str:
    """The objects that there really are, in one line."""
    parts = []
    for kind in kinds:
        begin = f"{variable_of(kind)}["
        for cell, value in state.items():
            if cell.startswith(begin) and value is not None:
                parts.append(f"{kind} {cell.removeprefix(begin)[:-1]}: {_looks(value)}")
    return " | ".join(parts) or "nothing is there"


def _looks(value: Any) -> str:
    names = getattr(type(value), "__attrs_attrs__", None)
    if names is None:
        return str(value)
    return ", ".join(f"{each.name} {_plain(getattr(value, each.name))}" for each in names)


def _plain(value: Any) -> str:
    return (
        {True: "yes", False: "no", None: "-"}.get(value, str(value))
        if (value is None or isinstance(value, bool))
        else str(value)
    )
