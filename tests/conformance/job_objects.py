"""States of a Job as API objects for the oracle, and its answers in the terms of the model."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from seatrial.model import job_api as jobs
from seatrial.model import job_policies
from seatrial.oracle.objects import NAMESPACE, NOW, Object, ago

from .job_states import Start
from .job_syncs import Went, counted, rank

__all__ = ["real", "request"]

_NAME, _UID = "pi", "uid-pi"
_GATE = "MutableSchedulingDirectivesForSuspendedJobs"
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


def _job_object(start: Start, listed: dict[str, list[str]]) -> Object:
    job, spec, status = start.job, start.job.spec, start.job.status
    metadata: Object = {
        "name": _NAME,
        "namespace": NAMESPACE,
        "uid": _UID,
        "resourceVersion": "100",
        "generation": 1,
        "creationTimestamp": ago(5000),
    }
    if job.deleting:
        metadata |= {
            "deletionTimestamp": ago(5),
            "deletionGracePeriodSeconds": 0,
            "finalizers": ["foregroundDeletion"],
        }
    written: Object = {
        "parallelism": spec.parallelism,
        "completions": spec.completions,
        "completionMode": spec.completion_mode,
        "backoffLimit": spec.backoff_limit,
        "suspend": spec.suspend,
        "podReplacementPolicy": spec.pod_replacement_policy,
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
    started = 1000 if start.past_deadline else 50
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


def _pods(start: Start) -> Iterator[tuple[str, jobs.Seen]]:
    """All pods and UIDs, by name."""
    number = 0
    for seen, n in start.pods.items():
        for _ in range(n):
            number += 1
            yield f"{_NAME}-{number:05d}", seen


def _ended_ago(start: Start, pod: jobs.JobPod) -> int:
    if pod.phase == "Succeeded":
        return 5
    if pod.waited:
        return 2000
    return 2 if start.failures_last else 8


def _pod_object(start: Start, name: str, pod: jobs.JobPod) -> Object:
    annotations, labels = {}, _labels()
    if pod.index is not None:
        annotations[_INDEX] = labels[_INDEX] = str(pod.index)
        if start.job.spec.backoff_limit_per_index is not None:
            annotations[_FAILURES] = str(pod.failure_count)
            if pod.ignored_failure_count:
                annotations[_IGNORED] = str(pod.ignored_failure_count)
    metadata: Object = {
        "name": name,
        "namespace": NAMESPACE,
        "uid": f"uid-{name}",
        "resourceVersion": "90",
        "creationTimestamp": ago(3000),
        "labels": labels,
        "annotations": annotations,
        "finalizers": [_FINALIZER] if pod.finalizer else [],
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
        asked = _ended_ago(start, pod)
        metadata |= {"deletionTimestamp": ago(asked - 30), "deletionGracePeriodSeconds": 30}
    container: Object = {
        "name": "pi",
        "image": "pi:1",
        "imageID": "",
        "ready": pod.ready,
        "restartCount": pod.restarts,
    }
    since = _ended_ago(start, pod)
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
            "lastTransitionTime": ago(since if pod.ended or pod.terminating else 100),
        }
    ]
    if pod.disrupted:
        conditions.append(
            {"type": "DisruptionTarget", "status": "True", "lastTransitionTime": ago(since)}
        )
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": metadata,
        "spec": {
            "restartPolicy": start.job.spec.restart_policy,
            "containers": [{"name": "pi", "image": "pi:1"}],
            "nodeName": "n1",
        },
        "status": {"phase": pod.phase, "conditions": conditions, "containerStatuses": [container]},
    }


def request(start: Start) -> Object:
    """The same state for the oracle."""
    listed: dict[str, list[str]] = {}
    objects, finalizers = [], []
    for name, seen in _pods(start):
        if seen.listed:
            listed.setdefault(seen.listed, []).append(f"uid-{name}")
        if seen.expected:
            finalizers.append(f"uid-{name}")
        if seen.pod is not None:
            objects.append(_pod_object(start, name, seen.pod))
    job = _job_object(start, listed)
    memory: Object = {"finalizers": finalizers}
    if start.backoff:
        memory["backoff"] = {"failures": 1, "age": 1}
    if not start.satisfied:
        memory["expectations"] = {"add": 1, "del": 0, "age": 1}
    return {
        "controller": "job",
        "key": f"{NAMESPACE}/{_NAME}",
        "now": NOW,
        "gates": {_GATE: start.clears_start_time},
        "cache": [job, *objects],
        "live": [job, *objects],
        "memory": memory,
    }


def real(start: Start, answer: Object) -> Went:
    """How the real sync went."""
    by_name = dict(_pods(start))
    created: Counter[Any] = Counter()
    deleted: Counter[Any] = Counter()
    patched, statuses = 0, []
    for each in answer["requests"]:
        if each["verb"] == "update-status":
            answered = "applied" if each["answer"] == "applied" else "conflict"
            statuses.append((_read_status(each["object"]["status"]), answered))
        elif each["verb"] == "create":
            annotations = each["object"]["metadata"].get("annotations", {})
            index = annotations.get(_INDEX)
            created[
                None if index is None else int(index),
                int(annotations.get(_FAILURES, 0)),
                int(annotations.get(_IGNORED, 0)),
            ] += 1
        elif each["verb"] == "delete":
            deleted[rank(by_name[each["name"]])] += 1
        elif each["verb"] == "patch":
            patched += 1
    return Went(
        counted(created),
        counted(deleted),
        patched,
        tuple(statuses),
        "add-rate-limited" in answer["key"]["calls"],
        answer["key"]["after"] is not None,
    )


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
