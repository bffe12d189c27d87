"""
A promise that no fault of a controller could break would say nothing. Each that needs no dropped
precondition and no known bug to break has a fault here: one rule, wrong in one way.

The wrong rule stands in for the right one by name. With it the promise breaks, in a system where
all its preconditions are met; without it the promise holds in the same system.
"""

import importlib
from collections.abc import Iterable
from typing import Any

import pytest
from attrs import evolve, field, frozen

import test_deployment_promises
import test_replicaset_promises
from promises import BY_ID, Case, case
from seatrial.core import All, Members, Outcomes, Population, Verdict, outcome
from seatrial.engines.explore import explore
from seatrial.model import (
    Environment,
    api,
    controller,
    deployment,
    deployment_controller,
    deployment_progress,
    deployment_replica_sets,
    deployment_rolling,
    deployment_sync,
    informer,
    replicaset_utils,
    users,
    workload,
)

pytestmark = pytest.mark.heavy

Spec = api.Deployment
Rs = api.ReplicaSet
UNDO, FINISH_DELETION = users.undo, users.finish_deletion
REPORT, ROLL = deployment._sync_rollout_status, deployment._rollout_rolling
"""As they are: the wrong rules have their names."""


@frozen
class Seeded:
    """A fault: in which module which name stands for what else, and what it breaks in which system.

    `because` is what the finder says at the end of the shortest run.
    """

    about: str
    promise: str
    where: str
    rule: str
    wrong: Any
    of: Case
    because: str
    variant: frozenset[str] = field(default=frozenset())
    also: tuple[tuple[str, str, Any], ...] = ()
    """What else is wrong, as module, name and what stands for it."""


# ---- wrong rules: the Deployment controller ----------------------------------------------------


def forgotten_key(dirty: bool = False) -> controller.Key:
    """A key that is not in the queue."""
    return controller.Key()


def always_again(*of: Any) -> str:
    """requeueStuckDeployment that is never content."""
    return "now"


def always_renewed(
    all_rss: Iterable[Rs],
    new_rs: Rs | None,
    d: Spec,
    passed: bool,
    variant: frozenset[str],
    counts: bool = True,
) -> deployment_progress.RolloutStatus:
    """syncRolloutStatus that dates the condition anew whatever happens."""
    found = deployment_progress.sync_rollout_status(all_rss, new_rs, d, passed, variant, counts)
    return evolve(found, renewed=True)


def grows_without_a_word(all_rss: Iterable[Rs], new_rs: Rs, d: Spec) -> deployment_rolling.Scaling:
    """reconcileNewReplicaSet that says that it has scaled nothing."""
    return evolve(deployment_rolling.reconcile_new_replica_set(all_rss, new_rs, d), failed=True)


def shares_with_empty_ones(
    d: Spec, new_rs: Rs | None, old_rss: Iterable[Rs], variant: frozenset[str]
) -> tuple[Rs, ...]:
    """A `scale` that gives every old ReplicaSet without pods one."""
    old_rss = tuple(old_rss)
    given = deployment_sync.scale(d, new_rs, old_rss, variant)
    more = (deployment_sync.scale_replica_set(rs, 1, d) for rs in old_rss if rs.replicas == 0)
    return (*given, *(rs for rs in more if rs is not None))


def not_while_paused(
    d: Spec, new_rs: Rs | None, old_rss: Iterable[Rs], variant: frozenset[str]
) -> tuple[Rs, ...]:
    """A `scale` that leaves a paused Deployment alone."""
    return () if d.spec.paused else deployment_sync.scale(d, new_rs, old_rss, variant)


def timed_out_while_paused(
    all_rss: Iterable[Rs],
    new_rs: Rs | None,
    d: Spec,
    variant: frozenset[str],
    counts: bool = True,
) -> api.DeploymentStatus:
    """A calculateStatus for which time does not stop during a pause."""
    status = deployment_sync.calculate_status(all_rss, new_rs, d, variant, counts)
    if not d.spec.paused or status.updated_replicas == d.spec.replicas:
        return status
    condition = api.DeploymentCondition("Progressing", "False", "ProgressDeadlineExceeded")
    others = tuple(each for each in status.conditions if each.type != "Progressing")
    return evolve(status, conditions=(*others, condition))


def lowered_too(d: Spec, new_rs: Rs, new_revision: int, exists: bool) -> Rs:
    """SetNewReplicaSetAnnotations that sets a revision also where the old one is higher."""
    sent = deployment_replica_sets.set_new_replica_set_annotations(d, new_rs, new_revision, exists)
    return evolve(sent, revision=new_revision)


def newest_first(rss: Iterable[Rs]) -> tuple[Rs, ...]:
    """ReplicaSetsByRevision, the other way round."""
    return deployment_replica_sets.replica_sets_by_revision(rss)[::-1]


def whatever_is_old(old_rss: Iterable[Rs], d: Spec, variant: frozenset[str]) -> tuple[Rs, ...]:
    """cleanupDeployment that does not ask whether there are pods."""
    return tuple(old_rss)


def always_complete(*_: Any) -> bool:
    """A DeploymentComplete that does not look."""
    return True


def sizes_for_pods(
    all_rss: Iterable[Rs],
    new_rs: Rs | None,
    d: Spec,
    variant: frozenset[str],
    counts: bool = True,
) -> api.DeploymentStatus:
    """A calculateStatus that takes the size of the new ReplicaSet for its pods."""
    status = deployment_sync.calculate_status(all_rss, new_rs, d, variant, counts)
    return evolve(status, updated_replicas=0 if new_rs is None else new_rs.replicas)


def every_pod_is_ready(rss: Iterable[Rs]) -> int:
    """GetReadyReplicaCountForReplicaSets that asks for the wrong number."""
    return sum(rs.status.replicas for rs in rss)


def complete_when_updated(d: Spec, status: api.DeploymentStatus, variant: frozenset[str]) -> bool:
    """DeploymentComplete that does not ask whether old pods are left, or new ones available."""
    return status.updated_replicas == d.spec.replicas


def one_more(d: Spec) -> int:
    """MaxUnavailable that is one too lax."""
    return 1


def less_than_none(d: Spec) -> int:
    """MaxUnavailable that is one too strict."""
    return -1


def gives_up_at_the_deadline(
    all_rss: tuple[Rs, ...],
    new_rs: Rs | None,
    d: Spec,
    seen: deployment.Observation,
    variant: frozenset[str],
) -> controller.RequiringSync:
    """A syncRolloutStatus that takes the pods back when time is up."""
    if seen.deadline_passed and new_rs is not None and new_rs.replicas > 0:
        bare = evolve(new_rs, replicas=0, status=api.ReplicaSetStatus())
        yield controller.Write("update", "ReplicaSet", new_rs.template, bare)
    return (yield from REPORT(all_rss, new_rs, d, seen, variant))


def rolls_on(
    d: Spec, seen: deployment.Observation, variant: frozenset[str]
) -> controller.RequiringSync:
    """A sync of a Deployment that is being deleted that goes on as if it were not."""
    return (yield from ROLL(d, seen, variant))


# ---- wrong rules: users, garbage collector, API server -----------------------------------------


def claims_to_be_observed(d: Spec) -> Spec:
    """A write of the spec that leaves observedGeneration that of the new generation."""
    return d


def loses_a_field(d: Spec) -> Spec:
    """A write of the spec that changes another field as well."""
    limit = d.spec.revision_history_limit or 0
    return deployment_controller.spec_written(
        evolve(d, spec=evolve(d.spec, revision_history_limit=limit + 1))
    )


def undo(
    deployment: Spec | None,
    deployment_queue: informer.Queue,
    deployment_copies: tuple[informer.Copy, ...],
    revision_of: All[int],
    lag: int,
    undos_left: int,
) -> Outcomes:
    """An undo that does not ask whether the Deployment is paused."""
    if deployment is not None:
        deployment = evolve(deployment, spec=evolve(deployment.spec, paused=False))
    yield from UNDO(
        deployment,
        deployment_queue,
        deployment_copies,
        revision_of,
        lag,
        undos_left,
    )


def collect_pod(pods: Population[Any], template: int) -> Outcomes:
    """A garbage collector that leaves pods alone."""
    if template < 0:
        yield outcome("deletes a pod", pods=pods)


def finish_deletion(
    deployment: Spec | None,
    deployment_queue: informer.Queue,
    deployment_copies: tuple[informer.Copy, ...],
    owned: All[bool],
    lag: int,
) -> Outcomes:
    """A finalizer that is removed before the ReplicaSets are released."""
    yield from FINISH_DELETION(
        deployment,
        deployment_queue,
        deployment_copies,
        Members({at: number for number, at in enumerate(owned)}, [False] * len(owned)),
        lag,
    )


def at_once(pod: Any, template: int) -> tuple[Any, informer.Event]:
    """A deletion without grace: the pod is gone at once."""
    after = evolve(pod, trail=(*pod.trail, None))
    return after, informer.Event(template, after.trail[-2:], informer.Change.VERSION)


# ---- wrong rules: the ReplicaSet controller ----------------------------------------------------


def never_observed(pod: Any, before: Any, expectations: Any, variant: frozenset[str]) -> Any:
    """Handlers that do not lower expectations."""
    return pod, expectations


def ready_go_first(
    pods: Population[api.PodKind], related: Population[api.PodKind], diff: int
) -> Population[api.PodKind]:
    """getPodsToDelete, the other way round."""
    ready = pods.where(lambda kind: kind.ready)
    return ready if ready.total == diff else replicaset_utils.get_pods_to_delete(pods, pods, diff)


def failure_stays(rs: Rs, active: Any, terminating: Any, failed: bool) -> api.ReplicaSetStatus:
    """A calculateStatus that does not take a ReplicaFailure back."""
    status = replicaset_utils.calculate_status(rs, active, terminating, failed)
    return evolve(status, replica_failure=status.replica_failure or rs.status.replica_failure)


def ready_or_available(rs: Rs, active: Any, terminating: Any, failed: bool) -> api.ReplicaSetStatus:
    """A calculateStatus for which a pod that is available is no longer ready."""
    status = replicaset_utils.calculate_status(rs, active, terminating, failed)
    return evolve(status, ready_replicas=status.ready_replicas - status.available_replicas)


# ---- what they break ---------------------------------------------------------------------------

STUCK = "the run stops outside the goal: no step of the system is enabled"
ROLLED = "deployment"

SEEDED = (
    Seeded(
        "a restarted controller lists, and queues nothing",
        "deployment-controller-crash-safe",
        "faults",
        "Key",
        forgotten_key,
        case(faults="controller-restart"),
        STUCK,
    ),
    Seeded(
        "a Deployment whose rollout is complete is queued again",
        "deployment-controllers-come-to-rest",
        ROLLED,
        "requeue_stuck_deployment",
        always_again,
        case(),
        "the loop of 1 steps is fair and leaves the goal for ever",
    ),
    Seeded(
        "every sync dates the Progressing condition anew",
        "deployment-no-hot-loop",
        ROLLED,
        "sync_rollout_status",
        always_renewed,
        case(),
        "the loop of 1 steps is fair and works without progress",
    ),
    Seeded(
        "pods are deleted without grace",
        "seed-deployment-availability-over-consistency",
        "replicaset",
        "terminated",
        at_once,
        case(2),
        "no reachable state satisfies seed-deployment-availability-over-consistency",
    ),
    Seeded(
        "a sync that has grown the new ReplicaSet goes on to shrink old ones",
        "deployment-grows-or-shrinks",
        ROLLED,
        "reconcile_new_replica_set",
        grows_without_a_word,
        case(3, 1, 1),
        "ReplicaSet 2 grows from 1 to 2 while others shrink",
    ),
    Seeded(
        "a rolling update takes maxUnavailable for one more than it is",
        "seed-rolling-trace-three",
        "deployment_rolling",
        "max_unavailable",
        one_more,
        case(3, ids=("seed-rolling-trace-three",)),
        "the old ReplicaSet goes from size 3 to 2 and the new one from 0 to 1",
    ),
    Seeded(
        "pods are deleted without grace, and Recreate",
        "deployment-recreate-manual-delete-overlap",
        "replicaset",
        "terminated",
        at_once,
        case(2, recreate=True, users="scale:1@2,scale:2"),
        "no reachable state satisfies deployment-recreate-manual-delete-overlap",
    ),
    Seeded(
        "a resize gives empty ReplicaSets a pod",
        "deployment-proportional-skips-empty",
        ROLLED,
        "scale",
        shares_with_empty_ones,
        case(users="set-image@2,scale:2", faults="never-ready@2"),
        "ReplicaSet 2 grows from 0 to 1 while 2 share",
    ),
    Seeded(
        "a paused Deployment is not resized",
        "deployment-paused-still-scales",
        ROLLED,
        "scale",
        not_while_paused,
        case(users="scale:2,pause"),
        STUCK,
    ),
    Seeded(
        "a manifest leaves the number of replicas to others",
        "deployment-apply-overwrites-scale",
        "",
        "",
        None,
        case(users="scale:2,pause,apply"),
        "after apply 2 replicas are asked for, not 1",
        variant=frozenset({"dep-manifest-replicas-overrides-hpa"}),
    ),
    Seeded(
        "time goes on during a pause",
        "deployment-paused-no-deadline",
        ROLLED,
        "calculate_status",
        timed_out_while_paused,
        case(users="set-image,pause"),
        "Progressing goes from DeploymentPaused to ProgressDeadlineExceeded while paused",
    ),
    Seeded(
        "undo does not ask whether the Deployment is paused",
        "deployment-paused-not-rolled-back",
        "users",
        "undo",
        undo,
        case(users="set-image,undo,pause"),
        "the template goes from 2 back to 1 while paused",
    ),
    Seeded(
        "a revision is set also where the old one is higher",
        "deployment-revisions-only-rise",
        ROLLED,
        "set_new_replica_set_annotations",
        lowered_too,
        case(users="set-image,undo", revision_history_limit=0),
        "the revision of ReplicaSet 1 goes from 3 to 1",
    ),
    Seeded(
        "the newest of the old ReplicaSets are cleaned up",
        "seed-deployment-history-rollback",
        "deployment_sync",
        "replica_sets_by_revision",
        newest_first,
        case(users="set-image@2", revision_history_limit=1),
        "ReplicaSet 2 of revision 2 is deleted; only 0 old ones are newer, and 1 are to be kept",
    ),
    Seeded(
        "a clean-up asks neither for pods nor whether the rollout is complete",
        "deployment-cleanup-spares-pods",
        ROLLED,
        "cleanup_deployment",
        whatever_is_old,
        case(users="set-image", revision_history_limit=0),
        "ReplicaSet 1 is deleted with 1 active pods and size 1",
        also=((ROLLED, "deployment_complete", always_complete),),
    ),
    Seeded(
        "undo changes another field as well",
        "deployment-rollback-template-only",
        "users",
        "spec_written",
        loses_a_field,
        case(users="set-image,undo", faults="never-ready"),
        "the spec goes from",
    ),
    Seeded(
        "every pod is reported as ready",
        "deployment-status-at-rest",
        "deployment_sync",
        "get_ready_replica_count_for_replica_sets",
        every_pod_is_ready,
        case(faults="never-ready"),
        STUCK,
    ),
    Seeded(
        "the size of the new ReplicaSet is reported for its pods",
        "deployment-status-in-order",
        "deployment_progress",
        "calculate_status",
        sizes_for_pods,
        case(users="scale:2"),
        "the status has 1 pods, 2 updated, 1 ready, 1 available",
    ),
    Seeded(
        "a new spec is said to be observed",
        "deployment-observed-generation-falls-behind",
        "users",
        "spec_written",
        claims_to_be_observed,
        case(),
        "the spec was changed and observedGeneration is that of the new spec already",
    ),
    Seeded(
        "a rollout is complete when all replicas are updated",
        "deployment-complete-condition-agrees-with-status",
        "deployment_progress",
        "deployment_complete",
        complete_when_updated,
        case(),
        "the rollout is said to be complete with 2 pods, 1 updated, 1 available; 1 replicas are"
        " asked for",
    ),
    Seeded(
        "one pod more than enough has to be available",
        "deployment-available-condition-at-rest",
        "deployment_sync",
        "max_unavailable",
        less_than_none,
        case(),
        STUCK,
    ),
    Seeded(
        "at the deadline the new pods are taken back",
        "deployment-deadline-reports-only",
        ROLLED,
        "_sync_rollout_status",
        gives_up_at_the_deadline,
        case(faults="never-ready"),
        "ReplicaSet 2 goes from 1 to 0 at the deadline",
    ),
    Seeded(
        "the garbage collector leaves pods alone",
        "deployment-background-deletion-is-complete",
        "kubelet",
        "collect_pod",
        collect_pod,
        case(users="delete:background"),
        STUCK,
    ),
    Seeded(
        "the garbage collector leaves pods alone",
        "deployment-foreground-deletion-is-complete",
        "kubelet",
        "collect_pod",
        collect_pod,
        case(users="delete:foreground"),
        STUCK,
    ),
    Seeded(
        "a Deployment goes before its ReplicaSets are released",
        "deployment-orphans-keep-their-pods",
        "users",
        "finish_deletion",
        finish_deletion,
        case(users="delete:orphan"),
        STUCK,
    ),
    Seeded(
        "a Deployment goes before its dependents are gone",
        "deployment-foreground-deletion-in-order",
        "users",
        "finish_deletion",
        finish_deletion,
        case(users="delete:foreground"),
        "the Deployment is gone; ReplicaSets [1], 1 active pods and 0 terminating ones are not",
    ),
    Seeded(
        "a Deployment that is being deleted is rolled out",
        "deployment-deleting-rolls-nothing",
        ROLLED,
        "_sync_status_only",
        rolls_on,
        case(users="set-image,delete:foreground"),
        "ReplicaSet 2 goes from 0 to 1 while its Deployment is being deleted",
    ),
    Seeded(
        "a creation that was seen is expected still",
        "replicaset-count-eventually",
        "delivery",
        "observed",
        never_observed,
        case(2),
        f"replicaset-count-eventually[2]: {STUCK}",
    ),
    Seeded(
        "ready pods are chosen first",
        "replicaset-victim-order",
        "replicaset",
        "get_pods_to_delete",
        ready_go_first,
        case(2, users="scale:1", faults="unready", level="interleaved"),
        "1 ready pods are chosen and 1 that are not ready are spared",
    ),
    Seeded(
        "a ReplicaFailure is never taken back",
        "replicaset-status-at-rest",
        "replicaset",
        "calculate_status",
        failure_stays,
        case(faults="write-failure"),
        f"replicaset-status-at-rest[1]: {STUCK}",
    ),
    Seeded(
        "pods that are available do not count as ready",
        "replicaset-status-in-order",
        "replicaset",
        "calculate_status",
        ready_or_available,
        case(),
        "the status has 1 pods, 0 ready, 1 available",
    ),
)


def test_every_promise_that_holds_has_a_run_that_breaks_it() -> None:
    """By a fault of these, or where a precondition is dropped: none is true by its own words."""
    dropped = {
        *(promise for promise, _ in test_deployment_promises.DROPPED),
        *(promise for promise, *_ in test_replicaset_promises.DROPPED.values()),
        *(promise for promise, *_ in test_deployment_promises.STORIES.values()),
    }
    assert {each.promise for each in SEEDED} | dropped >= {
        each.property.id for each in BY_ID.values() if each.property.expected == "holds"
    }


def asked(seeded: Seeded, around: Environment) -> Verdict:
    """What becomes of the promise in the system."""
    system = workload.compose("small", seeded.of.spec, around)
    (verdict,) = explore(system, [BY_ID[seeded.promise].property], threads=2, first=True).verdicts
    return verdict


@pytest.mark.parametrize("seeded", SEEDED, ids=lambda each: each.promise)
def test_a_promise_is_broken_by_a_controller_that_does_not_keep_it(
    seeded: Seeded, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a system where every precondition is met, and where it holds without the fault."""
    of = seeded.of
    assert BY_ID[seeded.promise].applies(of.spec, of.around)
    sound = asked(seeded, of.around)
    if seeded.where:
        for where, name, wrong in ((seeded.where, seeded.rule, seeded.wrong), *seeded.also):
            module = importlib.import_module(f"seatrial.model.{where}")
            assert callable(getattr(module, name))
            monkeypatch.setattr(module, name, wrong)

    broken = asked(seeded, evolve(of.around, variant=seeded.variant))

    assert (sound.status, sound.vacuous) == ("holds", False)
    assert broken.status == "violated"
    assert broken.because.startswith(seeded.because)
