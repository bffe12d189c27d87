"""
The Deployment controller's sync: which of its procedures runs, and what it sends in which order.

:Go: kubernetes v1.36.3 pkg/controller/deployment/deployment_controller.go, sync.go, rolling.go,
    recreate.go, rollback.go
:Docs: https://kubernetes.io/docs/concepts/workloads/controllers/deployment/
:Omits: release of ReplicaSets whose labels no longer match; in which order orphans are adopted
    (here by template, upstream as the cache lists them); namespaces that are being deleted;
    annotations copied from the Deployment to its ReplicaSets, and back where it is rolled back.

Two things decide how a sync ends that writes its Deployment's status twice: the first write's
answer is dropped, so the second one is sent with the old resourceVersion and conflicts.
"""

from collections.abc import Generator, Iterable, Sequence
from typing import Any

from attrs import evolve, frozen

from seatrial.core import Population

from .api import Deployment, DeploymentCondition, DeploymentStatus, Observed, PodKind, ReplicaSet
from .api import ReplicaSetStatus as _Status
from .controller import Answer, Done, Required, RequiringSync, SyncFailed, Write, required
from .controller_utils import filter_active_replica_sets
from .deployment_conditions import (
    FAILED_RS_CREATE_REASON,
    FOUND_NEW_RS_REASON,
    NEW_REPLICA_SET_REASON,
    deployment_complete,
    get_deployment_condition,
    has_progress_deadline,
    set_deployment_condition,
)
from .deployment_progress import requeue_stuck_deployment, sync_rollout_status
from .deployment_recreate import (
    old_pods_running,
    scale_down_old_replica_sets_for_recreate,
    scale_up_new_replica_set_for_recreate,
)
from .deployment_replica_sets import (
    find_new_replica_set,
    find_old_replica_sets,
    last_revision,
    next_revision,
    revision,
    set_deployment_revision,
    set_new_replica_set_annotations,
)
from .deployment_rolling import reconcile_new_replica_set, reconcile_old_replica_sets
from .deployment_sync import (
    calculate_status,
    check_paused_conditions,
    cleanup_deployment,
    is_scaling_event,
    scale,
)
from .deployment_util import new_rs_new_replicas

__all__ = ["Observation", "StatusWrite", "sync_deployment"]

Rss = tuple[ReplicaSet, ...]


@frozen(cache_hash=True)
class Observation:
    """All that a sync knows: what the caches showed when it began, and whether time is up."""

    deployment: Deployment
    rss: Rss
    pod_map: tuple[tuple[int, Population[PodKind]], ...] = ()
    """The pods that are seen, by the rank of their ReplicaSet; Recreate alone asks for them."""
    deadline_passed: bool = False
    orphans: Rss = ()
    """ReplicaSets without a controller that it would adopt."""
    terminating_replicas: bool = True
    """Whether the feature gate of that field is on."""


@frozen(cache_hash=True)
class StatusWrite:
    """What is sent to the status of a Deployment; its annotations travel with it."""

    status: DeploymentStatus
    revision: int | None
    renewed: bool = False
    """Whether the Progressing condition is dated anew, so that its deadline starts again."""


def sync_deployment(seen: Observation, variant: frozenset[str] = frozenset()) -> RequiringSync:
    """One sync of a Deployment that the cache shows. Go: syncDeployment"""
    d, rss = seen.deployment, seen.rss
    if seen.orphans:
        rss = yield from _claim(d, rss, seen.orphans)
        seen = evolve(seen, rss=rss)
    if d.deleting:
        return (yield from _sync_status_only(d, seen, variant))
    paused_status = check_paused_conditions(d)
    if paused_status is not None:
        yield from required(_status_write(d, evolve(d, status=paused_status)))
        d = evolve(d, status=paused_status)
    if d.spec.paused:
        return (yield from _sync(d, seen, variant))
    if d.rollback_to is not None:
        return (yield from _rollback(d, rss))
    d, new_rs, old_rss = yield from _get_all(d, rss, create=False, variant=variant)
    if is_scaling_event(d, _both(old_rss, new_rs), variant):
        return (yield from _sync(d, seen, variant))
    if d.spec.strategy.type == "Recreate":
        return (yield from _rollout_recreate(d, seen, variant))
    return (yield from _rollout_rolling(d, seen, variant))


def _claim(d: Deployment, rss: Rss, orphans: Sequence[ReplicaSet]) -> Generator[Write, Answer, Rss]:
    """
    The ReplicaSets with those that were adopted; an error only after all have been tried.

    What was adopted has a new resourceVersion, and the sync goes on with the old one. Go:
    getReplicaSetsForDeployment, ClaimReplicaSets, RecheckDeletionTimestamp
    """
    if (yield Write("get", "Deployment")) != "applied":
        raise SyncFailed
    failed = False
    for rs in orphans:
        answer = yield Write("adopt", "ReplicaSet", rs.template, d.uid)
        if answer == "applied":
            rss = (*rss, rs)
        failed = failed or answer not in ("applied", "not found")
    if failed:
        raise SyncFailed
    return rss


def _both(old_rss: Iterable[ReplicaSet], new_rs: ReplicaSet | None) -> Rss:
    return tuple(old_rss) if new_rs is None else (*old_rss, new_rs)


def _status_write(before: Deployment, after: Deployment) -> Write:
    """The write of a status whose Progressing condition is dated now if it is another one."""
    renewed = _progress(before) != _progress(after)
    value = StatusWrite(after.status, after.revision, renewed)
    return Write("update status", "Deployment", 0, value)


def _update(rs: ReplicaSet, keeps: bool = False) -> Write:
    # A ReplicaSet's status is not written by this controller, so what it read of it is not sent.
    return Write("update", "ReplicaSet", rs.template, evolve(rs, status=_Status()), keeps)


# ---- the new ReplicaSet -----------------------------------------------------------------------

Found = Generator[Write | Required, Any, tuple[Deployment, ReplicaSet | None, Rss]]


def _get_all(
    d: Deployment,
    rss: Rss,
    create: bool,
    keeps: bool = False,
    variant: frozenset[str] = frozenset(),
) -> Found:
    """
    The Deployment as the sync has changed it, its new ReplicaSet, and the old ones.

    `keeps`: the caller goes on with the ReplicaSet that comes back from a write.
    Go: getAllReplicaSetsAndSyncRevision, getNewReplicaSet
    """
    _, old_rss = find_old_replica_sets(d, rss, variant)
    existing = find_new_replica_set(d, rss)
    new_revision = next_revision(old_rss)
    if existing is not None:
        sent = set_new_replica_set_annotations(d, existing, new_revision, exists=True)
        if sent.min_ready_seconds != d.spec.min_ready_seconds:
            sent = evolve(sent, min_ready_seconds=d.spec.min_ready_seconds)
        if sent != existing:
            yield from required(_update(sent, keeps))
            return d, sent, old_rss
        after = set_deployment_revision(d, existing.revision)
        if has_progress_deadline(d) and _progress(d) is None:
            after = _progressing(after, "True", FOUND_NEW_RS_REASON)
        if after != d:
            yield from required(_status_write(d, after))
        return after, existing, old_rss
    if not create:
        return d, None, old_rss
    return (yield from _create_new(d, rss, old_rss, new_revision, variant))


def _create_new(
    d: Deployment, rss: Rss, old_rss: Rss, new_revision: int, variant: frozenset[str]
) -> Found:
    """
    Create it; where its name is taken, ask for another one in the next sync.

    Go: getNewReplicaSet, its second half
    """
    created = 1 + max((rs.created for rs in rss), default=0)
    new_rs = ReplicaSet(
        template=d.spec.template,
        created=created,
        replicas=0,
        min_ready_seconds=d.spec.min_ready_seconds,
        status=_Status(observed_generation=Observed.NEVER),
        owner=d.uid,
    )
    size = new_rs_new_replicas(d, (*old_rss, new_rs), new_rs)
    new_rs = set_new_replica_set_annotations(
        d, evolve(new_rs, replicas=size), new_revision, exists=False
    )
    collisions = d.status.collision_count
    answer: Answer | ReplicaSet = yield Write(
        "create", "ReplicaSet", new_rs.template, new_rs, keeps=True, collision_count=collisions
    )
    if isinstance(answer, ReplicaSet):
        # Its own, which the cache did not show when the sync began.
        after = set_deployment_revision(d, new_revision)
        if after != d:
            yield from required(_status_write(d, after))
        return after, answer, old_rss
    if answer == "taken" and "dep-hash-collision-blocks-rollout" not in variant:
        # Whether this write succeeds is not asked: the key is tried again either way.
        raised = evolve(d.status, collision_count=collisions + 1)
        yield _status_write(d, evolve(d, status=raised))
    if answer in ("already exists", "taken"):
        raise SyncFailed
    if answer != "applied":
        if has_progress_deadline(d):
            # Whether this write succeeds is not asked: there is a bigger problem.
            yield _status_write(d, _progressing(d, "False", FAILED_RS_CREATE_REASON))
        raise SyncFailed
    after = set_deployment_revision(d, new_revision)
    dated = has_progress_deadline(d)
    if dated:
        after = _progressing(after, "True", NEW_REPLICA_SET_REASON)
    # With a deadline it is written even if it says so already, and may conflict.
    if dated or after != d:
        yield from required(_status_write(d, after))
    return after, new_rs, old_rss


def _progress(d: Deployment) -> DeploymentCondition | None:
    return get_deployment_condition(d.status, "Progressing")


def _progressing(d: Deployment, status: Any, reason: str) -> Deployment:
    condition = DeploymentCondition("Progressing", status, reason)
    return evolve(d, status=set_deployment_condition(d.status, condition))


# ---- procedures -------------------------------------------------------------------------------


def _rollout_rolling(d: Deployment, seen: Observation, variant: frozenset[str]) -> RequiringSync:
    """Go: rolloutRolling"""
    d, new_rs, old_rss = yield from _get_all(d, seen.rss, create=True, keeps=True, variant=variant)
    assert new_rs is not None
    all_rss = _both(old_rss, new_rs)
    up = reconcile_new_replica_set(all_rss, new_rs, d)
    for rs in up.writes:
        yield from required(_update(rs))
    if up.scaled:
        return (yield from _sync_rollout_status(all_rss, new_rs, d, seen, variant))
    active = filter_active_replica_sets(old_rss)
    down = reconcile_old_replica_sets(all_rss, active, new_rs, d, variant)
    landed = True
    for rs in down.writes:
        # What goes wrong here is swallowed: the caller is told that nothing was scaled.
        landed = (yield _update(rs, keeps=True)) == "applied"
        if not landed and "dep-failed-scale-down-is-not-tried-again" in variant:
            raise SyncFailed
        if not landed:
            break
    if not (landed and down.scaled) and deployment_complete(d, d.status, variant):
        yield from _cleanup(old_rss, d, variant)
    return (yield from _sync_rollout_status(all_rss, new_rs, d, seen, variant))


def _rollout_recreate(d: Deployment, seen: Observation, variant: frozenset[str]) -> RequiringSync:
    """Go: rolloutRecreate"""
    rss = seen.rss
    claimed = {rs.created for rs in rss}
    pod_map = {created: pods for created, pods in seen.pod_map if created in claimed}
    d, new_rs, old_rss = yield from _get_all(d, rss, create=False, keeps=True, variant=variant)
    all_rss = _both(old_rss, new_rs)
    down = scale_down_old_replica_sets_for_recreate(filter_active_replica_sets(old_rss), d)
    for rs in down:
        yield from required(_update(rs))
    if down or old_pods_running(new_rs, old_rss, pod_map, variant):
        return (yield from _sync_rollout_status(all_rss, new_rs, d, seen, variant))
    if new_rs is None:
        d, new_rs, old_rss = yield from _get_all(d, rss, create=True, variant=variant)
        all_rss = _both(old_rss, new_rs)
    assert new_rs is not None
    up = scale_up_new_replica_set_for_recreate(new_rs, d)
    if up is not None:
        yield from required(_update(up))
    if deployment_complete(d, d.status, variant):
        yield from _cleanup(old_rss, d, variant)
    return (yield from _sync_rollout_status(all_rss, new_rs, d, seen, variant))


def _sync(d: Deployment, seen: Observation, variant: frozenset[str]) -> RequiringSync:
    """Resize a Deployment that is paused or was resized. Go: sync"""
    d, new_rs, old_rss = yield from _get_all(d, seen.rss, create=False, keeps=True, variant=variant)
    for rs in scale(d, new_rs, old_rss, variant):
        yield from required(_update(rs))
    if d.spec.paused and d.rollback_to is None:
        yield from _cleanup(old_rss, d, variant)
    return (yield from _sync_deployment_status(_both(old_rss, new_rs), new_rs, d, seen, variant))


def _sync_status_only(d: Deployment, seen: Observation, variant: frozenset[str]) -> RequiringSync:
    """Go: syncStatusOnly"""
    d, new_rs, old_rss = yield from _get_all(d, seen.rss, create=False, variant=variant)
    return (yield from _sync_deployment_status(_both(old_rss, new_rs), new_rs, d, seen, variant))


def _sync_deployment_status(
    all_rss: Rss,
    new_rs: ReplicaSet | None,
    d: Deployment,
    seen: Observation,
    variant: frozenset[str],
) -> RequiringSync:
    """Go: syncDeploymentStatus"""
    status = calculate_status(all_rss, new_rs, d, variant, seen.terminating_replicas)
    if status != d.status:
        yield from required(_status_write(d, evolve(d, status=status)))
    return Done()


def _sync_rollout_status(
    all_rss: Rss,
    new_rs: ReplicaSet | None,
    d: Deployment,
    seen: Observation,
    variant: frozenset[str],
) -> RequiringSync:
    """Go: syncRolloutStatus, its last part"""
    # A condition that this sync has dated itself is not that old.
    deadline_passed = seen.deadline_passed and _progress(d) == _progress(seen.deployment)
    found = sync_rollout_status(
        all_rss, new_rs, d, deadline_passed, variant, seen.terminating_replicas
    )
    if found.status != d.status or found.renewed:
        value = StatusWrite(found.status, d.revision, found.renewed)
        yield from required(Write("update status", "Deployment", 0, value))
        return Done()
    requeue = requeue_stuck_deployment(d, found.status, deadline_passed, variant)
    return Done(retry=requeue == "now", later=requeue == "at the deadline")


def _cleanup(
    old_rss: Sequence[ReplicaSet], d: Deployment, variant: frozenset[str]
) -> Generator[Write, Answer, None]:
    """Go: cleanupDeployment"""
    for rs in cleanup_deployment(old_rss, d, variant):
        answer = yield Write("delete", "ReplicaSet", rs.template)
        if answer == "failed":
            raise SyncFailed


def _rollback(d: Deployment, rss: Rss) -> RequiringSync:
    """
    Take the template of an earlier revision, as the deprecated annotation asks.

    Go: rollback, rollbackToTemplate, updateDeploymentAndClearRollbackTo
    """
    d, new_rs, old_rss = yield from _get_all(d, rss, create=True)
    all_rss = _both(old_rss, new_rs)
    wanted = last_revision(all_rss) if d.rollback_to == 0 else d.rollback_to
    cleared = evolve(d.spec, template=d.spec.template)
    for rs in all_rss:
        if wanted != 0 and revision(rs) == wanted:
            cleared = evolve(d.spec, template=rs.template)
            break
    yield from required(Write("update", "Deployment", 0, cleared))
    return Done()
