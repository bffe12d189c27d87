"""Manifests as targets of `seatrial prove`: which theorems are about their workloads."""

from collections.abc import Sequence

from seatrial.core import DeclarationError, Theorem
from seatrial.model import read_manifests

from .kinds import KINDS
from .proof_results import Workload
from .scenarios import Asked, around_it, check_inert

__all__ = ["workloads_of"]


def workloads_of(
    targets: Sequence[str], assume_inert: tuple[str, ...]
) -> list[tuple[Workload, tuple[Theorem, ...]]]:
    """
    The workloads of the files, each with the theorems about controllers of its kind.

    Raises ManifestError and DeclarationError, each in lines that say what to change.
    """
    manifests = read_manifests(targets)
    asked = Asked(assume_inert=assume_inert)
    check_inert(asked, manifests)
    found = []
    for manifest in manifests.workloads:
        kind = KINDS.get(manifest.kind)
        if kind is None:
            continue
        theorems = kind.theorems(kind.spec_of(manifest))
        blocked, waits, listed = around_it(manifest, manifests, asked)
        treated = {name for each in theorems for name in each.about}
        untreated = tuple(
            each.property
            for each in kind.promises
            if each.property.id not in treated and each.property.expected == "holds"
        )
        found.append((Workload(manifest.name, (*waits, *blocked), untreated, listed), theorems))
    if not found:
        known = " and no ".join(KINDS)
        raise DeclarationError(f"{', '.join(targets)}: no {known} is given")
    return found
