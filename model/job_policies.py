"""
What a failed pod means for its Job, and when enough has succeeded.

:Go: kubernetes v1.36.3 pkg/controller/job/pod_failure_policy.go, success_policy.go
:Docs: https://kubernetes.io/docs/concepts/workloads/controllers/job/#pod-failure-policy
:Omits: containerName in rules, and init containers: a pod has one container; conditions that
    kubelets and the scheduler keep themselves, such as Ready, which never match here (with one,
    reports settle nothing); messages.
"""

from collections.abc import Iterable

from .job_api import DISRUPTION_TARGET, FailureRule, JobPod, SuccessRule

__all__ = [
    "format_indexes",
    "match_pod_failure_policy",
    "match_success_policy",
    "parse_indexes",
]


def match_pod_failure_policy(
    rules: tuple[FailureRule, ...] | None, pod: JobPod
) -> tuple[bool, str | None]:
    """
    Whether a failed pod counts, and the action of the first rule that it matches.

    Go: matchPodFailurePolicy
    """
    for rule in rules or ():
        if _matches(rule, pod):
            return rule.action != "Ignore", rule.action
    return True, None


def _matches(rule: FailureRule, pod: JobPod) -> bool:
    if rule.on_exit_codes is not None:
        code = pod.exit_code
        if code is None or code == 0:
            return False
        return (code in rule.on_exit_codes.values) == (rule.on_exit_codes.operator == "In")
    has = dict(pod.conditions)
    if pod.disrupted:
        has[DISRUPTION_TARGET] = "True"
    return any(has.get(type) == status for type, status in rule.on_pod_conditions)


def match_success_policy(
    rules: tuple[SuccessRule, ...] | None, completions: int, succeeded: tuple[int, ...]
) -> bool:
    """Whether one of the rules is met by the indexes that have succeeded. Go: matchSuccessPolicy"""
    if not succeeded:
        return False
    for rule in rules or ():
        if rule.succeeded_indexes is not None:
            required = parse_indexes(rule.succeeded_indexes, completions)
            met = len(set(required) & set(succeeded))
            enough = rule.succeeded_count is not None and met >= rule.succeeded_count
            if required and (met == len(required) or enough):
                return True
        elif rule.succeeded_count is not None and len(succeeded) >= rule.succeeded_count:
            return True
    return False


def parse_indexes(text: str, completions: int) -> tuple[int, ...]:
    """
    The indexes below completions of a list such as `0,2-4`; parts that are none are passed over.

    Go: parseIndexesFromString

    >>> parse_indexes("0,2-4", 4)
    (0, 2, 3)
    """
    found: set[int] = set()
    for part in text.split(","):
        first, dash, last = (each.removeprefix("+") for each in part.partition("-"))
        if not first.isdecimal() or (dash and not last.isdecimal()):
            continue
        if int(first) >= completions:
            break
        found.update(range(int(first), min(int(last or first), completions - 1) + 1))
    return tuple(sorted(found))


def format_indexes(indexes: Iterable[int]) -> str:
    """
    Indexes as the status writes them: runs of three and more with a dash.

    Go: orderedIntervals.String

    >>> format_indexes((0, 1, 3, 4, 5))
    '0,1,3-5'
    """
    runs: list[list[int]] = []
    for index in sorted(indexes):
        if runs and index == runs[-1][-1] + 1:
            runs[-1].append(index)
        else:
            runs.append([index])
    return ",".join(
        f"{run[0]}-{run[-1]}" if len(run) > 2 else ",".join(map(str, run)) for run in runs
    )
