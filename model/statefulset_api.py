"""
The objects that the StatefulSet controller reads and writes, as frozen values.

:Go: kubernetes v1.36.3 staging/src/k8s.io/api/apps/v1/types.go (StatefulSet, ControllerRevision)
    and staging/src/k8s.io/api/core/v1/types.go (Pod, PersistentVolumeClaim)
:Docs: https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/
:Omits: names, labels and selectors: a pod of ordinal *i* has the name, the labels, the volumes and
    the host name that the set gives it, and no user writes those; collisionCount; the contents of
    claims. All claim templates of a set behave alike, so that one claim for each ordinal stands for
    all of its claims.

A revision of the set is the number of its template.
"""

from typing import Final, Literal

from attrs import frozen

from .api import IntOrPercent, Observed, PodKind
from .tolerations import Tolerations

__all__ = [
    "BY_SET",
    "DELETE",
    "RETAIN",
    "Access",
    "Claim",
    "ClaimOwner",
    "ClaimRetention",
    "ClaimSeen",
    "DisruptionBudget",
    "GivenNode",
    "PodManagementPolicy",
    "PodSeen",
    "RollingUpdateStatefulSet",
    "StatefulPod",
    "StatefulSet",
    "StatefulSetSpec",
    "StatefulSetStatus",
    "StatefulSetUpdateStrategy",
]

_NEW = PodKind()
_NONE_WRITTEN = Tolerations()
PodManagementPolicy = Literal["OrderedReady", "Parallel"]
Access = Literal["shared", "one node", "one pod"]
Retention = Literal["Retain", "Delete"]
RETAIN: Final = "Retain"
DELETE: Final = "Delete"
BY_SET: Final = 0
"""The uid of the set that there is at first."""


@frozen
class RollingUpdateStatefulSet:
    """`spec.updateStrategy.rollingUpdate`; maxUnavailable None is a missing field."""

    partition: int = 0
    max_unavailable: IntOrPercent | None = None


@frozen
class StatefulSetUpdateStrategy:
    """`spec.updateStrategy`. Without its block RollingUpdate goes by status.currentReplicas."""

    type: Literal["RollingUpdate", "OnDelete"] = "RollingUpdate"
    rolling_update: RollingUpdateStatefulSet | None = RollingUpdateStatefulSet()


@frozen
class ClaimRetention:
    """`spec.persistentVolumeClaimRetentionPolicy`."""

    when_deleted: Retention = RETAIN
    when_scaled: Retention = RETAIN


@frozen
class DisruptionBudget:
    """`spec` of a PodDisruptionBudget: one of the two bounds, and its policy for unhealthy pods."""

    min_available: IntOrPercent | None = None
    max_unavailable: IntOrPercent | None = None
    always_allow: bool = False
    """Whether unhealthyPodEvictionPolicy is AlwaysAllow."""


@frozen
class GivenNode:
    """A Node object that is given beside the set, as far as it matters to its pods."""

    name: str
    admits: bool = True
    """Whether nodeSelector, required nodeAffinity and its taints let the pods there."""
    room: int | None = None
    """How many of the pods fit by what they ask for; None for any number."""
    unschedulable: bool = False
    """Whether it is cordoned at first."""
    labels: tuple[tuple[str, str], ...] = ()
    """Those labels that say in which topology domain it is."""


@frozen
class StatefulSetSpec:
    """What the user asks for, with the defaults of the API server."""

    template: int = 1
    replicas: int = 1
    pod_management_policy: PodManagementPolicy = "OrderedReady"
    update_strategy: StatefulSetUpdateStrategy = StatefulSetUpdateStrategy()
    ordinals_start: int = 0
    min_ready_seconds: int = 0
    revision_history_limit: int = 10
    has_claims: bool = False
    """Whether there are volumeClaimTemplates."""
    retention: ClaimRetention = ClaimRetention()
    access: Access = "shared"
    """Who may use a volume at a time: the strictest of the access modes of all claim templates."""
    tolerates: Tolerations = _NONE_WRITTEN
    selects_nodes: bool = False
    """Whether the pods' nodeSelector or nodeAffinity leaves nodes out."""
    budget: DisruptionBudget | None = None
    """The disruption budget of its pods, where there is one."""
    graceful: bool = True
    """Whether the template's terminationGracePeriodSeconds is not 0."""
    given_nodes: tuple[GivenNode, ...] = ()
    """The Node objects that are given; () where nodes are only counted."""
    one_to_a_node: bool = False
    """Whether two of the pods want the same port of their node."""
    apart_by: tuple[str, ...] = ()
    """Topology keys by which required anti-affinity keeps the pods apart."""
    publishes: bool | None = None
    """Whether its headless Service publishes pods that are not ready; None without a Service."""
    volumes_in: str = ""
    """By which topology key a volume can be reached from some nodes only; "" from all."""
    volumes_at_once: bool = False
    """Whether those volumes are made before it is known where the pod will be."""

    @property
    def end(self) -> int:
        """The last ordinal that is asked for; below the first where there is none."""
        return self.ordinals_start + self.replicas - 1


@frozen
class StatefulSetStatus:
    """What the controller last reported. Revisions are numbers of templates, 0 for none."""

    replicas: int = 0
    ready_replicas: int = 0
    current_replicas: int = 0
    updated_replicas: int = 0
    available_replicas: int = 0
    current_revision: int = 0
    update_revision: int = 0
    observed_generation: Observed = Observed.CURRENT


@frozen
class StatefulSet:
    """A StatefulSet: what is asked for, and what was reported."""

    spec: StatefulSetSpec
    status: StatefulSetStatus = StatefulSetStatus()
    deleting: bool = False
    uid: int = BY_SET
    """0 or less, so that it is no pod's; a set that is created anew has the next one below."""


@frozen(cache_hash=True)
class StatefulPod:
    """
    The pod of one ordinal, as the API server has it.

    A `uid` is only compared: that of a new pod is the smallest number that nothing holds which
    remembers a former one.
    """

    revision: int
    kind: PodKind = _NEW
    node: int | None = None
    uid: int = 1
    owner: int | None = BY_SET
    """The uid of the set that controls it; None for an orphan, which `--cascade=orphan` leaves."""
    unschedulable: str = ""
    """Why the condition PodScheduled is False; empty where it is not."""


ClaimOwner = int | None
"""Whose a claim is: None for nobody, the uid of a set (`BY_SET` or less), or that of a pod."""


@frozen(cache_hash=True)
class Claim:
    """The claim of one ordinal. A claim that is being deleted stays while a pod refers to it."""

    owner: ClaimOwner = None
    terminating: bool = False


@frozen(cache_hash=True)
class PodSeen:
    """A pod in the hands of a sync: as the cache shows it, or one that is not `created` yet."""

    ordinal: int
    revision: int
    kind: PodKind = _NEW
    created: bool = True
    uid: int | None = None
    owner: int | None = BY_SET


@frozen(cache_hash=True)
class ClaimSeen:
    """A claim in the hands of a sync, as the cache shows it."""

    ordinal: int
    claim: Claim
