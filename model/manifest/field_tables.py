"""
What is known of the fields of workloads: which the model has, and what the others could do.

Each row is an effect and why. A field without a row may matter: inert is only what somebody has
thought about. Where several rows fit, the longest one counts.
"""

from functools import cache

__all__ = ["BLOCKS", "INERT", "INFORMING", "MATTERS", "MODELLED", "UNKNOWN", "WAITS", "Row", "rows"]

BLOCKS = "can write to or block"
WAITS = "may keep pods waiting"
MATTERS = "may matter"
INERT = "inert"

Row = tuple[str, str]

_POD = "spec.template.spec"
_OF_ALL = (
    "apiVersion",
    "kind",
    "metadata.name",
    "metadata.namespace",
    "spec.selector",
    "spec.template.metadata.labels",
    f"{_POD}.containers[].name",
    f"{_POD}.containers[].image",
    f"{_POD}.restartPolicy",
    f"{_POD}.volumes[].name",  # a label for what stands beside it, which is listed
)
_CLAIM = "spec.volumeClaimTemplates[]"
MODELLED: dict[str, tuple[str, ...]] = {
    "Deployment": (
        *_OF_ALL,
        "spec.minReadySeconds",
        "spec.paused",
        "spec.progressDeadlineSeconds",
        "spec.replicas",
        "spec.revisionHistoryLimit",
        "spec.strategy",
    ),
    "Job": (
        *_OF_ALL,
        "spec.activeDeadlineSeconds",
        "spec.backoffLimit",
        "spec.backoffLimitPerIndex",
        "spec.completionMode",
        "spec.completions",
        "spec.manualSelector",
        "spec.maxFailedIndexes",
        "spec.parallelism",
        "spec.podFailurePolicy",
        "spec.podReplacementPolicy",
        "spec.successPolicy",
        "spec.suspend",
        "spec.ttlSecondsAfterFinished",
    ),
    "StatefulSet": (
        *_OF_ALL,
        "spec.minReadySeconds",
        "spec.ordinals",
        "spec.persistentVolumeClaimRetentionPolicy",
        "spec.podManagementPolicy",
        "spec.replicas",
        "spec.revisionHistoryLimit",
        "spec.serviceName",
        "spec.updateStrategy",
        f"{_POD}.affinity.nodeAffinity",
        f"{_POD}.nodeSelector",
        f"{_POD}.terminationGracePeriodSeconds",
        f"{_POD}.tolerations",
        f"{_CLAIM}.metadata.name",
        f"{_CLAIM}.spec.accessModes",
        f"{_CLAIM}.spec.resources.requests",
    ),
}
"""By kind, the fields that the rules of the model read."""

_OBJECT = {
    "metadata.labels": (INERT, "no controller in the model selects it by them"),
    "metadata.annotations": (MATTERS, "another controller may act on it"),
    "metadata.creationTimestamp": (INERT, "the API server writes it"),
    "metadata.deletionGracePeriodSeconds": (INERT, "ignored when an object is written"),
    "metadata.deletionTimestamp": (INERT, "ignored when an object is written"),
    "metadata.finalizers": (BLOCKS, "holds up the deletion until somebody removes it"),
    "metadata.generateName": (INERT, "ignored beside a name"),
    "metadata.generation": (INERT, "the API server writes it"),
    "metadata.managedFields": (INERT, "the API server writes it"),
    "metadata.ownerReferences": (BLOCKS, "the garbage collector deletes it without its owner"),
    "metadata.resourceVersion": (INERT, "only compared when the manifest is written"),
    "metadata.selfLink": (INERT, "ignored"),
    "metadata.uid": (INERT, "the API server writes it"),
    "status": (INERT, "ignored when an object is written"),
    "spec.template.metadata": (INERT, "not copied to pods"),
    "spec.template.metadata.annotations": (MATTERS, "another controller may act on it"),
    "spec.template.metadata.finalizers": (BLOCKS, "holds up the deletion of every pod"),
}
_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
_PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"
_ON_NODES = "pods may find no node"
_ROOM = "pods may find no node with so much left, as far as the capacity of nodes is not given"
_PORT = "two pods with the same port do not fit on a node"
_ADMISSION = "pods are refused where admission does not allow it"
_EXISTS = "pods are refused where there is no such object"
_MISSING = "a pod waits for it if it is missing"
_DISK = "one node at a time may use the disk"
_NO_PLUGIN = "no kubelet can mount it any more"
_CLAIM_WAITS = {
    "dataSource": "a claim waits for its data",
    "dataSourceRef": "a claim waits for its data",
    "selector": "a claim may wait for a volume that fits",
    "volumeName": "all claims ask for the same volume",
}
"""What in the spec of a claim that is made for each pod may keep it waiting."""
_POD_FIELDS = {
    "affinity": (MATTERS, _ON_NODES),
    **{
        f"affinity.{each}.{_REQUIRED}": (BLOCKS, _ON_NODES)
        for each in ("nodeAffinity", "podAffinity", "podAntiAffinity")
    },
    **{
        f"affinity.{each}.{_PREFERRED}": (INERT, "prefers nodes and excludes none")
        for each in ("nodeAffinity", "podAffinity", "podAntiAffinity")
    },
    "automountServiceAccountToken": (INERT, "what is mounted does not decide when a pod is ready"),
    "dnsConfig": (INERT, "how names are looked up inside of a pod"),
    "dnsPolicy": (INERT, "how names are looked up inside of a pod"),
    "enableServiceLinks": (INERT, "adds variables to the environment"),
    "hostAliases": (INERT, "how names are looked up inside of a pod"),
    "hostIPC": (MATTERS, _ADMISSION),
    "hostNetwork": (BLOCKS, _PORT),
    "hostPID": (MATTERS, _ADMISSION),
    "hostUsers": (MATTERS, "a node that has no user namespaces does not start such a pod"),
    "hostname": (INERT, "a name inside of a pod"),
    "hostnameOverride": (INERT, "a name inside of a pod"),
    "imagePullSecrets[]": (MATTERS, "without it an image may not be pulled"),
    "initContainers": (MATTERS, "a pod is not ready before these have ended, or run as sidecars"),
    "initContainers[].ports[].hostPort": (BLOCKS, _PORT),
    "nodeName": (BLOCKS, "a pod that its node refuses fails and is replaced without end"),
    "nodeSelector": (BLOCKS, _ON_NODES),
    "os": (BLOCKS, "a node of another system refuses the pod, which fails and is replaced"),
    "overhead": (BLOCKS, "pods are refused unless their RuntimeClass says the same"),
    "preemptionPolicy": (MATTERS, "pods are refused where their PriorityClass says otherwise"),
    "priority": (MATTERS, "pods are refused where their PriorityClass says otherwise"),
    "priorityClassName": (MATTERS, f"{_EXISTS}, and make those of less priority give way"),
    "readinessGates": (BLOCKS, "a pod is not ready before another controller says so"),
    "resourceClaims": (BLOCKS, "a pod waits for its claims"),
    "resources": (MATTERS, _ROOM),
    "runtimeClassName": (MATTERS, f"{_EXISTS}, and only some nodes may have it"),
    "schedulerName": (BLOCKS, "a pod waits for this scheduler"),
    "schedulingGates": (BLOCKS, "a pod waits until another controller removes them"),
    "schedulingGroup": (BLOCKS, "a pod waits for the others of its group"),
    "securityContext": (MATTERS, _ADMISSION),
    "serviceAccount": (MATTERS, _EXISTS),
    "serviceAccountName": (MATTERS, _EXISTS),
    "setHostnameAsFQDN": (BLOCKS, "a pod whose full name has over 64 characters does not start"),
    "shareProcessNamespace": (INERT, "what processes see of each other"),
    "subdomain": (INERT, "a name inside of a pod"),
    "terminationGracePeriodSeconds": (MATTERS, "how long a pod takes to end"),
    "tolerations[]": (MATTERS, "which nodes take a pod, and how long it stays on one that is lost"),
    "topologySpreadConstraints[]": (BLOCKS, _ON_NODES),
    "volumes[]": (MATTERS, "a pod waits for its volumes"),
    "volumes[].configMap": (MATTERS, _MISSING),
    "volumes[].downwardAPI": (INERT, "made of the pod itself"),
    "volumes[].emptyDir": (INERT, "made on the node, without waiting"),
    **{
        f"volumes[].ephemeral.volumeClaimTemplate.spec.{each}": (BLOCKS, why)
        for each, why in _CLAIM_WAITS.items()
    },
    "volumes[].persistentVolumeClaim": (BLOCKS, "one node at a time may use the claim"),
    **{
        f"volumes[].projected.sources[].{each}": row
        for each, row in (
            ("clusterTrustBundle", (MATTERS, _MISSING)),
            ("configMap", (MATTERS, _MISSING)),
            ("downwardAPI", (INERT, "made of the pod itself")),
            ("podCertificate", (BLOCKS, "a pod waits until a signer issues its certificate")),
            ("secret", (MATTERS, _MISSING)),
            ("serviceAccountToken", (INERT, "issued without waiting")),
        )
    },
    "volumes[].secret": (MATTERS, _MISSING),
    # Go: pkg/scheduler/framework/plugins/volumerestrictions, csi-translation-lib/plugins
    **{
        f"volumes[].{each}": (BLOCKS, _DISK)
        for each in (
            "awsElasticBlockStore",
            "azureDisk",
            "cinder",
            "fc",
            "gcePersistentDisk",
            "iscsi",
            "portworxVolume",
            "vsphereVolume",
        )
    },
    # Go: pkg/volume, where their plugins were
    **{
        f"volumes[].{each}": (BLOCKS, _NO_PLUGIN)
        for each in (
            "cephfs",
            "flocker",
            "gitRepo",
            "glusterfs",
            "photonPersistentDisk",
            "quobyte",
            "rbd",
            "scaleIO",
            "storageos",
        )
    },
}
_OWN_RESTARTS = "whether a container that ends is started again is no more said by its pod"
_CONTAINER = {
    "args": (INERT, "which program runs is left open"),
    "command": (INERT, "which program runs is left open"),
    "env[]": (INERT, "which program runs is left open"),
    "env[].valueFrom": (MATTERS, "a container does not start while it is missing"),
    "env[].valueFrom.fieldRef": (INERT, "made of the pod itself"),
    "env[].valueFrom.resourceFieldRef": (INERT, "made of the pod itself"),
    "envFrom[]": (MATTERS, "a container does not start while it is missing"),
    "imagePullPolicy": (INERT, "whether pulling succeeds is left open"),
    "lifecycle": (MATTERS, "how long a container takes to start or to end"),
    "livenessProbe": (MATTERS, "may end a container that runs"),
    "ports[]": (INERT, "only informs"),
    "ports[].hostPort": (BLOCKS, _PORT),
    "readinessProbe": (MATTERS, "decides when a pod is ready"),
    "resizePolicy": (INERT, "only asked when a running pod is resized"),
    "resources": (MATTERS, _ROOM),
    "resources.claims": (BLOCKS, "a pod waits for its claims"),
    "restartPolicy": (BLOCKS, _OWN_RESTARTS),
    "restartPolicyRules": (BLOCKS, _OWN_RESTARTS),
    "securityContext": (MATTERS, _ADMISSION),
    "startupProbe": (MATTERS, "a container is not ready before it, and may be ended by it"),
    "stdin": (INERT, "what is connected to a process"),
    "stdinOnce": (INERT, "what is connected to a process"),
    "terminationMessagePath": (INERT, "where an exit is explained"),
    "terminationMessagePolicy": (INERT, "where an exit is explained"),
    "tty": (INERT, "what is connected to a process"),
    "volumeDevices": (INERT, "what is mounted is judged with the volume"),
    "volumeMounts": (INERT, "what is mounted is judged with the volume"),
    "workingDir": (INERT, "which program runs is left open"),
}
_TABLE: dict[str, Row] = {
    **_OBJECT,
    **{f"{_POD}.{field}": row for field, row in _POD_FIELDS.items()},
    **{f"{_POD}.containers[].{field}": row for field, row in _CONTAINER.items()},
}
_ALL_IT_DOES = (
    *(
        f"affinity.{each}.{_REQUIRED}"
        for each in ("nodeAffinity", "podAffinity", "podAntiAffinity")
    ),
    "containers[].ports[].hostPort",
    "hostNetwork",
    "initContainers[].ports[].hostPort",
    "nodeSelector",
    "schedulingGates",
    "setHostnameAsFQDN",
    "topologySpreadConstraints[]",
    *(
        field
        for field, row in _POD_FIELDS.items()
        if field.startswith("volumes[]") and row[0] == BLOCKS
    ),
)
"""Fields that may keep pods waiting, and do nothing else."""
_OWN: dict[str, dict[str, Row]] = {
    "Deployment": {
        # Of these the model has that a pod stays pending, whatever is the reason.
        f"{_POD}.{field}": (WAITS, _TABLE[f"{_POD}.{field}"][1])
        for field in _ALL_IT_DOES
    },
    "Job": {
        "spec.managedBy": (BLOCKS, "another controller keeps the Job"),
        f"{_POD}.activeDeadlineSeconds": (MATTERS, "a pod fails once this has passed"),
        f"{_POD}.containers[].readinessProbe": (MATTERS, "only counts in status.ready"),
        f"{_POD}.readinessGates": (MATTERS, "only counts in status.ready"),
    },
    "StatefulSet": {
        f"{_CLAIM}": (MATTERS, "a pod waits for its claims"),
        f"{_CLAIM}.apiVersion": (INERT, "the API server writes it"),
        f"{_CLAIM}.kind": (INERT, "the API server writes it"),
        f"{_CLAIM}.metadata": (INERT, "a claim gets its own"),
        f"{_CLAIM}.metadata.annotations": (MATTERS, "another controller may act on it"),
        f"{_CLAIM}.metadata.finalizers": (BLOCKS, "holds up the deletion of every claim"),
        f"{_CLAIM}.metadata.labels": (INERT, "no controller in the model selects claims"),
        f"{_CLAIM}.metadata.ownerReferences": (BLOCKS, "a claim is deleted without its owner"),
        f"{_CLAIM}.spec.resources": (INERT, "the capacity of volumes is not modelled"),
        f"{_CLAIM}.spec.storageClassName": (MATTERS, "decides when claims are bound, and where"),
        f"{_CLAIM}.spec.volumeMode": (INERT, "what a container sees of a volume"),
        **{f"{_CLAIM}.spec.{each}": (BLOCKS, why) for each, why in _CLAIM_WAITS.items()},
        f"{_CLAIM}.status": (INERT, "ignored"),
        f"{_POD}.hostname": (INERT, "the controller writes it"),
        f"{_POD}.subdomain": (INERT, "the controller writes it"),
    },
}
UNKNOWN: Row = (MATTERS, "nobody has looked at what it does to these pods")
# Annotations that tell people or tools outside of the cluster something.
INFORMING = (
    "app.kubernetes.io/",
    "argocd.argoproj.io/",
    "checksum/",
    "kubectl.kubernetes.io/default-container",
    "kubectl.kubernetes.io/last-applied-configuration",
    "kubectl.kubernetes.io/restartedAt",
    "kubernetes.io/change-cause",
    "kubernetes.io/description",
    "meta.helm.sh/",
    "prometheus.io/",
)


@cache
def rows(kind: str) -> dict[str, Row]:
    """The rows of a kind, by the fields' paths, with `[]` for any place in a list."""
    return {**_TABLE, **_OWN[kind]}
