"""
Values of the model as objects of the Kubernetes API, and back.

Only fields that the model speaks of are written; the API server's defaults fill in the rest. Times
are seconds before `NOW`. Whatever differs between clusters that are the same to the model (names,
UIDs, ages …) comes from the caller.
"""

from collections.abc import Mapping
from typing import Any

from seatrial.model import api

from .names import (
    HASHES,
    NAME,
    NAMESPACE,
    NOW,
    ago,
    deployment_uid,
    labels,
    pod_labels,
    replica_set_name,
    seconds_ago,
    template_hash,
    uid_number,
)

__all__ = [
    "HASHES",
    "NAME",
    "NAMESPACE",
    "NOW",
    "Object",
    "ago",
    "annotated",
    "deployment_object",
    "deployment_uid",
    "is_stranger",
    "observed_generation",
    "observed_of",
    "owner_reference",
    "pod_labels",
    "pod_object",
    "read_deployment",
    "read_deployment_status",
    "read_replica_set",
    "read_replica_set_status",
    "replica_set_name",
    "replica_set_object",
    "seconds_ago",
    "stranger_object",
    "template_hash",
    "template_object",
    "uid_number",
]

Object = dict[str, Any]

_PREFIX = "deployment.kubernetes.io/"
_REVISION = _PREFIX + "revision"
_DESIRED = _PREFIX + "desired-replicas"
_MAXIMAL = _PREFIX + "max-replicas"
_STRANGER = "uid-taken"
_ROLLBACK = "deprecated.deployment.rollback.to"

# ---- templates and metadata -------------------------------------------------------------------


def template_object(template: int, labels: Mapping[str, str]) -> Object:
    """The pod template of that number: numbers are told apart by the image."""
    return {
        "metadata": {"labels": dict(labels)},
        "spec": {"containers": [{"name": "web", "image": f"web:{template}"}]},
    }


def _template_of(template: Object) -> int:
    image: str = template["spec"]["containers"][0]["image"]
    return int(image.removeprefix("web:"))


def owner_reference(kind: str, name: str, uid: str) -> Object:
    """The reference of an object to its controller."""
    return {
        "apiVersion": "apps/v1",
        "kind": kind,
        "name": name,
        "uid": uid,
        "controller": True,
        "blockOwnerDeletion": True,
    }


def annotated(metadata: Object, found: Mapping[str, int | str | None]) -> None:
    """Write those annotations that have a value."""
    written = {name: str(value) for name, value in found.items() if value is not None}
    if written:
        metadata["annotations"] = written


def _number(metadata: Object, name: str) -> int | None:
    written = metadata.get("annotations", {}).get(name)
    return int(written) if written is not None and written.isdecimal() else None


def _deleted(metadata: Object, deleting: bool) -> None:
    if deleting:
        metadata["deletionTimestamp"] = ago(5)
        metadata["deletionGracePeriodSeconds"] = 0
        metadata["finalizers"] = ["foregroundDeletion"]


def observed_generation(observed: api.Observed, generation: int) -> int:
    """A number that stands so to the generation, which is at least 2 where it must be behind."""
    if observed is api.Observed.NEVER:
        return 0
    return generation if observed is api.Observed.CURRENT else generation - 1


def observed_of(status: Object, generation: int) -> api.Observed:
    """How the number in a status stands to a generation."""
    number = status.get("observedGeneration", 0)
    if number == 0:
        return api.Observed.NEVER
    return api.Observed.CURRENT if number >= generation else api.Observed.BEHIND


# ---- Deployments ------------------------------------------------------------------------------


def _bound(bound: api.IntOrPercent | None) -> int | str | None:
    if bound is None:
        return None
    return f"{bound.value}%" if bound.kind == "percent" else bound.value


def deployment_object(
    of: api.Deployment, metadata: Object, dated: int, others: int = 1000
) -> Object:
    """
    A Deployment whose Progressing condition was last updated `dated` seconds ago.

    `metadata` has UID, resourceVersion and generation; the other conditions are `others` old.
    """
    spec, metadata = of.spec, {"name": NAME, "namespace": NAMESPACE, **metadata}
    annotated(metadata, {_REVISION: of.revision, _ROLLBACK: of.rollback_to})
    _deleted(metadata, of.deleting)
    strategy: Object = {"type": spec.strategy.type}
    bounds = spec.strategy.rolling_update
    if bounds is not None:
        strategy["rollingUpdate"] = {
            "maxSurge": _bound(bounds.max_surge),
            "maxUnavailable": _bound(bounds.max_unavailable),
        }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": metadata,
        "spec": {
            "replicas": spec.replicas,
            "paused": spec.paused,
            "strategy": strategy,
            "minReadySeconds": spec.min_ready_seconds,
            "revisionHistoryLimit": spec.revision_history_limit,
            "progressDeadlineSeconds": spec.progress_deadline_seconds,
            "selector": {"matchLabels": {"app": NAME}},
            "template": template_object(spec.template, labels()),
        },
        "status": _deployment_status(of.status, metadata["generation"], dated, others),
    }


def _deployment_status(
    status: api.DeploymentStatus, generation: int, dated: int, others: int
) -> Object:
    written: Object = {
        "observedGeneration": observed_generation(status.observed_generation, generation),
        "replicas": status.replicas,
        "updatedReplicas": status.updated_replicas,
        "readyReplicas": status.ready_replicas,
        "availableReplicas": status.available_replicas,
        "unavailableReplicas": status.unavailable_replicas,
        "conditions": [
            {
                "type": each.type,
                "status": each.status,
                "reason": each.reason,
                "message": "as before",
                "lastUpdateTime": ago(dated if each.type == "Progressing" else others),
                "lastTransitionTime": ago(others),
            }
            for each in status.conditions
        ],
    }
    if status.terminating_replicas is not None:
        written["terminatingReplicas"] = status.terminating_replicas
    if status.collision_count:
        written["collisionCount"] = status.collision_count
    return written


def read_deployment_status(status: Object, generation: int) -> api.DeploymentStatus:
    """A status that was written, against the generation of the object that it is about."""
    conditions = (
        api.DeploymentCondition(each["type"], each["status"], each.get("reason"))
        for each in status.get("conditions", ())
    )
    return api.DeploymentStatus(
        replicas=status.get("replicas", 0),
        updated_replicas=status.get("updatedReplicas", 0),
        ready_replicas=status.get("readyReplicas", 0),
        available_replicas=status.get("availableReplicas", 0),
        unavailable_replicas=status.get("unavailableReplicas", 0),
        terminating_replicas=status.get("terminatingReplicas"),
        observed_generation=observed_of(status, generation),
        conditions=tuple(sorted(conditions, key=lambda each: each.type)),
        collision_count=status.get("collisionCount", 0),
    )


def _read_bound(written: int | str) -> api.IntOrPercent:
    if isinstance(written, int):
        return api.IntOrPercent.absolute(written)
    return api.IntOrPercent.percent(int(written.removesuffix("%")))


def read_deployment(written: Object) -> api.Deployment:
    """The model's Deployment."""
    metadata, spec = written["metadata"], written["spec"]
    bounds = spec["strategy"].get("rollingUpdate")
    rolling = None
    if bounds is not None:
        rolling = api.RollingUpdateDeployment(
            _read_bound(bounds["maxUnavailable"]), _read_bound(bounds["maxSurge"])
        )
    return api.Deployment(
        spec=api.DeploymentSpec(
            template=_template_of(spec["template"]),
            replicas=spec["replicas"],
            paused=spec.get("paused", False),
            strategy=api.DeploymentStrategy(spec["strategy"]["type"], rolling),
            min_ready_seconds=spec.get("minReadySeconds", 0),
            revision_history_limit=spec.get("revisionHistoryLimit"),
            progress_deadline_seconds=spec.get("progressDeadlineSeconds"),
        ),
        status=read_deployment_status(written.get("status", {}), metadata["generation"]),
        revision=_number(metadata, _REVISION),
        rollback_to=_number(metadata, _ROLLBACK),
        deleting="deletionTimestamp" in metadata,
        uid=uid_number(metadata["uid"]),
    )


# ---- ReplicaSets ------------------------------------------------------------------------------


def replica_set_object(
    of: api.ReplicaSet, metadata: Object, garbled: bool, collisions: int = 0
) -> Object:
    """
    A ReplicaSet, called as after so many collisions.

    `garbled`: where the model has no desired size there is an annotation, but not a number.
    """
    labels = pod_labels(of.template, collisions)
    metadata = {
        "name": replica_set_name(of.template, collisions),
        "namespace": NAMESPACE,
        "labels": labels,
        **metadata,
    }
    desired = "none" if garbled and of.desired_replicas is None else of.desired_replicas
    annotated(metadata, {_REVISION: of.revision, _DESIRED: desired, _MAXIMAL: of.max_replicas})
    _deleted(metadata, of.deleting)
    if of.owner is not None:
        owner = owner_reference("Deployment", NAME, deployment_uid(of.owner))
        metadata["ownerReferences"] = [owner]
    hashed = {"app": NAME, "pod-template-hash": template_hash(of.template, collisions)}
    return {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": metadata,
        "spec": {
            "replicas": of.replicas,
            "minReadySeconds": of.min_ready_seconds,
            "selector": {"matchLabels": hashed},
            "template": template_object(of.template, labels),
        },
        "status": _replica_set_status(of.status, metadata["generation"]),
    }


def _replica_set_status(status: api.ReplicaSetStatus, generation: int) -> Object:
    written: Object = {
        "replicas": status.replicas,
        "fullyLabeledReplicas": status.fully_labeled_replicas,
        "readyReplicas": status.ready_replicas,
        "availableReplicas": status.available_replicas,
        "observedGeneration": observed_generation(status.observed_generation, generation),
    }
    if status.terminating_replicas is not None:
        written["terminatingReplicas"] = status.terminating_replicas
    if status.replica_failure is not None:
        written["conditions"] = [
            {
                "type": "ReplicaFailure",
                "status": "True",
                "reason": status.replica_failure,
                "message": "as before",
                "lastTransitionTime": ago(1000),
            }
        ]
    return written


def read_replica_set_status(status: Object, generation: int) -> api.ReplicaSetStatus:
    """A status that was written, against the generation of the object that it is about."""
    failures = [
        each.get("reason", "")
        for each in status.get("conditions", ())
        if each["type"] == "ReplicaFailure"
    ]
    return api.ReplicaSetStatus(
        replicas=status.get("replicas", 0),
        fully_labeled_replicas=status.get("fullyLabeledReplicas", 0),
        ready_replicas=status.get("readyReplicas", 0),
        available_replicas=status.get("availableReplicas", 0),
        terminating_replicas=status.get("terminatingReplicas"),
        observed_generation=observed_of(status, generation),
        replica_failure=failures[0] if failures else None,
    )


def stranger_object(of: api.ReplicaSet, taken: tuple[int, int], metadata: Object) -> Object:
    """A ReplicaSet of another Deployment, under the name of a template after so many collisions."""
    template, collisions = taken
    uid = f"{_STRANGER}-{template}-{collisions}"
    made = replica_set_object(of, {"uid": uid, **metadata}, False, collisions)
    made["metadata"]["name"] = replica_set_name(template, collisions)
    owner = owner_reference("Deployment", "other", "uid-other")
    made["metadata"]["ownerReferences"] = [owner]
    return made


def is_stranger(written: Object) -> bool:
    """Whether it is one of these."""
    return str(written["metadata"]["uid"]).startswith(_STRANGER)


def read_replica_set(written: Object) -> api.ReplicaSet:
    """The model's ReplicaSet, without its rank in the order of creation."""
    metadata, spec = written["metadata"], written["spec"]
    return api.ReplicaSet(
        template=_template_of(spec["template"]),
        created=0,
        replicas=spec["replicas"],
        min_ready_seconds=spec.get("minReadySeconds", 0),
        status=read_replica_set_status(written.get("status", {}), metadata.get("generation", 1)),
        desired_replicas=_number(metadata, _DESIRED),
        max_replicas=_number(metadata, _MAXIMAL),
        revision=_number(metadata, _REVISION),
        deleting="deletionTimestamp" in metadata,
        owner=_owner(metadata),
    )


def _owner(metadata: Object) -> int | None:
    for each in metadata.get("ownerReferences", ()):
        if each.get("controller"):
            return uid_number(each["uid"])
    return None


# ---- Pods -------------------------------------------------------------------------------------


def pod_object(
    kind: api.PodKind,
    template: int,
    metadata: Object,
    node: str | None,
    ready_for: int,
    restarts: int = 0,
    collisions: int = 0,
) -> Object:
    """A pod of that kind, on that node, whose readiness changed `ready_for` seconds ago."""
    labels = pod_labels(template, collisions)
    if not kind.fully_labeled:
        del labels["tier"]
    metadata = {"namespace": NAMESPACE, "labels": labels, **metadata}
    if kind.terminating:
        metadata["deletionTimestamp"] = ago(-20)
        metadata["deletionGracePeriodSeconds"] = 30
    spec = template_object(template, {})["spec"]
    if node is not None:
        spec["nodeName"] = node
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": metadata,
        "spec": spec,
        "status": {
            "phase": kind.phase,
            "conditions": [
                {
                    "type": "Ready",
                    "status": "True" if kind.ready else "False",
                    "lastTransitionTime": ago(ready_for),
                }
            ],
            "containerStatuses": [
                {
                    "name": "web",
                    "image": f"web:{template}",
                    "imageID": "",
                    "ready": kind.ready,
                    "restartCount": restarts,
                }
            ],
        },
    }
