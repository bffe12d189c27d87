"""
When users and faults may act, in words; the rules that do so say it in their first lines.

Each also needs what is left of its budget. Who changes an object waits while as many events of it
are on their way to the controllers as the lag allows (see `informer.has_room`).
"""

__all__ = ["MAY_ACT"]

_READY = "a pod of the workload is ready, and not terminating"
_THERE = "the object is there"

MAY_ACT = {
    # Users.
    "set-image": _THERE,
    "restart": "the Deployment is there and not paused",
    "scale": "the object is there, and VALUE is not its size already",
    "undo": "the object is there, a Deployment not paused, and there is an earlier revision of"
    " another template",
    "pause": "the Deployment is there and not paused",
    "resume": "the Deployment is there and paused, the Job is there and suspended",
    "apply": "the Deployment is there and differs from the manifest; or the object is gone, and"
    " is created anew: of a Deployment, once the caches know of that, and its ReplicaSets are gone"
    " too, or orphans",
    "delete": "the object is there and not being deleted",
    "set-partition": "the set is there with a rollingUpdate block, and VALUE is another partition",
    "set-retention": "the set is there, and VALUE is another policy",
    "delete-pod": "the pod is there, and not being deleted",
    "force-delete": "the pod is there, terminating or not",
    "delete-claim": "the claim is there, and not being deleted",
    "drain": "the node is not cordoned",
    "delete-node": "the Node object is there",
    "out-of-service": "the node is unreachable, and has no such taint",
    "set-parallelism": "the Job is there, and VALUE is another parallelism",
    "set-completions": "the Job is there, and VALUE is another"
    " number, not below maxFailedIndexes or what the successPolicy asks for",
    "set-backoff-limit": "the Job is there, and VALUE is another limit",
    "set-active-deadline": "the Job is there, and VALUE is another deadline",
    "set-ttl": "the Job is there, and VALUE is another time",
    "set-max-failed-indexes": "the Job is there, and VALUE is another number of up to completions",
    "suspend": "the Job is there and not suspended",
    "strip-finalizer": "the pod is there and has the finalizer",
    # Faults.
    "container-exit": f"{_READY}; or a container of a pod of the Job runs",
    "unready": f"{_READY}; of a StatefulSet, ready is enough",
    "pod-failed": "a pod of the workload has not ended, and is not terminating",
    "never-ready": "from the start: it is said of templates, and takes no step",
    "unschedulable": "a pod of the Deployment is pending, and not terminating",
    "controller-restart": "no restart is under way",
    "failover": "no change of leaders is under way",
    "write-failure": "a request of a controller is on its way",
    "write-unknown": "a request of a controller is on its way that the API server would accept",
    "expectations-expire": "a controller expects to see something that it did",
    "hash-collision": "a ReplicaSet is about to be created",
    "relist": "two events of pods or more are on their way, of a Job of one pod",
    "node-crash": "the machine runs; of a Job, a pod on the node has not ended",
    "node-off": "the machine runs; of a Job, a pod on the node has not ended",
    "node-partition": "the machine runs, and its node is connected",
    "kubelet-restart": "the kubelet runs, and its node is connected",
    "stale-api-server": "of a StatefulSet, no API server is behind and there are pods; of a Job, at"
    " any time",
    "stale-dns": "the set has a headless Service, the name of a member leads to a pod, and no other"
    " answer is kept",
    "second-controller": "no change of controllers is under way",
    "pod-condition": "a rule asks for a condition that the pod does not have, and the pod has not"
    " succeeded",
    "evict": "the pod has not ended, and is not being deleted",
}
"""By the names of users and faults; what depends on the kind of workload says so."""
