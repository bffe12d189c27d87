"""What controllers, kubelets, caches and users do, as systems of `seatrial.core`."""

from . import rollout
from .manifest import Manifests, NotModelled, read_manifests
from .manifest_apps import DeploymentManifest, IntOrPercent
from .manifest_errors import ManifestError

__all__ = [
    "DeploymentManifest",
    "IntOrPercent",
    "ManifestError",
    "Manifests",
    "NotModelled",
    "read_manifests",
    "rollout",
]
