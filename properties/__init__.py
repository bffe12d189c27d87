"""
What must hold: promises as values, with where they are made.

A module is imported when it is first asked for, as in `seatrial.model`.
"""

from typing import TYPE_CHECKING, Any

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
    "workloads",
]

_FROM = {"Precondition": "promise", "Promise": "promise", "properties_for": "workloads"}

# Type checkers and editors read the imports above; a `__getattr__` would hide misspelt names.
if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        from importlib import import_module

        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        module = import_module(f".{_FROM.get(name, name)}", __name__)
        found = getattr(module, name) if name in _FROM else module
        globals()[name] = found
        return found
