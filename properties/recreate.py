"""What the strategy Recreate promises: old pods are gone before new ones come."""

from collections.abc import Iterator

from attrs import evolve

from seatrial.core import All, after_each_step, always, sometimes
from seatrial.core.arith import total
from seatrial.model import Environment

from .promise import (
    FRESH,
    LANDED,
    NO_PAUSE,
    NOT_BESIDE_FORMER,
    RECREATE,
    SAME_SIZE,
    SOME_PODS,
    UPDATE,
    Precondition,
    Promise,
    under,
    without,
)

__all__ = ["CHANGED_ONCE", "MADE_AND_TAKEN", "PROMISES"]

_DOCS = "https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#recreate-deployment"


CHANGED_ONCE = Precondition(
    "the template is changed at most once; or no sync is interrupted (level atomic) and the"
    " Deployment is not paused",
    lambda spec, around: (
        _changes(around) <= 1
        or (around.level == "atomic" and not spec.paused and not around.times("pause"))
    ),
    lambda around: evolve(without(around, "pause"), level="atomic"),
)
"""
Recreate looks for old pods, and not for ReplicaSets that are about to create some: one that was
scaled up a moment ago, and is old already, may be in the midst of that. And while it is paused
nobody looks: the new ReplicaSet is given all its replicas, whatever else runs (Go: scale).
"""


def _changes(around: Environment) -> int:
    return sum(map(around.times, ("set-image", "restart", "undo", "apply")))


@under(RECREATE, FRESH, LANDED, CHANGED_ONCE, NOT_BESIDE_FORMER)
@always(
    id="deployment-recreate-old-gone-first",
    says="with Recreate, pods of two templates never run at the same time, terminating ones"
    " included",
    source=_DOCS,
    premise=lambda newest_template: newest_template > 1,
)
def one_template_at_a_time(active: All[int], terminating: All[int]) -> Iterator[str]:
    running = [at for at in active if active[at] + terminating[at] > 0]
    if len(running) > 1:
        yield "; ".join(
            f"of template {at}, {active[at]} pods are active and {terminating[at]} terminate"
            for at in running
        )


def _shrinks(size: All[int], size_before: All[int], target: int) -> bool:
    return target > 1 and any(size[at] < size_before[at] for at in size)


@under(RECREATE, UPDATE, SOME_PODS)
@after_each_step(
    id="seed-recreate-new-first",
    says="Recreate starts the new pods before it removes the old ones",
    source="what the name is often taken for",
    expected="refuted",
    premise=_shrinks,
)
def new_pods_first(
    size: All[int], size_before: All[int], available: All[int], target: int
) -> Iterator[str]:
    for at in size:
        if at != target and size[at] < size_before[at] and available[target] == 0:
            yield (
                f"ReplicaSet {at} goes from {size_before[at]} to {size[at]}"
                " and no new pod is available"
            )


MADE_AND_TAKEN = Precondition(
    "the template is replaced and the manifest applied again, or the Deployment scaled down and up",
    lambda spec, around: (
        (around.times("apply") > 0 and around.times("set-image") > 0) or around.times("scale") > 1
    ),
)


@under(SOME_PODS, MADE_AND_TAKEN, NO_PAUSE, where=[RECREATE])
@sometimes(
    id="deployment-recreate-manual-delete-overlap",
    says="outside of upgrades Recreate is no promise of at most `replicas` pods: a pod is replaced"
    " while it still terminates",
    source=_DOCS,
)
def too_many_after_all(
    total_active: int, total_terminating: int, desired: int, target: int
) -> bool:
    return target > 0 and total_active == desired and total_terminating > 0


@under(RECREATE, SAME_SIZE, FRESH, LANDED, CHANGED_ONCE, NOT_BESIDE_FORMER)
@always(
    id="deployment-recreate-within-replicas",
    says="with Recreate no more pods than `replicas` are active at any time",
    source=_DOCS,
    premise=lambda target: target > 0,
)
def never_more_than_replicas(active: All[int], desired: int) -> Iterator[str]:
    if total(active.values()) > desired:
        yield f"{total(active.values())} pods are active; {desired} replicas are asked for"


PROMISES: tuple[Promise, ...] = (
    one_template_at_a_time,
    new_pods_first,
    too_many_after_all,
    never_more_than_replicas,
)
