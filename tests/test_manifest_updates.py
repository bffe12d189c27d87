"""Some fields of an object stay as they are, whatever anybody applies."""

from typing import Any

import pytest

from given_manifests import claim, job, read, stateful_set
from seatrial.model import refused_changes

INDEXED: dict[str, Any] = {"completionMode": "Indexed", "completions": 3, "parallelism": 3}


def refused(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    (one,), (other,) = read(old).workloads, read(new).workloads
    return list(refused_changes(one, other))


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        (
            {"completions": 3},
            {"completions": 4},
            "spec.completions: cannot be changed from 3 to 4; only an Indexed Job may change it",
        ),
        (
            INDEXED,
            {**INDEXED, "completions": 4},
            "spec.completions: cannot be changed from 3 to 4; write the same number for"
            " parallelism",
        ),
        (
            {},
            {"managedBy": "example.com/queue"},
            "spec.managedBy: cannot be changed from null to 'example.com/queue'; delete the Job and"
            " create it anew",
        ),
        (
            {},
            {"podFailurePolicy": {"rules": []}},
            "spec.podFailurePolicy: cannot be changed; delete the Job and create it anew",
        ),
    ],
)
def test_what_a_job_started_with_it_keeps(
    old: dict[str, Any], new: dict[str, Any], line: str
) -> None:
    """ValidateJobSpecUpdate: pods are counted by what they were created for."""
    assert refused(job(old), job(new)) == [line]


def test_an_elastic_indexed_job_may_grow_and_shrink() -> None:
    """Where completions and parallelism are changed in tandem."""
    assert refused(job(INDEXED), job({**INDEXED, "completions": 4, "parallelism": 4})) == []
    assert refused(job({"parallelism": 1}), job({"parallelism": 2})) == []


def test_only_a_suspended_job_may_change_its_template_and_only_in_part() -> None:
    """A queue like Kueue decides where pods run, and how large they are, before they start."""
    placed: dict[str, Any] = {
        "nodeSelector": {"zone": "a"},
        "tolerations": [{"operator": "Exists"}],
    }
    grace: dict[str, Any] = {"terminationGracePeriodSeconds": 5}
    waiting: dict[str, Any] = {"suspend": True}

    assert refused(job(), job(**placed)) == [
        "spec.template: cannot be changed while the Job is not suspended"
    ]
    assert refused(job(waiting), job(**placed)) == []
    assert refused(job(waiting), job(**grace)) == [
        "spec.template: of a suspended Job, only resources, scheduling, labels and annotations may"
        " be changed"
    ]


@pytest.mark.parametrize(
    ("new", "line"),
    [
        (
            {"serviceName": "other"},
            "spec.serviceName: cannot be changed from 'db' to 'other'; delete the StatefulSet and"
            " create it anew",
        ),
        (
            {"volumeClaimTemplates": [claim()]},
            "spec.volumeClaimTemplates: cannot be changed; delete the StatefulSet and create it"
            " anew",
        ),
        (
            {"podManagementPolicy": "Parallel"},
            "spec.podManagementPolicy: cannot be changed from 'OrderedReady' to 'Parallel'; delete"
            " the StatefulSet and create it anew",
        ),
    ],
)
def test_what_makes_the_identity_of_members_stays(new: dict[str, Any], line: str) -> None:
    """ValidateStatefulSetUpdate."""
    assert refused(stateful_set(), stateful_set(new)) == [line]


def test_everything_else_of_a_stateful_set_may_change() -> None:
    """Replicas, ordinals, the template, the strategy, limits and what becomes of claims."""
    changed: dict[str, Any] = {
        "replicas": 3,
        "ordinals": {"start": 1},
        "updateStrategy": {"type": "OnDelete"},
        "minReadySeconds": 5,
        "revisionHistoryLimit": 1,
        "persistentVolumeClaimRetentionPolicy": {"whenScaled": "Delete"},
    }

    assert refused(stateful_set(), stateful_set(changed, terminationGracePeriodSeconds=5)) == []
