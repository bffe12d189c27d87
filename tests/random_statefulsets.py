"""
Any StatefulSet in any environment, drawn from a seed: is every promise kept that applies there?

`python tests/random_statefulsets.py SEED COUNT` asks of so many seeds, and prints what is broken.
"""

import random
import sys

from attrs import evolve, frozen

from seatrial.core import Report
from seatrial.engines.explore import explore
from seatrial.model import Environment, api, environment, placement, statefulset_api, versions
from seatrial.model import statefulset_workload as workload
from seatrial.properties import statefulset_promise, statefulsets
from statefulsets import BY_ID, ON_DELETE, WITHOUT_BLOCK, Case, rolling

MOST_STATES = 30_000
SECONDS = 10.0
"""A search that takes longer says what it has found so far."""

_USERS = (
    "set-image",
    "set-image@2",
    "scale:0",
    "scale:1",
    "scale:2",
    "scale:3",
    "undo",
    "apply",
    "delete:background",
    "delete:foreground",
    "delete:orphan",
    "set-partition:0",
    "set-partition:1",
    "set-retention:RetainRetain",
    "set-retention:DeleteDelete",
    "delete-pod",
    "delete-pod@2",
    "force-delete",
    "delete-claim",
    "drain",
    "delete-node",
    "out-of-service",
)
_FAULTS = (*sorted(environment.AROUND_STATEFUL_SETS), "container-exit@2", "write-failure@2")
_STRATEGIES = (
    rolling(),
    rolling(),
    rolling(1),
    rolling(2),
    rolling(0, 2),
    rolling(1, 1),
    rolling(0, "50%"),
    WITHOUT_BLOCK,
    ON_DELETE,
)
_RETENTIONS: tuple[statefulset_api.Retention, ...] = ("Retain", "Delete")


def drawn(seed: int) -> Case:
    """The StatefulSet and the environment of this seed."""
    of = random.Random(seed)
    spec = _spec(of)
    return Case(spec, _environment(of, len(spec.given_nodes)))


def _spec(of: random.Random) -> statefulset_api.StatefulSetSpec:
    spec = statefulset_api.StatefulSetSpec(
        replicas=of.choice((0, 1, 1, 1, 2, 2, 3)),
        pod_management_policy="Parallel" if of.random() < 0.4 else "OrderedReady",
        update_strategy=of.choice(_STRATEGIES),
        ordinals_start=of.choice((0, 0, 0, 1)),
        min_ready_seconds=of.choice((0, 0, 0, 5)),
        revision_history_limit=of.choice((10, 10, 1, 0)),
        budget=_budget(of),
        graceful=of.random() < 0.9,
        publishes=of.choice((None, None, None, True, False)),
    )
    if of.random() < 0.6:
        retention = statefulset_api.ClaimRetention(of.choice(_RETENTIONS), of.choice(_RETENTIONS))
        access: tuple[statefulset_api.Access, ...] = ("shared", "shared", "one node", "one pod")
        spec = evolve(spec, has_claims=True, retention=retention, access=of.choice(access))
    return _placed(of, spec) if of.random() < 0.25 else spec


def _budget(of: random.Random) -> statefulset_api.DisruptionBudget | None:
    if of.random() < 0.7:
        return None
    bound = api.IntOrPercent.absolute(of.choice((0, 1, 2)))
    always = of.random() < 0.3
    if of.random() < 0.5:
        return statefulset_api.DisruptionBudget(min_available=bound, always_allow=always)
    return statefulset_api.DisruptionBudget(max_unavailable=bound, always_allow=always)


def _placed(
    of: random.Random, spec: statefulset_api.StatefulSetSpec
) -> statefulset_api.StatefulSetSpec:
    """Of the same set, with nodes that are not all alike."""
    nodes = tuple(
        statefulset_api.GivenNode(
            f"node-{at}",
            admits=at == 1 or of.random() < 0.8,
            room=of.choice((None, None, 1, 2)),
            unschedulable=at > 1 and of.random() < 0.1,
            labels=((placement.HOSTNAME, f"node-{at}"),),
        )
        for at in range(1, 1 + of.choice((1, 2, 2, 3)))
    )
    tied = spec.has_claims and of.random() < 0.4
    return evolve(
        spec,
        given_nodes=nodes,
        one_to_a_node=of.random() < 0.1,
        apart_by=(placement.HOSTNAME,) if of.random() < 0.4 else (),
        volumes_in=placement.HOSTNAME if tied else "",
        volumes_at_once=tied and of.random() < 0.5,
    )


def _environment(of: random.Random, given: int) -> Environment:
    kubernetes = of.choice(
        (environment.DEFAULT, environment.DEFAULT, *(each.version for each in versions.RELEASES))
    )
    known = dict(versions.known(kubernetes).gates)
    gates = [
        f"{name}={of.choice(('true', 'false'))}"
        for name in environment.GATES
        if name in known and of.random() < 0.3
    ]
    return Environment(
        users=environment.budgets(_named(of, _USERS, (0, 1, 1, 2, 2, 3)), "users"),
        faults=environment.budgets(_named(of, _FAULTS, (0, 0, 1, 1, 2)), "faults"),
        level=of.choice(("atomic", "atomic", "interleaved", "faulty")),
        lag=of.choice((0, 0, 1, 2)),
        nodes=given or of.choice((1, 1, 2, 2, 3)),
        kubernetes=kubernetes,
        gates=environment.feature_gates(gates, kubernetes),
    )


def _named(of: random.Random, known: tuple[str, ...], many: tuple[int, ...]) -> list[str]:
    """So many of these, of each name one or, of `scale`, two; the word for none where none."""
    picked = of.sample(known, of.choice(many))
    by_name = {
        each.split("@")[0] if "scale" in each else each.split(":")[0].split("@")[0]: each
        for each in picked
    }
    return list(by_name.values()) or ["none"]


@frozen
class Finding:
    """What a search has shown, and the promises that it has broken though they were to hold."""

    of: Case
    report: Report
    broken: tuple[str, ...]


def asked(of: Case, most_states: int = MOST_STATES) -> Finding:
    """Search for runs that break what is to hold there; within these bounds."""
    placed = statefulset_promise.PLACED.met(of.spec, of.around)
    promises = [
        each.property
        for each in statefulsets.PROMISES
        if each.property.expected == "holds" and each.applies(of.spec, of.around)
        # This one is asserted, too, of sets for which there are too few nodes.
        if each.property.id != "members-find-nodes" or placed
    ]
    report = explore(
        workload.compose("random", of.spec, of.around),
        promises,
        max_states=most_states,
        time_limit=SECONDS,
        memory_limit=1_000_000_000,
        threads=1,
    )
    broken = tuple(
        f"{each.property.id}: {'' if each.trace is None else f'in {each.trace.length} steps: '}"
        f"{each.because}"
        for each in report.verdicts
        if each.status == "violated"
    )
    return Finding(of, report, broken)


def main(first: int, count: int) -> None:
    """Ask of seeds from `first` on; print the broken, and at the end how many were searched."""
    whole = states = 0
    told: set[str] = set()
    for seed in range(first, first + count):
        found = asked(drawn(seed))
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
    main(int(sys.argv[1]), int(sys.argv[2]))
