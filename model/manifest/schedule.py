"""
When a CronJob is due: what a schedule and a time zone may look like.

Libraries for cron disagree about what is valid: most of them take 7 for a Sunday, or L and #, and
few take @every. What counts here is what the API server takes, and that is a few rules.

:Go: github.com/robfig/cron v3.0.1, parser.go ParseStandard; kubernetes v1.36.3,
    pkg/apis/batch/validation/validation.go validateScheduleFormat, validateTimeZone
:Docs: https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/#schedule-syntax
:Omits: whether the API server has the same time zones as this machine; without any here, a zone's
    name only has to look like one.
"""

import re

from .errors import quoted

__all__ = ["schedule_says", "time_zone_says"]

_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_DAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
# What a field is called, its least and its greatest value, and names for values.
_FIELDS: tuple[tuple[str, int, int, dict[str, int]], ...] = (
    ("minute", 0, 59, {}),
    ("hour", 0, 23, {}),
    ("day of the month", 1, 31, {}),
    ("month", 1, 12, {name: number for number, name in enumerate(_MONTHS, 1)}),
    ("day of the week", 0, 6, {name: number for number, name in enumerate(_DAYS)}),
)
_NAMED = ["@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"]
_DURATION = re.compile(r"[-+]?(0|(([0-9]+(\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h))+)")
_ZONE = re.compile(r"[A-Za-z0-9._+][A-Za-z0-9._+-]{,13}")


def schedule_says(schedule: str) -> str | None:
    """
    What is wrong with a schedule, or None.

    >>> schedule_says("*/5 9-17 * * mon-fri"), schedule_says("@every 1h30m")
    (None, None)
    >>> schedule_says("0 25 * * *")
    'hour: 25 is not between 0 and 23'
    """
    if "TZ" in schedule:
        return f"{quoted(schedule)} has a time zone in it; write it as spec.timeZone"
    if schedule.startswith("@every "):
        duration = schedule.removeprefix("@every ")
        wrong = _DURATION.fullmatch(duration) is None
        return f"{quoted(duration)} is no duration; write one such as 1h30m" if wrong else None
    if schedule.startswith("@"):
        if schedule in _NAMED:
            return None
        known = ", ".join((*_NAMED, "@every 1h"))
        return f"{quoted(schedule)} is no schedule; write one of {known}"
    fields = schedule.split()
    if len(fields) != len(_FIELDS):
        right = "write minute, hour, day of the month, month, weekday"
        return f"{quoted(schedule)} has {len(fields)} fields; {right}"
    for text, (what, least, most, names) in zip(fields, _FIELDS, strict=True):
        for part in filter(None, text.split(",")):
            says = _part_says(part, least, most, names)
            if says:
                return f"{what}: {says}"
    return None


def _part_says(part: str, least: int, most: int, names: dict[str, int]) -> str | None:
    """One of a field's parts: `*`, `5`, `mon-fri` or one of these with `/2` after it."""
    span, *steps = part.split("/")
    ends = span.split("-")
    if len(steps) > 1 or (len(ends) > 2 and ends[0] not in ("*", "?")):
        return f"{quoted(part)} has too many of '-' or '/'"
    numbers = []
    for end in () if ends[0] in ("*", "?") else ends:
        number = names.get(end.lower(), _number(end))
        if number is None:
            more = f", and none of {', '.join(names)}" if names else ""
            return f"{quoted(end)} is no number{more}"
        if not least <= number <= most:
            return f"{end} is not between {least} and {most}"
        numbers.append(number)
    if len(numbers) == 2 and numbers[0] > numbers[1]:
        return f"{span} does not go up"
    if steps and not _number(steps[0]):
        return f"{quoted(steps[0])} is no step; write 1 or more"
    return None


def _number(text: str) -> int | None:
    return int(text) if re.fullmatch(r"\+?[0-9]{1,18}", text) else None


def time_zone_says(zone: str) -> str | None:
    """
    What is wrong with the name of a time zone, or None.

    >>> time_zone_says("Etc/UTC"), time_zone_says("../etc")
    (None, 'is no time zone; write one such as Europe/Berlin')
    """
    wrong = "is no time zone; write one such as Europe/Berlin"
    parts = zone.split("/")
    if any(part in (".", "..") or not _ZONE.fullmatch(part) for part in parts):
        return wrong
    if zone.lower() == "local":
        return "depends on the machine; write one such as Europe/Berlin"
    return wrong if _is_known("UTC") and not _is_known(zone) else None


def _is_known(zone: str) -> bool:
    from zoneinfo import ZoneInfo  # few manifests have a schedule

    try:
        ZoneInfo(zone)
    except (OSError, KeyError, ValueError):  # a folder of zones; none; a name that is none
        return False
    return True
