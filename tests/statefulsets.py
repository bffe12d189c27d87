"""Short ways to write down StatefulSets and what is around them. A search is made once."""

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from attrs import evolve, frozen

from seatrial.core import Report, Verdict
from seatrial.engines.explore import explore
from seatrial.model import (
    Environment,
    IntOrPercent,
    api,
    controller,
    environment,
    statefulset_api,
    statefulset_control,
    statefulset_workload,
    tolerations,
)
from seatrial.properties import statefulsets

BY_ID = {each.property.id: each for each in statefulsets.PROMISES}
ON_DELETE = statefulset_api.StatefulSetUpdateStrategy("OnDelete", None)
KEPT = ("Retain", "Retain")
SCALED = ("Retain", "Delete")
GATED = "MaxUnavailableStatefulSet=true"
STALE = "WatchListClient=false"
FINE: dict[str, Any] = {"level": "interleaved", "lag": 1}
ALONE: dict[str, Any] = {"level": "interleaved", "nodes": 1}
PARALLEL: dict[str, Any] = {"parallel": True, "nodes": 1}
NO_STORE = "StaleControllerConsistencyStatefulSet=false"
EVERYTHING = tolerations.tolerations_of([{"operator": "Exists"}])
WITHOUT_BLOCK = statefulset_api.StatefulSetUpdateStrategy("RollingUpdate", None)
KINDS = {
    "pending": api.PodKind(),
    "running": api.PodKind("Running"),
    "ready": api.PodKind("Running", ready=True),
    "available": api.PodKind("Running", ready=True, available=True),
    "terminating": api.PodKind("Running", ready=True, available=True, terminating=True),
    "failed": api.PodKind("Failed"),
    "succeeded": api.PodKind("Succeeded"),
}


# ---- single syncs -----------------------------------------------------------------------------


def rolling(
    partition: int = 0, most: int | str | None = None
) -> statefulset_api.StatefulSetUpdateStrategy:
    """A rolling update with a partition and a maxUnavailable, `2` or `"25%"`."""
    bound = None
    if isinstance(most, int):
        bound = IntOrPercent.absolute(most)
    elif most is not None:
        bound = IntOrPercent.percent(int(most.removesuffix("%")))
    return statefulset_api.StatefulSetUpdateStrategy(
        "RollingUpdate", statefulset_api.RollingUpdateStatefulSet(partition, bound)
    )


def spec(replicas: int = 3, **fields: Any) -> statefulset_api.StatefulSetSpec:
    """What a user asks for; `parallel=True` and `claims=("Retain", "Delete")` are short forms."""
    if fields.pop("parallel", False):
        fields["pod_management_policy"] = "Parallel"
    if "claims" in fields:
        fields["has_claims"] = True
        fields["retention"] = statefulset_api.ClaimRetention(*fields.pop("claims"))
    return statefulset_api.StatefulSetSpec(replicas=replicas, **fields)


def pod(ordinal: int, state: str, revision: int = 1, uid: int = 1) -> statefulset_api.PodSeen:
    """A pod as the cache shows it."""
    return statefulset_api.PodSeen(ordinal, revision, KINDS[state], uid=uid)


def pods(*states: str | None, start: int = 0, revision: int = 1) -> list[statefulset_api.PodSeen]:
    """Pods from the first ordinal on; None for one that is missing."""
    return [
        pod(start + at, state, revision) for at, state in enumerate(states) if state is not None
    ]


def sync(
    asked: statefulset_api.StatefulSetSpec,
    there: Iterable[statefulset_api.PodSeen],
    *,
    revisions: tuple[int, ...] = (1,),
    current: int = 1,
    reported: int | None = None,
    claims: Mapping[int, statefulset_api.Claim] | None = None,
    gate: bool = False,
    refuse: frozenset[str] = frozenset(),
    answers: Mapping[str, str] | None = None,
    variant: frozenset[str] = frozenset(),
    deleting: bool = False,
) -> list[str]:
    """
    What one sync sends, in words such as "create Pod 2". All is applied, but for what is in
    `refuse` or has another of `answers`; the last word is how it ended if it did not end well.

    `reported` is status.currentReplicas.
    """
    status = statefulset_api.StatefulSetStatus(
        current_replicas=asked.replicas if reported is None else reported,
        current_revision=current,
        update_revision=asked.template,
    )
    seen = statefulset_control.Observation(
        statefulset_api.StatefulSet(asked, status, deleting),
        tuple(there),
        tuple(statefulset_api.ClaimSeen(at, each) for at, each in (claims or {}).items()),
        revisions,
        gate,
    )
    running = statefulset_control.sync_stateful_set(seen, variant)
    sent: list[str] = []
    answer: Any = None
    try:
        while True:
            write = running.send(answer)
            words = f"{write.verb} {write.kind} {write.key}"
            if write.verb == "create" and write.kind == "Pod":
                words += f" of {write.value}"
            if write.kind != "StatefulSet":
                sent.append(words)
            answer = "failed" if words in refuse else (answers or {}).get(words, "applied")
    except StopIteration as end:
        if end.value.later:
            sent.append("later")
    except controller.SyncFailed:
        sent.append("failed")
    return sent


def status_of(
    asked: statefulset_api.StatefulSetSpec,
    there: Iterable[statefulset_api.PodSeen],
    revisions: tuple[int, ...] = (1,),
    current: int = 1,
    variant: frozenset[str] = frozenset(),
) -> statefulset_api.StatefulSetStatus:
    """The status that a sync sends; that of before where it sends none."""
    before = statefulset_api.StatefulSetStatus(current_revision=current)
    seen = statefulset_control.Observation(
        statefulset_api.StatefulSet(asked, before), tuple(there), (), revisions
    )
    running = statefulset_control.sync_stateful_set(seen, variant)
    answer: Any = None
    sent = before
    try:
        while True:
            write = running.send(answer)
            if write.kind == "StatefulSet":
                sent = write.value
            answer = "applied"
    except StopIteration:
        return sent


# ---- systems ----------------------------------------------------------------------------------


@frozen
class Case:
    """A StatefulSet in an environment; with `ids`, only these promises are asked of it."""

    spec: statefulset_api.StatefulSetSpec
    around: Environment
    ids: tuple[str, ...] = ()


def case(
    replicas: int = 1,
    users: str = "none",
    faults: str = "none",
    *,
    level: environment.Level = "atomic",
    lag: int = 0,
    nodes: int = 2,
    gates: str = "",
    kubernetes: str = environment.DEFAULT,
    variant: frozenset[str] = frozenset(),
    ids: tuple[str, ...] = (),
    **fields: Any,
) -> Case:
    """A StatefulSet, and what is done to it and to its nodes."""
    return Case(
        spec(replicas, **fields),
        Environment(
            users=environment.budgets([users], "users"),
            faults=environment.budgets([faults], "faults"),
            level=level,
            lag=lag,
            nodes=nodes,
            gates=environment.feature_gates([gates], kubernetes),
            kubernetes=kubernetes,
            variant=variant,
        ),
        ids,
    )


@cache
def searched(of: Case) -> Report:
    """All states, and what is so of the promises that apply, or of those that are named."""
    asked = [
        each.property
        for each in statefulsets.PROMISES
        if each.property.id in of.ids or (not of.ids and each.applies(of.spec, of.around))
    ]
    system = statefulset_workload.compose("small", of.spec, of.around)
    return explore(system, asked, threads=2)


def holds_as_expected(of: Case) -> None:
    """Asserts that all is searched, and each promise that applies is as it is expected to be."""
    report = searched(of)

    assert report.exploration.complete
    for verdict in report.verdicts:
        expected = {"holds": "holds", "refuted": "violated"}[verdict.property.expected]
        assert verdict.status == expected, verdict.property.id


def broken(promise: str, words: str, of: Case) -> Verdict:
    """
    The promise, broken in a case in which exactly one precondition is not met: the one so worded.

    With `words` empty all are met: the promise is refuted as it stands.
    """
    unmet = [each.words for each in BY_ID[promise].unmet(of.spec, of.around)]
    assert unmet == ([words] if words else [])
    asked = evolve(BY_ID[promise].property, expected="holds")
    system = statefulset_workload.compose("small", of.spec, of.around)
    (verdict,) = explore(system, [asked], threads=2, first=True).verdicts
    assert verdict.status == "violated"
    return verdict
