"""What a Deployment comes to: the pods it asks for, and a rollout that ends."""

from seatrial.core import All, converges_to, no_hot_loop
from seatrial.core.arith import total

from .promise import (
    FEW_FAILURES,
    HEALTHY_TEMPLATES,
    KEPT_WHILE_PAUSED,
    NO_GIVE_UP,
    NO_PAUSE,
    NO_UNDO,
    NOT_PAUSED_ANEW,
    NOTED_OR_HEALTHY,
    PLACED,
    SAME_SIZE,
    Promise,
    at_all_times,
    does,
    under,
)

__all__ = ["PROMISES"]

_DOCS = "https://kubernetes.io/docs/concepts/workloads/controllers/deployment/"


def _rolled_out(size: All[int], target: int, desired: int, paused: bool) -> bool:
    if target == 0 or paused:
        return True
    return size[target] == desired == total(size.values())


@under(HEALTHY_TEMPLATES, SAME_SIZE, FEW_FAILURES)
@converges_to(
    id="deployment-eventually-new-revision",
    says="in the end the ReplicaSet of the newest template has all replicas and the others none,"
    " unless the Deployment is paused",
    source=_DOCS + "#rollover-aka-multiple-updates-in-flight",
)
def newest_has_all(size: All[int], target: int, desired: int, paused: bool) -> bool:
    return _rolled_out(size, target, desired, paused)


@under(HEALTHY_TEMPLATES, SAME_SIZE, FEW_FAILURES, where=[does("controller-restart")])
@converges_to(
    id="deployment-controller-crash-safe",
    says="a rollout ends as it should, though the controller restarts in the middle of it",
    source="https://github.com/kubernetes/design-proposals-archive/blob/main/apps/deployment.md",
)
def restarts_do_no_harm(size: All[int], target: int, desired: int, paused: bool) -> bool:
    return _rolled_out(size, target, desired, paused)


@under(HEALTHY_TEMPLATES, SAME_SIZE, FEW_FAILURES)
@converges_to(
    id="seed-deployment-identical-replicas",
    says="in the end all pods of a Deployment are alike and as many as `replicas`, and no others"
    " are left, unless it is paused",
    source=_DOCS,
)
def identical_replicas(
    active: All[int], total_terminating: int, target: int, desired: int, paused: bool
) -> bool:
    if target == 0 or paused:
        return True
    return active[target] == desired == total(active.values()) and total_terminating == 0


@under(HEALTHY_TEMPLATES, KEPT_WHILE_PAUSED, NOT_PAUSED_ANEW, NO_GIVE_UP)
@converges_to(
    id="deployment-available-at-rest",
    says="in the end as many pods are available as `replicas` asks for",
    source=_DOCS + "#complete-deployment",
)
def available_at_rest(total_available: int, desired: int) -> bool:
    return total_available >= desired


@under(NO_UNDO, HEALTHY_TEMPLATES, NO_PAUSE, SAME_SIZE, FEW_FAILURES, where=[does("restart")])
@converges_to(
    id="seed-rollout-restart-refreshes-all",
    says="`kubectl rollout restart` replaces every pod",
    source="https://kubernetes.io/docs/reference/kubectl/generated/kubectl_rollout/"
    "kubectl_rollout_restart/",
)
def restart_replaces_all(
    active: All[int], newest_template: int, desired: int, deployment_alive: str
) -> bool:
    if deployment_alive != "alive":
        return True
    return active[newest_template] == desired == total(active.values())


@under(NOTED_OR_HEALTHY, PLACED)
@converges_to(
    id="deployment-controllers-come-to-rest",
    says="once users and faults rest, the controllers run out of work",
    source="https://kubernetes.io/docs/concepts/architecture/controller/",
)
def controllers_rest(deployment_busy: bool, replica_set_busy: All[bool]) -> bool:
    return not deployment_busy and not any(replica_set_busy.values())


writes_end: Promise = at_all_times(
    no_hot_loop(
        id="deployment-no-hot-loop",
        work=(
            "create_pod",
            "delete_pod",
            "write_status",
            "write_deployment",
            "write_replica_set",
        ),
        says="controllers do not write for ever once users and faults rest",
        source="https://kubernetes.io/docs/concepts/architecture/controller/",
    )
)

PROMISES: tuple[Promise, ...] = (
    newest_has_all,
    restarts_do_no_harm,
    identical_replicas,
    available_at_rest,
    restart_replaces_all,
    controllers_rest,
    writes_end,
)
