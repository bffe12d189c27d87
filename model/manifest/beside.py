"""
What is read beside a StatefulSet of where its pods may be: Nodes, StorageClasses, other pods.

:Go: kubernetes v1.36.3, pkg/scheduler/framework/plugins/interpodaffinity/filtering.go, nodeports;
    pkg/scheduler/framework/plugins/volumebinding
:Docs: https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/,
    https://kubernetes.io/docs/concepts/storage/storage-classes/
:Omits: StorageClasses of other provisioners than those below, or with `allowedTopologies`; volumes
    that are given: all of these stay listed as not modelled
"""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

import attrs

from seatrial.model import placement, statefulset_api

from .kinds import ADDED_LABELS, ClusterObject, labels_of_pods
from .nodes import admits, kept_from_start, requests_of, room_for
from .placing import HeadlessService, NodeManifest, Placing, StorageClass
from .selector import selector_of
from .stateful_set import StatefulSetManifest

__all__ = ["Beside", "with_placing"]

_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
_ZONE = "topology.kubernetes.io/zone"
_POD = "spec.template.spec"
_APART = f"{_POD}.affinity.podAntiAffinity.{_REQUIRED}"
# Whose volumes can be used from where, by the documentation of each provisioner.
_TOPOLOGIES = {
    "ebs.csi.aws.com": _ZONE,
    "kubernetes.io/aws-ebs": _ZONE,
    "kubernetes.io/gce-pd": _ZONE,
    "kubernetes.io/no-provisioner": placement.HOSTNAME,
    "pd.csi.storage.gke.io": _ZONE,
    "rancher.io/local-path": placement.HOSTNAME,
    "topolvm.io": placement.HOSTNAME,
}
_DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class"


@attrs.frozen
class Beside:
    """
    What was read with a StatefulSet: whole objects, and fields of its own.

    `notes` say of a Node's name what is not modelled as it stands there.
    """

    objects: tuple[ClusterObject, ...] = ()
    fields: frozenset[str] = frozenset()
    notes: tuple[tuple[ClusterObject, str], ...] = ()


def with_placing(
    workload: StatefulSetManifest,
    nodes: Sequence[tuple[ClusterObject, NodeManifest]],
    objects: Collection[ClusterObject],
) -> tuple[StatefulSetManifest, Beside]:
    """A StatefulSet with what these Nodes and other objects mean for its pods."""
    pod = json.loads(workload.template.canonical).get("spec", {})
    apart = _apart_by(workload, pod, bool(nodes), objects)
    ports = tuple(_host_ports(pod))
    storage = _storage(workload, objects, bool(nodes))
    volumes_in = "" if storage is None else _TOPOLOGIES[storage[1].provisioner]
    service = _service(workload, objects)
    keys = {*(apart or ()), volumes_in}
    placing = Placing(
        nodes=tuple(each for _, each in nodes),
        storage=None if storage is None else storage[1],
        service=None if service is None else service[1],
        given=tuple(_given(each, pod, keys) for _, each in nodes),
        one_to_a_node=bool(ports),
        apart_by=apart or (),
        volumes_in=volumes_in,
    )
    fields = {_APART} if apart else set()
    fields |= {f"{_POD}.{each}" for each in ports}
    if any(each.allocatable is not None for _, each in nodes):
        fields |= {
            f"{_POD}.containers[{at}].resources" for at in range(len(pod.get("containers") or ()))
        }
        fields |= {f"{_POD}.resources"}
    if storage is not None:
        claims = range(len(workload.volume_claim_templates))
        fields |= {f"spec.volumeClaimTemplates[{at}].spec.storageClassName" for at in claims}
    read = [one for one, _ in nodes]
    read += [each[0] for each in (storage, service) if each is not None]
    notes = ((one, kept_from_start(each, pod, _ready(one))) for one, each in nodes)
    beside = Beside(tuple(read), frozenset(fields), tuple(each for each in notes if each[1]))
    return attrs.evolve(workload, placing=placing), beside


def _given(
    node: NodeManifest, pod: Mapping[str, Any], keys: Collection[str]
) -> statefulset_api.GivenNode:
    return statefulset_api.GivenNode(
        name=node.name,
        admits=admits(node, pod),
        room=room_for(requests_of(pod), node),
        unschedulable=node.unschedulable,
        labels=tuple((key, value) for key, value in node.labels if key in keys),
    )


def _ready(node: ClusterObject) -> bool:
    conditions = node.reading.get("status", "conditions", default=[])
    listed = conditions if isinstance(conditions, list) else []
    found = [each for each in listed if isinstance(each, dict) and each.get("type") == "Ready"]
    return all(each.get("status") == "True" for each in found)


# ---- pods that are kept apart -----------------------------------------------------------------


def _apart_by(
    workload: StatefulSetManifest,
    pod: Mapping[str, Any],
    given: bool,
    objects: Iterable[ClusterObject],
) -> tuple[str, ...] | None:
    """
    The topologies in which no two pods of the set may be together; None where that is not all.

    Without Nodes that are `given`, only that each has a hostname of its own is known.
    """
    terms = ((pod.get("affinity") or {}).get("podAntiAffinity") or {}).get(_REQUIRED) or []
    others = [
        labels_of_pods(each)
        for each in objects
        if (each.kind, each.namespace, each.name)
        != (workload.kind, workload.namespace, workload.name)
    ]
    keys = []
    for term in terms:
        selector = selector_of(term.get("labelSelector"))
        asked = {key for key, _ in selector.match_labels}
        asked |= {each.key for each in selector.match_expressions}
        simple = (
            term.get("labelSelector") is not None
            and bool(term.get("topologyKey"))
            and set(term.get("namespaces") or [workload.namespace]) == {workload.namespace}
            and not any(term.get(each) for each in _NARROWER)
            and term.get("namespaceSelector") is None
            and asked.isdisjoint(ADDED_LABELS)
            and selector.matches(dict(workload.template.labels))
            and not any(labels is not None and selector.matches(labels) for labels in others)
        )
        if not simple or not (given or term.get("topologyKey") == placement.HOSTNAME):
            return None
        keys.append(str(term.get("topologyKey")))
    return tuple(dict.fromkeys(keys))


_NARROWER = ("matchLabelKeys", "mismatchLabelKeys")


def _host_ports(pod: Mapping[str, Any]) -> Iterator[str]:
    """The fields by which two of the pods want one port of a node. Go: GetHostPorts"""
    on_host = bool(pod.get("hostNetwork"))
    for field in ("initContainers", "containers"):
        for at, each in enumerate(pod.get(field) or ()):
            if field == "initContainers" and each.get("restartPolicy") != "Always":
                continue
            for number, port in enumerate(each.get("ports") or ()):
                if port.get("hostPort") or on_host:
                    yield f"{field}[{at}].ports[{number}].hostPort"
                    if on_host:
                        yield "hostNetwork"


# ---- volumes ----------------------------------------------------------------------------------


def _storage(
    workload: StatefulSetManifest, objects: Iterable[ClusterObject], given: bool
) -> tuple[ClusterObject, StorageClass] | None:
    """The class of all claims of the set, where it ties volumes to nodes that are known."""
    names = {each.storage_class_name for each in workload.volume_claim_templates}
    if len(names) != 1:
        return None
    (name,) = names
    classes = [each for each in objects if _is_class(each) and _named(each, name)]
    found = _storage_class(classes[0]) if len(classes) == 1 else None
    if found is None or (found.at_once and len(workload.volume_claim_templates) > 1):
        return None
    known = given or _TOPOLOGIES[found.provisioner] == placement.HOSTNAME
    return (classes[0], found) if known else None


def _service(
    workload: StatefulSetManifest, objects: Iterable[ClusterObject]
) -> tuple[ClusterObject, HeadlessService] | None:
    """The headless Service that the set names, where it selects all pods of the set."""
    for each in objects:
        its = (each.group, each.kind, each.namespace, each.name)
        if its != ("", "Service", workload.namespace, workload.service_name):
            continue
        labels = each.reading.get("spec", "selector")
        if each.reading.get("spec", "clusterIP") != "None" or not isinstance(labels, dict):
            return None
        if each.reading.get("spec", "type", default="ClusterIP") != "ClusterIP":
            return None
        selector = {str(key): str(value) for key, value in labels.items()}
        pods = dict(workload.template.labels)
        if not selector or any(pods.get(key) != value for key, value in selector.items()):
            return None
        publishes = each.reading.get("spec", "publishNotReadyAddresses", default=False) is True
        found = tuple(sorted(selector.items()))
        return each, HeadlessService(each.name, workload.namespace, found, publishes)
    return None


def _is_class(each: ClusterObject) -> bool:
    return (each.group, each.kind) == ("storage.k8s.io", "StorageClass")


def _named(each: ClusterObject, name: str | None) -> bool:
    return _is_default(each) if name is None else each.name == name


def _is_default(each: ClusterObject) -> bool:
    annotations = each.reading.get("metadata", "annotations", default={})
    return isinstance(annotations, dict) and str(annotations.get(_DEFAULT_CLASS)) == "true"


def _storage_class(each: ClusterObject) -> StorageClass | None:
    provisioner = each.reading.get("provisioner")
    mode = each.reading.get("volumeBindingMode", default="Immediate")
    regional = each.reading.get("parameters", "replication-type", default="none") != "none"
    if not isinstance(provisioner, str) or provisioner not in _TOPOLOGIES:
        return None
    if each.reading.get("allowedTopologies") or regional:
        return None
    if mode not in ("Immediate", "WaitForFirstConsumer"):
        return None
    return StorageClass(each.name, provisioner, mode == "Immediate", _is_default(each))
