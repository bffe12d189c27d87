"""Theorems about the ReplicaSet controller: how many pods a sync creates and deletes."""

from collections.abc import Callable, Iterator

from seatrial.core import Hypothesis, Mutation, Population, Theorem, Whole, choose
from seatrial.core.arith import maximum, minimum, total
from seatrial.model import api, controller, controller_utils, replicaset, replicaset_utils

from .theorem_parts import COUNT, NUMBER

__all__ = ["THEOREMS"]

_GO = "pkg/controller/replicaset/replica_set.go"
_BURST = replicaset_utils.BURST_REPLICAS
Kinds = Population[api.PodKind]
_PENDING = api.PodKind()
_READY = api.PodKind("Running", ready=True, available=True)
_NOT_READY = api.PodKind("Running")
_GOING = api.PodKind("Running", ready=True, available=True, terminating=True)
_FAILED = api.PodKind("Failed", ready=True, available=True)
# What is not ready is dear to delete, and alone on its node.
_CHEAP = api.PodKind("Running", ready=True, available=True, node="a", deletion_cost=-1)
_DEAR = api.PodKind("Running", node="b", deletion_cost=1)
_DEAR_PENDING = api.PodKind(node="c", deletion_cost=1)


# ---- slow start -------------------------------------------------------------------------------


def _created(missing: int, fails: Callable[[int, int], int]) -> tuple[int, int, int, bool, bool]:
    """
    Pods that were asked for, created, and taken off expectations in a sync; how it ends.

    It may report a failure, and fail. `fails` says how many of a batch fail, where so many pods
    have been created.
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
    reported = write.value.replica_failure == "FailedCreate"
    try:
        sync.send("applied")
    except StopIteration:
        return asked, made, fewer, reported, False
    except controller.SyncFailed:
        return asked, made, fewer, reported, True
    raise AssertionError("a sync writes nothing after its status")


def _other_than_one_write(
    missing: int, successes: int, made: int, fewer: int, reported: bool, failed: bool
) -> Iterator[str]:
    """How a sync differs from one write of all that is missing, of which so many succeed."""
    if made != successes or fewer != missing - successes:
        yield f"{made} of {missing} were created, and {fewer} taken off expectations"
    if not 0 <= made <= missing:
        yield f"{made} of {missing} were created"
    if reported != (successes < missing):
        yield f"{made} of {missing} were created, and the status has another word for it"
    if failed != (successes < missing):
        yield f"{made} of {missing} were created, and the sync ends otherwise"


def _any(may_fail: int) -> Callable[[int, int], int]:
    return lambda batch, made: choose(0, minimum(batch, may_fail))


def _all_are_created(missing: int, may_fail: int) -> Iterator[str]:
    asked, made, fewer, _, _ = _created(missing, _any(may_fail))
    if made != missing or asked != missing or fewer != 0:
        yield f"{made} of {missing} were created, and {fewer} taken off expectations"


def _books_balance(missing: int, may_fail: int) -> Iterator[str]:
    _, made, fewer, reported, failed = _created(missing, _any(may_fail))
    yield from _other_than_one_write(missing, made, made, fewer, reported, failed)


def _few_fail(missing: int, may_fail: int, more: int) -> Iterator[str]:
    asked, made, _, _, _ = _created(missing, _any(may_fail))
    if asked > 2 * made + more:
        yield f"{asked} were asked for, of which {made} were created"


def _just_so_many(missing: int, successes: int) -> Iterator[str]:
    """The first requests succeed, and once there are so many all others fail."""
    asked, made, fewer, reported, failed = _created(
        missing, lambda batch, made: maximum(0, batch - maximum(0, successes - made))
    )
    yield from _other_than_one_write(missing, successes, made, fewer, reported, failed)
    if asked > missing:
        yield f"{asked} were asked for, of {missing}"


# ---- decisions --------------------------------------------------------------------------------


def _deletes_surplus(wanted: int, ready: int, not_ready: int, pending: int) -> Iterator[str]:
    seen: Kinds = Population({_CHEAP: ready, _DEAR: not_ready, _DEAR_PENDING: pending})
    surplus = maximum(0, seen.total - wanted)
    chosen = replicaset_utils.get_pods_to_delete(seen, seen, minimum(surplus, _BURST))
    if chosen.total != surplus:
        yield f"{chosen.total} are deleted of a surplus of {surplus}"
    if chosen[_CHEAP] > 0 and chosen[_DEAR] + chosen[_DEAR_PENDING] < not_ready + pending:
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
_WHOLE = "a whole sync; its namespace is not being deleted (there a refusal counts as a success)"
_BATCHES = "up to 500 creations, 9 batches"
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
        level=_WHOLE,
        integers=_BATCHES,
    ),
    Theorem(
        id="slow-start-keeps-books",
        says="whatever fails, a sync ends as after one write of all that is missing, of which as"
        " many succeed: the rest is expected no more, and it fails if there is any",
        source=_GO + " manageReplicas",
        claim=_books_balance,
        ranges=_MISSING,
        hypotheses=(_WITHIN_BURST,),
        mutations=(Mutation("more are missing than one sync creates", drops=0),),
        level=f"{_WHOLE}; any number of failures in each batch",
        integers=_BATCHES,
        about=("replicaset-creates-what-is-missing",),
    ),
    Theorem(
        id="slow-start-is-one-choice",
        says="slow start can end with any number of successes: as one write that chooses how many",
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
        level=f"{_WHOLE}; that it cannot end otherwise is slow-start-keeps-books; how many were"
        " asked for differs, and between batches others may act",
        integers=_BATCHES,
    ),
    Theorem(
        id="slow-start-fails-cheaply",
        says="a sync asks for at most one pod more than twice those that it creates",
        source=_GO + " slowStartBatch",
        claim=_few_fail,
        ranges=_MISSING | {"more": Whole(0, 2)},
        hypotheses=(Hypothesis("`more` is at least 1: that one pod", lambda more: more >= 1),),
        mutations=(Mutation("the very first request fails: one was asked for", drops=0),),
        level=f"{_WHOLE}; any number of failures in each batch",
        integers=_BATCHES,
    ),
    Theorem(
        id="surplus-is-deleted",
        says="of a surplus as many pods are deleted, and those that are not ready go first",
        source=_GO + " getPodsToDelete",
        claim=_deletes_surplus,
        ranges={"wanted": NUMBER} | dict.fromkeys(("ready", "not_ready", "pending"), COUNT),
        hypotheses=(
            Hypothesis(
                f"the surplus is at most {_BURST}",
                lambda wanted, ready, not_ready, pending: (
                    ready + not_ready + pending <= wanted + _BURST
                ),
            ),
        ),
        mutations=(Mutation("one sync deletes no more than that", drops=0),),
        level="a decision, whatever pods cost to delete and however many share a node; of pods that"
        " wait or run; which of equal rank go is open",
        about=("replicaset-deletes-the-surplus", "replicaset-unready-go-first"),
    ),
    Theorem(
        id="status-counts-add-up",
        says="available pods are ready, ready ones are counted, and terminating ones are apart,"
        " where the feature gate is on",
        source="pkg/controller/replicaset/replica_set_utils.go calculateStatus",
        claim=_status_counts,
        ranges={"wanted": NUMBER}
        | dict.fromkeys(("ready", "not_ready", "pending", "going", "failed"), COUNT),
        hypotheses=(Hypothesis("no pod has finished", lambda failed: failed == 0),),
        mutations=(Mutation("pods that have failed are not counted at all", drops=0),),
        about=("replicaset-status-in-order",),
    ),
)
