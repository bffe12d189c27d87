"""
Rules about metadata and pod templates that the API server has and that people run into.

:Go: kubernetes v1.36.3, pkg/apis/core/validation/validation.go ValidatePodTemplateSpec,
    ValidatePodSpec, validateContainers, validateContainerCommon; pkg/apis/apps/validation
    ValidateDeploymentSpec, ValidateStatefulSetSpec; apimachinery pkg/api/validation
    ValidateObjectMeta
:Omits: rules about probes, ports, environments, security contexts, affinity to pods and
    the contents of volumes; `kubectl apply --dry-run=server` knows them all.
"""

import math
from collections.abc import Callable, Collection
from typing import Any

from .errors import Path
from .names import annotation_key, dns_label, label_key
from .reading import Reading
from .selector import check_labels

__all__ = ["check_metadata", "check_pods", "check_template"]

_ANNOTATIONS = 256 * 1024
_PULL = ("Always", "IfNotPresent", "Never")
_HELM = "looks like a template of Helm: run `helm template` first and give the output"


def check_metadata(reading: Reading, name_says: Callable[[str], str | None]) -> None:
    """The metadata of an object that has to have a name."""
    path = ("metadata", "name")
    name = reading.get(*path, default="")
    if name:
        reading.refuse_value(path, name, name_says(name))
    elif reading.get("metadata", "generateName"):
        reading.refuse(
            ("metadata", "generateName"),
            "the name would be made up by the API server, and no report could give it; write name",
        )
    else:
        reading.refuse(path, "no name; write metadata.name")
    namespace = reading.get("metadata", "namespace", default="")
    if namespace:
        reading.refuse_value(("metadata", "namespace"), namespace, dns_label(namespace))
    check_labels(reading, ("metadata", "labels"))
    _check_annotations(reading, ("metadata", "annotations"))
    for index, each in enumerate(reading.get("metadata", "finalizers", default=[])):
        where = ("metadata", "finalizers", index)
        says = label_key(each) or (None if "/" in each or each in _FINALIZERS else _NO_DOMAIN)
        reading.refuse_value(where, each, says and says.replace("a label", "a finalizer"))


_FINALIZERS = ("kubernetes", "foregroundDeletion", "orphan")
_NO_DOMAIN = "is no finalizer; write it with a domain, as in example.com/cleanup"


def _check_annotations(reading: Reading, path: Path) -> None:
    annotations = reading.get(*path, default={})
    for key in annotations:
        reading.refuse_value((*path, f"[{key}]"), key, annotation_key(key))
    size = sum(len(key.encode()) + len(value.encode()) for key, value in annotations.items())
    if size > _ANNOTATIONS:
        reading.refuse(path, f"{size} bytes in all; write at most {_ANNOTATIONS}")


def check_template(
    reading: Reading, path: Path, kind: str, claims: Collection[str] = frozenset()
) -> None:
    """
    The template of pods that run for ever, apart from its labels.

    `claims` are names of volumes that its owner, which is of that kind, adds.
    """
    if reading.get(*path) is None:
        return  # without a template there are no labels either, and that has been said
    spec = (*path, "spec")
    policy = reading.get(*spec, "restartPolicy", default="") or "Always"
    if policy != "Always":
        says = f"cannot be kept by a {kind}; write Always, or a Job instead of a {kind}"
        reading.refuse_value((*spec, "restartPolicy"), policy, says)
    if reading.get(*spec, "activeDeadlineSeconds") is not None:
        says = f"a {kind}'s pods have no deadline; remove it or write a Job"
        reading.refuse((*spec, "activeDeadlineSeconds"), says)
    check_pods(reading, path, claims, overwritten=kind == "StatefulSet")


def check_pods(
    reading: Reading,
    path: Path,
    claims: Collection[str] = frozenset(),
    *,
    overwritten: bool = False,
) -> None:
    """
    The rest of a template, which is the same for pods that run for ever and those that end.

    `overwritten` says that pods get other host names than the template has.
    """
    _check_annotations(reading, (*path, "metadata", "annotations"))
    spec = (*path, "spec")
    if reading.get(*spec, "ephemeralContainers"):
        says = "a template has none of these; use `kubectl debug` on a pod"
        reading.refuse((*spec, "ephemeralContainers"), says)
    for field in ("hostname", "subdomain"):
        value = reading.get(*spec, field, default="")
        if value and not overwritten:
            reading.refuse_value((*spec, field), value, dns_label(value))
    _check_containers(reading, spec)
    _check_volumes(reading, spec, claims)
    _check_node_affinity(reading, (*spec, "affinity", "nodeAffinity"))


def _check_containers(reading: Reading, spec: Path) -> None:
    if not reading.get(*spec, "containers"):
        reading.refuse((*spec, "containers"), "no containers; write at least one")
    seen: dict[str, str] = {}
    for field in ("containers", "initContainers"):
        for index, container in enumerate(reading.get(*spec, field, default=[])):
            path = (*spec, field, index)
            _check_container(reading, container, path)
            name = container.get("name", "")
            if name in seen:
                says = f"is the name of another container in {seen[name]}; write a name of its own"
                reading.refuse_value((*path, "name"), name, says)
            elif name:
                seen[name] = field


def _check_container(reading: Reading, container: dict[str, Any], path: Path) -> None:
    name, image = container.get("name", ""), container.get("image", "")
    if name:
        reading.refuse_value((*path, "name"), name, dns_label(name))
    else:
        reading.refuse((*path, "name"), "no name; write one for each container")
    if not image:
        reading.refuse((*path, "image"), "no image; write one such as nginx:1.29")
    elif "{{" in image:
        reading.refuse_value((*path, "image"), image, _HELM)
    pull = container.get("imagePullPolicy", "") or _PULL[0]
    if pull not in _PULL:
        says = f"is no pull policy; write one of {', '.join(_PULL)}"
        reading.refuse_value((*path, "imagePullPolicy"), pull, says)


def _check_volumes(reading: Reading, spec: Path, claims: Collection[str]) -> None:
    """
    Volumes with names of their own, and mounts that have one.

    A volume with the name of a claim is replaced by it. :Go: ValidateVolumes, updateStorage
    """
    known = set(claims)
    for index, volume in enumerate(reading.get(*spec, "volumes", default=[])):
        path, name = (*spec, "volumes", index, "name"), volume.get("name", "")
        if not name:
            reading.refuse(path, "no name; write one for each volume")
            continue
        reading.refuse_value(path, name, dns_label(name))
        if name in known and name not in claims:
            reading.refuse_value(path, name, "is the name of another volume; write another name")
        known.add(name)
    for field in ("containers", "initContainers"):
        for index, container in enumerate(reading.get(*spec, field, default=[])):
            for number, mount in enumerate(container.get("volumeMounts", [])):
                name = mount.get("name", "")
                if name not in known:
                    where = (*spec, field, index, "volumeMounts", number, "name")
                    reading.refuse_value(where, name, "is no volume of this pod; add it to volumes")


_OF_LABELS = {
    "In": "one value or more",
    "NotIn": "one value or more",
    "Exists": "no value",
    "DoesNotExist": "no value",
    "Gt": "one value",
    "Lt": "one value",
}
_OF_FIELDS = {"In": "one value", "NotIn": "one value"}
_MANY = {"no value": (0, 0), "one value": (1, 1), "one value or more": (1, math.inf)}


def _check_node_affinity(reading: Reading, path: Path) -> None:
    """What is required of nodes. :Go: ValidateNodeSelectorRequirement and its neighbours"""
    terms = (*path, "requiredDuringSchedulingIgnoredDuringExecution", "nodeSelectorTerms")
    for at, term in enumerate(reading.get(*terms, default=[])):
        for field, known in (("matchExpressions", _OF_LABELS), ("matchFields", _OF_FIELDS)):
            for number, each in enumerate(term.get(field) or []):
                where = (*terms, at, field, number)
                if not each.get("key"):
                    reading.refuse(where, "no key; write the label that is asked for")
                operator = each.get("operator", "")
                if operator not in known:
                    says = f"is no operator here; write one of {', '.join(known)}"
                    reading.refuse_value((*where, "operator"), operator, says)
                    continue
                least, most = _MANY[known[operator]]
                if not least <= len(each.get("values") or []) <= most:
                    reading.refuse((*where, "values"), f"{operator} takes {known[operator]}")
