"""
What controllers, kubelets, caches and users do, as systems of `seatrial.core`.

A module is imported when it is first asked for: whoever checks an example need not wait for the
manifest reader.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from . import (
        api,
        clock,
        collisions,
        controller,
        controller_utils,
        delivery,
        deployment,
        deployment_conditions,
        deployment_controller,
        deployment_mutants,
        deployment_progress,
        deployment_recreate,
        deployment_replica_sets,
        deployment_rolling,
        deployment_sync,
        deployment_util,
        environment,
        failover,
        faults,
        guards,
        informer,
        kubelet,
        mutant,
        mutants,
        pods,
        replicaset,
        replicaset_utils,
        rollout,
        story,
        users,
        versions,
        workload,
    )
    from .api import IntOrPercent
    from .environment import Environment
    from .manifest.deployment import DeploymentManifest
    from .manifest.errors import ManifestError, ManifestWarning
    from .manifest.job import JobManifest
    from .manifest.reader import Manifests, NotModelled, parse_manifests, read_manifests
    from .manifest.stateful_set import StatefulSetManifest
    from .manifest.updates import refused_changes
    from .manifest.workloads import Workload
    from .mutant import Mutant

__all__ = [
    "DeploymentManifest",
    "Environment",
    "IntOrPercent",
    "JobManifest",
    "ManifestError",
    "ManifestWarning",
    "Manifests",
    "Mutant",
    "NotModelled",
    "StatefulSetManifest",
    "Workload",
    "api",
    "clock",
    "collisions",
    "controller",
    "controller_utils",
    "delivery",
    "deployment",
    "deployment_conditions",
    "deployment_controller",
    "deployment_mutants",
    "deployment_progress",
    "deployment_recreate",
    "deployment_replica_sets",
    "deployment_rolling",
    "deployment_sync",
    "deployment_util",
    "environment",
    "failover",
    "faults",
    "guards",
    "informer",
    "kubelet",
    "mutant",
    "mutants",
    "parse_manifests",
    "pods",
    "read_manifests",
    "refused_changes",
    "replicaset",
    "replicaset_utils",
    "rollout",
    "story",
    "users",
    "versions",
    "workload",
]

_FROM = {
    "DeploymentManifest": "manifest.deployment",
    "Environment": "environment",
    "IntOrPercent": "api",
    "JobManifest": "manifest.job",
    "ManifestError": "manifest.errors",
    "ManifestWarning": "manifest.errors",
    "Manifests": "manifest.reader",
    "Mutant": "mutant",
    "NotModelled": "manifest.reader",
    "StatefulSetManifest": "manifest.stateful_set",
    "Workload": "manifest.workloads",
    "parse_manifests": "manifest.reader",
    "read_manifests": "manifest.reader",
    "refused_changes": "manifest.updates",
}

# Type checkers and editors read the imports above; a `__getattr__` would hide misspelt names.
if not TYPE_CHECKING:
    from seatrial.lazy import lazily

    __getattr__ = lazily(__name__, __all__, _FROM)
