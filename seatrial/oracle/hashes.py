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
from .confirm import Ask
from .objects import HASHES, Object

__all__ = ["hashes_of", "in_names_of"]


def hashes_of(ask: Ask) -> dict[int, str]:
    """The hash of each template, from the name of the ReplicaSet that is created for it."""
    answers = ask([_new(template) for template in HASHES])
    found = {}
    for template, answer in zip(HASHES, answers, strict=True):
        created = [each for each in answer.get("requests", ()) if each["verb"] == "create"]
        if created:
            found[template] = created[0]["name"].removeprefix(f"{objects.NAME}-")
    return found


def _new(template: int) -> Object:
    """A request for the first sync of a Deployment with this template."""
    metadata: Object = {
        "uid": objects.deployment_uid(0),
        "resourceVersion": "1",
        "generation": 1,
        "creationTimestamp": objects.ago(1000),
    }
    made = objects.deployment_object(
        api.Deployment(api.DeploymentSpec(template=template)), metadata, dated=10
    )
    return {
        "controller": "deployment",
        "key": f"{objects.NAMESPACE}/{objects.NAME}",
        "now": objects.NOW,
        "cache": [made],
        "live": [made],
    }


def in_names_of(ask: Ask, hashes: Mapping[int, str]) -> Ask:
    """Ask for the same with other hashes, and read the answers with those of v1.36.3."""
    pairs = [(HASHES[at], hashes[at]) for at in hashes if HASHES[at] != hashes[at]]
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
