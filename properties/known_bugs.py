"""
What known bugs of the Deployment and ReplicaSet controllers break, each promise once.

They are stated for the environments in which `seatrial.model.mutants` asks for them. Elsewhere,
where users resize a Deployment or pods fail, some promise too much: see their preconditions.
"""

from collections.abc import Iterator

from seatrial.core import All, Property, after_each_step, always, at_least, converges_to
from seatrial.core.arith import total
from seatrial.model import api, deployment_conditions, deployment_util

__all__ = ["PROPERTIES"]

_DOCS = "https://kubernetes.io/docs/concepts/workloads/controllers/deployment/"
_REPLICA_SET = "https://kubernetes.io/docs/concepts/workloads/controllers/replicaset/"
_ISSUES = "https://github.com/kubernetes/kubernetes/issues/"


# ---- sizes ------------------------------------------------------------------------------------


def _least_available(manifest: api.DeploymentSpec) -> int:
    return manifest.replicas - deployment_util.max_unavailable(api.Deployment(manifest))


@at_least(
    says="at least replicas - maxUnavailable pods are available during a rollout",
    source=_DOCS + "#max-unavailable",
    bound=_least_available,
    preconditions=("no pod fails by itself", "nobody resizes the Deployment"),
)
def enough_pods_stay_available(available: All[int]) -> int:
    return total(available.values())


@after_each_step(
    says="without a resize of the Deployment, its old ReplicaSets only shrink",
    source=_ISSUES + "21810",
    preconditions=("nobody resizes the Deployment", "lag 0"),
)
def old_sizes_only_fall(target: int, size: All[int], size_before: All[int]) -> Iterator[str]:
    for template in size:
        if template != target and size[template] > size_before[template]:
            yield (
                f"ReplicaSet {template} is old and grew"
                f" from {size_before[template]} to {size[template]}"
            )


@after_each_step(
    says="a resize of the Deployment changes the size of each of its ReplicaSets at most once",
    source=_ISSUES + "44734",
    preconditions=("one resize",),
)
def a_resize_changes_each_size_once(
    desired: int,
    size: All[int],
    size_before: All[int],
    noted: All[int | None],
    noted_before: All[int | None],
) -> Iterator[str]:
    under_way = any(
        size_before[template] > 0 and noted_before[template] != desired for template in size
    )
    for template in size:
        again = noted_before[template] == desired == noted[template]
        if under_way and again and size[template] != size_before[template]:
            yield (
                f"ReplicaSet {template} was resized already,"
                f" and goes from {size_before[template]} to {size[template]}"
            )


@after_each_step(
    says="applying the manifest again leaves the number of replicas to who has set it since",
    source=_ISSUES + "72231",
)
def applying_keeps_the_size(desired: int, desired_before: int, action: str) -> Iterator[str]:
    if action == "apply" and desired != desired_before:
        yield f"{desired_before} replicas were asked for, now it is {desired}"


# ---- pods -------------------------------------------------------------------------------------


@after_each_step(
    says="a ReplicaSet never creates a pod beyond those that it asks for",
    source=_REPLICA_SET + "#how-a-replicaset-works",
    over="template",
    preconditions=("nobody shrinks a ReplicaSet",),
)
def no_pod_too_many(active: int, active_before: int, size: int) -> Iterator[str]:
    if active > active_before and active > size:
        yield f"{size} pods are asked for, and now there are {active}"


@after_each_step(
    says="a ReplicaSet never deletes one of the pods that it still asks for",
    source=_REPLICA_SET + "#how-a-replicaset-works",
    over="template",
    preconditions=("no pod fails by itself", "nobody grows a ReplicaSet"),
)
def no_pod_too_few(active: int, active_before: int, size: int) -> Iterator[str]:
    if active < active_before and active < size:
        yield f"{size} pods are asked for, and {active} are left"


@always(
    says="with Recreate no pod of a new template is there before all pods of old ones are gone",
    source=_DOCS + "#recreate-deployment",
    preconditions=("strategy Recreate", "nobody deletes pods"),
)
def no_overlap(active: All[int], terminating: All[int]) -> Iterator[str]:
    there = [template for template in active if active[template] + terminating[template] > 0]
    if len(there) > 1:
        yield f"there are pods of the templates {', '.join(map(str, there))}"


# ---- how rollouts end -------------------------------------------------------------------------


@converges_to(
    says="once users and faults rest, all pods are available and of the latest template",
    source=_DOCS + "#complete-deployment",
)
def rollout_completes(
    target: int, desired: int, available: All[int], terminating: All[int]
) -> bool:
    return all(
        terminating[template] == 0 and available[template] == (desired if template == target else 0)
        for template in available
    )


@converges_to(
    says="a Deployment whose pods do not become available says so when its deadline has passed",
    source=_DOCS + "#failed-deployment",
    preconditions=("progressDeadlineSeconds is set",),
)
def lack_of_progress_is_reported(
    target: int, desired: int, available: All[int], progress: str
) -> bool:
    complete = target in available and available[target] == desired
    return complete or progress == deployment_conditions.TIMED_OUT_REASON


@after_each_step(
    says="ProgressDeadlineExceeded is reported only when the deadline of this rollout has passed",
    source=_DOCS + "#progress-deadline-seconds",
)
def only_a_passed_deadline_is_exceeded(
    progress: str, progress_before: str, deadline_before: str
) -> Iterator[str]:
    exceeded = deployment_conditions.TIMED_OUT_REASON
    if progress == exceeded != progress_before and deadline_before != "passed":
        yield f"after {progress_before}, while the deadline is {deadline_before}"


@converges_to(
    says="at rest, no more old ReplicaSets are kept than revisionHistoryLimit, or than have pods",
    source=_DOCS + "#clean-up-policy",
    preconditions=("revisionHistoryLimit is set", "the rollout is complete or paused"),
)
def history_within_its_limit(
    target: int, rolls: bool, owned: All[bool], size: All[int], manifest: api.DeploymentSpec
) -> bool:
    old = [template for template in owned if owned[template] and template != target]
    with_pods = sum(size[template] > 0 for template in old)
    limit = manifest.revision_history_limit or 0
    return (rolls and with_pods > 0) or len(old) <= max(with_pods, limit)


# ---- status -----------------------------------------------------------------------------------


@always(
    says="the API server accepts every status that the Deployment controller sends",
    source=_ISSUES + "41697",
)
def every_status_is_accepted(least_sent: int) -> Iterator[str]:
    if least_sent < 0:
        yield f"unavailableReplicas is {least_sent}"


@converges_to(
    says="a ReplicaSet's status counts all pods that have become available",
    source=_DOCS + "#min-ready-seconds",
    over="template",
)
def available_pods_are_counted(available: int, reported_available: int) -> bool:
    return reported_available == available


PROPERTIES: tuple[Property, ...] = (
    enough_pods_stay_available,
    old_sizes_only_fall,
    a_resize_changes_each_size_once,
    applying_keeps_the_size,
    no_pod_too_many,
    no_pod_too_few,
    no_overlap,
    rollout_completes,
    lack_of_progress_is_reported,
    only_a_passed_deadline_is_exceeded,
    history_within_its_limit,
    every_status_is_accepted,
    available_pods_are_counted,
)
