"""
What becomes of a Job's pods: they run, end, are evicted, are lost with their node, are collected.

:Go: kubernetes v1.36.3 pkg/kubelet/kubelet_pods.go (getPhase);
    pkg/controller/podgc/gc_controller.go; pkg/controller/tainteviction/taint_eviction.go;
    pkg/controller/garbagecollector
:Docs: https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/
:Omits: scheduling; images that take long; the crash-loop delay; readiness probes; eviction for lack
    of resources, which fails a pod without deleting it; that a node that is off is removed (one
    that crashed is, if it does not come back: its pods are deleted, and failed then); containers
    that run on beyond what the API shows; other exit codes of a container that is stopped than 0,
    137 and 143; that a stopped pod without the finalizer shows how it ended before it is gone;
    the condition DisruptionTarget of a pod that is failed for its node.

A pod whose container runs may end at any time, also after other times are up.
"""

from collections.abc import Callable, Iterator
from typing import Any

from attrs import evolve

from seatrial.core import Outcomes, outcome

from .job_api import DISRUPTION_TARGET, JobPod, JobSpec
from .job_informer import looks
from .job_pods import GONE, JobPods, Lost, Owned, changed, deleted, kept

__all__ = [
    "collect_job_pod",
    "crash_node",
    "delete_lost_pod",
    "end_pod",
    "evict_pod",
    "exit_job_container",
    "fail_lost_pod",
    "give_condition",
    "lose_node",
    "release_job_pod",
    "return_node",
    "start_pod",
    "stop_pod",
    "wanted_conditions",
    "wants_codes",
    "wants_disruption",
]


STOPPED = (137, 143)
"""How a container exits that is stopped, unless it has done its work: by KILL or by TERM."""

LOST = (137, 255)
"""How a container has exited that stopped with its node, as the kubelet or the runtime says."""


def wants_codes(spec: JobSpec) -> bool:
    """Whether a rule asks for exit codes."""
    return any(rule.on_exit_codes is not None for rule in spec.pod_failure_policy or ())


def wants_disruption(spec: JobSpec) -> bool:
    """Whether a rule asks for the condition DisruptionTarget."""
    return any(rule.on_pod_conditions for rule in spec.pod_failure_policy or ())


def wanted_conditions(spec: JobSpec) -> tuple[tuple[str, str], ...]:
    """The other conditions that rules ask for, each with its status."""
    asked = (each for rule in spec.pod_failure_policy or () for each in rule.on_pod_conditions)
    return tuple(dict.fromkeys(each for each in asked if each != (DISRUPTION_TARGET, "True")))


def _moves(
    pods: JobPods,
    manifest: JobSpec,
    applies: Callable[[Owned, JobPod], bool],
    after: Callable[[Owned, JobPod], Owned],
) -> Iterator[tuple[JobPod, dict[str, Any]]]:
    """For each class of pods that it applies to: how one of them was, and what is written."""
    for pod in pods:
        if pod.live is not None and applies(pod, pod.live):
            moved = after(pod, pod.live)
            if moved != pod:
                yield pod.live, {"pods": kept(pods.move(pod, moved), manifest)}


def _to(**changes: Any) -> Callable[[Owned, JobPod], Owned]:
    return lambda pod, live: changed(pod, evolve(live, **changes))


def _runs(pod: Owned, live: JobPod) -> bool:
    return live.phase == "Running" and not live.terminating and not pod.lost


def start_pod(pods: JobPods, manifest: JobSpec) -> Outcomes:
    """The container of a pending pod is started."""
    for _, written in _moves(
        pods,
        manifest,
        lambda pod, live: live.phase == "Pending" and not live.terminating and not pod.lost,
        _to(phase="Running"),
    ):
        yield outcome("starts a pod", **written)


def end_pod(pods: JobPods, manifest: JobSpec) -> Outcomes:
    """The container of a pod exits with 0: its work is done."""
    for was, written in _moves(pods, manifest, _runs, _to(phase="Succeeded")):
        of = "" if was.index is None else f" of index {was.index}"
        yield outcome(f"a pod{of} succeeds", **written)


def stop_pod(pods: JobPods, manifest: JobSpec) -> Outcomes:
    """
    The container of a terminating pod has stopped: the pod is gone, unless it has the finalizer.

    Until it is removed, the pod shows how it ended; it may have done its work in the grace period.
    """

    def stops(pod: Owned, live: JobPod) -> bool:
        return live.terminating and not live.ended and not pod.lost

    def shows(pod: Owned, live: JobPod) -> bool:
        return stops(pod, live) and live.finalizer and live.phase == "Running"

    codes = STOPPED if wants_codes(manifest) else ()
    for was, written in _moves(
        pods,
        manifest,
        lambda pod, live: stops(pod, live) and not (codes and shows(pod, live)),
        lambda pod, live: _ended(pod, live, "Failed"),
    ):
        yield outcome(f"a pod that was {looks(was)} has stopped", **written)
    for code in codes:
        for was, written in _moves(
            pods,
            manifest,
            shows,
            lambda pod, live, code=code: _ended(pod, live, "Failed", code),  # type: ignore[misc]
        ):
            yield outcome(f"a pod that was {looks(was)} has stopped with {code}", **written)
    for _, written in _moves(
        pods,
        manifest,
        shows,
        lambda pod, live: _ended(pod, live, "Succeeded"),
    ):
        yield outcome("a terminating pod exits with 0", **written)


def _ended(pod: Owned, live: JobPod, phase: Any, code: int | None = None) -> Owned:
    if not live.finalizer:
        return changed(pod, GONE)
    return changed(pod, evolve(live, phase=phase, exit_code=code))


# ---- faults -----------------------------------------------------------------------------------


def exit_job_container(
    pods: JobPods,
    manifest: JobSpec,
    exit_codes: tuple[int, ...],
    most_restarts: int,
    container_exits_left: int,
) -> Outcomes:
    """A container exits with another code than 0; with OnFailure the kubelet starts it again."""
    if container_exits_left == 0:
        return
    left = {"container_exits_left": container_exits_left - 1}
    for code in exit_codes:
        shown = code if wants_codes(manifest) else None
        if manifest.restart_policy == "OnFailure":
            moves = _moves(
                pods,
                manifest,
                _runs,
                lambda pod, live: changed(
                    pod, evolve(live, restarts=min(most_restarts, live.restarts + 1))
                ),
            )
        else:
            change = _to(phase="Failed", exit_code=shown)
            moves = _moves(pods, manifest, _runs, change)
        for was, written in moves:
            of = "" if was.index is None else f" of index {was.index}"
            yield outcome(f"a container of a pod{of} exits with {code}", **written, **left)


def evict_pod(pods: JobPods, manifest: JobSpec, evicts_left: int) -> Outcomes:
    """A pod gets the condition DisruptionTarget and is deleted, as by the eviction API."""
    if evicts_left > 0:
        disrupted = wants_disruption(manifest)
        for was, written in _moves(
            pods,
            manifest,
            lambda pod, live: not live.ended and not live.terminating,
            _to(terminating=True, disrupted=disrupted),
        ):
            left = {"evicts_left": evicts_left - 1}
            yield outcome(f"a pod that is {looks(was)} is evicted", **written, **left)


def give_condition(pods: JobPods, manifest: JobSpec, pod_conditions_left: int) -> Outcomes:
    """A pod gets a condition that a rule asks for, whoever keeps that; also one that failed."""
    if pod_conditions_left == 0:
        return
    left = {"pod_conditions_left": pod_conditions_left - 1}
    for asked in wanted_conditions(manifest):
        type, status = asked
        for was, written in _moves(
            pods,
            manifest,
            lambda pod, live: live.phase != "Succeeded",
            lambda pod, live, asked=asked: _with_condition(pod, live, asked),  # type: ignore[misc]
        ):
            words = f"a pod that is {looks(was)} gets the condition {type}={status}"
            yield outcome(words, **written, **left)


def _with_condition(pod: Owned, live: JobPod, asked: tuple[str, str]) -> Owned:
    others = [each for each in live.conditions if each[0] != asked[0]]
    return changed(pod, evolve(live, conditions=tuple(sorted((*others, asked)))))


def crash_node(pods: JobPods, node_crashes_left: int) -> Outcomes:
    """The node of a pod crashes. The API shows the pod as before."""
    if node_crashes_left > 0:
        for moved in _without_node(pods, "crashed"):
            left = {"node_crashes_left": node_crashes_left - 1}
            yield outcome("the node of a pod crashes", pods=moved, **left)


def lose_node(pods: JobPods, node_offs_left: int) -> Outcomes:
    """The node of a pod is off for good, and nobody removes it. The API shows the pod as before."""
    if node_offs_left > 0:
        for moved in _without_node(pods, "off"):
            left = {"node_offs_left": node_offs_left - 1}
            yield outcome("the node of a pod is off for good", pods=moved, **left)


def _without_node(pods: JobPods, how: Lost) -> Iterator[JobPods]:
    for pod in pods:
        if pod.live is not None and not pod.live.ended and not pod.lost:
            yield pods.move(pod, evolve(pod, lost=how))


def return_node(pods: JobPods, manifest: JobSpec, most_restarts: int) -> Outcomes:
    """
    The crashed node of a pod is back. It may, or may never; what ran there runs no more.

    Where the record of a container is lost as well it is started anew, whatever restartPolicy says.
    Go: kubelet_pods.go convertToAPIContainerStatuses; kuberuntime_manager.go computePodActions
    """

    def ran(pod: Owned, live: JobPod) -> bool:
        return pod.lost == "crashed" and live.phase == "Running"

    def failed(code: int | None) -> Callable[[Owned, JobPod], Owned]:
        return lambda pod, live: evolve(_ended(pod, live, "Failed", code), lost="")

    def anew(pod: Owned, live: JobPod) -> Owned:
        restarts = min(most_restarts, live.restarts + 1)
        if manifest.restart_policy == "Never":
            restarts = live.restarts
        return evolve(changed(pod, evolve(live, restarts=restarts)), lost="")

    for _, written in _moves(
        pods,
        manifest,
        lambda pod, live: pod.lost == "crashed" and live.phase == "Pending",
        lambda pod, live: evolve(pod, lost=""),
    ):
        yield outcome("the node of a pod is back that had not started", **written)
    for _, written in _moves(
        pods, manifest, lambda pod, live: ran(pod, live) and not live.terminating, anew
    ):
        yield outcome("the node of a pod is back, and starts it anew", **written)
    for code in LOST if wants_codes(manifest) else (None,):
        for _, written in _moves(
            pods,
            manifest,
            lambda pod, live: (
                ran(pod, live) and (live.terminating or manifest.restart_policy == "Never")
            ),
            failed(code),
        ):
            yield outcome("the node of a pod is back, and the pod has failed", **written)


def delete_lost_pod(pods: JobPods, manifest: JobSpec) -> Outcomes:
    """The taint of a lost node evicts its pods."""
    for _, written in _moves(
        pods,
        manifest,
        lambda pod, live: bool(pod.lost) and not live.terminating and not live.ended,
        _to(terminating=True, disrupted=wants_disruption(manifest)),
    ):
        yield outcome("a pod of the crashed node is deleted", **written)


def fail_lost_pod(pods: JobPods, manifest: JobSpec) -> Outcomes:
    """The node is removed: the pod garbage collector fails its pods and deletes them by force."""
    for _, written in _moves(
        pods,
        manifest,
        lambda pod, live: pod.lost == "crashed" and live.terminating and not live.ended,
        lambda pod, live: evolve(_ended(pod, live, "Failed"), lost=""),
    ):
        yield outcome("a pod of the removed node is failed", **written)


# ---- garbage collection -----------------------------------------------------------------------


def collect_job_pod(pods: JobPods, has_room_for_pod: bool, manifest: JobSpec) -> Outcomes:
    """The garbage collector deletes a pod whose Job is gone, or waits for its pods to go."""
    if not has_room_for_pod:
        return
    for was, written in _moves(
        pods,
        manifest,
        lambda pod, live: live.owned and not live.terminating,
        lambda pod, live: deleted(pod),
    ):
        yield outcome(f"deletes a pod that is {looks(was)}", **written)


def release_job_pod(pods: JobPods, has_room_for_pod: bool, manifest: JobSpec) -> Outcomes:
    """The garbage collector takes the owner away from a pod of a Job that leaves orphans."""
    if not has_room_for_pod:
        return
    for _, written in _moves(pods, manifest, lambda pod, live: live.owned, _to(owned=False)):
        yield outcome("takes its owner away from a pod", **written)
