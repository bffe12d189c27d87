"""All theorems, and which of them are about a Deployment with a given spec."""

from seatrial.core import Theorem
from seatrial.model import api

from . import (
    theorem_availability,
    theorem_bounds,
    theorem_expectations,
    theorem_job,
    theorem_replicaset,
    theorem_shares,
    theorem_sizes,
    theorem_statefulset,
)

__all__ = ["THEOREMS", "theorem", "theorems_for"]

_ROLLING = (
    *theorem_bounds.THEOREMS,
    *theorem_sizes.THEOREMS,
    *theorem_availability.THEOREMS,
    *theorem_shares.THEOREMS,
)
_ANY = (*theorem_replicaset.THEOREMS, *theorem_expectations.THEOREMS)

THEOREMS: tuple[Theorem, ...] = (
    *_ROLLING,
    *_ANY,
    *theorem_job.THEOREMS,
    *theorem_statefulset.THEOREMS,
)


def theorem(name: str) -> Theorem:
    """The theorem of that id; KeyError if there is none."""
    return {each.id: each for each in THEOREMS}[name]


def theorems_for(spec: api.DeploymentSpec) -> tuple[Theorem, ...]:
    """The theorems about the controllers of such a Deployment, whatever its size."""
    rolling = spec.strategy.type == "RollingUpdate"
    return (*_ROLLING, *_ANY) if rolling else _ANY
