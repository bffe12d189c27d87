"""The controllers' syncs in a trace, whatever workload it is of."""

from collections import Counter
from collections.abc import Callable

from attrs import frozen

from seatrial.core import Step, System, Trace
from seatrial.model import api, job_api, statefulset_api

from . import job_traces, statefulset_traces, syncs
from .hashes import collided_of, hashes_of, in_names_of
from .subject import Ask
from .under_way import Sync

__all__ = ["Found", "found_in"]


@frozen
class Found:
    """The syncs in the order of their beginnings, how to ask for them, and who else takes steps."""

    syncs: list[Sync]
    ask: Ask
    others: Counter[str]
    """How many steps are no controller's that is asked, by who took them."""


def found_in(trace: Trace, system: System, ask: Ask) -> Found:
    """
    The syncs of a trace of a Deployment, a StatefulSet or a Job.

    The oracle is asked for the names that its release gives. Raises KeyError where the system is of
    no workload.
    """
    manifest = {each.name: each.value for each in system.parameters}["manifest"]
    mine: Callable[[Step], bool]
    if isinstance(manifest, statefulset_api.StatefulSetSpec):
        mine, found = (
            statefulset_traces.is_of_controller,
            statefulset_traces.syncs_of(trace, system, ask),
        )
    elif isinstance(manifest, job_api.JobSpec):
        mine, found = job_traces.is_of_controller, job_traces.syncs_of(trace, system)
    else:
        assert isinstance(manifest, api.DeploymentSpec)
        ask = in_names_of(ask, hashes_of(ask), collided_of(ask))
        mine, found = syncs.is_of_controller, syncs.syncs_of(trace, system)
    others = Counter(step.actor for step in trace.steps if not mine(step))
    return Found(found, ask, others)
