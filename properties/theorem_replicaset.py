"""Theorems about the ReplicaSet controller: how many pods a sync creates and deletes."""

from collections.abc import Callable, Iterator

from seatrial.core import Hypothesis, Mutation, OneOf, Population, Theorem, Whole, choose
from seatrial.core.arith import maximum, minimum, total
from seatrial.model import (
    api,
    controller,
    controller_utils,
    informer,
    pods,
    replicaset,
    replicaset_utils,
)

from .theorem_parts import COUNT

__all__ = ["THEOREMS"]

_GO = "pkg/controller/replicaset/replica_set.go"
_BURST = replicaset_utils.BURST_REPLICAS
Kinds = Population[api.PodKind]
_PENDING = api.PodKind()
_READY = api.PodKind("Running", ready=True, available=True)
_NOT_READY = api.PodKind("Running")
_GOING = api.PodKind("Running", terminating=True)
_FAILED = api.PodKind("Failed")


# ---- slow start -------------------------------------------------------------------------------


def _created(missing: int, fails: Callable[[int, int], int]) -> tuple[int, int, int]:
    """
    Pods that were asked for, created, and taken off expectations, in one sync.

    `fails` says how many of a batch fail, where so many pods have been created.
    """
    rs = api.ReplicaSet(1, 1, missing)
    empty: Population[api.PodKind] = Population()
    sync = replicaset.sync_replica_set(rs, empty, empty, True, True)
    asked = made = fewer = 0
    write = next(sync)
    while write.kind == "Pod":
        if write.verb == "expect fewer":
            fewer = fewer + write.value
            write = sync.send("applied")
        else:
            assert write.batch is not None
            failures = fails(write.batch, made)
            asked, made = asked + write.batch, made + write.batch - failures
            write = sync.send(failures)
    return asked, made, fewer


def _any(may_fail: int) -> Callable[[int, int], int]:
    return lambda batch, made: choose(0, minimum(batch, may_fail))


def _all_are_created(missing: int, may_fail: int) -> Iterator[str]:
    asked, made, fewer = _created(missing, _any(may_fail))
    if made != missing or asked != missing or fewer != 0:
        yield f"{made} of {missing} were created, and {fewer} taken off expectations"


def _books_balance(missing: int, may_fail: int) -> Iterator[str]:
    _, made, fewer = _created(missing, _any(may_fail))
    if made + fewer != missing:
        yield f"{made} of {missing} were created, and {fewer} taken off expectations"


def _few_fail(missing: int, may_fail: int, more: int) -> Iterator[str]:
    asked, made, _ = _created(missing, _any(may_fail))
    if asked > 2 * made + more:
        yield f"{asked} were asked for, of which {made} were created"


def _just_so_many(missing: int, successes: int) -> Iterator[str]:
    """The first requests succeed, and once there are so many all others fail."""
    asked, made, fewer = _created(
        missing, lambda batch, made: maximum(0, batch - maximum(0, successes - made))
    )
    if made != successes or fewer != missing - successes:
        yield f"{made} of {missing} were created, and {fewer} taken off expectations"
    if asked > missing:
        yield f"{asked} were asked for, of {missing}"


# ---- expectations under lag -------------------------------------------------------------------


def _after_sync(
    wanted: int,
    there: "Population[pods.Pod]",
    remembered: controller_utils.Expectations,
) -> tuple[int, int]:
    """How many pods a whole sync is to create, and how many to delete that are not deleted yet."""
    rs = api.ReplicaSet(1, 1, wanted)
    begun = next(
        iter(
            replicaset.start_sync(
                controller.Key(dirty=True),
                None,
                rs,
                informer.Copy(),
                False,
                remembered,
                False,
                frozenset(),
            )
        )
    )
    listed = replicaset.list_pods(
        begun.writes["replica_set_sync"],
        begun.writes["replica_set_key"],
        informer.Copy(),
        there,
        remembered,
        True,
        False,
        frozenset(),
    )
    writes = next(iter(listed)).writes
    if "expectations" not in writes:
        return 0, 0
    doomed = writes.get("pods", there).where(lambda pod: pod.doomed and not pod.live.terminating)
    return writes["expectations"].add, doomed.total


_UNSEEN = pods.Pod((None, pods.CREATED))
_GONE = pods.Pod((_READY, pods.TERMINATING))


def _there(ready: int, pending: int, unseen: int, gone: int) -> "Population[pods.Pod]":
    """Pods by what is so and what the cache shows; `gone` are terminating, which is not shown."""
    return Population(
        {
            pods.Pod((_READY,)): ready,
            pods.Pod((_PENDING,)): pending,
            _UNSEEN: unseen,
            _GONE: gone,
        }
    )


def _never_too_many(
    wanted: int, ready: int, pending: int, unseen: int, gone: int, expected: int, expired: bool
) -> Iterator[str]:
    remembered = controller_utils.Expectations(add=expected, expired=expired)
    created, _ = _after_sync(wanted, _there(ready, pending, unseen, gone), remembered)
    before = ready + pending + unseen
    if before + created > maximum(wanted, before):
        yield f"there will be {before + created} pods; {wanted} are wanted, {before} were there"


def _never_too_few(
    wanted: int, ready: int, pending: int, unseen: int, gone: int, expected: int, expired: bool
) -> Iterator[str]:
    remembered = controller_utils.Expectations(delete=expected, expired=expired)
    _, deleted = _after_sync(wanted, _there(ready, pending, unseen, gone), remembered)
    before = ready + pending + unseen
    if deleted > 0 and before - deleted < wanted:
        yield f"{before - deleted} pods will be left; {wanted} are wanted, {before} were there"


def _too_many_by_unseen(
    wanted: int, ready: int, pending: int, unseen: int, gone: int, in_flight: int
) -> Iterator[str]:
    forgotten = controller_utils.Expectations()
    created, _ = _after_sync(wanted, _there(ready, pending, unseen, gone), forgotten)
    before = ready + pending + unseen
    if before + created > maximum(wanted + in_flight, before):
        yield (
            f"there will be {before + created} pods; {wanted} are wanted, and {in_flight} events"
            " were on their way"
        )


def _deletes_surplus(wanted: int, ready: int, not_ready: int, pending: int) -> Iterator[str]:
    seen: Kinds = Population({_READY: ready, _NOT_READY: not_ready, _PENDING: pending})
    surplus = maximum(0, seen.total - wanted)
    chosen = replicaset_utils.get_pods_to_delete(seen, seen, minimum(surplus, _BURST))
    if chosen.total != surplus:
        yield f"{chosen.total} are deleted of a surplus of {surplus}"
    if chosen[_READY] > 0 and chosen[_NOT_READY] + chosen[_PENDING] < not_ready + pending:
        yield "one that is ready is deleted before one that is not"


def _status_counts(
    wanted: int, ready: int, not_ready: int, pending: int, going: int, failed: int
) -> Iterator[str]:
    kinds = {_READY: ready, _NOT_READY: not_ready, _PENDING: pending, _GOING: going}
    kinds[_FAILED] = failed
    seen: Kinds = Population(kinds)
    status = replicaset_utils.calculate_status(
        api.ReplicaSet(1, 1, wanted),
        controller_utils.filter_active_pods(seen),
        controller_utils.filter_terminating_pods(seen),
        False,
    )
    told = (status.available_replicas, status.ready_replicas, status.replicas)
    if not 0 <= told[0] <= told[1] <= told[2]:
        yield f"{told[0]} available, {told[1]} ready, {told[2]} in all"
    if total((status.replicas, status.terminating_replicas or 0)) != seen.total:
        yield f"{status.replicas} pods are reported, of {seen.total}"


_WITHIN_BURST = Hypothesis(
    f"no more than {_BURST} are missing, which is what one sync creates at most",
    lambda missing: missing <= _BURST,
)
_JOINT: dict[str, Whole | OneOf] = {
    **dict.fromkeys(("wanted", "ready", "pending", "unseen", "gone", "expected"), COUNT),
    "expired": OneOf((False, True)),
}
_MISSING = {"missing": Whole(1, 1_000), "may_fail": Whole(0, 1_000)}

THEOREMS = (
    Theorem(
        id="slow-start-creates-all",
        says="where no request fails, the batches of slow start create what is missing, in all",
        source=_GO + " slowStartBatch",
        claim=_all_are_created,
        ranges=_MISSING,
        hypotheses=(
            Hypothesis("no request fails", lambda may_fail: may_fail == 0),
            _WITHIN_BURST,
        ),
        mutations=(
            Mutation("requests may fail", drops=0),
            Mutation("more are missing than one sync creates", drops=1),
        ),
        level="a whole sync",
        integers="up to 500 creations, 9 batches",
    ),
    Theorem(
        id="slow-start-keeps-books",
        says="created pods and lowered expectations add up to what was missing, whatever fails",
        source=_GO + " manageReplicas",
        claim=_books_balance,
        ranges=_MISSING,
        hypotheses=(_WITHIN_BURST,),
        mutations=(Mutation("more are missing than one sync creates", drops=0),),
        level="a whole sync, with any number of failures in each batch",
        integers="up to 500 creations, 9 batches",
        about=("replicaset-creates-what-is-missing",),
    ),
    Theorem(
        id="slow-start-is-one-choice",
        says="slow start can end with any number of successes: it is one write that chooses them",
        source=_GO + " slowStartBatch",
        claim=_just_so_many,
        ranges={"missing": Whole(1, 1_000), "successes": Whole(0, 1_000)},
        hypotheses=(
            Hypothesis(
                "no more succeed than are missing",
                lambda successes, missing: successes <= missing,
            ),
            _WITHIN_BURST,
        ),
        mutations=(
            Mutation("more than all cannot succeed", drops=0),
            Mutation("more are missing than one sync creates", drops=1),
        ),
        level="a whole sync; that no other end is possible is slow-start-keeps-books",
        integers="up to 500 creations, 9 batches",
    ),
    Theorem(
        id="slow-start-fails-cheaply",
        says="a sync asks for at most one pod more than twice those that it creates",
        source=_GO + " slowStartBatch",
        claim=_few_fail,
        ranges=_MISSING | {"more": Whole(0, 2)},
        hypotheses=(Hypothesis("more is at least 1", lambda more: more >= 1),),
        mutations=(Mutation("the very first request fails: one was asked for", drops=0),),
        level="a whole sync, with any number of failures in each batch",
        integers="up to 500 creations, 9 batches",
    ),
    Theorem(
        id="expectations-prevent-excess",
        says="a sync creates no pod beyond replicas, beside those that terminate, however far its"
        " cache is behind",
        source=_GO + " manageReplicas",
        claim=_never_too_many,
        ranges=_JOINT,
        hypotheses=(
            Hypothesis(
                "expectations count the pods that were created and are not seen",
                lambda expected, unseen: expected == unseen,
            ),
            Hypothesis("expectations have not expired", lambda expired: not expired),
        ),
        mutations=(
            Mutation("expectations were lost when the controller was restarted", drops=0),
            Mutation("expectations have expired", drops=1),
        ),
        level="interleaved: any number of pods created, and deleted, that the cache does not show",
        lag="any: joint classes of what is so and what is seen",
        lemmas=("expectations count the pods that were created and are not seen",),
        about=("replicaset-never-too-many",),
    ),
    Theorem(
        id="expectations-prevent-shortage",
        says="a sync deletes no pod that is needed, however far its cache is behind",
        source=_GO + " manageReplicas",
        claim=_never_too_few,
        ranges=_JOINT,
        hypotheses=(
            Hypothesis(
                "expectations count the pods that were deleted and are still shown",
                lambda expected, gone: expected == gone,
            ),
            Hypothesis("expectations have not expired", lambda expired: not expired),
        ),
        mutations=(
            Mutation("expectations were lost when the controller was restarted", drops=0),
            Mutation("expectations have expired", drops=1),
        ),
        level="interleaved: any number of pods created, and deleted, that the cache does not show",
        lag="any: joint classes of what is so and what is seen",
        lemmas=("expectations count the pods that were deleted and are still shown",),
    ),
    Theorem(
        id="excess-is-what-was-unseen",
        says="once expectations are forgotten, a sync brings pods beyond replicas by at most the"
        " lag",
        source=_GO + " manageReplicas",
        claim=_too_many_by_unseen,
        ranges=dict.fromkeys(("wanted", "ready", "pending", "unseen", "gone", "in_flight"), COUNT),
        hypotheses=(
            Hypothesis(
                "at most so many pods are not seen as events are on their way",
                lambda unseen, in_flight: unseen <= in_flight,
            ),
        ),
        mutations=(Mutation("more pods are not seen than that", drops=0),),
        level="interleaved, with expectations that expired or were lost, once",
        lag="any, as a number",
        about=("replicaset-never-too-many",),
    ),
    Theorem(
        id="surplus-is-deleted",
        says="of a surplus as many pods are deleted, and those that are not ready go first",
        source=_GO + " getPodsToDelete",
        claim=_deletes_surplus,
        ranges=dict.fromkeys(("wanted", "ready", "not_ready", "pending"), COUNT),
        hypotheses=(
            Hypothesis(
                f"the surplus is at most {_BURST}",
                lambda wanted, ready, not_ready, pending: (
                    ready + not_ready + pending <= wanted + _BURST
                ),
            ),
        ),
        mutations=(Mutation("one sync deletes no more than that", drops=0),),
        level="a decision; which pods of equal rank go is open",
        about=("replicaset-deletes-the-surplus", "replicaset-unready-go-first"),
    ),
    Theorem(
        id="status-counts-add-up",
        says="available pods are ready, ready ones are counted, and terminating ones are apart",
        source="pkg/controller/replicaset/replica_set_utils.go calculateStatus",
        claim=_status_counts,
        ranges=dict.fromkeys(("wanted", "ready", "not_ready", "pending", "going", "failed"), COUNT),
        hypotheses=(Hypothesis("no pod has finished", lambda failed: failed == 0),),
        mutations=(Mutation("pods that have failed are not counted at all", drops=0),),
        about=("replicaset-status-in-order",),
    ),
)
