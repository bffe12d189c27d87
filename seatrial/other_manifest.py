"""A trace of one manifest and another manifest: what differs between the two."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from seatrial.core import DeclarationError
from seatrial.counterexamples import printable
from seatrial.model import read_manifests

from .kinds import Manifest

__all__ = ["with_manifest"]

_MOST = 5


def with_manifest(recipe: Mapping[str, Any], path: Path) -> tuple[dict[str, Any], list[str]]:
    """
    The description of a workload with the manifest that a file has of it, and what is other there.

    Raises ManifestError where the file cannot be read, DeclarationError where it has no such
    workload.
    """
    before = recipe["manifest"]
    kind, name = before.get("kind"), (before.get("metadata") or {}).get("name")
    found = read_manifests([path]).workloads
    for each in found:
        if (each.kind, each.name) == (kind, name):
            after = each.document()
            differ = list(_differences((), before, after, each))
            more = [f"and {len(differ) - _MOST} more"] if len(differ) > _MOST else []
            return {**recipe, "manifest": after}, differ[:_MOST] + more
    given = ", ".join(f"{each.kind} {each.name}" for each in found) or "no workload"
    raise DeclarationError(f"{path} has no {kind} {name!r}, of which the trace is; it has {given}")


def _differences(path: tuple[str, ...], before: Any, after: Any, of: Manifest) -> Iterator[str]:
    """What differs, field by field, with the place in the file."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in dict.fromkeys((*before, *after)):
            yield from _differences((*path, key), before.get(key), after.get(key), of)
    elif before != after:
        field = ".".join(path)
        place = of.position(field)
        where = f" ({place})" if place is not None else ""
        yield printable(f"{field} is {_shown(before)} in the trace, {_shown(after)} here{where}")


def _shown(value: Any) -> str:
    text = "absent" if value is None else str(value)
    return text if len(text) <= 60 else f"{text[:59]}…"
