"""
When a Job counts a failure of a pod, and when enough has succeeded.

:Go: kubernetes v1.36.3, pkg/apis/batch/validation/validation.go validatePodFailurePolicy,
    validateSuccessPolicy, validateIndexesFormat; pkg/apis/batch/v1/defaults.go
    SetDefaults_PodFailurePolicyOnPodConditionsPattern
:Docs: https://kubernetes.io/docs/tasks/job/pod-failure-policy/
:Omits: nothing known.
"""

import re
from itertools import pairwise
from typing import Any

import attrs

from .errors import Path, quoted
from .names import label_key
from .reading import Reading

__all__ = [
    "OnExitCodes",
    "OnPodCondition",
    "PodFailurePolicyRule",
    "SuccessPolicyRule",
    "intervals",
    "read_pod_failure_policy",
    "read_success_policy",
]

_ACTIONS = ("Count", "FailIndex", "FailJob", "Ignore")
_OPERATORS = ("In", "NotIn")
_STATUSES = ("False", "True", "Unknown")
_MOST_RULES = 20
_MOST_CONDITIONS = 20
_MOST_CODES = 255
_LONGEST = 64 * 1024
_MOST_SHOWN = 8


@attrs.frozen
class OnExitCodes:
    """Exit codes that a rule asks about, of one container or (None) of all."""

    operator: str
    values: tuple[int, ...]
    container_name: str | None = None


@attrs.frozen
class OnPodCondition:
    """A condition of a pod that a rule asks about."""

    type: str
    status: str = "True"


@attrs.frozen
class PodFailurePolicyRule:
    """What to do about a failed pod; it has either exit codes or conditions."""

    action: str
    on_exit_codes: OnExitCodes | None = None
    on_pod_conditions: tuple[OnPodCondition, ...] = ()

    def document(self) -> dict[str, Any]:
        """The rule as data that a manifest could hold."""
        found: dict[str, Any] = {"action": self.action}
        codes = self.on_exit_codes
        if codes is not None:
            found["onExitCodes"] = {"operator": codes.operator, "values": list(codes.values)}
            if codes.container_name is not None:
                found["onExitCodes"]["containerName"] = codes.container_name
        if self.on_pod_conditions:
            found["onPodConditions"] = [
                {"type": each.type, "status": each.status} for each in self.on_pod_conditions
            ]
        return found


@attrs.frozen
class SuccessPolicyRule:
    """
    Which indexes have to succeed, and how many of them; None where that is not asked.

    `succeeded_indexes` is as it was written; `intervals` tells what it means.
    """

    succeeded_indexes: str | None = None
    succeeded_count: int | None = None

    def document(self) -> dict[str, Any]:
        """The rule as data that a manifest could hold."""
        both = {
            "succeededIndexes": self.succeeded_indexes,
            "succeededCount": self.succeeded_count,
        }
        return {field: value for field, value in both.items() if value is not None}


def intervals(indexes: str) -> tuple[tuple[int, int], ...]:
    """
    The intervals that a list of indexes has; raises ValueError where it is none.

    >>> intervals("0,2-4")
    ((0, 0), (2, 4))
    """
    if not indexes:
        return ()
    found = []
    for part in indexes.split(","):
        if not re.fullmatch(r"\+?[0-9]{1,20}(-\+?[0-9]{1,20})?", part):
            raise ValueError(f"{quoted(part)} is no index and no interval such as 2-4")
        first, _, last = part.partition("-")
        if last and int(first) >= int(last):
            raise ValueError(f"{part} does not go up")
        found.append((int(first), int(last or first)))
    for one, other in pairwise(found):
        if one[1] >= other[0]:
            raise ValueError(f"{other[0]} stands after {one[1]}; the list has to go up")
    return tuple(found)


def read_pod_failure_policy(
    reading: Reading, spec: Path
) -> tuple[PodFailurePolicyRule, ...] | None:
    """The rules in the order in which they are asked; None where there is no policy."""
    if reading.get(*spec, "podFailurePolicy") is None:
        return None
    path = (*spec, "podFailurePolicy", "rules")
    rules = reading.get(*path, default=[])
    _at_most(reading, path, len(rules), _MOST_RULES, "rules")
    return tuple(_rule(reading, spec, (*path, index)) for index in range(len(rules)))


def _at_most(reading: Reading, path: Path, count: int, most: int, what: str) -> None:
    if count > most:
        reading.refuse(path, f"{count} {what}; write at most {most}")


def _rule(reading: Reading, spec: Path, path: Path) -> PodFailurePolicyRule:
    where = (*path, "action")
    action = str(reading.get(*where, default=""))
    if not action:
        reading.refuse(where, f"no action; write one of {', '.join(_ACTIONS)}")
    elif action not in _ACTIONS:
        reading.refuse_value(where, action, f"is no action; write one of {', '.join(_ACTIONS)}")
    elif action == "FailIndex" and reading.get(*spec, "backoffLimitPerIndex") is None:
        reading.refuse(where, "FailIndex needs backoffLimitPerIndex; write it, or another action")
    codes = reading.get(*path, "onExitCodes")
    conditions = reading.get(*path, "onPodConditions", default=[])
    if (codes is None) == (not conditions):
        both = "both onExitCodes and onPodConditions" if conditions else "neither onExitCodes nor"
        says = f"{both}; write one of them" if conditions else f"{both} onPodConditions; write one"
        reading.refuse(path, says)
    return PodFailurePolicyRule(
        action,
        None if codes is None else _exit_codes(reading, spec, (*path, "onExitCodes")),
        _conditions(reading, (*path, "onPodConditions"), len(conditions)),
    )


def _exit_codes(reading: Reading, spec: Path, path: Path) -> OnExitCodes:
    """:Go: validatePodFailurePolicyRuleOnExitCodes"""
    operator = str(reading.get(*path, "operator", default=""))
    if operator not in _OPERATORS:
        says = f"is no operator; write {' or '.join(_OPERATORS)}"
        reading.refuse_value((*path, "operator"), operator, says)
    values = tuple(int(each) for each in reading.get(*path, "values", default=[]))
    where = (*path, "values")
    if not values:
        reading.refuse(where, "no exit codes; write at least one")
    _at_most(reading, where, len(values), _MOST_CODES, "exit codes")
    seen = set()
    for index, value in enumerate(values):
        if operator == "In" and value == 0:
            reading.refuse((*where, index), "0 is no failure; In needs other exit codes")
        if value in seen:
            reading.refuse((*where, index), f"{value} is given twice; remove one of the two")
        seen.add(value)
    if any(one > other for one, other in pairwise(values)):
        right = ", ".join(map(str, sorted(seen)[:10]))
        reading.refuse(where, f"not in order; write {right}{' …' if len(seen) > 10 else ''}")
    return OnExitCodes(operator, values, _container(reading, spec, (*path, "containerName")))


def _container(reading: Reading, spec: Path, path: Path) -> str | None:
    name = reading.get(*path)
    if name is None:
        return None
    pod = (*spec, "template", "spec")
    names = [
        each.get("name", "")
        for field in ("containers", "initContainers")
        for each in reading.get(*pod, field, default=[])
    ]
    if name not in names:
        known = ", ".join(map(quoted, names[:_MOST_SHOWN])) or "its containers"
        says = f"is no container of the template; write one of {known}"
        reading.refuse_value(path, name, says)
    return str(name)


def _conditions(reading: Reading, path: Path, count: int) -> tuple[OnPodCondition, ...]:
    """:Go: validatePodFailurePolicyRuleOnPodConditions"""
    _at_most(reading, path, count, _MOST_CONDITIONS, "conditions")
    found = []
    for index in range(count):
        kind = str(reading.get(*path, index, "type", default=""))
        says = label_key(kind)
        where = (*path, index, "type")
        reading.refuse_value(where, kind, says and says.replace("key of a label", "condition"))
        status = reading.one_of((*path, index, "status"), _STATUSES, "True", "status")
        found.append(OnPodCondition(kind, status))
    return tuple(found)


def read_success_policy(
    reading: Reading, spec: Path, completions: int | None
) -> tuple[SuccessPolicyRule, ...] | None:
    """The rules, of which one has to be met; None where there is no policy."""
    if reading.get(*spec, "successPolicy") is None:
        return None
    path = (*spec, "successPolicy", "rules")
    rules = reading.get(*path, default=[])
    if not rules:
        reading.refuse(path, "no rules; write at least one, or remove successPolicy")
    _at_most(reading, path, len(rules), _MOST_RULES, "rules")
    return tuple(_success(reading, (*path, index), completions) for index in range(len(rules)))


def _success(reading: Reading, path: Path, completions: int | None) -> SuccessPolicyRule:
    """:Go: validateSuccessPolicyRule"""
    indexes, where = reading.get(*path, "succeededIndexes"), (*path, "succeededIndexes")
    count = reading.given_not_negative((*path, "succeededCount"))
    if indexes is None and count is None:
        reading.refuse(path, "neither succeededIndexes nor succeededCount; write one of them")
    # How many there are is unknown without completions, and that has been said.
    most, among = completions, "completions"
    if indexes is not None and len(indexes) > _LONGEST:
        reading.refuse(where, f"{len(indexes)} characters; write at most {_LONGEST}")
    elif indexes is not None:
        try:
            found = intervals(indexes)
        except ValueError as error:
            reading.refuse(where, f"{error}; write indexes such as 0,2-4")
            found = ()
        if completions is not None and found and found[-1][1] >= completions:
            says = f"{found[-1][1]} is no index; with {completions} completions the last is"
            reading.refuse(where, f"{says} {completions - 1}")
        most, among = sum(last - first + 1 for first, last in found), "indexes in the rule"
    if count is not None and most is not None and count > most:
        says = f"{count} is more than there are {among}; write at most {most}"
        reading.refuse((*path, "succeededCount"), says)
    return SuccessPolicyRule(indexes, count)
