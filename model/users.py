"""
What users do to a Deployment, each as often as its budget allows.

:Go: kubernetes v1.36.3 staging/src/k8s.io/kubectl/pkg/polymorphichelpers/rollback.go (undo),
    objectpauser.go, objectrestarter.go; pkg/controller/garbagecollector/garbagecollector.go
:Docs: https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#updating-a-deployment
:Omits: two writes at once; a Deployment that is created anew before the caches know that the one
    before is gone, and that its ReplicaSets are gone too, or orphans (a new one that meets
    ReplicaSets of the old one under their names raises collisionCount).

A new template is a number that no other template has: `set-image` and `restart` differ only in
words.
"""

from typing import TypeGuard

from attrs import evolve

from seatrial.core import All, Outcome, Outcomes, outcome

from .api import Deployment, DeploymentSpec, DeploymentStatus, Observed, ReplicaSet
from .deployment_controller import spec_written
from .informer import Change, Copies, Copy, Queue, deployment_written, has_room, replica_set_written
from .pods import Pods, orphans

__all__ = [
    "apply",
    "collect_replica_set",
    "create_anew",
    "delete",
    "finish_deletion",
    "pause",
    "restart",
    "resume",
    "scale",
    "set_image",
    "undo",
]


def _may(deployment: Deployment | None, queue: Queue, lag: int, left: int) -> TypeGuard[Deployment]:
    """Whether there is a Deployment to write, room for the event of that, and budget."""
    return left > 0 and deployment is not None and has_room(queue, lag)


def _respecified(
    words: str,
    deployment: Deployment,
    spec: DeploymentSpec,
    queue: Queue,
    copies: Copies,
    **more: int,
) -> Outcome:
    """A user has written that spec; `more` is what else that changes, such as the budget."""
    after = spec_written(evolve(deployment, spec=spec))
    written = deployment_written(after, Change.GENERATION, queue, copies)
    return outcome(words, **more, **written)


def set_image(
    deployment: Deployment | None,
    deployment_queue: Queue,
    deployment_copies: Copies,
    newest_template: int,
    templates: int,
    lag: int,
    set_images_left: int,
) -> Outcomes:
    """`kubectl set image`: a template that was never used before."""
    if newest_template < templates and _may(deployment, deployment_queue, lag, set_images_left):
        new = newest_template + 1
        yield _respecified(
            f"sets a new image: template {new}",
            deployment,
            evolve(deployment.spec, template=new),
            deployment_queue,
            deployment_copies,
            newest_template=new,
            set_images_left=set_images_left - 1,
        )


def restart(
    deployment: Deployment | None,
    deployment_queue: Queue,
    deployment_copies: Copies,
    newest_template: int,
    templates: int,
    lag: int,
    restarts_left: int,
) -> Outcomes:
    """`kubectl rollout restart`: an annotation of the template, refused while paused."""
    if newest_template < templates and _may(deployment, deployment_queue, lag, restarts_left):
        if deployment.spec.paused:
            return
        new = newest_template + 1
        yield _respecified(
            f"restarts the rollout: template {new}",
            deployment,
            evolve(deployment.spec, template=new),
            deployment_queue,
            deployment_copies,
            newest_template=new,
            restarts_left=restarts_left - 1,
        )


def scale(
    deployment: Deployment | None,
    deployment_queue: Queue,
    deployment_copies: Copies,
    lag: int,
    sizes: tuple[int, ...],
    scales_left: int,
) -> Outcomes:
    """`kubectl scale`: another number of replicas."""
    if not _may(deployment, deployment_queue, lag, scales_left):
        return
    for size in sizes:
        if size != deployment.spec.replicas:
            yield _respecified(
                f"scales the Deployment from {deployment.spec.replicas} to {size}",
                deployment,
                evolve(deployment.spec, replicas=size),
                deployment_queue,
                deployment_copies,
                scales_left=scales_left - 1,
            )


def undo(
    deployment: Deployment | None,
    deployment_queue: Queue,
    deployment_copies: Copies,
    revision_of: All[int],
    lag: int,
    undos_left: int,
) -> Outcomes:
    """`kubectl rollout undo`: the template of the last revision but one. Not while paused."""
    if not _may(deployment, deployment_queue, lag, undos_left):
        return
    ranked = sorted((number, at) for at, number in revision_of.items() if number > 0)
    if deployment.spec.paused or len(ranked) < 2:
        return
    template = ranked[-2][1]
    if template != deployment.spec.template:
        yield _respecified(
            f"undoes the rollout: back to template {template}",
            deployment,
            evolve(deployment.spec, template=template),
            deployment_queue,
            deployment_copies,
            undos_left=undos_left - 1,
        )


def pause(
    deployment: Deployment | None,
    deployment_queue: Queue,
    deployment_copies: Copies,
    lag: int,
    pauses_left: int,
) -> Outcomes:
    """`kubectl rollout pause`."""
    if _may(deployment, deployment_queue, lag, pauses_left) and not deployment.spec.paused:
        yield _respecified(
            "pauses the rollout",
            deployment,
            evolve(deployment.spec, paused=True),
            deployment_queue,
            deployment_copies,
            pauses_left=pauses_left - 1,
        )


def resume(
    deployment: Deployment | None,
    deployment_queue: Queue,
    deployment_copies: Copies,
    lag: int,
    resumes_left: int,
) -> Outcomes:
    """`kubectl rollout resume`."""
    if _may(deployment, deployment_queue, lag, resumes_left) and deployment.spec.paused:
        yield _respecified(
            "resumes the rollout",
            deployment,
            evolve(deployment.spec, paused=False),
            deployment_queue,
            deployment_copies,
            resumes_left=resumes_left - 1,
        )


def apply(
    deployment: Deployment | None,
    deployment_queue: Queue,
    deployment_copies: Copies,
    manifest: DeploymentSpec,
    lag: int,
    applies_left: int,
    variant: frozenset[str],
) -> Outcomes:
    """`kubectl apply` of the manifest once more, over whatever was done since."""
    if not _may(deployment, deployment_queue, lag, applies_left):
        return
    if "dep-manifest-replicas-overrides-hpa" in variant:
        manifest = evolve(manifest, replicas=deployment.spec.replicas)
    if deployment.spec != manifest:
        yield _respecified(
            "applies the manifest again",
            deployment,
            manifest,
            deployment_queue,
            deployment_copies,
            applies_left=applies_left - 1,
        )


def create_anew(
    deployment: Deployment | None,
    deployment_queue: Queue,
    replica_set_queue: Queue,
    deployment_copies: Copies,
    rank: All[int],
    newest_uid: int,
    manifest: DeploymentSpec,
    propagation: str,
    applies_left: int,
) -> Outcomes:
    """
    `kubectl apply` of the manifest after the Deployment has gone: another one of its name.

    Not before the ReplicaSets are gone that it did not orphan: they have the names of the new ones.
    Their pods may be there still.
    """
    if applies_left == 0 or deployment is not None or deployment_queue or replica_set_queue:
        return
    if propagation != "orphan" and any(rank.values()):
        return
    status = DeploymentStatus(observed_generation=Observed.NEVER)
    born = Deployment(manifest, status=status, uid=newest_uid + 1)
    yield outcome(
        "applies the manifest: the Deployment is created anew",
        newest_uid=newest_uid + 1,
        applies_left=applies_left - 1,
        deadline="off",
        **deployment_written(born, Change.IDENTITY, deployment_queue, deployment_copies),
    )


# ---- deletion ---------------------------------------------------------------------------------


def delete(
    deployment: Deployment | None,
    deployment_queue: Queue,
    deployment_copies: Copies,
    propagation: str,
    lag: int,
    deletes_left: int,
) -> Outcomes:
    """
    `kubectl delete --cascade=…`: at once with "background", else after what depends on it.

    Go: pkg/registry/generic/registry/store.go deletionFinalizersForGarbageCollection
    """
    if _may(deployment, deployment_queue, lag, deletes_left) and not deployment.deleting:
        gone = propagation == "background"
        after = None if gone else spec_written(evolve(deployment, deleting=True))
        change = Change.IDENTITY if gone else Change.GENERATION
        yield outcome(
            f"deletes the Deployment ({propagation})",
            deletes_left=deletes_left - 1,
            **deployment_written(after, change, deployment_queue, deployment_copies),
        )


def collect_replica_set(
    deployment_alive: str,
    live_uid: int | None,
    propagation: str,
    replica_set: ReplicaSet | None,
    replica_set_queue: Queue,
    replica_set_copy: Copy | None,
    deployment_copies: Copies,
    pods: Pods,
    template: int,
    lag: int,
) -> Outcomes:
    """
    The garbage collector deals with a ReplicaSet whose Deployment is gone, or waits for it.

    Background: it is deleted. Foreground: it is marked, its pods are deleted, and it goes when they
    have. Orphan: it is released. Go: attemptToDeleteItem, orphanDependents
    """
    if replica_set is None or not has_room(replica_set_queue, lag):
        return
    after: ReplicaSet | None
    change, words = Change.VERSION, ""
    mine = replica_set.owner is not None and replica_set.owner == live_uid
    if replica_set.owner is not None and not mine:
        after, change, words = None, Change.IDENTITY, "deletes a ReplicaSet without owner"
    elif deployment_alive == "deleting" and propagation == "orphan" and mine:
        after, words = evolve(replica_set, owner=None), "releases a ReplicaSet"
    elif deployment_alive == "deleting" and propagation == "foreground" and mine:
        if not replica_set.deleting:
            after, change = evolve(replica_set, deleting=True), Change.GENERATION
            words = "marks a ReplicaSet for deletion"
        elif not any(pod.live is not None for pod in pods):
            after, change, words = None, Change.IDENTITY, "deletes a ReplicaSet without pods"
        else:
            return
    else:
        return
    yield outcome(
        words,
        **replica_set_written(
            template,
            after,
            change,
            replica_set_queue,
            deployment_copies,
            replica_set_copy,
        ),
        **({"pods": orphans(pods)} if after is None else {}),
    )


def finish_deletion(
    deployment: Deployment | None,
    deployment_queue: Queue,
    deployment_copies: Copies,
    owned: All[bool],
    lag: int,
) -> Outcomes:
    """The last finalizer of a Deployment is removed when it owns no ReplicaSet any more."""
    if deployment is None or not deployment.deleting or any(owned.values()):
        return
    if has_room(deployment_queue, lag):
        yield outcome(
            "the Deployment is gone",
            **deployment_written(None, Change.IDENTITY, deployment_queue, deployment_copies),
        )
