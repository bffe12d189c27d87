"""
Kinds that are not modelled, and what an object of them could do to the workloads beside it.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import attrs

from .field_tables import BLOCKS, INERT, MATTERS
from .reading import Reading
from .selector import selector_of
from .stateful_set import StatefulSetManifest
from .workloads import Workload

__all__ = [
    "ADDED_LABELS",
    "ClusterObject",
    "effect_of",
    "is_cluster_scoped",
    "labels_of_pods",
    "selecting",
    "selects_some",
]


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
    """
    `affects` names the function that finds the workloads; with none found it is inert.

    `kinds` are those of workloads that it can concern at all, () for every one.
    """

    effect: str
    affects: str
    why: str
    cluster: bool = False
    kinds: tuple[str, ...] = ()


_ADMISSION = _Rule(BLOCKS, "admitted", "may refuse or change what is written", cluster=True)
_BINDING = _Rule(MATTERS, "everywhere", "puts a policy into force", cluster=True)
_CROWDING = _Rule(
    BLOCKS, "sharing nodes", "has pods that take room on these nodes", kinds=("StatefulSet",)
)
_APART = _Rule(INERT, "none", "has pods of its own, about which nothing is said here")
_READS = _Rule(INERT, "none", "only sends to pods, or reads")
_RIGHTS = _Rule(INERT, "none", "rights; the controllers of the cluster have theirs")
_RIGHTS_ALL = attrs.evolve(_RIGHTS, cluster=True)
_STORED = _Rule(INERT, "none", "what a template uses of it is listed with the template")
_NODES = _Rule(MATTERS, "everywhere", "decides where and when pods run", cluster=True)
_FLOW = _Rule(MATTERS, "everywhere", "may delay what controllers ask for", cluster=True)
_SCALED = ("Deployment", "StatefulSet")
# An object is judged by the first of its rules that finds a workload.
_RULES: dict[tuple[str, str], tuple[_Rule, ...]] = {
    ("admissionregistration.k8s.io", "MutatingAdmissionPolicy"): (_ADMISSION,),
    ("admissionregistration.k8s.io", "MutatingAdmissionPolicyBinding"): (_BINDING,),
    ("admissionregistration.k8s.io", "MutatingWebhookConfiguration"): (_ADMISSION,),
    ("admissionregistration.k8s.io", "ValidatingAdmissionPolicy"): (_ADMISSION,),
    ("admissionregistration.k8s.io", "ValidatingAdmissionPolicyBinding"): (_BINDING,),
    ("admissionregistration.k8s.io", "ValidatingWebhookConfiguration"): (_ADMISSION,),
    ("apiextensions.k8s.io", "CustomResourceDefinition"): (
        _Rule(INERT, "none", "only defines a kind", cluster=True),
    ),
    ("apps", "ControllerRevision"): (
        _Rule(BLOCKS, "adopting", "is adopted, labels and selector fit", kinds=("StatefulSet",)),
        _STORED,
    ),
    ("apps", "DaemonSet"): (_CROWDING, _APART),
    ("apps", "Deployment"): (_CROWDING, _APART),
    ("apps", "ReplicaSet"): (
        _Rule(BLOCKS, "adopting", "is adopted, labels and selector fit", kinds=("Deployment",)),
        _CROWDING,
    ),
    ("apps", "StatefulSet"): (
        _Rule(BLOCKS, "same claims", "has claims of the same names", kinds=("StatefulSet",)),
        _CROWDING,
        _APART,
    ),
    ("autoscaling", "HorizontalPodAutoscaler"): (
        _Rule(BLOCKS, "target", "writes spec.replicas of its target", kinds=_SCALED),
    ),
    ("autoscaling.k8s.io", "VerticalPodAutoscaler"): (
        _Rule(BLOCKS, "target", "evicts pods of its target, and changes new ones"),
    ),
    ("batch", "CronJob"): (
        _Rule(BLOCKS, "owning", "owns it, and may delete it by its limits or its policy"),
        _CROWDING,
        _APART,
    ),
    ("batch", "Job"): (_CROWDING, _APART),
    ("coordination.k8s.io", "Lease"): (_READS,),
    ("discovery.k8s.io", "EndpointSlice"): (_READS,),
    ("flowcontrol.apiserver.k8s.io", "FlowSchema"): (_FLOW,),
    ("flowcontrol.apiserver.k8s.io", "PriorityLevelConfiguration"): (_FLOW,),
    ("keda.sh", "ScaledObject"): (_Rule(BLOCKS, "target", "has its target scaled", kinds=_SCALED),),
    ("monitoring.coreos.com", "PodMonitor"): (_READS,),
    ("monitoring.coreos.com", "PrometheusRule"): (_READS,),
    ("monitoring.coreos.com", "ServiceMonitor"): (_READS,),
    ("networking.k8s.io", "Ingress"): (_READS,),
    ("networking.k8s.io", "IngressClass"): (attrs.evolve(_READS, cluster=True),),
    ("networking.k8s.io", "NetworkPolicy"): (
        _Rule(MATTERS, "namespace", "may cut off what a container needs to be ready"),
    ),
    ("node.k8s.io", "RuntimeClass"): (_NODES,),
    ("policy", "PodDisruptionBudget"): (
        _Rule(MATTERS, "selecting", "has evictions of these pods refused"),
    ),
    ("rbac.authorization.k8s.io", "ClusterRole"): (_RIGHTS_ALL,),
    ("rbac.authorization.k8s.io", "ClusterRoleBinding"): (_RIGHTS_ALL,),
    ("rbac.authorization.k8s.io", "Role"): (_RIGHTS,),
    ("rbac.authorization.k8s.io", "RoleBinding"): (_RIGHTS,),
    ("scheduling.k8s.io", "PriorityClass"): (_NODES,),
    ("storage.k8s.io", "StorageClass"): (
        _Rule(MATTERS, "providing", "decides when claims are bound, and where", cluster=True),
        attrs.evolve(_STORED, cluster=True),
    ),
    ("", "ConfigMap"): (_STORED,),
    ("", "Endpoints"): (_READS,),
    ("", "Event"): (_READS,),
    ("", "LimitRange"): (
        _Rule(BLOCKS, "namespace", "may refuse pods, and changes their resources"),
    ),
    ("", "Namespace"): (
        _Rule(BLOCKS, "secured", "may refuse pods by their security", cluster=True),
    ),
    ("", "Node"): (_NODES,),
    ("", "PersistentVolume"): (
        _Rule(MATTERS, "claiming", "may be bound to a claim of its pods", cluster=True),
        attrs.evolve(_STORED, cluster=True),
    ),
    ("", "PersistentVolumeClaim"): (
        _Rule(MATTERS, "claimed", "is there before, and used by one of its pods"),
        _STORED,
    ),
    ("", "Pod"): (
        _Rule(BLOCKS, "named", "has the name of one of its pods", kinds=("StatefulSet",)),
        _Rule(BLOCKS, "adopting", "is adopted, for the labels fit the selector"),
        _CROWDING,
    ),
    ("", "ReplicationController"): (_CROWDING, _APART),
    ("", "ResourceQuota"): (_Rule(BLOCKS, "namespace", "may refuse pods"),),
    ("", "Secret"): (_STORED,),
    ("", "Service"): (_READS,),
    ("", "ServiceAccount"): (_RIGHTS,),
}
_UNKNOWN = (_Rule(MATTERS, "namespace", "of a kind that nobody here knows"),)
_TARGETED = (_Rule(BLOCKS, "target", "names it as what to scale or to change"),)
_REFERENCES = ("scaleTargetRef", "targetRef", "workloadRef")
# What the API server is asked for on behalf of a workload, by its kind.
_WRITTEN = {
    "Deployment": {"deployments", "pods", "replicasets"},
    "Job": {"jobs", "pods"},
    "StatefulSet": {"controllerrevisions", "persistentvolumeclaims", "pods", "statefulsets"},
}


def is_cluster_scoped(group: str, kind: str) -> bool:
    """Whether objects of a kind belong to no namespace; unknown kinds are taken to have one."""
    rules = _RULES.get((group, kind), ())
    return any(rule.cluster for rule in rules)


def effect_of(
    thing: ClusterObject, workloads: Iterable[Workload]
) -> tuple[str, str, tuple[str, ...]]:
    """Effect, why, and the workloads concerned, by their keys."""
    workloads = tuple(workloads)
    rules = _RULES.get((thing.group, thing.kind))
    if rules is None:
        rules = _TARGETED if any(True for _ in _references(thing)) else _UNKNOWN
    for rule in rules:
        if rule.affects == "none":
            return rule.effect, rule.why, ()
        concerned = tuple(
            each.key
            for each in workloads
            if (not rule.kinds or each.kind in rule.kinds) and _AFFECTS[rule.affects](thing, each)
        )
        if concerned:
            return rule.effect, rule.why, concerned
    return INERT, "concerns no workload that is given", ()


def _references(thing: ClusterObject) -> Iterator[dict[str, Any]]:
    for field in _REFERENCES:
        found = thing.reading.get("spec", field)
        if isinstance(found, dict):
            yield found


def _target(thing: ClusterObject, workload: Workload) -> bool:
    # KEDA's kind defaults to Deployment, and the others have to give one.
    return _namespace(thing, workload) and any(
        each.get("kind", "Deployment") == workload.kind and each.get("name") == workload.name
        for each in _references(thing)
    )


def _namespace(thing: ClusterObject, workload: Workload) -> bool:
    return thing.namespace == workload.namespace


def _everywhere(thing: ClusterObject, workload: Workload) -> bool:
    return True


ADDED_LABELS = frozenset(
    {
        "apps.kubernetes.io/pod-index",
        "batch.kubernetes.io/controller-uid",
        "batch.kubernetes.io/job-completion-index",
        "batch.kubernetes.io/job-name",
        "controller-revision-hash",
        "controller-uid",
        "job-name",
        "pod-template-hash",
        "statefulset.kubernetes.io/pod-name",
    }
)
"""
Labels that controllers put on pods, besides those of the template.

:Docs: https://kubernetes.io/docs/reference/labels-annotations-taints/
"""


def selecting(thing: ClusterObject, workload: Workload) -> bool:
    """
    Whether the object's selector selects the pods of a workload, or may select some of them.

    Some: by labels that the controller adds, which no template shows.
    """
    selector = thing.reading.get("spec", "selector")
    if selector is None or not _namespace(thing, workload):
        return False
    return selects_some(thing) or selector_of(selector).matches(dict(workload.template.labels))


def selects_some(thing: ClusterObject) -> bool:
    """Whether the object's selector asks for labels that only controllers put on pods."""
    selector = selector_of(thing.reading.get("spec", "selector"))
    keys = {key for key, _ in selector.match_labels}
    keys |= {each.key for each in selector.match_expressions}
    return not keys.isdisjoint(ADDED_LABELS)


def labels_of_pods(thing: ClusterObject) -> dict[str, str] | None:
    """The labels of a pod, or of the pods that an object makes; None where it has no pods."""
    place: tuple[str, ...] = ("metadata", "labels")
    if thing.kind != "Pod":
        if not isinstance(thing.reading.get("spec", "template"), dict):
            return None
        place = ("spec", "template", "metadata", "labels")
    labels = thing.reading.get(*place)
    return {str(k): str(v) for k, v in labels.items()} if isinstance(labels, dict) else {}


def _adopting(thing: ClusterObject, workload: Workload) -> bool:
    """:Go: pkg/controller/controller_ref_manager.go: an owner that controls it keeps it."""
    if thing.reading.get("metadata", "ownerReferences") or not _namespace(thing, workload):
        return False
    if (thing.kind, workload.kind) == ("Pod", "StatefulSet"):
        return False  # it adopts by name; see `named`
    labels = thing.reading.get("metadata", "labels")
    return isinstance(labels, dict) and workload.selects(
        {str(key): str(value) for key, value in labels.items()}
    )


def _named(thing: ClusterObject, workload: Workload) -> bool:
    """
    A pod in the place of a member: adopted where its labels fit, or else in the way.

    :Go: pkg/controller/statefulset/stateful_set_utils.go isMemberOf
    """
    return _namespace(thing, workload) and _ordinal_of(thing.name, workload.name)


def _ordinal_of(name: str, parent: str) -> bool:
    start, _, ordinal = name.rpartition("-")
    return start == parent and ordinal.isascii() and ordinal.isdecimal()


def _claimed(thing: ClusterObject, workload: Workload) -> bool:
    """:Go: pkg/controller/statefulset/stateful_set_utils.go getPersistentVolumeClaimName"""
    return (
        isinstance(workload, StatefulSetManifest)
        and _namespace(thing, workload)
        and any(
            _ordinal_of(thing.name, f"{each.name}-{workload.name}")
            for each in workload.volume_claim_templates
        )
    )


def _same_claims(thing: ClusterObject, workload: Workload) -> bool:
    """
    Another set one of whose claims is also one of the workload's: `data-b` of `a`, `data` of `b-a`.

    :Go: pkg/controller/statefulset/stateful_set_utils.go getPersistentVolumeClaimName
    """
    if not isinstance(workload, StatefulSetManifest) or not _namespace(thing, workload):
        return False
    templates = thing.reading.get("spec", "volumeClaimTemplates", default=[])
    names = {f"{each['metadata']['name']}-{thing.name}" for each in templates}
    own = {f"{each.name}-{workload.name}" for each in workload.volume_claim_templates}
    return thing.name != workload.name and not names.isdisjoint(own)


def _sharing_nodes(thing: ClusterObject, workload: Workload) -> bool:
    """Another object with pods, where nodes take only so many of the workload's, or one each."""
    if not isinstance(workload, StatefulSetManifest):
        return False
    itself = (thing.kind, thing.namespace, thing.name)
    placing = workload.placing
    known = placing.one_to_a_node or any(each.room is not None for each in placing.given)
    return (known or _keeps_others_off(thing)) and itself != (
        workload.kind,
        workload.namespace,
        workload.name,
    )


def _keeps_others_off(thing: ClusterObject) -> bool:
    """Whether its pods have required anti-affinity, which binds both sides. Go: InterPodAffinity"""
    pods = ("spec",) if thing.kind == "Pod" else ("spec", "template", "spec")
    required = "requiredDuringSchedulingIgnoredDuringExecution"
    return bool(thing.reading.get(*pods, "affinity", "podAntiAffinity", required, default=None))


def _claiming(thing: ClusterObject, workload: Workload) -> bool:
    return isinstance(workload, StatefulSetManifest) and bool(workload.volume_claim_templates)


def _providing(thing: ClusterObject, workload: Workload) -> bool:
    """Without a name in the template, the class that is the default is taken."""
    return isinstance(workload, StatefulSetManifest) and any(
        each.storage_class_name in (None, thing.name) for each in workload.volume_claim_templates
    )


def _owning(thing: ClusterObject, workload: Workload) -> bool:
    return _namespace(thing, workload) and (thing.kind, thing.name) in workload.owners


def _secured(thing: ClusterObject, workload: Workload) -> bool:
    level = thing.reading.get("metadata", "labels", "pod-security.kubernetes.io/enforce")
    return thing.name == workload.namespace and level not in (None, "privileged")


def _admitted(thing: ClusterObject, workload: Workload) -> bool:
    """Whether it asks to see the workload, or what comes of it; the details are not read."""
    resources = {str(each).partition("/")[0] for each in _resources(thing.reading.data)}
    return bool(resources & {"*", *_WRITTEN[workload.kind]})


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
    "claimed": _claimed,
    "claiming": _claiming,
    "everywhere": _everywhere,
    "named": _named,
    "namespace": _namespace,
    "owning": _owning,
    "providing": _providing,
    "same claims": _same_claims,
    "secured": _secured,
    "sharing nodes": _sharing_nodes,
    "selecting": selecting,
    "target": _target,
}
