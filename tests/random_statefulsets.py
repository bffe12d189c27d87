"""
Any StatefulSet in any environment, drawn from a seed: is every promise kept that applies there?

`python tests/random_statefulsets.py SEED COUNT` asks of so many seeds, and prints what is broken.
"""

import random
import sys

from attrs import evolve

from random_search import MOST_STATES, Finding, ask, bare, gates, named, searched
from seatrial.model import (
    Environment,
    api,
    environment,
    environment_names,
    placement,
    statefulset_api,
    versions,
)
from seatrial.model import statefulset_workload as workload
from seatrial.properties import statefulset_promise, statefulsets
from statefulsets import BY_ID, ON_DELETE, WITHOUT_BLOCK, Case, rolling

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
_FAULTS = (*sorted(environment_names.AROUND_STATEFUL_SETS), "container-exit@2", "write-failure@2")
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
    return Environment(
        users=environment.budgets(named(of, _USERS, (0, 1, 1, 2, 2, 3), _sized), "users"),
        faults=environment.budgets(named(of, _FAULTS, (0, 0, 1, 1, 2)), "faults"),
        level=of.choice(("atomic", "atomic", "interleaved", "faulty")),
        lag=of.choice((0, 0, 1, 2)),
        nodes=given or of.choice((1, 1, 2, 2, 3)),
        kubernetes=kubernetes,
        gates=gates(of, kubernetes),
    )


def _sized(word: str) -> str:
    """A set may be scaled to several sizes."""
    return word.split("@")[0] if word.startswith("scale") else bare(word)


def asked(of: Case, most_states: int = MOST_STATES) -> Finding:
    """Ask all that is to hold there."""
    placed = statefulset_promise.PLACED.met(of.spec, of.around)
    promises = [
        each.property
        for each in statefulsets.PROMISES
        if each.applies(of.spec, of.around)
        # This one is asserted, too, of sets for which there are too few nodes.
        if each.property.id != "members-find-nodes" or placed
    ]
    return searched(of, workload.compose("random", of.spec, of.around), promises, most_states)


if __name__ == "__main__":
    promises = [each.property for each in BY_ID.values()]
    ask(lambda seed: asked(drawn(seed)), int(sys.argv[1]), int(sys.argv[2]), promises)
