"""What a rolling update promises: how many pods there may be, and how many are available."""

from collections.abc import Iterator
from itertools import pairwise

from seatrial.core import All, after_each_step, always, at_least, sometimes
from seatrial.core.arith import minimum, total
from seatrial.model import api, deployment_util

from .promise import (
    ATOMIC,
    FRESH,
    HEALTHY_TEMPLATES,
    LANDED,
    NO_PAUSE,
    NO_POD_FAULTS,
    NO_STALE_PAUSE,
    NO_UNDO,
    NOT_DELETED,
    ROLLING,
    SAME_SIZE,
    SOME_PODS,
    SOME_REMAIN,
    TOLD,
    TOLD_OF_ALL,
    UPDATE,
    Precondition,
    Promise,
    does,
    surge_of,
    unavailable_of,
    under,
)

__all__ = ["GROWS_IN_STEPS", "PROMISES", "REPLACED_ONCE", "THREE"]

_DOCS = "https://kubernetes.io/docs/concepts/workloads/controllers/deployment/"
_GO = "pkg/controller/deployment/rolling.go"

GROWS_IN_STEPS = Precondition(
    "the new ReplicaSet grows once more after old ones have shrunk: replicas exceed maxSurge, or"
    " the template is replaced twice",
    lambda spec, around: (
        spec.replicas > surge_of(spec) or around.times("set-image") + around.times("restart") > 1
    ),
)
_SURGES = Precondition("maxSurge is not 0", lambda spec, around: surge_of(spec) > 0)
_MAY_MISS = Precondition("maxUnavailable is not 0", lambda spec, around: unavailable_of(spec) > 0)
_DEFAULTS = Precondition(
    "maxSurge and maxUnavailable are left at 25%",
    lambda spec, around: spec.strategy == api.DeploymentStrategy(),
)


THREE = Precondition(
    "three replicas, maxSurge 1, maxUnavailable 0",
    lambda spec, around: (spec.replicas, surge_of(spec), unavailable_of(spec)) == (3, 1, 0),
)


REPLACED_ONCE = Precondition(
    "the template is replaced once",
    lambda spec, around: around.times("set-image") + around.times("restart") == 1,
)


def _exists(target: int) -> bool:
    return target > 0


def _floor(manifest: api.DeploymentSpec) -> int:
    return deployment_util.min_available(api.Deployment(manifest))


# ---- how many there may be --------------------------------------------------------------------


@under(SAME_SIZE, FRESH, LANDED, where=[ROLLING])
@always(
    id="seed-rolling-controlled-rate",
    says="the sizes of a Deployment's ReplicaSets never add up to more than replicas + maxSurge",
    source=_DOCS + "#max-surge",
    premise=_exists,
)
def sizes_within_surge(total_size: int, desired: int, surge: int) -> Iterator[str]:
    if total_size > desired + surge:
        yield (
            f"the ReplicaSets ask for {total_size} pods;"
            f" {desired} replicas + {surge} surge are allowed"
        )


def _sizes_grew(total_size: int, total_size_before: int) -> bool:
    return total_size > total_size_before


@under(ATOMIC, FRESH, where=[ROLLING])
@after_each_step(
    id="deployment-nonterminating-within-surge",
    says="whenever the sizes grow, they add up to at most replicas + maxSurge, even if replicas"
    " was just changed",
    source=f"{_GO} reconcileNewReplicaSet; pkg/controller/deployment/sync.go scale",
    premise=_sizes_grew,
)
def growth_within_surge(
    total_size: int, total_size_before: int, desired: int, surge: int
) -> Iterator[str]:
    if total_size > desired + surge:
        yield (
            f"the sizes grow from {total_size_before} to {total_size};"
            f" {desired} replicas + {surge} surge are allowed"
        )


@under(ROLLING, SAME_SIZE, SOME_PODS, UPDATE, HEALTHY_TEMPLATES, NO_PAUSE, GROWS_IN_STEPS)
@always(
    id="deployment-active-pods-within-surge",
    says="at most replicas + maxSurge pods are active, not counting those that terminate",
    source=_DOCS + "#updating-a-deployment",
    premise=_exists,
    expected="refuted",
)
def active_pods_within_surge(total_active: int, desired: int, surge: int) -> Iterator[str]:
    if total_active > desired + surge:
        yield f"{total_active} pods are active; {desired} replicas + {surge} surge are allowed"


@under(ROLLING, SAME_SIZE, SOME_PODS, UPDATE, HEALTHY_TEMPLATES, NO_PAUSE, GROWS_IN_STEPS)
@always(
    id="deployment-total-within-surge",
    says="at most replicas + maxSurge pods run during an update",
    source=_DOCS + "#max-surge",
    premise=_exists,
    expected="refuted",
)
def running_pods_within_surge(
    total_active: int, total_terminating: int, desired: int, surge: int
) -> Iterator[str]:
    if total_active + total_terminating > desired + surge:
        yield (
            f"{total_active} pods are active and {total_terminating} still terminate;"
            f" {desired} replicas + {surge} surge are allowed"
        )


def _pods_grew(total_active: int, total_active_before: int) -> bool:
    return total_active > total_active_before


@under(ROLLING, SAME_SIZE, SOME_PODS, UPDATE, HEALTHY_TEMPLATES, NO_PAUSE, GROWS_IN_STEPS)
@after_each_step(
    id="deployment-create-waits-for-kill",
    says="new pods are created only after enough old ones were killed",
    source=_DOCS + "#updating-a-deployment",
    premise=_pods_grew,
    expected="refuted",
)
def creation_waits_for_kills(
    total_active: int,
    total_active_before: int,
    total_terminating: int,
    desired: int,
    surge: int,
) -> Iterator[str]:
    if total_active + total_terminating > desired + surge:
        yield (
            f"{total_active - total_active_before} pods are created beside {total_terminating}"
            f" that still terminate: {total_active + total_terminating} run, and"
            f" {desired} replicas + {surge} surge are allowed"
        )


@under(ROLLING, SOME_PODS, UPDATE, HEALTHY_TEMPLATES, NO_PAUSE, GROWS_IN_STEPS)
@sometimes(
    id="seed-deployment-availability-over-consistency",
    says="a Deployment would rather run a pod too many than too few: a replacement starts while its"
    " predecessor still terminates",
    source="https://github.com/kubernetes/enhancements/tree/master/keps/sig-apps/"
    "3973-consider-terminating-pods-deployment",
)
def a_pod_too_many(
    total_active: int, total_terminating: int, desired: int, surge: int, target: int
) -> bool:
    return (
        target > 0
        and total_terminating > 0
        and total_active <= desired + surge < total_active + total_terminating
    )


# ---- how many are available -------------------------------------------------------------------


@under(SAME_SIZE, NO_STALE_PAUSE, NO_UNDO, NOT_DELETED, TOLD_OF_ALL, where=[ROLLING])
@at_least(
    id="deployment-available-floor",
    says="at least replicas - maxUnavailable pods are available, not counting those that a fault"
    " took",
    source=_DOCS + "#max-unavailable",
    bound=_floor,
)
def available_and_taken(
    total_available: int,
    container_exits: int,
    container_exits_left: int,
    unreadies: int,
    unreadies_left: int,
    pod_failures: int,
    pod_failures_left: int,
) -> int:
    taken = container_exits + unreadies + pod_failures
    taken = taken - container_exits_left - unreadies_left - pod_failures_left
    return total_available + taken


def _shrinks(size: All[int], size_before: All[int], target: int) -> bool:
    return target > 0 and any(size[at] < size_before[at] for at in size)


@under(SAME_SIZE, NO_POD_FAULTS, NO_STALE_PAUSE, NO_UNDO, NOT_DELETED, TOLD, where=[ROLLING])
@after_each_step(
    id="deployment-min-available-during-rollout",
    says="old ReplicaSets shrink only as far as replicas - maxUnavailable pods remain available",
    source=f"{_GO} reconcileOldReplicaSets",
    premise=_shrinks,
)
def shrinking_leaves_enough(
    size: All[int], available: All[int], desired: int, spare: int
) -> Iterator[str]:
    # A ReplicaSet that shrinks deletes those first that are not ready.
    left = total(minimum(size[at], available[at]) for at in size)
    if left < desired - spare:
        yield (
            f"the sizes leave {left} available pods;"
            f" {desired} replicas - {spare} unavailable are needed"
        )


@under(
    SAME_SIZE,
    NO_POD_FAULTS,
    NO_STALE_PAUSE,
    NOT_DELETED,
    TOLD_OF_ALL,
    where=[ROLLING, does("never-ready")],
)
@always(
    id="deployment-bad-rollout-stops",
    says="a rollout whose pods never become ready takes no more than maxUnavailable of the pods"
    " that serve",
    source=_DOCS + "#rolling-back-a-deployment",
    premise=lambda target, never_ready: target in never_ready,
)
def serving_pods_stay(
    available: All[int], never_ready: frozenset[int], desired: int, spare: int
) -> Iterator[str]:
    serving = total(available[at] for at in available if at not in never_ready)
    if serving < desired - spare:
        yield f"{serving} pods serve; {desired} replicas - {spare} unavailable are needed"


@under(ROLLING, SOME_REMAIN, SAME_SIZE, NO_STALE_PAUSE, NOT_DELETED, where=[does("never-ready")])
@always(
    id="seed-rolling-blocks-on-failure",
    says="a new version that fails stops its rollout before all old pods are replaced",
    source=f"{_GO} reconcileOldReplicaSets",
    premise=lambda target, never_ready: target in never_ready,
)
def some_old_pods_are_kept(size: All[int], never_ready: frozenset[int]) -> Iterator[str]:
    if not any(size[at] for at in size if at not in never_ready):
        yield f"of the sizes {'+'.join(map(str, size.values()))} none is of a template that works"


# ---- in which order ---------------------------------------------------------------------------


@under(ATOMIC, FRESH, SAME_SIZE, NO_PAUSE)
@after_each_step(
    id="deployment-old-replica-sets-only-shrink",
    says="a rollout never grows a ReplicaSet of another template than the Deployment's",
    source=f"{_GO} cleanupUnhealthyReplicas, scaleDownOldReplicaSetsForRollingUpdate",
    over="template",
    premise=lambda template, target: target not in (0, template),
)
def old_replica_sets_only_shrink(template: int, size: int, size_before: int) -> Iterator[str]:
    if size > size_before:
        yield f"old ReplicaSet {template} grows from {size_before} to {size}"


@under(where=[ATOMIC])
@after_each_step(
    id="deployment-grows-or-shrinks",
    says="one sync either grows the new ReplicaSet or shrinks old ones, never both, but for the one"
    " that makes it",
    source=f"{_GO} rolloutRolling",
    premise=_shrinks,
)
def grows_or_shrinks(size: All[int], size_before: All[int]) -> Iterator[str]:
    for at in size:
        if size[at] > size_before[at] > 0:
            yield f"ReplicaSet {at} grows from {size_before[at]} to {size[at]} while others shrink"


@under(ROLLING, UPDATE, _SURGES, SAME_SIZE, SOME_PODS, NO_PAUSE)
@always(
    id="seed-rolling-delete-before-create",
    says="a rolling update first stops an old pod, then starts the one that takes its place",
    source="what is often said of rolling updates; true only with maxSurge: 0",
    premise=_exists,
    expected="refuted",
)
def stops_before_it_starts(total_size: int, desired: int) -> Iterator[str]:
    if total_size > desired:
        yield (
            f"the ReplicaSets ask for {total_size} pods and {desired} are desired:"
            " a new one starts before an old one stops"
        )


@under(ROLLING, UPDATE, _MAY_MISS, SAME_SIZE, NO_PAUSE)
@always(
    id="deployment-new-started-before-old-removed",
    says="an old pod is removed only when a new one is available in its place",
    source="https://kubernetes.io/docs/tutorials/kubernetes-basics/update/update-intro/",
    premise=_exists,
    expected="refuted",
)
def starts_before_it_stops(
    size: All[int], available: All[int], target: int, desired: int
) -> Iterator[str]:
    removed = desired - total(size[at] for at in size if at != target)
    if removed > available[target]:
        yield f"{removed} old pods are given up and {available[target]} new ones are available"


def _rolling_out(size: All[int], target: int, desired: int, paused: bool) -> bool:
    if target == 0 or paused:
        return False
    return size[target] != desired or any(size[at] for at in size if at != target)


@under(ROLLING, UPDATE, SOME_REMAIN, HEALTHY_TEMPLATES, NO_PAUSE)
@always(
    id="seed-rolling-never-waits",
    says="a rolling update runs through without waiting, unless something fails",
    source="what is often said of rolling updates",
    premise=_rolling_out,
    expected="refuted",
)
def never_waits(size: All[int], target: int, deployment_busy: bool) -> Iterator[str]:
    if not deployment_busy:
        old = total(size[at] for at in size if at != target)
        yield (
            f"the controller has nothing to do with {size[target]} new and {old} old pods"
            " asked for: it waits for pods to become available"
        )


_SEVEN_SIZES = ((3, 0), (3, 1), (2, 1), (2, 2), (1, 2), (1, 3), (0, 3))


@under(THREE, REPLACED_ONCE, SAME_SIZE, NO_UNDO, NO_PAUSE, NOT_DELETED, TOLD)
@after_each_step(
    id="seed-rolling-trace-three",
    says="with three replicas and the default bounds, old and new sizes go through (3,0) (3,1)"
    " (2,1) (2,2) (1,2) (1,3) (0,3), one after the other",
    source=_DOCS + "#updating-a-deployment",
    premise=lambda target: target > 1,
)
def seven_sizes(size: All[int], size_before: All[int], target: int) -> Iterator[str]:
    old = total(size[at] for at in size if at != target)
    old_before = total(size_before[at] for at in size if at != target)
    now, before = (old, size[target]), (old_before, size_before[target])
    if now != before and (before, now) not in pairwise(_SEVEN_SIZES):
        yield (
            f"the old ReplicaSet goes from size {old_before} to {old} and the new one from"
            f" {size_before[target]} to {size[target]}"
        )


# ---- what the default bounds are --------------------------------------------------------------


@under(
    ROLLING,
    UPDATE,
    _DEFAULTS,
    SAME_SIZE,
    NO_PAUSE,
    Precondition("there are more than 4 replicas", lambda spec, around: spec.replicas > 4),
)
@always(
    id="seed-default-surge-unavailable-one",
    says="by default at most one pod more than replicas is asked for",
    source="https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/deployment-v1/",
    premise=_exists,
    expected="refuted",
)
def one_more_by_default(total_size: int, desired: int) -> Iterator[str]:
    if total_size > desired + 1:
        yield f"the ReplicaSets ask for {total_size} pods; {desired} replicas + 1 were expected"


@under(
    ROLLING,
    UPDATE,
    _DEFAULTS,
    SAME_SIZE,
    NO_POD_FAULTS,
    NO_UNDO,
    NOT_DELETED,
    TOLD_OF_ALL,
    Precondition("there are fewer than 4 replicas", lambda spec, around: spec.replicas < 4),
)
@sometimes(
    id="deployment-proposal-both-round-up",
    says="by default one pod may be unavailable, however few replicas there are",
    source="https://github.com/kubernetes/design-proposals-archive/blob/main/apps/deployment.md",
    expected="refuted",
)
def one_less_by_default(total_available: int, desired: int) -> bool:
    return total_available < desired


PROMISES: tuple[Promise, ...] = (
    sizes_within_surge,
    growth_within_surge,
    active_pods_within_surge,
    running_pods_within_surge,
    creation_waits_for_kills,
    a_pod_too_many,
    available_and_taken,
    shrinking_leaves_enough,
    serving_pods_stay,
    some_old_pods_are_kept,
    old_replica_sets_only_shrink,
    grows_or_shrinks,
    stops_before_it_starts,
    starts_before_it_stops,
    never_waits,
    seven_sizes,
    one_more_by_default,
    one_less_by_default,
)
