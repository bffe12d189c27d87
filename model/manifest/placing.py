"""
Where the pods of a StatefulSet may be put: Node objects, and what follows from them.

`nodes.py` reads Node objects, `beside.py` puts this together.
"""

from collections.abc import Mapping
from typing import Any

import attrs

from seatrial.model import statefulset_api

__all__ = ["HeadlessService", "NodeManifest", "Placing", "StorageClass", "Taint"]


@attrs.frozen
class Taint:
    """`spec.taints[]` of a Node."""

    key: str
    value: str
    effect: str


@attrs.frozen
class NodeManifest:
    """A Node as far as the scheduler looks at it; `allocatable` is None where it is not known."""

    name: str
    labels: tuple[tuple[str, str], ...] = ()
    taints: tuple[Taint, ...] = ()
    unschedulable: bool = False
    allocatable: tuple[tuple[str, str], ...] | None = None

    def document(self) -> dict[str, Any]:
        """The object as data that a manifest could hold."""
        found: dict[str, Any] = {
            "apiVersion": "v1",
            "kind": "Node",
            "metadata": {"name": self.name, "labels": dict(self.labels)},
            "spec": {
                "unschedulable": self.unschedulable,
                "taints": [attrs.asdict(each) for each in self.taints],
            },
        }
        if self.allocatable is not None:
            found["status"] = {"allocatable": dict(self.allocatable)}
        return found


@attrs.frozen
class StorageClass:
    """A class of volumes that can be used from some nodes only."""

    name: str
    provisioner: str
    at_once: bool
    default: bool

    def document(self) -> Mapping[str, Any]:
        """The object as data that a manifest could hold."""
        annotations = {"storageclass.kubernetes.io/is-default-class": "true"}
        return {
            "apiVersion": "storage.k8s.io/v1",
            "kind": "StorageClass",
            "metadata": {"name": self.name, "annotations": annotations if self.default else {}},
            "provisioner": self.provisioner,
            "volumeBindingMode": "Immediate" if self.at_once else "WaitForFirstConsumer",
        }


@attrs.frozen
class HeadlessService:
    """The Service that gives the pods of a StatefulSet their names."""

    name: str
    namespace: str
    selector: tuple[tuple[str, str], ...]
    publishes: bool
    """Whether `publishNotReadyAddresses` is set."""

    def document(self) -> Mapping[str, Any]:
        """The object as data that a manifest could hold."""
        return {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": self.name, "namespace": self.namespace},
            "spec": {
                "clusterIP": "None",
                "publishNotReadyAddresses": self.publishes,
                "selector": dict(self.selector),
            },
        }


@attrs.frozen
class Placing:
    """What was read beside a StatefulSet of where its pods are and what they are called."""

    nodes: tuple[NodeManifest, ...] = ()
    storage: StorageClass | None = None
    service: HeadlessService | None = None
    given: tuple[statefulset_api.GivenNode, ...] = ()
    one_to_a_node: bool = False
    apart_by: tuple[str, ...] = ()
    volumes_in: str = ""

    def documents(self) -> list[Mapping[str, Any]]:
        """The objects beside it."""
        others = (self.storage, self.service)
        beside = [each.document() for each in others if each is not None]
        return [*(each.document() for each in self.nodes), *beside]
