"""
Manifests: what a cluster is asked to hold, read from YAML or JSON.

`read_manifests` reads files and folders. What it cannot read, or what the API server would refuse,
is a ManifestError with one line for each problem. What it can read and the model does not have, it
lists, with what that could do to a verdict.
"""

import functools
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path as FilePath

import attrs

from .deployment import DeploymentManifest, read_deployment
from .documents import Node, documents
from .errors import ManifestError, Path, Position, Problem, quoted
from .fields import unmodelled_fields
from .files import files, text_of
from .kinds import ClusterObject, effect_of, is_cluster_scoped
from .reading import Reading

__all__ = ["Manifests", "NotModelled", "parse_manifests", "read_manifests"]

_OLD_GROUPS = ("apps", "extensions")


@attrs.frozen
class NotModelled:
    """
    An object, or a field of a Deployment, that was given and that the model does not have.

    `effect` is `can write to or block`, `may matter` or `inert`, and `why` says it in words;
    `deployments` are those concerned, as `namespace/name`. `field` is None for a whole object.
    """

    kind: str
    name: str
    namespace: str | None
    field: str | None
    position: Position
    effect: str
    why: str
    deployments: tuple[str, ...] = ()


@attrs.frozen
class Manifests:
    """What was read, in the order of files and documents."""

    deployments: tuple[DeploymentManifest, ...]
    not_modelled: tuple[NotModelled, ...]


def read_manifests(paths: Iterable[str | FilePath]) -> Manifests:
    """
    Reads files, and folders of them; raises ManifestError with every problem that it finds.

    Of a file that is not YAML only the first problem is known.
    """
    order = files(paths)
    return _read([(str(file), functools.partial(text_of, file)) for file in order])


def parse_manifests(text: str, name: str) -> Manifests:
    """The same for a text; `name` is what it is called in errors."""
    return _read([(name, lambda: text)])


def _read(texts: Sequence[tuple[str, Callable[[], str]]]) -> Manifests:
    problems: list[Problem] = []
    objects: list[ClusterObject] = []
    for name, text in texts:
        try:
            for node in documents(text(), name):
                objects += _objects(node, (), problems)
        except ManifestError as error:
            problems += error.problems
    problems += _duplicates(objects)
    deployments: dict[int, DeploymentManifest] = {}
    for index, each in enumerate(objects):
        if (each.group, each.kind) == ("apps", "Deployment"):
            manifest = read_deployment(each.reading)
            problems += each.reading.problems
            if manifest is not None:
                deployments[index] = manifest
    if not objects and not problems:
        first = Position(texts[0][0]) if texts else Position("manifests")
        problems.append(Problem(first, (), "no object is given; write a Deployment"))
    if problems:
        rank = {name: number for number, (name, _) in enumerate(texts)}
        problems.sort(key=lambda each: (rank.get(each.position.file, 0), each.position))
        raise ManifestError(dict.fromkeys(problems))
    found = tuple(deployments.values())
    return Manifests(found, tuple(_not_modelled(objects, found)))


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
    if kind.lower() == "deployment" and group in _OLD_GROUPS:
        if api_version != "apps/v1":
            says = f"{quoted(api_version)} is not served; write apps/v1"
            reading.refuse(("apiVersion",), says)
        elif kind != "Deployment":
            reading.refuse(("kind",), f"{quoted(kind)} is unknown; write Deployment")
    elif group == "kustomize.config.k8s.io":
        says = "this is read by kustomize, not by a cluster; give what `kubectl kustomize` prints"
        reading.refuse(("kind",), says)
    name, namespace = reading.get("metadata", "name"), reading.get("metadata", "namespace")
    if not isinstance(name, str) or not name:
        generated = reading.get("metadata", "generateName")
        if not generated and (group, kind) != ("apps", "Deployment"):
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
    objects: Iterable[ClusterObject], deployments: tuple[DeploymentManifest, ...]
) -> Iterator[NotModelled]:
    objects = tuple(objects)
    for each in objects:
        if (each.group, each.kind) == ("apps", "Deployment"):
            yield from _fields(each, objects)
        else:
            effect, why, concerned = effect_of(each, deployments)
            position = each.reading.position()
            yield NotModelled(
                each.kind, each.name, each.namespace, None, position, effect, why, concerned
            )


def _fields(thing: ClusterObject, objects: tuple[ClusterObject, ...]) -> Iterator[NotModelled]:
    claims = {
        each.name: each.reading.get("spec", "accessModes", default=[])
        for each in objects
        if (each.group, each.kind) == ("", "PersistentVolumeClaim")
        and each.namespace == thing.namespace
    }
    concerned = (f"{thing.namespace}/{thing.name}",)
    for field, effect, why, path in unmodelled_fields(thing.reading, claims):
        position = thing.reading.key(*path)
        yield NotModelled(
            thing.kind, thing.name, thing.namespace, field, position, effect, why, concerned
        )
