"""Theorems about maxSurge and maxUnavailable: how they become numbers of pods."""

from collections.abc import Iterator

from seatrial.core import Hypothesis, Mutation, OneOf, Theorem, Whole
from seatrial.model import api, deployment_util

from .theorem_parts import NUMBER, PERCENT_LIMIT, bound, deployment_of

__all__ = ["THEOREMS"]

_DOCS = "https://kubernetes.io/docs/concepts/workloads/controllers/deployment/"
_KIND = OneOf(("int", "percent"))
_RANGES: dict[str, Whole | OneOf] = {
    "replicas": NUMBER,
    "surge_is": _KIND,
    "surge": NUMBER,
    "unavailable_is": _KIND,
    "unavailable": NUMBER,
}


def _fits(hundredths: int) -> bool:
    """Whether upstream, which cuts a bound off to 32 bits, leaves this one as it is."""
    return hundredths <= 100 * api.MAX_INT32


_ANY = Whole(-api.MAX_INT32, api.MAX_INT32)
_SOME = Hypothesis("replicas is at least 1", lambda replicas: replicas >= 1)
_PERCENTAGES = Hypothesis(
    f"a percentage is at most {PERCENT_LIMIT:,}%, and what it comes out as fits in 32 bits",
    lambda replicas, surge_is, surge, unavailable_is, unavailable: (
        (surge_is == "int" or (surge <= PERCENT_LIMIT and _fits(surge * replicas)))
        and (
            unavailable_is == "int"
            or (unavailable <= PERCENT_LIMIT and _fits(unavailable * replicas))
        )
    ),
)


def _resolved(
    replicas: int, surge_is: str, surge: int, unavailable_is: str, unavailable: int
) -> tuple[int, int]:
    of = deployment_of(replicas, bound(surge_is, surge), bound(unavailable_is, unavailable))
    return deployment_util.max_surge(of), deployment_util.max_unavailable(of)


def _never_both_zero(
    replicas: int, surge_is: str, surge: int, unavailable_is: str, unavailable: int
) -> Iterator[str]:
    more, fewer = _resolved(replicas, surge_is, surge, unavailable_is, unavailable)
    if more == 0 and fewer == 0:
        yield f"of {replicas} pods none may be added and none may be missing"


def _rounds_up(
    replicas: int, surge_is: str, surge: int, unavailable_is: str, unavailable: int
) -> Iterator[str]:
    more, _ = _resolved(replicas, surge_is, surge, unavailable_is, unavailable)
    if not 100 * (more - 1) < surge * replicas <= 100 * more:
        yield f"{surge}% of {replicas} became {more}"


def _rounds_down(
    replicas: int, surge_is: str, surge: int, unavailable_is: str, unavailable: int
) -> Iterator[str]:
    more, fewer = _resolved(replicas, surge_is, surge, unavailable_is, unavailable)
    if not 100 * fewer <= unavailable * replicas < 100 * (fewer + 1):
        yield f"{unavailable}% of {replicas} became {fewer}, where {more} may be added"


def _clamped(
    replicas: int, surge_is: str, surge: int, unavailable_is: str, unavailable: int
) -> Iterator[str]:
    more, fewer = _resolved(replicas, surge_is, surge, unavailable_is, unavailable)
    if more < 0 or not 0 <= fewer <= replicas:
        yield f"of {replicas} pods {more} may be added and {fewer} may be missing"


def _nothing_of_nothing(
    replicas: int, surge_is: str, surge: int, unavailable_is: str, unavailable: int
) -> Iterator[str]:
    more, fewer = _resolved(replicas, surge_is, surge, unavailable_is, unavailable)
    if fewer != 0 or (surge_is == "percent" and more != 0):
        yield f"of {replicas} pods {more} may be added and {fewer} may be missing"


THEOREMS = (
    Theorem(
        id="bounds-never-both-zero",
        says="some pod may always be added, or be missing: a rollout is not stuck by its bounds",
        source=_DOCS + "#max-surge",
        claim=_never_both_zero,
        ranges=_RANGES,
        hypotheses=(_SOME, _PERCENTAGES),
        mutations=(Mutation("with no replicas both are 0", drops=0),),
        about=("deployment-eventually-new-revision",),
    ),
    Theorem(
        id="surge-rounds-up",
        says="a percentage of maxSurge is rounded up",
        source=_DOCS + "#max-surge",
        claim=_rounds_up,
        ranges=_RANGES,
        hypotheses=(
            Hypothesis("maxSurge is a percentage", lambda surge_is: surge_is == "percent"),
            _PERCENTAGES,
        ),
        mutations=(Mutation("a number of pods is taken as it is", drops=0),),
    ),
    Theorem(
        id="unavailable-rounds-down",
        says="a percentage of maxUnavailable is rounded down",
        source=_DOCS + "#max-unavailable",
        claim=_rounds_down,
        ranges=_RANGES,
        hypotheses=(
            Hypothesis(
                "maxUnavailable is a percentage of at most 100",
                lambda unavailable_is, unavailable: (
                    unavailable_is == "percent" and unavailable <= 100
                ),
            ),
            Hypothesis("maxSurge is not 0", lambda surge: surge > 0),
            _PERCENTAGES,
        ),
        mutations=(
            Mutation("a number of pods is taken as it is", drops=0),
            Mutation("where both come out as 0, one pod may be missing", drops=1),
        ),
    ),
    Theorem(
        id="bounds-are-clamped",
        says="never more pods may be missing than there are, nor fewer than none",
        source=_DOCS + "#max-unavailable",
        claim=_clamped,
        ranges=_RANGES | {"surge": _ANY, "unavailable": _ANY},
        hypotheses=(
            Hypothesis(
                "neither bound is negative, which validation refuses",
                lambda surge, unavailable: surge >= 0 and unavailable >= 0,
            ),
            _PERCENTAGES,
        ),
        mutations=(Mutation("a negative bound is resolved to a negative number", drops=0),),
    ),
    Theorem(
        id="no-replicas-no-bounds",
        says="of no replicas none may be missing, and a percentage adds none",
        source="pkg/controller/deployment/util/deployment_util.go MaxUnavailable",
        claim=_nothing_of_nothing,
        ranges=_RANGES,
        hypotheses=(
            Hypothesis("replicas is 0", lambda replicas: replicas == 0),
            _PERCENTAGES,
        ),
        mutations=(Mutation("of 1 replica one may be missing", drops=0),),
    ),
)
