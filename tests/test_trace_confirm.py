"""`seatrial trace confirm`: each sync of a counterexample, asked of the real controllers.

What needs the oracle is skipped without it; a stand-in shows what any oracle may answer.
"""

import json
import stat
import sys
import textwrap
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from importlib.resources import files
from pathlib import Path
from random import Random
from typing import Any

import attrs
import pytest

from seatrial import explore
from seatrial.cli import main
from seatrial.core import Ground, Step, System, Trace, enabled_steps, ground, step_of, successor
from seatrial.model import Environment, api, controller, environment, mutants, workload
from seatrial.oracle import (
    Confirmed,
    Oracle,
    OracleMissing,
    Parted,
    Sync,
    Unconfirmed,
    confirm,
    found_in,
    syncs_of,
)
from seatrial.oracle.hashes import collided_of, hashes_of, in_names_of
from seatrial.oracle.objects import HASHES
from seatrial.oracle.outcomes import outcomes_along
from seatrial.properties import known_bugs, rolling_update

SHIPPED = files("seatrial").joinpath("manifests")
FORGETS = "dep-scaled-to-zero-forgets-old-rs"
ZERO = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: zero}
spec:
  replicas: 0
  revisionHistoryLimit: 0
  selector: {matchLabels: {app: zero}}
  template:
    metadata: {labels: {app: zero}}
    spec: {containers: [{name: c, image: "c:1"}]}
"""


@attrs.frozen
class Ran:
    """What a run of the command line left."""

    code: int
    out: str
    err: str


Run = Callable[..., Ran]


@pytest.fixture(name="run")
def fixture_run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs `seatrial` in this process."""

    def run(*words: str) -> Ran:
        code = main(words)
        shown = capsys.readouterr()
        return Ran(code, shown.out, shown.err)

    return run


@pytest.fixture(scope="module", name="oracle")
def fixture_oracle() -> Iterator[Oracle]:
    try:
        with Oracle() as running:
            yield running
    except OracleMissing as missing:
        pytest.skip(str(missing))


@pytest.fixture(scope="module", name="forgetful")
def fixture_forgetful(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A trace made with a wrong rule: old ReplicaSets are found through their pods."""
    folder = tmp_path_factory.mktemp("forgetful")
    (folder / "zero.yaml").write_text(ZERO, encoding="utf-8")
    found = main(
        (
            *("check", str(folder / "zero.yaml"), "--bug", FORGETS, "--level", "atomic"),
            *("--faults", "none", "--property", "history-within-its-limit"),
            *("--quiet", "--itf", str(folder)),
        )
    )
    assert found == 1
    return str(folder / "history-within-its-limit.itf.json")


def stand_in(folder: Path, answer: str, version: str = "v1.36.3") -> str:
    """A program that says it is an oracle of this version; `answer` is made of `line`."""
    path = folder / "oracle"
    body = f"""\
        #!{sys.executable}
        import json, sys
        if "--version" in sys.argv:
            print({version!r})
        else:
            for line in sys.stdin:
                print(json.dumps({answer}), flush=True)
        """
    path.write_text(textwrap.dedent(body), encoding="utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


PANIC = '{"id": json.loads(line)["id"], "panic": "integer divide by zero"}'


# ---- what is refused --------------------------------------------------------------------------


def test_without_an_oracle_one_line_says_what_to_install(
    run: Run, forgetful: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SEATRIAL_ORACLE", raising=False)
    monkeypatch.setattr("seatrial.oracle.client.BUILT", Path("no", "such", "folder"))

    found = run("trace", "confirm", forgetful)

    assert (found.code, found.out) == (2, "")
    assert len(found.err.splitlines()) == 1
    assert "`make oracle` builds it, and needs Go" in found.err


def test_a_program_that_is_no_oracle_is_refused(
    run: Run, forgetful: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEATRIAL_ORACLE", stand_in(tmp_path, PANIC, version=""))

    found = run("trace", "confirm", forgetful)

    assert found.code == 2
    assert "is no oracle: it does not say of which Kubernetes" in found.err


def test_an_oracle_of_another_release_is_not_asked(
    run: Run, forgetful: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its controllers may decide otherwise, and that would say nothing of the trace."""
    monkeypatch.setenv("SEATRIAL_ORACLE", stand_in(tmp_path, PANIC, version="v1.34.4"))
    monkeypatch.setattr("seatrial.oracle.client.BUILT", tmp_path)

    found = run("trace", "confirm", forgetful)

    assert found.code == 2
    assert "`make oracle VERSION=1.36.3`" in found.err


@pytest.mark.parametrize("text", ["", "{", "[]", '{"vars": []}'], ids=repr)
def test_a_file_that_is_no_trace_is_refused_before_the_oracle_is_looked_for(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setenv("SEATRIAL_ORACLE", str(tmp_path / "none"))
    path = tmp_path / "bad.itf.json"
    path.write_text(text, encoding="utf-8")

    found = run("trace", "confirm", str(path))

    assert (found.code, found.out) == (2, "")
    assert len(found.err.splitlines()) == 1
    assert "oracle" not in found.err


def test_a_trace_of_an_example_has_no_real_controllers(run: Run, tmp_path: Path) -> None:
    words = ("--set", "max_surge=0", "--set", "max_unavailable=0", "--quiet")
    assert run("check", "example:rollout", *words, "--itf", str(tmp_path)).code == 1

    found = run("trace", "confirm", str(next(tmp_path.glob("*.itf.json"))))

    assert found.code == 2
    assert "whose controllers are not those of Kubernetes" in found.err


def test_a_trace_with_a_step_that_the_rules_do_not_have_is_refused(
    run: Run, forgetful: str, tmp_path: Path
) -> None:
    kept = json.loads(Path(forgetful).read_text(encoding="utf-8"))
    kept["states"][3]["#meta"]["label"] = "does something else"
    path = tmp_path / "cut.itf.json"
    path.write_text(json.dumps(kept), encoding="utf-8")

    found = run("trace", "confirm", str(path))

    assert found.code == 2
    assert "step 3" in found.err


def test_a_sync_that_panics_is_not_confirmed(
    run: Run, forgetful: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEATRIAL_ORACLE", stand_in(tmp_path, PANIC))

    found = run("trace", "confirm", forgetful)

    assert found.code == 3
    assert "not confirmed: the oracle did not run it: panic: integer divide by" in found.out
    assert "0 of 5 controller decisions confirmed by Kubernetes v1.36.3" in found.out


def test_a_crash_is_told_with_the_request_that_caused_it(
    run: Run, forgetful: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEATRIAL_ORACLE", stand_in(tmp_path, "sys.exit(1)"))

    found = run("trace", "confirm", forgetful)

    assert (found.code, found.out) == (2, "")
    assert "ended with exit code 1" in found.err
    assert '"key": "default/web"' in found.err


# ---- which steps are one sync -----------------------------------------------------------------


def wandering(system: Ground, seed: int, cut_by: str = "", steps: int = 100) -> Trace:
    """A random run; what it is to be `cut_by` happens as soon as a request is to be sent."""
    draw = Random(seed)
    start = state = draw.choice(system.initial)
    taken: list[Step] = []
    between = False
    while len(taken) < steps or between:
        offered = enabled_steps(system, state, between=between)
        if offered:
            cutting = [pair for pair in offered if pair[0].name == cut_by]
            sending = any(isinstance(value, controller.Pending) for value in state)
            others = [pair for pair in offered if pair not in cutting]
            action, outcome = draw.choice(
                cutting if cutting and (sending or not others) else others
            )
            taken.append(step_of(system, state, action, outcome))
            state, between = successor(state, outcome), True
        elif between:
            between = False
        else:
            break
    names = (slot.name for slot in system.slots)
    return Trace(system.system.name, tuple(zip(names, start, strict=True)), tuple(taken))


def surrounded(users: str, faults: str, level: environment.Level, lag: int, **spec: Any) -> Ground:
    """A Deployment in an environment, which is written as on the command line."""
    around = Environment(
        users=environment.budgets([users], "users"),
        faults=environment.budgets([faults], "faults"),
        level=level,
        lag=lag,
    )
    return ground(workload.compose("wander", api.DeploymentSpec(1, **spec), around))


def wandered(system: Ground, runs: int, cut_by: str = "") -> list[Sync]:
    """The syncs of random runs."""
    return [
        sync
        for seed in range(runs)
        for sync in syncs_of(wandering(system, seed, cut_by), system.system)
    ]


def test_an_atomic_sync_is_one_step_and_has_one_case_that_goes_its_way() -> None:
    for sync in wandered(surrounded("set-image", "container-exit", "atomic", 0), 3):
        assert (sync.first, sync.trouble, sync.meanwhile) == (sync.last, "", ())
        assert len(outcomes_along(sync.cases[0], sync.taken)) == 1


def test_others_may_act_between_the_steps_of_a_sync() -> None:
    """Most of that does not reach it; what does is named."""
    syncs = wandered(surrounded("set-image,scale:1", "container-exit", "interleaved", 1), 6)
    reached = [
        sync for sync in syncs if not any(outcomes_along(case, sync.taken) for case in sync.cases)
    ]

    assert any(sync.last > sync.first + len(sync.taken) for sync in syncs)
    assert all(sync.meanwhile for sync in reached)
    assert len(reached) < 0.1 * len(syncs)


def test_a_sync_that_a_restart_cuts_off_is_not_asked_for() -> None:
    def never(_requests: Any) -> Any:
        raise AssertionError("the oracle was asked")

    syncs = wandered(surrounded("set-image", "failover", "interleaved", 2), 8, cut_by="fail_over")
    cut = [sync for sync in syncs if "cut off" in sync.trouble]
    late = [sync for sync in syncs if "lands late" in sync.trouble]

    assert cut
    assert late
    assert {type(confirm(sync, never)) for sync in (*cut, *late)} == {Unconfirmed}


def test_a_sync_that_finds_a_name_taken_has_a_case_that_goes_its_way() -> None:
    syncs = wandered(surrounded("set-image", "hash-collision@2", "interleaved", 1), 6)
    taken = [each for each in syncs if any(case.value("names_taken") for case in each.cases)]
    goes = [
        any(outcomes_along(case, each.taken) for case in each.cases) or bool(each.meanwhile)
        for each in syncs
        if not each.trouble
    ]

    assert len(taken) >= 3
    assert all(goes)


# ---- with the real controllers ----------------------------------------------------------------


@pytest.mark.heavy
@pytest.mark.parametrize(
    ("name", "property_id", "syncs"),
    [
        ("tight", "deployment-total-within-surge", 6),
        ("broken-image", "deployment-eventually-new-revision", 8),
    ],
)
def test_the_shipped_counterexamples_are_confirmed(
    run: Run, oracle: Oracle, tmp_path: Path, name: str, property_id: str, syncs: int
) -> None:
    manifest = str(SHIPPED.joinpath(f"{name}.yaml"))
    asked = ("--level", "atomic", "--property", property_id, "--first", "--quiet")
    assert run("check", manifest, *asked, "--itf", str(tmp_path)).code == 1

    found = run("trace", "confirm", str(tmp_path / f"{property_id}.itf.json"))

    assert found.code == 0
    assert found.out.count("  confirmed\n") == syncs
    said = f"each controller decision confirmed by Kubernetes {oracle.version}\n"
    assert found.out.endswith(said)


def test_a_wrong_rule_parts_at_the_first_step_that_follows_it(
    run: Run, oracle: Oracle, forgetful: str
) -> None:
    """The new ReplicaSet gets the revision of the old one, which was not found."""
    found = run("trace", "confirm", forgetful)

    assert found.code == 1
    verdicts = {
        line.split()[1]: "PARTS" in line for line in found.out.splitlines() if "  step " in line
    }
    assert verdicts == {"2": True, "3": False, "4": False, "5": True, "6": True}
    assert f"at step 2 the trace and Kubernetes {oracle.version} part:" in found.out
    assert "requests[0].value.revision\n      real:  2\n      trace: 1\n" in found.out


def test_a_rule_that_no_sync_shows_keeps_a_trace_from_being_confirmed(
    run: Run, oracle: Oracle, tmp_path: Path
) -> None:
    """It is one of a watch here, and the oracle is asked for syncs only."""
    bug, promise = "rs-graceful-delete-observed-twice", "deployment-eventually-new-revision"
    manifest = str(SHIPPED.joinpath("broken-image.yaml"))
    asked = ("--level", "atomic", "--property", promise, "--bug", bug, "--quiet")
    assert run("check", manifest, *asked, "--itf", str(tmp_path)).code == 1

    found = run("trace", "confirm", str(tmp_path / f"{promise}.itf.json"))

    assert found.code == 3
    assert f"8 of 8 controller decisions confirmed by Kubernetes {oracle.version}" in found.out
    assert f"changed rules ({bug})" in found.out


def test_names_are_those_that_the_release_gives(oracle: Oracle) -> None:
    """Each release may hash templates in its own way; those written down are of v1.36.3."""

    def renamed(requests: Sequence[dict[str, Any]]) -> Sequence[dict[str, Any]]:
        text = json.dumps(oracle.ask(requests))
        for template, known in HASHES.items():
            text = text.replace(known, f"other{template}")
        answers: list[dict[str, Any]] = json.loads(text)
        return answers

    found = hashes_of(renamed)

    assert found == {template: f"other{template}" for template in HASHES}
    if oracle.version.startswith("v1.36."):
        assert hashes_of(oracle.ask) == HASHES


def test_requests_and_answers_are_translated_between_two_ways_to_hash() -> None:
    asked: list[Any] = []

    def other(requests: Sequence[Any]) -> Sequence[Any]:
        asked.extend(requests)
        return [{"name": "web-beef", "told": requests[0]["name"]}]

    answers = in_names_of(other, {1: "beef"})([{"name": f"web-{HASHES[1]}"}])

    assert asked == [{"name": "web-beef"}]
    assert answers == [{"name": f"web-{HASHES[1]}", "told": f"web-{HASHES[1]}"}]


@pytest.mark.heavy
@pytest.mark.parametrize(
    "system",
    [
        surrounded("set-image,scale:5", "write-failure,write-unknown,relist", "faulty", 2),
        surrounded("set-image,delete:orphan,apply", "unready", "interleaved", 1, replicas=2),
        surrounded("set-image", "pod-failed", "interleaved", 1, strategy=api.RECREATE),
        surrounded("set-image", "hash-collision@2", "interleaved", 1),
    ],
    ids=["requests fail", "orphans are adopted", "Recreate", "names are taken"],
)
def test_random_runs_do_not_part_from_the_real_controllers(system: Ground, oracle: Oracle) -> None:
    ask = in_names_of(oracle.ask, hashes_of(oracle.ask), collided_of(oracle.ask))
    findings = [confirm(sync, ask) for sync in wandered(system, 8)]

    assert [each.text for each in findings if isinstance(each, Parted)] == []
    counted = Counter(type(each) for each in findings)
    assert counted[Confirmed] > 0.8 * counted.total()


# ---- what the release does wrong --------------------------------------------------------------


@pytest.mark.heavy
def test_the_real_controller_takes_the_last_available_pod_of_a_deployment_that_was_paused(
    oracle: Oracle,
) -> None:
    """
    Of three ReplicaSets of size 1 the one whose pod is available is the oldest: paused, it is
    scaled to 0 first, since 3 are more than replicas + maxSurge. Go: sync, scale
    """
    strategy = api.rolling_update(
        max_surge=api.IntOrPercent.absolute(1), max_unavailable=api.IntOrPercent.absolute(0)
    )
    users = environment.budgets(["set-image@2,pause"], "users")
    system = workload.compose(
        "paused", api.DeploymentSpec(1, 1, strategy=strategy), Environment(users, (), lag=1)
    )
    (floor,) = (each for each in rolling_update.PROMISES if "available-floor" in each.property.id)

    (verdict,) = explore(system, [floor.property], first=True, time_limit=60).verdicts
    assert verdict.trace is not None
    found = found_in(verdict.trace, system, oracle.ask)

    assert verdict.extreme == 0
    assert all(isinstance(confirm(each, found.ask), Confirmed) for each in found.syncs)
    last = [each for each in found.syncs if each.controller == "deployment"][-1]
    assert last.says[-1] == "scales ReplicaSet 1 from 1 to 0"


def stuck(system: System, oracle: Oracle) -> list[Sync]:
    """The syncs of a run in which a rollout stops for good; the real controllers confirm each."""
    (promise,) = (each for each in known_bugs.PROPERTIES if each.id == "rollout-completes")
    (verdict,) = explore(system, [promise], first=True, time_limit=60).verdicts
    assert verdict.because == "the run stops outside the goal: no step of the system is enabled"
    assert verdict.trace is not None
    found = found_in(verdict.trace, system, oracle.ask)

    assert all(isinstance(confirm(each, found.ask), Confirmed) for each in found.syncs)
    return found.syncs


@pytest.mark.heavy
def test_the_real_controller_does_not_come_back_to_an_old_replica_set_it_could_not_resize(
    oracle: Oracle,
) -> None:
    """
    The request fails, the status is right already, and there is no deadline: nothing is sent, no
    error is told, and the key is forgotten. Go: reconcileOldReplicaSets, which swallows the error
    """
    known = mutants.mutant("dep-failed-scale-down-is-not-tried-again")

    last = stuck(known.system(bug=True), oracle)[-1]

    assert last.says[-1] == "scales ReplicaSet 1 from 1 to 0: the request fails"


@pytest.mark.heavy
def test_the_real_controller_rolls_nothing_out_after_a_stale_desired_replicas_annotation(
    oracle: Oracle,
) -> None:
    """
    ReplicaSet 1 has the size that is asked for, and its annotation says another one: each sync
    takes the Deployment for one that was just resized. Go: isScalingEvent, scaleReplicaSet
    """
    strategy = api.rolling_update(
        max_surge=api.IntOrPercent.absolute(0), max_unavailable=api.IntOrPercent.absolute(1)
    )
    spec = api.DeploymentSpec(
        1,
        replicas=2,
        strategy=strategy,
        revision_history_limit=None,
        progress_deadline_seconds=None,
    )
    around = Environment(users=environment.budgets(["set-image,scale:1"], "users"))

    syncs = stuck(workload.compose("stale", spec, around), oracle)

    assert len([each for each in syncs if each.controller == "deployment"]) >= 3
