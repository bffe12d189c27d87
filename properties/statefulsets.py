"""All promises about StatefulSets."""

from . import (
    statefulset_anew,
    statefulset_budget,
    statefulset_claims,
    statefulset_identity,
    statefulset_names,
    statefulset_order,
    statefulset_placement,
    statefulset_pods,
    statefulset_removal,
    statefulset_said,
    statefulset_status,
    statefulset_update,
    statefulset_volumes,
)
from .promise import Promise

__all__ = ["PROMISES"]

_EVERYWHERE: tuple[Promise, ...] = (
    *statefulset_identity.PROMISES,
    *statefulset_order.PROMISES,
    *statefulset_update.PROMISES,
    *statefulset_status.PROMISES,
    *statefulset_claims.PROMISES,
    *statefulset_volumes.PROMISES,
    *statefulset_budget.PROMISES,
    *statefulset_anew.PROMISES,
    *statefulset_pods.PROMISES,
    *statefulset_removal.PROMISES,
    *statefulset_said.PROMISES,
)
PROMISES: tuple[Promise, ...] = (
    *map(statefulset_placement.where_placed, _EVERYWHERE),
    *statefulset_placement.PROMISES,
    *statefulset_names.PROMISES,
)
"""Every promise, in the order in which they are reported."""
