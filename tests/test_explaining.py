"""What `seatrial explain` says of users and faults: what they do, when they may, and its source."""

import pytest

from seatrial.explaining import of_user_or_fault
from seatrial.kinds import KINDS
from seatrial.model import environment_guards, environment_names

NAMES = sorted(environment_names.USERS | environment_names.FAULTS)


def rows(name: str) -> list[tuple[str, str]]:
    """Label and text of each row."""
    first, *lines = of_user_or_fault(name).splitlines()
    assert first == name
    return [(line[2:15].strip(), line[17:]) for line in lines]


def test_it_is_said_of_every_user_and_every_fault_when_it_may_act() -> None:
    """And of nothing that is neither."""
    assert set(environment_guards.MAY_ACT) == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_each_is_explained_for_every_kind_that_has_it(name: str) -> None:
    """By the rules of its system: what they do, and the source that they model."""
    found = rows(name)
    told = dict(found)

    for kind in KINDS.values():
        assert (kind.name in told) is (name in kind.users | kind.faults)
    assert all(text for _, text in found)
    assert told["source"].startswith("kubernetes v1.")
    assert told["may act"] == environment_guards.MAY_ACT[name]


def test_what_happens_by_default_is_said() -> None:
    """As it is allowed where nothing is asked for."""
    assert dict(rows("container-exit"))["by default"] == (
        "container-exit@1 around a Deployment; container-exit@1 around a Job"
    )
    assert dict(rows("scale"))["by default"] == "never"


def test_an_apply_may_create_a_workload_anew() -> None:
    """Which takes somebody who deletes it."""
    told = dict(rows("apply"))

    assert "create_anew: " in told["Deployment"]
    assert "create_anew: " in told["StatefulSet"]
