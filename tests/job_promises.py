"""Small Jobs and their environments, in which promises are asked. A search is made once."""

from functools import cache
from typing import Any

from attrs import evolve, frozen

from seatrial.core import Report, Verdict
from seatrial.engines.explore import explore
from seatrial.model import Environment, environment, job_api, job_workload
from seatrial.properties import Promise, jobs, properties_for_job

DEFECTS = {
    "job-active-zero-during-backoff": ("job-status-is-accepted", "job-counts-at-rest"),
}
"""Of bugs that releases have: what they break there, though the preconditions are met."""

BY_ID = {each.property.id: each for each in jobs.PROMISES}


@frozen
class Case:
    """A Job in an environment; with `ids`, only these promises are asked of it."""

    spec: job_api.JobSpec
    around: Environment
    ids: tuple[str, ...] = ()

    def asked(self) -> tuple[Promise, ...]:
        """The promises that apply, or those that were named."""
        found = {each.id for each in properties_for_job(self.spec, self.around)}
        return tuple(BY_ID[each] for each in BY_ID if each in (self.ids or found))


def case(
    users: str = "none",
    faults: str = "none",
    level: environment.Level = "atomic",
    lag: int = 0,
    *,
    gates: str = "",
    slow: int = 0,
    ids: tuple[str, ...] = (),
    **spec: Any,
) -> Case:
    """A Job of that spec, and what is done to it."""
    return Case(
        job_api.JobSpec(**spec),
        Environment(
            users=environment.budgets([users], "users"),
            faults=environment.budgets([faults], "faults"),
            level=level,
            lag=lag,
            slow=slow,
            gates=environment.feature_gates([gates]),
        ),
        ids,
    )


def indexed(completions: int, **spec: Any) -> dict[str, Any]:
    """What the spec of an Indexed Job has, with as many pods at once as indexes if not told."""
    parallelism = spec.pop("parallelism", completions)
    return {
        "completions": completions,
        "parallelism": parallelism,
        "completion_mode": "Indexed",
        **spec,
    }


@cache
def searched(of: Case) -> Report:
    """All states, and what is so of the promises that are asked."""
    system = job_workload.compose("small", of.spec, of.around)
    return explore(system, [each.property for each in of.asked()], threads=2)


def broken(promise: str, words: str, of: Case) -> Verdict:
    """
    The promise, broken in a case in which exactly one precondition is not met: the one that begins
    so.

    With `words` empty all are met: the promise is refuted as it stands.
    """
    unmet = [each.words for each in BY_ID[promise].unmet(of.spec, of.around)]
    assert len(unmet) == (1 if words else 0), unmet
    assert all(each.startswith(words) for each in unmet), unmet
    asked = evolve(BY_ID[promise].property, expected="holds")
    system = job_workload.compose("small", of.spec, of.around)
    (verdict,) = explore(system, [asked], threads=2, first=True).verdicts
    assert verdict.status == "violated", verdict.because
    return verdict
