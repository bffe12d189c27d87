"""
The StatefulSet controller as steps of a system: it observes, writes, and is told of changes.

:Go: kubernetes v1.36.3 pkg/controller/statefulset/stateful_set.go,
    stateful_set_status_updater.go; pkg/controller/util/consistency/consistency.go
:Docs: https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/
:Omits: release of pods; adoption of ControllerRevisions (a set that is created anew has those that
    its predecessor orphaned from its first sync on, and no others); that a sync writes revisions
    after its adoptions, and not where one of them fails (here it does when it begins); a status
    that conflicts five times in a row although the cache is up to date.

A status that conflicts is sent again on top of what the cache shows by then. So it arrives wherever
the cache is up to date when it is sent, and otherwise the sync fails.
"""

from typing import Any

from attrs import evolve

from seatrial.core import All, Outcomes, outcome

from .api import Observed
from .controller import (
    Answer,
    Done,
    Key,
    Pending,
    Write,
    attempts,
    finished,
    plan,
    possible_answers,
)
from .informer import Change, Copy, Event, Queue, has_room, known
from .statefulset_api import Claim, ClaimSeen, PodSeen, StatefulPod, StatefulSet, StatefulSetStatus
from .statefulset_control import (
    Observation,
    get_stateful_set_revisions,
    is_claimable,
    sync_stateful_set,
    truncate_history,
)
from .statefulset_pods import (
    after_deletion,
    claim_written,
    free_uid,
    looks,
    pod_written,
    shown,
)
from .volumes import Processes

__all__ = [
    "asked_of_the_set",
    "carried_out_claim",
    "carried_out_pod",
    "carried_out_status",
    "claim_write_due",
    "concerns",
    "deliver_claim",
    "deliver_pod",
    "deliver_set",
    "describe",
    "held_uids",
    "key_due",
    "observe",
    "own_objects_unseen",
    "own_status_unseen",
    "pass_requeue",
    "pod_write_due",
    "status_write_due",
    "write_claim",
    "write_pod",
    "write_status",
]


# ---- observing --------------------------------------------------------------------------------


def key_due(set_key: Key, set_sync: Pending | None) -> bool:
    """View: whether a worker can take the key."""
    return set_key.dirty and set_sync is None


def own_status_unseen(set_queue: Queue) -> bool:
    """View: whether a status that the controller wrote is on its way to the cache."""
    return any(event.own for event in set_queue)


def own_objects_unseen(pod_queue: Queue, claim_queue: Queue) -> bool:
    """View: whether a pod or a claim that it wrote is."""
    return any(event.own for event in (*pod_queue, *claim_queue))


def observe(
    set_key: Key,
    set_cache: StatefulSet | None,
    set_copy_of_cache: Copy,
    pod_cache: All[PodSeen | None],
    claim_cache: All[Claim | None],
    revisions: tuple[int, ...],
    own_status_unseen: bool,
    own_objects_unseen: bool,
    consistency_store: bool,
    max_unavailable: bool,
    write_faults: bool,
    write_failures_left: int,
    variant: frozenset[str],
) -> Outcomes:
    """A worker takes the key, reads the caches and decides.

    With the consistency store it waits until the caches show what it wrote itself. Go: sync

    Where the update revision cannot be written the sync ends, and the history is cut all the same.
    Go: UpdateStatefulSet
    """
    if consistency_store and (own_status_unseen or own_objects_unseen):
        return
    key = set_key.taken()
    if set_cache is None:
        yield outcome("finds that the StatefulSet is gone", set_key=key)
        return
    pods = tuple(pod for pod in pod_cache.values() if pod is not None)
    mine = [pod for pod in pods if is_claimable(pod, set_cache)]
    claims = tuple(ClaimSeen(at, claim) for at, claim in claim_cache.items() if claim is not None)
    seen = Observation(set_cache, pods, claims, revisions, max_unavailable)
    current, update, after = get_stateful_set_revisions(set_cache, revisions)
    adopts = any(pod.owner is None for pod in mine)  # it would do that before
    if write_failures_left > 0 and after != revisions and not adopts:
        yield outcome(
            f"writes the revision of template {update}: the request fails",
            set_key=finished(key, Done(retry=True, failed=True)),
            revisions=truncate_history(set_cache.spec, revisions, mine, None, None),
            write_failures_left=write_failures_left - 1,
        )
    done: dict[str, Any] = {
        "revisions": truncate_history(set_cache.spec, after, mine, current, update)
    }
    step = plan(
        lambda: sync_stateful_set(seen, variant),
        lambda write: possible_answers(write, write_faults or _refused(write)),
    )
    if isinstance(step, Done):
        words = "has to wait" if step.retry else "has nothing to write"
        yield outcome(words, set_key=finished(key, step), **done)
        return
    yield outcome(
        f"decides to {describe(step.write)}",
        set_key=key,
        set_sync=step,
        set_copy=set_copy_of_cache,
        **done,
    )


def describe(write: Write) -> str:
    """A write in a few words."""
    if write.kind == "StatefulSet":
        return "adopt pods" if write.verb == "get" else "write its status"
    if write.verb == "get":
        return f"look for the claim of pod {write.key}"
    name = "pod" if write.kind == "Pod" else "the claim of pod"
    verb = "change the owner of" if write.verb == "update" else write.verb
    return f"{verb} {name} {write.key}"


def _refused(write: Write) -> bool:
    """Whether validation refuses a status. Go: ValidateStatefulSetStatus, in part"""
    return isinstance(write.value, StatefulSetStatus) and write.value.current_replicas < 0


# ---- what the API server makes of a request ---------------------------------------------------


def carried_out_pod(
    write: Write,
    pod: StatefulPod | None,
    held: frozenset[int],
    queue: Queue,
    graceful: bool,
) -> tuple[Answer, dict[str, Any]]:
    """The answer to a request about a pod, and what changes if it is applied."""
    at = write.key
    if write.verb == "create":
        if pod is not None:
            return "already exists", {}
        born = StatefulPod(write.value, uid=free_uid(held), owner=write.owner)
        return "applied", pod_written(at, None, born, queue, own=True)
    if pod is None:
        return "not found", {}
    if write.verb == "adopt":
        return _adopted(write, pod, queue)
    if write.verb == "update":
        return ("applied" if shown(at, pod) == write.value and not queue else "conflict"), {}
    if pod.kind.terminating and graceful:
        return "applied", {}
    return "applied", pod_written(at, pod, after_deletion(pod, graceful), queue)


def _adopted(write: Write, pod: StatefulPod, queue: Queue) -> tuple[Answer, dict[str, Any]]:
    """
    A patch that names the uid of the pod, and its controller, of which there is one at most.

    The consistency store remembers it.

    Go: AdoptPod, ValidateOwnerReferences, RealPodControl.OnWrite
    """
    if pod.uid != write.value or pod.owner not in (None, write.owner):
        return "conflict", {}
    if pod.owner == write.owner:
        return "applied", {"pod_queue": known(queue, write.key)}
    return "applied", pod_written(write.key, pod, evolve(pod, owner=write.owner), queue, own=True)


def asked_of_the_set(write: Write, stateful_set: StatefulSet | None) -> Answer:
    """Whether the set that is synced is there, and is to stay. Go: RecheckDeletionTimestamp"""
    if stateful_set is None or stateful_set.uid != write.owner or stateful_set.deleting:
        return "not found"
    return "applied"


def carried_out_claim(
    write: Write, claim: Claim | None, queue: Queue
) -> tuple[Answer, dict[str, Any]]:
    """The answer to a request about a claim, and what changes if it is applied."""
    at = write.key
    if write.verb == "create":
        if claim is not None:
            return "already exists", {}
        return "applied", claim_written(at, None, write.value, queue, own=True)
    base, sent = write.value
    if claim != base:
        return "conflict", {}
    return "applied", claim_written(at, claim, sent, queue, own=True)


def carried_out_status(
    write: Write, stateful_set: StatefulSet | None, queue: Queue, copy: Copy
) -> tuple[Answer, dict[str, Any]]:
    """The answer to a status, and what changes if it is applied. Go: UpdateStatefulSetStatus"""
    if stateful_set is None or (not copy.current and queue):
        return "conflict", {}
    if _refused(write):
        return "failed", {}
    observed = Observed.CURRENT if copy.generation else Observed.BEHIND
    after = evolve(stateful_set, status=evolve(write.value, observed_generation=observed))
    if after == stateful_set:
        return "applied", {}
    event = Event(0, after, Change.VERSION, own=True)
    return "applied", {"stateful_set": after, "set_queue": (*queue, event)}


# ---- writing ----------------------------------------------------------------------------------


def pod_write_due(set_sync: Pending | None, pod_queue: Queue, ordinal: int, lag: int) -> bool:
    """View: whether the controller's next request is about this pod."""
    if set_sync is None or (set_sync.write.kind, set_sync.write.key) != ("Pod", ordinal):
        return False
    return has_room(pod_queue, lag)


def claim_write_due(set_sync: Pending | None, claim_queue: Queue, ordinal: int, lag: int) -> bool:
    """View: whether the controller's next request is about this claim."""
    if set_sync is None or (set_sync.write.kind, set_sync.write.key) != ("Claim", ordinal):
        return False
    return set_sync.write.verb == "get" or has_room(claim_queue, lag)


def status_write_due(set_sync: Pending | None, set_queue: Queue, lag: int) -> bool:
    """View: whether the controller's next request is its status."""
    if set_sync is None or set_sync.write.kind != "StatefulSet":
        return False
    return set_sync.write.verb == "get" or has_room(set_queue, lag)


def _went_on(step: Pending | Done, key: Key) -> dict[str, Any]:
    if isinstance(step, Pending):
        return {"set_sync": step}
    return {"set_sync": None, "set_copy": Copy(), "set_key": finished(key, step)}


def _sent(
    step: Pending, key: Key, usual: Answer, changes: dict[str, Any], words: str, failures_left: int
) -> Outcomes:
    for answer, lands, more, spent in attempts(usual, failures_left, 0):
        rest = _went_on(step.answered(answer), key)
        yield outcome(f"{words}{more}", **(changes if lands else {}), **rest, **spent)


def held_uids(process: Processes, pod_cache: PodSeen | None) -> frozenset[int]:
    """View: the uids that processes and the cache remember."""
    uids = {abs(uid) for _, uid in process}
    if pod_cache is not None and pod_cache.uid is not None:
        uids.add(pod_cache.uid)
    return frozenset(uids)


def write_pod(
    set_sync: Pending | None,
    set_key: Key,
    pod: StatefulPod | None,
    claim: Claim | None,
    held_uids: frozenset[int],
    shown_still: StatefulPod | None,
    pod_queue: Queue,
    ordinal: int,
    graceful: bool,
    write_failures_left: int,
) -> Outcomes:
    """A request to create, adopt or delete a pod, or to write it as it is."""
    if set_sync is None:
        return
    write, held = set_sync.write, set(held_uids)
    if claim is not None and claim.owner is not None:
        held.add(claim.owner)
    if shown_still is not None:
        held.add(shown_still.uid)
    usual, changes = carried_out_pod(write, pod, frozenset(held), pod_queue, graceful)
    words = f"{'write' if write.verb == 'update' else write.verb}s pod {ordinal}"
    if write.verb == "create":
        words += f" of revision {write.value}"
    yield from _sent(set_sync, set_key, usual, changes, words, write_failures_left)


def write_claim(
    set_sync: Pending | None,
    set_key: Key,
    claim: Claim | None,
    claim_queue: Queue,
    ordinal: int,
    write_failures_left: int,
) -> Outcomes:
    """A request to create a claim, or to change whose it is; or a look whether the cache shows it.

    While that is still on its way it may be there in time for one of the attempts, or for none.
    """
    if set_sync is None:
        return
    write = set_sync.write
    if write.verb == "get":
        late = any(event.key == ordinal for event in claim_queue)
        words = f"looks for its change of the claim of pod {ordinal}"
        yield from _sent(set_sync, set_key, "applied", {}, words, 0)
        if late:
            yield from _sent(set_sync, set_key, "not found", {}, words, 0)
        return
    usual, changes = carried_out_claim(write, claim, claim_queue)
    words = "creates" if write.verb == "create" else "changes the owner of"
    text = f"{words} the claim of pod {ordinal}"
    yield from _sent(set_sync, set_key, usual, changes, text, write_failures_left)


def write_status(
    set_sync: Pending | None,
    set_key: Key,
    set_copy: Copy,
    stateful_set: StatefulSet | None,
    set_queue: Queue,
    write_failures_left: int,
) -> Outcomes:
    """A request to write the status; or a question whether the set is still there."""
    if set_sync is None:
        return
    if set_sync.write.verb == "get":
        answer = asked_of_the_set(set_sync.write, stateful_set)
        words = "asks whether its set is still there"
        yield from _sent(set_sync, set_key, answer, {}, words, 0)
        return
    usual, changes = carried_out_status(set_sync.write, stateful_set, set_queue, set_copy)
    status: StatefulSetStatus = set_sync.write.value
    words = f"reports {status.replicas} pods, {status.ready_replicas} ready"
    words += f", {status.updated_replicas} updated"
    yield from _sent(set_sync, set_key, usual, changes, words, write_failures_left)


# ---- being told -------------------------------------------------------------------------------


def deliver_set(set_queue: Queue, set_key: Key) -> Outcomes:
    """The cache gets the next event of the set; its key is queued."""
    if set_queue:
        event, *rest = set_queue
        what = "is gone" if event.value is None else "has changed"
        yield outcome(
            f"the cache learns that the StatefulSet {what}",
            set_cache=event.value,
            set_queue=tuple(rest),
            set_key=set_key.enqueued(),
        )


def deliver_pod(
    pod_queue: Queue,
    pod_cache: PodSeen | None,
    set_key: Key,
    seen_uid: int | None,
    ordinal: int,
    min_ready_seconds: int,
) -> Outcomes:
    """The cache gets the next event of a pod; its set is queued. Go: addPod, updatePod"""
    event, *rest = pod_queue
    done: dict[str, Any] = {"pod_cache": event.value, "pod_queue": tuple(rest)}
    if seen_uid is not None and concerns(pod_cache, event.value, seen_uid):
        was = pod_cache is not None and not pod_cache.kind.ready
        ready = min_ready_seconds > 0 and was and event.value is not None
        ready = ready and event.value.kind.ready and event.value.owner == seen_uid
        done["set_key"] = Key(dirty=True, later=set_key.later or ready)
    what = "gone" if event.value is None else looks(event.value.kind)
    yield outcome(f"the cache learns that pod {ordinal} is {what}", **done)


def concerns(old: PodSeen | None, new: PodSeen | None, uid: int) -> bool:
    """
    Whether an event of a pod brings the key of the set with that uid back.

    That of its controller, before and after; of an orphan where it is new, or was none before. That
    an orphan is gone concerns nobody. Go: addPod, updatePod, deletePod
    """
    if old is not None and old.owner == uid and (new is None or new.owner != uid):
        return True
    if new is None:
        return False
    if new.owner is not None:
        return new.owner == uid
    return not new.kind.terminating if old is None else old.owner is not None


def deliver_claim(claim_queue: Queue, ordinal: int) -> Outcomes:
    """The cache gets the next event of a claim. Nobody is queued for it."""
    event, *rest = claim_queue
    yield outcome(
        f"the cache learns of the claim of pod {ordinal}",
        claim_cache=event.value,
        claim_queue=tuple(rest),
    )


def pass_requeue(set_key: Key) -> Outcomes:
    """
    The key comes back from the delaying queue, whichever pods have become available by then.

    There is one time for all of them; a sync that finds a pod waiting asks for another.
    Go: enqueueSSAfter, syncStatefulSet
    """
    if set_key.later:
        yield outcome("the delayed key is due", set_key=set_key.due())
