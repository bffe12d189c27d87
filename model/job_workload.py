"""
A Job with everything around it, as a system: its controller, kubelets, caches and users.

:Omits: what the modules of its parts omit, each under this word.

The system starts when the Job has been created: no sync of it has begun, and there are no pods.
"""

from typing import Any

from seatrial.core import DeclarationError, Parameter, Population, System, Variable

from .controller import Key
from .controller_utils import Expectations
from .environment import Environment
from .job_actions import actions
from .job_api import (
    ExitCodes,
    FailureRule,
    Job,
    JobSpec,
    SuccessRule,
    has_backoff_limit_per_index,
)
from .job_informer import Jobs
from .job_kubelet import wanted_conditions
from .job_views import views
from .versions import READ_OF_JOBS

__all__ = ["MOST_PODS", "check", "compose", "spec_of"]

MOST_PODS = 20
"""More pods at once are not explored: a sync is planned for each way in which it may go."""


# ---- the start --------------------------------------------------------------------------------


def spec_of(manifest: Any) -> JobSpec:
    """The spec of a Job's manifest, as its controller reads it."""
    rules = manifest.pod_failure_policy
    success = manifest.success_policy
    return JobSpec(
        parallelism=manifest.parallelism,
        completions=manifest.completions,
        completion_mode=manifest.completion_mode,
        backoff_limit=manifest.backoff_limit,
        backoff_limit_per_index=manifest.backoff_limit_per_index,
        max_failed_indexes=manifest.max_failed_indexes,
        pod_failure_policy=None if rules is None else tuple(map(_failure_rule, rules)),
        success_policy=None if success is None else tuple(map(_success_rule, success)),
        pod_replacement_policy=manifest.pod_replacement_policy,
        suspend=manifest.suspend,
        active_deadline_seconds=manifest.active_deadline_seconds,
        ttl_seconds_after_finished=manifest.ttl_seconds_after_finished,
        managed_by=manifest.managed_by,
        restart_policy=manifest.template.restart_policy,
    )


def _failure_rule(rule: Any) -> FailureRule:
    codes = rule.on_exit_codes
    conditions = rule.on_pod_conditions or ()
    return FailureRule(
        rule.action,
        None if codes is None else ExitCodes(codes.operator, tuple(codes.values)),
        tuple((each.type, each.status) for each in conditions),
    )


def _success_rule(rule: Any) -> SuccessRule:
    return SuccessRule(rule.succeeded_indexes, rule.succeeded_count)


# ---- the system -------------------------------------------------------------------------------

_BUDGETS = {
    "set_parallelisms_left": "set-parallelism",
    "set_completions_left": "set-completions",
    "set_backoff_limits_left": "set-backoff-limit",
    "set_active_deadlines_left": "set-active-deadline",
    "set_ttls_left": "set-ttl",
    "set_max_failed_indexes_left": "set-max-failed-indexes",
    "suspends_left": "suspend",
    "resumes_left": "resume",
    "deletes_left": "delete",
    "delete_pods_left": "delete-pod",
    "strip_finalizers_left": "strip-finalizer",
    "container_exits_left": "container-exit",
    "evicts_left": "evict",
    "pod_conditions_left": "pod-condition",
    "node_crashes_left": "node-crash",
    "node_offs_left": "node-off",
    "controller_restarts_left": "controller-restart",
    "write_failures_left": "write-failure",
    "write_unknowns_left": "write-unknown",
    "failovers_left": "failover",
    "stale_api_servers_left": "stale-api-server",
    "relists_left": "relist",
    "expectations_expire_left": "expectations-expire",
}


def compose(name: str, spec: JobSpec, around: Environment) -> System:
    """
    A Job of this spec in this environment, as a system.

    Raises DeclarationError where the environment cannot be had.
    """
    check(spec, around)
    budgets = {name: around.times(fault) for name, fault in _BUDGETS.items()}
    codes = _sizes(around, "container-exit") or (1,)
    limits = _sizes(around, "set-backoff-limit")
    early = {"early_left": around.slow} if around.slow else {}
    behind = {"api_server_behind": False} if around.times("stale-api-server") else {}
    late: dict[str, Any] = {"late_pods": Population()} if around.lands_late else {}
    variables = dict(_initial(spec), **budgets, **early, **behind, **late)
    return System(
        name=name,
        parameters=[
            Parameter("manifest", spec),
            Parameter("lag", around.lag),
            Parameter("parallelisms", _sizes(around, "set-parallelism")),
            Parameter("sizes", _sizes(around, "set-completions")),
            Parameter("backoff_limits", limits),
            Parameter("active_deadlines", _numbers(around, "set-active-deadline")),
            Parameter("ttls", _numbers(around, "set-ttl")),
            Parameter("most_failed_indexes", _numbers(around, "set-max-failed-indexes")),
            Parameter("stale_lists", around.stale_lists),
            Parameter("lands_late", around.lands_late),
            *(() if behind else (Parameter("api_server_behind", False),)),
            *(() if late else (Parameter("late_pods", Population()),)),
            Parameter("exit_codes", codes),
            Parameter("most_restarts", max(1, spec.backoff_limit, *limits)),
            Parameter("propagation", (around.values("delete") or ("background",))[0]),
            Parameter("consistency_store", around.gate("StaleControllerConsistencyJob")),
            Parameter(
                "clears_start_time", around.gate("MutableSchedulingDirectivesForSuspendedJobs")
            ),
            Parameter(
                "write_faults", around.times("write-failure") + around.times("write-unknown") > 0
            ),
            Parameter("variant", around.rules),
            *(Parameter(name.removesuffix("_left"), times) for name, times in budgets.items()),
        ],
        variables=[Variable(each) for each in variables],
        views=views(),
        actions=actions(spec, around),
        initial=[variables],
        assumptions=_assumptions(spec, around),
    )


def _initial(spec: JobSpec) -> dict[str, Any]:
    return {
        "jobs": Jobs((Job(spec),)),
        "job_key": Key(dirty=True),
        "job_sync": None,
        "job_stale": False,
        "note": None,
        "job_expectations": Expectations(),
        "backoff": False,
        "deadline": "off",
        "old_deadline_passed": False,
        "pods": Population(),
        "orphan_list": False,
        "requeues": 0,
    }


def _numbers(around: Environment, user: str) -> tuple[int | None, ...]:
    """The values that a user may give to a field; None takes it away."""
    return tuple(None if each == "none" else int(each) for each in around.values(user))


def _sizes(around: Environment, name: str) -> tuple[int, ...]:
    """The values of what always has a number."""
    return tuple(int(each) for each in around.values(name))


def check(spec: JobSpec, around: Environment) -> None:
    """Raises DeclarationError for what cannot be, or cannot be explored, around such a Job."""
    if len(around.values("delete")) > 1:
        raise DeclarationError("--users: delete is given with two propagations; give one")
    if around.kubernetes not in READ_OF_JOBS:
        raise DeclarationError(
            f"--kubernetes {around.kubernetes}: the Job controller of that release was not read;"
            f" known: {', '.join(READ_OF_JOBS)}"
        )
    if around.slow and around.times("set-active-deadline"):
        raise DeclarationError(
            "--clock slow and --users set-active-deadline together are not modelled for Jobs"
        )
    if around.times("set-active-deadline") > 1 and around.lag > 1:
        raise DeclarationError(
            "--users set-active-deadline: more than once, and lag above 1, are not modelled"
        )
    if around.times("set-completions") and not spec.indexed:
        raise DeclarationError(
            "--users set-completions: spec.completions: cannot be changed; only an Indexed Job may"
            " change it"
        )
    _check_indexes(spec, around)
    if around.times("relist") and around.lag < 2:
        raise DeclarationError("--faults relist needs --lag 2: one event is delivered, not lost")
    most = max(spec.parallelism, *_sizes(around, "set-parallelism"), 0)
    most = max(most, *_sizes(around, "set-completions"), 0)
    wanted = most if spec.completions is None else min(most, max(spec.completions, 0))
    if wanted > MOST_PODS:
        field = "spec.parallelism: " if spec.parallelism > MOST_PODS else ""
        raise DeclarationError(
            f"{field}{wanted} pods at once are more than the {MOST_PODS} that are explored;"
            " the same promises can be checked with fewer"
        )


def _check_indexes(spec: JobSpec, around: Environment) -> None:
    """Refuse what the API server always would. Go: validateJobSpec"""
    for most in _numbers(around, "set-max-failed-indexes"):
        if most is None:
            continue
        if not has_backoff_limit_per_index(spec):
            raise DeclarationError(
                f"--users set-max-failed-indexes:{most}: spec.maxFailedIndexes needs"
                " spec.backoffLimitPerIndex"
            )
        if most > max(spec.completions or 0, *_sizes(around, "set-completions"), 0):
            raise DeclarationError(
                f"--users set-max-failed-indexes:{most}: spec.maxFailedIndexes must not be above"
                " spec.completions"
            )


def _assumptions(spec: JobSpec, around: Environment) -> list[str]:
    gates = ", ".join(f"{name}={str(on).lower()}" for name, on in around.gates)
    texts = [
        f"Kubernetes {around.kubernetes}; feature gates {gates}",
        f"level {around.level}, lag {around.lag}",
        f"users: {', '.join(map(str, around.users)) or 'none'}",
        f"faults: {', '.join(map(str, around.faults)) or 'none'}",
        "the Job has just been created",
        "containers run for any time, and exit with 0 unless a fault says otherwise",
        "time passes only when nothing else can happen, but for containers that run or stop and"
        " syncs that are to be tried again; of times that are running any may be up first",
    ]
    if around.slow:
        texts[-1] += f"; {around.slow} may go off while something else could happen"
    if around.lag:
        texts.append(f"a writer waits while {around.lag} events of its kind are on their way")
    if around.lag > 1:
        texts.append("events of different pods may arrive in any order")
    asked = [type for type, _ in wanted_conditions(spec)]
    if asked and not around.times("pod-condition"):
        texts.append(f"no pod gets the condition {' or '.join(dict.fromkeys(asked))}")
    if around.times("stale-api-server"):
        texts.append(
            "an API server that falls behind shows pods as the controller's cache does then, and"
            " Jobs as they are"
        )
    if around.times("stale-api-server") and around.stale_lists:
        texts.append(
            "a controller that starts is never shown an older Job, though clients may be shown one"
            " that ask for lists with resourceVersion 0: what would follow from an older spec or"
            " status is not explored"
        )
    if around.variant:
        texts.append(f"rules changed: {', '.join(sorted(around.variant))}")
    return texts
