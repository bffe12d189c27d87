"""What the real Job controller did in recorded states is what the model's rules do."""

from collections import Counter
from functools import lru_cache

import pytest

from conformance import jobs, recorded
from conformance.job_syncs import modelled
from conformance.jobs import Compared

pytestmark = pytest.mark.heavy


@lru_cache(maxsize=1)
def syncs() -> tuple[Compared, ...]:
    """All recorded syncs."""
    return tuple(jobs.read())


def test_each_real_sync_goes_as_in_the_model() -> None:
    for each in syncs():
        assert each.agrees, each
    assert len(syncs()) >= 1000
    assert recorded.version("job").startswith("v1.36.")


def test_most_recorded_syncs_have_something_to_do() -> None:
    kinds: Counter[str] = Counter()
    for each in syncs():
        real = each.real
        kinds["creates"] += bool(real.created)
        kinds["deletes"] += bool(real.deleted)
        kinds["patches"] += bool(real.patched)
        kinds["is refused"] += any(answer == "conflict" for _, answer in real.statuses)
        kinds["idle"] += not (real.created or real.deleted or real.patched or real.statuses)

    assert kinds["idle"] <= 0.3 * len(syncs())
    assert min(kinds["creates"], kinds["deletes"], kinds["patches"]) >= 60
    assert kinds["is refused"] >= 10


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
    rules = frozenset((switch,))

    assert any(modelled(each.start, rules) != each.real for each in syncs())
