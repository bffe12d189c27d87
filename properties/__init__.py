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
        known_bugs,
        pausing,
        promise,
        recreate,
        replicaset,
        revisions,
        rolling_update,
        rollout,
        scaling,
        statefulset_claims,
        statefulset_identity,
        statefulset_order,
        statefulset_promise,
        statefulset_update,
        statefulsets,
        workloads,
    )
    from .promise import Precondition, Promise
    from .workloads import properties_for

__all__ = [
    "Precondition",
    "Promise",
    "deletion",
    "deployment",
    "deployment_status",
    "known_bugs",
    "pausing",
    "promise",
    "properties_for",
    "recreate",
    "replicaset",
    "revisions",
    "rolling_update",
    "rollout",
    "scaling",
    "statefulset_claims",
    "statefulset_identity",
    "statefulset_order",
    "statefulset_promise",
    "statefulset_update",
    "statefulsets",
    "workloads",
]

_FROM = {"Precondition": "promise", "Promise": "promise", "properties_for": "workloads"}

# Type checkers and editors read the imports above; a `__getattr__` would hide misspelt names.
if not TYPE_CHECKING:
    from seatrial.lazy import lazily

    __getattr__ = lazily(__name__, __all__, _FROM)
