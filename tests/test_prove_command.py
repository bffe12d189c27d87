"""`seatrial prove` as people call it: verdicts, exit codes, files, what is kept between runs."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import seatrial
from seatrial import properties
from seatrial.cli import main
from seatrial.core import Mutation, Theorem
from seatrial.proof_cache import Cache
from seatrial.proving import Asked

QUICK = "no-replicas-no-bounds"

DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 5000
  strategy: {type: STRATEGY}
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: web}]}
"""
SCALER = """\
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web}
spec:
  maxReplicas: 9
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
"""


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "seatrial" / "proofs"


@pytest.fixture
def few_theorems(monkeypatch: pytest.MonkeyPatch) -> None:
    """One quick theorem instead of all."""
    kept = tuple(each for each in properties.theorems.THEOREMS if each.id == QUICK)
    monkeypatch.setattr(properties.theorems, "_ROLLING", kept)
    monkeypatch.setattr(properties.theorems, "_ANY", ())


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    code = main(["prove", *words])
    return code, capsys.readouterr().out


def document(capsys: pytest.CaptureFixture[str], *words: str) -> Any:
    return json.loads(run(capsys, *words, "--format", "json")[1])


def wrong(name: str) -> Theorem:
    """A theorem without what it needs."""
    right = properties.theorems.theorem(name)
    return right.mutated(Mutation("its first hypothesis is dropped", drops=0))


def test_a_theorem_is_proved_and_says_what_it_assumes(capsys: pytest.CaptureFixture[str]) -> None:
    """A design review reads the ranges and the hypotheses, not the word."""
    code, text = run(capsys, QUICK)

    assert code == 0
    assert "Verdict       proved: " in text
    assert "For all       replicas: 0 to 2,147,483,647" in text
    assert "If            replicas is 0" in text
    assert "By hand       no invariant was written by hand" in text
    assert f"Again         seatrial prove {QUICK}" in text


def test_a_theorem_that_is_false_is_violated_and_its_trace_replays(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The numbers become a run of one step, which the rules take again from the file."""
    monkeypatch.setattr(properties.theorems, "THEOREMS", (wrong(QUICK),))

    code, text = run(capsys, QUICK, "--itf", str(tmp_path))

    assert code == 1
    assert "Verdict       violated: of 1 pods 0 may be added and 1 may be missing" in text
    assert "Smallest      no smaller numbers do it" in text
    path = tmp_path / f"{QUICK}.itf.json"
    assert main(["trace", "replay", str(path)]) == 0
    assert main(["trace", "show", str(path)]) == 0
    assert "of 1 pods 0 may be added and 1 may be missing" in capsys.readouterr().out


def test_a_trace_file_with_other_numbers_is_refused(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It comes from outside: what is no number of the theorem is never handed to the rules."""
    monkeypatch.setattr(properties.theorems, "THEOREMS", (wrong(QUICK),))
    run(capsys, QUICK, "--itf", str(tmp_path))
    path = tmp_path / f"{QUICK}.itf.json"
    text = path.read_text()

    for old, new in (
        ('"replicas": 1', '"replicas": "x"'),
        (f'"theorem": "{QUICK}"', '"theorem": "no"'),
    ):
        assert old in text
        path.write_text(text.replace(old, new))
        assert main(["trace", "replay", str(path)]) == 2
        assert len(capsys.readouterr().err.splitlines()) == 1


def test_the_json_report_is_as_its_schema_says(capsys: pytest.CaptureFixture[str]) -> None:
    """Scripts read it: the schema is shipped with the package."""
    schema = json.loads((Path(seatrial.__file__).parent / "proof.schema.json").read_text())

    for words in ((QUICK, "--mutants", "--statistics"), ("example:rollout", "--depth", "1")):
        jsonschema.validate(document(capsys, *words), schema)


def test_mutants_are_shown_with_what_they_break(capsys: pytest.CaptureFixture[str]) -> None:
    """A claim that nothing breaks says nothing."""
    found = document(capsys, QUICK, "--mutants")["theorems"][0]

    assert found["verdict"] == "proved"
    assert [each["verdict"] for each in found["mutations"]] == ["violated"]
    assert found["mutations"][0]["counterexample"]["replicas"] == 1


def test_a_result_is_kept_until_the_code_changes(
    capsys: pytest.CaptureFixture[str], own_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second run asks the solver nothing; another theorem, limit or version asks again."""
    assert [document(capsys, QUICK)["theorems"][0]["cached"] for _ in range(2)] == [False, True]
    assert not document(capsys, QUICK, "--no-cache")["theorems"][0]["cached"]
    assert not document(capsys, QUICK, "--time-limit", "9s")["theorems"][0]["cached"]
    monkeypatch.setattr("seatrial.proof_cache.code_digest", lambda: "of other code")
    assert not document(capsys, QUICK)["theorems"][0]["cached"]


def test_a_kept_result_that_cannot_be_read_is_computed_again(
    capsys: pytest.CaptureFixture[str], own_cache: Path
) -> None:
    """Whoever fills the disk or edits the file gets a slow answer, and no wrong one."""
    document(capsys, QUICK)
    (path,) = own_cache.glob("*.json")
    for text in (
        "",
        "[]",
        '{"key": [], "result": {}}',
        path.read_text().replace('"status"', '"no"'),
        path.read_text().replace('"proved"', '"nonsense"'),
        path.read_text().replace('"paths": ', '"paths": -'),
    ):
        path.write_text(text)
        found = document(capsys, QUICK)["theorems"][0]
        assert (found["verdict"], found["cached"]) == ("proved", False)


def test_the_cache_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It may be deleted, and need not be."""
    monkeypatch.setattr("seatrial.proof_cache._MOST", 3)
    cache = Cache(tmp_path)

    for number in range(6):
        cache.put({"number": number}, str(number))

    assert len(list(tmp_path.glob("*.json"))) == 3
    assert cache.get("5") == {"number": 5}


def test_every_question_can_be_written_down(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Another solver can be asked the same: each file says what was answered."""
    code, text = run(capsys, QUICK, "--smt2", str(tmp_path), "--statistics")

    files = sorted(tmp_path.glob("*.smt2"))
    assert code == 0
    assert len(files) > 20
    assert all("(check-sat)" in each.read_text() for each in files)
    assert any("; answer: unsat" in each.read_text() for each in files)
    questions = [each for each in text.splitlines() if each.startswith("Questions     ")]
    assert [f"Questions     {len(files):,}, of which 0 ran out of time"] == questions


def test_questions_of_an_example_are_written_down_from_its_paths_on(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """What the solver refutes while rules are executed is part of the proof."""
    words = ("--property", "sizes-within-surge", "--depth", "0")
    _, text = run(capsys, "example:rollout", *words, "--smt2", str(tmp_path), "--statistics")

    files = list(tmp_path.glob("*.smt2"))
    assert any(each.name.endswith("-sync_deployment-path.smt2") for each in files)
    assert f"Questions     {len(files):,}, of which 0 ran out of time" in text


def test_a_manifest_is_answered_with_the_theorems_about_it(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, few_theorems: None
) -> None:
    """For 5,000 replicas as for any other number; what no theorem is about is said."""
    path = tmp_path / "web.yaml"
    path.write_text(DEPLOYMENT.replace("STRATEGY", "RollingUpdate"))

    found = document(capsys, str(path))

    assert found["exit_code"] == 0
    assert [each["id"] for each in found["theorems"]] == [QUICK]
    assert "deployment-available-floor" in found["workloads"][0]["without_theorem"]


def test_a_manifest_with_something_that_writes_to_it_is_inconclusive(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, few_theorems: None
) -> None:
    """The theorem holds of the controller; of this Deployment nothing is said."""
    path = tmp_path / "web.yaml"
    path.write_text(DEPLOYMENT.replace("STRATEGY", "RollingUpdate") + SCALER)

    code, text = run(capsys, str(path))
    assert code == 3
    assert "Summary       1 proved, 1 workload inconclusive" in text
    assert run(capsys, str(path), "--assume-inert", "HorizontalPodAutoscaler")[0] == 0
    assert main(["prove", str(path), "--assume-inert", "HorizontalPodAutoscalar"]) == 2
    assert "is no kind and no field here that is not modelled" in capsys.readouterr().err


def test_the_report_of_several_theorems_ends_with_a_line_for_each(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """One sees the end of a long report."""
    _, one = run(capsys, QUICK)
    code, both = run(capsys, QUICK, "bounds-are-clamped")

    end = both[both.index("Overview") :].splitlines()
    assert code == 0
    assert "Overview" not in one
    assert end[1].startswith(f"proved        {QUICK}: of no replicas")
    assert any(line.startswith("proved        bounds-are-clamped: never more") for line in end)


def test_an_example_is_proved_for_all_its_parameters(capsys: pytest.CaptureFixture[str]) -> None:
    """The invariant is printed in the names of the model."""
    code, text = run(capsys, "example:rollout", "--property", "sizes-within-surge", "--depth", "2")

    assert code == 0
    assert "Invariant     spec[1] + spec[2] <= replicas + max_surge" in text
    assert "By hand       0 of 1" in text


@pytest.mark.heavy
@pytest.mark.parametrize("revisions", [2, pytest.param(3, marks=pytest.mark.slow)])
def test_the_example_of_the_controllers_own_rules_is_proved_as_it_is_shipped(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, revisions: int
) -> None:
    """Sizes stay within the bound, and pods do not: their run is written down, and replays."""
    words = ("--property", "rolling-sizes-within-surge", "--property", "rolling-pods-within-surge")
    more = ("--set", f"revisions={revisions}", "--depth", "3", "--itf", str(tmp_path))
    code, text = run(capsys, "example:rolling", *words, *(more if revisions > 2 else more[2:]))

    assert code == 0
    assert "Verdict       proved" in text
    assert "Where         replicas = 1, max_surge = 0, max_unavailable = 0" in text
    assert main(["trace", "replay", str(tmp_path / "rolling-pods-within-surge.itf.json")]) == 0


def test_the_summary_of_each_action_can_be_read(capsys: pytest.CaptureFixture[str]) -> None:
    """When it does what, in the names of the model; scripts get the same texts."""
    words = ("example:rollout", "--property", "sizes-within-surge", "--summaries")
    _, text = run(capsys, *words)

    assert "start[1]: 2 paths, merged to 1 transitions" in text
    assert "      spec[2] becomes spec[2] + min(replicas - spec[2]," in text
    assert len(document(capsys, *words)["system"]["summaries"]) == 16


def test_the_longest_time_is_one_that_the_solver_can_be_told() -> None:
    """It keeps 32 bits of a number of milliseconds."""
    assert Asked(time_limit=("4294967.297s", 4294967.297)).limits.query_ms == 2**32 - 1


@pytest.mark.heavy
@pytest.mark.parametrize(
    ("words", "begun", "shown"),
    [
        (("--all",), "surge-rounds-up", "proved"),
        (("example:rollout",), "bounded-0", "interrupted before this was settled"),
    ],
)
def test_ctrl_c_ends_a_proof_at_once_with_what_was_settled(
    tmp_path: Path, words: tuple[str, ...], begun: str, shown: str
) -> None:
    """The solver takes no signal for itself, which would make one answer an unknown."""
    code = (
        "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler);"
        "from seatrial.cli import main; sys.exit(main(sys.argv[1:]))"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, "prove", *words, "--depth", "40", "--smt2", str(tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        while process.poll() is None and not any(tmp_path.glob(f"*{begun}*")):
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)

    assert process.returncode == 3
    assert shown in out
    assert "inconclusive: interrupted before this was settled" in " ".join(out.split())
    assert "Traceback" not in err


def test_a_promise_about_whole_runs_exits_with_3(capsys: pytest.CaptureFixture[str]) -> None:
    """Inconclusive, with the reason, and never proved."""
    code, text = run(capsys, "example:rollout", "--property", "rollout-settles", "--depth", "1")

    assert code == 3
    assert "inconclusive: a promise of kind 'converges to' is not treated" in text


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "nothing is asked for; give a manifest, example:NAME, a theorem, or --all"),
        (("--all", QUICK), "--all proves every theorem; give no other target with it"),
        (("no-replica-no-bounds",), f"did you mean {QUICK}"),
        (("example:rollout", "--set", "revisions=0"), "revisions: 0 is not between 1 and 1000"),
        (("example:rollout", "--property", "x"), "there is no property 'x' here"),
        (("absent.yaml",), "absent.yaml"),
        ((QUICK, "--set", "revisions=3"), "--set and --property are for examples"),
        ((QUICK, "--worst", "available-pods"), "--worst is for examples"),
        ((QUICK, "--summaries"), "--summaries is for examples"),
        ((QUICK, "--assume-inert", "Lease"), "--assume-inert is for manifests"),
        (("example:rollout", "--mutants"), "--mutants is for theorems and manifests"),
        (("example:rollout", QUICK), "an example is proved by itself"),
        ((QUICK, "--time-limit", "soon"), "soon"),
        ((QUICK, "--depth", "-1"), "-1"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(
    capsys: pytest.CaptureFixture[str], words: tuple[str, ...], said: str
) -> None:
    """What is wrong, and what would be right."""
    assert main(["prove", *words]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert said in line


def test_a_run_ends_when_its_time_is_up_with_what_is_settled(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Its formulas alone would take many minutes: the verdict is open, and says why."""
    code, text = run(capsys, "example:migration", "--stop-after", "1s")

    assert code == 3
    assert "inconclusive: the time for the whole run was up before this was settled" in text
    assert "Again         seatrial prove example:migration --stop-after 1s" in text
