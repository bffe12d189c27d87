"""What is promised about a Deployment's history: revisions, how many are kept, and undo."""

from collections.abc import Iterator

from attrs import evolve

from seatrial.core import All, after_each_step, always, converges_to
from seatrial.core.arith import maximum, total
from seatrial.model import api

from .promise import (
    ATOMIC,
    FEW_FAILURES,
    FRESH,
    HEALTHY_TEMPLATES,
    KEPT_WHILE_PAUSED,
    LANDED,
    NO_GIVE_UP,
    NO_PAUSE,
    NOT_CREATED_ANEW,
    SAME_SIZE,
    UPDATE,
    Precondition,
    Promise,
    at_all_times,
    does,
    keeps_history,
    under,
)

__all__ = ["NOT_REPLACED_TWICE", "NUMBERED_IN_ORDER", "PROMISES"]

_DOCS = "https://kubernetes.io/docs/concepts/workloads/controllers/deployment/"
_UTIL = "pkg/controller/deployment/util/deployment_util.go"


def _limit(spec: api.DeploymentSpec) -> int:
    limit = spec.revision_history_limit
    return api.MAX_INT32 if limit is None else limit


_LIMITED = Precondition(
    "the template is replaced more often than revisionHistoryLimit",
    lambda spec, around: not keeps_history(spec, around),
)
NOT_REPLACED_TWICE = Precondition(
    "the template is not replaced twice",
    lambda spec, around: around.times("set-image") + around.times("restart") < 2,
)
NUMBERED_IN_ORDER = Precondition(
    "no other Deployment of its name is created afterwards, or caches show every write before the"
    " next sync (lag 0) and no request lands after a `failover`",
    lambda spec, around: (
        NOT_CREATED_ANEW.met(spec, around) or (FRESH.met(spec, around) and LANDED.met(spec, around))
    ),
    NOT_CREATED_ANEW.narrow,
)
"""
All ReplicaSets of a Deployment that is created anew are new. Where the second is made before the
first is seen, both have revision 1.
"""


# ---- numbers ----------------------------------------------------------------------------------


@under(FRESH, LANDED, NOT_CREATED_ANEW)
@always(
    id="deployment-revisions-unique",
    says="no two ReplicaSets of a Deployment have the same revision",
    source=f"{_UTIL} MaxRevision; pkg/controller/deployment/sync.go getNewReplicaSet",
    premise=lambda target: target > 0,
)
def revisions_differ(revision_of: All[int]) -> Iterator[str]:
    seen: dict[int, int] = {}
    for at, revision in revision_of.items():
        if revision and revision in seen:
            yield f"ReplicaSets {seen[revision]} and {at} both have revision {revision}"
        seen[revision] = at


@at_all_times
@after_each_step(
    id="deployment-revisions-only-rise",
    says="the revision of a ReplicaSet never falls",
    source=f"{_UTIL} SetNewReplicaSetAnnotations",
    over="template",
    premise=lambda revision_of, revision_of_before: 0 < revision_of_before != revision_of > 0,
)
def revisions_only_rise(template: int, revision_of: int, revision_of_before: int) -> Iterator[str]:
    if revision_of < revision_of_before:
        yield (
            f"the revision of ReplicaSet {template} goes from {revision_of_before} to {revision_of}"
        )


@under(NO_PAUSE, SAME_SIZE, NO_GIVE_UP)
@converges_to(
    id="deployment-newest-revision-at-rest",
    says="in the end the ReplicaSet of the Deployment's template has the highest revision, and the"
    " Deployment notes it",
    source=f"{_UTIL} SetDeploymentRevision; " + _DOCS + "#checking-rollout-history-of-a-deployment",
)
def newest_revision_at_rest(
    deployment: api.Deployment | None, revision_of: All[int], deployment_alive: str
) -> bool:
    if deployment is None or deployment_alive != "alive":
        return True
    highest = maximum(0, *revision_of.values())
    return revision_of[deployment.spec.template] == highest == deployment.revision


@under(ATOMIC, FRESH)
@after_each_step(
    id="deployment-rollout-iff-template-change",
    says="a ReplicaSet is made only for a template that the Deployment asks for",
    source=_DOCS + "#updating-a-deployment",
    over="template",
    premise=lambda revision_of, revision_of_before: revision_of_before == 0 < revision_of,
)
def made_for_the_target(template: int, target: int) -> Iterator[str]:
    if template != target:
        yield f"ReplicaSet {template} is made while the Deployment asks for template {target}"


# ---- what is kept -----------------------------------------------------------------------------


@under(HEALTHY_TEMPLATES, NO_PAUSE, SAME_SIZE, FEW_FAILURES)
@converges_to(
    id="deployment-history-limit-at-rest",
    says="in the end no more than revisionHistoryLimit old ReplicaSets are kept",
    source=_DOCS + "#clean-up-policy",
)
def history_within_limit(
    owned: All[bool], target: int, manifest: api.DeploymentSpec, deployment_alive: str
) -> bool:
    old = total(1 for at in owned if owned[at] and at != target)
    return deployment_alive != "alive" or old <= _limit(manifest)


def _is_cleaned_up(owned: All[bool], owned_before: All[bool], deployment_alive: str) -> bool:
    return deployment_alive == "alive" and any(owned_before[at] and not owned[at] for at in owned)


@under(ATOMIC, FRESH, where=[_LIMITED])
@after_each_step(
    id="seed-deployment-history-rollback",
    says="of the old ReplicaSets the revisionHistoryLimit newest are kept, so that one can go back",
    source=_DOCS + "#clean-up-policy",
    premise=_is_cleaned_up,
)
def the_limit_is_used(
    owned: All[bool],
    owned_before: All[bool],
    revision_of_before: All[int],
    target: int,
    manifest: api.DeploymentSpec,
) -> Iterator[str]:
    old = [at for at in owned_before if owned_before[at] and at != target]
    newer_first = sorted(old, key=lambda at: -revision_of_before[at])
    for rank, at in enumerate(newer_first):
        if not owned[at] and rank < _limit(manifest):
            yield (
                f"ReplicaSet {at} of revision {revision_of_before[at]} is deleted;"
                f" only {rank} old ones are newer, and {_limit(manifest)} are to be kept"
            )


@under(LANDED, FRESH, KEPT_WHILE_PAUSED, NOT_CREATED_ANEW)
@after_each_step(
    id="deployment-cleanup-spares-pods",
    says="a clean-up deletes only ReplicaSets without pods",
    source="pkg/controller/deployment/sync.go cleanupDeployment",
    over="template",
    premise=lambda owned, owned_before, deployment_alive: (
        deployment_alive == "alive" and owned_before and not owned
    ),
)
def clean_up_spares_pods(template: int, active_before: int, size_before: int) -> Iterator[str]:
    if active_before or size_before:
        yield (
            f"ReplicaSet {template} is deleted with {active_before} active pods"
            f" and size {size_before}"
        )


@under(UPDATE, _LIMITED, HEALTHY_TEMPLATES, NO_PAUSE, SAME_SIZE)
@after_each_step(
    id="seed-any-update-revertible",
    says="every update can be reverted: the ReplicaSet of an earlier template stays",
    source=_DOCS + "#rolling-back-a-deployment",
    over="template",
    expected="refuted",
    premise=lambda deployment_alive: deployment_alive == "alive",
)
def nothing_is_forgotten(template: int, owned: bool, owned_before: bool) -> Iterator[str]:
    if owned_before and not owned:
        yield f"ReplicaSet {template} is deleted, and with it the way back to its template"


# ---- undo -------------------------------------------------------------------------------------


@under(where=[does("undo")])
@after_each_step(
    id="deployment-rollback-template-only",
    says="undoing a rollout changes the template and nothing else of the spec",
    source=_DOCS + "#rolling-back-a-deployment",
    premise=lambda action: action == "undo",
)
def undo_changes_the_template(
    deployment: api.Deployment | None, deployment_before: api.Deployment | None
) -> Iterator[str]:
    assert deployment is not None
    assert deployment_before is not None
    back = evolve(deployment_before.spec, template=deployment.spec.template)
    if back != deployment.spec:
        yield f"the spec goes from {deployment_before.spec} to {deployment.spec}"


@under(NOT_REPLACED_TWICE, NUMBERED_IN_ORDER, where=[does("undo"), UPDATE])
@after_each_step(
    id="seed-undo-returns-to-previous",
    says="undo returns to the template of the revision before that of the present template",
    source=_DOCS + "#rolling-back-to-a-previous-revision",
    premise=lambda action, deployment_alive: action == "undo" and deployment_alive == "alive",
)
def undo_goes_back_by_one(target: int, target_before: int, revision_of: All[int]) -> Iterator[str]:
    now = revision_of[target_before]
    if now == 0:
        yield (
            f"template {target_before} has no revision yet, and undo goes back to"
            f" template {target} of revision {revision_of[target]}"
        )
    older = [revision for revision in revision_of.values() if revision < now]
    if now and revision_of[target] != maximum(0, *older):
        yield (
            f"undo goes from revision {now} to {revision_of[target]};"
            f" {maximum(0, *older)} is the one before"
        )


PROMISES: tuple[Promise, ...] = (
    revisions_differ,
    revisions_only_rise,
    newest_revision_at_rest,
    made_for_the_target,
    history_within_limit,
    the_limit_is_used,
    clean_up_spares_pods,
    nothing_is_forgotten,
    undo_changes_the_template,
    undo_goes_back_by_one,
)
