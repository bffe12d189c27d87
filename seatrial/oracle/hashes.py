"""
The hashes in the names of ReplicaSets, which are not the same in each release.

The controller hashes a dump of the template, and so also what fields templates have in its release.
Objects are written with the hashes of v1.36.3; of another release they are asked, and exchanged.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from seatrial.model import api

from . import objects
from .names import COLLIDED, HASHES
from .objects import Object
from .subject import Ask

__all__ = ["collided_of", "hashes_of", "in_names_of"]


def hashes_of(ask: Ask) -> dict[int, str]:
    """The hash of each template, from the name of the ReplicaSet that is created for it."""
    found = _asked(ask, [(template, 0) for template in HASHES])
    return {template: text for (template, _), text in found.items()}


def collided_of(ask: Ask) -> dict[tuple[int, int], str]:
    """The same after collisions of names, for those counts that `names` has."""
    return _asked(ask, list(COLLIDED))


def _asked(ask: Ask, wanted: Sequence[tuple[int, int]]) -> dict[tuple[int, int], str]:
    answers = ask([_new(template, collisions) for template, collisions in wanted])
    found = {}
    for each, answer in zip(wanted, answers, strict=True):
        created = [one for one in answer.get("requests", ()) if one["verb"] == "create"]
        if created:
            found[each] = created[0]["name"].removeprefix(f"{objects.NAME}-")
    return found


def _new(template: int, collisions: int = 0) -> Object:
    """A request for the first sync of a Deployment with this template."""
    metadata: Object = {
        "uid": objects.deployment_uid(0),
        "resourceVersion": "1",
        "generation": 1,
        "creationTimestamp": objects.ago(1000),
    }
    status = api.DeploymentStatus(collision_count=collisions)
    made = objects.deployment_object(
        api.Deployment(api.DeploymentSpec(template=template), status), metadata, dated=10
    )
    return {
        "controller": "deployment",
        "key": f"{objects.NAMESPACE}/{objects.NAME}",
        "now": objects.NOW,
        "cache": [made],
        "live": [made],
    }


def in_names_of(
    ask: Ask, hashes: Mapping[int, str], collided: Mapping[tuple[int, int], str] | None = None
) -> Ask:
    """Ask for the same with other hashes, and read the answers with those of v1.36.3."""
    pairs = [(HASHES[at], hashes[at]) for at in hashes if HASHES[at] != hashes[at]]
    for each, theirs in (collided or {}).items():
        if COLLIDED[each] != theirs:
            pairs.append((COLLIDED[each], theirs))
    if not pairs:
        return ask

    def asked(requests: Sequence[Object]) -> Sequence[Object]:
        answers = ask(_replaced(requests, pairs))
        found: Sequence[Object] = _replaced(answers, [(two, one) for one, two in pairs])
        return found

    return asked


def _replaced(values: Sequence[Object], pairs: Sequence[tuple[str, str]]) -> Any:
    text = json.dumps(list(values))
    for old, new in pairs:
        text = text.replace(old, new)
    return json.loads(text)
