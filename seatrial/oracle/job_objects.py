"""States of a Job as API objects for the oracle, and its answers in the terms of the model."""

from collections import Counter
from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

from attrs import frozen

from seatrial.model import job_api as jobs
from seatrial.model import job_policies

from .job_states import Start
from .job_syncs import Faults, Memory, Went, counted, of_each_index
from .objects import NAMESPACE, NOW, Object, ago
from .results import OracleDefect, unseen_of

__all__ = ["Cluster", "concrete", "faults_of", "job_object", "pod_object", "real"]

_NAME, _UID = "pi", "uid-pi"
_GATE = "MutableSchedulingDirectivesForSuspendedJobs"
_STORE = "StaleControllerConsistencyJob"
_ORPHAN = jobs.JobPod("Running", owned=False)
_SEEN = {"jobs": "100", "pods": "100"}
"""The resourceVersions that the caches have heard of."""
_FINALIZER = "batch.kubernetes.io/job-tracking"
_INDEX = "batch.kubernetes.io/job-completion-index"
_FAILURES = "batch.kubernetes.io/job-index-failure-count"
_IGNORED = "batch.kubernetes.io/job-index-ignored-failure-count"


# ---- the real side ----------------------------------------------------------------------------


def _labels() -> dict[str, str]:
    return {
        "batch.kubernetes.io/controller-uid": _UID,
        "controller-uid": _UID,
        "batch.kubernetes.io/job-name": _NAME,
        "job-name": _NAME,
    }


def job_object(
    start: Start, job: jobs.Job, version: str, listed: Mapping[str, Sequence[str]]
) -> Object:
    spec, status = job.spec, job.status
    metadata: Object = {
        "name": _NAME,
        "namespace": NAMESPACE,
        "uid": _UID,
        "resourceVersion": version,
        "generation": 1,
        "creationTimestamp": ago(5000),
    }
    if job.deleting:
        metadata |= {
            "deletionTimestamp": ago(5),
            "deletionGracePeriodSeconds": 0,
            "finalizers": ["orphan" if job.deleting == "orphan" else "foregroundDeletion"],
        }
    written: Object = {
        "parallelism": spec.parallelism,
        "completions": spec.completions,
        "completionMode": spec.completion_mode,
        "backoffLimit": spec.backoff_limit,
        "suspend": spec.suspend,
        # With a failure policy there is no other, and the model's spec may not say so.
        "podReplacementPolicy": "Failed"
        if jobs.only_replace_failed_pods(spec)
        else spec.pod_replacement_policy,
        "selector": {"matchLabels": {"batch.kubernetes.io/controller-uid": _UID}},
        "template": {
            "metadata": {"labels": _labels()},
            "spec": {
                "restartPolicy": spec.restart_policy,
                "containers": [{"name": "pi", "image": "pi:1"}],
            },
        },
        "backoffLimitPerIndex": spec.backoff_limit_per_index,
        "maxFailedIndexes": spec.max_failed_indexes,
        "activeDeadlineSeconds": spec.active_deadline_seconds,
        "managedBy": spec.managed_by,
    }
    if spec.pod_failure_policy is not None:
        written["podFailurePolicy"] = {"rules": list(map(_rule, spec.pod_failure_policy))}
    if spec.success_policy is not None:
        written["successPolicy"] = {
            "rules": [
                _without_none(
                    {
                        "succeededIndexes": rule.succeeded_indexes,
                        "succeededCount": rule.succeeded_count,
                    }
                )
                for rule in spec.success_policy
            ]
        }
    started = _started_ago(spec, start.past_deadline)
    report: Object = {
        "active": status.active,
        "ready": status.ready,
        "terminating": status.terminating,
        "succeeded": status.succeeded,
        "failed": status.failed,
        "uncountedTerminatedPods": listed,
        "conditions": [
            {
                "type": each.type,
                "status": str(each.status),
                "reason": each.reason,
                "message": "Job resumed" if each.reason == "JobResumed" else "Job suspended",
                "lastProbeTime": ago(40),
                "lastTransitionTime": ago(40),
            }
            for each in status.conditions
        ],
        "startTime": ago(started) if status.start_time else None,
    }
    if status.completed_indexes:
        report["completedIndexes"] = job_policies.format_indexes(status.completed_indexes)
    if status.failed_indexes is not None:
        report["failedIndexes"] = job_policies.format_indexes(status.failed_indexes)
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": metadata,
        "spec": _without_none(written),
        "status": _without_none(report),
    }


def _started_ago(spec: jobs.JobSpec, past_deadline: bool) -> int:
    """Seconds since the start time."""
    deadline = spec.active_deadline_seconds
    if deadline is None:
        return 50
    return deadline + 900 if past_deadline else min(50, deadline // 2)


def _without_none(found: Object) -> Object:
    return {name: value for name, value in found.items() if value is not None}


def _rule(rule: jobs.FailureRule) -> Object:
    written: Object = {"action": rule.action}
    if rule.on_exit_codes is not None:
        written["onExitCodes"] = {
            "operator": rule.on_exit_codes.operator,
            "values": list(rule.on_exit_codes.values),
        }
    else:
        written["onPodConditions"] = [
            {"type": type, "status": status} for type, status in rule.on_pod_conditions
        ]
    return written


def _named(start: Start, draw: Random) -> dict[str, jobs.Seen]:
    """All pods and UIDs, by names that say nothing of what they look like."""
    found = [seen for seen, n in start.pods.items() for _ in range(n)]
    draw.shuffle(found)
    return {f"{_NAME}-old-{number:05d}": seen for number, seen in enumerate(found, start=1)}


def _ended_ago(start: Start, pod: jobs.JobPod, draw: Random) -> int:
    """Seconds since it ended: failures all before the successes, or all after them."""
    if pod.phase == "Succeeded":
        return 5
    if pod.waited:
        return draw.choice((2000, 1990))
    return draw.choice((2, 3) if start.failures_last else (8, 7))


def pod_object(start: Start, name: str, pod: jobs.JobPod, draw: Random) -> Object:
    annotations, labels = {}, _labels()
    since = _ended_ago(start, pod, draw)
    waits = pod.phase == "Pending" and draw.random() < 0.4
    if pod.index is not None:
        annotations[_INDEX] = labels[_INDEX] = str(pod.index)
        if start.spec.backoff_limit_per_index is not None:
            annotations[_FAILURES] = str(pod.failure_count)
            if pod.ignored_failure_count:
                annotations[_IGNORED] = str(pod.ignored_failure_count)
    metadata: Object = {
        "name": name,
        "namespace": NAMESPACE,
        "uid": f"uid-{name}",
        "resourceVersion": "90",
        "creationTimestamp": ago(draw.choice((3000, draw.randint(2600, 4000)))),
        "labels": labels,
        "annotations": annotations,
        # Without a node it would be gone as soon as it is deleted: the model has no scheduler.
        "finalizers": [_FINALIZER] * pod.finalizer + ["example.com/stays"] * waits,
        "ownerReferences": [
            {
                "apiVersion": "batch/v1",
                "kind": "Job",
                "name": _NAME,
                "uid": _UID,
                "controller": True,
                "blockOwnerDeletion": True,
            }
        ],
    }
    if pod.terminating:
        # For the back-off it ended when it was asked to: the time of the stamp less the grace.
        metadata |= {"deletionTimestamp": ago(since - 30), "deletionGracePeriodSeconds": 30}
    container: Object = {
        "name": "pi",
        "image": "pi:1",
        "imageID": "",
        "ready": pod.ready,
        "restartCount": pod.restarts,
    }
    if pod.exit_code is not None or pod.phase == "Succeeded":
        container["state"] = {
            "terminated": {
                "exitCode": pod.exit_code or 0,
                "finishedAt": ago(since),
                "startedAt": ago(2500),
            }
        }
    conditions = [
        {
            "type": "Ready",
            "status": str(pod.ready),
            # Without an exit code this is when it ended; also of a pod that was never ready.
            "lastTransitionTime": ago(
                since if pod.ended or pod.terminating else draw.choice((100, draw.randint(60, 900)))
            ),
        }
    ]
    if pod.disrupted:
        conditions.append(
            {"type": "DisruptionTarget", "status": "True", "lastTransitionTime": ago(since)}
        )
    conditions += [
        {"type": type, "status": status, "lastTransitionTime": ago(since)}
        for type, status in pod.conditions
    ]
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": metadata,
        "spec": {
            "restartPolicy": start.spec.restart_policy,
            "containers": [{"name": "pi", "image": "pi:1"}],
            **({} if waits else {"nodeName": "n1"}),
        },
        "status": {"phase": pod.phase, "conditions": conditions, "containerStatuses": [container]},
    }


@frozen
class Cluster:
    """A request for the oracle, and what the pods that it names look like."""

    request: Object
    pods: Mapping[str, jobs.Seen]


def faults_of(faults: Faults) -> list[Object]:
    """What the oracle is told of requests that go wrong."""
    return [
        {
            "verb": each.verb,
            "resource": "jobs" if each.verb == "update-status" else "pods",
            "nth": each.nth,
            "how": each.how,
        }
        for each in faults
    ]


def concrete(start: Start, number: int, faults: Sequence[Object]) -> Cluster:
    """The state as API objects; another number gives other names, ages and orders."""
    draw = Random(number)
    named = _named(start, draw)
    listed: dict[str, list[str]] = {}
    cache: list[Object] = []
    live: list[Object] = []
    finalizers = []
    for name, seen in named.items():
        if seen.listed:
            listed.setdefault(seen.listed, []).append(f"uid-{name}")
        if seen.expected:
            finalizers.append(f"uid-{name}")
        if seen.pod is not None:
            made = pod_object(start, name, seen.pod, draw)
            cache.append(made)
            if seen not in start.gone:
                live.append(made)
    if start.orphan:
        orphan = pod_object(start, f"{_NAME}-orphan", _ORPHAN, draw)
        del orphan["metadata"]["ownerReferences"]
        cache.append(orphan)
        live.append(orphan)
    draw.shuffle(cache)
    draw.shuffle(live)
    memory: Object = {"finalizers": finalizers, "finished": start.finish_unseen}
    if start.backoff:
        memory["backoff"] = {"failures": 1, "age": 1}
    if not start.satisfied:
        memory["expectations"] = {"add": 1, "del": 0, "age": 1}
    if start.job is not None:
        cache.insert(0, job_object(start, start.job, "100", listed))
    if start.live is not None:
        version = "300" if start.stale else "100"
        live.append(job_object(start, start.live, version, listed))
    request = {
        "controller": "job",
        "key": f"{NAMESPACE}/{_NAME}",
        "now": NOW,
        "gates": {_GATE: start.clears_start_time, _STORE: start.consistency_store},
        "cache": cache,
        "live": live,
        "seen": _SEEN,
        "memory": memory,
        "faults": list(faults),
    }
    return Cluster(request, named)


_FAILED = {"not found": "conflict", "invalid": "conflict"}
"""A status that is not taken is one to the controller, whatever the reason."""


def real(start: Start, cluster: Cluster, answer: Object) -> Went:
    """How the real sync went."""
    created: Counter[Any] = Counter()
    deleted: Counter[Any] = Counter()
    patched: Counter[Any] = Counter()
    statuses = []
    for each in answer["requests"]:
        word = each["answer"]
        if each["verb"] == "update-status":
            statuses.append((_read_status(each["object"]["status"]), _FAILED.get(word, word)))
        elif each["verb"] == "create":
            _check_pod(each["object"])
            annotations = each["object"]["metadata"].get("annotations", {})
            index = annotations.get(_INDEX)
            created[
                None if index is None else int(index),
                int(annotations.get(_FAILURES, 0)),
                int(annotations.get(_IGNORED, 0)),
                word,
            ] += 1
        elif each["verb"] == "delete":
            deleted[cluster.pods[each["name"]], word] += 1
        elif each["verb"] == "patch":
            patched[cluster.pods[each["name"]], word] += 1
    return Went(
        counted(created),
        counted(deleted),
        counted(patched),
        tuple(statuses),
        "add-rate-limited" in answer["key"]["calls"],
        answer["key"]["calls"].count("add-after"),
        _read_memory(start, cluster, answer),
    )


def _check_pod(sent: Object) -> None:
    """A pod that is created is the Job's, has its finalizer, and its index wherever one is."""
    metadata = sent["metadata"]
    labels, annotations = metadata["labels"], metadata.get("annotations", {})
    index = annotations.get(_INDEX)
    right = (
        labels.get(_INDEX) == index
        and {name: labels.get(name) for name in _labels()} == _labels()
        and metadata["finalizers"] == [_FINALIZER]
        and [(each["uid"], each["controller"]) for each in metadata["ownerReferences"]]
        == [(_UID, True)]
        and metadata["generateName"] == (f"{_NAME}-" if index is None else f"{_NAME}-{index}-")
    )
    if not right:
        raise OracleDefect(f"a pod was created that is not of {_NAME}: {metadata}")


def _read_memory(start: Start, cluster: Cluster, answer: Object) -> Memory:
    memory = answer["memory"]
    expected = memory.get("expectations") or {}
    creations, deletions = (max(0, expected.get(name, 0)) for name in ("add", "del"))
    uids: list[str] = memory.get("finalizers") or []
    pods = Counter(cluster.pods[uid.removeprefix("uid-")] for uid in uids)
    return Memory(
        creations,
        deletions,
        counted(pods),
        not of_each_index(start) and _delay_runs(memory.get("backoff")),
        bool(memory.get("finished")),
        unseen_of(answer, _SEEN),
    )


def _delay_runs(record: Object | None) -> bool:
    """Whether the back-off is not over yet: 10 s, doubled with each failure, at most 10 min."""
    if not record:
        return False
    return bool(record["age"] < min(10 * 2 ** (record["failures"] - 1), 600))


def _read_status(status: Object) -> jobs.JobStatus:
    listed = status.get("uncountedTerminatedPods") or {}
    failed = status.get("failedIndexes")
    return jobs.JobStatus(
        active=status.get("active", 0),
        ready=status.get("ready"),
        terminating=status.get("terminating"),
        succeeded=status.get("succeeded", 0),
        failed=status.get("failed", 0),
        uncounted=jobs.Uncounted(
            len(listed.get("succeeded") or ()), len(listed.get("failed") or ())
        ),
        completed_indexes=job_policies.parse_indexes(status.get("completedIndexes", ""), 1000),
        failed_indexes=None if failed is None else job_policies.parse_indexes(failed, 1000),
        conditions=tuple(
            jobs.JobCondition(each["type"], each["status"] == "True", each.get("reason", ""))
            for each in status.get("conditions", ())
        ),
        start_time=status.get("startTime") is not None,
    )
