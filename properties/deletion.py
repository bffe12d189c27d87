"""What is left of a Deployment after it was deleted, and when it is gone."""

from collections.abc import Iterator

from seatrial.core import All, after_each_step, always, converges_to

from .promise import (
    ALL_KEPT,
    ATOMIC,
    FRESH,
    KEPT_OR_LANDED,
    KEPT_WHILE_PAUSED,
    NOT_CREATED_ANEW,
    Promise,
    deleted,
    under,
)

__all__ = ["PROMISES"]

_GARBAGE = "https://kubernetes.io/docs/concepts/architecture/garbage-collection/"
_ORPHAN = (
    "https://kubernetes.io/docs/tasks/administer-cluster/use-cascading-deletion/"
    "#set-orphan-deletion-policy"
)


def _nothing_is_left(
    deletes: int,
    deletes_left: int,
    deployment_alive: str,
    owned: All[bool],
    total_active: int,
    total_terminating: int,
) -> bool:
    """The goal of a deletion, which is met as well where nobody has deleted anything."""
    if deletes_left == deletes:
        return True
    return (
        deployment_alive == "gone"
        and not any(owned.values())
        and total_active + total_terminating == 0
    )


background_leaves_nothing = under(deleted("background"), NOT_CREATED_ANEW)(
    converges_to(
        id="deployment-background-deletion-is-complete",
        says="a Deployment that is deleted in the background leaves neither ReplicaSets nor pods",
        source=_GARBAGE + "#background-deletion",
    )(_nothing_is_left)
)
foreground_leaves_nothing = under(deleted("foreground"), NOT_CREATED_ANEW)(
    converges_to(
        id="deployment-foreground-deletion-is-complete",
        says="a Deployment that is deleted in the foreground leaves neither ReplicaSets nor pods",
        source=_GARBAGE + "#foreground-deletion",
    )(_nothing_is_left)
)


@under(deleted("foreground"), ATOMIC, FRESH, ALL_KEPT)
@always(
    id="deployment-foreground-deletion-in-order",
    says="a Deployment that is deleted in the foreground is there until its ReplicaSets and pods"
    " are gone",
    source=_GARBAGE + "#foreground-deletion",
    premise=lambda deployment_alive: deployment_alive == "gone",
)
def dependents_go_first(
    owned: All[bool], total_active: int, total_terminating: int
) -> Iterator[str]:
    """Reads what there is and not what is owned: a pod may outlive its ReplicaSet."""
    left = [at for at in owned if owned[at]]
    if left or total_active + total_terminating:
        yield (
            f"the Deployment is gone; ReplicaSets {left}, {total_active} active pods and"
            f" {total_terminating} terminating ones are not"
        )


@under(deleted("orphan"), NOT_CREATED_ANEW, KEPT_WHILE_PAUSED, KEPT_OR_LANDED)
@converges_to(
    id="deployment-orphans-keep-their-pods",
    says="a Deployment that is deleted with --cascade=orphan leaves its ReplicaSets to themselves,"
    " each with its pods; at least one is left",
    source=_ORPHAN,
)
def orphans_keep_their_pods(
    deletes: int,
    deletes_left: int,
    deployment_alive: str,
    owned: All[bool],
    revision_of: All[int],
    size: All[int],
    active: All[int],
) -> bool:
    """
    That ReplicaSets are left is a part of it: where all are collected with their pods, each that
    there is has as many as it asks for.
    """
    if deletes_left == deletes:
        return True
    if deployment_alive != "gone" or any(owned.values()) or not any(revision_of.values()):
        return False
    return all(active[at] == size[at] for at in size)


@under(deleted("orphan"), ATOMIC, FRESH)
@after_each_step(
    id="deployment-orphans-stay",
    says="no ReplicaSet is deleted with its Deployment, nor resized, if the Deployment is deleted"
    " with --cascade=orphan",
    source=_ORPHAN,
    over="template",
    premise=lambda deployment_alive, revision_of_before: (
        deployment_alive != "alive" and revision_of_before > 0
    ),
)
def orphans_stay(template: int, revision_of: int, size: int, size_before: int) -> Iterator[str]:
    """Over each ReplicaSet that there was before the step."""
    if revision_of == 0 or size != size_before:
        yield f"ReplicaSet {template} of size {size_before} has size {size} after its Deployment"


@under(ATOMIC, FRESH, where=[deleted("foreground")])
@after_each_step(
    id="deployment-deleting-rolls-nothing",
    says="a Deployment that is being deleted is not rolled out any further",
    source="pkg/controller/deployment/deployment_controller.go syncDeployment, syncStatusOnly",
    over="template",
    premise=lambda deployment_alive, deployment_alive_before: (
        deployment_alive == deployment_alive_before == "deleting"
    ),
)
def deleting_rolls_nothing(template: int, size: int, size_before: int) -> Iterator[str]:
    """To size 0 it may go: then it was deleted."""
    if size not in (size_before, 0):
        yield (
            f"ReplicaSet {template} goes from {size_before} to {size}"
            " while its Deployment is being deleted"
        )


PROMISES: tuple[Promise, ...] = (
    background_leaves_nothing,
    foreground_leaves_nothing,
    dependents_go_first,
    orphans_keep_their_pods,
    orphans_stay,
    deleting_rolls_nothing,
)
