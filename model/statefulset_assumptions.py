"""What is taken for granted around a StatefulSet, in words for the reader of a report."""

from collections.abc import Iterator

from .disruption import asks_budget
from .environment import Environment
from .placement import Placement
from .statefulset_api import StatefulSetSpec
from .volumes import attaches

__all__ = ["assumptions"]


def assumptions(
    spec: StatefulSetSpec, around: Environment, placement: Placement | None
) -> list[str]:
    """All that a report says of the environment, a line each."""
    gates = ", ".join(f"{name}={str(on).lower()}" for name, on in around.gates)
    nodes = f"{around.nodes} node{'' if around.nodes == 1 else 's'}"
    texts = [
        f"Kubernetes {around.kubernetes}; feature gates {gates}",
        f"{nodes}; level {around.level}, lag {around.lag}",
        f"users: {', '.join(map(str, around.users)) or 'none'}",
        f"faults: {', '.join(map(str, around.faults)) or 'none'}",
        "the manifest was applied long ago, all pods are available and spread over the nodes"
        + (", as far as these take them" if placement else ""),
        "everything takes any time it likes",
    ]
    texts += _without_effect(spec, around)
    texts += _about_nodes(spec, placement)
    if around.times("stale-api-server"):
        texts.append(
            "an API server that falls behind shows pods as they were, sets and claims as they are"
        )
    if around.times("delete"):
        texts.append(
            "`apply` creates the set anew from the same manifest when it is gone, and does nothing"
            " to one that is there"
            if around.times("apply")
            else "a set that was deleted is not created anew"
        )
    if asks_budget(spec, around):
        texts.append("the disruption budget is about pods of this set alone")
    if spec.publishes is not None:
        texts.append("EndpointSlices and DNS follow pods at once, but for what `stale-dns` keeps")
    if attaches(spec, around):
        texts.append(
            "volumes are attached to one node at a time, and to any; local volumes and network file"
            " systems are not"
        )
    if around.lag:
        texts.append(f"a writer waits while {around.lag} events of its kind are on their way")
    if around.times("pod-failed"):
        # Go: pkg/controller/podgc/gc_controller.go gcTerminated
        texts.append(
            "no more pods have ended than --terminated-pod-gc-threshold allows: else the garbage"
            " collector of pods removes one by its name, also where another has replaced it"
        )
    if around.times("node-crash") or around.times("node-partition"):
        texts.append("a node that is lost may come back, or may never")
    if around.variant:
        texts.append(f"rules changed: {', '.join(sorted(around.variant))}")
    return texts


def _about_nodes(spec: StatefulSetSpec, placement: Placement | None) -> list[str]:
    texts = []
    if spec.given_nodes:
        names = (f"n{at} is {each.name}" for at, each in enumerate(spec.given_nodes, 1))
        texts.append(f"{', '.join(names)}; their labels and taints stay as they are")
    elif spec.selects_nodes:
        texts.append("these nodes are the ones that the pods' nodeSelector and nodeAffinity admit")
    if placement is not None:
        texts.append("no other pods take room on these nodes, nor are kept apart from these")
    if placement is not None and placement.tied:
        made = "with its claim" if placement.at_once else "where its pod is put first"
        texts.append(f"a volume is made {made}, and can be used in {spec.volumes_in} of then only")
    return texts


def _without_effect(spec: StatefulSetSpec, around: Environment) -> Iterator[str]:
    """Who is asked for and can change nothing: a verdict does not cover what nobody could do."""
    same_template = not around.times("set-image")
    for name, why, idle in (
        ("stale-dns", "no headless Service is given", spec.publishes is None),
        (
            "stale-api-server",
            "with WatchListClient and WatchList all lists are up to date",
            not around.stale_lists,
        ),
        ("apply", "nobody deletes the set", not around.times("delete")),
        ("out-of-service", "no node is lost", not around.loses_nodes),
        ("undo", "the template stays", same_template),
        ("never-ready", "the template stays", same_template),
        ("delete-claim", "there are no claims", not spec.has_claims),
        ("set-retention", "there are no claims", not spec.has_claims),
        (
            "set-partition",
            "the update strategy has no rollingUpdate block",
            spec.update_strategy.rolling_update is None,
        ),
    ):
        if idle and around.times(name):
            yield f"`{name}` changes nothing: {why}"
    if around.values("container-exit"):
        yield "the exit code of `container-exit` means nothing here"
