"""
States of a StatefulSet as API objects for the oracle, and its answers in the terms of the model.

Revisions are API objects whose data the controller makes: of each template they are asked for.
"""

from collections.abc import Iterator, Mapping, Sequence
from random import Random
from typing import Any

from attrs import evolve

from seatrial.model import api, informer
from seatrial.model import statefulset_api as sts
from seatrial.oracle.confirm import Ask
from seatrial.oracle.objects import NAMESPACE, NOW, Object, ago, observed_generation, observed_of
from seatrial.oracle.results import defect_in

from .statefulset_states import TEMPLATES, Start
from .statefulset_syncs import Fault, Went, in_one_form

__all__ = ["faults_of", "names_of_revisions", "pod_object", "real", "request", "set_object"]

_NAME, _UID = "db", "uid-db"
_GATES = "MaxUnavailableStatefulSet"
_KINDS = {"pods": "Pod", "persistentvolumeclaims": "Claim", "statefulsets": "StatefulSet"}
_RESOURCES = {kind: resource for resource, kind in _KINDS.items()}


# ---- the real side ----------------------------------------------------------------------------


def names_of_revisions(ask: Ask) -> dict[int, Object]:
    """
    The ControllerRevision of each template, as the controller creates it.

    Raises OracleDefect where the oracle runs no sync of a StatefulSet, as an older build does.
    """
    starts = [
        Start(
            sts.StatefulSet(sts.StatefulSetSpec(template=each, replicas=0)),
            None,
            informer.Copy(),
            (),
        )
        for each in TEMPLATES
    ]
    found = {}
    for template, answer in zip(
        TEMPLATES, ask([request(each, {}) for each in starts]), strict=True
    ):
        defect_in(answer)
        (created,) = [each for each in answer["live"] if each["kind"] == "ControllerRevision"]
        found[template] = created
    return found


def set_object(of: sts.StatefulSet, metadata: Object, names: Mapping[int, Object]) -> Object:
    spec = of.spec
    if of.deleting:
        metadata = {
            **metadata,
            "deletionTimestamp": ago(5),
            "deletionGracePeriodSeconds": 0,
            "finalizers": ["foregroundDeletion"],
        }
    strategy: Object = {"type": spec.update_strategy.type}
    rolling = spec.update_strategy.rolling_update
    if rolling is not None:
        strategy["rollingUpdate"] = {"partition": rolling.partition}
        if rolling.max_unavailable is not None:
            strategy["rollingUpdate"]["maxUnavailable"] = _bound(rolling.max_unavailable)
    status = of.status
    written = {
        "replicas": status.replicas,
        "readyReplicas": status.ready_replicas,
        "currentReplicas": status.current_replicas,
        "updatedReplicas": status.updated_replicas,
        "availableReplicas": status.available_replicas,
        "currentRevision": _name(names, status.current_revision),
        "updateRevision": _name(names, status.update_revision),
        "collisionCount": 0,
        "observedGeneration": observed_generation(
            status.observed_generation, metadata["generation"]
        ),
    }
    claims = {"volumeClaimTemplates": [_claim_template()]} if spec.has_claims else {}
    return {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {"name": _NAME, "namespace": NAMESPACE, "uid": _UID, **metadata},
        "spec": {
            "replicas": spec.replicas,
            "serviceName": _NAME,
            "podManagementPolicy": spec.pod_management_policy,
            "updateStrategy": strategy,
            "ordinals": {"start": spec.ordinals_start},
            "minReadySeconds": spec.min_ready_seconds,
            "revisionHistoryLimit": spec.revision_history_limit,
            "persistentVolumeClaimRetentionPolicy": {
                "whenDeleted": spec.retention.when_deleted,
                "whenScaled": spec.retention.when_scaled,
            },
            "selector": {"matchLabels": {"app": _NAME}},
            "template": {
                "metadata": {"labels": {"app": _NAME}},
                "spec": {"containers": [{"name": _NAME, "image": f"db:{spec.template}"}]},
            },
            **claims,
        },
        "status": written,
    }


def _bound(bound: api.IntOrPercent) -> int | str:
    return f"{bound.value}%" if bound.kind == "percent" else bound.value


def _name(names: Mapping[int, Object], revision: int) -> str:
    return names[revision]["metadata"]["name"] if revision in names else ""


def _claim_template() -> Object:
    return {
        "metadata": {"name": "data"},
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": "1Gi"}},
        },
    }


def _pod_uid(ordinal: int, uid: int | None) -> str:
    return f"uid-pod-{ordinal}-{uid}"


def _reference(kind: str, name: str, uid: str) -> Object:
    return {
        "apiVersion": "v1" if kind == "Pod" else "apps/v1",
        "kind": kind,
        "name": name,
        "uid": uid,
        "controller": True,
        "blockOwnerDeletion": True,
    }


def pod_object(
    start: Start,
    ordinal: int,
    revision: int,
    kind: api.PodKind,
    uid: int | None,
    node: int | None,
    version: int,
    names: Mapping[int, Object],
) -> Object:
    name = f"{_NAME}-{ordinal}"
    metadata: Object = {
        "name": name,
        "namespace": NAMESPACE,
        "uid": _pod_uid(ordinal, uid),
        "resourceVersion": str(version),
        "creationTimestamp": ago(500),
        "generateName": f"{_NAME}-",
        "labels": {
            "app": _NAME,
            "controller-revision-hash": _name(names, revision),
            "statefulset.kubernetes.io/pod-name": name,
            "apps.kubernetes.io/pod-index": str(ordinal),
        },
        "ownerReferences": [_reference("StatefulSet", _NAME, _UID)],
    }
    if kind.terminating:
        metadata |= {"deletionTimestamp": ago(-20), "deletionGracePeriodSeconds": 30}
    spec: Object = {
        "containers": [{"name": _NAME, "image": f"db:{revision}"}],
        "hostname": name,
        "subdomain": _NAME,
    }
    if start.cached.spec.has_claims:
        claim = {"claimName": f"data-{name}", "readOnly": False}
        spec["volumes"] = [{"name": "data", "persistentVolumeClaim": claim}]
    if node is not None:
        spec["nodeName"] = f"n{node}"
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
                    "status": str(kind.ready),
                    "lastTransitionTime": ago(100 if kind.available else 1),
                }
            ],
        },
    }


def _claim_object(ordinal: int, claim: sts.Claim, version: int) -> Object:
    metadata: Object = {
        "name": f"data-{_NAME}-{ordinal}",
        "namespace": NAMESPACE,
        "uid": f"uid-claim-{ordinal}",
        "resourceVersion": str(version),
        "creationTimestamp": ago(500),
        "labels": {"app": _NAME},
        "finalizers": ["kubernetes.io/pvc-protection"],
    }
    if claim.terminating:
        metadata |= {"deletionTimestamp": ago(20), "deletionGracePeriodSeconds": 0}
    if claim.owner is not None:
        metadata["ownerReferences"] = [
            _reference("StatefulSet", _NAME, _UID)
            if claim.owner == sts.BY_SET
            else _reference("Pod", f"{_NAME}-{ordinal}", _pod_uid(ordinal, claim.owner))
        ]
    template = _claim_template()
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": metadata,
        "spec": template["spec"],
        "status": {"phase": "Bound"},
    }


def faults_of(fault: Fault | None) -> list[Object]:
    """What the oracle is told of a request that goes wrong."""
    if fault is None:
        return []
    verb, resource = fault.verb.replace(" ", "-"), _RESOURCES[fault.kind]
    return [{"verb": verb, "resource": resource, "nth": fault.nth, "how": fault.how}]


def request(
    start: Start,
    names: Mapping[int, Object],
    number: int = 0,
    faults: Sequence[Object] = (),
) -> Object:
    """The same state for the oracle; another number lists its objects in another order."""
    cache = list(_objects(start, names, live=False))
    live = list(_objects(start, names, live=True))
    order = Random(number)
    order.shuffle(cache)
    order.shuffle(live)
    return {
        "controller": "statefulset",
        "key": f"{NAMESPACE}/{_NAME}",
        "now": NOW,
        "gates": {_GATES: start.max_unavailable},
        "cache": cache,
        "live": live,
        # What is tried again within a sync finds its own write: it waits long enough for that.
        "follows": ["persistentvolumeclaims"],
        "faults": list(faults),
    }


def _objects(start: Start, names: Mapping[int, Object], live: bool) -> Iterator[Object]:
    of = start.live if live else start.cached
    if of is not None:
        late = live and not start.copy.current
        metadata = {
            "generation": 4 if live and not start.copy.generation else 3,
            "resourceVersion": "300" if late else "100",
            "creationTimestamp": ago(1000),
        }
        yield set_object(of, metadata, names)
    for number, template in enumerate(start.revisions, start=1):
        made = names[template]
        metadata = {**made["metadata"], "resourceVersion": "50"}
        yield {**made, "metadata": metadata, "revision": number}
    for ordinal in sorted({*start.pods, *start.pods_cached}):
        seen, so = start.pods_cached.get(ordinal), start.pods.get(ordinal)
        same = seen is not None and so is not None
        same = same and (seen.uid, seen.kind) == (so.uid, so.kind)  # type: ignore[union-attr]
        if live and so is not None:
            version = 100 if same else 310
            yield pod_object(start, ordinal, so.revision, so.kind, so.uid, so.node, version, names)
        elif not live and seen is not None:
            node = so.node if same and so is not None else 1
            yield pod_object(start, ordinal, seen.revision, seen.kind, seen.uid, node, 100, names)
    claims = start.claims if live else start.claims_cached
    for ordinal, claim in sorted(claims.items()):
        changed = live and start.claims_cached.get(ordinal) != claim
        yield _claim_object(ordinal, claim, 320 if changed else 100)


def real(start: Start, answer: Object, names: Mapping[int, Object]) -> Went:
    """How the real sync went."""
    numbers = {made["metadata"]["name"]: template for template, made in names.items()}
    numbers[""] = 0
    generation = 3
    requests: list[Any] = []
    for each in answer["requests"]:
        resource = each["resource"]
        if resource not in _KINDS:
            continue
        kind, verb = _KINDS[resource], each["verb"].replace("-", " ")
        sent, key = each.get("object"), 0
        value: Any = None
        name = (sent["metadata"]["name"] if sent else each["name"]) or each["name"]
        if kind == "StatefulSet":
            value = _read_status(sent["status"], generation, numbers)
        else:
            key = int(name.rpartition("-")[2])
        if kind == "Pod" and verb == "create":
            value = numbers[sent["metadata"]["labels"]["controller-revision-hash"]]
        if kind == "Claim":
            value = _owner(sent)
        answered = each["answer"]
        if answered in ("invalid", "refused"):
            answered = "failed"
        if kind in ("StatefulSet", "Claim") and answered == "not found":
            answered = "conflict"
        found = (verb, kind, key, value, answered)
        if (verb, kind, key, value, "conflict") in requests:
            continue  # it is tried again, on top of what the cache shows
        requests.append(found)
    live: dict[str, dict[int, Object]] = {"Pod": {}, "PersistentVolumeClaim": {}}
    revisions, the_set = [], None
    for each in answer["live"]:
        if each["kind"] in live:
            ordinal = int(each["metadata"]["name"].rpartition("-")[2])
            live[each["kind"]][ordinal] = each
        elif each["kind"] == "ControllerRevision":
            revisions.append((each["revision"], numbers[each["metadata"]["name"]]))
        else:
            the_set = each
    status = None
    if the_set is not None:
        status = _read_status(the_set["status"], the_set["metadata"]["generation"], numbers)
    return Went(
        requests=in_one_form(start, requests),
        status=status,
        pods=tuple(_read_pod(start, at, pod, numbers) for at, pod in sorted(live["Pod"].items())),
        claims=tuple(
            (at, _owner(each)) for at, each in sorted(live["PersistentVolumeClaim"].items())
        ),
        revisions=tuple(template for _, template in sorted(revisions)),
        retry="add-rate-limited" in answer["key"]["calls"],
        later=answer["key"]["after"] is not None,
    )


def _read_status(
    status: Object, generation: int, numbers: Mapping[str, int]
) -> sts.StatefulSetStatus:
    return sts.StatefulSetStatus(
        replicas=status.get("replicas", 0),
        ready_replicas=status.get("readyReplicas", 0),
        current_replicas=status.get("currentReplicas", 0),
        updated_replicas=status.get("updatedReplicas", 0),
        available_replicas=status.get("availableReplicas", 0),
        current_revision=numbers[status.get("currentRevision", "")],
        update_revision=numbers[status.get("updateRevision", "")],
        observed_generation=observed_of(status, generation),
    )


def _read_pod(start: Start, at: int, pod: Object, numbers: Mapping[str, int]) -> Any:
    revision = numbers[pod["metadata"]["labels"]["controller-revision-hash"]]
    before = start.pods.get(at)
    if before is None or pod["metadata"]["uid"] != _pod_uid(at, before.uid):
        return (at, revision, api.PodKind())
    terminating = "deletionTimestamp" in pod["metadata"]
    return (at, revision, evolve(before.kind, terminating=terminating))


def _owner(claim: Object) -> int | None:
    for each in claim["metadata"].get("ownerReferences", ()):
        if each["kind"] == "StatefulSet":
            return sts.BY_SET
        return int(each["uid"].rpartition("-")[2])
    return None
