"""
What users may do and what may go wrong, in words, and which of it each kind of workload knows.
"""

__all__ = [
    "AROUND_DEPLOYMENTS",
    "AROUND_JOBS",
    "AROUND_STATEFUL_SETS",
    "FAULTS",
    "OF_DEPLOYMENTS",
    "OF_JOBS",
    "OF_STATEFUL_SETS",
    "USERS",
]

# Of all kinds; what means something for one of them is listed below.
USERS = {
    "set-image": "the template is replaced by one that was never used",
    "restart": "the same, as `kubectl rollout restart` does it",
    "scale": "spec.replicas becomes VALUE",
    "undo": "the template becomes that of the previous revision",
    "pause": "spec.paused becomes true",
    "resume": "spec.paused becomes false; of a Job, spec.suspend",
    "apply": "the manifest is applied again",
    "delete": "the workload is deleted; VALUE is background, foreground or orphan",
    "set-partition": "the partition of a StatefulSet's rolling update becomes VALUE",
    "set-retention": "a StatefulSet's retention policy of claims becomes VALUE, whenDeleted and"
    " whenScaled in one word such as DeleteRetain",
    "delete-pod": "some pod of a StatefulSet or a Job is deleted",
    "force-delete": "some pod of a StatefulSet is deleted by force: its object goes at once",
    "delete-claim": "some claim of a StatefulSet is deleted",
    "drain": "some node is cordoned, and its pods are evicted, as far as their disruption budget"
    " allows",
    "delete-node": "some Node object is deleted, whatever its machine does",
    "out-of-service": "some unreachable node gets the taint out-of-service",
    "set-parallelism": "spec.parallelism of a Job becomes VALUE",
    "set-completions": "completions and parallelism of an Indexed Job become VALUE, both",
    "set-backoff-limit": "spec.backoffLimit of a Job becomes VALUE",
    "set-active-deadline": "spec.activeDeadlineSeconds of a Job becomes VALUE; how much of it has"
    " gone is left open; `none` takes it away",
    "set-ttl": "spec.ttlSecondsAfterFinished of a Job becomes VALUE; `none` takes it away",
    "set-max-failed-indexes": "spec.maxFailedIndexes of an Indexed Job becomes VALUE; `none` takes"
    " it away",
    "suspend": "spec.suspend of a Job becomes true",
    "strip-finalizer": "the Job tracking finalizer of a pod is removed",
}
FAULTS = {
    "container-exit": "a container of a ready pod exits and is started again; that of a Job's pod"
    " with code VALUE, 1 if none is given",
    "unready": "the readiness probe of a ready pod fails",
    "pod-failed": "a pod fails for good, as by eviction",
    "never-ready": "pods of the first TIMES new templates never become ready",
    "unschedulable": "a new pod finds no node or no volume, and stays pending, for a while or for"
    " ever",
    "controller-restart": "the controller manager restarts with empty memory",
    "failover": "another controller manager takes over; requests of the former one may land late",
    "write-failure": "a request of a controller fails",
    "write-unknown": "a request of a controller is applied, and the answer is lost",
    "expectations-expire": "five minutes pass before a controller sees what it did",
    "hash-collision": "the name of a ReplicaSet that is about to be created is taken",
    "relist": "the watch of pods breaks and starts with a new list (needs lag 2)",
    "node-crash": "some node stops, and all that runs on it; it may come back; or, with pods of a"
    " Job, it is removed",
    "node-off": "some node stops for good, and all that runs on it",
    "node-partition": "some node is cut off, and what runs on it goes on; it may come back",
    "kubelet-restart": "some kubelet starts anew, and lists its pods",
    "stale-api-server": "an API server falls behind, and shows pods as they were",
    "second-controller": "another controller manager takes over while a sync or a collection of a"
    " lost node's pod goes on",
    "stale-dns": "a resolver keeps the address of one pod of a StatefulSet, for a while",
    "evict": "a pod of a Job gets the condition DisruptionTarget and is deleted",
    "pod-condition": "a pod of a Job gets another condition that its podFailurePolicy asks for",
}
OF_DEPLOYMENTS = frozenset(
    ("set-image", "restart", "scale", "undo", "pause", "resume", "apply", "delete")
)
"""What users may do with a Deployment."""

AROUND_DEPLOYMENTS = frozenset(
    (
        "container-exit",
        "unready",
        "pod-failed",
        "never-ready",
        "unschedulable",
        "controller-restart",
        "failover",
        "write-failure",
        "write-unknown",
        "expectations-expire",
        "hash-collision",
        "relist",
    )
)
"""What may go wrong around a Deployment."""

OF_STATEFUL_SETS = frozenset(
    (
        "set-image",
        "scale",
        "undo",
        "apply",
        "delete",
        "set-partition",
        "set-retention",
        "delete-pod",
        "force-delete",
        "delete-claim",
        "drain",
        "delete-node",
        "out-of-service",
    )
)
"""What users may do with a StatefulSet, its pods, its claims and its nodes."""

AROUND_STATEFUL_SETS = frozenset(
    (
        "container-exit",
        "unready",
        "pod-failed",
        "never-ready",
        "controller-restart",
        "second-controller",
        "write-failure",
        "node-crash",
        "node-off",
        "node-partition",
        "kubelet-restart",
        "stale-api-server",
        "stale-dns",
    )
)
"""What may go wrong around a StatefulSet."""

OF_JOBS = frozenset(
    (
        "set-parallelism",
        "set-completions",
        "set-backoff-limit",
        "set-active-deadline",
        "set-ttl",
        "set-max-failed-indexes",
        "suspend",
        "resume",
        "delete",
        "delete-pod",
        "strip-finalizer",
    )
)
"""What users may do with a Job."""

AROUND_JOBS = frozenset(
    (
        "container-exit",
        "evict",
        "pod-condition",
        "node-crash",
        "node-off",
        "controller-restart",
        "write-failure",
        "write-unknown",
        "expectations-expire",
        "failover",
        "stale-api-server",
        "relist",
    )
)
"""What may go wrong around a Job."""
