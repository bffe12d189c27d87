"""Theorems about the sizes of ReplicaSets: what one sync of a rolling update does to them."""

from collections.abc import Iterator

from seatrial.core import Hypothesis, Mutation, Theorem
from seatrial.core.arith import maximum, minimum, total
from seatrial.model import api, deployment_util

from .theorem_parts import (
    SIZE,
    current,
    new_replica_set,
    old_replica_set,
    rolling_deployment,
    sizes_written,
    sum_of,
)

__all__ = ["THEOREMS"]

_DOCS = "https://kubernetes.io/docs/concepts/workloads/controllers/deployment/"
_GO = "pkg/controller/deployment/rolling.go"
_ANY_LAG = (
    "any, of pods and of statuses: what ReplicaSets report is arbitrary; any of sizes, which may be"
    " others than the sync sees: what is written to such a ReplicaSet conflicts"
)
_EVERY_LEVEL = (
    "after each single write of a sync, whether or not it goes on, while nobody else writes sizes;"
    " of a Deployment that is neither paused nor being resized: its ReplicaSets have its present"
    " size noted"
)

_TWO = dict.fromkeys(
    (
        *("replicas", "surge", "unavailable"),
        *("old", "new", "seen_old", "seen_new"),
        *("old_available", "new_available", "old_reported", "new_reported"),
    ),
    SIZE,
)
_THREE = dict.fromkeys(
    (
        *("replicas", "surge", "unavailable"),
        *("oldest", "old", "new"),
        *("oldest_available", "old_available", "new_available", "reported"),
    ),
    SIZE,
)
_THREE_SEEN = {**_THREE, **dict.fromkeys(("seen_oldest", "seen_old", "seen_new"), SIZE)}


_Three = tuple[int, int, int]


def _three(
    replicas: int, surge: int, sizes: _Three, available: _Three, reported: _Three
) -> tuple[api.ReplicaSet, ...]:
    """Two old ReplicaSets and the new one, with the Deployment's present size noted."""
    return (
        current(old_replica_set(1, sizes[0], available[0], reported[0]), replicas, surge),
        current(old_replica_set(2, sizes[1], available[1], reported[1]), replicas, surge),
        current(new_replica_set(sizes[2], available[2], reported[2]), replicas, surge),
    )


# ---- within replicas + maxSurge ---------------------------------------------------------------


def _two_within(
    replicas: int,
    surge: int,
    unavailable: int,
    old: int,
    new: int,
    seen_old: int,
    seen_new: int,
    old_available: int,
    new_available: int,
    old_reported: int,
    new_reported: int,
    variant: frozenset[str],
) -> Iterator[str]:
    there, seen = (
        (
            current(old_replica_set(1, one, old_available, old_reported), replicas, surge),
            current(new_replica_set(other, new_available, new_reported), replicas, surge),
        )
        for one, other in ((old, new), (seen_old, seen_new))
    )
    of = rolling_deployment(replicas, surge, unavailable)
    for after in sizes_written(of, there, variant, seen):
        if sum_of(after) > replicas + surge:
            yield f"sizes are {sum_of(after)}; {replicas + surge} are allowed"


def _three_within(
    replicas: int,
    surge: int,
    unavailable: int,
    oldest: int,
    old: int,
    new: int,
    seen_oldest: int,
    seen_old: int,
    seen_new: int,
    oldest_available: int,
    old_available: int,
    new_available: int,
    reported: int,
    variant: frozenset[str],
) -> Iterator[str]:
    of = rolling_deployment(replicas, surge, unavailable)
    available = (oldest_available, old_available, new_available)
    there, seen = (
        _three(replicas, surge, sizes, available, (reported, reported, reported))
        for sizes in ((oldest, old, new), (seen_oldest, seen_old, seen_new))
    )
    for after in sizes_written(of, there, variant, seen):
        if sum_of(after) > replicas + surge:
            yield f"sizes are {sum_of(after)}; {replicas + surge} are allowed"


def _first_within(
    replicas: int,
    surge: int,
    unavailable: int,
    oldest: int,
    old: int,
    seen_oldest: int,
    seen_old: int,
    available: int,
) -> Iterator[str]:
    there, seen = (
        (
            current(old_replica_set(1, first, available, available), replicas, surge),
            current(old_replica_set(2, second, available, available), replicas, surge),
        )
        for first, second in ((oldest, old), (seen_oldest, seen_old))
    )
    of = rolling_deployment(replicas, surge, unavailable)
    for after in sizes_written(of, there, frozenset(), seen):
        if sum_of(after) > replicas + surge:
            yield f"sizes are {sum_of(after)}; {replicas + surge} are allowed"


_WITHIN = "the sizes of all ReplicaSets together stay within replicas + maxSurge"
_NOT_LOWERED = "replicas and maxSurge are what they were when it last held"
_NONE_GREW = "the ReplicaSets of other templates have, in all, no more than the sync sees"
_GREW = Mutation(
    "a ReplicaSet of another template has grown, and the cache does not show it yet", drops=1
)

# ---- the measure of a rollout -----------------------------------------------------------------


def _measure(rss: tuple[api.ReplicaSet, ...], replicas: int) -> int:
    """How far sizes are from a rollout's end: old ones from 0, and the new one from replicas."""
    *old, new = rss
    return sum_of(old) + maximum(0, replicas - new.replicas) + maximum(0, new.replicas - replicas)


def _measure_falls(
    replicas: int,
    surge: int,
    unavailable: int,
    oldest: int,
    old: int,
    new: int,
    seen_oldest: int,
    seen_old: int,
    seen_new: int,
    oldest_available: int,
    old_available: int,
    new_available: int,
    reported: int,
    variant: frozenset[str],
) -> Iterator[str]:
    of = rolling_deployment(replicas, surge, unavailable)
    available = (oldest_available, old_available, new_available)
    there, seen = (
        _three(replicas, surge, sizes, available, (reported, reported, reported))
        for sizes in ((oldest, old, new), (seen_oldest, seen_old, seen_new))
    )
    last = _measure(there, replicas)
    for after in sizes_written(of, there, variant, seen):
        left = _measure(after, replicas)
        if left >= last or left < 0:
            yield f"{left} are left to be done after a write, of {last} before it"
        last = left


def _something_moves(
    replicas: int,
    surge: int,
    unavailable: int,
    oldest: int,
    old: int,
    new: int,
    oldest_available: int,
    old_available: int,
    new_available: int,
) -> Iterator[str]:
    sizes, available = (oldest, old, new), (oldest_available, old_available, new_available)
    rss = _three(replicas, surge, sizes, available, sizes)
    left = _measure(rss, replicas)
    if left > 0 and not any(
        True for _ in sizes_written(rolling_deployment(replicas, surge, unavailable), rss)
    ):
        yield f"{left} are left to be done, and nothing is written"


# ---- availability -----------------------------------------------------------------------------


def _stays_available(
    replicas: int,
    surge: int,
    unavailable: int,
    oldest: int,
    old: int,
    new: int,
    oldest_available: int,
    old_available: int,
    new_available: int,
    reported: int,
    variant: frozenset[str],
) -> Iterator[str]:
    of = rolling_deployment(replicas, surge, unavailable)
    available = (oldest_available, old_available, new_available)
    rss = _three(replicas, surge, (oldest, old, new), available, (reported, reported, reported))
    # A ReplicaSet deletes pods that are not available before those that are.
    before = total(minimum(rs.status.available_replicas, rs.replicas) for rs in rss)
    least = minimum(before, replicas - deployment_util.max_unavailable(of))
    for after in sizes_written(of, rss, variant):
        left = total(minimum(rs.status.available_replicas, rs.replicas) for rs in after)
        if left < least:
            yield f"{left} of {before} pods stay available, and {least} have to"


THEOREMS = (
    Theorem(
        id="sizes-within-surge-two",
        says=_WITHIN,
        source=_DOCS + "#max-surge",
        claim=_two_within,
        ranges=_TWO,
        hypotheses=(
            Hypothesis(
                f"it holds before the sync, and {_NOT_LOWERED}",
                lambda replicas, surge, old, new: old + new <= replicas + surge,
            ),
            Hypothesis(_NONE_GREW, lambda old, seen_old: old <= seen_old),
        ),
        mutations=(
            Mutation("replicas was lowered since: sizes are beyond the bound before", drops=0),
            _GREW,
            Mutation(
                "cleaning up may make an old ReplicaSet larger", variant="cleanup-may-scale-up"
            ),
        ),
        level=_EVERY_LEVEL,
        lag=_ANY_LAG,
        revisions="2",
        lemmas=("the sum of sizes is at most replicas + maxSurge",),
        about=("deployment-nonterminating-within-surge",),
    ),
    Theorem(
        id="sizes-within-surge-three",
        says=_WITHIN,
        source=_DOCS + "#max-surge",
        claim=_three_within,
        ranges=_THREE_SEEN,
        hypotheses=(
            Hypothesis(
                f"it holds before the sync, and {_NOT_LOWERED}",
                lambda replicas, surge, oldest, old, new: oldest + old + new <= replicas + surge,
            ),
            Hypothesis(
                _NONE_GREW,
                lambda oldest, old, seen_oldest, seen_old: oldest + old <= seen_oldest + seen_old,
            ),
        ),
        mutations=(
            Mutation("replicas was lowered since: sizes are beyond the bound before", drops=0),
            _GREW,
            Mutation(
                "cleaning up may make an old ReplicaSet larger", variant="cleanup-may-scale-up"
            ),
        ),
        level=_EVERY_LEVEL,
        lag=_ANY_LAG,
        revisions="3",
        lemmas=("the sum of sizes is at most replicas + maxSurge",),
        about=("deployment-nonterminating-within-surge",),
    ),
    Theorem(
        id="sizes-within-surge-at-creation",
        says="a new ReplicaSet is made with what is left of replicas + maxSurge",
        source=_DOCS + "#max-surge",
        claim=_first_within,
        ranges=dict.fromkeys(
            (
                *("replicas", "surge", "unavailable", "oldest", "old"),
                *("seen_oldest", "seen_old", "available"),
            ),
            SIZE,
        ),
        hypotheses=(
            Hypothesis(
                f"it holds before the sync, and {_NOT_LOWERED}",
                lambda replicas, surge, oldest, old: oldest + old <= replicas + surge,
            ),
            Hypothesis(
                _NONE_GREW,
                lambda oldest, old, seen_oldest, seen_old: oldest + old <= seen_oldest + seen_old,
            ),
        ),
        mutations=(Mutation("sizes are beyond the bound before", drops=0), _GREW),
        level=_EVERY_LEVEL,
        lag=_ANY_LAG,
        revisions="3, of which one is made",
        about=("deployment-nonterminating-within-surge",),
    ),
    Theorem(
        id="rollout-measure-falls",
        says="every size that a rollout writes brings it nearer to its end",
        source=_GO,
        claim=_measure_falls,
        ranges=_THREE_SEEN,
        mutations=(
            Mutation(
                "cleaning up may make an old ReplicaSet larger", variant="cleanup-may-scale-up"
            ),
        ),
        level=_EVERY_LEVEL,
        lag=_ANY_LAG,
        revisions="3",
        about=("deployment-eventually-new-revision",),
    ),
    Theorem(
        id="rollout-goes-on",
        says="while the new pods are available, a sync of a rollout that is not done writes a size",
        source=_GO,
        claim=_something_moves,
        ranges=dict.fromkeys(
            (
                *("replicas", "surge", "unavailable", "oldest", "old", "new"),
                *("oldest_available", "old_available", "new_available"),
            ),
            SIZE,
        ),
        hypotheses=(
            Hypothesis(
                "all pods that the new ReplicaSet asks for are available",
                lambda new, new_available: new_available >= new,
            ),
            Hypothesis(
                "no old ReplicaSet reports more available pods than it asks for",
                lambda oldest, old, oldest_available, old_available: (
                    oldest_available <= oldest and old_available <= old
                ),
            ),
        ),
        mutations=(
            Mutation("pods of the new ReplicaSet never become available", drops=0),
            Mutation("an old ReplicaSet has not caught up with shrinking", drops=1),
        ),
        level="atomic: a sync that nothing interrupts; the Deployment is neither paused nor being"
        " resized, and its new ReplicaSet is there",
        lag="0 of sizes; of statuses, as the hypotheses say",
        revisions="3",
        about=("deployment-eventually-new-revision",),
    ),
    Theorem(
        id="sync-keeps-availability",
        says="a sync leaves replicas - maxUnavailable pods available, or as many as there were",
        source=_DOCS + "#max-unavailable",
        claim=_stays_available,
        ranges=_THREE,
        hypotheses=(
            Hypothesis(
                "no ReplicaSet reports more available pods than it asks for",
                lambda oldest, old, new, oldest_available, old_available, new_available: (
                    oldest_available <= oldest and old_available <= old and new_available <= new
                ),
            ),
        ),
        mutations=(
            Mutation("a ReplicaSet that has not caught up with shrinking counts too much", drops=0),
        ),
        level="atomic: what a ReplicaSet reports is so while the sync runs; the Deployment is"
        " neither paused nor being resized",
        lag="0 for statuses; ReplicaSets delete pods that are not available first",
        revisions="3",
        about=("deployment-available-floor",),
    ),
)
