"""
That a pod of a Deployment finds no node or no volume, and stays pending, for a while or for ever.

:Go: kubernetes v1.36.3 pkg/scheduler/schedule_one.go (handleSchedulingFailure);
    pkg/kubelet/volumemanager/volume_manager.go (WaitForAttachAndMount)
:Docs: https://kubernetes.io/docs/concepts/scheduling-eviction/kube-scheduler/
:Omits: why, and for how many pods at once; that what the scheduler notes on a pod wakes its
    ReplicaSet, whose sync then finds all as it was; preemption.

Controllers ask neither for the node of a pod nor for its condition PodScheduled, but which of the
pending pods goes first, which is left open.
"""

from collections.abc import Iterator

from attrs import evolve

from seatrial.core import Outcomes, outcome

from .pods import Pods

__all__ = ["find_a_place", "find_no_place", "wait_for_a_place"]


def find_no_place(pods: Pods, unschedulables_left: int) -> Outcomes:
    """A pod finds no node that takes it, or one of its volumes is not to be had."""
    if unschedulables_left > 0:
        for held in _held(pods):
            left = unschedulables_left - 1
            yield outcome("a pod finds no place", pods=held, unschedulables_left=left)


def wait_for_a_place(pods: Pods) -> Outcomes:
    """The same, and no matter how often."""
    for held in _held(pods):
        yield outcome("a pod finds no place", pods=held)


def _held(pods: Pods) -> Iterator[Pods]:
    for pod in pods:
        kind = pod.live
        if kind is not None and kind.phase == "Pending" and not (kind.terminating or pod.held):
            yield pods.move(pod, evolve(pod, held=True))


def find_a_place(pods: Pods) -> Outcomes:
    """A pod that found no node or no volume gets what it waits for, after all."""
    for pod in pods:
        if pod.held:
            yield outcome("a pod finds a place", pods=pods.move(pod, evolve(pod, held=False)))
