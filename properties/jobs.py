"""All promises about Jobs, and those that an environment admits."""

from seatrial.core import Property
from seatrial.model import Environment, job_api

from . import job_conditions, job_counting, job_limits, job_work
from .promise import Promise

__all__ = ["PROMISES", "properties_for_job"]

PROMISES: tuple[Promise, ...] = (
    *job_counting.PROMISES,
    *job_limits.PROMISES,
    *job_conditions.PROMISES,
    *job_work.PROMISES,
)
"""Every promise, in the order in which they are reported."""


def properties_for_job(spec: job_api.JobSpec, around: Environment) -> tuple[Property, ...]:
    """The properties to ask of such a Job in such an environment."""
    return tuple(each.property for each in PROMISES if each.applies(spec, around))
