"""
Any state in which a sync of a StatefulSet may begin, reachable or not.

Caches are behind now and then, claims have former owners, and any one request may fail.
"""

from attrs import evolve

from seatrial.model import api, informer
from seatrial.model import statefulset_api as sts
from seatrial.oracle.statefulset_states import Start
from seatrial.oracle.statefulset_syncs import run

from .chance import Chance

__all__ = ["READY", "TEMPLATES", "a_kind", "drawn"]

TEMPLATES = (1, 2, 3, 4)


def _spec(chance: Chance) -> sts.StatefulSetSpec:
    strategy = sts.StatefulSetUpdateStrategy("OnDelete", None)
    how = chance.of(("rolling", "rolling", "rolling", "bare", "on delete"))
    if how == "rolling":
        bound = chance.of((None, api.IntOrPercent.absolute(2), api.IntOrPercent.percent(60)))
        rolling = sts.RollingUpdateStatefulSet(chance.of((0, 0, 1, 2, 7)), bound)
        strategy = sts.StatefulSetUpdateStrategy("RollingUpdate", rolling)
    elif how == "bare":
        strategy = sts.StatefulSetUpdateStrategy("RollingUpdate", None)
    retain: tuple[sts.Retention, ...] = ("Retain", "Delete")
    return sts.StatefulSetSpec(
        template=chance.of(TEMPLATES),
        replicas=chance.integer(0, 4),
        pod_management_policy=chance.of(("OrderedReady", "Parallel")),
        update_strategy=strategy,
        ordinals_start=chance.of((0, 0, 2)),
        min_ready_seconds=chance.of((0, 0, 5)),
        revision_history_limit=chance.of((10, 0, 1)),
        has_claims=chance.of((False, True)),
        retention=sts.ClaimRetention(chance.of(retain), chance.of(retain)),
        graceful=chance.of((True,) * 7 + (False,)),
    )


def _status(chance: Chance, revisions: tuple[int, ...]) -> sts.StatefulSetStatus:
    replicas = chance.integer(0, 4)
    ready = chance.integer(0, replicas)
    return sts.StatefulSetStatus(
        replicas=replicas,
        ready_replicas=ready,
        current_replicas=chance.integer(0, replicas),
        updated_replicas=chance.integer(0, replicas),
        available_replicas=chance.integer(0, ready),
        current_revision=chance.of((*revisions, 0)),
        update_revision=chance.of((*revisions, 0)),
        observed_generation=chance.of(tuple(api.Observed)),
    )


READY = api.PodKind("Running", ready=True, available=True)
"""A pod as it is asked for."""


def a_kind(chance: Chance, min_ready: int) -> api.PodKind:
    """How a pod may look."""
    kind = chance.of(
        (
            READY,
            READY,
            READY,
            api.PodKind("Running"),
            api.PodKind("Pending"),
            api.PodKind("Failed"),
            evolve(READY, phase="Failed"),  # as the collector of pods leaves it
            api.PodKind("Succeeded"),
            evolve(READY, available=min_ready == 0),
            api.PodKind("Unknown"),
        )
    )
    return evolve(kind, terminating=chance.of((False,) * 5 + (True,)))


def drawn(chance: Chance) -> Start:
    """Any state, or one that comes some syncs after such a one."""
    start = _any(chance)
    for _ in range(chance.of((0, 0, 1, 2))):
        start = _settled(start)
    return start


def _settled(start: Start) -> Start:
    """The state after this sync, when the caches have caught up."""
    after = run(start).after
    if after.live is None:
        return start
    return evolve(
        after,
        cached=after.live,
        copy=informer.Copy(),
        pods_cached={
            at: sts.PodSeen(at, pod.revision, pod.kind, uid=pod.uid, owner=pod.owner)
            for at, pod in after.pods.items()
        },
        claims_cached=dict(after.claims),
    )


def _any(chance: Chance) -> Start:
    """Any state; in some of them most pods are as they are asked for."""
    spec = _spec(chance)
    calm = chance.of((False, False, True))
    templates = list(TEMPLATES)
    revisions = tuple(
        templates.pop(chance.integer(0, len(templates) - 1)) for _ in range(chance.integer(0, 3))
    )
    cached = sts.StatefulSet(
        spec,
        _status(chance, revisions),
        chance.of((False,) * 11 + (True,)),
        chance.of((sts.BY_SET,) * 3 + (-1,)),
    )
    live, copy = _live_set(chance, cached, revisions)
    fails = chance.of((0, 0, 1))
    pods_cached: dict[int, sts.PodSeen] = {}
    pods: dict[int, sts.StatefulPod] = {}
    claims_cached: dict[int, sts.Claim] = {}
    claims: dict[int, sts.Claim] = {}
    for ordinal in range(max(0, spec.ordinals_start - 1), spec.ordinals_start + 5):
        _draw_pod(chance, cached, ordinal, calm, pods_cached, pods)
        if spec.has_claims:
            uid = pods_cached[ordinal].uid if ordinal in pods_cached else None
            _draw_claim(chance, cached.uid, ordinal, uid, claims_cached, claims)
    return Start(
        cached,
        live,
        copy,
        revisions,
        pods_cached,
        pods,
        claims_cached,
        claims,
        max_unavailable=chance.of((False, True)),
        consistency_store=chance.of((True,) * 7 + (False,)),
        fails=fails,
        # The oracle counts the requests that go wrong: a claim that is tried again is several.
        claims_follow=fails > 0 or chance.of((True, False)),
    )


_OTHERS = -9
"""The uid of a set that is none of those that are synced."""


def _live_set(
    chance: Chance, cached: sts.StatefulSet, revisions: tuple[int, ...]
) -> tuple[sts.StatefulSet | None, informer.Copy]:
    how = chance.of(
        ("same",) * 14 + ("version", "version", "generation", "generation", "gone", "anew")
    )
    if how == "version":
        return evolve(cached, status=_status(chance, revisions)), informer.Copy(current=False)
    if how == "generation":
        behind = cached.status.observed_generation
        behind = api.Observed.NEVER if behind is api.Observed.NEVER else api.Observed.BEHIND
        status = evolve(cached.status, observed_generation=behind)
        spec = evolve(cached.spec, replicas=chance.integer(0, 4))
        return evolve(cached, spec=spec, status=status), informer.Copy(
            current=False, generation=False
        )
    if how in ("gone", "anew"):
        other = evolve(cached, status=sts.StatefulSetStatus(), uid=cached.uid - 1)
        copy = informer.Copy(current=False, generation=False, same=False)
        return (None if how == "gone" else other), copy
    return cached, informer.Copy()


def _draw_pod(
    chance: Chance,
    of: sts.StatefulSet,
    ordinal: int,
    calm: bool,
    cached: dict[int, sts.PodSeen],
    live: dict[int, sts.StatefulPod],
) -> None:
    spec = of.spec
    how = chance.of(("same",) * 8 + ("none",) * 4 + ("new", "gone", "anew", "other"))
    calm = calm and chance.of((True,) * 15 + (False,))
    if calm:
        above = ordinal - spec.ordinals_start
        how = "same" if 0 <= above < spec.replicas else "none"
    if how == "none":
        return
    kind, revision = a_kind(chance, spec.min_ready_seconds), chance.of(TEMPLATES)
    if not spec.graceful:
        kind = evolve(kind, terminating=False)  # it is gone at once
    if calm:
        kind, revision = READY, spec.template
    node = None if kind.phase == "Pending" and chance.of((True, False)) else 1
    # Orphans are adopted; what another set has is left alone.
    owner = chance.of((of.uid,) * 12 + (None, None, _OTHERS))
    owner_now = chance.of((owner,) * 7 + (of.uid, None, _OTHERS))
    if calm or how in ("anew", "new"):
        owner = owner_now = owner_now if chance.of((False, False, False, True)) else of.uid
    if how != "new":
        cached[ordinal] = sts.PodSeen(ordinal, revision, kind, uid=1, owner=owner)
    if how == "gone":
        return
    if how in ("anew", "new"):
        live[ordinal] = sts.StatefulPod(revision, uid=2, owner=owner_now)
    elif how == "other" and not kind.terminating:
        other = a_kind(chance, spec.min_ready_seconds)
        if not spec.graceful:
            other = evolve(other, terminating=False)
        live[ordinal] = sts.StatefulPod(revision, other, 1, owner=owner_now)
    else:
        live[ordinal] = sts.StatefulPod(revision, kind, node, owner=owner_now)


def _draw_claim(
    chance: Chance,
    of: int,
    ordinal: int,
    uid: int | None,
    cached: dict[int, sts.Claim],
    live: dict[int, sts.Claim],
) -> None:
    how = chance.of(("same",) * 8 + ("none",) * 3 + ("new", "gone", "other"))
    if how == "none":
        return
    """A claim of nobody's, of the set with that uid, of its pod, or of former ones."""
    owners = (None, None, of, of, 7, _OTHERS) if uid is None else (None, of, uid, 7, _OTHERS)
    claim = sts.Claim(chance.of(owners), chance.of((False,) * 7 + (True,)))
    if how != "new":
        cached[ordinal] = claim
    if how == "other":
        live[ordinal] = sts.Claim(chance.of(owners), claim.terminating)
    elif how != "gone":
        live[ordinal] = claim
