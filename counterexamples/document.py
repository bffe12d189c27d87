"""
A trace as plain data, for scripts, for a page that one can step through, and for a diagram.

Every value is a kind of JSON's own: an object of a model is a mapping of its fields, a set a sorted
list, a population a list of classes with their counts. For an exact replay there is `write_itf`.
"""

import json
from collections.abc import Mapping
from enum import Enum
from typing import Any

import attrs

from seatrial.core import Ground, Population, Property, Step, Trace, sort_key

from .differences import ABSENT, Difference, differences
from .story import Story
from .text import fields_of, show_value
from .timeline import title_of, told
from .words import Words

__all__ = ["as_data", "document_of", "write_json"]

SCHEMA = 1
"""Rises when a reader of the last one would be misled; keys may be added without that."""


def as_data(value: Any) -> Any:
    """
    A value of a state as JSON has it.

    >>> as_data((1, None, frozenset({"b", "a"})))
    [1, None, ['a', 'b']]
    """
    if isinstance(value, Enum):
        return value.value if isinstance(value.value, (str, int)) else value.name
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, Population):
        return [{"class": as_data(kind), "count": count} for kind, count in value.items()]
    if isinstance(value, frozenset):
        return [as_data(each) for each in sorted(value, key=sort_key)]
    names = fields_of(value)
    if names is not None:
        return {name: as_data(getattr(value, name)) for name in names}
    if isinstance(value, tuple):
        return [as_data(each) for each in value]
    return show_value(value)


def document_of(
    trace: Trace,
    subject: Property,
    *,
    system: Ground | None = None,
    story: Story | None = None,
    witness: bool | None = None,
    version: str = "",
    command: str = "",
) -> dict[str, Any]:
    """
    The trace as data; `steps` are numbered as people number them, committed ones have no number.

    `shown` are the values of the start, and of each change, as the timeline has them. With a
    `story` each state has a line in words, and steps that go without saying are left out: their
    changes count to the step before.
    """
    words = Words(trace, subject, system, witness, "" if story is None else story.about)
    # Who took a step is kept beside the actor, which has a lane of its own.
    shown = trace if story is None else told(trace, attrs.evolve(story, who=_actor))
    states = list(shown.states())
    return {
        "seatrial": version,
        "schema": SCHEMA,
        "headline": words.headline(),
        "facts": dict(words.facts()),
        "argument": [list(row) for row in words.argument()],
        "property": {
            "id": subject.id,
            "kind": subject.kind,
            "expected": subject.expected,
            "promise": subject.says,
            "source": subject.source,
        },
        "command": command,
        "length": trace.length,
        "shortest": trace.shortest,
        "because": list(trace.because),
        "fairness": list(trace.fairness),
        "loop": shown.loop,
        "initial": {name: as_data(value) for name, value in shown.initial},
        "shown": {name: show_value(value) for name, value in shown.initial},
        "summary": _summary(story, states[0]),
        "steps": _steps(shown, states, story),
    }


def _steps(shown: Trace, states: list[dict[str, Any]], story: Story | None) -> list[dict[str, Any]]:
    found, number = [], 0
    for step, after in zip(shown.steps, states[1:], strict=True):
        number += not step.committed
        found.append(
            {
                "number": None if step.committed else number,
                "actor": step.actor,
                "who": step.actor if story is None else story.who(step),
                "action": step.action,
                "label": step.label,
                "title": step.label if story is not None else title_of(step),
                "choices": list(step.choices),
                "committed": step.committed,
                "summary": _summary(story, after),
                "changes": _changes(step),
            }
        )
    return found


def _actor(step: Step) -> str:
    return step.actor


def _summary(story: Story | None, state: Mapping[str, Any]) -> str | None:
    return None if story is None else story.summary(state)


def _changes(step: Step) -> list[dict[str, Any]]:
    """Each cell that changed: before and after as data, and what differs in words."""
    return [
        {
            "cell": each.cell,
            "before": as_data(each.before),
            "after": as_data(each.after),
            "differs": [_words(one) for one in differences(each.cell, each.before, each.after)],
            "shown": show_value(each.after),
        }
        for each in step.changes
    ]


def _words(each: Difference) -> str:
    if each.before is ABSENT:
        return f"{each.path} + {show_value(each.after)}"
    if each.after is ABSENT:
        return f"{each.path} - {show_value(each.before)}"
    return f"{each.path} {show_value(each.before)} → {show_value(each.after)}"


def write_json(document: Mapping[str, Any]) -> str:
    """The document as text, ASCII only, ending in a newline."""
    return json.dumps(document, indent=2) + "\n"
