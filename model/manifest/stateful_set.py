"""
StatefulSets as they are written in manifests, with the API server's defaults and rules.

No release from 1.34 to 1.37 asks for a serviceName, nor objects to two claim templates of one name.

:Go: kubernetes v1.36.3, pkg/apis/apps/v1/defaults.go SetDefaults_StatefulSet;
    pkg/apis/apps/validation/validation.go ValidateStatefulSet, ValidateStatefulSetSpec,
    validateRollingUpdateStatefulSet; pkg/registry/apps/statefulset/strategy.go
    dropStatefulSetDisabledFields, WarningsOnCreate
:Docs: https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/stateful-set-v1/
:Omits: rules about updates (see `updates.py`); the strategy Recreate of 1.37, whose gate is off
    there by default; most rules about what is in a pod, see `pods.py` for those that are checked.
"""

from typing import Any, ClassVar

import attrs

from seatrial.model import IntOrPercent, statefulset_api

from .bounds import as_written, at_most_all, read_bound
from .claims import ClaimTemplate, read_claim_templates
from .names import dns_label
from .placing import Placing
from .pods import check_template
from .reading import Reading
from .workloads import Workload, check_selected, common, read_workload, selector_document

__all__ = [
    "MAX_UNAVAILABLE_GATE",
    "RetentionPolicy",
    "StatefulSetManifest",
    "UpdateStrategy",
    "read_stateful_set",
]

MAX_UNAVAILABLE_GATE = "MaxUnavailableStatefulSet"
"""Off by default up to 1.36, and on in 1.37. While it is off, maxUnavailable is dropped."""

_LIST = {"apiVersion": "v1", "kind": "List"}
_MANAGEMENT = ("OrderedReady", "Parallel")
_STRATEGIES = ("OnDelete", "RollingUpdate")
_RETENTION = ("Delete", "Retain")
_UPDATE = ("spec", "updateStrategy", "rollingUpdate")
# What stays of a label's 63 characters beside a dash and a hash of ten.
_LONGEST = 52


@attrs.frozen
class UpdateStrategy:
    """
    How pods get a new template.

    `partition` is None with OnDelete, and where the manifest says RollingUpdate and no more: the
    API server then leaves `rollingUpdate` out, and which template a pod gets is decided by
    status.currentReplicas. `max_unavailable` is None where the gate is off or there is no
    `rollingUpdate`.
    """

    type: str
    partition: int | None = None
    max_unavailable: IntOrPercent | None = None

    def document(self) -> dict[str, Any]:
        """The strategy as data that a manifest could hold."""
        found: dict[str, Any] = {"type": self.type}
        if self.partition is not None:
            found["rollingUpdate"] = {"partition": self.partition}
        if self.max_unavailable is not None:
            found["rollingUpdate"]["maxUnavailable"] = as_written(self.max_unavailable)
        return found


@attrs.frozen
class RetentionPolicy:
    """What becomes of the claims of pods that are no longer wanted: `Retain` or `Delete`."""

    when_deleted: str = "Retain"
    when_scaled: str = "Retain"


@attrs.frozen(kw_only=True)
class StatefulSetManifest(Workload):
    """An `apps/v1` StatefulSet, defaults included."""

    api_version: ClassVar[str] = "apps/v1"
    kind: ClassVar[str] = "StatefulSet"

    replicas: int
    service_name: str
    pod_management_policy: str
    update_strategy: UpdateStrategy
    ordinals_start: int
    min_ready_seconds: int
    revision_history_limit: int
    volume_claim_templates: tuple[ClaimTemplate, ...]
    persistent_volume_claim_retention_policy: RetentionPolicy
    disruption_budget: statefulset_api.DisruptionBudget | None = None
    """That of a PodDisruptionBudget beside it which selects its pods, and no others given."""
    placing: Placing = attrs.field(factory=Placing)
    """What Node objects and others beside it say of where its pods may be."""

    def document(self) -> dict[str, Any]:
        """The object as data, in a list with its budget and its nodes where it has some."""
        items = [super().document(), *self.placing.documents()]
        if self.disruption_budget is not None:
            items.append(self._budget_document())
        return dict(items[0]) if len(items) == 1 else {**_LIST, "items": items}

    def _budget_document(self) -> dict[str, Any]:
        budget = self.disruption_budget
        spec: dict[str, Any] = {"selector": selector_document(self.selector)}
        if budget is not None and budget.min_available is not None:
            spec["minAvailable"] = as_written(budget.min_available)
        if budget is not None and budget.max_unavailable is not None:
            spec["maxUnavailable"] = as_written(budget.max_unavailable)
        if budget is not None and budget.always_allow:
            spec["unhealthyPodEvictionPolicy"] = "AlwaysAllow"
        return {
            "apiVersion": "policy/v1",
            "kind": "PodDisruptionBudget",
            "metadata": {"name": self.name, "namespace": self.namespace},
            "spec": spec,
        }

    def spec_document(self) -> dict[str, Any]:
        """The spec with all defaults, as data that a manifest could hold."""
        retention = self.persistent_volume_claim_retention_policy
        return {
            "replicas": self.replicas,
            "selector": selector_document(self.selector),
            "serviceName": self.service_name,
            "podManagementPolicy": self.pod_management_policy,
            "updateStrategy": self.update_strategy.document(),
            "ordinals": {"start": self.ordinals_start},
            "minReadySeconds": self.min_ready_seconds,
            "revisionHistoryLimit": self.revision_history_limit,
            "volumeClaimTemplates": [each.document() for each in self.volume_claim_templates],
            "persistentVolumeClaimRetentionPolicy": {
                "whenDeleted": retention.when_deleted,
                "whenScaled": retention.when_scaled,
            },
        }


def read_stateful_set(reading: Reading) -> StatefulSetManifest | None:
    """The StatefulSet, or None and a problem noted for each thing that is wrong."""
    return read_workload(reading, "StatefulSet", dns_label, _stateful_set)


def _stateful_set(reading: Reading) -> StatefulSetManifest:
    """Defaults first and rules afterwards, field by field. :Go: ValidateStatefulSetSpec"""
    replicas = reading.not_negative(("spec", "replicas"), 1)
    claims = read_claim_templates(reading)
    selector = check_selected(reading)
    names = {each.name for each in claims}
    check_template(reading, ("spec", "template"), "StatefulSet", names)
    strategy = _strategy(reading, replicas)
    where = ("spec", "persistentVolumeClaimRetentionPolicy")
    retention = RetentionPolicy(
        when_deleted=reading.one_of((*where, "whenDeleted"), _RETENTION, "Retain", "policy"),
        when_scaled=reading.one_of((*where, "whenScaled"), _RETENTION, "Retain", "policy"),
    )
    return StatefulSetManifest(
        **common(reading),
        replicas=replicas,
        selector=selector,
        service_name=_service_name(reading),
        pod_management_policy=reading.one_of(
            ("spec", "podManagementPolicy"), _MANAGEMENT, "OrderedReady", "policy"
        ),
        update_strategy=strategy,
        ordinals_start=reading.not_negative(("spec", "ordinals", "start"), 0),
        min_ready_seconds=reading.not_negative(("spec", "minReadySeconds"), 0),
        revision_history_limit=_history(reading),
        volume_claim_templates=claims,
        persistent_volume_claim_retention_policy=retention,
    )


def _service_name(reading: Reading) -> str:
    path = ("spec", "serviceName")
    service = str(reading.get(*path, default=""))
    if service:
        reading.refuse_value(path, service, dns_label(service))
    else:
        says = "none is given, so pods have no DNS records; write the name of a headless Service"
        reading.warn(path, says)
    name = str(reading.get("metadata", "name", default=""))
    if len(name) > _LONGEST:
        # :Go: newRevision, setPodRevision: the name and a hash are the value of a label
        reading.warn(
            ("metadata", "name"),
            f"the name has {len(name)} characters; with more than {_LONGEST}, the label"
            " controller-revision-hash of its pods may become too long, and none is created",
        )
    return service


def _strategy(reading: Reading, replicas: int) -> UpdateStrategy:
    """:Go: SetDefaults_StatefulSet, validateRollingUpdateStatefulSet"""
    path = ("spec", "updateStrategy", "type")
    kind = reading.one_of(path, _STRATEGIES, "RollingUpdate", "strategy")
    given = reading.get(*_UPDATE)
    if kind == "OnDelete" and given is not None:
        reading.refuse(_UPDATE, "OnDelete takes no rollingUpdate; remove one of the two")
    if kind != "RollingUpdate" or (given is None and reading.get(*path)):
        return UpdateStrategy(kind)
    return UpdateStrategy(kind, _partition(reading, replicas), _max_unavailable(reading))


def _partition(reading: Reading, replicas: int) -> int:
    path = (*_UPDATE, "partition")
    partition = reading.not_negative(path, 0)
    if partition and partition >= replicas:
        reading.warn(
            path,
            f"{partition} with {replicas} replicas: no pod gets a new template, not even one that"
            " is created again",
        )
    return partition


def _max_unavailable(reading: Reading) -> IntOrPercent | None:
    path = (*_UPDATE, "maxUnavailable")
    if MAX_UNAVAILABLE_GATE not in reading.gates:
        if reading.get(*path) is not None:
            says = f"ignored, because the feature gate {MAX_UNAVAILABLE_GATE} is off"
            reading.warn(path, says)
        return None
    before = len(reading.problems)
    bound = read_bound(reading, path, 1)
    at_most_all(reading, path, bound)
    if len(reading.problems) == before and not bound.value:
        reading.refuse(path, "0, so no pod could be replaced; write 1 or more")
    return bound


def _history(reading: Reading) -> int:
    path = ("spec", "revisionHistoryLimit")
    limit = int(reading.get(*path, default=10))
    if limit < 0:
        reading.warn(path, f"{limit} is negative, so every revision is kept; write 0 or more")
    return limit
