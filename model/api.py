"""
The objects that the Deployment and ReplicaSet controllers read and write, as frozen values.

:Go: kubernetes v1.36.3 staging/src/k8s.io/api/apps/v1/types.go (ReplicaSet, Deployment) and
    staging/src/k8s.io/api/core/v1/types.go (Pod)
:Docs: https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/
:Omits: names, labels, selectors, owner references except for the controller; messages and times
    of conditions; annotations other than the numbers that controllers compare.
    A ReplicaSet's spec stands flat beside its annotations, since no rule takes the spec alone.

Fields have the API's own names in snake case. Nothing here is validated: that is the API server's
business, and a rule must be able to run on integers that are not numbers yet.
"""

from enum import Enum
from typing import Final, Literal

from attrs import frozen

__all__ = [
    "MAX_INT32",
    "RECREATE",
    "ConditionStatus",
    "ConditionType",
    "Deployment",
    "DeploymentCondition",
    "DeploymentSpec",
    "DeploymentStatus",
    "DeploymentStrategy",
    "IntOrPercent",
    "Observed",
    "Phase",
    "PodKind",
    "ReplicaSet",
    "ReplicaSetStatus",
    "RollingUpdateDeployment",
    "rolling_update",
]

MAX_INT32: Final = 2**31 - 1
"""What revisionHistoryLimit and progressDeadlineSeconds hold where they mean "without limit"."""

Phase = Literal["Pending", "Running", "Unknown", "Succeeded", "Failed"]
ConditionStatus = Literal["True", "False", "Unknown"]
ConditionType = Literal["Available", "Progressing", "ReplicaFailure"]


class Observed(Enum):
    """
    How `status.observedGeneration` stands to `metadata.generation`.

    The numbers themselves are never compared with anything else, and would grow for ever.
    """

    NEVER = "never"
    """No controller has written this status yet: observedGeneration is 0."""
    BEHIND = "behind"
    """The status speaks of an older spec."""
    CURRENT = "current"
    """The status was computed from this spec (or from one that had the same generation)."""


@frozen
class IntOrPercent:
    """maxSurge or maxUnavailable: a number of pods, or a percentage of `spec.replicas`."""

    kind: Literal["int", "percent"]
    value: int

    @classmethod
    def absolute(cls, value: int) -> "IntOrPercent":
        """`maxSurge: 2` in a manifest."""
        return cls("int", value)

    @classmethod
    def percent(cls, value: int) -> "IntOrPercent":
        """`maxSurge: 25%` in a manifest."""
        return cls("percent", value)

    def __str__(self) -> str:
        return f"{self.value}%" if self.kind == "percent" else str(self.value)


_QUARTER = IntOrPercent.percent(25)
_NONE = IntOrPercent.absolute(0)


@frozen
class PodKind:
    """
    What the controllers tell apart about a pod; pods that are alike in all of it are only counted.

    `available` is the verdict of the owner's minReadySeconds on how long the pod has been ready.
    """

    phase: Phase = "Pending"
    ready: bool = False
    available: bool = False
    terminating: bool = False
    node: str | None = None
    deletion_cost: int = 0
    fully_labeled: bool = True


@frozen
class ReplicaSetStatus:
    """What the ReplicaSet controller last reported; it counts active pods only."""

    replicas: int = 0
    fully_labeled_replicas: int = 0
    ready_replicas: int = 0
    available_replicas: int = 0
    terminating_replicas: int | None = None
    observed_generation: Observed = Observed.CURRENT
    replica_failure: str | None = None
    """The reason of the ReplicaFailure condition, or None where there is no such condition."""


@frozen
class ReplicaSet:
    """
    A ReplicaSet of a Deployment.

    `created` is its rank in the order of creation, by which siblings are told apart. Upstream
    orders by creationTimestamp, in whole seconds, then by name: the rank is what comes out.
    """

    template: int
    """Which pod template; equal numbers are templates equal but for the pod-template-hash label."""
    created: int
    replicas: int = 1
    min_ready_seconds: int = 0
    status: ReplicaSetStatus = ReplicaSetStatus()
    desired_replicas: int | None = None
    """Annotation deployment.kubernetes.io/desired-replicas; None where missing or no number."""
    max_replicas: int | None = None
    """Annotation deployment.kubernetes.io/max-replicas; None where missing or no number."""
    revision: int | None = None
    """Annotation deployment.kubernetes.io/revision; None where it is missing."""
    deleting: bool = False
    owner: int | None = 0
    """The uid of the Deployment in its controller reference; None for an orphan."""


@frozen
class RollingUpdateDeployment:
    """`spec.strategy.rollingUpdate`. None is a missing field, which stands for 0 downstream."""

    max_unavailable: IntOrPercent | None = _QUARTER
    max_surge: IntOrPercent | None = _QUARTER


@frozen
class DeploymentStrategy:
    """`spec.strategy`: how pods of an old template are replaced."""

    type: Literal["RollingUpdate", "Recreate"] = "RollingUpdate"
    rolling_update: RollingUpdateDeployment | None = RollingUpdateDeployment()


RECREATE: Final = DeploymentStrategy("Recreate", None)
"""All old pods are gone before the first new one is made."""


def rolling_update(
    max_surge: IntOrPercent = _NONE, max_unavailable: IntOrPercent = _NONE
) -> DeploymentStrategy:
    """A RollingUpdate strategy with these two bounds; one that is not given is 0."""
    return DeploymentStrategy(
        rolling_update=RollingUpdateDeployment(max_unavailable=max_unavailable, max_surge=max_surge)
    )


@frozen
class DeploymentSpec:
    """What the user asks for, with the defaults of the API server."""

    template: int
    replicas: int = 1
    paused: bool = False
    strategy: DeploymentStrategy = DeploymentStrategy()
    min_ready_seconds: int = 0
    revision_history_limit: int | None = 10
    progress_deadline_seconds: int | None = 600


@frozen
class DeploymentCondition:
    """One of a Deployment's conditions, without its times and its message."""

    type: ConditionType
    status: ConditionStatus
    reason: str | None = None


@frozen
class DeploymentStatus:
    """
    What the Deployment controller last reported, summed over the ReplicaSets that it saw.

    `conditions` are kept in the order of their types. Upstream's order is that of their last
    replacement, which no rule reads and which never is the only thing that changed.
    """

    replicas: int = 0
    updated_replicas: int = 0
    ready_replicas: int = 0
    available_replicas: int = 0
    unavailable_replicas: int = 0
    terminating_replicas: int | None = None
    observed_generation: Observed = Observed.CURRENT
    conditions: tuple[DeploymentCondition, ...] = ()
    collision_count: int = 0
    """How many names of new ReplicaSets were taken; each count gives a template another name."""


@frozen
class Deployment:
    """A Deployment: what is asked for, what was reported, and two annotations."""

    spec: DeploymentSpec
    status: DeploymentStatus = DeploymentStatus()
    revision: int | None = None
    """Annotation deployment.kubernetes.io/revision."""
    rollback_to: int | None = None
    """Annotation deprecated.deployment.rollback.to; 0 asks for the revision before the newest."""
    deleting: bool = False
    uid: int = 0
    """How many Deployments of its name were created before it."""
