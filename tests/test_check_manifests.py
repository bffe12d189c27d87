"""`seatrial check FILE.yaml`, from the file to the exit code, as its users meet it."""

import json
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

import attrs
import pytest

from seatrial import scenarios
from seatrial.cli import main
from seatrial.core import Report, Status
from seatrial.engines.explore import explore
from seatrial.ladder import climb

MANIFESTS = files("seatrial") / "manifests"
WEB, TIGHT, BROKEN, AUTOSCALED = (
    str(MANIFESTS / f"{name}.yaml") for name in ("web", "tight", "broken-image", "autoscaled")
)
ATOMIC = ("--level", "atomic", "--faults", "none")

ONE = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: NAME}
spec:
  replicas: 1
  selector: {matchLabels: {app: NAME}}
  template:
    metadata: {labels: {app: NAME}}
    spec: {containers: [{name: c, image: "nginx:1.29"}]}
"""


@attrs.frozen
class Ran:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def report(self) -> dict[str, Any]:
        """The JSON report."""
        found: dict[str, Any] = json.loads(self.out)
        return found


Run = Callable[..., Ran]


@pytest.fixture(name="run")
def fixture_run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs `seatrial` in this process."""

    def run(*words: str) -> Ran:
        code = main(words)
        shown = capsys.readouterr()
        return Ran(code, shown.out, shown.err)

    return run


@pytest.fixture(name="one")
def fixture_one(tmp_path: Path) -> str:
    """A Deployment with one replica."""
    path = tmp_path / "one.yaml"
    path.write_text(ONE.replace("NAME", "one"), encoding="utf-8")
    return str(path)


# ---- the main job -----------------------------------------------------------------------------


def test_the_report_says_what_was_checked_and_within_which_bounds(run: Run, one: str) -> None:
    """Manifest, users, faults, level, lag, version and gates: a verdict means nothing without."""
    text = run("check", one, "--level", "interleaved", "--lag", "1", "--faults", "unready").out

    for words in (
        "Deployment one with 1 replica,",
        "set-image@1; unready@1",
        "level interleaved, lag 1",
        "Kubernetes 1.36.3",
        f"{STORE}=true",
        "a writer waits while 1 events of its kind are on their way",
        "--level interleaved --lag 1",
    ):
        assert words in " ".join(text.split())


def test_without_a_level_a_ladder_is_climbed(run: Run, one: str) -> None:
    """Each rung is named, with what was searched there; a busy machine needs more than a minute."""
    limit = ("--time-limit", "10m")
    report = run("check", one, "--faults", "none", *limit, "--format", "json").report

    assert [each["name"] for each in report["rungs"]] == [
        "atomic, lag 0",
        "interleaved, lag 1",
        "faulty, lag 1",
    ]
    states = [each["exploration"]["states"] for each in report["rungs"]]
    assert states == sorted(states)
    assert report["rung"] == "faulty, lag 1"
    assert "write-failure@1" in report["assumptions"]["faults"]


def test_the_ladder_ends_where_time_does(run: Run) -> None:
    """What a lower rung has settled is said, with the name of that rung."""
    report = run("check", WEB, "--time-limit", "4s", "--format", "json").report

    *below, last = report["rungs"]
    if last["exploration"]["complete"]:
        assert report["untried"] == ["faulty, lag 1"] or len(report["untried"]) == 2
        assert report["rung"] == last["name"]
    else:
        assert last["exploration"]["capped"] == "time-limit"
        assert report["rung"] == (below[-1] if below else last)["name"]


def test_several_deployments_are_checked_one_after_the_other(run: Run, tmp_path: Path) -> None:
    """The exit code is that of the worst."""
    text = "---".join(ONE.replace("NAME", name) for name in ("one", "two"))
    (tmp_path / "both.yaml").write_text(text, encoding="utf-8")

    ran = run("check", str(tmp_path / "both.yaml"), *ATOMIC, "--format", "json")

    assert [each["system"] for each in ran.report["runs"]] == ["one", "two"]
    assert ran.code == max(each["exit_code"] for each in ran.report["runs"])


# ---- what the owners say ----------------------------------------------------------------------

ANNOTATED = ONE.replace("{name: NAME}", "{name: NAME, annotations: {seatrial.dev/KEY: VALUE}}", 1)


def annotated(tmp_path: Path, key: str, value: str) -> str:
    """The file of a Deployment with one replica and this annotation."""
    path = tmp_path / "told.yaml"
    text = ANNOTATED.replace("NAME", "told").replace("KEY", key).replace("VALUE", f'"{value}"')
    path.write_text(text, encoding="utf-8")
    return str(path)


def verdicts(ran: Ran) -> dict[str, str]:
    """What became of each promise."""
    return {each["id"]: each["verdict"] for each in ran.report["properties"]}


def test_the_tight_example_shows_a_pod_too_many_in_the_shortest_run(run: Run) -> None:
    """Its owners count on replicas + maxSurge pods. No fault is needed to get one more."""
    ran = run("check", TIGHT, "--faults", "none", "--format", "json")
    (broken,) = (
        each
        for each in ran.report["properties"]
        if each["expected"] == "holds" and each["verdict"] == "violated"
    )

    assert ran.code == 1
    assert broken["id"] == "deployment-total-within-surge"
    assert broken["because"].startswith("5 pods are active and 0 still terminate; 3 replicas + 1")
    assert (broken["trace"]["length"], broken["trace"]["shortest"]) == (9, True)
    shorter = run("check", TIGHT, *ATOMIC, "--max-depth", "8", "--format", "json")
    assert verdicts(shorter)["deployment-total-within-surge"] == "inconclusive"


def test_the_broken_example_shows_a_rollout_that_never_ends(run: Run) -> None:
    """The deadline is reported, and nothing else happens: 11 steps, and then none is left."""
    ran = run("check", BROKEN, "--format", "json")
    (broken,) = (
        each
        for each in ran.report["properties"]
        if each["expected"] == "holds" and each["verdict"] == "violated"
    )

    assert ran.code == 1
    assert broken["id"] == "deployment-eventually-new-revision"
    assert (broken["trace"]["length"], broken["trace"]["shortest"]) == (11, True)
    assert broken["trace"]["loop"] == len(broken["trace"]["steps"])


def test_the_sane_example_keeps_all_that_is_promised(run: Run) -> None:
    """The same bounds as the tight one, and nobody who takes them for something else."""
    ran = run("check", WEB, *ATOMIC, "--format", "json")

    assert ran.code == 0
    assert verdicts(ran)["deployment-total-within-surge"] == "violated"


def test_what_the_owners_rely_on_counts_although_it_is_listed_as_refuted(
    run: Run, tmp_path: Path
) -> None:
    """And it is asked although its preconditions are not met: their reason need not be ours."""
    path = annotated(tmp_path, "relies-on", "seed-rolling-never-waits, deployment-available-floor")

    plain = run("check", path, *ATOMIC, "--format", "json")
    scaled = run("check", path, *ATOMIC, "--users", "scale:0", "--format", "json")

    assert plain.code == 1
    assert plain.report["assumptions"]["relies_on"] == [
        "seed-rolling-never-waits",
        "deployment-available-floor",
    ]
    assert verdicts(scaled)["deployment-available-floor"] == "violated"
    assert scaled.code == 1


def test_annotations_say_what_to_expect_where_options_do_not(run: Run, tmp_path: Path) -> None:
    """The command line has the last word."""
    path = annotated(tmp_path, "users", "scale:2")

    told = run("check", path, *ATOMIC, "--format", "json").report
    asked = run("check", path, *ATOMIC, "--users", "restart", "--format", "json").report

    assert told["assumptions"]["users"] == ["scale:2@1"]
    assert asked["assumptions"]["users"] == ["restart@1"]
    assert told["assumptions"]["not_modelled"] == []


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("user", "scale:2", "is not read; known: seatrial.dev/users, seatrial.dev/faults"),
        ("users", "quux", "there is no 'quux'; known: set-image"),
        ("faults", "", "write none alone, or the names without it"),
        ("relies-on", "deployment-available-flor", "did you mean deployment-available-floor"),
        ("relies-on", "xyzzy", "docs/reference/promises.md lists them"),
        ("relies-on", " , ", "is empty"),
    ],
)
def test_an_annotation_that_says_nothing_gets_a_line_with_its_place(
    run: Run, tmp_path: Path, key: str, value: str, says: str
) -> None:
    """A misspelling would otherwise pass for a check."""
    path = annotated(tmp_path, key, value)

    ran = run("check", path, *ATOMIC)

    assert ran.code == 2
    assert ran.err.startswith(f"seatrial: {path}:4:")
    assert f"metadata.annotations[seatrial.dev/{key}]: " in ran.err
    assert says in ran.err
    assert len(ran.err.splitlines()) == 1
    assert len(ran.err) < 500


# ---- where a precondition is not met ----------------------------------------------------------

CONDITION = "deployment-available-condition-is-true"


def test_a_promise_is_asked_in_the_part_of_the_environment_that_it_is_made_for(
    run: Run, one: str
) -> None:
    """Nothing is claimed of a container that exits; of the rest the promise holds, and says so."""
    report = run("check", one, "--level", "atomic", "--format", "json").report
    (found,) = (each for each in report["properties"] if each["id"] == CONDITION)
    (part,) = report["parts"]

    assert (found["verdict"], found["rung"]) == (
        "holds",
        "atomic, lag 0, without container-exit@1",
    )
    assert (part["name"], part["asked"], part["violated"]) == (found["rung"], 3, 0)
    assert part["exploration"]["states"] < report["exploration"]["states"]


def test_no_warning_says_of_a_part_what_is_so_of_the_whole_alone(run: Run, one: str) -> None:
    """In the part the precondition is met; asked by name in the whole, the promise is warned of."""
    words = ("check", one, "--level", "atomic", "--format", "json")
    in_a_part = run(*words).report
    by_name = run(*words, "--property", CONDITION).report

    assert not [each for each in in_a_part["warnings"] if "asked though" in each]
    assert [each.split()[0] for each in by_name["warnings"] if "asked though" in each] == [
        CONDITION
    ]


def test_a_part_leaves_nothing_out_that_is_not_in_the_way(run: Run, one: str) -> None:
    """A controller that restarts is no pod that becomes unready."""
    words = ("--faults", "unready,controller-restart", "--format", "json")
    parts = run("check", one, "--level", "atomic", *words).report["parts"]
    assert [each["name"] for each in parts] == ["atomic, lag 0, without unready@1"]


def test_what_breaks_in_a_part_is_broken(one: str) -> None:
    """
    Whatever happens in a part may happen in the whole environment: exit code 1. Where there is no
    time for it, that is said.
    """
    (scenario,) = scenarios.scenarios([one], scenarios.Asked(level="atomic"))

    def search(rung: scenarios.Rung, seconds: float | None) -> Report:
        report = explore(rung.subject.system, rung.subject.properties, max_states=1)
        status: Status = "violated" if "without" in rung.name else "holds"
        found = tuple(attrs.evolve(each, status=status) for each in report.verdicts)
        complete = attrs.evolve(report.exploration, complete=True, capped=None)
        return attrs.evolve(report, exploration=complete, verdicts=found)

    ran = climb(scenario, search, lambda rung: "", seconds=None, strict=False)

    assert ran.exit_code == 1
    assert CONDITION in {each.property.id for each in ran.violated(asserted=True)}

    hasty = climb(scenario, search, lambda rung: "", seconds=0.5, strict=False)

    assert hasty.exit_code == 0
    assert hasty.untried_parts == ("atomic, lag 0, without container-exit@1",)


def test_why_shows_the_run_that_a_precondition_is_there_for(run: Run, one: str) -> None:
    """One step: a container exits, and the status does not know of it yet."""
    ran = run("check", one, "--level", "atomic", "--why", CONDITION)

    assert ran.code == 0
    assert "not met here   pods that were ready stay so" in ran.out
    assert "With all of that: holds at atomic, lag 0, without container-exit@1" in ran.out
    assert "Without 'pods that were ready stay so': violated at atomic, lag 0" in ran.out
    assert "a container of a pod that is available exits" in ran.out


def test_why_drops_one_precondition_at_a_time(run: Run, one: str) -> None:
    """Each of the others is met, so that the run shows what this one is there for."""
    words = ("--users", "set-image,scale:2", "--level", "atomic", "--format", "json")
    ran = run("check", one, *words, "--why", CONDITION)

    found = [
        (each["dropped"], each["rung"], each["properties"][0]["verdict"])
        for each in ran.report["runs"]
    ]
    assert found == [
        (None, "atomic, lag 0, without scale:2@1, container-exit@1", "holds"),
        (
            "nobody scales the Deployment",
            "atomic, lag 0, without container-exit@1",
            "violated",
        ),
        ("pods that were ready stay so", "atomic, lag 0, without scale:2@1", "violated"),
    ]
    assert ran.code == 0


def test_why_decides_nothing_where_something_is_missing(run: Run, one: str) -> None:
    """To leave something out does not make anybody apply a manifest."""
    ran = run("check", one, *ATOMIC, "--why", "deployment-apply-overwrites-scale")

    assert ran.code == 3
    assert "With all of that: no part of what was asked for is like this" in ran.out


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("no-such-promise",), "--why: there is no property 'no-such-promise'"),
        ((CONDITION, "--property", CONDITION), "--property does not go with --why"),
        ((CONDITION, "--itf", "traces"), "--itf does not go with --why"),
    ],
)
def test_why_asks_one_promise_of_a_manifest(
    run: Run, one: str, words: tuple[str, ...], says: str
) -> None:
    """It is about preconditions, and nothing else has any."""
    for target in ((one,), ()):
        ran = run("check", *target, "--why", *words)

        assert ran.code == 2
        assert len(ran.err.splitlines()) == 1
        assert says in ran.err or not target


# ---- what is not modelled ---------------------------------------------------------------------


def test_an_autoscaler_makes_every_holds_inconclusive(run: Run) -> None:
    """It writes spec.replicas, and nobody knows when: exit code 3, and the reason by name."""
    ran = run("check", AUTOSCALED, *ATOMIC, "--format", "json")

    asserted = [each for each in ran.report["properties"] if each["verdict"] != "violated"]
    assert ran.code == 3
    assert {each["verdict"] for each in asserted} == {"inconclusive"}
    assert all("HorizontalPodAutoscaler autoscaled" in each["because"] for each in asserted)


def test_who_knows_better_may_assume_that_it_is_inert(run: Run) -> None:
    """And the report says so."""
    ran = run("check", AUTOSCALED, *ATOMIC, "--assume-inert", "HorizontalPodAutoscaler")

    assert ran.code == 0
    assert "assumed to be inert" in ran.out
    assert "--assume-inert HorizontalPodAutoscaler" in ran.out


@pytest.fixture
def selective(tmp_path: Path) -> str:
    """A Deployment whose pods may find no node."""
    path = tmp_path / "selective.yaml"
    text = ONE.replace("containers:", "nodeSelector: {disk: ssd}, containers:")
    path.write_text(text.replace("NAME", "one"), encoding="utf-8")
    return str(path)


SELECTOR = "spec.template.spec.nodeSelector"


def test_where_pods_may_find_no_node_bounds_hold_and_progress_is_not_asked_for(
    run: Run, selective: str
) -> None:
    """That pods stay pending is modelled, so that what does not need them ready is settled."""
    ran = run("check", selective, *ATOMIC, "--format", "json")

    verdicts = {each["id"]: each["verdict"] for each in ran.report["properties"]}
    assert ran.code == 0
    assert verdicts["deployment-nonterminating-within-surge"] == "holds"
    assert "deployment-eventually-new-revision" not in verdicts
    assert "stay pending" in " ".join(ran.report["assumptions"]["stated"])


def test_who_relies_on_progress_is_shown_the_pod_that_waits(
    run: Run, selective: str, tmp_path: Path
) -> None:
    """And the run can be replayed: its file says that pods may wait."""
    words = ("--property", "deployment-eventually-new-revision", "--itf", str(tmp_path))

    ran = run("check", selective, *ATOMIC, *words)

    assert ran.code == 1
    assert "a pod finds no place" in ran.out
    (trace,) = tmp_path.glob("*.itf.json")
    assert run("trace", "replay", str(trace)).code == 0


def test_who_knows_that_there_are_nodes_may_say_so(run: Run, selective: str) -> None:
    """Then pods start, as they do where nothing keeps them waiting."""
    words = ("--property", "deployment-eventually-new-revision", "--assume-inert", SELECTOR)

    assert run("check", selective, *ATOMIC, *words).code == 0


def test_deployments_that_may_select_each_others_pods_are_not_said_to_be_safe(
    run: Run, tmp_path: Path
) -> None:
    """Each is checked alone, and what one does to the other's pods is not seen."""
    text = "---".join(ONE.replace("name: NAME}", f"name: {name}}}") for name in ("one", "two"))
    (tmp_path / "both.yaml").write_text(text.replace("NAME", "same"), encoding="utf-8")

    ran = run("check", str(tmp_path / "both.yaml"), *ATOMIC, "--format", "json")

    assert ran.code == 3
    asserted = [
        each
        for one in ran.report["runs"]
        for each in one["properties"]
        if each["verdict"] != "violated"
    ]
    assert all("whose selector overlaps" in each["because"] for each in asserted)


@pytest.mark.parametrize("size", [0, 40, pytest.param(400, marks=pytest.mark.slow)])
def test_many_pods_at_once_are_no_more_work_to_plan(run: Run, one: str, size: int) -> None:
    """A batch of requests is told how many failed, and not which."""
    words = ("--users", f"scale:{size}", "--faults", "write-failure", "--level", "interleaved")

    ran = run("check", one, *words, "--max-states", "300", "--quiet")

    assert ran.code in (0, 3)
    assert ran.err == ""


# ---- traces -----------------------------------------------------------------------------------


def test_a_trace_file_needs_no_manifest_to_be_run_again(run: Run, one: str, tmp_path: Path) -> None:
    """It holds the Deployment and its environment itself, and is replayed exactly."""
    folder = tmp_path / "traces"
    run("check", one, *ATOMIC, "--itf", str(folder))
    Path(one).unlink()
    written = sorted(folder.glob("*.itf.json"))

    assert written
    for path in written:
        ran = run("trace", "replay", str(path))
        assert (ran.code, ran.err) == (0, "")
        assert "replayed exactly" in ran.out
        assert run("trace", "show", str(path)).code == 0


def test_a_report_and_its_traces_say_which_clock(run: Run, one: str, tmp_path: Path) -> None:
    """The assumption is printed, the command repeats it, and the trace replays."""
    shown = "seed-rolling-delete-before-create"
    words = (*ATOMIC, "--clock", "slow", "--property", shown, "--itf", str(tmp_path))

    ran = run("check", one, *words)
    replayed = run("trace", "replay", str(tmp_path / f"{shown}.itf.json"))

    assert "clock slow@1: time passes only when nothing else can happen, but for 1 " in ran.out
    assert "--clock slow" in ran.out
    assert replayed.code == 0


def test_a_trace_file_is_not_believed(run: Run, one: str, tmp_path: Path) -> None:
    """The Deployment in it is read like any manifest, the rest like options."""
    folder = tmp_path / "traces"
    run("check", one, *ATOMIC, "--itf", str(folder))
    path = sorted(folder.glob("*.itf.json"))[0]
    whole = json.loads(path.read_text(encoding="utf-8"))
    for key, value, words in (
        ("level", "fast", "--level 'fast' is none of"),
        ("users", ["dance"], "there is no 'dance'"),
        ("lag", "1", "#meta.subject lacks lag"),
        ("clock", 1, "#meta.subject.clock is no string"),
        ("manifest", {"kind": "Deployment"}, "apiVersion"),
        ("variant", ["no-such-bug"], "no-such-bug"),
    ):
        changed = whole | {"#meta": whole["#meta"] | {"subject": dict(whole["#meta"]["subject"])}}
        changed["#meta"]["subject"][key] = value
        path.write_text(json.dumps(changed), encoding="utf-8")

        ran = run("trace", "replay", str(path))

        assert ran.code == 2
        assert words in ran.err


# ---- bad input --------------------------------------------------------------------------------


STORE = "StaleControllerConsistencyReplicaSet"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--users", "dance"), "there is no 'dance'; known: set-image"),
        (("--users", "set-imag"), "did you mean set-image?"),
        (("--users", "set-image@1,set-image@2"), "set-image is given twice; write it once: set-i"),
        (("--users", "scale"), "scale needs a number of replicas, such as scale:5"),
        (("--users", "scale:many"), "scale needs a number of replicas, such as scale:5"),
        (("--users", "set-image@0"), "0 times is not between 1 and 20"),
        (("--users", "set-image:2"), "set-image takes no value"),
        (("--users", "delete:twice"), "delete:twice is none of background, foreground, orphan"),
        (("--users", "delete:orphan,delete"), "delete is given with two propagations"),
        (("--users", ""), "write none alone, or the names without it"),
        (("--users", "none,set-image"), "write none alone, or the names without it"),
        (("--users", "scale:99999999999"), "at most 400 replicas are explored"),
        (("--kubernetes", ""), "the code of that release was not read; known: 1.34.0, "),
        (("--faults", "set-image"), "there is no 'set-image'"),
        (("--faults", "unready@@2"), "is not of the form NAME[:VALUE][@TIMES]"),
        (("--faults", "relist"), "relist needs --lag 2"),
        (("--clock", "fast"), "--clock 'fast' is none of prompt, slow, slow@N"),
        (("--clock", "slow@0"), "--clock slow: 0 times is not between 1 and 20"),
        (("--clock", "slow:2"), "--clock 'slow:2' is none of prompt, slow, slow@N"),
        (("--clock", "prompt@1"), "--clock prompt takes no number"),
        (("--lag", "9"), "9 is not in the range"),
        (("--level", "quick"), "'quick' is not one of"),
        (("--kubernetes", "1.12"), "the code of that release was not read; known: 1.34.0, "),
        (
            (
                "--kubernetes",
                "1.35",
                "--feature-gates",
                f"{STORE}=true",
            ),
            "here that controllers of 1.35.4 ask; known: DeploymentReplicaSetTerminatingReplicas",
        ),
        (("--feature-gates", "NoGate=true"), "there is no gate 'NoGate' here"),
        (
            ("--feature-gates", "StaleControllerConsistencyReplicaSet=maybe"),
            "is neither true nor false",
        ),
        (("--bug", "no-such-bug"), "there is no known bug 'no-such-bug'; "),
        (("--fix", "cleanup-may-scale-up"), "that bug is fixed in the modelled version"),
        (("--property", "no-such-promise"), "there is no property 'no-such-promise' here"),
        (("--assume-inert", "Unicorn"), "is no kind and no field here that is not modelled"),
        (("--set", "replicas=1"), "--set is for examples"),
    ],
)
def test_bad_options_get_one_clear_line(
    run: Run, one: str, words: tuple[str, ...], says: str
) -> None:
    """What is wrong and what would be right; nothing is searched, nothing is printed."""
    level = () if words[0] in ("--level", "--lag") else ("--level", "atomic")
    ran = run("check", one, *level, *words)

    assert ran.code == 2
    assert says in ran.err
    assert len(ran.err.splitlines()) == 1
    assert ran.out == ""


def test_every_problem_of_a_manifest_gets_a_line_with_its_place(run: Run, tmp_path: Path) -> None:
    """File, line and column, field path, what is wrong, and what would be right."""
    path = tmp_path / "bad.yaml"
    text = ONE.replace("NAME", "bad").replace("replicas: 1", "replicas: -1")
    path.write_text(text.replace("app: bad}}\n  template", "app: other}}\n  template"), "utf-8")

    ran = run("check", str(path))

    assert ran.code == 2
    lines = ran.err.splitlines()
    assert len(lines) == 2
    assert f"{path}:6:13: spec.replicas" in lines[0]
    assert "spec.template.metadata.labels" in lines[1]


@pytest.mark.parametrize(("store", "code"), [("false", 1), ("true", 0)])
def test_a_bug_by_itself_is_shown_with_gates_on_or_off(run: Run, store: str, code: int) -> None:
    """Whether the gate that hides it does so is the question that its small system answers."""
    gate = f"{STORE}={store}"

    ran = run("check", "--bug", "rs-expectations-expire-overcreate", "--feature-gates", gate)

    assert ran.code == code
    assert f"check --feature-gates {gate} --bug rs-expectations-expire-overcreate" in ran.out


def test_a_gate_that_means_nothing_to_a_bug_is_refused(run: Run) -> None:
    """As with a manifest of that kind."""
    ran = run("check", "--bug", "cleanup-may-scale-up", "--feature-gates", "WatchList=false")

    assert ran.code == 2
    assert "'WatchList' means nothing for a Deployment" in ran.err


def test_a_report_is_not_taken_for_a_trace(run: Run, one: str, tmp_path: Path) -> None:
    """Both are JSON, and only one of them has the steps."""
    report = tmp_path / "report.json"
    run("check", one, *ATOMIC, "--format", "json", "--output", str(report))

    ran = run("trace", "show", str(report))

    assert ran.code == 2
    assert "is a report of `seatrial check`; --itf DIR writes its traces" in ran.err


def test_a_bug_that_the_release_has_is_asked_about_in_ones_own_deployment(
    run: Run, one: str, tmp_path: Path
) -> None:
    """No rule is switched for it; what it breaks is asked beside the promises, and replays."""
    folder = tmp_path / "traces"
    around = ("--level", "atomic", "--users", "scale:3,apply", "--faults", "none")
    bug = ("--bug", "dep-manifest-replicas-overrides-hpa")

    ran = run("check", one, *around, *bug, "--itf", str(folder))

    assert ran.code == 1
    assert "applying-keeps-the-size is violated" in ran.out
    assert run("trace", "replay", str(folder / "applying-keeps-the-size.itf.json")).code == 0
    assert run("check", one, *around, *bug, "--fix", *bug[1:], "--quiet").code == 0


def test_a_file_without_deployments_is_said_to_be_that(run: Run, tmp_path: Path) -> None:
    """Other kinds come later; silence would look like success."""
    path = tmp_path / "service.yaml"
    path.write_text("apiVersion: v1\nkind: Service\nmetadata: {name: s}\nspec: {}\n", "utf-8")

    ran = run("check", str(path))

    assert ran.code == 2
    assert "no Deployment and no StatefulSet and no Job is given" in ran.err


def test_options_for_manifests_are_refused_for_examples(run: Run) -> None:
    """They would be ignored otherwise."""
    ran = run("check", "example:rollout", "--lag", "1")

    assert ran.code == 2
    assert "--lag is for manifests" in ran.err


def test_a_part_says_in_what_it_is_smaller(run: Run, one: str) -> None:
    """Timers that go off early refute the promise; without them it holds, and that is said."""
    around = ("--users", "set-image", "--faults", "none", "--clock", "slow")

    ran = run("check", one, "--level", "atomic", "--lag", "0", *around)

    assert ran.code == 0
    said = " ".join(ran.out.split())
    promise = "deployment-healthy-rollout-is-in-time"
    assert f"{promise} holds holds at atomic, lag 0, clock prompt" in said
