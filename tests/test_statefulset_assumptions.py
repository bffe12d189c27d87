"""A report says who was asked for and can change nothing."""

import pytest

from seatrial.model import statefulset_workload
from statefulsets import KEPT, STALE, case


@pytest.mark.parametrize(
    ("words", "users", "faults"),
    [
        ("`stale-dns` changes nothing: no headless Service is given", "none", "stale-dns"),
        (
            "`stale-api-server` changes nothing: with WatchListClient and WatchList all lists are"
            " up to date",
            "none",
            "stale-api-server",
        ),
        ("`apply` changes nothing: nobody deletes the set", "apply", "none"),
        ("`out-of-service` changes nothing: no node is lost", "out-of-service", "none"),
        ("`undo` changes nothing: the template stays", "undo", "none"),
        ("`never-ready` changes nothing: the template stays", "none", "never-ready"),
        ("`delete-claim` changes nothing: there are no claims", "delete-claim", "none"),
        ("the exit code of `container-exit` means nothing here", "none", "container-exit:3"),
    ],
)
def test_who_can_change_nothing_is_named(words: str, users: str, faults: str) -> None:
    """Else a verdict would be taken to cover what it does not."""
    of = case(1, users, faults)
    system = statefulset_workload.compose("db", of.spec, of.around)

    assert words in system.assumptions


def test_nobody_is_named_who_can_change_something() -> None:
    everybody = case(
        1,
        "set-image,undo,delete,apply,delete-claim,out-of-service",
        "never-ready,stale-dns,stale-api-server,node-off,container-exit",
        claims=KEPT,
        gates=STALE,
        publishes=True,
    )
    system = statefulset_workload.compose("db", everybody.spec, everybody.around)

    assert not any("nothing" in each and "changes" in each for each in system.assumptions)


def test_where_pods_fail_it_is_said_that_they_are_not_too_many() -> None:
    """The garbage collector of pods, which then removes some by name, is not in the model."""
    failing, others = case(1, "none", "pod-failed"), case(1, "none", "unready")
    told = [
        any(
            "--terminated-pod-gc-threshold" in each
            for each in statefulset_workload.compose("db", of.spec, of.around).assumptions
        )
        for of in (failing, others)
    ]

    assert told == [True, False]
