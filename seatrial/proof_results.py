"""What a run of `seatrial prove` came to."""

from collections.abc import Mapping
from pathlib import Path

import attrs

from seatrial.core import Property, Theorem
from seatrial.engines.prove.claims import Proof
from seatrial.engines.prove.queries import Statistics
from seatrial.engines.prove.systems import SystemProofs
from seatrial.engines.prove.worst import Worst

from .examples import Example

__all__ = ["Proved", "Settled", "Workload"]


@attrs.frozen
class Settled:
    """A theorem, what came out, what came out of its mutations, and the file of its trace."""

    theorem: Theorem
    proof: Proof
    mutations: tuple[Proof, ...] = ()
    trace: Path | None = None


@attrs.frozen
class Workload:
    """A workload of a manifest: what blocks it, and its promises without a theorem."""

    name: str
    blocked: tuple[str, ...] = ()
    untreated: tuple[Property, ...] = ()
    not_modelled: tuple[str, ...] = ()


@attrs.frozen
class Proved:
    """A whole run: theorems, or the promises of an example."""

    command: str
    settled: tuple[Settled, ...] = ()
    system: SystemProofs | None = None
    of: Example | None = None
    traces: Mapping[str, Path] = attrs.field(factory=dict)
    workloads: tuple[Workload, ...] = ()
    worst: Worst | None = None
    summaries: tuple[str, ...] = ()
    statistics: Statistics | None = None

    @property
    def exit_code(self) -> int:
        """1 where something asserted is violated, 3 where something is open, else 0."""
        found = [_as_expected(each.theorem.expected, each.proof.status) for each in self.settled]
        if self.system is not None:
            found += [
                _as_expected(each.property.expected, each.status) for each in self.system.proofs
            ]
        if self.worst is not None:
            found.append(0 if self.worst.proof is not None else 3)
        if any(each.blocked for each in self.workloads):
            found.append(3)
        return 1 if 1 in found else max(found, default=3)


def _as_expected(expected: str, status: str) -> int:
    if status == "inconclusive":
        return 3
    return 1 if status == "violated" and expected == "holds" else 0
