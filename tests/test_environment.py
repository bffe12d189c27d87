"""What surrounds a workload, as it is written on the command line and told in the reference."""

import os
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seatrial.core import DeclarationError
from seatrial.model import environment, environment_names

PAGE = Path(__file__).resolve().parents[1] / "docs" / "reference" / "environment.md"


@pytest.mark.skipif("SEATRIAL_WHEEL" in os.environ, reason="the wheel has no documents")
def test_the_reference_lists_exactly_what_there_is() -> None:
    """Names and words are those of the program."""
    rows = dict(
        re.findall(r"^\| `([A-Za-z][A-Za-z-]+)` \| (.+?) \|", PAGE.read_text("utf-8"), re.MULTILINE)
    )

    for name, about in (environment_names.USERS | environment_names.FAULTS).items():
        assert rows[name] == about
    for name, on in environment.GATES.items():
        assert rows[name] == str(on).lower()
    known = {
        *environment_names.USERS,
        *environment_names.FAULTS,
        *environment.GATES,
        *environment.LEVELS,
    }
    known.add(environment.Environment().clock)
    assert set(rows) == known


VALUED = {
    "scale",
    "delete",
    "set-partition",
    "set-retention",
    "set-parallelism",
    "set-completions",
    "set-backoff-limit",
    "set-active-deadline",
    "set-ttl",
    "set-max-failed-indexes",
}
names = st.sampled_from(sorted({*environment_names.USERS} - VALUED))


@given(
    st.lists(
        st.tuples(names, st.integers(1, 20)), min_size=1, max_size=5, unique_by=lambda pair: pair[0]
    )
)
def test_budgets_are_written_as_they_are_read(pairs: list[tuple[str, int]]) -> None:
    """The command at the end of a report asks for the same."""
    written = ",".join(f"{name}@{times}" for name, times in pairs)

    assert ",".join(map(str, environment.budgets([written], "users"))) == written


def test_once_is_the_budget_that_is_not_given() -> None:
    """`set-image` is `set-image@1`; `delete` is `delete:background@1`."""
    assert [str(each) for each in environment.budgets(["set-image,delete"], "users")] == [
        "set-image@1",
        "delete:background@1",
    ]


@given(st.text(max_size=30))
def test_no_text_makes_reading_a_budget_crash(text: str) -> None:
    """It is a budget, or one sentence that says what would be right."""
    said = ""
    try:
        environment.budgets([text], "faults")
    except DeclarationError as error:
        said = str(error)

    assert "Traceback" not in said
