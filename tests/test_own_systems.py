"""Traces of somebody's own system, taken up again on the command line: `--test FILE.py::TEST`."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from seatrial.cli import main

TRACE = "traces/test_tap-one-drop.itf.json"
SUITE = '''\
"""A tap that drips, and its tests."""

from seatrial import System, Variable, action, always, outcome
from seatrial.testing import manifests, sea_trial

MOST = 3


@action(writes="drops")
def drip(drops):
    if drops < MOST:
        yield outcome("drip", drops=drops + 1)


@always(says="at most one drop falls", source="the tap's manual")
def one_drop(drops):
    if drops > 1:
        yield f"{drops} drops fell"


def tap():
    return System(
        name="tap", variables=[Variable("drops")], actions=[drip], initial=[{"drops": 0}]
    )


@sea_trial(one_drop)
def test_tap():
    return tap()


@sea_trial("seed-rolling-controlled-rate")
def test_web():
    return manifests("web.yaml")


@sea_trial(one_drop)
def test_broken():
    raise OSError("no water")
'''


@pytest.fixture(scope="module", name="failed")
def fixture_failed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the tests, where pytest was run and has left the trace of what is broken."""
    folder = tmp_path_factory.mktemp("tap")
    (folder / "test_tap.py").write_text(SUITE, encoding="utf-8")
    words = ("-m", "pytest", "-q", "-p", "no:cacheprovider", "--seatrial-itf=traces")
    done = subprocess.run(
        [sys.executable, *words, "test_tap.py::test_tap"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    said = f"seatrial trace replay {TRACE} --test test_tap.py::test_tap"
    assert said in done.stdout, done.stdout
    return folder


@pytest.fixture
def trace(failed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The trace, in a copy of that folder, which is where the commands are given."""
    shutil.copytree(failed, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    return Path(TRACE)


def test_a_trace_of_ones_own_system_replays_with_its_test(
    trace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """By the command that the failure shows; what pytest adds in brackets may stay."""
    assert main(["trace", "replay", str(trace), "--test", "test_tap.py::test_tap[one-drop]"]) == 0
    assert capsys.readouterr().out.startswith("replayed exactly: 2 steps of tap (test_tap.py::")


def test_it_is_shown_and_becomes_a_test_that_runs(
    trace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The test takes the system from the test that declares it, and runs in a fresh process."""
    test = ("--test", "test_tap.py::test_tap")

    assert main(["trace", "show", str(trace), *test]) == 0
    assert "2 drops fell" in capsys.readouterr().out
    exported = ("--to", "pytest", "--output", "test_kept.py")
    assert main(["trace", "export", str(trace), *test, *exported]) == 0

    words = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_kept.py"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert "1 passed" in done.stdout, done.stdout


def test_without_its_test_the_message_says_how(
    trace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A trace file never says which code to run: that is for whoever replays it to say."""
    assert main(["trace", "replay", str(trace)]) == 2
    said = "the test that declares it with @sea_trial: --test FILE.py::TEST"
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("test", "says"),
    [
        ("test_tap", "--test 'test_tap' is not of the form FILE.py::TEST"),
        ("test_tap.py::Taps::test_tap", "is not of the form FILE.py::TEST"),
        ("test_tub.py::test_tap", "there is no file test_tub.py"),
        ("test_tap.py::test_tub", "has no test test_tub with @sea_trial; it has test_tap, test"),
        ("test_tap.py::tap", "has no test tap with @sea_trial"),
        ("test_tap.py::test_web", "checks no system of its own"),
        ("test_tap.py::test_broken", "raised OSError: no water"),
        ("test_exits.py::test_tap", "test_exits.py cannot be imported: SystemExit: 7"),
        ("test_other.py::test_tap", "is a trace of tap, and test_other.py::test_tap checks tub"),
        ("test_changed.py::test_tap", "step 2"),
    ],
)
def test_what_is_not_its_test_is_refused_in_one_line(
    trace: Path, capsys: pytest.CaptureFixture[str], test: str, says: str
) -> None:
    """Never a traceback, and never a pass."""
    Path("test_exits.py").write_text("raise SystemExit(7)\n", encoding="utf-8")
    Path("test_other.py").write_text(SUITE.replace('name="tap"', 'name="tub"'), encoding="utf-8")
    Path("test_changed.py").write_text(SUITE.replace("MOST = 3", "MOST = 1"), encoding="utf-8")

    assert main(["trace", "replay", str(trace), "--test", test]) == 2

    said = capsys.readouterr()
    assert says in said.err
    assert said.err.count("\n") == 1
    assert not said.out


def test_a_trace_of_a_property_that_the_test_does_not_ask_is_refused(
    trace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The message names those that it asks."""
    data = json.loads(trace.read_text(encoding="utf-8"))
    data["#meta"]["property"] = "no-drop"
    trace.write_text(json.dumps(data), encoding="utf-8")

    assert main(["trace", "replay", str(trace), "--test", "test_tap.py::test_tap"]) == 2
    assert "no property 'no-drop'; did you mean one-drop?" in capsys.readouterr().err
