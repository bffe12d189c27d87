"""The name of a new ReplicaSet is taken: the Deployment controller counts it and takes another."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from attrs import evolve

from conformance.test_oracle import asked as synced
from conformance.test_oracle import controlled_by, last_status
from conformance.test_oracle import deployment as cluster
from promises import BY_ID, case, searched
from seatrial.core import All, Outcome, Report, after_each_step, at_most, declare
from seatrial.engines.explore import explore
from seatrial.model import (
    Environment,
    api,
    collisions,
    controller,
    deployment,
    deployment_sync,
    environment,
    failover,
    informer,
    mutants,
    story,
    workload,
)
from seatrial.model import pods as pod_classes
from seatrial.oracle.client import Json, Oracle, OracleMissing
from seatrial.oracle.syncs import syncs_of
from seatrial.properties import known_bugs

pytestmark = pytest.mark.heavy

Copy, Event, Change = informer.Copy, informer.Event, informer.Change
TakenName = collisions.TakenName

WEB = api.Deployment(api.DeploymentSpec(template=2), revision=1)
OLD = api.ReplicaSet(template=1, created=1, replicas=1, revision=1, desired_replicas=1)
OWN = evolve(OLD, template=2, created=2, max_replicas=2, revision=2)
SEEN = deployment.Observation(WEB, (OLD,))


# ---- what the sync does -----------------------------------------------------------------------


def requests(
    *answers: Any, seen: deployment.Observation = SEEN, variant: frozenset[str] = frozenset()
) -> list[controller.Write | str]:
    """The requests of a sync that is answered so, and how it ends if it does."""
    sync = deployment.sync_deployment(seen, variant)
    found: list[controller.Write | str] = [controller.request(next(sync))]
    for answer in answers:
        try:
            found.append(controller.request(sync.send(answer)))
        except controller.SyncFailed:
            return [*found, "fails"]
        except StopIteration:
            return [*found, "ends"]
    return found


def verbs(found: list[controller.Write | str]) -> list[str]:
    return [each if isinstance(each, str) else f"{each.verb} {each.kind}" for each in found]


def status_sent(write: controller.Write | str) -> api.DeploymentStatus:
    assert isinstance(write, controller.Write)
    assert isinstance(write.value, deployment.StatusWrite)
    return write.value.status


@pytest.mark.parametrize("answer", ["applied", "conflict", "failed"])
def test_a_name_that_is_taken_raises_the_count_and_the_key_is_tried_again(answer: str) -> None:
    """Nothing else of the status changes, and what becomes of that write is not asked."""
    found = requests("taken", answer)

    assert verbs(found) == ["create ReplicaSet", "update status Deployment", "fails"]
    assert status_sent(found[1]) == evolve(WEB.status, collision_count=1)


def test_what_the_cache_does_not_show_yet_is_no_collision() -> None:
    """It is looked up in the cache alone; an error ends the sync before anything is written."""
    assert verbs(requests("already exists")) == ["create ReplicaSet", "fails"]


def test_its_own_replica_set_is_the_new_one() -> None:
    """The sync goes on with what the cache shows of it, and does not claim to have made it."""
    found = requests(OWN, "applied")

    assert verbs(found)[:2] == ["create ReplicaSet", "update status Deployment"]
    assert status_sent(found[1]) == WEB.status
    assert verbs(requests(evolve(OWN, replicas=0), "applied"))[2] == "update ReplicaSet"


def test_the_next_name_is_that_of_the_raised_count() -> None:
    """Go: ComputeHash"""
    raised = evolve(WEB, status=evolve(WEB.status, collision_count=1))

    (creation,) = requests(seen=evolve(SEEN, deployment=raised))

    assert isinstance(creation, controller.Write)
    assert (creation.verb, creation.collision_count) == ("create", 1)


def test_a_status_that_is_computed_anew_keeps_the_count() -> None:
    """Nothing ever resets it. Go: calculateStatus"""
    raised = evolve(WEB, status=evolve(WEB.status, collision_count=3))

    assert deployment_sync.calculate_status([OLD], None, raised).collision_count == 3


# ---- what the API server and the cache say ----------------------------------------------------

CREATION = controller.Write("create", "ReplicaSet", 2, OWN, keeps=True)


def attempted(
    *names: collisions.TakenName,
    left: int = 0,
    lag: int = 0,
    live: api.ReplicaSet | None = None,
    cached: api.ReplicaSet | None = None,
    queue: informer.Queue = (),
    failures: int = 0,
    seen: deployment.Observation = SEEN,
    times: int = 1,
) -> dict[str, Outcome]:
    """What may become of the sync's creation of ReplicaSet 2, by its words."""
    step = controller.plan(
        lambda: deployment.sync_deployment(seen),
        lambda write: controller.possible_answers(write, failures > 0, collides=True),
        seen,
    )
    assert isinstance(step, controller.Pending)
    found = collisions.write_replica_set(
        step,
        controller.Key(),
        (Copy(), Copy(), Copy(current=False, generation=False, same=False)),
        live,
        cached,
        queue,
        None,
        pod_classes.settled(api.PodKind(), 0),
        declare.Members({1: 1, 2: 0}, [1, 2]),
        frozenset(names),
        2,
        lag,
        False,
        failures > 0,
        failures,
        0,
        times,
        left,
        frozenset(),
    )
    words = "creates ReplicaSet 2 with 1 replicas"
    return {each.label.removeprefix(words).removeprefix(": "): each for each in found}


def next_write(done: Outcome) -> str | None:
    step = done.writes["deployment_sync"]
    return None if step is None else f"{step.write.verb} {step.write.kind}"


TAKEN, UNSEEN = "another has the name", "already exists, and the cache does not show it"
THE_ONE = "already exists, and is the one"


def test_a_name_may_be_taken_as_often_as_the_budget_allows() -> None:
    assert set(attempted(left=0)) == {""}

    found = attempted(left=2)

    assert set(found) == {"", TAKEN}
    assert found[TAKEN].writes["hash_collisions_left"] == 1
    assert found[TAKEN].writes["names_taken"] == {TakenName(2, 0, seen=True)}
    assert next_write(found[TAKEN]) == "update status Deployment"


def test_where_caches_lag_the_one_who_has_the_name_may_not_be_known() -> None:
    found = attempted(left=1, lag=1)

    assert set(found) == {"", TAKEN, UNSEEN}
    assert found[UNSEEN].writes["names_taken"] == {TakenName(2, 0, seen=False)}
    assert next_write(found[UNSEEN]) is None
    assert found[UNSEEN].writes["deployment_key"].dirty


def test_a_name_that_was_taken_stays_so_at_no_further_cost() -> None:
    """As where the raised count did not land: the same name is asked for once more."""
    found = attempted(TakenName(2, 0, seen=True), left=1)

    assert set(found) == {TAKEN}
    assert "names_taken" not in found[TAKEN].writes


def test_only_the_name_of_that_template_and_count_is_taken() -> None:
    raised = evolve(WEB, status=evolve(WEB.status, collision_count=1))

    assert set(attempted(TakenName(1, 0, seen=True))) == {""}
    assert set(attempted(TakenName(2, 0, True), seen=evolve(SEEN, deployment=raised))) == {""}
    assert set(attempted(TakenName(2, 1, True), seen=evolve(SEEN, deployment=raised))) == {TAKEN}


def test_the_cache_learns_in_the_end_who_has_the_name() -> None:
    name, other = TakenName(2, 0, seen=False), TakenName(1, 0, seen=True)
    assert set(attempted(name, lag=1)) == {UNSEEN}

    (done,) = collisions.show_taken_name(frozenset({name, other}))

    assert done.writes["names_taken"] == {TakenName(2, 0, seen=True), other}
    assert not list(collisions.show_taken_name(frozenset({other})))


def test_the_sync_goes_on_with_its_own_that_the_cache_shows_by_now() -> None:
    """With the resourceVersion that the cache shows, so that its writes do not conflict."""
    sized = evolve(OWN, replicas=0)
    found = attempted(live=sized, cached=sized)

    assert set(found) == {THE_ONE}
    assert next_write(found[THE_ONE]) == "update status Deployment"
    assert found[THE_ONE].writes["deployment_copies"][2] == Copy()


def test_what_nothing_is_written_to_any_more_need_not_be_remembered() -> None:
    """Whatever happens to the ReplicaSet now, the sync goes on in the same way."""
    found = attempted(live=OWN, cached=OWN)

    assert next_write(found[THE_ONE]) == "update status Deployment"
    assert found[THE_ONE].writes["deployment_copies"] == (Copy(), None, None)


def test_its_own_as_the_cache_shows_it_may_be_out_of_date() -> None:
    sized = evolve(OWN, replicas=0)
    queue = (Event(2, sized, Change.VERSION),)

    found = attempted(live=sized, cached=sized, queue=queue, lag=2)

    assert found[THE_ONE].writes["deployment_copies"][2] == Copy(current=False)


def test_its_own_that_the_cache_does_not_show_ends_the_sync() -> None:
    assert set(attempted(live=OWN)) == {UNSEEN}


def test_a_replica_set_of_a_former_deployment_of_that_name_is_another_s() -> None:
    """The uid counts, not the name of the owner. Go: GetControllerOf"""
    former = evolve(OWN, owner=7)

    assert set(attempted(live=former, cached=former)) == {TAKEN}


def test_without_the_fault_what_a_former_deployment_has_left_is_waited_for() -> None:
    """There is no second name for a template then, so the count would rise for ever."""
    former = evolve(OWN, owner=7)

    assert set(attempted(live=former, cached=former, times=0)) == {UNSEEN}


def test_the_request_may_fail_before_it_is_known_that_the_name_is_taken() -> None:
    found = attempted(TakenName(2, 0, seen=True), failures=1)

    assert set(found) == {TAKEN, "the request fails"}
    assert found["the request fails"].writes["write_failures_left"] == 0


def test_a_late_creation_of_a_taken_name_does_not_land() -> None:
    late = failover.Late(CREATION, Copy())
    free: Callable[..., bool] = collisions.late_name_is_free

    assert not free(late, frozenset({TakenName(2, 0, seen=True)}))
    assert free(late, frozenset({TakenName(2, 1, seen=True), TakenName(1, 0, seen=True)}))
    assert free(None, frozenset({TakenName(2, 0, seen=True)}))


# ---- all together -----------------------------------------------------------------------------


def explored(of: Any, *wanted: Any) -> Report:
    return explore(workload.compose("small", of.spec, of.around), wanted, threads=2)


ENVIRONMENTS = {
    "rolling": case(faults="hash-collision@2"),
    "a bad template": case(faults="hash-collision,never-ready"),
    "recreate": case(recreate=True, faults="hash-collision"),
    "paused and resumed": case(users="set-image,pause,resume", faults="hash-collision"),
    "requests that fail": case(faults="hash-collision,write-failure"),
    "answers that are lost": case(faults="hash-collision,write-unknown", level="interleaved"),
    "caches that lag": case(faults="hash-collision", level="interleaved", lag=1),
}


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_what_is_promised_of_rollouts_is_kept(name: str) -> None:
    """The count is raised, and the rollout goes on under another name."""
    found = searched(ENVIRONMENTS[name])

    assert found.exploration.complete
    ids = {each.property.id for each in found.verdicts}
    healthy = name != "a bad template"
    assert ("deployment-eventually-new-revision" in ids) is healthy
    assert "deployment-no-hot-loop" in ids
    for verdict in found.verdicts:
        if verdict.property.expected == "holds":
            assert verdict.status == "holds", f"{verdict.property.id}: {verdict.because}"


def test_a_collision_without_another_name_blocks_the_rollout_for_ever() -> None:
    """What the count is for: the fault does break the promise where it is not raised."""
    blocked = evolve(
        case(faults="hash-collision").around,
        variant=frozenset({"dep-hash-collision-blocks-rollout"}),
    )
    promise = BY_ID["deployment-eventually-new-revision"].property

    (verdict,) = explore(workload.compose("small", case().spec, blocked), [promise]).verdicts

    assert verdict.status == "violated"


@at_most(id="counted", says="each collision is counted once", source="here", bound=lambda: 2)
def counted(deployment: api.Deployment | None) -> int:
    return 0 if deployment is None else deployment.status.collision_count


@after_each_step(id="only-rises", says="the count never falls", source="here")
def only_rises(
    deployment: api.Deployment | None, deployment_before: api.Deployment | None
) -> Iterator[str]:
    if deployment is None or deployment_before is None:
        return
    before, now = deployment_before.status.collision_count, deployment.status.collision_count
    if now not in (before, before + 1):
        yield f"the count goes from {before} to {now}"


@pytest.mark.parametrize("lag", [0, 1])
def test_a_stale_copy_of_the_deployment_counts_nothing_twice(lag: int) -> None:
    """It asks for the old name, which is taken, and its status conflicts."""
    found = explored(
        case(faults="hash-collision@2", level="interleaved", lag=lag), counted, only_rises
    )

    assert [each.status for each in found.verdicts] == ["holds", "holds"]
    assert found.verdicts[0].extreme == 2


@after_each_step(id="as-seen", says="a sync goes on only with what it has seen", source="here")
def as_seen(
    deployment_sync: controller.Pending | None,
    deployment_sync_before: controller.Pending | None,
    owned_before: All[bool],
) -> Iterator[str]:
    if deployment_sync is None or deployment_sync_before is None:
        return
    write, then = deployment_sync_before.write, deployment_sync.write
    if write.verb == "create" and owned_before[write.key]:
        raises = then.verb == "update status" and then.value.status.collision_count > 0
        if deployment_sync != deployment_sync_before and not raises:
            yield f"after {write.verb} {write.kind} comes {then.verb} {then.kind}"


@pytest.mark.parametrize("faults", ["hash-collision", "none"])
def test_a_sync_behind_a_stale_cache_goes_on_with_its_own(faults: str) -> None:
    """
    The one before it has created the ReplicaSet, and the cache learns of that in between.

    That takes no fault. It then acts on what it saw of other ReplicaSets before.
    """
    of = case(faults=faults, level="interleaved", lag=1)

    (verdict,) = explored(of, as_seen).verdicts

    assert verdict.status == "violated"
    assert verdict.trace is not None
    assert verdict.trace.steps[-1].label.endswith(f": {THE_ONE}")
    *_, sync = syncs_of(verdict.trace, workload.compose("small", of.spec, of.around))
    assert "in the midst" in sync.trouble


@pytest.mark.parametrize(
    ("level", "lag", "counts"),
    [
        ("atomic", 0, (157, 384)),
        ("atomic", 1, (2063, 5961)),
        ("interleaved", 0, (605, 1441)),
        ("interleaved", 1, (5073, 14547)),
    ],
)
def test_without_the_fault_only_lag_lets_a_creation_find_its_own(
    level: environment.Level, lag: int, counts: tuple[int, int]
) -> None:
    """Within one step, or with a cache that never lags, it is seen from the start."""
    found = explored(case(level=level, lag=lag)).exploration

    assert (found.states, found.transitions) == counts


def test_a_name_that_is_taken_is_told() -> None:
    known = mutants.mutant("dep-hash-collision-blocks-rollout")

    (verdict,) = explore(known.system(bug=True), [known_bugs.rollout_completes]).verdicts

    assert verdict.trace is not None
    assert [step.label for step in verdict.trace.steps][-1] == (
        "creates ReplicaSet 2 with 1 replicas: another has the name"
    )


def test_the_count_is_told() -> None:
    raised = evolve(WEB, status=evolve(WEB.status, collision_count=2))

    assert "collisionCount 2" in story.summary({"deployment": raised})
    assert "collisionCount" not in story.summary({"deployment": WEB})


@pytest.mark.parametrize(
    ("users", "lag", "said"), [("set-image", 2, 0), ("undo", 1, 0), ("undo", 2, 1)]
)
def test_where_one_template_might_get_two_replica_sets_it_is_said_that_it_does_not(
    users: str, lag: int, said: int
) -> None:
    """Upstream would create a second one behind a stale cache, under a name of the new count."""
    around = Environment(
        users=environment.budgets([users], "users"),
        faults=environment.budgets(["hash-collision"], "faults"),
        lag=lag,
    )
    words = "no Deployment has two ReplicaSets of one template"

    assert workload.compose("small", WEB.spec, around).assumptions.count(words) == said


@pytest.mark.parametrize(
    ("users", "level", "said"),
    [
        ("delete:background", "interleaved", []),
        ("delete:background,apply", "atomic", ["a Deployment is created anew only once its"]),
        ("delete:foreground,apply", "atomic", ["a Deployment is created anew only once its"]),
        ("delete:orphan,apply", "atomic", ["a Deployment is created anew only once"]),
        (
            "delete:orphan,apply",
            "interleaved",
            ["a Deployment is created anew only once", "no Dep"],
        ),
    ],
)
def test_a_verdict_says_what_is_left_out_of_creating_a_deployment_anew(
    users: str, level: environment.Level, said: list[str]
) -> None:
    """Upstream a new one that meets ReplicaSets of the old one takes another name for its own."""
    around = Environment(users=environment.budgets([users], "users"), level=level)
    words = ("a Deployment that was", "a Deployment is created anew", "no Deployment has two")

    found = workload.compose("small", WEB.spec, around).assumptions

    about = [each for each in found if each.startswith(words)]
    assert [one.startswith(start) for one, start in zip(about, said, strict=True)] == [
        True for _ in said
    ]


# ---- the real controller ----------------------------------------------------------------------


@pytest.fixture(scope="module")
def oracle() -> Iterator[Oracle]:
    try:
        with Oracle() as running:
            yield running
    except OracleMissing as missing:
        pytest.skip(str(missing))


def created(oracle: Oracle) -> Json:
    """The ReplicaSet that the real controller makes for the Deployment web."""
    made: Json = synced(oracle, cluster(1))["live"][1]
    return made


def with_metadata(rs: Json, **changes: Any) -> Json:
    return {**rs, "metadata": {**rs["metadata"], **changes}}


def foreign(oracle: Oracle) -> Json:
    """One of another Deployment under the same name."""
    return with_metadata(
        created(oracle), ownerReferences=controlled_by("Deployment", "other", "other")
    )


def really(answer: Json) -> list[str]:
    """What the real controller sent from its creation on, and the answers."""
    sent = [
        f"{each['verb'].replace('-', ' ')} {each['resource']}: {each['answer']}"
        for each in answer["requests"]
    ]
    first = next(at for at, each in enumerate(sent) if each.startswith("create"))
    return sent[first:]


NEW = api.Deployment(api.DeploymentSpec(template=1))
NAMES = {"ReplicaSet": "replicasets", "Deployment": "deployments"}


def modelled(*answers: Any, count: int = 0) -> list[str]:
    """What the model sends for the Deployment web, without any ReplicaSet that it knows of."""
    status = evolve(NEW.status, observed_generation=api.Observed.NEVER, collision_count=count)
    found = requests(*answers, seen=deployment.Observation(evolve(NEW, status=status), ()))
    words = {"taken": "already exists"}
    said = [each if isinstance(each, str) else "already exists" for each in answers]
    return [
        f"{write.verb} {NAMES[write.kind]}: {words.get(answer, answer)}"
        for write, answer in zip(found, said, strict=False)
        if isinstance(write, controller.Write)
    ] + [each for each in found if isinstance(each, str)]


def test_really_a_foreign_replica_set_in_the_cache_raises_the_count(oracle: Oracle) -> None:
    answer = synced(oracle, cluster(1), foreign(oracle))

    assert [*really(answer), "fails"] == modelled("taken", "applied")
    assert last_status(answer) == {"collisionCount": 1}
    assert answer["key"]["result"] == "rate-limited"


def test_really_a_conflict_of_the_raised_count_is_ignored(oracle: Oracle) -> None:
    """The error is that of the creation, and the key is tried again with the old name."""
    taken = foreign(oracle)

    answer = synced(oracle, cluster(1), taken, live=[cluster(1, version=21), taken])

    assert [*really(answer), "fails"] == modelled("taken", "conflict")
    assert "already exists" in answer["error"]


def test_really_one_that_the_cache_does_not_show_raises_nothing(oracle: Oracle) -> None:
    answer = synced(oracle, cluster(1), live=[cluster(1), foreign(oracle)])

    assert [*really(answer), "fails"] == modelled("already exists")
    assert answer["key"]["result"] == "rate-limited"


def test_really_the_raised_count_gives_another_name(oracle: Oracle) -> None:
    """Then all goes as ever, and the count stays."""
    taken = foreign(oracle)

    answer = synced(oracle, cluster(1, status={"collisionCount": 1}), taken)

    assert answer["requests"][0]["name"] != taken["metadata"]["name"]
    assert [*really(answer), "fails"] == modelled("applied", "applied", "conflict", count=1)
    assert last_status(answer)["collisionCount"] == 1


def test_really_its_own_with_an_equal_template_is_gone_on_with(oracle: Oracle) -> None:
    """
    Without its labels it is not among those that the sync lists, and is its own in the cache still.

    No condition claims that it was created just now.
    """
    own = with_metadata(created(oracle), labels={})
    cached = evolve(OWN, template=1, created=1, revision=1)

    answer = synced(oracle, cluster(1), own)

    assert [*really(answer), "fails"] == modelled(cached, "applied", "conflict")
    sent = answer["requests"][-2]["object"]["status"]
    assert "conditions" not in sent
    assert "collisionCount" not in sent
