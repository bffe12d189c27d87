"""The fields of a workload that are given and not modelled, and what they could do."""

import functools
from collections.abc import Iterator, Mapping
from typing import Any

from .errors import Path, dotted
from .field_tables import BLOCKS, INERT, INFORMING, MATTERS, MODELLED, UNKNOWN, Row, rows
from .job import CONTROLLER
from .reading import Reading

__all__ = ["Found", "unmodelled_fields"]

_KEPT_BY_NODES = (
    "AllContainersRestarting",
    "ContainersReady",
    "Initialized",
    "PodReadyToStartContainers",
    "PodResizeInProgress",
    "PodResizePending",
    "PodScheduled",
    "Ready",
)
"""Conditions of pods that kubelets and the scheduler keep. Go: k8s.io/api/core/v1 types.go"""

_POD: Path = ("spec", "template", "spec")
_VOLUMES: Path = (*_POD, "volumes")
_TEMPLATES: Path = ("spec", "volumeClaimTemplates")

Found = tuple[str, str, str, Path]  # field, effect, why, path


def unmodelled_fields(kind: str, reading: Reading, claims: Mapping[str, Any]) -> Iterator[Found]:
    """Each field that was given; `claims` are the access modes of claims, by name."""
    seen = set()
    for path, row in _rows(kind, (), reading.data):
        if path not in seen:
            seen.add(path)
            effect, why = _judged(reading, path, row, claims)
            yield dotted(path), effect, why, path
    if kind == "Job":
        for path in _conditions_asked(reading):
            why = "whether a failed pod has this condition is not modelled"
            yield dotted(path), BLOCKS, why, path
        for path in _codes_of_one(reading):
            why = "which of its containers a failed pod has a code of is not modelled"
            yield dotted(path), BLOCKS, why, path
        second: Path = (*_POD, "containers", 1)
        if reading.get(*second) is not None:
            yield dotted(second), MATTERS, "a pod fails when its only container does", second


def _conditions_asked(reading: Reading) -> Iterator[Path]:
    """Where a podFailurePolicy asks for a condition of pods that its node keeps."""
    policy: Path = ("spec", "podFailurePolicy", "rules")
    for at, rule in enumerate(_listed(reading.get(*policy))):
        asked = rule.get("onPodConditions") if isinstance(rule, dict) else None
        for number, each in enumerate(_listed(asked)):
            if isinstance(each, dict) and each.get("type") in _KEPT_BY_NODES:
                yield (*policy, at, "onPodConditions", number)


def _codes_of_one(reading: Reading) -> Iterator[Path]:
    """
    Where a podFailurePolicy asks for exit codes, and there are some that no container that fails
    has: of another container than it names, or of a sidecar, which is stopped in the end.

    Else the first rule that is met is met by the code of one container, whoever else has failed.
    Go: pod_failure_policy.go getMatchingContainerFromList
    """
    policy: Path = ("spec", "podFailurePolicy", "rules")
    first = _listed(reading.get(*_POD, "initContainers"))
    sidecars = any(isinstance(each, dict) and each.get("restartPolicy") for each in first)
    several = len(first) + len(_listed(reading.get(*_POD, "containers"))) > 1
    for at, rule in enumerate(_listed(reading.get(*policy))):
        codes = rule.get("onExitCodes") if isinstance(rule, dict) else None
        if not isinstance(codes, dict):
            continue
        if sidecars or (several and codes.get("containerName") is not None):
            yield (*policy, at, "onExitCodes")


def _listed(found: Any) -> list[Any]:
    return found if isinstance(found, list) else []


def _rows(
    kind: str, path: Path, data: Any, inherited: tuple[Path, Row] | None = None
) -> Iterator[tuple[Path, Row]]:
    """The paths to list, each with its row; a field that says nothing is not listed."""
    pattern = _pattern(path)
    table = rows(kind)
    if pattern in MODELLED[kind] or (path and data in ({}, [], "")):
        return
    if pattern.startswith("metadata.annotations[seatrial.dev/"):
        return  # they say what to check; whatever is in them is read, or refused
    if pattern in table:
        inherited = (path, table[pattern])
    if _reaches_further(kind, pattern) and isinstance(data, dict | list):
        children = data.items() if isinstance(data, dict) else enumerate(data)
        for step, each in children:
            name = f"[{step}]" if pattern.endswith(".annotations") else step
            yield from _rows(kind, (*path, name), each, inherited)
    elif pattern.endswith("]") and ".annotations[" in pattern:
        yield path, table[pattern.rpartition("[")[0]]
    else:
        yield inherited or (path, UNKNOWN)


def _pattern(path: Path) -> str:
    return dotted(tuple("[]" if isinstance(step, int) else step for step in path))


@functools.lru_cache(1000)
def _reaches_further(kind: str, pattern: str) -> bool:
    if not pattern or pattern.endswith(".annotations"):
        return True
    below = (f"{pattern}.", f"{pattern}[]")
    return any(row.startswith(below) for row in (*rows(kind), *MODELLED[kind]))


def _judged(reading: Reading, path: Path, row: Row, claims: Mapping[str, Any]) -> Row:
    """The row, unless the value says otherwise."""
    last = path[-1]
    value = reading.get(*path)
    if isinstance(last, str) and last.startswith("["):
        informs = last[1:].startswith(INFORMING)
        return (INERT, "informs people and tools outside") if informs else row
    if value in (False, 0) and last in ("hostNetwork", "hostPort", "setHostnameAsFQDN"):
        return INERT, "the default"
    if last == "hostPort" and "initContainers" in path and not _is_sidecar(reading, path[:5]):
        return INERT, "the scheduler asks for no port of a container that ends before others start"
    if last == "imagePullPolicy" and value == "Never":
        return MATTERS, "a pod waits where the image is not on its node"
    if last == "os":
        return _on_its_system(reading, path, row)
    if last == "managedBy" and value == CONTROLLER:
        return INERT, "the controller of the cluster"
    if last == "schedulerName" and value == "default-scheduler":
        return INERT, "the default"
    if path[-2:-1] == ("topologySpreadConstraints",) and (
        isinstance(value, dict) and value.get("whenUnsatisfiable") == "ScheduleAnyway"
    ):
        return INERT, "prefers nodes and excludes none"
    if path[:4] == _VOLUMES and _has_template(reading, path[:5]):
        return INERT, "the claim template of that name takes its place"
    if last == "persistentVolumeClaim":
        modes = claims.get(str(reading.get(*path, "claimName")))
        shared = ("ReadOnlyMany", "ReadWriteMany")
        if modes and all(mode in shared for mode in modes):
            return MATTERS, "a pod waits for its volumes"
        if modes is None:
            return row[0], "the claim is not given; if one node at a time may use it, pods wait"
    return row


def _is_sidecar(reading: Reading, container: Path) -> bool:
    """Whether an init container runs beside the others. Go: GetHostPorts"""
    return bool(reading.get(*container, "restartPolicy", default="") == "Always")


def _on_its_system(reading: Reading, path: Path, row: Row) -> Row:
    """Whether pods may get to a node of another system. Go: rejectPodAdmissionBasedOnOSField"""
    asked = reading.get(*path, "name", default="")
    selected = reading.get(*path[:-1], "nodeSelector", default={})
    if isinstance(selected, dict) and selected.get("kubernetes.io/os") == asked:
        return INERT, "the node selector asks for the same"
    return (MATTERS, row[1]) if asked == "linux" else row


def _has_template(reading: Reading, volume: Path) -> bool:
    """
    Whether the StatefulSet has a claim template of the volume's name: pods get that claim instead.

    Go: pkg/controller/statefulset/stateful_set_utils.go updateStorage
    """
    templates = _listed(reading.get(*_TEMPLATES))
    names = [reading.get(*_TEMPLATES, at, "metadata", "name") for at in range(len(templates))]
    return reading.get(*volume, "name", default="") in names
