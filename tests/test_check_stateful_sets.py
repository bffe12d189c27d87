"""`seatrial check` of a StatefulSet, as its users meet it: options, exit codes, words."""

import json
import re
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

import pytest

from seatrial.cli import main

pytestmark = pytest.mark.heavy

LONE = str(files("seatrial") / "manifests" / "lone.yaml")
WEB = str(files("seatrial") / "manifests" / "web.yaml")
ATOMIC = ("--level", "atomic")
AT_MOST_ONE = ("--property", "statefulset-at-most-one")

SET = """
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: zero}
spec:
  serviceName: zero
  replicas: 1
  REST
  selector: {matchLabels: {app: zero}}
  template:
    metadata: {labels: {app: zero}}
    spec:
      POD
      containers: [{name: c, image: "registry:3"}]
"""
Check = Callable[..., tuple[int, str, str]]


@pytest.fixture(name="check")
def fixture_check(capsys: pytest.CaptureFixture[str]) -> Check:
    """Runs `seatrial check` in this process: exit code, output, errors."""

    def check(*words: str) -> tuple[int, str, str]:
        code = main(["check", *words])
        shown = capsys.readouterr()
        return code, shown.out, shown.err

    return check


def written(folder: Path, rest: str = "", pod: str = "") -> str:
    """A StatefulSet with these lines in its spec, and these in that of its pods."""
    path = folder / "zero.yaml"
    path.write_text(SET.replace("REST", rest).replace("POD", pod), encoding="utf-8")
    return str(path)


# ---- at most one ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("users", "faults", "code"),
    [
        ("set-image", "node-partition", 0),
        ("set-image", "node-crash", 0),
        ("drain", "none", 0),
        ("out-of-service", "node-off", 0),
        ("force-delete", "none", 1),
        ("delete-node", "none", 1),
        ("out-of-service", "node-partition", 1),
    ],
)
def test_the_exit_code_says_whether_two_of_one_identity_may_run(
    check: Check, users: str, faults: str, code: int
) -> None:
    ran, _, _ = check(LONE, *ATOMIC, *AT_MOST_ONE, "--users", users, "--faults", faults)

    assert ran == code


def test_the_version_decides_whether_a_stale_list_breaks_it(check: Check) -> None:
    """Issue 59848: since 1.35 clients ask for lists that are up to date."""
    around = ("--users", "delete-pod", "--faults", "stale-api-server,kubelet-restart")

    codes = [
        check(LONE, *ATOMIC, *AT_MOST_ONE, *around, "--kubernetes", version)[0]
        for version in ("1.34", "1.35", "1.37")
    ]

    assert codes == [1, 0, 0]


def test_a_trace_tells_what_runs_where(check: Check) -> None:
    """Processes that the API server does not know of are what the promise is about."""
    _, out, _ = check(LONE, *ATOMIC, *AT_MOST_ONE, "--users", "force-delete", "--faults", "none")

    assert "1  user         deletes pod 0 by force" in out
    assert "pod 0: none, runs on n1" in out
    assert "runs on n1 and n1" in out


def test_a_grace_period_of_zero_is_read_from_the_template(check: Check, tmp_path: Path) -> None:
    path = written(tmp_path, pod="terminationGracePeriodSeconds: 0")

    code, _, _ = check(path, *ATOMIC, *AT_MOST_ONE, "--users", "delete-pod", "--faults", "none")

    assert code == 1


def test_tolerations_are_read_from_the_template(check: Check, tmp_path: Path) -> None:
    """Who tolerates unreachable nodes for ever is never evicted, and so is never replaced."""
    asked = ("--property", "out-of-service-on-a-live-node", "--quiet")
    around = ("--users", "out-of-service", "--faults", "node-partition")
    for_ever = "tolerations: [{operator: Exists}]"

    codes = [
        check(written(tmp_path, pod=pod), *ATOMIC, *asked, *around)[0] for pod in ("", for_ever)
    ]

    assert codes == [0, 1]


@pytest.mark.parametrize(
    ("mode", "together", "apart"),
    [("ReadWriteOncePod", 0, 0), ("ReadWriteOnce", 1, 0), ("ReadWriteMany", 1, 1)],
)
def test_access_modes_say_how_many_may_write_after_a_deletion_by_force(
    check: Check, tmp_path: Path, mode: str, together: int, apart: int
) -> None:
    """Two pods on one node may share a volume with ReadWriteOnce; on two nodes they may not."""
    rest = (
        "volumeClaimTemplates: [{metadata: {name: d}, spec: {accessModes: [MODE],"
        " resources: {requests: {storage: 1Gi}}}}]"
    )
    path = written(tmp_path, rest.replace("MODE", mode))
    around = ("--users", "force-delete", "--faults", "none")

    at_all, _, _ = check(path, *ATOMIC, *AT_MOST_ONE, *around)
    on_two, _, _ = check(path, *ATOMIC, "--property", "one-writer-per-claim", *around)

    assert (at_all, on_two) == (together, apart)


# ---- what is read -----------------------------------------------------------------------------


def test_what_the_controller_reads_of_a_manifest_is_told(check: Check, tmp_path: Path) -> None:
    rest = "podManagementPolicy: Parallel\n  minReadySeconds: 5\n  ordinals: {start: 3}"

    _, out, _ = check(written(tmp_path, rest), *ATOMIC, "--nodes", "1", "--faults", "none")

    assert "Parallel" in out
    assert "minReadySeconds 5" in out
    assert "1 node;" in out


def test_an_update_on_delete_is_no_promise_of_a_rollout(check: Check, tmp_path: Path) -> None:
    rest = "updateStrategy: {type: OnDelete}"
    around = ("--level", "interleaved", "--lag", "1", "--faults", "none", "--format", "json")

    code, out, _ = check(written(tmp_path, rest), *around)

    ids = {each["id"]: each["verdict"] for each in json.loads(out)["properties"]}
    assert code == 0
    assert ids["statefulset-ondelete-no-automatic-update"] == "holds"
    assert "statefulset-rollout-completes" not in ids


# ---- bad input --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--nodes", "0"), "--nodes 0 is not between 1 and 12"),
        (("--nodes", "13"), "--nodes 13 is not between 1 and 12"),
        (("--users", "pause"), "'pause' means nothing for a StatefulSet"),
        (("--faults", "relist"), "'relist' means nothing for a StatefulSet"),
        (("--users", "set-partition"), "set-partition needs an index"),
        (("--users", "set-retention:Keep"), "needs whenDeleted and whenScaled"),
        (("--users", "delete-pod:3"), "delete-pod takes no value"),
        (("--users", "scale:13"), "13 replicas of a StatefulSet are more than the 12"),
        (("--users", "delete:orphan,delete"), "delete is given with two propagations"),
    ],
)
def test_what_cannot_be_checked_gets_one_line(
    check: Check, words: tuple[str, ...], says: str
) -> None:
    code, _, err = check(LONE, *ATOMIC, *words)

    assert code == 2
    assert says in err
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("shipped", "field", "number", "says"),
    [
        ("web.yaml", "replicas", 401, "401 replicas are more than the 400"),
        ("ensemble.yaml", "replicas", 13, "13 replicas of a StatefulSet are more than the 12"),
        ("indexed-array.yaml", "parallelism", 21, "21 pods at once are more than the 20"),
    ],
)
def test_a_workload_that_is_too_large_to_be_explored_is_told_where_it_says_so(
    check: Check, tmp_path: Path, shipped: str, field: str, number: int, says: str
) -> None:
    text = (files("seatrial") / "manifests" / shipped).read_text("utf-8")
    text = re.sub(rf"(?m)^  {field}: \d+", f"  {field}: {number}", text)
    text = re.sub(r"(?m)^  completions: \d+", "  completions: 30", text)
    path = tmp_path / shipped
    path.write_text(text, "utf-8")
    line = text[: text.index(f"  {field}:")].count("\n") + 1

    code, _, err = check(str(path), *ATOMIC)

    assert code == 2
    assert f"{path}:{line}:{len(field) + 5}: spec.{field}: {says}" in err
    assert err.count("\n") == 1


def test_nodes_mean_nothing_to_a_deployment(check: Check) -> None:
    """A user or a fault of nodes is refused there."""
    code, _, err = check(WEB, *ATOMIC, "--faults", "node-crash")

    assert code == 2
    assert "'node-crash' means nothing for a Deployment" in err


# ---- two in one file --------------------------------------------------------------------------


def test_each_of_two_sets_is_checked_by_itself(check: Check, tmp_path: Path) -> None:
    first = Path(written(tmp_path)).read_text(encoding="utf-8")
    path = tmp_path / "two.yaml"
    path.write_text(f"{first}---\n{first.replace('zero', 'one')}", encoding="utf-8")

    code, out, _ = check(str(path), *ATOMIC, *AT_MOST_ONE, "--faults", "none")

    assert code == 0
    assert out.count("  statefulset-at-most-one  ") == 2
    told = " ".join(out.split())
    assert "StatefulSet one (" in told
    assert "StatefulSet zero (" in told
    assert told.count("has pods of its own, about which nothing is said here") == 2
