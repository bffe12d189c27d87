"""
A trace on a terminal: who did what, what that changed, and why the promise is broken.

Only what changed is shown, down to the field. Everything that comes from a model or a manifest is
escaped (see `text`), and the same trace gives the same text.
"""

import textwrap
from collections.abc import Iterator
from typing import Any

import attrs

from seatrial.core import (
    Change,
    Ground,
    Property,
    Step,
    Trace,
    Verdict,
    enabled_steps,
)

from .differences import ABSENT, Difference, differences
from .story import Story
from .text import printable, show_value
from .words import Words

__all__ = ["render", "title_of", "told"]

_COLORS = {"bad": "1;31", "good": "1;32", "unsure": "1;33", "head": "1", "dim": "2", "loop": "33"}
_ASCII = {"→": "->", "╭─": "+-", "╰─": "+-", "│": "|", "↳": "`-"}
_NARROWEST = 40
_WIDEST_ACTOR = 16


def render(
    trace: Trace,
    subject: Verdict | Property,
    *,
    system: Ground | None = None,
    width: int = 100,
    color: bool = False,
    ascii: bool = False,
    command: str = "",
    all_values: bool = False,
    roads: bool = False,
    witness: bool | None = None,
    story: Story | None = None,
) -> str:
    """
    The trace as text for a terminal of `width` columns; lines end where words do, except commands.

    `subject` is the verdict that the trace belongs to, or only the property. `system` is what the
    trace is a run of: it gives the parameters, and `roads`, what else could have happened instead
    of the last step. `all_values` shows whole states and not only changes; `ascii` is for terminals
    and logs that know nothing else; `command` is what finds the trace again. `witness` is for
    traces read from a file, behind which no search stands: whether it shows what is reached.
    `story` is how the model tells its runs; with `all_values` it is not asked.
    """
    page = _Page(max(width, _NARROWEST), color, ascii)
    words = Words(trace, subject, system, witness, "" if story is None else story.about)
    _header(page, words)
    if story is not None and not all_values:
        trace = told(trace, story)
    _steps(page, trace, system if roads else None, all_values, story)
    page.section(words.title, words.argument())
    if trace.fairness:
        page.section("The loop is fair", [("", line) for line in trace.fairness])
    if command:
        page.put("", "To see it again", "head")
        page.lines.append(f"  {page.safe(command)}")
    return "\n".join(page.lines).rstrip("\n") + "\n"


@attrs.define
class _Page:
    """Lines as they are made: wrapped, safe to print, and coloured only here."""

    width: int
    color: bool
    ascii: bool
    lines: list[str] = attrs.field(factory=list)

    def safe(self, text: str) -> str:
        if self.ascii:
            for sign, plain in _ASCII.items():
                text = text.replace(sign, plain)
        return printable(text, ascii=self.ascii)

    def value(self, value: Any) -> str:
        return show_value(value, ascii=self.ascii)

    def put(self, indent: str, text: str, look: str = "", *, hang: str | None = None) -> None:
        """A paragraph: its first line after `indent`, the others after `hang`."""
        later = " " * len(indent) if hang is None else hang
        wrapped = textwrap.wrap(
            self.safe(text),
            width=self.width,
            initial_indent=self.safe(indent),
            subsequent_indent=self.safe(later),
            break_on_hyphens=False,
        )
        code = _COLORS.get(look) if self.color else None
        self.lines += [f"\x1b[{code}m{line}\x1b[0m" if code else line for line in wrapped]

    def gap(self) -> None:
        self.lines.append("")

    def section(self, title: str, rows: list[tuple[str, str]]) -> None:
        self.put("", title, "head")
        self.table(rows)
        self.gap()

    def table(self, rows: list[tuple[str, str]], indent: str = "  ") -> None:
        """Rows of a name and a text, the texts below one another."""
        column = min(max((len(self.safe(name)) for name, _ in rows), default=0), 24)
        for name, text in rows:
            label = f"{self.safe(name):<{column}}  " if column else ""
            self.put(f"{indent}{label}", text or "-", hang=indent + " " * (column and column + 2))


def _header(page: _Page, words: "Words") -> None:
    page.put("", words.headline(), words.mood)
    page.table(words.facts())
    page.gap()


def told(trace: Trace, story: Story) -> Trace:
    """
    The trace without steps that go without saying, whose changes then count to the step before.

    The states that are left are the same as before.
    """
    steps: list[Step] = []
    before_loop = trace.loop
    for at, step in enumerate(trace.steps):
        family = step.action.partition("[")[0]
        if steps and step.committed and family in story.untold and at != trace.loop:
            steps[-1] = attrs.evolve(steps[-1], changes=(*steps[-1].changes, *step.changes))
            if before_loop is not None and trace.loop is not None and at < trace.loop:
                before_loop -= 1
        else:
            steps.append(attrs.evolve(step, actor=story.who(step)))
    loop = trace.loop
    if loop is not None:
        loop = len(steps) if loop == len(trace.steps) else before_loop
    return attrs.evolve(trace, steps=tuple(steps), loop=loop)


def _steps(
    page: _Page, trace: Trace, roads: Ground | None, all_values: bool, story: Story | None
) -> None:
    """The initial state and the steps, with the loop marked at the left where there is one."""
    if all_values:
        story = None
    looping = trace.loop is not None and trace.loop < len(trace.steps)
    margin = _Margin.of(trace, looping)
    page.put(margin.side, "Start", "head")
    said = "" if story is None else story.summary(dict(trace.initial))
    if story is None:
        initial = [(name, page.value(value)) for name, value in trace.initial]
        page.table(initial, f"{margin.side}  ")
    else:
        page.put(f"{margin.side}  ", said)
    number = 0
    last = max((at for at, step in enumerate(trace.steps) if not step.committed), default=-1)
    states = list(trace.states())
    for at, step in enumerate(trace.steps):
        if looping and at == trace.loop:
            page.put("", "╭─ loop starts here", "loop")
            margin = attrs.evolve(margin, side="│ ")
        number += not step.committed
        _step(page, margin, number, step, step.label if story else title_of(step))
        if story is None:
            _changes(page, margin, step, states[at] if all_values else None)
        elif story.summary(states[at + 1]) != said:
            said = story.summary(states[at + 1])
            page.put(margin.body(step), said)
        if roads is not None and at == last:
            _roads(page, margin, roads, states[at], step)
    if looping:
        back = sum(not step.committed for step in trace.steps[: trace.loop])
        page.put("", f"╰─ back to state {back}, for ever", "loop")
    elif trace.loop is not None:
        page.put("", f"╰─ state {number} stays for ever: nothing fair can happen any more", "loop")
    page.gap()


@attrs.frozen
class _Margin:
    """Where the columns of steps begin."""

    side: str
    number: int
    actor: int

    @classmethod
    def of(cls, trace: Trace, looping: bool) -> "_Margin":
        actors = [len(printable(step.actor)) for step in trace.steps]
        return cls(
            side="  " if looping else "",
            number=len(str(trace.length)),
            actor=min(max(actors, default=0), _WIDEST_ACTOR),
        )

    def body(self, step: Step) -> str:
        deeper = 4 if step.committed else 2
        return self.side + " " * (self.number + self.actor + 4 + deeper)


def _step(page: _Page, margin: _Margin, number: int, step: Step, title: str) -> None:
    shown = "" if step.committed else str(number)
    actor = page.safe(step.actor)
    lead = f"{margin.side}{shown:>{margin.number}}  {actor:<{margin.actor}}  "
    text = f"{'↳ ' if step.committed else ''}{title}"
    page.put(lead, text, "dim" if step.committed else "head", hang=margin.body(step))


def title_of(step: Step) -> str:
    """Action, label and answers to choices; the label only where it says more than the action."""
    same = step.label.replace(" ", "_").replace("-", "_") == step.action.partition("[")[0]
    title = step.action if same else f"{step.action}: {step.label}"
    if step.choices:
        title += f"  (chose {', '.join(map(str, step.choices))})"
    return title


def _changes(page: _Page, margin: _Margin, step: Step, whole: dict[str, Any] | None) -> None:
    body = margin.body(step)
    changed = {change.cell: change for change in step.changes}
    for cell in changed if whole is None else whole:
        if cell in changed:
            for each in _parts(changed[cell]):
                page.put(body, _change(page, each), hang=f"{body}  ")
        elif whole is not None:
            page.put(body, f"{cell}  {page.value(whole[cell])}", hang=f"{body}  ")
    if not changed and whole is None:
        page.put(body, "(changes nothing)")


def _parts(change: Change) -> Iterator[Difference]:
    return differences(change.cell, change.before, change.after)


def _change(page: _Page, each: Difference) -> str:
    if each.before is ABSENT:
        return f"{each.path}  + {page.value(each.after)}"
    if each.after is ABSENT:
        return f"{each.path}  - {page.value(each.before)}"
    return f"{each.path}  {page.value(each.before)} → {page.value(each.after)}"


def _roads(
    page: _Page, margin: _Margin, system: Ground, state: dict[str, Any], taken: Step
) -> None:
    """What else was enabled where this step was taken."""
    offered = enabled_steps(system, [state[slot.name] for slot in system.slots], between=False)
    others = dict.fromkeys(
        f"{action.name}: {outcome.label}"
        for action, outcome in offered
        if (action.name, outcome.label) != (taken.action, taken.label)
    )
    text = "; ".join(others) or "nothing else"
    body = margin.body(taken)
    page.put(body, f"could have happened instead: {text}", "dim", hang=f"{body}  ")
