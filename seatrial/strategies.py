"""
Hypothesis strategies for tests of, and with, Seatrial: manifests, environments, schedules, states.

All shrink towards what is small and usual: fields that are left out, few replicas, no users, no
faults, short runs of the actions that are declared first.

>>> from hypothesis import find
>>> found = find(manifests(("Deployment",)), lambda each: each["spec"].get("replicas", 1) > 2)
>>> found["kind"], found["spec"]["replicas"], "strategy" in found["spec"]
('Deployment', 3, False)
"""

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from functools import cache
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from seatrial.core import System, ground
from seatrial.engines.stateful import Visits, schedules
from seatrial.model import Environment, environment

from .kinds import KINDS

__all__ = [
    "Document",
    "environments",
    "invalid_manifests",
    "manifests",
    "schedules",
    "states",
    "trials",
]

Document = dict[str, Any]
"""A manifest as YAML or JSON would give it."""

_NAMES = st.sampled_from(("web", "db", "a", "worker-2", "x" * 40))
_IMAGES = st.sampled_from(("nginx:1.29", "nginx:1.30", "registry.example/team/app@sha256:0"))
_SHARES = st.integers(1, 100).map(lambda each: f"{each}%")


# ---- valid manifests --------------------------------------------------------------------------


def manifests(kinds: Sequence[str] = tuple(KINDS)) -> SearchStrategy[Document]:
    """Manifests of these kinds that the API server would accept, small ones and defaults first."""
    return st.sampled_from(tuple(kinds)).flatmap(_valid)


def _object(kind: str, version: str, spec: SearchStrategy[Document]) -> SearchStrategy[Document]:
    return st.fixed_dictionaries(
        {
            "apiVersion": st.just(version),
            "kind": st.just(kind),
            "metadata": st.fixed_dictionaries(
                {"name": _NAMES}, optional={"namespace": st.sampled_from(("default", "prod"))}
            ),
            "spec": spec,
        }
    )


def _pods(restarts: Sequence[str] = ()) -> SearchStrategy[Document]:
    """A template of pods with the labels that a selector asks for."""
    container = st.fixed_dictionaries(
        {"name": st.just("main"), "image": _IMAGES},
        optional={"ports": st.just([{"containerPort": 80}])},
    )
    other = st.fixed_dictionaries({"name": st.just("sidecar"), "image": _IMAGES})
    spec: dict[str, SearchStrategy[Any]] = {
        "containers": st.builds(
            lambda one, more: [one, *more], container, st.lists(other, max_size=1)
        ),
    }
    if restarts:
        spec["restartPolicy"] = st.sampled_from(tuple(restarts))
    labels = st.fixed_dictionaries(
        {"app": st.just("it")}, optional={"tier": st.sampled_from(("front", "back"))}
    )
    return st.fixed_dictionaries(
        {
            "metadata": st.fixed_dictionaries({"labels": labels}),
            "spec": st.fixed_dictionaries(
                spec, optional={"terminationGracePeriodSeconds": st.integers(0, 60)}
            ),
        }
    )


def _selected(more: dict[str, SearchStrategy[Any]]) -> dict[str, SearchStrategy[Any]]:
    return {"selector": st.just({"matchLabels": {"app": "it"}}), "template": _pods(), **more}


def _deployment() -> SearchStrategy[Document]:
    some, none = st.integers(1, 9) | _SHARES, st.sampled_from((0, "0%"))
    rolling = st.one_of(
        st.fixed_dictionaries({}, optional={"maxSurge": some, "maxUnavailable": some}),
        st.fixed_dictionaries({"maxSurge": none, "maxUnavailable": some}),
        st.fixed_dictionaries({"maxSurge": some, "maxUnavailable": none}),
    )
    strategy = st.one_of(
        st.fixed_dictionaries(
            {}, optional={"type": st.just("RollingUpdate"), "rollingUpdate": rolling}
        ),
        st.just({"type": "Recreate"}),
    )
    spec = st.fixed_dictionaries(
        _selected({}),
        optional={
            "replicas": st.integers(0, 5),
            "strategy": strategy,
            "paused": st.booleans(),
            "minReadySeconds": st.integers(0, 60),
            "revisionHistoryLimit": st.integers(0, 10),
            "progressDeadlineSeconds": st.integers(61, 600),
        },
    )
    return _object("Deployment", "apps/v1", spec)


def _stateful_set() -> SearchStrategy[Document]:
    update = st.one_of(
        st.fixed_dictionaries(
            {},
            optional={
                "type": st.just("RollingUpdate"),
                "rollingUpdate": st.fixed_dictionaries(
                    {}, optional={"partition": st.integers(0, 5)}
                ),
            },
        ),
        st.just({"type": "OnDelete"}),
    )
    claim = st.fixed_dictionaries(
        {
            "metadata": st.just({"name": "data"}),
            "spec": st.fixed_dictionaries(
                {
                    "accessModes": st.sampled_from((["ReadWriteOnce"], ["ReadWriteMany"])),
                    "resources": st.just({"requests": {"storage": "1Gi"}}),
                }
            ),
        }
    )
    kept = st.sampled_from(("Retain", "Delete"))
    spec = st.fixed_dictionaries(
        _selected({"serviceName": st.just("it")}),
        optional={
            "replicas": st.integers(0, 4),
            "podManagementPolicy": st.sampled_from(("OrderedReady", "Parallel")),
            "updateStrategy": update,
            "ordinals": st.fixed_dictionaries({"start": st.integers(0, 3)}),
            "minReadySeconds": st.integers(0, 60),
            "revisionHistoryLimit": st.integers(0, 10),
            "volumeClaimTemplates": st.lists(claim, max_size=1),
            "persistentVolumeClaimRetentionPolicy": st.fixed_dictionaries(
                {}, optional={"whenDeleted": kept, "whenScaled": kept}
            ),
        },
    )
    return _object("StatefulSet", "apps/v1", spec)


def _job() -> SearchStrategy[Document]:
    usual: dict[str, SearchStrategy[Any]] = {
        "parallelism": st.integers(0, 4),
        "suspend": st.booleans(),
        "activeDeadlineSeconds": st.integers(1, 600),
        "ttlSecondsAfterFinished": st.integers(0, 600),
        "podReplacementPolicy": st.sampled_from(("TerminatingOrFailed", "Failed")),
    }
    template = {"template": _pods(("Never", "OnFailure"))}
    counted = st.fixed_dictionaries(
        template,
        optional={**usual, "completions": st.integers(0, 4), "backoffLimit": st.integers(0, 6)},
    )
    indexed = st.fixed_dictionaries(
        {
            **template,
            "completionMode": st.just("Indexed"),
            "completions": st.integers(0, 4),
        },
        optional={**usual, "backoffLimit": st.integers(0, 6)},
    )
    by_index = st.fixed_dictionaries(
        {
            "template": _pods(("Never",)),
            "completionMode": st.just("Indexed"),
            "completions": st.integers(1, 4),
            "backoffLimitPerIndex": st.integers(0, 3),
        },
        optional={**usual, "maxFailedIndexes": st.integers(0, 1)},
    )
    return _object("Job", "batch/v1", st.one_of(counted, indexed, by_index))


_VALID: dict[str, Callable[[], SearchStrategy[Document]]] = {
    "Deployment": _deployment,
    "StatefulSet": _stateful_set,
    "Job": _job,
}


@cache  # Hypothesis looks at each new strategy before it draws, which takes longer than drawing
def _valid(kind: str) -> SearchStrategy[Document]:
    return _VALID[kind]().map(deepcopy)  # so that whoever changes a manifest changes no other


# ---- invalid manifests ------------------------------------------------------------------------


_GONE = object()

Flaw = tuple[tuple[str | int, ...], Any]
"""Where in a valid manifest, and what stands there instead; `_GONE`: the field is left out."""

_ANY: tuple[Flaw, ...] = (
    (("metadata", "name"), "Web_1"),
    (("metadata", "name"), ""),
    (("metadata",), _GONE),
    (("spec",), _GONE),
    (("spec", "template"), _GONE),
    (("spec", "replica"), 3),
    (("spec", "template", "spec", "containers"), []),
    (("spec", "template", "spec", "containers", 0, "image"), _GONE),
    (("spec", "template", "spec", "containers", 0, "name"), "Main!"),
    (("spec", "template", "spec", "restartPolicy"), "Sometimes"),
)
_SELECTED: tuple[Flaw, ...] = (
    (("spec", "selector"), _GONE),
    (("spec", "selector"), {"matchLabels": {"app": "another"}}),
    (("spec", "selector"), {}),
    (("spec", "replicas"), -1),
    (("spec", "replicas"), "3"),
    (("spec", "replicas"), 1.5),
    (("spec", "minReadySeconds"), -1),
    (("spec", "template", "spec", "restartPolicy"), "Never"),
)
_FLAWS: Mapping[str, tuple[Flaw, ...]] = {
    "Deployment": (
        *_SELECTED,
        (("spec", "strategy"), {"rollingUpdate": {"maxSurge": 0, "maxUnavailable": 0}}),
        (("spec", "strategy"), {"type": "Recreate", "rollingUpdate": {"maxSurge": 1}}),
        (("spec", "strategy"), {"type": "BlueGreen"}),
        (("spec", "strategy"), {"rollingUpdate": {"maxUnavailable": "101%"}}),
        (("spec", "progressDeadlineSeconds"), 0),
    ),
    "StatefulSet": (
        *_SELECTED,
        (("spec", "podManagementPolicy"), "Sometimes"),
        (("spec", "updateStrategy"), {"rollingUpdate": {"partition": -1}}),
        (("spec", "updateStrategy"), {"type": "OnDelete", "rollingUpdate": {"partition": 1}}),
        (("spec", "ordinals"), {"start": -1}),
        (("spec", "volumeClaimTemplates"), [{"metadata": {"name": "data"}, "spec": {}}]),
    ),
    "Job": (
        (("spec", "template", "spec", "restartPolicy"), "Always"),
        (("spec", "parallelism"), -1),
        (("spec", "completions"), "all"),
        (("spec", "backoffLimit"), -1),
        (("spec", "completionMode"), "Sorted"),
        (("spec", "selector"), {"matchLabels": {"app": "it"}}),
        (("spec", "successPolicy"), {"rules": []}),
        (("spec", "activeDeadlineSeconds"), -5),
    ),
}


def invalid_manifests(kinds: Sequence[str] = tuple(KINDS)) -> SearchStrategy[Document]:
    """Manifests that the API server would refuse for one reason, valid otherwise."""

    return st.sampled_from(tuple(kinds)).flatmap(_invalid)


@cache
def _invalid(kind: str) -> SearchStrategy[Document]:
    return st.builds(_flawed, _valid(kind), st.sampled_from((*_ANY, *_FLAWS[kind])))


def _flawed(valid: Any, flaw: Flaw) -> Any:
    """A copy of a manifest with a flaw in it."""
    path, instead = flaw
    step, *rest = path
    if isinstance(step, int):
        return [
            _flawed(each, (tuple(rest), instead)) if at == step else each
            for at, each in enumerate(valid)
        ]
    found = dict(valid)
    if rest:
        found[step] = _flawed(found.get(step, {}), (tuple(rest), instead))
    elif instead is _GONE:
        found.pop(step, None)
    else:
        found[step] = deepcopy(instead)
    return found


# ---- environments and trials ------------------------------------------------------------------

_VALUES: Mapping[str, SearchStrategy[str | None]] = {
    "scale": st.integers(0, 4).map(str),
    "set-partition": st.integers(0, 3).map(str),
    "set-parallelism": st.integers(0, 3).map(str),
    "set-completions": st.integers(1, 3).map(str),
    "set-backoff-limit": st.integers(0, 2).map(str),
    "set-active-deadline": st.integers(0, 60).map(str) | st.just("none"),
    "set-ttl": st.integers(0, 60).map(str) | st.just("none"),
    "set-max-failed-indexes": st.sampled_from(("0", "1", "none")),
    "set-retention": st.sampled_from(environment.RETENTIONS),
    "delete": st.sampled_from((None, *environment.PROPAGATIONS)),
}


def environments(kind: str = "Deployment", *, most: int = 2) -> SearchStrategy[Environment]:
    """What may surround a workload of this kind: at most so many kinds of users and of faults."""
    return _environments(kind, most)


@cache
def _environments(kind: str, most: int) -> SearchStrategy[Environment]:
    known = KINDS[kind]

    def budgets(names: frozenset[str], side: Any) -> SearchStrategy[tuple[Any, ...]]:
        chosen = st.lists(st.sampled_from(sorted(names)), max_size=most, unique=True)
        return chosen.flatmap(lambda some: st.tuples(*map(_written, some))).map(
            lambda texts: environment.budgets(texts, side) if texts else ()
        )

    def made(users: Any, faults: Any, level: Any, lag: int, slow: int) -> Environment:
        needed = 2 if any(each.name == "relist" for each in faults) else 0
        return Environment(users=users, faults=faults, level=level, lag=max(lag, needed), slow=slow)

    return st.builds(
        made,
        budgets(known.users, "users"),
        budgets(known.faults, "faults"),
        st.sampled_from(environment.LEVELS),
        st.integers(0, 2),
        st.integers(0, 1),
    )


@cache
def _written(name: str) -> SearchStrategy[str]:
    """A budget as people write it."""
    values = _VALUES.get(name, st.none())
    return st.builds(
        lambda value, times: f"{name}{'' if value is None else f':{value}'}@{times}",
        values,
        st.integers(1, 2),
    )


def trials(
    kinds: Sequence[str] = tuple(KINDS), *, most: int = 2
) -> SearchStrategy[tuple[Document, Environment]]:
    """Valid manifests, each with an environment of its kind."""
    return st.sampled_from(tuple(kinds)).flatmap(lambda kind: _trials(kind, most))


@cache
def _trials(kind: str, most: int) -> SearchStrategy[tuple[Document, Environment]]:
    return st.tuples(_valid(kind), _environments(kind, most))


# ---- states -----------------------------------------------------------------------------------


def states(system: System, *, steps: int = 50) -> SearchStrategy[dict[str, Any]]:
    """
    States of a system that some run of at most so many steps ends in, by cell as in a trace.

    They shrink towards an initial state. Errors of the system's rules are raised as they are drawn.
    """
    visits = Visits(ground(system))
    drawn = schedules(visits.starts, steps, rests=False)
    return st.builds(visits.after, drawn, st.integers(0, steps))
