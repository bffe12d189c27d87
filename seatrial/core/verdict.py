"""Verdicts and reports: what was found, within which bounds, under which assumptions."""

from typing import Any, Literal

import attrs

from .property import Property
from .trace import Trace

__all__ = ["Exploration", "Report", "Sampling", "Status", "Verdict"]

Status = Literal["holds", "proved", "violated", "inconclusive"]


@attrs.frozen
class Verdict:
    """
    What an engine says of one property.

    `holds` only after exhaustive search within the stated bounds. `because` says why in words.
    `trace` is the counterexample of a violation, the witness of a `sometimes`, or, where a bound
    is kept, of its extreme. `extreme` is the least or greatest value of a bound, `witness` a run
    that leads to it.
    """

    property: Property
    status: Status
    because: str = ""
    trace: Trace | None = None
    vacuous: bool = False
    extreme: int | None = None
    witness: Trace | None = None


@attrs.frozen
class Sampling:
    """
    How random runs were drawn, and what they came to.

    `runs` were taken of at most `steps` steps each; `asked` is how many there could have been, and
    `seed` is what they followed from. Together they took `taken` steps through `states` distinct
    states (told apart by hashes of 64 bits), the longest to `depth`, and `capped` is what ended
    them. `starts` counts states other than initial ones where runs began; `examples` counts known
    runs that were tried first; `fired` says how often each action was taken.
    """

    runs: int
    steps: int
    seed: int
    asked: int
    taken: int = 0
    states: int = 0
    depth: int = 0
    seconds: float = 0.0
    capped: str = ""
    swarm: bool = True
    target: bool = True
    novelty: bool = True
    starts: int = 0
    examples: int = 0
    fired: tuple[tuple[str, int], ...] = ()


@attrs.frozen
class Exploration:
    """
    What a search covered.

    `capped` names the limit that ended it, or is None; `seconds` is search time without reading and
    reporting; `evaluations` counts calls by rule, view and property, `values` distinct values by
    variable; `widest` names what exceeds 1 % of the states; `bytes_held` is what the engine's own
    tables take at the end; `levels` counts the new states by depth. `sampling` is there where
    random runs were taken, after a search or instead of one. A search that met a limit had already
    looked ahead of the states that it counts, one loop farther than the other: `evaluations` then
    differ between `kernel`s, and `actions_never_fired` leaves out what was enabled there.
    """

    engine: str
    complete: bool
    states: int
    transitions: int
    depth: int
    seconds: float
    capped: str | None = None
    deadlocks: int = 0
    evaluations: tuple[tuple[str, int], ...] = ()
    values: tuple[tuple[str, int], ...] = ()
    actions_never_fired: tuple[str, ...] = ()
    widest: tuple[str, ...] = ()
    reductions: tuple[str, ...] = ()
    kernel: str = "plain"
    bytes_held: int = 0
    levels: tuple[int, ...] = ()
    notes: tuple[str, ...] = ()
    sampling: Sampling | None = None

    @property
    def rule_evaluations(self) -> int:
        """How often Python was asked, in all."""
        return sum(count for _, count in self.evaluations)


@attrs.frozen
class Report:
    """
    Everything that one run of an engine has to say.

    `deepest` are runs to states that a search did not come to look beyond, where that was asked.
    """

    system: str
    parameters: tuple[tuple[str, Any], ...]
    assumptions: tuple[tuple[str, Any], ...]
    exploration: Exploration
    verdicts: tuple[Verdict, ...]
    deepest: tuple[Trace, ...] = attrs.field(default=(), repr=False)

    @property
    def exit_code(self) -> int:
        """0 all asserted properties hold; 1 one is violated; 3 none violated, one inconclusive."""
        asserted = [v for v in self.verdicts if v.property.expected == "holds"]
        if any(verdict.status == "violated" for verdict in asserted):
            return 1
        if any(verdict.status == "inconclusive" for verdict in asserted):
            return 3
        return 3 if not self.exploration.complete and not asserted else 0

    def verdict(self, property_id: str) -> Verdict:
        """The verdict on the property of that id; KeyError if it was not asked."""
        return {verdict.property.id: verdict for verdict in self.verdicts}[property_id]
