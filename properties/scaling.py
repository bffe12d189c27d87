"""What happens when `replicas` is changed, in the middle of a rollout or while paused."""

from collections.abc import Iterator

from seatrial.core import All, after_each_step, converges_to
from seatrial.core.arith import total
from seatrial.model import api

from .promise import (
    ALL_KEPT,
    ATOMIC,
    FEW_FAILURES,
    FRESH,
    HEALTHY_TEMPLATES,
    NO_GIVE_UP,
    NO_UNDO,
    NOT_CREATED_ANEW,
    NOT_PAUSED_AGAIN,
    NOTHING_LOST,
    PAUSED,
    ROLLING,
    Precondition,
    Promise,
    does,
    under,
)

__all__ = ["AT_ZERO", "PROMISES"]

_DOCS = "https://kubernetes.io/docs/concepts/workloads/controllers/deployment/"
_GO = "pkg/controller/deployment/sync.go scale"


AT_ZERO = Precondition(
    "replicas may be 0",
    lambda spec, around: spec.replicas == 0 or "0" in around.values("scale"),
)


def _active(size: All[int]) -> int:
    return total(1 for at in size if size[at] > 0)


def _scaled_in_mid_rollout(
    size_before: All[int],
    noted_before: All[int | None],
    desired: int,
    deployment_alive: str,
    action: str,
) -> bool:
    if action != "observe" or _active(size_before) < 2 or deployment_alive != "alive":
        return False
    return any(
        size_before[at] > 0 and noted_before[at] is not None and noted_before[at] != desired
        for at in size_before
    )


@under(FRESH, where=[ROLLING, ATOMIC, does("scale")])
@after_each_step(
    id="deployment-proportional-skips-empty",
    says="when a Deployment is scaled in mid-rollout, ReplicaSets of size 0 get nothing",
    source=_DOCS + "#proportional-scaling",
    premise=_scaled_in_mid_rollout,
)
def empty_ones_get_nothing(size: All[int], size_before: All[int]) -> Iterator[str]:
    for at in size:
        if size[at] > size_before[at] == 0:
            yield f"ReplicaSet {at} grows from 0 to {size[at]} while {_active(size_before)} share"


@under(ATOMIC, FRESH, NO_UNDO, NOT_PAUSED_AGAIN, NOTHING_LOST, where=[ROLLING, does("scale")])
@after_each_step(
    id="deployment-proportional-adds-up",
    says="when a Deployment is scaled in mid-rollout, the shares add up to replicas + maxSurge,"
    " unless the new ReplicaSet serves alone",
    source=_GO,
    premise=_scaled_in_mid_rollout,
)
def shares_add_up(
    size: All[int], size_before: All[int], desired: int, surge: int, target: int
) -> Iterator[str]:
    sizes = total(size.values())
    alone = size[target] == sizes == desired
    if sizes != desired + surge and not alone:
        yield (
            f"sizes go from {'+'.join(str(size_before[at]) for at in size_before)} to"
            f" {'+'.join(str(size[at]) for at in size)};"
            f" {desired} replicas + {surge} surge were to be shared"
        )


@under(ATOMIC, FRESH, where=[AT_ZERO])
@after_each_step(
    id="deployment-nothing-grows-at-zero",
    says="at replicas 0 both bounds are 0: no ReplicaSet grows",
    source="pkg/controller/deployment/util/deployment_util.go MaxUnavailable; " + _GO,
    over="template",
    premise=lambda desired: desired == 0,
)
def nothing_grows_at_zero(template: int, size: int, size_before: int) -> Iterator[str]:
    if size > size_before:
        yield f"ReplicaSet {template} grows from {size_before} to {size} at replicas 0"


@under(HEALTHY_TEMPLATES, FEW_FAILURES, where=[does("scale")])
@converges_to(
    id="seed-scale-by-replicas",
    says="changing `replicas` changes the number of pods to it, sooner or later, unless paused",
    source=_DOCS + "#scaling-a-deployment",
)
def as_many_pods_as_replicas(
    total_active: int, desired: int, paused: bool, deployment_alive: str
) -> bool:
    return paused or deployment_alive != "alive" or total_active == desired


@under(NO_GIVE_UP, ALL_KEPT, NOT_CREATED_ANEW, where=[does("scale"), PAUSED])
@converges_to(
    id="deployment-paused-still-scales",
    says="a paused Deployment is scaled all the same: its sizes add up to replicas, or to replicas"
    " + maxSurge in mid-rollout",
    source="pkg/controller/deployment/sync.go sync; " + _GO,
)
def paused_and_scaled(
    size: All[int], desired: int, surge: int, paused: bool, deployment_alive: str
) -> bool:
    if not paused or deployment_alive != "alive":
        return True
    sizes = total(size.values())
    return sizes == desired if _active(size) < 2 else sizes == desired + surge


@under(where=[does("apply")])
@after_each_step(
    id="deployment-apply-overwrites-scale",
    says="applying a manifest with a number of replicas discards a scale that was made since",
    source=_DOCS + "#replicas",
    premise=lambda action: action == "apply",
)
def apply_overwrites(
    deployment: api.Deployment | None, manifest: api.DeploymentSpec
) -> Iterator[str]:
    if deployment is None or deployment.spec.replicas != manifest.replicas:
        asked = None if deployment is None else deployment.spec.replicas
        yield f"after apply {asked} replicas are asked for, not {manifest.replicas}"


PROMISES: tuple[Promise, ...] = (
    empty_ones_get_nothing,
    shares_add_up,
    nothing_grows_at_zero,
    as_many_pods_as_replicas,
    paused_and_scaled,
    apply_overwrites,
)
