"""
States of a StatefulSet as API objects for the oracle, and its answers in the terms of the model.

Revisions are API objects whose data the controller makes: of each template they are asked for.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from random import Random
from typing import Any

from attrs import evolve

from seatrial.model import api, informer, statefulset_pods
from seatrial.model import statefulset_api as sts

from .objects import NAMESPACE, NOW, Object, ago, observed_generation, observed_of
from .results import OracleDefect, available_in, defect_in, timely, unseen_of
from .statefulset_states import Start
from .statefulset_syncs import Faults, Went, adopts_in_vain, in_one_form
from .subject import Ask

__all__ = ["faults_of", "names_of_revisions", "pod_object", "real", "request", "set_object"]

_NAME, _UID = "db", "uid-db"
_GATES = "MaxUnavailableStatefulSet"
_STORE = "StaleControllerConsistencyStatefulSet"
_SEEN = dict.fromkeys(("pods", "persistentvolumeclaims", "statefulsets"), "100")
"""The resourceVersions that the caches have heard of."""
_KINDS = {"pods": "Pod", "persistentvolumeclaims": "Claim", "statefulsets": "StatefulSet"}
_RESOURCES = {kind: resource for resource, kind in _KINDS.items()} | {
    "ControllerRevision": "controllerrevisions"
}
_VERBS = {"patch": "adopt", "update-status": "update status"}
_ASKED = {verb: asked for asked, verb in _VERBS.items()}


# ---- the real side ----------------------------------------------------------------------------


def names_of_revisions(
    ask: Ask, templates: Iterable[int] = range(1, 5), graceful: bool = True
) -> dict[int, Object]:
    """
    The ControllerRevision of each template, as the controller creates it.

    Raises OracleDefect where the oracle runs no sync of a StatefulSet, as an older build does.
    """
    templates = list(templates)
    specs = (sts.StatefulSetSpec(each, 0, graceful=graceful) for each in templates)
    starts = [Start(sts.StatefulSet(each), None, informer.Copy(), ()) for each in specs]
    answers = ask([request(each, {}) for each in starts])
    found = {}
    for template, answer in zip(templates, answers, strict=True):
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
    written: Object = {
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
        "metadata": {
            "name": _NAME,
            "namespace": NAMESPACE,
            "uid": _set_uid(of.uid),
            **metadata,
        },
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
                "spec": _pod_spec(spec, spec.template),
            },
            **claims,
        },
        "status": written,
    }


def _pod_spec(spec: sts.StatefulSetSpec, template: int) -> Object:
    written: Object = {"containers": [{"name": _NAME, "image": f"db:{template}"}]}
    if not spec.graceful:
        written["terminationGracePeriodSeconds"] = 0
    return written


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


def _set_uid(uid: int) -> str:
    """Those of sets that are created anew are below 0."""
    return f"{_UID}{uid or ''}"


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
    spec: sts.StatefulSetSpec,
    pod: sts.PodSeen,
    node: int | None,
    version: int,
    names: Mapping[int, Object],
) -> Object:
    ordinal, kind = pod.ordinal, pod.kind
    name = f"{_NAME}-{ordinal}"
    metadata: Object = {
        "name": name,
        "namespace": NAMESPACE,
        "uid": _pod_uid(ordinal, pod.uid),
        "resourceVersion": str(version),
        "creationTimestamp": ago(500),
        "generateName": f"{_NAME}-",
        "labels": {
            "app": _NAME,
            "controller-revision-hash": _name(names, pod.revision),
            "statefulset.kubernetes.io/pod-name": name,
            "apps.kubernetes.io/pod-index": str(ordinal),
        },
    }
    if pod.owner is not None:
        metadata["ownerReferences"] = [_reference("StatefulSet", _NAME, _set_uid(pod.owner))]
    if kind.terminating:
        metadata |= {"deletionTimestamp": ago(-20), "deletionGracePeriodSeconds": 30}
    written = {**_pod_spec(spec, pod.revision), "hostname": name, "subdomain": _NAME}
    if spec.has_claims:
        claim = {"claimName": f"data-{name}", "readOnly": False}
        written["volumes"] = [{"name": "data", "persistentVolumeClaim": claim}]
    if node is not None:
        written["nodeName"] = f"n{node}"
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": metadata,
        "spec": written,
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
            _reference("StatefulSet", _NAME, _set_uid(claim.owner))
            if claim.owner <= sts.BY_SET
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


def faults_of(faults: Faults) -> list[Object]:
    """What the oracle is told of requests that go wrong."""
    return [
        {
            "verb": _ASKED.get(each.verb, each.verb),
            "resource": _RESOURCES[each.kind],
            "nth": each.nth,
            "how": each.how,
        }
        for each in faults
    ]


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
        "gates": {_GATES: start.max_unavailable, _STORE: start.consistency_store},
        "cache": cache,
        "live": live,
        "seen": _SEEN,
        # What is tried again within a sync finds its own write if it has waited long enough.
        "follows": ["persistentvolumeclaims"] if start.claims_follow else [],
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
    owner = _reference("StatefulSet", _NAME, _set_uid(start.cached.uid if start.cached else 0))
    for number, template in enumerate(start.revisions, start=1):
        made = names[template]
        named = {**made["metadata"], "resourceVersion": "50", "ownerReferences": [owner]}
        yield {**made, "metadata": named, "revision": number}
    for ordinal in sorted({*start.pods, *start.pods_cached}):
        seen, so = start.pods_cached.get(ordinal), start.pods.get(ordinal)
        same = so is not None and seen == statefulset_pods.shown(ordinal, so)
        if live and so is not None:
            now = statefulset_pods.shown(ordinal, so)
            assert now is not None
            yield pod_object(start.spec, now, so.node, 100 if same else 310, names)
        elif not live and seen is not None:
            node = so.node if same and so is not None else 1
            yield pod_object(start.spec, seen, node, 100, names)
    claims = start.claims if live else start.claims_cached
    for ordinal, claim in sorted(claims.items()):
        changed = live and start.claims_cached.get(ordinal) != claim
        yield _claim_object(ordinal, claim, 320 if changed else 100)


def _check_pod(start: Start, sent: Object, names: Mapping[int, Object]) -> None:
    """Raise OracleDefect where a pod is created that is not as its revision and its name say."""
    metadata, spec = sent["metadata"], sent["spec"]
    at, uid = int(metadata["name"].rpartition("-")[2]), _set_uid(start.cached.uid)  # type: ignore[union-attr]
    revision = {made["metadata"]["name"]: template for template, made in names.items()}[
        metadata["labels"]["controller-revision-hash"]
    ]
    wanted = pod_object(start.spec, sts.PodSeen(at, revision, api.PodKind()), None, 1, names)
    claims = [each["persistentVolumeClaim"]["claimName"] for each in spec.get("volumes", ())]
    right = (
        metadata["labels"] == wanted["metadata"]["labels"]
        and spec["containers"][0]["image"] == wanted["spec"]["containers"][0]["image"]
        and (spec["hostname"], spec["subdomain"]) == (metadata["name"], _NAME)
        and claims == ([f"data-{metadata['name']}"] if start.spec.has_claims else [])
        and [each["uid"] for each in metadata["ownerReferences"]] == [uid]
    )
    if not right:
        raise OracleDefect(f"a pod was created that is not as it should be: {sent}")


def _check_time(start: Start, answer: Object, names: Mapping[int, Object]) -> None:
    """Whether the key comes back when the first pod is available that waits for that."""
    after = answer["key"]["after"]
    if after is not None and start.cached is not None:
        asked, seconds = request(start, names), start.spec.min_ready_seconds
        timely(asked, after, available_in(asked, _set_uid(start.cached.uid), seconds))


def real(start: Start, answer: Object, names: Mapping[int, Object]) -> Went:
    """How the real sync went. Raises OracleDefect where pods or times are none of the model's."""
    _check_time(start, answer, names)
    numbers = {made["metadata"]["name"]: template for template, made in names.items()}
    numbers[""] = 0
    generation = 3
    requests: list[Any] = []
    for each in answer["requests"]:
        resource = each["resource"]
        if resource not in _KINDS:
            continue
        kind, verb = _KINDS[resource], _VERBS.get(each["verb"], each["verb"])
        sent, key = each.get("object"), 0
        value: Any = None
        name = (sent["metadata"]["name"] if sent else each["name"]) or each["name"]
        if kind != "StatefulSet":
            key = int(name.rpartition("-")[2])
        elif verb != "get":
            value = _read_status(sent["status"], generation, numbers)
        if kind == "Pod" and verb == "create":
            _check_pod(start, sent, names)
            value = numbers[sent["metadata"]["labels"]["controller-revision-hash"]]
        if kind == "Claim":
            value = _owner(sent)
        answered = each["answer"]
        if answered in ("invalid", "refused"):
            # To adopt another pod, or one that another set has by now, is an invalid change.
            answered = "conflict" if verb == "adopt" else "failed"
        if kind in ("StatefulSet", "Claim") and answered == "not found" and verb != "get":
            answered = "conflict"
        if verb == "get" and not _is_the_one(start, answer["live"]):
            answered = "not found" if answered == "applied" else answered
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
        revisions=()
        if adopts_in_vain(requests)
        else tuple(template for _, template in sorted(revisions)),
        retry="add-rate-limited" in answer["key"]["calls"],
        later=answer["key"]["after"] is not None,
        unseen=unseen_of(answer, _SEEN),
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
        return (at, revision, api.PodKind(), _owner(pod))
    terminating = "deletionTimestamp" in pod["metadata"]
    return (at, revision, evolve(before.kind, terminating=terminating), _owner(pod))


def _owner(of: Object) -> int | None:
    for each in of["metadata"].get("ownerReferences", ()):
        uid: str = each["uid"]
        if each["kind"] == "StatefulSet":
            return int(uid.removeprefix(_UID) or sts.BY_SET)
        return int(uid.rpartition("-")[2])
    return None


def _is_the_one(start: Start, live: Sequence[Object]) -> bool:
    """Whether the set that is synced is there, and is to stay."""
    cached = start.cached
    return cached is not None and any(
        each["kind"] == "StatefulSet"
        and each["metadata"]["uid"] == _set_uid(cached.uid)
        and "deletionTimestamp" not in each["metadata"]
        for each in live
    )
