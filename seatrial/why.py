"""`seatrial check FILE --why ID`: what the preconditions of a promise are there for.

It is asked once where all of them are met, in the largest part of the environment where that is so,
and once more for each that is not met, with that one dropped.
"""

from collections.abc import Callable, Iterable, Sequence

import attrs

from seatrial.core import DeclarationError
from seatrial.counterexamples import printable, render
from seatrial.properties import Precondition, Promise

from .display import Look
from .examples import nearest
from .kinds import Kind, asked_where, promises
from .ladder import Search, climb
from .output import detail
from .parts import part_of
from .run import Run
from .scenarios import Rung, Scenario

__all__ = ["Reasons", "promise_of", "reasons", "reasons_text"]


@attrs.frozen
class Reasons:
    """
    A promise about a workload, asked with all its preconditions and without each.

    `kept` is None where no part of the environment meets them all. `dropped` has only those that
    are not met in the whole environment, in their order, each with what came out without it.
    """

    kind: Kind
    name: str
    promise: Promise
    kept: Run | None
    dropped: tuple[tuple[Precondition, Run], ...]

    @property
    def runs(self) -> tuple[Run, ...]:
        """All that was searched."""
        kept = () if self.kept is None else (self.kept,)
        return (*kept, *(run for _, run in self.dropped))

    @property
    def exit_code(self) -> int:
        """
        That of the promise where it is claimed, or 3 where that is nowhere.

        What breaks without a precondition is no news.
        """
        return 3 if self.kept is None else self.kept.exit_code


def promise_of(property_id: str) -> tuple[Kind, Promise]:
    """
    The promise of this id, and of which kind it is promised.

    Raises DeclarationError, which names those with a similar id.
    """
    known = promises()
    if property_id not in known:
        hint = nearest(property_id, known)
        if hint.startswith("known"):
            hint = "docs/reference/promises.md lists them"
        raise DeclarationError(f"--why: there is no property {property_id!r}; {hint}")
    return known[property_id]


def reasons(
    scenario: Scenario,
    promise: Promise,
    search: Search,
    command: Callable[[Rung | None], str],
    *,
    seconds: float | None,
) -> Reasons:
    """Ask a promise with all its preconditions, and without each that is not met."""

    def climbed(rungs: Sequence[Rung], dropped: Precondition | None) -> Run:
        one = attrs.evolve(scenario, rungs=tuple(rungs))
        run = climb(one, search, command, seconds=seconds, strict=dropped is not None, named=True)
        return attrs.evolve(run, dropped="" if dropped is None else dropped.words)

    kept = tuple(_parts(scenario.rungs, promise, None))
    unmet = dict.fromkeys(
        each
        for rung in scenario.rungs
        if rung.of is not None
        for each in promise.unmet(rung.of.spec, rung.around)
    )
    dropped = [(each, tuple(_parts(scenario.rungs, promise, each))) for each in unmet]
    return Reasons(
        kind=scenario.kind,
        name=scenario.name,
        promise=promise,
        kept=climbed(kept, None) if kept else None,
        dropped=tuple((each, climbed(rungs, each)) for each, rungs in dropped if rungs),
    )


def _parts(rungs: Iterable[Rung], promise: Promise, dropped: Precondition | None) -> Iterable[Rung]:
    """On each rung, the largest part that meets all preconditions but the one that is dropped."""
    found = []
    for rung in rungs:
        assert rung.of is not None
        spec = rung.of.spec
        part = promise.narrowed(spec, rung.around, dropped)
        if part is None or part in found:
            continue
        if dropped is None or dropped in promise.unmet(spec, part):
            found.append(part)
            yield part_of(rung, part, [promise])


def reasons_text(found: Reasons, look: Look) -> str:
    """The same in words, with the run that each dropped precondition makes possible."""
    of = found.promise.property
    unmet = [each.words for each, _ in found.dropped]
    rows = [
        ("promise", of.says),
        *asked_where(found.promise),
        ("not met here", "; ".join(unmet) or "none of that: all are met"),
    ]
    lines = [f"{of.id}, of {found.kind.name} {found.name}"]
    lines += [f"  {label:<13}  {text}" for label, text in rows]
    if found.kept is None:
        lines += ["", "With all of that: no part of what was asked for is like this"]
    else:
        lines += ["", f"With all of that: {_outcome(found.kept)}"]
    lines = [printable(line, ascii=look.ascii) for line in lines]
    for run in found.runs:
        if run.dropped:
            lines += ["", printable(f"Without {run.dropped!r}: {_outcome(run)}", ascii=look.ascii)]
        lines += _trace(run, look)
    return "\n".join([*lines, "", f"Exit code {found.exit_code}", ""])


def _outcome(run: Run) -> str:
    (verdict,) = run.report.verdicts
    where = run.place(verdict.property.id).rung
    states = f"{run.report.exploration.states:,} states"
    more = "" if verdict.property.id in run.places else f" at {where}"
    told = detail(verdict, run)
    return f"{verdict.status}{more}, {states}{f'; {told}' if told else ''}"


def _trace(run: Run, look: Look) -> list[str]:
    (verdict,) = run.report.verdicts
    if verdict.status != "violated" or verdict.trace is None:
        return []
    place = run.place(verdict.property.id)
    text = render(
        verdict.trace,
        verdict,
        system=place.system,
        command=place.command,
        story=place.subject.story,
        width=look.width,
        color=look.color,
        ascii=look.ascii,
    )
    return ["", *text.rstrip("\n").split("\n")]
