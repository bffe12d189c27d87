"""
The Deployment controller's arithmetic: bounds, sizes and shares.

:Go: kubernetes v1.36.3 pkg/controller/deployment/util/deployment_util.go
:Docs: https://kubernetes.io/docs/concepts/workloads/controllers/deployment/
:Omits: overflow of integers, except in the one product where it happens within the sizes that
    clusters have (`get_replica_set_fraction`). What the same Go file says about choosing and
    annotating ReplicaSets is in `deployment_replica_sets.py`, about conditions and progress in
    `deployment_conditions.py`.
"""

from collections.abc import Iterable

from seatrial.core.arith import ceil_div, floor_div, maximum, minimum, total

from .api import MAX_INT32, Deployment, IntOrPercent, Observed, ReplicaSet, RollingUpdateDeployment

__all__ = [
    "get_actual_replica_count_for_replica_sets",
    "get_available_replica_count_for_replica_sets",
    "get_ready_replica_count_for_replica_sets",
    "get_replica_count_for_replica_sets",
    "get_replica_set_fraction",
    "get_replica_set_proportion",
    "get_scaled_value_from_int_or_percent",
    "get_terminating_replica_count_for_replica_sets",
    "int32",
    "is_rolling_update",
    "is_saturated",
    "max_surge",
    "max_unavailable",
    "min_available",
    "new_rs_new_replicas",
    "resolve_fenceposts",
    "round_to_int",
]


# ---- maxSurge and maxUnavailable --------------------------------------------------------------


def get_scaled_value_from_int_or_percent(
    bound: IntOrPercent | None, of: int, round_up: bool
) -> int:
    """
    How many pods a bound allows of `of` pods; a missing bound allows none.

    Upstream divides floats. The outcome is the same as long as percentage times size stays below
    2 to the 50th, since no quotient then comes closer to a whole number than floats can tell.
    Go: intstr.GetScaledValueFromIntOrPercent
    """
    if bound is None:
        return 0
    if bound.kind == "percent":
        share = bound.value * of
        return ceil_div(share, 100) if round_up else floor_div(share, 100)
    return bound.value


def _rolling_update(deployment: Deployment) -> RollingUpdateDeployment:
    # Validation wants the block wherever the type is RollingUpdate.
    return deployment.spec.strategy.rolling_update or RollingUpdateDeployment(None, None)


def is_rolling_update(deployment: Deployment) -> bool:
    """Whether pods are replaced little by little. Go: IsRollingUpdate"""
    return deployment.spec.strategy.type == "RollingUpdate"


def resolve_fenceposts(
    surge_bound: IntOrPercent | None, unavailable_bound: IntOrPercent | None, desired: int
) -> tuple[int, int]:
    """
    Surge and unavailability as numbers of pods.

    Surge is rounded up and unavailability down. Where both come out as 0 nothing could ever move,
    so one pod may then be unavailable. Go: ResolveFenceposts

    >>> resolve_fenceposts(IntOrPercent.percent(25), IntOrPercent.percent(25), 10)
    (3, 2)
    >>> resolve_fenceposts(IntOrPercent.absolute(0), IntOrPercent.percent(1), 10)
    (0, 1)
    """
    surge = get_scaled_value_from_int_or_percent(surge_bound, desired, round_up=True)
    unavailable = get_scaled_value_from_int_or_percent(unavailable_bound, desired, round_up=False)
    if surge == 0 and unavailable == 0:
        unavailable = 1
    return surge, unavailable


def max_unavailable(deployment: Deployment) -> int:
    """How many of `spec.replicas` may be missing during a rollout. Go: MaxUnavailable"""
    if not is_rolling_update(deployment) or deployment.spec.replicas == 0:
        return 0
    bounds = _rolling_update(deployment)
    desired = deployment.spec.replicas
    _, unavailable = resolve_fenceposts(bounds.max_surge, bounds.max_unavailable, desired)
    return minimum(unavailable, desired)


def min_available(deployment: Deployment) -> int:
    """
    How many pods are to be available during a rollout; 0 for Recreate.

    No controller calls it: they subtract `max_unavailable` themselves, which for Recreate leaves
    all of `spec.replicas`. Go: MinAvailable
    """
    if not is_rolling_update(deployment):
        return 0
    return deployment.spec.replicas - max_unavailable(deployment)


def max_surge(deployment: Deployment) -> int:
    """How many pods there may be beyond `spec.replicas`. Go: MaxSurge"""
    if not is_rolling_update(deployment):
        return 0
    bounds = _rolling_update(deployment)
    desired = deployment.spec.replicas
    surge, _ = resolve_fenceposts(bounds.max_surge, bounds.max_unavailable, desired)
    return surge


# ---- sizes ------------------------------------------------------------------------------------


def new_rs_new_replicas(
    deployment: Deployment, all_rss: Iterable[ReplicaSet], new_rs: ReplicaSet
) -> int:
    """
    The size that the new ReplicaSet may have now: it takes what room there is below the surge.

    Room is counted in sizes, not in pods: terminating pods do not take any. Go: NewRSNewReplicas
    """
    desired = deployment.spec.replicas
    if not is_rolling_update(deployment):
        return desired
    surge = get_scaled_value_from_int_or_percent(
        _rolling_update(deployment).max_surge, desired, round_up=True
    )
    current_pod_count = get_replica_count_for_replica_sets(all_rss)
    max_total_pods = desired + surge
    if current_pod_count >= max_total_pods:
        return new_rs.replicas
    scale_up_count = minimum(max_total_pods - current_pod_count, desired - new_rs.replicas)
    return new_rs.replicas + scale_up_count


def is_saturated(deployment: Deployment, rs: ReplicaSet | None) -> bool:
    """
    Whether this ReplicaSet is to run all pods, knows it (the annotation), and has them available.

    Go: IsSaturated
    """
    if rs is None or rs.desired_replicas is None:
        return False
    desired = deployment.spec.replicas
    return (
        rs.replicas == desired
        and rs.desired_replicas == desired
        and rs.status.available_replicas == desired
    )


def get_replica_set_proportion(
    rs: ReplicaSet,
    deployment: Deployment,
    to_add: int,
    added: int,
    variant: frozenset[str] = frozenset(),
) -> int:
    """
    By how much a ReplicaSet grows or shrinks (negative) when a Deployment of several is resized.

    `to_add` is what all of them get together, `added` what others got already.
    Go: GetReplicaSetProportion
    """
    if rs.replicas == 0 or to_add == 0 or to_add == added:
        return 0
    rs_fraction = get_replica_set_fraction(rs, deployment, variant)
    allowed = to_add - added
    if to_add > 0:
        return minimum(rs_fraction, allowed)
    return maximum(rs_fraction, allowed)


def get_replica_set_fraction(
    rs: ReplicaSet, deployment: Deployment, variant: frozenset[str] = frozenset()
) -> int:
    """
    What growing with the Deployment would add to this ReplicaSet, rounded half away from zero.

    The Deployment's size before is what the ReplicaSet's annotation says; without one it is the
    number of pods that the status counts. Upstream multiplies 32-bit integers before it divides:
    from 46,341 times 46,341 on, the product is negative, and so is the size that comes out.
    Go: getReplicaSetFraction
    """
    if deployment.spec.replicas == 0:
        return -rs.replicas
    deployment_max_replicas = deployment.spec.replicas + max_surge(deployment)
    before_scale = rs.max_replicas
    if "dep-proportional-scaling-not-reentrant" in variant:
        before_scale = None
    if before_scale is None or before_scale == 0:
        before_scale = deployment.status.replicas
        if before_scale == 0:
            return 0
    return round_to_int(int32(rs.replicas * deployment_max_replicas), before_scale) - rs.replicas


def int32(value: int) -> int:
    """
    The value that remains in 32 bits.

    >>> int32(46_340 * 46_340), int32(46_341 * 46_341)
    (2147395600, -2147479015)
    """
    if -MAX_INT32 - 1 <= value <= MAX_INT32:
        return value
    return (value + 2**31) % 2**32 - 2**31


def round_to_int(dividend: int, divisor: int) -> int:
    """
    The quotient rounded to the nearest integer, halves away from zero; `divisor` is positive.

    Upstream divides 64-bit floats and rounds those. With operands of 32 bits the outcome is the
    same: halves are exact, and no other quotient is as close to a half as one rounding error.
    Go: integer.RoundToInt32

    >>> round_to_int(5, 2), round_to_int(-5, 2), round_to_int(7, 5)
    (3, -3, 1)
    """
    if dividend < 0:
        return -floor_div(-2 * dividend + divisor, 2 * divisor)
    return floor_div(2 * dividend + divisor, 2 * divisor)


# ---- sums -------------------------------------------------------------------------------------


def get_replica_count_for_replica_sets(rss: Iterable[ReplicaSet]) -> int:
    """The sum of their sizes. Go: GetReplicaCountForReplicaSets"""
    return total(rs.replicas for rs in rss)


def get_actual_replica_count_for_replica_sets(rss: Iterable[ReplicaSet]) -> int:
    """The sum of the pods they report. Go: GetActualReplicaCountForReplicaSets"""
    return total(rs.status.replicas for rs in rss)


def get_ready_replica_count_for_replica_sets(rss: Iterable[ReplicaSet]) -> int:
    """The sum of the ready pods they report. Go: GetReadyReplicaCountForReplicaSets"""
    return total(rs.status.ready_replicas for rs in rss)


def get_available_replica_count_for_replica_sets(rss: Iterable[ReplicaSet]) -> int:
    """The sum of the available pods they report. Go: GetAvailableReplicaCountForReplicaSets"""
    return total(rs.status.available_replicas for rs in rss)


def get_terminating_replica_count_for_replica_sets(rss: Iterable[ReplicaSet]) -> int | None:
    """
    The sum of the terminating pods they report; None where one has a status, but not that number.

    Go: GetTerminatingReplicaCountForReplicaSets
    """
    terminating = 0
    for rs in rss:
        if rs.status.terminating_replicas is not None:
            terminating = terminating + rs.status.terminating_replicas
        elif rs.status.observed_generation is not Observed.NEVER:
            return None
    return terminating
