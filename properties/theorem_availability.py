"""Availability as an invariant: what every step of a rolling update keeps, and what it rests on."""

from collections.abc import Iterator

from seatrial.core import Hypothesis, Mutation, OneOf, Population, Theorem, Whole
from seatrial.core.arith import maximum, minimum, total
from seatrial.model import api, deployment_util, replicaset_utils

from .theorem_parts import (
    SIZE,
    current,
    new_replica_set,
    old_replica_set,
    rolling_deployment,
    sizes_written,
)

__all__ = ["THEOREMS"]

_DOCS = "https://kubernetes.io/docs/concepts/workloads/controllers/deployment/"
_PENDING = api.PodKind()
_AVAILABLE = api.PodKind("Running", ready=True, available=True)
_NOBODY: "Population[api.PodKind]" = Population()

_STEPS = (
    "the Deployment writes a size",
    "the oldest ReplicaSet carries out its size",
    "the oldest ReplicaSet reports",
    "an old ReplicaSet carries out its size",
    "the new ReplicaSet carries out its size",
    "an old ReplicaSet reports",
    "the new ReplicaSet reports",
    "an old pod becomes available",
    "a new pod becomes available",
)
_FAILS = "a pod stops being available"
_ANY_ORDER = "an old ReplicaSet deletes pods that are available first"


def _kinds(pending: int, available: int) -> "Population[api.PodKind]":
    return Population({_PENDING: pending, _AVAILABLE: available})


def _carried_out(size: int, pending: int, available: int) -> tuple[int, int]:
    """The pods that are left, or made, when a ReplicaSet carries out its size."""
    there = pending + available
    if there <= size:
        return pending + size - there, available
    kinds = _kinds(pending, available)
    left = kinds - replicaset_utils.get_pods_to_delete(kinds, kinds, there - size)
    return left[_PENDING], left[_AVAILABLE]


def _reported(size: int, pending: int, available: int) -> int:
    """How many available pods a ReplicaSet reports."""
    kinds = _kinds(pending, available)
    status = replicaset_utils.calculate_status(api.ReplicaSet(1, 1, size), kinds, _NOBODY, False)
    return status.available_replicas


def _excess(
    of: api.Deployment,
    sizes: tuple[int, int, int],
    reports: tuple[int, int, int],
    pods: tuple[tuple[int, int], tuple[int, int], tuple[int, int]],
) -> tuple[int, ...]:
    """By how much each part of the invariant is missed; of each ReplicaSet, the new one last."""
    available = tuple(each for _, each in pods)
    least = of.spec.replicas - deployment_util.max_unavailable(of)
    return (
        least - total(map(minimum, sizes, available)),
        maximum(*(minimum(sizes[at], reports[at]) - available[at] for at in range(3))),
        maximum(reports[2], total(pods[2])) - sizes[2],
        sizes[2] - of.spec.replicas,
        sizes[0] - minimum(reports[0], available[0]),
    )


def _words(at: int, missed: int) -> str:
    """One part of the invariant that is missed by so much."""
    if at == 0:
        return f"{missed} pods too few are available and are to stay"
    if at == 1:
        return f"{missed} more are reported available than are, beside pods that are to go"
    if at == 2:
        return f"the new ReplicaSet has, or reports, {missed} pods more than its size"
    if at == 3:
        return f"the new ReplicaSet is larger than replicas, by {missed}"
    return f"of the oldest ReplicaSet {missed} pods are not available, or not reported"


def _newly(was: tuple[int, ...], now: tuple[int, ...]) -> Iterator[str]:
    """What is missed that was not before; that pods are missing counts in any case."""
    for at, (before, after) in enumerate(zip(was, now, strict=True)):
        if after > 0 and (at == 0 or before <= 0):
            yield _words(at, after)


def _availability_is_kept(
    step: str,
    replicas: int,
    surge: int,
    unavailable: int,
    oldest: int,
    old: int,
    new: int,
    oldest_reported: int,
    old_reported: int,
    new_reported: int,
    oldest_available: int,
    old_available: int,
    new_available: int,
    old_pending: int,
    new_pending: int,
) -> Iterator[str]:
    of = rolling_deployment(replicas, surge, unavailable)
    sizes = (oldest, old, new)
    reports = (oldest_reported, old_reported, new_reported)
    first, second = (0, oldest_available), (old_pending, old_available)
    third = (new_pending, new_available)
    was = _excess(of, sizes, reports, (first, second, third))
    if step == "the Deployment writes a size":
        rss = (
            current(old_replica_set(1, oldest, oldest_reported, oldest), replicas, surge),
            current(old_replica_set(2, old, old_reported, old), replicas, surge),
            current(new_replica_set(new, new_reported, new), replicas, surge),
        )
        for after in sizes_written(of, rss):
            one, other, newest = (rs.replicas for rs in after)
            now = _excess(of, (one, other, newest), reports, (first, second, third))
            yield from _newly(was, now)
        return
    if step == "the oldest ReplicaSet carries out its size":
        first = _carried_out(oldest, 0, oldest_available)
    elif step == "the oldest ReplicaSet reports":
        reports = (_reported(oldest, 0, oldest_available), old_reported, new_reported)
    elif step == "an old ReplicaSet carries out its size":
        second = _carried_out(old, old_pending, old_available)
    elif step == "the new ReplicaSet carries out its size":
        third = _carried_out(new, new_pending, new_available)
    elif step == "an old ReplicaSet reports":
        reports = (oldest_reported, _reported(old, old_pending, old_available), new_reported)
    elif step == "the new ReplicaSet reports":
        reports = (oldest_reported, old_reported, _reported(new, new_pending, new_available))
    elif step == "an old pod becomes available" and old_pending > 0:
        second = (old_pending - 1, old_available + 1)
    elif step == "a new pod becomes available" and new_pending > 0:
        third = (new_pending - 1, new_available + 1)
    elif step == _FAILS and old_available > 0:
        second = (old_pending + 1, old_available - 1)
    elif step == _ANY_ORDER:
        gone = maximum(0, old_pending + old_available - old)
        second = (
            old_pending - maximum(0, gone - old_available),
            maximum(0, old_available - gone),
        )
    yield from _newly(was, _excess(of, sizes, reports, (first, second, third)))


def _enough_before(
    replicas: int,
    surge: int,
    unavailable: int,
    oldest: int,
    old: int,
    new: int,
    oldest_available: int,
    old_available: int,
    new_available: int,
) -> bool:
    staying = (
        minimum(oldest, oldest_available)
        + minimum(old, old_available)
        + minimum(new, new_available)
    )
    return staying >= replicas - deployment_util.max_unavailable(
        rolling_deployment(replicas, surge, unavailable)
    )


def _reports_are_true(
    oldest: int,
    old: int,
    new: int,
    oldest_reported: int,
    old_reported: int,
    new_reported: int,
    oldest_available: int,
    old_available: int,
    new_available: int,
) -> bool:
    return (
        minimum(oldest, oldest_reported) <= oldest_available
        and minimum(old, old_reported) <= old_available
        and minimum(new, new_reported) <= new_available
    )


def _new_within_size(new: int, new_reported: int, new_available: int, new_pending: int) -> bool:
    return new_reported <= new and new_pending + new_available <= new


def _oldest_is_whole(oldest: int, oldest_reported: int, oldest_available: int) -> bool:
    return oldest <= minimum(oldest_reported, oldest_available)


_RANGES: dict[str, Whole | OneOf] = {
    "step": OneOf((*_STEPS, _FAILS, _ANY_ORDER)),
    **dict.fromkeys(
        (
            *("replicas", "surge", "unavailable", "oldest", "old", "new"),
            *("oldest_reported", "old_reported", "new_reported"),
            *("oldest_available", "old_available", "new_available"),
            *("old_pending", "new_pending"),
        ),
        SIZE,
    ),
}

THEOREMS = (
    Theorem(
        id="availability-is-kept",
        says="a rolling update keeps replicas - maxUnavailable pods available, step by step",
        source=_DOCS + "#max-unavailable",
        claim=_availability_is_kept,
        ranges=_RANGES,
        hypotheses=(
            Hypothesis(
                "so many are available before the step, not counting those that are to be deleted",
                _enough_before,
            ),
            Hypothesis(
                "what is reported available is, beside pods that are about to be deleted",
                _reports_are_true,
            ),
            Hypothesis(
                "the new ReplicaSet has, and reports, no more pods than its size",
                _new_within_size,
            ),
            Hypothesis(
                "the new ReplicaSet is no larger than replicas",
                lambda new, replicas: new <= replicas,
            ),
            Hypothesis(
                "of two old ReplicaSets the older one's pods are available, and reported",
                _oldest_is_whole,
            ),
            Hypothesis("no pod stops being available", lambda step: step != _FAILS),
            Hypothesis(
                "ReplicaSets delete pods that are not available first",
                lambda step: step != _ANY_ORDER,
            ),
        ),
        mutations=(
            Mutation("fewer are available before the step", drops=0),
            Mutation("a ReplicaSet reports pods as available that no longer are", drops=1),
            Mutation("the new ReplicaSet was made smaller, and still reports its pods", drops=2),
            Mutation("replicas was lowered below the size of the new ReplicaSet", drops=3),
            Mutation(
                "pods of the older one are not available, and the other one still reports pods that"
                " are to go: both are scaled down at once",
                drops=4,
            ),
            Mutation("a pod of an old ReplicaSet fails", drops=5),
            Mutation("a ReplicaSet deletes pods that are available first", drops=6),
        ),
        level="atomic: one step of the Deployment, which is neither paused nor being resized, of a"
        " ReplicaSet or a kubelet; each size by itself",
        lag="any of statuses: a ReplicaSet may report as late as it likes; 0 of ReplicaSets",
        revisions="3",
        lemmas=(
            "pods that are available, and within the size of their ReplicaSet, are at least"
            " replicas - maxUnavailable",
            "what is reported available is, beside pods that are about to be deleted",
            "the new ReplicaSet has, and reports, no more pods than its size",
            "the new ReplicaSet is no larger than replicas",
            "all pods that the older of two old ReplicaSets is to keep are available, and reported",
        ),
        about=("deployment-available-floor",),
    ),
)
