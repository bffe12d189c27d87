"""What the oracle answers, in the terms of the model."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from attrs import evolve

from seatrial.core import Population
from seatrial.model import api, controller, controller_utils, deployment, pods

from . import objects
from .cases import Case
from .clusters import Cluster
from .objects import Object
from .outcomes import Outcome, Request, merged, plain_pod

__all__ = ["OracleDefect", "available_in", "defect_in", "real_outcome", "timely", "unseen_of"]

_KINDS: dict[str, str] = {"deployments": "Deployment", "replicasets": "ReplicaSet", "pods": "Pod"}
_VERBS: dict[str, str] = {"update-status": "update status"}
_FAILED: dict[str, str] = {"refused": "failed", "invalid": "failed"}
_EXPIRED = 300
_BEHIND = "not as new as written version"


class OracleDefect(Exception):
    """The oracle did not run the sync: it panicked, or refused or did not understand the case."""


def defect_in(answer: Object) -> None:
    """Raise OracleDefect for an answer that is not of a sync."""
    for trouble in ("panic", "refused", "error-in-request"):
        if trouble in answer:
            raise OracleDefect(f"{trouble}: {answer[trouble]}")


def real_outcome(case: Case, cluster: Cluster, answer: Object) -> Outcome:
    """How the sync really went. Raises OracleDefect where the real controller did not run."""
    defect_in(answer)
    if answer["key"]["after"] is not None:
        _check_time(case, cluster, answer["key"]["after"])
    live = {(each["kind"], each["metadata"]["name"]): each for each in answer["live"]}
    expected = _expectations(answer)
    replica_sets = []
    for template in range(1, case.setting.templates + 1):
        found = live.get(("ReplicaSet", objects.replica_set_name(template, case.collisions)))
        if found is not None and objects.is_stranger(found):
            found = None
        rs = None if found is None else objects.read_replica_set(found)
        if not _sent(cluster, "ReplicaSet", template):
            rs = case.value("replica_set", template)
            rs = None if rs is None else evolve(rs, created=0)
        replica_sets.append((template, rs))
    deployment_now = case.value("deployment")
    if _sent(cluster, "Deployment", 0):
        found = live.get(("Deployment", objects.NAME))
        deployment_now = None if found is None else objects.read_deployment(found)
    return Outcome(
        requests=merged(tuple(_requests(case, cluster, answer["requests"]))),
        key=_key(case, answer),
        deployment=deployment_now,
        replica_sets=tuple(replica_sets),
        pods=_pods(case, cluster, answer, expected),
        expectations=expected,
        waits=_BEHIND in (answer.get("error") or ""),
        unseen=unseen_of(answer, cluster.request["seen"]),
    )


def unseen_of(answer: Object, seen: Mapping[str, str]) -> frozenset[str]:
    """The resources of which the controller has written what its caches do not show."""
    written = answer["memory"].get("written") or {}
    return frozenset(name for name in seen if int(written.get(name) or 0) > int(seen[name]))


def timely(request: Object, after: float, due: Iterable[float]) -> None:
    """
    Raise OracleDefect where a key comes back at another time than one of these, in seconds.

    The clock may have moved by less than a second, where a sync waited to try again.
    """
    due = list(due)
    if not any(each - 1 < after <= each for each in due):
        raise OracleDefect(f"{request['key']} comes back after {after:g} s, and not after {due}")


def available_in(request: Object, owner: str, min_ready_seconds: int) -> Iterator[float]:
    """
    When the first ready pod of an owner that the cache shows becomes available, and at the latest.

    An orphan is one of them where the sync has adopted it.
    """
    yield min_ready_seconds
    for owners in ([owner], [owner, None]):
        left = [
            min_ready_seconds - ready_for
            for each in request["cache"]
            if each["kind"] == "Pod" and _owner_of(each) in owners
            for ready_for in _ready_for(each)
            if ready_for < min_ready_seconds
        ]
        if left:
            yield min(left)


def _owner_of(pod: Object) -> str | None:
    return next((each["uid"] for each in pod["metadata"].get("ownerReferences", ())), None)


def _ready_for(pod: Object) -> list[float]:
    """For how many seconds, if it is ready and has not ended."""
    if pod["status"]["phase"] in ("Succeeded", "Failed"):
        return []
    return [
        objects.seconds_ago(each["lastTransitionTime"])
        for each in pod["status"]["conditions"]
        if each["type"] == "Ready" and each["status"] == "True"
    ]


def _check_time(case: Case, cluster: Cluster, after: float) -> None:
    """Whether the key comes back when the model's clock has it come back."""
    kind = "Deployment" if case.controller == "deployment" else "ReplicaSet"
    (of,) = [
        each
        for each in cluster.request["cache"]
        if each["kind"] == kind
        and f"{objects.NAMESPACE}/{each['metadata']['name']}" == cluster.request["key"]
    ]
    if kind == "ReplicaSet":
        seconds = of["spec"]["minReadySeconds"]
        timely(
            cluster.request, after, available_in(cluster.request, of["metadata"]["uid"], seconds)
        )
        return
    deadline = of["spec"]["progressDeadlineSeconds"]
    dates = (
        objects.seconds_ago(each["lastUpdateTime"])
        for each in of["status"]["conditions"]
        if each["type"] == "Progressing"
    )
    # Upstream adds a second, to be sure. The sync may have dated the condition anew.
    timely(cluster.request, after, (deadline + 1, *(deadline - ago + 1 for ago in dates)))


def _sent(cluster: Cluster, kind: str, key: int) -> bool:
    return (kind, key) in cluster.generations


def _key(case: Case, answer: Object) -> controller.Key:
    found = answer["key"]
    # Even a sync without error may put its key back, as requeueStuckDeployment does.
    again, later = "add-rate-limited" in found["calls"], found["after"] is not None
    if again and answer["error"] is None and case.value("deadline") != "passed":
        # It looks at the date of a rollout that is complete, which the model does not keep
        # (clock.py): at once and again, where the model looks again at the deadline.
        return controller.Key(later=True)
    return controller.Key(dirty=again, later=later)


def _expectations(answer: Object) -> controller_utils.Expectations:
    found = (answer.get("memory") or {}).get("expectations")
    if not found:
        return controller_utils.Expectations()
    made = controller_utils.Expectations(
        max(0, found["add"]), max(0, found["del"]), found.get("age", 0) > _EXPIRED
    )
    return controller_utils.Expectations() if made.fulfilled() else made


def _pods(
    case: Case, cluster: Cluster, answer: Object, expected: controller_utils.Expectations
) -> Population[pods.Pod]:
    """The pods of the case's template: what the cache shows of them, and what is so."""
    if case.controller != "replicaset":
        return Population()
    live = {each["metadata"]["name"]: each for each in answer["live"] if each["kind"] == "Pod"}
    memory = (answer.get("memory") or {}).get("expectations") or {}
    named = set(memory.get("uids") or ()) if expected.delete else set()
    found = []
    for name, pod in cluster.classes.items():
        found_pod = live.pop(name, None)
        kind = _after(pod.live, found_pod)
        if found_pod is None and name in cluster.unscheduled:
            # No kubelet has to let go of it, so it is gone at once: one step ahead of the model,
            # which has no scheduler (pods.py).
            kind = pods.TERMINATING
        mine = f"{objects.NAMESPACE}/{name}" in named
        found.append((plain_pod(pod.seen, kind, mine, pod.orphaned), 1))
    owner = next(
        (
            each["metadata"]["uid"]
            for each in answer["live"]
            if each["kind"] == "ReplicaSet"
            and each["metadata"]["name"] == objects.replica_set_name(case.template, case.collisions)
        ),
        None,
    )
    for each in live.values():
        if each["metadata"]["labels"] == objects.pod_labels(
            case.template, case.collisions
        ) and _new(case, each):
            orphaned = all(ref["uid"] != owner for ref in each["metadata"]["ownerReferences"])
            found.append((plain_pod(None, pods.CREATED, False, orphaned), 1))
    return Population(found)


def _new(case: Case, pod: Object) -> bool:
    return "generateName" in pod["metadata"]


def _after(before: api.PodKind | None, found: Object | None) -> api.PodKind | None:
    if found is None:
        return None
    if before is not None and not before.terminating and "deletionTimestamp" in found["metadata"]:
        return pods.TERMINATING
    return before


# ---- requests ---------------------------------------------------------------------------------


def _requests(case: Case, cluster: Cluster, found: Iterable[Object]) -> Iterable[Request]:
    for each in found:
        verb, answer = str(each["verb"]), str(each["answer"])
        verb = _VERBS.get(verb, verb)
        resource = str(each["resource"])
        kind = _KINDS.get(resource, resource)
        if verb == "patch" and answer == "invalid":
            # It has another controller by now: as with a stale write, the sync ends in an error.
            answer = "conflict"
        answer = _FAILED.get(answer, answer)
        if verb in ("update", "update status") and answer == "not found":
            # The model has one word for an object that is another one now, or none any more.
            answer = "conflict"
        yield _request(case, cluster, verb, kind, each, answer)


def _request(
    case: Case, cluster: Cluster, verb: str, kind: str, found: Object, answer: str
) -> Request:
    sent: Any = found.get("object")
    if kind == "Pod":
        if verb == "create":
            _check_pod(case, cluster, sent)
        return Request(verb, kind, case.template, None, answer)
    if kind == "ReplicaSet":
        template = _template(case, found["name"])
        if verb == "patch":
            return _claim(template, found["body"], answer)
        if sent is None or verb == "get":
            return Request(verb, kind, template, None, answer)
        if verb == "update status":
            generation = cluster.generations[kind, template]
            status = objects.read_replica_set_status(sent["status"], generation)
            return Request(verb, kind, template, status, answer)
        rs = objects.read_replica_set(sent)
        rs = evolve(rs, status=api.ReplicaSetStatus(), deleting=False)
        return Request(verb, kind, template, rs, answer)
    if kind == "Deployment" and verb == "update status":
        return Request(verb, kind, 0, _status_write(cluster, sent, answer), answer)
    if kind == "Deployment" and verb == "update":
        return Request(verb, kind, 0, objects.read_deployment(sent).spec, answer)
    return Request(verb, kind, 0, None if verb == "get" else sent, answer)


def _claim(template: int, body: Object, answer: str) -> Request:
    """Adoption or release, which are patches of the owner references."""
    (reference,) = body["metadata"]["ownerReferences"]
    verb = "release" if reference.get("$patch") == "delete" else "adopt"
    return Request(verb, "ReplicaSet", template, objects.uid_number(reference["uid"]), answer)


def _template(case: Case, name: str) -> int:
    for at in range(1, case.setting.templates + 1):
        if name == objects.replica_set_name(at, case.collisions):
            return at
    return -1


def _status_write(cluster: Cluster, sent: Object, answer: str) -> deployment.StatusWrite:
    read = objects.read_deployment(sent)
    generation = cluster.generations["Deployment", 0]
    status = objects.read_deployment_status(sent["status"], generation)
    dated = any(
        each["type"] == "Progressing" and objects.seconds_ago(each["lastUpdateTime"]) < 1
        for each in sent["status"].get("conditions", ())
    )
    return deployment.StatusWrite(status, read.revision, dated and answer in ("applied", "lost"))


def _check_pod(case: Case, cluster: Cluster, sent: Object) -> None:
    """A pod that is created has its labels from the template, and its ReplicaSet as owner."""
    metadata = sent["metadata"]
    name = objects.replica_set_name(case.template, case.collisions)
    right = (
        metadata["labels"] == objects.pod_labels(case.template, case.collisions)
        and metadata["generateName"] == f"{name}-"
        and [each["name"] for each in metadata["ownerReferences"]] == [name]
    )
    if not right:
        raise OracleDefect(f"a pod was created that is not of {name}: {metadata}")
