"""Theorems about shares: how a Deployment that is resized in mid-rollout divides its new size."""

from collections.abc import Iterator

from seatrial.core import Hypothesis, Mutation, Theorem
from seatrial.core.arith import total
from seatrial.model import api, deployment_sync

from .theorem_parts import SIZE, rolling_deployment

__all__ = ["THEOREMS"]

_WITHIN_32_BITS = (
    "sizes are at most 10,000, and replicas + maxSurge 20,000: no product leaves 32 bits"
)
_DOCS = "https://kubernetes.io/docs/concepts/workloads/controllers/deployment/"


def _shares_sum(
    replicas: int, surge: int, unavailable: int, old: int, new: int, noted_old: int, noted_new: int
) -> Iterator[str]:
    of = rolling_deployment(replicas, surge, unavailable)
    rss = tuple(
        api.ReplicaSet(rank, rank, size, max_replicas=noted, desired_replicas=noted)
        for rank, size, noted in ((1, old, noted_old), (2, new, noted_new))
    )
    sizes = deployment_sync.proportional_sizes(rss, of)
    allowed = replicas + surge if replicas > 0 else 0
    if sum(size for _, size in sizes) != allowed:
        yield f"sizes become {sizes[0][1]} and {sizes[1][1]}; together they should be {allowed}"


def _three_shares_sum(
    replicas: int,
    surge: int,
    oldest: int,
    old: int,
    new: int,
    fourth: int,
    noted: int,
    noted_new: int,
) -> Iterator[str]:
    kept = [(1, oldest, noted), (2, old, noted), (3, new, noted_new)]
    if fourth > 0:
        kept.append((4, fourth, noted))
    rss = tuple(
        api.ReplicaSet(rank, rank, size, max_replicas=most, desired_replicas=most)
        for rank, size, most in kept
    )
    sizes = deployment_sync.proportional_sizes(rss, rolling_deployment(replicas, surge, 1))
    allowed = replicas + surge if replicas > 0 else 0
    found = total(size for _, size in sizes)
    if found != allowed:
        yield f"{len(sizes)} sizes are {found} together, and should be {allowed}"


THEOREMS = (
    Theorem(
        id="shares-sum-exactly",
        says="when a Deployment is resized in mid-rollout, the shares add up to replicas +"
        " maxSurge; of no replicas, to 0",
        source=_DOCS + "#proportional-scaling",
        claim=_shares_sum,
        ranges=dict.fromkeys(
            ("replicas", "surge", "unavailable", "old", "new", "noted_old", "noted_new"), SIZE
        ),
        hypotheses=(
            Hypothesis(
                "both have the same maximum noted",
                lambda noted_old, noted_new: noted_old == noted_new,
            ),
            Hypothesis(
                "that is at least the sum of sizes",
                lambda noted_old, old, new: noted_old >= old + new,
            ),
            Hypothesis(
                _WITHIN_32_BITS,
                lambda replicas, surge, old, new: (
                    old <= 10_000 and new <= 10_000 and replicas + surge <= 20_000
                ),
            ),
        ),
        mutations=(
            Mutation("the annotation of one is stale", drops=0),
            Mutation("more pods are asked for than the annotation says", drops=1),
            Mutation("a product leaves 32 bits, and is another number", drops=2),
        ),
        revisions="2",
        about=("deployment-proportional-adds-up",),
    ),
    Theorem(
        id="shares-sum-exactly-three",
        says="of three ReplicaSets, too, the shares add up to replicas + maxSurge; of no replicas,"
        " to 0",
        source=_DOCS + "#proportional-scaling",
        claim=_three_shares_sum,
        ranges=dict.fromkeys(
            ("replicas", "surge", "oldest", "old", "new", "fourth", "noted", "noted_new"), SIZE
        ),
        hypotheses=(
            Hypothesis("there is no fourth one", lambda fourth: fourth == 0),
            Hypothesis(
                "all have the same maximum noted", lambda noted, noted_new: noted == noted_new
            ),
            Hypothesis(
                "that is at least the sum of sizes",
                lambda noted, oldest, old, new, fourth: noted >= oldest + old + new + fourth,
            ),
            Hypothesis(
                _WITHIN_32_BITS,
                lambda replicas, surge, oldest, old, new, fourth: (
                    oldest <= 10_000
                    and old <= 10_000
                    and new <= 10_000
                    and fourth <= 10_000
                    and replicas + surge <= 20_000
                ),
            ),
        ),
        mutations=(
            Mutation("with four, more is rounded up than the first can give back", drops=0),
            Mutation("the annotation of one is stale", drops=1),
            Mutation("more pods are asked for than the annotation says", drops=2),
        ),
        revisions="3",
        about=("deployment-proportional-adds-up",),
    ),
)
