"""
The manifest reader refuses what the API server refuses, and reads what it stores.

The cases were recorded with the real decoding, defaults and validation of Kubernetes (`make
manifest-record`), so that no Go is needed here.
"""

import zoneinfo
from collections import Counter
from functools import cache

import pytest
from attrs import evolve

from conformance import manifests
from conformance.manifests import Case, difference

pytestmark = pytest.mark.heavy


@cache
def cases() -> tuple[Case, ...]:
    """All recorded manifests, but for those whose time zone nobody here can know."""
    known = bool(zoneinfo.available_timezones())
    return tuple(
        each for each in manifests.read() if known or "timeZone" not in each.manifest["spec"]
    )


def test_the_reader_agrees_with_the_api_server() -> None:
    """Refused here and there, or read as what is stored there with all defaults."""
    found = [(each.manifest, difference(each)) for each in cases()]

    assert [each for each in found if each[1] is not None] == []


def test_the_recorded_manifests_are_right_and_wrong_in_turn() -> None:
    """Nothing is compared where everything is refused."""
    kinds = Counter((each.manifest["kind"], "stored" in each.answer) for each in cases())

    assert len(kinds) == 10
    assert min(kinds.values()) > 30


@pytest.mark.parametrize("kind", ["CronJob", "DaemonSet", "Deployment", "Job", "StatefulSet"])
def test_a_disagreement_would_be_noticed(kind: str) -> None:
    """With one answer exchanged for another, the comparison fails."""
    of_kind = [each for each in cases() if each.manifest["kind"] == kind]
    stored = next(each for each in of_kind if "stored" in each.answer)
    refused = next(each for each in of_kind if "refused" in each.answer)
    other = next(
        each
        for each in of_kind
        if "stored" in each.answer
        and each.answer["stored"]["spec"] != stored.answer["stored"]["spec"]
    )

    assert difference(evolve(stored, answer=refused.answer)) is not None
    assert difference(evolve(refused, answer=stored.answer)) is not None
    assert difference(evolve(stored, answer=other.answer)) is not None
