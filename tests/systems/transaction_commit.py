"""
Transaction commit: managers agree to commit or abort, by magic.

:Source: tlaplus/Examples, specifications/transaction_commit/TCommit.tla with TCommit.cfg.
:Published: 34 distinct states, 94 generated and 7 levels for 3 managers (manifest.json beside it).
:Omits: nothing. "All are ready" and "none has committed" are totals over views here, so that a
    rule reads its own manager and two numbers.
"""

from collections.abc import Iterator

from seatrial.core import (
    All,
    Index,
    Outcomes,
    Parameter,
    System,
    Total,
    Variable,
    Violation,
    action,
    always,
    converges_to,
    deadlock_free,
    every,
    outcome,
    view,
)

__all__ = ["agreement", "consistent", "never_ends", "transaction_commit"]


@view(over="manager")
def is_ready(rm: str) -> int:
    """One where the manager would go along with a commit."""
    return 1 if rm in ("prepared", "committed") else 0


@view(over="manager")
def has_committed(rm: str) -> int:
    """One where it has committed."""
    return 1 if rm == "committed" else 0


@action(actor="resource manager", over="manager", writes="rm")
def prepare(rm: str) -> Outcomes:
    """A working manager gets ready."""
    if rm == "working":
        yield outcome("prepare", rm="prepared")


@action(actor="resource manager", over="manager", writes="rm")
def decide(rm: str, ready: int, committed: int, managers: int) -> Outcomes:
    """A manager commits where all are ready, or aborts where none has committed."""
    if rm == "prepared" and ready == managers:
        yield outcome("commit", rm="committed")
    if rm in ("working", "prepared") and committed == 0:
        yield outcome("abort", rm="aborted")


@always(
    says="no manager has aborted where another has committed",
    source="tlaplus/Examples, transaction_commit/TCommit.tla, TCConsistent",
)
def consistent(rm: All[str]) -> Iterator[Violation]:
    """Two managers never decide differently."""
    if "aborted" in rm.values() and "committed" in rm.values():
        yield Violation("one manager has committed and another has aborted")


@converges_to(
    says="all commit or all abort", source="TCommit.tla, TCConsistent, with fair managers"
)
def agreement(rm: All[str]) -> bool:
    """Nobody keeps working for ever, and the decision is one."""
    return len(set(rm.values())) == 1 and rm.values()[0] in ("aborted", "committed")


never_ends = deadlock_free(
    source="TCommit.cfg sets CHECK_DEADLOCK FALSE, since it does end", expected="refuted"
)


def transaction_commit(managers: int = 3) -> System:
    """Transaction commit of so many managers."""
    return System(
        name="transaction-commit",
        indices=[Index("manager", range(managers), symmetric=True)],
        parameters=[Parameter("managers", managers)],
        variables=[Variable("rm", over="manager")],
        views=[
            is_ready,
            has_committed,
            Total("ready", "is_ready"),
            Total("committed", "has_committed"),
        ],
        actions=[prepare, decide],
        initial=[{"rm": every("working")}],
    )
