"""
Which statements of the real controllers the recorded cases reach.

An oracle that counts is built with `COVER=1 tests/oracle/build.sh`; Go's own tool reads what it has
counted. What the model does not claim is named here, with the reason, and is left out.
"""

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
_COPIES = "annotations of the Deployment's own on its ReplicaSets: the model has none"

NOT_CLAIMED: Mapping[str, Mapping[str, str]] = {
    "deployment/deployment_controller.go": {
        "NewDeploymentController": _STARTS,
        "*DeploymentController.Run": _STARTS,
        "*DeploymentController.worker": _STARTS,
    },
    "deployment/util/deployment_util.go": {
        "MinAvailable": _KUBECTL,
        "RsListFromClient": _KUBECTL,
        "WaitForObservedDeployment": _KUBECTL,
        "SetDeploymentAnnotationsTo": _COPIES,
        "copyDeploymentAnnotationsToReplicaSet": _COPIES,
        "SetNewReplicaSetAnnotations": "the history of revisions in an annotation",
        "ListPods": "pods of Recreate, asked for when one is gone: compared in the handlers' tests",
    },
    "replicaset/replica_set.go": {
        "NewReplicaSetController": _STARTS,
        "NewBaseController": _STARTS,
        "*ReplicaSetController.Run": _STARTS,
        "*ReplicaSetController.worker": _STARTS,
        "*ReplicaSetController.getPodReplicaSets": _ORPHAN_PODS,
        "*ReplicaSetController.claimPods": _ORPHAN_PODS,
    },
}
"""Functions of which the model says nothing, by file, and why."""

_FILES = re.compile(r"/pkg/controller/((?:deployment|replicaset)(?:/util)?/[a-z_]+\.go)")
_BLOCK = re.compile(r"(\d+)\.\d+,\d+\.\d+ (\d+) (\d+)")


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
        return list(_files(kubernetes, profile.read_text("utf-8"), functions))


def _files(kubernetes: str, profile: str, functions: str) -> Iterator[File]:
    begins: dict[str, list[tuple[int, str]]] = {}
    for line in functions.splitlines():
        found = _FILES.search(line)
        if found is not None:
            place, function, _ = line.split()
            begins.setdefault(found[1], []).append((int(place.rstrip(":").split(":")[1]), function))
    blocks: dict[str, dict[str, tuple[int, int, bool]]] = {}
    for line in profile.splitlines():
        file, block = _FILES.search(line), _BLOCK.search(line)
        if file is not None and block is not None:
            begin, statements, count = map(int, block.groups())
            known = blocks.setdefault(file[1], {})
            # A block that several packages compile stands there several times.
            before = known.get(block[0].rpartition(" ")[0], (0, 0, False))
            reached = count > 0 or before[2]
            known[block[0].rpartition(" ")[0]] = (begin, statements, reached)
    for name in sorted(blocks):
        left_out = NOT_CLAIMED.get(name, {})
        every = list(blocks[name].values())
        claimed = [each for each in every if _function(begins[name], each[0]) not in left_out]
        yield File(
            kubernetes,
            name,
            sum(statements for _, statements, _ in every),
            sum(statements for _, statements, _ in claimed),
            sum(statements for _, statements, reached in claimed if reached),
        )


def _function(begins: list[tuple[int, str]], line: int) -> str:
    """The function in which a line stands."""
    return max(each for each in begins if each[0] <= line)[1]
