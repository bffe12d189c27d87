"""What is promised of the names of members, where a headless Service gives them some."""

from collections.abc import Iterator

from seatrial.core import All, always, converges_to

from .promise import Precondition, Promise, under, without
from .statefulset_promise import (
    BLOCK_OR_ORDERED,
    CLAIMS_WAIT,
    HEALTHY,
    LOOKED_AT_AGAIN,
    NO_CLAIM_DELETED,
    PLACED,
    never_stale,
    none_of,
)

__all__ = [
    "ENDS_REPORTED",
    "NOT_PUBLISHED",
    "NO_MACHINE_STOPS",
    "NO_STALE_ANSWER",
    "PROMISES",
    "SERVICE",
]

_DNS = "https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/"
_ID = "https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#stable-network-id"

SERVICE = Precondition(
    "the headless Service of its serviceName is given beside it",
    lambda spec, around: spec.publishes is not None,
)
NOT_PUBLISHED = Precondition(
    "the Service does not publish addresses of pods that are not ready",
    lambda spec, around: not spec.publishes,
)
NO_STALE_ANSWER = none_of("no resolver keeps an answer: no `stale-dns`", "stale-dns")
ENDS_REPORTED = Precondition(
    "no container ends before that is reported: neither `container-exit` nor `pod-failed`, and no"
    " kubelet starts with a list that is out of date",
    lambda spec, around: (
        not (around.times("container-exit") or around.times("pod-failed")) and never_stale(around)
    ),
    lambda around: without(around, "container-exit", "pod-failed", "stale-api-server"),
)
"""
A container that ends is seen and reported a moment later; so is a pod that fails, which is one step
here. And a kubelet stops what the list that it starts with does not have. Go: HandlePodCleanups
"""
NO_MACHINE_STOPS = none_of("no machine stops", "node-crash", "node-off")


@under(HEALTHY, CLAIMS_WAIT, NO_CLAIM_DELETED, BLOCK_OR_ORDERED, PLACED, LOOKED_AT_AGAIN, SERVICE)
@converges_to(
    id="seed-statefulset-dns-reaches-every-pod",
    says="every member can be found by its own name in the end",
    source=_ID,
)
def reached_by_name(answer: All[int], pod_uid: All[int], wanted: int, start: int) -> bool:
    return all(answer[at] == pod_uid[at] != 0 for at in answer if at - start < wanted)


@under(NO_STALE_ANSWER, where=[SERVICE])
@always(
    id="name-leads-to-its-member",
    says="the name of a member leads to the pod that has this name now, or nowhere",
    source=_ID,
    over="ordinal",
    premise=lambda answer: answer != 0,
)
def leads_to_its_member(answer: int, pod_uid: int, ordinal: int) -> Iterator[str]:
    if answer not in (0, pod_uid):
        yield f"the name of pod {ordinal} leads to a former pod of that name"


@under(NO_STALE_ANSWER, NOT_PUBLISHED, NO_MACHINE_STOPS, ENDS_REPORTED, where=[SERVICE])
@always(
    id="name-leads-to-what-runs",
    says="the name of a member leads to containers that run, or nowhere",
    source=_ID,
    over="ordinal",
    premise=lambda answer: answer != 0,
)
def leads_to_what_runs(
    answer: int, process: tuple[tuple[int, int], ...], ordinal: int
) -> Iterator[str]:
    if answer != 0 and all(abs(uid) != answer for _, uid in process):
        yield f"the name of pod {ordinal} leads to a pod whose containers do not run"


@under(NO_STALE_ANSWER, NOT_PUBLISHED, where=[SERVICE])
@always(
    id="statefulset-headless-dns-ready-only",
    says="the records of the governing Service contain members that are ready, and no others",
    source=_DNS,
    over="ordinal",
    premise=lambda answer: answer != 0,
)
def ready_only(answer: int, pod_state: str, ordinal: int) -> Iterator[str]:
    if answer != 0 and pod_state not in ("ready", "available"):
        yield f"the name of pod {ordinal} leads to it though it is {pod_state}"


PROMISES: tuple[Promise, ...] = (
    reached_by_name,
    leads_to_its_member,
    leads_to_what_runs,
    ready_only,
)
