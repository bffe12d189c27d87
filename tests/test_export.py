"""A counterexample in other forms: a test that runs, a diagram, data, a page."""

import html.parser
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from seatrial import (
    DeclarationError,
    Property,
    ReplayError,
    System,
    Trace,
    Variable,
    action,
    always,
    explore,
    ground,
    outcome,
    replay,
)
from seatrial.cli import main
from seatrial.counterexamples import (
    document_of,
    followed,
    start_of,
    steps_of,
    write_html,
    write_itf,
    write_json,
    write_mermaid,
)
from seatrial.model import rollout
from seatrial.properties import rollout as promised
from seatrial.regression import broken_by, write_test

KEPT = {"replicas": 1, "max_surge": 1, "max_unavailable": 0, "revisions": 2, "crashes": 0}
STUCK = {"max_surge": 0, "max_unavailable": 0}


def found(property_id: str, **parameters: int) -> tuple[System, Property, Trace]:
    system = rollout.rollout(**parameters)
    (promise,) = (each for each in promised.PROPERTIES if each.id == property_id)
    trace = explore(system, [promise]).verdict(property_id).trace
    assert trace is not None
    return system, promise, trace


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A trace file of the shipped example, with a loop that stays."""
    return written(tmp_path, "rollout-settles", **STUCK)


def written(folder: Path, property_id: str, **parameters: int) -> Path:
    given = [word for name, value in parameters.items() for word in ("--set", f"{name}={value}")]
    words = ["--property", property_id, "--itf", str(folder), "--output", str(folder / "report")]
    assert main(["check", "example:rollout", *given, *words, "--quiet"]) in (0, 1)
    return folder / f"{property_id}.itf.json"


def exported(file: Path, form: str, name: str = "exported") -> Path:
    out = file.parent / name
    assert main(["trace", "export", str(file), "--to", form, "--output", str(out)]) == 0
    return out


# ---- a test -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("property_id", "parameters"),
    [("rollout-settles", STUCK), ("available-pods", {})],
)
def test_the_test_runs_by_itself(
    tmp_path: Path, property_id: str, parameters: dict[str, int]
) -> None:
    """In a process of its own, as in somebody's repository."""
    path = exported(written(tmp_path, property_id, **parameters), "pytest", "test_exported.py")

    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", path.name],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert run.returncode == 0, run.stdout
    assert "1 passed" in run.stdout


def test_the_steps_are_the_run_exactly() -> None:
    """The states are not kept, and are the same again."""
    for property_id, parameters in (("rollout-settles", STUCK), ("available-pods", {})):
        system, _, trace = found(property_id, **parameters)
        grounded = ground(system)

        again = followed(grounded, steps_of(trace, grounded), loop=trace.loop)

        assert again.initial == trace.initial
        assert again.steps == trace.steps
        assert replay(grounded, again) == replay(grounded, trace)


@action(writes=("left", "right"))
def turn(left: int, right: int) -> Any:
    """Two outcomes with one label."""
    if left + right < 3:
        yield outcome("turn", left=left + 1)
        yield outcome("turn", right=right + 1)


@always(says="the right is never above one", source="this test")
def right_at_most_one(right: int) -> Any:
    if right > 1:
        yield f"it is {right}"


def turning() -> System:
    return System(
        name="turning",
        variables=[Variable("left"), Variable("right")],
        actions=[turn],
        initial=[{"left": 1, "right": 0}, {"left": 0, "right": 0}],
    )


def test_steps_that_look_alike_are_told_apart() -> None:
    """One label may stand for several outcomes."""
    system = turning()
    trace = explore(system, [right_at_most_one]).verdict("right-at-most-one").trace
    assert trace is not None
    steps = steps_of(trace, ground(system))

    assert steps == [("turn", "turn", (), 1), ("turn", "turn", (), 1)]
    assert start_of(trace, ground(system)) == 0
    assert broken_by(system, right_at_most_one, steps) == ["it is 2"]
    assert broken_by(system, right_at_most_one, steps, start=1) == ["it is 2"]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"parameters": {"max_surge": 2}}, "step 1, "),
        ({"steps": []}, "the run"),
        ({"property": "available-pod"}, "there is no property 'available-pod' of rollout any more"),
        ({"start": 3}, "there is no initial state 3 of rollout"),
    ],
)
def test_a_run_that_breaks_nothing_any_more_is_refused(change: Any, says: str) -> None:
    """The test fails with the step at which the model and the run part."""
    system, promise, trace = found("available-pods")
    given = {"steps": steps_of(trace, ground(system)), "property": promise.id, **change}
    if "parameters" in change:
        given["steps"] = [("set_image", "set-image to revision 9"), *given["steps"]]

    with pytest.raises(ReplayError) as caught:
        broken_by(
            "example:rollout",
            given["property"],
            given["steps"],
            parameters=given.get("parameters"),
            start=given.get("start", 0),
        )

    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_id_is_not_enough_for_a_system_of_ones_own() -> None:
    """Nobody knows its properties."""
    with pytest.raises(DeclarationError, match="'mine' is an id"):
        broken_by(turning(), "mine", [])


HOSTILE = "\"\"\"'); import os; '''\\ </script><b> \x1b[2J\n%% end; #1 loop x"


@action(writes="left", actor=HOSTILE, name=f"turn {HOSTILE}")
def hostile(left: int) -> Any:
    """A name that wants to be code."""
    if left < 3:
        yield outcome(HOSTILE, left=left + 1)


@always(says=HOSTILE, source=HOSTILE, id=f"x{HOSTILE}")
def held(left: int) -> Any:
    if left > 1:
        yield HOSTILE


def hostile_run() -> tuple[System, Trace]:
    system = System(
        name="hostile", variables=[Variable("left")], actions=[hostile], initial=[{"left": 0}]
    )
    trace = explore(system, [held]).verdicts[0].trace
    assert trace is not None
    return system, trace


def test_no_name_becomes_code_in_a_test() -> None:
    """What comes from a model stands in literals and comments only."""
    import ast

    system, trace = hostile_run()

    text = write_test(
        trace, held, ground(system), subject="None", about=HOSTILE, because=trace.because
    )

    tree = ast.parse(text)
    kinds = [type(node).__name__ for node in tree.body]
    assert kinds == ["Expr", "ImportFrom", "Assign", "Assign", "FunctionDef"]
    assert "import os" not in re.sub(r"#.*|\"(\\.|[^\"\\])*\"|'(\\.|[^'\\])*'", "", text)
    assert text.isascii()


# ---- a diagram --------------------------------------------------------------------------------


def test_a_diagram_says_who_did_what(file: Path) -> None:
    """Mermaid draws it wherever Markdown is shown."""
    assert exported(file, "mermaid").read_text().splitlines() == [
        "sequenceDiagram",
        "    %% rollout-settles is violated",
        "    participant a0 as user",
        "    participant cluster as API and nodes",
        "    a0->>cluster: 1  set_image#58; set-image to revision 2",
        "    Note over cluster: latest 1 #8594; 2",
        "    Note over a0,cluster: Let#58; state 1 stay for ever<br/>Then#58; the run stops outside"
        " the goal#58; no step of the system is enabled<br/>But#58; rollout-settles promises"
        " #34;once users and faults rest, all pods are available and of the latest revision#34;",
    ]


def test_no_name_becomes_a_statement_of_a_diagram() -> None:
    """Each line is one that is written here, and entity codes stand for all other signs."""
    system, trace = hostile_run()

    text = write_mermaid(document_of(trace, held, system=ground(system)))

    line = re.compile(
        r"sequenceDiagram|    (participant \w+ as |%% |a0-?->>cluster: |Note over [\w,]+: ).*"
    )
    assert [each for each in text.splitlines() if not line.fullmatch(each)] == []
    said = "".join(each.partition(": ")[2] for each in text.splitlines() if "->>" in each)
    assert not re.search(r"[<>\";#%\\]|\bend\b", re.sub(r"#\d+;", "", said))


# ---- data -------------------------------------------------------------------------------------


def test_data_has_every_step_with_what_it_changed() -> None:
    """Values are JSON's own, so that a script need not read ours."""
    system, promise, trace = found("available-pods")

    data = json.loads(write_json(document_of(trace, promise, system=ground(system))))

    assert data["property"]["id"] == "available-pods"
    assert data["because"] == list(trace.because)
    assert [each["action"] for each in data["steps"]] == [each.action for each in trace.steps]
    state = dict(data["initial"])
    for step in data["steps"]:
        for change in step["changes"]:
            assert state[change["cell"]] == change["before"]
            state[change["cell"]] = change["after"]
    assert state["latest"] == dict(list(trace.states())[-1])["latest"]
    assert state["pods[1]"].keys() >= {"available"}


# ---- a page -----------------------------------------------------------------------------------


class _Page(html.parser.HTMLParser):
    """The tags of a page, what they refer to, and its block of data."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.references: list[str] = []
        self.data = ""
        self._inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        given = dict(attrs)
        self.references += [str(given[name]) for name in ("src", "href") if name in given]
        self._inside = given.get("type") == "application/json"

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.data += data

    def handle_endtag(self, tag: str) -> None:
        self._inside = False


def test_a_page_needs_nothing_from_elsewhere_and_runs_no_name() -> None:
    """It is opened from a CI artefact, and shows manifests of people that nobody knows."""
    system, trace = hostile_run()
    document = document_of(trace, held, system=ground(system))
    page = _Page()

    page.feed(write_html(document))

    assert page.references == []
    assert page.tags.count("script") == 2
    assert "b" not in page.tags
    assert json.loads(page.data) == document
    text = write_html(document)
    assert "default-src 'none'" in text
    assert not re.search(r"innerHTML|insertAdjacentHTML|document\.write|eval\(|https?://", text)


def test_every_form_is_the_same_each_time(file: Path) -> None:
    """Kept files change only when the run does."""
    for form in ("pytest", "mermaid", "json", "html"):
        assert exported(file, form).read_bytes() == exported(file, form, "again").read_bytes()


# ---- files that are no run any more -----------------------------------------------------------


def complaint(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main(list(words)) == 2
    return capsys.readouterr().err


def test_a_file_of_another_version_says_so(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The cause stands beside the step that is not enabled any more."""
    text = file.read_text().replace("set-image to revision 2", "set-image to revision two")
    file.write_text(text)
    here = complaint(capsys, "trace", "replay", str(file))
    assert "is not enabled" in here or "no step" in here
    assert "another" not in here

    file.write_text(re.sub(r'"seatrial [0-9.]+"', '"seatrial 0.0.7"', text))

    for command in (["replay"], ["show"], ["export", "--to", "html"]):
        said = complaint(capsys, "trace", command[0], str(file), *command[1:])
        assert said.count("\n") == 1
        assert "the file was written by seatrial 0.0.7 and this is seatrial" in said


def test_a_file_of_other_parameters_says_which(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`#meta` says what the run was of."""
    _, _, trace = found("rollout-settles", **STUCK)
    document = json.loads(write_itf(trace, ground(rollout.rollout(**STUCK))))
    document["#meta"]["parameters"]["replicas"] = {"#bigint": "4"}
    file.write_text(json.dumps(document))

    said = complaint(capsys, "trace", "replay", str(file))

    assert "spec[1] is 3 in the trace and 4 in the system" in said


def test_a_witness_is_no_regression_test(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A run that shows how few pods are available breaks nothing."""
    path = written(tmp_path, "available-pods", **KEPT)

    said = complaint(capsys, "trace", "export", str(path), "--to", "pytest")

    assert "breaks nothing" in said
    assert main(["trace", "export", str(path), "--to", "json"]) == 0


# ---- another manifest -------------------------------------------------------------------------


MANIFEST = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  strategy: {rollingUpdate: {maxSurge: 1, maxUnavailable: 0}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: web:1}]}
"""


@pytest.fixture
def of_manifest(tmp_path: Path) -> Path:
    """A trace of a Deployment."""
    path = tmp_path / "web.yaml"
    path.write_text(MANIFEST)
    words = ["--property", "deployment-active-pods-within-surge", "--level", "atomic", "--lag", "0"]
    more = ["--faults", "none", "--quiet", "--itf", str(tmp_path), "--output", str(tmp_path / "r")]
    assert main(["check", str(path), *words, *more]) == 0
    return tmp_path / "deployment-active-pods-within-surge.itf.json"


@pytest.mark.parametrize(
    ("change", "code", "says"),
    [
        (("web:1", "web:1"), 0, "replayed exactly: "),
        (("web:1", "web:2"), 0, "; other here: spec.template.spec.containers is "),
        (
            ("maxSurge: 1", "maxSurge: 2"),
            2,
            "another manifest: spec.strategy.rollingUpdate.maxSurge is 1 in the trace, 2 here",
        ),
        (("replicas: 2", "replicas: 3"), 2, "spec.replicas is 2 in the trace, 3 here ("),
        (("{name: web}\nspec", "{name: api}\nspec"), 2, "has no Deployment 'web', of which"),
        (("replicas: 2", "replicas: two"), 2, "spec.replicas: "),
    ],
)
def test_a_trace_of_another_manifest_says_what_differs(
    of_manifest: Path,
    change: tuple[str, str],
    code: int,
    says: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A manifest changes after the trace was kept; the field is named, with its line."""
    assert change[0] in MANIFEST
    other = of_manifest.parent / "other.yaml"
    other.write_text(MANIFEST.replace(*change))

    assert main(["trace", "replay", str(of_manifest), "--manifest", str(other)]) == code

    said = capsys.readouterr()
    assert says in said.out + said.err
    assert (said.out + said.err).count("\n") == 1


def test_a_trace_of_a_deployment_makes_a_test_too(of_manifest: Path) -> None:
    """It holds its manifest, and says what broke in the words of the promise."""
    text = exported(of_manifest, "pytest").read_text()
    names: dict[str, Any] = {}
    exec(compile(text, "exported", "exec"), names)

    names["test_deployment_active_pods_within_surge"]()

    names["STEPS"].insert(1, ("start[1]", "starts a pod"))
    with pytest.raises(pytest.fail.Exception, match=r"step 2, start\[1\]: starts a pod, is not"):
        names["test_deployment_active_pods_within_surge"]()


def test_a_trace_of_an_example_has_no_manifest(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """So none can take its place."""
    said = complaint(capsys, "trace", "replay", str(file), "--manifest", "web.yaml")

    assert "is no trace of a workload" in said
