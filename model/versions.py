"""
Which Kubernetes releases the model knows, and in what their controllers differ, as data.

:Go: pkg/features/kube_features.go, pkg/controller/deployment, pkg/controller/replicaset,
    pkg/controller/controller_utils.go and pkg/controller/util/consistency of each release listed;
    pkg/kubelet/prober/prober_manager.go of v1.34.4, v1.35.4 and v1.36.3
:Docs: https://kubernetes.io/releases/patch-releases/
:Omits: releases that are not listed, whose code was not read; that the first list of controllers of
    Deployments may be out of date in 1.34, where clients do not use WatchList yet.

Read from one release to the next, the modelled code differs in this and in nothing else that the
model holds (names of functions, metrics, events, shutdown and the index of pods do not count):

- 1.34 takes a StatefulSet with minReadySeconds up again until all its replicas are available, later
  ones only while a ready pod is not (Go: syncStatefulSet);
- in 1.34 a kubelet that was started anew reports its pods as not ready until it has probed them;
  later ones report what was so before (Go: setReadyStateOnKubeletRestart);
- before 1.36 a sync of a StatefulSet fails that deletes a pod that is gone, but for an update
  (Go: DeleteStatefulPod);
- 1.35 counts terminating pods by default;
- 1.36 has the consistency store, on by default;
- 1.35.0 to 1.35.3 and 1.37 have maxUnavailable of StatefulSets on, and 1.37 replaces broken pods of
  a Parallel one first;
- 1.37 makes the update revision of a StatefulSet the current one with OnDelete too
  (Go: completeUpdate);
- clients ask for lists that are up to date since 1.35 (WatchListClient);
- before 1.36.3 a sync of a Job that waits for a back-off reports no active pods (Go: manageJob);
- 1.36 takes the start time from a suspended Job (MutableSchedulingDirectivesForSuspendedJobs; an
  alpha gate of 1.35 that is off there);
- 1.37.1 tries a pod of a Job that is gone again where its finalizer could not be removed (Go:
  syncOrphanPodsBySelector);
- 1.37 looks at a Recreate Deployment again whenever one of its pods is gone. Before, deletePod
  asked whether it was the last. Go: deployment_controller.go deletePod
"""

from attrs import frozen

from seatrial.core import DeclarationError

__all__ = [
    "OF_DEPLOYMENTS",
    "OF_JOBS",
    "OF_STATEFUL_SETS",
    "READ_OF_JOBS",
    "RELEASES",
    "Release",
    "known",
]

_CONSISTENCY_STORE = "StaleControllerConsistencyReplicaSet"
_TERMINATING = "DeploymentReplicaSetTerminatingReplicas"
_STORE_OF_STATEFUL_SETS = "StaleControllerConsistencyStatefulSet"
_MAX_UNAVAILABLE = "MaxUnavailableStatefulSet"
_WATCH_LIST_CLIENT = "WatchListClient"
_WATCH_LIST = "WatchList"

OF_DEPLOYMENTS = frozenset((_CONSISTENCY_STORE, _TERMINATING))
"""The gates that the Deployment and the ReplicaSet controller ask."""

OF_STATEFUL_SETS = frozenset(
    (_STORE_OF_STATEFUL_SETS, _MAX_UNAVAILABLE, _WATCH_LIST_CLIENT, _WATCH_LIST)
)
"""The gates that the StatefulSet controller, kubelets and API servers ask."""

_JOB_CONSISTENCY_STORE = "StaleControllerConsistencyJob"
_SUSPENDED = "MutableSchedulingDirectivesForSuspendedJobs"

OF_JOBS = frozenset((_JOB_CONSISTENCY_STORE, _SUSPENDED, _WATCH_LIST_CLIENT, _WATCH_LIST))
"""The gates that the Job controller and API servers ask."""

READ_OF_JOBS = (
    "1.34.4",
    "1.34.5",
    "1.35.4",
    "1.36.0",
    "1.36.1",
    "1.36.2",
    "1.36.3",
    "1.37.0",
    "1.37.1",
)
"""The releases of which the Job controller was read."""


@frozen
class Release:
    """A patch release: the gates that its controllers ask, with defaults, and its own rules."""

    version: str
    gates: tuple[tuple[str, bool], ...]
    rules: frozenset[str] = frozenset()
    """Switches of rules, as of `Environment.variant`."""


def _line(patches: tuple[str, ...], *rules: str, **gates: bool) -> tuple[Release, ...]:
    return tuple(Release(each, tuple(gates.items()), frozenset(rules)) for each in patches)


_OF_1_36 = {
    _CONSISTENCY_STORE: True,
    _TERMINATING: True,
    _STORE_OF_STATEFUL_SETS: True,
    _MAX_UNAVAILABLE: False,
    _WATCH_LIST_CLIENT: True,
    _WATCH_LIST: True,
    _JOB_CONSISTENCY_STORE: True,
    _SUSPENDED: True,
}
_OF_1_37 = _OF_1_36 | {_MAX_UNAVAILABLE: True}
_SINCE_1_37 = ("each-pod-gone-wakes-recreate", "sts-on-delete-completes", "sts-two-phase-update")

RELEASES: tuple[Release, ...] = (
    *_line(
        ("1.34.0", "1.34.1", "1.34.2", "1.34.3", "1.34.4", "1.34.5"),
        "job-active-zero-during-backoff",
        "kubelet-forgets-readiness",
        "sts-comes-back-until-all-available",
        "sts-deletion-of-a-gone-pod-fails",
        **{
            _TERMINATING: False,
            _MAX_UNAVAILABLE: False,
            _WATCH_LIST_CLIENT: False,
            _WATCH_LIST: True,
        },
    ),
    *_line(
        ("1.35.0", "1.35.1", "1.35.2", "1.35.3"),
        "job-active-zero-during-backoff",
        "sts-deletion-of-a-gone-pod-fails",
        **{
            _TERMINATING: True,
            _MAX_UNAVAILABLE: True,
            _WATCH_LIST_CLIENT: True,
            _WATCH_LIST: True,
        },
    ),
    *_line(
        ("1.35.4",),
        "job-active-zero-during-backoff",
        "sts-deletion-of-a-gone-pod-fails",
        **{
            _TERMINATING: True,
            _MAX_UNAVAILABLE: False,
            _WATCH_LIST_CLIENT: True,
            _WATCH_LIST: True,
        },
    ),
    *_line(("1.36.0", "1.36.1", "1.36.2"), "job-active-zero-during-backoff", **_OF_1_36),
    *_line(("1.36.3",), **_OF_1_36),
    *_line(("1.37.0",), *_SINCE_1_37, **_OF_1_37),
    *_line(("1.37.1",), *_SINCE_1_37, "job-orphan-finalizer-not-retried", **_OF_1_37),
)
"""Oldest first."""


def known(version: str) -> Release:
    """
    The release of that version, such as 1.36.3; of 1.36 the newest patch.

    Raises DeclarationError for one whose code was not read.

    >>> known("1.34").version
    '1.34.5'
    """
    found = [each for each in RELEASES if version in (each.version, each.version[:-2])]
    if not found:
        raise DeclarationError(
            f"--kubernetes {version!r}: the code of that release was not read; known:"
            f" {', '.join(each.version for each in RELEASES)}"
        )
    return found[-1]
