"""What a paused Deployment does and does not."""

from collections.abc import Iterator

from seatrial.core import All, after_each_step

from .promise import (
    ATOMIC,
    DEADLINE,
    FRESH,
    HEALTHY_TEMPLATES,
    PAUSED,
    PAUSED_MIDWAY,
    ROLLING,
    SAME_SIZE,
    UPDATE,
    Precondition,
    Promise,
    does,
    under,
)

__all__ = ["PROMISES"]

_DOCS = (
    "https://kubernetes.io/docs/concepts/workloads/controllers/deployment/"
    "#pausing-and-resuming-a-deployment"
)
_SEVERAL = Precondition("there are at least 2 replicas", lambda spec, around: spec.replicas > 1)
_SYNC = "pkg/controller/deployment/sync.go"


@under(ATOMIC, FRESH, where=[PAUSED])
@after_each_step(
    id="deployment-paused-makes-no-replica-set",
    says="while a Deployment is paused, a new template makes no ReplicaSet",
    source=_DOCS,
    over="template",
    premise=lambda paused_before, paused: paused_before and paused,
)
def paused_makes_no_replica_set(
    template: int, revision_of: int, revision_of_before: int
) -> Iterator[str]:
    if revision_of_before == 0 < revision_of:
        yield f"ReplicaSet {template} is made while the Deployment is paused"


def _paused_and_sized(paused_before: bool, paused: bool) -> bool:
    return paused_before and paused


def _paused_and_there(paused_before: bool, paused: bool, deployment_alive: str) -> bool:
    return paused_before and paused and deployment_alive == "alive"


@under(
    PAUSED_MIDWAY,
    UPDATE,
    ROLLING,
    SAME_SIZE,
    HEALTHY_TEMPLATES,
    _SEVERAL,
)
@after_each_step(
    id="seed-rolling-stop-midway",
    says="pausing halts a rollout where it is: no ReplicaSet is resized until it is resumed",
    source=_DOCS,
    expected="refuted",
    premise=_paused_and_sized,
)
def paused_keeps_sizes(size: All[int], size_before: All[int]) -> Iterator[str]:
    for at in size:
        if size[at] != size_before[at]:
            yield (
                f"ReplicaSet {at} goes from {size_before[at]} to {size[at]}"
                " while the Deployment is paused"
            )


@under(PAUSED_MIDWAY, UPDATE, ROLLING, SAME_SIZE, HEALTHY_TEMPLATES, _SEVERAL)
@after_each_step(
    id="deployment-paused-keeps-old-pods",
    says="a paused rollout does not run to its end: old ReplicaSets keep pods",
    source=_DOCS,
    expected="refuted",
    over="template",
    premise=lambda paused_before, paused, template, target: (
        paused_before and paused and template != target
    ),
)
def paused_keeps_old_pods(template: int, size: int, size_before: int) -> Iterator[str]:
    if size == 0 < size_before:
        yield (
            f"old ReplicaSet {template} goes from {size_before} to 0 while the Deployment is paused"
        )


@under(SAME_SIZE, FRESH, ATOMIC, where=[PAUSED])
@after_each_step(
    id="deployment-paused-keeps-total",
    says="while a Deployment is paused, its ReplicaSets give up no pods, unless the new one"
    " serves alone",
    source=_SYNC + " scale",
    premise=_paused_and_there,
)
def paused_gives_up_no_pods(
    total_size: int,
    total_size_before: int,
    size: All[int],
    desired: int,
    target: int,
) -> Iterator[str]:
    if total_size < total_size_before and size[target] != desired:
        yield (
            f"the sizes shrink from {total_size_before} to {total_size} while paused, and the new"
            f" ReplicaSet has {size[target]} of {desired}"
        )


@under(where=[PAUSED, DEADLINE])
@after_each_step(
    id="deployment-paused-no-deadline",
    says="while a Deployment is paused, it does not come to exceed its progress deadline",
    source="https://kubernetes.io/docs/concepts/workloads/controllers/deployment/"
    "#failed-deployment",
    premise=lambda paused_before, paused: paused_before and paused,
)
def paused_does_not_time_out(progress: str, progress_before: str) -> Iterator[str]:
    if progress == "ProgressDeadlineExceeded" != progress_before:
        yield f"Progressing goes from {progress_before} to {progress} while paused"


@under(where=[PAUSED, does("undo")])
@after_each_step(
    id="deployment-paused-not-rolled-back",
    says="a paused Deployment is not rolled back: `kubectl rollout undo` refuses",
    source=_DOCS,
    premise=lambda paused_before: paused_before,
)
def paused_is_not_undone(action: str, target: int, target_before: int) -> Iterator[str]:
    if action == "undo":
        yield f"the template goes from {target_before} back to {target} while paused"


PROMISES: tuple[Promise, ...] = (
    paused_makes_no_replica_set,
    paused_keeps_sizes,
    paused_keeps_old_pods,
    paused_gives_up_no_pods,
    paused_does_not_time_out,
    paused_is_not_undone,
)
