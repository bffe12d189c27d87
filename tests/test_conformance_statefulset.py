"""What the real StatefulSet controller did in recorded states is what the model's rules do."""

from collections import Counter
from functools import lru_cache

import pytest

from conformance import recorded, statefulsets
from conformance.statefulset_syncs import modelled
from conformance.statefulsets import Compared

pytestmark = pytest.mark.heavy


@lru_cache(maxsize=1)
def syncs() -> tuple[Compared, ...]:
    """All recorded syncs."""
    return tuple(statefulsets.read())


def test_each_real_sync_goes_as_in_the_model() -> None:
    """But for two reasons why it need not, which docs/conformance.md tells."""
    known = Counter(bool(each.known) for each in syncs())

    for each in syncs():
        assert each.agrees, each
    assert known.total() >= 1000
    assert known[True] <= 0.06 * known.total()
    assert recorded.version("statefulset").startswith("v1.36.")


def test_most_recorded_syncs_send_requests_of_every_kind() -> None:
    kinds = Counter(request[:2] for each in syncs() for request in each.real.requests)
    idle = sum(not each.real.requests for each in syncs())

    assert idle <= 0.3 * len(syncs())
    assert set(kinds) == {
        ("create", "Pod"),
        ("delete", "Pod"),
        ("create", "Claim"),
        ("update", "Claim"),
        ("update status", "StatefulSet"),
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
    rules = frozenset((switch,))

    assert any(not each.known and modelled(each.start, rules) != each.real for each in syncs())
