"""
Concrete clusters: a case with names, UIDs, versions, ages and nodes, as a request to the oracle.

A number decides whatever the model leaves open, so that a case has many clusters and each can be
made again. Clusters of one case differ in all that may decide between pods that look alike: age,
node, restarts, deletion cost, order of lists.
"""

from collections.abc import Iterable, Iterator, Mapping
from random import Random
from typing import Any

from attrs import evolve, field, frozen

from seatrial.model import api, clock, informer, pods

from . import objects
from .cases import Case
from .objects import Object
from .outcomes import Outcome, plain_pod

__all__ = ["Cluster", "concrete", "faults_of"]

_SEEN = 100
"""resourceVersions of what caches show lie between this and `_SYNCED`, later ones above."""
_SYNCED = 199
_USUAL = 24
"""Clusters with higher numbers are looked for what is seldom: most pods have a deletion cost."""
_NODES = ("n1", "n2", "n3")
_RESOURCES = {"Deployment": "deployments", "ReplicaSet": "replicasets", "Pod": "pods"}
_VERBS = {"update status": "update-status", "adopt": "patch"}


@frozen
class Cluster:
    """
    A request, and what its names mean.

    `classes` has the class of each pod of the case's template that is there or still seen,
    `unscheduled` those of them for which no node was chosen; `generations` are those of the objects
    as the caches show them.
    """

    request: Object
    classes: Mapping[str, pods.Pod] = field(factory=dict)
    generations: Mapping[tuple[str, int], int] = field(factory=dict)
    unscheduled: frozenset[str] = frozenset()


def concrete(case: Case, number: int, faults: Iterable[Object] = ()) -> Cluster:
    """The cluster of that number: the same each time."""
    return _Maker(case, Random(number), number > _USUAL).cluster(list(faults))


def faults_of(outcome: Outcome) -> list[Object]:
    """Which requests have to go wrong for the sync to go as this outcome does."""
    found: list[Object] = []
    sent: dict[tuple[str, str], int] = {}
    # Requests for pods of one batch go out in parallel; those that fail are counted last.
    for each in sorted_batches(outcome):
        resource = (_VERBS.get(each.verb, each.verb), _RESOURCES[each.kind])
        for _ in range(each.count):
            sent[resource] = sent.get(resource, 0) + 1
            if each.answer in ("failed", "lost"):
                verb, kind = resource
                found.append(
                    {"verb": verb, "resource": kind, "nth": sent[resource], "how": each.answer}
                )
    return found


def sorted_batches(outcome: Outcome) -> Iterator[Any]:
    """The requests of an outcome; of pods side by side those that go well come first."""
    batch: list[Any] = []
    for each in outcome.requests:
        if each.kind == "Pod" and (not batch or batch[-1].verb == each.verb):
            batch.append(each)
            continue
        yield from sorted(batch, key=_goes_wrong)
        batch = [each] if each.kind == "Pod" else []
        if each.kind != "Pod":
            yield each
    yield from sorted(batch, key=_goes_wrong)


def _goes_wrong(request: Any) -> bool:
    return request.answer in ("failed", "lost")


@frozen
class _Versions:
    """UID, resourceVersion and generation of an object, as cached and as it is."""

    cached: Object
    live: Object


class _Maker:
    """Makes one cluster; its draws come in a fixed order."""

    def __init__(self, case: Case, draw: Random, costly: bool) -> None:
        self.case = case
        self.costly = costly
        self.draw = draw
        self.cache: list[Object] = []
        self.live: list[Object] = []
        self.names: dict[str, pods.Pod] = {}
        self.generations: dict[tuple[str, int], int] = {}
        self.expected: list[str] = []
        self.unscheduled: set[str] = set()

    def cluster(self, faults: list[Object]) -> Cluster:
        case, draw = self.case, self.draw
        mine = case.controller == "replicaset"
        others = not mine or draw.random() < 0.25
        if others:
            self.add_deployment()
        for template in range(1, case.setting.templates + 1):
            if template == case.template or others:
                self.add_replica_set(template)
        if case.setting.collides:
            self.add_strangers()
        draw.shuffle(self.cache)
        draw.shuffle(self.live)
        key = objects.NAME
        memory: Object = {"requeues": draw.choice((0, 0, 1, 5, 14))}
        if mine:
            key = objects.replica_set_name(case.template, case.collisions)
            memory |= self.memory()
        request = {
            "controller": case.controller,
            "key": f"{objects.NAMESPACE}/{key}",
            "now": objects.NOW,
            "gates": case.setting.gates(),
            "cache": self.cache,
            "live": self.live,
            # Of events that are on their way the caches have heard nothing.
            "seen": {kind: str(_SYNCED) for kind in _RESOURCES.values()},
            "memory": memory,
            "faults": faults,
        }
        return Cluster(request, self.names, self.generations, frozenset(self.unscheduled))

    # ---- objects ------------------------------------------------------------------------------

    def versions(self, kind: str, key: int, queue: informer.Queue, uid: str) -> _Versions:
        draw = self.draw
        generation, version, born = draw.randint(2, 5), draw.randint(_SEEN, _SYNCED), 0
        cached: Object = {
            "uid": f"{uid}-0",
            "resourceVersion": str(version),
            "generation": generation,
        }
        live = dict(cached)
        for at, event in enumerate(queue, start=1):
            if event.key != key:
                continue
            live["resourceVersion"] = str(_SYNCED + at)
            if event.change is informer.Change.GENERATION:
                live["generation"] += 1
            elif event.change is informer.Change.IDENTITY:
                born += 1
                live |= {"uid": f"{uid}-{born}", "generation": draw.randint(2, 5)}
        self.generations[kind, key] = generation
        return _Versions(cached, live)

    def add_deployment(self) -> None:
        case = self.case
        queue = case.value("deployment_queue")
        versions = self.versions("Deployment", 0, queue, "uid-web")
        made = self.draw.randint(3000, 9000)
        dated = None
        for value, metadata, into in (
            (case.value("deployment_cache"), versions.cached, self.cache),
            (case.value("deployment"), versions.live, self.live),
        ):
            if value is not None:
                uid = objects.deployment_uid(value.uid)
                metadata = {**metadata, "uid": uid, "creationTimestamp": objects.ago(made)}
                if dated is None or versions.live != versions.cached:
                    dated = self.dated(value)
                into.append(objects.deployment_object(value, metadata, dated))

    def dated(self, of: api.Deployment) -> int:
        """How long ago the Progressing condition was updated, in seconds."""
        deadline = of.spec.progress_deadline_seconds or 600
        passed = self.case.value("deadline") == "passed"
        if clock.deadline_after("running", of, renewed=False) == "off":
            passed = self.draw.random() < 0.5
        if deadline == api.MAX_INT32:
            return self.draw.randint(1, 2000)
        # To the second it would depend on how long the sync takes.
        if passed:
            return deadline + self.draw.randint(2, 500)
        return self.draw.randint(1, max(1, deadline - 2))

    def add_replica_set(self, template: int) -> None:
        case, draw = self.case, self.draw
        queue = case.value("replica_set_queue")
        versions = self.versions("ReplicaSet", template, queue, f"uid-rs-{template}")
        cached = case.value("replica_set_cache", template)
        live = case.value("replica_set", template)
        garbled = draw.random() < 0.1
        for value, metadata, into in (
            (cached, versions.cached, self.cache),
            (live, versions.live, self.live),
        ):
            if value is not None:
                # Younger ones have the higher rank; the same second is told apart by name.
                age = 2000 - 10 * value.created
                metadata = {**metadata, "creationTimestamp": objects.ago(age)}
                into.append(objects.replica_set_object(value, metadata, garbled, case.collisions))
        if case.controller == "replicaset" or case.setting.recreate:
            self.add_pods(template, versions)

    def add_strangers(self) -> None:
        """Those who have the names that are taken: made by others, or of another template."""
        for taken in sorted(self.case.value("names_taken"), key=repr):
            draw, version = self.draw, self.draw.randint(_SEEN, _SYNCED)
            metadata: Object = {
                "resourceVersion": str(version if taken.seen else 3 * _SYNCED),
                "generation": 1,
                "creationTimestamp": objects.ago(draw.randint(0, 3000)),
            }
            if draw.random() < 0.5:
                metadata["labels"] = {"app": "other"}
            stranger = api.ReplicaSet(taken.template, 1, draw.randint(0, 2), owner=None)
            if draw.random() < 0.3:
                stranger = evolve(stranger, template=1 + taken.template % 4)
            name = (taken.template, taken.collision_count)
            made = objects.stranger_object(stranger, name, metadata)
            self.live.append(made)
            if taken.seen:
                self.cache.append(made)

    def add_pods(self, template: int, versions: _Versions) -> None:
        owner, old = versions.live["uid"], f"uid-rs-{template}-before"
        if versions.live["uid"] != versions.cached["uid"]:
            old = versions.cached["uid"]
        for pod, count in self.case.value("pods", template).items():
            for _ in range(count):
                self.add_pod(pod, template, old if pod.orphaned else owner)

    def add_pod(self, pod: pods.Pod, template: int, owner: str) -> None:
        draw = self.draw
        rs = objects.replica_set_name(template, self.case.collisions)
        number = draw.randrange(16**5)
        name = f"{rs}-{number:05x}"
        while name in self.names:
            number += 1
            name = f"{rs}-{number:05x}"
        age = draw.choice((30, 30, draw.randint(20, 3000)))
        metadata: Object = {
            "name": name,
            "uid": f"uid-{draw.randrange(16**8):08x}",
            "creationTimestamp": objects.ago(age),
            "ownerReferences": [objects.owner_reference("ReplicaSet", rs, owner)],
        }
        if draw.random() < (0.8 if self.costly else 0.2):
            cost = {"controller.kubernetes.io/pod-deletion-cost": str(draw.choice((-1, 0, 5)))}
            objects.annotated(metadata, cost)
        node, restarts = draw.choice(_NODES), draw.choice((0, 0, 0, 2))
        unscheduled = draw.random() < 0.3
        rs_of = self.case.value("replica_set_cache", template) or api.ReplicaSet(1, 1)
        versions = [draw.randint(_SEEN, _SYNCED), draw.randint(_SYNCED + 1, 2 * _SYNCED)]
        made: Object = {}
        for kind, version, into in (
            (pod.seen, versions[0], self.cache),
            (pod.live, versions[1], self.live),
        ):
            if kind is None:
                continue
            placed = None if kind.phase == "Pending" and unscheduled else node
            if placed is None and into is self.live:
                self.unscheduled.add(name)
            if not made or len(pod.trail) > 1:
                written = {**metadata, "resourceVersion": str(version)}
                ready_for = self.ready_for(kind, rs_of.min_ready_seconds, age)
                made = objects.pod_object(
                    kind, template, written, placed, ready_for, restarts, self.case.collisions
                )
            into.append(made)
        if template == self.case.template or self.case.controller == "deployment":
            self.names[name] = plain_pod(pod.seen, pod.live, pod.named, pod.orphaned)
        if pod.named and template == self.case.template:
            self.expected.append(f"{objects.NAMESPACE}/{name}")

    def ready_for(self, kind: api.PodKind, min_ready_seconds: int, age: int) -> int:
        """Since when a pod is as ready as it is, in seconds."""
        if not kind.ready or min_ready_seconds == 0:
            return self.draw.randint(0, age - 1)
        if kind.available:
            return min_ready_seconds + self.draw.choice((0, 1, 100))
        return self.draw.randint(0, min_ready_seconds - 1)

    # ---- memory -------------------------------------------------------------------------------

    def memory(self) -> Object:
        """The ReplicaSet controller's expectations and what it knows to have written."""
        case, draw = self.case, self.draw
        expected = case.value("expectations", case.template)
        found: Object = {"expectations": None, "written": {}}
        if not expected.fulfilled() or draw.random() < 0.3:
            found["expectations"] = {
                "add": expected.add,
                "del": expected.delete,
                "age": 400 if expected.expired else draw.randint(1, 200),
                "uids": sorted(self.expected),
            }
        if case.setting.consistency_store:
            for resource, variable in (("replicasets", "replica_set_queue"), ("pods", "pod_queue")):
                own = [
                    _SYNCED + at
                    for at, event in enumerate(case.value(variable), start=1)
                    if event.key == case.template and event.own
                ]
                if own or draw.random() < 0.3:
                    seen = draw.randint(_SEEN, _SYNCED)
                    found["written"][resource] = str(max([seen, *own]))
        return found
