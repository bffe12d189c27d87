"""
What the owners of a workload tell Seatrial in its manifest: annotations under `seatrial.dev/`.

A manifest cannot show that its next image is broken, or that somebody counts on a reading of
maxSurge that Kubernetes does not promise. Annotations can, and `kubectl apply` takes them as well.
"""

from typing import Literal

import attrs

from seatrial.core import DeclarationError
from seatrial.model import environment

from .examples import nearest
from .kinds import Kind, Manifest

__all__ = ["PREFIX", "Told", "told"]

PREFIX = "seatrial.dev/"
_KNOWN = ("users", "faults", "relies-on")


@attrs.frozen
class Told:
    """
    The annotations of one workload; () where there is none.

    `users` and `faults` are what the options of these names are where they are not given.
    `relies_on` are ids of promises that have to hold here: they are asserted though they may be
    listed as refuted, and asked though a precondition may not be met.
    """

    users: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()
    relies_on: tuple[str, ...] = ()


def told(manifest: Manifest, kind: Kind) -> Told:
    """
    The annotations of a workload of that kind.

    Raises DeclarationError with the place in the file where one cannot be understood.
    """
    given = {
        key.removeprefix(PREFIX): value
        for key, value in manifest.annotations
        if key.startswith(PREFIX)
    }
    for name in given:
        if name not in _KNOWN:
            _refuse(manifest, name, f"is not read; known: {', '.join(map(PREFIX.__add__, _KNOWN))}")
    promises = [each.property.id for each in kind.promises]
    relied = tuple(each.strip() for each in given.get("relies-on", "").split(",") if each.strip())
    for each in relied:
        if each not in promises:
            _refuse(
                manifest, "relies-on", f"there is no property {each!r}; {_near(each, promises)}"
            )
    if "relies-on" in given and not relied:
        _refuse(manifest, "relies-on", "is empty; write ids of properties, with commas between")
    return Told(
        users=_budgets(manifest, given, "users", kind.users),
        faults=_budgets(manifest, given, "faults", kind.faults),
        relies_on=tuple(dict.fromkeys(relied)),
    )


def _near(name: str, promises: list[str]) -> str:
    hint = nearest(name, promises)
    # Eighty ids are no hint.
    return hint if not hint.startswith("known") else "docs/reference/promises.md lists them"


def _budgets(
    manifest: Manifest, given: dict[str, str], of: Literal["users", "faults"], known: frozenset[str]
) -> tuple[str, ...]:
    if of not in given:
        return ()
    try:
        for each in environment.budgets([given[of]], of):
            if each.name not in known:
                raise DeclarationError(
                    f"{each.name!r} means nothing here; known: {', '.join(sorted(known))}"
                )
    except DeclarationError as error:
        _refuse(manifest, of, str(error).removeprefix(f"--{of}").lstrip(": "))
    return (given[of],)


def _refuse(manifest: Manifest, name: str, says: str) -> None:
    key = PREFIX + name
    place = manifest.position(f"metadata.annotations.{key}")
    raise DeclarationError(f"{place or manifest.name}: metadata.annotations[{key}]: {says}")
