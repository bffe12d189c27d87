"""
Manifests: what a cluster is asked to hold, read from YAML or JSON.

`read_manifests` reads files and folders. What it cannot read, or what the API server would refuse,
is a ManifestError with one line for each problem. What the API server accepts and people may not
expect is a warning. What it can read and the model does not have, it lists, with what that could do
to a verdict.
"""

import functools
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path as FilePath

import attrs

from .beside import Beside, with_placing
from .budgets import with_budget
from .cron_job import CronJobManifest, read_cron_job
from .daemon_set import DaemonSetManifest, read_daemon_set
from .deployment import DeploymentManifest, read_deployment
from .documents import Node, documents
from .errors import ManifestError, ManifestWarning, Path, Position, Problem, quoted
from .field_tables import BLOCKS, WAITS
from .fields import unmodelled_fields
from .files import files, text_of
from .job import JobManifest, read_job
from .kinds import ClusterObject, effect_of, is_cluster_scoped
from .nodes import read_node
from .reading import Reading
from .stateful_set import StatefulSetManifest, read_stateful_set
from .workloads import Workload

__all__ = ["Manifests", "NotModelled", "parse_manifests", "read_manifests"]

_READERS: dict[tuple[str, str], Callable[[Reading], Workload | None]] = {
    ("apps", "DaemonSet"): read_daemon_set,
    ("apps", "Deployment"): read_deployment,
    ("apps", "StatefulSet"): read_stateful_set,
    ("batch", "CronJob"): read_cron_job,
    ("batch", "Job"): read_job,
}
_MODELLED = (DeploymentManifest, JobManifest, StatefulSetManifest)
_OLD_GROUPS = {"apps": ("apps", "extensions"), "batch": ("batch",)}


@attrs.frozen
class NotModelled:
    """
    An object, or a field of a workload, that was given and that the model does not have.

    `effect` is `can write to or block`, `may keep pods waiting`, `may matter` or `inert`, and `why`
    says it in words; `concerns` are the keys of the workloads concerned, as
    `Deployment/default/web`. `field` is None for a whole object.
    """

    kind: str
    name: str
    namespace: str | None
    field: str | None
    position: Position
    effect: str
    why: str
    concerns: tuple[str, ...] = ()

    @property
    def blocks(self) -> bool:
        """Whether nothing can be said to hold of whom it concerns."""
        return self.effect == BLOCKS

    @property
    def keeps_waiting(self) -> bool:
        """Whether pods of whom it concerns may stay pending, and that is all it does."""
        return self.effect == WAITS

    @property
    def deployments(self) -> tuple[str, ...]:
        """The Deployments concerned, as `namespace/name`."""
        start = f"{DeploymentManifest.kind}/"
        return tuple(each.removeprefix(start) for each in self.concerns if each.startswith(start))


@attrs.frozen
class Manifests:
    """
    What was read, in the order of files and documents.

    A workload is itself in `not_modelled` as far as others are concerned: for each of another kind,
    it is an object with pods of its own, and so is a StatefulSet for another one. `unmodelled` are
    workloads of kinds that nothing models: they are checked, and listed in `not_modelled` as any
    other object.
    """

    workloads: tuple[Workload, ...]
    not_modelled: tuple[NotModelled, ...]
    warnings: tuple[ManifestWarning, ...] = ()
    unmodelled: tuple[Workload, ...] = ()

    @property
    def deployments(self) -> tuple[DeploymentManifest, ...]:
        """The Deployments among the workloads."""
        return tuple(each for each in self.workloads if isinstance(each, DeploymentManifest))

    @property
    def stateful_sets(self) -> tuple[StatefulSetManifest, ...]:
        """The StatefulSets among the workloads."""
        return tuple(each for each in self.workloads if isinstance(each, StatefulSetManifest))

    @property
    def jobs(self) -> tuple[JobManifest, ...]:
        """The Jobs among the workloads."""
        return tuple(each for each in self.workloads if isinstance(each, JobManifest))

    @property
    def cron_jobs(self) -> tuple[CronJobManifest, ...]:
        """The CronJobs, which nothing models."""
        return tuple(each for each in self.unmodelled if isinstance(each, CronJobManifest))

    @property
    def daemon_sets(self) -> tuple[DaemonSetManifest, ...]:
        """The DaemonSets, which nothing models."""
        return tuple(each for each in self.unmodelled if isinstance(each, DaemonSetManifest))


def read_manifests(
    paths: Iterable[str | FilePath], gates: Collection[str] = frozenset()
) -> Manifests:
    """
    Reads files, and folders of them; raises ManifestError with every problem that it finds.

    `gates` are the feature gates that are on; of those, only MaxUnavailableStatefulSet changes what
    is read. Of a file that is not YAML only the first problem is known.
    """
    order = files(paths)
    return _read([(str(file), functools.partial(text_of, file)) for file in order], gates)


def parse_manifests(text: str, name: str, gates: Collection[str] = frozenset()) -> Manifests:
    """The same for a text; `name` is what it is called in errors."""
    return _read([(name, lambda: text)], gates)


def _read(texts: Sequence[tuple[str, Callable[[], str]]], gates: Collection[str]) -> Manifests:
    problems: list[Problem] = []
    objects: list[ClusterObject] = []
    for name, text in texts:
        try:
            for node in documents(text(), name):
                objects += _objects(node, (), problems)
        except ManifestError as error:
            problems += error.problems
    problems += _duplicates(objects)
    found: dict[int, Workload] = {}
    for index, each in enumerate(objects):
        read = _READERS.get((each.group, each.kind))
        if read is not None:
            each.reading.gates = gates
            manifest = read(each.reading)
            problems += each.reading.problems
            if manifest is not None:
                found[index] = manifest
    nodes = [(each, read_node(each.reading)) for each in objects if _is_node(each)]
    problems += [one for each, _ in nodes for one in each.reading.problems]
    if not objects and not problems:
        first = Position(texts[0][0]) if texts else Position("manifests")
        problems.append(Problem(first, (), "no object is given; write a Deployment"))
    if problems:
        rank = {name: number for number, (name, _) in enumerate(texts)}
        problems.sort(key=lambda each: (rank.get(each.position.file, 0), each.position))
        raise ManifestError(dict.fromkeys(problems))
    workloads = {index: each for index, each in found.items() if isinstance(each, _MODELLED)}
    beside: dict[str, Beside] = {}
    for index, workload in workloads.items():
        if isinstance(workload, StatefulSetManifest):
            workload, budget = with_budget(workload, tuple(found.values()), objects)
            workloads[index], with_it = with_placing(workload, nodes, objects)
            more = () if budget is None else (budget,)
            beside[workload.key] = attrs.evolve(with_it, objects=(*with_it.objects, *more))
    return Manifests(
        workloads=tuple(workloads.values()),
        not_modelled=tuple(_not_modelled(objects, workloads, beside)),
        warnings=tuple(_warnings(objects, found)),
        unmodelled=tuple(each for each in found.values() if not isinstance(each, _MODELLED)),
    )


def _is_node(each: ClusterObject) -> bool:
    return (each.group, each.kind) == ("", "Node")


def _warnings(
    objects: Sequence[ClusterObject], workloads: Mapping[int, Workload]
) -> Iterator[ManifestWarning]:
    for index, workload in workloads.items():
        found = objects[index].reading.warnings
        for each in sorted(found, key=lambda warning: warning.position):
            yield ManifestWarning(workload.key, each.position, each.path, each.says)


def _objects(node: Node, path: Path, problems: list[Problem]) -> Iterator[ClusterObject]:
    """The object of a document, or those of a List; what is neither is a problem."""
    if not isinstance(node.value, dict):
        says = f"{quoted(node.value)} stands where an object has to be; write apiVersion and kind"
        problems.append(Problem(node.position, path, says))
        return
    reading = Reading(node, path)
    kind, version = reading.get("kind"), reading.get("apiVersion")
    for field, value in (("apiVersion", version), ("kind", kind)):
        if not isinstance(value, str) or not value:
            says = "no string here" if value is not None else f"no {field}"
            example = "apps/v1" if field == "apiVersion" else "Deployment"
            reading.refuse((field,), f"{says}; write {field}, such as {example}")
    if not reading.problems and kind.endswith("List") and "items" in node.value:
        items = node.value["items"]
        if isinstance(items.value, tuple):
            for index, item in enumerate(items.value):
                yield from _objects(item, (*path, "items", index), problems)
            return
        if items.value is None:
            return
        reading.refuse(("items",), "no list; write the objects, with a dash before each")
    if not reading.problems:
        found = _object(reading, version, kind)
        if not reading.problems:
            yield found
    problems += reading.problems
    reading.problems.clear()


def _object(reading: Reading, api_version: str, kind: str) -> ClusterObject:
    group, _, version = api_version.rpartition("/")
    readable = (group, kind) in _READERS
    for known_group, known in _READERS:
        if kind.lower() != known.lower() or group not in _OLD_GROUPS[known_group]:
            continue
        if api_version != f"{known_group}/v1":
            says = f"{quoted(api_version)} is not served; write {known_group}/v1"
            reading.refuse(("apiVersion",), says)
        elif kind != known:
            reading.refuse(("kind",), f"{quoted(kind)} is unknown; write {known}")
    if group == "kustomize.config.k8s.io":
        says = "this is read by kustomize, not by a cluster; give what `kubectl kustomize` prints"
        reading.refuse(("kind",), says)
    name, namespace = reading.get("metadata", "name"), reading.get("metadata", "namespace")
    if not isinstance(name, str) or not name:
        generated = reading.get("metadata", "generateName")
        if not generated and not readable:
            reading.refuse(("metadata", "name"), "no name; write metadata.name")
        name = ""
    cluster = is_cluster_scoped(group, kind)
    given = namespace if isinstance(namespace, str) and namespace else "default"
    return ClusterObject(reading, group, version, kind, name, None if cluster else given)


def _duplicates(objects: Iterable[ClusterObject]) -> Iterator[Problem]:
    first: dict[tuple[str, str, str | None, str], Position] = {}
    for each in objects:
        key = (each.group, each.kind, each.namespace, each.name)
        position = each.reading.position("metadata", "name")
        if not each.name:
            continue
        if key in first:
            where = f" in namespace {each.namespace}" if each.namespace else ""
            says = f"the {each.kind} {quoted(each.name)}{where} was given before, at {first[key]}"
            path = (*each.reading.path, "metadata", "name")
            yield Problem(position, path, f"{says}; remove one of the two")
        first.setdefault(key, position)


def _not_modelled(
    objects: Sequence[ClusterObject],
    workloads: Mapping[int, Workload],
    beside: Mapping[str, Beside],
) -> Iterator[NotModelled]:
    """All that is not modelled; what is read `beside` a workload is, as far as that goes."""
    for index, each in enumerate(objects):
        effect, why, concerned = effect_of(each, workloads.values())
        read_by = {key for key, found in beside.items() if each in found.objects}
        concerned = tuple(key for key in concerned if key not in read_by)
        yield from _notes(each, beside)
        if read_by and not concerned:
            continue
        if index in workloads:
            key = workloads[index].key
            fields = beside[key].fields if key in beside else frozenset()
            yield from _fields(each, key, objects, fields)
            if not concerned:
                others = (other for other in workloads.values() if other.key != key)
                concerned = tuple(one.key for one in others if _told_of(one.kind, each.kind))
            if not concerned:
                continue
        position = each.reading.position()
        yield NotModelled(
            each.kind, each.name, each.namespace, None, position, effect, why, concerned
        )


def _told_of(kind: str, other: str) -> bool:
    """Whether a workload is told of another beside it; many Deployments may be in one file."""
    return kind != other or kind == "StatefulSet"


def _notes(thing: ClusterObject, beside: Mapping[str, Beside]) -> Iterator[NotModelled]:
    """What of an object that was read beside workloads is not modelled as it stands there."""
    for key, found in beside.items():
        for _, why in (each for each in found.notes if each[0] is thing):
            at = thing.reading.position()
            yield NotModelled(
                thing.kind, thing.name, thing.namespace, None, at, BLOCKS, why, (key,)
            )


def _fields(
    thing: ClusterObject, key: str, objects: Iterable[ClusterObject], read: Collection[str]
) -> Iterator[NotModelled]:
    """The fields of a workload that were not `read` in one way or another."""
    claims = {
        each.name: each.reading.get("spec", "accessModes", default=[])
        for each in objects
        if (each.group, each.kind) == ("", "PersistentVolumeClaim")
        and each.namespace == thing.namespace
    }
    for field, effect, why, path in unmodelled_fields(thing.kind, thing.reading, claims):
        if field in read:
            continue
        position = thing.reading.key(*path)
        yield NotModelled(
            thing.kind, thing.name, thing.namespace, field, position, effect, why, (key,)
        )
