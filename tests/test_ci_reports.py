"""Reports for CI: JUnit XML and SARIF, with findings at lines of the manifests."""

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from seatrial.cli import main
from seatrial.kinds import KINDS, promises
from seatrial.model import parse_manifests
from seatrial.places import place_in

WEB = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  strategy:
    rollingUpdate:
      maxSurge: 1
      maxUnavailable: 0
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: web:1}]}
"""
BROKEN = "deployment-active-pods-within-surge"
KEPT = "seed-rolling-controlled-rate"
AROUND = ("--level", "atomic", "--lag", "0", "--faults", "none", "--quiet", "--strict")


def report(folder: Path, form: str, *words: str, web: str = WEB, code: int = 1) -> str:
    path, out = folder / "web.yaml", folder / "report"
    path.write_text(web)
    asked = ("--property", BROKEN, "--property", KEPT, *AROUND, *words)
    assert main(["check", str(path), "--format", form, "--output", str(out), *asked]) == code
    return out.read_text(encoding="utf-8")


# ---- JUnit XML --------------------------------------------------------------------------------


def cases(text: str) -> dict[str, ElementTree.Element]:
    return {str(case.get("name")): case for case in ElementTree.fromstring(text).iter("testcase")}


def test_junit_has_a_case_for_each_promise_with_its_line(tmp_path: Path) -> None:
    """maxSurge is what both are about."""
    text = report(tmp_path, "junit", "--itf", str(tmp_path / "traces"))

    (suite,) = ElementTree.fromstring(text)
    assert {name: suite.get(name) for name in ("name", "tests", "failures", "errors")} == {
        "name": "web",
        "tests": "2",
        "failures": "1",
        "errors": "0",
    }
    found = cases(text)
    assert {name: case.get("line") for name, case in found.items()} == {BROKEN: "9", KEPT: "9"}
    (failure,) = found[BROKEN].iter("failure")
    assert failure.get("type") == "PromiseBroken"
    assert "\n" not in str(failure.get("message"))
    assert f"{BROKEN} is violated" in str(failure.text)
    properties = {each.get("name"): each.get("value") for each in found[BROKEN].iter("property")}
    assert properties["verdict"] == "violated"
    assert properties["attachment"] == str(tmp_path / "traces" / f"{BROKEN}.itf.json")
    assert Path(str(properties["attachment"])).exists()
    assert list(found[KEPT].iter("failure")) == []


def test_what_is_not_settled_is_an_error_and_never_skipped(tmp_path: Path) -> None:
    """Dashboards show what is skipped as green."""
    text = report(tmp_path, "junit", "--max-states", "20", code=3)

    found = cases(text)
    assert [case.find("error") is not None for case in found.values()] == [True, True]
    assert list(ElementTree.fromstring(text).iter("skipped")) == []
    sarif = json.loads(report(tmp_path, "sarif", "--max-states", "20", code=3))
    assert {each["kind"] for each in sarif["runs"][0]["results"]} == {"open"}


def test_what_has_no_manifest_has_no_line(tmp_path: Path) -> None:
    """As the shipped examples."""
    out = tmp_path / "report"
    words = ["--set", "replicas=1", "--property", "rollout-settles", "--quiet"]

    main(["check", "example:rollout", *words, "--format", "junit", "--output", str(out)])

    (case,) = cases(out.read_text()).values()
    assert case.get("file") is None


# ---- lines ------------------------------------------------------------------------------------


SET = """\
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: zk}
spec:
  replicas: 3
  podManagementPolicy: Parallel
  updateStrategy:
    rollingUpdate:
      partition: 1
  serviceName: zk
  selector: {matchLabels: {app: zk}}
  template:
    metadata: {labels: {app: zk}}
    spec: {containers: [{name: zk, image: zk:1}]}
"""


@pytest.mark.parametrize(
    ("web", "name", "line"),
    [
        (WEB, "seed-rolling-controlled-rate", 9),
        (WEB, "deployment-min-available-during-rollout", 10),
        (WEB, "seed-rolling-never-waits", 9),
        (WEB, "deployment-status-at-rest", 5),
        (SET, "partition-outlives-an-empty-set", 9),
        (SET, "seed-statefulset-parallel-deploy", 6),
        (SET, "statefulset-at-most-one", 5),
    ],
)
def test_a_promise_has_the_line_of_the_field_that_it_is_about(
    web: str, name: str, line: int
) -> None:
    """Where that is not written, the size; so that no finding points nowhere."""
    (manifest,) = parse_manifests(web, "web.yaml").workloads

    place = place_in(manifest, name)

    assert place is not None
    assert (place.file, place.line) == ("web.yaml", line)


def test_every_promise_has_a_line() -> None:
    """Of each kind, in the smallest manifest."""
    of_kind = {
        each.kind: each
        for text in (WEB, SET, JOB)
        for each in parse_manifests(text, "web.yaml").workloads
    }
    assert set(of_kind) == set(KINDS)
    for kind, promise in promises().values():
        place = place_in(of_kind[kind.name], promise.property.id)
        assert place is not None
        assert place.line > 1


JOB = """\
apiVersion: batch/v1
kind: Job
metadata: {name: import}
spec:
  template:
    spec: {restartPolicy: Never, containers: [{name: import, image: import:1}]}
"""


# ---- SARIF ------------------------------------------------------------------------------------


def results(text: str) -> dict[str, Any]:
    (run,) = json.loads(text)["runs"]
    return {each["ruleId"]: each for each in run["results"]}


def test_sarif_points_at_the_line_of_the_manifest(tmp_path: Path) -> None:
    """Not at the first line of the file, as others do."""
    found = results(report(tmp_path, "sarif"))

    assert {name: (each["kind"], each["level"]) for name, each in found.items()} == {
        BROKEN: ("fail", "error"),
        KEPT: ("pass", "none"),
    }
    place = found[BROKEN]["locations"][0]
    assert place["physicalLocation"]["region"] == {"startLine": 9, "startColumn": 17}
    assert place["physicalLocation"]["artifactLocation"]["uri"].endswith("/web.yaml")
    assert place["logicalLocations"] == [{"name": "web", "kind": "resource"}]


def test_sarif_has_the_run_as_a_code_flow_with_a_thread_for_each_actor(tmp_path: Path) -> None:
    """In the order in which the steps were taken."""
    (flow,) = results(report(tmp_path, "sarif"))[BROKEN]["codeFlows"]

    assert [thread["id"] for thread in flow["threadFlows"]][:2] == ["user", "watch"]
    orders = sorted(
        each["executionOrder"] for thread in flow["threadFlows"] for each in thread["locations"]
    )
    assert orders == list(range(1, len(orders) + 1))
    first = flow["threadFlows"][0]["locations"][0]
    assert first["location"]["message"]["text"] == "user: sets a new image: template 2"
    assert first["state"]["newest_template"] == {"text": "2"}


def test_a_finding_stays_the_same_when_the_manifest_is_laid_out_anew(tmp_path: Path) -> None:
    """Else each comment in the file would close one alert and open another."""
    before = results(report(tmp_path, "sarif"))[BROKEN]
    after = results(report(tmp_path, "sarif", web=f"# moved down\n{WEB}"))[BROKEN]

    assert after["partialFingerprints"] == before["partialFingerprints"]
    assert after["locations"] != before["locations"]


def test_what_is_listed_as_refuted_is_no_finding(tmp_path: Path) -> None:
    """Without --strict it is known, and nobody is to be alarmed."""
    path, out = tmp_path / "web.yaml", tmp_path / "report"
    path.write_text(WEB)
    words = [word for word in AROUND if word != "--strict"]

    for form in ("sarif", "junit"):
        code = main(
            [
                "check",
                str(path),
                "--property",
                BROKEN,
                *words,
                "--format",
                form,
                "--output",
                str(out),
            ]
        )
        assert code == 0
        if form == "sarif":
            found = results(out.read_text())[BROKEN]
            assert (found["kind"], found["level"]) == ("informational", "none")
            assert "codeFlows" not in found
        else:
            (case,) = cases(out.read_text()).values()
            assert [each.tag for each in case] == ["properties", "skipped"]


def test_sarif_has_what_the_schema_requires(tmp_path: Path) -> None:
    """The parts that readers cannot do without; rules are named once, and results name them."""
    document = json.loads(report(tmp_path, "sarif"))

    assert document["version"] == "2.1.0"
    (run,) = document["runs"]
    driver = run["tool"]["driver"]
    assert driver["name"] == "Seatrial"
    assert [rule["id"] for rule in driver["rules"]] == [each["ruleId"] for each in run["results"]]
    assert [each["ruleIndex"] for each in run["results"]] == [0, 1]
    assert all(each["message"]["text"] for each in run["results"])
    (call,) = run["invocations"]
    assert (call["executionSuccessful"], call["exitCode"]) == (True, 1)


@pytest.mark.parametrize("form", ["junit", "sarif"])
def test_these_forms_do_not_go_with_why(
    tmp_path: Path, form: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line, and not a report of something else."""
    (tmp_path / "web.yaml").write_text(WEB)

    assert main(["check", str(tmp_path / "web.yaml"), "--why", KEPT, "--format", form]) == 2
    assert f"--format {form} does not go with --why" in capsys.readouterr().err
