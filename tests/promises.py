"""Small Deployments and their environments, in which promises are asked. A search is made once."""

from functools import cache
from typing import Any

from attrs import evolve, frozen

from seatrial.core import Report, Verdict
from seatrial.engines.explore import explore
from seatrial.model import api, workload
from seatrial.model.environment import Environment, Level, budgets
from seatrial.properties.workloads import PROMISES, Promise, properties_for
from workloads import bound

BY_ID = {each.property.id: each for each in PROMISES}


@frozen
class Case:
    """A Deployment in an environment; with `ids`, only these promises are asked of it."""

    spec: api.DeploymentSpec
    around: Environment
    ids: tuple[str, ...] = ()

    def asked(self) -> tuple[Promise, ...]:
        """The promises that apply, or those that were named."""
        found = {each.id for each in properties_for(self.spec, self.around)}
        return tuple(BY_ID[each] for each in BY_ID if each in (self.ids or found))


def case(
    replicas: int = 1,
    surge: int | str = 1,
    unavailable: int | str = 0,
    *,
    recreate: bool = False,
    users: str = "set-image",
    faults: str = "none",
    level: Level = "atomic",
    lag: int = 0,
    ids: tuple[str, ...] = (),
    **spec: Any,
) -> Case:
    """A Deployment with these bounds, and what is done to it."""
    rolling = api.rolling_update(max_surge=bound(surge), max_unavailable=bound(unavailable))
    strategy = api.RECREATE if recreate else rolling
    return Case(
        api.DeploymentSpec(1, replicas, strategy=strategy, **spec),
        Environment(
            users=budgets([users], "users"),
            faults=budgets([faults], "faults"),
            level=level,
            lag=lag,
        ),
        ids,
    )


@cache
def searched(of: Case) -> Report:
    """All states, and what is so of the promises that are asked."""
    system = workload.compose("small", of.spec, of.around)
    return explore(system, [each.property for each in of.asked()], threads=2)


def broken(promise: str, words: str, of: Case) -> Verdict:
    """
    The promise, broken in a case in which exactly one precondition is not met: the one so worded.

    With `words` empty all are met: the promise is refuted as it stands.
    """
    unmet = [each.words for each in BY_ID[promise].unmet(of.spec, of.around)]
    assert unmet == ([words] if words else [])
    asked = evolve(BY_ID[promise].property, expected="holds")
    system = workload.compose("small", of.spec, of.around)
    (verdict,) = explore(system, [asked], threads=2, first=True).verdicts
    assert verdict.status == "violated"
    return verdict
