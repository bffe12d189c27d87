"""
The Deployment controller as actions: one that observes and decides, one for each kind it writes.

:Go: kubernetes v1.36.3 pkg/controller/deployment/deployment_controller.go
:Docs: https://kubernetes.io/docs/concepts/workloads/controllers/deployment/
:Omits: what `deployment.py` omits.

Deployment, ReplicaSets and pods are observed in one step. Their caches are filled independently of
each other, so whatever is delivered between two of the reads could as well be delivered after all.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from attrs import evolve

from seatrial.core import All, Outcomes, Population, outcome

from .api import Deployment, Observed, PodKind, ReplicaSet
from .clock import Deadline, deadline_after
from .controller import (
    MAX_RETRIES,
    Answer,
    Done,
    Key,
    Pending,
    Write,
    attempts,
    dropped,
    finished,
    plan,
    possible_answers,
)
from .deployment import Observation, StatusWrite, sync_deployment
from .informer import Change, Copies, Copy, Event, Queue, aged, behind, has_room, touched
from .pods import Pods, as_seen, orphans

__all__ = [
    "after_answer",
    "changes",
    "copies_of_caches",
    "describe",
    "giving_up",
    "needed",
    "observe",
    "observe_for_recreate",
    "planned",
    "replica_set_after",
    "scale_words",
    "spec_written",
    "unfinished",
    "write_deployment",
    "write_replica_set",
    "written_deployment",
]

_ONE_RUNNING: Population[PodKind] = Population({PodKind(phase="Running"): 1})


def copies_of_caches(
    deployment_queue: Queue, replica_set_queue: Queue, templates: int
) -> tuple[Copy, ...]:
    """View: how the cached Deployment, and after it the cached ReplicaSets, stand to the API's."""
    rss = (behind(replica_set_queue, each) for each in range(1, templates + 1))
    return (behind(deployment_queue, 0), *rss)


def unfinished(
    pods: Pods, replica_set_queue: Queue, template: int, variant: frozenset[str]
) -> bool:
    """
    View: whether the cache shows pods of the ReplicaSet that are not finished.

    Terminating ones count. The ReplicaSet is the one that the cache shows, even if it is gone.
    """
    finished: tuple[str, ...] = ("Failed", "Succeeded")
    if "dep-recreate-stuck-on-terminal-pod" in variant:
        finished = ()
    of_former = not behind(replica_set_queue, template).same
    return any(kind.phase not in finished for kind in as_seen(pods, of_former))


# ---- observing --------------------------------------------------------------------------------


def observe(
    deployment_key: Key,
    deployment_sync: Pending | None,
    deployment_cache: Deployment | None,
    replica_set_cache: All[ReplicaSet | None],
    copies_of_caches: tuple[Copy, ...],
    deadline: Deadline,
    terminating_replicas: bool,
    write_faults: bool,
    collides: bool,
    gives_up: bool,
    variant: frozenset[str],
) -> Outcomes:
    """A worker takes the key, reads the caches and decides. Go: processNextWorkItem"""
    if not deployment_key.dirty or deployment_sync is not None:
        return
    key = deployment_key.taken()
    if deployment_cache is None:
        yield outcome("finds that it is gone", deployment_key=key)
        return
    seen = _observation(deployment_cache, replica_set_cache, (), deadline, terminating_replicas)
    yield _decide(seen, key, copies_of_caches, write_faults, collides, gives_up, variant)


def observe_for_recreate(
    deployment_key: Key,
    deployment_sync: Pending | None,
    deployment_cache: Deployment | None,
    replica_set_cache: All[ReplicaSet | None],
    copies_of_caches: tuple[Copy, ...],
    unfinished: All[bool],
    deadline: Deadline,
    terminating_replicas: bool,
    write_faults: bool,
    collides: bool,
    gives_up: bool,
    variant: frozenset[str],
) -> Outcomes:
    """The same, with a look at pods: Recreate waits until no old one is left."""
    if not deployment_key.dirty or deployment_sync is not None:
        return
    key = deployment_key.taken()
    if deployment_cache is None:
        yield outcome("finds that it is gone", deployment_key=key)
        return
    pod_map = tuple(
        (rs.created, _ONE_RUNNING)
        for at, rs in replica_set_cache.items()
        if rs is not None and unfinished[at] and rs.owner in (None, deployment_cache.uid)
    )
    seen = _observation(
        deployment_cache, replica_set_cache, pod_map, deadline, terminating_replicas
    )
    yield _decide(seen, key, copies_of_caches, write_faults, collides, gives_up, variant)


def _observation(
    deployment: Deployment,
    replica_sets: All[ReplicaSet | None],
    pod_map: tuple[tuple[int, Population[PodKind]], ...],
    deadline: Deadline,
    terminating_replicas: bool,
) -> Observation:
    """What the sync knows. Of ReplicaSets, those of somebody else do not count."""
    rss = tuple(rs for rs in replica_sets.values() if rs is not None)
    mine = tuple(rs for rs in rss if rs.owner == deployment.uid)
    orphans = tuple(rs for rs in rss if rs.owner is None and not rs.deleting)
    if deployment.deleting:
        orphans = ()
    passed = deadline == "passed"
    return Observation(deployment, mine, pod_map, passed, orphans, terminating_replicas)


def _decide(
    seen: Observation,
    key: Key,
    copies: tuple[Copy, ...],
    write_faults: bool,
    collides: bool,
    gives_up: bool,
    variant: frozenset[str],
) -> Any:
    step = planned(seen, write_faults, collides, variant)
    if isinstance(step, Done):
        later = "; will look again at the deadline" if step.later else ""
        return outcome(f"has nothing to write{later}", deployment_key=finished(key, step, gives_up))
    return outcome(
        f"decides to {describe(step.write)}",
        deployment_key=key,
        deployment_sync=step,
        deployment_copies=needed(copies, step),
    )


def planned(
    seen: Observation,
    write_faults: bool,
    collides: bool,
    variant: frozenset[str],
    given: tuple[Any, ...] = (),
) -> Pending | Done:
    """What a sync does that saw this; with `given`, after it has been answered that."""
    return plan(
        lambda: sync_deployment(seen, variant),
        lambda write: possible_answers(write, write_faults or _refused(write), collides),
        seen if collides else None,
        given,
    )


def describe(write: Write) -> str:
    """A write in a few words."""
    if write.kind == "Deployment":
        others = {"update status": "write its status", "get": "adopt ReplicaSets"}
        return others.get(write.verb, "roll back")
    name = f"ReplicaSet {write.key}"
    if write.verb in ("delete", "adopt"):
        return f"{write.verb} {name}"
    if write.verb == "create":
        return f"create {name} with {write.value.replicas} replicas"
    return f"set {name} to {write.value.replicas} replicas"


def after_answer(step: Pending | Done, key: Key, copies: Copies, gives_up: bool) -> dict[str, Any]:
    """What the controller's variables are when this is left of its sync, which has these copies."""
    left = needed(copies, step)
    if isinstance(step, Pending):
        return {"deployment_sync": step, "deployment_copies": left}
    return {
        "deployment_sync": None,
        "deployment_copies": left,
        "deployment_key": finished(key, step, gives_up),
    }


def giving_up(step: Pending | Done, key: Key, gives_up: bool) -> str:
    """What is to be said where the key is not tried again."""
    if not dropped(key, step, gives_up):
        return ""
    return f"; after {MAX_RETRIES} retries the key is dropped"


def needed(copies: Copies, step: Pending | Done) -> Copies:
    """
    The copies without those on which nothing depends that is left of the sync.

    So two syncs that go on in one way are one state, whatever was read before.
    """
    used = set(_based_on(step))
    return tuple(copy if at in used else None for at, copy in enumerate(copies))


def _based_on(step: Pending | Done) -> Iterator[int]:
    """Of which objects the rest of a sync needs its copies."""
    if isinstance(step, Done):
        return
    yield 0 if step.write.kind == "Deployment" else step.write.key
    if step.resume is not None:  # what it will do depends on what it finds
        seen: Observation = step.resume.seen
        yield from (0, *(rs.template for rs in (*seen.rss, *seen.orphans)))
    for _, rest in step.after:
        yield from _based_on(rest)


def _kept(copies: Copies, at: int, write: Write, change: Change) -> Copies:
    """The sync's copies after its own write of one of the originals."""
    if not write.keeps:
        return touched(copies, at, change)
    return tuple(Copy() if number == at else copy for number, copy in enumerate(copies))


# ---- writing ----------------------------------------------------------------------------------


def write_deployment(
    deployment_sync: Pending | None,
    deployment_key: Key,
    deployment_copies: Copies,
    deployment: Deployment | None,
    deployment_queue: Queue,
    deadline: Deadline,
    lag: int,
    gives_up: bool,
    write_failures_left: int,
    write_unknowns_left: int,
) -> Outcomes:
    """A request to write the status of the Deployment, or, for a rollback, its spec."""
    step = deployment_sync
    if step is None or step.write.kind != "Deployment" or not has_room(deployment_queue, lag):
        return
    write, copy = step.write, deployment_copies[0]
    assert copy is not None, "a sync has a copy of what it writes"
    if write.verb == "get":
        # The API answers with what there is: another uid, or a deletion, forbids to adopt.
        there = deployment is not None and copy.same and not deployment.deleting
        found = step.answered("applied" if there else "not found")
        rest = after_answer(found, deployment_key, deployment_copies, gives_up)
        yield outcome("makes sure that the Deployment is there" + ("" if there else ": no"), **rest)
        return
    conflict = deployment is None or not copy.current
    usual: Answer = "conflict" if conflict else "failed" if _refused(write) else "applied"
    for answer, lands, words, spent in attempts(usual, write_failures_left, write_unknowns_left):
        done: dict[str, Any] = {}
        copies = deployment_copies
        if lands and deployment is not None:
            after, change, done["deadline"] = written_deployment(write, deployment, deadline)
            if changes(write, deployment, after):
                event = Event(0, after, change)
                done["deployment"] = after
                done["deployment_queue"] = (*deployment_queue, event)
                copies = _kept(copies, 0, write, change)
        rest = after_answer(step.answered(answer), deployment_key, copies, gives_up)
        words += giving_up(step.answered(answer), deployment_key, gives_up)
        text = _status_words(write, deployment)
        yield outcome(f"{text}{words}", **(done | rest), **spent)


def _refused(write: Write) -> bool:
    """
    Whether validation refuses what is sent: a number below 0, which only an overflow makes a size.

    Go: ValidateDeploymentStatus, ValidateReplicaSetSpec, in part
    """
    sent = write.value
    if isinstance(sent, ReplicaSet):
        return sent.replicas < 0
    return isinstance(sent, StatusWrite) and sent.status.unavailable_replicas < 0


def written_deployment(
    write: Write, deployment: Deployment, deadline: Deadline
) -> tuple[Deployment, Change, Deadline]:
    """The Deployment after a write of its controller, what changed about it, and its deadline."""
    sent = write.value
    if isinstance(sent, StatusWrite):
        after = evolve(deployment, status=sent.status, revision=sent.revision)
        return after, Change.VERSION, deadline_after(deadline, after, sent.renewed)
    after = spec_written(evolve(deployment, spec=sent, rollback_to=None))
    return after, Change.GENERATION, deadline


def changes(write: Write, before: Deployment, after: Deployment) -> bool:
    """Whether there is an event of this write: a date counts, which no Deployment here has."""
    return after != before or getattr(write.value, "renewed", False)


def _status_words(write: Write, before: Deployment | None) -> str:
    if not isinstance(write.value, StatusWrite):
        return f"rolls back to template {write.value.template}"
    status = write.value.status
    if before is not None and status.collision_count > before.status.collision_count:
        return f"raises collisionCount to {status.collision_count}"
    counts = f"{status.replicas} pods, {status.updated_replicas} updated"
    return f"reports {counts}, {status.available_replicas} available"


def spec_written(deployment: Deployment) -> Deployment:
    """The Deployment after its spec was written: its status speaks of an older generation."""
    if deployment.status.observed_generation is Observed.NEVER:
        return deployment
    return evolve(deployment, status=evolve(deployment.status, observed_generation=Observed.BEHIND))


def write_replica_set(
    deployment_sync: Pending | None,
    deployment_key: Key,
    deployment_copies: Copies,
    replica_set: ReplicaSet | None,
    replica_set_queue: Queue,
    replica_set_copy: Copy | None,
    pods: Pods,
    rank: All[int],
    template: int,
    lag: int,
    gives_up: bool,
    write_failures_left: int,
    write_unknowns_left: int,
) -> Outcomes:
    """A request to create, resize or delete the ReplicaSet of one template."""
    step = deployment_sync
    if step is None or step.write.kind != "ReplicaSet" or step.write.key != template:
        return
    if not has_room(replica_set_queue, lag):
        return
    write, copy = step.write, deployment_copies[template]
    assert copy is not None, "a sync has a copy of what it writes"
    usual, after, change = replica_set_after(write, replica_set, copy, rank.values())
    for answer, lands, words, spent in attempts(usual, write_failures_left, write_unknowns_left):
        done: dict[str, Any] = {}
        copies = deployment_copies
        if lands and after != replica_set:
            event = Event(template, after, change)
            done["replica_set"] = after
            done["replica_set_queue"] = (*replica_set_queue, event)
            copies = _kept(copies, template, write, change)
            done["replica_set_copy"] = aged(replica_set_copy, change)
            if after is None:
                done["pods"] = orphans(pods)
        rest = after_answer(step.answered(answer), deployment_key, copies, gives_up)
        words += giving_up(step.answered(answer), deployment_key, gives_up)
        text = scale_words(write, replica_set)
        yield outcome(f"{text}{words}", **(done | rest), **spent)


def replica_set_after(
    write: Write,
    live: ReplicaSet | None,
    copy: Copy,
    ranks: Iterable[int],
) -> tuple[Any, ReplicaSet | None, Change]:
    """What the API server answers, what the ReplicaSet is then, and what changed about it."""
    if write.verb == "create":
        if live is not None:
            return "already exists", live, Change.VERSION
        # Its creationTimestamp is of now: what the sync knew may have been older.
        status = evolve(write.value.status, observed_generation=Observed.NEVER)
        born = evolve(write.value, status=status, created=1 + max(ranks))
        return "applied", born, Change.IDENTITY
    if write.verb == "delete":
        return ("not found" if live is None else "applied"), None, Change.IDENTITY
    if write.verb == "adopt":
        return _adopted(write, live, copy)
    if live is None or not copy.current:
        return "conflict", live, Change.VERSION
    if _refused(write):
        return "failed", live, Change.VERSION
    sent: ReplicaSet = evolve(write.value, status=live.status, owner=live.owner)
    if (sent.replicas, sent.min_ready_seconds) == (live.replicas, live.min_ready_seconds):
        return "applied", sent, Change.VERSION
    observed = live.status.observed_generation
    if observed is Observed.CURRENT:
        observed = Observed.BEHIND
    status = evolve(live.status, observed_generation=observed)
    return "applied", evolve(sent, status=status), Change.GENERATION


def _adopted(
    write: Write, live: ReplicaSet | None, copy: Copy
) -> tuple[Answer, ReplicaSet | None, Change]:
    """
    A patch: it needs the same uid, and that there is no other controller. References are merged by
    uid, so what is adopted already stays as it is. Go: AdoptReplicaSet
    """
    if live is None:
        return "not found", live, Change.VERSION
    if not copy.same or live.owner not in (None, write.value):
        return "conflict", live, Change.VERSION
    return "applied", evolve(live, owner=write.value), Change.VERSION


def scale_words(write: Write, live: ReplicaSet | None) -> str:
    """What a request about a ReplicaSet does, in a few words."""
    name = f"ReplicaSet {write.key}"
    if write.verb == "create":
        return f"creates {name} with {write.value.replicas} replicas"
    if write.verb in ("delete", "adopt"):
        return f"{write.verb}s {name}"
    if live is not None and live.replicas == write.value.replicas:
        return f"annotates {name}"
    before = "" if live is None else f"from {live.replicas} "
    return f"scales {name} {before}to {write.value.replicas}"
