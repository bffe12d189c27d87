"""
The name of a ReplicaSet that the Deployment controller is about to create is taken.

:Go: kubernetes v1.36.3 pkg/controller/deployment/sync.go (getNewReplicaSet);
    pkg/controller/controller_utils.go (ComputeHash)
:Docs: https://github.com/kubernetes/design-proposals-archive/blob/main/apps/deployment.md
:Omits: who has the name: another controller, or another template with the same hash; that the name
    becomes free again; a ReplicaSet of somebody else that the Deployment would adopt; a second
    ReplicaSet of one template, which is created upstream where the cache does not show the first
    one yet and a collision of another template has changed all names meanwhile (that takes `undo`
    or `apply`, and lag 2 or a request that lands late: here the name counts as taken, until the
    cache shows it), or where a ReplicaSet of a former Deployment of that name is still there (it
    counts as a collision with this fault, and is waited for without).

A name is made of the template and of `status.collisionCount`. Whether it is taken is decided when
it is asked for, once for each time in the budget, and is so for good. From then on the controller
depends on two things: whether its cache shows whose name it is, since else it knows nothing and
only tries again, and whether the higher count lands, which is what gives it another name.

Without this fault no name is taken; but where caches lag, a creation may still find the ReplicaSet
that the sync before it has made, and go on with what the cache shows of it by then.
"""

from typing import Any

from attrs import evolve, frozen

from seatrial.core import All, Outcomes, outcome

from . import deployment_controller as controller
from .api import ReplicaSet
from .controller import Answer, Key, Pending, Write
from .failover import Late
from .informer import Copies, Copy, Queue, behind, has_room
from .pods import Pods

__all__ = ["IS_THE_ONE", "TakenName", "late_name_is_free", "show_taken_name", "write_replica_set"]


IS_THE_ONE = ": already exists, and is the one"
"""How a creation ends in words that has found the Deployment's own ReplicaSet."""


@frozen(cache_hash=True)
class TakenName:
    """A name that somebody else's ReplicaSet has, and whether the cache shows that one."""

    template: int
    collision_count: int
    seen: bool


TakenNames = frozenset[TakenName]


def _taken(names: TakenNames, write: Write) -> TakenName | None:
    """Who has the name that a creation asks for, if not the Deployment itself."""
    wanted = (write.key, write.collision_count)
    for name in names:
        if (name.template, name.collision_count) == wanted:
            return name
    return None


def late_name_is_free(deployment_late: Late | None, names_taken: TakenNames) -> bool:
    """View: whether nobody has the name of what a former leader had asked to create."""
    if deployment_late is None or deployment_late.write.verb != "create":
        return True
    return _taken(names_taken, deployment_late.write) is None


def show_taken_name(names_taken: TakenNames) -> Outcomes:
    """The cache learns of a ReplicaSet whose name was asked for before."""
    for name in sorted(names_taken, key=lambda each: (each.template, each.collision_count)):
        if not name.seen:
            after = names_taken - {name} | {evolve(name, seen=True)}
            yield outcome("the cache learns who has the name", names_taken=after)


def write_replica_set(
    deployment_sync: Pending | None,
    deployment_key: Key,
    deployment_copies: Copies,
    replica_set: ReplicaSet | None,
    replica_set_cache: ReplicaSet | None,
    replica_set_queue: Queue,
    replica_set_copy: Copy | None,
    pods: Pods,
    rank: All[int],
    names_taken: TakenNames,
    template: int,
    lag: int,
    gives_up: bool,
    write_faults: bool,
    write_failures_left: int,
    write_unknowns_left: int,
    hash_collisions: int,
    hash_collisions_left: int,
    variant: frozenset[str],
) -> Outcomes:
    """As ever, but that a creation may find its name taken, or its own ReplicaSet."""
    step = deployment_sync
    if step is None or (step.write.kind, step.write.key) != ("ReplicaSet", template):
        return
    if not has_room(replica_set_queue, lag):
        return
    write, creates = step.write, step.write.verb == "create"
    taken = _taken(names_taken, write) if creates else None
    free = replica_set is None and taken is None
    if not creates or free:
        yield from controller.write_replica_set(
            deployment_sync,
            deployment_key,
            deployment_copies,
            replica_set,
            replica_set_queue,
            replica_set_copy,
            pods,
            rank,
            template,
            lag,
            gives_up,
            write_failures_left,
            write_unknowns_left,
        )
    if not creates:
        return
    answer: Answer | ReplicaSet
    if free:
        if hash_collisions_left == 0:
            return
        # Who took it may have done so just now, so that a cache which lags has not heard of it.
        for seen in (True, False) if lag > 0 else (True,):
            name = TakenName(template, write.collision_count, seen)
            answer = "taken" if seen else "already exists"
            yield _refused(
                step,
                answer,
                deployment_key,
                deployment_copies,
                gives_up,
                names_taken=names_taken | {name},
                hash_collisions_left=hash_collisions_left - 1,
            )
        return
    answer = _found(write, taken, replica_set_cache, hash_collisions > 0)
    if isinstance(answer, ReplicaSet):
        now = behind(replica_set_queue, template)
        copies = tuple(now if at == template else copy for at, copy in enumerate(deployment_copies))
        yield _resumed(step, answer, deployment_key, copies, write_faults, gives_up, variant)
    else:
        yield _refused(step, answer, deployment_key, deployment_copies, gives_up)
    if write_failures_left > 0:
        left = write_failures_left - 1
        yield _refused(
            step, "failed", deployment_key, deployment_copies, gives_up, write_failures_left=left
        )


def _found(
    write: Write, taken: TakenName | None, cached: ReplicaSet | None, counts: bool
) -> Answer | ReplicaSet:
    """
    What the cache shows under a name that exists. Go: rsLister.Get, EqualIgnoreHash

    Without the fault, what a former Deployment has left is only waited for: it has no second name.
    """
    if taken is not None:
        return "taken" if taken.seen else "already exists"
    if cached is None:
        return "already exists"
    if cached.owner == write.value.owner:
        return cached
    return "taken" if counts else "already exists"


def _refused(
    step: Pending,
    answer: Answer,
    key: Key,
    copies: Copies,
    gives_up: bool,
    **more: Any,
) -> Any:
    rest = step.answered(answer)
    words = {
        "taken": ": another has the name",
        "already exists": ": already exists, and the cache does not show it",
        "failed": ": the request fails",
    }[answer]
    return outcome(
        f"{controller.scale_words(step.write, None)}{words}"
        f"{controller.giving_up(rest, key, gives_up)}",
        **controller.after_answer(rest, key, copies, gives_up),
        **more,
    )


def _resumed(
    step: Pending,
    own: ReplicaSet,
    key: Key,
    copies: Copies,
    write_faults: bool,
    gives_up: bool,
    variant: frozenset[str],
) -> Any:
    """The sync goes on with the Deployment's own ReplicaSet, which the cache shows by now."""
    resume = step.resume
    assert resume is not None, "every creation can be resumed where names may be taken"
    rest = controller.planned(resume.seen, write_faults, True, variant, given=(*resume.given, own))
    done = controller.after_answer(rest, key, copies, gives_up)
    return outcome(f"{controller.scale_words(step.write, None)}{IS_THE_ONE}", **done)
