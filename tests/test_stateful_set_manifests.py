"""StatefulSets are read from manifests as the API server reads them."""

from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from given_manifests import (
    GATE,
    an_object,
    claim,
    errors,
    job,
    listed,
    outcome,
    read,
    spoiled,
    stateful_set,
    warnings,
)
from seatrial.model import IntOrPercent, StatefulSetManifest, read_manifests
from valid_manifests import STATEFUL_SETS

BLOCKS, MATTERS, INERT = "can write to or block", "may matter", "inert"
DB = ("StatefulSet/default/db",)
CLAIMS = "spec.volumeClaimTemplates"
UPDATE = "spec.updateStrategy.rollingUpdate"


def only(spec: dict[str, Any] | None = None, **gates: Any) -> StatefulSetManifest:
    (found,) = read(stateful_set(spec), **gates).stateful_sets
    return found


# ---- defaults -----------------------------------------------------------------------------------


def test_what_is_not_given_has_the_api_servers_default() -> None:
    """SetDefaults_StatefulSet."""
    found = only()

    assert (found.key, found.replicas, found.service_name) == (*DB, 1, "db")
    assert (found.pod_management_policy, found.ordinals_start) == ("OrderedReady", 0)
    assert (found.update_strategy.type, found.update_strategy.partition) == ("RollingUpdate", 0)
    assert (found.min_ready_seconds, found.revision_history_limit) == (0, 10)
    policy = found.persistent_volume_claim_retention_policy
    assert (policy.when_deleted, policy.when_scaled) == ("Retain", "Retain")
    assert found.position("spec.replicas") is None


def test_a_strategy_that_is_only_named_has_no_partition() -> None:
    """
    The API server leaves `rollingUpdate` out where only the type is given, and the controller then
    has a rule of its own. Whoever took that for partition 0 would check another controller.
    """
    assert only({"updateStrategy": {"type": "RollingUpdate"}}).update_strategy.partition is None
    assert only({"updateStrategy": {"type": "OnDelete"}}).update_strategy.partition is None
    both = {"type": "RollingUpdate", "rollingUpdate": {}}
    assert only({"updateStrategy": both}).update_strategy.partition == 0


def test_max_unavailable_is_dropped_unless_its_gate_is_on() -> None:
    """dropStatefulSetDisabledFields, before anything is validated: even a wrong one is dropped."""
    two = {"updateStrategy": {"rollingUpdate": {"maxUnavailable": "20%"}}}

    assert only(two).update_strategy.max_unavailable is None
    assert only(two, gates=GATE).update_strategy.max_unavailable == IntOrPercent.percent(20)
    assert only(gates=GATE).update_strategy.max_unavailable == IntOrPercent.absolute(1)
    assert only({"updateStrategy": {"rollingUpdate": {"maxUnavailable": 0}}})


def test_claim_templates_say_what_they_ask_for() -> None:
    """Volumes bind an identity to its data, and modes say how many nodes may have one at a time."""
    (data,) = only(
        {"volumeClaimTemplates": [claim(storageClassName="fast")]}
    ).volume_claim_templates

    assert (data.name, data.access_modes) == ("data", ("ReadWriteOnce",))
    assert (data.storage, data.storage_class_name) == (str(2**30), "fast")


def test_a_mount_may_name_a_claim_template() -> None:
    """The controller adds a volume of that name to each pod."""
    mounts = {"name": "main", "image": "a", "volumeMounts": [{"name": "data", "mountPath": "/d"}]}
    with_claim = stateful_set({"volumeClaimTemplates": [claim()]}, containers=[mounts])

    assert read(with_claim).stateful_sets
    assert errors(stateful_set(containers=[mounts])) == [
        "spec.template.spec.containers[0].volumeMounts[0].name: 'data' is no volume of this pod;"
        " add it to volumes"
    ]


def test_the_shipped_ensemble_has_claims_and_a_budget() -> None:
    """The example that the how-to pages tell of."""
    path = Path(str(files("seatrial") / "manifests" / "ensemble.yaml"))
    manifests = read_manifests([path])
    (found,) = manifests.stateful_sets

    assert (found.replicas, found.service_name) == (3, "ensemble")
    assert [each.name for each in found.volume_claim_templates] == ["data"]
    assert found.disruption_budget is not None
    assert found.disruption_budget.min_available == IntOrPercent.absolute(2)
    assert not any(each.effect == MATTERS for each in manifests.not_modelled)
    assert manifests.warnings == ()


# ---- what is refused ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spec", "line"),
    [
        ({"replicas": -1}, "spec.replicas: -1 is negative; write 0 or more"),
        ({"ordinals": {"start": -1}}, "spec.ordinals.start: -1 is negative; write 0 or more"),
        ({"minReadySeconds": -1}, "spec.minReadySeconds: -1 is negative; write 0 or more"),
        (
            {"podManagementPolicy": "Random"},
            "spec.podManagementPolicy: 'Random' is no policy; write OrderedReady or Parallel",
        ),
        (
            {"updateStrategy": {"type": "Recreate"}},
            "spec.updateStrategy.type: 'Recreate' is no strategy; write OnDelete or RollingUpdate",
        ),
        (
            {"updateStrategy": {"type": "OnDelete", "rollingUpdate": {"partition": 1}}},
            f"{UPDATE}: OnDelete takes no rollingUpdate; remove one of the two",
        ),
        (
            {"updateStrategy": {"rollingUpdate": {"partition": -1}}},
            f"{UPDATE}.partition: -1 is negative; write 0 or more",
        ),
        (
            {"persistentVolumeClaimRetentionPolicy": {"whenScaled": "Keep"}},
            "spec.persistentVolumeClaimRetentionPolicy.whenScaled: 'Keep' is no policy; write"
            " Delete or Retain",
        ),
        (
            {"serviceName": "db.default"},
            "spec.serviceName: 'db.default' is no DNS-1123 label; write lower-case letters, digits"
            " and '-', as in my-web",
        ),
        (
            {"selector": {}},
            "spec.selector: the selector is empty; write matchLabels with the template's labels",
        ),
        (
            {"selector": {"matchLabels": {"app": "web"}}},
            "spec.template.metadata.labels: spec.selector does not select these labels (app=db);"
            " give the template the labels of the selector",
        ),
        (
            {"volumeClaimTemplates": [claim(accessModes=[])]},
            f"{CLAIMS}[0].spec.accessModes: no access mode; write at least one of ReadOnlyMany,"
            " ReadWriteMany, ReadWriteOnce, ReadWriteOncePod",
        ),
        (
            {"volumeClaimTemplates": [claim(accessModes=["RWO"])]},
            f"{CLAIMS}[0].spec.accessModes[0]: 'RWO' is no access mode; write one of ReadOnlyMany,"
            " ReadWriteMany, ReadWriteOnce, ReadWriteOncePod",
        ),
        (
            {"volumeClaimTemplates": [claim(accessModes=["ReadWriteOncePod", "ReadWriteOnce"])]},
            f"{CLAIMS}[0].spec.accessModes: ReadWriteOncePod stands beside another mode; it has to"
            " be alone",
        ),
        (
            {"volumeClaimTemplates": [claim(), claim("logs", resources={})]},
            f"{CLAIMS}[1].spec.resources.requests[storage]: no storage; write how much a claim asks"
            " for, such as 10Gi",
        ),
        (
            {"volumeClaimTemplates": [claim(resources={"requests": {"storage": "0"}})]},
            f"{CLAIMS}[0].spec.resources.requests[storage]: '0' is not above 0; write how much a"
            " claim asks for",
        ),
        (
            {"volumeClaimTemplates": [claim(volumeMode="Files")]},
            f"{CLAIMS}[0].spec.volumeMode: 'Files' is no volume mode; write Block or Filesystem",
        ),
        (
            {"volumeClaimTemplates": [claim("")]},
            f"{CLAIMS}[0].metadata.name: no name; write one for each claim template",
        ),
        ({"serviceNam": "db"}, "spec.serviceNam: unknown field; did you mean serviceName?"),
    ],
)
def test_what_the_api_server_refuses_is_refused_in_one_line(
    spec: dict[str, Any], line: str
) -> None:
    """ValidateStatefulSetSpec, ValidatePersistentVolumeClaimSpec."""
    assert errors(stateful_set(spec)) == [line]


@pytest.mark.parametrize(
    ("bound", "says"),
    [
        (0, "0, so no pod could be replaced; write 1 or more"),
        ("0%", "0, so no pod could be replaced; write 1 or more"),
        ("150%", "'150%' is more than all pods; write at most 100%"),
        (-1, "-1 is negative; write 0 or more"),
    ],
)
def test_max_unavailable_is_validated_where_its_gate_is_on(bound: int | str, says: str) -> None:
    """validateRollingUpdateStatefulSet."""
    spec = {"updateStrategy": {"rollingUpdate": {"maxUnavailable": bound}}}

    assert errors(stateful_set(spec), gates=GATE) == [f"{UPDATE}.maxUnavailable: {says}"]


def test_pods_have_to_run_for_ever_and_names_have_to_be_labels() -> None:
    """A StatefulSet's name is a part of host names, so it may have no dots."""
    dotted = stateful_set()
    dotted["metadata"]["name"] = "db.one"

    assert errors(stateful_set(restartPolicy="Never")) == [
        "spec.template.spec.restartPolicy: 'Never' cannot be kept by a StatefulSet; write Always,"
        " or a Job instead of a StatefulSet"
    ]
    assert errors(dotted) == [
        "metadata.name: 'db.one' is no DNS-1123 label; write lower-case letters, digits and '-', as"
        " in my-web"
    ]


def test_an_old_version_is_refused() -> None:
    """apps/v1beta2 went with Kubernetes 1.16."""
    old = {**stateful_set(), "apiVersion": "apps/v1beta2"}

    assert errors(old) == ["apiVersion: 'apps/v1beta2' is not served; write apps/v1"]


# ---- what is accepted, and may not be meant -----------------------------------------------------


@pytest.mark.parametrize(
    ("spec", "line"),
    [
        (
            {"serviceName": ""},
            "spec.serviceName: none is given, so pods have no DNS records; write the name of a"
            " headless Service",
        ),
        (
            {"replicas": 3, "updateStrategy": {"rollingUpdate": {"partition": 5}}},
            f"{UPDATE}.partition: 5 with 3 replicas: no pod gets a new template, not even one that"
            " is created again",
        ),
        (
            {"updateStrategy": {"rollingUpdate": {"maxUnavailable": 2}}},
            f"{UPDATE}.maxUnavailable: ignored, because the feature gate MaxUnavailableStatefulSet"
            " is off",
        ),
        (
            {"volumeClaimTemplates": [claim(), claim()]},
            f"{CLAIMS}[1].metadata.name: {CLAIMS}[0] has the same name and is ignored: pods get one"
            " claim of each name, of the last template",
        ),
        (
            {"revisionHistoryLimit": -1},
            "spec.revisionHistoryLimit: -1 is negative, so every revision is kept; write 0 or more",
        ),
    ],
)
def test_what_is_legal_and_surprising_is_a_warning(spec: dict[str, Any], line: str) -> None:
    """No release from 1.34 to 1.37 refuses one of these."""
    assert warnings(stateful_set(spec)) == [line]


def test_a_partition_below_the_replicas_is_nothing_to_warn_of() -> None:
    """It is the usual way to try a template on a few pods."""
    spec = {"replicas": 3, "updateStrategy": {"rollingUpdate": {"partition": 2}}}

    assert warnings(stateful_set(spec)) == []


def test_a_long_name_may_leave_no_room_for_a_hash() -> None:
    """Names up to 63 characters are accepted, and a label of each pod is longer by up to 11."""
    long, longer = stateful_set(), stateful_set()
    long["metadata"]["name"], longer["metadata"]["name"] = "d" * 52, "d" * 53

    assert warnings(long) == []
    assert warnings(longer) == [
        "metadata.name: the name has 53 characters; with more than 52, the label"
        " controller-revision-hash of its pods may become too long, and none is created"
    ]


# ---- what is not modelled -----------------------------------------------------------------------

HPA = {
    "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "db"},
}
REVISION = an_object("apps/v1", "ControllerRevision")
REVISION["metadata"]["labels"] = {"app": "db"}


@pytest.mark.parametrize(
    ("thing", "effect", "concerned"),
    [
        (an_object("autoscaling/v2", "HorizontalPodAutoscaler", spec=HPA), BLOCKS, DB),
        (
            an_object("policy/v1", "PodDisruptionBudget", spec={"selector": {"matchLabels": {}}}),
            MATTERS,
            DB,
        ),
        (an_object("v1", "PersistentVolumeClaim", "data-db-0"), MATTERS, DB),
        (an_object("v1", "PersistentVolumeClaim", "data-db-x"), INERT, ()),
        (an_object("v1", "PersistentVolumeClaim", "logs-db-0"), INERT, ()),
        (an_object("storage.k8s.io/v1", "StorageClass", "fast"), MATTERS, DB),
        (an_object("v1", "PersistentVolume", "disk"), MATTERS, DB),
        (an_object("v1", "Pod", "db-1"), BLOCKS, DB),
        (an_object("v1", "Pod", "1"), INERT, ()),
        (an_object("v1", "Pod", "other-1"), INERT, ()),
        (REVISION, BLOCKS, DB),
        (an_object("v1", "ResourceQuota"), BLOCKS, DB),
        (an_object("v1", "Service", "db"), INERT, ()),
        (
            an_object(
                "admissionregistration.k8s.io/v1",
                "ValidatingWebhookConfiguration",
                webhooks=[{"rules": [{"resources": ["persistentvolumeclaims"]}]}],
            ),
            BLOCKS,
            DB,
        ),
        (job(), INERT, DB),
    ],
)
def test_an_object_beside_it_says_whether_it_concerns_the_stateful_set(
    thing: dict[str, Any], effect: str, concerned: tuple[str, ...]
) -> None:
    """A verdict is about the StatefulSet and nothing else; this is what else there was."""
    found = read(stateful_set({"volumeClaimTemplates": [claim()]}), thing)

    assert listed(found, of="nothing")[thing["kind"]] == (effect, concerned)


@pytest.mark.parametrize(
    ("spec", "pod", "field", "effect"),
    [
        ({}, {"subdomain": "a"}, "spec.template.spec.subdomain", INERT),
        (
            {},
            {"schedulingGates": [{"name": "a.b/c"}]},
            "spec.template.spec.schedulingGates",
            BLOCKS,
        ),
        (
            {"volumeClaimTemplates": [claim(storageClassName="fast")]},
            {},
            f"{CLAIMS}[0].spec.storageClassName",
            MATTERS,
        ),
        (
            {"volumeClaimTemplates": [claim(volumeName="disk")]},
            {},
            f"{CLAIMS}[0].spec.volumeName",
            BLOCKS,
        ),
        (
            {"volumeClaimTemplates": [claim(dataSource={"kind": "A", "name": "b"})]},
            {},
            f"{CLAIMS}[0].spec.dataSource",
            BLOCKS,
        ),
        (
            {},
            {"volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}]},
            "spec.template.spec.volumes[0].persistentVolumeClaim",
            BLOCKS,
        ),
        (
            # :Go: updateStorage: pods get the template's claim in place of that volume.
            {"volumeClaimTemplates": [claim("data")]},
            {"volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}]},
            "spec.template.spec.volumes[0].persistentVolumeClaim",
            INERT,
        ),
    ],
)
def test_a_field_that_is_not_modelled_says_what_it_could_do(
    spec: dict[str, Any], pod: dict[str, Any], field: str, effect: str
) -> None:
    """A field that nobody reads and nobody lists is how a checker lies."""
    assert listed(read(stateful_set(spec, **pod)), of="StatefulSet") == {field: (effect, DB)}


# ---- for whatever is valid ----------------------------------------------------------------------


@given(STATEFUL_SETS, st.sampled_from([frozenset(), GATE]))
@settings(deadline=None)
def test_a_manifest_with_its_defaults_written_out_reads_the_same(
    given: dict[str, Any], gates: frozenset[str]
) -> None:
    """Defaults are applied once: what a cluster gives back is what was meant by what it got."""
    (found,) = read(given, gates=gates).stateful_sets
    (again,) = read(found.document(), gates=gates).stateful_sets

    assert again == found
    assert hash(again) == hash(found)
    assert again.document() == found.document()


@given(STATEFUL_SETS, st.data())
@settings(deadline=None)
def test_any_value_in_any_field_is_read_or_refused(
    given: dict[str, Any], data: st.DataObject
) -> None:
    """Each rule has been asked about values of every type, not only those it was written for."""
    found = outcome({**given, "spec": spoiled(data, given["spec"])}, gates=GATE)

    assert not isinstance(found, list) or all(found)


# ---- two in one file ---------------------------------------------------------------------------


def two(*names: tuple[str, str]) -> dict[str, tuple[str, tuple[str, ...]]]:
    """What is said of each of these sets beside the others, by name; each has a claim template."""
    sets = [
        {**stateful_set({"volumeClaimTemplates": [claim(template)]}), "metadata": {"name": name}}
        for name, template in names
    ]
    found = read(*sets).not_modelled
    return {each.name: (each.effect, each.concerns) for each in found if each.field is None}


def test_each_of_two_sets_is_told_of_the_other() -> None:
    """Each is checked by itself, and the report says so of the other."""
    assert two(("db", "data"), ("cache", "data")) == {
        "db": (INERT, ("StatefulSet/default/cache",)),
        "cache": (INERT, DB),
    }


def test_two_sets_with_a_claim_of_one_name_are_in_each_others_way() -> None:
    """`data-b` of `a` and `data` of `b-a` are both data-b-a-0."""
    assert two(("a", "data-b"), ("b-a", "data")) == {
        "a": (BLOCKS, ("StatefulSet/default/b-a",)),
        "b-a": (BLOCKS, ("StatefulSet/default/a",)),
    }
