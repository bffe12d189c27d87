"""
Kinds that are not modelled, and what an object of them could do to the Deployments beside it.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import attrs

from .deployment import DeploymentManifest
from .fields import BLOCKS, INERT, MATTERS
from .reading import Reading
from .selector import selector_of

__all__ = ["ClusterObject", "effect_of", "is_cluster_scoped"]


@attrs.frozen(eq=False)
class ClusterObject:
    """Any object of the manifests, with what all of them have."""

    reading: Reading
    group: str
    version: str
    kind: str
    name: str
    namespace: str | None


@attrs.frozen
class _Rule:
    """`affects` names the function that finds the Deployments; with none found it is inert."""

    effect: str
    affects: str
    why: str
    cluster: bool = False


_ADMISSION = _Rule(BLOCKS, "admitted", "may refuse or change what is written", cluster=True)
_BINDING = _Rule(MATTERS, "everywhere", "puts a policy into force", cluster=True)
_APART = _Rule(INERT, "none", "has pods of its own, about which nothing is checked")
_READS = _Rule(INERT, "none", "only sends to pods, or reads")
_RIGHTS = _Rule(INERT, "none", "rights; the controllers of the cluster have theirs")
_RIGHTS_ALL = attrs.evolve(_RIGHTS, cluster=True)
_STORED = _Rule(INERT, "none", "what a template uses of it is listed with the template")
_NODES = _Rule(MATTERS, "everywhere", "decides where and when pods run", cluster=True)
_FLOW = _Rule(MATTERS, "everywhere", "may delay what controllers ask for", cluster=True)
_RULES: dict[tuple[str, str], _Rule] = {
    ("admissionregistration.k8s.io", "MutatingAdmissionPolicy"): _ADMISSION,
    ("admissionregistration.k8s.io", "MutatingAdmissionPolicyBinding"): _BINDING,
    ("admissionregistration.k8s.io", "MutatingWebhookConfiguration"): _ADMISSION,
    ("admissionregistration.k8s.io", "ValidatingAdmissionPolicy"): _ADMISSION,
    ("admissionregistration.k8s.io", "ValidatingAdmissionPolicyBinding"): _BINDING,
    ("admissionregistration.k8s.io", "ValidatingWebhookConfiguration"): _ADMISSION,
    ("apiextensions.k8s.io", "CustomResourceDefinition"): _Rule(
        INERT, "none", "only defines a kind", cluster=True
    ),
    ("apps", "ControllerRevision"): _STORED,
    ("apps", "DaemonSet"): _APART,
    ("apps", "ReplicaSet"): _Rule(BLOCKS, "adopting", "is adopted, labels and selector fit"),
    ("apps", "StatefulSet"): _APART,
    ("autoscaling", "HorizontalPodAutoscaler"): _Rule(
        BLOCKS, "target", "writes spec.replicas of its target"
    ),
    ("autoscaling.k8s.io", "VerticalPodAutoscaler"): _Rule(
        BLOCKS, "target", "evicts pods of its target, and changes new ones"
    ),
    ("batch", "CronJob"): _APART,
    ("batch", "Job"): _APART,
    ("coordination.k8s.io", "Lease"): _READS,
    ("discovery.k8s.io", "EndpointSlice"): _READS,
    ("flowcontrol.apiserver.k8s.io", "FlowSchema"): _FLOW,
    ("flowcontrol.apiserver.k8s.io", "PriorityLevelConfiguration"): _FLOW,
    ("keda.sh", "ScaledObject"): _Rule(BLOCKS, "target", "has its target scaled"),
    ("monitoring.coreos.com", "PodMonitor"): _READS,
    ("monitoring.coreos.com", "PrometheusRule"): _READS,
    ("monitoring.coreos.com", "ServiceMonitor"): _READS,
    ("networking.k8s.io", "Ingress"): _READS,
    ("networking.k8s.io", "IngressClass"): attrs.evolve(_READS, cluster=True),
    ("networking.k8s.io", "NetworkPolicy"): _Rule(
        MATTERS, "namespace", "may cut off what a container needs to be ready"
    ),
    ("node.k8s.io", "RuntimeClass"): _NODES,
    ("policy", "PodDisruptionBudget"): _Rule(
        MATTERS, "selecting", "has evictions of these pods refused"
    ),
    ("rbac.authorization.k8s.io", "ClusterRole"): _RIGHTS_ALL,
    ("rbac.authorization.k8s.io", "ClusterRoleBinding"): _RIGHTS_ALL,
    ("rbac.authorization.k8s.io", "Role"): _RIGHTS,
    ("rbac.authorization.k8s.io", "RoleBinding"): _RIGHTS,
    ("scheduling.k8s.io", "PriorityClass"): _NODES,
    ("storage.k8s.io", "StorageClass"): attrs.evolve(_STORED, cluster=True),
    ("", "ConfigMap"): _STORED,
    ("", "Endpoints"): _READS,
    ("", "Event"): _READS,
    ("", "LimitRange"): _Rule(BLOCKS, "namespace", "may refuse pods, and changes their resources"),
    ("", "Namespace"): _Rule(BLOCKS, "secured", "may refuse pods by their security", cluster=True),
    ("", "Node"): _NODES,
    ("", "PersistentVolume"): attrs.evolve(_STORED, cluster=True),
    ("", "PersistentVolumeClaim"): _STORED,
    ("", "Pod"): _Rule(BLOCKS, "adopting", "is adopted, for the labels fit the selector"),
    ("", "ReplicationController"): _APART,
    ("", "ResourceQuota"): _Rule(BLOCKS, "namespace", "may refuse pods"),
    ("", "Secret"): _STORED,
    ("", "Service"): _READS,
    ("", "ServiceAccount"): _RIGHTS,
}
_UNKNOWN = _Rule(MATTERS, "namespace", "of a kind that nobody here knows")
_TARGETED = _Rule(BLOCKS, "target", "names it as what to scale or to change")
_REFERENCES = ("scaleTargetRef", "targetRef", "workloadRef")


def is_cluster_scoped(group: str, kind: str) -> bool:
    """Whether objects of a kind belong to no namespace; unknown kinds are taken to have one."""
    rule = _RULES.get((group, kind))
    return rule is not None and rule.cluster


def effect_of(
    thing: ClusterObject, deployments: Iterable[DeploymentManifest]
) -> tuple[str, str, tuple[str, ...]]:
    """Effect, why, and the Deployments concerned, as `namespace/name`."""
    rule = _RULES.get((thing.group, thing.kind))
    if rule is None:
        named = any(True for _ in _references(thing))
        rule = _TARGETED if named else _UNKNOWN
    if rule.affects == "none":
        return rule.effect, rule.why, ()
    concerned = tuple(
        f"{each.namespace}/{each.name}"
        for each in deployments
        if _AFFECTS[rule.affects](thing, each)
    )
    if concerned:
        return rule.effect, rule.why, concerned
    return INERT, "concerns no Deployment that is given", ()


def _references(thing: ClusterObject) -> Iterator[dict[str, Any]]:
    for field in _REFERENCES:
        found = thing.reading.get("spec", field)
        if isinstance(found, dict):
            yield found


def _target(thing: ClusterObject, deployment: DeploymentManifest) -> bool:
    # KEDA's kind defaults to Deployment, and the others have to give one.
    return _namespace(thing, deployment) and any(
        each.get("kind", "Deployment") == "Deployment" and each.get("name") == deployment.name
        for each in _references(thing)
    )


def _namespace(thing: ClusterObject, deployment: DeploymentManifest) -> bool:
    return thing.namespace == deployment.namespace


def _everywhere(thing: ClusterObject, deployment: DeploymentManifest) -> bool:
    return True


def _selecting(thing: ClusterObject, deployment: DeploymentManifest) -> bool:
    selector = thing.reading.get("spec", "selector")
    return (
        _namespace(thing, deployment)
        and selector is not None
        and selector_of(selector).matches(dict(deployment.template.labels))
    )


def _adopting(thing: ClusterObject, deployment: DeploymentManifest) -> bool:
    """:Go: pkg/controller/controller_ref_manager.go: an owner that controls it keeps it."""
    if thing.reading.get("metadata", "ownerReferences") or not _namespace(thing, deployment):
        return False
    labels = thing.reading.get("metadata", "labels")
    return isinstance(labels, dict) and deployment.selector.matches(
        {str(key): str(value) for key, value in labels.items()}
    )


def _secured(thing: ClusterObject, deployment: DeploymentManifest) -> bool:
    level = thing.reading.get("metadata", "labels", "pod-security.kubernetes.io/enforce")
    return thing.name == deployment.namespace and level not in (None, "privileged")


def _admitted(thing: ClusterObject, deployment: DeploymentManifest) -> bool:
    """Whether it asks to see Deployments, or what comes of them; the details are not read."""
    resources = {str(each).partition("/")[0] for each in _resources(thing.reading.data)}
    return bool(resources & {"*", "deployments", "replicasets", "pods"})


def _resources(data: Any) -> Iterator[Any]:
    if isinstance(data, dict):
        for key, each in data.items():
            if key == "resources" and isinstance(each, list):
                yield from each
            else:
                yield from _resources(each)
    elif isinstance(data, list):
        for each in data:
            yield from _resources(each)


_AFFECTS = {
    "admitted": _admitted,
    "adopting": _adopting,
    "everywhere": _everywhere,
    "namespace": _namespace,
    "secured": _secured,
    "selecting": _selecting,
    "target": _target,
}
