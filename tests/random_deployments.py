"""
Any Deployment in any environment, drawn from a seed: is every promise kept that applies there?

`python tests/random_deployments.py SEED COUNT [small]` asks of so many seeds, and prints what is
broken. What is small is searched to its end nearly always: at most one replica at first, a history
of none or one, and more users at once.
"""

import random
import sys

from attrs import evolve, frozen

from promises import BY_ID, Case
from seatrial.core import Report
from seatrial.engines.explore import explore
from seatrial.model import Environment, api, environment, versions, workload

MOST_STATES = 20_000
SECONDS = 10.0
"""A search that takes longer says what it has found so far."""

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
    *sorted(environment.AROUND_DEPLOYMENTS),
    "container-exit@2",
    "pod-failed@2",
    "never-ready@2",
    "write-failure@2",
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
    users = environment.budgets(_named(of, _USERS, (2, 3, 4)), "users")
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
    faults = _named(of, [each for each in _FAULTS if each != "relist" or lag == 2], (0, 1, 1, 2))
    gates = [f"{name}={of.choice(('true', 'false'))}" for name in environment.GATES]
    known = dict(versions.known(kubernetes).gates)
    turned = [each for each in gates if each.partition("=")[0] in known and of.random() < 0.2]
    return Environment(
        users=environment.budgets(_named(of, _USERS, (1, 1, 2, 3)), "users"),
        faults=environment.budgets(faults, "faults"),
        level=of.choice(("atomic", "atomic", "interleaved", "faulty")),
        lag=lag,
        slow=of.choice((0, 0, 1)),
        gates=environment.feature_gates(turned, kubernetes),
        kubernetes=kubernetes,
    )


def _named(
    of: random.Random, known: "tuple[str, ...] | list[str]", many: tuple[int, ...]
) -> list[str]:
    """So many of these, of each name one; the word for none where there are none."""
    picked = {each.split(":")[0].split("@")[0]: each for each in of.sample(known, of.choice(many))}
    return list(picked.values()) or ["none"]


@frozen
class Finding:
    """What a search has shown, and the promises that it has broken though they were to hold."""

    of: Case
    report: Report
    broken: tuple[str, ...]


def asked(of: Case, most_states: int = MOST_STATES) -> Finding:
    """Search for runs that break what is to hold there; within these bounds."""
    promises = [each.property for each in of.asked() if each.property.expected == "holds"]
    report = explore(
        workload.compose("random", of.spec, of.around),
        promises,
        max_states=most_states,
        time_limit=SECONDS,
        memory_limit=1_000_000_000,
        threads=1,
    )
    broken = tuple(
        f"{each.property.id} in {each.trace.length} steps: {each.because}"
        for each in report.verdicts
        if each.status == "violated" and each.trace is not None
    )
    return Finding(of, report, broken)


def main(first: int, count: int, small: bool = False) -> None:
    """Ask of seeds from `first` on; print the broken, and at the end how many were searched."""
    whole = states = 0
    told: set[str] = set()
    for seed in range(first, first + count):
        found = asked(drawn(seed, small))
        whole += found.report.exploration.complete
        states += found.report.exploration.states
        told |= {each.property.id for each in found.report.verdicts if each.status == "holds"}
        for each in found.broken:
            print(f"seed {seed}: {each}\n  {found.of}", flush=True)
        if seed % 50 == 49:
            print(f"up to seed {seed}: {whole} whole, {states} states", flush=True)
    of = [each for each in BY_ID.values() if each.property.expected == "holds"]
    untold = sorted(each.property.id for each in of if each.property.id not in told)
    print(f"{count} seeds, {whole} searched whole, {states} states; held nowhere: {untold}")


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:] == ["small"])
