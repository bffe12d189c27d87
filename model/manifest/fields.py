"""
The fields of a Deployment that are read and not modelled, and what they could do.

A path that is not in the table, but known to the API server, may matter: inert is only what
somebody has thought about. Where several rows fit, the longest one counts.
"""

import functools
from collections.abc import Iterator, Mapping
from typing import Any

from .errors import Path, dotted
from .reading import Reading

__all__ = ["BLOCKS", "INERT", "MATTERS", "Found", "unmodelled_fields"]

BLOCKS = "can write to or block"
MATTERS = "may matter"
INERT = "inert"

Found = tuple[str, str, str, Path]  # field, effect, why, path

_POD = "spec.template.spec"
_MODELLED = (
    "apiVersion",
    "kind",
    "metadata.name",
    "metadata.namespace",
    "spec.minReadySeconds",
    "spec.paused",
    "spec.progressDeadlineSeconds",
    "spec.replicas",
    "spec.revisionHistoryLimit",
    "spec.selector",
    "spec.strategy",
    "spec.template.metadata.labels",
    f"{_POD}.containers[].name",
    f"{_POD}.containers[].image",
    f"{_POD}.restartPolicy",  # only Always passes
    f"{_POD}.volumes[].name",  # a label for what stands beside it, which is listed
)
_OBJECT = {
    "metadata.labels": (INERT, "no controller in the model selects Deployments"),
    "metadata.annotations": (MATTERS, "another controller may act on it"),
    "metadata.creationTimestamp": (INERT, "the API server writes it"),
    "metadata.deletionGracePeriodSeconds": (INERT, "ignored when an object is written"),
    "metadata.deletionTimestamp": (INERT, "ignored when an object is written"),
    "metadata.finalizers": (BLOCKS, "holds up the deletion until somebody removes it"),
    "metadata.generateName": (INERT, "ignored beside a name"),
    "metadata.generation": (INERT, "the API server writes it"),
    "metadata.managedFields": (INERT, "the API server writes it"),
    "metadata.ownerReferences": (BLOCKS, "the garbage collector deletes it without its owner"),
    "metadata.resourceVersion": (INERT, "only compared when the manifest is written"),
    "metadata.selfLink": (INERT, "ignored"),
    "metadata.uid": (INERT, "the API server writes it"),
    "status": (INERT, "ignored when an object is written"),
    "spec.template.metadata": (INERT, "not copied to pods"),
    "spec.template.metadata.annotations": (MATTERS, "another controller may act on it"),
    "spec.template.metadata.finalizers": (BLOCKS, "holds up the deletion of every pod"),
}
_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
_PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"
_ON_NODES = "pods may find no node"
_POD_FIELDS = {
    "affinity": (MATTERS, _ON_NODES),
    **{
        f"affinity.{each}.{_REQUIRED}": (BLOCKS, _ON_NODES)
        for each in ("nodeAffinity", "podAffinity", "podAntiAffinity")
    },
    **{
        f"affinity.{each}.{_PREFERRED}": (INERT, "prefers nodes and excludes none")
        for each in ("nodeAffinity", "podAffinity", "podAntiAffinity")
    },
    "automountServiceAccountToken": (INERT, "what is mounted does not decide when a pod is ready"),
    "dnsConfig": (INERT, "how names are looked up inside of a pod"),
    "dnsPolicy": (INERT, "how names are looked up inside of a pod"),
    "enableServiceLinks": (INERT, "adds variables to the environment"),
    "hostAliases": (INERT, "how names are looked up inside of a pod"),
    "hostNetwork": (BLOCKS, "two pods with the same port do not fit on a node"),
    "hostname": (INERT, "a name inside of a pod"),
    "hostnameOverride": (INERT, "a name inside of a pod"),
    "initContainers": (MATTERS, "a pod is not ready before these have ended"),
    "nodeName": (BLOCKS, "a pod that its node refuses fails and is replaced without end"),
    "nodeSelector": (BLOCKS, _ON_NODES),
    "overhead": (INERT, "a part of the resources that a pod asks for"),
    "readinessGates": (BLOCKS, "a pod is not ready before another controller says so"),
    "resourceClaims": (BLOCKS, "a pod waits for its claims"),
    "resources": (INERT, "the capacity of nodes is not given in manifests"),
    "schedulerName": (BLOCKS, "a pod waits for this scheduler"),
    "schedulingGates": (BLOCKS, "a pod waits until another controller removes them"),
    "schedulingGroup": (BLOCKS, "a pod waits for the others of its group"),
    "setHostnameAsFQDN": (INERT, "a name inside of a pod"),
    "shareProcessNamespace": (INERT, "what processes see of each other"),
    "subdomain": (INERT, "a name inside of a pod"),
    "terminationGracePeriodSeconds": (MATTERS, "how long a pod takes to end"),
    "topologySpreadConstraints[]": (BLOCKS, _ON_NODES),
    "volumes[]": (MATTERS, "a pod waits for its volumes"),
    "volumes[].configMap": (MATTERS, "a pod waits for it if it is missing"),
    "volumes[].downwardAPI": (INERT, "made of the pod itself"),
    "volumes[].emptyDir": (INERT, "made on the node, without waiting"),
    "volumes[].persistentVolumeClaim": (BLOCKS, "one node at a time may use the claim"),
    "volumes[].secret": (MATTERS, "a pod waits for it if it is missing"),
}
_CONTAINER = {
    "args": (INERT, "which program runs is left open"),
    "command": (INERT, "which program runs is left open"),
    "env[]": (INERT, "which program runs is left open"),
    "env[].valueFrom": (MATTERS, "a container does not start while it is missing"),
    "imagePullPolicy": (INERT, "whether pulling succeeds is left open"),
    "lifecycle": (MATTERS, "how long a container takes to start or to end"),
    "ports[]": (INERT, "only informs"),
    "ports[].hostPort": (BLOCKS, "two pods with the same port do not fit on a node"),
    "resizePolicy": (INERT, "only asked when a running pod is resized"),
    "resources": (INERT, "the capacity of nodes is not given in manifests"),
    "resources.claims": (BLOCKS, "a pod waits for its claims"),
    "stdin": (INERT, "what is connected to a process"),
    "stdinOnce": (INERT, "what is connected to a process"),
    "terminationMessagePath": (INERT, "where an exit is explained"),
    "terminationMessagePolicy": (INERT, "where an exit is explained"),
    "tty": (INERT, "what is connected to a process"),
    "volumeMounts": (INERT, "what is mounted is judged with the volume"),
    "workingDir": (INERT, "which program runs is left open"),
}
_TABLE: dict[str, tuple[str, str]] = {
    **_OBJECT,
    **{f"{_POD}.{field}": row for field, row in _POD_FIELDS.items()},
    **{f"{_POD}.containers[].{field}": row for field, row in _CONTAINER.items()},
}
_UNKNOWN = (MATTERS, "nobody has looked at what it does to a rollout")
# Annotations that tell people or tools outside of the cluster something.
_INFORMING = (
    "app.kubernetes.io/",
    "argocd.argoproj.io/",
    "checksum/",
    "kubectl.kubernetes.io/default-container",
    "kubectl.kubernetes.io/last-applied-configuration",
    "kubectl.kubernetes.io/restartedAt",
    "kubernetes.io/change-cause",
    "kubernetes.io/description",
    "meta.helm.sh/",
    "prometheus.io/",
)


def unmodelled_fields(reading: Reading, claims: Mapping[str, Any]) -> Iterator[Found]:
    """Each field that was given; `claims` are the access modes of claims, by name."""
    seen = set()
    for path, row in _rows((), reading.data):
        if path not in seen:
            seen.add(path)
            effect, why = _judged(reading, path, row, claims)
            yield dotted(path), effect, why, path


def _rows(
    path: Path, data: Any, inherited: tuple[Path, tuple[str, str]] | None = None
) -> Iterator[tuple[Path, tuple[str, str]]]:
    """The paths to list, each with its row; a field that says nothing is not listed."""
    pattern = _pattern(path)
    if pattern in _MODELLED or (path and data in ({}, [], "")):
        return
    if pattern.startswith("metadata.annotations[seatrial.dev/"):
        return  # they say what to check; whatever is in them is read, or refused
    if pattern in _TABLE:
        inherited = (path, _TABLE[pattern])
    if _reaches_further(pattern) and isinstance(data, dict | list):
        children = data.items() if isinstance(data, dict) else enumerate(data)
        for step, each in children:
            name = f"[{step}]" if pattern.endswith(".annotations") else step
            yield from _rows((*path, name), each, inherited)
    elif pattern.endswith("]") and ".annotations[" in pattern:
        yield path, _TABLE[pattern.partition("[")[0]]
    else:
        yield inherited or (path, _UNKNOWN)


def _pattern(path: Path) -> str:
    return dotted(tuple("[]" if isinstance(step, int) else step for step in path))


@functools.lru_cache(1000)
def _reaches_further(pattern: str) -> bool:
    if not pattern or pattern.endswith(".annotations"):
        return True
    return any(row.startswith((f"{pattern}.", f"{pattern}[]")) for row in (*_TABLE, *_MODELLED))


def _judged(
    reading: Reading, path: Path, row: tuple[str, str], claims: Mapping[str, Any]
) -> tuple[str, str]:
    """The row, unless the value says otherwise."""
    last = path[-1]
    value = reading.get(*path)
    if isinstance(last, str) and last.startswith("["):
        informs = last[1:].startswith(_INFORMING)
        return (INERT, "informs people and tools outside") if informs else row
    if last == "schedulerName" and value == "default-scheduler":
        return INERT, "the default"
    if path[-2:-1] == ("topologySpreadConstraints",) and (
        isinstance(value, dict) and value.get("whenUnsatisfiable") == "ScheduleAnyway"
    ):
        return INERT, "prefers nodes and excludes none"
    if last == "persistentVolumeClaim":
        modes = claims.get(str(reading.get(*path, "claimName")))
        shared = ("ReadOnlyMany", "ReadWriteMany")
        if modes and all(mode in shared for mode in modes):
            return MATTERS, "a pod waits for its volumes"
        if modes is None:
            return BLOCKS, "the claim is not given; if one node at a time may use it, pods wait"
    return row
