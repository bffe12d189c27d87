"""The pytest plugin, as the people see it who write trials and tests; and as its hosts see it."""

import json
import os
import re
import subprocess
import sys
import textwrap
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import attrs
import cel
import pytest

import seatrial.checking
import seatrial.engines.explore.compiled
import seatrial.searching
import seatrial.testing
from seatrial.core import DeclarationError, Report
from seatrial.options import Options
from seatrial.run import Climbed, Run
from seatrial.scenarios import Scenario

# Runs in this process forget what they import, and numpy cannot be imported twice.
assert seatrial.engines.explore.compiled
assert cel

pytest_plugins = ["pytester"]

WEB = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 1
  selector: {matchLabels: {app: web}}
  strategy:
    rollingUpdate:
      maxSurge: 1
      maxUnavailable: 0
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: web:1}]}
"""
TRIAL = """\
apiVersion: seatrial.dev/v1
kind: Trial
metadata: {name: web}
spec:
  manifests: [web.yaml]
  environment: {users: ["set-image@1"], faults: [], level: atomic, lag: 0}
  properties: [seed-rolling-controlled-rate]
  invariants:
    - {name: one, expression: "deployment('web').availableReplicas >= 1"}
    - {name: two, expression: "deployment('web').availableReplicas >= 2", says: two are up}
"""
SYSTEM = """\
from seatrial import System, Variable, action, always, outcome
from seatrial.testing import manifests, sea_trial

@action(writes="pods")
def create(pods):
    if pods < 6:
        yield outcome("create", pods=pods + 1)

@always(says="there are never more than three", source="the README")
def three_at_most(pods):
    if pods > 3:
        yield f"there are {pods} pods"

@always(says="there are never more than nine", source="the README")
def nine_at_most(pods):
    if pods > 9:
        yield f"there are {pods} pods"

def system():
    return System(name="pods", variables=[Variable("pods")], actions=[create],
                  initial=[{"pods": 0}])
"""


@pytest.fixture
def suite(pytester: pytest.Pytester) -> pytest.Pytester:
    """A folder with a manifest and a trial of it: two promises hold, one does not."""
    (pytester.path / "web.yaml").write_text(WEB)
    (pytester.path / "web.trial.yaml").write_text(TRIAL)
    return pytester


def edited(suite: pytest.Pytester, *changes: tuple[str, str]) -> None:
    text = TRIAL
    for before, after in changes:
        assert before in text
        text = text.replace(before, after)
    (suite.path / "web.trial.yaml").write_text(text)


def run(suite: pytest.Pytester, *words: str) -> pytest.RunResult:
    away = ("cacheprovider", "syrupy", "hypothesispytest")
    without = [word for name in away for word in ("-p", f"no:{name}")]
    return suite.runpytest_inprocess(*without, *words)


# ---- trial files ------------------------------------------------------------------------------


def test_a_trial_is_an_item_for_each_scenario_and_promise(suite: pytest.Pytester) -> None:
    """So each can be named, selected, and found in a report."""
    result = run(suite, "web.trial.yaml", "-v")

    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(
        [
            "seatrial: *",
            "web.trial.yaml::web::seed-rolling-controlled-rate PASSED*",
            "web.trial.yaml::web::one PASSED*",
            "web.trial.yaml::web::two FAILED*",
        ]
    )


def test_a_failure_is_the_counterexample_and_how_to_see_it_again(suite: pytest.Pytester) -> None:
    """No traceback: nobody wants to read the inside of a checker."""
    result = run(suite, "web.trial.yaml")

    text = result.stdout.str()
    assert "two is violated" in text
    assert 'But   two promises "two are up"' in text
    assert "  seatrial check --trial web.trial.yaml --property two\n" in text
    assert "  pytest web.trial.yaml::web::two\n" in text
    assert "Traceback" not in text
    assert not re.search(r"\.py:\d", text)


def test_the_summary_says_what_was_searched(suite: pytest.Pytester) -> None:
    """A line for each scenario: a green run that searched nothing would show."""
    result = run(suite, "web.trial.yaml")

    result.stdout.fnmatch_lines(
        ["web.trial.yaml::web: 2 holds, 1 violated; * states (atomic, lag 0)*"]
    )


def test_the_location_is_the_line_of_the_manifest(suite: pytest.Pytester) -> None:
    """maxSurge is what the promise is about; of an invariant, it is its expression."""
    items, _ = suite.inline_genitems("web.trial.yaml", "-p", "no:cacheprovider")

    places = {item.name: item.reportinfo() for item in items}
    assert {name: (Path(path).name, line) for name, (path, line, _) in places.items()} == {
        "seed-rolling-controlled-rate": ("web.yaml", 8),
        "one": ("web.trial.yaml", 8),
        "two": ("web.trial.yaml", 9),
    }


def test_figures_are_in_the_report_for_machines(suite: pytest.Pytester) -> None:
    """JUnit XML has what a dashboard asks: verdict, states, depth, the command."""
    run(suite, "web.trial.yaml", "--junitxml=report.xml")

    cases = {
        case.get("name"): {each.get("name"): each.get("value") for each in case.iter("property")}
        for case in ElementTree.parse(suite.path / "report.xml").iter("testcase")
    }
    two = cases["two"]
    assert two["seatrial.verdict"] == "violated"
    assert two["seatrial.complete"] == "true"
    assert int(two["seatrial.states"] or 0) > 10
    assert two["seatrial.command"] == "seatrial check --trial web.trial.yaml --property two"
    assert cases["one"]["seatrial.verdict"] == "holds"


def test_a_scenario_is_searched_once(
    suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not once for each promise: a trial may have eighty."""
    searched = []
    run_of = seatrial.checking.run_of

    def counted(scenario: Scenario, options: Options) -> Run:
        searched.append(scenario.name)
        return run_of(scenario, options)

    monkeypatch.setattr(seatrial.testing, "run_of", counted)

    run(suite, "web.trial.yaml").assert_outcomes(passed=2, failed=1)

    assert searched == ["web"]


def test_without_a_list_every_promise_is_asked(suite: pytest.Pytester) -> None:
    """The summary says of how many the premise was never met: green, and proving little."""
    edited(
        suite,
        ("  properties: [seed-rolling-controlled-rate]\n", ""),
        ('users: ["set-image@1"]', "users: []"),
    )

    result = run(suite, "web.trial.yaml")

    outcomes = result.parseoutcomes()
    assert outcomes["failed"] == 1
    assert outcomes["passed"] > 20
    result.stdout.fnmatch_lines(["web.trial.yaml::web: * holds, * vacuous, 1 violated; 1 states *"])


# ---- what is not settled ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "outcomes"),
    [
        ((), {"failed": 3}),
        (("--seatrial-inconclusive=xfail",), {"xfailed": 2, "failed": 1}),
        (("--seatrial-inconclusive=skip",), {"skipped": 2, "failed": 1}),
        (("-o", "seatrial_inconclusive=xfail"), {"xfailed": 2, "failed": 1}),
    ],
)
def test_what_is_not_settled_never_passes(
    suite: pytest.Pytester, words: tuple[str, ...], outcomes: dict[str, int]
) -> None:
    """It fails, unless somebody has said that they want to know it otherwise."""
    result = run(suite, "web.trial.yaml", "--seatrial-max-states=3", *words)

    result.assert_outcomes(**outcomes)
    if not words:
        result.stdout.fnmatch_lines(["one: inconclusive; not settled before max-states*"])


def test_a_promise_that_is_to_be_refuted_fails_where_it_holds(suite: pytest.Pytester) -> None:
    """Then something has changed, and somebody should know."""
    edited(suite, ("  invariants:", "  expected: {one: refuted, two: refuted}\n  invariants:"))

    result = run(suite, "web.trial.yaml")

    result.assert_outcomes(passed=1, failed=1, xfailed=1)
    result.stdout.fnmatch_lines(["one is expected to be refuted, but holds here"])


def test_strict_lets_refuted_ones_count(suite: pytest.Pytester) -> None:
    """As --strict does on the command line."""
    edited(suite, ("  invariants:", "  expected: {two: refuted}\n  invariants:"))

    run(suite, "web.trial.yaml").assert_outcomes(passed=2, xfailed=1)
    run(suite, "web.trial.yaml", "--seatrial-strict").assert_outcomes(passed=2, failed=1)


# ---- bad input --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (
            ("users:", "user:"),
            "web.trial.yaml:6:17: spec.environment.user: no such field; did you*",
        ),
        (("web.yaml", "wep.yaml"), "wep.yaml: no such file or folder; check the path"),
        (
            ("set-image@1", "set-imag"),
            "*6:25: spec.environment.users[[]0[]]: there is no 'set-imag'*",
        ),
        (("controlled-rate", "controled-rate"), "*7:16: spec.properties: there is no property*"),
        ((">= 1", ">="), "*9:31: invariant 'one': this is no CEL: *"),
        (("('web').availableReplicas >= 1", "('api').replicas > 0"), "*is about Deployment 'api'*"),
    ],
)
def test_a_trial_that_cannot_be_used_is_a_line_with_its_place(
    suite: pytest.Pytester, change: tuple[str, str], says: str
) -> None:
    """Not a traceback, and not an empty green run."""
    edited(suite, change)

    result = run(suite, "web.trial.yaml")

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([says])
    assert "Traceback" not in result.stdout.str()


def test_a_field_that_there_is_not_fails_the_invariant_alone(suite: pytest.Pytester) -> None:
    """It is found out when the expression is asked."""
    edited(suite, ("availableReplicas >= 2", "availabelReplicas >= 2"))

    result = run(suite, "web.trial.yaml")

    result.stdout.fnmatch_lines(["*web.trial.yaml:10:31: there is no field 'availabelReplicas'*"])
    assert "Traceback" not in result.stdout.str()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--seatrial-time-limit=soon"], "*--seatrial-time-limit: *"),
        (["--seatrial-max-states=0"], "*--seatrial-max-states: 0 is less than 1*"),
        (["--seatrial-itf=web.yaml/traces"], "*--seatrial-itf: web.yaml/traces: Not a directory*"),
        (["--seatrial-seed=-1"], "*--seatrial-seed: -1 is less than 0*"),
        (["--seatrial-examples=web.yaml/kept"], "*--seatrial-examples: web.yaml/kept: Not a*"),
        (
            ["--seatrial-engine=hypothesis", "--seatrial-max-states=5"],
            "*--seatrial-max-states is for a search of all states*",
        ),
        (["-o", "seatrial_inconclusive=pass"], "*'pass', none of fail, xfail, skip*"),
    ],
)
def test_an_option_without_a_meaning_is_a_usage_error(
    suite: pytest.Pytester, words: list[str], says: str
) -> None:
    """Exit code 4 of pytest."""
    result = run(suite, "web.trial.yaml", *words)

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([says])


def test_traces_of_failures_are_written_where_one_asks(suite: pytest.Pytester) -> None:
    """A file that `seatrial trace show` reads."""
    from seatrial.cli import main

    result = run(suite, "web.trial.yaml", "--seatrial-itf=traces")

    result.stdout.fnmatch_lines(
        [
            "To see it again",
            "  seatrial check --trial web.trial.yaml --property two",
            "  pytest web.trial.yaml::web::two",
            "The run is written to traces/web.trial.yaml-web-two.itf.json",
        ]
    )
    (path,) = (suite.path / "traces").iterdir()
    assert path.name == "web.trial.yaml-web-two.itf.json"
    assert main(["trace", "replay", str(path)]) == 0


# ---- tests in Python --------------------------------------------------------------------------


def test_the_decorator_makes_a_test_of_each_promise(suite: pytest.Pytester) -> None:
    """One search, two tests, and the location of the author's own function."""
    suite.makepyfile(
        test_pods=SYSTEM
        + textwrap.dedent(
            """
            @sea_trial(three_at_most, nine_at_most)
            def test_pods():
                '''What is checked.'''
                return system()
            """
        )
    )

    result = run(suite, "test_pods.py", "-v")

    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        [
            "test_pods.py::test_pods[[]three-at-most[]] FAILED*",
            "test_pods.py::test_pods[[]nine-at-most[]] PASSED*",
            "three-at-most is violated",
            "*pytest 'test_pods.py::test_pods[[]three-at-most[]]'",
            "test_pods: 1 holds, 1 violated; 7 states, *",
        ]
    )
    assert "Traceback" not in result.stdout.str()
    items, _ = suite.inline_genitems("test_pods.py")
    assert Path(items[0].location[0]).name == "test_pods.py"
    assert (items[0].location[1] or 0) > 20


def test_the_fixture_checks_within_a_test(suite: pytest.Pytester) -> None:
    """What it returns is the report, for whoever wants to ask more of it."""
    suite.makepyfile(
        test_pods=SYSTEM
        + textwrap.dedent(
            """
            def test_holds(sea_trial):
                report = sea_trial.system(system(), [nine_at_most])
                assert report.exploration.states == 7

            def test_breaks(sea_trial):
                sea_trial.system(system(), [nine_at_most, three_at_most])

            def test_is_cut(sea_trial):
                sea_trial.system(system(), [nine_at_most], max_states=2)
            """
        )
    )

    result = run(suite, "test_pods.py")

    result.assert_outcomes(passed=1, failed=2)
    result.stdout.fnmatch_lines(["three-at-most is violated", "nine-at-most: inconclusive; *"])
    assert not re.search(r"\.py:\d", result.stdout.str())


def test_manifests_are_checked_from_python(suite: pytest.Pytester) -> None:
    """By the decorator and by the fixture, with the words of the command line."""
    suite.makepyfile(
        test_web=SYSTEM
        + textwrap.dedent(
            """
            AROUND = dict(users=["set-image@1"], faults=["none"], level="atomic", lag=0)
            NAME = "seed-rolling-controlled-rate"

            @sea_trial(NAME)
            def test_web():
                return manifests("web.yaml", **AROUND)

            def test_fixture(sea_trial):
                (report,) = sea_trial.manifests("web.yaml", properties=[NAME], **AROUND)
                assert report.verdict(NAME).status == "holds"

            @sea_trial("seed-rolling-controled-rate")
            def test_misspelt():
                return manifests("web.yaml", **AROUND)

            @sea_trial(nine_at_most)
            def test_returns_nothing():
                system()
            """
        )
    )

    result = run(suite, "test_web.py")

    result.assert_outcomes(passed=2, failed=2)
    result.stdout.fnmatch_lines(
        [
            "there is no property 'seed-rolling-controled-rate' of web",
            "test_returns_nothing returns NoneType; return a System, or manifests(…)",
        ]
    )
    assert not re.search(r"\.py:\d", result.stdout.str())


def test_a_rule_that_raises_is_a_line(suite: pytest.Pytester) -> None:
    """With the place of the rule."""
    suite.makepyfile(
        test_pods=SYSTEM.replace("if pods < 6:", "if pods < limit():")
        + "\ndef limit():\n    return 1 // 0\n"
        + "\ndef test_it(sea_trial):\n    sea_trial.system(system(), [nine_at_most])\n"
    )

    result = run(suite, "test_pods.py")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*create*raised ZeroDivisionError*"])
    assert "Traceback" not in result.stdout.str()


def test_random_runs_obey_a_profile_of_hypothesis(suite: pytest.Pytester) -> None:
    """And what they do not find is not settled, so that it fails unless somebody asks otherwise."""
    suite.makepyfile(
        test_pods=SYSTEM
        + textwrap.dedent(
            """
            from hypothesis import settings

            settings.register_profile("few", max_examples=7, stateful_step_count=9)
            settings.load_profile("few")

            def test_holds(sea_trial):
                sea_trial.system(system(), [nine_at_most])

            @sea_trial(three_at_most, nine_at_most)
            def test_pods():
                return system()
            """
        )
    )
    words = ("--seatrial-engine=hypothesis", "--seatrial-seed=3")

    result = run(suite, "test_pods.py", *words)

    result.assert_outcomes(failed=3)
    result.stdout.fnmatch_lines(
        [
            "nine-at-most: inconclusive; *no violation in 7 runs of up to 9 steps*",
            "three-at-most is violated",
            "*pytest 'test_pods.py::test_pods[[]three-at-most[]]' --seatrial-engine=hypothesis*",
        ]
    )
    settled = run(suite, "test_pods.py", *words, "--seatrial-inconclusive=xfail")
    settled.assert_outcomes(failed=1, xfailed=2)


def test_what_random_runs_find_is_kept_where_one_asks(suite: pytest.Pytester) -> None:
    """In an example database, as with `seatrial check --examples`, which tries it first."""
    suite.makepyfile(
        test_pods=SYSTEM
        + textwrap.dedent(
            """
            @sea_trial(three_at_most)
            def test_pods():
                return system()
            """
        )
    )

    result = run(suite, "test_pods.py", "--seatrial-engine=hypothesis", "--seatrial-examples=kept")

    result.assert_outcomes(failed=1)
    assert any(each.is_file() for each in (suite.path / "kept").rglob("*"))


def test_the_command_to_see_it_again_names_the_profile(suite: pytest.Pytester) -> None:
    """The same seed means other runs where they are of another length."""
    suite.makeconftest(
        """
        from hypothesis import settings

        settings.register_profile("short", max_examples=30, stateful_step_count=40)
        """
    )
    suite.makepyfile(
        test_pods=SYSTEM
        + textwrap.dedent(
            """
            @sea_trial(three_at_most, nine_at_most)
            def test_pods():
                return system()
            """
        )
    )
    words = ("--seatrial-engine=hypothesis", "--hypothesis-seed=3", "--hypothesis-profile=short")

    result = suite.runpytest_subprocess("-p", "no:syrupy", "test_pods.py", *words)

    result.stdout.fnmatch_lines(
        [
            "*pytest 'test_pods.py::test_pods[[]three-at-most[]]' --seatrial-engine=hypothesis"
            " --seatrial-seed=3 --hypothesis-profile=short",
            "test_pods: 1 inconclusive, 1 violated; * states, 30 random runs, * s",
        ]
    )


def test_a_promise_that_is_asked_of_nothing_is_an_error(suite: pytest.Pytester) -> None:
    """One of another kind of workload: a run without it would be green, and have tested nothing."""
    from seatrial.kinds import KINDS

    other = KINDS["StatefulSet"].promises[0].property.id
    edited(suite, ("seed-rolling-controlled-rate", other))

    result = run(suite, "web.trial.yaml")

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([f"web.trial.yaml: {other} is asked of no workload here"])


def test_asserts_in_rules_are_no_reason_to_refuse_them(suite: pytest.Pytester) -> None:
    """
    pytest rewrites every assert of a test module, and of modules that bring a plugin along, ours
    too once they are installed from a wheel.
    """
    suite.makeconftest('import pytest\n\npytest.register_assert_rewrite("seatrial")\n')
    suite.makepyfile(
        test_pods=SYSTEM.replace(
            "    if pods < 6:", "    assert pods >= 0, 'few'\n    if pods < 6:"
        )
        + textwrap.dedent(
            """
            def test_own(sea_trial):
                sea_trial.system(system(), [nine_at_most])

            @sea_trial("seed-rolling-controlled-rate", "deployment-status-at-rest")
            def test_web():
                return manifests("web.yaml", level="atomic", lag=0, faults=["none"])
            """
        )
    )

    suite.runpytest_subprocess("test_pods.py").assert_outcomes(passed=3)


# ---- several processes ------------------------------------------------------------------------


@pytest.mark.heavy
@pytest.mark.parametrize("spread", ["load", "loadgroup"])
def test_workers_share_one_search(suite: pytest.Pytester, spread: str) -> None:
    """However xdist spreads the promises of a scenario, it is searched once."""
    suite.makeconftest(
        """
        import os, seatrial.testing
        run_of = seatrial.testing.run_of

        def counted(scenario, options):
            with open("searched", "a") as file:
                file.write(f"{os.getpid()} {scenario.name}\\n")
            return run_of(scenario, options)

        seatrial.testing.run_of = counted
        """
    )

    result = suite.runpytest_subprocess("web.trial.yaml", "-n", "2", f"--dist={spread}", "-v")

    result.assert_outcomes(passed=2, failed=1)
    assert (suite.path / "searched").read_text().count(" web") == 1
    result.stdout.fnmatch_lines(["web.trial.yaml::web*: 2 holds, 1 violated; *"])


# ---- a polite guest ---------------------------------------------------------------------------


HEAVY = ("numba", "numpy", "z3", "rich", "yaml", "attrs", "hypothesis.stateful", "cel", "click")


@pytest.mark.parametrize("asked", ["[]", "(each for each in ())"])
def test_a_test_that_asks_nothing_fails(suite: pytest.Pytester, asked: str) -> None:
    """A green run that has tested nothing is the worst there is."""
    suite.makepyfile(
        test_pods=SYSTEM + f"def test_it(sea_trial):\n    sea_trial.system(system(), {asked})\n"
    )

    result = run(suite, "test_pods.py")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["sea_trial.system is given no promise"])


def test_a_function_that_is_no_promise_is_said_to_be_none() -> None:
    """It lacks @always, say."""
    with pytest.raises(DeclarationError, match="give promises, declared with @always"):
        seatrial.testing.sea_trial(len)  # type: ignore[arg-type]


def test_a_method_or_a_fixture_is_refused_in_words() -> None:
    """What pytest says of it, that the function uses no argument `promise`, helps nobody."""
    declare = seatrial.testing.sea_trial("replicaset-never-too-many")

    with pytest.raises(DeclarationError, match="takes self; a test with @sea_trial is a function"):
        declare(lambda self: self)  # type: ignore[misc, arg-type]


@pytest.mark.parametrize(
    "test",
    [
        "@sea_trial(nine_at_most)\ndef test_it():\n    return system()\n",
        "def test_it(sea_trial):\n    sea_trial.system(system(), [nine_at_most])\n",
    ],
)
def test_an_interrupt_ends_the_tests_and_not_one_search_alone(
    suite: pytest.Pytester, test: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The engine ends in good order; it must not become one test that is skipped."""
    search = seatrial.searching.search

    def interrupted(*given: Any) -> Report:
        report = search(*given)
        end = attrs.evolve(report.exploration, complete=False, capped="interrupted")
        return attrs.evolve(report, exploration=end)

    monkeypatch.setattr(seatrial.testing, "search", interrupted)
    suite.makepyfile(test_pods=SYSTEM + test)

    with pytest.raises(KeyboardInterrupt):
        run(suite, "test_pods.py", "--seatrial-inconclusive=skip")


def test_an_interrupt_on_a_higher_rung_counts_as_one(
    suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The verdicts are those of the rung below; whoever pressed Ctrl-C wants none of them."""
    run_of = seatrial.checking.run_of

    def interrupted(scenario: Scenario, options: Options) -> Run:
        found = run_of(scenario, options)
        end = attrs.evolve(found.report.exploration, complete=False, capped="interrupted")
        return attrs.evolve(found, rungs=(Climbed("interleaved, lag 1", end, 1, 0),))

    monkeypatch.setattr(seatrial.testing, "run_of", interrupted)

    with pytest.raises(KeyboardInterrupt):
        run(suite, "web.trial.yaml")


def test_who_waits_for_a_process_that_was_killed_does_not_wait_for_ever(tmp_path: Path) -> None:
    """The dead process is still a process until its parent has asked for it, as with xdist."""
    dies = (
        "import os, sys; from pathlib import Path; from seatrial.sharing import shared;"
        " shared(Path(sys.argv[1]), 'web', lambda: os._exit(9))"
    )
    with subprocess.Popen([sys.executable, "-c", dies, str(tmp_path)]) as dead:
        os.waitid(os.P_PID, dead.pid, os.WEXITED | os.WNOWAIT)  # and so it stays unasked for

        waits = (
            "import sys; from pathlib import Path; from seatrial.sharing import shared;"
            " print(shared(Path(sys.argv[1]), 'web', lambda: 'found'))"
        )
        found = subprocess.run(
            [sys.executable, "-c", waits, str(tmp_path)],
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )

    assert found.stdout == "found\n"


def test_a_foreign_suite_imports_only_the_plugin(pytester: pytest.Pytester) -> None:
    """Who has Seatrial installed, and no trial, pays for one small module."""
    pytester.makepyfile(
        """
        import json, sys

        def test_one():
            with open("modules.json", "w") as file:
                json.dump(sorted(sys.modules), file)
        """
    )

    result = pytester.runpytest_subprocess("-p", "no:syrupy")

    result.assert_outcomes(passed=1)
    modules = json.loads((pytester.path / "modules.json").read_text())
    ours = [name for name in modules if name.partition(".")[0] == "seatrial"]
    assert ours == ["seatrial", "seatrial.lazy", "seatrial.pytest_plugin"]
    assert "seatrial" not in result.stdout.str().replace("plugins:", "").split("rootdir")[0]


def test_the_plugin_is_imported_in_less_than_20_milliseconds() -> None:
    """Of pytest's own modules, which are there already, nothing is counted."""
    code = (
        "import pytest, time, shutil, tempfile\n"
        "began = time.process_time()\n"
        "import seatrial.pytest_plugin\n"
        "print(time.process_time() - began)\n"
    )

    seconds = [
        float(subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout)
        for _ in range(5)
    ]

    assert min(seconds) < 0.02


def test_a_run_without_trials_says_nothing_of_seatrial(pytester: pytest.Pytester) -> None:
    """No header, no summary, no marker that one would have to know."""
    pytester.makepyfile("def test_one():\n    pass\n")

    result = run(pytester, "--strict-markers")

    result.assert_outcomes(passed=1)
    assert not [line for line in result.outlines if line.startswith("seatrial")]
