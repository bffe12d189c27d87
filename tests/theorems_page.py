"""The page on theorems; `python tests/theorems_page.py` writes it."""

from pathlib import Path

from seatrial.core import Theorem, Whole
from seatrial.properties import (
    theorem_availability,
    theorem_bounds,
    theorem_expectations,
    theorem_job,
    theorem_replicaset,
    theorem_shares,
    theorem_sizes,
    theorem_statefulset,
)

_HEAD = """\
# What is proved for all sizes?

Each row is a claim about the Python functions of a controller, for all numbers of its ranges:
`seatrial prove ID` proves it again and shows the ranges, `--mutants` what breaks it, with the
smallest numbers. `seatrial prove --all` takes all of them. What such a proof says, and what not, is
[a page of its own](../what-a-proof-means.md); how it works is [another](../how-prove-works.md).

Before a theorem is asserted the explicit engine has looked for a counterexample at sizes up to 4:
at all of them, or where these are too many at all up to a smaller size and at a thousand that are
drawn.
*Broken by* are its mutants: a hypothesis that is dropped, or a rule that is another one. An
invariant that a person wrote is among the hypotheses, and in italics.
"""
_PARTS = (
    ("maxSurge and maxUnavailable", theorem_bounds.THEOREMS),
    ("Sizes of ReplicaSets in a rolling update", theorem_sizes.THEOREMS),
    ("Availability in a rolling update", theorem_availability.THEOREMS),
    ("Shares of a Deployment that is resized", theorem_shares.THEOREMS),
    ("The ReplicaSet controller", theorem_replicaset.THEOREMS),
    ("Expectations of the ReplicaSet controller", theorem_expectations.THEOREMS),
    ("The Job controller", theorem_job.THEOREMS),
    ("StatefulSets", theorem_statefulset.THEOREMS),
)
_TABLE = "| id | claim | if | covers | broken by |\n| --- | --- | --- | --- | --- |\n"


def _row(theorem: Theorem) -> str:
    assumed = [each.says for each in theorem.hypotheses]
    assumed += [f"*{each}*" for each in theorem.lemmas]
    numbers = {str(each): None for _, each in theorem.ranges if isinstance(each, Whole)}
    covers = (
        f"level: {theorem.level}",
        f"lag: {theorem.lag}",
        f"revisions: {theorem.revisions}",
        f"integers: {theorem.integers}",
        f"numbers: {' or '.join(numbers)}",
    )
    cells = (
        f"`{theorem.id}`",
        theorem.says,
        "; ".join(assumed) or "nothing else",
        "; ".join(each for each in covers if not each.endswith("none is involved")),
        "; ".join(each.says for each in theorem.mutations),
    )
    return f"| {' | '.join(cells)} |\n"


def document() -> str:
    """The page as it should be."""
    parts = (
        f"\n## {title}\n\n{_TABLE}{''.join(map(_row, theorems))}" for title, theorems in _PARTS
    )
    return _HEAD + "".join(parts)


def listed() -> tuple[Theorem, ...]:
    """The theorems that the page has."""
    return tuple(each for _, theorems in _PARTS for each in theorems)


if __name__ == "__main__":
    page = Path(__file__).resolve().parents[1] / "docs" / "reference" / "theorems.md"
    page.write_text(document(), encoding="utf-8")
