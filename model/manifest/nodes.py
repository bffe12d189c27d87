"""
Nodes as they are written in manifests, and which pods fit on one.

:Go: kubernetes v1.36.3, pkg/apis/core/v1/defaults.go SetDefaults_NodeStatus;
    staging/src/k8s.io/component-helpers/resource/helpers.go PodRequests,
    scheduling/corev1/nodeaffinity/nodeaffinity.go GetRequiredNodeAffinity, scheduling/corev1
    FindMatchingUntoleratedTaint; pkg/scheduler/framework/plugins/noderesources/fit.go fitsRequest
:Docs: https://kubernetes.io/docs/concepts/architecture/nodes/,
    https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/
:Omits: images that a node has, its conditions but Ready, and most rules about what a Node may be.
    A Node without `status.allocatable` takes any number of pods; one that says nothing of `pods`
    in it, as many as fit otherwise.
"""

import math
from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

from seatrial.model import placement, tolerations

from .errors import Path
from .placing import NodeManifest, Taint
from .reading import Reading
from .selector import check_labels, selector_of
from .template import amount

__all__ = ["admits", "kept_from_start", "read_node", "requests_of", "room_for"]

_EFFECTS = ("NoExecute", "NoSchedule", "PreferNoSchedule")
_OF_CONDITIONS = ("node.kubernetes.io/", "node.cloudprovider.kubernetes.io/")
_CORDONED = "node.kubernetes.io/unschedulable"
_POD_LEVEL = ("cpu", "memory")
Resources = dict[str, Fraction]


# ---- reading ----------------------------------------------------------------------------------


def read_node(reading: Reading) -> NodeManifest:
    """A Node, with whatever is wrong about it noted."""
    name = str(reading.get("metadata", "name", default=""))
    for part in ("metadata", "spec", "status"):
        if not isinstance(reading.get(part, default={}), dict):
            reading.refuse((part,), "no fields here; write a mapping of them")
    # A kubelet gives its node this label, so that none is without. Go: initialNode
    labels = {placement.HOSTNAME: name, **_labels(reading)}
    taints = tuple(_taints(reading))
    spec_says = reading.get("spec", "unschedulable", default=False)
    if not isinstance(spec_says, bool):
        reading.refuse(("spec", "unschedulable"), "neither true nor false")
    return NodeManifest(
        name=name,
        labels=tuple(sorted(labels.items())),
        taints=taints,
        unschedulable=spec_says is True or any(each.key == _CORDONED for each in taints),
        allocatable=_allocatable(reading),
    )


def _labels(reading: Reading) -> dict[str, str]:
    path = ("metadata", "labels")
    given = reading.get(*path, default={})
    if not isinstance(given, dict) or not all(isinstance(each, str) for each in given.values()):
        reading.refuse(path, "no labels; write a string for each, in quotes where it may be none")
        return {}
    check_labels(reading, path)
    return given


def _taints(reading: Reading) -> Iterator[Taint]:
    path: Path = ("spec", "taints")
    given = reading.get(*path, default=[])
    if not isinstance(given, list):
        reading.refuse(path, "no list; write the taints, with a dash before each")
        return
    for index, each in enumerate(given):
        found = each if isinstance(each, dict) else {}
        key, value, effect = (found.get(name, "") for name in ("key", "value", "effect"))
        if not isinstance(key, str) or not key or not isinstance(value, str):
            reading.refuse((*path, index), "no taint; write a key and an effect, both strings")
        elif effect not in _EFFECTS:
            says = f"is no effect of a taint; write one of {', '.join(_EFFECTS)}"
            reading.refuse_value((*path, index, "effect"), effect, says)
        else:
            yield Taint(key, value, effect)


def _allocatable(reading: Reading) -> tuple[tuple[str, str], ...] | None:
    field = "allocatable" if reading.get("status", "allocatable") is not None else "capacity"
    path = ("status", field)
    given = reading.get(*path)
    if given is None:
        return None
    if not isinstance(given, dict):
        reading.refuse(path, "no quantities by name; write such as cpu: 4")
        return None
    found = {name: str(each) for name, each in given.items()}
    for name, text in found.items():
        size = amount(text)
        if size is None or size < 0:
            reading.refuse_value((*path, f"[{name}]"), text, "is no quantity; write such as 4Gi")
    return tuple(sorted(found.items()))


# ---- which pods -------------------------------------------------------------------------------


def admits(node: NodeManifest, pod: Mapping[str, Any]) -> bool:
    """Whether selector, required affinity and taints let a pod with this spec on the node."""
    wanted = pod.get("nodeSelector") or {}
    labels = dict(node.labels)
    if any(labels.get(key) != value for key, value in wanted.items()):
        return False
    affinity = (pod.get("affinity") or {}).get("nodeAffinity") or {}
    required = affinity.get("requiredDuringSchedulingIgnoredDuringExecution")
    if required is not None and not any(
        _term_matches(each, node) for each in required.get("nodeSelectorTerms") or ()
    ):
        return False
    return all(_tolerating(pod, each) for each in _own_taints(node))


def _term_matches(term: Any, node: NodeManifest) -> bool:
    """A term that asks for nothing matches no node. Go: isEmptyNodeSelectorTerm"""
    labels = term.get("matchExpressions") or []
    fields = term.get("matchFields") or []
    if not labels and not fields:
        return False
    by_name = {"metadata.name": node.name}
    return selector_of({"matchExpressions": labels}).matches(dict(node.labels)) and selector_of(
        {"matchExpressions": fields}
    ).matches(by_name)


def _own_taints(node: NodeManifest) -> Iterator[Taint]:
    """The taints that somebody has put there, and that keep pods away."""
    for each in node.taints:
        if each.effect != "PreferNoSchedule" and not each.key.startswith(_OF_CONDITIONS):
            yield each


def _tolerating(pod: Mapping[str, Any], taint: Taint) -> tuple[Mapping[str, Any], ...]:
    written = pod.get("tolerations") or ()
    return tolerations.tolerating(written, taint.key, taint.value, taint.effect)


def kept_from_start(node: NodeManifest, pod: Mapping[str, Any], ready: bool) -> str:
    """What of a node is not modelled as it is for such a pod; empty if all is."""
    for each in node.taints:
        if each.key.startswith(_OF_CONDITIONS) and each.key != _CORDONED:
            return f"its taint {each.key}: all nodes are well at first"
    if not ready:
        return "it is not ready, and all nodes are ready at first"
    for each in _own_taints(node):
        seconds = [one.get("tolerationSeconds") for one in _tolerating(pod, each)]
        if each.effect == "NoExecute" and any(one is not None for one in seconds):
            return f"its taint {each.key}: pods are evicted after tolerationSeconds"
    return ""


# ---- how many ---------------------------------------------------------------------------------


def requests_of(pod: Mapping[str, Any]) -> Resources:
    """
    What a pod with this spec asks of its node. Go: PodRequests

    >>> one = {"resources": {"requests": {"cpu": "500m"}, "limits": {"memory": "1Gi"}}}
    >>> requests_of({"containers": [one, one]})["cpu"]
    Fraction(1, 1)
    """
    asked: Resources = {}
    for each in pod.get("containers") or ():
        _add(asked, _requests(each))
    sidecars: Resources = {}
    starting: Resources = {}
    for each in pod.get("initContainers") or ():
        own = _requests(each)
        if each.get("restartPolicy") == "Always":
            _add(asked, own)
            _add(sidecars, own)
            own = {}
        _add(own, sidecars)
        _raise_to(starting, own)
    _raise_to(asked, starting)
    asked |= _of_the_pod(pod, asked)
    _add(asked, _sizes(pod.get("overhead")))
    return asked


def _of_the_pod(pod: Mapping[str, Any], containers: Resources) -> Resources:
    """
    What is asked for the pod as a whole, which goes before what its containers ask for.

    A limit of it counts where nobody asks for any. Go: IsSupportedPodLevelResource,
    defaultPodRequests
    """
    given = pod.get("resources") or {}
    requests, limits = _sizes(given.get("requests")), _sizes(given.get("limits"))
    limits = {
        name: size
        for name, size in limits.items()
        if name not in _POD_LEVEL or name not in containers
    }
    return {
        name: size
        for name, size in {**limits, **requests}.items()
        if name in _POD_LEVEL or name.startswith("hugepages-")
    }


def _requests(of: Mapping[str, Any]) -> Resources:
    """What is not asked for and has a limit is asked for up to that. Go: SetDefaults_Pod"""
    resources = of.get("resources") or {}
    return {**_sizes(resources.get("limits")), **_sizes(resources.get("requests"))}


def _sizes(given: Any) -> Resources:
    found = ((name, amount(str(each))) for name, each in (given or {}).items())
    return {name: size for name, size in found if size is not None}


def _add(to: Resources, more: Resources) -> None:
    for name, size in more.items():
        to[name] = to.get(name, Fraction(0)) + size


def _raise_to(low: Resources, high: Resources) -> None:
    for name, size in high.items():
        low[name] = max(low.get(name, Fraction(0)), size)


def room_for(requests: Resources, node: NodeManifest) -> int | None:
    """How many pods that ask for this fit on an empty node; None where nobody says what it has."""
    if node.allocatable is None:
        return None
    has = {name: amount(text) or Fraction(0) for name, text in node.allocatable}
    rooms = [math.floor(has["pods"])] if "pods" in has else []
    for name, size in requests.items():
        unit = 1000 if name == "cpu" else 1
        asked = math.ceil(size * unit)
        if asked > 0:
            rooms.append(math.ceil(has.get(name, Fraction(0)) * unit) // asked)
    return min(rooms, default=None)
