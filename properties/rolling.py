"""What a rolling update promises of sizes, and what it does not promise of pods."""

from collections.abc import Iterator

from seatrial.core import All, Property, after_each_step, always, at_most
from seatrial.core.arith import total
from seatrial.model import api, rolling

__all__ = ["LEMMAS", "PROPERTIES"]

_DOCS = "https://kubernetes.io/docs/concepts/workloads/controllers/deployment/"


def _bound(replicas: int, max_surge: int) -> int:
    return replicas + max_surge


@at_most(
    id="rolling-sizes-within-surge",
    says="the sizes of all ReplicaSets together stay within replicas + maxSurge",
    source=_DOCS + "#max-surge",
    bound=_bound,
)
def sizes(replica_set: All[api.ReplicaSet]) -> int:
    return total(rs.replicas for rs in replica_set.values())


@at_most(
    id="rolling-pods-within-surge",
    says="there are never more than replicas + maxSurge pods, not counting terminating ones",
    source=_DOCS + "#max-surge",
    bound=_bound,
    expected="refuted",
)
def pods_there(pods: All[rolling.Pods]) -> int:
    return total(each.pending + each.available for each in pods.values())


@always(
    id="rolling-new-within-replicas",
    says="the new ReplicaSet never grows beyond replicas",
    source="pkg/controller/deployment/util/deployment_util.go NewRSNewReplicas",
)
def new_within_replicas(replica_set: All[api.ReplicaSet], replicas: int) -> Iterator[str]:
    new = replica_set[max(replica_set)]
    if new.replicas > replicas:
        yield f"it has {new.replicas}; {replicas} are asked for"


@after_each_step(
    id="rolling-one-direction",
    says="the old ReplicaSet only shrinks, and the new one only grows",
    source="pkg/controller/deployment/rolling.go",
)
def one_direction(
    replica_set: All[api.ReplicaSet], replica_set_before: All[api.ReplicaSet]
) -> Iterator[str]:
    if replica_set[1].replicas > replica_set_before[1].replicas:
        yield "the old one grew"
    newest = max(replica_set)
    if replica_set[newest].replicas < replica_set_before[newest].replicas:
        yield "the new one shrank"


@always(
    id="rolling-whoever-has-carried-out",
    says="pods and sizes stay within replicas + maxSurge, whichever has carried out its size",
    source="written by hand, for the proof about pods",
)
def whoever_has_carried_out(
    replica_set: All[api.ReplicaSet], pods: All[rolling.Pods], replicas: int, max_surge: int
) -> Iterator[str]:
    bound = replicas + max_surge
    newest = max(pods)
    old, new = (pods[at].pending + pods[at].available for at in (1, newest))
    if old + new > bound or old + replica_set[newest].replicas > bound:
        yield f"of the old ReplicaSet there are {old} pods, of the new one {new}"
    if replica_set[1].replicas + new > bound:
        yield f"the old ReplicaSet has size {replica_set[1].replicas}; {new} new pods are there"


LEMMAS: tuple[Property, ...] = (whoever_has_carried_out,)
"""Candidates for invariants that no pool has. They are trusted no more than any other."""

PROPERTIES: tuple[Property, ...] = (sizes, pods_there, new_within_replicas, one_direction)
