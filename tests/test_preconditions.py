"""
What preconditions are for, of every kind of workload: what breaks without them.

A promise is asked *where* it has something to say; without that it is not broken. What it holds
*if* is needed: a run breaks the promise where that alone is dropped. The runs are pinned in the
tests of each kind; here they are counted.
"""

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any, Protocol

import pytest
import yaml

import test_adoption
import test_deployment_promises
import test_giving_up
import test_job_promises
import test_long_runs
import test_replicaset_promises
import test_statefulset_anew
import test_statefulset_conditions
import test_statefulset_names
import test_statefulset_needs
import test_statefulset_placement
import test_statefulset_pods
import test_statefulset_promises
from promises import WHERE
from seatrial.core.property import PREMISED
from seatrial.engines.explore import explore
from seatrial.kinds import KINDS
from seatrial.model import Environment
from seatrial.properties import Promise, job_promise, jobs, promise, statefulset_promise

Pair = tuple[str, str]
"""The id of a promise, and one of its preconditions in words."""


class Case(Protocol):
    """A workload in an environment."""

    @property
    def spec(self) -> Any: ...
    @property
    def around(self) -> Environment: ...


PINNED: dict[str, tuple[tuple[str, Case], ...]] = {
    "Deployment": (
        *((asked, of) for (asked, _), (of, _) in test_deployment_promises.DROPPED.items()),
        *((asked, of) for asked, _, of, _ in test_replicaset_promises.DROPPED.values()),
        *((asked, of) for asked, _, of in test_deployment_promises.STORIES.values()),
        *((asked, of) for (asked, _), (of, _, _) in test_long_runs.TOLD.items()),
        *((each[0], each[2]) for each in (test_adoption.DROPPED, test_giving_up.DROPPED)),
    ),
    "StatefulSet": (
        *((asked, of) for asked, _, of in test_statefulset_promises.DROPPED),
        *((asked, of) for asked, _, of in test_statefulset_anew.DROPS),
        *((asked, of) for asked, _, of in test_statefulset_conditions.DROPPED),
        *((asked, of) for asked, _, of in test_statefulset_conditions.NEVER),
        *((asked, of) for asked, _, of in test_statefulset_placement.DROPPED),
        *((asked, of) for asked, _, of in test_statefulset_names.DROPPED),
        *((asked, of) for asked, _, of in test_statefulset_needs.DROPPED),
        *((asked, of) for asked, _, of in test_statefulset_needs.NEVER),
        *((asked, of) for asked, _, of in test_statefulset_pods.DROPPED),
        *((asked, of) for asked, _, of in test_statefulset_pods.NEVER),
    ),
    "Job": (
        *((asked, shown.of) for asked, shown in test_job_promises.DROPPED),
        *((asked, of) for (asked, _), (of, _, _) in test_long_runs.TOLD_OF_JOBS.items()),
    ),
}
"""The runs that break a promise where one precondition is dropped; tests there show each."""

OUTSIDE: dict[str, tuple[Case, ...]] = {
    "Deployment": WHERE,
    "StatefulSet": (
        *test_statefulset_names.WHERE,
        *test_statefulset_conditions.OUTSIDE,
        *test_statefulset_needs.OUTSIDE,
        *test_statefulset_pods.OUTSIDE,
    ),
    "Job": test_job_promises.OUTSIDE,
}
"""Where promises are asked that say nothing there: a part of their scope is not met."""

MOST_OPEN = {"Deployment": 0, "StatefulSet": 0, "Job": 0}
"""How many conditions may be without a run. These numbers only fall."""

_NONE_TO_EXCEED = "where there is no deadline, none is exceeded"
_NO_BOUNDS = "Recreate has neither maxSurge nor maxUnavailable: all pods may be missing"
_DELETES_NONE = "with OnDelete an update takes down nothing"
_ONE_WRITE = "where a write is a step of its own, that step changes nothing else"
TRUE_ELSEWHERE: dict[Pair, str] = {
    **{
        (each, promise.ROLLING.words): _NO_BOUNDS
        for each in (
            "seed-rolling-controlled-rate",
            "deployment-nonterminating-within-surge",
            "deployment-available-floor",
            "deployment-min-available-during-rollout",
            "deployment-bad-rollout-stops",
            "deployment-available-condition-is-true",
        )
    },
    ("deployment-grows-or-shrinks", promise.ATOMIC.words): _ONE_WRITE,
    ("deployment-proportional-skips-empty", promise.ATOMIC.words): _ONE_WRITE,
    ("deployment-deadline-reports-only", promise.ATOMIC.words): _ONE_WRITE,
    ("deployment-paused-no-deadline", promise.DEADLINE.words): _NONE_TO_EXCEED,
    ("deployment-healthy-rollout-is-in-time", promise.DEADLINE.words): _NONE_TO_EXCEED,
    ("deployment-paused-not-rolled-back", promise.does("undo").words): (
        "where nobody undoes anything, nothing is refused"
    ),
    ("job-failjob-stops-retries", promise.does("container-exit").words): (
        "where no container fails, none has failed with such a code"
    ),
    ("job-backoff-delays-replacement", job_promise.NOT_PER_INDEX.words): (
        "where each index has a back-off, that of the Job never runs"
    ),
    ("job-backoff-delays-replacement", job_promise.NO_RESTART.words): (
        "a process that has just started remembers no back-off"
    ),
    **{
        (each, statefulset_promise.ROLLING.words): _DELETES_NONE
        for each in ("seed-statefulset-safer-to-reason", "update-one-by-one")
    },
    ("statefulset-ondelete-no-automatic-update", promise.INTERLEAVED.words): (
        "where a sync is one step, nothing is decided between two steps"
    ),
    **{
        (of.property.id, job_promise.OURS.words): "what another controller does is not modelled"
        for of in jobs.PROMISES
        if job_promise.OURS in of.where
    },
}
"""Parts of a scope without which a promise is kept, its premise met, and yet nothing is said."""


def holding(kind: str) -> Iterable[Promise]:
    """What is expected to hold of a kind."""
    return (each for each in KINDS[kind].promises if each.property.expected == "holds")


def pinned(kind: str) -> set[Pair]:
    """What is dropped in the pinned runs: in each exactly one precondition is not met."""
    by_id = {each.property.id: each for each in KINDS[kind].promises}
    pairs = set()
    for asked, of in PINNED[kind]:
        (dropped,) = by_id[asked].unmet(of.spec, of.around)
        pairs.add((asked, dropped.words))
    return pairs


@cache
def listed() -> dict[str, list[dict[str, Any]]]:
    """Of each kind why conditions have no run yet: `because`, and the `open` ones by promise."""
    path = Path(__file__).with_name("open_conditions.yaml")
    found: dict[str, list[dict[str, Any]]] = yaml.safe_load(path.read_text("utf-8"))
    return found


def is_open(kind: str) -> list[Pair]:
    """The same as pairs."""
    return [
        (asked, words)
        for each in listed()[kind]
        for asked, conditions in each["open"].items()
        for words in conditions
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_every_condition_has_a_run_that_breaks_the_promise_without_it(kind: str) -> None:
    """Or stands in the list of those for which none was found yet, until one is."""
    conditions = {(of.property.id, each.words) for of in holding(kind) for each in of.conditions}

    assert conditions - pinned(kind) == set(is_open(kind))
    assert all(each["because"] for each in listed()[kind])
    assert len(is_open(kind)) <= MOST_OPEN[kind]


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_that_breaks_a_promise_is_called_its_scope(kind: str) -> None:
    """A run that breaks it is one in which the promise says something."""
    scope = {(of.property.id, each.words) for of in holding(kind) for each in of.where}

    assert scope & pinned(kind) == set()


# ---- scope ------------------------------------------------------------------------------------


def outside(kind: str, of: Case) -> dict[str, Promise]:
    """What is not asked in a case for nothing but its scope."""
    return {
        each.property.id: each
        for each in holding(kind)
        if (unmet := each.unmet(of.spec, of.around)) and set(unmet) <= set(each.where)
    }


@cache
def cases() -> tuple[tuple[str, Case], ...]:
    """All of them, with their kinds."""
    return tuple((kind, of) for kind, several in OUTSIDE.items() for of in several)


@pytest.mark.heavy
@pytest.mark.parametrize(("kind", "of"), cases())
def test_outside_of_its_scope_a_promise_is_not_broken(kind: str, of: Case) -> None:
    """It says nothing there: its premise is never met, or its goal always is."""
    left = outside(kind, of)
    promises = [each.property for each in left.values()]
    said_elsewhere = {
        id
        for id, each in left.items()
        if any((id, one.words) in TRUE_ELSEWHERE for one in each.unmet(of.spec, of.around))
    }
    system = KINDS[kind].compose("small", of.spec, of.around)

    report = explore(system, promises, threads=2, max_states=200_000, memory_limit=2 * 10**9)

    assert report.exploration.complete
    assert {each.status for each in report.verdicts} <= {"holds"}
    met = {each.property.id for each in report.verdicts if not each.vacuous}
    assert met <= {each.id for each in promises if each.kind not in PREMISED} | said_elsewhere


@pytest.mark.parametrize("kind", KINDS)
def test_every_part_of_a_scope_is_left_somewhere(kind: str) -> None:
    """By itself; all else that the promise is asked under is met there."""
    scope = {(of.property.id, each.words) for of in holding(kind) for each in of.where}

    left = set()
    for of in OUTSIDE.get(kind, ()):
        for id, each in outside(kind, of).items():
            unmet = each.unmet(of.spec, of.around)
            left |= {(id, one.words) for one in unmet if len(unmet) == 1}
    assert scope - left == set()
