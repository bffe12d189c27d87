"""
Who does what to a Job and around it: the actions of its system, and what each writes.

:Omits: nothing: what an actor leaves out, its module says
"""

from functools import partial

from seatrial.core import Action

from . import job_controller as controller
from . import job_failover as failover
from . import job_faults as faults
from . import job_informer as informer
from . import job_kubelet as kubelet
from . import job_pod_control as pod_control
from . import job_users as users
from .environment import Environment
from .job_api import JobSpec, has_backoff_limit_per_index
from .steps import Maker

__all__ = ["actions"]

_STARTS = (
    "jobs job_key job_sync note job_stale job_expectations backoff deadline orphan_list requeues"
)
_FAULTY = "write_failures_left write_unknowns_left"
_ENDS = f"job_sync job_key job_stale note {_FAULTY}"


def actions(spec: JobSpec, around: Environment) -> list[Action]:
    """All actions of a system; what nobody may do is not among them."""
    maker = Maker(around.level, around.lag)
    return [
        *_controller(maker),
        *_watches(maker),
        *_kubelet(maker, around),
        *_collector(maker, spec, around),
        *_clock(maker, spec, around),
        *_users(maker, around),
        *_faults(maker, around),
    ]


def _controller(maker: Maker) -> list[Action]:
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


def _watches(maker: Maker) -> list[Action]:
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


def _kubelet(maker: Maker, around: Environment) -> list[Action]:
    found = [
        maker.of("kubelet", function, "pods", when="has_room_for_pod")
        for function in (kubelet.start_pod, kubelet.end_pod, kubelet.stop_pod)
    ]
    room = "has_room_for_pod"
    if around.times("node-crash") or around.times("node-off"):
        found.append(maker.of("node controllers", kubelet.delete_lost_pod, "pods", when=room))
    if around.times("node-crash"):
        found.append(maker.of("node controllers", kubelet.fail_lost_pod, "pods", when=room))
        found.append(maker.of("fault", kubelet.return_node, "pods", fair="none", when=room))
    return found


def _collector(maker: Maker, spec: JobSpec, around: Environment) -> list[Action]:
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


def _clock(maker: Maker, spec: JobSpec, around: Environment) -> list[Action]:
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


def _early(maker: Maker, timely: Action) -> Action:
    """The same timer, going off while something else could happen."""
    function = getattr(faults, f"{timely.function.__name__}_early")
    writes = " ".join((*timely.writes, "early_left"))
    return maker.of("clock", function, writes, fair="none", name=f"{timely.name}_early")


def _users(maker: Maker, around: Environment) -> list[Action]:
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
        (
            "set-max-failed-indexes",
            users.set_max_failed_indexes,
            "set_max_failed_indexes_left",
        ),
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


def _faults(maker: Maker, around: Environment) -> list[Action]:
    room = "has_room_for_pod"
    starts = f"{_STARTS} late_pods" if around.lands_late else _STARTS
    if around.times("stale-api-server"):
        starts += " api_server_behind"
    known = (
        ("container-exit", kubelet.exit_job_container, "pods container_exits_left", room),
        ("pod-condition", kubelet.give_condition, "pods pod_conditions_left", room),
        ("evict", kubelet.evict_pod, "pods evicts_left", room),
        ("node-crash", kubelet.crash_node, "pods node_crashes_left", None),
        ("node-off", kubelet.lose_node, "pods node_offs_left", None),
        (
            "controller-restart",
            failover.restart_job_controller,
            f"{starts} controller_restarts_left",
            None,
        ),
        ("failover", failover.fail_over_job, f"{starts} failovers_left", None),
        (
            "stale-api-server",
            failover.fall_behind,
            "pods api_server_behind stale_api_servers_left",
            None,
        ),
        ("relist", failover.relist_job_pods, "pods relists_left", "pods_wait"),
        (
            "expectations-expire",
            faults.expire_job_expectations,
            "job_expectations expectations_expire_left",
            None,
        ),
    )
    found = [
        maker.of("fault", function, writes, fair="none", when=guard)
        for fault, function, writes, guard in known
        if around.times(fault)
    ]
    return [*found, *_former_leader(maker)] if around.lands_late else found


def _former_leader(maker: Maker) -> list[Action]:
    actor = "former leader"
    return [
        maker.of(actor, failover.land_job_status, "jobs job_stale deadline note", fair="none"),
        maker.of(actor, failover.land_job_creation, "late_pods pods", fair="none"),
        maker.of(actor, failover.land_job_pod_write, "pods", fair="none", when="has_room_for_pod"),
    ]
