"""
Which statements of the real controllers the recorded cases reach.

An oracle that counts is built with `COVER=1 tests/oracle/build.sh`; Go's own tool reads what it has
counted. What the model does not claim is named here, with the reason, and is left out.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from seatrial.oracle.client import BUILT, OracleMissing

from .table import File

__all__ = ["NOT_CLAIMED", "measured"]

_STARTS = "starts the controller, or hands keys to workers"
_ORPHAN_PODS = "pods without an owner: the model has none (`model/replicaset.py`)"
_KUBECTL = "no controller calls it"
_UNUSED = "neither this controller nor its handlers call it"
_REVISIONS = "adoption and meaning of ControllerRevisions (`model/statefulset_control.py`)"
_CHANGED = "pods whose labels or volumes were changed (`model/statefulset_control.py`)"
_OWNERS = "claims with other owners than the set and the pod (`model/statefulset_control.py`)"
_ORPHANS_OF_JOBS = "adoption and release of pods (`model/job.py`)"
_WORKLOADS = "Workloads and PodGroups (`model/job.py`)"
_COPIES = "annotations of the Deployment's own on its ReplicaSets: the model has none"

NOT_CLAIMED: Mapping[str, Mapping[str, str]] = {
    "deployment/deployment_controller.go": {
        "NewDeploymentController": _STARTS,
        "*DeploymentController.Run": _STARTS,
        "*DeploymentController.worker": _STARTS,
    },
    "deployment/util/deployment_util.go": {
        "MinAvailable": _KUBECTL,
        "WaitForObservedDeployment": _KUBECTL,
        "SetDeploymentAnnotationsTo": _COPIES,
        "copyDeploymentAnnotationsToReplicaSet": _COPIES,
        "ListPods": _KUBECTL,
    },
    "replicaset/replica_set.go": {
        "NewReplicaSetController": _STARTS,
        "NewBaseController": _STARTS,
        "*ReplicaSetController.Run": _STARTS,
        "*ReplicaSetController.worker": _STARTS,
        "*ReplicaSetController.getPodReplicaSets": _ORPHAN_PODS,
    },
    "statefulset/stateful_set.go": {
        "NewStatefulSetController": _STARTS,
        "*StatefulSetController.Run": _STARTS,
        "*StatefulSetController.worker": _STARTS,
    },
    "statefulset/stateful_set_control.go": {
        "*defaultStatefulSetControl.AdoptOrphanRevisions": _REVISIONS,
        "setMatchesLatestExistingRevision": _REVISIONS,
    },
    "statefulset/stateful_pod_control.go": {"NewStatefulPodControlFromManager": _UNUSED},
    "statefulset/stateful_set_utils.go": {
        **{f"overlappingStatefulSets.{name}": _UNUSED for name in ("Len", "Swap", "Less")},
        **{f"ascendingOrdinal.{name}": _UNUSED for name in ("Len", "Swap", "Less")},
    },
    "job/job_controller.go": {
        "NewController": _STARTS,
        "newControllerWithClock": _STARTS,
        "*Controller.Run": _STARTS,
        "*Controller.worker": _STARTS,
        "*Controller.orphanWorker": _STARTS,
        "*Controller.addSchedulingInformers": _WORKLOADS,
        "*Controller.getPodJobs": _ORPHANS_OF_JOBS,
        "*Controller.patchJob": _UNUSED,
    },
    "job/job_scheduling_manager.go": {"all functions": _WORKLOADS},
    "job/util/utils.go": {
        "IsJobSucceeded": _UNUSED,
        "IsGangSchedulingCandidate": _WORKLOADS,
    },
}
"""Functions of which the model says nothing, by file, and why."""

NEVER: Mapping[str, str] = {
    r"[Cc]ouldn't get key|split meta namespace|[Cc]onverting (pod|StatefulSet) selector"
    r"|invalid label selector|unable to convert selector|[Cc]ouldn't convert Job selector": (
        "keys and selectors of valid objects can always be read"
    ),
    r"get object from tombstone|[Tt]ombstone contained|unknown key type": (
        "an informer tells of objects of its kind"
    ),
    r"quit \{": "the oracle does not shut the queue down",
    r"orphanRevisions": _REVISIONS,
    r"range jm\.getPodJobs|fresh\.UID != j\.UID|Jobs\(j\.Namespace\)\.Get|if adopted"
    r"|if oldControllerRef != nil|adopted = false": _ORPHANS_OF_JOBS,
    r"RevisionHistoryAnnotation": "the history of revisions (`model/deployment_replica_sets.py`)",
    r"klogV\.Enabled": "it only writes to the log",
    r"orphans being deleted|fresh\.UID != rs\.UID|ReplicaSets\(rs\.Namespace\)\.Get"
    r"|Orphan Pod|len\(rss\) == 0|range rss|if labelChanged|if controllerRefChanged": _ORPHAN_PODS,
    r"unexpected deployment strategy type|isn't supported": "validation refuses other strategies",
    r"&everything|ObservedGeneration < d.Generation": "validation refuses an empty selector",
    r"it's invalid, ignore it": "validation refuses such an annotation",
    r"rollbackTo\.Revision, 10|d\.Annotations == nil": "it is called to end a rollback only",
    r"[Cc]ould not (get|find) key|getting job key|getting key for|invalid job key": (
        "keys of valid objects can always be read"
    ),
    r"case err != nil:|Unable to retrieve StatefulSet|Could not retrieve claim"
    r"|failed to retrieve PVC|Error getting updated": ("an informer always answers"),
    r"(identity|storage)Matches\(set, pod\) \{|updateIdentity\(set, pod\)": _CHANGED,
    r"nexpectedController\(claim|if unexpectedController|UID != set\.GetUID|UID == owner\.GetUID"
    r"|Controller != nil && \*ownerRef|Controller == nil \|\||NonControllerOwner\(claim": _OWNERS,
    r"Corrupted indexes|value is invalid|Failed to parse the value|no expected annotation": (
        "validation refuses such indexes, and the controller writes no such annotations"
    ),
    r"Unknown policy, treating": "validation refuses other policies",
    r"MaxPodCreateDeletePerSync|MaxUncountedPods|burstReplicas": "500 pods and more in one sync",
    r"InitContainer": "init containers: the model has none (`model/job_context.py`)",
    r"Labels == nil|[aA]nnotations == nil": "objects of controllers have labels and annotations",
    r"WorkloadWithJob|podGroup|shouldManageWorkload": _WORKLOADS,
    r"NamespaceTerminatingCause": "namespaces that go away",
}
"""Statements of which the model says nothing, by what stands in them, and why."""

_ALL = "all functions"
_FILES = re.compile(
    r"/pkg/controller/((?:deployment|replicaset|statefulset|job)(?:/util)?/[a-z_]+\.go)"
)
_BLOCK = re.compile(r"(\d+)\.\d+,(\d+)\.\d+ (\d+) (\d+)")


def measured(kubernetes: str) -> list[File]:
    """
    The files of both controllers, after the recorded cases were asked for again.

    Raises OracleMissing where there is no oracle that counts, or no Go.
    """
    program = BUILT / "oracle-cover"
    if not os.access(program, os.X_OK) or shutil.which("go") is None:
        raise OracleMissing(
            f"there is no {program}, or no Go to read what it counts:"
            " `COVER=1 tests/oracle/build.sh` builds it, and needs Go (https://go.dev/dl)"
        )
    with tempfile.TemporaryDirectory() as folder:
        raw, profile = Path(folder) / "raw", Path(folder) / "profile"
        raw.mkdir()
        subprocess.run(
            [sys.executable, "-m", "conformance", "replay"],
            env={**os.environ, "GOCOVERDIR": str(raw), "SEATRIAL_ORACLE": str(program)},
            check=True,
            stdout=subprocess.DEVNULL,
        )
        covdata = ["go", "tool", "covdata"]
        subprocess.run([*covdata, "textfmt", f"-i={raw}", f"-o={profile}"], check=True)
        functions = subprocess.run(
            [*covdata, "func", f"-i={raw}"], check=True, capture_output=True, text=True
        ).stdout
        module = f"k8s.io/kubernetes@{kubernetes}"
        downloaded = subprocess.run(
            ["go", "mod", "download", "-json", module], check=True, capture_output=True, text=True
        ).stdout
        sources = Path(json.loads(downloaded)["Dir"]) / "pkg" / "controller"
        return list(_files(kubernetes, profile.read_text("utf-8"), functions, sources))


def _files(kubernetes: str, profile: str, functions: str, sources: Path) -> Iterator[File]:
    begins: dict[str, list[tuple[int, str]]] = {}
    for line in functions.splitlines():
        found = _FILES.search(line)
        if found is not None:
            place, function, _ = line.split()
            begins.setdefault(found[1], []).append((int(place.rstrip(":").split(":")[1]), function))
    blocks: dict[str, dict[str, tuple[int, int, int, bool]]] = {}
    for line in profile.splitlines():
        file, block = _FILES.search(line), _BLOCK.search(line)
        if file is not None and block is not None:
            begin, end, statements, count = map(int, block.groups())
            known = blocks.setdefault(file[1], {})
            # A block that several packages compile stands there several times.
            place = block[0].rpartition(" ")[0]
            reached = count > 0 or (place in known and known[place][3])
            known[place] = (begin, end, statements, reached)
    for name in sorted(blocks):
        source = (sources / name).read_text("utf-8").splitlines()
        every = list(blocks[name].values())
        claimed = [each for each in every if not _left_out(name, begins[name], each, source)]
        yield File(
            kubernetes,
            name,
            sum(statements for _, _, statements, _ in every),
            sum(statements for _, _, statements, _ in claimed),
            sum(statements for _, _, statements, reached in claimed if reached),
        )


def _left_out(
    name: str, begins: list[tuple[int, str]], block: tuple[int, int, int, bool], source: list[str]
) -> bool:
    """Whether the model does not claim a block; one that is reached anyway is of no exception."""
    begin, end, _, reached = block
    if _ALL in NOT_CLAIMED.get(name, {}):
        return True
    # What stands before all functions is a variable of the package.
    function = max((each for each in begins if each[0] <= begin), default=(0, ""))[1]
    if function in NOT_CLAIMED.get(name, {}):
        return True
    text = "\n".join(source[begin - 1 : end])
    return not reached and any(re.search(each, text) for each in NEVER)
