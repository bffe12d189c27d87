"""The theorem about one process of each identity: who acts in it, and which pods it knows."""

import itertools
from typing import Any

import pytest

from seatrial.model import statefulset_actions, statefulset_api, statefulset_workload
from seatrial.properties import theorem_statefulset
from statefulsets import case

USERS = (
    "scale:2,delete:background,apply,delete-pod,force-delete,drain,delete-node,out-of-service,"
    "set-image"
)
FAULTS = (
    "container-exit,unready,pod-failed,node-crash,node-partition,node-off,kubelet-restart,"
    "stale-api-server,controller-restart,second-controller,write-failure"
)
ELSEWHERE = {
    "write_pod": "carried_out_pod, which the theorem asks for any request",
    "land_pod_write": "carried_out_pod, which the theorem asks for any request",
    "crash": "only ends processes",
    "switch_off": "only ends processes",
    "land_collection": "removes pods of nodes that are deleted or out of service: there are none",
    "end_container": "only ends processes",
}
(ONE,) = (each for each in theorem_statefulset.THEOREMS if each.id == "sts-at-most-one-process")


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"level": "interleaved"},
        {"publishes": False},
        {"apart_by": ("kubernetes.io/hostname",)},
        {"budget": statefulset_api.DisruptionBudget(), "min_ready_seconds": 5},
    ],
)
def test_everybody_who_writes_pods_or_processes_is_in_the_theorem(fields: dict[str, Any]) -> None:
    """One who was left out would be a hole that no mutant shows."""
    of = case(2, USERS, FAULTS, **fields)
    where = statefulset_workload.placed_in(of.spec, of.around)
    writers = {
        each.function.__name__
        for each in statefulset_actions.actions(of.spec, of.around, where)
        if {"pod", "process"} & set(each.writes)
    }

    known = {*theorem_statefulset._acts.__code__.co_names, *ELSEWHERE}

    assert writers - known == set()


def test_a_step_from_a_pod_of_the_theorem_leads_to_one_of_the_theorem() -> None:
    """Or else it is no step of an induction."""
    ranges: dict[str, Any] = dict(ONE.ranges)
    looks, who = ranges["looks"].values, ranges["who"].values
    pods = {each: theorem_statefulset._pod(each, 3) for each in looks}
    known = {pod and (pod.kind, pod.node is None) for pod in pods.values()}
    former = statefulset_api.StatefulPod(1, theorem_statefulset._RUNS, 4, 2)
    truth = (False, True)
    left = set()

    for pod, actor, runs, heard, unreachable in itertools.product(
        pods.values(), who, truth, truth, truth
    ):
        process = ((3, 1),) if runs else ()
        node = theorem_statefulset._node(heard, unreachable, 0, 0, 0)
        for step in theorem_statefulset._acts(actor, pod, process, former, node, True):
            after = dict(step.writes).get("pod", pod)
            left.add(after and (after.kind, after.node is None))

    assert left - known == set()
