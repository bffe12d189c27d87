"""Trial files: what they say, how strictly they are read, and invariants in CEL."""

import contextlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seatrial.cli import main
from seatrial.core import DeclarationError
from seatrial.invariants import named_by, property_of
from seatrial.model import Invariant, ManifestError, Position, Trial, parse_trial
from seatrial.scenarios import Asked

HEAD = "apiVersion: seatrial.dev/v1\nkind: Trial\nmetadata: {name: web}\nspec:\n"
WEB = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 1
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: web:1}]}
"""


def trial(*lines: str) -> Trial:
    text = HEAD + "  manifests: [web.yaml]\n" + "".join(f"  {line}\n" for line in lines)
    return parse_trial(text, Path("folder/web.trial.yaml"))


def problems(*lines: str) -> list[str]:
    with pytest.raises(ManifestError) as caught:
        trial(*lines)
    return str(caught.value).splitlines()


# ---- reading ----------------------------------------------------------------------------------


def test_everything_that_options_say_can_be_said() -> None:
    """A trial file is a command line that is kept."""
    found = trial(
        "environment:",
        "  users: [set-image, 'scale:2@2']",
        "  faults: []",
        "  level: faulty",
        "  lag: 2",
        "  clock: slow@2",
        "  nodes: 3",
        "  kubernetes: 1.36",
        "  featureGates: {StaleControllerConsistencyReplicaSet: false}",
        "  assumeInert: [Service]",
        "properties: [a, b]",
        "expected: {a: refuted}",
        "limits: {states: 5, depth: 6, time: 7s, memory: 8MiB, runs: 9, steps: 10}",
        "engine: auto",
        "seed: 4",
        "reduce: [symmetry]",
    )

    assert Asked.of(found) == Asked(
        users=("set-image", "scale:2@2"),
        faults=("none",),
        level="faulty",
        lag=2,
        clock="slow@2",
        nodes=3,
        kubernetes="1.36",
        feature_gates=("StaleControllerConsistencyReplicaSet=false",),
        assume_inert=("Service",),
    )
    assert (found.properties, found.expected) == (("a", "b"), (("a", "refuted"),))
    limits = (found.max_states, found.max_depth, found.time_limit, found.memory_limit)
    assert limits == (5, 6, "7s", "8MiB")
    assert (found.runs, found.steps, found.seed) == (9, 10, 4)
    assert (found.engine, found.reduce) == ("auto", ("symmetry",))
    assert found.targets == (str(Path("folder") / "web.yaml"),)


def test_what_is_not_said_is_left_open() -> None:
    """The defaults are those of the command line."""
    found = trial()

    assert Asked.of(found) == Asked()
    assert found.properties is None


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        (["propertys: [a]"], "6:3: spec.propertys: no such field; did you mean properties?"),
        (["zzz: 1"], "6:3: spec.zzz: no such field; known: manifests, environment, "),
        (["environment: {lag: 9}"], "6:22: spec.environment.lag: 9 is no number from 0 to 4"),
        (["environment: {lag: true}"], "spec.environment.lag: true is no number from 0 to 4"),
        (["environment: {level: fine}"], "spec.environment.level: 'fine' is none of atomic, "),
        (["environment: {clock: fast}"], "spec.environment.clock: 'fast' is none of prompt, "),
        (["environment: {users: [fly]}"], "6:25: spec.environment.users[0]: there is no 'fly'"),
        (["environment: {users: [1]}"], "spec.environment.users[0]: 1 is no text; write a string"),
        (["environment: {users: [none, undo]}"], "users[0]: write none alone"),
        (["environment: {kubernetes: '1.2'}"], "kubernetes: '1.2': the code of that release"),
        (
            ["environment: {featureGates: {Nope: true}}"],
            "featureGates.Nope: there is no gate 'Nope'",
        ),
        (["environment: {featureGates: [No]}"], "featureGates: a list is no mapping"),
        (["environment: [lag]"], "spec.environment: a list is no mapping; write fields"),
        (["expected: {a: fails}"], "spec.expected.a: 'fails' is none of holds, refuted"),
        (["limits: {states: 0}"], "spec.limits.states: 0 is no number from 1 to "),
        (["limits: {time: [1]}"], "spec.limits.time: a list is no amount"),
        (["engine: spin"], "spec.engine: 'spin' is none of explore, hypothesis, auto"),
        (["limits: {runs: 5}"], "6:18: spec.limits.runs: this is for random runs; write engine:"),
        (["seed: 5", "engine: explore"], "6:9: spec.seed: this is for random runs"),
        (["reduce: [all]"], "6:12: spec.reduce[0]: 'all' is none of symmetry, partial-order"),
        (["invariants: {a: b}"], "spec.invariants: a mapping is no list"),
        (["invariants: [a]"], "spec.invariants[0]: 'a' is no mapping; write name and expression"),
        (["invariants: [{name: a}]"], "spec.invariants[0].expression: no expression; write"),
        (["invariants: [{expression: a}]"], "spec.invariants[0].name: no name; write name"),
        (
            ["invariants: [{name: a, expression: b}, {name: a, expression: c}]"],
            "6:49: spec.invariants[1].name: 'a' was given before; rename one",
        ),
        (["invariants: [{name: a, expression: b, says: 3}]"], "says: 3 is no text"),
        (["invariants: [{name: a, expr: b}]"], "6:26: spec.invariants[0].expr: no such field"),
    ],
)
def test_each_thing_that_is_wrong_is_a_line_with_its_place(lines: list[str], says: str) -> None:
    """Nothing is read that is not meant, and nothing that is meant goes unread."""
    found = problems(*lines)

    assert any(says in line for line in found), found
    assert all(line.startswith("folder/web.trial.yaml:6:") for line in found)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "0 documents; write one Trial in a file"),
        (f"{HEAD}  manifests: [a]\n---\n{HEAD}", "2 documents; write one Trial in a file"),
        ("[]", "a list stands where a Trial has to be"),
        (HEAD, "spec: no manifests; write manifests: [FILE.yaml]"),
        (HEAD.replace("Trial", "Deployment"), "kind: 'Deployment' is no Trial"),
        (HEAD.replace("/v1", "/v2"), "apiVersion: 'seatrial.dev/v2' is unknown"),
        (HEAD.replace("name: web", "nam: web"), "metadata.nam: no such field; did you mean name?"),
        ("a: b: c", "this is not YAML"),
    ],
)
def test_what_is_no_trial_is_refused(text: str, says: str) -> None:
    """Under a trial's name there may be anything."""
    with pytest.raises(ManifestError) as caught:
        parse_trial(text, Path("a.trial.yaml"))

    assert says in str(caught.value)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)
FIELDS = ("environment", "properties", "expected", "invariants", "limits", "engine", "reduce")


def test_a_name_that_is_no_text_is_refused() -> None:
    """It might not even be hashable."""
    text = json.dumps(
        {
            "apiVersion": "seatrial.dev/v1",
            "kind": "Trial",
            "metadata": {"name": "a"},
            "spec": {"invariants": [{"name": ["x"], "expression": "true"}]},
        }
    )
    with pytest.raises(ManifestError, match="no name; write name: and a text"):
        parse_trial(text, Path("a.trial.json"))


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(st.sampled_from((*FIELDS, "manifests")), VALUES))
def test_whatever_is_in_the_fields_is_read_or_refused(spec: dict[str, Any]) -> None:
    """Never an error of ours."""
    document = {"apiVersion": "seatrial.dev/v1", "kind": "Trial", "metadata": {"name": "a"}}
    with contextlib.suppress(ManifestError):
        parse_trial(json.dumps(document | {"spec": spec}), Path("a.trial.json"))


# ---- invariants -------------------------------------------------------------------------------


def invariant(expression: str) -> Invariant:
    return Invariant("a", expression, "it is so", "holds", Position("a.trial.yaml", 3, 5))


@pytest.mark.parametrize(
    ("expression", "says"),
    [
        ("1 < 2", "it is about no workload; an invariant is about one: deployment('NAME') or"),
        ("deployment('a') == deployment('b')", "it is about several workloads"),
        ("deployment(x).replicas > 0", "write deployment('NAME'), with the name of a workload"),
        ("deployment('a').replicas >", "this is no CEL: "),
        ("open('a') == deployment('a')", "there is no function 'open'"),
        ("deployment('a').replicas > 0 && " + "(" * 40 + "true" + ")" * 40, "nests deeper than"),
        ("deployment('a').replicas == " + "1 + " * 300 + "1", "characters, more than 1000"),
        ("deployment('a') != {}" + "".join([" && [1].all(x, x > 0)"] * 3), "more than 2 of all"),
        (
            "deployment('a') != {} && [1] . // x\nall /* */(x, [1].map(y, y).all(z, true))",
            "more than 2",
        ),
        ("!" * 200 + "(deployment('a').replicas > 0)", "nests deeper than"),
    ],
)
def test_an_expression_that_cannot_be_used_is_refused_with_its_place(
    expression: str, says: str
) -> None:
    """In one line, and before anything is searched."""
    with pytest.raises(DeclarationError) as caught:
        property_of(invariant(expression))

    assert str(caught.value).startswith("a.trial.yaml:3:5: invariant 'a': ")
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_expression_reads_only_what_it_names() -> None:
    """What is not read need not be told apart, so that invariants cost little."""
    import inspect

    found = property_of(invariant('deployment("web").availableReplicas >= 1'))

    assert named_by(invariant('deployment("web").availableReplicas >= 1')) == ("Deployment", "web")
    assert found.function is not None
    reads = list(inspect.signature(found.function).parameters)
    assert reads == ["deployment_alive", "total_available"]


@given(st.text(alphabet="deploymnt('web').rcas<>=0 1&|!?:[]{}\\\"", max_size=40))
@settings(max_examples=300, deadline=None)
def test_whatever_is_written_is_compiled_or_refused(text: str) -> None:
    """Never an error of the library's, or of ours."""
    with contextlib.suppress(DeclarationError):
        property_of(invariant(f"deployment('web').replicas > 0 && {text}"))


def checked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], *lines: str, words: str = ""
) -> Any:
    (tmp_path / "web.yaml").write_text(WEB)
    path = tmp_path / "web.trial.yaml"
    path.write_text(HEAD + "  manifests: [web.yaml]\n" + "".join(f"  {each}\n" for each in lines))
    code = main(["check", str(path), "--quiet", *words.split()])
    out = capsys.readouterr()
    return code, out.out, out.err.replace(f"{tmp_path}/", "")


AROUND = "environment: {users: [set-image], faults: [container-exit], level: atomic, lag: 0}"


def test_invariants_tell_what_there_is_from_what_is_reported(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The status of a Deployment is what somebody saw; the counts are the pods."""
    code, out, _ = checked(
        tmp_path,
        capsys,
        AROUND,
        "properties: []",
        "invariants:",
        "  - {name: reported, expression: \"deployment('web').status.availableReplicas == 1\"}",
        "  - {name: is-so, expression: \"deployment('web').availableReplicas >= 1\"}",
        "  - {name: same, expression: \"deployment('web').status.availableReplicas"
        " == deployment('web').availableReplicas\"}",
        "  - {name: spec, expression: \"deployment('web').spec.replicas == 1\"}",
        "  - {name: adds-up, expression: \"deployment('web').unavailableReplicas"
        " + deployment('web').availableReplicas >= deployment('web').spec.replicas\"}",
        "  - {name: one-template, expression: \"deployment('web').updatedReplicas == 1\"}",
        "  - {name: few, expression: \"deployment('web').replicas <= 2\"}",
        "  - {name: condition, expression: \"deployment('web').status.conditions"
        ".exists(c, c.type == 'Progressing')\"}",
    )

    verdicts = {
        words[0]: words[1]
        for words in map(str.split, out.splitlines())
        if len(words) > 2 and words[2] == "holds" and words[1] in ("holds", "violated")
    }
    assert verdicts == {
        "reported": "violated",
        "is-so": "violated",
        "same": "violated",
        "spec": "holds",
        "adds-up": "holds",
        "one-template": "violated",
        "few": "holds",
        "condition": "holds",
    }
    assert code == 1


ZOOKEEPER = """\
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: zk}
spec:
  replicas: 3
  serviceName: zk
  selector: {matchLabels: {app: zk}}
  template:
    metadata: {labels: {app: zk}}
    spec: {containers: [{name: zk, image: zk:1}]}
"""


def test_a_quorum_holds_while_a_statefulset_is_updated(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One pod at a time: two of three are up; and not all three, or nothing was updated."""
    (tmp_path / "zk.yaml").write_text(ZOOKEEPER)
    of = "statefulset('zk')"
    expressions = {
        "quorum": f"{of}.availableReplicas >= 2",
        "all-up": f"{of}.availableReplicas >= 3",
        "sizes": f"{of}.replicas + {of}.terminatingReplicas <= {of}.spec.replicas",
        "lacking": f"{of}.unavailableReplicas <= 1 && {of}.updatedReplicas <= 3",
        "status": f"{of}.status.replicas <= 3 && {of}.readyReplicas >= 2",
    }
    path = tmp_path / "zk.trial.yaml"
    path.write_text(
        HEAD
        + "  manifests: [zk.yaml]\n  properties: []\n  environment:\n"
        + "    {nodes: 3, users: [set-image], faults: [], level: atomic, lag: 0}\n  invariants:\n"
        + "".join(f'  - {{name: {n}, expression: "{e}"}}\n' for n, e in expressions.items())
    )

    assert main(["check", str(path), "--quiet"]) == 1

    out = capsys.readouterr().out
    assert {name: f"  {name:<8}  {'holds':<12}" in out for name in expressions} == {
        "quorum": True,
        "all-up": False,
        "sizes": True,
        "lacking": True,
        "status": True,
    }


JOB = """\
apiVersion: batch/v1
kind: Job
metadata: {name: import}
spec:
  parallelism: 2
  completions: 2
  template:
    metadata: {labels: {app: import}}
    spec: {restartPolicy: Never, containers: [{name: import, image: import:1}]}
"""


def test_a_job_is_seen_as_the_api_has_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """And what means nothing for a Job is refused at its place in the file."""
    (tmp_path / "job.yaml").write_text(JOB)
    path = tmp_path / "job.trial.yaml"
    of = "job('import')"
    expressions = {
        "width": f"{of}.active <= {of}.spec.parallelism",
        "alone": f"{of}.running <= 1",
        "counts": f"{of}.status.succeeded + {of}.status.active <= 2 && {of}.terminating == 0",
        "ends": f"!{of}.status.conditions.exists(c, c.type == 'Complete')",
    }
    text = (
        HEAD
        + "  manifests: [job.yaml]\n  properties: []\n"
        + "  environment: {faults: [], level: atomic, lag: 0}\n  invariants:\n"
        + "".join(f'  - {{name: {n}, expression: "{e}"}}\n' for n, e in expressions.items())
    )
    path.write_text(text)

    assert main(["check", str(path), "--quiet"]) == 1

    out = capsys.readouterr().out
    assert {name: f"  {name:<8}  {'holds':<12}" in out for name in expressions} == {
        "width": True,
        "alone": False,
        "counts": True,
        "ends": False,
    }
    path.write_text(text.replace("faults: []", "faults: [pod-failed]"))
    assert main(["check", str(path)]) == 2
    said = capsys.readouterr().err
    assert "job.trial.yaml:7:17: spec.environment.faults: 'pod-failed' means nothing" in said


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("properties: [sizes]", "web.trial.yaml:7:16: spec.properties: there is no property"),
        ("expected: {sizes: holds}", "web.trial.yaml:7:14: spec.expected: there is no property"),
        ("properties: []", "spec.properties: it is empty, and there is no invariant"),
        ("limits: {time: soon}", "spec.limits.time: 'soon' is not a time above zero"),
        (
            "invariants: [{name: seed-rolling-controlled-rate, expression: a}]",
            "is the name of a promise; call the invariant another",
        ),
        (
            "invariants: [{name: a, expression: \"deployment('api').replicas > 0\"}]",
            "invariant 'a' is about Deployment 'api', which is not given; there are Deployment web",
        ),
    ],
)
def test_names_that_there_are_not_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], line: str, says: str
) -> None:
    """Exit code 2 and one line with the place."""
    code, _, err = checked(tmp_path, capsys, AROUND, line)

    assert (code, err.count("\n")) == (2, 1)
    assert says in err


def test_the_command_line_goes_before_the_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """And the command that repeats the run says only what the file does not."""
    code, out, _ = checked(
        tmp_path,
        capsys,
        AROUND,
        "properties: [seed-rolling-controlled-rate]",
        words="--faults none --property replicaset-never-too-many",
    )

    assert code == 0
    assert "faults: none" in out
    assert "replicaset-never-too-many" in out
    last = out.splitlines()[-1].strip()
    path = tmp_path / "web.trial.yaml"
    again = f"--trial {path} --faults none --property replicaset-never-too-many"
    assert last == f"seatrial check {again}"


def test_a_trace_of_an_invariant_replays(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The file holds the expression, as untrusted as all of it."""
    (tmp_path / "web.yaml").write_text(WEB)
    expression = "deployment('web').availableReplicas >= 1"
    lines = [AROUND, "properties: []", f'invariants: [{{name: up, expression: "{expression}"}}]']
    assert checked(tmp_path, capsys, *lines, words=f"--itf {tmp_path}")[0] == 1
    file = tmp_path / "up.itf.json"

    assert main(["trace", "show", str(file)]) == 0
    assert f"{expression} is false" in " ".join(capsys.readouterr().out.split())

    file.write_text(file.read_text().replace(expression, "deployment('web').nosuch >= 1"))
    assert main(["trace", "show", str(file)]) == 2
    assert "there is no field 'nosuch'" in capsys.readouterr().err
    file.write_text(file.read_text().replace('"invariants": [', '"invariants": [1, '))
    assert main(["trace", "show", str(file)]) == 2
    assert "#meta.subject.invariants is no array of invariants" in capsys.readouterr().err
