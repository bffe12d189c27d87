"""What the real Job controller did in recorded states is what the model's rules do."""

from collections import Counter

import pytest

from conformance import recorded
from conformance.law import settled

pytestmark = pytest.mark.heavy


def test_each_real_sync_goes_as_in_the_model() -> None:
    subject = recorded.subject_of("job")

    for record, start, cluster in recorded.syncs("job"):
        settled(subject, start, cluster, record.answer, subject.possible(start))
    assert len(recorded.syncs("job")) >= 2000
    assert recorded.version("job").startswith("v1.36.")


def test_the_model_leaves_open_only_what_clusters_gave() -> None:
    """A model that allows for more than is real would explain each real sync."""
    possible = recorded.subject_of("job").possible

    for record, start, _ in recorded.syncs("job"):
        assert len(possible(start)) == record.outcomes, record.seed


def test_most_recorded_syncs_send_requests_with_answers_of_every_kind() -> None:
    subject = recorded.subject_of("job")
    sent = [
        subject.kinds(subject.real(start, cluster, record.answer))
        for record, start, cluster in recorded.syncs("job")
    ]
    kinds = Counter(each for of in sent for each in set(of))

    assert sum(not of for of in sent) <= 0.3 * len(recorded.syncs("job"))
    assert min(kinds[f"{verb} Pod: applied"] for verb in ("create", "delete", "patch")) >= 100
    assert kinds["update status Job: conflict"] >= 100
    for verb in ("create Pod", "delete Pod", "patch Pod", "update status Job"):
        assert min(kinds[f"{verb}: failed"], kinds[f"{verb}: lost"]) >= 10


@pytest.mark.parametrize(
    "switch",
    [
        "job-indexed-complete-with-repeated-index",
        "job-terminating-counter-not-updated-alone",
        "job-replacement-created-while-old-terminates",
        "job-active-zero-during-backoff",
        "job-backoff-reset-by-finalizer-event",
        "job-finished-before-seeing-own-pods",
    ],
)
def test_a_model_with_a_known_bug_parts_from_the_real_controller(switch: str) -> None:
    assert recorded.parts("job", frozenset((switch,)))
