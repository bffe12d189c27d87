"""
A Job with everything around it, as a system: its controller, kubelets, caches and users.

:Omits: what the modules of its parts omit, each under this word.

The system starts when the Job has been created: no sync of it has begun, and there are no pods.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, Literal

from attrs import frozen

from seatrial.core import Action, DeclarationError, Parameter, Population, System, Variable

from . import job_controller as controller
from . import job_faults as faults
from . import job_informer as informer
from . import job_kubelet as kubelet
from . import job_pod_control as pod_control
from . import job_users as users
from .controller import Key
from .controller_utils import Expectations
from .environment import Environment
from .job_api import (
    ExitCodes,
    FailureRule,
    Job,
    JobSpec,
    SuccessRule,
    has_backoff_limit_per_index,
)
from .job_informer import Jobs
from .job_views import views
from .versions import READ_OF_JOBS

__all__ = ["MOST_PODS", "compose", "spec_of"]

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
    "suspends_left": "suspend",
    "resumes_left": "resume",
    "deletes_left": "delete",
    "delete_pods_left": "delete-pod",
    "strip_finalizers_left": "strip-finalizer",
    "container_exits_left": "container-exit",
    "evicts_left": "evict",
    "node_crashes_left": "node-crash",
    "controller_restarts_left": "controller-restart",
    "write_failures_left": "write-failure",
    "write_unknowns_left": "write-unknown",
    "expectations_expire_left": "expectations-expire",
}


def compose(name: str, spec: JobSpec, around: Environment) -> System:
    """
    A Job of this spec in this environment, as a system.

    Raises DeclarationError where the environment cannot be had.
    """
    _check(spec, around)
    budgets = {name: around.times(fault) for name, fault in _BUDGETS.items()}
    codes = tuple(int(each) for each in around.values("container-exit")) or (1,)
    limits = _numbers(around, "set-backoff-limit")
    early = {"early_left": around.slow} if around.slow else {}
    variables = dict(_initial(spec), **budgets, **early)
    return System(
        name=name,
        parameters=[
            Parameter("manifest", spec),
            Parameter("lag", around.lag),
            Parameter("parallelisms", _numbers(around, "set-parallelism")),
            Parameter("sizes", _numbers(around, "set-completions")),
            Parameter("backoff_limits", limits),
            Parameter("active_deadlines", _numbers(around, "set-active-deadline")),
            Parameter("ttls", _numbers(around, "set-ttl")),
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
        actions=_actions(spec, around),
        initial=[variables],
        assumptions=_assumptions(around),
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


def _numbers(around: Environment, user: str) -> tuple[int, ...]:
    return tuple(int(each) for each in around.values(user))


def _check(spec: JobSpec, around: Environment) -> None:
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
            "--users set-completions: spec.completions of a NonIndexed Job is immutable"
        )
    if around.times("set-completions") and spec.completions != spec.parallelism:
        raise DeclarationError(
            "--users set-completions: spec.completions can only be changed in tandem with"
            " spec.parallelism, where both are the same"
        )
    most = max(spec.parallelism, *_numbers(around, "set-parallelism"), 0)
    most = max(most, *_numbers(around, "set-completions"), 0)
    wanted = most if spec.completions is None else min(most, max(spec.completions, 0))
    if wanted > MOST_PODS:
        raise DeclarationError(
            f"{wanted} pods at once are more than the {MOST_PODS} that are explored; the same"
            " promises can be checked with fewer"
        )


Fair = Literal["weak", "none"]
Part = Literal["sync", "watch", "step", None]


@frozen
class _Maker:
    """Makes actions; `committed` are those that follow at once at this level and lag."""

    level: str
    lag: int

    def of(
        self,
        actor: str,
        function: Callable[..., Any],
        writes: str,
        *,
        fair: Fair = "weak",
        part_of: Part = None,
        when: str | None = None,
        name: str | None = None,
    ) -> Action:
        """
        An action, asked only `when` that view is true.

        As `part_of` a sync or of a watch it follows at once where these are one step.
        """
        at_once = (
            part_of == "step"
            or (part_of == "sync" and self.level == "atomic")
            or (part_of == "watch" and self.lag == 0)
        )
        return Action(
            name=name or function.__name__,
            actor=actor,
            function=function,
            writes=tuple(writes.split()),
            fair=fair,
            committed=at_once,
            when=when,
        )


_FAULTY = "write_failures_left write_unknowns_left"
_ENDS = f"job_sync job_key job_stale note {_FAULTY}"


def _actions(spec: JobSpec, around: Environment) -> list[Action]:
    maker = _Maker(around.level, around.lag)
    return [
        *_controller(maker),
        *_watches(maker),
        *_kubelet(maker, around),
        *_collector(maker, spec, around),
        *_clock(maker, spec, around),
        *_users(maker, around),
        *_faults(maker, around),
    ]


def _controller(maker: _Maker) -> list[Action]:
    actor = "job controller"
    return [
        maker.of(actor, pod_control.mark_pods, "pods note", part_of="step", when="noting"),
        maker.of(
            actor,
            pod_control.answer_job_sync,
            "job_sync job_key job_stale note",
            part_of="step",
            when="answered",
        ),
        maker.of(
            actor,
            controller.observe_job,
            "job_key job_sync job_stale note job_expectations backoff deadline requeues",
            when="key_due",
        ),
        maker.of(
            actor,
            pod_control.create_job_pod,
            f"{_ENDS} pods job_expectations",
            part_of="sync",
            when="creation_due",
        ),
        maker.of(
            actor,
            pod_control.write_job_pod,
            f"pods note job_expectations {_FAULTY}",
            part_of="sync",
            when="pod_write_due",
        ),
        maker.of(
            actor,
            controller.write_job_status,
            f"{_ENDS} jobs backoff deadline",
            part_of="sync",
            when="status_write_due",
        ),
        maker.of(
            actor,
            faults.list_orphans,
            "pods orphan_list",
            part_of="sync",
            when="orphan_list_due",
        ),
        maker.of(
            actor,
            faults.strip_orphan,
            f"pods {_FAULTY}",
            part_of="sync",
            when="orphans_due",
        ),
    ]


def _watches(maker: _Maker) -> list[Action]:
    job = "jobs job_key backoff deadline orphan_list"
    return [
        maker.of("watch", informer.deliver_job, job, part_of="watch", when="job_behind"),
        maker.of(
            "watch",
            informer.deliver_job_and_lists,
            f"{job} note",
            part_of="watch",
            when="lists_behind",
        ),
        maker.of(
            "watch",
            informer.deliver_pod,
            "pods job_key job_expectations",
            part_of="watch",
            when="pods_wait",
        ),
    ]


def _kubelet(maker: _Maker, around: Environment) -> list[Action]:
    found = [
        maker.of("kubelet", function, "pods", when="has_room_for_pod")
        for function in (kubelet.start_pod, kubelet.end_pod, kubelet.stop_pod)
    ]
    if around.times("node-crash"):
        found += [
            maker.of("node controllers", function, "pods", when="has_room_for_pod")
            for function in (kubelet.delete_lost_pod, kubelet.fail_lost_pod)
        ]
    return found


def _collector(maker: _Maker, spec: JobSpec, around: Environment) -> list[Action]:
    if not around.times("delete") and not _expires(spec, around):
        return []  # as long as there is a Job that is not to go
    actor = "garbage collector"
    return [
        maker.of(actor, kubelet.collect_job_pod, "pods", when="collecting"),
        maker.of(actor, kubelet.release_job_pod, "pods", when="releasing"),
        maker.of(actor, users.finish_job_deletion, "jobs job_stale", when="finishes_deletion"),
    ]


def _expires(spec: JobSpec, around: Environment) -> bool:
    return spec.ttl_seconds_after_finished is not None or around.times("set-ttl") > 0


def _clock(maker: _Maker, spec: JobSpec, around: Environment) -> list[Action]:
    found = []
    if has_backoff_limit_per_index(spec):
        found.append(
            maker.of(
                "clock",
                faults.pass_index_backoff,
                "job_key pods",
                when="pods_at_rest",
                name="pass_backoff",
            )
        )
    else:
        found.append(
            maker.of("clock", faults.pass_backoff, "backoff job_key note", when="pods_at_rest")
        )
    if spec.active_deadline_seconds is not None or around.times("set-active-deadline"):
        found.append(
            maker.of("clock", faults.pass_active_deadline, "deadline job_key", when="pods_at_rest")
        )
    if _expires(spec, around):
        found.append(maker.of("clock", faults.expire_ttl, "jobs job_stale", when="pods_at_rest"))
    return [*found, *map(partial(_early, maker), found)] if around.slow else found


def _early(maker: _Maker, timely: Action) -> Action:
    """The same timer, going off while something else could happen."""
    function = getattr(faults, f"{timely.function.__name__}_early")
    writes = " ".join((*timely.writes, "early_left"))
    return maker.of("clock", function, writes, fair="none", name=f"{timely.name}_early")


def _users(maker: _Maker, around: Environment) -> list[Action]:
    of_jobs = (
        ("set-parallelism", users.set_parallelism, "set_parallelisms_left"),
        ("set-completions", users.set_completions, "set_completions_left"),
        ("set-backoff-limit", users.set_backoff_limit, "set_backoff_limits_left"),
        (
            "set-active-deadline",
            users.set_active_deadline,
            "deadline old_deadline_passed set_active_deadlines_left",
        ),
        ("set-ttl", users.set_ttl, "set_ttls_left"),
        ("suspend", users.suspend_job, "suspends_left"),
        ("resume", users.resume_job, "resumes_left"),
        ("delete", users.delete_job, "deletes_left"),
    )
    of_pods = (
        ("delete-pod", users.delete_job_pod, "delete_pods_left"),
        ("strip-finalizer", users.strip_finalizer, "strip_finalizers_left"),
    )
    return [
        *(
            maker.of("user", function, f"jobs job_stale {left}", fair="none")
            for user, function, left in of_jobs
            if around.times(user)
        ),
        *(
            maker.of("user", function, f"pods {left}", fair="none", when="has_room_for_pod")
            for user, function, left in of_pods
            if around.times(user)
        ),
    ]


def _faults(maker: _Maker, around: Environment) -> list[Action]:
    of_controller = " ".join(each for each in _initial(JobSpec()) if each != "pods")
    room = "has_room_for_pod"
    known = (
        ("container-exit", kubelet.exit_job_container, "pods container_exits_left", room),
        ("evict", kubelet.evict_pod, "pods evicts_left", room),
        ("node-crash", kubelet.crash_node, "pods node_crashes_left", None),
        (
            "controller-restart",
            faults.restart_job_controller,
            f"{of_controller} controller_restarts_left",
            None,
        ),
        (
            "expectations-expire",
            faults.expire_job_expectations,
            "job_expectations expectations_expire_left",
            None,
        ),
    )
    return [
        maker.of("fault", function, writes, fair="none", when=guard)
        for fault, function, writes, guard in known
        if around.times(fault)
    ]


def _assumptions(around: Environment) -> list[str]:
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
    if around.variant:
        texts.append(f"rules changed: {', '.join(sorted(around.variant))}")
    return texts
