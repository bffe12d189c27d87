"""The command line as people and scripts meet it: what it prints, and with which exit code."""

import json
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

import jsonschema
import pytest
from syrupy.assertion import SnapshotAssertion

import seatrial
from seatrial import checking, core, searching
from seatrial.cli import main
from seatrial.core import NotAFunction
from seatrial.display import Look
from seatrial.kinds import KINDS
from seatrial.progress import Progress

ROLLOUT = "example:rollout"
STUCK = (ROLLOUT, "--set", "max_surge=0", "--set", "max_unavailable=0")
COST = re.compile(r"^Cost .*$", re.MULTILINE)
CAPS = {
    "max-states": ("--max-states", "100"),
    "max-depth": ("--max-depth", "3"),
    "time-limit": ("--time-limit", "0.000001"),
    "memory-limit": ("--memory-limit", "1kB"),
    "first": ("--first", "--strict"),
}
CODES = {"first": 1}  # what ended that search is a violation; the others settled nothing


class Result(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def report(self) -> Any:
        return json.loads(self.out)


Run = Callable[..., Result]


@pytest.fixture(name="run")
def fixture_run(capsys: pytest.CaptureFixture[str]) -> Run:
    def run(*words: str) -> Result:
        capsys.readouterr()
        code = main(words)
        return Result(code, *capsys.readouterr())

    return run


def masked(text: str) -> str:
    return COST.sub("Cost          (differs between runs)", text)


def timeless(report: Any) -> Any:
    """A JSON report without the two figures that differ between runs."""
    exploration = dict(report["exploration"])
    del exploration["seconds"], exploration["bytes_held"]
    return report | {"exploration": exploration}


def verdicts(report: Any) -> dict[str, str]:
    return {each["id"]: each["verdict"] for each in report["properties"]}


# ---- the text report --------------------------------------------------------------------------


def test_the_report_of_a_sane_run(run: Run, snapshot: SnapshotAssertion) -> None:
    """Whoever changes a word sees what readers will see."""
    result = run("check", ROLLOUT)

    assert (result.code, result.err) == (0, "")
    assert masked(result.out) == snapshot


def test_the_report_of_a_run_that_breaks_a_promise(run: Run, snapshot: SnapshotAssertion) -> None:
    """No room to surge and none to be unavailable: the toy rollout is stuck for ever."""
    result = run("check", *STUCK)

    assert (result.code, result.err) == (1, "")
    assert masked(result.out) == snapshot


def test_the_report_of_a_run_that_was_capped(run: Run, snapshot: SnapshotAssertion) -> None:
    """It says what was covered, which cap ended it, and what would settle it."""
    result = run("check", ROLLOUT, "--max-states", "100", "--quiet")

    assert (result.code, result.err) == (3, "")
    assert masked(result.out) == snapshot


def test_the_line_of_cost_says_how_fast_it_was(run: Run) -> None:
    """Together with the counts above it: what a larger workload will take."""
    (line,) = COST.findall(run("check", ROLLOUT, "--quiet").out)

    assert re.fullmatch(
        r"Cost +[\d.]+ s, [\d,]+ transitions a second, [\d,]+ bytes a state, (plain|compiled) loop",
        line,
    )


def test_two_runs_differ_in_the_line_of_cost_only(run: Run) -> None:
    """Reports are compared and kept; nothing in them may depend on the moment."""
    one, other = run("check", ROLLOUT).out, run("check", ROLLOUT).out

    assert masked(one) == masked(other)


def test_quiet_leaves_the_traces_out_and_keeps_the_bounds(run: Run) -> None:
    """A verdict of `holds` is never shown without what it holds for."""
    out = run("check", ROLLOUT, "--quiet").out

    assert "sync_deployment: scale up" not in out
    assert "reachable within the parameters and" in out


def test_all_values_shows_what_did_not_change_too(run: Run) -> None:
    """Some readers want to see a state and not to add it up."""
    brief, whole = run("check", ROLLOUT).out, run("check", ROLLOUT, "--all-values").out

    assert len(whole.splitlines()) > len(brief.splitlines())


@pytest.mark.parametrize("form", ["text", "json"])
def test_what_makes_a_verdict_weaker_is_a_warning(run: Run, form: str) -> None:
    """With one revision nothing is ever rolled out: all holds, and that says little."""
    out = " ".join(run("check", ROLLOUT, "--set", "revisions=1", "--format", form).out.split())

    assert "sizes-within-surge is vacuous: its premise was met in no state searched" in out
    assert "available-pods is listed as refuted, but holds within these bounds" in out
    assert "never enabled in the states searched: start[1], finish[1]" in out


@pytest.mark.parametrize(
    ("color", "escapes"), [("always", True), ("never", False), ("auto", False)]
)
def test_colour_is_for_terminals_unless_asked_for(run: Run, color: str, escapes: bool) -> None:
    """Escape sequences in a log file help nobody."""
    assert ("\x1b[" in run("check", *STUCK, "--color", color).out) == escapes


def test_output_goes_to_the_file_and_not_to_the_screen(run: Run, tmp_path: Path) -> None:
    """As a build step wants it."""
    path = tmp_path / "report.txt"

    assert run("check", ROLLOUT, "--output", str(path)) == (0, "", "")
    assert masked(path.read_text(encoding="utf-8")) == masked(run("check", ROLLOUT).out)


def test_asking_for_one_property_checks_only_that(run: Run) -> None:
    """The others cost time, and their violations are another matter."""
    report = run("check", *STUCK, "--property", "available-pods", "--format", "json").report

    assert verdicts(report) == {"available-pods": "holds"}


def test_a_reduction_that_cannot_be_used_says_why(run: Run) -> None:
    """Silence would be taken for success."""
    wrapped = run("check", ROLLOUT, "--reduce", "symmetry", "--reduce", "partial-order").out
    out = " ".join(wrapped.split())

    assert "symmetry is off: a property of kind" in out
    assert "partial order is off: a property of kind" in out


def test_the_command_at_the_end_gives_the_same_report(run: Run) -> None:
    """Every run ends with the command that reproduces it."""
    words = (*STUCK, "--max-depth", "3", "--property", "rollout-settles", "--strict")
    first = run("check", *words, "--format", "json")
    again = shlex.split(first.report["command"])

    assert again[0] == "seatrial"
    assert timeless(run(*again[1:], "--format", "json").report) == timeless(first.report)


# ---- exit codes -------------------------------------------------------------------------------


def test_a_refuted_reading_counts_only_with_strict(run: Run) -> None:
    """The documentation's sentence is false as written; that is no defect of the reader's setup."""
    plain, strict = run("check", ROLLOUT), run("check", ROLLOUT, "--strict")

    assert (plain.code, strict.code) == (0, 1)
    assert "refuted as listed: available-pods" in " ".join(plain.out.split())
    assert "Exit code 1: violated: available-pods" in strict.out


@pytest.mark.parametrize("cap", CAPS)
def test_a_cap_gives_its_exit_code_and_a_partial_report(run: Run, cap: str) -> None:
    """A run that did not finish says so, and how far it came."""
    result = run("check", ROLLOUT, *CAPS[cap], "--format", "json")

    code = CODES.get(cap, 3)
    assert (result.code, result.report["exit_code"]) == (code, code)
    assert result.report["exploration"]["complete"] is False
    assert result.report["exploration"]["capped"] == cap
    assert result.report["exploration"]["states"] > 0


def test_first_does_not_end_at_what_is_listed_as_refuted(run: Run) -> None:
    """It is known already; what is looked for is what would be news."""
    report = run("check", ROLLOUT, "--first", "--format", "json").report

    assert report["exploration"]["capped"] is None
    assert verdicts(report)["available-pods"] == "violated"


def test_first_with_strict_keeps_what_is_listed_as_refuted(run: Run) -> None:
    """The list is the author's; --strict only lets it count."""
    report = run("check", ROLLOUT, "--first", "--strict", "--format", "json").report

    (bound,) = (each for each in report["properties"] if each["kind"] == "at least")
    assert (bound["expected"], bound["verdict"]) == ("refuted", "violated")


@pytest.mark.parametrize("cap", CAPS)
def test_a_capped_run_never_says_that_something_holds(run: Run, cap: str) -> None:
    """Ten mistakes to avoid, the first: green that proves nothing."""
    found = verdicts(run("check", ROLLOUT, *CAPS[cap], "--format", "json").report)

    assert "holds" not in found.values()


def fails_with(error: Exception) -> Callable[..., Any]:
    def explore(*_: object, **__: object) -> None:
        raise error

    return explore


@pytest.mark.parametrize("error", [KeyError("x"), NotAFunction("rule f answers twice")])
def test_a_defect_of_ours_gives_exit_code_4_and_says_what_to_send(
    run: Run, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    """Whoever meets it has done nothing wrong and should not have to ask what we need."""
    monkeypatch.setattr(searching, "explore", fails_with(error))

    result = run("check", ROLLOUT, "--max-depth", "3")

    assert (result.code, result.out) == (4, "")
    assert result.err.startswith(f"seatrial: internal error: {type(error).__name__}: ")
    assert f"seatrial {seatrial.__version__}, Python " in result.err
    assert "command   seatrial check example:rollout --max-depth 3\n" in result.err
    assert "Traceback (most recent call last)" in result.err


def test_running_out_of_memory_is_inconclusive(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing was decided, and nothing is broken."""
    monkeypatch.setattr(searching, "explore", fails_with(MemoryError()))

    result = run("check", ROLLOUT)

    assert (result.code, result.out) == (3, "")
    assert "--memory-limit" in result.err


def test_an_interrupt_outside_of_the_search_is_inconclusive_too(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit code 1 would say that something is violated."""

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(searching, "explore", interrupted)

    assert run("check", ROLLOUT).code == 3


# ---- bad input --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "phrase"),
    [
        ((), "Missing command"),
        (("chekc",), "No such command 'chekc'"),
        (("check",), "give files of manifests, example:NAME, or --bug ID"),
        (("check", "missing.yaml"), "missing.yaml"),
        (("check", "example:roolout"), "did you mean rollout?"),
        (("check", ROLLOUT, ROLLOUT), "examples are checked one a run"),
        (("check", ROLLOUT, "--property", "availble-pods"), "did you mean available-pods?"),
        (("check", ROLLOUT, "--set", "replica=3"), "it has replicas=3, max_surge=1"),
        (("check", ROLLOUT, "--set", "replicas"), "NAME=VALUE"),
        (("check", ROLLOUT, "--set", "replicas=many"), "'many' is not an integer"),
        (("check", ROLLOUT, "--set", "replicas=-1"), "-1 is not between 0 and 1000"),
        (("check", ROLLOUT, "--set", "replicas=1001"), "1001 is not between 0 and 1000"),
        (("check", ROLLOUT, "--set", "crashes=1", "--set", "crashes=2"), "gives crashes twice"),
        (("check", ROLLOUT, "--set", "revisions=0"), "revisions: 0 is not between 1 and 1000"),
        (("check", ROLLOUT, "--max-states", "0"), "'--max-states': 0 is not in the range"),
        (("check", ROLLOUT, "--max-states", "x"), "'--max-states': 'x' is not an integer"),
        (("check", ""), "'' is empty; give a path"),
        (("check", ROLLOUT, "--output", " "), "'--output': ' ' is empty; give a file"),
        (("trace", "show", ""), "'' is empty; give a file"),
        (("check", ROLLOUT, "--itf", ""), "'--itf': '' is empty; give a directory"),
        (("check", ROLLOUT, "--max-depth", "-1"), "'--max-depth': -1 is not in the range"),
        (("check", ROLLOUT, "--time-limit", "-5"), "'-5' is not a time above zero"),
        (("check", ROLLOUT, "--time-limit", "5 weeks"), "write 30s, 5m or 1h"),
        (("check", ROLLOUT, "--memory-limit", "0"), "write 512MiB or 4GiB"),
        (("check", ROLLOUT, "--threads", "0"), "'--threads': 0 is not in the range"),
        (("check", ROLLOUT, "--reduce", "all"), "'all' is not one of"),
        (("check", ROLLOUT, "--engine", "prove"), "'prove' is not"),
        (("check", ROLLOUT, "--format", "xml"), "'xml' is not one of"),
        (("check", ROLLOUT, "--itf", "/dev/null/traces"), "/dev/null/traces: Not a directory"),
        (("check", ROLLOUT, "--output", "/dev/null/report"), "/dev/null/report: Not a directory"),
        (("check", ROLLOUT, "--frist"), "No such option"),
        (("explain", "rollout-compleets"), "did you mean rollout-completes or "),
        (("trace", "show", "/dev/null/a.itf.json"), "/dev/null/a.itf.json: Not a directory"),
        (("check", "example:\x1b[2J\nroll"), "there is no example"),
    ],
)
def test_bad_input_is_answered_in_one_clear_line(
    run: Run, words: tuple[str, ...], phrase: str
) -> None:
    """It names what is wrong and what would be right; nobody reads a page of usage."""
    result = run(*words)

    assert (result.code, result.out) == (2, "")
    assert phrase in result.err
    assert result.err.count("\n") == 1
    assert "\x1b" not in result.err


def test_where_results_cannot_be_written_is_found_out_before_the_search(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not after an hour."""
    monkeypatch.setattr(searching, "explore", fails_with(AssertionError("the search began")))

    assert run("check", ROLLOUT, "--output", "/dev/null/report").code == 2


# ---- JSON -------------------------------------------------------------------------------------

SCHEMA = json.loads(files("seatrial").joinpath("report.schema.json").read_text("utf-8"))


def test_the_schema_is_a_schema() -> None:
    """Of the 2020-12 edition, as it says."""
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize(
    "words",
    [
        (ROLLOUT,),
        STUCK,
        *((ROLLOUT, *cap) for cap in CAPS.values()),
        (ROLLOUT, "--reduce=symmetry"),
    ],
)
def test_json_reports_follow_the_published_schema(
    run: Run, tmp_path: Path, words: tuple[str, ...]
) -> None:
    """It is the contract with scripts. Unknown keys would be forgotten ones: here all are known."""
    report = run("check", *words, "--format", "json", "--itf", str(tmp_path)).report

    jsonschema.Draft202012Validator(closed(SCHEMA)).validate(report)


def closed(schema: Any) -> Any:
    """The schema with no room for keys that it does not name."""
    if isinstance(schema, list):
        return [closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    inside = {name: closed(each) for name, each in schema.items()}
    named = schema.get("type") == "object" and "additionalProperties" not in schema
    return inside | ({"additionalProperties": False} if named else {})


def test_json_reports_have_their_keys_in_one_order(run: Run) -> None:
    """So that two of them can be compared line by line."""
    one, other = (run("check", ROLLOUT, "--format", "json").report for _ in range(2))

    assert json.dumps(timeless(one)) == json.dumps(timeless(other))
    assert list(one) == list(SCHEMA["$defs"]["run"]["properties"])


def test_json_says_what_the_text_says(run: Run) -> None:
    """One run, two forms of its report."""
    report = run("check", ROLLOUT, "--format", "json").report

    assert (report["exit_code"], report["exploration"]["states"]) == (0, 7384)
    assert verdicts(report) == {
        "sizes-within-surge": "holds",
        "old-replica-sets-only-shrink": "holds",
        "available-pods": "violated",
        "rollout-completes": "holds",
        "rollout-settles": "holds",
    }
    (bound,) = (each for each in report["properties"] if each["kind"] == "at least")
    assert (bound["extreme"], bound["bound"], bound["expected"]) == (1, 2, "refuted")
    assert (bound["trace"]["length"], len(bound["trace"]["steps"])) == (10, 10)
    assert bound["witness"] == {"length": 10, "shortest": True}


def test_a_bound_is_traced_to_its_break_and_the_run_to_the_extreme_is_told(run: Run) -> None:
    """The first says what goes wrong, the second how wrong it gets."""
    words = ("check", ROLLOUT, "--set", "revisions=3", "--property", "available-pods")
    (found,) = run(*words, "--format", "json").report["properties"]
    text = " ".join(run(*words).out.split())

    assert (found["extreme"], found["trace"]["length"]) == (0, 7)
    assert found["witness"] == {"length": 12, "shortest": True}
    assert "shortest run: 7 steps; to the value 0: 12" in text
    assert (
        "run 7 steps; no run breaks it in fewer extreme the least value, 0, is met after 12" in text
    )


def test_on_a_narrow_terminal_the_detail_stands_below_its_row(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beside it there would be room for a word a line."""
    monkeypatch.setattr(checking, "look_for", lambda *_: Look(width=60))

    out = run("check", ROLLOUT, "--quiet").out

    assert "  available-pods                violated      refuted\n    the least is 1; the" in out
    assert max(map(len, out.split("Verdicts")[1].splitlines())) <= 60


# ---- traces -----------------------------------------------------------------------------------


@pytest.fixture(name="traces", scope="module")
def fixture_traces(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("traces")
    assert main(["check", *STUCK, "--quiet", "--itf", str(folder / "stuck")]) == 1
    assert main(["check", ROLLOUT, "--quiet", "--itf", str(folder / "sane")]) == 0
    return folder


def test_each_trace_is_written_to_a_file_named_after_its_property(traces: Path) -> None:
    """Counterexamples, and witnesses too."""
    assert sorted(path.name for path in (traces / "sane").iterdir()) == [
        "available-pods.itf.json",
        "rollout-completes.itf.json",
    ]


def test_written_traces_replay_exactly(run: Run, traces: Path) -> None:
    """With the parameters recorded in the file."""
    sane = run("trace", "replay", str(traces / "sane" / "available-pods.itf.json"))
    stuck = run("trace", "replay", str(traces / "stuck" / "rollout-settles.itf.json"))

    assert sane == (
        0,
        "replayed exactly: 10 steps of rollout (replicas=3, max_surge=1, max_unavailable=1,"
        " revisions=2, crashes=1)\n",
        "",
    )
    assert stuck.out.startswith("replayed exactly: 1 step of rollout (replicas=3, max_surge=0,")


def test_a_trace_without_its_last_step_does_not_replay(
    run: Run, traces: Path, tmp_path: Path
) -> None:
    """It is a run of the system still, but no longer one of what the file says that it shows."""
    whole = json.loads((traces / "sane" / "available-pods.itf.json").read_text())
    path = tmp_path / "shorter.itf.json"
    path.write_text(json.dumps({**whole, "states": whole["states"][:-1]}))

    shorter = run("trace", "replay", str(path))

    assert shorter.code == 2
    assert "does not break available-pods" in shorter.err


def test_a_shown_trace_is_the_timeline_of_the_report(run: Run, traces: Path) -> None:
    """Whoever gets only the file sees the same run."""
    shown = run("trace", "show", str(traces / "sane" / "available-pods.itf.json")).out
    steps = shown[shown.index("Start\n") : shown.index("Why\n")]

    assert steps in run("check", ROLLOUT).out


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"available-pods is', '"the moon is'),
        ('"shortest": true', '"shortest": false'),
    ],
)
def test_a_shown_trace_gives_the_reasons_of_the_run_and_not_of_the_file(
    run: Run, traces: Path, tmp_path: Path, old: str, new: str
) -> None:
    """A sentence in a file proves nothing, whoever wrote it."""
    whole = traces / "sane" / "available-pods.itf.json"
    path = tmp_path / "a.itf.json"
    path.write_text(changed(whole, old, new), "utf-8")

    out = run("trace", "show", str(path)).out

    assert "Then  available-pods is 1; the bound is 2" in out
    assert "moon" not in out


def test_what_only_a_search_can_know_is_the_claim_of_the_file(run: Run, traces: Path) -> None:
    """One run does not show that no other is shorter."""
    shown = run("trace", "show", str(traces / "sane" / "available-pods.itf.json")).out

    assert "run      10 steps; the file says that no run breaks it in fewer\n" in shown


def truncated(path: Path, states: int) -> str:
    document = json.loads(path.read_text("utf-8"))
    document["states"] = document["states"][:states]
    return json.dumps(document)


@pytest.mark.parametrize(
    ("name", "states", "phrase"),
    [
        ("available-pods", 10, "does not break available-pods: available-pods is 4; the bound is"),
        ("available-pods", 1, "does not break available-pods: available-pods is 3; the bound is 2"),
        ("rollout-completes", 13, "does not reach rollout-completes: its last state is none of"),
    ],
)
def test_a_run_that_does_not_show_what_the_file_says_is_refused(
    run: Run, traces: Path, tmp_path: Path, name: str, states: int, phrase: str
) -> None:
    """A part of a counterexample is a run, and no counterexample."""
    path = tmp_path / "a.itf.json"
    path.write_text(truncated(traces / "sane" / f"{name}.itf.json", states), "utf-8")

    result = run("trace", "show", str(path))

    assert (result.code, result.out) == (2, "")
    assert phrase in result.err
    assert result.err.count("\n") == 1


@pytest.mark.parametrize(
    ("name", "phrase"),
    [
        ("sizes-within-surge", "does not break sizes-within-surge: its last state keeps"),
        ("old-replica-sets-only-shrink", "its last step keeps the promise"),
        ("rollout-completes", "its last state is none of those that were asked for"),
        ("rollout-settles", "it has no loop"),
    ],
)
def test_a_run_shown_for_another_property_is_refused(
    run: Run, traces: Path, tmp_path: Path, name: str, phrase: str
) -> None:
    """What it shows is not what that property promises."""
    path = tmp_path / "a.itf.json"
    whole = traces / "sane" / "available-pods.itf.json"
    path.write_text(changed(whole, '"property": "available-pods"', f'"property": "{name}"'))

    result = run("trace", "show", str(path))

    assert (result.code, result.out) == (2, "")
    assert phrase in result.err


def test_roads_tell_what_else_could_have_happened(run: Run, traces: Path) -> None:
    """The road not taken is often the fix."""
    shown = run("trace", "show", "--roads", str(traces / "sane" / "available-pods.itf.json")).out

    assert "could have happened instead: crash[1]: crash; crash[2]: crash;" in shown


def changed(path: Path, old: str, new: str) -> str:
    text = path.read_text(encoding="utf-8")
    assert old in text
    return text.replace(old, new)


@pytest.mark.parametrize(
    ("old", "new", "phrase"),
    [
        ('"label":"scale down"', '"label":"scale up"', "step 6, sync_deployment: scale up, is not"),
        ('"label":"scale down"', '"label":"scale up"', "enabled: crash[1]: crash; crash[2]: crash"),
        ('"system": "rollout"', '"system": "rolout"', "there is no example 'rolout'"),
        ('"system": "rollout"', '"system": null', "does not say which system"),
        ('"system": "rollout"', '"system": 7', "does not say which system"),
        ('"property": "available-pods"', '"property": "pods"', "has no property 'pods'"),
        ('"replicas": {', '"repliacs": {', "has no parameter 'repliacs'"),
        ('"#bigint": "3"', '"#bigint": "-3"', "-3 is not between 0 and 1000"),
        ('"#bigint": "3"', '"#bigint": "4"', "state 0 is no initial state of rollout"),
        ('"states"', '"sates"', "'sates', which ITF does not know"),
        ('"vars"', "vars", "is no JSON at line"),
    ],
)
@pytest.mark.parametrize("command", ["show", "replay"])
def test_a_trace_file_that_is_no_run_is_refused_in_one_line(
    run: Run, traces: Path, tmp_path: Path, command: str, old: str, new: str, phrase: str
) -> None:
    """Nothing in a file is believed; the line says which step, and what was enabled."""
    path = tmp_path / "a.itf.json"
    path.write_text(changed(traces / "sane" / "available-pods.itf.json", old, new), "utf-8")

    result = run("trace", command, str(path))

    assert (result.code, result.out) == (2, "")
    assert phrase in result.err
    assert result.err.count("\n") == 1


# ---- the other commands -----------------------------------------------------------------------


def test_explain_shows_the_promise_and_where_it_is_made(
    run: Run, snapshot: SnapshotAssertion
) -> None:
    """For a reviewer who meets only the id in a log."""
    result = run("explain", "available-pods")

    assert result.code == 0
    assert result.out == snapshot


def test_every_shipped_property_can_be_explained(run: Run) -> None:
    """Whatever a report names, `explain` knows."""
    for each in run("check", ROLLOUT, "--format", "json").report["properties"]:
        assert each["promise"] in run("explain", each["id"]).out


@pytest.mark.parametrize(
    ("bug", "words"),
    [
        ("cleanup-may-scale-up", "no: the switch brings it in"),
        ("dep-recreate-requeue-missed-with-terminal-pods", "FILE.yaml --fix dep-recreate-requeue"),
    ],
)
def test_a_known_bug_can_be_explained_as_well(run: Run, bug: str, words: str) -> None:
    """Its id stands where those of properties stand: in reports, and on a page."""
    result = run("explain", bug)

    assert result.code == 0
    assert words in result.out
    assert f"seatrial check --bug {bug}" in result.out


def test_examples_lists_names_that_check_takes(run: Run) -> None:
    """And the parameters that --set takes."""
    out = run("examples").out

    names = re.findall(r"^(example:\w+)", out, re.MULTILINE)
    assert names == [ROLLOUT, "example:rolling", "example:migration"]
    assert "replicas=3, max_surge=1" in out


def test_version_is_the_package_s(run: Run) -> None:
    """One place has it."""
    assert run("--version").out == f"seatrial {seatrial.__version__}\n"


def test_the_face_offers_what_core_and_the_engine_define() -> None:
    """`from seatrial import System` and the longer way give one and the same class."""
    assert seatrial.System is core.System
    assert {*seatrial.__all__} <= {*core.__all__, "explore", "hypothesize", "__version__"}
    with pytest.raises(AttributeError, match="no attribute 'Systme'"):
        _ = seatrial.Systme  # type: ignore[attr-defined]


# ---- in a process of its own ------------------------------------------------------------------


def python(code: str, *words: str, **more: Any) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", code, *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **more,
    )


# A pulse at once instead of after 30 seconds tells when the search has begun; and pytest may have
# been started with Ctrl-C switched off.
EAGER = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
from seatrial import cli, progress
progress._ELSEWHERE = 0.0
sys.exit(cli.main(sys.argv[1:]))
"""


def test_ctrl_c_ends_in_good_order_with_what_was_found() -> None:
    """Who stops a long run still gets its report: inconclusive, exit code 3."""
    words = ("check", ROLLOUT, "--set", "replicas=9", "--set", "revisions=4", "--format", "json")
    with python(EAGER, *words) as process:
        assert process.stderr is not None
        assert "states" in process.stderr.readline()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=120)

    report = json.loads(out)
    assert (process.returncode, report["exit_code"]) == (3, 3)
    assert report["exploration"]["capped"] == "interrupted"
    assert "Traceback" not in err


def test_nobody_reading_on_is_no_error() -> None:
    """As in `seatrial check … | head`."""
    code = "import sys; from seatrial.cli import main; sys.exit(main(sys.argv[1:]))"
    with python(code, "check", ROLLOUT) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        err = process.stderr.read()

    assert (process.returncode, err) == (0, "")


CLOSED = """
import os, sys
for number in sys.argv[1]:
    os.close(int(number))
os.execv(sys.executable, [sys.executable, "-m", "seatrial", *sys.argv[2:]])
"""


@pytest.mark.parametrize("streams", ["1", "2", "12"])
@pytest.mark.parametrize(("words", "code"), [(("check", *STUCK), 1), (("chekc",), 2)])
def test_closed_streams_change_no_exit_code(
    streams: str, words: tuple[str, ...], code: int
) -> None:
    """As in `seatrial check … >&-`: who asks only for the code gets it."""
    with python(CLOSED, streams, *words) as process:
        out, err = process.communicate(timeout=120)

    assert process.returncode == code
    assert "Traceback" not in out + err


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
@pytest.mark.parametrize("words", [("check", ROLLOUT), ("examples",), ("--version",)])
def test_a_report_that_cannot_be_written_is_no_verdict_and_no_bad_input(
    words: tuple[str, ...],
) -> None:
    """A full disk must not look like a mistake of the user, nor like success."""
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "seatrial", *words],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )

    assert done.returncode == 4
    assert done.stderr == "seatrial: the report could not be written: No space left on device\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
def test_a_full_standard_error_changes_no_exit_code() -> None:
    """There is no place left to complain."""
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "seatrial", "chekc"],
            stdout=subprocess.PIPE,
            stderr=full,
            check=False,
        )

    assert (done.returncode, done.stdout) == (2, b"")


def test_the_module_runs_like_the_script() -> None:
    """`python -m seatrial`, with the exit code of the command."""
    done = subprocess.run(
        [sys.executable, "-m", "seatrial", "check", "nothing.yaml"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stdout) == (2, "")


# ---- progress ---------------------------------------------------------------------------------


class Stream:
    """Something to write to that says whether it is a terminal."""

    def __init__(self, terminal: bool) -> None:
        self.terminal = terminal
        self.written: list[str] = []

    def isatty(self) -> bool:
        return self.terminal

    def write(self, text: str) -> int:
        self.written.append(text)
        return len(text)

    def flush(self) -> None:
        pass


def pulses(terminal: bool, seconds: int) -> list[str]:
    """What is written when the engine's pulse beats a hundred times a second."""
    stream = Stream(terminal)
    now = [0.0]
    progress = Progress(stream, clock=lambda: now[0])  # type: ignore[arg-type]
    for beat in range(1, 100 * seconds + 1):
        now[0] = beat / 100
        progress(3, 10 * beat, 20 * beat, 5, 1 << 20)
    progress.done()
    return stream.written


def test_on_a_terminal_one_line_is_rewritten_ten_times_a_second_at_most() -> None:
    """And wiped out at the end, so that the report starts on a clean line."""
    written = pulses(terminal=True, seconds=2)

    assert 15 <= len(written) - 1 <= 20
    assert all(text.startswith("\r\x1b[K") and "\n" not in text for text in written)
    assert written[-1] == "\r\x1b[K"


def test_without_a_terminal_there_is_a_line_each_thirty_seconds() -> None:
    """Enough for a log to show that the run lives."""
    (line, _) = pulses(terminal=False, seconds=65)

    assert line == (
        "seatrial: depth 3, 30,000 states, 5 to expand, 1,000 states/s, 1.0 MiB, 30 s\n"
    )
    assert pulses(terminal=False, seconds=5) == []


def test_a_long_proof_shows_which_theorem_it_is_at_and_how_much_the_solver_was_asked() -> None:
    """The solver itself may think for many seconds: nothing is shown in between."""
    stream = Stream(terminal=True)
    now = [0.0]
    progress = Progress(
        stream,  # type: ignore[arg-type]
        "theorem 3 of 32, surge-rounds-up",
        clock=lambda: now[0],
    )
    for asked in (1, 2, 1_234):
        progress.proving(asked)
        now[0] += 2
    progress.done()

    assert stream.written == [
        "\r\x1b[Ktheorem 3 of 32, surge-rounds-up, 2 questions, 2.00 s",
        "\r\x1b[Ktheorem 3 of 32, surge-rounds-up, 1,234 questions, 4.00 s",
        "\r\x1b[K",
    ]


@pytest.mark.parametrize("option", ["users", "faults"])
def test_help_names_what_each_kind_knows(run: Run, option: str) -> None:
    """Under its kind, in the order in which kinds are listed, and nothing that it does not know."""
    said = " ".join(run("check", "--help").out.replace("-\n", "-").split())
    begin, end = {"users": ("--users", "--faults"), "faults": ("--faults", "--level")}[option]
    text = said[said.index(begin) : said.index(end)].replace("- ", "-")
    parts = re.split(r"(?:With|Around) an? (\w+):", text)
    named = {}
    for kind, part in zip(parts[1::2], parts[2::2], strict=True):
        names = re.sub(r"\[:.*?\]", "", part.split("[default")[0])
        named[kind] = set(re.findall(r"[a-z]+(?:-[a-z]+)*(?=[:,.])", names))

    assert named == {
        name: set(kind.users if option == "users" else kind.faults) for name, kind in KINDS.items()
    }
