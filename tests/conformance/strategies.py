"""
States in which a sync may begin: reached by a model's own run, or any that the API server allows.

What is drawn here is a state of the model; `clusters` makes API objects of it. Everything is valid:
the API server would hold it, and a cache that is behind shows what was once so.
"""

from collections.abc import Iterable
from random import Random
from typing import Any, Literal

from attrs import evolve
from hypothesis import strategies as st

from seatrial.core import Ground, Population, enabled_steps, ground, successor
from seatrial.model import (
    Environment,
    api,
    controller_utils,
    deployment_conditions,
    environment,
    informer,
    pods,
    workload,
)
from seatrial.oracle.cases import Case, Controller, Setting, of_state
from seatrial.oracle.outcomes import outcomes

__all__ = ["arbitrary_deployments", "arbitrary_replica_sets", "reachable"]

Change = informer.Change
_SMALL = st.integers(0, 6)
_OFTEN_NOT = st.sampled_from((False, False, False, True))
_RARELY = st.sampled_from((False,) * 9 + (True,))


# ---- parts ------------------------------------------------------------------------------------


@st.composite
def replica_set_statuses(draw: st.DrawFn, most: int = 6) -> api.ReplicaSetStatus:
    """A status that validation lets pass."""
    replicas = draw(st.integers(0, most))
    ready = draw(st.integers(0, replicas))
    return api.ReplicaSetStatus(
        replicas=replicas,
        fully_labeled_replicas=draw(st.sampled_from((replicas, replicas // 2))),
        ready_replicas=ready,
        available_replicas=draw(st.sampled_from((ready, ready // 2, 0))),
        terminating_replicas=draw(st.sampled_from((None, 0, 0, 0, 1, 3))),
        observed_generation=draw(st.sampled_from(api.Observed)),
        replica_failure=draw(st.sampled_from((None, None, None, "FailedCreate", "FailedDelete"))),
    )


bounds = st.one_of(
    st.builds(api.IntOrPercent.absolute, st.integers(0, 6)),
    st.builds(api.IntOrPercent.percent, st.integers(0, 100)),
)
conditions = st.sampled_from(
    (
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
)


@st.composite
def strategies(draw: st.DrawFn, recreate: bool) -> api.DeploymentStrategy:
    """How pods are replaced; a RollingUpdate that could never move is refused by validation."""
    if recreate:
        return api.RECREATE
    surge, unavailable = draw(bounds), draw(bounds)
    if surge.value == 0 == unavailable.value:
        surge = api.IntOrPercent.absolute(1)
    return api.rolling_update(max_surge=surge, max_unavailable=unavailable)


@st.composite
def specs(draw: st.DrawFn, recreate: bool, templates: int) -> api.DeploymentSpec:
    """What a user may ask for, with the defaults of the API server."""
    deadline = draw(st.sampled_from((600, 600, 10, api.MAX_INT32)))
    return api.DeploymentSpec(
        template=draw(st.integers(1, templates)),
        replicas=draw(st.one_of(_SMALL, _SMALL, st.integers(0, 30))),
        paused=draw(_OFTEN_NOT),
        strategy=draw(strategies(recreate)),
        min_ready_seconds=draw(st.sampled_from((0, 0, 5))),
        revision_history_limit=draw(st.sampled_from((10, 0, 1, 2, api.MAX_INT32))),
        progress_deadline_seconds=deadline,
    )


@st.composite
def deployment_statuses(draw: st.DrawFn) -> api.DeploymentStatus:
    """A status that validation lets pass, with any conditions that the controller may write."""
    replicas = draw(st.integers(0, 8))
    ready = draw(st.integers(0, replicas))
    found: list[api.DeploymentCondition] = []
    available = draw(st.sampled_from((None, True, False)))
    if available is not None:
        reason = (
            deployment_conditions.MINIMUM_REPLICAS_AVAILABLE
            if available
            else deployment_conditions.MINIMUM_REPLICAS_UNAVAILABLE
        )
        found.append(api.DeploymentCondition("Available", str(available), reason))  # type: ignore[arg-type]
    progressing = draw(conditions)
    if progressing is not None:
        found.append(api.DeploymentCondition("Progressing", *progressing))  # type: ignore[arg-type]
    if draw(_RARELY):
        found.append(api.DeploymentCondition("ReplicaFailure", "True", "FailedCreate"))
    return api.DeploymentStatus(
        replicas=replicas,
        updated_replicas=draw(st.sampled_from((replicas, replicas // 2, 0))),
        ready_replicas=ready,
        available_replicas=draw(st.sampled_from((ready, ready // 2, 0))),
        unavailable_replicas=draw(st.sampled_from((0, 0, 1, 2))),
        terminating_replicas=draw(st.sampled_from((None, 0, 0, 2))),
        observed_generation=draw(st.sampled_from(api.Observed)),
        conditions=tuple(found),
    )


def _kinds(min_ready: bool) -> st.SearchStrategy[api.PodKind]:
    ready = api.PodKind("Running", ready=True, available=True)
    return st.sampled_from(
        (
            ready,
            evolve(ready, available=not min_ready),
            api.PodKind("Running"),
            api.PodKind("Pending"),
            api.PodKind("Unknown"),
            evolve(ready, fully_labeled=False),
            api.PodKind("Failed"),
            api.PodKind("Succeeded"),
            pods.TERMINATING,
        )
    )


@st.composite
def trails(draw: st.DrawFn, min_ready: bool) -> tuple[api.PodKind | None, ...]:
    """What the cache shows of a pod and what is so, which is the same for most."""
    kind = draw(_kinds(min_ready))
    how = draw(st.sampled_from(("same", "same", "same", "new", "gone", "terminating", "other")))
    if how == "new":
        return (None, draw(st.sampled_from((pods.CREATED, kind))))
    if how == "gone":
        return (kind, None)
    if how == "terminating" and controller_utils.is_pod_active(kind):
        return (kind, pods.TERMINATING)
    if how == "other" and not kind.terminating:
        return (kind, draw(_kinds(min_ready).filter(lambda other: not other.terminating)))
    return (kind,)


# ---- any state of a ReplicaSet ----------------------------------------------------------------


@st.composite
def arbitrary_replica_sets(draw: st.DrawFn) -> Case:
    """A sync of a ReplicaSet with any pods, seen late or in time, and any expectations."""
    setting = Setting(
        consistency_store=draw(st.sampled_from((True, False))),
        terminating_replicas=draw(st.sampled_from((True, True, False))),
    )
    min_ready = draw(st.sampled_from((0, 0, 5)))
    cached = api.ReplicaSet(
        template=1,
        created=1,
        replicas=draw(st.integers(0, 7)),
        min_ready_seconds=min_ready,
        status=draw(replica_set_statuses()),
        desired_replicas=draw(st.sampled_from((None, 3))),
        revision=1,
        deleting=draw(_RARELY),
    )
    how = draw(st.sampled_from(("same",) * 5 + ("version", "generation", "gone", "new")))
    seen, live, events = _changed(draw, cached, how)
    found: dict[pods.Pod, int] = {}
    for _ in range(draw(st.integers(0, 4))):
        trail = draw(trails(min_ready > 0))
        each = pods.Pod(trail, orphaned=how == "gone")
        named = draw(_OFTEN_NOT) and each.seen is not None and not each.seen.terminating
        found[evolve(each, named=named)] = draw(st.integers(1, 3))
    if how == "new":
        found = {}
    expected = controller_utils.Expectations(
        draw(st.sampled_from((0, 0, 0, 1, 2))),
        sum(n for pod, n in found.items() if pod.named),
    )
    if draw(_OFTEN_NOT):
        expected = expected.expire()
    values: dict[str, Any] = {
        "replica_set[1]": live,
        "replica_set_cache[1]": seen,
        "replica_set_queue": events,
        "expectations[1]": expected,
        "pods[1]": Population(found),
    }
    case = of_state(setting, "replicaset", 1, values)
    return _faulty(draw, case, of_a_sync=abs(cached.replicas - sum(found.values())))


def _changed(
    draw: st.DrawFn, cached: api.ReplicaSet, how: str
) -> tuple[api.ReplicaSet | None, api.ReplicaSet | None, informer.Queue]:
    """What the cache shows, what is so, and the events between."""
    key = cached.template
    if how == "version":
        live = evolve(cached, status=draw(replica_set_statuses()))
        return cached, live, (informer.Event(key, live, Change.VERSION, draw(st.booleans())),)
    if how == "generation":
        behind = cached.status.observed_generation
        behind = api.Observed.NEVER if behind is api.Observed.NEVER else api.Observed.BEHIND
        live = evolve(
            cached,
            replicas=draw(_SMALL),
            status=evolve(cached.status, observed_generation=behind),
        )
        return cached, live, (informer.Event(key, live, Change.GENERATION),)
    if how == "gone":
        return cached, None, (informer.Event(key, None, Change.IDENTITY),)
    if how == "new":
        return None, cached, (informer.Event(key, cached, Change.IDENTITY),)
    return cached, cached, ()


def _faulty(draw: st.DrawFn, case: Case, of_a_sync: int) -> Case:
    """Sometimes a request fails or its answer is lost: rarely where that makes many outcomes."""
    if of_a_sync > 4:
        return case
    failures, unknowns = draw(st.sampled_from(((0, 0), (0, 0), (1, 0), (0, 1), (2, 0), (1, 1))))
    setting = evolve(case.setting, write_faults=failures + unknowns > 0)
    return evolve(case, setting=setting, failures=failures, unknowns=unknowns)


# ---- any state of a Deployment ----------------------------------------------------------------


@st.composite
def arbitrary_deployments(draw: st.DrawFn) -> Case:
    """A sync of a Deployment with any ReplicaSets, status and annotations, seen late or in time."""
    templates = draw(st.integers(2, 4))
    recreate = draw(_OFTEN_NOT)
    setting = Setting(
        recreate=recreate,
        templates=templates,
        terminating_replicas=draw(st.sampled_from((True, True, False))),
    )
    spec = draw(specs(recreate, templates))
    cached = api.Deployment(
        spec=spec,
        status=draw(deployment_statuses()),
        revision=draw(st.sampled_from((None, 1, 1, 2))),
        rollback_to=draw(st.sampled_from((None,) * 12 + (0, 1, 2, 7))),
        deleting=draw(_RARELY),
    )
    live, events = _changed_deployment(draw, cached, templates)
    values: dict[str, Any] = {
        "deployment": live,
        "deployment_cache": cached,
        "deployment_queue": events,
        "deadline": draw(st.sampled_from(("running", "passed"))),
    }
    values |= _replica_sets(draw, spec, templates, large=draw(_RARELY))
    if recreate:
        for template in range(1, templates + 1):
            kinds = draw(st.lists(trails(False), max_size=2))
            if values[f"replica_set_cache[{template}]"] is None:
                kinds = []
            values[f"pods[{template}]"] = Population((pods.Pod(trail), 1) for trail in kinds)
    case = of_state(setting, "deployment", 0, values)
    for _ in range(draw(st.sampled_from((0, 0, 1, 2, 4)))):
        case = following(case)
    return _faulty(draw, case, of_a_sync=0)


def following(case: Case) -> Case:
    """
    The sync after this one, when the caches show what the first outcome of this one has left.

    A status that is right already, and so a sync without a request, is seldom drawn by chance.
    """
    left = min(outcomes(case), key=repr)
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
    for template, rs in left.replica_sets:
        if rs is not None:
            youngest = 1 + max(ranks.values(), default=0)
            rs = evolve(rs, created=ranks.get(template, youngest))
        values[f"replica_set[{template}]"] = values[f"replica_set_cache[{template}]"] = rs
    return of_state(case.setting, case.controller, case.template, values)


def _changed_deployment(
    draw: st.DrawFn, cached: api.Deployment, templates: int
) -> tuple[api.Deployment | None, informer.Queue]:
    how = draw(st.sampled_from(("same",) * 7 + ("version", "generation", "gone")))
    if how == "version":
        live = evolve(cached, status=draw(deployment_statuses()))
        return live, (informer.Event(0, live, Change.VERSION),)
    if how == "generation":
        behind = cached.status.observed_generation
        behind = api.Observed.NEVER if behind is api.Observed.NEVER else api.Observed.BEHIND
        status = evolve(cached.status, observed_generation=behind)
        template = draw(st.integers(1, templates))
        live = evolve(cached, spec=evolve(cached.spec, template=template), status=status)
        return live, (informer.Event(0, live, Change.GENERATION),)
    if how == "gone":
        return None, (informer.Event(0, None, Change.IDENTITY),)
    return cached, ()


def _replica_sets(
    draw: st.DrawFn, spec: api.DeploymentSpec, templates: int, large: bool
) -> dict[str, Any]:
    """ReplicaSets of some of the templates, in any order of age."""
    ranks = draw(st.permutations(range(1, templates + 1)))
    values: dict[str, Any] = {}
    queue: list[informer.Event] = []
    for template, rank in zip(range(1, templates + 1), ranks, strict=True):
        seen = live = None
        if draw(st.sampled_from((True, True, True, False))):
            cached = draw(replica_sets(template, rank, spec, large))
            how = draw(st.sampled_from(("same",) * 12 + ("version", "generation", "gone", "new")))
            seen, live, events = _changed(draw, cached, how)
            queue += events
        values[f"replica_set[{template}]"] = live
        values[f"replica_set_cache[{template}]"] = seen
    values["replica_set_queue"] = tuple(queue)
    return values


@st.composite
def replica_sets(
    draw: st.DrawFn, template: int, rank: int, spec: api.DeploymentSpec, large: bool
) -> api.ReplicaSet:
    """A ReplicaSet of a Deployment; `large` ones have sizes whose products overflow 32 bits."""
    desired = draw(st.sampled_from((None, spec.replicas, spec.replicas, 3, 50_000)))
    replicas = draw(st.sampled_from((0, 0, 1, 2, 3, 5, 8, spec.replicas)))
    if large:
        replicas = draw(st.sampled_from((46_341, 60_000, 3)))
    return api.ReplicaSet(
        template=template,
        created=rank,
        replicas=replicas,
        min_ready_seconds=draw(st.sampled_from((spec.min_ready_seconds,) * 5 + (7,))),
        status=draw(st.one_of(replica_set_statuses(), _honest(replicas))),
        desired_replicas=desired,
        max_replicas=draw(st.sampled_from((None, desired, spec.replicas + 1, 4, 0))),
        revision=draw(st.sampled_from((None, 1, 2, 3, 5))),
        deleting=draw(_RARELY),
    )


def _honest(replicas: int) -> st.SearchStrategy[api.ReplicaSetStatus]:
    """What a ReplicaSet reports whose pods are all there and available."""
    every = (replicas,) * 4
    return st.just(api.ReplicaSetStatus(*every, terminating_replicas=0))


# ---- reachable states -------------------------------------------------------------------------

_USERS = (
    "set-image@2",
    "set-image,undo",
    "set-image,scale:4@2,scale:1",
    "set-image,pause,resume",
    "restart,scale:0,scale:3",
    "set-image,apply,scale:5",
)
_FAULTS = (
    "container-exit",
    "pod-failed,unready",
    "never-ready",
    "controller-restart",
    "none",
    "write-failure,write-unknown",
    "expectations-expire@2",
    "relist",
)
_LEVELS: tuple[tuple[Literal["atomic", "interleaved", "faulty"], int], ...] = (
    ("atomic", 0),
    ("interleaved", 1),
    ("interleaved", 2),
    ("faulty", 2),
)


def _surroundings(chance: Random) -> tuple[api.DeploymentSpec, Environment]:
    """A manifest, and what happens around it."""
    surge, unavailable = chance.choice(((1, 0), (0, 1), (1, 1), (2, 1)))
    strategy = api.rolling_update(
        max_surge=api.IntOrPercent.absolute(surge),
        max_unavailable=api.IntOrPercent.absolute(unavailable),
    )
    spec = api.DeploymentSpec(
        template=1,
        replicas=chance.randint(1, 4),
        strategy=chance.choice((strategy, strategy, strategy, api.RECREATE)),
        min_ready_seconds=chance.choice((0, 5)),
        revision_history_limit=chance.choice((10, 0, 1)),
    )
    level, lag = chance.choice(_LEVELS)
    faults = chance.choice(_FAULTS)
    if faults == "relist" and lag < 2:
        faults = "none"
    gates = chance.choice(("", "", "StaleControllerConsistencyReplicaSet=false"))
    around = Environment(
        users=environment.budgets([chance.choice(_USERS)], "users"),
        faults=environment.budgets([faults], "faults"),
        level=level,
        lag=lag,
        gates=environment.feature_gates([gates]),
    )
    return spec, around


class Walks:
    """Systems to walk through, which a number decides; each is composed when first asked for."""

    def __init__(self, number: int, count: int = 16) -> None:
        chance = Random(number)
        self.given = [_surroundings(chance) for _ in range(count)]
        self._composed: dict[int, Ground] = {}

    def system(self, at: int) -> Ground:
        """The composed system at that place of `given`."""
        if at not in self._composed:
            spec, around = self.given[at]
            self._composed[at] = ground(workload.compose("walk", spec, around))
        return self._composed[at]


@st.composite
def reachable(draw: st.DrawFn, walks: Walks) -> list[Case]:
    """All syncs that begin along a random run of a composed system."""
    at = draw(st.integers(0, len(walks.given) - 1))
    (spec, around), system = walks.given[at], walks.system(at)
    setting = Setting(
        recreate=spec.strategy.type == "Recreate",
        templates=1 + around.times("set-image") + around.times("restart"),
        consistency_store=around.gate("StaleControllerConsistencyReplicaSet"),
        terminating_replicas=around.gate("DeploymentReplicaSetTerminatingReplicas"),
    )
    state, found, between = system.initial[0], [], False
    for choice in draw(st.lists(st.integers(0, 10**6), max_size=40)):
        steps = enabled_steps(system, state, between=between)
        if not steps and between:
            between = False
            found += list(beginning(setting, system, state))
            steps = enabled_steps(system, state, between=False)
        if not steps:
            break
        _, outcome = steps[choice % len(steps)]
        state, between = successor(state, outcome), True
    return found


def beginning(setting: Setting, system: Ground, state: tuple[Any, ...]) -> Iterable[Case]:
    """The syncs that may begin in a state."""
    values = {slot.name: state[slot.number] for slot in system.slots}
    due: list[tuple[Controller, int]] = []
    if values["deployment_key"].dirty and values["deployment_sync"] is None:
        due.append(("deployment", 0))
    for template in range(1, setting.templates + 1):
        key, sync = f"replica_set_key[{template}]", f"replica_set_sync[{template}]"
        if values[key].dirty and values[sync] is None:
            due.append(("replicaset", template))
    for which, template in due:
        yield of_state(setting, which, template, values)
