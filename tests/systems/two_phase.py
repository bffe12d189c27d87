"""
Two-phase commit: a transaction manager and n resource managers.

:Source: tlaplus/Examples, specifications/transaction_commit/TwoPhase.tla with TwoPhase.cfg.
:Published: 288 distinct states, 1,146 generated and 11 levels for 3 managers (manifest.json beside
    it); 50,816 states for 6 (the footer of TwoPhase.tla); 8,832 for 5 (stateright's example 2pc).
    That is 2^n + 4^n + 6^n, for what the transaction manager has decided: so 296,448 for 7 and
    1,745,408 for 8. Up to permutations, multisets of 2, 4 and 6: 6,656 for 12.
:Omits: nothing of the model. A set of managers is a family of truth values here, and a set of
    messages likewise: `sent` for the Prepared ones, `commit_sent` and `abort_sent`.

No rule binds the index or compares two managers, so that the index may be called symmetric.
"""

from collections.abc import Iterator

from seatrial.core import (
    All,
    Index,
    Outcomes,
    System,
    Variable,
    Violation,
    action,
    always,
    converges_to,
    every,
    outcome,
    sometimes,
)

__all__ = ["all_commit", "consistent", "everybody_decides", "two_phase"]


@action(actor="transaction manager", over="manager", writes="prepared")
def receive_prepared(tm: str, sent: bool) -> Outcomes:
    """The transaction manager hears that this manager is prepared."""
    if tm == "init" and sent:
        yield outcome("receive prepared", prepared=True)


@action(actor="transaction manager", writes=("tm", "commit_sent"))
def commit(tm: str, prepared: All[bool]) -> Outcomes:
    """It commits once it has heard from all."""
    if tm == "init" and all(prepared.values()):
        yield outcome("commit", tm="committed", commit_sent=True)


@action(actor="transaction manager", writes=("tm", "abort_sent"))
def abort(tm: str) -> Outcomes:
    """It aborts whenever it likes, as long as it has not decided."""
    if tm == "init":
        yield outcome("abort", tm="aborted", abort_sent=True)


@action(actor="resource manager", over="manager", writes=("rm", "sent"))
def prepare(rm: str) -> Outcomes:
    """A manager that works gets ready, and says so."""
    if rm == "working":
        yield outcome("prepare", rm="prepared", sent=True)


@action(actor="resource manager", over="manager", writes="rm")
def choose_to_abort(rm: str) -> Outcomes:
    """A manager that works gives up, and tells nobody."""
    if rm == "working":
        yield outcome("choose to abort", rm="aborted")


@action(actor="resource manager", over="manager", writes="rm")
def receive_commit(commit_sent: bool) -> Outcomes:
    """A manager is told to commit, again and again, whatever its own state."""
    if commit_sent:
        yield outcome("receive commit", rm="committed")


@action(actor="resource manager", over="manager", writes="rm")
def receive_abort(abort_sent: bool) -> Outcomes:
    """A manager is told to abort, again and again, whatever its own state."""
    if abort_sent:
        yield outcome("receive abort", rm="aborted")


@always(
    says="no manager has aborted where another has committed",
    source="tlaplus/Examples, transaction_commit/TCommit.tla, TCConsistent",
)
def consistent(rm: All[str]) -> Iterator[Violation]:
    """Two managers never decide differently."""
    decisions = {each for each in rm.values() if each in ("aborted", "committed")}
    if len(decisions) > 1:
        yield Violation("one manager has committed and another has aborted")


@sometimes(says="a transaction can be committed everywhere", source="so that the rest means much")
def all_commit(rm: All[str]) -> bool:
    """Consistency alone would also hold if nobody ever committed."""
    return all(each == "committed" for each in rm.values())


@converges_to(
    says="every manager decides, and keeps to it",
    source="not in the specification, which is about safety alone",
)
def everybody_decides(rm: All[str]) -> bool:
    """Messages are received for ever after, which changes nothing: cycles, and yet it converges."""
    return all(each in ("aborted", "committed") for each in rm.values())


def two_phase(managers: int = 3) -> System:
    """Two-phase commit of so many resource managers, all working."""
    return System(
        name="two-phase",
        indices=[Index("manager", range(managers), symmetric=True)],
        variables=[
            Variable("rm", over="manager", about="the state of a resource manager"),
            Variable("sent", over="manager", about="has it sent its Prepared message"),
            Variable("prepared", over="manager", about="has the transaction manager heard of it"),
            Variable("tm", about="the state of the transaction manager"),
            Variable("commit_sent"),
            Variable("abort_sent"),
        ],
        actions=[
            receive_prepared,
            commit,
            abort,
            prepare,
            choose_to_abort,
            receive_commit,
            receive_abort,
        ],
        initial=[
            {
                "rm": every("working"),
                "sent": every(False),
                "prepared": every(False),
                "tm": "init",
                "commit_sent": False,
                "abort_sent": False,
            }
        ],
    )
