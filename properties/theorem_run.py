"""
An induction over all who act on pods that a controller creates while its cache of them is behind.

The ReplicaSet and the Job controller both count on expectations: pods exceed what is wanted by at
most those that expectations do not count. What is their own is how they list, create and see pods.
"""

from collections.abc import Callable, Iterator
from typing import Any

from attrs import evolve, frozen

from seatrial.core import Hypothesis, Mutation, OneOf, Population, Whole
from seatrial.core.arith import maximum, minimum
from seatrial.model import controller_utils

from .theorem_parts import COUNT, NUMBER

__all__ = [
    "COUNTED",
    "INTEGERS",
    "LEVEL",
    "MISCOUNTED",
    "MORE_BEFORE",
    "RANGES",
    "THERE",
    "Creator",
    "Standing",
    "broken_after",
]

_STEPS = (
    "a sync lists pods",
    "a request creates a pod",
    "what was not asked for is expected no more",
    "the cache shows a new pod",
    "a pod is deleted",
    "a former leader's request creates a pod",
    "expectations expire",
    "a controller starts",
)


@frozen
class Standing:
    """
    How things stand between two steps.

    `to_ask` requests of a sync are still to be made, and `failed` ones are expected still; `late`
    are of a former leader. Of `uncounted` pods expectations do not know.
    """

    there: "Population[Any]"
    remembered: controller_utils.Expectations
    largest: int
    uncounted: int
    late: int
    to_ask: int
    failed: int = 0


@frozen
class Creator:
    """
    A controller and its pods: new ones that its cache shows and does not, and the same deleted.

    `asks` gives each way in which one request to create a pod may go, `shows` what a pod and
    expectations are once the cache has it.
    """

    shown: Any
    shown_gone: Any
    unseen: Any
    unseen_gone: Any
    is_unseen: Callable[[Any], bool]
    is_active: Callable[[Any], bool]
    deleted: Callable[[Any], Any]
    asks: Callable[[Standing], Iterator[Standing]]
    shows: Callable[[Any, controller_utils.Expectations], tuple[Any, controller_utils.Expectations]]

    def pods(self, shown: int, gone: int, unseen: int, unseen_gone: int) -> "Population[Any]":
        """So many of each class; `gone` are shown, too."""
        kinds = (self.shown, self.shown_gone, self.unseen, self.unseen_gone)
        return Population(zip(kinds, (shown, gone, unseen, unseen_gone), strict=True))


def broken_after(
    of: Creator, step: str, now: Standing, some: int, lists: Callable[[Standing, int], Standing]
) -> Iterator[str]:
    """
    What is not so of the invariant after a step.

    `lists` is a sync: so many new pods are shown between its look at expectations and its list.
    """
    if step == "a request creates a pod" and now.to_ask > 0:
        for each in of.asks(now):
            yield from _missed(of, each)
    if step == "a sync lists pods" and now.to_ask + now.failed == 0:
        now = lists(now, minimum(some, now.there[of.unseen]))
    yield from _missed(of, _moved(of, step, now, some))


def _moved(of: Creator, step: str, now: Standing, some: int) -> Standing:
    """How things stand after the step of anybody but a sync and its requests."""
    there, remembered = now.there, now.remembered
    if step == "what was not asked for is expected no more":
        fewer = remembered.lower_expectations(now.to_ask + now.failed, 0)
        return evolve(now, remembered=fewer, to_ask=0, failed=0)
    if step == "the cache shows a new pod":
        kind = of.unseen if some == 0 else of.unseen_gone
        if there[kind] > 0:
            after, remembered = of.shows(kind, remembered)
            return evolve(now, there=there.move(kind, after), remembered=remembered)
    elif step == "a pod is deleted":
        kind = of.shown if some == 0 else of.unseen
        if there[kind] > 0:
            return evolve(now, there=there.move(kind, of.deleted(kind)))
    elif step == "a former leader's request creates a pod" and now.late > 0:
        return evolve(now, there=there.add(of.unseen), late=now.late - 1)
    elif step == "expectations expire":
        coming = now.late + now.to_ask + now.failed
        uncounted = maximum(now.uncounted, _not_shown(of, there) + coming)
        return evolve(now, remembered=remembered.expire(), uncounted=uncounted)
    elif step == "a controller starts":
        # What it lists may be from an API server that is behind: of some pods it does not know.
        there = there.move(of.shown, of.unseen, minimum(some, there[of.shown]))
        late = now.late + now.to_ask
        return evolve(
            now,
            there=there,
            remembered=remembered.delete_expectations(),
            late=late,
            to_ask=0,
            failed=0,
            uncounted=maximum(now.uncounted, _not_shown(of, there) + late),
        )
    return now


def _not_shown(of: Creator, there: "Population[Any]") -> int:
    return there.where(of.is_unseen).total


def _missed(of: Creator, now: Standing) -> Iterator[str]:
    """What is not so of the invariant."""
    coming = now.late + now.to_ask
    counted = 0 if now.remembered.expired else now.remembered.add
    if _not_shown(of, now.there) + coming + now.failed > counted + now.uncounted:
        yield f"of the pods that are not shown, or still to come, only {counted} are expected"
    will_be = now.there.where(of.is_active).total + coming
    if will_be > now.largest + now.uncounted:
        yield f"{will_be} pods are, or may become, active; {now.largest} were wanted at most"


# ---- what theorems about it are stated with ---------------------------------------------------

RANGES: dict[str, Whole | OneOf] = {
    "step": OneOf(_STEPS),
    "expired": OneOf((False, True)),
    "largest": NUMBER,
    **dict.fromkeys(("expected", "uncounted", "unseen", "late", "to_ask", "shown"), COUNT),
    **dict.fromkeys(("unseen_gone", "gone", "some"), COUNT),
}
COUNTED = (
    "expectations, unless expired, and what they do not count are at least the pods that are not"
    " seen or still to come"
)
THERE = Hypothesis(
    "pods that are there or still to come exceed it by no more before the step",
    lambda shown, unseen, late, to_ask, largest, uncounted: (
        shown + unseen + late + to_ask <= largest + uncounted
    ),
)
MISCOUNTED = Mutation("expectations are lost, and nothing says how many pods were unseen", drops=0)
MORE_BEFORE = Mutation("there were more pods before the step", drops=1)
LEVEL = "interleaved: one step of a sync, a request, an event, a former leader or a restart"
INTEGERS = (
    "int32; what expectations do not count grows by 1 with a creation whose answer is lost, and"
    " where expectations expire or a controller starts is at least what is not seen or on its way"
    " then"
)
