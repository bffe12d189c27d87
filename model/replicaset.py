"""
The ReplicaSet controller: as many pods as the ReplicaSet asks for, and a status that says so.

:Go: kubernetes v1.36.3 pkg/controller/replicaset/replica_set.go
:Docs: https://kubernetes.io/docs/concepts/workloads/controllers/replicaset/
:Omits: adoption and release of pods; namespaces that are being deleted; deletion cost, and nodes,
    so that of pods with the same phase and readiness any may be chosen; more than 500 pods at a
    time.

The consistency store (new in 1.36) remembers the last status that the controller wrote and the last
pod that it created, where it got the answer, but no deletions. It does not sync the ReplicaSet
before the caches show both; expectations expire, and this does not.
"""

from typing import Any

from attrs import evolve, frozen

from seatrial.core import Outcomes, Population, outcome, split
from seatrial.core.arith import minimum

from .api import Observed, PodKind, ReplicaSet
from .controller import (
    Answer,
    Done,
    Key,
    Pending,
    Sync,
    SyncFailed,
    Write,
    attempts,
    finished,
    plan,
    possible_answers,
)
from .controller_utils import Expectations, filter_active_pods, filter_terminating_pods
from .informer import Change, Copies, Copy, Event, Queue, has_room, known, outdated, touched
from .pods import CREATED, GONE, Pod, Pods, as_seen, forgettable, looks, terminated
from .replicaset_utils import (
    BURST_REPLICAS,
    calculate_status,
    get_pods_to_delete,
    slow_start_batch,
    update_replica_set_status,
)

__all__ = [
    "Listing",
    "Working",
    "create_pod",
    "delete_pod",
    "list_pods",
    "start_sync",
    "status_written",
    "sync_replica_set",
    "write_status",
]


@frozen(cache_hash=True)
class Listing:
    """A sync that has read its ReplicaSet and its expectations, and is about to list pods."""

    rs: ReplicaSet
    needs_sync: bool
    listed: Population[PodKind] | None = None
    """What was listed already, where expectations are asked too late."""


Working = Listing | Pending | None
"""What a worker is doing for one ReplicaSet."""


# ---- the sync ---------------------------------------------------------------------------------


def sync_replica_set(
    rs: ReplicaSet,
    active_pods: Population[PodKind],
    terminating_pods: Population[PodKind],
    manage: bool,
    terminating_replicas: bool,
    variant: frozenset[str] = frozenset(),
) -> Sync:
    """
    Create or delete pods, then report those that were listed before.

    `manage` is false where expectations are not fulfilled, or the ReplicaSet is being deleted;
    `terminating_replicas` is the feature gate of that field. Go: syncReplicaSet, from the list on
    """
    failed = False
    diff = active_pods.total - rs.replicas
    if manage and diff < 0:
        failed = yield from _create_pods(rs, minimum(-diff, BURST_REPLICAS))
    elif manage and diff > 0:
        batch = minimum(diff, BURST_REPLICAS)
        failed = (yield Write("delete", "Pod", rs.template, batch=batch)) > 0
    new_status = calculate_status(rs, active_pods, terminating_pods, failed)
    if not terminating_replicas:
        new_status = evolve(new_status, terminating_replicas=None)
    status = update_replica_set_status(rs, new_status)
    if status is not None:
        answer = yield Write("update status", "ReplicaSet", rs.template, status)
        if answer != "applied":
            # One more try, on what the API has now and with the same numbers.
            found = yield Write("get", "ReplicaSet", rs.template)
            if found != "applied":
                raise SyncFailed
            answer = yield Write("update status", "ReplicaSet", rs.template, status)
            if answer != "applied":
                raise SyncFailed
    if failed:
        raise SyncFailed
    ready, available = new_status.ready_replicas, new_status.available_replicas
    recheck = ready != available and "rs-available-stuck-on-clock-skew" not in variant
    return Done(later=rs.min_ready_seconds > 0 and recheck)


def _create_pods(rs: ReplicaSet, missing: int) -> Any:
    """Whether a creation failed; then the batches after it are not tried. Go: manageReplicas"""
    created = 0
    for batch in slow_start_batch(missing):
        failures: int = yield Write("create", "Pod", rs.template, batch=batch)
        created = created + batch - failures
        if failures > 0:
            yield Write("expect fewer", "Pod", rs.template, missing - created)
            return True
    return False


# ---- observing --------------------------------------------------------------------------------


def start_sync(
    replica_set_key: Key,
    replica_set_sync: Working,
    replica_set_cache: ReplicaSet | None,
    replica_set_behind: Copy,
    own_writes_unseen: bool,
    expectations: Expectations,
    consistency_store: bool,
    variant: frozenset[str],
) -> Outcomes:
    """
    A worker takes the key, reads the ReplicaSet, and asks whether its expectations are fulfilled.

    Pods are listed afterwards: the other way round, a pod that arrives in between would count as
    seen and not be in the list. Go: syncReplicaSet, up to the list
    """
    if not replica_set_key.dirty or replica_set_sync is not None:
        return
    if consistency_store and own_writes_unseen:
        return
    key = replica_set_key.taken()
    if replica_set_cache is None:
        forgotten = expectations.delete_expectations()
        yield outcome("finds that it is gone", replica_set_key=key, expectations=forgotten)
        return
    needs_sync = expectations.satisfied_expectations()
    if "rs-expectations-expire-overcreate" in variant:
        needs_sync = expectations.fulfilled()
    # The Deployment controller's annotations are nothing to this one.
    rs = evolve(replica_set_cache, desired_replicas=None, max_replicas=None, revision=None)
    yield outcome(
        f"reads: {rs.replicas} wanted" + ("" if needs_sync else "; waits for expectations"),
        replica_set_key=key,
        replica_set_sync=Listing(rs, needs_sync),
        replica_set_copy=replica_set_behind,
    )


def list_pods(
    replica_set_sync: Working,
    replica_set_key: Key,
    replica_set_copy: Copy | None,
    pods: Pods,
    expectations: Expectations,
    terminating_replicas: bool,
    write_faults: bool,
    variant: frozenset[str],
) -> Outcomes:
    """The sync lists pods and decides which to create or delete. Go: syncReplicaSet"""
    if not isinstance(replica_set_sync, Listing):
        return
    assert replica_set_copy is not None, "a sync has a copy of its ReplicaSet"
    # A ReplicaSet that is gone has its pods, as long as the cache shows it.
    of_former = not replica_set_copy.same
    rs, seen = replica_set_sync.rs, as_seen(pods, of_former)
    needs_sync = replica_set_sync.needs_sync
    if "rc-expectations-checked-after-pod-list" in variant:
        listed = replica_set_sync.listed
        if listed is None:
            yield outcome("lists pods", replica_set_sync=evolve(replica_set_sync, listed=seen))
            return
        needs_sync = expectations.satisfied_expectations()
        # Which pods to delete is chosen from those that are there still.
        seen = listed if filter_active_pods(listed).total < rs.replicas else seen
    active, terminating = filter_active_pods(seen), filter_terminating_pods(seen)
    manage = needs_sync and not rs.deleting
    writes: dict[str, Any] = {}
    diff = active.total - rs.replicas
    what = ""
    if manage and diff < 0:
        missing = minimum(-diff, BURST_REPLICAS)
        writes["expectations"] = expectations.expect_creations(missing)
        what = f"; creates {missing}"
    elif manage and diff > 0:
        chosen = get_pods_to_delete(active, active, minimum(diff, BURST_REPLICAS))
        writes["expectations"] = expectations.expect_deletions(chosen.total)
        writes["pods"] = _doom(pods, chosen, of_former)
        what = f"; deletes {chosen.total}"
    step = plan(
        lambda: sync_replica_set(rs, active, terminating, manage, terminating_replicas, variant),
        lambda write: possible_answers(write, write_faults),
    )
    ready = active.where(lambda pod: pod.ready).total
    yield outcome(
        f"sees {active.total} pods, {ready} ready{what}",
        **writes,
        **_next(step, replica_set_key),
    )


def _doom(pods: Pods, chosen: Population[PodKind], orphaned: bool) -> Pods:
    """The pods, with those marked that are to be deleted: any of those that look as chosen."""
    # New expectations forget whom the old ones named.
    left: Pods = Population((evolve(pod, named=False), n) for pod, n in pods.items())
    for kind, n in chosen.items():
        alike = left.where(lambda pod, kind=kind: (pod.seen, pod.orphaned) == (kind, orphaned))  # type: ignore[misc]
        picked = alike if n == alike.total else split(alike, n)
        doomed: Pods = Population(
            (evolve(pod, doomed=True, named=True), m) for pod, m in picked.items()
        )
        left = left - picked + doomed
    return left


def _next(step: Pending | Done, key: Key) -> dict[str, Any]:
    """What the controller's variables are when this is left of its sync."""
    if isinstance(step, Pending):
        return {"replica_set_sync": step}
    return {
        "replica_set_sync": None,
        "replica_set_copy": None,
        "replica_set_key": finished(key, step),
    }


# ---- writing ----------------------------------------------------------------------------------


def create_pod(
    replica_set_sync: Working,
    replica_set_key: Key,
    replica_set_copy: Copy | None,
    pods: Pods,
    pod_queue: Queue,
    expectations: Expectations,
    template: int,
    lag: int,
    write_failures_left: int,
    write_unknowns_left: int,
) -> Outcomes:
    """A request to create a pod, or the controller's note that fewer will come."""
    step = replica_set_sync
    if not isinstance(step, Pending) or step.write.kind != "Pod":
        return
    if step.write.verb == "expect fewer":
        fewer = expectations.lower_expectations(step.write.value, 0)
        rest = _next(step.answered("applied"), replica_set_key)
        yield outcome("expects fewer pods", expectations=fewer, **rest)
    if step.write.verb != "create" or not has_room(pod_queue, lag):
        return
    assert replica_set_copy is not None, "a sync has a copy of its ReplicaSet"
    pod = Pod((None, CREATED), orphaned=not replica_set_copy.same)
    tries = attempts("applied", write_failures_left, write_unknowns_left)
    for answer, lands, words, spent in tries:
        done: dict[str, Any] = {}
        if lands:
            event = Event(template, pod.trail, Change.IDENTITY, own=answer == "applied")
            done = {"pods": pods.add(pod), "pod_queue": (*pod_queue, event)}
        rest = _next(step.answered(answer), replica_set_key)
        yield outcome(f"creates a pod{words}", **done, **rest, **spent)


def delete_pod(
    replica_set_sync: Working,
    replica_set_key: Key,
    pods: Pods,
    pod_queue: Queue,
    expectations: Expectations,
    template: int,
    lag: int,
    write_failures_left: int,
    write_unknowns_left: int,
) -> Outcomes:
    """A request to delete one of the pods that were chosen; they go out in any order."""
    step = replica_set_sync
    if not isinstance(step, Pending) or (step.write.verb, step.write.kind) != ("delete", "Pod"):
        return
    if not has_room(pod_queue, lag):
        return
    for pod in pods.where(lambda pod: pod.doomed):
        usual: Answer = "not found" if pod.live is GONE else "applied"
        tries = attempts(usual, write_failures_left, write_unknowns_left)
        for answer, lands, words, spent in tries:
            after, events = evolve(pod, doomed=False), pod_queue
            if lands and pod.live is not None and not pod.live.terminating:
                after, event = terminated(after, template)
                events = (*pod_queue, event)
            less = expectations
            if answer != "applied" and pod.named:
                # The controller will not be shown a deletion that did not happen.
                less, after = expectations.deletion_observed(), evolve(after, named=False)
            yield outcome(
                f"deletes a pod that is {looks(pod.live)}{words}",
                pods=pods.add(pod, -1) if forgettable(after) else pods.move(pod, after),
                pod_queue=events,
                expectations=less,
                **_next(step.answered(answer), replica_set_key),
                **spent,
            )


def write_status(
    replica_set_sync: Working,
    replica_set_key: Key,
    replica_set_copy: Copy | None,
    replica_set: ReplicaSet | None,
    replica_set_queue: Queue,
    deployment_copies: Copies,
    template: int,
    lag: int,
    write_failures_left: int,
    write_unknowns_left: int,
) -> Outcomes:
    """A request to write the status, or to read the ReplicaSet before it is tried again."""
    step = replica_set_sync
    if not isinstance(step, Pending) or step.write.kind != "ReplicaSet":
        return
    assert replica_set_copy is not None, "a sync has a copy of its ReplicaSet"
    key = replica_set_key
    if step.write.verb == "get":
        # The numbers stay those of the spec that was read at first, and so does their generation.
        fetched = evolve(replica_set_copy, current=True)
        if replica_set is None:
            yield outcome(
                "reads it once more: it is gone", **_next(step.answered("not found"), key)
            )
        else:
            got = {"replica_set_copy": fetched} | _next(step.answered("applied"), key)
            yield outcome("reads it once more", **got)
        return
    if not has_room(replica_set_queue, lag):
        return
    conflict = replica_set is None or not replica_set_copy.current
    tries = attempts(
        "conflict" if conflict else "applied", write_failures_left, write_unknowns_left
    )
    for answer, lands, words, spent in tries:
        done: dict[str, Any] = {}
        if lands and replica_set is not None:
            after = status_written(step.write, replica_set, replica_set_copy)
            if after != replica_set:
                event = Event(template, after, Change.VERSION, own=answer == "applied")
                done = {
                    "replica_set": after,
                    "replica_set_queue": (*replica_set_queue, event),
                    "replica_set_copy": outdated(replica_set_copy, Change.VERSION),
                    "deployment_copies": touched(deployment_copies, template, Change.VERSION),
                }
            elif answer == "applied":
                done = {"replica_set_queue": known(replica_set_queue, template)}
        status = step.write.value
        text = f"{status.replicas} pods, {status.ready_replicas} ready"
        text += f", {status.available_replicas} available"
        rest = _next(step.answered(answer), key)
        yield outcome(f"reports {text}{words}", **(done | rest), **spent)


def status_written(write: Write, replica_set: ReplicaSet, copy: Copy) -> ReplicaSet:
    """The ReplicaSet with a status that was computed from the spec of this copy."""
    seen = Observed.CURRENT if copy.generation else Observed.BEHIND
    return evolve(replica_set, status=evolve(write.value, observed_generation=seen))
