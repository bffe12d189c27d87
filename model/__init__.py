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
        nodes,
        operator,
        operator_actions,
        operator_parts,
        pods,
        replicaset,
        replicaset_utils,
        rollout,
        statefulset_api,
        statefulset_control,
        statefulset_controller,
        statefulset_faults,
        statefulset_kubelet,
        statefulset_mutants,
        statefulset_pods,
        statefulset_story,
        statefulset_update,
        statefulset_users,
        statefulset_utils,
        statefulset_views,
        statefulset_workload,
        steps,
        story,
        users,
        versions,
        workload,
    )
    from .api import IntOrPercent
    from .environment import Environment
    from .manifest.deployment import DeploymentManifest
    from .manifest.errors import ManifestError, ManifestWarning, Position
    from .manifest.job import JobManifest
    from .manifest.reader import Manifests, NotModelled, parse_manifests, read_manifests
    from .manifest.stateful_set import StatefulSetManifest
    from .manifest.trial import TRIAL_SUFFIXES, Invariant, Trial, parse_trial, read_trial
    from .manifest.updates import refused_changes
    from .manifest.workloads import Workload
    from .mutant import Mutant

__all__ = [
    "TRIAL_SUFFIXES",
    "DeploymentManifest",
    "Environment",
    "IntOrPercent",
    "Invariant",
    "JobManifest",
    "ManifestError",
    "ManifestWarning",
    "Manifests",
    "Mutant",
    "NotModelled",
    "Position",
    "StatefulSetManifest",
    "Trial",
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
    "nodes",
    "operator",
    "operator_actions",
    "operator_parts",
    "parse_manifests",
    "parse_trial",
    "pods",
    "read_manifests",
    "read_trial",
    "refused_changes",
    "replicaset",
    "replicaset_utils",
    "rollout",
    "statefulset_api",
    "statefulset_control",
    "statefulset_controller",
    "statefulset_faults",
    "statefulset_kubelet",
    "statefulset_mutants",
    "statefulset_pods",
    "statefulset_story",
    "statefulset_update",
    "statefulset_users",
    "statefulset_utils",
    "statefulset_views",
    "statefulset_workload",
    "steps",
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
    "Position": "manifest.errors",
    **dict.fromkeys(
        ("TRIAL_SUFFIXES", "Invariant", "Trial", "parse_trial", "read_trial"), "manifest.trial"
    ),
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
