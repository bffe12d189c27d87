"""
A trace as a sequence diagram in Mermaid, the text that GitHub and many wikis draw.

:Docs: https://mermaid.js.org/syntax/sequenceDiagram.html

Whatever comes from a model or a manifest is written with entity codes where it is not a letter, a
digit or a harmless sign, so that no name can end a message or begin a statement.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["write_mermaid"]

_PLAIN = re.compile(r"[A-Za-z0-9 ,.()/+=_'@-]")
_WIDEST = 300
_CLUSTER = "cluster"


def write_mermaid(document: Mapping[str, Any]) -> str:
    """
    The diagram of what `document_of` gives: who did what, and how things stood after it.

    Steps that another one commits to have dashed arrows. The reasons stand in a note at the end.
    """
    actors = list(dict.fromkeys(each["actor"] for each in document["steps"]))
    names = {actor: f"a{at}" for at, actor in enumerate(actors)}
    lines = ["sequenceDiagram", f"    %% {_comment(document['headline'])}"]
    lines += [f"    participant {names[each]} as {_safe(each)}" for each in actors]
    lines.append(f"    participant {_CLUSTER} as {_safe('API and nodes')}")
    said = document["summary"]
    if said:
        lines.append(f"    Note over {_CLUSTER}: {_lines(said.split(' | '))}")
    looping = document["loop"] is not None and document["loop"] < len(document["steps"])
    for at, step in enumerate(document["steps"]):
        if looping and at == document["loop"]:
            lines.append("    loop for ever")
        arrow = "-->>" if step["committed"] else "->>"
        lines.append(f"    {names[step['actor']]}{arrow}{_CLUSTER}: {_safe(_said(step))}")
        note = _note(step, said)
        said = step["summary"]
        if note:
            lines.append(f"    Note over {_CLUSTER}: {_lines(note)}")
    if looping:
        lines.append("    end")
    over = _over([names[each] for each in actors])
    reasons = [f"{label}: {text}" for label, text in document["argument"]]
    lines.append(f"    Note over {over}: {_lines(reasons)}")
    return "\n".join(lines) + "\n"


def _said(step: Mapping[str, Any]) -> str:
    """What a step does, and of what, where its actor has to do with several."""
    about = "" if step["who"] == step["actor"] else f"{step['who'].removeprefix(step['actor'])}: "
    number = "" if step["number"] is None else f"{step['number']}  "
    return f"{number}{about.lstrip()}{step['title']}"


def _note(step: Mapping[str, Any], said: str | None) -> list[str]:
    """How things stand, where that is another than it was said to be."""
    if step["summary"] is not None:
        return [] if step["summary"] == said else str(step["summary"]).split(" | ")
    return [each for change in step["changes"] for each in change["differs"]]


def _lines(texts: Sequence[str]) -> str:
    """Several lines of one note."""
    return "<br/>".join(map(_safe, texts))


def _over(actors: Sequence[str]) -> str:
    return f"{actors[0]},{_CLUSTER}" if actors else _CLUSTER


def _safe(text: str) -> str:
    """
    A text that Mermaid shows as it is.

    >>> _safe("web; end #1 -> 2")
    'web#59; #101;nd #35;1 -#62; 2'
    """
    cut = text if len(text) <= _WIDEST else f"{text[: _WIDEST - 1]}…"
    coded = "".join(each if _PLAIN.fullmatch(each) else f"#{ord(each)};" for each in cut)
    # A bare `end` closes a block, wherever it stands.
    return re.sub(r"\b[eE](?=nd\b)", lambda found: f"#{ord(found[0])};", coded) or "-"


def _comment(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9 ,.:_-]", " ", text)[:_WIDEST]
