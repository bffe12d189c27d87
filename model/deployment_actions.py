"""
Who does what to a Deployment and around it: the actions of its system, and what each writes.

:Omits: nothing: what an actor leaves out, its module says
"""

from collections.abc import Callable
from typing import Any

from seatrial.core import Action

from . import clock, collisions, delivery, failover, faults, kubelet, replicaset, scheduler, users
from . import deployment_controller as controller
from .api import Deployment, DeploymentSpec
from .deployment_conditions import has_progress_deadline
from .environment import Environment
from .steps import Maker

__all__ = ["actions"]

_PER_TEMPLATE = ("template",)
_DC_ENDS = (
    "deployment_sync deployment_key deployment_copies write_failures_left write_unknowns_left"
)
_RS_ENDS = (
    "replica_set_sync replica_set_key replica_set_copy write_failures_left write_unknowns_left"
)
_USER = "deployment deployment_queue deployment_copies"


def actions(spec: DeploymentSpec, around: Environment) -> list[Action]:
    """The actions of a Deployment of this spec, its controllers, kubelets, caches and users."""
    maker = Maker(around.level, around.lag)
    recreate = spec.strategy.type == "Recreate"
    return [
        *_kubelet(maker, around),
        *_replica_set_controller(maker, around),
        *_deployment_controller(maker, recreate, around),
        *_watches(maker, recreate, around),
        *_clock(maker, spec, around.slow > 0),
        *_users(maker, around),
        *_faults(maker, around),
    ]


def _kubelet(maker: Maker, around: Environment) -> list[Action]:
    pods = "pods pod_queue"
    found = [
        maker.of("kubelet", kubelet.start, pods, over=_PER_TEMPLATE),
        maker.of("kubelet", kubelet.become_ready, pods, over=_PER_TEMPLATE),
        maker.of("kubelet", kubelet.finish, pods, over=_PER_TEMPLATE),
    ]
    for fault, function, left in (
        ("container-exit", kubelet.exit_container, "container_exits_left"),
        ("unready", kubelet.become_unready, "unreadies_left"),
        ("pod-failed", kubelet.fail, "pod_failures_left"),
    ):
        if around.times(fault):
            found.append(
                maker.of("fault", function, f"{pods} {left}", over=_PER_TEMPLATE, fair="none")
            )
    return [*found, *_scheduler(maker, around)]


def _scheduler(maker: Maker, around: Environment) -> list[Action]:
    finds: Callable[..., Any] = scheduler.find_no_place
    writes = "pods unschedulables_left"
    if around.waits:
        finds, writes = scheduler.wait_for_a_place, "pods"
    if not around.unplaced:
        return []
    return [
        maker.of("fault", finds, writes, over=_PER_TEMPLATE, fair="none"),
        maker.of("scheduler", scheduler.find_a_place, "pods", over=_PER_TEMPLATE, fair="none"),
    ]


def _replica_set_controller(maker: Maker, around: Environment) -> list[Action]:
    actor, rs = "replicaset", replicaset
    # To list pods later than expectations are read only delays what is decided, so it is a step of
    # its own just where everything is, or where the order of the two may be another one.
    late = "rc-expectations-checked-after-pod-list" in around.variant
    apart = around.level == "faulty" or late
    return [
        maker.of(
            actor,
            rs.start_sync,
            "replica_set_key replica_set_sync replica_set_copy expectations",
            over=_PER_TEMPLATE,
            when="replica_set_key_due",
        ),
        maker.of(
            actor,
            rs.list_pods,
            f"{_RS_ENDS} pods expectations",
            over=_PER_TEMPLATE,
            part_of=None if apart else "step",
            when="listing_due",
        ),
        maker.of(
            actor,
            rs.create_pod,
            f"{_RS_ENDS} pods pod_queue expectations",
            over=_PER_TEMPLATE,
            part_of="sync",
            when="pod_creation_due",
        ),
        maker.of(
            actor,
            rs.delete_pod,
            f"{_RS_ENDS} pods pod_queue expectations",
            over=_PER_TEMPLATE,
            part_of="sync",
            when="pod_deletion_due",
        ),
        maker.of(
            actor,
            rs.write_status,
            f"{_RS_ENDS} replica_set replica_set_queue deployment_copies",
            over=_PER_TEMPLATE,
            part_of="sync",
            when="status_write_due",
        ),
    ]


def _deployment_controller(maker: Maker, recreate: bool, around: Environment) -> list[Action]:
    actor = "deployment"
    writes = f"{_DC_ENDS} replica_set replica_set_queue replica_set_copy pods"
    write_replica_set: Callable[..., Any] = controller.write_replica_set
    if around.collides or around.finds_own:
        write_replica_set = collisions.write_replica_set
    if around.collides:
        writes += " names_taken hash_collisions_left"
    observe = controller.observe_for_recreate if recreate else controller.observe
    return [
        maker.of(
            actor,
            observe,
            "deployment_key deployment_sync deployment_copies",
            when="deployment_key_due",
        ),
        maker.of(
            actor,
            controller.write_deployment,
            f"{_DC_ENDS} deployment deployment_queue deadline",
            part_of="sync",
            when="deployment_write_due",
        ),
        maker.of(
            actor,
            write_replica_set,
            writes,
            over=_PER_TEMPLATE,
            part_of="sync",
            when="replica_set_write_due",
        ),
    ]


def _watches(maker: Maker, recreate: bool, around: Environment) -> list[Action]:
    told: Any = failover if around.lands_late else delivery
    late = " deployment_late" if around.lands_late else ""
    deliver_pod = delivery.deliver_pod_for_recreate if recreate else delivery.deliver_pod
    pod_writes = "pods pod_queue expectations replica_set_key"
    unseen = []
    if around.collides and around.lag > 0:
        unseen = [maker.of("watch", collisions.show_taken_name, "names_taken")]
    return [
        *unseen,
        maker.of(
            "watch",
            told.deliver_deployment,
            f"deployment_cache deployment_queue deployment_key{late}",
            part_of="watch",
            when="deployment_event_due",
        ),
        maker.of(
            "watch",
            told.deliver_replica_set,
            "replica_set_cache replica_set_queue replica_set_key deployment_key expectations"
            + (f" replica_set_late{late}" if around.lands_late else ""),
            over=_PER_TEMPLATE,
            part_of="watch",
            when="replica_set_event_due",
        ),
        maker.of(
            "watch",
            deliver_pod,
            pod_writes + (" deployment_key" if recreate else ""),
            over=_PER_TEMPLATE,
            part_of="watch",
            when="pod_event_due",
        ),
    ]


def _clock(maker: Maker, spec: DeploymentSpec, slow: bool) -> list[Action]:
    found = []
    if spec.min_ready_seconds > 0:
        found += [
            maker.of(
                "clock",
                clock.pass_min_ready_seconds,
                "pods replica_set_key",
                over=_PER_TEMPLATE,
                when="watches_idle",
            ),
            maker.of(
                "clock",
                clock.pass_requeue,
                "replica_set_key",
                over=_PER_TEMPLATE,
                when="watches_idle",
            ),
        ]
    if has_progress_deadline(Deployment(spec)):
        found.append(
            maker.of("clock", clock.pass_deadline, "deadline deployment_key", when="watches_idle")
        )
    if slow:
        found += [_early(maker, each) for each in found]
    return found


def _early(maker: Maker, timely: Action) -> Action:
    """The same timer, going off while something else could happen."""
    name = f"{timely.name}_early"
    return maker.of(
        "clock",
        getattr(clock, name),
        " ".join((*timely.writes, "early_left")),
        over=timely.over,
        fair="none",
    )


def _users(maker: Maker, around: Environment) -> list[Action]:
    found = []
    for user, function, more in (
        ("set-image", users.set_image, "newest_template set_images_left"),
        ("restart", users.restart, "newest_template restarts_left"),
        ("scale", users.scale, "scales_left"),
        ("undo", users.undo, "undos_left"),
        ("pause", users.pause, "pauses_left"),
        ("resume", users.resume, "resumes_left"),
        ("apply", users.apply, "applies_left"),
        ("delete", users.delete, "deletes_left"),
    ):
        if around.times(user):
            found.append(maker.of("user", function, f"{_USER} {more}", fair="none"))
    if around.creates_anew:
        found.append(
            maker.of(
                "user",
                users.create_anew,
                f"{_USER} applies_left newest_uid deadline",
                fair="none",
            )
        )
    collector = "garbage collector"
    found.append(maker.of(collector, kubelet.collect_pod, "pods pod_queue", over=_PER_TEMPLATE))
    if around.times("delete"):
        found += [
            maker.of(
                collector,
                users.collect_replica_set,
                "replica_set replica_set_queue replica_set_copy deployment_copies pods",
                over=_PER_TEMPLATE,
            ),
            maker.of(collector, users.finish_deletion, _USER),
        ]
    return found


def _faults(maker: Maker, around: Environment) -> list[Action]:
    found = []
    for fault, function in (
        ("controller-restart", faults.restart_controllers),
        ("failover", failover.fail_over),
    ):
        if around.times(fault):
            left = f"{fault.replace('-', '_')}s_left"
            found.append(maker.of("fault", function, f"restarting {left}", fair="none"))
    if around.times("controller-restart") or around.times("failover"):
        found += _lists_anew(maker, around.lands_late)
    if around.lands_late:
        found += _former_leader(maker, around.collides)
    if around.times("expectations-expire"):
        found.append(
            maker.of(
                "fault",
                faults.expire_expectations,
                "expectations expectations_expire_left",
                over=_PER_TEMPLATE,
                fair="none",
            )
        )
    if around.times("relist"):
        found += [
            maker.of("fault", faults.relist_pods, "relisting relists_left pod_queue", fair="none"),
            maker.of(
                "fault",
                faults.relist_pods_of,
                "relisting pods expectations replica_set_key",
                over=_PER_TEMPLATE,
                fair="none",
                part_of="step",
            ),
        ]
    return found


def _lists_anew(maker: Maker, lands_late: bool) -> list[Action]:
    """What a process does that starts: parts of the step that ends the one before."""
    of_one: Callable[..., Any] = faults.restart_replica_set_controller
    of_all: Callable[..., Any] = faults.restart_deployment_controller
    writes = {
        "one": "restarting replica_set_cache replica_set_sync replica_set_copy replica_set_key"
        " expectations pods",
        "all": "restarting deployment_cache deployment_sync deployment_copies deployment_key"
        " deployment_queue replica_set_queue pod_queue",
    }
    if lands_late:
        of_one, of_all = failover.take_over_replica_set, failover.take_over_deployment
        writes["one"] += " replica_set_late"
        writes["all"] += " deployment_late"
    return [
        maker.of("fault", of_one, writes["one"], over=_PER_TEMPLATE, fair="none", part_of="step"),
        maker.of("fault", of_all, writes["all"], fair="none", part_of="step"),
    ]


def _former_leader(maker: Maker, collides: bool) -> list[Action]:
    actor = "former leader"
    rs = "replica_set replica_set_queue replica_set_copy deployment_copies"
    pods = "pods pod_queue"
    return [
        maker.of(
            actor,
            failover.land_deployment_write,
            "deployment_late deployment deployment_queue deployment_copies deadline",
            fair="none",
        ),
        maker.of(
            actor,
            failover.land_replica_set_write,
            f"deployment_late {rs} pods",
            over=_PER_TEMPLATE,
            fair="none",
            when="late_name_is_free" if collides else None,
        ),
        maker.of(
            actor,
            failover.land_status_write,
            f"replica_set_late {rs}",
            over=_PER_TEMPLATE,
            fair="none",
        ),
        maker.of(
            actor,
            failover.land_pod_creation,
            f"replica_set_late {pods}",
            over=_PER_TEMPLATE,
            fair="none",
        ),
        maker.of(actor, failover.land_pod_deletion, pods, over=_PER_TEMPLATE, fair="none"),
    ]
