"""
What a field of a pod template that no rule reads could do, of each kind of workload.

What may keep pods waiting is modelled of a Deployment, whatever is the reason: a pod stays pending.
Of the other kinds nothing can be said to hold then.
"""

from typing import Any

import pytest

from given_manifests import CONTAINER, deployment, job, listed, read, stateful_set

BLOCKS, MATTERS, INERT = "can write to or block", "may matter", "inert"
WAITS = "may keep pods waiting"
POD = "spec.template.spec"
Row = tuple[str, str]


def container(**fields: Any) -> dict[str, Any]:
    return {"containers": [{**CONTAINER, **fields}]}


def started_first(**fields: Any) -> dict[str, Any]:
    return {"initContainers": [{**CONTAINER, "name": "first", **fields}]}


def volume(**source: Any) -> dict[str, Any]:
    return {"volumes": [{"name": "data", **source}]}


def ephemeral(**spec: Any) -> dict[str, Any]:
    """A volume that comes and goes with its pod, from a claim of this spec."""
    whole = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    return volume(ephemeral={"volumeClaimTemplate": {"spec": {**whole, **spec}}})


def effects(kind: str, pod: dict[str, Any]) -> dict[str, str]:
    """By field, what it could do in a workload of this kind."""
    given = {"Deployment": deployment, "StatefulSet": stateful_set, "Job": job}[kind](**pod)
    return {field: effect for field, (effect, _) in listed(read(given), of=kind).items()}


PORTS = [{"containerPort": 80, "hostPort": 80}]


@pytest.mark.parametrize(
    ("pod", "field"),
    [
        (container(ports=PORTS), "containers[0].ports[0].hostPort"),
        (started_first(ports=PORTS, restartPolicy="Always"), "initContainers[0].ports[0].hostPort"),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)
def test_a_port_of_the_node_keeps_the_next_pod_away_from_it(
    pod: dict[str, Any], field: str
) -> None:
    """The pods of a StatefulSet have nodes in the model, and none takes two of them."""
    assert effects("Deployment", pod)[f"{POD}.{field}"] == WAITS
    assert f"{POD}.{field}" not in effects("StatefulSet", pod)
    assert effects("Job", pod)[f"{POD}.{field}"] == BLOCKS


@pytest.mark.parametrize(
    ("pod", "field"),
    [
        ({"hostNetwork": True}, "hostNetwork"),
        ({"setHostnameAsFQDN": True}, "setHostnameAsFQDN"),
        (volume(awsElasticBlockStore={"volumeID": "a"}), "volumes[0].awsElasticBlockStore"),
        (volume(gcePersistentDisk={"pdName": "a"}), "volumes[0].gcePersistentDisk"),
        (volume(iscsi={"targetPortal": "a", "iqn": "b", "lun": 0}), "volumes[0].iscsi"),
        (volume(gitRepo={"repository": "a"}), "volumes[0].gitRepo"),
        (volume(glusterfs={"endpoints": "a", "path": "b"}), "volumes[0].glusterfs"),
        (
            ephemeral(volumeName="one"),
            "volumes[0].ephemeral.volumeClaimTemplate.spec.volumeName",
        ),
        (
            volume(
                projected={
                    "sources": [{"podCertificate": {"signerName": "a.b/c", "keyType": "ED25519"}}]
                }
            ),
            "volumes[0].projected.sources[0].podCertificate",
        ),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)
def test_what_can_do_no_more_than_keep_pods_waiting(pod: dict[str, Any], field: str) -> None:
    """A port or a disk that another pod has, a mount that never comes, a name that is too long."""
    assert effects("Deployment", pod)[f"{POD}.{field}"] == WAITS
    assert effects("StatefulSet", pod)[f"{POD}.{field}"] == BLOCKS
    assert effects("Job", pod)[f"{POD}.{field}"] == BLOCKS


@pytest.mark.parametrize(
    ("pod", "field"),
    [
        ({"nodeName": "w1"}, "nodeName"),
        ({"os": {"name": "windows"}}, "os"),
        ({"overhead": {"cpu": "1"}}, "overhead"),
        ({"readinessGates": [{"conditionType": "a.b/c"}]}, "readinessGates"),
        ({"resourceClaims": [{"name": "a", "resourceClaimName": "b"}]}, "resourceClaims"),
        ({"schedulerName": "mine"}, "schedulerName"),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)
@pytest.mark.parametrize("kind", ["Deployment", "StatefulSet"])
def test_what_does_more_than_to_keep_pods_waiting(
    kind: str, pod: dict[str, Any], field: str
) -> None:
    """
    Pods that a kubelet refuses fail and are replaced without end; those that admission refuses are
    never created; and a ready pod whose gate closes is not ready any more.
    """
    assert effects(kind, pod)[f"{POD}.{field}"] == BLOCKS


@pytest.mark.parametrize(
    ("pod", "field"),
    [
        (container(resources={"requests": {"cpu": "1"}}), "containers[0].resources"),
        ({"resources": {"requests": {"cpu": "1"}}}, "resources"),
        (container(imagePullPolicy="Never"), "containers[0].imagePullPolicy"),
        (container(envFrom=[{"secretRef": {"name": "a"}}]), "containers[0].envFrom[0]"),
        (
            container(
                env=[{"name": "A", "valueFrom": {"secretKeyRef": {"name": "a", "key": "b"}}}]
            ),
            "containers[0].env[0].valueFrom",
        ),
        (volume(configMap={"name": "a"}), "volumes[0].configMap"),
        (
            volume(projected={"sources": [{"secret": {"name": "a"}}]}),
            "volumes[0].projected.sources[0].secret",
        ),
        (ephemeral(), "volumes[0]"),
        ({"imagePullSecrets": [{"name": "a"}]}, "imagePullSecrets[0]"),
        ({"os": {"name": "linux"}}, "os"),
        ({"priorityClassName": "high"}, "priorityClassName"),
        ({"runtimeClassName": "gvisor"}, "runtimeClassName"),
        ({"serviceAccountName": "web"}, "serviceAccountName"),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)
def test_what_a_pod_names_or_asks_for_is_taken_to_be_there(pod: dict[str, Any], field: str) -> None:
    """Nearly every manifest has some of it; each is listed, so that nobody takes it for inert."""
    assert effects("Deployment", pod)[f"{POD}.{field}"] == MATTERS


@pytest.mark.parametrize(
    ("pod", "field"),
    [
        ({"hostNetwork": False}, "hostNetwork"),
        ({"setHostnameAsFQDN": False}, "setHostnameAsFQDN"),
        (container(ports=[{"containerPort": 80}]), "containers[0].ports[0]"),
        (
            container(ports=[{"containerPort": 80, "hostPort": 0}]),
            "containers[0].ports[0].hostPort",
        ),
        (started_first(ports=PORTS), "initContainers[0].ports[0].hostPort"),
        (
            {"os": {"name": "windows"}, "nodeSelector": {"kubernetes.io/os": "windows"}},
            "os",
        ),
        (
            container(
                env=[{"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}}]
            ),
            "containers[0].env[0].valueFrom.fieldRef",
        ),
        (
            volume(projected={"sources": [{"serviceAccountToken": {"path": "a"}}]}),
            "volumes[0].projected.sources[0].serviceAccountToken",
        ),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)
def test_the_same_fields_may_say_nothing(pod: dict[str, Any], field: str) -> None:
    """A default that is written out, or what is there as soon as the pod is."""
    assert effects("Deployment", pod)[f"{POD}.{field}"] == INERT
