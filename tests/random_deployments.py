"""
Any Deployment in any environment, drawn from a seed: is every promise kept that applies there?

`python tests/random_deployments.py SEED COUNT [small]` asks of so many seeds, and prints what is
broken. What is small is searched to its end nearly always: at most one replica at first, a history
of none or one, and more users at once.
"""

import random
import sys

from attrs import evolve

from promises import BY_ID, Case
from random_search import MOST_STATES, Finding, ask, gates, named, searched
from seatrial.model import Environment, api, environment, environment_names, versions, workload

_USERS = (
    "set-image",
    "set-image@2",
    "restart",
    "scale:0",
    "scale:1",
    "scale:3",
    "scale:5",
    "undo",
    "pause",
    "resume",
    "apply",
    "delete:background",
    "delete:foreground",
    "delete:orphan",
)
_FAULTS = (
    *sorted(environment_names.AROUND_DEPLOYMENTS),
    "container-exit@2",
    "pod-failed@2",
    "never-ready@2",
    "write-failure@4",
)
_BOUNDS = (
    *map(api.IntOrPercent.absolute, (0, 1, 1, 2)),
    *map(api.IntOrPercent.percent, (25, 50, 100)),
)


def drawn(seed: int, small: bool = False) -> Case:
    """The Deployment and the environment of this seed."""
    of = random.Random(seed)
    if not small:
        return Case(_spec(of), _environment(of))
    spec = evolve(
        _spec(of),
        replicas=of.choice((0, 0, 1)),
        paused=of.random() < 0.4,
        min_ready_seconds=0,
        revision_history_limit=of.choice((0, 0, 1, 10)),
    )
    users = environment.budgets(named(of, _USERS, (2, 3, 4)), "users")
    around = evolve(_environment(of), users=users, slow=0)
    return Case(spec, evolve(around, faults=around.faults[:1]))


def _spec(of: random.Random) -> api.DeploymentSpec:
    surge, unavailable = of.choice(_BOUNDS), of.choice(_BOUNDS)
    if surge.value == unavailable.value == 0:
        surge = api.IntOrPercent.absolute(1)
    rolling = api.rolling_update(max_surge=surge, max_unavailable=unavailable)
    return api.DeploymentSpec(
        1,
        replicas=of.choice((0, 1, 1, 1, 2, 2, 3)),
        strategy=api.RECREATE if of.random() < 0.25 else rolling,
        paused=of.random() < 0.1,
        min_ready_seconds=of.choice((0, 0, 5)),
        revision_history_limit=of.choice((10, 10, 0, 1, None)),
        progress_deadline_seconds=of.choice((600, 600, None)),
    )


def _environment(of: random.Random) -> Environment:
    kubernetes = of.choice(
        (environment.DEFAULT, environment.DEFAULT, *(each.version for each in versions.RELEASES))
    )
    lag = of.choice((0, 0, 1, 2))
    faults = named(of, [each for each in _FAULTS if each != "relist" or lag == 2], (0, 1, 1, 2))
    return Environment(
        users=environment.budgets(named(of, _USERS, (1, 1, 2, 3)), "users"),
        faults=environment.budgets(faults, "faults"),
        level=of.choice(("atomic", "atomic", "interleaved", "faulty")),
        lag=lag,
        slow=of.choice((0, 0, 1)),
        gates=gates(of, kubernetes),
        kubernetes=kubernetes,
        waits=of.random() < 0.15,
    )


def asked(of: Case, most_states: int = MOST_STATES) -> Finding:
    """Ask all that is to hold there."""
    system = workload.compose("random", of.spec, of.around)
    return searched(of, system, (each.property for each in of.asked()), most_states)


def main(first: int, count: int, small: bool = False) -> None:
    """Ask of seeds from `first` on."""
    promises = [each.property for each in BY_ID.values()]
    ask(lambda seed: asked(drawn(seed, small), 20_000), first, count, promises)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:] == ["small"])
