"""What the status of a StatefulSet says, and that its controller comes to rest."""

from collections.abc import Iterator

from seatrial.core import All, after_each_step, always, converges_to, no_hot_loop

from .promise import INTERLEAVED, Promise, does, under
from .statefulset_promise import (
    BLOCK_OR_ORDERED,
    HEALTHY,
    KEPT_ALIVE,
    NAMES_FREED,
    NO_PARTITION,
    READY_TEMPLATES,
    ROLLING,
    SLOW_READY,
    SOME,
)

__all__ = ["PROMISES"]

_SET = "https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/"
_PULLS = "https://github.com/kubernetes/kubernetes/pull/"


@under(ROLLING, SLOW_READY, does("set-image"), SOME, NO_PARTITION, READY_TEMPLATES)
@after_each_step(
    id="complete-means-available",
    says="the update revision becomes the current one only when all members are available",
    source=_PULLS + "139307",
    expected="refuted",
    premise=lambda current_revision, current_revision_before: (
        current_revision > current_revision_before > 0
    ),
)
def complete_means_available(
    current_revision: int,
    current_revision_before: int,
    pod_state: All[str],
    wanted: int,
    start: int,
) -> Iterator[str]:
    if current_revision > current_revision_before > 0 and any(
        state != "available" for at, state in pod_state.items() if 0 <= at - start < wanted
    ):
        yield f"revision {current_revision} is current, and {dict(pod_state)} are the members"


@under(does("set-image", 2), INTERLEAVED, ROLLING, SOME, NO_PARTITION, READY_TEMPLATES)
@always(
    id="current-replicas-are-counted",
    says="status.currentReplicas is never sent as a number below 0",
    source=_PULLS + "75498",
    expected="refuted",
)
def current_not_negative(sent_current: int) -> Iterator[str]:
    if sent_current < 0:
        yield f"currentReplicas {sent_current} is sent, which the API server refuses"


@under(KEPT_ALIVE, HEALTHY, BLOCK_OR_ORDERED)
@converges_to(
    id="statefulset-status-settles",
    says="in the end the status counts the members that there are",
    source=_SET,
)
def status_settles(
    reported: tuple[int, int, int], pod_state: All[str], pod_revision: All[int], target: int
) -> bool:
    there = [at for at, state in pod_state.items() if state != "absent"]
    ready = sum(pod_state[at] in ("ready", "available") for at in there)
    updated = sum(pod_revision[at] == target for at in there)
    return reported == (len(there), ready, updated)


writes_end: Promise = under(NAMES_FREED, BLOCK_OR_ORDERED)(
    no_hot_loop(
        id="statefulset-no-hot-loop",
        work=("write_pod", "write_status"),
        says="the controller does not write for ever once users and faults rest",
        source="https://kubernetes.io/docs/concepts/architecture/controller/",
    )
)


PROMISES: tuple[Promise, ...] = (
    complete_means_available,
    current_not_negative,
    status_settles,
    writes_end,
)
