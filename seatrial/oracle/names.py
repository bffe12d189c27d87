"""What things are called in clusters, and when they were made."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache

__all__ = [
    "COLLIDED",
    "HASHES",
    "NAME",
    "NAMESPACE",
    "NOW",
    "ago",
    "deployment_uid",
    "labels",
    "pod_labels",
    "replica_set_name",
    "seconds_ago",
    "template_hash",
    "uid_number",
]

NAMESPACE = "default"
NAME = "web"
NOW = "2026-06-01T12:00:00Z"
_NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)

HASHES: Mapping[int, str] = {
    1: "747cbb6f64",
    2: "7947b94b55",
    3: "9df8f6b86",
    4: "dd8d89769",
    5: "5749545776",
    6: "5584cff44c",
    7: "6c8869fd66",
    8: "7f88ffcbf",
}
"""
The pod-template-hash of each template, as v1.36.3 computes it for those that are made here. A wrong
one shows: a ReplicaSet would be created under another name. Go: ComputeHash
"""
COLLIDED: Mapping[tuple[int, int], str] = {
    (1, 1): "679dbc756f",
    (2, 1): "5ff57c5b78",
    (3, 1): "559b999967",
    (4, 1): "595cd8bbbd",
    (1, 2): "7f697799b6",
    (2, 2): "868c4f645",
    (3, 2): "c95979964",
    (4, 2): "5f66dbbbc5",
    (1, 3): "55fc474bff",
    (2, 3): "75974584b8",
    (3, 3): "675d5fcf97",
    (4, 3): "79b64867d",
    (1, 4): "6cb7bf7576",
    (2, 4): "5678c8f64c",
    (3, 4): "59b59c996b",
    (4, 4): "5556d6bbb9",
    (1, 5): "797dd6bf",
    (2, 5): "7fb74984c4",
    (3, 5): "756d67cf9f",
    (4, 5): "7d8557596d",
}
"""The hash of a template after so many collisions."""


def template_hash(template: int, collisions: int = 0) -> str:
    """What stands for a template in names and labels, after so many collisions of names."""
    return COLLIDED[template, collisions] if collisions else HASHES[template]


def replica_set_name(template: int, collisions: int = 0) -> str:
    """What the ReplicaSet of a template is called. Go: generateReplicaSetName"""
    return f"{NAME}-{template_hash(template, collisions)}"


def labels() -> dict[str, str]:
    """The labels of a Deployment's template."""
    return {"app": NAME, "tier": "front"}


def pod_labels(template: int, collisions: int = 0) -> dict[str, str]:
    """The labels of the pods of a template, if they have all of them."""
    return {**labels(), "pod-template-hash": template_hash(template, collisions)}


def deployment_uid(number: int) -> str:
    """The UID of a Deployment, which the model numbers."""
    return f"uid-web-{number}"


def uid_number(uid: str) -> int:
    """The number of a Deployment of this UID."""
    return int(uid.removeprefix("uid-web-"))


@lru_cache(maxsize=16_384)
def ago(seconds: int) -> str:
    """The time so many seconds before now."""
    return (_NOW - timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


@lru_cache(maxsize=16_384)
def seconds_ago(stamp: str) -> float:
    """How long before now a time is."""
    return (_NOW - datetime.fromisoformat(stamp)).total_seconds()
