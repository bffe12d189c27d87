"""What controllers, kubelets, caches and users do, as systems of `seatrial.core`."""

from . import (
    api,
    controller_utils,
    deployment_conditions,
    deployment_progress,
    deployment_recreate,
    deployment_replica_sets,
    deployment_rolling,
    deployment_sync,
    deployment_util,
    replicaset_utils,
    rollout,
)
from .api import IntOrPercent
from .manifest import Manifests, NotModelled, read_manifests
from .manifest_apps import DeploymentManifest
from .manifest_errors import ManifestError

__all__ = [
    "DeploymentManifest",
    "IntOrPercent",
    "ManifestError",
    "Manifests",
    "NotModelled",
    "api",
    "controller_utils",
    "deployment_conditions",
    "deployment_progress",
    "deployment_recreate",
    "deployment_replica_sets",
    "deployment_rolling",
    "deployment_sync",
    "deployment_util",
    "read_manifests",
    "replicaset_utils",
    "rollout",
]
