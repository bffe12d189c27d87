"""Theorems about expectations: what a ReplicaSet creates and deletes while its cache is behind."""

from collections.abc import Iterator
from typing import Any

from attrs import evolve

from seatrial.core import Hypothesis, Mutation, OneOf, Population, Theorem, Whole
from seatrial.core.arith import maximum
from seatrial.model import (
    api,
    controller,
    controller_utils,
    delivery,
    informer,
    pods,
    replicaset,
)

from . import theorem_run as run
from .theorem_parts import COUNT, NUMBER
from .theorem_run import broken_after

__all__ = ["THEOREMS"]

_GO = "pkg/controller/replicaset/replica_set.go"
_PENDING = api.PodKind()
_READY = api.PodKind("Running", ready=True, available=True)
_FAILED = api.PodKind("Failed")

_SHOWN = pods.Pod((pods.CREATED,))
_UNSEEN = pods.Pod((None, pods.CREATED))
_GONE = pods.Pod((_READY, pods.TERMINATING))
_ENDED = pods.Pod((_READY, _FAILED))


# ---- a sync -----------------------------------------------------------------------------------


def _listed(
    wanted: int,
    there: "Population[pods.Pod]",
    remembered: controller_utils.Expectations,
    arriving: int = 0,
    variant: frozenset[str] = frozenset(),
) -> tuple[dict[str, Any], "Population[pods.Pod]", controller_utils.Expectations]:
    """
    What a sync decides, and the pods and expectations that it lists.

    So many new pods are shown between its look at its expectations and its list.
    """
    rs = api.ReplicaSet(1, 1, wanted)
    key, copy = controller.Key(dirty=True), informer.Copy()
    begun = next(
        iter(replicaset.start_sync(key, None, rs, copy, False, remembered, False, variant))
    ).writes
    before, then = there, remembered
    there = there.move(_UNSEEN, _SHOWN, arriving)
    remembered = remembered.lower_expectations(arriving, 0)
    sync, key = begun["replica_set_sync"], begun["replica_set_key"]
    if "rc-expectations-checked-after-pod-list" in variant:
        (listed,) = replicaset.list_pods(sync, key, copy, before, then, True, False, variant)
        sync = listed.writes["replica_set_sync"]
    (told,) = replicaset.list_pods(sync, key, copy, there, remembered, True, False, variant)
    return dict(told.writes), there, remembered


def _after_sync(
    wanted: int,
    there: "Population[pods.Pod]",
    remembered: controller_utils.Expectations,
) -> tuple[int, int]:
    """How many pods a whole sync is to create, and how many to delete that are active still."""
    writes, _, _ = _listed(wanted, there, remembered)
    if "expectations" not in writes:
        return 0, 0
    doomed = writes.get("pods", there).where(lambda pod: pod.doomed and _is_active(pod))
    return writes["expectations"].add, doomed.total


def _is_active(pod: pods.Pod) -> bool:
    return pod.live is not None and controller_utils.is_pod_active(pod.live)


def _there(
    ready: int, pending: int, unseen: int, gone: int, ended: int = 0
) -> "Population[pods.Pod]":
    """
    Pods by what is so and what the cache shows.

    `gone` are terminating, `ended` have failed, and neither is shown.
    """
    return Population(
        {
            pods.Pod((_READY,)): ready,
            pods.Pod((_PENDING,)): pending,
            _UNSEEN: unseen,
            _GONE: gone,
            _ENDED: ended,
        }
    )


def _never_too_many(
    wanted: int,
    ready: int,
    pending: int,
    unseen: int,
    gone: int,
    ended: int,
    expected: int,
    expired: bool,
) -> Iterator[str]:
    remembered = controller_utils.Expectations(add=expected, expired=expired)
    created, _ = _after_sync(wanted, _there(ready, pending, unseen, gone, ended), remembered)
    before = ready + pending + unseen
    if before + created > maximum(wanted, before):
        yield f"there will be {before + created} pods; {wanted} are wanted, {before} were there"


def _never_too_few(
    wanted: int,
    ready: int,
    pending: int,
    unseen: int,
    gone: int,
    ended: int,
    expected: int,
    expired: bool,
) -> Iterator[str]:
    remembered = controller_utils.Expectations(delete=expected, expired=expired)
    _, deleted = _after_sync(wanted, _there(ready, pending, unseen, gone, ended), remembered)
    before = ready + pending + unseen
    if deleted > 0 and before - deleted < wanted:
        yield f"{before - deleted} pods will be left; {wanted} are wanted, {before} were there"


def _too_many_by_unseen(
    wanted: int, ready: int, pending: int, unseen: int, gone: int, ended: int
) -> Iterator[str]:
    forgotten = controller_utils.Expectations()
    created, _ = _after_sync(wanted, _there(ready, pending, unseen, gone, ended), forgotten)
    before = ready + pending + unseen
    formula = maximum(before, wanted + unseen - gone - ended)
    if before + created != formula:
        yield f"there will be {before + created} pods; the formula says {formula}"


# ---- a whole run, step by step ----------------------------------------------------------------


def _one_creation() -> controller.Sync:
    yield controller.Write("create", "Pod", 1, batch=1)
    return controller.Done()


def _asks(now: run.Standing) -> Iterator[run.Standing]:
    sync = controller.plan(_one_creation, lambda write: (0, 1))
    assert isinstance(sync, controller.Pending)
    key, copy = controller.Key(), informer.Copy()
    for told in replicaset.create_pod(sync, key, copy, now.there, (), now.remembered, 1, 1, 1, 1):
        fails = "write_failures_left" in told.writes
        lost = "write_unknowns_left" in told.writes
        yield evolve(
            now,
            there=told.writes.get("pods", now.there),
            to_ask=now.to_ask - 1,
            failed=now.failed + (1 if fails or lost else 0),
            uncounted=now.uncounted + (1 if lost else 0),
        )


def _shows(
    pod: pods.Pod, remembered: controller_utils.Expectations
) -> tuple[pods.Pod, controller_utils.Expectations]:
    event = informer.Event(1, pod.trail[:2], informer.Change.IDENTITY)
    (told,) = delivery.deliver_pod(
        Population({pod: 1}), (event,), controller.Key(), True, remembered, 1, 0, frozenset()
    )
    (after,) = told.writes["pods"]
    return after, told.writes["expectations"]


_CREATOR = run.Creator(
    shown=_SHOWN,
    shown_gone=pods.Pod((pods.CREATED, pods.TERMINATING)),
    unseen=_UNSEEN,
    unseen_gone=pods.Pod((None, pods.CREATED, pods.TERMINATING)),
    is_unseen=lambda pod: pod.seen is None,
    is_active=_is_active,
    deleted=lambda pod: pods.terminated(pod, 1)[0],
    asks=_asks,
    shows=_shows,
)


def _excess_is_bounded(
    step: str,
    largest: int,
    wanted: int,
    shown: int,
    gone: int,
    unseen: int,
    unseen_gone: int,
    late: int,
    to_ask: int,
    failed: int,
    expected: int,
    expired: bool,
    uncounted: int,
    some: int,
    variant: frozenset[str],
) -> Iterator[str]:
    remembered = controller_utils.Expectations(add=expected, expired=expired)

    def lists(now: run.Standing, arriving: int) -> run.Standing:
        writes, there, remembered = _listed(wanted, now.there, now.remembered, arriving, variant)
        if "expectations" not in writes:
            return evolve(now, there=there, remembered=remembered)
        remembered = writes["expectations"]
        return evolve(now, there=there, remembered=remembered, to_ask=remembered.add)

    there = _CREATOR.pods(shown, gone, unseen, unseen_gone)
    now = run.Standing(there, remembered, largest, uncounted, late, to_ask, failed)
    yield from broken_after(_CREATOR, step, now, some, lists)


_RUN = {"wanted": NUMBER, "failed": COUNT} | run.RANGES
_JOINT: dict[str, Whole | OneOf] = {
    "wanted": NUMBER,
    **dict.fromkeys(("ready", "pending", "unseen", "gone", "ended", "expected"), COUNT),
    "expired": OneOf((False, True)),
}
_LEVEL = "interleaved: any number of pods created, deleted or ended that the cache does not show"
_LAG = "any of pods: joint classes of what is so and what is seen; replicas is what the sync reads"

THEOREMS = (
    Theorem(
        id="expectations-prevent-excess",
        says="a sync creates no pod beyond the replicas that it reads, beside those that terminate,"
        " however far its cache of pods is behind",
        source=_GO + " manageReplicas",
        claim=_never_too_many,
        ranges=_JOINT,
        hypotheses=(
            Hypothesis(
                "expectations count all pods that were created and are not seen, or more",
                lambda expected, unseen: unseen <= expected,
            ),
            Hypothesis("expectations have not expired", lambda expired: not expired),
        ),
        mutations=(
            Mutation("expectations were lost when the controller was restarted", drops=0),
            Mutation("expectations have expired", drops=1),
        ),
        level=_LEVEL + "; that expectations do count them is shown by excess-is-bounded",
        lag=_LAG,
        about=("replicaset-never-too-many",),
    ),
    Theorem(
        id="expectations-prevent-shortage",
        says="a sync that deletes leaves as many pods as the replicas that it reads, however far"
        " its cache of pods is behind",
        source=_GO + " manageReplicas",
        claim=_never_too_few,
        ranges=_JOINT,
        hypotheses=(
            Hypothesis(
                "expectations count all pods that were deleted and are still shown, or more",
                lambda expected, gone: gone <= expected,
            ),
            Hypothesis("expectations have not expired", lambda expired: not expired),
            Hypothesis(
                "no pod that is still shown has ended, or was deleted by anybody else",
                lambda ended: ended == 0,
            ),
        ),
        mutations=(
            Mutation("expectations were lost when the controller was restarted", drops=0),
            Mutation("expectations have expired", drops=1),
            Mutation("a pod has failed, or was evicted, and is not replaced yet", drops=2),
        ),
        level=_LEVEL,
        lag=_LAG,
    ),
    Theorem(
        id="excess-is-what-was-unseen",
        says="once expectations are forgotten, a sync brings pods to replicas, and as many more as"
        " it does not see, less those that are gone and still shown",
        source=_GO + " manageReplicas",
        claim=_too_many_by_unseen,
        ranges={
            "wanted": NUMBER,
            **dict.fromkeys(("ready", "pending", "unseen", "gone", "ended"), COUNT),
        },
        hypotheses=(
            Hypothesis(
                "it sees at most 500 too few, which is what one sync creates at most",
                lambda wanted, ready, pending, gone, ended: (
                    wanted <= ready + pending + gone + ended + 500
                ),
            ),
        ),
        mutations=(Mutation("one sync creates no more than that", drops=0),),
        level=_LEVEL + "; expectations expired or were lost, and no request fails",
        lag=_LAG,
        about=("replicaset-never-too-many",),
    ),
    Theorem(
        id="excess-is-bounded",
        says="pods exceed the largest replicas that a sync has read by at most those that"
        " expectations do not count",
        source=_GO + " manageReplicas; pkg/controller/controller_utils.go",
        claim=_excess_is_bounded,
        ranges=_RUN,
        hypotheses=(
            Hypothesis(
                run.COUNTED,
                lambda expected, expired, uncounted, unseen, unseen_gone, late, to_ask, failed: (
                    unseen + unseen_gone + late + to_ask + failed
                    <= (0 if expired else expected) + uncounted
                ),
            ),
            run.THERE,
            Hypothesis(
                "no sync reads larger replicas than that", lambda wanted, largest: wanted <= largest
            ),
        ),
        mutations=(
            run.MISCOUNTED,
            run.MORE_BEFORE,
            Mutation("replicas are raised", drops=2),
            Mutation(
                "expectations are asked after pods were listed",
                variant="rc-expectations-checked-after-pod-list",
            ),
        ),
        level=run.LEVEL + "; nobody else creates pods that name it as owner",
        lag="any of pods, also of the list of a controller that starts; replicas may be read late",
        integers=run.INTEGERS,
        lemmas=(
            run.COUNTED,
            "pods that are there or still to come are at most the largest replicas read, and those"
            " that expectations do not count",
        ),
        about=("replicaset-never-too-many",),
    ),
)
