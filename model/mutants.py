"""The known bugs of all modelled controllers, found by their ids."""

import difflib

from seatrial.core import DeclarationError

from . import deployment_mutants, job_mutants, statefulset_mutants
from .mutant import Mutant

__all__ = ["MUTANTS", "check_switch", "mutant"]

MUTANTS: tuple[Mutant, ...] = (
    *deployment_mutants.MUTANTS,
    *statefulset_mutants.MUTANTS,
    *job_mutants.MUTANTS,
)
"""Every known bug, kind by kind."""

_LISTED = "docs/reference/known-bugs.md and docs/reference/known-job-bugs.md list them"


def mutant(name: str) -> Mutant:
    """
    The known bug of that id. Raises DeclarationError, which names those with a similar one.

    >>> mutant("cleanup-may-scale-up").shows
    ('old-sizes-only-fall',)
    """
    known = {each.id: each for each in MUTANTS}
    if name not in known:
        close = difflib.get_close_matches(name, known, n=3, cutoff=0.4)
        hint = f"did you mean {' or '.join(close)}?" if close else _LISTED
        raise DeclarationError(f"there is no known bug {name!r}; {hint}")
    return known[name]


def check_switch(name: str) -> None:
    """Raises DeclarationError where no rule asks for a switch of that name."""
    helpers = {each for bug in MUTANTS for each in bug.needs.variant}
    if name not in helpers:
        mutant(name)
