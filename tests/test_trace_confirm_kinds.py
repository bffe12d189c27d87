"""
`seatrial trace confirm` for StatefulSets and Jobs.

All runs that other tests pin are asked of the real controllers, and so are runs with known bugs:
those of the release are confirmed, the others part at the first sync in which their rule shows.
"""

import os
from collections.abc import Iterator, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

import job_promises
import statefulsets
import test_job_promises
import test_statefulset_promises
from seatrial.cli import main
from seatrial.core import Ground, System, Trace, ground
from seatrial.engines.explore import explore
from seatrial.model import (
    Environment,
    environment,
    job_api,
    job_mutants,
    job_workload,
    mutants,
    statefulset_mutants,
    statefulset_workload,
)
from seatrial.oracle import (
    Confirmed,
    Finding,
    Oracle,
    Parted,
    Sync,
    Unconfirmed,
    confirm,
    found_in,
)
from test_trace_confirm import Run, fixture_oracle, fixture_run, stand_in, wandering

__all__ = ["fixture_oracle", "fixture_run"]

SHIPPED = files("seatrial").joinpath("manifests")
SLOW = ("partition-outlives-a-scale-down", "job-ends: completions and parallelism")
"""Runs whose search takes more than 5 s of CPU time."""
Pinned = tuple[str, str, Any]
"""A run: of what kind, which promise it breaks, and where it is pinned."""


def findings(trace: Trace, system: System, oracle: Oracle) -> list[tuple[Sync, Finding]]:
    """What the real controllers say to each sync."""
    found = found_in(trace, system, oracle.ask)
    return [(sync, confirm(sync, found.ask)) for sync in found.syncs]


def of_parts(said: Sequence[tuple[Sync, Finding]]) -> list[int]:
    """At which steps they part."""
    return [sync.first for sync, finding in said if isinstance(finding, Parted)]


def asked_without_names(_requests: Any) -> Any:
    """No oracle: each answer says that it was refused."""
    return [{"refused": "there is none"} for _ in _requests]


# ---- which steps are one sync, and where it began ---------------------------------------------


def of_sets(users: str, faults: str, lag: int = 1, gates: str = "", **spec: Any) -> System:
    """A StatefulSet of two in an environment that is written as on the command line."""
    return statefulset_workload.compose(
        "wander", statefulsets.spec(2, **spec), _around(users, faults, lag, gates)
    )


def of_jobs(users: str, faults: str, lag: int = 1, gates: str = "", **spec: Any) -> System:
    """A Job."""
    return job_workload.compose(
        "wander", job_api.JobSpec(**spec), _around(users, faults, lag, gates)
    )


def _around(users: str, faults: str, lag: int, gates: str) -> Environment:
    return Environment(
        users=environment.budgets([users], "users"),
        faults=environment.budgets([faults], "faults"),
        level="faulty",
        lag=lag,
        gates=environment.feature_gates([gates]),
    )


DELETED = ("Delete", "Delete")
WANDERED = {
    "an update": of_sets("set-image,scale:3", "unready,pod-failed", 2),
    "side by side": of_sets("set-image,scale:0", "write-failure@2", 2, parallel=True),
    "claims": of_sets("scale:1,delete-claim,delete-pod", "write-failure", claims=DELETED),
    "created anew": of_sets("delete:orphan,apply", "container-exit", claims=DELETED),
    "another takes over": of_sets("set-image,set-partition:1", "second-controller", 2),
    "no grace": of_sets("set-image,delete-pod", "unready", graceful=False, min_ready_seconds=5),
    "failures": of_jobs("delete-pod", "container-exit@2,evict", 2, parallelism=2, completions=3),
    "lost requests": of_jobs("suspend,resume", "write-failure,write-unknown", 2, backoff_limit=1),
    "indexes": of_jobs(
        "none",
        "container-exit@3,evict",
        2,
        backoff_limit=2**31 - 1,
        backoff_limit_per_index=1,
        **job_promises.indexed(2),
    ),
    "deleted with orphans": of_jobs("delete:orphan", "controller-restart", 2),
    "gone with its pods": of_jobs("delete", "write-failure", ttl_seconds_after_finished=5),
}


@pytest.fixture(scope="module", name="grounded", params=WANDERED)
def fixture_grounded(request: pytest.FixtureRequest) -> Ground:
    return ground(WANDERED[request.param])


def test_syncs_that_others_leave_alone_have_a_case_that_goes_their_way(grounded: Ground) -> None:
    syncs = [
        evolve(sync, trouble="")
        for seed in range(3)
        for sync in found_in(wandering(grounded, seed), grounded.system, asked_without_names).syncs
    ]
    left_alone = [sync for sync in syncs if not sync.meanwhile]

    assert len(left_alone) >= 3
    astray = [
        sync
        for sync in left_alone
        if not any(sync.subject.along(case, sync.taken) for case in sync.cases)
    ]
    assert len(astray) <= 0.05 * len(left_alone)


def test_a_sync_that_a_restart_cuts_off_is_asked_for_as_far_as_it_went() -> None:
    system = WANDERED["deleted with orphans"]
    syncs = [
        sync
        for seed in range(20)
        for sync in found_in(
            wandering(ground(system), seed, "restart_job_controller", steps=8),
            system,
            asked_without_names,
        ).syncs
    ]
    cut = [sync for sync in syncs if not sync.ended and len(sync.says) > 1]

    assert cut
    assert all(sync.subject.along(sync.cases[0], sync.taken) for sync in cut)


@pytest.mark.heavy
def test_random_runs_do_not_part_from_the_real_controllers(
    grounded: Ground, oracle: Oracle
) -> None:
    said = [
        each
        for seed in range(6)
        for each in findings(wandering(grounded, seed), grounded.system, oracle)
    ]

    assert [finding.text for _, finding in said if isinstance(finding, Parted)] == []
    confirmed = sum(isinstance(finding, Confirmed) for _, finding in said)
    assert confirmed > 0.95 * len(said)


# ---- pinned runs ------------------------------------------------------------------------------


def pinned() -> Iterator[Any]:
    """Every run that breaks a promise with the rules of the release, as the tests pin them."""
    of: list[Pinned] = []
    for name, (where, _) in test_statefulset_promises.REFUTED.items():
        of.append(("statefulset", name, (where, "")))
    for name, dropped, where in test_statefulset_promises.DROPPED:
        of.append(("statefulset", name, (where, dropped.words)))
    for name, shown in test_job_promises.REFUTED.items():
        of.append(("job", name, (shown.of, shown.dropped)))
    for name, shown in test_job_promises.DROPPED:
        if shown.length != test_job_promises.NEVER_REACHED:
            of.append(("job", name, (shown.of, shown.dropped)))
    for kind, name, (where, words) in of:
        text = f"{name}: {words}" if words else name
        marks = [pytest.mark.slow] if text in SLOW else []
        yield pytest.param(kind, name, where, words, id=text, marks=marks)


@pytest.mark.heavy
@pytest.mark.parametrize(("kind", "name", "where", "words"), list(pinned()))
def test_each_sync_of_a_pinned_run_is_real(
    oracle: Oracle, kind: str, name: str, where: Any, words: str
) -> None:
    tests: Any = job_promises if kind == "job" else statefulsets
    workload: Any = job_workload if kind == "job" else statefulset_workload
    trace = tests.broken(name, words, where).trace
    assert trace is not None

    said = findings(trace, workload.compose("small", where.spec, where.around), oracle)

    assert [finding for _, finding in said if not isinstance(finding, Confirmed)] == []


# ---- known bugs -------------------------------------------------------------------------------

PARTS_AT = {
    "sts-partition-pod-below-partition-upgraded": 8,
    "sts-lower-ordinal-recreate-deadlock": 12,
    "sts-scaledown-hangs-with-minreadyseconds": 10,
    "sts-parallel-rollout-ignores-minreadyseconds": 10,
    "sts-parallel-update-ignores-unready-lower-pod": 3,
    "sts-batch-delete-budget-not-decremented": 2,
    "sts-pod-created-while-pvc-terminating": 9,
    "job-pod-counted-twice": 18,
    "job-pod-succeeds-after-counted-failed": 20,
    "job-indexed-complete-with-repeated-index": 19,
    "job-indexed-success-forgotten": 17,
    "job-backoff-counted-by-requeues": 6,
    "job-replacement-created-while-old-terminates": 3,
    "job-backoff-reset-by-finalizer-event": 5,
    "job-finished-before-seeing-own-pods": 11,
    "job-deadline-lost-on-controller-restart": 3,
    "job-deadline-update-not-noticed": 3,
    "job-active-zero-during-backoff": 8,
    "job-terminating-counter-not-updated-alone": 5,
}
"""The first step of the first sync that follows the wrong rule."""
OF_THE_RELEASE = (
    "sts-partition-scale-to-zero-promotes-revision",
    "sts-completion-ignores-minreadyseconds",
    "sts-currentreplicas-decremented-for-wrong-revision",
    "sts-scaledown-ignores-unhealthy-condemned-predecessor",
    "sts-maxunavailable-counts-old-broken-pods",
    "sts-pvc-ownerref-missed-on-stale-cache",
    "sts-pvc-policy-change-races-with-scaledown",
    "job-complete-with-pod-listed-as-failed",
    "job-suspended-refused-without-start-time",
    "job-index-failed-and-completed",
    "job-orphan-finalizer-not-retried",
)
"""Bugs that 1.36.3 has: the real controllers do what their runs say."""
OF_A_WATCH = ("job-backoff-delays-success-report",)
"""Its rule is one of an event handler, and no sync follows it."""
PROMISES = {**statefulsets.BY_ID, **job_promises.BY_ID}


def said_of(bug: str, oracle: Oracle) -> list[tuple[Sync, Finding]]:
    """What the real controllers say to the run that shows a bug."""
    known = mutants.mutant(bug)
    system = known.system(bug=True)
    asked = [PROMISES[known.shows[0]].property]
    (verdict,) = explore(system, asked, threads=2, first=True, time_limit=60).verdicts
    assert verdict.trace is not None
    return findings(verdict.trace, system, oracle)


@pytest.mark.heavy
@pytest.mark.parametrize("bug", PARTS_AT)
def test_a_run_with_a_wrong_rule_parts_at_the_first_sync_that_follows_it(
    oracle: Oracle, bug: str
) -> None:
    said = said_of(bug, oracle)

    assert of_parts(said)[0] == PARTS_AT[bug]
    earlier = [finding for sync, finding in said if sync.first < PARTS_AT[bug]]
    assert all(isinstance(finding, Confirmed) for finding in earlier)


@pytest.mark.heavy
@pytest.mark.parametrize("bug", [*OF_THE_RELEASE, *OF_A_WATCH])
def test_a_run_with_a_bug_that_the_release_has_is_confirmed(oracle: Oracle, bug: str) -> None:
    said = said_of(bug, oracle)

    assert said
    assert all(isinstance(finding, Confirmed) for _, finding in said)


def test_every_known_bug_is_asked_of_the_real_controllers() -> None:
    known = [each.id for each in (*statefulset_mutants.MUTANTS, *job_mutants.MUTANTS)]

    assert sorted(known) == sorted([*PARTS_AT, *OF_THE_RELEASE, *OF_A_WATCH])


# ---- the command ------------------------------------------------------------------------------

RUNS = {
    "lone": "--users force-delete --faults none --property statefulset-at-most-one",
    "work-queue": "--faults evict --property seed-job-parallelism-cap",
}


@pytest.fixture(scope="module", name="traces")
def fixture_traces(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A trace file of each kind, made with the rules of the release."""
    folder = tmp_path_factory.mktemp("traces")
    found = {}
    for name, words in RUNS.items():
        limits = ("--level", "atomic", "--first", "--quiet", "--itf", str(folder / name))
        main(("check", str(SHIPPED.joinpath(f"{name}.yaml")), *words.split(), *limits))
        (path,) = (folder / name).glob("*.itf.json")
        found[name] = str(path)
    return found


@pytest.mark.parametrize("name", RUNS)
def test_a_trace_is_stamped(run: Run, oracle: Oracle, traces: dict[str, str], name: str) -> None:
    found = run("trace", "confirm", traces[name])

    assert found.code == 0, found.out
    said = f"each controller decision confirmed by Kubernetes {oracle.version}\n"
    assert found.out.endswith(said)


@pytest.mark.parametrize("name", RUNS)
def test_without_an_oracle_one_line_says_what_to_install(
    run: Run, traces: dict[str, str], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SEATRIAL_ORACLE", raising=False)
    monkeypatch.setattr("seatrial.oracle.client.BUILT", Path("no", "such", "folder"))

    found = run("trace", "confirm", traces[name])

    assert (found.code, found.out) == (2, "")
    assert len(found.err.splitlines()) == 1
    assert "`make oracle` builds it, and needs Go" in found.err


@pytest.mark.skipif(os.name == "nt", reason="the stand-in is a script")
@pytest.mark.parametrize("name", RUNS)
def test_a_sync_that_panics_is_not_confirmed(
    run: Run, traces: dict[str, str], tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    panic = '{"id": json.loads(line)["id"], "panic": "nil map"}'
    monkeypatch.setenv("SEATRIAL_ORACLE", stand_in(tmp_path, panic))

    found = run("trace", "confirm", traces[name])

    assert found.code == 3
    assert "not confirmed: the oracle did not run it: panic: nil map" in found.out


def test_where_a_sync_parts_both_sides_are_told(run: Run, oracle: Oracle, tmp_path: Path) -> None:
    promise = "job-backoff-delays-replacement"
    words = f"--bug job-backoff-reset-by-finalizer-event --users delete-pod --property {promise}"
    limits = ("--faults", "none", "--level", "atomic", "--quiet", "--itf", str(tmp_path))
    run("check", str(SHIPPED.joinpath("work-queue.yaml")), *words.split(), *limits)

    found = run("trace", "confirm", str(tmp_path / f"{promise}.itf.json"))

    assert found.code == 1
    assert f"at step 4 the trace and Kubernetes {oracle.version} part:" in found.out
    assert "    created\n      real:  ()\n      trace: (((None, 0, 0, applied), 1),)\n" in found.out


def test_a_request_that_the_api_server_refuses_is_no_agreement(oracle: Oracle) -> None:
    """A success policy without rules is none that a Job can have."""
    system = of_jobs("none", "none", **job_promises.indexed(1))
    found = found_in(wandering(ground(system), 0), system, oracle.ask)
    sync = found.syncs[0]
    (case, *_) = sync.cases
    job = evolve(case.job, spec=evolve(case.job.spec, success_policy=()))

    said = confirm(evolve(sync, cases=(evolve(case, job=job, live=job),)), found.ask)

    assert isinstance(said, Unconfirmed)
    assert "the oracle did not run it: refused: " in said.why
