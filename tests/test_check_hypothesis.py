"""`seatrial check --engine hypothesis` and `--engine auto`, as their users meet them."""

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

import attrs
import jsonschema
import pytest

from seatrial.cli import main

pytestmark = pytest.mark.heavy

WEB = str(files("seatrial") / "manifests" / "web.yaml")
SCHEMA = json.loads((files("seatrial") / "report.schema.json").read_text(encoding="utf-8"))
ONE_LEVEL = ("--level", "atomic", "--lag", "0", "--faults", "none")
SURGE = "deployment-active-pods-within-surge"


@attrs.frozen
class Ran:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def report(self) -> dict[str, Any]:
        """The JSON report, which keeps to its schema."""
        found: dict[str, Any] = json.loads(self.out)
        jsonschema.validate(found, SCHEMA)
        return found


Run = Callable[..., Ran]


@pytest.fixture(name="run")
def fixture_run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs `seatrial` in this process."""

    def run(*words: str) -> Ran:
        code = main(words)
        out, err = capsys.readouterr()
        return Ran(code, out, err)

    return run


def drawn(*more: str) -> tuple[str, ...]:
    return ("check", WEB, *ONE_LEVEL, "--engine", "hypothesis", "--runs", "40", *more)


def test_the_report_says_which_engine_and_which_runs(run: Run) -> None:
    """And the command that gives the same runs again."""
    ran = run(*drawn("--seed", "7"))

    assert "Random runs   40 runs of up to 200 steps from seed 7; they ended with the" in ran.out
    assert "Explored" not in ran.out
    assert "and never that something holds" in " ".join(ran.out.split())
    assert "--runs 40 --engine hypothesis --seed 7\n" in ran.out


def test_nothing_holds_by_random_runs(run: Run) -> None:
    """But what was to be reached, and was; what is open leaves the exit code at 3."""
    report = run(*drawn("--format", "json")).report

    holds = [each for each in report["properties"] if each["verdict"] == "holds"]
    assert {each["kind"] for each in holds} <= {"sometimes"}
    assert report["exit_code"] == 3
    assert report["exploration"]["engine"] == "hypothesis"
    assert not report["exploration"]["complete"]
    assert report["exploration"]["sampling"]["runs"] == 40
    assert report["exploration"]["sampling"]["capped"] == "runs"


def test_the_command_in_the_report_gives_the_same_verdicts(run: Run) -> None:
    """The seed is in it even where nobody gave one."""
    first = run(*drawn("--format", "json")).report
    again = run(*shlex.split(first["command"])[1:], "--format", "json").report

    assert "--seed 0" in first["command"]
    assert first["properties"] == again["properties"]


def test_a_trace_of_a_random_run_is_written_and_replays(run: Run, tmp_path: Path) -> None:
    """As a trace of the other engine does."""
    run(*drawn("--strict", "--itf", str(tmp_path), "--quiet"))
    files_written = sorted(tmp_path.glob("*.itf.json"))

    assert files_written
    for path in files_written:
        assert run("trace", "replay", str(path)).code == 0


def test_random_runs_climb_the_whole_ladder(run: Run) -> None:
    """They are never complete, so no rung waits for another to be."""
    words = ("check", WEB, "--engine", "hypothesis", "--runs", "3", "--format", "json")
    report = run(*words).report

    assert [each["name"] for each in report["rungs"]] == [
        "atomic, lag 0",
        "interleaved, lag 1",
        "faulty, lag 1",
    ]
    assert report["rung"] == "faulty, lag 1"


def test_auto_takes_random_runs_where_a_limit_ended_the_search(run: Run) -> None:
    """They find what lies beyond, from the start and from the deepest states."""
    words = ("check", WEB, *ONE_LEVEL, "--max-states", "60", "--format", "json")
    explored = run(*words).report
    both = run(*words, "--engine", "auto", "--runs", "200").report

    def verdicts(report: dict[str, Any]) -> dict[str, str]:
        return {each["id"]: each["verdict"] for each in report["properties"]}

    assert explored["exploration"]["sampling"] is None
    assert both["exploration"]["engine"] == "auto"
    assert both["exploration"]["states"] == explored["exploration"]["states"] == 60
    assert both["exploration"]["sampling"]["starts"] > 0
    assert verdicts(explored)[SURGE] == "inconclusive"
    assert verdicts(both)[SURGE] == "violated"
    assert "holds" not in {
        each["verdict"] for each in both["properties"] if each["kind"] != "sometimes"
    }


def test_auto_says_of_a_bound_what_both_searches_found(run: Run) -> None:
    """The further extreme of the two, and how much was tried."""
    words = ("check", "example:rollout", "--set", "replicas=6", "--property", "available-pods")
    both = run(*words, "--max-states", "40", "--engine", "auto", "--runs", "3", "--steps", "30")

    said = " ".join(both.out.split())
    assert both.code == 3
    assert "the least is 5; the bound is 5 (so far; the search was capped: max-states)" in said
    assert re.search(r"the least is \d; the bound is 5 \(so far, in random runs\)", said)
    assert "no violation in 3 runs of up to 30 steps" in said
    assert "the value 5 after 4 steps" in said


def test_auto_leaves_a_complete_search_as_it_is(run: Run) -> None:
    """Random runs could add nothing."""
    words = ("check", "example:rollout", "--set", "replicas=1", "--format", "json")
    explored, both = run(*words).report, run(*words, "--engine", "auto").report

    assert both["exploration"]["engine"] == "explore"
    assert both["exploration"]["sampling"] is None
    assert both["properties"] == explored["properties"]


def test_violations_are_kept_in_a_folder_and_tried_first(run: Run, tmp_path: Path) -> None:
    """Where a run of luck found something, the next run does not need it."""
    kept = ("--examples", str(tmp_path / "kept"), "--property", SURGE, "--format", "json")
    first = run(*drawn(*kept)).report
    words = ("check", WEB, *ONE_LEVEL, "--engine", "hypothesis", "--runs", "1", "--steps", "1")
    again = run(*words, *kept).report

    assert [each["properties"][0]["verdict"] for each in (first, again)] == ["violated"] * 2
    assert again["exploration"]["sampling"]["examples"] == 1


def test_nothing_is_left_in_the_folder_that_one_stands_in(tmp_path: Path) -> None:
    """Hypothesis' notes are kept with those of Seatrial."""
    here, cache = tmp_path / "here", tmp_path / "cache"
    here.mkdir()
    words = ("check", "example:rolling", "--engine", "hypothesis", "--runs", "100")
    ran = subprocess.run(
        [sys.executable, "-m", "seatrial", *words],
        cwd=here,
        env={**os.environ, "XDG_CACHE_HOME": str(cache)},
        capture_output=True,
        check=False,
    )

    assert ran.returncode in (1, 3)
    assert list(here.iterdir()) == []
    assert (cache / "seatrial" / "hypothesis").is_dir()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--runs", "5"), "--runs is for random runs: --engine hypothesis or auto"),
        (("--examples", "x"), "--examples is for random runs: --engine hypothesis or auto"),
        (
            ("--engine", "hypothesis", "--max-states", "5"),
            "--max-states is for a search of all states: --engine explore or auto",
        ),
        (("--engine", "hypothesis", "--steps", "5000"), "--steps"),
    ],
)
def test_options_that_mean_nothing_to_the_engine_are_refused(
    run: Run, words: tuple[str, ...], told: str
) -> None:
    """One line and exit code 2, before anything is run."""
    ran = run("check", WEB, *words)

    assert ran.code == 2
    assert told in ran.err
    assert ran.err.count("\n") == 1


def test_a_known_bug_by_itself_is_shown_by_random_runs(run: Run) -> None:
    """The run is as good as the shortest here."""
    words = ("check", "--bug", "rs-expectations-expire-overcreate", "--engine", "hypothesis")
    ran = run(*words, "--format", "json")

    assert ran.code == 1
    assert ran.report["properties"][0]["trace"]["length"] <= 14
