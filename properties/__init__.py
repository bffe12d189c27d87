"""
What must hold: promises as values, with where they are made.

A module is imported when it is first asked for, as in `seatrial.model`.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from . import (
        deletion,
        deployment,
        deployment_status,
        job_conditions,
        job_counting,
        job_limits,
        job_promise,
        job_work,
        jobs,
        known_bugs,
        migration,
        pausing,
        promise,
        recreate,
        replicaset,
        revisions,
        rolling,
        rolling_update,
        rollout,
        scaling,
        statefulset_anew,
        statefulset_budget,
        statefulset_claims,
        statefulset_identity,
        statefulset_names,
        statefulset_order,
        statefulset_placement,
        statefulset_pods,
        statefulset_promise,
        statefulset_removal,
        statefulset_said,
        statefulset_status,
        statefulset_update,
        statefulset_volumes,
        statefulsets,
        theorem_availability,
        theorem_bounds,
        theorem_expectations,
        theorem_job,
        theorem_job_pods,
        theorem_parts,
        theorem_replicaset,
        theorem_run,
        theorem_shares,
        theorem_sizes,
        theorem_statefulset,
        theorems,
        workloads,
    )
    from .jobs import properties_for_job
    from .promise import Precondition, Promise
    from .workloads import properties_for

__all__ = [
    "Precondition",
    "Promise",
    "deletion",
    "deployment",
    "deployment_status",
    "job_conditions",
    "job_counting",
    "job_limits",
    "job_promise",
    "job_work",
    "jobs",
    "known_bugs",
    "migration",
    "pausing",
    "promise",
    "properties_for",
    "properties_for_job",
    "recreate",
    "replicaset",
    "revisions",
    "rolling",
    "rolling_update",
    "rollout",
    "scaling",
    "statefulset_anew",
    "statefulset_budget",
    "statefulset_claims",
    "statefulset_identity",
    "statefulset_names",
    "statefulset_order",
    "statefulset_placement",
    "statefulset_pods",
    "statefulset_promise",
    "statefulset_removal",
    "statefulset_said",
    "statefulset_status",
    "statefulset_update",
    "statefulset_volumes",
    "statefulsets",
    "theorem_availability",
    "theorem_bounds",
    "theorem_expectations",
    "theorem_job",
    "theorem_job_pods",
    "theorem_parts",
    "theorem_replicaset",
    "theorem_run",
    "theorem_shares",
    "theorem_sizes",
    "theorem_statefulset",
    "theorems",
    "workloads",
]

_FROM = {
    "Precondition": "promise",
    "Promise": "promise",
    "properties_for": "workloads",
    "properties_for_job": "jobs",
}

# Type checkers and editors read the imports above; a `__getattr__` would hide misspelt names.
if not TYPE_CHECKING:
    from seatrial.lazy import lazily

    __getattr__ = lazily(__name__, __all__, _FROM)
