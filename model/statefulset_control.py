"""
One sync of the StatefulSet controller, as a generator that reads like the Go.

:Go: kubernetes v1.36.3 pkg/controller/statefulset/stateful_set_control.go and
    stateful_pod_control.go; the update of v1.37.1 with maxUnavailable as the rule
    `sts-two-phase-update`, the requeue of v1.34.4 as `sts-comes-back-until-all-available`,
    the deletion of v1.35.4 as `sts-deletion-of-a-gone-pod-fails`, the completion of v1.37.1 as
    `sts-on-delete-completes`
:Docs: https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/
:Omits: release of pods, whose labels nobody changes; in which order orphans are adopted (in that of
    ordinals: all are tried); the order of requests that go out in parallel (they are sent in the
    order of ordinals); ControllerRevisions that are stale in the cache, adopted, renamed after a
    collision or compared
    by their meaning (the list is the API server's own, and writing it is part of the sync's first
    step); that claims are read from the cache as the pass comes to them (here all of it is read at
    the start); pods whose labels or volumes somebody has changed, and claims with other owners than
    the set and the pod; events.
"""

from collections.abc import Callable, Generator, Sequence
from typing import Any

from attrs import evolve, frozen

from .controller import Done, Sync, SyncFailed, Write, numbers_below
from .statefulset_api import (
    DELETE,
    Claim,
    ClaimSeen,
    PodSeen,
    StatefulSet,
    StatefulSetSpec,
    StatefulSetStatus,
)
from .statefulset_update import Deletions, pods_to_delete
from .statefulset_utils import (
    allows_burst,
    complete_rolling_update,
    has_stale_owner_ref,
    inconsistent_status,
    is_claim_owner_up_to_date,
    is_created,
    is_running_and_available,
    is_running_and_ready,
    is_terminal,
    is_terminating,
    is_unavailable,
    new_versioned_stateful_set_pod,
    pod_in_ordinal_range,
    update_status,
    wanted_owner,
)

__all__ = [
    "MAX_BATCH_SIZE",
    "Observation",
    "get_stateful_set_revisions",
    "is_claimable",
    "sync_stateful_set",
    "truncate_history",
]

MAX_BATCH_SIZE = 500

Step = Generator[Write, Any, bool]
"""Writes about one pod; it ends with whether the whole sync is to stop there."""


@frozen
class Observation:
    """All that a sync knows: what its caches show, and the revisions that there are."""

    stateful_set: StatefulSet
    pods: tuple[PodSeen, ...] = ()
    """The pods that are the set's by name, whoever controls them."""
    claims: tuple[ClaimSeen, ...] = ()
    revisions: tuple[int, ...] = ()
    """Templates that there is a ControllerRevision of, oldest first."""
    max_unavailable: bool = False
    """Whether the gate MaxUnavailableStatefulSet is on."""

    def claim(self, ordinal: int) -> Claim | None:
        """The claim of that ordinal, where the cache shows one."""
        return next((each.claim for each in self.claims if each.ordinal == ordinal), None)


# ---- revisions --------------------------------------------------------------------------------


def get_stateful_set_revisions(
    stateful_set: StatefulSet, revisions: tuple[int, ...]
) -> tuple[int, int, tuple[int, ...]]:
    """The current and the update revision, and the list with the latter at its end.

    Go: getStatefulSetRevisions
    """
    update = stateful_set.spec.template
    current = stateful_set.status.current_revision
    after = (*(each for each in revisions if each != update), update)
    return (current if current in revisions else update), update, after


def truncate_history(
    spec: StatefulSetSpec,
    revisions: tuple[int, ...],
    pods: Sequence[PodSeen],
    current: int | None,
    update: int | None,
) -> tuple[int, ...]:
    """
    The revisions that stay: those in use, and of the others the newest. Go: truncateHistory

    Where the update revision could not be written, `current` and `update` are None: then only those
    of pods are in use.
    """
    live = {current, update, *(pod.revision for pod in pods)}
    history = [each for each in revisions if each not in live]
    limit = spec.revision_history_limit
    if limit < 0 or len(history) <= limit:
        return revisions
    gone = history[: len(history) - limit]
    return tuple(each for each in revisions if each not in gone)


# ---- the sync ---------------------------------------------------------------------------------


def sync_stateful_set(seen: Observation, variant: frozenset[str] = frozenset()) -> Sync:
    """Bring the pods of the set nearer to what is asked for. Go: sync, performUpdate"""
    seen = evolve(seen, pods=(yield from _claim_pods(seen)))
    stateful_set = seen.stateful_set
    current, update, _ = get_stateful_set_revisions(stateful_set, seen.revisions)
    doing = _Update(seen, current, update, variant)
    try:
        yield from doing.update_stateful_set()
        failed = False
    except SyncFailed:
        failed = True
    status = complete_rolling_update(stateful_set, doing.status, variant)
    if inconsistent_status(stateful_set, status):
        answer = yield Write("update status", "StatefulSet", value=status)
        failed = failed or answer != "applied"
    if failed:
        raise SyncFailed
    wanted = status.ready_replicas
    if "sts-comes-back-until-all-available" in variant:
        wanted = stateful_set.spec.replicas
    waits = stateful_set.spec.min_ready_seconds > 0 and wanted != status.available_replicas
    return Done(later=waits)


def _claim_pods(seen: Observation) -> Generator[Write, Any, tuple[PodSeen, ...]]:
    """
    The pods that the set controls, and the orphans that it could adopt.

    Before the first adoption it asks the API server whether it is still there itself. What is
    deleted already is adopted by nobody. Go: getPodsForStatefulSet, ClaimPods, ClaimObject
    """
    stateful_set, claimed, failed = seen.stateful_set, [], False
    may_adopt: bool | None = None
    for pod in seen.pods:
        if pod.owner == stateful_set.uid:
            claimed.append(pod)
        elif is_claimable(pod, stateful_set):
            if may_adopt is None:
                found = yield Write("get", "StatefulSet", owner=stateful_set.uid)
                may_adopt = found == "applied"
            answer = "failed"
            if may_adopt:
                answer = yield Write("adopt", "Pod", pod.ordinal, pod.uid, owner=stateful_set.uid)
            if answer == "applied":
                claimed.append(pod)
            failed = failed or answer not in ("applied", "not found")
    if failed:
        raise SyncFailed
    return tuple(claimed)


def is_claimable(pod: PodSeen, stateful_set: StatefulSet) -> bool:
    """Whether a sync has the pod in its hands, unless its adoption fails. Go: ClaimObject"""
    if pod.owner is None:
        return not pod.kind.terminating and not stateful_set.deleting
    return pod.owner == stateful_set.uid


class _Update:
    """A pass over all pods; `status` is what it reports however it ends. Go: updateStatefulSet"""

    def __init__(
        self, seen: Observation, current: int, update: int, variant: frozenset[str]
    ) -> None:
        self.seen, self.variant = seen, variant
        self.spec, self.uid = seen.stateful_set.spec, seen.stateful_set.uid
        self.monotonic = not allows_burst(self.spec)
        self.claims_written: set[int] = set()
        self.status = update_status(
            StatefulSetStatus(current_revision=current, update_revision=update), seen.pods
        )
        there = {pod.ordinal: pod for pod in seen.pods}
        ordinals = (self.spec.ordinals_start + n for n in numbers_below(self.spec.replicas))
        self.replicas = [
            there.get(ordinal)
            or new_versioned_stateful_set_pod(seen.stateful_set, current, update, ordinal)
            for ordinal in ordinals
        ]
        self.condemned = sorted(
            (pod for pod in seen.pods if not pod_in_ordinal_range(pod.ordinal, self.spec)),
            key=lambda pod: -pod.ordinal,
        )

    def update_stateful_set(self) -> Generator[Write, Any, None]:
        if self.seen.stateful_set.deleting:
            return
        first_unavailable = self._first_unavailable()
        if (yield from self._for_all(self.replicas, self._process_replica)):
            self._recount()
            return
        if (yield from self._for_all(self.condemned, self._fix_pod_claim)):
            self._recount()
            return

        def condemn(pod: PodSeen) -> Step:
            return self._process_condemned(pod, first_unavailable)

        if (yield from self._for_all(self.condemned, condemn)):
            self._recount()
            return
        self._recount()
        if self.spec.update_strategy.type == "OnDelete":
            return
        chosen: Deletions = pods_to_delete(
            self.spec,
            self.replicas,
            self.status.update_revision,
            self.seen.max_unavailable,
            self.variant,
        )
        for pod in chosen:
            yield from self._delete_stateful_pod(pod, updating=True)
            if self._takes_off(pod):
                less = self.status.current_replicas - 1
                self.status = evolve(self.status, current_replicas=less)

    def _takes_off(self, pod: PodSeen) -> bool:
        """Whether a deleted pod is taken off currentReplicas: any is, whatever its revision."""
        if "sts-currentreplicas-decremented-for-wrong-revision" in self.variant:
            return pod.revision == self.status.current_revision
        return True

    def _recount(self) -> None:
        self.status = update_status(self.status, (*self.replicas, *self.condemned))

    def _first_unavailable(self) -> PodSeen | None:
        unhealthy: Callable[[PodSeen], bool] = is_unavailable
        if "sts-scaledown-hangs-with-minreadyseconds" in self.variant:
            unhealthy = _unready
        pods = (*self.replicas, *reversed(self.condemned))
        return next((pod for pod in pods if unhealthy(pod)), None)

    def _for_all(self, pods: Sequence[PodSeen], each: Callable[[PodSeen], Step]) -> Step:
        """Whether the pass ends here. Go: runForAll, slowStartBatch"""
        if self.monotonic:
            for pod in pods:
                if (yield from each(pod)):
                    return True
            return False
        done, size = 0, min(len(pods), 1)
        while size > 0:
            failed = False
            for pod in pods[done : done + size]:
                try:
                    yield from each(pod)
                except SyncFailed:
                    failed = True
            if failed:
                raise SyncFailed
            done += size
            size = min(2 * size, len(pods) - done, MAX_BATCH_SIZE)
        return False

    # ---- one pod --------------------------------------------------------------------------

    def _process_replica(self, pod: PodSeen) -> Step:
        """Go: processReplica"""
        if is_terminal(pod):
            if not is_terminating(pod):
                yield from self._delete_stateful_pod(pod)
            return True
        if not is_created(pod):
            if self._pod_claim_is_stale(pod) or self._held_back(pod):
                return True
            yield from self._create_stateful_pod(pod)
            if self.monotonic:
                return True
        if (
            is_created(pod)
            and pod.kind.phase == "Pending"
            and "sts-pod-created-while-pvc-terminating" not in self.variant
        ):
            yield from self._create_claim(pod)
            yield from self._update_claim(pod)
        if self.monotonic and (
            is_terminating(pod)
            or not is_running_and_ready(pod)
            or not is_running_and_available(pod)
        ):
            return True
        if pod.ordinal in self.claims_written:
            yield from self._find_claim(pod)
        elif is_created(pod):
            yield from self._update_stateful_pod(pod)
        return False

    def _held_back(self, pod: PodSeen) -> bool:
        """Whether a pod waits for others that it need not wait for: an old bug."""
        return "sts-lower-ordinal-recreate-deadlock" in self.variant and any(
            is_created(other) and not is_running_and_ready(other)
            for other in self.replicas
            if other.ordinal != pod.ordinal
        )

    def _process_condemned(self, pod: PodSeen, first_unavailable: PodSeen | None) -> Step:
        """Go: processCondemned"""
        if is_terminating(pod):
            return self.monotonic
        blocked = not is_running_and_ready(pod) or not is_running_and_available(pod)
        if "sts-scaledown-ignores-unhealthy-condemned-predecessor" in self.variant:
            blocked = first_unavailable is not None
        if self.monotonic and blocked and pod != first_unavailable:
            return True
        yield from self._delete_stateful_pod(pod)
        return True

    def _create_stateful_pod(self, pod: PodSeen) -> Generator[Write, Any, None]:
        """Go: CreateStatefulPod"""
        yield from self._create_claim(pod)
        answer = yield Write("create", "Pod", pod.ordinal, pod.revision, owner=self.uid)
        if answer == "already exists":
            raise SyncFailed
        yield from self._update_claim(pod)
        if answer != "applied":
            raise SyncFailed

    def _delete_stateful_pod(
        self, pod: PodSeen, updating: bool = False
    ) -> Generator[Write, Any, None]:
        """By name, whatever its uid; one that is gone is as good as deleted. Go: same name"""
        answer = yield Write("delete", "Pod", pod.ordinal)
        gone_fails = "sts-deletion-of-a-gone-pod-fails" in self.variant and not updating
        if answer == "failed" or (answer == "not found" and gone_fails):
            raise SyncFailed

    # ---- its claim ------------------------------------------------------------------------

    def _pod_claim_is_stale(self, pod: PodSeen) -> bool:
        """Go: PodClaimIsStale"""
        claim = self.seen.claim(pod.ordinal)
        scaled = self.spec.retention.when_scaled == DELETE
        return scaled and claim is not None and has_stale_owner_ref(claim, pod)

    def _create_claim(self, pod: PodSeen) -> Generator[Write, Any, None]:
        """Go: createPersistentVolumeClaims"""
        if not self.spec.has_claims:
            return
        claim = self.seen.claim(pod.ordinal)
        if claim is None:
            owner = None
            if "sts-pvc-ownerref-missed-on-stale-cache" in self.variant:
                owner = wanted_owner(pod, self.spec, self.uid)
            answer = yield Write("create", "Claim", pod.ordinal, Claim(owner))
            if answer != "applied":
                raise SyncFailed
        elif claim.terminating and "sts-pod-created-while-pvc-terminating" not in self.variant:
            raise SyncFailed

    def _update_claim(self, pod: PodSeen) -> Step:
        """Whether it was not as the policy says. Go: UpdatePodClaimForRetentionPolicy"""
        claim = self.seen.claim(pod.ordinal)
        if claim is None or is_claim_owner_up_to_date(claim, pod, self.spec, self.uid):
            return False
        self.claims_written.add(pod.ordinal)
        sent = evolve(claim, owner=wanted_owner(pod, self.spec, self.uid))
        answer = yield Write("update", "Claim", pod.ordinal, (claim, sent))
        if answer != "applied":
            raise SyncFailed
        return True

    def _update_stateful_pod(self, pod: PodSeen) -> Generator[Write, Any, None]:
        """
        The claim, and with it the pod, of which nothing changes.

        A conflict is tried again on top of what the caches show by then. If that has the claim,
        there is nothing left to write; if not, the claim conflicts each time. Go: UpdateStatefulPod
        """
        if not (yield from self._update_claim(pod)):
            return
        answer = yield Write("update", "Pod", pod.ordinal, pod)
        if answer == "conflict":
            yield from self._find_claim(pod)
        elif answer != "applied":
            raise SyncFailed

    def _find_claim(self, pod: PodSeen) -> Generator[Write, Any, None]:
        """Where the cache does not show in time what was written of it, that is tried in vain."""
        if (yield Write("get", "Claim", pod.ordinal)) != "applied":
            raise SyncFailed

    def _fix_pod_claim(self, pod: PodSeen) -> Step:
        yield from self._update_claim(pod)
        return False


def _unready(pod: PodSeen) -> bool:
    return not is_running_and_ready(pod) or is_terminating(pod)
