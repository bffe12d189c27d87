"""All promises about Deployments and their ReplicaSets, and those that an environment admits."""

from seatrial.core import Property
from seatrial.model import Environment, api

from . import (
    deletion,
    deployment,
    deployment_status,
    pausing,
    recreate,
    replicaset,
    revisions,
    rolling_update,
    scaling,
)
from .promise import Promise

__all__ = ["PROMISES", "properties_for"]

PROMISES: tuple[Promise, ...] = (
    *deployment.PROMISES,
    *rolling_update.PROMISES,
    *recreate.PROMISES,
    *scaling.PROMISES,
    *pausing.PROMISES,
    *revisions.PROMISES,
    *deployment_status.PROMISES,
    *deletion.PROMISES,
    *replicaset.PROMISES,
)
"""Every promise, in the order in which they are reported."""


def properties_for(spec: api.DeploymentSpec, around: Environment) -> tuple[Property, ...]:
    """The properties to ask of such a Deployment in such an environment."""
    return tuple(each.property for each in PROMISES if each.applies(spec, around))
