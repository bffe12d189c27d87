"""
Names of members: what DNS answers for a pod of a set that has a headless Service.

:Go: kubernetes v1.36.3 pkg/controller/endpointslice/endpointslice_controller.go; published module
    k8s.io/endpointslice utils.go (podToEndpoint, ShouldPodBeInEndpoints, ShouldSetHostname)
:Docs: https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/
:Omits: how long EndpointSlices and DNS servers take to follow a pod, but for one answer that is
    kept too long (`stale-dns`); several slices, in two of which a pod may be for a while; that an
    entry of a pod which was not ready and then fails stays until the next event; that a
    pod may have an address before it is reported to run; that nothing is known of a name for as
    long as a resolver remembers that; changes and deletion of the Service;
    the name of the Service itself

An address is that of a pod, and so of its uid. A pod gets it when it is reported to run. The name
leads to it while the pod is ready and not terminating, or always if the Service publishes
addresses of pods that are not ready.
"""

from seatrial.core import Outcomes, outcome

from .statefulset_api import StatefulPod

__all__ = ["NOBODY", "Kept", "answer", "answer_for", "forget_answer", "keep_answer"]

Kept = tuple[int, int] | None
"""An answer that a resolver keeps: for which ordinal, and the uid of the pod it leads to."""

NOBODY = 0
"""The answer where a name leads nowhere."""


def answer_for(pod: StatefulPod | None, publishes: bool | None) -> int:
    """
    The uid of the pod to which its name leads, or `NOBODY`. Go: podToEndpoint

    `publishes` is None where there is no Service, and so no name.

    >>> answer_for(None, True)
    0
    """
    if publishes is None or pod is None or pod.node is None or pod.kind.phase != "Running":
        return NOBODY
    serving = pod.kind.ready and not pod.kind.terminating
    return pod.uid if serving or publishes else NOBODY


def answer(pod: StatefulPod | None, kept_answer: Kept, ordinal: int, publishes: bool | None) -> int:
    """View: what a client is told who asks for the name of a member."""
    if kept_answer is not None and kept_answer[0] == ordinal:
        return kept_answer[1]
    return answer_for(pod, publishes)


def keep_answer(
    pod: StatefulPod | None,
    kept_answer: Kept,
    ordinal: int,
    publishes: bool | None,
    stale_answers_left: int,
) -> Outcomes:
    """A resolver goes on to give the answer of now, whatever becomes of the pod."""
    now = answer_for(pod, publishes)
    if stale_answers_left and kept_answer is None and now != NOBODY:
        yield outcome(
            f"a resolver keeps the address of pod {ordinal}",
            kept_answer=(ordinal, now),
            stale_answers_left=stale_answers_left - 1,
        )


def forget_answer(kept_answer: Kept) -> Outcomes:
    """It asks anew."""
    if kept_answer is not None:
        yield outcome("the resolver asks anew", kept_answer=None)
