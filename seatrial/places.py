"""Which line of a manifest a promise is about, for reports that point into files."""

import re

from seatrial.core import Property
from seatrial.model import Position

from .kinds import Manifest
from .scenarios import Workload

__all__ = ["place_in", "place_of"]

# By a word of the id, the fields that it is about, the most telling first.
_ABOUT = (
    ("surge", ("spec.strategy.rollingUpdate.maxSurge", "spec.strategy")),
    ("controlled-rate", ("spec.strategy.rollingUpdate.maxSurge", "spec.strategy")),
    ("unavailable", ("spec.strategy.rollingUpdate.maxUnavailable", "spec.strategy")),
    ("available", ("spec.strategy.rollingUpdate.maxUnavailable", "spec.strategy")),
    ("rolling", ("spec.strategy.rollingUpdate", "spec.strategy")),
    ("recreate", ("spec.strategy.type", "spec.strategy")),
    ("deadline", ("spec.progressDeadlineSeconds", "spec.activeDeadlineSeconds")),
    ("history", ("spec.revisionHistoryLimit",)),
    ("paused", ("spec.paused",)),
    ("min-ready", ("spec.minReadySeconds",)),
    ("partition", ("spec.updateStrategy.rollingUpdate.partition", "spec.updateStrategy")),
    ("maxunavailable", ("spec.updateStrategy.rollingUpdate.maxUnavailable", "spec.updateStrategy")),
    ("ondelete", ("spec.updateStrategy.type", "spec.updateStrategy")),
    ("(?:parallel|ordered)", ("spec.podManagementPolicy",)),
    ("(?:claims?|pvc)", ("spec.persistentVolumeClaimRetentionPolicy", "spec.volumeClaimTemplates")),
    ("parallelism", ("spec.parallelism",)),
    ("completions?", ("spec.completions",)),
    ("(?:retry|failed|backoff|attempts)", ("spec.backoffLimit",)),
    ("index(?:ed|es)?", ("spec.completionMode",)),
    ("suspend(?:ed)?", ("spec.suspend",)),
    ("ttl", ("spec.ttlSecondsAfterFinished",)),
)
_ELSE = ("spec.replicas", "spec.completions", "metadata.name", "")


def place_in(manifest: Manifest, property_id: str) -> Position | None:
    """
    Where the field is written that a promise is about; else where the size, or the name is.

    None where the manifest was read from no file.
    """
    fields = [field for word, fields in _ABOUT if _has(property_id, word) for field in fields]
    for field in (*fields, *_ELSE):
        found: Position | None = manifest.position(field)
        if found is not None:
            return found
    return None


def _has(property_id: str, word: str) -> bool:
    return re.search(rf"(?:^|-){word}(?:-|$)", property_id) is not None


def place_of(workload: Workload | None, property: Property) -> Position | None:
    """The same; of an invariant where its expression is written. None for what has no manifest."""
    if workload is None:
        return None
    for each in workload.added.invariants:
        if each.name == property.id:
            return each.position
    return place_in(workload.manifest, property.id)
