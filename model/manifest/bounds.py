"""
Bounds that are a number of pods or a share of all.

:Go: kubernetes v1.36.3, pkg/apis/apps/validation/validation.go ValidatePositiveIntOrPercent,
    IsNotMoreThan100Percent; apimachinery pkg/util/validation IsValidPercent
"""

import re

from seatrial.model import IntOrPercent

from .errors import Path
from .reading import Reading

__all__ = ["as_written", "at_most_all", "read_bound"]

_PERCENT = re.compile(r"[0-9]+%")


def read_bound(reading: Reading, path: Path, default: int | str) -> IntOrPercent:
    """The bound at a path; where it is none, that is noted and the default given."""
    value = reading.get(*path, default=default)
    if not isinstance(value, str):
        return IntOrPercent.absolute(reading.not_negative(path, int(value)))
    # What has more digits than this means nothing, and Go's controllers fail on it.
    if _PERCENT.fullmatch(value) and len(value) <= 10:
        return IntOrPercent.percent(int(value[:-1]))
    says = "is no percentage; write an integer without quotes, or a percentage such as 25%"
    reading.refuse_value(path, value, says)
    return IntOrPercent.percent(25)


def at_most_all(reading: Reading, path: Path, bound: IntOrPercent) -> None:
    """Refuses more than 100%."""
    if bound.kind == "percent" and bound.value > 100:
        reading.refuse(path, f"'{bound}' is more than all pods; write at most 100%")


def as_written(bound: IntOrPercent) -> int | str:
    """The bound as a manifest has it."""
    return str(bound) if bound.kind == "percent" else bound.value
