"""What the real StatefulSet controller did in recorded states is what the model's rules do."""

from collections import Counter

import pytest

from conformance import recorded
from conformance.law import settled

pytestmark = pytest.mark.heavy


def test_each_real_sync_goes_as_in_the_model() -> None:
    subject = recorded.subject_of("statefulset")

    for record, start, cluster in recorded.syncs("statefulset"):
        settled(subject, start, cluster, record.answer, subject.possible(start))
    assert len(recorded.syncs("statefulset")) >= 2000
    assert recorded.version("statefulset").startswith("v1.36.")


def test_the_model_leaves_open_only_what_clusters_gave() -> None:
    """A model that allows for more than is real would explain each real sync."""
    possible = recorded.subject_of("statefulset").possible

    for record, start, _ in recorded.syncs("statefulset"):
        assert len(possible(start)) == record.outcomes, record.seed


def test_most_recorded_syncs_send_requests_of_every_kind() -> None:
    subject = recorded.subject_of("statefulset")
    sent = [
        subject.kinds(subject.real(start, cluster, record.answer))
        for record, start, cluster in recorded.syncs("statefulset")
    ]
    kinds = Counter(each.partition(":")[0] for of in sent for each in of)

    assert sum(not of for of in sent) <= 0.3 * len(recorded.syncs("statefulset"))
    assert set(kinds) == {
        "create Pod",
        "delete Pod",
        "update Pod",
        "create Claim",
        "update Claim",
        "update status StatefulSet",
        "get StatefulSet",
        "adopt Pod",
    }


@pytest.mark.parametrize(
    "switch",
    [
        "sts-pvc-ownerref-missed-on-stale-cache",
        "sts-lower-ordinal-recreate-deadlock",
        "sts-currentreplicas-decremented-for-wrong-revision",
        "sts-scaledown-ignores-unhealthy-condemned-predecessor",
        "sts-partition-pod-below-partition-upgraded",
        "sts-pod-created-while-pvc-terminating",
        "sts-batch-delete-budget-not-decremented",
    ],
)
def test_a_model_with_a_known_bug_parts_from_the_real_controller(switch: str) -> None:
    assert recorded.parts("statefulset", frozenset((switch,)))
