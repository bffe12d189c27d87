"""What the toy rollout promises: the bounds of a rolling update, and that it ends."""

from collections.abc import Iterator

from seatrial.core import (
    All,
    Property,
    after_each_step,
    always,
    at_least,
    converges_to,
    sometimes,
)
from seatrial.core.arith import total
from seatrial.model import rollout

__all__ = ["PROPERTIES"]

_DOCS = "https://kubernetes.io/docs/concepts/workloads/controllers/deployment/"


@always(
    says="the sizes of all ReplicaSets together stay within replicas + maxSurge",
    source=_DOCS + "#max-surge",
    premise=lambda latest: latest > 1,
)
def sizes_within_surge(spec: All[int], replicas: int, max_surge: int) -> Iterator[str]:
    sizes = total(spec.values())
    if sizes > replicas + max_surge:
        yield f"the ReplicaSets ask for {sizes} pods; {replicas + max_surge} are allowed"


@after_each_step(
    says="a rollout step of the Deployment never grows an old ReplicaSet",
    source=_DOCS + "#rolling-update-deployment",
)
def old_replica_sets_only_shrink(
    latest: int, spec: All[int], spec_before: All[int]
) -> Iterator[str]:
    for revision in spec:
        if revision != latest and spec[revision] > spec_before[revision]:
            yield f"ReplicaSet {revision} grew from {spec_before[revision]} to {spec[revision]}"


def _crash_free_floor(replicas: int, max_unavailable: int) -> int:
    return replicas - max_unavailable


@at_least(
    says="at least replicas - maxUnavailable pods are available, not counting those that crashed",
    source=_DOCS + "#max-unavailable",
    bound=_crash_free_floor,
    expected="refuted",
)
def available_pods(pods: All[rollout.Pods], crashes_left: int, crashes: int) -> int:
    return total(each.available for each in pods.values()) + crashes - crashes_left


@sometimes(
    says="all pods run the latest revision",
    source=_DOCS + "#complete-deployment",
)
def rollout_completes(latest: int, pods: All[rollout.Pods], replicas: int, revisions: int) -> bool:
    return latest == revisions and pods[latest].available == replicas


@converges_to(
    says="once users and faults rest, all pods are available and of the latest revision",
    source=_DOCS + "#complete-deployment",
)
def rollout_settles(latest: int, pods: All[rollout.Pods], replicas: int) -> bool:
    others = [pods[revision] for revision in pods if revision != latest]
    return pods[latest] == rollout.Pods(available=replicas) and all(
        each == rollout.Pods() for each in others
    )


PROPERTIES: tuple[Property, ...] = (
    sizes_within_surge,
    old_replica_sets_only_shrink,
    available_pods,
    rollout_completes,
    rollout_settles,
)
