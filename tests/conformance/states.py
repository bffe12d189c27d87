"""
Any state in which a sync may begin, reachable or not, as far as the API server would allow it.

What is drawn here is a state of the model; `seatrial.oracle.clusters` makes API objects of it.
Everything is valid: the API server would hold it, and a cache that is behind shows what was once
so.
"""

from typing import Any

from attrs import evolve

from seatrial.core import Population
from seatrial.model import (
    api,
    clock,
    collisions,
    controller_utils,
    deployment_conditions,
    informer,
    pods,
)
from seatrial.oracle.cases import Case, Setting, of_state

from .chance import Chance
from .law import possible

__all__ = [
    "arbitrary_deployment",
    "arbitrary_deployments",
    "arbitrary_replica_set",
    "arbitrary_replica_sets",
    "following",
]

Change = informer.Change
_OFTEN_NOT = (False, False, False, True)
_RARELY = (False,) * 9 + (True,)
_NOBODY, _ANOTHER, _ANEW = None, 7, 1
"""Owners of ReplicaSets besides the Deployment: none, another one, and its own successor."""
_FAULTS = ((0, 0), (0, 0), (1, 0), (0, 1), (2, 0), (1, 1))
"""How many requests may fail, and of how many the answer may be lost."""


# ---- parts ------------------------------------------------------------------------------------


def _replica_set_status(chance: Chance, most: int = 6) -> api.ReplicaSetStatus:
    """A status that validation lets pass."""
    replicas = chance.integer(0, most)
    ready = chance.integer(0, replicas)
    return api.ReplicaSetStatus(
        replicas=replicas,
        fully_labeled_replicas=chance.of((replicas, replicas // 2)),
        ready_replicas=ready,
        available_replicas=chance.of((ready, ready // 2, 0)),
        terminating_replicas=chance.of((None, 0, 0, 0, 1, 3)),
        observed_generation=chance.of(tuple(api.Observed)),
        replica_failure=chance.of((None, None, None, "FailedCreate", "FailedDelete")),
    )


_CONDITIONS = (
    None,
    ("True", deployment_conditions.NEW_REPLICA_SET_REASON),
    ("True", deployment_conditions.FOUND_NEW_RS_REASON),
    ("True", deployment_conditions.REPLICA_SET_UPDATED_REASON),
    ("True", deployment_conditions.NEW_RS_AVAILABLE_REASON),
    ("False", deployment_conditions.TIMED_OUT_REASON),
    ("False", deployment_conditions.FAILED_RS_CREATE_REASON),
    ("Unknown", deployment_conditions.PAUSED_DEPLOY_REASON),
    ("Unknown", deployment_conditions.RESUMED_DEPLOY_REASON),
)


def _bound(chance: Chance) -> api.IntOrPercent:
    if chance.of((True, False)):
        return api.IntOrPercent.absolute(chance.integer(0, 6))
    return api.IntOrPercent.percent(chance.integer(0, 100))


def _strategy(chance: Chance, recreate: bool) -> api.DeploymentStrategy:
    """How pods are replaced; a RollingUpdate that could never move is refused by validation."""
    if recreate:
        return api.RECREATE
    surge, unavailable = _bound(chance), _bound(chance)
    if surge.value == 0 == unavailable.value:
        surge = api.IntOrPercent.absolute(1)
    return api.rolling_update(max_surge=surge, max_unavailable=unavailable)


_LARGE = (46_341, 60_000, 3)
"""Sizes of which two make a product that does not fit into 32 bits."""


def _spec(chance: Chance, recreate: bool, templates: int, large: bool) -> api.DeploymentSpec:
    """What a user may ask for, with the defaults of the API server."""
    replicas = chance.integer(0, chance.of((6, 6, 30)))
    return api.DeploymentSpec(
        template=chance.integer(1, templates),
        replicas=chance.of(_LARGE) if large else replicas,
        paused=chance.of(_OFTEN_NOT),
        strategy=_strategy(chance, recreate),
        min_ready_seconds=chance.of((0, 0, 5)),
        revision_history_limit=chance.of((10, 0, 1, 2, api.MAX_INT32)),
        progress_deadline_seconds=chance.of((600, 600, 10, api.MAX_INT32)),
    )


def _deployment_status(chance: Chance, count: int = 0) -> api.DeploymentStatus:
    """A status that validation lets pass, with any conditions that the controller may write."""
    replicas = chance.integer(0, 8)
    ready = chance.integer(0, replicas)
    found: list[api.DeploymentCondition] = []
    available = chance.of((None, True, False))
    if available is not None:
        reason = (
            deployment_conditions.MINIMUM_REPLICAS_AVAILABLE
            if available
            else deployment_conditions.MINIMUM_REPLICAS_UNAVAILABLE
        )
        found.append(api.DeploymentCondition("Available", str(available), reason))  # type: ignore[arg-type]
    progressing = chance.of(_CONDITIONS)
    if progressing is not None:
        found.append(api.DeploymentCondition("Progressing", *progressing))  # type: ignore[arg-type]
    if chance.of(_RARELY):
        found.append(api.DeploymentCondition("ReplicaFailure", "True", "FailedCreate"))
    return api.DeploymentStatus(
        replicas=replicas,
        updated_replicas=chance.of((replicas, replicas // 2, 0)),
        ready_replicas=ready,
        available_replicas=chance.of((ready, ready // 2, 0)),
        unavailable_replicas=chance.of((0, 0, 1, 2)),
        terminating_replicas=chance.of((None, 0, 0, 2)),
        observed_generation=chance.of(tuple(api.Observed)),
        conditions=tuple(found),
        collision_count=count,
    )


_READY = api.PodKind("Running", ready=True, available=True)
_UNAVAILABLE = api.PodKind("Running", ready=True)


def _kind(chance: Chance, min_ready: bool) -> api.PodKind:
    return chance.of(
        (
            _READY,
            _UNAVAILABLE if min_ready else _READY,
            api.PodKind("Running"),
            api.PodKind("Pending"),
            api.PodKind("Unknown"),
            evolve(_READY, fully_labeled=False),
            api.PodKind("Failed"),
            api.PodKind("Succeeded"),
            pods.TERMINATING,
        )
    )


def _trail(chance: Chance, min_ready: bool) -> tuple[api.PodKind | None, ...]:
    """What the cache shows of a pod and what is so, which is the same for most."""
    kind = _kind(chance, min_ready)
    how = chance.of(("same", "same", "same", "new", "gone", "terminating", "other"))
    if how == "new":
        return (None, chance.of((pods.CREATED, kind)))
    if how == "gone":
        return (kind, None)
    if how == "terminating" and controller_utils.is_pod_active(kind):
        return (kind, pods.TERMINATING)
    if how == "other" and not kind.terminating:
        other = _kind(chance, min_ready)
        return (kind,) if other.terminating else (kind, other)
    return (kind,)


# ---- any state of a ReplicaSet ----------------------------------------------------------------


def arbitrary_replica_set(chance: Chance) -> Case:
    """A sync of a ReplicaSet with any pods, seen late or in time, and any expectations."""
    setting = Setting(
        consistency_store=chance.of((True, False)),
        terminating_replicas=chance.of((True, True, False)),
    )
    min_ready = chance.of((0, 0, 5))
    cached = api.ReplicaSet(
        template=1,
        created=1,
        replicas=chance.integer(0, 7),
        min_ready_seconds=min_ready,
        status=_replica_set_status(chance),
        desired_replicas=chance.of((None, 3)),
        revision=1,
        deleting=chance.of(_RARELY),
        owner=chance.of((0,) * 7 + (_NOBODY,)),
    )
    how = chance.of(("same",) * 5 + ("version", "generation", "gone", "new"))
    seen, live, events = _changed(chance, cached, how)
    found: dict[pods.Pod, int] = {}
    for _ in range(chance.integer(0, 4)):
        trail = _trail(chance, min_ready > 0)
        each = pods.Pod(trail, orphaned=how == "gone")
        named = chance.of(_OFTEN_NOT) and each.seen is not None and not each.seen.terminating
        found[evolve(each, named=named)] = chance.integer(1, 3)
    if how == "new":
        found = {}
    expected = controller_utils.Expectations(
        chance.of((0, 0, 0, 1, 2)),
        sum(n for pod, n in found.items() if pod.named),
    )
    if chance.of(_OFTEN_NOT):
        expected = expected.expire()
    values: dict[str, Any] = {
        "replica_set[1]": live,
        "replica_set_cache[1]": seen,
        "replica_set_queue": events,
        "expectations[1]": expected,
        "pods[1]": Population(found),
    }
    case = of_state(setting, "replicaset", 1, values)
    return _faulty(chance, case, of_a_sync=abs(cached.replicas - sum(found.values())))


def _changed(
    chance: Chance, cached: api.ReplicaSet, how: str
) -> tuple[api.ReplicaSet | None, api.ReplicaSet | None, informer.Queue]:
    """What the cache shows, what is so, and the events between."""
    key = cached.template
    if how == "version":
        live = evolve(cached, status=_replica_set_status(chance))
        own = chance.of((False, True))
        return cached, live, (informer.Event(key, live, Change.VERSION, own),)
    if how == "owner":
        live = evolve(cached, owner=chance.of((0, _NOBODY, _ANOTHER)))
        return cached, live, (informer.Event(key, live, Change.VERSION),)
    if how == "generation":
        behind = cached.status.observed_generation
        behind = api.Observed.NEVER if behind is api.Observed.NEVER else api.Observed.BEHIND
        live = evolve(
            cached,
            replicas=chance.integer(0, 6),
            status=evolve(cached.status, observed_generation=behind),
        )
        return cached, live, (informer.Event(key, live, Change.GENERATION),)
    if how == "gone":
        return cached, None, (informer.Event(key, None, Change.IDENTITY),)
    if how == "new":
        return None, cached, (informer.Event(key, cached, Change.IDENTITY),)
    return cached, cached, ()


def _faulty(chance: Chance, case: Case, of_a_sync: int) -> Case:
    """Sometimes a request fails or its answer is lost: rarely where that makes many outcomes."""
    if of_a_sync > 4:
        return case
    failures, unknowns = chance.of(_FAULTS)
    setting = evolve(case.setting, write_faults=failures + unknowns > 0)
    return evolve(case, setting=setting, failures=failures, unknowns=unknowns)


# ---- any state of a Deployment ----------------------------------------------------------------


def arbitrary_deployment(chance: Chance) -> Case:
    """A sync of a Deployment with any ReplicaSets, status and annotations, seen late or in time."""
    templates = chance.of((2, 4))  # a system has to be composed for each
    recreate = chance.of(_OFTEN_NOT)
    setting = Setting(
        recreate=recreate,
        templates=templates,
        terminating_replicas=chance.of((True, True, False)),
        collides=chance.of((False, False, True)),
    )
    large = chance.of(_RARELY)
    spec = _spec(chance, recreate, templates, large)
    cached = api.Deployment(
        spec=spec,
        status=_deployment_status(chance, chance.of((0, 0, 1)) if setting.collides else 0),
        revision=chance.of((None, 1, 1, 2)),
        rollback_to=chance.of((None,) * 12 + (0, 1, 2, 7)),
        deleting=chance.of(_RARELY),
    )
    live, events = _changed_deployment(chance, cached, templates, setting.collides)
    values: dict[str, Any] = {
        "deployment": live,
        "deployment_cache": cached,
        "deployment_queue": events,
        "deadline": chance.of(("running", "passed")),
    }
    values["deadline"] = _deadline(values)
    values |= _replica_sets(chance, spec, templates, setting.collides, large)
    if setting.collides:
        values["names_taken"] = _names_taken(chance, cached, values, templates)
    if recreate:
        for template in range(1, templates + 1):
            trails = [_trail(chance, False) for _ in range(chance.integer(0, 2))]
            if values[f"replica_set_cache[{template}]"] is None:
                trails = []
            values[f"pods[{template}]"] = Population((pods.Pod(trail), 1) for trail in trails)
    return _faulty(chance, of_state(setting, "deployment", 0, values), of_a_sync=0)


def _deadline(values: dict[str, Any]) -> str:
    """Whether it has passed; off where the model keeps no date."""
    cached = values["deployment_cache"]
    if cached is None or clock.deadline_after("running", cached, renewed=False) == "off":
        return "off"
    return "running" if values["deadline"] == "off" else str(values["deadline"])


def arbitrary_deployments(chance: Chance) -> list[Case]:
    """A sync of a Deployment, and some of those that follow when the caches have caught up."""
    cases = [arbitrary_deployment(chance)]
    for _ in range(chance.of((0, 0, 1, 2, 4))):
        cases.append(following(cases[-1]))
    return cases


def arbitrary_replica_sets(chance: Chance) -> list[Case]:
    """A sync of a ReplicaSet."""
    return [arbitrary_replica_set(chance)]


def _names_taken(
    chance: Chance, cached: api.Deployment, values: dict[str, Any], templates: int
) -> frozenset[collisions.TakenName]:
    """Names that others have: the next one that is asked for, and one after a collision more."""
    found = []
    count = cached.status.collision_count
    for template in range(1, templates + 1):
        free = (
            values[f"replica_set[{template}]"] is None
            and values[f"replica_set_cache[{template}]"] is None
        )
        if free and chance.of((True, False)):
            found.append(collisions.TakenName(template, count, chance.of((True, True, False))))
        if chance.of(_RARELY):
            found.append(collisions.TakenName(template, count + 1, chance.of((True, False))))
    return frozenset(found)


def following(case: Case) -> Case:
    """
    The sync after this one, when the caches show what the first outcome of this one has left.

    A status that is right already, and so a sync without a request, is seldom drawn by chance.
    """
    expected = possible(case)
    left = next(iter(expected)) if len(expected) == 1 else min(expected, key=repr)
    ranks = {
        template: rs.created
        for template in range(1, case.setting.templates + 1)
        for rs in [case.value("replica_set_cache", template) or case.value("replica_set", template)]
        if rs is not None
    }
    values = case.values | {
        "deployment": left.deployment,
        "deployment_cache": left.deployment,
        "deployment_queue": (),
        "replica_set_queue": (),
    }
    values["deadline"] = _deadline(values)
    for template, rs in left.replica_sets:
        if rs is not None:
            youngest = 1 + max(ranks.values(), default=0)
            rs = evolve(rs, created=ranks.get(template, youngest))
        values[f"replica_set[{template}]"] = values[f"replica_set_cache[{template}]"] = rs
    if case.setting.collides:
        # With another count its ReplicaSets are written under other names, which must be free.
        there = {template for template, rs in left.replica_sets if rs is not None}
        names = (each for each in values["names_taken"] if each.template not in there)
        values["names_taken"] = frozenset(names)
    after = of_state(case.setting, case.controller, case.template, values)
    return evolve(after, failures=case.failures, unknowns=case.unknowns)


def _changed_deployment(
    chance: Chance, cached: api.Deployment, templates: int, collides: bool
) -> tuple[api.Deployment | None, informer.Queue]:
    anew = ("anew",) if collides else ()
    how = chance.of(("same",) * 7 + ("version", "generation", "gone", "deleting", *anew))
    behind = cached.status.observed_generation
    behind = api.Observed.NEVER if behind is api.Observed.NEVER else api.Observed.BEHIND
    late = evolve(cached.status, observed_generation=behind)
    if how == "version":
        count = cached.status.collision_count
        live = evolve(cached, status=_deployment_status(chance, count))
        return live, (informer.Event(0, live, Change.VERSION),)
    if how == "generation":
        template = chance.integer(1, templates)
        live = evolve(cached, spec=evolve(cached.spec, template=template), status=late)
        return live, (informer.Event(0, live, Change.GENERATION),)
    if how == "deleting":
        live = evolve(cached, deleting=True, status=late)
        return live, (informer.Event(0, live, Change.GENERATION),)
    if how == "gone":
        return None, (informer.Event(0, None, Change.IDENTITY),)
    if how == "anew":
        live = api.Deployment(cached.spec, uid=_ANEW)
        gone = informer.Event(0, None, Change.IDENTITY)
        return live, (gone, informer.Event(0, live, Change.IDENTITY))
    return cached, ()


def _replica_sets(
    chance: Chance, spec: api.DeploymentSpec, templates: int, collides: bool, large: bool
) -> dict[str, Any]:
    """
    ReplicaSets of some of the templates, and what the caches show of them; in some states most are
    as they are when a rollout is complete.

    One that the Deployment neither owns nor adopts has a name that a new one may ask for, which the
    model follows to its end only with `collides`.
    """
    complete = chance.of(_OFTEN_NOT)
    values: dict[str, Any] = {}
    queue: tuple[informer.Event, ...] = ()
    ranks = list(range(1, templates + 1))
    for template in range(1, templates + 1):
        rank = ranks.pop(chance.integer(0, len(ranks) - 1))
        seen = live = None
        if chance.of((True, True, True, False)):
            cached = _replica_set(chance, template, rank, spec, large)
            if complete and chance.of((True,) * 7 + (False,)):
                cached = _rolled_out(cached, spec)
            if not collides and cached.owner != 0:
                cached = evolve(cached, owner=_NOBODY, deleting=False)
            owner = ("owner",) if collides else ()
            how = chance.of(("same",) * 12 + ("version", "generation", "gone", "new", *owner))
            seen, live, events = _changed(chance, cached, how)
            queue += events
        values[f"replica_set[{template}]"] = live
        values[f"replica_set_cache[{template}]"] = seen
    values["replica_set_queue"] = queue
    return values


def _rolled_out(of: api.ReplicaSet, spec: api.DeploymentSpec) -> api.ReplicaSet:
    """The ReplicaSet when all pods are of the Deployment's template."""
    replicas = spec.replicas if of.template == spec.template else 0
    status = api.ReplicaSetStatus(*(replicas,) * 4, terminating_replicas=0)
    return evolve(of, replicas=replicas, status=status, desired_replicas=spec.replicas, owner=0)


def _replica_set(
    chance: Chance, template: int, rank: int, spec: api.DeploymentSpec, large: bool
) -> api.ReplicaSet:
    """A ReplicaSet of a Deployment; `large` ones have sizes whose products overflow 32 bits."""
    desired = chance.of((None, spec.replicas, spec.replicas, 3, 50_000))
    replicas = chance.of((0, 0, 1, 2, 3, 5, 8, spec.replicas))
    if large:
        replicas = chance.of(_LARGE)
    honest = api.ReplicaSetStatus(*(replicas,) * 4, terminating_replicas=0)
    return api.ReplicaSet(
        template=template,
        created=rank,
        replicas=replicas,
        min_ready_seconds=chance.of((spec.min_ready_seconds,) * 5 + (7,)),
        status=honest if chance.of((True, False)) else _replica_set_status(chance),
        desired_replicas=desired,
        max_replicas=chance.of((None, desired, spec.replicas + 1, 4, 0)),
        revision=chance.of((None, 1, 2, 3, 5)),
        deleting=chance.of(_RARELY),
        owner=chance.of((0,) * 12 + (_NOBODY, _NOBODY, _ANOTHER)),
    )
